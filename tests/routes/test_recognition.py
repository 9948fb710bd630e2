"""Recognition, screen by screen: asking, recognising, keeping, permitting, and taking everything back."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import ContactBar, Draft
from passport.audit import service as audit
from passport.audit.models import ReadingLine
from passport.columns import uuid7
from passport.experiences import service as experiences
from passport.experiences.models import Experience, Revision
from passport.extensions import db
from passport.feedback import service as feedback
from passport.feedback.models import AccessGrant, AuthoredText, Feedback
from passport.notices.models import Notice
from passport.organisations.models import Membership, Organisation, Vetting
from passport.recognition import queries, recognising, service, standings
from passport.recognition.models import (
    Endorsement,
    EndorserName,
    NotYet,
    Permission,
    RecognitionRequest,
    RequestedCompetency,
)
from passport.refusals import Refusal, Refused
from passport.transaction import transaction

from .. import build, world
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import fields, new, way, words

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NIGHT = dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC)
MORNING = dt.datetime(2026, 11, 25, 6, 30, tzinfo=dt.UTC)
ONE, TWO = 1, 2


def rows(app: Flask, model: Any, *which: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.scalars(sa.select(model).where(*which)))
        db.session.remove()
    return found


def one(app: Flask, model: Any, *which: Any) -> Any:
    found = rows(app, model, *which)
    assert len(found) == 1, f"{len(found)} {model.__name__}"
    return found[0]


def done(app: Flask, act: Callable[[], Any]) -> Any:
    """Do one thing through the services, and return the id of what it made."""
    with app.app_context():
        with transaction():
            made = act()
        key = getattr(made, "id", made)
        db.session.remove()
    return key


def told(app: Flask, cast: Cast, name: str = "lea", thing: str = "lea_x", who: str = "karim", read: bool = True,
         claims: tuple[int, ...] = (ONE, TWO), now: dt.datetime = NOON - 5 * DAY) -> uuid.UUID:
    """Bring somebody to a feedback from this facilitator; return its id."""

    def act() -> Feedback:
        for n in claims:
            experiences.claim(db.session.get_one(Experience, cast[thing]), n, 3, now)
        given = world.answer(cast, world.ask(cast, name, thing, who, now), who, now + HOUR)
        if read:
            feedback.answer(given, "En me mettant à leur place.", now + 2 * HOUR)
        return given  # type: ignore[no-any-return]

    return done(app, act)  # type: ignore[no-any-return]


def asked(app: Flask, cast: Cast, name: str = "lea", thing: str = "lea_x", who: str = "karim",
          chosen: tuple[int, ...] = (ONE, TWO), now: dt.datetime = NOON - 2 * DAY) -> uuid.UUID:
    """Bring somebody to a request for recognition; return its id."""
    given = told(app, cast, name, thing, who)
    return done(app, lambda: service.ask(  # type: ignore[no-any-return]
        db.session.get_one(Feedback, given), chosen, uuid.uuid4(), now))


def given(app: Flask, cast: Cast, name: str = "lea", thing: str = "lea_x", now: dt.datetime = NOON - DAY,
          kind: str = "endorse") -> uuid.UUID:
    """Bring somebody to an answer of karim's; return the id of the request."""
    key = asked(app, cast, name, thing)
    done(app, lambda: world.recognise(cast, db.session.get_one(RecognitionRequest, key), "karim", (ONE, TWO), now, kind))
    return key


def offers(app: Flask) -> list[Any]:
    return sorted(rows(app, Endorsement), key=lambda e: e.competency_id)


def kept(app: Flask, cast: Cast, name: str = "lea", thing: str = "lea_x", permitted: bool = True) -> uuid.UUID:
    """Bring somebody to an endorsement they keep (and permit to show); return its id."""
    given(app, cast, name, thing)
    key = offers(app)[0].id

    def act() -> None:
        service.keep(db.session.get_one(Endorsement, key), NOON - 2 * HOUR)
        if permitted:
            service.permit(db.session.get_one(Endorsement, key), NOON - HOUR)

    done(app, act)
    return key  # type: ignore[no-any-return]


def shown(app: Flask, name: uuid.UUID, at: dt.datetime = NOON) -> dict[int, Refusal | None]:
    """Return by competency whether what somebody keeps may be shown, and else why not."""
    with app.app_context(), app.test_request_context():
        found = {s.recognised.competency_id: s.refusal for s in queries.shareable(name, at)}
        db.session.remove()
    return found


def filled(**changes: Any) -> dict[str, Any]:
    """Return a whole answer for the two competencies."""
    return {
        "how_known": "supervised", "how_person_known": "regularly", "is_relative": "no", "seen_from": "2026-09",
        "seen_to": "2026-11", "answer_1": "3", "sentence_1": "Elle mène l’atelier sans moi.", "answer_2": "not_yet",
        "sentence_2": "Préparer la prochaine séance avec moi.", **changes,
    }


# ---------- asking ----------


def test_recognition_is_offered_after_the_tap_and_nothing_is_ticked(app: Flask, cast: Cast, browse: Any) -> None:
    key = told(app, cast)
    lea = browse("lea")
    page = lea.get(f"/retour/{key}/faire-reconnaitre")
    assert page.status_code == 200
    assert "competencies" not in fields(page)
    for sentence in ("Faire reconnaître à Karim que je sais", "Facultatif", "au nom de la Médiathèque Mandela",
                     "Demander à Karim", "Pas maintenant", "Je fais sans aide"):
        assert sentence in words(page)
    answer = lea.fill(f"/retour/{key}/faire-reconnaitre", competencies=["1", "2"])
    assert way(answer) == f"/experience/{cast['lea_x']}"
    assert "Vous n’avez rien à faire" in words(lea.follow(answer))
    request = one(app, RecognitionRequest)
    assert (request.facilitator_id, request.feedback_id, request.closed_at) == (cast["karim"], key, None)
    grant = one(app, AccessGrant, AccessGrant.source == "recognition")
    assert (grant.id, grant.membership_id, grant.closed_at) == (request.grant_id, cast["m_karim"], None)
    assert [(c.competency_id, c.claimed_step) for c in rows(app, RequestedCompetency)] == [(1, 3), (2, 3)]
    assert len(rows(app, Revision)) == 1


