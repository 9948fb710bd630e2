"""The real server on a real database, for tests of what happens when either is killed, stopped or full."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.accounts.rules import Device
from passport.accounts.service import open_session
from passport.extensions import db
from passport.transaction import transaction
from tests import build
from tests.letters import free_port

ROOT = Path(__file__).resolve().parents[1]
COOKIE = "passport"


@dataclass
class Answer:
    """What the server said, and after how many seconds."""

    status: int
    headers: dict[str, str]
    body: str
    seconds: float


class Served:
    """gunicorn as it runs for a city, in a process group of its own; it loads the program once, so that tests are quick."""

    def __init__(self, url: str, instance: Path, *options: str, **more: str) -> None:
        self.options = options or ("--preload",)
        self.port = free_port()
        self.log = instance / "server.log"
        self.environment = {**os.environ, "PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(instance), "DATABASE_URL": url,
                            "PORT": str(self.port), **more}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, wait: bool = True) -> None:
        """Start it, and wait until it answers anything."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", *self.options, "wsgi:app"], cwd=ROOT,
                                            env=self.environment, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + 30
        while wait:
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < until, self.log.read_text()[-2000:]
            with suppress(OSError):
                self.ask("GET", "/healthz")
                return
            time.sleep(0.02)

    def pids(self) -> list[int]:
        """Return the master and its workers."""
        assert self.process is not None
        return [self.process.pid, *children(self.process.pid)]

    def kill_workers(self) -> None:
        """Kill every process that answers, without a word; the first one starts others."""
        for pid in self.pids()[1:]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill every process of it at once, without a word."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ask(self, method: str, path: str, cookie: str = "", form: dict[str, str] | None = None, timeout: float = 20) -> Answer:
        """Send one request; raises OSError when no whole answer comes."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.monotonic()
        try:
            line.request(method, path, urlencode(form) if form is not None else None, headers)
            answer = line.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read().decode(), time.monotonic() - begun)
        except http.client.HTTPException as cut:
            raise ConnectionError("cut off") from cut
        finally:
            line.close()


def children(pid: int) -> list[int]:
    """Return the processes that this one started."""
    with suppress(OSError):
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@dataclass
class Writer:
    """A signed-in person who writes without end, each sentence again under its number until it is acknowledged."""

    served: Served
    cookie: str
    token: str
    threads: int = 3
    acknowledged: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    running: list[threading.Thread] = field(default_factory=list)

    def form(self, title: str, number: str | None = None) -> dict[str, str]:
        """Return the form of one sentence."""
        return {"csrf_token": self.token, "title": title, "submission": number or str(uuid.uuid4())}

    def write(self, name: int) -> None:
        count = 0
        while not self.stopped.is_set():
            count += 1
            title = f"sentence {name} {count} {uuid.uuid4().hex[:6]}"
            form = self.form(title)
            while not self.stopped.is_set():
                with suppress(OSError):
                    answer = self.served.ask("POST", "/ajouter", self.cookie, form)
                    self.answers.append(answer)
                    if answer.status == 303 and answer.headers["Location"].endswith("/gardee"):
                        self.acknowledged.append(title)
                        break
                time.sleep(0.02)

    def start(self) -> None:
        """Begin to write."""
        self.running = [threading.Thread(target=self.write, args=(n,)) for n in range(self.threads)]
        for thread in self.running:
            thread.start()

    def stop(self) -> None:
        """Write no more."""
        self.stopped.set()
        for thread in self.running:
            thread.join(30)

    def wait_for(self, more: int, seconds: float = 30) -> None:
        """Wait until some more sentences are acknowledged."""
        wanted, until = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < until, (self.answers[-1:], self.served.log.read_text()[-1500:])
            time.sleep(0.005)


def somebody(app: Flask, served: Served) -> Writer:
    """Return somebody who is signed in at the running server."""
    with app.app_context():
        with transaction():
            lea = build.account("lea", clock.now())
            token = open_session(lea.id, Device.OWN, now=clock.now(), staff=False)
        db.session.remove()
        db.engine.dispose()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"], session["csrf_token"] = token, True, "0" * 40
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    page = served.ask("GET", "/ajouter", cookie.value)
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.body)
    assert found, page.body[:500]
    return Writer(served, cookie.value, found[1])


def counted(app: Flask) -> dict[str, int]:
    """Return how often each sentence is kept."""
    with app.app_context():
        rows = db.session.execute(sa.text("SELECT title, count(*) FROM experience WHERE title LIKE 'sentence %' GROUP BY title"))
        found = {title: int(count) for title, count in rows}
        db.session.remove()
        db.engine.dispose()
    return found


def refused(port: int) -> bool:
    """Say whether nothing listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
