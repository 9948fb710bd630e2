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


def render_own_type(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write a type of passport.columns by its name, with the import it needs."""
    if kind != "type" or type(item).__module__ != "passport.columns":
        return False
    autogen_context.imports.add("from passport import columns")
    return f"columns.{type(item).__name__}()"


def destination() -> set[str] | None:
    """Return the revisions this command was sent to (none: the empty database), or None when it goes nowhere."""
    try:
        sent_to = context.get_revision_argument()
    except KeyError:  # `current`, `check` and `revision`
        return None
    return {sent_to} if isinstance(sent_to, str) else set(sent_to or ())


def put_triggers_aside(connection: sa.Connection) -> None:
    """Drop every trigger: SQLite cannot rename, and PostgreSQL cannot alter, what a trigger speaks of."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
        drops = [f'DROP TRIGGER "{name}"' for name in found]
    else:
        pairs = connection.exec_driver_sql(
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
        )
        drops = [f'DROP TRIGGER "{name}" ON "{table}"' for name, table in pairs]
    for drop in drops:
        connection.exec_driver_sql(drop)


def put_triggers_back(connection: sa.Connection) -> None:
    """Create every trigger anew; Alembic does not know of them."""
    tables = set(sa.inspect(connection).get_table_names())
    for statement in triggers.statements(connection.dialect.name, tables):
        # Without this, psycopg would read a percent sign in a trigger as a parameter.
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def migrate(connection: sa.Connection) -> None:
    """Run the migrations, with the triggers set aside meanwhile, and check that no foreign key hangs loose."""
    newest, goal = set(context.script.get_heads()), destination()
    state = context.get_context()
    if goal is not None and set(state.get_current_heads()) != goal:
        put_triggers_aside(connection)
    context.run_migrations()
    if connection.dialect.name == "sqlite":
        loose = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if loose:
            raise RuntimeError(f"a migration broke foreign keys: {loose[:5]}")
    if goal is not None:
        if newest and set(state.get_current_heads()) == newest:
            put_triggers_back(connection)
        elif goal:
            context.config.print_stdout("The triggers are off until the database is at its newest revision.")


def run() -> None:
    """Run the migrations and the triggers in one transaction, one process at a time."""
    conf_args.setdefault("process_revision_directives", skip_empty)
    conf_args.setdefault("render_item", render_own_type)
    conf_args.setdefault("compare_type", True)
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        conf_args.setdefault("render_as_batch", sqlite)
        if sqlite:
            # A batch migration drops and re-creates tables. With foreign_keys=ON the DROP
            # would cascade into child rows. The pragma is a no-op inside a transaction,
            # so set it on the raw connection, before SQLAlchemy begins one.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
            # Whoever else migrates takes its time.
            connection.connection.dbapi_connection.execute("PRAGMA busy_timeout=600000")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
            connection.commit()
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                transaction_per_migration=False,
                # SQLite can undo a change of schema too, but Alembic would commit each step by itself.
                transactional_ddl=True,
                **conf_args,
            )
            with context.begin_transaction():
                migrate(connection)
        finally:
            connection.rollback()
            if sqlite:
                connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")
                connection.commit()


run()
