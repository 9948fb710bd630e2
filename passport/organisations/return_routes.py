"""« Aider quelqu’un à revenir »: an adult types the number that somebody shows on their own phone."""

from __future__ import annotations

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.exceptions import NotFound
from wtforms.validators import InputRequired

from .. import clock
from ..accounts import tries
from ..forms import Form, Sentence
from ..policy import Action, Actor
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..web import Forbidden, actor, authorised, onward, page
from . import returning

blueprint = Blueprint("returns", __name__)


class ReturnForm(Form):
    """The number on somebody's phone."""

    number = Sentence(_l("Le numéro sur son téléphone"), most=40, validators=[InputRequired(_l("Écrire les huit chiffres."))],
                      render_kw={"autocomplete": "off", "inputmode": "numeric"})


@blueprint.route("/aider-a-revenir", methods=["GET", "POST"])
def helping() -> ResponseReturnValue:
    """Type the number, see by what name this person is called, and confirm that they are there."""
    authorised(actor(), Action.HELP_IN_PERSON)
    form, status, found = ReturnForm(), 200, None
    if form.validate_on_submit():
        try:
            found = _found(form.number.data or "")
            if request.form.get("confirm"):
                with transaction():
                    both = returning.confirm(actor(), found.recovery_id, current_user.audit_ref, clock.now())
                # Not for a number that is only looked at: one's own would let go of all wrong ones, again and again.
                tries.forget(_typed_by(actor()))
                flash(_("C’est confirmé. La personne choisit sa phrase sur son téléphone.") if both
                      else _("C’est confirmé. Il faut maintenant une deuxième personne, avec le même numéro."))
                return onward("returns.helping")
        except Refused as refused:
            found = None
            form.refuse(refused, "number")
            status = 429 if refused.refusal is Refusal.TOO_MANY_TRIES else 422
    elif form.is_submitted():
        status = 422
    return page("organisations/helping.html", form=form, found=found, status=status)


def _typed_by(who: Actor) -> str:
    return f"return by {who.account_id}"


def _found(number: str) -> returning.Asking:
    """Return the way back of a number, once the policy was asked and the line is written. Raises Refused.

    Whoever may not be one of the two finds what they would find for a number that nobody shows.
    """
    who, now = actor(), clock.now()
    release()
    if tries.seconds_to_wait(_typed_by(who)):
        raise Refused(Refusal.TOO_MANY_TRIES)
    thing = returning.asking(number, now)
    release()
    if thing is None:
        raise Refused(Refusal.RETURN_UNKNOWN)
    refusal = _refusal(thing)
    if refusal is Refusal.RETURN_UNKNOWN:
        raise Refused(refusal)
    if refusal is not None:
        raise Refused(refusal)
    returning.note_seen(who, thing, current_user.audit_ref, now)
    return thing


def _refusal(thing: returning.Asking) -> Refusal | None:
    try:
        authorised(thing, Action.CONFIRM_RETURN)
    except NotFound:
        return Refusal.RETURN_UNKNOWN
    except Forbidden as refused:
        return refused.refusal
    return None
