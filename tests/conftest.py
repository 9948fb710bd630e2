"""What every test may ask for: an application on a fresh database, people, and a clock that stands where told."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
import jinja2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2.bccache import Bucket
from sqlalchemy import create_engine, text

from config import settings
from passport import clock, create_app
from passport.extensions import db, limiter

from . import pg
from .cast import Cast, make_cast
from .reading import Reader
from .world import fill

NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)

# How long one example takes says how busy the machine is.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


# The long sweeps, which `make quick` leaves to `make test`.
THOROUGH = {
    "test_attacks_door.py", "test_attacks_ids.py", "test_attacks_races.py", "test_attacks_reader.py",
    "test_attacks_roles.py", "test_attacks_shared.py", "test_attacks_web.py", "test_attestations.py", "test_bad_input.py", "test_checking.py",
    "test_cleaning.py", "test_commitments.py", "test_demo.py", "test_errors.py", "test_evidence.py", "test_fetching.py",
    "test_foreign_badges.py", "test_keys.py", "test_life_machine.py", "test_light.py", "test_mail.py", "test_offline.py",
    "test_outline.py", "test_received.py", "test_sheet.py", "test_shown_pieces.py", "test_verify.py", "test_visitors.py", "test_whole_line.py",
    "test_withdrawal.py", "test_worker.py",
}


def pytest_collection_finish() -> None:
    """Spare the collector what stays for the whole run: a tenth of the time goes there else."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the files that take long, and let each test say whether it keeps a promise."""
    for item in items:
        if item.path.name in THOROUGH:
            item.add_marker(pytest.mark.thorough)
        if item.get_closest_marker("promise"):
            item.user_properties.append(("keeps", item.nodeid.partition("[")[0]))


# How what keeps a promise ended, by test, for tools/promises.py: each example, and each trial with a rule turned round.
ENDED: dict[str, dict[str, list[str]]] = {"ran": {}, "turned": {}}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a test that keeps a promise ended."""
    if report.when == "call" or report.outcome != "passed":
        for kind, name in report.user_properties:
            if kind in {"keeps", "turned"}:
                ENDED["ran" if kind == "keeps" else kind].setdefault(str(name), []).append(report.outcome)
    if report.when not in {"setup", "call", "teardown"}:  # the process that ran it is gone, and with it what it would say
        ENDED["ran"].setdefault(report.nodeid.partition("[")[0], []).append("failed")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was noted where PASSPORT_PROMISES says; of several processes, the one that hears all."""
    file = os.environ.get("PASSPORT_PROMISES")
    if file and not hasattr(session.config, "workerinput"):
        Path(file).write_text(json.dumps(ENDED))


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
    """With PASSPORT_NO_SKIP=1 (CI), a skip is a failure."""
    if os.environ.get("PASSPORT_NO_SKIP") == "1" and call.excinfo and call.excinfo.errisinstance(pytest.skip.Exception):
        raise pytest.fail.Exception(f"skipped: {call.excinfo.value}", pytrace=False)