def test_a_page_that_is_only_loaded_opens_nothing(app: Flask, cast: Cast, browse: Any) -> None:
    key = told(app, cast, read=False)
    lea = browse("lea")
    lea.get(f"/retour/{key}")
    page = lea.get(f"/retour/{key}/faire-reconnaitre")
    assert page.status_code == 422
    assert "D’abord lire un retour" in words(page)
    answer = lea.post(f"/retour/{key}/faire-reconnaitre", {"submission": new(), "competencies": "1"})
    assert answer.status_code == 422
    assert rows(app, RecognitionRequest) == []


def test_asking_twice_asks_once_and_another_way_is_a_conflict(app: Flask, cast: Cast, browse: Any) -> None:
    key = told(app, cast)
    lea, number = browse("lea"), new()
    address = f"/retour/{key}/faire-reconnaitre"
    for _ in range(2):
        assert lea.post(address, {"submission": number, "competencies": "1"}).status_code == 303
    assert len(rows(app, RecognitionRequest)) == 1
    assert lea.post(address, {"submission": number, "competencies": "2"}).status_code == 409
    again = lea.post(address, {"submission": new(), "competencies": "2"})
    assert again.status_code == 422
    assert "déjà demandé" in words(again)
    assert way(lea.get(address)) == f"/competences/{one(app, RecognitionRequest).id}"


@pytest.mark.parametrize(("chosen", "sentence"), [
    ({}, "Choisir au moins une ligne"), ({"competencies": "99999"}, "Choisir une phrase de la liste"),
    ({"competencies": "abc"}, ""),
])
def test_what_is_not_in_the_list_asks_nothing(
    app: Flask, cast: Cast, browse: Any, chosen: dict[str, str], sentence: str
) -> None:
    key = told(app, cast)
    answer = browse("lea").post(f"/retour/{key}/faire-reconnaitre", {"submission": new(), **chosen})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert rows(app, RecognitionRequest) == []


def ticked(page: Any) -> list[str]:
    """Return the sentences that are ticked on a page."""
    found = fields(page).get("competencies", [])
    return found if isinstance(found, list) else [found]


def test_what_is_ticked_stays_ticked_through_a_search(app: Flask, cast: Cast, browse: Any) -> None:
    key = told(app, cast, claims=())
    with app.app_context():
        link = str(world.add_link(db.session.get_one(Experience, cast["lea_x"]), "https://alpha.example/", None, NOON).id)
        db.session.commit()
        db.session.remove()
    lea, address = browse("lea"), f"/retour/{key}/faire-reconnaitre"
    likely = re.findall(r'name="competencies" value="(\d+)"', lea.get(address).get_data(as_text=True))
    sent = lea.fill(address, competencies=likely[:2], pieces=link, q="expliquer", search="1")
    assert rows(app, RecognitionRequest) == [], "searching asks nothing"
    page = lea.follow(sent)
    assert (ticked(page), fields(page)["pieces"], fields(page)["q"]) == (likely[:2], link, "expliquer")
    nothing = lea.follow(lea.post(address, {**fields(page), "q": "zzzz", "search": "1"}))
    assert ticked(nothing) == likely[:2]
    assert "Aucune phrase avec ces mots." in words(nothing)
    new_one = re.findall(r'name="competencies" value="(\d+)"', page.get_data(as_text=True))[2]
    part = lea.get(f"{address}?q=réparer&competencies={likely[0]}&competencies={new_one}", headers={"HX-Request": "true"})
    assert re.findall(r'value="(\d+)" checked', part.get_data(as_text=True)) == [likely[0], new_one]
    assert lea.post(address, {**fields(page), "competencies": [likely[0], new_one]}).status_code == 303
    assert {r.competency_id for r in rows(app, RequestedCompetency)} == {int(likely[0]), int(new_one)}


@pytest.mark.parametrize("typed", ["?q=expliquer&competencies=abc&competencies=99999999999999999999&competencies=-1",
                                   "?competencies=424242&pieces=nonsense", "?pieces="])
def test_nonsense_in_a_search_ticks_nothing(app: Flask, cast: Cast, browse: Any, typed: str) -> None:
    key = told(app, cast, claims=())
    page = browse("lea").get(f"/retour/{key}/faire-reconnaitre{typed}")
    assert page.status_code == 200
    assert ticked(page) == []
    assert "à revoir" not in words(page)


def test_who_named_no_competency_can_search_one(app: Flask, cast: Cast, browse: Any) -> None:
    key = told(app, cast, claims=())
    lea = browse("lea")
    address = f"/retour/{key}/faire-reconnaitre"
    likely = lea.get(address)
    assert likely.get_data(as_text=True).count('type="checkbox"') == 5
    assert "Aucune phrase" in words(lea.get(f"{address}?q=zzzz"))
    part = lea.get(f"{address}?q=expliquer", headers={"HX-Request": "true"})
    assert "<html" not in part.get_data(as_text=True)
    number = re.search(r'name="competencies" value="(\d+)"', part.get_data(as_text=True))
    assert number is not None
    assert lea.post(address, {"submission": new(), "competencies": number[1]}).status_code == 303
    assert one(app, RequestedCompetency).claimed_step is None


def test_only_the_learner_asks_for_themself(app: Flask, cast: Cast, browse: Any) -> None:
    key = told(app, cast)
    for person in ("karim", "stranger", "claire"):
        assert browse(person).get(f"/retour/{key}/faire-reconnaitre").status_code == 404


