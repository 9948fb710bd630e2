"""The charter's heart: when recognition may be asked, given, kept, shown and taken back."""

from __future__ import annotations

import datetime as dt
import inspect
import uuid
from dataclasses import replace
from typing import Any

import pytest

from passport.recognition import rules
from passport.recognition.rules import Formative, Line, Offer, Story, Vouching
from passport.refusals import Refusal

NOW = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
BEFORE, LATER = NOW - dt.timedelta(days=2), NOW + dt.timedelta(days=2)
LONG_AGO = NOW - dt.timedelta(days=100)
LEA, KARIM, ATELIER, ANOTHER = (uuid.UUID(int=n) for n in range(1, 5))

STORY = Story(ATELIER)
READ = Formative(ATELIER, from_facilitator=True, read_at=BEFORE)
GOOD = Vouching(
    at=NOW, on=TODAY, learner_id=LEA, learner_protected=False, story=STORY, formative=READ, request_learner_id=LEA,
    request_closed_at=None, asked_at=NOW - dt.timedelta(days=1), asked_competencies=(3, 7), competency_id=7,
    facilitator_id=KARIM, is_relative=False, is_adult=True, role="facilitator", joined_at=LONG_AGO,
    charter_version="2026-11", trained_at=LONG_AGO, suspended_at=None, ended_at=None, accredited_at=LONG_AGO,
    organisation_suspended_at=None, organisation_closed_at=None, minors_allowed=True,
    checked_until=TODAY + dt.timedelta(days=30),
)
OFFERED = Offer(visible_at=BEFORE)
KEPT = replace(OFFERED, kept_at=BEFORE)
SHOWN = replace(KEPT, permitted_at=BEFORE)


def refused(**changes: Any) -> Refusal | None:
    """Return the refusal when one thing differs from an endorsement that can be made."""
    return rules.refusal_to_endorse(replace(GOOD, **changes))


class TestWhatOpensRecognition:
    def test_a_facilitators_feedback_read_on_this_experience_opens_it(self) -> None:
        assert rules.refusal_of_formative(READ, ATELIER, NOW) is None
        assert rules.refusal_to_open(READ, STORY, NOW) is None

    @pytest.mark.parametrize("formative", [
        None,
        pytest.param(replace(READ, read_at=None), id="not read"),
        pytest.param(replace(READ, read_at=LATER), id="read later"),
        pytest.param(replace(READ, from_facilitator=False), id="by somebody who was there"),
        pytest.param(replace(READ, experience_id=ANOTHER), id="about another experience"),
        pytest.param(replace(READ, withdrawn_at=BEFORE), id="taken back"),
    ])
    def test_nothing_else_does(self, formative: Formative | None) -> None:
        assert rules.refusal_of_formative(formative, ATELIER, NOW) is Refusal.NO_FEEDBACK_READ
        assert rules.refusal_to_open(formative, STORY, NOW) is Refusal.NO_FEEDBACK_READ
        assert rules.refusal_to_ask_recognition(formative, STORY, [7], [7], False, True, NOW) is Refusal.NO_FEEDBACK_READ
        assert refused(formative=formative) is Refusal.NO_FEEDBACK_READ

    def test_what_is_for_oneself_only_or_deleted_stays_inside(self) -> None:
        assert rules.refusal_to_open(READ, Story(ATELIER, for_me_only=True), NOW) is Refusal.FOR_ME_ONLY
        assert rules.refusal_to_open(READ, Story(ATELIER, deleted_at=BEFORE), NOW) is Refusal.EXPERIENCE_DELETED
        assert refused(story=Story(ATELIER, for_me_only=True)) is Refusal.FOR_ME_ONLY


