"""« Mes données »: what is kept, taking it along, bringing it from elsewhere, correcting it, staying out of figures."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterator
from typing import IO

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    request,
    stream_template,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from .. import clock, limits
from ..accounts import queries as accounts
from ..accounts import service as account_service
from ..accounts import tries
from ..accounts.rules import Band
from ..credentials.checking import check
from ..credentials.foreign_routes import lookups_for
from ..experiences import queries as experiences
from ..extensions import csrf
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..uploads import take_in
from ..web import actor, authorised, onward, page, public
from . import bringing, export, queries, reading, rules, service, waiting, words
from . import panels as _panels  # noqa: F401 - registers the menu and where an experience comes from
from .archive import Brought
from .bringing import Counts
from .forms import BringForm, NameForm, TakeForm

blueprint = Blueprint("rights", __name__)
BLUEPRINTS = (blueprint,)
A_DAY = 24 * 3600
MUCH_MORE = 1_000_000
PIECE = 65_536


def _over(what: str, whom: uuid.UUID, most: int) -> bool:
    """Count one more, and say whether they are too many today."""
    return bool(current_app.config["RATELIMIT_ENABLED"]) and limits.hit(f"{what}:{whom}", A_DAY) > most


@blueprint.get("/mes-donnees")
def mine() -> ResponseReturnValue:
    """What is kept of me, in plain words, and what I can do with it."""
    me = authorised(Mine(actor().account_id), Action.EXPORT_PASSPORT)
    now = clock.now()
    return page("rights/mine.html", kept=queries.kept(me.learner_id, now),
                by_two=actor().band(clock.today()) in {Band.CHILD, Band.TEEN})


# ---------- taking everything along ----------


@blueprint.route("/mes-donnees/emporter", methods=["GET", "POST"])
def take() -> ResponseReturnValue:
    """Everything in one file, for whoever gives their passphrase once more."""
    me = authorised(Mine(actor().account_id), Action.EXPORT_PASSPORT)
    form, status, seconds = TakeForm(), 200, 0
    if form.validate_on_submit():
        seconds = _seconds_to_wait(me.learner_id, form)
        if not form.errors and not form.form_errors:
            return _sent(me.learner_id)
        status = 429 if seconds else 422
    elif form.is_submitted():
        status = 422
    answer = make_response(page("rights/take.html", status=status, form=form))
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def _seconds_to_wait(learner_id: uuid.UUID, form: TakeForm) -> int:
    """Look at the passphrase as changing it does; put what is wrong into the form, and return the seconds to wait."""
    kept = accounts.password_hash(learner_id)
    release()
    key = f"passphrase of {learner_id}"
    seconds = tries.seconds_to_wait(key)
    if seconds:
        form.refuse(Refused(Refusal.TOO_MANY_TRIES))
    elif not account_service.is_right(kept, form.passphrase):
        form.refuse(Refused(Refusal.PASSPHRASE_WRONG, "present"))
    else:
        tries.forget(key)
        if _over("exports", learner_id, rules.EXPORTS_A_DAY):
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
            seconds = A_DAY
    return seconds


def _sent(learner_id: uuid.UUID) -> Response:
    now = clock.now()
    made = export.build(learner_id, now, lambda lists: stream_template("rights/export.html", **reading.context(lists, now)))
    size = os.fstat(made.fileno()).st_size
    g.is_file = True
    answer = Response(_pieces(made), mimetype="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=f"passeport-{clock.today()}.zip")
    answer.content_length = size
    answer.call_on_close(made.close)
    return answer


def _pieces(made: IO[bytes]) -> Iterator[bytes]:
    """Return a file piece by piece; whoever hangs up half-way closes it as well."""
    with made:
        while piece := made.read(PIECE):
            yield piece


@blueprint.get("/schemas/passport-1.json")
@public
def schema() -> ResponseReturnValue:
    """What `passport.json` looks like, for whoever writes a program that reads it."""
    return Response((export.DATA / "passport-1.json").read_bytes(), mimetype="application/schema+json")


# ---------- bringing a passport from another city ----------


@blueprint.route("/mes-donnees/apporter", methods=["GET", "POST"])
@csrf.exempt  # take_in() checks the token, once it is known who sends
def bring() -> ResponseReturnValue:
    """The file of another city's passport: it is looked at first, and nothing comes in before one says so."""
    me = authorised(Mine(actor().account_id), Action.LOG_EXPERIENCE)
    if request.method == "GET":
        return page("rights/bring.html", form=BringForm(formdata=None))
    release()  # receiving takes its time; nobody waits for it
    too_often = _over("imports", me.learner_id, rules.IMPORTS_A_DAY)
    take_in(rules.HEAVIEST + 1, rules.HEAVIEST + MUCH_MORE)
    form = BringForm()
    if too_often:
        form.refuse(Refused(Refusal.TOO_MANY_TRIES))
    elif form.validate():
        stream: IO[bytes] = form.file.data.stream if form.file.data else io.BytesIO()
        try:
            Brought(stream)
            return onward("rights.preview", digest=waiting.keep(me.learner_id, stream))
        except Refused as refused:
            form.refuse(refused)
    return page("rights/bring.html", status=429 if too_often else 422, form=form)


