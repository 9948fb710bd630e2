"""Whoever makes a reader believe what nobody said: a story changed afterwards, names that hide, a page kept aside."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport.accounts.models import Account
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.forms import clean, one_line
from passport.organisations.models import Organisation
from passport.refusals import Refusal, Refused
from passport.sharing.models import Share, ShareReading
from passport.sharing.service import ShareDraft, create_share
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, words
from tests.routes.test_sharing import DAY, make, prepare, recognised

WAS, IS = "Service civique à la médiathèque", "J’ai dirigé la médiathèque pendant dix ans"


@pytest.fixture
def lea(browse: Any) -> Reader:
    """Léa's browser."""
    reader: Reader = browse("lea")
    return reader


@pytest.fixture
def endorsed(app: Flask, cast: Cast) -> list[uuid.UUID]:
    """A competency of Léa's, recognised by Karim, kept and permitted."""
    with app.app_context():
        found = recognised(cast)
        db.session.remove()
    return found


def change(app: Flask, cast: Cast, **values: Any) -> None:
    """Write an experience of Léa's anew, after it was recognised."""
    with app.app_context(), transaction():
        x = db.session.get_one(Experience, cast["lea_x"])
        experiences.change(x, values, x.version, NOON)


# ---------- a story changed afterwards ----------


def test_an_endorsement_alone_keeps_the_title_it_was_given_for(
    app: Flask, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    with app.app_context():
        club = db.session.get_one(Organisation, cast["club"]).id
        db.session.remove()
    change(app, cast, title=IS, started_on=dt.date(2010, 1, 1), when_precision="year", organisation_id=club,
           setting="school")
    _key, path = make(lea, [], endorsed)
    page = client.get(path)
    text = words(page)
    assert WAS in text
    assert IS not in text
    assert "2010" not in text
    assert "AS Gauthière" not in text
    assert "École, formation" not in text
    assert "le récit a été complété depuis" in text
    check = re.search(r'href="([^"]*/verifier/[^"]*)"', page.get_data(as_text=True))
    assert check is not None
    assert WAS in words(client.get(check[1]))


@both_databases
def test_beside_a_new_title_stands_the_one_that_was_recognised(
    app: Flask, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    change(app, cast, title=IS, story="J’y ai tout fait.")
    look = prepare(lea, [cast["lea_x"]], endorsed)
    assert f"Le récit disait ce jour-là : « {WAS} »" in words(look)
    made = lea.post("/montrer/apercu", fields(look))
    with app.app_context():
        assert made.status_code == 303
        db.session.remove()
    path = make(lea, [cast["lea_x"]], endorsed)[1]
    text = words(client.get(path))
    assert f"Le récit disait ce jour-là : « {WAS} »" in text
    assert text.index(IS) < text.index("Raconté par Lea") < text.index("Reconnu par Karim B.")


def test_an_unchanged_story_says_its_title_once(
    cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    text = words(client.get(make(lea, [cast["lea_x"]], endorsed)[1]))
    assert text.count(WAS) == 1
    assert "Le récit disait" not in text
    assert "Raconté par Lea" not in text


# ---------- names that hide ----------


NOTHING = ["\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u200b\u200c\u200d\ufeff", "\u202e\u2066\u2069", "\u00ad\u034f",
           "\u0301\u0302", "\ufe0f", "\u180e", "\u17b4\u17b5", "\U000e0041\U000e0042", " \u00a0\u2003\u2028\u2029 "]


@pytest.mark.parametrize("hidden", NOTHING, ids=lambda text: "+".join(f"{ord(c):04x}" for c in text))
def test_what_nobody_can_see_is_no_name(cast: Cast, lea: Reader, client: FlaskClient, hidden: str) -> None:
    assert one_line(hidden) is None
    assert one_line(f"Ka{hidden}rim") is not None
    answer = client.post("/creer", data={**fields(client.get("/creer")), "display_name": hidden, "age": "adult"})
    assert answer.status_code == 422
    assert "Écrire un prénom ou un pseudo" in words(answer)
    lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])]})
    answer = lea.fill("/montrer/pour-qui", recipient_name="Club", name_form="written", shown_name=hidden)
    assert answer.status_code == 422
    assert "Écrire le nom à montrer" in words(answer)


@pytest.mark.parametrize(("typed", "kept"), [
    ("Ka\u200crim\u200d B.", "Karim B."),
    ("M\u00e9\u200ddiath\u00e8que", "M\u00e9diath\u00e8que"),
    ("\u202eudnoC", "udnoC"),
    ("Ka\u3164rim", "Karim"),
    ("Z" + "\u0337\u0321\u0348\u0359" * 20 + "oe", "Z\u0337\u0337\u0337\u0337oe"),
    ("Nguy\u1ec5n Th\u1ecb", "Nguy\u1ec5n Th\u1ecb"),
    ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
    ("\U0001f469\u200d\U0001f373 chef", "\U0001f469\u200d\U0001f373 chef"),
    ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
    ("\u05d1\u05bc\u05b0\u05e8\u05b5\u05d0\u05e9\u05c1", "\u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05c1"),
])
def test_what_changes_how_others_read_is_taken_out_and_writing_stays(typed: str, kept: str) -> None:
    assert one_line(typed) == kept
    assert clean(typed) == kept
    assert clean(kept) == kept


