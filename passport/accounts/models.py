"""Accounts and passports, sessions, consents and the road of erasure."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import ForeignKeyConstraint as References
from sqlalchemy import Index
from sqlalchemy import UniqueConstraint as Unique

from ..columns import Base, Mapped, free_text, hashed, key, mapped_column, owned, where
from .rules import PURPOSES


class Account(Base):
    """Somebody who can sign in; blanked, not deleted, when they attested for others."""

    __tablename__ = "account"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    identifier: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    email_confirmed_at: Mapped[dt.datetime | None]
    display_name: Mapped[str | None] = free_text(80, "account", "grant")
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    language: Mapped[str] = mapped_column(sa.String(2), default="fr")
    audit_ref: Mapped[uuid.UUID | None] = mapped_column(unique=True, default=uuid.uuid4)
    created_at: Mapped[dt.datetime]
    last_active_on: Mapped[dt.date] = mapped_column(index=True)
    warned_at: Mapped[dt.datetime | None]
    warnings: Mapped[int] = mapped_column(sa.SmallInteger, default=0, server_default="0")
    erased_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Check("identifier = lower(identifier)", name="identifier_folded"),
        Check("email = lower(email)", name="email_folded"),
        Check("language IN ('fr', 'en')", name="language"),
        Check(
            "erased_at IS NULL OR (identifier IS NULL AND email IS NULL AND display_name IS NULL"
            " AND password_hash IS NULL AND audit_ref IS NULL)",
            name="erased_is_blank",
        ),
    )


class Passport(Base):
    """What a learner owns: its key is the account's, and everything of theirs hangs on it.

    Year and month of birth are kept until 18 only; then `age_source` says that the calendar made an adult of them.
    """

    __tablename__ = "passport"
    __retention__ = "learner"
    learner_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    birth_year: Mapped[int | None] = mapped_column(sa.SmallInteger)
    birth_month: Mapped[int | None] = mapped_column(sa.SmallInteger)
    age_source: Mapped[str] = mapped_column(sa.String(10), default="declared")
    protection_chosen: Mapped[bool] = mapped_column(default=False)
    in_statistics: Mapped[bool] = mapped_column(default=True)
    looking_for: Mapped[str | None] = free_text(280, "learner", "share")
    came_of_age_at: Mapped[dt.datetime | None]
    evidence_bytes: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    evidence_quota: Mapped[int] = mapped_column(sa.BigInteger, default=200_000_000)
    __table_args__ = (
        Check("(birth_year IS NULL) = (birth_month IS NULL)", name="birth_whole"),
        Check("birth_month BETWEEN 1 AND 12", name="birth_month"),
        Check("birth_year BETWEEN 1900 AND 2100", name="birth_year"),
        Check("age_source IN ('declared', 'seen', 'calendar')", name="age_source"),
        Check("age_source <> 'calendar' OR birth_year IS NULL", name="birth_blanked"),
        Check("evidence_bytes BETWEEN 0 AND evidence_quota", name="quota"),
    )


class Protection(Base):
    """What a learner decided about being protected, and what a facilitator believes of their age; none by default.

    `quiet_*` are hours of the city; `doubted_*`: « moins de 18 ans, je crois », and `chosen_too`, that the learner had
    chosen protection all the same; `age_asked_at`: since when the learner shows a code that a facilitator may confirm,
    and how often another one was tried.
    """

    __tablename__ = "protection"
    __retention__ = "learner"
    learner_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("passport.learner_id", ondelete="CASCADE"), primary_key=True)
    quiet_from: Mapped[int | None] = mapped_column(sa.SmallInteger)
    quiet_to: Mapped[int | None] = mapped_column(sa.SmallInteger)
    witness_words: Mapped[bool] = mapped_column(default=False)
    doubted_at: Mapped[dt.datetime | None]
    doubted_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    chosen_too: Mapped[bool] = mapped_column(default=False)
    age_asked_at: Mapped[dt.datetime | None]
    age_tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    __table_args__ = (
        Check("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet_whole"),
        Check("quiet_from BETWEEN 0 AND 23 AND quiet_to BETWEEN 0 AND 23 AND quiet_from <> quiet_to", name="quiet"),
        Check("(doubted_at IS NULL) = (doubted_by_id IS NULL)", name="doubt_whole"),
    )


class Session(Base):
    """One device signed in: only a hash of its token is kept.

    `stepped_up_at` is when the passphrase or a passkey was last given, `factor_until` how long the second factor counts.
    """

    __tablename__ = "session"
    __retention__ = "transient"
    id_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True, info={"bytes": 32})
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    shared: Mapped[bool] = mapped_column(default=False)
    device: Mapped[str | None] = free_text(80, "account", "account")
    stepped_up_at: Mapped[dt.datetime | None]
    factor_until: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    __table_args__ = (Check("expires_at > created_at", name="ends"),)


class Mailbox(Base):
    """What is known of somebody's e-mail address beside the address itself, which stands in their account.

    `pending` waits for its confirmation; `silenced_at`: no message about what waits; `refused_at`: the address
    took no message, so none is sent there any more.
    """

    __tablename__ = "mailbox"
    __retention__ = "learner"
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    pending: Mapped[str | None] = free_text(254, "account", "system")
    asked_at: Mapped[dt.datetime | None]
    silenced_at: Mapped[dt.datetime | None]
    refused_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Check("pending = lower(pending)", name="pending_folded"),
        Check("pending IS NULL OR asked_at IS NOT NULL", name="pending_since"),
    )


class OneTimeToken(Base):
    """A secret that works once: reset, confirm, recover, invite, unsubscribe."""

    __tablename__ = "one_time_token"
    __retention__ = "transient"
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True, info={"bytes": 32})
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(sa.String(12))
    subject_id: Mapped[uuid.UUID | None]
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    __table_args__ = (
        Check("purpose IN ('reset', 'confirm', 'recover', 'guardian', 'invite', 'unsubscribe')", name="purpose"),
        Check("expires_at > made_at", name="ends"),
    )


class RescueCode(Base):
    """One code of the sheet with which somebody comes back in; it works once, and is kept as a keyed hash alone."""

    __tablename__ = "rescue_code"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    code_hash: Mapped[bytes] = hashed()
    made_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Recovery(Base):
    """A way back in without e-mail, on the device that began it and holds its token: by a code of a sheet, or by a number
    that two adults confirm in person.

    Of a name that nobody has, a row is kept as well, with no learner: whoever types names sees no difference.
    """

    __tablename__ = "recovery"
    __retention__ = "transient"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("passport.learner_id", ondelete="CASCADE"), index=True)
    way: Mapped[str] = mapped_column(sa.String(6))
    token_hash: Mapped[bytes] = hashed()
    number_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True, info={"bytes": 32})
    code_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("rescue_code.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    first_confirmer_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    first_membership_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    first_confirmed_at: Mapped[dt.datetime | None]
    second_confirmer_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    second_membership_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("membership.id"), index=True)
    second_confirmed_at: Mapped[dt.datetime | None]
    used_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Check("first_confirmer_id <> second_confirmer_id", name="two_people"),
        Check("first_membership_id <> second_membership_id", name="two_memberships"),
        Check("first_confirmer_id <> learner_id AND second_confirmer_id <> learner_id", name="not_oneself"),
        Check("(way = 'sheet' AND code_id IS NOT NULL AND number_hash IS NULL)"
              " OR (way = 'people' AND code_id IS NULL AND number_hash IS NOT NULL)", name="way"),
        Check("(first_confirmed_at IS NULL) = (first_confirmer_id IS NULL)"
              " AND (first_confirmed_at IS NULL) = (first_membership_id IS NULL)", name="first_whole"),
        Check("(second_confirmed_at IS NULL) = (second_confirmer_id IS NULL)"
              " AND (second_confirmed_at IS NULL) = (second_membership_id IS NULL)", name="second_whole"),
        Check("second_confirmed_at IS NULL OR first_confirmed_at IS NOT NULL", name="one_after_the_other"),
        Check("used_at IS NULL OR (learner_id IS NOT NULL AND (way = 'sheet' OR second_confirmed_at IS NOT NULL))",
              name="opened_by"),
        Check("expires_at > started_at", name="ends"),
    )


class Guardian(Base):
    """One link for a parent or the service in charge, made by the child; answered or over, its contact and token are blank.

    `capacity` is what they declare; their receipt shows and withdraws what they said yes to. `contact_digest`, under the key
    of the city, tells the addresses of two parents apart for images, while that is asked or stands.
    """

    __tablename__ = "guardian"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    way: Mapped[str] = mapped_column(sa.String(8))
    capacity: Mapped[str | None] = mapped_column(sa.String(12))
    contact: Mapped[str | None] = free_text(254, "learner", "system")
    contact_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), info={"bytes": 32})
    token_hash: Mapped[bytes] = hashed()
    token_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary(200))
    asked_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    reminded_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    submission: Mapped[uuid.UUID | None]
    receipt_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True, info={"bytes": 32})
    __table_args__ = (
        Unique("id", "learner_id"),
        Check("way IN ('email', 'code')", name="way"),
        Check("capacity IN ('parent', 'guardian', 'service')", name="capacity"),
        Check("answered_at IS NULL OR (contact IS NULL AND token_sealed IS NULL)", name="contact_blanked"),
        Check("receipt_hash IS NULL OR (answered_at IS NOT NULL AND capacity IS NOT NULL)", name="receipt_declared"),
    )


class GuardianConsent(Base):
    """The child's yes and a parent's yes for one purpose, each taken back alone; for images the yes of both parents.

    `until` is the last moment: of the question while it waits, then twelve months at most, never past the 15th birthday;
    `kept_at` is when its child, 15 by then, kept what it opened.
    """

    __tablename__ = "guardian_consent"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    option: Mapped[str] = mapped_column(sa.String(12))
    guardian_id: Mapped[uuid.UUID | None]
    second_guardian_id: Mapped[uuid.UUID | None]
    text_version: Mapped[str] = mapped_column(sa.String(20))
    learner_agreed_at: Mapped[dt.datetime | None]
    guardian_agreed_at: Mapped[dt.datetime | None]
    second_agreed_at: Mapped[dt.datetime | None]
    until: Mapped[dt.datetime]
    kept_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(sa.String(10))
    __table_args__ = (
        References(["guardian_id", "learner_id"], ["guardian.id", "guardian.learner_id"]),
        References(["second_guardian_id", "learner_id"], ["guardian.id", "guardian.learner_id"]),
        Unique("id", "learner_id"),
        Index("uq_guardian_consent_current", "learner_id", "option", unique=True, **where("withdrawn_at IS NULL")),
        Index(None, "guardian_id"),
        Index(None, "second_guardian_id"),
        Check(f"option IN {PURPOSES}", name="option"),
        Check("second_guardian_id IS NULL OR (option = 'image' AND second_guardian_id <> guardian_id)", name="two_holders"),
        Check("second_agreed_at IS NULL OR second_guardian_id IS NOT NULL", name="second_known"),
        Check("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_whole"),
        Check("withdrawn_by IN ('learner', 'guardian', 'end')", name="withdrawn_by"),
    )


class ContactBar(Base):
    """No contact between this learner and this adult: a block or a freeze, which look the same to the adult."""

    __tablename__ = "contact_bar"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = owned()
    adult_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"))
    cause: Mapped[str] = mapped_column(sa.String(6))
    started_at: Mapped[dt.datetime]
    lifted_at: Mapped[dt.datetime | None]
    __table_args__ = (
        Index(None, "adult_id", "learner_id", **where("lifted_at IS NULL")),
        Check("cause IN ('block', 'freeze')", name="cause"),
        Check("adult_id <> learner_id", name="not_oneself"),
    )


class ContactFreeze(Base):
    """No contact between this adult and any protected learner: a coordinator's decision, that can be taken back.

    Shown to nobody else: to everybody it is as if no check were in force.
    """

    __tablename__ = "contact_freeze"
    __retention__ = "freeze"
    id: Mapped[uuid.UUID] = key()
    adult_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"))
    decided_by_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    started_at: Mapped[dt.datetime]
    lifted_at: Mapped[dt.datetime | None]
    lifted_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    __table_args__ = (
        Index("uq_contact_freeze_adult", "adult_id", unique=True, **where("lifted_at IS NULL")),
        Check("adult_id <> decided_by_id", name="not_oneself"),
        Check("(lifted_at IS NULL) = (lifted_by_id IS NULL)", name="lifted_whole"),
    )


class Draft(Base):
    """A form half filled, kept until it is sent."""

    __tablename__ = "draft"
    __retention__ = "draft"
    id: Mapped[uuid.UUID] = key()
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"))
    form: Mapped[str] = mapped_column(sa.String(20))
    subject_id: Mapped[uuid.UUID]
    body: Mapped[dict[str, object]] = mapped_column(sa.JSON, info={"author": "account", "reader": "account"})
    changed_at: Mapped[dt.datetime]
    __table_args__ = (Unique("account_id", "form", "subject_id"),)


class Erasure(Base):
    """The list that a restore replays, and the only key that opens an append-only table."""

    __tablename__ = "erasure"
    __retention__ = "replay"
    id: Mapped[uuid.UUID] = key()
    learner_id: Mapped[uuid.UUID] = mapped_column(index=True)
    experience_id: Mapped[uuid.UUID | None]
    cause: Mapped[str] = mapped_column(sa.String(12))
    asked_at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(sa.String(10))
    __table_args__ = (
        Check("cause IN ('asked', 'inactive', 'deleted', 'moved')", name="cause"),
        Check("by IN ('learner', 'system')", name="by"),
    )


class ErasureRequest(Base):
    """A learner asked to be erased and may still take it back until `due_at`; meanwhile nobody signs in as them."""

    __tablename__ = "erasure_request"
    __retention__ = "learner"
    learner_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("passport.learner_id", ondelete="CASCADE"), primary_key=True)
    cause: Mapped[str] = mapped_column(sa.String(12))
    asked_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime] = mapped_column(index=True)
    unnamed: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        Check("cause IN ('asked', 'moved')", name="cause"),
        Check("due_at >= asked_at", name="due_after"),
    )


class Setting(Base):
    """A choice of the city, with who decided it, when and why."""

    __tablename__ = "setting"
    __retention__ = "public"
    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = free_text(2000, "coordinator", "everyone")
    decided_by: Mapped[str | None] = free_text(120, "coordinator", "everyone")
    decided_on: Mapped[dt.date | None]
    reason: Mapped[str | None] = free_text(1000, "coordinator", "everyone")


class Decision(Base):
    """Every choice the city ever made, in its order; the last one of a key stands in `setting`."""

    __tablename__ = "decision"
    __retention__ = "public"
    id: Mapped[uuid.UUID] = key()
    key: Mapped[str] = mapped_column(sa.String(40), index=True)
    value: Mapped[str] = free_text(2000, "coordinator", "everyone")
    decided_by: Mapped[str] = free_text(120, "coordinator", "everyone")
    decided_on: Mapped[dt.date]
    reason: Mapped[str] = free_text(1000, "coordinator", "everyone")


class RateLimit(Base):
    """How often one caller did one thing lately; the key is a keyed hash, never an address."""

    __tablename__ = "rate_limit"
    __retention__ = "transient"
    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[float]
