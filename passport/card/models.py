"""The card and the days it was scanned."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index

from ..columns import Base, Mapped, hashed, key, mapped_column, where


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
