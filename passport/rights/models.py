"""What a learner brought from another city's passport, as they tell it."""

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
