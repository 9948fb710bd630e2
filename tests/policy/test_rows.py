"""The thirty rows of the table of ages, each in every circumstance that could change its answer.

What the table says is written down here by row and column, apart from the policy; the product of the circumstances is
generated, and for each the policy answers as the table does.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from passport.accounts import rules as age
from passport.accounts.rules import Band
from passport.contact import refusal_of_contact
from passport.feedback import rules as feedback
from passport.notices import rules as notices
from passport.policy import (
    Action,
    Actor,
    Advised,
    Asked,
    Attested,
    Before,
    Counted,
    Guarded,
    Mine,
    Returning,
    Role,
    can,
    second_factor,
)
from passport.protection import rules as protection
from passport.refusals import Refusal
from passport.witnesses import rules as witnesses

NOW = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 24)
DAY = dt.timedelta(days=1)
PARIS = dt.timezone(dt.timedelta(hours=1))
LEARNER, OTHER, ADULT, HOUSE = (uuid.UUID(int=n) for n in (1, 2, 3, 9))

# The columns of the table, by what somebody said of their age and chose.
BORN: dict[str, tuple[int | None, int | None, bool]] = {
    "< 13": (2014, 5, False), "13-14": (2012, 3, False), "15-17": (2010, 5, False), "18+": (None, None, False),
    "18+ protected": (None, None, True),
}
COLUMNS = tuple(BORN)
PROTECTED = {"< 13", "13-14", "15-17", "18+ protected"}
BANDS = dict(zip(COLUMNS, (Band.CHILD, Band.TEEN, Band.YOUTH, Band.ADULT, Band.ADULT), strict=True))
AGREED = (frozenset[str](), *(frozenset({purpose}) for purpose in age.PURPOSES), frozenset(age.PURPOSES))


@dataclass(frozen=True)
class Yes:
    """What a cell of the table says of an action of the learner's own; `of`: the purposes that two agree on."""

    alone: bool = True
    of: frozenset[str] = frozenset()


YES, NO = Yes(), Yes(alone=False)


def joint(*purposes: str) -> Yes:
    """Return a cell that says « joint »: one of these purposes, agreed on by two."""
    return Yes(alone=False, of=frozenset(purposes))


# Rows in which the learner acts: number, action, thing, and the five columns of the table. Nobody under 13 has a passport:
# their column only says what would come of it, and where row 1 alone keeps them out it says what the action itself asks.
OWN_ROWS: tuple[tuple[int, Action, Callable[[uuid.UUID], Any], tuple[Yes, Yes, Yes, Yes, Yes]], ...] = (
    (1, Action.OPEN_PASSPORT, Mine, (NO, YES, YES, YES, YES)),
    (3, Action.LOG_EXPERIENCE, Mine, (YES,) * 5),
    (3, Action.CHANGE_EXPERIENCE, Mine, (YES,) * 5),
    (4, Action.READ_PASSPORT, Mine, (YES,) * 5),
    (4, Action.EXPORT_PASSPORT, Mine, (YES,) * 5),
    (5, Action.JOIN_ORGANISATION, Mine, (YES,) * 5),
    (6, Action.ASK_FEEDBACK, Mine, (YES,) * 5),
    (8, Action.INVITE_WITNESS, Mine, (NO, joint(age.WITNESS), YES, YES, YES)),
    (10, Action.ASK_RECOGNITION, Mine, (YES,) * 5),
    (10, Action.DECIDE_ENDORSEMENT, Mine, (YES,) * 5),
    (11, Action.PERMIT_ENDORSEMENT, Mine, (NO, joint(age.SHOW), YES, YES, YES)),
    (12, Action.NAME_CREDENTIAL, Mine, (NO, joint(age.SHOW), YES, YES, YES)),
    (13, Action.PREPARE_SHARE, Mine, (NO, joint(age.PLACEMENT, age.ASSOCIATION), YES, YES, YES)),
    (14, Action.READ_PASSPORT, Mine, (YES,) * 5),
    (15, Action.OPEN_WITH_CARD, Mine, (NO, NO, YES, YES, YES)),
    (16, Action.PRINT_SHEET, Mine, (NO, NO, NO, YES, YES)),
    (21, Action.TAKE_PART, Mine, (NO, YES, YES, YES, YES)),
    (27, Action.SHOW_A_FACE, Mine, (NO, joint(age.IMAGE), YES, YES, YES)),
    (28, Action.ERASE_PASSPORT, Mine, (YES,) * 5),
    # Not refused to anybody, at any age: « ça me dérange », blocking, closing every link.
    (0, Action.REPORT_TEXT, Mine, (YES,) * 5),
    (0, Action.BLOCK_ADULT, Mine, (YES,) * 5),
    (0, Action.CLOSE_SHARE, Mine, (YES,) * 5),
)


