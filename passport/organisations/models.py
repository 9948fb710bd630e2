"""Who may act for whom, from when to when."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, hashed, key, mapped_column, owned, where

KINDS = ("association", "school", "public_service", "sport_club", "holiday_centre", "childcare", "social_care",
         "company", "city")
SECTORS = ("economic", "civic", "public", "education", "voluntary")
ROLES = ("facilitator", "manager", "coordinator")
CHECK_KINDS = ("honorability", "declared_centre", "sport_licence", "public_agent", "record_and_declaration", "by_service")


class Organisation(Base):
    """A body known to the city; never deleted once somebody acted for it.

    `minors_lead_id` reads to protect and answers for the welcome of minors; `minors_reader_id` is the second reader,
    from elsewhere; None stands for the pool of the city.
    """

    __tablename__ = "organisation"
    __retention__ = "organisation"
    id: Mapped[uuid.UUID] = key()
    kind: Mapped[str] = mapped_column(sa.String(16))
    sector: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = free_text(120, "coordinator", "everyone")
    sort_key: Mapped[str] = mapped_column(sa.String(120), index=True)
    address: Mapped[str | None] = free_text(200, "manager", "everyone")
    phone: Mapped[str | None] = free_text(40, "manager", "everyone")
    email: Mapped[str | None] = free_text(254, "manager", "everyone")
    page: Mapped[str | None] = free_text(300, "manager", "everyone")
    minors_state: Mapped[str] = mapped_column(sa.String(8), default="none")
    minors_lead_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    minors_reader_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    minors_charter_version: Mapped[str | None] = mapped_column(sa.String(20))
    minors_charter_at: Mapped[dt.datetime | None]
    minors_charter_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    join_code_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True, info={"bytes": 32})
    join_code_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary(200))
    requested_at: Mapped[dt.datetime]
    accredited_at: Mapped[dt.datetime | None]
    suspended_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Unique("id", "kind"),
        Check(f"kind IN {KINDS}", name="kind"),
        Check(f"sector IN {SECTORS}", name="sector"),
        Check("minors_state IN ('none', 'asked', 'allowed')", name="minors_state"),
        Check("minors_state <> 'allowed' OR (minors_lead_id IS NOT NULL AND minors_charter_at IS NOT NULL)",
              name="minors_lead_and_charter"),
        Check("(minors_charter_at IS NULL) = (minors_charter_version IS NULL)"
              " AND (minors_charter_at IS NULL) = (minors_charter_by_id IS NULL)", name="minors_charter_whole"),
        Check("minors_reader_id <> minors_lead_id", name="two_readers"),
        Check("(join_code_hash IS NULL) = (join_code_sealed IS NULL)", name="join_code_whole"),
        Index("uq_organisation_city", "kind", unique=True, **where("kind = 'city'")),
    )


class Membership(Base):
    """One role of one person in one organisation; a role that changes is a new row.

    A safeguarding reader reads to protect (of the city: in its pool); `co_reader_id` is the role of the adult who may read
    what a facilitator of 16 or 17 writes.
    """

    __tablename__ = "membership"
    __retention__ = "organisation"
    id: Mapped[uuid.UUID] = key()
    organisation_id: Mapped[uuid.UUID]
    organisation_kind: Mapped[str] = mapped_column(sa.String(16))
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(12))
    title: Mapped[str | None] = free_text(80, "manager", "everyone")
    lead: Mapped[bool] = mapped_column(default=False)
    is_safeguarding_reader: Mapped[bool] = mapped_column(default=False)
    reader_since: Mapped[dt.datetime | None]
    co_reader_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    invited_at: Mapped[dt.datetime]
    joined_at: Mapped[dt.datetime | None]
    identity_confirmed_at: Mapped[dt.datetime | None]
    charter_version: Mapped[str | None] = mapped_column(sa.String(20))
    charter_accepted_at: Mapped[dt.datetime | None]
    trained_at: Mapped[dt.datetime | None]
    suspended_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["organisation_id", "organisation_kind"], ["organisation.id", "organisation.kind"]),
        Unique("id", "account_id"),
        Index("uq_membership_current", "account_id", "organisation_id", "role", unique=True,
              **where("ended_at IS NULL")),
        Index(None, "organisation_id", "role"),
        Check(f"role IN {ROLES}", name="role"),
        Check("role <> 'coordinator' OR organisation_kind = 'city'", name="coordinator_of_the_city"),
        Check("(charter_version IS NULL) = (charter_accepted_at IS NULL)", name="charter_whole"),
        Check("trained_at IS NULL OR charter_accepted_at IS NOT NULL", name="charter_before_training"),
        Check("NOT is_safeguarding_reader OR reader_since IS NOT NULL", name="reader_since"),
        Check("co_reader_id <> id", name="another_reads"),
    )


class Invitation(Base):
    """A one-time link to take a role in an organisation."""

    __tablename__ = "invitation"
    __retention__ = "transient"
    id: Mapped[uuid.UUID] = key()
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(12))
    title: Mapped[str | None] = free_text(80, "manager", "everyone")
    note: Mapped[str | None] = free_text(80, "manager", "manager")
    invited_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id", ondelete="SET NULL"), index=True)
    token_hash: Mapped[bytes] = hashed()
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    membership_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    revoked_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Check(f"role IN {ROLES}", name="role"),
        Check("expires_at > made_at", name="ends"),
        Check("(used_at IS NULL) = (membership_id IS NULL)", name="used_whole"),
    )


class Vetting(Base):
    """That a check of a lawful kind was seen, by somebody else, until a day: never its result or its document."""

    __tablename__ = "vetting"
    __retention__ = "organisation"
    id: Mapped[uuid.UUID] = key()
    membership_id: Mapped[uuid.UUID]
    account_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(24))
    checked_on: Mapped[dt.date]
    expires_on: Mapped[dt.date]
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    authenticity: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    reminded_days: Mapped[int | None] = mapped_column(sa.SmallInteger)
    __table_args__ = (
        References(["membership_id", "account_id"], ["membership.id", "membership.account_id"]),
        Index(None, "membership_id", "expires_on"),
        Check("recorded_by_id <> account_id", name="another_person"),
        Check("expires_on > checked_on", name="ends"),
        Check(f"kind IN {CHECK_KINDS}", name="kind"),
        Check("reminded_days IN (60, 30, 7)", name="reminded_days"),
    )


class AcceptedCharter(Base):
    """That an organisation accepted one version of the accreditation charter: by whom, in which role, and when."""

    __tablename__ = "accepted_charter"
    __retention__ = "organisation"
    id: Mapped[uuid.UUID] = key()
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    version: Mapped[str] = mapped_column(sa.String(20))
    membership_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    accepted_at: Mapped[dt.datetime]
    __table_args__ = (Unique("organisation_id", "version"),)


class AskCode(Base):
    """A facilitator's QR « Demandez-moi »: opens nothing of their own, only a way to ask them."""

    __tablename__ = "ask_code"
    __retention__ = "organisation"
    id: Mapped[uuid.UUID] = key()
    membership_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("membership.id"))
    token_hash: Mapped[bytes] = hashed()
    token_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary(200))
    made_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    __table_args__ = (Index("uq_ask_code_current", "membership_id", unique=True, **where("closed_at IS NULL")),
                      Index(None, "membership_id"))


class Joined(Base):
    """A learner joined an organisation, by an act of theirs on the spot."""

    __tablename__ = "joined"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    source: Mapped[str] = mapped_column(sa.String(10))
    joined_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Index("uq_joined_current", "learner_id", "organisation_id", unique=True, **where("closed_at IS NULL")),
        Check("source IN ('code', 'attendance', 'card')", name="source"),
    )
