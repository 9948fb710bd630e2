"""Requests for recognition, endorsements, keeping and permitting."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, key, mapped_column, owned, where

OUTCOMES = ("decided", "cannot", "cancelled", "lapsed")
HOW_KNOWN = ("saw", "supervised", "shown")
HOW_PERSON_KNOWN = ("regularly", "at_times", "once")

WHOLE = ("id", "learner_id", "experience_id", "revision_id", "feedback_id", "membership_id", "facilitator_id", "asked_at")


class RecognitionRequest(Base):
    """« Faire reconnaître », asked of one facilitator after a feedback that was read: held by the key to feedback."""

    __tablename__ = "recognition_request"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    revision_id: Mapped[uuid.UUID]
    grant_id: Mapped[uuid.UUID]
    feedback_id: Mapped[uuid.UUID]
    feedback_read_at: Mapped[dt.datetime]
    membership_id: Mapped[uuid.UUID]
    facilitator_id: Mapped[uuid.UUID]
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    asked_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(10))
    __table_args__ = (
        References(["feedback_id", "experience_id", "learner_id", "feedback_read_at"],
                   ["feedback.id", "feedback.experience_id", "feedback.learner_id", "feedback.read_at"],
                   name="fk_recognition_request_read_feedback"),
        References(["revision_id", "experience_id", "learner_id"],
                   ["revision.id", "revision.experience_id", "revision.learner_id"]),
        References(["grant_id", "experience_id", "learner_id"],
                   ["access_grant.id", "access_grant.experience_id", "access_grant.learner_id"]),
        References(["membership_id", "facilitator_id"], ["membership.id", "membership.account_id"]),
        Unique("learner_id", "submission"),
        Unique("grant_id"),
        Unique(*WHOLE, name="uq_recognition_request_whole"),
        Unique("id", "learner_id"),
        Index("uq_recognition_request_open", "experience_id", "facilitator_id", unique=True,
              **where("closed_at IS NULL")),
        Index("ix_recognition_request_inbox", "facilitator_id", "asked_at", "id", **where("closed_at IS NULL")),
        Index(None, "experience_id"),
        Index(None, "revision_id"),
        Index(None, "feedback_id"),
        Index(None, "membership_id"),
        Check("feedback_read_at <= asked_at", name="read_first"),
        Check("facilitator_id <> learner_id", name="not_oneself"),
        Check("(closed_at IS NULL) = (outcome IS NULL)", name="outcome_whole"),
        Check(f"outcome IN {OUTCOMES}", name="outcome"),
    )


class RequestedCompetency(Base):
    """One competency that was asked: nothing else can be endorsed on that request."""

    __tablename__ = "requested_competency"
    __retention__ = "learner"
    request_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    learner_id: Mapped[uuid.UUID] = owned()
    wording_id: Mapped[int]
    claimed_step: Mapped[int | None] = mapped_column(sa.SmallInteger)
    __table_args__ = (
        References(["request_id", "learner_id"], ["recognition_request.id", "recognition_request.learner_id"],
                   ondelete="CASCADE"),
        References(["wording_id", "competency_id"], ["wording.id", "wording.competency_id"]),
        Unique("request_id", "competency_id", "wording_id"),
        Index(None, "wording_id"),
        Check("claimed_step BETWEEN 1 AND 4", name="claimed_step"),
    )


class Endorsement(Base):
    """What one facilitator saw, in the name of an organisation: a skeleton of facts that never changes."""

    __tablename__ = "endorsement"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    revision_id: Mapped[uuid.UUID]
    feedback_id: Mapped[uuid.UUID]
    request_id: Mapped[uuid.UUID]
    competency_id: Mapped[int]
    wording_id: Mapped[int]
    membership_id: Mapped[uuid.UUID]
    facilitator_id: Mapped[uuid.UUID]
    asked_at: Mapped[dt.datetime]
    offered_at: Mapped[dt.datetime]
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    how_known: Mapped[str] = mapped_column(sa.String(12))
    how_person_known: Mapped[str] = mapped_column(sa.String(12))
    is_relative: Mapped[bool]
    endorser_is_adult: Mapped[bool]
    seen_from_on: Mapped[dt.date]
    seen_to_on: Mapped[dt.date]
    text_id: Mapped[uuid.UUID]
    text_kind: Mapped[str] = mapped_column(sa.String(12), default="endorsement")
    story_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    endorser_role: Mapped[str] = free_text(80, "manager", "everyone")
    organisation_name: Mapped[str] = free_text(120, "coordinator", "everyone")
    accepted_at: Mapped[dt.datetime | None]
    declined_at: Mapped[dt.datetime | None]
    set_aside_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawal_text_id: Mapped[uuid.UUID | None]
    withdrawal_kind: Mapped[str] = mapped_column(sa.String(12), default="withdrawal")
    __table_args__ = (
        References(["request_id", *WHOLE[1:]], [f"recognition_request.{c}" for c in WHOLE],
                   name="fk_endorsement_whole_request"),
        References(["request_id", "competency_id", "wording_id"],
                   ["requested_competency.request_id", "requested_competency.competency_id",
                    "requested_competency.wording_id"], name="fk_endorsement_requested"),
        References(["text_id", "learner_id", "text_kind"],
                   ["authored_text.id", "authored_text.learner_id", "authored_text.kind"]),
        References(["withdrawal_text_id", "learner_id", "withdrawal_kind"],
                   ["authored_text.id", "authored_text.learner_id", "authored_text.kind"],
                   name="fk_endorsement_withdrawal_text"),
        Unique("request_id", "competency_id"),
        Unique("id", "learner_id", "accepted_at"),
        Unique("id", "learner_id", "experience_id"),
        Unique("text_id"),
        Check("asked_at <= offered_at", name="asked_first"),
        Check("step BETWEEN 1 AND 4", name="step"),
        Check(f"how_known IN {HOW_KNOWN}", name="how_known"),
        Check(f"how_person_known IN {HOW_PERSON_KNOWN}", name="how_person_known"),
        Check("NOT is_relative", name="no_relative"),
        Check("endorser_is_adult", name="adult"),
        Check("facilitator_id <> learner_id", name="not_oneself"),
        Check("seen_to_on >= seen_from_on", name="seen_to_after_from"),
        Check("accepted_at IS NULL OR declined_at IS NULL", name="one_answer"),
        Check("accepted_at IS NULL OR accepted_at >= offered_at", name="accepted_after"),
        Check("declined_at IS NULL OR declined_at >= offered_at", name="declined_after"),
        Check("set_aside_at IS NULL OR (accepted_at IS NOT NULL AND set_aside_at >= accepted_at)",
              name="set_aside_after"),
        Check("(withdrawn_at IS NULL) = (withdrawal_text_id IS NULL)", name="reason_given"),
        Check("withdrawn_at IS NULL OR withdrawn_at >= offered_at", name="withdrawn_after"),
        Check("text_kind = 'endorsement' AND withdrawal_kind = 'withdrawal'", name="text_kinds"),
        Index("ix_endorsement_experience", "experience_id"),
        Index("ix_endorsement_page", "learner_id", "offered_at"),
        Index("ix_endorsement_ledger", "facilitator_id", "offered_at", "id"),
        Index(None, "membership_id"),
        Index(None, "feedback_id"),
        Index(None, "withdrawal_text_id"),
    )


class EndorserName(Base):
    """The name form shown with an endorsement, apart, so that it can be dropped on request."""

    __tablename__ = "endorser_name"
    __retention__ = "learner"
    endorsement_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("endorsement.id", ondelete="CASCADE"), primary_key=True
    )
    learner_id: Mapped[uuid.UUID] = owned()
    name_form: Mapped[str] = free_text(80, "facilitator", "share")


class NotYet(Base):
    """« D’abord un pas de plus »: a private answer that nothing shown can ever point to."""

    __tablename__ = "not_yet"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    request_id: Mapped[uuid.UUID]
    competency_id: Mapped[int]
    text_id: Mapped[uuid.UUID]
    text_kind: Mapped[str] = mapped_column(sa.String(12), default="not_yet")
    written_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["request_id", "competency_id"],
                   ["requested_competency.request_id", "requested_competency.competency_id"], ondelete="CASCADE"),
        References(["text_id", "learner_id", "text_kind"],
                   ["authored_text.id", "authored_text.learner_id", "authored_text.kind"]),
        Unique("request_id", "competency_id"),
        Unique("text_id"),
        Check("text_kind = 'not_yet'", name="text_kind"),
    )


class Permission(Base):
    """« Je veux pouvoir la montrer »: given and taken back as often as the learner likes.

    `named_as` is the name of the learner in the signed form of it; None for none.
    """

    __tablename__ = "permission"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    endorsement_id: Mapped[uuid.UUID]
    accepted_at: Mapped[dt.datetime]
    given_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    guardian_consent_id: Mapped[uuid.UUID | None]
    named_as: Mapped[str | None] = free_text(80, "learner", "everyone")
    __table_args__ = (
        References(["endorsement_id", "learner_id", "accepted_at"],
                   ["endorsement.id", "endorsement.learner_id", "endorsement.accepted_at"]),
        References(["guardian_consent_id", "learner_id"], ["guardian_consent.id", "guardian_consent.learner_id"]),
        Unique("endorsement_id", "learner_id", "given_at"),
        Index("uq_permission_current", "endorsement_id", unique=True, **where("ended_at IS NULL")),
        Index(None, "guardian_consent_id"),
        Check("given_at >= accepted_at", name="kept_first"),
        Check("ended_at IS NULL OR ended_at >= given_at", name="ended_after"),
    )
