"""Experiences, by their rules alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passport.experiences import rules
from passport.experiences.differences import Lines, compared
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
    assert rules.refusal_to_undo(NOW - rules.UNDO_SOON, NOW, rules.UNDO_SOON) is None
    assert rules.refusal_to_undo(NOW - dt.timedelta(hours=1, seconds=1), NOW, rules.UNDO_SOON) is Refusal.UNDO_OVER


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


# ---------- more than the story ----------


@pytest.mark.parametrize(("same", "deleted", "count", "refusal"), [
    (False, False, 0, None), (False, False, rules.MOST_LINKS - 1, None), (True, False, 0, Refusal.SAME_EXPERIENCE),
    (False, True, 0, Refusal.EXPERIENCE_DELETED), (False, False, rules.MOST_LINKS, Refusal.PATH_FULL),
])
def test_one_experience_leads_to_another(same: bool, deleted: bool, count: int, refusal: Refusal | None) -> None:
    assert rules.refusal_to_link(same, deleted, count) == refusal


def test_no_answer_is_as_good_as_any_and_a_question_is_one_of_the_list() -> None:
    for words in (None, "", "Le bruit.", "x" * rules.LONGEST_ANSWER):
        assert rules.refusal_of_answer("hard", words, ("hard",)) is None
    assert rules.refusal_of_answer("why", "x", ("hard",)) is Refusal.PROMPT_UNKNOWN
    assert rules.refusal_of_answer("hard", "x" * (rules.LONGEST_ANSWER + 1), ("hard",)) is Refusal.TOO_LONG


def test_what_was_learnt_is_said_in_a_few_words() -> None:
    assert rules.refusal_of_said(None) is rules.refusal_of_said("x" * 140) is None
    assert rules.refusal_of_said("x" * 141) is Refusal.TOO_LONG


CHOICE, NUMBER = rules.Detail("choice", choices=("a", "b")), rules.Detail("number", most=60, least=1)
WORDS, DAY = rules.Detail("words"), rules.Detail("day")


@pytest.mark.parametrize(("detail", "value", "refusal"), [
    (CHOICE, "a", None), (CHOICE, "c", Refusal.DETAIL_ODD), (CHOICE, "", Refusal.DETAIL_ODD),
    (NUMBER, "1", None), (NUMBER, "24.5", None), (NUMBER, "60", None), (NUMBER, "0.9", Refusal.DETAIL_ODD),
    (NUMBER, "61", Refusal.DETAIL_ODD), (NUMBER, "NaN", Refusal.DETAIL_ODD), (NUMBER, "x", Refusal.DETAIL_ODD),
    (NUMBER, 24, Refusal.DETAIL_ODD), (WORDS, "x" * 140, None), (WORDS, "x" * 141, Refusal.TOO_LONG),
    (WORDS, ["x"], Refusal.DETAIL_ODD), (DAY, "2026-11-03", None), (DAY, "20261103", Refusal.DATES_ODD),
    (DAY, "2026-02-30", Refusal.DETAIL_ODD), (DAY, "1066-01-01", Refusal.DATES_ODD), (DAY, "hier", Refusal.DETAIL_ODD),
])
def test_a_field_holds_what_it_is_for(detail: rules.Detail, value: object, refusal: Refusal | None) -> None:
    assert rules.refusal_of_detail(detail, value) == refusal


def test_a_kind_holds_its_own_fields_alone() -> None:
    kind = {"theme": CHOICE, "weekly_hours": NUMBER}
    assert rules.refusal_of_details(kind, {}) is None
    assert rules.refusal_of_details(kind, {"theme": "a", "weekly_hours": "24"}) is None
    assert rules.refusal_of_details(kind, {"theme": "a", "weekly_hours": "400"}) is Refusal.DETAIL_ODD
    assert rules.refusal_of_details(kind, {"pay": "573"}) is Refusal.DETAIL_ODD
    assert rules.refusal_of_details({}, {"theme": "a"}) is Refusal.DETAIL_ODD
    assert rules.refusal_of_details(None, {}) is Refusal.KIND_UNKNOWN


TODAY = D(2026, 11, 24)


@pytest.mark.parametrize(("start", "end", "precision", "ongoing", "first", "last"), [
    (D(2026, 6, 1), None, "day", False, D(2026, 6, 1), D(2026, 6, 1)),
    (D(2026, 6, 1), None, "month", False, D(2026, 6, 1), D(2026, 6, 30)),
    (D(2024, 1, 1), None, "year", False, D(2024, 1, 1), D(2024, 12, 31)),
    (D(2025, 10, 1), D(2026, 2, 1), "month", False, D(2025, 10, 1), D(2026, 2, 28)),
    (D(2023, 1, 1), D(2025, 1, 1), "year", False, D(2023, 1, 1), D(2025, 12, 31)),
    (D(2025, 9, 1), None, "month", True, D(2025, 9, 1), TODAY),
    (D(2027, 1, 1), None, "year", True, D(2027, 1, 1), D(2027, 1, 1)),
])
def test_hours_are_spread_over_the_days_it_lasted(start: D, end: D | None, precision: str, ongoing: bool, first: D, last: D) -> None:
    assert rules.span(start, end, precision, ongoing, TODAY) == (first, last)


def test_without_a_date_nobody_knows_when_it_was() -> None:
    assert rules.span(None, None, "day", False, TODAY) is None


@pytest.mark.parametrize(("hours", "first", "last", "shares"), [
    ("62", D(2025, 12, 1), D(2026, 1, 31), {2025: "31.0", 2026: "31.0"}),
    ("10", D(2025, 12, 31), D(2026, 1, 2), {2025: "3.3", 2026: "6.7"}),
    ("0.1", D(2025, 7, 1), D(2027, 6, 30), {2025: "0.0", 2026: "0.1", 2027: "0.0"}),
    ("7.5", D(2026, 6, 20), D(2026, 6, 21), {2026: "7.5"}),
])
def test_hours_over_two_years_are_shared_out_by_days(hours: str, first: D, last: D, shares: dict[int, str]) -> None:
    assert rules.split_hours(Decimal(hours), first, last) == {year: Decimal(part) for year, part in shares.items()}


@given(st.decimals(0, 9000, places=1), st.dates(D(1990, 1, 1), D(2040, 1, 1)), st.integers(0, 5000))
def test_no_hour_is_lost_and_none_is_less_than_nothing(hours: Decimal, first: D, days: int) -> None:
    last = first + dt.timedelta(days=days)
    shares = rules.split_hours(hours, first, last)
    assert sum(shares.values()) == hours
    assert min(shares.values()) >= 0
    assert list(shares) == list(range(first.year, last.year + 1))


# ---------- the data file of kinds, and two texts ----------


def test_the_kinds_are_whole_and_official_marks_come_from_a_source() -> None:
    import re

    from passport.experiences.kinds import GROUPS, KINDS

    assert sorted(kind.key for _label, group in GROUPS for kind in group) == sorted(KINDS)
    for kind in KINDS.values():
        assert len(kind.key) <= 24
        assert kind.setting is None or kind.setting in rules.SETTINGS
        assert kind.context in rules.CONTEXTS
        assert kind.private == (kind in GROUPS[2][1])
        assert len(set(kind.details)) == len(kind.fields)
        assert all(note.source for note in kind.notes)
        for texts in (kind.label, kind.title, *(f.label for f in kind.fields), *(n.words for n in kind.notes)):
            assert texts["fr"]
            assert texts["en"]
            assert not re.search("€|euro|indemnit", texts["fr"] + texts["en"])
        for field in kind.fields:
            assert field.detail.type in {"words", "text", "choice", "number", "day"}
            assert bool(field.choices) == (field.detail.type == "choice")
    assert [note.official for note in KINDS["civic_service"].notes] == [True] * 5 + [False]


def text_of(lines: Lines) -> list[str]:
    return ["".join(piece.words for piece in line).rstrip() for line in lines]


def marked(lines: Lines) -> list[str]:
    return [piece.words.strip() for line in lines for piece in line if piece.differs]


def test_what_was_taken_out_and_what_was_added_is_marked_word_by_word() -> None:
    before, after = compared("J’anime un atelier.\nLe mercredi.", "J’anime deux ateliers.\nLe mercredi.")
    assert (marked(before), marked(after)) == (["un atelier."], ["deux ateliers."])
    assert text_of(after) == ["J’anime deux ateliers.", "Le mercredi."]
    assert (marked(compared(None, "Un mot")[1]), compared(None, "Un mot")[0]) == (["Un mot"], ())
    assert marked(compared("Pareil  ici", "Pareil ici")[0]) == []


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60))
def test_both_texts_are_shown_whole(one: str, other: str) -> None:
    for lines, text in zip(compared(one, other), (one, other), strict=True):
        assert "".join("".join(text_of(lines)).split()) == "".join(text.split())
