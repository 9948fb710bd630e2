"""« Montrer »: the card, the links; making, printing and replacing the card, and what a scan opens."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, flash, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, doors, drawings
from ..accounts.rules import Band
from ..experiences.panels import Panel
from ..extensions import csrf
from ..links import host
from ..policy import Action, Mine
from ..refusals import Refused
from ..seal import digest_of
from ..sharing import links as sharing
from ..sharing import panels, reader
from ..transaction import transaction
from ..web import authorised, onward, page, public, public_url, wants_fragment
from . import lost_routes, queries, rules, service, sheet_queries
from .forms import NOTHING, NameForm, OpensForm, ReplaceForm
from .models import Card
from .queries import Held
from .sheet_reader import blueprint as sheet_reader
from .sheet_routes import blueprint as sheet_routes

blueprint = Blueprint("card", __name__)
BLUEPRINTS = (blueprint, sheet_routes, sheet_reader, lost_routes.blueprint)


def _mine(action: Action) -> uuid.UUID:
    return authorised(Mine(current_user.id), action).learner_id


def _band() -> Band:
    band: Band = current_user.actor.band(clock.today())
    return band


def _faces(card: Held | None) -> dict[str, Any]:
    """Return what the drawing of a card needs."""
    if card is None:
        return {"card": None, "qr": "", "host": host()}
    address = public_url("reader.card", token=card.token)
    return {"card": card, "qr": drawings.qr_svg(address, _("Code QR de ma carte"), "qr"), "host": host()}


@blueprint.get("/montrer")
def show() -> ResponseReturnValue:
    """See the card and the links; the rows alone when htmx asks for more."""
    me, now = _mine(Action.READ_SHARES), clock.now()
    after = _uuid(request.args.get("apres"))
    links, more = sharing.links(me, after, now)
    more_url = url_for("card.show", apres=more) if more else ""
    if after is not None and wants_fragment():
        return page("card/rows.html", links=links, more=more_url)
    return page("card/show.html", links=links, more=more_url, first=after is None, mine=Mine(me),
                any_open=sharing.any_open(me, now), sheets=sheet_queries.sheets(me, now) if after is None else [],
                prints=rules.refusal_to_print(_band()) is None, **_faces(queries.held(me, now)))


def _after_closing(learner_id: uuid.UUID, now: dt.datetime) -> Panel:
    """Return what of « Montrer » says something else once a link is closed."""
    return Panel("card/closed.html", {
        "card": queries.held(learner_id, now), "any_open": sharing.any_open(learner_id, now),
    })


panels.AFTER_CLOSING.append(_after_closing)


def _uuid(value: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(value or "")
    except ValueError:
        return None


@blueprint.route("/carte", methods=["GET", "POST"])
def card() -> ResponseReturnValue:
    """See the card, front and back; make it, or write a name on it."""
    me, now = _mine(Action.READ_CARD), clock.now()
    form = NameForm()
    status = 200
    if form.is_submitted():
        if form.validate() and form.asked.data != "named":
            with transaction():
                service.make(me, now)
            return onward("card.card")
        mine = queries.current(me)
        if mine is None:
            return onward("card.card")
        try:
            with transaction():
                service.set_named(mine, form.draft(), now)
            return onward("card.card")
        except Refused as refused:
            form.refuse(refused)
            status = 422
    held = queries.held(me, now)
    if held is not None and status == 200:
        form.named.data = bool(held.name)
    form.asked.data = "named"
    return page("card/card.html", form=form, is_adult=rules.refusal_to_name(_band()) is None, status=status,
                **_faces(held))


@blueprint.get("/carte/imprimer")
def printed() -> ResponseReturnValue:
    """See the card as it is printed: front and back, nothing else."""
    me = _mine(Action.READ_CARD)
    held = queries.held(me, clock.now())
    if held is None:
        return onward("card.card")
    return page("card/print.html", **_faces(held))


@blueprint.post("/carte/remplacer")
def replace() -> ResponseReturnValue:
    """Replace a card that is lost: its code opens nothing from now on."""
    me, now = _mine(Action.REPLACE_CARD), clock.now()
    key = ReplaceForm().draft()
    lost = queries.card(key) if key else None
    if lost is None:
        return onward("card.card")
    authorised(lost, Action.REPLACE_CARD)
    if lost.closed_at is None and lost.learner_id == me:
        with transaction():
            service.replace(lost, now)
        flash(_("L’ancienne carte n’ouvre plus rien. Voici la nouvelle."))
    return onward("card.card")


@blueprint.route("/carte/ouvre", methods=["GET", "POST"])
def opens() -> ResponseReturnValue:
    """Choose what the card opens: nothing, or one open link."""
    me, now = _mine(Action.OPEN_WITH_CARD), clock.now()
    mine = queries.current(me)
    if mine is None:
        return onward("card.card")
    links = sharing.open_links(me, now)
    opened = next((x for x in links if x.id == mine.share_id and rules.card_opens(
        mine.closed_at, mine.opens_until, x.state, now)), None)
    wished = _uuid(request.args.get("lien"))
    preset = opened.id if opened else (wished if wished in {x.id for x in links} else None)
    form = OpensForm(links, data={"link": str(preset) if preset else NOTHING})
    if form.validate_on_submit():
        chosen = form.draft()
        try:
            with transaction():
                service.open_with(mine, sharing.share(chosen) if chosen else None, now)
            flash(_("La carte ouvre maintenant ce lien.") if chosen else _("La carte n’ouvre plus rien."))
            return onward("card.show")
        except Refused as refused:
            form.refuse(refused)
    alone = _band() is Band.ADULT
    small = {NOTHING: _("Pas même un nom"), **{
        str(x.id): " · ".join(filter(None, (
            _("Jusqu’au %(day)s, fin du lien", day=x.ends) if alone else _("Pendant 15 minutes"), x.along)))
        for x in links
    }}
    return page("card/opens.html", form=form, small=small, links=links, status=422 if form.is_submitted() else 200)


@reader.blueprint.route("/c/<token>", endpoint="card", methods=["GET", "POST"])
@csrf.exempt
@public
def scan(token: str) -> ResponseReturnValue:
    """Scan a card: the link it opens now, or nothing, not even a name."""
    found = _scanned(token)
    if found is None:
        return doors.unknown()
    if found.closed_at is not None:
        return _replaced()
    opened = queries.opens(found, clock.now())
    if opened is None:
        return _nothing_now()
    return reader.asks_code(opened, "reader.card", token) or reader.share_page(
        opened, lambda item_id: reader.way("reader.card_checked", token=token, item=item_id),
        lambda piece: url_for("reader.card_piece", token=token, item=piece.item_id, cle=g.get("said")))


@reader.blueprint.get("/c/<token>/verifier/<uuid:item>", endpoint="card_checked")
@public
def scan_checked(token: str, item: uuid.UUID) -> ResponseReturnValue:
    """Say how one recognised competency is checked, as long as the card opens its link."""
    found = _scanned(token)
    if found is None:
        return doors.unknown()
    if found.closed_at is not None:
        return _replaced()
    opened = queries.opens(found, clock.now())
    if opened is None:
        return _nothing_now()
    return reader.asks_code(opened, "reader.card", token) or reader.checked_page(
        opened, item, reader.way("reader.card", token=token))


@reader.blueprint.get("/c/<token>/pieces/<uuid:item>", endpoint="card_piece")
@public
def scan_piece(token: str, item: uuid.UUID) -> ResponseReturnValue:
    """Open a photo or a document, as long as the card opens its link."""
    found = _scanned(token)
    return reader.piece_answer(queries.opens(found, clock.now()) if found is not None else None, item)


def _scanned(token: str) -> Card | None:
    return queries.by_token(digest_of(token)) if len(token) == doors.TOKEN_LENGTH else None


def _replaced() -> ResponseReturnValue:
    return doors.door(
        410, _("Cette carte a été remplacée"), _("Elle n’ouvre plus rien. Cela ne dit rien de la personne."), _found())


def _nothing_now() -> ResponseReturnValue:
    return doors.door(
        200, _("Carte du passeport apprenant"),
        _("Elle ne montre rien en ce moment. Cela ne dit rien de la personne."), _found())


def _found() -> str:
    return str(_("Carte trouvée ? La déposer à la médiathèque ou à la mairie. Merci."))
