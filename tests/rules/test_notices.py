"""When a message leaves: several become one, not at night, not for ever."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passport.notices import rules
from passport.refusals import Refusal

PARIS = ZoneInfo("Europe/Paris")
NOON = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda n: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + n * MINUTE)


def paris(hour: int, minute: int = 0, day: int = 24) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=PARIS).astimezone(dt.UTC)


def test_a_message_leaves_two_minutes_after_what_it_tells() -> None:
    assert rules.leaves_at(NOON, None, None, PARIS) == NOON + 2 * MINUTE


@pytest.mark.parametrize(("before", "after"), [(1, 29), (10, 20), (27, 3), (28, 2), (300, 2)])
def test_the_next_message_leaves_half_an_hour_after_the_last_one(before: int, after: int) -> None:
    assert rules.leaves_at(NOON, NOON - before * MINUTE, None, PARIS) == NOON + after * MINUTE


@pytest.mark.parametrize(
    ("seen", "leaves"),
    [(paris(21, 57), paris(21, 59)), (paris(21, 58), paris(7, day=25)), (paris(23), paris(7, day=25)),
     (paris(3), paris(7)), (paris(6, 57), paris(7)), (paris(6, 58), paris(7)), (paris(6, 59), paris(7, 1))],
)
def test_nothing_reaches_a_protected_learner_between_22_and_7(seen: dt.datetime, leaves: dt.datetime) -> None:
    assert rules.leaves_at(seen, None, rules.NIGHT, PARIS) == leaves
    assert rules.leaves_at(seen, None, None, PARIS) == seen + 2 * MINUTE


@given(MOMENTS, st.integers(0, 3000), st.booleans())
def test_whatever_the_hour_nothing_leaves_early_or_at_night(seen: dt.datetime, ago: int, protected: bool) -> None:
    leaves = rules.leaves_at(seen, seen - ago * MINUTE, rules.quiet_hours(protected, None), PARIS)
    assert leaves >= seen + 2 * MINUTE
    assert leaves - seen < dt.timedelta(hours=12)
    assert not protected or 7 <= leaves.astimezone(PARIS).hour < 22


def test_the_waits_grow_to_six_hours() -> None:
    waits = [rules.wait_after(n).total_seconds() for n in range(1, 9)]
    assert waits == [30, 120, 480, 1920, 7680, 21600, 21600, 21600]
    assert rules.wait_after(10_000) == rules.LONGEST_WAIT


def test_something_is_tried_again_until_it_is_too_late() -> None:
    far = NOON + dt.timedelta(days=30)
    assert rules.tries_again_at(1, NOON, far) == NOON + dt.timedelta(seconds=30)
    assert rules.tries_again_at(rules.MOST_ATTEMPTS - 1, NOON, far) is not None
    assert rules.tries_again_at(rules.MOST_ATTEMPTS, NOON, far) is None
    assert rules.tries_again_at(3, NOON, NOON + 8 * MINUTE) is None
    assert rules.tries_again_at(3, NOON, NOON + 9 * MINUTE) == NOON + 8 * MINUTE


def test_what_comes_back_runs_a_day_after_its_last_end() -> None:
    day = dt.timedelta(days=1)
    assert rules.next_run([], day, NOON) == rules.next_run([None, None], day, NOON) == NOON
    assert rules.next_run([NOON - 3 * day, None], day, NOON) == NOON
    assert rules.next_run([NOON - 3 * day, NOON - day / 2], day, NOON) == NOON + day / 2


@pytest.mark.promise("S4", "passport.notices.rules:quiet_hours")
def test_the_night_of_a_protected_learner_is_fixed_and_an_adults_hours_are_their_own() -> None:
    """A protected learner's night is from 22 to 7 whatever was chosen; an adult has no quiet hours until they choose some."""
    assert rules.quiet_hours(True, None) == rules.quiet_hours(True, (12, 13)) == (22, 7)
    assert rules.quiet_hours(False, None) is None
    assert rules.quiet_hours(False, (20, 8)) == (20, 8)


@pytest.mark.parametrize(("hours", "at", "until"), [
    ((12, 14), paris(12), paris(14)), ((12, 14), paris(13, 59), paris(14)), ((12, 14), paris(14), paris(14)),
    ((12, 14), paris(11, 59), paris(11, 59)), ((20, 8), paris(20), paris(8, day=25)), ((20, 8), paris(7, 59), paris(8)),
    ((0, 6), paris(23, 59), paris(23, 59)), ((0, 6), paris(0), paris(6)), ((18, 0), paris(18), paris(0, day=25)),
    (None, paris(3), paris(3)),
])
def test_ones_own_hours_hold_until_they_end(hours: rules.Hours | None, at: dt.datetime, until: dt.datetime) -> None:
    assert rules.held_until(at, hours, PARIS) == until


@given(MOMENTS, st.integers(0, 23), st.integers(0, 23))
def test_nothing_is_held_for_longer_than_a_day_or_let_go_inside(at: dt.datetime, begin: int, end: int) -> None:
    until = rules.held_until(at, (begin, end) if begin != end else None, PARIS)
    assert at <= until < at + dt.timedelta(hours=25)
    assert until == at or until.astimezone(PARIS).hour == end


@pytest.mark.parametrize(("protected", "hours", "refusal"), [
    (False, (22, 7), None), (False, (0, 23), None), (False, (None, None), None),
    (False, (22, None), Refusal.HOURS_OF_QUIET_ODD), (False, (None, 7), Refusal.HOURS_OF_QUIET_ODD),
    (False, (7, 7), Refusal.HOURS_OF_QUIET_ODD), (False, (24, 7), Refusal.HOURS_OF_QUIET_ODD),
    (False, (-1, 7), Refusal.HOURS_OF_QUIET_ODD), (True, (20, 8), Refusal.NIGHT_IS_FIXED),
    (True, (None, None), Refusal.NIGHT_IS_FIXED),
])
def test_quiet_hours_are_two_different_hours_or_none(
    protected: bool, hours: tuple[int | None, int | None], refusal: Refusal | None
) -> None:
    assert rules.refusal_of_hours(protected, hours) is refusal
