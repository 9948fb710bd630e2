"""Without network: what is written stays on the phone and arrives once; what is kept there is one person's, and goes."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect

from passport import clock
from passport.accounts.service import set_language
from passport.experiences.models import Evidence, Experience
from passport.extensions import db
from passport.feedback.models import AuthoredText, AuthoredVersion, Feedback
from passport.feedback.service import answer
from passport.sharing.models import Share
from tests import build, world
from tests.browser.conftest import ARGUMENTS, CHROMIUM, PHONE, Live
from tests.browser.test_unsent import end_sessions_of
from tests.pictures import telling

pytestmark = pytest.mark.browser


READY = """async () => {
  for (let n = 0; n < 200; n++) {
    const name = (await caches.keys()).find(each => each.startsWith("pages "));
    if (name && (await (await caches.open(name)).keys()).length === 3 && navigator.serviceWorker.controller) return;
    await new Promise(next => setTimeout(next, 50));
  }
  throw new Error("the phone never held its pages");
}"""

LEFT = """async () => [
  await caches.keys(), await indexedDB.databases(), localStorage.length,
  (await navigator.serviceWorker.getRegistrations()).length,
]"""
EMPTY = [[], [], 0, 0]
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) found.push([name.split(" ")[0], new URL(url).pathname]);
  }
  return found;
}"""


class Tunnel:
    """A line to the server that can be cut: it then takes every byte and carries none, and the browser believes in it."""

    def __init__(self, url: str) -> None:
        self.server = (str(urlsplit(url).hostname), urlsplit(url).port or 80)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        self.there, self.back = threading.Event(), threading.Event()
        self.there.set()
        self.back.set()
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self.door.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.server)
            except OSError:   # the server has gone
                near.close()
                return
            self.lines += [near, far]
            for one, other, is_open in ((near, far, self.there), (far, near, self.back)):
                threading.Thread(target=self._carry, args=(one, other, is_open), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, is_open: threading.Event) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                is_open.wait()
                other.sendall(data)
        for line in (one, other):
            line.close()

    def cut(self, back_only: bool = False) -> None:
        """Carry nothing from now on, or no answer."""
        self.back.clear()
        if not back_only:
            self.there.clear()

    def mend(self) -> None:
        """Carry again; what was on its way is lost, as where a phone changes its mast."""
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self.lines.clear()
        self.there.set()
        self.back.set()

    def go_on(self) -> None:
        """Carry again, and first what was held back: a line that was only slow."""
        self.there.set()
        self.back.set()

    def close(self) -> None:
        """Take the line away."""
        with suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)   # who waits for the next line wakes up
        self.door.close()
        self.mend()


@pytest.fixture
def tunnel(live: Live) -> Iterator[Tunnel]:
    """A line between the browser and the server."""
    line = Tunnel(live.url)
    live.app.config["PUBLIC_URL"] = line.url
    yield line
    line.close()


@pytest.fixture
def phone(chromium: Any, live: Live, tunnel: Tunnel) -> Iterator[Callable[..., Any]]:
    """A function that opens a new phone at the near end of the line; its console may complain of the network."""
    opened: list[Any] = []

    def new_phone(**more: Any) -> Any:
        context = chromium.new_context(base_url=tunnel.url, locale="fr-FR", viewport={"width": 360, "height": 740},
                                       reduced_motion="reduce", **more)
        context.set_default_timeout(12_000)
        opened.append(context)
        return context

    yield new_phone
    for context in opened:
        context.close()


def open_passport(page: Any, live: Live, name: str, device: str = "C’est le mien") -> None:
    """Sign in by the form, saying whose phone it is, and wait until it holds what it may."""
    page.goto("/ouvrir")
    page.get_by_label("Identifiant").fill(live.identifiers[name])
    page.get_by_label("Phrase de passe").fill(build.PASSPHRASE)
    if device:
        page.get_by_label(device).check()
    page.locator("main").get_by_role("button", name="Ouvrir").click()
    page.wait_for_url("**/passeport")
    if device == "C’est le mien":
        page.evaluate(READY)


def experiences(live: Live, name: str) -> list[str]:
    """Return the titles that the server keeps of one person, sorted."""
    with live.app.app_context():
        found = db.session.scalars(sa.select(Experience.title).where(Experience.learner_id == live.cast[name])).all()
        db.session.remove()
    return sorted(found)


def write(page: Any, title: str) -> None:
    """Write an experience and try to send it."""
    page.goto("/ajouter")
    page.get_by_label("En une phrase").fill(title)
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()


def arrives(live: Live, name: str, title: str) -> None:
    """Wait until an experience has arrived, and see that it did once."""
    until = time.monotonic() + 10
    while title not in experiences(live, name):
        assert time.monotonic() < until, "it never arrived"
        time.sleep(0.05)
    assert experiences(live, name).count(title) == 1


def pieces(live: Live) -> list[Any]:
    """Return what lies beside Léa's experience."""
    with live.app.app_context():
        found = list(db.session.scalars(sa.select(Evidence).where(Evidence.experience_id == live.cast["lea_x"])))
        db.session.remove()
    return found


