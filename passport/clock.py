"""The only clock: everything that needs the time asks here, so that tests can set it."""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Europe/Paris")


# As far as a clock is put back, time goes on as if it had not been; further, somebody put right what was wrong.
HELD = dt.timedelta(hours=2)
_seen = (dt.datetime.now(dt.UTC), time.monotonic())


def held(wall: dt.datetime, steady: dt.datetime) -> dt.datetime:
    """Return what time it is by a clock on the wall, and by one that only counts on from what was seen before."""
    return steady if wall < steady <= wall + HELD else wall


def now() -> dt.datetime:
    """Return the present instant, aware and in UTC; an hour put back revives nothing that was over in this process."""
    global _seen
    before, at = _seen
    counted = time.monotonic()
    instant = held(dt.datetime.now(dt.UTC), before + dt.timedelta(seconds=counted - at))
    _seen = (instant, counted)
    return instant


def today() -> dt.date:
    """Return the present day in the city's time zone."""
    return day_of(now())


def day_of(instant: dt.datetime) -> dt.date:
    """Return the day of an instant in the city's time zone."""
    try:
        return instant.astimezone(CITY_ZONE).date()
    except OverflowError:  # « for ever », as others write it: that evening, the city is already past the calendar
        return instant.date()
