"""What recognition adds to the experience page, the time line, the news of the passport and the messages that leave."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..clock import day_of
from ..experiences import panels
from ..experiences.models import Experience
from ..experiences.panels import Mark, News, Panel
from ..notices.letters import HAND_OVERS, HandOver
from ..notices.models import Notice
from ..policy import shows_recognised
from . import inbox, queries, standings, words

KINDS = ("recognition_offered", "not_yet", "recognition_closed", "endorsement_withdrawn")
# The same words whatever the answer is: a screen that lies on a table tells nothing.
HAND_OVERS.update({
    kind: HandOver(_l("Une réponse vous attend"), "recognition.offered", "feedback.exchanges") for kind in KINDS
})
HAND_OVERS["recognition_asked"] = HandOver(_l("Une réponse vous est demandée"), "recognition.recognise",
                                           "feedback.inbox", still=inbox.still_to_answer)


def recognition_panel(experience: Experience, now: dt.datetime) -> Panel | None:
    """Return what is recognised in this experience with the ways to take it back, and where each request stands."""
    found, recognised = standings.of_experience(experience.id, now)
    stands = [s for s in found if s.stage != "cancelled"]
    if not stands and not recognised:
        return None
    alone = shows_recognised(current_user.actor, None, now, day_of(now))
    return Panel("recognition/_panel.html", {
        "recognised": recognised, "standings": [s for s in stands if s.waits or s.stage != "answered"
                                                or s.steps or s.to_note],
        "back": url_for("experiences.experience", key=experience.id), "alone": alone,
    }, aside=False, said=tuple((r.competency_id, r.claimed_step) for r in recognised if r.is_live))


def marks(
    learner_id: uuid.UUID, experience_ids: list[uuid.UUID], now: dt.datetime
) -> dict[uuid.UUID, list[Mark]]:
    """Return for each experience who recognised something in it, with its stamp."""
    found: dict[uuid.UUID, list[Mark]] = {}
    for r in queries.of_experiences(learner_id, experience_ids, now):
        lines = found.setdefault(r.experience_id, [])
        if all(line.words != r.provenance for line in lines):
            lines.append(Mark("known", r.provenance, r.hash, r.context, r.ring))
    return found


def news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[News]:
    """Return what was recognised, the next steps, and the requests that ended, as news."""
    kinds: dict[uuid.UUID, set[str]] = {}
    for notice in notices:
        if notice.kind in KINDS:
            kinds.setdefault(notice.subject_id, set()).add(notice.kind)
    if not kinds:
        return []
    return [item for s in standings.standings_of(learner_id, list(kinds), now) for item in _items(s, kinds[s.request_id])]


def _items(s: standings.Standing, kinds: set[str]) -> list[News]:
    url = url_for("recognition.offered", key=s.request_id)
    items: list[News] = []
    if "recognition_offered" in kinds and s.waits:
        items.append(News(s.title, words.news_title(s.name, s.waits), _("À garder ou non, sans date limite"), url,
                          _("Ouvrir"), icon="seal"))
    if "endorsement_withdrawn" in kinds:
        items.append(News(s.title, _("Une organisation a retiré ce qu’elle avait reconnu"),
                          _("La raison est pour vous seulement"), url, _("Lire")))
    if "not_yet" in kinds and s.steps_unread:
        items.append(News(s.title, _("%(who)s vous propose un pas de plus", who=s.who), _("Pour vous seulement"), url,
                          _("Lire")))
    if "recognition_closed" in kinds:
        items.append(News(s.title, _("%(who)s n’a pas pu répondre", who=s.who), _("Cela ne dit rien de vous"), url,
                          _("Ouvrir")))
    return items


def register() -> None:
    """Add them, once."""
    if recognition_panel not in panels.EXPERIENCE_PANELS:
        panels.EXPERIENCE_PANELS.append(recognition_panel)
        panels.ROW_MARKS.append(marks)
        panels.NEWS.append(news)
