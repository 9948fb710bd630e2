"""What the law wants said: in both languages, from the settings, the city's choices and the periods that are kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Legal
from passport import legal
from passport.accounts.models import Setting
from passport.extensions import db
from passport.retention import _periods
from passport.rights.retention import models
from passport.seal import unseal
from passport.sharing.models import Share
from passport.transaction import transaction
from tests.cast import Cast
from tests.reading import words

REAL = Legal("Ville de Gap", "3 rue Haute, Gap", "dpo@gap.fr", "Hébergeur SA, Lyon, 04 00 00 00 00", "Mme Roux, maire")
PAGES = ("/mentions-legales", "/confidentialite", "/cookies", "/registre-des-traitements", "/conditions")


@pytest.fixture
def real(app: Flask, at: Any) -> Flask:
    app.config["LEGAL"] = REAL
    return app


def decide(app: Flask, key: str, value: str) -> None:
    with app.app_context(), transaction():
        db.session.merge(Setting(key=key, value=value))


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_who_answers_is_said_as_it_was_set(real: Flask, client: FlaskClient, language: str) -> None:
    said = {page: text(client, f"{page}?lang={language}") for page in PAGES}
    for told in (REAL.controller, REAL.address, REAL.dpo, REAL.host, REAL.director):
        assert told in said["/mentions-legales"]
    for told in (REAL.controller, REAL.dpo, REAL.host, "CNIL", "36", "60"):
        assert told in said["/confidentialite"]
    assert not re.search(r"inventé|made up", " ".join(said.values()))
    links = re.findall(r'href="(/[a-z-]+)"', client.get("/mentions-legales").get_data(as_text=True))
    assert set(PAGES) <= set(links)


def test_a_demo_says_that_it_is_one(app: Flask, client: FlaskClient, at: Any) -> None:
    app.config["DEMO"] = True
    for page in PAGES:
        assert "C’est une démonstration : la ville, les noms et les adresses sont inventés." in text(client, page)


def test_what_the_city_never_decided_is_not_said_to_be_so(real: Flask, client: FlaskClient) -> None:
    before = text(client, "/confidentialite")
    assert "la mission d’intérêt public de la Ville (RGPD, article 6.1.e), à confirmer par la Ville" in before
    assert "À confirmer par la Ville." in before
    decide(real, "basis", "consent")
    decide(real, "controllers", "Accord du 3 mars, article 26.")
    decide(real, "passports.unused", "24")
    after = text(client, "/registre-des-traitements")
    assert "Le consentement (RGPD, article 6.1.a)" in after
    assert "Le consentement (RGPD, article 6.1.a), à confirmer" not in after
    assert "Accord du 3 mars, article 26." in after
    assert "24 mois sans usage. Sans adresse e-mail : 60 mois." in after


@pytest.mark.promise("P20", "passport.legal:kinds", "absent")
def test_every_table_is_in_the_register_with_its_period(real: Flask, client: FlaskClient) -> None:
    """Each table stands in the public register, with the period that the program is held to."""
    named = [table for line in legal.lines() for table in line["tables"]]
    assert len(named) == len(set(named))
    assert set(named) | legal.ABOUT_NOBODY == set(models())
    assert not set(named) & legal.ABOUT_NOBODY
    assert set(legal.KEPT) == set(_periods())
    page = text(client, "/registre-des-traitements")
    assert page.count("12 mois : qui a ouvert quoi.") == 1
    for kind in {models()[table].__retention__ for table in named}:
        with real.test_request_context():
            assert words(legal.period(kind)) in page, kind
    assert {line["basis"] for line in legal.lines()} <= {"core", *legal.BASES}
    for line in legal.lines():
        assert set(line["fr"]) == set(line["en"]) == {"name", "why", "who", "what", "seen_by"}
        assert all(line["fr"][key] != line["en"][key] for key in line["fr"])


def test_a_page_that_is_shown_leads_to_its_terms(app: Flask, lived: Cast, client: FlaskClient) -> None:
    with app.app_context():
        token = unseal(db.session.get_one(Share, lived["share"]).token_sealed or b"")
    assert 'href="/conditions#read"' in client.get(f"/s/{token}").get_data(as_text=True)
    assert text(client, "/conditions").count("Je lis une page montrée") == 1