@blueprint.route("/mes-donnees/apporter/<digest>", methods=["GET", "POST"])
def preview(digest: str) -> ResponseReturnValue:
    """What would come in and what would not; then one tap."""
    me = authorised(Mine(actor().account_id), Action.LOG_EXPERIENCE)
    learner_id = me.learner_id
    if request.method == "POST":
        return _let_in(learner_id, digest)
    file = waiting.waiting(learner_id, digest)
    if file is None:
        return _gone()
    with file:
        brought = Brought(file)
        return page("rights/preview.html", host=brought.host, digest=digest,
                    found=bringing.preview(brought, learner_id))


def _gone() -> ResponseReturnValue:
    flash(_("Ce fichier n’attend plus ici : il est déjà apporté, ou trop ancien. L’envoyer à nouveau ne double rien."))
    return onward("rights.bring")


def _let_in(learner_id: uuid.UUID, digest: str) -> ResponseReturnValue:
    release()
    file = waiting.take(learner_id, digest)
    if file is None:
        return _gone()
    lookups = lookups_for(learner_id)
    with file:
        came = bringing.bring(Brought(file), learner_id, lambda data, now: check(data, now, lookups), clock.now())
    flash(_said(came))
    return onward("experiences.passport")


def _said(came: Counts) -> str:
    """Return what came in, and that something did not."""
    told = [ngettext("%(num)s expérience apportée.", "%(num)s expériences apportées.", came.experiences)]
    if came.left:
        told.append(_("Des photos n’ont plus de place ici.") if came.full else
                    ngettext("%(num)s chose n’a pas pu venir.", "%(num)s choses n’ont pas pu venir.", came.left))
    return " ".join(map(str, told))


@blueprint.get("/experience/<uuid:key>/apporte")
def brought(key: uuid.UUID) -> ResponseReturnValue:
    """Where an experience comes from, and what others said of it there, as I tell it."""
    found = authorised(experiences.experience(key), Action.READ_EXPERIENCE)
    return page("rights/brought.html", experience=found, brought=queries.brought_of(found.id), words=words)


@blueprint.post("/mes-donnees/apporte/<uuid:key>/effacer")
def erase_brought(key: uuid.UUID) -> ResponseReturnValue:
    """Erase words of somebody else that came from another passport."""
    found = authorised(queries.item(key), Action.CHANGE_EXPERIENCE)
    learner_id, experience_id = found.learner_id, found.experience_id
    with transaction():
        service.erase_brought(key, learner_id, clock.now())
    flash(_("C’est effacé ici. Le fichier de l’autre passeport, lui, reste à vous."))
    return onward("rights.brought", key=experience_id)


# ---------- correcting, and staying out of figures ----------


@blueprint.route("/mes-donnees/nom", methods=["GET", "POST"])
def name() -> ResponseReturnValue:
    """How I am called here."""
    me = authorised(Mine(actor().account_id), Action.CHANGE_ACCOUNT)
    form, status = NameForm(data={"display_name": current_user.display_name}), 200
    if form.validate_on_submit():
        try:
            with transaction():
                account_service.change_name(me.learner_id, str(form.display_name.data), clock.now())
            flash(_("C’est changé."))
            return onward("rights.mine")
        except Refused as refused:
            form.refuse(refused)
            status = 422
    elif form.is_submitted():
        status = 422
    return page("rights/name.html", status=status, form=form)


@blueprint.post("/mes-donnees/chiffres")
def statistics() -> ResponseReturnValue:
    """Stay out of the city's figures, or be counted again."""
    me = authorised(Mine(actor().account_id), Action.CHANGE_ACCOUNT)
    counted = request.form.get("counted") == "yes"
    try:
        with transaction():
            service.object_to_statistics(me.learner_id, actor().band(clock.today()), counted, clock.now())
    except Refused:
        flash(_("Avant 15 ans, cela se décide à deux."))
    else:
        flash(_("Vous comptez dans les chiffres.") if counted else _("Vous ne comptez plus dans les chiffres."))
    return onward("rights.mine")
