"""What the parts of the framework are called on a screen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

# The eight key competences in plain words, in the order of the Recommendation; their own names stand beside them.
THEMES = {
    "KC1": _l("Lire, écrire, parler"),
    "KC2": _l("Dans une autre langue"),
    "KC3": _l("Compter, fabriquer, protéger"),
    "KC4": _l("Avec le numérique"),
    "KC5": _l("Moi et les autres, apprendre"),
    "KC6": _l("Vivre ensemble, agir pour tout le monde"),
    "KC7": _l("Mener un projet, rendre service"),
    "KC8": _l("Créer, découvrir des cultures"),
}
FACETS = {"knowledge": _l("un savoir"), "skill": _l("un savoir-faire"), "attitude": _l("une façon d’être")}