def arrives_piece(live: Live) -> None:
    """Wait until something lies beside Léa's experience."""
    until = time.monotonic() + 10
    while not pieces(live):
        assert time.monotonic() < until, "it never arrived"
        time.sleep(0.05)


def filled(live: Live) -> None:
    """Let every state stand, and a feedback to Léa that she has not read."""
    with live.app.app_context():
        now = clock.now()
        world.fill(live.cast, now)
        x = build.experience(live.cast["lea"], "Un tournoi", now - 50 * world.H)
        live.cast.ids["tournament"] = x.id
        asked = world.ask(live.cast, "lea", "tournament", "karim", now - 40 * world.H)
        live.cast.ids["unread"] = world.answer(live.cast, asked, "karim", now - 30 * world.H).id
        db.session.commit()
        db.session.remove()


def reply_of(live: Live) -> str | None:
    """Return what Léa answered to that feedback."""
    with live.app.app_context():
        reply = db.session.get_one(Feedback, live.cast["unread"]).reply
        db.session.remove()
    return reply


def feedback_of(live: Live) -> list[str]:
    """Return the words of the feedback that Nadia was asked for."""
    with live.app.app_context():
        found = list(db.session.scalars(
            sa.select(AuthoredVersion.words).join(Feedback, Feedback.text_id == AuthoredVersion.text_id)
            .where(Feedback.request_id == live.cast["request"])))
        db.session.remove()
    return found


def is_closed(live: Live) -> bool:
    """Say whether Léa's link is closed."""
    with live.app.app_context():
        closed = db.session.get_one(Share, live.cast["share"]).revoked_at is not None
        db.session.remove()
    return closed


# Before the phone has looked, a page says nothing of what waits: that nothing does is asked of the phone itself.
EMPTIED = """async () => {
  for (let n = 0; n < 400; n++) {
    if (!(await outbox.every()).length) return;
    await new Promise(next => setTimeout(next, 50));
  }
  throw new Error("something still waits");
}"""


def test_write_offline_close_reopen_reconnect(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    before = experiences(live, "lea")
    context.set_offline(True)
    page.goto("/passeport")
    expect(page.locator("#version")).to_contain_text("Version du")
    write(page, "Sans réseau un")
    write(page, "Sans réseau deux")
    page.close()
    page = context.new_page()
    page.goto("/passeport")
    expect(page.locator("#waiting")).to_contain_text("2")
    expect(page.locator("#life > .waits h3")).to_have_text(["Sans réseau deux", "Sans réseau un"])
    page.goto("/echanges")
    expect(page.locator("main")).to_contain_text("Cette page n’est pas gardée", use_inner_text=True)
    expect(page.locator("main")).to_contain_text("Sans réseau deux", use_inner_text=True)
    assert experiences(live, "lea") == before
    context.set_offline(False)
    page.goto("/passeport")
    page.evaluate(EMPTIED)
    expect(page.locator("#waiting")).to_be_hidden()
    assert experiences(live, "lea") == sorted([*before, "Sans réseau un", "Sans réseau deux"])
    with live.app.app_context():
        claimed = list(db.session.scalars(sa.select(Experience.claimed_at).where(Experience.title.startswith("Sans réseau"))))
        db.session.remove()
    assert len(claimed) == 2
    assert None not in claimed, "the phone says when it was written"


def test_a_line_that_is_up_and_carries_nothing(live: Live, phone: Callable[..., Any], tunnel: Tunnel) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    before = experiences(live, "lea")
    page.goto("/ajouter")
    page.get_by_label("En une phrase").fill("Dans un tunnel")
    tunnel.cut()
    assert page.evaluate("navigator.onLine") is True
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    page.close()
    page = context.new_page()
    page.goto("/passeport")
    expect(page.locator("#version")).to_be_visible()
    expect(page.locator("#waiting")).to_contain_text("1")
    tunnel.mend()
    page.goto("/passeport")
    expect(page.locator("#version")).to_be_hidden()
    page.evaluate(EMPTIED)
    expect(page.locator("#waiting")).to_be_hidden(timeout=30_000)
    assert experiences(live, "lea") == sorted([*before, "Dans un tunnel"])


def test_an_answer_that_is_lost_is_no_second_sending(live: Live, phone: Callable[..., Any], tunnel: Tunnel) -> None:
    page = phone().new_page()
    open_passport(page, live, "lea")
    before = experiences(live, "lea")
    page.goto("/ajouter")
    page.get_by_label("En une phrase").fill("Arrivée sans réponse")
    tunnel.cut(back_only=True)
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    assert "Arrivée sans réponse" in experiences(live, "lea")
    tunnel.mend()
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    assert experiences(live, "lea") == sorted([*before, "Arrivée sans réponse"])


def test_what_waits_outlives_the_browser(live: Live, chromium: Any, tunnel: Tunnel, tmp_path: Any) -> None:
    def start() -> Any:
        context = chromium.browser_type.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=ARGUMENTS, base_url=tunnel.url, locale="fr-FR",
            viewport=PHONE)
        context.set_default_timeout(12_000)
        return context

    context = start()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "Avant de redémarrer")
    context.close()
    assert "Avant de redémarrer" not in experiences(live, "lea")
    context = start()
    page = context.new_page()
    page.goto("/passeport")
    page.evaluate(EMPTIED)
    expect(page.locator("#waiting")).to_be_hidden()
    assert experiences(live, "lea").count("Avant de redémarrer") == 1
    context.close()


