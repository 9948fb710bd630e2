"""Every page is light on the wire, and what is compressed tells nothing by its length."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask, url_for
from werkzeug.routing import AnyConverter, IntegerConverter, UUIDConverter

from passport import clock, create_app
from passport.commitments import weights
from passport.compression import masked_token, unmasked
from passport.extensions import db
from passport.headers import put_files_in_front
from passport.web import WITHOUT_COOKIE
from tests.browser.city import furnish
from tests.browser.pages import PAGES, path_of
from tests.cast import Cast, make_cast
from tests.conftest import test_settings
from tests.reading import Reader, pictures_on, words
from tests.shape.test_words import tool

STATIC = Path(__file__).resolve().parents[2] / "static"
OURS = 8_000
SHEET = ("sheet.js", "sheet-worker.js")
APART = "passkey.js"  # loaded where a passkey is made or shown, and nowhere else


@dataclass
class City:
    """The city in which every state stands, its static files in front."""

    app: Flask
    cast: Cast


@pytest.fixture(scope="module")
def weigh() -> Any:
    """The tool that weighs pages for the README."""
    return tool("weigh")


@pytest.fixture(scope="module")
def city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, weigh: Any) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("light")
    shutil.copy(sqlite_template, folder / "city.db")
    app = create_app(test_settings(f"sqlite:///{folder / 'city.db'}", folder, WTF_CSRF_ENABLED=True,
                                   PROPAGATE_FAULTS=False))
    put_files_in_front(app)
    with app.app_context():
        cast = furnish(make_cast(clock.now()), clock.now())
        db.session.remove()
    yield City(app, cast)
    with app.app_context():
        db.engine.dispose()


def asking(reader: Reader, weigh: Any) -> Any:
    """Return how a browser that knows Brotli asks."""

    def get(address: str) -> Any:
        with reader.get(address, headers=weigh.BROWSER) as answer:
            answer.get_data()
            return answer

    return get


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_within_its_budget(city: City, weigh: Any, name: str) -> None:
    """At most 45 kB in five requests for a first visit, 10 kB for each later page, heads of the answers included.

    What is found by words in the address may weigh 22 kB: it is not compressed, and nobody begins there.
    """
    get = asking(Reader(city.app, city.cast, name or None), weigh)
    heavy = []
    for wanted in PAGES[name]:
        path = path_of(city, wanted.split(" ")[-1])
        weight = weigh.weigh(get, weigh.text_of, path)
        searched = "?" in path
        if (weight.requests > weigh.FIRST_REQUESTS or (weight.first > weigh.FIRST_BYTES and not searched)
                or weight.later > (weigh.SEARCHED_BYTES if searched else weigh.LATER_BYTES)):
            heavy.append((path, weight))
        if path.startswith(("/s/", "/c/")) and weight.styled > weigh.READER_BYTES:
            heavy.append((path, weight))
    assert heavy == []


def compressed(*paths: Path) -> int:
    """Return how many bytes these files are on the wire."""
    return sum(len(brotli.compress(path.read_bytes())) for path in paths)


def test_our_own_files_are_small() -> None:
    """At most 8 kB of style and 8 kB of script, compressed; on the page of a sheet, which loads no other, 4 kB of script;
    1 kB more where a passkey is asked for."""
    sheet = {STATIC / name for name in SHEET}
    assert compressed(STATIC / APART) <= 1000
    assert compressed(*STATIC.glob("*.css")) <= OURS
    assert compressed(*{*STATIC.glob("*.js")} - sheet - {STATIC / APART}) <= OURS
    assert compressed(*sheet) <= 4_000


def test_the_page_of_a_sheet_loads_no_other_script(city: City, weigh: Any) -> None:
    get = asking(Reader(city.app, city.cast, None), weigh)
    for address in ("/v/", f"/v/{city.cast.tokens['to_sheet']}"):
        assert re.findall(r'src="/static/([^?"]+)', weigh.text_of(get(address))) == ["sheet.js"]
    assert "sheet.js" not in weigh.text_of(get("/"))


def test_no_page_moves_while_its_pictures_arrive(city: City) -> None:
    """Each says how large they are, as large as they then come: an owner's, a facilitator's and a reader's page."""
    seen = set()
    for name, wanted in PAGES.items():
        reader = Reader(city.app, city.cast, name or None)
        for each in wanted:
            found = pictures_on(reader, reader.get(path_of(city, each.split(" ")[-1])))
            assert all(said == drawn for said, drawn in found), each
            seen |= {each} if found else set()
    assert seen >= {
        "experiences.experience", "/experience/{ines_5}", "feedback.ask_send", "feedback.answer_request",
        "recognition.recognise", "sharing.choose", "sharing.ready", "/s/{share}", "/s/{to_Mairie}", "/c/{to_ines_card}",
    }, sorted(seen)


