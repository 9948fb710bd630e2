"""The pages of an e-mail address, of a forgotten passphrase, and of stopping messages."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from .. import clock, limits
from ..extensions import address as network
from ..extensions import csrf
from ..notices.letters import unsubscribes
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..seal import digest_of
from ..transaction import release, transaction
from ..web import authorised, onward, page, public
from ..wording import say
from . import addresses, letters, proposals, queries, service, sweep, tries
from .forms import AddressForm, ForgottenForm, ProposalForm

blueprint = Blueprint("mail", __name__)

FROM_ONE_NETWORK = 30

letters.register()
sweep.register()


def _mine() -> Mine:
    """Return one's own account, after the policy was asked."""
    return authorised(Mine(current_user.id), Action.CHANGE_ACCOUNT)


def _limits_on() -> bool:
    return bool(current_app.config.get("RATELIMIT_ENABLED", True))


def _leaves() -> bool:
    return bool(current_app.config["MAIL"].leaves)


# ---------- one's own address ----------


@blueprint.route("/adresse", methods=["GET", "POST"])
def address() -> ResponseReturnValue:
    """Give an e-mail address, never asked for; the same answer for every address (promise P3)."""
    _mine()
    form, status = AddressForm(), 200
    if form.validate_on_submit():
        status = _give(form)
        if status == 303:
            return onward("mail.address")
    elif form.is_submitted():
        status = 422
    return page("accounts/address.html", status=status, form=form, leaves=_leaves(),
                mine=queries.address_of(current_user.id, clock.now()))


def _give(form: AddressForm) -> int:
    """Keep the address of this form until it is confirmed, and return the status of the answer."""
    kept = queries.password_hash(current_user.id)
    release()
    try:
        wanted = addresses.as_kept(form.address.data)
    except Refused as refused:
        form.refuse(refused)
        return 422
    key = f"passphrase of {current_user.id}"
    if tries.seconds_to_wait(key):
        form.refuse(Refused(Refusal.TOO_MANY_TRIES))
        return 429
    if not service.is_right(kept, form.passphrase):
        form.refuse(Refused(Refusal.PASSPHRASE_WRONG, "present"))
        return 422
    tries.forget(key)
    if _limits_on() and limits.hit(f"address given:{current_user.id}", addresses.HOUR) > addresses.PER_HOUR:
        form.refuse(Refused(Refusal.TOO_MANY_TRIES))
        return 429
    if wanted == current_user.email:
        flash(_("C’est déjà votre adresse."))
        return 303
    with transaction():
        addresses.give(current_user.id, wanted, clock.now())
    return 303


@blueprint.route("/adresse/confirmer/<token>", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Confirm an address with its link, by a button; opening the link alone changes nothing."""
    _mine()
    now = clock.now()
    owner = queries.token_account(digest_of(token), addresses.CONFIRM, now)
    pending = queries.address_of(current_user.id, now).pending
    if owner != current_user.id or pending is None:
        return _over("mail.address", _("Mon adresse e-mail"))
    if request.method == "POST":
        try:
            with transaction():
                addresses.confirm(current_user.id, token, now)
        except Refused as refused:
            return _over("mail.address", _("Mon adresse e-mail"), refused.refusal)
        flash(_("L’adresse est confirmée."))
        return onward("mail.address")
    return page("accounts/confirm.html", pending=pending)


@blueprint.post("/adresse/retirer")
def remove() -> ResponseReturnValue:
    """Forget one's address."""
    _mine()
    with transaction():
        addresses.remove(current_user.id, clock.now())
    flash(_("L’adresse est retirée."))
    return onward("mail.address")


@blueprint.post("/adresse/messages")
def tell() -> ResponseReturnValue:
    """Choose whether messages say that something waits."""
    _mine()
    with transaction():
        addresses.tell_by_mail(current_user.id, request.form.get("wanted") == "yes", clock.now())
    flash(_("C’est noté."))
    return onward("mail.address")


# ---------- a passphrase forgotten ----------


@blueprint.route("/phrase-oubliee", methods=["GET", "POST"])
@public
def forgotten() -> ResponseReturnValue:
    """Ask for a link to a new passphrase; the same answer, and the same work, whether the address is known or not."""
    form, status = ForgottenForm(), 200
    if form.validate_on_submit():
        try:
            wanted = addresses.as_kept(form.address.data)
        except Refused as refused:
            form.refuse(refused)
            status = 422
        else:
            release()
            if _limits_on() and limits.hit(f"reset network:{network()}", addresses.HOUR) > FROM_ONE_NETWORK:
                form.refuse(Refused(Refusal.TOO_MANY_TRIES))
                status = 429
            else:
                if not (_limits_on() and addresses.too_many(wanted)):
                    with transaction():
                        addresses.forget_passphrase(wanted, clock.now())
                return onward("mail.look")
    elif form.is_submitted():
        status = 422
    return page("accounts/forgotten.html", status=status, form=form, leaves=_leaves())


@blueprint.get("/regardez-votre-boite")
@public
def look() -> ResponseReturnValue:
    """Say that a message may have arrived, the same to everybody."""
    return page("accounts/look.html")


@blueprint.route("/nouvelle-phrase/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    """Choose a new passphrase with a link, by a button; opening the link alone changes nothing (promise P5)."""
    now = clock.now()
    account_id = queries.token_account(digest_of(token), addresses.RESET, now)
    if account_id is None:
        return _over("mail.forgotten", _("Demander un autre lien"))
    form, status = ProposalForm(), 200
    carried = proposals.read(form.proposal.data)
    proposal = carried or proposals.another()
    if form.is_submitted() and "other" in request.form:
        proposal = proposals.another()
    elif form.validate_on_submit():
        status = 422
        if carried is None:
            form.form_errors.append(_("La page était trop ancienne : voici une autre phrase. Le reste est encore là."))
        else:
            passphrase = form.own_passphrase or proposal.passphrase
            release()
            password_hash = service.hash_of(passphrase)
            try:
                with transaction():
                    names = queries.names(addresses.reset(token, passphrase, password_hash, now))
            except Refused as refused:
                if refused.refusal is Refusal.MAIL_LINK_OVER:
                    return _over("mail.forgotten", _("Demander un autre lien"))
                form.refuse(refused)
            else:
                for name in names:
                    tries.forget(name)
                flash(_("La phrase est changée. Tous les appareils sont déconnectés."))
                return onward("accounts.sign_in")
    elif form.is_submitted():
        status = 422
    form.proposal.data = proposals.signed(proposal)
    return page("accounts/reset.html", fragment="phrase", status=status, form=form, proposal=proposal, name="")


def _over(endpoint: str, label: str, refusal: Refusal = Refusal.MAIL_LINK_OVER) -> ResponseReturnValue:
    """Say that a link serves no more, the same for one that never existed, and where to go."""
    return page("accounts/link_over.html", status=410, words=say(refusal), endpoint=endpoint, label=label)


# ---------- stopping messages ----------


@blueprint.route("/sans-messages/<token>", methods=["GET", "POST"])
@public
@csrf.exempt
def unsubscribe(token: str) -> ResponseReturnValue:
    """Stop messages about what waits, without signing in: by a button, or in one click of a mail program (RFC 8058).

    The token is made for one person and does nothing else; it stands in for the one against forged forms, which a
    mail program does not have.
    """
    account_id = unsubscribes(token)
    if account_id is None:
        raise NotFound
    if request.method == "POST":
        with transaction():
            addresses.tell_by_mail(account_id, False, clock.now())
    return page("accounts/unsubscribe.html", done=request.method == "POST")
