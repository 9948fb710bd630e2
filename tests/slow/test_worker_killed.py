"""Workers killed in the middle of their work: nothing is lost, nothing is sent twice but under the same Message-ID."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from passport import clock, create_app
from passport.accounts.models import Account
from passport.extensions import db
from passport.notices import outbox, rules
from passport.notices.models import Message, Notice
from tests import build
from tests.conftest import both_databases, test_settings
from tests.letters import free_port, parsed

ROOT = Path(__file__).resolve().parents[2]
MESSAGES, KILLS = 60, 6

pytestmark = pytest.mark.slow


class Taken:
    """A server that takes its time and remembers every message it said yes to."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        import asyncio

        await asyncio.sleep(0.03)
        with self.lock:
            self.ids.append(str(parsed(envelope.content)["Message-ID"]))
        return "250 OK"


@pytest.fixture
def city(database: Path | str, tmp_path: Path) -> Iterator[tuple[Flask, dict[str, str]]]:
    """An application on a database of its own, and the environment in which `flask worker` finds it."""
    if isinstance(database, Path):
        shutil.copy(database, tmp_path / "city.db")
        url = f"sqlite:///{tmp_path / 'city.db'}"
    else:
        url = database
    app = create_app(test_settings(url, tmp_path))
    yield app, {"PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(tmp_path), "DATABASE_URL": url}
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def fill(app: Flask) -> list[uuid.UUID]:
    """Put messages into the outbox, and return the ids they go by."""
    with app.app_context():
        now = clock.now()
        lea = build.account("lea", now)
        db.session.execute(sa.update(Account).where(Account.id == lea.id).values(email="lea@exemple.fr", email_confirmed_at=now))
        for _ in range(MESSAGES):
            subject = uuid.uuid4()
            db.session.add(Notice(account_id=lea.id, kind="feedback_given", subject_id=subject, at=now, visible_at=now))
            outbox.queue(outbox.WAITING, now, now + rules.STILL_NEWS, "fr", account_id=lea.id,
                         params={"things": [["feedback_given", str(subject)]]})
        db.session.commit()
        ids = list(db.session.scalars(sa.select(Message.id)))
        db.session.remove()
    return ids


@both_databases
def test_workers_killed_at_any_moment_lose_nothing(city: tuple[Flask, dict[str, str]]) -> None:
    app, environment = city
    ids = fill(app)
    server = Taken()
    port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    environment = {**os.environ, **environment, "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none",
                   "MAIL_FROM": "passeport@ville.example"}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "flask", "--app", "wsgi", "worker"], cwd=ROOT, env=environment,
                                stderr=subprocess.DEVNULL)

    def left() -> int:
        with app.app_context():
            count = db.session.scalar(sa.select(sa.func.count()).select_from(Message).where(Message.sent_at.is_(None)))
            db.session.remove()
        return int(count or 0)

    workers = [start(), start()]
    kills = 0
    deadline = time.monotonic() + 240
    try:
        while kills < KILLS and left() and time.monotonic() < deadline:
            seen = len(server.ids)
            while len(server.ids) == seen and left() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.1 * (kills * 7 % 10) / 10)
            victim = workers.pop(0)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            kills += 1
            workers.append(start())
        # What the dead ones held is free again after a while; here the while is over at once.
        while left() and time.monotonic() < deadline:
            time.sleep(0.5)
            with app.app_context():
                held = sa.update(Message).where(Message.sent_at.is_(None), Message.lease_until > clock.now())
                if len(server.ids) >= MESSAGES - kills:
                    db.session.execute(held.values(lease_until=clock.now()))
                    db.session.commit()
                db.session.remove()
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(timeout=20) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
        controller.stop()
    assert left() == 0
    assert kills >= 3
    sent = Counter(server.ids)
    assert set(sent) == {f"<{key.hex}@127.0.0.1>" for key in ids}
    # Whoever is killed between the server's yes and its own note can only send again, under the same name.
    assert sum(sent.values()) - MESSAGES <= kills


def test_the_worker_ends_cleanly_with_the_process_beside_it(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "city.db")
    environment = {**os.environ, "PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(tmp_path),
                   "DATABASE_URL": f"sqlite:///{tmp_path / 'city.db'}"}
    beside = ("import os, subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'flask', '--app', 'wsgi', 'worker', "
              "'--beside', str(os.getpid())]); print(p.pid, flush=True); sys.stdin.read()")
    parent = subprocess.Popen([sys.executable, "-c", beside], cwd=ROOT, env=environment, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.kill()
    parent.wait()
    assert parent.stdin
    parent.stdin.close()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text().split(") ")[1].startswith("Z"):
            break
        time.sleep(0.2)
    assert time.monotonic() < deadline
