"""A throw-away PostgreSQL for tests, without TCP; standard library only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOM = 2**31


def bindir() -> Path | None:
    """Return the folder of initdb and pg_ctl (Debian keeps them off PATH), or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _roomy() -> str:
    """Return where the files of a server lie: in memory where there is room, for each test makes a database of its own."""
    memory = "/dev/shm"  # noqa: S108 - the folder made there is the server's alone
    with suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM:
            return memory
    return "/tmp"  # noqa: S108


@contextmanager
def cluster() -> Iterator[str]:
    """Run a server and yield its URL with the placeholder {db}; raise LookupError where none can run."""
    binaries = bindir()
    if binaries is None:
        raise LookupError("no PostgreSQL server binaries (Debian: apt-get install postgresql)")
    # A Unix socket path may have 107 bytes at most: pytest's tmp_path is too long.
    base = Path(tempfile.mkdtemp(prefix="pgt", dir=_roomy()))
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        try:
            uid = pwd.getpwnam("postgres").pw_uid
        except KeyError:
            shutil.rmtree(base)
            raise LookupError("running as root and there is no user 'postgres'") from None
        os.chown(base, uid, -1)
        as_user = ["runuser", "-u", "postgres", "--"]
    data, log = base / "data", base / "log"

    def pg(*cmd: str) -> None:
        done = subprocess.run(
            [*as_user, *cmd],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            tail = log.read_text()[-2000:] if log.exists() else ""
            raise RuntimeError(f"{cmd[0]} failed: {done.stderr}\n{tail}")

    try:
        pg(
            str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        options = (
            f"-k {base} -c listen_addresses='' -c fsync=off -c synchronous_commit=off "
            "-c full_page_writes=off -c max_connections=50 -c shared_buffers=64MB"
        )
        pg(
            str(binaries / "pg_ctl"),
            "-D",
            str(data),
            "-w",
            "-t",
            "30",
            "-o",
            options,
            "-l",
            str(log),
            "start",
        )
        yield f"postgresql+psycopg://postgres@/{{db}}?host={base}"
    finally:
        if (data / "postmaster.pid").exists():
            pg(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(base, ignore_errors=True)
