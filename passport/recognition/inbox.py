"""What whoever was asked to recognise finds: the request, exactly what was sent with it, and what still waits."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for

from ..accounts import queries as accounts
from ..accounts.chosen import kept
from ..accounts.models import Account, ContactBar, Draft, Passport
from ..audit.service import Looked
from ..choices import CHOICES, in_force
from ..clock import day_of
from ..experiences.models import Revision
from ..extensions import db
from ..feedback import queries as feedback
from ..feedback.models import AccessGrant, AuthoredText, AuthoredVersion, Feedback, FeedbackRequest
from ..feedback.queries import InboxLine, grant_is_open, is_protected, not_barred
from ..frameworks.models import Wording
from ..organisations.models import Organisation
from ..policy import Actor, Asked
from .models import RecognitionRequest, RequestedCompetency
from .queries import DRAFT, Sentence, newest, sentence

MOST = 100
NAME_FORM = "endorsers.name"  # how the city has whoever recognises named


@dataclass(frozen=True)
class Received(Asked):
    """A request on the side of whoever answers: what the policy weighs, and exactly what was sent."""

    request: RecognitionRequest | None = None
    revision: Revision | None = None
    learner_name: str = ""
    organisation_name: str = ""
    draft: dict[str, Any] | None = None
    name_form: str = "name"


def asked(key: uuid.UUID, now: dt.datetime) -> Received | None:
    """Return one request with what decides who may open it and what its author half wrote, in one statement."""
    rows = db.session.execute(
        sa.select(RecognitionRequest, AccessGrant, Revision, Account.display_name, Organisation.name,
                  is_protected(day_of(now)).label("protected"), ContactBar.adult_id, Draft.body,
                  kept(NAME_FORM).label("name_form"))
        .join(AccessGrant, AccessGrant.id == RecognitionRequest.grant_id)
        .join(Revision, Revision.id == RecognitionRequest.revision_id)
        .join(Passport, Passport.learner_id == RecognitionRequest.learner_id)
        .join(Account, Account.id == RecognitionRequest.learner_id)
        .join(Organisation, Organisation.id == AccessGrant.organisation_id)
        .outerjoin(ContactBar, sa.and_(ContactBar.learner_id == RecognitionRequest.learner_id,
                                       ContactBar.lifted_at.is_(None)))
        .outerjoin(Draft, sa.and_(Draft.account_id == RecognitionRequest.facilitator_id, Draft.form == DRAFT,
                                  Draft.subject_id == RecognitionRequest.id))
        .where(RecognitionRequest.id == key)
    ).all()
    if not rows:
        return None
    asked_for, grant, revision, name, organisation_name, protected, _adult, body, name_form = rows[0]
    return Received(
        learner_id=asked_for.learner_id, organisation_id=grant.organisation_id, membership_id=asked_for.membership_id,
        facilitator_id=asked_for.facilitator_id, learner_protected=bool(protected), grant_opened_at=grant.opened_at,
        grant_closes_at=grant.closes_at, grant_closed_at=grant.closed_at, closed_at=asked_for.closed_at,
        barred_ids=frozenset(r.adult_id for r in rows if r.adult_id is not None), request=asked_for,
        revision=revision, learner_name=name or "", organisation_name=organisation_name, draft=dict(body) if body else {},
        name_form=in_force(CHOICES[NAME_FORM], name_form),
    )


def requested(request_id: uuid.UUID) -> list[Sentence]:
    """Return the competencies of a request with the steps the learner gave them then."""
    rows = db.session.execute(
        sa.select(RequestedCompetency.competency_id, sentence(), RequestedCompetency.claimed_step)
        .join(Wording, Wording.id == RequestedCompetency.wording_id)
        .where(RequestedCompetency.request_id == request_id).order_by(RequestedCompetency.competency_id)
    )
    return [Sentence(r.competency_id, r.sentence, r.claimed_step) for r in rows]


@dataclass(frozen=True)
class Turn:
    """One thing said in the exchange between a learner and a facilitator."""

    at: dt.datetime
    mine: bool
    words: str
    question: str | None = None
    next_step: str | None = None


def exchange(experience_id: uuid.UUID, facilitator_id: uuid.UUID, now: dt.datetime) -> list[Turn]:
    """Return what a learner and this facilitator said to each other about one experience, oldest first."""
    rows = db.session.execute(
        sa.select(FeedbackRequest.asked_at, FeedbackRequest.message, Feedback.visible_at, Feedback.reply,
                  Feedback.replied_at, sa.func.coalesce(AuthoredText.hidden_at, Feedback.withdrawn_at).label("hidden_at"),
                  AuthoredVersion.words, AuthoredVersion.question, AuthoredVersion.next_step)
        .join(Feedback, Feedback.request_id == FeedbackRequest.id)
        .join(AuthoredText, AuthoredText.id == Feedback.text_id)
        .join(AuthoredVersion, newest(Feedback.text_id))
        .where(Feedback.experience_id == experience_id, Feedback.facilitator_id == facilitator_id,
               Feedback.visible_at <= now)
        .order_by(Feedback.visible_at, Feedback.id)
    )
    turns: list[Turn] = []
    for r in rows:
        if r.message:
            turns.append(Turn(r.asked_at, False, r.message))
        if r.hidden_at is None:
            turns.append(Turn(r.visible_at, True, r.words, r.question, r.next_step))
        if r.reply:
            turns.append(Turn(r.replied_at, False, r.reply))
    return turns


def _to_answer(actor: Actor, now: dt.datetime) -> sa.Select[Any]:
    """Select the requests that wait for this person: the policy's truths, as conditions."""
    roles, on = actor.active("facilitator", now), day_of(now)
    return (
        sa.select(RecognitionRequest.id)
        .join(AccessGrant, AccessGrant.id == RecognitionRequest.grant_id)
        .join(Passport, Passport.learner_id == RecognitionRequest.learner_id)
        .where(
            RecognitionRequest.closed_at.is_(None), RecognitionRequest.facilitator_id == actor.account_id,
            RecognitionRequest.learner_id != actor.account_id,
            sa.or_(
                RecognitionRequest.membership_id.in_([r.membership_id for r in roles if r.is_checked(on)]),
                sa.and_(RecognitionRequest.membership_id.in_([r.membership_id for r in roles]), ~is_protected(on)),
            ),
            grant_is_open(now), not_barred(RecognitionRequest.learner_id, actor.account_id),
        )
    )


