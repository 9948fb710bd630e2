"""For every eye and every hand: text twice as large, spaced out, in the colours of the system, from right to left,
without motion, and with room to touch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import PHONE, Live, Windows
from tests.browser.test_keyboard import tab

pytestmark = pytest.mark.browser

MAIN = {
    "lea": (
        "/passeport", "/ajouter", "/experience/{lea_x}", "/experience/{lea_x}/gardee", "/experience/{lea_x}/savoir-faire",
        "/experience/{lea_x}/quand", "/experience/{lea_x}/demander", "/experience/{lea_x}/demander/personne/{m_karim}",
        "/retour/{feedback}", "/retour/{feedback_free}/faire-reconnaitre", "/echanges", "/montrer", "/montrer/choisir",
        "/carte", "/menu",
    ),
    "ines": ("/passeport", "/competences/{to_decide}", "/competences/{decided_on}", "/montrer", "/montrer/lien/{Mairie}"),
    "karim": ("/on-me-demande", "/on-me-demande/{waiting_20}", "/reconnaitre/{recognition}", "/registre"),
    "claire": ("/organisation/{library}", "/signalements/{report}"),
    "sofia": ("/ville",),
    "": ("/", "/creer", "/ouvrir", "/s/{to_Mairie}", "/s/{share}/verifier/{item}", "/t/{witness_lea_x}", "/aide", "/accessibilite"),
}  # fmt: skip

SET = """css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = css ? [sheet] : []; }"""
TWICE = "html { font-size: 200% !important; }"
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
    p { margin-block-end: 2em !important; }"""

# What is lost: beside the screen, cut off, squeezed into one letter a line, too narrow to write in, or under the tabs.
LOST = """() => {
  const wide = innerWidth, found = [];
  const seen = e => e.checkVisibility() && !e.closest(".sr, .skip, svg, .scroll, .id, .code");
  const name = e => e.tagName.toLowerCase() + " " + (e.textContent || e.name || "").trim().slice(0, 30);
  if (document.documentElement.scrollWidth > wide) found.push(document.documentElement.scrollWidth + " wide");
  for (const e of document.querySelectorAll("body *")) {
    if (!seen(e)) continue;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e), size = parseFloat(style.fontSize);
    if (box.width && (box.right > wide + 1 || box.left < -1)) found.push("beside: " + name(e));
    if (/hidden|clip/.test(style.overflowX + style.overflowY) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
      found.push("cut: " + name(e));
    for (const node of e.childNodes) {
      const word = node.nodeType === 3 && /\\p{L}{4,}/u.exec(node.data);
      if (!word) continue;
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 2) found.push("squeezed: " + name(e));
    }
    if (e.matches("input:not([type=hidden], [type=radio], [type=checkbox]), select, textarea") && e.clientWidth < 2.5 * size)
      found.push("narrow: " + name(e));
  }
  scrollTo(0, document.body.scrollHeight);
  for (const e of document.querySelectorAll(".foot :is(a, button)")) {
    const box = e.getBoundingClientRect(), over = document.elementFromPoint(box.x + 4, box.y + box.height / 2);
    if (box.y > 0 && !e.contains(over)) found.push("covered: " + name(e));
  }
  scrollTo(0, 0);
  return found;
}"""

# WCAG 2.5.8: 24 pixels each way, or a circle of 24 that meets no other target; in a sentence, as it comes.
SMALL = """least => {
  const targets = [];
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!e.checkVisibility() || e.closest(".sr, .skip")) continue;
    const after = getComputedStyle(e, "::after");
    const held = e.matches(".pick input, .check input") ? e.closest("label")
      : after.position === "absolute" && after.content !== "none" ? e.offsetParent : e;
    const box = held.getBoundingClientRect();
    const beside = [...e.parentElement.childNodes].some(n => n.nodeType === 3 && /\\p{L}/u.test(n.data));
    targets.push({e, box, inline: getComputedStyle(e).display === "inline" && beside,
                  control: e.matches(".button, .quiet, .me, .brand, .note, nav.tabs a, summary, .pick input, .check input, .field *")});
  }
  const small = t => t.box.width < 24 || t.box.height < 24;
  const middle = t => [t.box.x + t.box.width / 2, t.box.y + t.box.height / 2];
  const far = (t, o) => {
    const [x, y] = middle(t);
    if (small(o)) { const [ox, oy] = middle(o); return Math.hypot(ox - x, oy - y) >= 24; }
    return Math.hypot(x - Math.min(Math.max(x, o.box.left), o.box.right), y - Math.min(Math.max(y, o.box.top), o.box.bottom)) >= 12;
  };
  return targets.filter(t => least > 24 ? t.control && t.box.height < least - .5
      : !t.inline && small(t) && targets.some(o => o !== t && !o.e.contains(t.e) && !o.e.closest("nav.tabs") && !far(t, o)))
    .map(t => Math.round(t.box.width) + "x" + Math.round(t.box.height) + " " + t.e.outerHTML.slice(0, 90));
}"""

MOVING = """() => [...document.querySelectorAll("*")].filter(e => {
  const s = getComputedStyle(e);
  return parseFloat(s.transitionDuration) > 0 || s.animationName !== "none" || s.scrollBehavior === "smooth";
}).length + document.getAnimations().length"""


