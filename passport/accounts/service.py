"""What changes when somebody signs up, in or out, or changes how they do it."""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from .. import contact
from ..audit.service import record
from ..clock import day_of
from ..columns import uuid7
from ..extensions import db
from ..refusals import Refused
from ..seal import digest_of, new_token
from . import rules, words
from .chosen import youngest
from .models import Account, ErasureRequest, Passport, Session

ARGON2 = {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1}
LAST_USED_EVERY = dt.timedelta(minutes=5)
LAST_USED_WHEN_SHARED = dt.timedelta(minutes=1)

# Later rooms add here what is done with a first sentence: (account, sentence or None, now), inside sign_up's transaction.
WELCOME: list[Callable[[uuid.UUID, str | None, dt.datetime], None]] = []


class NameTaken(Exception):  # noqa: N818 - an answer, not a fault
    """The sign-in name that was proposed has been given meanwhile; nothing was changed."""


class Leaving(Exception):  # noqa: N818 - an answer, not a fault
    """This account is to be erased: no session of it begins, and all that is left to do is to take that back."""

    def __init__(self, account_id: uuid.UUID) -> None:
        super().__init__("leaving")
        self.account_id = account_id


@dataclass(frozen=True)
class SignUpDraft:
    """What somebody gives to open a passport."""

    display_name: str
    identifier: str
    passphrase: str
    birth_year: int | None
    birth_month: int | None
    language: str
    first_sentence: str | None
    email: str | None = None


def as_kept(passphrase: str) -> str:
    """Return the passphrase as it is hashed: one form of each letter, one space between words, none around."""
    return " ".join(unicodedata.normalize("NFKC", passphrase).split())


def name_as_kept(name: str) -> str:
    """Return what was typed as sign-in name or e-mail address as it is looked up."""
    name = unicodedata.normalize("NFKC", name).strip().lower()
    return name if "@" in name else "-".join(name.split())


@lru_cache(maxsize=4)
def _hasher_at(time_cost: int, memory_cost: int, parallelism: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=parallelism)


@lru_cache(maxsize=4)
def _nobodys_hash(hasher: PasswordHasher) -> str:
    return hasher.hash(new_token())


def _hasher() -> PasswordHasher:
    return _hasher_at(**current_app.config.get("ARGON2", ARGON2))


def hash_of(passphrase: str) -> str:
    """Return the Argon2id hash of a passphrase; slow on purpose, so call it while no transaction is open."""
    return _hasher().hash(as_kept(passphrase))


def is_right(password_hash: str | None, passphrase: str) -> bool:
    """Say whether the passphrase fits the hash; without a hash it takes the same time and is never right.

    Outside the demo its passphrase is never right either: a city may have begun with the demo's people.
    """
    hasher = _hasher()
    kept = as_kept(passphrase)[: rules.LONGEST_PASSPHRASE + 1]
    nobodys = _nobodys_hash(hasher)  # made by the first sign-in of all, whoever it is
    try:
        right = hasher.verify(password_hash or nobodys, kept)
    except (VerificationError, InvalidHashError):
        return False
    told = current_app.config["MODE"] == "production" and kept == rules.DEMO_PASSPHRASE
    return right and password_hash is not None and not told


def refuse_passphrase(passphrase: str, own_words: tuple[str, ...]) -> None:
    """Raise Refused when a passphrase is too easy for whoever has these own words."""
    kept = as_kept(passphrase)
    apart = own_words + tuple(part for word in own_words for part in word.replace("-", " ").split())
    guesses = words.guesses_log10(kept, apart) if len(kept) <= rules.LONGEST_PASSPHRASE else 0.0
    refusal = rules.refusal_of_passphrase(kept, own_words, guesses)
    if refusal:
        raise Refused(refusal, "own")


def sign_up(draft: SignUpDraft, now: dt.datetime) -> Account:
    """Open an account with its passport, and return it.

    Raises Refused for an age or a passphrase that does not do, and NameTaken when the sign-in name is another's.
    """
    minors_open = bool(current_app.config["MINORS"])
    today = day_of(now)
    refusal = rules.refusal_to_sign_up(draft.birth_year, draft.birth_month, today, minors_open, youngest())
    if refusal:
        raise Refused(refusal, "age")
    refuse_name(draft.display_name)
    refuse_passphrase(draft.passphrase, (draft.display_name, draft.identifier))
    password_hash = hash_of(draft.passphrase)

    taken = sa.select(Account.id).where(Account.identifier == draft.identifier)
    if db.session.execute(taken).first():
        raise NameTaken
    account = Account(
        id=uuid7(), identifier=draft.identifier, email=draft.email, display_name=draft.display_name,
        password_hash=password_hash, language=draft.language, audit_ref=uuid.uuid4(), created_at=now,
        last_active_on=today,
    )
    db.session.add(account)
    try:
        db.session.flush()
    except sa.exc.IntegrityError as fault:
        raise NameTaken from fault
    band = rules.band(draft.birth_year, draft.birth_month, today)
    grown = band is rules.Band.ADULT
    db.session.add(
        Passport(
            learner_id=account.id,
            birth_year=None if grown else draft.birth_year,
            birth_month=None if grown else draft.birth_month,
            in_statistics=band in {rules.Band.YOUTH, rules.Band.ADULT},
        )
    )
    db.session.flush()
    record("sign_up", account.id, now, account.id)
    welcome(account.id, draft.first_sentence, now)
    return account


