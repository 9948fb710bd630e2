"""Recognition: when it may be asked, given, kept, shown and taken back. The heart of the charter."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..experiences import rules as experiences
from ..refusals import Refusal

HOW_KNOWN = ("saw", "supervised", "shown")
HOW_PERSON_KNOWN = ("regularly", "at_times", "once")
ENDORSE, NOT_YET, NOT_SEEN = "endorse", "not_yet", "not_seen"
STEPS = (1, 2, 3, 4)


def name_kept(name: str, form: str) -> str | None:
    """Return the name beside what somebody recognises, in the form the city chose: whole, initials, or none (role only)."""
    if form == "role":
        return None
    return " ".join(f"{word[0].upper()}." for word in name.split()) if form == "initials" else name


@dataclass(frozen=True)
class Formative:
    """The answer that may open recognition: about which experience, by whom, and when it was read."""

    experience_id: uuid.UUID
    from_facilitator: bool
    read_at: dt.datetime | None
    withdrawn_at: dt.datetime | None = None


@dataclass(frozen=True)
class Story:
    """The experience, and whether it stays inside the passport."""

    experience_id: uuid.UUID
    for_me_only: bool = False
    deleted_at: dt.datetime | None = None


@dataclass(frozen=True)
class Vouching:
    """Everything an endorsement rests on, as it stands at the time it is made; `on` is the day its words arrive."""

    at: dt.datetime
    on: dt.date
    learner_id: uuid.UUID
    learner_protected: bool
    story: Story
    formative: Formative | None
    request_learner_id: uuid.UUID | None
    request_closed_at: dt.datetime | None
    asked_at: dt.datetime | None
    asked_competencies: Collection[int]
    competency_id: int
    facilitator_id: uuid.UUID
    is_relative: bool
    is_adult: bool
    role: str
    joined_at: dt.datetime | None
    charter_version: str | None
    trained_at: dt.datetime | None
    suspended_at: dt.datetime | None
    ended_at: dt.datetime | None
    accredited_at: dt.datetime | None
    organisation_suspended_at: dt.datetime | None
    organisation_closed_at: dt.datetime | None
    minors_allowed: bool
    checked_until: dt.date | None


@dataclass(frozen=True)
class Line:
    """What a facilitator answers about one competency: a step with a sentence, a next step, or that they did not see it."""

    competency_id: int
    step: int | None
    answer: str
    sentence: str | None


@dataclass(frozen=True)
class Offer:
    """An endorsement as its learner finds it: when it arrived, and what was decided since."""

    visible_at: dt.datetime
    kept_at: dt.datetime | None = None
    declined_at: dt.datetime | None = None
    set_aside_at: dt.datetime | None = None
    withdrawn_at: dt.datetime | None = None
    permitted_at: dt.datetime | None = None
    hidden_at: dt.datetime | None = None


def refusal_of_formative(formative: Formative | None, experience_id: uuid.UUID, at: dt.datetime) -> Refusal | None:
    """Say why nothing formative opens recognition here, or None when a facilitator's answer on this experience was read."""
    if formative is None or not formative.from_facilitator or formative.experience_id != experience_id:
        return Refusal.NO_FEEDBACK_READ
    if formative.read_at is None or formative.read_at > at or formative.withdrawn_at is not None:
        return Refusal.NO_FEEDBACK_READ
    return None


def refusal_of_choice(chosen: Collection[int], known: Collection[int]) -> Refusal | None:
    """Say why these competencies cannot be asked, or None when there is at least one and all are in the list."""
    if not chosen:
        return Refusal.NOTHING_CHOSEN
    if not set(chosen) <= set(known):
        return Refusal.COMPETENCY_UNKNOWN
    return None


def refusal_to_open(formative: Formative | None, story: Story, at: dt.datetime) -> Refusal | None:
    """Say why recognition is not open on this experience, or None when the link to it may appear."""
    return (experiences.refusal_to_send(story.for_me_only, story.deleted_at)
            or refusal_of_formative(formative, story.experience_id, at))


def refusal_to_ask_recognition(
    formative: Formative | None, story: Story, chosen: Collection[int], known: Collection[int],
    waiting: bool, reachable: bool, at: dt.datetime,
) -> Refusal | None:
    """Say why recognition cannot be asked of this facilitator, or None when it can.

    `waiting`: the same facilitator was already asked about this experience; `reachable`: they may answer today.
    """
    refusal = refusal_to_open(formative, story, at)
    if refusal is None and waiting:
        refusal = Refusal.ALREADY_ASKED
    if refusal is None and not reachable:
        refusal = Refusal.NOT_REACHABLE
    return refusal or refusal_of_choice(chosen, known)


