"""Pages cost the same at any size: their statements stand in tests/sql/, at most eight, equal for a few rows and for many.

`make sql` (PASSPORT_WRITE_SQL=1) writes the files anew; the diff is reviewed by people.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock, create_app
from passport.experiences.models import Experience, ExperienceLink
from passport.extensions import db
from tests import build, world
from tests.cast import Cast, make_cast
from tests.conftest import NOON, test_settings
from tests.reading import Reader
from tests.signing import sign_for

FOLDER = Path(__file__).resolve().parents[1] / "sql"
MOST = 8
PAGES = {
    "experiences.passport": ("lea", "/passeport"),
    "experiences.experience": ("lea", "/experience/{lea_x}"),
    "experiences.kept": ("lea", "/experience/{lea_x}/gardee"),
    "experiences.can_do": ("lea", "/experience/{lea_x}/savoir-faire"),
    "learning.path": ("lea", "/experience/{lea_x}/chemin"),
    "learning.link": ("lea", "/experience/{lea_x}/chemin/ajouter"),
    "learning.reflect": ("lea", "/experience/{lea_x}/ce-que-j-en-retire"),
    "learning.my_hours": ("lea", "/mes-heures"),
    "learning.compare": ("lea", "/experience/{lea_x}/comparer/{revision}"),
    "elsewhere.received": ("lea", "/recu-ailleurs"),
    "elsewhere.add": ("lea", "/recu-ailleurs/ajouter"),
    "elsewhere.one": ("lea", "/recu-ailleurs/{received}"),
    "rights.mine": ("lea", "/mes-donnees"),
    "rights.take": ("lea", "/mes-donnees/emporter"),
    "rights.bring": ("lea", "/mes-donnees/apporter"),
    "rights.brought": ("lea", "/experience/{lea_y}/apporte"),
    "rights.name": ("lea", "/mes-donnees/nom"),
    "evidence.add": ("lea", "/experience/{lea_x}/joindre"),
    "evidence.file": ("lea", "/experience/{lea_x}/fichier/{photo}"),
    "feedback.ask": ("lea", "/experience/{lea_x}/demander"),
    "feedback.ask_send": ("lea", "/experience/{lea_x}/demander/personne/{m_karim}"),
    "feedback.exchanges": ("lea", "/echanges"),
    "feedback.inbox": ("karim", "/on-me-demande"),
    "feedback.answer_request": ("nadia", "/on-me-demande/{request}"),
    "feedback.sent_file": ("nadia", "/on-me-demande/{request}/fichier/{photo}"),
    "feedback.read": ("lea", "/retour/{feedback}"),
    "witnesses.invite": ("lea", "/experience/{lea_x}/demander/sans-compte"),
    "witnesses.ready": ("lea", "/sans-compte/{witness_invitation}"),
    "witness.answer": (None, "{witness_link}"),
    "parents.together": ("tom", "/a-deux"),
    "parents.hand_over": ("youth", "/a-moi"),
    "guardian.answer": (None, "{parent_link}"),
    "recognition.ask": ("lea", "/retour/{feedback_free}/faire-reconnaitre"),
    "recognition.recognise": ("karim", "/reconnaitre/{recognition}"),
    "recognition.sent_file": ("karim", "/reconnaitre/{recognition}/fichier/{photo}"),
    "recognition.offered": ("lea", "/competences/{recognition_done}"),
    "recognition.ledger": ("karim", "/registre"),
    "attestations.mine": ("lea", "/attestations"),
    "attestations.one": ("lea", "/attestations/{endorsement}"),
    "sharing.choose": ("lea", "/montrer/choisir"),
    "mail.address": ("lea", "/adresse"),
    "factor.mine": ("lea", "/double-securite"),
    "factor.application": ("lea", "/double-securite/application"),
    "factor.passkey": ("lea", "/double-securite/cle"),
    "devices.mine": ("lea", "/appareils"),
    "rescue.sheet": ("lea", "/feuille-de-secours"),
    "protected.choice": ("lea", "/protection"),
    "protected.age": ("lea", "/mon-age"),
    "ages.look": ("nadia", "/on-me-demande/{request}/age"),
    "offline.ticket": ("lea", "/envois/cle"),
    "card.show": ("lea", "/montrer"),
    "card.card": ("lea", "/carte"),
    "sheets.prepare": ("lea", "/feuille"),
    "sheets.printed": ("lea", "/feuille/{sheet}"),
    "sheet.check": (None, "{sheet_link}"),
    "sheet.keys": (None, "/v/cles.json"),
    "safety.bother": ("lea", "/ca-me-derange/{text}"),
    "safety.people": ("lea", "/personnes"),
    "cases.cases": ("claire", "/signalements"),
    "cases.case": ("claire", "/signalements/{report}"),
    "inquiries.inquiry": ("claire", "/signalements/{report}/dossier"),
    "cases.concern": ("nadia", "/je-m-inquiete/{request}"),
    "cases.reperes": ("claire", "/organisation/{library}/reperes"),
    "organisations.organisation": ("claire", "/organisation/{library}"),
    "organisations.minors": ("claire", "/organisation/{library}/moins-de-18-ans"),
    "protection.readings": ("sofia", "/relire"),
    "protection.reading": ("sofia", "/relire/{library}/{tom}"),
    "protection.along": ("karim", "/relire-avec/{m_maya}"),
    "protection.looks": ("lea", "/qui-a-regarde"),
    "protection.who_reads": ("tom", "/qui-peut-lire"),
    "organisations.city": ("sofia", "/ville"),
    "organisations.accreditation": ("claire", "/organisation/{library}/charte"),
    "city.settings": ("sofia", "/ville/choix"),
    "erasing.ask": ("karim", "/mes-donnees/effacer"),
    "erasing.sealed": ("sofia", "/signalements/sous-scelle"),
    "erasing.sealed_folder": ("sofia", "/signalements/sous-scelle/{sealed}"),
    "city.decided": (None, "/ce-que-la-ville-a-decide"),
    "city.rights": (None, "/mes-droits"),
    "legal.privacy": (None, "/confidentialite"), "legal.processing": (None, "/registre-des-traitements"),
    "frameworks.sentences": (None, "/phrases"),
    "credentials.credential": (None, "/credentials/{credential}"),
    "credentials.achievement": (None, "/achievements/explain-simply/1.1"),
    "credentials.organisation": (None, "/o/{library}"),
    "credentials.organisation_did": (None, "/o/{library}/did.json"),
    "credentials.status_list": (None, "/status/1"),
    "reader.share": (None, "{link}"),
    "reader.checked": (None, "{check_link}"),
    "verify.page": (None, "/verifier"),
    "reader.card": (None, "{card_link}"),
    "reader.piece": (None, "{piece_link}"),
    "reader.card_piece": (None, "{card_piece_link}"),
}


def multiply(cast: Cast, times: int) -> None:
    """So many of everything that the pages list."""
    now = NOON
    for n in range(times):
        world.add_link(db.session.get(Experience, cast["lea_x"]), f"https://site{n}.example/", None, now)
        x = build.experience(cast["lea"], f"Encore {n}", now, setting="sport", context="nonformal")
        cast.ids[f"more_{n}"] = x.id
        db.session.add(ExperienceLink(from_id=cast["lea_x"], to_id=x.id, learner_id=cast["lea"]))
        x.hours, x.started_on = Decimal(n + 1), dt.date(2025, 12, 1)
        for competency in (4, 5):
            from passport.experiences.service import claim

            claim(x, competency, 2, now)
        request = world.ask(cast, "lea", f"more_{n}", "karim", now - 60 * world.H)
        world.witnesses.answer(world.invite(cast, f"more_{n}", now - 60 * world.H), world.says(), now - 59 * world.H)
        if n < 3:
            world.invite(cast, "lea_x", now - world.H)
        if n % 2:
            given = world.answer(cast, request, "karim", now - 50 * world.H)
            if n % 3:
                from passport.feedback.service import answer
                from passport.recognition import service as recognition
                from passport.recognition.models import Endorsement

                answer(given, None, now - 40 * world.H)
                db.session.flush()
                asked = recognition.ask(given, [4, 5], uuid.uuid4(), now - 30 * world.H)
                world.recognise(cast, asked, "karim", (4, 5), now - 20 * world.H)
                db.session.flush()
                for e in db.session.query(Endorsement).filter_by(request_id=asked.id):
                    recognition.keep(e, now - 10 * world.H)
                    db.session.flush()
                    recognition.permit(e, now - 9 * world.H)
        from passport.organisations.models import Organisation

        house = build.organisation(f"Maison {n}", now)
        library = db.session.get(Organisation, cast["library"])
        who = build.account(f"f{n}", now)
        member = build.membership(who, library or house, "facilitator", now)
        build.vetting(member, db.session.get_one(type(who), cast["claire"]), now)
    db.session.commit()
    for n in range(times):
        world.receive(cast, "lea", f"Ailleurs {n}", now)


@pytest.fixture(scope="module", params=["few", "many"])
def city(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("sql")
    shutil.copy(sqlite_template, folder / "t.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        app = create_app(test_settings(f"sqlite:///{folder / 't.db'}", folder))
        with app.app_context():
            cast = world.fill(make_cast(NOON), NOON)
            multiply(cast, 4 if request.param == "few" else 16)
            from passport.card.models import Card
            from passport.seal import unseal
            from passport.sharing.models import EditionItem, Share

            link = unseal(db.session.get_one(Share, cast["share"]).token_sealed)
            card = db.session.get_one(Card, cast["card"])
            card.share_id, card.opens_until = cast["share"], NOON + 24 * world.H
            db.session.commit()
            piece = db.session.scalars(
                sa.select(EditionItem.id).where(EditionItem.evidence_id == cast["photo"])).one()
            sign_for(cast)
            item = db.session.scalars(
                sa.select(EditionItem.id).where(EditionItem.endorsement_id.is_not(None)).limit(1)).one()
            addresses = {"check_link": f"/s/{link}/verifier/{item}", "link": f"/s/{link}", "card_link": f"/c/{unseal(card.token_sealed)}",
                         "piece_link": f"/s/{link}/pieces/{piece}",
                         "card_piece_link": f"/c/{unseal(card.token_sealed)}/pieces/{piece}",
                         "sheet_link": f"/v/{cast.tokens['to_sheet']}",
                         "parent_link": f"/a/{cast.tokens['parent_tom']}",
                         "witness_link": f"/t/{cast.tokens['witness_youth_x']}"}
            db.session.remove()
        yield app, cast, addresses, request.param
        with app.app_context():
            db.engine.dispose()


def statements(app: Flask, reader: Reader, address: str) -> list[str]:
    """Return the statements of one page, in order, in one line each."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(" ".join(statement.split()))

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        answer = reader.get(address)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return [s for s in seen if not s.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA"))]


def folded(statement: str) -> str:
    """Return a statement that does not tell how many values were in a list."""
    return re.sub(r"\((?:\?, )+\?\)|IN \(\?\)", "IN (…)", statement).replace("IN IN", "IN")


@pytest.mark.parametrize("endpoint", PAGES)
def test_the_statements_of_each_page(city: Any, endpoint: str) -> None:
    app, cast, addresses, size = city
    person, pattern = PAGES[endpoint]
    address = pattern.format(**{k: str(v) for k, v in cast.ids.items()}, **addresses)
    found = [folded(s) for s in statements(app, Reader(app, cast, person), address)]
    file = FOLDER / f"{endpoint}.txt"
    text = "\n\n".join(found) + "\n"
    if os.environ.get("PASSPORT_WRITE_SQL") == "1" and size == "few":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text)
    assert len(found) <= MOST, f"{endpoint} costs {len(found)} statements:\n{text}"
    assert file.read_text() == text, f"{endpoint} with {size}: see `make sql`"
