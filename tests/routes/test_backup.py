"""A backup is whole and of one instant, or is none; a restore brings everything back but those who were erased since."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from passport import opened
from passport.accounts import erasures
from passport.accounts.models import Account, Passport, Session
from passport.audit import heads, sealing
from passport.credentials import keys
from passport.credentials.models import Credential
from passport.experiences import service as experiences
from passport.experiences.models import Evidence, Experience
from passport.extensions import db
from passport.notices import jobs
from passport.organisations.models import Organisation
from passport.recognition.models import EndorserName
from passport.rights import erasing
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.signing import sign_all

DAY = dt.timedelta(days=1)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def apart(app: Flask, tmp_path: Path) -> Path:
    """The list, the photos and the backups of this test, in a folder of its own."""
    app.config.update(ERASURES=tmp_path / "erasures.list", EVIDENCE_FOLDER=tmp_path / "evidence",
                      AUDIT_HEADS=tmp_path / "heads.jsonl")
    return tmp_path


def flask(app: Flask, *words: str | Path) -> Result:
    """Run a command and let go of the database."""
    done = app.test_cli_runner().invoke(args=[str(word) for word in words])
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return done


def saved(app: Flask, folder: Path) -> Path:
    """Make a backup and return where it lies."""
    done = flask(app, "backup", folder)
    assert done.exit_code == 0, done.output
    return Path(done.output.split("saved: ")[1].splitlines()[0])


def sign_head(now: dt.datetime) -> None:
    """Seal the journal and sign how far it is, as the worker does every day."""
    sign_all()
    while True:
        with transaction():
            if not sealing.seal(everywhere=True):
                break
    assert heads.append(now)


def a_file(app: Flask, cast: Cast) -> None:
    """Let lea's photos lie where they stay."""
    kept = Path(app.config["EVIDENCE_FOLDER"]) / "kept"
    kept.mkdir(parents=True)
    for name in db.session.scalars(sa.select(Evidence.storage_name).where(Evidence.storage_name.is_not(None))):
        (kept / f"{name}").write_bytes(b"a photo")


@both_databases
@pytest.mark.promise("P24", "passport.rights.restore:replay", "absent")
def test_yesterdays_backup_comes_back_without_who_was_erased_today(
        app: Flask, lived: Cast, browse: Any, at: Any, apart: Path) -> None:
    """A restore brings back every row, file and credential as saved, no session, and nobody who was erased since."""
    lea = browse("lea")
    with app.app_context():
        sign_head(NOON)
        a_file(app, lived)
        before = dict(db.session.execute(sa.select(Credential.id, Credential.document)).all())
        sessions = db.session.scalar(sa.select(sa.func.count()).select_from(Session))
        assert before
        db.session.remove()
    made = saved(app, apart / "backups")
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["counts"]["passport"] > 5
    assert len(manifest["files"]) == 2
    at(NOON + DAY)
    with app.app_context():
        with transaction():
            assert erasing.erase(lived["tom"], "asked", NOON + DAY)
        with transaction():
            experiences.erase(lived["lea"], lived["lea_y"], NOON + DAY)
        with transaction():
            db.session.execute(sa.delete(Evidence).where(Evidence.id == lived["web_link"]))
        sign_head(NOON + DAY)
        shutil.rmtree(Path(app.config["EVIDENCE_FOLDER"]))
        db.session.remove()
    refused = flask(app, "restore", made)
    assert refused.exit_code == 1
    assert "People are in this database already" in refused.output
    done = flask(app, "restore", made, "--replace")
    assert done.exit_code == 0, done.output
    assert "1 sessions ended" in done.output
    assert "2 erasures were done again" in done.output
    assert "What was sealed in the journal since is given up" in done.output
    assert "Everything is as it was sealed and signed." in done.output
    assert opened.unfinished(Path(app.instance_path)) is None
    with app.app_context():
        assert db.session.get(Account, lived["tom"]) is None
        assert db.session.get(Experience, lived["lea_y"]) is None
        assert db.session.get(Evidence, lived["web_link"]) is not None
        assert dict(db.session.execute(sa.select(Credential.id, Credential.document)).all()) == before
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Session)) == sessions
        assert db.session.scalars(sa.select(Session.id_hash).where(Session.ended_at.is_(None))).first() is None
        assert len(list((Path(app.config["EVIDENCE_FOLDER"]) / "kept").iterdir())) == 2
        db.session.remove()
    assert lea.get("/passeport").headers["Location"].startswith("/ouvrir")
    again = flask(app, "erasures", "replay")
    assert "erased again: 0" in again.output


