"""How the lines of the journal are chained, and when a month of it may go; plain Python."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from dataclasses import dataclass

GENESIS = bytes(32)
# How far the clock may have been wrong before a line that is older than a signed head counts as put in.
CLOCK_ODD = dt.timedelta(days=1)
# What is written waits so long at most before a worker seals it; then something is wrong.
SEALED_WITHIN = dt.timedelta(hours=1)
HEAD = b"head of the journal of a learner passport\n"


@dataclass(frozen=True)
class Line:
    """One line of the journal, as it is sealed: when, who and what by reference, and the verb."""

    seq: int
    at: dt.datetime
    actor_ref: uuid.UUID | None
    action: str
    object_ref: uuid.UUID | None


def digest_of(previous: bytes, position: int, line: Line) -> bytes:
    """Return the 32 bytes that seal a line in its place of the chain, after what was sealed before (SHA-256)."""
    told = [position, line.seq, line.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            line.actor_ref.hex if line.actor_ref else None, line.action,
            line.object_ref.hex if line.object_ref else None]
    return hashlib.sha256(previous + json.dumps(told, separators=(",", ":")).encode()).digest()


def to_sign(told: dict[str, object]) -> bytes:
    """Return the bytes of a head that are signed: apart from whatever else the same key signs."""
    return HEAD + json.dumps({k: v for k, v in told.items() if k != "signature"}, sort_keys=True,
                             separators=(",", ":")).encode()


def month_of(at: dt.datetime) -> str:
    """Return the month of a line, in UTC: 2026-11."""
    return f"{at.astimezone(dt.UTC):%Y-%m}"


def end_of_month(month: str) -> dt.datetime:
    """Return the first instant after a month (UTC). Raises ValueError for what is no month."""
    first = dt.datetime.strptime(month, "%Y-%m").replace(tzinfo=dt.UTC)
    return (first + dt.timedelta(days=32)).replace(day=1)


def is_put_in(line_at: dt.datetime, head_at: dt.datetime) -> bool:
    """Say whether a line that was sealed after a signed head says it is older than that head."""
    return line_at < head_at - CLOCK_ODD


def may_go(month: str, now: dt.datetime, kept: dt.timedelta) -> bool:
    """Say whether everything of a month is older than the journal is kept."""
    return end_of_month(month) + kept + CLOCK_ODD <= now
