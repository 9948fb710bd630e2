"""Links: what may be chosen, for how long, and whether one still opens."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from ..accounts.rules import DISPLAY as DISPLAY
from ..accounts.rules import WRITTEN as WRITTEN
from ..accounts.rules import Band
from ..accounts.rules import refusal_of_name_form as refusal_of_name_form
from ..experiences import rules as experiences
from ..recognition import rules as recognition
from ..recognition.rules import Offer, Story
from ..refusals import Refusal
from ..witnesses import rules as witnesses
from ..witnesses.rules import Seen

DAYS = {1: 30, 3: 90, 6: 180}
MONTHS_OF = {Band.ADULT: (1, 3, 6), Band.YOUTH: (1, 3)}
PRESET = {Band.ADULT: 3, Band.YOUTH: 1}
LAST_WEEK = dt.timedelta(days=7)


class LinkState(StrEnum):
    """Where a link stands."""

    OPEN = "open"
    ENDED = "ended"
    CLOSED = "closed"


def refusal_to_share(band: Band) -> Refusal | None:
    """Say why nobody of this age opens a link alone, or None from 15 on."""
    return None if band in MONTHS_OF else Refusal.UNDER_15


def months_offered(band: Band) -> tuple[int, ...]:
    """Return for how many months a link may stay open at this age; nothing under 15."""
    return MONTHS_OF.get(band, ())


def days_offered(band: Band) -> tuple[int, ...]:
    """Return the same in days, as they are counted."""
    return tuple(DAYS[months] for months in months_offered(band))


def preset_months(band: Band) -> int | None:
    """Return the length that is chosen beforehand, or None when none is offered."""
    return PRESET.get(band)


def refusal_of_end(band: Band, months: int) -> Refusal | None:
    """Say why a link cannot stay open that long at this age, or None when it can."""
    return None if months in months_offered(band) else Refusal.END_ODD


def refusal_to_stay_open(
    band: Band, name_form: str, since: dt.datetime, expires_at: dt.datetime
) -> Refusal | None:
    """Say why a link that is open cannot stay so at this age, or None when it could have been opened (rows 11 and 13)."""
    alone = refusal_to_share(band)
    if alone is not None:
        return alone
    if band is not Band.ADULT and name_form == WRITTEN:
        return Refusal.ADULTS_ONLY
    return Refusal.END_ODD if expires_at - since > dt.timedelta(days=max(days_offered(band))) else None


def end_of(months: int, now: dt.datetime) -> dt.datetime:
    """Return when a link opened now closes by itself."""
    return now + dt.timedelta(days=DAYS[months])


def may_extend(state: LinkState, expires_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether a link is in its last week, in which its end may be moved."""
    return state is LinkState.OPEN and expires_at - now <= LAST_WEEK


def refusal_to_extend(
    band: Band, state: LinkState, expires_at: dt.datetime, months: int, now: dt.datetime
) -> Refusal | None:
    """Say why a link's end cannot be moved, or None when it can: in its last week, for as long as a new link could last."""
    if state is not LinkState.OPEN:
        return Refusal.LINK_CLOSED
    if not may_extend(state, expires_at, now):
        return Refusal.NOT_LAST_WEEK
    return refusal_to_share(band) or refusal_of_end(band, months)


def refusal_of_choice(count: int) -> Refusal | None:
    """Say why a link with that many items cannot be made, or None when something was chosen."""
    return None if count else Refusal.NOTHING_CHOSEN


def refusal_to_show_item(story: Story, offer: Offer | None = None, seen: Seen | None = None) -> Refusal | None:
    """Say why an experience cannot be shown now, or None when it can.

    With `offer`: what was recognised in it; with `seen`: what somebody without account saw of it.

    The same answer decides what can be chosen, what enters a link, and what a reader still finds in it.
    """
    if seen is not None:
        return experiences.refusal_to_send(story.for_me_only, story.deleted_at) or witnesses.refusal_to_show(seen)
    if offer is None:
        return experiences.refusal_to_send(story.for_me_only, story.deleted_at)
    return recognition.refusal_to_show(offer, story)


def refusal_to_show_piece(kind: str, band: Band, told: bool) -> Refusal | None:
    """Say why what stands beside an experience cannot be shown with it, or None when it can.

    `told` says whether the experience itself is shown. What may hold a face is shown under 15 with the yes of both
    parents, which nothing records yet; a link holds none.
    """
    if kind != "link" and refusal_to_share(band) is not None:
        return Refusal.PICTURE_BY_THREE
    return None if told else Refusal.PIECE_ALONE


def consent_in_force(
    learner_agreed_at: dt.datetime | None, guardian_agreed_at: dt.datetime | None,
    until: dt.datetime | None, withdrawn_at: dt.datetime | None, now: dt.datetime,
) -> bool:
    """Say whether the child's yes and a parent's yes both stand."""
    agreed = all(t is not None and t <= now for t in (learner_agreed_at, guardian_agreed_at))
    return agreed and withdrawn_at is None and until is not None and until > now


def link_state(
    revoked_at: dt.datetime | None, expires_at: dt.datetime, now: dt.datetime, consented: bool = True
) -> LinkState:
    """Return where a link stands; `consented` is False when a consent it needs no longer stands."""
    if revoked_at is not None or not consented:
        return LinkState.CLOSED
    return LinkState.OPEN if now < expires_at else LinkState.ENDED
