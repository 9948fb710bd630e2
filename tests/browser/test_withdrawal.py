"""Taking a feedback back, undoing it, and taking an answer back, on two phones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Live, sign_in
from tests.browser.test_story import press

pytestmark = pytest.mark.browser
GONE = "Karim a retiré son retour."


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_what_was_said_is_taken_back_undone_and_taken_back(
    live: Live, open_browser: Callable[..., Any], javascript: bool
) -> None:
    lea, karim = open_browser(javascript=javascript), open_browser(javascript=javascript)
    sign_in(lea, live, "lea")
    lea.goto(f"/experience/{live.cast['lea_x']}/demander/personne/{live.cast['m_karim']}")
    press(lea, "Envoyer la demande")
    sign_in(karim, live, "karim")
    karim.goto("/on-me-demande")
    press(karim, "Répondre")
    karim.get_by_label("Ce que j’ai vu").fill("Tu as tenu bon.")
    press(karim, "Envoyer")
    karim.wait_for_url("**/on-me-demande")

    # Léa answers, then takes her answer back: asked once more before it goes
    lea.goto("/echanges")
    press(lea, "Lire")
    feedback = lea.url
    lea.get_by_label("Ma réponse").fill("Je n’ai rien compris.")
    press(lea, "Répondre")
    lea.get_by_text("C’est envoyé.").wait_for()
    lea.locator("details.confirm summary", has_text="Retirer ma réponse").click()
    lea.locator("details.confirm[open] button").click()
    lea.get_by_text("Votre réponse est retirée.").first.wait_for()
    press(karim, "Voir mon retour")
    assert "Je n’ai rien compris." not in karim.locator("main").inner_text()
    assert "a retiré sa réponse." in karim.locator("main").inner_text()

    # Karim finds his words again, takes them back, changes his mind, and takes them back for good
    karim.goto("/on-me-demande")
    karim.get_by_role("region", name="Mes retours de ces 30 jours").get_by_role("link").first.click()
    karim.wait_for_url("**/on-me-demande/*")
    for undone in (True, False):
        press(karim, "Retirer mon retour")
        karim.get_by_text("On peut annuler pendant une heure." if undone else "C’est retiré.").first.wait_for()
        assert "Tu as tenu bon." not in karim.locator("main").inner_text()
        lea.goto(feedback)
        assert GONE in lea.locator("main").inner_text()
        assert "Tu as tenu bon." not in lea.locator("main").inner_text()
        if undone:
            press(karim, "Annuler")
            karim.get_by_text("C’est de retour.").wait_for()
            lea.goto(feedback)
            assert "Tu as tenu bon." in lea.locator("main").inner_text()
    karim.goto("/on-me-demande")
    assert karim.get_by_text("Retiré", exact=True).count() == 1
    if javascript:
        for page in (lea, karim):
            assert Axe().run(page).response["violations"] == []
    lea.goto(f"/experience/{live.cast['lea_x']}")
    assert "Karim a retiré son retour" in lea.locator("main").inner_text()
    if javascript:
        assert Axe().run(lea).response["violations"] == []
