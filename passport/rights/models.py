"""What a learner brought from another city's passport; what adults wrote to a protected learner who is erased."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, key, mapped_column, owned

KINDS = ("experience", "feedback", "endorsement", "testimony", "not_yet")


class BroughtItem(Base):
    """Words of others from another passport, told by its learner; no key leads from it to anything recognised or shown.

    Of the kind `experience` it says where that experience comes from. `digest` tells the same item brought twice.
    """

    __tablename__ = "brought_item"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(12))
    document: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "learner", "reader": "learner"})
    origin_host: Mapped[str] = free_text(253, "learner", "learner")
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    brought_at: Mapped[dt.datetime]
    __table_args__ = (
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"], ondelete="CASCADE"),
        Unique("learner_id", "digest"),
        Index(None, "experience_id"),
        Check(f"kind IN {KINDS}", name="kind"),
    )


class SealedFolder(Base):
    """The sealed words of one erasure, which names nobody; one person asks to open it and says why, another agrees."""

    __tablename__ = "sealed_folder"
    __retention__ = "case"
    id: Mapped[uuid.UUID] = key()
    sealed_at: Mapped[dt.datetime]
    keep_until: Mapped[dt.datetime] = mapped_column(index=True)
    asked_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    asked_at: Mapped[dt.datetime | None]
    sealed_reason: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    confirmed_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    confirmed_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Check("(asked_by_id IS NULL) = (asked_at IS NULL) AND (asked_by_id IS NULL) = (sealed_reason IS NULL)",
              name="asked_whole"),
        Check("(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name="confirmed_whole"),
        Check("confirmed_by_id IS NULL OR (asked_by_id IS NOT NULL AND confirmed_by_id <> asked_by_id)",
              name="two_people"),
    )


class SealedWord(Base):
    """One text of one adult, under the key of the cases: whose it is and when, so that the same adult is noticed twice."""

    __tablename__ = "sealed_word"
    __retention__ = "case"
    id: Mapped[uuid.UUID] = key()
    folder_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("sealed_folder.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    written_at: Mapped[dt.datetime]
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
