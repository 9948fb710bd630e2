"""What a city may decide: within its floors, by somebody, for a reason; and what minors wait for."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passport import choices
from passport.accounts.rules import Band, refusal_to_sign_up
from passport.choices import CHOICES
from passport.city import rules
from passport.city.words import HELD, LATER, SAID
from passport.organisations import rules as organisations
from passport.recognition.rules import name_kept
from passport.refusals import Refusal
from passport.safety.rules import due_at
from passport.sharing import rules as sharing
from tests.rules.test_organisations import TODAY

ALL = frozenset(CHOICES)


@pytest.mark.parametrize(("key", "value", "refusal"), [
    ("age.youngest", "12", None), ("age.youngest", "15", None), ("age.youngest", "11", Refusal.CHOICE_FLOOR),
    ("age.youngest", "16", Refusal.CHOICE_FLOOR), ("age.youngest", "treize", Refusal.CHOICE_ODD),
    ("age.youngest", "١٣", Refusal.CHOICE_ODD), ("age.youngest", "", Refusal.CHOICE_ODD),
    ("links.longest", "6", None), ("links.longest", "12", None), ("links.longest", "24", Refusal.CHOICE_FLOOR),
    ("factor.facilitators", "sign_in", None), ("factor.facilitators", "never", Refusal.CHOICE_FLOOR),
    ("factor.days", "31", Refusal.CHOICE_FLOOR), ("factor.days", "7", None),
    ("basis", "consent", None), ("basis", "interest", Refusal.CHOICE_FLOOR),
    ("checks.common_day", "08-31", None), ("checks.common_day", "02-29", Refusal.CHOICE_ODD),
    ("checks.common_day", "13-01", Refusal.CHOICE_ODD), ("checks.common_day", "31 août", Refusal.CHOICE_ODD),
    ("help.crip", "04 65 71 00 99", None), ("help.crip", "appelez-moi", Refusal.CHOICE_ODD),
    ("reports.opens", "5", Refusal.CHOICE_FLOOR), ("reports.closes", "23", Refusal.CHOICE_FLOOR),
    ("endorsers.name", "role", None), ("controllers", "Texte signé.", None), ("controllers", " ", Refusal.CHOICE_ODD),
    ("controllers", "x" * 2001, Refusal.CHOICE_ODD), ("nothing", "1", Refusal.CHOICE_UNKNOWN),
])
def test_a_choice_stays_within_its_floor(key: str, value: str, refusal: Refusal | None) -> None:
    assert rules.refusal_to_decide(key, value, "Mme Roux, maire", "Avis de la DPO.") is refusal


@pytest.mark.parametrize(("by", "reason"), [("", "Avis."), ("Mme Roux", "  "), ("", "")])
def test_a_decision_is_somebodys_and_has_a_reason(by: str, reason: str) -> None:
    assert rules.refusal_to_decide("age.youngest", "13", by, reason) is Refusal.CHOICE_UNSAID


def test_what_was_written_past_a_floor_by_hand_counts_for_nothing() -> None:
    assert choices.in_force(CHOICES["age.youngest"], "9") == "13"
    assert choices.in_force(CHOICES["age.youngest"], None) == "13"
    assert choices.in_force(CHOICES["age.youngest"], "14") == "14"


def test_minors_wait_for_what_the_law_leaves_to_the_city_and_for_nothing_else() -> None:
    needed = {key for key, choice in CHOICES.items() if choice.needed}
    assert rules.refusal_of_minors(frozenset()) is Refusal.MINORS_NOT_YET
    assert rules.refusal_of_minors(frozenset(needed)) is None
    for key in needed:
        assert rules.refusal_of_minors(ALL - {key}) is Refusal.MINORS_NOT_YET, key
        assert [c.key for c in choices.keeps_minors_out(ALL - {key})] == [key]


def test_each_of_the_twenty_four_points_is_a_choice_held_or_said_to_come() -> None:
    assert {c.point for c in CHOICES.values() if c.point} | {*choices.HELD} | {*choices.LATER} == {*range(1, 25)}
    assert set(SAID) == set(CHOICES)
    assert (set(HELD), set(LATER)) == (set(choices.HELD), set(choices.LATER))
    assert all(choices.refusal_of(c, c.default) is None for c in CHOICES.values() if c.default)


def test_no_number_is_called_verified_that_nobody_looked_up() -> None:
    assert all(line["source"] and line["verified"] is False for line in choices.NUMBERS)


@pytest.mark.parametrize(("basis", "floor", "age"), [("task", 12, 12), ("task", 15, 15), ("consent", 12, 15), ("consent", 15, 15)])
def test_where_consent_is_the_basis_nobody_comes_alone_before_15(basis: str, floor: int, age: int) -> None:
    assert choices.youngest(basis, floor) == age


def test_a_passport_opens_at_the_age_the_city_chose() -> None:
    on = dt.date(2026, 11, 24)
    assert refusal_to_sign_up(2012, 11, on, True, 14) is Refusal.UNDER_13
    assert refusal_to_sign_up(2012, 10, on, True, 14) is None
    assert refusal_to_sign_up(2014, 10, on, True, 12) is None


@pytest.mark.promise("T8", "passport.sharing.rules:refusal_of_end")
def test_a_city_opens_a_year_to_adults_and_to_nobody_else() -> None:
    """A link has an end, always: up to 12 months for adults where the city says so, 90 days from 15 to 17, none alone before."""
    assert sharing.months_offered(Band.ADULT, 12) == (1, 3, 6, 12)
    assert sharing.preset_months(Band.ADULT) == 3
    assert sharing.refusal_of_end(Band.ADULT, 12, 12) is None
    assert sharing.refusal_of_end(Band.ADULT, 12) is Refusal.END_ODD
    for band in (Band.YOUTH, Band.TEEN, Band.CHILD):
        assert sharing.months_offered(band, 12) == sharing.months_offered(band)
        assert sharing.refusal_of_end(band, 6, 12) is Refusal.END_ODD
    assert sharing.refusal_of_end(Band.YOUTH, 3, 12) is None


def test_checks_end_on_the_day_the_city_chose() -> None:
    assert organisations.proposed_end(TODAY, (8, 31)) == dt.date(2027, 8, 31)
    assert organisations.common_end(dt.date(2026, 8, 30), (8, 31)) == dt.date(2026, 8, 31)


def test_a_city_may_leave_the_criminal_record_to_the_organisation() -> None:
    assert "record_and_declaration" in organisations.lawful_kinds("association")
    assert "record_and_declaration" not in organisations.lawful_kinds("association", records=False)
    assert organisations.lawful_kinds("childcare", records=False) == ("honorability",)


def test_the_accreditation_charter_is_accepted_by_others_than_the_city() -> None:
    assert organisations.refusal_to_accept_accreditation("association", None) is None
    assert organisations.refusal_to_accept_accreditation("city", None) is Refusal.NOT_ALLOWED
    assert organisations.refusal_to_accept_accreditation("association", dt.datetime.now(dt.UTC)) is Refusal.NOT_ALLOWED


@pytest.mark.parametrize(("form", "kept"), [("name", "Karim B."), ("initials", "K. B."), ("role", None)])
def test_whoever_recognises_is_named_as_the_city_chose(form: str, kept: str | None) -> None:
    assert name_kept("Karim B.", form) == kept


def test_a_report_is_due_when_reading_ends_in_the_city() -> None:
    made = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
    assert due_at(made, dt.UTC, 17) == dt.datetime(2026, 11, 26, 17, tzinfo=dt.UTC)


@pytest.mark.parametrize(("text", "topics"), [
    ("Je m’occupe de mes petits frères", ("family",)), ("Après l’hôpital, à l’église", ("health", "faith")),
    ("Délégué du SYNDICAT", ("union",)), ("Réfugiée, puis aidante", ("exile", "caring")),
    ("J’arbitre les petits le samedi", ()), ("", ()),
])
def test_what_is_nobodys_business_at_work_is_noticed(text: str, topics: tuple[str, ...]) -> None:
    assert sharing.private_topics([text, None]) == topics


@pytest.mark.promise("T26", "passport.city.rules:publishable", "absent")
@given(st.lists(st.integers(0, 400), min_size=1, max_size=12), st.integers(0, 40))
def test_no_two_published_figures_differ_by_a_few_people(cells: list[int], least: int) -> None:
    """Counts of fewer people than the city’s least number, five at the lowest, are left blank, and none is told by a difference."""
    few = max(least, 5)
    whole = [*cells, sum(cells), *(sum(cells) - cell for cell in cells), *(cell + 1 for cell in cells)]
    shown = [figure for count in whole if (figure := rules.publishable(count, least)) is not None]
    assert all(figure >= few for figure in shown)
    assert not [(a, b) for a in shown for b in shown if 0 < a - b < few]
    assert rules.publishable(few - 1, least) is None
    assert rules.publishable(3 * few + 1, least) == 3 * few