def test_no_second_organisation_of_a_name_that_only_looks_different(app: Flask, cast: Cast, browse: Any) -> None:
    sofia = browse("sofia")
    for name in ("Médiathèque\u200d Mandela", "ＭÉDIATHÈQUE  mandela", "Me\u0301diathe\u0300que\u00a0Mandela",
                 "Médiаthèque Mandela", "Μédiathèque Μandela"):
        answer = sofia.fill("/ville/ajouter", name=name, kind="association", sector="voluntary")
        assert answer.status_code == 422, name
        assert "Une organisation porte déjà ce nom" in words(answer)


CLAIMING = ["Léa. Reconnue par Karim B., animateur", "Léa, VÉRIFIÉ ✓", "Léa (certifiée)", "Ville d’Alpha", "Mairie d'ALPHA",
            "Vіlle d’Аlpha", "Alpha, la Ville", "Lea, recognised by Karim", "City of Alpha", "Reсonnu"]


@pytest.mark.parametrize("name", CLAIMING)
def test_a_name_claims_nothing_in_anothers_place(app: Flask, cast: Cast, lea: Reader, client: FlaskClient, name: str) -> None:
    """A reader finds the name after « Raconté par »: it may not go on with who recognised, or be the city's."""
    said = "se lirait comme une parole de la Ville"
    answer = client.post("/creer", data={**fields(client.get("/creer")), "display_name": name, "age": "adult"})
    assert answer.status_code == 422
    assert said in words(answer)
    lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])]})
    answer = lea.fill("/montrer/pour-qui", recipient_name="Club", name_form="written", shown_name=name)
    assert answer.status_code == 422
    assert said in words(answer)
    draft = ShareDraft((cast["lea_x"],), (), "Club", False, 3, "written", name, None, uuid.uuid4())
    with app.app_context(), transaction(), pytest.raises(Refused) as refused:
        create_share(cast["lea"], draft, NOON)
    assert refused.value.refusal is Refusal.NAME_CLAIMS


@pytest.mark.parametrize("name", ["Léa M.", "Alpha", "Alphonsine", "Villemin", "Denise Ville", "Marie", "Иван", "Ελένη", "K-2000", "Agrée"])
def test_a_name_is_anybodys_own_choice(client: FlaskClient, name: str) -> None:
    answer = client.post("/creer", data={**fields(client.get("/creer")), "display_name": name, "age": "adult"})
    assert answer.status_code == 303


def test_a_readers_page_holds_no_direction_of_its_own(
    app: Flask, cast: Cast, lea: Reader, client: FlaskClient
) -> None:
    hostile = "\u202eLéa\u2067 <b>M.</b>\u200b"
    change(app, cast, title=f"Titre {hostile}", story=f"Récit {hostile}")
    _key, path = make(lea, [cast["lea_x"]], intro=hostile, recipient_name=hostile, recipient_shown="y",
                      name_form="written", shown_name=hostile)
    body = client.get(path).get_data(as_text=True)
    assert "&lt;b&gt;M.&lt;/b&gt;" in body
    assert "<b>M." not in body


# ---------- what a page gives away ----------


def test_a_readers_page_gives_away_nothing_that_was_not_chosen(
    app: Flask, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        who = db.session.get_one(Account, cast["lea"])
        who.email = "canary@example.org"
        change_of = {"place": "12 rue du Canari", "started_on": dt.date(2026, 3, 17)}
        identifier = who.identifier
    change(app, cast, **change_of)
    key, path = make(lea, [cast["lea_x"]], endorsed, recipient_name="Canari et fils")
    other, _path = make(lea, [cast["lea_x"]])
    page = client.get(path).get_data(as_text=True)
    check = re.search(r'href="([^"]*/verifier/[^"]*)"', page)
    assert check is not None
    both = page + client.get(check[1]).get_data(as_text=True)
    ids = [cast["lea"], cast["karim"], cast["m_karim"], cast["library"], cast["lea_x"], key, other, *endorsed]
    for told in ("canary", "Canari", "17 mars", str(identifier), *map(str, ids), *(i.hex for i in ids)):
        assert told not in both, told
    with app.app_context():
        assert db.session.get_one(Share, key).token_hash.hex() not in both
        db.session.remove()


def test_the_title_of_a_readers_page_names_nobody(
    cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    """Messengers show the title of a link before anybody opens it, and a browser keeps it in its history."""
    _key, path = make(lea, [cast["lea_x"]], endorsed, name_form="written", shown_name="Léa Moreau", intro="Canari")
    page = client.get(path).get_data(as_text=True)
    check = re.search(r'href="([^"]*/verifier/[^"]*)"', page)
    assert check is not None
    for body in (page, client.get(check[1]).get_data(as_text=True)):
        head = body[: body.index("</head>")]
        assert "Une page à lire" in head or "Comment c’est vérifié" in head
        for told in ("Moreau", "Lea", "Canari", "Karim", "Mandela"):
            assert told not in head, told


@both_databases
def test_a_check_kept_aside_is_an_opening_too(
    app: Flask, at: Any, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    """Else whoever keeps the address of a check reads on, and the learner never knows that the link leaked."""
    _key, path = make(lea, [cast["lea_x"]], endorsed)
    check = re.search(r'href="([^"]*/verifier/[^"]*)"', client.get(path).get_data(as_text=True))
    assert check is not None
    client.get(check[1])
    at(NOON + 2 * DAY)
    for _time in range(2):
        assert client.get(check[1]).status_code == 200
    assert client.head(check[1]).status_code == 200
    with app.app_context():
        days = {r.read_on: r.openings for r in db.session.scalars(sa.select(ShareReading))}
        db.session.remove()
    assert days == {dt.date(2026, 11, 24): 1, dt.date(2026, 11, 26): 1}
