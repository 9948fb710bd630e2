"""The demo city: filled once, in the demo only, with every state of the story, and nothing forged."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from passport import clock
from passport.accounts import rules as age
from passport.accounts.models import Account, Passport
from passport.card.models import Card
from passport.columns import METADATA
from passport.demo import fill
from passport.experiences.models import Claim, Evidence, Experience, ExperienceLink, Reflection
from passport.experiences.rules import SECTORS, SETTINGS
from passport.extensions import db
from passport.feedback.models import AuthoredText, Feedback, FeedbackRequest
from passport.organisations import rules as checks
from passport.organisations import service as organisations
from passport.organisations.models import AskCode, Invitation, Joined, Membership, Organisation, Vetting
from passport.recognition.models import (
    Endorsement,
    NotYet,
    Permission,
    RecognitionRequest,
    RequestedCompetency,
)
from passport.safety.models import Report
from passport.seal import unseal
from passport.sharing.models import EditionItem, Share, ShareReading
from passport.sharing.rules import LAST_WEEK
from passport.witnesses.models import Testimony as Said
from passport.witnesses.models import WitnessInvitation
from tests.cast import Cast
from tests.conftest import NOON, House, both_databases
from tests.reading import Reader, words

SEVEN = {"lea": "lilas-bois-27", "tom": "cabane-neige-41", "ines": "radio-jardin-58", "karim": "livre-soleil-12",
         "nadia": "ballon-rivage-63", "claire": "plume-colline-35", "sofia": "place-horizon-19"}
OTHERS = {"farid": "stade-orange-74", "awa": "danse-comete-86", "hugo": "sifflet-nuage-22",
          "mathis": "moteur-citron-93", "samia": "recette-menthe-48"}


@dataclass
class City:
    """The filled city: its application, and the ids of its people by first name."""

    app: Flask
    people: Cast

    def browser(self, who: str | None) -> Reader:
        """Return the browser of one person, or of somebody without account."""
        return Reader(self.app, self.people, who)

    def page(self, who: str | None, address: str, status: int = 200) -> str:
        """Return what somebody reads at an address."""
        answer = self.browser(who).get(address)
        assert answer.status_code == status, f"{who} {address}: {answer.status_code} {words(answer)[:300]}"
        return words(answer)


def fill_city(app: Flask) -> Result:
    """Run the command as somebody does at a terminal."""
    return app.test_cli_runner().invoke(args=["demo", "fill"])


@pytest.fixture(scope="module")
def filled(house: House, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled SQLite file, to copy."""
    app = house.open(sqlite_template)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        assert fill_city(app).output == "demo city filled\n"
    with app.app_context():
        file = Path(str(db.engine.url.database))
    house.close(app)
    return Path(shutil.copy(file, tmp_path_factory.mktemp("filled") / "t.db"))


@pytest.fixture
def city(house: House, filled: Path, at: Any) -> Iterator[City]:
    """The filled city, at noon of the day it was filled."""
    app = house.open(filled)
    with app.app_context():
        ids = {key: db.session.scalars(sa.select(Account.id).where(Account.identifier == name)).one()
               for key, name in {**SEVEN, **OTHERS}.items()}
        db.session.remove()
    yield City(app, Cast(ids))
    house.close(app)


def rows(app: Flask) -> dict[str, int]:
    """Count the rows of every table."""
    with app.app_context():
        counted = {name: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                   for name, table in METADATA.tables.items()}
        db.session.remove()
    return counted


