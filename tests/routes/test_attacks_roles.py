"""Whoever holds a role and wants more: a barred coordinator, a manager set aside, a house suspended, a check that ends."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from flask import Flask

from passport.accounts.models import Account, Passport
from passport.extensions import db
from passport.feedback.models import AccessGrant, AuthoredText, AuthoredVersion, Feedback, FeedbackRequest
from passport.notices.models import Notice
from passport.organisations import service as organisations
from passport.organisations.models import Membership, Organisation, Vetting
from passport.recognition.models import Endorsement
from passport.safety.models import Report
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import fields, words
from tests.routes.test_feedback import DAY, ask, bar, give, one, rows
from tests.routes.test_recognition import asked, filled


@pytest.fixture
def city(lived: Cast) -> Cast:
    """A city in which every state stands: Tom reported Karim's words, and Claire looks after it."""
    return lived


def change(app: Flask, model: Any, key: uuid.UUID, **values: Any) -> None:
    with app.app_context(), transaction():
        row = db.session.get_one(model, key)
        for name, value in values.items():
            setattr(row, name, value)


def second_coordinator(app: Flask, cast: Cast, name: str = "hugo") -> None:
    """Let somebody else coordinate the city as well."""
    with app.app_context(), transaction():
        who = db.session.get_one(Account, cast[name])
        build.membership(who, db.session.get_one(Organisation, cast["city"]), "coordinator", NOON)


# ---------- reports ----------


@both_databases
def test_a_barred_coordinator_does_not_take_over_a_report_left_alone(app: Flask, city: Cast, browse: Any) -> None:
    second_coordinator(app, city)
    change(app, Membership, city["m_claire"], ended_at=NOON)
    bar(app, city, "tom", "sofia")
    page = f"/signalements/{city['report']}"
    sofia, hugo = browse("sofia"), browse("hugo")
    assert sofia.get(page).status_code == sofia.post(page).status_code == 404
    assert str(city["report"]) not in sofia.get("/signalements").get_data(as_text=True)
    assert str(city["report"]) not in sofia.get("/echanges").get_data(as_text=True)
    assert hugo.get(page).status_code == 200
    assert str(city["report"]) in hugo.get("/signalements").get_data(as_text=True)


@both_databases
def test_a_responsible_person_set_aside_reads_no_more_of_that_learner(app: Flask, city: Cast, browse: Any) -> None:
    bar(app, city, "tom", "claire")
    page = f"/signalements/{city['report']}"
    claire, sofia = browse("claire"), browse("sofia")
    assert claire.get(page).status_code == claire.post(page).status_code == 404
    assert str(city["report"]) not in claire.get("/signalements").get_data(as_text=True)
    assert sofia.get(page).status_code == 200
    assert sofia.fill(page, outcome="acted").status_code == 303
    assert one(app, Report, Report.id == city["report"]).handler_id == city["sofia"]


def test_a_report_moves_on_from_whoever_is_reported_next(app: Flask, city: Cast, browse: Any) -> None:
    """Claire looks after what Tom said of Karim; then Tom says it of Claire's words: another one reads both."""
    with app.app_context(), transaction():
        text = AuthoredText(
            id=uuid.uuid4(), learner_id=city["tom"], experience_id=city["tom_x"], kind="withdrawal",
            author_id=city["claire"], membership_id=city["m_claire"], regime="protected", written_at=NOON - DAY,
            deliver_after=NOON - DAY)
        db.session.add(text)
        db.session.flush()
        db.session.add(AuthoredVersion(text_id=text.id, number=1, learner_id=city["tom"], words="…",
                                             written_at=NOON - DAY))
        key = text.id
    assert browse("tom").fill(f"/ca-me-derange/{key}").status_code == 303
    assert {r.handler_id for r in rows(app, Report)} == {city["sofia"]}
    assert not rows(app, Notice, Notice.account_id == city["claire"], Notice.kind == "text_reported",
                    Notice.read_at.is_(None))
    assert len(rows(app, Notice, Notice.account_id == city["sofia"], Notice.kind == "text_reported",
                    Notice.subject_id != city["worry"])) == 2
    claire = browse("claire")
    assert "Un signalement attend" not in words(claire.get("/passeport"))
    assert claire.get(f"/signalements/{city['report']}").status_code == 404


@pytest.mark.parametrize("gone", [
    {"suspended_at": NOON}, {"closed_at": NOON}, {"accredited_at": None}, {"accredited_at": NOON + DAY}], ids=str)