class TestAsking:
    def ask(self, chosen: Any = (7,), waiting: bool = False, reachable: bool = True) -> Refusal | None:
        return rules.refusal_to_ask_recognition(READ, STORY, chosen, (3, 7, 9), waiting, reachable, NOW)

    def test_one_or_several_sentences_of_the_list_can_be_asked(self) -> None:
        assert self.ask() is None
        assert self.ask((3, 7)) is None

    def test_nothing_chosen_asks_nothing(self) -> None:
        assert self.ask(()) is Refusal.NOTHING_CHOSEN

    def test_a_sentence_outside_the_list_cannot_be_asked(self) -> None:
        assert self.ask((7, 999)) is Refusal.COMPETENCY_UNKNOWN
        assert rules.refusal_of_choice((7, 999), (7,)) is Refusal.COMPETENCY_UNKNOWN
        assert rules.refusal_of_choice((7,), (7,)) is None

    def test_the_same_person_is_not_asked_twice_at_a_time(self) -> None:
        assert self.ask(waiting=True) is Refusal.ALREADY_ASKED

    def test_somebody_who_cannot_answer_today_is_not_asked(self) -> None:
        assert self.ask(reachable=False) is Refusal.NOT_REACHABLE

    def test_a_request_is_taken_back_while_it_waits(self) -> None:
        assert rules.refusal_to_cancel(None) is None
        assert rules.refusal_to_cancel(BEFORE) is Refusal.REQUEST_CLOSED


class TestEndorsing:
    def test_everything_in_order_can_be_endorsed(self) -> None:
        assert rules.refusal_to_endorse(GOOD) is None
        assert refused(learner_protected=True) is None

    @pytest.mark.parametrize(("changes", "refusal"), [
        ({"asked_at": None}, Refusal.NOT_ASKED),
        ({"asked_at": LATER}, Refusal.NOT_ASKED),
        ({"request_learner_id": ANOTHER}, Refusal.NOT_ASKED),
        ({"request_closed_at": BEFORE}, Refusal.REQUEST_CLOSED),
        ({"competency_id": 9}, Refusal.NOT_ASKED),
    ])
    def test_only_what_the_learner_asked_and_while_it_waits(self, changes: dict[str, Any], refusal: Refusal) -> None:
        assert refused(**changes) is refusal
        assert rules.refusal_of_request(replace(GOOD, **changes)) is refusal

    def test_reading_came_before_asking(self) -> None:
        late = replace(GOOD, formative=replace(READ, read_at=NOW))
        assert rules.refusal_of_order(late) is Refusal.NO_FEEDBACK_READ
        assert rules.refusal_to_endorse(late) is Refusal.NO_FEEDBACK_READ
        assert rules.refusal_of_order(GOOD) is None

    @pytest.mark.parametrize(("changes", "refusal"), [
        ({"facilitator_id": LEA}, Refusal.NOT_ONESELF),
        ({"is_relative": True}, Refusal.NO_RELATIVE),
        ({"is_adult": False}, Refusal.ADULTS_ONLY),
    ])
    def test_never_oneself_nor_family_nor_before_18(self, changes: dict[str, Any], refusal: Refusal) -> None:
        assert refused(**changes) is refusal
        assert rules.refusal_of_person(replace(GOOD, **changes)) is refusal

    @pytest.mark.parametrize("changes", [
        {"role": "manager"}, {"joined_at": None}, {"joined_at": LATER}, {"suspended_at": BEFORE}, {"ended_at": NOW},
    ])
    def test_only_in_a_role_that_counts_at_that_time(self, changes: dict[str, Any]) -> None:
        assert refused(**changes) is Refusal.NOT_FACILITATOR_NOW
        assert rules.refusal_of_membership(replace(GOOD, **changes)) is Refusal.NOT_FACILITATOR_NOW

    def test_a_role_that_ends_later_still_counts(self) -> None:
        assert refused(ended_at=LATER, suspended_at=LATER) is None

    @pytest.mark.parametrize("changes", [{"charter_version": None}, {"trained_at": None}, {"trained_at": LATER}])
    def test_only_after_the_charter_and_the_course(self, changes: dict[str, Any]) -> None:
        assert refused(**changes) is Refusal.CHARTER_FIRST
        assert rules.refusal_of_training(replace(GOOD, **changes)) is Refusal.CHARTER_FIRST

    @pytest.mark.parametrize("changes", [
        {"accredited_at": None}, {"accredited_at": LATER}, {"organisation_suspended_at": BEFORE},
        {"organisation_closed_at": NOW},
    ])
    def test_only_in_the_name_of_an_organisation_accredited_then(self, changes: dict[str, Any]) -> None:
        assert refused(**changes) is Refusal.NOT_ACCREDITED
        assert rules.refusal_of_organisation(replace(GOOD, **changes)) is Refusal.NOT_ACCREDITED

    @pytest.mark.parametrize("changes", [
        {"checked_until": None}, {"checked_until": TODAY}, {"minors_allowed": False},
    ])
    def test_a_protected_learner_only_with_a_check_in_force(self, changes: dict[str, Any]) -> None:
        assert refused(**changes) is None
        assert refused(learner_protected=True, **changes) is Refusal.CHECK_NEEDED
        assert rules.refusal_of_check(replace(GOOD, learner_protected=True, **changes)) is Refusal.CHECK_NEEDED