def test_somebody_whose_role_ended_is_not_asked(app: Flask, cast: Cast, browse: Any) -> None:
    key = told(app, cast)
    done(app, lambda: db.session.execute(
        sa.update(Membership).where(Membership.id == cast["m_karim"]).values(ended_at=NOON - HOUR)).rowcount)
    answer = browse("lea").fill(f"/retour/{key}/faire-reconnaitre", competencies="1")
    assert answer.status_code == 422
    assert "ne peut pas répondre" in words(answer)


def test_a_request_is_taken_back_at_any_time_and_closes_at_once(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    karim, lea = browse("karim"), browse("lea")
    assert karim.get(f"/reconnaitre/{key}").status_code == 200
    assert "Annuler" in words(lea.get(f"/competences/{key}"))
    assert lea.post(f"/reconnaitre/{key}/annuler").status_code == 303
    assert lea.post(f"/reconnaitre/{key}/annuler").status_code == 303
    assert karim.get(f"/reconnaitre/{key}").status_code == 404
    assert one(app, RecognitionRequest).outcome == "cancelled"
    assert f"/reconnaitre/{key}" not in karim.get("/on-me-demande").get_data(as_text=True)


def test_for_me_only_closes_what_was_asked(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    browse("lea").post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "yes"})
    assert one(app, RecognitionRequest).outcome == "cancelled"
    assert browse("karim").get(f"/reconnaitre/{key}").status_code == 404


def test_without_answer_for_60_days_it_ends_kindly_and_can_be_asked_again(
    app: Flask, cast: Cast, browse: Any, at: Any
) -> None:
    key = asked(app, cast)
    at(NOON + 70 * DAY)
    lea = browse("lea")
    assert "n’a pas pu répondre" in words(lea.get(f"/competences/{key}"))
    assert browse("karim").get(f"/reconnaitre/{key}").status_code == 404
    answer = lea.fill(f"/retour/{one(app, RecognitionRequest).feedback_id}/faire-reconnaitre", competencies="1")
    assert answer.status_code == 303
    assert sorted(r.outcome or "" for r in rows(app, RecognitionRequest)) == ["", "lapsed"]


# ---------- recognising ----------


def test_everything_stands_on_one_screen(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    karim = browse("karim")
    assert "Service civique à la médiathèque" in words(karim.get("/on-me-demande"))
    page = karim.get(f"/reconnaitre/{key}")
    for sentence in ("J’anime un atelier numérique pour les aînés.", "Les aînés la redemandent.",
                     "En me mettant à leur place.", "Lea dit : fait sans aide", "Comment je le sais",
                     "Une personne de ma famille ?", "D’abord un pas de plus", "Je ne l’ai pas vu",
                     "Je ne suis pas la bonne personne"):
        assert sentence in words(page), sentence
    filled_in = fields(page)
    assert not [name for name in filled_in if name.startswith("answer_")], "nothing is ticked beforehand"
    assert "is_relative" not in filled_in


def test_several_at_once_with_a_step_and_a_sentence_and_a_next_step(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    answer = browse("karim").fill(f"/reconnaitre/{key}", **filled())
    assert answer.status_code == 303, words(answer)
    endorsement = one(app, Endorsement)
    assert (endorsement.competency_id, endorsement.step, endorsement.how_known) == (1, 3, "supervised")
    assert (endorsement.seen_from_on, endorsement.seen_to_on) == (dt.date(2026, 9, 1), dt.date(2026, 11, 24))
    assert (endorsement.endorser_role, endorsement.organisation_name) == ("animateur", "Médiathèque Mandela")
    assert one(app, EndorserName).name_form == "Karim"
    assert endorsement.story_digest == one(app, Revision).digest
    assert one(app, NotYet).competency_id == 2
    assert one(app, RecognitionRequest).outcome == "decided"
    grant = one(app, AccessGrant, AccessGrant.source == "recognition")
    assert (grant.closed_at, grant.closes_at) == (None, NOON + 30 * DAY)
    told_lea = {n.kind for n in rows(app, Notice, Notice.account_id == cast["lea"], Notice.read_at.is_(None))}
    assert told_lea == {"not_yet", "recognition_offered"}
    assert "Elle mène l’atelier sans moi." in words(browse("karim").get(f"/reconnaitre/{key}"))


def test_the_same_answer_twice_is_one_and_another_is_a_conflict(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    karim = browse("karim")
    data = {**fields(karim.get(f"/reconnaitre/{key}")), **filled()}
    assert karim.post(f"/reconnaitre/{key}", data).status_code == 303
    assert karim.post(f"/reconnaitre/{key}", data).status_code == 303
    assert len(offers(app)) == 1
    assert karim.post(f"/reconnaitre/{key}", {**data, "answer_1": "4"}).status_code == 409
    assert len(offers(app)) == 1


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"answer_1": None, "answer_2": None}, "Choisir au moins une ligne"),
    ({"answer_2": None}, "Choisir une des réponses"),
    ({"sentence_1": ""}, "Écrire une phrase"),
    ({"sentence_2": "  "}, "Écrire une phrase"),
    ({"is_relative": "yes"}, "On ne reconnaît pas une personne de sa famille"),
    ({"is_relative": None}, "Choisir une des réponses"),
    ({"how_known": None}, "Choisir une des réponses"),
    ({"how_person_known": "by hearsay"}, "Choisir une des réponses"),
    ({"seen_from": "", "seen_to": ""}, "de quel mois à quel mois"),
    ({"seen_to": "2027-03"}, "de quel mois à quel mois"),
    ({"seen_from": "bientôt"}, "de quel mois à quel mois"),
    ({"seen_from": "2026-10", "seen_to": "2026-09"}, "La fin vient avant le début"),
    ({"seen_from": "1066-10"}, "entre 1900 et 2100"),
    ({"sentence_1": "é" * 601}, "un peu long"),
])
def test_what_is_missing_is_said_and_what_was_typed_stays(
    app: Flask, cast: Cast, browse: Any, changes: dict[str, Any], sentence: str
) -> None:
    key = asked(app, cast)
    answer = browse("karim").fill(f"/reconnaitre/{key}", **filled(**changes))
    assert answer.status_code == 422
    assert sentence in words(answer)
    if "sentence_1" not in changes:
        assert fields(answer)["sentence_1"] == "Elle mène l’atelier sans moi."
    assert offers(app) == []
    assert one(app, RecognitionRequest).closed_at is None


