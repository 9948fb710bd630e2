"""What goes by itself: each room says which rows are kept no longer, and the worker lets them go, every day.

One list says it for the worker, for `flask retention show` and for the tests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..columns import Base
from ..retention import kept
from . import jobs
from .models import Job, Message, Notice


@dataclass(frozen=True)
class Goes:
    """Rows that are kept no longer: `key` is their primary key, `which` says which they are now; `what`: what goes of them."""

    key: Any
    which: Callable[[dt.datetime], tuple[sa.ColumnElement[bool], ...]]
    what: str = "rows"

    @property
    def table(self) -> str:
        """Return the name of the table."""
        return str(self.key.class_.__tablename__)


# By the daily job that lets them go.
GOES: dict[str, tuple[Goes, ...]] = {}


def forget_daily(kind: str, *rows: Goes, do: Callable[[dt.datetime], int] | None = None) -> None:
    """Say what goes every day, in this order: rows that are simply deleted, or whatever `do` does about these very rows."""
    GOES[kind] = rows
    jobs.every_day(kind, do or (lambda now: delete(rows, now)))


def delete(rows: tuple[Goes, ...], now: dt.datetime) -> int:
    """Delete these rows, `jobs.AT_A_TIME` of each at most, and return how many of the most frequent kind."""
    return max(jobs.delete_some(one.key, *one.which(now)) for one in rows)


def unneeded(model: type[Base]) -> sa.ColumnElement[bool]:
    """Return the condition that no row of another table points at a row of this one."""
    mine = model.__table__
    points = []
    for table in sorted(model.metadata.tables.values(), key=lambda one: one.name):
        for constraint in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)):
            if constraint.referred_table is mine:
                other = table.alias(f"{table.name}_{constraint.elements[0].parent.name}")
                points.append(sa.exists().where(*(other.c[e.parent.name] == e.column for e in constraint.elements)))
    return ~sa.or_(*points)


def _before(now: dt.datetime) -> dt.datetime:
    return now - kept("outbox")


forget_daily(
    "notices.forget",
    Goes(Notice.id, lambda now: (Notice.read_at <= _before(now),)),
    Goes(Message.id, lambda now: (sa.or_(Message.sent_at <= _before(now), Message.failed_at <= _before(now)),)),
    Goes(Job.id, lambda now: (sa.or_(Job.done_at <= _before(now), Job.failed_at <= _before(now)),)),
)
