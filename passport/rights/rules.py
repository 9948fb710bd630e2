"""How much of a file from another city is looked at; when an erasure happens; when a passport that nobody uses ends."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from dataclasses import dataclass
from typing import Final

from ..accounts.rules import Band
from ..refusals import Refusal

HEAVIEST: Final = 250_000_000
"""Bytes of a whole ZIP: a passport full of photos, with some room."""
MOST_ENTRIES: Final = 5_000
MOST_UNPACKED: Final = 400_000_000
MOST_OF_JSON: Final = 30_000_000
MOST_OF_A_CREDENTIAL: Final = 262_144
MOST_PARTS: Final = 1_600_000
"""How many lists, objects and commas the text may hold: some are made so that reading them fills the memory."""
MOST_RATIO: Final = 200
MOST_BROUGHT: Final = 3_000
MOST_WORDS: Final = 4_000
EXPORTS_A_DAY: Final = 6
IMPORTS_A_DAY: Final = 20
READ: Final = frozenset((
    "experiences", "reflections", "claims", "led_to", "evidence", "credentials", "received", "texts", "words", "feedback",
    "endorsements", "testimonies", "not_yet", "brought"))
NAME = re.compile(r"(?:files|credentials|received)/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(?:jpg|png|webp|pdf|json|jwt)")
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?", re.IGNORECASE)


def is_read(name: str) -> bool:
    """Say whether a list of a file is looked at: what its learner told, what others said, and what was signed.

    Ages, roles, checks, consents, permissions, links, grants and requests never are, whatever the file says.
    """
    return name in READ


def refusal_of_archive(entries: int, packed: int, unpacked: int) -> Refusal | None:
    """Say why a ZIP with so many entries and bytes is not opened, or None when it is."""
    too_much = entries > MOST_ENTRIES or packed > HEAVIEST or unpacked > MOST_UNPACKED
    return Refusal.PASSPORT_HEAVY if too_much else None


def refusal_of_entry(packed: int, unpacked: int, most: int) -> Refusal | None:
    """Say why one entry of a ZIP is not unpacked, or None when it is: it is small, and no bomb."""
    if unpacked > most:
        return Refusal.PASSPORT_HEAVY
    return Refusal.PASSPORT_HEAVY if unpacked > 1_000_000 and unpacked > MOST_RATIO * max(packed, 1) else None


def refusal_of_text(text: bytes) -> Refusal | None:
    """Say why a JSON text is not read, or None when it is."""
    parts = sum(text.count(sign) for sign in (b"[", b"{", b","))
    return Refusal.PASSPORT_HEAVY if len(text) > MOST_OF_JSON or parts > MOST_PARTS else None


def is_a_host(text: object) -> bool:
    """Say whether this can be the host of another city, as it says of itself."""
    return isinstance(text, str) and HOST.fullmatch(text) is not None


def refusal_to_choose_statistics(band: Band) -> Refusal | None:
    """Say why somebody does not choose alone whether they are counted, or None: under 15 that is decided by two."""
    return Refusal.UNDER_15 if band in {Band.CHILD, Band.TEEN} else None


# ---------- erasing ----------

# What happens to credentials that somebody has downloaded already.
CANCELLED, VERIFIABLE = "asked", "moved"
DAY = dt.timedelta(days=1)
MONTH = dt.timedelta(days=30)


def due_at(at_once: bool, pause: int, now: dt.datetime) -> dt.datetime:
    """Return when a passport is erased: now, or when the pause of the city (in days) is over."""
    return now if at_once else now + pause * DAY


def refusal_to_take_back(due: dt.datetime, now: dt.datetime) -> Refusal | None:
    """Say why an erasure is not taken back any more, or None while it can be: up to its moment, never after."""
    return Refusal.ERASING_NOW if due <= now else None


def kept_until(months: int, now: dt.datetime) -> dt.datetime | None:
    """Return until when adults' words to a protected learner stay under seal; None when this city keeps none."""
    return now + months * MONTH if months else None


def refusal_to_open(asked_by_me: bool, wrote_it: bool, asked: bool, confirmed: bool) -> Refusal | None:
    """Say why sealed words do not open, or None when this person may be the second who agrees: never whoever wrote them."""
    if wrote_it:
        return Refusal.NOT_ONESELF
    if confirmed:
        return Refusal.ALREADY_DECIDED
    return Refusal.TWO_PERSONS if not asked or asked_by_me else None


# ---------- a passport that nobody uses (promise P20) ----------

# Somebody without an address cannot be warned: their passport is kept as long as any city may choose.
WITHOUT_ADDRESS = 60


@dataclass(frozen=True)
class Step:
    """One step towards the end: so many months and days before it, and so many days at least after the step before."""

    months: int
    days: int
    after: int


WARNINGS = (Step(6, 0, 0), Step(2, 0, 120), Step(0, 14, 45))
END = Step(0, 0, 14)
STEPS = (*WARNINGS, END)


def period(chosen: int, has_address: bool) -> int:
    """Return after how many months without use a passport ends."""
    return chosen if has_address else max(chosen, WITHOUT_ADDRESS)


def earlier(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months before, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def unused_since(step: Step, months: int, today: dt.date) -> dt.date:
    """Return the last day of use at which this step is due today, for a passport that ends after so many months."""
    return earlier(today + dt.timedelta(days=step.days), months - step.months)


def is_due(step: Step, months: int, last_active_on: dt.date, warned_at: dt.datetime | None, now: dt.datetime, today: dt.date) -> bool:
    """Say whether this step is due: its day is there, and the step before was long enough ago, however late that came."""
    rested = step.after == 0 or (warned_at is not None and warned_at <= now - dt.timedelta(days=step.after))
    return last_active_on <= unused_since(step, months, today) and rested


def ends_on(step: Step, today: dt.date) -> dt.date:
    """Return the day of the end that a warning tells, counted from the day it leaves."""
    return earlier(today + dt.timedelta(days=step.days), -step.months)
