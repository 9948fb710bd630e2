"""Sending twice: each entry form carries a UUID of its own; the same one is kept once."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, is_dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from .extensions import db
from .refusals import Refusal, Refused


def digest_of(draft: Any) -> bytes:
    """Return the SHA-256 of what was sent, the same for the same words."""
    content = asdict(draft) if is_dataclass(draft) and not isinstance(draft, type) else draft
    if isinstance(content, dict):
        content.pop("submission", None)
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str, ensure_ascii=False).encode()).digest()


def hold(thing: bytes) -> None:
    """Make whoever else holds the same thing wait until the commit; SQLite has one writer anyway."""
    if db.engine.dialect.name == "postgresql":
        lock = int.from_bytes(hashlib.sha256(thing).digest()[:8], signed=True)
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))


def kept_before(
    model: Any, owner: InstrumentedAttribute[uuid.UUID], owner_id: uuid.UUID, submission: uuid.UUID, digest: bytes,
    lately: sa.ColumnElement[bool] | None = None,
) -> Any | None:
    """Return what this submission made when it came before, or None when it is new.

    `lately` says of what the same words under another number are the same sending: after the way back, a browser puts
    what was typed into a form that has a new number.

    Raises Refused(SENT_OTHERWISE) when it came before with other words. Two that arrive together wait for each other:
    on SQLite there is one writer, on PostgreSQL a lock on the submission lasts until the commit.
    """
    hold(owner_id.bytes + submission.bytes)
    before = db.session.scalars(
        sa.select(model).where(owner == owner_id, model.submission == submission)
    ).one_or_none()
    if before is not None and before.submission_digest != digest:
        raise Refused(Refusal.SENT_OTHERWISE)
    if before is None and lately is not None:
        before = db.session.scalars(
            sa.select(model).where(owner == owner_id, model.submission_digest == digest, lately).limit(1)).one_or_none()
    return before
