"""Our signed documents in the hands of others: another maker's verifier, the vectors of W3C, the schema of 1EdTech."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from passport import clock, create_app
from passport.credentials import addresses, checking, keys, proofs, service
from passport.credentials.issuers import Who
from passport.credentials.models import Credential
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.transaction import transaction
from tests import signing
from tests.cast import Cast, make_cast
from tests.conftest import NOON, test_settings
from tests.elsewhere import Elsewhere
from tests.independent import BASE, Others, samples, served
from tests.world import fill

pytestmark = pytest.mark.slow

DAY = dt.timedelta(days=1)
SEED = bytes(range(32))


class City:
    """A city that runs, what lea permits signed in it, and somebody elsewhere who fetches what it serves."""

    def __init__(self, app: Flask, cast: Cast, others: Others) -> None:
        self.app, self.cast, self.others = app, cast, others

    def credential(self) -> dict[str, Any]:
        """Return what is in force now."""
        with self.app.app_context():
            return signing.of(self.cast["endorsement"])

    def status_list(self) -> dict[str, Any]:
        """Return the list as it is served now."""
        path = self.credential()["credentialStatus"]["statusListCredential"].removeprefix(BASE)
        return json.loads(self.app.test_client().get(path).data)

    def signed(self, document: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Return a document with changes, signed by the city itself."""
        unsigned = {name: value for name, value in {**document, **changes}.items() if name != "proof"}
        with self.app.app_context():
            signer = keys.current()
            db.session.rollback()
        return json.loads(proofs.sign(unsigned, signer.private, proofs.issuer_of(unsigned), clock.now()))

    def public(self) -> bytes:
        """Return the key that signs now."""
        with self.app.app_context():
            return proofs.public_bytes(keys.current().private)


def is_accepted(document: dict[str, Any], key: bytes) -> bool:
    """Say whether we take a document as signed by this key."""
    try:
        proofs.verified(document, key)
    except proofs.Unsound:
        return False
    return True


@pytest.fixture
def city(tmp_path: Path, sqlite_template: Path) -> Iterator[City]:
    """A city at an https address of its own, with the real time: others look at their own clock."""
    shutil.copy(sqlite_template, tmp_path / "city.db")
    app = create_app(test_settings(f"sqlite:///{tmp_path / 'city.db'}", tmp_path, PUBLIC_URL=BASE))
    with app.app_context():
        cast = fill(make_cast(clock.now()), clock.now())
        db.session.remove()
        assert signing.sign_all() == 1
    with served(app) as server:
        yield City(app, cast, Others(server))
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_others_accept_what_we_sign_and_serve(city: City) -> None:
    document = city.credential()
    assert document["issuer"]["id"].startswith("did:web:passeport.alpha.example:o:")
    found = city.others.check({"by its address": document["id"], "as a file": document, "list": city.status_list(),
                               "with an end": city.signed(document, validUntil=proofs.instant_text(clock.now() + DAY))})
    assert {name: (one["verified"], one["revoked"], one["error"]) for name, one in found.items()} == {
        "by its address": (True, False, ""), "as a file": (True, False, ""), "list": (True, None, ""),
        "with an end": (True, False, "")}


def test_what_we_sign_fits_the_schema_of_1edtech(city: City) -> None:
    schema = samples("ob_schemas") / "ob_v3p0_achievementcredential_schema.json"
    document = city.credential()
    with city.app.app_context(), transaction():
        service.name(city.cast["endorsement"], city.cast["lea"], "Léa M.", clock.now())
    with city.app.app_context():
        assert signing.sign_all() == 1
    odd = deepcopy(document)
    del odd["credentialSubject"]["achievement"]["criteria"]
    odd["credentialSubject"]["result"][0]["type"] = []
    found = city.others.check({"without a name": document, "with one": city.credential(), "odd": odd}, [schema])
    assert found["without a name"]["unfit"] == []
    assert found["with one"]["unfit"] == []
    assert found["with one"]["verified"]
    assert len(found["odd"]["unfit"]) >= 2
    # The strict schema takes lists only, where the other one takes a single thing as well.
    for several in (document["type"], document["proof"], document["credentialSchema"], document["credentialSubject"]["type"],
                    document["credentialSubject"]["result"], document["credentialSubject"]["achievement"]["alignment"]):
        assert isinstance(several, list)


