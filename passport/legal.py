"""What the law wants said of the passport, made from the settings, the city's choices and the periods that are kept."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from config import Legal

from .accounts.chosen import chosen, decided, number
from .columns import Base
from .retention import days
from .rights import retention
from .rights.rules import WITHOUT_ADDRESS
from .web import page, public

legal = Blueprint("legal", __name__)
BLUEPRINTS = (legal,)

# Tables in which nothing is about anybody.
ABOUT_NOBODY = frozenset({"alignment", "competency", "framework", "framework_version", "search_text", "wording"})
# Until when rows of each kind of `retention.toml` are kept, in words.
KEPT: dict[str, LazyString] = {
    "learner": _l("Jusqu’à l’effacement par la personne, ou %(unused)s mois sans usage. Sans adresse e-mail : %(longest)s mois."),
    "witness": _l("Jusqu’à l’effacement, par qui a écrit ou par la personne."),
    "transient": _l("%(period)s après la fin."),
    "draft": _l("%(period)s après le dernier mot écrit."),
    "deleted": _l("%(period)s, pour pouvoir annuler."),
    "outbox": _l("%(period)s après la lecture ou l’envoi."),
    "security": _l("%(period)s, sans aucun nom."),
    "reading": _l("%(period)s : qui a ouvert quoi."),
    "attempt": _l("%(period)s après un message arrêté."),
    "case": _l("Un signalement : 12 mois sans suite, 5 ans avec une suite, %(cases)s ans s’il est envoyé à une autorité."),
    "freeze": _l("%(period)s après la fin d’une mise à l’écart."),
    "organisation": _l("%(period)s après la fin ; plus longtemps si ce qui est reconnu s’appuie dessus."),
    "replay": _l("%(period)s, le temps des sauvegardes."),
    "public": _l("Sans limite : rien n’y parle d’une personne."),
}
BASES: dict[str, LazyString] = {
    "task": _l("la mission d’intérêt public de la Ville (RGPD, article 6.1.e)"),
    "consent": _l("le consentement (RGPD, article 6.1.a)"),
    "security": _l("la sécurité du service, que la loi demande (RGPD, articles 6.1.c et 32)"),
}


@dataclass(frozen=True)
class Processing:
    """One line of the register, in the reader's language."""

    name: str
    why: str
    who: str
    what: str
    seen_by: str
    basis: str
    periods: tuple[str, ...]


def who() -> Legal:
    """Return who answers for this passport."""
    found: Legal = current_app.config["LEGAL"]
    return found


@cache
def lines() -> tuple[dict[str, Any], ...]:
    """Return the lines of the register as they stand in their file."""
    return tuple(tomllib.loads((Path(__file__).parent / "processing.toml").read_text(encoding="utf-8"))["processing"])


def period(kind: str) -> str:
    """Return until when rows of a kind are kept, in one sentence."""
    count = days(kind)
    if count % 365 < 3 and count >= 3 * 365:
        said = ngettext("%(num)s an", "%(num)s ans", count // 365)
    elif count == 365:
        said = ngettext("%(num)s mois", "%(num)s mois", 12)
    else:
        said = ngettext("%(num)s jour", "%(num)s jours", count)
    return str(KEPT[kind]) % {"period": said, "unused": number("passports.unused"),
                              "longest": max(number("passports.unused"), WITHOUT_ADDRESS), "cases": number("cases.kept")}


def basis(key: str) -> str:
    """Return on what a processing stands; what the city never decided is said to wait for it."""
    if key != "core":
        return str(BASES[key])
    said = str(BASES[chosen("basis")])
    return said if "basis" in decided() else _("%(basis)s, à confirmer par la Ville", basis=said)


def kinds(tables: list[str]) -> list[str]:
    """Return the kinds of retention of these tables, each once, in the order of the file."""
    models: dict[str, type[Base]] = retention.models()
    found = {models[table].__retention__ for table in tables}
    return [kind for kind in KEPT if kind in found]


def register() -> list[Processing]:
    """Return the register of processing in the reader's language."""
    language = str(get_locale())
    return [Processing(**line[language], basis=basis(line["basis"]), periods=tuple(period(k) for k in kinds(line["tables"])))
            for line in lines()]


def decision(key: str) -> str:
    """Return what the city wrote about a point, or that it has yet to."""
    return chosen(key) if key in decided() else _("À confirmer par la Ville.")


@legal.get("/mentions-legales")
@public
def mentions() -> ResponseReturnValue:
    """Who publishes and hosts this, and the way to what else the law wants said."""
    return page("legal/mentions.html", who=who())


@legal.get("/confidentialite")
@public
def privacy() -> ResponseReturnValue:
    """What is known of people, why, until when, who sees it, and what everybody may ask (GDPR, articles 13 and 14)."""
    return page("legal/privacy.html", who=who(), register=register(), controllers=decision("controllers"),
                basis=basis("core"), parents=decision("parents.ask"), by_consent=chosen("basis") == "consent")


@legal.get("/cookies")
@public
def cookies() -> ResponseReturnValue:
    """Which cookies there are, and why nobody is asked about them."""
    return page("legal/cookies.html", name=current_app.config["SESSION_COOKIE_NAME"])


@legal.get("/registre-des-traitements")
@public
def processing() -> ResponseReturnValue:
    """The register of processing, made from the file that the program is held to."""
    return page("legal/register.html", who=who(), register=register(), controllers=decision("controllers"),
                archives=decision("archives"))


@legal.get("/conditions")
@public
def terms() -> ResponseReturnValue:
    """What is agreed by whoever learns, whoever leads and whoever reads a page; and what becomes of a report."""
    return page("legal/terms.html", opens=chosen("reports.opens"), closes=chosen("reports.closes"))
