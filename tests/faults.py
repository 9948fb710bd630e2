"""Real faults for tests: a full database, a disk that takes no more, a database that may only be read."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from passport.extensions import db

# What a full PostgreSQL says, said by the server itself at every row of some tables.
FULL = "CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$ LANGUAGE plpgsql"
TAKES_NO_MORE = ("experience", "session", "rate_limit", "reading_line")


@contextmanager
def full_database(app: Flask) -> Iterator[None]:
    """Let the database have no room for one row more, by its own means."""
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.dbapi_connection.execute("VACUUM")  # type: ignore[union-attr]
            pages = connection.connection.dbapi_connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[union-attr]

        def limit(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        engine.dispose()
        event.listen(engine, "connect", limit)
        try:
            yield
        finally:
            event.remove(engine, "connect", limit)
            engine.dispose()
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(FULL)
        for table in TAKES_NO_MORE:
            connection.exec_driver_sql(f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()")
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION full_disk CASCADE")


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let this process write no file beyond this size: a disk that refuses, as the kernel says it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(app: Flask) -> Iterator[None]:
    """Set READ_ONLY as an operator does, for connections that are opened from now on."""
    with app.app_context():
        engine = db.engine
    engine.dispose()
    app.config["READ_ONLY"] = True
    try:
        yield
    finally:
        app.config["READ_ONLY"] = False
        engine.dispose()


def kept(app: Flask, title: str) -> int:
    """Return how many experiences have this title."""
    with app.app_context():
        count = db.session.execute(sa.text("SELECT count(*) FROM experience WHERE title = :title"), {"title": title}).scalar_one()
        db.session.remove()
    return int(count)
