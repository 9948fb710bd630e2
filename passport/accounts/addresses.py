"""An e-mail address: given, confirmed, taken back; and the way back in that it opens.

Whether an address is known to the city is looked up by the worker alone: a page does the same work for every address.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.dialects import postgresql, sqlite

from .. import limits
from ..audit.service import record
from ..extensions import db
from ..notices import jobs, outbox
from ..refusals import Refusal, Refused
from ..seal import digest_of, new_token, seal, unseal
from . import queries, rules, service
from .models import Account, Mailbox, OneTimeToken

PER_HOUR = 5
HOUR = 3600
GIVEN, FORGOTTEN = "accounts.address_given", "accounts.forgotten"
CONFIRM, RESET, KNOWN, CHANGED = "confirm", "reset", "known", "changed"
LETTER_LASTS = dt.timedelta(days=2)


def as_kept(typed: str | None) -> str:
    """Return an address as it is kept: in small letters, its domain in ASCII. Raises Refused for what is none."""
    try:
        found = validate_email((typed or "").strip(), check_deliverability=False, allow_smtputf8=False)
        address = f"{found.local_part}@{found.ascii_domain}".lower()
    except EmailNotValidError:
        address = ""
    refusal = rules.refusal_of_address(address)
    if refusal is not None:
        raise Refused(refusal, "address")
    return address


# ---------- giving, confirming, taking back ----------


def _keep(account_id: uuid.UUID, **values: Any) -> None:
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    db.session.execute(
        insert(Mailbox).values(account_id=account_id, **values)
        .on_conflict_do_update(index_elements=[Mailbox.account_id], set_=values)
    )


def give(account_id: uuid.UUID, address: str, now: dt.datetime) -> None:
    """Keep an address until it is confirmed by the link sent there; the one before goes on serving meanwhile.

    Links sent to another address no longer work.
    """
    _keep(account_id, pending=address, asked_at=now)
    _end_tokens(account_id, CONFIRM, now)
    outbox.drop(account_id, CONFIRM)
    jobs.enqueue(GIVEN, {"account": str(account_id), "address": seal(address).decode()}, now)
    record("address.give", account_id, now, account_id)


def _given(payload: dict[str, Any], now: dt.datetime) -> int:
    """Send the link of an address that waits; to one that serves already, a word that says so, and no link."""
    account_id, address = uuid.UUID(payload["account"]), unseal(payload["address"].encode())
    box = db.session.scalars(
        sa.select(Mailbox).where(Mailbox.account_id == account_id).with_for_update()).one_or_none()
    if box is None or box.pending != address:
        return 0
    language = db.session.scalar(sa.select(Account.language).where(Account.id == account_id)) or "fr"
    owner = queries.by_address(address)
    if owner is not None:
        outbox.queue(KNOWN, now, now + LETTER_LASTS, owner.language, address=address)
        return 1
    token = _new_token(account_id, CONFIRM, now, now + rules.CONFIRM_WITHIN)
    outbox.queue(CONFIRM, now, now + rules.CONFIRM_WITHIN, language, account_id=account_id, address=address,
                 token=token)
    return 1


def confirm(account_id: uuid.UUID, token: str, now: dt.datetime) -> None:
    """Make the address that waits the account's own; the one before is told. Raises Refused."""
    _use_token(token, CONFIRM, now, account_id)
    box = db.session.get_one(Mailbox, account_id, with_for_update=True, populate_existing=True)
    account = db.session.get_one(Account, account_id, populate_existing=True)
    if box.pending is None:
        raise Refused(Refusal.MAIL_LINK_OVER)
    before = account.email
    account.email, account.email_confirmed_at = box.pending, now
    box.pending, box.refused_at = None, None
    try:
        db.session.flush()
    except sa.exc.IntegrityError as fault:
        raise Refused(Refusal.ADDRESS_USED) from fault
    if before is not None and before != account.email:
        _tell_before(before, account.language, now)
    _end_tokens(account_id, RESET, now)
    record("address.confirm", account_id, now, account_id)


