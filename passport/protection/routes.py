"""Pages of reading to protect, and « Qui a regardé mon passeport »."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..audit.service import Looked, note_readings
from ..organisations.words import day_words, month_words
from ..policy import Action, Mine, reading_roles
from ..transaction import transaction
from ..web import actor, authorised, now_and_today, onward, page
from . import panels as panels
from . import queries, service, words

blueprint = Blueprint("protection", __name__)
BLUEPRINTS = (blueprint,)


def _before() -> queries.Before | None:
    try:
        at, key = request.args.get("before", "").split("~")
        instant = dt.datetime.fromisoformat(at)
        return (instant.astimezone(dt.UTC), uuid.UUID(key)) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _noted(texts: Collection[queries.Text], role: str, action: str, house: uuid.UUID, now: dt.datetime) -> None:
    """Write the lines that tell learners who read, before the answer; without them there is none."""
    try:
        note_readings([Looked(t.learner_id, house, t.experience_id) for t in texts], current_user.audit_ref, role, action, now)
    except sa.exc.SQLAlchemyError:
        abort(503)


# ---------- readers ----------


@blueprint.get("/relire")
def readings() -> ResponseReturnValue:
    """Show whose exchanges this reader may open: a name and a month, nothing of what was written."""
    authorised(actor(), Action.READ_AS_READER)
    before = _before()
    rows = queries.watched(actor(), clock.now(), before)
    last = rows[queries.PER_PAGE - 1] if len(rows) > queries.PER_PAGE else None
    return page("protection/readings.html", fragment="rows", rows=rows[:queries.PER_PAGE], first=before is None,
                more=f"{last.last_at.isoformat()}~{last.learner_id}" if last else None, month=month_words)


@blueprint.get("/relire/<uuid:key>/<uuid:learner>")
def reading(key: uuid.UUID, learner: uuid.UUID) -> ResponseReturnValue:
    """Show what adults wrote to one protected learner in one organisation, and what the learner answered."""
    (now, today), who = now_and_today(), actor()
    guarded = authorised(queries.guarded(learner, key, now), Action.READ_TO_PROTECT)
    before = _before()
    texts = queries.texts(guarded, who.account_id, now, before)
    shown = texts[:queries.PER_PAGE]
    role = next((r for r in reading_roles(who, now, today) if r.organisation_id == key), reading_roles(who, now, today)[0])
    _noted(shown, "reader", "protection", role.organisation_id, now)
    last = shown[-1] if len(texts) > queries.PER_PAGE else None
    return page("protection/reading.html", fragment="rows", guarded=guarded, texts=shown, month=month_words, words=words,
                more=f"{last.written_at.isoformat()}~{last.key}" if last else None, first=before is None)


@blueprint.get("/relire-avec/<uuid:key>")
def along(key: uuid.UUID) -> ResponseReturnValue:
    """Show what a facilitator of 16 or 17 wrote, to the adult named to read along."""
    now, who = clock.now(), actor()
    young = authorised(queries.along(key, now), Action.READ_ALONG)
    before = _before()
    texts = queries.texts_along(young, who, now, before)
    shown = texts[:queries.PER_PAGE]
    role = next(r for r in who.roles if r.organisation_id == young.organisation_id and r.is_active(now))
    _noted(shown, role.role, "co_reading", young.organisation_id, now)
    last = shown[-1] if len(texts) > queries.PER_PAGE else None
    return page("protection/along.html", fragment="rows", young=young, texts=shown, month=month_words, words=words,
                more=f"{last.written_at.isoformat()}~{last.key}" if last else None, first=before is None)


# ---------- learners ----------


@blueprint.get("/qui-a-regarde")
def looks() -> ResponseReturnValue:
    """Show a learner who looked at what, in which role, on which day."""
    authorised(Mine(current_user.id), Action.READ_LOOKS)
    now = clock.now()
    before = None
    try:
        day, key = request.args.get("before", "").split("~")
        before = dt.date.fromisoformat(day), uuid.UUID(key)
    except ValueError:
        pass
    rows = queries.looks(current_user.id, now, before)
    last = rows[queries.PER_PAGE - 1] if len(rows) > queries.PER_PAGE else None
    return page("protection/looks.html", fragment="rows", rows=rows[:queries.PER_PAGE], words=words, day=day_words,
                more=f"{last.read_on.isoformat()}~{last.key}" if last else None, first=before is None,
                protected=actor().is_protected(clock.today()))


@blueprint.route("/qui-peut-lire", methods=["GET", "POST"])
def who_reads() -> ResponseReturnValue:
    """Show a protected learner who may read their exchanges, and let them set somebody aside."""
    now = clock.now()
    authorised(Mine(current_user.id), Action.SET_READER_ASIDE)
    if request.method == "POST":
        try:
            reader_id = uuid.UUID(request.form.get("reader", ""))
        except ValueError:
            abort(404)
        if request.form.get("reads") == "yes":
            with transaction():
                service.let_read(current_user.id, reader_id, now)
            flash(_("C’est noté. Cette personne peut de nouveau lire."))
            return onward("protection.who_reads")
        if not queries.may_read(current_user.id, now).names(reader_id):
            abort(404)
        with transaction():
            service.set_aside(current_user.id, reader_id, now)
        flash(_("C’est noté. Cette personne ne lit plus, et rien ne lui est dit. Une autre personne lit à sa place."))
        return onward("protection.who_reads")
    reads = queries.may_read(current_user.id, now)
    return page("protection/who_reads.html", houses=reads.houses, words=words, city_people=reads.city,
                protected=actor().is_protected(clock.today()))
