"""Reports: when they are due, how long they are kept, and when they may be closed."""

from __future__ import annotations

import datetime as dt

from ..refusals import Refusal

WORKING_DAYS = 2
KEPT = dt.timedelta(days=365)


def due_at(made_at: dt.datetime, zone: dt.tzinfo, closes: int = 18) -> dt.datetime:
    """Return the end of the second working day after a report, in the city (promise S15), when reading ends there."""
    day, left = made_at.astimezone(zone).date(), WORKING_DAYS
    while left:
        day += dt.timedelta(days=1)
        if day.weekday() < 5:
            left -= 1
    return dt.datetime.combine(day, dt.time(closes), tzinfo=zone).astimezone(dt.UTC)


def keep_until(made_on: dt.date) -> dt.date:
    """Return the last day a report is kept: 12 months."""
    return made_on + KEPT


def refusal_to_report(delivered: bool) -> Refusal | None:
    """Say why a text cannot be reported, or None when it can: it has arrived."""
    return None if delivered else Refusal.NOT_VISIBLE_YET


def refusal_to_close(handler: bool, about: bool) -> Refusal | None:
    """Say why somebody cannot close a report, or None when they can: it is theirs, and not about them."""
    return None if handler and not about else Refusal.NOT_ALLOWED
