"""Erasing: asked by the learner alone, taken back for some days, then done everywhere in one transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from ..accounts import drafts, erasures
from ..accounts import service as accounts
from ..accounts.chosen import number
from ..accounts.models import Account, ErasureRequest, Guardian, Mailbox, OneTimeToken, Passport, Recovery
from ..audit.service import record
from ..card import service as card
from ..card import sheet_service as sheets
from ..credentials import service as credentials
from ..credentials.models import Credential
from ..experiences import evidence
from ..experiences.models import Evidence
from ..extensions import db
from ..feedback import service as feedback
from ..notices import jobs, outbox
from ..notices import service as notices
from ..notices.keeping import forget_daily
from ..notices.models import Message
from ..organisations import leaving
from ..parents import service as parents
from ..recognition import service as recognition
from ..recognition.models import Endorsement, EndorserName
from ..refusals import Refused
from ..sharing import service as sharing
from ..witnesses import service as witnesses
from . import rules, sealing, waiting

ERASE, SCRUB = "rights.erase", "rights.scrub"


@dataclass(frozen=True)
class Wish:
    """What somebody decides about their erasure: when, what of credentials already downloaded (`cause`: asked cancels
    them, moved leaves them verifiable), and whether their own name goes from what they recognised (`unnamed`)."""

    at_once: bool
    cause: str = rules.CANCELLED
    unnamed: bool = False


def request_of(account_id: uuid.UUID) -> ErasureRequest | None:
    """Return what an account asked for, or None."""
    return db.session.get(ErasureRequest, account_id, populate_existing=True)


def has_attested(account_id: uuid.UUID) -> bool:
    """Say whether somebody recognised something for others, under whatever role."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Endorsement.facilitator_id == account_id))))


def has_signed(learner_id: uuid.UUID) -> bool:
    """Say whether anything was ever signed for somebody: only then there is something to cancel."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Credential.learner_id == learner_id))))


# ---------- asking, and taking it back ----------


def ask(learner_id: uuid.UUID, wish: Wish, now: dt.datetime) -> ErasureRequest:
    """Close everything of a learner at once and have it erased when the pause is over; asked twice, the first counts."""
    db.session.execute(sa.select(Passport.learner_id).where(Passport.learner_id == learner_id).with_for_update())
    there = request_of(learner_id)
    if there is not None:
        return there
    due = rules.due_at(wish.at_once, number("erasure.pause"), now)
    made = ErasureRequest(learner_id=learner_id, cause=wish.cause, asked_at=now, due_at=due, unnamed=wish.unnamed)
    db.session.add(made)
    db.session.flush()
    close_doors(learner_id, wish.cause != rules.VERIFIABLE, now)
    jobs.enqueue(ERASE, {}, due)
    record("erasure.ask", learner_id, now, learner_id)
    return made


def close_doors(learner_id: uuid.UUID, permissions: bool, now: dt.datetime) -> None:
    """End the sessions of a learner and close every link, card, sheet, invitation, request and role of theirs."""
    sharing.close_all(learner_id, now)
    card.close_all(learner_id, now)
    sheets.close_all(learner_id, now)
    witnesses.close_all(learner_id, now)
    parents.close_all(learner_id, now)
    recognition.close_all(learner_id, permissions, now)
    feedback.close_all(learner_id, now)
    leaving.leave_all(learner_id, now)
    for what in (
        sa.update(OneTimeToken).where(OneTimeToken.account_id == learner_id, OneTimeToken.used_at.is_(None))
        .values(used_at=now),
        sa.update(Recovery).where(Recovery.learner_id == learner_id, Recovery.ended_at.is_(None)).values(ended_at=now),
    ):
        db.session.execute(what, execution_options={"synchronize_session": False})
    outbox.drop(learner_id, outbox.WAITING)
    accounts.end_sessions(learner_id, now)


def take_back(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Let a passport be as it was, with its doors closed; twice is once. Raises Refused once the erasure has begun."""
    there = db.session.scalars(
        sa.select(ErasureRequest).where(ErasureRequest.learner_id == learner_id).with_for_update()
        .execution_options(populate_existing=True)).one_or_none()
    if there is None:
        return
    refusal = rules.refusal_to_take_back(there.due_at, now)
    if refusal is not None:
        raise Refused(refusal)
    db.session.delete(there)
    db.session.flush()
    record("erasure.take_back", learner_id, now, learner_id)


# ---------- doing it ----------


