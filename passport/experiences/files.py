"""Where photos and documents lie: outside of what the web server gives away, under random names.

A file is written whole under `arriving/`, its row is committed, then it moves to `kept/`. Killed anywhere in between,
nothing acknowledged is lost: a row whose file still arrives is read from there, a file without a row is swept away.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from flask import current_app

from ..refusals import Refusal, Refused

ARRIVING, KEPT = "arriving", "kept"
SMALL = ".small"
LEFT_BEHIND = dt.timedelta(hours=1)


def _folder(name: str) -> Path:
    folder = Path(current_app.config["EVIDENCE_FOLDER"]) / name
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _flush(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def arrive(content: bytes, small: bytes | None) -> str:
    """Write a file, and its size for screens, to where it waits for its row, and return its name.

    Raises Refused(STORE_BUSY) when the disk does not take it; then nothing is left of it.
    """
    name, folder = secrets.token_hex(16), _folder(ARRIVING)
    try:
        if small is not None:
            _write(folder / f"{name}{SMALL}", small)
        _write(folder / name, content)
        _flush(folder)
    except OSError:
        discard(name)
        raise Refused(Refusal.STORE_BUSY) from None
    return name


def settle(name: str) -> None:
    """Move a file whose row is committed to where it stays; what is there already stays there."""
    arriving, kept = _folder(ARRIVING), _folder(KEPT)
    moved = False
    for part in (f"{name}{SMALL}", name):
        try:
            (arriving / part).rename(kept / part)
            moved = True
        except FileNotFoundError:
            continue
    if moved:
        _flush(kept)
        _flush(arriving)


def discard(name: str) -> None:
    """Remove a file wherever it lies; doing it twice is doing it once."""
    for folder in (_folder(ARRIVING), _folder(KEPT)):
        for part in (name, f"{name}{SMALL}"):
            (folder / part).unlink(missing_ok=True)


def read(name: str, small: bool = False) -> bytes | None:
    """Return a file, or its size for screens; None when it is not there."""
    part = f"{name}{SMALL}" if small else name
    for path in (_folder(KEPT) / part, _folder(ARRIVING) / part, _folder(KEPT) / part):  # it may move meanwhile
        try:
            return path.read_bytes()
        except FileNotFoundError:
            continue
    return None


def lying(now: dt.datetime) -> tuple[set[str], set[str]]:
    """Return the names of the files that stay, and of those that began to arrive more than an hour ago."""
    before = (now - LEFT_BEHIND).timestamp()
    late = {path.name.removesuffix(SMALL) for path in _folder(ARRIVING).iterdir() if _changed(path) < before}
    return {path.name.removesuffix(SMALL) for path in _folder(KEPT).iterdir()}, late


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # it moved on
        return float("inf")


def lies(name: str, small: bool = False) -> bool:
    """Say whether a file, or its size for screens, is there."""
    part = f"{name}{SMALL}" if small else name
    return any((_folder(f) / part).exists() for f in (KEPT, ARRIVING, KEPT))


def missing(names: Iterable[str]) -> set[str]:
    """Return those of these names of which nothing lies anywhere."""
    return {name for name in names if not lies(name)}
