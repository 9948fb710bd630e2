"""Snapshots, links and the days they were opened."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, hashed, key, mapped_column, owned

SHARE_PURPOSES = ("placement", "association", "show")


class Edition(Base):
    """One selection as it was on the day it was chosen."""

    __tablename__ = "edition"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    made_at: Mapped[dt.datetime]
    head: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "learner", "reader": "share"})
    __table_args__ = (Unique("id", "learner_id"),)


class EditionItem(Base):
    """One thing a reader sees, in the words of the day it was chosen; goes when that thing or its experience goes."""

    __tablename__ = "edition_item"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    edition_id: Mapped[uuid.UUID]
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(12))
    experience_id: Mapped[uuid.UUID]
    revision_id: Mapped[uuid.UUID]
    endorsement_id: Mapped[uuid.UUID | None]
    permitted_at: Mapped[dt.datetime | None]
    testimony_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("testimony.id", ondelete="CASCADE"), index=True
    )
    evidence_id: Mapped[uuid.UUID | None]
    document: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "learner", "reader": "share"})
    __table_args__ = (
        References(["edition_id", "learner_id"], ["edition.id", "edition.learner_id"], ondelete="CASCADE"),
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"], ondelete="CASCADE"),
        References(["revision_id", "experience_id", "learner_id"],
                   ["revision.id", "revision.experience_id", "revision.learner_id"], ondelete="CASCADE"),
        References(["endorsement_id", "learner_id", "experience_id"],
                   ["endorsement.id", "endorsement.learner_id", "endorsement.experience_id"], ondelete="CASCADE",
                   name="fk_edition_item_endorsement"),
        References(["endorsement_id", "learner_id", "permitted_at"],
                   ["permission.endorsement_id", "permission.learner_id", "permission.given_at"], ondelete="CASCADE",
                   name="fk_edition_item_permission"),
        References(["evidence_id", "experience_id", "learner_id"],
                   ["evidence.id", "evidence.experience_id", "evidence.learner_id"], ondelete="CASCADE",
                   name="fk_edition_item_evidence"),
        Unique("edition_id", "position"),
        Index(None, "experience_id"),
        Index(None, "revision_id"),
        Index(None, "endorsement_id"),
        Index(None, "evidence_id"),
        Check("kind IN ('experience', 'endorsement', 'testimony', 'evidence')", name="kind"),
        Check("(kind = 'endorsement') = (endorsement_id IS NOT NULL)", name="endorsement_whole"),
        Check("(endorsement_id IS NULL) = (permitted_at IS NULL)", name="permitted_only"),
        Check("(kind = 'testimony') = (testimony_id IS NOT NULL)", name="testimony_whole"),
        Check("(kind = 'evidence') = (evidence_id IS NOT NULL)", name="evidence_whole"),
    )


class Share(Base):
    """A link to one edition, for one audience, until a date; with a code, it opens for whoever was told it aloud."""

    __tablename__ = "share"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    edition_id: Mapped[uuid.UUID]
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    recipient_name: Mapped[str] = free_text(80, "learner", "share")
    recipient_shown: Mapped[bool] = mapped_column(default=False)
    purpose: Mapped[str] = mapped_column(sa.String(12), default="show")
    name_form: Mapped[str] = mapped_column(sa.String(8))
    token_hash: Mapped[bytes] = hashed()
    token_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary(200))
    code_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary(200))
    code_failures: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    code_locked_until: Mapped[dt.datetime | None]
    guardian_consent_id: Mapped[uuid.UUID | None]
    image_consent_id: Mapped[uuid.UUID | None]
    allows_reference: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    extended_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["edition_id", "learner_id"], ["edition.id", "edition.learner_id"]),
        References(["guardian_consent_id", "learner_id"], ["guardian_consent.id", "guardian_consent.learner_id"]),
        References(["image_consent_id", "learner_id"], ["guardian_consent.id", "guardian_consent.learner_id"]),
        Unique("id", "learner_id"),
        Unique("learner_id", "submission"),
        Index(None, "edition_id"),
        Index(None, "guardian_consent_id"),
        Index(None, "image_consent_id"),
        Check("expires_at > created_at", name="ends"),
        Check(f"purpose IN {SHARE_PURPOSES}", name="purpose"),
        Check("name_form IN ('display', 'written')", name="name_form"),
        Check("revoked_at IS NULL OR revoked_at >= created_at", name="closed_after"),
    )


class ShareReading(Base):
    """How often a link was opened on one day: no hour, no address, no name."""

    __tablename__ = "share_reading"
    __retention__ = "learner"
    share_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("share.id", ondelete="CASCADE"), primary_key=True)
    read_on: Mapped[dt.date] = mapped_column(primary_key=True)
    openings: Mapped[int] = mapped_column(default=0)
    __table_args__ = (Check("openings >= 0", name="openings"),)
