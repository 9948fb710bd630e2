"""What is said of cases: the ready sentences of each form, and how a case stands."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

CATEGORIES: dict[str, Any] = {
    "words": _l("Ces mots blessent"),
    "forced": _l("On m’oblige à quelque chose"),
    "secret": _l("On me demande de garder un secret"),
    "meeting": _l("On veut me voir à part"),
    "picture": _l("Une photo"),
    "danger": _l("Quelqu’un est en danger"),
}
CONCERNS: dict[str, Any] = {
    "worry": _l("Quelque chose m’inquiète"),
    "behaviour": _l("Le comportement d’un adulte"),
    "danger": _l("Un danger pour cette personne"),
}
SHARE_REASONS: dict[str, Any] = {
    "picture": _l("Une photo qui ne devrait pas être là"),
    "someone": _l("Le nom ou l’adresse de quelqu’un"),
    "hurts": _l("Des mots qui blessent"),
    "false": _l("Ce n’est pas vrai"),
}
OUTCOMES: dict[str, Any] = {
    "nothing_more": _l("Rien de plus à faire"),
    "acted": _l("L’équipe a agi"),
    "sent_on": _l("Transmis à la cellule du département ou au procureur"),
}
TITLES: dict[str, Any] = {
    "text": _l("Un texte dérange quelqu’un"),
    "share": _l("Une page partagée est signalée"),
    "concern": _l("Quelqu’un s’inquiète pour une personne"),
}
LEDES: dict[str, Any] = {
    "text": _l("Le texte est caché pour la personne qui l’a reçu. L’échange est suspendu."),
    "share": _l("Rien n’est caché : la page reste ouverte, à lire puis à décider."),
    "concern": _l("La personne concernée n’en voit rien."),
}


def title(kind: str) -> Any:
    """Return what kind of case it is, in words."""
    return TITLES.get(kind, TITLES["text"])


def category(kind: str, chosen: str | None) -> Any:
    """Return the ready sentence that was chosen, or nothing."""
    table = {"share": SHARE_REASONS, "concern": CONCERNS}.get(kind, CATEGORIES)
    return table.get(chosen or "", "")
