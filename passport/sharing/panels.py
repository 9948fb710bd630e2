"""What later rooms hang beside « Mes liens », and what of it changes when a link closes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from ..experiences.panels import Panel

AFTER_CLOSING: list[Callable[[uuid.UUID, dt.datetime], Panel]] = []


def after_closing(learner_id: uuid.UUID, now: dt.datetime) -> list[Panel]:
    """Return the parts of the page that lists a learner's links which say something else once one is closed."""
    return [hang(learner_id, now) for hang in AFTER_CLOSING]
