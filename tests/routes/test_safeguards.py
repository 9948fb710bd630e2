"""What reaches a protected learner, and what nobody who works with learners ever sees, over all pages at once."""

from __future__ import annotations

import ast
import datetime as dt
import io
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock, create_app
from passport.accounts.models import Account, Guardian, Passport, Session
from passport.experiences.models import Evidence
from passport.extensions import db
from passport.feedback import queries, service
from passport.feedback.models import AuthoredText, FeedbackRequest
from passport.organisations.models import Membership
from passport.refusals import Refusal, Refused
from passport.sharing.models import Share
from passport.transaction import transaction

from .. import build, pictures
from ..cast import Cast, make_cast
from ..conftest import NOON, test_settings
from ..reading import Reader, words
from ..signing import sign_for
from ..world import fill
from .test_feedback import DAY, ask, rows
from .test_registry import REGISTRY, City, address, methods

ROOT = Path(__file__).resolve().parents[2] / "passport"
ADULTS = {"facilitator", "witness", "manager", "coordinator"}
LEARNERS = ("lea", "tom", "youth")
WORKERS = ("karim", "nadia", "hugo", "claire")
READ: dict[str, dict[str, str]] = {}


# ---------- S1 ----------


def test_words_of_adults_to_one_learner_stand_in_one_table_and_four_places_write_it(app: Flask) -> None:
    """Static: a new column or a new way to write to a learner is noticed."""
    to_learners = {f"{table.name}.{column.name}" for table in db.metadata.tables.values() for column in table.columns
                   if column.info.get("author") in ADULTS and column.info.get("reader") in {"learner", "account", "grant"}}
    assert to_learners == {
        "authored_version.words", "authored_version.question", "authored_version.next_step",
        "testimony.witness_name", "testimony.relation",  # letters of a name; a relation from the list
    }
    ways = {"write_text", "AuthoredText", "AuthoredVersion"}
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py")}
    writers = {(name, function.name)
               for name, text in texts.items() if any(f"{way}(" in text for way in ways) and name != "rights/backup.py"  # it writes a manifest
               for function in ast.walk(ast.parse(text)) if isinstance(function, ast.FunctionDef)
               and any(isinstance(call, ast.Call) and (getattr(call.func, "attr", "") or getattr(call.func, "id", ""))
                       in ways for call in ast.walk(function))}
    assert writers == {
        ("feedback/service.py", "write_text"), ("feedback/service.py", "give_feedback"),
        ("recognition/recognising.py", "_write"), ("recognition/recognising.py", "text"),
        ("recognition/service.py", "withdraw"), ("witnesses/service.py", "answer"),
    }


@pytest.mark.promise("S1", "passport.feedback.rules:refusal_to_give")
def test_only_an_active_and_checked_facilitator_writes_to_a_protected_learner(app: Flask, cast: Cast) -> None:
    """Free words reach a protected learner only from an active, checked facilitator who was asked."""
    request = ask(app, cast, "tom_x", "m_karim", NOON - DAY)

    def given(**role: Any) -> Refusal | None:
        with app.app_context():
            try:
                with transaction():
                    held = queries.role_of(cast["m_karim"])
                    assert held is not None
                    service.give_feedback(db.session.get_one(FeedbackRequest, request), replace(held, **role), cast["karim"],
                                          service.FeedbackDraft("Tu as tenu bon.", None, None, uuid.uuid4()), NOON)
            except Refused as refused:
                return refused.refusal
            finally:
                db.session.remove()
        return None

    assert given(ended_at=NOON - DAY) is Refusal.NOT_FACILITATOR_NOW
    assert given(suspended_at=NOON - DAY) is Refusal.NOT_FACILITATOR_NOW
    assert given(checked_until=NOON.date()) is Refusal.CHECK_NEEDED
    assert given(minors_state="asked") is Refusal.CHECK_NEEDED
    assert rows(app, AuthoredText) == []
    assert given() is None
    assert len(rows(app, AuthoredText)) == 1


def test_a_title_that_minors_read_holds_no_way_to_call(app: Flask, cast: Cast, browse: Any) -> None:
    answer = browse("claire").fill(f"/organisation/{cast['library']}/inviter", role="facilitator",
                                   title="animateur 06 12 34 56 78")
    assert answer.status_code == 422
    assert "Retirer le numéro de téléphone" in words(answer)


# ---------- one city with canaries ----------


