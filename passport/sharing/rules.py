"""Links: what may be chosen, for how long, and whether one still opens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from enum import StrEnum

from ..accounts.rules import ASSOCIATION as ASSOCIATION
from ..accounts.rules import DISPLAY as DISPLAY
from ..accounts.rules import IMAGE as IMAGE
from ..accounts.rules import PLACEMENT as PLACEMENT
from ..accounts.rules import SHOW as SHOW
from ..accounts.rules import WRITTEN as WRITTEN
from ..accounts.rules import Band
from ..accounts.rules import refusal_of_name_form as refusal_of_name_form
from ..experiences import rules as experiences
from ..letters import plain_words
from ..recognition import rules as recognition
from ..recognition.rules import Offer, Story
from ..refusals import Refusal
from ..witnesses import rules as witnesses
from ..witnesses.rules import Seen

DAYS = {1: 30, 3: 90, 6: 180, 12: 365}
MONTHS_OF = {Band.ADULT: (1, 3, 6), Band.YOUTH: (1, 3), Band.TEEN: (1,)}
USUAL_LONGEST = 6
PRESET = {Band.ADULT: 3, Band.YOUTH: 1, Band.TEEN: 1}
ALONE = frozenset((Band.YOUTH, Band.ADULT))
FOR_WHOM = (PLACEMENT, ASSOCIATION)
"""For whom a link is under 15, where two agree on each; from 15 on nobody asks (`SHOW`)."""
LAST_WEEK = dt.timedelta(days=7)
# What an employer may not ask about (Code du travail, L1132-1), by words that often go with it; compared without accents.
PRIVATE = {
    "family": frozenset(("famille", "frere", "freres", "soeur", "soeurs", "mere", "pere", "maman", "papa", "divorce", "family",
                         "brother", "brothers", "sister", "sisters", "mother", "father", "mum", "dad")),
    "health": frozenset(("sante", "maladie", "malade", "handicap", "hopital", "depression", "health", "illness", "disability",
                         "hospital")),
    "faith": frozenset(("eglise", "mosquee", "synagogue", "priere", "religion", "ramadan", "catechisme", "church", "mosque",
                        "prayer")),
    "union": frozenset(("syndicat", "syndical", "syndicale", "greve")),
    "exile": frozenset(("exil", "refugie", "refugiee", "refugies", "asile", "exile", "refugee", "refugees", "asylum")),
    "caring": frozenset(("aidant", "aidante", "aidants", "carer", "caregiver")),
}


CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What a code said aloud is made of: no sign that is taken for another."""
CODE_LENGTH, CODE_TRIES = 6, 5
CODE_WAIT = dt.timedelta(minutes=15)
CODE_SAID_FOR = dt.timedelta(minutes=30)


class LinkState(StrEnum):
    """Where a link stands."""

    OPEN = "open"
    ENDED = "ended"
    CLOSED = "closed"


def purposes_open(band: Band, agreed: Collection[str]) -> tuple[str, ...]:
    """Return for whom a link may be at this age, where two agreed on `agreed`; from 15 on nobody asks, under 13 none is."""
    if band is Band.CHILD:
        return ()
    return (SHOW,) if band in ALONE else tuple(purpose for purpose in FOR_WHOM if purpose in agreed)


def refusal_to_share(band: Band, purpose: str = SHOW, agreed: Collection[str] = ()) -> Refusal | None:
    """Say why a link of this purpose is not opened at this age, or None: alone from 15 on, before for what two agreed on."""
    return None if purpose in purposes_open(band, agreed) else Refusal.UNDER_15


def months_offered(band: Band, longest: int = USUAL_LONGEST) -> tuple[int, ...]:
    """Return for how many months a link may stay open at this age; nothing under 13.

    `longest` is what the city chose for adults; nobody younger gets more by it.
    """
    offered = MONTHS_OF.get(band, ())
    return (*offered, longest) if band is Band.ADULT and longest > max(offered) else offered


def days_offered(band: Band) -> tuple[int, ...]:
    """Return the same in days, as they are counted."""
    return tuple(DAYS[months] for months in months_offered(band))


def preset_months(band: Band) -> int | None:
    """Return the length that is chosen beforehand, or None when none is offered."""
    return PRESET.get(band)


def refusal_of_end(band: Band, months: int, longest: int = USUAL_LONGEST) -> Refusal | None:
    """Say why a link cannot stay open that long at this age, or None when it can."""
    return None if months in months_offered(band, longest) else Refusal.END_ODD


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
    band: Band, state: LinkState, expires_at: dt.datetime, months: int, now: dt.datetime,
    longest: int = USUAL_LONGEST, consented: bool = False,
) -> Refusal | None:
    """Say why a link's end cannot be moved, or None when it can: in its last week, for as long as a new link could last.

    `consented`: it stands on a consent of two; as long as it is open, that is in force.
    """
    if state is not LinkState.OPEN:
        return Refusal.LINK_CLOSED
    if not may_extend(state, expires_at, now):
        return Refusal.NOT_LAST_WEEK
    return (None if consented else refusal_to_share(band)) or refusal_of_end(band, months, longest)


def code_of(typed: str | None) -> str:
    """Return a code as it is compared, however it was typed."""
    return "".join(sign for sign in (typed or "").upper() if sign in CODE_SIGNS)


def refusal_of_code(locked_until: dt.datetime | None, right: bool, now: dt.datetime) -> Refusal | None:
    """Say why a code opens nothing, or None: the right one, and no wait after five wrong ones on this link (promise T6)."""
    if locked_until is not None and now < locked_until:
        return Refusal.CODE_LATER
    return None if right else Refusal.CODE_SAID_WRONG


def after_wrong_code(failures: int, now: dt.datetime) -> tuple[int, dt.datetime | None]:
    """Return how many wrong codes count now, one more being said, and until when none is taken."""
    return (failures + 1, None) if failures + 1 < CODE_TRIES else (0, now + CODE_WAIT)


def refusal_of_choice(count: int) -> Refusal | None:
    """Say why a link with that many items cannot be made, or None when something was chosen."""
    return None if count else Refusal.NOTHING_CHOSEN


def private_topics(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Return what these texts may say that is nobody's business at work: the learner is told before, and decides."""
    said = {word for text in texts if text for word in plain_words(text)}
    return tuple(topic for topic, words in PRIVATE.items() if said & words)


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


def refusal_to_show_piece(kind: str, band: Band, told: bool, agreed: Collection[str] = ()) -> Refusal | None:
    """Say why what stands beside an experience cannot be shown with it, or None when it can.

    `told` says whether the experience itself is shown. What may hold a face is shown under 15 with the yes of both
    parents (`agreed` holds the purposes in force); a link holds none.
    """
    if kind != "link" and band not in ALONE and IMAGE not in agreed:
        return Refusal.PICTURE_BY_THREE
    return None if told else Refusal.PIECE_ALONE


def is_whole(kind: str, ticked: bool) -> bool:
    """Say whether a reader gets the whole file: a document only where its learner ticked that, for this link (promise T24).

    A photo is only ever its reduced picture.
    """
    return ticked if kind == "document" else False


def link_state(
    revoked_at: dt.datetime | None, expires_at: dt.datetime, now: dt.datetime, consented: bool = True
) -> LinkState:
    """Return where a link stands; `consented` is False when a consent it needs no longer stands."""
    if revoked_at is not None or not consented:
        return LinkState.CLOSED
    return LinkState.OPEN if now < expires_at else LinkState.ENDED
