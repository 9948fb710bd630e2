"""Days, hours and sentences as they are written on a page that is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from flask_babel import format_date, get_locale, ngettext
from flask_babel import lazy_gettext as _l

from ..clock import day_of
from ..experiences.periods import period

TOPICS = {
    "family": _l("la famille"), "health": _l("la santé"), "faith": _l("la religion"), "union": _l("un syndicat"),
    "exile": _l("l’exil"), "caring": _l("l’aide à un proche"),
}


def full_day(instant: dt.datetime | dt.date) -> str:
    """Return a day with its year: « 1er février 2027 »."""
    day = day_of(instant) if isinstance(instant, dt.datetime) else instant
    first = str(get_locale()) == "fr" and day.day == 1
    return str(format_date(day, "'1er'\u00a0MMMM y" if first else "d\u00a0MMMM y"))


def when_words(started_on: str | None, ended_on: str | None, precision: str, ongoing: bool) -> str:
    """Return from when to when something was lived, never finer than the month."""
    first, last = (dt.date.fromisoformat(day).replace(day=1) if day else None for day in (started_on, ended_on))
    return period(first, last, "year" if precision == "year" else "month", ongoing, str(get_locale()))


def in_language(texts: Mapping[str, str]) -> str:
    """Return a sentence in the reader's language."""
    return texts["en"] if str(get_locale()) == "en" else texts["fr"]


def private_words(topics: Iterable[str]) -> str:
    """Return these private topics as they stand in a sentence; nothing for none."""
    return ", ".join(str(TOPICS[topic]) for topic in topics)


def along_words(pieces: int) -> str:
    """Return how many photos, documents or links go along, as a sentence; nothing for none."""
    if not pieces:
        return ""
    return str(ngettext("Avec une photo, un document ou un lien.", "Avec %(num)s photos, documents ou liens.", pieces))
