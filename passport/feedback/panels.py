"""What feedback adds to the experience page, to the news of the passport and to the messages that leave."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..accounts import queries as accounts
from ..experiences import panels
from ..experiences.models import Experience
from ..experiences.panels import News, Panel
from ..notices.letters import HAND_OVERS, HandOver
from ..notices.models import Notice
from . import desks, standings, waiting

EXCHANGES = "feedback.exchanges"
HAND_OVERS.update({
    "feedback_asked": HandOver(_l("Un retour vous est demandé"), "feedback.answer_request", "feedback.inbox",
                               still=waiting.still_to_answer),
    "at_the_desk": HandOver(_l("Une demande vous attend"), "feedback.desk", EXCHANGES,
                            still=desks.still_at_the_desk),
    "feedback_given": HandOver(_l("Un retour vous attend"), "feedback.read", EXCHANGES),
    "request_closed": HandOver(_l("Une nouvelle vous attend"), EXCHANGES, EXCHANGES, keyed=False),
})


def experience_panel(experience: Experience, now: dt.datetime) -> Panel | None:
    """Return where each request about this experience stands, and the way to ask."""
    found = standings.standings(experience.id, now)
    can_ask = not experience.for_me_only
    if not found and not can_ask:
        return None
    return Panel("feedback/_panel.html",
                 {"standings": found, "can_ask": can_ask, "experience_id": experience.id})


def news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[News]:
    """Return the feedback that arrived and the requests that ended, as news."""
    given = [n.subject_id for n in notices if n.kind == "feedback_given"]
    closed = [n.subject_id for n in notices if n.kind == "request_closed"]
    if not given and not closed:
        return []
    found = standings.told_by(given, closed)
    return [
        News(over=title, title=_("%(who)s vous a répondu", who=who) if kind == "given" else words, small="",
             url=url_for("feedback.read", key=key) if kind == "given" else url_for("feedback.exchanges"),
             button=_("Lire") if kind == "given" else _("Ouvrir"), primary=kind == "given")
        for kind, key, who, title, words in found
    ]


def doubt_news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[News]:
    """Return that somebody believes the learner to be under 18, until they say or have confirmed their age."""
    where = accounts.doubted_by(learner_id) if current_user.actor.protection_chosen else None
    if where is None:
        return []
    return [News(over=where, title=_("Quelqu’un pense que vous avez moins de 18 ans"),
                 small=_("La protection est en place. Vous pouvez dire votre âge."),
                 url=url_for("protected.choice"), button=_("Voir"), icon="lock")]


def register() -> None:
    """Add them, once."""
    if experience_panel not in panels.EXPERIENCE_PANELS:
        panels.EXPERIENCE_PANELS.append(experience_panel)
        panels.NEWS += [news, doubt_news]