def refusal_to_cancel(closed_at: dt.datetime | None) -> Refusal | None:
    """Say why a request cannot be taken back, or None while it waits."""
    return Refusal.REQUEST_CLOSED if closed_at is not None else None


def refusal_of_request(facts: Vouching) -> Refusal | None:
    """Say why the learner's own request does not cover this competency, or None when it does and still waits."""
    if facts.asked_at is None or facts.asked_at > facts.at or facts.request_learner_id != facts.learner_id:
        return Refusal.NOT_ASKED
    if facts.request_closed_at is not None:
        return Refusal.REQUEST_CLOSED
    if facts.competency_id not in facts.asked_competencies:
        return Refusal.NOT_ASKED
    return None


def refusal_of_order(facts: Vouching) -> Refusal | None:
    """Say why reading and asking did not come in this order, or None when the answer was read before the request."""
    read_at = facts.formative.read_at if facts.formative else None
    if read_at is None or facts.asked_at is None or read_at > facts.asked_at:
        return Refusal.NO_FEEDBACK_READ
    return None


def refusal_of_person(facts: Vouching) -> Refusal | None:
    """Say why this person cannot endorse this learner, or None: another one, not of the family, and an adult."""
    if facts.facilitator_id == facts.learner_id:
        return Refusal.NOT_ONESELF
    if facts.is_relative:
        return Refusal.NO_RELATIVE
    if not facts.is_adult:
        return Refusal.ADULTS_ONLY
    return None


def refusal_of_membership(facts: Vouching) -> Refusal | None:
    """Say why the facilitator's role does not count at that time, or None when it does."""
    over = any(t is not None and t <= facts.at for t in (facts.suspended_at, facts.ended_at))
    if facts.role != "facilitator" or facts.joined_at is None or facts.joined_at > facts.at or over:
        return Refusal.NOT_FACILITATOR_NOW
    return None


def refusal_of_training(facts: Vouching) -> Refusal | None:
    """Say why the facilitator must read the charter first, or None when charter and course came before."""
    if facts.charter_version is None or facts.trained_at is None or facts.trained_at > facts.at:
        return Refusal.CHARTER_FIRST
    return None


def refusal_of_organisation(facts: Vouching) -> Refusal | None:
    """Say why the organisation cannot vouch at that time, or None when it is accredited and open."""
    gone = any(t is not None and t <= facts.at for t in (facts.organisation_suspended_at, facts.organisation_closed_at))
    if facts.accredited_at is None or facts.accredited_at > facts.at or gone:
        return Refusal.NOT_ACCREDITED
    return None


def refusal_of_check(facts: Vouching) -> Refusal | None:
    """Say why a protected learner cannot be answered, or None: a check in force, where minors may be welcomed."""
    if not facts.learner_protected:
        return None
    if not facts.minors_allowed or facts.checked_until is None or facts.checked_until <= facts.on:
        return Refusal.CHECK_NEEDED
    return None


def refusal_to_endorse(facts: Vouching) -> Refusal | None:
    """Say why this competency cannot be recognised by this person now, or None when it can."""
    return (
        refusal_of_request(facts)
        or refusal_to_open(facts.formative, facts.story, facts.at)
        or refusal_of_order(facts)
        or refusal_of_person(facts)
        or refusal_of_membership(facts)
        or refusal_of_training(facts)
        or refusal_of_organisation(facts)
        or refusal_of_check(facts)
    )


def refusal_of_line(line: Line) -> Refusal | None:
    """Say what is missing in the answer about one competency, or None when it is whole."""
    if line.answer not in (ENDORSE, NOT_YET, NOT_SEEN) or (line.answer == ENDORSE and line.step not in STEPS):
        return Refusal.STEP_MISSING
    if line.answer != NOT_SEEN and not line.sentence:
        return Refusal.SENTENCE_MISSING
    return None


def refusal_of_lines(lines: Sequence[Line]) -> Refusal | None:
    """Say why these answers cannot be sent, or None when at least one is given and each is whole."""
    if not lines:
        return Refusal.NOTHING_CHOSEN
    return next((refusal for refusal in map(refusal_of_line, lines) if refusal), None)


