"""Words of distress in one's own text: help numbers on one's own page, and nothing anywhere else tells it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.audit.models import AuditEvent
from passport.extensions import db
from passport.feedback.models import Feedback

from ..cast import Cast
from ..conftest import NOON
from ..reading import new, words
from .test_feedback import DAY, ask, give, one

SAID, ORDINARY = "Mon père me frappe.", "Mon père me félicite."
KEPT_APART = {"session", "rate_limit"}


def written(app: Flask, cast: Cast, browse: Any, person: str, text: str) -> tuple[dict[str, int], list[str], str]:
    """Write an experience and read its page; return how many rows there are, what was journalled, and the page."""
    reader = browse(person)
    page = words(reader.follow(reader.post("/ajouter", {"title": text, "submission": new()})))
    with app.app_context():
        rows = {name: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for name, table in db.metadata.tables.items() if name not in KEPT_APART}
        verbs = list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.seq)))
        db.session.remove()
    return rows, verbs, page


@pytest.mark.promise("S20", "passport.distress:is_there")
def test_numbers_are_shown_and_no_row_line_or_log_tells_it(
    app: Flask, cast: Cast, browse: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Numbers stand beside a text of distress on its learner's own page, and no row, journal line or log differs for it."""
    caplog.set_level(logging.DEBUG)
    before, verbs, _page = written(app, cast, browse, "tom", "Un samedi.")
    caplog.clear()
    plain_rows, plain_verbs, plain = written(app, cast, browse, "tom", ORDINARY)
    plain_log = [(r.name, r.levelno, r.msg) for r in caplog.records]
    caplog.clear()
    rows, all_verbs, page = written(app, cast, browse, "tom", SAID)
    assert "119" not in plain
    assert "119" in page
    assert "personne n’est prévenu" in page
    assert {n: rows[n] - plain_rows[n] for n in rows} == {n: plain_rows[n] - before[n] for n in rows}
    assert all_verbs[len(plain_verbs):] == plain_verbs[len(verbs):]
    assert [(r.name, r.levelno, r.msg) for r in caplog.records] == plain_log
    assert SAID not in caplog.text


def test_an_adult_finds_the_numbers_for_adults(app: Flask, cast: Cast, browse: Any) -> None:
    page = written(app, cast, browse, "lea", SAID)[2]
    assert "3919" in page
    assert "119" not in page


def test_a_reply_and_a_reflection_count_and_the_facilitator_sees_no_sign_of_it(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    give(app, cast, request, "m_karim", NOON - DAY / 2)
    tom, feedback = browse("tom"), one(app, Feedback)
    assert "119" in words(tom.follow(tom.fill(f"/retour/{feedback.id}", reply="J’ai envie de mourir.")))
    seen = words(browse("karim").get(f"/on-me-demande/{request}"))
    assert "J’ai envie de mourir." in seen
    assert "119" not in seen
    tom.fill(f"/experience/{cast['tom_x']}/ce-que-j-en-retire", hard=SAID)
    assert "119" in words(tom.get(f"/experience/{cast['tom_x']}/gardee"))
    # Whoever looks on later, on a phone that several share, finds no numbers there.
    assert "119" not in words(tom.get(f"/experience/{cast['tom_x']}"))
