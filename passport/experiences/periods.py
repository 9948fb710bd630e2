"""How the time of an experience reads, in French and in English."""

from __future__ import annotations

import datetime as dt

from babel.dates import format_date

NARROW_NO_BREAK, NO_BREAK = "\u202f", "\u00a0"


def day_in_words(day: dt.date, locale: str, year: bool = True) -> str:
    """Return « 21 juin 2026 », or without its year « 21 juin »; the first of a month is « 1er »."""
    if locale == "fr":
        number = f"{day.day}er" if day.day == 1 else str(day.day)
        return f"{number}{NO_BREAK}{format_date(day, 'MMMM yyyy' if year else 'MMMM', locale='fr')}"
    return format_date(day, f"d{NO_BREAK}MMMM yyyy" if year else f"d{NO_BREAK}MMMM", locale="en_GB")


def moment(day: dt.date, precision: str, locale: str, year: bool = True, short: bool = False) -> str:
    """Return one moment as precisely as it is known: a day, a month or a year."""
    if precision == "year":
        return str(day.year)
    if precision == "month":
        pattern = ("MMM yyyy" if short else "MMMM yyyy") if year else ("MMM" if short else "MMMM")
        return format_date(day, pattern, locale="en_GB" if locale == "en" else "fr")
    return day_in_words(day, locale, year)


def period(
    started_on: dt.date | None, ended_on: dt.date | None, precision: str, ongoing: bool, locale: str, year: bool = True
) -> str:
    """Return when it was: « 21 juin 2026 », « mars 2026 », « oct. 2025 – juin 2026 », « depuis 2024 », or nothing.

    Without `year`, a moment leaves its year to the mark it stands under; a period that spans years keeps them.
    """
    if started_on is None:
        return ""
    if ongoing:
        since = "since" if locale == "en" else f"depuis{NO_BREAK}le" if precision == "day" else "depuis"
        return f"{since}{NO_BREAK}{moment(started_on, precision, locale)}"
    if ended_on is None or ended_on == started_on:
        return moment(started_on, precision, locale, year or precision == "year")
    same_year = started_on.year == ended_on.year
    if precision == "year":
        return str(started_on.year) if same_year else f"{started_on.year} – {ended_on.year}"
    if precision == "day" and same_year and started_on.month == ended_on.month:
        number = "1er" if started_on.day == 1 and locale != "en" else str(started_on.day)
        return f"{number} – {day_in_words(ended_on, locale, year)}"
    first = moment(started_on, precision, locale, year=not same_year, short=True)
    return f"{first} – {moment(ended_on, precision, locale, year=year or not same_year, short=True)}"


def parsed(text: str | None) -> dt.date | None:
    """Return the day of « 2026-11-03 » or « 3/11/2026 », or None for what is no day."""
    words = (text or "").strip()
    try:
        if "/" in words:
            day, month, year = (int(part) for part in words.split("/"))
            return dt.date(year, month, day)
        return dt.date.fromisoformat(words)
    except (ValueError, OverflowError):
        return None
