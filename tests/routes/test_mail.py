"""An e-mail address, and what arrives there: never asked for, never telling, never a way in for somebody else."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts import addresses, service
from passport.accounts.models import Account, Mailbox, OneTimeToken
from passport.extensions import db
from passport.feedback import service as feedback
from passport.feedback.models import Feedback, FeedbackRequest
from passport.notices import letters, outbox
from passport.notices.models import KINDS, Job, Message, Notice
from passport.notices.worker import Worker
from passport.organisations.models import Membership
from passport.recognition import service as recognition
from passport.seal import seal
from tests import build, world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.letters import Letterbox, link, subject, text
from tests.reading import Reader, fields, way, words

MINE, OTHER = "lea@exemple.fr", "karim@exemple.fr"
OWN = "cabane orange tambour neige"
NEW = "lampe violon marche prairie"
MINUTE = dt.timedelta(minutes=1)
THREE = 3 * MINUTE
NIGHT = dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC)  # half past eleven in the city
SEVEN = dt.datetime(2026, 11, 25, 6, 0, tzinfo=dt.UTC)


@pytest.fixture
def post(app: Flask, cast: Cast, tmp_path: Path) -> Letterbox:
    """The letterbox of the city, empty."""
    app.config["MAIL"] = replace(app.config["MAIL"], folder=tmp_path / "mail")
    return Letterbox(app, tmp_path / "mail")


def rows(app: Flask, *what: Any) -> list[Any]:
    """Return rows, apart from any request."""
    with app.app_context():
        found = list(db.session.execute(sa.select(*what)).all())
        db.session.remove()
    return found


def give(app: Flask, who: uuid.UUID, email: str | None, **more: Any) -> None:
    """Give somebody a confirmed address and a passphrase of their own."""
    with app.app_context():
        db.session.execute(sa.update(Account).where(Account.id == who).values(
            email=email, email_confirmed_at=NOON if email else None, password_hash=service.hash_of(OWN), **more))
        db.session.commit()
        db.session.remove()


def do(app: Flask, act: Any) -> Any:
    """Do something in one transaction, as a request would, and return what it returns."""
    with app.app_context():
        try:
            done = act()
            db.session.commit()
        finally:
            db.session.remove()
    return done


# ---------- giving an address ----------


def test_an_address_is_confirmed_by_a_button_behind_its_link(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    give(app, cast["lea"], None)
    lea = browse("lea")
    assert "Mon adresse e-mail" in words(lea.get("/menu"))
    page = lea.follow(lea.fill("/adresse", address=" Lea@Exemple.FR ", present=OWN))
    assert "Regardez votre boîte" in words(page)
    assert MINE in words(page)
    (mail,) = post.work()
    assert (mail["To"], subject(mail)) == (MINE, "Confirmer une adresse e-mail")
    way_in = link(mail)
    for _ in range(2):
        assert MINE in words(lea.get(way_in))
    assert rows(app, Account.email).count((MINE,)) == 0
    assert "L’adresse est confirmée." in words(lea.follow(lea.fill(way_in)))
    assert (MINE, NOON) in rows(app, Account.email, Account.email_confirmed_at)
    assert lea.get(way_in).status_code == lea.post(way_in).status_code == 410


def test_it_takes_the_passphrase_and_one_address(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    give(app, cast["lea"], None)
    lea = browse("lea")
    for typed, present, said in (
        ("", OWN, "Écrire l’adresse e-mail."), ("lea", OWN, "Vérifier l’adresse"), (MINE, "", "Écrire la phrase de passe."),
        (MINE, "wrong", "Ce n’est pas la phrase actuelle."), ("a@b.fr\nBcc: c@d.fr", OWN, "Vérifier l’adresse"),
        ("a@b.fr, c@d.fr", OWN, "Vérifier l’adresse"), ("é@exemple.fr", OWN, "Vérifier l’adresse"),
        ("x" * 300 + "@b.fr", OWN, "C’est un peu long"),
    ):
        answer = lea.post("/adresse", {"address": typed, "present": present})
        assert answer.status_code == 422, typed
        assert said in words(answer), typed
        if typed and "\n" not in typed:
            assert typed in words(answer) or f'value="{typed}"' in answer.get_data(as_text=True)
    assert post.work() == []
    assert rows(app, Mailbox) == []


def test_a_form_of_the_account_is_not_carried_across_a_session_that_ended(
    app: Flask, cast: Cast, post: Letterbox, browse: Any
) -> None:
    give(app, cast["lea"], None)
    lea = browse("lea")
    do(app, lambda: service.end_sessions(cast["lea"], NOON))
    answer = lea.post("/adresse", {"address": MINE, "present": OWN})
    assert way(answer) == "/ouvrir"
    told = answer.get_data(as_text=True) + lea.get("/ouvrir").get_data(as_text=True)
    assert not [secret for secret in (MINE, OWN, "gAAAAA") if secret in told]  # nor anything sealed


def test_nobody_learns_whether_an_address_is_known(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    """Promise P3: the same answer, the same statements; who has a passport already is told by e-mail."""
    give(app, cast["karim"], OTHER)
    give(app, cast["lea"], None)
    give(app, cast["stranger"], None)
    seen: dict[str, tuple[Any, ...]] = {}
    for who, typed in (("lea", OTHER), ("stranger", "nobody@exemple.fr")):
        reader = browse(who)
        told: list[str] = []
        with app.app_context():
            engine = db.engine

        def note(_c: Any, _cursor: Any, statement: str, *_: Any, told: list[str] = told) -> None:
            told.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        answer = reader.post("/adresse", {"address": typed, "present": OWN})
        page = reader.follow(answer)
        sa.event.remove(engine, "before_cursor_execute", note)
        seen[who] = (answer.status_code, way(answer), words(page).split("Menu", 1)[1].replace(typed, "X"), told)
    assert seen["lea"] == seen["stranger"]
    mails = {m["To"]: m for m in post.work()}
    assert subject(mails[OTHER]) == "Cette adresse sert déjà"
    assert subject(mails["nobody@exemple.fr"]) == "Confirmer une adresse e-mail"
    assert "/confirmer/" not in text(mails[OTHER])
    assert all("Lea" not in text(m) and "Karim" not in text(m) for m in mails.values())


def test_only_the_newest_address_and_the_newest_link_confirm(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    give(app, cast["lea"], None)
    lea = browse("lea")
    lea.post("/adresse", {"address": MINE, "present": OWN})
    (first,) = post.work()
    lea.post("/adresse", {"address": "autre@exemple.fr", "present": OWN})
    assert lea.post(link(first)).status_code == 410
    (second,) = post.work()
    assert second["To"] == "autre@exemple.fr"
    assert lea.post(link(first)).status_code == 410
    assert way(lea.post(link(second))) == "/adresse"
    assert ("autre@exemple.fr",) in rows(app, Account.email)


def test_a_link_confirms_for_its_own_account_alone_and_for_a_day(
    app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any
) -> None:
    give(app, cast["lea"], None)
    lea, stranger = browse("lea"), browse("stranger")
    lea.post("/adresse", {"address": MINE, "present": OWN})
    (mail,) = post.work()
    assert way(browse(None).get(link(mail))) == "/ouvrir"
    assert stranger.get(link(mail)).status_code == stranger.post(link(mail)).status_code == 410
    at(NOON + dt.timedelta(hours=24))
    assert lea.post(link(mail)).status_code == 410
    assert "Regardez votre boîte" not in words(lea.get("/adresse"))
    assert (MINE,) not in rows(app, Account.email)


def test_two_who_wait_for_the_same_address_end_with_one(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    for name in ("lea", "stranger"):
        give(app, cast[name], None)
        browse(name).post("/adresse", {"address": MINE, "present": OWN})
    one, two = post.work()
    assert way(browse("lea").post(link(one))) == "/adresse"
    late = browse("stranger").post(link(two))
    assert late.status_code == 410
    assert "Cette adresse sert déjà à un autre passeport." in words(late)
    assert rows(app, Account.email).count((MINE,)) == 1


def test_another_address_takes_over_only_when_confirmed_and_the_old_one_is_told(
    app: Flask, cast: Cast, post: Letterbox, browse: Any
) -> None:
    give(app, cast["lea"], MINE)
    lea = browse("lea")
    lea.post("/adresse", {"address": "autre@exemple.fr", "present": OWN})
    assert (MINE,) in rows(app, Account.email)
    (mail,) = post.work()
    lea.post(link(mail))
    (told,) = post.work()
    assert (told["To"], subject(told)) == (MINE, "Cette adresse ne sert plus")
    assert "autre@exemple.fr" not in str(told)


def test_an_address_is_taken_back_and_forgotten(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    give(app, cast["lea"], MINE)
    lea = browse("lea")
    for _ in range(2):
        assert "L’adresse est retirée." in words(lea.follow(lea.post("/adresse/retirer")))
    (told,) = post.work()
    assert told["To"] == MINE
    assert (MINE,) not in rows(app, Account.email)
    assert rows(app, Mailbox) == []
    with app.app_context():
        kept = [str(row) for name in ("account", "mailbox", "message", "job", "one_time_token")
                for row in db.session.execute(sa.select(db.metadata.tables[name]))]
        db.session.remove()
    assert not any(MINE in row for row in kept)


# ---------- a passphrase forgotten ----------


def ask_reset(reader: Reader, address: str = MINE) -> None:
    answer = reader.fill("/phrase-oubliee", address=address)
    assert way(answer) == "/regardez-votre-boite"
    assert "Regardez votre boîte" in words(reader.follow(answer))


@pytest.mark.promise("P5", "passport.accounts.service:end_sessions", "absent")
def test_a_forgotten_passphrase_is_replaced_once(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    """A link to a new phrase works once, on a page that is kept nowhere, and ends every other session."""
    give(app, cast["lea"], MINE)
    signed_in, visitor = browse("lea"), browse(None)
    assert "Phrase oubliée" in words(visitor.get("/ouvrir"))
    ask_reset(visitor)
    (mail,) = post.work()
    assert subject(mail) == "Choisir une nouvelle phrase de passe"
    assert "Lea" not in str(mail)
    address = link(mail)
    page = visitor.get(address)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "List-Unsubscribe" not in mail
    visitor.get(address)
    assert signed_in.get("/menu").status_code == 200
    answer = visitor.fill(address, choice="own", own=NEW)
    assert way(answer) == "/ouvrir"
    assert way(signed_in.get("/menu")) == "/ouvrir"
    assert visitor.get(address).status_code == visitor.post(address, {"choice": "own", "own": NEW}).status_code == 410
    assert visitor.post("/ouvrir", {"name": MINE, "passphrase": OWN}).status_code == 422
    assert way(visitor.fill("/ouvrir", name=MINE, passphrase=NEW)) == "/passeport"


def test_a_weak_passphrase_does_not_use_the_link_up(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    give(app, cast["lea"], MINE)
    visitor = browse(None)
    ask_reset(visitor)
    address = link(post.work()[0])
    for own, said in (("court", "Allonger la phrase"), ("lea exemple 12", "Allonger la phrase")):
        answer = visitor.fill(address, choice="own", own=own)
        assert (answer.status_code, said in words(answer)) == (422, True), own
    other = visitor.fill(address, other="1")
    assert other.status_code == 200
    proposed = visitor.get(address)
    phrase = re.search(r'id="proposed"><b[^>]*>([^<]+)<', proposed.get_data(as_text=True))
    assert phrase
    assert way(visitor.post(address, fields(proposed))) == "/ouvrir"
    assert way(visitor.fill("/ouvrir", name=MINE, passphrase=phrase[1])) == "/passeport"


@pytest.mark.promise("P5", "passport.accounts.addresses:_end_tokens", "absent")
def test_only_the_newest_link_works_and_for_fifteen_minutes(
    app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any
) -> None:
    """Only the newest link to a new phrase works, and for fifteen minutes."""
    give(app, cast["lea"], MINE)
    visitor = browse(None)
    ask_reset(visitor)
    (first,) = post.work()
    ask_reset(visitor)
    (second,) = post.work()
    assert visitor.get(link(first)).status_code == 410
    assert visitor.get(link(second)).status_code == 200
    at(NOON + 15 * MINUTE)
    assert visitor.get(link(second)).status_code == 410
    assert visitor.post(link(second), {"choice": "own", "own": NEW}).status_code == 410


def test_a_link_that_would_come_too_late_does_not_leave(
    app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any
) -> None:
    give(app, cast["lea"], MINE)
    visitor = browse(None)
    ask_reset(visitor)
    with app.app_context():
        worker = Worker()
        worker.do_one()
        db.session.remove()
    at(NOON + 16 * MINUTE)
    assert post.work() == []
    ((failed, address, token),) = rows(app, Message.failed_at, Message.address, Message.token_sealed)
    assert (failed, address, token) == (NOON + 16 * MINUTE, None, None)


@pytest.mark.promise("P3", "passport.accounts.addresses:forget_passphrase", "absent")
def test_asking_tells_nothing_and_does_the_same_for_any_address(
    app: Flask, cast: Cast, post: Letterbox, browse: Any
) -> None:
    """Asking for a new phrase answers the same and asks the database the same for any address; only the worker knows whose it is."""
    give(app, cast["lea"], MINE)
    with app.app_context():
        engine = db.engine
    seen = []
    for typed in (MINE, "nobody@exemple.fr"):
        told: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any, told: list[str] = told) -> None:
            told.append(statement)

        visitor = browse(None)
        sa.event.listen(engine, "before_cursor_execute", note)
        answer = visitor.fill("/phrase-oubliee", address=typed)
        page = visitor.follow(answer)
        sa.event.remove(engine, "before_cursor_execute", note)
        seen.append((answer.status_code, words(page), told))
    assert seen[0] == seen[1]
    assert [m["To"] for m in post.work()] == [MINE]


def test_an_address_that_is_not_confirmed_opens_nothing(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    give(app, cast["lea"], None)
    browse("lea").post("/adresse", {"address": MINE, "present": OWN})
    post.work()
    ask_reset(browse(None))
    assert post.work() == []


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
def test_five_links_an_hour(app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any) -> None:
    give(app, cast["lea"], MINE)
    visitor = browse(None)
    for _ in range(7):
        ask_reset(visitor)
    assert len(rows(app, Job.id)) == 5
    assert [m["To"] for m in post.work()] == [MINE]  # the newest alone: the others would not work
    assert len(rows(app, OneTimeToken.token_hash)) == 5


def test_five_links_an_hour_for_one_account_whatever_the_counter_says(
    app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any
) -> None:
    give(app, cast["lea"], MINE)
    visitor = browse(None)
    for _ in range(7):
        ask_reset(visitor)
        post.work()
    assert len(rows(app, OneTimeToken.token_hash)) == 5
    at(NOON + dt.timedelta(hours=1, minutes=1))
    ask_reset(visitor)
    assert len(post.work()) == 1


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
def test_one_network_asks_for_thirty_at_most(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    visitor = browse(None)
    answers = [visitor.post("/phrase-oubliee", {"address": f"a{n}@exemple.fr"}).status_code for n in range(31)]
    assert answers == [303] * 30 + [429]


@pytest.mark.promise("P5", "passport.links:public_url", "absent")
def test_a_link_follows_no_host_header(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    """The link to a new phrase leads to the city’s own address, whatever Host header came in."""
    give(app, cast["lea"], MINE)
    visitor = browse(None)
    visitor.client.post("/phrase-oubliee", data={"address": MINE}, headers={"Host": "evil.example"})
    (mail,) = post.work()
    assert "evil.example" not in str(mail)
    assert app.config["PUBLIC_URL"] + "/nouvelle-phrase/" in str(mail.get_content())


def test_no_secret_stands_in_the_database_in_clear(app: Flask, cast: Cast, post: Letterbox, browse: Any) -> None:
    give(app, cast["lea"], MINE)
    ask_reset(browse(None))
    with app.app_context():
        waiting = [str(row) for row in db.session.execute(sa.select(Job.payload))]
        db.session.remove()
    assert not any(MINE in row for row in waiting)
    (mail,) = post.work()
    token = link(mail).rsplit("/", 1)[1]
    with app.app_context():
        everything = [str(row) for table in db.metadata.tables.values() for row in db.session.execute(sa.select(table))]
        db.session.remove()
    assert not any(token in row for row in everything)


def test_where_no_e_mail_leaves_the_pages_say_so(app: Flask, cast: Cast, browse: Any) -> None:
    app.config["MAIL"] = replace(app.config["MAIL"], folder=None)
    assert "aucun e-mail ne part" in words(browse("lea").get("/adresse"))
    assert "<form method=\"post\" class=\"stack\"" not in browse("lea").get("/adresse").get_data(as_text=True)
    page = browse(None).get("/phrase-oubliee")
    assert "Sans adresse e-mail" in words(page)
    assert 'name="address"' not in page.get_data(as_text=True)


# ---------- something waits ----------


def ask(app: Flask, cast: Cast, learner: str = "lea", thing: str = "lea_x", who: str = "karim", now: dt.datetime = NOON,
        **more: Any) -> uuid.UUID:
    return do(app, lambda: world.ask(cast, learner, thing, who, now, **more).id)


def answer(app: Flask, cast: Cast, request_id: uuid.UUID, who: str = "karim", now: dt.datetime = NOON) -> uuid.UUID:
    return do(app, lambda: world.answer(cast, db.session.get_one(FeedbackRequest, request_id), who, now).id)


def test_ask_mail_link_sign_in_that_very_request(app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any) -> None:
    give(app, cast["karim"], OTHER)
    lea = browse("lea")
    lea.fill(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}", message="Est-ce que c’était clair ?")
    assert post.work() == []
    at(NOON + THREE)
    (mail,) = post.work()
    assert (mail["To"], subject(mail)) == (OTHER, "Un retour vous est demandé")
    phone = browse(None)
    at_the_door = phone.get(link(mail))
    assert way(at_the_door) == "/ouvrir"
    page = phone.follow(phone.fill(at_the_door.headers["Location"], action=None, name=OTHER, passphrase=OWN))
    assert page.status_code == 200
    assert page.request.path == link(mail)
    assert "Est-ce que c’était clair ?" in words(page)


def test_the_answer_is_told_and_its_link_leads_to_it(app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any) -> None:
    give(app, cast["lea"], MINE)
    feedback_id = answer(app, cast, ask(app, cast))
    at(NOON + THREE)
    (mail,) = post.work()
    assert (subject(mail), link(mail)) == ("Un retour vous attend", f"/retour/{feedback_id}")
    assert browse("lea").get(link(mail)).status_code == 200


def test_nothing_leaves_for_who_gave_no_address(app: Flask, cast: Cast, post: Letterbox, at: Any) -> None:
    answer(app, cast, ask(app, cast))
    assert rows(app, Message) == []


def test_what_was_read_meanwhile_is_not_told(app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any) -> None:
    give(app, cast["lea"], MINE)
    give(app, cast["karim"], OTHER)
    request_id = ask(app, cast)
    feedback_id = answer(app, cast, request_id)
    do(app, lambda: feedback.read(db.session.get_one(Feedback, feedback_id), NOON))
    at(NOON + THREE)
    assert post.work() == []
    assert rows(app, Message) == []


def test_several_hand_overs_within_a_short_time_are_one_message(
    app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any
) -> None:
    give(app, cast["karim"], OTHER)
    things = do(app, lambda: [build.experience(cast["lea"], f"Encore {n}", NOON).id for n in range(3)])
    for n, thing in enumerate(things):
        cast.ids[f"x{n}"] = thing
        ask(app, cast, thing=f"x{n}", now=NOON + n * MINUTE)
    at(NOON + THREE)
    (mail,) = post.work()
    assert (subject(mail), link(mail)) == ("Plusieurs choses vous attendent", "/on-me-demande")
    # what comes next waits half an hour after the last one
    ask(app, cast, thing="lea_x", now=NOON + 2 * THREE)
    at(NOON + 5 * THREE)
    assert post.work() == []
    at(NOON + 11 * THREE)
    (mail,) = post.work()
    assert subject(mail) == "Un retour vous est demandé"


def test_a_steady_stream_does_not_hold_the_message_back(app: Flask, cast: Cast, post: Letterbox, at: Any) -> None:
    give(app, cast["karim"], OTHER)
    for n in range(4):
        cast.ids[f"x{n}"] = do(app, lambda n=n: build.experience(cast["lea"], f"Encore {n}", NOON).id)
        ask(app, cast, thing=f"x{n}", now=at(NOON + n * MINUTE))
    assert len(post.work()) == 1


def test_a_protected_learner_sleeps_undisturbed(app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any) -> None:
    """Promise S4."""
    give(app, cast["tom"], MINE)
    request_id = ask(app, cast, "tom", "tom_x", now=NOON)
    at(NIGHT)
    feedback_id = answer(app, cast, request_id, now=NIGHT)
    assert post.work() == []
    at(SEVEN - MINUTE)
    assert post.work() == []
    at(SEVEN + THREE)
    (mail,) = post.work()
    assert link(mail) == f"/retour/{feedback_id}"


def test_a_message_that_could_not_leave_in_the_evening_waits_for_the_morning(
    app: Flask, cast: Cast, post: Letterbox, at: Any
) -> None:
    give(app, cast["tom"], MINE)
    evening = NIGHT - dt.timedelta(hours=3)
    answer(app, cast, ask(app, cast, "tom", "tom_x", now=NOON), now=evening)
    at(NIGHT)
    assert post.work() == []
    ((leaves, lease),) = rows(app, Message.not_before, Message.lease_until)
    assert (leaves, lease) == (SEVEN, None)
    at(SEVEN)
    assert len(post.work()) == 1


def test_an_adult_learner_is_told_at_any_hour(app: Flask, cast: Cast, post: Letterbox, at: Any) -> None:
    give(app, cast["lea"], MINE)
    answer(app, cast, ask(app, cast), now=NIGHT)
    at(NIGHT + THREE)
    assert len(post.work()) == 1


def test_a_team_and_a_desk_are_told(app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any) -> None:
    give(app, cast["karim"], OTHER)
    give(app, cast["claire"], "claire@exemple.fr")
    give(app, cast["nadia"], "nadia@exemple.fr")
    ask(app, cast, team=True)
    at(NOON + THREE)
    (mail,) = post.work()
    assert (mail["To"], subject(mail)) == (OTHER, "Un retour vous est demandé")
    do(app, lambda: world.ask(cast, "tom", "tom_x", "karim", NOON + THREE, team=True).id)
    at(NOON + 2 * THREE)
    (mail,) = post.work()
    assert (mail["To"], subject(mail)) == ("claire@exemple.fr", "Une demande vous attend")
    assert browse("claire").get(link(mail)).status_code == 200


def test_whose_role_ended_is_told_nothing_more(app: Flask, cast: Cast, post: Letterbox, at: Any) -> None:
    give(app, cast["karim"], OTHER)
    ask(app, cast)
    do(app, lambda: db.session.execute(
        sa.update(Membership).where(Membership.id == cast["m_karim"]).values(ended_at=NOON)))
    at(NOON + THREE)
    assert post.work() == []


def all_kinds(app: Flask, cast: Cast, post: Letterbox, at: Any, language: str) -> list[Any]:
    """Let everything that can be handed over happen, and return every message that left."""
    for name in ("lea", "tom", "karim", "nadia", "claire", "sofia", "farid"):
        give(app, cast[name], f"{name}@exemple.fr", language=language)
    with app.app_context():
        waiting = {kind: uuid.uuid4() for kind in letters.HAND_OVERS}
        for kind, subject in waiting.items():
            if letters.HAND_OVERS[kind].still is None:
                db.session.add(Notice(account_id=cast["lea"], kind=kind, subject_id=subject, at=NOON, visible_at=NOON))
                outbox.queue(outbox.WAITING, NOON, NOON + dt.timedelta(days=1), language, account_id=cast["lea"],
                             params={"things": [[kind, str(subject)]]})
        db.session.commit()
        db.session.remove()
    ask(app, cast)
    do(app, lambda: world.ask(cast, "tom", "tom_x", "karim", NOON, team=True).id)
    cast.ids["lea_z"] = do(app, lambda: build.experience(cast["lea"], "Z", NOON).id)
    given = answer(app, cast, ask(app, cast, thing="lea_z", who="nadia"), "nadia")
    def recognise() -> None:
        row = db.session.get_one(Feedback, given)
        feedback.answer(row, None, NOON)
        db.session.flush()
        recognition.ask(row, [1], uuid.uuid4(), NOON)

    do(app, recognise)
    do(app, lambda: addresses.give(cast["lea"], "autre@exemple.fr", NOON))
    do(app, lambda: addresses.give(cast["tom"], "karim@exemple.fr", NOON))
    do(app, lambda: addresses.forget_passphrase("claire@exemple.fr", NOON))
    do(app, lambda: addresses.remove(cast["farid"], NOON))
    at(NOON + THREE)
    return post.work()


NAMES = ("Lea", "Léa", "Tom", "Karim", "Nadia", "Claire", "Sofia", "Médiathèque", "Mandela", "Gauthière", "Alpha",
         "Service civique", "arbitre", "atelier", "Est-ce que", "aînés", "souris", "plan B")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_message_holds_a_name_or_a_word_of_anybody(
    app: Flask, cast: Cast, post: Letterbox, at: Any, language: str
) -> None:
    """Promise T40: what a locked screen shows says that something waits, and nothing else."""
    mails = all_kinds(app, cast, post, at, language)
    subjects = {subject(m) for m in mails}
    with app.test_request_context(query_string={"lang": language}):
        expected = {str(over.words) for over in letters.HAND_OVERS.values()}
    assert subjects >= expected
    assert len(subjects - expected) == 4
    for mail in mails:
        everything = f"{subject(mail)} {mail['From']} {re.sub(r'https?://[^ ]+', '', text(mail))}"
        assert not [name for name in NAMES if re.search(rf"\b{name}\b", everything)], everything
        assert mail.get_content_type() == "text/plain"
        assert mail.get_content_charset() == "utf-8"
        assert mail["Content-Language"] == language
        assert mail["Auto-Submitted"] == "auto-generated"
        assert ("Bonjour" in text(mail)) == (language == "fr")
        assert max(len(line) for line in mail.as_bytes().splitlines()) < 998


def test_every_notice_and_request_has_its_message(app: Flask) -> None:
    assert set(letters.HAND_OVERS) == {*KINDS, "feedback_asked", "at_the_desk", "recognition_asked"}
    assert all(over.page in app.view_functions and over.all_page in app.view_functions
               for over in letters.HAND_OVERS.values())
    assert letters.UNSUBSCRIBE in app.view_functions


# ---------- stopping messages ----------


@pytest.fixture
def told(app: Flask, cast: Cast, post: Letterbox, at: Any) -> Any:
    """A message that something waits for lea."""
    give(app, cast["lea"], MINE)
    cast.ids["given"] = answer(app, cast, ask(app, cast))
    at(NOON + THREE)
    (mail,) = post.work()
    return mail


@pytest.mark.parametrize("settings_of_test", [{"WTF_CSRF_ENABLED": True}])
def test_one_click_stops_messages_without_signing_in(
    app: Flask, cast: Cast, post: Letterbox, browse: Any, at: Any, told: Any
) -> None:
    """RFC 8058: the mail program posts by itself, without cookie and without token of ours; the address is the token."""
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    where = re.fullmatch(rf"<{re.escape(app.config['PUBLIC_URL'])}(/sans-messages/\S+)>", told["List-Unsubscribe"])
    assert where
    program = app.test_client(use_cookies=False)
    assert program.get(where[1]).status_code == 200
    assert "Ne plus recevoir ces messages" in words(browse("lea").get("/adresse"))
    for _ in range(2):
        assert program.post(where[1], data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert "Recevoir ces messages" in words(browse("lea").get("/adresse"))
    cast.ids["lea_z"] = do(app, lambda: build.experience(cast["lea"], "Z", NOON).id)
    answer(app, cast, ask(app, cast, thing="lea_z"))
    at(NOON + dt.timedelta(hours=2))
    assert post.work() == []
    # the link for a forgotten passphrase is still sent
    do(app, lambda: addresses.forget_passphrase(MINE, NOON + dt.timedelta(hours=2)))
    assert len(post.work()) == 1


def test_a_link_and_a_button_stop_them_too_and_a_switch_brings_them_back(
    app: Flask, cast: Cast, post: Letterbox, browse: Any, told: Any
) -> None:
    visitor = browse(None)
    address = link(told, "/sans-messages/")
    assert rows(app, Mailbox.silenced_at) == []
    assert "Plus aucun message ne dira" in words(visitor.fill(address))
    lea = browse("lea")
    page = lea.get("/adresse")
    assert "Aucun message quand quelque chose attend." in words(page)
    lea.follow(lea.fill("/adresse", action="/adresse/messages"))
    assert rows(app, Mailbox.silenced_at) == [(None,)]


@pytest.mark.parametrize("token", ["", "x", "A" * 22, "é"])
def test_an_invented_address_stops_nothing(app: Flask, cast: Cast, told: Any, token: str) -> None:
    with app.app_context():
        forged = [token, token[:-1], seal("share:1").decode(), seal(cast["lea"].hex).decode(), seal("unsubscribe:x").decode()]
    for one in forged:
        if one:
            assert app.test_client().post(f"/sans-messages/{one}").status_code == 404
    assert rows(app, Mailbox) == []


def test_silence_takes_back_what_waits(app: Flask, cast: Cast, post: Letterbox, at: Any, browse: Any) -> None:
    give(app, cast["lea"], MINE)
    answer(app, cast, ask(app, cast))
    browse("lea").post("/adresse/messages", {"wanted": "no"})
    assert rows(app, Message) == []


# ---------- what stands in a message ----------


@pytest.mark.parametrize("bad", ["a@b.fr\r\nBcc: c@d.fr", "a@b.fr\nX: y", "a@b.fr>, <c@d.fr"])
def test_nothing_adds_a_header(app: Flask, cast: Cast, post: Letterbox, bad: str) -> None:
    """Even an address that no form would take makes no message."""
    do(app, lambda: outbox.queue(addresses.KNOWN, NOON, NOON + MINUTE, "fr", address=bad))
    assert post.work() == []
    assert rows(app, Message.failed_at, Message.sent_at) == [(NOON, None)]


@both_databases
def test_two_hand_overs_at_the_same_time_make_one_message(app: Flask, cast: Cast, tmp_path: Path) -> None:
    give(app, cast["karim"], OTHER)
    ready = Barrier(4)
    faults: list[BaseException] = []

    def hand_over() -> None:
        try:
            ready.wait()
            do(app, lambda: outbox.send_word([cast["karim"]], "feedback_asked", uuid.uuid4(), NOON))
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=hand_over) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    ((params,),) = rows(app, Message.params)
    assert len(params["things"]) == 4
