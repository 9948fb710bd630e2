"""A second factor by what is opened: who is asked for it when, what counts as one, and what nobody gets round."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug import routing

from passport.accounts import factor, passkeys, service
from passport.accounts.factor_models import Passkey, RecoveryCode, SecondFactor
from passport.accounts.models import Account, Decision, Session, Setting
from passport.accounts.rules import DEMO_SECRET
from passport.audit.models import AuditEvent
from passport.extensions import db
from passport.feedback.models import Feedback
from passport.notices.models import Message
from passport.organisations import service as organisations
from passport.seal import seal
from passport.transaction import transaction
from tests import build
from tests.authenticator import PRESENT, Authenticator, raw
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, way, words
from tests.world import H, ask

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = dt.timedelta(seconds=30)
PUBLIC_URL = "https://passeport.example"


def code_at(instant: dt.datetime, secret: str = SECRET) -> str:
    """Return what the application shows at that time."""
    return pyotp.TOTP(secret).at(instant)


def has_application(app: Flask, cast: Cast, *names: str) -> None:
    """Give these people an application, and the passphrase of all."""
    with app.app_context(), transaction():
        for name in names:
            db.session.add(SecondFactor(account_id=cast[name], secret_sealed=seal(SECRET), made_at=NOON))
            db.session.execute(sa.update(Account).where(Account.id == cast[name])
                               .values(password_hash=service.hash_of(build.PASSPHRASE)))


def newly(app: Flask, cast: Cast, name: str) -> Reader:
    """Return the browser of somebody who has just signed in, and shown nothing else."""
    return Reader(app, cast, name, shown=False)


def count(app: Flask, model: Any, *which: Any) -> int:
    """Count rows."""
    with app.app_context():
        found = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*which)) or 0
        db.session.remove()
        return found


def confirmed(reader: Reader, at: dt.datetime, **more: Any) -> Any:
    """Send the step's form with the code of that time."""
    return reader.post("/confirmer", {"code": code_at(at), **more})


# ---------- at sign-in ----------


VALUES: dict[Any, Callable[[Any], Any]] = {
    routing.UUIDConverter: lambda _one: uuid.uuid4(), routing.IntegerConverter: lambda _one: 1,
    routing.AnyConverter: lambda one: sorted(one.items)[0],
}


