"""Signed credentials: made from what is permitted, taken back in the write that ends it, published for anyone to check."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport.credentials import proofs, service
from passport.credentials.models import Credential, SigningKey
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback.models import AuthoredText
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.safety import service as safety
from passport.transaction import transaction

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases

SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)


def signed(app: Flask, lived: Cast) -> dict[str, Any]:
    """Sign what lea permits and return the document."""
    with app.app_context():
        assert signing.sign_all() == 1
        return signing.of(lived["endorsement"])


def bits(body: bytes) -> set[int]:
    """Return the positions that a list sets, read without our own code."""
    packed = json.loads(body)["credentialSubject"]["encodedList"]
    raw = gzip.decompress(base64.urlsafe_b64decode(packed[1:] + "=" * (-len(packed[1:]) % 4)))
    assert packed[0] == "u"
    assert len(raw) * 8 == 131072
    return {8 * i + n for i, byte in enumerate(raw) if byte for n in range(8) if byte & 0x80 >> n}


@both_databases
def test_what_is_permitted_is_signed_and_nothing_else(app: Flask, lived: Cast) -> None:
    document = signed(app, lived)
    subject = document["credentialSubject"]
    assert document["name"] == subject["achievement"]["name"]
    assert document["issuer"]["name"] == "Médiathèque Mandela"
    assert document["issuer"]["id"].endswith(f":o:{lived['library']}")
    assert subject["source"]["name"] == "Karim B., animateur"
    assert subject["result"][0]["achievedLevel"].endswith("#step-3")
    assert [a["targetUrl"] for a in subject["achievement"]["alignment"]] == [
        "http://data.europa.eu/esco/skill/699e7c26-6502-4e78-a823-3656ff5a5b8b"]
    assert subject["narrative"] == "L’a vu, d’août 2026 à novembre 2026."
    assert document["validFrom"] == "2026-11-21T23:00:00Z"
    written = json.dumps(document, ensure_ascii=False)
    with app.app_context():
        row = db.session.scalars(sa.select(Credential)).one()
        assert subject["identifier"] == [{
            "type": "IdentityObject", "hashed": True, "identityType": "identifier",
            "identityHash": "sha256$" + hashlib.sha256(row.recipient_secret.hex().encode()).hexdigest()}]
        key = db.session.scalars(sa.select(SigningKey)).one()
        proofs.verified(document, key.public)
        for known in (lived["lea"], lived["lea_x"], lived["endorsement"]):
            assert str(known) not in written
            assert known.hex not in written
    for told in ("Léa", "lea@", "souris", "aînés"):
        assert told not in written


@pytest.mark.parametrize("end", ["permission", "aside", "withdrawn", "deleted", "kept inside", "hidden", "erased"])
@both_databases
def test_what_is_taken_back_is_set_in_the_list_by_the_same_write(app: Flask, lived: Cast, client: FlaskClient, at: Any,
                                                                 end: str) -> None:
    document = signed(app, lived)
    entry = document["credentialStatus"]
    path = "/" + entry["statusListCredential"].split("/", 3)[-1]
    before = client.get(path)
    assert bits(before.data) == set()
    now = at(NOON + SECOND)
    with app.app_context(), transaction():
        e = db.session.get_one(Endorsement, lived["endorsement"])
        x = db.session.get_one(Experience, lived["lea_x"])
        ends: dict[str, Callable[[], Any]] = {
            "permission": lambda: recognition.end_permission(e, now),
            "aside": lambda: recognition.set_aside(e, now),
            "withdrawn": lambda: recognition.withdraw(e, lived["m_karim"], lived["karim"], "Une erreur.", now),
            "deleted": lambda: experiences.delete(x, now),
            "kept inside": lambda: experiences.set_for_me_only(x, True, now),
            "hidden": lambda: safety.report(db.session.get_one(AuthoredText, e.text_id), None, now),
            "erased": lambda: service.erase_experience(x.id),
        }
        ends[end]()
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert bits(after.data) == {int(entry["statusListIndex"])}
    gone = client.get("/" + document["id"].split("/", 3)[-1])
    assert gone.status_code == (404 if end == "erased" else 410)
