"""What waits at the desk of an organisation, and who of its team it can be given to."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts import queries as accounts
from ..accounts.models import Account, Passport
from ..audit.service import Looked
from ..clock import day_of
from ..experiences.models import Revision
from ..extensions import db
from ..organisations.models import Membership, Organisation
from ..policy import Actor
from .models import AccessGrant, FeedbackRequest
from .queries import (
    MOST,
    PER_PAGE,
    grant_is_open,
    is_protected,
    membership_active,
    membership_checked,
    not_barred,
    organisation_active,
)
from .whom import Person


@dataclass(frozen=True)
class DeskLine:
    """A protected learner's request that waits for somebody to be named; who and what, for a role with a check in force."""

    request_id: uuid.UUID
    learner_name: str
    title: str
    asked_at: dt.datetime
    looked: Looked | None = None


def at_the_desk(actor: Actor, now: dt.datetime, organisation_id: uuid.UUID | None = None) -> sa.Select[Any]:
    """Select the protected learners’ requests that wait for this person to name somebody."""
    bodies = [r.organisation_id for r in actor.active("manager", now)
              if r.minors_state == "allowed" and (organisation_id is None or r.organisation_id == organisation_id)]
    return (
        sa.select(FeedbackRequest.id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Passport, Passport.learner_id == FeedbackRequest.learner_id)
        .where(FeedbackRequest.closed_at.is_(None), FeedbackRequest.membership_id.is_(None),
               FeedbackRequest.organisation_id.in_(bodies), FeedbackRequest.learner_id != actor.account_id,
               is_protected(day_of(now)), grant_is_open(now),
               not_barred(FeedbackRequest.learner_id, actor.account_id))
    )


def desk(actor: Actor, organisation_id: uuid.UUID, now: dt.datetime) -> list[DeskLine]:
    """Return what waits at an organisation's desk, longest wait first, a page at most."""
    rows = db.session.execute(
        at_the_desk(actor, now, organisation_id)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Account, Account.id == FeedbackRequest.learner_id)
        .add_columns(Account.display_name, Revision.title, FeedbackRequest.asked_at, FeedbackRequest.learner_id,
                     FeedbackRequest.experience_id)
        .order_by(FeedbackRequest.asked_at, FeedbackRequest.id).limit(PER_PAGE)
    )
    checked = any(r.organisation_id == organisation_id and r.is_checked(day_of(now))
                  for r in (*actor.active("manager", now), *actor.active("facilitator", now)))
    return [DeskLine(r.id, (r.display_name or "") if checked else "", r.title if checked else "", r.asked_at,
                     Looked(r.learner_id, organisation_id, r.experience_id) if checked else None)
            for r in rows]


def desks(actor: Actor, now: dt.datetime) -> list[tuple[uuid.UUID, str, int]]:
    """Return the desks of this person where something waits: organisation, its name, how many."""
    if not actor.active("manager", now):
        return []
    ids = at_the_desk(actor, now).with_only_columns(FeedbackRequest.organisation_id).limit(MOST).subquery()
    rows = db.session.execute(
        sa.select(Organisation.id, Organisation.name, sa.func.count().label("waiting"))
        .join(ids, ids.c.organisation_id == Organisation.id)
        .group_by(Organisation.id, Organisation.name, Organisation.sort_key).order_by(Organisation.sort_key)
    )
    return [(r.id, r.name, r.waiting) for r in rows]


def still_at_the_desk(account_id: uuid.UUID, organisations: list[uuid.UUID], now: dt.datetime) -> set[uuid.UUID]:
    """Return at which of these desks something still waits for this person to name somebody."""
    found = at_the_desk(accounts.role_bearer(account_id), now).with_only_columns(FeedbackRequest.organisation_id)
    return set(db.session.scalars(found.where(FeedbackRequest.organisation_id.in_(organisations)).distinct()))


def assignable(organisation_id: uuid.UUID, now: dt.datetime) -> list[Person]:
    """Return the active facilitators of an organisation whose check is in force."""
    rows = db.session.execute(
        sa.select(Membership.id, Account.display_name, Membership.title, Organisation.name)
        .join(Account, Account.id == Membership.account_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Organisation.id == organisation_id, membership_active(now), organisation_active(now),
               membership_checked(day_of(now)))
        .order_by(Account.display_name, Membership.id).limit(MOST)
    )
    return [Person(r.id, r.display_name or "", r.title, r.name) for r in rows]
