"""The two figures of the tabs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from ..extensions import db
from ..notices import queries as notices
from ..policy import Actor
from .desks import at_the_desk
from .queries import INBOX_COUNTS, by_room, count_of


class Counts:
    """The two figures of the tabs, in one statement when the first is asked for; nothing for nobody."""

    def __init__(self, actor: Actor | None, now: dt.datetime) -> None:
        self._actor, self._now = actor, now
        self._found: tuple[int, int] | None = (0, 0) if actor is None else None

    def _load(self) -> tuple[int, int]:
        if self._found is None:
            assert self._actor is not None
            actor, now = self._actor, self._now
            waiting: Any = sa.literal(0)
            if actor.active("facilitator", now):
                for source in by_room(INBOX_COUNTS):
                    waiting = waiting + source(actor, now)
            arrived: Any = notices.count(actor.account_id, now)
            if actor.active("manager", now):
                arrived = arrived + count_of(at_the_desk(actor, now))
            row = db.session.execute(sa.select(arrived.label("arrived"), waiting.label("waiting"))).one()
            self._found = (row.arrived, row.waiting)
        return self._found

    @property
    def exchanges(self) -> int:
        """Return how many things wait for this person in « Échanges »."""
        return self._load()[0]

    @property
    def inbox(self) -> int:
        """Return how many requests wait for an answer of theirs."""
        return self._load()[1]
