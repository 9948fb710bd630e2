"""The whole line of bad input, upon every form: one table, made from the application itself.

Its rows are the endpoints that take a POST, as the application's own map and the registry have them; what a form needs
besides stands in tests/routes/whole_line.py. Its columns are what may be wrong with a field, by the kind of the field,
which each form is asked for while it answers; besides come what is wrong with a whole request (kind of content, token)
and with its time (twice, at once). The table is complete because
- `learn` sends each form whole and sees it taken, so that what is changed in it afterwards is all that is wrong,
- `test_no_form_is_left_out` fails for an endpoint whose form is not taken as the table fills it, for a room that is not
  looked at, for a form class that no row has made, and for a kind of field without a column.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse
from wtforms import Field

from passport import clock
from passport.extensions import db
from passport.forms import Form, clean
from passport.seal import unseal_case
from tests.browser.city import furnish
from tests.cast import make_cast
from tests.conftest import NOON, House, admin
from tests.reading import Reader, fields, new, words
from tests.routes.test_attacks_races import FINE, together
from tests.routes.test_bad_input import CHANGES_NOTHING, KEY_IN_ADDRESS, OWN_TOKEN
from tests.routes.test_registry import REGISTRY, City, everything, kept_tables
from tests.routes.whole_line import (
    at,
    device_of,
    lay_out,
    listening,
    posts,
    prepare,
    sendable,
    somebody,
    whole,
)

ROOMS = ("accounts", "ages", "attestations", "card", "devices", "elsewhere", "erasing", "evidence", "experiences", "factor", "feedback", "guardian", "inquiries", "learning", "lost", "mail", "organisations", "parents", "protected",
         "protection", "reader", "recognition", "rescue", "returns", "cases", "rights", "safety", "sharing", "sheets", "unsent", "verify", "witness", "witnesses")
LONG = "Très long, " * 2_000
SIGNS = {
    "emoji": "👩‍👧‍👦 fête 🎉", "combining": "e\u0301te\u0301 o" + "\u0301" * 40, "right to left": "שלום \u202eabc ‏مرحبا",
    "zero width": "\u200bun\u200b deux\ufeff\u2060", "markup": "<b>&amp;</b> <script>x</script>",
}
COLUMNS: dict[str, dict[str, Any]] = {
    "text": {"long": LONG, "nothing to see": "\u200b\u2060\u3164", **SIGNS},
    "secret": {"long": LONG, "nothing": "", "nothing to see": "\u200b", **SIGNS},
    "date": {"1900": "1900", "2199": "2199", "1900 day": "1900-01-01", "2199 day": "2199-12-31", "no day": "9999-99-99",
             "words": "hier", "long": LONG},
    "number": {"9999": "9999", "below nothing": "-1", "power": "1e9", "no number": "NaN", "other figures": "١٢",
               "endless": "∞", "long": "9" * 400},
    "choice": {"unknown id": new(), "nonsense": "x", "huge": "9" * 30, "below nothing": "-1", "nothing": ""},
    "tick": {"nonsense": "peut-être"},
    "button": {},  # pressed or not: it holds no words
    "file": {"empty": b"", "nonsense": b"\x00\xffnonsense", "text instead": "x"},
}
# What ends before it starts: the two fields, and what is written in them.
BACKWARDS = {
    "experiences.when": {"year": "2026", "to_year": "2025"},
    "organisations.record_check": {"checked_on": "2026-11-20", "expires_on": "2026-11-19"},
    "recognition.recognise": {"seen_from": "2026-10", "seen_to": "2026-09"},
}
TYPED = ("text", "date", "number")
# Words that lead somewhere and are kept nowhere as they are.
LOOKED_UP = {"accounts.home title", "ages.confirm code", "attestations.secret shown_name", "accounts.sign_in name", "mail.forgotten address", "organisations.join code",
             "organisations.join_by_code code", "lost.at_desk number", "rescue.begin name",
             "devices.mine name"}  # what a device is called stands with its session, which no comparison looks at
# Where sending again leaves a line more, because it is done again: the journal tells each act; a letter that did not
# arrive is asked for again, and only the last one opens (tests/routes/test_mail.py).
AGAIN = {"mail.address": {"audit_event", "job"}, "mail.forgotten": {"audit_event", "job"},
         # Each device that asks to come back has a way of its own; a code opens with the first, whose passphrase ends the others.
         "rescue.begin": {"recovery", "job"}, "rescue.by_sheet": {"recovery"}}
JOURNAL = {"audit_event", "reading_line"}


def kind_of(field: Field | None) -> str:
    """Return which column a field belongs to; what is sent without a field of a form chooses something."""
    if field is None:
        return "choice"
    kind, usual = type(field).__name__, field.render_kw or {}
    if kind in {"HiddenField", "RadioField", "SelectField", "SelectMultipleField", "Ticked", "Several"}:
        return "choice"
    if kind in {"DateField", "Month"} or usual.get("type") == "date" or field.name in {"day", "year", "to_day", "to_year"}:
        return "date"
    if usual.get("inputmode") in {"numeric", "decimal"}:
        return "number"
    return {"SubmitField": "button", "Sentence": "text", "Paragraph": "text", "BooleanField": "tick", "PasswordField": "secret",
            "StringField": "secret", "FileField": "file"}[kind]


@dataclass
class Place:
    """The city of the table as it was saved, and a way to stand it anew; every person's cookie is known."""

    open: Callable[..., Any]
    close: Callable[[Any], None]
    cast: Any
    cookies: dict[str, str]
    city: City | None = None

    def anew(self, **more: Any) -> City:
        """Return the city as it was saved."""
        self.leave()
        self.city = City(self.open(**more), self.cast, {})
        lay_out(self.city)
        return self.city

    def leave(self) -> None:
        """Let go of the city."""
        if self.city is not None:
            self.close(self.city.app)

    def window(self, name: str | None) -> Reader:
        """Return one more device of somebody."""
        browser = Reader(self.city.app, self.cast, None)
        if name:
            browser.client.set_cookie("passport", self.cookies[name])
        return browser


