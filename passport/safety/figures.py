"""Figures of each adult of an organisation, for its responsible person alone: numbers, 12 months, by name, no rank (S19)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..accounts.models import Account, ContactBar
from ..audit.models import ReadingLine
from ..clock import CITY_ZONE, day_of
from ..extensions import db
from ..feedback.models import AccessGrant, AuthoredText, RefusedText
from ..organisations.models import Membership, Organisation
from ..policy import Body

YEAR = dt.timedelta(days=365)
FIRST_HOUR, LAST_HOUR = 7, 22


@dataclass(frozen=True)
class House(Body):
    """An organisation, by name."""

    name: str


@dataclass(frozen=True)
class Line:
    """What is counted of one adult; `outside` is the share of their texts, in whole percent, None without any."""

    name: str
    contacted: int
    texts: int
    outside: int | None
    without_reason: int
    blocks: int
    refused: int


def organisation(key: uuid.UUID) -> House | None:
    """Return one organisation, or None."""
    name = db.session.scalar(sa.select(Organisation.name).where(Organisation.id == key))
    return House(key, name) if name is not None else None


def is_outside(written_at: dt.datetime) -> bool:
    """Say whether something was written outside 7 to 22 h, in the city."""
    return not FIRST_HOUR <= written_at.astimezone(CITY_ZONE).hour < LAST_HOUR


def lines(organisation_id: uuid.UUID, now: dt.datetime, reader_id: uuid.UUID) -> list[Line]:
    """Return the figures of the adults who act for an organisation, by name: about protected learners, 12 months.

    Nobody reads their own: that they were blocked is shown to no one who was (promise S16).
    """
    since = now - YEAR
    here = (Membership.organisation_id == organisation_id, Membership.ended_at.is_(None),
            Membership.role.in_(("facilitator", "manager")))
    member = aliased(Membership)
    refused = (sa.select(sa.func.count()).select_from(RefusedText).join(member, member.id == RefusedText.membership_id)
               .where(member.account_id == Account.id, member.organisation_id == organisation_id, RefusedText.at >= since)
               .correlate(Account).scalar_subquery())
    people = db.session.execute(
        sa.select(Account.id, Account.display_name, refused).where(
            Account.id != reader_id, sa.exists().where(Membership.account_id == Account.id, *here))
        .order_by(Account.display_name, Account.id)).all()
    written: dict[uuid.UUID, list[tuple[uuid.UUID, dt.datetime]]] = defaultdict(list)
    for author, learner, at in db.session.execute(
            sa.select(AuthoredText.author_id, AuthoredText.learner_id, AuthoredText.written_at)
            .join(Membership, Membership.id == AuthoredText.membership_id)
            .where(Membership.organisation_id == organisation_id, AuthoredText.written_at >= since,
                   AuthoredText.regime == "protected", AuthoredText.author_id.is_not(None))):
        assert author is not None
        written[author].append((learner, at))
    opened = _openings(organisation_id, since)
    blocks = _counted(
        sa.select(ContactBar.adult_id, sa.func.count(sa.distinct(ContactBar.learner_id)))
        .where(ContactBar.cause == "block", ContactBar.started_at >= since,
               sa.exists().where(Membership.account_id == ContactBar.adult_id, *here))
        .group_by(ContactBar.adult_id))
    out = []
    for key, name, stopped in people:
        texts = written[key]
        late = sum(is_outside(at) for _learner, at in texts)
        out.append(Line(name or "", len({learner for learner, _at in texts}), len(texts),
                        round(100 * late / len(texts)) if texts else None, opened.get(key, 0), blocks.get(key, 0),
                        stopped))
    return out


def _openings(organisation_id: uuid.UUID, since: dt.datetime) -> dict[uuid.UUID, int]:
    """Return how often each person opened something of a learner's that no request had opened for them."""
    asked = sa.exists().where(AccessGrant.learner_id == ReadingLine.learner_id,
                              AccessGrant.experience_id == ReadingLine.experience_id,
                              AccessGrant.organisation_id == organisation_id)
    return _counted(
        sa.select(Account.id, sa.func.count())
        .join(ReadingLine, ReadingLine.reader_ref == Account.audit_ref)
        .where(ReadingLine.organisation_id == organisation_id, ReadingLine.read_on >= day_of(since), ~asked)
        .group_by(Account.id))


def _counted(statement: sa.Select[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    return {row[0]: row[1] for row in db.session.execute(statement)}
