"""The sentences: their files, and finding one by everyday words."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passport.experiences.rules import CONTEXT_OF
from passport.frameworks import service
from passport.frameworks.rules import FACETS, asked_words, folded, likeness, number_of, ranks

DATA: dict[str, Any] = json.loads(service.DATA.read_text(encoding="utf-8"))
SENTENCES: list[dict[str, Any]] = DATA["competencies"]
CONCEPTS = service.concepts()
# What a sentence is called for ever, in the order of its id.
FIRST = (
    "explain-simply", "welcome-people", "work-in-a-team", "adapt-when-plans-change", "repair-things", "cook-for-many",
    "count-a-till", "apply-a-rule", "speak-to-a-group", "listen-to-the-end", "calm-a-disagreement",
    "look-after-younger-children", "use-digital-tools", "write-clearly", "help-in-another-language", "care-for-nature",
    "first-aid", "lead-an-activity", "finish-what-i-began", "help-someone-learn", "find-a-solution-together",
    "create-and-perform", "keep-clean-and-safe", "check-information",
)
JARGON = re.compile(r"compéten|gérer|gestion|transversa|autonom|posture|mobilis|projet professionnel|citoyenn|numérique\b", re.I)
# « seul », « prêt », « je suis allé »: words that would tell whether a woman or a man speaks.
GENDERED = re.compile(r"\b(?:[Jj]e (?:me )?suis|seule?|prête?|capable d’être|motivée?|attentif|attentive)\b")


# ---------- the files ----------


def test_the_file_is_whole() -> None:
    assert service.checked(DATA) is DATA
    assert 55 <= len(SENTENCES) <= 70
    assert len({line[name] for line in SENTENCES for name in ("fr", "en")}) == 2 * len(SENTENCES)


def test_what_was_published_keeps_its_number_and_its_name() -> None:
    names = {line["id"]: line["slug"] for line in SENTENCES}
    assert [names[n] for n in range(1, 25)] == list(FIRST)


@pytest.mark.parametrize("line", SENTENCES, ids=lambda line: line["slug"])
def test_each_sentence_is_plain_and_mapped(line: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", line["slug"])
    assert line["fr"].startswith(("Je ", "J’"))
    assert line["en"].startswith("I ")
    for language in ("fr", "en"):
        text, found = line[language], [folded(word) for word in line[f"search_{language}"]]
        assert len(text) <= 60
        assert len(text.split()) <= 12
        assert not text.endswith((".", "…", "!"))
        assert 5 <= len(found) <= 24
        assert sorted(set(found)) == sorted(found)
        assert len(" ".join(found)) <= 2000
    assert not JARGON.search(line["fr"]) or line["slug"] == "use-digital-tools"
    assert not GENDERED.search(line["fr"])
    assert line["facet"] in FACETS
    assert 1 <= len(line["esco"]) <= 3
    assert len(set(line["esco"])) == len(line["esco"])
    assert set(line["esco"]) <= CONCEPTS.keys()
    assert line["likely_in"]
    assert set(line["likely_in"]) <= CONTEXT_OF.keys()


def test_every_key_competence_setting_and_facet_is_covered() -> None:
    keys = Counter(line["key_competence"] for line in SENTENCES)
    assert keys.keys() == DATA["key_competences"]["items"].keys()
    assert min(keys.values()) >= 3
    settings = Counter(setting for line in SENTENCES for setting in line["likely_in"])
    assert settings.keys() == CONTEXT_OF.keys()
    assert min(settings.values()) >= 10
    facets = Counter(line["facet"] for line in SENTENCES)
    assert facets.keys() == set(FACETS)
    assert min(facets.values()) >= 5


def test_a_name_is_official_only_where_it_stands() -> None:
    assert len(CONCEPTS) == 126
    for uri, line in CONCEPTS.items():
        assert re.fullmatch(r"http://data\.europa\.eu/esco/skill/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uri)
        assert line["official_fr"] == (line["label_fr"] is not None)
        assert line["official_en"]
        assert line["label_en"]
    for name in ("source", "licence", "version"):
        assert json.loads(service.CONCEPTS.read_text(encoding="utf-8"))[name]
        assert DATA["key_competences"][name]


FAULTS: dict[str, Any] = {
    "format": lambda d: d.update(format=1),
    "an id twice": lambda d: d["competencies"][0].update(id=2),
    "a slug twice": lambda d: d["competencies"][0].update(slug="welcome-people"),
    "retired and there": lambda d: d["retired"].append(1),
    "no English": lambda d: d["competencies"][0].update(en=" "),
    "unknown key": lambda d: d["competencies"][0].update(key_competence="KC9"),
    "no ESCO": lambda d: d["competencies"][0].update(esco=[]),
    "unknown ESCO": lambda d: d["competencies"][0].update(esco=["http://data.europa.eu/esco/skill/0"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_whole_is_refused(fault: str) -> None:
    data = json.loads(json.dumps(DATA))
    FAULTS[fault](data)
    with pytest.raises(service.Unreadable):
        service.checked(data)


def test_the_loader_reads_the_file_that_ships(tmp_path: Path) -> None:
    broken = tmp_path / "x.json"
    broken.write_text("{")
    with pytest.raises(json.JSONDecodeError):
        service.load(broken)


# ---------- finding one ----------

TYPED = json.loads((Path(__file__).parent / "everyday_queries.json").read_text(encoding="utf-8"))
KNOWN = {
    language: [(line[language], " ".join(folded(w) for w in line[f"search_{language}"])) for line in SENTENCES]
    for language in ("fr", "en")
}


@pytest.mark.parametrize(("language", "query"), [(lang, q) for lang in TYPED for q in TYPED[lang]],
                         ids=lambda v: v if isinstance(v, str) else v["typed"])
def test_everyday_words_find_their_sentence_among_the_first_three(language: str, query: dict[str, Any]) -> None:
    worth = ranks(query["typed"], KNOWN[language])
    best = sorted(range(len(SENTENCES)), key=lambda n: -worth[n])[:3]
    found = [(SENTENCES[n]["slug"], round(worth[n], 2)) for n in best if worth[n] > 0]
    assert {slug for slug, _ in found} & set(query["answers"]), found


def test_the_queries_are_as_many_as_were_written_down() -> None:
    assert (len(TYPED["fr"]), len(TYPED["en"])) == (40, 20)
    slugs = {line["slug"] for line in SENTENCES}
    assert all(set(q["answers"]) <= slugs for queries in TYPED.values() for q in queries)


@given(st.text(max_size=80))
def test_nonsense_finds_nothing_or_something_but_never_fails(text: str) -> None:
    for worth in ranks(text, KNOWN["fr"]):
        assert 0 <= worth <= 1.051
    assert folded(folded(text)) == folded(text)


def test_accents_and_small_slips_do_not_matter() -> None:
    assert folded("Cœur, ÉTÉ !") == "coeur ete"
    assert likeness("arbitrer", ["arbitrer"]) == {"arbitrer": 1.0}
    assert likeness("arbitrr", ["arbitrer"])["arbitrer"] > 0.5
    assert likeness("debating", ["debate"])["debate"] > 0.5
    assert likeness("chat", ["arbitrer", "chien"]) == {}
    assert asked_words("je sais la cuisine") == ("sais", "cuisine")
    assert asked_words("je") == ("je",)


def test_a_rare_word_counts_more_than_one_that_many_sentences_know() -> None:
    known = [("J’aide un voisin", "aider"), ("J’aide un enfant", "aider"), ("Je répare", "moteur")]
    few, _, rare = ranks("aider moteur", known)
    assert rare > few
    assert ranks("zzzz", known) == ranks("", known) == [0.0, 0.0, 0.0]
    assert ranks("moteur brol", known)[2] > 0.3, "a word that nobody knows hides nothing"


def test_versions_are_compared_as_numbers() -> None:
    assert number_of("1.10") > number_of("1.9") > number_of("1")
