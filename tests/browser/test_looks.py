"""What a page looks like where it matters: within a thumb's reach, on one line, on paper, once its answer is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Live
from tests.browser.test_pages import path_of

pytestmark = pytest.mark.browser


def test_one_sentence_is_written_without_scrolling(visit: Callable[..., Any]) -> None:
    """The keyboard of a phone covers what stands below 410 pixels."""
    page, _said = visit("lea")
    page.goto("/ajouter")
    focused = page.evaluate("[document.activeElement.tagName, document.activeElement.name]")
    assert focused[0] in {"TEXTAREA", "INPUT"}, focused
    assert focused[1] == "title"
    box = page.locator("main form button[type=submit]").first.bounding_box()
    assert box["y"] + box["height"] < 410, box


def test_a_moment_stands_on_one_line_and_its_fault_below(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("lea")
    page.goto(path_of(city, "experiences.when"))
    page.locator("[name=day]").fill("31")
    page.locator("[name=month]").select_option("6")
    page.locator("[name=year]").fill("2026")
    page.locator("main form .primary").click()
    wrong = page.locator("[name=day][aria-invalid=true]")
    wrong.wait_for()
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 740})
        boxes = [page.locator(f"[name={name}]").bounding_box() for name in ("day", "month", "year")]
        assert len({round(box["y"]) for box in boxes}) == 1, width
        fault = page.locator("#" + wrong.get_attribute("aria-describedby")).bounding_box()
        assert fault["y"] > boxes[0]["y"] + boxes[0]["height"]
        assert fault["width"] > width / 2


def test_a_month_is_read_with_its_year_on_a_phone(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("karim")
    page.goto(path_of(city, "recognition.recognise"))
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 740})
        for name in ("seen_from", "seen_to"):
            assert page.locator(f"[name={name}]").bounding_box()["width"] > 200, (width, name)


def test_a_search_and_its_button_stand_on_one_line(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("lea")
    page.goto(path_of(city, "feedback.ask"))
    field, button = page.locator("[name=q]"), page.locator(".search button")
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert round(field.bounding_box()["y"]) == round(button.bounding_box()["y"]), width


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_an_answer_asks_for_shows_once_it_is_given(visit: Callable[..., Any], language: str) -> None:
    page, _said = visit("", language)
    page.goto("/creer")
    month, own = page.locator("[name=birth_month]"), page.locator("[name=own]")
    assert not month.is_visible()
    assert not own.is_visible()
    page.locator("[name=age][value=minor]").check()
    page.locator("[name=choice][value=own]").check()
    assert month.is_visible()
    assert own.is_visible()
    own.fill("trop court")
    page.locator("[name=choice][value=given]").check()
    page.locator("main form .primary").click()
    assert page.locator("[name=own][aria-invalid=true]").is_visible()


def test_the_code_of_a_link_can_stand_alone_on_the_screen(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("lea")
    page.goto(path_of(city, "sharing.ready"))
    back, tab = page.locator("#code .back"), page.locator(".tabs a").first
    assert not back.is_visible()
    page.locator("main .primary").click()
    assert page.evaluate("document.activeElement.id") == "code"
    assert not page.evaluate("""tab => { const box = tab.getBoundingClientRect();
        return tab.contains(document.elementFromPoint(box.x + 9, box.y + 9)); }""", tab.element_handle())
    back.click()
    assert not back.is_visible()


def test_a_page_prints_in_the_inks_of_day(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("", dark=True)
    page.goto(path_of(city, "/s/{share}"))
    inks = """["--nonformal", "--ink", "--paper", "--good"].map(name => getComputedStyle(document.documentElement)
        .getPropertyValue(name))"""
    night = page.evaluate(inks)
    page.emulate_media(media="print", color_scheme="dark")
    printed = page.evaluate(inks)
    assert not set(night) & set(printed)
    assert printed == ["#0e6556", "#000", "#fff", "#17623a"]
    assert not page.locator("details:not([open])").first.is_visible()


def test_the_whole_row_of_a_life_opens_it(visit: Callable[..., Any]) -> None:
    page, _said = visit("ines")
    page.goto("/passeport")
    row = page.locator(".life > .node").nth(1)
    leads = row.locator("h3 a").get_attribute("href")
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 6)
    page.wait_for_url(f"**{leads}")


def test_years_stand_in_the_margin_of_a_wide_screen(visit: Callable[..., Any]) -> None:
    page, _said = visit("ines")
    page.goto("/passeport")
    year, row = page.locator(".life > .year span").first, page.locator(".life > .node").first
    assert year.bounding_box()["x"] >= row.bounding_box()["x"], "in one column on a phone"
    page.set_viewport_size({"width": 1280, "height": 800})
    mark = page.evaluate("""span => { const range = document.createRange(); range.selectNodeContents(span);
        const { right, height } = range.getBoundingClientRect(); return { right, height }; }""", year.element_handle())
    assert mark["right"] < row.bounding_box()["x"]
    assert mark["height"] < 40, "on one line"


@pytest.mark.parametrize(("motion", "passes"), [("no-preference", True), ("reduce", False)])
def test_a_page_passes_into_the_next_where_motion_is_welcome(
    visit: Callable[..., Any], motion: str, passes: bool
) -> None:
    page, _said = visit("lea")
    page.emulate_media(reduced_motion=motion)
    page.add_init_script("addEventListener('pagereveal', event => { window.passed = event.viewTransition !== null; })")
    page.goto("/passeport")
    for tab in ("Ajouter", "Échanges", "Montrer", "Passeport"):
        page.locator(".tabs").get_by_text(tab, exact=True).click()
        page.wait_for_load_state()
        expect(page.locator(".tabs [aria-current]")).to_have_text(re.compile(tab))
        assert page.evaluate("window.passed") is passes, tab


def test_one_fault_is_said_once_where_it_stands_and_two_are_listed(visit: Callable[..., Any]) -> None:
    page, _said = visit("lea")
    page.goto("/ajouter")
    page.locator("main form .primary").click()
    page.locator("[name=title][aria-invalid=true]").wait_for()
    expect(page.locator("[name=title]")).to_be_focused()
    assert page.get_by_text("Écrire une phrase, même très courte.").count() == 1
    page, _said = visit("")
    page.goto("/ouvrir")
    page.locator("main form .primary").click()
    expect(page.locator("main .summary")).to_be_focused()
    assert page.locator(".summary a").count() == 2
