"""When a passport that nobody uses is warned about, and when it ends (promise P20); plain Python."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from dataclasses import dataclass

# Somebody without an address cannot be warned: their passport is kept as long as any city may choose.
WITHOUT_ADDRESS = 60


@dataclass(frozen=True)
class Step:
    """One step towards the end: so many months and days before it, and so many days at least after the step before."""

    months: int
    days: int
    after: int


WARNINGS = (Step(6, 0, 0), Step(2, 0, 120), Step(0, 14, 45))
END = Step(0, 0, 14)
STEPS = (*WARNINGS, END)


def period(chosen: int, has_address: bool) -> int:
    """Return after how many months without use a passport ends."""
    return chosen if has_address else max(chosen, WITHOUT_ADDRESS)


def earlier(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months before, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def unused_since(step: Step, months: int, today: dt.date) -> dt.date:
    """Return the last day of use at which this step is due today, for a passport that ends after so many months."""
    return earlier(today + dt.timedelta(days=step.days), months - step.months)


def is_due(step: Step, months: int, last_active_on: dt.date, warned_at: dt.datetime | None, now: dt.datetime, today: dt.date) -> bool:
    """Say whether this step is due: its day is there, and the step before was long enough ago, however late that came."""
    rested = step.after == 0 or (warned_at is not None and warned_at <= now - dt.timedelta(days=step.after))
    return last_active_on <= unused_since(step, months, today) and rested


def ends_on(step: Step, today: dt.date) -> dt.date:
    """Return the day of the end that a warning tells, counted from the day it leaves."""
    return earlier(today + dt.timedelta(days=step.days), -step.months)
