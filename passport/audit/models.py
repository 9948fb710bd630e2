"""The journal, its seals, and the lines that tell a learner who looked."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, key, mapped_column, owned


class AuditEvent(Base):
    """Who did what to which thing, by random references that die with the account; never a word or a name."""

    __tablename__ = "audit_event"
    __retention__ = "security"
    seq: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)
    at: Mapped[dt.datetime]
    actor_ref: Mapped[uuid.UUID | None]
    action: Mapped[str] = mapped_column(sa.String(40))
    object_ref: Mapped[uuid.UUID | None]


class AuditLink(Base):
    """One link of the chain that a sealing job forges over the journal: `seq` is the place, `event` the line in it.

    The digest covers the one before, the place and every column of the line. Lines are linked in the order in which
    they are found: one that was committed late takes a later place.
    """

    __tablename__ = "audit_link"
    __retention__ = "security"
    seq: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    event: Mapped[int] = mapped_column(sa.BigInteger(), unique=True)
    previous: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True, info={"bytes": 32})
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True, info={"bytes": 32})


class AuditSegment(Base):
    """A month of the journal that is kept no longer: where its chain ended, signed; nothing else of it is left."""

    __tablename__ = "audit_segment"
    __retention__ = "public"
    month: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    last: Mapped[int] = mapped_column(sa.BigInteger(), unique=True)
    lines: Mapped[int]
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    key_id: Mapped[str] = mapped_column(sa.String(80))
    signature: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    ended_at: Mapped[dt.datetime]
    dropped_at: Mapped[dt.datetime]


class ReadingLine(Base):
    """An adult opened something of a learner's on a day: the learner can read it."""

    __tablename__ = "reading_line"
    __retention__ = "reading"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    reader_ref: Mapped[uuid.UUID]
    role: Mapped[str] = mapped_column(sa.String(12))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    action: Mapped[str] = mapped_column(sa.String(20))
    experience_id: Mapped[uuid.UUID | None]
    read_on: Mapped[dt.date]
    case_id: Mapped[uuid.UUID | None]
    __table_args__ = (
        Unique("learner_id", "reader_ref", "action", "read_on", "experience_id", name="uq_reading_line_once_a_day"),
        Index("ix_reading_line_page", "learner_id", "read_on", "id"),
        Check("role IN ('facilitator', 'manager', 'reader', 'coordinator')", name="role"),
    )