def closed_addresses(app: Flask) -> list[tuple[str, str, str]]:
    """Return endpoint, method and address of every page and form behind signing in, but the step's own."""
    found, urls = [], app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint == "static" or getattr(view, "is_public", False) or getattr(view, "is_before_any_step", False):
            continue
        values = {name: VALUES.get(type(rule._converters[name]), lambda _one: "x")(rule._converters[name])
                  for name in rule.arguments}
        found += [(rule.endpoint, method, urls.build(rule.endpoint, values, method=method))
                  for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return found


@pytest.mark.promise("P1", "passport.steps:is_asked_at_sign_in")
def test_a_role_opens_nothing_at_all_before_the_second_factor(app: Flask, cast: Cast) -> None:
    """Managers, readers and the coordination reach no page and no form before they have shown their second factor."""
    closed = closed_addresses(app)
    assert len(closed) > 150
    claire = newly(app, cast, "claire")
    assert way(claire.get("/menu")) == "/double-securite"
    assert "Ce rôle la demande" in words(claire.follow(claire.get("/menu")))
    has_application(app, cast, "claire", "sofia")
    claire = newly(app, cast, "claire")
    for endpoint, method, address in closed:
        answer = claire.client.open(address, method=method, headers={"HX-Request": "true"} if method == "POST" else {})
        if method == "GET":
            assert (answer.status_code, way(answer)) == (303, "/confirmer"), endpoint
        else:  # the page then sends it again as a whole page, and gets what the next lines say
            assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, "session-ended"), endpoint
    for reader in (claire, newly(app, cast, "sofia")):
        refused = reader.post(f"/organisation/role/{cast['m_karim']}/retirer")
        assert (refused.status_code, 'action="/confirmer"' in refused.get_data(as_text=True)) == (403, True)
        part = reader.get("/menu", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/menu"})
        assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/confirmer?next=/menu")
        assert reader.get("/envois/cle").json == {"account": "", "token": ""}  # what waits on the phone goes on waiting


def test_what_is_open_before_the_step(app: Flask, cast: Cast) -> None:
    """Signing out, language, help and closing one's links need no second factor."""
    has_application(app, cast, "claire")
    claire = newly(app, cast, "claire")
    assert way(claire.post("/montrer/tout-fermer")) == "/montrer"
    assert claire.get("/aide").status_code == 200
    assert claire.post("/langue", {"language": "en", "next": "/confirmer"}).status_code == 303
    assert "Confirm that it is really me" in words(claire.get("/confirmer"))
    assert way(claire.post("/fermer")) == "/"


@both_databases
def test_the_step_opens_the_very_page_under_another_session_number(app: Flask, cast: Cast) -> None:
    has_application(app, cast, "claire")
    claire = newly(app, cast, "claire")
    page = claire.follow(claire.get("/organisation/" + str(cast["library"])))
    assert "Code à 6 chiffres" in words(page)
    assert "Phrase de passe" not in words(page)  # it was given a moment ago
    before = claire.client.get_cookie("passport")
    answer = claire.post("/confirmer", {**fields(page, "/confirmer"), "code": code_at(NOON)})
    assert answer.headers["Location"] == f"/organisation/{cast['library']}"
    assert "Médiathèque Mandela" in words(claire.follow(answer))
    copied = newly(app, cast, "claire")
    assert before is not None
    copied.client.set_cookie("passport", before.value)
    assert way(copied.get("/menu")) == "/ouvrir"  # whoever copied the cookie before the step holds nothing


def test_the_way_on_stays_here(app: Flask, cast: Cast) -> None:
    has_application(app, cast, "claire")
    for odd in ("https://mal.example/", "//mal.example", "/\\mal.example", "javascript:alert(1)"):
        claire = newly(app, cast, "claire")
        answer = claire.post("/confirmer", {"code": code_at(NOON), "next": odd})
        assert answer.headers["Location"] == "/passeport", odd
        with app.app_context(), transaction():
            db.session.execute(sa.update(SecondFactor).values(last_step=None))


def test_learners_are_offered_one_and_asked_only_when_they_chose_it(app: Flask, cast: Cast) -> None:
    lea = newly(app, cast, "lea")
    assert lea.get("/passeport").status_code == 200
    assert "Facultatif" in words(lea.get("/double-securite"))
    has_application(app, cast, "lea")
    assert way(newly(app, cast, "lea").get("/passeport")) == "/confirmer"


# ---------- before something is opened ----------


def asked_by_tom(app: Flask, cast: Cast) -> str:
    """Return where karim answers what tom, who is 14, asks of him."""
    with app.app_context(), transaction():
        return f"/on-me-demande/{ask(cast, 'tom', 'tom_x', 'karim', NOON - H).id}"


@pytest.mark.promise("P4", "passport.accounts.rules:refusal_unless_fresh")
def test_a_protected_record_asks_for_both_and_remembers_a_named_device(app: Flask, cast: Cast, at: Any) -> None:
    """Before a protected learner's record a facilitator shows a second factor, remembered 30 days on a device they named,
    and a passphrase of the last twelve hours."""
    has_application(app, cast, "karim")
    record = asked_by_tom(app, cast)
    karim = newly(app, cast, "karim")
    with karim.client.session_transaction() as session:
        session["own"] = True
    assert karim.get("/passeport").status_code == 200
    assert karim.get("/on-me-demande").status_code == 200
    assert karim.get(record).headers["Location"] == f"/confirmer?next={record}"
    nameless = confirmed(karim, NOON, remember="y", device="")
    assert nameless.status_code == 422
    assert "Donner un nom à cet appareil" in words(nameless)
    assert confirmed(karim, NOON, remember="y", device="Mon téléphone", next=record).headers["Location"] == record
    assert karim.get(record).status_code == 200
    later = at(NOON + dt.timedelta(hours=12))
    page = karim.follow(karim.get(record))
    assert "Phrase de passe" in words(page)
    assert "Code à 6 chiffres" not in words(page)
    assert karim.post("/confirmer", {"present": "pas la bonne"}).status_code == 422
    assert karim.post("/confirmer", {"present": build.PASSPHRASE}).status_code == 303
    assert karim.get(record).status_code == 200
    later = at(NOON + dt.timedelta(days=29, hours=23))
    karim.post("/confirmer", {"present": build.PASSPHRASE})
    assert karim.get(record).status_code in {200, 404}  # what was opened may be closed by now: no step is asked
    with app.app_context():
        kept = db.session.scalars(sa.select(Session).where(Session.account_id == cast["karim"],
                                                           Session.factor_until.is_not(None))).all()
        assert [one.device for one in kept if one.factor_until == NOON + dt.timedelta(days=30)] == ["Mon téléphone"]
    assert later > NOON


def test_elsewhere_it_counts_twelve_hours(app: Flask, cast: Cast, at: Any) -> None:
    has_application(app, cast, "karim")
    karim, record = newly(app, cast, "karim"), asked_by_tom(app, cast)
    confirmed(karim, NOON, remember="y", device="Ordinateur d’un ami")
    assert karim.get(record).status_code == 200
    at(NOON + dt.timedelta(hours=12))
    asked = words(karim.follow(karim.get(record)))
    assert "Code à 6 chiffres" in asked
    assert "Phrase de passe" in asked


def test_a_stricter_city_asks_facilitators_at_sign_in_and_remembers_less(app: Flask, cast: Cast, at: Any) -> None:
    has_application(app, cast, "karim")
    with app.app_context(), transaction():
        for key, value in (("factor.facilitators", "sign_in"), ("factor.days", "7"), ):
            db.session.add(Setting(key=key, value=value))
            db.session.add(Decision(key=key, value=value, decided_by="DPO", decided_on=NOON.date(), reason="prudence"))
    karim = newly(app, cast, "karim")
    with karim.client.session_transaction() as session:
        session["own"] = True
    assert way(karim.get("/passeport")) == "/confirmer"
    assert "pendant 7 jours" in words(karim.get("/confirmer"))
    confirmed(karim, NOON, remember="y", device="Mon téléphone")
    assert karim.get("/passeport").status_code == 200
    at(NOON + dt.timedelta(days=7))
    assert way(karim.get("/passeport")) == "/confirmer"


@pytest.mark.promise("P1", "passport.steps:refusal_before")
def test_what_is_sent_without_the_step_changes_nothing_and_is_not_lost(app: Flask, cast: Cast) -> None:
    """Words to a protected learner sent without the second factor change nothing; they wait, and leave once it is shown."""
    has_application(app, cast, "karim")
    karim, record = newly(app, cast, "karim"), asked_by_tom(app, cast)
    sent = fields(Reader(app, cast, "karim").get(record))
    sent["seen"] = "Tes annonces étaient claires, et tout le monde a suivi."
    before = count(app, Feedback)
    refused = karim.post(record, sent)
    assert (refused.status_code, count(app, Feedback)) == (403, before)
    assert "Rien n’est parti" in words(refused)
    again = karim.post("/confirmer", {**fields(refused, "/confirmer"), "code": code_at(NOON)})
    assert sent["seen"] in words(again)
    arrived = karim.post(record, fields(again, record))
    assert (arrived.status_code, count(app, Feedback)) == (303, before + 1)
    by_htmx = newly(app, cast, "karim").post(record, sent, headers={"HX-Request": "true"})
    assert (by_htmx.status_code, by_htmx.headers["HX-Trigger"]) == (204, "session-ended")


def test_a_passphrase_sent_before_the_step_is_shown_nowhere(app: Flask, cast: Cast, at: Any) -> None:
    """Everything in one file asks for the passphrase anew: what was typed there does not travel through the step."""
    lea = newly(app, cast, "lea")
    at(NOON + dt.timedelta(hours=12))
    led = lea.post("/mes-donnees/emporter", {"present": "ma phrase secrète"})
    assert (led.status_code, fields(led, "/confirmer").get("carried")) == (403, "")
    has_application(app, cast, "lea")
    asked = newly(app, cast, "lea")
    led = asked.post("/mes-donnees/emporter", {"present": "ma phrase secrète"})
    again = asked.post("/confirmer", {**fields(led, "/confirmer"), "code": code_at(NOON + dt.timedelta(hours=12))})
    assert (again.status_code, "secrète" in words(again)) == (303, False)


def test_recognising_asks_even_for_an_adult(app: Flask, lived: Cast) -> None:
    has_application(app, lived, "karim")
    karim = newly(app, lived, "karim")
    assert way(karim.get(f"/reconnaitre/{lived['recognition']}")) == "/confirmer"
    assert karim.post(f"/reconnaitre/{lived['recognition']}", {"how_known": "saw"}).status_code == 403
    assert newly(app, lived, "nadia").get(f"/on-me-demande/{lived['request']}").status_code == 200  # lea, an adult


def test_what_is_sent_before_there_is_a_factor_stays_in_the_page_before(app: Flask, cast: Cast) -> None:
    record = asked_by_tom(app, cast)
    sent = {**fields(Reader(app, cast, "karim").get(record)), "seen": "Bien vu."}
    refused = newly(app, cast, "karim").post(record, sent)
    assert (refused.status_code, count(app, Feedback)) == (403, 0)
    assert "Le texte est encore dans la page d’avant" in words(refused)
    assert way(newly(app, cast, "karim").get(record)) == "/double-securite"


def test_in_the_demo_the_code_is_written_already_and_nowhere_else(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction():
        db.session.add(SecondFactor(account_id=cast["claire"], secret_sealed=seal(DEMO_SECRET), made_at=NOON))
    hidden = newly(app, cast, "claire")
    assert code_at(NOON, DEMO_SECRET) not in hidden.get("/confirmer").get_data(as_text=True)
    app.config["DEMO"] = True
    claire = newly(app, cast, "claire")
    page = claire.get("/confirmer")
    assert "le code de cette personne est déjà écrit" in words(page)
    assert claire.post("/confirmer", fields(page, "/confirmer")).status_code == 303  # one tap
    app.config.update(DEMO=False, MODE="production")
    for typed in (code_at(NOON, DEMO_SECRET), code_at(NOON + STEP, DEMO_SECRET)):
        assert newly(app, cast, "claire").post("/confirmer", {"code": typed}).status_code == 422


# ---------- codes ----------


@both_databases
@pytest.mark.promise("P1", "passport.accounts.rules:steps_at", "absent")
def test_a_code_counts_once_and_one_step_around(app: Flask, cast: Cast) -> None:
    """A code of an application counts once, half a minute before and after its time, and never again."""
    has_application(app, cast, "karim")
    with app.app_context():
        for typed, now, good in (
            (code_at(NOON - 2 * STEP), NOON, False), (code_at(NOON + 2 * STEP), NOON, False),
            (code_at(NOON - STEP), NOON, True), (code_at(NOON - STEP), NOON, False),
            (code_at(NOON), NOON, True), (code_at(NOON), NOON + STEP, False), (code_at(NOON - STEP), NOON, False),
            (code_at(NOON + STEP), NOON, True), (code_at(NOON), NOON, False), ("", NOON, False), ("٠١٢٣٤٥", NOON, False),
        ):
            try:
                with transaction():
                    factor.use_code(cast["karim"], typed, now)
                took = True
            except factor.Refused:
                took = False
            assert took is good, (typed, now)
        with transaction():
            codes = factor.print_codes(cast["karim"], NOON)
            more = factor.print_codes(cast["karim"], NOON)
        with transaction():
            factor.use_code(cast["karim"], f" {more[0].lower().replace('-', ' ')} ", NOON)
        for wrong in (codes[0], more[0], "AAAAA-AAAAA"):
            with pytest.raises(factor.Refused), transaction():
                factor.use_code(cast["karim"], wrong, NOON)
        assert factor.owned(cast["karim"]).printed_left == 9
        with pytest.raises(factor.Refused), transaction():
            factor.use_code(cast["nadia"], more[1], NOON)  # another account's
        db.session.remove()


def test_a_passphrase_is_guessed_eight_times_wherever_it_is_asked_for(app: Flask, cast: Cast, at: Any) -> None:
    """Whoever holds somebody's open phone gets no more guesses by going from one page to the next."""
    name = "lea"
    has_application(app, cast, name)
    lea = Reader(app, cast, name)
    at(NOON + dt.timedelta(hours=12))
    pages = (("/confirmer", {}), ("/adresse", {"address": "moi@example.org"}), ("/feuille-de-secours", {}),
             ("/mes-donnees/effacer", {"when": "later", "credentials": "asked"}))
    found = [lea.post(where, {**more, "present": "faux"}).status_code for where, more in (*pages, *pages, *pages[:2])]
    assert found == [422] * 8 + [429] * 2, found


def test_guessing_codes_is_slowed_down_for_that_account_and_never_for_ever(app: Flask, cast: Cast) -> None:
    has_application(app, cast, "claire", "sofia")
    claire = newly(app, cast, "claire")
    answers = [claire.post("/confirmer", {"code": f"{n:06d}"}) for n in range(9)]
    assert [a.status_code for a in answers] == [422] * 8 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 30
    assert confirmed(claire, NOON).status_code == 429  # not even the right one is looked at
    assert confirmed(newly(app, cast, "claire"), NOON).status_code == 429  # nor from another session
    assert confirmed(newly(app, cast, "sofia"), NOON).status_code == 303
    assert claire.get("/confirmer").status_code == 200


def test_setting_up_an_application_and_printing_codes(app: Flask, cast: Cast) -> None:
    claire = newly(app, cast, "claire")
    page = claire.get("/double-securite/application?next=/menu")
    secret = re.sub(r"\s", "", re.search(r'class="code" translate="no">([A-Z2-7 ]+)<', page.get_data(as_text=True))[1])  # type: ignore[index]
    wrong = claire.post("/double-securite/application", {**fields(page), "code": "000000"})
    assert (wrong.status_code, count(app, SecondFactor)) == (422, 0)
    form = {**fields(wrong), "code": code_at(NOON, secret)}
    stolen = newly(app, cast, "farid").post("/double-securite/application", form)
    assert (stolen.status_code, count(app, SecondFactor)) == (422, 0)  # the sealed secret is another person's
    done = claire.post("/double-securite/application", form)
    assert done.headers["Location"] == "/double-securite?next=/menu"
    assert claire.post("/double-securite/application", form).status_code == 303  # sent twice, kept once
    overview = claire.follow(done)
    assert 'href="/menu"' in overview.get_data(as_text=True)
    assert claire.get("/menu").status_code == 200
    paper = claire.follow(claire.post("/double-securite/codes"))
    codes = re.findall(r"\b[2-9A-Z]{5}-[2-9A-Z]{5}\b", words(paper))
    assert len(set(codes)) == 10
    claire.get("/menu")
    assert way(claire.get("/double-securite/codes")) == "/double-securite"  # shown this once
    other = newly(app, cast, "claire")
    for n, code in enumerate(codes[:7]):
        other = newly(app, cast, "claire")
        assert other.post("/confirmer", {"code": code}).status_code == 303, n
    assert "Codes imprimés qui restent" in words(other.get("/passeport"))
    with app.app_context():
        stored = db.session.scalars(sa.select(SecondFactor.secret_sealed)).one()
        assert secret.encode() not in stored
        assert not any(code.encode() in kept for code in codes for kept in db.session.scalars(sa.select(RecoveryCode.code_hash)))
        assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent).where(AuditEvent.action.like("factor.%"))) == 9


