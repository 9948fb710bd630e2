"""What changes when the city decides."""

from __future__ import annotations

import datetime as dt

from flask import has_request_context, request

from ..accounts.chosen import READ
from ..accounts.models import Decision, Setting
from ..audit.service import record
from ..clock import day_of
from ..columns import uuid7
from ..extensions import db
from ..refusals import Refused
from . import rules


def decide(key: str, value: str, by: str, reason: str, now: dt.datetime) -> Decision:
    """Keep what the city decided, who decided, when and why; what stood before is kept beside it. Raises Refused."""
    value, by, reason = value.strip(), by.strip()[:120], reason.strip()[:1000]
    refusal = rules.refusal_to_decide(key, value, by, reason)
    if refusal is not None:
        raise Refused(refusal)
    made = Decision(id=uuid7(), key=key, value=value, decided_by=by, decided_on=day_of(now), reason=reason)
    db.session.merge(Setting(key=key, value=value, decided_by=by, decided_on=made.decided_on, reason=reason))
    db.session.add(made)
    db.session.flush()
    if has_request_context():
        request.environ.pop(READ, None)
    record("city.decide", None, now, made.id)
    return made
