"""The worker in front of a real SMTP server that is away, drops, defers or refuses; many at once; jobs done once."""

from __future__ import annotations

import datetime as dt
import logging
import signal
import ssl
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask

from config import Mail
from passport.accounts.models import (
    Account,
    Draft,
    Erasure,
    Mailbox,
    OneTimeToken,
    Passport,
    RateLimit,
    Session,
)
from passport.columns import uuid7
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback import rules as feedback_rules
from passport.feedback.models import AuthoredText, AuthoredVersion, Feedback, FeedbackRequest
from passport.notices import jobs, outbox, post, rules
from passport.notices.models import Job, Message, Notice
from passport.notices.worker import Worker
from passport.recognition.models import Endorsement, RecognitionRequest
from passport.retention import kept
from passport.safety.models import Report
from tests import world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.letters import free_port, parsed
from tests.pictures import drawing, saved

SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)
MINE = "lea@exemple.fr"


class Server:
    """An SMTP server that takes messages, and does with each attempt what it was told to do."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.attempts: list[Any] = []
        self.answers: list[str] = []
        self.lock = threading.Lock()

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.answers and self.answers[0].startswith("rcpt "):
            return self.answers.pop(0).removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        mail = parsed(envelope.content)
        with self.lock:
            self.attempts.append(mail)
            answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "drop":
            server.transport.abort()
            return "421 gone"
        if answer.startswith("250"):
            with self.lock:
                self.taken.append((mail, envelope.mail_from, envelope.rcpt_tos))
        return answer


class Office:
    """The server and what switches it on and off."""

    def __init__(self) -> None:
        self.port, self.server = free_port(), Server()
        self.controller: Controller | None = None

    def open(self, **more: Any) -> None:
        self.controller = Controller(self.server, hostname="127.0.0.1", port=self.port, **more)
        self.controller.start()

    def close(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def mail(self, **more: Any) -> Mail:
        return replace(Mail("127.0.0.1", self.port, "", "", "none", "Passeport <passeport@ville.example>", None), **more)


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    """A server that is open, and the application that knows it."""
    one = Office()
    one.open()
    app.config["MAIL"] = one.mail()
    yield one
    one.close()


def rows(app: Flask, *what: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.execute(sa.select(*what)).all())
        db.session.remove()
    return found


def do(app: Flask, act: Any) -> Any:
    with app.app_context():
        try:
            done = act()
            db.session.commit()
        finally:
            db.session.remove()
    return done


def work(app: Flask, worker: Worker | None = None) -> None:
    """Let a worker do what is due."""
    with app.app_context():
        (worker or Worker()).work()
        db.session.remove()


def given(app: Flask, account_id: uuid.UUID, address: str = MINE) -> None:
    do(app, lambda: db.session.execute(sa.update(Account).where(Account.id == account_id).values(
        email=address, email_confirmed_at=NOON)))


def waits(app: Flask, cast: Cast, count: int = 1, lasts: dt.timedelta = 3 * DAY) -> list[uuid.UUID]:
    """Put messages about something that waits for lea into the outbox."""
    subjects = [uuid.uuid4() for _ in range(count)]

    def put() -> None:
        for subject in subjects:
            db.session.add(Notice(account_id=cast["lea"], kind="feedback_given", subject_id=subject, at=NOON,
                                  visible_at=NOON))
            outbox.queue(outbox.WAITING, NOON, NOON + lasts, "fr", account_id=cast["lea"],
                         params={"things": [["feedback_given", str(subject)]]})

    do(app, put)
    return subjects


STATE = (Message.sent_at, Message.failed_at, Message.attempts, Message.not_before, Message.lease_until)


# ---------- the server ----------


def test_a_message_leaves_and_is_marked(app: Flask, cast: Cast, office: Office) -> None:
    given(app, cast["lea"])
    waits(app, cast)
    work(app)
    ((mail, sender, to),) = office.server.taken
    assert (sender, to, mail["To"]) == ("passeport@ville.example", [MINE], MINE)
    ((message_id,),) = rows(app, Message.id)
    assert mail["Message-ID"] == f"<{message_id.hex}@127.0.0.1>"
    assert rows(app, *STATE) == [(NOON, None, 1, NOON, None)]
    work(app)
    assert len(office.server.attempts) == 1


def test_a_server_that_is_away_for_a_while_loses_nothing(app: Flask, cast: Cast, office: Office, at: Any) -> None:
    given(app, cast["lea"])
    waits(app, cast, 3)
    office.close()
    worker = Worker()
    work(app, worker)
    # after one attempt in vain, no other message knocks at the same closed door
    assert sorted(r.attempts for r in rows(app, *STATE)) == [0, 0, 1]
    work(app, worker)
    assert sorted(r.attempts for r in rows(app, *STATE)) == [0, 0, 1]
    at(NOON + 31 * SECOND)
    office.open()
    work(app, worker)
    assert len(office.server.taken) == 3
    assert {r.sent_at for r in rows(app, *STATE)} == {NOON + 31 * SECOND}


def test_a_connection_lost_after_the_words_is_tried_again_under_the_same_name(
    app: Flask, cast: Cast, office: Office, at: Any
) -> None:
    given(app, cast["lea"])
    waits(app, cast)
    office.server.answers = ["drop"]
    work(app)
    assert rows(app, *STATE) == [(None, None, 1, NOON + 30 * SECOND, None)]
    at(NOON + 30 * SECOND)
    work(app)
    first, second = office.server.attempts
    assert first["Message-ID"] == second["Message-ID"]
    assert len(office.server.taken) == 1


def test_later_means_later(app: Flask, cast: Cast, office: Office, at: Any) -> None:
    given(app, cast["lea"])
    waits(app, cast)
    office.server.answers = ["451 4.3.0 try again", "rcpt 450 4.2.1 greylisted", "250 OK"]
    for moment, expected in ((NOON, NOON + 30 * SECOND), (NOON + 30 * SECOND, NOON + 150 * SECOND)):
        at(moment)
        work(app)
        assert rows(app, Message.sent_at, Message.not_before) == [(None, expected)]
    at(NOON + 150 * SECOND)
    work(app)
    assert len(office.server.taken) == 1
    assert rows(app, Message.sent_at, Message.attempts) == [(NOON + 150 * SECOND, 3)]


def test_a_message_that_never_leaves_is_given_up(app: Flask, cast: Cast, office: Office, at: Any) -> None:
    given(app, cast["lea"])
    waits(app, cast, lasts=DAY)
    office.server.answers = ["451 4.3.0 try again"] * 50
    now = NOON
    for _ in range(40):
        at(now)
        work(app)
        ((sent, failed, _attempts, leaves, _lease),) = rows(app, *STATE)
        if failed:
            break
        now = leaves
    assert (sent, failed is not None) == (None, True)
    assert failed - NOON < DAY
    assert len(office.server.attempts) < rules.MOST_ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "flagged"),
    [("rcpt 550 5.1.1 no such user", True), ("rcpt 552 5.2.2 full", True), ("rcpt 550 no", True),
     ("rcpt 550 5.7.1 your network is not welcome", False), ("554 5.6.0 not like that", False)],
)
def test_a_refusal_is_final_and_an_address_that_refuses_gets_no_more(
    app: Flask, cast: Cast, office: Office, at: Any, browse: Any, answer: str, flagged: bool
) -> None:
    given(app, cast["lea"])
    waits(app, cast)
    office.server.answers = [answer]
    work(app)
    assert rows(app, Message.sent_at, Message.failed_at) == [(None, NOON)]
    assert [r.refused_at for r in rows(app, Mailbox.refused_at)] == ([NOON] if flagged else [])
    page = browse("lea").get("/adresse").get_data(as_text=True)
    assert MINE in page
    assert ("n’accepte pas nos messages" in page) == flagged
    waits(app, cast)
    work(app)
    assert len(office.server.taken) == (0 if flagged else 1)
    if flagged:  # the address confirmed anew is believed again
        with app.app_context():
            assert outbox.addressees([cast["lea"]], NOON) == []
            db.session.execute(sa.update(Mailbox).values(refused_at=None))
            assert len(outbox.addressees([cast["lea"]], NOON)) == 1
            db.session.rollback()
            db.session.remove()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_password_that_is_wrong_holds_messages_and_gives_none_up(app: Flask, cast: Cast, office: Office, at: Any) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given_: Any) -> AuthResult:
        right = isinstance(given_, LoginPassword) and given_.password == b"right words"
        return AuthResult(success=right, handled=not right)

    office.close()
    office.open(authenticator=check, auth_required=True, auth_require_tls=False)
    given(app, cast["lea"])
    waits(app, cast)
    app.config["MAIL"] = office.mail(user="city", password="wrong words")
    work(app)
    assert rows(app, Message.failed_at, Message.attempts) == [(None, 1)]
    app.config["MAIL"] = office.mail(user="city", password="right words")
    at(NOON + MINUTE)
    work(app)
    assert len(office.server.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_line_is_encrypted_and_the_certificate_is_checked(
    app: Flask, cast: Cast, office: Office, at: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    office.close()
    if security == "tls":
        office.open(ssl_context=context)
    else:
        office.open(tls_context=context, require_starttls=True)
    given(app, cast["lea"])
    waits(app, cast)
    app.config["MAIL"] = office.mail(security=security, host="localhost")
    work(app)
    assert office.server.attempts == []
    assert rows(app, Message.failed_at, Message.attempts) == [(None, 1)]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    at(NOON + MINUTE)
    work(app)
    assert len(office.server.taken) == 1


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine and its key."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - DAY).not_valid_after(now + DAY).add_extension(names, False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256()))
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()))
    return certificate, secret


def test_the_longest_sending_ends_before_the_hold() -> None:
    """Connect, greeting, EHLO, STARTTLS, handshake, EHLO, three of AUTH, MAIL, RCPT, QUIT; then DATA twice."""
    assert outbox.LEASE.total_seconds() > 12 * post.EACH_ANSWER + 2 * post.LAST_ANSWER


def test_the_log_holds_no_address(app: Flask, cast: Cast, office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    given(app, cast["lea"])
    waits(app, cast)
    office.server.answers = ["rcpt 550 5.1.1 no such user"]
    work(app)
    assert "ADDRESS_REFUSED" in caplog.text
    assert MINE not in "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("passport"))


# ---------- many workers ----------


@both_databases
def test_two_workers_at_once_send_each_message_once(app: Flask, cast: Cast, office: Office) -> None:
    given(app, cast["lea"])
    waits(app, cast, 24)
    ready, faults = threading.Barrier(3), []

    def one() -> None:
        try:
            ready.wait()
            work(app)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(office.server.attempts) == 24
    assert len({mail["Message-ID"] for mail in office.server.attempts}) == 24
    assert {(r.sent_at, r.attempts) for r in rows(app, *STATE)} == {(NOON, 1)}


@both_databases
def test_what_a_dead_worker_held_is_sent_after_its_hold(app: Flask, cast: Cast, office: Office, at: Any) -> None:
    given(app, cast["lea"])
    waits(app, cast)
    held = do(app, lambda: outbox.take(NOON))
    work(app)
    assert office.server.attempts == []
    at(NOON + outbox.LEASE)
    work(app)
    assert len(office.server.taken) == 1
    # the dead one's word comes too late to change anything
    assert do(app, lambda: outbox.put_back(held, NOON + outbox.LEASE))
    assert rows(app, Message.sent_at, Message.attempts) == [(NOON + outbox.LEASE, 2)]


def test_a_message_in_somebodys_hand_gathers_nothing_more(app: Flask, cast: Cast, office: Office, at: Any) -> None:
    given(app, cast["karim"], "karim@exemple.fr")
    do(app, lambda: outbox.send_word([cast["karim"]], "feedback_asked", uuid.uuid4(), NOON))
    at(NOON + 2 * MINUTE)
    assert do(app, lambda: outbox.take(NOON + 2 * MINUTE)) is not None
    do(app, lambda: outbox.send_word([cast["karim"]], "feedback_asked", uuid.uuid4(), NOON + 2 * MINUTE))
    assert len(rows(app, Message.id)) == 2


# ---------- jobs ----------


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A kind of job that notes that it was done, alone in the list."""
    done: list[str] = []
    monkeypatch.setattr(jobs, "KINDS", {"note": jobs.Work(lambda payload, _now: done.append(payload["n"]) or 1)})
    return done


