"""What no form of ours sends: no token, another site, nonsense, and fields that nobody asked for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.extensions import db
from tests.cast import Cast, make_cast
from tests.conftest import NOON, House
from tests.reading import Reader, new, words
from tests.routes.test_registry import CLOSED, REGISTRY, City, address, everything, methods
from tests.signing import sign_for
from tests.world import fill

POSTED = {
    "accounts.home", "accounts.set_language", "accounts.sign_in", "accounts.sign_up", "accounts.note_down",
    "accounts.passphrase", "accounts.sign_out",
}
# Without cookie there is no session for another site to use: the key is in the address (tests/routes/test_witnesses.py).
KEY_IN_ADDRESS = {"guardian.answer", "guardian.stop", "witness.answer", "witness.take_back", "witness.erase", "witness.concern",
                  "reader.report", "reader.card_report", "reader.share", "reader.card"}
# What changes nothing, for anybody: there is nothing that another site could have done (tests/routes/test_verify.py).
CHANGES_NOTHING = {"guardian.typed", "verify.page"}
# A mail program that stops messages in one click has no token of ours: the one in the address stands in for it.
OWN_TOKEN = {"mail.unsubscribe"}
ANSWERS = {200, 303, 400, 403, 404, 409, 410, 413, 422, 429}
NONSENSE = ("x" * 20_000, "\u202e\u200b👩‍👧‍👦", "9999-99-99", new())
EXTRA = {"role": "coordinator", "learner_id": new(), "accepted_at": "2026-11-24T11:00:00+00:00", "is_admin": "1"}
USUAL = ("message", "reason", "kind", "next", "competency", "competencies", "step", "version", "submission", "reply")


@pytest.fixture(scope="module")
def filled(house: House, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """A filled city in a file, to copy."""
    app = house.open(sqlite_template)
    with pytest.MonkeyPatch.context() as patch, app.app_context():
        patch.setattr(clock, "now", lambda: NOON)
        cast = sign_for(fill(make_cast(NOON), NOON))
        file = Path(str(db.engine.url.database))
    house.close(app)
    return Path(shutil.copy(file, tmp_path_factory.mktemp("filled") / "t.db")), cast


@pytest.fixture
def town(house: House, filled: tuple[Path, Cast], at: Any) -> Iterator[Callable[..., City]]:
    """A function that opens a copy of the filled city, under these settings."""
    opened: list[Flask] = []

    def start(**more: Any) -> City:
        file, cast = filled
        opened.append(house.open(file, **more))
        return City(opened[-1], cast, {})

    yield start
    for app in opened:
        house.close(app)


def somebody(endpoint: str) -> str | None:
    """Return who may come in at this endpoint, or None where anyone may."""
    who = REGISTRY[endpoint].who
    return None if who is None else "lea" if "lea" in who else sorted(who)[0]


def posts(city: City) -> list[str]:
    """Return every endpoint that takes a POST."""
    return sorted(name for name in REGISTRY if "POST" in methods(city, name))


def test_without_its_token_no_form_is_taken(town: Callable[..., City]) -> None:
    city = town(WTF_CSRF_ENABLED=True)
    assert set(posts(city)) >= POSTED | OWN_TOKEN
    browsers = {name: Reader(city.app, city.cast, name) for name in {somebody(e) for e in posts(city)}}
    before = everything(city)
    for endpoint in posts(city):
        if endpoint in KEY_IN_ADDRESS | CHANGES_NOTHING:
            continue
        answer = browsers[somebody(endpoint)].post(address(city, endpoint), REGISTRY[endpoint].body)
        if endpoint in OWN_TOKEN:
            assert answer.status_code == 404, endpoint
            continue
        assert answer.status_code == 400, (endpoint, answer.status_code)
        assert "La page était trop ancienne" in words(answer), endpoint
    assert everything(city) == before


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                                     {"Origin": "https://elsewhere.example"}], ids=str)
@pytest.mark.promise("P6", "passport.web:comes_from_here")
def test_what_another_site_sends_is_not_taken(town: Callable[..., City], headers: dict[str, str]) -> None:
    """Nothing that a page of another site sends is taken, and nothing changes."""
    city = town()
    browsers = {name: Reader(city.app, city.cast, name) for name in {somebody(e) for e in posts(city)}}
    before = everything(city)
    for endpoint in posts(city):
        answer = browsers[somebody(endpoint)].post(address(city, endpoint), REGISTRY[endpoint].body, headers=headers)
        assert answer.status_code == 400, (endpoint, answer.status_code)
    assert everything(city) == before


def names_in(city: City, browser: Reader, endpoint: str) -> set[str]:
    """Return the name of every field in the forms of this page, or those that forms like it have."""
    names = {*USUAL, *(REGISTRY[endpoint].body or {})}
    if "GET" in methods(city, endpoint):
        body = browser.get(address(city, endpoint)).get_data(as_text=True)
        names |= set(re.findall(r'<(?:input|textarea|select|button)\b[^>]*\bname="([^"]+)"', body))
    return names - {"csrf_token"}


def guarded(city: City) -> dict[str, Any]:
    """Return who has which role where, who made which account, and what was kept."""
    tables = db.metadata.tables
    with city.app.app_context():
        member, kept, account = tables["membership"], tables["endorsement"], tables["account"]
        rows = {
            "roles": db.session.execute(
                sa.select(member.c.id, member.c.account_id, member.c.organisation_id, member.c.role)).all(),
            "kept": db.session.execute(sa.select(kept.c.id, kept.c.learner_id, kept.c.accepted_at)).all(),
            "accounts": db.session.execute(sa.select(account.c.id)).all(),
        }
        db.session.remove()
    return {name: sorted(map(repr, found)) for name, found in rows.items()}


@pytest.mark.parametrize("endpoint", CLOSED)
def test_nonsense_is_answered_and_gives_nobody_anything(town: Callable[..., City], endpoint: str) -> None:
    city = town()
    if "POST" not in methods(city, endpoint):
        return
    before = guarded(city)
    names = names_in(city, Reader(city.app, city.cast, somebody(endpoint)), endpoint)
    valid = REGISTRY[endpoint].body or {}
    for nonsense in NONSENSE:
        body = dict.fromkeys(names, nonsense)
        # Then with the parts that would be valid, so that the nonsense reaches what comes after the first check.
        for sent in (EXTRA | body, body | valid | {"submission": new()} | {k: v for k, v in EXTRA.items() if k not in valid}):
            for headers in ({}, {"HX-Request": "true"}):
                browser = Reader(city.app, city.cast, somebody(endpoint))
                answer = browser.post(address(city, endpoint), sent, headers=headers)
                assert answer.status_code in ANSWERS | ({204} if headers else set()), (endpoint, answer.status_code)
    assert guarded(city) == before
