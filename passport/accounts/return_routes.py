"""The pages of coming back without e-mail: the sheet, the number on one's phone, and the new passphrase."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from cryptography.fernet import InvalidToken
from flask import Blueprint, current_app, flash, make_response, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, limits
from ..extensions import address as network
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..seal import seal, unseal
from ..transaction import release, transaction
from ..web import authorised, onward, page, public, wants_fragment
from ..wording import say
from . import proposals, queries, returning, service, tries
from .forms import NumberForm, PresentForm, ProposalForm, SheetCodeForm

blueprint = Blueprint("rescue", __name__)

HOUR = 3600
FROM_ONE_NETWORK = 30


def _mine() -> Mine:
    """Return one's own account, after the policy was asked."""
    return authorised(Mine(current_user.id), Action.CHANGE_ACCOUNT)


def _limits_on() -> bool:
    return bool(current_app.config.get("RATELIMIT_ENABLED", True))


# ---------- the sheet, on the side of its owner ----------


@blueprint.route("/feuille-de-secours", methods=["GET", "POST"])
def sheet() -> ResponseReturnValue:
    """Make a sheet to come back with, or another one; the passphrase says that it is really oneself."""
    _mine()
    form, status = PresentForm(), 200
    if form.validate_on_submit():
        kept = queries.password_hash(current_user.id)
        release()
        key, status = f"passphrase of {current_user.id}", 422
        if tries.seconds_to_wait(key):
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
            status = 429
        elif not service.is_right(kept, form.passphrase):
            form.refuse(Refused(Refusal.PASSPHRASE_WRONG, "present"))
        else:
            tries.forget(key)
            with transaction():
                codes = returning.make_sheet(current_user.id, clock.now())
            session["to_note"] = {"codes": seal("\n".join(codes)).decode()}
            return onward("rescue.codes")
    elif form.is_submitted():
        status = 422
    return page("accounts/sheet.html", form=form, kept=returning.sheet_of(current_user.id), status=status)


@blueprint.get("/feuille-de-secours/a-garder")
def codes() -> ResponseReturnValue:
    """Show the codes of a sheet that was just made, to print or to write down; once it is left they are nowhere."""
    _mine()
    box = session.get("to_note", {}).get("codes")
    try:
        told = unseal(box.encode()).split("\n") if box else []
    except InvalidToken:
        told = []
    if not told:
        return onward("rescue.sheet")
    return page("accounts/sheet_codes.html", codes=told)


@blueprint.post("/feuille-de-secours/perdue")
def lost() -> ResponseReturnValue:
    """Let the codes of a lost sheet work no more."""
    _mine()
    with transaction():
        returning.drop_sheet(current_user.id, clock.now())
    flash(_("C’est fait : la feuille n’ouvre plus rien."))
    return onward("rescue.sheet")


# ---------- coming back ----------


def with_code(template: str, then: Callable[[uuid.UUID, uuid.UUID], ResponseReturnValue]) -> ResponseReturnValue:
    """Ask for a sign-in name and a code of the sheet, and do with whose and which it is what comes then."""
    form, status, seconds = SheetCodeForm(), 200, 0
    if form.validate_on_submit():
        seconds, learner_id, code_id = _try_code(form.name.data or "", form.code.data or "")
        if learner_id is not None and code_id is not None:
            return then(learner_id, code_id)
        form.refuse(Refused(Refusal.TOO_MANY_TRIES if seconds else Refusal.SHEET_CODE_WRONG))
        status = 429 if seconds else 422
    elif form.is_submitted():
        status = 422
    answer = make_response(page(template, form=form, status=status))
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def _try_code(typed: str, code: str) -> tuple[int, uuid.UUID | None, uuid.UUID | None]:
    """Return the seconds to wait, or whose this code is and which; counted like a sign-in, but apart from it.

    Whoever is kept from signing in by wrong tries of others may still use their sheet. No transaction is open after it.
    """
    name = service.name_as_kept(typed)
    release()
    seconds = (_limits_on() and tries.address_waits(network())) or tries.seconds_to_wait(f"sheet of {name}")
    if seconds:
        return seconds, None, None
    learner_id = returning.whose(typed)
    code_id = returning.code_of(learner_id, code)
    release()
    if code_id is None or learner_id is None:
        tries.note_wrong(network())
        return 0, None, None
    tries.forget(f"sheet of {name}")
    return 0, learner_id, code_id


