"""Wherever htmx puts a part in its place: the page is then as a reload shows it, focus stays, Back leads to whole pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from passport.experiences import queries as experiences
from passport.extensions import db
from passport.feedback import queries as feedback
from passport.organisations import queries as organisations
from passport.recognition import attested as recognition
from passport.sharing import links as sharing
from passport.sharing import service as links
from tests import build
from tests.browser.conftest import Live, Windows

pytestmark = pytest.mark.browser

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
STATE = """() => {
  const main = document.querySelector("main");
  const said = main.innerText.split(/\\s+/).join(" ");
  const asked = [...main.querySelectorAll("input, textarea, select")]
    .filter(field => field.name && !["csrf_token", "submission", "proposal"].includes(field.name))
    .map(field => [field.form?.getAttribute("action"), field.name, field.type, field.value, field.checked || false]);
  return [said, asked];
}"""
FOCUS = """() => {
  const at = document.activeElement;
  return at === document.body ? "nowhere" : at.closest("main") ? at.outerHTML.slice(0, 120) : "outside of main";
}"""


def state(page: Any) -> Any:
    """Return what stands in the page: its words, and what its forms hold."""
    return page.evaluate(STATE)


def path_of(city: Live, pattern: str) -> str:
    """Return an address in this city."""
    return pattern.format_map({**city.cast.ids, **city.cast.tokens})


def swap(page: Any, act: Callable[[], None], part_of: str = "") -> Any:
    """Do something that htmx answers, wait until the answer has its place, and return it."""
    page.evaluate("""() => {
      window.settled = new Promise(done => document.addEventListener("htmx:afterSettle", () => setTimeout(done, 50)));
    }""")
    with page.expect_response(lambda r: "hx-request" in r.request.headers and part_of in r.url) as answered:
        act()
    page.evaluate("window.settled")
    return answered.value


def whole(page: Any) -> bool:
    """Say whether this is a whole page of ours: head, title, main, and the tabs of whoever is signed in."""
    return bool(page.evaluate("""() => document.doctype !== null && document.styleSheets.length > 0
      && document.querySelectorAll("body > header, main > * h1, main > h1, body > nav.tabs").length >= 3"""))


def leave_and_come_back(page: Any, link: Any) -> None:
    """Follow a link to another page, and press Back."""
    here = page.url
    with page.expect_navigation():
        link.click()
    assert page.url != here
    assert whole(page)
    page.go_back()
    assert page.url == here
    assert whole(page)


def test_every_place_of_htmx_is_known() -> None:
    """A new one comes with its test below."""
    places = {str(f.relative_to(TEMPLATES)): len(re.findall(r"\bhx-(?:get|post)=", f.read_text(encoding="utf-8")))
              for f in TEMPLATES.rglob("*.html")}
    assert {name: count for name, count in places.items() if count} == {
        "components/ui.html": 3, "feedback/answer.html": 1, "recognition/recognise.html": 1,
        "accounts/_phrase.html": 1, "sharing/line.html": 1, "experiences/attach.html": 1,
        "experiences/_whom.html": 1,
        "accounts/number.html": 1,  # tests/browser/test_returning.py
    }


# ---------- « Plus » ----------


@pytest.fixture
def short_lists() -> Iterator[None]:
    """Every list goes on after two rows."""
    with pytest.MonkeyPatch.context() as patch:
        for room in (experiences, feedback, organisations, recognition, sharing):
            patch.setattr(room, "PER_PAGE", 2)
        yield


LISTS = {
    "passport": ("ines", "/passeport", "#life"),
    "links": ("ines", "/montrer", "#links"),
    "asked": ("karim", "/on-me-demande", "main ul.list"),
    "to choose from": ("ines", "/d/{to_karim}", "main ul.list"),
    "recognised": ("karim", "/registre", "main ul.list"),
    "people": ("claire", "/organisation/{library}", "main ul.list"),
    "organisations": ("sofia", "/ville", "#known"),
}


def rows(page: Any, where: str) -> list[Any]:
    """Return the rows of a list: their words, where they lead and what they send, but not what goes on."""
    found: list[Any] = page.locator(where).first.evaluate("""list => [...list.children].filter(li => li.id !== "more").map(li => [
      li.innerText.split(/\\s+/).join(" "),
      [...li.querySelectorAll("a, form")].map(to => to.getAttribute("href") || to.getAttribute("action")),
    ])""")
    return found


@pytest.mark.usefixtures("short_lists")
@pytest.mark.parametrize("name", LISTS)
def test_more_rows_are_those_of_the_next_page(city: Live, windows: Windows, name: str) -> None:
    who, pattern, where = LISTS[name]
    page = windows.open(who)
    page.goto(path_of(city, pattern))
    first, more = rows(page, where), page.locator("#more a")
    assert first
    address = more.get_attribute("href")
    more.focus()
    answer = swap(page, lambda: page.keyboard.press("Enter"))
    assert "<html" not in answer.text()
    both, goes_on = rows(page, where), page.locator("#more a").count()
    stands = page.evaluate("""where => [...document.querySelector(where).children]
      .findIndex(li => li.contains(document.activeElement))""", where)
    assert stands >= len(first), page.evaluate(FOCUS)

    page.goto(address)
    assert whole(page)
    assert both == first + rows(page, where)
    assert goes_on == page.locator("#more a").count()


@pytest.mark.usefixtures("short_lists")
def test_whoever_went_on_from_a_new_row_comes_back_to_a_whole_page(windows: Windows) -> None:
    page = windows.open("ines")
    page.goto("/passeport")
    first = state(page)
    page.locator("#more a").focus()
    swap(page, lambda: page.keyboard.press("Enter"))
    leave_and_come_back(page, page.locator("#life h3 a").last)
    assert state(page) == first


def test_a_new_row_with_nothing_to_use_has_the_focus_itself(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "PER_PAGE", 1)
    page = windows.open("karim")
    page.goto("/registre")
    withdrawn, more = page.locator("main li", has_text="Retirée le"), page.locator("#more a")
    while not withdrawn.count():
        more.focus()
        swap(page, lambda: page.keyboard.press("Enter"))
    expect(withdrawn).to_be_focused()
    page.keyboard.press("Tab")
    assert more.evaluate("element => element === document.activeElement")


# ---------- searching ----------

SEARCHES = {
    "passport": ("ines", "/passeport", "cuisine quartier, 7"),
    "whom to ask": ("lea", "/experience/{lea_x}/demander", "gauthi"),
    "what I can do": ("lea", "/experience/{lea_me}/savoir-faire", "explique"),
    "what to have recognised": ("ines", "/retour/{unnamed}/faire-reconnaitre", "explique"),
    "organisations": ("sofia", "/ville", "gauthi"),
}


@pytest.mark.usefixtures("short_lists")
@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_shows_what_a_reload_shows(city: Live, windows: Windows, name: str) -> None:
    who, pattern, words = SEARCHES[name]
    page = windows.open(who)
    page.goto(path_of(city, pattern))
    before, field = state(page), page.locator("input[type=search]")
    for typed in ("zzz", "", words):
        field.focus()
        swap(page, lambda typed=typed: field.fill(typed))
        assert page.evaluate("document.activeElement.name") == "q", page.evaluate(FOCUS)
        assert parse_qs(urlsplit(page.url).query).get("q", [""]) == [typed]
        after = state(page)
        assert (after == before) == (typed == "")
        if typed:
            page.reload()
            assert whole(page)
            assert state(page) == after
    leave_and_come_back(page, page.locator("main a[href^='/']").last)
    assert state(page) == after
    assert field.input_value() == words


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_what_is_ticked_stays_ticked_through_searches(city: Live, windows: Windows, javascript: bool) -> None:
    page = windows.open("ines", javascript=javascript)
    page.goto(path_of(city, "/retour/{unnamed}/faire-reconnaitre"))
    first = page.locator("[name=competencies]").first
    chosen = [first.input_value()]
    first.check(force=True)
    for typed in ("explique", "cuisine"):
        field = page.locator("input[type=search]")
        if javascript:
            swap(page, lambda field=field, typed=typed: field.fill(typed))
        else:
            field.fill(typed)
            page.get_by_role("button", name="Chercher").click()
        assert field.input_value() == typed
        shown = [box.input_value() for box in page.locator("[name=competencies]:checked").all()]
        assert shown == chosen
        another = page.locator("[name=competencies]:not(:checked)").first
        chosen.append(another.input_value())
        another.check(force=True)
    page.reload()
    shown = [box.input_value() for box in page.locator("[name=competencies]:checked").all()]
    assert shown[:2] == chosen[:2]


# ---------- closing a link ----------


def test_closing_a_link_changes_what_a_reload_changes(city: Live, windows: Windows) -> None:
    page = windows.open("paul")
    page.goto("/montrer")
    assert "Elle ouvre « Stage »" in " ".join(page.locator("main").inner_text().split())
    for name in ("Bourse", "Stage"):
        line = page.locator(f"#link-{city.cast[name]}")
        line.locator("button").focus()
        swap(page, lambda: page.keyboard.press("Enter"))
        assert page.evaluate("document.activeElement.tagName + document.activeElement.innerText") == f"H3{name}"
        expect(page.locator("#announce")).to_have_text(f"Le lien « {name} » est fermé.")
        after = state(page)
        assert "Tout fermer" in after[0] or name == "Stage"
        page.reload()
        assert state(page) == after
    assert "Elle n’ouvre rien" in after[0]
    assert "Tout fermer" not in after[0]
    leave_and_come_back(page, page.locator("main").get_by_role("link", name="Préparer un lien"))
    assert state(page) == after


# ---------- another phrase ----------


@pytest.mark.parametrize("who", ["", "lea"], ids=["when signing up", "when changing it"])
def test_another_phrase_leaves_the_rest_as_the_whole_page_does(windows: Windows, who: str) -> None:
    found = []
    for javascript in (True, False):
        page = windows.open(who, javascript=javascript)
        page.goto("/phrase" if who else "/creer")
        before = page.locator("#proposed").inner_text()
        if not who:
            page.fill("[name=display_name]", "Zoé")
            page.check("[name=age][value=adult]")
        button = page.locator("button[name=other]")
        if javascript:
            button.focus()
            swap(page, lambda page=page: page.keyboard.press("Enter"))
            assert page.evaluate("document.activeElement.name") == "other", page.evaluate(FOCUS)
        else:
            button.click()
        phrase = page.locator("#proposed").inner_text()
        assert phrase != before
        words, fields = state(page)
        for random in (phrase, *page.locator("main .code").all_inner_texts()):
            words = words.replace(random, "…")
        found.append((words, [f for f in fields if f[1] != "username"]))
        if who and javascript:
            leave_and_come_back(page, page.locator("main a").first)
    assert found[0] == found[1]


# ---------- a draft that keeps itself ----------


PAUSE = 2000  # milliseconds without a key, after which a draft keeps itself


@dataclass(frozen=True)
class Draft:
    """A form whose half-filled state is kept while one writes."""

    who: str
    path: str
    fill: Callable[[Any], None]


def _answer(page: Any) -> None:
    page.locator("[name=question]").first.check()
    page.fill("[name=seen]", "Tu as tout préparé la veille, et tu as attendu les autres.")
    page.clock.fast_forward(PAUSE)


def _recognise(page: Any) -> None:
    page.locator("[name=how_known]").first.check()
    page.locator("main textarea").first.fill("Elle explique sans prendre la souris.")
    page.clock.fast_forward(PAUSE)


def _write(page: Any) -> None:
    page.locator("main details:has(textarea)").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator("main textarea").first.fill("Une phrase commencée, et pas encore finie.")
    page.clock.fast_forward(PAUSE)


DRAFTS = {
    "feedback": Draft("karim", "/on-me-demande/{waiting_22}", _answer),
    "recognition": Draft("karim", "/reconnaitre/{recognition}", _recognise),
    "ask": Draft("ines", "/experience/{ines_17}/demander/personne/{m_karim}", _write),
    "reply": Draft("ines", "/retour/{to_reply}", _write),
    "story": Draft("ines", "/experience/{ines_18}/recit", _write),
    "reflect": Draft("ines", "/experience/{ines_18}/ce-que-j-en-retire", _write),
    "bother": Draft("ines", "/ca-me-derange/{to_reply_text}", _write),
    "withdraw": Draft("karim", "/registre/{shown}/retirer", _write),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_a_draft_keeps_itself_and_a_reload_finds_it(city: Live, windows: Windows, name: str) -> None:
    draft = DRAFTS[name]
    page = windows.open(draft.who)
    page.clock.install()
    page.goto(path_of(city, draft.path))
    with page.expect_response(lambda r: "hx-request" in r.request.headers) as answered:
        draft.fill(page)
    assert answered.value.status == 204
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    written = written_in(page)
    page.reload()
    assert written_in(page) == written
    leave_and_come_back(page, page.locator("main a[href^='/']").first)
    assert written_in(page) == written


def written_in(page: Any) -> list[Any]:
    """Return what the fields of a page hold; that there is a draft is said, and let go of, by a form of its own."""
    return [field for field in state(page)[1] if field[1] not in {"forget", "back"}]


# ---------- a file that is refused ----------


def test_a_form_that_is_shown_again_is_that_of_the_whole_page(city: Live, windows: Windows) -> None:
    found = []
    for javascript in (True, False):
        page = windows.open("ines", javascript=javascript)
        page.goto(f"/experience/{city.cast['ines_18']}/joindre")
        page.fill("[name=caption]", "L’affiche")
        button = page.locator("#file-form .primary")
        if javascript:
            button.focus()
            swap(page, lambda page=page: page.keyboard.press("Enter"))
            expect(page.locator("[name=file]")).to_be_focused()
        else:
            button.click()
            page.locator("[name=file][aria-invalid=true]").wait_for()
        found.append(state(page))
    assert found[0] == found[1]
    assert "L’affiche" in str(found[0])


# ---------- what goes wrong meanwhile ----------


def _press(selector: str) -> Callable[[Any], None]:
    return lambda page: page.locator(selector).first.click()


ENDED = {
    "more": ("ines", "/passeport", _press("#more a")),
    "search": ("ines", "/passeport?q=atelier", lambda page: page.fill("input[type=search]", "quartier")),
    "close": ("ines", "/montrer", _press("form[data-hx-post] button")),
    "phrase": ("ines", "/phrase", _press("button[name=other]")),
    "draft": ("karim", "/on-me-demande/{waiting_21}", _answer),
}


def end_on_the_server(city: Live, page: Any) -> None:
    """End every session, as after twelve hours or when the phone is lost."""
    session = db.metadata.tables["session"]
    with city.app.app_context():
        db.session.execute(sa.update(session).values(ended_at=sa.func.coalesce(session.c.ended_at, session.c.last_used_at)))
        db.session.commit()
        db.session.remove()


def sign_out_elsewhere(city: Live, page: Any) -> None:
    """Sign out in another window of the same browser."""
    other = page.context.new_page()
    other.goto("/menu")
    with other.expect_navigation():
        other.locator("form[action='/fermer'] button").click()
    other.close()


@pytest.mark.usefixtures("short_lists")
@pytest.mark.parametrize(("name", "end"), [
    *((name, end_on_the_server) for name in ENDED if name != "draft"),  # a text comes along: see test_unsent.py
    ("close", sign_out_elsewhere), ("draft", sign_out_elsewhere),
])  # fmt: skip
def test_a_session_that_ended_leads_to_signing_in_and_back(
    city: Live, windows: Windows, name: str, end: Callable[[Live, Any], None]
) -> None:
    who, pattern, act = ENDED[name]
    page, path = windows.open(who), path_of(city, pattern)
    page.clock.install()
    page.goto(path)
    title = page.locator("h1").inner_text()
    end(city, page)
    act(page)
    page.wait_for_url(re.compile("/ouvrir"))
    assert page.locator("#trouble").is_hidden()
    page.fill("[name=name]", city.identifiers[who])
    page.fill("[name=passphrase]", build.PASSPHRASE)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url == city.url + path
    assert whole(page)
    assert page.locator("h1").inner_text() == title


def test_what_did_not_arrive_is_said_where_one_looks_and_tried_again(
    city: Live, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = windows.open("ines")
    page.goto("/montrer")
    button = page.locator(f"#link-{city.cast['Vide']} button")
    trouble = page.locator("#trouble")

    def try_it() -> None:
        button.scroll_into_view_if_needed()
        with page.expect_event("requestfinished" if not offline else "requestfailed"):
            button.click()
        trouble.wait_for()
        box = trouble.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] < page.viewport_size["height"]
        page.evaluate("scrollTo(0, 0)")
        top, title = trouble.bounding_box(), page.locator("h1").bounding_box()
        assert page.locator(".top").bounding_box()["height"] <= top["y"], "nothing is covered at the top"
        assert top["y"] + top["height"] <= title["y"]
        assert page.evaluate("document.activeElement.innerText").startswith("Fermer ce lien")
        assert button.get_attribute("aria-disabled") is None

    for offline in (True, False):
        page.context.set_offline(offline)
        with monkeypatch.context() as patch:
            patch.setattr(links, "close", lambda *_given: 1 / 0)
            try_it()
    assert len(windows.said) >= 2
    windows.said.clear()  # the network and the server fail as they were told to
    swap(page, button.click)
    assert trouble.is_hidden()
    assert page.evaluate(FOCUS).startswith("<h3")


# ---------- a name that completes itself ----------


def test_a_name_completes_itself(windows: Windows) -> None:
    """While one types, under the field, and nothing else on the page moves."""
    page = windows.open("lea")
    page.goto(path_of(windows.live, "/experience/{lea_x}/ou"))
    field = page.get_by_label("Avec qui")
    field.fill("")
    before = state(page)
    answered = swap(page, lambda: field.press_sequentially("mandela"), "/organisations")
    assert answered.status == 200
    assert page.locator("#organisations option").evaluate_all("all => all.map(one => one.value)") == ["Médiathèque Mandela"]
    assert "organisation" in page.evaluate(FOCUS)
    field.fill("")
    assert state(page) == before
