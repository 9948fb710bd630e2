"""Bring the database to the newest schema; copy an SQLite file first when something would change.

The copies are in instance/backups (the newest five are kept). They hold people's data: mind who can read them.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError

ROOT = Path(__file__).resolve().parent.parent
KEPT = 5


def copy(database: Path, folder: Path, revision: str) -> Path:
    """Copy a live SQLite database with its own backup interface and return the path of the copy."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{database.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{revision}.db"
    for left in folder.glob("*.part"):  # of one that was killed
        if left.stat().st_mtime < time.time() - 3600:
            left.unlink(missing_ok=True)
    part = folder / f"{name}.{os.getpid()}.part"
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    source, target = sqlite3.connect(database), sqlite3.connect(part)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    part.replace(folder / name)
    for old in sorted(folder.glob(f"{database.stem}-*.db"))[:-KEPT]:
        old.unlink()
    return folder / name


def main() -> int:
    """Copy when needed, upgrade, and return 0, or 1 with one line of explanation."""
    sys.path.insert(0, str(ROOT))
    from config import ConfigurationError, settings
    from passport import create_app, schema

    try:
        app = create_app({**settings(), "READ_ONLY": False})
    except ConfigurationError as exc:
        print(f"settings: {exc}", file=sys.stderr)
        return 1
    with app.app_context():
        engine: sa.Engine = app.extensions["migrate"].db.engine
        scripts = ScriptDirectory(str(ROOT / "migrations"))
        try:
            now = sorted(schema.look())
        except sa.exc.OperationalError as exc:
            print(f"Cannot open the database: {str(exc.orig).strip().splitlines()[0]}", file=sys.stderr)
            return 1
        if words := schema.refusal_of_newer(now):
            print(words, file=sys.stderr)
            return 1
        if now and set(now) != set(scripts.get_heads()):
            if engine.dialect.name == "sqlite" and engine.url.database:
                copied = copy(Path(engine.url.database), Path(app.instance_path) / "backups", now[0])
                print(
                    f"The database was copied to {copied.name} (instance/backups) before its schema changes."
                )
            else:
                print("The schema of the database changes now.")
        try:
            flask_migrate.upgrade(directory=str(ROOT / "migrations"))
        except CommandError as exc:
            print(f"The schema of the database cannot be brought up to date: {exc}", file=sys.stderr)
            return 1
        finally:
            engine.dispose()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
