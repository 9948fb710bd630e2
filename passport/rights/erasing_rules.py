"""When an erasure happens, and what can still be taken back; nothing but the standard library."""

from __future__ import annotations

import datetime as dt

from ..refusals import Refusal

# What happens to credentials that somebody has downloaded already.
CANCELLED, VERIFIABLE = "asked", "moved"
DAY = dt.timedelta(days=1)
MONTH = dt.timedelta(days=30)


def due_at(at_once: bool, pause: int, now: dt.datetime) -> dt.datetime:
    """Return when a passport is erased: now, or when the pause of the city (in days) is over."""
    return now if at_once else now + pause * DAY


def refusal_to_take_back(due: dt.datetime, now: dt.datetime) -> Refusal | None:
    """Say why an erasure is not taken back any more, or None while it can be: up to its moment, never after."""
    return Refusal.ERASING_NOW if due <= now else None


def kept_until(months: int, now: dt.datetime) -> dt.datetime | None:
    """Return until when adults' words to a protected learner stay under seal; None when this city keeps none."""
    return now + months * MONTH if months else None


def refusal_to_open(asked_by_me: bool, wrote_it: bool, asked: bool, confirmed: bool) -> Refusal | None:
    """Say why sealed words do not open, or None when this person may be the second who agrees: never whoever wrote them."""
    if wrote_it:
        return Refusal.NOT_ONESELF
    if confirmed:
        return Refusal.ALREADY_DECIDED
    return Refusal.TWO_PERSONS if not asked or asked_by_me else None
