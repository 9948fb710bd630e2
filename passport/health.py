"""`/healthz`: whether the application and its database answer."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from flask import Blueprint, current_app, g
from flask.typing import ResponseReturnValue

from . import durable, writing
from .extensions import db, limiter
from .transaction import let_go
from .web import public

log = logging.getLogger("passport")
health = Blueprint("health", __name__)
BLUEPRINTS = (health,)


@health.get("/healthz")
@public
@limiter.exempt
def healthz() -> ResponseReturnValue:
    """Answer 200 when the database answers and keeps what it acknowledges, else 503; nothing more is told, whoever asks."""
    g.without_database = True  # with a cookie too, nobody is looked up
    try:
        lacks = durable.lacking(db.session.connection(), current_app.testing)
    except sa.exc.SQLAlchemyError:
        let_go()
        return {"status": "database unreachable"}, 503
    if lacks:
        log.error("the database may lose what it acknowledges: %s", ", ".join(lacks))
        return {"status": "database may lose writes"}, 503
    return {"status": "ok" if writing.is_possible() else "read only"}
