"""What waits for somebody."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..extensions import db
from .models import Notice

MOST = 100


def waiting(account_id: uuid.UUID, now: dt.datetime) -> Sequence[Notice]:
    """Return the notices that wait for this person, newest first, a hundred at most."""
    return db.session.scalars(
        sa.select(Notice)
        .where(Notice.account_id == account_id, Notice.read_at.is_(None), Notice.visible_at <= now)
        .order_by(Notice.visible_at.desc(), Notice.id.desc())
        .limit(MOST)
    ).all()


def waits(account_id: Any) -> sa.ColumnElement[bool]:
    """Return, as a condition, that something about somebody's account itself waits for them."""
    return sa.exists().where(Notice.account_id == account_id, Notice.read_at.is_(None), Notice.subject_id == account_id)


def of_account(account_id: uuid.UUID, now: dt.datetime) -> Sequence[Notice]:
    """Return what waits for this person about their account itself, newest first."""
    return db.session.scalars(
        sa.select(Notice)
        .where(Notice.account_id == account_id, Notice.read_at.is_(None), Notice.visible_at <= now,
               Notice.subject_id == account_id)
        .order_by(Notice.id.desc())
    ).all()


def count(account_id: uuid.UUID, now: dt.datetime) -> sa.ScalarSelect[int]:
    """Return a scalar query of how many notices wait, counted up to a hundred."""
    some = (
        sa.select(Notice.id)
        .where(Notice.account_id == account_id, Notice.read_at.is_(None), Notice.visible_at <= now)
        .limit(MOST)
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()
