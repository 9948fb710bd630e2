"""Roles, checks and joining, on plain values."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from passport.organisations import rules
from passport.organisations.models import CHECK_KINDS, KINDS
from passport.refusals import Refusal

NOW = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 24)
DAY = dt.timedelta(days=1)
KARIM, CLAIRE = uuid.UUID(int=1), uuid.UUID(int=2)

GOOD = rules.Checked("public_service", "facilitator", "public_agent", TODAY, dt.date(2027, 10, 31), KARIM, CLAIRE)
OPEN = rules.Invited(NOW + DAY, None, None, None, adult=True, already=False)


# ---------- checks ----------


def test_a_lawful_check_seen_today_is_recorded() -> None:
    assert rules.refusal_to_record(GOOD, TODAY) is None


def test_nobody_records_their_own_check() -> None:
    assert rules.refusal_to_record(replace(GOOD, recorded_by_id=KARIM), TODAY) is Refusal.NOT_ONESELF


def test_every_kind_of_organisation_has_its_lawful_checks() -> None:
    assert set(rules.LAWFUL) == set(KINDS)
    for kinds in rules.LAWFUL.values():
        assert kinds
        assert set(kinds) <= set(CHECK_KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_attestation_of_honorability_is_asked_for_in_childcare_and_social_care_alone(kind: str) -> None:
    asked = replace(GOOD, organisation_kind=kind, kind="honorability")
    expected = None if kind in {"childcare", "social_care"} else Refusal.CHECK_NOT_LAWFUL
    assert rules.refusal_to_record(asked, TODAY) is expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", CHECK_KINDS)
def test_only_the_checks_of_the_table_are_recorded(kind: str, check: str) -> None:
    refused = rules.refusal_to_record(replace(GOOD, organisation_kind=kind, kind=check), TODAY)
    assert (refused is None) == (check in rules.LAWFUL[kind])


def test_an_unknown_kind_has_no_lawful_check() -> None:
    assert rules.lawful_kinds("circus") == ()


def test_a_coordinator_has_no_check_to_record() -> None:
    assert rules.refusal_to_record(replace(GOOD, role="coordinator"), TODAY) is Refusal.CHECK_NOT_LAWFUL


@pytest.mark.parametrize(
    ("seen", "ends"),
    [
        (TODAY, dt.date(2027, 11, 25)),  # a day more than twelve months
        (TODAY + DAY, dt.date(2027, 10, 31)),  # seen tomorrow
        (dt.date(2025, 11, 20), dt.date(2026, 11, 20)),  # over already
        (TODAY - DAY, TODAY),  # over today
        (TODAY, TODAY),
    ],
)
def test_a_check_is_seen_by_today_and_lasts_twelve_months_at_most(seen: dt.date, ends: dt.date) -> None:
    assert rules.refusal_to_record(replace(GOOD, checked_on=seen, expires_on=ends), TODAY) is Refusal.CHECK_DATES


@pytest.mark.parametrize("ends", [dt.date(2027, 11, 24), dt.date(2027, 10, 31), TODAY + DAY])
def test_a_check_may_end_sooner_or_after_twelve_months_to_the_day(ends: dt.date) -> None:
    assert rules.refusal_to_record(replace(GOOD, expires_on=ends), TODAY) is None


@pytest.mark.parametrize("day", [dt.date(2024, 2, 29), dt.date(2026, 10, 30), dt.date(2026, 10, 31),
                                 dt.date(2026, 11, 1), dt.date(2027, 12, 31)])
def test_the_coming_31_october_is_always_within_twelve_months(day: dt.date) -> None:
    end = rules.common_end(day)
    assert (end.month, end.day) == (10, 31)
    assert day < end <= rules.latest_end(day)


def test_twelve_months_after_29_february_is_28_february() -> None:
    assert rules.latest_end(dt.date(2024, 2, 29)) == dt.date(2025, 2, 28)


def test_the_common_day_is_proposed_unless_it_is_soon() -> None:
    assert rules.proposed_end(TODAY) == dt.date(2027, 10, 31)
    assert rules.proposed_end(dt.date(2026, 9, 15)) == dt.date(2027, 9, 15)


@pytest.mark.parametrize(
    ("ends", "words"),
    [(None, "none"), (TODAY - DAY, "over"), (TODAY, "over"), (TODAY + DAY, "redo"), (TODAY + 60 * DAY, "redo"),
     (TODAY + 61 * DAY, "good")],
)
def test_a_check_stands_where_its_day_says(ends: dt.date | None, words: str) -> None:
    assert rules.standing(ends, TODAY) == words


# ---------- invitations ----------


def test_the_link_of_an_invitation_is_shown_again_only_while_it_is_good() -> None:
    assert rules.refusal_to_hand_over(NOW + DAY, None, None, True, NOW) is None
    for spent in ((NOW, None, None, True), (NOW + DAY, NOW, None, True), (NOW + DAY, None, NOW, True),
                  (NOW + DAY, None, None, False)):
        assert rules.refusal_to_hand_over(*spent, NOW) is Refusal.INVITATION_SPENT


def test_an_open_invitation_is_accepted() -> None:
    assert rules.refusal_to_accept(OPEN, NOW) is None


@pytest.mark.parametrize(
    "over",
    [{"used_at": NOW - DAY}, {"revoked_at": NOW - DAY}, {"expires_at": NOW}, {"expires_at": NOW - DAY},
     {"organisation_closed_at": NOW - DAY}],
)
def test_an_invitation_serves_once_in_time_and_while_the_organisation_is_there(over: dict[str, dt.datetime]) -> None:
    assert rules.refusal_to_accept(replace(OPEN, **over), NOW) is Refusal.INVITATION_OVER  # type: ignore[arg-type]


def test_a_role_is_taken_from_18_on() -> None:
    assert rules.refusal_to_accept(replace(OPEN, adult=False), NOW) is Refusal.ADULTS_ONLY


def test_nobody_holds_the_same_role_twice() -> None:
    assert rules.refusal_to_accept(replace(OPEN, already=True), NOW) is Refusal.ALREADY_MEMBER


def test_coordinators_are_of_the_city() -> None:
    assert rules.refusal_to_invite("coordinator", "association", None) is Refusal.NOT_ALLOWED
    assert rules.refusal_to_invite("coordinator", "city", None) is None
    assert rules.refusal_to_invite("manager", "association", None) is None


def test_a_closed_organisation_invites_nobody() -> None:
    assert rules.refusal_to_invite("facilitator", "association", NOW) is Refusal.NOT_ACCREDITED


# ---------- leaving a role ----------


def test_an_organisation_that_acts_can_be_suspended_and_never_the_city() -> None:
    assert rules.refusal_to_suspend("association", NOW) is None
    assert rules.refusal_to_suspend("association", None) is Refusal.NOT_ALLOWED
    assert rules.refusal_to_suspend("city", NOW) is Refusal.NOT_ALLOWED


@pytest.mark.parametrize(
    ("role", "others", "by_coordinator", "refusal"),
    [
        ("facilitator", 0, False, None),
        ("manager", 1, False, None),
        ("manager", 0, False, Refusal.LAST_ONE),
        ("manager", 0, True, None),
        ("coordinator", 1, True, None),
        ("coordinator", 0, True, Refusal.LAST_ONE),
        ("coordinator", 1, False, Refusal.LAST_ONE),
    ],
)
def test_the_last_one_stays(role: str, others: int, by_coordinator: bool, refusal: Refusal | None) -> None:
    assert rules.refusal_to_remove(role, others, by_coordinator) is refusal


def test_the_charter_is_for_whoever_answers_now() -> None:
    assert rules.refusal_to_accept_charter("facilitator", None) is None
    assert rules.refusal_to_accept_charter("manager", None) is Refusal.NOT_FACILITATOR_NOW
    assert rules.refusal_to_accept_charter("facilitator", NOW) is Refusal.NOT_FACILITATOR_NOW


# ---------- joining ----------


def test_an_accredited_organisation_is_joined() -> None:
    assert rules.refusal_to_join(NOW - DAY, None, None, NOW) is None


@pytest.mark.parametrize(
    ("accredited", "suspended", "closed"),
    [(None, None, None), (NOW + DAY, None, None), (NOW - DAY, NOW, None), (NOW - DAY, None, NOW - DAY)],
)
def test_only_an_accredited_organisation_is_joined(
    accredited: dt.datetime | None, suspended: dt.datetime | None, closed: dt.datetime | None
) -> None:
    assert rules.refusal_to_join(accredited, suspended, closed, NOW) is Refusal.NOT_ACCREDITED


def test_a_code_has_no_letter_taken_for_a_figure() -> None:
    assert not set("01IO") & set(rules.CODE_LETTERS)
    assert len(set(rules.CODE_LETTERS)) == 32


@pytest.mark.parametrize("typed", ["K7QF-2M9X", "k7qf 2m9x", " k7qf2m9x ", "K7QF–2M9X"])
def test_a_code_is_found_however_it_is_typed(typed: str) -> None:
    assert rules.code_as_kept(typed) == "K7QF2M9X"
    assert rules.code_as_shown("K7QF2M9X") == "K7QF-2M9X"


# ---------- the way to minors, reminders, and who reads along ----------

READY = rules.Welcome(lead=True, reader=True, charter_version=rules.MINORS_CHARTER_VERSION)


@pytest.mark.parametrize(("lacks", "refusal"), [
    ({}, None), ({"lead": False}, Refusal.LEAD_MISSING), ({"reader": False}, Refusal.READER_MISSING),
    ({"charter_version": None}, Refusal.MINORS_CHARTER_FIRST), ({"charter_version": "2020-01"}, Refusal.MINORS_CHARTER_FIRST),
])
def test_minors_are_welcome_with_a_lead_a_second_reader_and_the_charter(lacks: dict[str, object], refusal: Refusal | None
                                                                        ) -> None:
    assert rules.refusal_to_allow(replace(READY, **lacks)) is refusal  # type: ignore[arg-type]


@pytest.mark.parametrize(("left", "reminded", "due"), [
    (61, None, None), (60, None, 60), (60, 60, None), (31, 60, None), (30, 60, 30), (25, None, 30), (8, 30, None),
    (7, 30, 7), (1, 7, None), (1, None, 7), (0, None, None), (-1, None, None),
])
def test_each_reminder_of_a_check_is_due_once_and_the_nearest_alone_when_late(
    left: int, reminded: int | None, due: int | None
) -> None:
    assert rules.reminder_due(TODAY + left * DAY, reminded, TODAY) == due


def test_whoever_reads_along_is_another_adult_who_acts() -> None:
    assert rules.refusal_to_read_along(adult=True, acts=True, same_person=False) is None
    assert rules.refusal_to_read_along(adult=True, acts=True, same_person=True) is Refusal.NOT_ONESELF
    assert rules.refusal_to_read_along(adult=False, acts=True, same_person=False) is Refusal.READER_ODD
    assert rules.refusal_to_read_along(adult=True, acts=False, same_person=False) is Refusal.READER_ODD


def test_a_role_is_suspended_but_not_a_coordinators_nor_one_that_is_over() -> None:
    assert rules.refusal_to_suspend_member("facilitator", None) is None
    assert rules.refusal_to_suspend_member("coordinator", None) is Refusal.NOT_ALLOWED
    assert rules.refusal_to_suspend_member("manager", NOW) is Refusal.NOT_ALLOWED


def test_at_16_one_answers_requests_and_takes_no_other_role() -> None:
    young = replace(OPEN, adult=False, sixteen=True)
    assert rules.refusal_to_accept(replace(young, role="facilitator"), NOW) is None
    assert rules.refusal_to_accept(replace(young, role="manager"), NOW) is Refusal.ADULTS_ONLY
    assert rules.refusal_to_accept(replace(young, role="facilitator", sixteen=False), NOW) is Refusal.FROM_16


def test_the_city_chooses_among_lawful_checks_and_never_opens_the_attestation_elsewhere() -> None:
    assert rules.lawful_kinds("association", "sport_licence, nonsense") == ("sport_licence",)
    assert rules.lawful_kinds("association", "honorability") == ()
    assert rules.lawful_kinds("association", "nonsense") == rules.LAWFUL["association"]
    assert rules.lawful_kinds("childcare", "honorability, public_agent") == ("honorability", "public_agent")
    chosen = replace(GOOD, chosen="declared_centre")
    assert rules.refusal_to_record(chosen, TODAY) is Refusal.CHECK_NOT_LAWFUL


def test_a_coordinator_who_reads_to_protect_has_a_check_as_well() -> None:
    agent = replace(GOOD, organisation_kind="city", role="coordinator")
    assert rules.refusal_to_record(agent, TODAY) is Refusal.CHECK_NOT_LAWFUL
    assert rules.refusal_to_record(replace(agent, reads=True), TODAY) is None


def test_a_role_is_held_from_its_age_on() -> None:
    for role in ("facilitator", "manager", "coordinator"):
        assert rules.refusal_to_go_on(role, adult=True, sixteen=True) is None
        assert rules.refusal_to_go_on(role, adult=False, sixteen=True) is (
            None if role == "facilitator" else Refusal.ADULTS_ONLY)
        assert rules.refusal_to_go_on(role, adult=False, sixteen=False) is (
            Refusal.FROM_16 if role == "facilitator" else Refusal.ADULTS_ONLY)


def test_another_person_confirms_a_coordinator() -> None:
    assert rules.refusal_to_confirm_coordinator("coordinator", None, invited_them=False) is None
    assert rules.refusal_to_confirm_coordinator("coordinator", None, invited_them=True) is Refusal.TWO_PERSONS
    assert rules.refusal_to_confirm_coordinator("coordinator", NOW, invited_them=False) is Refusal.NOT_ALLOWED
    assert rules.refusal_to_confirm_coordinator("manager", None, invited_them=False) is Refusal.NOT_ALLOWED
