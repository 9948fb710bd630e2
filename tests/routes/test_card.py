"""The card: made when wanted, opens nothing by itself, and one's own link when its owner says so."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport.card.models import Card
from passport.card.rules import ALPHABET
from passport.extensions import db
from passport.seal import unseal
from passport.sharing.models import ShareReading
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, new, way, words

from .test_sharing import make, recognised, statements

MINUTE = dt.timedelta(minutes=1)


def make_card(person: Reader) -> None:
    """Make a card from the tab « Montrer »."""
    answer = person.fill("/montrer", action="/carte")
    assert way(answer) == "/carte"


def current(app: Flask, learner_id: uuid.UUID) -> tuple[uuid.UUID, str]:
    """Return the id and the path of a learner's card."""
    with app.app_context():
        card = db.session.scalars(
            sa.select(Card).where(Card.learner_id == learner_id, Card.closed_at.is_(None))).one()
        found = card.id, f"/c/{unseal(card.token_sealed)}"
        db.session.remove()
    return found


def count(app: Flask, model: Any) -> int:
    """Return how many rows a table has."""
    with app.app_context():
        found = db.session.scalar(sa.select(sa.func.count()).select_from(model))
        db.session.remove()
    return int(found or 0)


@pytest.fixture
def lea(browse: Any) -> Reader:
    """Léa's browser."""
    reader: Reader = browse("lea")
    return reader


class TestMaking:
    def test_there_is_none_until_it_is_wanted(self, app: Flask, lea: Reader) -> None:
        page = lea.get("/montrer")
        assert "Faire ma carte" in words(page)
        assert lea.get("/carte").status_code == 200
        assert way(lea.get("/carte/imprimer")) == "/carte"
        assert way(lea.get("/carte/ouvre")) == "/carte"
        assert count(app, Card) == 0

    @both_databases
    def test_it_is_made_once(self, app: Flask, lea: Reader, cast: Cast) -> None:
        make_card(lea)
        lea.post("/carte", {"asked": "make"})
        lea.post("/carte")
        assert count(app, Card) == 1
        with app.app_context():
            card = db.session.scalars(sa.select(Card)).one()
            assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", card.number)
            token = unseal(card.token_sealed)
            assert len(token) == 22
            assert token not in repr(card.token_sealed)
            number = card.number
            db.session.remove()
        page = lea.get("/montrer")
        assert number in words(page)
        assert "Elle n’ouvre rien pour l’instant, pas même un nom." in words(page)
        assert token not in page.get_data(as_text=True)

    def test_it_carries_no_name_unless_an_adult_wishes_it(self, lea: Reader, browse: Any) -> None:
        make_card(lea)
        assert 'class="name"' not in lea.get("/carte/imprimer").get_data(as_text=True)
        assert lea.fill("/carte", named="y").status_code == 303
        assert '<span class="name">Lea</span>' in lea.get("/carte/imprimer").get_data(as_text=True)
        assert lea.fill("/carte", named=None).status_code == 303
        assert 'class="name"' not in lea.get("/carte").get_data(as_text=True)
        youth = browse("youth")
        make_card(youth)
        assert "Écrire mon prénom" not in words(youth.get("/carte"))
        refused = youth.post("/carte", {"asked": "named", "named": "y"})
        assert refused.status_code == 422
        assert "à partir de 18 ans" in words(refused)

    def test_it_prints_front_and_back(self, lea: Reader) -> None:
        make_card(lea)
        page = lea.get("/carte/imprimer").get_data(as_text=True)
        assert page.count('class="holder"') == 2
        assert "Code QR de ma carte" in page
        assert "127.0.0.1:8000" in page


