"""What a request opens, the words of adults, and the feedback that may open recognition."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, key, mapped_column, owned, where

OUTCOMES = ("answered", "cannot", "handed_on", "cancelled", "lapsed")
TEXT_KINDS = ("feedback", "not_yet", "endorsement", "withdrawal", "testimony")


class AccessGrant(Base):
    """What one act of the learner opened: one experience, for one facilitator or one organisation's team."""

    __tablename__ = "access_grant"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    revision_id: Mapped[uuid.UUID]
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    membership_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    source: Mapped[str] = mapped_column(sa.String(16))
    opened_at: Mapped[dt.datetime]
    closes_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["revision_id", "experience_id", "learner_id"],
                   ["revision.id", "revision.experience_id", "revision.learner_id"]),
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"]),
        Unique("id", "experience_id", "learner_id"),
        Index(None, "experience_id"),
        Index(None, "revision_id"),
        Check("source IN ('feedback', 'recognition', 'attendance', 'in_person')", name="source"),
        Check("closes_at > opened_at", name="ends"),
    )


class GrantedClaim(Base):
    """One « je » sentence the learner sent along, as it stood then."""

    __tablename__ = "granted_claim"
    __retention__ = "learner"
    grant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("access_grant.id", ondelete="CASCADE"), primary_key=True)
    competency_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    learner_id: Mapped[uuid.UUID] = owned()
    wording_id: Mapped[int]
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    __table_args__ = (
        References(["wording_id", "competency_id"], ["wording.id", "wording.competency_id"]),
        Index(None, "wording_id"),
        Check("step BETWEEN 1 AND 4", name="step"),
    )


class GrantedEvidence(Base):
    """One photo, document or link the learner sent along; erased by its learner, it is gone from here too."""

    __tablename__ = "granted_evidence"
    __retention__ = "learner"
    grant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    evidence_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    __table_args__ = (
        References(["grant_id", "experience_id", "learner_id"],
                   ["access_grant.id", "access_grant.experience_id", "access_grant.learner_id"], ondelete="CASCADE"),
        References(["evidence_id", "experience_id", "learner_id"],
                   ["evidence.id", "evidence.experience_id", "evidence.learner_id"], ondelete="CASCADE"),
        Index(None, "evidence_id"),
    )


class FeedbackRequest(Base):
    """« Demander un retour » to one facilitator, or to an organisation whose team answers."""

    __tablename__ = "feedback_request"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    grant_id: Mapped[uuid.UUID]
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    membership_id: Mapped[uuid.UUID | None]
    facilitator_id: Mapped[uuid.UUID | None]
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    message: Mapped[str | None] = free_text(1000, "learner", "grant")
    asked_at: Mapped[dt.datetime]
    assigned_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(10))
    __table_args__ = (
        References(["grant_id", "experience_id", "learner_id"],
                   ["access_grant.id", "access_grant.experience_id", "access_grant.learner_id"]),
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"]),
        References(["membership_id", "facilitator_id"], ["membership.id", "membership.account_id"]),
        Unique("learner_id", "submission"),
        Unique("id", "experience_id", "learner_id"),
        Unique("grant_id"),
        Index("uq_feedback_request_open", "experience_id", "facilitator_id", unique=True, **where("closed_at IS NULL")),
        Index("uq_feedback_request_desk", "experience_id", "organisation_id", unique=True,
              **where("closed_at IS NULL AND facilitator_id IS NULL")),
        Index("ix_feedback_request_inbox", "facilitator_id", "asked_at", "id", **where("closed_at IS NULL")),
        Index("ix_feedback_request_team", "organisation_id", "asked_at", "id", **where("closed_at IS NULL")),
        Index(None, "organisation_id"),
        Index(None, "membership_id"),
        Index(None, "experience_id"),
        Check("(membership_id IS NULL) = (facilitator_id IS NULL)", name="whole_facilitator"),
        Check("facilitator_id <> learner_id", name="not_oneself"),
        Check("(closed_at IS NULL) = (outcome IS NULL)", name="outcome_whole"),
        Check(f"outcome IN {OUTCOMES}", name="outcome"),
        Check("closed_at IS NULL OR closed_at >= asked_at", name="closed_after"),
    )