class TestWhatIsSaid:
    def test_each_line_is_a_step_with_a_sentence_a_next_step_or_not_seen(self) -> None:
        for line in (Line(7, 3, rules.ENDORSE, "Elle mène sans moi."), Line(7, None, rules.NOT_YET, "Le refaire."),
                     Line(7, None, rules.NOT_SEEN, None)):
            assert rules.refusal_of_line(line) is None
            assert rules.refusal_of_lines([line]) is None

    def test_a_step_is_one_of_four(self) -> None:
        for step in (None, 0, 5):
            assert rules.refusal_of_line(Line(7, step, rules.ENDORSE, "Vu.")) is Refusal.STEP_MISSING
        assert rules.refusal_of_line(Line(7, 3, "bravo", "Vu.")) is Refusal.STEP_MISSING

    def test_what_was_seen_and_the_next_step_are_written(self) -> None:
        assert rules.refusal_of_line(Line(7, 3, rules.ENDORSE, None)) is Refusal.SENTENCE_MISSING
        assert rules.refusal_of_lines([Line(7, None, rules.NOT_YET, "")]) is Refusal.SENTENCE_MISSING

    def test_nothing_chosen_says_nothing(self) -> None:
        assert rules.refusal_of_lines([]) is Refusal.NOTHING_CHOSEN

    def test_how_one_knows_is_said(self) -> None:
        assert rules.refusal_of_ways("saw", "regularly") is None
        assert rules.refusal_of_ways(None, "regularly") is Refusal.STEP_MISSING
        assert rules.refusal_of_ways("saw", "by hearsay") is Refusal.STEP_MISSING

    def test_from_when_to_when_lies_in_the_past(self) -> None:
        day = dt.timedelta(days=1)
        assert rules.refusal_of_period(TODAY - day, TODAY, TODAY) is None
        assert rules.refusal_of_period(None, TODAY, TODAY) is Refusal.SEEN_WHEN
        assert rules.refusal_of_period(TODAY, TODAY + day, TODAY) is Refusal.SEEN_WHEN
        assert rules.refusal_of_period(TODAY, TODAY - day, TODAY) is Refusal.ENDS_BEFORE_START
        assert rules.refusal_of_period(dt.date(1800, 1, 1), TODAY, TODAY) is Refusal.DATES_ODD


class TestKeeping:
    def test_what_arrived_is_kept_or_not(self) -> None:
        assert rules.refusal_to_keep(OFFERED, NOW) is None
        assert rules.refusal_to_decline(OFFERED, NOW) is None

    @pytest.mark.parametrize(("changes", "refusal"), [
        ({"visible_at": LATER}, Refusal.NOT_VISIBLE_YET),
        ({"kept_at": BEFORE}, Refusal.ALREADY_DECIDED),
        ({"declined_at": BEFORE}, Refusal.ALREADY_DECIDED),
    ])
    def test_once_and_not_before_it_arrives(self, changes: dict[str, Any], refusal: Refusal) -> None:
        assert rules.refusal_to_keep(replace(OFFERED, **changes), NOW) is refusal
        assert rules.refusal_to_decline(replace(OFFERED, **changes), NOW) is refusal

    def test_what_was_withdrawn_is_not_kept(self) -> None:
        assert rules.refusal_to_keep(replace(OFFERED, withdrawn_at=BEFORE), NOW) is Refusal.WITHDRAWN

    def test_what_is_kept_can_always_be_set_aside(self) -> None:
        assert rules.refusal_to_set_aside(OFFERED) is Refusal.NOT_KEPT
        assert rules.refusal_to_set_aside(KEPT) is None
        assert rules.refusal_to_set_aside(replace(SHOWN, withdrawn_at=BEFORE)) is None

    def test_live_is_kept_and_not_taken_back(self) -> None:
        assert rules.is_live(KEPT)
        for offer in (OFFERED, replace(OFFERED, declined_at=BEFORE), replace(KEPT, set_aside_at=BEFORE),
                      replace(KEPT, withdrawn_at=BEFORE)):
            assert not rules.is_live(offer)