def person(column: str, consents: frozenset[str] = frozenset(), key: uuid.UUID = LEARNER) -> Actor:
    year, month, chosen = BORN[column]
    return Actor(key, year, month, chosen, consents=consents)


def test_the_columns_are_those_of_the_table() -> None:
    for column in COLUMNS:
        year, month, chosen = BORN[column]
        assert age.band(year, month, TODAY) is BANDS[column]
        assert age.is_protected(year, month, chosen, TODAY) is (column in PROTECTED)


@pytest.mark.parametrize(("number", "action", "of", "cells"), OWN_ROWS, ids=[f"{n}-{action}" for n, action, *_ in OWN_ROWS])
def test_what_a_learner_may_by_age_and_by_what_two_agreed_on(
    number: int, action: Action, of: Callable[[uuid.UUID], Any], cells: tuple[Yes, ...]
) -> None:
    for (column, cell), consents, owner in itertools.product(
            zip(COLUMNS, cells, strict=True), AGREED, (LEARNER, OTHER)):
        answer = can(person(column, consents), action, of(owner), NOW, TODAY)
        own = owner == LEARNER or action is Action.OPEN_PASSPORT
        expected = own and (cell.alone or bool(cell.of & consents))
        assert answer.allowed is expected, (number, column, consents, owner)
        assert answer.seen is own, (number, column)


def test_statistics_count_whoever_may_be_counted() -> None:
    """Row 26: out under 13, and under 15 unless two agreed; from 15 on counted, unless the learner stays out."""
    for column, consents, objected, owner in itertools.product(COLUMNS, AGREED, (False, True), (LEARNER, OTHER)):
        answer = can(person(column, consents), Action.BE_COUNTED, Counted(owner, objected), NOW, TODAY)
        young = column in {"< 13", "13-14"}
        expected = owner == LEARNER and not objected and (not young or (column == "13-14" and age.STATISTICS in consents))
        assert answer.allowed is expected, (column, consents, objected, owner)


# ---------- where an adult acts: vetting, organisation, freeze, relation ----------

ROLES: dict[str, dict[str, Any]] = {
    "good": {}, "check over": {"checked_until": TODAY}, "never checked": {"checked_until": None},
    "no minors here": {"minors_state": "asked"}, "suspended": {"suspended_at": NOW - DAY}, "left": {"ended_at": NOW - DAY},
    "not joined": {"joined_at": None}, "not known in person": {"identity_confirmed_at": None},
    "house suspended": {"organisation_suspended_at": NOW - DAY}, "house closed": {"organisation_closed_at": NOW - DAY},
    "house not accredited": {"accredited_at": None},
    "no charter": {"charter_version": None, "trained_at": None},
}
ACTS = {"good", "check over", "never checked", "no minors here", "no charter"}
CHECKED = {"good"}
RELATIONS = ("asked", "asked, then barred", "grant over", "grant closed", "never asked", "own", "answered")


def adult(state: str, kind: str = "facilitator", year: int | None = None, month: int | None = None, **more: Any) -> Actor:
    facts: dict[str, Any] = {
        "membership_id": uuid.UUID(int=30), "organisation_id": HOUSE, "organisation_name": "…", "role": kind, "title": None,
        "joined_at": NOW - 200 * DAY, "charter_version": "2026-11", "trained_at": NOW - 100 * DAY, "suspended_at": None,
        "ended_at": None, "accredited_at": NOW - 300 * DAY, "organisation_suspended_at": None,
        "organisation_closed_at": None, "minors_state": "allowed", "checked_until": TODAY + 30 * DAY,
        "identity_confirmed_at": NOW - 200 * DAY,
    }
    return Actor(ADULT, year, month, roles=(Role(**{**facts, **ROLES[state], **more}),))


