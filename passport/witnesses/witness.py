"""What somebody without account opens: their one-time link, then by the same link what they said.

Nothing here reads or sets a cookie: the key is in the address, so no other site can send one of these forms.
"""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from .. import clock, doors
from ..extensions import csrf
from ..feedback import queries as feedback
from ..feedback.queries import arrival_words
from ..refusals import Refusal, Refused
from ..seal import digest_of
from ..transaction import transaction
from ..web import public
from . import queries, rules, service
from .forms import WitnessForm
from .queries import Facing
from .rules import InvitationState

blueprint = Blueprint("witness", __name__)
csrf.exempt(blueprint)


def _find(token: str) -> Facing | None:
    return queries.by_token(digest_of(token), clock.now()) if len(token) == doors.TOKEN_LENGTH else None


@blueprint.route("/t/<token>", methods=["GET", "POST"])
@public
def answer(token: str) -> ResponseReturnValue:
    """Say what one saw; later, read it again."""
    facing = _find(token)
    form = _form(facing)
    if facing is None:
        return doors.unknown() if request.method == "GET" else doors.too_many() or _too_late(form, 404)
    if request.method == "POST":
        return _answered(token, facing, form)
    if facing.testimony is not None:
        return _kept(token, facing)
    if facing.state is not InvitationState.OPEN:
        return doors.closed()
    return _asked(token, facing, form)


def _form(facing: Facing | None) -> WitnessForm:
    return WitnessForm(facing is not None and facing.ready_only, str(get_locale()),
                       facing.learner if facing is not None else "")


def _answered(token: str, facing: Facing, form: WitnessForm) -> ResponseReturnValue:
    """Keep what was said, once. What comes too late is not lost: it is read again, to be copied."""
    if facing.testimony is None and rules.refusal_to_answer(facing.state) is not None:
        return _too_late(form, 410)
    if not form.validate():
        return _asked(token, facing, form, 422) if facing.testimony is None else _too_late(form, 409)
    try:
        with transaction():
            service.answer(facing.invitation, form.draft(), clock.now())
    except Refused as refused:
        if refused.refusal in {Refusal.INVITATION_CLOSED, Refusal.SENT_OTHERWISE}:
            return _too_late(form, 409 if facing.testimony is not None else 410)
        form.refuse(refused)
        return _asked(token, facing, form, 422)
    return redirect(doors.way("witness.answer", token=token), 303)


def _asked(token: str, facing: Facing, form: WitnessForm, status: int = 200) -> ResponseReturnValue:
    html = render_template(
        "witnesses/answer.html", form=form, learner=facing.learner, ready_only=facing.ready_only,
        told=feedback.told(facing.revision), claims=queries.claims_shown(facing.invitation),
        address=doors.way("witness.answer", token=token), ends=feedback.day_words(facing.invitation.expires_at),
        most=rules.MOST_SENTENCES,
    )
    return html, status


def _kept(token: str, facing: Facing) -> ResponseReturnValue:
    assert facing.visible_at is not None
    return render_template(
        "witnesses/kept.html", facing=facing, arrival=arrival_words(facing.visible_at, clock.now()),
        take_back=doors.way("witness.take_back", token=token), erase=doors.way("witness.erase", token=token),
        whole=str(current_app.config["PUBLIC_URL"]).rstrip("/") + doors.way("witness.answer", token=token),
    )


def _too_late(form: WitnessForm, status: int) -> ResponseReturnValue:
    return render_template("witnesses/too_late.html", typed=form.typed, again=status == 409), status


@blueprint.post("/t/<token>/ne-plus-montrer")
@public
def take_back(token: str) -> ResponseReturnValue:
    """Let one's words be shown to nobody any more."""
    facing = _find(token)
    if facing is None:
        return doors.unknown()
    if facing.testimony is None:
        return doors.closed()
    with transaction():
        service.take_back_permission(facing.testimony, clock.now())
    return redirect(doors.way("witness.answer", token=token), 303)


@blueprint.post("/t/<token>/effacer")
@public
def erase(token: str) -> ResponseReturnValue:
    """Erase what one said, name and all; a second time it is erased as well."""
    facing = _find(token)
    if facing is None:
        return doors.unknown()
    if facing.testimony is not None:
        with transaction():
            service.erase(facing.testimony, None, clock.now())
    elif facing.state is not InvitationState.USED:
        return doors.closed()
    return doors.door(200, _("C’est effacé."), _("Ces mots et ce nom ne sont plus dans le passeport, ni dans aucun lien."),
                      "")
