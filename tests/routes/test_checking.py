"""Checking a badge: of this city, of others, of nobody known; each attack is refused with a reason of its own."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.credentials import badges, keys, proofs
from passport.credentials.checking import Checked, Who, Why, check
from passport.credentials.fetching import Lookups, Miss, NotFetched
from passport.credentials.models import Credential, SigningKey
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.transaction import transaction

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..elsewhere import LIST, Elsewhere, packed, token

DAY = dt.timedelta(days=1)
Change = Callable[[dict[str, Any]], Any]


def nobody(url: str) -> bytes:
    raise AssertionError(f"{url} was fetched")


def own(app: Flask, lived: Cast) -> dict[str, Any]:
    """Sign what lea permits and return the document."""
    with app.app_context():
        assert signing.sign_all() == 1
        return signing.of(lived["endorsement"])


def checked(app: Flask, data: bytes | dict[str, Any], now: dt.datetime = NOON, fetch: Lookups | None = None) -> Checked:
    """Check bytes or a document; without `fetch`, nothing may be fetched."""
    with app.app_context():
        return check(proofs.written(data) if isinstance(data, dict) else data, now, fetch or Lookups(nobody))


# ---------- of this city ----------


@both_databases
def test_a_credential_of_the_city_is_known_and_asked_of_our_own_tables(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    found = checked(app, document)
    assert (found.unchanged, found.by, found.in_force) == (True, Who.CITY, True)
    assert (found.why, found.state) == (None, None)
    assert found.issuer_name == "Médiathèque Mandela"
    assert found.title == document["name"]
    with app.app_context():
        secret = db.session.scalars(sa.select(Credential.recipient_secret)).one()
    assert found.is_mine(["lea@example.org"]) is None
    assert found.is_mine([], [secret]) is True
    assert found.is_mine([], [b"x" * 32]) is False


@both_databases
def test_what_was_taken_back_is_said_at_once(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    with app.app_context(), transaction():
        recognition.end_permission(db.session.get_one(Endorsement, lived["endorsement"]), NOON)
    found = checked(app, document)
    assert (found.unchanged, found.by, found.in_force, found.state) == (True, Who.CITY, False, Why.REVOKED)


def rename(name: str, iri: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        document[iri] = document.pop(name)

    return change


def change_letter(document: dict[str, Any]) -> None:
    document["credentialSubject"]["achievement"]["name"] += "!"


def change_step(document: dict[str, Any]) -> None:
    result = document["credentialSubject"]["result"][0]
    result["achievedLevel"] = result["achievedLevel"].replace("step-3", "step-4")


def strip_proof(document: dict[str, Any]) -> None:
    del document["proof"]


def add_context(document: dict[str, Any]) -> None:
    document["@context"].append("https://w3id.org/security/multikey/v1")


def add_term(document: dict[str, Any]) -> None:
    document["mention"] = "très bien"


def other_issuer(document: dict[str, Any]) -> None:
    document["issuer"]["id"] = "did:web:badges.autre-ville.example"


def other_suite(document: dict[str, Any]) -> None:
    document["proof"][0]["cryptosuite"] = "eddsa-jcs-2022"


ATTACKS: dict[str, tuple[Change, Why]] = {
    "a changed letter": (change_letter, Why.CHANGED),
    "a changed step": (change_step, Why.CHANGED),
    "a changed date": (lambda d: d.update(validFrom="2020-01-01T00:00:00Z"), Why.CHANGED),
    "another issuer": (other_issuer, Why.OTHER_ISSUER),
    "no proof": (strip_proof, Why.UNSIGNED),
    "an empty proof": (lambda d: d.update(proof=[]), Why.UNSIGNED),
    "one context more": (add_context, Why.OTHER_WORDS),
    "a context of one’s own": (lambda d: d["@context"].append({"validUntil": None}), Why.OTHER_WORDS),
    "a word that nothing defines": (add_term, Why.OTHER_WORDS),
    "its state renamed": (rename("credentialStatus", "https://www.w3.org/2018/credentials#credentialStatus"), Why.OTHER_WORDS),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_a_credential_of_the_city_is_refused(app: Flask, lived: Cast, attack: str) -> None:
    document = own(app, lived)
    change, why = ATTACKS[attack]
    change(document)
    found = checked(app, document)
    assert (found.unchanged, found.why, found.by, found.in_force) == (False, why, Who.UNKNOWN, None)


@pytest.mark.slow
def test_no_byte_of_a_credential_can_be_changed(app: Flask, lived: Cast) -> None:
    """One byte in three; every byte of a shorter badge is changed in tests/rules/test_proofs.py."""
    text = proofs.written(own(app, lived))
    held = []
    for position in range(0, len(text), 3):
        changed = text[:position] + bytes([text[position] ^ 1]) + text[position + 1:]
        try:
            found = checked(app, changed)
        except badges.NoBadge:
            continue
        if found.unchanged:
            held.append(text[position - 20:position + 20])
    assert held == []


def test_another_kind_of_signature_is_not_known(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    other_suite(document)
    found = checked(app, document)
    assert (found.unchanged, found.why, found.by) == (None, Why.OTHER_SIGNATURE, Who.UNKNOWN)


def test_a_name_that_stands_twice_is_not_read(app: Flask, lived: Cast) -> None:
    text = proofs.written(own(app, lived))
    with pytest.raises(badges.NoBadge) as refused:
        checked(app, text[:-1] + b',"name":"Autre chose"}')
    assert refused.value.absent is badges.Absent.TWICE


def test_another_key_that_calls_itself_ours_is_refused(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    issuer, method = document["issuer"]["id"], document["proof"][0]["verificationMethod"]
    del document["proof"]
    forger = proofs.new_key()
    forged = json.loads(proofs.sign(document, forger, issuer, NOON))
    assert checked(app, forged).why is Why.OTHER_ISSUER
    forged["proof"][0]["verificationMethod"] = method
    found = checked(app, forged)
    assert (found.unchanged, found.why) == (False, Why.CHANGED)


def test_an_organisation_that_never_was_is_not_looked_up(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    gone = document["issuer"]["id"][:-12] + "0" * 12
    document["issuer"]["id"] = gone
    document["proof"][0]["verificationMethod"] = gone + "#" + document["proof"][0]["verificationMethod"].split("#")[1]
    found = checked(app, document)
    assert (found.unchanged, found.by) == (False, Who.UNKNOWN)


def test_of_a_compromised_key_only_what_we_keep_counts(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    with app.app_context():
        row = db.session.scalars(sa.select(SigningKey)).one()
        stolen = keys.read(row.key_id)
        with transaction():
            keys.compromised(row.key_id, NOON + DAY, NOON + DAY)
    assert checked(app, document, NOON + 2 * DAY).unchanged is True
    issuer = document["issuer"]["id"]
    del document["proof"]
    document["credentialSubject"]["result"][0]["achievedLevel"] = document["credentialSubject"]["result"][0][
        "achievedLevel"].replace("step-3", "step-4")
    forged = proofs.sign(document, stolen, issuer, NOON)
    found = checked(app, forged, NOON + 2 * DAY)
    assert (found.unchanged, found.why, found.by, found.in_force) == (False, Why.KEY_ENDED, Who.UNKNOWN, None)


@both_databases
def test_of_a_key_that_nobody_misses_yet_only_what_we_keep_is_in_force(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    with app.app_context():
        stolen = keys.current().private
    result = document["credentialSubject"]["result"][0]
    result["achievedLevel"] = result["achievedLevel"].replace("step-3", "step-4")
    del document["proof"]
    found = checked(app, proofs.sign(document, stolen, document["issuer"]["id"], NOON))
    assert (found.unchanged, found.in_force, found.state) == (True, False, Why.REVOKED)


def test_a_key_that_was_replaced_stays_good_for_what_it_signed(app: Flask, lived: Cast) -> None:
    document = own(app, lived)
    with app.app_context():
        first = keys.current()
        for day in (1, 2):
            with transaction():
                keys.rotate(NOON + day * DAY)
    found = checked(app, document, NOON + 3 * DAY)
    assert (found.unchanged, found.by, found.in_force) == (True, Who.CITY, True)
    issuer = document["issuer"]["id"]
    del document["proof"]
    late = proofs.sign(document, first.private, issuer, NOON + 3 * DAY)
    found = checked(app, late, NOON + 3 * DAY)
    assert (found.unchanged, found.why, found.by) == (False, Why.KEY_ENDED, Who.UNKNOWN)


# ---------- of others ----------


def test_an_issuer_elsewhere_is_known_by_its_host(app: Flask) -> None:
    them = Elsewhere()
    found = checked(app, them.signed(), fetch=them.lookups())
    assert (found.unchanged, found.by, found.host) == (True, Who.ELSEWHERE, "badges.autre-ville.example")
    assert (found.in_force, found.state) == (True, Why.NO_STATUS)
    assert (found.title, found.issuer_name) == ("Réparer un vélo", "Atelier Vélo")
    assert found.is_mine(["Lea@example.org"]) is True
    assert found.is_mine(["tom@example.org"]) is False
    assert found.is_mine([]) is None
    assert them.asked == ["https://badges.autre-ville.example/.well-known/did.json"]


def test_a_key_that_nobody_publishes_is_unknown_and_not_wrong(app: Flask) -> None:
    them = Elsewhere(by_key=True)
    found = checked(app, them.signed())
    assert (found.unchanged, found.why, found.by, found.in_force) == (True, None, Who.UNKNOWN, True)


def test_an_issuer_that_cannot_be_reached_is_not_known(app: Flask) -> None:
    them = Elsewhere()
    data = them.signed()
    them.pages.clear()
    found = checked(app, data, fetch=them.lookups())
    assert (found.unchanged, found.why, found.by, found.in_force) == (None, Why.NO_KEY, Who.UNKNOWN, None)


def test_nothing_is_fetched_where_a_city_wants_nothing_fetched(app: Flask) -> None:
    with app.app_context():
        assert app.config["FETCHES"] is False
        found = check(Elsewhere().signed(), NOON)
    assert (found.unchanged, found.why) == (None, Why.NO_KEY)


DOCUMENTS: dict[str, tuple[Callable[[Elsewhere], dict[str, Any]], bool | None, Why]] = {
    "of another name": (lambda t: {"id": "did:web:autre.example"}, None, Why.NO_KEY),
    "given up": (lambda t: {"deactivated": True}, None, Why.NO_KEY),
    "without this key": (lambda t: {"verificationMethod": []}, False, Why.OTHER_ISSUER),
    "where it asserts nothing": (lambda t: {"assertionMethod": []}, False, Why.KEY_ENDED),
    "where another controls it": (lambda t: _method(t, controller="did:web:autre.example"), False, Why.KEY_ENDED),
    "where it was revoked": (lambda t: _method(t, revoked="2026-01-01T00:00:00Z"), False, Why.KEY_ENDED),
    "where it ended": (lambda t: _method(t, expires="2026-01-01T00:00:00Z"), False, Why.KEY_ENDED),
    "with another key": (lambda t: _method(t, publicKeyMultibase=Elsewhere().name), False, Why.CHANGED),
    "with no key": (lambda t: _method(t, publicKeyMultibase="zzz"), None, Why.OTHER_SIGNATURE),
}


def _method(them: Elsewhere, **changes: Any) -> dict[str, Any]:
    return {"verificationMethod": [{**them.did_document()["verificationMethod"][0], **changes}]}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_key_counts_only_as_its_issuer_publishes_it(app: Flask, case: str) -> None:
    changes, unchanged, why = DOCUMENTS[case]
    them = Elsewhere()
    them.publish_keys(**changes(them))
    found = checked(app, them.signed(), fetch=them.lookups())
    assert (found.unchanged, found.why, found.by, found.in_force) == (unchanged, why, Who.UNKNOWN, None)


@pytest.mark.parametrize("did", [
    "did:web:badges.example:..:..:x", "did:web:user%40badges.example", "did:web:badges.example%2Fx", "did:web:badges.example%3A8443",
    "did:web:127.0.0.1", "did:web:localhost", "did:web:badges.example:a%2Fb", "did:web:badges.example:.hidden",
    "did:example:123", "http://badges.example/issuer",
    "https://moi@badges.example/issuer", "https://127.0.0.1/issuer", "https://badges.example:8443/issuer",
])
def test_a_name_that_leads_astray_is_not_followed(app: Flask, did: str) -> None:
    them = Elsewhere()
    document = json.loads(them.signed())
    document["issuer"]["id"] = did
    document["proof"][0]["verificationMethod"] = f"{did}#{them.name}"
    found = checked(app, document)
    assert found.unchanged in (None, False)
    assert found.by is Who.UNKNOWN


def test_an_issuer_named_by_its_address_publishes_its_keys_there(app: Flask) -> None:
    address = "https://badges.autre-ville.example/issuers/7"
    them = Elsewhere(address)
    data = them.signed()
    assert checked(app, data, fetch=them.lookups()).why is Why.NO_KEY
    them.pages[address] = proofs.written(them.did_document())
    found = checked(app, data, fetch=them.lookups())
    assert (found.unchanged, found.by, found.host) == (True, Who.ELSEWHERE, "badges.autre-ville.example")
    them.pages[address] = proofs.written(them.did_document(assertionMethod=[]))
    assert checked(app, data, fetch=them.lookups()).why is Why.KEY_ENDED
    liar = Elsewhere(by_key=True)
    document = {**liar.unsigned(), "issuer": {"id": address, "type": ["Profile"], "name": "Atelier Vélo"}}
    forged = json.loads(proofs.sign(document, liar.key, address, NOON))
    found = checked(app, forged, fetch=them.lookups())
    assert (found.unchanged, found.why) == (False, Why.OTHER_ISSUER)
    forged["proof"][0]["verificationMethod"] = liar.method
    found = checked(app, forged, fetch=them.lookups())
    assert (found.unchanged, found.why, found.by) == (None, Why.OTHER_SIGNATURE, Who.UNKNOWN)


def test_dates_are_said_apart_from_the_signature(app: Flask) -> None:
    them = Elsewhere()
    over = checked(app, them.signed(validUntil=proofs.instant_text(NOON - DAY)), fetch=them.lookups())
    assert (over.unchanged, over.by, over.in_force, over.state) == (True, Who.ELSEWHERE, False, Why.EXPIRED)
    early = checked(app, them.signed(validFrom=proofs.instant_text(NOON + DAY)), fetch=them.lookups())
    assert (early.unchanged, early.in_force, early.state) == (True, False, Why.NOT_YET)
    long_over = checked(app, them.signed(validFrom="2001-01-01T00:00:00Z", validUntil="2002-01-01T00:00:00Z"), fetch=them.lookups())
    assert (long_over.unchanged, long_over.in_force, long_over.state) == (True, False, Why.EXPIRED)
    far_off = checked(app, them.signed(validFrom="2199-01-01T00:00:00Z"), fetch=them.lookups())
    assert (far_off.unchanged, far_off.in_force, far_off.state) == (True, False, Why.NOT_YET)


@pytest.mark.parametrize(("name", "iri"), [
    ("validUntil", "https://www.w3.org/2018/credentials#validUntil"),
    ("credentialStatus", "https://www.w3.org/2018/credentials#credentialStatus"),
])
def test_what_ends_a_badge_cannot_be_hidden_under_its_long_name(app: Flask, name: str, iri: str) -> None:
    them = Elsewhere()
    document = json.loads(them.signed(validUntil=proofs.instant_text(NOON - DAY), credentialStatus=[them.status()]))
    value = document.pop(name)
    document[iri] = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": value} if name == "validUntil" else value
    found = checked(app, document, fetch=them.lookups())
    assert (found.unchanged, found.why, found.in_force) == (False, Why.OTHER_WORDS, None)


# ---------- status lists of others ----------


def test_a_list_says_whether_a_badge_was_taken_back(app: Flask) -> None:
    them = Elsewhere()
    data = them.signed(credentialStatus=[them.status(5)])
    them.publish_list({4, 6})
    found = checked(app, data, fetch=them.lookups())
    assert (found.in_force, found.state) == (True, None)
    them.publish_list({5})
    found = checked(app, data, fetch=them.lookups())
    assert (found.unchanged, found.in_force, found.state) == (True, False, Why.REVOKED)


def test_every_list_that_a_badge_names_must_agree(app: Flask) -> None:
    them = Elsewhere()
    other = "https://badges.autre-ville.example/status/2"
    data = them.signed(credentialStatus=[them.status(5), them.status(9, other, "suspension")])
    them.publish_list(set())
    assert checked(app, data, fetch=them.lookups()).state is Why.STATUS_UNREACHED
    suspended = them.list_of({9}, other)
    suspended["credentialSubject"]["statusPurpose"] = "suspension"
    them.pages[other] = them.signed(suspended)
    assert checked(app, data, fetch=them.lookups()).in_force is False


def forged(them: Elsewhere) -> bytes:
    liar = Elsewhere(by_key=True)
    document = json.loads(liar.signed({**liar.list_of(set())}))
    document["issuer"] = them.did
    document["proof"][0]["verificationMethod"] = them.method
    return proofs.written(document)


def of_another(them: Elsewhere) -> bytes:
    liar = Elsewhere(by_key=True)
    return liar.signed(liar.list_of(set()))


def with_subject(them: Elsewhere, **changes: Any) -> bytes:
    document = them.list_of(set())
    document["credentialSubject"].update(changes)
    return them.signed(document)


def hidden_end(them: Elsewhere) -> bytes:
    document = json.loads(them.signed(them.list_of(set(), until=NOON - DAY)))
    document["https://www.w3.org/2018/credentials#validUntil"] = {
        "@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": document.pop("validUntil")}
    return proofs.written(document)


LISTS: dict[str, tuple[Callable[[Elsewhere], bytes], Why]] = {
    "unsigned": (lambda t: proofs.written(t.list_of(set())), Why.STATUS_UNSOUND),
    "forged": (forged, Why.STATUS_UNSOUND),
    "of another issuer": (of_another, Why.STATUS_UNSOUND),
    "of another address": (lambda t: t.signed(t.list_of(set(), LIST + "0")), Why.STATUS_UNSOUND),
    "too old": (lambda t: t.signed(t.list_of(set(), until=NOON - DAY)), Why.STATUS_UNSOUND),
    "too old, its end hidden": (hidden_end, Why.STATUS_UNSOUND),
    "too short": (lambda t: with_subject(t, encodedList=packed(b"\0" * 100)), Why.STATUS_UNSOUND),
    "a bomb": (lambda t: with_subject(t, encodedList=packed(b"\0" * 50_000_000)), Why.STATUS_UNSOUND),
    "no list": (lambda t: with_subject(t, encodedList="u!!"), Why.STATUS_UNSOUND),
    "for another purpose": (lambda t: with_subject(t, statusPurpose="message"), Why.STATUS_UNSOUND),
    "no JSON": (lambda t: b"<html>", Why.STATUS_UNSOUND),
    "a token of nobody": (lambda t: token({**t.list_of(set())}, Elsewhere().key, kid=t.method).encode(), Why.STATUS_UNSOUND),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_list_that_is_not_its_issuers_says_nothing(app: Flask, case: str) -> None:
    them = Elsewhere()
    make, why = LISTS[case]
    data = them.signed(credentialStatus=[them.status(5)])
    them.pages[LIST] = make(them)
    found = checked(app, data, fetch=them.lookups())
    assert (found.unchanged, found.in_force, found.state) == (True, None, why)


def test_a_list_may_be_a_token_of_its_issuer(app: Flask) -> None:
    them = Elsewhere()
    data = them.signed(credentialStatus=[them.status(5)])
    them.pages[LIST] = token({**them.list_of({5}), "iss": them.did}, them.key, kid=them.method).encode()
    assert checked(app, data, fetch=them.lookups()).in_force is False
    them.pages[LIST] = token({**them.list_of({4}), "iss": them.did}, them.key, kid=them.method).encode()
    assert checked(app, data, fetch=them.lookups()).in_force is True


@pytest.mark.parametrize("entry", [
    {"id": "https://x.example/r", "type": "1EdTechRevocationList"}, {"type": "Other"}, "https://x.example/r",
    {"type": "BitstringStatusListEntry", "statusPurpose": "message"}, {"type": ["BitstringStatusListEntry"]},
])
def test_a_state_that_we_cannot_read_is_not_known(app: Flask, entry: Any) -> None:
    them = Elsewhere()
    found = checked(app, them.token({**them.unsigned(), "credentialStatus": entry}).encode(), fetch=them.lookups())
    assert (found.unchanged, found.in_force, found.state) == (True, None, Why.STATUS_OTHER)


# ---------- what is hostile ----------


def alike(count: int) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["credentialSubject"]["achievement"]["alignment"] = [
            {"type": ["Alignment"], "targetName": "x", "targetUrl": "https://x.example/"} for _ in range(count)]

    return change


def words(document: dict[str, Any]) -> None:
    document["credentialSubject"]["achievement"]["tag"] = [f"mot {n}" for n in range(16_000)]


def deep(document: dict[str, Any]) -> None:
    inner: dict[str, Any] = {}
    for _ in range(40):
        inner = {"evidence": [inner] * 2 if len(json.dumps(inner)) < 2000 else [inner], "type": ["Evidence"]}
    document["evidence"] = [inner]


@pytest.mark.parametrize("change", [alike(290), alike(2900), words, deep])
def test_what_is_made_to_keep_us_busy_ends_soon(app: Flask, change: Change) -> None:
    them = Elsewhere(by_key=True)
    document = json.loads(them.signed())
    change(document)
    assert len(proofs.written(document)) <= proofs.MOST
    began = time.process_time()
    try:
        found = checked(app, document)
        assert found.unchanged is False
    except badges.NoBadge:
        pass
    assert time.process_time() - began < 2


def test_few_documents_are_fetched_for_one_check() -> None:
    asked: list[str] = []
    fetch = Lookups(lambda url: asked.append(url) or b"{}")  # type: ignore[func-returns-value]
    for n in range(8):
        fetch(f"https://x.example/{n}")
        fetch(f"https://x.example/{n}#again")
    with pytest.raises(NotFetched) as refused:
        fetch("https://x.example/9")
    assert refused.value.miss is Miss.TOO_MANY
    assert len(asked) == 8
