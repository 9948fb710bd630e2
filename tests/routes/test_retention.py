"""How long everything is kept: one list, shown before it is applied, and passports that nobody uses."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts import erasures
from passport.accounts.models import Account, Draft, Erasure, Mailbox, Session
from passport.accounts.service import hash_of, keep_last_used
from passport.audit.models import ReadingLine
from passport.clock import day_of
from passport.extensions import db
from passport.notices import jobs, keeping
from passport.notices.models import Job, Message, Notice
from passport.organisations.models import Invitation, Membership, Organisation, Vetting
from passport.rights import inactive, retention
from passport.sharing.models import Share
from passport.transaction import transaction
from tests.build import PASSPHRASE
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader

DAY = dt.timedelta(days=1)
LONG_AFTER = NOON + 800 * DAY


@pytest.fixture
def inside(app: Flask, at: Any) -> Iterator[Flask]:
    with app.app_context():
        yield app
        db.session.remove()


def count(model: Any) -> int:
    found = db.session.scalar(sa.select(sa.func.count()).select_from(model))
    db.session.rollback()
    return int(found or 0)


@pytest.mark.promise("P20", "passport.rights.retention:without_end", "absent")
def test_every_table_says_when_its_rows_go(inside: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table has its period in one file, and something that ends what has one."""
    assert retention.without_end() == []
    monkeypatch.setattr(Draft, "__retention__", "whenever")
    monkeypatch.setitem(keeping.GOES, "feedback.forget_refused", ())
    monkeypatch.setitem(keeping.GOES, "organisations.forget", keeping.GOES["organisations.forget"][1:])
    assert retention.without_end() == ["draft", "invitation", "refused_text"]


@both_databases
@pytest.mark.promise("P20", "passport.notices.jobs:delete_some", "absent")
def test_what_is_over_goes_and_the_rest_stays(inside: Flask, lived: Cast, at: Any) -> None:
    """What is past its period goes with the daily work, as the dry run said; nothing else does."""
    with transaction():
        db.session.add_all([
            Erasure(learner_id=uuid.uuid4(), cause="asked", asked_at=NOON, by="learner"),
            Invitation(organisation_id=lived["library"], role="facilitator", token_hash=b"i" * 32, made_at=NOON, expires_at=NOON + DAY),
        ])
        db.session.execute(sa.update(Membership).where(Membership.account_id == lived["claire"]).values(ended_at=NOON))
    going = {one.table: one.going for one in retention.kept(LONG_AFTER)}
    db.session.rollback()
    before = {model: count(model) for model in (ReadingLine, Session, Notice, Share, Account, Organisation)}
    assert (going["erasure"], going["invitation"]) == ((("rows", 1),), (("rows", 2),))
    assert retention.apply(NOON)["accounts.forget"] == 0
    assert (count(Erasure), count(ReadingLine)) == (1, before[ReadingLine])
    retention.apply(LONG_AFTER)
    for model in (Erasure, Invitation, ReadingLine, Vetting):
        assert count(model) == 0, model
    kept = db.session.scalars(sa.select(Membership.account_id)).all()
    assert lived["claire"] not in kept
    assert lived["karim"] in kept
    assert (count(Share), count(Account)) == (before[Share], before[Account])
    left = {one.table: dict(one.going) for one in retention.kept(LONG_AFTER)}
    assert not any(sum(rows.values()) for rows in left.values()), left


def test_a_role_stays_while_an_endorsement_points_to_it(inside: Flask, lived: Cast, at: Any) -> None:
    with transaction():
        db.session.execute(sa.update(Membership).where(Membership.account_id == lived["karim"]).values(ended_at=NOON))
    retention.apply(LONG_AFTER)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Membership).where(Membership.account_id == lived["karim"]))


