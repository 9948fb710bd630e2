"""What a learner sees of what they received elsewhere."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from ..extensions import db
from ..recognition.models import Endorsement
from . import rules
from .checking import Who, Why
from .models import Credential, ForeignBadge


@dataclass(frozen=True)
class Received:
    """One thing received elsewhere, with what is known of it now: what time changes is told by time, not as it was kept.

    `standing` is how the credential of this city stands that it is: in force, ended or gone; None for others'.
    `experience_id` is where it stands in the learner's own passport, when it does.
    """

    row: ForeignBadge
    now: dt.datetime
    standing: bool | None = None
    experience_id: uuid.UUID | None = None

    @property
    def by(self) -> Who | None:
        """Return how far it is known who gave it, or None when that cannot be said."""
        return Who(self.row.issuer) if self.row.issuer else None

    @property
    def why(self) -> Why | None:
        """Return why it is not simply as it was signed."""
        return Why(self.row.why) if self.row.why else None

    @property
    def in_force(self) -> bool | None:
        """Say whether it is in force, as far as known."""
        return self._force()[0]

    @property
    def state(self) -> Why | None:
        """Return what more there is to say of whether it is in force."""
        return self._force()[1]

    def _force(self) -> tuple[bool | None, Why | None]:
        row = self.row
        known, state = row.in_force, Why(row.status) if row.status else None
        if self.by is Who.CITY and not self.standing:
            return False, Why.REVOKED
        if known is False and state is Why.REVOKED:
            return known, state
        if row.signature_ok and rules.is_over(row.valid_until, self.now):
            return False, Why.EXPIRED
        if row.signature_ok and not rules.is_begun(row.valid_from, self.now):
            return False, Why.NOT_YET
        return (None, Why.UNSAID) if state is Why.NOT_YET else (known, state)


def received(learner_id: uuid.UUID, now: dt.datetime, most: int | None = None) -> list[Received]:
    """Return what a learner received elsewhere, the newest first; one statement."""
    rows = db.session.execute(
        sa.select(ForeignBadge, Credential.id.is_not(None), Credential.unpublished_at)
        .outerjoin(Credential, Credential.id == ForeignBadge.credential_id)
        .where(ForeignBadge.learner_id == learner_id, ForeignBadge.deleted_at.is_(None))
        .order_by(ForeignBadge.added_at.desc(), ForeignBadge.id.desc()).limit(most or rules.MOST_RECEIVED))
    return [Received(row, now, bool(kept) and ended is None) for row, kept, ended in rows]


def badge(badge_id: uuid.UUID, document: bool = False) -> ForeignBadge | None:
    """Return a row by its id, erased or not, with its document when that is wanted; one statement."""
    return db.session.get(ForeignBadge, badge_id, options=[undefer(ForeignBadge.document)] if document else [])


def one(row: ForeignBadge, now: dt.datetime) -> Received:
    """Return all there is to say of one; one statement more for what is of this city."""
    if row.credential_id is None:
        return Received(row, now)
    found = db.session.execute(
        sa.select(Credential.unpublished_at, Credential.learner_id, Endorsement.experience_id)
        .join(Endorsement, Endorsement.id == Credential.endorsement_id)
        .where(Credential.id == row.credential_id)).one_or_none()
    if found is None:
        return Received(row, now, standing=False)
    theirs = found.learner_id == row.learner_id and found.unpublished_at is None
    return Received(row, now, found.unpublished_at is None, found.experience_id if theirs else None)