@blueprint.route("/phrase-oubliee/feuille", methods=["GET", "POST"])
@public
def by_sheet() -> ResponseReturnValue:
    """Come back with a code of the sheet: the same answer, and the same work, whether the name is known or not."""

    def come_back(learner_id: uuid.UUID, code_id: uuid.UUID) -> ResponseReturnValue:
        with transaction():
            session["return"] = returning.begin_with_code(learner_id, code_id, clock.now())
        return onward("rescue.phrase")

    return with_code("accounts/by_sheet.html", come_back)


@blueprint.route("/retrouver", methods=["GET", "POST"])
@public
def begin() -> ResponseReturnValue:
    """Say whose passport one wishes to come back to; a number is shown whether there is one or not."""
    form, status = NumberForm(), 200
    if form.validate_on_submit():
        release()
        if _limits_on() and limits.hit(f"return network:{network()}", HOUR) > FROM_ONE_NETWORK:
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
            status = 429
        else:
            with transaction():
                token, number = returning.begin(form.name.data or "", clock.now())
            session["return"], session["number"] = token, number
            return onward("rescue.number")
    elif form.is_submitted():
        status = 422
    return page("accounts/begin.html", form=form, status=status)


@blueprint.get("/retrouver/numero")
@public
def number() -> ResponseReturnValue:
    """Show the number on this device, and go on as soon as two people have confirmed it."""
    shown, stands = session.get("number"), returning.standing(session.get("return", ""), clock.now())
    if stands is not None and stands.ready:
        return onward("rescue.phrase")
    if shown is None or stands is None or not stands.goes_on:
        return onward("rescue.begin") if wants_fragment() else _over()
    if wants_fragment() and request.args.get("vu") == str(stands.confirmations):
        return "", 204
    return page("accounts/number.html", fragment="standing", number=shown, confirmations=stands.confirmations)


@blueprint.route("/retrouver/phrase", methods=["GET", "POST"])
@public
def phrase() -> ResponseReturnValue:
    """Choose a new passphrase, on the device that began and on no other (promises P5 and T39)."""
    now, token = clock.now(), session.get("return", "")
    stands = returning.standing(token, now)
    if stands is None or not stands.ready or stands.learner_id is None:
        return onward("rescue.number") if stands is not None and stands.goes_on else _over()
    form, status = ProposalForm(), 200
    names = queries.names(stands.learner_id)
    carried = proposals.read(form.proposal.data)
    proposal = carried or proposals.another()
    if form.is_submitted() and "other" in request.form:
        proposal = proposals.another()
    elif form.validate_on_submit():
        status = 422
        if carried is None:
            form.form_errors.append(_("La page était trop ancienne : voici une autre phrase. Le reste est encore là."))
        else:
            passphrase = form.own_passphrase or proposal.passphrase
            drops = stands.way == "people" and returning.sheet_of(stands.learner_id) is not None
            release()
            password_hash = service.hash_of(passphrase)
            try:
                with transaction():
                    returning.finish(token, passphrase, password_hash, now)
            except Refused as refused:
                if refused.refusal is Refusal.RETURN_OVER:
                    return _over()
                form.refuse(refused)
            else:
                session.pop("return", None)
                session.pop("number", None)
                for name in names:
                    tries.forget(name)
                flash(_("La phrase est changée. Tous les appareils sont déconnectés."))
                if drops:
                    flash(_("La feuille de secours d’avant n’ouvre plus rien. On peut en faire une autre."))
                return onward("accounts.sign_in")
    elif form.is_submitted():
        status = 422
    form.proposal.data = proposals.signed(proposal)
    return page("accounts/reset.html", fragment="phrase", status=status, form=form, proposal=proposal, name=names[0])


def _over() -> ResponseReturnValue:
    """Say that a number or a code serves no more, the same for one that never existed, and where to go."""
    return page("accounts/link_over.html", status=410, title=_("Ce numéro ne sert plus"), words=say(Refusal.RETURN_OVER),
                endpoint="mail.forgotten", label=_("Recommencer"))