# ---------- what does not survive ----------


def test_it_does_not_survive_signing_out_or_another_passphrase(app: Flask, cast: Cast) -> None:
    has_application(app, cast, "claire")
    claire = newly(app, cast, "claire")
    confirmed(claire, NOON)
    cookie = claire.client.get_cookie("passport")
    assert claire.fill("/phrase", present=build.PASSPHRASE, choice="own", own="une girafe bleue au marché de nuit").status_code == 303
    assert way(claire.get("/menu")) == "/confirmer"
    confirmed(claire, NOON + STEP, present="une girafe bleue au marché de nuit")
    assert claire.get("/menu").status_code == 200
    claire.post("/fermer")
    assert cookie is not None
    claire.client.set_cookie("passport", cookie.value)
    assert way(claire.get("/menu")) == "/ouvrir"


@pytest.mark.promise("T28", "passport.accounts.rules:is_over")
def test_a_session_of_the_coordination_ends_soon(app: Flask, cast: Cast, at: Any) -> None:
    """A session of the coordination ends after a quarter of an hour unused, and after eight hours whatever is done."""
    claire, sofia = Reader(app, cast, "claire"), Reader(app, cast, "sofia")
    for minutes in range(0, 8 * 60, 15):
        at(NOON + dt.timedelta(minutes=minutes))
        assert sofia.get("/ville/organisations").status_code in {200, 404}, minutes
    at(NOON + dt.timedelta(hours=8))
    assert way(sofia.get("/menu")) == "/ouvrir"
    assert claire.get("/menu").status_code == 200
    at(NOON)
    idle = Reader(app, cast, "sofia")
    at(NOON + dt.timedelta(minutes=15, seconds=1))
    assert way(idle.get("/menu")) == "/ouvrir"


