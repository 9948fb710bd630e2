"""The journal: sealed one at a time, its heads signed outside the database, every direct edit named, dropped by months."""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Account
from passport.audit import checking, heads, sealing
from passport.audit.models import AuditEvent, AuditLink
from passport.audit.service import record
from passport.credentials import keys
from passport.credentials.models import Credential
from passport.extensions import db
from passport.notices.worker import Worker
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.signing import sign_all

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def chain(app: Flask, at: Any, tmp_path: Path) -> Iterator[Flask]:
    """A city whose heads lie in a folder of their own, in a context to ask in."""
    app.config.update(AUDIT_HEADS=tmp_path / "heads" / "heads.jsonl", SIGNING_KEYS=tmp_path / "keys")
    with app.app_context():
        with transaction():
            keys.ensure(NOON)
        yield app
        db.session.remove()


def write(count: int, at: dt.datetime, who: uuid.UUID | None = None) -> None:
    with transaction():
        for _number in range(count):
            record("log", who, at, uuid.uuid4())


def seal() -> int:
    with transaction():
        return sealing.seal()


def bad(now: dt.datetime) -> str:
    """Return what the walk says is wrong, or nothing."""
    db.session.rollback()
    return checking.check(now).bad or ""


def by_hand(*statements: str) -> None:
    """Change the database as somebody with a shell does, who puts the triggers out of the way."""
    db.session.rollback()
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'").scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in ("audit_event", "audit_link", "audit_segment"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            connection.exec_driver_sql(statement)


# Their lines have numbers that follow each other.
SWAP = ("UPDATE audit_link SET event = -event WHERE seq = 4", "UPDATE audit_link SET event = event - 1 WHERE seq = 5",
        "UPDATE audit_link SET event = -event + 1 WHERE seq = 4")
EDITS: dict[str, tuple[tuple[str, ...], str]] = {
    "a word changed": (("UPDATE audit_event SET action = 'x' WHERE seq = (SELECT event FROM audit_link WHERE seq = 4)",),
                       "(link 4) was changed"),
    "a thing changed": (("UPDATE audit_event SET object_ref = NULL WHERE seq = (SELECT event FROM audit_link WHERE seq = 4)",),
                        "(link 4) was changed"),
    "one taken out": (("DELETE FROM audit_event WHERE seq = (SELECT event FROM audit_link WHERE seq = 4)",),
                      "(link 4) is missing"),
    "one and its link": (("DELETE FROM audit_event WHERE seq = (SELECT event FROM audit_link WHERE seq = 4)",
                          "DELETE FROM audit_link WHERE seq = 4"), "link 4 is missing (the next one is 5)"),
    "two changed places": (SWAP, "(link 4) was changed"),
    "the end cut off": (("DELETE FROM audit_event WHERE seq > (SELECT event FROM audit_link WHERE seq = 7)",
                         "DELETE FROM audit_link WHERE seq > 7"), "links 8 to 9, signed on 2026-11-24, were cut off"),
    "everything cut off": (("DELETE FROM audit_event", "DELETE FROM audit_link"), "links 1 to 9"),
    "one put in": (("INSERT INTO audit_event (seq, at, action) VALUES (90001, '2026-11-20 10:00:00.000000+00:00', 'x')",),
                   "line 90001 of 2026-11-20 10:00 is in no link: it was put in"),
}


@both_databases
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.promise("T35", "passport.audit.checking:wrong_with", "absent")
def test_a_direct_edit_is_named(chain: Flask, at: Any, edit: str) -> None:
    """Whoever changes, takes out, puts in, moves or cuts off a line of the journal is noticed, and the line is named."""
    write(7, NOON)
    write(1, NOON + HOUR)
    assert seal() == 9
    assert heads.append(NOON + HOUR)
    assert bad(NOON + 2 * HOUR) == ""
    statements, said = EDITS[edit]
    statements = tuple(one.replace("+00:00", "" if db.engine.dialect.name == "sqlite" else "+00:00") for one in statements)
    by_hand(*statements)
    assert said in bad(NOON + 2 * HOUR)
    result = chain.test_cli_runner().invoke(args=["audit", "verify"])
    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.promise("T35", "passport.credentials.seals:look", "absent")
