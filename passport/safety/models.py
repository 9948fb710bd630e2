"""Reports and case notes: a store of its own, with its own retention."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Index

from ..columns import Base, Mapped, free_text, key, mapped_column


class Report(Base):
    """Somebody was bothered by something: the words as they stood, sealed, and who looks after it."""

    __tablename__ = "report"
    __retention__ = "case"
    id: Mapped[uuid.UUID] = key()
    reporter_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id", ondelete="SET NULL"), index=True)
    about_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    handler_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"))
    object_kind: Mapped[str] = mapped_column(sa.String(16))
    object_id: Mapped[uuid.UUID]
    note: Mapped[str | None] = free_text(1000, "learner", "case")
    frozen_words: Mapped[bytes] = mapped_column(sa.LargeBinary)
    made_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    taken_at: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(16))
    keep_until: Mapped[dt.date]
    __table_args__ = (
        Index("ix_report_waiting", "handler_id", "made_at", "id"),
        Check("object_kind IN ('text', 'share', 'reply', 'other')", name="object_kind"),
        Check("outcome IN ('nothing_more', 'acted', 'sent_on')", name="outcome"),
        Check("(decided_at IS NULL) = (outcome IS NULL)", name="outcome_whole"),
    )


class CaseNote(Base):
    """A sealed note of whoever looks after a report."""

    __tablename__ = "case_note"
    __retention__ = "case"
    id: Mapped[uuid.UUID] = key()
    report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    written_at: Mapped[dt.datetime]
