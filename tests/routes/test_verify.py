"""« Comment c’est vérifié » for anybody: what is said of a link, a file and a text, and what a reader's page rests on."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from openbadgeslib import baking
from werkzeug.test import TestResponse

from passport import limits
from passport.credentials import proofs, verify
from passport.credentials.models import Credential, SigningKey
from passport.extensions import db
from passport.organisations.models import Organisation
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.seal import unseal
from passport.sharing.models import EditionItem, Share
from passport.transaction import transaction

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..elsewhere import DAY, Elsewhere
from ..reading import words
from ..servers import Server, pages
from .test_foreign_badges import SVG, png
from .test_registry import City, everything

ASKED = ("A-t-on changé quelque chose ?", "Qui l’a signé ?", "Toujours en vigueur ?")
HOLDER = "Ce fichier ne prouve pas qui le tient."


def own(app: Flask, lived: Cast) -> dict[str, Any]:
    with app.app_context():
        assert signing.sign_all() == 1
        return signing.of(lived["endorsement"])


def pasted(client: FlaskClient, text: str | bytes, **how: Any) -> TestResponse:
    return client.post("/verifier", data={"text": text}, **how)


def chosen(client: FlaskClient, data: bytes, name: str = "badge.json") -> TestResponse:
    return client.post("/verifier", data={"file": (io.BytesIO(data), name)}, content_type="multipart/form-data")


def end(app: Flask, lived: Cast) -> None:
    with app.app_context(), transaction():
        recognition.end_permission(db.session.get_one(Endorsement, lived["endorsement"]), NOON)


# ---------- what is said ----------


@both_databases
def test_a_credential_of_the_city_in_every_form(app: Flask, lived: Cast, client: FlaskClient) -> None:
    document = own(app, lived)
    text = proofs.written(document)
    picture = baking.bake_png(png(), text.decode(), keyword=baking.ITXT_KEYWORD_OB3)
    drawing = baking.bake_svg(SVG, text.decode(), element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3, as_text=True)
    for answer in (pasted(client, text), pasted(client, json.dumps(document, indent=2)), chosen(client, text),
                   chosen(client, picture, "badge.png"), chosen(client, drawing, "badge.svg"), pasted(client, document["id"])):
        said = words(answer)
        assert answer.status_code == 200
        for question in (*ASKED, HOLDER):
            assert said.count(question) == 1
        assert "Toujours en vigueur Les trois réponses sont bonnes." in said
        assert "Non, rien. Chaque mot est celui qui a été signé." in said
        assert "Connu de la Ville : Médiathèque Mandela." in said
        assert "Oui. Au 24 novembre 2026 à 12 h 00." in said
        assert f"{document['name']} fait sans aide Karim B., animateur. L’a vu, d’août 2026 à novembre 2026." in said
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@both_databases
def test_a_credential_that_was_taken_back(app: Flask, lived: Cast, client: FlaskClient) -> None:
    document = own(app, lived)
    end(app, lived)
    said = words(pasted(client, proofs.written(document)))
    assert "N’est plus en vigueur Cela ne dit rien de la personne." in said
    assert "Non, plus maintenant. La raison n’est dite à personne." in said
    assert "Les trois réponses" not in said
    led = pasted(client, document["id"])
    assert led.status_code == 303
    assert words(client.get(led.headers["Location"])).count("n’est plus montrée") == 1


@both_databases
def test_an_organisation_that_the_city_set_aside_is_not_vouched_for(app: Flask, lived: Cast, client: FlaskClient) -> None:
    text = proofs.written(own(app, lived))
    assert "Cette organisation est agréée." in words(pasted(client, text))
    with app.app_context(), transaction():
        db.session.get_one(Organisation, lived["library"]).suspended_at = NOON
    said = words(pasted(client, text))
    assert "Toujours montrée, mais à demander" in said
    assert "Elle était agréée ce jour-là, elle ne l’est plus en ce moment." in said
    assert "Les trois réponses sont bonnes." not in said


def test_a_file_that_was_changed(app: Flask, lived: Cast, client: FlaskClient) -> None:
    document = own(app, lived)
    document["credentialSubject"]["achievement"]["name"] = "Je pilote un avion"
    said = words(pasted(client, proofs.written(document)))
    assert "Ce n’est pas ce qui a été signé" in said
    assert "On ne peut pas s’y fier. Ce qui est écrit n’est pas ce qui a été signé." in said
    assert said.count("On ne peut pas le dire.") == 2
    assert "avion" not in said


def test_what_nobody_vouches_for_is_unknown_and_never_a_red_cross(client: FlaskClient) -> None:
    answer = chosen(client, Elsewhere(by_key=True).signed())
    said = words(answer)
    assert "Rien n’est changé, mais qui a signé est inconnu" in said
    assert "Inconnu. C’est bien signé, mais personne ne dit de qui est la clé." in said
    assert "is-bad" not in answer.get_data(as_text=True)
    assert 'class="verdict is-warn"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_date_at_either_end_of_the_calendar_is_read(client: FlaskClient, date: str) -> None:
    for name in ("validFrom", "validUntil"):
        answer = chosen(client, Elsewhere(by_key=True).signed(**{name: date}))
        assert answer.status_code == 200
        assert "Non, rien. Chaque mot est celui qui a été signé." in words(answer)


def test_what_could_not_be_looked_up_is_never_shown_as_valid(client: FlaskClient) -> None:
    answer = chosen(client, Elsewhere().signed())
    said = words(answer)
    assert "Nous n’avons pas pu vérifier" in said
    assert "Nous n’avons pas pu le savoir. Le site qui garde la clé n’a pas répondu" in said
    assert "is-good" not in answer.get_data(as_text=True)


@pytest.fixture
def elsewhere(app: Flask, tmp_path: Path) -> Iterator[Elsewhere]:
    """An issuer elsewhere that the page reaches, on a server of this machine."""
    them = Elsewhere()
    server = Server(tmp_path, "badges.autre-ville.example")
    server.answer = pages(server, them.pages)
    app.config.update(FETCHES=True, ROAD=server.road())
    yield them
    server.close()


def test_an_issuer_elsewhere(client: FlaskClient, at: Any, elsewhere: Elsewhere) -> None:
    elsewhere.publish_list(set())
    data = elsewhere.signed(credentialStatus=[elsewhere.status()], validUntil=proofs.instant_text(NOON + 10 * DAY))
    said = words(chosen(client, data))
    assert "En vigueur, signé ailleurs Ce n’est pas la Ville qui le dit." in said
    assert "Connu ailleurs : badges.autre-ville.example. Nom donné là-bas : Atelier Vélo. La Ville, elle, ne le connaît pas." in said
    elsewhere.pages.pop("https://badges.autre-ville.example/status/1")
    said = words(chosen(client, data))
    assert "Rien n’est changé, mais une réponse manque" in said
    assert "Nous n’avons pas pu le savoir. Le site qui le dit n’a pas répondu." in said
    at(NOON + 11 * DAY)
    assert "Non, depuis le 4 décembre 2026." in words(chosen(client, data))


def test_nothing_of_others_is_more_than_text(client: FlaskClient) -> None:
    them = Elsewhere(by_key=True)
    document = them.unsigned()
    document["credentialSubject"]["achievement"]["name"] = '<script>alert(1)</script><img src="https://x.example/">'
    body = chosen(client, them.signed(document)).get_data(as_text=True)
    assert "&lt;script&gt;alert(1)" in body
    assert "<script>alert" not in body
    assert "<img" not in body


# ---------- what leads elsewhere ----------


def test_a_link_leads_to_its_page(app: Flask, lived: Cast, client: FlaskClient) -> None:
    with app.app_context():
        token = unseal(db.session.get_one(Share, lived["share"]).token_sealed)
    for text in (f"http://127.0.0.1:8000/s/{token}", f"127.0.0.1:8000/s/{token}", f"  https://127.0.0.1:8000/s/{token}?lang=fr\n"):
        answer = pasted(client, text)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/s/{token}")
    answer = client.post("/verifier?lang=en", data={"text": f"http://127.0.0.1:8000/s/{token}"})
    assert answer.headers["Location"] == f"/s/{token}?lang=en"


@pytest.mark.parametrize("text", [
    "https://example.org/badge.json", "http://127.0.0.1:8000/", "http://127.0.0.1:8000/menu",
    "http://127.0.0.1:8000/s/", "http://127.0.0.1/s/AAAAAAAAAAAAAAAAAAAAAA", "http://x@127.0.0.1:8000/s/AAAAAAAAAAAAAAAAAAAAAA",
    "https://[::1/x", "http://127.0.0.1:8000/credentials/x",
])
def test_no_other_address_is_opened(client: FlaskClient, at: Any, text: str) -> None:
    answer = pasted(client, text)
    assert answer.status_code == 422
    assert "Cette adresse n’ouvre rien ici." in words(answer)


@pytest.mark.parametrize(("data", "sentence"), [
    (b"", "Coller un lien ou un texte, ou choisir un fichier."),
    (b"bonjour", "Cela ne se lit pas comme une attestation."),
    (b'{"type":"Assertion","type":"x"}', "Une même ligne y est écrite deux fois"),
    (b'{"type":"Profile"}', "C’est autre chose qu’une attestation"),
    (b'{"a":"' + b"x" * 300_000 + b'"}', "C’est trop grand."),
])
def test_what_is_no_badge_is_told_beside_its_field(client: FlaskClient, data: bytes, sentence: str) -> None:
    for answer in (pasted(client, data), chosen(client, data)):
        assert answer.status_code == 422
        assert sentence in words(answer)
    assert "Cette image ne porte aucune attestation." in words(chosen(client, png(), "photo.png"))


def test_a_file_too_large_is_told(client: FlaskClient) -> None:
    def whole(size: int) -> TestResponse:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="badge.json"\r\n\r\n'
        return client.post("/verifier", data=head + b"x" * size + b"\r\n--x--\r\n", content_type="multipart/form-data; boundary=x")

    assert "C’est trop grand." in words(whole(10_000_100))
    assert whole(12_100_000).status_code == 413


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
def test_who_asks_too_often_waits(client: FlaskClient) -> None:
    answers = [pasted(client, "bonjour").status_code for _ in range(verify.CHECKS_FROM_ONE + 1)]
    assert answers == [422] * verify.CHECKS_FROM_ONE + [429]
    assert client.get("/verifier").status_code == 200


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
def test_nobody_sends_us_to_knock_at_a_door_for_ever(app: Flask, client: FlaskClient, at: Any, elsewhere: Elsewhere) -> None:
    data = elsewhere.signed()
    assert "En vigueur, signé ailleurs" in words(chosen(client, data))
    with app.test_request_context():
        limits.hit("fetches:127.0.0.1", verify.HOUR, verify.FETCHES_FROM_ONE)
    assert "Nous n’avons pas pu vérifier" in words(chosen(client, data))


def test_nothing_is_kept_or_changed(app: Flask, lived: Cast, client: FlaskClient) -> None:
    text = proofs.written(own(app, lived))
    before = everything(City(app, lived, {}))
    pasted(client, text)
    chosen(client, text)
    pasted(client, "bonjour")
    assert everything(City(app, lived, {})) == before


# ---------- the page of a link ----------


def check_page(app: Flask, lived: Cast, client: FlaskClient) -> str:
    with app.app_context():
        share = db.session.get_one(Share, lived["share"])
        token = unseal(share.token_sealed)
        item = db.session.scalars(sa.select(EditionItem.id).where(EditionItem.endorsement_id == lived["endorsement"])).first()
    answer = client.get(f"/s/{token}/verifier/{item}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@both_databases
def test_a_readers_page_rests_on_what_is_signed(app: Flask, lived: Cast, client: FlaskClient) -> None:
    said = words(check_page(app, lived, client))
    assert "Pas un mot depuis le 22 novembre 2026." in said
    document = own(app, lived)
    body = check_page(app, lived, client)
    assert "Pas un mot depuis le 22 novembre 2026 : c’est ce qui a été signé." in words(body)
    assert document["id"].rpartition("/")[2] not in body
    assert "/credentials/" not in body
    assert re.search(r'href="/verifier"', body)


@pytest.mark.parametrize("change", ["a letter", "another key", "another step", "another day"])
def test_what_is_shown_must_be_what_is_signed(app: Flask, lived: Cast, client: FlaskClient, change: str) -> None:
    document = own(app, lived)
    with app.app_context(), transaction():
        credential = db.session.scalars(sa.select(Credential)).one()
        if change == "a letter":
            credential.document = credential.document.replace("Médiathèque".encode(), "Mediathèque".encode(), 1)
        elif change == "another key":
            db.session.get_one(SigningKey, credential.key_id).public = proofs.public_bytes(proofs.new_key())
        else:
            from passport.credentials import keys

            del document["proof"]
            if change == "another step":
                result = document["credentialSubject"]["result"][0]
                result["achievedLevel"] = result["achievedLevel"].replace("step-3", "step-4")
            else:
                document["credentialSubject"]["activityStartDate"] = "2020-01-01T00:00:00Z"
            credential.document = proofs.sign(document, keys.current().private, document["issuer"]["id"], NOON)
    said = words(check_page(app, lived, client))
    assert "Toujours montrée, mais à demander" in said
    assert "Nous n’avons pas pu le savoir." in said
