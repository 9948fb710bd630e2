"""What stands around an experience comes in one statement, the same on both databases."""

from __future__ import annotations

import datetime as dt

from flask import Flask

from passport.experiences import paths, reflection
from passport.experiences import service as experiences
from passport.experiences.around import around
from passport.experiences.models import Experience
from passport.extensions import db
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases

MINUTE = dt.timedelta(minutes=1)


@both_databases
def test_everything_around_an_experience_is_found_in_its_order(app: Flask, cast: Cast) -> None:
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        later = build.experience(cast["lea"], "Mon stage", NOON, setting="work", context="nonformal")
        experiences.claim(x, 2, 3, NOON)
        experiences.claim(x, 1, 2, NOON + MINUTE)
        reflection.reflect(x, {"marked": "Ils reviennent."}, x.version, NOON)
        paths.link(x, later, NOON)
        db.session.flush()
        found = around(x, "fr")
        assert [(s.competency_id, s.step) for s in found.claims] == [(2, 3), (1, 2)]
        assert found.claims[1].text == "J’explique avec des mots simples"
        assert around(x, "en").claims[1].text == "I explain things in simple words"
        assert found.answers == {"marked": "Ils reviennent."}
        assert [(n.title, n.sort_on) for n in found.led_to] == [("Mon stage", later.sort_on)]
        assert found.came_from == []
        assert [n.title for n in around(later, "fr").came_from] == [x.title]
        db.session.remove()