def test_background_sync_sends_while_no_page_is_open(live: Live, phone: Callable[..., Any]) -> None:
    """As the browser does once the line is back: here it is told to."""
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "Envoyé par l’arrière")
    assert page.evaluate("navigator.serviceWorker.ready.then(worker => worker.sync.getTags())") == ["outbox"]
    page.goto("about:blank")
    context.set_offline(False)
    page.goto("/static/favicon.svg")
    tell_worker(page, live)
    arrives(live, "lea", "Envoyé par l’arrière")


def tell_worker(page: Any, live: Live) -> None:
    """Let the worker send what waits, as the browser does once the line is back."""
    versions: list[dict[str, Any]] = []
    devtools = page.context.new_cdp_session(page)
    devtools.on("ServiceWorker.workerVersionUpdated", lambda said: versions.extend(said["versions"]))
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda said: versions.extend(said["registrations"]))
    devtools.send("ServiceWorker.enable")
    page.wait_for_timeout(200)
    devtools.send("ServiceWorker.dispatchSyncEvent", {
        "origin": live.app.config["PUBLIC_URL"], "registrationId": versions[0]["registrationId"], "tag": "outbox",
        "lastChance": False})


@pytest.mark.parametrize("by", ["the page", "the worker"])
def test_what_has_arrived_is_said_on_every_open_page(live: Live, phone: Callable[..., Any], by: str) -> None:
    """In the place of its form, and above the life in years; no page is loaded anew, each leads there."""
    context = phone()
    page, other, away = (context.new_page() for _ in range(3))
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "Un <b>grand</b> tournoi")
    other.goto("/passeport")
    expect(other.locator("#waiting")).to_contain_text("1")
    expect(other.locator("#arrived")).to_be_empty()
    away.goto("/echanges")   # in its place, the page of what waits
    expect(away.locator("#entries > li")).to_have_count(1)
    for each in (page, other):
        each.evaluate("window.same = true")
        if by == "the worker":
            each.route("**/envois/cle", lambda route: route.abort())   # what the page itself tries comes to nothing
    context.set_offline(False)
    if by == "the worker":
        tell_worker(other, live)
    note = page.get_by_role("status").filter(has_text="C’est envoyé : « Un <b>grand</b> tournoi »")
    expect(note).to_be_visible(timeout=30_000)
    expect(note).to_be_focused()
    expect(page.get_by_text("Gardé sur ce téléphone, pas encore envoyé")).to_be_hidden()
    said = other.get_by_role("status").filter(has_text="C’est envoyé : « Un <b>grand</b> tournoi »")
    expect(said).to_be_visible()
    expect(other.locator("#waiting")).to_be_hidden()
    expect(other.locator("#life > .waits")).to_have_count(0)
    expect(away.locator("#none")).to_be_visible()
    expect(away.locator("#entries")).to_be_hidden()
    assert [each.evaluate("window.same") for each in (page, other)] == [True, True]
    assert experiences(live, "lea").count("Un <b>grand</b> tournoi") == 1
    assert Axe().run(other).response["violations"] == []
    said.get_by_role("link", name="Un <b>grand</b> tournoi").click()
    other.wait_for_url("**/gardee")
    expect(other.locator("main")).to_contain_text("Un <b>grand</b> tournoi")


