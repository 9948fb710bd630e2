"""The only clock: everything that needs the time asks here, so that tests can set it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Europe/Paris")


def now() -> dt.datetime:
    """Return the present instant, aware and in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the present day in the city's time zone."""
    return day_of(now())


def day_of(instant: dt.datetime) -> dt.date:
    """Return the day of an instant in the city's time zone."""
    try:
        return instant.astimezone(CITY_ZONE).date()
    except OverflowError:  # « for ever », as others write it: that evening, the city is already past the calendar
        return instant.date()