class Compiled(jinja2.BytecodeCache):
    """Templates compiled once for all the applications of a test run."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


def test_settings(database_url: str, instance: Path, **more: Any) -> dict[str, Any]:
    """Return the settings of an application under test: cheap hashing, no rate limits unless asked."""
    config = settings({"PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(instance), "DATABASE_URL": database_url})
    config.update(ARGON2={"time_cost": 1, "memory_cost": 8, "parallelism": 1}, RATELIMIT_ENABLED=False,
                  PROPAGATE_FAULTS=True, WTF_CSRF_ENABLED=False, SERVER_NAME=None, TEMPLATE_CACHE=Compiled())
    config.update(more)
    return config


test_settings.__test__ = False  # type: ignore[attr-defined]


@contextmanager
def migrated(url: str, instance: Path) -> Iterator[None]:
    """Bring the database of this address to the newest schema and let go of it."""
    app = create_app(test_settings(url, instance))
    with app.app_context():
        upgrade()
        from passport.frameworks.service import load
        from passport.transaction import transaction

        with transaction():
            load()
        db.session.remove()
        db.engine.dispose()
    yield


def admin(base: str, *statements: str) -> None:
    """Run statements on the cluster itself, each in its own transaction."""
    engine = create_engine(base.format(db="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def lay_out_files(template: Path, folder: Path) -> None:
    """Put the photos and documents that belong to a template where they are looked for."""
    if template.with_suffix(".files").is_dir():
        shutil.copytree(template.with_suffix(".files"), folder, dirs_exist_ok=True)


def kept_for_more(name: str, made: Callable[[], tuple[Path, Cast | None]]) -> tuple[Path, Cast | None]:
    """Return a file to copy, and the people in it; made once for several runs where PASSPORT_TEMPLATES names a folder.

    Those runs are processes that one forks after the other, each with the same secrets (tests/mutation.py).
    """
    folder = os.environ.get("PASSPORT_TEMPLATES")
    if folder is None:
        return made()
    file, people = Path(folder) / f"{name}.db", Path(folder) / f"{name}.pickle"
    if not people.exists():
        source, cast = made()
        shutil.copy(source, file)
        lay_out_files(source, file.with_suffix(".files"))
        people.write_bytes(pickle.dumps(cast))
    return file, pickle.loads(people.read_bytes())  # noqa: S301 - written by this very function


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the sentences in it, to copy."""
    folder = tmp_path_factory.mktemp("template")

    def made() -> tuple[Path, None]:
        with migrated(f"sqlite:///{folder / 't.db'}", folder):
            return folder / "t.db", None

    return kept_for_more("template", made)[0]


