"""The pages of the city's coordination, of organisations and their people, and of joining on the spot."""

from __future__ import annotations

import uuid

from cryptography.fernet import InvalidToken
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, drawings
from ..extensions import address
from ..policy import Action, Body, Mine
from ..refusals import Refusal, Refused
from ..seal import seal, unseal
from ..transaction import release, transaction
from ..web import (
    actor,
    authorised,
    may,
    now_and_today,
    onward,
    page,
    public,
    public_url,
    safe_next,
    wants_fragment,
)
from ..wording import say
from . import queries, rules, service, tries, words
from .forms import CharterForm, CheckForm, CodeForm, ContactForm, InviteForm, OrganisationForm
from .models import Organisation

blueprint = Blueprint("organisations", __name__)
BLUEPRINTS = (blueprint,)

After = tuple[str, uuid.UUID]


def _after() -> After | None:
    """Return after which row the list goes on, or None for its beginning."""
    try:
        name, key = request.args.get("after", "").rsplit("~", 1)
        return name, uuid.UUID(key)
    except ValueError:
        return None


def _body(key: uuid.UUID, action: Action) -> Organisation:
    """Return an organisation, after the policy was asked."""
    authorised(Body(key), action)
    found = queries.organisation(key)
    if found is None:
        abort(404)
    return found


# ---------- the city ----------


@blueprint.get("/ville")
def city() -> ResponseReturnValue:
    """Show the organisations: those that wait to be accredited first."""
    authorised(actor(), Action.COORDINATE)
    q, after = request.args.get("q", "").strip()[:120], _after()
    waiting = [] if after or wants_fragment() else queries.to_accredit()
    rows = queries.accredited(q, after)
    last = rows[queries.PER_PAGE - 1].organisation if len(rows) > queries.PER_PAGE else None
    return page("organisations/city.html", fragment="rows", waiting=waiting, rows=rows[:queries.PER_PAGE], q=q,
                more=f"{last.sort_key}~{last.id}" if last else None, first=after is None, words=words)


@blueprint.route("/ville/ajouter", methods=["GET", "POST"])
def add_organisation() -> ResponseReturnValue:
    """Add an organisation."""
    authorised(actor(), Action.COORDINATE)
    form = OrganisationForm()
    if form.validate_on_submit():
        try:
            with transaction():
                made = service.add_organisation(form.draft(), current_user.id, clock.now())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(_("C’est gardé. Il reste à agréer l’organisation et à inviter la personne responsable."))
            return onward("organisations.organisation", key=made.id)
    return page("organisations/add.html", status=422 if form.is_submitted() else 200, form=form)


@blueprint.post("/ville/organisation/<uuid:key>/agreer")
def accredit(key: uuid.UUID) -> ResponseReturnValue:
    """Accredit an organisation."""
    found = _body(key, Action.COORDINATE)
    with transaction():
        service.accredit(found, current_user.id, clock.now())
    flash(_("L’organisation est agréée."))
    return onward("organisations.organisation", key=key)


@blueprint.post("/ville/organisation/<uuid:key>/suspendre")
def suspend(key: uuid.UUID) -> ResponseReturnValue:
    """Suspend an organisation's accreditation, or end the suspension."""
    found = _body(key, Action.COORDINATE)
    suspends = request.form.get("suspended") == "yes"
    try:
        with transaction():
            (service.suspend if suspends else service.resume)(found, current_user.id, clock.now())
    except Refused as refused:
        return _organisation_page(found, refused)
    flash(_("L’agrément est suspendu.") if suspends else _("L’organisation est agréée."))
    return onward("organisations.organisation", key=key)


@blueprint.post("/ville/organisation/<uuid:key>/moins-de-18-ans")
def set_minors(key: uuid.UUID) -> ResponseReturnValue:
    """Say whether people under 18 may be answered in this organisation's name."""
    found = _body(key, Action.COORDINATE)
    allowed = request.form.get("allowed") == "yes"
    with transaction():
        service.set_minors(found, allowed, current_user.id, clock.now())
    flash(_("C’est gardé."))
    return onward("organisations.organisation", key=key)


