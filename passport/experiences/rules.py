"""Experiences: what may be written, and when it may leave or go."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

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
UNDO_SOON = dt.timedelta(hours=1)
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
MOST_HOURS = Decimal(9000)
SENT_AGAIN = dt.timedelta(minutes=2)
LONGEST_TITLE = 280
LONGEST_SAID = 140
LONGEST_ANSWER = 4000
MOST_LINKS = 20
TENTH = Decimal("0.1")
HEAVIEST = 10_000_000
MOST_PIXELS = 20_000_000
MOST_PAGES = 300
MOST_HERE = 20
LONGEST_LINK = 500
JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"


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


def refusal_to_undo(
    deleted_at: dt.datetime | None, now: dt.datetime, within: dt.timedelta = UNDO
) -> Refusal | None:
    """Say why a deletion can no longer be undone, or None when it can: `UNDO_SOON` for all but an experience."""
    if deleted_at is not None and now - deleted_at > within:
        return Refusal.UNDO_OVER
    return None


# ---------- when a phone says that it was written ----------

AHEAD = dt.timedelta(days=1)


def claimed_at(said: str | None, now: dt.datetime) -> dt.datetime | None:
    """Return when a phone says that something was written that waited on it, or None when it says nothing that is a time.

    It is kept as a claim beside our own time. One that is more than a day ahead becomes exactly a day, which marks it.
    """
    try:
        at = dt.datetime.fromisoformat(said or "")
        return None if at.tzinfo is None else min(at.astimezone(dt.UTC), now + AHEAD)
    except (ValueError, OverflowError):
        return None


# ---------- « Cela m’a mené à… » ----------


def refusal_to_link(same: bool, deleted: bool, count: int) -> Refusal | None:
    """Say why one experience cannot lead to another, or None when it can: another one, and not a crowd of them."""
    if same:
        return Refusal.SAME_EXPERIENCE
    if deleted:
        return Refusal.EXPERIENCE_DELETED
    return Refusal.PATH_FULL if count >= MOST_LINKS else None


# ---------- what is said besides the story ----------


def refusal_of_answer(prompt: str, words: str | None, prompts: Collection[str]) -> Refusal | None:
    """Say why an answer to a prompt cannot be kept, or None when it can; nothing is an answer as good as any."""
    if prompt not in prompts:
        return Refusal.PROMPT_UNKNOWN
    return Refusal.TOO_LONG if len(words or "") > LONGEST_ANSWER else None


def refusal_of_said(words: str | None) -> Refusal | None:
    """Say why these words beside « j’ai appris » or « j’ai transmis » cannot be kept, or None when they can."""
    return Refusal.TOO_LONG if len(words or "") > LONGEST_SAID else None


@dataclass(frozen=True)
class Detail:
    """One field of a kind of experience: words, text, choice, number or day, and what may stand in it."""

    type: str
    most: int = LONGEST_SAID
    least: int = 0
    choices: tuple[str, ...] = ()


def refusal_of_detail(detail: Detail, value: object) -> Refusal | None:
    """Say why this cannot stand in a field of a kind, or None when it can; values are kept as text."""
    if not isinstance(value, str) or not value:
        return Refusal.DETAIL_ODD
    if detail.type in {"words", "text"}:
        return Refusal.TOO_LONG if len(value) > detail.most else None
    if detail.type == "choice":
        return None if value in detail.choices else Refusal.DETAIL_ODD
    if detail.type == "number":
        number = _number(value)
        return None if number is not None and detail.least <= number <= detail.most else Refusal.DETAIL_ODD
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        return Refusal.DETAIL_ODD
    return None if EARLIEST <= day <= LATEST and value == day.isoformat() else Refusal.DATES_ODD


def refusal_of_details(kind: Mapping[str, Detail] | None, values: Mapping[str, Any]) -> Refusal | None:
    """Say why these cannot be the details of a kind, or None when they can: a kind of the list, its own fields alone."""
    if kind is None:
        return Refusal.KIND_UNKNOWN
    if not values.keys() <= kind.keys():
        return Refusal.DETAIL_ODD
    return next((refusal for key, value in values.items() if (refusal := refusal_of_detail(kind[key], value))), None)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


# ---------- « Mes heures » ----------


def span(
    started_on: dt.date | None, ended_on: dt.date | None, precision: str, ongoing: bool, today: dt.date
) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day over which hours are spread, or None when nobody knows when it was.

    A month or a year counts whole; what goes on counts until today, and never ends before it began.
    """
    if started_on is None:
        return None
    if ongoing:
        return started_on, max(started_on, today)
    last = ended_on or started_on
    if precision == "year":
        return started_on, last.replace(month=12, day=31)
    if precision == "month":
        return started_on, last.replace(day=calendar.monthrange(last.year, last.month)[1])
    return started_on, last


