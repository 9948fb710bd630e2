"""The style page shows every part of components/ui.html in every state, in the demo city and nowhere else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import nodes

from tests.conftest import House
from tests.shape.test_css import CSS

UI = Path(__file__).resolve().parents[2] / "templates" / "components" / "ui.html"
# What the style sheet knows beyond the parts: how a page is laid out, and what htmx says while it works.
ELSEWHERE = {"htmx-added", "htmx-request", "desk", "me", "narrow", "lead", "stick", "noprint"}


@pytest.fixture(scope="module")
def demo(house: House, sqlite_template: Path) -> Iterator[Flask]:
    """The demo city."""
    app = house.open(sqlite_template, DEMO=True)
    yield app
    house.close(app)


class Seen:
    """Notes which macro is called, and how; the page finds the same parts behind it."""

    def __init__(self, parts: Any) -> None:
        self.parts, self.calls = parts, defaultdict(list)

    def __getattr__(self, name: str) -> Any:
        part = getattr(self.parts, name)

        def called(*given: Any, **named: Any) -> Any:
            self.calls[name].append((given, named))
            return part(*given, **named)

        return called


@pytest.fixture(scope="module")
def shown(demo: Flask) -> tuple[Seen, str]:
    """What the page calls, and the page."""
    with pytest.MonkeyPatch.context() as patch:
        seen = Seen(demo.jinja_env.globals["ui"])
        patch.setitem(demo.jinja_env.globals, "ui", seen)
        answer = demo.test_client().get("/styleguide")
    assert answer.status_code == 200
    return seen, answer.get_data(as_text=True)


def tree(demo: Flask) -> nodes.Template:
    return demo.jinja_env.parse(UI.read_text(encoding="utf-8"))


def test_every_part_is_shown(demo: Flask, shown: tuple[Seen, str]) -> None:
    seen, body = shown
    parts = {m.name for m in tree(demo).find_all(nodes.Macro) if not m.name.startswith("_")}
    assert len(parts) > 40
    assert parts - set(seen.calls) == set()
    titles = {name for title in re.findall(r'<h2 class="code"[^>]*>([^<]+)</h2>', body) for name in title.split()}
    assert {title for title in titles if title in parts or not title.startswith((".", "table"))} == parts


def test_every_icon_is_shown(demo: Flask, shown: tuple[Seen, str]) -> None:
    (icons,) = (n.node for n in tree(demo).find_all(nodes.Assign) if n.target.name == "_icons")
    assert {given[0] for given, _named in shown[0].calls["icon"]} == {pair.key.value for pair in icons.items}


@pytest.mark.parametrize(("part", "states"), {
    "ctx": {"formal", "nonformal", "informal", ""},
    "prov": {"told", "seen", "known"},
    "step": {1, 2, 3, 4},
    "verdict": {"is-good", "is-warn"},
    "answer": {True, False},
}.items())
def test_every_kind_of_it_is_shown(shown: tuple[Seen, str], part: str, states: set[Any]) -> None:
    assert {given[0] for given, _named in shown[0].calls[part]} >= states


def test_every_state_is_shown(shown: tuple[Seen, str]) -> None:
    calls = shown[0].calls
    assert {given[2] if len(given) > 2 else "" for given, _named in calls["state"]} == {
        "", "is-good", "is-warn", "is-bad"}
    assert {(given[1], named.get("cls", "")) for given, named in calls["entry"]} >= {
        ("formal", ""), ("nonformal", ""), ("", ""), ("informal", "now"), ("nonformal", "waits"), ("informal", "waits"),
        ("", "waits")}
    assert {(bool(given[1:]), *named) for given, named in calls["flash"]} == {(True,), (False,), (False, "see")}
    assert {named.get("mine", False) for _given, named in calls["voice"]} == {True, False}
    assert {bool(f.errors) for (f, *_), _named in calls["field"]} == {True, False}
    assert {bool(given[0]) for given, _named in calls["card"]} == {True, False}
    assert {bool(named.get("confirm")) for _given, named in calls["post_button"]} == {True, False}


def test_the_stamps_stand_in_every_context_and_size(shown: tuple[Seen, str]) -> None:
    stamps = set(re.findall(r'<svg class="stamp ([\w ]+)"', shown[1]))
    assert stamps == {f"{context}{size}" for context in ("formal", "nonformal", "informal") for size in ("", " m", " l")}


def test_every_class_of_the_style_sheet_is_met(shown: tuple[Seen, str]) -> None:
    bare = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    selectors = re.sub(r"\{[^{}]*\}", "{}", bare)
    styled = set(re.findall(r"\.([a-z][\w-]*)", selectors))
    met = {name for names in re.findall(r'class="([^"]*)"', shown[1]) for name in names.split()}
    assert styled - met - ELSEWHERE == set()


def test_it_is_met_in_the_demo_city_alone(client: FlaskClient, app: Flask) -> None:
    assert client.get("/styleguide").status_code == 404
    assert "styleguide.show" not in app.view_functions


def test_anybody_may_look_in_both_languages_and_nothing_is_kept(demo: Flask) -> None:
    client = demo.test_client()
    french, english = (client.get("/styleguide", headers={"Accept-Language": it}) for it in ("fr", "en"))
    assert "Toutes les pièces" in french.get_data(as_text=True)
    assert "All the parts" in english.get_data(as_text=True)
    assert client.post("/styleguide", data={"title": "x"}).status_code == 303
