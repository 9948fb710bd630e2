"""The devices on which somebody's passport is open: what they are called, and ending them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from ..audit.service import record
from ..clock import day_of
from ..extensions import db
from ..notices import outbox
from ..notices import service as notices
from ..notices.queries import of_account
from ..retention import kept
from ..seal import digest_of
from . import queries, rules, service
from .models import Account, Session

NEW_DEVICE = "new_device"
LETTER_LASTS = dt.timedelta(days=2)
LONGEST_NAME = 40
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "Chromebook"), ("Windows", "Windows"),
           ("Macintosh", "Mac"), ("Linux", "Linux"))
# The first one that a browser names: most name those they wish to be taken for as well.
BROWSERS = (("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung"),
            ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def name_of(user_agent: str) -> str | None:
    """Return what a browser lets one call its device, in words that no language changes, or None when it says nothing."""
    said = [next((name for sign, name in names if sign in user_agent), None) for names in (SYSTEMS, BROWSERS)]
    return ", ".join(part for part in said if part) or None


def known_as(account_id: uuid.UUID) -> str:
    """Return by what a device remembers that it was this account's own: it says nothing of whose it is."""
    return digest_of(f"known:{account_id}").hex()[:24]


@dataclass(frozen=True)
class Open:
    """One device on which a passport is open; `key` names it to its owner and to nobody else."""

    key: str
    session_hash: bytes
    name: str | None
    shared: bool
    here: bool
    last_used_at: dt.datetime


def opened(account_id: uuid.UUID, here: bytes, now: dt.datetime) -> list[Open]:
    """Return the devices on which a passport is open, this one first, then the last one used; one statement."""
    rows = db.session.scalars(sa.select(Session).where(
        Session.account_id == account_id, Session.ended_at.is_(None), Session.expires_at > now)).all()
    found = [Open(digest_of(s.id_hash.hex()).hex()[:24], s.id_hash, s.device, s.shared, s.id_hash == here, s.last_used_at)
             for s in rows if not rules.is_idle(s.shared, s.last_used_at, now)]
    return sorted(found, key=lambda one: (one.here, one.last_used_at), reverse=True)


def end(account_id: uuid.UUID, key: str, here: bytes, now: dt.datetime) -> bool:
    """End the session of one device, and say whether it was still open; its next request signs in."""
    there = next((one for one in opened(account_id, here, now) if one.key == key), None)
    if there is None:
        return False
    service.end_session(there.session_hash, now)
    record("device.end", account_id, now, account_id)
    return True


def end_all(account_id: uuid.UUID, now: dt.datetime, but: bytes | None = None) -> None:
    """End every session, or every one but this."""
    service.end_sessions(account_id, now, but=but)
    record("device.end_all", account_id, now, account_id)


def rename(session_hash: bytes, name: str | None) -> None:
    """Call the device of this session by a name of its owner's; without one, by nothing."""
    db.session.execute(sa.update(Session).where(Session.id_hash == session_hash).values(device=name))


def tell_of_new(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Tell somebody that their passport opens on a device it was not open on before: here, and by e-mail.

    Nobody is told of their first device. The message goes even to who wants none about what waits: it is about safety.
    """
    # Of whoever was away for long no session is kept any more: that was not their first device.
    away = sa.exists().where(Account.id == account_id, Account.last_active_on <= day_of(now - kept("transient")))
    if not db.session.scalar(sa.select(sa.or_(sa.exists().where(Session.account_id == account_id), away))):
        return
    notices.leave_once(account_id, NEW_DEVICE, now)
    for who in queries.addressees([account_id], now):
        outbox.queue(NEW_DEVICE, now, now + LETTER_LASTS, who.language, account_id=account_id)


def seen(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Take it as read that devices came in, that somebody asked to come back, and that links were closed."""
    notices.settle(account_id, account_id, now)


def unseen(account_id: uuid.UUID, now: dt.datetime) -> set[str]:
    """Return what somebody was told of their account and has not taken as read, by its kind."""
    return {notice.kind for notice in of_account(account_id, now)}