def erase(learner_id: uuid.UUID, cause: str, now: dt.datetime, unnamed: bool = False) -> bool:
    """Erase a passport with all that hangs on it, and the account; one who attested for others leaves a blank account.

    `cause` is asked, moved (credentials stay verifiable) or inactive. In the caller's transaction; say False when there
    was nothing left to erase. Raises OSError when the list outside the database cannot be written: then nothing is.
    """
    account = db.session.scalars(sa.select(Account).where(Account.id == learner_id).with_for_update()
                                 .execution_options(populate_existing=True)).one_or_none()
    passport = db.session.scalars(sa.select(Passport).where(Passport.learner_id == learner_id).with_for_update()).one_or_none()
    if account is None or passport is None:
        return False
    line = erasures.Line(learner_id, cause, now, unnamed=unnamed)
    close_doors(learner_id, cause != rules.VERIFIABLE, now)
    if cause != rules.VERIFIABLE:
        credentials.cancel(
            db.session.scalars(sa.select(Endorsement.id).where(Endorsement.learner_id == learner_id)).all(), now)
    sealing.seal_words(learner_id, number("erasure.sealed"), now)
    names = db.session.scalars(sa.select(Evidence.storage_name).where(
        Evidence.learner_id == learner_id, Evidence.storage_name.is_not(None))).all()
    for name in names:
        assert name is not None
        evidence.discard_later(name, now)
    _forget_elsewhere(account)
    leaving.forget_notes(learner_id)
    waiting.forget(learner_id)
    if unnamed:
        db.session.execute(
            sa.delete(EndorserName).where(EndorserName.endorsement_id.in_(
                sa.select(Endorsement.id).where(Endorsement.facilitator_id == learner_id))),
            execution_options={"synchronize_session": False})
    record("erase", None, now, learner_id)
    erasures.note(line)
    db.session.flush()
    db.session.expunge_all()
    db.session.execute(sa.delete(Passport).where(Passport.learner_id == learner_id),
                       execution_options={"synchronize_session": False})
    _delete_account(learner_id, now)
    jobs.enqueue(SCRUB, {}, now, dedupe=SCRUB)
    erasures.write_down(line)
    return True


def _owned() -> Iterator[sa.Table]:
    """Every table of a learner whose rows others may have word or half-written answers of."""
    for table in db.metadata.sorted_tables:
        if "learner_id" in table.c and "id" in table.c and table.name != "erasure":
            yield table


def _forget_elsewhere(account: Account) -> None:
    """Let go of notices and half-written forms of others about things of a learner, and of letters on their way."""
    things = sa.union_all(*(sa.select(table.c.id).where(table.c.learner_id == account.id) for table in _owned()),
                          sa.select(Account.id).where(Account.id == account.id))
    for forget in (notices.forget, drafts.forget):
        forget(things)
    addresses = [account.email, *db.session.scalars(sa.select(Mailbox.pending).where(Mailbox.account_id == account.id)),
                 *db.session.scalars(sa.select(Guardian.contact).where(Guardian.learner_id == account.id))]
    db.session.execute(sa.delete(Message).where(Message.address.in_([a for a in addresses if a])),
                       execution_options={"synchronize_session": False})


def _pointing(ondelete: str | None) -> list[sa.Column[uuid.UUID]]:
    """Return the columns that point at an account and say this of its deletion."""
    return [next(iter(key.columns)) for table in db.metadata.sorted_tables for key in table.foreign_key_constraints
            if key.referred_table.name == "account" and key.ondelete == ondelete]


def _delete_account(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Delete an account; blank it when something of others rests on it: a role in which they acted, a case."""
    stays = sa.or_(*(sa.exists().where(column == account_id) for column in _pointing(None)))
    if not db.session.scalar(sa.select(stays)):
        db.session.execute(sa.delete(Account).where(Account.id == account_id),
                           execution_options={"synchronize_session": False})
        return
    for column in _pointing("CASCADE"):
        db.session.execute(sa.delete(column.table).where(column == account_id))
    for column in _pointing("SET NULL"):
        db.session.execute(sa.update(column.table).where(column == account_id).values({column: None}))
    db.session.execute(
        sa.update(Account).where(Account.id == account_id).values(
            identifier=None, email=None, email_confirmed_at=None, display_name=None, password_hash=None, audit_ref=None,
            language="fr", warned_at=None, erased_at=now),
        execution_options={"synchronize_session": False})


def erase_one_due(now: dt.datetime) -> int:
    """Erase one whose pause is over, if there is any, and see to it that the next one's turn comes.

    Whichever: an erasure that cannot be done holds up no other for long.
    """
    found = db.session.execute(
        sa.select(ErasureRequest.learner_id, ErasureRequest.cause, ErasureRequest.unnamed)
        .where(ErasureRequest.due_at <= now).order_by(sa.func.random())
        .limit(2).with_for_update(skip_locked=True)).all()
    if not found:
        return 0
    erase(found[0].learner_id, found[0].cause, now, found[0].unnamed)
    if len(found) > 1:
        jobs.enqueue(ERASE, {}, now)
    return 1


def erase_now(learner_id: uuid.UUID, now: dt.datetime) -> bool:
    """Erase somebody who asked for it at once; say False when that is done already, or not asked."""
    asked = request_of(learner_id)
    if asked is None or asked.due_at > now:
        return False
    return erase(learner_id, asked.cause, now, asked.unnamed)


def scrub(_payload: dict[str, object], _now: dt.datetime) -> None:
    """Let no page of what was erased lie in SQLite's log; PostgreSQL's own cleaning does that there.

    Deleted bytes are overwritten where they lay (`secure_delete`). Raises while somebody still reads what was before:
    the job is then tried again.
    """
    if db.engine.dialect.name != "sqlite":
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        raw = connection.connection.dbapi_connection
        assert raw is not None
        busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise TimeoutError("the log is being read")


jobs.later(ERASE, lambda _payload, now: erase_one_due(now))
jobs.later(SCRUB, lambda _payload, _now, _made: 1, scrub)
jobs.every_day("rights.erase_left", erase_one_due)
forget_daily("rights.unseal", sealing.OVER, do=sealing.forget)
