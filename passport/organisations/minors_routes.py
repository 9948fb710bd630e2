"""The way of an organisation to minors, and who reads to protect there."""

from __future__ import annotations

import uuid

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..policy import Action, Body
from ..refusals import Refused
from ..transaction import transaction
from ..web import authorised, may, onward, page
from ..wording import say
from . import minors as service
from . import queries, rules, words
from .forms import PersonForm, WelcomeForm
from .joining_routes import blueprint
from .models import Organisation


def _body(key: uuid.UUID, action: Action) -> Organisation:
    authorised(Body(key), action)
    found = queries.organisation(key)
    if found is None or found.kind == "city":
        abort(404)
    return found


def _who(person: queries.Person) -> str:
    return f"{person.name}, {words.role_words(person.role, person.membership.title)}"


@blueprint.route("/organisation/<uuid:key>/moins-de-18-ans", methods=["GET", "POST"])
def minors(key: uuid.UUID) -> ResponseReturnValue:
    """Name who answers for the welcome of minors, and sign the charter for it."""
    found = _body(key, Action.MANAGE_ORGANISATION)
    now = clock.now()
    adults = queries.adults_of(key, now)
    lead = next((p.membership.id for p in adults if p.account_id == found.minors_lead_id), None)
    form = WelcomeForm([(p.membership.id, _who(p)) for p in adults], lead)
    if form.validate_on_submit():
        signs = bool(form.signed.data)
        if signs:
            authorised(Body(key), Action.SIGN_MINORS_CHARTER)
        chosen = next((p.membership for p in adults if p.membership.id == form.key()), None)
        try:
            with transaction():
                service.name_lead(found, chosen, current_user.id, now)
                if signs:
                    service.sign_charter(found, current_user.id, now)
        except Refused as refused:
            form.refuse(refused, "person")
        else:
            flash(_("C’est gardé."))
            return onward("organisations.minors", key=key)
    return _minors_page(found, form, 422 if form.is_submitted() else 200)


def _minors_page(found: Organisation, form: WelcomeForm, status: int, refused: str = "") -> ResponseReturnValue:
    now = clock.now()
    coordinates = may(Action.COORDINATE, None)
    readers = queries.readers_elsewhere(found.id, now) if coordinates else []
    second = PersonForm([("", _("Les personnes nommées par la Ville")),
                         *((p.account_id, f"{p.name}, {p.organisation.name}") for p in readers)],
                        found.minors_reader_id, formdata=None)
    second.person.id = "second"  # the other form has a field of this name
    missing = rules.refusal_to_allow(queries.welcome(found, now))
    return page("organisations/minors.html", status=status, organisation=found, form=form, second=second,
                coordinates=coordinates, signs=may(Action.SIGN_MINORS_CHARTER, Body(found.id)), words=words,
                signed=found.minors_charter_version == rules.MINORS_CHARTER_VERSION, refused=refused,
                by=queries.name_of(found.minors_charter_by_id), reader=queries.name_of(found.minors_reader_id),
                missing=say(missing) if missing else "", version=rules.MINORS_CHARTER_VERSION)


@blueprint.post("/organisation/<uuid:key>/seconde-lecture")
def second_reader(key: uuid.UUID) -> ResponseReturnValue:
    """Name the second reader: somebody from a federation or a neighbour, or the agents of the city."""
    found = _body(key, Action.COORDINATE)
    now = clock.now()
    try:
        account_id = uuid.UUID(request.form["person"]) if request.form.get("person") else None
        with transaction():
            service.name_second_reader(found, account_id, current_user.id, now)
    except (Refused, ValueError) as fault:
        adults = queries.adults_of(key, now)
        form = WelcomeForm([(p.membership.id, _who(p)) for p in adults], None, formdata=None)
        said = say(fault.refusal) if isinstance(fault, Refused) else _("Choisir une ligne de la liste.")
        return _minors_page(found, form, 422, said)
    flash(_("C’est gardé."))
    return onward("organisations.minors", key=key)


@blueprint.post("/organisation/role/<uuid:key>/relire")
def pool_reader(key: uuid.UUID) -> ResponseReturnValue:
    """Put an agent of the city among those who read to protect, or end it."""
    person = authorised(queries.member(key), Action.COORDINATE)
    named = request.form.get("named") == "yes"
    try:
        with transaction():
            service.name_pool_reader(person.membership, named, current_user.id, clock.now())
    except Refused as refused:
        flash(say(refused.refusal))
    else:
        flash(_("C’est gardé. Une vérification en règle est nécessaire pour relire.") if named else _("C’est gardé."))
    return onward("organisations.organisation", key=person.organisation_id)


@blueprint.route("/organisation/role/<uuid:key>/relecture", methods=["GET", "POST"])
def co_reader(key: uuid.UUID) -> ResponseReturnValue:
    """Name the adult of the organisation who may read what a facilitator of 16 or 17 writes."""
    found = queries.member(key)
    now = clock.now()
    if found is not None and (found.membership.ended_at or found.role != "facilitator"
                              or not queries.young_among([found.account_id], now)):
        found = None
    person = authorised(found, Action.MANAGE_ORGANISATION)
    adults = queries.adults_of(person.organisation_id, now)
    form = PersonForm([(p.membership.id, _who(p)) for p in adults], person.membership.co_reader_id)
    if form.validate_on_submit():
        chosen = next((p.membership for p in adults if p.membership.id == form.key()), None)
        try:
            with transaction():
                service.name_co_reader(person.membership, chosen, current_user.id, now)
        except Refused as refused:
            form.refuse(refused, "person")
        else:
            flash(_("C’est gardé."))
            return onward("organisations.organisation", key=person.organisation_id)
    return page("organisations/co_reader.html", status=422 if form.is_submitted() else 200, form=form, person=person,
                words=words)
