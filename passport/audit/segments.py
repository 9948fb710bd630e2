"""The months of the journal: how much of each is there, and dropping one that is past its time, its end kept signed."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..extensions import db
from ..retention import kept
from . import heads, rules
from .checking import told_of
from .models import AuditEvent, AuditLink, AuditSegment

Month = tuple[str, int, bool]


class Stays(ValueError):  # noqa: N818 - an answer, not a fault of ours
    """Why a month cannot be dropped, in words for a terminal."""


def months(now: dt.datetime) -> list[Month]:
    """Return each month that is there: its name, how many lines, whether it may go."""
    name = (sa.func.to_char(sa.func.timezone("UTC", AuditEvent.at), "YYYY-MM") if db.engine.dialect.name == "postgresql"
            else sa.func.strftime("%Y-%m", AuditEvent.at))
    rows = db.session.execute(sa.select(name, sa.func.count()).group_by(name).order_by(name))
    return [(month, count, rules.may_go(month, now, kept("security"))) for month, count in rows]


def dropped() -> Sequence[AuditSegment]:
    """Return the months that were dropped, oldest first."""
    return db.session.scalars(sa.select(AuditSegment).order_by(AuditSegment.last)).all()


def drop(month: str, now: dt.datetime) -> int:
    """Delete the lines of a month, the oldest one that is there, and keep its signed end; return how many there were.

    Raises Stays while it is kept, for another one than the oldest, and when there is nothing; heads.Unsigned without a key.
    """
    try:
        end = rules.end_of_month(month)
    except ValueError:
        raise Stays("A month is written as in 2026-11.") from None
    if not rules.may_go(month, now, kept("security")):
        raise Stays(f"{month} is kept until {end + kept('security') + rules.CLOCK_ODD:%Y-%m-%d}.")
    oldest = next(iter(months(now)), None)
    if oldest is None or oldest[0] > month:
        raise Stays(f"There is nothing of {month}.")
    if oldest[0] < month:
        raise Stays(f"Months go in their order: {oldest[0]} first.")
    last = _last_before(end)
    if last is None:
        raise Stays(f"{month} is not sealed yet, or what comes before it is younger: it goes with the next month.")
    count = int(db.session.scalar(sa.select(sa.func.count()).select_from(AuditLink).where(AuditLink.seq <= last.seq)) or 0)
    row: dict[str, Any] = {"month": month, "last": last.seq, "lines": count, "digest": bytes(last.digest)}
    signed = heads.signed(told_of(row))
    db.session.execute(sa.insert(AuditSegment).values(
        **row, ended_at=end, dropped_at=now, key_id=signed["key"], signature=base64.b64decode(signed["signature"])))
    gone = sa.select(AuditLink.event).where(AuditLink.seq <= last.seq)
    for what in (sa.delete(AuditEvent).where(AuditEvent.seq.in_(gone)), sa.delete(AuditLink).where(AuditLink.seq <= last.seq)):
        db.session.execute(what, execution_options={"synchronize_session": False})
    return count


def _last_before(end: dt.datetime) -> Any:
    """Return the last link before the first one whose line is younger than the end of a month, or None."""
    younger = sa.select(sa.func.min(AuditLink.seq)).join(AuditEvent, AuditEvent.seq == AuditLink.event).where(
        AuditEvent.at >= end).scalar_subquery()
    which = sa.or_(younger.is_(None), AuditLink.seq < younger)
    return db.session.execute(
        sa.select(AuditLink.seq, AuditLink.digest).where(which).order_by(AuditLink.seq.desc()).limit(1)).first()