def asked(relation: str, protected: bool) -> Asked:
    facts: dict[str, Any] = {
        "learner_id": ADULT if relation == "own" else LEARNER, "organisation_id": HOUSE,
        "membership_id": uuid.UUID(int=31 if relation == "never asked" else 30),
        "facilitator_id": OTHER if relation == "never asked" else ADULT, "learner_protected": protected,
        "grant_opened_at": NOW - DAY, "grant_closes_at": NOW if relation == "grant over" else NOW + 30 * DAY,
        "grant_closed_at": NOW - DAY if relation == "grant closed" else None,
        "closed_at": NOW - DAY if relation == "answered" else None,
        "barred_ids": frozenset({ADULT}) if relation == "asked, then barred" else frozenset(),
    }
    return Asked(**facts)


def circumstances() -> Iterator[tuple[str, str, str]]:
    """Return every state of a role, every relation, and every column of the learner."""
    yield from itertools.product(ROLES, RELATIONS, COLUMNS)


@pytest.mark.promise("S9", "passport.policy:grant_is_open")
@pytest.mark.parametrize("action", [Action.READ_REQUEST, Action.GIVE_FEEDBACK, Action.DECLINE_REQUEST,
                                    Action.WITHDRAW_FEEDBACK, Action.RECOGNISE])
def test_a_facilitator_is_let_in_by_the_learner_alone_and_by_a_check_for_the_protected(action: Action) -> None:
    """Rows 6, 10 and 23: who was asked, while the grant is open; for protected learners with a check, in a house for minors."""
    for state, relation, column in circumstances():
        protected = column in PROTECTED
        seen = (relation in {"asked", "answered"} and state in ACTS and (not protected or state in CHECKED))
        waits = relation == "asked" or action in {Action.READ_REQUEST, Action.WITHDRAW_FEEDBACK}
        knows = action is not Action.RECOGNISE or state != "no charter"
        answer = can(adult(state), action, asked(relation, protected), NOW, TODAY)
        assert answer.seen is seen, (state, relation, column)
        assert answer.allowed is (seen and waits and knows), (state, relation, column, answer)


def test_of_16_and_17_whoever_leads_gives_feedback_read_along_and_nothing_more() -> None:
    """Row 23: 16–17 gives feedback with an adult of the organisation who reads along; no recognition, no reading, no age."""
    for state, relation, column, read_along in itertools.product(ROLES, RELATIONS, COLUMNS, (False, True)):
        young = adult(state, year=2009, month=6, is_co_read=read_along, is_reader=True)
        thing = asked(relation, column in PROTECTED)
        seen = relation == "asked" and state in ACTS and (column not in PROTECTED or state in CHECKED)
        assert can(young, Action.GIVE_FEEDBACK, thing, NOW, TODAY).allowed is (seen and read_along), (state, relation, column)
        assert not can(young, Action.RECOGNISE, thing, NOW, TODAY).allowed
        assert not can(young, Action.CONFIRM_AGE, thing, NOW, TODAY).allowed
        assert not can(young, Action.READ_TO_PROTECT, Guarded(LEARNER, HOUSE, frozenset({ADULT})), NOW, TODAY).allowed


def test_a_minor_asks_inside_and_elsewhere_only_a_desk() -> None:
    """Rows 6 and 7: by whom an organisation is reached, by age, by having joined, by what stands there."""
    for column, joined, person_asked, active, checked, barred in itertools.product(COLUMNS[1:], *[(False, True)] * 5):
        minor, protected = column in {"13-14", "15-17"}, column in PROTECTED
        refusal = feedback.refusal_to_ask(feedback.Asking(
            person=person_asked, active=active, checked=checked, joined=joined, minor=minor, protected=protected,
            barred=barred))
        allowed = active and not barred and (checked or not protected) and (joined or not minor or not person_asked)
        assert (refusal is None) is allowed, (column, joined, person_asked, active, checked, barred)


def test_words_about_a_recognition_come_from_who_may_write_to_the_learner() -> None:
    """Row 10, afterwards: withdrawing writes a reason, so no bar stands, and for the protected a check is in force."""
    for state, column, barred in itertools.product(ROLES, COLUMNS, (False, True)):
        thing = Attested(LEARNER, ADULT, HOUSE, learner_protected=column in PROTECTED,
                         barred_ids=frozenset({ADULT}) if barred else frozenset())
        allowed = state in ACTS and not barred and (column not in PROTECTED or state in CHECKED)
        assert can(adult(state), Action.WITHDRAW_ENDORSEMENT, thing, NOW, TODAY).allowed is allowed, (state, column, barred)