def test_a_credential_that_was_edited_is_named(app: Flask, lived: Cast, at: Any, tmp_path: Path) -> None:
    """One byte of what was signed, or one word of what it stands for, is noticed by the signature."""
    app.config.update(AUDIT_HEADS=tmp_path / "heads.jsonl", SIGNING_KEYS=tmp_path / "keys")
    with app.app_context():
        assert sign_all()
        found = db.session.execute(sa.select(Credential.id, Credential.endorsement_id, Credential.document)
                                   .where(Credential.unpublished_at.is_(None))).first()
        assert found is not None
        db.session.rollback()
        while seal():
            pass
        heads.append(NOON)

    def verify() -> Any:
        return app.test_cli_runner().invoke(args=["audit", "verify"])

    assert verify().exit_code == 0, verify().output
    changed = found.document.replace(b'"validFrom":"2026-11-2', b'"validFrom":"2026-11-1', 1)
    assert changed != found.document
    for table, key, column, value, back in (
        ("credential", found.id, "document", changed, found.document),
        ("endorsement", found.endorsement_id, "organisation_name", "Une autre maison", None),
    ):
        with app.app_context(), db.engine.begin() as connection:
            for name in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'endorsement'").scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            one = db.metadata.tables[table]
            connection.execute(sa.update(one).where(one.c.id == key).values({column: value}))
        result = verify()
        assert result.exit_code == 1
        assert f"credential {found.id} of endorsement {found.endorsement_id}" in result.output
        if back is not None:
            with app.app_context(), db.engine.begin() as connection:
                connection.execute(sa.update(one).where(one.c.id == key).values({column: back}))


def test_what_no_column_can_hold_is_named(chain: Flask, at: Any) -> None:
    write(6, NOON)
    seal()
    by_hand("UPDATE audit_event SET at = 'never' WHERE seq = (SELECT event FROM audit_link WHERE seq = 4)")
    assert bad(NOON) == "the line after link 3 cannot be read: it was changed"
    by_hand("UPDATE audit_event SET at = 7, actor_ref = 'x' WHERE seq = (SELECT event FROM audit_link WHERE seq = 4)")
    assert bad(NOON) == "the line after link 3 cannot be read: it was changed"


