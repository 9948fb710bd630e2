"""Ending and suspending: roles, organisations, and all that was on its way from their people (promise S8)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import sqlalchemy as sa

from ..accounts import protection
from ..accounts import rules as age
from ..accounts import service as accounts
from ..accounts.models import Passport
from ..audit.service import record
from ..clock import day_of
from ..extensions import db
from ..notices import outbox
from ..notices.models import Notice
from ..refusals import Refused
from . import rules
from .models import AskCode, Invitation, Membership, Organisation, Vetting

# Later rooms stop here what is on its way from somebody whose role was taken: (membership, account, now).
REMOVED: list[Callable[[uuid.UUID, uuid.UUID, dt.datetime], None]] = []
# What somebody is told of because of a role, and no more once it is over.
ROLE_KINDS = frozenset({"feedback_asked", "recognition_asked", "at_the_desk", "text_reported", "check_ends"})


def suspend(organisation: Organisation, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Stop an organisation's people from acting: their sessions and what was on its way end in the same write.

    What was recognised stays. Raises Refused.
    """
    refusal = rules.refusal_to_suspend(organisation.kind, organisation.accredited_at)
    if refusal is not None:
        raise Refused(refusal)
    db.session.refresh(organisation, with_for_update=True)
    if organisation.suspended_at is None:
        organisation.suspended_at = now
        db.session.flush()
        _stop_all(organisation, now)
        record("organisation.suspend", by_id, now, organisation.id)