def recognition_inbox(
    actor: Actor, now: dt.datetime, after: feedback.After | None, limit: int
) -> list[InboxLine]:
    """Return the requests for recognition that wait for this person, longest wait first."""
    found = (
        _to_answer(actor, now)
        .join(Revision, Revision.id == RecognitionRequest.revision_id)
        .join(Account, Account.id == RecognitionRequest.learner_id)
        .join(Organisation, Organisation.id == AccessGrant.organisation_id)
        .add_columns(Account.display_name, Revision.title, RecognitionRequest.asked_at,
                     is_protected(day_of(now)).label("protected"), Organisation.name.label("organisation_name"),
                     RecognitionRequest.learner_id, AccessGrant.organisation_id, RecognitionRequest.experience_id)
        .order_by(RecognitionRequest.asked_at, RecognitionRequest.id).limit(limit)
    )
    if after is not None:
        found = found.where(sa.tuple_(RecognitionRequest.asked_at, RecognitionRequest.id) > sa.tuple_(
            sa.literal(after[0], RecognitionRequest.asked_at.type), sa.literal(after[1], RecognitionRequest.id.type)))
    return [
        InboxLine("recognition", r.id, r.display_name or "", r.title, r.asked_at,
                  None, url_for("recognition.recognise", key=r.id), bool(r.protected), r.organisation_name,
                  Looked(r.learner_id, r.organisation_id, r.experience_id))
        for r in db.session.execute(found)
    ]


def still_to_answer(account_id: uuid.UUID, keys: list[uuid.UUID], now: dt.datetime) -> set[uuid.UUID]:
    """Return which of these requests still wait for this person's answer."""
    found = _to_answer(accounts.role_bearer(account_id), now).where(RecognitionRequest.id.in_(keys))
    return set(db.session.scalars(found))


def recognition_count(actor: Actor, now: dt.datetime) -> sa.ScalarSelect[int]:
    """Return how many requests for recognition wait for this person, as a scalar query."""
    return (sa.select(sa.func.count()).select_from(_to_answer(actor, now).limit(MOST).subquery())
            .scalar_subquery())


feedback.INBOX.append(recognition_inbox)
feedback.INBOX_COUNTS.append(recognition_count)
