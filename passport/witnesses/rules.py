"""Somebody who was there and has no account: who may invite them, what they may say, and what of it may be shown.

Nothing here is formative feedback: a witness's words never open recognition, which reads another table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from ..accounts.rules import Band
from ..experiences import rules as experiences
from ..refusals import Refusal

OPEN_FOR = dt.timedelta(days=14)
MOST_OPEN = 5
MOST_SENTENCES = 3
LONGEST_WORDS = 500
FULL, FIRST, ROLE = "full", "first", "role"
NAME_FORMS = (FULL, FIRST, ROLE)
LONGEST_NAME, MOST_NAMES = 40, 4


@dataclass(frozen=True)
class Saying:
    """Everything that somebody without account says, on the way in."""

    relation: str | None
    own_relation: str | None
    is_minor: bool
    saw_it: bool
    name_form: str
    name: str | None
    words: str | None
    sentences: tuple[str, ...]
    may_be_shown: bool


class InvitationState(StrEnum):
    """Where an invitation stands."""

    OPEN = "open"
    USED = "used"
    ENDED = "ended"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Seen:
    """What decides whether somebody's words may be shown to a reader."""

    visible_at: dt.datetime
    saw_it: bool
    may_be_shown: bool
    hidden_at: dt.datetime | None = None


def refusal_to_invite(
    band: Band, for_me_only: bool, deleted_at: dt.datetime | None, waiting: int, joint_consent: bool = False
) -> Refusal | None:
    """Say why nobody without account can be asked about an experience, or None when somebody can.

    From 15 on, at 13 and 14 when two agreed on it (safeguarding, row 8); `waiting` is how many invitations about it are open.
    """
    inside = experiences.refusal_to_send(for_me_only, deleted_at)
    if inside is not None:
        return inside
    if band not in {Band.YOUTH, Band.ADULT} and not (band is Band.TEEN and joint_consent):
        return Refusal.UNDER_15
    return Refusal.TOO_MANY_INVITATIONS if waiting >= MOST_OPEN else None


def ends_at(made_at: dt.datetime) -> dt.datetime:
    """Return when an invitation without answer closes by itself."""
    return made_at + OPEN_FOR


def invitation_state(
    expires_at: dt.datetime, used_at: dt.datetime | None, revoked_at: dt.datetime | None, now: dt.datetime,
    consented: bool = True,
) -> InvitationState:
    """Return where an invitation stands; an answer is the last word.

    `consented` is False when a consent it needs no longer stands.
    """
    if used_at is not None:
        return InvitationState.USED
    if revoked_at is not None or not consented:
        return InvitationState.CANCELLED
    return InvitationState.OPEN if now < expires_at else InvitationState.ENDED


def refusal_to_answer(state: InvitationState) -> Refusal | None:
    """Say why an invitation takes no answer, or None when it does."""
    return None if state is InvitationState.OPEN else Refusal.INVITATION_CLOSED


def refusal_of_name_form(name_form: str | None, is_minor: bool) -> Refusal | None:
    """Say why a name cannot stand in this form, or None when it can: under 18 a first name is all that is kept."""
    if name_form not in NAME_FORMS:
        return Refusal.STEP_MISSING
    return Refusal.MINOR_FIRST_NAME if is_minor and name_form != FIRST else None


def refusal_of_witness_name(name_form: str, name: str | None) -> Refusal | None:
    """Say why this is no name, or None when it is one: letters alone, so that it carries no message and no address."""
    if name_form == ROLE:
        return None
    if not name:
        return Refusal.NAME_MISSING
    parts = name.split()
    plain = all(part.removesuffix(".") and all(c.isalpha() or c in "-’'" for c in part.removesuffix("."))
                and part[0].isalpha() for part in parts)
    if not plain or len(name) > LONGEST_NAME or len(parts) > MOST_NAMES:
        return Refusal.NAME_ODD
    return Refusal.FIRST_NAME_ALONE if name_form == FIRST and len(parts) > 1 else None


def says_ready_only(protected: bool, minor: bool, words_chosen: bool) -> bool:
    """Say whether somebody without account says ready sentences only: to minors, and to adults under protection who did
    not choose otherwise (safeguarding, row 8)."""
    return protected and (minor or not words_chosen)


def refusal_of_relation(protected: bool, chosen: str | None, own: str | None, known: Collection[str]) -> Refusal | None:
    """Say why this does not tell how the person is known, or None when it does; to a protected learner, from the list."""
    if protected and own:
        return Refusal.READY_ONLY
    if own:
        return None
    return None if chosen in known else Refusal.READY_ONLY


def refusal_of_words(
    protected: bool, words: str | None, sentences: Collection[str], known: Collection[str]
) -> Refusal | None:
    """Say why these words cannot be kept, or None when they can.

    To a protected learner, somebody whom nobody has checked says ready sentences and nothing else (promise S1).
    """
    if not protected:
        return None if words and not sentences else Refusal.SENTENCE_MISSING
    if words or not sentences or not set(sentences) <= set(known):
        return Refusal.READY_ONLY
    return Refusal.TOO_MANY_SENTENCES if len(sentences) > MOST_SENTENCES else None


def refusal_of_permission(saw_it: bool, may_be_shown: bool) -> Refusal | None:
    """Say why these words cannot be allowed to be shown, or None when they can: « Vu par » is said by who was there."""
    return Refusal.NOT_THERE if may_be_shown and not saw_it else None


def refusals(
    said: Saying, protected: bool, relations: Collection[str], observations: Collection[str]
) -> list[tuple[str, Refusal]]:
    """Return everything that stops these words, each with the name of its field; nothing when they can be kept."""
    form = refusal_of_name_form(said.name_form, said.is_minor)
    found = (
        ("relation", refusal_of_relation(protected, said.relation, said.own_relation, relations)),
        ("sentences" if protected else "words",
         refusal_of_words(protected, said.words, said.sentences, observations)),
        ("name_form", form),
        ("name", None if form else refusal_of_witness_name(said.name_form, said.name)),
        ("may_be_shown", refusal_of_permission(said.saw_it, said.may_be_shown)),
    )
    return [(name, refusal) for name, refusal in found if refusal is not None]


def refusal_to_show(seen: Seen, now: dt.datetime | None = None) -> Refusal | None:
    """Say why somebody's words cannot be shown to a reader now, or None when they can.

    The same answer decides what can be chosen, what enters a link, and what a reader still finds in it.
    """
    if now is not None and now < seen.visible_at:
        return Refusal.NOT_VISIBLE_YET
    if seen.hidden_at is not None:
        return Refusal.TEXT_HIDDEN
    return None if seen.saw_it and seen.may_be_shown else Refusal.NOT_ALLOWED_TO_SHOW


def refusal_to_erase(frozen: bool, by_learner: bool) -> Refusal | None:
    """Say why words cannot be erased, or None: `frozen` keeps them from their author, never from their learner."""
    return Refusal.TEXT_KEPT if frozen and not by_learner else None
