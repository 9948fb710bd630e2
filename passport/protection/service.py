"""Setting a reader aside, and forgetting who looked after twelve months."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..audit.models import ReadingLine
from ..audit.service import record
from ..clock import day_of
from ..columns import uuid7
from ..extensions import db
from ..notices.keeping import Goes, forget_daily
from ..retention import kept
from .models import ReaderSetAside

# Later rooms take here what somebody has of a learner who set them aside: (learner, who was set aside, now).
SET_ASIDE: list[Callable[[uuid.UUID, uuid.UUID, dt.datetime], None]] = []


def set_aside(learner_id: uuid.UUID, reader_id: uuid.UUID, now: dt.datetime) -> None:
    """Let somebody not read this learner's exchanges, from now on; they are not told. Twice is once."""
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    made = db.session.execute(
        insert(ReaderSetAside).values(id=uuid7(), learner_id=learner_id, reader_id=reader_id, since=now)
        .on_conflict_do_nothing().returning(ReaderSetAside.id)).first()
    if made is not None:
        for take in SET_ASIDE:
            take(learner_id, reader_id, now)
        record("protection.set_aside", learner_id, now, made.id)


def let_read(learner_id: uuid.UUID, reader_id: uuid.UUID, now: dt.datetime) -> None:
    """Let somebody read this learner's exchanges again."""
    ended = db.session.execute(
        sa.update(ReaderSetAside)
        .where(ReaderSetAside.learner_id == learner_id, ReaderSetAside.reader_id == reader_id,
               ReaderSetAside.ended_at.is_(None))
        .values(ended_at=now).returning(ReaderSetAside.id)).first()
    if ended is not None:
        record("protection.let_read", learner_id, now, ended.id)


forget_daily("protection.forget_looks", Goes(ReadingLine.id, lambda now: (ReadingLine.read_on <= day_of(now - kept("reading")),)))
