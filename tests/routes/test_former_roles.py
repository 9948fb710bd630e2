"""What somebody whose role ended, or whom a learner barred, can still do: nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import ContactBar, Passport, Session
from passport.extensions import db
from passport.feedback.models import AuthoredText
from passport.organisations import service as organisations
from passport.organisations.models import Invitation, Membership, Organisation, Vetting
from passport.refusals import Refusal, Refused
from passport.safety import cases
from passport.transaction import transaction
from passport.wording import say
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import words


@pytest.fixture
def city(lived: Cast) -> Cast:
    return lived


def end(app: Flask, cast: Cast, member: str, by: str) -> None:
    with app.app_context(), transaction():
        organisations.end_membership(db.session.get_one(Membership, cast[member]), cast[by], NOON)


def test_a_former_manager_does_not_come_back_by_their_own_invitation(app: Flask, city: Cast) -> None:
    with app.app_context(), transaction():
        library = db.session.get_one(Organisation, city["library"])
        made, _token = organisations.invite(library, "facilitator", "animatrice", None, city["claire"], NOON)
        with pytest.raises(Refused) as refused:
            organisations.accept_invitation(made, city["claire"], NOON)
    assert refused.value.refusal is Refusal.NOT_ONESELF
    end(app, city, "m_claire", "sofia")
    with app.app_context(), transaction(), pytest.raises(Refused) as refused:
        organisations.accept_invitation(db.session.get_one(Invitation, made.id), city["stranger"], NOON)
    assert refused.value.refusal is Refusal.INVITATION_OVER


def test_a_former_manager_reads_no_report_and_the_coordination_finds_it(app: Flask, city: Cast, browse: Any) -> None:
    report = f"/signalements/{city['report']}"
    claire, sofia = browse("claire"), browse("sofia")
    assert claire.get(report).status_code == 200
    assert sofia.get(report).status_code == 404
    end(app, city, "m_claire", "sofia")
    again = browse("claire")
    assert again.get(report).status_code == again.get("/signalements").status_code == 404
    assert sofia.get(report).status_code == 200
    assert str(city["report"]) in sofia.get("/signalements").get_data(as_text=True)


def test_a_barred_or_unchecked_facilitator_writes_no_reason(app: Flask, city: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        db.session.add(ContactBar(learner_id=city["lea"], adult_id=city["karim"], cause="freeze", started_at=NOON))
        before = db.session.query(AuthoredText).count()
    address = f"/registre/{city['endorsement']}/retirer"
    answer = browse("karim").post(address, {"reason": "Encore un mot"})
    assert answer.status_code == 403
    with app.app_context():
        assert db.session.query(AuthoredText).count() == before


def test_who_is_frozen_with_all_is_told_what_a_block_says_and_nothing_of_a_check(
    app: Flask, city: Cast, browse: Any
) -> None:
    with app.app_context(), transaction():
        db.session.query(Passport).filter_by(learner_id=city["lea"]).update({"protection_chosen": True})
        cases.freeze(city["karim"], city["sofia"], NOON)
    answer = browse("karim").post(f"/registre/{city['endorsement']}/retirer", {"reason": "Encore un mot"})
    assert answer.status_code == 403
    with app.test_request_context():
        assert say(Refusal.REQUEST_CLOSED) in words(answer)
        assert say(Refusal.CHECK_NEEDED) not in words(answer)


def test_the_responsible_person_sees_that_it_was_recognised_not_of_whom(city: Cast, browse: Any) -> None:
    text = words(browse("claire").get("/registre"))
    assert "J’explique avec des mots simples" in text
    assert "Lea" not in text
    assert "Elle explique sans prendre la souris" not in text


def test_taking_a_role_of_staff_shortens_the_session(app: Flask, city: Cast, browse: Any) -> None:
    browse("stranger")
    with app.app_context(), transaction():
        library = db.session.get_one(Organisation, city["library"])
        made, _token = organisations.invite(library, "manager", "responsable", None, city["sofia"], NOON)
        organisations.accept_invitation(made, city["stranger"], NOON)
        ends = [s.expires_at for s in db.session.query(Session).filter_by(account_id=city["stranger"])]
    assert ends
    assert all(e <= NOON + dt.timedelta(hours=12) for e in ends)


def test_a_check_that_ended_closes_the_protected_learner_at_once(app: Flask, city: Cast, browse: Any) -> None:
    address = f"/on-me-demande/{city['tom_request']}"
    with app.app_context(), transaction():
        db.session.query(Vetting).filter_by(membership_id=city["m_karim"]).update({"revoked_at": NOON})
    assert browse("karim").get(address).status_code == 404
    assert browse("karim").get(f"/on-me-demande/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize("page", ["/on-me-demande?after=", "/registre?before="])
def test_an_absurd_place_in_a_list_shows_the_first_page(browse: Any, page: str) -> None:
    answer = browse("karim").get(f"{page}0001-01-01T00:00:00%2B14:00~{uuid.uuid4()}")
    assert answer.status_code == 200


@both_databases
@pytest.mark.parametrize(("who", "born", "goes"), [
    ("sofia", (2010, 3), True), ("claire", (2010, 3), True), ("karim", (2010, 3), False), ("karim", (2011, 6), True)])
def test_whoever_says_they_are_younger_than_their_role_allows_holds_it_no_more(
    app: Flask, cast: Cast, browse: Any, who: str, born: tuple[int, int], goes: bool
) -> None:
    with app.app_context(), transaction():
        other = db.session.get_one(Membership, cast["m_hugo"])
        if who == "karim":
            other.co_reader_id = cast["m_karim"]
    reader, page = browse(who), {"sofia": "/ville", "claire": f"/organisation/{cast['library']}"}.get(who, "/on-me-demande")
    assert reader.get(page).status_code == 200
    reader.fill("/mon-age", "/mon-age/moins", birth_year=str(born[0]), birth_month=str(born[1]))
    with app.app_context():
        kept = db.session.get_one(Membership, cast[f"m_{who}"])
        assert kept.ended_at == (NOON if goes else None)
        assert not kept.is_safeguarding_reader
        assert db.session.get_one(Membership, cast["m_hugo"]).co_reader_id is None
        alive = db.session.scalars(sa.select(Session).where(
            Session.account_id == cast[who], Session.ended_at.is_(None))).all()
        assert bool(alive) is not goes
        assert db.session.get_one(Passport, cast[who]).birth_year == born[0]
    assert browse(who).get(page).status_code == (404 if goes else 200)
