"""The grid of the 106 criteria of the RGAA is whole, says how it knows, and is what people read in docs/accessibility.md.

`PASSPORT_WRITE_GRID=1` writes the page anew from docs/accessibility.toml; the diff is reviewed by people.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from tests.shape.test_words import TEMPLATES

ROOT = Path(__file__).resolve().parents[2]
GRID, PAGE = ROOT / "docs" / "accessibility.toml", ROOT / "docs" / "accessibility.md"
STATES = ("conforme", "non conforme", "non applicable", "non testé")
# How many criteria each of the thirteen topics has.
TOPICS = (9, 2, 3, 13, 8, 2, 5, 10, 4, 14, 13, 11, 12)


@cache
def criteria() -> list[dict[str, Any]]:
    """Return the criteria, in order."""
    found: list[dict[str, Any]] = tomllib.loads(GRID.read_text(encoding="utf-8"))["criterion"]
    return found


@cache
def functions(file: str) -> frozenset[str]:
    """Return the names of the functions of a test file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def told(criterion: dict[str, Any]) -> str:
    """Return how one criterion is known, for a cell of the table."""
    parts = [f"`{test.removeprefix('tests/')}`" for test in criterion.get("tests", ())]
    if criterion.get("by_hand"):
        parts.append(f"by hand, {criterion['by_hand']}")
    if criterion.get("note"):
        parts.append(criterion["note"])
    return "; ".join(parts)


def page() -> str:
    """Return the page that people read."""
    count = Counter(c["state"] for c in criteria())
    lines = [
        "# Accessibility: the 106 criteria of the RGAA 4.1.2",
        "",
        "This is our own look at the passport, not an audit: nobody from outside has checked it, and nobody has listened to it with",
        "NVDA, VoiceOver or TalkBack. Until an audit has been made, every page says « Accessibilité : non conforme ». What the law wants",
        "said stands on `/accessibilite`. Criteria: direction interministérielle du numérique, Licence Ouverte 2.0.",
        "",
        ", ".join(f"{count[state]} {state}" for state in STATES) + ".",
        "",
        "What a screen reader says of the main screens, in order, stands in `tests/browser/said/`. Made from `accessibility.toml`.",
    ]
    topic = ""
    for c in criteria():
        if c["topic"] != topic:
            topic = c["topic"]
            lines += ["", f"## {c['number'].split('.')[0]}. {topic}", "", "| | criterion | state | how it is known |", "|---|---|---|---|"]
        lines.append(f"| {c['number']} | {c['title']} | {c['state']} | {told(c)} |")
    return "\n".join(lines) + "\n"


def test_every_criterion_stands_there_once_in_order() -> None:
    assert [c["number"] for c in criteria()] == [
        f"{topic}.{n}" for topic, many in enumerate(TOPICS, 1) for n in range(1, many + 1)
    ]
    assert len(criteria()) == 106
    assert all(c["title"].endswith("?") and "](" not in c["title"] for c in criteria())


def test_every_state_says_how_it_is_known() -> None:
    wrong = []
    for c in criteria():
        state, how = c["state"], c.get("tests") or c.get("by_hand")
        assert state in STATES, c["number"]
        assert set(c) <= {"number", "topic", "title", "state", "tests", "by_hand", "absent", "note", "said"}, c["number"]
        if state == "conforme" and not how:
            wrong.append(f"{c['number']} is said to be met, and not how one knows")
        if state != "conforme" and not c.get("note"):
            wrong.append(f"{c['number']} does not say why")
        if state == "non testé" and how:
            wrong.append(f"{c['number']} is tested, and says it is not")
        if c.get("by_hand") and not re.match(r"20\d\d-\d\d-\d\d, .{20}", c["by_hand"]):
            wrong.append(f"{c['number']}: by hand, but when, and what was seen?")
    assert wrong == []


def test_what_is_not_met_is_said_on_the_page_of_the_law() -> None:
    declared = TEMPLATES["commitments/accessibility.html"]
    unmet = [c for c in criteria() if c["state"] == "non conforme"]
    assert [c["number"] for c in unmet if f'_("{c.get("said")}")' not in declared] == []


def test_every_test_that_is_named_exists() -> None:
    named = [test for c in criteria() for test in c.get("tests", ())]
    assert len(named) > 80
    assert [test for test in named if test.split("::")[1] not in functions(test.split("::")[0])] == []


def test_what_does_not_apply_is_not_there() -> None:
    """A first table, film or frame brings its criteria back into the grid."""
    assert [
        (c["number"], element, name)
        for c in criteria() for element in c.get("absent", ())
        for name, source in TEMPLATES.items() if re.search(rf"<{element}\b", source)
    ] == []


def test_each_table_has_a_title_and_named_heads() -> None:
    """A caption first, and every head says whether it stands over a column or before a row."""
    tables = [(name, table) for name, source in TEMPLATES.items() for table in re.findall(r"<table\b.*?</table>", source, re.S)]
    assert tables
    assert [name for name, table in tables if not re.match(r"<table[^>]*>\s*<caption\b", table)] == []
    assert [(name, head) for name, table in tables for head in re.findall(r"<th\b[^>]*>", table)
            if not re.search(r'scope="(?:col|row)"', head)] == []


def test_each_picture_says_how_large_it_is() -> None:
    """So that nothing moves while it arrives: whoever reads, or goes on by keys, stays where they are."""
    pictures = [(name, picture) for name, source in TEMPLATES.items() for picture in re.findall(r"<img\b.*?>\n", source)]
    assert pictures
    assert [(name, picture) for name, picture in pictures if not ("width=" in picture and "height=" in picture)] == []


def test_the_page_is_the_grid() -> None:
    if os.environ.get("PASSPORT_WRITE_GRID") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "see PASSPORT_WRITE_GRID=1"