def refusal_of_ways(how_known: str | None, how_person_known: str | None) -> Refusal | None:
    """Say why it is not told how one knows (the thing, the person), or None when both are told."""
    if how_known not in HOW_KNOWN or how_person_known not in HOW_PERSON_KNOWN:
        return Refusal.STEP_MISSING
    return None


def refusal_of_period(seen_from_on: dt.date | None, seen_to_on: dt.date | None, on: dt.date) -> Refusal | None:
    """Say why the time during which it was seen cannot stand, or None when it lies in the past, first before last."""
    if seen_from_on is None or seen_to_on is None or max(seen_from_on, seen_to_on) > on:
        return Refusal.SEEN_WHEN
    return experiences.refusal_to_date(seen_from_on, seen_to_on)


def refusal_to_keep(offer: Offer, at: dt.datetime) -> Refusal | None:
    """Say why an endorsement cannot be kept, or None when it waits for an answer."""
    if offer.visible_at > at:
        return Refusal.NOT_VISIBLE_YET
    if offer.withdrawn_at is not None:
        return Refusal.WITHDRAWN
    return Refusal.ALREADY_DECIDED if offer.kept_at or offer.declined_at else None


def refusal_to_decline(offer: Offer, at: dt.datetime) -> Refusal | None:
    """Say why an endorsement cannot be declined, or None when it waits for an answer."""
    if offer.visible_at > at:
        return Refusal.NOT_VISIBLE_YET
    return Refusal.ALREADY_DECIDED if offer.kept_at or offer.declined_at else None


def refusal_to_set_aside(offer: Offer) -> Refusal | None:
    """Say why an endorsement cannot be kept no longer, or None when it is kept: always possible then."""
    return None if offer.kept_at is not None else Refusal.NOT_KEPT


def refusal_to_permit(offer: Offer, decides_alone: bool, joint_consent: bool = False) -> Refusal | None:
    """Say why it cannot be permitted to show an endorsement, or None when it can.

    `decides_alone`: the learner is 15 or more; `joint_consent`: the child's and a parent's yes are in force.
    """
    if offer.withdrawn_at is not None:
        return Refusal.WITHDRAWN
    if not is_live(offer):
        return Refusal.NOT_KEPT
    if offer.hidden_at is not None:
        return Refusal.TEXT_HIDDEN
    if not decides_alone and not joint_consent:
        return Refusal.UNDER_15
    return None


def refusal_to_show(offer: Offer, story: Story) -> Refusal | None:
    """Say why an endorsement cannot be put into a link, or None when its learner permits it now."""
    refusal = experiences.refusal_to_send(story.for_me_only, story.deleted_at)
    if refusal is not None:
        return refusal
    if offer.withdrawn_at is not None:
        return Refusal.WITHDRAWN
    if not is_live(offer):
        return Refusal.NOT_KEPT
    if offer.hidden_at is not None:
        return Refusal.TEXT_HIDDEN
    return None if offer.permitted_at is not None else Refusal.NOT_PERMITTED


def refusal_to_withdraw(withdrawn_at: dt.datetime | None, reason: str | None) -> Refusal | None:
    """Say why an endorsement cannot be withdrawn, or None when it is still there and a reason is given to the learner."""
    if withdrawn_at is not None:
        return Refusal.ALREADY_DECIDED
    return None if reason else Refusal.SENTENCE_MISSING


def own_hash(
    endorsement_id: uuid.UUID, competency: int, wording: int, step: int, seen_from_on: dt.date, seen_to_on: dt.date,
    on: dt.date, organisation: str, story_digest: bytes,
) -> str:
    """Return the hash of an endorsement, over the facts of it that never change: its stamp is drawn from this alone."""
    facts = (endorsement_id, competency, wording, step, seen_from_on, seen_to_on, on, organisation, story_digest.hex())
    return hashlib.sha256("\n".join(map(str, facts)).encode()).hexdigest()


def is_live(offer: Offer) -> bool:
    """Say whether an endorsement counts: kept, not set aside since, not withdrawn."""
    return offer.kept_at is not None and offer.set_aside_at is None and offer.withdrawn_at is None


def may_be_shown(offer: Offer, story: Story) -> bool:
    """Say whether a reader may see an endorsement now."""
    return refusal_to_show(offer, story) is None
