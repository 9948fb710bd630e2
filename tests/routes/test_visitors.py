"""What somebody without account can do to a learner, by a link or a card: promise by promise, nothing more than was chosen."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.sharing.models import Share
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON
from tests.reading import Reader, words
from tests.routes.test_attacks_reader import change
from tests.routes.test_card import current, make_card
from tests.routes.test_safety import text_of
from tests.routes.test_sharing import DAY, make, prepare, recognised
from tests.routes.test_shown_pieces import make as make_with_pieces
from tests.routes.test_shown_pieces import pieces_of, put_beside

TOKEN = r"[A-Za-z0-9_-]{22}"


@pytest.fixture
def lea(browse: Any) -> Reader:
    """Léa's browser."""
    reader: Reader = browse("lea")
    return reader


@pytest.fixture
def endorsed(app: Flask, cast: Cast) -> list[uuid.UUID]:
    """A competency of Léa's, recognised by Karim, kept and permitted."""
    with app.app_context():
        found = recognised(cast)
        db.session.remove()
    return found


def ids_in(page: str) -> set[str]:
    """Return everything on a page that names one thing for ever."""
    return set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", page))


# ---------- A1: a stranger with a photographed card ----------


@pytest.mark.promise("P12", "passport.seal:new_token", "absent")
def test_t1_a_code_holds_nothing_but_where_it_leads(app: Flask, cast: Cast, lea: Reader, endorsed: list[uuid.UUID]) -> None:
    """The code of a card or a link holds the host and a token of 128 bits: no name, no number of anybody, no place, no date."""
    make_card(lea)
    _key, path = make(lea, [cast["lea_x"]], endorsed)
    assert re.fullmatch(rf"/s/{TOKEN}", path)
    assert re.fullmatch(rf"/c/{TOKEN}", current(app, cast["lea"])[1])


def test_t2_a_page_shows_what_was_ticked_and_the_name_chosen(
    app: Flask, cast: Cast, lea: Reader, client: FlaskClient
) -> None:
    """A page shows the items and the name form that were ticked: no contact, no birth, no place of theirs, no other link."""
    change(app, cast, place="12 rue du Canari", started_on=dt.date(2026, 3, 17))
    with app.app_context():
        text = db.session.get_one(Experience, cast["lea_me"]).title
        db.session.remove()
    _other, other_path = make(lea, [cast["lea_x"]], recipient_name="Autre lien")
    page = client.get(make(lea, [cast["lea_x"]])[1]).get_data(as_text=True)
    for told in ("Canari", "17 mars", text, "Autre lien", other_path, str(cast["lea"]), str(cast["lea_x"])):
        assert told not in page, told


def test_t3_a_closed_link_is_closed_at_the_next_request(
    cast: Cast, lea: Reader, client: FlaskClient, app: Flask
) -> None:
    """The learner closes a link in two taps; the next request finds nothing, and no copy was allowed to be kept."""
    key, path = make(lea, [cast["lea_x"]])
    page = client.get(path)
    assert page.headers["Cache-Control"] == "no-store"
    assert f'action="/montrer/lien/{key}/fermer"' in lea.get("/montrer").get_data(as_text=True)
    lea.post(f"/montrer/lien/{key}/fermer")
    for method, more in (("GET", {}), ("HEAD", {}), ("GET", {"If-None-Match": "*"}), ("GET", {"HX-Request": "true"})):
        assert client.open(path, method=method, headers=more).status_code == 410


def test_t4_a_replaced_card_leaves_the_passport_as_it_is(
    app: Flask, cast: Cast, lea: Reader, client: FlaskClient
) -> None:
    """A printed card is replaced without touching the passport: the old code is dead, the links stay open."""
    make_card(lea)
    key, old = current(app, cast["lea"])
    _link, path = make(lea, [cast["lea_x"]])
    lea.post("/carte/remplacer", {"card": str(key)})
    new = current(app, cast["lea"])[1]
    assert new != old
    assert client.get(old).status_code == 410
    assert client.get(new).status_code == 200
    assert client.get(path).status_code == 200


def test_t5_the_learner_sees_how_often_and_on_which_day_it_was_opened(
    app: Flask, at: Any, cast: Cast, lea: Reader, client: FlaskClient
) -> None:
    """The learner sees « Ouvert N fois » and the last day, with no address and nobody, so that a leak is noticed."""
    _key, path = make(lea, [cast["lea_x"]])
    client.get(path, environ_overrides={"REMOTE_ADDR": "203.0.113.77"})
    at(NOON + DAY)
    for _time in range(2):
        client.get(path)
    page = words(lea.get("/montrer"))
    assert "Ouvert 3 fois, dernier jour : 25 novembre" in page
    with app.app_context():
        columns = {c.name for c in db.metadata.tables["share_reading"].c}
        db.session.remove()
    assert columns == {"share_id", "read_on", "openings"}


