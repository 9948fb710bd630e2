"""What somebody without account adds to the experience page, and to the news of the passport."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..experiences import panels
from ..experiences.models import Experience
from ..experiences.panels import News, Panel
from ..notices.letters import HAND_OVERS, HandOver
from ..notices.models import Notice
from . import queries
from .service import NOTICE

HAND_OVERS[NOTICE] = HandOver(_l("Un retour vous attend"), "witnesses.read", "feedback.exchanges")


def witness_panel(experience: Experience, now: dt.datetime) -> Panel | None:
    """Return what people without account saw of this experience, and the invitations that wait."""
    found = queries.of_experience(experience.id, now)
    if not found:
        return None
    return Panel("witnesses/_panel.html", {
        "seen": [i.words for i in found if i.words is not None], "waiting": [i for i in found if i.waits],
        "unanswered": [i for i in found if i.words is None and not i.waits], "experience_id": experience.id,
    }, aside=False)


def news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[News]:
    """Return that people without account have answered, as news: no words here, and no statement."""
    return [
        News(over="", title=_("Une personne qui était là vous a répondu"), small=_("Par le lien que vous lui avez donné"),
             url=url_for("witnesses.read", key=n.subject_id), button=_("Lire"), primary=True)
        for n in notices if n.kind == NOTICE
    ]


def register() -> None:
    """Add them, once."""
    if witness_panel not in panels.EXPERIENCE_PANELS:
        panels.EXPERIENCE_PANELS.append(witness_panel)
        panels.NEWS.append(news)
