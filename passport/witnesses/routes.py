"""Pages of asking somebody without account, and of reading what they say."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, drawings
from ..accounts.rules import WITNESS, Band
from ..experiences import queries as experiences
from ..feedback import queries as feedback
from ..policy import Action
from ..refusals import Refusal, Refused
from ..transaction import transaction
from ..web import actor, authorised, now_and_today, onward, page, public_url
from ..wording import say
from . import panels, queries, rules, service
from .forms import InviteForm
from .witness import blueprint as witness

blueprint = Blueprint("witnesses", __name__)
BLUEPRINTS = (blueprint, witness)
panels.register()


@blueprint.route("/experience/<uuid:key>/demander/sans-compte", methods=["GET", "POST"])
def invite(key: uuid.UUID) -> ResponseReturnValue:
    """See exactly what somebody without account will read, and open a one-time link to it."""
    now, today = now_and_today()
    experience = authorised(experiences.experience(key), Action.INVITE_WITNESS)
    band: Band = actor().band(today)
    open_now = sum(1 for i in queries.of_experience(key, now) if i.may_cancel)
    refusal = rules.refusal_to_invite(band, experience.for_me_only, experience.deleted_at, open_now,
                                      WITNESS in actor().consents)
    if refusal is not None and request.method == "GET":
        return page("feedback/stays.html", status=422, experience=experience, words=say(refusal))
    claims = feedback.claims(key)
    form = InviteForm(band, current_user.display_name, claims, version=str(experience.version))
    status = 200
    if request.method == "POST":
        status = 422
        valid = form.validate()
        if valid and not form.is_about(experience.version):
            form.refuse(Refused(Refusal.CHANGED_MEANWHILE))
            form.version.data = str(experience.version)
        elif valid:
            try:
                with transaction():
                    made = service.invite(experience, form.draft(), now)
                return onward("witnesses.ready", key=made.id)
            except Refused as refused:
                if refused.refusal is Refusal.SENT_OTHERWISE:
                    raise
                form.refuse(refused)
    return page("witnesses/invite.html", status=status, experience=experience, form=form, claims=claims,
                told=feedback.told_now(experience), name=current_user.display_name,
                ends=feedback.day_words(rules.ends_at(now)))


@blueprint.get("/sans-compte/<uuid:key>")
def ready(key: uuid.UUID) -> ResponseReturnValue:
    """See a one-time link again: its QR code, its address, and what it shows."""
    now = clock.now()
    found = authorised(queries.invitation(key), Action.CANCEL_INVITATION)
    state = queries.state_of(found, now)
    if state is not rules.InvitationState.OPEN:
        return redirect(url_for("experiences.experience", key=found.experience_id), 303)
    token = queries.token_of(found)
    address = public_url("witness.answer", token=token)
    revision = queries.revision(found)
    return page("witnesses/ready.html", invitation=found, address=address, token=token,
                host=address.split("/")[2], told=feedback.told(revision), claims=queries.claims_shown(found),
                name=queries.name_shown(found), ends=feedback.day_words(found.expires_at),
                qr=drawings.qr_svg(address, _("Code QR pour une personne sans compte"), "stamp xl"))


@blueprint.post("/sans-compte/<uuid:key>/annuler")
def cancel(key: uuid.UUID) -> ResponseReturnValue:
    """Close an invitation at once."""
    found = authorised(queries.invitation(key), Action.CANCEL_INVITATION)
    with transaction():
        service.cancel(found, clock.now())
    flash(_("C’est annulé. Ce lien n’ouvre plus rien."))
    return onward("experiences.experience", key=found.experience_id)


@blueprint.get("/vu/<uuid:key>")
def read(key: uuid.UUID) -> ResponseReturnValue:
    """Go to somebody's words, on the page of their experience."""
    found = authorised(queries.testimony(key, clock.now()), Action.READ_TESTIMONY)
    return redirect(url_for("experiences.experience", key=found.experience_id, _anchor=f"vu-{found.id}"), 303)


@blueprint.post("/vu/<uuid:key>/lu")
def note(key: uuid.UUID) -> ResponseReturnValue:
    """Keep that the learner read somebody's words."""
    now = clock.now()
    found = authorised(queries.testimony(key, now), Action.READ_TESTIMONY)
    with transaction():
        service.note_read(found, now)
    return onward("experiences.experience", key=found.experience_id)


@blueprint.post("/vu/<uuid:key>/supprimer")
def delete(key: uuid.UUID) -> ResponseReturnValue:
    """Take somebody's words out of the passport, and out of every link."""
    now = clock.now()
    found = authorised(queries.testimony(key, now), Action.DELETE_TESTIMONY)
    with transaction():
        service.erase(found, found.learner_id, now)
    flash(_("C’est supprimé."))
    return onward("experiences.experience", key=found.experience_id)
