"""Every sentence in both languages, in good French typography, and no template that breaks the manners."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NARROW, NO_BREAK = "\u202f", "\u00a0"

sys.path.insert(0, str(ROOT / "tools"))
from messages import template  # noqa: E402
from typography import french  # noqa: E402


def catalogue(language: str) -> Catalog:
    with (ROOT / "passport" / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


CATALOGUES = {language: catalogue(language) for language in ("fr", "en")}


def strings(message: Message) -> tuple[str, ...]:
    given = message.string
    return tuple(given) if isinstance(given, tuple | list) else (given,)


def sentences(catalog: Catalog) -> list[Message]:
    return [m for m in catalog if m.id]


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_catalogue_is_complete(language: str) -> None:
    known = {m.id if isinstance(m.id, str) else m.id[0]: m for m in sentences(CATALOGUES[language])}
    wanted = {m.id if isinstance(m.id, str) else m.id[0] for m in sentences(template())}
    assert wanted - set(known) == set(), "run `make messages` and translate"
    assert set(known) - wanted == set(), "run `make messages`"
    for name, message in known.items():
        assert not message.fuzzy, name
        assert all(strings(message)), name
        if not isinstance(message.id, str):
            assert len(strings(message)) == 2, name


@pytest.mark.parametrize("language", CATALOGUES)
def test_what_is_filled_in_is_the_same_in_both_languages(language: str) -> None:
    for message in sentences(CATALOGUES[language]):
        wanted = set(re.findall(r"%\((\w+)\)[sd]", message.id if isinstance(message.id, str) else " ".join(message.id)))
        for text in strings(message):
            given = set(re.findall(r"%\((\w+)\)[sd]", text))
            assert given == wanted or (not isinstance(message.id, str) and wanted - given <= {"num"}), message.id


def bad_french(text: str) -> list[str]:
    """Return what breaks French typography in a text."""
    text = re.sub(r"https?://\S+|%\(\w+\)[sd]", "x", text)
    wrong = {
        "a plain or no space before ; ! ?": rf"[^{NARROW}\s«(?!…]( )?[;!?](?=\s|$|[{NO_BREAK}»])",
        "a plain space before :": r" :",
        "a plain space inside « »": r"« | »",
        "a straight apostrophe": r"\w'\w",
    }
    return [f"{name}: {text!r}" for name, pattern in wrong.items() if re.search(pattern, text)]


def test_the_french_catalogue_is_well_set() -> None:
    assert [w for m in sentences(CATALOGUES["fr"]) for text in strings(m) for w in bad_french(text)] == []


def test_bad_typography_is_noticed() -> None:
    for wrong in ("Quoi ?", "Quoi?", "Voici : rien", "« oui »", "l'eau"):
        assert bad_french(wrong), wrong
        assert bad_french(french(wrong)) == [] or wrong == "Quoi?", wrong


def french_in(value: Any) -> list[str]:
    """Return every French text of a data file."""
    if isinstance(value, dict):
        return [t for k, v in value.items() for t in ([v] if isinstance(v, str) and k.endswith("fr") else french_in(v))]
    return [t for v in value for t in french_in(v)] if isinstance(value, list) else []


@pytest.mark.parametrize("name", ["help.json", "frameworks/data/competencies.json"])
def test_french_data_is_well_set(name: str) -> None:
    found = french_in(json.loads((ROOT / "passport" / name).read_text()))
    assert found
    assert [w for text in found for w in bad_french(text)] == []


BANNED = (
    r"\w·\w", r"[Tt]émoin", r"\b[Tt]races?\b", r"\b[Pp]artages?\b|[Pp]artager", r"\b[Pp]ubli(er|é|ée|que)\b(?! par l)",
    r"[Vv]alid(er|ation|é\b)", r"[Rr]éférent", r"[Rr]econnaissance", r"\b[Ii]nformel|\b[Nn]on formel|\b[Ff]ormel",
    r"[Ss]ignature", r"\b[Pp]reuves?\b", r"mot de passe", r"[Pp]as encore (?!lu|envoyé)",
)
ALLOWED = {"Service public", "Agent public ou école, contrôle par l’employeur"}  # the field's own terms


def test_no_dropped_word_is_read_on_screen() -> None:
    for message in sentences(CATALOGUES["fr"]):
        text = " ".join(strings(message)).replace(NO_BREAK, " ").replace(NARROW, " ")
        if text in ALLOWED:
            continue
        for word in BANNED:
            assert not re.search(word, text), (word, text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_keeps_the_manners(path: Path) -> None:
    text = path.read_text()
    bare = re.sub(r"{#.*?#}", "", text, flags=re.S)
    assert not re.search(r"\sstyle=", bare), "no inline style"
    assert not re.search(r"<[^>]*\son\w+=", bare), "no inline handler"
    assert "|safe" not in bare.replace(" ", "")
    assert "hx-on" not in bare
    assert "js:" not in bare
    for script in re.findall(r"<script\b[^>]*>", bare):
        assert "src=" in script
    for button in re.findall(r"<button\b[^>]*>", bare):
        assert "type=" in button
    for form in re.findall(r"<form\b.*?</form>", bare, flags=re.S):
        if 'method="post"' in form[:400].lower():
            assert "csrf" in form, form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_says_nothing_outside_the_catalogue(path: Path) -> None:
    """What stands between tags, and in attributes people read or hear, comes from `_()`."""
    whole = re.sub(r"{% block (tab|main_class) %}.*?{% endblock %}", " ", path.read_text(), flags=re.S)
    whole = whole.replace("quatre-mots-pour-alpha-2026", "")  # the demo's passphrase, the same in any language
    bare = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<!--.*?-->", " ", whole, flags=re.S)
    attributes = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', bare)
    text = re.sub(r"<(svg|script|style)\b.*?</\1>", " ", bare, flags=re.S)
    between = re.sub(r"<[^>]*>", " ", text, flags=re.S)
    words = re.findall(r"[A-Za-zÀ-ÿ]{3,}", " ".join([*attributes, between]))
    assert [w for w in words if w not in {"English", "Français", "nbsp"}] == []
