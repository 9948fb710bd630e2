"""The list of what was erased: in the database, where it alone opens append-only tables, and in a file outside of it.

A restore replays the file, for a backup is older than what was erased since. A line is written there before the erasure
is committed, and only for what nobody can take back any more: too early a line does no harm, a missing one would let
somebody come back. It holds ids, a time and a cause, nothing else.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from ..extensions import db
from ..notices import jobs
from ..notices.keeping import Goes, forget_daily
from ..retention import kept
from .models import Erasure

CAUSES = ("asked", "inactive", "deleted", "moved")
WHOLE, UNNAMED = "-", "unnamed"


@dataclass(frozen=True)
class Line:
    """One erasure: of a whole passport, or of one experience of it; `unnamed` takes their name from what they recognised."""

    learner_id: uuid.UUID
    cause: str
    at: dt.datetime
    experience_id: uuid.UUID | None = None
    unnamed: bool = False

    def __str__(self) -> str:
        thing = self.experience_id.hex if self.experience_id else UNNAMED if self.unnamed else WHOLE
        return f"{self.at.astimezone(dt.UTC).isoformat()} {self.cause} {self.learner_id.hex} {thing}\n"


def _line(written: str) -> Line | None:
    """Return a line as it was written, or None for one that a power cut left half."""
    with suppress(ValueError):
        at, cause, learner, thing = written.split()
        one = None if thing in {WHOLE, UNNAMED} else uuid.UUID(thing)
        made = Line(uuid.UUID(learner), cause, dt.datetime.fromisoformat(at), one, thing == UNNAMED)
        return made if made.cause in CAUSES and made.at.tzinfo is not None else None
    return None


def place() -> Path:
    """Return where the list lies: a file outside the database (ERASURES)."""
    return Path(current_app.config["ERASURES"])


def note(line: Line) -> None:
    """Open the append-only tables for what is about to be deleted, and list it in the database, in one transaction."""
    db.session.add(Erasure(learner_id=line.learner_id, experience_id=line.experience_id, cause=line.cause, asked_at=line.at,
                           by="learner" if line.cause in {"asked", "moved"} else "system"))
    db.session.flush()


def write_down(line: Line) -> None:
    """Add a line to the file, as the last act before the commit: from here on a restore replays it.

    Raises OSError when the disk does not take it; then nothing is erased either.
    """
    with _held() as path:
        if line not in read(path):
            _append(path, [line])


def begin() -> None:
    """Make the file where there is none yet: from then on one that is missing is missed."""
    with _held() as path:
        _append(path, [])


def _append(path: Path, lines: Iterable[Line]) -> None:
    new = not path.exists()
    with path.open("ab") as file:
        if not new and file.tell() and not path.read_bytes().endswith(b"\n"):
            file.write(b"\n")  # after a power cut
        file.write("".join(map(str, lines)).encode())
        file.flush()
        os.fsync(file.fileno())
    if new:
        path.chmod(0o600)
        _flush(path.parent)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _held() -> Iterator[Path]:
    """Let one process at a time write the list."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(descriptor)


def read(path: Path | None = None) -> list[Line]:
    """Return what the file lists, in its order, each once; nothing when there is no file."""
    try:
        text = (path or place()).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    found = (_line(written) for written in text.splitlines())
    return list(dict.fromkeys(line for line in found if line is not None))


def settle(now: dt.datetime) -> int:
    """Write down what only the database lists, and let go of what no kept backup can bring back, here and there."""
    before = now - kept("replay")
    gone = jobs.delete_some(Erasure.id, Erasure.asked_at <= before)
    rows = db.session.scalars(sa.select(Erasure).where(Erasure.asked_at > before).order_by(Erasure.asked_at, Erasure.id))
    with _held() as path:
        listed = read(path)
        known = {(line.learner_id, line.experience_id) for line in listed}
        missing = [Line(row.learner_id, row.cause, row.asked_at, row.experience_id) for row in rows
                   if (row.learner_id, row.experience_id) not in known]
        young = [line for line in listed if line.at > before]
        if len(young) == len(listed):
            if missing:
                _append(path, missing)
        else:
            fresh = path.with_name(f"{path.name}.new")
            fresh.unlink(missing_ok=True)
            _append(fresh, [*young, *missing])
            fresh.replace(path)
            _flush(path.parent)
    return gone


forget_daily("accounts.erasures", Goes(Erasure.id, lambda now: (Erasure.asked_at <= now - kept("replay"),)), do=settle)
