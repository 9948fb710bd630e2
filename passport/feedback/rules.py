"""Asking and answering: who may be asked, when words arrive, and what may be read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ..experiences import rules as experiences
from ..notices.rules import arrives_at as arrives_at
from ..refusals import Refusal

ANSWERED_WITHIN = dt.timedelta(days=60)
OPEN_AFTER_ANSWER = dt.timedelta(days=30)
SOMEONE_ELSE_AFTER = dt.timedelta(days=14)


@dataclass(frozen=True)
class Asking:
    """Everything that decides whether a request may leave: the experience, the learner, and whoever is asked.

    `person` is False when the request goes to an organisation's team; then `active` and `checked` speak of the
    organisation: known to the city now, and allowed to welcome minors.
    """

    person: bool
    active: bool
    checked: bool
    joined: bool
    minor: bool
    protected: bool
    oneself: bool = False
    barred: bool = False
    waiting: bool = False
    for_me_only: bool = False
    deleted_at: dt.datetime | None = None


def refusal_to_ask(asking: Asking) -> Refusal | None:
    """Say why this request cannot leave, or None when it can.

    A minor asks people of an organisation they joined, elsewhere only its desk; for everybody under protection, whoever
    is asked holds a check in force (promise S9; safeguarding, rows 6 and 7).
    """
    inside = experiences.refusal_to_send(asking.for_me_only, asking.deleted_at)
    if inside is not None:
        return inside
    if asking.oneself:
        return Refusal.NOT_ONESELF
    unreachable = Refusal.NOT_REACHABLE if asking.person else Refusal.TEAM_NOT_REACHABLE
    if not asking.active or asking.barred:
        return unreachable
    if asking.person and asking.minor and not asking.joined:
        return Refusal.NOT_JOINED
    if asking.protected and not asking.checked:
        return unreachable
    if asking.waiting:
        return Refusal.ALREADY_ASKED
    return None


def refusal_to_assign(
    closed: bool, assigned: bool, active: bool, checked: bool, protected: bool, barred: bool, oneself: bool
) -> Refusal | None:
    """Say why a request that waits at the desk cannot be given to this facilitator, or None when it can."""
    if closed:
        return Refusal.REQUEST_CLOSED
    if assigned:
        return Refusal.ALREADY_DECIDED
    if oneself:
        return Refusal.NOT_ONESELF
    if not active or barred:
        return Refusal.NOT_REACHABLE
    if protected and not checked:
        return Refusal.CHECK_NEEDED
    return None


def refusal_to_give(closed: bool, words: str | None, active: bool, checked: bool, protected: bool) -> Refusal | None:
    """Say why this answer cannot be sent, or None when it can; `active` and `checked` are as of its arrival."""
    if closed:
        return Refusal.REQUEST_CLOSED
    if not words:
        return Refusal.SENTENCE_MISSING
    if not active:
        return Refusal.NOT_FACILITATOR_NOW
    if protected and not checked:
        return Refusal.CHECK_NEEDED
    return None


def refusal_to_close(outcome: str | None) -> Refusal | None:
    """Say why a request cannot be taken back or declined, or None when it still waits."""
    return Refusal.REQUEST_CLOSED if outcome is not None else None


def never_arrives(visible_at: dt.datetime, withdrawn_at: dt.datetime | None) -> bool:
    """Say whether a feedback was taken back before it could be seen."""
    return withdrawn_at is not None and withdrawn_at < visible_at


def refusal_to_withdraw(stands: bool, frozen: bool = False) -> Refusal | None:
    """Say why a feedback cannot be taken back, or None when it can.

    `stands` is whether recognition stands on it, `frozen` whether its words are kept as they are.
    """
    if frozen:
        return Refusal.TEXT_KEPT
    return Refusal.FEEDBACK_STANDS if stands else None


def refusal_to_put_back(
    withdrawn_at: dt.datetime, put_back_at: dt.datetime | None, visible_at: dt.datetime, arrival: dt.datetime,
    now: dt.datetime,
) -> Refusal | None:
    """Say why a feedback that was taken back cannot come back, or None: once, within the hour, and not at night.

    `arrival` is when words written now would arrive; what never arrived so far may come back to arrive as it would have.
    """
    if put_back_at is not None:
        return Refusal.PUT_BACK_ONCE
    late = experiences.refusal_to_undo(withdrawn_at, now, experiences.UNDO_SOON)
    if late is not None:
        return late
    return Refusal.PUT_BACK_AT_NIGHT if arrival > max(now, visible_at) else None


def refusal_to_read(
    visible_at: dt.datetime, hidden_at: dt.datetime | None, now: dt.datetime, withdrawn_at: dt.datetime | None = None
) -> Refusal | None:
    """Say why a feedback cannot be read now, or None when it can."""
    if now < visible_at:
        return Refusal.NOT_VISIBLE_YET
    if withdrawn_at is not None:
        return Refusal.FEEDBACK_WITHDRAWN
    if hidden_at is not None:
        return Refusal.TEXT_HIDDEN
    return None


def refusal_to_answer(
    visible_at: dt.datetime, hidden_at: dt.datetime | None, read_at: dt.datetime | None, now: dt.datetime,
    withdrawn_at: dt.datetime | None = None,
) -> Refusal | None:
    """Say why the learner cannot answer a feedback, or None when they can: one answer, or one tap."""
    unreadable = refusal_to_read(visible_at, hidden_at, now, withdrawn_at)
    if unreadable is not None:
        return unreadable
    return Refusal.ALREADY_ANSWERED if read_at is not None else None


def lapses_at(asked_at: dt.datetime) -> dt.datetime:
    """Return when a request without answer ends by itself."""
    return asked_at + ANSWERED_WITHIN


def may_ask_someone_else(asked_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether the wait is long enough to offer somebody else."""
    return now - asked_at >= SOMEONE_ELSE_AFTER
