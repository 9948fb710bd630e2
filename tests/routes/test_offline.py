"""How the app is called on a home screen, its worker, the ticket, and whose pages a device may keep."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from passport.accounts.models import Session
from passport.experiences.models import Evidence, Experience
from passport.extensions import db
from passport.feedback.models import Feedback
from passport.sharing.models import Share
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON
from tests.pictures import telling
from tests.reading import Reader, fields, new, words
from tests.routes.test_accounts import OWN, give_passphrase
from tests.world import H, answer, ask, fill
from tools import icons


def signed_in(app: Flask, cast: Cast, shared: str | None) -> Reader:
    """Return the browser of Léa, signed in by the form on a device she called hers (n), shared (y) or neither."""
    give_passphrase(app, cast["lea"])
    lea = Reader(app, cast, None)
    assert lea.fill("/ouvrir", name="lac-vert-27", passphrase=OWN, shared=shared).status_code == 303
    return lea


def test_on_a_home_screen_it_has_a_name_that_tells_nothing(client: Any, tmp_path: Path) -> None:
    for language, called in (("fr", "Carnet"), ("en", "Notebook")):
        answer = client.get("/manifest.webmanifest", headers={"Accept-Language": language})
        said = json.loads(answer.get_data(as_text=True))
        assert answer.mimetype == "application/manifest+json"
        assert (said["name"], said["short_name"]) == (called, called)
        assert not re.search("pass[ep]|city|ville", json.dumps({k: said[k] for k in ("name", "short_name")}), re.I)
        assert (said["start_url"], said["scope"], said["display"]) == ("/passeport", "/", "standalone")
    icons.write(tmp_path)
    assert (said["icons"][0]["sizes"], said["icons"][0]["type"]) == ("any", "image/svg+xml")  # the lightest one first
    for icon in said["icons"][1:]:
        with Image.open(tmp_path / icon["src"].split("?")[0].rpartition("/")[2]) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
    assert {icon["purpose"] for icon in said["icons"]} == {"any", "maskable"}


def test_what_a_phone_cuts_off_a_maskable_icon_is_ground_alone(tmp_path: Path) -> None:
    icons.write(tmp_path)
    with Image.open(tmp_path / "maskable.png") as file:
        picture = file.convert("RGB")
    ground, safe = picture.getpixel((0, 0)), (picture.width * 0.4) ** 2
    outside = [
        picture.getpixel((x, y)) for x in range(0, picture.width, 4) for y in range(0, picture.height, 4)
        if (x - picture.width / 2) ** 2 + (y - picture.height / 2) ** 2 > safe
    ]
    assert set(outside) == {ground}
    assert len({picture.getpixel((x, picture.height // 2)) for x in range(picture.width)}) > 3


@pytest.mark.parametrize("settings_of_test", [{"WTF_CSRF_ENABLED": True}])
def test_a_ticket_leaves_the_cookie_as_it_is(browse: Any, app: Flask, cast: Cast) -> None:
    """What comes late, asked for by a session that is over, signs out nobody who has signed in meanwhile."""
    lea, nobody = browse("lea"), browse(None)
    lea.get("/passeport")
    assert lea.get("/envois/cle").headers.getlist("Set-Cookie") == []
    assert nobody.get("/envois/cle").headers.getlist("Set-Cookie") == []
    with app.app_context(), transaction():
        db.session.query(Session).update({"ended_at": NOON})
    ended = lea.get("/envois/cle")
    assert (ended.get_json()["account"], ended.headers.getlist("Set-Cookie")) == ("", [])


def test_icons_are_drawn_once(tmp_path: Path) -> None:
    assert icons.write(tmp_path) == len(icons.ICONS)
    assert icons.write(tmp_path) == 0


def test_the_worker_stands_at_the_root_and_is_asked_for_anew(client: Any) -> None:
    answer = client.get("/sw.js")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    files = json.loads(re.match(r"const FILES = (.*);", answer.get_data(as_text=True))[1])  # type: ignore[index]
    for name, address in files.items():
        assert re.fullmatch(rf"/static/{re.escape(name)}\?v=[0-9a-f]{{12}}", address)
        with client.get(address) as file:
            assert file.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_neither_takes_the_proposed_passphrase_away(app: Flask, cast: Cast) -> None:
    """Whoever has just signed up still reads it, while the browser fetches what it needs."""
    newcomer = Reader(app, cast, None)
    noted = newcomer.follow(newcomer.fill("/creer", display_name="Zoé", age="adult", shared="n"))
    proposed = re.search(r'<b[^>]*translate="no"[^>]*>([^<]+)</b>', noted.get_data(as_text=True))
    for address in ("/sw.js", "/manifest.webmanifest", "/envois/cle", "/envois"):
        assert newcomer.get(address).status_code == 200
    assert proposed is None or proposed[1] in newcomer.get("/a-noter").get_data(as_text=True)
    assert words(noted) == words(newcomer.get("/a-noter"))


@pytest.mark.parametrize(("shared", "kept"), [("n", True), ("y", False), (None, False)])
def test_pages_are_kept_only_where_a_device_is_called_ones_own(
    app: Flask, cast: Cast, shared: str | None, kept: bool
) -> None:
    lea = signed_in(app, cast, shared)
    for address in ("/passeport", "/ajouter", "/carte", "/echanges"):
        answer = lea.get(address)
        assert ("Kept-For" in answer.headers) is kept
        assert answer.headers["Cache-Control"] == "no-store"
        assert ("Version du 24 novembre, 12 h 00" in words(answer)) is kept
    ours = lea.get("/passeport").headers.get("Kept-For", "")
    assert str(cast["lea"]) not in ours
    assert ours == ("" if not kept else lea.get("/envois/cle").get_json()["account"])
    lea.post("/fermer")
    assert "Kept-For" not in lea.get("/aide").headers


def test_a_page_of_a_link_says_nothing_of_keeping(app: Flask, cast: Cast) -> None:
    lea = signed_in(app, cast, "n")
    answer = lea.get(f"/s/{'A' * 22}")
    assert "Kept-For" not in answer.headers
    for word in ("manifest", "outbox", "data-account"):
        assert word not in answer.get_data(as_text=True)


@pytest.mark.parametrize("settings_of_test", [{"WTF_CSRF_ENABLED": True}])
def test_a_ticket_is_for_its_own_session(app: Flask, cast: Cast, client: Any) -> None:
    assert client.get("/envois/cle").get_json() == {"account": "", "token": ""}
    lea, tom = Reader(app, cast, "lea"), Reader(app, cast, "tom")
    tickets = [reader.get("/envois/cle").get_json() for reader in (lea, lea, tom)]
    assert tickets[0]["account"] == tickets[1]["account"] != tickets[2]["account"]
    form = {**fields(lea.get("/ajouter")), "title": "Un mot gardé"}
    for token, status in ((tickets[2]["token"], 400), (tickets[0]["token"], 204)):
        answer = lea.post("/ajouter", {**form, "csrf_token": token}, headers={"HX-Request": "true"})
        assert answer.status_code == status
        assert answer.headers["X-Request-ID"]


def test_what_waits_holds_nothing_of_anybody_when_asked_for_without_a_cookie(client: Any, browse: Any) -> None:
    page = client.get("/envois")
    assert "En attente de réseau" in words(page)
    assert "csrf_token" not in page.get_data(as_text=True) or "Set-Cookie" in page.headers
    assert "data-account" not in page.get_data(as_text=True)
    assert "data-account" in browse("lea").get("/envois").get_data(as_text=True)


def test_what_another_person_wrote_stays_when_somebody_signs_out(browse: Any) -> None:
    assert browse("lea").post("/fermer", {"others": "y"}).headers["Clear-Site-Data"] == '"cache"'
    assert browse("lea").post("/fermer", {"others": ""}).headers["Clear-Site-Data"] == '"cache", "storage"'


def photo() -> tuple[io.BytesIO, str]:
    return io.BytesIO(telling(6, width=60, height=40)), "affiche.jpg"


SENDINGS: dict[str, tuple[str, str, dict[str, Any], Any]] = {
    "an experience": ("lea", "/ajouter", {"title": "Le tournoi"}, Experience),
    "a kind of it": ("lea", "/ajouter/genre/bafa", {"title": "Mon BAFA"}, Experience),
    "a photo": ("lea", "/experience/{lea_x}/joindre", {"caption": "L’affiche"}, Evidence),
    "a feedback": ("nadia", "/on-me-demande/{request}", {"seen": "Elle attend, et ils y arrivent."}, Feedback),
    "a reply": ("lea", "/retour/{unread}", {"reply": "Merci"}, Feedback),
    "the end of a link": ("lea", "/montrer/lien/{share}/fermer", {}, Share),
}

# Where the page that says « C’est envoyé » leads.
SEEN = {
    "an experience": "/experience/[0-9a-f-]+/gardee", "a kind of it": "/experience/[0-9a-f-]+/gardee",
    "a photo": r"/experience/{lea_x}/gardee\?photo=[0-9a-f-]+", "a feedback": "/on-me-demande/{request}",
    "a reply": "/retour/{unread}", "the end of a link": "/montrer",
}


@pytest.mark.parametrize("what", SENDINGS)
def test_what_a_phone_sends_twice_arrives_once(app: Flask, cast: Cast, browse: Any, what: str) -> None:
    """As outbox.js does when the first answer was lost: it goes by what the status says, so both must say « arrived »."""
    with app.app_context():
        fill(cast, NOON)
        asked = ask(cast, "lea", "lea_x", "karim", NOON - 40 * H)
        cast.ids["unread"] = answer(cast, asked, "karim", NOON - 30 * H).id
        db.session.commit()
        db.session.remove()
    name, pattern, typed, model = SENDINGS[what]
    reader, address = browse(name), pattern.format_map(cast.ids)
    form = {"submission": new(), **typed}
    before = count(app, model)
    statuses = []
    for _ in range(2):
        files = {"file": photo()} if what == "a photo" else {}
        sent = reader.client.post(address, data={**form, **files}, headers={"HX-Request": "true"})
        statuses.append(sent.status_code)
        assert sent.status_code == 204 or "Arrived" in sent.headers
        place = sent.headers.get("Arrived") or sent.headers["HX-Redirect"]
        assert re.fullmatch(SEEN[what].format_map(cast.ids), place)
        assert reader.get(place).status_code == 200
        assert "HX-Trigger" not in sent.headers
        assert not sent.headers.get("HX-Redirect", "").startswith("/ouvrir")
    assert set(statuses) <= {200, 204}
    assert len(set(statuses)) == 1
    assert count(app, model) - before == (0 if what in {"a reply", "the end of a link"} else 1)
    if "submission" in form and typed and what != "a reply":
        other = {**form, next(iter(typed)): "Autre chose"}
        files = {"file": photo()} if what == "a photo" else {}
        answered = reader.client.post(address, data={**other, **files}, headers={"HX-Request": "true"})
        assert answered.status_code == 409
    elif what == "a reply":
        assert reader.client.post(address, data={"reply": "Autre chose"}, headers={"HX-Request": "true"}).status_code == 422


def test_a_search_within_a_form_is_no_arrival(app: Flask, cast: Cast, browse: Any) -> None:
    lea, before = browse("lea"), count(app, Experience)
    form = {**fields(lea.get("/ajouter")), "title": "Un mot", "organisation": "Les Jeunes", "search": "1"}
    answer = lea.post("/ajouter", form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Arrived" not in answer.headers
    assert fields(answer)["title"] == "Un mot"
    assert count(app, Experience) == before


def count(app: Flask, model: Any) -> int:
    """Count the rows of a table."""
    with app.app_context():
        counted = db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
        db.session.remove()
    return counted
