"""Pages that only an act leads to: a form sent half empty, a step of several, a word said after something was done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import expect

from passport import clock
from passport.accounts import returning
from passport.accounts.factor_models import SecondFactor
from passport.accounts.models import Session
from passport.extensions import db
from passport.seal import seal
from passport.transaction import transaction
from tests import build
from tests.browser.conftest import Live
from tests.elsewhere import Elsewhere
from tests.reading import new


@dataclass(frozen=True)
class Act:
    """Who does what, and on which endpoint's page they then stand."""

    who: str
    endpoint: str
    do: Callable[[Any, Live], None]

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.do.__name__.replace("_", " ")


ACTS: list[Act] = []


def act(who: str, endpoint: str) -> Callable[[Callable[[Any, Live], None]], Callable[[Any, Live], None]]:
    """Enter a function among the acts."""

    def enter(do: Callable[[Any, Live], None]) -> Callable[[Any, Live], None]:
        ACTS.append(Act(who, endpoint, do))
        return do

    return enter


def send(page: Any) -> None:
    """Send the first form of the page as it stands, and wait for the answer."""
    with page.expect_navigation():
        page.locator("main form[method=post] .primary").first.click()


def send_empty(page: Any, path: str) -> None:
    """Open a page and send its form as it comes; it is shown again with what is to be looked at."""
    page.goto(path)
    send(page)
    page.locator("main :is(.summary, .err)").first.wait_for()


def press_folded(page: Any, form: str) -> None:
    """Unfold what asks whether one is sure, and press its button."""
    page.locator(form).evaluate("form => { form.closest('details').open = true }")
    with page.expect_navigation():
        page.locator(f"{form} button").click()


def half_empty() -> Iterator[tuple[str, str, str]]:
    """Yield forms that are shown again when they are sent as they come."""
    yield "", "accounts.home", "/"
    yield "", "accounts.sign_in", "/ouvrir"
    yield "", "accounts.sign_up", "/creer"
    yield "", "verify.page", "/verifier"
    yield "lea", "accounts.passphrase", "/phrase"
    yield "lea", "experiences.add", "/ajouter"
    yield "lea", "elsewhere.add", "/recu-ailleurs/ajouter"
    yield "lea", "experiences.can_do", "/experience/{lea_me}/savoir-faire"
    yield "lea", "recognition.ask", "/retour/{feedback_free}/faire-reconnaitre"
    yield "ines", "feedback.read", "/retour/{unread}"
    yield "ines", "recognition.offered", "/competences/{to_decide}"
    yield "nadia", "feedback.answer_request", "/on-me-demande/{request}"
    yield "karim", "recognition.recognise", "/reconnaitre/{recognition}"
    yield "karim", "recognition.withdraw", "/registre/{endorsement}/retirer"
    yield "karim", "organisations.join", "/rejoindre"
    yield "claire", "organisations.record_check", "/organisation/role/{m_karim}/verification"
    yield "sofia", "organisations.add_organisation", "/ville/ajouter"


def _sent_empty(path: str) -> Callable[[Any, Live], None]:
    def sent_half_empty(page: Any, city: Live) -> None:
        send_empty(page, path.format_map(city.cast.ids))

    return sent_half_empty


ACTS += [Act(who, endpoint, _sent_empty(path)) for who, endpoint, path in half_empty()]


# ---------- coming in ----------


@act("", "accounts.sign_up")
def too_early(page: Any, city: Live) -> None:
    page.goto("/creer")
    page.fill("[name=display_name]", "Zoé")
    page.check("[name=age][value=minor]")
    page.select_option("[name=birth_month]", "1")
    page.select_option("[name=birth_year]", index=1)
    send(page)
    assert page.locator("main form").count() == 0


@act("", "rescue.number")
def show_a_number(page: Any, city: Live) -> None:
    page.goto("/retrouver")
    page.fill("[name=name]", "mauve-lapin-77")
    send(page)


@act("", "rescue.phrase")
def come_back_with_the_sheet(page: Any, city: Live) -> None:
    with city.app.app_context(), transaction():
        code = returning.make_sheet(city.cast["stranger"], clock.now())[0]
    page.goto("/phrase-oubliee/feuille")
    page.fill("[name=name]", city.identifiers["stranger"])
    page.fill("[name=code]", code)
    send(page)


@act("lea", "rescue.codes")
def make_the_sheet(page: Any, city: Live) -> None:
    page.goto("/feuille-de-secours")
    page.fill("[name=present]", build.PASSPHRASE)
    send(page)


@act("nadia", "returns.helping")
def help_somebody_back(page: Any, city: Live) -> None:
    with city.app.app_context(), transaction():
        _token, number = returning.begin(city.identifiers["stranger"], clock.now())
    page.goto("/aider-a-revenir")
    page.fill("[name=number]", number)
    send(page)
    assert "devant vous" in page.locator("main form h2").inner_text()


