"""What no sheet may be, written with plain SQL on both databases: the schema refuses it."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.card.models import Sheet, SheetItem
from passport.credentials.models import Credential
from passport.extensions import db
from tests import signing
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.shape.test_forbidden_rows import D32, DAY, World, refused

pytestmark = both_databases


@pytest.fixture
def world(app: Flask, lived: Cast) -> Any:
    """A city in which lea printed a sheet."""
    with app.app_context():
        signing.sign_all()
        signing.print_for(lived)
        yield World(lived)
        db.session.rollback()


def row(world: World, **more: Any) -> dict[str, Any]:
    """Return one more sheet of lea's."""
    key_id = db.session.scalars(sa.select(Credential.key_id).limit(1)).one()
    return {"learner_id": world.cast["lea"], "submission": uuid.uuid4(), "submission_digest": D32,
            "token_hash": os.urandom(32), "token_sealed": b"x", "key_id": key_id, "size": 1, "signed": b"x",
            "made_at": NOON, "expires_on": dt.date(2027, 11, 24), **more}


def item(world: World, **more: Any) -> dict[str, Any]:
    """Return one more line of lea's sheet."""
    credential = db.session.scalars(sa.select(Credential.id).where(Credential.learner_id == world.cast["lea"])).one()
    return {"sheet_id": world.cast["sheet"], "position": 1, "learner_id": world.cast["lea"], "credential_id": credential, **more}


def test_an_honest_one_is_accepted(world: World) -> None:
    made = world.put("sheet", **row(world))
    world.put("sheet_item", **item(world, sheet_id=made["id"], position=0))
    world.sql("UPDATE sheet SET closed_at = :t WHERE id = :id", t=NOON, id=made["id"])


@pytest.mark.parametrize("learner", ["youth", "tom"])
def test_nobody_under_18_has_one(world: World, learner: str) -> None:
    refused(lambda: world.put("sheet", **row(world, learner_id=world.cast[learner])))


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 6}, {"closed_at": NOON - DAY}, {"key_id": "z6MkNobody"}], ids=str)
def test_no_odd_one(world: World, wrong: dict[str, Any]) -> None:
    refused(lambda: world.put("sheet", **row(world, **wrong)))


def test_none_with_the_token_or_the_number_of_another(world: World) -> None:
    other = db.session.get_one(Sheet, world.cast["sheet"])
    refused(lambda: world.put("sheet", **row(world, token_hash=other.token_hash)))
    db.session.rollback()
    other = db.session.get_one(Sheet, world.cast["sheet"])
    refused(lambda: world.put("sheet", **row(world, submission=other.submission)))


@pytest.mark.parametrize(("column", "value"), [("signed", b"y"), ("name", "Autre"), ("expires_on", "2030-01-01"), ("size", 2)])
def test_what_was_printed_never_changes(world: World, column: str, value: Any) -> None:
    refused(lambda: db.session.execute(
        sa.update(Sheet).where(Sheet.id == world.cast["sheet"]).values(
            {column: dt.date.fromisoformat(value) if column == "expires_on" else value})))


def test_closed_it_is_not_opened_again(world: World) -> None:
    world.sql("UPDATE sheet SET closed_at = :t WHERE id = :id", t=NOON, id=world.cast["sheet"])
    refused(lambda: world.sql("UPDATE sheet SET closed_at = NULL WHERE id = :id", id=world.cast["sheet"]))


@pytest.mark.parametrize("wrong", ["another's sheet", "a sixth line", "twice the same", "taken back"])
def test_no_odd_line_stands_on_it(world: World, wrong: str) -> None:
    fresh = world.put("sheet", **row(world))["id"]
    theirs = world.put("sheet", **row(world, learner_id=world.cast["stranger"]))["id"]
    rows = {
        "another's sheet": {"sheet_id": theirs, "learner_id": world.cast["stranger"]}, "a sixth line": {"sheet_id": fresh, "position": 5},
        "twice the same": {}, "taken back": {"sheet_id": fresh},
    }
    line = item(world, **rows[wrong])
    if wrong == "taken back":
        db.session.execute(sa.update(Credential).values(unpublished_at=NOON))
    refused(lambda: world.put("sheet_item", **line))


def test_it_goes_line_by_line_with_what_it_shows(world: World) -> None:
    db.session.execute(sa.delete(Credential))
    assert db.session.scalars(sa.select(SheetItem)).all() == []
    assert db.session.scalars(sa.select(Sheet.id)).all() == [world.cast["sheet"]]