def at(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": PHONE["height"]})


def problems(page: Any, where: str) -> list[str]:
    """Return what is wrong with the page that stands there, under each of the settings."""
    found = [f"small: {target}" for target in page.evaluate(SMALL, 24)]
    found += [f"less than a thumb: {target}" for target in page.evaluate(SMALL, 48)]
    if page.evaluate(MOVING):
        found.append("moves")
    for name, css, widths in (("twice as large", TWICE, (360, 320)), ("spaced out", SPACED, (320,))):
        page.evaluate(SET, css)
        for width in widths:
            at(page, width)
            found += [f"{name} at {width}: {lost}" for lost in page.evaluate(LOST)]
    page.evaluate(SET, "")
    page.evaluate("document.documentElement.dir = 'rtl'")
    found += [f"from right to left: {lost}" for lost in page.evaluate(LOST)]
    brand = page.locator(".top .brand").bounding_box()
    if brand["x"] + brand["width"] < 320 - 20:
        found.append("from right to left: begins on the left")
    at(page, PHONE["width"])
    return [f"{where}: {problem}" for problem in found]


@pytest.mark.parametrize("name", MAIN, ids=lambda name: name or "nobody")
def test_nothing_is_lost_under_any_setting(city: Live, windows: Windows, name: str) -> None:
    page, found = windows.open(name), []
    for pattern in MAIN[name]:
        answer = page.goto(pattern.format_map({**city.cast.ids, **city.cast.tokens}))
        assert answer.status == 200, pattern
        found += problems(page, pattern)
    assert found == [], "\n" + "\n".join(found)


def test_what_is_lost_would_be_found(windows: Windows) -> None:
    page = windows.open()
    page.goto("/aide")
    page.evaluate("""() => {
      const add = (html) => document.querySelector("main").insertAdjacentHTML("beforeend", html);
      add("<p class='a'>beside</p><p class='b'>cut off for good</p><p class='c'>squeezed</p><input class='d' aria-label='x'>");
      add("<p><a class='e' href='/x'>i</a><a class='e' href='/y'>j</a></p>");
    }""")
    page.evaluate(SET, """.a { width: 900px; } .b { width: 3rem; overflow: hidden; white-space: nowrap; } .c { width: 1rem; }
        .d { width: 1rem; min-width: 0; padding: 0; } .foot { position: relative; z-index: -1; } .e { transition: color 1s; }""")
    lost = {problem.split(" ")[0] for problem in page.evaluate(LOST)}
    assert {"beside:", "cut:", "squeezed:", "narrow:", "covered:"} <= lost
    assert len([target for target in page.evaluate(SMALL, 24) if 'class="e"' in target]) == 2
    assert page.evaluate(MOVING) == 2


# What tells a chosen thing from another one, besides its colours.
MARKS = """([chosen, other]) => [chosen, other].map(selector => {
  const e = document.querySelector(selector), s = getComputedStyle(e), after = getComputedStyle(e, "::after");
  return [s.outlineStyle, s.fontWeight, s.borderTopWidth, after.content].join(" ");
})"""
CHOSEN = {
    "/experience/{lea_x}/quand": (".chips :checked + span", ".chips input:not(:checked) + span"),
    "/passeport": (".tabs a[aria-current]", ".tabs a:not([aria-current], .brand)"),
    "/experience/{lea_x}/savoir-faire?competency=3": (".pick :checked + span", ".pick input:not(:checked) + span"),
}


def test_the_colours_of_the_system_hide_nothing(city: Live, windows: Windows) -> None:
    """With forced colours, grounds and shadows are gone: lines, weight and marks still say what is chosen."""
    page = windows.open("lea")
    page.emulate_media(forced_colors="active")
    for pattern, pair in CHOSEN.items():
        page.goto(pattern.format_map(city.cast.ids))
        chosen, other = page.evaluate(MARKS, list(pair))
        assert chosen.split(" ")[0] == "solid", pattern
        assert chosen.split(" ")[1] != other.split(" ")[1], pattern
    page.goto("/passeport")
    for selector in (".button", ".note", ".sheet", ".prov", ".tabs"):
        line = page.locator(f"{selector}:visible").first.evaluate("e => getComputedStyle(e).borderTopStyle")
        assert line != "none", selector
    tab(page)
    page.goto("/")
    button = page.locator("main .primary").first
    colours = button.evaluate("e => { const s = getComputedStyle(e); return [s.borderTopColor, s.backgroundColor, s.color]; }")
    assert colours[0] != colours[1]
    assert colours[2] != colours[1]


@pytest.mark.parametrize(("name", "pattern"), [("lea", "/experience/{lea_x}/quand"), ("karim", "/on-me-demande")])
def test_nothing_hides_the_focus_when_text_is_large(city: Live, windows: Windows, name: str, pattern: str) -> None:
    page = windows.open(name)
    at(page, 360)
    page.goto(pattern.format_map(city.cast.ids))
    page.evaluate(SET, TWICE)
    page.evaluate("document.activeElement.blur()")
    stops = 0
    while tab(page) is not None and stops < 25:
        stops += 1
    assert stops > 8