def test_a_name_that_was_taken_away_stays_away_after_a_restore(app: Flask, lived: Cast, at: Any, apart: Path) -> None:
    with app.app_context():
        sign_head(NOON)
        db.session.remove()
    made = saved(app, apart / "backups")
    at(NOON + DAY)
    with app.app_context():
        with transaction():
            assert erasing.erase(lived["karim"], "asked", NOON + DAY, unnamed=True)
        assert db.session.get(EndorserName, lived["endorsement"]) is None
        db.session.remove()
    done = flask(app, "restore", made, "--replace")
    assert done.exit_code == 0, done.output
    with app.app_context():
        assert db.session.get_one(Account, lived["karim"]).erased_at is not None
        assert db.session.get(EndorserName, lived["endorsement"]) is None
        db.session.remove()


@pytest.mark.promise("P24", "passport.rights.backup:make", "absent")
def test_a_backup_of_a_busy_city_is_of_one_instant(app: Flask, lived: Cast, at: Any, apart: Path) -> None:
    """While people write, a backup holds the rows of one instant, and restores into a database that holds together."""
    stop, wrote = threading.Event(), []
    with app.app_context():
        sign_head(NOON)
        db.session.remove()

    def write() -> None:
        while not stop.is_set():
            with app.app_context():
                with transaction():
                    draft = experiences.ExperienceDraft("Encore une.", uuid.uuid4())
                    wrote.append(experiences.log_experience(lived["lea"], draft, NOON, anew=True).id)
                db.session.remove()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not wrote:
            pass
        made = saved(app, apart / "backups")
    finally:
        stop.set()
        writer.join()
        gc.collect()  # the connection that the writer gave back after its pool was let go of
    with sqlite3.connect(made / "database.sqlite") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    file.close()
    assert [path.name for path in made.iterdir() if path.name.startswith("database")] == ["database.sqlite"]
    done = flask(app, "restore", made, "--replace")
    assert done.exit_code == 0, done.output


def test_a_restore_refuses_what_is_not_whole_and_says_why(app: Flask, lived: Cast, at: Any, apart: Path) -> None:
    with app.app_context():
        sign_head(NOON)
        a_file(app, lived)
        db.session.remove()
    made = saved(app, apart / "backups")

    def refused(words: str, **changed: Any) -> None:
        copy = Path(shutil.copytree(made, apart / "copy", dirs_exist_ok=True))
        manifest = json.loads((made / "manifest.json").read_text())
        (copy / "manifest.json").write_text(json.dumps({**manifest, **changed}))
        done = flask(app, "restore", copy, "--replace")
        assert done.exit_code == 1
        assert words in done.output, done.output
        with app.app_context():
            assert db.session.get(Passport, lived["lea"]) is not None
            db.session.remove()

    refused("SHA-256", sha256="0" * 64)
    refused("SHA-256", files={"x": "0" * 64})
    refused("newer version", revision="20990101_0101")
    (apart / "copy" / "manifest.json").write_text("{")
    assert "no whole backup" in flask(app, "restore", apart / "copy", "--replace").output
    assert "no whole backup" in flask(app, "restore", apart, "--replace").output
    held = sqlite3.connect(str(app.config["SQLALCHEMY_DATABASE_URI"]).removeprefix("sqlite:///"))
    held.execute("SELECT count(*) FROM account").fetchone()
    refused("in use: stop the server")
    held.close()
    app.config["ERASURES"].unlink()
    refused("would come back")
    with app.app_context():
        erasures.begin()
        folder = app.config["SIGNING_KEYS"]
        file = folder / f"{keys.current().key_id}.pem"
        db.session.remove()
    file.rename(apart / "away.pem")
    refused("is missing")
    (apart / "away.pem").rename(file)


