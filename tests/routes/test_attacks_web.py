"""The web at large: whose address counts, what opening a page changes, whose words a page holds, and its headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort
from werkzeug.test import TestResponse
from whitenoise import WhiteNoise

from passport import seal
from passport.extensions import address as network
from passport.extensions import db
from passport.headers import put_files_in_front
from passport.transaction import transaction
from tests import build
from tests.browser.pages import NO_PAGE, PAGES
from tests.cast import Cast
from tests.conftest import NOON, House
from tests.reading import Reader, fields, way
from tests.routes.test_registry import REGISTRY, City, address, city, everything, methods

__all__ = ["city"]  # the fixture
OWN = "cerises bleues sous le vieux pont"
CALLER, FORGED = "192.0.2.7", "203.0.113.1, 203.0.113.2, 203.0.113.3"


@pytest.mark.parametrize(("proxies", "counted"), [(0, CALLER), (1, "203.0.113.3"), (2, "203.0.113.2"), (4, CALLER)])
@pytest.mark.promise("P2", "passport.extensions:address", "absent")
def test_only_the_proxies_one_trusts_say_who_calls(house: House, sqlite_template: Path, proxies: int, counted: str) -> None:
    """Of X-Forwarded-For counts what the trusted proxies added, from the end; nothing without them, nothing too short."""
    app = house.open(sqlite_template, TRUSTED_PROXIES=proxies)
    seen: list[str] = []
    kept = {name: list(found) for name, found in app.before_request_funcs.items()}
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: seen.append(network()))
    client = app.test_client()
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "CF-Connecting-IP"):
        client.get("/healthz", headers={header: FORGED}, environ_overrides={"REMOTE_ADDR": CALLER})
    app.before_request_funcs.clear()
    app.before_request_funcs.update(kept)
    house.close(app)
    assert seen == [counted, *[CALLER] * 4]


# ---------- opening a page changes nothing ----------

PREFETCHED = {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
# What is counted when it is looked at: the day on which a link was opened, and who looked.
COUNTED = ("share_reading", "reading_line")


def public_addresses(city: City) -> Iterator[str]:
    """Yield every address that somebody without account may open, with tokens that open something."""
    held = {**{name: str(key) for name, key in city.cast.ids.items()}, **city.cast.tokens}
    for endpoint in [name for name, door in REGISTRY.items() if door.who is None and "GET" in methods(city, name)]:
        if endpoint != "static":
            yield address(city, endpoint)
    for page in (*PAGES[""], *filter(None, NO_PAGE.values())):
        where = page.split(" ")[-1]
        if where.startswith("/") and not where.startswith(("/faute", "/static")):
            names = re.findall(r"{(\w+)}", where)
            if set(names) <= set(held):
                yield where.format(**held)


def test_opening_a_page_without_account_changes_nothing(city: City) -> None:
    """A link in a message is opened by programs before anybody reads it: by none of them is anything decided."""
    before = everything(city)
    opened = 0
    for where in public_addresses(city):
        for method in ("GET", "HEAD"):
            answer = city.browsers[None].client.open(where, method=method, headers=PREFETCHED)
            assert answer.status_code < 500, where
            opened += answer.status_code == 200
    after = everything(city)
    for table in COUNTED:
        before.pop(table), after.pop(table)
    assert after == before
    assert opened > 60


# ---------- whose words a page holds ----------


def sow(city: City, name: str) -> str:
    """Keep an experience for somebody who shows nothing, with a mark in each text that would be code, and return the mark."""
    mark = f"canary{name}"
    planted = f"=1+1<b>{mark}</b>\"'{{{{7*7}}}}"
    with city.app.app_context(), transaction():
        kept = build.experience(city.cast[name], planted, NOON, story=planted, place=planted, organisation_text=planted)
        db.session.flush()
        city.cast.ids[f"{name}_secret"] = kept.id
    return mark


def crawl(city: City, name: str | None, most: int = 200) -> Iterator[tuple[str, TestResponse]]:
    """Yield every page that somebody finds by opening the registry with the ids of others and following what pages hold."""
    browser = city.browsers[name]
    waiting = [address(city, endpoint) for endpoint in REGISTRY if endpoint != "static" and "GET" in methods(city, endpoint)]
    hidden = [str(key) for named, key in city.cast.ids.items() if named.endswith("_secret")]
    waiting = [where.replace(str(city.cast["lea_x"]), key) for where in waiting for key in (*hidden, str(city.cast["lea_x"]))]
    seen: set[str] = set()
    while waiting and len(seen) < most:
        where = waiting.pop(0)
        if where in seen or where.startswith("/static"):
            continue
        seen.add(where)
        answer = browser.get(where)
        yield where, answer
        if answer.mimetype == "text/html":
            found = re.findall(r'(?:href|src|hx-get)="(/[^"#]*)', answer.get_data(as_text=True))
            waiting += [unescape(one) for one in found]


@pytest.mark.promise("P7", "passport.policy:is_theirs", "absent")
def test_nobody_meets_the_words_of_somebody_who_showed_them_to_nobody(city: City) -> None:
    """Whoever opens every address of the program with the ids of others, and follows every link, meets nobody’s unshown words."""
    marks = {name: sow(city, name) for name in ("chosen", "stranger")}
    own = city.browsers["stranger"].get(f"/experience/{city.cast['stranger_secret']}")
    assert f"&lt;b&gt;{marks['stranger']}&lt;/b&gt;" in own.get_data(as_text=True), "their own page shows it, as text"
    assert "{{7*7}}" in own.get_data(as_text=True)
    for name in ("lea", "stranger", "karim", "claire", "sofia", None):
        pages = 0
        for where, answer in crawl(city, name):
            pages += answer.status_code == 200
            body = answer.get_data().decode(errors="replace")
            for whose, mark in marks.items():
                assert whose == name or mark not in body, (name, where)
                assert f"<b>{mark}" not in body, where
        assert pages > 20, name
        for whose in marks:
            if whose != name:
                theirs = city.browsers[name].get(f"/experience/{city.cast[f'{whose}_secret']}")
                assert theirs.status_code == (404 if name else 303), (name, whose)


# ---------- the headers of every kind of answer ----------

STRICT = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' blob:", "connect-src": "'self'",
    "manifest-src": "'self'", "worker-src": "'self'", "font-src": "'self'", "form-action": "'self'", "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
OF_A_FILE = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'", "sandbox": ""}


def policy_of(answer: TestResponse) -> dict[str, str]:
    """Return the content policy of an answer, part by part."""
    (said,) = answer.headers.getlist("Content-Security-Policy")
    return {name: values for name, _, values in (part.strip().partition(" ") for part in said.split(";"))}


@pytest.fixture
def every_kind(house: House, lived_template: tuple[Path, Cast], at: Any) -> Iterator[tuple[Flask, Cast]]:
    """A city by https that counts tries, with pages that break, and its static files in front."""
    app = house.open(lived_template[0], SESSION_COOKIE_SECURE=True, RATELIMIT_ENABLED=True, WTF_CSRF_ENABLED=True, PROPAGATE_FAULTS=False)

    def broken(kind: str) -> str:
        if kind == "500":
            raise RuntimeError(kind)
        if kind == "503":
            raise sa.exc.OperationalError("", {}, Exception("gone"))
        abort(int(kind))

    if "broken" not in app.view_functions:
        broken.is_public = True  # type: ignore[attr-defined]
        app._got_first_request = False
        app.add_url_rule("/faute/<kind>", "broken", broken)
    before = app.wsgi_app
    put_files_in_front(app)
    assert isinstance(app.wsgi_app, WhiteNoise)
    yield app, lived_template[1]
    app.wsgi_app = before  # type: ignore[method-assign]
    house.close(app)


@pytest.mark.promise("P13", "passport.headers:always", "absent")
def test_every_kind_of_answer_forbids_what_its_page_does_not_need(every_kind: tuple[Flask, Cast]) -> None:
    """Each answer of each kind (page, part, way on, fault, static file, file of somebody’s, HEAD, worker) has the strict headers."""
    app, cast = every_kind
    lea, nobody = Reader(app, cast, "lea"), app.test_client()
    with lea.client.session_transaction(base_url="https://localhost") as held, lea.client.session_transaction() as signed_in:
        held.update(signed_in)
    photo = f"/experience/{cast['lea_x']}/fichier/{cast['photo']}"
    static = nobody.get("/static/app.css", base_url="https://localhost")
    asked: list[tuple[int, str, str, dict[str, Any]]] = [
        (200, "GET", "/", {}), (200, "HEAD", "/", {}), (200, "GET", "/healthz", {}), (200, "GET", "/sw.js", {}),
        (200, "GET", "/manifest.webmanifest", {}), (200, "GET", "/.well-known/security.txt", {}), (200, "GET", "/v/cles.json", {}),
        (303, "GET", "/passeport", {}), (204, "GET", "/passeport", {"headers": {"HX-Request": "true"}}),
        (200, "GET", "/static/app.css", {}), (200, "HEAD", "/static/app.js", {}),
        (304, "GET", "/static/app.css", {"headers": {"If-Modified-Since": static.headers["Last-Modified"]}}),
        (404, "GET", "/static/../config.py", {}), (404, "GET", "/nulle-part", {}), (404, "GET", "/s/" + "A" * 22, {}),
        (400, "POST", "/ouvrir", {"data": {"name": "x"}}), (400, "POST", "/fermer", {"headers": {"Origin": "https://elsewhere.example"}}),
        (405, "POST", "/aide", {"data": {}}), (405, "GET", "/langue", {}), (200, "OPTIONS", "/aide", {}),
        *((int(kind), "GET", f"/faute/{kind}", {"headers": headers}) for kind in ("403", "404", "409", "410", "413", "422", "429", "500", "503")
          for headers in ({}, {"HX-Request": "true"})),
    ]
    answers = [(status, where, nobody.open(where, method=method, base_url="https://localhost", **more)) for status, method, where, more in asked]
    answers += [(200, where, lea.client.get(where, base_url="https://localhost")) for where in ("/passeport", "/montrer", photo)]
    answers += [(429, "many", nobody.get(f"/s/{n:022d}", base_url="https://localhost")) for n in range(45)][-1:]
    static.close()
    kinds = set()
    for status, where, answer in answers:
        got = 400 if answer.status_code == 400 and where.endswith("aide") else answer.status_code  # 405 comes after the token
        assert got in {status, *({400} if where == "/aide" else ())}, (where, answer.status_code)
        kinds.add(answer.status_code)
        answer.close()
        if answer.status_code == 304:  # the browser goes on with the headers it has kept
            continue
        assert policy_of(answer) == (OF_A_FILE if where == photo else STRICT), where
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", where
        assert answer.headers["Referrer-Policy"] == "no-referrer", where
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000", where
        assert "camera=(self), geolocation=()" in answer.headers["Permissions-Policy"], where
        assert "Server" not in answer.headers, where
        assert "X-Powered-By" not in answer.headers, where
    assert kinds >= {200, 204, 303, 304, 400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503}


# ---------- addresses and keys ----------


@pytest.mark.promise("P9", "passport.seal:new_token", "absent")
def test_the_address_of_a_link_is_random_and_kept_as_a_digest(app: Flask, cast: Cast, browse: Any) -> None:
    """A link’s token has 128 random bits, stands nowhere in the database file in clear, and the link always has an end."""
    from tests.routes.test_sharing import make

    tokens = {make(browse("lea"), [cast["lea_x"]])[1].removeprefix("/s/") for _ in range(3)}
    assert len(tokens) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)
    many = [seal.new_token() for _ in range(2000)]
    for place in range(21):  # the last sign of 22 holds two bits only
        assert len({token[place] for token in many}) == 64
    with app.app_context():
        kept = b"".join(file.read_bytes() for file in Path(str(db.engine.url.database)).parent.glob(f"{Path(str(db.engine.url.database)).name}*")
                        if file.is_file())
        assert not db.metadata.tables["share"].c.expires_at.nullable
        db.session.remove()
    assert seal.digest_of(next(iter(tokens))) in kept, "this is the file"
    assert not [token for token in tokens if token.encode() in kept]


@pytest.mark.promise("P22", "passport.compression:is_token_of")
def test_the_key_of_the_city_is_changed_while_people_are_signed_in(app: Flask, cast: Cast, browse: Any) -> None:
    """While an older SECRET_KEY is listed, whoever is signed in stays so and an open form still serves; without it, neither."""
    lea = browse("lea")
    older = app.config["SECRET_KEY"]
    app.config["WTF_CSRF_ENABLED"] = True
    form = fields(lea.get("/menu"), "/langue")
    app.config.update(SECRET_KEY="a newer key of this city, forty signs", SECRET_KEY_FALLBACKS=[older])
    assert lea.get("/menu").status_code == 200
    assert lea.post("/langue", {**form, "language": "fr"}).status_code == 303
    assert lea.get("/menu").status_code == 200, "signed anew under the newer one"
    other = browse("lea")
    app.config.update(SECRET_KEY="another key of this city, forty signs", SECRET_KEY_FALLBACKS=[])
    assert way(other.get("/menu")) == "/ouvrir"
