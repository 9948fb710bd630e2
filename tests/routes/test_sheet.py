"""A sheet that is checked without network: printed by adults who know it stays, closed, and what its page answers."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from pathlib import Path
from typing import Any

import cbor2
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport.card import sheet_code
from passport.card import sheet_service as sheets
from passport.card.models import Sheet, SheetItem
from passport.credentials import keys
from passport.credentials import service as credentials
from passport.credentials.models import Credential
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.refusals import Refusal, Refused
from passport.seal import unseal
from passport.transaction import transaction
from passport.wording import say
from tests import signing
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, new, way, words

DAY = dt.timedelta(days=1)
PREPARE = "/feuille"


@pytest.fixture
def city(app: Flask, lived: Cast) -> Cast:
    """A city in which lea may print one competency."""
    with app.app_context():
        signing.sign_all()
        db.session.remove()
    return lived


@pytest.fixture
def lea(city: Cast, browse: Any) -> Reader:
    """Léa's browser."""
    reader: Reader = browse("lea")
    return reader


def body(city: Cast, **more: Any) -> dict[str, Any]:
    """Return the form as she sends it."""
    return {"told": "y", "endorsements": [str(city["endorsement"])], "name_form": "display", "submission": new(), **more}


def prints(app: Flask, lea: Reader, city: Cast, **more: Any) -> tuple[str, str]:
    """Print a sheet by the form; return the paths of her page of it and of the one behind its code."""
    answer = lea.post(PREPARE, body(city, **more))
    assert answer.status_code == 303, words(answer)
    own = way(answer)
    with app.app_context():
        sheet = db.session.get_one(Sheet, uuid.UUID(own.rsplit("/", 1)[1]))
        path = f"/v/{unseal(sheet.token_sealed)}"
        db.session.remove()
    return own, path


def rows(app: Flask, model: Any) -> list[Any]:
    """Return every row of a table."""
    with app.app_context():
        found = list(db.session.scalars(sa.select(model)))
        db.session.remove()
    return found


def does(app: Flask, act: Any) -> None:
    """Do something in a transaction of its own."""
    with app.app_context():
        with transaction():
            act()
        db.session.remove()


