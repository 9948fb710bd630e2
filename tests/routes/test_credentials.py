"""Signed credentials: made from what is permitted, taken back in the write that ends it, published for anyone to check."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport.credentials import proofs, service, status
from passport.credentials.models import Credential, SigningKey
from passport.extensions import db
from passport.organisations.models import Organisation
from passport.refusals import Refused
from passport.transaction import transaction

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import words

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
        signing.ending(lived, end, now)
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert bits(after.data) == {int(entry["statusListIndex"])}
    gone, never = client.get("/" + document["id"].split("/", 3)[-1]), client.get(f"/credentials/{uuid.uuid4()}")
    assert (gone.status_code, gone.data) == (never.status_code, never.data)
    assert gone.status_code == 404
    assert "Cela ne dit rien de la personne." in words(gone)


# ---------- what is published ----------


def path_of(address: str) -> str:
    """Return the path of a whole address."""
    return "/" + address.split("/", 3)[-1]


def test_a_credential_reads_for_people_without_a_name_and_for_programs_as_it_was_signed(
    app: Flask, lived: Cast, client: FlaskClient
) -> None:
    document = signed(app, lived)
    path = path_of(document["id"])
    page = client.get(path, headers={"Accept": "text/html"})
    said = words(page)
    assert "Toujours en vigueur Au 24 novembre 2026 à 12 h 00." in said
    assert "Reconnu par Karim B., animateur, au nom de la Médiathèque Mandela." in said
    assert "Oui, elle est agréée." in said
    assert "Léa" not in said
    for answer in (client.get(path + ".json"), client.get(path, headers={"Accept": "application/json"}),
                   client.get(path, headers={"Accept": "application/vc"})):
        assert answer.get_json() == document
        assert answer.data == proofs.written(document)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Set-Cookie" not in answer.headers
    again = client.get(path + ".json", headers={"If-None-Match": client.get(path + ".json").headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(("change", "sentence"), [
    ("the words", "Ce qui est écrit ici n’est pas mot pour mot ce qui a été reconnu."),
    ("the key", "La clé qui a signé ne compte plus"),
    ("the organisation", "elle ne l’est plus en ce moment."),
])
@both_databases
def test_the_page_of_a_credential_vouches_for_nothing_that_it_could_not_check(
    app: Flask, lived: Cast, client: FlaskClient, change: str, sentence: str
) -> None:
    path = path_of(signed(app, lived)["id"])
    assert "A-t-on changé quelque chose ? Non, rien." in words(client.get(path))
    with app.app_context(), transaction():
        made = db.session.scalars(sa.select(Credential)).one()
        if change == "the words":
            made.document = made.document.replace(b"step-3", b"step-4")
        elif change == "the key":
            db.session.get_one(SigningKey, made.key_id).compromised_at = NOON - DAY
        else:
            db.session.get_one(Organisation, lived["library"]).suspended_at = NOON - DAY
    said = words(client.get(path))
    assert "Toujours montrée, mais à demander" in said
    assert "Toujours en vigueur" not in said
    assert sentence in said


def test_what_a_credential_names_is_found(app: Flask, lived: Cast, client: FlaskClient) -> None:
    document = signed(app, lived)
    achievement = document["credentialSubject"]["achievement"]
    told = client.get(path_of(achievement["id"]), headers={"Accept": "application/json"}).get_json()
    assert {name: told[name] for name in achievement} == achievement
    page = words(client.get(path_of(achievement["id"]) + "?lang=en", headers={"Accept": "text/html"}))
    assert "The four steps" in page
    assert client.get(path_of(achievement["id"]).rsplit("/", 1)[0], headers={"Accept": "text/html"}).status_code == 200
    assert client.get("/achievements/nothing/1.1").status_code == 404
    issuer = document["issuer"]["id"]
    did = client.get(f"/o/{issuer.rsplit(':', 1)[1]}/did.json").get_json()
    method = document["proof"][0]["verificationMethod"]
    assert did["id"] == issuer
    assert did["assertionMethod"] == [method]
    assert [(m["id"], m["controller"]) for m in did["verificationMethod"]] == [(method, issuer)]
    assert method.endswith("#" + did["verificationMethod"][0]["publicKeyMultibase"])
    profile = client.get(path_of(document["issuer"]["url"]) + ".json").get_json()
    assert (profile["id"], profile["name"]) == (issuer, "Médiathèque Mandela")
    assert "La Ville connaît cette organisation" in words(client.get(path_of(document["issuer"]["url"])))
    city = client.get("/.well-known/did.json").get_json()
    assert issuer.startswith(city["id"] + ":o:")
    assert "Elle signe en ce moment." in words(client.get("/cles"))
    assert client.get(f"/o/{uuid.uuid4()}/did.json").status_code == 404


def test_an_organisation_that_was_never_accredited_issues_nothing(app: Flask, lived: Cast, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        db.session.execute(sa.update(Organisation).where(Organisation.id == lived["library"]).values(accredited_at=None))
    for path in ("", ".json", "/did.json"):
        assert client.get(f"/o/{lived['library']}{path}").status_code == 404


def test_a_list_is_kept_for_five_minutes_and_says_nothing_of_anybody(app: Flask, lived: Cast, client: FlaskClient) -> None:
    document = signed(app, lived)
    path = path_of(document["credentialStatus"]["statusListCredential"])
    answer = client.get(path)
    held = answer.get_json()
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert held["credentialSubject"]["ttl"] == 300_000
    assert held["issuer"] == document["issuer"]["id"]
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get("/status/999").status_code == 404
    with app.app_context():
        key = db.session.scalars(sa.select(SigningKey)).one()
        proofs.verified_proof(proofs.load(answer.data), key.public)


@pytest.mark.parametrize("name", ["Léa M.", None])
@both_databases
def test_a_name_goes_in_by_signing_anew_and_out_the_same_way(app: Flask, lived: Cast, at: Any, name: str | None) -> None:
    before = signed(app, lived)
    with app.app_context():
        with transaction():
            service.name(lived["endorsement"], lived["lea"], "Léa M.", at(NOON + SECOND))
        assert signing.sign_all() == 1
        if name is None:
            with transaction():
                service.name(lived["endorsement"], lived["lea"], None, at(NOON + 2 * SECOND))
            assert signing.sign_all() == 1
        after = signing.of(lived["endorsement"])
        names = [i["identityHash"] for i in after["credentialSubject"]["identifier"] if i["identityType"] == "name"]
        assert names == ([name] if name else [])
        assert after["id"] != before["id"]
        assert after["credentialSubject"]["identifier"][0] != before["credentialSubject"]["identifier"][0]
        position = int(before["credentialStatus"]["statusListIndex"])
        assert status.is_revoked(int(before["credentialStatus"]["statusListCredential"].rsplit("/", 1)[1]), position)
        with transaction():
            service.name(lived["endorsement"], lived["lea"], name, at(NOON + 3 * SECOND))
        assert signing.sign_all() == 0
        with pytest.raises(Refused), transaction():
            service.name(lived["offered"], lived["lea"], "Léa", NOON)
