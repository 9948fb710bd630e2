"""What a learner received elsewhere: kept once, four answers apart, and nothing of it taken for more than it is."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import socket
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from openbadgeslib import baking
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from passport import clock
from passport.accounts.models import Account
from passport.credentials import foreign, foreign_queries, foreign_words, proofs
from passport.credentials.checking import Who, Why, check
from passport.credentials.fetching import Lookups, Miss, NotFetched
from passport.credentials.models import ForeignBadge
from passport.experiences.models import Experience
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.refusals import Refusal, Refused
from passport.transaction import transaction

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..elsewhere import LIST, Elsewhere, Older, rsa
from ..reading import Reader, fields, way, words
from .test_attacks_races import together
from .test_checking import alike, deep
from .test_fetching import NAME, PUBLIC, Server, plain
from .test_foreign_badges import SVG, carried, png

DAY = dt.timedelta(days=1)
MINE, THEIRS = "lea@example.org", "tom@example.org"
Made = tuple[Elsewhere, bytes | str]


def confirm(app: Flask, cast: Cast, name: str = "lea", address: str = MINE) -> None:
    """Let somebody have confirmed an address."""
    with app.app_context(), transaction():
        account = db.session.get_one(Account, cast[name])
        account.email, account.email_confirmed_at = address, NOON - DAY


def nobody() -> Lookups:
    """Return what reaches nobody: there is no network."""

    def fetch(url: str) -> bytes:
        raise NotFetched(Miss.UNREACHED)

    return Lookups(fetch)


def keep(app: Flask, cast: Cast, data: bytes | str, fetch: Lookups, name: str = "lea", now: dt.datetime = NOON,
         submission: uuid.UUID | None = None) -> uuid.UUID:
    """Look at what somebody brings and keep it, as the page does."""
    with app.app_context():
        found = check(data.encode() if isinstance(data, str) else data, now, fetch)
        with transaction():
            return foreign.keep(cast[name], submission or uuid.uuid4(), found, now).id


def again(app: Flask, cast: Cast, key: uuid.UUID, fetch: Lookups, now: dt.datetime) -> bool:
    """Look at it again, as its button does."""
    with app.app_context():
        row = foreign_queries.badge(key, document=True)
        assert row is not None
        found = check(row.document, now, fetch)
        with transaction():
            return foreign.check_again(key, cast["lea"], found, now)


def known(app: Flask, key: uuid.UUID, now: dt.datetime = NOON) -> tuple[bool | None, Who | None, bool | None, bool | None]:
    """Return the facts about one: as it was signed, by whom, mine, in force."""
    with app.app_context():
        row = foreign_queries.badge(key)
        assert row is not None
        found = foreign_queries.one(row, now)
        return row.signature_ok, found.by, row.is_mine, found.in_force


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(ForeignBadge)) or 0


def named(address: str) -> list[dict[str, Any]]:
    """Return an identity of the newer standard that names an address by its hash."""
    return [{"type": "IdentityObject", "hashed": True, "identityType": "emailAddress", "salt": "sel",
             "identityHash": "sha256$" + hashlib.sha256((address + "sel").encode()).hexdigest()}]


def of(them: Elsewhere, identifier: list[dict[str, Any]] | None, **changes: Any) -> dict[str, Any]:
    document = them.unsigned(**changes)
    if identifier is None:
        del document["credentialSubject"]["identifier"]
        document["credentialSubject"]["id"] = "did:example:somebody"
    else:
        document["credentialSubject"]["identifier"] = identifier
    return document


# ---------- every form, with its expected facts ----------


def rs256() -> Made:
    them, key = Elsewhere(), rsa()
    them.did, kid = f"https://{NAME}/issuer", f"https://{NAME}/keys/1"
    them.pages[kid] = RSAAlgorithm.to_jwk(key.public_key()).encode()
    return them, them.token(key=key, kid=kid)


def es256() -> Made:
    them, key = Elsewhere(), ec.generate_private_key(ec.SECP256R1())
    method = f"{them.did}#es"
    them.publish_keys(assertionMethod=[method], verificationMethod=[{
        "id": method, "type": "JsonWebKey", "controller": them.did,
        "publicKeyJwk": json.loads(ECAlgorithm.to_jwk(key.public_key()))}])
    document = them.unsigned()
    return them, jwt.encode({**document, "iss": them.did, "jti": document["id"]}, key, "ES256", {"kid": method})


def baked(kind: str, made: Made) -> Made:
    """Return a badge in a picture, as the library writes it."""
    them, text = made[0], made[1].decode() if isinstance(made[1], bytes) else made[1]
    newer = not isinstance(them, Older)
    if kind == "png":
        return them, baking.bake_png(png(), text, keyword=baking.ITXT_KEYWORD_OB3 if newer else baking.ITXT_KEYWORD)
    if newer:
        return them, baking.bake_svg(SVG, text, element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3, as_text=True)
    return them, baking.bake_svg(SVG, text, as_text=text.startswith("{"))


def newer(by_key: bool = False, **changes: Any) -> Made:
    them = Elsewhere(by_key=by_key)
    return them, them.signed(**changes)


def older(**changes: Any) -> Made:
    them = Older()
    return them, them.host(**changes)


def older_signed(**changes: Any) -> Made:
    them = Older()
    return them, them.token_of(**changes)


def listed(*revoked: int) -> Made:
    them = Elsewhere()
    them.publish_list(revoked)
    return them, them.signed(credentialStatus=them.status())


def unlisted() -> Made:
    them, data = listed()
    del them.pages[LIST]
    return them, data


def changed() -> Made:
    them, data = newer()
    assert isinstance(data, bytes)
    return them, data.replace("Réparer un vélo".encode(), "Réparer un avion".encode())


def copied() -> Made:
    them, data = older()
    assert isinstance(data, bytes)
    return them, data.replace(b"2026-06-01", b"2025-06-01")


def unsigned() -> Made:
    them = Elsewhere()
    return them, proofs.written(them.unsigned())


def addressed(identifier: list[dict[str, Any]] | None) -> Made:
    them = Elsewhere()
    return them, them.signed(of(them, identifier))


Y, N, U = True, False, None
EXPECTED: dict[str, tuple[Callable[[], Made], tuple[bool | None, Who | None, bool | None, bool | None]]] = {
    "OB 2.0 hosted": (older, (Y, Who.ELSEWHERE, Y, Y)),
    "OB 2.0 signed": (older_signed, (Y, Who.ELSEWHERE, Y, Y)),
    "OB 2.0 hosted, in a PNG": (lambda: baked("png", older()), (Y, Who.ELSEWHERE, Y, Y)),
    "OB 2.0 hosted, in an SVG": (lambda: baked("svg", older()), (Y, Who.ELSEWHERE, Y, Y)),
    "OB 2.0 signed, in a PNG": (lambda: baked("png", older_signed()), (Y, Who.ELSEWHERE, Y, Y)),
    "OB 2.0 signed, in an SVG": (lambda: baked("svg", older_signed()), (Y, Who.ELSEWHERE, Y, Y)),
    "OB 2.0, ended": (lambda: older(expires="2026-11-01T00:00:00Z"), (Y, Who.ELSEWHERE, Y, N)),
    "OB 2.0, another copy": (copied, (N, None, None, None)),
    "OB 2.0, nobody's address": (lambda: older(recipient={"type": "url", "hashed": False, "identity": "https://x.example"}),
                                 (Y, Who.ELSEWHERE, U, Y)),
    "OB 3.0, did:key": (lambda: newer(by_key=True), (Y, Who.UNKNOWN, Y, Y)),
    "OB 3.0, did:web": (newer, (Y, Who.ELSEWHERE, Y, Y)),
    "OB 3.0, in a PNG": (lambda: baked("png", newer()), (Y, Who.ELSEWHERE, Y, Y)),
    "OB 3.0, in an SVG": (lambda: baked("svg", newer()), (Y, Who.ELSEWHERE, Y, Y)),
    "JWT, RS256": (rs256, (Y, Who.ELSEWHERE, Y, Y)),
    "JWT, ES256": (es256, (Y, Who.ELSEWHERE, Y, Y)),
    "JWT, in a PNG": (lambda: baked("png", rs256()), (Y, Who.ELSEWHERE, Y, Y)),
    "on a list, in force": (listed, (Y, Who.ELSEWHERE, Y, Y)),
    "on a list, taken back": (lambda: listed(5), (Y, Who.ELSEWHERE, Y, N)),
    "on a list that is not reached": (unlisted, (Y, Who.ELSEWHERE, Y, U)),
    "ended": (lambda: newer(validUntil=proofs.instant_text(NOON - DAY)), (Y, Who.ELSEWHERE, Y, N)),
    "to begin": (lambda: newer(validFrom=proofs.instant_text(NOON + DAY)), (Y, Who.ELSEWHERE, Y, N)),
    "changed": (changed, (N, None, None, None)),
    "not signed": (unsigned, (N, None, None, None)),
    "another's address": (lambda: addressed(named(THEIRS)), (Y, Who.ELSEWHERE, N, Y)),
    "my address, and another's": (lambda: addressed(named(THEIRS) + named(MINE)), (Y, Who.ELSEWHERE, Y, Y)),
    "nobody in particular": (lambda: addressed(None), (Y, Who.ELSEWHERE, U, Y)),
}


@pytest.mark.parametrize("form", EXPECTED)
def test_a_badge_of_every_form_has_its_facts(app: Flask, cast: Cast, form: str) -> None:
    make, expected = EXPECTED[form]
    them, data = make()
    confirm(app, cast)
    key = keep(app, cast, data, them.lookups())
    assert known(app, key) == expected
    page = Reader(app, cast, "lea").get(f"/recu-ailleurs/{key}")
    assert page.status_code == 200
    found = words(page)
    assert ("Oui, tout est comme au départ." in found) is (expected[0] is True)
    assert ("Connu ailleurs : " in found) is (expected[1] is Who.ELSEWHERE)
    assert ("C’est au nom de votre adresse e-mail confirmée." in found) is (expected[2] is True)
    assert "Connu de la Ville" not in found


@pytest.mark.parametrize("form", [name for name, (_make, facts) in EXPECTED.items() if facts[1] is Who.ELSEWHERE])
def test_without_network_it_is_kept_and_never_called_good(app: Flask, cast: Cast, form: str) -> None:
    them, data = EXPECTED[form][0]()
    confirm(app, cast)
    key = keep(app, cast, data, nobody())
    signature_ok, by, is_mine, in_force = known(app, key)
    assert (signature_ok, by, is_mine, in_force) == (None, None, None, None)
    lea = Reader(app, cast, "lea")
    found = words(lea.get(f"/recu-ailleurs/{key}"))
    assert "Cela n’a pas pu être vérifié." in found
    assert "Oui" not in found
    assert "N’a pas pu être vérifié." in words(lea.get("/passeport"))
    assert again(app, cast, key, them.lookups(), NOON + DAY)
    assert known(app, key, NOON + DAY) == EXPECTED[form][1] or form == "to begin"


@both_databases
def test_whose_it_is_needs_an_address_that_was_confirmed(app: Flask, cast: Cast) -> None:
    them, data = newer()
    key = keep(app, cast, data, them.lookups())
    assert known(app, key) == (True, Who.ELSEWHERE, None, True)
    assert '"/adresse"' in Reader(app, cast, "lea").get(f"/recu-ailleurs/{key}").get_data(as_text=True)
    confirm(app, cast, address=THEIRS)
    assert again(app, cast, key, them.lookups(), NOON)
    assert known(app, key)[2] is False
    assert "C’est au nom d’une autre adresse e-mail que la vôtre." in words(Reader(app, cast, "lea").get(f"/recu-ailleurs/{key}"))


# ---------- of this city ----------


@both_databases
def test_a_credential_of_this_city_is_recognised_as_such_and_never_counts_twice(app: Flask, lived: Cast) -> None:
    with app.app_context():
        assert signing.sign_all() == 1
        document = proofs.written(signing.of(lived["endorsement"]))
    key, other = (keep(app, lived, document, nobody(), name) for name in ("lea", "stranger"))
    assert known(app, key) == (True, Who.CITY, True, True)
    assert known(app, other) == (True, Who.CITY, None, True)
    page = words(Reader(app, lived, "lea").get(f"/recu-ailleurs/{key}"))
    assert "Connu de la Ville : Médiathèque Mandela." in page
    assert "C’est déjà dans votre passeport, avec son cachet." in page
    assert "déjà dans votre passeport" not in words(Reader(app, lived, "stranger").get(f"/recu-ailleurs/{other}"))
    with app.app_context(), transaction():
        recognition.end_permission(db.session.get_one(Endorsement, lived["endorsement"]), NOON)
    assert known(app, key)[3] is False  # at once, without looking again
    assert "N’est plus en vigueur." in words(Reader(app, lived, "lea").get("/recu-ailleurs"))


def test_what_was_received_stands_apart_without_a_stamp_of_ours(app: Flask, lived: Cast) -> None:
    them, data = newer()
    lea = Reader(app, lived, "lea")
    before = lea.get("/passeport").get_data(as_text=True)
    keep(app, lived, data, them.lookups())
    after = lea.get("/passeport").get_data(as_text=True)
    section = after[after.index('aria-labelledby="received"'):].split("</section>")[0]
    assert "Réparer un vélo" in section
    assert "Connu ailleurs" in words(section)
    assert '<ol class="life"' not in section
    assert "rosette" not in section
    assert "Reconnu" not in words(section)
    assert after.count("Réparer un vélo") == 1
    assert before.count("prov known") == after.count("prov known") > 0


# ---------- kept once, erased, put back ----------


@both_databases
def test_the_same_is_kept_once_however_it_comes(app: Flask, cast: Cast) -> None:
    them, data = newer()
    assert isinstance(data, bytes)
    key = keep(app, cast, data, them.lookups())
    spaced = json.dumps(json.loads(data), indent=2, sort_keys=True).replace("\n", "\r\n")
    for same in (data, spaced, baked("png", (them, data))[1], baked("svg", (them, data))[1]):
        assert keep(app, cast, same, them.lookups()) == key
    assert count(app) == 1
    assert keep(app, cast, data, them.lookups(), "stranger") != key


@both_databases
def test_one_form_keeps_one_thing(app: Flask, cast: Cast) -> None:
    (them, data), (others, other), form = newer(), newer(), uuid.uuid4()
    key = keep(app, cast, data, them.lookups(), submission=form)
    assert keep(app, cast, data, them.lookups(), submission=form) == key
    with pytest.raises(Refused) as refused:
        keep(app, cast, other, others.lookups(), submission=form)
    assert refused.value.refusal is Refusal.SENT_OTHERWISE


@both_databases
def test_two_at_once_are_kept_once(app: Flask, cast: Cast) -> None:
    _them, data = newer(by_key=True)
    assert isinstance(data, bytes)
    windows = [Reader(app, cast, "lea") for _ in range(4)]
    assert together(*[partial(send, one, data.decode()) for one in windows]) == [303] * 4
    assert count(app) == 1


@both_databases
def test_fifty_are_kept_and_no_more(app: Flask, cast: Cast) -> None:
    them = Elsewhere(by_key=True)
    several = [them.signed(id=f"https://{NAME}/b/{n}") for n in range(51)]
    keys = [keep(app, cast, data, nobody()) for data in several[:50]]
    with pytest.raises(Refused) as refused:
        keep(app, cast, several[50], nobody())
    assert refused.value.refusal is Refusal.RECEIVED_MANY
    assert keep(app, cast, several[0], nobody()) == keys[0]  # what is there already takes no room
    with app.app_context(), transaction():
        assert foreign.remove(keys[0], cast["lea"], NOON)
    keep(app, cast, several[50], nobody())
    with app.app_context(), pytest.raises(Refused) as refused, transaction():
        foreign.put_back(keys[0], cast["lea"], NOON)
    assert refused.value.refusal is Refusal.RECEIVED_MANY
    with app.app_context():
        listed_now = foreign_queries.received(cast["lea"], NOON)
    assert len(listed_now) == 50


@both_databases
def test_erasing_can_be_taken_back_for_an_hour(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    them, data = newer()
    form = uuid.uuid4()
    key = keep(app, cast, data, them.lookups(), submission=form)
    lea = Reader(app, cast, "lea")
    monkeypatch.setattr(clock, "now", lambda: NOON)
    page = lea.follow(lea.post(f"/recu-ailleurs/{key}/effacer"))
    assert "On peut annuler pendant une heure." in words(page)
    assert "Réparer un vélo" not in words(page)
    assert way(lea.get(f"/recu-ailleurs/{key}")) == "/recu-ailleurs"
    assert "C’est déjà fait." in words(lea.follow(lea.post(f"/recu-ailleurs/{key}/effacer")))
    assert way(lea.post(f"/recu-ailleurs/{key}/verifier")) == "/recu-ailleurs"
    back = lea.post(f"/recu-ailleurs/{key}/annuler")
    assert "Réparer un vélo" in words(lea.follow(back))
    lea.post(f"/recu-ailleurs/{key}/effacer")
    assert keep(app, cast, data, them.lookups(), submission=form) == key  # sent once more by a slow phone: stays erased
    assert way(lea.get(f"/recu-ailleurs/{key}")) == "/recu-ailleurs"
    assert keep(app, cast, data, them.lookups()) == key  # added anew: it is wanted again
    assert lea.get(f"/recu-ailleurs/{key}").status_code == 200
    lea.post(f"/recu-ailleurs/{key}/effacer")
    later = NOON + dt.timedelta(hours=1, minutes=2)
    with app.app_context(), transaction():
        assert foreign.erase_removed(NOON + dt.timedelta(minutes=59)) == 0
        with pytest.raises(Refused) as refused:
            foreign.put_back(key, cast["lea"], later)
        assert refused.value.refusal is Refusal.UNDO_OVER
        assert foreign.erase_removed(later) == 1
    assert count(app) == 0
    assert lea.get(f"/recu-ailleurs/{key}").status_code == 404


# ---------- looked at again ----------


def test_a_new_look_tells_what_was_taken_back(app: Flask, cast: Cast) -> None:
    them, data = listed()
    key = keep(app, cast, data, them.lookups())
    them.publish_list([5])
    assert known(app, key)[3] is True  # never by itself
    assert again(app, cast, key, them.lookups(), NOON + DAY)
    assert known(app, key)[3] is False


def test_a_look_that_reaches_nobody_leaves_what_was_known_with_its_date(app: Flask, cast: Cast) -> None:
    them, data = listed()
    key = keep(app, cast, data, them.lookups())
    assert not again(app, cast, key, nobody(), NOON + DAY)
    assert known(app, key)[0] is True
    assert "Vérifié le 24 novembre 2026 à 12 h 00." in words(Reader(app, cast, "lea").get(f"/recu-ailleurs/{key}"))
    hosted, copy = older()
    other = keep(app, cast, copy, hosted.lookups())
    hosted.host(revoked=True)
    assert again(app, cast, other, hosted.lookups(), NOON + DAY)  # a plain no is news, whatever else is not known
    assert known(app, other)[3] is False


def test_time_ends_what_has_an_end_without_a_new_look(app: Flask, cast: Cast) -> None:
    them, data = newer(validUntil=proofs.instant_text(NOON + DAY))
    key = keep(app, cast, data, them.lookups())
    assert known(app, key)[3] is True
    assert known(app, key, NOON + 2 * DAY)[3] is False
    begins, begun = newer(validFrom=proofs.instant_text(NOON + DAY))
    key = keep(app, cast, begun, begins.lookups())
    assert known(app, key)[3] is False
    assert known(app, key, NOON + 2 * DAY)[3] is None  # it has begun, but was not looked at since


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1066-10-14T00:00:00Z"])
def test_a_year_that_no_page_can_say_is_left_out(app: Flask, cast: Cast, year: str) -> None:
    them, said = Elsewhere(by_key=True), "1066-10-14T00:00:00Z"
    for name in ("validFrom", "validUntil"):
        key = keep(app, cast, them.signed(**{name: said}).replace(said.encode(), year.encode()), nobody())
        assert Reader(app, cast, "lea").get(f"/recu-ailleurs/{key}").status_code == 200


# ---------- by the page ----------


def send(reader: Reader, data: bytes | str, **more: Any) -> Any:
    """Send a file or a text by the form."""
    if isinstance(data, str):
        return reader.fill("/recu-ailleurs/ajouter", text=data, **more)
    form = {**fields(reader.get("/recu-ailleurs/ajouter")), "file": FileStorage(io.BytesIO(data), "recu.png"), **more}
    boundary, body = encode_multipart(form)
    return reader.client.post("/recu-ailleurs/ajouter", input_stream=io.BytesIO(body), content_length=len(body),
                              content_type=f"multipart/form-data; boundary={boundary}")


def test_a_file_or_a_text_arrives_and_is_told_as_it_is(app: Flask, cast: Cast) -> None:
    confirm(app, cast)
    lea = Reader(app, cast, "lea")
    _them, data = newer(by_key=True)
    assert isinstance(data, bytes)
    answer = send(lea, baked("png", (_them, data))[1])
    page = words(lea.follow(answer))
    for said in ("C’est gardé.", "Réparer un vélo", "Oui, tout est comme au départ.", "Inconnu.", "Il est écrit : Atelier Vélo.",
                 "C’est au nom de votre adresse e-mail confirmée."):
        assert said in page
    assert "is-bad" not in lea.get(way(answer)).get_data(as_text=True)
    assert "C’était déjà là." in words(lea.follow(send(lea, data.decode())))
    assert count(app) == 1
    assert "Qui l’a donné est inconnu." in words(lea.get("/recu-ailleurs"))


@pytest.mark.parametrize("settings_of_test", [{"FETCHES": True}])
def test_the_whole_way_to_a_server_elsewhere(app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    them, data = newer()
    server = Server(tmp_path, NAME)
    connect, look, here = socket.create_connection, socket.getaddrinfo, server.listening.getsockname()
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 443))]
    try:
        monkeypatch.setattr(socket, "getaddrinfo", lambda name, *more, **how: there if name == NAME else look(name, *more, **how))
        monkeypatch.setattr(socket, "create_connection", lambda to, seconds: connect(here if to[0] == PUBLIC else to, seconds))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        server.answer = plain(them.pages[f"https://{NAME}/.well-known/did.json"])
        lea = Reader(app, cast, "lea")
        answer = send(lea, data)
        assert f"Connu ailleurs : {NAME}." in words(lea.follow(answer))
        assert len(server.asked) == 1
        key = way(answer).rsplit("/", 1)[1]
        server.answer = plain(b"{}")
        page = words(lea.follow(lea.post(f"/recu-ailleurs/{key}/verifier")))
        assert "Cela n’a pas pu être vérifié à nouveau. Voici ce qui était connu." in page
        assert f"Connu ailleurs : {NAME}." in page
    finally:
        server.close()


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
def test_nobody_has_us_look_without_end(app: Flask, cast: Cast) -> None:
    lea, stranger = (Reader(app, cast, name) for name in ("lea", "stranger"))
    _them, data = newer(by_key=True)
    assert isinstance(data, bytes)
    key = way(send(lea, data)).rsplit("/", 1)[1]
    for _ in range(29):
        assert "C’est vérifié à nouveau." in words(lea.follow(lea.post(f"/recu-ailleurs/{key}/verifier")))
    assert "Beaucoup d’essais d’affilée." in words(lea.follow(lea.post(f"/recu-ailleurs/{key}/verifier")))
    typed = "{ ceci reste là"
    answer = send(lea, typed)
    assert answer.status_code == 429
    assert typed in answer.get_data(as_text=True)
    assert send(stranger, data).status_code == 303


HOSTILE: dict[str, tuple[bytes | str, str]] = {
    "nothing": (b"", "Choisir un fichier, ou coller un texte."),
    "nothing to see": ("  \n", "Choisir un fichier, ou coller un texte."),
    "words": ("Bonjour", "Cela ne se lit pas."),
    "a photo": (png(), "Cette image ne porte aucune attestation."),
    "half a picture": (png()[:-20], "Cela ne se lit pas."),
    "another text": ('{"type": "Profile"}', "Ce n’est pas une attestation signée."),
    "a name twice": ('{"type":"Assertion","type":"Assertion"}', "Une même ligne y est écrite deux fois"),
    "deep": ('{"type":"Assertion","a":' + "[" * 90_000 + "]" * 90_000 + "}", "Cela ne se lit pas."),
    "too long": ('{"type":"Assertion","a":"' + "x" * 300_000 + '"}', "C’est trop grand"),
    "too heavy": (b"x" * 11_000_000, "C’est trop grand"),
    "a bomb": (png(carried(b" " * 50_000_000, packed=True)), "C’est trop grand"),
    "entities": (b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>', "Cela ne se lit pas."),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_refused_in_words_and_nothing_is_kept(app: Flask, cast: Cast, name: str) -> None:
    data, said = HOSTILE[name]
    lea = Reader(app, cast, "lea")
    began = time.process_time()
    answer = send(lea, data)
    assert time.process_time() - began < 3
    assert answer.status_code == 422
    assert said in words(answer)
    assert count(app) == 0


def test_nothing_of_others_is_more_than_text(app: Flask, cast: Cast) -> None:
    evil = "<script>alert(1)</script>"
    them = Elsewhere(by_key=True)
    document = them.unsigned(name=evil)
    document["issuer"]["name"] = "\u202ePiège\u2066 <img src=x onerror=alert(1)>"
    document["issuer"]["url"] = "javascript:alert(1)"
    document["credentialSubject"]["achievement"].update(
        name=f"{evil}\u202e\u061c\u2067 e{chr(0x301) * 60}", id="javascript:alert(2)",
        image={"id": "https://pisteur.example/i.svg", "type": "Image"})
    key = keep(app, cast, proofs.written(document), nobody())
    lea = Reader(app, cast, "lea")
    for path in (f"/recu-ailleurs/{key}", "/recu-ailleurs", "/passeport"):
        body = lea.get(path).get_data(as_text=True)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body, path
        assert "<script>alert" not in body
        assert "<img" not in body
        assert "javascript:" not in body
        assert "pisteur" not in body
        assert not any(sign in body for sign in "\u202e\u061c\u2066\u2067")
        assert "\u0301" * 6 not in body
    long = them.unsigned()
    long["credentialSubject"]["achievement"]["name"] = "W" * 100_000
    key = keep(app, cast, proofs.written(long), nobody())
    assert "W" * 301 not in lea.get(f"/recu-ailleurs/{key}").get_data(as_text=True)


def test_nobody_else_reads_it(app: Flask, cast: Cast) -> None:
    them, data = newer()
    key = keep(app, cast, data, them.lookups())
    for name in ("stranger", "karim", "claire", "sofia"):
        reader = Reader(app, cast, name)
        assert reader.get(f"/recu-ailleurs/{key}").status_code == 404
        for act in ("verifier", "effacer", "annuler"):
            assert reader.post(f"/recu-ailleurs/{key}/{act}").status_code == 404
        assert "Réparer un vélo" not in words(reader.get("/recu-ailleurs"))


@both_databases
def test_without_an_experience_the_passport_shows_it_too(app: Flask, cast: Cast) -> None:
    them, data = newer()
    keep(app, cast, data, them.lookups(), "stranger")
    with app.app_context():
        assert not db.session.query(Experience).filter_by(learner_id=cast["stranger"]).count()
    assert "Réparer un vélo" in words(Reader(app, cast, "stranger").get("/passeport"))


def test_every_reason_has_words_of_its_own_and_fits_its_column(app: Flask) -> None:
    def row(**facts: Any) -> foreign_queries.Received:
        return foreign_queries.Received(ForeignBadge(checked_at=NOON, title="", issuer_name="", format="ob3", **facts), NOON)

    unheld = {Why.UNSIGNED: False, Why.CHANGED: False, Why.OTHER_ISSUER: False, Why.OTHER_WORDS: False, Why.OTHER_COPY: False,
              Why.KEY_ENDED: False, Why.NO_KEY: None, Why.NOT_HOSTED: None, Why.OTHER_SIGNATURE: None}
    states = [Why.DATES, Why.STATUS_OTHER, Why.STATUS_UNREACHED, Why.STATUS_UNSOUND]
    with app.test_request_context():
        first = [foreign_words.unchanged(row(signature_ok=ok, why=why.value)) for why, ok in unheld.items()]
        third = [foreign_words.in_force(row(signature_ok=True, issuer="elsewhere", status=state.value)) for state in states]
    for answers in (first, third):
        assert len({answer.more for answer in answers}) == len(answers)
        assert all(answer.more and not answer.good for answer in answers)
    assert {*unheld, *states} == set(Why) - {Why.UNSAID, Why.EXPIRED, Why.NOT_YET, Why.REVOKED, Why.NO_STATUS}
    assert max(len(why.value) for why in Why) <= 16


@pytest.mark.parametrize("change", [alike(290), alike(2900), deep])
def test_what_is_made_to_keep_us_busy_ends_soon_and_is_never_called_good(app: Flask, cast: Cast, change: Callable[[Any], Any]) -> None:
    _them, data = newer(by_key=True)
    document = json.loads(data)
    change(document)
    lea = Reader(app, cast, "lea")
    began = time.process_time()
    answer = send(lea, json.dumps(document))
    assert time.process_time() - began < 3
    if answer.status_code == 303:
        assert "Non, on ne peut pas s’y fier." in words(lea.follow(answer))
    else:
        assert answer.status_code == 422
