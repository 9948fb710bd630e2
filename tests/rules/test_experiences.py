"""Experiences, by their rules alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passport.experiences import rules
from passport.experiences.periods import period
from passport.refusals import Refusal

NOW = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(("title", "refusal"), [
    ("J’ai réparé un vélo", None), ("", Refusal.TITLE_MISSING), (None, Refusal.TITLE_MISSING),
    ("x" * 280, None), ("x" * 281, Refusal.TOO_LONG),
])
def test_a_sentence_is_enough(title: str | None, refusal: Refusal | None) -> None:
    assert rules.refusal_of_title(title) == refusal


@pytest.mark.parametrize(("step", "refusal"), [(0, Refusal.STEP_MISSING), (1, None), (4, None), (5, Refusal.STEP_MISSING),
                                               (None, Refusal.STEP_MISSING)])
def test_there_are_four_steps(step: int | None, refusal: Refusal | None) -> None:
    assert rules.refusal_of_step(step) == refusal


@given(st.dates(), st.dates())
def test_dates_stand_when_they_are_of_our_time_and_in_order(start: dt.date, end: dt.date) -> None:
    inside = all(rules.EARLIEST <= day <= rules.LATEST for day in (start, end))
    refusal = rules.refusal_to_date(start, end)
    if not inside:
        assert refusal is Refusal.DATES_ODD
    else:
        assert refusal == (Refusal.ENDS_BEFORE_START if end < start else None)


def test_an_end_without_a_beginning_is_asked_again() -> None:
    assert rules.refusal_to_date(None, dt.date(2026, 1, 1)) is Refusal.ENDS_BEFORE_START
    assert rules.refusal_to_date(None, None) is None


@pytest.mark.parametrize(("hours", "refusal"), [
    (None, None), (Decimal(0), None), (Decimal("2.5"), None), (Decimal(9000), None), (Decimal(9001), Refusal.HOURS_ODD),
    (Decimal(-1), Refusal.HOURS_ODD), (Decimal("NaN"), Refusal.HOURS_ODD), (Decimal("Infinity"), Refusal.HOURS_ODD),
])
def test_hours_are_counted_within_reason(hours: Decimal | None, refusal: Refusal | None) -> None:
    assert rules.refusal_to_count(hours) == refusal


def test_what_is_for_oneself_or_deleted_does_not_leave() -> None:
    assert rules.refusal_to_send(False, None) is None
    assert rules.refusal_to_send(True, None) is Refusal.FOR_ME_ONLY
    assert rules.refusal_to_send(False, NOW) is Refusal.EXPERIENCE_DELETED


def test_a_deletion_is_undone_for_thirty_days() -> None:
    assert rules.refusal_to_undo(None, NOW) is None
    assert rules.refusal_to_undo(NOW - dt.timedelta(days=30), NOW) is None
    assert rules.refusal_to_undo(NOW - dt.timedelta(days=30, seconds=1), NOW) is Refusal.UNDO_OVER


def test_every_setting_has_its_context() -> None:
    assert set(rules.CONTEXT_OF) == set(rules.SETTINGS)
    assert set(rules.CONTEXT_OF.values()) == set(rules.CONTEXTS)


D = dt.date


@pytest.mark.parametrize(("start", "end", "precision", "ongoing", "french", "english"), [
    (None, None, "day", False, "", ""),
    (D(2026, 6, 21), None, "day", False, "21 juin 2026", "21 June 2026"),
    (D(2026, 5, 1), None, "day", False, "1er mai 2026", "1 May 2026"),
    (D(2026, 3, 1), None, "month", False, "mars 2026", "March 2026"),
    (D(2024, 1, 1), None, "year", False, "2024", "2024"),
    (D(2024, 1, 1), None, "year", True, "depuis 2024", "since 2024"),
    (D(2025, 10, 1), D(2026, 6, 1), "month", False, "oct. 2025 – juin 2026", "Oct 2025 – Jun 2026"),
    (D(2026, 3, 1), D(2026, 6, 1), "month", False, "mars – juin 2026", "Mar – Jun 2026"),
    (D(2023, 1, 1), D(2025, 1, 1), "year", False, "2023 – 2025", "2023 – 2025"),
    (D(2026, 6, 20), D(2026, 6, 21), "day", False, "20 – 21 juin 2026", "20 – 21 June 2026"),
    (D(2026, 5, 1), D(2026, 5, 3), "day", False, "1er – 3 mai 2026", "1 – 3 May 2026"),
    (D(2026, 6, 28), D(2026, 7, 3), "day", False, "28 juin – 3 juillet 2026", "28 June – 3 July 2026"),
    (D(2025, 12, 28), D(2026, 1, 3), "day", False, "28 décembre 2025 – 3 janvier 2026", "28 December 2025 – 3 January 2026"),
    (D(2026, 6, 21), None, "day", True, "depuis le 21 juin 2026", "since 21 June 2026"),
    (D(2026, 3, 1), None, "month", True, "depuis mars 2026", "since March 2026"),
    (D(2026, 6, 20), D(2026, 6, 20), "day", False, "20 juin 2026", "20 June 2026"),
])
def test_a_time_reads_as_people_say_it(start: D | None, end: D | None, precision: str, ongoing: bool, french: str,
                                       english: str) -> None:
    assert plain(period(start, end, precision, ongoing, "fr")) == french
    assert plain(period(start, end, precision, ongoing, "en")) == english


@given(st.dates(rules.EARLIEST, rules.LATEST), st.dates(rules.EARLIEST, rules.LATEST),
       st.sampled_from(("day", "month", "year")), st.booleans(), st.sampled_from(("fr", "en")), st.booleans())
def test_every_time_reads_as_something_short(start: D, end: D, precision: str, ongoing: bool, locale: str, year: bool) -> None:
    words = period(min(start, end), max(start, end), precision, ongoing, locale, year)
    assert 3 <= len(words) <= 45
    assert "None" not in words


def test_under_its_year_a_moment_leaves_the_year_out() -> None:
    assert plain(period(D(2026, 6, 21), None, "day", False, "fr", year=False)) == "21 juin"
    assert plain(period(D(2026, 3, 1), None, "month", False, "fr", year=False)) == "mars"
    assert plain(period(D(2025, 10, 1), D(2026, 6, 1), "month", False, "fr", year=False)) == "oct. 2025 – juin 2026"
