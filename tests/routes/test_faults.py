"""What is acknowledged is kept, and a fault of the machine is said as it is: full disks, clocks put back, strange schemas."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from passport import clock, durable, limits, schema, writing
from passport.experiences.models import Experience
from passport.experiences.rules import claimed_at
from passport.extensions import db
from passport.sharing import links
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.faults import files_end_at, full_database, kept, read_only
from tests.reading import Reader, fields, new, words
from tests.routes.test_evidence import PHOTO, lying, send

STORY = {"title": "Le tournoi de handball " + "x" * 180}
NOTHING_KEPT = "Rien ne peut être enregistré pour le moment."


@pytest.fixture
def settings_of_test(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A city as it is in production, where no fault reaches the browser."""
    return {"PROPAGATE_FAULTS": False}


def told(answer: TestResponse) -> str:
    """Return the words of an answer that says to come back in a minute."""
    assert answer.status_code == 503, words(answer)[:300]
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["X-Request-ID"], "by which the phone knows that it was us, and keeps what waits"
    return words(answer)


@both_databases
@pytest.mark.promise("P23", "passport.durable:keep_in_sqlite", "absent")
def test_every_connection_keeps_what_it_acknowledges(app: Flask, client: FlaskClient) -> None:
    """A connection of the pool syncs the disk before it answers, read back from that very connection."""
    _keeps(app, client)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.promise("P23", "passport.durable:keep_in_postgres", "absent")
def test_a_database_told_to_answer_early_answers_after_the_commit(app: Flask, client: FlaskClient) -> None:
    """PostgreSQL answers after the commit is on the disk, even where its database was told otherwise."""
    with app.app_context():
        name = db.engine.url.database
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    _keeps(app, client)