def test_t7_the_card_says_its_host_in_letters(app: Flask, cast: Cast, lea: Reader) -> None:
    """A card says in letters which host its code leads to, so that a sticker over the code is noticed."""
    make_card(lea)
    with app.app_context():
        from passport.links import host

        assert host() in words(lea.get("/carte/imprimer"))


# ---------- A2: an ex-partner with a link ----------


@pytest.mark.promise("T8", "passport.sharing.rules:refusal_of_end")
@pytest.mark.parametrize(("who", "thing", "offered", "preset"), [
    ("lea", "lea_x", ["1", "3", "6"], "3"), ("youth", "youth_x", ["1", "3"], "1"),
])
def test_t8_a_link_has_an_end_that_fits_the_age(
    app: Flask, cast: Cast, browse: Any, who: str, thing: str, offered: list[str], preset: str
) -> None:
    """A link always has an end: 1, 3 or 6 months for adults, 3 beforehand; at most 90 days from 15 to 17."""
    person = browse(who)
    person.post("/montrer/choisir", {"experiences": [str(cast[thing])]})
    body = person.get("/montrer/pour-qui").get_data(as_text=True)
    radios = re.findall(r'<input[^>]*name="months"[^>]*>', body)
    assert [re.search(r'value="(\d+)"', r)[1] for r in radios] == offered  # type: ignore[index]
    assert [re.search(r'value="(\d+)"', r)[1] for r in radios if "checked" in r] == [preset]  # type: ignore[index]
    for months in ("12", "7", "0", "-1", "3.5"):
        assert person.fill("/montrer/pour-qui", recipient_name="Club", months=months).status_code == 422, months
    key, _path = make(person, [cast[thing]], months=offered[-1])
    with app.app_context():
        assert db.session.get_one(Share, key).expires_at <= NOON + dt.timedelta(days=180 if who == "lea" else 90)
        db.session.remove()


def test_t9_all_links_close_at_once_where_somebody_is_bothered(
    app: Flask, cast: Cast, browse: Any, client: FlaskClient
) -> None:
    """« Fermer tous mes liens » is one button, also on the page « Ça me dérange », before and after the text is hidden."""
    bothers = text_of(app, cast, "youth_x")
    youth = browse("youth")
    paths = [make(youth, [cast["youth_x"]])[1] for _link in range(2)]
    address = f"/ca-me-derange/{bothers.id}"
    assert 'action="/montrer/tout-fermer"' in youth.get(address).get_data(as_text=True)
    youth.fill(address)
    assert 'action="/montrer/tout-fermer"' in youth.get(address).get_data(as_text=True)
    youth.post("/montrer/tout-fermer")
    assert [client.get(path).status_code for path in paths] == [410, 410]