class TestScanning:
    def test_it_opens_nothing_by_itself_not_even_a_name(
        self, app: Flask, lea: Reader, cast: Cast, client: FlaskClient
    ) -> None:
        make_card(lea)
        make(lea, [cast["lea_x"]])
        _key, path = current(app, cast["lea"])
        for browser in (client, lea.client):
            page = browser.get(path)
            assert page.status_code == 200
            assert "Elle ne montre rien en ce moment. Cela ne dit rien de la personne." in words(page)
            assert "Lea" not in words(page)
            assert "Set-Cookie" not in page.headers
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert client.get(f"{path}/verifier/{uuid.uuid4()}").status_code == 200
        assert count(app, ShareReading) == 0

    def test_an_unknown_card_is_404(self, client: FlaskClient, cast: Cast) -> None:
        for path in ("/c/" + "a" * 22, "/c/x", f"/c/{'a' * 22}/verifier/{uuid.uuid4()}"):
            page = client.get(path)
            assert page.status_code == 404
            assert "Cela ne dit rien de la personne" in words(page)

    @both_databases
    def test_it_opens_the_link_one_chose(
        self, app: Flask, lea: Reader, cast: Cast, client: FlaskClient, at: Any
    ) -> None:
        with app.app_context():
            endorsed = recognised(cast)
            db.session.remove()
        make_card(lea)
        key, link = make(lea, [cast["lea_x"]], endorsed)
        assert lea.fill("/carte/ouvre", link=str(key)).status_code == 303
        assert "Elle ouvre « Boulangerie Martin » jusqu’au 22 février 2027" in words(lea.get("/montrer"))
        _card, path = current(app, cast["lea"])
        page = client.get(path)
        text = page.get_data(as_text=True)
        assert page.status_code == 200
        assert "Reconnu par Karim B." in words(page)
        assert link not in text
        address = re.search(rf'href="({path}/verifier/[0-9a-f-]+)"', text)
        assert address is not None
        assert "Toujours en vigueur" in words(client.get(address[1]))
        assert count(app, ShareReading) == 1
        for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}, {"If-None-Match": "*"}):
            assert client.get(path, headers=headers).get_data() == page.get_data()
        lea.post(f"/montrer/lien/{key}/fermer")
        for address_after in (path, address[1]):
            shut = client.get(address_after)
            assert shut.status_code == 200
            assert "Elle ne montre rien en ce moment" in words(shut)
        assert "pas même un nom" in words(lea.get("/montrer"))

    def test_nothing_is_chosen_as_easily(self, app: Flask, lea: Reader, cast: Cast, client: FlaskClient) -> None:
        make_card(lea)
        key, _link = make(lea, [cast["lea_x"]])
        lea.fill("/carte/ouvre", link=str(key))
        assert lea.fill("/carte/ouvre", link="nothing").status_code == 303
        _card, path = current(app, cast["lea"])
        assert "Elle ne montre rien" in words(client.get(path))

    def test_at_16_it_opens_for_15_minutes_at_a_time(
        self, app: Flask, browse: Any, cast: Cast, client: FlaskClient, at: Any
    ) -> None:
        youth = browse("youth")
        make_card(youth)
        key, link = make(youth, [cast["youth_x"]])
        assert "Pendant 15 minutes" in words(youth.get("/carte/ouvre"))
        youth.fill("/carte/ouvre", link=str(key))
        _card, path = current(app, cast["youth"])
        at(NOON + 15 * MINUTE - dt.timedelta(seconds=1))
        assert "Coach adjointe" in words(client.get(path))
        at(NOON + 15 * MINUTE)
        shut = client.get(path)
        assert shut.status_code == 200
        assert "Coach adjointe" not in words(shut)
        assert client.get(link).status_code == 200

    def test_under_15_it_opens_nothing(self, app: Flask, browse: Any, cast: Cast) -> None:
        tom = browse("tom")
        make_card(tom)
        for answer in (tom.get("/carte/ouvre"), tom.post("/carte/ouvre", {"link": str(uuid.uuid4())})):
            assert answer.status_code == 403
            assert "Avant 15 ans, montrer se décide à deux" in words(answer)

    def test_nobody_elses_link_can_be_opened(self, app: Flask, lea: Reader, browse: Any, cast: Cast) -> None:
        youth = browse("youth")
        make_card(lea)
        key, _link = make(youth, [cast["youth_x"]])
        for value in (str(key), new(), "x", ""):
            refused = lea.post("/carte/ouvre", {"link": value})
            assert refused.status_code == 422
            assert "Ce lien est fermé" in words(refused)


