"""Writing the journal, and the line that tells a learner who looked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..clock import day_of
from ..columns import Key, uuid7
from ..extensions import db
from .models import AuditEvent, ReadingLine

# A later room hides lines from their learner while a safeguarding case is open: (the line's table, now) to a condition.
HIDDEN: list[Callable[[type[ReadingLine], dt.datetime], sa.ColumnElement[bool]]] = []
ACCOUNT = sa.table("account", sa.column("id", Key()), sa.column("audit_ref", Key()))


def record(action: str, account_id: uuid.UUID | None, at: dt.datetime, object_ref: uuid.UUID | None = None) -> None:
    """Add one line to the journal, in the transaction of what it tells: who (by a reference that dies with them), verb, thing."""
    who = sa.select(ACCOUNT.c.audit_ref).where(ACCOUNT.c.id == account_id).scalar_subquery() if account_id else None
    db.session.execute(sa.insert(AuditEvent).values(at=at, actor_ref=who, action=action, object_ref=object_ref))


@dataclass(frozen=True)
class Looked:
    """Something of a learner's that an adult opens, and the organisation in whose name."""

    learner_id: uuid.UUID
    organisation_id: uuid.UUID
    experience_id: uuid.UUID


def note_reading(
    learner_id: uuid.UUID, reader_ref: uuid.UUID, role: str, organisation_id: uuid.UUID, action: str,
    experience_id: uuid.UUID, at: dt.datetime,
) -> None:
    """Keep that an adult opened this today, in a transaction of its own, before the answer; once a day and thing."""
    _keep([Looked(learner_id, organisation_id, experience_id)], reader_ref, role, action, at)


def note_readings(
    things: Iterable[Looked], reader_ref: uuid.UUID, role: str, action: str, at: dt.datetime, listed: bool = False
) -> None:
    """Keep that an adult opened these things today; a list, opened often, waits for no writer once that is kept."""
    looked = set(things)
    if not looked:
        return
    if not listed:
        _keep(looked, reader_ref, role, action, at)
        return
    known = {(row.learner_id, row.experience_id) for row in db.session.execute(
        sa.select(ReadingLine.learner_id, ReadingLine.experience_id).where(
            ReadingLine.learner_id.in_({t.learner_id for t in looked}), ReadingLine.reader_ref == reader_ref,
            ReadingLine.action == action, ReadingLine.read_on == day_of(at)))}
    new = [t for t in looked if (t.learner_id, t.experience_id) not in known]
    if new:
        _keep(new, reader_ref, role, action, at)


def note_case(
    learner_id: uuid.UUID, reader_ref: uuid.UUID, role: str, organisation_id: uuid.UUID, case_id: uuid.UUID, at: dt.datetime
) -> None:
    """Keep that an adult opened a case of a learner's safety today, in a transaction of its own; once a day and case."""
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(_case_line(learner_id, reader_ref, role, organisation_id, case_id, "open_case", at))


def note_case_act(
    learner_id: uuid.UUID, reader_ref: uuid.UUID, role: str, organisation_id: uuid.UUID, case_id: uuid.UUID, action: str,
    at: dt.datetime,
) -> None:
    """Keep, in the transaction of the act itself, what an adult did today with a case of a learner's safety."""
    db.session.execute(_case_line(learner_id, reader_ref, role, organisation_id, case_id, action, at))


def _case_line(
    learner_id: uuid.UUID, reader_ref: uuid.UUID, role: str, organisation_id: uuid.UUID, case_id: uuid.UUID, action: str,
    at: dt.datetime,
) -> sa.Insert:
    line = ReadingLine.__table__.alias()
    there = sa.exists().where(line.c.learner_id == learner_id, line.c.reader_ref == reader_ref, line.c.case_id == case_id,
                              line.c.action == action, line.c.read_on == day_of(at))
    values = {"id": uuid7(), "learner_id": learner_id, "reader_ref": reader_ref, "role": role,
              "organisation_id": organisation_id, "action": action, "case_id": case_id, "read_on": day_of(at)}
    types = ReadingLine.__table__.c
    once = sa.select(*(sa.literal(value, types[name].type) for name, value in values.items())).where(~there)
    return sa.insert(ReadingLine).from_select(list(values), once)


def note_in_person(
    learner_id: uuid.UUID, reader_ref: uuid.UUID, role: str, organisation_id: uuid.UUID, action: str, at: dt.datetime,
    here: bool = False,
) -> None:
    """Keep what an adult did today with somebody in front of them, about no experience; once a day.

    In a transaction of its own; with `here`, in the one of the act itself.
    """
    line = ReadingLine.__table__.alias()
    there = sa.exists().where(line.c.learner_id == learner_id, line.c.reader_ref == reader_ref, line.c.action == action,
                              line.c.read_on == day_of(at), line.c.experience_id.is_(None))
    values = {"id": uuid7(), "learner_id": learner_id, "reader_ref": reader_ref, "role": role,
              "organisation_id": organisation_id, "action": action, "read_on": day_of(at)}
    types = ReadingLine.__table__.c
    once = sa.insert(ReadingLine).from_select(
        list(values), sa.select(*(sa.literal(value, types[name].type) for name, value in values.items())).where(~there))
    if here:
        db.session.execute(once)
        return
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(once)


def note_act(thing: Looked, reader_ref: uuid.UUID, role: str, action: str, at: dt.datetime) -> None:
    """Keep, in the transaction of the act itself, what an adult did today that its learner is to know of."""
    db.session.execute(_insert(), _lines([thing], reader_ref, role, action, at))


def _insert() -> Any:
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return insert(ReadingLine).on_conflict_do_nothing()


def _lines(
    things: Iterable[Looked], reader_ref: uuid.UUID, role: str, action: str, at: dt.datetime
) -> list[dict[str, Any]]:
    return [
        {"id": uuid7(), "learner_id": t.learner_id, "reader_ref": reader_ref, "role": role,
         "organisation_id": t.organisation_id, "action": action, "experience_id": t.experience_id, "read_on": day_of(at)}
        for t in things
    ]


def _keep(things: Iterable[Looked], reader_ref: uuid.UUID, role: str, action: str, at: dt.datetime) -> None:
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(_insert(), _lines(things, reader_ref, role, action, at))