@both_databases
@pytest.mark.promise("P14", "passport.audit.sealing:seal", "absent")
def test_each_line_is_sealed_once_whoever_seals(chain: Flask, at: Any) -> None:
    """The journal is chained line by line, one process at a time; a line that is committed late gets the next place."""
    write(30, NOON)
    with chain.app_context():
        connection = db.engine.connect()
        if db.engine.dialect.name == "postgresql":
            late = connection.begin()  # takes its number now, and is seen after later ones
            connection.execute(sa.insert(AuditEvent).values(at=NOON, action="late"))
    write(3, NOON)

    def work() -> None:
        with chain.app_context():
            Worker().seal()
            db.session.remove()

    several = [threading.Thread(target=work) for _number in range(4)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    if db.engine.dialect.name == "postgresql":
        late.commit()
    connection.close()
    db.session.rollback()
    work()
    lines, links = (db.session.scalar(sa.select(sa.func.count()).select_from(one)) for one in (AuditEvent, AuditLink))
    assert lines == links
    assert lines >= 34
    order = list(db.session.scalars(sa.select(AuditLink.event).order_by(AuditLink.seq)))
    assert (order == sorted(order)) is (db.engine.dialect.name == "sqlite")
    assert bad(NOON + HOUR) == ""


def test_the_journal_names_nobody_and_erasing_changes_nothing(chain: Flask, cast: Cast, at: Any) -> None:
    write(3, NOON, cast["lea"])
    while seal():
        pass
    ref = db.session.scalar(sa.select(Account.audit_ref).where(Account.id == cast["lea"]))
    assert ref is not None
    assert list(db.session.scalars(sa.select(AuditEvent.actor_ref).order_by(AuditEvent.seq.desc()).limit(3))) == [ref] * 3
    db.session.execute(sa.update(Account).where(Account.id == cast["lea"]).values(audit_ref=None))
    db.session.commit()
    assert bad(NOON + HOUR) == ""


def test_a_line_of_another_day_that_is_put_in_and_sealed_is_named(chain: Flask, at: Any) -> None:
    write(3, NOON)
    seal()
    heads.append(NOON)
    with transaction():
        db.session.execute(sa.insert(AuditEvent).values(at=NOON - 3 * DAY, action="log"))
    seal()
    assert "says 2026-11-21 and was put in later" in bad(NOON + DAY)


@pytest.mark.promise("P14", "passport.audit.heads:append", "absent")
def test_heads_lie_outside_the_database_and_are_signed(chain: Flask, at: Any) -> None:
    """Once a day the head of the chain is signed into a file of its own; whoever changes it is noticed."""
    write(3, NOON)
    with chain.app_context():
        worker = Worker()
        worker.work()
        worker.work()
        db.session.remove()
    path = chain.config["AUDIT_HEADS"]
    assert path.exists(), "no head was written"
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["position"] == 4
    assert path.stat().st_mode & 0o077 == 0
    with path.open("a") as file:
        file.write('{"at": "2026')  # what a power cut leaves
    write(2, NOON + DAY)
    at(NOON + DAY)
    seal()
    assert bad(NOON + DAY) == ""
    heads.append(NOON + DAY)
    assert [json.loads(one)["position"] for one in path.read_text().splitlines()] == [4, 6]
    told = json.loads(path.read_text().splitlines()[0])
    for change in ({"position": 5}, {"digest": "00" * 32}, {"key": "z6Mk"}, {"restored": True}, {"signature": ""}):
        path.write_text(json.dumps({**told, **change}) + "\n")
        assert f"line 1 of {path} is not as it was signed" in bad(NOON + DAY)
    path.unlink()
    assert "no signed head is in" in bad(NOON + 4 * DAY)


def test_a_backup_brought_back_is_said_once(chain: Flask, at: Any) -> None:
    write(5, NOON)
    seal()
    heads.append(NOON)
    by_hand("DELETE FROM audit_event WHERE seq > (SELECT event FROM audit_link WHERE seq = 2)",
            "DELETE FROM audit_link WHERE seq > 2")
    assert "were cut off" in bad(NOON + HOUR)
    assert chain.test_cli_runner().invoke(args=["audit", "restored"]).exit_code == 0
    assert bad(NOON + HOUR) == ""
    write(9, NOON + HOUR)
    seal()
    assert bad(NOON + HOUR) == ""


@both_databases
@pytest.mark.promise("P14", "passport.audit.rules:may_go")
def test_a_month_goes_after_its_time_and_its_end_stays(chain: Flask, at: Any) -> None:
    """A whole month past 36 months goes by one command, which keeps its signed end; sooner, nothing does."""
    months = {"2026-11": NOON, "2026-12": NOON + 30 * DAY, "2027-01": NOON + 60 * DAY}
    for count, instant in enumerate(months.values(), 1):
        write(count, instant)
    seal()
    heads.append(NOON + 60 * DAY)

    def drop(month: str, now: dt.datetime) -> Any:
        db.session.rollback()
        at(now)
        return chain.test_cli_runner().invoke(args=["audit", "drop", month])

    later = NOON + 1103 * DAY  # 1 December 2029
    assert "2026-11 is kept until 2029-12-02" in drop("2026-11", later).output
    later += 31 * DAY
    assert "2026-11 first" in drop("2026-12", later + 31 * DAY).output
    assert "written as in" in drop("november", later).output
    assert "2026-11: 2 lines are gone" in drop("2026-11", later).output
    assert "There is nothing of 2026-11" in drop("2026-11", later).output
    assert bad(NOON + 61 * DAY) == ""
    assert "2026-12: 2 lines are gone" in drop("2026-12", later + 31 * DAY).output
    write(4, later)
    seal()
    assert bad(later) == ""
    said = chain.test_cli_runner().invoke(args=["audit", "segments"]).output
    assert "2026-11  2 lines, dropped on 2030-01-01" in said
    assert "2027-01  3 lines" in said
    by_hand("UPDATE audit_segment SET lines = 1 WHERE month = '2026-12'")
    assert "the dropped month 2026-12 is not as it was signed" in bad(later)


ATTACKS: dict[str, str] = {
    "change": "UPDATE audit_event SET action = 'x'", "delete": "DELETE FROM audit_event",
    "change a link": "UPDATE audit_link SET event = 99", "delete a link": "DELETE FROM audit_link",
    "replace": "INSERT OR REPLACE INTO audit_event (seq, at, action) VALUES (1, '2026-11-24 10:00:00.000000', 'x')",
    "replace a link": "INSERT OR REPLACE INTO audit_link (seq, event, previous, digest) SELECT 1, 1, digest, previous FROM audit_link"
                      " WHERE seq = 2",
    "truncate": "TRUNCATE audit_event", "truncate links": "TRUNCATE audit_link", "truncate months": "TRUNCATE audit_segment",
    "fork": "INSERT INTO audit_link (seq, event, previous, digest) SELECT 99, 99, previous, digest FROM audit_link WHERE seq = 2",
    "a month too soon": "INSERT INTO audit_segment (month, last, lines, digest, key_id, signature, ended_at, dropped_at)"
                        " SELECT '2026-11', 2, 2, digest, 'z', digest, '2026-12-01 00:00:00.000000', '2029-11-29 00:00:00.000000'"
                        " FROM audit_link WHERE seq = 2",
}


@both_databases
def test_the_database_refuses_what_is_not_added(chain: Flask, at: Any) -> None:
    write(3, NOON)
    seal()
    sqlite = db.engine.dialect.name == "sqlite"
    for name, attack in ATTACKS.items():
        if ("REPLACE" in attack and not sqlite) or ("TRUNCATE" in attack and sqlite):
            continue
        db.session.rollback()
        spoken = attack if sqlite else attack.replace("000000'", "000000+00'")
        with db.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as refused:
            connection.exec_driver_sql(spoken)
        assert any(word in str(refused.value) for word in ("append-only", "three years", "UNIQUE", "unique")), name
    assert bad(NOON) == ""
