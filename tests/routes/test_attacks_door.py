"""Whoever tries the doors: another host, forged addresses, guessed accounts and tokens, and what the logs keep of it."""

from __future__ import annotations

import logging
import re
import runpy
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from config import settings
from passport import create_app
from passport.accounts import service
from passport.accounts.models import Account, Session
from passport.accounts.rules import DEMO_PASSPHRASE
from passport.accounts.service import hash_of
from passport.extensions import address, db, limiter
from passport.organisations import service as organisations
from passport.organisations.models import Organisation
from passport.seal import digest_of
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON, Compiled, both_databases
from tests.reading import fields, new, words
from tests.routes.test_recognition import filled
from tests.rules.test_settings import GOOD
from tests.world import fill

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = "https://passeport.alpha.fr"
OWN = "cerises bleues sous le vieux pont"


@pytest.fixture
def production(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """An application as a city serves it, on a database that was the demo's."""
    shutil.copy(sqlite_template, tmp_path / "t.db")
    config = settings({**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path / 't.db'}", "PASSPORT_INSTANCE": str(tmp_path)})
    config.update(ARGON2={"time_cost": 1, "memory_cost": 8, "parallelism": 1}, TEMPLATE_CACHE=Compiled(),
                  RATELIMIT_ENABLED=True)
    app = create_app(config)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    limiter.enabled = False


def add(app: Flask, passphrase: str, name: str = "sofia@example.org") -> None:
    """Give somebody an account with this passphrase."""
    with app.app_context(), transaction():
        who = Account(identifier="sofia-rose-11", email=name, display_name="Sofia", created_at=NOON,
                      last_active_on=NOON.date(), password_hash=hash_of(passphrase))
        db.session.add(who)
        db.session.flush()
        db.session.execute(sa.text("INSERT INTO passport (learner_id, age_source, protection_chosen, in_statistics,"
                                   " evidence_bytes, evidence_quota) VALUES (:id, 'declared', 0, 1, 0, 1)"),
                           {"id": who.id.bytes})


def sign_in(client: FlaskClient, name: str, passphrase: str, **more: Any) -> Any:
    """Send the sign-in form as a browser does."""
    form = fields(client.get("/ouvrir", base_url=HERE))
    return client.post("/ouvrir", base_url=HERE, data={**form, "name": name, "passphrase": passphrase}, **more)


def test_the_cookie_of_production_is_for_this_host_over_https_alone(production: Flask) -> None:
    add(production, OWN)
    answer = sign_in(production.test_client(), "sofia@example.org", OWN)
    assert answer.status_code == 303
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-passport="))
    parts = {part.strip().split("=")[0] for part in cookie.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite", "Path"} <= parts
    assert "Domain" not in parts
    assert "SameSite=Lax" in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_passphrase_of_the_demo_opens_nothing_outside_the_demo(production: Flask) -> None:
    add(production, DEMO_PASSPHRASE)
    answer = sign_in(production.test_client(), "sofia@example.org", DEMO_PASSPHRASE)
    assert answer.status_code == 422
    assert "ne vont pas ensemble" in words(answer)
    with production.app_context():
        assert not db.session.scalars(sa.select(Session)).all()


def test_nobody_chooses_the_passphrase_of_the_demo(client: FlaskClient) -> None:
    form = fields(client.get("/creer"))
    answer = client.post("/creer", data={**form, "display_name": "Zoé", "age": "adult", "choice": "own", "own": DEMO_PASSPHRASE})
    assert answer.status_code == 422
    assert "moins facile à deviner" in words(answer)


@pytest.mark.parametrize("path", ["/", "//passeport", "/passeport", "/ouvrir", "/s/" + "a" * 22, "/n-existe-pas"])
def test_another_host_is_answered_with_nothing_of_it(production: Flask, path: str) -> None:
    for method in ("GET", "POST"):
        answer = production.test_client().open(path, method=method, base_url="https://evil.example")
        assert answer.status_code == 400, method
        assert "evil.example" not in answer.get_data(as_text=True) + str(answer.headers)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert production.test_client().get("/healthz", base_url="http://127.0.0.1:8000").status_code == 200


def test_a_forged_address_changes_nothing_for_whoever_guesses(production: Flask) -> None:
    """One proxy adds the last address of X-Forwarded-For; whatever the caller wrote before it does not count."""
    client = production.test_client()
    for n in range(42):
        codes = client.get(f"/s/{n:022d}", base_url=HERE, headers={"X-Forwarded-For": f"203.0.113.{n}, 192.0.2.7"})
    assert codes.status_code == 429
    other = client.get("/s/" + "b" * 22, base_url=HERE, headers={"X-Forwarded-For": "192.0.2.7, 192.0.2.8"})
    assert other.status_code == 404


@pytest.mark.parametrize(("caller", "counted"), [
    ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("192.0.2.7:51234", "192.0.2.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
    ("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"), ("[2001:db8:1:2::]", "2001:db8:1:2::/64"), ("", "unknown"), ("somewhere", "unknown"),
])
@pytest.mark.promise("P2", "passport.extensions:address", "absent")
def test_a_caller_counts_as_one_network_however_it_is_written(app: Flask, caller: str, counted: str) -> None:
    """A limit counts an IPv4 address, and of an IPv6 address the /64, however a proxy writes it."""
    with app.test_request_context(environ_base={"REMOTE_ADDR": caller}):
        assert address() == counted


# ---------- what the logs keep ----------


@pytest.mark.promise("P21", "passport.errors:line", "absent")
def test_a_fault_after_the_page_was_made_logs_no_token(production: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """What is logged of a fault is its number, its kind and the name of the page: no address, no token, no words."""
    token = "t0kenOfSomebodysLink22"

    def broken(response: Any) -> Any:
        if response.status_code == 500:
            return response
        raise RuntimeError(f"broken on /s/{token}")

    production.after_request_funcs.setdefault(None, []).insert(0, broken)
    with caplog.at_level(logging.DEBUG):
        answer = production.test_client().get(f"/s/{token}?q=canary", base_url=HERE)
    assert answer.status_code == 500
    assert "RuntimeError" in caplog.text
    assert token not in caplog.text
    assert "canary" not in caplog.text


def gunicorns(caplog: pytest.LogCaptureFixture, message: str, *arguments: Any) -> str:
    """Return what gunicorn's log keeps of a message, under the project's own settings."""
    given = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    assert given["accesslog"] is None
    log = logging.getLogger("gunicorn.error")
    with caplog.at_level(logging.DEBUG, "gunicorn.error"):
        try:
            Path("/s/t0kenOfSomebodysLink22/192.0.2.7").stat()
        except OSError:
            log.exception(message, *arguments)
    return caplog.text


@pytest.mark.parametrize(("message", "arguments", "kept"), [
    ("Error handling request %s %s", ("GET", "/s/t0kenOfSomebodysLink22"), "Error handling request: FileNotFoundError"),
    ("Error handling request /c/t0kenOfSomebodysLink22", (), "Error handling request: FileNotFoundError"),
    ("Invalid request from ip=192.0.2.7: Invalid HTTP request line: 'GET /s/t0kenOfSomebodysLink22'", (),
     "Invalid request: FileNotFoundError"),
    ("Socket error processing request.", (), "Socket error processing request: FileNotFoundError"),
])
def test_the_server_logs_neither_address_nor_token(
    caplog: pytest.LogCaptureFixture, message: str, arguments: tuple[Any, ...], kept: str
) -> None:
    text = gunicorns(caplog, message, *arguments)
    assert f"{kept}\n" in text
    assert "t0kenOf" not in text
    assert "192.0.2" not in text


# ---------- guessing ----------


class TestGuessing:
    @pytest.fixture
    def settings_of_test(self) -> dict[str, Any]:
        return {"RATELIMIT_ENABLED": True}

    def test_signing_up_again_is_no_way_to_guess_a_passphrase(self, app: Flask, client: FlaskClient) -> None:
        """Who kept the form with which somebody signed up can send it again, with passphrases to try."""
        form = {**fields(client.get("/creer")), "display_name": "Zoé", "age": "adult", "choice": "own", "own": OWN}
        assert app.test_client().post("/creer", data=form).status_code == 303
        for n in range(9):
            app.test_client().post("/creer", data={**form, "own": f"{OWN} {n}"})
        with app.app_context():
            first = db.session.scalars(sa.select(Account).order_by(Account.id)).first()
            assert first is not None
            before = db.session.scalar(sa.select(sa.func.count()).where(Session.account_id == first.id))
            assert app.test_client().post("/creer", data=form).status_code == 303
            after = db.session.scalar(sa.select(sa.func.count()).where(Session.account_id == first.id))
            assert before == after == 1, "the tenth try is not looked at, right or wrong"
            db.session.remove()

    def test_nobody_slows_down_the_change_of_anothers_passphrase(self, app: Flask, cast: Cast, browse: Any) -> None:
        for _time in range(9):
            sign_in(app.test_client(), f"account:{cast['lea']}", "peu importe laquelle")
        answer = browse("lea").fill("/phrase", present="ce n’est pas elle")
        assert answer.status_code == 422


@both_databases
def test_a_joining_code_cannot_be_found_from_what_is_kept(app: Flask, cast: Cast, browse: Any) -> None:
    """It has forty bits: a plain hash would give it away to whoever reads a backup."""
    with app.app_context():
        with transaction():
            library = db.session.get_one(Organisation, cast["library"])
            code = organisations.new_join_code(library, NOON).replace("-", "")
        assert library.join_code_hash != digest_of(code)
        keys = app.config["SEAL_KEYS"]
        db.session.remove()
    lea = browse("lea")
    assert "Médiathèque Mandela" in words(lea.get(f"/rejoindre/{code}"))
    app.config["SEAL_KEYS"] = ["a newer key", *keys]
    assert "Médiathèque Mandela" in words(lea.get(f"/rejoindre/{code}")), "a code goes on while its key is listed"
    app.config["SEAL_KEYS"] = ["a newer key"]
    assert lea.get(f"/rejoindre/{code}").status_code == 404


HUGE, LONG = str(10**30), "1" * 5000


def test_a_number_that_no_list_holds_is_nonsense_not_a_fault(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        fill(cast, NOON)
        db.session.remove()
    lea = browse("lea")
    x = f"/experience/{cast['lea_x']}"
    for path, form, status in (
        (f"/retour/{cast['feedback_free']}/faire-reconnaitre", {"competencies": HUGE}, 422),
        (f"/retour/{cast['feedback_free']}/faire-reconnaitre", {"competencies": "-1"}, 422),
        (f"{x}/savoir-faire/{HUGE}/retirer", {}, 404),
        (f"{x}/savoir-faire", {"competency": "999999", "step": "1"}, 422),
        (f"{x}/modifier", {"title": "Autre", "version": HUGE}, 409),
        (f"{x}/demander/personne/{cast['m_karim']}", {"claims": HUGE, "message": "?"}, 303),  # it does not go along
        *((f"{x}/quand", {"version": "1", "year": "2026", "month": "1", "to_year": "2026", name: LONG}, 422)
          for name in ("day", "month", "year", "hours", "to_day", "to_month", "to_year")),
        (f"{x}/quand", {"version": LONG, "year": "2026"}, 409),
        ("/ajouter", {"title": "Une fête", "year": "2026", "month": LONG}, 422),
    ):
        answer = lea.post(path, {"submission": new(), **form})
        assert answer.status_code == status, (path, answer.status_code)
    karim = browse("karim")
    for name in ("seen_from", "seen_to", "answer_3", "how_known"):
        answer = karim.post(f"/reconnaitre/{cast['recognition']}", {**filled(answer_3="3", sentence_3="…"), "submission": new(),
                                                                   name: LONG})
        assert answer.status_code == 422, name


# ---------- ways back ----------

ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example",
    " //evil.example", "https://evil.example", "https:evil.example", "javascript:alert(1)", "evil.example", "?next=//evil.example",
    "/\x00/evil.example", "\u2028//evil.example", "/\u2028/evil.example", "/..//evil.example", "/.//evil.example",
    "/%2f/evil.example", "/%5cevil.example", "/@evil.example", "/;//evil.example", "//evil.example?lang=fr", "/?lang=fr#//evil.example",
]


def test_no_way_back_leads_to_another_site(app: Flask, cast: Cast, browse: Any) -> None:
    lea, karim = browse("lea"), browse("karim")
    with app.app_context():
        fill(cast, NOON)
        db.session.remove()
    for elsewhere, (browser, method, path, form) in product(ELSEWHERE, (
        (lea, "GET", "/ouvrir", {}), (lea, "GET", "/creer", {}),
        (lea, "POST", "/langue", {"language": "fr"}),
        (karim, "POST", f"/charte/{cast['m_karim']}", {}),
        (lea, "POST", f"/competence/{cast['endorsement']}/ne-plus-montrer", {}),
    )):
        sent = {**form, "next": elsewhere} if method == "POST" else None
        answer = browser.client.open(path, method=method, data=sent, query_string={"next": elsewhere})
        if "\x00" in elsewhere:  # no address holds this sign
            assert answer.status_code == 404, path
            continue
        assert answer.status_code == 303, (path, elsewhere)
        way = answer.headers["Location"]
        assert re.match(r"/(?![/\\])", way), (path, elsewhere, way)
        # What a browser makes of it: no tab or line end, dots resolved, and still this host.
        assert urlsplit(urljoin("https://here.example/a/b", re.sub(r"[\t\r\n]", "", way))).netloc == "here.example"


def test_an_invitation_is_in_no_index(client: FlaskClient, app: Flask, cast: Cast) -> None:
    with app.app_context():
        fill(cast, NOON)
        db.session.remove()
    answer = client.get(f"/invitation/{cast.tokens['invitation']}")
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"


def test_the_first_unknown_name_takes_no_longer_than_a_known_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name that nobody has is checked against is made with the first sign-in of all, whoever it is."""
    made: list[str] = []
    with app.app_context():
        kept = service.hash_of(OWN)
        real = service._hasher_at.__wrapped__

        class Counting:
            def __init__(self, **cost: Any) -> None:
                self.real = real(**cost)

            def verify(self, known: str, given: str) -> bool:
                return bool(self.real.verify(known, given))

            def hash(self, given: str) -> str:
                made.append(given)
                return str(self.real.hash(given))

        hasher = Counting(**app.config["ARGON2"])
        monkeypatch.setattr(service, "_hasher", lambda: hasher)
        assert service.is_right(kept, OWN)
        assert len(made) == 1
        assert not service.is_right(None, OWN)
        assert len(made) == 1
