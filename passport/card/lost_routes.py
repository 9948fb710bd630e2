"""The pages that close every link without opening the passport: at a desk, and with a code of the sheet."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms.validators import InputRequired

from .. import clock
from ..accounts import tries
from ..accounts.return_routes import with_code
from ..forms import Form, Sentence
from ..policy import Action
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..web import actor, authorised, may, onward, page, public
from . import lost

blueprint = Blueprint("lost", __name__)


class CardNumberForm(Form):
    """The number printed on a card."""

    number = Sentence(_l("Le numéro écrit sur la carte"), most=20, validators=[InputRequired(_l("Écrire les huit lettres et chiffres de la carte."))],
                      render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"})


@blueprint.route("/carte-perdue", methods=["GET", "POST"])
def at_desk() -> ResponseReturnValue:
    """Close a card and the links of its owner; the same answer for every number, and nothing about anybody."""
    authorised(actor(), Action.HELP_IN_PERSON)
    form, status = CardNumberForm(), 200
    if form.validate_on_submit():
        who, now = actor(), clock.now()
        release()
        # Each try is counted, right ones as well: nobody closes card after card.
        if tries.seconds_to_wait(f"lost card by {who.account_id}"):
            form.refuse(Refused(Refusal.TOO_MANY_TRIES))
            status = 429
        else:
            thing = lost.carried(form.number.data or "")
            if thing is not None and may(Action.CLOSE_LOST_CARD, thing):
                role = next(r for r in who.roles if r.is_active(now))
                with transaction():
                    lost.close_by_number(thing, who.account_id, current_user.audit_ref, role, now)
            flash(_("C’est fait. Si ce numéro est celui d’une carte, elle est fermée, avec tous les liens."))
            return onward("lost.at_desk")
    elif form.is_submitted():
        status = 422
    return page("card/lost.html", form=form, status=status)


@blueprint.route("/fermer-mes-liens", methods=["GET", "POST"])
@public
def close() -> ResponseReturnValue:
    """Close one's links with a code of the sheet, even while too many wrong passphrases keep the passport shut."""

    def close_them(learner_id: uuid.UUID, _code_id: uuid.UUID) -> ResponseReturnValue:
        with transaction():
            lost.close_by_code(learner_id, clock.now())
        flash(_("Tous les liens sont fermés. Le code sert encore."))
        return onward("accounts.sign_in")

    return with_code("card/close_links.html", close_them)
