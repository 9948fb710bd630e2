"""Cases: reading one, noting, proposing how it ends, confirming; keeping an adult from all protected learners."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from flask import Blueprint, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from .. import clock
from ..audit.service import note_case
from ..experiences import panels
from ..feedback import waiting as requests
from ..feedback.queries import day_words
from ..limits import hit
from ..notices.letters import HAND_OVERS, HandOver
from ..notices.models import Notice
from ..policy import Action, Case
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..web import actor, authorised, may, now_and_today, onward, page
from . import cases as service
from . import concerns, figures, queries, words
from .forms import CaseForm, ConcernForm, NoteForm

HOUR, MOST_AN_HOUR = 3600, 10
blueprint = Blueprint("cases", __name__)


@blueprint.get("/signalements")
def cases() -> ResponseReturnValue:
    """Show what this person looks after."""
    who, now = actor(), clock.now()
    house = next((r.organisation_id for r in who.active("manager", now)), None)
    authorised(Case(who.account_id, None, organisation_id=house), Action.HANDLE_REPORT)
    return page("safety/cases.html", cases=queries.cases(who.account_id, now), day=day_words, words=words)


@blueprint.route("/signalements/<uuid:key>", methods=["GET", "POST"])
def case(key: uuid.UUID) -> ResponseReturnValue:
    """Read one case; propose how it ends, or confirm what another proposed."""
    now, today = now_and_today()
    opened = authorised(queries.case(key, now), Action.HANDLE_REPORT)
    report, me = opened.report, actor().account_id
    assert report is not None
    form = CaseForm(today)
    try:
        if request.method == "POST" and "confirm" in request.form:
            with transaction():
                service.close_case(report, me, now, request.form.get("read", ""))
            flash(_("C’est clos."))
            return onward("cases.cases")
        if request.method == "POST" and form.validate():
            assert form.done_on.data is not None
            with transaction():
                if opened.left_alone:
                    service.take_over(report, me, now)
                service.propose(report, me, form.outcome.data, form.done_on.data, now)
            flash(_("C’est proposé. Une autre personne confirme."))
            return onward("cases.case", key=key)
    except Refused as refused:
        form.refuse(refused)
    said = queries.words_of(report)
    if request.method == "GET" and report.concerned_id is not None and report.concerned_id == report.reporter_id:
        _note_reading(report.concerned_id, report.id, report.organisation_id, now)
    return page(
        "safety/case.html", case=opened, said=said, day=day_words, form=form, words=words,
        category=words.category(report.object_kind, report.category), notes=queries.notes(report.id), mine=me,
        files=may(Action.EXPORT_CASE, opened), freezes=report.about_id is not None and may(Action.FREEZE_CONTACT, opened),
        status=200 if request.method == "GET" else 422)


def _note_reading(learner_id: uuid.UUID, case_id: uuid.UUID, organisation_id: uuid.UUID | None, now: dt.datetime) -> None:
    """Keep the line that tells a learner who opened what bothered them, once it may be told."""
    mine = [r for r in actor().active("manager", now) if r.organisation_id == organisation_id]
    for role in (mine or list(actor().active("coordinator", now)))[:1]:
        note_case(learner_id, current_user.audit_ref, role.role, role.organisation_id, case_id, now)


@blueprint.route("/signalements/<uuid:key>/noter", methods=["GET", "POST"])
def note(key: uuid.UUID) -> ResponseReturnValue:
    """Add something to the journal of a case."""
    now = clock.now()
    opened = authorised(queries.case(key, now), Action.HANDLE_REPORT)
    assert opened.report is not None
    form = NoteForm()
    if request.method == "POST" and form.validate():
        with transaction():
            service.note(opened.report, actor().account_id, form.note.data or "", now)
        flash(_("C’est noté."))
        return onward("cases.case", key=key)
    return page("safety/note.html", form=form, key=key, status=422 if request.method == "POST" else 200)


@blueprint.post("/signalements/<uuid:key>/suspendre")
def freeze(key: uuid.UUID) -> ResponseReturnValue:
    """Keep the adult of a case from every protected learner, or take that back."""
    now = clock.now()
    opened = queries.case(key, now)
    opened = authorised(opened if opened is not None and opened.about_id is not None else None, Action.FREEZE_CONTACT)
    assert opened.about_id is not None
    with transaction():
        if "lift" in request.form:
            service.unfreeze(opened.about_id, actor().account_id, now)
        else:
            service.freeze(opened.about_id, actor().account_id, now)
    flash(_("C’est noté. Cela ne se voit nulle part ailleurs."))
    return onward("cases.case", key=key)


@blueprint.route("/je-m-inquiete/<uuid:key>", methods=["GET", "POST"])
def concern(key: uuid.UUID) -> ResponseReturnValue:
    """Say that one worries about the person of a request."""
    now = clock.now()
    received = authorised(requests.asked(key, now), Action.RAISE_CONCERN)
    form, me = ConcernForm(), actor().account_id
    release()
    if request.method == "POST" and current_app.config["RATELIMIT_ENABLED"] and hit(f"concerns:{me}", HOUR) > MOST_AN_HOUR:
        form.refuse(Refused(Refusal.TOO_MANY_TRIES))
        return page("safety/concern.html", form=form, status=429)
    if request.method == "POST" and form.validate():
        told = concerns.Told(form.category.data, form.note.data, bool(form.about_lead.data))
        with transaction():
            concerns.raise_concern(received.learner_id, received.organisation_id, key, me, told, now)
        return onward("cases.concern", key=key, dit="1")
    return page("safety/concern.html", form=None if "dit" in request.args else form,
                status=422 if request.method == "POST" else 200)


@blueprint.get("/organisation/<uuid:key>/reperes")
def reperes(key: uuid.UUID) -> ResponseReturnValue:
    """Show the figures of each adult of an organisation, for its responsible person."""
    now = clock.now()
    house = authorised(figures.organisation(key), Action.READ_FIGURES)
    return page("safety/figures.html", house=house, lines=figures.lines(house.organisation_id, now, actor().account_id))


def _news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[panels.News]:
    return [
        panels.News(over="", title=_("Un signalement attend"), small=_("À lire et à traiter"),
                    url=url_for("cases.case", key=n.subject_id), button=_("Ouvrir"), primary=True)
        for n in notices if n.kind == "text_reported"
    ]


panels.NEWS.append(_news)
HAND_OVERS["text_reported"] = HandOver(_l("Un signalement vous attend"), "cases.case", "cases.cases")
