"""Every fault as a page a person understands: in both languages, whole or in part, with a number and no detail."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from passport.accounts import service as accounts
from passport.errors import texts
from passport.experiences import service as experiences
from passport.extensions import db
from passport.feedback import service as feedback
from passport.organisations import service as organisations
from passport.recognition import service as recognition
from passport.refusals import Refusal
from passport.safety import service as safety
from passport.sharing import service as links
from passport.web import Forbidden, public
from tests.cast import Cast
from tests.conftest import NOON, admin, both_databases
from tests.reading import Reader, fields, new, words
from tests.world import fill

STATUSES = (400, 403, 404, 405, 409, 410, 413, 429, 500, 503)
HTMX = {"HX-Request": "true"}
ENGLISH = {"Accept-Language": "en"}
NUMBER = re.compile(r'<span class="code">([0-9a-f]{12})</span>')
SECRET = "la phrase de passe de Léa"


@pytest.fixture
def settings_of_test(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A city as it is in production, where no fault reaches the browser; one of its own with the page that fails."""
    return {"PROPAGATE_FAULTS": False, "FAULTY": "faulty" in request.fixturenames}


@pytest.fixture
def faulty(app: Flask) -> FlaskClient:
    """A browser in front of one more page, which answers with any status asked for."""

    if "fault" in app.view_functions:
        return app.test_client()

    @app.route("/faute/<int:status>")
    @public
    def fault(status: int) -> str:
        if status == 403:
            raise Forbidden(Refusal.ADULTS_ONLY)
        if status == 500:
            raise RuntimeError(SECRET)
        abort(status)

    return app.test_client()


def title_of(app: Flask, status: int, language: str) -> str:
    """Return the title of a fault in one language."""
    with app.test_request_context(query_string={"lang": language}):
        return words(texts(status)[0])


def rows(app: Flask) -> dict[str, Any]:
    """Return every row of every table, but sessions and counters."""
    with app.app_context():
        found = {name: sorted(map(repr, db.session.execute(sa.select(table)).all()))
                 for name, table in db.metadata.tables.items() if name not in {"session", "rate_limit"}}
        db.session.remove()
    return found


def told(answer: TestResponse, status: int) -> str:
    """Check that an answer is a page of ours about this status, without any detail, and return its words."""
    body = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert NUMBER.findall(body) == [answer.headers["X-Request-ID"]]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in answer.headers["Vary"]
    assert not re.search(r"Traceback|RuntimeError|sqlalchemy|sqlite|psycopg|werkzeug|\.py\b", body, flags=re.I)
    assert SECRET not in body
    return words(answer)


# ---------- each status ----------


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("language", "other"), [("fr", "en"), ("en", "fr")])
def test_each_fault_has_a_page_in_both_languages(
    app: Flask, faulty: FlaskClient, status: int, language: str, other: str
) -> None:
    answer = faulty.get(f"/faute/{status}", headers={"Accept-Language": language})
    said, title = told(answer, status), title_of(app, status, language)
    assert f'<html lang="{language}" dir="ltr">' in answer.get_data(as_text=True)
    assert title in said
    assert title_of(app, status, other) not in said
    assert all(f'href="{way}"' in answer.get_data(as_text=True) for way in ("/aide", "/accessibilite"))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_fault_is_a_part_for_htmx(app: Flask, faulty: FlaskClient, status: int, language: str) -> None:
    answer = faulty.get(f"/faute/{status}", headers={"Accept-Language": language, **HTMX})
    said, body = told(answer, status), answer.get_data(as_text=True)
    assert title_of(app, status, language) in said
    assert "<html" not in body
    assert 'role="alert"' in body


