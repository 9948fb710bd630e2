"""What is shown of the card: to its owner, and to whoever scans it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _

from .. import clock
from ..accounts.models import Account
from ..clock import day_of
from ..extensions import db
from ..seal import unseal
from ..sharing import links as sharing
from ..sharing.links import Opened
from ..sharing.words import full_day
from ..wording import hour_words
from . import rules
from .models import Card


def current(learner_id: uuid.UUID) -> Card | None:
    """Return the one card of a learner that counts, or None before it is made."""
    return db.session.scalars(
        sa.select(Card).where(Card.learner_id == learner_id, Card.closed_at.is_(None))
    ).one_or_none()


def card(key: uuid.UUID) -> Card | None:
    """Return one card, current or replaced."""
    return db.session.get(Card, key)


@dataclass(frozen=True)
class Held:
    """A card as its owner sees it; `opened` is the link it opens now, or None."""

    id: uuid.UUID
    learner_id: uuid.UUID
    number: str
    token_sealed: bytes
    name: str
    opened: Opened | None
    opens_until: dt.datetime | None

    @property
    def token(self) -> str:
        """Return its token, for its owner."""
        return unseal(self.token_sealed)

    @property
    def until(self) -> str:
        """Return until when it opens its link: a day, or an hour of today."""
        if self.opens_until is None:
            return ""
        if day_of(self.opens_until) == clock.today():
            return str(_("jusqu’à %(hour)s", hour=hour_words(self.opens_until)))
        return str(_("jusqu’au %(day)s", day=full_day(self.opens_until)))


def held(learner_id: uuid.UUID, now: dt.datetime) -> Held | None:
    """Return a learner's card with what it opens now, or None before it is made; at most two statements."""
    row = db.session.execute(
        sa.select(Card, Account.display_name).join(Account, Account.id == Card.learner_id)
        .where(Card.learner_id == learner_id, Card.closed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    mine, name = row
    opened = opens(mine, now)
    return Held(mine.id, learner_id, mine.number, mine.token_sealed, (name or "") if mine.named else "", opened,
                mine.opens_until if opened else None)


def by_token(token_hash: bytes) -> Card | None:
    """Return the card of a token, current or replaced, or None when there is none."""
    return db.session.scalars(sa.select(Card).where(Card.token_hash == token_hash)).one_or_none()


def opens(card: Card, now: dt.datetime) -> Opened | None:
    """Return the link this card opens now, or None; one statement when there may be one."""
    if card.share_id is None:
        return None
    opened = sharing.by_id(card.share_id, now)
    if opened is None or opened.learner_id != card.learner_id:
        return None
    return opened if rules.card_opens(card.closed_at, card.opens_until, opened.state, now) else None
