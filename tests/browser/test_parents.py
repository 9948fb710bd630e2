"""A child and a parent decide together, at phone size: yes, no, stopped, over, and handed over at 15."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from passport import clock
from tests.browser.conftest import Live, sign_in
from tests.browser.test_story import heading, press, scan
from tests.browser.test_witness import text

pytestmark = pytest.mark.browser


def asked(page: Any, *purposes: str) -> str:
    """Ask a parent about these purposes with a code, and return the address that it says."""
    page.goto("/montrer")
    press(page, "Montrer, à deux")
    for purpose in purposes:
        page.get_by_role("checkbox", name=purpose).check()
    page.get_by_label("Un code à montrer").check()
    press(page, "Demander à un parent")
    assert heading(page) == "Pour un parent"
    return scan(page)


def answered(page: Any, address: str, **answers: str) -> None:
    """Let a parent answer each purpose, with their authority declared for a yes."""
    assert page.goto(address).status == 200
    assert page.context.cookies() == []
    assert page.locator("main input:checked").count() == 0
    for purpose, word in answers.items():
        page.locator(f"input[name={purpose}][value={word}]").check(force=True)
    if "yes" in answers.values():
        page.get_by_label("J’ai l’autorité parentale").check()
    press(page, "Envoyer ma réponse")


def link(page: Any) -> str:
    """Prepare a link for a placement, and return the address that its code says."""
    page.goto("/montrer")
    press(page, "Préparer un lien")
    page.get_by_role("checkbox", name="J’arbitre les petits").check()
    press(page, "Continuer")
    page.get_by_label("Un nom pour m’y retrouver").fill("Collège Anne-Frank")
    page.get_by_label("une école ou un stage").check()
    press(page, "Voir la page")
    press(page, "Créer le lien")
    return scan(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_yes_then_stopped_and_no(live: Live, open_browser: Callable[..., Any], javascript: bool) -> None:
    tom, parent, school = (open_browser(javascript=javascript) for _ in range(3))
    sign_in(tom, live, "tom")
    address = asked(tom, "Montrer à une école, ou pour un stage", "Demander à quelqu’un qui était là")
    assert address.startswith(f"{live.url}/a/")

    # in a hurry: nothing is lost, and what is left is said
    parent.goto(address)
    parent.locator("input[name=placement][value=yes]").check(force=True)
    press(parent, "Envoyer ma réponse")
    parent.locator(".summary").wait_for()
    assert parent.locator("input[name=placement][value=yes]").is_checked()
    sizes = {parent.locator(f"label:has(input[name=witness][value={word}])").bounding_box()["width"] for word in ("yes", "no")}
    assert len(sizes) == 1

    answered(parent, address, placement="yes", witness="no")
    assert heading(parent) == "Mon reçu"
    receipt = parent.url
    assert "Oui, le" in text(parent)
    assert "Non, le" in text(parent)
    for secret in ("Tom", "arbitre", "Médiathèque"):
        assert secret not in text(parent)
    assert parent.goto(address).status == 410

    tom.goto("/passeport")
    press(tom, "Un parent a répondu")
    assert "Oui, jusqu’au" in text(tom)
    assert "Non, le" in text(tom)
    shown = link(tom)
    school.goto(shown)
    assert "J’arbitre les petits le samedi" in text(school)

    # the parent types the code of the receipt, and stops it alone
    code = receipt.rsplit("/", 1)[1]
    parent.goto("/recu")
    parent.get_by_label("Le code du reçu").fill(code.lower().replace("-", " "))
    press(parent, "Ouvrir")
    parent.locator("main summary").first.click()
    press(parent, "Arrêter maintenant")
    parent.get_by_text("Oui, puis arrêté le").wait_for()
    assert school.goto(shown).status == 410
    tom.goto("/a-deux")
    assert "Arrêté par un parent" in text(tom)
    tom.goto("/passeport")
    assert "J’arbitre les petits le samedi" in text(tom)


def test_over_after_twelve_months_and_handed_over_at_15(
    live: Live, open_browser: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stand(*day: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: dt.datetime(*day, 11, tzinfo=dt.UTC))  # type: ignore[arg-type]

    tom, parent, school = (open_browser() for _ in range(3))
    stand(2026, 2, 1)
    sign_in(tom, live, "tom")
    answered(parent, asked(tom, "Montrer à une école, ou pour un stage"), placement="yes")
    assert "jusqu’au 1 er février 2027" in text(parent).replace("1er", "1 er")
    stand(2027, 1, 25)
    sign_in(tom, live, "tom")
    shown = link(tom)
    assert school.goto(shown).status == 200
    stand(2027, 2, 2)
    assert school.goto(shown).status == 410
    sign_in(tom, live, "tom")
    tom.goto("/a-deux")
    assert "Fini depuis le" in text(tom)

    answered(parent, asked(tom, "Montrer à une école, ou pour un stage"), placement="yes")
    receipt = parent.url
    stand(2027, 3, 20)
    sign_in(tom, live, "tom")
    shown = link(tom)
    assert school.goto(shown).status == 200

    # born in March 2012: 15 from the first of April on
    stand(2027, 4, 1)
    assert school.goto(shown).status == 410
    assert parent.goto(receipt).status == 410
    sign_in(tom, live, "tom")
    press(tom, "Ce qui se décidait à deux est à vous")
    assert heading(tom) == "C’est à vous"
    tom.locator("input[name=placement][value=keep]").check(force=True)
    press(tom, "C’est décidé")
    assert heading(tom) == "Bonjour Tom"
    assert school.goto(shown).status == 200
    assert "J’arbitre les petits le samedi" in text(school)
