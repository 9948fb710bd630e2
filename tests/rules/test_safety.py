"""Cases: who has them, when they move on, who closes them, and for how long they are kept."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from passport.refusals import Refusal
from passport.safety import rules

PARIS = ZoneInfo("Europe/Paris")
DAY = dt.date(2026, 11, 24)


def due(year: int, month: int, day: int) -> dt.datetime:
    return rules.due_at(dt.datetime(year, month, day, 11, tzinfo=dt.UTC), PARIS).astimezone(PARIS)


def test_a_report_is_due_after_two_working_days() -> None:
    assert due(2026, 11, 27) == dt.datetime(2026, 12, 1, 18, tzinfo=PARIS)


@pytest.mark.promise("S15", "passport.safety.rules:is_holiday")
def test_public_holidays_do_not_count() -> None:
    """The organisation's responsible person has two working days, weekends and public holidays apart."""
    assert due(2026, 12, 23) == dt.datetime(2026, 12, 28, 18, tzinfo=PARIS)  # Christmas is a Friday
    assert due(2027, 3, 26) == dt.datetime(2027, 3, 31, 18, tzinfo=PARIS)  # Easter Monday is the 29th
    assert due(2027, 5, 5) == dt.datetime(2027, 5, 10, 18, tzinfo=PARIS)  # Ascension is Thursday the 6th


def test_easter_is_where_the_almanac_has_it() -> None:
    assert [rules.easter(y) for y in (2024, 2025, 2026, 2027, 2038)] == [
        dt.date(2024, 3, 31), dt.date(2025, 4, 20), dt.date(2026, 4, 5), dt.date(2027, 3, 28), dt.date(2038, 4, 25)]


@pytest.mark.parametrize(("kind", "category", "about_lead", "route"), [
    ("text", None, False, "house"), ("text", "words", False, "house"), ("text", "forced", False, "both"),
    ("text", "secret", False, "both"), ("text", "meeting", False, "both"), ("text", "picture", False, "both"),
    ("text", "danger", False, "both"), ("concern", "worry", False, "house"), ("concern", "behaviour", False, "both"),
    ("concern", "danger", False, "both"), ("concern", "worry", True, "city"), ("concern", "danger", True, "city"),
    ("share", "false", False, "city"),
])
def test_danger_and_what_adults_do_are_with_the_city_from_the_start(
    kind: str, category: str | None, about_lead: bool, route: str
) -> None:
    assert rules.route_of(kind, category, about_lead) == route


def test_every_ready_sentence_has_its_words() -> None:
    from passport.safety import words

    assert set(words.CATEGORIES) == set(rules.CATEGORIES)
    assert set(words.CONCERNS) == set(rules.CONCERNS)
    assert set(words.SHARE_REASONS) == set(rules.SHARE_REASONS)
    assert set(words.OUTCOMES) == set(rules.OUTCOMES)


def test_a_case_moves_by_the_clock() -> None:
    at = dt.datetime(2026, 11, 26, 17, tzinfo=dt.UTC)
    second = dt.timedelta(seconds=1)
    assert not rules.has_moved(at, None, at - second)
    assert rules.has_moved(at, None, at)
    assert not rules.has_moved(at, at - second, at)
    assert not rules.needs_city("house", at, at - second)
    assert rules.needs_city("house", at, at)
    assert rules.needs_city("both", at, at - second)


def test_a_case_is_kept_as_long_as_its_end_asks() -> None:
    assert rules.keep_until(DAY) == rules.keep_until(DAY, "nothing_more") == dt.date(2027, 11, 24)
    assert rules.keep_until(DAY, "acted") == DAY + 5 * dt.timedelta(days=365)
    assert rules.keep_until(DAY, "sent_on", 10) == DAY + 10 * dt.timedelta(days=365)


def test_a_case_that_nobody_decided_on_stays() -> None:
    noon = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
    assert rules.is_over(DAY, noon, DAY + dt.timedelta(days=1))
    assert not rules.is_over(DAY, noon, DAY)
    assert not rules.is_over(DAY, None, DAY + dt.timedelta(days=4000))


def test_an_end_is_proposed_by_somebody_else_than_who_it_is_about_on_a_day_that_has_been() -> None:
    tomorrow, before = DAY + dt.timedelta(days=1), DAY - dt.timedelta(days=1)
    assert rules.refusal_to_propose(False, False, DAY, DAY, DAY) is None
    assert rules.refusal_to_propose(True, False, DAY, DAY, DAY) is Refusal.NOT_ALLOWED
    assert rules.refusal_to_propose(False, True, DAY, DAY, DAY) is Refusal.ALREADY_DECIDED
    assert rules.refusal_to_propose(False, False, tomorrow, DAY, DAY) is Refusal.DATES_ODD
    assert rules.refusal_to_propose(False, False, before, DAY, DAY) is Refusal.DATES_ODD


def test_two_persons_close_a_case_and_the_city_where_it_is_needed() -> None:
    facts = {"about": False, "proposed": True, "same": False, "city_needed": False, "city": False}
    assert rules.refusal_to_close(**facts) is None
    assert rules.refusal_to_close(**{**facts, "about": True}) is Refusal.NOT_ALLOWED
    assert rules.refusal_to_close(**{**facts, "proposed": False}) is Refusal.NOTHING_CHOSEN
    assert rules.refusal_to_close(**{**facts, "same": True}) is Refusal.TWO_PERSONS
    assert rules.refusal_to_close(**{**facts, "city_needed": True}) is Refusal.CITY_NEEDED
    assert rules.refusal_to_close(**{**facts, "city_needed": True, "city": True}) is None
    assert rules.refusal_to_close(**facts, changed=True) is Refusal.PROPOSAL_CHANGED


def test_a_worry_about_the_responsible_person_is_about_all_of_them_where_nobody_is_named() -> None:
    assert rules.is_about_leads("concern", rules.CITY, None)
    assert not rules.is_about_leads("concern", rules.CITY, "claire")
    assert not rules.is_about_leads("concern", rules.BOTH, None)
    assert not rules.is_about_leads("share", rules.CITY, None)


def test_what_has_not_arrived_is_not_reported() -> None:
    assert rules.refusal_to_report(delivered=False) is Refusal.NOT_VISIBLE_YET
    assert rules.refusal_to_report(delivered=True) is None


def test_only_an_adult_one_met_is_blocked_and_never_oneself() -> None:
    assert rules.refusal_to_block(met=True, oneself=False) is None
    assert rules.refusal_to_block(met=False, oneself=False) is Refusal.NOT_ALLOWED
    assert rules.refusal_to_block(met=True, oneself=True) is Refusal.NOT_ALLOWED


def test_a_file_for_an_inquiry_is_made_by_two_of_whom_one_is_of_the_city() -> None:
    assert rules.refusal_to_ask_file(False, False) is None
    assert rules.refusal_to_ask_file(True, False) is rules.refusal_to_ask_file(False, True) is Refusal.ALREADY_ASKED
    facts = {"asked": True, "same": False, "city": True}
    assert rules.refusal_to_make_file(**facts) is None
    assert rules.refusal_to_make_file(**{**facts, "asked": False}) is Refusal.PROPOSAL_CHANGED
    assert rules.refusal_to_make_file(**{**facts, "same": True}) is Refusal.TWO_PERSONS
    assert rules.refusal_to_make_file(**{**facts, "city": False}) is Refusal.CITY_NEEDED
