"""The way back in without e-mail: the codes of a sheet, and a number on a phone that two adults confirm in person.

Whoever begins one holds its token on their device alone, and chooses the passphrase there: nobody else ever holds what
opens a passport. For a name that nobody has, the same is done and kept, and never leads anywhere.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..audit.service import record
from ..columns import uuid7
from ..extensions import db
from ..letters import plain_words
from ..notices import jobs, outbox
from ..notices import service as notices
from ..refusals import Refusal, Refused
from ..seal import digest_of, keyed_digests_of, new_token
from . import addresses, factor, queries, rules, service, words
from .models import Account, Recovery, RescueCode

BEGUN, DONE, WAY_BACK = "accounts.way_back", "way_back_done", "way_back"
LETTER_LASTS = dt.timedelta(days=2)
DIGITS = 8
NOBODY = uuid.UUID(int=0)
# Later rooms say here what else may be typed instead of a sign-in name: what was typed, to whose it is.
ALSO_KNOWN_BY: list[Callable[[str], uuid.UUID | None]] = []


def whose(name: str) -> uuid.UUID | None:
    """Return the learner of this sign-in name, or of what else tells one; as many statements for every name."""
    found = [queries.credentials(service.name_as_kept(name)), *(ask(name) for ask in ALSO_KNOWN_BY)]
    first = next((one for one in found if one is not None), None)
    return first.account_id if isinstance(first, queries.Credentials) else first


# ---------- the sheet ----------


def _code_digests(learner_id: uuid.UUID, code: str) -> list[bytes]:
    return keyed_digests_of(f"rescue {learner_id.hex} {' '.join(plain_words(code))}")


def make_sheet(learner_id: uuid.UUID, now: dt.datetime) -> list[str]:
    """Return the codes of a new sheet, which are kept nowhere; those of the sheet before work no more."""
    db.session.get_one(Account, learner_id, with_for_update=True)
    db.session.execute(sa.delete(RescueCode).where(RescueCode.learner_id == learner_id))
    codes = [" ".join(secrets.choice(words.words()) for _word in range(rules.SHEET_WORDS)) for _code in range(rules.SHEET_CODES)]
    db.session.add_all(RescueCode(id=uuid7(), learner_id=learner_id, code_hash=_code_digests(learner_id, code)[0], made_at=now)
                       for code in codes)
    db.session.flush()
    record("sheet.make", learner_id, now, learner_id)
    return codes


def drop_sheet(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Let the codes of a lost sheet work no more; twice is once."""
    if db.session.execute(sa.delete(RescueCode).where(RescueCode.learner_id == learner_id).returning(RescueCode.id)).all():
        record("sheet.drop", learner_id, now, learner_id)


@dataclass(frozen=True)
class SheetKept:
    """When somebody's sheet was made, and how many of its codes still work."""

    made_at: dt.datetime
    left: int


def sheet_of(learner_id: uuid.UUID) -> SheetKept | None:
    """Return where somebody's sheet stands, or None without one."""
    rows = db.session.scalars(sa.select(RescueCode).where(RescueCode.learner_id == learner_id)).all()
    return SheetKept(rows[0].made_at, sum(1 for row in rows if row.used_at is None)) if rows else None


def code_of(learner_id: uuid.UUID | None, code: str) -> uuid.UUID | None:
    """Return the id of this code when it is one of this learner's that works, or None; the same work for nobody."""
    return db.session.scalar(sa.select(RescueCode.id).where(
        RescueCode.code_hash.in_(_code_digests(learner_id or NOBODY, code)), RescueCode.learner_id == (learner_id or NOBODY),
        RescueCode.used_at.is_(None)))


def begin_with_code(learner_id: uuid.UUID, code_id: uuid.UUID, now: dt.datetime) -> str:
    """Return the token of a way back that this code opens; the code is used up when the passphrase is chosen."""
    token = new_token(32)
    db.session.add(Recovery(id=uuid7(), learner_id=learner_id, way="sheet", token_hash=digest_of(token), code_id=code_id,
                            started_at=now, expires_at=now + rules.RETURN_WITHIN))
    db.session.flush()
    return token


# ---------- the number ----------


def number_digests(number: str) -> list[bytes]:
    """Return by what a number is looked up, however it was typed."""
    return keyed_digests_of("return " + "".join(c for c in number if c.isdigit()))


def begin(name: str, now: dt.datetime) -> tuple[str, str]:
    """Return the token for this device and the number to show; its owner is told at once, by a job, if there is one."""
    token, key = new_token(32), uuid7()
    while True:
        number = f"{secrets.randbelow(10 ** DIGITS):0{DIGITS}d}"
        taken = sa.select(sa.exists().where(Recovery.number_hash.in_(number_digests(number)), Recovery.expires_at > now))
        if not db.session.scalar(taken):
            break
    db.session.add(Recovery(id=key, learner_id=whose(name), way="people", token_hash=digest_of(token),
                            number_hash=number_digests(number)[0], started_at=now, expires_at=now + rules.RETURN_WITHIN))
    db.session.flush()
    jobs.enqueue(BEGUN, {"recovery": str(key)}, now)
    return token, number


