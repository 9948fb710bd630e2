"""A printed sheet in a real browser: its code is checked on the phone, in words, with network and without."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pikepdf
import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from babel.dates import format_date
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from playwright.sync_api import expect

from passport import clock, drawings
from passport.card import sheet_code, sheet_queries
from passport.card import sheet_service as sheets
from passport.credentials import keys
from passport.credentials.proofs import multikey, public_bytes
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.seal import unseal
from passport.transaction import transaction
from tests import world
from tests.browser.conftest import Live
from tests.browser.test_offline import Tunnel, open_passport, phone, tunnel  # noqa: F401 - fixtures
from tests.rules.test_sheet import ADDRESS, KEY, PRIVATE, content, line
from tests.shape.test_sql import multiply
from tests.signing import draft, sign_all

pytestmark = pytest.mark.browser
DOTS = 300

HELD = """async () => {
  for (let n = 0; n < 200; n++) {
    const name = (await caches.keys()).find(each => each.startsWith("sheets "));
    if (name && (await (await caches.open(name)).keys()).length === 5 && navigator.serviceWorker.controller) return;
    await new Promise(next => setTimeout(next, 50));
  }
  throw new Error("the phone never held the page");
}"""
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) found.push([name.split(" ")[0], new URL(url).pathname]);
  }
  return found.sort();
}"""
TEXTS = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) found.push(await (await cache.match(request)).text());
  }
  return found.join(" ");
}"""


@dataclass(frozen=True)
class Paper:
    """A printed sheet: the address of its page, what was signed, and from what."""

    path: str
    content: sheet_code.Content
    signed: bytes

    @property
    def digits(self) -> str:
        """Return the digits in its code."""
        return sheet_code.digits(self.signed)

    @property
    def address(self) -> str:
        """Return the whole of what its code says, without the host."""
        return f"{self.path}#{self.digits}"


@pytest.fixture
def paper(live: Live) -> Paper:
    """A sheet of Léa's with one competency on it."""
    with live.app.app_context():
        world.fill(live.cast, clock.now())
        sign_all()
        db.session.remove()
    return another(live)


def another(live: Live, **more: Any) -> Paper:
    """Print one more sheet of Léa's."""
    with live.app.app_context():
        now = clock.now()
        with transaction():
            made = sheets.make(live.cast["lea"], draft(live.cast["endorsement"], **more), now)
        token = unseal(made.token_sealed)
        lines = [p.line for p in sheet_queries.printable(live.cast["lea"], now)]
        found = Paper(f"/v/{token}", sheet_code.Content(token, clock.today(), made.expires_on, made.name, lines), made.signed)
        db.session.remove()
    return found


def signer(live: Live) -> keys.Signer:
    """Return the key of the city."""
    with live.app.app_context():
        found = keys.current()
        db.session.remove()
    return found


def outcome(page: Any) -> Any:
    """Return where the page says what the code is worth."""
    return page.locator("#outcome")


def meets(page: Any, address: str, title: str) -> str:
    """Open the address of a code and return what is said of it, under this title."""
    page.goto("about:blank")  # else only what stands after # changes
    page.goto(address)
    expect(outcome(page).get_by_role("heading", level=2).last).to_have_text(title, timeout=12_000)
    outcome(page).locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    return " ".join(outcome(page).inner_text().split())


def today() -> str:
    """Return the day as Chromium writes it in French."""
    return str(format_date(clock.today(), "d MMMM y", locale="fr"))


def test_a_genuine_one_says_so_and_what_stands_in_it(open_browser: Callable[..., Any], paper: Paper) -> None:
    page = open_browser()
    said = meets(page, paper.address, f"Authentique, au {today()}")
    assert "Nom écrit dans le code : Lea" in said
    assert "J’explique avec des mots simples" in said
    assert "fait sans aide" in said
    assert "Reconnu au nom de Médiathèque Mandela" in said
    assert f"En vigueur au {today()}" in said
    live_part = page.locator("main > section").first.inner_text()
    assert "Toujours en vigueur" in live_part
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found] == []


