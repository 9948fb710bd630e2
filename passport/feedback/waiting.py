"""What waits for whoever was asked, and what they answered."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for

from ..accounts import queries as accounts
from ..accounts.models import Account, ContactBar, Passport
from ..audit.service import Looked
from ..clock import day_of
from ..experiences.models import Revision
from ..extensions import db
from ..organisations.models import Membership, Organisation
from ..policy import Actor, Asked
from .models import AccessGrant, AuthoredVersion, Feedback, FeedbackRequest
from .queries import (
    INBOX,
    INBOX_COUNTS,
    MOST,
    PER_PAGE,
    STANDS,
    After,
    InboxLine,
    count_of,
    grant_is_open,
    is_protected,
    not_barred,
)


@dataclass(frozen=True)
class Received(Asked):
    """A request on the side of whoever answers: what the policy weighs, and exactly what was sent."""

    experience_id: uuid.UUID | None = None
    request: FeedbackRequest | None = None
    revision: Revision | None = None
    learner_name: str = ""
    organisation_name: str = ""


def asked(key: uuid.UUID, now: dt.datetime) -> Received | None:
    """Return one request with what decides who may open it, in one statement; None when there is none."""
    rows = db.session.execute(
        sa.select(FeedbackRequest, AccessGrant, Revision, Account.display_name, Organisation.name,
                  is_protected(day_of(now)).label("protected"), ContactBar.adult_id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Passport, Passport.learner_id == FeedbackRequest.learner_id)
        .join(Account, Account.id == FeedbackRequest.learner_id)
        .join(Organisation, Organisation.id == FeedbackRequest.organisation_id)
        .outerjoin(ContactBar, sa.and_(ContactBar.learner_id == FeedbackRequest.learner_id,
                                       ContactBar.lifted_at.is_(None)))
        .where(FeedbackRequest.id == key)
    ).all()
    if not rows:
        return None
    request, grant, revision, name, organisation_name, protected, _adult = rows[0]
    return Received(
        learner_id=request.learner_id, organisation_id=request.organisation_id, membership_id=request.membership_id,
        facilitator_id=request.facilitator_id, learner_protected=bool(protected), grant_opened_at=grant.opened_at,
        grant_closes_at=grant.closes_at, grant_closed_at=grant.closed_at, closed_at=request.closed_at,
        barred_ids=frozenset(r.adult_id for r in rows if r.adult_id is not None),
        experience_id=request.experience_id, request=request, revision=revision, learner_name=name or "",
        organisation_name=organisation_name,
    )


@dataclass(frozen=True)
class Words:
    """Somebody's words, as they arrive."""

    seen: str
    question: str | None
    next_step: str | None


@dataclass(frozen=True)
class Sent:
    """What was answered to a request, for whoever wrote it: its words are None once it was taken back."""

    words: Words | None
    reply: str | None
    reply_withdrawn: bool
    stands: bool


@dataclass(frozen=True)
class AnsweredLine:
    """One request that this person answered and may still open."""

    request_id: uuid.UUID
    learner_name: str
    title: str
    answered_at: dt.datetime
    withdrawn: bool