def test_the_dry_run_changes_nothing_and_names_nobody(app: Flask, lived: Cast, at: Any) -> None:
    at(LONG_AFTER)
    run = app.test_cli_runner()
    first = run.invoke(args=["retention", "show"])
    assert first.exit_code == 0
    assert run.invoke(args=["retention", "show"]).output == first.output
    assert "reading_line: who looked at a passport: 12 months\n    goes now: " in first.output
    for key in lived.ids.values():
        assert str(key) not in first.output
    assert run.invoke(args=["retention", "apply"]).exit_code == 0
    assert "goes now: 0 rows" in run.invoke(args=["retention", "show"]).output


# ---------- passports that nobody uses ----------


def used_on(account_id: uuid.UUID, day: dt.date, email: str | None) -> None:
    with transaction():
        db.session.execute(sa.update(Account).values(last_active_on=dt.date(2036, 1, 1)))
        db.session.execute(sa.update(Account).where(Account.id == account_id).values(
            last_active_on=day, email=email, email_confirmed_at=NOON if email else None))


def looking(account_id: uuid.UUID, *days: int) -> list[tuple[int, dt.date]]:
    """Let the worker look so many days after the last use, and return the days on which something was done about somebody."""
    seen, done = 0, []
    for number in days:
        now = NOON + number * DAY
        with transaction():
            inactive.step_on(now)
        warnings = db.session.scalar(sa.select(Account.warnings).where(Account.id == account_id)) or 0
        db.session.rollback()
        if warnings != seen:
            done.append((warnings, day_of(now)))
            seen = warnings
    return done


@both_databases
@pytest.mark.promise("P20", "passport.rights.inactive:step_on", "absent")
def test_an_unused_passport_is_warned_about_three_times_before_its_end(
    inside: Flask, lived: Cast, at: Any, tmp_path: Path
) -> None:
    """Without use for 36 months: warned 6 months, 2 months and 2 weeks before, then links close, then it is erased."""
    lea = lived["lea"]
    used_on(lea, day_of(NOON), "lea@exemple.fr")
    inside.config["ERASURES"] = tmp_path / "erasures.list"
    with transaction():
        for _year in range(4):  # no link lasts so long by itself
            share = db.session.get_one(Share, lived["share"])
            share.extended_at = share.expires_at - DAY
            share.expires_at = share.extended_at + 360 * DAY
            db.session.flush()
    assert looking(lea, 910, 911, 912, 912, 1033, 1034, 1035, 1036, 1080, 1081, 1082, 1094, 1095, 1096, 1097) == [
        (1, dt.date(2029, 5, 24)), (2, dt.date(2029, 9, 24)), (3, dt.date(2029, 11, 10)), (4, dt.date(2029, 11, 24))]
    assert db.session.get_one(Share, lived["share"]).revoked_at == NOON + 1096 * DAY
    letters = db.session.scalars(sa.select(Message).where(Message.kind == "unused").order_by(Message.not_before)).all()
    assert [one.params["ends_on"] for one in letters] == ["2029-11-24", "2029-11-24", "2029-11-24"]
    at(letters[0].not_before)
    text = " ".join(inactive.letter(replaced(letters[0])).paragraphs)  # type: ignore[union-attr, arg-type]
    assert "24\u00a0novembre 2029" in text
    assert "Léa" not in text
    assert looking(lea, 1200) == [(4, day_of(NOON + 1200 * DAY))]
    ending()
    assert db.session.get(Account, lea) is None
    assert [(line.learner_id, line.cause) for line in erasures.read()] == [(lea, "inactive")]


def test_an_end_that_failed_for_days_comes_again(inside: Flask, lived: Cast, at: Any, tmp_path: Path) -> None:
    """Where the list outside the database could not be written for long, the passport still ends."""
    lea = lived["lea"]
    inside.config["ERASURES"] = tmp_path / "erasures.list"
    used_on(lea, day_of(NOON), None)
    with transaction():
        db.session.execute(sa.update(Account).where(Account.id == lea).values(warnings=4, warned_at=NOON))
        jobs.enqueue(inactive.END, {"account": lea.hex}, NOON, dedupe="x")
        db.session.execute(sa.update(Job).where(Job.kind == inactive.END).values(failed_at=NOON, payload={}))
    with transaction():
        inactive.step_on(NOON + DAY)
    ending()
    assert db.session.get(Account, lea) is None


