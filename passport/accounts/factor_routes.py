"""The pages of a second factor: what one has, setting it up, and the step that is asked before something is opened."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from cryptography.fernet import InvalidToken
from flask import Blueprint, abort, current_app, flash, g, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user

from .. import clock, drawings
from ..notices.letters import LETTERS
from ..policy import Action, Mine, second_factor
from ..refusals import Refusal, Refused
from ..seal import digest_of, seal, unseal
from ..steps import is_asked_at_sign_in
from ..transaction import release, transaction
from ..web import StepFirst, authorised, before_any_step, onward, page, safe_next, standing_on
from ..wording import say
from . import factor, letters, passkeys, queries, rules, service, tries, unsent
from .chosen import chosen, number
from .factor_forms import ApplicationForm, ConfirmForm, PasskeyForm
from .forms import MOST_TYPED

blueprint = Blueprint("factor", __name__)
LETTERS[factor.CHANGED] = letters.factor
FEW_LEFT = 3


def _mine() -> Mine:
    return authorised(Mine(current_user.id), Action.CHANGE_ACCOUNT)


def _changes() -> Mine:
    """Return one's own account, once it is oneself beyond doubt."""
    return authorised(Mine(current_user.id), Action.CHANGE_FACTOR)


# ---------- who is led here ----------


def owed() -> Refusal | None:
    """Say what whoever is signed in owes before any page, or None."""
    who, now = current_user, clock.now()
    missing = rules.refusal_without_factor(who.shown, now)
    if missing is None:
        return None
    stricter = second_factor(who.actor, now) == "opening" and chosen("factor.facilitators") == "sign_in"
    return missing if is_asked_at_sign_in(who.actor, who.shown.has_factor, now, stricter) else None


def first_step(view: Callable[..., Any]) -> ResponseReturnValue | None:
    """Return the way to the step that whoever is signed in owes before this view, or None."""
    missing = None if getattr(view, "is_before_any_step", False) else owed()
    if missing is None:
        return None
    g.authorised = True
    return _led(missing)


@blueprint.app_errorhandler(StepFirst)
def _step_first(first: StepFirst) -> ResponseReturnValue:
    release()
    return _led(first.refusal, first.recent)


def _led(missing: Refusal, recent: bool = False) -> ResponseReturnValue:
    """Lead to what is missing, and later back to the very request: a form waits, sealed, in the page of the step."""
    by_htmx = request.headers.get("HX-Request") == "true"
    if request.method in {"GET", "HEAD"}:
        address = _way(missing, standing_on(), recent)
        return ("", 204, {"HX-Redirect": address}) if by_htmx else redirect(address, 303)
    if by_htmx:
        return "", 204, {"HX-Trigger": "session-ended"}  # the page sends the same form again, not by htmx
    if missing is Refusal.FACTOR_MISSING:
        return page("accounts/factor_first.html", status=403, words=say(missing))
    form = ConfirmForm(formdata=None)
    form.carried.data, form.again.data = unsent.carry(silent_too=True), "1" if recent else ""
    return _confirm_page(form, _needed(recent), 403)


def _way(missing: Refusal, back: str | None, recent: bool) -> str:
    if missing is Refusal.FACTOR_MISSING:
        return url_for("factor.mine", next=back)
    return url_for("factor.confirm", next=back, again="1" if recent else None)


# ---------- the step ----------


def _needed(recent: bool) -> tuple[bool, bool]:
    """Return whether a code, and whether the passphrase, is to be given now; a passkey is both."""
    shown, now = current_user.shown, clock.now()
    code = shown.has_factor and rules.refusal_without_factor(shown, now) is not None
    return code, rules.refusal_unless_fresh(shown, now, rules.RECENT if recent else rules.FRESH) is not None


def _may_be_remembered() -> bool:
    """Say whether this device may be remembered: it is one's own, and its session is a long one."""
    return bool(session.get("own")) and not current_user.shared and second_factor(current_user.actor, clock.now()) != "sign_in"


