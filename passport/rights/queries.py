"""What « Mes données » shows."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts.models import Passport
from ..credentials.models import Credential, ForeignBadge
from ..experiences.models import Evidence, Experience
from ..extensions import db
from ..feedback.models import AuthoredText
from ..sharing.models import Share
from .models import BroughtItem

MOST_SHOWN = 60


@dataclass(frozen=True)
class Kept:
    """How much is kept of one learner, in the parts that they know."""

    experiences: int
    pieces: int
    texts: int
    signed: int
    received: int
    links: int
    in_statistics: bool


def kept(learner_id: uuid.UUID, now: dt.datetime) -> Kept:
    """Return how much is kept of a learner; one statement. What the night holds is not counted yet."""

    def count(model: Any, *which: Any) -> Any:
        return sa.select(sa.func.count()).select_from(model).where(model.learner_id == learner_id, *which).scalar_subquery()

    row = db.session.execute(sa.select(
        count(Experience, Experience.deleted_at.is_(None)), count(Evidence, Evidence.deleted_at.is_(None)),
        count(AuthoredText, AuthoredText.deliver_after <= now, AuthoredText.hidden_at.is_(None)),
        count(Credential, Credential.unpublished_at.is_(None)), count(ForeignBadge, ForeignBadge.deleted_at.is_(None)),
        count(Share, Share.revoked_at.is_(None), Share.expires_at > now),
        sa.select(Passport.in_statistics).where(Passport.learner_id == learner_id).scalar_subquery())).one()
    return Kept(*row)


def brought_of(experience_id: uuid.UUID) -> list[BroughtItem]:
    """Return where an experience comes from and what others said of it there, the origin first; one statement."""
    return list(db.session.scalars(
        sa.select(BroughtItem).where(BroughtItem.experience_id == experience_id)
        .order_by((BroughtItem.kind != "experience"), BroughtItem.brought_at, BroughtItem.id).limit(MOST_SHOWN)))


def item(key: uuid.UUID) -> BroughtItem | None:
    """Return one thing that was brought, or None."""
    return db.session.get(BroughtItem, key)