def resume(organisation: Organisation, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Let the people of a suspended organisation act again; the journal keeps that it was suspended."""
    db.session.refresh(organisation, with_for_update=True)
    if organisation.suspended_at is not None:
        organisation.suspended_at = None
        db.session.flush()
        record("organisation.resume", by_id, now, organisation.id)


def close(organisation: Organisation, by_id: uuid.UUID, now: dt.datetime) -> None:
    """End that an organisation is there: nobody acts in its name any more; what was recognised stays. Raises Refused."""
    refusal = rules.refusal_to_suspend(organisation.kind, organisation.accredited_at)
    if refusal is not None:
        raise Refused(refusal)
    db.session.refresh(organisation, with_for_update=True)
    if organisation.closed_at is None:
        organisation.closed_at, organisation.minors_state = now, "none"
        db.session.flush()
        _stop_all(organisation, now)
        record("organisation.close", by_id, now, organisation.id)


def suspend_member(membership: Membership, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Stop somebody from acting in a role, with their sessions and what was on its way; doing it twice is doing it once.

    Raises Refused.
    """
    db.session.refresh(membership, with_for_update=True)
    refusal = rules.refusal_to_suspend_member(membership.role, membership.ended_at)
    if refusal is not None:
        raise Refused(refusal)
    if membership.suspended_at is None:
        membership.suspended_at = now
        db.session.flush()
        _reads_no_more(membership, now)
        _stop(membership, now)
        record("membership.suspend", by_id, now, membership.id)


def resume_member(membership: Membership, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Let somebody act again in a role that was suspended; who reads to protect is named anew. Raises Refused."""
    db.session.refresh(membership, with_for_update=True)
    refusal = rules.refusal_to_suspend_member(membership.role, membership.ended_at)
    if refusal is not None:
        raise Refused(refusal)
    if membership.suspended_at is not None:
        membership.suspended_at = None
        db.session.flush()
        record("membership.resume", by_id, now, membership.id)


def end_membership(membership: Membership, by_id: uuid.UUID, now: dt.datetime) -> None:
    """End a role at once, with its code « Demandez-moi » and, when another decides it, the person's sessions.

    What was recognised in this role stays, marked with the role of that time. Raises Refused.
    """
    # Everybody who ends a role here waits for one another: else two could each think the other one stays.
    db.session.execute(
        sa.select(Organisation.id).where(Organisation.id == membership.organisation_id).with_for_update()
    )
    db.session.refresh(membership, with_for_update=True)
    if membership.ended_at is not None:
        return
    others = (
        sa.select(sa.func.count()).select_from(Membership)
        .where(Membership.organisation_id == membership.organisation_id, Membership.role == membership.role,
               Membership.id != membership.id, Membership.joined_at.is_not(None),
               Membership.identity_confirmed_at.is_not(None), Membership.suspended_at.is_(None),
               Membership.ended_at.is_(None))
        .scalar_subquery()
    )
    coordinates = sa.exists().where(
        Membership.account_id == by_id, Membership.role == "coordinator", Membership.identity_confirmed_at <= now,
        Membership.suspended_at.is_(None), Membership.ended_at.is_(None),
    )
    row = db.session.execute(sa.select(others.label("others"), coordinates.label("coordinates"))).one()
    refusal = rules.refusal_to_remove(membership.role, row.others, row.coordinates)
    if refusal is not None:
        raise Refused(refusal)
    _end(membership, now)
    if by_id != membership.account_id:
        _stop(membership, now)
    record("membership.end", by_id, now, membership.id)


def grow_younger(account_id: uuid.UUID, _band: age.Band, now: dt.datetime) -> None:
    """End the roles that somebody holds below their age, the last one of a kind too, and what an adult alone does in others.

    Who holds such a role is no longer an adult of the organisation, whatever it needs: the coordination names another.
    """
    passport = db.session.get_one(Passport, account_id)
    adult, sixteen = (age.has_turned(passport.birth_year, passport.birth_month, years, day_of(now))
                      for years in (age.ADULT, age.FACILITATES))
    held = db.session.scalars(sa.select(Membership).where(
        Membership.account_id == account_id, Membership.ended_at.is_(None)).order_by(Membership.id).with_for_update()).all()
    for membership in held:
        if rules.refusal_to_go_on(membership.role, adult, sixteen) is not None:
            _end(membership, now)
            _stop(membership, now)
            record("membership.end", account_id, now, membership.id)
        elif not adult:
            _named_no_more(membership, now)


def leave_all(account_id: uuid.UUID, now: dt.datetime) -> None:
    """End every role of somebody who leaves, the last one of a kind too: the coordination names another."""
    held = db.session.scalars(sa.select(Membership).where(
        Membership.account_id == account_id, Membership.ended_at.is_(None)).order_by(Membership.id).with_for_update()).all()
    for membership in held:
        _end(membership, now)
        _stop(membership, now)
        record("membership.end", account_id, now, membership.id)


def forget_notes(account_id: uuid.UUID) -> None:
    """Let go of for whom the invitations to somebody who is erased were; how their roles were called stays with them."""
    theirs = sa.select(Membership.id).where(Membership.account_id == account_id)
    db.session.execute(sa.update(Invitation).where(Invitation.membership_id.in_(theirs)).values(note=None),
                       execution_options={"synchronize_session": False})


def _end(membership: Membership, now: dt.datetime) -> None:
    membership.ended_at = now
    db.session.execute(
        sa.update(AskCode).where(AskCode.membership_id == membership.id, AskCode.closed_at.is_(None))
        .values(closed_at=now)
    )
    if membership.role in {"manager", "coordinator"}:
        theirs = [Invitation.invited_by_id == membership.account_id, Invitation.used_at.is_(None),
                  Invitation.revoked_at.is_(None)]
        if membership.role == "manager":
            theirs.append(Invitation.organisation_id == membership.organisation_id)
        db.session.execute(sa.update(Invitation).where(*theirs).values(revoked_at=now))
    db.session.flush()
    _reads_no_more(membership, now)


def _stop_all(organisation: Organisation, now: dt.datetime) -> None:
    staff = db.session.scalars(sa.select(Membership).where(
        Membership.organisation_id == organisation.id, Membership.ended_at.is_(None)).order_by(Membership.id)).all()
    for membership in staff:
        _stop(membership, now)


def _stop(membership: Membership, now: dt.datetime) -> None:
    """End the sessions of whoever held this role, what waits to be told to them in it, and what waits to arrive from them."""
    accounts.end_sessions(membership.account_id, now)
    outbox.take_out(membership.account_id, ROLE_KINDS)
    for close in REMOVED:
        close(membership.id, membership.account_id, now)


def _reads_no_more(membership: Membership, now: dt.datetime) -> None:
    """Let nobody count on this role for reading to protect, reading along, or answering for the welcome of minors."""
    theirs = sa.select(Vetting.id).where(Vetting.membership_id == membership.id)
    house = sa.select(Vetting.id).join(Membership, Membership.id == Vetting.membership_id).where(
        Membership.organisation_id == membership.organisation_id)
    for told in ([Notice.subject_id.in_(theirs)],
                 [Notice.subject_id.in_(house), Notice.account_id == membership.account_id]):
        db.session.execute(sa.delete(Notice).where(Notice.kind == "check_ends", Notice.read_at.is_(None), *told),
                           execution_options={"synchronize_session": False})
    _named_no_more(membership, now)


def _named_no_more(membership: Membership, now: dt.datetime) -> None:
    db.session.execute(sa.update(Membership).where(Membership.co_reader_id == membership.id).values(co_reader_id=None))
    if not membership.is_safeguarding_reader:
        return
    membership.is_safeguarding_reader, membership.reader_since, membership.lead = False, None, False
    db.session.flush()
    led = db.session.scalars(sa.select(Organisation).where(
        Organisation.id == membership.organisation_id, Organisation.minors_lead_id == membership.account_id)).one_or_none()
    if led is not None:
        led.minors_state = "asked" if led.minors_state == "allowed" else led.minors_state
        led.minors_lead_id = None
        record("organisation.minors_asked", None, now, led.id)
    # The pool of the city reads instead.
    db.session.execute(sa.update(Organisation).where(Organisation.minors_reader_id == membership.account_id)
                       .values(minors_reader_id=None))
    db.session.flush()


protection.YOUNGER.append(grow_younger)
