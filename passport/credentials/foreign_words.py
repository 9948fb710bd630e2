"""How what is known of something received elsewhere reads: four questions, each answered in plain words."""

from __future__ import annotations

from flask_babel import gettext as _

from ..organisations.words import day_words
from ..refusals import Refusal
from ..wording import hour_words
from .badges import Absent
from .checking import Who, Why
from .foreign_queries import Received
from .words import Answer, reason, reason_of_state

REFUSALS = {
    Absent.NOTHING: Refusal.RECEIVED_MISSING, Absent.TOO_LARGE: Refusal.RECEIVED_LARGE, Absent.UNREADABLE: Refusal.RECEIVED_BROKEN,
    Absent.TWICE: Refusal.RECEIVED_TWICE, Absent.PICTURE: Refusal.RECEIVED_PICTURE, Absent.OTHER: Refusal.RECEIVED_OTHER,
}


def _also(first: str, then: str) -> str:
    return f"{first} {then}".strip()


def _later() -> str:
    return str(_("Vérifier à nouveau plus tard."))


def title(r: Received) -> str:
    """Return what it is called by whoever wrote it, or that it has no name."""
    return r.row.title or _("Une attestation sans titre")


def unchanged(r: Received) -> Answer:
    """Return whether anything was changed in it since it was given."""
    if r.row.signature_ok:
        hosted = r.row.format == "ob2_hosted"
        return Answer(True, _("Oui, tout est comme au départ."), _("C’est mot pour mot ce que son site montre.") if hosted
                      else _("Chaque mot est celui qui a été signé."))
    why = r.why or Why.OTHER_SIGNATURE
    more = _also(reason(why), _later() if why in {Why.NO_KEY, Why.NOT_HOSTED} else "")
    if r.row.signature_ok is False:
        return Answer(False, _("Non, on ne peut pas s’y fier."), _also(more, _("Demander le fichier d’origine à qui l’a donné.")))
    return Answer(False, _("Cela n’a pas pu être vérifié."), more)


def given_by(r: Received) -> Answer:
    """Return who gave it: known to this city, known elsewhere or unknown."""
    name = r.row.issuer_name
    if r.by is Who.CITY:
        return Answer(True, _("Connu de la Ville : %(name)s.", name=name), _("Cela vient de cette Ville."))
    if r.by is Who.ELSEWHERE:
        there = _("Son nom là-bas : %(name)s.", name=name) if name else ""
        return Answer(True, _("Connu ailleurs : %(host)s.", host=r.row.host),
                      _also(there, _("La Ville ne connaît pas cette organisation.")))
    written = _("Il est écrit : %(name)s.", name=name) if name else ""
    if r.by is Who.UNKNOWN:
        return Answer(False, _("Inconnu."), _also(written, _("Rien ne dit de qui est la clé qui a signé. Cela arrive souvent.")))
    return Answer(False, _("On ne peut pas le dire."), written)


def is_mine(r: Received) -> Answer:
    """Return whether it was given to this learner."""
    if r.row.is_mine and r.by is Who.CITY:
        return Answer(True, _("Oui."), _("Cette compétence a été reconnue ici, pour vous."))
    if r.row.is_mine:
        return Answer(True, _("Oui."), _("C’est au nom de votre adresse e-mail confirmée."))
    if r.row.is_mine is False and r.by is Who.CITY:
        return Answer(False, _("Cela a été donné à quelqu’un d’autre."))
    if r.row.is_mine is False:
        return Answer(False, _("C’est au nom d’une autre adresse e-mail que la vôtre."),
                      _("Une adresse d’avant, peut-être : la confirmer ici, puis vérifier à nouveau."))
    if r.row.signature_ok:
        return Answer(False, _("On ne peut pas le dire."),
                      _("Si c’est au nom d’une adresse e-mail, la confirmer ici, puis vérifier à nouveau."))
    return Answer(False, _("On ne peut pas le dire."))


def may_be_mine(r: Received) -> bool:
    """Say whether confirming an address may tell whose it is."""
    return r.row.signature_ok is True and r.by is not Who.CITY and not r.row.is_mine


def in_force(r: Received) -> Answer:
    """Return whether it is in force, as last known when."""
    when = _("Au %(day)s à %(hour)s.", day=day_words(r.row.checked_at), hour=hour_words(r.row.checked_at))
    if r.in_force:
        known = r.by is not Who.UNKNOWN
        if r.state is Why.NO_STATUS:
            return Answer(known, _("Rien ne dit le contraire."), _("Qui l’a donné n’a pas prévu comment dire que c’est retiré."))
        return Answer(known, _("Oui."), "" if r.by is Who.CITY else when)
    if r.in_force is False:
        if r.state is Why.EXPIRED and r.row.valid_until:
            return Answer(False, _("Non, depuis le %(day)s.", day=day_words(r.row.valid_until)))
        if r.state is Why.NOT_YET and r.row.valid_from:
            return Answer(False, _("À partir du %(day)s.", day=day_words(r.row.valid_from)))
        return Answer(False, _("Non, plus maintenant."), _("La raison n’est pas dite. Cela ne dit rien de vous."))
    state = r.state or Why.UNSAID
    more = _also(reason_of_state(state), _later() if state is Why.STATUS_UNREACHED else "")
    return Answer(False, _("Cela n’a pas pu être vérifié.") if r.row.signature_ok else _("On ne peut pas le dire."), more)


def in_short(r: Received) -> Answer:
    """Return the one line that stands for all answers in a list: what is to be known first."""
    if r.row.signature_ok is False:
        return Answer(False, _("On ne peut pas s’y fier."))
    if r.in_force is False:
        return Answer(False, _("N’est plus en vigueur.") if r.state is not Why.NOT_YET else in_force(r).words)
    if r.row.signature_ok is None:
        return Answer(False, _("N’a pas pu être vérifié."))
    if r.row.is_mine is False:
        return is_mine(r)
    who = given_by(r)
    if r.in_force is None:
        return Answer(False, who.words, _("En vigueur ? Cela n’a pas pu être vérifié."))
    return Answer(who.good, who.words if who.good else _("Qui l’a donné est inconnu."))


def since(r: Received) -> str:
    """Return when it was given, in words; nothing when it does not say."""
    return _("Donné le %(day)s.", day=day_words(r.row.valid_from)) if r.row.valid_from else ""


def looked_at(r: Received) -> str:
    """Return when it was looked at last, in words."""
    return str(_("Vérifié le %(day)s à %(hour)s.", day=day_words(r.row.checked_at), hour=hour_words(r.row.checked_at)))