@pytest.mark.promise("T28", "passport.organisations.rules:refusal_to_confirm_coordinator")
def test_one_more_coordinator_is_confirmed_by_a_second_and_told_to_all(app: Flask, cast: Cast) -> None:
    """Whoever one coordinator invites to coordinate opens nothing before another coordinator confirms; all are told."""
    with app.app_context(), transaction():
        city = db.session.get_one(build.Organisation, cast["city"])
        other = build.account("oscar", NOON)
        cast.ids["oscar"] = other.id
        build.membership(other, city, "coordinator", NOON)
        for who in ("oscar", "sofia", "lea"):
            db.session.execute(sa.update(Account).where(Account.id == cast[who])
                               .values(email=f"{who}@example.org", email_confirmed_at=NOON))
        _made, token = organisations.invite(city, "coordinator", None, None, cast["sofia"], NOON)
    lea, sofia, oscar = (Reader(app, cast, name) for name in ("lea", "sofia", "oscar"))
    assert "doit confirmer" in words(lea.follow(lea.post(f"/invitation/{token}")))
    assert lea.get("/ville").status_code == 404
    assert count(app, Message, Message.kind == "coordinator") == 3
    with app.app_context():
        waiting = db.session.scalar(sa.select(build.Membership.id).where(build.Membership.account_id == cast["lea"]))
    road = f"/organisation/role/{waiting}/confirmer"
    assert "Attend une autre personne" in words(sofia.get(f"/organisation/{cast['city']}"))
    assert "Une autre personne doit confirmer" in words(sofia.post(road))
    assert lea.post(road).status_code == 404
    assert lea.get("/ville").status_code == 404
    with app.app_context(), transaction():
        db.session.execute(sa.update(Session).values(stepped_up_at=NOON - dt.timedelta(minutes=15)))
    assert oscar.post(road).status_code == 403  # the passphrase, once more
    with app.app_context(), transaction():
        db.session.execute(sa.update(Session).values(stepped_up_at=NOON))
    assert oscar.post(road).status_code == 303
    assert oscar.post(road).status_code == 303
    assert count(app, Message, Message.kind == "coordinator") == 6
    assert Reader(app, cast, "lea").get("/ville").status_code == 200


