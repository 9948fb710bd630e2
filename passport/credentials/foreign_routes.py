"""« Reçu ailleurs »: what a learner brings from other places, each with what is known of it. Nobody else sees it."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Blueprint, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import clock, limits
from ..experiences import panels
from ..experiences.panels import Panel
from ..extensions import csrf
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..uploads import take_in
from ..web import actor, authorised, onward, page
from ..wording import say
from . import badges, foreign
from . import foreign_queries as queries
from . import foreign_words as words
from .badges import NoBadge
from .checking import check
from .fetching import Lookups, Miss, NotFetched, fetch
from .foreign_forms import ReceivedForm
from .models import ForeignBadge

blueprint = Blueprint("elsewhere", __name__)
BLUEPRINTS = (blueprint,)
MINUTE, HOUR = 60, 3600
CHECKS_AN_HOUR, FETCHES_AN_HOUR, FETCHES_FROM_ALL = 30, 60, 100
"""How many for one learner, and how many each minute for all: nobody may send us to knock at another’s door."""
ON_THE_PASSPORT = 3


@blueprint.get("/recu-ailleurs")
def received() -> ResponseReturnValue:
    """Everything received elsewhere, the newest first."""
    me = actor()
    authorised(Mine(me.account_id), Action.READ_RECEIVED)
    return page("elsewhere/received.html", rows=queries.received(me.account_id, clock.now()), said=words)


def _section(learner_id: uuid.UUID, now: dt.datetime) -> Panel | None:
    rows = queries.received(learner_id, now, ON_THE_PASSPORT)
    return Panel("elsewhere/_section.html", {"rows": rows, "said": words}) if rows else None


panels.SECTIONS.append(_section)


@blueprint.route("/recu-ailleurs/ajouter", methods=["GET", "POST"])
@csrf.exempt  # take_in() checks the token, once it is known who sends
def add() -> ResponseReturnValue:
    """A file or a text: it is looked at, and kept whatever is found out."""
    learner_id = actor().account_id
    authorised(Mine(learner_id), Action.CHANGE_RECEIVED)
    if request.method == "GET":
        return _form(ReceivedForm(formdata=None))
    release()  # receiving and looking take their time; nobody waits for them
    too_often = _over("received", learner_id, CHECKS_AN_HOUR)
    take_in()
    form = ReceivedForm()
    if not form.validate():
        return _form(form, 422)
    if too_often:
        form.refuse(Refused(Refusal.TOO_MANY_TRIES))
        return _form(form, 429)
    try:
        return _kept(learner_id, form)
    except NoBadge as none:
        form.refuse(Refused(words.REFUSALS[none.absent]), form.wrong)
    except Refused as refused:
        if refused.refusal is Refusal.SENT_OTHERWISE:
            raise
        form.refuse(refused)
    return _form(form, 422)


def _form(form: ReceivedForm, status: int = 200) -> ResponseReturnValue:
    return page("elsewhere/add.html", form=form, status=status)


def _kept(learner_id: uuid.UUID, form: ReceivedForm) -> ResponseReturnValue:
    """Look at what was sent and keep it, unless it is here; return the way on. Raises NoBadge and Refused."""
    data = form.sent()
    before = foreign.kept_already(learner_id, form.number, badges.read(data))
    key = before.id if before is not None else None
    here = before is not None and before.deleted_at is None
    sent_again = before is not None and before.submission == form.number
    release()
    if here or sent_again:
        flash(_("C’était déjà là.") if here else _("C’était déjà reçu, puis effacé. Rien n’a changé."))
        return onward("elsewhere.one", key=key)
    found = check(data, clock.now(), lookups_for(learner_id))
    with transaction():
        row = foreign.keep(learner_id, form.number, found, clock.now())
        key = row.id
    flash(_("C’est gardé."))
    return onward("elsewhere.one", key=key)


def lookups_for(learner_id: uuid.UUID) -> Lookups:
    """Return what fetches for this learner, never so often that others are kept busy by it."""

    def careful(url: str) -> bytes:
        if _over("fetches", learner_id, FETCHES_AN_HOUR) or _over("fetches", "all", FETCHES_FROM_ALL, MINUTE):
            raise NotFetched(Miss.BUSY)
        return fetch(url)

    return Lookups(careful)


def _over(what: str, whom: uuid.UUID | str, most: int, seconds: int = HOUR) -> bool:
    """Count one more, and say whether they are too many now."""
    return bool(current_app.config["RATELIMIT_ENABLED"]) and limits.hit(f"{what}:{whom}", seconds) > most


def _own(key: uuid.UUID, action: Action, document: bool = False) -> ForeignBadge:
    return authorised(queries.badge(key, document), action)


@blueprint.get("/recu-ailleurs/<uuid:key>")
def one(key: uuid.UUID) -> ResponseReturnValue:
    """One thing received elsewhere, and four answers apart."""
    row = _own(key, Action.READ_RECEIVED)
    if row.deleted_at is not None:
        return onward("elsewhere.received")
    return page("elsewhere/one.html", received=queries.one(row, clock.now()), said=words)


@blueprint.post("/recu-ailleurs/<uuid:key>/verifier")
def check_again(key: uuid.UUID) -> ResponseReturnValue:
    """Look at it again, because its learner asks; it is never done by itself."""
    row = _own(key, Action.CHANGE_RECEIVED, document=True)
    learner_id, data, gone = row.learner_id, row.document, row.deleted_at is not None
    release()
    if gone:
        return onward("elsewhere.received")
    if _over("received", learner_id, CHECKS_AN_HOUR):
        flash(say(Refusal.TOO_MANY_TRIES))
        return onward("elsewhere.one", key=key)
    found = check(data, clock.now(), lookups_for(learner_id))
    with transaction():
        noted = foreign.check_again(key, learner_id, found, clock.now())
    flash(_("C’est vérifié à nouveau.") if noted else _("Cela n’a pas pu être vérifié à nouveau. Voici ce qui était connu."))
    return onward("elsewhere.one", key=key)


@blueprint.post("/recu-ailleurs/<uuid:key>/effacer")
def remove(key: uuid.UUID) -> ResponseReturnValue:
    """Erase it, with an hour to take that back."""
    row = _own(key, Action.CHANGE_RECEIVED)
    with transaction():
        done = foreign.remove(key, row.learner_id, clock.now())
    if done:
        flash(_("C’est effacé. On peut annuler pendant une heure."), "undo:" + url_for("elsewhere.put_back", key=key))
    else:
        flash(_("C’est déjà fait."))
    return onward("elsewhere.received")


@blueprint.post("/recu-ailleurs/<uuid:key>/annuler")
def put_back(key: uuid.UUID) -> ResponseReturnValue:
    """Take an erasing back."""
    row = _own(key, Action.CHANGE_RECEIVED)
    try:
        with transaction():
            foreign.put_back(key, row.learner_id, clock.now())
    except Refused as refused:
        flash(say(refused.refusal))
        return onward("elsewhere.received")
    flash(_("C’est de retour."))
    return onward("elsewhere.one", key=key)
