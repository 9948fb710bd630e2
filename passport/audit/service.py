"""Writing the journal, and the line that tells a learner who looked."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..clock import day_of
from ..columns import Key, uuid7
from ..extensions import db
from .models import AuditEvent, ReadingLine

ACCOUNT = sa.table("account", sa.column("id", Key()), sa.column("audit_ref", Key()))


def record(action: str, account_id: uuid.UUID | None, at: dt.datetime, object_ref: uuid.UUID | None = None) -> None:
    """Add one line to the journal, in the transaction of what it tells: who (by a reference that dies with them), verb, thing."""
    who = sa.select(ACCOUNT.c.audit_ref).where(ACCOUNT.c.id == account_id).scalar_subquery() if account_id else None
    db.session.execute(sa.insert(AuditEvent).values(at=at, actor_ref=who, action=action, object_ref=object_ref))


def note_reading(
    learner_id: uuid.UUID, reader_ref: uuid.UUID, role: str, organisation_id: uuid.UUID, action: str,
    experience_id: uuid.UUID, at: dt.datetime,
) -> None:
    """Keep that an adult opened this today, in a transaction of its own, before the answer; once a day and thing."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    line = insert(ReadingLine).values(
        id=uuid7(), learner_id=learner_id, reader_ref=reader_ref, role=role, organisation_id=organisation_id,
        action=action, experience_id=experience_id, read_on=day_of(at),
    )
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(line.on_conflict_do_nothing())