class House:
    """Applications that stand for a whole run, so that routes and statements are built once; each test finds its
    database as new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.standing: dict[frozenset[tuple[str, Any]], tuple[Flask, dict[str, Any]]] = {}

    def open(self, template: Path | str, **more: Any) -> Flask:
        """Return the application with these settings, on a fresh copy of a file or on the database of a URL."""
        server = template if isinstance(template, str) else ""
        key = frozenset({**more, "server": server}.items())
        url = server or f"sqlite:///{self.folder}/city{len(self.standing)}.db"
        if key not in self.standing:
            app = create_app(test_settings(url, self.folder, **more))
            self.standing[key] = app, dict(app.config)
        app, config = self.standing[key]
        app.config.clear()
        app.config.update(config)
        limiter.enabled = app.config["RATELIMIT_ENABLED"]
        if isinstance(template, Path):
            with app.app_context():
                database = Path(str(db.engine.url.database))
            for left in self.folder.glob(f"*{database.name}*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            shutil.copy(template, database)
            lay_out_files(template, Path(app.config["EVIDENCE_FOLDER"]))
        return app

    def close(self, app: Flask) -> None:
        """Let go of an application's database."""
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The applications of this run."""
    return House(Path(os.environ.get("PASSPORT_TEMPLATES") or tmp_path_factory.mktemp("house")))


@pytest.fixture(scope="session")
def cast_template(house: House, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """An SQLite file with the cast in it, to copy."""

    def made() -> tuple[Path, Cast]:
        app = house.open(sqlite_template)
        with pytest.MonkeyPatch.context() as patch, app.app_context():
            patch.setattr(clock, "now", lambda: NOON)
            people = make_cast(NOON)
            file = Path(str(db.engine.url.database))
        house.close(app)
        return Path(shutil.copy(file, tmp_path_factory.mktemp("cast") / "t.db")), people

    return kept_for_more("cast", made)  # type: ignore[return-value]


@pytest.fixture(scope="session")
def lived_template(house: House, cast_template: tuple[Path, Cast],
                   tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """An SQLite file in which every state of the story stands, to copy, with its photos beside."""

    def made() -> tuple[Path, Cast]:
        app, people = house.open(cast_template[0]), deepcopy(cast_template[1])
        with pytest.MonkeyPatch.context() as patch, app.app_context():
            patch.setattr(clock, "now", lambda: NOON)
            fill(people, NOON)
            file = Path(str(db.engine.url.database))
        house.close(app)
        template = Path(shutil.copy(file, tmp_path_factory.mktemp("lived") / "t.db"))
        shutil.copytree(app.config["EVIDENCE_FOLDER"], template.with_suffix(".files"))
        return template, people

    return kept_for_more("lived", made)  # type: ignore[return-value]


@pytest.fixture(scope="session")
def postgres_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL with a migrated database `template` to copy."""
    given = os.environ.get("TEST_POSTGRES_URL")
    context = None if given else pg.cluster()
    try:
        base = given or context.__enter__()  # type: ignore[union-attr]
    except LookupError as exc:
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            pytest.fail(f"REQUIRE_POSTGRES=1, but {exc}")
        pytest.skip(f"PostgreSQL tests NOT run: {exc}")
    try:
        admin(base, 'DROP DATABASE IF EXISTS "tmpl"', 'CREATE DATABASE "tmpl"')
        with migrated(base.format(db="tmpl"), tmp_path_factory.mktemp("pg")):
            yield base
    finally:
        if context is not None:
            context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def lived_on_postgres(house: House, postgres_base: str, worker_id: str) -> tuple[str, Cast]:
    """The name of a PostgreSQL database in which every state of the story stands, to copy, and its people."""
    name = f"lived_{worker_id}"
    admin(postgres_base, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
          f'CREATE DATABASE "{name}" TEMPLATE "tmpl" STRATEGY FILE_COPY')
    app = house.open(postgres_base.format(db=name))
    with pytest.MonkeyPatch.context() as patch, app.app_context():
        patch.setattr(clock, "now", lambda: NOON)
        people = fill(make_cast(NOON), NOON)
    house.close(app)
    shutil.copytree(app.config["EVIDENCE_FOLDER"], house.folder / f"{name}.files", dirs_exist_ok=True)
    return name, people


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, worker_id: str) -> Path | str:
    """A file to copy or the address of a fresh database: SQLite, or what the test's parametrisation says."""
    if request.param == "sqlite":
        if "lived" in request.fixturenames:
            return Path(request.getfixturevalue("lived_template")[0])
        if "cast" in request.fixturenames:
            return Path(request.getfixturevalue("cast_template")[0])
        return Path(request.getfixturevalue("sqlite_template"))
    base = request.getfixturevalue("postgres_base")
    name, template = f"t_{worker_id}", "tmpl"
    if "lived" in request.fixturenames:
        template, _people = request.getfixturevalue("lived_on_postgres")
    admin(base, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
          f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return str(base.format(db=name))


both_databases = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def settings_of_test() -> dict[str, Any]:
    """More settings for the application under test; a test overrides this fixture or parametrises it."""
    return {}


@pytest.fixture
def app(
    house: House, database: Path | str, settings_of_test: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """An application on that database."""
    application = house.open(database, **settings_of_test)
    if isinstance(database, str) and "lived" in request.fixturenames:
        name, _people = request.getfixturevalue("lived_on_postgres")
        lay_out_files(house.folder / f"{name}.db", Path(application.config["EVIDENCE_FOLDER"]))
    yield application
    house.close(application)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that sets the clock; it stands at noon of 24 November 2026 until then."""

    def stand(instant: dt.datetime) -> dt.datetime:
        monkeypatch.setattr(clock, "now", lambda: instant)
        return instant

    stand(NOON)
    return stand


@pytest.fixture
def cast(app: Flask, at: Any, database: Path | str, request: pytest.FixtureRequest) -> Cast:
    """The fixed people: see tests/cast.py."""
    if isinstance(database, Path):
        template = "lived_template" if "lived" in request.fixturenames else "cast_template"
        return deepcopy(request.getfixturevalue(template)[1])
    if "lived" in request.fixturenames:
        return deepcopy(request.getfixturevalue("lived_on_postgres")[1])
    with app.app_context():
        people = make_cast(NOON)
        db.session.remove()
    return people


@pytest.fixture
def lived(cast: Cast) -> Cast:
    """The fixed people in a city in which every state of the story stands: see tests/world.py."""
    return cast


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def browse(app: Flask, cast: Cast) -> Any:
    """A function that returns the browser of one person of the cast: `browse("lea").get("/passeport")`."""

    def open_for(name: str | None) -> Reader:
        return Reader(app, cast, name)

    return open_for
