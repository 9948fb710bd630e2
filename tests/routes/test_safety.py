"""« Ça me dérange »: hidden at once, kept sealed, given to a responsible person, and the learner goes on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Account, ContactBar
from passport.columns import uuid7
from passport.extensions import db
from passport.feedback.models import AccessGrant, AuthoredText, Feedback, FeedbackRequest
from passport.notices.models import Notice
from passport.organisations.models import Membership, Organisation, Vetting
from passport.safety import queries as safety
from passport.safety.models import Report
from passport.transaction import transaction

from .. import build
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import way, words
from .test_feedback import DAY, ask, give, one, rows


@pytest.fixture(autouse=True)
def checked(app: Flask, cast: Cast) -> None:
    """Let claire have a check: without one, the city has what is about protected learners."""
    with app.app_context(), transaction():
        build.vetting(db.session.get_one(Membership, cast["m_claire"]), db.session.get_one(Account, cast["sofia"]), NOON)


WORDS = "Viens me voir chez moi dimanche, il n’y aura que nous deux."


def text_of(app: Flask, cast: Cast, experience: str = "tom_x", member: str = "m_karim") -> Any:
    """Return a text that arrived and bothers."""
    give(app, cast, ask(app, cast, experience, member, NOON - 2 * DAY), member, NOON - DAY, seen=WORDS)
    return one(app, AuthoredText)


def test_two_taps_hide_a_text_at_once(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast)
    feedback = one(app, Feedback)
    tom = browse("tom")
    assert f"/ca-me-derange/{text.id}" in tom.get(f"/retour/{feedback.id}").get_data(as_text=True)
    answer = tom.fill(f"/ca-me-derange/{text.id}", note="J’ai peur.")
    page = words(tom.follow(answer))
    assert "C’est caché." in page
    assert "119" in page
    assert "3018" in page
    assert "Personne ne lit la nuit." in page
    for address in (f"/retour/{feedback.id}", "/echanges", "/passeport", f"/experience/{cast['tom_x']}"):
        shown = tom.get(address)
        assert shown.status_code == 200
        assert WORDS not in words(shown)
    text = one(app, AuthoredText)
    assert (text.hidden_at, text.frozen_at) == (NOON, NOON)


def test_the_words_are_kept_sealed_and_given_to_the_responsible_person(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast)
    browse("tom").fill(f"/ca-me-derange/{text.id}", note="J’ai peur.")
    report = one(app, Report)
    assert (report.handler_id, report.about_id, report.organisation_id) == (cast["claire"], cast["karim"], cast["library"])
    assert WORDS.encode() not in report.frozen_words
    claire = browse("claire")
    assert "Un signalement attend" in words(claire.get("/passeport"))
    assert "Un texte dérange quelqu’un" in words(claire.get("/echanges"))
    assert "Médiathèque Mandela" in words(claire.get("/signalements"))
    case = words(claire.get(f"/signalements/{report.id}"))
    assert WORDS in case
    assert "J’ai peur." in case
    assert way(claire.fill(f"/signalements/{report.id}", outcome="acted")) == f"/signalements/{report.id}"
    report = one(app, Report)
    assert (report.proposed_outcome, report.proposed_by_id, report.decided_at) == ("acted", cast["claire"], None)
    assert one(app, Notice, Notice.account_id == cast["claire"]).read_at == NOON


@pytest.mark.parametrize("who", ["karim", "tom", "sofia", "farid", "nadia", "stranger"])
def test_nobody_else_reads_a_report(app: Flask, cast: Cast, browse: Any, who: str) -> None:
    browse("tom").fill(f"/ca-me-derange/{text_of(app, cast).id}")
    report = one(app, Report)
    person = browse(who)
    assert person.get(f"/signalements/{report.id}").status_code == 404
    assert person.post(f"/signalements/{report.id}").status_code == 404
    assert "Mandela, le" not in words(person.get("/signalements"))
    assert one(app, Report).decided_at is None


@pytest.mark.parametrize("who", ["lea", "karim", "claire", "stranger"])
def test_only_its_learner_is_bothered_by_a_text(app: Flask, cast: Cast, browse: Any, who: str) -> None:
    text = text_of(app, cast)
    assert browse(who).get(f"/ca-me-derange/{text.id}").status_code == 404
    assert browse(who).post(f"/ca-me-derange/{text.id}").status_code == 404
    assert not rows(app, Report)


def test_a_manager_never_looks_after_their_own_words(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        with transaction():
            db.session.execute(sa.delete(Vetting).where(Vetting.membership_id == cast["m_claire"]))
            db.session.execute(sa.update(Membership).where(Membership.id == cast["m_claire"])
                               .values(account_id=cast["karim"]))
            build.vetting(db.session.get_one(Membership, cast["m_claire"]), db.session.get_one(Account, cast["sofia"]), NOON)
        db.session.remove()
    browse("tom").fill(f"/ca-me-derange/{text_of(app, cast).id}")
    assert one(app, Report).handler_id == cast["sofia"]


def test_the_contact_stops_at_once_and_the_adult_is_told_nothing(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast)
    with app.app_context():
        with transaction():
            build.experience(cast["tom"], "Une autre", NOON)
        db.session.remove()
    key = ask(app, cast, "youth_x", "m_karim", NOON - DAY)
    browse("tom").fill(f"/ca-me-derange/{text.id}")
    bar = one(app, ContactBar)
    assert (bar.learner_id, bar.adult_id, bar.cause) == (cast["tom"], cast["karim"], "freeze")
    assert all(g.closed_at == NOON for g in rows(app, AccessGrant, AccessGrant.learner_id == cast["tom"]))
    request = one(app, FeedbackRequest, FeedbackRequest.learner_id == cast["tom"])
    karim = browse("karim")
    assert karim.get(f"/on-me-demande/{request.id}").status_code == 404
    assert karim.get(f"/on-me-demande/{key}").status_code == 200
    assert not rows(app, Notice, Notice.account_id == cast["karim"])


def test_an_open_request_to_that_adult_is_taken_back(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast, "lea_x")
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    browse("lea").fill(f"/ca-me-derange/{text.id}")
    assert one(app, FeedbackRequest, FeedbackRequest.id == key).outcome == "cancelled"
    assert "C’est tout" in words(browse("karim").get("/on-me-demande"))


def test_the_learner_goes_on_and_can_take_it_back(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast, "lea_x")
    lea = browse("lea")
    page = words(lea.follow(lea.fill(f"/ca-me-derange/{text.id}")))
    assert "3919" in page
    assert "119" not in page.replace("3919", "")
    assert lea.fill(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_nadia']}").status_code == 303
    assert lea.get(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}").status_code == 422
    assert lea.post(f"/ca-me-derange/{text.id}", {"resume": "1"}).status_code == 303
    assert one(app, AuthoredText).hidden_at is None
    assert one(app, ContactBar).lifted_at == NOON
    assert lea.get(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}").status_code == 200
    assert len(rows(app, Report)) == 1


def test_saying_it_twice_is_one_report(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast)
    tom = browse("tom")
    assert tom.post(f"/ca-me-derange/{text.id}", {"note": "Non."}).status_code == 303
    assert tom.post(f"/ca-me-derange/{text.id}", {"note": "Non."}).status_code == 303
    assert len(rows(app, Report)) == 1
    assert len(rows(app, ContactBar)) == 1


def test_too_long_a_note_is_said_and_kept_and_nothing_is_done(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast)
    answer = browse("tom").post(f"/ca-me-derange/{text.id}", {"note": "a" * 1001})
    assert answer.status_code == 422
    assert "a" * 1001 in answer.get_data(as_text=True)
    assert not rows(app, Report)


def test_a_hidden_feedback_that_was_not_read_opens_nothing(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast)
    feedback = one(app, Feedback)
    tom = browse("tom")
    tom.fill(f"/ca-me-derange/{text.id}")
    answer = tom.post(f"/retour/{feedback.id}", {"fine": "1"})
    assert answer.status_code == 422
    assert "Ce texte est caché" in words(answer)
    assert one(app, Feedback).read_at is None
    assert one(app, Notice, Notice.kind == "feedback_given").read_at == NOON


def test_what_has_not_arrived_is_not_there_to_bother(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON - 2 * DAY)
    give(app, cast, key, "m_karim", dt.datetime(2026, 11, 24, 21, 30, tzinfo=dt.UTC))
    assert browse("tom").get(f"/ca-me-derange/{one(app, AuthoredText).id}").status_code == 404


@both_databases
def test_a_report_on_both_databases(app: Flask, cast: Cast, browse: Any) -> None:
    browse("tom").fill(f"/ca-me-derange/{text_of(app, cast).id}")
    report = one(app, Report)
    assert browse("claire").get("/signalements").status_code == 200
    assert browse("claire").fill(f"/signalements/{report.id}", outcome="acted").status_code == 303
    assert browse("sofia").fill(f"/signalements/{report.id}", confirm="1").status_code == 303
    assert one(app, Report).confirmed_by_id == cast["sofia"]
    with app.app_context():
        found = safety.case(report.id, NOON)
        assert found is not None
        assert found.report is not None
        assert safety.words_of(found.report)["words"] == WORDS
        db.session.remove()


@both_databases
def test_a_report_that_no_coordinator_may_read_is_said_where_the_city_is_run(app: Flask, cast: Cast, browse: Any) -> None:
    text = text_of(app, cast, "youth_x")
    browse("youth").fill(f"/ca-me-derange/{text.id}")
    run = app.test_cli_runner()
    assert run.invoke(args=["safety", "check"]).exit_code == 0
    with app.app_context(), transaction():
        for who in ("claire", "sofia"):
            db.session.add(ContactBar(id=uuid7(), learner_id=cast["youth"], adult_id=cast[who], cause="block",
                                      started_at=NOON))
    said = run.invoke(args=["safety", "check"])
    assert said.exit_code == 1
    assert "reports without a reader: 1" in said.output
    with app.app_context(), transaction():
        city = db.session.get_one(Organisation, cast["city"])
        build.membership(db.session.get_one(Account, cast["stranger"]), city, "coordinator", NOON)
    assert run.invoke(args=["safety", "check"]).exit_code == 0
    assert browse("stranger").get(f"/signalements/{one(app, Report).id}").status_code == 200
