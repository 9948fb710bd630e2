"""« Ça me dérange » and blocking: telling what bothers, and having no more to do with somebody."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import clock
from ..accounts import drafts
from ..accounts.rules import Band
from ..policy import Action, Mine
from ..refusals import Refused
from ..transaction import transaction
from ..web import actor, authorised, now_and_today, onward, page
from . import case_routes, door_routes, inquiry_routes, queries, service
from .forms import BotherForm

blueprint = Blueprint("safety", __name__)
# door_routes adds its pages to those of readers and witnesses.
BLUEPRINTS = (blueprint, case_routes.blueprint, inquiry_routes.blueprint)
__all__ = ["BLUEPRINTS", "door_routes"]


@blueprint.route("/ca-me-derange/<uuid:key>", methods=["GET", "POST"])
def bother(key: uuid.UUID) -> ResponseReturnValue:
    """Say that somebody's text bothers: it is hidden at once."""
    now, today = now_and_today()
    bothering = authorised(queries.text(key, now), Action.REPORT_TEXT)
    kept = drafts.of(bothering.text.learner_id, "bother", key) if request.method == "GET" else {}
    form, status = BotherForm(data=kept), 200
    if request.method == "POST":
        try:
            if "resume" in request.form:
                with transaction():
                    service.resume(bothering.text, now)
                flash(_("Le texte est de nouveau là."))
                return onward("safety.bother", key=key)
            if form.validate():
                with transaction():
                    service.report(bothering.text, form.note.data, now, form.category.data or None)
                return onward("safety.bother", key=key)
        except Refused as refused:
            form.refuse(refused)
        status = 422
    return page("safety/bother.html", status=status, bothering=bothering, form=form, kept=bool(kept),
                adult=actor().band(today) is Band.ADULT)


@blueprint.get("/personnes")
def people() -> ResponseReturnValue:
    """Show the adults one met in exchanges, to block or unblock each."""
    me = authorised(Mine(actor().account_id), Action.BLOCK_ADULT)
    return page("safety/people.html", people=queries.people_met(me.learner_id, clock.now()))


@blueprint.post("/personnes/<uuid:key>")
def block(key: uuid.UUID) -> ResponseReturnValue:
    """Block an adult, or unblock them."""
    now = clock.now()
    met = queries.has_met(actor().account_id, key, now)
    me = authorised(Mine(actor().account_id) if met else None, Action.BLOCK_ADULT)
    with transaction():
        if "lift" in request.form:
            service.unblock(me.learner_id, key, now)
        else:
            service.block(me.learner_id, key, now)
    flash(_("C’est débloqué.") if "lift" in request.form else _("C’est bloqué. Rien ne lui est dit."))
    return onward("safety.people")
