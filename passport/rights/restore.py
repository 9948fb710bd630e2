"""Restores: a backup checked and put back, with everybody who was erased since erased again, before anybody is served."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask_migrate
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import current_app

from .. import opened
from ..accounts import erasures
from ..accounts.models import Account, Session
from ..audit import heads, sealing
from ..audit.service import record
from ..clock import day_of
from ..credentials import keys, proofs
from ..credentials.models import Credential, SigningKey
from ..experiences import files
from ..experiences import service as experiences
from ..experiences.models import Experience
from ..extensions import db, migrate
from ..transaction import release, transaction
from . import backup, erasing
from .backup import NotDone

Say = Callable[[str], None]


@dataclass(frozen=True)
class Allowed:
    """What whoever restores says yes to: that what is there is replaced, and to go on without keys or without the list."""

    replace: bool = False
    without_keys: bool = False
    without_list: bool = False


def restore(folder: Path, allowed: Allowed, now: dt.datetime, say: Say) -> None:
    """Put a backup back in place of what is there, erase again, end every session and check the result. Raises NotDone.

    Nothing is changed before all of the backup was checked. From then on no server starts until this has ended well;
    killed half-way, it is simply begun again.
    """
    manifest = checked(folder, allowed)
    _room(allowed)
    opened.close(Path(current_app.instance_path), folder.name)
    (_lite if backup.is_lite() else _dump)(folder / str(manifest["database"]))
    _same(manifest)
    say(f"{sum(manifest['counts'].values())} rows are back, as many as were saved on {manifest['made_at']}.")
    _files(folder, manifest)
    if manifest["revision"] not in _heads():
        flask_migrate.upgrade(directory=migrate.directory)
        say("The schema was brought up to date.")
    _give_up(dt.datetime.fromisoformat(manifest["made_at"]), say)
    with transaction():
        ended = db.session.execute(sa.update(Session).where(Session.ended_at.is_(None)).values(ended_at=now)
                                   .returning(Session.id_hash), execution_options={"synchronize_session": False}).all()
        record("restore", None, now)
    say(f"{len(ended)} sessions ended: everybody signs in again.")
    say(f"{replay(now)} erasures were done again.")
    say(f"{credentials_verify()} credentials verify as they were signed.")
    _sound()
    _seal()
    opened.open_again(Path(current_app.instance_path))
    _journal()


# ---------- before anything is changed ----------


def checked(folder: Path, allowed: Allowed) -> dict[str, Any]:
    """Return the manifest of a backup that is whole, of this kind of database and not newer than this program."""
    try:
        manifest: dict[str, Any] = json.loads((folder / backup.MANIFEST).read_text(encoding="utf-8"))
        parts = {folder / str(manifest["database"]): manifest["sha256"],
                 **{folder / backup.FILES / name: digest for name, digest in manifest["files"].items()}}
    except (OSError, ValueError, KeyError, AttributeError):
        raise NotDone(f"{folder} is no whole backup: it has no {backup.MANIFEST} that can be read.") from None
    for path, digest in parts.items():
        if not path.is_file() or backup.digest_of(path) != digest:
            raise NotDone(f"{path.name} is not as it was saved (its SHA-256 differs): take another backup.")
    if (manifest["database"] == backup.LITE) != backup.is_lite():
        raise NotDone("This backup is of the other kind of database: set DATABASE_URL to SQLite or PostgreSQL as it was.")
    if manifest["revision"] not in {step.revision for step in ScriptDirectory(migrate.directory).walk_revisions()}:
        raise NotDone(f"This backup was made by a newer version of the passport ({manifest['revision']}): install that one.")
    for key_id in () if allowed.without_keys else manifest["signing_keys"]:
        try:
            keys.read(key_id)
        except keys.NoKey as missing:
            raise NotDone(f"{missing} Without it nothing can be signed any more. --without-keys goes on all the same.") from None
    if not (allowed.without_list or erasures.place().is_file()):
        raise NotDone(f"{erasures.place()} is missing: who erased their passport since would come back. Bring the list there "
                      "(ERASURES), or say --without-list when there is none.")
    return manifest


def _heads() -> set[str]:
    return set(ScriptDirectory(migrate.directory).get_heads())


def _room(allowed: Allowed) -> None:
    """Refuse to write over people, or under the feet of a server."""
    with db.engine.connect() as connection:
        there = "account" in sa.inspect(connection).get_table_names() and connection.execute(
            sa.select(sa.exists().where(Account.id.is_not(None)))).scalar_one()
        others = 0
        if not backup.is_lite():
            others = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'").scalar_one()
    db.session.remove()
    db.engine.dispose()
    kept = Path(current_app.config["EVIDENCE_FOLDER"]) / files.KEPT
    if (there or (kept.is_dir() and any(kept.iterdir()))) and not allowed.replace:
        raise NotDone("People are in this database already, or files in its folder. --replace gives them up for the backup.")
    if backup.is_lite():
        others = _others_on_lite()
    if others:
        raise NotDone("The database is in use: stop the server and the workers first.")


def _others_on_lite() -> int:
    """Say whether another connection holds the file: only whoever is alone may leave its log."""
    try:
        with closing(sqlite3.connect(str(db.engine.url.database), timeout=0)) as connection:
            return int(connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete")
    except sqlite3.OperationalError:
        return 1


# ---------- putting back ----------


def _lite(path: Path) -> None:
    """Write the saved pages over the database in one transaction of SQLite: the old ones stay until all are there."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source, \
            closing(sqlite3.connect(str(db.engine.url.database), timeout=0)) as target:
        target.execute("PRAGMA secure_delete=ON")
        source.backup(target)