def split_hours(hours: Decimal, first: dt.date, last: dt.date) -> dict[int, Decimal]:
    """Return how many of these hours fall in each calendar year, to the tenth: shared out by days, nothing lost.

    Each year gets the hours of the days up to its end, less what the years before it have.
    """
    days, shared, years = (last - first).days + 1, Decimal(0), {}
    for year in range(first.year, last.year + 1):
        until = (min(last, dt.date(year, 12, 31)) - first).days + 1
        reached = (hours * until / days).quantize(TENTH, ROUND_HALF_UP) if until < days else hours
        years[year], shared = reached - shared, reached
    return years


# ---------- a photo, a document or a link ----------


def type_of(head: bytes) -> str | None:
    """Return what a file is by its first bytes, whatever it is called, or None for what is not kept."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    return PDF if head.startswith(b"%PDF-") else None


def refusal_of_file(size: int, head: bytes) -> Refusal | None:
    """Say why a file of so many bytes that begins like this is not kept, or None when it may be looked at."""
    if size == 0:
        return Refusal.FILE_EMPTY
    if size > HEAVIEST:
        return Refusal.FILE_HEAVY
    return Refusal.FILE_UNKNOWN if type_of(head) is None else None


def refusal_of_pixels(width: int, height: int) -> Refusal | None:
    """Say why a picture of this size is not decoded, or None when it is: 20 million pixels at most."""
    return Refusal.PICTURE_LARGE if width * height > MOST_PIXELS else None


def refusal_of_pages(pages: int) -> Refusal | None:
    """Say why a document of so many pages is not kept, or None when it is."""
    if pages == 0:
        return Refusal.FILE_BROKEN
    return Refusal.DOCUMENT_LONG if pages > MOST_PAGES else None


def refusal_of_room(used: int, more: int, quota: int) -> Refusal | None:
    """Say why so many bytes more do not fit into a passport, or None when they do."""
    return Refusal.ROOM_FULL if used + more > quota else None


def refusal_to_add(here: int) -> Refusal | None:
    """Say why one more cannot be put beside an experience that holds so many, or None when it can."""
    return Refusal.MANY_HERE if here >= MOST_HERE else None


def host_of(url: str) -> str:
    """Return the host a link leads to, in the letters of the network: what looks alike there is not written alike."""
    try:
        host = urlsplit(url).hostname or ""
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return ""


def refusal_of_link(url: str | None) -> Refusal | None:
    """Say why this is no address to keep, or None when it is: http or https, a host, and no name or code inside."""
    if not url or len(url) > LONGEST_LINK or "\\" in url or any(c.isspace() or not c.isprintable() for c in url):
        return Refusal.LINK_ODD
    try:
        parts = urlsplit(url)
        stands = parts.scheme in {"http", "https"} and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return Refusal.LINK_ODD
    host = host_of(url)
    named = "." in host.strip(".") and not host.startswith(".")
    return None if stands and (named or ":" in host) else Refusal.LINK_ODD
