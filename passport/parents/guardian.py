"""What a parent opens: their one-time link, then the receipt of their yes; purposes alone, nothing of the passport.

Nothing here reads or sets a cookie: the key is in the address, so no other site can send one of these forms.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import clock, doors
from ..extensions import csrf
from ..refusals import Refusal, Refused
from ..seal import digest_of
from ..transaction import transaction
from ..web import public
from . import queries, rules, service, words
from .forms import AnswerForm, ReceiptForm, answer_form
from .queries import Facing, Register

blueprint = Blueprint("guardian", __name__)
csrf.exempt(blueprint)
CODE_LENGTH = 19


def _find(token: str) -> Facing | None:
    return queries.by_token(digest_of(token), clock.now()) if len(token) == doors.TOKEN_LENGTH else None


@blueprint.route("/a/<token>", methods=["GET", "POST"])
@public
def answer(token: str) -> ResponseReturnValue:
    """Answer yes or no to each purpose, once."""
    facing, now = _find(token), clock.now()
    if facing is None:
        return doors.unknown()
    guardian = facing.guardian
    form = answer_form(facing.purposes, facing.second)
    again = request.method == "POST" and guardian.answered_at is not None and form.submission.data == str(guardian.submission)
    over = rules.refusal_to_answer(facing.band, guardian.answered_at, guardian.expires_at, len(facing.purposes), now)
    if over is not None and not again:
        return doors.closed()
    if request.method == "GET":
        return _asked(token, facing, form)
    if not again and not form.validate():
        return _asked(token, facing, form, 422)
    try:
        with transaction():
            code = service.answer(guardian, form.draft(), now)
    except Refused as refused:
        if refused.refusal is Refusal.INVITATION_CLOSED:
            return doors.closed()
        form.refuse(refused)
        return _asked(token, facing, form, 422)
    if code is None:
        return doors.door(200, _("C’est noté : non."), _("Rien ne s’ouvre, et rien d’autre ne change. L’enfant peut lire votre réponse."), "")
    return redirect(doors.way("guardian.receipt", code=code), 303)


def _asked(token: str, facing: Facing, form: AnswerForm, status: int = 200) -> ResponseReturnValue:
    return render_template("parents/answer.html", form=form, purposes=facing.purposes, small=words.SMALL,
                           address=doors.way("guardian.answer", token=token)), status


# ---------- the receipt ----------


def _register(code: str) -> Register | None:
    kept = rules.typed_code(code) if len(code) <= 40 else None
    return queries.by_receipt(digest_of(kept), clock.now()) if kept else None


@blueprint.route("/recu", methods=["GET", "POST"])
@public
def typed() -> ResponseReturnValue:
    """Type the code of a receipt from paper."""
    form = ReceiptForm()
    if request.method == "POST":
        found = _register(form.code.data or "") if form.validate() else None
        if found is not None and rules.refusal_of_receipt(found.band) is None:
            return redirect(doors.way("guardian.receipt", code=rules.typed_code(form.code.data)), 303)
        slow = doors.too_many() if found is None else None
        if slow is not None:
            return slow
        if not form.errors:
            form.refuse(Refused(Refusal.RECEIPT_OVER if found is not None else Refusal.RECEIPT_UNKNOWN, "code"))
    return render_template("parents/typed.html", form=form, address=doors.way("guardian.typed")), (
        422 if request.method == "POST" else 200)


@blueprint.get("/r/<code>")
@public
def receipt(code: str) -> ResponseReturnValue:
    """See what one decided as a parent, purpose by purpose; nothing from the child's 15th birthday on."""
    found = _register(code)
    if found is None:
        return doors.unknown()
    if rules.refusal_of_receipt(found.band) is not None:
        return doors.closed()
    return render_template("parents/receipt.html", register=found, code=rules.typed_code(code),
                           stop=doors.way("guardian.stop", code=code))


@blueprint.post("/r/<code>/arreter")
@public
def stop(code: str) -> ResponseReturnValue:
    """Stop one purpose, alone, with effect at once."""
    found, now = _register(code), clock.now()
    if found is None:
        return doors.unknown()
    if rules.refusal_of_receipt(found.band) is not None:
        return doors.closed()
    purpose = request.form.get("purpose", "")
    running = {line.purpose for line in found.lines if line.may_stop}
    if purpose in running:
        with transaction():
            for given in queries.of_guardian(found.guardian):
                if given.option == purpose:
                    service.withdraw(given, rules.GUARDIAN, now)
    return redirect(doors.way("guardian.receipt", code=code), 303)