class TestPrinting:
    def test_it_is_offered_quietly_to_adults_alone(self, lea: Reader, browse: Any) -> None:
        assert "Imprimer une feuille vérifiable sans réseau" in words(lea.get("/montrer"))
        for name in ("youth", "tom"):
            assert "vérifiable sans réseau" not in words(browse(name).get("/montrer"))
            for answer in (browse(name).get(PREPARE), browse(name).post(PREPARE, {"told": "y"})):
                assert answer.status_code == 403
                assert "à partir de 18 ans" in words(answer)

    def test_first_it_says_that_print_cannot_be_taken_back_and_nothing_is_ticked(self, lea: Reader) -> None:
        page = lea.get(PREPARE)
        text = words(page)
        assert text.index("Ce qui est imprimé ne peut pas être repris.") < text.index("J’explique avec des mots simples")
        assert not re.search(r'type="checkbox"[^>]*checked', page.get_data(as_text=True))

    def test_without_anything_signed_there_is_nothing_to_print(self, city: Cast, browse: Any) -> None:
        page = browse("stranger").get(PREPARE)
        assert "Rien à imprimer pour l’instant" in words(page)
        refused = browse("stranger").post(PREPARE, body(city))
        assert refused.status_code == 422
        assert "À permettre d’abord." in words(refused)

    @both_databases
    def test_it_is_signed_and_kept_with_its_token_as_a_hash(self, app: Flask, lea: Reader, city: Cast) -> None:
        own, path = prints(app, lea, city)
        page = lea.get(own)
        assert page.status_code == 200
        for said in ("Lea", "J’explique avec des mots simples", "Valable jusqu’au 24 novembre 2027.", "127.0.0.1:8000",
                     "État à vérifier", "sinon, il ne montre rien", "signées par la Ville le 24 novembre 2026"):
            assert said in words(page)
        assert "@" not in words(page)
        (sheet,) = rows(app, Sheet)
        token = path.removeprefix("/v/")
        assert len(token) == 22
        assert token.encode() not in sheet.token_sealed + sheet.token_hash + sheet.signed
        assert token not in page.get_data(as_text=True), "only the drawing says it"
        content = cbor2.loads(cbor2.loads(sheet.signed)[2])
        (credential,) = rows(app, Credential)
        assert content[1] == sheet_code.reference_of(token)
        assert content[2] == [[credential.list_id, credential.position]]
        assert (content[3], content[4], content[5]) == (20781, 21146, "Lea")
        assert content[6] == [[1, "1.1", 3, 0, 20779]]
        assert content[7] == ["Médiathèque Mandela"]
        assert [(i.sheet_id, i.credential_id) for i in rows(app, SheetItem)] == [(sheet.id, credential.id)]

    @pytest.mark.parametrize(("form", "name"), [
        ({"name_form": "none"}, None), ({"name_form": "written", "shown_name": "Léa Moreau"}, "Léa Moreau"),
        ({"name_form": "display", "shown_name": "Une autre"}, "Lea"),
    ])
    def test_under_the_name_one_chooses(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient, form: dict[str, str], name: str | None
    ) -> None:
        _own, path = prints(app, lea, city, **form)
        (sheet,) = rows(app, Sheet)
        assert cbor2.loads(cbor2.loads(sheet.signed)[2]).get(5) == sheet.name == name
        assert (f"Feuille de {name}, signée" if name else "Feuille sans nom") in words(client.get(path))

    @pytest.mark.parametrize(("wrong", "refusal"), [
        ({"told": None}, Refusal.SHEET_UNTOLD), ({"endorsements": None}, Refusal.NOTHING_CHOSEN),
        ({"endorsements": [new() for _ in range(6)]}, Refusal.SHEET_FULL), ({"endorsements": [new()]}, Refusal.NOT_PERMITTED),
        ({"name_form": "written"}, Refusal.NAME_MISSING), ({"name_form": "x"}, Refusal.NAME_MISSING),
        ({"name_form": "written", "shown_name": "Ville d’Alpha"}, Refusal.NAME_CLAIMS),
    ])
    def test_what_is_missing_is_said_and_nothing_is_printed(
        self, app: Flask, lea: Reader, city: Cast, wrong: dict[str, Any], refusal: Refusal
    ) -> None:
        sent = {k: v for k, v in body(city, **wrong).items() if v is not None}
        answer = lea.post(PREPARE, sent)
        assert answer.status_code == 422
        assert words(say(refusal)) in words(answer)
        assert rows(app, Sheet) == []

    @both_databases
    def test_sent_twice_it_is_printed_once(self, app: Flask, lea: Reader, city: Cast) -> None:
        sent = body(city)
        assert way(lea.post(PREPARE, sent)) == way(lea.post(PREPARE, sent))
        again = lea.post(PREPARE, {**sent, "submission": new()})  # the way back gives the form another number
        assert way(again) == way(lea.post(PREPARE, sent))
        assert len(rows(app, Sheet)) == 1
        other = lea.post(PREPARE, {**sent, "name_form": "none"})
        assert other.status_code == 422
        assert "déjà été envoyé" in words(other)

    def test_what_is_no_longer_permitted_is_not_printed(self, app: Flask, lea: Reader, city: Cast) -> None:
        does(app, lambda: recognition.end_permission(db.session.get_one(Endorsement, city["endorsement"]), NOON))
        assert "Rien à imprimer" in words(lea.get(PREPARE))
        assert lea.post(PREPARE, body(city)).status_code == 422

    def test_without_the_key_it_is_for_later(self, app: Flask, lea: Reader, city: Cast) -> None:
        with app.app_context():
            kept = Path(app.config["SIGNING_KEYS"]) / f"{keys.current().key_id}.pem"
            db.session.remove()
        aside = kept.rename(kept.with_suffix(".aside"))
        answer = lea.post(PREPARE, body(city))
        aside.rename(kept)
        assert answer.status_code == 422
        assert words(say(Refusal.SIGNING_LATER)) in words(answer)
        assert rows(app, Sheet) == []

    def test_the_service_itself_refuses_the_young(self, app: Flask, city: Cast) -> None:
        with app.app_context(), pytest.raises(Refused) as stopped:
            sheets.make(city["youth"], signing.draft(city["endorsement"]), NOON)
        assert stopped.value.refusal is Refusal.ADULTS_ONLY

    def test_nobody_prints_what_was_recognised_of_another(self, app: Flask, city: Cast, browse: Any) -> None:
        assert browse("stranger").post(PREPARE, body(city)).status_code == 422
        assert rows(app, Sheet) == []


