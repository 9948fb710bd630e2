"""What somebody takes along of one table: which rows, which columns, and why the others stay.

Every room says it of its own tables (`<room>/export.py`); a shape test holds that nothing about a person is left out
without a reason.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from .columns import Base, Instant, Key
from .extensions import db

# Columns that stay wherever they stand, and why.
STAYS = {
    "learner_id": "it is the person this file is about",
    "account_id": "it is the person this file is about",
    "submission_digest": "is calculated from what stands here",
    "digest": "is calculated from what stands here",
    "story_digest": "is calculated from what stands here",
    "token_hash": "whoever knew what it stands for would open a page",
    "token_sealed": "whoever knew what it stands for would open a page",
}


@dataclass(frozen=True)
class Who:
    """Whose export it is, when, and whether what adults write waits for the morning."""

    account_id: uuid.UUID
    now: dt.datetime
    protected: bool = False


Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One list of an export: the rows of one table that are about a person.

    `stays` names the columns that do not go along, with the reason; `adds` are columns of other tables (names, sentences),
    reached by the outer `joins`. `settle` changes a row before it goes, from what it `works` with, which stays; `later` are
    columns that are not told yet, sometimes; `files` are names that the whole adds.
    """

    name: str
    model: type[Base]
    of: Callable[[Who], sa.ColumnElement[bool]] | None = None
    stays: Mapping[str, str] = field(default_factory=dict)
    adds: Mapping[str, Any] = field(default_factory=dict)
    joins: Sequence[tuple[Any, Any]] = ()
    settle: Callable[[Row, Who], Row | None] | None = None
    works: Sequence[str] = ()
    later: Sequence[str] = ()
    files: Sequence[str] = ()

    @property
    def columns(self) -> list[Any]:
        """Return the columns of the table that go along."""
        return [c for c in self.model.__table__.columns if c.name not in self.stays and c.name not in STAYS]

    def whose(self, who: Who) -> sa.ColumnElement[bool]:
        """Return which rows are this person's, as a condition."""
        return self.of(who) if self.of is not None else is_theirs(self.model, who)

    def rows(self, who: Who) -> list[Row]:
        """Return the rows in the order of their keys, as JSON holds them; one statement."""
        query = sa.select(*self.columns, *(c.label(name) for name, c in self.adds.items())).select_from(self.model)
        for target, how in self.joins:
            query = query.outerjoin(target, how)
        found = db.session.execute(query.where(self.whose(who)).order_by(*self.model.__table__.primary_key))
        names = [c.name for c in self.columns] + list(self.adds)
        rows = [dict(zip(names, row, strict=True)) for row in found]
        settled = rows if self.settle is None else [s for row in rows if (s := self.settle(row, who)) is not None]
        return [{name: as_json(value) for name, value in row.items() if name not in self.works} for row in settled]

    def schema(self) -> dict[str, Any]:
        """Return what one row of it looks like, as JSON Schema."""
        properties = {c.name: _type(c.type, c.nullable or c.name in self.later) for c in self.columns}
        properties |= {name: _type(c.type, True) for name, c in self.adds.items() if name not in self.works}
        properties |= {name: {"type": ["string", "null"]} for name in self.files}
        return {"type": "object", "properties": properties, "required": sorted(properties)}


def is_theirs(model: type[Base], who: Who) -> sa.ColumnElement[bool]:
    """Return that a row belongs to this person, as a condition."""
    table = model.__table__
    owner: Any = table.c["learner_id"] if "learner_id" in table.c else table.c["account_id"]
    theirs: sa.ColumnElement[bool] = owner == who.account_id
    return theirs


def as_json(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _type(kind: sa.types.TypeEngine[Any], nullable: bool) -> dict[str, Any]:
    more: dict[str, Any] = {}
    name = "string"
    if isinstance(kind, Key):
        more = {"format": "uuid"}
    elif isinstance(kind, Instant):
        more = {"format": "date-time"}
    elif isinstance(kind, sa.Date):
        more = {"format": "date"}
    elif isinstance(kind, sa.Boolean):
        name = "boolean"
    elif isinstance(kind, sa.Integer):
        name = "integer"
    elif isinstance(kind, sa.JSON):
        name = "object"
    elif isinstance(kind, sa.String) and kind.length:
        more = {"maxLength": kind.length}
    return {"type": [name, "null"] if nullable else name, **more}
