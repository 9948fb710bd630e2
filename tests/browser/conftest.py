"""A real Chromium at phone size in front of a real server; any console error or outside request fails the test."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask, abort
from werkzeug.serving import WSGIRequestHandler, make_server

from passport import clock, create_app
from passport.accounts.factor_models import SecondFactor
from passport.accounts.rules import steps_at
from passport.extensions import db
from passport.headers import put_files_in_front
from passport.organisations.models import Membership
from passport.refusals import Refusal
from passport.seal import seal
from passport.web import Forbidden, public
from tests import build
from tests.browser.city import furnish
from tests.cast import Cast, make_cast
from tests.conftest import test_settings
from tests.reading import Reader

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--in-process-gpu", "--disable-sync", "--disable-dev-shm-usage"]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PHONE = {"width": 360, "height": 740}
LOCALES = {"fr": "fr-FR", "en": "en-GB"}


@dataclass
class Live:
    """The address of a running passport, its application, and the people in it."""

    url: str
    app: Flask
    cast: Cast
    identifiers: dict[str, str] = field(default_factory=dict)


class Quiet(WSGIRequestHandler):
    """Tells nobody of each request."""

    def make_environ(self) -> Any:
        """Return the request as if nothing compressed were wanted: a compressed copy may be older than its file."""
        environ = super().make_environ()
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        return environ

    def log_request(self, *_told: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(database: Path, make: Callable[[], Cast], **settings: Any) -> Iterator[Live]:
    """Put a passport with the people that `make` brings on a free port; the passphrase of all is `build.PASSPHRASE`."""
    from passport.accounts.models import Account
    from passport.accounts.service import hash_of

    app = create_app(test_settings(f"sqlite:///{database}", database.parent, WTF_CSRF_ENABLED=True, **settings))
    put_files_in_front(app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    url = app.config["PUBLIC_URL"] = f"http://127.0.0.1:{server.server_port}"
    with app.app_context():
        cast = make()
        db.session.query(Account).update({"password_hash": hash_of(build.PASSPHRASE)})
        db.session.commit()
        names = {n: a.identifier for n in cast.ids if (a := db.session.get(Account, cast[n])) and a.identifier}
        db.session.remove()
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    yield Live(url, app, cast, names)
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    """A server of its own for each test, with the cast in it."""
    shutil.copy(sqlite_template, tmp_path / "live.db")
    with serving(tmp_path / "live.db", lambda: with_applications(make_cast(clock.now()))) as running:
        yield running


@pytest.fixture(scope="session")
def city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One server for all tests that change nothing others read, in front of the city in which every state stands."""
    database = tmp_path_factory.mktemp("city") / "live.db"
    shutil.copy(sqlite_template, database)
    with serving(database, lambda: furnish(make_cast(clock.now()), clock.now()), PROPAGATE_FAULTS=False) as running:
        add_faults(running.app)
        yield running


def add_faults(app: Flask) -> None:
    """Let a server answer any status that is asked of it: `/faute/410`."""

    @public
    def fault(status: int) -> str:
        if status == 403:
            raise Forbidden(Refusal.ADULTS_ONLY)
        abort(status)

    app.add_url_rule("/faute/<int:status>", "fault", fault)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser itself."""
    if not CHROMIUM:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no Chromium")
        pytest.skip("browser tests NOT run: no Chromium (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Windows:
    """The browsers of several people in front of one server, and what went wrong in any of them."""

    def __init__(self, chromium: Any, live: Live) -> None:
        self.chromium, self.live = chromium, live
        self.contexts: list[Any] = []
        self.said: list[str] = []

    def open(
        self, name: str = "", language: str = "fr", dark: bool = False, javascript: bool = True, locale: str = "",
        scale: float = 1,
    ) -> Any:
        """Return a page of one person's own browser, signed in (nobody when there is no name)."""
        context = self.chromium.new_context(
            base_url=self.live.url, locale=locale or LOCALES[language], reduced_motion="reduce", viewport=PHONE,
            java_script_enabled=javascript, color_scheme="dark" if dark else "light", permissions=[], has_touch=True,
            device_scale_factor=scale,
        )
        context.set_default_timeout(8000)
        context.on("console", self._listen)
        context.on("weberror", lambda e: self.said.append(str(e.error)))
        context.on("request", self._look)
        self.contexts.append(context)
        if name:
            self._let_in(context, name, language)
        return context.new_page()

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.said.append(message.text)

    def _look(self, request: Any) -> None:
        if not request.url.startswith(self.live.url):
            self.said.append("outside: " + request.url)

    def _let_in(self, context: Any, name: str, language: str) -> None:
        cookie = Reader(self.live.app, self.live.cast, name).client.get_cookie("passport")
        assert cookie is not None
        context.add_cookies([{"name": "passport", "value": cookie.value, "url": self.live.url}])
        with self.live.app.app_context():
            account = db.metadata.tables["account"]
            db.session.execute(
                sa.update(account).where(account.c.id == self.live.cast[name]).values(language=language))
            db.session.commit()
            db.session.remove()

    def close(self) -> None:
        """Close every window."""
        for context in self.contexts:
            context.close()


@pytest.fixture
def open_browser(chromium: Any, live: Live) -> Iterator[Callable[..., Any]]:
    """A function that opens one person's own browser: `open_browser(javascript=False)`."""
    windows = Windows(chromium, live)
    yield windows.open
    windows.close()
    assert windows.said == []


@pytest.fixture
def windows(chromium: Any, city: Live) -> Iterator[Windows]:
    """The browsers of the people of the city."""
    those = Windows(chromium, city)
    yield those
    those.close()
    assert those.said == []


@pytest.fixture
def visit(windows: Windows) -> Callable[..., tuple[Any, list[str]]]:
    """A function that opens the browser of one person of the city and gives its page and what its console says."""
    return lambda name, *how, **more: (windows.open(name, *how, **more), windows.said)


def with_applications(cast: Cast) -> Cast:
    """Give everybody with a role an application that makes codes."""
    for who in set(db.session.scalars(sa.select(Membership.account_id))):
        db.session.add(SecondFactor(account_id=who, secret_sealed=seal(SECRET), made_at=clock.now()))
    db.session.commit()
    return cast


def code_for(live: Live, name: str) -> str:
    """Return what somebody's application shows, or will show next when that code was used."""
    with live.app.app_context():
        last = db.session.scalar(sa.select(SecondFactor.last_step).where(SecondFactor.account_id == live.cast[name]))
        db.session.remove()
    return pyotp.TOTP(SECRET).generate_otp(steps_at(clock.now(), last)[0])


def sign_in(page: Any, live: Live, name: str, lands: str = "") -> None:
    """Sign in by the form, as the person would, and confirm with a code where they have a role; `lands`: stay there."""
    page.goto("/ouvrir")
    page.get_by_label("Identifiant").fill(live.identifiers[name])
    page.get_by_label("Phrase de passe").fill(build.PASSPHRASE)
    page.locator("main").get_by_role("button", name="Ouvrir").click()
    if lands:
        page.wait_for_url(lands)
        return
    page.wait_for_url(re.compile("/(passeport|confirmer)"))
    if f"m_{name}" in live.cast.ids:
        page.goto("/confirmer")
        page.get_by_label("Code à 6 chiffres, ou code imprimé").fill(code_for(live, name))
        page.locator("main").get_by_role("button", name="Confirmer").click()
    page.wait_for_url("**/passeport")
