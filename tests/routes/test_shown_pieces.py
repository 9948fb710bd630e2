"""Photos, documents and links in what a reader opens: chosen one by one, served while they stand, gone without a trace."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from passport import clock
from passport.card.forms import NOTHING
from passport.experiences import evidence, files
from passport.experiences import service as experiences
from passport.experiences.models import Evidence, Experience
from passport.extensions import db
from passport.refusals import Refusal, Refused
from passport.sharing.models import EditionItem, Share, ShareReading
from passport.sharing.service import ShareDraft, create_share
from passport.transaction import transaction
from tests import build, pictures, world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, way, words
from tests.routes.test_card import current, make_card
from tests.routes.test_sharing import DAY, path_of, statements

PHOTO, PAPER, WEB = "L’affiche de l’atelier", "Mon attestation", "Le programme"
FACES = "Des visages, des noms ?"
ALONE = "Une photo, un document ou un lien se montre avec son expérience"


@pytest.fixture
def lea(browse: Any) -> Reader:
    """Léa's browser."""
    reader: Reader = browse("lea")
    return reader


def put_beside(app: Flask, cast: Cast, thing: str = "lea_x") -> dict[str, uuid.UUID]:
    """Put a photo, a document and a link beside an experience."""
    with app.app_context():
        with transaction():
            x = db.session.get_one(Experience, cast[thing])
            found = {
                "photo": world.add_file(x, pictures.telling(width=2400, height=1600), PHOTO, NOON - 3 * DAY).id,
                "paper": world.add_file(x, pictures.document(), PAPER, NOON - 2 * DAY).id,
                "web": world.add_link(x, "https://mediatheque.example/atelier?a=1&b=2", WEB, NOON - DAY).id,
            }
        db.session.remove()
    return found


@pytest.fixture
def beside(app: Flask, cast: Cast) -> dict[str, uuid.UUID]:
    """What stands beside Léa's civic service."""
    return put_beside(app, cast)


def choose(person: Reader, told: list[uuid.UUID], pieces: list[uuid.UUID]) -> TestResponse:
    """Tick experiences and what stands beside them."""
    return person.post("/montrer/choisir", {"experiences": [str(i) for i in told], "pieces": [str(i) for i in pieces],
                                            "whole": [str(i) for i in pieces]})


