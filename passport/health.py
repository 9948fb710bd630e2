"""`/healthz`: whether the application and its database answer."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, g
from flask.typing import ResponseReturnValue

from .extensions import db, limiter
from .web import public

health = Blueprint("health", __name__)
BLUEPRINTS = (health,)


@health.get("/healthz")
@public
@limiter.exempt
def healthz() -> ResponseReturnValue:
    """Answer 200 when the database answers and 503 when it does not; nothing more is told, whoever asks."""
    g.without_database = True  # with a cookie too, nobody is looked up
    try:
        db.session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        return {"status": "database unreachable"}, 503
    return {"status": "ok"}
