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


def as_postgres(*command: str, base: Path) -> None:
    """Run a command of the server, as the user that may."""
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*before, *command], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        log = base / "log"
        tail = log.read_text()[-2000:] if log.exists() else ""
        raise RuntimeError(f"{command[0]} failed: {done.stderr}\n{tail}")


def start(base: Path, durable: bool = False) -> None:
    """Start the server of this folder; one that is `durable` syncs its disk, the others are quick."""
    quick = "" if durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    options = f"-k {base} -c listen_addresses='' {quick}-c max_connections=50 -c shared_buffers=64MB"
    as_postgres(f"{bindir()}/pg_ctl", "-D", f"{base}/data", "-w", "-t", "30", "-o", options, "-l", f"{base}/log", "start", base=base)


def stop(base: Path, mode: str = "immediate") -> None:
    """Stop the server of this folder, if it runs."""
    if (base / "data" / "postmaster.pid").exists():
        as_postgres(f"{bindir()}/pg_ctl", "-D", f"{base}/data", "-m", mode, "-w", "stop", base=base)


def pids(base: Path) -> list[int]:
    """Return every process of the server of this folder, the first one first."""
    first = int((base / "data" / "postmaster.pid").read_text().split()[0])
    return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]


@contextmanager
def cluster(durable: bool = False, folder: Path | None = None) -> Iterator[str]:
    """Run a server and yield its URL with the placeholder {db}; raise LookupError where none can run."""
    binaries = bindir()
    if binaries is None:
        raise LookupError("no PostgreSQL server binaries (Debian: apt-get install postgresql)")
    # A Unix socket path may have 107 bytes at most: pytest's tmp_path is too long.
    base = Path(tempfile.mkdtemp(prefix="pgt", dir=folder or _roomy()))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        try:
            uid = pwd.getpwnam("postgres").pw_uid
        except KeyError:
            shutil.rmtree(base)
            raise LookupError("running as root and there is no user 'postgres'") from None
        os.chown(base, uid, -1)
    try:
        as_postgres(str(binaries / "initdb"), "-D", str(base / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                    "--locale=C.UTF-8", "--no-sync", base=base)
        start(base, durable)
        yield f"postgresql+psycopg://postgres@/{{db}}?host={base}"
    finally:
        stop(base)
        shutil.rmtree(base, ignore_errors=True)
