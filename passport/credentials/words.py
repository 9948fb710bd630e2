"""How the answers about a badge read: three questions, each answered in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from ..organisations.words import day_words
from ..refusals import Refusal
from ..wording import hour_words
from .badges import Absent
from .checking import Checked, Who, Why

REFUSALS = {
    Absent.NOTHING: Refusal.BADGE_MISSING, Absent.TOO_LARGE: Refusal.BADGE_LARGE, Absent.UNREADABLE: Refusal.BADGE_BROKEN,
    Absent.TWICE: Refusal.BADGE_TWICE, Absent.PICTURE: Refusal.BADGE_NOT_IN_PICTURE, Absent.OTHER: Refusal.BADGE_OTHER,
}


@dataclass(frozen=True)
class Answer:
    """One answer: `good` is a check mark, anything else the sign of what is not known; never a red cross."""

    good: bool
    words: str
    more: str = ""


def verdict(found: Checked) -> Answer:
    """Return what is said first, over the three answers."""
    if found.unchanged is False:
        return Answer(False, _("Ce n’est pas ce qui a été signé"), _("Demander à la personne le fichier d’origine."))
    if found.in_force is False:
        title = _("En vigueur plus tard") if found.state is Why.NOT_YET else _("N’est plus en vigueur")
        return Answer(False, title, _("Cela ne dit rien de la personne."))
    if found.unchanged is None:
        return Answer(False, _("Nous n’avons pas pu vérifier"), _("Cela ne veut dire ni oui, ni non. Réessayer plus tard, ou demander à la personne."))
    if found.by is Who.UNKNOWN:
        return Answer(False, _("Rien n’est changé, mais qui a signé est inconnu"), _("N’importe qui peut signer ainsi. Demander à la personne d’où cela vient."))
    if found.in_force is None:
        return Answer(False, _("Rien n’est changé, mais une réponse manque"), _("Cela ne veut dire ni oui, ni non. Réessayer plus tard, ou demander à la personne."))
    if found.by is Who.ELSEWHERE:
        return Answer(True, _("En vigueur, signé ailleurs"), _("Ce n’est pas la Ville qui le dit. Voir ci-dessous qui le dit."))
    if not found.is_accredited:
        return Answer(False, _("Toujours montrée, mais à demander"), _("Une réponse manque ci-dessous. L’organisation ou la personne peut l’expliquer."))
    return Answer(True, _("Toujours en vigueur"), _("Les trois réponses sont bonnes."))


def reason(why: Why) -> str:
    """Return why something is not simply as it was signed, or cannot be said to be; nothing for a reason that says nothing."""
    return str({
        Why.UNSIGNED: _("Personne ne l’a signé : n’importe qui peut l’avoir écrit."),
        Why.CHANGED: _("Ce qui est écrit n’est pas ce qui a été signé."),
        Why.OTHER_ISSUER: _("Ce n’est pas l’organisation nommée qui a signé."),
        Why.OTHER_WORDS: _("Il y a des mots que personne n’a signés, ou une façon d’écrire qui trompe."),
        Why.OTHER_COPY: _("Le site de l’organisation montre autre chose."),
        Why.KEY_ENDED: _("La clé qui a signé ne compte plus : quelqu’un d’autre a pu s’en servir."),
        Why.NO_KEY: _("Le site qui garde la clé n’a pas répondu, ou pas comme il faut."),
        Why.NOT_HOSTED: _("Le site qui garde l’original n’a pas répondu, ou ne le montre plus."),
        Why.OTHER_SIGNATURE: _("C’est signé d’une façon que nous ne savons pas lire."),
    }.get(why, ""))


def unchanged(found: Checked) -> Answer:
    """Return whether anything was changed, and how one knows."""
    if found.unchanged:
        hosted = found.badge.form.name == "OB2_HOSTED"
        return Answer(True, _("Non, rien."), _("C’est mot pour mot ce que son site montre.") if hosted
                      else _("Chaque mot est celui qui a été signé."))
    more = reason(found.why or Why.CHANGED)
    if found.unchanged is False:
        return Answer(False, _("On ne peut pas s’y fier."), more)
    return Answer(False, _("Nous n’avons pas pu le savoir."), more)


def signed_by(found: Checked) -> Answer:
    """Return who signed: known to this city, known elsewhere or unknown."""
    if not found.unchanged:
        return Answer(False, _("On ne peut pas le dire."))
    if found.by is Who.CITY:
        known = _("Connu de la Ville : %(name)s.", name=found.issuer_name)
        if found.is_accredited:
            return Answer(True, known, _("Cette organisation est agréée."))
        return Answer(False, known, _("Elle était agréée ce jour-là, elle ne l’est plus en ce moment."))
    if found.by is Who.ELSEWHERE:
        name = _("Nom donné là-bas : %(name)s.", name=found.issuer_name) if found.issuer_name else ""
        return Answer(True, _("Connu ailleurs : %(host)s.", host=found.host), " ".join([name, _("La Ville, elle, ne le connaît pas.")]).strip())
    return Answer(False, _("Inconnu."), _("C’est bien signé, mais personne ne dit de qui est la clé."))


def reason_of_state(state: Why) -> str:
    """Return why it cannot be said whether something is in force; nothing for a reason that says nothing."""
    return str({
        Why.DATES: _("Ses dates ne se lisent pas."),
        Why.STATUS_OTHER: _("C’est dit d’une façon que nous ne savons pas lire."),
        Why.STATUS_UNREACHED: _("Le site qui le dit n’a pas répondu."),
        Why.STATUS_UNSOUND: _("La liste qui le dit n’est pas signée par la même organisation, ou n’est plus à jour."),
    }.get(state, ""))


def in_force(found: Checked) -> Answer:
    """Return whether it is in force, as last known when."""
    when = _("Au %(day)s à %(hour)s.", day=day_words(found.as_of), hour=hour_words(found.as_of))
    if found.in_force:
        known = found.by is not Who.UNKNOWN
        if found.state is not Why.NO_STATUS:
            return Answer(known, _("Oui."), when)
        return Answer(known, _("Rien ne dit le contraire."), _("Personne n’a prévu comment le dire retiré."))
    if found.in_force is False:
        if found.state is Why.EXPIRED and found.valid_until:
            return Answer(False, _("Non, depuis le %(day)s.", day=day_words(found.valid_until)), when)
        if found.state is Why.NOT_YET and found.valid_from:
            return Answer(False, _("Seulement à partir du %(day)s.", day=day_words(found.valid_from)), when)
        return Answer(False, _("Non, plus maintenant."), _("La raison n’est dite à personne. %(when)s", when=when))
    more = reason_of_state(found.state or Why.UNSAID)
    return Answer(False, _("Nous n’avons pas pu le savoir.") if more else _("On ne peut pas le dire."), more)
