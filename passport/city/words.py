"""Each choice of the city in one plain sentence, and each answer in words."""

from __future__ import annotations

import datetime as dt

from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .. import choices
from ..choices import Choice
from ..organisations.words import CHECKS, KINDS

SAID: dict[str, LazyString] = {
    "basis": _l("Sur quelle base la Ville tient le passeport : sa mission, ou le consentement."),
    "age.youngest": _l("L’âge auquel un passeport s’ouvre."),
    "parents.others": _l("Qui dit oui pour un enfant placé, sous tutelle ou émancipé."),
    "parents.ask": _l("Ce que la Ville répond quand un parent demande à lire ou à effacer."),
    "checks.common_day": _l("Le jour de l’année où les vérifications se refont."),
    **{f"checks.{kind}": _l("Les vérifications possibles : %(kind)s.", kind=said) for kind, said in KINDS.items()},
    "checks.record": _l("Noter ici qu’un extrait de casier a été vu, sans son contenu."),
    "controllers": _l("Qui répond des données avec la Ville, et par quel accord."),
    "passports.unused": _l("Après combien de mois sans usage un passeport s’efface."),
    "erasure.pause": _l("Combien de jours on peut annuler un effacement."),
    "erasure.sealed": _l("Après un effacement avant 18 ans, combien de mois les mots d’adultes restent sous clé."),
    "cases.kept": _l("Combien d’années un signalement transmis est gardé."),
    "help.child": _l("Le numéro pour un enfant en danger."),
    "help.online": _l("Le numéro contre les violences en ligne."),
    "help.violence": _l("Le numéro pour les adultes contre les violences."),
    "help.police": _l("Le numéro de la police."),
    "help.europe": _l("Le numéro d’urgence en Europe."),
    "help.sms": _l("Le numéro d’urgence par SMS."),
    "help.crip": _l("Le numéro de la cellule du département pour l’enfance en danger."),
    "reports.opens": _l("L’heure à partir de laquelle les signalements sont lus, en semaine."),
    "reports.closes": _l("L’heure jusqu’à laquelle les signalements sont lus, en semaine."),
    "archives": _l("Ce qui peut être détruit, selon l’accord avec le département."),
    "endorsers.name": _l("Comment la personne qui reconnaît est nommée."),
    "factor.facilitators": _l("Quand la double sécurité est demandée à qui encadre."),
    "factor.days": _l("Combien de jours un appareil à soi s’en souvient."),
    "death": _l("Ce qui se passe après un décès."),
    "links.longest": _l("Combien de mois le lien d’un adulte peut rester ouvert."),
}
ANSWERS: dict[tuple[str, str], LazyString] = {
    ("basis", "task"): _l("la mission de la Ville"),
    ("basis", "consent"): _l("le consentement : rien avant 15 ans"),
    ("checks.record", "yes"): _l("oui"),
    ("checks.record", "no"): _l("non : l’organisation le garde chez elle"),
    ("endorsers.name", "name"): _l("son nom et son rôle"),
    ("endorsers.name", "initials"): _l("ses initiales et son rôle"),
    ("endorsers.name", "role"): _l("son rôle seulement"),
    ("factor.facilitators", "opening"): _l("avant d’ouvrir ce qui est protégé, ou de reconnaître"),
    ("factor.facilitators", "sign_in"): _l("à chaque ouverture du passeport"),
    ("links.longest", "6"): _l("6 mois"),
    ("links.longest", "12"): _l("12 mois"),
}
HELD: dict[int, LazyString] = {
    3: _l("Aucune pièce d’identité n’est demandée à un parent."),
    4: _l("Avant 15 ans, le oui d’un seul parent ne suffit jamais pour une image."),
    9: _l("Avant 18 ans, un échange peut toujours être lu par deux personnes."),
    18: _l("Après un effacement, chaque personne choisit si ses attestations restent vérifiables."),
    20: _l("Une page montrée ne dit ni âge, ni photo du visage, ni adresse."),
    22: _l("Ni annuaire, ni messagerie, ni fil : personne ne cherche une autre personne."),
    24: _l("Personne n’est obligé d’avoir un passeport."),
}
LATER: dict[int, LazyString] = {
    19: _l("À partir de combien de personnes un chiffre se montre."),
}


def answer(choice: Choice, value: str) -> str:
    """Return an answer in words, in the reader's language."""
    if (choice.key, value) in ANSWERS:
        return str(ANSWERS[choice.key, value])
    if choice.kind == "list":
        return " · ".join(str(CHECKS[part.strip()]) for part in value.split(","))
    if choice.kind == "day":
        day = choices.day_in(2027, value) or dt.date(2027, 1, 1)
        return str(format_date(day, "d\u00a0MMMM" if day.day > 1 or str(get_locale()) != "fr" else "'1er'\u00a0MMMM"))
    if choice.key.startswith("reports."):
        return str(_("%(hour)s h", hour=value))
    if choice.key == "erasure.pause":
        return str(_("%(days)s j", days=value))
    if choice.key == "erasure.sealed":
        return str(_("%(months)s mois", months=value))
    if choice.key in {"age.youngest", "cases.kept"}:
        return str(_("%(age)s ans", age=value))
    if choice.key == "passports.unused":
        return str(_("%(months)s mois", months=value))
    return value


def wanted(choice: Choice) -> str:
    """Return what may be answered, as it is typed."""
    if choice.kind == "number":
        return f"{choice.least}–{choice.most}"
    if choice.kind in {"option", "list"}:
        return {"option": " | ", "list": ", "}[choice.kind].join(choice.options)
    return "MM-DD" if choice.kind == "day" else choice.kind
