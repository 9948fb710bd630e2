"""What a facilitator says of the age of whoever asked them: never which it is, only that it is looked at."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..accounts import protection
from ..accounts.forms import AgeCodeForm
from ..audit.service import Looked, note_act
from ..policy import Action, answering_role
from ..refusals import Refused
from ..transaction import transaction
from ..web import actor, authorised, onward, page
from . import waiting

blueprint = Blueprint("ages", __name__)


@blueprint.get("/on-me-demande/<uuid:key>/age")
def look(key: uuid.UUID) -> ResponseReturnValue:
    """Say « moins de 18 ans, je crois », or confirm in person that somebody is an adult; it names nobody."""
    received = authorised(waiting.asked(key, clock.now()), Action.READ_REQUEST)
    return _page(key, received.learner_protected, AgeCodeForm())


def _page(key: uuid.UUID, protected: bool, form: AgeCodeForm, status: int = 200) -> ResponseReturnValue:
    return page("feedback/age.html", key=key, protected=protected, form=form, status=status)


@blueprint.post("/on-me-demande/<uuid:key>/age/moins")
def doubt(key: uuid.UUID) -> ResponseReturnValue:
    """Protect somebody at once, who is told; nothing else is known or kept of their age."""
    now, who = clock.now(), actor()
    received = authorised(waiting.asked(key, now), Action.DOUBT_AGE)
    role = answering_role(who, received, now)
    if role is None:
        abort(404)
    with transaction():
        protection.doubt(received.learner_id, role.membership_id, who.account_id, now)
    flash(_("C’est noté. La protection est en place, et la personne le sait."))
    return onward("feedback.inbox")


@blueprint.post("/on-me-demande/<uuid:key>/age/plus")
def confirm(key: uuid.UUID) -> ResponseReturnValue:
    """Confirm, with the code on the learner's own screen, that they are 18 or more."""
    now, who = clock.now(), actor()
    received = authorised(waiting.asked(key, now), Action.CONFIRM_AGE)
    form = AgeCodeForm()
    if form.validate():
        try:
            with transaction():
                confirmed = protection.confirm(received.learner_id, form.code.data or "", who.account_id, now)
                if confirmed and received.experience_id is not None:
                    note_act(Looked(received.learner_id, received.organisation_id, received.experience_id),
                             current_user.audit_ref, "facilitator", "confirm_age", now)
        except Refused as refused:
            form.refuse(refused, "code")
        else:
            flash(_("C’est confirmé."))
            return onward("feedback.inbox")
    return _page(key, received.learner_protected, form, 422)
