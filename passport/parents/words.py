"""Each purpose in words: as the child chooses it, and as a parent reads it; never an organisation, an adult or a text."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from ..accounts.rules import ASSOCIATION, IMAGE, PLACEMENT, SHOW, STATISTICS, WITNESS

TEXT_VERSION = "2026-11"
PURPOSE = {
    PLACEMENT: _l("Montrer à une école, ou pour un stage"),
    ASSOCIATION: _l("Montrer à une association ou à la Ville"),
    WITNESS: _l("Demander à quelqu’un qui était là"),
    SHOW: _l("Montrer une compétence reconnue"),
    IMAGE: _l("Montrer des photos et des documents"),
    STATISTICS: _l("Compter dans les chiffres de la Ville"),
}
SMALL = {
    PLACEMENT: _l("Une page choisie, par un lien de 30 jours au plus."),
    ASSOCIATION: _l("Une page choisie, par un lien de 30 jours au plus."),
    WITNESS: _l("Par un lien qui sert une fois. La réponse : des phrases prêtes, rien d’autre."),
    SHOW: _l("Sans nom de famille. Chacun peut vérifier qu’elle est vraie."),
    IMAGE: _l("Seulement ceux qui sont choisis. Il faut le oui des deux parents."),
    STATISTICS: _l("Sans nom, et jamais pour moins de dix personnes."),
}


def names(purposes: list[str]) -> str:
    """Return several purposes in one line."""
    return " · ".join(str(PURPOSE[p]) for p in purposes)