@pytest.fixture(scope="module")
def city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city in which every state stands, and what is nobody's business stands out; no test here may change it."""
    folder = tmp_path_factory.mktemp("canaries")
    shutil.copy(sqlite_template, folder / "t.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        app = create_app(test_settings(f"sqlite:///{folder / 't.db'}", folder))
        with app.app_context():
            cast = sign_for(fill(make_cast(NOON), NOON))
            with transaction():
                plant(cast)
            db.session.remove()
        yield City(app, cast, {name: Reader(app, cast, name) for name in (*LEARNERS, *WORKERS)})
        with app.app_context():
            db.engine.dispose()


CANARIES = ("canari-courriel", "canari-tel", "Canari-Club", "Canari-Boulangerie", "canari-parent", "Canari-Appareil",
            "canari-identifiant", "mai 2013", "05/2013", "2013", "13 ans")


def plant(cast: Cast) -> None:
    """Put something to be found in every field that nobody who works with learners sees."""
    elsewhere = build.organisation("Canari-Club", NOON)
    for name in LEARNERS:
        who, passport = db.session.get_one(Account, cast[name]), db.session.get_one(Passport, cast[name])
        who.email, who.email_confirmed_at = f"canari-courriel-{name}@example.org", NOON
        who.identifier, who.display_name = f"canari-identifiant-{name}", f"Canari-{name.title()}"
        who.last_active_on = dt.date(2026, 2, 17)
        if name != "lea":
            passport.birth_year, passport.birth_month = 2013, 5
        build.joined(who, elsewhere, NOON)
        db.session.add(Guardian(learner_id=who.id, way="email", capacity="parent", contact=f"canari-parent-{name}@example.org",
                                token_hash=uuid.uuid4().bytes * 2, asked_at=NOON, expires_at=NOON + 9 * DAY))
        db.session.add(Session(id_hash=uuid.uuid4().bytes * 2, account_id=who.id, created_at=NOON,
                               expires_at=NOON + DAY, device="Canari-Appareil", last_used_at=NOON))
    for share in db.session.scalars(sa.select(Share)):
        share.recipient_name = "Canari-Boulangerie"
    db.session.get_one(Account, cast["stranger"]).display_name = "Canari-Inconnue"


def crawled(city: City, person: str) -> dict[str, str]:
    """Open every closed page of the registry as this person, once; return what was answered, by address."""
    if person in READ:
        return READ[person]
    found = READ.setdefault(person, {})
    for endpoint, door in REGISTRY.items():
        if door.who is None or "GET" not in methods(city, endpoint):
            continue
        where = address(city, endpoint)
        body = city.browsers[person].get(where).get_data().decode("utf-8", "replace")
        found[where] = re.sub(r"<select\b.*?</select>", "", body, flags=re.S)  # every year stands in a list of years
    assert sum("<h1" in body for body in found.values()) > 40
    return found


def hits(pages: dict[str, str], what: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(where, canary) for where, body in pages.items() for canary in what if canary in body]


@pytest.mark.promise("S10", "passport.policy:is_theirs")
@pytest.mark.parametrize("person", WORKERS)
def test_who_works_with_learners_never_sees_more_than_was_sent(city: City, person: str) -> None:
    """Nobody who works with learners sees their address, birth, other organisations, links, consents or devices."""
    assert hits(crawled(city, person), CANARIES) == []


def test_the_canaries_are_there_for_those_whose_they_are(city: City) -> None:
    """Each would be found: a learner meets theirs on their own pages."""
    own = {canary for name in ("lea", "tom") for _where, canary in hits(crawled(city, name), CANARIES)}
    assert own >= {"canari-courriel", "canari-identifiant", "Canari-Boulangerie"}


@pytest.mark.promise("S12", "passport.policy:was_asked")
def test_no_page_lists_learners(city: City) -> None:
    """No page lists learners: one learner meets no other, and whoever works meets those alone who asked them."""
    names = {name: f"Canari-{name.title()}" for name in LEARNERS} | {"stranger": "Canari-Inconnue"}
    for person in ("lea", "tom"):
        others = tuple(name for of, name in names.items() if of != person)
        assert hits(crawled(city, person), others) == [], person
    met = {person: {canary for _where, canary in hits(crawled(city, person), tuple(names.values()))} for person in WORKERS}
    assert "Canari-Inconnue" not in set().union(*met.values())
    assert met["hugo"] == set()
    assert met["nadia"] == {"Canari-Lea"}


# ---------- S4b ----------


@pytest.mark.promise("S4b", "passport.policy:is_theirs")
def test_an_adult_can_never_send_a_file(app: Flask, lived: Cast, browse: Any) -> None:
    """Files flow from a learner into their own record only: an adult's upload is kept nowhere, at whatever address."""
    photo = pictures.saved(pictures.drawing())
    before = {e.id for e in rows(app, Evidence)}
    stored = sorted(p.name for p in Path(app.config["EVIDENCE_FOLDER"]).rglob("*") if p.is_file())
    for person in ("karim", "nadia", "claire"):
        reader = browse(person)
        for thing in ("lea_x", "tom_x", "youth_x"):
            answer = reader.client.post(f"/experience/{lived[thing]}/joindre", data={
                "submission": str(uuid.uuid4()), "file": (io.BytesIO(photo), "photo.png")})
            assert answer.status_code == 404
    answer = browse("nadia").client.post(f"/on-me-demande/{lived['request']}", data={
        "submission": str(uuid.uuid4()), "seen": "Tu as tenu bon.", "file": (io.BytesIO(photo), "photo.png")})
    assert answer.status_code == 303
    assert {e.id for e in rows(app, Evidence)} == before
    assert sorted(p.name for p in Path(app.config["EVIDENCE_FOLDER"]).rglob("*") if p.is_file()) == stored
    fields = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py")
              if "FileField(" in path.read_text(encoding="utf-8") and "demo" not in path.parts}
    assert fields == {"credentials/forms.py", "credentials/foreign_forms.py", "experiences/forms.py", "rights/forms.py"}
    assert rows(app, Membership)
