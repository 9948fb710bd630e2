"""Readers whom a learner does not want."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Index

from ..columns import Base, Mapped, key, mapped_column, owned, where


class ReaderSetAside(Base):
    """This adult does not read this learner's exchanges; somebody else does, and the adult is not told."""

    __tablename__ = "reader_set_aside"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    reader_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    since: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Index("uq_reader_set_aside_current", "learner_id", "reader_id", unique=True, **where("ended_at IS NULL")),
        Check("reader_id <> learner_id", name="not_oneself"),
    )
