"""How the database is spoken to: nothing is acknowledged before it is on the disk, and no answer is waited for without end."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from flask import Flask, has_request_context, request
from sqlalchemy import event

# How long a page waits, in seconds; together less than the five in which it answers. An idle connection answers at once.
STATEMENT, IDLE, CONNECTING = 3.0, 1.0, 2
# After one was waited for in vain, nobody else waits for as long.
REST = 1.0

KEPT = {
    "sqlite": {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "recursive_triggers": "1",
               "secure_delete": "1"},
    "postgresql": {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"},
}
# What only the operator of a server can set; the servers of the tests, which nobody relies on, go without.
OF_THE_SERVER = frozenset({"fsync", "full_page_writes"})


def prepare(app: Flask, engine: sa.Engine) -> None:
    """Make every connection of the pool keep the promises, those opened later as well.

    A server (`SERVES`) waits for PostgreSQL no longer than a page may take; with `READ_ONLY` nothing can be written.
    """

    def read_only() -> bool:
        return bool(app.config.get("READ_ONLY"))

    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            keep_in_sqlite(connection)
            if read_only():
                connection.execute("PRAGMA query_only=ON")

        @event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            reading = has_request_context() and request.method in {"GET", "HEAD", "OPTIONS"}
            mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED" if reading else "IMMEDIATE")
            connection.exec_driver_sql(f"BEGIN {'DEFERRED' if read_only() else mode}")

        return

    patience = STATEMENT if app.config.get("SERVES") else None
    if patience:
        _wait_in_reason(engine, patience)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        before, connection.autocommit = connection.autocommit, True
        keep_in_postgres(connection)
        if patience:
            connection.execute(f"SET statement_timeout = {int(patience * 1000)}")
        if read_only():
            connection.execute("SET default_transaction_read_only = on")
        connection.autocommit = before


def keep_in_sqlite(connection: Any) -> None:
    """Make one connection write through to the disk, wait its turn, hold to keys and triggers, and leave nothing of what is
    deleted."""
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON",
                   "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def keep_in_postgres(connection: Any) -> None:
    """Make one connection answer after the commit is on the disk, whatever its role or database was told."""
    connection.execute("SET synchronous_commit = on")


def lacking(connection: sa.Connection, served_to_tests: bool) -> list[str]:
    """Return the settings of this very connection that are not as promised, by name."""
    kind = connection.dialect.name
    wanted = {name: value for name, value in KEPT[kind].items() if not (served_to_tests and name in OF_THE_SERVER)}
    asked = {"sqlite": "(SELECT {0} FROM pragma_{0})", "postgresql": "current_setting('{0}')"}[kind]
    found = connection.exec_driver_sql(f"SELECT {', '.join(asked.format(name) for name in wanted)}").one()
    return [name for name, value in zip(wanted, found, strict=True) if str(value) != wanted[name]]


def _wait_in_reason(engine: sa.Engine, patience: float) -> None:
    """Make connections to PostgreSQL give up by themselves: a server that stands still says nothing at all."""
    from psycopg import Connection, OperationalError, errors

    silent = {"until": 0.0}

    class Patient(Connection[Any]):
        """A connection that is closed when its server does not answer in time."""

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, timeout or (IDLE if self.autocommit else patience))
            except errors._WaitTimeout:
                silent["until"] = time.monotonic() + REST
                self.pgconn.finish()
                raise OperationalError("no answer from the server") from None

    @event.listens_for(engine, "do_connect")
    def _open(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
        if time.monotonic() < silent["until"]:
            raise OperationalError("the server did not answer just now")
        try:
            return Patient.connect(*arguments, **{"connect_timeout": CONNECTING, **named})
        except errors.ConnectionTimeout:
            silent["until"] = time.monotonic() + REST
            raise