# ---------- letting go, beginning anew ----------


def test_a_role_keeps_its_last_one_and_a_learner_lets_go_of_it(app: Flask, cast: Cast, at: Any) -> None:
    has_application(app, cast, "claire", "lea")
    claire, lea = newly(app, cast, "claire"), newly(app, cast, "lea")
    confirmed(claire, NOON)
    kept = claire.post("/double-securite/retirer", {"what": "application"})
    assert (kept.status_code, count(app, SecondFactor)) == (409, 2)
    assert "En ajouter une autre" in words(kept)
    confirmed(lea, NOON)
    at(NOON + dt.timedelta(minutes=15))
    asked = lea.post("/double-securite/retirer", {"what": "application"})
    assert (asked.status_code, count(app, SecondFactor)) == (403, 2)
    again = lea.post("/confirmer", {**fields(asked, "/confirmer"), "present": build.PASSPHRASE})
    assert again.status_code == 303
    assert lea.post("/double-securite/retirer", {"what": "pas une clé"}).status_code == 404
    assert lea.post("/double-securite/retirer", {"what": "application"}).status_code == 303
    assert lea.post("/double-securite/retirer", {"what": "application"}).status_code == 303
    assert count(app, SecondFactor) == 1
    assert newly(app, cast, "lea").get("/passeport").status_code == 200


