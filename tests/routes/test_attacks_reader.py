"""Whoever makes a reader believe what nobody said: a story changed afterwards, names that hide, a page kept aside."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.organisations.models import Organisation
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, words
from tests.routes.test_sharing import make, prepare, recognised

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
