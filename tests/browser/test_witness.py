"""Somebody who was there and has no account, from the learner's screen to the employer's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from tests.browser.conftest import Live, sign_in
from tests.browser.test_story import heading, press, scan

pytestmark = pytest.mark.browser

WORDS = "Elle laisse la souris et attend qu’ils essaient."


def text(page: Any) -> str:
    """Return what the page says, with plain spaces."""
    return " ".join(page.locator("main").inner_text().split())


def ask(page: Any, live: Live, thing: str) -> str:
    """Go from the experience to the one-time link, and return the address that its code says."""
    page.goto(f"/experience/{live.cast[thing]}")
    press(page, "Demander un retour")
    press(page, "Préparer un lien pour cette personne")
    assert heading(page) == "Ce que verra cette personne"
    press(page, "Créer le lien")
    assert heading(page) == "Le lien est prêt"
    return scan(page)


def link(page: Any, *lines: str) -> str:
    """Choose these lines for a link, and return the address that its code says."""
    page.goto("/montrer")
    press(page, "Préparer un lien")
    for line in lines:
        page.get_by_role("checkbox", name=line).check()
    press(page, "Continuer")
    page.get_by_label("Un nom pour m’y retrouver").fill("Boulangerie Martin")
    press(page, "Voir la page")
    assert "Vu par" in text(page)
    press(page, "Créer le lien")
    return scan(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_neighbour_says_what_she_saw_of_an_adult(live: Live, open_browser: Callable[..., Any], javascript: bool) -> None:
    with live.app.app_context():
        experiences.claim(db.session.get_one(Experience, live.cast["lea_x"]), 2, 3, live_now())
        db.session.commit()
        db.session.remove()
    lea = open_browser(javascript=javascript)
    sign_in(lea, live, "lea")
    address = ask(lea, live, "lea_x")
    assert address.startswith(f"{live.url}/t/")

    neighbour = open_browser(javascript=javascript)
    assert neighbour.goto(address).status == 200
    assert neighbour.context.cookies() == []
    assert "Service civique à la médiathèque" in text(neighbour)
    assert neighbour.locator("main input:checked").count() == 0

    # in a hurry: nothing is lost, and each point is said
    neighbour.get_by_label("Ce que j’ai vu").fill(WORDS)
    press(neighbour, "Envoyer")
    neighbour.locator(".summary").wait_for()
    assert neighbour.get_by_label("Ce que j’ai vu").input_value() == WORDS

    neighbour.get_by_label("Oui, j’étais là").check()
    neighbour.get_by_label("voisine").check()
    neighbour.get_by_label("Non", exact=True).check()
    neighbour.get_by_label("18 ans ou plus").check()
    neighbour.get_by_label("Mon nom : Mme Petit").check()
    neighbour.get_by_label("Mon nom ou mon prénom").fill("Mme Petit")
    neighbour.get_by_label("Ceci peut être montré").check()
    press(neighbour, "Envoyer")
    assert heading(neighbour) == "Merci."
    assert WORDS in text(neighbour)
    assert neighbour.context.cookies() == []

    lea.goto("/passeport")
    press(lea, "Lire")
    assert "Vu par Mme Petit, voisine" in text(lea)
    assert WORDS in text(lea)
    assert lea.get_by_role("link", name="Faire reconnaître").count() == 0
    press(lea, "C’est lu")

    shown = link(lea, WORDS)
    baker = open_browser(javascript=javascript)
    baker.goto(shown)
    assert "Vu par Mme Petit, voisine" in text(baker)
    assert WORDS in text(baker)

    # by the same link she sees it again, and erases it everywhere
    neighbour.goto(address)
    neighbour.get_by_text("Effacer", exact=True).click()
    press(neighbour, "Effacer pour de bon")
    assert heading(neighbour) == "C’est effacé."
    baker.reload()
    assert "Une phrase n’est plus montrée." in text(baker)
    assert "Petit" not in text(baker)
    lea.goto(f"/experience/{live.cast['lea_x']}")
    assert WORDS not in text(lea)
    assert neighbour.goto(address).status == 410


def test_a_coach_says_ready_sentences_of_a_16_year_old(live: Live, open_browser: Callable[..., Any]) -> None:
    youth = open_browser()
    sign_in(youth, live, "youth")
    address = ask(youth, live, "youth_x")

    coach = open_browser(locale="en-GB")
    coach.goto(address)
    assert heading(coach).endswith("is asking you what you saw")
    assert coach.locator("main textarea").count() == 0
    assert coach.locator("main input[type=text]").count() == 1
    coach.get_by_label("Yes, I was there").check()
    coach.get_by_label("in charge on the spot").check()
    coach.get_by_label("No", exact=True).check()
    coach.get_by_label("Explains in simple words.").check()
    coach.get_by_label("18 or over").check()
    coach.get_by_label("Without a name").check()
    coach.get_by_label("This may be shown").check()
    press(coach, "Send")
    assert heading(coach) == "Thank you."

    youth.goto(f"/experience/{live.cast['youth_x']}")
    page = text(youth)
    if "à 7 h" not in text(coach) and "7 am" not in text(coach):  # by night the words are held until the morning
        assert "Vu par une personne qui était là, responsable sur place" in page
        assert "Explique avec des mots simples." in page
    else:
        assert "Vous n’avez rien à faire." in page


def live_now() -> Any:
    """Return the present time, as the running passport has it."""
    from passport import clock

    return clock.now()
