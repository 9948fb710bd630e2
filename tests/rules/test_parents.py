"""What a child and a parent decide together, on pure rules: who is asked when, what a yes needs, and how long it holds."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from passport.accounts import rules as age
from passport.accounts.rules import Band
from passport.parents import rules
from passport.parents.rules import State
from passport.refusals import Refusal

NOW = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
BEFORE, LATER = NOW - DAY, NOW + DAY
ZONE = ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class Consent:
    """A consent as the rules see it."""

    option: str = "placement"
    learner_agreed_at: dt.datetime | None = BEFORE
    guardian_agreed_at: dt.datetime | None = BEFORE
    second_agreed_at: dt.datetime | None = None
    second_guardian_id: uuid.UUID | None = None
    until: dt.datetime = LATER
    withdrawn_at: dt.datetime | None = None
    withdrawn_by: str | None = None
    kept_at: dt.datetime | None = None


YES: Any = Consent()
ASKED: Any = Consent(guardian_agreed_at=None)
IMAGE: Any = Consent("image")
NO: Any = replace(ASKED, withdrawn_at=BEFORE, withdrawn_by="guardian")


@pytest.mark.parametrize(("given", "stands"), [
    (YES, True), (replace(YES, learner_agreed_at=None), False), (ASKED, False),
    (replace(YES, guardian_agreed_at=LATER), False), (replace(YES, until=NOW), False),
    (replace(YES, withdrawn_at=BEFORE, withdrawn_by="learner"), False), (IMAGE, False),
    (replace(IMAGE, second_agreed_at=BEFORE), True), (replace(IMAGE, second_agreed_at=LATER), False),
    (replace(YES, until=BEFORE, kept_at=NOW), True),
    (replace(YES, until=BEFORE, kept_at=NOW, withdrawn_at=NOW, withdrawn_by="learner"), False),
])
def test_a_consent_is_every_yes_that_still_stands(given: Any, stands: bool) -> None:
    assert age.consent_in_force(given, NOW) is stands


@pytest.mark.parametrize(("born", "day"), [((2012, 3), dt.date(2027, 4, 1)), ((2011, 12), dt.date(2027, 1, 1)),
                                           ((2012, 11), dt.date(2027, 12, 1))])
def test_one_turns_15_on_the_first_of_the_month_after(born: tuple[int, int], day: dt.date) -> None:
    assert age.turns(*born, 15) == day
    assert age.has_turned(*born, 15, day)
    assert not age.has_turned(*born, 15, day - DAY)


@pytest.mark.parametrize(("given", "state"), [
    (YES, State.AGREED), (ASKED, State.ASKED), (replace(ASKED, until=NOW), State.ENDED), (NO, State.NO),
    (replace(YES, withdrawn_at=NOW, withdrawn_by="guardian"), State.STOPPED),
    (replace(ASKED, withdrawn_at=NOW, withdrawn_by="learner"), State.STOPPED),
    (replace(YES, withdrawn_at=NOW, withdrawn_by="end"), State.ENDED), (IMAGE, State.HALF),
    (replace(IMAGE, until=NOW), State.ENDED),
])
def test_where_a_purpose_stands(given: Any, state: State) -> None:
    assert rules.state_of(given, NOW) is state


@pytest.mark.parametrize(("band", "purpose", "last", "refusal"), [
    (Band.TEEN, "placement", None, None), (Band.YOUTH, "placement", None, Refusal.FOR_UNDER_15),
    (Band.CHILD, "placement", None, Refusal.NOT_BEFORE_13), (Band.ADULT, "placement", None, Refusal.FOR_UNDER_15),
    (Band.TEEN, "placement", ASKED, Refusal.ALREADY_ASKED),
    (Band.TEEN, "placement", YES, Refusal.ALREADY_ASKED), (Band.TEEN, "placement", NO, Refusal.ASKED_LATELY),
    (Band.TEEN, "placement", replace(NO, withdrawn_at=NOW - 7 * DAY), None),
    (Band.TEEN, "placement", replace(YES, withdrawn_at=NOW, withdrawn_by="learner"), None),
    (Band.TEEN, "placement", replace(YES, until=NOW), None), (Band.TEEN, "image", IMAGE, None),
    (Band.TEEN, "image", replace(IMAGE, second_guardian_id=uuid.UUID(int=1)), Refusal.ALREADY_ASKED),
    (Band.TEEN, "image", replace(IMAGE, second_agreed_at=BEFORE), Refusal.ALREADY_ASKED),
])
def test_only_a_child_asks_and_nobody_is_pressed(band: Band, purpose: str, last: Any, refusal: Refusal | None) -> None:
    assert rules.refusal_to_ask(band, purpose, last, NOW) is refusal


def test_a_link_is_answered_once_in_time_before_15() -> None:
    assert rules.refusal_to_answer(Band.TEEN, None, LATER, 1, NOW) is None
    for sent in ((Band.TEEN, BEFORE, LATER, 1), (Band.TEEN, None, NOW, 1), (Band.TEEN, None, LATER, 0),
                 (Band.YOUTH, None, LATER, 1), (Band.CHILD, None, LATER, 1)):
        assert rules.refusal_to_answer(*sent, NOW) is Refusal.INVITATION_CLOSED


@pytest.mark.parametrize(("purpose", "capacity", "refusal"), [
    ("show", "parent", None), ("show", "service", None), ("show", None, Refusal.CAPACITY_MISSING),
    ("show", "teacher", Refusal.CAPACITY_MISSING), ("image", "parent", None), ("image", "service", Refusal.IMAGE_BY_PARENTS),
])
def test_a_yes_needs_authority_or_charge_and_images_need_parents(
    purpose: str, capacity: str | None, refusal: Refusal | None
) -> None:
    assert rules.refusal_of_yes(purpose, capacity) is refusal


def test_the_second_yes_for_images_is_the_other_parents() -> None:
    assert rules.refusal_of_second_yes(True) is None
    assert rules.refusal_of_second_yes(False) is Refusal.OTHER_PARENT_UNSAID
    assert rules.one_box(" Parent+photos@Example.org") == rules.one_box("parent@example.org")
    assert rules.one_box("parent@example.org") != rules.one_box("autre@example.org")


def test_one_reminder_by_mail_while_the_link_is_open() -> None:
    assert rules.refusal_to_remind("email", None, is_open=True) is None
    assert rules.refusal_to_remind("email", BEFORE, is_open=True) is Refusal.REMINDED_ONCE
    assert rules.refusal_to_remind("code", None, is_open=True) is Refusal.REMINDED_ONCE
    assert rules.refusal_to_remind("email", None, is_open=False) is Refusal.INVITATION_CLOSED


def test_a_receipt_dies_at_15() -> None:
    assert rules.refusal_of_receipt(Band.TEEN) is None
    assert rules.refusal_of_receipt(Band.YOUTH) is Refusal.RECEIPT_OVER
    assert rules.refusal_of_receipt(Band.ADULT) is Refusal.RECEIPT_OVER


def test_a_yes_holds_twelve_months_and_never_past_the_15th_birthday() -> None:
    assert rules.until(NOW, None, ZONE) == NOW + 365 * DAY
    assert rules.until(NOW, dt.date(2029, 1, 1), ZONE) == NOW + 365 * DAY
    assert rules.until(NOW, dt.date(2027, 4, 1), ZONE) == dt.datetime(2027, 3, 31, 22, tzinfo=dt.UTC)


def test_at_15_what_two_agreed_on_is_kept_or_closed_once() -> None:
    assert rules.refusal_to_take_over(Band.YOUTH, YES, NOW) is None
    assert rules.refusal_to_take_over(Band.ADULT, replace(YES, until=BEFORE), NOW) is None
    assert rules.refusal_to_take_over(Band.TEEN, YES, NOW) is Refusal.UNDER_15
    for given in (ASKED, NO, IMAGE, replace(YES, kept_at=BEFORE), replace(YES, withdrawn_at=BEFORE, withdrawn_by="end")):
        assert rules.refusal_to_take_over(Band.YOUTH, given, NOW) is Refusal.ALREADY_YOURS


def test_whoever_is_younger_than_was_said_keeps_no_consent_of_another_age() -> None:
    for band in Band:
        assert rules.ends_younger(band, None) is (band is Band.CHILD)
        assert rules.ends_younger(band, BEFORE) is (band in {Band.CHILD, Band.TEEN})


@pytest.mark.parametrize(("band", "given", "over"), [
    (Band.TEEN, YES, False), (Band.TEEN, replace(YES, until=NOW), True), (Band.YOUTH, replace(YES, until=NOW), False),
    (Band.YOUTH, replace(YES, until=NOW - 90 * DAY), True), (Band.YOUTH, replace(ASKED, until=NOW), True),
    (Band.TEEN, replace(YES, until=NOW, kept_at=BEFORE), False), (Band.TEEN, replace(NO, until=NOW), False),
])
def test_what_is_over_ends_but_waits_at_15(band: Band, given: Any, over: bool) -> None:
    assert rules.is_over(band, given, NOW) is over


def test_a_receipt_code_is_typed_as_one_likes() -> None:
    code = rules.receipt_code(bytes(range(32)))
    assert len(code) == 19
    assert rules.typed_code(code.lower().replace("-", " ")) == code
    assert rules.typed_code(code.replace("-", "")) == code
    for wrong in (None, "", code[:-1], code + "2", code[:-1] + "0", code[:-1] + "é"):
        assert rules.typed_code(wrong) is None
