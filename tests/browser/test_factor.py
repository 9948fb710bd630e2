"""A passkey in a real browser, with the authenticator that Chromium plays for tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from passport import clock
from tests.browser.conftest import Live, Windows, serving, sign_in
from tests.cast import make_cast

pytestmark = pytest.mark.browser


@pytest.fixture
def named(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    """A server that is reached by a name: passkeys are made for names only."""
    shutil.copy(sqlite_template, tmp_path / "live.db")
    with serving(tmp_path / "live.db", lambda: make_cast(clock.now())) as running:
        url = running.app.config["PUBLIC_URL"] = running.url.replace("127.0.0.1", "localhost")
        yield replace(running, url=url)


def held_by(page: Any) -> Any:
    """Give this browser an authenticator whose owner is always there and recognised."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    return tools, tools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})["authenticatorId"]


def test_a_manager_makes_a_passkey_and_comes_back_with_it(chromium: Any, named: Live) -> None:
    windows = Windows(chromium, named)
    page = windows.open()
    tools, authenticator = held_by(page)
    sign_in(page, named, "claire", lands="**/double-securite**")
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    page.get_by_label("Nom de cet appareil").fill("Mon téléphone")
    page.get_by_role("button", name="Ajouter", exact=True).click()
    page.get_by_role("heading", name="Clé d’accès : Mon téléphone").wait_for()
    page.goto("/menu")
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(named.url + "/")
    sign_in(page, named, "claire", lands="**/confirmer**")
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.get_by_text("La clé d’accès n’a pas répondu").wait_for()
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url("**/passeport")
    windows.close()
    assert windows.said == []