def test_a_report_in_a_house_that_no_longer_counts_finds_a_reader(
    app: Flask, city: Cast, browse: Any, gone: dict[str, Any]
) -> None:
    change(app, Organisation, city["library"], **gone)
    page = f"/signalements/{city['report']}"
    assert browse("claire").get(page).status_code == 404
    sofia = browse("sofia")
    assert str(city["report"]) in sofia.get("/signalements").get_data(as_text=True)
    assert "Un texte dérange quelqu’un" in words(sofia.get("/echanges"))
    assert sofia.fill(page, outcome="acted").status_code == 303
    assert one(app, Report, Report.id == city["report"]).proposed_at == NOON


def test_a_suspended_responsible_person_leaves_the_report_to_the_city(app: Flask, city: Cast, browse: Any) -> None:
    change(app, Membership, city["m_claire"], suspended_at=NOON)
    assert browse("claire").get(f"/signalements/{city['report']}").status_code == 404
    assert browse("sofia").get(f"/signalements/{city['report']}").status_code == 200


def test_nobody_looks_after_their_own_report(app: Flask, city: Cast, browse: Any) -> None:
    change(app, Report, city["report"], reporter_id=city["sofia"], handler_id=None)
    sofia = browse("sofia")
    assert sofia.get(f"/signalements/{city['report']}").status_code == 404
    assert str(city["report"]) not in sofia.get("/signalements").get_data(as_text=True)


def test_a_report_taken_over_stays_with_whoever_took_it(app: Flask, city: Cast, browse: Any) -> None:
    second_coordinator(app, city)
    change(app, Membership, city["m_claire"], ended_at=NOON)
    page = f"/signalements/{city['report']}"
    sofia, hugo = browse("sofia"), browse("hugo")
    late = {**fields(hugo.get(page)), "outcome": "acted"}
    assert sofia.fill(page, outcome="acted").status_code == 303
    assert hugo.post(page, late).status_code == 303  # an end is proposed: the coordination has it too
    assert one(app, Report, Report.id == city["report"]).handler_id == city["sofia"]


# ---------- the desk ----------


@both_databases
def test_a_manager_set_aside_gives_that_learners_request_to_nobody(app: Flask, city: Cast, browse: Any) -> None:
    bar(app, city, "tom", "claire")
    claire = browse("claire")
    answer = claire.post(f"/on-me-demande/{city['tom_desk']}/confier", {"membership": str(city["m_karim"])})
    never = claire.post(f"/on-me-demande/{uuid.uuid4()}/confier", {"membership": str(city["m_karim"])})
    assert answer.status_code == never.status_code == 404
    assert one(app, FeedbackRequest, FeedbackRequest.id == city["tom_desk"]).membership_id is None


@pytest.mark.parametrize("over", ["grant", "own"])
def test_what_is_closed_or_ones_own_is_given_to_nobody(app: Flask, city: Cast, browse: Any, over: str) -> None:
    request = one(app, FeedbackRequest, FeedbackRequest.id == city["tom_desk"])
    if over == "grant":
        change(app, AccessGrant, request.grant_id, closed_at=NOON)
    else:
        with app.app_context(), transaction():
            db.session.query(Passport).filter_by(learner_id=city["tom"]).update(
                {"birth_year": None, "birth_month": None, "protection_chosen": True})  # nobody answers for a house at 14
            db.session.query(Vetting).filter_by(membership_id=city["m_claire"]).delete()
            db.session.query(Membership).filter_by(id=city["m_claire"]).update({"account_id": city["tom"]})
    person = browse("claire" if over == "grant" else "tom")
    page = person.get(f"/organisation/{city['library']}/demandes")
    assert str(city["tom_desk"]) not in page.get_data(as_text=True)
    assert person.post(f"/on-me-demande/{city['tom_desk']}/confier",
                       {"membership": str(city["m_karim"])}).status_code == 404


def test_the_desk_names_nobody_to_a_manager_without_a_check(app: Flask, city: Cast, browse: Any) -> None:
    """Nobody sees anything of a protected learner without a check in force; a request can be given all the same."""
    with app.app_context(), transaction():
        db.session.query(Vetting).filter_by(membership_id=city["m_claire"]).delete()
        hugo = db.session.get_one(Membership, city["m_hugo"])
        build.vetting(hugo, db.session.get_one(Account, city["claire"]), NOON)
    claire = browse("claire")
    desk = claire.get(f"/organisation/{city['library']}/demandes")
    assert str(city["tom_desk"]) in desk.get_data(as_text=True)
    assert "Tom" not in words(desk)
    assert "J’arbitre" not in words(desk)
    assert claire.post(f"/on-me-demande/{city['tom_desk']}/confier",
                       {"membership": str(city["m_hugo"])}).status_code == 303