def test_a_backup_killed_half_way_is_none_and_old_ones_go(app: Flask, lived: Cast, at: Any, apart: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    folder = apart / "backups"
    (folder / ".unfinished-passport-20261101T000000Z").mkdir(parents=True)
    for name in ("passport-20261019T110000Z", "passport-20261021T110000Z", "holiday-photos"):
        (folder / name).mkdir()
    made = saved(app, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["holiday-photos", "passport-20261021T110000Z", made.name]
    assert flask(app, "backup", folder).exit_code == 1  # the same second
    assert flask(app, "backup", folder, "--keep-days", "36").exit_code == 2
    (apart / "file").write_text("")
    refused = flask(app, "backup", apart / "file" / "under")
    assert refused.exit_code != 0
    copies = Path(app.instance_path) / "backups"
    copies.mkdir(exist_ok=True)
    (copies / "passport-old.db").write_text("")
    with app.app_context():
        at(dt.datetime.now(dt.UTC) + 34 * DAY)
        assert jobs.KINDS["rights.copies"].do({}, at(dt.datetime.now(dt.UTC) + 34 * DAY)) == 0
        assert jobs.KINDS["rights.copies"].do({}, at(dt.datetime.now(dt.UTC) + 36 * DAY)) == 1
        db.session.remove()


def test_nobody_is_served_while_a_restore_is_half_done(app: Flask, tmp_path: Path) -> None:
    opened.close(tmp_path, "passport-20261124T110000Z")
    env = {"PATH": os.environ["PATH"], "PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, "restore of passport-20261124T110000Z was not finished" in done.stderr) == (1, True), done.stderr
    opened.close(Path(app.instance_path), "passport-20261124T110000Z")
    try:
        assert "was not finished" in flask(app, "worker", "--once").output
    finally:
        opened.open_again(Path(app.instance_path))
    assert flask(app, "worker", "--once").exit_code == 0


def test_no_key_lies_in_a_backup(app: Flask, lived: Cast, at: Any, apart: Path) -> None:
    with app.app_context():
        sign_all()
        pem = next(iter(app.config["SIGNING_KEYS"].glob("*.pem"))).read_bytes()
        db.session.remove()
    made = saved(app, apart / "backups")
    everything = b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())
    for secret in (app.config["SECRET_KEY"], *app.config["SEAL_KEYS"], *app.config["CASE_KEYS"]):
        assert secret.encode() not in everything
    assert pem.splitlines()[2] not in everything
    assert all(path.stat().st_mode & 0o077 == 0 for path in (made, made / "database.sqlite"))


def test_the_list_outlives_a_power_cut_and_forgets_in_time(app: Flask, lived: Cast, at: Any) -> None:
    who = uuid.uuid4()
    with app.app_context():
        erasures.write_down(erasures.Line(who, "asked", NOON))
        with app.config["ERASURES"].open("a") as file:
            file.write("2026-11-24T11:00:00+00:00 ask")
        erasures.write_down(erasures.Line(who, "deleted", NOON, who))
        assert [line.cause for line in erasures.read()] == ["asked", "deleted"]
        with transaction():
            erasures.note(erasures.Line(uuid.uuid4(), "inactive", NOON + DAY))  # the file was lost since
        with transaction():
            erasures.settle(NOON + DAY)
        assert [line.cause for line in erasures.read()] == ["asked", "deleted", "inactive"]
        with transaction():
            erasures.settle(NOON + 40 * DAY)
        assert [line.cause for line in erasures.read()] == ["inactive"]
        with transaction():
            assert erasures.settle(NOON + 41 * DAY) == 1
        assert erasures.read() == []
        assert db.session.scalars(sa.select(Organisation.id)).first() is not None
        db.session.remove()