def test_whoever_lost_it_begins_anew_before_another_person(app: Flask, cast: Cast) -> None:
    has_application(app, cast, "karim", "nadia", "claire", "sofia")
    with app.app_context(), transaction():
        db.session.execute(sa.update(Account).where(Account.id == cast["karim"])
                           .values(email="karim@example.org", email_confirmed_at=NOON))
    road = "/organisation/role/{}/double-securite"
    karim = Reader(app, cast, "karim")
    assert karim.post(road.format(cast["m_karim"])).status_code == 404  # not by oneself
    claire = Reader(app, cast, "claire")
    assert claire.post(road.format(cast["m_nadia"])).status_code == 404  # of another organisation
    assert claire.post(road.format(cast["m_claire"])).status_code == 403
    assert count(app, SecondFactor) == 4
    assert newly(app, cast, "claire").post(road.format(cast["m_karim"])).status_code == 403
    assert claire.post(road.format(cast["m_karim"])).status_code == 303
    assert count(app, SecondFactor, SecondFactor.account_id == cast["karim"]) == 0
    assert way(karim.get("/menu")) == "/ouvrir"  # ended
    assert count(app, Message, Message.kind == "factor") == 1
    with app.app_context(), transaction():
        build.membership(db.session.get_one(Account, cast["nadia"]), db.session.get_one(build.Organisation, cast["library"]),
                         "facilitator", NOON)
    with app.app_context():
        twice = db.session.scalar(sa.select(build.Membership.id).where(
            build.Membership.account_id == cast["nadia"], build.Membership.organisation_id == cast["library"]))
    refused = claire.post(road.format(twice))
    assert "La coordination de la Ville peut le faire" in words(refused)
    assert Reader(app, cast, "sofia").post(road.format(twice)).status_code == 303
    assert count(app, SecondFactor, SecondFactor.account_id == cast["nadia"]) == 0


