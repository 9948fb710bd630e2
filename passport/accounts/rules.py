"""Age and protection: what the calendar alone decides."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..letters import plain_words
from ..refusals import Refusal

YOUNGEST = 13
SHOWS_ALONE = 15
FACILITATES = 16
ADULT = 18
SHORTEST_PASSPHRASE = 12
LONGEST_PASSPHRASE = 128
# What a reader finds beside a name must not be said by the name itself.
CLAIMS = frozenset((
    "reconnu", "reconnue", "reconnus", "verifie", "verifiee", "certifie", "certifiee", "atteste", "valide",
    "recognised", "recognized", "verified", "certified", "endorsed",
))
OF_THE_CITY = frozenset(("ville", "mairie", "city", "town"))
DEMO_PASSPHRASE = "quatre-mots-pour-alpha-2026"  # noqa: S105 - told on the demo's sign-in page, so known to everybody
FREE_TRIES = 8
FIRST_DELAY = 30
LONGEST_DELAY = 15 * 60
BY_CALENDAR = "calendar"
DISPLAY, WRITTEN = "display", "written"
AGE_CODE_WITHIN, AGE_CODE_TRIES = dt.timedelta(minutes=15), 5
RESET_WITHIN = dt.timedelta(minutes=15)
RETURN_WITHIN = dt.timedelta(minutes=15)
KNOWN_SINCE = dt.timedelta(days=30)
IDLE_WHEN_SHARED = dt.timedelta(minutes=10)
SHEET_CODES, SHEET_WORDS = 3, 6
CONFIRM_WITHIN = dt.timedelta(hours=24)
LONG_SESSION, SHORT_SESSION = dt.timedelta(days=30), dt.timedelta(hours=12)
COORDINATOR_SESSION, COORDINATOR_IDLE = dt.timedelta(hours=8), dt.timedelta(minutes=15)
# How long a passphrase or a passkey counts as just given, and before one's own ways in are changed.
FRESH, RECENT = dt.timedelta(hours=12), dt.timedelta(minutes=15)
DEMO_SECRET = "ALPHAQUATREMOTSPOURALPHADEUXMILL"  # noqa: S105 - its present code is shown on the demo's page
CODE_EVERY, CODE_FIGURES, PRINTED = 30, 6, 10
CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Band(StrEnum):
    """The columns of the age table."""

    CHILD = "under_13"
    TEEN = "13_14"
    YOUTH = "15_17"
    ADULT = "18_plus"


class Device(StrEnum):
    """What somebody says of the device they sign in on."""

    OWN = "own"
    SHARED = "shared"
    UNSAID = "unsaid"


def session_lasts(device: Device, staff: bool) -> dt.timedelta:
    """Return how long a session may last: long only on a device that a learner or facilitator called their own."""
    return LONG_SESSION if device is Device.OWN and not staff else SHORT_SESSION


def has_turned(birth_year: int | None, birth_month: int | None, age: int, on: dt.date) -> bool:
    """Say whether somebody counts as `age` years old on a day; no birth month means a declared adult.

    The change comes on the first day of the month after the birth month: the protective side.
    """
    if birth_year is None or birth_month is None:
        return True
    return (on.year - birth_year) * 12 + (on.month - birth_month) > age * 12


def band(birth_year: int | None, birth_month: int | None, on: dt.date) -> Band:
    """Return the column of the age table that holds on that day."""
    for age, name in ((ADULT, Band.ADULT), (SHOWS_ALONE, Band.YOUTH), (YOUNGEST, Band.TEEN)):
        if has_turned(birth_year, birth_month, age, on):
            return name
    return Band.CHILD


def is_protected(birth_year: int | None, birth_month: int | None, protection_chosen: bool, on: dt.date) -> bool:
    """Say whether somebody is under 18 or chose the same protection as an adult."""
    return protection_chosen or not has_turned(birth_year, birth_month, ADULT, on)


# What is decided by two below 15, each purpose apart, and the one that needs both holders of parental authority.
PLACEMENT, ASSOCIATION, WITNESS, SHOW, IMAGE, STATISTICS = (
    "placement", "association", "witness", "show", "image", "statistics")
PURPOSES = (PLACEMENT, ASSOCIATION, WITNESS, SHOW, IMAGE, STATISTICS)
BY_BOTH = frozenset((IMAGE,))


class Given(Protocol):
    """A consent for one purpose as it stands: who said yes when, until when, and how it ended."""

    option: str
    learner_agreed_at: dt.datetime | None
    guardian_agreed_at: dt.datetime | None
    second_agreed_at: dt.datetime | None
    until: dt.datetime
    withdrawn_at: dt.datetime | None
    kept_at: dt.datetime | None


def is_agreed(given: Given, now: dt.datetime) -> bool:
    """Say whether everybody whose yes this purpose needs has said it: the child and a parent, both parents for images."""
    needed = [given.learner_agreed_at, given.guardian_agreed_at]
    if given.option in BY_BOTH:
        needed.append(given.second_agreed_at)
    return all(t is not None and t <= now for t in needed)


def consent_in_force(given: Given, now: dt.datetime) -> bool:
    """Say whether every yes still stands: not taken back, not over; or kept at 15 by whom it is about."""
    if not is_agreed(given, now) or given.withdrawn_at is not None:
        return False
    return given.kept_at is not None or given.until > now


def turns(birth_year: int, birth_month: int, age: int) -> dt.date:
    """Return the day from which somebody counts as `age` years old: the first after the birth month."""
    months = (birth_year + age) * 12 + birth_month
    return dt.date(months // 12, months % 12 + 1, 1)


def refusal_to_sign_up(
    birth_year: int | None, birth_month: int | None, on: dt.date, minors_open: bool, youngest: int = YOUNGEST
) -> Refusal | None:
    """Say why no passport can be opened at that age, or None when it can; `youngest` is what the city chose."""
    if birth_year is not None and (birth_month is None or not 1 <= birth_month <= 12):
        return Refusal.BIRTH_MONTH_MISSING
    if birth_year is not None and not on.year - 120 <= birth_year <= on.year:
        return Refusal.BIRTH_YEAR_ODD
    if not has_turned(birth_year, birth_month, youngest, on):
        return Refusal.UNDER_13
    if not minors_open and not has_turned(birth_year, birth_month, ADULT, on):
        return Refusal.MINORS_NOT_YET
    return None


def refusal_to_leave_protection(minor: bool, doubted: bool) -> Refusal | None:
    """Say why somebody cannot end their own protection, or None when they can: an adult whose age nobody doubts."""
    if minor:
        return Refusal.PROTECTED_BY_AGE
    return Refusal.AGE_DOUBTED if doubted else None


def refusal_to_lower_age(
    known: tuple[int, int] | None, given: tuple[int | None, int | None], on: dt.date
) -> Refusal | None:
    """Say why this month of birth, given as (year, month), cannot be said now, or None when it can.

    One-way: whoever was declared an adult (`known` is None) may say that they are under 18, whoever is younger than
    they said may say so; the way up is the calendar, or somebody in person.
    """
    year, month = given
    if not year or not month or not 1 <= month <= 12:
        return Refusal.BIRTH_MONTH_MISSING
    if (year, month) > (on.year, on.month):
        return Refusal.BIRTH_YEAR_ODD
    if has_turned(year, month, ADULT, on) or (known is not None and (year, month) <= known):
        return Refusal.AGE_NOT_LOWER
    return None


def refusal_to_confirm_age(
    asked_at: dt.datetime | None, tries: int, right: bool, now: dt.datetime
) -> Refusal | None:
    """Say why a code shown by a learner does not confirm that they are 18 or more, or None when it does."""
    if asked_at is None or not asked_at <= now < asked_at + AGE_CODE_WITHIN or tries >= AGE_CODE_TRIES:
        return Refusal.AGE_CODE_OVER
    return None if right else Refusal.AGE_CODE_WRONG


def refusal_to_confirm_anybody(band: Band) -> Refusal | None:
    """Say why nobody confirms in person that this one is 18 or more, or None: whoever said that they are under 15 never
    said 18 by mistake, so the calendar alone counts."""
    return Refusal.AGE_BY_CALENDAR if band in {Band.CHILD, Band.TEEN} else None


def confirmed_by(protected: bool, at_counter: tuple[bool, bool]) -> bool:
    """Say whether these two adults together let somebody back in; `at_counter` says which of them acts for the city.

    For everybody protected one of the two at least is of an organisation they joined; for an adult one is the city's.
    """
    return not all(at_counter) if protected else any(at_counter)


def opens_again(way: str, confirmations: int, ended: bool, expires_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether a new passphrase may be chosen now: by a code of the sheet, or by what two adults confirmed, in time."""
    return (way == "sheet" or confirmations == 2) and not ended and now < expires_at


