"""When a message leaves: not at night, not one by one, not for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from ..refusals import Refusal

# Hours of the city, from one to the other; a protected learner's night is nobody's choice.
Hours = tuple[int, int]
NIGHT_FROM, NIGHT_TO = 22, 7
NIGHT: Hours = (NIGHT_FROM, NIGHT_TO)
# A report is never held, whatever the hours of whoever looks after it.
NEVER_HELD = frozenset({"text_reported"})
GATHERS = dt.timedelta(minutes=2)
APART = dt.timedelta(minutes=30)
STILL_NEWS = dt.timedelta(days=3)
MOST_ATTEMPTS = 12
FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(hours=6)


def arrives_at(written_at: dt.datetime, protected: bool, zone: dt.tzinfo) -> dt.datetime:
    """Return when an adult's words arrive: at once, or at 7 in the city when a protected learner's night holds them."""
    return held_until(written_at, quiet_hours(protected, None), zone)


def quiet_hours(protected: bool, chosen: Hours | None) -> Hours | None:
    """Return the hours in which nothing reaches somebody: 22 to 7 under protection, else their own choice, none at first."""
    return NIGHT if protected else chosen


def held_until(at: dt.datetime, hours: Hours | None, zone: dt.tzinfo) -> dt.datetime:
    """Return the end of these quiet hours when they hold at that time, else that time."""
    if hours is None:
        return at
    begin, end = hours
    local = at.astimezone(zone)
    inside = begin <= local.hour < end if begin < end else local.hour >= begin or local.hour < end
    if not inside:
        return at
    day = local.date() + dt.timedelta(days=0 if local.hour < end else 1)
    return dt.datetime.combine(day, dt.time(end), tzinfo=zone).astimezone(dt.UTC)


def refusal_of_hours(protected: bool, hours: tuple[int | None, int | None]) -> Refusal | None:
    """Say why these cannot be somebody's quiet hours, or None when they can: two different hours, or none at all."""
    if protected:
        return Refusal.NIGHT_IS_FIXED
    begin, end = hours
    if begin is None and end is None:
        return None
    if begin is None or end is None or begin == end or not {begin, end} <= set(range(24)):
        return Refusal.HOURS_OF_QUIET_ODD
    return None


def leaves_at(
    visible_at: dt.datetime, last_sent_at: dt.datetime | None, quiet: Hours | None, zone: dt.tzinfo
) -> dt.datetime:
    """Return when a message about what waits leaves: two minutes after, so that several become one; half an hour
    after the last one; and never in somebody's quiet hours, a protected learner's night first of all (promise S4)."""
    earliest = visible_at + GATHERS
    if last_sent_at is not None:
        earliest = max(earliest, last_sent_at + APART)
    return held_until(earliest, quiet, zone)


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
