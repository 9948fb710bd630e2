"""How often one caller may do one thing: counters in the application's own database, shared by all processes."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import sqlalchemy as sa
from flask import current_app
from limits.storage import Storage
from sqlalchemy.dialects import postgresql, sqlite

from .extensions import db


def hidden(key: str) -> str:
    """Return what stands for a key in the table: a keyed hash, so that no address or name is kept."""
    return hmac.new(current_app.config["SECRET_KEY"].encode(), key.encode(), hashlib.sha256).hexdigest()


def _table() -> sa.Table:
    return db.metadata.tables["rate_limit"]


def hit(key: str, seconds: int, amount: int = 1) -> int:
    """Count one more of this key within its window and return how many there were; its own short transaction.

    A window that would end later than a new one was made by a clock that was put back since: it is over.
    """
    table, now = _table(), time.time()
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    stale = sa.or_(table.c.expires_at <= now, table.c.expires_at > now + seconds)
    values: Any = insert(table).values(key=hidden(key), hits=amount, expires_at=now + seconds)
    values = values.on_conflict_do_update(
        index_elements=[table.c.key],
        set_={
            "hits": sa.case((stale, amount), else_=table.c.hits + amount),
            "expires_at": sa.case((stale, now + seconds), else_=table.c.expires_at),
        },
    ).returning(table.c.hits)
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        return int(connection.execute(values).scalar_one())


def state(key: str, longest: float = float("inf")) -> tuple[int, float]:
    """Return how many there were in the present window, and when it ends (seconds since 1970).

    One that ends more than `longest` seconds from now was made by a clock that was put back since: it is over.
    """
    table, now = _table(), time.time()
    with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        row = connection.execute(
            sa.select(table.c.hits, table.c.expires_at).where(table.c.key == hidden(key), table.c.expires_at > now)
        ).first()
    return (row.hits, row.expires_at) if row and row.expires_at <= now + longest else (0, now)


def forget(key: str) -> None:
    """Start again at zero."""
    table = _table()
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(table.delete().where(table.c.key == hidden(key)))


class DatabaseStorage(Storage):
    """Flask-Limiter's counters in the application's own database."""

    STORAGE_SCHEME = ["appdb"]

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return hit(key, expiry, amount)

    def get(self, key: str) -> int:
        return state(key)[0]

    def get_expiry(self, key: str) -> float:
        return state(key)[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
            return int(connection.execute(_table().delete()).rowcount)

    def clear(self, key: str) -> None:
        forget(key)
