"""The card, and the sheets that are checked without network."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, hashed, key, mapped_column, owned, where


class Card(Base):
    """A pointer that opens nothing by itself, not even a name."""

    __tablename__ = "card"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("passport.learner_id", ondelete="CASCADE"), index=True
    )
    number: Mapped[str] = mapped_column(sa.String(9), unique=True)
    token_hash: Mapped[bytes] = hashed()
    token_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary(200))
    claim_code_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    share_id: Mapped[uuid.UUID | None]
    opens_until: Mapped[dt.datetime | None]
    named: Mapped[bool] = mapped_column(default=False)
    issued_at: Mapped[dt.datetime]
    claimed_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    closed_for: Mapped[str | None] = mapped_column(sa.String(10))
    replaced_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("card.id", ondelete="SET NULL"), index=True)
    expires_on: Mapped[dt.date | None]
    __table_args__ = (
        References(["share_id", "learner_id"], ["share.id", "share.learner_id"]),
        Index("uq_card_current", "learner_id", unique=True, **where("closed_at IS NULL")),
        Index(None, "share_id"),
        Check("(closed_at IS NULL) = (closed_for IS NULL)", name="closed_whole"),
        Check("closed_for IN ('lost', 'replaced', 'lapsed')", name="closed_for"),
        Check("(share_id IS NULL) = (opens_until IS NULL)", name="opens_whole"),
        Check("claimed_at IS NULL OR learner_id IS NOT NULL", name="claimed_by_someone"),
        Check("learner_id IS NOT NULL OR share_id IS NULL", name="opens_own_links"),
        Check("learner_id IS NOT NULL OR expires_on IS NOT NULL", name="unclaimed_ends"),
    )


class Sheet(Base):
    """A printed sheet: what was signed for it, until when it counts, and whether its page still answers."""

    __tablename__ = "sheet"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    token_hash: Mapped[bytes] = hashed()
    token_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary(200))
    key_id: Mapped[str] = mapped_column(sa.ForeignKey("signing_key.key_id"), index=True)
    name: Mapped[str | None] = free_text(80, "learner", "everyone")
    size: Mapped[int] = mapped_column(sa.SmallInteger)
    signed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    made_at: Mapped[dt.datetime]
    expires_on: Mapped[dt.date]
    closed_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Unique("id", "learner_id"),
        Unique("learner_id", "submission"),
        Check("size BETWEEN 1 AND 5", name="size"),
        Check("closed_at IS NULL OR closed_at >= made_at", name="closed_after"),
    )


class SheetItem(Base):
    """One signed competency on a sheet; it goes when its credential goes, and the sheet says that one is no longer shown."""

    __tablename__ = "sheet_item"
    __retention__ = "learner"
    sheet_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    learner_id: Mapped[uuid.UUID] = owned()
    credential_id: Mapped[uuid.UUID]
    __table_args__ = (
        References(["sheet_id", "learner_id"], ["sheet.id", "sheet.learner_id"], ondelete="CASCADE"),
        References(["credential_id", "learner_id"], ["credential.id", "credential.learner_id"], ondelete="CASCADE",
                   name="fk_sheet_item_credential"),
        Unique("sheet_id", "credential_id"),
        Index(None, "credential_id"),
        Check("position BETWEEN 0 AND 4", name="position"),
    )
