"""A session that ends while one writes: signing in again brings the text back, letter by letter."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from passport import clock
from passport.accounts.service import end_sessions
from passport.experiences.models import Experience
from passport.extensions import db
from tests import build
from tests.browser.conftest import Live, sign_in
from tests.world import ask

pytestmark = pytest.mark.browser

SEEN = "Elle laisse la souris aux autres, et tout le monde y arrive."


def end_sessions_of(live: Live, name: str) -> None:
    """End somebody's sessions on the server, as when thirty days have passed."""
    with live.app.app_context():
        end_sessions(live.cast[name], clock.now())
        db.session.commit()
        db.session.remove()


def open_again(page: Any, live: Live, name: str) -> None:
    """Fill the sign-in page that came up."""
    page.get_by_label("Identifiant").fill(live.identifiers[name])
    page.get_by_label("Phrase de passe").fill(build.PASSPHRASE)
    page.locator("main").get_by_role("button", name="Ouvrir").click()


def test_a_facilitator_writes_while_the_session_ends(live: Live, open_browser: Callable[..., Any]) -> None:
    with live.app.app_context():
        key = ask(live.cast, "lea", "lea_x", "karim", clock.now()).id
        db.session.commit()
        db.session.remove()
    page = open_browser()
    sign_in(page, live, "karim")
    page.goto(f"/on-me-demande/{key}")
    end_sessions_of(live, "karim")
    page.get_by_label("Ce que j’ai vu").press_sequentially(SEEN)
    page.get_by_text("Le passeport s’est refermé.").wait_for()
    open_again(page, live, "karim")
    page.get_by_text("Rien n’est perdu").wait_for()
    assert SEEN in page.locator("main").inner_text()
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url(f"**/on-me-demande/{key}")
    assert page.get_by_label("Ce que j’ai vu").input_value() == SEEN


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_learner_sends_after_the_session_ended(
    live: Live, open_browser: Callable[..., Any], javascript: bool
) -> None:
    page, title = open_browser(javascript=javascript), f"J’ai tenu la buvette {uuid.uuid4().hex[:6]}"
    sign_in(page, live, "lea")
    page.goto("/ajouter")
    end_sessions_of(live, "lea")
    page.get_by_label("En une phrase").fill(title)
    page.locator("main").get_by_role("button", name="Enregistrer").click()
    open_again(page, live, "lea")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_text("C’est gardé.").first.wait_for()
    with live.app.app_context():
        assert db.session.query(Experience).filter_by(title=title).count() == 1
