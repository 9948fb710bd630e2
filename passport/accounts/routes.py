"""The pages of an account: the home page, signing up, in and out, the menu, help."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from cryptography.fernet import InvalidToken
from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from sqlalchemy.exc import SQLAlchemyError

from .. import clock, drawings
from ..extensions import address
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..seal import digest_of, seal, unseal
from ..transaction import release, transaction
from ..web import (
    LANGUAGES,
    WITHOUT_COOKIE,
    authorised,
    before_any_step,
    may,
    onward,
    page,
    public,
    public_url,
    safe_next,
)
from ..wording import say
from . import (
    device_routes,
    devices,
    factor_routes,
    mail_routes,
    proposals,
    protection_routes,
    queries,
    return_routes,
    returning,
    service,
    tries,
    unsent,
)
from .chosen import youngest
from .forms import ChangePassphraseForm, FirstSentenceForm, LanguageForm, SignInDraft, SignInForm, SignUpForm
from .rules import Device

blueprint = Blueprint("accounts", __name__)
BLUEPRINTS = (blueprint, mail_routes.blueprint, protection_routes.blueprint, return_routes.blueprint,
              device_routes.blueprint, unsent.blueprint, factor_routes.blueprint)

QUESTIONS: list[dict[str, str]] = json.loads(
    (Path(__file__).resolve().parent.parent / "help.json").read_text(encoding="utf-8")
)["questions"]
KIND_ANSWERS = {Refusal.UNDER_13, Refusal.MINORS_NOT_YET}
WITHOUT_SESSION = {None, "health", "offline", *WITHOUT_COOKIE}
SENTENCE_WAITS = dt.timedelta(hours=1)
MOST_KNOWN = 8
# What stands in the cookie to be noted down, and the pages that show it.
NOTED = {"to_note": {"accounts.note_down", "rescue.codes"}, "codes": {"factor.codes"}}


def _mine() -> Mine:
    """Return one's own account, after the policy was asked."""
    return authorised(Mine(current_user.id), Action.CHANGE_ACCOUNT)


def _keep_only(*names: str) -> None:
    """Empty what the cookie carries, but these."""
    kept = {name: session[name] for name in names if name in session}
    session.clear()
    session.update(kept)


def _first_sentence() -> str | None:
    """Return the sentence that waits for a passport; left on a computer, it is gone after an hour."""
    if session.get("sentence_until", 0) < clock.now().timestamp():
        session.pop("first_sentence", None)
        session.pop("sentence_until", None)
    return session.get("first_sentence")


def _begin(token: str, device: Device) -> None:
    """Make this device the one that holds the session: nothing of what it carried before goes on, but the language.

    Only where somebody calls the device their own does the session outlast the browser, and may something be kept there.
    """
    _keep_only("language", "known")
    g.pop("csrf_token", None)  # a form in this very answer belongs to the new session
    session.permanent = session["own"] = device is Device.OWN
    who = queries.signed_in(token, digest_of(token), clock.now())
    if who is not None and device is Device.OWN:
        mark, others = devices.known_as(who.id), session.get("known", [])
        session["known"] = [mark, *(other for other in others if other != mark)][:MOST_KNOWN]
    login_user(who)


def _device_name() -> str | None:
    return devices.name_of(request.user_agent.string)


def _onward_to(target: str | None) -> ResponseReturnValue:
    return redirect(target, 303) if target else onward("experiences.passport")


def _too_many(answer: ResponseReturnValue, seconds: int) -> Response:
    response = make_response(answer)
    response.headers["Retry-After"] = str(seconds)
    return response


def _limits_on() -> bool:
    return bool(current_app.config.get("RATELIMIT_ENABLED", True))


@blueprint.route("/", methods=["GET", "POST"])
@public
def home() -> ResponseReturnValue:
    """What the passport is, and its first sentence, which waits in the signed cookie until there is a passport."""
    if current_user.is_authenticated:
        return onward("experiences.passport")
    form = FirstSentenceForm(data={"title": _first_sentence()})
    if form.validate_on_submit():
        session["first_sentence"] = form.draft()
        session["sentence_until"] = (clock.now() + SENTENCE_WAITS).timestamp()
        return onward("accounts.sign_up")
    start = public_url("accounts.home")
    return page(
        "accounts/home.html", form=form, status=422 if form.is_submitted() else 200, host=urlsplit(start).netloc,
        qr=drawings.qr_svg(start, _("Code QR d’une carte d’exemple"), "qr"),
    )


