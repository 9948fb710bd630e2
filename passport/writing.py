"""Whether anything can be written: what a fault says of it, and what this process has seen of late."""

from __future__ import annotations

import errno
import time

import sqlalchemy as sa
from flask import current_app

# SQLite: read-only, disk I/O, full. PostgreSQL: disk full, read-only, I/O.
SQLITE = frozenset({8, 10, 13})
POSTGRES = frozenset({"53100", "25006", "58030"})
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})
REMEMBERED = 60.0


def is_away(fault: BaseException) -> bool:
    """Say whether this is no fault of the program: the database does not answer, or takes no writing for now."""
    return isinstance(fault, (sa.exc.OperationalError, sa.exc.TimeoutError)) or is_refused(fault)


def is_refused(fault: BaseException) -> bool:
    """Say whether a disk or a database took no writing: full, broken, or read-only."""
    if isinstance(fault, OSError):
        return fault.errno in DISK
    said = getattr(fault, "orig", None)
    return getattr(said, "sqlite_errorcode", 0) & 0xFF in SQLITE or getattr(said, "sqlstate", None) in POSTGRES


def note(refused: bool) -> None:
    """Remember how the last writing went; what was refused is said on pages for a minute, or until one succeeds."""
    current_app.config["REFUSED_AT"] = time.monotonic() if refused else None


def is_possible() -> bool:
    """Say whether what is sent now may be expected to be kept."""
    refused = current_app.config.get("REFUSED_AT")
    return not current_app.config.get("READ_ONLY") and (refused is None or time.monotonic() - refused > REMEMBERED)
