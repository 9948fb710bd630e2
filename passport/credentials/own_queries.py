"""What learners see of their own signed credentials."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..extensions import db
from ..frameworks.models import Competency
from ..recognition import queries as recognition
from ..recognition.models import Endorsement, Permission
from .models import Credential

PER_PAGE = 20


class State(enum.Enum):
    """Where the signed form of an endorsement stands."""

    SIGNED = "signed"
    WAITS = "waits"
    ENDED = "ended"


@dataclass(frozen=True)
class Own:
    """One kept endorsement on the side of its learner, with where its signed form stands.

    `named_as` is the name that is to stand in it, or None for none.
    """

    learner_id: uuid.UUID
    recognised: recognition.Recognised
    slug: str
    named_as: str | None
    permitted: bool
    credential_id: uuid.UUID | None
    issued_at: dt.datetime | None

    @property
    def state(self) -> State:
        """Return where it stands now."""
        if not self.permitted or not self.recognised.may_be_shown:
            return State.ENDED
        return State.WAITS if self.credential_id is None else State.SIGNED


def _owned(*which: sa.ColumnElement[bool]) -> Any:
    return (
        sa.select(Endorsement.id, Competency.slug, Permission.named_as, Permission.id.label("permission_id"),
                  Credential.id.label("credential_id"), Credential.issued_at)
        .join(Competency, Competency.id == Endorsement.competency_id)
        .outerjoin(Permission, sa.and_(Permission.endorsement_id == Endorsement.id, recognition.permitted()))
        .outerjoin(Credential, sa.and_(Credential.endorsement_id == Endorsement.id, Credential.unpublished_at.is_(None)))
        .where(Endorsement.accepted_at.is_not(None), *which)
        .order_by(Endorsement.offered_at.desc(), Endorsement.id.desc())
    )


def _own(row: Any, found: recognition.Recognised) -> Own:
    return Own(found.learner_id, found, row.slug, row.named_as, row.permission_id is not None, row.credential_id,
               row.issued_at)


def listed(learner_id: uuid.UUID, after: uuid.UUID | None) -> tuple[list[Own], uuid.UUID | None]:
    """Return a page of what a learner permits to be shown, or permitted once, newest first, and where the next begins.

    Two statements.
    """
    was = sa.exists().where(Credential.endorsement_id == Endorsement.id).correlate(Endorsement)
    which = [Endorsement.learner_id == learner_id, sa.or_(Permission.id.is_not(None), was)]
    if after is not None:
        last = aliased(Endorsement)
        place = sa.select(last.offered_at, last.id).where(last.id == after, last.learner_id == learner_id)
        which.append(sa.tuple_(Endorsement.offered_at, Endorsement.id) < place.scalar_subquery())
    rows = db.session.execute(_owned(*which).limit(PER_PAGE + 1)).all()
    shown = rows[:PER_PAGE]
    details = recognition.of_ids(learner_id, [row.id for row in shown])
    more = shown[-1].id if len(rows) > PER_PAGE else None
    return [_own(row, details[row.id]) for row in shown if row.id in details], more


def own(key: uuid.UUID) -> Own | None:
    """Return one endorsement that its learner keeps, or kept once, with where its signed form stands; two statements."""
    row = db.session.execute(_owned(Endorsement.id == key)).one_or_none()
    found = recognition.recognised(key) if row is not None else None
    return _own(row, found) if found is not None else None


def credential(key: uuid.UUID) -> Credential | None:
    """Return what was signed; one statement."""
    return db.session.get(Credential, key)


def _in_force(learner_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return Credential.learner_id == learner_id, Credential.unpublished_at.is_(None)


def count_in_force(learner_id: uuid.UUID) -> int:
    """Return how many credentials of a learner are in force; one statement."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Credential).where(*_in_force(learner_id))) or 0


def in_force(learner_id: uuid.UUID, first: int, most: int) -> list[dict[str, Any]]:
    """Return the signed documents of a learner that are in force, in the order they were signed; two statements."""
    rows = db.session.execute(
        sa.select(Credential.endorsement_id, Credential.document).where(*_in_force(learner_id))
        .order_by(Credential.issued_at, Credential.id).offset(first).limit(most)).all()
    shown = recognition.live_items(learner_id, [row.endorsement_id for row in rows])
    return [json.loads(row.document) for row in rows if row.endorsement_id in shown]
