"""Somebody who was there and has no account: who may be invited, what may be said, what may be shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from passport.accounts.rules import Band
from passport.refusals import Refusal
from passport.sharing import rules as sharing
from passport.witnesses import ready, rules
from passport.witnesses.rules import InvitationState, Saying, Seen

NOW = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SAID = Saying(relation="neighbour_f", own_relation=None, is_minor=False, saw_it=True, name_form="full",
              name="Mme Petit", words="Elle attend qu’ils essaient.", sentences=(), may_be_shown=True)
READY = replace(SAID, words=None, sentences=("explains", "calm"))


@pytest.mark.parametrize(("band", "for_me_only", "deleted_at", "waiting", "refusal"), [
    (Band.ADULT, False, None, 0, None),
    (Band.YOUTH, False, None, 4, None),
    (Band.TEEN, False, None, 0, Refusal.UNDER_15),
    (Band.CHILD, False, None, 0, Refusal.UNDER_15),
    (Band.ADULT, False, None, 5, Refusal.TOO_MANY_INVITATIONS),
    (Band.ADULT, True, None, 0, Refusal.FOR_ME_ONLY),
    (Band.ADULT, False, NOW, 0, Refusal.EXPERIENCE_DELETED),
])
def test_who_may_be_invited(band: Band, for_me_only: bool, deleted_at: dt.datetime | None, waiting: int,
                            refusal: Refusal | None) -> None:
    assert rules.refusal_to_invite(band, for_me_only, deleted_at, waiting) is refusal


def test_at_13_and_14_two_agree_on_asking_somebody_and_below_nobody_does() -> None:
    assert rules.refusal_to_invite(Band.TEEN, False, None, 0, joint_consent=True) is None
    assert rules.refusal_to_invite(Band.CHILD, False, None, 0, joint_consent=True) is Refusal.UNDER_15


@pytest.mark.parametrize(("expires_at", "used_at", "revoked_at", "state"), [
    (NOW + DAY, None, None, InvitationState.OPEN),
    (NOW, None, None, InvitationState.ENDED),
    (NOW + DAY, None, NOW, InvitationState.CANCELLED),
    (NOW + DAY, None, NOW + DAY, InvitationState.CANCELLED),
    (NOW + DAY, NOW, None, InvitationState.USED),
    (NOW - DAY, NOW - 2 * DAY, None, InvitationState.USED),
])
def test_where_an_invitation_stands(expires_at: dt.datetime, used_at: dt.datetime | None,
                                    revoked_at: dt.datetime | None, state: InvitationState) -> None:
    assert rules.invitation_state(expires_at, used_at, revoked_at, NOW) is state
    assert (rules.refusal_to_answer(state) is None) == (state is InvitationState.OPEN)


def test_an_invitation_is_open_for_fourteen_days() -> None:
    assert rules.ends_at(NOW) == NOW + 14 * DAY


@pytest.mark.parametrize(("form", "is_minor", "refusal"), [
    ("full", False, None), ("first", False, None), ("role", False, None), ("first", True, None),
    ("full", True, Refusal.MINOR_FIRST_NAME), ("role", True, Refusal.MINOR_FIRST_NAME),
    (None, False, Refusal.STEP_MISSING), ("nick", False, Refusal.STEP_MISSING),
])
def test_under_18_a_first_name_is_all_that_is_kept(form: str | None, is_minor: bool, refusal: Refusal | None) -> None:
    assert rules.refusal_of_name_form(form, is_minor) is refusal


@pytest.mark.parametrize("name", ["Mme Petit", "Jean-Luc d’Aubigné", "M. N’Diaye", "Karim B.", "Zoë", "李 伟", "Ludovic O'Hara"])
def test_these_are_names(name: str) -> None:
    assert rules.refusal_of_witness_name("full", name) is None


@pytest.mark.parametrize("name", [
    "0612345678", "Paul 06 12", "@paul", "paul.snap", "paul_44", "https://x", "Paul; appelle-moi", "Ne dis rien à personne",
    "x" * 41, "-", ".", "Paul (le coach)", "paul+1",
])
def test_these_are_messages_and_addresses(name: str) -> None:
    assert rules.refusal_of_witness_name("full", name) is Refusal.NAME_ODD


def test_a_first_name_is_one_word_and_a_role_needs_none() -> None:
    assert rules.refusal_of_witness_name("first", "Marie-Claude") is None
    assert rules.refusal_of_witness_name("first", "Paul Martin") is Refusal.FIRST_NAME_ALONE
    assert rules.refusal_of_witness_name("first", None) is Refusal.NAME_MISSING
    assert rules.refusal_of_witness_name("role", None) is None


@pytest.mark.parametrize(("protected", "chosen", "own", "refusal"), [
    (False, "mate", None, None), (False, None, "ma cheffe au snack", None), (False, "mate", "mon coach", None),
    (False, None, None, Refusal.READY_ONLY), (False, "nonsense", None, Refusal.READY_ONLY),
    (True, "mate", None, None), (True, None, "mon coach", Refusal.READY_ONLY),
    (True, "mate", "appelle-moi", Refusal.READY_ONLY), (True, None, None, Refusal.READY_ONLY),
])
def test_how_the_person_is_known(protected: bool, chosen: str | None, own: str | None, refusal: Refusal | None) -> None:
    assert rules.refusal_of_relation(protected, chosen, own, ready.RELATIONS) is refusal


@pytest.mark.parametrize(("protected", "words", "sentences", "refusal"), [
    (False, "Elle attend.", (), None), (False, None, (), Refusal.SENTENCE_MISSING),
    (False, "x", ("calm",), Refusal.SENTENCE_MISSING),
    (True, None, ("calm",), None), (True, None, ("calm", "shows", "tools"), None),
    (True, None, ("calm", "shows", "tools", "again"), Refusal.TOO_MANY_SENTENCES),
    (True, None, (), Refusal.READY_ONLY), (True, "Tu es belle.", (), Refusal.READY_ONLY),
    (True, "Tu es belle.", ("calm",), Refusal.READY_ONLY), (True, None, ("nonsense",), Refusal.READY_ONLY),
])
def test_to_a_protected_learner_ready_sentences_and_nothing_else(
    protected: bool, words: str | None, sentences: tuple[str, ...], refusal: Refusal | None
) -> None:
    assert rules.refusal_of_words(protected, words, sentences, ready.OBSERVATIONS) is refusal


def test_only_who_was_there_allows_words_to_be_shown() -> None:
    assert rules.refusal_of_permission(saw_it=True, may_be_shown=True) is None
    assert rules.refusal_of_permission(saw_it=False, may_be_shown=False) is None
    assert rules.refusal_of_permission(saw_it=False, may_be_shown=True) is Refusal.NOT_THERE


def test_everything_that_stops_words_is_said_beside_its_field() -> None:
    assert rules.refusals(SAID, False, ready.RELATIONS, ready.OBSERVATIONS) == []
    assert rules.refusals(READY, True, ready.RELATIONS, ready.OBSERVATIONS) == []
    odd = Saying(relation=None, own_relation=None, is_minor=True, saw_it=False, name_form="full", name="06", words=None,
                 sentences=(), may_be_shown=True)
    assert rules.refusals(odd, True, ready.RELATIONS, ready.OBSERVATIONS) == [
        ("relation", Refusal.READY_ONLY), ("sentences", Refusal.READY_ONLY), ("name_form", Refusal.MINOR_FIRST_NAME),
        ("may_be_shown", Refusal.NOT_THERE),
    ]


SEEN = Seen(visible_at=NOW, saw_it=True, may_be_shown=True)


@pytest.mark.parametrize(("seen", "refusal"), [
    (SEEN, None),
    (replace(SEEN, may_be_shown=False), Refusal.NOT_ALLOWED_TO_SHOW),
    (replace(SEEN, saw_it=False), Refusal.NOT_ALLOWED_TO_SHOW),
    (replace(SEEN, hidden_at=NOW), Refusal.TEXT_HIDDEN),
    (replace(SEEN, visible_at=NOW + DAY), Refusal.NOT_VISIBLE_YET),
])
def test_what_is_shown_is_allowed_by_who_said_it_and_not_hidden(seen: Seen, refusal: Refusal | None) -> None:
    assert rules.refusal_to_show(seen, NOW) is refusal


def test_a_link_asks_the_same() -> None:
    from passport.recognition.rules import Story

    story = Story(experience_id=SEEN, for_me_only=False, deleted_at=None)  # type: ignore[arg-type]
    assert sharing.refusal_to_show_item(story, seen=SEEN) is None
    assert sharing.refusal_to_show_item(story, seen=replace(SEEN, hidden_at=NOW)) is Refusal.TEXT_HIDDEN
    assert sharing.refusal_to_show_item(replace(story, for_me_only=True), seen=SEEN) is Refusal.FOR_ME_ONLY


def test_the_ready_words_are_enough_and_each_has_a_code_of_its_own() -> None:
    assert len(ready.OBSERVATIONS) >= 20
    assert len({o.fr for o in ready.OBSERVATIONS.values()}) == len({o.en for o in ready.OBSERVATIONS.values()}) \
        == len(ready.OBSERVATIONS)
    assert len(ready.relations("fr")) == len(ready.RELATIONS)
    assert len({words for _code, words in ready.relations("en")}) == len(ready.relations("en"))
    assert all(len(r.fr) <= 80 and len(r.en) <= 80 for r in ready.RELATIONS.values())
    assert rules.MOST_SENTENCES * (max(len(o.fr) for o in ready.OBSERVATIONS.values()) + 1) <= 4000


def test_words_that_were_reported_are_kept_from_their_author_never_from_their_learner() -> None:
    assert rules.refusal_to_erase(frozen=True, by_learner=False) is Refusal.TEXT_KEPT
    assert rules.refusal_to_erase(frozen=True, by_learner=True) is None
    assert rules.refusal_to_erase(frozen=False, by_learner=False) is None
@pytest.mark.promise("S1", "passport.witnesses.rules:says_ready_only")
def test_a_minor_only_ever_gets_ready_sentences_from_somebody_without_account() -> None:
    """Somebody without account says ready sentences only to a minor, and to a protected adult who did not choose otherwise."""
    assert rules.says_ready_only(protected=True, minor=True, words_chosen=True)
    assert rules.says_ready_only(protected=True, minor=False, words_chosen=False)
    assert not rules.says_ready_only(protected=True, minor=False, words_chosen=True)
    assert not rules.says_ready_only(protected=False, minor=False, words_chosen=False)
