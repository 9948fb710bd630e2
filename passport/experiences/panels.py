"""What later rooms hang on the learner's pages: panels of an experience, marks on the time line, news."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..notices.models import Notice
from .models import Experience


@dataclass(frozen=True)
class Panel:
    """A part of the experience page: its template and what it shows.

    `said` are the claims, as (competency, step), that stand in it beside what others said of them.
    """

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    aside: bool = True
    said: tuple[tuple[int, int | None], ...] = ()


@dataclass(frozen=True)
class Mark:
    """Who says so, beside an experience on the time line: a provenance in words, and what its stamp is drawn from."""

    kind: str
    words: str
    seed: str = ""
    context: str = ""
    ring: str = ""


@dataclass(frozen=True)
class News:
    """Something new on the passport page, with its sign and its one way on."""

    over: str
    title: str
    small: str
    url: str
    button: str
    primary: bool = False
    icon: str = "talk"


EXPERIENCE_PANELS: list[Callable[[Experience, dt.datetime], Panel | None]] = []
ROW_MARKS: list[Callable[[uuid.UUID, list[uuid.UUID], dt.datetime], dict[uuid.UUID, list[Mark]]]] = []
SECTIONS: list[Callable[[uuid.UUID, dt.datetime], Panel | None]] = []
NEWS: list[Callable[[uuid.UUID, dt.datetime, Sequence[Notice]], list[News]]] = []


def panels_of(experience: Experience, now: dt.datetime) -> list[Panel]:
    """Return what later rooms show on this experience's page, what stands for claims nearest to them."""
    found = [panel for hang in EXPERIENCE_PANELS if (panel := hang(experience, now)) is not None]
    return sorted(found, key=lambda panel: not panel.said)


def sections_of(learner_id: uuid.UUID, now: dt.datetime) -> list[Panel]:
    """Return what later rooms keep apart from experiences, below them on the passport page."""
    return [panel for hang in SECTIONS if (panel := hang(learner_id, now)) is not None]


def marks_of(learner_id: uuid.UUID, experience_ids: list[uuid.UUID], now: dt.datetime) -> dict[uuid.UUID, list[Mark]]:
    """Return the marks of these experiences, by id."""
    found: dict[uuid.UUID, list[Mark]] = {}
    for hang in ROW_MARKS:
        for key, marks in hang(learner_id, experience_ids, now).items():
            found.setdefault(key, []).extend(marks)
    return found


def news_for(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[News]:
    """Return the news of the passport page, what asks for an act first."""
    found = [item for hang in NEWS for item in hang(learner_id, now, notices)]
    return sorted(found, key=lambda item: not item.primary)
