"""What the city decided: noted by hand with who and why, obeyed everywhere at once, and readable by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport import choices
from passport.accounts.models import Account, Decision, Setting
from passport.audit.models import AuditEvent
from passport.city import service
from passport.city.opening import Undecided, at_start
from passport.extensions import db
from passport.organisations.models import AcceptedCharter
from passport.recognition.models import EndorserName
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import fields, words
from tests.routes.test_sharing import prepare, recognised

WHO, WHY = "Mme Roux, maire", "Avis de la DPO du 3 novembre."


def decide(app: Flask, **chosen: str) -> None:
    """Let the city decide; an underscore stands for the dot of a key."""
    with app.app_context(), transaction():
        for key, value in chosen.items():
            service.decide(key.replace("_", ".", 1), value, WHO, WHY, NOON)


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app
        db.session.remove()


def run(app: Flask, *args: str) -> Any:
    return app.test_cli_runner().invoke(args=["settings", *args])


@both_databases
def test_a_decision_is_kept_with_who_when_and_why_and_so_is_the_one_before(inside: Flask, cast: Cast) -> None:
    for value in ("14", "15"):
        said = run(inside, "decide", "age.youngest", value, "--by", WHO, "--reason", WHY)
        assert said.exit_code == 0, said.output
    kept = db.session.get_one(Setting, "age.youngest")
    assert (kept.value, kept.decided_by, kept.decided_on, kept.reason) == ("15", WHO, NOON.date(), WHY)
    found = db.session.scalars(sa.select(Decision).order_by(Decision.id)).all()
    assert [d.value for d in found] == ["14", "15"]
    told = db.session.scalars(sa.select(AuditEvent.object_ref).where(AuditEvent.action == "city.decide")).all()
    assert told == [d.id for d in found]
    for statement in ("UPDATE decision SET value = '9'", "DELETE FROM decision"):
        with pytest.raises(sa.exc.DatabaseError):
            db.session.execute(sa.text(statement))
        db.session.rollback()


@pytest.mark.parametrize(("words", "said"), [
    (("age.youngest", "11", "--by", WHO, "--reason", WHY), "protège moins"),
    (("age.youngest", "onze", "--by", WHO, "--reason", WHY), "ne va pas avec ce réglage"),
    (("age.oldest", "11", "--by", WHO, "--reason", WHY), "n’existe pas"),
    (("age.youngest", "14", "--by", " ", "--reason", WHY), "Dire qui a décidé"),
    (("age.youngest", "14", "--by", WHO), "--reason"),
])
def test_what_cannot_be_decided_is_said_and_changes_nothing(inside: Flask, words: tuple[str, ...], said: str) -> None:
    answer = run(inside, "decide", *words)
    assert answer.exit_code != 0
    assert said in answer.output
    assert db.session.scalars(sa.select(Setting)).all() == []


def test_the_list_says_what_was_never_decided(inside: Flask, cast: Cast) -> None:
    decide(inside, age_youngest="14")
    lines = run(inside, "list").output.splitlines()
    assert any("age.youngest = 14" in line and WHO in line for line in lines)
    assert sum("never decided" in line for line in lines) == len(choices.CHOICES) - 1
    assert sum("held by the program" in line for line in lines) == len(choices.HELD)


def test_everybody_reads_what_was_decided_and_the_coordination_what_waits(
    app: Flask, cast: Cast, browse: Any, client: FlaskClient
) -> None:
    decide(app, age_youngest="14", basis="task")
    public = words(client.get("/ce-que-la-ville-a-decide"))
    assert "14 ans" in public
    assert f"Décidé le 24 novembre 2026 par {WHO} : {WHY}" in public
    assert "Personne n’est obligé d’avoir un passeport." in public
    own = words(browse("sofia").get("/ville/choix"))
    left = sum(c.needed for c in choices.CHOICES.values()) - 1
    assert f"il reste {left} choix à faire" in own
    assert "age.youngest" in own
    assert "age.youngest" not in public


def test_what_stands_past_a_floor_by_hand_is_nowhere_obeyed(app: Flask, cast: Cast, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        db.session.add(Setting(key="age.youngest", value="9"))
    assert "13 ans" in words(client.get("/ce-que-la-ville-a-decide"))
    answer = sign_up(client, 2016)
    assert "Le passeport s’ouvre à 13 ans." in words(answer)


def sign_up(client: FlaskClient, year: int) -> Any:
    form = fields(client.get("/creer"))
    return client.post("/creer", data={**form, "display_name": "Noé", "age": "minor", "birth_month": "3",
                                       "birth_year": str(year)})


def test_the_age_the_city_chose_is_obeyed_and_said(app: Flask, cast: Cast, client: FlaskClient) -> None:
    decide(app, age_youngest="14")
    assert "Le passeport s’ouvre à 14 ans." in words(sign_up(client, 2013))
    decide(app, age_youngest="12", basis="consent")
    assert "Le passeport s’ouvre à 15 ans." in words(sign_up(client, 2012))
    decide(app, basis="task")
    assert sign_up(client, 2014).status_code == 303


def test_a_year_is_offered_to_adults_once_the_city_opened_it(app: Flask, cast: Cast, browse: Any) -> None:
    lea, youth = browse("lea"), browse("youth")
    lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])]})
    assert lea.fill("/montrer/pour-qui", recipient_name="Club", months="12").status_code == 422
    decide(app, links_longest="12")
    shown = prepare(lea, [cast["lea_x"]], months="12")
    assert "Ouvert jusqu’au 24 novembre 2027" in words(shown)
    assert lea.post("/montrer/apercu", fields(shown)).status_code == 303
    youth.post("/montrer/choisir", {"experiences": [str(cast["youth_x"])]})
    assert youth.fill("/montrer/pour-qui", recipient_name="Club", months="12").status_code == 422


def test_a_check_is_proposed_to_the_day_the_city_chose(app: Flask, cast: Cast, browse: Any) -> None:
    decide(app, checks_common_day="06-30")
    page = browse("claire").get(f"/organisation/role/{cast['m_karim']}/verification").get_data(as_text=True)
    assert 'value="2027-06-30"' in page


def test_an_organisation_keeps_the_criminal_record_itself_where_the_city_said_so(
    app: Flask, cast: Cast, browse: Any
) -> None:
    with app.app_context(), transaction():
        house = build.organisation("Les Amis du Livre", NOON)
        who = db.session.get_one(Account, cast["stranger"])
        member = build.membership(who, house, "facilitator", NOON).id
    sofia, address = browse("sofia"), f"/organisation/role/{member}/verification"
    sent = {"kind": "record_and_declaration", "checked_on": "2026-11-24", "expires_on": "2027-10-31"}
    decide(app, checks_record="no")
    refused = sofia.post(address, sent)
    assert refused.status_code == 422, words(refused)
    decide(app, checks_record="yes")
    assert sofia.post(address, sent).status_code == 303


def test_whoever_recognises_is_named_as_the_city_chose(app: Flask, cast: Cast) -> None:
    decide(app, endorsers_name="initials")
    with app.app_context():
        (first,) = recognised(cast)
        assert db.session.get_one(EndorserName, first).name_form == "K. B."
        db.session.remove()


@pytest.mark.promise("S13", "passport.choices:refusal_of")
def test_help_numbers_and_reading_hours_are_those_the_city_confirmed(
    app: Flask, cast: Cast, browse: Any, client: FlaskClient
) -> None:
    """Numbers to call and the hours when reports are read come from the city's settings; none is official before it says so."""
    for address in ("/aide", "/parents", "/mes-droits"):
        assert "La Ville doit encore confirmer ces numéros." in words(client.get(address)), address
    decide(app, help_child="119", help_police="17", help_europe="112", help_sms="114", help_crip="04 65 71 00 99",
           reports_opens="8", reports_closes="17")
    for address in ("/aide", "/parents", "/mes-droits"):
        page = words(client.get(address))
        assert "Pour un enfant : le 119." in page, address
        assert "confirmer ces numéros" not in page, address
    assert "la cellule du département (04 65 71 00 99)" in words(client.get("/accompagner"))