class AuthoredText(Base):
    """Words of an adult to a learner, whatever they accompany: one mechanism to deliver, hide, freeze and erase."""

    __tablename__ = "authored_text"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(12))
    author_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    membership_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    regime: Mapped[str] = mapped_column(sa.String(10))
    written_at: Mapped[dt.datetime]
    deliver_after: Mapped[dt.datetime]
    hidden_at: Mapped[dt.datetime | None]
    frozen_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"]),
        Unique("id", "learner_id", "kind"),
        Unique("id", "learner_id", "deliver_after"),
        Index(None, "experience_id"),
        Check(f"kind IN {TEXT_KINDS}", name="kind"),
        Check("regime IN ('private', 'protected')", name="regime"),
        Check("author_id <> learner_id", name="not_oneself"),
        Check("deliver_after >= written_at", name="delivered_after"),
        Check("kind = 'testimony' OR (author_id IS NOT NULL AND membership_id IS NOT NULL)", name="author_known"),
    )


class RefusedText(Base):
    """Words of an adult that held a way to meet elsewhere or a request for secrecy: that there were some, never which."""

    __tablename__ = "refused_text"
    __retention__ = "attempt"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    membership_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    reasons: Mapped[str] = mapped_column(sa.String(60))
    at: Mapped[dt.datetime]
    __table_args__ = (Index(None, "at"), Check("length(reasons) > 0", name="reasons_given"))


class AuthoredVersion(Base):
    """One state of those words; the one with the highest number is read."""

    __tablename__ = "authored_version"
    __retention__ = "learner"
    text_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("authored_text.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    learner_id: Mapped[uuid.UUID] = owned()
    words: Mapped[str] = free_text(4000, "facilitator", "learner")
    question: Mapped[str | None] = free_text(500, "facilitator", "learner")
    next_step: Mapped[str | None] = free_text(1000, "facilitator", "learner")
    written_at: Mapped[dt.datetime]


class Feedback(Base):
    """A facilitator's formative answer; reading it, said by the learner, is what opens recognition."""

    __tablename__ = "feedback"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    request_id: Mapped[uuid.UUID | None]
    membership_id: Mapped[uuid.UUID]
    facilitator_id: Mapped[uuid.UUID]
    text_id: Mapped[uuid.UUID]
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    visible_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]
    reply: Mapped[str | None] = free_text(2000, "learner", "facilitator")
    replied_at: Mapped[dt.datetime | None]
    reply_withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    put_back_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"]),
        References(["request_id", "experience_id", "learner_id"],
                   ["feedback_request.id", "feedback_request.experience_id", "feedback_request.learner_id"]),
        References(["membership_id", "facilitator_id"], ["membership.id", "membership.account_id"]),
        References(["text_id", "learner_id", "visible_at"],
                   ["authored_text.id", "authored_text.learner_id", "authored_text.deliver_after"]),
        Unique("id", "experience_id", "learner_id", "read_at"),
        Unique("request_id"),
        Unique("text_id"),
        Unique("facilitator_id", "submission"),
        Index(None, "experience_id"),
        Index(None, "membership_id"),
        Check("request_id IS NOT NULL", name="has_source"),
        Check("facilitator_id <> learner_id", name="not_oneself"),
        Check("read_at IS NULL OR read_at >= visible_at", name="read_after_visible"),
        Check("(reply IS NULL) = (replied_at IS NULL OR reply_withdrawn_at IS NOT NULL)", name="reply_whole"),
        Check("reply_withdrawn_at IS NULL OR (replied_at IS NOT NULL AND reply_withdrawn_at >= replied_at)",
              name="reply_taken_back"),
        Check("replied_at IS NULL OR (read_at IS NOT NULL AND replied_at >= read_at)", name="reply_is_reading"),
    )