# ---------- an organisation ----------


@blueprint.get("/organisation/<uuid:key>")
def organisation(key: uuid.UUID) -> ResponseReturnValue:
    """Show who acts for an organisation, with their checks, and its open invitations."""
    found = _body(key, Action.MANAGE_ORGANISATION)
    return _organisation_page(found)


def _organisation_page(found: Organisation, refused: Refused | None = None) -> ResponseReturnValue:
    now, today = now_and_today()
    if request.method == "GET":
        session.pop("invited", None)
    after = _after()
    people = queries.people_of(found.id, after)
    last = people[queries.PER_PAGE - 1] if len(people) > queries.PER_PAGE else None
    coordinates = may(Action.COORDINATE, None)
    return page(
        "organisations/organisation.html", fragment="rows", status=422 if refused else 200, organisation=found,
        people=people[:queries.PER_PAGE], more=f"{last.role}~{last.membership.id}" if last else None,
        invitations=queries.open_invitations(found.id, now), first=after is None, coordinates=coordinates,
        body=Body(found.id), on=today, words=words, refused=say(refused.refusal) if refused else None,
    )


@blueprint.route("/organisation/<uuid:key>/coordonnees", methods=["GET", "POST"])
def contact(key: uuid.UUID) -> ResponseReturnValue:
    """Change how an organisation is reached."""
    found = _body(key, Action.MANAGE_ORGANISATION)
    form = ContactForm(obj=found)
    if form.validate_on_submit():
        with transaction():
            service.change_contact(found, form.contact(), current_user.id, clock.now())
        flash(_("C’est gardé."))
        return onward("organisations.organisation", key=key)
    return page("organisations/contact.html", status=422 if form.is_submitted() else 200, form=form, organisation=found)


def _roles_to_invite(found: Organisation) -> tuple[str, ...]:
    """Return the roles to which whoever is signed in may invite somebody here."""
    if not may(Action.INVITE_MANAGER, Body(found.id)):
        return ("facilitator",)
    roles = ("facilitator", "manager", "coordinator")
    return tuple(r for r in roles if rules.refusal_to_invite(r, found.kind, found.closed_at) is None)


@blueprint.route("/organisation/<uuid:key>/inviter", methods=["GET", "POST"])
def invite(key: uuid.UUID) -> ResponseReturnValue:
    """Make an invitation; the page that follows shows its link, until it is left."""
    found = _body(key, Action.INVITE_FACILITATOR)
    if request.method == "GET" and (shown := _link_to_show(found)) is not None:
        return shown
    form = InviteForm(_roles_to_invite(found))
    if form.validate_on_submit():
        draft = form.draft()
        if draft.role != "facilitator":
            authorised(Body(key), Action.INVITE_MANAGER)
        try:
            with transaction():
                made, token = service.invite(found, draft.role, draft.title, draft.note, current_user.id, clock.now(),
                                             draft.submission)
        except Refused as refused:
            form.refuse(refused)
        else:
            session["invited"] = {"invitation": str(made.id), "token": seal(token).decode()}
            return onward("organisations.invite", key=key)
    return page("organisations/invite.html", status=422 if form.is_submitted() else 200, form=form, organisation=found)


def _link_to_show(found: Organisation) -> ResponseReturnValue | None:
    """Return the page with the link that was just made here, while it is good."""
    told = session.get("invited", {})
    try:
        made = queries.invitation(uuid.UUID(told["invitation"]))
        token = unseal(told["token"].encode())
    except (KeyError, ValueError, InvalidToken):
        return None
    if made is None or made.organisation_id != found.id or made.used_at or made.revoked_at:
        return None
    link = public_url("organisations.invitation", token=token)
    return page("organisations/invited.html", organisation=found, invitation=made, link=link, words=words,
                qr=drawings.qr_svg(link, _("Code QR de l’invitation"), "stamp xl"))


