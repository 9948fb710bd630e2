"""What somebody shows besides their passphrase: an application's codes, passkeys, codes on paper."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check

from ..columns import Base, Mapped, free_text, key, mapped_column


class SecondFactor(Base):
    """The secret that somebody's application makes codes from, sealed; `last_step` is the last one used, so that none
    counts twice."""

    __tablename__ = "second_factor"
    __retention__ = "learner"
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary(300))
    made_at: Mapped[dt.datetime]
    last_step: Mapped[int | None] = mapped_column(sa.BigInteger)


class Passkey(Base):
    """The public half of a key that a device of somebody's holds, and how often it says that it was used."""

    __tablename__ = "passkey"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary(2000))
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = free_text(60, "account", "account")
    made_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
    __table_args__ = (Check("sign_count >= 0", name="sign_count"),)


class RecoveryCode(Base):
    """One of the codes on somebody's paper, as a digest under the key of the city; it works once."""

    __tablename__ = "recovery_code"
    __retention__ = "learner"
    id: Mapped[uuid.UUID] = key()
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True, info={"bytes": 32})
    made_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
