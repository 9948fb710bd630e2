"""In-app notices."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Index

from ..columns import Base, Mapped, key, mapped_column, where

KINDS = (
    "feedback_given",
    "request_closed",
    "recognition_offered",
    "not_yet",
    "recognition_closed",
    "endorsement_withdrawn",
    "text_reported",
    "testimony_given",
)


class Notice(Base):
    """Something happened that this person should see; it holds ids, never words."""

    __tablename__ = "notice"
    __retention__ = "outbox"
    id: Mapped[uuid.UUID] = key()
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(24))
    subject_id: Mapped[uuid.UUID]
    about_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id", ondelete="SET NULL"), index=True)
    at: Mapped[dt.datetime]
    visible_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Index("ix_notice_waiting", "account_id", "visible_at", "id", **where("read_at IS NULL")),
        Check(f"kind IN {KINDS}", name="kind"),
    )
