"""Alembic environment: online only, one database, batch migrations that are safe on SQLite."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

from passport import triggers

db = current_app.extensions["migrate"].db
conf_args: dict[str, Any] = dict(current_app.extensions["migrate"].configure_args)

# One number for all the processes that may migrate the same PostgreSQL database at once.
LOCK = 727274


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no revision when nothing differs from the models."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def reached_head() -> bool:
    """Say whether this command was sent somewhere and is now at the newest revision."""
    try:
        context.get_revision_argument()
    except KeyError:  # `current`, `check` and `revision` go nowhere
        return False
    heads = context.get_context().get_current_heads()
    return bool(heads) and set(heads) == set(context.script.get_heads())


def put_triggers_back(connection: sa.Connection) -> None:
    """Create every trigger anew: a batch migration drops those of the table it re-creates, without a word."""
    tables = set(sa.inspect(connection).get_table_names())
    for statement in triggers.statements(connection.dialect.name, tables):
        # Without this, psycopg would read a percent sign in a trigger as a parameter.
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def run() -> None:
    """Run the migrations and the triggers in one transaction, one process at a time."""
    conf_args.setdefault("process_revision_directives", skip_empty)
    conf_args.setdefault("compare_type", True)
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        conf_args.setdefault("render_as_batch", sqlite)
        if sqlite:
            # A batch migration drops and re-creates tables. With foreign_keys=ON the DROP
            # would cascade into child rows. The pragma is a no-op inside a transaction,
            # so set it on the raw connection, before SQLAlchemy begins one.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
            connection.commit()
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                transaction_per_migration=False,
                **conf_args,
            )
            with context.begin_transaction():
                context.run_migrations()
                if sqlite:
                    bad = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if bad:
                        raise RuntimeError(f"a migration broke foreign keys: {bad[:5]}")
                if reached_head():
                    put_triggers_back(connection)
        finally:
            connection.rollback()
            if sqlite:
                connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")
                connection.commit()


run()
