"""With a keyboard alone: everything is reached, in sight and with a ring around it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests import build
from tests.browser.conftest import PHONE, Live, Windows

pytestmark = pytest.mark.browser

# Where the focus is, and what keeps one from seeing it there.
STOP = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  const ring = at.matches(".pick input") ? at.nextElementSibling : at;
  const style = getComputedStyle(ring), box = ring.getClientRects()[0];
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const over = document.elementFromPoint(x, y);
  const tabs = document.querySelector("nav.tabs")?.getBoundingClientRect();
  const bottom = tabs && tabs.width === innerWidth && !at.closest("nav.tabs") ? tabs.top : innerHeight;
  const odd = [];
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) odd.push("no ring");
  if (box.top < 0 || box.bottom > bottom + 1 && box.height < bottom) odd.push("out of sight");
  else if (over !== at && !ring.contains(over) && !at.contains(over)) odd.push("covered by " + over?.outerHTML.slice(0, 60));
  return [at.outerHTML.slice(0, 160), odd];
}"""
# The parts of a date are stops of their own, inside one field.
INSIDE = """() => {
  const [before, at] = [window.before, document.activeElement];
  window.before = at;
  return before === at;
}"""
MOST = 90


def tab(page: Any) -> str | None:
    """Press Tab and return where the focus is, after looking whether it is seen; None when the page is left."""
    page.keyboard.press("Tab")
    stop = page.evaluate(STOP)
    if stop is None:
        return None
    assert stop[1] == [], f"{page.url}: {stop}"
    return str(stop[0])


def tab_to(page: Any, wanted: Any) -> None:
    """Press Tab until this has the focus."""
    for _ in range(MOST):
        assert tab(page) is not None, f"never came to {wanted}"
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"never came to {wanted}")


def press(page: Any, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_signing_in_adding_and_closing_a_link_by_keys_alone(city: Live, windows: Windows) -> None:
    page = windows.open()
    page.goto("/")
    main = page.locator("main")
    tab_to(page, main.get_by_role("link", name="J’ai déjà un passeport"))
    press(page, "Enter")
    tab_to(page, main.locator("[name=name]"))
    page.keyboard.type(city.identifiers["mona"])
    tab_to(page, main.locator("[name=passphrase]"))
    page.keyboard.type(build.PASSPHRASE)
    tab_to(page, main.locator("[name=shared]").first)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert [main.locator(f"[name=shared][value={value}]").is_checked() for value in "ny"] == [False, True]
    tab_to(page, main.get_by_role("button", name="Ouvrir"))
    press(page, "Enter")

    tab_to(page, main.get_by_role("link", name="Ajouter une expérience"))
    press(page, "Enter")
    page.keyboard.type("J’ai tenu la caisse de la kermesse")
    tab_to(page, main.get_by_role("button", name="Enregistrer"))
    press(page, "Space")
    assert "J’ai tenu la caisse de la kermesse" in main.inner_text()
    tab_to(page, main.get_by_role("link", name="C’est bien comme ça"))
    press(page, "Enter")
    assert main.get_by_role("link", name="J’ai tenu la caisse de la kermesse").count() == 1

    tab_to(page, page.locator("nav.tabs a").get_by_text("Montrer").locator("xpath=.."))
    press(page, "Enter")
    close = main.get_by_role("button", name="Fermer ce lien")
    tab_to(page, close)
    page.keyboard.press("Space")
    main.get_by_text("Fermé le").wait_for()
    expect(main.locator("h3", has_text="Mission locale")).to_be_focused()
    stop = tab(page)
    assert stop is not None
    assert "Préparer un lien" in stop


def test_a_choice_and_what_is_folded_open_by_keys_alone(city: Live, windows: Windows) -> None:
    page = windows.open("ines")
    page.goto(f"/competences/{city.cast['to_decide']}")
    main = page.locator("main")
    tab_to(page, main.locator("[value=keep]").first)
    page.keyboard.press("Space")
    permit = main.locator(".check:visible input").first
    tab_to(page, permit)
    page.keyboard.press("Space")
    assert permit.is_checked()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    assert not permit.is_visible()
    page.goto(f"/experience/{city.cast['ines_8']}")
    folded = main.locator("details:has(form[action$='/supprimer'])")
    tab_to(page, folded.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, folded.locator("button"))
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert folded.get_attribute("open") is None


def test_the_first_stop_leads_past_what_is_the_same_everywhere(windows: Windows) -> None:
    page = windows.open("lea")
    page.goto("/passeport")
    first = tab(page)
    assert first is not None
    assert "#main" in first
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab(page)
    assert page.evaluate("document.activeElement.closest('main') !== null")


LONG = {
    "ines": ("/passeport", "/experience/{ines_5}", "/competences/{to_decide}", "/echanges", "/montrer", "/carte"),
    "lea": ("/experience/{lea_x}/savoir-faire", "/experience/{lea_x}/quand", "/montrer/choisir"),
    "karim": ("/on-me-demande", "/reconnaitre/{recognition}"),
    "claire": ("/organisation/{library}", "/organisation/role/{m_karim}/verification"),
    "": ("/creer", "/s/{to_Mairie}", "/aide"),
}


@pytest.mark.parametrize("name", LONG, ids=lambda name: name or "nobody")
def test_every_stop_is_seen(city: Live, windows: Windows, name: str) -> None:
    page = windows.open(name)
    page.set_viewport_size({"width": PHONE["width"], "height": 560})
    for pattern in LONG[name]:
        page.goto(pattern.format_map({**city.cast.ids, **city.cast.tokens}))
        page.evaluate("document.activeElement.blur()")
        stops, first = 1, tab(page)
        page.evaluate("() => { window.first = document.activeElement }")
        assert first is not None
        while tab(page) is not None and not page.evaluate("window.first === document.activeElement"):
            stops += not page.evaluate(INSIDE)
            assert stops < MOST, pattern
        wanted = page.evaluate("""() => new Set([...document.querySelectorAll("a[href], button, select, textarea, input, summary")]
          .filter(e => e.type !== "hidden" && e.checkVisibility() && e.tabIndex >= 0)
          .map(e => e.type === "radio" ? e.name : e)).size""")
        assert stops == wanted, pattern