@blueprint.route("/confirmer", methods=["GET", "POST"])
@before_any_step
def confirm() -> ResponseReturnValue:
    """Show what is asked before something is opened, and go on to it."""
    _mine()
    form = ConfirmForm()
    if request.method == "GET":
        form.next.data, form.again.data = request.args.get("next"), request.args.get("again")
    target = safe_next(form.next.data)
    needed = code, passphrase = _needed(form.again.data == "1")
    if not (code or passphrase):
        missing = owed()
        return redirect(_way(missing, target, False), 303) if missing else _on(form, target)
    if request.method == "GET":
        return _confirm_page(form, needed, 200)
    if not form.validate() or form.lacks(code, passphrase):
        return _confirm_page(form, needed, 422)
    release()
    # No sign-in name holds a space, so nobody else counts there. Passphrases are counted wherever they are asked for.
    keys = [f"{what} of {current_user.id}" for what, asked in (("factor", code), ("passphrase", passphrase)) if asked]
    seconds = max(tries.seconds_to_wait(key) for key in keys)
    if seconds:
        form.refuse(Refused(Refusal.TOO_MANY_TRIES))
        answer = make_response(_confirm_page(form, needed, 429))
        answer.headers["Retry-After"] = str(seconds)
        return answer
    try:
        token = _shown(form, code, passphrase)
    except Refused as refused:
        form.refuse(refused)
        return _confirm_page(form, needed, 422)
    for key in keys:
        tries.forget(key)
    _renewed(token)
    left = factor.owned(current_user.id).printed_left
    if len(rules.typed_code(form.code.data)) > rules.CODE_FIGURES and left <= FEW_LEFT:
        flash(_("Codes imprimés qui restent : %(count)s. On peut en imprimer d’autres.", count=left),
              "see:" + url_for("factor.mine"))
    return _on(form, target)


def _shown(form: ConfirmForm, code: bool, passphrase: bool) -> str:
    """Return the new token of the session, once what was needed is shown. Raises Refused."""
    now, by_passkey = clock.now(), bool(form.passkey.data)
    if passphrase and not by_passkey:
        kept = queries.password_hash(current_user.id)
        release()
        if not service.is_right(kept, (form.present.data or "")[:MOST_TYPED]):
            raise Refused(Refusal.PASSPHRASE_WRONG, "present")
    shown: dict[str, object] = {"stepped_up_at": now} if passphrase or by_passkey else {}
    if code:
        remembered = bool(form.remember.data) and _may_be_remembered()
        shown["factor_until"] = now + (dt.timedelta(days=number("factor.days")) if remembered else rules.SHORT_SESSION)
        if remembered:
            shown["device"] = form.device.data
    with transaction():
        if by_passkey:
            passkeys.show(current_user.id, form.passkey.data, current_user.session_hash, now)
        elif code:
            factor.use_code(current_user.id, form.code.data, now)
        return service.renew_session(current_user.session_hash, now, **shown)


def _renewed(token: str) -> None:
    """Go on in the session's new number; a form in this very answer belongs to it."""
    who = queries.signed_in(token, digest_of(token), clock.now())
    if who is None:
        abort(redirect(url_for("accounts.sign_in"), 303))
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    login_user(who)


def _on(form: ConfirmForm, target: str | None) -> ResponseReturnValue:
    kept = unsent.carried(form.carried.data, current_user.id)
    if kept:
        return unsent.send_again(kept, closed=False)
    return redirect(target, 303) if target else onward("experiences.passport")


def _confirm_page(form: ConfirmForm, needed: tuple[bool, bool], status: int) -> ResponseReturnValue:
    now = clock.now()
    mine = factor.owned(current_user.id)
    here = bool(mine.passkeys) and passkeys.work_here(request.host)
    told = factor.demo_code(current_user.id, now) if needed[0] else None
    if told and not form.code.data:
        form.code.data = told
    form.device.data = form.device.data or current_user.device or _("Mon téléphone")
    return page("accounts/factor_confirm.html", status=status, form=form, code=needed[0], passphrase=needed[1], mine=mine,
                remembers=needed[0] and _may_be_remembered(), days=number("factor.days"), demo_code=told,
                staff=second_factor(current_user.actor, now) != "offered",
                passkey=passkeys.to_show(current_user.session_hash, mine.passkeys, now) if here else "")


# ---------- what one has ----------


@blueprint.get("/double-securite")
@before_any_step
def mine() -> ResponseReturnValue:
    """Show what one has to show, and what can be added."""
    _mine()
    missing = owed()
    if missing is Refusal.FACTOR_ASKED:
        return _led(missing)
    return _mine_page()