@blueprint.route("/creer", methods=["GET", "POST"])
@public
def sign_up() -> ResponseReturnValue:
    """Open a passport."""
    target = safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        return _onward_to(target)
    form = SignUpForm(today=clock.today())
    carried = proposals.read(form.proposal.data)
    proposal = carried or proposals.another()
    status = 200
    if form.is_submitted() and "other" in request.form:
        proposal = proposals.another(proposal.identifier)
    elif form.validate_on_submit():
        release()
        if carried is None:
            form.form_errors.append(_("La page était trop ancienne : voici une autre phrase. Le reste est encore là."))
            status = 422
        elif _limits_on() and (seconds := tries.sign_up_waits(address())):
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
            return _too_many(_sign_up_page(form, proposal, target, 429), seconds)
        else:
            try:
                return _open_passport(form, proposal, target)
            except Refused as refused:
                if refused.refusal in KIND_ANSWERS:
                    return _kind_answer(refused.refusal)
                form.refuse(refused)
                status = 422
    elif form.is_submitted():
        status = 422
    return _sign_up_page(form, proposal, target, status)


def _sign_up_page(
    form: SignUpForm, proposal: proposals.Proposal, target: str | None, status: int
) -> ResponseReturnValue:
    form.proposal.data, form.next.data = proposals.signed(proposal), target or ""
    return page("accounts/sign_up.html", fragment="phrase", status=status, form=form, proposal=proposal,
                sentence=_first_sentence(), target=target)


def _open_passport(form: SignUpForm, proposal: proposals.Proposal, target: str | None) -> ResponseReturnValue:
    """Open the account, and again under another sign-in name while the proposed one is another's.

    The form sent twice finds its own account, because the passphrase fits: both answers are the same.
    """
    typed, now = form.draft(), clock.now()
    draft = service.SignUpDraft(
        display_name=typed.display_name, identifier=proposal.identifier,
        passphrase=typed.own_passphrase or proposal.passphrase, birth_year=typed.birth_year,
        birth_month=typed.birth_month, language=str(get_locale()), first_sentence=_first_sentence(),
    )
    account_id: uuid.UUID | None = None
    while account_id is None:
        try:
            with transaction():
                account_id = service.sign_up(draft, now).id
                token = service.open_session(account_id, typed.device, now, staff=False, name=_device_name())
        except service.NameTaken:
            before = queries.credentials(draft.identifier)
            release()
            # Counted like a sign-in: a form kept from somebody's signing up is no way to try their passphrase.
            looked_at = before is not None and not tries.seconds_to_wait(draft.identifier)
            if before and looked_at and service.is_right(before.password_hash, draft.passphrase):
                tries.forget(draft.identifier)
                account_id = before.account_id
                with transaction():
                    token = service.open_session(account_id, typed.device, now, queries.is_staff(account_id), _device_name())
            else:
                draft = replace(draft, identifier=proposals.another().identifier)
    _begin(token, typed.device)
    session["to_note"] = {
        "phrase": None if typed.own_passphrase else seal(draft.passphrase).decode(),
        "sentence": draft.first_sentence, "next": target,
    }
    return onward("accounts.note_down")


def _kind_answer(refusal: Refusal) -> ResponseReturnValue:
    """Say kindly that it is too early, and forget everything that was typed."""
    words = say(refusal)
    if refusal is Refusal.UNDER_13:
        words = _("Le passeport s’ouvre à %(age)s ans. Rien n’a été gardé. À bientôt !", age=youngest())
    _keep_only("csrf_token")
    return page("accounts/too_early.html", words=words)


@blueprint.route("/a-noter", methods=["GET", "POST"])
def note_down() -> ResponseReturnValue:
    """What is needed to come back: the sign-in name and, this once, the passphrase that was proposed."""
    _mine()
    told: dict[str, Any] = session.get("to_note", {})
    if request.method == "POST":
        session.pop("to_note", None)
        if "sheet" in request.form:
            return onward("rescue.sheet")
        return _onward_to(safe_next(told.get("next")))
    return page("accounts/note_down.html", phrase=_unsealed(told.get("phrase")), sentence=told.get("sentence"))


