"""« Ça me dérange »: telling what bothers, and looking after what was told."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from .. import clock
from ..accounts import drafts
from ..accounts.rules import Band
from ..experiences import panels
from ..feedback.queries import day_words
from ..notices.letters import HAND_OVERS, HandOver
from ..notices.models import Notice
from ..policy import Action, Case
from ..refusals import Refused
from ..transaction import transaction
from ..web import actor, authorised, now_and_today, onward, page
from . import queries, service
from .forms import BotherForm, CaseForm

blueprint = Blueprint("safety", __name__)
BLUEPRINTS = (blueprint,)


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
                    service.report(bothering.text, form.note.data, now)
                return onward("safety.bother", key=key)
        except Refused as refused:
            form.refuse(refused)
        status = 422
    return page("safety/bother.html", status=status, bothering=bothering, form=form, kept=bool(kept),
                adult=actor().band(today) is Band.ADULT)


@blueprint.get("/signalements")
def cases() -> ResponseReturnValue:
    """Show what this person looks after."""
    who, now = actor(), clock.now()
    house = next((r.organisation_id for r in who.active("manager", now)), None)
    authorised(Case(who.account_id, None, organisation_id=house), Action.HANDLE_REPORT)
    return page("safety/cases.html", cases=queries.cases(who.account_id, now), day=day_words)


@blueprint.route("/signalements/<uuid:key>", methods=["GET", "POST"])
def case(key: uuid.UUID) -> ResponseReturnValue:
    """Read one report, and say that one acted."""
    now = clock.now()
    opened = authorised(queries.case(key, now), Action.HANDLE_REPORT)
    assert opened.report is not None
    form = CaseForm()
    if request.method == "POST" and form.validate():
        with transaction():
            if opened.left_alone:
                service.take_over(opened.report, actor().account_id, now)
            service.close_case(opened.report, actor().account_id, now)
        flash(_("C’est noté."))
        return onward("safety.cases")
    return page("safety/case.html", case=opened, words=queries.words_of(opened.report), day=day_words, form=form,
                status=200 if request.method == "GET" else 422)


def _news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[panels.News]:
    return [
        panels.News(over="", title=_("Un texte dérange quelqu’un"), small=_("À lire et à traiter"),
                    url=url_for("safety.case", key=n.subject_id), button=_("Ouvrir"), primary=True)
        for n in notices if n.kind == "text_reported"
    ]


panels.NEWS.append(_news)
HAND_OVERS["text_reported"] = HandOver(_l("Un signalement vous attend"), "safety.case", "safety.cases")
