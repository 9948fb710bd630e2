"""Everything one does with the passport: python3 tools/dev.py TARGET (or: make TARGET).

  run       set up what is missing, then serve the demo city on http://127.0.0.1:8000 (PORT, DATABASE_URL), a worker beside
  test      every check: lint, types, templates, layers, tests on SQLite, on PostgreSQL, in a browser
  quick     the same without PostgreSQL, without browser and without the longest sweeps
  slow      the tests that take minutes
  bench     the measurements of benchmarks/
  setup     only set up: .venv, browser files, compiled sentences
  messages  collect the sentences into the French and English catalogues
  sql       write the statements of every page into tests/sql
  promises  run the tests that keep a promise, and write how each one stands for /securite and docs/promises.md
  audit     ask whether anything is known against the libraries we use (needs network), and list their licences
  weigh     weigh the main pages as a browser receives them, for the README and /ecoconception
  screens   take the pictures of the README anew, into docs/screens (ALL=1: every main screen, into build/screens)
  fmt       order imports and format the code
  clean     remove what setting up and checking have made (never instance/, where the data is)

quick, test and slow hand further words to pytest: python3 tools/dev.py quick -k card
Standard library only; Python 3.11 or newer.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PY = BIN / ("python.exe" if os.name == "nt" else "python")
TRANSLATIONS = ROOT / "passport" / "translations"


class Stop(Exception):  # noqa: N818
    """Something a person has to change before this can go on; the words are the whole message."""


def say(words: str) -> None:
    print(words, flush=True)


def sh(*command: object, **environment: str) -> int:
    """Run a command in the project's folder and return its exit code."""
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, env={**os.environ, **environment}, check=False
    )
    return done.returncode


def must(*command: object, **environment: str) -> None:
    """Run a command that says itself what is wrong, and stop when it fails."""
    if sh(*command, **environment):
        raise Stop("")


def quietly(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command whose words are of interest only when it fails."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def works(*command: object) -> bool:
    try:
        return quietly(*command).returncode == 0
    except OSError:
        return False


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["nothing"])[-1]


# ---- setting up ----


def make_venv() -> None:
    """Make a .venv that has a working pip, in whichever way this Python allows."""
    if PY.exists() and works(PY, "-m", "pip", "--version"):
        return
    say("Making a virtual environment in .venv …")
    python = sys.executable
    ways: list[list[list[object]]] = [
        [[python, "-m", "venv", "--clear", VENV]],
        # Debian without python3-venv: venv works, ensurepip does not; a system pip can fill it.
        [
            [python, "-m", "venv", "--clear", "--without-pip", VENV],
            [python, "-m", "pip", "--python", PY, "install", "-q", "--disable-pip-version-check", "pip"],
        ],
        [[python, "-m", "virtualenv", "--clear", VENV]],
        [["uv", "venv", "--seed", "--clear", "--python", python, VENV]],
    ]
    for way in ways:
        if all(works(*command) for command in way) and works(PY, "-m", "pip", "--version"):
            return
    shutil.rmtree(VENV, ignore_errors=True)  # a failed venv leaves a python without pip behind
    raise Stop(
        "This Python cannot make a virtual environment with pip. "
        "On Debian or Ubuntu: sudo apt install python3-venv; then run the same command again."
    )


def stamp(lock: str) -> str:
    """Return what must be unchanged for the installed packages to be the right ones."""
    config = VENV / "pyvenv.cfg"
    return hashlib.sha256(
        (ROOT / lock).read_bytes() + (config.read_bytes() if config.exists() else b"")
    ).hexdigest()


def installed(lock: str) -> bool:
    mark = VENV / f".installed-{lock}"
    return PY.exists() and mark.exists() and mark.read_text() == stamp(lock)


