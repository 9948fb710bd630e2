"""What somebody without account says: of a page that was shared with them, or of a person they worry about.

The answer is always the same, and hides nothing: neither side learns anything about the other.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import clock, doors
from ..card import queries as cards
from ..extensions import address, csrf
from ..limits import hit
from ..seal import digest_of
from ..sharing import reader
from ..sharing.links import Opened
from ..transaction import release, transaction
from ..web import public
from ..witnesses import queries as witnesses
from ..witnesses import witness
from . import concerns
from .forms import OutsideConcernForm, ShareReportForm

HOUR = 3600
MOST_FROM_ONE, MOST_ABOUT_ONE = 5, 20


@reader.blueprint.route("/s/<token>/signaler", endpoint="report", methods=["GET", "POST"])
@csrf.exempt
@public
def report_share(token: str) -> ResponseReturnValue:
    """Say that something is wrong with a shared page."""
    return _report(reader.find(token))


@reader.blueprint.route("/c/<token>/signaler", endpoint="card_report", methods=["GET", "POST"])
@csrf.exempt
@public
def report_card(token: str) -> ResponseReturnValue:
    """Say that something is wrong with the page that a card opens."""
    found = cards.by_token(digest_of(token)) if len(token) == doors.TOKEN_LENGTH else None
    return _report(cards.opens(found, clock.now()) if found is not None else None)


def _report(opened: Opened | None) -> ResponseReturnValue:
    if opened is None:
        return doors.unknown()
    if not opened.is_open:
        return doors.closed()
    form = ShareReportForm()
    if request.method == "POST" and form.validate():
        over = _too_many(opened.id)
        if over is not None:
            return over
        with transaction():
            concerns.report_share(opened, form.reason.data, clock.now())
        return doors.door(200, _("C’est dit."), _("La coordination de la Ville va le lire, en semaine. Merci."), "")
    return make_response(render_template("safety/report_share.html", form=form), 422 if request.method == "POST" else 200)


@witness.blueprint.route("/t/<token>/je-m-inquiete", endpoint="concern", methods=["GET", "POST"])
@public
def concern(token: str) -> ResponseReturnValue:
    """Say that one worries about the person who asked."""
    found = witnesses.by_token(digest_of(token), clock.now()) if len(token) == doors.TOKEN_LENGTH else None
    if found is None:
        return doors.unknown()
    form = OutsideConcernForm()
    if request.method == "POST" and form.validate():
        over = _too_many(found.invitation.id)
        if over is not None:
            return over
        with transaction():
            concerns.raise_by_witness(
                found.invitation, concerns.Told(form.category.data, form.note.data, True), clock.now())
        return make_response(render_template("safety/concern_outside.html", form=None))
    return make_response(render_template("safety/concern_outside.html", form=form),
                         422 if request.method == "POST" else 200)


def _too_many(about: Any) -> ResponseReturnValue | None:
    """Count one more report from this caller and about this thing; return the page that asks to wait when they were many."""
    release()
    if not current_app.config.get("RATELIMIT_ENABLED", True):
        return None
    if hit(f"report from {address()}", HOUR) <= MOST_FROM_ONE and hit(f"report about {about}", HOUR) <= MOST_ABOUT_ONE:
        return None
    answer = doors.door(429, _("Un peu trop vite"), _("Beaucoup de signalements d’affilée. Réessayer dans une heure."), "")
    answer.headers["Retry-After"] = str(HOUR)
    return answer
