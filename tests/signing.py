"""Signed credentials for tests: what the worker would sign, done at once."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import sqlalchemy as sa

from passport import clock
from passport.credentials import service
from passport.credentials.models import Credential
from passport.extensions import db
from passport.notices import jobs
from passport.notices.models import Job


def sign_all() -> int:
    """Do the jobs that sign, as a worker does; return how many credentials were kept."""
    waiting = db.session.scalars(sa.select(Job).where(Job.kind == service.ISSUE, Job.done_at.is_(None))).all()
    ids = [job.id for job in waiting]
    db.session.rollback()
    before = _count()
    for job_id in ids:
        job = db.session.get_one(Job, job_id)
        job.lease_by, job.lease_until = "test", clock.now() + dt.timedelta(minutes=1)
        db.session.commit()
        jobs.perform(job_id, "test", clock.now())
        assert db.session.get_one(Job, job_id, populate_existing=True).error is None
        db.session.rollback()
    return _count() - before


def _count() -> int:
    found = db.session.scalar(sa.select(sa.func.count()).select_from(Credential)) or 0
    db.session.rollback()
    return found


def of(endorsement_id: uuid.UUID) -> dict[str, Any]:
    """Return the document of the credential in force of an endorsement."""
    body = db.session.scalars(
        sa.select(Credential.document)
        .where(Credential.endorsement_id == endorsement_id, Credential.unpublished_at.is_(None))).one()
    found: dict[str, Any] = json.loads(body)
    db.session.rollback()
    return found
