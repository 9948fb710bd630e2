"""Many endorsements of one learner, for what is measured and what is done again and again."""

from __future__ import annotations

import uuid

from passport import clock
from passport.experiences import service as experiences
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement

from . import build
from .cast import Cast
from .world import H, answer, ask, recognise


def endorsed(cast: Cast, count: int) -> list[uuid.UUID]:
    """Let lea keep so many endorsements, none of them permitted to be shown, and return them."""
    now, sentences = clock.now(), list(range(1, 51))
    while db.session.query(Endorsement).count() < count:
        x = build.experience(cast["lea"], "Atelier", now - 90 * H)
        cast.ids["x"] = x.id
        for competency in sentences:
            experiences.claim(x, competency, 3, now - 90 * H)
        told = answer(cast, ask(cast, "lea", "x", "karim", now - 80 * H), "karim", now - 70 * H)
        told.read_at = now - 60 * H
        db.session.flush()
        asked = recognition.ask(told, sentences, uuid.uuid4(), now - 50 * H)
        recognise(cast, asked, "karim", tuple(sentences), now - 40 * H)
        db.session.flush()
        for offer in db.session.query(Endorsement).filter_by(request_id=asked.id):
            recognition.keep(offer, now - 30 * H)
        db.session.commit()
    return [row.id for row in db.session.query(Endorsement).order_by(Endorsement.id)][:count]
