"""What a message says: what kind of thing waits and the way there; never a name, never a word of anybody."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from ..links import public_url
from ..seal import seal, unseal
from . import outbox
from .outbox import Outgoing


@dataclass(frozen=True)
class Letter:
    """A subject, paragraphs, and whether one can say that one wants no more of these."""

    subject: str
    paragraphs: tuple[str, ...]
    silenceable: bool = False


@dataclass(frozen=True)
class HandOver:
    """One kind of thing that waits: in words, and the page where it is (`key` is the thing) or where such things are.

    `still` says which of these things still wait for that person; without it, those they have a notice of.
    """

    words: LazyString
    page: str
    all_page: str
    keyed: bool = True
    still: Callable[[uuid.UUID, list[uuid.UUID], dt.datetime], set[uuid.UUID]] | None = None


# Later rooms add here what may wait for somebody, and the letters of their own.
HAND_OVERS: dict[str, HandOver] = {}
LETTERS: dict[str, Callable[[Outgoing], Letter | None]] = {}
UNSUBSCRIBE = "mail.unsubscribe"
SEVERAL = _l("Plusieurs choses vous attendent")


def letter(message: Outgoing, now: dt.datetime) -> Letter | None:
    """Return what a message says, or None when what it was about no longer waits."""
    if message.kind == outbox.WAITING:
        return _waiting(message, now)
    write = LETTERS.get(message.kind)
    return write(message) if write is not None else None


def _waiting(message: Outgoing, now: dt.datetime) -> Letter | None:
    things = _still_waiting(message, now)
    if not things:
        return None
    ways = {(str(HAND_OVERS[kind].words), _way(kind, key)) for kind, key in things}
    pages = {HAND_OVERS[kind].all_page for kind, _key in things}
    if len(ways) == 1:
        words, address = ways.pop()
    else:
        words = str(SEVERAL)
        address = public_url(pages.pop() if len(pages) == 1 else "experiences.passport")
    return Letter(words, (followed(_("%(what)s dans le passeport :", what=words), address),
                          _("Ce message ne dit rien de plus : le reste se lit dans le passeport, après l’avoir ouvert.")),
                  silenceable=True)


def _way(kind: str, key: uuid.UUID) -> str:
    over = HAND_OVERS[kind]
    return public_url(over.page, key=key) if over.keyed else public_url(over.page)


def _still_waiting(message: Outgoing, now: dt.datetime) -> list[tuple[str, uuid.UUID]]:
    if message.account_id is None:
        return []
    told = [(str(kind), uuid.UUID(key)) for kind, key in message.params["things"] if kind in HAND_OVERS]
    noticed = [key for kind, key in told if HAND_OVERS[kind].still is None]
    waits = outbox.notices_waiting(message.account_id, noticed, now) if noticed else set()
    for kind in {kind for kind, _key in told}:
        still = HAND_OVERS[kind].still
        if still is not None:
            keys = still(message.account_id, [key for k, key in told if k == kind], now)
            waits |= {(kind, key) for key in keys}
    return [thing for thing in told if thing in waits]


def written(letter: Letter, message: Outgoing, address: str, now: dt.datetime) -> EmailMessage:
    """Return the message as it leaves: plain text, one address, and a Message-ID that is the same on each attempt.

    Raises ValueError for an address or a subject that could add a header.
    """
    config = current_app.config
    mail = EmailMessage()
    mail["From"] = config["MAIL"].sender
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.id.hex}@{urlsplit(config['PUBLIC_URL']).hostname}>"
    mail["Auto-Submitted"] = "auto-generated"
    paragraphs = [_("Bonjour,"), *letter.paragraphs]
    if letter.silenceable and message.account_id is not None:
        way = unsubscribe_address(message.account_id)
        mail["List-Unsubscribe"] = f"<{way}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        paragraphs.append(followed(_("Ne plus recevoir ces messages :"), way))
    text = "\n\n".join([*paragraphs, "-- \n" + _("Passeport apprenant")]) + "\n"
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    mail["Content-Language"] = message.language
    return mail


def followed(words: str, address: str) -> str:
    """Return a sentence with the address it speaks of, alone on its line so that every mail program can open it."""
    return f"{words}\n{address}"


# ---------- saying that one wants no more of these ----------


def unsubscribe_address(account_id: uuid.UUID) -> str:
    """Return the address, made for one person and readable by nobody, where they need no sign-in to stop messages."""
    return public_url(UNSUBSCRIBE, token=seal(f"unsubscribe:{account_id.hex}").decode())


def unsubscribes(token: str) -> uuid.UUID | None:
    """Return whose messages this token stops, or None when it is none of ours."""
    try:
        purpose, _colon, key = unseal(token.encode()).partition(":")
        return uuid.UUID(hex=key) if purpose == "unsubscribe" else None
    except (InvalidToken, ValueError):
        return None

