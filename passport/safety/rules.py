"""Cases: who has them from the start, when they move on, who closes them, and how long they are kept."""

from __future__ import annotations

import datetime as dt

from ..refusals import Refusal

WORKING_DAYS = 2
KEPT = dt.timedelta(days=365)
FILE_KEPT = dt.timedelta(days=7)
FOLLOWED_YEARS = 5
HOUSE, BOTH, CITY = "house", "both", "city"
# What a learner may say of a text, and an adult of what they worry about; the words stand in words.py.
DANGER = "danger"
CATEGORIES = ("words", "forced", "secret", "meeting", "picture", DANGER)
CONCERNS = ("worry", "behaviour", DANGER)
# What an adult does, beyond the words of one text: the city looks at it from the start.
BEHAVIOUR = frozenset({"forced", "secret", "meeting", "picture", "behaviour"})
SHARE_REASONS = ("picture", "someone", "hurts", "false")
OUTCOMES = ("nothing_more", "acted", "sent_on")


def easter(year: int) -> dt.date:
    """Return Easter Sunday (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    ll = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * ll) // 451
    month, day = divmod(h + ll - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


def is_holiday(day: dt.date) -> bool:
    """Say whether nobody works on this day in France: the eleven holidays of the Code du travail (L3133-1)."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    return (day.month, day.day) in fixed or (day - easter(day.year)).days in {1, 39, 50}


def is_working(day: dt.date) -> bool:
    """Say whether reports are read on this day: Monday to Friday, but public holidays."""
    return day.weekday() < 5 and not is_holiday(day)


def due_at(made_at: dt.datetime, zone: dt.tzinfo, closes: int = 18) -> dt.datetime:
    """Return the end of the second working day after a report, in the city (promise S15), when reading ends there."""
    day, left = made_at.astimezone(zone).date(), WORKING_DAYS
    while left:
        day += dt.timedelta(days=1)
        if is_working(day):
            left -= 1
    return dt.datetime.combine(day, dt.time(closes), tzinfo=zone).astimezone(dt.UTC)


def route_of(kind: str, category: str | None, about_lead: bool = False) -> str:
    """Return who has a case from the start: the house, both, or the city alone (S14, S15)."""
    if passes_house(kind, about_lead):
        return CITY
    return BOTH if goes_to_city(category) else HOUSE


def passes_house(kind: str, about_lead: bool) -> bool:
    """Say whether a case goes to the city alone: a shared page, or one about the organisation's responsible person."""
    return kind == "share" or about_lead


def is_about_leads(kind: str, route: str, about_id: object) -> bool:
    """Say whether a case is about one of several responsible persons, nobody knows which: none of them has it."""
    return kind == "concern" and route == CITY and about_id is None


def goes_to_city(category: str | None) -> bool:
    """Say whether the city has a case from the start: danger, or what an adult does beyond the words of one text."""
    return category == DANGER or category in BEHAVIOUR


def has_moved(due_at: dt.datetime, decided_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Say whether a case has moved to the city by the clock: not decided when its time was over."""
    return decided_at is None and due_at <= now


def needs_city(route: str, due_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether one of the two who close a case is of the city: danger, an adult's behaviour, or the time is over."""
    return route != HOUSE or due_at <= now


def keep_until(from_day: dt.date, outcome: str | None = None, sent_on_years: int = FOLLOWED_YEARS) -> dt.date:
    """Return the last day a case is kept: 12 months, 5 years when it was followed up, or what the city set."""
    years = {"acted": FOLLOWED_YEARS, "sent_on": sent_on_years}.get(outcome or "", 0)
    return from_day + KEPT * years if years else from_day + KEPT


def is_over(until: dt.date, decided_at: dt.datetime | None, today: dt.date) -> bool:
    """Say whether a case is kept no longer; one that nobody decided on stays."""
    return decided_at is not None and until < today


def refusal_to_report(delivered: bool) -> Refusal | None:
    """Say why a text cannot be reported, or None when it can: it has arrived."""
    return None if delivered else Refusal.NOT_VISIBLE_YET


def refusal_to_propose(about: bool, decided: bool, done_on: dt.date, made_on: dt.date, today: dt.date) -> Refusal | None:
    """Say why nobody can propose how a case ends, or None: not of oneself, not twice, on a day that has been."""
    if about:
        return Refusal.NOT_ALLOWED
    if decided:
        return Refusal.ALREADY_DECIDED
    return None if made_on <= done_on <= today else Refusal.DATES_ODD


def refusal_to_close(
    about: bool, proposed: bool, same: bool, city_needed: bool, city: bool, changed: bool = False
) -> Refusal | None:
    """Say why somebody cannot confirm how a case ends, or None: what they read, as another one than who proposed, the
    city among them."""
    if about:
        return Refusal.NOT_ALLOWED
    if not proposed:
        return Refusal.NOTHING_CHOSEN
    if same:
        return Refusal.TWO_PERSONS
    if city_needed and not city:
        return Refusal.CITY_NEEDED
    return Refusal.PROPOSAL_CHANGED if changed else None


def refusal_to_ask_file(waiting: bool, there: bool) -> Refusal | None:
    """Say why nobody can ask for a file for an inquiry, or None: none waits to be confirmed, and none is there."""
    return Refusal.ALREADY_ASKED if waiting or there else None


def refusal_to_make_file(asked: bool, same: bool, city: bool) -> Refusal | None:
    """Say why somebody cannot confirm that a file for an inquiry is made, or None: what another one asked for, who may
    still read the case, one of the two being of the city (promise S23)."""
    if not asked:
        return Refusal.PROPOSAL_CHANGED
    if same:
        return Refusal.TWO_PERSONS
    return None if city else Refusal.CITY_NEEDED


def refusal_to_block(met: bool, oneself: bool) -> Refusal | None:
    """Say why a learner cannot block somebody, or None: any adult met in an exchange, never oneself."""
    return None if met and not oneself else Refusal.NOT_ALLOWED
