"""`python -m benchmarks.faults`, as root: a really full disk under the real server, on SQLite and on PostgreSQL.

A small file system in memory is filled to the last byte while somebody writes, then a part of it is given back. What
happened is printed; docs/faults.md keeps it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from passport import create_app
from passport.extensions import db
from tests import pg
from tests.conftest import admin, migrated, test_settings
from tests.serving import Served, Writer, counted, somebody


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of that size."""
    with tempfile.TemporaryDirectory(prefix="full") as folder:
        subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["/usr/bin/umount", "--lazy", folder], check=True)


def filled(disk: Path) -> Path:
    """Fill the disk to the last byte and return the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def tried(url: str, disk: Path) -> None:
    """Fill the disk under a server, give it back, and print what the server said."""
    with tempfile.TemporaryDirectory() as instance:
        app = create_app(test_settings(url, Path(instance)))
        served = Served(url, Path(instance))
        try:
            served.start()
            writer: Writer = somebody(app, served)
            for n in range(20):
                assert served.ask("POST", "/ajouter", writer.cookie, writer.form(f"sentence before {n}")).status == 303
            ballast = filled(disk)
            wrote, form = Counter[int](), writer.form("sentence at the end")
            for n in range(1500):
                answer = served.ask("POST", "/ajouter", writer.cookie, form | {"title": f"sentence {n} " + "x" * 200, "submission": f"{n:032x}"})
                wrote[answer.status] += 1
                if wrote[503] >= 20:
                    break
            read = Counter(served.ask("GET", path, writer.cookie).status for path in ("/passeport", "/carte", "/montrer") * 10)
            health = served.ask("GET", "/healthz")
            print(f"  full: writing {dict(wrote)}, Retry-After {answer.headers.get('Retry-After')}, reading {dict(read)}, "
                  f"/healthz {health.status} {health.body.strip()}")
            ballast.unlink()
            after = Counter(served.ask("POST", "/ajouter", writer.cookie, writer.form(f"sentence after {n}")).status for n in range(20))
            found = counted(app)
            kept = sum(1 for title in found if not title.startswith(("sentence before", "sentence after")))
            print(f"  room again: writing {dict(after)}; of what was written while it filled, {wrote[303]} acknowledged, {kept} kept, "
                  f"{sum(count - 1 for count in found.values())} doubled")
        finally:
            served.kill()
            with app.app_context():
                db.engine.dispose()


def main() -> int:
    """Try both databases."""
    if os.geteuid() != 0:
        print("A file system is mounted: run this as root.", file=sys.stderr)
        return 1
    with small_disk(8) as disk, tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{disk / 'city.db'}"
        with migrated(url, Path(folder)):
            print("SQLite, on 8 MB")
            tried(url, disk)
    with small_disk(130) as disk, tempfile.TemporaryDirectory() as folder, pg.cluster(durable=True, folder=disk) as base:
        admin(base, "CREATE DATABASE city")
        with migrated(base.format(db="city"), Path(folder)):
            print("PostgreSQL, on 130 MB")
            tried(base.format(db="city"), disk)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
