"""Without network: what is written stays on the phone and arrives once; what is kept there is one person's, and goes."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from passport import clock
from passport.experiences.models import Experience
from passport.extensions import db
from tests import build
from tests.browser.conftest import Live, Windows

pytestmark = pytest.mark.browser


READY = """async () => {
  for (let n = 0; n < 200; n++) {
    const name = (await caches.keys()).find(each => each.startsWith("pages "));
    if (name && (await (await caches.open(name)).keys()).length === 3 && navigator.serviceWorker.controller) return;
    await new Promise(next => setTimeout(next, 50));
  }
  throw new Error("the phone never held its pages");
}"""


class Tunnel:
    """A line to the server that can be cut: it then takes every byte and carries none, and the browser believes in it."""

    def __init__(self, url: str) -> None:
        self.server = (str(urlsplit(url).hostname), urlsplit(url).port or 80)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        self.open = threading.Event()
        self.open.set()
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self.door.accept()
            except OSError:
                return
            far = socket.create_connection(self.server)
            self.lines += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                self.open.wait()
                other.sendall(data)
        except OSError:
            pass
        for line in (one, other):
            line.close()

    def cut(self) -> None:
        """Carry nothing from now on."""
        self.open.clear()

    def mend(self) -> None:
        """Carry again; what was on its way is lost, as where a phone changes its mast."""
        for line in self.lines:
            line.close()
        self.lines.clear()
        self.open.set()

    def close(self) -> None:
        """Take the line away."""
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
    page.goto("/echanges")
    assert "Cette page n’est pas gardée" in page.locator("main").inner_text()
    assert "Sans réseau deux" in page.locator("main").inner_text()
    assert experiences(live, "lea") == before
    context.set_offline(False)
    page.goto("/passeport")
    expect(page.locator("#waiting")).to_be_hidden()
    assert experiences(live, "lea") == sorted([*before, "Sans réseau un", "Sans réseau deux"])
