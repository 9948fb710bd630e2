"""The sealing of the journal: one at a time, whoever runs it, each line that is in no link yet gets the next place."""

from __future__ import annotations

import sqlalchemy as sa

from ..extensions import db
from .models import AuditEvent, AuditLink, AuditSegment
from .rules import GENESIS, Line, digest_of

# One number for all the processes that may seal the same PostgreSQL database at once.
LOCK = 727275
AT_A_TIME = 1000
# A line may be committed after others that were begun later. So far back is looked every few seconds; once a day, everywhere.
REACH = 10_000


def _unsealed(everywhere: bool) -> sa.Select[AuditEvent]:
    newest = sa.select(sa.func.max(AuditLink.event)).scalar_subquery()
    waits = sa.select(AuditEvent).where(~sa.exists().where(AuditLink.event == AuditEvent.seq)).order_by(AuditEvent.seq)
    return waits if everywhere else waits.where(AuditEvent.seq > sa.func.coalesce(newest - REACH, 0))


def is_due() -> bool:
    """Say whether a line waits to be sealed; it only reads."""
    with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return connection.execute(_unsealed(False).with_only_columns(AuditEvent.seq).limit(1)).first() is not None


def seal(everywhere: bool = False) -> int:
    """Link what waits, `AT_A_TIME` lines at most, in the caller's transaction; return how many, 0 while another one does it."""
    if db.engine.dialect.name == "postgresql" and not db.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    position, previous = head(db.session.connection())
    links = []
    rows = db.session.execute(
        _unsealed(everywhere).with_only_columns(
            AuditEvent.seq, AuditEvent.at, AuditEvent.actor_ref, AuditEvent.action, AuditEvent.object_ref,
        ).limit(AT_A_TIME)).all()
    for row in rows:
        position += 1
        digest = digest_of(previous, position, Line(*row))
        links.append({"seq": position, "event": row.seq, "previous": previous, "digest": digest})
        previous = digest
    if links:
        db.session.execute(sa.insert(AuditLink), links)
    return len(links)


def head(connection: sa.Connection) -> tuple[int, bytes]:
    """Return the last place of the chain and its digest; 0 and the bytes it begins with when there is none."""
    last = connection.execute(sa.select(AuditLink.seq, AuditLink.digest).order_by(AuditLink.seq.desc()).limit(1)).first()
    if last is None:
        last = connection.execute(
            sa.select(AuditSegment.last, AuditSegment.digest).order_by(AuditSegment.last.desc()).limit(1)).first()
    return (last[0], bytes(last[1])) if last is not None else (0, GENESIS)