def count(model: Any, *which: sa.ColumnElement[bool]) -> int:
    """Count the rows of which all this is true."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*which)) or 0


# ---------- the command ----------


def test_it_says_what_it_did_and_does_nothing_the_second_time(city: City) -> None:
    before = rows(city.app)
    again = fill_city(city.app)
    assert again.exit_code == 0
    assert again.output == "demo city already filled\n"
    assert rows(city.app) == before


def test_it_refuses_outside_the_demo(app: Flask, at: Any) -> None:
    app.config.update(DEMO=False, TESTING=False)
    before = rows(app)
    done = fill_city(app)
    assert done.exit_code == 1
    assert "PASSPORT_ENV=demo" in done.output
    assert rows(app) == before


def test_what_fails_half_way_leaves_nothing(app: Flask, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(fill.Story, "withdraw", fail)
    before = rows(app)
    assert isinstance(fill_city(app).exception, RuntimeError)
    assert rows(app) == before


def test_it_costs_little_for_each_row(app: Flask, at: Any) -> None:
    """Whoever starts the demo waits for it: two statements for a row, and a few more."""
    asked: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        done = fill_city(app)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert done.output == "demo city filled\n"
    assert len(asked) <= 2.5 * sum(rows(app).values())


@both_databases
def test_it_fills_both_databases(app: Flask, at: Any) -> None:
    assert fill_city(app).output == "demo city filled\n"
    assert rows(app)["account"] == 63


@pytest.mark.parametrize("day", ["2025-01-01T00:30+01:00", "2026-03-29T03:30+02:00", "2026-11-30T23:50+01:00",
                                 "2028-02-29T08:00+01:00", "2031-07-01T00:05+02:00"])
def test_any_day_is_good_to_fill_it_and_everybody_keeps_their_age(app: Flask, at: Any, day: str) -> None:
    now = at(dt.datetime.fromisoformat(day))
    done = fill_city(app)
    assert done.output == "demo city filled\n", done.exception
    with app.app_context():
        people = db.session.execute(
            sa.select(Account.identifier, Passport).join(Passport, Passport.learner_id == Account.id)).all()
        bands = {name: age.band(p.birth_year, p.birth_month, clock.day_of(now)) for name, p in people}
    assert bands[SEVEN["tom"]] is age.Band.TEEN
    assert bands[OTHERS["awa"]] is age.Band.YOUTH
    assert {bands[name] for name in {*SEVEN.values(), *OTHERS.values()} - {SEVEN["tom"], OTHERS["awa"]}} == {age.Band.ADULT}
    assert Counter(bands.values()) == {age.Band.TEEN: 4, age.Band.YOUTH: 8, age.Band.ADULT: 51}


# ---------- every state ----------


def test_every_state_of_the_story_occurs(city: City) -> None:
    with city.app.app_context():
        outcome, read, stays = FeedbackRequest.outcome, Feedback.read_at.is_not(None), Feedback.withdrawn_at.is_(None)
        still = sa.and_(Share.revoked_at.is_(None), Share.expires_at > NOON)
        kept = Endorsement.accepted_at.is_not(None)
        permitted = sa.exists().where(Permission.endorsement_id == Endorsement.id, Permission.ended_at.is_(None))
        decided = sa.or_(kept, Endorsement.declined_at.is_not(None))
        asked = sa.exists().where(RecognitionRequest.id == RequestedCompetency.request_id,
                                  RecognitionRequest.closed_at.is_(None))
        in_force = sa.exists().where(Vetting.membership_id == Membership.id, Vetting.revoked_at.is_(None),
                                     Vetting.expires_on > clock.today())
        ever = sa.exists().where(Vetting.membership_id == Membership.id)
        facilitator, manager = Membership.role == "facilitator", Membership.role == "manager"
        states = {
            "waiting for somebody": count(FeedbackRequest, outcome.is_(None), FeedbackRequest.facilitator_id.is_not(None)),
            "lapsed": count(FeedbackRequest, outcome == "lapsed"),
            "given to one of the team": count(FeedbackRequest, FeedbackRequest.assigned_at.is_not(None)),
            "words reported": count(Report, Report.proposed_at.is_(None)),
            "end of a case proposed": count(Report, Report.proposed_at.is_not(None), Report.decided_at.is_(None)),
            "report closed": count(Report, Report.decided_at.is_not(None)),
            "waiting for a team": count(FeedbackRequest, outcome.is_(None), FeedbackRequest.facilitator_id.is_(None)),
            "cancelled": count(FeedbackRequest, outcome == "cancelled"),
            "cannot": count(FeedbackRequest, outcome == "cannot"),
            "recognition cancelled": count(RecognitionRequest, RecognitionRequest.outcome == "cancelled"),
            "recognition not possible": count(RecognitionRequest, RecognitionRequest.outcome == "cannot"),
            "kept no longer": count(Endorsement, Endorsement.set_aside_at.is_not(None)),
            "permission ended": count(Permission, Permission.ended_at.is_not(None), sa.exists().where(
                Endorsement.id == Permission.endorsement_id, Endorsement.withdrawn_at.is_(None))),
            "answered, unread": count(Feedback, ~read),
            "read": count(Feedback, read, stays, Feedback.replied_at.is_(None)),
            "read, then taken back": count(Feedback, read, ~stays),
            "reply taken back": count(Feedback, Feedback.reply_withdrawn_at.is_not(None)),
            "replied": count(Feedback, Feedback.reply.is_not(None)),
            "somebody without account asked": count(
                WitnessInvitation, WitnessInvitation.used_at.is_(None), WitnessInvitation.revoked_at.is_(None),
                WitnessInvitation.expires_at > NOON),
            "their link cancelled": count(WitnessInvitation, WitnessInvitation.revoked_at.is_not(None)),
            "their link ended": count(WitnessInvitation, WitnessInvitation.used_at.is_(None),
                                      WitnessInvitation.expires_at <= NOON),
            "somebody without account read": count(Said, Said.read_at.is_not(None)),
            "somebody without account unread": count(Said, Said.read_at.is_(None)),
            "their words in a link": count(EditionItem, EditionItem.kind == "testimony"),
            "asked": count(RequestedCompetency, asked),
            "offered": count(Endorsement, ~decided),
            "kept": count(Endorsement, kept, ~permitted, Endorsement.withdrawn_at.is_(None),
                          Endorsement.set_aside_at.is_(None)),
            "permitted": count(Endorsement, kept, permitted),
            "declined": count(Endorsement, Endorsement.declined_at.is_not(None)),
            "withdrawn": count(Endorsement, Endorsement.withdrawn_at.is_not(None)),
            "not yet": count(NotYet),
            "link open": count(Share, still),
            "link in its last week": count(Share, still, Share.expires_at <= NOON + LAST_WEEK),
            "link extended": count(Share, still, Share.extended_at.is_not(None)),
            **{f"{kind} beside": count(Evidence, Evidence.kind == kind) for kind in ("photo", "document", "link")},
            "links that show what stands beside": db.session.scalar(sa.select(
                sa.func.count(sa.distinct(EditionItem.edition_id))).where(EditionItem.kind == "evidence")),
            "link closed": count(Share, Share.revoked_at.is_not(None)),
            "link expired": count(Share, Share.revoked_at.is_(None), Share.expires_at <= NOON),
            "days of opening": count(ShareReading),
            "deleted, may come back": count(Experience, Experience.deleted_at.is_not(None)),
            "for me only": count(Experience, Experience.for_me_only),
            "passed on": count(Experience, Experience.passed_on),
            "of a kind": count(Experience, Experience.kind.is_not(None)),
            "what one keeps of it": count(Reflection),
            "led to another": count(ExperienceLink),
            "accredited": count(Organisation, Organisation.accredited_at.is_not(None)),
            "not accredited": count(Organisation, Organisation.accredited_at.is_(None)),
            "suspended": count(Organisation, Organisation.suspended_at.is_not(None)),
            "welcome of minors asked for": count(Organisation, Organisation.minors_state == "asked"),
            "role ended": count(Membership, Membership.ended_at.is_not(None)),
            "checked": count(Membership, facilitator, in_force),
            "check expired": count(Membership, facilitator, Membership.ended_at.is_(None), ~in_force, ever),
            "facilitator never checked": count(Membership, facilitator, ~ever),
            "never checked": count(Membership, manager, ~ever),
            "reads to protect": count(Membership, Membership.is_safeguarding_reader),
            "reads along": count(Membership, Membership.co_reader_id.is_not(None)),
            "check ends soon": count(Vetting, Vetting.revoked_at.is_(None), Vetting.expires_on > NOON.date(),
                                     Vetting.expires_on <= NOON.date() + dt.timedelta(days=60)),
            "invitation open": count(Invitation, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None),
                                     Invitation.expires_at > NOON),
            "invitation revoked": count(Invitation, Invitation.revoked_at.is_not(None)),
            "invitation ended": count(Invitation, Invitation.used_at.is_(None), Invitation.expires_at <= NOON),
            "joined": count(Joined, Joined.closed_at.is_(None)),
            "code « Demandez-moi »": count(AskCode, AskCode.closed_at.is_(None)),
            "card": count(Card, Card.closed_at.is_(None)),
            "card that opens a link": count(Card, Card.closed_at.is_(None), Card.opens_until > NOON),
            "card replaced": count(Card, Card.closed_for == "lost"),
        }
    assert states == {
        "waiting for somebody": 15, "lapsed": 1, "given to one of the team": 1, "words reported": 1, "end of a case proposed": 1,
        "report closed": 1, "waiting for a team": 4, "cancelled": 1, "cannot": 1, "recognition cancelled": 1,
        "recognition not possible": 1, "kept no longer": 1, "permission ended": 1, "answered, unread": 4, "read": 4,
        "replied": 18, "read, then taken back": 1, "reply taken back": 1, "link in its last week": 1, "link extended": 1,
        "photo beside": 2, "document beside": 1, "link beside": 1, "links that show what stands beside": 2,
        "somebody without account asked": 1, "their link cancelled": 1, "their link ended": 1,
        "somebody without account read": 3, "somebody without account unread": 2, "their words in a link": 2,
        "asked": 4, "offered": 3, "kept": 4, "permitted": 11, "declined": 1, "withdrawn": 1, "not yet": 2,
        "link open": 10, "link closed": 1, "link expired": 2, "days of opening": 15, "deleted, may come back": 1,
        "for me only": 10, "passed on": 3, "of a kind": 10, "what one keeps of it": 3, "led to another": 4,
        "accredited": 8, "not accredited": 1, "suspended": 1, "welcome of minors asked for": 1, "role ended": 1,
        "checked": 9, "check expired": 2, "facilitator never checked": 3, "never checked": 2, "reads to protect": 5, "reads along": 1, "check ends soon": 1, "invitation open": 2,
        "invitation revoked": 1, "invitation ended": 1, "joined": 44, "code « Demandez-moi »": 14, "card": 6,
        "card that opens a link": 2, "card replaced": 1,
    }


def test_the_city_is_lively(city: City) -> None:
    with city.app.app_context():
        houses = db.session.execute(sa.select(Organisation.sector, Organisation.accredited_at).where(
            Organisation.kind != "city")).all()
        assert len(houses) == 8
        assert {sector for sector, accredited in houses if accredited} == set(SECTORS)
        learners = db.session.scalar(sa.select(sa.func.count(sa.distinct(Experience.learner_id)))) or 0
        assert learners >= 40
        facilitators = sa.select(sa.func.count(sa.distinct(Membership.account_id))).where(
            Membership.role == "facilitator", Membership.ended_at.is_(None))
        assert (db.session.scalar(facilitators) or 0) >= 12
        assert set(db.session.scalars(sa.select(Experience.setting).distinct())) - {None} == set(SETTINGS)
        assert (db.session.scalar(sa.select(sa.func.count(sa.distinct(Claim.competency_id)))) or 0) >= 60
        sizes = db.session.execute(sa.select(sa.func.count()).select_from(Experience).group_by(Experience.learner_id))
        assert {1, 6} <= {size for (size,) in sizes}


def test_nobody_can_be_called_or_written_to() -> None:
    data = fill.written()
    for line in data["organisations"]:
        assert re.fullmatch(r"(01 99 00|04 65 71)( \d\d){2}", line["phone"]), line["phone"]
    addresses = [line["email"] for part in ("organisations", "people") for line in data[part] if line["email"]]
    assert all(address.endswith("@example.org") for address in addresses)
    for name in (fill.DATA, fill.MORE):
        text = name.read_text(encoding="utf-8")
        assert set(re.findall(r"@([\w.-]+)", text)) <= {"example.org"}
        assert all(address.endswith(".example") for address in re.findall(r"https?://([^/\"]+)", text))
        assert not [n for n in re.findall(r"\d\d(?: \d\d){4}", text) if not n.startswith(("01 99 00", "04 65 71"))]


def test_every_key_and_sign_in_name_is_its_own_and_every_name_hides_the_family_name() -> None:
    data = fill.written()
    for part in ("organisations", "people", "experiences", "feedback", "witnesses", "shares"):
        keys = [line["key"] for line in data[part]]
        assert len(keys) == len(set(keys)), part
    for name in ("identifier", "display_name"):
        assert len({line[name] for line in data["people"]}) == len(data["people"])
    assert all(re.fullmatch(r"[^\W\d_]+ [A-Z]\.", line["display_name"]) for line in data["people"])


def test_nothing_lies_ahead_and_words_arrived_when_they_were_written(city: City) -> None:
    with city.app.app_context():
        ahead = {"closes_at", "due_at", "expires_at", "opens_until", "run_at"}
        for table in METADATA.tables.values():
            for column in table.columns:
                if column.name.endswith(("_at", "_until")) and column.name not in ahead:
                    latest = db.session.scalar(sa.select(sa.func.max(column)))
                    assert not isinstance(latest, dt.datetime) or latest <= NOON, f"{column}: {latest}"
        assert count(AuthoredText, AuthoredText.deliver_after != AuthoredText.written_at) == 0


def test_checks_followed_one_another_each_seen_by_somebody_else_for_a_year_at_most(city: City) -> None:
    with city.app.app_context():
        seen: dict[uuid.UUID, list[Vetting]] = {}
        for check in db.session.scalars(sa.select(Vetting).order_by(Vetting.checked_on)):
            seen.setdefault(check.membership_id, []).append(check)
            assert check.recorded_by_id != check.account_id
            assert check.expires_on <= checks.latest_end(check.checked_on)
        year_ago = NOON - dt.timedelta(days=365)
        since = {m.id: m.joined_at for m in db.session.scalars(sa.select(Membership))}
        lasting = {key for key, chain in seen.items() if chain[-1].expires_on > clock.today()}
        assert {key for key in lasting if len(seen[key]) == 1} == {key for key in lasting if since[key] > year_ago}
        assert {len(chain) for key, chain in seen.items() if key not in lasting} == {1}
        for chain in seen.values():
            for before, after in pairwise(chain):
                assert before.checked_on < after.checked_on <= before.expires_on


# ---------- the people and their pages ----------


def test_the_seven_sign_in_with_their_e_mail_or_their_sign_in_name(city: City) -> None:
    for who, identifier in SEVEN.items():
        for name in (f"{who}@example.org", identifier):
            answer = city.browser(None).fill("/ouvrir", name=name, passphrase=age.DEMO_PASSPHRASE)
            assert answer.status_code == 303, f"{name}: {words(answer)[:300]}"
    with city.app.app_context():
        assert count(Account, Account.email_confirmed_at.is_not(None)) == 7


def test_lea_is_in_the_middle_of_everything(city: City) -> None:
    passport = city.page("lea", "/passeport")
    assert "Nadia vous a répondu" in passport
    assert "Karim reconnaît 2 compétences" in passport
    assert "Reconnu par Karim B., animateur, au nom de la Médiathèque Mandela" in passport
    assert "Pour moi" in passport
    shown = city.page("lea", "/montrer")
    assert "Elle ouvre « Boulangerie Martin »" in shown
    assert "Ouvert 2 fois, dernier jour : 12 novembre." in shown


def test_tom_waits_keeps_and_decides_with_a_parent(city: City) -> None:
    assert "Demandé à Nadia le 19 novembre" in city.page("tom", "/echanges")
    assert "Elle n’ouvre rien" in city.page("tom", "/montrer")
    decided = city.page("tom", "/a-deux")
    assert "Oui, jusqu’au" in decided
    assert "Demandé. La réponse peut venir jusqu’au" in decided
    assert "Avant 15 ans" not in city.page("tom", "/montrer/choisir")
    with city.app.app_context():
        request_id = db.session.scalars(
            sa.select(Endorsement.request_id).where(Endorsement.learner_id == city.people["tom"])).one()
    assert "Avant 15 ans, montrer se décide à deux" in city.page("tom", f"/competences/{request_id}")


def test_ines_has_links_in_each_state(city: City) -> None:
    shown = city.page("ines", "/montrer")
    for name in ("Les Ondes d’Alpha", "Mon dossier de master", "Jury de la licence"):
        assert name in shown


def test_ines_extends_a_link_in_its_last_week(city: City) -> None:
    assert "Centre de loisirs des Lilas" in city.page("ines", "/montrer")
    assert city.page("ines", "/montrer").count("Prolonger") == 1


def test_karim_finds_what_he_answered_and_took_back(city: City) -> None:
    asked = city.page("karim", "/on-me-demande")
    mine = asked[asked.index("Mes retours de ces 30 jours"):]
    assert re.findall(r"(Léa|Inès) [MD]\.", mine) == ["Léa", "Inès"]
    assert mine.count("Retiré") == 1
    with city.app.app_context():
        taken = db.session.scalars(sa.select(Feedback).where(Feedback.withdrawn_at.is_not(None))).one()
        said = db.session.scalars(sa.select(Feedback).where(Feedback.reply_withdrawn_at.is_not(None))).one()
        key, kept = taken.id, (said.learner_id, said.id)
    assert "Karim a retiré son retour." in city.page("ines", f"/retour/{key}")
    assert kept[0] not in {city.people[who] for who in (*SEVEN, *OTHERS)}


def test_a_document_of_ines_opens_for_whoever_has_her_link(city: City) -> None:
    with city.app.app_context():
        link = unseal(db.session.scalars(
            sa.select(Share.token_sealed).where(Share.recipient_name == "Les Ondes d’Alpha")).one())
    page = city.browser(None).get(f"/s/{link}").get_data(as_text=True)
    assert "Le conducteur de l’émission" in page
    there = re.findall(rf'href="(/s/{link}/pieces/[^"?]+)"', page)
    assert len(set(there)) == 1
    file = city.browser(None).get(there[0])
    assert file.mimetype == "application/pdf"
    with pikepdf.open(io.BytesIO(file.data)) as kept:
        typed = kept.pages[0].Contents.read_bytes()
    assert "La première question : pourquoi ce nom ?".encode("cp1252").hex().encode() in typed


def test_what_one_makes_of_an_experience_is_there(city: City) -> None:
    with city.app.app_context():
        keys = {x.title: x.id for x in db.session.scalars(sa.select(Experience)) if x.learner_id in {
            city.people[who] for who in ("lea", "ines", "awa", "samia")}}
        civic = {x.learner_id: x.id for x in db.session.scalars(sa.select(Experience).where(
            Experience.setting == "civic_service"))}
    lea = city.page("lea", f"/experience/{civic[city.people['lea']]}")
    assert "Thème de la mission Solidarité" in lea
    assert lea.index("J’ai transmis : la souris") < lea.index("À quoi j’ai contribué, et pour qui")
    path = city.page("ines", f"/experience/{keys['J’aide des collégiens aux devoirs']}/chemin")
    assert "vient de 1. J’ai fait mon service civique à la médiathèque" in path
    assert "m’a mené à 3. J’ai passé mon unité" in path
    assert "Reconnu sur le texte du" in city.page("ines", f"/experience/{civic[city.people['ines']]}")
    hours = city.page("ines", "/mes-heures")
    assert hours.count("Médiathèque Mandela") == 3
    assert hours.count("Radio Lilas") == 2
    assert "Session générale, finie le 21 août 2026" in city.page("awa", f"/experience/{keys['Je passe mon BAFA']}")
    assert "Pour moi" in city.page("samia", f"/experience/{keys['Ma vie à la retraite']}")


def test_ines_waits_for_somebody_without_account_and_awa_was_answered(city: City) -> None:
    waiting = city.page("ines", "/echanges")
    assert "Demandé à quelqu’un sans compte le 21 novembre" in waiting
    assert "Une personne qui était là vous a répondu" in city.page("awa", "/passeport")
    with city.app.app_context():
        key = db.session.scalars(sa.select(Said.experience_id).where(Said.learner_id == city.people["awa"])).one()
        token = unseal(db.session.scalars(sa.select(WitnessInvitation.token_sealed).where(
            WitnessInvitation.learner_id == city.people["ines"])).one())
    assert "Vu par M. Benali, dans le public ce jour-là" in city.page("awa", f"/experience/{key}")
    assert "Inès" in city.page(None, f"/t/{token}")


def test_karim_and_nadia_are_asked(city: City) -> None:
    asked = city.page("karim", "/on-me-demande")
    names = ["Sylvie Q.", "Mariam T.", "Noé B.", "Samia K.", "Ibrahim C.", "Mathis P."]
    assert sorted(names, key=asked.index) == names
    asked = city.page("nadia", "/on-me-demande")
    assert asked.index("Tom R.") < asked.index("Awa S.")
    assert "Retirée le 25 septembre" in city.page("karim", "/registre")


def test_the_responsible_people_see_their_organisations(city: City) -> None:
    with city.app.app_context():
        house = {o.name: o.id for o in db.session.scalars(sa.select(Organisation))}
    library = city.page("claire", f"/organisation/{house['Médiathèque Mandela']}")
    assert "Zoé, qui arrive bientôt" in library
    for name in ("Karim B.", "Élodie M.", "Bruno T.", "Aminata D."):
        assert name in library
    assert "Vérification à refaire, terminée le 17 mars 2026." in library
    assert "Aucune vérification" in library
    assert "Awa S." in city.page("claire", f"/organisation/{house['Médiathèque Mandela']}/demandes")
    club = city.page("farid", f"/organisation/{house['AS Gauthière']}")
    assert "Vérification à refaire, terminée le 17 octobre 2026." in club
    town = city.page("sofia", "/ville")
    assert "Agrément suspendu" in town
    assert town.index("À agréer") < town.index("Comité de quartier Gauthière") < town.index("Agréées")


def test_the_codes_on_the_walls_work(city: City) -> None:
    with city.app.app_context():
        club = db.session.scalars(sa.select(Organisation).where(Organisation.name == "AS Gauthière")).one()
        code = organisations.join_code(club)
        karim = db.session.scalars(sa.select(Membership).where(Membership.account_id == city.people["karim"])).one()
        token = organisations.ask_token(karim)
    assert "AS Gauthière" in city.page("mathis", f"/rejoindre/{code}")
    assert "Karim B." in city.page("mathis", f"/d/{token}")


def test_readers_find_what_each_link_and_card_opens(city: City) -> None:
    with city.app.app_context():
        links = {s.recipient_name: unseal(s.token_sealed) for s in db.session.scalars(sa.select(Share))}
        cards = {(c.learner_id, c.closed_for): unseal(c.token_sealed) for c in db.session.scalars(sa.select(Card))}
    baker = city.page(None, f"/s/{links['Boulangerie Martin']}")
    assert "Je cherche un apprentissage au contact des gens." in baker
    assert "Reconnu par Karim B., animateur, au nom de la Médiathèque Mandela" in baker
    assert "Raconté par Léa M." in baker
    assert "Vu par Mme Petit, voisine" in baker
    city.page(None, f"/s/{links['Mission locale']}", 410)
    city.page(None, f"/s/{links['Jury de la licence']}", 410)
    master = city.page(None, f"/s/{links['Mon dossier de master']}")
    assert "J’aide quelqu’un à apprendre" in master
    assert "encadrait ces soirs-là" not in master
    assert "Léa M." in city.page(None, f"/c/{cards[city.people['lea'], None]}")
    assert "Tom" not in city.page(None, f"/c/{cards[city.people['tom'], None]}")
    city.page(None, f"/c/{cards[city.people['ines'], 'lost']}", 410)


def test_readers_are_told_of_a_completed_story_only_where_it_was(city: City) -> None:
    with city.app.app_context():
        links = {s.recipient_name: unseal(s.token_sealed) for s in db.session.scalars(sa.select(Share))}
    baker = city.page(None, f"/s/{links['Boulangerie Martin']}")
    assert "rien n’a été changé depuis" in baker
    assert "le récit a été complété depuis" not in baker
    assert city.page(None, f"/s/{links['Mon dossier de master']}").count("le récit a été complété depuis") == 2


@pytest.mark.parametrize("who", [*SEVEN, *OTHERS])
def test_everybody_can_open_their_main_pages(city: City, who: str) -> None:
    for address in ("/passeport", "/ajouter", "/echanges", "/montrer", "/carte", "/menu", "/rejoindre", "/aide"):
        city.page(who, address)


MONTHS = ("janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
          "|January|February|March|April|May|June|July|August|September|October|November|December")


@pytest.mark.parametrize("who", ["lea", "karim", "claire"])
def test_no_day_is_cut_from_its_month(city: City, who: str) -> None:
    browser, cut, days = city.browser(who), [], 0
    start = "/passeport", "/echanges", "/montrer", "/menu", "/registre"
    found = {a for page in start for a in re.findall(r'href="(/[^"?]+)"', browser.get(page).get_data(as_text=True))}
    for address in sorted({*start, *found} - {a for a in found if a.startswith("/static")}):
        body = browser.get(address).get_data(as_text=True)
        days += len(re.findall(rf"\d\u00a0(?:{MONTHS})", body))
        cut += [(address, words) for words in re.findall(rf"\d(?:er)? (?:{MONTHS})", body)]
    assert days
    assert cut == []
