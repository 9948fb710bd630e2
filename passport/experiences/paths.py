"""« Cela m’a mené à… »: what led to what in one's own life, for its learner alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from ..audit.service import record
from ..extensions import db
from ..refusals import Refused
from . import rules
from .models import Experience, ExperienceLink

MOST_LINKS, MOST_SHOWN = 500, 24
COLUMNS, STEP, MIDDLE, REACH = 4, 76, 44, 17


@dataclass(frozen=True)
class Stop:
    """One experience of a path, and the ones before and after it, by number; `number` counts from 1."""

    number: int
    experience: Experience
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True)
class Path:
    """A path in the order of time, and the experience it was asked from."""

    stops: tuple[Stop, ...]
    here: Stop | None

    @property
    def drawing(self) -> Drawing:
        """Return where its stops and the lines between them are drawn."""
        return drawn(self.stops)


@dataclass(frozen=True)
class Drawing:
    """A path to be drawn: its size, its stops as (x, y, stop), and its lines as SVG path data."""

    width: int
    height: int
    stops: tuple[tuple[int, int, Stop], ...]
    lines: tuple[str, ...]


def link(origin: Experience, target: Experience, now: dt.datetime) -> None:
    """Keep that one experience led to another of the same learner; said twice it is kept once. Raises Refused."""
    if origin.learner_id != target.learner_id:
        raise ValueError("a path stays inside one passport")
    db.session.execute(sa.select(Experience.id).where(Experience.id == origin.id).with_for_update())
    count = db.session.scalar(
        sa.select(sa.func.count()).select_from(ExperienceLink)
        .where(ExperienceLink.from_id == origin.id, ExperienceLink.to_id != target.id)) or 0
    deleted = origin.deleted_at is not None or target.deleted_at is not None
    refusal = rules.refusal_to_link(origin.id == target.id, deleted, count)
    if refusal is not None:
        raise Refused(refusal)
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    db.session.execute(insert(ExperienceLink).values(from_id=origin.id, to_id=target.id, learner_id=origin.learner_id)
                       .on_conflict_do_nothing())
    record("link_experience", origin.learner_id, now, origin.id)


def unlink(origin: Experience, target: Experience, now: dt.datetime) -> None:
    """Take back that one experience led to another; taking it back twice is taking it back once."""
    db.session.execute(sa.delete(ExperienceLink).where(ExperienceLink.from_id == origin.id,
                                                       ExperienceLink.to_id == target.id))
    record("unlink_experience", origin.learner_id, now, origin.id)


def links_of(learner_id: uuid.UUID) -> list[tuple[Experience, Experience]]:
    """Return what led to what, without anything deleted; one statement."""
    origin, target = aliased(Experience), aliased(Experience)
    rows = db.session.execute(
        sa.select(origin, target).select_from(ExperienceLink)
        .join(origin, origin.id == ExperienceLink.from_id).join(target, target.id == ExperienceLink.to_id)
        .where(ExperienceLink.learner_id == learner_id, origin.deleted_at.is_(None), target.deleted_at.is_(None))
        .order_by(origin.sort_on, origin.id, target.sort_on, target.id).limit(MOST_LINKS)
    )
    return [(row[0], row[1]) for row in rows]


def path_of(experience: Experience) -> Path:
    """Return everything that led here, and everything this led to; one statement."""
    pairs = links_of(experience.learner_id)
    known = {x.id: x for pair in pairs for x in pair}
    after: dict[uuid.UUID, list[uuid.UUID]] = {}
    before: dict[uuid.UUID, list[uuid.UUID]] = {}
    for origin, target in pairs:
        after.setdefault(origin.id, []).append(target.id)
        before.setdefault(target.id, []).append(origin.id)
    reached = _walk(experience.id, before) | _walk(experience.id, after)
    if len(reached) < 2:
        return Path((), None)
    nearest = sorted(reached, key=lambda key: (known[key].sort_on, key))
    if len(nearest) > MOST_SHOWN:
        place = nearest.index(experience.id)
        first = min(max(0, place - MOST_SHOWN // 2), len(nearest) - MOST_SHOWN)
        nearest = nearest[first:first + MOST_SHOWN]
    numbers = {key: number for number, key in enumerate(nearest, 1)}

    def shown(keys: Iterable[uuid.UUID]) -> tuple[int, ...]:
        return tuple(sorted(numbers[key] for key in keys if key in numbers))

    stops = tuple(Stop(n, known[key], shown(before.get(key, ())), shown(after.get(key, ())))
                  for key, n in numbers.items())
    return Path(stops, stops[numbers[experience.id] - 1])


def _walk(start: uuid.UUID, ways: dict[uuid.UUID, list[uuid.UUID]]) -> set[uuid.UUID]:
    seen, waiting = {start}, [start]
    while waiting:
        for key in ways.get(waiting.pop(), ()):
            if key not in seen:
                seen.add(key)
                waiting.append(key)
    return seen


def drawn(stops: tuple[Stop, ...]) -> Drawing:
    """Return a path that winds from line to line, four stops on each: every other line runs back."""
    places: dict[int, tuple[int, int]] = {}
    for index, stop in enumerate(stops):
        row, column = divmod(index, COLUMNS)
        places[stop.number] = ((COLUMNS - 1 - column if row % 2 else column) * STEP + MIDDLE, row * STEP + MIDDLE)
    lines = tuple(_line(places[stop.number], places[n], abs(n - stop.number) > 1)
                  for stop in stops for n in stop.after)
    rows = (len(stops) + COLUMNS - 1) // COLUMNS
    return Drawing(COLUMNS * STEP + 12, max(1, rows) * STEP + 12,
                   tuple((*places[stop.number], stop) for stop in stops), lines)


def _line(start: tuple[int, int], end: tuple[int, int], bent: bool) -> str:
    """Return a line from the rim of one stop to the rim of another; one that passes over others is bent aside."""
    (x, y), (u, v) = start, end
    length = max(1.0, ((u - x) ** 2 + (v - y) ** 2) ** 0.5)
    dx, dy = (u - x) / length, (v - y) / length
    x1, y1, x2, y2 = x + dx * REACH, y + dy * REACH, u - dx * (REACH + 4), v - dy * (REACH + 4)
    side = 26 if bent else 0
    cx, cy = (x + u) / 2 + dy * side, (y + v) / 2 - dx * side
    # The head of the arrow: two short strokes back from the end of the line.
    hx, hy = x2 - cx, y2 - cy
    reach = max(1.0, (hx**2 + hy**2) ** 0.5)
    hx, hy = hx / reach * 6, hy / reach * 6
    return (f"M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}"
            f"M{x2 - hx - hy:.1f} {y2 - hy + hx:.1f}L{x2:.1f} {y2:.1f}L{x2 - hx + hy:.1f} {y2 - hy - hx:.1f}")
