"""The pages of one's own protection and of one's age."""

from __future__ import annotations

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..policy import Action, Mine
from ..refusals import Refused
from ..transaction import transaction
from ..web import actor, authorised, onward, page
from . import protection, queries, rules
from .forms import BirthForm, QuietForm
from .models import Protection

blueprint = Blueprint("protected", __name__)


def _mine() -> Mine:
    return authorised(Mine(current_user.id), Action.CHANGE_ACCOUNT)


def _minor() -> bool:
    return actor().band(clock.today()) is not rules.Band.ADULT


@blueprint.get("/protection")
def choice() -> ResponseReturnValue:
    """What protection changes, and the way in and out of it."""
    _mine()
    kept = protection.of(current_user.id)
    hours = {name: "" if value is None else str(value)
             for name, value in (("quiet_from", kept.quiet_from), ("quiet_to", kept.quiet_to))}
    return _page(QuietForm(data=hours), kept=kept)


def _page(form: QuietForm, status: int = 200, kept: Protection | None = None) -> ResponseReturnValue:
    kept = kept or protection.of(current_user.id)
    return page("accounts/protection.html", form=form, status=status, minor=_minor(),
                chosen=actor().protection_chosen, words=kept.witness_words,
                doubted_by=queries.doubted_by(current_user.id) if kept.doubted_at else None)


@blueprint.post("/protection/choisir")
def choose() -> ResponseReturnValue:
    """Choose protection, or leave it; either counts at once."""
    _mine()
    wanted = request.form.get("wanted") == "yes"
    try:
        with transaction():
            (protection.choose if wanted else protection.leave)(current_user.id, clock.now())
    except Refused as refused:
        form = QuietForm(formdata=None)
        form.refuse(refused)
        return _page(form, 422)
    flash(_("La protection est en place.") if wanted else _("La protection est arrêtée."))
    return onward("protected.choice")


@blueprint.post("/protection/heures")
def quiet() -> ResponseReturnValue:
    """Choose the hours in which no message arrives."""
    _mine()
    form = QuietForm()
    if form.validate():
        begin, end = form.hours()
        try:
            with transaction():
                protection.set_quiet_hours(current_user.id, begin, end, clock.now())
        except Refused as refused:
            form.refuse(refused, "quiet_from")
        else:
            flash(_("C’est noté."))
            return onward("protected.choice")
    return _page(form, 422)


@blueprint.post("/protection/sans-compte")
def witnesses() -> ResponseReturnValue:
    """Let people without account write in their own words, or choose ready sentences again."""
    _mine()
    try:
        with transaction():
            protection.let_witnesses_write(current_user.id, request.form.get("wanted") == "yes", clock.now())
    except Refused as refused:
        form = QuietForm(formdata=None)
        form.refuse(refused)
        return _page(form, 422)
    flash(_("C’est noté."))
    return onward("protected.choice")


@blueprint.get("/mon-age")
def age() -> ResponseReturnValue:
    """Say that one is younger than was said, or show a code to somebody in person."""
    _mine()
    return _age_page(BirthForm(today=clock.today()))


def _age_page(form: BirthForm, status: int = 200) -> ResponseReturnValue:
    kept = protection.of(current_user.id)
    return page("accounts/age.html", form=form, status=status, minor=_minor(), doubted=kept.doubted_at is not None,
                by_calendar=rules.refusal_to_confirm_anybody(actor().band(clock.today())) is not None,
                code=protection.code_shown(kept, clock.now()))


@blueprint.post("/mon-age/moins")
def lower() -> ResponseReturnValue:
    """Keep that one is younger than was said, at once."""
    _mine()
    form = BirthForm(today=clock.today())
    if form.validate():
        try:
            with transaction():
                protection.lower_age(current_user.id, *form.born(), clock.now())
        except Refused as refused:
            form.refuse(refused, "birth_month")
        else:
            flash(_("C’est noté. La protection est en place."))
            return onward("protected.choice")
    return _age_page(form, 422)


@blueprint.post("/mon-age/code")
def show_code() -> ResponseReturnValue:
    """Show a code for a quarter of an hour."""
    _mine()
    try:
        with transaction():
            protection.show_code(current_user.id, clock.now())
    except Refused as refused:
        form = BirthForm(formdata=None, today=clock.today())
        form.refuse(refused)
        return _age_page(form, 422)
    return onward("protected.age")
