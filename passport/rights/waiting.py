"""Where a passport that was sent waits, for an hour at most, until its learner lets it in: one for each learner."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import uuid
from pathlib import Path
from typing import IO

from flask import current_app

from .. import clock
from ..notices import jobs
from ..refusals import Refusal, Refused

WAITS = dt.timedelta(hours=1)
DIGEST = re.compile("[0-9a-f]{64}")


def _folder() -> Path:
    folder = Path(current_app.config["EVIDENCE_FOLDER"]) / "brought"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(learner_id: uuid.UUID, digest: str) -> Path | None:
    return _folder() / f"{learner_id.hex}.{digest}" if DIGEST.fullmatch(digest) else None


def keep(learner_id: uuid.UUID, file: IO[bytes]) -> str:
    """Keep a file that was sent in the place of an earlier one, and return its digest.

    Raises Refused(STORE_BUSY) when the disk does not take it; then nothing is left of it.
    """
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # all it asks of it is there
    forget(learner_id)
    sweep(clock.now())
    path = _folder() / f"{learner_id.hex}.{digest}"
    try:
        file.seek(0)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as kept:
            shutil.copyfileobj(file, kept, 1_000_000)
    except OSError:
        path.unlink(missing_ok=True)
        raise Refused(Refusal.STORE_BUSY, "file") from None
    return digest


def waiting(learner_id: uuid.UUID, digest: str) -> IO[bytes] | None:
    """Return the open file that waits under this digest, or None when it no longer does."""
    path = _path(learner_id, digest)
    sweep(clock.now())
    try:
        return path.open("rb") if path is not None else None
    except FileNotFoundError:
        return None


def take(learner_id: uuid.UUID, digest: str) -> IO[bytes] | None:
    """Return the open file that waited; whoever comes second finds None, as of two taps one lets it in."""
    path = _path(learner_id, digest)
    sweep(clock.now())
    if path is None:
        return None
    coming = path.with_name(path.name + ".coming")
    try:
        path.rename(coming)
        taken = coming.open("rb")
    except FileNotFoundError:
        return None
    coming.unlink(missing_ok=True)  # it stays readable while it is open, and is gone however this ends
    return taken


def forget(learner_id: uuid.UUID) -> None:
    """Remove what waits for a learner."""
    for path in _folder().glob(f"{learner_id.hex}.*"):
        path.unlink(missing_ok=True)


def sweep(now: dt.datetime) -> int:
    """Remove what waited for more than an hour, and return how many there were."""
    gone = 0
    for path in list(_folder().iterdir()):
        try:
            if path.stat().st_mtime < (now - WAITS).timestamp():
                path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
    return gone


jobs.every_day("rights.forget_brought", sweep)