def install(lock: str) -> None:
    """Install exactly the packages of a lock, each checked by its hash, without building any."""
    if installed(lock):
        return
    make_venv()
    count = sum("==" in line for line in (ROOT / lock).read_text().splitlines())
    say(f"Installing up to {count} packages of {lock} (about half a minute, once) …")
    done = quietly(
        PY, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries=2", "--no-deps",
        "--require-hashes", "--only-binary=:all:", "-r", lock,
    )  # fmt: skip
    if done.returncode:
        raise Stop(f"Cannot install the packages of {lock}; is there a network? pip says: {last_line(done)}")
    (VENV / f".installed-{lock}").write_text(stamp(lock))
    if lock == "requirements-dev.lock":  # it holds everything of the other one, at the same versions
        (VENV / ".installed-requirements.lock").write_text(stamp("requirements.lock"))


def compile_sentences() -> None:
    """Compile the catalogues whose .po is not the one that was compiled last."""
    stale = []
    for po in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime_ns <= po.stat().st_mtime_ns:
            stale.append(po)
    if stale:
        done = quietly(PY, "-m", "babel.messages.frontend", "compile", "-d", TRANSLATIONS)
        if done.returncode:
            raise Stop(f"Cannot compile the sentences of passport/translations: {last_line(done)}")


def setup(lock: str = "requirements.lock") -> int:
    """Have packages, browser files and compiled sentences ready; quick when they are."""
    install(lock)
    must(PY, "tools/assets.py")
    compile_sentences()
    return 0


# ---- serving ----


def free_port() -> int:
    """Return the port to serve on, or stop when it is none or in use."""
    given = os.environ.get("PORT", "8000")
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise Stop(f"PORT={given} is not a port number.")
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(given)))
        except OSError as exc:
            raise Stop(
                f"Port {given} cannot be used ({exc.strerror}). Choose another one: PORT={int(given) % 65535 + 1} make run"
            ) from None
    return int(given)


def run() -> int:  # noqa: RET503 - execv does not return
    """Set up, bring the database up to date, fill the demo city once, and serve, with a worker beside."""
    port = free_port()
    os.environ["PORT"] = str(port)
    os.environ.setdefault("PASSPORT_ENV", "demo")
    setup()
    must(PY, "tools/upgrade.py")
    must(PY, "-m", "flask", "--app", "wsgi", "frameworks", "load")
    if os.environ["PASSPORT_ENV"] == "demo":
        must(PY, "-m", "flask", "--app", "wsgi", "demo", "fill")
    say(f"The passport is on http://127.0.0.1:{port}/ (Ctrl+C stops it)")
    worker = [str(PY), "-m", "flask", "--app", "wsgi", "worker"]
    if os.name == "nt":  # gunicorn needs a Unix
        beside = subprocess.Popen(worker, cwd=ROOT)
        try:
            return sh(PY, "-m", "flask", "--app", "wsgi", "run", "--host", "127.0.0.1", "--port", port)
        finally:
            beside.terminate()
    os.chdir(ROOT)
    # The server takes this process over; the worker ends when it finds it gone, however it ended.
    subprocess.Popen([*worker, "--beside", str(os.getpid())])
    os.execv(PY, [str(PY), "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"])  # noqa: S606


# ---- checking ----


class Layer:
    """One kind of check: how it went, how long it took, what pytest counted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds = 0.0
        self.outcome = "passed"
        self.passed = self.failed = self.skipped = 0

    def run(self, *command: object) -> None:
        say(f"\n--- {self.name}")
        start = time.monotonic()
        try:
            if sh(*command):
                self.outcome = "FAILED"
        except OSError as exc:
            self.outcome = f"FAILED ({exc})"
        self.seconds = time.monotonic() - start

    def aside(self, *command: object) -> str:
        """Run a check beside others and return its words, to be said in one piece."""
        start, words = time.monotonic(), ""
        try:
            done = quietly(*command)
            words = done.stdout + done.stderr
            if done.returncode:
                self.outcome = "FAILED"
        except OSError as exc:
            self.outcome = f"FAILED ({exc})"
        self.seconds = time.monotonic() - start
        return words.strip()

    def pytest(self, *arguments: str) -> None:
        """Run pytest; no test at all is a failure, and so is a skipped one under PASSPORT_NO_SKIP=1."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            self.run(PY, "-m", "pytest", f"--junit-xml={report}", *arguments)
            if not report.exists():
                self.outcome = "FAILED"
                return
            for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314
                self.skipped += int(suite.get("skipped", 0))
                self.failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                self.passed += int(suite.get("tests", 0))
        self.passed -= self.skipped + self.failed
        if not self.passed + self.failed + self.skipped:
            self.outcome = "FAILED (no test)"
        elif self.skipped and os.environ.get("PASSPORT_NO_SKIP") == "1" and self.outcome == "passed":
            self.outcome = "FAILED (skipped tests)"
        elif not self.passed + self.failed:
            self.outcome = "LEFT OUT: every test was skipped"

    def leave_out(self, why: str, required: str) -> None:
        """Note that this machine cannot run the layer; a failure when the environment requires it."""
        self.outcome = f"FAILED ({why})" if os.environ.get(required) == "1" else f"LEFT OUT: {why}"