def test_what_is_kept_is_quoted_by_its_first_words(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    for written, quoted in (("é" * 60, "é" * 60), ("🎺" * 61, "🎺" * 60 + "…")):
        write(page, written)
        note = page.locator("main [role=status]").filter(has_text="Gardé")
        expect(note).to_contain_text(f"« {quoted} »", use_inner_text=True)
        assert note.get_by_role("link").all_inner_texts() == ["Voir ce qui attend"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_link_that_is_closed_at_last_is_no_longer_said_to_stay_open(live: Live, phone: Callable[..., Any]) -> None:
    filled(live)
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto("/montrer")
    still = page.get_by_text("Ce lien reste ouvert jusqu’au retour du réseau").first
    context.set_offline(True)
    page.get_by_role("button", name="Fermer ce lien").first.click()
    expect(still).to_be_visible()
    context.set_offline(False)
    note = page.locator("#links [role=status]")
    expect(note).to_contain_text("C’est envoyé : « Fermer le lien", use_inner_text=True, timeout=30_000)
    expect(still).to_be_hidden()
    assert is_closed(live)
    note.get_by_role("link").click()
    expect(page.locator("#links")).to_contain_text("Fermé le", use_inner_text=True)


def answered_elsewhere(live: Live, phone: Callable[..., Any]) -> Any:
    """Let Léa answer from her phone without network, and meanwhile otherwise from a computer; return her phone, connected."""
    filled(live)
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto(f"/retour/{live.cast['unread']}")
    page.get_by_label("Ma réponse").fill("Depuis le téléphone")
    context.set_offline(True)
    page.get_by_role("button", name="Répondre").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    with live.app.app_context():
        answer(db.session.get_one(Feedback, live.cast["unread"]), "Depuis l’ordinateur", clock.now())
        db.session.commit()
        db.session.remove()
    context.set_offline(False)
    return page


def test_what_is_refused_after_all_is_said_where_it_was_written(live: Live, phone: Callable[..., Any]) -> None:
    page = answered_elsewhere(live, phone)
    note = page.locator("main [role=status]").filter(has_text="À revoir")
    expect(note).to_contain_text("« Depuis le téléphone »", use_inner_text=True, timeout=30_000)
    expect(page.get_by_text("Gardé sur ce téléphone")).to_be_hidden()
    note.get_by_role("link", name="Voir ce qui attend").click()
    expect(page.locator("#entries > li")).to_contain_text("Depuis le téléphone")


@pytest.mark.parametrize(("language", "said"), [("fr", ["24 novembre à 16 h 05", "1 décembre à 9 h 05"]),
                                                ("en", ["November 24 at 04:05 PM", "December 1 at 09:05 AM"])])
def test_the_hour_is_said_as_people_do(live: Live, phone: Callable[..., Any], language: str, said: list[str]) -> None:
    with live.app.app_context():
        set_language(live.cast["lea"], language)
        db.session.commit()
        db.session.remove()
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.route("**/envois/cle", lambda route: route.abort())
    page.evaluate("""async () => {
      for (const [n, made] of [new Date(2026, 10, 24, 16, 5), new Date(2026, 11, 1, 9, 5)].entries()) {
        await outbox.keep({ key: String(n), account: document.body.dataset.account, url: location.href, fields: [],
          over: "Une expérience", words: "Un mot", made: made.getTime() });
      }
    }""")
    page.goto("/envois")
    expect(page.locator("[data-day]")).to_have_text(said)


def test_an_expired_session_keeps_it_until_its_writer_is_back(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "La session finit pendant ce temps")
    end_sessions_of(live, "lea")
    context.set_offline(False)
    page.goto("/passeport")
    page.wait_for_url("**/ouvrir**")
    assert page.evaluate("caches.keys().then(names => names.filter(name => name.startsWith('pages ')))") == []
    page.goto("/envois")
    expect(page.locator("#closed")).to_contain_text("1")
    assert "La session finit" not in page.locator("main").inner_text()
    assert "La session finit pendant ce temps" not in experiences(live, "lea")
    open_passport(page, live, "lea")
    arrives(live, "lea", "La session finit pendant ce temps")


def test_another_account_on_the_same_phone(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "Les mots de Léa")
    end_sessions_of(live, "lea")
    context.set_offline(False)
    open_passport(page, live, "tom")
    expect(page.locator("#waiting")).to_be_hidden()
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    assert "Les mots de Léa" not in page.content()
    for path in ("/passeport", "/ajouter", "/carte"):
        page.goto(path)
    page.evaluate("outbox.leave()")   # as the worker would, whoever is signed in
    context.set_offline(True)
    page.goto("/passeport")
    expect(page.locator("main")).to_contain_text("Bonjour Tom", use_inner_text=True)
    context.set_offline(False)
    page.goto("/menu")
    page.get_by_role("button", name="Se déconnecter").click()   # no warning: what waits is not his
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    assert all("Les mots de Léa" not in experiences(live, name) for name in ("lea", "tom"))
    open_passport(page, live, "lea")
    arrives(live, "lea", "Les mots de Léa")
    assert "Les mots de Léa" not in experiences(live, "tom")


def test_signing_out_with_something_unsent(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto("/menu")
    context.route("**/ajouter", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    write(page, "Pas encore partie")
    page.goto("/menu")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", name="Quelque chose attend encore sur ce téléphone")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    assert len(page.evaluate("outbox.every()")) == 1
    page.get_by_role("button", name="Me déconnecter quand même").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    assert page.evaluate(LEFT) == EMPTY
    page.go_back()
    page.wait_for_url("**/ouvrir**")
    open_passport(page, live, "lea")
    assert "Pas encore partie" not in experiences(live, "lea")


def test_signing_out_without_network_lets_go_of_the_copies_alone(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.route("**/ajouter", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    write(page, "Écrite avant de partir")
    page.goto("/menu")
    context.set_offline(True)
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("alert").filter(has_text="le passeport reste ouvert ici")).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()
    assert [name for name, _ in page.evaluate(KEPT) if name == "pages"] == []
    assert [entry["words"] for entry in page.evaluate("outbox.every()")] == ["Écrite avant de partir"]
    page.goto("/passeport")
    expect(page.locator("main")).to_contain_text("Cette page n’est pas gardée", use_inner_text=True)
    context.set_offline(False)
    page.goto("/menu")
    page.get_by_role("button", name="Se déconnecter").click()
    page.get_by_role("button", name="Me déconnecter quand même").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    assert page.evaluate(LEFT) == EMPTY


def test_a_photo_waits_reduced_and_arrives_once(live: Live, phone: Callable[..., Any], tmp_path: Any) -> None:
    (tmp_path / "salle.jpg").write_bytes(telling(6, width=3200, height=2400))
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto(f"/experience/{live.cast['lea_x']}/joindre")
    page.get_by_label("Une photo ou un document").set_input_files(tmp_path / "salle.jpg")
    page.get_by_label("Ce qu’on y voit").fill("La salle vide")
    large = (tmp_path / "salle.jpg").stat().st_size
    page.wait_for_function("large => document.querySelector('input[type=file]').files[0].size < large", arg=large)
    context.set_offline(True)
    page.locator("main").get_by_role("button", name="Ajouter", exact=True).click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    assert pieces(live) == []
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    page.goto("/envois")
    kept, = pieces(live)
    assert (kept.kind, kept.caption) == ("photo", "La salle vide")


def test_a_photo_in_a_tunnel(live: Live, phone: Callable[..., Any], tunnel: Tunnel, tmp_path: Any) -> None:
    """The line takes its bytes and carries none; the answer to a first sending is lost: the photo is there once."""
    (tmp_path / "salle.jpg").write_bytes(telling(6, width=1600, height=1200))
    page = phone().new_page()
    page.clock.install()
    open_passport(page, live, "lea")
    page.goto(f"/experience/{live.cast['lea_x']}/joindre")
    page.get_by_label("Une photo ou un document").set_input_files(tmp_path / "salle.jpg")
    tunnel.cut(back_only=True)
    page.locator("main").get_by_role("button", name="Ajouter", exact=True).click()
    arrives_piece(live)
    page.clock.fast_forward(25_000)
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    tunnel.mend()
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    assert len(pieces(live)) == 1


def test_a_reply_a_feedback_and_the_end_of_a_link(live: Live, phone: Callable[..., Any]) -> None:
    filled(live)
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    context.set_offline(False)
    page.goto(f"/retour/{live.cast['unread']}")
    page.get_by_label("Ma réponse").fill("En me mettant à leur place")
    context.set_offline(True)
    page.get_by_role("button", name="Répondre").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    page.goto("/montrer")
    context.set_offline(True)
    page.get_by_role("button", name="Fermer ce lien").first.click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    assert not is_closed(live)
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    assert is_closed(live)
    assert reply_of(live) == "En me mettant à leur place"

    context = phone()
    page = context.new_page()
    open_passport(page, live, "nadia")
    page.goto(f"/on-me-demande/{live.cast['request']}")
    page.get_by_label("Ce que j’ai vu").fill("Elle laisse la souris aux autres.")
    context.set_offline(True)
    page.get_by_role("button", name="Envoyer", exact=False).first.click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    page.goto("/envois")
    expect(page.locator("#entries")).to_contain_text("Elle laisse la souris aux autres.", use_inner_text=True)
    expect(page.locator("#entries")).to_contain_text("Un retour pour Lea", use_inner_text=True)
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    assert feedback_of(live) == ["Elle laisse la souris aux autres."]


def test_what_bothers_waits_on_the_phone_and_hides_the_text_once_it_arrives(live: Live, phone: Callable[..., Any]) -> None:
    filled(live)
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto(f"/retour/{live.cast['unread']}")
    page.get_by_role("link", name="Ça me dérange").click()
    page.get_by_text("Cacher ce texte").wait_for()
    context.set_offline(True)
    page.get_by_role("button", name="Cacher ce texte").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    context.set_offline(False)
    page.evaluate(EMPTIED)
    with live.app.app_context():
        text_id = db.session.get_one(Feedback, live.cast["unread"]).text_id
        assert db.session.get_one(AuthoredText, text_id).hidden_at is not None
        db.session.remove()


def test_what_the_passport_refuses_is_shown_and_stays(live: Live, phone: Callable[..., Any]) -> None:
    """Léa answers from her phone without network, and meanwhile otherwise from a computer: the first words stand."""
    page = answered_elsewhere(live, phone)
    page.goto("/envois")
    row = page.locator("#entries > li")
    expect(row).to_contain_text("À revoir : le passeport", use_inner_text=True)
    expect(row).to_contain_text("Depuis le téléphone")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    row.get_by_role("button", name="Envoyer maintenant").click()
    page.wait_for_url(f"**/retour/{live.cast['unread']}")
    expect(page.locator("main")).to_contain_text("Une seule réponse suffit", use_inner_text=True)
    assert reply_of(live) == "Depuis l’ordinateur"
    page.goto("/envois")
    row.get_by_text("Effacer de ce téléphone").click()
    row.get_by_role("button", name="Effacer").click()
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    assert page.evaluate("outbox.every()") == []


def test_what_is_a_week_old_no_longer_leaves_by_itself(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "Écrite il y a longtemps")
    page.evaluate("""async () => {
      const [entry] = await outbox.every();
      await outbox.keep({ ...entry, made: entry.made - 8 * 24 * 3600 * 1000 });
    }""")
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#entries")).to_contain_text("écrit il y a plus de 7 jours", use_inner_text=True)
    assert "Écrite il y a longtemps" not in experiences(live, "lea")
    page.get_by_role("button", name="Envoyer maintenant").click()
    page.wait_for_url("**/gardee")
    assert experiences(live, "lea").count("Écrite il y a longtemps") == 1
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)


def test_three_pages_and_no_other_are_kept_for_a_week(live: Live, phone: Callable[..., Any]) -> None:
    filled(live)
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    for path in ("/passeport?q=atelier", "/echanges", "/menu", f"/experience/{live.cast['lea_x']}", "/montrer"):
        page.goto(path)
    link = page.locator("#links a").first.get_attribute("href")
    page.goto(link)
    opened = urlsplit(page.locator("main [data-copy]").first.get_attribute("data-copy")).path
    assert page.goto(opened).ok
    assert opened.startswith("/s/")
    page.goto("/ajouter")
    kept = page.evaluate(KEPT)
    assert sorted(path for name, path in kept if name == "pages") == ["/ajouter", "/carte", "/passeport"]
    assert {path for name, path in kept if name == "shell" and not path.startswith("/static/")} == {"/envois"}
    page.evaluate("""async () => {
      for (const name of (await caches.keys()).filter(each => each.startsWith("pages "))) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          const page = await cache.match(request);
          const headers = new Headers(page.headers);
          headers.set("Kept-At", Date.now() - 7 * 24 * 3600 * 1000 - 1000);
          await cache.put(request, new Response(await page.text(), { headers }));
        }
      }
    }""")
    context.set_offline(True)
    page.goto("/passeport")
    expect(page.locator("main")).to_contain_text("Cette page n’est pas gardée", use_inner_text=True)
    assert [path for name, path in page.evaluate(KEPT) if name == "pages"] == []
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        page.goto(opened)   # not even the page of what waits answers in the place of a link


def test_a_shared_device_keeps_nothing(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    page.clock.install()
    open_passport(page, live, "lea", "Il est partagé")
    page.goto("/ajouter")
    page.get_by_label("En une phrase").fill("Sur un ordinateur partagé")
    context.set_offline(True)
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#trouble")).to_be_visible()
    assert page.get_by_label("En une phrase").input_value() == "Sur un ordinateur partagé"
    assert page.evaluate(LEFT) == EMPTY
    context.set_offline(False)
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.wait_for_url("**/gardee")
    assert page.evaluate(LEFT) == EMPTY
    page.goto("/menu")
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    page.go_back()
    page.wait_for_url("**/ouvrir**")
    assert page.evaluate(LEFT) == EMPTY
    assert [c["expires"] for c in context.cookies()] in ([], [-1])


def test_a_shared_device_left_alone_shows_the_sign_in_page(
    live: Live, phone: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = phone().new_page()
    page.clock.install()
    open_passport(page, live, "lea", "Il est partagé")
    page.clock.fast_forward("08:00")
    page.keyboard.press("Shift")
    page.clock.fast_forward("08:00")
    assert page.url.endswith("/passeport")
    later = clock.now() + dt.timedelta(minutes=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    page.clock.fast_forward("03:00")
    page.wait_for_url("**/ouvrir**")


def test_a_phone_lent_out_keeps_nothing_of_whoever_borrows_it(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    end_sessions_of(live, "lea")
    open_passport(page, live, "tom", "Il est partagé")
    page.goto("/ajouter")
    page.goto("/passeport")
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def test_the_first_visit_is_light(live: Live, phone: Callable[..., Any]) -> None:
    """As a server sends it, compressed; the manifest, icons and worker come after the page, or not at all."""
    page = phone().new_page()
    answers: list[Any] = []
    page.on("response", lambda each: answers.append(each))
    page.goto("/", wait_until="load")
    before = list(answers)
    paths = sorted(urlsplit(a.url).path for a in before)
    assert len(before) <= 5, paths
    assert not any("sw.js" in path or "outbox" in path for path in paths)
    assert sum(len(brotli.compress(a.body(), quality=5)) for a in before) <= 45_000


def test_it_can_be_installed(live: Live, phone: Callable[..., Any]) -> None:
    page = phone().new_page()
    open_passport(page, live, "lea")
    devtools = page.context.new_cdp_session(page)
    said = devtools.send("Page.getAppManifest")
    assert said["errors"] == []
    assert '"Carnet"' in said["data"]
    errors = [each["errorId"] for each in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert [each for each in errors if each != "in-incognito"] == []


def test_what_a_network_of_somebody_elses_answers_is_no_arrival(live: Live, phone: Callable[..., Any]) -> None:
    """A hotel or a train that wants its own page read first says 200 to everything."""
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto("/ajouter")
    page.get_by_label("En une phrase").fill("Dans un train")
    context.route("**/*", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Bienvenue à bord</h1>"))
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    context.unroute_all()
    assert len(page.evaluate("caches.keys()")) == 2
    page.goto("/passeport")
    arrives(live, "lea", "Dans un train")
    page.goto("/ajouter")
    page.get_by_label("En une phrase").fill("Arrivée au quai")
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.wait_for_url("**/gardee")
    arrives(live, "lea", "Arrivée au quai")


def test_without_network_it_speaks_the_language_of_the_account(live: Live, phone: Callable[..., Any]) -> None:
    with live.app.app_context():
        set_language(live.cast["lea"], "en")
        db.session.commit()
        db.session.remove()
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.evaluate("""async () => {
      for (let n = 0; n < 200; n++) {
        const away = await caches.match("/envois");
        if (away?.headers.get("Kept-From").endsWith("?lang=en")) return;
        await new Promise(next => setTimeout(next, 50));
      }
      throw new Error("never in English");
    }""")
    context.set_offline(True)
    page.goto("/echanges")
    expect(page.locator("main")).to_contain_text("This page is not kept on this phone", use_inner_text=True)


def test_an_answer_that_comes_late_still_ends_the_copies(
    live: Live, phone: Callable[..., Any], tunnel: Tunnel
) -> None:
    """The line is slow and the session was ended elsewhere: the copy is shown this once, and let go of."""
    page = phone().new_page()
    open_passport(page, live, "lea")
    end_sessions_of(live, "lea")
    tunnel.cut(back_only=True)
    page.goto("/passeport")
    expect(page.locator("#version")).to_be_visible()
    assert [name for name, _ in page.evaluate(KEPT) if name == "pages"] == ["pages"] * 3
    tunnel.go_on()
    page.evaluate("""async () => {
      for (let n = 0; n < 100; n++) {
        if (!(await caches.keys()).some(name => name.startsWith("pages "))) return;
        await new Promise(next => setTimeout(next, 50));
      }
      throw new Error("the copies stayed");
    }""")


def test_no_draft_of_what_is_already_on_its_way(live: Live, phone: Callable[..., Any]) -> None:
    filled(live)
    context = phone()
    page = context.new_page()
    page.clock.install()
    open_passport(page, live, "lea")
    page.goto(f"/retour/{live.cast['unread']}")
    page.get_by_label("Ma réponse").fill("Merci")
    drafts: list[str] = []
    context.on("request", lambda request: drafts.append(request.url) if "/brouillon/" in request.url else None)
    context.set_offline(True)
    page.get_by_role("button", name="Répondre").click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    page.clock.fast_forward(3_000)
    page.clock.run_for(100)
    assert drafts == []
    expect(page.locator("#trouble")).to_be_hidden()


def test_suggestions_that_do_not_come_are_no_trouble(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto("/ajouter")
    page.get_by_text("Ajouter des détails").click()
    context.set_offline(True)
    with page.expect_event("requestfailed", lambda request: "/organisations" in request.url):
        page.get_by_label("Avec qui").press_sequentially("Les")
    page.evaluate("new Promise(done => setTimeout(done, 100))")
    expect(page.locator("#trouble")).to_be_hidden()


def test_what_is_taken_back_waits_behind_nothing(
    live: Live, phone: Callable[..., Any], tmp_path: Any
) -> None:
    """A photo cannot leave; the link that was closed later, and eight days ago, closes all the same."""
    filled(live)
    (tmp_path / "salle.jpg").write_bytes(telling(6, width=60, height=40))
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    page.goto(f"/experience/{live.cast['lea_x']}/joindre")
    page.get_by_label("Une photo ou un document").set_input_files(tmp_path / "salle.jpg")
    context.route("**/joindre", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.locator("main").get_by_role("button", name="Ajouter", exact=True).click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    page.goto("/montrer")
    context.set_offline(True)
    still = page.get_by_text("Ce lien reste ouvert jusqu’au retour du réseau")
    expect(still.first).to_be_hidden()
    page.get_by_role("button", name="Fermer ce lien").first.click()
    page.get_by_text("Gardé sur ce téléphone, pas encore envoyé").wait_for()
    expect(still.first).to_be_visible()
    write(page, "Écrite en dernier")
    page.evaluate("""async () => {
      for (const entry of await outbox.every()) {
        if (entry.withdraws) await outbox.keep({ ...entry, made: entry.made - 8 * 24 * 3600 * 1000 });
        else if (entry.words === "salle.jpg") await outbox.keep({ ...entry, made: entry.made - 24 * 3600 * 1000 });
      }
    }""")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(urlsplit(request.url).path) if request.method == "POST" else None)
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#entries > li")).to_have_count(1, timeout=30_000)
    expect(page.locator("#entries > li")).to_contain_text("salle.jpg")
    assert is_closed(live)
    assert "Écrite en dernier" in experiences(live, "lea")
    tried = list(dict.fromkeys(path.rsplit("/", 1)[1] for path in asked))  # one that a new page cut off is tried again
    assert tried == ["fermer", "joindre", "ajouter"]


def search(page: Any) -> None:
    """Write an experience, and ask for its organisation by the button."""
    page.get_by_label("En une phrase").fill("Atelier numérique\navec les aînés")
    page.get_by_text("Ajouter des détails").click()
    page.get_by_label("Avec qui").fill("Les Jeunes")
    page.get_by_role("button", name="Chercher dans la liste").click()


def test_searching_within_the_form_keeps_what_was_written(live: Live, phone: Callable[..., Any]) -> None:
    """The search is no sending: on line it answers with the form, without network it says what it needs."""
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    before = experiences(live, "lea")
    page.goto("/ajouter")
    context.set_offline(True)
    search(page)
    expect(page.get_by_text("Chercher demande du réseau")).to_be_visible()
    assert page.get_by_label("En une phrase").input_value() == "Atelier numérique\navec les aînés"
    assert page.evaluate("outbox.every()") == []
    context.set_offline(False)
    with page.expect_navigation():
        page.get_by_role("button", name="Chercher dans la liste").click()
    assert page.get_by_label("En une phrase").input_value().splitlines() == ["Atelier numérique", "avec les aînés"]
    assert page.get_by_label("Avec qui").input_value() == "Les Jeunes"
    assert experiences(live, "lea") == before
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.wait_for_url("**/gardee")
    assert experiences(live, "lea") == sorted([*before, "Atelier numérique avec les aînés"])


def test_a_button_that_needs_the_network_says_so_and_loses_nothing(live: Live, phone: Callable[..., Any]) -> None:
    """« Plus tard », and every form that does not wait: the page stays, with what was written, and then leaves."""
    filled(live)
    context = phone()
    page = context.new_page()
    trouble = page.get_by_text("Cela n’est pas parti. Le texte est toujours là")
    open_passport(page, live, "nadia")
    page.goto(f"/on-me-demande/{live.cast['request']}")
    page.get_by_label("Ce que j’ai vu").fill("Elle laisse la souris aux autres.")
    context.set_offline(True)
    page.get_by_role("button", name="Plus tard").click()
    expect(trouble).to_be_visible()
    assert page.get_by_label("Ce que j’ai vu").input_value() == "Elle laisse la souris aux autres."
    assert page.evaluate("outbox.every()") == []
    context.set_offline(False)
    page.get_by_role("button", name="Plus tard").click()
    page.wait_for_url("**/on-me-demande")
    expect(page.locator("main")).to_contain_text("Le brouillon est gardé", use_inner_text=True)

    context = phone()
    page = context.new_page()
    trouble = page.get_by_text("Cela n’est pas parti. Le texte est toujours là")
    open_passport(page, live, "lea")
    page.goto(f"/experience/{live.cast['lea_x']}/recit")
    told = page.locator("main textarea").first
    told.fill("Une histoire\nen deux lignes")
    context.set_offline(True)
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    expect(trouble).to_be_visible()
    assert told.input_value() == "Une histoire\nen deux lignes"
    context.set_offline(False)
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name="Enregistrer").click()
    page.goto(f"/experience/{live.cast['lea_x']}")
    expect(page.locator("main")).to_contain_text("en deux lignes", use_inner_text=True)


def test_a_page_that_kept_nothing_is_no_arrival(live: Live, phone: Callable[..., Any]) -> None:
    """Whatever waits and is answered by a page of ours that does not say so stays, to be looked at."""
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "Répondue par un formulaire")
    page.evaluate("""async () => {
      const [entry] = await outbox.every();
      await outbox.keep({ ...entry, fields: [...entry.fields, ["search", "1"]] });
    }""")
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#entries > li")).to_contain_text("À revoir", use_inner_text=True)
    assert "Répondue par un formulaire" not in experiences(live, "lea")
    assert len(page.evaluate("outbox.every()")) == 1


def test_the_same_words_of_two_days_are_two_experiences(live: Live, phone: Callable[..., Any]) -> None:
    context = phone()
    page = context.new_page()
    open_passport(page, live, "lea")
    context.set_offline(True)
    write(page, "Match de hand")
    write(page, "Match de hand")
    context.set_offline(False)
    page.goto("/envois")
    expect(page.locator("#none")).to_be_visible(timeout=30_000)
    assert experiences(live, "lea").count("Match de hand") == 2
    for _ in range(2):
        page.goto("/ajouter")
        page.get_by_label("En une phrase").fill("Match de foot")
        page.locator("main").get_by_role("button", name="Enregistrer").click()
        page.wait_for_url("**/gardee")
    assert experiences(live, "lea").count("Match de foot") == 2


def test_the_way_back_on_ones_own_phone_sends_once(live: Live, phone: Callable[..., Any]) -> None:
    page = phone().new_page()
    open_passport(page, live, "lea")
    page.goto("/ajouter")
    page.get_by_label("En une phrase").fill("Écrite une fois")
    for _ in range(2):
        page.locator("main").get_by_role("button", name="Enregistrer").click()
        page.wait_for_url("**/gardee")
        page.go_back()
        page.wait_for_url("**/ajouter")
        page.get_by_label("En une phrase").fill("Écrite une fois")
    assert experiences(live, "lea").count("Écrite une fois") == 1