def test_others_and_we_refuse_the_same(city: City) -> None:
    document, key = city.credential(), city.public()
    other = Ed25519PrivateKey.generate()
    issuer = proofs.issuer_of(document)
    with city.app.app_context():
        club = addresses.organisation_did(city.cast["club"])
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    elsewhere = json.loads(proofs.sign(unsigned, other, issuer, clock.now()))
    claimed = deepcopy(elsewhere)
    claimed["proof"][0]["verificationMethod"] = document["proof"][0]["verificationMethod"]
    later = deepcopy(document)
    later["proof"][0]["created"] = "2026-01-01T00:00:00Z"
    raised = deepcopy(document)
    raised["credentialSubject"]["result"][0]["achievedLevel"] = raised["credentialSubject"]["achievement"]["resultDescription"][
        0]["rubricCriterionLevel"][3]["id"]
    changed = {
        "another name": {**document, "name": "Autre chose"},
        "a higher step": raised,
        "an unknown key": elsewhere,
        "another key under our name": claimed,
        "another issuer": {**document, "issuer": {**document["issuer"], "id": club}},
        "a proof of another time": later,
        "no proof": unsigned,
        "an unknown context": {**document, "@context": [*document["@context"], f"{BASE}/words.json"]},
        "an unknown word": {**document, "motivation": "très bien"},
        "an end put in": {**document, "validUntil": "2099-01-01T00:00:00Z"},
        "another position": {**document, "credentialStatus": {**document["credentialStatus"], "statusListIndex": "1"}},
    }
    found = city.others.check(changed)
    assert [name for name, one in found.items() if one["verified"]] == []
    assert [name for name, one in changed.items() if is_accepted(one, key)] == []


def test_no_byte_of_a_credential_can_be_changed(city: City) -> None:
    """One byte in eleven; every byte of a shorter badge is changed in tests/rules/test_proofs.py."""
    body, key = proofs.written(city.credential()), city.public()
    accepted = []
    for at in range(0, len(body), 11):
        try:
            changed = proofs.load(body[:at] + bytes([body[at] ^ 1]) + body[at + 1:])
        except proofs.Unsound:
            continue
        if is_accepted(changed, key):
            accepted.append(at)
    assert accepted == []


def test_we_refuse_what_others_let_through(city: City) -> None:
    """A signature covers what a document means; other spellings of the same hide an end, or the place of the list."""
    document, now = city.credential(), clock.now()
    over = city.signed(document, validFrom=proofs.instant_text(now - 9 * DAY), validUntil=proofs.instant_text(now - DAY))
    end = over.pop("validUntil")
    words = "https://www.w3.org/2018/credentials#"
    renewed = {**over, f"{words}validUntil": {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": end}}
    kept = {name: value for name, value in document.items() if name != "credentialStatus"}
    unlisted = {**kept, f"{words}credentialStatus": document["credentialStatus"]}
    contexts = {**document, "@context": [*document["@context"], "https://w3id.org/security/multikey/v1"]}
    found = city.others.check({"renewed": renewed, "unlisted": unlisted, "contexts": contexts})
    assert [name for name, one in found.items() if one["verified"]] == ["renewed", "unlisted", "contexts"]
    assert [one for one in (renewed, unlisted, contexts) if is_accepted(one, city.public())] == []


def test_others_refuse_what_is_over_or_yet_to_come(city: City) -> None:
    """For us its dates are another question than its signature: a reader is told both."""
    document, now = city.credential(), clock.now()
    over = city.signed(document, validFrom=proofs.instant_text(now - 9 * DAY), validUntil=proofs.instant_text(now - DAY))
    early = city.signed(document, validFrom=proofs.instant_text(now + DAY))
    found = city.others.check({"over": over, "early": early})
    assert [one["verified"] for one in found.values()] == [False, False]
    for one in (over, early):
        proofs.verified(one, city.public())


def test_others_see_at_the_next_fetch_what_was_taken_back(city: City) -> None:
    document = city.credential()
    with city.app.app_context(), transaction():
        recognition.end_permission(db.session.get_one(Endorsement, city.cast["endorsement"]), clock.now())
    found = city.others.check({"taken back": document})["taken back"]
    assert not found["verified"] or found["revoked"]
    with city.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Credential).where(
            Credential.unpublished_at.is_(None))) == 0


