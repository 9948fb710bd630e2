"""Reading to protect, readers set aside, and « Qui a regardé mon passeport »."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import ContactBar
from passport.audit import service as audit
from passport.audit.models import ReadingLine
from passport.columns import uuid7
from passport.extensions import db
from passport.feedback import service as feedback
from passport.notices import keeping
from passport.organisations import minors
from passport.organisations.models import Membership, Organisation
from passport.protection import queries, service
from passport.recognition import service as recognition
from passport.safety import cases
from passport.transaction import transaction
from tests import build, world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import words

DAY = dt.timedelta(days=1)
H = dt.timedelta(hours=1)


@pytest.fixture
def city(app: Flask, cast: Cast) -> Cast:
    """Tom had a feedback, answered it, and asked for recognition, which is « pas encore »; claire has a check."""
    with app.app_context():
        with transaction():
            claire, sofia = (db.session.get_one(build.Account, cast[name]) for name in ("claire", "sofia"))
            build.vetting(db.session.get_one(Membership, cast["m_claire"]), sofia, NOON)
            assert claire.id
            given = world.answer(cast, world.ask(cast, "tom", "tom_x", "karim", NOON - 9 * H), "karim", NOON - 8 * H + 4 * H)
            feedback.answer(given, "Merci, je note.", NOON - 3 * H)
            db.session.flush()
            asked = recognition.ask(given, [1], uuid.uuid4(), NOON - 2 * H)
            world.recognise(cast, asked, "karim", (1,), NOON - H, kind="not_yet")
            adult = world.answer(cast, world.ask(cast, "lea", "lea_x", "karim", NOON - 9 * H), "karim", NOON - 8 * H)
            cast.ids.update(tom_given=given.id, adult=adult.id)
        db.session.remove()
    return cast


def lines(app: Flask, *which: Any) -> list[ReadingLine]:
    with app.app_context():
        found = list(db.session.scalars(sa.select(ReadingLine).where(*which)))
        db.session.remove()
    return found


def page_of(cast: Cast, learner: str = "tom", house: str = "library") -> str:
    return f"/relire/{cast[house]}/{cast[learner]}"


@pytest.mark.promise("S2", "passport.protection.rules:is_reader")
def test_two_people_read_what_an_adult_wrote_to_a_minor_and_nobody_else(app: Flask, city: Cast, browse: Any) -> None:
    """Every text of an adult to a protected learner is readable by two adults other than its author, and by nobody else."""
    claire, sofia = browse("claire"), browse("sofia")
    for reader in (claire, sofia):
        listed = words(reader.get("/relire"))
        assert "Tom" in listed
        assert "Lea" not in listed
        text = words(reader.get(page_of(city)))
        for said in ("Les aînés la redemandent.", "Merci, je note.", "Est-ce que c’était clair ?", "D’abord un pas de plus",
                     "Écrit par Karim", "novembre 2026"):
            assert said in text, said
        assert reader.get(page_of(city, "lea")).status_code == 404, "adults’ exchanges are private"
    for nobody in ("karim", "hugo", "nadia", "farid", "tom", "lea"):
        assert browse(nobody).get(page_of(city)).status_code == 404, nobody
        assert browse(nobody).get("/relire").status_code == 404, nobody


def test_with_two_named_readers_the_pool_does_not_read(app: Flask, city: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        sofia = db.session.get_one(build.Account, city["sofia"])
        build.vetting(db.session.get_one(Membership, city["m_farid"]), sofia, NOON)
        minors.name_second_reader(db.session.get_one(Organisation, city["library"]), city["farid"], city["sofia"], NOON)
    assert browse("farid").get(page_of(city)).status_code == 200
    assert browse("sofia").get(page_of(city)).status_code == 404
    assert "Tom" not in words(browse("sofia").get("/relire"))
    with app.app_context(), transaction():
        db.session.add(ContactBar(id=uuid7(), learner_id=city["tom"], adult_id=city["farid"], cause="block", started_at=NOON))
    assert browse("farid").get(page_of(city)).status_code == 404, "whoever is blocked is set aside by itself"
    assert browse("sofia").get(page_of(city)).status_code == 200, "the pool reads instead"


def test_nobody_reads_their_own_words_nor_without_a_check(app: Flask, city: Cast, browse: Any, at: Any) -> None:
    with app.app_context(), transaction():
        library = db.session.get_one(Organisation, city["library"])
        claire = db.session.get_one(build.Account, city["claire"])
        member = build.membership(claire, library, "facilitator", NOON)
        build.vetting(member, db.session.get_one(build.Account, city["sofia"]), NOON)
        db.session.flush()
        city.ids["m_claire_f"] = member.id
        x = build.experience(city["tom"], "Le ciné-club", NOON)
        asked = feedback.ask(x, member, library, [], None, uuid.uuid4(), NOON - 2 * H)
        role = world.role_in(city["claire"], member.id)
        feedback.give_feedback(asked, role, city["claire"],
                               feedback.FeedbackDraft("Claire a écrit ceci.", None, None, uuid.uuid4()), NOON - H)
    text = words(browse("claire").get(page_of(city)))
    assert "Les aînés la redemandent." in text
    assert "Claire a écrit ceci." not in text
    assert "Claire a écrit ceci." in words(browse("sofia").get(page_of(city)))
    at(NOON + 101 * DAY)
    assert browse("claire").get("/relire").status_code == 404


def test_who_is_frozen_does_not_count_among_those_who_read(app: Flask, city: Cast, browse: Any) -> None:
    """Else an exchange is left with one reader: the pool reads instead."""
    with app.app_context(), transaction():
        sofia = db.session.get_one(build.Account, city["sofia"])
        build.vetting(db.session.get_one(Membership, city["m_farid"]), sofia, NOON)
        minors.name_second_reader(db.session.get_one(Organisation, city["library"]), city["farid"], city["sofia"], NOON)
    assert browse("sofia").get(page_of(city)).status_code == 404
    with app.app_context(), transaction():
        cases.freeze(city["claire"], city["sofia"], NOON)
    assert browse("claire").get(page_of(city)).status_code == 404
    assert browse("farid").get(page_of(city)).status_code == 200
    assert browse("sofia").get(page_of(city)).status_code == 200, "the pool reads instead"


def test_words_held_for_the_night_and_reported_ones_are_read_as_well(app: Flask, city: Cast, browse: Any, at: Any) -> None:
    night = at(NOON.replace(hour=22))
    with app.app_context(), transaction():
        x = build.experience(city["tom"], "La fête", NOON)
        member, library = db.session.get_one(Membership, city["m_karim"]), db.session.get_one(Organisation, city["library"])
        asked = feedback.ask(x, member, library, [], None, uuid.uuid4(), NOON)
        feedback.give_feedback(asked, world.role_in(city["karim"], city["m_karim"]), city["karim"],
                               feedback.FeedbackDraft("Écrit la nuit.", None, None, uuid.uuid4()), night)
        text_id = db.session.get_one(feedback.Feedback, city["tom_given"]).text_id
    assert browse("tom").fill(f"/ca-me-derange/{text_id}").status_code == 303
    read = words(browse("sofia").get(page_of(city)))
    assert "Écrit la nuit." in read
    assert "Pas arrivé pour l’instant." in read
    assert "Signalé." in read
    assert "Un texte a été signalé." in words(browse("sofia").get("/relire"))


# ---------- a reader set aside ----------


def test_a_learner_sets_a_reader_aside_who_then_sees_nothing_and_is_not_told(app: Flask, city: Cast, browse: Any) -> None:
    tom, claire = browse("tom"), browse("claire")
    assert claire.get(page_of(city)).status_code == 200
    never = claire.get(f"/relire/{city['library']}/{city['youth']}")
    page = words(tom.get("/qui-peut-lire"))
    assert "Claire" in page
    assert "Sofia" in page
    assert tom.post("/qui-peut-lire", {"reader": str(city["claire"])}).status_code == 303
    assert tom.post("/qui-peut-lire", {"reader": str(city["claire"])}).status_code == 303
    gone = claire.get(page_of(city))
    assert gone.status_code == never.status_code == 404
    assert "Tom" not in words(claire.get("/relire"))
    assert "Rien à relire pour l’instant." in words(claire.get("/relire"))
    assert "Tom" in words(browse("sofia").get("/relire"))
    assert "Ne lit rien de moi. Rien ne lui est dit." in words(tom.get("/qui-peut-lire"))
    assert tom.post("/qui-peut-lire", {"reader": str(city["claire"]), "reads": "yes"}).status_code == 303
    assert claire.get(page_of(city)).status_code == 200
    for nobody in (str(city["lea"]), "nonsense"):
        assert tom.post("/qui-peut-lire", {"reader": nobody}).status_code == 404


@both_databases
def test_the_rules_of_reading_hold_on_both_databases(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with transaction():
            given = world.answer(cast, world.ask(cast, "tom", "tom_x", "karim", NOON - 9 * H), "karim", NOON - H)
            service.set_aside(cast["tom"], cast["claire"], NOON)
            service.set_aside(cast["tom"], cast["claire"], NOON)
        assert given.id
        sofia = world.accounts_actor(cast["sofia"])
        assert [w.learner_id for w in queries.watched(sofia, NOON)] == [cast["tom"]]
        assert queries.watched(world.accounts_actor(cast["claire"]), NOON) == []
        guarded = queries.guarded(cast["tom"], cast["library"], NOON)
        assert guarded is not None
        assert guarded.reader_ids == {cast["sofia"]}
        assert len(queries.texts(guarded, cast["sofia"], NOON)) == 1
        with transaction():
            service.let_read(cast["tom"], cast["claire"], NOON)
            db.session.add(ReadingLine(id=uuid7(), learner_id=cast["tom"], reader_ref=uuid.uuid4(), role="facilitator",
                                       organisation_id=cast["library"], action="open_request",
                                       experience_id=cast["tom_x"], read_on=NOON.date() - 366 * DAY))
        with transaction():
            assert keeping.delete(keeping.GOES["protection.forget_looks"], NOON) == 1
        db.session.remove()


# ---------- who looked ----------


@pytest.mark.promise("S11", "passport.protection.rules:knows_name")
def test_a_learner_reads_who_looked_by_role_and_by_name_only_when_known(app: Flask, city: Cast, browse: Any) -> None:
    """« Qui a regardé » tells role, organisation, day and thing; a name only when it is known from an exchange; no hour."""
    browse("sofia").get(page_of(city))
    tom = browse("tom")
    page = words(tom.get("/qui-a-regarde"))
    assert "Une personne qui relit pour protéger, Ville d’Alpha" in page
    assert "lecture de protection" in page
    assert "Sofia" not in page
    assert "24 novembre 2026" in page
    assert ":00" not in page.split("Qui a regardé", 1)[1].split("Imprimé")[0]
    with app.app_context():
        ref = db.session.get_one(build.Account, city["karim"]).audit_ref
        db.session.remove()
        audit.note_reading(city["tom"], ref, "facilitator", city["library"], "open_request", city["tom_x"], NOON)
    assert "Karim, Médiathèque Mandela" in words(tom.get("/qui-a-regarde"))
    assert "Qui a regardé mon passeport" in words(tom.get("/menu"))


def test_a_line_can_be_hidden_and_none_is_older_than_twelve_months(app: Flask, city: Cast, browse: Any, at: Any,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    browse("sofia").get(page_of(city))
    assert "lecture de protection" in words(browse("tom").get("/qui-a-regarde"))
    monkeypatch.setattr(audit, "HIDDEN", [lambda line, _now: line.action == "protection"])
    monkeypatch.setattr(queries, "HIDDEN", audit.HIDDEN)
    assert "lecture de protection" not in words(browse("tom").get("/qui-a-regarde"))
    monkeypatch.setattr(queries, "HIDDEN", [])
    at(NOON + 365 * DAY)
    assert "Personne n’a rien ouvert." in words(browse("tom").get("/qui-a-regarde"))


def test_every_page_that_shows_something_of_a_learner_leaves_a_line(app: Flask, city: Cast, browse: Any) -> None:
    """Each page on which an adult with an account meets something of a learner’s leaves a line that the learner reads."""
    with app.app_context(), transaction():
        x = build.experience(city["tom"], "À l’accueil", NOON)
        library = db.session.get_one(Organisation, city["library"])
        feedback.ask(x, None, library, [], None, uuid.uuid4(), NOON)
        y = build.experience(city["tom"], "Attend Karim", NOON)
        waits = feedback.ask(y, db.session.get_one(Membership, city["m_karim"]), library, [], None, uuid.uuid4(), NOON).id
    visits = [("karim", "/on-me-demande", "see_request", "Attend Karim"),
              ("karim", f"/on-me-demande/{waits}", "open_request", "Attend Karim"),
              ("claire", f"/organisation/{city['library']}/demandes", "see_request", "À l’accueil"),
              ("claire", page_of(city), "protection", "Merci, je note.")]
    for who, address, action, shown in visits:
        before = len(lines(app, ReadingLine.learner_id == city["tom"], ReadingLine.action == action))
        assert shown in words(browse(who).get(address)), address
        assert len(lines(app, ReadingLine.learner_id == city["tom"], ReadingLine.action == action)) > before, address
        again = len(lines(app))
        browse(who).get(address)
        assert len(lines(app)) == again, "once a day"


def test_without_its_line_nothing_is_read(app: Flask, city: Cast, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise sa.exc.OperationalError("", {}, Exception())

    monkeypatch.setattr("passport.protection.routes.note_readings", fails)
    refused = browse("sofia").get(page_of(city))
    assert refused.status_code == 503
    assert "Merci, je note." not in words(refused)
