"""What a learner takes along of who looked, and of whom they do not want to read."""

from __future__ import annotations

import sqlalchemy as sa

from ..accounts.models import Account
from ..audit.models import ReadingLine
from ..audit.service import HIDDEN
from ..clock import day_of
from ..exports import Part, Row, Who
from ..feedback.models import AuthoredText, FeedbackRequest
from ..organisations.models import Organisation
from . import rules
from .models import ReaderSetAside
from .queries import KEPT


def _shown(who: Who) -> sa.ColumnElement[bool]:
    """Return the lines that their learner may read: what a case hides stays hidden here (promise S11)."""
    return sa.and_(ReadingLine.learner_id == who.account_id, ReadingLine.read_on > day_of(who.now) - KEPT,
                   *(sa.not_(hide(ReadingLine, who.now)) for hide in HIDDEN))


def _named(row: Row, who: Who) -> Row:
    """Return a line with the name of whoever looked only when its learner knows it already."""
    wrote = row["wrote_at"] is not None and row["wrote_at"] <= who.now
    return {**row, "name": row["name"] if rules.knows_name(wrote, bool(row["asked"])) else None}


_wrote_at = sa.select(sa.func.min(AuthoredText.deliver_after)).where(
    AuthoredText.author_id == Account.id, AuthoredText.learner_id == ReadingLine.learner_id
).correlate(Account, ReadingLine).scalar_subquery()
_asked = sa.exists().where(
    FeedbackRequest.facilitator_id == Account.id, FeedbackRequest.assigned_at.is_(None),
    FeedbackRequest.learner_id == ReadingLine.learner_id, FeedbackRequest.closed_at.is_(None)
).correlate(Account, ReadingLine)

PARTS = (
    Part("looks", ReadingLine, _shown,
         {"reader_ref": "is how the journal calls somebody else", "case_id": "tells of a case: kept apart"},
         {"organisation": Organisation.name, "name": Account.display_name, "wrote_at": _wrote_at, "asked": _asked},
         ((Organisation, Organisation.id == ReadingLine.organisation_id), (Account, Account.audit_ref == ReadingLine.reader_ref)),
         _named, ("wrote_at", "asked")),
    Part("readers_set_aside", ReaderSetAside, stays={"reader_id": "is somebody else: their name stands beside"},
         adds={"name": Account.display_name}, joins=((Account, Account.id == ReaderSetAside.reader_id),)),
)
KEPT_BACK: dict[str, str] = {}