@both_databases
def test_two_workers_at_once_do_each_job_once(app: Flask, cast: Cast, kind: list[str]) -> None:
    do(app, lambda: [jobs.enqueue("note", {"n": str(n)}, NOON) for n in range(20)])
    threads = [threading.Thread(target=work, args=(app,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, kind)) == list(range(20))
    assert {(r.done_at, r.attempts) for r in rows(app, Job.done_at, Job.attempts)} == {(NOON, 1)}


@both_databases
def test_one_job_of_a_kind_waits_at_a_time(app: Flask, cast: Cast, kind: list[str]) -> None:
    assert do(app, lambda: jobs.enqueue("note", {"n": "1"}, NOON, dedupe="one"))
    assert not do(app, lambda: jobs.enqueue("note", {"n": "2"}, NOON, dedupe="one"))
    work(app)
    assert do(app, lambda: jobs.enqueue("note", {"n": "3"}, NOON, dedupe="one"))
    work(app)
    assert kind == ["1", "3"]


def test_a_job_that_fails_leaves_nothing_behind_and_is_tried_again(
    app: Flask, cast: Cast, at: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fails = [True]

    def job(_payload: Any, now: dt.datetime) -> int:
        db.session.execute(sa.update(Account).where(Account.id == cast["lea"]).values(display_name="half done"))
        if fails[0]:
            raise ValueError("a secret of Léa")
        return 1

    monkeypatch.setattr(jobs, "KINDS", {"half": jobs.Work(job)})
    do(app, lambda: jobs.enqueue("half", {}, NOON))
    work(app)
    assert ("half done",) not in rows(app, Account.display_name)
    assert rows(app, Job.done_at, Job.error, Job.run_at, Job.lease_until) == [(None, "ValueError", NOON + 30 * SECOND, None)]
    assert "secret" not in caplog.text
    fails[0] = False
    at(NOON + 30 * SECOND)
    work(app)
    assert rows(app, Job.done_at, Job.attempts) == [(NOON + 30 * SECOND, 2)]
    assert ("half done",) in rows(app, Account.display_name)


@both_databases
def test_whoever_lost_the_hold_of_a_job_does_nothing(app: Flask, cast: Cast, kind: list[str]) -> None:
    do(app, lambda: jobs.enqueue("note", {"n": "1"}, NOON))
    taken = do(app, lambda: jobs.take(NOON, "slow"))
    again = do(app, lambda: jobs.take(NOON + jobs.LEASE, "quick"))
    assert taken[0] == again[0]
    with app.app_context():
        jobs.perform(taken[0], "slow", NOON + jobs.LEASE)
        assert kind == []
        jobs.perform(again[0], "quick", NOON + jobs.LEASE)
        jobs.perform(again[0], "quick", NOON + jobs.LEASE)
        db.session.remove()
    assert kind == ["1"]


@both_databases
def test_what_comes_back_is_planned_once_and_comes_back(
    app: Flask, cast: Cast, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[dt.datetime] = []
    left = [jobs.AT_A_TIME, 3]

    def count(_payload: Any, now: dt.datetime) -> int:
        runs.append(now)
        return left.pop(0) if left else 0

    monkeypatch.setattr(jobs, "KINDS", {"daily": jobs.Work(count, DAY)})
    for _ in range(2):
        work(app)
    assert runs == [NOON, NOON]  # what was left followed at once
    at(NOON + DAY - SECOND)
    work(app)
    at(NOON + DAY)
    work(app)
    assert runs == [NOON, NOON, NOON + DAY]
    assert len([r for r in rows(app, Job.done_at) if r.done_at is None]) == 1


def test_the_worker_knows_what_is_to_be_done_every_day(app: Flask) -> None:
    daily = {kind for kind, work in jobs.KINDS.items() if work.every}
    assert daily == {"accounts.erasures", "accounts.forget", "accounts.forget_births", "audit.head", "rights.copies", "rights.erase_left", "rights.unseal", "checks.remind", "credentials.catch_up", "credentials.close_lists",
                     "credentials.erase_foreign_left", "evidence.sweep", "experiences.erase", "feedback.forget_refused",
                     "feedback.lapse", "notices.forget", "organisations.forget", "parents.end", "parents.forget", "protection.forget_looks", "recognition.lapse",
                     "rights.forget_brought", "rights.unused", "safety.forget", "safety.forget_files", "safety.forget_freezes", "witnesses.forget"}


@both_databases
def test_every_daily_job_has_nothing_to_do_the_second_time(app: Flask, cast: Cast, at: Any) -> None:
    do(app, lambda: world.fill(cast, NOON))
    at(NOON + 100 * DAY)
    for turn in range(2):
        for kind, job in jobs.KINDS.items():
            if job.every:
                count = do(app, lambda job=job: job.do({}, NOON + 100 * DAY))
                assert turn == 0 or count == 0, kind


# ---------- what the daily jobs do ----------


@both_databases
def test_requests_without_answer_lapse_and_the_learner_is_told(app: Flask, cast: Cast, at: Any) -> None:
    do(app, lambda: world.fill(cast, NOON))
    at(NOON + feedback_rules.ANSWERED_WITHIN + DAY)
    work(app)
    work(app)
    told = [r.kind for r in rows(app, Notice.kind, Notice.at) if r.at > NOON + feedback_rules.ANSWERED_WITHIN]
    assert (told.count("request_closed"), told.count("recognition_closed")) == (2, 1)
    assert {r.outcome for r in rows(app, FeedbackRequest.outcome)} == {"answered", "lapsed"}
    assert {r.outcome for r in rows(app, RecognitionRequest.outcome)} == {"decided", "lapsed"}


@both_databases
def test_what_is_over_is_forgotten_after_its_time_and_not_before(app: Flask, cast: Cast, at: Any) -> None:
    token, old = b"t" * 32, kept("transient")

    def fill() -> None:
        db.session.add(Session(id_hash=b"a" * 32, account_id=cast["lea"], created_at=NOON - DAY, expires_at=NOON,
                               last_used_at=NOON))
        db.session.add(Session(id_hash=b"b" * 32, account_id=cast["lea"], created_at=NOON, last_used_at=NOON,
                               expires_at=NOON + 300 * DAY))
        db.session.add(OneTimeToken(token_hash=token, account_id=cast["lea"], purpose="reset", made_at=NOON - DAY,
                                    expires_at=NOON))
        db.session.add(RateLimit(key="k", hits=1, expires_at=NOON.timestamp()))
        db.session.add(Draft(id=uuid7(), account_id=cast["lea"], form="feedback", subject_id=uuid.uuid4(), body={},
                             changed_at=NOON))
        db.session.add(Mailbox(account_id=cast["lea"], pending=MINE, asked_at=NOON))
        db.session.add(Notice(account_id=cast["lea"], kind="feedback_given", subject_id=uuid.uuid4(), at=NOON,
                              visible_at=NOON, read_at=NOON))
        db.session.add(Notice(account_id=cast["lea"], kind="feedback_given", subject_id=uuid.uuid4(), at=NOON,
                              visible_at=NOON))
        outbox.queue("known", NOON, NOON + DAY, "fr", account_id=cast["lea"])
        db.session.execute(sa.update(Message).values(sent_at=NOON))

    do(app, fill)

    def left() -> dict[str, int]:
        models = (Session, OneTimeToken, RateLimit, Draft, Notice, Message)
        return {m.__tablename__: len(rows(app, sa.inspect(m).primary_key[0])) for m in models}

    before = left()
    at(NOON + old - SECOND)
    work(app)
    assert left() == before
    assert rows(app, Mailbox.pending) == [(None,)]
    at(NOON + old + DAY)
    work(app)
    assert left() == {"session": before["session"] - 1, "one_time_token": 0, "rate_limit": 0, "draft": 1, "notice": 1,
                      "message": 0}
    at(NOON + kept("draft") + DAY)
    work(app)
    assert left()["draft"] == 0


@both_databases
def test_a_deleted_experience_is_erased_after_thirty_days_with_all_that_hangs_on_it(
    app: Flask, cast: Cast, at: Any
) -> None:
    do(app, lambda: world.fill(cast, NOON))
    do(app, lambda: db.session.execute(sa.update(Experience).where(Experience.id == cast["lea_x"]).values(deleted_at=NOON)))
    at(NOON + kept("deleted") - SECOND)
    work(app)
    assert (cast["lea_x"],) in rows(app, Experience.id)
    at(NOON + kept("deleted") + DAY)
    work(app)
    with app.app_context():
        for name, table in db.metadata.tables.items():
            for column in table.columns:
                if name in {"erasure", "audit_event", "reading_line"} or ("experience" not in column.name and name != "experience"):
                    continue
                if column.type.__class__.__name__ == "Key":
                    found = db.session.execute(sa.select(sa.func.count()).where(column == cast["lea_x"])).scalar_one()
                    assert found == 0, column
        # another experience of the same learner stays whole
        assert db.session.get(Experience, cast["lea_y"]) is not None
        assert db.session.query(Feedback).filter_by(experience_id=cast["lea_y"]).count() == 1
        db.session.remove()
    assert [(r.experience_id, r.cause, r.by) for r in rows(app, Erasure.experience_id, Erasure.cause, Erasure.by)] == [
        (cast["lea_x"], "deleted", "system")]
    assert rows(app, Endorsement.id) == []


@pytest.mark.parametrize("settings_of_test", [{"EVIDENCE_FOLDER": "files"}])
def test_its_photos_go_with_an_erased_experience_and_leave_their_room(
    app: Flask, cast: Cast, at: Any, tmp_path: Path
) -> None:
    app.config["EVIDENCE_FOLDER"] = tmp_path / "files"
    do(app, lambda: world.add_file(db.session.get(Experience, cast["lea_x"]), saved(drawing()), None, NOON))
    room = sa.select(Passport.evidence_bytes).where(Passport.learner_id == cast["lea"])
    assert do(app, lambda: db.session.scalar(room)) > 0
    assert [f for f in (tmp_path / "files").rglob("*") if f.is_file()]
    do(app, lambda: db.session.execute(sa.update(Experience).where(Experience.id == cast["lea_x"]).values(deleted_at=NOON)))
    at(NOON + kept("deleted") + DAY)
    work(app)
    work(app)
    assert do(app, lambda: db.session.scalar(room)) == 0
    assert [f for f in (tmp_path / "files").rglob("*") if f.is_file()] == []


@both_databases
def test_the_erasure_of_one_experience_opens_no_other(app: Flask, cast: Cast, at: Any) -> None:
    do(app, lambda: world.fill(cast, NOON))
    do(app, lambda: db.session.execute(sa.update(Experience).where(Experience.id == cast["lea_x"]).values(deleted_at=NOON)))
    at(NOON + kept("deleted") + DAY)
    work(app)
    with app.app_context():
        with pytest.raises(sa.exc.IntegrityError):
            db.session.execute(sa.delete(AuthoredVersion).where(AuthoredVersion.learner_id == cast["lea"]))
        db.session.rollback()
        db.session.remove()


def test_an_experience_with_a_text_that_somebody_looks_into_waits(app: Flask, cast: Cast, at: Any) -> None:
    do(app, lambda: world.fill(cast, NOON))
    do(app, lambda: db.session.execute(sa.update(Experience).where(Experience.id == cast["tom_x"]).values(deleted_at=NOON)))
    at(NOON + kept("deleted") + DAY)
    work(app)
    assert (cast["tom_x"],) in rows(app, Experience.id)
    assert (cast["tom_text"],) in rows(app, AuthoredText.id)
    do(app, lambda: db.session.execute(sa.update(Report).values(
        decided_at=NOON, outcome="acted", proposed_by_id=cast["claire"], proposed_at=NOON, proposed_outcome="acted",
        done_on=NOON.date(), confirmed_by_id=cast["sofia"])))
    at(NOON + kept("deleted") + 2 * DAY)
    work(app)
    assert (cast["tom_x"],) not in rows(app, Experience.id)


# ---------- the command ----------


def test_the_command_does_what_is_due_and_says_how_mail_leaves(app: Flask, cast: Cast, office: Office, at: Any) -> None:
    given(app, cast["lea"])
    waits(app, cast)
    assert app.test_cli_runner().invoke(args=["worker", "--once"]).exit_code == 0
    assert len(office.server.taken) == 1
    app.config["MAIL"] = replace(office.mail(), host="")
    waits(app, cast)
    said = app.test_cli_runner().invoke(args=["worker", "--once"])
    assert "no e-mail leaves" in said.output
    assert len(office.server.attempts) == 1
    assert [r.attempts for r in rows(app, *STATE) if r.sent_at is None] == [0]


def test_a_worker_ends_when_told_and_with_its_parent(app: Flask, cast: Cast) -> None:
    with app.app_context():
        worker = Worker(parent=1_000_000_000)
        assert worker.ends()
        worker.run()
        worker = Worker()
        threading.Timer(0.2, worker.stop.set).start()
        worker.run()
        assert worker.ends()
    assert signal.getsignal(signal.SIGTERM) is not None
