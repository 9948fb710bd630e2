"""Ways to meet elsewhere are stopped where they are written, in both directions; only an adult's attempt is counted."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Passport
from passport.experiences.models import Experience, Reflection
from passport.extensions import db
from passport.feedback.models import AuthoredText, Feedback, FeedbackRequest, RefusedText
from passport.notices import keeping
from passport.recognition.models import Endorsement, NotYet, RecognitionRequest
from passport.sharing.models import Share
from passport.transaction import transaction

from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import fields, words
from .test_feedback import DAY, ask, give, one, rows
from .test_recognition import asked as recognition_asked
from .test_recognition import kept

NUMBER = "Appelle-moi au 06 12 34 56 78."
SAID = "Retirer le numéro de téléphone"
SECRET = "Garde ça pour toi."


def count(app: Flask) -> list[tuple[uuid.UUID, uuid.UUID, str]]:
    return [(r.membership_id, r.learner_id, r.reasons) for r in rows(app, RefusedText)]


@both_databases
@pytest.mark.promise("S3", "passport.contact:refusal_of_contact")
@pytest.mark.parametrize("field", ["seen", "own_question", "next_step"])
def test_an_adult_is_refused_beside_the_field_and_counted_without_a_word(
    app: Flask, cast: Cast, browse: Any, field: str
) -> None:
    """An adult who writes a phone number to a protected learner is refused, keeps the text, and is counted; no word is kept."""
    request = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    good = {"seen": "Tu as tenu bon."}
    answer = karim.fill(f"/on-me-demande/{request}", **{**good, field: NUMBER})
    assert answer.status_code == 422
    assert SAID in words(answer)
    assert fields(answer, f"/on-me-demande/{request}")[field] == NUMBER
    assert rows(app, AuthoredText) == []
    assert count(app) == [(cast["m_karim"], cast["tom"], "phone")]
    assert "06 12" not in repr(rows(app, RefusedText)[0].__dict__)
    karim.follow(karim.fill(f"/on-me-demande/{request}", **good))
    assert len(rows(app, AuthoredText)) == 1
    assert len(count(app)) == 1


def test_to_an_adult_the_same_words_pass_and_nothing_is_counted(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_karim", NOON - DAY, message=NUMBER)
    karim = browse("karim")
    karim.follow(karim.fill(f"/on-me-demande/{request}", seen=f"{NUMBER} {SECRET}"))
    feedback = one(app, Feedback)
    browse("lea").fill(f"/retour/{feedback.id}", reply=NUMBER)
    assert one(app, Feedback).reply == NUMBER
    assert count(app) == []


def test_a_platform_named_alone_passes(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    karim.follow(karim.fill(f"/on-me-demande/{request}", seen="Tu as bien tenu le compte Insta du club."))
    assert len(rows(app, AuthoredText)) == 1


@pytest.mark.parametrize(("choice", "model"), [("3", Endorsement), ("not_yet", NotYet)])
def test_a_sentence_that_recognises_and_a_next_step_are_looked_at(
    app: Flask, cast: Cast, browse: Any, choice: str, model: Any
) -> None:
    request = recognition_asked(app, cast, "tom", "tom_x", chosen=(1,))
    karim = browse("karim")
    way = {"how_known": "saw", "how_person_known": "regularly", "is_relative": "no", "seen_from": "2026-09",
           "seen_to": "2026-11", "answer_1": choice}
    answer = karim.fill(f"/reconnaitre/{request}", **way, sentence_1=SECRET)
    assert answer.status_code == 422
    assert "personne ne demande de garder un secret" in words(answer)
    assert fields(answer)["sentence_1"] == SECRET
    assert rows(app, model) == []
    assert count(app) == [(cast["m_karim"], cast["tom"], "secret")]
    assert one(app, RecognitionRequest).closed_at is None
    karim.follow(karim.fill(f"/reconnaitre/{request}", **way, sentence_1="Il garde son calme."))
    assert len(rows(app, model)) == 1


def test_a_reason_to_withdraw_is_looked_at(app: Flask, cast: Cast, browse: Any) -> None:
    key = kept(app, cast, "youth", "youth_x", permitted=False)
    karim = browse("karim")
    answer = karim.fill(f"/registre/{key}/retirer", reason="Écris-moi à karim@example.org")
    assert answer.status_code == 422
    assert "Retirer l’adresse e-mail" in words(answer)
    assert one(app, Endorsement, Endorsement.id == key).withdrawn_at is None
    assert count(app) == [(cast["m_karim"], cast["youth"], "address")]


@pytest.mark.promise("S3", "passport.contact:refusal_of_contact")
def test_a_learner_is_refused_beside_the_field_and_never_counted(app: Flask, cast: Cast, browse: Any) -> None:
    """A minor who writes a phone number in a request or in the one reply is told why, keeps the text, and is not counted."""
    tom = browse("tom")
    address = f"/experience/{cast['tom_x']}/demander/personne/{cast['m_karim']}"
    answer = tom.fill(address, message=NUMBER)
    assert answer.status_code == 422
    assert SAID in words(answer)
    assert fields(answer)["message"] == NUMBER
    assert rows(app, FeedbackRequest) == []
    tom.follow(tom.fill(address, message="C’était clair ?"))
    give(app, cast, one(app, FeedbackRequest).id, "m_karim", NOON)
    feedback = one(app, Feedback)
    answer = tom.fill(f"/retour/{feedback.id}", reply="Mon snap c’est tom_34")
    assert answer.status_code == 422
    assert "Retirer ce qui invite à se joindre ailleurs" in words(answer)
    assert fields(answer, f"/retour/{feedback.id}")["reply"] == "Mon snap c’est tom_34"
    assert one(app, Feedback).read_at is None
    tom.fill(f"/retour/{feedback.id}", reply="Merci !")
    assert one(app, Feedback).reply == "Merci !"
    assert count(app) == []


@pytest.mark.parametrize("where", ["title", "story", "place", "organisation_text", "details"])
def test_what_a_minor_tells_is_looked_at_when_it_is_sent_and_not_before(
    app: Flask, cast: Cast, browse: Any, where: str
) -> None:
    with app.app_context(), transaction():
        said = {"said": {"passed_on": NUMBER}} if where == "details" else NUMBER
        setattr(db.session.get_one(Experience, cast["tom_x"]), where, said)
    tom = browse("tom")
    assert NUMBER in words(tom.get(f"/experience/{cast['tom_x']}"))
    answer = tom.fill(f"/experience/{cast['tom_x']}/demander/personne/{cast['m_karim']}")
    assert answer.status_code == 422
    assert SAID in words(answer)
    assert rows(app, FeedbackRequest) == []
    assert count(app) == []


def test_a_reflection_is_looked_at_when_it_goes_along(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        db.session.add(Reflection(experience_id=cast["tom_x"], learner_id=cast["tom"], prompt="hard", text=NUMBER,
                                  changed_at=NOON))
    tom = browse("tom")
    address = f"/experience/{cast['tom_x']}/demander/personne/{cast['m_karim']}"
    assert tom.fill(address, reflection="y").status_code == 422
    tom.follow(tom.fill(address))
    assert len(rows(app, FeedbackRequest)) == 1


def test_what_a_link_shows_is_looked_at(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Experience, cast["youth_x"]).story = "Mon insta : youth.34"
    youth = browse("youth")
    youth.fill("/montrer/choisir", experiences=str(cast["youth_x"]))
    wrong = youth.fill("/montrer/pour-qui", recipient_name="Le club", intro=NUMBER)
    assert wrong.status_code == 422
    assert SAID in words(wrong)
    youth.fill("/montrer/pour-qui", recipient_name="Le club", intro="Je cherche un stage.")
    answer = youth.fill("/montrer/apercu")
    assert answer.status_code == 422
    assert "Retirer ce qui invite à se joindre ailleurs" in words(answer)
    assert rows(app, Share) == []


def test_a_name_is_a_name_and_no_way_to_call(app: Flask, client: Any) -> None:
    page = client.get("/creer")
    data = {**fields(page), "display_name": "Tom 06 12 34 56 78", "age": "minor", "birth_month": "3", "birth_year": "2012"}
    answer = client.post("/creer", data=data)
    assert answer.status_code == 422
    assert SAID in words(answer)
    assert rows(app, Passport) == []


@both_databases
def test_what_was_counted_goes_after_twelve_months(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction():
        for days in (364, 365, 400):
            db.session.add(RefusedText(learner_id=cast["tom"], membership_id=cast["m_karim"], reasons="phone",
                                       at=NOON - dt.timedelta(days=days)))
    with app.app_context(), transaction():
        assert keeping.delete(keeping.GOES["feedback.forget_refused"], NOON) == 2
        assert db.session.scalar(sa.select(sa.func.count()).select_from(RefusedText)) == 1
