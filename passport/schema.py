"""Whether this program and its database belong together: one that does not know the schema touches nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from .extensions import db

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Strange(RuntimeError):  # noqa: N818 - said at the start, in one sentence
    """The database is of another version than this program; the message says what to do."""


@cache
def known() -> tuple[frozenset[str], frozenset[str]]:
    """Return every revision this program knows, and the newest of them."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return frozenset(step.revision for step in scripts.walk_revisions()), frozenset(scripts.get_heads())


def refusal_of_newer(found: Iterable[str]) -> str | None:
    """Return why a database at these revisions is not touched at all: a newer program made it."""
    unknown = sorted(set(found) - known()[0])
    return (f"This database was made by a newer version of the passport (revision {', '.join(unknown)}); "
            "start that version, or put back a copy from instance/backups.") if unknown else None


def refusal_of_older(found: Iterable[str]) -> str | None:
    """Return why a database at these revisions is not served: it waits for a migration."""
    if set(found) == known()[1]:
        return None
    return "This database is not at the schema of this version of the passport: run `python tools/upgrade.py` first."


def look() -> frozenset[str]:
    """Return the revisions of the database."""
    with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return frozenset(MigrationContext.configure(connection).get_current_heads())


def check() -> None:
    """Raise Strange when this program is not to serve this database."""
    found = look()
    if words := refusal_of_newer(found) or refusal_of_older(found):
        raise Strange(words)


def at_start(app: Flask) -> str | None:
    """Check a server that starts; return what it has to say when its database does not answer yet.

    It is then checked before the first request that finds it. Raises Strange.
    """
    with app.app_context():
        try:
            check()
        except sa.exc.SQLAlchemyError:
            app.config["UNCHECKED"] = True
            return "the database does not answer yet; pages say so until it does."
        finally:
            db.engine.dispose()  # no connection is shared with what is forked from here
    return None


def install(app: Flask) -> None:
    """Let no request through to a database that could not be checked at the start and is another's."""

    @app.before_request
    def _checked() -> None:
        if app.config.get("UNCHECKED"):
            check()
            app.config["UNCHECKED"] = False
