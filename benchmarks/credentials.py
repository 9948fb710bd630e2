"""What signing costs, beside another maker’s signer, and what others feel of it: python -m benchmarks.credentials

Seconds of the processor, so that a busy machine says the same as an idle one: `POST …/montrer` in gunicorn, the worker that
signs and keeps, and Digital Bazaar’s signer in Node (`make slow` fetches it) on the same credential. Then a hundred are
permitted at once by as many connections, while somebody else opens their passport again and again. Linux only (/proc).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config import settings
from passport import clock, create_app
from passport.accounts.rules import Device
from passport.accounts.service import open_session
from passport.credentials import proofs
from passport.credentials.models import Credential
from passport.extensions import db
from passport.transaction import transaction
from tests.cast import make_cast
from tests.conftest import migrated
from tests.endorsed import endorsed
from tests.independent import Others

ROOT = Path(__file__).resolve().parent.parent
ONE_BY_ONE, AT_ONCE, SIGNATURES = 50, 100, 50
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class City:
    """A city on a file of its own, with what lea may permit, and cookies of lea and of somebody else."""

    environment: dict[str, str]
    kept: list[uuid.UUID]
    cookies: dict[str, str]


def furnish(folder: Path, port: int) -> City:
    """Make the city."""
    url = f"sqlite:///{folder / 'city.db'}"
    with migrated(url, folder):
        pass
    environment = {"PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(folder), "DATABASE_URL": url, "PORT": str(port),
                   "PASSPORT_LOG_LEVEL": "error"}
    app = create_app(settings(environment))
    with app.app_context():
        cast = make_cast(clock.now())
        kept = endorsed(cast, ONE_BY_ONE + AT_ONCE)
        cookies = {}
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        for name in ("lea", "stranger"):
            with transaction():
                token = open_session(cast[name], Device.OWN, now=clock.now(), staff=False)
            cookies[name] = f"passport={serializer.dumps({'_user_id': token, '_fresh': True})}"
        db.session.remove()
        db.engine.dispose()
    return City(environment, kept, cookies)


def processor(pid: int) -> float:
    """Return the seconds of the processor that a process and those it started have used."""
    used, children = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = stat.read_text().rsplit(")", 1)[1].split()
            used[int(stat.parent.name)] = sum(map(int, words[11:13])) / TICKS
            children.setdefault(int(words[1]), []).append(int(stat.parent.name))
    waiting, total = [pid], 0.0
    while waiting:
        one = waiting.pop()
        total += used.get(one, 0.0)
        waiting += children.get(one, [])
    return total


@contextmanager
def running(city: City, *words: str) -> Iterator[int]:
    """Run a program of the city, and give its number."""
    program = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **city.environment},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield program.pid
    finally:
        program.terminate()
        program.wait()


class Browser:
    """One person, who opens a connection for each request, as gunicorn soon closes one that rests."""

    def __init__(self, city: City, name: str) -> None:
        self.port, self.head = int(city.environment["PORT"]), {"Cookie": city.cookies[name]}

    def send(self, method: str, path: str, body: str | None = None, **head: str) -> tuple[int, str]:
        """Send a request and return the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {**self.head, **head})
            answer = connection.getresponse()
            cookie = answer.headers.get("Set-Cookie")
            if cookie:
                self.head["Cookie"] = cookie.split(";")[0]
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def get(self, path: str) -> str:
        """Open a page."""
        status, body = self.send("GET", path)
        assert status == 200, (path, status)
        return body

    def token(self) -> str:
        """Return what a form of theirs must hold."""
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get("/ajouter"))
        assert found
        return found[1]

    def permit(self, key: uuid.UUID, token: str) -> None:
        """Permit an endorsement to be shown."""
        status, _ = self.send("POST", f"/competence/{key}/montrer", urlencode({"csrf_token": token}),
                              **{"Content-Type": "application/x-www-form-urlencoded"})
        assert status in {204, 303}, status


