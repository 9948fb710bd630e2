"""Closing every link of somebody who cannot open their passport: by the number of their card, or a code of their sheet."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa

from ..accounts import queries as accounts
from ..accounts import returning
from ..audit.service import note_in_person, record
from ..extensions import db
from ..letters import plain
from ..notices import service as notices
from ..notices.outbox import send_word
from ..policy import Carried, Role
from ..sharing import service as sharing
from .models import Card

CLOSED = "links_closed"


def as_printed(typed: str) -> str:
    """Return a number as it is printed on a card, however it was typed."""
    signs = "".join(c for c in plain(typed).upper() if c.isalnum())
    return f"{signs[:4]}-{signs[4:]}"


def carried(number: str) -> Carried | None:
    """Return whose card that counts bears this number, or None."""
    owner = owner_of(number)
    return Carried(owner, accounts.barred_from(owner)) if owner is not None else None


def owner_of(number: str) -> uuid.UUID | None:
    """Return whose card bears this number now, or None."""
    return db.session.scalar(sa.select(Card.learner_id).where(Card.number == as_printed(number), Card.closed_at.is_(None)))


def close_by_number(thing: Carried, staff_id: uuid.UUID, reader_ref: uuid.UUID, role: Role, now: dt.datetime) -> None:
    """Close a lost card and every link of its owner, who is told; twice is once."""
    lost = sa.update(Card).where(Card.learner_id == thing.learner_id, Card.closed_at.is_(None)).values(
        closed_at=now, closed_for="lost").returning(Card.id)
    for card_id in db.session.scalars(lost).all():
        record("card.lost", staff_id, now, card_id)
    sharing.close_all(thing.learner_id, now)
    note_in_person(thing.learner_id, reader_ref, role.role, role.organisation_id, "close_links", now, here=True)
    _tell(thing.learner_id, now)


def close_by_code(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Close every link of whoever holds a code of their sheet, which still serves afterwards."""
    sharing.close_all(learner_id, now)
    _tell(learner_id, now)


def _tell(learner_id: uuid.UUID, now: dt.datetime) -> None:
    if notices.leave_once(learner_id, CLOSED, now):
        send_word([learner_id], CLOSED, learner_id, now)


returning.ALSO_KNOWN_BY.append(owner_of)
