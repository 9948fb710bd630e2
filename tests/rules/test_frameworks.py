"""The sentences: their file, and finding one by everyday words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from passport.extensions import db
from passport.frameworks import queries, service
from passport.frameworks.models import Wording
from passport.frameworks.rules import asked_words, folded, nearness, rank
from passport.transaction import transaction

DATA: dict[str, Any] = json.loads(service.DATA.read_text())
SENTENCES: list[dict[str, Any]] = DATA["competencies"]


def test_the_file_is_whole() -> None:
    assert service.checked(DATA) is DATA
    assert len(SENTENCES) == 24


@pytest.mark.parametrize("line", SENTENCES, ids=lambda line: line["slug"])
def test_each_sentence_is_plain_and_mapped(line: dict[str, Any]) -> None:
    assert line["fr"].startswith(("Je ", "J’"))
    assert line["en"].startswith("I ")
    assert not line["fr"].endswith(".")
    assert "'" not in line["fr"]
    for language in ("fr", "en"):
        assert 5 <= len(line[f"search_{language}"]) <= 10
    for target in line["alignments"]:
        if target["target"] == "esco":
            assert target["uri"].startswith("http://data.europa.eu/esco/skill/")


@pytest.mark.parametrize("fault", ["twice", "no english", "no esco", "two keys", "unknown key", "format"])
def test_a_file_that_is_not_whole_is_refused(fault: str) -> None:
    data = json.loads(json.dumps(DATA))
    first, second = data["competencies"][0], data["competencies"][1]
    if fault == "twice":
        first["id"] = second["id"]
    elif fault == "no english":
        first["en"] = " "
    elif fault == "no esco":
        first["alignments"] = [a for a in first["alignments"] if a["target"] != "esco"]
    elif fault == "two keys":
        first["alignments"] += [a for a in first["alignments"] if a["target"] != "esco"]
    elif fault == "unknown key":
        first["alignments"][0]["code"] = "KC9"
    else:
        data["format"] = 2
    with pytest.raises(service.Unreadable):
        service.checked(data)


QUERIES = {
    "expliquer": "explain-simply", "accueillir": "welcome-people", "equipe": "work-in-a-team", "vélo": "repair-things",
    "cuisiné": "cook-for-many", "repas": "cook-for-many", "caisse": "count-a-till", "arbitre": "apply-a-rule",
    "exposé": "speak-to-a-group", "ecouter": "listen-to-the-end", "dispute": "calm-a-disagreement",
    "baby-sitting": "look-after-younger-children", "ordinateur": "use-digital-tools", "lettre": "write-clearly",
    "traduire": "help-in-another-language", "jardin": "care-for-nature", "secourisme": "first-aid",
}


@pytest.mark.parametrize("asked", QUERIES)
def test_everyday_words_find_their_sentence_among_the_first_three(asked: str) -> None:
    def worth(line: dict[str, Any]) -> float:
        return rank(asked, line["fr"], " ".join(folded(w) for w in line["search_fr"]))

    best = sorted(SENTENCES, key=worth, reverse=True)[:3]
    assert QUERIES[asked] in [line["slug"] for line in best], [(line["slug"], round(worth(line), 2)) for line in best]


@given(st.text(max_size=80))
def test_nonsense_finds_nothing_or_something_but_never_fails(text: str) -> None:
    assert 0 <= rank(text, "Je répare des objets", "velo bricolage") <= 1.05
    assert folded(folded(text)) == folded(text)


def test_accents_and_small_slips_do_not_matter() -> None:
    assert folded("Cœur, ÉTÉ !") == "coeur ete"
    assert nearness("arbitrer", ["arbitrer"]) == 1
    assert nearness("arbitrr", ["arbitrer"]) > 0.5
    assert nearness("chat", ["arbitrer"]) == 0
    assert asked_words("je sais la cuisine") == ("sais", "cuisine")
    assert asked_words("je") == ("je",)


def test_the_loader_reads_the_file_that_ships(tmp_path: Path) -> None:
    broken = tmp_path / "x.json"
    broken.write_text("{")
    with pytest.raises(json.JSONDecodeError):
        service.load(broken)


def test_the_same_file_twice_changes_nothing(app: Flask) -> None:
    with app.app_context():
        before = queries.current("fr")
        assert service.load() is False
        assert queries.current("fr") == before
        assert len(before) == 24
        db.session.rollback()
        db.session.remove()
    said = app.test_cli_runner().invoke(args=["frameworks", "load"])
    assert (said.exit_code, "up to date" in said.output) == (0, True)


def test_a_new_version_leaves_what_was_attested_as_it_was(app: Flask, tmp_path: Path) -> None:
    data = json.loads(json.dumps(DATA))
    data["competencies"][0]["fr"] = "J’explique autrement"
    gone = data["competencies"].pop()
    file = tmp_path / "new.json"
    with app.app_context():
        old = queries.current("fr")[0]
        file.write_text(json.dumps(data))
        with pytest.raises(service.Unreadable, match="new number"):
            service.load(file)
        data["version"]["number"] = "1.1"
        file.write_text(json.dumps(data))
        with transaction():
            assert service.load(file) is True
        now = queries.current("fr")
        assert now[0].text == "J’explique autrement"
        assert now[0].wording_id != old.wording_id
        assert queries.texts([old.wording_id], "fr") == {old.wording_id: old.text}
        assert gone["id"] not in {s.competency_id for s in now}
        assert db.session.query(Wording).filter_by(competency_id=gone["id"]).count() == 1
        db.session.rollback()
        db.session.remove()


def test_likely_sentences_are_of_the_setting_and_new(app: Flask) -> None:
    with app.app_context():
        for setting in ("sport", "family", "work", None):
            likely = queries.likely(setting, "fr")
            assert len(likely) == 5
            assert setting is None or all(setting in s.likely_in for s in likely)
            taken = {likely[0].competency_id}
            assert taken.isdisjoint(s.competency_id for s in queries.likely(setting, "en", exclude=taken))
        assert queries.search("cuisiné", "fr")[0].slug == "cook-for-many"
        assert queries.search("zzzz", "fr") == []
        db.session.remove()
