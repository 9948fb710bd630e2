"""The living style page: every part of components/ui.html in every state. It stands in the demo city alone."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from markupsafe import Markup
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from .. import drawings, links
from ..forms import Entry, Paragraph, Sentence, options
from ..refusals import Refusal
from ..web import onward, page, public
from ..wording import say

styleguide = Blueprint("styleguide", __name__)
SIZES = ("", "m", "l")
LEARNER, HOUSE = "Léa", "Médiathèque Mandela"
CONTEXTS = tuple(drawings.HEARTS)


class Sample(Entry):
    """A field of each kind."""

    title = Sentence(_l("En une phrase"), 200)
    story = Paragraph(_l("Comment c’était, ce que j’ai fait"))
    file = FileField(_l("Une photo ou un document"))
    kind = SelectField(_l("Mois"), choices=options([("", "—"), ("6", _l("juin")), ("7", _l("juillet"))]))
    day = Sentence(_l("Jour"), 2)
    month = SelectField(_l("Mois"), choices=options([("", "—"), ("6", _l("juin")), ("7", _l("juillet"))]))
    year = Sentence(_l("Année"), 4)
    one = RadioField(_l("Quand ?"), choices=options([("a", _l("aujourd’hui")), ("b", _l("hier"))]))
    half = RadioField(_l("Quand ?"), choices=options([("a", _l("aujourd’hui")), ("b", _l("hier"))]))
    some = SelectMultipleField(_l("Ce que je sais faire"), choices=options(
        [("a", _l("Sport")), ("b", _l("Service civique")), ("c", _l("Stage ou emploi"))]))
    folded = RadioField(_l("Une phrase"), choices=[
        SelectChoice("1", _l("J’explique avec des mots simples")),
        SelectChoice("2", _l("« J’arbitre les petits le samedi matin. »"), optgroup=_l("Sport"))])
    step = RadioField(_l("Ce qui a été vu"), choices=options(
        [("3", _l("fait sans aide")), ("4", _l("montre aux autres")), ("not_seen", _l("Je ne l’ai pas vu"))]))
    alone = BooleanField(_l("Pour moi"))
    keep = RadioField(_l("Garder"), choices=options([("keep", _l("Garder")), ("no", _l("Ne pas garder"))]))
    permit = BooleanField(_l("Je veux pouvoir la montrer"))


def sample(prefix: str, *wrong: str, **values: Any) -> Sample:
    """Return the fields with these values, some of them to be looked at again."""
    form = Sample(formdata=None, prefix=prefix, data=values)
    for name in wrong:
        form[name].errors = [say(Refusal.TITLE_MISSING)]
    return form


def stamps() -> list[list[Markup]]:
    """Return a stamp of each context in each size, none like another."""
    ring = f"{HOUSE} · 12.06.2026"
    return [[drawings.rosette(hashlib.sha256(f"{context}{size}".encode()).hexdigest(), context, ring, size)
             for context in CONTEXTS] for size in SIZES]


@styleguide.route("/styleguide", methods=["GET", "POST"])
@public
def show() -> ResponseReturnValue:
    """Every part of every screen, in every state; whatever is sent from there changes nothing."""
    if request.method == "POST":
        return onward("styleguide.show")
    address = links.public_url("accounts.home")
    return page(
        "demo/styleguide.html", fragment="found" if "q" in request.args or "word" in request.args else "rows", stamps=stamps(),
        words=request.args.get("q", "")[:80], contexts=CONTEXTS, host=links.host(), address=address,
        learner=LEARNER, house=HOUSE,
        empty=sample("empty-"), good=sample("good-", one="a", half="b", some=["a", "b"], step="3", folded="1", alone=True,
                                            title="Atelier", keep="keep", permit=True, day="12", month="6", year="2026"),
        bad=sample("bad-", "title", "story", "kind", "year", "one", "step", "alone", "file"), alone=sample("one-", "title"),
        big=drawings.qr_svg(address, "QR", "xl"), small=drawings.qr_svg(address, "QR", "qr"),
        paper=drawings.qr_svg(f"{address}#", "QR", "paper", "1234567890" * 60), here=url_for("styleguide.show"),
    )
