"""Who may try what: the whole table, person by action, on the pure policy."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest

from passport.accounts.rules import PURPOSES, SHOW, WITNESS
from passport.policy import (
    POLICY,
    REASON,
    Action,
    Actor,
    Asked,
    Attested,
    Body,
    Carried,
    Case,
    Guarded,
    Member,
    Mine,
    ReadAlong,
    Returning,
    Role,
    can,
)
from passport.refusals import Refusal

NOW = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 24)
DAY = dt.timedelta(days=1)


def key(n: int) -> uuid.UUID:
    return uuid.UUID(int=n)


LIBRARY, CLUB, CITY = key(100), key(101), key(102)
LEA, TOM, YOUTH, KARIM, CLAIRE, NADIA, SOFIA, STRANGER = (key(n) for n in range(1, 9))
M_KARIM = key(204)


def role(kind: str, body: uuid.UUID, member: uuid.UUID, **more: Any) -> Role:
    facts: dict[str, Any] = {
        "membership_id": member, "organisation_id": body, "organisation_name": "…", "role": kind, "title": None,
        "joined_at": NOW - 200 * DAY, "identity_confirmed_at": NOW - 200 * DAY, "charter_version": "2026-11", "trained_at": NOW - 100 * DAY,
        "suspended_at": None, "ended_at": None, "accredited_at": NOW - 300 * DAY, "organisation_suspended_at": None,
        "organisation_closed_at": None, "minors_state": "allowed", "checked_until": TODAY + 30 * DAY,
    }
    return Role(**{**facts, **more})


def karim(**more: Any) -> Actor:
    return Actor(KARIM, roles=(role("facilitator", LIBRARY, M_KARIM, **more),))


PEOPLE: dict[str, Actor] = {
    "lea": Actor(LEA),
    "tom, 14": Actor(TOM, 2012, 3),
    "tom, with everything agreed": Actor(TOM, 2012, 3, consents=frozenset(PURPOSES)),
    "tom, who may ask and show": Actor(TOM, 2012, 3, consents=frozenset({WITNESS, SHOW})),
    "another, 13": Actor(key(30), 2013, 5, consents=frozenset(PURPOSES)),
    "youth, 16": Actor(YOUTH, 2010, 5),
    "grown, 18": Actor(key(31), 2008, 5),
    "stranger": Actor(STRANGER),
    "karim": karim(),
    "karim, unchecked": karim(checked_until=TODAY),
    "karim, no minors here": karim(minors_state="asked"),
    "karim, suspended": karim(suspended_at=NOW - DAY),
    "karim, left": karim(ended_at=NOW - DAY),
    "karim, not yet joined": karim(joined_at=None),
    "karim, accreditation gone": karim(organisation_suspended_at=NOW - DAY),
    "karim, closed house": karim(organisation_closed_at=NOW - DAY),
    "karim, not accredited": karim(accredited_at=None),
    "karim, not seen in person": karim(identity_confirmed_at=None),
    "karim, no charter": karim(charter_version=None, trained_at=None),
    "karim, 17": replace(karim(), birth_year=2009, birth_month=6),
    "karim, 17, co-read": replace(karim(is_co_read=True), birth_year=2009, birth_month=6),
    "colleague": Actor(key(20), roles=(role("facilitator", LIBRARY, key(220)),)),
    "nadia": Actor(NADIA, roles=(role("facilitator", CLUB, key(206)),)),
    "claire": Actor(CLAIRE, roles=(role("manager", LIBRARY, key(205)),)),
    "claire, who reads": Actor(CLAIRE, roles=(role("manager", LIBRARY, key(205), is_reader=True),)),
    "claire, unchecked reader": Actor(CLAIRE, roles=(role("manager", LIBRARY, key(205), is_reader=True,
                                                           checked_until=TODAY),)),
    "pool": Actor(key(22), roles=(role("facilitator", CITY, key(222), is_reader=True, minors_state="none"),)),
    "farid": Actor(key(21), roles=(role("manager", CLUB, key(221), joined_at=NOW - 29 * DAY),)),
    "sofia": Actor(SOFIA, roles=(role("coordinator", CITY, key(207)),)),
    "sofia, left": Actor(SOFIA, roles=(role("coordinator", CITY, key(207), ended_at=NOW - DAY),)),
    "lea, who also leads": Actor(LEA, roles=(role("facilitator", LIBRARY, key(230)),)),
}


def asked(learner: uuid.UUID = LEA, **more: Any) -> Asked:
    facts: dict[str, Any] = {
        "learner_id": learner, "organisation_id": LIBRARY, "membership_id": M_KARIM, "facilitator_id": KARIM,
        "learner_protected": False, "grant_opened_at": NOW - DAY, "grant_closes_at": NOW + 30 * DAY,
        "grant_closed_at": None, "closed_at": None,
    }
    return Asked(**{**facts, **more})


MINORS = {"learner": TOM, "learner_protected": True}
TEAM = {"membership_id": None, "facilitator_id": None}
THINGS: dict[str, Any] = {
    "lea's": Mine(LEA),
    "tom's": Mine(TOM),
    "youth's": Mine(YOUTH),
    "grown's": Mine(key(31)),
    "karim's": Mine(KARIM),
    "asked by lea": asked(),
    "asked by tom": asked(**MINORS),
    "asked of the team by lea": asked(**TEAM),
    "asked of the desk by tom": asked(**MINORS, **TEAM),
    "answered": asked(closed_at=NOW - DAY),
    "grant over": asked(grant_closes_at=NOW),
    "grant closed": asked(grant_closed_at=NOW - DAY),
    "barred": asked(barred_ids=frozenset({KARIM})),
    "endorsed by karim": Attested(LEA, KARIM, LIBRARY),
    "endorsed for tom": Attested(TOM, KARIM, LIBRARY, learner_protected=True),
    "endorsed, then barred": Attested(LEA, KARIM, LIBRARY, barred_ids=frozenset({KARIM})),
    "desk, grant over": asked(**MINORS, **TEAM, grant_closes_at=NOW),
    "desk, claire barred": asked(**MINORS, **TEAM, barred_ids=frozenset({CLAIRE})),
    "library": Body(LIBRARY),
    "city": Body(CITY),
    "karim's role": Member(LIBRARY, KARIM, "facilitator"),
    "claire's role": Member(LIBRARY, CLAIRE, "manager"),
    "case of claire": Case(CLAIRE, KARIM, organisation_id=LIBRARY),
    "case about claire": Case(CLAIRE, CLAIRE, organisation_id=LIBRARY),
    "case left alone": Case(key(77), KARIM, organisation_id=LIBRARY, left_alone=True),
    "case told by claire": Case(CLAIRE, KARIM, organisation_id=LIBRARY, reporter_id=CLAIRE),
    "case of claire, then barred": Case(CLAIRE, KARIM, organisation_id=LIBRARY, barred_ids=frozenset({CLAIRE})),
    "case left alone, sofia barred": Case(CLAIRE, KARIM, organisation_id=LIBRARY, left_alone=True,
                                          barred_ids=frozenset({CLAIRE, SOFIA})),
    "case of sofia": Case(SOFIA, KARIM, organisation_id=LIBRARY),
    "tom's texts in the library": Guarded(TOM, LIBRARY, frozenset({CLAIRE, NADIA})),
    "tom's texts, claire set aside": Guarded(TOM, LIBRARY, frozenset({key(22)})),
    "what a young colleague writes": ReadAlong(key(20), LIBRARY, KARIM),
    "what a young trainer writes": ReadAlong(key(23), CLUB, NADIA),
    "case of danger": Case(CLAIRE, KARIM, organisation_id=LIBRARY, route="both", with_city=True),
    "case to confirm": Case(key(77), KARIM, organisation_id=LIBRARY, learner_id=LEA, with_city=True, proposed=True),
    "case of an erased learner to confirm": Case(key(77), KARIM, organisation_id=LIBRARY, with_city=True, proposed=True),
    "case of the city": Case(SOFIA, key(77), organisation_id=LIBRARY, route="city", with_city=True, proposed=True),
    "case of tom, the learner": Case(CLAIRE, KARIM, organisation_id=LIBRARY, learner_id=CLAIRE),
    "case of a protected learner": Case(CLAIRE, KARIM, organisation_id=LIBRARY, learner_id=TOM, learner_protected=True),
    "case of a protected learner to confirm": Case(key(77), KARIM, organisation_id=LIBRARY, learner_id=TOM,
                                                   learner_protected=True, with_city=True, proposed=True),
    "tom comes back": Returning(TOM, True, frozenset({LIBRARY})),
    "tom, karim first": Returning(TOM, True, frozenset({LIBRARY}), first_id=KARIM, first_membership_id=M_KARIM),
    "tom, the city first": Returning(TOM, True, frozenset({LIBRARY}), first_id=key(77), first_membership_id=key(277),
                                     first_at_counter=True),
    "lea comes back": Returning(LEA, False, frozenset()),
    "lea, nadia first": Returning(LEA, False, frozenset(), first_id=NADIA, first_membership_id=key(206)),
    "lea, karim barred": Returning(LEA, False, frozenset(), frozenset({KARIM})),
    "lea's card": Carried(LEA),
    "lea's card, karim barred": Carried(LEA, frozenset({KARIM})),
    "nothing": None,
}
YOUNG = ("karim, 17", "karim, 17, co-read")
ANSWERING = ("karim", "karim, unchecked", "karim, no minors here", "karim, no charter", *YOUNG)
# Doors whose screens come later, and their circumstances: test_rows.py.
LATER = {Action.OPEN_PASSPORT, Action.SHOW_A_FACE, Action.BE_COUNTED, Action.TAKE_PART, Action.SEE_PARTICIPANTS,
         Action.PROPOSE_MEETING, Action.ASK_QUESTION, Action.ASK_TO_CONFIRM, Action.READ_AS_ADVISER,
         Action.COMMENT_AS_ADVISER}
# action, thing -> who may, and who is refused with which reason; everybody else does not see it
TABLE: dict[tuple[Action, str], dict[str, Refusal | None]] = {}


def row(action: Action, thing: str, *may: str, **refused: tuple[str, ...]) -> None:
    line: dict[str, Refusal | None] = dict.fromkeys(may)
    for reason, people in refused.items():
        line.update(dict.fromkeys(people, Refusal(reason)))
    TABLE[action, thing] = line


OWN = [a for a, needs in POLICY.items() if [t.__name__ for t in needs.see] == ["is_theirs"] and not needs.may]
SHOWING = (Action.INVITE_WITNESS, Action.PERMIT_ENDORSEMENT, Action.NAME_CREDENTIAL, Action.PREPARE_SHARE,
           Action.OPEN_WITH_CARD)
TOMS = ("tom, 14", "tom, with everything agreed", "tom, who may ask and show")
for action in OWN:
    row(action, "lea's", "lea", "lea, who also leads")
    row(action, "tom's", *TOMS)
for action in SHOWING:
    row(action, "lea's", "lea", "lea, who also leads")
    row(action, "youth's", "youth, 16")
row(Action.OPEN_WITH_CARD, "tom's", under_15=TOMS)
for action in (Action.INVITE_WITNESS, Action.PERMIT_ENDORSEMENT, Action.NAME_CREDENTIAL):
    row(action, "tom's", *TOMS[1:], under_15=TOMS[:1])
row(Action.PREPARE_SHARE, "tom's", TOMS[1], under_15=(TOMS[0], TOMS[2]))
row(Action.DECIDE_BY_TWO, "tom's", *TOMS)
row(Action.DECIDE_BY_TWO, "youth's")
row(Action.DECIDE_BY_TWO, "lea's")
row(Action.TAKE_OVER, "tom's")
row(Action.TAKE_OVER, "youth's", "youth, 16")
row(Action.TAKE_OVER, "grown's", "grown, 18")
row(Action.TAKE_OVER, "lea's")
row(Action.COME_OF_AGE, "youth's")
row(Action.COME_OF_AGE, "grown's", "grown, 18")
row(Action.COME_OF_AGE, "lea's")
row(Action.PRINT_SHEET, "lea's", "lea", "lea, who also leads")
row(Action.PRINT_SHEET, "tom's", adults_only=TOMS)
row(Action.PRINT_SHEET, "youth's", adults_only=("youth, 16",))
ACTIVE = (*ANSWERING, "colleague", "nadia", "lea, who also leads", "pool")
row(Action.READ_INBOX, "nothing", *ACTIVE)
for action in (Action.READ_REQUEST, Action.GIVE_FEEDBACK, Action.DECLINE_REQUEST, Action.WITHDRAW_FEEDBACK,
               Action.DOUBT_AGE):
    alone = ("karim, 17",) if action is Action.GIVE_FEEDBACK else ()
    grown = tuple(name for name in ANSWERING if name not in alone)
    row(action, "asked by lea", *grown, **({"co_reader_needed": alone} if alone else {}))
    row(action, "asked by tom", "karim", *(name for name in YOUNG if name not in alone),
        **({"co_reader_needed": alone} if alone else {}))
    row(action, "asked of the team by lea", *grown, "colleague", **({"co_reader_needed": alone} if alone else {}))
    row(action, "asked of the desk by tom")
    row(action, "grant over")
    row(action, "grant closed")
    row(action, "barred")
row(Action.READ_REQUEST, "answered", *ANSWERING)
row(Action.WITHDRAW_FEEDBACK, "answered", *ANSWERING)
row(Action.DOUBT_AGE, "answered", *ANSWERING)
row(Action.GIVE_FEEDBACK, "answered", request_closed=ANSWERING)
row(Action.DECLINE_REQUEST, "answered", request_closed=ANSWERING)
CLAIRES = ("claire", "claire, who reads", "claire, unchecked reader")
GROWN = ("karim", "karim, unchecked", "karim, no minors here")
AGED = (*GROWN, "karim, no charter")
row(Action.CONFIRM_AGE, "asked by lea", *AGED, adults_only=YOUNG)
row(Action.CONFIRM_AGE, "asked by tom", "karim", adults_only=YOUNG)
row(Action.CONFIRM_AGE, "answered", *AGED, adults_only=YOUNG)
row(Action.CONFIRM_AGE, "asked of the team by lea", *AGED, "colleague", adults_only=YOUNG)
for nothing in ("asked of the desk by tom", "grant over", "grant closed", "barred"):
    row(Action.CONFIRM_AGE, nothing)
row(Action.RECOGNISE, "asked by lea", *GROWN, charter_first=("karim, no charter",), adults_only=YOUNG)
row(Action.RECOGNISE, "asked by tom", "karim", adults_only=YOUNG)
row(Action.RECOGNISE, "answered", request_closed=ANSWERING)
row(Action.RECOGNISE, "grant over")
row(Action.RECOGNISE, "grant closed")
row(Action.RECOGNISE, "barred")
row(Action.RECOGNISE, "asked of the team by lea", *GROWN, "colleague", charter_first=("karim, no charter",),
    adults_only=YOUNG)
row(Action.WITHDRAW_ENDORSEMENT, "endorsed by karim", *ANSWERING, *CLAIRES)
row(Action.WITHDRAW_ENDORSEMENT, "endorsed for tom", "karim", *YOUNG, "claire", "claire, who reads",
    check_needed=("karim, unchecked", "karim, no minors here", "karim, no charter", "claire, unchecked reader"))
row(Action.WITHDRAW_ENDORSEMENT, "endorsed, then barred", *CLAIRES, request_closed=ANSWERING)
for action in (Action.ACCEPT_CHARTER, Action.SHOW_ASK_CODE):
    row(action, "karim's role", *ANSWERING)
    row(action, "claire's role")
for action in (Action.MANAGE_ORGANISATION, Action.INVITE_FACILITATOR):
    row(action, "library", *CLAIRES, "sofia")
    row(action, "city", "sofia")
row(Action.REMOVE_MEMBER, "karim's role", *CLAIRES, "sofia")
for action in (Action.RECORD_CHECK, Action.RESET_FACTOR):
    row(action, "karim's role", *CLAIRES, "sofia")
    row(action, "claire's role", "sofia", not_oneself=CLAIRES)
row(Action.CONFIRM_COORDINATOR, "karim's role", "sofia")
row(Action.ACCEPT_ACCREDITATION, "library", *CLAIRES)
row(Action.SIGN_MINORS_CHARTER, "library", *CLAIRES)
row(Action.READ_AS_READER, "nothing", "claire, who reads", "pool")
row(Action.READ_TO_PROTECT, "tom's texts in the library", "claire, who reads")
row(Action.READ_TO_PROTECT, "tom's texts, claire set aside", "pool")
row(Action.READ_ALONG, "what a young colleague writes", *(name for name in ANSWERING if name not in YOUNG))
row(Action.READ_ALONG, "what a young trainer writes", "nadia")
row(Action.READ_DESK, "library", *CLAIRES)
row(Action.ASSIGN_REQUEST, "asked of the desk by tom", *CLAIRES)
row(Action.ASSIGN_REQUEST, "asked of the team by lea")
row(Action.ASSIGN_REQUEST, "desk, grant over")
row(Action.ASSIGN_REQUEST, "desk, claire barred")
row(Action.HANDLE_REPORT, "case of claire", *CLAIRES)
row(Action.HANDLE_REPORT, "case about claire")
row(Action.HANDLE_REPORT, "case left alone", "sofia")
row(Action.HANDLE_REPORT, "case told by claire")
row(Action.HANDLE_REPORT, "case of claire, then barred")
row(Action.HANDLE_REPORT, "case left alone, sofia barred")
row(Action.HANDLE_REPORT, "case of sofia", "sofia")
row(Action.HANDLE_REPORT, "case of danger", *CLAIRES, "sofia")
row(Action.HANDLE_REPORT, "case to confirm", *CLAIRES, "sofia")
row(Action.HANDLE_REPORT, "case of an erased learner to confirm", "sofia")
row(Action.HANDLE_REPORT, "case of the city", "sofia")
row(Action.HANDLE_REPORT, "case of tom, the learner")
row(Action.HANDLE_REPORT, "case of a protected learner", *CLAIRES[:2])
row(Action.HANDLE_REPORT, "case of a protected learner to confirm", *CLAIRES[:2], "sofia")
row(Action.EXPORT_CASE, "case of a protected learner", *CLAIRES[:2])
row(Action.EXPORT_CASE, "case of a protected learner to confirm", *CLAIRES[:2], "sofia")
row(Action.EXPORT_CASE, "case of claire")
row(Action.EXPORT_CASE, "case of tom, the learner")
row(Action.FREEZE_CONTACT, "case of danger", "sofia")
row(Action.FREEZE_CONTACT, "case of claire")
KARIMS = ("karim", "karim, unchecked", "karim, no minors here", "karim, no charter")
OTHERS = ("colleague", *CLAIRES, "pool", "sofia")
row(Action.HELP_IN_PERSON, "nothing", *KARIMS, *OTHERS, "nadia", "farid", "lea, who also leads")
row(Action.CLOSE_LOST_CARD, "lea's card", *KARIMS, *OTHERS, "nadia", "farid")
row(Action.CLOSE_LOST_CARD, "lea's card, karim barred", *OTHERS, "nadia", "farid")
IN_HOUSE = ("colleague", "claire", "claire, who reads", "lea, who also leads")
row(Action.CONFIRM_RETURN, "tom comes back", "karim", *IN_HOUSE, "sofia")
row(Action.CONFIRM_RETURN, "tom, karim first", *IN_HOUSE, "sofia", return_one_person=("karim",))
row(Action.CONFIRM_RETURN, "tom, the city first", "karim", *IN_HOUSE, return_others=("sofia",))
row(Action.CONFIRM_RETURN, "lea comes back", *KARIMS, *OTHERS, "nadia", return_too_new=("farid",))
row(Action.CONFIRM_RETURN, "lea, karim barred", *OTHERS, "nadia", return_too_new=("farid",))
row(Action.CONFIRM_RETURN, "lea, nadia first", "sofia", return_one_person=("nadia",), return_too_new=("farid",),
    return_others=(*KARIMS, *(name for name in OTHERS if name != "sofia")))
for thing in ("asked by lea", "grant over", "barred"):
    row(Action.RAISE_CONCERN, thing, *ANSWERING, *CLAIRES)
row(Action.RAISE_CONCERN, "asked of the team by lea", *ANSWERING, "colleague", *CLAIRES)
row(Action.READ_FIGURES, "library", *CLAIRES, "sofia")
for action in (Action.COORDINATE, Action.INVITE_MANAGER):
    row(action, "library", "sofia")


def test_the_table_names_every_action() -> None:
    assert {action for action, _ in TABLE} | LATER == set(Action) == set(POLICY)


@pytest.mark.parametrize(("action", "thing"), TABLE, ids=lambda v: str(v))
def test_everybody_may_what_the_table_says_and_nothing_else(action: Action, thing: str) -> None:
    line = TABLE[action, thing]
    assert set(line) <= set(PEOPLE)
    for name, person in PEOPLE.items():
        answer = can(person, action, THINGS[thing], NOW, TODAY)
        if name in line:
            assert (answer.seen, answer.refusal) == (True, line[name]), name
        else:
            assert not answer.seen, name
            assert answer.refusal is None, name


@pytest.mark.parametrize(
    ("action", "truth"),
    [(a, t) for a, needs in POLICY.items() if a not in LATER for t in (*needs.see, *needs.may)],
    ids=lambda v: getattr(v, "__name__", str(v)),
)
def test_every_truth_alone_can_stop_somebody(action: Action, truth: Any) -> None:
    """Every right but this one: some line of the table is stopped by this truth and by no other."""
    others = [t for t in (*POLICY[action].see, *POLICY[action].may) if t is not truth]
    # answering_role stands behind three truths; who holds no such role cannot be known to hold a check or the charter
    stopped = [
        (name, thing) for (a, thing) in TABLE if a is action for name, person in PEOPLE.items()
        if not truth(person, THINGS[thing], NOW, TODAY)
        and all(t(person, THINGS[thing], NOW, TODAY) for t in others
                if not (truth.__name__ == "was_asked" and t.__name__ in {"is_checked", "knows_charter"}))
    ]
    if truth.__name__ == "is_not_theirs":
        stopped += [
            (name, "own") for name, person in PEOPLE.items()
            if (own := _own_thing(action, person)) is not None and not truth(person, own, NOW, TODAY)
            and all(t(person, own, NOW, TODAY) for t in others)
        ]
    assert stopped


def _own_thing(action: Action, person: Actor) -> Any:
    """What this person would answer for themself, if nothing else stood in the way."""
    if action is Action.ASSIGN_REQUEST and person.account_id == CLAIRE:
        return asked(CLAIRE, learner_protected=True, **TEAM)
    if person.account_id != KARIM or action in {Action.CONFIRM_RETURN, Action.CLOSE_LOST_CARD}:
        return None
    return Attested(KARIM, KARIM, LIBRARY) if action is Action.WITHDRAW_ENDORSEMENT else asked(KARIM)


def test_nobody_answers_themself() -> None:
    for action in (Action.READ_REQUEST, Action.GIVE_FEEDBACK, Action.WITHDRAW_FEEDBACK, Action.RECOGNISE,
                   Action.WITHDRAW_ENDORSEMENT, Action.RAISE_CONCERN, Action.DOUBT_AGE, Action.CONFIRM_AGE):
        assert not can(PEOPLE["karim"], action, _own_thing(action, PEOPLE["karim"]), NOW, TODAY).seen


def test_every_refusing_truth_has_a_reason_and_a_sentence() -> None:
    from passport.wording import SENTENCES

    for needs in POLICY.values():
        for truth in needs.may:
            assert REASON[truth] in SENTENCES
    assert set(SENTENCES) == set(Refusal)


def test_every_truth_says_in_one_sentence_what_it_means() -> None:
    for needs in POLICY.values():
        for truth in (*needs.see, *needs.may):
            assert truth.__doc__, truth.__name__
            assert truth.__doc__.strip().endswith("."), truth.__name__
