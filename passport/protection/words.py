"""How readings and those who read are said."""

from __future__ import annotations

from flask_babel import gettext as _

from ..organisations.words import role_words
from .queries import Look


def kind_words(kind: str) -> str:
    """Return what a text is."""
    return str({"feedback": _("Retour"), "not_yet": _("D’abord un pas de plus"), "endorsement": _("Compétence reconnue"),
                "withdrawal": _("Raison d’un retrait")}[kind])


def look_words(look: Look) -> str:
    """Return what was opened, in the learner's words."""
    said = {
        "open_request": _("a lu ma demande de retour"),
        "open_recognition": _("a lu ma demande pour faire reconnaître"),
        "see_request": _("a vu ma demande dans sa liste"),
        "protection": _("lecture de protection"),
        "open_case": _("a lu ce qui m’a dérangé"),
        "see_return": _("a vu mon nom pour m’aider à revenir"),
        "confirm_return": _("a confirmé que c’était moi, pour revenir"),
        "close_links": _("a fermé ma carte et mes liens, sur place"),
        "export_case": _("a fait, à deux, un dossier de nos échanges pour une enquête"),
        "confirm_age": _("a confirmé que j’ai 18 ans ou plus"),
        "co_reading": _("a relu le retour avec la personne qui l’a écrit"),
    }
    return str(said.get(look.action) or _("a ouvert quelque chose"))


def who_words(look: Look) -> str:
    """Return who looked: the name if it is known, else the role, and the organisation."""
    names = {"facilitator": _("Une personne qui répond aux demandes"), "manager": _("Une personne responsable"),
             "reader": _("Une personne qui relit pour protéger"), "coordinator": _("La coordination de la Ville")}
    return f"{look.name or names[look.role]}, {look.organisation_name}" if look.organisation_name else str(look.name or names[look.role])


def reader_words(role: str, title: str | None) -> str:
    """Return what a reader is in their organisation."""
    return role_words(role, title)
