"""« Mes attestations signées » as lea meets it, once the worker has signed: by day and by night, with and without JavaScript."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passport import clock
from passport.credentials import own_queries
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.transaction import transaction
from tests import signing
from tests.browser.conftest import PHONE, Live, Windows, serving
from tests.browser.test_pages import AXE, NARROW, WIDE, read
from tests.browser.test_swaps import rows, swap
from tests.cast import Cast, make_cast
from tests.world import fill

pytestmark = pytest.mark.browser


@pytest.fixture
def signed(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    """A server in front of a city in which what lea permits is signed."""
    shutil.copy(sqlite_template, tmp_path / "live.db")

    def make() -> Cast:
        cast = fill(make_cast(clock.now()), clock.now())
        assert signing.sign_all() == 1
        return cast

    with serving(tmp_path / "live.db", make) as running:
        yield running


@pytest.fixture
def people(chromium: Any, signed: Live) -> Iterator[Windows]:
    """The browsers of its people."""
    those = Windows(chromium, signed)
    yield those
    those.close()
    assert those.said == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_signed_can_be_read_by_everybody(people: Windows, language: str) -> None:
    page = people.open("lea", language)
    page.context.add_init_script(AXE)
    problems = []
    for address in ("/attestations", f"/attestations/{people.live.cast['endorsement']}"):
        page.set_viewport_size(PHONE)
        page.goto(address)
        problems += read(page, people, address, PHONE["width"], NARROW, WIDE)
    page.set_viewport_size(PHONE)
    page.locator("#secret form button").click()
    page.locator("#secret .code").wait_for()
    problems += read(page, people, "the secret", PHONE["width"], NARROW)
    assert problems == []


@pytest.mark.parametrize("javascript", [True, False])
def test_a_name_a_secret_and_a_file_without_javascript_as_well(people: Windows, javascript: bool) -> None:
    page = people.open("lea", javascript=javascript)
    page.goto(f"/attestations/{people.live.cast['endorsement']}")
    with page.expect_download() as started:
        page.get_by_role("link", name="Télécharger l’image (PNG)").click()
    assert started.value.suggested_filename == "attestation-explain-simply.png"
    page.get_by_role("button", name="Afficher mon secret").click()
    assert page.locator("#secret .code").inner_text().isalnum()
    page.get_by_role("radio", name="Un autre nom, à écrire").check()
    page.get_by_label("Le nom à montrer").fill("Léa Dubois")
    page.get_by_role("button", name="Enregistrer ce choix").click()
    page.get_by_text("Se prépare, un instant").wait_for()
    assert page.get_by_role("link", name="Télécharger").count() == 0
    with people.live.app.app_context():
        assert signing.sign_all() == 1
    page.reload()
    page.get_by_role("definition").filter(has_text="Léa Dubois").wait_for()


def test_more_of_them_come_into_the_list(people: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    with people.live.app.app_context(), transaction():
        second = db.session.get_one(Endorsement, people.live.cast["offered"])
        recognition.keep(second, clock.now())
        recognition.permit(second, clock.now())
    monkeypatch.setattr(own_queries, "PER_PAGE", 1)
    page = people.open("lea")
    page.goto("/attestations")
    first, more = rows(page, "main ul.list"), page.locator("#more a")
    address = more.get_attribute("href")
    more.focus()
    assert "<html" not in swap(page, lambda: page.keyboard.press("Enter")).text()
    both = rows(page, "main ul.list")
    assert page.locator("main ul.list > li").last.evaluate("li => li.contains(document.activeElement)")
    page.goto(address)
    assert both == first + rows(page, "main ul.list")
    assert len(both) == 2