def test_nobody_is_made_a_member_in_order_to_begin_anew(app: Flask, cast: Cast) -> None:
    """A role is taken once what is owed was shown, and one that is over lets nobody take a second factor away."""
    has_application(app, cast, "lea", "karim")
    claire = Reader(app, cast, "claire")
    page = claire.follow(claire.fill(f"/organisation/{cast['library']}/inviter"))
    invitation = re.search(r"/invitation/[\w-]{22}", page.get_data(as_text=True))
    assert invitation
    refused = newly(app, cast, "lea").post(invitation[0])
    assert (refused.status_code, 'action="/confirmer"' in refused.get_data(as_text=True)) == (403, True)
    assert count(app, build.Membership, build.Membership.account_id == cast["lea"]) == 0
    assert Reader(app, cast, "lea").post(invitation[0]).status_code == 303
    assert claire.post(f"/organisation/role/{cast['m_karim']}/retirer").status_code == 303
    for who in (claire, Reader(app, cast, "sofia")):
        assert who.post(f"/organisation/role/{cast['m_karim']}/double-securite").status_code in {409, 422}
    assert count(app, SecondFactor, SecondFactor.account_id == cast["karim"]) == 1


@pytest.mark.parametrize("words_typed", ["x" * 20_000, "\u202e\u200b👩‍👧‍👦", "<b>1</b>", "٠١٢٣٤٥", "-1"], ids=range(5))
def test_nonsense_is_refused_beside_its_field(app: Flask, cast: Cast, words_typed: str) -> None:
    has_application(app, cast, "claire")
    claire, lea = newly(app, cast, "claire"), newly(app, cast, "lea")
    sent = {"code": words_typed, "device": words_typed, "carried": words_typed, "next": words_typed, "again": words_typed}
    assert claire.post("/confirmer", sent).status_code == 422
    assert claire.post("/confirmer", {"passkey": words_typed}).status_code == 422
    for setup in (words_typed, fields(lea.get("/double-securite/application"))["setup"]):
        assert lea.post("/double-securite/application", {"code": words_typed, "setup": setup}).status_code == 422
    assert lea.post("/double-securite/cle", {"name": words_typed, "passkey": words_typed}).status_code == 422
    assert lea.post("/double-securite/cle", {"name": "Clé", "passkey": "[" * 15_000}).status_code == 422
    assert way(lea.post("/double-securite/codes")) == "/double-securite"  # codes stand in for something
    assert count(app, SecondFactor) == 1


# ---------- passkeys ----------


