"""The style page in a browser: no barrier in any state, by day and by night, on a phone and on a wide screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from passport import clock
from tests.browser.conftest import PHONE, Live, Windows, serving
from tests.browser.test_pages import AXE, NARROW, WIDE, read
from tests.cast import make_cast

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that is the demo city's."""
    database = tmp_path_factory.mktemp("demo") / "live.db"
    shutil.copy(sqlite_template, database)
    with serving(database, lambda: make_cast(clock.now()), DEMO=True) as running:
        yield running


@pytest.fixture
def browsers(chromium: Any, demo: Live) -> Iterator[Windows]:
    """Browsers in front of it."""
    those = Windows(chromium, demo)
    yield those
    those.close()
    assert those.said == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_part_is_a_barrier_in_any_state(browsers: Windows, language: str) -> None:
    page = browsers.open(language=language)
    page.context.add_init_script(AXE)
    page.goto("/styleguide")
    assert page.get_attribute("html", "lang") == language
    assert read(page, browsers, "styleguide", NARROW, PHONE["width"], 768, WIDE) == []


def test_each_mark_of_a_life_is_as_high_as_wide(browsers: Windows) -> None:
    """Without a context it is an empty ring, not sent yet its outline is broken."""
    page = browsers.open()
    page.goto("/styleguide")
    marks = page.evaluate("""() => [...document.querySelectorAll(".life > .node")].map(li => {
        const { width, height, borderStyle, paddingTop } = getComputedStyle(li, "::before");
        return [li.className, width === height, borderStyle, paddingTop !== "0px"];
    })""")
    assert marks
    for name, square, line, hollow in marks:
        assert square, name
        assert line == ("dashed" if "waits" in name else "solid"), name
        assert hollow == ("waits" in name or "unset" in name), name


def test_it_opens_at_its_top_and_its_parts_work(browsers: Windows) -> None:
    page = browsers.open()
    page.goto("/styleguide")
    assert page.evaluate("scrollY") == 0
    rows = page.locator(".life > li")
    before = rows.count()
    page.locator("#more a").click()
    page.wait_for_function("n => document.querySelectorAll('.life > li').length > n", arg=before)
    assert page.locator("h1").count() == 1
    page.locator("[name=q]").fill("zzz")
    page.wait_for_url("**/styleguide?q=zzz")
    assert page.locator("#found").inner_text() == "Aucune phrase avec ce mot."


@pytest.mark.parametrize(("width", "language"), [(320, "fr"), (320, "en"), (360, "fr"), (1280, "fr")])
@pytest.mark.parametrize("where", ["/on-me-demande", "/passeport", "/echanges"])
def test_no_two_tabs_touch(browsers: Windows, width: int, language: str, where: str) -> None:
    """Whoever guides others has five, and the fonts of some phones are wide."""
    page = browsers.open("karim", language)
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(where)
    boxes = page.evaluate("""[...document.querySelectorAll(".tabs a:not(.brand) > span:first-of-type")].map(span => {
        const range = document.createRange(); range.selectNodeContents(span);
        const {left, right, top, bottom} = range.getBoundingClientRect(); return {left, right, top, bottom}; })""")
    assert len(boxes) == 5
    for one, next_one in pairwise(boxes):
        assert next_one["left"] - one["right"] >= 4 or next_one["top"] >= one["bottom"], (one, next_one)
    nav = page.locator(".tabs").bounding_box()
    assert all(nav["x"] <= box["left"] and box["right"] <= nav["x"] + nav["width"] for box in boxes)