def until(done: object, seconds: float = 300) -> None:
    """Wait until something holds."""
    assert callable(done)
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def listening(port: int) -> bool:
    """Say whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def p95(seconds: list[float]) -> float:
    """Return what 95 in 100 stay below, in milliseconds."""
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1000


def pages(city: City, over: threading.Event) -> list[float]:
    """Open a passport every 50 ms until it is over, and return how long each one took."""
    browser, took = Browser(city, "stranger"), []
    while not over.is_set():
        start = time.perf_counter()
        browser.get("/passeport")
        took.append(time.perf_counter() - start)
        time.sleep(0.05)
    return took


def beside(city: City, act: object) -> tuple[list[float], float]:
    """Return how long somebody else's pages took while something is done, and how long that took."""
    over, took = threading.Event(), []
    other = threading.Thread(target=lambda: took.extend(pages(city, over)))
    other.start()
    start = time.perf_counter()
    assert callable(act)
    try:
        act()
    finally:
        lasted = time.perf_counter() - start
        over.set()
        other.join()
    return took, lasted


def main() -> int:
    """Print the table."""
    folder = Path(tempfile.mkdtemp())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        measure(furnish(folder, port), folder)
    finally:
        shutil.rmtree(folder)
    return 0


def measure(city: City, folder: Path) -> None:
    """Measure in front of a server that runs, and print what came out."""
    engine = sa.create_engine(city.environment["DATABASE_URL"])

    def stored() -> int:
        with engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(Credential)) or 0

    with running(city, "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app") as server:
        until(lambda: listening(int(city.environment["PORT"])))
        lea = Browser(city, "lea")
        token = lea.token()
        with running(city, "flask", "--app", "wsgi", "worker") as worker:
            lea.permit(city.kept[0], token)
            until(lambda: stored() == 1)
            before = processor(server), processor(worker)
            for key in city.kept[1:ONE_BY_ONE]:
                lea.permit(key, token)
            until(lambda: stored() == ONE_BY_ONE)
            permit, sign = (1000 * (processor(pid) - was) / (ONE_BY_ONE - 1)
                            for pid, was in zip((server, worker), before, strict=True))

            idle, _ = beside(city, lambda: time.sleep(10))

            def at_once() -> None:
                threads = [threading.Thread(target=lea.permit, args=(key, token))
                           for key in city.kept[ONE_BY_ONE:]]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()

            def until_stored() -> None:
                at_once()
                said.append(time.perf_counter())
                until(lambda: stored() == ONE_BY_ONE + AT_ONCE)

            said: list[float] = []
            start = time.perf_counter()
            busy, lasted = beside(city, until_stored)
    with engine.connect() as connection:
        unsigned = json.loads(connection.scalars(sa.select(Credential.document).limit(1)).one())
    engine.dispose()
    del unsigned["proof"]
    key, at = Ed25519PrivateKey.from_private_bytes(bytes(range(32))), clock.now()
    began = time.process_time()
    for _ in range(SIGNATURES):
        proofs.sign(unsigned, key, proofs.issuer_of(unsigned), at)
    alone = 1000 * (time.process_time() - began) / SIGNATURES
    theirs = 1000 * Others().sign(unsigned, bytes(range(32)), proofs.issuer_of(unsigned), proofs.instant_text(at), SIGNATURES)["seconds"]
    print(f"""
| for one credential, milliseconds of a processor | | beside the npm signer |
|---|---|---|
| npm signer, signature alone | {theirs:.1f} | 1 |
| our signature, checked by ourselves before it leaves | {alone:.1f} | {alone / theirs:.1f} |
| the worker: reserved, signed, checked, kept | {sign:.1f} | {sign / theirs:.1f} |
| `POST …/montrer` | {permit:.1f} | {permit / theirs:.1f} |
| over HTTP, all of it | {permit + sign:.1f} | {(permit + sign) / theirs:.1f} |

That is {1000 / (permit + sign):.0f} issued and stored in a second of one core.
{AT_ONCE} permitted at once: answered after {said[0] - start:.1f} s, stored after {lasted:.1f} s. Meanwhile somebody else's
page took {p95(busy):.0f} ms (95 in 100, of {len(busy)}), beside {p95(idle):.0f} ms when nothing else went on
({p95(busy) / p95(idle):.1f} times).""")


if __name__ == "__main__":
    raise SystemExit(main())
