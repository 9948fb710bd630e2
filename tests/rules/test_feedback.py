"""Asking and answering: who may be asked, when words arrive, what may be read."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passport.feedback import rules
from passport.refusals import Refusal

PARIS = ZoneInfo("Europe/Paris")
NOON = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
ADULT = rules.Asking(person=True, active=True, checked=False, joined=False, minor=False, protected=False)
MINOR = rules.Asking(person=True, active=True, checked=True, joined=True, minor=True, protected=True)
CHOSEN = replace(MINOR, minor=False, joined=False)


def test_an_adult_asks_any_active_facilitator_with_or_without_a_check() -> None:
    assert rules.refusal_to_ask(ADULT) is None


def test_a_minor_asks_a_checked_facilitator_of_an_organisation_they_joined() -> None:
    assert rules.refusal_to_ask(MINOR) is None


def test_a_minor_elsewhere_asks_the_desk_only() -> None:
    assert rules.refusal_to_ask(replace(MINOR, joined=False)) is Refusal.NOT_JOINED
    assert rules.refusal_to_ask(replace(MINOR, joined=False, person=False)) is None


def test_an_adult_who_chose_protection_asks_a_checked_facilitator_anywhere() -> None:
    assert rules.refusal_to_ask(CHOSEN) is None
    assert rules.refusal_to_ask(replace(CHOSEN, checked=False)) is Refusal.NOT_REACHABLE


@pytest.mark.parametrize("asking", [MINOR, CHOSEN])
def test_nobody_under_protection_reaches_whoever_has_no_check(asking: rules.Asking) -> None:
    assert rules.refusal_to_ask(replace(asking, checked=False)) is Refusal.NOT_REACHABLE
    assert rules.refusal_to_ask(replace(asking, checked=False, person=False)) is Refusal.TEAM_NOT_REACHABLE


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"for_me_only": True}, Refusal.FOR_ME_ONLY),
        ({"deleted_at": NOON}, Refusal.EXPERIENCE_DELETED),
        ({"oneself": True}, Refusal.NOT_ONESELF),
        ({"active": False}, Refusal.NOT_REACHABLE),
        ({"active": False, "person": False}, Refusal.TEAM_NOT_REACHABLE),
        ({"barred": True}, Refusal.NOT_REACHABLE),
        ({"waiting": True}, Refusal.ALREADY_ASKED),
    ],
)
def test_what_stops_a_request(more: dict[str, object], refusal: Refusal) -> None:
    assert rules.refusal_to_ask(replace(ADULT, **more)) is refusal  # type: ignore[arg-type]


def test_a_block_reads_like_somebody_who_is_away() -> None:
    barred = rules.refusal_to_ask(replace(ADULT, barred=True))
    assert barred is rules.refusal_to_ask(replace(ADULT, active=False))


ASSIGN: dict[str, bool] = {"closed": False, "assigned": False, "active": True, "checked": True, "protected": True,
                           "barred": False, "oneself": False}


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({}, None),
        ({"closed": True}, Refusal.REQUEST_CLOSED),
        ({"assigned": True}, Refusal.ALREADY_DECIDED),
        ({"active": False}, Refusal.NOT_REACHABLE),
        ({"barred": True}, Refusal.NOT_REACHABLE),
        ({"checked": False}, Refusal.CHECK_NEEDED),
        ({"oneself": True}, Refusal.NOT_ONESELF),
    ],
)
def test_the_desk_gives_a_request_to_an_active_checked_facilitator(more: dict[str, bool], refusal: Refusal | None) -> None:
    assert rules.refusal_to_assign(**{**ASSIGN, **more}) is refusal


@pytest.mark.parametrize(
    ("closed", "words", "active", "checked", "protected", "refusal"),
    [
        (False, "J’ai vu.", True, False, False, None),
        (False, "J’ai vu.", True, True, True, None),
        (True, "J’ai vu.", True, True, True, Refusal.REQUEST_CLOSED),
        (False, None, True, True, False, Refusal.SENTENCE_MISSING),
        (False, "J’ai vu.", False, True, False, Refusal.NOT_FACILITATOR_NOW),
        (False, "J’ai vu.", True, False, True, Refusal.CHECK_NEEDED),
    ],
)
def test_an_answer_needs_words_and_a_role_that_counts(
    closed: bool, words: str | None, active: bool, checked: bool, protected: bool, refusal: Refusal | None
) -> None:
    assert rules.refusal_to_give(closed, words, active, checked, protected) is refusal


def paris(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        (paris(24, 21, 59), paris(24, 21, 59)),
        (paris(24, 22), paris(25, 7)),
        (paris(25, 2), paris(25, 7)),
        (paris(25, 6, 59), paris(25, 7)),
        (paris(25, 7), paris(25, 7)),
    ],
)
def test_nothing_reaches_a_protected_learner_between_22_and_7(written: dt.datetime, arrives: dt.datetime) -> None:
    assert rules.arrives_at(written, True, PARIS) == arrives
    assert rules.arrives_at(written, False, PARIS) == written


@given(st.integers(0, 5 * 365 * 24 * 60))
def test_words_never_arrive_in_the_night_nor_before_they_are_written(minutes: int) -> None:
    written = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
    arrives = rules.arrives_at(written, True, PARIS)
    assert written <= arrives <= written + dt.timedelta(hours=11)
    assert 7 <= arrives.astimezone(PARIS).hour < 22


def test_what_has_not_arrived_or_is_hidden_is_not_read() -> None:
    assert rules.refusal_to_read(NOON, None, NOON) is None
    assert rules.refusal_to_read(NOON + dt.timedelta(seconds=1), None, NOON) is Refusal.NOT_VISIBLE_YET
    assert rules.refusal_to_read(NOON, NOON, NOON) is Refusal.TEXT_HIDDEN


def test_a_feedback_is_taken_back_while_nothing_stands_on_it_and_put_back_within_the_hour() -> None:
    assert rules.refusal_to_withdraw(stands=False) is None
    assert rules.refusal_to_withdraw(stands=True) is Refusal.FEEDBACK_STANDS
    for after, refusal in ((dt.timedelta(hours=1), None), (dt.timedelta(hours=1, seconds=1), Refusal.UNDO_OVER)):
        assert rules.refusal_to_put_back(NOON, None, NOON, NOON + after, NOON + after) is refusal
    assert rules.refusal_to_put_back(NOON, NOON, NOON, NOON, NOON) is Refusal.PUT_BACK_ONCE


def test_at_night_nothing_comes_back_to_a_protected_learner_but_what_never_arrived() -> None:
    late = NOON.replace(hour=21)  # 22:00 in the city
    seven = rules.arrives_at(late, True, PARIS)
    before = late - dt.timedelta(minutes=10)
    assert rules.refusal_to_put_back(before, None, NOON, seven, late) is Refusal.PUT_BACK_AT_NIGHT
    assert rules.refusal_to_put_back(before, None, NOON, rules.arrives_at(late, False, PARIS), late) is None
    assert rules.refusal_to_put_back(before, None, NOON, rules.arrives_at(before, True, PARIS), before) is None
    assert rules.refusal_to_put_back(late, None, seven, seven, late) is None


def test_what_was_reported_is_not_taken_back() -> None:
    assert rules.refusal_to_withdraw(stands=False, frozen=True) is Refusal.TEXT_KEPT
    assert rules.refusal_to_withdraw(stands=False, frozen=False) is None


def test_what_was_taken_back_is_neither_read_nor_answered_and_before_it_arrives_never_does() -> None:
    assert rules.refusal_to_read(NOON, None, NOON, NOON) is Refusal.FEEDBACK_WITHDRAWN
    assert rules.refusal_to_answer(NOON, None, None, NOON, NOON) is Refusal.FEEDBACK_WITHDRAWN
    assert rules.never_arrives(NOON, NOON - dt.timedelta(seconds=1))
    assert not rules.never_arrives(NOON, NOON)
    assert not rules.never_arrives(NOON, None)


def test_a_feedback_is_answered_once() -> None:
    assert rules.refusal_to_answer(NOON, None, None, NOON) is None
    assert rules.refusal_to_answer(NOON, None, NOON, NOON) is Refusal.ALREADY_ANSWERED
    assert rules.refusal_to_answer(NOON, NOON, None, NOON) is Refusal.TEXT_HIDDEN


def test_somebody_else_is_offered_after_14_days_and_a_request_lapses_after_60() -> None:
    assert not rules.may_ask_someone_else(NOON, NOON + dt.timedelta(days=13, hours=23))
    assert rules.may_ask_someone_else(NOON, NOON + dt.timedelta(days=14))
    assert rules.lapses_at(NOON) == NOON + dt.timedelta(days=60)


def test_a_request_that_ended_stays_ended() -> None:
    assert rules.refusal_to_close(None) is None
    assert rules.refusal_to_close("answered") is Refusal.REQUEST_CLOSED
