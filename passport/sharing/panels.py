"""What later rooms hang beside « Mes liens » and changes when a link closes; what links add to the passport's news."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence

from flask import url_for
from flask_babel import gettext as _

from ..experiences import panels
from ..experiences.panels import News, Panel
from ..feedback.queries import day_words
from ..notices.models import Notice
from . import links

AFTER_CLOSING: list[Callable[[uuid.UUID, dt.datetime], Panel]] = []


def after_closing(learner_id: uuid.UUID, now: dt.datetime) -> list[Panel]:
    """Return the parts of the page that lists a learner's links which say something else once one is closed."""
    return [hang(learner_id, now) for hang in AFTER_CLOSING]


def news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[News]:
    """Return the links that close within a week, as quiet news: one line each, and nothing one has to do.

    What somebody else said comes first: nothing is looked up, or told, while it waits.
    """
    return [] if notices else [
        News(over="", title=_("Le lien pour %(name)s se ferme le %(day)s.", name=name, day=day_words(ends)),
             small=_("Prolonger, ou ne rien faire"), url=url_for("sharing.extend", key=key), button=_("Prolonger"), icon="link")
        for key, name, ends in links.ending(learner_id, now)
    ]


panels.NEWS.append(news)
