"""The column types and habits that every room's tables share, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import secrets
import time
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column, registry


def uuid7(ms: int | None = None) -> uuid.UUID:
    """Return a new time-ordered UUID (RFC 9562, version 7) with 74 random bits."""
    ms = ms if ms is not None else time.time_ns() // 1_000_000
    head = (ms & (1 << 48) - 1) << 80 | 7 << 76 | secrets.randbits(12) << 64
    return uuid.UUID(int=head | 2 << 62 | secrets.randbits(62))


class Key(sa.types.TypeDecorator[uuid.UUID]):
    """A UUID kept in 16 bytes: BLOB on SQLite (sa.Uuid would make CHAR(32)), uuid on PostgreSQL."""

    impl = sa.LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Uuid() if dialect.name == "postgresql" else sa.LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(bytes=value)


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """An aware UTC time: timestamptz on PostgreSQL, 26 fixed characters on SQLite, so that < and = agree."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone")
        value = value.astimezone(dt.UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    """What every table has: named constraints, 16-byte keys, aware times, and a retention class."""

    __retention__: str
    metadata = METADATA
    registry = registry(metadata=METADATA, type_annotation_map={uuid.UUID: Key(), dt.datetime: Instant()})


def key() -> MappedColumn[uuid.UUID]:
    """Return a primary key that numbers itself by time."""
    return mapped_column(primary_key=True, default=uuid7)


def owned() -> MappedColumn[uuid.UUID]:
    """Return the learner_id of a learner's table: the one road of erasure hangs on the passport directly."""
    return mapped_column(sa.ForeignKey("passport.learner_id", ondelete="CASCADE"), index=True)


def free_text(limit: int, author: str, reader: str) -> MappedColumn[Any]:
    """Return a free-text column of at most `limit` characters that declares who writes and who reads it."""
    return mapped_column(sa.String(limit), info={"author": author, "reader": reader})


def hashed() -> MappedColumn[bytes]:
    """Return a UNIQUE column for the SHA-256 of a token that is itself kept nowhere in clear."""
    return mapped_column(sa.LargeBinary(32), unique=True, info={"bytes": 32})


def where(condition: str) -> dict[str, Any]:
    """Return the arguments of a partial index, the same on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def add_length_checks(metadata: sa.MetaData) -> None:
    """Give every text column with a length, and every 32-byte hash, its CHECK: SQLite ignores VARCHAR(n)."""
    for table in metadata.tables.values():
        present = {c.name for c in table.constraints}
        for column in table.columns:
            limit = getattr(column.type, "length", None)
            if isinstance(column.type, sa.String) and limit:
                condition, name = f"length({column.name}) <= {limit}", f"{column.name}_length"
            elif column.info.get("bytes"):
                condition, name = f"length({column.name}) = {column.info['bytes']}", f"{column.name}_hashed"
            else:
                continue
            if f"ck_{table.name}_{name}" not in present and name not in present:
                table.append_constraint(sa.CheckConstraint(condition, name=name))


__all__ = [
    "Base",
    "Instant",
    "Key",
    "Mapped",
    "add_length_checks",
    "free_text",
    "hashed",
    "key",
    "mapped_column",
    "owned",
    "uuid7",
    "where",
]