def remove(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Forget the address, confirmed or waiting; it is told once. Doing it twice is doing it once."""
    account = db.session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    before, account.email, account.email_confirmed_at = account.email, None, None
    db.session.flush()
    db.session.execute(sa.delete(Mailbox).where(Mailbox.account_id == account_id))
    for purpose in (CONFIRM, RESET):
        _end_tokens(account_id, purpose, now)
        outbox.drop(account_id, purpose)
    outbox.drop(account_id, outbox.WAITING)
    if before is not None:
        _tell_before(before, account.language, now)
        record("address.remove", account_id, now, account_id)


def _tell_before(address: str, language: str, now: dt.datetime) -> None:
    outbox.queue(CHANGED, now, now + LETTER_LASTS, language, address=address)


def tell_by_mail(account_id: uuid.UUID, wanted: bool, now: dt.datetime) -> None:
    """Keep whether somebody wants messages about what waits for them; links to come back in are always sent."""
    if db.session.get(Account, account_id) is None:
        return
    _keep(account_id, silenced_at=None if wanted else now)
    if not wanted:
        outbox.drop(account_id, outbox.WAITING)
    record("address.tell" if wanted else "address.silence", account_id, now, account_id)


def _refused(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Keep that the account's address takes no message: the owner sees it on its page."""
    _keep(account_id, refused_at=now)


# ---------- coming back in ----------


def forget_passphrase(address: str, now: dt.datetime) -> None:
    """Let the worker send a link to this address, if it is some account's; the same work for every address."""
    jobs.enqueue(FORGOTTEN, {"address": seal(address).decode()}, now)


def too_many(address: str) -> bool:
    """Count one more link asked for this address, and say whether it is more than five in an hour; its own transaction."""
    return limits.hit(f"reset address:{address}", HOUR) > PER_HOUR


def _forgotten(payload: dict[str, Any], now: dt.datetime) -> int:
    """Send a link to the account of this address: the newest alone works, for 15 minutes, five an hour at most."""
    owner = queries.by_address(unseal(payload["address"].encode()))
    if owner is None:
        return 0
    db.session.get_one(Account, owner.account_id, with_for_update=True)
    lately = db.session.scalar(
        sa.select(sa.func.count()).select_from(OneTimeToken).where(
            OneTimeToken.account_id == owner.account_id, OneTimeToken.purpose == RESET,
            OneTimeToken.made_at > now - dt.timedelta(seconds=HOUR))
    ) or 0
    if lately >= PER_HOUR:
        return 0
    token = _new_token(owner.account_id, RESET, now, now + rules.RESET_WITHIN)
    outbox.drop(owner.account_id, RESET)
    outbox.queue(RESET, now, now + rules.RESET_WITHIN, owner.language, account_id=owner.account_id, token=token)
    record("reset.ask", owner.account_id, now, owner.account_id)
    return 1


def reset(token: str, passphrase: str, password_hash: str, now: dt.datetime) -> uuid.UUID:
    """Replace the passphrase of whoever holds this link, end all their sessions, and return their account.

    `password_hash` was made from `passphrase` while no transaction was open. Raises Refused.
    """
    account_id = _use_token(token, RESET, now)
    service.refuse_passphrase(passphrase, queries.own_words(account_id))
    db.session.execute(sa.update(Account).where(Account.id == account_id).values(password_hash=password_hash))
    service.end_sessions(account_id, now)
    _end_tokens(account_id, RESET, now)
    record("reset.use", account_id, now, account_id)
    return account_id


# ---------- secrets that work once ----------


def _new_token(account_id: uuid.UUID, purpose: str, now: dt.datetime, expires_at: dt.datetime) -> str:
    """Return a new secret; the older ones of that purpose no longer work."""
    _end_tokens(account_id, purpose, now)
    token = new_token(32)
    db.session.add(OneTimeToken(token_hash=digest_of(token), account_id=account_id, purpose=purpose, made_at=now,
                                expires_at=expires_at))
    db.session.flush()
    return token


def _end_tokens(account_id: uuid.UUID, purpose: str, now: dt.datetime) -> None:
    db.session.execute(
        sa.update(OneTimeToken)
        .where(OneTimeToken.account_id == account_id, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None))
        .values(used_at=now)
    )


def end_links(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Let no link to a new passphrase work any more, sent or about to be."""
    _end_tokens(account_id, RESET, now)
    outbox.drop(account_id, RESET)


def _use_token(token: str, purpose: str, now: dt.datetime, account_id: uuid.UUID | None = None) -> uuid.UUID:
    """Use a secret up, once, and return whose it is. Raises Refused when it works no more or never did."""
    which = [OneTimeToken.token_hash == digest_of(token), OneTimeToken.purpose == purpose,
             OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now]
    if account_id is not None:
        which.append(OneTimeToken.account_id == account_id)
    owner = db.session.execute(
        sa.update(OneTimeToken).where(*which).values(used_at=now).returning(OneTimeToken.account_id)
    ).scalar_one_or_none()
    if owner is None:
        raise Refused(Refusal.MAIL_LINK_OVER)
    return owner


outbox.REFUSED.append(_refused)
jobs.later(GIVEN, _given)
jobs.later(FORGOTTEN, _forgotten)
