"""Tables of the signed form."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, key, mapped_column, owned, where


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


class ForeignBadge(Base):
    """What a learner received elsewhere, as it was given, with what was found out about it at `checked_at`.

    Never one of ours in kind: nothing that is recognised or shown points to it. None is « could not be found out »; who
    gave it and whose it is are only said of what is as it was signed. `credential_id` is what one of this city calls
    itself: no key, for it may be erased. `recipient_secret` came along from the passport of another city and says whose it
    is. `deleted_at` says that nobody sees it any more.
    """

    __tablename__ = "foreign_badge"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    submission: Mapped[uuid.UUID]
    submission_digest: Mapped[bytes] = mapped_column("digest", sa.LargeBinary(32), info={"bytes": 32})
    document: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    format: Mapped[str] = mapped_column(sa.String(10))
    title: Mapped[str] = free_text(300, "learner", "learner")
    issuer_name: Mapped[str] = free_text(300, "learner", "learner")
    host: Mapped[str | None] = free_text(253, "learner", "learner")
    valid_from: Mapped[dt.datetime | None]
    valid_until: Mapped[dt.datetime | None]
    signature_ok: Mapped[bool | None]
    why: Mapped[str | None] = mapped_column(sa.String(16))
    issuer: Mapped[str | None] = mapped_column(sa.String(9))
    is_mine: Mapped[bool | None]
    in_force: Mapped[bool | None]
    status: Mapped[str | None] = mapped_column(sa.String(16))
    credential_id: Mapped[uuid.UUID | None]
    recipient_secret: Mapped[bytes | None] = mapped_column(sa.LargeBinary(64))
    checked_at: Mapped[dt.datetime]
    added_at: Mapped[dt.datetime]
    deleted_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Unique("learner_id", "digest"),
        Unique("learner_id", "submission"),
        Index("ix_foreign_badge_deleted", "deleted_at", **where("deleted_at IS NOT NULL")),
        Check("length(document) BETWEEN 1 AND 262144", name="document_size"),
        Check("format IN ('ob3', 'ob3_token', 'ob2_hosted', 'ob2_signed')", name="format"),
        Check("issuer IS NULL OR (signature_ok IS TRUE AND issuer IN ('city', 'elsewhere', 'unknown'))", name="issuer"),
        Check("is_mine IS NULL OR signature_ok IS TRUE", name="mine_as_signed"),
        Check("in_force IS NOT TRUE OR signature_ok IS TRUE", name="in_force_as_signed"),
        Check("credential_id IS NULL OR issuer IS NOT NULL AND issuer = 'city'", name="own_of_city"),
    )