def _unsealed(box: str | None) -> str | None:
    try:
        return unseal(box.encode()) if box else None
    except InvalidToken:
        return None


@blueprint.before_app_request
def forget_the_phrase() -> None:
    """Let go of the proposed passphrase, and of codes to print, as soon as their page is left; the step asked first is no
    page one leaves for."""
    if request.blueprint in WITHOUT_SESSION or request.endpoint in {"accounts.set_language", "factor.confirm"}:
        return
    for name, where in NOTED.items():
        if request.endpoint not in where:
            session.pop(name, None)


@blueprint.route("/ouvrir", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Open one's passport on this device."""
    target = safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        kept = unsent.carried(request.form.get("carried"), current_user.id)
        return unsent.send_again(kept) if kept else _onward_to(target)
    form = SignInForm()
    seconds, status = 0, 200
    if form.validate_on_submit():
        draft = form.draft()
        name = service.name_as_kept(draft.name)
        release()
        seconds = (_limits_on() and tries.address_waits(address())) or tries.seconds_to_wait(name)
        if seconds:
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
            status = 429
        else:
            who = queries.credentials(name)
            release()
            if service.is_right(who.password_hash if who else None, draft.passphrase) and who:
                return _let_in(who.account_id, name, draft, target, form.carried.data)
            tries.note_wrong(address())
            form.refuse(Refused(Refusal.SIGN_IN_WRONG))
            status = 422
    elif form.is_submitted():
        status = 422
    elif current_app.config["DEMO"]:
        form.name.data = request.args.get("name")
    form.next.data = target or ""
    answer = page("accounts/sign_in.html", status=status, form=form, target=target,
                  sentence=_first_sentence())
    return _too_many(answer, seconds) if seconds else answer


def _let_in(
    account_id: uuid.UUID, name: str, draft: SignInDraft, target: str | None, carried: str | None
) -> ResponseReturnValue:
    now, sentence = clock.now(), _first_sentence()
    tries.forget(name)
    with transaction():
        if devices.known_as(account_id) not in session.get("known", []):
            devices.tell_of_new(account_id, now)
        token = service.open_session(account_id, draft.device, now, queries.is_staff(account_id), _device_name())
        if sentence and draft.with_sentence:
            service.welcome(account_id, sentence, now)
    _begin(token, draft.device)
    kept = unsent.carried(carried, account_id)
    return unsent.send_again(kept) if kept else _onward_to(target)


def session_ended(carried: str) -> ResponseReturnValue:
    """Return the sign-in page for somebody whose session ended while they wrote; what they wrote goes through it."""
    form = SignInForm(formdata=None)
    form.carried.data = carried
    answer = make_response(page("accounts/sign_in.html", status=401, form=form, target=None, sentence=None))
    answer.headers["WWW-Authenticate"] = "Session"
    return answer


@blueprint.route("/fermer", methods=["POST"])
@before_any_step
def sign_out() -> ResponseReturnValue:
    """End the session on the server, and empty what this device holds."""
    _mine()
    with transaction():
        service.end_session(current_user.session_hash, clock.now())
    logout_user()
    _keep_only("language", "known")
    if session.get("known"):
        session.permanent = True
    response = make_response(onward("accounts.home"))
    # What another person wrote here without network still waits for them: their words are not ours to erase (app.js).
    response.headers["Clear-Site-Data"] = '"cache"' if request.form.get("others") else '"cache", "storage"'
    return response


@blueprint.route("/menu")
def menu() -> ResponseReturnValue:
    """The menu of one's account."""
    _mine()
    now = clock.now()
    roles = [r for r in current_user.actor.roles if r.is_active(now)]
    return page(
        "accounts/menu.html",
        managed=[r for r in roles if r.role == "manager"],
        coordinates=any(r.role == "coordinator" for r in roles),
        recognises=any(r.role in {"facilitator", "manager"} for r in roles),
        handles=any(r.role in {"manager", "coordinator"} for r in roles),
        helps=may(Action.HELP_IN_PERSON, current_user.actor),
        more=[link for links in queries.MENU for link in links(current_user.actor, now)],
    )


@blueprint.route("/langue", methods=["POST"])
@public
def set_language() -> ResponseReturnValue:
    """Keep the language, in the account or on this device, and go back to the same page."""
    form = LanguageForm()
    if form.validate_on_submit() and form.language.data in LANGUAGES:
        session["language"] = form.language.data
        if current_user.is_authenticated:
            with transaction():
                service.set_language(current_user.id, form.language.data)
    back = safe_next(form.next.data)
    return redirect(_without_language(back), 303) if back else onward("accounts.home")


def _without_language(back: str) -> str:
    """Return the address without `lang`, which would win over what was just chosen."""
    parts = urlsplit(back)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "lang"]
    return urlunsplit(parts._replace(query=urlencode(kept)))


