"""What the city publishes so that anyone can check without it: keys, issuers, sentences, credentials, status lists.

Nothing here reads or sets a cookie, and other sites may fetch all of it.
"""

from __future__ import annotations

import hashlib
import uuid

from flask import Blueprint, Response, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from .. import clock, doors
from ..organisations.words import day_words
from ..recognition.words import how_person_words, how_words
from ..web import page, public
from ..wording import hour_words
from . import addresses, did, document, kept, keys, proofs, queries, seals, status

blueprint = Blueprint("credentials", __name__)
BLUEPRINTS = (blueprint,)
seals.register()

A_WHILE = 300
"""Seconds for which a public document may be kept."""


def json_answer(body: bytes, mark: str | None = None, kept: int = A_WHILE, kind: str = "application/json") -> Response:
    """Return a public document with its ETag, which other sites' pages may read as well; 304 when it is known."""
    response = Response(body, mimetype=kind)
    response.set_etag(mark or hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = f"public, max-age={kept}" if kept else "no-cache"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.vary.add("Accept")
    response.make_conditional(request)
    return response


def wants_json() -> bool:
    """Say whether a program asks, and not a person: by `.json`, or by a head that names JSON and no HTML."""
    asked = request.accept_mimetypes
    named = any("json" in kind or kind == "application/vc" for kind in asked.values())
    return request.path.endswith(".json") or (named and "text/html" not in list(asked.values()))


@blueprint.get("/.well-known/did.json")
@public
def city_did() -> ResponseReturnValue:
    """The DID document of the city."""
    return json_answer(proofs.written(did.document(addresses.city_did(), keys.all_keys())))


@blueprint.get("/o/<uuid:key>/did.json")
@public
def organisation_did(key: uuid.UUID) -> ResponseReturnValue:
    """The DID document of an organisation: the city's keys speak in its name."""
    if queries.known(key) is None:
        abort(404)
    return json_answer(proofs.written(did.document(addresses.organisation_did(key), keys.all_keys())))


@blueprint.get("/status/<int:number>")
@public
def status_list(number: int) -> ResponseReturnValue:
    """A status list, signed: fetched whole, so that nobody learns which credential is looked at."""
    try:
        found = status.signed(number, clock.now())
    except keys.NoKey as missing:
        current_app.logger.warning("a status list cannot be signed: %s", missing)
        abort(503)
    if found is None:
        abort(404)
    mark, body = found
    return json_answer(body, mark)


@blueprint.get("/credentials/<uuid:key>")
@blueprint.get("/credentials/<uuid:key>.json", endpoint="credential_json")
@public
def credential(key: uuid.UUID) -> ResponseReturnValue:
    """A credential: for people what is recognised, without its holder's name; for programs as it was signed.

    Whatever ended it, and where there never was one, the answer is the same.
    """
    found = queries.published(key)
    if found is None or not found.is_in_force:
        return doors.too_many() or doors.door(
            404, _("Cette attestation n’est plus montrée"), _("Cela ne dit rien de la personne."),
            _("C’est aussi la page d’une adresse mal recopiée. Demander à la personne ce qu’elle souhaite montrer."))
    if wants_json():
        return json_answer(found.credential.document, kept=0)
    body, at = queries.known(found.recognised.organisation_id), clock.now()
    r = found.recognised
    how, unchanged = f"{how_words(r.how_known)}, {r.seen}", kept.is_as_signed(r)
    return page("credentials/credential.html", found=r, organisation=body, day=day_words(at), hour=hour_words(at),
                unchanged=unchanged,
                how=how[:1].upper() + how[1:], person=how_person_words(r.how_person_known),
                recognised_on=day_words(r.day), sentence_url=found.sentence_url,
                file_url=url_for("credentials.credential_json", key=key))


@blueprint.get("/achievements/<slug>/<version>")
@blueprint.get("/achievements/<slug>/<version>.json", endpoint="achievement_json")
@blueprint.get("/achievements/<slug>", endpoint="achievement_now")
@public
def achievement(slug: str, version: str | None = None) -> ResponseReturnValue:
    """A sentence in one version (the present one, unless named), and what it corresponds to in Europe."""
    found = queries.sentence(slug, version)
    if found is None:
        abort(404)
    if wants_json():
        address = addresses.achievement_page(slug, found.version)
        return json_answer(proofs.written({
            "@context": list(proofs.CONTEXTS),
            **document.achievement(address, found.text_fr, queries.aligned(found.competency_id))}))
    return page("credentials/achievement.html", sentence=found, criteria=document.CRITERIA,
                aligned=queries.aligned(found.competency_id, str(get_locale())))


@blueprint.get("/o/<uuid:key>")
@blueprint.get("/o/<uuid:key>.json", endpoint="organisation_json")
@public
def organisation(key: uuid.UUID) -> ResponseReturnValue:
    """The public profile of an organisation that the city accredited."""
    found = queries.known(key)
    if found is None:
        abort(404)
    if wants_json():
        return json_answer(proofs.written({
            "@context": list(proofs.CONTEXTS), "id": addresses.organisation_did(key), "type": ["Profile"],
            "name": found.name, "url": addresses.organisation_page(key)}))
    return page("credentials/organisation.html", organisation=found, did=addresses.organisation_did(key))


@blueprint.get("/cles")
@public
def keys_page() -> ResponseReturnValue:
    """The keys of the city for people: from when to when each signed, and which no longer counts."""
    return page("credentials/keys.html", keys=queries.keys_in_words())
