"""Loading the sentences on both databases, their public page, and choosing one."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.experiences import service as experiences
from passport.experiences.models import Claim, Experience
from passport.extensions import db
from passport.frameworks import queries, service
from passport.frameworks.models import Alignment, Competency, FrameworkVersion, Wording
from passport.recognition.models import Endorsement
from passport.refusals import Refusal, Refused
from passport.transaction import transaction
from tests import world
from tests.cast import Cast
from tests.conftest import both_databases
from tests.reading import fields, words

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


# ---------- choosing ----------


def test_likely_sentences_are_of_the_setting_and_new(inside: Flask) -> None:
    firsts = {}
    for setting in ("volunteering", "civic_service", "association_life", "work", "school", "sport", "culture", "family",
                    "own_project", "leisure", None):
        likely = queries.likely(setting, "fr")
        assert len({s.slug for s in likely}) == 5
        assert setting is None or all(setting in s.likely_in for s in likely)
        taken = {likely[0].competency_id}
        assert taken.isdisjoint(s.competency_id for s in queries.likely(setting, "en", exclude=taken))
        firsts[setting] = tuple(s.slug for s in likely)
    assert len(set(firsts.values())) == len(firsts), "each setting has its own"
    assert queries.search("cuisiné", "fr")[0].slug == "cook-for-many"
    assert queries.search("zzzz", "fr") == []


def test_what_was_told_comes_before_what_is_usual(inside: Flask) -> None:
    known = queries.current("fr")
    usual = [s.slug for s in queries.likely_of(known, "family")]
    assert [s.slug for s in queries.likely_of(known, "family", "J’ai vu un moteur")] == ["repair-things", *usual[:4]]
    assert [s.slug for s in queries.likely_of(known, "family", "brol zzz")] == usual


def test_one_chooses_from_five_first_and_from_all_by_theme(browse: Any, cast: Cast) -> None:
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/savoir-faire"
    page = lea.get(address).get_data(as_text=True)
    values = re.findall(r'type="radio" name="competency" value="(\d+)"', page)
    assert sorted(map(int, values)) == sorted(c["id"] for c in DATA["competencies"])
    first = page[: page.index("<details")]
    assert len(re.findall(r'name="competency"', first)) == 5
    assert page[page.index("<details") : page.index("</fieldset>")].count("<details") == 1 + 8
    lea.fill(address, competency=values[-1], step="2")
    after = lea.get(address).get_data(as_text=True)
    assert f'name="competency" value="{values[-1]}"' not in after, "what was said is not proposed again"
    found = lea.get(f"{address}?q=guitare").get_data(as_text=True)
    assert "<details" not in found
    assert "Je fais de la musique" in found


def test_a_sentence_of_a_folded_theme_stays_in_sight_when_something_is_missing(browse: Any, cast: Cast) -> None:
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/savoir-faire"
    answer = lea.post(address, {"competency": "62"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert re.search(r'value="62" checked', page[: page.index("<details")])


def test_a_retired_sentence_is_changed_by_who_said_it_and_taken_up_by_nobody(
    app: Flask, browse: Any, cast: Cast, tmp_path: Path
) -> None:
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/savoir-faire"
    lea.fill(address, competency="7", step="2")
    with app.app_context():
        with transaction():
            service.load(written(tmp_path, "1.2", gone=[7, 8]))
        db.session.remove()
    assert fields(lea.get(f"{address}?competency=7"), address)["competency"] == "7"
    assert lea.fill(f"{address}?competency=7", address, step="3").status_code == 303
    assert "Je compte l’argent d’une caisse" in words(lea.get(f"/experience/{cast['lea_x']}"))
    assert lea.post(address, {"competency": "8", "step": "2"}).status_code == 422
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        with pytest.raises(Refused) as refused:
            experiences.claim(x, 8, 2, clock.now())
        assert refused.value.refusal is Refusal.COMPETENCY_UNKNOWN
        assert [(c.competency_id, c.step) for c in db.session.query(Claim).filter_by(experience_id=x.id)] == [(7, 3)]
        db.session.rollback()
        db.session.remove()


# ---------- the public page ----------


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_shows_every_sentence_and_what_it_corresponds_to(client: Any, app: Flask, language: str) -> None:
    page = client.get(f"/phrases?lang={language}")
    assert page.status_code == 200
    html, text = page.get_data(as_text=True), words(page)
    for line in DATA["competencies"]:
        assert f'<li id="{line["slug"]}">' in html
        assert " ".join(line[language].split()) in text
        for uri in line["esco"]:
            assert f'href="{uri}"' in html
    for key in DATA["key_competences"]["items"].values():
        assert key[f"label_{language}"] in text
    assert "1.1" in text


def test_a_name_is_called_official_only_where_its_file_says_so(client: Any) -> None:
    french = words(client.get("/phrases?lang=fr"))
    assert "instruire autrui (nom officiel)" in french
    assert "solve problems (nom officiel, en anglais)" in french
    assert "Compétences multilingues (nom officiel)" in french
    assert "Compétences numériques (nom à vérifier)" in french
    english = words(client.get("/phrases?lang=en"))
    assert "solve problems (official name)" in english
    assert "Literacy competence (name to be checked)" in english
    assert '<span lang="en">solve problems</span>' in client.get("/phrases?lang=fr").get_data(as_text=True)


def test_a_retired_sentence_leaves_the_page(client: Any, app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        with transaction():
            service.load(written(tmp_path, "1.2", gone=[7]))
        db.session.remove()
    page = words(client.get("/phrases"))
    assert "Je compte l’argent d’une caisse" not in page
    assert "1.2" in page


def test_the_page_stands_before_any_sentence_is_loaded(client: Any, app: Flask) -> None:
    with app.app_context():
        for name in ("alignment", "search_text", "wording", "competency", "framework_version", "framework"):
            db.session.execute(sa.delete(db.metadata.tables[name]))
        db.session.commit()
        db.session.remove()
    assert client.get("/phrases").status_code == 200
