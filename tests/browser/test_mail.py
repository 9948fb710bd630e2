"""What arrives by e-mail, from a real server of letters to the page it leads to, in the browser of whoever opens it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from passport.accounts.models import Account, Mailbox
from passport.extensions import db
from passport.notices.worker import Worker
from tests import build
from tests.browser.acts import send
from tests.browser.conftest import Live, sign_in
from tests.conftest import NOON
from tests.letters import link, subject
from tests.routes.test_worker import Office

pytestmark = pytest.mark.browser

MINE, KARIMS = "lea@exemple.fr", "karim@exemple.fr"
NEW = "lampe violon marche prairie"


@dataclass
class Round:
    """The passport, the server of letters, and the worker that carries them there."""

    live: Live
    office: Office
    at: Callable[[dt.datetime], dt.datetime]

    def letter(self, to: str, minutes: int = 0) -> EmailMessage:
        """Let the worker do what is due some minutes after noon, and return the one letter that arrived."""
        before = len(self.office.server.taken)
        self.at(NOON + dt.timedelta(minutes=minutes))
        with self.live.app.app_context():
            Worker().work()
            db.session.remove()
        ((mail, _sender, taken),) = self.office.server.taken[before:]
        assert taken == [to]
        return mail

    def give(self, name: str, email: str) -> None:
        """Give somebody a confirmed address."""
        with self.live.app.app_context():
            db.session.execute(sa.update(Account).where(Account.id == self.live.cast[name]).values(
                email=email, email_confirmed_at=NOON))
            db.session.commit()
            db.session.remove()


@pytest.fixture
def post(at: Any, live: Live) -> Iterator[Round]:
    """A server of letters that is open, and the running passport that knows it; it is noon until told otherwise."""
    office = Office()
    office.open()
    live.app.config["MAIL"] = office.mail()
    yield Round(live, office, at)
    office.close()


def test_an_address_is_confirmed_and_opens_again_what_was_forgotten(post: Round, open_browser: Any) -> None:
    page = open_browser()
    sign_in(page, post.live, "lea")
    page.goto("/adresse")
    page.fill("[name=address]", MINE)
    page.fill("[name=present]", build.PASSPHRASE)
    send(page)
    page.goto(link(post.letter(MINE)))
    send(page)
    expect(page.locator("main")).to_contain_text(MINE)
    expect(page.locator(".flash:visible")).to_contain_text("L’adresse est confirmée.")

    other = open_browser()  # another device, on which nobody is signed in
    other.goto("/ouvrir")
    other.locator("main a[href*='/phrase-oubliee']").click()
    other.fill("[name=address]", MINE)
    send(other)
    other.goto(link(post.letter(MINE, 1)))
    other.check("[name=choice][value=own]")
    other.fill("[name=own]", NEW)
    send(other)
    other.fill("[name=name]", MINE)
    other.fill("[name=passphrase]", NEW)
    send(other)
    expect(other).to_have_url(f"{post.live.url}/passeport")
    page.goto("/passeport")  # the first device was signed out
    assert "/ouvrir" in page.url


def test_a_request_leads_who_is_asked_to_that_very_request(post: Round, open_browser: Any) -> None:
    post.give("karim", KARIMS)
    lea = open_browser("lea")
    lea.goto(f"/experience/{post.live.cast['lea_x']}/demander/personne/{post.live.cast['m_karim']}")
    lea.fill("[name=message]", "Est-ce que c’était clair ?")
    send(lea)
    mail = post.letter(KARIMS, 3)
    assert "lea" not in f"{subject(mail)} {mail.get_content()}".lower()

    karim = open_browser()
    karim.goto(link(mail))
    karim.get_by_label("Identifiant").fill(KARIMS)
    karim.get_by_label("Phrase de passe").fill(build.PASSPHRASE)
    send(karim)
    assert karim.url == post.live.url + link(mail)
    expect(karim.locator("main")).to_contain_text("Est-ce que c’était clair ?")
    expect(karim.locator("[name=seen]")).to_be_visible()

    stop = open_browser()  # no sign-in is asked of who wants no more of them
    stop.goto(link(mail, "/sans-messages/"))
    send(stop)
    expect(stop.locator("main")).to_contain_text("C’est noté.")
    with post.live.app.app_context():
        silenced = db.session.scalar(sa.select(Mailbox.silenced_at).where(Mailbox.account_id == post.live.cast["karim"]))
        db.session.remove()
    assert silenced == NOON + dt.timedelta(minutes=3)
