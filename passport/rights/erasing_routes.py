"""Pages of an erasure: asking, taking it back, and what adults wrote that stays under seal."""

from __future__ import annotations

import datetime as dt
import uuid

from cryptography.fernet import InvalidToken
from flask import Blueprint, current_app, flash, make_response, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from .. import clock
from ..accounts import queries as accounts
from ..accounts import service as sessions
from ..accounts import tries
from ..accounts.chosen import number
from ..accounts.service import Leaving
from ..feedback.queries import day_words
from ..policy import Action, Actor, Mine
from ..refusals import Refusal, Refused
from ..seal import seal, unseal
from ..transaction import release, transaction
from ..web import actor, authorised, now_and_today, onward, page, public
from . import erasing as service
from . import rules, sealing
from .erasing_forms import EraseForm, OpenForm

blueprint = Blueprint("erasing", __name__)
BLUEPRINTS = (blueprint,)
SHOWN_FOR = dt.timedelta(minutes=15)


@blueprint.route("/mes-donnees/effacer", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Say what goes and what stays, and erase everything, alone and at any age, with the passphrase."""
    mine = authorised(Mine(current_user.id), Action.ERASE_PASSPORT)
    form, status, seconds = EraseForm(number("erasure.pause")), 200, 0
    if form.validate_on_submit():
        present, wish = form.draft()
        kept = accounts.password_hash(mine.learner_id)
        release()
        seconds = tries.seconds_to_wait(f"passphrase of {mine.learner_id}")
        status = 429 if seconds else 422
        if seconds:
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
        elif not sessions.is_right(kept, present):
            form.refuse(Refused(Refusal.PASSPHRASE_WRONG, "present"))
        else:
            tries.forget(f"passphrase of {mine.learner_id}")
            return _go(mine.learner_id, wish)
    elif form.is_submitted():
        status = 422
    roles = [r for r in current_user.actor.roles if r.ended_at is None]
    answer = make_response(page(
        "rights/erase.html", status=status, form=form, months=number("erasure.sealed"), roles=roles,
        attested=service.has_attested(mine.learner_id), signed=service.has_signed(mine.learner_id),
        leads=[r for r in roles if r.role in {"manager", "coordinator"}]))
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def _go(account_id: uuid.UUID, wish: service.Wish) -> ResponseReturnValue:
    """Close everything in one write, and erase in another where nothing is waited for: from the first on it is certain."""
    now = clock.now()
    with transaction():
        service.ask(account_id, wish, now)
    logout_user()
    _leave(account_id, now)
    if wish.at_once:
        try:
            with transaction():
                service.erase_now(account_id, now)
        except Exception as fault:
            # The job does it: the account is closed already, and cannot be taken back any more.
            current_app.logger.warning("an erasure waits for the worker: %s", type(fault).__name__)
    answer = make_response(onward("erasing.leaving"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _leave(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Let this browser, which is signed out, see where the erasure is and take it back, for some minutes."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session["leaving"] = seal(f"{account_id.hex} {(now + SHOWN_FOR).timestamp():.0f}").decode()


def _leaver() -> uuid.UUID | None:
    """Return who is shown where their erasure is, or None."""
    try:
        account, until = unseal(str(session.get("leaving", "")).encode()).split()
    except (InvalidToken, ValueError):
        return None
    return uuid.UUID(account) if float(until) > clock.now().timestamp() else None


@blueprint.app_errorhandler(Leaving)
def is_leaving(stopped: Leaving) -> ResponseReturnValue:
    """Lead whoever signs in during the pause to the one thing that is left: taking the erasure back."""
    _leave(stopped.account_id, clock.now())
    return onward("erasing.leaving")


@blueprint.get("/mes-donnees/effacer/ou-en-est-on")
@public
def leaving() -> ResponseReturnValue:
    """Say when everything is erased, or that it is."""
    if current_user.is_authenticated:
        return onward("experiences.passport")
    leaver = _leaver()
    if leaver is None:
        return onward("accounts.sign_in")
    now, asked = clock.now(), service.request_of(leaver)
    if asked is None and accounts.password_hash(leaver) is not None:
        return onward("accounts.sign_in")  # taken back, in another window
    return page("rights/leaving.html", day=day_words(asked.due_at) if asked else "",
                stays=asked is not None and rules.refusal_to_take_back(asked.due_at, now) is None, gone=asked is None)


@blueprint.post("/mes-donnees/effacer/annuler")
@public
def take_back() -> ResponseReturnValue:
    """Take the erasure back, which only somebody can who just gave the passphrase."""
    leaver = _leaver()
    if leaver is None:
        return onward("accounts.sign_in")
    try:
        with transaction():
            service.take_back(leaver, clock.now())
    except Refused:
        return onward("erasing.leaving")
    session.pop("leaving", None)
    flash(_("Rien n’est effacé. Il reste à ouvrir le passeport."))
    return onward("accounts.sign_in")


# ---------- what stays under seal ----------


def _menu(who: Actor, now: dt.datetime) -> list[tuple[str, str, str]]:
    return [("role", url_for("erasing.sealed"), _("Sous clé"))] if who.active("coordinator", now) else []


accounts.MENU.append(_menu)


@blueprint.get("/signalements/sous-scelle")
def sealed() -> ResponseReturnValue:
    """Show the coordination which words of adults are kept under seal, without the words."""
    authorised(Mine(current_user.id), Action.COORDINATE)
    return page("rights/sealed.html", folders=sealing.folders(actor().account_id, clock.now()), day=day_words)


@blueprint.route("/signalements/sous-scelle/<uuid:key>", methods=["GET", "POST"])
def sealed_folder(key: uuid.UUID) -> ResponseReturnValue:
    """Ask to open sealed words, agree as the second person, and read them as one of the two."""
    now, _today = now_and_today()
    me = actor().account_id
    found = authorised(next(iter(sealing.folders(me, now, key)), None), Action.COORDINATE)
    form = OpenForm()
    try:
        if request.method == "POST" and "agree" in request.form:
            with transaction():
                sealing.agree(found, me, now)
            return onward("erasing.sealed_folder", key=key)
        if request.method == "POST" and form.validate():
            with transaction():
                sealing.ask_to_open(found, me, form.reason.data or "", now)
            flash(_("C’est demandé. Une autre personne doit confirmer."))
            return onward("erasing.sealed_folder", key=key)
    except Refused as refused:
        form.refuse(refused)
    return page("rights/sealed_folder.html", found=found, form=form, mine=me, day=day_words,
                reason=sealing.reason_of(found.folder), said=sealing.words_of(found, me),
                status=200 if request.method == "GET" else 422)
