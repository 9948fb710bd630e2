"""What adults wrote to a protected learner who is erased: kept under seal for a while, without a word of the learner."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check

from ..columns import Base, Mapped, key, mapped_column


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