@blueprint.route("/phrase", methods=["GET", "POST"])
def passphrase() -> ResponseReturnValue:
    """Change one's passphrase."""
    _mine()
    form = ChangePassphraseForm()
    carried = proposals.read(form.proposal.data)
    identifier = current_user.identifier or ""
    if carried is not None and carried.identifier != identifier:
        carried = None
    proposal = carried or proposals.another(identifier)
    seconds, status = 0, 200
    if form.is_submitted() and "other" in request.form:
        proposal = proposals.another(identifier)
    elif form.validate_on_submit():
        present, own = form.draft()
        kept = queries.password_hash(current_user.id)
        release()
        key = f"passphrase of {current_user.id}"  # no sign-in name holds a space, so nobody else counts there
        seconds = tries.seconds_to_wait(key)
        status = 429 if seconds else 422
        if seconds:
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
        elif not service.is_right(kept, present):
            form.refuse(Refused(Refusal.PASSPHRASE_WRONG, "present"))
        elif carried is None:
            form.form_errors.append(_("La page était trop ancienne : voici une autre phrase. Le reste est encore là."))
        else:
            tries.forget(key)
            try:
                with transaction():
                    service.change_passphrase(current_user.id, own or proposal.passphrase, _own_words(),
                                              current_user.session_hash, clock.now())
            except Refused as refused:
                form.refuse(refused)
            else:
                flash(_("La phrase est changée. Les autres appareils sont déconnectés."))
                if returning.sheet_of(current_user.id) is not None:
                    flash(_("La feuille de secours ouvre toujours. Si quelqu’un d’autre peut l’avoir lue, en faire une autre."),
                          "see:" + url_for("rescue.sheet") if own else "message")
                if own:
                    return onward("accounts.menu")
                session["to_note"] = {"phrase": seal(proposal.passphrase).decode(), "sentence": None,
                                      "next": url_for("accounts.menu")}
                return onward("accounts.note_down")
    elif form.is_submitted():
        status = 422
    form.proposal.data = proposals.signed(proposal)
    answer = page("accounts/passphrase.html", fragment="phrase", status=status, form=form, proposal=proposal)
    return _too_many(answer, seconds) if seconds else answer


def _own_words() -> tuple[str, ...]:
    """Return what a passphrase of whoever is signed in may not lean on."""
    organisations = {r.organisation_name for r in current_user.actor.roles}
    mine = (current_user.display_name, current_user.identifier, current_user.email)
    return tuple(word for word in (*mine, *sorted(organisations)) if word)


@blueprint.route("/aide")
@public
def help_page() -> ResponseReturnValue:
    """Eight questions, and how to reach somebody."""
    language = "en" if str(get_locale()) == "en" else "fr"
    questions = [(q["id"], q[f"question_{language}"], q[f"answer_{language}"]) for q in QUESTIONS]
    return page("accounts/help.html", questions=questions)


@blueprint.after_app_request
def keep_last_used(response: Response) -> Response:
    """Note that the session is in use, after the answer is made; an answer never waits for it or fails with it."""
    if request.blueprint in WITHOUT_SESSION or g.get("without_database") or not current_user.is_authenticated:
        return response
    now = clock.now()
    soon = current_user.shared or current_user.coordinates
    often = service.LAST_USED_WHEN_SHARED if soon else service.LAST_USED_EVERY
    if now - current_user.last_used_at >= often:
        try:
            release()
            service.keep_last_used(current_user.session_hash, current_user.id, now, often)
        except SQLAlchemyError:
            current_app.logger.info("last use not noted, request %s", g.get("request_id", ""))
    return response
