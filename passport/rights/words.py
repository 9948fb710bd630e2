"""How what was brought from another passport is said."""

from __future__ import annotations

from flask_babel import get_locale
from flask_babel import gettext as _

from ..experiences.periods import parsed
from ..organisations.words import day_words
from .models import BroughtItem


def kind_words(kind: str) -> str:
    """Return what words of somebody else were, where they come from."""
    return str({"feedback": _("Un retour"), "endorsement": _("Une compétence reconnue"),
                "testimony": _("Ce qu’une personne a vu"), "not_yet": _("D’abord un pas de plus")}[kind])


def who_words(item: BroughtItem) -> str:
    """Return who said it and when, as its learner tells it."""
    said = item.document
    day = parsed(str(said.get("on") or ""))
    return " · ".join([*(str(said[name]) for name in ("who", "role", "organisation") if said.get(name)),
                       *([day_words(day)] if day else [])])


def sentence(item: BroughtItem) -> str:
    """Return the « je » sentence that words of somebody else are about, or nothing."""
    said = item.document
    mine, other = ("sentence_en", "sentence_fr") if str(get_locale()) == "en" else ("sentence_fr", "sentence_en")
    return str(said.get(mine) or said.get(other) or "")


def day(item: BroughtItem) -> str:
    """Return when it was brought."""
    return day_words(item.brought_at)