def refuse_name(name: str) -> None:
    """Raise Refused for a name that claims something, or holds a way to be met elsewhere.

    Whoever it is: a facilitator's name is read by minors (promise S3).
    """
    refusal = rules.refusal_of_name(name, current_app.config["CITY"].name) or contact.refusal_of_contact(True, (name,))
    if refusal:
        raise Refused(refusal, "display_name")


def change_name(account_id: uuid.UUID, name: str, now: dt.datetime) -> None:
    """Call somebody otherwise from now on; what was signed or sent before keeps the name of its day. Raises Refused."""
    refuse_name(name)
    db.session.execute(sa.update(Account).where(Account.id == account_id).values(display_name=name))
    record("change_name", account_id, now, account_id)


def welcome(account_id: uuid.UUID, first_sentence: str | None, now: dt.datetime) -> None:
    """Hand the sentence written before signing up or in to the rooms that keep it."""
    for hear in WELCOME:
        hear(account_id, first_sentence, now)


def open_session(
    account_id: uuid.UUID, device: rules.Device, now: dt.datetime, staff: bool, name: str | None = None
) -> str:
    """Return the token of a new session; only its hash is kept, and what the device is called.

    Every way in ends here, so this is where none is left: raises Leaving when the account is to be erased.
    """
    # Whoever asks for the erasure holds this row, and ends every session that was there before.
    db.session.execute(sa.select(Passport.learner_id).where(Passport.learner_id == account_id).with_for_update(read=True))
    if is_leaving(account_id):
        raise Leaving(account_id)
    token = new_token(32)
    db.session.add(
        Session(id_hash=digest_of(token), account_id=account_id, created_at=now,
                expires_at=now + rules.session_lasts(device, staff), shared=device is rules.Device.SHARED, device=name,
                last_used_at=now, stepped_up_at=now)
    )
    # However short a visit is, whoever came in has used their passport.
    db.session.execute(sa.update(Account).where(Account.id == account_id).values(last_active_on=day_of(now), warnings=0),
                       execution_options={"synchronize_session": False})
    db.session.flush()
    return token


def is_leaving(account_id: uuid.UUID) -> bool:
    """Say whether an account is to be erased."""
    return bool(db.session.scalar(sa.select(sa.exists().where(ErasureRequest.learner_id == account_id))))


def end_session(session_hash: bytes, now: dt.datetime) -> None:
    """End one session for good; its token opens nothing any more."""
    db.session.execute(
        sa.update(Session).where(Session.id_hash == session_hash, Session.ended_at.is_(None)).values(ended_at=now)
    )


def renew_session(session_hash: bytes, now: dt.datetime, **shown: object) -> str:
    """Return the new token of a session in which something was shown, kept in the columns named; the one before opens nothing
    any more, whoever holds a copy of it."""
    token = new_token(32)
    db.session.execute(
        sa.update(Session).where(Session.id_hash == session_hash, Session.ended_at.is_(None))
        .values(id_hash=digest_of(token), last_used_at=now, **shown)
    )
    return token


def shorten_sessions(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Let no running session of an account last longer than one of staff: it has just taken such a role."""
    db.session.execute(
        sa.update(Session).where(Session.account_id == account_id, Session.expires_at > now + rules.SHORT_SESSION)
        .values(expires_at=now + rules.SHORT_SESSION)
    )


def end_sessions(account_id: uuid.UUID, now: dt.datetime, but: bytes | None = None) -> None:
    """End every session of an account, but the one named."""
    which = [Session.account_id == account_id, Session.ended_at.is_(None)]
    if but is not None:
        which.append(Session.id_hash != but)
    db.session.execute(sa.update(Session).where(*which).values(ended_at=now))


def change_passphrase(
    account_id: uuid.UUID, passphrase: str, own_words: tuple[str, ...], session_hash: bytes, now: dt.datetime
) -> None:
    """Replace the passphrase and end the account's other sessions; whoever calls has checked the present one."""
    refuse_passphrase(passphrase, own_words)
    password_hash = hash_of(passphrase)
    db.session.execute(sa.update(Account).where(Account.id == account_id).values(password_hash=password_hash))
    end_sessions(account_id, now, but=session_hash)
    # What was shown before the change counts no more: whoever held the old passphrase may have shown it.
    db.session.execute(
        sa.update(Session).where(Session.id_hash == session_hash).values(factor_until=None, stepped_up_at=None))
    record("change_passphrase", account_id, now, account_id)


def set_language(account_id: uuid.UUID, language: str) -> None:
    """Keep the language in which somebody reads."""
    db.session.execute(sa.update(Account).where(Account.id == account_id).values(language=language))


def keep_last_used(session_hash: bytes, account_id: uuid.UUID, now: dt.datetime, often: dt.timedelta) -> None:
    """Note that a session is in use, not more often than that, in a short transaction of its own."""
    stale = sa.update(Session).where(
        Session.id_hash == session_hash, Session.ended_at.is_(None), Session.last_used_at <= now - often
    )
    today = day_of(now)
    active = sa.update(Account).where(Account.id == account_id, Account.last_active_on < today)
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(stale.values(last_used_at=now))
        connection.execute(active.values(last_active_on=today, warnings=0))
