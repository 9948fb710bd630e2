"""Taking back a feedback, undoing it, and taking back the answer to one: nothing else is lost."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.accounts.models import Account, ContactBar
from passport.audit.models import AuditEvent
from passport.columns import uuid7
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback import service, waiting, withdrawal
from passport.feedback.models import AccessGrant, AuthoredVersion, Feedback
from passport.notices.models import Notice
from passport.organisations.models import Membership, Organisation, Vetting
from passport.policy import Action, can
from passport.recognition import service as recognition
from passport.recognition.models import RecognitionRequest
from passport.refusals import Refusal, Refused
from passport.transaction import transaction

from ..cast import Cast
from ..conftest import NOON, both_databases
from ..letters import Letterbox
from ..reading import words
from ..world import accounts_actor
from .test_feedback import DAY, ask, give, one, rows

H = dt.timedelta(hours=1)
GONE = "Karim a retiré son retour"


@pytest.fixture
def given(app: Flask, cast: Cast) -> tuple[uuid.UUID, uuid.UUID]:
    """A feedback of Karim's to Léa, an hour ago: its request and itself."""
    request = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    return request, give(app, cast, request, "m_karim", NOON - H)


def act(app: Flask, work: Any, key: uuid.UUID, *more: Any) -> Any:
    """Do something with a feedback in one transaction, as a request would."""
    with app.app_context():
        try:
            with transaction():
                return work(db.session.get_one(Feedback, key), *more)
        finally:
            db.session.remove()


def flashed(answer: Any, karim: Any) -> str:
    return str(karim.follow(answer).get_data(as_text=True))


@both_databases
def test_a_feedback_is_taken_back_and_its_words_reach_nobody(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    lea, karim = browse("lea"), browse("karim")
    assert "Retirer mon retour" in words(karim.get(f"/on-me-demande/{request}"))
    page = flashed(karim.post(f"/on-me-demande/{request}/retirer"), karim)
    assert f'action="/on-me-demande/{request}/remettre"' in page
    assert "Tu as tenu bon." not in page
    for address in ("/echanges", f"/experience/{cast['lea_x']}", f"/retour/{feedback}", "/passeport"):
        shown = words(lea.get(address))
        assert "Tu as tenu bon." not in shown
        assert (GONE in shown) == (address != "/passeport")
    read = words(lea.get(f"/retour/{feedback}"))
    assert "Faire reconnaître" not in read
    assert "C’est bien comme ça" not in read
    assert "Ça m’a dérangé" in read
    for address in (f"/experience/{cast['lea_x']}", f"/retour/{feedback}"):
        page = lea.get(address)
        assert page.get_data(as_text=True).count(f'href="/experience/{cast["lea_x"]}/demander"') == 1
        assert "Demander à quelqu’un d’autre" in words(page)
    lea.post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "yes"})
    assert "Demander à quelqu’un d’autre" not in words(lea.get(f"/retour/{feedback}"))
    assert not rows(app, Notice, Notice.read_at.is_(None), Notice.account_id == cast["lea"])
    assert "feedback.withdraw" in [e.action for e in rows(app, AuditEvent)]


