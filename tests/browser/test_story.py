"""The whole story at phone size: three people, an employer, and the QR code read from the screen."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.browser.conftest import Live, sign_in

pytestmark = pytest.mark.browser

SENTENCE = "J’anime un atelier numérique pour les aînés à la médiathèque"
CLAIM = "J’explique avec des mots simples"


def scan(page: Any) -> str:
    """Return what the QR code on this screen says, read from a picture of it, scrolling as a person would."""
    page.locator("svg[role=img]").first.wait_for()
    for _ in range(5):
        found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
        if found:
            assert len(found) == 1, [f.text for f in found]
            return str(found[0].text)
        page.mouse.move(180, 300)
        page.mouse.wheel(0, 150)
        page.wait_for_timeout(200)
    raise AssertionError(f"no QR code to be seen on {page.url}")


def press(page: Any, name: str) -> None:
    """Press the button or the link of this name in the page itself."""
    main = page.locator("main")
    target = main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name))
    target.first.click()


def heading(page: Any) -> str:
    """Return the title of the screen, with plain spaces."""
    return " ".join(page.locator("h1").first.inner_text().replace("\u00a0", " ").replace("\u202f", " ").split())


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_the_whole_story(live: Live, open_browser: Callable[..., Any], javascript: bool) -> None:
    # Zélie, on her phone: a sentence before having an account, then a passport in under a minute
    zelie = open_browser(javascript=javascript)
    zelie.goto("/")
    zelie.get_by_label("Qu’est-ce que j’ai fait ?").fill(SENTENCE)
    press(zelie, "Enregistrer")
    zelie.get_by_label("Prénom ou pseudo").fill("Zélie")
    zelie.get_by_label("18 ans ou plus").check()
    press(zelie, "Créer")
    assert "-" in zelie.locator(".code").first.inner_text()
    zelie.locator("main .primary").click()
    assert heading(zelie) == "Bonjour Zélie"
    press(zelie, SENTENCE)

    # what she can do, in words
    press(zelie, "Ajouter une phrase")
    zelie.get_by_label(CLAIM).check()
    zelie.get_by_label("Je fais avec de l’aide").check()
    press(zelie, "C’est ça")
    assert heading(zelie) == "C’est gardé."

    # a facilitator in front of her shows their own code; she scans it
    leads = open_browser(javascript=javascript)
    sign_in(leads, live, "novice")
    leads.goto("/demandez-moi")
    press(leads, "Faire mon code")
    zelie.goto(scan(leads))
    press(zelie, SENTENCE)
    assert "Cette expérience, et seulement celle-ci." in zelie.locator("main").inner_text()
    zelie.get_by_label("Un mot").fill("Est-ce que c’était clair ?")
    press(zelie, "Envoyer la demande")
    zelie.goto("/echanges")
    assert "Vous n’avez rien à faire." in zelie.locator("main").inner_text()

    # the facilitator answers, formatively, with one field
    leads.goto("/on-me-demande")
    assert "Zélie" in leads.locator("main").inner_text()
    press(leads, "Répondre")
    leads.get_by_label("Ce que j’ai vu").fill("Tu laisses la souris et tu attends. Ils y arrivent.")
    press(leads, "Envoyer")

    # Zélie reads, says so, and asks for recognition: the way appears only now
    zelie.goto("/passeport")
    press(zelie, "Lire")
    assert "Tu laisses la souris" in zelie.locator("main").inner_text()
    assert zelie.get_by_role("link", name="Faire reconnaître").count() == 0
    press(zelie, "C’est bien comme ça")
    press(zelie, "Faire reconnaître")
    zelie.get_by_label(CLAIM).check()
    press(zelie, "Demander à")

    # a first recognition needs the charter; then the competency is recognised with a step and a sentence
    leads.goto("/on-me-demande")
    press(leads, "Ouvrir")
    assert "charte" in heading(leads).lower()
    press(leads, "J’accepte la charte")
    assert leads.url.split("/")[3] == "reconnaitre", leads.url
    leads.get_by_label("J’ai encadré").check()
    leads.get_by_label("Souvent").or_(leads.get_by_label("Régulièrement")).first.check()
    leads.get_by_label("Non").first.check()
    leads.get_by_label("De quand").fill("2026-03")
    leads.get_by_label("À quand").fill("2026-06")
    leads.get_by_label("fait sans aide").check()
    leads.locator("main textarea").first.fill("Zélie mène l’atelier sans moi, et tout le monde suit.")
    press(leads, "Reconnaître")

    # the responsible person sees who acts in the house's name, and nothing of Zélie
    claire = open_browser(javascript=javascript)
    sign_in(claire, live, "claire")
    claire.goto(f"/organisation/{live.cast['library']}")
    assert "Zélie" not in claire.locator("body").inner_text()

    # Zélie keeps it, and permits it to be shown
    zelie.goto("/passeport")
    zelie.locator("main a[href*='/competences/']").first.click()
    zelie.get_by_label("Garder", exact=True).check()
    zelie.get_by_label("Je veux pouvoir la montrer").check()
    press(zelie, "C’est décidé")
    zelie.goto("/passeport")
    assert "au nom de la Médiathèque Mandela" in " ".join(zelie.locator("main").inner_text().split())

    # a link for the bakery
    zelie.goto("/montrer")
    press(zelie, "Préparer un lien")
    zelie.get_by_role("checkbox", name=SENTENCE).check()
    zelie.get_by_role("checkbox", name=f"{CLAIM} Reconnu").check()
    press(zelie, "Continuer")
    zelie.get_by_label("Un nom pour m’y retrouver").fill("Boulangerie Martin")
    press(zelie, "Voir la page")
    preview = zelie.locator("#page").text_content()
    press(zelie, "Créer le lien")
    address = scan(zelie)
    assert address.startswith(f"{live.url}/s/")
    assert len(address.rsplit("/", 1)[1]) == 22

    # the employer reads on a phone of their own: no account, no cookie
    baker = open_browser(javascript=javascript)
    answer = baker.goto(address)
    assert answer.status == 200
    assert baker.context.cookies() == []
    text = " ".join(baker.locator("main").inner_text().split())
    for words in ("Zélie", CLAIM, "fait sans aide", "Zélie mène l’atelier sans moi", "Médiathèque Mandela"):
        assert words in text, words
    assert "Tu laisses la souris" not in text
    # the very words of the preview, read as text: where lines break is a matter of the style sheet
    read = " ".join(baker.locator("main").text_content().split())
    for line in (" ".join(line.split()) for line in preview.splitlines()):
        # the one line that tells the minute of reading may differ
        assert line in read or line.startswith("Lu le"), line

    # the card opens nothing until she lets it
    zelie.goto("/montrer")
    press(zelie, "Faire ma carte")
    zelie.goto("/carte")
    card = scan(zelie)
    assert card.startswith(f"{live.url}/c/")
    answer = baker.goto(card)
    assert answer.status == 200
    assert "Zélie" not in baker.locator("body").inner_text()
    zelie.goto("/carte/ouvre")
    zelie.get_by_label("Boulangerie Martin").check()
    press(zelie, "Enregistrer")
    baker.goto(card)
    assert CLAIM in baker.locator("main").inner_text()

    # closed in one tap, at once, by link and by card
    zelie.goto("/montrer")
    press(zelie, "Fermer ce lien")
    zelie.get_by_text("Fermé le").first.wait_for()
    answer = baker.goto(address)
    assert answer.status == 410
    assert "Cela ne dit rien de la personne" in baker.locator("main").inner_text()
    assert "Zélie" not in baker.locator("body").inner_text()
    assert baker.goto(card).status == 200
    assert CLAIM not in baker.locator("body").inner_text()
