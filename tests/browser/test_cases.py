"""A report about the organisation's own lead, and a block that looks like a removal, on several phones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe

from passport import clock
from passport.extensions import db
from passport.organisations.models import Membership
from passport.safety.models import Report
from passport.transaction import transaction
from tests import world
from tests.browser.conftest import Live, sign_in
from tests.browser.test_story import press

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_report_about_the_lead_goes_past_them_and_is_closed_by_two(
    live: Live, open_browser: Callable[..., Any], javascript: bool
) -> None:
    """Karim leads the library as well: what Tom says of his words reaches the city, and never Karim."""
    cast = live.cast
    with live.app.app_context(), transaction():
        now = clock.now()
        db.session.execute(sa.update(Membership).where(Membership.id == cast["m_claire"]).values(account_id=cast["karim"]))
        given = world.answer(cast, world.ask(cast, "tom", "tom_x", "karim", now - 30 * world.H), "karim", now - 24 * world.H)
        feedback = given.id
    tom, karim, sofia = (open_browser(javascript=javascript) for _n in range(3))
    sign_in(tom, live, "tom")
    tom.goto(f"/retour/{feedback}")
    tom.get_by_role("link", name="Ça me dérange").click()
    tom.locator("summary", has_text="En dire plus").click()
    tom.get_by_label("On me demande de garder un secret").check()
    press(tom, "Cacher ce texte")
    tom.get_by_text("C’est caché.").first.wait_for()
    assert "119" in tom.locator("main").inner_text()
    with live.app.app_context():
        report = db.session.scalars(sa.select(Report)).one().id
        db.session.remove()

    sign_in(karim, live, "karim")
    karim.goto("/signalements")
    assert "Rien n’attend." in karim.locator("main").inner_text()
    assert karim.goto(f"/signalements/{report}").status == 404

    sign_in(sofia, live, "sofia")
    sofia.goto("/echanges")
    sofia.get_by_role("link", name="Ouvrir").first.click()
    sofia.wait_for_url("**/signalements/*")
    assert "On me demande de garder un secret" in sofia.locator("main").inner_text()
    press(sofia, "Ajouter au journal")
    sofia.get_by_label("Ce qui a été fait ou entendu").fill("Vu avec Tom, avec une collègue.")
    press(sofia, "Noter")
    sofia.get_by_text("Vu avec Tom, avec une collègue.").wait_for()
    sofia.get_by_label("L’équipe a agi").check()
    press(sofia, "Proposer de clore")
    sofia.get_by_text("Une autre personne doit confirmer").first.wait_for()
    if javascript:
        assert not Axe().run(sofia).response["violations"]


def test_a_block_and_a_removal_look_the_same_to_the_adult(live: Live, open_browser: Callable[..., Any]) -> None:
    cast = live.cast
    seen = {}
    with live.app.app_context(), transaction():
        now = clock.now()
        for thing in ("lea_x", "youth_x"):
            cast.ids[f"asked_{thing}"] = world.ask(cast, thing[:-2], thing, "karim", now - 3 * world.H).id
    karim = open_browser()
    sign_in(karim, live, "karim")
    for who, thing in (("lea", "lea_x"), ("youth", "youth_x")):
        page = open_browser()
        sign_in(page, live, who)
        if who == "lea":
            page.goto("/personnes")
            press(page, "Bloquer")
            page.get_by_text("C’est bloqué").first.wait_for()
            assert not Axe().run(page).response["violations"]
        else:
            page.goto("/echanges")
            page.locator("form button", has_text="Annuler").first.click()
            page.get_by_text("Annuler").first.wait_for(state="hidden")
        answer = karim.goto(f"/on-me-demande/{cast[f'asked_{thing}']}")
        seen[who] = (answer.status, karim.locator("main").inner_text().split("Numéro")[0])
    assert seen["lea"] == seen["youth"]
