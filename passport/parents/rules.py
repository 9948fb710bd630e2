"""What a child and a parent decide together: who starts, who answers, how long it holds, and what becomes of it at 15.

Nobody but the two ever presses: there is no rule, and no action, for anybody of an organisation or of the city.
"""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Protocol

from ..accounts.rules import BY_BOTH, Band, Given, consent_in_force
from ..accounts.rules import is_agreed as is_agreed
from ..refusals import Refusal

OPEN_FOR = dt.timedelta(days=30)
LASTS = dt.timedelta(days=365)
RESTS = dt.timedelta(days=7)
"""How long nobody is asked again what a parent has just answered."""
HAND_OVER_FOR = dt.timedelta(days=90)
"""How long, at 15, what two decided rests until it is kept or closed."""
MOST_A_DAY = 8
EMAIL, CODE = "email", "code"
PARENT, SERVICE = "parent", "service"
CAPACITIES = (PARENT, SERVICE)
LEARNER, GUARDIAN, END = "learner", "guardian", "end"
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
UNDER_15 = frozenset((Band.CHILD, Band.TEEN))


class Decided(Given, Protocol):
    """A consent with how it ended and, for images, who else is asked."""

    second_guardian_id: uuid.UUID | None
    withdrawn_by: str | None


class State(StrEnum):
    """Where one purpose stands, as the child reads it."""

    ASKED = "asked"
    HALF = "half"
    AGREED = "agreed"
    NO = "no"
    STOPPED = "stopped"
    ENDED = "ended"


def state_of(given: Decided, now: dt.datetime) -> State:
    """Return where a consent stands: a parent's no before every yes is a no, after it a stop."""
    if given.withdrawn_at is not None:
        if given.withdrawn_by == END:
            return State.ENDED
        return State.NO if given.withdrawn_by == GUARDIAN and not is_agreed(given, given.withdrawn_at) else State.STOPPED
    if consent_in_force(given, now):
        return State.AGREED
    if given.until <= now:
        return State.ENDED
    return State.HALF if given.guardian_agreed_at is not None else State.ASKED


def refusal_to_ask(band: Band, purpose: str, last: Decided | None, now: dt.datetime) -> Refusal | None:
    """Say why a parent is not asked about a purpose now, or None when they are; `last` is what was decided last about it.

    For images the second parent is asked by a link of their own, while the first is asked or has said yes. Right after
    a parent's no or stop nobody is asked again: it would only press them.
    """
    if band is Band.CHILD:
        return Refusal.NOT_BEFORE_13
    if band not in UNDER_15:
        return Refusal.FOR_UNDER_15
    if last is None:
        return None
    state = state_of(last, now)
    if state in {State.ASKED, State.HALF} and purpose in BY_BOTH and last.second_guardian_id is None:
        return None
    if state in {State.ASKED, State.HALF, State.AGREED}:
        return Refusal.ALREADY_ASKED
    answered = last.withdrawn_at if last.withdrawn_by == GUARDIAN else None
    return Refusal.ASKED_LATELY if answered is not None and now - answered < RESTS else None


def refusal_to_answer(band: Band, answered_at: dt.datetime | None, expires_at: dt.datetime, waiting: int,
                      now: dt.datetime) -> Refusal | None:
    """Say why a link takes no answer, or None: it works once, within its time, while something is asked, at 13 and 14."""
    over = answered_at is not None or expires_at <= now or not waiting or band is not Band.TEEN
    return Refusal.INVITATION_CLOSED if over else None


def refusal_of_yes(purpose: str, capacity: str | None) -> Refusal | None:
    """Say why this yes does not count, or None: a parent declares their authority, a service that it is in charge.

    A service says yes to everyday acts; an image that is shown is none (decision 5).
    """
    if capacity not in CAPACITIES:
        return Refusal.CAPACITY_MISSING
    return Refusal.IMAGE_BY_PARENTS if capacity == SERVICE and purpose in BY_BOTH else None


def refusal_of_second_yes(other: bool) -> Refusal | None:
    """Say why the second yes for images does not count, or None when whoever says it declares to be the other parent."""
    return None if other else Refusal.OTHER_PARENT_UNSAID


def one_box(address: str) -> str:
    """Return the box that an address leads to, as far as the address itself tells: what follows a plus changes nothing."""
    local, _at, domain = address.strip().lower().partition("@")
    return f"{local.partition('+')[0]}@{domain}"


def refusal_to_remind(way: str, reminded_at: dt.datetime | None, is_open: bool) -> Refusal | None:
    """Say why no reminder leaves, or None for the one that may: by e-mail, while the link is open."""
    if not is_open:
        return Refusal.INVITATION_CLOSED
    return Refusal.REMINDED_ONCE if way != EMAIL or reminded_at is not None else None


def refusal_of_receipt(band: Band) -> Refusal | None:
    """Say why a receipt opens nothing, or None before 15: from then on the learner decides alone."""
    return None if band in UNDER_15 else Refusal.RECEIPT_OVER


def until(agreed_at: dt.datetime, turns_15_on: dt.date | None, zone: dt.tzinfo) -> dt.datetime:
    """Return how long a yes holds: twelve months, and never past the day from which the learner decides alone."""
    longest = agreed_at + LASTS
    if turns_15_on is None:
        return longest
    return min(longest, dt.datetime.combine(turns_15_on, dt.time(), tzinfo=zone).astimezone(dt.UTC))


def refusal_to_take_over(band: Band, given: Given, now: dt.datetime) -> Refusal | None:
    """Say why nothing of a consent is to be kept or closed, or None: from 15 on, once, for what two had agreed on."""
    if band in UNDER_15:
        return Refusal.UNDER_15
    decided = given.withdrawn_at is not None or given.kept_at is not None
    return Refusal.ALREADY_YOURS if decided or not is_agreed(given, now) else None


def ends_younger(band: Band, kept_at: dt.datetime | None) -> bool:
    """Say whether a consent ends because its child says that they are younger: under 13 any, under 15 one that was kept."""
    return band is Band.CHILD or (band is Band.TEEN and kept_at is not None)


def is_over(band: Band, given: Given, now: dt.datetime) -> bool:
    """Say whether what stands on a consent ends for good: its time is over, and no hand-over at 15 waits for it."""
    if given.withdrawn_at is not None or given.kept_at is not None or given.until > now:
        return False
    waits = band not in UNDER_15 and is_agreed(given, now) and now < given.until + HAND_OVER_FOR
    return not waits


def receipt_code(signs: bytes) -> str:
    """Return a code that can be typed from paper: sixteen signs that cannot be mistaken for each other."""
    number = int.from_bytes(signs[:10], "big")
    letters = [ALPHABET[(number >> (5 * n)) & 31] for n in range(16)]
    return "-".join("".join(letters[n:n + 4]) for n in range(0, 16, 4))


def typed_code(words: str | None) -> str | None:
    """Return a typed code as it is kept, whatever spaces and case it was typed with; None when it cannot be one."""
    signs = "".join(c for c in (words or "").upper() if c not in " -\u2010\u2011\u2013\u00a0")
    if len(signs) != 16 or any(c not in ALPHABET for c in signs):
        return None
    return "-".join(signs[n:n + 4] for n in range(0, 16, 4))