@blueprint.post("/organisation/invitation/<uuid:key>/annuler")
def revoke_invitation(key: uuid.UUID) -> ResponseReturnValue:
    """Close an invitation that nobody accepted."""
    made = queries.invitation(key)
    action = Action.INVITE_FACILITATOR if made is None or made.role == "facilitator" else Action.INVITE_MANAGER
    authorised(Body(made.organisation_id) if made is not None else None, action)
    assert made is not None
    found = queries.organisation(made.organisation_id)
    assert found is not None
    try:
        with transaction():
            service.revoke_invitation(made, current_user.id, clock.now())
    except Refused as refused:
        return _organisation_page(found, refused)
    flash(_("L’invitation est annulée. Son lien n’ouvre plus rien."))
    return onward("organisations.organisation", key=made.organisation_id)


# ---------- the people of an organisation ----------


@blueprint.route("/organisation/role/<uuid:key>/verification", methods=["GET", "POST"])
def record_check(key: uuid.UUID) -> ResponseReturnValue:
    """Note that a check was seen; never for oneself."""
    found = queries.member(key)
    if found is not None and (found.membership.ended_at or found.role not in rules.CHECKED_ROLES):
        found = None
    person = authorised(found, Action.RECORD_CHECK)
    now, today = now_and_today()
    form = CheckForm(rules.lawful_kinds(person.organisation.kind), today)
    if form.validate_on_submit():
        try:
            with transaction():
                service.record_check(person.membership, form.draft(), current_user.id, now)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(_("La vérification est notée."))
            return onward("organisations.organisation", key=person.organisation_id)
    return page("organisations/check.html", status=422 if form.is_submitted() else 200, form=form, person=person,
                on=today, words=words)


@blueprint.post("/organisation/role/<uuid:key>/retirer")
def remove(key: uuid.UUID) -> ResponseReturnValue:
    """End somebody's role, at once."""
    person = authorised(queries.member(key), Action.REMOVE_MEMBER)
    try:
        with transaction():
            service.end_membership(person.membership, current_user.id, clock.now())
    except Refused as refused:
        return _organisation_page(person.organisation, refused)
    flash(_("C’est fait. Ce rôle n’ouvre plus rien, dès maintenant."))
    if person.account_id == current_user.id:
        return onward("accounts.menu")
    return onward("organisations.organisation", key=person.organisation_id)


# ---------- the joining code ----------


@blueprint.get("/organisation/<uuid:key>/code")
def join_code(key: uuid.UUID) -> ResponseReturnValue:
    """Show the code with which people join on the spot, to read aloud, to scan or to print."""
    found = _body(key, Action.MANAGE_ORGANISATION)
    code = service.join_code(found)
    link = public_url("organisations.join_by_code", code=code) if code else None
    return page("organisations/join_code.html", organisation=found, code=code, link=link, seen=service.mark_of(code),
                where=public_url("organisations.join"),
                qr=drawings.qr_svg(link, _("Code QR pour rejoindre cette organisation"), "stamp xl") if link else None)


@blueprint.post("/organisation/<uuid:key>/code/remplacer")
def replace_join_code(key: uuid.UUID) -> ResponseReturnValue:
    """Make a joining code, and end the one before."""
    found = _body(key, Action.MANAGE_ORGANISATION)
    with transaction():
        service.replace_join_code(found, request.form.get("seen", ""), current_user.id, clock.now())
    flash(_("Le nouveau code est prêt."))
    return onward("organisations.join_code", key=key)


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
        service.replace_ask_code(person.membership, request.form.get("seen", ""), clock.now())
    flash(_("Le nouveau code est prêt. L’ancien n’ouvre plus rien."))
    return onward("organisations.ask_code", role=person.membership.id)
