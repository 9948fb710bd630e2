"""What the city says of the passport itself: the declaration of accessibility, and its words on every page."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from config import CONFORMITY, Accessibility, ConfigurationError, settings
from passport.extensions import db
from tests.reading import words
from tests.routes.test_registry import REGISTRY, City, address, city, methods

__all__ = ["city"]  # the fixture

# The model that the RGAA fixes, heading by heading.
MODEL = [
    "1 Déclaration d’accessibilité", "2 État de conformité", "3 Résultats des tests", "2 Contenus non accessibles",
    "3 Non-conformités", "3 Dérogations pour charge disproportionnée",
    "3 Contenus non soumis à l’obligation d’accessibilité", "2 Établissement de cette déclaration d’accessibilité",
    "3 Technologies utilisées", "3 Environnement de test", "3 Outils pour évaluer l’accessibilité",
    "3 Pages du site ayant fait l’objet de la vérification de conformité", "2 Retour d’information et contact",
    "2 Voies de recours", "2 Schéma pluriannuel et plan d’actions",
]
NON = "Accessibilité : non conforme"
AUDIT = {"ACCESSIBILITY_AUDITOR": "le cabinet Vert", "ACCESSIBILITY_AUDITED_ON": "2026-02-28", "ACCESSIBILITY_RATE": "81"}
PLANS = {"ACCESSIBILITY_SCHEME": "https://ville.example/schema", "ACCESSIBILITY_ACTIONS": "https://ville.example/plan"}


def said(**env: str) -> Accessibility:
    """Return what a city with these settings declares."""
    found: Any = settings({"PASSPORT_ENV": "test", **env})["ACCESSIBILITY"]
    return found  # type: ignore[no-any-return]


def read(client: FlaskClient) -> str:
    """Return the words of the page, in French."""
    answer = client.get("/accessibilite", headers={"Accept-Language": "fr"})
    assert answer.status_code == 200
    return words(answer)


def test_the_declaration_has_the_headings_of_the_model(client: FlaskClient) -> None:
    page = client.get("/accessibilite", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert [f"{level} {words(text)}" for level, text in re.findall(r"<h(\d)>(.*?)</h\1>", page)] == MODEL


def test_it_says_what_is_not_known_and_whom_to_ask(client: FlaskClient, app: Flask) -> None:
    text, reached = read(client), app.config["CITY"]
    for sentence in (
        "n’est pas conforme avec le référentiel général d’amélioration de l’accessibilité (RGAA), version 4.1.2",
        "Personne d’extérieur n’a encore fait d’audit.", "Le schéma pluriannuel de la Ville reste à indiquer ici.",
        "Le plan d’actions de la Ville reste à indiquer ici.", "Libre réponse 71120, 75342 Paris CEDEX 07",
        reached.coordination, reached.email, reached.phone, app.config["PUBLIC_URL"],
    ):
        assert sentence in text, sentence


def test_it_tells_an_audit_and_the_plans_of_the_city(client: FlaskClient, app: Flask, at: Any) -> None:
    app.config["ACCESSIBILITY"] = said(ACCESSIBILITY="partiellement conforme", **AUDIT, **PLANS)
    text = read(client)
    assert "est partiellement conforme avec le référentiel" in text
    assert "L’audit réalisé par le cabinet Vert, terminé le 28 février 2026, révèle que 81 % des critères" in text
    assert "reste à indiquer" not in text
    assert "Accessibilité : partiellement conforme" in text
    page = client.get("/accessibilite").get_data(as_text=True)
    assert all(f'href="{plan}"' in page for plan in PLANS.values())


def test_an_audit_counts_three_years(client: FlaskClient, app: Flask, at: Any) -> None:
    app.config["ACCESSIBILITY"] = said(ACCESSIBILITY="totalement conforme", **{**AUDIT, "ACCESSIBILITY_RATE": "100"})
    at(dt.datetime(2029, 2, 27, 12, tzinfo=dt.UTC))
    assert "Accessibilité : totalement conforme" in read(client)
    at(dt.datetime(2029, 2, 28, 12, tzinfo=dt.UTC))
    text = read(client)
    assert NON in text
    assert "Personne d’extérieur n’a encore fait d’audit." not in text
    assert "81" not in text
    assert "L’audit de 2026 ne compte plus" in text


@pytest.mark.parametrize("declared", CONFORMITY)
def test_the_three_words_of_the_law(client: FlaskClient, app: Flask, at: Any, declared: str) -> None:
    app.config["ACCESSIBILITY"] = said(ACCESSIBILITY=declared, **{**AUDIT, "ACCESSIBILITY_RATE": "100"})
    assert f"Accessibilité : {declared}" in read(client)


@pytest.mark.parametrize(("given", "told"), [
    ({"ACCESSIBILITY": "conforme"}, "is one of: non conforme, partiellement conforme, totalement conforme"),
    ({"ACCESSIBILITY": "partiellement conforme"}, "at least 50 %"),
    ({"ACCESSIBILITY": "partiellement conforme", **AUDIT, "ACCESSIBILITY_RATE": "49"}, "at least 50 %"),
    ({"ACCESSIBILITY": "totalement conforme", **AUDIT, "ACCESSIBILITY_RATE": "99"}, "at least 100 %"),
    ({"ACCESSIBILITY_AUDITOR": "le cabinet Vert"}, "go together"),
    ({**AUDIT, "ACCESSIBILITY_AUDITED_ON": "28/02/2026"}, "is a day"),
    ({**AUDIT, "ACCESSIBILITY_RATE": "101"}, "from 0 to 100"),
    ({**AUDIT, "ACCESSIBILITY_RATE": "many"}, "from 0 to 100"),
    ({"ACCESSIBILITY_SCHEME": "http://ville.example"}, "https address"),
    ({"ACCESSIBILITY_ACTIONS": "javascript:alert(1)"}, "https address"),
    ({"ACCESSIBILITY_ACTIONS": "https://[x"}, "https address"),
], ids=str)  # fmt: skip
def test_what_no_audit_bears_is_refused(tmp_path: Path, given: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        said(**given)


def test_every_page_leads_there(city: City) -> None:
    """With and without account, without cookie, in a preview, and when nothing is found: one link, in the footer."""
    seen = set()
    for endpoint, door in REGISTRY.items():
        if endpoint == "static" or "GET" not in methods(city, endpoint):
            continue
        for who in (None,) if door.who is None else sorted(door.who)[:1]:
            answer = city.browsers[who].get(address(city, endpoint), headers={"Accept-Language": "fr"})
            if answer.mimetype != "text/html" or answer.status_code == 303:
                continue
            page = answer.get_data(as_text=True)
            footer = page[page.index('<footer class="foot">') : page.index("</footer>")]
            assert 'href="/accessibilite"' in footer, endpoint
            assert NON in words(footer), endpoint
            seen.add(endpoint)
    assert {"reader.share", "witness.answer", "accounts.home", "experiences.passport", "organisations.city"} <= seen
    assert len(seen) > 70


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_fault_leads_there_too_without_a_database(browse: Any, app: Flask, language: str) -> None:
    lea = browse("lea")
    with app.app_context():
        db.session.execute(sa.text("DROP TABLE session"))
        db.session.commit()
    answer = lea.get("/passeport", headers={"Accept-Language": language})
    assert answer.status_code == 503
    assert {"fr": NON, "en": "Accessibility: not compliant"}[language] in words(answer)
    assert 'href="/accessibilite"' in answer.get_data(as_text=True)