def test_taking_back_twice_and_undoing_twice_is_doing_it_once(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    karim, lea = browse("karim"), browse("lea")
    for _ in range(2):
        assert karim.post(f"/on-me-demande/{request}/retirer").status_code == 303
    assert one(app, Feedback).withdrawn_at == NOON
    for _ in range(2):
        assert karim.post(f"/on-me-demande/{request}/remettre").status_code == 303
    assert one(app, Feedback).withdrawn_at is None
    assert "Tu as tenu bon." in words(lea.get(f"/retour/{feedback}"))
    assert "Karim vous a répondu" in words(lea.get("/passeport"))
    assert [n.kind for n in rows(app, Notice, Notice.read_at.is_(None))] == ["feedback_given"]


def test_after_an_hour_it_stays_taken_back(
    app: Flask, cast: Cast, browse: Any, at: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, _feedback = given
    browse("karim").post(f"/on-me-demande/{request}/retirer")
    at(NOON + H + dt.timedelta(seconds=1))
    karim = browse("karim")
    assert "Le temps pour annuler est passé." in words(karim.follow(karim.post(f"/on-me-demande/{request}/remettre")))
    assert one(app, Feedback).withdrawn_at == NOON


@pytest.mark.parametrize("who", ["lea", "nadia", "novice", "claire", "sofia", "stranger"])
def test_nobody_else_takes_a_feedback_back_or_puts_it_back(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID], who: str
) -> None:
    request, feedback = given
    person = browse(who)
    assert person.post(f"/on-me-demande/{request}/retirer").status_code == 404
    act(app, withdrawal.withdraw, feedback, NOON)
    assert person.post(f"/on-me-demande/{request}/remettre").status_code == 404
    assert one(app, Feedback).withdrawn_at == NOON


def test_a_request_without_answer_has_nothing_to_take_back(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    assert browse("karim").post(f"/on-me-demande/{request}/retirer").status_code == 404


def test_what_was_answered_to_it_stays_the_learners(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    act(app, service.answer, feedback, "Merci, je recommence samedi.", NOON)
    browse("karim").post(f"/on-me-demande/{request}/retirer")
    page = words(browse("lea").get(f"/retour/{feedback}"))
    assert GONE in page
    assert "Merci, je recommence samedi." in page


@both_databases
@pytest.mark.parametrize("outcome", [None, "decided"])
def test_while_recognition_stands_on_it_it_is_not_taken_back(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID], outcome: str | None
) -> None:
    request, feedback = given
    act(app, service.read, feedback, NOON)
    act(app, recognition.ask, feedback, [1], uuid.uuid4(), NOON)
    with app.app_context():
        with transaction():
            db.session.execute(sa.update(RecognitionRequest).values(outcome=outcome, closed_at=NOON if outcome else None))
        db.session.remove()
    karim = browse("karim")
    page = words(karim.get(f"/on-me-demande/{request}"))
    assert "Retirer mon retour" not in page
    assert "s’appuie sur ce retour" in page
    assert "s’appuie sur ce retour" in words(karim.follow(karim.post(f"/on-me-demande/{request}/retirer")))
    assert one(app, Feedback).withdrawn_at is None


@both_databases
@pytest.mark.parametrize("outcome", ["cancelled", "lapsed", "cannot"])
def test_a_request_that_ended_unanswered_does_not_hold_it(
    app: Flask, cast: Cast, given: tuple[uuid.UUID, uuid.UUID], outcome: str
) -> None:
    _request, feedback = given
    act(app, service.read, feedback, NOON)
    act(app, recognition.ask, feedback, [1], uuid.uuid4(), NOON)
    with app.app_context():
        with transaction():
            db.session.execute(sa.update(RecognitionRequest).values(outcome=outcome, closed_at=NOON))
        db.session.remove()
    act(app, withdrawal.withdraw, feedback, NOON)
    assert one(app, Feedback).withdrawn_at == NOON
    with pytest.raises(Refused) as refused:
        act(app, recognition.ask, feedback, [2], uuid.uuid4(), NOON)
    assert refused.value.refusal is Refusal.NO_FEEDBACK_READ
    assert one(app, RecognitionRequest).outcome == outcome


def test_what_was_taken_back_opens_no_recognition(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    act(app, service.read, feedback, NOON)
    lea = browse("lea")
    assert "Demander à Karim" in words(lea.get(f"/retour/{feedback}/faire-reconnaitre"))
    browse("karim").post(f"/on-me-demande/{request}/retirer")
    assert lea.get(f"/retour/{feedback}/faire-reconnaitre").status_code == 422


def test_what_was_taken_back_is_not_answered(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    lea = browse("lea")
    lea.get(f"/retour/{feedback}")
    browse("karim").post(f"/on-me-demande/{request}/retirer")
    answer = lea.post(f"/retour/{feedback}", {"reply": "Merci !"})
    assert answer.status_code == 422
    assert "Ce retour a été retiré." in words(answer)
    assert one(app, Feedback).read_at is None


def test_whoever_took_it_back_is_no_longer_among_those_who_answered(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    lea, there = browse("lea"), f"/demander/personne/{cast['m_karim']}"
    assert there in lea.get(f"/experience/{cast['lea_x']}/demander").get_data(as_text=True)
    browse("karim").post(f"/on-me-demande/{given[0]}/retirer")
    assert there not in lea.get(f"/experience/{cast['lea_x']}/demander").get_data(as_text=True)


def test_a_facilitator_does_not_read_it_again_beside_another_request(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, _feedback = given
    second = give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - H), "m_karim", NOON - H, "Et tu as recommencé.")
    act(app, service.read, second, NOON)
    key = act(app, lambda f: recognition.ask(f, [1], uuid.uuid4(), NOON).id, second)
    browse("karim").post(f"/on-me-demande/{request}/retirer")
    page = words(browse("karim").get(f"/reconnaitre/{key}"))
    assert "Et tu as recommencé." in page
    assert "Tu as tenu bon." not in page


NIGHT = dt.datetime(2026, 11, 24, 21, 30, tzinfo=dt.UTC)  # 22:30 in the city
SEVEN = dt.datetime(2026, 11, 25, 6, 0, tzinfo=dt.UTC)


@both_databases
def test_taken_back_before_it_arrives_it_never_does(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    request = ask(app, cast, "tom_x", "m_karim", NOON)
    at(NIGHT)
    feedback = give(app, cast, request, "m_karim", NIGHT)
    browse("karim").post(f"/on-me-demande/{request}/retirer")
    assert "Demandé à Karim" in words(browse("tom").get("/echanges"))
    at(SEVEN)
    tom = browse("tom")
    page = words(tom.get("/echanges"))
    assert "Karim n’a pas pu répondre" in page
    assert "Demander à quelqu’un d’autre" in page
    assert GONE not in page
    assert "Karim n’a pas pu répondre" in words(tom.get("/passeport"))
    assert tom.get(f"/retour/{feedback}").status_code == 404
    assert tom.post(f"/demande/{request}/lu").status_code == 303
    assert not rows(app, Notice, Notice.read_at.is_(None), Notice.account_id == cast["tom"])


def test_undone_in_the_night_it_arrives_at_seven_all_the_same(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    request = ask(app, cast, "tom_x", "m_karim", NOON)
    at(NIGHT)
    feedback = give(app, cast, request, "m_karim", NIGHT)
    karim = browse("karim")
    karim.post(f"/on-me-demande/{request}/retirer")
    karim.post(f"/on-me-demande/{request}/remettre")
    assert browse("tom").get(f"/retour/{feedback}").status_code == 404
    at(SEVEN)
    tom = browse("tom")
    assert "Karim vous a répondu" in words(tom.get("/passeport"))
    assert "Tu as tenu bon." in words(tom.get(f"/retour/{feedback}"))


@both_databases
def test_nothing_comes_back_to_a_protected_learner_at_night(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    request = ask(app, cast, "tom_x", "m_karim", NOON)
    feedback = give(app, cast, request, "m_karim", NIGHT - H)
    at(NIGHT - dt.timedelta(minutes=40))  # 21:50 in the city
    karim = browse("karim")
    assert "On peut annuler jusqu’à 22 h." in words(karim.follow(karim.post(f"/on-me-demande/{request}/retirer")))
    at(NIGHT)
    assert "Rien n’arrive entre 22 h et 7 h" in words(karim.follow(karim.post(f"/on-me-demande/{request}/remettre")))
    assert "Tu as tenu bon." not in words(browse("tom").get(f"/retour/{feedback}"))
    assert one(app, Feedback).put_back_at is None


def test_taken_back_at_night_it_offers_no_undo_and_for_an_adult_it_does(
    app: Flask, cast: Cast, browse: Any, at: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request = ask(app, cast, "tom_x", "m_karim", NOON)
    give(app, cast, request, "m_karim", NOON)
    at(NIGHT)
    karim = browse("karim")
    for key, offered in ((request, False), (given[0], True)):
        page = flashed(karim.post(f"/on-me-demande/{key}/retirer"), karim)
        assert "C’est retiré." in page
        assert (f'action="/on-me-demande/{key}/remettre"' in page) is offered


@both_databases
def test_it_comes_back_once_and_then_stays_taken_back(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    karim = browse("karim")
    for way in ("retirer", "remettre"):
        karim.follow(karim.post(f"/on-me-demande/{request}/{way}"))
    page = flashed(karim.post(f"/on-me-demande/{request}/retirer"), karim)
    assert f'action="/on-me-demande/{request}/remettre"' not in page
    assert "déjà revenu une fois" in words(karim.follow(karim.post(f"/on-me-demande/{request}/remettre")))
    assert GONE in words(browse("lea").get(f"/retour/{feedback}"))


def test_no_message_leaves_about_what_was_taken_back(
    app: Flask, cast: Cast, browse: Any, at: Any, tmp_path: Path
) -> None:
    app.config["MAIL"] = replace(app.config["MAIL"], folder=tmp_path / "mail")
    post = Letterbox(app, tmp_path / "mail")
    with app.app_context():
        with transaction():
            db.session.execute(sa.update(Account).where(Account.id == cast["lea"]).values(
                email="lea@exemple.fr", email_confirmed_at=NOON - DAY))
        db.session.remove()
    first = give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - DAY), "m_karim", NOON)
    act(app, withdrawal.withdraw, first, NOON)
    at(NOON + DAY)
    assert post.work() == []
    act(app, withdrawal.put_back, first, NOON + H)
    at(NOON + 2 * DAY)
    assert len(post.work()) == 1


# ---------- « Mes retours de ces 30 jours » ----------

MINE = "Mes retours de ces 30 jours"


def test_what_one_answered_is_found_again_newest_first_and_says_what_was_taken_back(
    app: Flask, cast: Cast, browse: Any, at: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    second = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    give(app, cast, second, "m_karim", NOON)
    karim = browse("karim")
    shown = karim.get("/on-me-demande")
    links = re.findall(r'<a href="(/on-me-demande/[^"]+)"', shown.get_data(as_text=True))
    assert links == [f"/on-me-demande/{second}", f"/on-me-demande/{request}"]
    assert f"{MINE} À relire ou à retirer" in words(shown)
    assert "Lea" in words(shown)
    assert "Retiré" not in words(shown)
    act(app, withdrawal.withdraw, feedback, NOON)
    assert words(karim.get("/on-me-demande")).count("Retiré") == 1
    at(NOON + 30 * DAY - H)
    assert words(browse("karim").get("/on-me-demande")).count("24 novembre") == 1
    at(NOON + 30 * DAY)
    assert MINE not in words(browse("karim").get("/on-me-demande"))


def test_it_is_short_and_stands_on_the_first_page_alone(app: Flask, cast: Cast, browse: Any) -> None:
    for n in range(21):
        give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - DAY), "m_karim", NOON - n * H)
    karim = browse("karim")
    assert karim.get("/on-me-demande").get_data(as_text=True).count('<a href="/on-me-demande/') == 20
    later = f"/on-me-demande?after={(NOON - 9 * DAY).isoformat().replace('+', '%2B')}~{uuid.uuid4()}"
    assert MINE not in words(karim.get(later))


def test_sending_an_answer_leads_to_it(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    page = karim.follow(karim.fill(f"/on-me-demande/{request}", seen="Tu as tenu bon.")).get_data(as_text=True)
    assert re.search(rf'<a class="button" href="/on-me-demande/{request}">Voir mon retour</a>', page)


def _nothing(cast: Cast) -> None:
    """Leave everything as it is."""


def _barred(cast: Cast) -> None:
    db.session.add(ContactBar(id=uuid7(), learner_id=cast["lea"], adult_id=cast["karim"], cause="block",
                              started_at=NOON))


def _closed(cast: Cast) -> None:
    db.session.execute(sa.update(AccessGrant).where(AccessGrant.experience_id == cast["tom_x"]).values(closed_at=NOON))


def _unchecked(cast: Cast) -> None:
    db.session.execute(sa.update(Vetting).where(Vetting.membership_id == cast["m_karim"]).values(revoked_at=NOON))


def _no_minors(cast: Cast) -> None:
    db.session.get_one(Organisation, cast["library"]).minors_state = "none"


def _suspended(cast: Cast) -> None:
    db.session.get_one(Membership, cast["m_karim"]).suspended_at = NOON


def _left(cast: Cast) -> None:
    db.session.get_one(Membership, cast["m_karim"]).ended_at = NOON


def _house_suspended(cast: Cast) -> None:
    db.session.get_one(Organisation, cast["library"]).suspended_at = NOON


def _deleted(cast: Cast) -> None:
    experiences.delete(db.session.get_one(Experience, cast["lea_x"]), NOON)


@both_databases
@pytest.mark.parametrize(("happens", "karims"), [
    (_nothing, {"alone", "tom's", "team's"}), (_barred, {"tom's"}), (_closed, {"alone", "team's"}),
    (_unchecked, {"alone", "team's"}), (_no_minors, {"alone", "team's"}), (_suspended, set()), (_left, set()),
    (_house_suspended, set()), (_deleted, {"tom's"}),
])
def test_the_list_holds_what_the_policy_lets_open_and_nothing_else(
    app: Flask, cast: Cast, happens: Any, karims: set[str]
) -> None:
    asked = {"alone": ask(app, cast, "lea_x", "m_karim", NOON - DAY), "tom's": ask(app, cast, "tom_x", "m_karim", NOON - DAY),
             "team's": ask(app, cast, "lea_x", None, NOON - DAY), "hugo's": ask(app, cast, "lea_x", "m_hugo", NOON - DAY)}
    for name, key in asked.items():
        give(app, cast, key, "m_hugo" if name == "hugo's" else "m_karim", NOON - H)
    waits = ask(app, cast, "lea_x", "m_karim", NOON - H)
    act_on(app, happens, cast)
    with app.app_context():
        for who in ("karim", "hugo", "novice", "nadia", "claire", "lea", "tom"):
            actor = accounts_actor(cast[who])
            found = {line.request_id for line in waiting.answered(actor, NOON)}
            opened = {key for key in asked.values()
                      if can(actor, Action.READ_REQUEST, waiting.asked(key, NOON), NOON, clock.day_of(NOON))
                      and one_of(key).facilitator_id == cast[who]}
            assert found == opened, who
            assert waits not in found
            if who == "karim":
                assert found == {asked[name] for name in karims}
        db.session.remove()


def act_on(app: Flask, happens: Any, cast: Cast) -> None:
    """Let something happen in one transaction."""
    with app.app_context():
        with transaction():
            happens(cast)
        db.session.remove()


def one_of(request_id: uuid.UUID) -> Feedback:
    """Return the feedback that a request got."""
    return db.session.scalars(sa.select(Feedback).where(Feedback.request_id == request_id)).one()


# ---------- the learner's answer ----------


@both_databases
def test_a_learner_takes_an_answer_back_and_its_words_are_gone(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    request, feedback = given
    act(app, service.answer, feedback, "Je n’ai rien compris.", NOON)
    lea, karim = browse("lea"), browse("karim")
    assert "Je n’ai rien compris." in words(karim.get(f"/on-me-demande/{request}"))
    for _ in range(2):
        assert lea.post(f"/retour/{feedback}/reponse/retirer").status_code == 303
    page = words(karim.get(f"/on-me-demande/{request}"))
    assert "lea a retiré sa réponse." in page.lower()
    assert "Je n’ai rien compris." not in page
    mine = words(lea.get(f"/retour/{feedback}"))
    assert "Votre réponse est retirée." in mine
    assert "Je n’ai rien compris." not in mine
    kept = one(app, Feedback)
    assert (kept.reply, kept.reply_withdrawn_at, kept.read_at) == (None, clock.now(), NOON)
    assert "Je n’ai rien compris." not in str([v.words for v in rows(app, AuthoredVersion)])


def test_there_is_one_answer_even_after_it_was_taken_back_and_recognition_stays_open(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    _request, feedback = given
    act(app, service.answer, feedback, "Trop vite.", NOON)
    lea = browse("lea")
    lea.post(f"/retour/{feedback}/reponse/retirer")
    again = lea.post(f"/retour/{feedback}", {"reply": "Autre chose"})
    assert again.status_code == 422
    assert "Une seule réponse suffit." in words(again)
    assert one(app, Feedback).reply is None
    assert "Demander à Karim" in words(lea.get(f"/retour/{feedback}/faire-reconnaitre"))


@pytest.mark.parametrize("who", ["karim", "tom", "claire"])
def test_nobody_else_takes_an_answer_back(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID], who: str
) -> None:
    act(app, service.answer, given[1], "Merci.", NOON)
    assert browse(who).post(f"/retour/{given[1]}/reponse/retirer").status_code == 404
    assert one(app, Feedback).reply == "Merci."


def test_without_an_answer_nothing_is_taken_back(
    app: Flask, cast: Cast, browse: Any, given: tuple[uuid.UUID, uuid.UUID]
) -> None:
    assert browse("lea").post(f"/retour/{given[1]}/reponse/retirer").status_code == 303
    kept = one(app, Feedback)
    assert (kept.read_at, kept.reply_withdrawn_at) == (None, None)
