"""Somebody on a computer that others use: what one person leaves there, the next one does not find."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from passport.accounts import service
from passport.accounts.factor_models import SecondFactor
from passport.accounts.models import Account, Session
from passport.extensions import db
from passport.seal import seal
from passport.transaction import transaction
from tests.build import PASSPHRASE
from tests.cast import Cast
from tests.conftest import NOON
from tests.reading import fields, words

MINUTE = dt.timedelta(minutes=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def shared(app: Flask, cast: Cast, client: FlaskClient) -> FlaskClient:
    """A browser in a library, on which Claire has just signed in and made an invitation."""
    with app.app_context(), transaction():
        for name, called in (("claire", "claire-rose-11"), ("lea", "lea-rose-11")):
            who = db.session.get_one(Account, cast[name])
            who.identifier, who.password_hash = called, service.hash_of(PASSPHRASE)
        db.session.add(SecondFactor(account_id=cast["claire"], secret_sealed=seal(SECRET), made_at=NOON))
    assert sign_in(client, "claire-rose-11", shared="y").status_code == 303
    assert client.post("/confirmer", data={"code": pyotp.TOTP(SECRET).at(NOON)}).status_code == 303
    made = client.post(f"/organisation/{cast['library']}/inviter", data={"role": "facilitator", "note": "Zoé du canal"})
    assert made.status_code == 303
    return client


def sign_in(client: FlaskClient, name: str, **more: str) -> Any:
    form = fields(client.get("/ouvrir"))
    return client.post("/ouvrir", data={**form, "name": name, "passphrase": PASSPHRASE, **more})


def carried(client: FlaskClient) -> set[str]:
    """Return what the cookie carries."""
    with client.session_transaction() as session:
        return set(session) - {"csrf_token"}


def test_what_an_ended_session_carried_goes_with_the_next_page(shared: FlaskClient, at: Any) -> None:
    assert {"_user_id", "invited"} <= carried(shared)
    at(NOON + 11 * MINUTE)
    assert shared.get("/passeport").status_code == 303
    assert carried(shared) <= {"language", "ended"}


@pytest.mark.parametrize("path", ["/", "/ouvrir", "/creer", "/aide"])
def test_so_it_does_when_the_next_person_only_looks(shared: FlaskClient, at: Any, path: str) -> None:
    at(NOON + 11 * MINUTE)
    assert "Zoé" not in words(shared.get(path))
    assert carried(shared) <= {"language", "ended"}


def test_the_next_person_finds_nothing_of_the_one_before(shared: FlaskClient, at: Any, cast: Cast) -> None:
    at(NOON + 11 * MINUTE)
    assert sign_in(shared, "lea-rose-11").status_code == 303
    assert shared.get(f"/organisation/{cast['library']}/inviter").status_code == 404
    assert "Zoé" not in words(shared.get("/menu"))


def test_a_copied_cookie_opens_nothing_after_signing_out(app: Flask, shared: FlaskClient) -> None:
    cookie = shared.get_cookie("passport")
    assert cookie is not None
    assert shared.post("/fermer").status_code == 303
    copy = app.test_client()
    copy.set_cookie("passport", cookie.value)
    assert copy.get("/passeport").status_code == 303
    with app.app_context():
        assert all(s.ended_at for s in db.session.query(Session))
        db.session.remove()


def test_a_sentence_left_unsent_is_gone_after_an_hour(app: Flask, client: FlaskClient, at: Any) -> None:
    client.post("/", data={"title": "J’ai gardé mon frère"})
    at(NOON + 59 * MINUTE)
    assert "J’ai gardé mon frère" in words(client.get("/creer"))
    at(NOON + 61 * MINUTE)
    for path in ("/", "/creer", "/ouvrir"):
        assert "J’ai gardé mon frère" not in client.get(path).get_data(as_text=True)
    assert carried(client) == set()
