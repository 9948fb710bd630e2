"""« Imprimer une feuille vérifiable sans réseau »: choosing, printing, and closing the page behind it."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, drawings
from ..accounts.rules import Band
from ..links import host
from ..policy import Action, Mine
from ..refusals import Refused
from ..sharing.words import full_day
from ..transaction import transaction
from ..web import authorised, onward, page, public_url
from . import sheet_code, sheet_queries, sheet_service
from .forms import SheetForm

blueprint = Blueprint("sheets", __name__)


@blueprint.route("/feuille", methods=["GET", "POST"])
def prepare() -> ResponseReturnValue:
    """Be told that print cannot be taken back, choose what stands on a sheet, and have it signed."""
    me, now = authorised(Mine(current_user.id), Action.PRINT_SHEET).learner_id, clock.now()
    band: Band = current_user.actor.band(clock.today())
    found = sheet_queries.printable(me, now)
    form = SheetForm(band, current_user.display_name, found)
    if form.validate_on_submit():
        try:
            with transaction():
                sheet = sheet_service.make(me, form.draft(), now)
            return onward("sheets.printed", key=sheet.id)
        except Refused as refused:
            form.refuse(refused)
    small = {str(p.recognised.id): _("Reconnu %(who)s", who=p.recognised.provenance) for p in found}
    return page("card/sheet_prepare.html", form=form, found=found, small=small, status=422 if form.is_submitted() else 200)


@blueprint.get("/feuille/<uuid:key>")
def printed(key: uuid.UUID) -> ResponseReturnValue:
    """See a sheet as it is printed."""
    now = clock.now()
    sheet = authorised(sheet_queries.by_id(key, now), Action.READ_SHARES)
    if not sheet.is_open:
        return page("card/sheet_over.html", sheet=sheet)
    address = public_url("sheet.check", token=sheet.token)
    qr = drawings.qr_svg(f"{address}#", _("Code QR de la feuille"), "paper", sheet_code.digits(sheet.signed))
    found = sheet_queries.still_shown(sheet)
    return page("card/sheet.html", sheet=sheet, found=found, days={r.id: full_day(r.day) for r in found}, qr=qr, host=host())


@blueprint.post("/feuille/<uuid:key>/fermer")
def close(key: uuid.UUID) -> ResponseReturnValue:
    """Close the page behind a sheet."""
    now = clock.now()
    sheet = authorised(sheet_queries.by_id(key, now), Action.CLOSE_SHARE)
    with transaction():
        sheet_service.close(sheet.id, sheet.learner_id, now)
    flash(_("La page de cette feuille est fermée."))
    return onward("card.show")
