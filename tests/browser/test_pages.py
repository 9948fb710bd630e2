"""Every page as everybody sees it: axe finds nothing, nothing scrolls sideways, the console stays silent."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from werkzeug.serving import make_server

from passport import clock, create_app
from passport.extensions import db
from tests.browser.conftest import PHONE, Live
from tests.cast import make_cast
from tests.conftest import test_settings
from tests.reading import Reader
from tests.routes.test_registry import address
from tests.world import fill

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES: dict[str, tuple[str, ...]] = {
    "": ("accounts.home", "accounts.help_page", "accounts.sign_in", "accounts.sign_up", "/s/{share}",
         "/s/{share}/verifier/{item}", "/c/{card}", "frameworks.sentences", "/s/AAAAAAAAAAAAAAAAAAAAAA", "/nulle-part",
         "/invitation/{invitation}", "/t/{witness_lea_x}", "/t/{witness_youth_x}", "/t/{witness_said}",
         "/t/AAAAAAAAAAAAAAAAAAAAAA", "landing.learner", "landing.parent", "landing.facilitator", "landing.employer",
         "mail.forgotten", "mail.look", "/nouvelle-phrase/{reset}", "/nouvelle-phrase/AAAA", "/sans-messages/{unsubscribe}"),
    "lea": ("experiences.passport", "experiences.add", "experiences.kept", "experiences.experience",
            "evidence.add", "evidence.add_link", "experiences.edit", "experiences.when", "experiences.can_do", "experiences.deleted",
            "learning.learned", "learning.reflect", "learning.add_kinds", "/ajouter/genre/exile", "/ajouter/genre/civic_service",
            "learning.choose_kind", "learning.edit_kind", "learning.path", "learning.link", "learning.my_hours",
            "learning.compare",
            "feedback.exchanges", "feedback.ask", "feedback.ask_send", "feedback.read", "/retour/{feedback_free}/faire-reconnaitre",
            "recognition.offered", "recognition.ledger", "sharing.choose", "sharing.ready", "sharing.extend", "card.show",
            "card.card", "card.printed", "card.opens", "accounts.menu", "accounts.passphrase", "safety.bother",
            "mail.address", "/adresse/confirmer/{confirm}",
            "organisations.join", "witnesses.invite", "witnesses.ready", "/experience/00000000-0000-4000-8000-000000000000"),
    "tom": ("experiences.passport", "/experience/{tom_x}", "/experience/{tom_x}/demander", "feedback.exchanges", "accounts.menu"),
    "karim": ("feedback.inbox", "recognition.recognise", "recognition.withdraw", "organisations.ask_code"),
    "nadia": ("feedback.inbox", "feedback.answer_request"),
    "novice": ("organisations.charter",),
    "claire": ("organisations.organisation", "organisations.invite", "organisations.record_check",
               "organisations.contact", "organisations.join_code", "feedback.desk", "safety.cases", "safety.case"),
    "sofia": ("organisations.city", "organisations.add_organisation"),
}


@pytest.fixture(scope="module")
def city(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One server for all these tests, in front of the city in which every state stands."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(sqlite_template, folder / "t.db")
    app = create_app(test_settings(f"sqlite:///{folder / 't.db'}", folder, WTF_CSRF_ENABLED=True))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    url = app.config["PUBLIC_URL"] = f"http://127.0.0.1:{server.server_port}"
    with app.app_context():
        from passport.card.models import Card
        from passport.seal import unseal
        from passport.sharing.models import EditionItem, Share

        cast = fill(make_cast(clock.now()), clock.now())
        for name, model in (("share", Share), ("card", Card)):
            cast.tokens[name] = unseal(db.session.get_one(model, cast[name]).token_sealed)
        from passport.accounts import addresses
        from passport.notices.letters import unsubscribe_address

        addresses.give(cast["lea"], "lea@example.org", clock.now())
        for purpose in (addresses.CONFIRM, addresses.RESET):
            cast.tokens[purpose] = addresses._new_token(cast["lea"], purpose, clock.now(),
                                                        clock.now() + dt.timedelta(minutes=15))
        cast.tokens["unsubscribe"] = unsubscribe_address(cast["lea"]).rsplit("/", 1)[1]
        db.session.commit()
        cast.ids["item"] = db.session.query(EditionItem).filter_by(kind="endorsement").one().id
        db.session.remove()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Live(url, app, cast)
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visit(city: Live, chromium: Any) -> Iterator[Any]:
    """A function that opens the browser of one person, signed in, and gives its page and what its console said."""
    contexts: list[Any] = []

    def start(name: str, language: str = "fr", dark: bool = False) -> tuple[Any, list[str]]:
        context = chromium.new_context(base_url=city.url, locale={"fr": "fr-FR", "en": "en-GB"}[language],
                                       viewport=PHONE, reduced_motion="reduce", has_touch=True,
                                       color_scheme="dark" if dark else "light")
        context.set_default_timeout(8000)
        contexts.append(context)
        said: list[str] = []
        context.on("console", lambda m: said.append(m.text)
                   if m.type == "error" and "status of 4" not in m.text else None)
        context.on("weberror", lambda e: said.append(str(e.error)))
        if name:
            cookie = Reader(city.app, city.cast, name).client.get_cookie("passport")
            assert cookie is not None
            context.add_cookies([{"name": "passport", "value": cookie.value, "url": city.url}])
            with city.app.app_context():
                account = db.metadata.tables["account"]
                db.session.execute(sa.update(account).where(account.c.id == city.cast[name]).values(language=language))
                db.session.commit()
                db.session.remove()
        return context.new_page(), said

    yield start
    for context in contexts:
        context.close()


def path_of(city: Live, name: str) -> str:
    """Return the address of a page, from its endpoint or its pattern."""
    if name.startswith("/"):
        return name.format_map({**city.cast.ids, **city.cast.tokens})
    return address(city, name)  # type: ignore[arg-type]


def faults(page: Any) -> list[str]:
    """Return what axe finds at 360 pixels, and the widths at which the page scrolls sideways."""
    found = [
        f"{v['id']}: {[n['html'][:160] for n in v['nodes'][:3]]}" for v in Axe().run(page, options=RULES).response["violations"]
    ]
    for width in (320, 1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{wide} pixels wide at {width}")
    return found


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["French, light", "English, dark"])
@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "nobody")
def test_everybody_can_read_every_page(city: Live, visit: Any, name: str, language: str, dark: bool) -> None:
    page, said = visit(name, language, dark)
    problems: list[str] = []
    for wanted in PAGES[name]:
        path = path_of(city, wanted)
        answer = page.goto(path)
        expected = {"/nulle-part": {404}, "/s/AAAAAAAAAAAAAAAAAAAAAA": {404, 410}, "/t/AAAAAAAAAAAAAAAAAAAAAA": {404},
                    "/nouvelle-phrase/AAAA": {410}}.get(wanted, {200})
        if "00000000-0000" in wanted:
            expected = {404}
        if answer.status not in expected or not page.url.endswith(path):
            problems.append(f"{wanted}: {answer.status} {page.url}")
        if page.get_attribute("html", "lang") != language:
            problems.append(f"{wanted}: not in {language}")
        problems += [f"{wanted}: {fault}" for fault in faults(page)]
        problems += [f"{wanted}: console: {text}" for text in said]
        said.clear()
    assert problems == []


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["French, light", "English, dark"])
def test_a_form_with_faults_is_read_as_well(visit: Any, language: str, dark: bool) -> None:
    page, said = visit("lea", language, dark)
    page.goto("/ajouter")
    page.locator("main form").first.evaluate("form => { form.noValidate = true }")
    page.locator("main form button[type=submit]").first.click()
    page.locator("main [aria-invalid=true]").first.wait_for()
    assert faults(page) == []
    assert said == []


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["French, light", "English, dark"])
@pytest.mark.parametrize("token", ["witness_lea_x", "witness_youth_x", "witness_said"])
def test_what_somebody_without_account_sends_wrongly_is_read_as_well(city: Live, visit: Any, token: str, language: str,
                                                                     dark: bool) -> None:
    page, said = visit("", language, dark)
    page.goto(f"/t/{city.cast.tokens[token]}")
    if token == "witness_said":  # sent again from a page that was left open
        page.evaluate("""() => { const form = document.createElement('form'); form.method = 'post';
            form.innerHTML = '<input name=words value="Une autre phrase."><button>x</button>';
            document.querySelector('main').append(form); form.submit(); }""")
        page.get_by_text("Une autre phrase.").wait_for()
    else:
        page.locator("main .primary").click()
        page.locator("main .summary").wait_for()
    assert faults(page) == []
    assert said == []


def test_one_sentence_is_written_without_scrolling(visit: Any) -> None:
    """The keyboard of a phone covers what stands below 410 pixels."""
    page, _said = visit("lea")
    page.goto("/ajouter")
    focused = page.evaluate("[document.activeElement.tagName, document.activeElement.name]")
    assert focused[0] in {"TEXTAREA", "INPUT"}, focused
    assert focused[1] == "title"
    box = page.locator("main form button[type=submit]").first.bounding_box()
    assert box["y"] + box["height"] < 410, box


def test_a_moment_stands_on_one_line_and_its_fault_below(city: Live, visit: Any) -> None:
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


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_an_answer_asks_for_shows_once_it_is_given(visit: Any, language: str) -> None:
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


def test_the_code_of_a_link_can_stand_alone_on_the_screen(city: Live, visit: Any) -> None:
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


def test_a_page_prints_in_the_inks_of_day(city: Live, visit: Any) -> None:
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


def test_one_fault_is_said_once_where_it_stands_and_two_are_listed(visit: Any) -> None:
    page, _said = visit("lea")
    page.goto("/ajouter")
    page.locator("main form .primary").click()
    page.locator("[name=title][aria-invalid=true]").wait_for()
    page.wait_for_function("document.activeElement.name === 'title'")
    assert page.get_by_text("Écrire une phrase, même très courte.").count() == 1
    page, _said = visit("")
    page.goto("/ouvrir")
    page.locator("main form .primary").click()
    page.wait_for_function("document.activeElement.className === 'summary'")
    assert page.locator(".summary a").count() == 2
