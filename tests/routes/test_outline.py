"""What stands around the words of every page: the language and its direction, one title, headings in order, landmarks, ids."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from passport.wording import direction
from tests.routes.test_registry import REGISTRY, City, address, city, methods

__all__ = ["city"]  # the fixture
LANDMARKS = {"header": "banner", "main": "main", "footer": "contentinfo"}


class Outline(HTMLParser):
    """The headings and landmarks of a page, in order; a header or a footer counts where no other part holds it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.landmarks: list[str] = []
        self.unnamed: list[str] = []
        self.ids: list[str] = []
        self.root: dict[str, str] = {}
        self.title = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.root = held
        if "template" not in self.open and "id" in held:
            self.ids.append(held["id"])
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.headings.append(int(tag[1]))
        if tag in LANDMARKS and not {"main", "section", "article", "aside", "nav"} & set(self.open):
            self.landmarks.append(LANDMARKS[tag])
        if tag == "nav":
            self.landmarks.append("navigation")
            if not held.get("aria-label") and not held.get("aria-labelledby"):
                self.unnamed.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.title += data


def faults(page: str) -> Iterator[str]:
    """Yield what the outline of a page lacks."""
    outline = Outline(page)
    if not page.lstrip().startswith("<!doctype html>"):
        yield "no type of document"
    if outline.headings.count(1) != 1 or outline.headings[:1] != [1]:
        yield f"not one h1, first of all: {outline.headings}"
    for above, below in zip(outline.headings, outline.headings[1:], strict=False):
        if below > above + 1:
            yield f"a level is left out: {outline.headings}"
    for landmark in LANDMARKS.values():
        if outline.landmarks.count(landmark) != 1:
            yield f"{outline.landmarks.count(landmark)} times {landmark}"
    if outline.unnamed:
        yield "a navigation without name"
    for twice in sorted({one for one in outline.ids if outline.ids.count(one) > 1}):
        yield f"two parts have the id {twice}: a label or a link finds the wrong one"
    if outline.root.get("dir") != direction(outline.root.get("lang", "fr")):
        yield f"written in no direction: {outline.root}"
    if " — " not in outline.title or not outline.title.split(" — ")[0].strip():
        yield f"no title of its own: {outline.title!r}"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_has_its_outline(city: City, language: str) -> None:
    found, seen = [], 0
    for endpoint, door in REGISTRY.items():
        if endpoint == "static" or "GET" not in methods(city, endpoint):
            continue
        for who in (None,) if door.who is None else sorted(door.who)[:2]:
            answer = city.browsers[who].get(f"{address(city, endpoint)}?lang={language}")
            if answer.mimetype == "text/html" and answer.status_code != 303:
                seen += 1
                found += [(endpoint, who, fault) for fault in faults(answer.get_data(as_text=True))]
    assert found == []
    assert seen > 90


def test_a_page_without_outline_would_be_seen() -> None:
    page = """<html lang="fr"><title>Passeport</title><body><main><header></header><h1>a</h1><h3>b</h3></main><nav></nav></body></html>"""
    assert [fault.split(":")[0] for fault in faults(page)] == [
        "no type of document", "a level is left out", "0 times banner", "0 times contentinfo", "a navigation without name",
        "written in no direction", "no title of its own"]
    twice = """<!doctype html><html lang="fr" dir="ltr"><title>A — B</title><body><header></header><main><h1 id="a">a</h1><h1 id="a">b</h1></main><footer></footer>"""
    assert list(faults(twice)) == [
        "not one h1, first of all: [1, 1]", "two parts have the id a: a label or a link finds the wrong one"]


def test_a_language_says_which_way_it_is_written() -> None:
    assert [direction(language) for language in ("fr", "en", "ar", "he", "fa")] == ["ltr", "ltr", "rtl", "rtl", "rtl"]
