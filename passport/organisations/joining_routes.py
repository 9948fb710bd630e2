"""The pages with which somebody takes a role, accepts the charter, joins on the spot, and shows their own code."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, abort, current_app, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, drawings
from ..accounts.factor_routes import owed
from ..extensions import address
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..web import StepFirst, actor, authorised, onward, page, public, public_url, safe_next
from ..wording import say
from . import queries, rules, service, tries, words
from .forms import CharterForm, CodeForm
from .models import Organisation

blueprint = Blueprint("organisations", __name__)


# ---------- an invitation, on the side of whoever received it ----------


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
def invitation(token: str) -> ResponseReturnValue:
    """Say who invites to what, and take the role."""
    now = clock.now()
    offer = queries.offer(token)
    if offer is None:
        abort(404)
    if request.method == "POST":
        if not current_user.is_authenticated:
            return redirect(url_for("accounts.sign_in", next=request.path), 303)
        missing = owed()  # with a role comes somebody who may take their second factor away
        if missing is not None:
            raise StepFirst(missing)
        return _accept(offer)
    state = service.invited(offer.invitation, offer.organisation, current_user.id, now) \
        if current_user.is_authenticated else rules.Invited(
            offer.invitation.expires_at, offer.invitation.used_at, offer.invitation.revoked_at,
            offer.organisation.closed_at, adult=True, already=False)
    return _offer_page(offer, rules.refusal_to_accept(state, now), 200)


def _accept(offer: queries.Offer) -> ResponseReturnValue:
    now = clock.now()
    try:
        with transaction():
            member = service.accept_invitation(offer.invitation, current_user.id, now)
    except Refused as refused:
        return _offer_page(offer, refused.refusal, 422)
    if offer.organisation.accredited_at is None:
        flash(_("C’est fait. Les pages de ce rôle s’ouvrent dès que la Ville agrée l’organisation."))
        return onward("accounts.menu")
    if member.identity_confirmed_at is None:
        flash(_("C’est noté. Une autre personne de la coordination doit confirmer : rien ne s’ouvre avant."))
        return onward("accounts.menu")
    flash(_("C’est fait."))
    if member.role == "facilitator":
        return onward("organisations.charter", key=member.id, next=url_for("feedback.inbox"))
    if member.role == "manager":
        return onward("organisations.organisation", key=member.organisation_id)
    return onward("organisations.city")


def _offer_page(offer: queries.Offer, refusal: Refusal | None, status: int) -> ResponseReturnValue:
    if refusal is Refusal.INVITATION_OVER:
        return page("errors/door.html", status=410, title=_("Cette invitation ne sert plus"),
                    lede=_("Elle a déjà servi, a été annulée, ou ses 14 jours sont passés."),
                    more=_("En demander une nouvelle à la personne qui l’a envoyée."))
    return page("organisations/invitation.html", status=status, offer=offer, refusal=say(refusal) if refusal else None,
                role=words.role_words(offer.invitation.role, offer.invitation.title), words=words, here=request.path)


@blueprint.route("/charte/<uuid:key>", methods=["GET", "POST"])
def charter(key: uuid.UUID) -> ResponseReturnValue:
    """Read the charter, accept it, and go back to where one came from."""
    found = queries.member(key)
    if found is not None and (found.membership.ended_at or found.role != "facilitator"):
        found = None
    person = authorised(found, Action.ACCEPT_CHARTER)
    form = CharterForm(next=request.args.get("next"))
    back = safe_next(form.next.data)
    if form.validate_on_submit():
        with transaction():
            service.accept_charter(person.membership, clock.now())
        flash(_("La charte est acceptée. C’est gardé, avec le jour."))
        return redirect(back, 303) if back else onward("feedback.inbox")
    form.next.data = back or ""
    return page("organisations/charter.html", form=form, person=person, version=service.CHARTER_VERSION, words=words,
                accepted=person.membership.charter_version == service.CHARTER_VERSION, back_to=back)


# ---------- joining on the spot ----------


@blueprint.route("/rejoindre", methods=["GET", "POST"])
def join() -> ResponseReturnValue:
    """Enter a joining code, and see the organisations one is in."""
    authorised(Mine(current_user.id), Action.JOIN_ORGANISATION)
    form = CodeForm()
    if form.validate_on_submit():
        found, answer = _look_up(form)
        if found is None:
            return answer
        return onward("organisations.join_by_code", code=rules.code_as_shown(form.draft()))
    return _join_page(form, 422 if form.is_submitted() else 200)


@blueprint.route("/rejoindre/<code>", methods=["GET", "POST"])
def join_by_code(code: str) -> ResponseReturnValue:
    """See which organisation shows this code, and join it."""
    authorised(Mine(current_user.id), Action.JOIN_ORGANISATION)
    form = CodeForm(formdata=None, code=code[:40])
    found, answer = _look_up(form, unknown=404)
    if found is None:
        return answer
    if request.method == "POST":
        try:
            with transaction():
                service.join(current_user.id, found, clock.now())
        except Refused as refused:
            form.refuse(refused, "code")
            return _join_page(form, 422)
        flash(_("C’est fait : %(organisation)s est dans ma liste.", organisation=found.name))
        return onward("organisations.join")
    return page("organisations/join_one.html", organisation=found, words=words,
                already=queries.joined(current_user.id, found.id) is not None)


def _look_up(form: CodeForm, unknown: int = 422) -> tuple[Organisation | None, ResponseReturnValue]:
    """Return the organisation that shows the code of this form, or the answer that says why there is none."""
    who, where = current_user.id, address() if current_app.config.get("RATELIMIT_ENABLED", True) else "-"
    release()  # counting a wrong code needs a transaction of its own
    if seconds := tries.seconds_to_wait(who, where):
        form.refuse(Refused(Refusal.TOO_MANY_TRIES, "code"))
        return None, _wait(_join_page(form, 429), seconds)
    found = queries.by_join_code(form.draft(), clock.now())
    if found is None:
        release()
        tries.note_wrong(who, where)
        form.refuse(Refused(Refusal.CODE_UNKNOWN, "code"))
        return None, _join_page(form, unknown)
    return found, ""


def _wait(answer: ResponseReturnValue, seconds: int) -> Response:
    response = make_response(answer)
    response.headers["Retry-After"] = str(seconds)
    return response


def _join_page(form: CodeForm, status: int) -> ResponseReturnValue:
    return page("organisations/join.html", status=status, form=form, words=words,
                joined=queries.joined_organisations(current_user.id))


@blueprint.post("/organisation/<uuid:key>/quitter")
def leave(key: uuid.UUID) -> ResponseReturnValue:
    """Leave an organisation one joined."""
    joined = authorised(queries.joined(current_user.id, key), Action.JOIN_ORGANISATION)
    with transaction():
        service.leave(joined, clock.now())
    flash(_("C’est fait. Les expériences et les retours restent dans mon passeport."))
    return onward("organisations.join")


# ---------- « Demandez-moi » ----------


def _asked_as() -> queries.Person | None:
    """Return the facilitator's role whose code is meant: the one named, else the first."""
    now = clock.now()
    active = actor().active("facilitator", now)
    try:
        named = uuid.UUID(request.values.get("role", ""))
        active = tuple(r for r in active if r.membership_id == named)
    except ValueError:
        pass
    return queries.member(active[0].membership_id) if active else None


@blueprint.get("/demandez-moi")
def ask_code() -> ResponseReturnValue:
    """Show one's own code « Demandez-moi », to be scanned from the screen or printed."""
    person = authorised(_asked_as(), Action.SHOW_ASK_CODE)
    token = service.ask_token(person.membership)
    link = public_url("feedback.ask_me", token=token) if token else None
    label = _("Code QR « Demandez-moi » de %(who)s", who=person.name)
    return page("organisations/ask_code.html", person=person, link=link, seen=service.mark_of(token),
                qr=drawings.qr_svg(link, label, "stamp xl") if link else None,
                others=[r for r in actor().active("facilitator", clock.now())
                        if r.membership_id != person.membership.id])


@blueprint.post("/demandez-moi/remplacer")
def replace_ask_code() -> ResponseReturnValue:
    """Make one's code anew; the one before closes at once."""
    person = authorised(_asked_as(), Action.SHOW_ASK_CODE)
    with transaction():
        replaced = service.replace_ask_code(person.membership, request.form.get("seen", ""), clock.now())
    flash(_("Le nouveau code est prêt. L’ancien n’ouvre plus rien.") if replaced
          else _("Le code avait déjà changé. Le voici."))
    return onward("organisations.ask_code", role=person.membership.id)
