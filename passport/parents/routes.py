"""« Montrer, à deux »: what a child decides with a parent; then, at 15 and at 18, what becomes theirs."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, drawings
from ..accounts.rules import PURPOSES
from ..links import host
from ..organisations.words import day_words
from ..policy import Action, Mine
from ..refusals import Refused
from ..transaction import transaction
from ..web import actor, authorised, now_and_today, onward, page, public_url
from ..wording import say
from . import letters, panels, queries, rules, service, words  # noqa: F401 - letters and panels register themselves
from .forms import CLOSE, KEEP, ComeOfAgeForm, ask_form, hand_over_form
from .guardian import blueprint as guardian

blueprint = Blueprint("parents", __name__)
BLUEPRINTS = (blueprint, guardian)


@blueprint.route("/a-deux", methods=["GET", "POST"])
def together() -> ResponseReturnValue:
    """See what is decided by two, stop any of it, and ask a parent about more."""
    me, (now, today) = authorised(Mine(current_user.id), Action.DECIDE_BY_TWO).learner_id, now_and_today()
    last, band = queries.last_of(me), actor().band(today)
    may_ask = [p for p in PURPOSES if rules.refusal_to_ask(band, p, last.get(p), now) is None]
    form = ask_form(may_ask)
    if form.is_submitted():
        if form.validate():
            try:
                with transaction():
                    asked = service.ask(me, form.draft(), now)
            except Refused as refused:
                form.refuse(refused)
            else:
                return onward("parents.ready", key=asked.id)
        status = 422
    else:
        status = 200
    return page("parents/together.html", status=status, form=form, may_ask=may_ask, small=words.SMALL,
                lines=[queries.line(last[p], now) for p in PURPOSES if p in last], asked=queries.asked(me, now))


@blueprint.get("/a-deux/<uuid:key>")
def ready(key: uuid.UUID) -> ResponseReturnValue:
    """See the code for a parent again: to be shown, printed or sent."""
    now = clock.now()
    mine = authorised(queries.guardian(key), Action.DECIDE_BY_TWO)
    asked = next(iter(queries.asked(mine.learner_id, now, key)), None)
    if asked is None:
        return onward("parents.together")
    address = public_url("guardian.answer", token=asked.token)
    return page("parents/ready.html", asked=asked, address=address, host=host(),
                qr=drawings.qr_svg(address, _("Code QR pour un parent"), "stamp xl"))


@blueprint.post("/a-deux/<uuid:key>/rappeler")
def remind(key: uuid.UUID) -> ResponseReturnValue:
    """Send the one reminder."""
    mine = authorised(queries.guardian(key), Action.DECIDE_BY_TWO)
    try:
        with transaction():
            service.remind(mine, clock.now())
        flash(_("Un rappel est parti. Il n’y en aura pas d’autre."))
    except Refused as refused:
        flash(say(refused.refusal))
    return onward("parents.together")


@blueprint.post("/a-deux/<uuid:key>/arreter")
def stop(key: uuid.UUID) -> ResponseReturnValue:
    """Stop one purpose, alone, with effect at once."""
    given = authorised(queries.consent(key), Action.DECIDE_BY_TWO)
    with transaction():
        service.withdraw(given, rules.LEARNER, clock.now())
    flash(_("C’est arrêté. Ce que cela ouvrait est fermé, rien n’est effacé."))
    return onward("parents.together")


@blueprint.route("/a-moi", methods=["GET", "POST"])
def hand_over() -> ResponseReturnValue:
    """At 15: keep what two decided as one's own, or close it, purpose by purpose."""
    me, (now, today) = authorised(Mine(current_user.id), Action.TAKE_OVER).learner_id, now_and_today()
    waiting = queries.to_take_over(me, actor().band(today), now)
    form = hand_over_form(given.option for given in waiting)
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with transaction():
                    service.take_over(me, form.draft(), now)
            except Refused as refused:
                form.refuse(refused)
            else:
                flash(_("C’est décidé. Tout se change encore, à tout moment."))
                return onward("experiences.passport")
    return page("parents/hand_over.html", status=status, form=form, waiting=[g.option for g in waiting], small=words.SMALL,
                until=day_words(today + rules.HAND_OVER_FOR))


@blueprint.route("/dix-huit-ans", methods=["GET", "POST"])
def come_of_age() -> ResponseReturnValue:
    """At 18: say whether the protection goes on, and see which name may be shown from now on."""
    me, now = authorised(Mine(current_user.id), Action.COME_OF_AGE).learner_id, clock.now()
    form = ComeOfAgeForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.come_of_age(me, form.protection.data == KEEP, now)
        except Refused as refused:
            form.refuse(refused, "protection")
        else:
            flash(_("C’est noté : la protection continue.") if form.protection.data == KEEP
                  else _("C’est noté : la protection s’arrête."))
            return onward("experiences.passport")
    return page("parents/come_of_age.html", status=422 if form.is_submitted() else 200, form=form,
                small={KEEP: _("Deux responsables peuvent lire ce qu’un adulte m’écrit. Rien n’arrive la nuit."),
                       CLOSE: _("Ce qu’un adulte m’écrit n’est lu que par moi.")},
                addresses=(url_for("attestations.mine"), url_for("card.card")))
