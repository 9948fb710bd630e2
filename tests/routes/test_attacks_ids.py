"""Ids of others, and fields nobody asked for, in the body of a form: they reach nothing."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Account, Draft, Passport
from passport.card.models import Card
from passport.extensions import db
from passport.feedback.models import FeedbackRequest
from passport.organisations.models import Membership
from passport.recognition.models import Endorsement
from passport.sharing.models import EditionItem, Share
from passport.transaction import transaction
from tests.cast import Cast
from tests.reading import Reader, fields, new, words
from tests.routes.test_feedback import rows
from tests.routes.test_sharing import make, prepare


@pytest.fixture
def city(lived: Cast) -> Cast:
    """A city in which every state stands; nobody has a card but Léa."""
    return lived


def test_a_card_opens_no_link_of_another(app: Flask, city: Cast, browse: Any) -> None:
    youth = browse("youth")
    youth.post("/carte", {"asked": "make"})
    answer = youth.post("/carte/ouvre", {"link": str(city["share"])})
    assert answer.status_code == 422
    assert "Ce lien est fermé" in words(answer)
    assert {c.share_id for c in rows(app, Card)} == {None}


def test_a_card_of_another_is_not_replaced(app: Flask, city: Cast, browse: Any) -> None:
    for name in ("stranger", "karim"):
        assert browse(name).post("/carte/remplacer", {"card": str(city["card"])}).status_code == 404
        assert browse(name).post("/carte/remplacer", {"card": str(uuid.uuid4())}).status_code == 303
    assert [c.closed_at for c in rows(app, Card)] == [None]


def test_a_link_holds_nothing_of_another(app: Flask, city: Cast, browse: Any) -> None:
    youth = browse("youth")
    for name in ("experiences", "endorsements"):
        for key in (city["lea_x"], city["endorsement"], city["share"], city["feedback"]):
            body = {"experiences": [str(city["youth_x"])]}
            body[name] = [*body.get(name, []), str(key)]
            assert youth.post("/montrer/choisir", body).status_code == 422
    assert not rows(app, Draft, Draft.account_id == city["youth"])


def test_what_a_later_screen_is_sent_does_not_choose(app: Flask, city: Cast, browse: Any) -> None:
    """The choice is made on its own screen: for whom, and the last look, add nothing to it and change no length."""
    youth: Reader = browse("youth")
    youth.post("/montrer/choisir", {"experiences": [str(city["youth_x"])]})
    more = {"experiences": [str(city["lea_x"])], "learner_id": str(city["lea"]), "submission": new()}
    said = youth.fill("/montrer/pour-qui", recipient_name="Club", months="1", name_form="written", shown_name="Léa", **more)
    look = youth.follow(said)
    form = fields(look)
    for more in ({"months": "6"}, {"expires_at": "2030-01-01"}, {"learner_id": str(city["lea"])}):
        made = youth.post("/montrer/apercu", {**form, **more, "experiences": [str(city["lea_x"])]})
        assert made.status_code == 303
    mine = rows(app, Share, Share.learner_id == city["youth"])
    assert [(s.name_form, (s.expires_at - s.created_at).days) for s in mine] == [("display", 30)]
    assert {i.experience_id for i in rows(app, EditionItem, EditionItem.learner_id == city["youth"])} == {city["youth_x"]}


def test_the_number_of_anothers_form_finds_nothing(app: Flask, city: Cast, browse: Any) -> None:
    key, _path = make(browse("lea"), [city["lea_x"]])
    with app.app_context():
        number = db.session.get_one(Share, key).submission
        db.session.remove()
    youth = browse("youth")
    form = fields(prepare(youth, [city["youth_x"]], months="1"))
    made = youth.post("/montrer/apercu", {**form, "submission": str(number)})
    assert str(key) not in made.headers.get("Location", "")


def test_an_endorsement_of_another_is_not_decided(app: Flask, city: Cast, browse: Any) -> None:
    """Léa's own screen with an id of somebody else's: only what waits there is decided."""
    with app.app_context(), transaction():
        theirs = db.session.get_one(Endorsement, city["offered"]).request_id
    other = uuid.uuid4()
    answer = browse("lea").post(f"/competences/{theirs}", {f"choice_{other.hex}": "keep", f"permit_{other.hex}": "y"})
    assert answer.status_code == 422
    answer = browse("youth").post(f"/competences/{theirs}", {f"choice_{city['offered'].hex}": "keep"})
    assert answer.status_code == 404
    with app.app_context():
        assert db.session.get_one(Endorsement, city["offered"]).accepted_at is None
        db.session.remove()


@pytest.mark.parametrize("whom", ["m_claire", "m_sofia", "lea", "library", "lea_x"])
def test_only_a_facilitators_role_is_asked(app: Flask, city: Cast, browse: Any, whom: str) -> None:
    path = f"/experience/{city['lea_y']}/demander"
    assert browse("lea").post(f"{path}/personne/{city[whom]}", {"submission": new(), "version": "1"}).status_code == 404
    if whom != "library":
        assert browse("lea").post(f"{path}/organisation/{city[whom]}", {"submission": new(), "version": "1"}).status_code == 404
    assert not rows(app, FeedbackRequest, FeedbackRequest.experience_id == city["lea_y"], FeedbackRequest.closed_at.is_(None))


EXTRA = {
    "role": "coordinator", "account_id": "x", "learner_id": "x", "organisation_id": "x", "joined_at": "2020-01-01T00:00:00Z",
    "trained_at": "2020-01-01T00:00:00Z", "accredited_at": "2020-01-01", "birth_year": "1950", "protection_chosen": "",
    "is_adult": "1", "display_name": "Reconnu", "identifier": "sofia", "email": "canary@example.org", "password_hash": "x",
}


@pytest.mark.promise("P8", "passport.organisations.rules:refusal_to_invite", "absent")
def test_fields_that_nobody_asked_for_change_nobody(app: Flask, city: Cast, browse: Any) -> None:
    """Fields added to a form (a role, a person, a date) change no account, no passport and no role."""
    def everybody() -> list[str]:
        with app.app_context():
            found = [repr(db.session.execute(sa.select(t)).all()) for t in (
                Account.__table__, Passport.__table__, Membership.__table__)]
            db.session.remove()
        return found

    before = everybody()
    tom, claire = browse("tom"), browse("claire")
    tom.post("/langue", {**EXTRA, "language": "fr", "next": "/menu"})
    tom.fill(f"/experience/{city['tom_x']}/modifier", **{**EXTRA, "title": "Autre"})
    tom.post(f"/experience/{city['tom_x']}/pour-moi", {**EXTRA, "for_me_only": "no"})
    claire.fill(f"/organisation/{city['library']}/inviter", **{**EXTRA, "role": "facilitator"})
    claire.fill(f"/organisation/role/{city['m_karim']}/verification", **{**EXTRA, "kind": "public_agent"})
    assert claire.post(f"/organisation/{city['library']}/inviter", {"role": "manager"}).status_code == 422
    assert browse("sofia").post(f"/organisation/{city['library']}/inviter", {"role": "coordinator"}).status_code == 422
    assert everybody() == before
