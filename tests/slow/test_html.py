"""Every page is valid HTML, by the Nu checker."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from passport import clock, create_app
from passport.extensions import db
from tests.browser.city import furnish
from tests.browser.pages import PAGES, path_of
from tests.cast import Cast, make_cast
from tests.conftest import test_settings
from tests.reading import Reader
from tests.shape.test_words import tool

pytestmark = pytest.mark.slow


def faults(folder: Path) -> list[str]:
    """Return what the checker finds in the pages of a folder."""
    checkers, java = tool("checkers"), shutil.which("java")
    if java is None:
        pytest.skip("no Java here (Debian: apt-get install default-jre-headless)")
    if not checkers.nu_checker().exists():
        pytest.skip("the Nu checker is not here (`make slow` fetches it)")
    done = subprocess.run([java, "-jar", str(checkers.nu_checker()), "--format", "json", "--errors-only", str(folder)],
                          capture_output=True, text=True, check=False)
    found = json.loads(done.stderr)["messages"]
    return [f"{Path(each['url']).name}: {each['message']} {each.get('extract', '')}" for each in found]


class City:
    """The people and the application of this test."""

    def __init__(self, app: Any, cast: Cast) -> None:
        self.app, self.cast = app, cast


def test_every_page_is_valid(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "city.db")
    app = create_app(test_settings(f"sqlite:///{tmp_path / 'city.db'}", tmp_path, PROPAGATE_FAULTS=False))
    with app.app_context():
        city = City(app, furnish(make_cast(clock.now()), clock.now()))
        db.session.remove()
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, pages in PAGES.items():
        person = Reader(app, city.cast, name or None)
        for n, wanted in enumerate(pages):
            answer = person.get(path_of(city, wanted.split(" ")[-1]))
            (folder / f"{name or 'nobody'}-{n}.html").write_bytes(answer.get_data())
    with app.app_context():
        db.engine.dispose()
    assert len(list(folder.iterdir())) > 150
    assert faults(folder) == []


def test_what_is_not_valid_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "odd.html").write_text("<!doctype html><html lang=fr><title>x</title><p hx-get='/x'><li>y</p>")
    assert len(faults(tmp_path)) >= 2