class TestShowing:
    @pytest.mark.parametrize(("offer", "refusal"), [
        (OFFERED, Refusal.NOT_KEPT),
        (replace(OFFERED, declined_at=BEFORE), Refusal.NOT_KEPT),
        (replace(KEPT, set_aside_at=BEFORE), Refusal.NOT_KEPT),
        (replace(KEPT, withdrawn_at=BEFORE), Refusal.WITHDRAWN),
        (replace(KEPT, hidden_at=BEFORE), Refusal.TEXT_HIDDEN),
    ])
    def test_only_what_is_kept_and_in_force_may_be_permitted(self, offer: Offer, refusal: Refusal) -> None:
        assert rules.refusal_to_permit(offer, decides_alone=True) is refusal
        assert rules.refusal_to_show(replace(offer, permitted_at=BEFORE), STORY) is refusal
        assert not rules.may_be_shown(replace(offer, permitted_at=BEFORE), STORY)

    def test_before_15_it_is_decided_by_two(self) -> None:
        assert rules.refusal_to_permit(KEPT, decides_alone=True) is None
        assert rules.refusal_to_permit(KEPT, decides_alone=False) is Refusal.UNDER_15
        assert rules.refusal_to_permit(KEPT, decides_alone=False, joint_consent=True) is None

    def test_only_what_is_permitted_now_is_shown(self) -> None:
        assert rules.may_be_shown(SHOWN, STORY)
        assert rules.refusal_to_show(KEPT, STORY) is Refusal.NOT_PERMITTED
        assert not rules.may_be_shown(KEPT, STORY)

    def test_what_stays_inside_is_not_shown(self) -> None:
        assert rules.refusal_to_show(SHOWN, Story(ATELIER, for_me_only=True)) is Refusal.FOR_ME_ONLY
        assert not rules.may_be_shown(SHOWN, Story(ATELIER, deleted_at=BEFORE))

    def test_an_endorsement_is_withdrawn_once_with_a_reason(self) -> None:
        assert rules.refusal_to_withdraw(None, "Une erreur de personne.") is None
        assert rules.refusal_to_withdraw(None, None) is Refusal.SENTENCE_MISSING
        assert rules.refusal_to_withdraw(BEFORE, "Une erreur.") is Refusal.ALREADY_DECIDED


def test_every_rule_of_this_room_is_asked_here() -> None:
    named = {name for name, _ in inspect.getmembers(rules, inspect.isfunction) if name.startswith("refusal_")}
    source = inspect.getsource(inspect.getmodule(test_every_rule_of_this_room_is_asked_here))  # type: ignore[arg-type]
    assert {name for name in named if f"rules.{name}(" not in source} == set()


class TestOwnHash:
    FACTS = {
        "endorsement_id": ATELIER, "competency": 7, "wording": 70, "step": 3, "seen_from_on": TODAY - dt.timedelta(days=9),
        "seen_to_on": TODAY - dt.timedelta(days=2), "on": TODAY, "organisation": "Médiathèque Mandela",
        "story_digest": b"\x01" * 32,
    }

    @pytest.mark.parametrize(("fact", "other"), [
        ("endorsement_id", ANOTHER), ("competency", 8), ("wording", 71), ("step", 2), ("seen_from_on", TODAY),
        ("seen_to_on", TODAY), ("on", TODAY - dt.timedelta(days=1)), ("organisation", "AS Gauthière"),
        ("story_digest", b"\x02" * 32),
    ])
    def test_every_fact_counts(self, fact: str, other: Any) -> None:
        assert rules.own_hash(**self.FACTS) == rules.own_hash(**self.FACTS)
        assert rules.own_hash(**self.FACTS) != rules.own_hash(**{**self.FACTS, fact: other})
        assert set(self.FACTS) == set(inspect.signature(rules.own_hash).parameters)
