"""What is kept no longer, table by table: to be looked at first, and to be let go."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from ..accounts.models import Account
from ..audit import segments
from ..columns import Base
from ..extensions import db
from ..notices import jobs
from ..notices.keeping import GOES, Goes, forget_daily
from ..retention import days, until
from ..transaction import transaction
from . import inactive

# Kinds that no daily job ends: an event does, or a person at a terminal (the journal), or nothing ever.
BY_EVENT = frozenset({"learner", "witness", "security", "public"})
UNUSED = "rights.unused"


@dataclass(frozen=True)
class Kept:
    """One table: the kind of its rows, until when they are kept, and what goes now (None: nothing goes by itself)."""

    table: str
    kind: str
    until: str
    days: int
    going: tuple[tuple[str, int], ...]


def models() -> dict[str, type[Base]]:
    """Return every model by the name of its table."""
    return {str(mapper.class_.__tablename__): mapper.class_ for mapper in Base.registry.mappers}


def without_end() -> list[str]:
    """Return the tables of which nobody says when their rows go: no kind in the file, or a period and nothing that ends it."""
    known = {one.table for rows in GOES.values() for one in rows}
    ends = {name for name in known if models()[name].__retention__ not in BY_EVENT}  # not with an account, years later
    cascades = {table.name for table in Base.metadata.tables.values() if any(
        key.ondelete == "CASCADE" and key.referred_table.name in ends for key in table.foreign_key_constraints)}
    return sorted(name for name, model in models().items() if not until(model.__retention__)
                  or (model.__retention__ not in BY_EVENT and name not in known | cascades))


def kept(now: dt.datetime) -> list[Kept]:
    """Return every table with what would go now, counted and not touched."""
    going: dict[str, list[tuple[str, int]]] = {}
    for rows in GOES.values():
        for one in rows:
            going.setdefault(one.table, []).append((one.what, _count(one, now)))
    over = sum(count for _month, count, may_go in segments.months(now) if may_go)
    going["audit_event"] = [("lines, by `flask audit drop`", over)]
    return [Kept(name, model.__retention__, until(model.__retention__), days(model.__retention__), tuple(going.get(name, ())))
            for name, model in sorted(models().items())]


def _count(one: Goes, now: dt.datetime) -> int:
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(one.key.class_).where(*one.which(now))) or 0)


def apply(now: dt.datetime) -> dict[str, int]:
    """Let go of all that is kept no longer, as the worker does every day; return how often each job had something to do.

    Each round is a transaction of its own. What only makes others go comes again the next day.
    """
    done: dict[str, int] = {}
    for kind in GOES:
        rounds = 0
        while True:
            with transaction():
                count = jobs.KINDS[kind].do({}, now)
            rounds += bool(count)
            if count < jobs.AT_A_TIME:
                break
        done[kind] = rounds
    return done


forget_daily(UNUSED, Goes(Account.id, inactive.over, "passports that nobody used"), do=inactive.step_on)