def _begun(payload: dict[str, Any], now: dt.datetime) -> int:
    """Tell whoever is asked back that somebody asks; one message until they have looked."""
    row = db.session.get(Recovery, uuid.UUID(payload["recovery"]))
    if row is None or row.learner_id is None or not _goes_on(row, now):
        return 0
    if notices.leave_once(row.learner_id, WAY_BACK, now):
        _send(WAY_BACK, row.learner_id, now)
    return 1


def _send(kind: str, learner_id: uuid.UUID, now: dt.datetime) -> None:
    for who in queries.addressees([learner_id], now):
        outbox.queue(kind, now, now + LETTER_LASTS, who.language, account_id=learner_id)


def _goes_on(row: Recovery, now: dt.datetime) -> bool:
    return row.used_at is None and row.ended_at is None and now < row.expires_at


# ---------- on the device that began it, and on those of its owner ----------


@dataclass(frozen=True)
class Standing:
    """Where a way back stands, for the device that began it."""

    learner_id: uuid.UUID | None
    confirmations: int
    goes_on: bool
    ready: bool
    way: str


def standing(token: str, now: dt.datetime) -> Standing | None:
    """Return where the way back of this device stands, or None when there is none; one statement."""
    row = db.session.scalars(sa.select(Recovery).where(Recovery.token_hash == digest_of(token))).one_or_none()
    return _standing(row, now) if row is not None else None


def _standing(row: Recovery, now: dt.datetime) -> Standing:
    count = (row.first_confirmed_at is not None) + (row.second_confirmed_at is not None)
    ended = row.learner_id is None or row.used_at is not None or row.ended_at is not None
    return Standing(row.learner_id, count, _goes_on(row, now), rules.opens_again(row.way, count, ended, row.expires_at, now), row.way)


def asked_for(learner_id: uuid.UUID, now: dt.datetime) -> Sequence[Recovery]:
    """Return the ways back into somebody's passport that go on now."""
    return db.session.scalars(sa.select(Recovery).where(
        Recovery.learner_id == learner_id, Recovery.used_at.is_(None), Recovery.ended_at.is_(None),
        Recovery.expires_at > now).order_by(Recovery.id)).all()


def stop(learner_id: uuid.UUID, now: dt.datetime, but: uuid.UUID | None = None) -> None:
    """Stop every way back into somebody's passport that goes on, or every other one; twice is once."""
    which = [Recovery.learner_id == learner_id, Recovery.used_at.is_(None), Recovery.ended_at.is_(None), Recovery.expires_at > now]
    if but is not None:
        which.append(Recovery.id != but)
    if db.session.execute(sa.update(Recovery).where(*which).values(ended_at=now).returning(Recovery.id)).all():
        record("return.stop", learner_id, now, learner_id)


def stop_confirmed_by(adult_id: uuid.UUID, now: dt.datetime, learner_id: uuid.UUID | None = None) -> None:
    """Stop what this adult confirmed and what is not used so far, into one passport or into every one: contact was ended."""
    which = [sa.or_(Recovery.first_confirmer_id == adult_id, Recovery.second_confirmer_id == adult_id),
             Recovery.used_at.is_(None), Recovery.ended_at.is_(None)]
    if learner_id is not None:
        which.append(Recovery.learner_id == learner_id)
    db.session.execute(sa.update(Recovery).where(*which).values(ended_at=now), execution_options={"synchronize_session": False})


def finish(token: str, passphrase: str, password_hash: str, now: dt.datetime) -> uuid.UUID:
    """Replace the passphrase of whoever comes back, end all their sessions, tell them, and return their account.

    `password_hash` was made from `passphrase` while no transaction was open. Raises Refused.
    """
    row = db.session.scalars(sa.select(Recovery).where(Recovery.token_hash == digest_of(token)).with_for_update()
                             .execution_options(populate_existing=True)).one_or_none()
    if row is None or row.learner_id is None or not _standing(row, now).ready:
        raise Refused(Refusal.RETURN_OVER)
    learner_id = row.learner_id
    service.refuse_passphrase(passphrase, queries.own_words(learner_id))
    if row.code_id is not None:
        spent = sa.update(RescueCode).where(RescueCode.id == row.code_id, RescueCode.used_at.is_(None)).values(used_at=now)
        if db.session.execute(spent.returning(RescueCode.id)).first() is None:
            raise Refused(Refusal.RETURN_OVER)
    row.used_at = now
    db.session.flush()
    db.session.execute(sa.update(Account).where(Account.id == learner_id).values(password_hash=password_hash))
    service.end_sessions(learner_id, now)
    addresses.end_links(learner_id, now)
    stop(learner_id, now, but=row.id)
    if row.way == "people":
        drop_sheet(learner_id, now)  # whoever has theirs comes back with it: this one is lost, or in other hands
    if row.second_confirmer_id is not None and not _has_role(learner_id):
        # Two people saw them; whoever has a role begins anew before their own organisation.
        factor.reset(learner_id, row.second_confirmer_id, now)
    notices.leave_once(learner_id, WAY_BACK, now)
    _send(DONE, learner_id, now)
    record(f"return.{row.way}", learner_id, now, learner_id)
    return learner_id


def _has_role(account_id: uuid.UUID) -> bool:
    role = queries.MEMBERSHIP.c
    return bool(db.session.scalar(sa.select(sa.exists().where(role.account_id == account_id, role.ended_at.is_(None)))))


jobs.later(BEGUN, _begun)
