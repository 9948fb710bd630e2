"""The keys that sign: made and ended by commands, gone or open to others, and what happens to what they signed."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport import clock
from passport.credentials import keys, proofs, rules, service, status
from passport.credentials.models import Credential, SigningKey, StatusEntry, StatusList
from passport.credentials.rules import KeyPeriod
from passport.extensions import db
from passport.notices import jobs
from passport.notices.models import Job
from passport.notices.worker import Worker
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement, Permission
from passport.transaction import transaction

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases
from .test_credentials import bits

SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)
HEAD = b"Signing key of a learner passport (test)\n"


@pytest.fixture(autouse=True)
def folder(app: Flask, tmp_path: Path) -> Path:
    """Where the keys of this test lie."""
    app.config["SIGNING_KEYS"] = tmp_path / "keys"
    return tmp_path / "keys"


def command(app: Flask, *words: str) -> str:
    """Run `flask keys …` and return what it says."""
    said = app.test_cli_runner().invoke(args=["keys", *words])
    assert said.exit_code == 0, said.output
    return said.output


def refused(app: Flask, *words: str) -> str:
    """Run `flask keys …`, which is refused, and return what it says."""
    said = app.test_cli_runner().invoke(args=["keys", *words])
    assert said.exit_code in {1, 2}, said.output
    assert "Traceback" not in said.output
    return said.output


def work(app: Flask) -> None:
    """Let a worker do what is due."""
    with app.app_context():
        Worker().work()
        db.session.remove()


def read(app: Flask, *what: Any) -> list[Any]:
    """Return rows."""
    with app.app_context():
        found = list(db.session.execute(sa.select(*what)).all())
        db.session.remove()
    return found


def act(app: Flask, do: Callable[[], Any]) -> Any:
    """Do something in a transaction."""
    with app.app_context():
        with transaction():
            done = do()
        db.session.remove()
    return done


def in_force(app: Flask) -> list[dict[str, Any]]:
    """Return the documents in force."""
    with app.app_context():
        found = db.session.scalars(sa.select(Credential.document).where(Credential.unpublished_at.is_(None))).all()
        db.session.remove()
    return [json.loads(body) for body in found]


def trusted(app: Flask, document: dict[str, Any], is_kept: bool = False) -> bool:
    """Say whether a document of ours is signed by one of our keys, and counts."""
    with app.app_context():
        key = keys.of(proofs.method_of(document).split("#")[1])
        assert key is not None
        public, period = key.public, KeyPeriod(key.from_at, key.until_at, key.compromised_at)
        db.session.remove()
    proofs.verified(document, public)
    return rules.is_trusted(period, proofs.created_at(document), is_kept)


def asserting(client: FlaskClient, document: dict[str, Any]) -> bool:
    """Say whether its key may speak for its issuer, for anyone who asks."""
    published = client.get(f"/o/{proofs.issuer_of(document).split(':')[-1]}/did.json").get_json()
    assert proofs.method_of(document) in [each["id"] for each in published["verificationMethod"]]
    return proofs.method_of(document) in published["assertionMethod"]


def listed(client: FlaskClient, document: dict[str, Any]) -> set[int]:
    """Return the positions set in the list of a document."""
    return bits(client.get("/" + document["credentialStatus"]["statusListCredential"].split("/", 3)[-1]).data)


def position(document: dict[str, Any]) -> int:
    return int(document["credentialStatus"]["statusListIndex"])


# ---------- commands ----------


def test_commands_make_list_and_end_keys(app: Flask, cast: Cast, folder: Path, at: Any) -> None:
    assert command(app, "list") == ""
    made = command(app, "create")
    first = made.split()[0]
    assert made == f"{first} signs from now on. Save its file apart from the database.\n"
    assert "A key signs already" in refused(app, "create")
    at(NOON + DAY)
    second = command(app, "rotate").split()[0]
    assert command(app, "list").splitlines() == [
        f"{first}  from 2026-11-24 11:00 to 2026-11-25 11:00 (UTC)", f"{second}  from 2026-11-25 11:00 to now (UTC)"]
    said = command(app, "compromised", first, "--since", "2026-11-24T12:00:00").splitlines()
    assert said == [f"{first} counts no more for what was signed since 2026-11-24 12:00."]  # it signed no more
    at(NOON + DAY + MINUTE)
    third = command(app, "compromised", second, "--since", "2026-11-25").splitlines()[1].split()[0]
    assert len({first, second, third}) == 3
    assert "compromised since 2026-11-25 00:00" in command(app, "list").splitlines()[1]
    # Said again, the earlier of two days counts.
    command(app, "compromised", second, "--since", "2026-11-25T10:00:00")
    assert "compromised since 2026-11-25 00:00" in command(app, "list").splitlines()[1]
    assert sorted(file.stem for file in folder.iterdir()) == sorted([first, second, third])
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_said_of_a_key_is_refused_in_words(app: Flask, cast: Cast) -> None:
    key = command(app, "create").split()[0]
    assert "There never was a key z6Mk." in refused(app, "compromised", "z6Mk", "--since", "2026-11-24")
    assert "--since lies in the future." in refused(app, "compromised", key, "--since", "2026-11-25")
    assert "--since" in refused(app, "compromised", key)
    assert "--since" in refused(app, "compromised", key, "--since", "yesterday")
    assert read(app, SigningKey.compromised_at) == [(None,)]


def test_a_key_that_is_gone_open_or_another_is_said_and_signs_nothing(app: Flask, lived: Cast, folder: Path,
                                                                      at: Any) -> None:
    key = command(app, "create").split()[0]
    file = folder / f"{key}.pem"
    right = file.read_bytes()
    assert right.startswith(HEAD)

    def said() -> str:
        with app.app_context(), pytest.raises(keys.NoKey) as no:
            keys.current()
        return str(no.value)

    file.chmod(0o640)
    assert "may be read by others: chmod 600" in said()
    file.chmod(0o600)
    file.write_bytes(b"x")
    assert "is no signing key" in said()
    file.write_bytes(HEAD + proofs.private_pem(proofs.new_key()))
    assert "holds another key" in said()
    file.unlink()
    assert "is missing: bring it back" in said()
    file.mkdir(mode=0o700)
    assert "cannot be read" in said()
    file.rmdir()
    work(app)
    assert in_force(app) == []
    assert read(app, StatusEntry.position) == []  # nothing is reserved in vain
    file.touch(0o600)
    file.write_bytes(right)
    at(NOON + DAY)
    work(app)
    assert len(in_force(app)) == 1


def test_without_a_key_a_list_waits_and_an_unknown_one_is_unknown(app: Flask, lived: Cast, client: FlaskClient,
                                                                  folder: Path) -> None:
    with app.app_context():
        assert signing.sign_all() == 1
    for path in ("/status/999", "/status/0", "/status/99999999999999999999"):
        assert client.get(path).status_code == 404, path
    document = in_force(app)[0]
    address = "/" + document["credentialStatus"]["statusListCredential"].split("/", 3)[-1]
    status._signed.clear()
    (file,) = folder.iterdir()
    file.rename(folder / "elsewhere")
    assert client.get(address).status_code == 503
    act(app, lambda: db.session.execute(sa.update(SigningKey).values(until_at=NOON)))
    assert client.get(address).status_code == 503
    assert client.get("/status/999").status_code == 404


def test_production_waits_for_a_key_that_a_person_makes(app: Flask, lived: Cast) -> None:
    app.config["MODE"] = "production"
    work(app)
    assert (in_force(app), read(app, SigningKey.key_id), read(app, StatusList.id)) == ([], [], [])
    command(app, "create")
    work(app)
    assert len(in_force(app)) == 1


# ---------- rotating ----------


@both_databases
@pytest.mark.promise("P22", "passport.credentials.rules:is_trusted")
def test_the_drill_of_keys(app: Flask, lived: Cast, at: Any, client: FlaskClient) -> None:
    """Issue, rotate twice, verify all; mark one compromised: the right ones fail, and are signed anew."""
    ids = [lived["endorsement"], lived["offered"]]
    names = [command(app, "create").split()[0]]
    work(app)
    second = NOON + 10 * DAY
    at(second)
    names.append(command(app, "rotate").split()[0])

    def permit_another() -> None:
        offer = db.session.get_one(Endorsement, lived["offered"])
        recognition.keep(offer, second)
        db.session.flush()
        recognition.permit(offer, second)

    act(app, permit_another)
    work(app)
    at(NOON + 20 * DAY)
    names.append(command(app, "rotate").split()[0])
    with app.app_context():
        older, newer = (signing.of(key) for key in ids)
    assert [proofs.method_of(one).split("#")[1] for one in (older, newer)] == names[:2]
    assert [trusted(app, one) for one in (older, newer)] == [True, True]
    assert [asserting(client, one) for one in (older, newer)] == [True, True]
    assert listed(client, older) == set()

    at(NOON + 30 * DAY)
    command(app, "compromised", names[1], "--since", "2026-12-05")  # a day after it signed
    assert [trusted(app, one) for one in (older, newer)] == [True, False]
    assert trusted(app, newer, is_kept=True)  # our own bytes are from before
    assert [asserting(client, one) for one in (older, newer)] == [True, False]
    command(app, "compromised", names[1], "--since", "2026-12-03")
    assert not trusted(app, newer, is_kept=True)

    work(app)
    with app.app_context():
        again = signing.of(ids[1])
        assert signing.of(ids[0]) == older
    assert proofs.method_of(again).split("#")[1] == names[2]
    assert trusted(app, again)
    assert asserting(client, again)
    assert listed(client, older) == {position(newer)}
    assert client.get("/" + newer["id"].split("/", 3)[-1]).status_code in {404, 410}


@both_databases
def test_when_the_key_that_signs_is_compromised_another_one_signs_all_anew(app: Flask, lived: Cast, at: Any,
                                                                           client: FlaskClient) -> None:
    with app.app_context():
        assert signing.sign_all() == 1
    before = in_force(app)[0]
    at(NOON + DAY)
    command(app, "compromised", proofs.method_of(before).split("#")[1], "--since", "2026-11-24")
    work(app)
    (after,) = in_force(app)
    assert proofs.method_of(after) != proofs.method_of(before)
    assert trusted(app, after)
    assert listed(client, before) == {position(before)}
    work(app)
    assert in_force(app) == [after]


@both_databases
def test_what_waits_already_is_not_counted_and_the_rest_follows_at_once(app: Flask, lived: Cast, at: Any,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "AT_A_TIME", 1)

    def permit_another() -> None:
        offer = db.session.get_one(Endorsement, lived["offered"])
        recognition.keep(offer, NOON)
        db.session.flush()
        recognition.permit(offer, NOON)
        db.session.execute(sa.delete(Job).where(Job.kind == service.ISSUE))

    act(app, permit_another)
    assert [act(app, lambda: service.catch_up(NOON)) for _ in range(3)] == [1, 1, 0]
    act(app, lambda: db.session.execute(sa.delete(Job).where(Job.kind == service.ISSUE)))
    command(app, "rotate")
    work(app)
    assert len(in_force(app)) == 2
    assert act(app, lambda: service.catch_up(NOON)) == 0


# ---------- between preparing and keeping ----------


def prepared(app: Flask, lived: Cast) -> tuple[dict[str, Any], Any]:
    """Prepare what is permitted, as a worker that is then killed or slow; return the payload and what it holds."""
    payload = {"permission": read(app, Permission.id)[0][0].hex}
    with app.app_context():
        made = service.prepare(payload, NOON)
        db.session.remove()
    assert made is not None
    return payload, made


@both_databases
def test_a_worker_killed_before_it_keeps_is_followed_by_another_and_nothing_doubles(app: Flask, lived: Cast, at: Any) -> None:
    def take() -> None:
        taken = jobs.take(NOON, "killed")
        while taken is not None and taken[1] != service.ISSUE:
            taken = jobs.take(NOON, "killed")
        assert taken is not None

    act(app, take)
    payload, made = prepared(app, lived)
    work(app)
    assert in_force(app) == []  # it is held
    at(NOON + jobs.LEASE + SECOND)
    work(app)
    (document,) = in_force(app)
    assert document["id"].rsplit("/", 1)[1] != str(made.key)
    # The killed one was only slow: it keeps nothing more.
    assert act(app, lambda: service.keep(payload, clock.now(), made)) == 0
    assert in_force(app) == [document]
    assert len(read(app, StatusEntry.position)) == 2


@pytest.mark.parametrize("end", ["permission", "aside", "withdrawn", "deleted", "kept inside", "hidden"])
@both_databases
def test_what_ends_while_it_is_signed_is_not_kept(app: Flask, lived: Cast, at: Any, end: str) -> None:
    payload, made = prepared(app, lived)
    act(app, lambda: signing.ending(lived, end, NOON + SECOND))
    assert act(app, lambda: service.keep(payload, NOON + 2 * SECOND, made)) == 0
    at(NOON + MINUTE)
    work(app)
    assert in_force(app) == []


@both_databases
def test_what_a_key_signs_while_it_is_said_to_be_compromised_is_signed_anew(app: Flask, lived: Cast, at: Any) -> None:
    payload, made = prepared(app, lived)
    command(app, "compromised", made.key_id, "--since", "2026-11-24")
    act(app, lambda: db.session.execute(sa.update(Job).values(done_at=NOON)))  # signing anew came too early
    assert act(app, lambda: service.keep(payload, NOON, made)) == 0
    assert in_force(app) == []
    at(NOON + MINUTE)
    work(app)
    (document,) = in_force(app)
    assert trusted(app, document)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("end", ["permission", "aside", "withdrawn", "deleted", "kept inside", "hidden"])
@pytest.mark.parametrize("first", ["end", "keep"])
def test_what_ends_in_the_very_moment_is_never_left_in_force(app: Flask, lived: Cast, end: str, first: str) -> None:
    """One of the two transactions is open while the other one begins: it waits, or sees what the first one did."""
    payload, made = prepared(app, lived)
    acts: dict[str, Callable[[], Any]] = {
        "end": lambda: signing.ending(lived, end, NOON + SECOND), "keep": lambda: service.keep(payload, NOON + SECOND, made)}
    second = "keep" if first == "end" else "end"
    faults: list[Exception] = []

    def other() -> None:
        try:
            act(app, acts[second])
        except Exception as fault:
            faults.append(fault)

    thread = threading.Thread(target=other)
    with app.app_context():
        with transaction():
            acts[first]()
            db.session.flush()
            thread.start()
            thread.join(timeout=0.5)
        db.session.remove()
    thread.join()
    assert faults == []
    assert in_force(app) == []
    kept = read(app, Credential.position)
    assert read(app, StatusEntry.position, StatusEntry.revoked_at) == [
        (made.position, NOON + SECOND if kept else None)]
    assert bool(kept) is (first == "keep")


@both_databases
def test_a_name_chosen_while_it_is_signed_stands_in_it_soon(app: Flask, lived: Cast) -> None:
    """The job under way signed without the name and keeps nothing; the choice has a job of its own."""
    payload, made = prepared(app, lived)
    act(app, lambda: service.name(lived["endorsement"], lived["lea"], "Léa M.", NOON))
    assert act(app, lambda: service.keep(payload, NOON, made)) == 0
    act(app, lambda: db.session.execute(
        sa.update(Job).where(Job.kind == service.ISSUE, Job.dedupe.is_not(None)).values(done_at=NOON)))
    work(app)
    (document,) = in_force(app)
    assert document["credentialSubject"]["identifier"][1]["identityHash"] == "Léa M."


# ---------- the clock put back ----------


@both_databases
def test_what_is_signed_after_the_clock_was_put_back_counts_all_the_same(app: Flask, lived: Cast, at: Any,
                                                                         client: FlaskClient) -> None:
    command(app, "create")
    at(NOON - 3 * DAY)
    act(app, lambda: db.session.execute(sa.update(Job).values(run_at=NOON - 4 * DAY)))
    work(app)
    (document,) = in_force(app)
    assert trusted(app, document)
    at(NOON - 5 * DAY)
    command(app, "rotate")
    assert trusted(app, document)
    with app.app_context():
        assert all(key.until_at is None or key.until_at >= key.from_at for key in keys.all_keys())
        db.session.remove()
    listed(client, document)
    act(app, lambda: service.cancel([lived["endorsement"]], NOON - 5 * DAY))
    assert listed(client, document) == {position(document)}
