"""A passport from another city, on pure rules: how much of it is looked at, who chooses to be counted, and how one ends."""

from __future__ import annotations

import datetime as dt

import pytest

from passport.accounts.rules import Band
from passport.refusals import Refusal
from passport.rights import rules

NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
HEAVY = Refusal.PASSPORT_HEAVY


@pytest.mark.parametrize(("entries", "packed", "unpacked", "refusal"), [
    (8, 1_000, 2_000, None), (rules.MOST_ENTRIES, rules.HEAVIEST, rules.MOST_UNPACKED, None),
    (rules.MOST_ENTRIES + 1, 1, 1, HEAVY), (1, rules.HEAVIEST + 1, 1, HEAVY), (1, 1, rules.MOST_UNPACKED + 1, HEAVY),
])
def test_a_zip_has_a_size(entries: int, packed: int, unpacked: int, refusal: Refusal | None) -> None:
    assert rules.refusal_of_archive(entries, packed, unpacked) is refusal


@pytest.mark.parametrize(("packed", "unpacked", "refusal"), [
    (10, 900_000, None), (100_000, 2_000_000, None), (1_000, 2_000_000, HEAVY), (0, 1_000_001, HEAVY), (5_000_000, 9_000_001, HEAVY),
])
def test_an_entry_is_no_bomb(packed: int, unpacked: int, refusal: Refusal | None) -> None:
    assert rules.refusal_of_entry(packed, unpacked, 9_000_000) is refusal


@pytest.mark.parametrize(("text", "refusal"), [
    (b'{"experiences": []}', None), (b" " * rules.MOST_OF_JSON, None), (b" " * (rules.MOST_OF_JSON + 1), HEAVY),
    (b"[" * (rules.MOST_PARTS + 1), HEAVY), (b"1," * (rules.MOST_PARTS + 1), HEAVY),
])
def test_a_text_is_not_made_to_fill_the_memory(text: bytes, refusal: Refusal | None) -> None:
    assert rules.refusal_of_text(text) is refusal


@pytest.mark.parametrize(("band", "refusal"), [
    (Band.CHILD, Refusal.UNDER_15), (Band.TEEN, Refusal.UNDER_15), (Band.YOUTH, None), (Band.ADULT, None)])
def test_under_15_nobody_chooses_alone_to_be_counted(band: Band, refusal: Refusal | None) -> None:
    assert rules.refusal_to_choose_statistics(band) is refusal


def test_only_what_was_told_and_what_was_signed_is_read() -> None:
    assert all(map(rules.is_read, ("experiences", "claims", "credentials", "feedback")))
    assert not any(map(rules.is_read, ("passport", "account", "roles", "checks", "consents", "permissions", "links", "grants",
                                       "endorsements_given", "sessions", "cards")))


@pytest.mark.parametrize(("text", "good"), [
    ("passeport.alpha.example", True), ("127.0.0.1:8000", True), ("", False), (None, False), ("a b", False), ("<b>", False),
    ("a" * 300, False), ("alpha.example/x", False), ("alpha.example:", False),
])
def test_a_host_is_a_host(text: object, good: bool) -> None:
    assert rules.is_a_host(text) is good


def test_an_erasure_is_taken_back_up_to_its_moment() -> None:
    due = rules.due_at(False, 7, NOON)
    assert due == NOON + dt.timedelta(days=7)
    assert rules.due_at(True, 7, NOON) == NOON
    assert rules.refusal_to_take_back(due, due - dt.timedelta(seconds=1)) is None
    assert rules.refusal_to_take_back(due, due) is Refusal.ERASING_NOW


@pytest.mark.parametrize(("asked_by_me", "wrote_it", "asked", "confirmed", "refusal"), [
    (False, False, True, False, None), (True, False, True, False, Refusal.TWO_PERSONS), (False, False, False, False, Refusal.TWO_PERSONS),
    (False, True, True, False, Refusal.NOT_ONESELF), (False, False, True, True, Refusal.ALREADY_DECIDED)])
def test_sealed_words_open_to_a_second_person_who_wrote_none_of_them(
    asked_by_me: bool, wrote_it: bool, asked: bool, confirmed: bool, refusal: Refusal | None
) -> None:
    assert rules.refusal_to_open(asked_by_me, wrote_it, asked, confirmed) is refusal