def settle(city: City) -> dict[str, str]:
    """Bring a fresh city to where every form can be sent, and return the cookie of each who sends one."""
    prepare(city)
    cookies = {}
    for name in {somebody(endpoint) for endpoint in posts(city)} - {None}:
        cookie = device_of(city, str(name)).client.get_cookie("passport")
        assert cookie is not None
        cookies[str(name)] = cookie.value
    return cookies


@pytest.fixture(scope="module")
def saved(house: House, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The city of the table in a file."""
    app = house.open(sqlite_template)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        with app.app_context():
            cast = furnish(make_cast(NOON), NOON)
            file = Path(str(db.engine.url.database))
            db.session.remove()
        cookies = settle(City(app, cast, {}))
    house.close(app)
    template = Path(shutil.copy(file, tmp_path_factory.mktemp("line") / "t.db"))
    return Place(partial(house.open, template), house.close, cast, cookies)


@pytest.fixture(scope="module")
def saved_there(house: House, postgres_base: str, worker_id: str) -> Place:
    """The city of the table in a database of PostgreSQL."""
    template, copy = f"line_{worker_id}", f"of_line_{worker_id}"
    admin(postgres_base, f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)',
          f'CREATE DATABASE "{template}" TEMPLATE "tmpl" STRATEGY FILE_COPY')
    app = house.open(postgres_base.format(db=template))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        with app.app_context():
            cast = furnish(make_cast(NOON), NOON)
            db.session.remove()
        cookies = settle(City(app, cast, {}))
    house.close(app)

    def anew(**more: Any) -> Any:
        admin(postgres_base, f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)',
              f'CREATE DATABASE "{copy}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return house.open(postgres_base.format(db=copy), **more)

    return Place(anew, house.close, cast, cookies)


@pytest.fixture(params=["sqlite"])
def place(request: pytest.FixtureRequest, at: Any) -> Iterator[Place]:
    """The city of the table; whoever uses it opens it."""
    where: Place = request.getfixturevalue("saved" if request.param == "sqlite" else "saved_there")
    yield where
    where.leave()


def send(place: Place, endpoint: str, body: dict[str, Any], **how: Any) -> TestResponse:
    """Send a form as its person."""
    return place.window(somebody(endpoint)).post(at(place.city, endpoint), sendable(body), **how)


def taken(answer: TestResponse) -> bool:
    """Say whether a form was taken."""
    return answer.status_code in {200, 204, 303}


def shown(body: str, name: str) -> str | None:
    """Return what stands in a field of this name, or None where the page has none."""
    area = re.search(rf'<textarea\b[^>]*\bname="{re.escape(name)}"[^>]*>(.*?)</textarea>', body, flags=re.S)
    if area:
        return unescape(area[1])
    line = re.search(rf'<input\b[^>]*\bname="{re.escape(name)}"[^>]*>', body)
    if line is None:
        return None
    value = re.search(r'\bvalue="([^"]*)"', line[0])
    return unescape(value[1]) if value else ""


def plain(text: str | None) -> str:
    """Return a text as it is kept, with every kind of space as one."""
    return " ".join((clean(text) or "").split())


def sentences(body: str) -> list[str]:
    """Return what a page says is wrong."""
    return [words(found) for found in re.findall(r'<p class="err".*?</p>|<div class="summary".*?</div>', body, flags=re.S)]


def wrong_with(answer: TestResponse, kinds: dict[str, str], sent: dict[str, Any]) -> list[str]:
    """Return what is wrong with an answer to a form that was not as it should be."""
    body, status = answer.get_data().decode(errors="replace"), answer.status_code  # a file may answer, too
    if status >= 500:
        return [f"status {status}"]
    if taken(answer):
        return []
    found = [] if '<html lang="fr"' in body and "<h1" in body else [f"{status} without a page in French"]
    if status != 422:
        return found
    if not sentences(body):
        found.append("nothing says what is wrong")
    described = {one for ids in re.findall(r'aria-describedby="([^"]*)"', body) for one in ids.split()}
    found += [f"{error} is beside no field" for error in re.findall(r'id="([\w-]+-error)"', body) if error not in described]
    for name, value in sent.items():
        if kinds.get(name) in TYPED and plain(shown(body, name)) != plain(value):
            found.append(f"{name} holds {(shown(body, name) or '')[:30]!r}")
    return found


def stored(city: City, text: str) -> bool:
    """Say whether a text stands in the database as it was typed, cleaned."""
    kept = {repr(form)[1:-1] for form in (clean(text) or "", plain(text))}
    return any(form in row for rows in (*everything(city).values(), sealed(city)) for row in rows for form in kept)


def sealed(city: City) -> list[str]:
    """Return what is kept sealed in cases, and why sealed words are to be opened, opened."""
    with city.app.app_context():
        boxes = [*db.session.scalars(sa.text("SELECT sealed_note FROM report WHERE sealed_note IS NOT NULL")),
                 *db.session.scalars(sa.text("SELECT sealed FROM case_note")),
                 *db.session.scalars(sa.text("SELECT sealed_reason FROM sealed_folder WHERE sealed_reason IS NOT NULL")),
                 *db.session.scalars(sa.text("SELECT sealed_reason FROM inquiry"))]
        opened = [repr(unseal_case(bytes(box))) for box in boxes]
        db.session.remove()
    return opened


def learn(place: Place, endpoint: str) -> tuple[dict[str, Any], dict[str, str], set[type]]:
    """Send a form whole, and return what was sent, of which kind each field is, and which forms were made."""
    city = place.anew()
    body = whole(city, endpoint, place.window(somebody(endpoint)))
    with listening() as heard:
        answer = send(place, endpoint, body)
    assert taken(answer), (endpoint, answer.status_code, words(answer)[:300])
    known = heard.fields[endpoint]
    return body, {name: kind_of(known.get(name)) for name in {*body, *known}}, heard.classes[endpoint]


def of_room(place: Place, room: str) -> list[str]:
    """Return the endpoints of a room that take a POST and answer with a page (not a file: tests/routes/test_rights.py)."""
    return [name for name in posts(place.anew()) if name.split(".")[0] == room and name != "rights.take"]


def every_form(form: type = Form) -> Iterator[type]:
    """Yield every class of forms that stands by its name in a module of the passport."""
    for one in form.__subclasses__():
        if getattr(sys.modules[one.__module__], one.__name__, None) is one:
            yield one
        yield from every_form(one)


def test_no_form_is_left_out(place: Place) -> None:
    """Every endpoint that takes a POST has a row that is taken, in a room that is looked at; every form was made."""
    made: set[type] = set()
    for endpoint in posts(place.anew()):
        assert endpoint.split(".")[0] in ROOMS, endpoint
        with listening() as heard:
            send(place, endpoint, {})  # what stands beside a form is made when it is shown again
        _body, kinds, classes = learn(place, endpoint)
        assert set(kinds.values()) <= set(COLUMNS), endpoint
        made |= classes | heard.classes[endpoint]
    assert made
    assert [form for form in every_form() if not any(issubclass(one, form) for one in made)
            and not form.__module__.startswith(("passport.demo.", "passport.accounts.factor_"))] == [], "the style guide shows a form that is never sent"


@pytest.mark.parametrize("room", ROOMS)
def test_whatever_is_written_in_a_field(place: Place, room: str) -> None:
    """It is refused beside its field, with all that was typed, or kept as it was typed."""
    problems = []
    for endpoint in of_room(place, room):
        body, kinds, _classes = learn(place, endpoint)
        changes = [(f"{name}, {what}", {name: value}) for name, kind in kinds.items()
                   for what, value in COLUMNS[kind].items()]
        changes += [("backwards", BACKWARDS[endpoint])] if endpoint in BACKWARDS else []
        fresh, said = False, {}
        for what, change in changes:
            if not fresh:
                city, fresh = place.anew(), True
            sent = {**body, **change}
            answer = send(place, endpoint, sent)
            where, name = f"{endpoint}: {what}", next(iter(change))
            problems += [f"{where}: {fault}" for fault in wrong_with(answer, kinds, sent)]
            if kinds[name] in TYPED and answer.status_code not in {200, 303, 422}:
                problems.append(f"{where}: {answer.status_code}")
            if taken(answer):
                fresh = False
                if kinds[name] == "text" and f"{endpoint} {name}" not in LOOKED_UP and not stored(city, change[name]):
                    problems.append(f"{where}: not kept as it was typed")
                if answer.status_code == 303:
                    way_on = place.window(somebody(endpoint)).get(answer.headers["Location"])
                    if "<b>&" in way_on.get_data(as_text=True):
                        problems.append(f"{where}: shown as markup")
            for sentence in sentences(answer.get_data(as_text=True)):
                said.setdefault(sentence, (what, sent))
        problems += in_english(place, endpoint, said)
    assert problems == [], "\n".join(problems)


def in_english(place: Place, endpoint: str, said: dict[str, tuple[str, dict[str, Any]]]) -> list[str]:
    """Return which sentences somebody who reads English reads in French."""
    city, found = place.anew(), []
    with city.app.app_context():
        db.session.execute(sa.update(db.metadata.tables["account"]).values(language="en"))
        db.session.commit()
        db.session.remove()
    for what, sent in said.values():
        answer = send(place, endpoint, sent, headers={"Accept-Language": "en"})
        body = answer.get_data(as_text=True)
        if '<html lang="en"' not in body:
            found.append(f"{endpoint}: {what}: not in English")
        found += [f"{endpoint}: {what}: {sentence}" for sentence in sentences(body) if sentence in said]
    return found


@lru_cache
def counting() -> str:
    """Return one statement that counts the rows of every table."""
    return " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in kept_tables())


def count(city: City) -> dict[str, int]:
    """Return how many rows each table has."""
    with city.app.app_context(), db.engine.connect() as connection:
        return dict(map(tuple, connection.exec_driver_sql(counting())))


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_sent_twice_is_done_once(place: Place, room: str) -> None:
    problems = []
    for endpoint in of_room(place, room):
        body = learn(place, endpoint)[0]
        once = count(place.city)
        again = send(place, endpoint, body)
        if again.status_code not in FINE:
            problems.append(f"{endpoint}: {again.status_code}")
        problems += doubled(endpoint, once, count(place.city))
    assert problems == [], "\n".join(problems)


def doubled(endpoint: str, once: dict[str, int], now: dict[str, int]) -> list[str]:
    """Return the tables in which something stands more often than when it was sent once."""
    return [f"{endpoint}: {name} {once[name]} {now[name]}" for name in now
            if once[name] != now[name] and name not in AGAIN.get(endpoint, JOURNAL)]


@pytest.mark.parametrize("place", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize("room", ROOMS)
def test_what_is_sent_at_once_is_done_once(saved: Place, place: Place, room: str) -> None:
    """Three devices send the same form: there is as much more as after sending it once."""
    problems, before = [], count(saved.anew())
    for endpoint in of_room(saved, room):
        learn(saved, endpoint)
        once = {name: rows - before[name] for name, rows in count(saved.city).items()}
        if not any(more for name, more in once.items() if name not in JOURNAL):
            continue  # nothing is made here that could be made twice
        city = place.anew()
        stood, body = count(city), whole(city, endpoint, place.window(somebody(endpoint)))
        windows = [place.window(somebody(endpoint)) for _device in range(3)]
        together(*(partial(window.post, at(city, endpoint), sendable(body)) for window in windows))
        problems += doubled(endpoint, once, {name: rows - stood[name] for name, rows in count(city).items()})
    saved.leave()
    assert problems == [], "\n".join(problems)


CONTENT = [
    {"json": {"title": ["x"], "submission": {"a": 1}}}, {"json": "{"},
    {"data": "nonsense", "content_type": "multipart/form-data"},
    {"data": b"--x\r\n\xff\r\n--y", "content_type": "multipart/form-data; boundary=x"},
    {"data": "title=x", "content_type": "text/plain"}, {"data": b"\xff\x00", "content_type": "application/octet-stream"},
    {"data": b"\xff=\xfe&title=\xff", "content_type": "application/x-www-form-urlencoded; charset=utf-16"},
]


@pytest.mark.parametrize("room", ROOMS)
def test_another_kind_of_content_counts_as_an_empty_form(place: Place, room: str) -> None:
    problems = []
    for endpoint in of_room(place, room):
        empty, nothing = send(place, endpoint, {}), count(place.city)
        if taken(empty):
            place.anew()
        for content in CONTENT:
            answer = place.window(somebody(endpoint)).client.post(at(place.city, endpoint), **content)
            where = f"{endpoint}: {content}"
            problems += [f"{where}: {fault}" for fault in wrong_with(answer, {}, {})]
            problems += doubled(where, nothing, count(place.city))
            if taken(answer):
                place.anew()
    assert problems == [], "\n".join(problems)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_stale_token_is_told_and_nothing_is_done(place: Place, language: str) -> None:
    city = place.anew(WTF_CSRF_ENABLED=True)
    with city.app.app_context():
        db.session.execute(sa.update(db.metadata.tables["account"]).values(language=language))
        db.session.commit()
        db.session.remove()
    of_another = fields(Reader(city.app, city.cast, None).get("/ouvrir"))["csrf_token"]
    sentence = {"fr": "La page était trop ancienne", "en": "page was too old"}[language]
    before = everything(city)
    for endpoint in posts(city):
        if endpoint in KEY_IN_ADDRESS | OWN_TOKEN | CHANGES_NOTHING:
            continue
        for token in (None, of_another, "x"):
            for htmx in ({}, {"HX-Request": "true"}):
                body = {**(REGISTRY[endpoint].body or {}), **({"csrf_token": token} if token else {})}
                answer = send(place, endpoint, body, headers={"Accept-Language": language, **htmx})
                assert answer.status_code == 400, (endpoint, token, answer.status_code)
                assert sentence in words(answer), (endpoint, token, words(answer))
                assert htmx or f'<html lang="{language}"' in answer.get_data(as_text=True), endpoint
    assert everything(city) == before
