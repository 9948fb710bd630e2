"""Reports, the cases that they become, case notes and files for an inquiry: a store of its own, with its own key and retention."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Index

from ..columns import Base, Mapped, key, mapped_column, where


class Report(Base):
    """Somebody was bothered by something, or worries: the words as they stood, sealed, and who looks after it.

    `concerned_id` is whose safety it is about; `about_id` the adult it speaks of, who never reads it. `route` says who has
    it from the start: the house (its responsible person), both, or the city. One person proposes how it ends, another
    confirms.
    """

    __tablename__ = "report"
    __retention__ = "case"
    id: Mapped[uuid.UUID] = key()
    reporter_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id", ondelete="SET NULL"), index=True)
    concerned_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id", ondelete="SET NULL"), index=True)
    about_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    handler_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"))
    object_kind: Mapped[str] = mapped_column(sa.String(16))
    object_id: Mapped[uuid.UUID]
    category: Mapped[str | None] = mapped_column(sa.String(12))
    route: Mapped[str] = mapped_column(sa.String(5), default="house")
    sealed_note: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    frozen_words: Mapped[bytes] = mapped_column(sa.LargeBinary)
    made_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    taken_at: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(16))
    proposed_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    proposed_at: Mapped[dt.datetime | None]
    proposed_outcome: Mapped[str | None] = mapped_column(sa.String(16))
    done_on: Mapped[dt.date | None]
    confirmed_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    keep_until: Mapped[dt.date]

    @property
    def proposal(self) -> str:
        """Return what is proposed and when, as a page shows it and gives it back; nothing when nothing is."""
        return f"{self.proposed_outcome} {self.done_on} {self.proposed_at:%Y%m%d%H%M%S%f}" if self.proposed_at else ""

    __table_args__ = (
        Index("ix_report_waiting", "handler_id", "made_at", "id"),
        Check("object_kind IN ('text', 'share', 'concern', 'reply', 'other')", name="object_kind"),
        Check("route IN ('house', 'both', 'city')", name="route"),
        Check("outcome IN ('nothing_more', 'acted', 'sent_on')", name="outcome"),
        Check("(decided_at IS NULL) = (outcome IS NULL)", name="outcome_whole"),
        Check("proposed_outcome IN ('nothing_more', 'acted', 'sent_on')", name="proposed_outcome"),
        Check("(proposed_at IS NULL) = (proposed_by_id IS NULL) AND (proposed_at IS NULL) = (proposed_outcome IS NULL)"
              " AND (proposed_at IS NULL) = (done_on IS NULL)", name="proposed_whole"),
        Check("confirmed_by_id <> proposed_by_id", name="two_people"),
    )


class CaseNote(Base):
    """A sealed note of whoever looks after a report, or further words of who told it, by whom it has no author without
    an account."""

    __tablename__ = "case_note"
    __retention__ = "case"
    id: Mapped[uuid.UUID] = key()
    report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    written_at: Mapped[dt.datetime]


class Inquiry(Base):
    """A file for a safeguarding inquiry about one adult and one learner: one person asks for it, another confirms.

    Only then is it made; it is kept sealed until `until` (so long the request waits, too), then its bytes are blanked.
    """

    __tablename__ = "inquiry"
    __retention__ = "case"
    id: Mapped[uuid.UUID] = key()
    report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("report.id", ondelete="CASCADE"), index=True)
    asked_by_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    asked_at: Mapped[dt.datetime]
    sealed_reason: Mapped[bytes] = mapped_column(sa.LargeBinary)
    confirmed_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    confirmed_at: Mapped[dt.datetime | None]
    until: Mapped[dt.datetime]
    sealed_file: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    __table_args__ = (
        Index("uq_inquiry_waiting", "report_id", unique=True, **where("confirmed_at IS NULL")),
        Check("confirmed_by_id <> asked_by_id", name="two_people"),
        Check("(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name="confirmed_whole"),
        Check("sealed_file IS NULL OR confirmed_at IS NOT NULL", name="made_by_two"),
        Check("until > asked_at", name="ends"),
    )
