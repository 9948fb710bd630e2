"""The pages of the city's coordination, and of organisations and their people."""

from __future__ import annotations

import uuid

from cryptography.fernet import InvalidToken
from flask import abort, flash, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, drawings
from ..policy import Action, Body
from ..refusals import Refusal, Refused
from ..seal import seal, unseal
from ..transaction import transaction
from ..web import actor, authorised, may, now_and_today, onward, page, public_url, wants_fragment
from ..wording import say
from . import accreditation as charters
from . import coordinators, leaving, minors, past, queries, return_routes, rules, service, words
from . import minors_routes as minors_routes
from . import reminders as reminders
from .forms import AccreditationForm, CheckForm, ContactForm, InviteForm, OrganisationForm
from .joining_routes import blueprint
from .models import Organisation

BLUEPRINTS = (blueprint, return_routes.blueprint)
past.register()

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


@blueprint.post("/ville/organisation/<uuid:key>/fermer")
def close(key: uuid.UUID) -> ResponseReturnValue:
    """Close an organisation that leaves, for good."""
    found = _body(key, Action.COORDINATE)
    try:
        with transaction():
            leaving.close(found, current_user.id, clock.now())
    except Refused as refused:
        return _organisation_page(found, refused)
    flash(_("L’organisation est fermée. Ce qui a été reconnu reste."))
    return onward("organisations.city")


@blueprint.post("/ville/organisation/<uuid:key>/moins-de-18-ans")
def set_minors(key: uuid.UUID) -> ResponseReturnValue:
    """Say whether people under 18 may be answered in this organisation's name."""
    found = _body(key, Action.COORDINATE)
    allowed = request.form.get("allowed") == "yes"
    try:
        with transaction():
            minors.set_minors(found, allowed, current_user.id, clock.now())
    except Refused as refused:
        return _organisation_page(found, refused)
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
        charter=charters.accepted_charter(found.id), young=queries.young_among([p.account_id for p in people], now),
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
            if refused.refusal is Refusal.INVITATION_SPENT:
                form.submission.data = str(uuid.uuid4())
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


@blueprint.route("/organisation/<uuid:key>/charte", methods=["GET", "POST"])
def accreditation(key: uuid.UUID) -> ResponseReturnValue:
    """Read the accreditation charter, and accept it in the organisation's name."""
    found = _body(key, Action.ACCEPT_ACCREDITATION)
    form = AccreditationForm()
    if form.validate_on_submit():
        member = next(r.membership_id for r in actor().active("manager", clock.now()) if r.organisation_id == key)
        try:
            with transaction():
                charters.accept(found, member, current_user.id, clock.now())
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(_("La charte est acceptée. C’est gardé, avec le jour."))
            return onward("organisations.organisation", key=key)
    return page("organisations/accreditation.html", status=422 if form.is_submitted() else 200, form=form,
                organisation=found, accepted=charters.accepted_charter(key), version=rules.ACCREDITATION_VERSION, words=words)


# ---------- the people of an organisation ----------


@blueprint.route("/organisation/role/<uuid:key>/verification", methods=["GET", "POST"])
def record_check(key: uuid.UUID) -> ResponseReturnValue:
    """Note that a check was seen; never for oneself."""
    found = queries.member(key)
    if found is not None and (found.membership.ended_at or not found.is_checked_person):
        found = None
    person = authorised(found, Action.RECORD_CHECK)
    now, today = now_and_today()
    common = charters.common_date()
    form = CheckForm(charters.checks_of(person.organisation.kind), today, rules.proposed_end(today, common))
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
                on=today, words=words, common=words.common_words(common))


@blueprint.post("/organisation/role/<uuid:key>/suspendre")
def suspend_member(key: uuid.UUID) -> ResponseReturnValue:
    """Suspend somebody's role, or let them act again."""
    person = authorised(queries.member(key), Action.REMOVE_MEMBER)
    suspends = request.form.get("suspended") == "yes"
    if person.account_id == current_user.id:
        return _organisation_page(person.organisation, Refused(Refusal.NOT_ONESELF))
    try:
        with transaction():
            (leaving.suspend_member if suspends else leaving.resume_member)(person.membership, current_user.id, clock.now())
    except Refused as refused:
        return _organisation_page(person.organisation, refused)
    flash(_("Ce rôle est suspendu, dès maintenant.") if suspends else _("Ce rôle est de nouveau actif."))
    return onward("organisations.organisation", key=person.organisation_id)


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


@blueprint.post("/organisation/role/<uuid:key>/confirmer")
def confirm_coordinator(key: uuid.UUID) -> ResponseReturnValue:
    """Confirm somebody whom another coordinator invited to coordinate."""
    person = authorised(queries.member(key), Action.CONFIRM_COORDINATOR)
    try:
        with transaction():
            coordinators.confirm(person.membership, current_user.id, clock.now())
    except Refused as refused:
        return _organisation_page(person.organisation, refused)
    flash(_("C’est confirmé. Toute la coordination reçoit un message."))
    return onward("organisations.organisation", key=person.organisation_id)


@blueprint.post("/organisation/role/<uuid:key>/double-securite")
def reset_factor(key: uuid.UUID) -> ResponseReturnValue:
    """Let somebody who lost their second factor begin anew; they stand before whoever does it."""
    person = authorised(queries.member(key), Action.RESET_FACTOR)
    try:
        with transaction():
            service.reset_factor(person.membership, actor(), clock.now())
    except Refused as refused:
        return _organisation_page(person.organisation, refused)
    flash(_("C’est fait. Ses appareils sont déconnectés : la double sécurité se remet en place à la prochaine ouverture."))
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
        replaced = service.replace_join_code(found, request.form.get("seen", ""), current_user.id, clock.now())
    flash(_("Le nouveau code est prêt.") if replaced else _("Le code avait déjà changé. Le voici."))
    return onward("organisations.join_code", key=key)