def was_sent(request_id: uuid.UUID, facilitator_id: uuid.UUID, submission: uuid.UUID) -> bool:
    """Say whether this very form already answered this request."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Feedback.request_id == request_id, Feedback.facilitator_id == facilitator_id,
        Feedback.submission == submission))))


def given(request_id: uuid.UUID) -> Feedback | None:
    """Return the feedback that a request got, taken back or not."""
    return db.session.scalars(sa.select(Feedback).where(Feedback.request_id == request_id)).one_or_none()


def sent(request_id: uuid.UUID) -> Sent | None:
    """Return what was answered to a request, for whoever wrote it; one statement."""
    row = db.session.execute(
        sa.select(AuthoredVersion, Feedback.reply, Feedback.reply_withdrawn_at, Feedback.withdrawn_at,
                  sa.or_(sa.false(), *(stands(Feedback.id) for stands in STANDS)).label("stands"))
        .join(Feedback, Feedback.text_id == AuthoredVersion.text_id)
        .where(Feedback.request_id == request_id).order_by(AuthoredVersion.number.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    version, reply, reply_withdrawn_at, withdrawn_at, stands = row
    words = Words(version.words, version.question, version.next_step) if withdrawn_at is None else None
    return Sent(words, reply, reply_withdrawn_at is not None, bool(stands))


def _open_to(actor: Actor, now: dt.datetime) -> sa.Select[Any]:
    """Select the requests that this person may open: the truths of `READ_REQUEST`, as conditions."""
    roles, on = actor.active("facilitator", now), day_of(now)
    protected = is_protected(on)
    mine = sa.and_(
        FeedbackRequest.facilitator_id == actor.account_id,
        sa.or_(
            FeedbackRequest.membership_id.in_([r.membership_id for r in roles if r.is_checked(on)]),
            sa.and_(FeedbackRequest.membership_id.in_([r.membership_id for r in roles]), ~protected),
        ),
    )
    team = sa.and_(FeedbackRequest.membership_id.is_(None), ~protected,
                   FeedbackRequest.organisation_id.in_([r.organisation_id for r in roles]))
    return (
        sa.select(FeedbackRequest.id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Passport, Passport.learner_id == FeedbackRequest.learner_id)
        .where(FeedbackRequest.learner_id != actor.account_id, sa.or_(mine, team), grant_is_open(now),
               not_barred(FeedbackRequest.learner_id, actor.account_id))
    )


def _to_answer(actor: Actor, now: dt.datetime) -> sa.Select[Any]:
    """Select the requests that wait for this person."""
    return _open_to(actor, now).where(FeedbackRequest.closed_at.is_(None))


def feedback_inbox(actor: Actor, now: dt.datetime, after: After | None, limit: int) -> list[InboxLine]:
    """Return the requests for feedback that wait for this person, longest wait first."""
    found = (
        _to_answer(actor, now)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Account, Account.id == FeedbackRequest.learner_id)
        .join(Organisation, Organisation.id == FeedbackRequest.organisation_id)
        .add_columns(Account.display_name, Revision.title, FeedbackRequest.asked_at, FeedbackRequest.message,
                     is_protected(day_of(now)).label("protected"), Organisation.name.label("organisation_name"),
                     FeedbackRequest.learner_id, FeedbackRequest.organisation_id, FeedbackRequest.experience_id)
        .order_by(FeedbackRequest.asked_at, FeedbackRequest.id).limit(limit)
    )
    if after is not None:
        found = found.where(sa.tuple_(FeedbackRequest.asked_at, FeedbackRequest.id) > sa.tuple_(
            sa.literal(after[0], FeedbackRequest.asked_at.type), sa.literal(after[1], FeedbackRequest.id.type)))
    return [
        InboxLine("feedback", r.id, r.display_name or "", r.title, r.asked_at,
                  None if r.protected else r.message,
                  url_for("feedback.answer_request", key=r.id), bool(r.protected), r.organisation_name,
                  Looked(r.learner_id, r.organisation_id, r.experience_id))
        for r in db.session.execute(found)
    ]


def still_to_answer(account_id: uuid.UUID, keys: list[uuid.UUID], now: dt.datetime) -> set[uuid.UUID]:
    """Return which of these requests still wait for this person's answer."""
    found = _to_answer(accounts.role_bearer(account_id), now).where(FeedbackRequest.id.in_(keys))
    return set(db.session.scalars(found))


def answered(actor: Actor, now: dt.datetime) -> list[AnsweredLine]:
    """Return what this person answered and may still open, newest first, a page at most; one statement."""
    rows = db.session.execute(
        _open_to(actor, now)
        .join(Feedback, Feedback.request_id == FeedbackRequest.id)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Account, Account.id == FeedbackRequest.learner_id)
        .where(Feedback.facilitator_id == actor.account_id)
        .add_columns(Account.display_name, Revision.title, FeedbackRequest.closed_at, Feedback.withdrawn_at)
        .order_by(FeedbackRequest.closed_at.desc(), FeedbackRequest.id.desc()).limit(PER_PAGE)
    )
    return [AnsweredLine(r.id, r.display_name or "", r.title, r.closed_at, r.withdrawn_at is not None) for r in rows]


def team_accounts(organisation_id: uuid.UUID, learner_id: uuid.UUID, protected: bool, now: dt.datetime) -> list[uuid.UUID]:
    """Return who is told of a request to a team: its facilitators, or for a protected learner who keeps its desk."""
    acts = sa.and_(
        Membership.role == ("manager" if protected else "facilitator"), Membership.joined_at <= now,
        sa.or_(Membership.suspended_at.is_(None), Membership.suspended_at > now),
        sa.or_(Membership.ended_at.is_(None), Membership.ended_at > now))
    return list(db.session.scalars(
        sa.select(Membership.account_id)
        .where(Membership.organisation_id == organisation_id, acts, Membership.account_id != learner_id,
               not_barred(sa.literal(learner_id, Membership.account_id.type), Membership.account_id))
        .order_by(Membership.joined_at, Membership.id).limit(MOST)
    ))


def feedback_count(actor: Actor, now: dt.datetime) -> sa.ScalarSelect[int]:
    """Return how many requests for feedback wait for this person, as a scalar query."""
    return count_of(_to_answer(actor, now))


INBOX.append(feedback_inbox)
INBOX_COUNTS.append(feedback_count)
