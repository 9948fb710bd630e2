"""Everything of one person goes, at their word alone: asked, waited for, taken back, done; and what stays, stays closed."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock, triggers
from passport.accounts import erasures
from passport.accounts.factor_models import Passkey
from passport.accounts.models import (
    Account,
    Decision,
    Draft,
    Erasure,
    ErasureRequest,
    Guardian,
    Mailbox,
    Passport,
    Session,
    Setting,
)
from passport.accounts.service import hash_of
from passport.card import sheet_service as sheets
from passport.card.models import Card
from passport.credentials.models import Credential, StatusEntry
from passport.experiences.models import Evidence, Reflection
from passport.extensions import db
from passport.feedback.models import AccessGrant, FeedbackRequest
from passport.notices.models import Job, Message
from passport.notices.worker import Worker
from passport.organisations.models import Membership
from passport.recognition.models import Endorsement, EndorserName
from passport.rights import erasing
from passport.rights.models import SealedFolder, SealedWord
from passport.safety.models import Report
from passport.sharing.models import Share
from passport.transaction import transaction
from passport.witnesses.models import WitnessInvitation
from tests.build import PASSPHRASE
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, words
from tests.signing import sign_all

CANARY = "knry7q"
DAY = dt.timedelta(days=1)
ASK, WHERE, BACK = "/mes-donnees/effacer", "/mes-donnees/effacer/ou-en-est-on", "/mes-donnees/effacer/annuler"


@pytest.fixture(autouse=True)
def listed(app: Flask, tmp_path: Path) -> Path:
    """Where the list of erasures of this test lies: the folder of the applications is that of many tests."""
    app.config["ERASURES"] = tmp_path / "erasures.list"
    return tmp_path


def give_passphrase(app: Flask, cast: Cast, *names: str) -> None:
    """Let these people sign in with the passphrase of the tests."""
    with app.app_context(), transaction():
        for name in names:
            db.session.execute(sa.update(Account).where(Account.id == cast[name]).values(
                identifier=name, password_hash=hash_of(PASSPHRASE)))


def erase(reader: Reader, when: str = "now", **more: str) -> Any:
    """Fill the form of the page and send it."""
    return reader.fill(ASK, when=when, present=PASSPHRASE, **more)


def sign_in(app: Flask, name: str) -> tuple[Reader, Any]:
    """Try to sign in on a new device, and return the browser and the answer."""
    reader = Reader(app, Cast(), None)
    return reader, reader.fill("/ouvrir", name=name, passphrase=PASSPHRASE, device="own")


def mark_everything(app: Flask, learner_id: uuid.UUID) -> set[str]:
    """Put the canary into every column that holds words of or to one person, past every trigger; return where none fits."""
    empty = set()
    with app.app_context(), db.engine.begin() as connection:
        lite = connection.dialect.name == "sqlite"
        if lite:
            for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for table in db.metadata.sorted_tables:
            owner = next((table.c[c] for c in ("learner_id", "account_id") if c in table.c),
                         table.c.id if table.name == "account" else None)
            if owner is None or table.name == "membership":
                continue
            for column in table.c:
                words = isinstance(column.type, sa.String) and ("author" in column.info or column.name in {"identifier", "email"})
                if words:
                    value: Any = f"{CANARY} {table.name}.{column.name}".lower()[: column.type.length]
                elif isinstance(column.type, sa.JSON):
                    value = {"things": [], CANARY: f"{table.name}.{column.name}"}
                elif column.name == "document":
                    value = f'{{"{CANARY}": 1}}'.encode()
                else:
                    continue
                empty.add(f"{table.name}.{column.name}")
                for which in ([], [column.is_not(None)]):  # some columns stay empty beside others
                    with suppress(sa.exc.IntegrityError), connection.begin_nested():
                        done = connection.execute(sa.update(table).where(owner == learner_id, *which).values({column: value}))
                        if done.rowcount:
                            empty.remove(f"{table.name}.{column.name}")
                        break
        if lite:
            for statement in triggers.statements("sqlite"):
                connection.exec_driver_sql(statement)
        else:
            connection.exec_driver_sql("SET session_replication_role = origin")
    return empty


def found(app: Flask) -> list[str]:
    """Return where the canary lies: in bytes of the data folder or, on PostgreSQL, in a row."""
    needle, places = CANARY.encode(), []
    with app.app_context():
        folders = {Path(app.instance_path), Path(app.config["EVIDENCE_FOLDER"]), app.config["ERASURES"].parent}
        places = [str(path) for folder in folders for path in folder.rglob("*")
                  if path.is_file() and (needle in path.read_bytes() or CANARY in path.name)]
        if db.engine.dialect.name != "sqlite":
            for table in db.metadata.sorted_tables:
                rows = db.session.execute(sa.text(f'SELECT t::text FROM "{table.name}" t')).scalars()
                if any(CANARY in row or needle.hex() in row for row in rows):
                    places.append(table.name)
            db.session.remove()
    return places


def work(app: Flask) -> None:
    """Do what a worker does, as long as there is something due."""
    with app.app_context():
        Worker().work()
        db.session.remove()


def live(app: Flask, cast: Cast, name: str) -> set[str]:
    """Give somebody an address, half-written forms, letters on their way and files full of the canary."""
    give_passphrase(app, cast, name)
    with app.app_context():
        sign_all()
        with transaction():
            me = cast[name]
            db.session.add(Mailbox(account_id=me, pending="x@example.org", asked_at=NOON))
            db.session.add(Passkey(account_id=me, credential_id=me.bytes, public_key=b"key", sign_count=0, name=CANARY, made_at=NOON))
            for owner, subject in ((me, me), (cast["karim"], cast["request" if name == "lea" else "tom_request"])):
                db.session.add(Draft(account_id=owner, form="feedback", subject_id=subject, body={"seen": CANARY}, changed_at=NOON))
            for account, address in ((me, None), (None, f"{CANARY} account.email")):
                db.session.add(Message(account_id=account, address=address, kind="waiting", params={"things": []}, language="fr",
                                       not_before=NOON + DAY, expires_at=NOON + 9 * DAY))
            db.session.add(Reflection(learner_id=me, experience_id=cast[f"{name}_x"], prompt="proud", text=CANARY, changed_at=NOON))
            db.session.add(Guardian(learner_id=me, way="email", contact=f"{CANARY}@example.org", token_hash=bytes(32), asked_at=NOON,
                                    expires_at=NOON + DAY))
            sheets.make(me, sheets.SheetDraft(True, (cast["endorsement"],), "display", None, uuid.uuid4()), NOON)
            db.session.execute(sa.update(Session).where(Session.account_id == me).values(device=CANARY))
            names = db.session.scalars(sa.select(Evidence.storage_name).where(
                Evidence.learner_id == me, Evidence.storage_name.is_not(None))).all()
        kept = Path(app.config["EVIDENCE_FOLDER"]) / "kept"
        kept.mkdir(parents=True, exist_ok=True)
        for file in (part for one in names for part in (f"{one}", f"{one}.small")):
            (kept / file).write_bytes(CANARY.encode())
        db.session.remove()
    return mark_everything(app, cast[name])


@both_databases
@pytest.mark.promise("P18", "passport.rights.erasing:erase", "absent")
def test_nothing_of_whoever_erases_everything_is_left(app: Flask, lived: Cast, browse: Any, at: Any,
                                                      caplog: pytest.LogCaptureFixture) -> None:
    """Whoever erases everything leaves nothing in database, files, outbox, half-written forms, jobs and logs."""
    lea = browse("lea")
    assert live(app, lived, "lea") == set()
    with app.app_context():
        others = db.session.scalar(sa.select(sa.func.count()).select_from(Passport))
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
    assert len(found(app)) > 0
    answer = lea.follow(erase(lea))
    assert "C’est effacé." in words(answer)
    work(app)
    assert found(app) == []
    assert CANARY not in caplog.text
    with app.app_context():
        assert db.session.get(Account, lived["lea"]) is None
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Passport)) == (others or 0) - 1
        assert [line.learner_id for line in erasures.read()] == [lived["lea"]]
        db.session.remove()
    assert browse("karim").get("/demandes").status_code in {200, 404}


@both_databases
@pytest.mark.promise("P18", "passport.rights.erasing:close_doors", "absent")
def test_asking_closes_everything_at_once_and_seven_days_later_it_is_gone(
        app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    """Asking for it, a minor alone ends every session and door in one request; signing in then only offers to annul."""
    give_passphrase(app, lived, "lea", "tom")
    lea, phone = browse("lea"), browse("lea")
    token, told = lived.tokens["witness_lea_x"], browse("lea").get("/passeport")
    assert told.status_code == 200
    answer = lea.follow(erase(lea, "later"))
    assert "Tout s’efface le 1er décembre." in words(answer)
    assert "Annuler l’effacement" in words(answer)
    for gone in (lea, phone):
        assert gone.get("/passeport").headers["Location"].startswith("/ouvrir")
    with app.app_context():
        for what in (
            sa.select(Session.id_hash).where(Session.account_id == lived["lea"], Session.ended_at.is_(None)),
            sa.select(Share.id).where(Share.learner_id == lived["lea"], Share.revoked_at.is_(None)),
            sa.select(Card.id).where(Card.learner_id == lived["lea"], Card.closed_at.is_(None)),
            sa.select(AccessGrant.id).where(AccessGrant.learner_id == lived["lea"], AccessGrant.closed_at.is_(None),
                                            AccessGrant.closes_at > NOON, AccessGrant.id.in_(
                                                sa.select(FeedbackRequest.grant_id).where(FeedbackRequest.closed_at.is_(None)))),
            sa.select(WitnessInvitation.id).where(WitnessInvitation.learner_id == lived["lea"],
                                                  WitnessInvitation.used_at.is_(None), WitnessInvitation.revoked_at.is_(None)),
        ):
            assert db.session.scalars(what).first() is None, str(what)
        db.session.remove()
    assert token
    again, back = sign_in(app, "lea")
    assert back.status_code == 303
    assert back.headers["Location"] == WHERE
    assert again.get("/passeport").headers["Location"].startswith("/ouvrir")
    assert "Annuler l’effacement" in words(again.get(WHERE))
    work(app)  # too early
    tom = browse("tom")
    assert tom.follow(erase(tom, "later")).status_code == 200
    at(NOON + 7 * DAY - dt.timedelta(seconds=1))
    work(app)
    with app.app_context():
        assert db.session.get(Passport, lived["lea"]) is not None
        db.session.remove()
    at(NOON + 7 * DAY)
    late, _answer = sign_in(app, "lea")
    late.post(BACK)
    assert "a commencé" in words(late.get(WHERE))
    work(app)
    work(app)
    with app.app_context():
        assert db.session.get(Account, lived["lea"]) is None
        assert db.session.get(Account, lived["tom"]) is None
        assert db.session.scalars(sa.select(Erasure.cause)).all() == ["asked", "asked"]
        report = db.session.get_one(Report, lived["report"])
        assert (report.concerned_id, report.reporter_id, report.decided_at) == (None, None, None)
        db.session.remove()
    case = browse("sofia").get(f"/signalements/{lived['report']}")
    assert "Les aînés la redemandent." in words(case)


def test_taking_it_back_gives_the_passport_back(app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    give_passphrase(app, lived, "lea")
    lea = browse("lea")
    assert erase(lea, "later").status_code == 303
    at(NOON + 6 * DAY)
    again, _answer = sign_in(app, "lea")
    assert again.post(BACK).headers["Location"].startswith("/ouvrir")
    assert again.post(BACK).headers["Location"].startswith("/ouvrir")  # twice
    _reader, back = sign_in(app, "lea")
    assert back.headers["Location"] == "/passeport"
    at(NOON + 8 * DAY)
    work(app)
    with app.app_context():
        assert db.session.get(Passport, lived["lea"]) is not None
        assert erasures.read() == []
        db.session.remove()


def test_a_wrong_passphrase_and_a_stranger_erase_nothing(app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    give_passphrase(app, lived, "lea")
    lea = browse("lea")
    assert lea.fill(ASK, when="now", present="une autre phrase").status_code == 422
    assert lea.fill(ASK, when="now", present="").status_code == 422
    assert lea.fill(ASK, when="yesterday", present=PASSPHRASE).status_code == 422
    assert Reader(app, lived, None).post(BACK).headers["Location"].startswith("/ouvrir")
    assert Reader(app, lived, None).get(WHERE).headers["Location"].startswith("/ouvrir")
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(ErasureRequest)) == 0
        assert db.session.get(Passport, lived["lea"]) is not None
        db.session.remove()
    said = words(lea.get(ASK))
    for sentence in ("Quelqu’un vous le demande ?", "D’abord tout emporter", "35 jours", "6 mois sous clé",
                     "Un signalement déjà fait"):
        assert sentence in said
    with app.app_context(), transaction():
        for key, value in (("erasure.pause", "0"), ("erasure.sealed", "0")):
            db.session.add(Setting(key=key, value=value, decided_by="DPO", decided_on=clock.today(), reason="essai"))
            db.session.add(Decision(key=key, value=value, decided_by="DPO", decided_on=clock.today(), reason="essai"))
    said = words(lea.get(ASK))
    assert "jours : d’ici là" not in said
    assert "sous clé" not in said


@pytest.mark.promise("P18", "passport.credentials.status:revoke", "absent")
def test_credentials_are_cancelled_or_stay_verifiable_as_their_owner_chooses(
        app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    """For credentials already downloaded the learner chooses; cancelled is what happens when nothing is chosen."""
    give_passphrase(app, lived, "lea", "stranger")
    with app.app_context():
        sign_all()
        entry = db.session.execute(sa.select(Credential.list_id, Credential.position).where(
            Credential.endorsement_id == lived["endorsement"])).one()
        db.session.remove()
    lea = browse("lea")
    assert 'value="asked" checked' in lea.get(ASK).text or 'checked' in lea.get(ASK).text
    erase(lea, "now")

    def revoked() -> Any:
        with app.app_context():
            row = db.session.get_one(StatusEntry, tuple(entry))
            db.session.remove()
            return row.revoked_at

    assert revoked() is not None


def test_credentials_left_verifiable_keep_their_bit(app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    give_passphrase(app, lived, "lea")
    with app.app_context():
        sign_all()
        entry = db.session.execute(sa.select(Credential.list_id, Credential.position).where(
            Credential.endorsement_id == lived["endorsement"])).one()
        db.session.remove()
    erase(browse("lea"), "now", credentials="moved")
    with app.app_context():
        assert db.session.get(Account, lived["lea"]) is None
        assert db.session.get_one(StatusEntry, tuple(entry)).revoked_at is None
        assert erasures.read()[-1].cause == "moved"
        db.session.remove()


def test_a_job_killed_half_way_is_done_again(app: Flask, lived: Cast, browse: Any, at: Any,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the list outside the database cannot be written nothing is erased, and the job tries again until it can."""
    give_passphrase(app, lived, "lea")
    blocked = Path(app.instance_path) / "a-file"
    blocked.write_text("")
    good = app.config["ERASURES"]
    app.config["ERASURES"] = blocked / "list"
    answer = browse("lea")
    assert "a commencé" in words(answer.follow(erase(answer)))
    work(app)
    with app.app_context():
        assert db.session.get(Passport, lived["lea"]) is not None
        assert db.session.scalars(sa.select(Erasure.id)).first() is None
        db.session.remove()
    app.config["ERASURES"] = good
    at(NOON + dt.timedelta(hours=1))
    work(app)
    with app.app_context():
        assert db.session.get(Account, lived["lea"]) is None
        with transaction():
            assert erasing.erase(lived["lea"], "asked", clock.now()) is False  # twice
        assert db.session.scalars(sa.select(Job.payload).where(Job.kind == erasing.ERASE)).all() == [{}]
        db.session.remove()


