"""Signed credentials for tests: what the worker would sign, done at once."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from passport import clock
from passport.card import sheet_service as sheets
from passport.credentials import service
from passport.credentials.models import Credential
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback.models import AuthoredText
from passport.notices import jobs
from passport.notices.models import Job
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.safety import service as safety
from passport.seal import unseal

from .cast import Cast


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


def sign_for(cast: Cast) -> Cast:
    """Sign what is permitted, note the credential of « endorsement » in the cast, and print a sheet with it."""
    sign_all()
    cast.ids["credential"] = db.session.scalars(
        sa.select(Credential.id)
        .where(Credential.endorsement_id == cast["endorsement"], Credential.unpublished_at.is_(None))).one()
    db.session.rollback()
    return print_for(cast)


def print_for(cast: Cast) -> Cast:
    """Print a sheet of Léa's with « endorsement » on it, and note its id and its token."""
    sheet = sheets.make(cast["lea"], draft(cast["endorsement"]), clock.now())
    cast.ids["sheet"], cast.tokens["to_sheet"] = sheet.id, unseal(sheet.token_sealed)
    db.session.commit()
    return cast


def draft(*endorsement_ids: uuid.UUID, **more: Any) -> sheets.SheetDraft:
    """Return what a learner decides about a sheet, changed as a test wishes."""
    facts: dict[str, Any] = {"told": True, "endorsement_ids": endorsement_ids, "name_form": "display",
                             "shown_name": None, "submission": uuid.uuid4()}
    return sheets.SheetDraft(**{**facts, **more})


def ending(lived: Cast, end: str, now: dt.datetime) -> None:
    """End what is permitted, one of the ways there are; the caller commits."""
    e = db.session.get_one(Endorsement, lived["endorsement"])
    x = db.session.get_one(Experience, lived["lea_x"])
    ends: dict[str, Callable[[], Any]] = {
        "permission": lambda: recognition.end_permission(e, now),
        "aside": lambda: recognition.set_aside(e, now),
        "withdrawn": lambda: recognition.withdraw(e, lived["m_karim"], lived["karim"], "Une erreur.", now),
        "deleted": lambda: experiences.delete(x, now),
        "kept inside": lambda: experiences.set_for_me_only(x, True, now),
        "hidden": lambda: safety.report(db.session.get_one(AuthoredText, e.text_id), None, now),
        "erased": lambda: service.erase_experience(x.id),
    }
    ends[end]()
