"""Whom a learner may ask for a feedback, and what they may send."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts.models import Account, Passport
from ..clock import day_of
from ..experiences.models import Experience
from ..extensions import db
from ..frameworks.rules import asked_words, folded
from ..organisations.models import Joined, Membership, Organisation
from . import rules
from .models import Feedback, FeedbackRequest
from .queries import PER_PAGE, Target, membership_active, membership_checked, not_barred, organisation_active

MOST_SEARCHED = 1000


def experience(key: uuid.UUID) -> Experience | None:
    """Return an experience that is not deleted."""
    found = db.session.get(Experience, key)
    return found if found is not None and found.deleted_at is None else None


def team(organisation_id: uuid.UUID) -> Target | None:
    """Return an organisation that was accredited once as a team to ask."""
    found = db.session.get(Organisation, organisation_id)
    return Target(found, found.name) if found is not None and found.accredited_at is not None else None


def asking_facts(
    experience: Experience, organisation_id: uuid.UUID, adult_id: uuid.UUID | None, now: dt.datetime
) -> sa.Row[*tuple[Any, ...]]:
    """Return the learner's age, and whether they joined there, wait there already or have no contact: one statement."""
    joined = sa.exists().where(Joined.learner_id == Passport.learner_id, Joined.organisation_id == organisation_id,
                               Joined.joined_at <= now, Joined.closed_at.is_(None))
    waiting = sa.exists().where(
        FeedbackRequest.experience_id == experience.id, FeedbackRequest.closed_at.is_(None),
        FeedbackRequest.asked_at > now - rules.ANSWERED_WITHIN,
        FeedbackRequest.facilitator_id == adult_id if adult_id is not None
        else sa.and_(FeedbackRequest.organisation_id == organisation_id, FeedbackRequest.facilitator_id.is_(None)),
    )
    barred = ~not_barred(Passport.learner_id, adult_id) if adult_id is not None else sa.false()
    return db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month, Passport.protection_chosen, joined.label("joined"),
                  waiting.label("waiting"), barred.label("barred"))
        .where(Passport.learner_id == experience.learner_id)
    ).one()


@dataclass(frozen=True)
class Person:
    """A facilitator one may ask."""

    membership_id: uuid.UUID
    name: str
    title: str | None
    organisation_name: str
    waiting: bool = False


def answered_before(learner_id: uuid.UUID, experience_id: uuid.UUID, minor: bool, protected: bool,
                    now: dt.datetime) -> list[Person]:
    """Return who answered this learner before and can be asked now, the latest first; one statement."""
    latest = (sa.select(Feedback.membership_id, sa.func.max(Feedback.visible_at).label("latest"))
              .where(Feedback.learner_id == learner_id, Feedback.visible_at <= now, Feedback.withdrawn_at.is_(None))
              .group_by(Feedback.membership_id).subquery())
    waiting = sa.exists().where(FeedbackRequest.experience_id == experience_id,
                                FeedbackRequest.facilitator_id == Membership.account_id,
                                FeedbackRequest.closed_at.is_(None),
                                FeedbackRequest.asked_at > now - rules.ANSWERED_WITHIN)
    conditions = [membership_active(now), organisation_active(now), not_barred(learner_id, Membership.account_id),
                  Account.erased_at.is_(None)]
    if protected:
        conditions.append(membership_checked(day_of(now)))
    if minor:
        conditions.append(sa.exists().where(
            Joined.learner_id == learner_id, Joined.organisation_id == Organisation.id, Joined.joined_at <= now,
            Joined.closed_at.is_(None)))
    rows = db.session.execute(
        sa.select(Membership.id, Account.display_name, Membership.title, Organisation.name, waiting.label("waiting"))
        .join(latest, latest.c.membership_id == Membership.id)
        .join(Account, Account.id == Membership.account_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(*conditions).order_by(latest.c.latest.desc(), Membership.id).limit(PER_PAGE)
    )
    return [Person(r.id, r.display_name or "", r.title, r.name, r.waiting) for r in rows]


def teams(learner_id: uuid.UUID, words: str | None, protected: bool, now: dt.datetime) -> list[Organisation]:
    """Return organisations whose team can be asked: those of this name, or without words those the learner joined."""
    found = (sa.select(Organisation).where(organisation_active(now), Organisation.kind != "city")
             .order_by(Organisation.sort_key, Organisation.id).limit(MOST_SEARCHED if words else PER_PAGE))
    if protected:
        found = found.where(Organisation.minors_state == "allowed")
    if not words:
        found = found.join(Joined, Joined.organisation_id == Organisation.id).where(
            Joined.learner_id == learner_id, Joined.closed_at.is_(None))
        return list(db.session.scalars(found))
    wanted = asked_words(words)
    return [o for o in db.session.scalars(found) if wanted and all(w in folded(o.name) for w in wanted)][:PER_PAGE]


def mine_to_send(learner_id: uuid.UUID, after: tuple[dt.date, uuid.UUID] | None) -> Sequence[Experience]:
    """Return the learner's experiences that may be sent, newest first: one more than a page, to know whether more."""
    found = (sa.select(Experience)
             .where(Experience.learner_id == learner_id, Experience.deleted_at.is_(None),
                    Experience.for_me_only.is_(False))
             .order_by(Experience.sort_on.desc(), Experience.id.desc()).limit(PER_PAGE + 1))
    if after is not None:
        found = found.where(sa.tuple_(Experience.sort_on, Experience.id) < sa.tuple_(
            sa.literal(after[0]), sa.literal(after[1], Experience.id.type)))
    return db.session.scalars(found).all()


def has_joined(learner_id: uuid.UUID, organisation_id: uuid.UUID) -> bool:
    """Say whether a learner is in an organisation now."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Joined.learner_id == learner_id, Joined.organisation_id == organisation_id, Joined.closed_at.is_(None)))))
