"""The way of an organisation to minors, checks and their end, facilitators of 16 and 17, and leaving."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Session, Setting
from passport.audit.models import AuditEvent
from passport.extensions import db
from passport.feedback import service as feedback
from passport.feedback.models import AuthoredText
from passport.notices import jobs
from passport.notices.models import Message, Notice
from passport.organisations import minors, reminders, service
from passport.organisations.models import Membership, Organisation, Vetting
from passport.recognition import service as recognition
from passport.refusals import Refusal, Refused
from passport.transaction import transaction
from tests import build, world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import fields, words

DAY = dt.timedelta(days=1)
TODAY = NOON.date()


def change(app: Flask, model: Any, key: uuid.UUID, **values: Any) -> None:
    with app.app_context(), transaction():
        db.session.execute(sa.update(model).where(model.id == key).values(**values))


def rows(app: Flask, model: Any, *which: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.scalars(sa.select(model).where(*which)))
        db.session.remove()
    return found


# ---------- the way to minors ----------


@pytest.mark.promise("S5", "passport.organisations.rules:refusal_to_allow")
def test_an_organisation_opens_to_minors_step_by_step(app: Flask, cast: Cast, browse: Any) -> None:
    """An organisation welcomes minors only with a named lead, a second reader and its charter signed."""
    change(app, Organisation, cast["library"], minors_state="none", minors_lead_id=None, minors_charter_at=None,
           minors_charter_version=None, minors_charter_by_id=None)
    change(app, Membership, cast["m_claire"], is_safeguarding_reader=False, reader_since=None)
    sofia, claire = browse("sofia"), browse("claire")
    address, opens = f"/organisation/{cast['library']}", f"/ville/organisation/{cast['library']}/moins-de-18-ans"
    refused = sofia.post(opens, {"allowed": "yes"})
    assert refused.status_code == 422
    assert "D’abord choisir qui répond de l’accueil" in words(refused)
    way = f"{address}/moins-de-18-ans"
    assert "signer" not in words(sofia.get(way)), "only whoever answers for the organisation signs"
    assert sofia.post(way, {"person": str(cast["m_claire"]), "signed": "y"}).status_code == 404
    sofia.fill(way, person=str(cast["m_claire"]))
    assert "La charte d’accueil des moins de 18 ans reste à signer." in words(sofia.post(opens, {"allowed": "yes"}))
    kept = claire.fill(way, person=str(cast["m_claire"]), signed="y")
    assert "Signée par Claire le 24 novembre 2026" in words(claire.follow(kept))
    assert "Tout est là. La Ville peut ouvrir." in words(sofia.get(way))
    change(app, Membership, cast["m_sofia"], is_safeguarding_reader=False, reader_since=None)
    assert "Il manque une seconde personne" in words(sofia.post(opens, {"allowed": "yes"}))
    named = sofia.post(f"{address}/seconde-lecture", {"person": str(cast["farid"])})
    assert named.status_code == 303, "the reader of a neighbour association"
    assert sofia.post(opens, {"allowed": "yes"}).status_code == 303
    library = rows(app, Organisation, Organisation.id == cast["library"])[0]
    assert (library.minors_state, library.minors_lead_id, library.minors_reader_id, library.minors_charter_by_id) == (
        "allowed", cast["claire"], cast["farid"], cast["claire"])
    assert claire.post(opens, {"allowed": "no"}).status_code == 404


def test_the_welcome_falls_with_its_lead_and_the_second_reader_back_to_the_city(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction():
        library = db.session.get_one(Organisation, cast["library"])
        minors.name_second_reader(library, cast["farid"], cast["sofia"], NOON)
        service.end_membership(db.session.get_one(Membership, cast["m_farid"]), cast["sofia"], NOON)
        db.session.refresh(library)
        assert (library.minors_state, library.minors_reader_id) == ("allowed", None)
        service.end_membership(db.session.get_one(Membership, cast["m_claire"]), cast["sofia"], NOON)
        db.session.refresh(library)
        assert (library.minors_state, library.minors_lead_id) == ("asked", None)


def test_nobody_is_named_who_is_not_there(app: Flask, cast: Cast) -> None:
    with app.app_context():
        library = db.session.get_one(Organisation, cast["library"])
        for odd in (None, db.session.get_one(Membership, cast["m_nadia"])):
            with pytest.raises(Refused) as refused:
                minors.name_lead(library, odd, cast["sofia"], NOON)
            assert refused.value.refusal is Refusal.READER_ODD
        for key, reason in ((cast["claire"], Refusal.NOT_ONESELF), (cast["lea"], Refusal.READER_ODD)):
            with pytest.raises(Refused) as refused:
                minors.name_second_reader(library, key, cast["sofia"], NOON)
            assert refused.value.refusal is reason
        with pytest.raises(Refused):
            minors.name_pool_reader(db.session.get_one(Membership, cast["m_nadia"]), True, cast["sofia"], NOON)
        db.session.rollback()


# ---------- the schema ----------


@both_databases
def test_the_schema_refuses_what_the_rules_refuse(app: Flask, cast: Cast) -> None:
    def written(write: Any) -> None:
        with transaction():
            write()

    def refuses(write: Any) -> None:
        with pytest.raises(sa.exc.DBAPIError):
            written(write)

    with app.app_context():
        for missing in ("minors_lead_id", "minors_charter_at"):
            refuses(lambda missing=missing: db.session.execute(
                sa.update(Organisation).where(Organisation.id == cast["library"]).values({missing: None})))
        club = db.session.get_one(Membership, cast["m_nadia"])
        sofia = db.session.get_one(build.Account, cast["sofia"])
        refuses(lambda: build.vetting(club, sofia, NOON, kind="honorability"))
        refuses(lambda: build.vetting(club, sofia, NOON, checked_on=TODAY, expires_on=dt.date(2027, 11, 25)))
        refuses(lambda: build.vetting(club, db.session.get_one(build.Account, cast["youth"]), NOON, recorded_at=NOON))
        library = db.session.get_one(Organisation, cast["library"])
        youth, tom = (db.session.get_one(build.Account, cast[name]) for name in ("youth", "tom"))
        refuses(lambda: build.membership(youth, library, "manager", NOON, joined_at=NOON))
        refuses(lambda: build.membership(tom, library, "facilitator", NOON, joined_at=NOON))
        with transaction():
            young = build.membership(youth, library, "facilitator", NOON, joined_at=NOON)
        refuses(lambda: db.session.execute(sa.update(Membership).where(Membership.id == young.id).values(
            is_safeguarding_reader=True, reader_since=NOON)))
        db.session.remove()


# ---------- checks ----------


@pytest.mark.promise("S6", "passport.organisations.rules:refusal_to_record")
def test_only_a_lawful_check_is_recorded_and_no_document_nor_result(app: Flask, cast: Cast, browse: Any) -> None:
    """A check is of a kind that is lawful for that kind of organisation, and only its kind, days and recorder are kept."""
    farid, address = browse("farid"), f"/organisation/role/{cast['m_nadia']}/verification"
    page = words(farid.get(address))
    assert "honorabilité" not in page
    assert farid.fill(address, kind="honorability").status_code == 422
    assert farid.fill(address, kind="sport_licence", number="12", result="néant", document="x").status_code == 303
    kept = rows(app, Vetting, Vetting.membership_id == cast["m_nadia"], Vetting.revoked_at.is_(None))[0]
    assert (kept.kind, kept.recorded_by_id, kept.expires_on) == ("sport_licence", cast["farid"], dt.date(2027, 10, 31))
    assert {c.name for c in Vetting.__table__.columns} == {
        "id", "membership_id", "account_id", "kind", "checked_on", "expires_on", "recorded_by_id", "authenticity",
        "recorded_at", "revoked_at", "reminded_days"}


def test_the_city_decides_the_common_date_and_the_kinds(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        db.session.add_all([Setting(key="checks.common_day", value="06-30"),
                            Setting(key="checks.association", value="sport_licence")])
    page = browse("farid").get(f"/organisation/role/{cast['m_nadia']}/verification")
    assert "D’ordinaire le 30 juin" in words(page)
    assert fields(page)["expires_on"] == "2027-06-30"
    assert "Bulletin" not in words(page)


def tom_s(app: Flask, cast: Cast, now: dt.datetime) -> dict[str, uuid.UUID]:
    """Bring Tom up to a request for recognition and a second request that waits, both to Karim."""
    with app.app_context(), transaction():
        given = world.answer(cast, world.ask(cast, "tom", "tom_x", "karim", now - 3 * DAY), "karim", now - 2 * DAY)
        feedback.answer(given, None, now - DAY)
        db.session.flush()
        asked = recognition.ask(given, [1], uuid.uuid4(), now)
        again = world.ask(cast, "tom", "tom_x", "karim", now)
        return {"answered": given.request_id, "recognition": asked.id, "waiting": again.id}


@pytest.mark.promise("S6", "passport.policy:is_in_force")
def test_on_its_day_a_check_closes_every_page_of_a_facilitator(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    """On the day a check ends, the next request opens nothing of a protected learner, without any job having run."""
    keys = tom_s(app, cast, NOON)
    with app.app_context(), transaction():
        lea = world.ask(cast, "lea", "lea_x", "karim", NOON).id
        db.session.execute(sa.update(Vetting).where(Vetting.membership_id == cast["m_karim"])
                           .values(expires_on=TODAY + DAY))
    karim = browse("karim")
    reads = [f"/on-me-demande/{keys['waiting']}", f"/on-me-demande/{keys['answered']}", f"/reconnaitre/{keys['recognition']}"]
    assert [karim.get(page).status_code for page in reads] == [200, 200, 200]
    assert "J’arbitre" in words(karim.get("/on-me-demande"))
    at(NOON + DAY)
    assert [karim.get(page).status_code for page in reads] == [404, 404, 404]
    sends = [f"/on-me-demande/{keys['waiting']}", f"/on-me-demande/{keys['waiting']}/pas-vu",
             f"/on-me-demande/{keys['answered']}/retirer", f"/on-me-demande/{keys['answered']}/remettre",
             f"/reconnaitre/{keys['recognition']}", f"/reconnaitre/{keys['recognition']}/pas-moi"]
    for page in sends:
        assert karim.post(page, {"seen": "Bravo", "submission": str(uuid.uuid4())}).status_code == 404, page
    assert karim.get(f"/on-me-demande/{keys['waiting']}/fichier/{uuid.uuid4()}").status_code == 404
    assert "J’arbitre" not in words(karim.get("/on-me-demande"))
    assert "Tom" not in words(karim.get("/registre"))
    assert karim.get(f"/on-me-demande/{lea}").status_code == 200, "adult learners go on"


@pytest.mark.promise("S6", "passport.organisations.rules:is_new_reminder")
def test_a_check_that_ends_is_said_before_once_each_also_after_a_pause(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    """Reminders come 60, 30 and 7 days before a check ends, once each, to the person and to whoever records it."""
    with app.app_context(), transaction():
        db.session.execute(sa.update(Vetting).where(Vetting.membership_id != cast["m_karim"]).values(revoked_at=NOON))
        db.session.execute(sa.update(build.Account).where(build.Account.id == cast["claire"]).values(
            email="claire@example.org", email_confirmed_at=NOON))
    ends = rows(app, Vetting, Vetting.membership_id == cast["m_karim"])[0].expires_on

    def night(left: int) -> set[uuid.UUID]:
        now = at(dt.datetime.combine(ends - left * DAY, dt.time(11), dt.UTC))
        with app.app_context(), transaction():
            before = {n.id for n in db.session.scalars(sa.select(Notice).where(Notice.kind == "check_ends"))}
            reminders.remind(now)
            found = {n.account_id for n in db.session.scalars(sa.select(Notice).where(
                Notice.kind == "check_ends", Notice.id.not_in(before)))}
            db.session.commit()
        return found

    both = {cast["karim"], cast["claire"]}
    assert (night(61), night(60), night(59)) == (set(), both, set())
    assert night(20) == both, "the worker was down on the thirtieth day"
    assert "La vérification de Karim" in words(browse("claire").get("/echanges"))
    assert "Votre vérification" in words(browse("karim").get("/echanges"))
    assert len(rows(app, Message, Message.account_id == cast["claire"])) == 1
    assert (night(7), night(6), night(0)) == (both, set(), set())
    assert "checks.remind" in jobs.KINDS
    claire = browse("claire")
    claire.fill(f"/organisation/role/{cast['m_karim']}/verification", kind="public_agent")
    assert not rows(app, Notice, Notice.kind == "check_ends")


def test_in_an_association_of_one_the_coordination_records_and_is_reminded(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        db.session.execute(sa.update(Vetting).values(revoked_at=NOON))
        db.session.execute(sa.update(Membership).where(Membership.id == cast["m_nadia"]).values(ended_at=NOON))
        farid, sofia = (db.session.get_one(build.Account, cast[name]) for name in ("farid", "sofia"))
        build.vetting(db.session.get_one(Membership, cast["m_farid"]), sofia, NOON, days=30)
        db.session.flush()
        reminders.remind(NOON)
        assert farid.id
    assert {n.account_id for n in rows(app, Notice, Notice.kind == "check_ends")} == {cast["farid"], cast["sofia"]}
    own = f"/organisation/role/{cast['m_farid']}/verification"
    assert browse("farid").post(own, {}).status_code == 403
    assert browse("sofia").fill(own, kind="sport_licence").status_code == 303


# ---------- 16 and 17 ----------


@pytest.mark.promise("S7", "passport.organisations.rules:refusal_to_read_along")
def test_at_17_one_gives_feedback_once_an_adult_reads_along_and_nothing_more(app: Flask, cast: Cast, browse: Any) -> None:
    """At 16 and 17 one gives feedback with an adult of the organisation named to read along, and never recognises."""
    with app.app_context():
        with transaction():
            library = db.session.get_one(Organisation, cast["library"])
            made, token = service.invite(library, "facilitator", "animatrice", None, cast["claire"], NOON)
            cast.ids["m_youth"] = service.accept_invitation(made, cast["youth"], NOON).id
            db.session.flush()
            key = world.ask(cast, "lea", "lea_x", "youth", NOON).id
            cast.ids["lea_z"] = build.experience(cast["lea"], "Autre chose", NOON).id
        db.session.remove()
    youth, claire = browse("youth"), browse("claire")
    page = f"/on-me-demande/{key}"
    assert youth.get(page).status_code == 200
    refused = youth.fill(page, seen="Les aînés la redemandent.")
    assert refused.status_code == 403
    assert "une personne adulte de l’équipe relit" in words(refused)
    choice = f"/organisation/role/{cast['m_youth']}/relecture"
    assert "nommer d’abord qui relit" in words(claire.get(f"/organisation/{cast['library']}"))
    assert "Youth" not in str(fields(claire.get(choice))), "not oneself, and no minor"
    assert claire.fill(choice, person=str(cast["m_youth"])).status_code == 422
    assert claire.fill(choice, person=str(cast["m_karim"])).status_code == 303
    assert "Une personne adulte de l’équipe peut lire aussi ce retour." in words(
        browse("lea").get(f"/experience/{cast['lea_z']}/demander/personne/{cast['m_youth']}"))
    assert youth.fill(page, seen="Les aînés la redemandent.").status_code == 303
    karim = browse("karim")
    assert "Relire les retours de Youth" in words(karim.get("/menu"))
    assert "Les aînés la redemandent." in words(karim.get(f"/relire-avec/{cast['m_youth']}"))
    assert browse("hugo").get(f"/relire-avec/{cast['m_youth']}").status_code == 404
    for closed in (f"/organisation/{cast['library']}", f"/organisation/role/{cast['m_karim']}/verification", "/relire", "/ville"):
        assert youth.get(closed).status_code == 404
    with app.app_context(), transaction():
        given = db.session.scalars(sa.select(feedback.Feedback).where(feedback.Feedback.request_id == key)).one()
        feedback.answer(given, None, NOON)
        db.session.flush()
        asked = recognition.ask(given, [1], uuid.uuid4(), NOON).id
    assert youth.get(f"/reconnaitre/{asked}").status_code == 403
    assert token


def test_when_the_adult_leaves_nothing_more_is_written_alone(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction():
        library = db.session.get_one(Organisation, cast["library"])
        youth = db.session.get_one(build.Account, cast["youth"])
        young = build.membership(youth, library, "facilitator", NOON, joined_at=NOON, co_reader_id=cast["m_karim"])
        service.end_membership(db.session.get_one(Membership, cast["m_karim"]), cast["claire"], NOON)
        db.session.refresh(young)
        assert young.co_reader_id is None


# ---------- leaving ----------


@pytest.mark.promise("S8", "passport.organisations.rules:refusal_to_suspend_member")
def test_who_is_suspended_is_signed_out_and_nothing_of_theirs_is_on_its_way(app: Flask, cast: Cast, browse: Any, at: Any
                                                                           ) -> None:
    """Whoever is suspended loses sessions, what waits to be told, and words on their way, in one write."""
    night = at(NOON.replace(hour=22))
    with app.app_context():
        with transaction():
            db.session.execute(sa.update(build.Account).where(build.Account.id == cast["karim"]).values(
                email="karim@example.org", email_confirmed_at=NOON))
            held = world.answer(cast, world.ask(cast, "tom", "tom_x", "karim", NOON), "karim", night)
            world.ask(cast, "lea", "lea_x", "karim", night)
            held_text = held.text_id
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1
        db.session.remove()
    karim, claire = browse("karim"), browse("claire")
    assert karim.get("/on-me-demande").status_code == 200
    address = f"/organisation/role/{cast['m_karim']}/suspendre"
    assert claire.post(address, {"suspended": "yes"}).status_code == 303
    assert karim.get("/on-me-demande").status_code == 303
    assert browse("karim").get("/on-me-demande").status_code == 404
    assert not rows(app, Message)
    assert rows(app, AuthoredText, AuthoredText.id == held_text)[0].hidden_at == night
    assert "Rôle suspendu depuis le 24 novembre 2026" in words(claire.get(f"/organisation/{cast['library']}"))
    assert [e.action for e in rows(app, AuditEvent, AuditEvent.action == "membership.suspend")] == ["membership.suspend"]
    assert claire.post(address, {"suspended": "no"}).status_code == 303
    assert browse("karim").get("/on-me-demande").status_code == 200
    assert claire.post(f"/organisation/role/{cast['m_claire']}/suspendre", {"suspended": "yes"}).status_code == 422


@both_databases
def test_suspending_an_organisation_ends_everything_at_once_or_nothing(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with transaction():
            held = world.answer(cast, world.ask(cast, "tom", "tom_x", "karim", NOON), "karim", NOON.replace(hour=22))
            db.session.add(Session(id_hash=bytes(32), account_id=cast["karim"], created_at=NOON, expires_at=NOON + DAY,
                                   last_used_at=NOON))
        key = held.text_id
        service.suspend(db.session.get_one(Organisation, cast["library"]), cast["sofia"], NOON.replace(hour=22))
        db.session.rollback()
        assert db.session.get_one(Session, bytes(32)).ended_at is None
        assert db.session.get_one(AuthoredText, key).hidden_at is None
        with transaction():
            service.suspend(db.session.get_one(Organisation, cast["library"]), cast["sofia"], NOON.replace(hour=22))
        assert db.session.get_one(Session, bytes(32)).ended_at is not None
        assert db.session.get_one(AuthoredText, key).hidden_at is not None
        db.session.remove()


def test_an_organisation_that_leaves_is_closed_for_good(app: Flask, cast: Cast, browse: Any) -> None:
    karim, sofia = browse("karim"), browse("sofia")
    assert karim.get("/on-me-demande").status_code == 200
    address = f"/ville/organisation/{cast['library']}/fermer"
    assert browse("claire").post(address).status_code == 404
    assert sofia.post(address).status_code == 303
    assert karim.get("/on-me-demande").status_code == 303, "the session ended"
    assert browse("karim").get("/on-me-demande").status_code == 404
    assert "Fermée le 24 novembre 2026." in words(sofia.get(f"/organisation/{cast['library']}"))
    assert sofia.post(f"/ville/organisation/{cast['city']}/fermer").status_code == 422


def test_the_city_decides_by_a_command_and_never_what_is_an_offence(app: Flask, cast: Cast) -> None:
    def decide(*words: str) -> int:
        return app.test_cli_runner().invoke(args=["settings", "decide", *words, "--by", "Conseil", "--reason", "Vu"]).exit_code

    assert (decide("checks.common_day", "06-30"), decide("checks.association", "sport_licence")) == (0, 0)
    for odd in (("checks.common_day", "31/10"), ("checks.association", "honorability"), ("checks.circus", "sport_licence"),
                ("checks.association", "")):
        assert decide(*odd) == 1, odd
    assert {s.key for s in rows(app, Setting)} == {"checks.common_day", "checks.association"}
