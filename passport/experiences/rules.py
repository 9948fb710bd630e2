"""Experiences: what may be written, and when it may leave or go."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from ..refusals import Refusal

CONTEXTS = ("formal", "nonformal", "informal")
SECTORS = ("economic", "civic", "public", "education", "voluntary")
SETTINGS = ("volunteering", "civic_service", "association_life", "work", "school", "sport", "culture", "family",
            "own_project", "leisure")
CONTEXT_OF = {
    "volunteering": "nonformal", "civic_service": "nonformal", "association_life": "nonformal", "work": "nonformal",
    "school": "formal", "sport": "nonformal", "culture": "nonformal", "family": "informal",
    "own_project": "informal", "leisure": "informal",
}
UNDO = dt.timedelta(days=30)
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
MOST_HOURS = Decimal(9000)
LONGEST_TITLE = 280


def refusal_of_title(title: str | None) -> Refusal | None:
    """Say why a sentence cannot be kept, or None when it can: it is there, in 280 characters at most."""
    if not title:
        return Refusal.TITLE_MISSING
    return Refusal.TOO_LONG if len(title) > LONGEST_TITLE else None


def refusal_of_step(step: int | None) -> Refusal | None:
    """Say why this is none of the four steps, or None when it is one."""
    return None if step in (1, 2, 3, 4) else Refusal.STEP_MISSING


def refusal_to_date(started_on: dt.date | None, ended_on: dt.date | None) -> Refusal | None:
    """Say why these dates cannot stand, or None when they can."""
    for day in (started_on, ended_on):
        if day is not None and not EARLIEST <= day <= LATEST:
            return Refusal.DATES_ODD
    if ended_on is not None and (started_on is None or ended_on < started_on):
        return Refusal.ENDS_BEFORE_START
    return None


def refusal_to_count(hours: Decimal | None) -> Refusal | None:
    """Say why this number of hours cannot stand, or None when it can."""
    if hours is not None and not (hours.is_finite() and 0 <= hours <= MOST_HOURS):
        return Refusal.HOURS_ODD
    return None


def refusal_to_send(for_me_only: bool, deleted_at: dt.datetime | None) -> Refusal | None:
    """Say why an experience cannot leave the passport (a request, a link), or None when it can."""
    if deleted_at is not None:
        return Refusal.EXPERIENCE_DELETED
    if for_me_only:
        return Refusal.FOR_ME_ONLY
    return None


def refusal_to_undo(deleted_at: dt.datetime | None, now: dt.datetime) -> Refusal | None:
    """Say why a deletion can no longer be undone, or None when it can."""
    if deleted_at is not None and now - deleted_at > UNDO:
        return Refusal.UNDO_OVER
    return None
