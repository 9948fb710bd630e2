"""Experiences and what hangs on them."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, key, mapped_column, owned, where
from .rules import CONTEXTS, SECTORS, SETTINGS


class Experience(Base):
    """One thing somebody lived and kept: complete as soon as it has its sentence."""

    __tablename__ = "experience"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    title: Mapped[str] = free_text(280, "learner", "grant")
    story: Mapped[str | None] = free_text(8000, "learner", "grant")
    context: Mapped[str | None] = mapped_column(sa.String(10))
    setting: Mapped[str | None] = mapped_column(sa.String(16))
    sector: Mapped[str | None] = mapped_column(sa.String(10))
    started_on: Mapped[dt.date | None]
    ended_on: Mapped[dt.date | None]
    when_precision: Mapped[str] = mapped_column(sa.String(5), default="day")
    ongoing: Mapped[bool] = mapped_column(default=False)
    sort_on: Mapped[dt.date]
    hours: Mapped[Decimal | None] = mapped_column(sa.Numeric(6, 1))
    place: Mapped[str | None] = free_text(120, "learner", "grant")
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("organisation.id", ondelete="SET NULL"), index=True
    )
    organisation_text: Mapped[str | None] = free_text(120, "learner", "grant")
    for_me_only: Mapped[bool] = mapped_column(default=False)
    passed_on: Mapped[bool] = mapped_column(default=False)
    kind: Mapped[str | None] = mapped_column(sa.String(24))
    details: Mapped[dict[str, object] | None] = mapped_column(sa.JSON, info={"author": "learner", "reader": "grant"})
    story_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    claimed_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]
    deleted_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Unique("id", "learner_id"),
        Unique("learner_id", "submission"),
        Index("ix_experience_page", "learner_id", "sort_on", "id", **where("deleted_at IS NULL")),
        Check("length(title) > 0", name="title_given"),
        Check(f"context IN {CONTEXTS}", name="context"),
        Check(f"setting IN {SETTINGS}", name="setting"),
        Check(f"sector IN {SECTORS}", name="sector"),
        Check("when_precision IN ('day', 'month', 'year')", name="when_precision"),
        Check("started_on BETWEEN '1900-01-01' AND '2100-12-31'", name="started_on"),
        Check("ended_on BETWEEN '1900-01-01' AND '2100-12-31'", name="ended_on"),
        Check("ended_on IS NULL OR (started_on IS NOT NULL AND ended_on >= started_on)", name="ends_after_start"),
        Check("hours BETWEEN 0 AND 9000", name="hours"),
    )


class Revision(Base):
    """A numbered state of the story, kept from the first request or link on."""

    __tablename__ = "revision"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    number: Mapped[int]
    title: Mapped[str] = free_text(280, "learner", "grant")
    story: Mapped[str | None] = free_text(8000, "learner", "grant")
    facts: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "learner", "reader": "grant"})
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    made_at: Mapped[dt.datetime]
    __table_args__ = (
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"]),
        Unique("experience_id", "number"),
        Unique("id", "experience_id", "learner_id"),
        Check("number > 0", name="number"),
    )


class ExperienceLink(Base):
    """« Cela m’a mené à… »: one experience led to another of the same learner."""

    __tablename__ = "experience_link"
    __retention__ = "learner"
    from_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    to_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    learner_id: Mapped[uuid.UUID] = owned()
    __table_args__ = (
        References(["from_id", "learner_id"], ["experience.id", "experience.learner_id"], ondelete="CASCADE"),
        References(["to_id", "learner_id"], ["experience.id", "experience.learner_id"], ondelete="CASCADE"),
        Index(None, "to_id"),
        Check("from_id <> to_id", name="another"),
    )


class Reflection(Base):
    """« Ce que j’en retire »: an optional answer to one prompt."""

    __tablename__ = "reflection"
    __retention__ = "learner"
    experience_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    prompt: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    learner_id: Mapped[uuid.UUID] = owned()
    text: Mapped[str] = free_text(4000, "learner", "grant")
    changed_at: Mapped[dt.datetime]
    __table_args__ = (
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"], ondelete="CASCADE"),
    )


class Claim(Base):
    """« Ce que je sais faire »: the learner's own statement, on the four steps."""

    __tablename__ = "claim"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    competency_id: Mapped[int]
    wording_id: Mapped[int]
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    words: Mapped[str | None] = free_text(280, "learner", "grant")
    claimed_at: Mapped[dt.datetime]
    __table_args__ = (
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"], ondelete="CASCADE"),
        References(["wording_id", "competency_id"], ["wording.id", "wording.competency_id"]),
        Unique("experience_id", "competency_id"),
        Index(None, "wording_id"),
        Check("step BETWEEN 1 AND 4", name="step"),
    )


class Evidence(Base):
    """A photo, document or link beside an experience; `deleted_at` says that nobody sees it any more.

    `width` and `height` are those of a photo in its size for screens; photos kept before they were noted have none.
    """

    __tablename__ = "evidence"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    experience_id: Mapped[uuid.UUID]
    submission: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(8))
    storage_name: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    media_type: Mapped[str | None] = mapped_column(sa.String(40))
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    width: Mapped[int | None]
    height: Mapped[int | None]
    submission_digest: Mapped[bytes | None] = mapped_column("digest", sa.LargeBinary(32), info={"bytes": 32})
    url: Mapped[str | None] = free_text(500, "learner", "grant")
    caption: Mapped[str | None] = free_text(280, "learner", "grant")
    added_at: Mapped[dt.datetime]
    deleted_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"], ondelete="CASCADE"),
        Unique("learner_id", "submission"),
        # What a grant carries names all three; an index, because SQLite cannot give a constraint to a table that stands.
        Index("uq_evidence_whole", "id", "experience_id", "learner_id", unique=True),
        Index(None, "experience_id"),
        Index("ix_evidence_deleted", "deleted_at", **where("deleted_at IS NOT NULL")),
        Check("kind IN ('photo', 'document', 'link')", name="kind"),
        Check("(kind = 'link') = (url IS NOT NULL)", name="link_has_url"),
    )


class ErasedEvidence(Base):
    """Under which number a photo, document or link was sent that is erased: its form, sent again, brings nothing back."""

    __tablename__ = "erased_evidence"
    __retention__ = "transient"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes | None] = mapped_column("digest", sa.LargeBinary(32), info={"bytes": 32})
    erased_at: Mapped[dt.datetime]
    __table_args__ = (
        Unique("learner_id", "submission"),
        Index(None, "erased_at"),
    )