def no_postgres() -> str:
    """Say why no PostgreSQL can be started for the tests, or nothing when one can."""
    if os.environ.get("TEST_POSTGRES_URL"):
        return ""
    if os.name == "nt":
        return "a PostgreSQL for tests is started on Unix only"
    spec = importlib.util.spec_from_file_location("pg", ROOT / "tests" / "pg.py")
    if spec is None or spec.loader is None:
        return "tests/pg.py is missing"
    pg = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pg)
    return "" if pg.bindir() else "no PostgreSQL server here (Debian: apt-get install postgresql)"


def no_browser() -> str:
    """Say why no browser can be started for the tests, or nothing when one can."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return ""
    return "no Chromium here (Debian: apt-get install chromium)"


def sum_up(layers: list[Layer]) -> int:
    """Print how every layer went, in seconds, and return the exit code."""
    say("\n--- sum")
    for layer in layers:
        counted = ""
        if layer.passed + layer.failed + layer.skipped:
            counted = f"  ({layer.passed} passed, {layer.failed} failed, {layer.skipped} skipped)"
        say(f"{layer.seconds:7.1f} s  {layer.name:<20} {layer.outcome}{counted}")
    left_out = [layer for layer in layers if layer.outcome.startswith("LEFT OUT")]
    if left_out:
        say("\n" + "!" * 78)
        for layer in left_out:
            say(f"!! NOT CHECKED: {layer.name}: {layer.outcome.removeprefix('LEFT OUT: ')}")
        say("!" * 78)
    failed = [layer.name for layer in layers if layer.outcome.startswith("FAILED")]
    say(f"\nFailed: {', '.join(failed)}" if failed else "\nAll that ran is well.")
    totals = [sum(getattr(layer, kind) for layer in layers) for kind in ("passed", "failed", "skipped")]
    say("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if failed else 0


def check(words: list[str], everything: bool) -> int:
    """Run all layers, whatever the earlier ones found, and sum up."""
    setup("requirements-dev.lock")
    names = ("lint", "types", "templates", "layers", "tests on SQLite")
    layers = [Layer(name) for name in names]
    lint, types, templates, rooms, sqlite = layers
    with ThreadPoolExecutor(2) as pool:  # the longest first, so that neither core waits
        found = {
            types: pool.submit(types.aside, PY, "-m", "mypy", "--no-error-summary"),
            templates: pool.submit(templates.aside, PY, "-m", "djlint", "templates", "--lint", "--quiet"),
            rooms: pool.submit(rooms.aside, BIN / "lint-imports", "--no-logo"),
            lint: pool.submit(lint.aside, PY, "-m", "ruff", "check", "--quiet", "."),
        }
        for layer in (lint, types, templates, rooms):
            say("\n".join(filter(None, (f"\n--- {layer.name}", found[layer].result()))))
    marked = "not postgres and not browser and not slow" + ("" if everything else " and not thorough")
    sqlite.pytest("-q", "-n", "2", "--dist", "loadscope", "-m", marked, *words)
    if everything:
        postgres, browser = Layer("tests on PostgreSQL"), Layer("tests in a browser")
        layers += [postgres, browser]
        no_server, no_window = no_postgres(), no_browser()
        if no_server:
            postgres.leave_out(no_server, "REQUIRE_POSTGRES")
        else:
            marked = "postgres and not browser and not slow"
            postgres.pytest("-q", "-n", "2", "--dist", "loadscope", "-m", marked, *words)
        if no_window:
            browser.leave_out(no_window, "REQUIRE_BROWSER")
        else:  # the tests of one worker wait for its browser most of the time
            browser.pytest("-q", "-n", "2", "--dist", "load", "-m", "browser and not slow", *words)
    return sum_up(layers)


def slow(words: list[str]) -> int:
    setup("requirements-dev.lock")
    say("Fetching what checks pages (about a minute, once) …")
    sh(PY, "tools/checkers.py")  # without them their tests are skipped, which is said at the end
    together, alone = Layer("slow tests"), Layer("slow tests, alone")
    together.pytest("-q", "-n", "2", "-m", "slow and not alone", *words)
    alone.pytest("-q", "-m", "alone", *words)
    return sum_up([together, alone])


def bench(words: list[str]) -> int:
    setup("requirements-dev.lock")
    if not (ROOT / "benchmarks" / "__main__.py").exists():
        raise Stop("There is no benchmarks/__main__.py to run.")
    return sh(PY, "-m", "benchmarks", *words)


def sql(words: list[str]) -> int:
    setup("requirements-dev.lock")
    return sh(PY, "-m", "pytest", "-q", "tests/shape/test_sql.py", *words, PASSPORT_WRITE_SQL="1")


def messages() -> int:
    install("requirements-dev.lock")
    must(PY, "tools/messages.py")
    compile_sentences()
    return 0


def screens() -> int:
    setup("requirements-dev.lock")
    everything = ("--all", ROOT / "build" / "screens") if os.environ.get("ALL") == "1" else ()
    return sh(PY, "tools/screens.py", *everything)


def weigh() -> int:
    setup("requirements-dev.lock")
    return sh(PY, "tools/weigh.py")


def promises() -> int:
    setup("requirements-dev.lock")
    return sh(PY, "tools/promises.py")


def audit(words: list[str]) -> int:
    install("requirements-dev.lock")
    return sh(PY, "tools/audit.py", *words)


def fmt() -> int:
    install("requirements-dev.lock")
    sorted_well = sh(PY, "-m", "ruff", "check", "--fix", "--quiet", ".")
    return sh(PY, "-m", "ruff", "format", "--quiet", ".") or sorted_well


def clean() -> int:
    for name in (
        ".venv",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".import_linter_cache",
    ):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for made in ("vendor", "icons"):
        shutil.rmtree(ROOT / "static" / made, ignore_errors=True)
    for pattern in ("static/**/*.gz", "static/**/*.br", "passport/translations/**/*.mo"):
        for path in ROOT.glob(pattern):
            path.unlink()
    for folder in ("passport", "tests", "tools", "migrations", "benchmarks", "."):
        for cache in (ROOT / folder).glob("**/__pycache__" if folder != "." else "__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    return 0


def main(words: list[str]) -> int:
    """Do what the first word names and return the exit code."""
    target, rest = (words[0], words[1:]) if words else ("help", [])
    targets = {
        "run": run,
        "setup": setup,
        "quick": lambda: check(rest, everything=False),
        "test": lambda: check(rest, everything=True),
        "slow": lambda: slow(rest),
        "bench": lambda: bench(rest),
        "messages": messages,
        "sql": lambda: sql(rest),
        "screens": screens,
        "weigh": weigh,
        "promises": promises,
        "audit": lambda: audit(rest),
        "fmt": fmt,
        "clean": clean,
    }
    if target not in targets:
        print(__doc__)
        return 0 if target in {"help", "-h", "--help"} else 2
    try:
        return targets[target]()
    except Stop as exc:
        if str(exc):
            print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - said to whoever has an older one
        print("Python 3.11 or newer is needed; this is %d.%d." % sys.version_info[:2], file=sys.stderr)  # noqa: UP031
        sys.exit(1)
    sys.exit(main(sys.argv[1:]))
