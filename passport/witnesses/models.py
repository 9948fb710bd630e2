"""Invitations for somebody without account, and what they say."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, hashed, key, mapped_column, owned


class WitnessInvitation(Base):
    """A one-time link for someone who was there and has no account; `shown` is the name and the « je » sentences they read."""

    __tablename__ = "witness_invitation"
    __retention__ = "transient"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    revision_id: Mapped[uuid.UUID]
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    shown: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "learner", "reader": "grant"})
    token_hash: Mapped[bytes] = hashed()
    token_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary(200))
    guardian_consent_id: Mapped[uuid.UUID | None]
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["revision_id", "experience_id", "learner_id"],
                   ["revision.id", "revision.experience_id", "revision.learner_id"]),
        References(["guardian_consent_id", "learner_id"], ["guardian_consent.id", "guardian_consent.learner_id"]),
        Unique("id", "experience_id", "learner_id"),
        Unique("learner_id", "submission"),
        Index(None, "experience_id"),
        Index(None, "revision_id"),
        Index(None, "guardian_consent_id"),
        Check("expires_at > made_at", name="ends"),
    )


class Testimony(Base):
    """What someone without account saw: shown if both allow it, never able to open recognition; erased, its row goes."""

    __tablename__ = "testimony"
    __retention__ = "witness"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    invitation_id: Mapped[uuid.UUID]
    text_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(12), default="testimony")
    submission: Mapped[uuid.UUID]
    deletion_hash: Mapped[bytes] = hashed()
    witness_name: Mapped[str | None] = free_text(80, "witness", "learner")
    name_form: Mapped[str] = mapped_column(sa.String(10))
    relation: Mapped[str] = free_text(80, "witness", "learner")
    is_relative: Mapped[bool]
    is_minor: Mapped[bool]
    saw_it: Mapped[bool]
    may_be_shown: Mapped[bool] = mapped_column(default=False)
    written_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["invitation_id", "experience_id", "learner_id"],
                   ["witness_invitation.id", "witness_invitation.experience_id", "witness_invitation.learner_id"]),
        References(["text_id", "learner_id", "kind"],
                   ["authored_text.id", "authored_text.learner_id", "authored_text.kind"]),
        Unique("invitation_id"),
        Index(None, "experience_id"),
        Index(None, "text_id"),
        Check("kind = 'testimony'", name="kind"),
        Check("name_form IN ('full', 'first', 'role')", name="name_form"),
        Check("NOT is_minor OR name_form = 'first'", name="minor_first_name"),
    )