def test_others_accept_what_older_keys_signed_and_refuse_a_compromised_one(city: City) -> None:
    first = city.credential()
    for _ in range(2):
        with city.app.app_context(), transaction():
            keys.rotate(clock.now())
    with city.app.app_context(), transaction():
        service.name(city.cast["endorsement"], city.cast["lea"], "Léa", clock.now())
    with city.app.app_context():
        assert signing.sign_all() == 1
    second = city.credential()
    assert proofs.method_of(first) != proofs.method_of(second)
    found = city.others.check({"old": city.signed(first), "new": second, "list": city.status_list(), "first": first})
    assert [found[name]["verified"] for name in ("old", "new", "list")] == [True, True, True]
    # Its key still counts; it was taken back when the other one was signed.
    assert found["first"]["revoked"]
    assert "signature" not in found["first"]["error"]
    with city.app.app_context(), transaction():
        keys.compromised(proofs.method_of(second).split("#")[1], clock.now() - DAY, clock.now())
    found = city.others.check({"new": second, "list": city.status_list()})
    assert not found["new"]["verified"]
    assert found["list"]["verified"]


def test_others_sign_the_same_bytes(city: City) -> None:
    unsigned = {name: value for name, value in city.credential().items() if name != "proof"}
    at = clock.now().replace(microsecond=0)
    theirs = city.others.sign(unsigned, SEED, proofs.issuer_of(unsigned), proofs.instant_text(at))["signed"]
    ours = json.loads(proofs.sign(unsigned, Ed25519PrivateKey.from_private_bytes(SEED), proofs.issuer_of(unsigned), at))
    assert ours["proof"] == [theirs["proof"]]


@pytest.mark.parametrize(("by_key", "who"), [(True, Who.UNKNOWN), (False, Who.ELSEWHERE)])
def test_a_badge_that_others_made_is_told_as_it_is(city: City, by_key: bool, who: Who) -> None:
    """Their program signs; nothing of it went through ours."""
    them = Elsewhere(by_key=by_key, key=Ed25519PrivateKey.from_private_bytes(SEED))
    made = city.others.sign(them.unsigned(), SEED, them.did, proofs.instant_text(NOON))["signed"]
    changed = {**made, "name": "Tenir la caisse"}
    with city.app.app_context():
        found, other = (checking.check(json.dumps(one).encode(), clock.now(), them.lookups()) for one in (made, changed))
        assert (found.unchanged, found.by, found.title) == (True, who, "Réparer un vélo")
        assert found.is_mine({"lea@example.org"}, []) is True
        assert found.is_mine({"tom@example.org"}, []) is False
        assert other.unchanged is False


def test_the_vectors_of_w3c_come_out_byte_for_byte() -> None:
    folder = samples("vc_di_eddsa")
    vector = json.loads((folder / "signed-credential.json").read_text())
    pair = json.loads((folder / "key-pair.json").read_text())
    contexts = {"https://www.w3.org/ns/credentials/examples/v2": json.loads((folder / "credentials-examples-v2.json").read_text())}
    key = Ed25519PrivateKey.from_private_bytes(base58(pair["privateKeyMultibase"])[2:])
    assert proofs.multikey(proofs.public_bytes(key)) == pair["publicKeyMultibase"]
    proof = vector.pop("proof")
    at = proofs.instant_of(proof["created"])
    assert at is not None
    signed = json.loads(proofs.sign(vector, key, f"did:key:{pair['publicKeyMultibase']}", at, contexts))
    assert signed == {**vector, "proof": [proof]}
    hashes = (folder / "proof-config-hash.txt").read_text() + (folder / "doc-hash.txt").read_text()
    key.public_key().verify(base58(signed["proof"][0]["proofValue"]), bytes.fromhex(hashes))


def base58(text: str) -> bytes:
    """Return the bytes of « z… », read without the library."""
    letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for letter in text[1:]:
        number = number * 58 + letters.index(letter)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