@act("", "accounts.note_down")
def sign_up(page: Any, city: Live) -> None:
    page.goto("/")
    page.fill("[name=title]", "J’ai réparé un vélo.")
    send(page)
    page.fill("[name=display_name]", "Zoé")
    page.check("[name=age][value=adult]")
    send(page)
    page.locator(".code").first.wait_for()


@act("", "accounts.sign_in")
def too_many_tries(page: Any, city: Live) -> None:
    page.goto("/ouvrir")
    for _ in range(9):
        page.fill("[name=name]", "essai-trop-01")
        page.fill("[name=passphrase]", "ce n’est pas elle")
        send(page)
    page.locator("main :is(.summary, .err)").first.wait_for()


@act("lea", "accounts.passphrase")
def another_phrase(page: Any, city: Live) -> None:
    page.goto("/phrase")
    before = page.locator("#proposed").inner_text()
    page.click("button[name=other]")
    expect(page.locator("#proposed")).not_to_have_text(before)


@act("hugo", "accounts.note_down")
def change_of_passphrase(page: Any, city: Live) -> None:
    page.goto("/phrase")
    page.fill("[name=present]", build.PASSPHRASE)
    phrase = page.locator("#proposed").inner_text()
    send(page)
    assert phrase in page.locator("main").inner_text()


def _has_to_confirm(city: Live, name: str) -> None:
    """Let somebody have an application, and a session in which nothing was shown so far."""
    with city.app.app_context(), transaction():
        db.session.merge(SecondFactor(account_id=city.cast[name], secret_sealed=seal("A" * 32), made_at=clock.now()))
        db.session.execute(sa.update(Session).where(Session.account_id == city.cast[name])
                           .values(factor_until=None, stepped_up_at=None))


@act("hugo", "factor.confirm")
def confirm_with_nothing(page: Any, city: Live) -> None:
    _has_to_confirm(city, "hugo")
    page.goto("/double-securite/application")
    page.get_by_label("Code à 6 chiffres, ou code imprimé").wait_for()
    send(page)
    page.locator("main .summary").first.wait_for()


@act("youth", "factor.codes")
def codes_to_print(page: Any, city: Live) -> None:
    with city.app.app_context(), transaction():
        db.session.merge(SecondFactor(account_id=city.cast["youth"], secret_sealed=seal("A" * 32), made_at=clock.now()))
    page.goto("/double-securite")
    with page.expect_navigation():
        page.get_by_role("button", name="Imprimer des codes").click()
    page.get_by_role("heading", name="Mes dix codes").wait_for()


# ---------- one's own experiences ----------


def _give(page: Any, name: str, value: str) -> None:
    page.locator(f"main form[method=post] [name={name}]").first.evaluate("(field, value) => { field.value = value }", value)


@act("claire", "experiences.add")
def send_twice_with_another_text(page: Any, city: Live) -> None:
    number = new()
    for title in ("Une phrase", "Une autre phrase"):
        page.goto("/ajouter")
        _give(page, "submission", number)
        page.fill("[name=title]", title)
        send(page)
    page.locator("main .sheet[role=alert]").wait_for()


@act("ines", "experiences.edit")
def changed_elsewhere(page: Any, city: Live) -> None:
    page.goto(f"/experience/{city.cast['ines_12']}/modifier")
    _give(page, "version", "99")
    page.fill("[name=title]", "Atelier cuisine et jardin")
    send(page)
    page.locator("main .sheet[role=alert]").wait_for()


@act("ines", "experiences.when")
def odd_times(page: Any, city: Live) -> None:
    page.goto(f"/experience/{city.cast['ines_12']}/quand")
    page.fill("[name=year]", "l’an dernier")
    page.fill("[name=hours]", "beaucoup")
    send(page)
    page.locator("main :is(.summary, .err)").first.wait_for()


def _delete(page: Any, city: Live, thing: str) -> None:
    page.goto(f"/experience/{city.cast[thing]}")
    press_folded(page, "form[action$='/supprimer']")
    page.locator(".flash form").wait_for()


@act("nadia", "elsewhere.one")
def bring_what_was_received(page: Any, city: Live) -> None:
    page.goto("/recu-ailleurs/ajouter")
    page.fill("[name=text]", Elsewhere(by_key=True).signed().decode())
    send(page)
    page.locator(".answers").wait_for()


@act("nadia", "elsewhere.received")
def erase_what_was_received(page: Any, city: Live) -> None:
    bring_what_was_received(page, city)
    with page.expect_navigation():
        page.locator("form[action$='/effacer'] button").click()
    page.locator(".flash form").wait_for()