def test_with_one_digit_changed_it_says_so(open_browser: Callable[..., Any], paper: Paper) -> None:
    page = open_browser()
    for place in (0, 1, 7, len(paper.digits) // 3, len(paper.digits) // 2, len(paper.digits) - 1):
        digit = str((int(paper.digits[place]) + 1) % 10)
        changed = paper.digits[:place] + digit + paper.digits[place + 1:]
        said = meets(page, f"{paper.path}#{changed}", "Ce code a été changé")
        assert "Lea" not in said
    for nonsense in ("0", "12", "bonjour", "9" * 4000, paper.digits[:-1], paper.digits + "0"):
        meets(page, f"{paper.path}#{nonsense}", "Ce code a été changé")


def test_the_code_of_another_sheet_does_not_go_with_this_address(
    open_browser: Callable[..., Any], live: Live, paper: Paper
) -> None:
    other = another(live, name_form="none")
    page = open_browser()
    assert "Le code ne porte aucun nom." in meets(page, other.address, f"Authentique, au {today()}")
    meets(page, f"{paper.path}#{other.digits}", "Ce code a été changé")


def test_whatever_a_code_holds_stays_text(open_browser: Callable[..., Any], live: Live, paper: Paper) -> None:
    key, hostile = signer(live), "<img src=x onerror=alert(1)>{at}"
    line = dataclasses.replace(paper.content.lines[0], organisation=hostile)
    signed = sheet_code.sign(dataclasses.replace(paper.content, name=hostile, lines=[line]), key.private, key.key_id)
    said = meets(open_browser(), f"{paper.path}#{sheet_code.digits(signed)}", f"Authentique, au {today()}")
    assert said.count("<img src=x onerror=alert(1)>{at}") == 2


def test_a_key_that_the_city_does_not_have_is_unknown(open_browser: Callable[..., Any], paper: Paper) -> None:
    thief = Ed25519PrivateKey.generate()
    signed = sheet_code.sign(paper.content, thief, multikey(public_bytes(thief)))
    said = meets(open_browser(), f"{paper.path}#{sheet_code.digits(signed)}", "Clé inconnue")
    assert "Lea" not in said


def test_a_thief_who_names_the_key_of_the_city_has_changed_it(
    open_browser: Callable[..., Any], live: Live, paper: Paper
) -> None:
    signed = sheet_code.sign(paper.content, Ed25519PrivateKey.generate(), signer(live).key_id)
    meets(open_browser(), f"{paper.path}#{sheet_code.digits(signed)}", "Ce code a été changé")


def test_a_stolen_key_counts_no_more(open_browser: Callable[..., Any], live: Live, paper: Paper) -> None:
    with live.app.app_context():
        with transaction():
            keys.compromised(keys.current().key_id, clock.now(), clock.now())
        db.session.remove()
    said = meets(open_browser(), paper.address, "Cette clé ne compte plus")
    assert "Lea" not in said
    meets(open_browser(), another(live).address, f"Authentique, au {today()}")


def test_after_its_last_day_it_is_over(open_browser: Callable[..., Any], live: Live, paper: Paper) -> None:
    key, yesterday = signer(live), clock.today() - dt.timedelta(days=1)
    old = dataclasses.replace(paper.content, expires_on=yesterday)
    said = meets(open_browser(), f"{paper.path}#{sheet_code.digits(sheet_code.sign(old, key.private, key.key_id))}",
                 "Cette feuille n’est plus valable")
    assert "Lea" not in said


def test_what_a_phone_does_not_know_is_never_said_to_be_in_force(
    open_browser: Callable[..., Any], live: Live, paper: Paper
) -> None:
    """A sheet that is younger than what the phone knows, and one of which it learnt nothing for more than a month."""
    key, tomorrow = signer(live), clock.today() + dt.timedelta(days=1)
    young = sheet_code.sign(dataclasses.replace(paper.content, issued_on=tomorrow), key.private, key.key_id)
    late = open_browser()
    late.clock.set_fixed_time(clock.now() + dt.timedelta(days=32))
    for page, digits in ((open_browser(), sheet_code.digits(young)), (late, paper.digits)):
        said = meets(page, f"{paper.path}#{digits}", "Authentique, état à vérifier")
        assert "État à vérifier" in said.split("Nom écrit")[1]
        assert "En vigueur" not in said
        assert outcome(page).locator(".is-good").count() == 0


def test_what_was_taken_back_is_no_longer_shown(open_browser: Callable[..., Any], live: Live, paper: Paper) -> None:
    page = open_browser()
    meets(page, paper.address, f"Authentique, au {today()}")
    take_back(live)
    said = meets(page, paper.address, "Authentique, en partie")
    assert "N’est plus montrée" in said
    assert "En vigueur" not in said
    live_part = page.locator("main > section").first
    assert "Une compétence reconnue n’est plus montrée." in live_part.inner_text()
    assert live_part.locator("h3").count() == 0


def take_back(live: Live) -> None:
    """Let Léa no longer permit what stands on the sheet."""
    with live.app.app_context():
        with transaction():
            recognition.end_permission(db.session.get_one(Endorsement, live.cast["endorsement"]), clock.now())
        db.session.remove()


def test_a_phone_that_cannot_check_says_so(open_browser: Callable[..., Any], paper: Paper) -> None:
    page = open_browser()
    page.add_init_script("if (self.SubtleCrypto) SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))")
    meets(page, paper.address, "Ce téléphone ne sait pas vérifier le code")
    assert "Toujours en vigueur" in page.locator("main > section").first.inner_text()


def test_without_javascript_the_city_says_what_is_shown(open_browser: Callable[..., Any], paper: Paper) -> None:
    page = open_browser(javascript=False)
    page.goto(paper.address)
    text = page.locator("main").inner_text()
    assert "Toujours en vigueur" in text
    assert "Feuille de Lea, signée le" in " ".join(text.split())
    assert not outcome(page).is_visible()


def test_in_english(open_browser: Callable[..., Any], paper: Paper) -> None:
    page = open_browser()
    meets(page, paper.address, f"Authentique, au {today()}")
    page.get_by_role("link", name="English").click()
    expect(outcome(page).get_by_role("heading", level=2).last).to_contain_text("Genuine")
    assert format_date(clock.today(), "d MMMM y", locale="en") in outcome(page).inner_text()
    outcome(page).get_by_text("What it says").click()
    assert "In force as of" in outcome(page).inner_text()


def test_without_network_a_phone_that_was_here_once_checks_any_sheet(
    phone: Callable[..., Any], tunnel: Tunnel, live: Live, paper: Paper  # noqa: F811
) -> None:
    page = phone().new_page()
    meets(page, paper.address, f"Authentique, au {today()}")
    page.evaluate(HELD)
    later = another(live, name_form="written", shown_name="Léa Moreau")
    tunnel.cut()
    for address in (later.address, paper.address):
        said = meets(page, address, f"Authentique, au {today()}")
        assert "J’explique avec des mots simples" in said
        assert page.locator("main > section").count() == 1, "nothing of the city's own answer is there"
    assert "Nom écrit dans le code : Léa Moreau" in meets(page, later.address, f"Authentique, au {today()}")
    digit = str((int(later.digits[9]) + 1) % 10)
    meets(page, f"{later.path}#{later.digits[:9]}{digit}{later.digits[10:]}", "Ce code a été changé")


def test_what_was_taken_back_is_known_without_network_since_the_last_visit(
    phone: Callable[..., Any], tunnel: Tunnel, live: Live, paper: Paper  # noqa: F811
) -> None:
    page = phone().new_page()
    page.goto(paper.path)
    page.evaluate(HELD)
    take_back(live)
    meets(page, paper.address, "Authentique, en partie")
    tunnel.cut()
    assert "N’est plus montrée" in meets(page, paper.address, "Authentique, en partie")


def test_what_the_phone_keeps_holds_nothing_about_anybody(
    phone: Callable[..., Any], tunnel: Tunnel, paper: Paper  # noqa: F811
) -> None:
    page = phone().new_page()
    meets(page, paper.address, f"Authentique, au {today()}")
    page.evaluate(HELD)
    assert page.evaluate(KEPT) == [
        ["sheets", "/static/app.css"], ["sheets", "/static/favicon.svg"], ["sheets", "/static/sheet.js"], ["sheets", "/v/"],
        ["sheets", "/v/cles.json"],
    ]
    texts = page.evaluate(TEXTS)
    assert "J’explique avec des mots simples" in texts
    for word in ("Lea", "Mandela", paper.path[3:], paper.digits):
        assert word not in texts
    assert page.evaluate("localStorage.length + document.cookie.length") == 0


def test_the_passport_kept_on_the_same_phone_has_no_part_in_it(
    phone: Callable[..., Any], tunnel: Tunnel, live: Live, paper: Paper  # noqa: F811
) -> None:
    """Two workers side by side; signing out takes everything away, and the next visit brings back what is nobody's."""
    page = phone().new_page()
    open_passport(page, live, "lea")
    meets(page, paper.address, f"Authentique, au {today()}")
    page.evaluate(HELD)
    kept = page.evaluate(KEPT)
    assert {where.split("/")[1] for name, where in kept if name == "pages"} == {"passeport", "ajouter", "carte"}
    tunnel.cut()
    meets(page, paper.address, f"Authentique, au {today()}")
    page.goto("/passeport")
    expect(page.get_by_text("Service civique à la médiathèque").first).to_be_visible(timeout=12_000)
    tunnel.mend()
    page.goto("/menu")
    page.locator("[action='/fermer'] button").click()
    page.wait_for_url(lambda url: "/menu" not in url)
    assert page.evaluate(KEPT) == []
    meets(page, paper.address, f"Authentique, au {today()}")
    page.evaluate(HELD)
    assert {name for name, _where in page.evaluate(KEPT)} == {"sheets"}
    tunnel.cut()
    meets(page, paper.address, f"Authentique, au {today()}")


def test_its_code_is_read_from_paper(live: Live, paper: Paper, open_browser: Callable[..., Any]) -> None:
    """40 mm with its margin, at 300 dots per inch, as a printer makes it."""
    page = open_browser("lea", scale=DOTS / 96)
    page.goto("/montrer")
    page.get_by_role("link", name="Feuille du").first.click()
    page.emulate_media(media="print")
    code = page.locator("svg.paper")
    assert round(code.bounding_box()["width"] * 25.4 / 96, 1) == 40.0
    taken = np.array(Image.open(io.BytesIO(code.screenshot())).convert("L"))
    assert abs(taken.shape[0] - 40 / 25.4 * DOTS) < 3
    (found,) = zxingcpp.read_barcodes(taken)
    assert found.text == f"{live.url}{paper.address}"


def test_five_competencies_fill_one_page(live: Live, paper: Paper, open_browser: Callable[..., Any]) -> None:
    with live.app.app_context():
        multiply(live.cast, 8)
        sign_all()
        found = sheet_queries.printable(live.cast["lea"], clock.now())[:5]
        with transaction():
            made = sheets.make(live.cast["lea"], draft(*(p.recognised.id for p in found)), clock.now())
        path, size = f"/feuille/{made.id}", made.size
        db.session.remove()
    assert size == 5
    page = open_browser("lea")
    page.goto(path)
    assert page.locator("main .list .stamp").count() == 5
    with pikepdf.open(io.BytesIO(page.pdf(prefer_css_page_size=True))) as printed:
        assert len(printed.pages) == 1


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("spot", [(0.36, 0.12), (0.12, 0.12), (0.5, 0.5), (0.6, 0.6)], ids=str)
def test_its_code_is_read_with_15_percent_of_it_covered(count: int, spot: tuple[float, float]) -> None:
    """By a white square, its corner at these parts of the sides; the three corners by which a code is found stay free."""
    signed = sheet_code.sign(content(*map(line, range(count))), PRIVATE, KEY)
    text, digits = f"{ADDRESS}#", sheet_code.digits(signed)
    dark = np.array(drawings.qr_matrix(text, digits))
    side, dots = len(dark), round(40 / 25.4 * DOTS)
    drawn = np.full((side + 8, side + 8), 255, np.uint8)
    drawn[4:-4, 4:-4] = np.where(dark, 0, 255)
    large = Image.fromarray(drawn).resize((4 * dots, 4 * dots), Image.Resampling.NEAREST)
    printed = np.array(large.resize((dots, dots), Image.Resampling.BOX))
    module = dots / (side + 8)
    left, top = (round((4 + part * side) * module) for part in spot)
    blot = round(0.15 ** 0.5 * side * module)
    printed[top:top + blot, left:left + blot] = 255
    (found,) = zxingcpp.read_barcodes(printed)
    assert found.text == text + digits