def make(person: Reader, told: list[uuid.UUID], pieces: list[uuid.UUID]) -> tuple[uuid.UUID, str]:
    """Make a link that shows these pieces and return its id and its path."""
    chosen = choose(person, told, pieces)
    assert way(chosen) == "/montrer/pour-qui", words(chosen)
    look = person.follow(person.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin"))
    made = person.post("/montrer/apercu", fields(look))
    assert made.status_code == 303, words(made)
    key = uuid.UUID(way(made).rsplit("/", 1)[1])
    return key, path_of(person.app, key)


def pieces_of(page: TestResponse) -> list[str]:
    """Return the addresses of the files on a reader's page, in order."""
    return [html.unescape(found) for found in
            re.findall(r'(?:src|href)="([^"]*/pieces/[^"]*)"', page.get_data(as_text=True))]


def same(one: TestResponse, other: TestResponse) -> None:
    """See that two answers cannot be told apart."""
    assert one.status_code == other.status_code
    assert one.get_data() == other.get_data()
    assert {k: v for k, v in one.headers if k != "X-Request-ID"} == {k: v for k, v in other.headers if k != "X-Request-ID"}


def erase(person: Reader, cast: Cast, key: uuid.UUID) -> None:
    """Erase a photo, a document or a link as its learner does."""
    answer = person.post(f"/experience/{cast['lea_x']}/fichier/{key}/effacer", {})
    assert answer.status_code == 303


# ---------- choosing ----------


def test_nothing_is_ticked_and_the_faces_are_named_once(lea: Reader, beside: dict[str, uuid.UUID]) -> None:
    page = lea.get("/montrer/choisir")
    text = words(page)
    for said in (PHOTO, PAPER, WEB, "Document PDF, 0,1 Mo", "Lien vers mediatheque.example"):
        assert said in text
    assert text.count(FACES) == 1
    assert " checked" not in page.get_data(as_text=True)


@both_databases
@pytest.mark.promise("T24", "passport.sharing.rules:is_whole")
def test_a_document_is_downloaded_only_where_its_learner_ticked_that(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    """A file beside an experience leaves as a reduced picture, and a document whole only where its learner ticked that."""
    page = lea.get("/montrer/choisir")
    assert f"« {PAPER} » peut être téléchargé" in words(page)
    assert page.get_data(as_text=True).count('name="whole"') == 1
    assert " checked" not in page.get_data(as_text=True)
    item = sa.select(EditionItem.id).join(Share, Share.edition_id == EditionItem.edition_id)
    for ticked in ([], [beside["paper"]], [beside["photo"]]):
        body = {"experiences": [str(cast["lea_x"])], "pieces": [str(beside["photo"]), str(beside["paper"])],
                "whole": [str(i) for i in ticked]}
        assert way(lea.post("/montrer/choisir", body)) == "/montrer/pour-qui"
        again = lea.get("/montrer/choisir").get_data(as_text=True)
        assert (f'name="whole" value="{beside["paper"]}" checked' in again) is (beside["paper"] in ticked)
        look = lea.follow(lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin"))
        made = lea.post("/montrer/apercu", fields(look))
        key = uuid.UUID(way(made).rsplit("/", 1)[1])
        path = path_of(app, key)
        found = client.get(path)
        assert PAPER in words(found)
        assert "Document PDF, 0,1 Mo" in words(found)
        whole = beside["paper"] in ticked
        assert ("Montré sur demande." in words(found)) is not whole
        assert ("Montré sur demande." in words(look)) is not whole
        with app.app_context():
            paper, photo = (db.session.scalars(item.where(Share.id == key, EditionItem.evidence_id == beside[name])).one()
                            for name in ("paper", "photo"))
        answer = client.get(f"{path}/pieces/{paper}")
        assert answer.status_code == (200 if whole else 404)
        assert (answer.mimetype == "application/pdf") is whole
        drawn = client.get(f"{path}/pieces/{photo}")
        assert Image.open(io.BytesIO(drawn.get_data())).size == (1280, 853)
        assert "Content-Disposition" not in drawn.headers


def test_without_a_photo_nobody_speaks_of_faces(app: Flask, cast: Cast, lea: Reader) -> None:
    with app.app_context(), transaction():
        world.add_link(db.session.get_one(Experience, cast["lea_x"]), "https://mediatheque.example/", WEB, NOON)
    text = words(lea.get("/montrer/choisir"))
    assert WEB in text
    assert FACES not in text


def test_a_piece_goes_with_its_experience_alone(cast: Cast, lea: Reader, beside: dict[str, uuid.UUID]) -> None:
    answer = choose(lea, [], [beside["photo"]])
    assert answer.status_code == 422
    assert ALONE in words(answer)
    assert f'value="{beside["photo"]}" checked' in answer.get_data(as_text=True)
    assert way(choose(lea, [cast["lea_x"]], [beside["photo"]])) == "/montrer/pour-qui"
    assert lea.get("/montrer/choisir").get_data(as_text=True).count(" checked") == 2


def test_pieces_of_others_and_of_what_stays_inside_cannot_be_chosen(app: Flask, cast: Cast, lea: Reader) -> None:
    theirs, inside = put_beside(app, cast, "youth_x"), put_beside(app, cast, "lea_me")
    text = words(lea.get("/montrer/choisir"))
    assert PHOTO not in text
    for key in (theirs["photo"], inside["photo"], uuid.uuid4()):
        answer = choose(lea, [cast["lea_x"]], [key])
        assert answer.status_code == 422
        assert "À permettre d’abord" in words(answer)


def test_under_15_a_picture_is_not_chosen_and_the_page_says_why(app: Flask, cast: Cast, browse: Any) -> None:
    beside, tom = put_beside(app, cast, "tom_x"), browse("tom")
    page = tom.get("/montrer/choisir")
    text = words(page)
    for piece in (PHOTO, PAPER):
        assert f"{piece} Avant 15 ans, avec l’accord des deux parents" in text
    assert FACES not in text
    assert re.findall(r'name="pieces" value="([^"]+)"', page.get_data(as_text=True)) == [str(beside["web"])]
    answer = choose(tom, [cast["tom_x"]], [beside["photo"]])
    assert answer.status_code == 422
    assert "Avant 15 ans, une photo ou un document se montre avec l’accord des deux parents." in words(answer)


def test_from_15_on_a_picture_is_chosen_alone(app: Flask, cast: Cast, browse: Any, client: FlaskClient) -> None:
    beside, youth = put_beside(app, cast, "youth_x"), browse("youth")
    _key, path = make(youth, [cast["youth_x"]], [*beside.values()])
    assert len(pieces_of(client.get(path))) == 2


@both_databases
@pytest.mark.parametrize("attack", ["another's", "of an experience not told", "of another experience"])
def test_the_service_takes_nothing_else_either(app: Flask, cast: Cast, beside: dict[str, uuid.UUID], attack: str) -> None:
    theirs = put_beside(app, cast, "youth_x")
    with app.app_context():
        piece = theirs["photo"] if attack == "another's" else beside["photo"]
        told = () if attack == "of an experience not told" else (cast["lea_x"],)
        if attack == "of another experience":
            told = (build.experience(cast["lea"], "Tournoi solidaire", NOON).id,)
            db.session.commit()
        draft = ShareDraft(told, (), "Boulangerie", False, 3, "display", None, None, uuid.uuid4(), evidence_ids=(piece,))
        with pytest.raises(Refused) as refused, transaction():
            create_share(cast["lea"], draft, NOON)
        assert refused.value.refusal is Refusal.NOT_PERMITTED
        assert db.session.scalars(sa.select(Share)).all() == []
        db.session.remove()


# ---------- the page and its preview ----------


def test_the_preview_is_the_page(cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient) -> None:
    choose(lea, [cast["lea_x"]], [*beside.values()])
    look = lea.follow(lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin"))
    before = look.get_data(as_text=True)
    for found in re.findall(r'src="(/experience/[^"]*)"', before):
        assert lea.get(html.unescape(found)).mimetype == "image/jpeg"
    seen = words(re.search(r'id="page">(.*?)<aside', before, re.S)[1])  # type: ignore[index]
    made = lea.post("/montrer/apercu", fields(look))
    after = words(client.get(path_of(lea.app, uuid.UUID(way(made).rsplit("/", 1)[1]))))
    for said in (PHOTO, PAPER, "Document PDF, 0,1 Mo", WEB, "Lien vers mediatheque.example", "Raconté par Lea"):
        assert said in seen
        assert said in after


@both_databases
def test_a_reader_finds_each_as_what_it_is(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    _key, path = make(lea, [cast["lea_x"]], [*beside.values()])
    with statements(app) as seen:
        page = client.get(path)
    assert len([s for s in seen if not s.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA"))]) <= 8
    body = page.get_data(as_text=True)
    image = re.search(r"<img\b[^>]*/pieces/[^>]*>", body)
    assert image is not None
    assert f'alt="{PHOTO}"' in image[0]
    assert 'loading="lazy"' in image[0]
    size = tuple(int(n) for n in re.search(r'width="(\d+)" height="(\d+)"', image[0]).groups())  # type: ignore[union-attr]
    assert '<a href="https://mediatheque.example/atelier?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow ugc">' in body
    assert words(page).index(PHOTO) < words(page).index(PAPER) < words(page).index(WEB) < words(page).index("Raconté par")
    for key in (*beside.values(), cast["lea_x"], cast["lea"]):
        assert str(key) not in body
    photo, paper = (client.get(address) for address in pieces_of(page))
    assert photo.mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(photo.get_data())).size == size == (1280, 853)
    assert pictures.CANARY not in photo.get_data()
    assert paper.mimetype == "application/pdf"
    assert paper.headers["Content-Disposition"] == "attachment; filename=document.pdf"
    for answer in (photo, paper):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert "Set-Cookie" not in answer.headers


def test_a_photo_without_words_says_whose_it_is(app: Flask, cast: Cast, lea: Reader, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        photo = world.add_file(db.session.get_one(Experience, cast["lea_x"]), pictures.telling(), None, NOON).id
    _key, path = make(lea, [cast["lea_x"]], [photo])
    assert 'alt="Photo jointe par Lea"' in client.get(path).get_data(as_text=True)
    assert 'alt="Photo added by Lea"' in client.get(f"{path}?lang=en").get_data(as_text=True)


def test_a_link_shows_no_piece_that_was_not_ticked(
    cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    _key, path = make(lea, [cast["lea_x"]], [beside["paper"]])
    page = client.get(path)
    assert PAPER in words(page)
    assert PHOTO not in words(page)
    assert WEB not in words(page)
    assert "<img" not in page.get_data(as_text=True)


@both_databases
def test_a_piece_counts_once_on_a_day_when_its_page_was_not_opened(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient, at: Any
) -> None:
    _key, path = make(lea, [cast["lea_x"]], [beside["photo"]])
    address = pieces_of(client.get(path))[0]
    for _time in range(3):
        assert client.get(address).status_code == 200
    assert client.head(address).status_code == 200
    at(NOON + DAY)
    assert client.head(address).status_code == 200
    assert client.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 404
    with app.app_context():
        assert db.session.scalars(sa.select(ShareReading.openings)).all() == [1]
        db.session.remove()
    for _time in range(3):
        assert client.get(address).status_code == 200
    with app.app_context():
        counted = db.session.execute(sa.select(ShareReading.read_on, ShareReading.openings)
                                     .order_by(ShareReading.read_on)).all()
        assert [tuple(row) for row in counted] == [(NOON.date(), 1), ((NOON + DAY).date(), 1)]
        db.session.remove()


# ---------- gone ----------


def test_what_is_erased_leaves_two_links_and_a_card_without_a_trace(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    first, path = make(lea, [cast["lea_x"]], [beside["photo"], beside["web"]])
    _second, other = make(lea, [cast["lea_x"]], [beside["photo"]])
    make_card(lea)
    lea.fill("/carte/ouvre", link=str(first))
    card = current(app, cast["lea"])[1]
    pages = (path, other, card)
    addresses = [address for page in pages for address in pieces_of(client.get(page))]
    assert len(addresses) == 3
    assert [client.get(a).status_code for a in addresses] == [200, 200, 200]
    erase(lea, cast, beside["photo"])
    unknown = client.get(f"/s/{'A' * 22}/pieces/{uuid.uuid4()}")
    for address in addresses:
        same(client.get(address), unknown)
    for page in pages:
        text = words(client.get(page))
        assert PHOTO not in text
        assert "n’est plus montrée" not in text
        assert pieces_of(client.get(page)) == []
    assert WEB in words(client.get(path))
    with app.app_context():
        with transaction():
            assert evidence.erase_removed(NOON + DAY) == 1
        kinds = db.session.scalars(sa.select(EditionItem.kind).order_by(EditionItem.kind)).all()
        assert kinds == ["evidence", "experience", "experience"]
        db.session.remove()


def test_what_comes_back_within_the_hour_is_shown_again(
    lea: Reader, cast: Cast, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    """It was chosen for that link, and its learner undoes only the erasing."""
    _key, path = make(lea, [cast["lea_x"]], [beside["photo"]])
    address = pieces_of(client.get(path))[0]
    erase(lea, cast, beside["photo"])
    assert client.get(address).status_code == 404
    lea.get("/passeport")  # where the way to undo stands
    assert str(beside["photo"]) not in lea.get("/montrer/choisir").get_data(as_text=True)
    lea.post(f"/experience/{cast['lea_x']}/fichier/{beside['photo']}/annuler", {})
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("how", ["deleted", "for its learner alone"])
def test_it_goes_with_its_experience(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient, how: str
) -> None:
    _key, path = make(lea, [cast["lea_x"]], [*beside.values()])
    address = pieces_of(client.get(path))[0]
    with app.app_context(), transaction():
        x = db.session.get_one(Experience, cast["lea_x"])
        if how == "deleted":
            experiences.delete(x, NOON)
        else:
            experiences.set_for_me_only(x, True, NOON)
    same(client.get(address), client.get(f"/s/{'A' * 22}/pieces/{uuid.uuid4()}"))
    assert PAPER not in words(client.get(path))


def test_a_file_that_is_lost_is_no_fault(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    _key, path = make(lea, [cast["lea_x"]], [beside["photo"]])
    address = pieces_of(client.get(path))[0]
    with app.app_context():
        files.discard(str(db.session.get_one(Evidence, beside["photo"]).storage_name))
        db.session.remove()
    assert client.get(path).status_code == 200
    assert client.get(address).status_code == 404
    choose(lea, [cast["lea_x"]], [beside["photo"]])
    look = lea.follow(lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin"))
    assert "Une ligne choisie ne se montre plus" in words(look)


def test_what_was_erased_since_it_was_chosen_is_left_out(
    cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    choose(lea, [cast["lea_x"]], [*beside.values()])
    look = lea.follow(lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin"))
    erase(lea, cast, beside["photo"])
    lea.get("/passeport")  # where the way to undo stands
    again = lea.post("/montrer/apercu", fields(look))
    assert again.status_code == 422
    assert "Une ligne choisie ne se montre plus" in words(again)
    made = lea.post("/montrer/apercu", fields(again))
    assert len(pieces_of(client.get(path_of(lea.app, uuid.UUID(way(made).rsplit("/", 1)[1]))))) == 1


# ---------- attacks ----------


def other_link(app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], item: str, path: str) -> str:
    _key, other = make(lea, [cast["lea_x"]], [beside["paper"]])
    return f"{other}/pieces/{item}"


def by_the_id_of_the_photo(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], item: str, path: str
) -> str:
    return f"{path}/pieces/{beside['photo']}"


def by_another_item(app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], item: str, path: str) -> str:
    with app.app_context():
        found = db.session.scalars(sa.select(EditionItem.id).where(EditionItem.kind == "experience")).first()
        db.session.remove()
    return f"{path}/pieces/{found}"


def by_the_link_beside_it(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], item: str, path: str
) -> str:
    with app.app_context():
        found = db.session.scalars(sa.select(EditionItem.id).where(EditionItem.evidence_id == beside["web"])).one()
        db.session.remove()
    return f"{path}/pieces/{found}"


def wrong_token(app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], item: str, path: str) -> str:
    return f"/s/{'B' * 22}/pieces/{item}"


def by_a_card_that_opens_nothing(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], item: str, path: str
) -> str:
    make_card(lea)
    return f"{current(app, cast['lea'])[1]}/pieces/{item}"


def closed(app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], item: str, path: str) -> str:
    lea.post("/montrer/tout-fermer", {})
    return f"{path}/pieces/{item}"


@pytest.mark.parametrize("attack", [
    other_link, by_the_id_of_the_photo, by_another_item, by_the_link_beside_it, wrong_token, by_a_card_that_opens_nothing,
    closed,
], ids=lambda f: f.__name__.replace("_", " "))
@pytest.mark.promise("P10", "passport.sharing.rules:link_state", "absent")
def test_anything_else_is_as_if_it_had_never_been_there(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient, attack: Callable[..., str]
) -> None:
    """A file of a closed link, of another link or under a wrong token is as if it had never been there."""
    _key, path = make(lea, [cast["lea_x"]], [beside["photo"], beside["web"]])
    real = pieces_of(client.get(path))[0]
    assert client.get(real).status_code == 200
    address = attack(app, cast, lea, beside, real.rsplit("/", 1)[1], path)
    unknown = client.get(f"/s/{'A' * 22}/pieces/{uuid.uuid4()}")
    assert unknown.status_code == 404
    same(client.get(address), unknown)
    same(client.get(address, headers={"Accept": "image/*", "HX-Request": "true"}), unknown)


def test_a_link_that_ended_serves_nothing(
    cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _key, path = make(lea, [cast["lea_x"]], [beside["photo"]])
    address = pieces_of(client.get(path))[0]
    monkeypatch.setattr(clock, "now", lambda: NOON + dt.timedelta(days=91))
    same(client.get(address), client.get(f"/s/{'A' * 22}/pieces/{uuid.uuid4()}"))


def test_a_card_serves_a_piece_as_long_as_it_opens_the_link(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID], client: FlaskClient
) -> None:
    key, path = make(lea, [cast["lea_x"]], [beside["photo"]])
    make_card(lea)
    lea.fill("/carte/ouvre", link=str(key))
    card = current(app, cast["lea"])[1]
    addresses = pieces_of(client.get(card))
    assert [a.startswith(f"{card}/pieces/") for a in addresses] == [True]
    assert client.get(addresses[0]).mimetype == "image/jpeg"
    lea.fill("/carte/ouvre", link=NOTHING)
    assert client.get(addresses[0]).status_code == 404
    assert client.get(pieces_of(client.get(path))[0]).status_code == 200


# ---------- what its learner sees of it ----------


def test_the_lists_say_how_many_go_along(
    app: Flask, cast: Cast, lea: Reader, beside: dict[str, uuid.UUID]
) -> None:
    key, _path = make(lea, [cast["lea_x"]], [*beside.values()])
    make_card(lea)
    assert "Avec 3 photos, documents ou liens." in words(lea.get("/carte/ouvre"))
    lea.fill("/carte/ouvre", link=str(key))
    pages = ("/montrer", "/carte", f"/montrer/lien/{key}")
    for address in pages:
        assert "Avec 3 photos, documents ou liens." in words(lea.get(address)), address
    erase(lea, cast, beside["web"])
    erase(lea, cast, beside["photo"])
    for address in pages:
        assert "Avec une photo, un document ou un lien." in words(lea.get(address)), address
    shown = lea.get(f"/montrer/lien/{key}")
    assert f"/experience/{cast['lea_x']}/fichier/{beside['paper']}" in shown.get_data(as_text=True)
    erase(lea, cast, beside["paper"])
    for address in pages:
        assert "Avec" not in words(lea.get(address)), address


@both_databases
def test_the_same_choice_sent_twice_is_one_link(app: Flask, cast: Cast, beside: dict[str, uuid.UUID]) -> None:
    draft = ShareDraft((cast["lea_x"],), (), "Boulangerie", False, 3, "display", None, None, uuid.uuid4(),
                       evidence_ids=(beside["photo"],))
    with app.app_context():
        with transaction():
            first = create_share(cast["lea"], draft, NOON).id
        with transaction():
            assert create_share(cast["lea"], draft, NOON).id == first
        with transaction():
            evidence.erase(beside["photo"], cast["lea"], NOON)
        assert db.session.scalars(sa.select(EditionItem.kind)).all() == ["experience"]
        db.session.remove()
