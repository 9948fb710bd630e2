"""Tables of the signed form."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, key, mapped_column, owned, where


class StatusList(Base):
    """One public list of one issuer, where each credential has a position."""

    __tablename__ = "status_list"
    __retention__ = "public"
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    size: Mapped[int] = mapped_column(default=131072)
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[dt.datetime | None]
    __table_args__ = (Index("uq_status_list_open", "organisation_id", unique=True, **where("closed_at IS NULL")),)


class StatusEntry(Base):
    """A position that names nobody and stays for ever."""

    __tablename__ = "status_entry"
    __retention__ = "public"
    list_id: Mapped[int] = mapped_column(sa.ForeignKey("status_list.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revoked_at: Mapped[dt.datetime | None]
    __table_args__ = (Check("position BETWEEN 0 AND 131071", name="position"),)


class SigningKey(Base):
    """The public half of a key that signed; the private half lives in a file only."""

    __tablename__ = "signing_key"
    __retention__ = "public"
    key_id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    public: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    from_at: Mapped[dt.datetime]
    until_at: Mapped[dt.datetime | None]
    compromised_at: Mapped[dt.datetime | None]


class Credential(Base):
    """The signed bytes of one endorsement that may be shown: at most one in force."""

    __tablename__ = "credential"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    endorsement_id: Mapped[uuid.UUID]
    permitted_at: Mapped[dt.datetime]
    list_id: Mapped[int]
    position: Mapped[int]
    key_id: Mapped[str] = mapped_column(sa.ForeignKey("signing_key.key_id"), index=True)
    recipient_secret: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    issued_at: Mapped[dt.datetime]
    valid_until: Mapped[dt.datetime | None]
    document: Mapped[bytes] = mapped_column(sa.LargeBinary)
    unpublished_at: Mapped[dt.datetime | None]
    __table_args__ = (
        References(["endorsement_id", "learner_id", "permitted_at"],
                   ["permission.endorsement_id", "permission.learner_id", "permission.given_at"]),
        References(["list_id", "position"], ["status_entry.list_id", "status_entry.position"]),
        Unique("list_id", "position"),
        Index("uq_credential_owner", "id", "learner_id", unique=True),
        Index("uq_credential_in_force", "endorsement_id", unique=True, **where("unpublished_at IS NULL")),
        Index(None, "endorsement_id"),
        Check("issued_at >= permitted_at", name="permitted_first"),
    )
