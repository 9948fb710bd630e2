"""The card, which opens nothing by itself, and the sheet, which is checked without network."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from ..accounts.rules import DISPLAY as DISPLAY
from ..accounts.rules import WRITTEN as WRITTEN
from ..accounts.rules import Band, refusal_of_name_form
from ..refusals import Refusal
from ..sharing.rules import LinkState

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
AT_A_TIME = dt.timedelta(minutes=15)
MOST_ON_A_SHEET = 5
PRINTED_BY = frozenset((Band.ADULT,))
"""Who prints a sheet: adults; a city may let people from 15 on."""
NAMELESS = "none"


def refusal_to_open_with(band: Band, state: LinkState) -> Refusal | None:
    """Say why the card cannot open this link, or None when it can: from 15 on, and an open link."""
    if band not in (Band.YOUTH, Band.ADULT):
        return Refusal.UNDER_15
    return None if state is LinkState.OPEN else Refusal.LINK_CLOSED


def refusal_to_name(band: Band) -> Refusal | None:
    """Say why no name may be printed on the card, or None for adults."""
    return None if band is Band.ADULT else Refusal.ADULTS_ONLY


def opens_until(band: Band, link_ends_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Return until when the card opens a link chosen now: its end for adults, 15 minutes at a time before."""
    return link_ends_at if band is Band.ADULT else min(link_ends_at, now + AT_A_TIME)


def card_opens(
    closed_at: dt.datetime | None, until: dt.datetime | None, state: LinkState | None, now: dt.datetime
) -> bool:
    """Say whether the card opens its link now: not replaced, within its time, and the link itself open."""
    return closed_at is None and until is not None and now < until and state is LinkState.OPEN


# ---------- a sheet that is checked without network ----------


class SheetState(StrEnum):
    """Where a printed sheet stands, as its page answers."""

    OPEN = "open"
    ENDED = "ended"
    CLOSED = "closed"


def refusal_to_print(band: Band) -> Refusal | None:
    """Say why nobody of this age prints a sheet, or None when they may: what is printed cannot be taken back."""
    return None if band in PRINTED_BY else Refusal.ADULTS_ONLY


def refusal_of_sheet(told: bool, count: int) -> Refusal | None:
    """Say why a sheet with that many competencies is not printed, or None when it is.

    `told` says whether whoever prints it ticked that it cannot be taken back.
    """
    if not told:
        return Refusal.SHEET_UNTOLD
    if count > MOST_ON_A_SHEET:
        return Refusal.SHEET_FULL
    return None if count else Refusal.NOTHING_CHOSEN


def refusal_of_sheet_name(band: Band, name_form: str, shown_name: str | None, city: str) -> Refusal | None:
    """Say why this form of name is not printed, or None when it is; a sheet may do without any."""
    return None if name_form == NAMELESS else refusal_of_name_form(band, name_form, shown_name, city)


def sheet_ends_on(day: dt.date) -> dt.date:
    """Return the last day of a sheet printed on that day: the same day of the next year."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=day.year + 1, day=last)


def sheet_state(closed_at: dt.datetime | None, expires_on: dt.date, today: dt.date) -> SheetState:
    """Return where a sheet stands on that day."""
    if closed_at is not None:
        return SheetState.CLOSED
    return SheetState.OPEN if today <= expires_on else SheetState.ENDED
