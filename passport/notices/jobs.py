"""What is done later, once, and what is done again and again; each room says here what there is to do."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from .. import clock
from ..columns import uuid7
from ..extensions import db
from ..transaction import release, transaction
from . import rules
from .models import Job

log = logging.getLogger("passport.worker")

DAY = dt.timedelta(days=1)
LEASE = dt.timedelta(minutes=10)
# A job that comes back holds the database for so many rows at a time; what is left follows at once.
AT_A_TIME = 200
LASTS = dt.timedelta(days=3)


@dataclass(frozen=True)
class Work:
    """What a kind of job does, in one transaction, so that it is done or it is not.

    It gets the payload and the time, and returns how many things it did. With `every` it comes back; it must be
    harmless when there is nothing to do. What takes long (signing) is made by `before`, outside that transaction, from
    the same payload; `do` then gets it as well.
    """

    do: Callable[..., int]
    every: dt.timedelta | None = None
    before: Callable[[dict[str, Any], dt.datetime], Any] | None = None


KINDS: dict[str, Work] = {}


def later(
    kind: str, do: Callable[..., int], before: Callable[[dict[str, Any], dt.datetime], Any] | None = None
) -> None:
    """Say what a job of this kind does, and what it makes before, outside its transaction."""
    KINDS[kind] = Work(do, before=before)


def every_day(kind: str, do: Callable[[dt.datetime], int]) -> None:
    """Say what is done once a day, `AT_A_TIME` things at most, and at once again while there were that many."""
    KINDS[kind] = Work(lambda _payload, now: do(now), DAY)


def enqueue(kind: str, payload: dict[str, object], run_at: dt.datetime, dedupe: str | None = None) -> bool:
    """Put a job among those to do, in the caller's transaction; say False when one with that `dedupe` waits already."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    done = db.session.execute(
        insert(Job).values(id=uuid7(), kind=kind, payload=payload, run_at=run_at, attempts=0, dedupe=dedupe)
        .on_conflict_do_nothing(
            index_elements=[Job.dedupe], index_where=sa.text("done_at IS NULL AND failed_at IS NULL"))
        .returning(Job.id)
    )
    return done.first() is not None


def delete_some(key: Any, *which: sa.ColumnElement[bool]) -> int:
    """Delete rows that are kept no longer, `AT_A_TIME` at most, and return how many; `key` is their primary key."""
    some = sa.select(key).where(*which).limit(AT_A_TIME)
    done = db.session.execute(sa.delete(key.class_).where(key.in_(some)).returning(key),
                              execution_options={"synchronize_session": False})
    return len(done.all())


def plan(now: dt.datetime) -> None:
    """See that every job that comes back has its next turn."""
    planned = set(db.session.scalars(
        sa.select(Job.kind).where(Job.done_at.is_(None), Job.failed_at.is_(None), Job.dedupe == Job.kind)))
    for kind, work in KINDS.items():
        if work.every is not None and kind not in planned:
            ends = db.session.execute(
                sa.select(sa.func.max(Job.done_at, type_=Job.done_at.type),
                          sa.func.max(Job.failed_at, type_=Job.failed_at.type)).where(Job.kind == kind)
            ).one()
            enqueue(kind, {}, rules.next_run(ends, work.every, now), dedupe=kind)


def _due(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    free = sa.or_(Job.lease_until.is_(None), Job.lease_until <= now)
    return Job.done_at.is_(None), Job.failed_at.is_(None), Job.run_at <= now, free


def is_due(now: dt.datetime) -> bool:
    """Say whether there is something to do; it only reads."""
    with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return connection.execute(sa.select(Job.id).where(*_due(now)).limit(1)).first() is not None


def take(now: dt.datetime, worker: str) -> tuple[uuid.UUID, str] | None:
    """Hold the job that waits longest for this worker, and return its id and kind; None when nothing is due.

    The caller commits. A hold that ends without a word (the worker was killed) lets the job be taken again.
    """
    job = db.session.scalars(
        sa.select(Job).where(*_due(now)).order_by(Job.run_at, Job.id).limit(1)
        .with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).one_or_none()
    if job is None:
        return None
    job.lease_until, job.lease_by, job.attempts = now + LEASE, worker, job.attempts + 1
    db.session.flush()
    return job.id, job.kind


def perform(job_id: uuid.UUID, worker: str, now: dt.datetime) -> None:
    """Do a job this worker holds; that it is done stands in the same transaction as what it did.

    Whoever lost the hold meanwhile does nothing. After a fault the job waits and is tried again; too many end it.
    """
    try:
        made = _made_before(job_id, worker, now)
        with transaction():
            job = db.session.scalars(_held(job_id, worker)).one_or_none()
            if job is None:
                return
            work = KINDS[job.kind]
            count = work.do(dict(job.payload), now, *made)
            job.done_at, job.lease_until, job.payload = now, None, {}
            db.session.flush()
            if work.every is not None:
                again = now if count >= AT_A_TIME else now + work.every
                enqueue(job.kind, {}, again, dedupe=job.kind)
    except Exception as fault:
        log.warning("job %s failed: %s", job_id, place_of(fault))
        with transaction():
            _note_fault(job_id, worker, type(fault).__name__, clock.now())


def _held(job_id: uuid.UUID, worker: str) -> sa.Select[Job]:
    return (
        sa.select(Job).where(Job.id == job_id, Job.lease_by == worker, Job.done_at.is_(None), Job.failed_at.is_(None))
        .with_for_update().execution_options(populate_existing=True))


def _made_before(job_id: uuid.UUID, worker: str, now: dt.datetime) -> tuple[Any, ...]:
    """Make what takes long, while no transaction of the job is open; () for a job that needs nothing."""
    job = db.session.scalars(_held(job_id, worker)).one_or_none()
    kind, payload = (job.kind, dict(job.payload)) if job is not None else ("", {})
    release()
    before = KINDS[kind].before if kind in KINDS else None
    return (before(payload, now),) if before is not None else ()


def place_of(fault: BaseException) -> str:
    """Return the kind of a fault and where it happened, without its words, which may hold what people wrote."""
    frames = traceback.extract_tb(fault.__traceback__)
    last = next((f for f in reversed(frames) if "passport" in Path(f.filename).parts), None)
    return f"{type(fault).__name__} at {Path(last.filename).name}:{last.lineno}" if last else type(fault).__name__


def _note_fault(job_id: uuid.UUID, worker: str, fault: str, now: dt.datetime) -> None:
    job = db.session.scalars(_held(job_id, worker)).one_or_none()
    if job is None:
        return
    job.error, job.lease_until = fault[:60], None
    again = rules.tries_again_at(job.attempts, now, job.run_at + LASTS)
    if again is None:
        job.failed_at, job.payload = now, {}
    else:
        job.run_at = again
    db.session.flush()
