"""What people print: the text stands, alone, in inks that any printer has, with where and when it was read."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest

from tests.browser.conftest import Live
from tests.browser.test_pages import path_of
from tests.shape.test_css import _contrast

pytestmark = pytest.mark.browser

# Whose page, and what of it is on paper.
PRINTED = {
    "a life": ("ines", "experiences.passport", "Atelier cuisine du quartier, 1"),
    "an experience": ("ines", "/experience/{ines_5}", "Atelier cuisine du quartier, 6"),
    "hours": ("lea", "learning.my_hours", "Mes heures"),
    "a link": ("lea", "sharing.ready", "Le lien est prêt"),
    "a card": ("lea", "card.printed", "Trouvée ?"),
    "a sheet": ("lea", "sheets.printed", "Valable jusqu’au"),
    "a way in": ("lea", "accounts.note_down", "Mon identifiant"),
    "a path": ("lea", "learning.path", "Mon chemin"),
    "a poster": ("karim", "organisations.ask_code", "Scanner, choisir son expérience"),
    "a code to join": ("claire", "organisations.join_code", "rejoindre"),
    "a page that is shown": ("", "/s/{to_Mairie}", "Reconnu"),
    "how it is checked": ("", "/s/{share}/verifier/{item}", "Toujours en vigueur"),
    "the sentences": ("", "frameworks.sentences", "J’explique avec des mots simples"),
    "the help": ("", "accounts.help_page", "Parler à quelqu’un"),
    "what it is": ("", "landing.learner", "J’ai animé un atelier numérique pour les aînés"),
    "for a parent": ("", "landing.parent", "parent"),
    "for a guide": ("", "landing.facilitator", "Un retour, pas un jugement"),
    "for an employer": ("", "landing.employer", "Reconnu"),
}
OPERATED = ".tabs, .me, .button, .quiet, .flash, form, input, textarea, select, button, .noprint, .skip"
INKS = """() => {
  const shown = [...document.querySelectorAll("body, body *")].filter(e => e.checkVisibility() && !e.closest(".id, svg"));
  const hex = colour => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return a ? "#" + [r, g, b].map(n => n.toString(16).padStart(2, "0")).join("") : "";
  };
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  return {
    inks: [...new Set(shown.filter(own).map(e => hex(getComputedStyle(e).color)))],
    grounds: [...new Set(shown.map(e => hex(getComputedStyle(e).backgroundColor)).filter(Boolean))],
  };
}"""


@pytest.mark.parametrize("what", PRINTED)
def test_what_is_printed_is_the_text_alone(city: Live, visit: Callable[..., Any], what: str) -> None:
    who, where, words = PRINTED[what]
    page, _said = visit(who, dark=True)
    page.goto(path_of(city, where))
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 658, "height": 1000})
    assert page.locator("main").get_by_text(words).locator("visible=true").count()
    assert page.locator(OPERATED).locator("visible=true").all_inner_texts() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 658
    seen = page.evaluate(INKS)
    assert set(seen["grounds"]) <= {"#ffffff"}, "paper is white, and no tint is printed"
    assert seen["inks"]
    assert not [ink for ink in seen["inks"] if _contrast(ink, "#ffffff") < 4.5]


@pytest.mark.parametrize("what", PRINTED)
def test_it_fills_sheets_of_a4(city: Live, visit: Callable[..., Any], what: str) -> None:
    who, where, _words = PRINTED[what]
    page, _said = visit(who)
    page.goto(path_of(city, where))
    with pikepdf.open(io.BytesIO(page.pdf(prefer_css_page_size=True))) as made:
        sizes = {tuple(round(float(n)) for n in sheet.mediabox) for sheet in made.pages}
        fonts = {str(font.BaseFont) for sheet in made.pages for font in sheet.Resources.get("/Font", {}).values()}
        assert len(made.pages) <= 8
    assert sizes == {(0, 0, 595, 842)}
    assert fonts, "letters are letters on paper, not pictures"


def test_it_says_where_and_when_it_was_printed(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("lea")
    for where in ("experiences.passport", "learning.my_hours"):
        page.emulate_media(media="screen")
        page.goto(path_of(city, where))
        line = page.locator(".foot .printed")
        assert not line.is_visible()
        page.emulate_media(media="print")
        assert line.is_visible()
        assert city.url.removeprefix("http://") in line.inner_text()


def test_ones_own_pages_carry_the_name_and_no_state_of_the_screen(city: Live, visit: Callable[..., Any]) -> None:
    states, on_screen = ("Bonjour", "Ce que j’ai demandé", "Faire reconnaître", "Vous pouvez la montrer"), ""
    page, _said = visit("ines")
    for where, name in (("experiences.passport", "Mon passeport, Inès"),
                        ("learning.my_hours", "Mes heures, Inès"),
                        ("/experience/{ines_5}", "Mon passeport, Inès")):
        page.emulate_media(media="screen")
        page.goto(path_of(city, where))
        main = page.locator("main")
        on_screen += main.inner_text()
        assert name not in on_screen
        page.emulate_media(media="print")
        shown = main.inner_text()
        assert name in shown
        assert [state for state in states if state in shown] == [], where
    assert [state for state in states if state not in on_screen] == []


def test_a_number_to_call_is_printed_though_it_is_a_button(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("tom")
    page.goto(path_of(city, "/ca-me-derange/{tom_text}"))
    page.emulate_media(media="print")
    assert page.locator("a[href^='tel:']").locator("visible=true").all_inner_texts() == ["119", "3018"]
    assert not page.locator("main .primary").is_visible()


def test_nothing_is_cut_between_two_sheets(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("", dark=True)
    page.goto(path_of(city, "/s/{to_Mairie}"))
    page.emulate_media(media="print")
    whole = page.evaluate("""[".stamp", ".voice", ".list > li"].map(part =>
        getComputedStyle(document.querySelector("main " + part)).breakInside)""")
    assert set(whole) == {"avoid"}
    assert page.locator("main .stamp").first.is_visible()


def test_where_a_link_outside_leads_is_written(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("")
    page.goto(path_of(city, "frameworks.sentences"))
    page.emulate_media(media="print")
    after = page.locator("main a[href^='https://']").first.evaluate("a => getComputedStyle(a, '::after').content")
    assert "https://esco.ec.europa.eu" in after or "attr(href)" in after
