"""Every page as everybody sees it: axe finds nothing, nothing scrolls sideways, the console stays silent."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from werkzeug.exceptions import HTTPException

from tests.browser.acts import ACTS
from tests.browser.conftest import PHONE, Live, Windows
from tests.browser.pages import NO_PAGE, PAGES, path_of
from tests.reading import Reader
from tests.routes.test_registry import REGISTRY

pytestmark = pytest.mark.browser

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
LOOK = """async rules => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"], preload: false});
  return found.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | "));
}"""
NARROW, WIDE = 320, 1280
TOGETHER = 12


def endpoint_of(city: Live, path: str) -> str:
    """Return whose page an address opens, or nothing when it opens none."""
    for method in ("GET", "POST"):
        with suppress(HTTPException):
            return str(city.app.url_map.bind("localhost").match(urlsplit(path).path, method)[0])
    return ""


def barriers(page: Any, night: bool) -> list[str]:
    """Return what axe finds as the page stands, and `night` what of it depends on colours then; standing in the dark, that alone."""
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found: list[str] = page.evaluate(LOOK, COLOURS if dark else RULES)
    if night:
        page.emulate_media(color_scheme="dark")
        found += [f"by night, {fault}" for fault in page.evaluate(LOOK, COLOURS)]
        page.emulate_media(color_scheme="light")
    return found


def read(page: Any, windows: Windows, where: str, *widths: int, night: bool = True, axe: int = PHONE["width"]) -> list[str]:
    """Return what is wrong with the page that stands there: what is too wide at each width, what axe finds at one of them."""
    problems = []
    for width in sorted(widths, key=lambda width: width != page.viewport_size["width"]):
        if width != page.viewport_size["width"]:
            page.set_viewport_size({"width": width, "height": PHONE["height"]})
        taken = page.evaluate("document.documentElement.scrollWidth")
        if taken > width:
            problems.append(f"{taken} pixels wide at {width}")
        if width == axe:
            problems += [f"{fault} ({width})" for fault in barriers(page, night)]
    problems += windows.said
    windows.said.clear()
    return [f"{where}: {problem}" for problem in problems]


def answers(page: Any, url: str, status: int, where: str) -> list[str]:
    """Open a page, and return what its answer has that is not as told."""
    answer = page.goto(url)
    return [] if (answer.status, page.url) == (status, url) else [f"{where}: {answer.status} {page.url}"]


def in_english(city: Live) -> set[tuple[str, str]]:
    """Return which pages are read in English, wide and by night as well: of each endpoint the first."""
    first: dict[str, tuple[str, str]] = {}
    for name, pages in PAGES.items():
        for wanted in pages:
            if " " not in wanted and "?" not in wanted:
                first.setdefault(endpoint_of(city, path_of(city, wanted)), (name, wanted))
    return set(first.values())


def test_no_page_is_left_out(city: Live) -> None:
    """Each endpoint that answers a page to somebody is read below, as it is when all is well."""
    opened = {r.endpoint for r in city.app.url_map.iter_rules() if "GET" in (r.methods or ())}
    wanted = {endpoint for endpoint in REGISTRY if endpoint in opened and endpoint not in NO_PAGE}
    read_here = {endpoint_of(city, path_of(city, page)) for pages in PAGES.values() for page in pages if " " not in page}
    assert wanted - read_here - {act.endpoint for act in ACTS} == set()


def test_what_is_no_page_is_none(city: Live) -> None:
    """Nothing hides among what is no page."""
    for endpoint, found in NO_PAGE.items():
        who = Reader(city.app, city.cast, min(REGISTRY[endpoint].who or {None}))
        with who.get(path_of(city, found or endpoint)) as answer:
            assert answer.status_code == 303 or answer.mimetype != "text/html", endpoint
            assert answer.status_code in {200, 303}, endpoint


def test_a_barrier_would_be_found(windows: Windows) -> None:
    """By day and by night, at every width, and in the console."""
    page = windows.open()
    page.context.add_init_script(AXE)
    page.goto("/aide")
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`h1 { color: #ccc; inline-size: 340px; }
        @media (prefers-color-scheme: dark) { h1 { color: #444; } }`);
      document.adoptedStyleSheets = [sheet];
      document.querySelector("main").append(document.createElement("input"));
      console.error("odd");
    }""")
    found = read(page, windows, "help", NARROW, PHONE["width"])
    assert [problem.split(": ")[1] for problem in found if "wide" not in problem] == [
        "color-contrast", "label", "by night, color-contrast", "odd"]
    assert [problem for problem in found if "wide" in problem] == [f"help: {16 + 340} pixels wide at {NARROW}"]


@pytest.mark.parametrize(
    ("name", "pages"),
    [pytest.param(name, pages[n:n + TOGETHER], id=f"{name or 'nobody'}-{n // TOGETHER + 1}")
     for name, pages in PAGES.items() for n in range(0, len(pages), TOGETHER)])
def test_everybody_can_read_every_page(city: Live, windows: Windows, name: str, pages: tuple[str, ...]) -> None:
    """Each page on a phone, in French and by day, with every rule; the first of each endpoint also wide, in English and by
    night, where its colours and its widths are other ones."""
    page, english = windows.open(name), in_english(city)
    page.context.add_init_script(AXE)
    problems: list[str] = []
    for wanted in pages:
        status, _, pattern = wanted.rpartition(" ")
        url = city.url + path_of(city, pattern)
        problems += answers(page, url, int(status or 200), wanted)
        again = (name, wanted) in english
        problems += read(page, windows, wanted, NARROW, WIDE, PHONE["width"], night=not again)
        if again:
            page.emulate_media(color_scheme="dark")
            problems += answers(page, url + "?lang=en", 200, wanted)
            problems += read(page, windows, f"{wanted} in English by night", NARROW, PHONE["width"], WIDE, night=False, axe=WIDE)
            page.emulate_media(color_scheme="light")
            if page.get_attribute("html", "lang") != "en":
                problems.append(f"{wanted}: not in English")
    assert problems == []


@pytest.mark.parametrize("name", sorted({act.who for act in ACTS}), ids=lambda name: name or "nobody")
def test_everybody_can_read_where_an_act_leads(city: Live, windows: Windows, name: str) -> None:
    page = windows.open(name)
    page.context.add_init_script(AXE)
    problems: list[str] = []
    for act in (act for act in ACTS if act.who == name):
        if not name:
            page.context.clear_cookies()
        act.do(page, city)
        if endpoint_of(city, page.url) != act.endpoint:
            problems.append(f"{act.name}: stands on {page.url}")
        problems += read(page, windows, f"{act.endpoint}, {act.name}", NARROW, PHONE["width"], night=False)
    assert problems == []
