"""How kinds, roles, checks and days read."""

from __future__ import annotations

import datetime as dt

from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .. import clock
from . import rules

KINDS: dict[str, LazyString] = {
    "association": _l("Association"),
    "school": _l("École, collège, lycée"),
    "public_service": _l("Service public"),
    "sport_club": _l("Club de sport"),
    "holiday_centre": _l("Centre de loisirs ou colonie déclarés"),
    "childcare": _l("Crèche, accueil du jeune enfant"),
    "social_care": _l("Service social ou médico-social"),
    "company": _l("Entreprise"),
    "city": _l("Ville"),
}
SECTORS: dict[str, LazyString] = {
    "economic": _l("Travail et entreprises"),
    "civic": _l("Vie de quartier et citoyenne"),
    "public": _l("Services publics"),
    "education": _l("École et formation"),
    "voluntary": _l("Associations et bénévolat"),
}
ROLE_CHOICES: dict[str, LazyString] = {
    "facilitator": _l("Répondre aux demandes"),
    "manager": _l("Être responsable de l’organisation"),
    "coordinator": _l("Coordonner le passeport de la Ville"),
}
CHECKS: dict[str, LazyString] = {
    "honorability": _l("Attestation d’honorabilité"),
    "declared_centre": _l("Équipe d’un accueil déclaré, contrôlée par l’État"),
    "sport_licence": _l("Licence sportive, contrôlée par la fédération"),
    "public_agent": _l("Agent public ou école, contrôle par l’employeur"),
    "record_and_declaration": _l("Bulletin no 3 montré, et déclaration écrite"),
    "by_service": _l("Contrôle par le service social lui-même"),
}


def role_words(role: str, title: str | None) -> str:
    """Return what somebody is there: the title given by the organisation, or the plain name of the role."""
    if title:
        return title
    names = {"facilitator": _("répond aux demandes"), "manager": _("responsable"),
             "coordinator": _("coordination de la Ville")}
    return str(names[role])


def day_words(instant: dt.datetime | dt.date) -> str:
    """Return a day as it reads in a sentence: « 1er juin 2026 »."""
    day = clock.day_of(instant) if isinstance(instant, dt.datetime) else instant
    if str(get_locale()) == "fr" and day.day == 1:
        return str(format_date(day, "'1er'\u00a0MMMM y"))
    return str(format_date(day, "d\u00a0MMMM y"))


def common_words(common: tuple[int, int]) -> str:
    """Return the date on which checks end together: « 31 octobre »."""
    day = dt.date(2027, *common)
    return str(format_date(day, "'1er'\u00a0MMMM" if str(get_locale()) == "fr" and day.day == 1 else "d\u00a0MMMM"))


def month_words(instant: dt.datetime) -> str:
    """Return the month of an instant: « septembre 2024 »."""
    return str(format_date(clock.day_of(instant), "MMMM y"))


def check_words(expires_on: dt.date | None, on: dt.date, answers: bool) -> tuple[str, str, str]:
    """Return the sign, the sentence and the tone of a check as it stands on a day; `answers` for whoever answers requests.

    A check ends on its day: the day before is the last one on which it counts.
    """
    where = rules.standing(expires_on, on)
    if expires_on is None:
        if not answers:
            return "unknown", _("Aucune vérification."), ""
        return "unknown", _("Aucune vérification : ne répond à personne de moins de 18 ans."), ""
    day = day_words(expires_on)
    if where == "over":
        return "alert", _("Vérification à refaire, terminée le %(day)s.", day=day), "is-bad"
    if where == "redo":
        return "alert", _("Vérification à refaire avant le %(day)s.", day=day), "is-warn"
    last = day_words(expires_on - dt.timedelta(days=1))
    return "check", _("Vérification en règle jusqu’au %(day)s.", day=last), "is-good"