def is_idle(shared: bool, last_used_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether a session has ended because nobody touched a shared device for ten minutes."""
    return shared and now - last_used_at > IDLE_WHEN_SHARED


def refusal_of_name(name: str, city: str) -> Refusal | None:
    """Say why this name would be taken for words of the city or of somebody who recognises, or None when it is just a name."""
    words = set(plain_words(name))
    of_the_city = bool(words & OF_THE_CITY) and set(plain_words(city)) <= words
    return Refusal.NAME_CLAIMS if words & CLAIMS or of_the_city else None


def delay_after(tries: int) -> int:
    """Return the seconds to wait after that many wrong tries on one account: 30 from the eighth on, doubled up to 15 minutes."""
    if tries < FREE_TRIES:
        return 0
    doublings = min(tries - FREE_TRIES, 10)
    return min(FIRST_DELAY << doublings, LONGEST_DELAY)


def refusal_of_passphrase(passphrase: str, own_words: tuple[str, ...], guesses_log10: float) -> Refusal | None:
    """Say why a passphrase is too easy, or None when it is good.

    `own_words` are the person's name, sign-in name and organisations: what is left without them must still be
    12 characters long. `guesses_log10` is the estimate of how many tries it takes (10 is ten thousand million).
    """
    if len(passphrase) > LONGEST_PASSPHRASE:
        return Refusal.PASSPHRASE_LONG
    left = passphrase.casefold()
    for word in own_words:
        if len(word) > 2:
            left = left.replace(word.casefold(), "")
    if len(left) < SHORTEST_PASSPHRASE:
        return Refusal.PASSPHRASE_SHORT
    if guesses_log10 < 10 or DEMO_PASSPHRASE in passphrase.casefold():
        return Refusal.PASSPHRASE_KNOWN
    return None


def refusal_of_name_form(band: Band, name_form: str, shown_name: str | None, city: str) -> Refusal | None:
    """Say why this form of name cannot be shown: a name as one writes it is for adults, is given, and is just a name."""
    if name_form == DISPLAY:
        return None
    if name_form != WRITTEN or not shown_name:
        return Refusal.NAME_MISSING
    return refusal_of_name(shown_name, city) if band is Band.ADULT else Refusal.ADULTS_ONLY


def refusal_of_address(address: str | None) -> Refusal | None:
    """Say why this cannot be an e-mail address of an account, or None when it can: short enough, one line, plain ASCII."""
    local, at, domain = (address or "").partition("@")
    if not (local and domain) or len(local + at + domain) > 254:
        return Refusal.ADDRESS_ODD
    return None if all("!" <= c <= "~" and c not in '@<>,;:"\\()[]' for c in local + domain) else Refusal.ADDRESS_ODD


# ---------- what is asked beyond being signed in ----------


@dataclass(frozen=True)
class Shown:
    """What somebody has shown in this session: until when their second factor counts, and when they last gave a passphrase
    or a passkey; `has_factor` says whether there is one to show."""

    has_factor: bool = False
    factor_until: dt.datetime | None = None
    fresh_at: dt.datetime | None = None


def refusal_without_factor(shown: Shown, now: dt.datetime) -> Refusal | None:
    """Say why a second factor is still to be shown in this session, or None when it was and counts."""
    if shown.factor_until is not None and now < shown.factor_until:
        return None
    return Refusal.FACTOR_ASKED if shown.has_factor else Refusal.FACTOR_MISSING


def refusal_unless_fresh(shown: Shown, now: dt.datetime, within: dt.timedelta = FRESH) -> Refusal | None:
    """Say why the passphrase or a passkey is to be given again, or None when that was within this time."""
    given = shown.fresh_at
    return None if given is not None and given <= now < given + within else Refusal.FRESH_ASKED


def refusal_to_remove_factor(left: int, needed: bool) -> Refusal | None:
    """Say why somebody cannot let go of a passkey or of their application, or None: a role that needs one keeps the last."""
    return Refusal.FACTOR_NEEDED if needed and left == 0 else None


def refusal_to_reset_factor(coordinates: bool, elsewhere: bool, over: bool = False) -> Refusal | None:
    """Say why this person cannot let another begin anew, or None: whoever also acts elsewhere goes to the coordination,
    and once a role is over nobody of that organisation answers for them."""
    if over:
        return Refusal.NOT_FACILITATOR_NOW
    return None if coordinates or not elsewhere else Refusal.FACTOR_BY_CITY


def is_over(coordinates: bool, begun_at: dt.datetime, last_used_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether a session of a coordinator has ended by itself: after eight hours, or a quarter of an hour unused."""
    return coordinates and (now >= begun_at + COORDINATOR_SESSION or now - last_used_at > COORDINATOR_IDLE)


def steps_at(now: dt.datetime, last: int | None) -> list[int]:
    """Return the steps of time whose code counts now, the present one first: one before, one after, none used already."""
    present = int(now.timestamp()) // CODE_EVERY
    return [step for step in (present, present - 1, present + 1) if last is None or step > last]


def typed_code(words: str | None) -> str:
    """Return a typed code as it is compared: figures and capitals alone, whatever stood between them."""
    return "".join(c for c in (words or "").upper() if c.isascii() and c.isalnum())