def test_t10_a_visitor_writes_nothing_and_follows_nobody(
    cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    """Nothing on a page lets a visitor write, follow, be told of news, or know when the learner was last here."""
    path = make(lea, [cast["lea_x"]], endorsed)[1]
    body = client.get(path).get_data(as_text=True)
    for sign in ("<form", "<textarea", "<input", "hx-post", "hx-get", "mailto:lea", "<iframe", 'rel="alternate"'):
        assert sign not in body, sign
    assert "Set-Cookie" not in client.get(path).headers
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open(path, method=method).status_code in {400, 404, 405}
    before = words(client.get(path))
    lea.get("/passeport")
    assert words(client.get(path)) == before


def test_t11_a_link_is_no_tracker_of_days_and_places(
    app: Flask, at: Any, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    """What is lived later never joins a link; what was lived shows month and year, and of places an organisation's name."""
    change(app, cast, place="12 rue du Canari", started_on=dt.date(2026, 3, 17), ended_on=dt.date(2026, 4, 28),
           when_precision="day", organisation_text="Club du Canal")
    path = make(lea, [cast["lea_x"]])[1]
    before = words(client.get(path))
    assert "mars" in before
    assert "2026" in before
    assert "Club du Canal" in before or "Médiathèque" in before
    for told in ("17 mars", "28 avril", "17/03", "Canari", "2026-03-17"):
        assert told not in client.get(path).get_data(as_text=True), told
    with app.app_context(), transaction():
        x = db.session.get_one(Experience, cast["lea_x"])
        experiences.change(x, {"title": "Désormais le mardi, rue Basse"}, x.version, NOON)
    at(NOON + DAY)
    assert "rue Basse" not in words(client.get(path))


def test_t11_two_links_have_nothing_in_common_to_be_traced_by(
    cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    """Two people who compare their links of one learner find no number, address or token that is the same in both."""
    one, other = (client.get(make(lea, [cast["lea_x"]], endorsed)[1]).get_data(as_text=True) for _link in range(2))
    assert ids_in(one)
    assert not (ids_in(one) & ids_in(other)) - ids_in(client.get("/aide").get_data(as_text=True))


def test_t13_no_search_engine_and_no_messenger_learns_of_it(
    cast: Cast, lea: Reader, client: FlaskClient
) -> None:
    """A page is `noindex` by its header, never by a robots.txt that names it; no sitemap, no preview with a name."""
    path = make(lea, [cast["lea_x"]])[1]
    page = client.get(path)
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "og:" not in page.get_data(as_text=True)
    for address in ("/robots.txt", "/sitemap.xml"):
        assert "/s/" not in client.get(address).get_data(as_text=True)


# ---------- A3, A5: replays and employers ----------


def test_t20_a_page_says_when_and_where_it_was_read(
    cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    """A result holds on our host and now: the page says day, hour and host, so that a screenshot shows its age."""
    body = client.get(make(lea, [cast["lea_x"]], endorsed)[1]).get_data(as_text=True)
    check = re.search(r'href="([^"]*/verifier/[^"]*)"', body)
    assert check is not None
    assert "Lu le 24 novembre 2026 à 12 h 00, sur " in words(body)
    assert "Vérifié le 24 novembre 2026 à 12 h 00, sur " in words(client.get(check[1]))


def test_t21_nobody_is_found_by_counting(app: Flask) -> None:
    """There is no directory, no search and no number in a row of learners or links: addresses hold tokens or random numbers."""
    counted = [rule.rule for rule in app.url_map.iter_rules() if "<int:" in rule.rule]
    assert all(rule.startswith(("/status/", "/achievements/", "/competences/", "/experience/")) for rule in counted), counted
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("reader."):
            assert "<token>" in rule.rule, rule.rule


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
@pytest.mark.promise("P17", "passport.doors:too_many", "absent")
def test_t22_whoever_guesses_waits_and_real_links_open(app: Flask, cast: Cast, lea: Reader, client: FlaskClient) -> None:
    """Unknown tokens: 40 a minute for one /64, 300 for everybody together, then 429; real links still open."""
    path = make(lea, [cast["lea_x"]])[1]

    def guess(n: int, caller: str) -> int:
        return client.get(f"/s/{n:022d}", environ_overrides={"REMOTE_ADDR": caller}).status_code

    assert [guess(n, f"2001:db8:1:1::{n:x}") for n in range(41)] == [404] * 40 + [429]
    assert guess(50, "2001:db8:1:2::1") == 404
    many = [guess(100 + n, f"2001:db8:2:{n:x}::1") for n in range(270)]
    assert many[:250] == [404] * 250
    assert many[-1] == 429
    for caller in ("2001:db8:1:1::1", "198.51.100.9"):
        assert client.get(path, environ_overrides={"REMOTE_ADDR": caller}).status_code == 200


def test_t23_a_page_has_no_twin_that_says_more(
    cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
) -> None:
    """Asked as JSON, as a part, with `.json` or `?format=`: the same fields, or nothing."""
    path = make(lea, [cast["lea_x"]], endorsed)[1]
    page = words(client.get(path))
    for more in ({"Accept": "application/json"}, {"HX-Request": "true"}, {"X-Requested-With": "XMLHttpRequest"}):
        assert words(client.get(path, headers=more)) == page, more
    assert words(client.get(f"{path}?format=json")) == page
    for address in (f"{path}.json", f"{path}/json", f"/api{path}"):
        assert client.get(address).status_code == 404, address


def test_t24_terms_stand_on_the_page_and_a_photo_comes_reduced(
    app: Flask, cast: Cast, lea: Reader, client: FlaskClient
) -> None:
    """What an employer may ask stands on the page, and a photo opens as a reduced preview only."""
    beside = put_beside(app, cast)
    _key, path = make_with_pieces(lea, [cast["lea_x"]], [beside["photo"]])
    page = client.get(path)
    assert "demander seulement ce qui sert au poste (Code du travail, L1221-6). Le privé ne compte pas (L1132-1)." in words(page)
    (shown,) = set(pieces_of(page))
    with Image.open(io.BytesIO(client.get(shown).get_data())) as picture:
        assert max(picture.size) < 2400


def test_t24_what_is_private_is_hinted_at_before_it_is_shown(app: Flask, cast: Cast, lea: Reader) -> None:
    """Family, health, faith, union, exile and caring: the learner is told before, and nothing is said where nothing is."""
    assert "choses privées" not in words(prepare(lea, [cast["lea_x"]]))
    change(app, cast, story="Je garde mes frères depuis que je suis malade.")
    look = words(prepare(lea, [cast["lea_x"]]))
    assert "Cette page touche peut-être à des choses privées : la famille, la santé." in look