def test_whoever_attested_leaves_a_blank_account(app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    give_passphrase(app, lived, "karim", "sofia")
    karim = browse("karim")
    assert "Mes rôles" in words(karim.get(ASK))
    assert erase(karim, "now", unnamed="y").status_code == 303
    with app.app_context():
        left = db.session.get_one(Account, lived["karim"])
        assert (left.identifier, left.display_name, left.password_hash, left.audit_ref) == (None, None, None, None)
        assert left.erased_at is not None
        assert db.session.get(Passport, lived["karim"]) is None
        kept = db.session.get_one(Endorsement, lived["endorsement"])
        assert (kept.endorser_role, kept.organisation_name) == ("animateur", "Médiathèque Mandela")
        assert db.session.get(EndorserName, lived["endorsement"]) is None
        role = db.session.get_one(Membership, lived["m_karim"])
        assert role.ended_at == NOON
        assert role.title == "animateur"
        db.session.remove()
    for name, pages in (
        ("lea", ("/passeport", "/echanges", f"/experience/{lived['lea_x']}", f"/retour/{lived['feedback']}", "/personnes",
                 f"/competences/{lived['recognition_done']}", f"/retour/{lived['feedback_free']}/faire-reconnaitre")),
        ("tom", ("/echanges", f"/retour/{lived['tom_feedback']}")), ("claire", (f"/organisation/{lived['library']}",)),
        ("sofia", (f"/relire/{lived['library']}/{lived['tom']}", "/signalements/sous-scelle")),
    ):
        reader = browse(name)
        for page in pages:
            said = words(reader.get(page))
            assert "None" not in said, page
            assert "Karim" not in said, page
    assert "Le retour de Médiathèque Mandela" in words(browse("lea").get(f"/retour/{lived['feedback']}"))
    sofia = browse("sofia")
    assert "inviter quelqu’un avant de partir" in words(sofia.get(ASK))
    erase(sofia)
    with app.app_context():
        assert db.session.scalars(sa.select(Membership.id).where(
            Membership.role == "coordinator", Membership.ended_at.is_(None))).first() is None
        db.session.remove()


@pytest.mark.promise("P18", "passport.rights.sealing:words_of", "absent")
def test_words_of_adults_to_a_minor_stay_sealed_and_two_open_them(app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    """What adults wrote to a protected learner stays under seal for six months, without the learner's words, and two open it."""
    give_passphrase(app, lived, "tom")
    with app.app_context():
        from tests import build
        city = db.session.scalar(sa.select(Membership.organisation_id).where(Membership.id == lived["m_sofia"]))
        from passport.organisations.models import Organisation
        other = build.account("paul", NOON)
        build.membership(other, db.session.get_one(Organisation, city), "coordinator", NOON)
        db.session.commit()
        lived.ids["paul"] = other.id
        db.session.remove()
    erase(browse("tom"), "now")
    with app.app_context():
        folder = db.session.scalars(sa.select(SealedFolder).where(SealedFolder.id != lived["sealed"])).one()
        sealed = db.session.scalars(sa.select(SealedWord).where(SealedWord.folder_id == folder.id)).all()
        assert [(one.author_id, one.kind) for one in sealed] == [(lived["karim"], "feedback")]
        key, until = folder.id, folder.keep_until
        db.session.remove()
    way = f"/signalements/sous-scelle/{key}"
    for nobody in ("claire", "karim", "lea"):
        assert browse(nobody).get(way).status_code == 404
    sofia, paul = browse("sofia"), browse("paul")
    assert "Karim" in words(sofia.get("/signalements/sous-scelle"))
    assert sofia.post(way, {"agree": "1"}).status_code == 422
    assert sofia.post(way, {"reason": ""}).status_code == 422
    assert sofia.post(way, {"reason": "Une inquiétude."}).status_code == 303
    assert sofia.post(way, {"agree": "1"}).status_code == 422
    assert "Les aînés" not in words(sofia.get(way)) + words(paul.get(way))
    assert paul.post(way, {"agree": "1"}).status_code == 303
    assert paul.post(way, {"agree": "1"}).status_code == 303
    for reader in (sofia, paul):
        assert "Les aînés la redemandent." in words(reader.get(way))
        assert "tom" not in words(reader.get(way)).lower().split()
    at(until)
    work(app)
    assert browse("sofia").get(way).status_code == 404
    with app.app_context():
        assert db.session.scalars(sa.select(SealedWord.id)).first() is None
        db.session.remove()


def test_what_somebody_asked_who_left_the_city_opens_nothing(app: Flask, lived: Cast, browse: Any) -> None:
    way = f"/signalements/sous-scelle/{lived['sealed']}"
    with app.app_context():
        from passport.organisations.models import Organisation
        from tests import build
        role = db.session.get_one(Membership, lived["m_sofia"])
        paul = build.account("paul", NOON)
        build.membership(paul, db.session.get_one(Organisation, role.organisation_id), "coordinator", NOON)
        db.session.commit()
        lived.ids["paul"] = paul.id
        db.session.remove()
    assert browse("sofia").post(way, {"reason": "Une inquiétude."}).status_code == 303
    with app.app_context(), transaction():
        db.session.get_one(Membership, lived["m_sofia"]).ended_at = NOON
    paul = browse("paul")
    assert paul.post(way, {"agree": "1"}).status_code == 422
    with app.app_context():
        assert db.session.get_one(SealedFolder, lived["sealed"]).confirmed_at is None
        db.session.remove()
    assert paul.post(way, {"reason": "Une inquiétude."}).status_code == 303  # two of the city, as before
