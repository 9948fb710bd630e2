"""What a learner changes on « Mes données »."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa

from ..accounts.models import Passport
from ..accounts.rules import Band
from ..audit.service import record
from ..extensions import db
from ..refusals import Refused
from . import rules
from .models import BroughtItem


def object_to_statistics(learner_id: uuid.UUID, band: Band, counted: bool, now: dt.datetime) -> None:
    """Keep whether a learner is counted in the city's figures; said twice it is said once.

    Raises Refused under 15, where nobody is counted unless two agreed on it.
    """
    refusal = rules.refusal_to_choose_statistics(band)
    if refusal is not None:
        raise Refused(refusal)
    changed = db.session.execute(
        sa.update(Passport).where(Passport.learner_id == learner_id, Passport.in_statistics != counted)
        .values(in_statistics=counted), execution_options={"synchronize_session": False})
    if changed.rowcount:  # type: ignore[attr-defined]
        record("join_statistics" if counted else "leave_statistics", learner_id, now, learner_id)


def erase_brought(key: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Erase words of somebody else that came from another passport; twice is once."""
    gone = db.session.scalar(sa.delete(BroughtItem).where(BroughtItem.id == key, BroughtItem.learner_id == learner_id)
                             .returning(BroughtItem.experience_id))
    if gone is not None:
        record("erase_brought", learner_id, now, gone)
