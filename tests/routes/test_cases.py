"""Cases: who receives them, by the clock, closed by two, kept under a key of their own; concerns and shared pages."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Account, ContactBar, ContactFreeze
from passport.audit.models import ReadingLine
from passport.columns import uuid7
from passport.extensions import db
from passport.feedback.models import AuthoredText, AuthoredVersion, Feedback, FeedbackRequest, RefusedText
from passport.notices.models import Job, Notice
from passport.organisations import leaving
from passport.organisations.models import Membership, Organisation, Vetting
from passport.protection import service as protection
from passport.safety import cases
from passport.safety.models import CaseNote, Report
from passport.sharing.models import Share
from passport.transaction import transaction
from passport.witnesses.models import Testimony as Said
from tests import build, world

from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import fields, way, words
from .test_feedback import DAY, ask, give, one, rows
from .test_safety import WORDS, text_of
from .test_safety import checked as checked

H = dt.timedelta(hours=1)
# What one is about to show, as others will read it: the words stand, with their button, where they were received.
SHOWING = {"sharing.choose", "sharing.ready", "/montrer/lien/{Mairie}"}


def reported(app: Flask, cast: Cast, browse: Any, **body: Any) -> Report:
    """Return the report that Tom made of Karim's words."""
    text = text_of(app, cast)
    assert browse("tom").fill(f"/ca-me-derange/{text.id}", **body).status_code == 303
    return one(app, Report)


def told(app: Flask, cast: Cast) -> set[str]:
    """Return who has a notice of a case that waits."""
    names = {key: name for name, key in cast.ids.items()}
    return {names[n.account_id] for n in rows(app, Notice, Notice.kind == "text_reported", Notice.read_at.is_(None))}


def change(app: Flask, model: Any, key: uuid.UUID, **values: Any) -> None:
    with app.app_context(), transaction():
        db.session.execute(sa.update(model).where(model.id == key).values(**values))


# ---------- where it stands ----------


@pytest.mark.thorough
def test_wherever_a_learner_reads_somebodys_words_it_can_be_said(app: Flask, cast: Cast, browse: Any) -> None:
    """Each page of one's own with words of an adult has « Ça me dérange » for them, or leads where it stands."""
    from passport.clock import now
    from tests.browser.city import furnish
    from tests.browser.pages import PAGES, path_of
    from tests.routes.test_registry import City

    with app.app_context():
        furnish(cast, NOON)
        db.session.remove()
    assert now() == NOON
    texts: dict[str, set[str]] = {}
    for version in rows(app, AuthoredVersion):
        texts.setdefault(version.words, set()).add(str(version.text_id))
    met, without = set(), []
    for who in ("lea", "ines", "tom"):
        reader = browse(who)
        for name in PAGES[who]:
            if " " in name:
                continue
            address = path_of(City(app, cast, {}), name)
            body = reader.get(address).get_data(as_text=True)
            for said, keys in texts.items():
                if name in SHOWING:
                    continue
                if said in body.replace("&#39;", "'"):
                    met.add(name)
                    if not any(f"/ca-me-derange/{key}" in body for key in keys):
                        without.append((who, name, said))
    assert not without, "\n".join(map(str, without))
    assert {"feedback.read", "recognition.offered", "/competences/{not_yet}", "experiences.experience"} <= met


# ---------- who has it ----------


@pytest.mark.promise("S13", "passport.safety.rules:refusal_to_report")
def test_two_taps_without_a_word_hide_a_text_and_show_whom_to_call(app: Flask, cast: Cast, browse: Any) -> None:
    """« Ça me dérange » takes two taps, free text optional, and its first screen shows help numbers and reading hours."""
    text = text_of(app, cast)
    tom = browse("tom")
    first = words(tom.get(f"/ca-me-derange/{text.id}"))
    assert "119" in first
    assert "en semaine, de 9 h à 18 h" in first
    assert tom.post(f"/ca-me-derange/{text.id}", {}).status_code == 303
    assert one(app, AuthoredText).hidden_at == NOON


@both_databases
def test_a_category_reaches_the_city_at_once_or_not(app: Flask, cast: Cast, browse: Any) -> None:
    report = reported(app, cast, browse, category="meeting")
    assert (report.category, report.route, report.handler_id) == ("meeting", "both", cast["claire"])
    assert told(app, cast) == {"claire", "sofia"}
    for who, status in (("claire", 200), ("sofia", 200), ("karim", 404), ("farid", 404), ("tom", 404)):
        assert browse(who).get(f"/signalements/{report.id}").status_code == status, who
    assert "On veut me voir à part" in words(browse("sofia").get(f"/signalements/{report.id}"))


@pytest.mark.promise("S14", "passport.safety.rules:goes_to_city")
def test_what_an_adult_does_is_seen_by_the_city_from_the_start(app: Flask, cast: Cast, browse: Any) -> None:
    """A case about an adult's behaviour or danger is seen by the city's lead from the start, never by the adult."""
    report = reported(app, cast, browse, category="secret")
    assert browse("sofia").get(f"/signalements/{report.id}").status_code == 200
    assert browse("karim").get(f"/signalements/{report.id}").status_code == 404


