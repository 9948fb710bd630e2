"""The card: it opens nothing by itself, and one open link when its owner says so."""

from __future__ import annotations

import datetime as dt

from ..accounts.rules import Band
from ..refusals import Refusal
from ..sharing.rules import LinkState

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
AT_A_TIME = dt.timedelta(minutes=15)


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