@pytest.mark.parametrize("more", [{"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}], ids=str)
def test_for_a_whole_window_the_page_is_whole(faulty: FlaskClient, more: dict[str, str]) -> None:
    assert "<html" in faulty.get("/faute/404", headers={**HTMX, **more}).get_data(as_text=True)


def test_a_number_is_never_the_same(faulty: FlaskClient) -> None:
    assert len({faulty.get("/faute/404").headers["X-Request-ID"] for _ in range(5)}) == 5


def test_a_fault_speaks_the_language_of_the_account(faulty: FlaskClient, browse: Callable[..., Reader]) -> None:
    lea = browse("lea")
    lea.post("/langue", {"language": "en"})
    for status in (400, 404, 429):
        assert 'lang="en"' in lea.get(f"/faute/{status}").get_data(as_text=True), status


# ---------- as they really happen ----------


def test_an_address_that_is_not_there(client: FlaskClient) -> None:
    assert "Cette page n’existe pas" in told(client.get("/n-existe-pas"), 404)
    told(client.get("/n-existe-pas", headers=HTMX), 404)
    told(client.post("/n-existe-pas"), 404)


@pytest.mark.parametrize("odd", ["1", "x" * 500, "..%2f..%2fpasswd", "00000000-0000-0000-0000-00000000000", "%00",
                                 "%F0%9F%98%80", "%FF"])
def test_an_id_that_is_none(browse: Callable[..., Reader], odd: str) -> None:
    lea = browse("lea")
    for address in ("/experience/", "/retour/", "/montrer/lien/"):
        told(lea.get(address + odd), 404)


@pytest.mark.parametrize("odd", ["%00", "%FF", "x" * 2000, "😀", "..%2f"])
@pytest.mark.parametrize("place", ["/s/", "/c/", "/d/", "/invitation/", "/rejoindre/"])
def test_a_token_or_code_that_is_none(browse: Callable[..., Reader], place: str, odd: str) -> None:
    assert browse("lea").get(place + odd).status_code == 404


@pytest.mark.parametrize("query", ["q=%00", "q=%FF%FE", "q=" + "x" * 3000, "q=%25%5F%5C'\"", "after=%00", "after=~",
                                   "after=9999-12-31_" + "0" * 32, "after=0001-01-01~" + "0" * 36, "lang=xx",
                                   "apres=%00", "before=9999-12-31T23:59:59%2B00:00~00000000-0000-4000-8000-000000000000",
                                   "competency=%00", "competency=99999999999999999999", "year=%00", "lien=1", "role=1"])
def test_what_stands_behind_an_address_is_never_a_fault(cast: Cast, browse: Callable[..., Reader], query: str) -> None:
    lea, karim, sofia = browse("lea"), browse("karim"), browse("sofia")
    experience = f"/experience/{cast['lea_x']}"
    for who, address in (
        (lea, "/passeport"), (lea, f"{experience}/savoir-faire"), (lea, f"{experience}/demander"), (lea, "/montrer"),
        (lea, "/carte/ouvre"), (lea, "/ouvrir"), (karim, "/on-me-demande"), (karim, "/registre"),
        (karim, "/demandez-moi"), (sofia, "/ville"), (sofia, f"/organisation/{cast['library']}"),
    ):
        for headers in ({}, HTMX):
            assert who.get(f"{address}?{query}", headers=headers).status_code in {200, 204, 303, 404}, (address, query)


def test_a_button_opened_as_a_page_says_so(browse: Callable[..., Reader]) -> None:
    answer = browse("lea").get("/fermer")
    assert "Il faut passer par son bouton." in told(answer, 405)
    assert "POST" in answer.headers["Allow"]
    told(browse("lea").client.put("/passeport"), 405)


def test_what_has_an_age_says_so_on_the_page_and_for_htmx(browse: Callable[..., Reader]) -> None:
    tom = browse("tom")
    for headers in ({}, HTMX):
        answer = tom.post("/montrer/apercu", headers=headers)
        assert answer.status_code == 403
        assert "Avant 15 ans" in words(answer)


def test_a_body_that_is_too_big_is_refused_before_anything_is_kept(app: Flask, browse: Callable[..., Reader]) -> None:
    lea = browse("lea")
    before = rows(app)
    for headers in ({}, HTMX):
        answer = lea.post("/ajouter", {"title": "x" * 1_100_000, "submission": new()}, headers=headers)
        assert "Raccourcir, puis recommencer." in told(answer, 413)
    long = lea.post("/ajouter", {"title": "x" * 900_000, "submission": new()})
    assert long.status_code == 422
    for parts in ({f"f{n}": "x" for n in range(600)}, {"title": "x" * 600_000}):
        body = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in parts.items())
        told(lea.client.post("/ajouter", data=body + "--b--\r\n", content_type="multipart/form-data; boundary=b"), 413)
    assert rows(app) == before


def test_a_body_in_no_shape_at_all_is_a_form_to_fill_again(app: Flask, browse: Callable[..., Reader]) -> None:
    lea = browse("lea")
    before = rows(app)
    for kind, body in (("application/json", b'{"title": "x"}'), ("application/json", b'{"title": [{}]}'),
                       ("application/json", b"[1]"), ("application/json", b"{"), ("multipart/form-data", b"--"), ("", b"\xff\x00"),
                       ("multipart/form-data; boundary=x", b"--x\r\nnothing"),
                       ("application/x-www-form-urlencoded", b"title=%20%0a%e2%80%8b")):
        answer = lea.client.post("/ajouter", data=body, content_type=kind)
        assert answer.status_code in {400, 413, 422}, (kind, answer.status_code)
    assert rows(app) == before


def test_a_form_sent_again_with_another_text_is_a_conflict(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/demander/personne/{cast['m_nadia']}"
    form = fields(lea.get(address))
    assert lea.post(address, {**form, "message": "Était-ce clair ?"}).status_code == 303
    before = rows(app)
    told(lea.post(address, {**form, "message": "Et maintenant ?"}), 409)
    told(lea.post(address, {**form, "message": "Et maintenant ?"}, headers=HTMX), 409)
    assert rows(app) == before


# ---------- the database is not there ----------


def take_away(app: Flask) -> None:
    """Take the database away, as when its server or its disk is gone."""
    with app.app_context():
        url = db.engine.url
        db.engine.dispose()
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        for name in file.parent.glob(file.name + "*"):
            shutil.move(name, name.with_name("away-" + name.name))
        file.mkdir()
    else:
        base = url.set(database="{db}").render_as_string(hide_password=False).replace("%7Bdb%7D", "{db}")
        admin(base, f'DROP DATABASE "{url.database}" WITH (FORCE)')


def bring_back(app: Flask) -> None:
    """Bring an SQLite database back."""
    with app.app_context():
        file = Path(str(db.engine.url.database))
    file.rmdir()
    for name in file.parent.glob("away-*"):
        shutil.move(name, name.with_name(name.name.removeprefix("away-")))


@both_databases
def test_without_its_database_the_passport_says_so_kindly(
    app: Flask, browse: Callable[..., Reader], client: FlaskClient
) -> None:
    lea, nobody = browse("lea"), app.test_client()
    take_away(app)
    for address in ("/passeport", "/experience/00000000-0000-4000-8000-000000000000", "/montrer", "/", "/ouvrir"):
        answer = lea.get(address)
        assert "Rien n’est perdu" in told(answer, 503), address
        assert answer.headers["Retry-After"] == "60"
    said = told(lea.get("/passeport", headers=ENGLISH), 503)
    assert "Une petite pause" not in said
    part = lea.get("/passeport", headers=HTMX)
    assert "<html" not in part.get_data(as_text=True)
    told(part, 503)
    told(lea.post("/ajouter", {"title": "Une phrase", "submission": new()}), 503)
    told(nobody.get("/s/" + "A" * 22), 503)
    told(nobody.post("/ouvrir", data={"name": "lac-vert-27", "passphrase": "x"}), 503)
    assert nobody.get("/aide").status_code == 200
    assert nobody.get("/").status_code == 200
    for reader in (nobody, lea.client):
        health = reader.get("/healthz")
        assert (health.status_code, health.json) == (503, {"status": "database unreachable"})


def test_the_passport_comes_back_with_its_database(app: Flask, browse: Callable[..., Reader]) -> None:
    lea = browse("lea")
    take_away(app)
    assert lea.get("/passeport").status_code == 503
    bring_back(app)
    assert lea.get("/passeport").status_code == 200
    assert (lea.get("/healthz").status_code, lea.get("/healthz").json) == (200, {"status": "ok"})


# ---------- something breaks in the middle ----------

STORY = {
    "log": ("lea", experiences, "log_experience", "/ajouter", {"title": "Une phrase"}),
    "change": ("lea", experiences, "change", "/experience/{lea_x}/recit", {"story": "Autre", "version": "1"}),
    "claim": ("lea", experiences, "claim", "/experience/{lea_x}/savoir-faire", {"competency": "5", "step": "2"}),
    "for me": ("lea", experiences, "set_for_me_only", "/experience/{lea_x}/pour-moi", {}),
    "delete": ("lea", experiences, "delete", "/experience/{lea_x}/supprimer", {}),
    "ask": ("lea", feedback, "ask", "/experience/{lea_y}/demander/personne/{m_nadia}", {"version": "{version_y}"}),
    "answer": ("nadia", feedback, "give_feedback", "/on-me-demande/{request}", {"seen": "Bravo"}),
    "ask recognition": ("lea", recognition, "ask", "/retour/{feedback_free}/faire-reconnaitre", {"competencies": "4"}),
    "keep": ("lea", recognition, "keep", "/competences/{recognition_done}", {"choice_{offered}": "keep"}),
    "set aside": ("lea", recognition, "set_aside", "/competence/{endorsement}/ne-plus-garder", {}),
    "close": ("lea", links, "close", "/montrer/lien/{share}/fermer", {}),
    "bother": ("lea", safety, "report", "/ca-me-derange/{text}", {}),
    "invite": ("claire", organisations, "invite", "/organisation/{library}/inviter", {"role": "facilitator"}),
    "remove": ("claire", organisations, "end_membership", "/organisation/role/{m_karim}/retirer", {}),
    "sign up": (None, accounts, "open_session", "/creer", {"display_name": "Zoé", "age": "adult"}),
}



@pytest.mark.parametrize("name", STORY)
def test_a_fault_in_the_middle_leaves_nothing_half_written(
    app: Flask, cast: Cast, browse: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch, name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with app.app_context():
        fill(cast, NOON)
        version = db.session.execute(sa.text("SELECT version FROM experience WHERE title = 'Tournoi solidaire'")).scalar_one()
        db.session.remove()
    who, service, function, address, body = STORY[name]
    names = {**cast.ids, "offered": cast["offered"].hex, "version_y": version}
    address = address.format(**names)
    typed = {k.format(**names): v.format(**names) for k, v in body.items()}
    reader = browse(who)
    real, reached = getattr(service, function), []

    def breaks(*given: Any, **named: Any) -> Any:
        real(*given, **named)
        db.session.flush()
        reached.append(function)
        raise RuntimeError(SECRET)

    form = fields(reader.get(address)) if who is None else {"submission": new()}
    before = {**rows(app), "reading_line": None}
    monkeypatch.setattr(service, function, breaks)
    with caplog.at_level(logging.ERROR, logger="passport"):
        answer = reader.post(address, {**form, **typed})
    assert reached == [function], words(answer)[:300]
    said = told(answer, 500)
    assert "Quelque chose s’est mal passé" in said
    assert {**rows(app), "reading_line": None} == before, "who looked stays: it was looked at"
    assert answer.headers["X-Request-ID"] in caplog.text

    monkeypatch.undo()
    assert reader.get("/aide").status_code == 200


def test_a_fault_for_htmx_is_a_part_and_the_page_stays(
    app: Flask, cast: Cast, browse: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "close_all", lambda *_given: 1 / 0)
    answer = browse("lea").post("/montrer/tout-fermer", headers=HTMX)
    assert "<html" not in answer.get_data(as_text=True)
    told(answer, 500)


# ---------- too often ----------


class TestTooOften:
    """Whoever tries many waits, is told for how long, and everybody else goes on."""

    @pytest.fixture
    def settings_of_test(self) -> dict[str, Any]:
        """A city that counts."""
        return {"PROPAGATE_FAULTS": False, "RATELIMIT_ENABLED": True}

    def test_unknown_links_wait_while_a_real_one_opens(self, app: Flask, cast: Cast, client: FlaskClient) -> None:
        from passport.sharing import links as shared

        with app.app_context():
            fill(cast, NOON)
            opened = shared.by_id(cast["share"], NOON)
            assert opened is not None
            address = f"/s/{opened.token}"
            db.session.remove()
        answers = [client.get(f"/s/{n:022d}", headers=ENGLISH) for n in range(42)]
        assert [a.status_code for a in answers] == [404] * 40 + [429] * 2
        assert answers[-1].headers["Retry-After"] == "60"
        assert 'lang="en"' in answers[-1].get_data(as_text=True)
        assert "Un peu trop vite" not in words(answers[-1])
        assert "Set-Cookie" not in answers[-1].headers
        assert client.get(address).status_code == 200
        assert client.get("/").status_code == 200

    def test_signing_in_slows_down_in_both_languages_and_keeps_the_name(self, client: FlaskClient, cast: Cast) -> None:
        wrong = {"name": "lac-vert-27", "passphrase": "x"}
        answers = [client.post("/ouvrir", data=wrong) for _ in range(9)]
        assert [a.status_code for a in answers] == [422] * 8 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert "Beaucoup d’essais d’affilée" in words(answers[-1])
        assert fields(answers[-1])["name"] == "lac-vert-27"
        english = client.post("/ouvrir", data=wrong, headers=ENGLISH)
        assert english.status_code == 429
        assert "Beaucoup" not in words(english)
        assert client.post("/ouvrir", data={**wrong, "name": "mer-bleue-12"}).status_code == 422

    def test_joining_codes_slow_down(self, browse: Callable[..., Reader]) -> None:
        stranger = browse("stranger")
        answers = [stranger.post("/rejoindre", {"code": f"AAAA-{n:04d}"}) for n in range(12)]
        assert {a.status_code for a in answers} == {422, 429}
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["Retry-After"]) > 0


@both_databases
@pytest.mark.parametrize("path", ["/achievements/%00", "/achievements/explain-simply/%00.json", "/ville?q=%00", "/phrases?q=%00"])
def test_an_address_with_a_sign_that_no_text_holds_names_nothing(app: Flask, cast: Cast, browse: Any, path: str) -> None:
    assert browse("sofia").get(path).status_code == 404
