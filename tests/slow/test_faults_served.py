"""The real server and database, killed, stopped, starved and traced: what was acknowledged is there, once.

`FAULT_ROUNDS=50,20 pytest -m slow tests/slow/test_faults_served.py` kills more often, each time the whole server
(docs/faults.md has the figures).
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from passport import create_app
from tests import pg
from tests.conftest import admin, migrated, test_settings
from tests.serving import Served, Writer, counted, somebody

BY_HAND = os.environ.get("FAULT_ROUNDS")
ON_SQLITE, ON_POSTGRES = map(int, (BY_HAND or "20,10").split(","))
SECONDS = 5.0

pytestmark = pytest.mark.slow


class City:
    """A server on a database, its application for looking inside, and somebody who writes."""

    def __init__(self, url: str, folder: Path, base: Path | None = None) -> None:
        self.base = base
        self.app: Flask = create_app(test_settings(url, folder))
        self.served = Served(url, folder)
        self.served.start()
        self.writer: Writer = somebody(self.app, self.served)

    def is_whole(self) -> None:
        """Assert that all that was acknowledged is kept, and nothing twice."""
        found = counted(self.app)
        lost = set(self.writer.acknowledged) - set(found)
        assert not lost, f"acknowledged and lost: {len(lost)} of {len(self.writer.acknowledged)}"
        assert set(found.values()) <= {1}, "kept twice"


@pytest.fixture(scope="module")
def file_city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city in a file, for all of these tests."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(sqlite_template, folder / "city.db")
    city = City(f"sqlite:///{folder / 'city.db'}", folder)
    yield city
    city.served.kill()


@pytest.fixture(scope="module")
def server_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city on a PostgreSQL that syncs its disk, and whose role was told to answer before that."""
    folder = tmp_path_factory.mktemp("served")
    try:
        with pg.cluster(durable=True) as base:
            admin(base, "CREATE DATABASE city", "ALTER ROLE postgres SET synchronous_commit = off")
            with migrated(base.format(db="city"), folder):
                city = City(base.format(db="city"), folder, Path(base.partition("host=")[2]))
                yield city
                city.served.kill()
    except LookupError as exc:
        pytest.skip(f"PostgreSQL tests NOT run: {exc}")


@pytest.fixture
def on_sqlite(file_city: City) -> Iterator[City]:
    """That city, with nobody writing."""
    file_city.writer = replace(file_city.writer, acknowledged=[], answers=[], stopped=threading.Event())
    yield file_city
    file_city.writer.stop()


@pytest.fixture
def on_postgres(server_city: City) -> Iterator[City]:
    """That city, with nobody writing."""
    server_city.writer = replace(server_city.writer, acknowledged=[], answers=[], stopped=threading.Event())
    yield server_city
    server_city.writer.stop()


# ---------- traced: a kill cannot tell in which order the disk was written ----------

SENT = 4
CALLS = "trace=fsync,fdatasync,sendto,sendmsg,write,writev,pwrite64,pwritev"


