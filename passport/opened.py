"""Whether a city may be served: not while a restore is under way, or was left half-way."""

from __future__ import annotations

import os
from pathlib import Path

MARK = "restoring"


def close(instance: Path, what: str) -> None:
    """Let no server start from here on, even after a power cut."""
    with (instance / MARK).open("w") as file:
        file.write(what)
        file.flush()
        os.fsync(file.fileno())


def open_again(instance: Path) -> None:
    """Let servers start again."""
    (instance / MARK).unlink(missing_ok=True)


def unfinished(instance: Path) -> str | None:
    """Return which restore was not brought to its end, or None."""
    try:
        return (instance / MARK).read_text() or "?"
    except FileNotFoundError:
        return None