def test_months_are_read_as_people_write_them(app: Flask, cast: Cast, browse: Any) -> None:
    from passport.recognition.forms import first_day, last_day, month_of

    for text in ("2026-03", "03/2026", "mars 2026", "Mars 2026", "12/03/2026", "2026-03-12"):
        assert first_day(text) == dt.date(2026, 3, 1), text
    assert first_day("févr. 2026") == dt.date(2026, 2, 1)
    assert first_day("août 2025") == dt.date(2025, 8, 1)
    assert (first_day("2025"), last_day("2025", NOON.date())) == (dt.date(2025, 1, 1), dt.date(2025, 12, 31))
    assert last_day("février 2024", NOON.date()) == dt.date(2024, 2, 29)
    assert last_day("2026-11", NOON.date()) == NOON.date()
    assert last_day("2026-12", NOON.date()) == dt.date(2026, 12, 31)
    for text in ("", "mars", "13/2026", "2026 2027", "99999", None):
        assert month_of(text) is None, text


def test_what_was_not_seen_is_closed_without_a_word(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    assert browse("karim").fill(f"/reconnaitre/{key}", **filled(answer_2="not_seen", sentence_2="")).status_code == 303
    assert rows(app, NotYet) == []
    page = words(browse("lea").get(f"/competences/{key}"))
    assert "pas vu" not in page
    assert "Karim reconnaît une compétence" in page


def test_nothing_seen_ends_the_request_kindly(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    changes = {"answer_1": "not_seen", "answer_2": "not_seen", "sentence_1": "", "sentence_2": "", "seen_from": ""}
    assert browse("karim").fill(f"/reconnaitre/{key}", **filled(**changes)).status_code == 303
    assert one(app, RecognitionRequest).outcome == "cannot"
    lea = browse("lea")
    page = lea.get(f"/competences/{key}")
    assert "Cela ne dit rien de vous" in words(page)
    lea.post(f"/competences/{key}", {"act": "noted"})
    assert one(app, Notice, Notice.kind == "recognition_closed").read_at is not None


def test_i_am_not_the_right_person(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    assert way(browse("karim").post(f"/reconnaitre/{key}/pas-moi")) == "/on-me-demande"
    assert one(app, RecognitionRequest).outcome == "cannot"
    assert browse("karim").get(f"/reconnaitre/{key}").status_code == 404
    assert "Karim n’a pas pu répondre" in words(browse("lea").get("/passeport"))


def test_what_is_half_written_is_kept_for_later(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    karim = browse("karim")
    quiet = karim.post(f"/reconnaitre/{key}", {"submission": new(), "later": "quiet", "sentence_1": "Elle mène", "answer_1": "3"},
                       headers={"HX-Request": "true"})
    assert quiet.status_code == 204
    again = fields(karim.get(f"/reconnaitre/{key}"))
    assert (again["sentence_1"], again["answer_1"]) == ("Elle mène", "3")
    karim.fill(f"/reconnaitre/{key}", **filled())
    assert rows(app, Draft) == []


def test_the_charter_comes_first_and_leads_back(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast, who="novice")
    novice = browse("novice")
    answer = novice.get(f"/reconnaitre/{key}")
    assert way(answer) == f"/charte/{cast['m_novice']}"
    assert f"next=/reconnaitre/{key}" in answer.headers["Location"].replace("%2F", "/")
    assert way(novice.post(f"/reconnaitre/{key}", {"submission": new(), **filled()})) == f"/charte/{cast['m_novice']}"
    assert offers(app) == []


def test_a_facilitator_under_18_recognises_nothing(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    from passport.accounts.models import Passport

    done(app, lambda: db.session.execute(sa.update(Passport).where(Passport.learner_id == cast["karim"])
                                         .values(birth_year=2009, birth_month=6)).rowcount)
    assert browse("karim").get(f"/reconnaitre/{key}").status_code == 403
    assert browse("karim").post(f"/reconnaitre/{key}", {"submission": new(), **filled()}).status_code == 403
    assert offers(app) == []


@pytest.mark.parametrize("person", ["hugo", "nadia", "claire", "stranger", "sofia", "lea"])
def test_nobody_else_finds_the_request(app: Flask, cast: Cast, browse: Any, person: str) -> None:
    key = asked(app, cast)
    other = browse(person)
    assert other.get(f"/reconnaitre/{key}").status_code == 404
    assert other.post(f"/reconnaitre/{key}", {"submission": new(), **filled()}).status_code == 404
    assert other.post(f"/reconnaitre/{key}/pas-moi").status_code == 404
    assert offers(app) == []


def test_a_block_hides_the_request_at_once(app: Flask, cast: Cast, browse: Any) -> None:
    key = asked(app, cast)
    done(app, lambda: db.session.add(ContactBar(id=uuid7(), learner_id=cast["lea"], adult_id=cast["karim"],
                                                cause="block", started_at=NOON)))
    assert browse("karim").get(f"/reconnaitre/{key}").status_code == 404


@pytest.mark.parametrize(("what", "name", "thing"), [
    ("ended", "lea", "lea_x"), ("suspended", "lea", "lea_x"), ("closed house", "lea", "lea_x"),
    ("check", "tom", "tom_x"), ("no minors", "tom", "tom_x"),
])
def test_what_ends_between_the_request_and_the_answer_counts(
    app: Flask, cast: Cast, browse: Any, what: str, name: str, thing: str
) -> None:
    key = asked(app, cast, name, thing)
    change = {
        "ended": sa.update(Membership).where(Membership.id == cast["m_karim"]).values(ended_at=NOON - HOUR),
        "suspended": sa.update(Membership).where(Membership.id == cast["m_karim"]).values(suspended_at=NOON - HOUR),
        "closed house": sa.update(Organisation).where(Organisation.id == cast["library"]).values(closed_at=NOON - HOUR),
        "check": sa.update(Vetting).where(Vetting.membership_id == cast["m_karim"]).values(revoked_at=NOON - HOUR),
        "no minors": sa.update(Organisation).where(Organisation.id == cast["library"]).values(minors_state="none"),
    }[what]
    with app.app_context():
        role, actor = world.role_in(cast["karim"], cast["m_karim"]), world.accounts_actor(cast["karim"])
        db.session.remove()
    done(app, lambda: db.session.execute(change).rowcount)
    karim = browse("karim")
    assert karim.post(f"/reconnaitre/{key}", {"submission": new(), **filled()}).status_code == 404
    draft = recognising.RecogniseDraft("saw", "regularly", False, NOON.date(), NOON.date(), ((1, 3, "endorse", "Vu."),),
                                   uuid.uuid4())
    with pytest.raises((Refused, sa.exc.IntegrityError)):
        done(app, lambda: recognising.recognise(db.session.get_one(RecognitionRequest, key), role, actor, draft, "Karim", NOON))
    assert offers(app) == []


@both_databases
def test_the_whole_way_on_both_databases(app: Flask, cast: Cast) -> None:
    key = kept(app, cast)
    assert shown(app, cast["lea"]) == {1: None}
    done(app, lambda: service.end_permission(db.session.get_one(Endorsement, key), NOON))
    assert shown(app, cast["lea"]) == {1: Refusal.NOT_PERMITTED}
    done(app, lambda: service.permit(db.session.get_one(Endorsement, key), NOON + HOUR))
    assert len(rows(app, Permission)) == 2
    done(app, lambda: service.withdraw(db.session.get_one(Endorsement, key), cast["m_karim"], cast["karim"],
                                       "Une erreur de personne.", NOON + 2 * HOUR))
    assert shown(app, cast["lea"], NOON + 3 * HOUR) == {}
    with app.app_context(), app.test_request_context():
        assert queries.live_items(cast["lea"], [key]) == {}
        stands, recognised = standings.of_experience(cast["lea_x"], NOON + 3 * HOUR)
        assert ([s.stage for s in stands], recognised) == (["answered"], [])
        db.session.remove()


# ---------- minors ----------


def test_the_line_of_who_looked_is_written_before_the_answer(
    app: Flask, cast: Cast, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = asked(app, cast, "tom", "tom_x")
    assert browse("karim").get(f"/reconnaitre/{key}").status_code == 200
    line = one(app, ReadingLine, ReadingLine.action == "open_recognition")
    assert (line.learner_id, line.experience_id) == (cast["tom"], cast["tom_x"])

    def fails(*_: Any, **__: Any) -> None:
        raise sa.exc.OperationalError("", {}, Exception())

    monkeypatch.setattr("passport.recognition.routes.note_reading", fails)
    refused = browse("karim").get(f"/reconnaitre/{key}")
    assert refused.status_code == 503
    assert "J’arbitre" not in words(refused)
    assert audit.note_reading is not fails


def test_an_adult_learner_is_told_as_well_who_opened_a_request(app: Flask, cast: Cast, browse: Any) -> None:
    browse("karim").get(f"/reconnaitre/{asked(app, cast)}")
    assert one(app, ReadingLine, ReadingLine.action == "open_recognition").learner_id == cast["lea"]


def test_a_minor_is_told_at_7_what_was_written_at_night(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    key = asked(app, cast, "tom", "tom_x")
    at(NIGHT)
    answer = browse("karim").fill(f"/reconnaitre/{key}", **filled())
    assert answer.status_code == 303
    tom = browse("tom")
    night = words(tom.get(f"/competences/{key}"))
    assert "Vous n’avez rien à faire" in night
    assert "Elle mène l’atelier" not in night
    assert "Karim reconnaît" not in words(tom.get("/passeport"))
    with pytest.raises(Refused) as refused:
        done(app, lambda: service.keep(db.session.get_one(Endorsement, offers(app)[0].id), NIGHT))
    assert refused.value.refusal is Refusal.NOT_VISIBLE_YET
    at(MORNING)
    assert "Elle mène l’atelier" in words(tom.get(f"/competences/{key}"))
    assert "Karim reconnaît une compétence" in words(tom.get("/passeport"))


def test_under_15_keeping_is_ones_own_and_showing_is_decided_by_two(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast, "tom", "tom_x")
    tom = browse("tom")
    page = tom.get(f"/competences/{key}")
    assert "Avant 15 ans, montrer se décide à deux" in words(page)
    assert "Je veux pouvoir la montrer" not in words(page)
    first = offers(app)[0]
    forced = tom.post(f"/competences/{key}", {f"choice_{first.id.hex}": "keep", f"permit_{first.id.hex}": "y"})
    assert forced.status_code == 422
    assert "se décide à deux" in words(forced)
    assert one(app, Endorsement, Endorsement.id == first.id).accepted_at is None
    assert tom.post(f"/competences/{key}", {f"choice_{first.id.hex}": "keep"}).status_code == 303
    assert one(app, Endorsement, Endorsement.id == first.id).accepted_at is not None
    assert tom.post(f"/competence/{first.id}/montrer").status_code == 403
    assert rows(app, Permission) == []
    with pytest.raises(Refused) as refused:
        done(app, lambda: service.permit(db.session.get_one(Endorsement, first.id), NOON))
    assert refused.value.refusal is Refusal.UNDER_15


# ---------- keeping and permitting ----------


def test_the_news_and_the_page_offer_both_answers_and_nothing_is_chosen(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast)
    lea = browse("lea")
    assert "Karim reconnaît 2 compétences" in words(lea.get("/passeport"))
    assert "À garder ou non, sans date limite" in words(lea.get("/passeport"))
    assert "Karim reconnaît 2 compétences" in words(lea.get("/echanges"))
    page = lea.get(f"/competences/{key}")
    for sentence in ("dire non ne se voit nulle part", "Garder", "Ne pas garder", "Je veux pouvoir la montrer",
                     "Elle explique sans prendre la souris.", "au nom de la Médiathèque Mandela", "C’est décidé"):
        assert sentence in words(page)
    assert set(fields(page)) == {"csrf_token"}
    assert '<svg class="stamp' in page.get_data(as_text=True)


def test_some_now_and_others_later(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast)
    first, second = offers(app)
    lea = browse("lea")
    nothing = lea.post(f"/competences/{key}", {})
    assert nothing.status_code == 422
    assert "Choisir au moins une ligne" in words(nothing)
    answer = lea.post(f"/competences/{key}", {f"choice_{first.id.hex}": "keep", f"permit_{first.id.hex}": "y"})
    assert way(answer) == f"/competences/{key}"
    assert shown(app, cast["lea"]) == {1: None}
    assert one(app, Notice, Notice.kind == "recognition_offered").read_at is None
    answer = lea.post(f"/competences/{key}", {f"choice_{second.id.hex}": "decline"})
    assert way(answer) == f"/experience/{cast['lea_x']}"
    assert one(app, Notice, Notice.kind == "recognition_offered").read_at is not None
    page = words(lea.get(f"/experience/{cast['lea_x']}"))
    assert "Ce qui est reconnu" in page
    assert "Ne plus permettre de la montrer" in page
    assert "Reconnu par Karim B., animateur, au nom de la Médiathèque Mandela" in words(lea.get("/passeport"))


def test_keeping_shows_nothing(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast)
    first = offers(app)[0]
    browse("lea").post(f"/competences/{key}", {f"choice_{first.id.hex}": "keep"})
    assert rows(app, Permission) == []
    assert shown(app, cast["lea"]) == {1: Refusal.NOT_PERMITTED}


def test_a_tick_under_what_is_not_kept_permits_nothing(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast)
    first, second = offers(app)
    browse("lea").post(f"/competences/{key}", {f"choice_{first.id.hex}": "decline", f"permit_{first.id.hex}": "y",
                                               f"permit_{second.id.hex}": "y"})
    assert rows(app, Permission) == []
    assert shown(app, cast["lea"]) == {}


def test_saying_no_is_seen_nowhere(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast)
    first, second = offers(app)
    before = words(browse("karim").get("/registre"))
    browse("lea").post(f"/competences/{key}", {f"choice_{first.id.hex}": "decline", f"choice_{second.id.hex}": "keep"})
    assert words(browse("karim").get("/registre")) == before
    assert rows(app, Notice, Notice.account_id == cast["karim"]) == []
    assert browse("karim").get(f"/competences/{key}").status_code == 404


def test_permission_is_given_and_ended_as_often_as_one_likes(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    key = kept(app, cast)
    lea = browse("lea")
    for n in range(3):
        at(NOON + n * HOUR)
        assert lea.post(f"/competence/{key}/ne-plus-montrer").status_code == 303
        assert lea.post(f"/competence/{key}/ne-plus-montrer").status_code == 303
        assert shown(app, cast["lea"]) == {1: Refusal.NOT_PERMITTED}
        at(NOON + n * HOUR + HOUR / 2)
        assert lea.post(f"/competence/{key}/montrer").status_code == 303
        assert lea.post(f"/competence/{key}/montrer").status_code == 303
        assert shown(app, cast["lea"]) == {1: None}
    assert len(rows(app, Permission)) == 4


def test_no_longer_keeping_ends_the_permission_at_once(app: Flask, cast: Cast, browse: Any) -> None:
    key = kept(app, cast)
    lea = browse("lea")
    for _ in range(2):
        assert lea.post(f"/competence/{key}/ne-plus-garder").status_code == 303
    assert shown(app, cast["lea"]) == {}
    assert one(app, Permission).ended_at is not None
    assert lea.post(f"/competence/{key}/montrer").status_code == 409
    assert "Ce qui est reconnu" not in words(lea.get(f"/experience/{cast['lea_x']}"))
    assert "Vous ne la gardez plus" in words(lea.get(f"/competences/{one(app, RecognitionRequest).id}"))


@pytest.mark.parametrize("act", ["ne-plus-garder", "montrer", "ne-plus-montrer"])
@pytest.mark.parametrize("person", ["karim", "claire", "stranger"])
def test_nobody_decides_for_the_learner(app: Flask, cast: Cast, browse: Any, act: str, person: str) -> None:
    key = kept(app, cast)
    assert browse(person).post(f"/competence/{key}/{act}").status_code == 404
    assert shown(app, cast["lea"]) == {1: None}


def test_what_becomes_for_me_only_is_no_longer_shown(app: Flask, cast: Cast, browse: Any) -> None:
    kept(app, cast)
    browse("lea").post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "yes"})
    assert shown(app, cast["lea"]) == {1: Refusal.FOR_ME_ONLY}


def test_a_text_that_bothers_is_hidden_and_not_shown(app: Flask, cast: Cast, browse: Any) -> None:
    key = kept(app, cast)
    text = one(app, Endorsement, Endorsement.id == key).text_id
    done(app, lambda: db.session.execute(sa.update(AuthoredText).where(AuthoredText.id == text)
                                         .values(hidden_at=NOON)).rowcount)
    assert shown(app, cast["lea"]) == {1: Refusal.TEXT_HIDDEN}
    page = words(browse("lea").get(f"/experience/{cast['lea_x']}"))
    assert "Ce texte est caché" in page
    assert "Elle explique sans prendre la souris." not in page


def test_the_stamp_stays_the_same_when_the_story_changes(app: Flask, cast: Cast, browse: Any) -> None:
    kept(app, cast)
    lea = browse("lea")

    def stamp() -> str:
        body = lea.get(f"/experience/{cast['lea_x']}").get_data(as_text=True)
        return re.search(r'<svg class="stamp.*?</svg>', body, re.S)[0]  # type: ignore[index]

    before = stamp()
    done(app, lambda: experiences.change(db.session.get_one(Experience, cast["lea_x"]),
                                         {"title": "Autre chose", "setting": "family"}, 1, NOON))
    assert stamp() == before


# ---------- first a step more ----------


def test_a_next_step_is_for_the_learner_alone_read_or_taken_out(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast, kind="not_yet")
    lea = browse("lea")
    assert "Karim vous propose un pas de plus" in words(lea.get("/passeport"))
    page = words(lea.get(f"/competences/{key}"))
    assert "D’abord un pas de plus" in page
    assert "Pour vous seulement" in page
    assert shown(app, cast["lea"]) == {}
    first, second = rows(app, NotYet)
    lea.post(f"/competences/{key}", {"act": "read", "step": str(first.id)})
    assert one(app, Notice, Notice.kind == "not_yet").read_at is None
    lea.post(f"/competences/{key}", {"act": "erase", "step": str(second.id)})
    assert one(app, Notice, Notice.kind == "not_yet").read_at is not None
    assert one(app, NotYet).id == first.id
    assert one(app, AuthoredText, AuthoredText.id == second.text_id).hidden_at is not None
    lea.post(f"/competences/{key}", {"act": "erase", "step": str(first.id)})
    assert rows(app, NotYet) == []
    assert lea.post(f"/competences/{key}", {"act": "erase", "step": "nonsense"}).status_code == 303
    for person, address in (("karim", "/registre"), ("claire", "/registre"), ("nadia", "/on-me-demande")):
        assert "Elle explique sans prendre la souris." not in words(browse(person).get(address))


def test_nobody_touches_the_next_step_of_another(app: Flask, cast: Cast, browse: Any) -> None:
    key = given(app, cast, kind="not_yet")
    for person in ("karim", "claire", "stranger"):
        assert browse(person).get(f"/competences/{key}").status_code == 404
        assert browse(person).post(f"/competences/{key}", {"act": "erase"}).status_code == 404
    assert len(rows(app, NotYet)) == 2


# ---------- withdrawing ----------


@pytest.mark.parametrize("person", ["karim", "claire"])
def test_the_facilitator_or_the_manager_withdraws_with_a_reason_for_the_learner_alone(
    app: Flask, cast: Cast, browse: Any, person: str
) -> None:
    key = kept(app, cast)
    by = browse(person)
    assert f"/registre/{key}/retirer" in by.get("/registre").get_data(as_text=True)
    empty = by.post(f"/registre/{key}/retirer", {"reason": " "})
    assert empty.status_code == 422
    assert "Écrire une phrase" in words(empty)
    assert shown(app, cast["lea"]) == {1: None}
    assert way(by.fill(f"/registre/{key}/retirer", reason="Je me suis trompé de personne.")) == "/registre"
    assert shown(app, cast["lea"]) == {}
    assert one(app, Permission).ended_at is not None
    lea = browse("lea")
    assert "Une organisation a retiré" in words(lea.get("/passeport"))
    request = one(app, RecognitionRequest).id
    assert "Je me suis trompé de personne." in words(lea.get(f"/competences/{request}"))
    assert "Je me suis trompé" not in words(by.get("/registre"))
    lea.post(f"/competences/{request}", {"act": "noted"})
    assert one(app, Notice, Notice.kind == "endorsement_withdrawn").read_at is not None
    again = by.post(f"/registre/{key}/retirer", {"reason": "Encore."})
    assert again.status_code == 422
    assert by.post(f"/brouillon/withdraw/{key}", {"reason": "Je me suis"}, headers={"HX-Request": "true"}).status_code == 204
    assert rows(app, Draft) == []


def test_a_withdrawal_at_night_counts_at_once_and_its_reason_arrives_at_7(
    app: Flask, cast: Cast, browse: Any, at: Any
) -> None:
    key = kept(app, cast, "youth", "youth_x")
    at(NIGHT)
    browse("karim").fill(f"/registre/{key}/retirer", reason="Je me suis trompé de personne.")
    assert shown(app, cast["youth"], NIGHT) == {}
    youth, request = browse("youth"), one(app, RecognitionRequest).id
    page = words(youth.get(f"/competences/{request}"))
    assert "L’organisation l’a retirée." in page
    assert "trompé de personne" not in page
    at(MORNING)
    assert "trompé de personne" in words(youth.get(f"/competences/{request}"))
    assert "Une organisation a retiré" in words(youth.get("/passeport"))


def test_who_is_barred_or_without_a_check_writes_no_reason(app: Flask, cast: Cast, browse: Any) -> None:
    key = kept(app, cast, "tom", "tom_x", permitted=False)
    claire, karim, address = browse("claire"), browse("karim"), f"/registre/{key}/retirer"
    assert claire.post(address, {"reason": "Mots."}).status_code == 403  # no check of hers is in force
    assert address not in claire.get("/registre").get_data(as_text=True)
    bar = done(app, lambda: build_bar(cast, "tom", "karim"))
    assert karim.post(address, {"reason": "Mots."}).status_code == 403
    done(app, lambda: db.session.execute(sa.delete(ContactBar).where(ContactBar.id == bar)).rowcount)
    done(app, lambda: db.session.execute(sa.update(Vetting).where(Vetting.membership_id == cast["m_karim"])
                                         .values(revoked_at=NOON)).rowcount)
    assert karim.post(address, {"reason": "Mots."}).status_code == 403
    assert rows(app, AuthoredText, AuthoredText.kind == "withdrawal") == []
    assert one(app, Endorsement, Endorsement.id == key).withdrawn_at is None


def build_bar(cast: Cast, learner: str, adult: str) -> ContactBar:
    bar = ContactBar(id=uuid7(), learner_id=cast[learner], adult_id=cast[adult], cause="block", started_at=NOON)
    db.session.add(bar)
    db.session.flush()
    return bar


def test_a_manager_reads_no_name_and_no_words(app: Flask, cast: Cast, browse: Any) -> None:
    key = kept(app, cast)
    claire = browse("claire")
    for address in ("/registre", f"/registre/{key}/retirer"):
        page = words(claire.get(address))
        assert "Karim" in page
        for hidden in ("Lea", "Elle explique sans prendre la souris.", "Une personne", "Fait sans aide"):
            assert hidden not in page, (address, hidden)
    own = words(browse("karim").get("/registre"))
    assert "Lea" in own
    assert "Elle explique sans prendre la souris." in own


@pytest.mark.parametrize("answer", ["given", "cannot"])
def test_before_7_nothing_tells_that_an_answer_exists(
    app: Flask, cast: Cast, browse: Any, at: Any, answer: str
) -> None:
    key = asked(app, cast, "tom", "tom_x")
    told_first = one(app, RecognitionRequest).feedback_id
    at(NIGHT)
    karim, tom = browse("karim"), browse("tom")
    if answer == "given":
        assert karim.fill(f"/reconnaitre/{key}", **filled()).status_code == 303
    else:
        assert karim.post(f"/reconnaitre/{key}/pas-moi").status_code == 303
    again = f"/retour/{told_first}/faire-reconnaitre"
    assert way(tom.get(again)) == f"/competences/{key}"
    sent = tom.post(again, {"submission": new(), "competencies": "1"})
    assert sent.status_code == 422
    assert "déjà demandé" in words(sent)
    with app.app_context(), app.test_request_context():
        experience = db.session.get_one(Experience, cast["tom_x"])
        assert [s.competency_id for s in queries.to_ask(experience, cast["karim"], NIGHT)] == [ONE, TWO]
        db.session.remove()
    for address in (f"/competences/{key}", f"/experience/{cast['tom_x']}", "/echanges"):
        assert f"/reconnaitre/{key}/annuler" in tom.get(address).get_data(as_text=True), address
    cancelled = tom.post(f"/reconnaitre/{key}/annuler")
    assert way(cancelled) == f"/experience/{cast['tom_x']}"
    assert "Personne ne peut plus ouvrir cette demande." in words(tom.follow(cancelled))
    assert karim.get(f"/reconnaitre/{key}").status_code == 404
    at(MORNING)
    page = words(tom.get(f"/competences/{key}"))
    assert ("Elle mène l’atelier" if answer == "given" else "n’a pas pu répondre") in page


@pytest.mark.parametrize("person", ["hugo", "nadia", "farid", "sofia", "stranger", "lea"])
def test_nobody_else_withdraws(app: Flask, cast: Cast, browse: Any, person: str) -> None:
    key = kept(app, cast)
    other = browse(person)
    assert other.get(f"/registre/{key}/retirer").status_code == 404
    assert other.post(f"/registre/{key}/retirer", {"reason": "Non."}).status_code == 404
    assert shown(app, cast["lea"]) == {1: None}
    assert "Elle explique" not in words(other.get("/registre"))


def test_the_ledger_keeps_ones_own_words_and_names_a_minor_only_with_a_check(app: Flask, cast: Cast, browse: Any) -> None:
    kept(app, cast, "tom", "tom_x", permitted=False)
    karim = browse("karim")
    assert "Tom" in words(karim.get("/registre"))
    done(app, lambda: db.session.execute(sa.update(Vetting).where(Vetting.membership_id == cast["m_karim"])
                                         .values(revoked_at=NOON)).rowcount)
    page = words(karim.get("/registre"))
    assert "Tom" not in page
    assert "Elle explique sans prendre la souris." in page


def test_the_ledger_goes_on_page_by_page(app: Flask, cast: Cast, browse: Any) -> None:
    def many() -> None:
        for n in range(23):
            cast.ids["more"] = build.experience(cast["lea"], f"Encore {n}", NOON - 9 * DAY).id
            told_now = world.answer(cast, world.ask(cast, "lea", "more", "karim", NOON - 8 * DAY), "karim", NOON - 7 * DAY)
            feedback.answer(told_now, None, NOON - 6 * DAY)
            wanted = service.ask(told_now, [ONE], uuid.uuid4(), NOON - 5 * DAY + n * HOUR)
            world.recognise(cast, wanted, "karim", (ONE,), NOON - 4 * DAY + n * HOUR)

    done(app, many)
    karim = browse("karim")
    first = karim.get("/registre").get_data(as_text=True)
    assert first.count("/retirer") == 20
    more = re.search(r'hx-get="(/registre\?before=[^"]+)"', first)
    assert more is not None
    rest = karim.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).get_data(as_text=True)
    assert rest.count("/retirer") == 3
    assert "<html" not in rest
    for before in ("nonsense", f"0001-01-01T00:00:00%2B14:00~{uuid.uuid4()}"):
        assert karim.get(f"/registre?before={before}").status_code == 200


# ---------- what a page costs ----------


@pytest.mark.parametrize("name", ["lea", "tom"])
def test_the_recognise_page_costs_eight_statements_at_most(app: Flask, cast: Cast, browse: Any, name: str) -> None:
    key = asked(app, cast, name, f"{name}_x")
    karim, seen = browse("karim"), []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        assert karim.get(f"/reconnaitre/{key}").status_code == 200
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert len(seen) <= 8, "\n".join(seen)