def test_who_says_what_without_an_account() -> None:
    """Rows 8 and 9: ready sentences for the protected, words of one's own for adults; under 18 a first name only."""
    for column, chosen in itertools.product(COLUMNS, (False, True)):
        minor = BANDS[column] is not Band.ADULT
        ready = witnesses.says_ready_only(column in PROTECTED, minor, chosen)
        assert ready is (minor or (column == "18+ protected" and not chosen)), column
    for minor, form in itertools.product((False, True), witnesses.NAME_FORMS):
        refusal = witnesses.refusal_of_name_form(form, minor)
        assert (refusal is None) is (not minor or form == witnesses.FIRST)


def test_an_age_goes_down_at_once_and_never_up() -> None:
    """Row 2: downward at once; upward by the calendar, or by a facilitator in person (`CONFIRM_AGE`)."""
    assert age.refusal_to_lower_age(None, (2010, 3), TODAY) is None
    assert age.refusal_to_lower_age((2010, 5), (2012, 3), TODAY) is None
    for lower in ((2009, 5), (2010, 4), (2000, 1)):
        assert age.refusal_to_lower_age((2010, 5), lower, TODAY) is not None
    for state, relation, column in circumstances():
        thing = asked(relation, column in PROTECTED)
        for action in (Action.DOUBT_AGE, Action.CONFIRM_AGE):
            seen = relation in {"asked", "answered"} and state in ACTS and (column not in PROTECTED or state in CHECKED)
            assert can(adult(state), action, thing, NOW, TODAY).allowed is seen, (action, state, relation, column)


@pytest.mark.parametrize(("action", "switch", "columns"), [
    (Action.PROPOSE_MEETING, {"meetings": "organisation"}, {"15-17", "18+", "18+ protected"}),
    (Action.PROPOSE_MEETING, {"meetings": "direct"}, {"18+", "18+ protected"}),
    (Action.ASK_QUESTION, {"questions": True}, {"18+", "18+ protected"}),
    (Action.ASK_TO_CONFIRM, {"confirmations": True}, {"15-17", "18+", "18+ protected"}),
], ids=lambda v: "+".join(sorted(map(str, v))) if not isinstance(v, str) else v)
def test_a_reader_without_account_does_what_the_learner_switched_on(
    action: Action, switch: dict[str, Any], columns: set[str]
) -> None:
    """Rows 17 to 19: by age, only where the learner switched it on for that link, and while it is open."""
    stranger = Actor(uuid.UUID(int=0))
    for column, is_open, on in itertools.product(COLUMNS, (False, True), (False, True)):
        thing = Before(BANDS[column], is_open, **(switch if on else {}))
        assert can(stranger, action, thing, NOW, TODAY).allowed is (column in columns and is_open and on), (column, is_open, on)


def test_an_adviser_reads_what_is_opened_and_writes_to_the_protected_only_as_a_facilitator() -> None:
    """Row 20: under 15 reading, by two; words to protected learners from active facilitators with a check only."""
    for column, state, is_open, by_two, barred, other in itertools.product(COLUMNS, ROLES, *[(False, True)] * 4):
        thing = Advised(LEARNER, OTHER if other else ADULT, BANDS[column], column in PROTECTED, is_open, by_two,
                        frozenset({ADULT}) if barred else frozenset())
        reads = column != "< 13" and is_open and not barred and not other and (by_two or column != "13-14")
        who = adult(state)
        assert can(who, Action.READ_AS_ADVISER, thing, NOW, TODAY).allowed is reads, (column, state)
        writes = reads and (column not in PROTECTED or state in CHECKED)
        assert can(who, Action.COMMENT_AS_ADVISER, thing, NOW, TODAY).allowed is writes, (column, state)


def test_nobody_sees_who_else_takes_part() -> None:
    """Row 22: no list of learners, for anybody."""
    for column, state, kind in itertools.product(COLUMNS, ROLES, ("facilitator", "manager", "coordinator")):
        assert not can(person(column), Action.SEE_PARTICIPANTS, Mine(LEARNER), NOW, TODAY).seen
        assert not can(adult(state, kind, is_reader=True), Action.SEE_PARTICIPANTS, Mine(LEARNER), NOW, TODAY).seen


