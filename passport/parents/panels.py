"""What the passport says, in passing, when a parent answered, at 15 and at 18: never in the way of anything."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..accounts.rules import Band
from ..clock import day_of
from ..experiences import panels
from ..experiences.panels import News
from ..notices.models import Notice
from . import queries, rules


def news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[News]:
    """Return what is new of what two decided, or becomes one's own; nothing is looked up for whom it cannot be."""
    who = current_user.actor
    band = who.band(day_of(now))
    if band in rules.UNDER_15:
        return [News("", _("Un parent a répondu"), _("Montrer, à deux"), url_for("parents.together"), _("Lire"),
                     icon="group")] if queries.answered_lately(learner_id, now) else []
    if band is Band.YOUTH and queries.to_take_over(learner_id, band, now):
        return [News("", _("Ce qui se décidait à deux est à vous"), _("Garder ou fermer, quand on veut"),
                     url_for("parents.hand_over"), _("Ouvrir"), icon="group")]
    if band is Band.ADULT and who.was_younger and not queries.came_of_age(learner_id):
        return [News("", _("18 ans : ce qui change"), _("La protection, et le nom qui se montre"),
                     url_for("parents.come_of_age"), _("Ouvrir"), icon="group")]
    return []


panels.NEWS.append(news)