@pytest.fixture
def settings_of_test(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Passkeys need the name of a host; everything else here does not mind."""
    return {"PUBLIC_URL": PUBLIC_URL}


def asked(page: Any) -> dict[str, Any]:
    """Return what the page asks of the browser."""
    found = re.search(r'data-passkey="([^"]+)"', page.get_data(as_text=True))
    assert found, words(page)
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


HERE: dict[str, Any] = {"base_url": PUBLIC_URL}


def device(number: bytes = b"a phone") -> Authenticator:
    """Return a device that stands before the right page."""
    return Authenticator(PUBLIC_URL, "passeport.example", number)


def let_keep(reader: Reader, held: Authenticator) -> Any:
    """Make a passkey, as the page and its script do."""
    page = reader.get("/double-securite/cle", **HERE)
    return reader.post("/double-securite/cle", {"name": "Mon téléphone", "passkey": held.make(asked(page))}, **HERE)


def at_home(app: Flask, cast: Cast, name: str) -> Reader:
    """Return the browser of somebody who has just signed in at the city's own address."""
    reader = newly(app, cast, name)
    cookie = reader.client.get_cookie("passport")
    assert cookie is not None
    reader.client.set_cookie("passport", cookie.value, domain="passeport.example")
    return reader


def test_a_passkey_is_made_and_shown_in_one_gesture(app: Flask, cast: Cast, at: Any) -> None:
    claire, held = at_home(app, cast, "claire"), device()
    options = asked(claire.get("/double-securite/cle", **HERE))
    assert options["rp"]["id"] == "passeport.example"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert str(cast["claire"]) not in raw(options["user"]["id"]).hex()
    assert let_keep(claire, held).status_code == 303
    assert claire.get("/menu", **HERE).status_code == 200
    later = at_home(app, cast, "claire")
    at(NOON + dt.timedelta(hours=11))
    answer = later.post("/confirmer", {"passkey": held.show(asked(later.get("/confirmer", **HERE)))}, **HERE)
    assert answer.status_code == 303
    assert later.get("/menu", **HERE).status_code == 200
    with app.app_context():
        kept = db.session.scalars(sa.select(Passkey)).one()
        assert (kept.sign_count, kept.account_id) == (1, cast["claire"])


WRONG: dict[str, Callable[[Authenticator], None]] = {
    "another page": lambda held: setattr(held, "origin", "https://passeport.example.mal.example"),
    "the same page without https": lambda held: setattr(held, "origin", "http://passeport.example"),
    "another city": lambda held: setattr(held, "rp_id", "mal.example"),
    "nobody verified": lambda held: setattr(held, "flags", PRESENT),
    "a counter gone back": lambda held: setattr(held, "count", 3),
    "another key": lambda held: setattr(held, "key", device().key),
    "an unknown number": lambda held: setattr(held, "number", b"another phone"),
}


@pytest.mark.promise("P1", "passport.accounts.passkeys:show", "absent")
def test_a_passkey_that_is_wrong_in_any_way_opens_nothing(app: Flask, cast: Cast, at: Any) -> None:
    """A passkey opens nothing for another page or city, unverified, gone back, from another account, or shown again."""
    claire, held = at_home(app, cast, "claire"), device()
    let_keep(claire, held)
    farid, his = at_home(app, cast, "farid"), device(b"his phone")
    let_keep(farid, his)
    reader = at_home(app, cast, "claire")
    held.count = 10
    reader.post("/confirmer", {"passkey": held.show(asked(reader.get("/confirmer", **HERE)))}, **HERE)
    for name, spoil in WRONG.items():
        spoilt = Authenticator(held.origin, held.rp_id, held.number, held.key, held.count)
        spoil(spoilt)
        victim = at_home(app, cast, "claire")
        answer = victim.post("/confirmer", {"passkey": spoilt.show(asked(victim.get("/confirmer", **HERE)))}, **HERE)
        assert answer.status_code in {422, 429}, name
        assert "n’a pas été reconnue" in words(answer), name
        assert way(victim.get("/menu", **HERE)) == "/confirmer", name
        with app.app_context():
            from passport.accounts import tries

            tries.forget(f"factor of {cast['claire']}")
    victim = at_home(app, cast, "claire")
    theirs = his.show(asked(victim.get("/confirmer", **HERE)))
    assert victim.post("/confirmer", {"passkey": theirs}, **HERE).status_code == 422  # another account's
    question = asked(victim.get("/confirmer", **HERE))
    another = at_home(app, cast, "claire")
    assert another.post("/confirmer", {"passkey": held.show(question)}, **HERE).status_code == 422  # asked of another session
    good = held.show(question)
    at(NOON + dt.timedelta(minutes=11))
    assert victim.post("/confirmer", {"passkey": good}, **HERE).status_code == 422  # too late
    at(NOON)
    assert victim.post("/confirmer", {"passkey": good}, **HERE).status_code == 303
    again = victim.post("/confirmer", {"again": "1", "passkey": good}, **HERE)
    assert again.status_code == 303  # nothing was asked any more
    with app.app_context(), transaction():
        db.session.execute(sa.update(Session).values(factor_until=None))
    assert victim.post("/confirmer", {"passkey": good}, **HERE).status_code == 422  # shown again
    for nonsense in ("{", "[]", '{"id": 1}', '{"rawId": "é", "response": {}}', "x" * 30_000, json.dumps({"rawId": None})):
        assert victim.post("/confirmer", {"passkey": nonsense}, **HERE).status_code in {422, 429}, nonsense[:20]


def test_a_passkey_of_another_session_page_or_person_is_not_kept(app: Flask, cast: Cast) -> None:
    claire, farid = at_home(app, cast, "claire"), at_home(app, cast, "farid")
    question = asked(farid.get("/double-securite/cle", **HERE))
    told = {"name": "Mon téléphone", "passkey": device().make(question)}
    assert claire.post("/double-securite/cle", told, **HERE).status_code == 422
    elsewhere = device()
    elsewhere.origin = "https://mal.example"
    assert let_keep(claire, elsewhere).status_code == 422
    assert farid.post("/double-securite/cle", told, **HERE).status_code == 303
    assert let_keep(claire, device()).status_code == 422  # the number is of farid's
    assert count(app, Passkey) == 1


def test_where_passkeys_cannot_work_the_page_says_so(app: Flask, cast: Cast) -> None:
    for url, host, works in (
        ("https://passeport.example", "passeport.example", True), ("https://passeport.example", "localhost", False),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False), ("http://localhost:8000", "localhost:8000", True),
        ("https://192.0.2.7", "192.0.2.7", False), ("http://passeport.example", "passeport.example", False),
    ):
        app.config["PUBLIC_URL"] = url
        with app.app_context():
            assert passkeys.work_here(host) is works, (url, host)
    claire = newly(app, cast, "claire")
    for address in ("/double-securite", "/double-securite/cle"):
        assert "les clés d’accès ne marchent pas" in words(claire.get(address))