@act("ines", "experiences.passport")
def delete_and_see_that_it_can_be_undone(page: Any, city: Live) -> None:
    _delete(page, city, "ines_13")


@act("ines", "experiences.experience")
def take_it_back(page: Any, city: Live) -> None:
    _delete(page, city, "ines_14")
    with page.expect_navigation():
        page.locator(".flash form button").click()
    page.locator(".flash:visible").wait_for()


@act("ines", "experiences.experience")
def open_what_is_folded(page: Any, city: Live) -> None:
    page.goto(f"/experience/{city.cast['ines_5']}")
    page.evaluate("document.querySelectorAll('main details').forEach(folded => { folded.open = true })")


# ---------- asking, answering ----------


@act("lea", "feedback.ask_send")
def changed_before_it_was_asked(page: Any, city: Live) -> None:
    page.goto(f"/experience/{city.cast['lea_x']}/demander/personne/{city.cast['m_karim']}")
    _give(page, "version", "99")
    send(page)
    page.locator("main :is(.summary, .err)").first.wait_for()


@act("claire", "feedback.assign")
def give_to_nobody(page: Any, city: Live) -> None:
    page.goto(f"/organisation/{city.cast['library']}/demandes")
    with page.expect_navigation():
        page.locator("main form[action$='/confier'] button").first.click()
    page.locator("main .err").wait_for()


@act("karim", "feedback.inbox")
def later(page: Any, city: Live) -> None:
    page.goto(f"/on-me-demande/{city.cast['waiting_21']}")
    page.fill("[name=seen]", "Tu as tout préparé la veille.")
    with page.expect_navigation():
        page.click("button[name=later]")
    page.locator(".flash:visible").wait_for()


# ---------- organisations ----------


@act("claire", "organisations.invite")
def invite(page: Any, city: Live) -> None:
    page.goto(f"/organisation/{city.cast['library']}/inviter")
    send(page)
    page.locator("main svg[role=img]").wait_for()


@act("claire", "organisations.remove")
def remove_the_last_one(page: Any, city: Live) -> None:
    page.goto(f"/organisation/{city.cast['library']}")
    press_folded(page, f"form[action='/organisation/role/{city.cast['m_claire']}/retirer']")
    page.locator("main .err").wait_for()


# ---------- showing ----------


@act("lea", "sharing.choose")
def choose_nothing(page: Any, city: Live) -> None:
    page.goto("/montrer/choisir")
    page.evaluate("document.querySelectorAll('main input:checked').forEach(tick => { tick.checked = false })")
    send(page)
    page.locator("main :is(.summary, .err)").first.wait_for()


@act("youth", "sharing.audience")
def choose_at_sixteen(page: Any, city: Live) -> None:
    page.goto("/montrer/choisir")
    page.locator("main [name=experiences]").first.check()
    send(page)


@act("lea", "sharing.audience")
def for_nobody(page: Any, city: Live) -> None:
    page.goto("/montrer/choisir")
    page.check(f"[name=experiences][value='{city.cast['lea_x']}']")
    page.check(f"[name=endorsements][value='{city.cast['endorsement']}']")
    send(page)
    page.fill("[name=recipient_name]", "")
    send(page)
    page.locator("main :is(.summary, .err)").first.wait_for()


@act("lea", "sharing.preview")
def see_it_as_it_will_be_read(page: Any, city: Live) -> None:
    for_nobody(page, city)
    page.fill("[name=recipient_name]", "Boulangerie Martin")
    page.check("[name=recipient_shown]")
    send(page)
    page.locator("#page").wait_for()


@act("tom", "sharing.audience")
def choose_before_fifteen(page: Any, city: Live) -> None:
    page.goto("/montrer/choisir")
    page.locator("main [name=experiences]").first.check()
    send(page)


@act("", "reader.share")
def unfold_what_a_reader_may(page: Any, city: Live) -> None:
    page.goto(f"/s/{city.cast.tokens['to_Mairie']}")
    page.evaluate("document.querySelectorAll('main details').forEach(folded => { folded.open = true })")


# ---------- checking ----------


def check(page: Any, text: str) -> None:
    page.goto("/verifier")
    page.fill("[name=text]", text)
    send(page)
    assert page.locator("main .answers > li").count() == 3


@act("", "verify.page")
def check_what_nobody_vouches_for(page: Any, city: Live) -> None:
    check(page, Elsewhere(by_key=True).signed().decode())


@act("", "verify.page")
def check_what_cannot_be_looked_up(page: Any, city: Live) -> None:
    check(page, Elsewhere().token())


@act("", "verify.page")
def check_a_file_that_was_changed(page: Any, city: Live) -> None:
    check(page, Elsewhere(by_key=True).signed().decode().replace("seul", "de mes mains"))
