"""« Mes attestations signées »: what learners see, name and download of the signed form of what they permit to be shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from .. import clock, limits
from ..headers import file_answer
from ..links import public_url
from ..organisations.words import day_words
from ..policy import Action, Mine
from ..recognition.words import how_words
from ..refusals import Refused
from ..transaction import release, transaction
from ..web import actor, authorised, onward, page, wants_fragment
from ..wording import say
from . import addresses, keys, own_queries, pictures, record, service
from .forms import NameForm
from .models import Credential
from .own_queries import Own, State

blueprint = Blueprint("attestations", __name__)
BLUEPRINTS = (blueprint,)

A_MINUTE, MOST_FILES = 60, 30
PICTURES: dict[str, tuple[str, Callable[[bytes, Markup, str], bytes]]] = {
    "png": ("image/png", pictures.as_png), "svg": ("image/svg+xml", pictures.as_svg),
}


def _uuid(value: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(value or "")
    except ValueError:
        return None


def _own(key: uuid.UUID, action: Action = Action.READ_CREDENTIALS) -> Own:
    return authorised(own_queries.own(key), action)


def _signed(found: Own) -> Credential | None:
    """Return what is signed and in force of it, or None."""
    if found.state is not State.SIGNED or found.credential_id is None:
        return None
    return own_queries.credential(found.credential_id)


@blueprint.get("/attestations")
def mine() -> ResponseReturnValue:
    """See what is permitted to be shown, each with its stamp and where its signed form stands."""
    me = authorised(Mine(current_user.id), Action.READ_CREDENTIALS).learner_id
    after = _uuid(request.args.get("apres"))
    found, more = own_queries.listed(me, after)
    rows: dict[str, Any] = {"found": found, "more_url": url_for("attestations.mine", apres=more) if more else "",
                            "day_words": day_words}
    if after is not None and wants_fragment():
        return page("credentials/own_rows.html", **rows)
    return page("credentials/own_list.html", parts=record.parts(own_queries.count_in_force(me)), **rows)


@blueprint.route("/attestations/<uuid:key>", methods=["GET", "POST"])
def one(key: uuid.UUID) -> ResponseReturnValue:
    """See what the signed form of one endorsement says, and whether one's name stands in it; download it."""
    found = _own(key)
    form = NameForm(actor().band(clock.today()), current_user.display_name, found.named_as)
    if request.method == "GET":
        return _page(found, form)
    authorised(found, Action.NAME_CREDENTIAL)
    if form.validate():
        try:
            with transaction():
                service.name(key, found.learner_id, form.draft(), clock.now())
        except Refused as refused:  # where nothing is permitted any more, the page has no form to say it in
            flash(say(refused.refusal))
        else:
            flash(_("C’est noté. Avec un autre nom, l’attestation d’avant n’est plus en vigueur."))
        return onward("attestations.one", key=key)
    return _page(found, form, status=422)


def _page(found: Own, form: NameForm, secret: str = "", status: int = 200) -> ResponseReturnValue:
    return page("credentials/own_one.html", status=status, one=found, r=found.recognised, form=form, secret=secret,
                how=how_words, day_words=day_words)


@blueprint.post("/attestations/<uuid:key>/secret")
def secret(key: uuid.UUID) -> ResponseReturnValue:
    """See the secret whose digest stands in the file, for whoever is to know that it was made for this learner."""
    found = _own(key)
    signed = _signed(found)
    if signed is None:
        return onward("attestations.one", key=key)
    form = NameForm(actor().band(clock.today()), current_user.display_name, found.named_as, formdata=None)
    return _page(found, form, signed.recipient_secret.hex())


@blueprint.get("/attestations/<uuid:key>/fichier.<any(json, png, svg):kind>")
def file(key: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Download what was signed: as it is, or in a picture that carries it and shows its stamp."""
    found = _own(key)
    signed = _signed(found)
    if signed is None:
        return onward("attestations.one", key=key)
    body = signed.document
    save_as = f"attestation-{found.slug}.{kind}"
    if kind == "json":
        return file_answer(body, "application/json", save_as)
    _not_too_often(found.learner_id)
    media_type, drawn = PICTURES[kind]
    return file_answer(drawn(body, found.recognised.stamp(), found.recognised.context), media_type, save_as)


@blueprint.get("/attestations/tout.json")
def whole() -> ResponseReturnValue:
    """Download all that is in force in one signed record, in several parts when there is much; it is kept nowhere."""
    me, now = authorised(Mine(current_user.id), Action.READ_CREDENTIALS).learner_id, clock.now()
    part = request.args.get("partie", 1, int)
    members = own_queries.in_force(me, (part - 1) * record.MOST, record.MOST) if 1 <= part <= record.PARTS else []
    if not members:
        return onward("attestations.mine")
    try:
        signer = keys.current()
    except keys.NoKey as missing:
        current_app.logger.warning("a record cannot be signed: %s", missing)
        abort(503)
    _not_too_often(me)
    issuer = addresses.city_did()
    document = record.record(issuer, current_app.config["CITY"].coordination, public_url("accounts.home"), members, now)
    save_as = "attestations.json" if part == 1 else f"attestations-{part}.json"
    return file_answer(record.signed(document, signer.private, issuer, now), "application/json", save_as)


def _not_too_often(learner_id: uuid.UUID) -> None:
    """End what was only read, and ask whoever wants very many files within a minute to wait."""
    release()
    if current_app.config.get("RATELIMIT_ENABLED", True) and limits.hit(f"attestations:{learner_id}", A_MINUTE) > MOST_FILES:
        abort(429)
