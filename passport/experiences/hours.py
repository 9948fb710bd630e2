"""« Mes heures »: per organisation and calendar year, for their learner alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from ..extensions import db
from ..frameworks.rules import folded
from ..organisations.models import Organisation
from . import rules
from .models import Experience

MOST = 2000


@dataclass(frozen=True)
class Line:
    """One organisation in one year: its name (None without one), the hours, and in how many experiences."""

    name: str | None
    hours: Decimal
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Year:
    """One calendar year (None when nobody knows which), organisations by name."""

    year: int | None
    lines: tuple[Line, ...]


def hours_of(learner_id: uuid.UUID, today: dt.date) -> list[Year]:
    """Return one's hours by year, newest first, and by organisation; nothing is added up across them; one statement."""
    rows = db.session.execute(
        sa.select(Experience, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Experience.organisation_id)
        .where(Experience.learner_id == learner_id, Experience.deleted_at.is_(None), Experience.hours > 0)
        .order_by(Experience.sort_on, Experience.id).limit(MOST)
    )
    years: dict[int | None, dict[str, tuple[str | None, list[Decimal], list[str]]]] = {}
    for x, known in rows:
        name = known or x.organisation_text
        when = rules.span(x.started_on, x.ended_on, x.when_precision, x.ongoing, today)
        hours = Decimal(x.hours or 0).quantize(rules.TENTH)
        for year, part in _shares(hours, when):
            if part:
                _name, parts, titles = years.setdefault(year, {}).setdefault(folded(name or ""), (name, [], []))
                parts.append(part)
                titles.append(x.title)
    return [
        Year(year, tuple(Line(name, sum(parts, Decimal(0)), tuple(titles)) for key, (name, parts, titles)
                         in sorted(found.items(), key=lambda item: (not item[0], item[0]))))
        for year, found in sorted(years.items(), key=lambda item: -(item[0] or 0))
    ]


def _shares(hours: Decimal, when: tuple[dt.date, dt.date] | None) -> Iterable[tuple[int | None, Decimal]]:
    return rules.split_hours(hours, *when).items() if when else ((None, hours),)