def _keeps(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        engine = db.engine
    engine.dispose()
    assert client.get("/healthz").json == {"status": "ok"}
    with engine.connect() as connection:
        assert durable.lacking(connection, served_to_tests=True) == []
        raw = connection.connection.dbapi_connection
        assert raw is not None
        if engine.dialect.name == "sqlite":
            assert raw.execute("PRAGMA synchronous").fetchone() == (2,)
            raw.rollback()
            raw.execute("PRAGMA synchronous=NORMAL")
        else:
            raw.execute("SET synchronous_commit = off")
            raw.commit()
    health = client.get("/healthz")
    assert (health.status_code, health.json) == (503, {"status": "database may lose writes"})
    engine.dispose()


@both_databases
@pytest.mark.promise("P23", "passport.transaction:transaction", "absent")
def test_an_answer_comes_after_the_commit(app: Flask, cast: Cast, browse: Callable[..., Reader]) -> None:
    """When the answer says that it is kept, somebody else's connection finds it."""
    assert browse("lea").post("/ajouter", {**STORY, "submission": new()}).status_code == 303
    assert kept(app, STORY["title"]) == 1


@both_databases
@pytest.mark.promise("P23", "passport.submissions:kept_before", "absent")
def test_what_comes_again_because_no_answer_came_is_kept_once(app: Flask, cast: Cast, browse: Callable[..., Reader]) -> None:
    """The same sending, repeated because its answer was lost, is kept once and answered as the first."""
    sending, headers = {**STORY, "submission": new()}, {"Written-Anew": "true"}
    answers = [browse("lea").post("/ajouter", sending, headers=headers) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert len({a.headers["Location"] for a in answers}) == 1
    assert kept(app, STORY["title"]) == 1


@both_databases
@pytest.mark.promise("P23", "passport.writing:is_refused", "absent")
def test_a_full_disk_is_said_and_what_was_typed_is_sent_again(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    """When the disk is full, the answer says that nothing was kept and holds the text, pages open, and all goes on after."""
    lea, nobody = browse("lea"), app.test_client()
    with full_database(app):
        for n in range(60):  # what is left of the last pages
            typed = {"title": f"{STORY['title']} {n}", "submission": new()}
            refused = lea.post("/ajouter", typed)
            if refused.status_code != 303:
                break
        said = told(refused)
        assert NOTHING_KEPT in said
        assert "Ce qui est écrit est gardé ici." in said
        again = fields(refused, "/ajouter")
        assert again["title"] == typed["title"]
        part = lea.post("/ajouter", typed, headers={"HX-Request": "true"})
        assert "<html" not in part.get_data(as_text=True)
        told(part)
        page = lea.get("/passeport")
        assert (page.status_code, f"{NOTHING_KEPT} Tout reste lisible." in words(page)) == (200, True)
        assert nobody.get("/").status_code == 200
        assert nobody.get("/healthz").json == {"status": "read only"}
    assert kept(app, typed["title"]) == 0
    assert lea.post("/ajouter", again).status_code == 303
    assert lea.post("/ajouter", typed).status_code == 303
    assert kept(app, typed["title"]) == 1
    assert NOTHING_KEPT not in words(lea.get("/passeport"))


def test_a_disk_that_refuses_a_write_is_said_and_forgotten(app: Flask, cast: Cast, browse: Callable[..., Reader],
                                                           tmp_path: Path) -> None:
    app.config["EVIDENCE_FOLDER"] = tmp_path / "files"
    lea = browse("lea")
    with files_end_at(8):
        assert NOTHING_KEPT in told(lea.post("/ajouter", {**STORY, "submission": new()}))
        assert "Cela ne se garde pas pour l’instant." in told(send(lea, cast, PHOTO))
        assert lea.get("/passeport").status_code == 200
    assert kept(app, STORY["title"]) == 0
    assert lying(app) == set()
    assert lea.post("/ajouter", {**STORY, "submission": new()}).status_code == 303
    assert send(lea, cast, PHOTO).status_code == 303


@both_databases
@pytest.mark.promise("P23", "passport.writing:is_away", "absent")
def test_while_nothing_can_be_written_pages_are_read_and_forms_say_so(
    app: Flask, lived: Cast, browse: Callable[..., Reader]
) -> None:
    """With READ_ONLY, what needs no writing opens, a count is dropped, who looked is not shown without its line."""
    lea, nadia, sofia, nobody = browse("lea"), browse("nadia"), browse("sofia"), app.test_client()
    with app.app_context():
        shared = links.by_id(lived["share"], NOON)
        assert shared is not None
        link = f"/s/{shared.token}"
        db.session.remove()
    with read_only(app):
        for who, address in ((lea, "/passeport"), (lea, f"/experience/{lived['lea_x']}"), (sofia, "/ville"), (nobody, link)):
            page = who.get(address)
            assert page.status_code == 200, address
            assert NOTHING_KEPT in words(page), address
        assert told(nadia.get(f"/on-me-demande/{lived['request']}"))
        assert "Ce qui est écrit est gardé ici." in told(lea.post("/ajouter", {**STORY, "submission": new()}))
        assert lea.post("/montrer/apercu", {}).status_code != 503, "what writes nothing goes on"
        signing_in = nobody.post("/ouvrir", data={"name": "lac-vert-27", "passphrase": "quatre mots secrets ici"})
        assert "On ne peut donc pas se connecter." in told(signing_in)
        assert "quatre mots" not in signing_in.get_data(as_text=True)
        for address, secret in (("/mes-donnees/emporter", "present"), ("/fermer-mes-liens", "code")):
            page = lea.post(address, {"name": "lac-vert-27", secret: "quatre mots secrets ici"})
            assert (page.status_code, "quatre mots" in page.get_data(as_text=True)) == (503, False), address
        assert "Le passeport est refermé sur cet appareil." in told(lea.post("/fermer"))
        assert lea.get("/passeport").status_code == 303
    assert kept(app, STORY["title"]) == 0
    assert browse("lea").post("/ajouter", {**STORY, "submission": new()}).status_code == 303
    assert nadia.get(f"/on-me-demande/{lived['request']}").status_code == 200


@pytest.mark.parametrize(("fault", "refused", "away"), [
    (OSError(28, "no space"), True, True), (OSError(30, "read-only"), True, True), (OSError(2, "no such file"), False, False),
    (ValueError("x"), False, False), (sa.exc.TimeoutError("pool"), False, True),
    (sa.exc.OperationalError("", {}, Exception("gone")), False, True), (sa.exc.IntegrityError("", {}, Exception("twice")), False, False),
])
def test_only_faults_of_the_machine_count_as_such(fault: Exception, refused: bool, away: bool) -> None:
    assert (writing.is_refused(fault), writing.is_away(fault)) == (refused, away)


# ---------- a clock put back ----------


@pytest.mark.promise("P23", "passport.clock:held", "absent")
def test_a_clock_put_back_an_hour_revives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the clock is put back by an hour, time goes on; where it was wrong by years, it is put right."""

    class Wall(dt.datetime):
        shown = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return cls.shown

    noon = Wall.shown
    monkeypatch.setattr(clock.dt, "datetime", Wall)
    monkeypatch.setattr(clock, "_seen", (noon, time.monotonic()))
    assert clock.now() >= noon
    Wall.shown = noon - dt.timedelta(hours=1)
    assert noon <= clock.now() < noon + dt.timedelta(minutes=1)
    Wall.shown = noon + dt.timedelta(days=3650)
    assert clock.now() == Wall.shown
    Wall.shown = noon
    assert clock.now() == noon


def test_a_clock_put_back_locks_nobody_out_for_ever(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from passport.accounts import tries

    now = time.time()
    with app.app_context():
        waits = [tries.seconds_to_wait("lac-vert-27") for _ in range(12)]
        assert waits[-1] > 0
        for _ in range(3):
            limits.hit("door", 60)
        monkeypatch.setattr(limits.time, "time", lambda: now - 3650 * 86400)
        assert tries.seconds_to_wait("lac-vert-27") == 0
        assert limits.hit("door", 60) == 1


@pytest.mark.parametrize(("said", "kept_as"), [
    ("2026-11-20T08:00:00.000Z", dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)),
    ("2026-11-25T10:00:00+01:00", dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)),
    ("2126-01-01T00:00:00Z", NOON + dt.timedelta(days=1)), ("9999-12-31T23:59:59-12:00", None),
    ("2026-11-20T08:00:00", None), ("yesterday", None), (None, None),
])
def test_the_clock_of_a_phone_is_a_claim(said: str | None, kept_as: dt.datetime | None) -> None:
    assert claimed_at(said, NOON) == kept_as


@both_databases
@pytest.mark.promise("P23", "passport.experiences.rules:claimed_at", "absent")
def test_what_a_phone_claims_stands_beside_our_own_time(app: Flask, cast: Cast, browse: Callable[..., Reader]) -> None:
    """The time of a phone is kept as its claim, a day ahead at most; everything goes by the time of the server."""
    for title, said in (("Lundi", "2026-11-20T08:00:00Z"), ("Demain", "2126-01-01T00:00:00Z")):
        assert browse("lea").post("/ajouter", {"title": title, "submission": new(), "written_at": said}).status_code == 303
    with app.app_context():
        found = {x.title: (x.claimed_at, x.created_at) for x in db.session.scalars(sa.select(Experience))}
        db.session.remove()
    assert found["Lundi"] == (dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC), NOON)
    assert found["Demain"] == (NOON + dt.timedelta(days=1), NOON)


# ---------- a schema of another version ----------


@both_databases
@pytest.mark.promise("P24", "passport.schema:refusal_of_newer", "absent")
def test_an_older_program_refuses_a_newer_database(app: Flask) -> None:
    """A program does not touch a database whose revision it does not know, and says what to do."""
    with app.app_context():
        assert schema.at_start(app) is None
        before = _revision("29990101_0001")
        try:
            with pytest.raises(schema.Strange, match="made by a newer version"):
                schema.at_start(app)
        finally:
            _revision(before)


@pytest.mark.promise("P24", "passport.schema:refusal_of_older", "absent")
def test_a_database_that_waits_for_its_migration_is_not_served(app: Flask, client: FlaskClient) -> None:
    """A server does not start on a database that waits for a migration, nor serves one that it finds later."""
    with app.app_context():
        before = _revision("0001")
        try:
            with pytest.raises(schema.Strange, match="run `python tools/upgrade"):
                schema.at_start(app)
            app.config["UNCHECKED"] = True
            assert client.get("/").status_code == 503
        finally:
            _revision(before)
    assert client.get("/").status_code == 200
    assert app.config["UNCHECKED"] is False


def _revision(wanted: str) -> str:
    with db.engine.begin() as connection:
        before = str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :wanted"), {"wanted": wanted})
    return before


def test_a_server_without_its_database_starts_and_checks_later(app: Flask, tmp_path: Path) -> None:
    from passport import create_app
    from tests.conftest import test_settings

    alone = create_app(test_settings(f"sqlite:///{tmp_path}", tmp_path))
    assert "does not answer yet" in (schema.at_start(alone) or "")
    assert alone.config["UNCHECKED"] is True
