"""Loading the sentences on both databases."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.experiences.models import Claim
from passport.extensions import db
from passport.frameworks import queries, service
from passport.frameworks.models import Alignment, Competency, FrameworkVersion, Wording
from passport.recognition.models import Endorsement
from passport.transaction import transaction
from tests import world
from tests.cast import Cast
from tests.conftest import both_databases

DATA: dict[str, Any] = json.loads(service.DATA.read_text(encoding="utf-8"))


def written(folder: Path, number: str = "1.2", **changes: Any) -> Path:
    """Return the file of another version: `gone` are retired, `text` is what the first sentence now says."""
    data = json.loads(json.dumps(DATA))
    data["version"]["number"] = number
    data["competencies"][0]["fr"] = changes.get("text", data["competencies"][0]["fr"])
    gone = set(changes.get("gone", ()))
    data["competencies"] = [line for line in data["competencies"] if line["id"] not in gone]
    data["retired"] = sorted(gone)
    data["competencies"] += changes.get("new", [])
    file = folder / f"{number}.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def everything() -> dict[str, list[str]]:
    """Return every row of the framework's tables."""
    return {name: sorted(map(repr, db.session.execute(sa.select(db.metadata.tables[name])).all()))
            for name in ("framework", "framework_version", "competency", "wording", "alignment", "search_text")}


@pytest.fixture
def inside(app: Flask) -> Any:
    """The application's context, its session empty again at the end."""
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()


# ---------- loading ----------


@both_databases
def test_the_same_file_twice_changes_nothing(inside: Flask) -> None:
    before = everything()
    with transaction():
        assert service.load() is False
    assert everything() == before
    assert len(queries.current("fr")) == len(DATA["competencies"])
    said = inside.test_cli_runner().invoke(args=["frameworks", "load"])
    assert (said.exit_code, "up to date" in said.output) == (0, True)


@both_databases
def test_a_new_version_leaves_what_was_attested_as_it_was(inside: Flask, cast: Cast, tmp_path: Path) -> None:
    """Competencies 1 and 2 were endorsed, 3 was asked: reworded, retired, and reworded again, they keep their words."""
    world.fill(cast, clock.now())
    endorsed = {e.id: (e.wording_id, queries.texts([e.wording_id], "fr")) for e in db.session.scalars(sa.select(Endorsement))}
    said = {c.id: c.wording_id for c in db.session.scalars(sa.select(Claim))}
    assert endorsed
    assert said
    old = queries.current("fr")[0]
    new = {**DATA["competencies"][0], "id": 900, "slug": "one-more", "fr": "Je fais encore autre chose"}
    with transaction():
        assert service.load(written(tmp_path, "1.2", text="J’explique autrement", gone=[2, 3], new=[new])) is True
    assert {e.id: (e.wording_id, queries.texts([e.wording_id], "fr")) for e in db.session.scalars(sa.select(Endorsement))} == endorsed
    assert {c.id: c.wording_id for c in db.session.scalars(sa.select(Claim))} == said
    now = {s.competency_id: s for s in queries.current("fr")}
    assert now[1].text == "J’explique autrement"
    assert now[1].wording_id != old.wording_id
    assert queries.texts([old.wording_id], "fr") == {old.wording_id: old.text}
    assert {2, 3}.isdisjoint(now)
    assert now[900].text == "Je fais encore autre chose"
    assert db.session.get_one(Competency, 2).retired_on is not None
    with transaction():
        service.load(written(tmp_path, "1.3", new=[new]))
    back = {s.competency_id: s for s in queries.current("fr")}
    assert back[1].text == old.text
    assert 2 in back, "a retired sentence may come back"
    assert back[2].wording_id in {w for w, _ in endorsed.values()}
    assert [db.session.query(Wording).filter_by(competency_id=n).count() for n in (1, 2, 900)] == [3, 1, 1]
    assert db.session.query(Wording).filter_by(competency_id=1, current=True).count() == 1


REFUSED = {
    "published with other words": {"number": "1.1", "text": "J’explique autrement"},
    "older than what was published": {"number": "1.0.9"},
    "neither in the file nor retired": {"lost": 7},
    "gives its id to": {"renamed": 7},
}


@both_databases
@pytest.mark.parametrize("reason", REFUSED)
def test_a_file_that_would_lose_something_changes_nothing(inside: Flask, tmp_path: Path, reason: str) -> None:
    how = dict(REFUSED[reason])
    lost, renamed = how.pop("lost", None), how.pop("renamed", None)
    file = written(tmp_path, **how)
    data = json.loads(file.read_text(encoding="utf-8"))
    data["competencies"] = [line for line in data["competencies"] if line["id"] != lost]
    for line in data["competencies"]:
        line["slug"] = "something-else" if line["id"] == renamed else line["slug"]
    file.write_text(json.dumps(data), encoding="utf-8")
    before = everything()
    with pytest.raises(service.Unreadable, match=reason), transaction():
        service.load(file)
    assert everything() == before


def test_the_command_says_why_in_one_line(inside: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "DATA", written(tmp_path, "1.0"))
    said = inside.test_cli_runner().invoke(args=["frameworks", "load"])
    assert said.exit_code == 1
    assert said.output.strip() == "Error: version 1.0 is older than what was published"


@both_databases
def test_two_who_load_at_once_load_once(inside: Flask, tmp_path: Path) -> None:
    file, start, said = written(tmp_path, "1.2", text="J’explique autrement"), threading.Barrier(2), []

    def load() -> None:
        with inside.app_context():
            start.wait()
            with transaction():
                said.append(service.load(file))
            db.session.remove()

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [False, True]
    assert db.session.query(FrameworkVersion).filter_by(number="1.2").count() == 1


@both_databases
def test_what_stands_in_the_database_is_what_the_files_say(inside: Flask) -> None:
    concepts = service.concepts()
    rows = db.session.scalars(sa.select(Alignment).where(Alignment.target == "esco")).all()
    assert {(r.competency_id, r.code) for r in rows} == {(c["id"], uri) for c in DATA["competencies"] for uri in c["esco"]}
    for row in rows:
        line = concepts[row.code]
        assert (row.label_fr, row.official_fr, row.label_en) == (line["label_fr"], line["official_fr"], line["label_en"])
    keys = db.session.scalars(sa.select(Alignment).where(Alignment.target == "eu-key-competences-2018")).all()
    assert {(r.competency_id, r.code) for r in keys} == {(c["id"], c["key_competence"]) for c in DATA["competencies"]}