class TestThePageBehindIt:
    @both_databases
    def test_it_says_what_is_in_force_now_without_a_cookie(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient
    ) -> None:
        _own, path = prints(app, lea, city)
        page = client.get(path)
        text = words(page)
        assert page.status_code == 200
        for said in ("Feuille de Lea, signée le 24 novembre 2026, valable jusqu’au 24 novembre 2027.", "Toujours en vigueur",
                     "J’explique avec des mots simples", "Au 24 novembre 2026 à 12 h 00."):
            assert said in text
        assert "n’est plus montrée." not in text.split("Ce que dit le code")[0]
        assert "Set-Cookie" not in page.headers
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert lea.get(path).get_data() == page.get_data()
        assert "Still in force" in words(client.get(f"{path}?lang=en"))

    @both_databases
    @pytest.mark.parametrize("how", ["no longer permitted", "put away", "named anew"])
    def test_what_is_taken_back_is_no_longer_shown_whatever_the_cause(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient, how: str
    ) -> None:
        own, path = prints(app, lea, city)
        acts = {
            "no longer permitted": lambda: recognition.end_permission(db.session.get_one(Endorsement, city["endorsement"]), NOON),
            "put away": lambda: experiences.set_for_me_only(db.session.get_one(Experience, city["lea_x"]), True, NOON),
            "named anew": lambda: credentials.name(city["endorsement"], city["lea"], "Lea", NOON),
        }
        does(app, acts[how])
        answer = words(client.get(path)).split("Ce que dit le code")[0]
        assert "Une compétence reconnue n’est plus montrée." in answer
        assert "J’explique" not in answer
        assert "Toujours en vigueur" not in answer
        assert "Une compétence de ce code n’est plus montrée." in words(lea.get(own))
        assert "Rien n’y est plus montré." in words(lea.get("/montrer"))

    @both_databases
    def test_closed_it_says_nothing_about_anybody_at_once(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient
    ) -> None:
        own, path = prints(app, lea, city)
        assert "Un téléphone sans réseau ne le saura pas." in words(lea.get(own))
        for _time in range(2):
            assert way(lea.post(f"{own}/fermer")) == "/montrer"
        page = client.get(path)
        assert page.status_code == 410
        assert "Cette feuille est fermée" in words(page)
        assert "Lea" not in words(page)
        assert "sheet.js" not in page.get_data(as_text=True)
        assert "Fermée le 24 novembre 2026." in words(lea.get("/montrer"))
        over = lea.get(own)
        assert "sa page ne dit plus rien" in words(over)
        assert "<svg class=\"paper\"" not in over.get_data(as_text=True)

    def test_after_its_last_day_it_answers_as_closed(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient, at: Any
    ) -> None:
        _own, path = prints(app, lea, city)
        at(NOON + 365 * DAY)
        assert client.get(path).status_code == 200
        at(NOON + 366 * DAY)
        ended = client.get(path)
        assert ended.status_code == 410
        assert "Lea" not in words(ended)

    @both_databases
    def test_erased_with_the_passport_it_is_as_one_that_never_was(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient
    ) -> None:
        _own, path = prints(app, lea, city)
        table = db.metadata.tables["erasure"]

        def erase() -> None:
            db.session.execute(sa.insert(table).values(
                id=uuid.uuid4(), learner_id=city["lea"], cause="asked", asked_at=NOON, by="learner"))
            db.session.execute(sa.text("DELETE FROM passport WHERE learner_id = :it").bindparams(
                sa.bindparam("it", city["lea"], type_=db.metadata.tables["passport"].c.learner_id.type)))

        does(app, erase)
        assert rows(app, Sheet) == rows(app, SheetItem) == []
        gone, never = client.get(path), client.get("/v/" + "A" * 22)
        assert gone.status_code == never.status_code == 404
        assert words(gone) == words(never)

    @both_databases
    def test_an_experience_that_is_erased_takes_its_line_along(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient
    ) -> None:
        _own, path = prints(app, lea, city)
        does(app, lambda: credentials.erase_experience(city["lea_x"]))
        assert rows(app, SheetItem) == []
        answer = words(client.get(path)).split("Ce que dit le code")[0]
        assert "Une compétence reconnue n’est plus montrée." in answer

    def test_an_address_that_never_was_is_404(self, client: FlaskClient, city: Cast) -> None:
        for path in ("/v/" + "A" * 22, "/v/x", "/v/é", "/v/" + "A" * 2000):
            page = client.get(path)
            assert page.status_code == 404
            assert "Cela ne dit rien de la personne" in words(page)

    def test_nobody_else_sees_or_closes_it(self, app: Flask, lea: Reader, city: Cast, browse: Any, client: FlaskClient) -> None:
        own, path = prints(app, lea, city)
        for name in ("stranger", "karim", "sofia"):
            assert browse(name).get(own).status_code == 404
            assert browse(name).post(f"{own}/fermer").status_code == 404
        assert client.get(path).status_code == 200


