"""A real Chromium at phone size in front of a real server; any console error or outside request fails the test."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from passport import create_app
from passport.extensions import db
from tests import build
from tests.cast import Cast, make_cast
from tests.conftest import test_settings

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
PHONE = {"width": 360, "height": 740}


@dataclass
class Live:
    """The address of a running passport, its application, and the people in it."""

    url: str
    app: Flask
    cast: Cast
    identifiers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    """A server of its own for each test, with the cast in it; everybody's passphrase is `build.PASSPHRASE`."""
    from passport import clock
    from passport.accounts.models import Account
    from passport.accounts.service import hash_of

    shutil.copy(sqlite_template, tmp_path / "live.db")
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    server.server_close()
    app = create_app(test_settings(f"sqlite:///{tmp_path / 'live.db'}", tmp_path, WTF_CSRF_ENABLED=True))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app.config["PUBLIC_URL"] = url
    with app.app_context():
        cast = make_cast(clock.now())
        secret = hash_of(build.PASSPHRASE)
        db.session.query(Account).update({"password_hash": secret})
        db.session.commit()
        names = {n: a.identifier for n in cast.ids if (a := db.session.get(Account, cast[n]))}
        db.session.remove()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Live(url, app, cast, {n: i for n, i in names.items() if i})
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


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


@pytest.fixture
def open_browser(chromium: Any, live: Live) -> Iterator[Callable[..., Any]]:
    """A function that opens one person's own browser: `open_browser(javascript=False, locale="en-GB")`."""
    problems: list[str] = []
    contexts: list[Any] = []

    def watch(context: Any) -> None:
        context.on("console", lambda m: problems.append(m.text)
                   if m.type == "error" and "status of 4" not in m.text else None)
        context.on("weberror", lambda e: problems.append(str(e.error)))
        context.on("request", lambda r: problems.append("outside: " + r.url) if not r.url.startswith(live.url) else None)

    def start(javascript: bool = True, locale: str = "fr-FR", viewport: dict[str, int] | None = None,
              dark: bool = False) -> Any:
        context = chromium.new_context(
            base_url=live.url, locale=locale, reduced_motion="reduce", viewport=viewport or PHONE,
            java_script_enabled=javascript, color_scheme="dark" if dark else "light",
            permissions=[], has_touch=True,
        )
        context.set_default_timeout(8000)
        watch(context)
        contexts.append(context)
        return context.new_page()

    yield start
    for context in contexts:
        context.close()
    assert problems == []


def sign_in(page: Any, live: Live, name: str) -> None:
    """Sign in by the form, as the person would."""
    page.goto("/ouvrir")
    page.get_by_label("Identifiant").fill(live.identifiers[name])
    page.get_by_label("Phrase de passe").fill(build.PASSPHRASE)
    page.locator("main").get_by_role("button", name="Ouvrir").click()
    page.wait_for_url("**/passeport")
