"""In-app notices, messages that leave by e-mail, and what is done later."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Index

from ..columns import Base, Mapped, free_text, key, mapped_column, where

KINDS = (
    "feedback_given",
    "request_closed",
    "recognition_offered",
    "not_yet",
    "recognition_closed",
    "endorsement_withdrawn",
    "text_reported",
    "testimony_given",
    "check_ends",
    "way_back",
    "new_device",
    "links_closed",
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


class Message(Base):
    """An e-mail that waits to leave or has left: ids and, until then, where to; never the words of anybody.

    Its Message-ID derives from `id`, so that one sent again is known as the same.
    """

    __tablename__ = "message"
    __retention__ = "outbox"
    id: Mapped[uuid.UUID] = key()
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    address: Mapped[str | None] = free_text(254, "account", "system")
    kind: Mapped[str] = mapped_column(sa.String(16))
    params: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "account", "reader": "system"})
    token_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary(300))
    language: Mapped[str] = mapped_column(sa.String(2))
    not_before: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    lease_until: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    sent_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    dedupe: Mapped[str | None] = mapped_column(sa.String(60), unique=True)
    __table_args__ = (
        Index("ix_message_waiting", "not_before", "id", **where("sent_at IS NULL AND failed_at IS NULL")),
        Check("language IN ('fr', 'en')", name="language"),
        Check("account_id IS NOT NULL OR address IS NOT NULL OR sent_at IS NOT NULL OR failed_at IS NOT NULL",
              name="goes_somewhere"),
        Check("expires_at > not_before", name="ends"),
        Check("sent_at IS NULL OR failed_at IS NULL", name="one_end"),
        Check("(sent_at IS NULL AND failed_at IS NULL) OR (address IS NULL AND token_sealed IS NULL)",
              name="ended_is_blank"),
    )


class Job(Base):
    """Something to do later, once; whoever does it holds it for a while, so that a crash only makes it wait."""

    __tablename__ = "job"
    __retention__ = "outbox"
    id: Mapped[uuid.UUID] = key()
    kind: Mapped[str] = mapped_column(sa.String(40))
    payload: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "account", "reader": "system"})
    run_at: Mapped[dt.datetime]
    lease_until: Mapped[dt.datetime | None]
    lease_by: Mapped[str | None] = mapped_column(sa.String(40))
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    done_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(60))
    dedupe: Mapped[str | None] = mapped_column(sa.String(60))
    __table_args__ = (
        Index("ix_job_waiting", "run_at", "id", **where("done_at IS NULL AND failed_at IS NULL")),
        Index("uq_job_open", "dedupe", unique=True, **where("done_at IS NULL AND failed_at IS NULL")),
        Check("done_at IS NULL OR failed_at IS NULL", name="one_end"),
    )
