"""A photo, a document and a link, from the phone of a learner to the eyes of whom they chose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Live, sign_in
from tests.browser.test_story import heading, press
from tests.pictures import saved, telling

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(tmp_path: Path) -> dict[str, Path]:
    """Files as they lie on a phone: a photo, a page that calls itself one, and a film."""
    from PIL import Image

    found = {"affiche.jpg": telling(6, width=1600, height=1200), "photo.png": b"<html><script>alert(1)</script>",
             "film.jpg": bytes(12_000_000), "large.jpg": saved(Image.effect_noise((2400, 2400), 90), quality=95)}
    for name, data in found.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in found}


def loaded(page: Any) -> list[bool]:
    """Say of each photo on this page whether it is really seen."""
    page.wait_for_load_state("networkidle")
    return list(page.locator("main img").evaluate_all(
        "all => Promise.all(all.map(i => { i.loading = 'eager'; return i.decode().then(() => i.naturalWidth > 0) }))"))


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_the_phone_to_whom_she_chose(live: Live, open_browser: Callable[..., Any], phone: dict[str, Path],
                                          javascript: bool) -> None:
    lea = open_browser(javascript=javascript)
    sign_in(lea, live, "lea")
    lea.goto(f"/experience/{live.cast['lea_x']}/gardee")
    press(lea, "Une photo, un document ou un lien")

    # what cannot be kept is said, and the words about it stay
    lea.get_by_label("Ce qu’on y voit").fill("L’affiche de l’atelier")
    for name, said in (("photo.png", "Ce genre de fichier ne se garde pas ici"), ("film.jpg", "C’est trop lourd")):
        lea.get_by_label("Une photo ou un document").set_input_files(phone[name])
        press(lea, "Ajouter")
        lea.locator("main [aria-invalid=true]").wait_for()
        expect(lea.locator(".field .err").first).to_contain_text(said)
        assert lea.get_by_label("Ce qu’on y voit").input_value() == "L’affiche de l’atelier"
    assert "Des visages" in lea.locator("main").inner_text()

    # a photo, then a link
    lea.get_by_label("Une photo ou un document").set_input_files(phone["affiche.jpg"])
    press(lea, "Ajouter")
    lea.wait_for_url("**/gardee*")
    assert heading(lea) == "C’est gardé."
    press(lea, "Une photo, un document ou un lien")
    lea.get_by_text("Plutôt un lien").click()
    lea.get_by_label("L’adresse du lien").fill("mediatheque.example/atelier")
    press(lea, "Ajouter le lien")
    lea.wait_for_url("**/gardee*")
    press(lea, "Voir l’expérience")
    assert loaded(lea) == [True]
    assert "Lien vers mediatheque.example" in lea.locator("main").inner_text()

    # the photo goes along, the link does not
    lea.goto(f"/experience/{live.cast['lea_x']}/demander/personne/{live.cast['m_karim']}")
    assert lea.get_by_role("checkbox", name="L’affiche de l’atelier").is_checked() is False
    lea.get_by_role("checkbox", name="L’affiche de l’atelier").check()
    press(lea, "Envoyer la demande")
    karim = open_browser(javascript=javascript)
    sign_in(karim, live, "karim")
    karim.goto("/on-me-demande")
    press(karim, "Répondre")
    assert loaded(karim) == [True]
    assert "mediatheque.example" not in karim.locator("main").inner_text()
    assert Axe().run(karim).response["violations"] == [] if javascript else True
    picture, there = karim.locator("main img").get_attribute("src"), karim.url

    # erased by its learner, it is gone from there too, and comes back everywhere when that is undone
    lea.goto(f"/experience/{live.cast['lea_x']}")
    lea.get_by_role("button", name="Effacer , L’affiche").click()
    lea.get_by_text("C’est effacé, ici et là où c’est parti.").wait_for()
    assert lea.locator("main img").count() == 0
    assert karim.goto(picture).status == 404
    press(lea, "Annuler")
    lea.get_by_text("C’est de retour.").wait_for()
    assert loaded(lea) == [True]
    karim.goto(there)
    assert loaded(karim) == [True]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_the_phone_to_a_reader_without_account(
    live: Live, open_browser: Callable[..., Any], phone: dict[str, Path], javascript: bool
) -> None:
    lea = open_browser(javascript=javascript)
    sign_in(lea, live, "lea")
    experience = f"/experience/{live.cast['lea_x']}"
    lea.goto(f"{experience}/joindre")
    lea.get_by_label("Une photo ou un document").set_input_files(phone["affiche.jpg"])
    lea.get_by_label("Ce qu’on y voit").fill("La fresque du hall")
    press(lea, "Ajouter")
    lea.wait_for_url("**/gardee*")

    # nothing is ticked; the photo alone is refused, and stays ticked beside the reason
    lea.goto("/montrer/choisir")
    photo = lea.get_by_role("checkbox", name="La fresque du hall")
    assert photo.is_checked() is False
    lea.locator("label:has-text('La fresque du hall') img").click()
    assert photo.is_checked(), "the picture belongs to its box"
    press(lea, "Continuer")
    lea.get_by_text("se montre avec son expérience").first.wait_for()
    assert photo.is_checked()
    lea.locator(f'input[name=experiences][value="{live.cast["lea_x"]}"]').check()
    press(lea, "Continuer")
    lea.get_by_label("Un nom pour m’y retrouver").fill("Boulangerie Martin")
    press(lea, "Voir la page")
    assert heading(lea) == "Aperçu"
    assert loaded(lea) == [True]
    press(lea, "Créer le lien")
    assert heading(lea) == "Le lien est prêt"
    token = lea.locator(".code").inner_text().split("/s/")[1]

    # a reader without account: nothing moves while the photo arrives, and it fits the screen
    reader = open_browser(javascript=javascript)
    reader.goto(f"/s/{token}")
    image = reader.get_by_role("img", name="La fresque du hall")
    image.scroll_into_view_if_needed()
    assert loaded(reader) == [True]
    box = image.bounding_box()
    assert box["width"] <= PHONE["width"]
    assert abs(box["width"] / box["height"] - 3 / 4) < .02  # as it was held, upright
    assert "Raconté par" in reader.locator("main").inner_text()
    assert reader.context.cookies() == []
    if javascript:
        assert Axe().run(reader).response["violations"] == []
        reader.emulate_media(media="print")
        expect(image).to_be_visible()
        assert loaded(reader) == [True]
        reader.emulate_media(media="screen")
    picture = image.get_attribute("src")

    # erased by its learner, it leaves the page and its own address
    lea.goto(experience)
    lea.get_by_role("button", name="Effacer , La fresque du hall").click()
    lea.get_by_text("C’est effacé, ici et là où c’est parti.").wait_for()
    reader.reload()
    assert reader.locator("main img").count() == 0
    assert reader.goto(picture).status == 404


def test_a_slow_network_shows_how_far_it_is(live: Live, open_browser: Callable[..., Any], phone: dict[str, Path]) -> None:
    lea = open_browser()
    sign_in(lea, live, "lea")
    lea.goto(f"/experience/{live.cast['lea_x']}/joindre")
    slow = lea.context.new_cdp_session(lea)
    slow.send("Network.emulateNetworkConditions", {"offline": False, "latency": 50, "downloadThroughput": 2_000_000,
                                                   "uploadThroughput": 1_000_000})
    lea.get_by_label("Une photo ou un document").set_input_files(phone["large.jpg"])
    lea.get_by_label("Ce qu’on y voit").fill("La salle")
    expect(lea.locator("progress")).to_be_hidden()
    press(lea, "Ajouter")
    expect(lea.locator("progress")).to_be_visible()
    for _ in range(100):
        if lea.locator("progress").evaluate("bar => bar.value > 0 && bar.value < bar.max && bar.max > 1000000"):
            break
        lea.wait_for_timeout(20)
    else:
        pytest.fail("the bar never moved")
    lea.wait_for_url("**/gardee*", timeout=60_000)
    assert heading(lea) == "C’est gardé."


def test_without_network_nothing_is_lost(live: Live, chromium: Any, phone: dict[str, Path]) -> None:
    lea = chromium.new_context(base_url=live.url, locale="fr-FR", viewport=PHONE).new_page()  # its console complains
    sign_in(lea, live, "lea")
    lea.goto(f"/experience/{live.cast['lea_x']}/joindre")
    lea.get_by_label("Une photo ou un document").set_input_files(phone["affiche.jpg"])
    lea.get_by_label("Ce qu’on y voit").fill("La salle")
    lea.route("**/joindre", lambda route: route.abort())
    press(lea, "Ajouter")
    expect(lea.locator("#trouble")).to_be_visible()
    expect(lea.locator("[data-sending]")).to_be_hidden()
    assert lea.get_by_label("Ce qu’on y voit").input_value() == "La salle"
    lea.unroute("**/joindre")
    press(lea, "Ajouter")
    lea.wait_for_url("**/gardee*")
    lea.context.close()