@both_databases
@pytest.mark.promise("S15", "passport.safety.rules:has_moved")
def test_after_two_working_days_a_case_moves_by_the_clock_alone(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    """The organisation's lead has two working days, then the case moves to the city by itself, whether or not a job ran."""
    report = reported(app, cast, browse)
    assert report.due_at == dt.datetime(2026, 11, 26, 17, tzinfo=dt.UTC)
    page = f"/signalements/{report.id}"
    at(report.due_at - dt.timedelta(seconds=1))
    assert browse("sofia").get(page).status_code == 404
    assert str(report.id) not in browse("sofia").get("/signalements").get_data(as_text=True)
    assert "Le délai est passé" not in words(browse("claire").get(page))
    at(report.due_at)
    assert "Le délai est passé" in words(browse("sofia").get(page))
    assert str(report.id) in browse("sofia").get("/signalements").get_data(as_text=True)
    assert browse("claire").get(page).status_code == 200


def test_a_job_only_tells_that_a_case_moved(app: Flask, cast: Cast, browse: Any) -> None:
    report = reported(app, cast, browse)
    job = one(app, Job, Job.kind == cases.MOVED)
    assert job.run_at == report.due_at
    with app.app_context(), transaction():
        assert cases._tell_moved(dict(job.payload), report.due_at - H) == 0
        assert cases._tell_moved(dict(job.payload), report.due_at) == 1
        assert cases._tell_moved(dict(job.payload), report.due_at) == 0
    assert told(app, cast) == {"claire", "sofia"}


def uncheck(app: Flask, cast: Cast, way_of: str) -> None:
    """Take from claire what lets her look after protected learners' cases: her check, or the city's trust."""
    with app.app_context(), transaction():
        if way_of == "frozen":
            cases.freeze(cast["claire"], cast["sofia"], NOON)
        else:
            db.session.execute(sa.update(Vetting).where(Vetting.membership_id == cast["m_claire"])
                               .values(expires_on=NOON.date()))


@both_databases
@pytest.mark.parametrize("way_of", ["frozen", "check over"])
def test_a_manager_who_may_not_meet_protected_learners_has_no_case_of_theirs(
    app: Flask, cast: Cast, browse: Any, way_of: str
) -> None:
    report, claire = reported(app, cast, browse), browse("claire")
    page = f"/signalements/{report.id}"
    assert claire.get(page).status_code == 200
    uncheck(app, cast, way_of)
    assert claire.get(page).status_code == 404
    assert claire.post(f"{page}/noter", {"note": "Vu."}).status_code == 404
    assert str(report.id) not in claire.get("/signalements").get_data(as_text=True)
    assert browse("sofia").get(page).status_code == 200
    change(app, Report, report.id, proposed_by_id=cast["sofia"], proposed_at=NOON, proposed_outcome="acted",
           done_on=NOON.date())
    assert claire.post(page, {"confirm": "1"}).status_code == 404
    key = ask(app, cast, "youth_x", "m_karim", NOON - DAY)
    assert browse("karim").fill(f"/je-m-inquiete/{key}", category="worry").status_code == 303
    other = one(app, Report, Report.object_kind == "concern")
    assert other.handler_id == cast["sofia"]
    assert claire.get(f"/signalements/{other.id}").status_code == 404


# ---------- two persons, sealed, kept ----------


@both_databases
@pytest.mark.promise("S14", "passport.safety.rules:refusal_to_close")
def test_two_persons_close_a_case_with_what_was_done(app: Flask, cast: Cast, browse: Any) -> None:
    """A case is closed by two persons, with what was done and the day."""
    report = reported(app, cast, browse, category="danger")
    page = f"/signalements/{report.id}"
    claire, sofia = browse("claire"), browse("sofia")
    assert claire.post(page, {"confirm": "1"}).status_code == 422
    assert claire.fill(page, outcome="sent_on", done_on="2026-11-24").status_code == 303
    refused = claire.post(page, {"confirm": "1"})
    assert refused.status_code == 422
    assert one(app, Report).decided_at is None
    assert "Claire propose de clore" in words(sofia.get(page))
    assert way(sofia.fill(page, confirm="1")) == "/signalements"
    report = one(app, Report)
    assert (report.outcome, report.decided_at, report.proposed_by_id, report.confirmed_by_id) == (
        "sent_on", NOON, cast["claire"], cast["sofia"])
    assert not told(app, cast)
    assert "Clos le" in words(claire.get(page))
    assert sofia.post(page, {"confirm": "1"}).status_code == 303
    assert claire.fill(page, outcome="acted").status_code == 422
    assert one(app, Report).outcome == "sent_on"


def test_what_was_proposed_by_somebody_set_aside_since_is_proposed_anew(app: Flask, cast: Cast, browse: Any) -> None:
    report, sofia = reported(app, cast, browse), browse("sofia")
    page = f"/signalements/{report.id}"
    browse("claire").fill(page, outcome="nothing_more")
    seen = fields(sofia.get(page))
    with app.app_context(), transaction():
        protection.set_aside(cast["tom"], cast["claire"], NOON)
    assert "propose de clore" not in words(sofia.get(page))
    assert sofia.post(page, {**seen, "confirm": "1"}).status_code == 422
    assert one(app, Report).decided_at is None
    assert sofia.fill(page, outcome="acted").status_code == 303
    assert one(app, Report).proposed_by_id == cast["sofia"]


def test_one_confirms_what_one_read_and_not_what_was_proposed_since(app: Flask, cast: Cast, browse: Any) -> None:
    report, claire, sofia = reported(app, cast, browse), browse("claire"), browse("sofia")
    page = f"/signalements/{report.id}"
    claire.fill(page, outcome="acted")
    seen = fields(sofia.get(page))
    assert claire.post(page, {"outcome": "nothing_more", "done_on": "2026-11-24"}).status_code == 303
    refused = sofia.post(page, {**seen, "confirm": "1"})
    assert refused.status_code == 422
    assert "Ce qui est proposé a changé entre-temps." in words(refused)
    assert "Rien de plus à faire" in words(refused)
    assert one(app, Report).decided_at is None
    assert sofia.fill(page, confirm="1").status_code == 303
    assert one(app, Report).outcome == "nothing_more"


def test_two_of_the_house_close_a_case_of_words_but_not_one_of_danger(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        house = db.session.get_one(Organisation, cast["library"])
        member = build.membership(db.session.get_one(Account, cast["stranger"]), house, "manager", NOON)
        build.vetting(member, db.session.get_one(Account, cast["sofia"]), NOON)
    report = reported(app, cast, browse)
    page = f"/signalements/{report.id}"
    assert browse("stranger").get(page).status_code == 404  # until an end is proposed
    browse("claire").fill(page, outcome="acted")
    change(app, Report, report.id, route="both")
    refused = browse("stranger").post(page, {"confirm": "1"})
    assert refused.status_code == 422
    assert "L’une des deux personnes doit être de la Ville." in words(refused)
    change(app, Report, report.id, route="house")
    assert browse("stranger").fill(page, confirm="1").status_code == 303
    assert one(app, Report).decided_at == NOON


@pytest.mark.parametrize("body", [{"done_on": "2026-11-25"}, {"done_on": "2026-11-23"}, {"done_on": "hier"}, {"outcome": "x"}],
                         ids=str)
def test_an_odd_end_is_said_and_changes_nothing(app: Flask, cast: Cast, browse: Any, body: dict[str, str]) -> None:
    report = reported(app, cast, browse)
    answer = browse("claire").post(f"/signalements/{report.id}", {"outcome": "acted", "done_on": "2026-11-24", **body})
    assert answer.status_code == 422
    assert one(app, Report).proposed_at is None


@both_databases
@pytest.mark.promise("S17", "passport.policy:looks_after_it")
def test_a_case_outlives_the_account_it_is_about_and_only_leads_read_it(app: Flask, cast: Cast, browse: Any) -> None:
    """Flagged content and case notes survive the erasure of the flagged adult's account; 404 for everyone but leads."""
    report = reported(app, cast, browse)
    page = f"/signalements/{report.id}"
    assert browse("claire").fill(f"{page}/noter", note="Vu avec l’équipe mardi.").status_code == 303
    note = one(app, CaseNote)
    assert b"mardi" not in note.sealed
    change(app, Account, cast["karim"], erased_at=NOON, identifier=None, email=None, display_name=None, password_hash=None,
           audit_ref=None)
    shown = words(browse("claire").get(page))
    assert WORDS in shown
    assert "Vu avec l’équipe mardi." in shown
    for who in ("tom", "farid", "nadia", "stranger"):
        assert browse(who).get(page).status_code == 404


def test_the_key_of_the_cases_opens_them_and_no_other(app: Flask, cast: Cast, browse: Any) -> None:
    from cryptography.fernet import InvalidToken

    from passport.seal import seal_case, unseal, unseal_case

    report = reported(app, cast, browse, note="J’ai peur.")
    with app.app_context():
        for box in (report.frozen_words, report.sealed_note):
            with pytest.raises(InvalidToken):
                unseal(box)
        assert unseal_case(report.sealed_note) == "J’ai peur."
        sealed, own = seal_case("Ah"), app.config["CASE_KEYS"]
        app.config["CASE_KEYS"] = ["another key of the cases"]
        try:
            with pytest.raises(InvalidToken):
                unseal_case(sealed)
        finally:
            app.config["CASE_KEYS"] = own


@both_databases
def test_the_database_keeps_what_was_reported_and_takes_no_end_by_one(app: Flask, cast: Cast, browse: Any) -> None:
    report = reported(app, cast, browse)
    one_person = {"decided_at": NOON, "outcome": "acted", "proposed_by_id": cast["claire"], "proposed_at": NOON,
                  "proposed_outcome": "acted", "done_on": NOON.date()}
    for values in ({"frozen_words": b"x"}, {"category": "words"}, {"decided_at": NOON, "outcome": "acted"}, one_person,
                   {**one_person, "confirmed_by_id": cast["claire"]}):
        with pytest.raises(sa.exc.IntegrityError):
            change(app, Report, report.id, **values)
    with app.app_context():
        for statement in (sa.delete(AuthoredVersion), sa.delete(AuthoredText), sa.insert(AuthoredVersion).values(
                text_id=report.object_id, number=2, learner_id=cast["tom"], words="Autre", written_at=NOON - 2 * DAY)):
            with pytest.raises(sa.exc.IntegrityError), transaction():
                db.session.execute(statement)
        db.session.remove()


@pytest.mark.promise("S18", "passport.feedback.rules:refusal_to_withdraw")
def test_what_was_reported_is_not_taken_back_by_its_author(app: Flask, cast: Cast, browse: Any) -> None:
    """The flagged text and its versions cannot be edited or deleted by the author: 409, and nothing says why."""
    text = text_of(app, cast, "lea_x")
    browse("lea").fill(f"/ca-me-derange/{text.id}")
    request = one(app, FeedbackRequest)
    karim = browse("karim")
    assert karim.post(f"/on-me-demande/{request.id}/retirer").status_code == 404  # frozen: as if it had never been
    browse("lea").post(f"/ca-me-derange/{text.id}", {"resume": "1"})
    with app.app_context(), transaction():
        db.session.execute(sa.text("UPDATE access_grant SET closed_at = NULL"))
    refused = karim.post(f"/on-me-demande/{request.id}/retirer")
    assert refused.status_code == 409
    assert "signal" not in words(refused).lower()
    assert one(app, Feedback).withdrawn_at is None


@both_databases
@pytest.mark.promise("S18", "passport.witnesses.rules:refusal_to_erase")
def test_a_witness_does_not_erase_what_was_reported(app: Flask, cast: Cast, browse: Any) -> None:
    """Words of a witness that were flagged stay as they are until the case is closed."""
    with app.app_context():
        world.fill(cast, NOON)
        db.session.remove()
    token = cast.tokens["witness_said"]
    assert browse("lea").fill(f"/ca-me-derange/{cast['seen_text']}").status_code == 303
    nobody = browse(None)
    assert nobody.post(f"/t/{token}/effacer").status_code == 409
    assert rows(app, Said)
    report = one(app, Report, Report.object_id == cast["seen_text"])
    with app.app_context(), transaction():
        found = db.session.get_one(Report, report.id)
        cases.propose(found, cast["sofia"], "nothing_more", NOON.date(), NOON)
        found.route = "house"
        cases.close_case(found, cast["claire"], NOON)
    assert nobody.post(f"/t/{token}/effacer").status_code == 200
    assert not rows(app, Said)


@pytest.mark.promise("S17", "passport.safety.rules:is_over")
def test_a_closed_case_is_kept_as_long_as_its_end_asks(app: Flask, cast: Cast, browse: Any) -> None:
    """A case is kept 12 months, 5 years when it was followed up, and one that still waits as long as it waits."""
    report = reported(app, cast, browse)
    with app.app_context():
        with transaction():
            assert cases.forget(NOON + 4000 * DAY) == 0
            found = db.session.get_one(Report, report.id)
            cases.note(found, cast["claire"], "Vu.", NOON)
            cases.propose(found, cast["claire"], "acted", NOON.date(), NOON)
            cases.close_case(found, cast["sofia"], NOON)
        with transaction():
            assert cases.forget(NOON + 5 * 365 * DAY) == 0
            assert cases.forget(NOON + 5 * 365 * DAY + DAY) == 1
        db.session.remove()
    assert not rows(app, Report)
    assert not rows(app, CaseNote)
    assert one(app, AuthoredText).frozen_at is None


# ---------- a freeze with all ----------


@both_databases
@pytest.mark.promise("S15", "passport.policy:coordinates")
def test_the_city_keeps_an_adult_from_all_protected_learners_and_nobody_else_sees_it(
    app: Flask, cast: Cast, browse: Any
) -> None:
    """A freeze with all protected learners is the city lead's decision, reversible, and shown to no one else."""
    report = reported(app, cast, browse, category="danger")
    of_lea, of_youth = ask(app, cast, "lea_x", "m_karim", NOON - DAY), ask(app, cast, "youth_x", "m_karim", NOON - DAY)
    claire, karim, sofia = browse("claire"), browse("karim"), browse("sofia")
    before = plain(claire.get(f"/organisation/{cast['library']}"))
    page = f"/signalements/{report.id}/suspendre"
    assert claire.post(page).status_code == 404
    assert karim.get(f"/on-me-demande/{of_youth}").status_code == 200
    assert sofia.post(page).status_code == 303
    assert one(app, ContactFreeze).adult_id == cast["karim"]
    assert karim.get(f"/on-me-demande/{of_youth}").status_code == 404
    assert karim.get(f"/on-me-demande/{of_lea}").status_code == 200
    assert browse("youth").get(f"/experience/{cast['youth_x']}/demander/personne/{cast['m_karim']}").status_code == 422
    assert plain(claire.get(f"/organisation/{cast['library']}")) == before
    with app.app_context(), pytest.raises(sa.exc.IntegrityError):
        give_anyway(cast, of_youth)
    with app.app_context():
        role = world.role_in(cast["nadia"], cast["m_nadia"])
        assert role.is_checked(NOON.date())  # one freeze is one adult's
        db.session.remove()
    assert sofia.post(page, {"lift": "1"}).status_code == 303
    assert karim.get(f"/on-me-demande/{of_youth}").status_code == 200


def give_anyway(cast: Cast, request_id: uuid.UUID) -> None:
    """Write an answer past every rule of the program: only the schema is left to refuse it."""
    request = db.session.get_one(FeedbackRequest, request_id)
    text = AuthoredText(id=uuid.uuid4(), learner_id=request.learner_id, experience_id=request.experience_id, kind="feedback",
                        author_id=cast["karim"], membership_id=cast["m_karim"], regime="protected", written_at=NOON,
                        deliver_after=NOON)
    db.session.add(text)
    db.session.flush()
    db.session.add(Feedback(
        id=uuid.uuid4(), learner_id=request.learner_id, experience_id=request.experience_id, request_id=request.id,
        membership_id=cast["m_karim"], facilitator_id=cast["karim"], text_id=text.id, submission=uuid.uuid4(),
        submission_digest=b"x" * 32, visible_at=NOON))
    try:
        db.session.flush()
    finally:
        db.session.rollback()


# ---------- « Je m’inquiète » ----------


@both_databases
@pytest.mark.promise("S13b", "passport.policy:meets_them")
def test_an_adult_who_worries_tells_the_lead_and_the_learner_sees_nothing(app: Flask, cast: Cast, browse: Any) -> None:
    """« Je m’inquiète pour cette personne » goes to the lead, never into the learner's reading lines, and replaces no alarm."""
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    assert f"/je-m-inquiete/{key}" in karim.get(f"/on-me-demande/{key}").get_data(as_text=True)
    lines = len(rows(app, ReadingLine))
    page = words(karim.get(f"/je-m-inquiete/{key}"))
    assert "119" in page
    assert "CRIP" in page
    assert "Cela ne remplace pas l’alerte" in page
    assert karim.fill(f"/je-m-inquiete/{key}").status_code == 422
    said = {"category": "worry", "note": "Il ne dort plus."}
    assert "C’est dit." in words(karim.follow(karim.fill(f"/je-m-inquiete/{key}", **said)))
    assert karim.fill(f"/je-m-inquiete/{key}", **said).status_code == 303
    report = one(app, Report)
    assert (report.object_kind, report.reporter_id, report.concerned_id, report.handler_id, report.route) == (
        "concern", cast["karim"], cast["tom"], cast["claire"], "house")
    assert "Il ne dort plus." in words(browse("claire").get(f"/signalements/{report.id}"))
    assert karim.get(f"/signalements/{report.id}").status_code == 404
    assert browse("stranger").get(f"/je-m-inquiete/{key}").status_code == 404
    assert len(rows(app, ReadingLine)) == lines
    assert not rows(app, Notice, Notice.account_id == cast["tom"])


@both_databases
def test_further_words_of_one_worry_stand_in_its_case_and_take_it_to_the_city_when_they_say_danger(
    app: Flask, cast: Cast, browse: Any
) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim, page = browse("karim"), f"/je-m-inquiete/{key}"
    for said in ("Il ne dort plus.", "Il ne dort plus.", "Il pleure.", "Il pleure."):
        assert karim.fill(page, category="worry", note=said).status_code == 303
    report = one(app, Report)
    assert len(rows(app, CaseNote)) == 1
    assert len(rows(app, Notice, Notice.kind == "text_reported")) == 1
    assert (report.taken_at, report.route) == (None, "house")
    shown = words(browse("claire").get(f"/signalements/{report.id}"))
    assert "Il ne dort plus." in shown
    assert "Il pleure." in shown
    assert karim.fill(page, category="danger", note="Il a peur de rentrer.").status_code == 303
    assert one(app, Report).route == "both"
    assert told(app, cast) == {"claire", "sofia"}
    assert "Un danger pour cette personne" in words(browse("sofia").get(f"/signalements/{report.id}"))
    assert karim.fill(page, category="worry", note="C’est Claire.", about_lead="y").status_code == 303
    other = one(app, Report, Report.id != report.id)
    assert (other.about_id, other.handler_id) == (cast["claire"], cast["sofia"])
    assert "C’est Claire." not in words(browse("claire").get(f"/signalements/{report.id}"))


def test_who_says_very_often_that_they_worry_waits_and_keeps_their_words(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    app.config["RATELIMIT_ENABLED"] = True
    try:
        answers = [karim.post(f"/je-m-inquiete/{key}", {"category": "worry", "note": f"Mot {n}."}) for n in range(11)]
    finally:
        app.config["RATELIMIT_ENABLED"] = False
    assert [a.status_code for a in answers] == [303] * 10 + [429]
    assert "Mot 10." in answers[-1].get_data(as_text=True)
    assert len(rows(app, Report)) == 1


def test_a_worry_about_the_responsible_person_goes_to_the_city_alone(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    browse("karim").fill(f"/je-m-inquiete/{key}", category="behaviour", about_lead="y")
    report = one(app, Report)
    assert (report.route, report.about_id, report.handler_id) == ("city", cast["claire"], cast["sofia"])
    assert told(app, cast) == {"sofia"}
    assert browse("claire").get(f"/signalements/{report.id}").status_code == 404
    assert browse("sofia").get(f"/signalements/{report.id}").status_code == 200


@both_databases
def test_a_worry_about_one_of_several_responsible_persons_names_none_and_none_has_it(
    app: Flask, cast: Cast, browse: Any
) -> None:
    with app.app_context(), transaction():
        stranger = db.session.get_one(Account, cast["stranger"])
        build.membership(stranger, db.session.get_one(Organisation, cast["library"]), "manager", NOON)
        build.membership(stranger, db.session.get_one(Organisation, cast["city"]), "coordinator", NOON)
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    browse("karim").fill(f"/je-m-inquiete/{key}", category="behaviour", about_lead="y")
    report = one(app, Report)
    assert (report.route, report.about_id, report.handler_id) == ("city", None, cast["sofia"])
    assert told(app, cast) == {"sofia"}
    for who, status in (("sofia", 200), ("claire", 404), ("stranger", 404)):
        assert browse(who).get(f"/signalements/{report.id}").status_code == status, who
        assert (str(report.id) in browse(who).get("/signalements").get_data(as_text=True)) is (status == 200), who


@both_databases
def test_a_witness_worries_by_their_link_and_a_visitor_reports_a_page(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        world.fill(cast, NOON)
        for table in ("report", "notice"):
            db.session.execute(sa.text(f"DELETE FROM {table}"))
        db.session.commit()
    nobody = browse(None)
    address = f"/t/{cast.tokens['witness_said']}/je-m-inquiete"
    assert "C’est dit." in words(nobody.post(address, {"category": "worry", "note": "Elle a faim."}))
    assert nobody.post(address, {"category": "worry", "note": "Elle a faim."}).status_code == 200
    worry = one(app, Report)
    assert (worry.object_kind, worry.reporter_id, worry.concerned_id, worry.handler_id) == (
        "concern", None, cast["lea"], cast["sofia"])
    assert nobody.post(address, {"category": "danger", "note": "Elle a froid."}).status_code == 200
    assert one(app, Report).id == worry.id
    assert one(app, CaseNote).author_id is None
    assert len(rows(app, Notice, Notice.kind == "text_reported")) == 1
    assert "Elle a froid." in words(browse("sofia").get(f"/signalements/{worry.id}"))
    assert nobody.get(f"/t/{'A' * 22}/je-m-inquiete").status_code == 404


@pytest.mark.promise("T12", "passport.safety.rules:passes_house")
def test_a_shared_page_is_reported_without_account_and_stays_open(app: Flask, cast: Cast, browse: Any) -> None:
    """A visitor reports a page without an account; it reveals nothing either way and hides nothing by itself."""
    from passport.seal import unseal

    with app.app_context():
        world.fill(cast, NOON)
        for table in ("report", "notice"):
            db.session.execute(sa.text(f"DELETE FROM {table}"))
        db.session.commit()
        token = unseal(db.session.get_one(Share, cast["share"]).token_sealed)
        db.session.remove()
    nobody = browse(None)
    page, door = f"/s/{token}", f"/s/{token}/signaler"
    before = plain(nobody.get(page))
    assert door in nobody.get(page).get_data(as_text=True)
    assert "Léa" not in words(nobody.get(door))
    assert nobody.post(door, {}).status_code == 422
    first = nobody.post(door, {"reason": "picture"})
    assert "C’est dit." in words(first)
    assert first.headers["Cache-Control"] == "no-store"
    assert "noindex" in first.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in first.headers
    assert plain(nobody.get(page)) == before
    report = one(app, Report)
    assert (report.object_kind, report.reporter_id, report.route, report.handler_id) == ("share", None, "city", cast["sofia"])
    assert told(app, cast) == {"sofia"}
    assert "Service civique à la médiathèque" in words(browse("sofia").get(f"/signalements/{report.id}"))
    assert not rows(app, Notice, Notice.account_id == cast["lea"], Notice.kind == "text_reported")
    app.config["RATELIMIT_ENABLED"] = True
    try:
        answers = [nobody.post(door, {"reason": "hurts"}).status_code for _n in range(6)]
    finally:
        app.config["RATELIMIT_ENABLED"] = False
    assert answers == [200, 200, 200, 200, 200, 429]


# ---------- blocking ----------


def plain(answer: Any) -> str:
    """Return a page without what is new in each answer: tokens, and the number of the request."""
    return re.sub(r'(name="csrf_token" value=|name="submission" [^>]*value=|data-token=)"[^"]*"|[0-9a-f]{12}(?![0-9a-f-])', "", answer.get_data(as_text=True))


@both_databases
@pytest.mark.promise("S16", "passport.safety.rules:refusal_to_block")
def test_a_block_cannot_be_told_from_a_removal(app: Flask, cast: Cast, browse: Any) -> None:
    """A learner blocks any adult they met; the adult sees what a removal shows, and cannot learn that it is a block."""
    with app.app_context():
        world.fill(cast, NOON)
        db.session.remove()
    pages = ("/on-me-demande", f"/on-me-demande/{cast['request']}", f"/on-me-demande/{uuid.UUID(int=7)}", "/registre",
             "/passeport", "/echanges", "/menu")
    nadia, lea = browse("nadia"), browse("lea")
    assert nadia.get(pages[1]).status_code == 200
    assert lea.post(f"/demande/{cast['request']}/annuler").status_code == 303
    removed = [(nadia.get(p).status_code, plain(nadia.get(p))) for p in pages]
    with app.app_context(), transaction():
        db.session.execute(sa.text("UPDATE feedback_request SET closed_at = NULL, outcome = NULL WHERE outcome = 'cancelled'"))
        db.session.execute(sa.text("UPDATE access_grant SET closed_at = NULL"))
    assert nadia.get(pages[1]).status_code == 200
    assert "Nadia" in words(lea.get("/personnes"))
    assert lea.post(f"/personnes/{cast['nadia']}").status_code == 303
    assert [(nadia.get(p).status_code, plain(nadia.get(p))) for p in pages] == removed
    assert one(app, ContactBar, ContactBar.adult_id == cast["nadia"]).cause == "block"
    assert lea.get(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_nadia']}").status_code == 422
    assert lea.post(f"/personnes/{cast['nadia']}").status_code == 303
    assert len(rows(app, ContactBar, ContactBar.adult_id == cast["nadia"])) == 1
    assert lea.post(f"/personnes/{cast['nadia']}", {"lift": "1"}).status_code == 303
    assert lea.get(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_nadia']}").status_code == 200


def test_only_somebody_met_is_blocked(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    for key in (cast["karim"], cast["lea"], uuid.uuid4()):
        assert lea.post(f"/personnes/{key}").status_code == 404
    assert not rows(app, ContactBar)
    assert "Personne ici pour l’instant." in words(lea.get("/personnes"))


def test_a_lead_sees_a_block_in_the_case_and_the_blocked_one_does_not(app: Flask, cast: Cast, browse: Any) -> None:
    report = reported(app, cast, browse)
    assert "bloque Karim" not in words(browse("claire").get(f"/signalements/{report.id}"))
    assert browse("tom").post(f"/personnes/{cast['karim']}").status_code == 303
    assert "Tom bloque Karim" in words(browse("claire").get(f"/signalements/{report.id}"))


# ---------- figures ----------


@both_databases
@pytest.mark.promise("S19", "passport.policy:manages")
def test_the_lead_reads_numbers_by_name_and_nobody_else_does(app: Flask, cast: Cast, browse: Any) -> None:
    """Per adult, numbers only, for the lead only, over 12 months, by name and without rank."""
    give(app, cast, ask(app, cast, "tom_x", "m_karim", NOON - 3 * DAY), "m_karim", NOON - 2 * DAY)
    night = dt.datetime(2026, 11, 22, 22, 30, tzinfo=dt.UTC)
    give(app, cast, ask(app, cast, "youth_x", "m_karim", NOON - 3 * DAY), "m_karim", night)
    with app.app_context(), transaction():
        db.session.add(RefusedText(id=uuid7(), learner_id=cast["tom"], membership_id=cast["m_karim"], reasons="phone", at=NOON))
    assert browse("tom").post(f"/personnes/{cast['karim']}").status_code == 303
    address = f"/organisation/{cast['library']}/reperes"
    page = words(browse("claire").get(address))
    assert "Karim A écrit à 2 personnes Hors de 7 h à 22 h 50 % de ses textes Ouvert sans demande 0 fois Blocages par 1 personne Textes arrêtés 1 texte" in page
    assert page.index("Hugo") < page.index("Karim") < page.index("Novice")
    assert browse("sofia").get(address).status_code == 200
    for who in ("karim", "tom", "farid", "stranger"):
        assert browse(who).get(address).status_code == 404


def test_nobody_reads_their_own_numbers_and_so_that_they_were_blocked(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        db.session.add(ContactBar(id=uuid7(), learner_id=cast["tom"], adult_id=cast["claire"], cause="block", started_at=NOON))
    address = f"/organisation/{cast['library']}/reperes"
    page = words(browse("claire").get(address))
    assert "Les nombres de qui lit cette page ne sont pas ici" in page
    assert "par 1 personne" not in page
    city = words(browse("sofia").get(address))
    assert "Claire A écrit à" in city
    assert "par 1 personne" in city


@both_databases
def test_the_migration_keeps_what_was_told_both_ways(app: Flask, cast: Cast, browse: Any) -> None:
    from flask_migrate import downgrade, upgrade

    from passport.seal import unseal_case

    report = reported(app, cast, browse, note="J’ai peur.")
    with app.app_context():
        db.session.remove()
        downgrade(revision="20261127_1201")
        assert db.session.execute(sa.text("SELECT note FROM report")).scalar_one() == "J’ai peur."
        db.session.remove()
        upgrade()
        found = db.session.get_one(Report, report.id)
        assert unseal_case(found.sealed_note) == "J’ai peur."
        assert found.concerned_id == cast["tom"]
        db.session.remove()


def test_what_the_night_holds_of_a_frozen_adult_does_not_arrive(app: Flask, cast: Cast) -> None:
    key = ask(app, cast, "youth_x", "m_karim", NOON - 2 * DAY)
    give(app, cast, key, "m_karim", dt.datetime(2026, 11, 23, 21, 30, tzinfo=dt.UTC))
    with app.app_context():
        with transaction():
            db.session.execute(sa.text("UPDATE membership SET ended_at = NULL"))
            cases.freeze(cast["karim"], cast["sofia"], dt.datetime(2026, 11, 23, 22, tzinfo=dt.UTC))
        db.session.remove()
    assert one(app, AuthoredText).hidden_at is not None


# ---------- what its learner reads of it, and who is set aside ----------


@both_databases
def test_who_opened_a_case_is_told_once_it_is_closed_and_only_to_whoever_reported_it(
    app: Flask, cast: Cast, browse: Any
) -> None:
    """Opening a case leaves a line that its learner reads once it is closed; a case that somebody else told leaves none."""
    report, claire = reported(app, cast, browse), browse("claire")
    for _time in range(2):
        claire.get(f"/signalements/{report.id}")
    assert [line.role for line in rows(app, ReadingLine, ReadingLine.case_id == report.id)] == ["manager"]
    tom = browse("tom")
    assert "a lu ce qui m’a dérangé" not in words(tom.get("/qui-a-regarde"))
    change(app, Report, report.id, proposed_by_id=cast["claire"], proposed_at=NOON, proposed_outcome="acted",
           done_on=NOON.date(), confirmed_by_id=cast["sofia"], decided_at=NOON, outcome="acted")
    page = words(tom.get("/qui-a-regarde"))
    assert "a lu ce qui m’a dérangé" in page
    assert "Claire" not in page


def test_a_reader_whom_the_learner_set_aside_gets_no_case_of_theirs(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        protection.set_aside(cast["tom"], cast["claire"], NOON)
    report = reported(app, cast, browse)
    assert report.handler_id == cast["sofia"]
    assert browse("claire").get(f"/signalements/{report.id}").status_code == 404
    assert browse("sofia").get(f"/signalements/{report.id}").status_code == 200


@both_databases
@pytest.mark.parametrize("why", ["set aside", "frozen", "suspended", "removed", "house suspended"])
def test_whoever_may_not_have_a_case_any_more_is_told_nothing_of_it_and_another_is(
    app: Flask, cast: Cast, browse: Any, why: str
) -> None:
    report = reported(app, cast, browse)
    assert told(app, cast) == {"claire"}
    with app.app_context(), transaction():
        member = db.session.get_one(Membership, cast["m_claire"])
        match why:
            case "set aside":
                protection.set_aside(cast["tom"], cast["claire"], NOON)
            case "frozen":
                cases.freeze(cast["claire"], cast["sofia"], NOON)
            case "suspended":
                leaving.suspend_member(member, cast["sofia"], NOON)
            case "removed":
                leaving.end_membership(member, cast["sofia"], NOON)
            case _:
                leaving.suspend(db.session.get_one(Organisation, cast["library"]), cast["sofia"], NOON)
    assert told(app, cast) == {"sofia"}
    assert one(app, Report).handler_id == cast["sofia"]
    assert "Un signalement attend" not in words(browse("claire").get("/passeport"))
    assert browse("sofia").get(f"/signalements/{report.id}").status_code == 200


def test_a_coordinator_who_was_set_aside_is_told_no_more_of_a_case(app: Flask, cast: Cast, browse: Any) -> None:
    reported(app, cast, browse, category="danger")
    assert told(app, cast) == {"claire", "sofia"}
    with app.app_context(), transaction():
        protection.set_aside(cast["tom"], cast["sofia"], NOON)
    assert told(app, cast) == {"claire"}
