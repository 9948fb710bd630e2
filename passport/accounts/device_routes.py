"""The page of one's devices: where the passport is open, and ending it there or everywhere."""

from __future__ import annotations

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..policy import Action, Mine
from ..transaction import transaction
from ..web import authorised, onward, page
from . import devices, returning
from .forms import DeviceNameForm

blueprint = Blueprint("devices", __name__)


def _mine() -> Mine:
    """Return one's own account, after the policy was asked."""
    return authorised(Mine(current_user.id), Action.CHANGE_ACCOUNT)


@blueprint.route("/appareils", methods=["GET", "POST"])
def mine() -> ResponseReturnValue:
    """See where the passport is open, and call this device by a name."""
    _mine()
    now = clock.now()
    opened = devices.opened(current_user.id, current_user.session_hash, now)
    form = DeviceNameForm(data={"name": next((one.name for one in opened if one.here), None)})
    if form.validate_on_submit():
        with transaction():
            devices.rename(current_user.session_hash, form.name.data)
        flash(_("C’est noté."))
        return onward("devices.mine")
    return page("accounts/devices.html", form=form, opened=opened, asked=returning.asked_for(current_user.id, now),
                news=devices.unseen(current_user.id, now), status=422 if form.is_submitted() else 200)


@blueprint.post("/appareils/deconnecter")
def end() -> ResponseReturnValue:
    """Sign out on one device, on the others, or everywhere; its next request signs in."""
    _mine()
    now, which = clock.now(), request.form.get("device", "")
    here = current_user.session_hash
    with transaction():
        if which == "everywhere":
            devices.end_all(current_user.id, now)
        elif which == "others":
            devices.end_all(current_user.id, now, but=here)
        else:
            devices.end(current_user.id, which, here, now)
    if which == "everywhere":
        return onward("accounts.sign_in")
    flash(_("C’est fait : le passeport y est fermé."))
    return onward("devices.mine")


@blueprint.post("/appareils/arreter")
def stop() -> ResponseReturnValue:
    """Stop whoever asks to come back into this passport without being oneself."""
    _mine()
    with transaction():
        returning.stop(current_user.id, clock.now())
    flash(_("C’est arrêté : ce numéro n’ouvre plus rien."))
    return onward("devices.mine")


@blueprint.post("/appareils/vu")
def seen() -> ResponseReturnValue:
    """Take what was told of devices, of a way back and of closed links as read."""
    _mine()
    with transaction():
        devices.seen(current_user.id, clock.now())
    return onward("devices.mine")