class TestReplacing:
    @both_databases
    @pytest.mark.promise("P12", "passport.card.routes:_replaced", "absent")
    def test_the_lost_card_is_410_at_once_and_the_new_one_opens_nothing(
        self, app: Flask, lea: Reader, cast: Cast, client: FlaskClient
    ) -> None:
        """The code of a replaced card is 410 at once, and the new one opens nothing by itself."""
        make_card(lea)
        key, link = make(lea, [cast["lea_x"]])
        lea.fill("/carte/ouvre", link=str(key))
        _old, lost = current(app, cast["lea"])
        assert lea.fill("/carte", action="/carte/remplacer").status_code == 303
        _new, path = current(app, cast["lea"])
        assert path != lost
        for address in (lost, f"{lost}/verifier/{uuid.uuid4()}"):
            page = client.get(address)
            assert page.status_code == 410
            assert "Cela ne dit rien de la personne." in words(page)
            assert "Lea" not in words(page)
            assert client.head(address).status_code == 410
        assert "Elle ne montre rien" in words(client.get(path))
        assert client.get(link).status_code == 200
        with app.app_context():
            old = db.session.scalars(sa.select(Card).where(Card.closed_at.is_not(None))).one()
            assert (old.closed_for, old.replaced_by) == ("lost", _new)
            db.session.remove()

    def test_sent_twice_it_is_replaced_once(self, app: Flask, lea: Reader, cast: Cast) -> None:
        make_card(lea)
        old, _path = current(app, cast["lea"])
        for _time in range(2):
            assert lea.post("/carte/remplacer", {"card": str(old)}).status_code == 303
        assert count(app, Card) == 2

    def test_nobody_replaces_somebody_elses(self, app: Flask, lea: Reader, browse: Any, cast: Cast) -> None:
        make_card(lea)
        old, path = current(app, cast["lea"])
        stranger = browse("stranger")
        assert stranger.post("/carte/remplacer", {"card": str(old)}).status_code == 404
        assert stranger.post("/carte/remplacer", {"card": "x"}).status_code == 303
        assert stranger.post("/carte/remplacer").status_code == 303
        assert current(app, cast["lea"]) == (old, path)


class TestShowing:
    @both_databases
    def test_links_come_in_pages_that_htmx_adds(self, app: Flask, lea: Reader, cast: Cast) -> None:
        for n in range(21):
            make(lea, [cast["lea_x"]], recipient_name=f"Lien {n}")
        page = lea.get("/montrer").get_data(as_text=True)
        assert page.count('id="link-') == 20
        more = re.search(r'href="(/montrer\?apres=[^"]+)"', page)
        assert more is not None
        rows = lea.get(more[1], headers={"HX-Request": "true"})
        assert "<!doctype" not in rows.get_data(as_text=True)
        assert "Lien 0" in words(rows)
        assert "Lien 0" in words(lea.get(more[1]))
        assert lea.get("/montrer?apres=x").status_code == 200

    def test_closing_a_link_by_htmx_says_what_else_is_so_now(self, lea: Reader, cast: Cast) -> None:
        make_card(lea)
        keys = [make(lea, [cast["lea_x"]], recipient_name=name)[0] for name in ("Stage", "Bourse")]
        lea.post("/carte/ouvre", {"link": str(keys[0])})
        assert "Elle ouvre « Stage »" in words(lea.get("/montrer"))
        for key, opens, closes in ((keys[1], "Elle ouvre « Stage »", True), (keys[0], "Elle n’ouvre rien", False)):
            part = lea.post(f"/montrer/lien/{key}/fermer", headers={"HX-Request": "true"})
            body, after = part.get_data(as_text=True), words(lea.get("/montrer"))
            assert body.count('hx-swap-oob="true"') == 2
            assert opens in words(part)
            assert ("Tout fermer" in words(part)) == closes
            for said in (opens, "Tout fermer") if closes else (opens,):
                assert said in after
            assert 'hx-swap-oob' not in lea.get("/montrer").get_data(as_text=True)

    @both_databases
    def test_closing_all_is_offered_while_one_is_open_on_whatever_page(self, lea: Reader, cast: Cast) -> None:
        oldest, _path = make(lea, [cast["lea_x"]])
        for _ in range(20):
            key, _path = make(lea, [cast["lea_x"]])
            lea.post(f"/montrer/lien/{key}/fermer")
        first = lea.get("/montrer")
        assert f"link-{oldest}" not in first.get_data(as_text=True)
        assert "Tout fermer" in words(first)
        lea.post("/montrer/tout-fermer")
        assert "Tout fermer" not in words(lea.get("/montrer"))

    def test_pages_ask_little(self, app: Flask, lea: Reader, cast: Cast, client: FlaskClient) -> None:
        make_card(lea)
        key, _link = make(lea, [cast["lea_x"]])
        lea.fill("/carte/ouvre", link=str(key))
        _card, path = current(app, cast["lea"])
        for browser, address in ((lea, "/montrer"), (lea, "/carte"), (lea, "/carte/imprimer"), (lea, "/carte/ouvre"),
                                 (client, path), (lea, path)):
            with statements(app) as seen:
                assert browser.get(address).status_code == 200
            assert len([s for s in seen if not s.startswith("BEGIN")]) <= 8, address