def trace(pids: list[int], folder: Path, act: object) -> list[str]:
    """Return what these processes asked of the kernel while something was done, in order."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here (Debian: apt-get install strace)")
    out = folder / "trace"
    tracing = subprocess.Popen([strace, "-f", "-y", "-s", "160", "-e", CALLS, "-o", str(out), *(f"-p{pid}" for pid in pids)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert tracing.stderr is not None
        for _ in pids:
            line = tracing.stderr.readline().decode()
            assert "attached" in line, line
        act()  # type: ignore[operator]
        time.sleep(0.3)
    finally:
        tracing.send_signal(signal.SIGINT)
        tracing.communicate(timeout=20)
    return whole(out.read_text().splitlines())


def whole(lines: list[str]) -> list[str]:
    """Return one line for each call, where it ended."""
    begun: dict[str, str] = {}
    found = []
    for line in lines:
        pid, _, said = line.partition(" ")
        if said.endswith("<unfinished ...>"):
            begun[pid] = said.removesuffix("<unfinished ...>")
        elif (resumed := re.search(r"<\.\.\. \w+ resumed>(.*)", said)) is not None:
            found.append(f"{pid} {begun.pop(pid, '')}{resumed[1]}")
        else:
            found.append(line)
    return found


def synced(calls: list[str], written: str, log: str, answer: str) -> list[bool]:
    """Say of each answer to a writing whether whoever gave it had synced the log since it was written."""
    open_writings: dict[str, bool] = {}
    found = []
    for call in calls:
        who = call.partition(" ")[0]
        if re.search(written, call):
            open_writings[who] = False
        elif re.search(rf"f(data)?sync\(\d+<[^>]*{log}[^>]*>\)\s+= 0", call) and who in open_writings:
            open_writings[who] = True
        elif re.search(answer, call) and who in open_writings:
            found.append(open_writings.pop(who))
    return found


def test_sqlite_syncs_its_log_before_the_server_answers(on_sqlite: City, tmp_path: Path) -> None:
    calls = trace(on_sqlite.served.pids()[1:], tmp_path, lambda: sent(on_sqlite))
    assert synced(calls, r"pwrite64\(\d+<[^>]*city\.db-wal", r"city\.db-wal", r"HTTP/1\.1 303") == [True] * SENT, "\n".join(calls)


@pytest.mark.postgres
def test_postgresql_syncs_its_log_before_it_answers(on_postgres: City, tmp_path: Path) -> None:
    assert on_postgres.base is not None
    role = create_engine(on_postgres.app.config["SQLALCHEMY_DATABASE_URI"])
    with role.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "off", "which the server does not heed"
    role.dispose()
    sent(on_postgres)  # the connection is open, and its backend there to be traced
    calls = trace(pg.pids(on_postgres.base), tmp_path, lambda: sent(on_postgres))
    commits = synced(calls, "INSERT 0", "pg_wal/", "COMMIT")
    assert len(commits) >= SENT, "\n".join(calls)
    assert all(commits), "\n".join(calls)


def sent(city: City) -> None:
    """Send some sentences."""
    for n in range(SENT):
        assert city.served.ask("POST", "/ajouter", city.writer.cookie, city.writer.form(f"sentence traced {n} {time.time()}")).status == 303


# ---------- refused by the disk ----------


def test_a_server_whose_disk_refuses_says_so_and_goes_on_by_itself(on_sqlite: City) -> None:
    city, form = on_sqlite, on_sqlite.writer.form("sentence refused")
    pids, before = city.served.pids()[1:], {}
    for pid in pids:
        before[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    answers = [city.served.ask("POST", "/ajouter", city.writer.cookie, form) for _ in range(6)]
    assert {(a.status, a.headers.get("Retry-After")) for a in answers} == {(503, "60")}
    assert "sentence refused" in answers[0].body
    assert {city.served.ask("GET", "/passeport", city.writer.cookie).status for _ in range(6)} == {200}
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before[pid])
    assert {city.served.ask("POST", "/ajouter", city.writer.cookie, form).status for _ in range(6)} == {303}
    assert counted(city.app)["sentence refused"] == 1
    assert city.served.pids()[1:] == pids, "nobody was started anew"


# ---------- gone, and standing still ----------

PAGES = ("/passeport", "/healthz", "/carte", "/s/" + "A" * 22)


@pytest.mark.postgres
def test_a_postgresql_stopped_or_standing_still_is_said_within_five_seconds(on_postgres: City) -> None:
    city, writer = on_postgres, on_postgres.writer
    assert city.base is not None
    writer.start()
    writer.wait_for(10)

    def all_say_so() -> None:
        with ThreadPoolExecutor(12) as many:
            answers = list(many.map(lambda path: city.served.ask("GET", path, writer.cookie), PAGES * 3))
        assert {a.status for a in answers} == {503}
        assert max(a.seconds for a in answers) < SECONDS, sorted(a.seconds for a in answers)
        print(f"\nlongest wait {max(a.seconds for a in answers):.1f} s")  # noqa: T201

    pg.stop(city.base, "fast")
    all_say_so()
    restarted(city.base)
    writer.wait_for(10, seconds=10)

    frozen = pg.pids(city.base)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        all_say_so()
        all_say_so()
        refused = city.served.ask("POST", "/ajouter", writer.cookie, writer.form("sentence while it stood still"))
        assert (refused.status, refused.headers["Retry-After"]) == (503, "60")
        assert "sentence while it stood still" in refused.body
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    writer.wait_for(10, seconds=10)
    writer.stop()
    assert max(a.seconds for a in writer.answers) < SECONDS
    city.is_whole()


# ---------- killed ----------


def killed(city: City, rounds: int) -> None:
    """Kill the server, or its database, again and again while somebody writes."""
    began = time.monotonic()
    city.writer.start()
    for n in range(rounds):
        city.writer.wait_for(4)
        time.sleep(0.004 * (n * 7 % 13))
        if city.base is not None and n % 3 == 2:
            for pid in pg.pids(city.base):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            restarted(city.base)
        elif BY_HAND:
            city.served.kill()
            city.served.start()
        else:
            city.served.kill_workers()
    city.writer.wait_for(4)
    city.writer.stop()
    city.is_whole()
    print(f"\n{rounds} kills in {time.monotonic() - began:.0f} s, {len(city.writer.acknowledged)} acknowledged: 0 lost, 0 doubled")  # noqa: T201


def restarted(base: Path) -> None:
    """Start a killed PostgreSQL again, once the last of its processes is gone."""
    until = time.monotonic() + 20
    while True:
        with suppress(RuntimeError):
            pg.start(base, durable=True)
            return
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_server_killed_while_somebody_writes_loses_and_doubles_nothing(on_sqlite: City) -> None:
    killed(on_sqlite, ON_SQLITE)


@pytest.mark.postgres
def test_a_server_or_its_postgresql_killed_while_somebody_writes_loses_and_doubles_nothing(on_postgres: City) -> None:
    killed(on_postgres, ON_POSTGRES)
