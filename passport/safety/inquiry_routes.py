"""A file for a safeguarding inquiry: asking for it, confirming, taking it."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..actors import Role
from ..feedback.queries import day_words
from ..headers import file_answer
from ..policy import Action
from ..refusals import Refused
from ..transaction import transaction
from ..web import actor, authorised, now_and_today, onward, page
from . import inquiries as service
from . import queries
from .forms import InquiryForm

blueprint = Blueprint("inquiries", __name__)


def _role(organisation_id: uuid.UUID | None) -> Role:
    """Return in which role this person reads the case: of its organisation, else of the coordination."""
    now, who = clock.now(), actor()
    mine = [r for r in who.active("manager", now) if r.organisation_id == organisation_id]
    return (mine or list(who.active("coordinator", now)))[0]


@blueprint.route("/signalements/<uuid:key>/dossier", methods=["GET", "POST"])
def inquiry(key: uuid.UUID) -> ResponseReturnValue:
    """Ask for a file for an inquiry, or confirm what another asked for."""
    now, _today = now_and_today()
    opened = authorised(queries.case(key, now), Action.EXPORT_CASE)
    report, me = opened.report, actor().account_id
    assert report is not None
    form = InquiryForm()
    try:
        if request.method == "POST" and "confirm" in request.form:
            role = _role(opened.organisation_id)
            with transaction():
                service.confirm(report, role, (me, current_user.audit_ref), request.form.get("read", ""), now)
            flash(_("Le dossier est fait."))
            return onward("inquiries.inquiry", key=key)
        if request.method == "POST" and form.validate():
            with transaction():
                service.ask(report, me, form.reason.data or "", now)
            flash(_("C’est demandé. Une autre personne confirme."))
            return onward("inquiries.inquiry", key=key)
    except Refused as refused:
        form.refuse(refused)
    last = service.last(key, now)
    return page("safety/inquiry.html", case=opened, last=last, there=last is not None and last.is_there(now), mine=me,
                form=form, day=day_words, status=200 if request.method == "GET" else 422)


@blueprint.post("/signalements/<uuid:key>/dossier/fichier")
def take(key: uuid.UUID) -> ResponseReturnValue:
    """Take the file, as one of the two who made it, while it is there."""
    now = clock.now()
    authorised(queries.case(key, now), Action.EXPORT_CASE)
    last = service.last(key, now)
    if last is None or not last.is_there(now) or not last.is_for(actor().account_id):
        abort(404)
    with transaction():
        content = service.take(last, actor().account_id, now)
    return file_answer(content, "application/zip", f"dossier-{last.inquiry.id}.zip")