# ---------- words and checks ----------


def test_whoever_is_barred_is_told_that_it_is_closed_never_that_it_is_a_block(app: Flask, city: Cast, browse: Any) -> None:
    bar(app, city, "lea", "karim")
    answer = browse("karim").get(f"/registre/{city['endorsement']}/retirer")
    assert answer.status_code == 403
    assert "Cette demande est fermée." in words(answer)


def test_what_arrives_after_the_check_ended_is_not_written(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    """At night the words wait until 7: on the last evening of a check they would come from somebody unchecked."""
    key = asked(app, cast, "tom", "tom_x")
    with app.app_context(), transaction():
        db.session.query(Vetting).filter_by(membership_id=cast["m_karim"]).update({"expires_on": dt.date(2026, 11, 25)})
    at(dt.datetime(2026, 11, 24, 21, 30, tzinfo=dt.UTC))
    karim, page = browse("karim"), f"/reconnaitre/{key}"
    answer = karim.fill(page, **filled())
    assert answer.status_code == 422
    assert "Une vérification en règle est nécessaire" in words(answer)
    assert not rows(app, Endorsement)
    assert len(rows(app, AuthoredText)) == 1
    at(dt.datetime(2026, 11, 24, 20, 30, tzinfo=dt.UTC))
    assert browse("karim").fill(page, **filled()).status_code == 303


NIGHT, MORNING = dt.datetime(2026, 11, 24, 21, 30, tzinfo=dt.UTC), dt.datetime(2026, 11, 25, 7, 0, tzinfo=dt.UTC)


def held(app: Flask, cast: Cast) -> Any:
    """Let Karim answer Tom twice: by day, and in the night; return the first words, which have arrived."""
    with app.app_context(), transaction():
        cast.ids["tom_y"] = build.experience(cast["tom"], "Une sortie", NOON).id
    give(app, cast, ask(app, cast, "tom_x", "m_karim", NOON - 2 * DAY), "m_karim", NOON - DAY, "Tu as bien sifflé.")
    give(app, cast, ask(app, cast, "tom_y", "m_karim", NOON), "m_karim", NIGHT, "Viens me voir chez moi dimanche.")
    return one(app, AuthoredText, AuthoredText.deliver_after < NOON)


@both_databases
def test_what_the_night_holds_does_not_arrive_after_a_freeze(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    text = held(app, cast)
    at(NIGHT + dt.timedelta(minutes=10))
    tom = browse("tom")
    assert tom.fill(f"/ca-me-derange/{text.id}").status_code == 303
    at(MORNING)
    later = one(app, Feedback, Feedback.experience_id == cast["tom_y"])
    for page in ("/passeport", "/echanges", f"/experience/{cast['tom_y']}", f"/retour/{later.id}"):
        shown = words(tom.get(page))
        assert "Viens me voir" not in shown, page
        assert "Karim vous a répondu" not in shown, page
    assert tom.post(f"/retour/{later.id}", {"fine": "1"}).status_code == 422
    assert tom.post(f"/ca-me-derange/{later.text_id}", {"resume": "1"}).status_code == 303
    assert "Viens me voir" in words(tom.get(f"/retour/{later.id}")), "it is the learner's to look at it all the same"


@both_databases
@pytest.mark.parametrize("by", ["claire", "karim"])
def test_what_the_night_holds_of_somebody_removed_does_not_arrive(
    app: Flask, cast: Cast, browse: Any, at: Any, by: str
) -> None:
    held(app, cast)
    at(NIGHT + dt.timedelta(minutes=10))
    with app.app_context(), transaction():
        organisations.end_membership(db.session.get_one(Membership, cast["m_karim"]), cast[by], NIGHT + dt.timedelta(minutes=10))
    at(MORNING)
    later = one(app, Feedback, Feedback.experience_id == cast["tom_y"])
    tom = browse("tom")
    arrives = by == "karim"  # who leaves by themself wrote it while they might
    assert ("Viens me voir" in words(tom.get(f"/retour/{later.id}"))) is arrives
    assert ("Karim vous a répondu Une sortie" in words(tom.get("/passeport"))) is arrives
    assert one(app, AuthoredText, AuthoredText.deliver_after < NOON).hidden_at is None
