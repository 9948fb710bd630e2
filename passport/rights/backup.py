"""Backups: the whole city in one folder, consistent while people write, with what a restore checks it against.

Keys are in none of them (SIGNING_KEYS, SECRET_KEY, SEAL_KEY, CASE_KEY): whoever finds a backup signs and unseals nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from ..accounts import erasures
from ..credentials.models import Credential, SigningKey
from ..experiences import files
from ..extensions import db
from ..notices import jobs

KEPT_DAYS = 35  # what is erased is in no backup after that: the promise counts on it
MANIFEST, LITE, DUMP, FILES = "manifest.json", "database.sqlite", "database.dump", "files"
UNFINISHED = ".unfinished-"
CLIENT = "The PostgreSQL client is missing (Debian: apt-get install postgresql-client)."


class NotDone(RuntimeError):  # noqa: N818 - said at a terminal, in one sentence
    """A backup or a restore that cannot be; the message says why and what to do."""


def make(folder: Path, now: dt.datetime, keep_days: int = KEPT_DAYS) -> Path:
    """Write a backup into this folder and return where it lies; older ones than `keep_days` are removed. Raises NotDone.

    It bears its name only once all of it is on the disk: killed half-way, it leaves nothing that looks whole.
    """
    name = f"passport-{now:%Y%m%dT%H%M%SZ}"
    part, whole = folder / f"{UNFINISHED}{name}", folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        if whole.exists():
            raise NotDone(f"{whole} is there already.")
        for fresh in (part, part / FILES):
            fresh.mkdir(mode=0o700)
        facts = _lite(part / LITE) if is_lite() else _dump(part / DUMP)
        manifest = {"made_at": now.isoformat(), "database": LITE if is_lite() else DUMP, **facts,
                    "files": _files(part / FILES)}
        manifest["sha256"] = digest_of(part / str(manifest["database"]))
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
        for path in [*part.rglob("*"), part]:
            _flush(path)
        part.rename(whole)
        _flush(folder)
    except (OSError, sqlite3.Error) as fault:
        shutil.rmtree(part, ignore_errors=True)
        raise NotDone(f"The backup was not made: {fault}.") from None
    erasures.begin()
    forget_old(folder, now, min(keep_days, KEPT_DAYS))
    return whole


def is_lite() -> bool:
    """Say whether the city lies in an SQLite file."""
    return db.engine.dialect.name == "sqlite"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def facts_of(connection: sa.Connection) -> dict[str, Any]:
    """Return what a database is known by: its revision, its rows by table, its credentials and the keys that sign."""
    tables = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version", "rate_limit"})
    counts = {table: connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()
              for table in tables}
    documents = hashlib.sha256()
    if {"credential", "signing_key"} <= set(tables):
        for row in connection.execute(sa.select(Credential.id, Credential.document).order_by(Credential.id)):
            documents.update(row.id.bytes + hashlib.sha256(row.document).digest())
        signing = list(connection.execute(sa.select(SigningKey.key_id).where(
            SigningKey.until_at.is_(None), SigningKey.compromised_at.is_(None)).order_by(SigningKey.key_id)).scalars())
    else:
        signing = []
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    return {"revision": revision, "counts": counts, "credentials": documents.hexdigest(), "signing_keys": signing}


@contextmanager
def _apart(path: Path) -> Iterator[sa.Connection]:
    """Open an SQLite file that nobody else uses."""
    engine = sa.create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _lite(path: Path) -> dict[str, Any]:
    """Copy the live SQLite database at one instant, by its own interface, into a file that stands alone."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(str(db.engine.url.database), timeout=10)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)  # every page in one step: one instant, whoever writes meanwhile
        target.execute("PRAGMA journal_mode=DELETE")
        if target.execute("PRAGMA integrity_check").fetchone() != ("ok",) or target.execute(
                "PRAGMA foreign_key_check").fetchone():
            raise NotDone("The database is damaged: the backup was not made, and the last good one was kept.")
    with _apart(path) as connection:
        return facts_of(connection)


def postgres_environment() -> dict[str, str]:
    """Return what PostgreSQL's own programs are told: nothing of it, a password least of all, stands in a list of processes."""
    url = db.engine.url
    query = {name: str(value) for name, value in url.query.items()}
    said = {"PGHOST": url.host or query.pop("host", ""), "PGPORT": str(url.port or query.pop("port", "")),
            "PGUSER": url.username or "", "PGPASSWORD": str(url.password or ""), "PGDATABASE": url.database or "",
            **{f"PG{name.upper()}": value for name, value in query.items() if name.startswith("ssl")}}
    return {**os.environ, **{name: value for name, value in said.items() if value}}


def program(*words: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run one of PostgreSQL's own programs. Raises NotDone with what it said."""
    try:
        done = subprocess.run(words, env=postgres_environment(), stderr=subprocess.PIPE, check=False, **more)  # noqa: S603
    except FileNotFoundError:
        raise NotDone(CLIENT) from None
    if done.returncode:
        raise NotDone(f"{words[0]}: {done.stderr.decode(errors='replace').strip()[:600]}")
    return done


def _dump(path: Path) -> dict[str, Any]:
    """Dump a PostgreSQL database at one instant, and count in that very instant."""
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        instant = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        program("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={instant}", f"--file={path}")
        path.chmod(0o600)
        return facts_of(connection)


def _files(folder: Path) -> dict[str, str]:
    """Copy what lies beside the database, after it: a file without row is swept away later, never the other way round."""
    found = {}
    for kept in (files.KEPT, files.ARRIVING):
        for path in sorted((Path(current_app.config["EVIDENCE_FOLDER"]) / kept).glob("*")):
            try:
                shutil.copyfile(path, folder / path.name)
            except FileNotFoundError:
                continue  # erased, or settled, meanwhile
            found[path.name] = digest_of(folder / path.name)
    return found


def made_at(backup: Path) -> dt.datetime | None:
    """Return when a backup was made, by its name; None for anything else."""
    try:
        return dt.datetime.strptime(backup.name, "passport-%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def forget_old(folder: Path, now: dt.datetime, keep_days: int = KEPT_DAYS) -> int:
    """Remove the backups that are older than this, and return how many; nothing else in the folder is touched."""
    old = [path for path in folder.iterdir() if (at := made_at(path)) and now - at >= dt.timedelta(days=keep_days)]
    for path in old:
        shutil.rmtree(path)
    return len(old)


def forget_copies(now: dt.datetime) -> int:
    """Remove the copies made before migrations once they are as old as a backup may be."""
    gone = 0
    for path in (Path(current_app.instance_path) / "backups").glob("*.db"):
        if now.timestamp() - path.stat().st_mtime >= KEPT_DAYS * 86400:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


jobs.every_day("rights.copies", forget_copies)
