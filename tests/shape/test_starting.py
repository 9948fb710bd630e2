"""A city that starts: two at once on nothing, one killed in the middle of a migration, an old program on a new database."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade
from sqlalchemy import event

import config
from passport import create_app, schema
from passport.extensions import db
from passport.frameworks import service as frameworks
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import admin, test_settings
from tests.shape.test_tables import triggers_of
from tools import upgrade

# The last revision of the release before: everything after it is done anew, on people's data.
BEFORE = "20261127_1201"


def apart(act: Callable[[], Any], said: Path) -> int:
    """Begin something in a process of its own, and return its number; it ends with 0, with what `act` returns, or killed."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdout = sys.stderr = os.fdopen(descriptor, "w")
        code = int(act() or 0)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(child: int) -> int:
    """Return how it ended: its code, or the signal that killed it as a negative number."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def starting(url: str, instance: Path, killed_at: int | None = None, count: Path | None = None) -> Callable[[], int]:
    """Return what brings a database up to date as `make run` does, killed at its nth statement or counting them."""

    def act() -> int:
        os.environ.update(PASSPORT_ENV="test", PASSPORT_INSTANCE=str(instance), DATABASE_URL=url)
        done = [0]

        @event.listens_for(sa.Engine, "before_cursor_execute")
        def _one_more(*_given: Any) -> None:
            done[0] += 1
            if done[0] == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

        code = upgrade.main()
        if count is not None:
            count.write_text(str(done[0]))
        return code

    return act


def fresh(kind: str, postgres: Callable[[], str], folder: Path, name: str) -> str:
    """Return the address of an empty database."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'city.db'}"
    base = postgres()
    admin(base, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    return base.format(db=name)


ON_POSTGRES = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])


@pytest.mark.parametrize("kind", ["sqlite", ON_POSTGRES])
def test_two_start_at_once_on_an_empty_folder(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, worker_id: str
) -> None:
    url = fresh(kind, lambda: request.getfixturevalue("postgres_base"), tmp_path, f"empty_{worker_id}")
    instance = tmp_path / "instance"

    def act() -> int:
        code = starting(url, instance)()
        app = create_app(test_settings(url, instance))
        with app.app_context(), transaction():
            frameworks.load()
        return code

    children = [apart(act, tmp_path / f"said-{n}") for n in range(2)]
    assert [ended(child) for child in children] == [0, 0], [(tmp_path / f"said-{n}").read_text()[-1500:] for n in range(2)]
    app = create_app(test_settings(url, instance))
    with app.app_context():
        schema.check()
        assert db.session.execute(sa.text("SELECT count(*) FROM framework_version")).scalar_one() == 1
        db.session.remove()
        assert triggers_of(db.engine)
        db.engine.dispose()


def test_two_that_start_at_once_make_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as many:
        for n in range(40):
            found = set(many.map(config._kept_secret, [tmp_path / str(n) / "secret.key"] * 8))
            assert len(found) == 1
            assert len(found.pop()) > 32
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("database", ["sqlite", ON_POSTGRES], indirect=True)
def test_a_migration_killed_half_way_is_repeated(lived: Cast, app: Any, database: Path | str, tmp_path: Path) -> None:
    """Killed at any statement, the database is as before; the next start brings it up to date with everything in it."""
    instance = tmp_path / "instance"
    with app.app_context():
        db.session.remove()
        downgrade(revision=BEFORE)
        before = rows(db.engine)
        url = db.engine.url.render_as_string(hide_password=False)
        db.engine.dispose()
    if isinstance(database, Path):
        shutil.copy(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"), tmp_path / "whole.db")
        total = counted(f"sqlite:///{tmp_path / 'whole.db'}", tmp_path)
        points = [total // 3, total * 2 // 3, total - 2]
    else:
        points = [60, 150]
    for n, point in enumerate(points):
        said = tmp_path / f"said-{n}"
        assert ended(apart(starting(url, instance, killed_at=point), said)) == -signal.SIGKILL, said.read_text()[-1500:]
        with app.app_context():
            assert schema.look() == {BEFORE}
            assert rows(db.engine) == before
            db.engine.dispose()
    assert ended(apart(starting(url, instance), tmp_path / "said")) == 0, (tmp_path / "said").read_text()[-1500:]
    with app.app_context():
        schema.check()
        after = rows(db.engine)
        db.engine.dispose()
    assert {name: after[name] for name in before if name in after} == {n: before[n] for n in before if n in after}
    if isinstance(database, Path):
        kept = sorted((instance / "backups").glob(f"*-{BEFORE}.db"))
        assert kept, "a copy was made before"
        for copy in kept:
            line = sqlite3.connect(copy)
            assert line.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert line.execute("SELECT version_num FROM alembic_version").fetchone() == (BEFORE,)
            line.close()


def counted(url: str, folder: Path) -> int:
    """Return how many statements it takes to bring this database up to date."""
    assert ended(apart(starting(url, folder / "other", count=folder / "count"), folder / "said-whole")) == 0
    return int((folder / "count").read_text())


def rows(engine: sa.Engine) -> dict[str, int]:
    """Return how many rows each table has."""
    with engine.connect() as connection:
        names = sorted(set(sa.inspect(connection).get_table_names()) - {"alembic_version"})
        return {name: connection.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}


def test_nothing_of_an_older_program_starts_on_a_newer_database(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "city.db")
    line = sqlite3.connect(tmp_path / "city.db")
    line.execute("UPDATE alembic_version SET version_num = '29990101_0001'")
    line.commit()
    line.close()
    url = f"sqlite:///{tmp_path / 'city.db'}"

    def served() -> None:
        os.environ.update(PASSPORT_ENV="test", PASSPORT_INSTANCE=str(tmp_path), DATABASE_URL=url)
        import wsgi  # noqa: F401

    def worker() -> Any:
        app = create_app(test_settings(url, tmp_path))
        return app.test_cli_runner().invoke(args=["worker", "--once"]).exit_code

    for name, act in {"upgrade": starting(url, tmp_path), "server": served, "worker": worker}.items():
        assert ended(apart(act, tmp_path / name)) == 1, (tmp_path / name).read_text()
        if name != "worker":
            assert "made by a newer version of the passport (revision 29990101_0001)" in (tmp_path / name).read_text()
    found = sqlite3.connect(tmp_path / "city.db")
    assert found.execute("SELECT version_num FROM alembic_version").fetchone() == ("29990101_0001",)
    found.close()
