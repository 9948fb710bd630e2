"""How what is recognised reads: by whom, in whose name, from when to when."""

from __future__ import annotations

import datetime as dt

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from ..wording import elided, first_name


def month_words(day: dt.date) -> str:
    """Return the month of a day in words."""
    return str(format_date(day, "MMMM y"))


def seen_words(seen_from_on: dt.date, seen_to_on: dt.date) -> str:
    """Return from when to when something was seen, to the month."""
    if (seen_from_on.year, seen_from_on.month) == (seen_to_on.year, seen_to_on.month):
        return month_words(seen_to_on)
    return elided(str(_("de %(first)s à %(last)s", first=month_words(seen_from_on), last=month_words(seen_to_on))))


def how_words(how_known: str) -> str:
    """Return how a facilitator knows what they say."""
    return str({"saw": _("l’a vu"), "supervised": _("l’a encadré"), "shown": _("on le lui a montré")}[how_known])


def how_person_words(how_person_known: str) -> str:
    """Return how a facilitator knows the person."""
    return str({"regularly": _("régulièrement"), "at_times": _("de temps en temps"),
                "once": _("une seule fois")}[how_person_known])


ARTICLES = {
    "la": ("association", "boulangerie", "bibliothèque", "compagnie", "crèche", "ferme", "fédération", "fondation", "librairie",
           "mairie", "maison", "médiathèque", "mission", "régie", "ressourcerie", "ville"),
    "le": ("café", "centre", "cinéma", "club", "collège", "comité", "conservatoire", "foyer", "jardin", "lycée", "musée",
           "réseau", "théâtre"),
}
VOWELS = "aeiouyhàâäéèêëîïôöùûüœ"


def in_the_name_of(organisation_name: str) -> str:
    """Return « au nom de » and the organisation, with the article its first word takes in French."""
    first = organisation_name.split()[0].casefold() if organisation_name.split() else ""
    if first in ARTICLES["la"]:
        if first[0] in VOWELS:
            return str(_("au nom de l’%(organisation)s", organisation=organisation_name))
        return str(_("au nom de la %(organisation)s", organisation=organisation_name))
    if first in ARTICLES["le"]:
        return str(_("au nom du %(organisation)s", organisation=organisation_name))
    if first in {"école", "espace", "institut", "hôpital", "atelier"}:
        return str(_("au nom de l’%(organisation)s", organisation=organisation_name))
    if first[:1] in VOWELS:
        return str(_("au nom d’%(organisation)s", organisation=organisation_name))
    return str(_("au nom de %(organisation)s", organisation=organisation_name))


def in_the_name_words(name: str | None, role: str, organisation_name: str) -> str:
    """Return who recognised, as it stood that day: « par Karim B., animateur, au nom de la Médiathèque Mandela »."""
    behalf = in_the_name_of(organisation_name)
    if not name:
        return str(_("par une personne de l’équipe (%(role)s), %(behalf)s", role=role, behalf=behalf))
    return str(_("par %(who)s, %(role)s, %(behalf)s", who=name, role=role, behalf=behalf))


def named_words(form: str) -> str:
    """Return, for whoever is about to recognise, what will stand beside it and that it lasts; `form` is the city's choice."""
    if form == "role":
        return str(_("Signé avec mon rôle, sans mon nom."))
    if form == "initials":
        return str(_("Signé avec mes initiales et mon rôle."))
    return str(_("Signé avec mon nom et mon rôle."))


def news_title(name: str, count: int) -> str:
    """Return « Karim reconnaît deux compétences »."""
    return str(ngettext("%(who)s reconnaît une compétence", "%(who)s reconnaît %(num)s compétences", count,
                        who=first_name(name)))