def ending() -> None:
    """Do the jobs that end passports, as a worker does."""
    waiting = db.session.scalars(sa.select(Job.payload).where(Job.kind == inactive.END, Job.done_at.is_(None), Job.failed_at.is_(None))).all()
    db.session.rollback()
    for payload in waiting:
        with transaction():
            inactive.end(payload, NOON)
    with transaction():
        db.session.execute(sa.update(Job).where(Job.kind == inactive.END, Job.failed_at.is_(None)).values(done_at=NOON))


def replaced(message: Message) -> Any:
    """Return a message as a letter is written from it."""
    class Taken:
        account_id, params = message.account_id, message.params
    return Taken


def test_whoever_comes_back_begins_anew(inside: Flask, lived: Cast, at: Any) -> None:
    lea = lived["lea"]
    used_on(lea, day_of(NOON), "lea@exemple.fr")
    assert [n for n, _day in looking(lea, 915)] == [1]
    token = db.session.execute(sa.select(Session.id_hash)).first()
    db.session.rollback()
    at(NOON + 920 * DAY)
    keep_last_used(token[0] if token else b"x" * 32, lea, NOON + 920 * DAY, DAY)
    assert looking(lea, 921, 922) == []
    with transaction():
        assert inactive.end({"account": lea.hex}, NOON + 922 * DAY) == 0
    message = db.session.scalars(sa.select(Message).where(Message.kind == "unused")).one()
    assert inactive.letter(replaced(message)) is None


def test_opening_it_once_for_a_minute_is_use(app: Flask, lived: Cast, at: Any) -> None:
    """As the letter says: « Pour le garder, il suffit de l’ouvrir une fois. »"""
    lea = lived["lea"]
    with app.app_context():
        used_on(lea, day_of(NOON), "lea@exemple.fr")
        assert [n for n, _day in looking(lea, 915)] == [1]
        with transaction():
            db.session.execute(sa.update(Account).where(Account.id == lea).values(
                identifier="lea", password_hash=hash_of(PASSPHRASE)))
        db.session.remove()
    at(NOON + 920 * DAY)
    reader = Reader(app, Cast(), None)
    assert reader.fill("/ouvrir", name="lea", passphrase=PASSPHRASE, device="own").status_code == 303
    assert reader.get("/passeport").status_code == 200
    with app.app_context():
        account = db.session.get_one(Account, lea)
        assert (account.last_active_on, account.warnings) == (day_of(NOON + 920 * DAY), 0)
        db.session.remove()


def test_a_worker_that_stood_still_warns_three_times_all_the_same(inside: Flask, lived: Cast, at: Any) -> None:
    lea = lived["lea"]
    used_on(lea, day_of(NOON), "lea@exemple.fr")
    done = looking(lea, 1500, 1501, 1619, 1620, 1621, 1664, 1665, 1666, 1678, 1679, 1680)
    assert [n for n, _day in done] == [1, 2, 3, 4]
    assert [(b[1] - a[1]).days for a, b in pairwise(done)] == [120, 45, 14]


@pytest.mark.parametrize("why", ["no address", "address refused"])
def test_without_an_address_it_is_sixty_months(inside: Flask, lived: Cast, at: Any, why: str) -> None:
    lea = lived["lea"]
    used_on(lea, day_of(NOON), None if why == "no address" else "lea@exemple.fr")
    if why == "address refused":
        with transaction():
            db.session.merge(Mailbox(account_id=lea, refused_at=NOON))
    assert looking(lea, 1097, 1098) == []
    assert looking(lea, 1641, 1642, 1643) == [(1, dt.date(2031, 5, 24))]
