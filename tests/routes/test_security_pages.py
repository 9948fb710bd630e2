"""What is published of security: the table of promises, and where to tell a problem."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from passport import commitments
from tests.reading import words


def test_the_page_says_of_each_promise_how_it_stands(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    test = {"test": "tests/rules/test_a.py::test_b", "rule": "passport.a:b", "how": "opposite", "outcome": "pass", "turned": "pass"}
    commitments.promised.cache_clear()
    monkeypatch.setattr(commitments, "last_run", lambda: {"run_on": "2026-11-28", "version": "0123456789", "promises": [
        {"no": f"P{n}", "state": "pass" if n == 1 else "fail" if n == 2 else "untested", "tests": [test] if n < 3 else []}
        for n in range(1, 26)]})
    said = words(client.get("/securite", headers={"Accept-Language": "fr"}))
    english = words(client.get("/securite?lang=en"))
    commitments.promised.cache_clear()
    for sentence in ("Essayé le 28 novembre 2026, version 0123456789.", "Tenues : 1. Pas tenues : 1. Pas essayées : 23.",
                     "rules/test_a.py::test_b: pass; a:b opposite: red", "Personne d’extérieur n’a vérifié."):
        assert sentence in said, sentence
    first, _two, others = said.partition("P1. ")[2].partition("P2. ")
    second, _three, rest = others.partition("P3. ")
    assert "Tenue" in first
    assert "Pas tenue" in second
    assert "Tenue" not in rest
    assert rest.count("Pas essayée") == 23
    assert "A real power cut is untested" in english
    assert "Kept: 1. Not kept: 1. Untested: 23." in english


def test_where_to_tell_a_problem_stands_where_others_look(client: FlaskClient, app: Flask, at: Any) -> None:
    answer = client.get("/.well-known/security.txt")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert "Set-Cookie" not in answer.headers
    held = dict(line.split(": ", 1) for line in answer.get_data(as_text=True).splitlines())
    now, base = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC), app.config["PUBLIC_URL"]
    assert now < dt.datetime.fromisoformat(held.pop("Expires")) < now + dt.timedelta(days=365)
    assert held == {"Contact": "mailto:securite@alpha.example", "Preferred-Languages": "fr, en",
                    "Canonical": f"{base}/.well-known/security.txt", "Policy": f"{base}/securite"}
    assert 'href="mailto:securite@alpha.example"' in client.get("/securite").get_data(as_text=True)
