"""Telling somebody that something waits for them: here, and by e-mail where they gave an address."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from ..extensions import db
from ..submissions import hold
from .models import Notice
from .outbox import send_word


def tell(
    account_id: uuid.UUID, kind: str, subject_id: uuid.UUID, at: dt.datetime,
    about_id: uuid.UUID | None = None, visible_at: dt.datetime | None = None,
) -> None:
    """Leave a notice for one person about one thing; it is counted from `visible_at` on until it is settled.

    Whoever gave an address is told by e-mail as well, when nothing else was done about it until then.
    """
    db.session.add(
        Notice(account_id=account_id, kind=kind, subject_id=subject_id, about_id=about_id, at=at,
               visible_at=visible_at or at)
    )
    send_word([account_id], kind, subject_id, at, visible_at)


def settle(account_id: uuid.UUID, subject_id: uuid.UUID, at: dt.datetime, kind: str | None = None) -> None:
    """Mark a person's notices about one thing as seen, because they acted on it."""
    which = [Notice.account_id == account_id, Notice.subject_id == subject_id, Notice.read_at.is_(None)]
    if kind:
        which.append(Notice.kind == kind)
    db.session.execute(sa.update(Notice).where(*which).values(read_at=at))


def settle_all(account_id: uuid.UUID, subjects: sa.Select[Any], at: dt.datetime, kind: str) -> None:
    """Mark a person's notices of one kind about several things as seen; `subjects` selects their ids."""
    db.session.execute(
        sa.update(Notice)
        .where(Notice.account_id == account_id, Notice.kind == kind, Notice.read_at.is_(None),
               Notice.subject_id.in_(subjects))
        .values(read_at=at),
        execution_options={"synchronize_session": False},
    )


def silence(account_ids: Collection[uuid.UUID], about_id: uuid.UUID, at: dt.datetime) -> None:
    """Let nothing be told to these people about this one that waits to be told."""
    db.session.execute(
        sa.update(Notice)
        .where(Notice.account_id.in_(account_ids), Notice.about_id == about_id, Notice.read_at.is_(None),
               Notice.visible_at > at)
        .values(read_at=at),
        execution_options={"synchronize_session": False},
    )


def withdraw(subject_id: uuid.UUID, kind: str) -> None:
    """Take back the notices about something that no longer waits."""
    db.session.execute(
        sa.delete(Notice).where(Notice.subject_id == subject_id, Notice.kind == kind, Notice.read_at.is_(None))
    )


def forget(subject_ids: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
    """Take back every notice about things that are erased; `subject_ids` selects their ids."""
    db.session.execute(
        sa.delete(Notice).where(Notice.subject_id.in_(subject_ids)),
        execution_options={"synchronize_session": False},
    )


def leave_once(account_id: uuid.UUID, kind: str, at: dt.datetime) -> bool:
    """Leave a notice about somebody's own account, unless one of that kind waits already; say whether it is new."""
    hold(account_id.bytes + kind.encode())
    waits = sa.select(Notice.id).where(Notice.account_id == account_id, Notice.kind == kind, Notice.read_at.is_(None))
    if db.session.execute(waits.limit(1)).first() is not None:
        return False
    db.session.add(Notice(account_id=account_id, kind=kind, subject_id=account_id, at=at, visible_at=at))
    db.session.flush()
    return True