def test_when_a_second_factor_is_asked() -> None:
    """Row 24: never of a learner; of facilitators before they open; of managers, readers and coordinators at sign-in."""
    for column in COLUMNS:
        assert second_factor(person(column), NOW) == "offered"
    for state, kind in itertools.product(ROLES, ("facilitator", "manager", "coordinator")):
        asked_when = "offered" if state not in ACTS else "opening" if kind == "facilitator" else "sign_in"
        assert second_factor(adult(state, kind), NOW) == asked_when, (state, kind)
        if state in ACTS:
            assert second_factor(adult(state, kind, is_reader=True), NOW) == "sign_in"


def test_who_lets_somebody_back_in() -> None:
    """Row 25: two adults, known since thirty days, never 16 or 17; for the protected with a check in force and one of the
    two of an organisation joined, for an adult one of the two of the city."""
    kinds, houses, first = ("facilitator", "manager", "coordinator"), (HOUSE, uuid.UUID(int=10)), uuid.UUID(int=55)
    for column, state, kind, house, before in itertools.product(COLUMNS, ROLES, kinds, houses, ("nobody", "a house", "the city")):
        shielded = column in PROTECTED
        thing = Returning(LEARNER, shielded, frozenset({HOUSE}), first_at_counter=before == "the city",
                          first_id=None if before == "nobody" else OTHER, first_membership_id=None if before == "nobody" else first)
        who = adult(state, kind, organisation_id=house)
        city = kind == "coordinator"
        acts = state in ACTS
        checked = state not in {"check over", "never checked"}
        meets = acts and (not shielded or (city and checked)
                          or (house == HOUSE and (state == "good" or (kind == "manager" and state == "no charter"))))
        makes = before == "nobody" or (not (city and before == "the city") if shielded else city or before == "the city")
        answer = can(who, Action.CONFIRM_RETURN, thing, NOW, TODAY)
        assert answer.seen == meets, (column, state, kind, house, before)
        assert answer.allowed == (meets and makes), (column, state, kind, house, before)
        for young in (Actor(ADULT, 2010, 5, roles=who.roles), Actor(ADULT, 2009, 5, roles=who.roles)):
            assert not can(young, Action.CONFIRM_RETURN, thing, NOW, TODAY).seen


def test_two_people_read_what_is_written_to_the_protected_and_nothing_else() -> None:
    """Row 29: two readers with a check in force; never who was set aside or blocked; an adult's own exchanges are not there."""
    pool = (OTHER, uuid.UUID(int=8))
    for state, aside, column in itertools.product(ROLES, (False, True), COLUMNS):
        who = protection.readers({ADULT}, pool, {ADULT} if aside else frozenset())
        assert (ADULT in who) is not aside
        assert len(who) >= 2
        thing = Guarded(LEARNER, HOUSE, who)
        reader = adult(state, "manager", is_reader=True)
        allowed = not aside and state in ACTS - {"check over", "never checked"}
        assert can(reader, Action.READ_TO_PROTECT, thing, NOW, TODAY).allowed is allowed, (state, aside, column)
        assert not can(adult(state, "manager"), Action.READ_TO_PROTECT, thing, NOW, TODAY).allowed


def test_quiet_hours_and_the_filter_are_for_the_protected() -> None:
    """Rows 6 and 30: held from 22 to 7 and filtered for everybody protected; adults choose hours, none by default."""
    night, seven = dt.datetime(2026, 11, 24, 22, tzinfo=dt.UTC), dt.datetime(2026, 11, 25, 6, tzinfo=dt.UTC)
    for column in COLUMNS:
        protected = column in PROTECTED
        assert notices.arrives_at(night, protected, PARIS) == (seven if protected else night)
        assert (notices.quiet_hours(protected, None) is not None) is protected
        number = refusal_of_contact(protected, ["Appelle-moi au 06 12 34 56 78"])
        assert number is (Refusal.CONTACT_PHONE if protected else None)
        assert refusal_of_contact(protected, ["Tu as bien tenu le compte Insta du club"]) is None


def test_every_row_of_the_table_is_here() -> None:
    """Thirty rows: those of the learner above, and each of the others named by a test of this file."""
    told = {number for number, *_ in OWN_ROWS}
    for test in [value for name, value in globals().items() if name.startswith("test_") and value.__doc__]:
        words = test.__doc__.split(":")[0]
        if words.startswith("Row"):
            numbers = [int(w.strip(",")) for w in words.replace("–", " ").split() if w.strip(",").isdigit()]
            told |= set(range(numbers[0], numbers[-1] + 1)) if " to " in words else set(numbers)
    assert told - {0} == set(range(1, 31))