# ---------- the start of a server ----------


def test_a_server_says_what_was_never_decided_and_lets_no_minor_in_before(app: Flask, cast: Cast) -> None:
    """MINORS=on without what the law leaves to the city stops a server, and switches minors off for a command at a terminal."""
    app.config["MINORS"] = True
    with pytest.raises(Undecided, match=r"basis.*help\.child.*reports\.opens"):
        at_start(app, serves=True)
    said = at_start(app, serves=False)
    assert not app.config["MINORS"]
    assert any("age.youngest" in line for line in said)
    assert any("MINORS=on waits" in line for line in said)


def test_minors_come_in_once_the_city_has_decided(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction():
        for key, choice in choices.CHOICES.items():
            if choice.needed:
                service.decide(key, choice.default or ("04 65 71 00 99" if choice.kind == "phone" else "Oui."), WHO, WHY, NOON)
    app.config["MINORS"] = True
    said = at_start(app, serves=True)
    assert app.config["MINORS"]
    assert len(said) == 1
    assert "basis" not in said[0]
    assert "age.youngest" in said[0]


def test_a_server_before_its_first_migration_says_so(tmp_path: Any) -> None:
    from passport import create_app
    from tests.conftest import test_settings

    empty = create_app(test_settings(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path, MINORS=True))
    with pytest.raises(Undecided):
        at_start(empty, serves=True)
    assert any("could not be read" in line for line in at_start(empty, serves=False))


# ---------- the accreditation charter ----------


@both_databases
def test_the_responsible_person_accepts_the_charter_once_and_it_is_kept(app: Flask, cast: Cast, browse: Any) -> None:
    claire, sofia = browse("claire"), browse("sofia")
    address = f"/organisation/{cast['library']}"
    assert "Charte d’agrément : à accepter" in words(sofia.get(address))
    assert sofia.get(f"{address}/charte").status_code == 404
    for _twice in range(2):
        assert claire.fill(f"{address}/charte").status_code == 303
    with app.app_context():
        (kept,) = db.session.scalars(sa.select(AcceptedCharter)).all()
        assert (kept.version, kept.membership_id, kept.accepted_at) == ("2026-11", cast["m_claire"], NOON)
        with pytest.raises(sa.exc.DatabaseError):
            db.session.execute(sa.text("UPDATE accepted_charter SET version = '2030-01'"))
        db.session.rollback()
        db.session.remove()
    assert "Charte d’agrément acceptée le 24 novembre 2026 par Claire" in words(sofia.get(address))


def test_what_an_organisation_accepts_is_read_by_anybody(client: FlaskClient) -> None:
    page = words(client.get("/charte-d-agrement"))
    assert "Personne n’est obligé d’avoir un passeport" in page
    assert "Version 2026-11" in page