def test_static_files_are_kept_for_ever_and_compressed(city: City, weigh: Any) -> None:
    """Under an address that changes with their bytes."""
    get = asking(Reader(city.app, city.cast, None), weigh)
    parts = re.findall(r'(?:href|src)="(/static/[^"]+\?[^"]+)"', weigh.text_of(get("/")))
    assert len(parts) >= 4
    for part in parts:
        assert re.search(r"\?v=[0-9a-f]{12}$", part)
        answer = get(part)
        assert answer.headers["Cache-Control"].endswith(", public, immutable"), part
        assert answer.headers["Content-Encoding"] == "br"


def test_the_page_on_ecodesign_says_what_was_measured(city: City) -> None:
    """Each page of the measurement, in the reader's language, with its day."""
    held = weights()
    french = words(Reader(city.app, city.cast, None).get("/ecoconception"))
    english = words(Reader(city.app, city.cast, None).get("/ecoconception?lang=en"))
    assert len(held["pages"]) >= 9
    for each in held["pages"]:
        costs = f"{each['first'] / 1000:.0f} {each['later'] / 1000:.0f}"
        assert f"{each['fr']} {costs}" in french
        assert f"{each['en']} {costs}" in english
        assert each["first"] <= 45_000
    assert str(dt.date.fromisoformat(held["measured_on"]).year) in french


# ---------- what the length of a page could tell ----------


def test_a_page_that_repeats_the_address_is_not_compressed(city: City, weigh: Any) -> None:
    """Whoever makes somebody's browser open addresses could otherwise guess, letter by letter, what else is on a page."""
    lea = asking(Reader(city.app, city.cast, "lea"), weigh)
    assert lea("/passeport").headers["Content-Encoding"] == "br"
    assert lea("/passeport?lang=en").headers["Content-Encoding"] == "br"
    for address in ("/passeport?q=karim", "/passeport?x=csrf_token", "/passeport?lang=en&x=a", "/passeport?lang=de"):
        answer = lea(address)
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers, address


def test_no_page_whose_path_takes_free_words_is_compressed_where_somebody_is_signed_in(city: City, weigh: Any) -> None:
    """Every address of the application: its parts are keys, or of a short list, or it leaves as it is."""
    lea, word = asking(Reader(city.app, city.cast, "lea"), weigh), "karimkarimkarimkarim22"
    closed, free = (UUIDConverter, IntegerConverter, AnyConverter), set()
    with city.app.test_request_context():
        for rule in city.app.url_map.iter_rules():
            words_of = {n for n, c in rule._converters.items() if not isinstance(c, closed)}
            if not words_of or "GET" not in rule.methods or rule.endpoint.split(".")[0] in WITHOUT_COOKIE:
                continue
            parts = {name: word if name in words_of else uuid.uuid4() for name in rule.arguments}
            free.add(url_for(rule.endpoint, **parts))
    assert len(free) > 5
    for address in {*free, f"/{word}", f"/passeport/{word}"}:
        assert "Content-Encoding" not in lea(address).headers, address
    assert lea("/ajouter/genre/exile").headers["Content-Encoding"] == "br"


def test_an_answer_to_a_form_is_not_compressed(city: City, weigh: Any) -> None:
    reader = Reader(city.app, city.cast, None)
    page = asking(reader, weigh)("/ouvrir")
    token = re.search(r'name="csrf_token" value="([^"]+)"', weigh.text_of(page))
    assert token
    with reader.post("/ouvrir", {"csrf_token": token[1], "name": "x" * 40, "passphrase": "y" * 40},
                     headers=weigh.BROWSER) as answer:
        assert answer.status_code == 422
        assert "Content-Encoding" not in answer.headers


def test_the_token_is_written_anew_in_each_answer(city: City, weigh: Any) -> None:
    """And everywhere alike in one, so that it costs its bytes once."""
    lea = asking(Reader(city.app, city.cast, "lea"), weigh)
    seen = [set(re.findall(r'name="csrf_token" value="([^"]+)"', weigh.text_of(lea("/passeport")))) for _ in range(3)]
    assert [len(tokens) for tokens in seen] == [1, 1, 1]
    written = [tokens.pop() for tokens in seen]
    assert len({token[:16] for token in written}) == 3
    assert len({str(unmasked(token)).split(".")[0] for token in written}) == 1


@pytest.mark.parametrize("nonsense", [None, "", "a", "é", "AAAA", "AAA=", "____", "%%%"])
def test_what_is_no_masked_token_opens_nothing(nonsense: str | None) -> None:
    assert not (unmasked(nonsense) or "").strip("\0")


def test_a_masked_token_is_read_back(city: City) -> None:
    with city.app.test_request_context():
        from flask_wtf.csrf import generate_csrf

        assert unmasked(masked_token()) == generate_csrf()
