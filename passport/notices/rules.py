"""When a message leaves: not at night, not one by one, not for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

NIGHT_FROM, NIGHT_TO = 22, 7
GATHERS = dt.timedelta(minutes=2)
APART = dt.timedelta(minutes=30)
STILL_NEWS = dt.timedelta(days=3)
MOST_ATTEMPTS = 12
FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(hours=6)


def arrives_at(written_at: dt.datetime, protected: bool, zone: dt.tzinfo) -> dt.datetime:
    """Return when an adult's words arrive: at once, or at 7 in the city when a protected learner's night holds them."""
    local = written_at.astimezone(zone)
    if not protected or NIGHT_TO <= local.hour < NIGHT_FROM:
        return written_at
    day = local.date() + dt.timedelta(days=1 if local.hour >= NIGHT_FROM else 0)
    return dt.datetime.combine(day, dt.time(NIGHT_TO), tzinfo=zone).astimezone(dt.UTC)


def leaves_at(
    visible_at: dt.datetime, last_sent_at: dt.datetime | None, protected: bool, zone: dt.tzinfo
) -> dt.datetime:
    """Return when a message about what waits leaves: two minutes after, so that several become one; half an hour
    after the last one; and never in a protected learner's night (promise S4)."""
    earliest = visible_at + GATHERS
    if last_sent_at is not None:
        earliest = max(earliest, last_sent_at + APART)
    return arrives_at(earliest, protected, zone)


def wait_after(attempts: int) -> dt.timedelta:
    """Return how long to wait after so many attempts in vain: 30 seconds, then four times as long, at most 6 hours."""
    times = 4 ** min(max(attempts - 1, 0), 8)
    return min(FIRST_WAIT * int(times), LONGEST_WAIT)


def tries_again_at(attempts: int, now: dt.datetime, expires_at: dt.datetime) -> dt.datetime | None:
    """Return when something that failed is tried again, or None when it has been tried enough or would come too late."""
    again = now + wait_after(attempts)
    return again if attempts < MOST_ATTEMPTS and again < expires_at else None


def next_run(ends: Iterable[dt.datetime | None], every: dt.timedelta, now: dt.datetime) -> dt.datetime:
    """Return when a job that comes back runs next: `every` after its last end, at once when it never ran."""
    known = [end for end in ends if end is not None]
    return max(now, max(known) + every) if known else now