def _dump(path: Path) -> None:
    """Replace everything in one transaction of PostgreSQL: the old rows stay until all the new ones are there."""
    script = backup.program("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(path), stdout=-1).stdout
    before = b"DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public;\n"
    backup.program("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-",
                   input=before + script, stdout=-3)


def _same(manifest: dict[str, Any]) -> None:
    with db.engine.connect() as connection:
        found = backup.facts_of(connection)
    for what in ("revision", "counts", "credentials"):
        if found[what] != manifest[what]:
            raise NotDone(f"What was put back differs from what was saved ({what}): take another backup.")


def _files(folder: Path, manifest: dict[str, Any]) -> None:
    evidence = Path(current_app.config["EVIDENCE_FOLDER"])
    for name in (files.KEPT, files.ARRIVING):
        shutil.rmtree(evidence / name, ignore_errors=True)
    (evidence / files.KEPT).mkdir(parents=True, mode=0o700)
    for name in manifest["files"]:
        shutil.copyfile(folder / backup.FILES / name, evidence / files.KEPT / name)
        (evidence / files.KEPT / name).chmod(0o600)


# ---------- afterwards ----------


def replay(now: dt.datetime) -> int:
    """Erase again whatever the list names and is there all the same, each in its own transaction; return how many."""
    count = 0
    for line in erasures.read():
        with transaction():
            count += _again(line)
    return count


def _again(line: erasures.Line) -> bool:
    if line.experience_id is not None:
        there = db.session.scalar(sa.select(sa.exists().where(
            Experience.id == line.experience_id, Experience.learner_id == line.learner_id)))
        if there:
            experiences.erase(line.learner_id, line.experience_id, line.at)
        return bool(there)
    last = db.session.scalar(sa.select(Account.last_active_on).where(Account.id == line.learner_id))
    if line.cause == "inactive" and last is not None and last > day_of(line.at):
        return False  # they came back while that erasure was tried
    return erasing.erase(line.learner_id, line.cause, line.at, line.unnamed)


def credentials_verify() -> int:
    """Check the signature of each credential, and return how many there are. Raises NotDone for one that does not hold."""
    rows = db.session.execute(sa.select(Credential.document, SigningKey.public)
                              .join(SigningKey, SigningKey.key_id == Credential.key_id))
    count = 0
    for row in rows:
        try:
            proofs.verified(json.loads(row.document), row.public)
        except (proofs.Unsound, ValueError):
            raise NotDone("A credential does not verify as it was signed: take another backup.") from None
        count += 1
    release()
    return count


def _give_up(made_at: dt.datetime, say: Say) -> None:
    """Sign that what was sealed in the journal since the backup is given up: before anything new stands in its place.

    The head bears the time of the backup, for the next lines that are sealed may be as old.
    """
    with db.engine.connect() as connection:
        position, _digest = sealing.head(connection)
    try:
        if heads.goes_on_after(position) or (position and not heads.file().exists()):
            heads.append(made_at, restored=True)
            say(f"What was sealed in the journal since is given up; it stays written in {heads.file()}.")
    except (heads.Unsigned, heads.Unreadable) as missing:
        say(f"The journal cannot say in {heads.file()} that a backup was brought back: {missing}")


def _seal() -> None:
    """Seal what waited in the backup and what was written since: no worker runs."""
    sealed = 1
    while sealed:
        with transaction():
            sealed = sealing.seal(everywhere=True)


def _sound() -> None:
    """Ask the database whether all holds together. Raises NotDone."""
    with db.engine.connect() as connection:
        if backup.is_lite() and (connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() != "ok"
                                 or connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
            raise NotDone("The database that was put back is damaged: take another backup.")


def _journal() -> None:
    """Ask the journal's own check. Raises NotDone, when all is back: what was wrong in the backup keeps no city closed."""
    audit: Any = current_app.cli.commands.get("audit")
    try:
        audit.commands["verify"].main([], standalone_mode=False)
    except SystemExit as ended:
        if ended.code:
            raise NotDone("All of it is back and servers may start, but the journal does not hold together (flask audit "
                          "verify).") from None