def _mine_page(refused: Refusal | None = None) -> ResponseReturnValue:
    target = safe_next(request.values.get("next"))
    return page("accounts/factor.html", status=409 if refused else 200, mine=factor.owned(current_user.id), target=target,
                needed=_is_needed(), refused=say(refused) if refused else "", works_here=passkeys.work_here(request.host),
                most=passkeys.MOST)


def _is_needed() -> bool:
    return second_factor(current_user.actor, clock.now()) != "offered"


def _set_up(now: dt.datetime) -> str:
    """Return the session's new token: whoever has just set something up has shown it."""
    return service.renew_session(current_user.session_hash, now, factor_until=now + rules.SHORT_SESSION)


@blueprint.route("/double-securite/application", methods=["GET", "POST"])
@before_any_step
def application() -> ResponseReturnValue:
    """Set up an application: its secret as a code to scan and in letters, kept once it has made a code."""
    _changes()
    form, now = ApplicationForm(), clock.now()
    status = 200
    setup = factor.carried_setup(form.setup.data, current_user.id, now) if form.is_submitted() else factor.new_setup()
    if form.is_submitted():
        status = 422
        if setup is None:
            form.refuse(Refused(Refusal.FACTOR_SETUP_OLD))
        elif form.validate():
            release()
            try:
                with transaction():
                    factor.set_up(current_user.id, setup, form.code.data, now)
                    token = _set_up(now)
            except Refused as refused:
                form.refuse(refused)
            else:
                _renewed(token)
                flash(_("L’application est en place."))
                return onward("factor.mine", next=safe_next(form.next.data))
    setup = setup or factor.new_setup()
    form.setup.data, form.next.data = setup.sealed(current_user.id, now), safe_next(request.values.get("next")) or ""
    address = setup.address(current_user.identifier or current_user.display_name)
    return page("accounts/factor_application.html", status=status, form=form, letters=setup.letters,
                qr=drawings.qr_svg(address, _("Code à scanner avec l’application"), "stamp xl"))


@blueprint.route("/double-securite/cle", methods=["GET", "POST"])
@before_any_step
def passkey() -> ResponseReturnValue:
    """Make a passkey on this device; the page's small script asks the device."""
    _changes()
    form, now = PasskeyForm(), clock.now()
    here = passkeys.work_here(request.host)
    if form.validate_on_submit():
        release()
        try:
            with transaction():
                passkeys.add(current_user.id, form.name.data or "", form.passkey.data, current_user.session_hash, now)
                token = _set_up(now)
        except Refused as refused:
            form.refuse(refused)
        else:
            _renewed(token)
            flash(_("La clé d’accès est en place."))
            return onward("factor.mine", next=safe_next(form.next.data))
    form.next.data = safe_next(request.values.get("next")) or ""
    kept = factor.owned(current_user.id).passkeys
    asks = passkeys.to_add(current_user.id, current_user.identifier or "", current_user.session_hash, kept, now) if here else ""
    return page("accounts/factor_passkey.html", status=422 if form.is_submitted() else 200, form=form, asks=asks)


@blueprint.post("/double-securite/retirer")
@before_any_step
def remove() -> ResponseReturnValue:
    """Let go of an application or of a passkey."""
    _changes()
    what, needed, now = request.form.get("what", ""), _is_needed(), clock.now()
    try:
        key = None if what == "application" else uuid.UUID(what)
    except ValueError:
        abort(404)
    try:
        with transaction():
            if key is None:
                factor.remove_application(current_user.id, needed, now)
            else:
                factor.remove_passkey(current_user.id, key, needed, now)
    except Refused as refused:
        return _mine_page(refused.refusal)
    flash(_("C’est retiré."))
    return onward("factor.mine")


@blueprint.route("/double-securite/codes", methods=["GET", "POST"])
@before_any_step
def codes() -> ResponseReturnValue:
    """Make ten codes to print, and show them this once."""
    _changes()
    target = safe_next(request.values.get("next"))
    if request.method == "POST":
        if not current_user.shown.has_factor:
            return onward("factor.mine", next=target)
        with transaction():
            made = factor.print_codes(current_user.id, clock.now())
        session["codes"] = seal(" ".join(made)).decode()
        return onward("factor.codes", next=target)
    try:
        told = unseal(session.get("codes", "").encode()).split()
    except InvalidToken:
        return onward("factor.mine", next=target)
    return page("accounts/factor_codes.html", codes=told, target=target, city_name=current_app.config["CITY"].name)
