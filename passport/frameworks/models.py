"""Competencies, their versioned wordings, mappings and search words."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, mapped_column


class Framework(Base):
    """A list of sentences kept by one body."""

    __tablename__ = "framework"
    __retention__ = "public"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name_fr: Mapped[str] = free_text(200, "coordinator", "everyone")
    name_en: Mapped[str] = free_text(200, "coordinator", "everyone")


class FrameworkVersion(Base):
    """One published state of a framework."""

    __tablename__ = "framework_version"
    __retention__ = "public"
    id: Mapped[int] = mapped_column(primary_key=True)
    framework_id: Mapped[int] = mapped_column(sa.ForeignKey("framework.id"))
    number: Mapped[str] = mapped_column(sa.String(20))
    published_on: Mapped[dt.date]
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    __table_args__ = (Unique("framework_id", "number"),)


class Competency(Base):
    """Something one can do, with a stable id; its words live in a wording."""

    __tablename__ = "competency"
    __retention__ = "public"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    framework_id: Mapped[int] = mapped_column(sa.ForeignKey("framework.id"), index=True)
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    facet: Mapped[str] = mapped_column(sa.String(10))
    likely_in: Mapped[list[str]] = mapped_column(sa.JSON)
    retired_on: Mapped[dt.date | None]
    __table_args__ = (Check("facet IN ('knowledge', 'skill', 'attitude')", name="facet"),)


class Wording(Base):
    """The sentence of a competency in one version: never rewritten, so that what was attested stays as said."""

    __tablename__ = "wording"
    __retention__ = "public"
    id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"))
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("framework_version.id"), index=True)
    text_fr: Mapped[str] = free_text(200, "coordinator", "everyone")
    text_en: Mapped[str] = free_text(200, "coordinator", "everyone")
    current: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (Unique("id", "competency_id"), Unique("competency_id", "version_id"))


class Alignment(Base):
    """What a competency corresponds to in a recognised framework; a label is official only when marked so."""

    __tablename__ = "alignment"
    __retention__ = "public"
    id: Mapped[int] = mapped_column(primary_key=True)
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"))
    target: Mapped[str] = mapped_column(sa.String(40))
    code: Mapped[str] = mapped_column(sa.String(200))
    label_fr: Mapped[str | None] = free_text(200, "coordinator", "everyone")
    label_en: Mapped[str | None] = free_text(200, "coordinator", "everyone")
    official_fr: Mapped[bool] = mapped_column(default=False)
    official_en: Mapped[bool] = mapped_column(default=False)
    target_version: Mapped[str | None] = mapped_column(sa.String(20))
    __table_args__ = (Unique("competency_id", "target", "code"),)


class SearchText(Base):
    """The everyday words that find a competency, folded: lower case, without accents."""

    __tablename__ = "search_text"
    __retention__ = "public"
    competency_id: Mapped[int] = mapped_column(sa.ForeignKey("competency.id"), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    text: Mapped[str] = free_text(2000, "coordinator", "everyone")