class TestWhatAPhoneKeeps:
    @both_databases
    def test_the_keys_with_their_days_and_what_was_taken_back_within_a_year(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient, at: Any
    ) -> None:
        first = json.loads(client.get("/v/cles.json").get_data())
        assert first["day"] == 20781
        (key,) = first["keys"]
        assert (key["from"], key["until"], key["counts"]) == (20781, None, True)
        assert first["taken_back"] == {}
        prints(app, lea, city)
        (credential,) = rows(app, Credential)
        does(app, lambda: recognition.end_permission(db.session.get_one(Endorsement, city["endorsement"]), NOON))
        later = client.get("/v/cles.json")
        assert json.loads(later.get_data())["taken_back"] == {str(credential.list_id): [credential.position]}
        assert later.headers["Cache-Control"] == "no-cache"
        assert "Set-Cookie" not in later.headers
        does(app, lambda: keys.compromised(credential.key_id, NOON, NOON))
        both = {each["kid"]: each for each in json.loads(client.get("/v/cles.json").get_data())["keys"]}
        assert (both.pop(key["kid"])["counts"], [each["counts"] for each in both.values()]) == (False, [True])
        at(NOON + 368 * DAY)
        assert json.loads(client.get("/v/cles.json").get_data())["taken_back"] == {}

    def test_the_page_it_keeps_holds_nobody_and_every_sentence(
        self, app: Flask, lea: Reader, city: Cast, client: FlaskClient
    ) -> None:
        before = client.get("/v/").get_data(as_text=True)
        prints(app, lea, city)
        page = lea.get("/v/")
        assert page.get_data(as_text=True) == before
        assert 'data-word="1 1.1">J’explique avec des mots simples<' in before
        assert before.count('data-word="') > 64

    def test_its_worker_names_our_files_and_changes_with_the_page(self, app: Flask, client: FlaskClient, city: Cast) -> None:
        worker = client.get("/v/sw.js")
        assert worker.mimetype == "text/javascript"
        assert worker.headers["Cache-Control"] == "no-cache"
        first = re.match(r'const VERSION = "([0-9a-f]{12})", FILES = (\[.*\]);', worker.get_data(as_text=True))
        assert first is not None
        for file in json.loads(first[2]):
            assert file in client.get("/v/").get_data(as_text=True)
        again = client.get("/v/sw.js").get_data()
        assert again == worker.get_data()
        does(app, lambda: db.session.execute(sa.text("UPDATE wording SET text_fr = 'Autrement' WHERE competency_id = 1")))
        assert client.get("/v/sw.js").get_data() != again
