"""Coming back in a browser: the phone that waits goes on by itself, or by « Continuer »; the sheet is one page on paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest

from passport.accounts.service import hash_of
from passport.extensions import db
from passport.transaction import transaction
from tests import build
from tests.browser.conftest import Live
from tests.conftest import NOON
from tests.reading import Reader, fields

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False])
def test_a_phone_goes_on_once_two_people_have_confirmed(city: Live, visit: Callable[..., Any], javascript: bool) -> None:
    with city.app.app_context(), transaction():
        someone = build.account("back", NOON)
        someone.password_hash = hash_of(build.PASSPHRASE)
        name = someone.identifier
    page, said = visit("", javascript=javascript)
    page.goto("/phrase-oubliee")
    page.get_by_role("link", name="Revenir avec quelqu’un").click()
    page.get_by_label("Identifiant").fill(name)
    page.get_by_role("button", name="Afficher un numéro").click()
    number = re.sub(r"\D", "", page.locator("main .code").inner_text())
    assert len(number) == 8
    page.get_by_text("Personne n’a encore confirmé").wait_for()
    for who, count in (("karim", 1), ("sofia", 2)):
        helper = Reader(city.app, city.cast, who)
        seen = helper.post("/aider-a-revenir", {"number": number, "csrf_token": fields(helper.get("/aider-a-revenir"))["csrf_token"]})
        assert helper.post("/aider-a-revenir", {**fields(seen), "confirm": "1"}).status_code == 303
        if not javascript:
            page.get_by_role("link", name="Continuer").click()
        if count == 1:
            page.get_by_text("Une personne a confirmé").wait_for()
    page.wait_for_url("**/retrouver/phrase")
    phrase = page.locator("#proposed").inner_text()
    assert name in page.locator("main").inner_text()
    page.get_by_role("button", name="Changer").locator("visible=true").last.click()
    page.wait_for_url("**/ouvrir")
    page.get_by_label("Identifiant").fill(name)
    page.get_by_label("Phrase de passe").fill(phrase)
    page.locator("main").get_by_role("button", name="Ouvrir").click()
    page.wait_for_url("**/passeport")
    assert said == []


def test_the_sheet_is_one_page_on_paper(city: Live, visit: Callable[..., Any]) -> None:
    page, _said = visit("youth")
    with city.app.app_context(), transaction():
        table = db.metadata.tables["account"]
        db.session.execute(table.update().where(table.c.id == city.cast["youth"]).values(password_hash=hash_of(build.PASSPHRASE)))
    page.goto("/feuille-de-secours")
    page.get_by_label("Phrase de passe").fill(build.PASSPHRASE)
    page.get_by_role("button", name="Faire ma feuille").click()
    page.wait_for_url("**/a-garder")
    codes = page.locator("main dd.serif").all_inner_texts()
    assert [len(code.split()) for code in codes] == [6, 6, 6]
    with pikepdf.open(io.BytesIO(page.pdf(prefer_css_page_size=True))) as made:
        assert len(made.pages) == 1
    page.emulate_media(media="print")
    for part in (*codes, "Feuille de secours"):
        assert page.locator("main").get_by_text(part).locator("visible=true").count()
    assert page.locator("main a, main button").locator("visible=true").count() == 0
