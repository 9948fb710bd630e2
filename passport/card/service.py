"""What changes when a card is made, replaced, named, or opens a link."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid

import sqlalchemy as sa

from ..accounts import protection
from ..accounts import rules as age
from ..accounts.models import Passport
from ..audit.service import record
from ..clock import day_of
from ..columns import uuid7
from ..extensions import db
from ..refusals import Refusal, Refused
from ..seal import digest_of, new_token, seal
from ..sharing import links as sharing
from ..sharing.models import Share
from . import queries, rules
from .models import Card


def make(learner_id: uuid.UUID, now: dt.datetime) -> Card:
    """Return the learner's card, made now unless there is one already. It opens nothing."""
    db.session.execute(
        sa.select(Passport.learner_id).where(Passport.learner_id == learner_id).with_for_update())
    there = queries.current(learner_id)
    if there is not None:
        return there
    card = _new(learner_id, False, now)
    record("card.make", learner_id, now, card.id)
    return card


def _new(learner_id: uuid.UUID, named: bool, now: dt.datetime) -> Card:
    token = new_token()
    card = Card(id=uuid7(), learner_id=learner_id, number=_new_number(), token_hash=digest_of(token),
                token_sealed=seal(token), named=named, issued_at=now, claimed_at=now)
    db.session.add(card)
    db.session.flush()
    return card


def _new_number() -> str:
    """Return a number that no card has, in letters and figures that cannot be mistaken for each other."""
    while True:
        signs = "".join(secrets.choice(rules.ALPHABET) for _sign in range(8))
        number = f"{signs[:4]}-{signs[4:]}"
        if not db.session.execute(sa.select(sa.exists().where(Card.number == number))).scalar_one():
            return number


def replace(card: Card, now: dt.datetime) -> Card:
    """Close a card that is lost, with effect at once, and return the new one, which opens nothing.

    Done again for a card already replaced, it returns the one that counts now.
    """
    if card.learner_id is None:
        raise ValueError("a card that belongs to nobody is not replaced")
    closed = db.session.execute(
        sa.update(Card).where(Card.id == card.id, Card.closed_at.is_(None))
        .values(closed_at=now, closed_for="lost").returning(Card.id)
    ).all()
    if not closed:
        return make(card.learner_id, now)
    new = _new(card.learner_id, card.named, now)
    db.session.execute(sa.update(Card).where(Card.id == card.id).values(replaced_by=new.id))
    record("card.replace", card.learner_id, now, card.id)
    return new


def open_with(card: Card, share: Share | None, now: dt.datetime) -> None:
    """Let the card open one of its owner's open links for a time, or nothing any more. Raises Refused."""
    db.session.refresh(card, with_for_update=True)
    if share is None:
        card.share_id = card.opens_until = None
        db.session.flush()
        record("card.close", card.learner_id, now, card.id)
        return
    opened = sharing.by_id(share.id, now)
    if opened is None or card.learner_id != share.learner_id or card.closed_at is not None:
        raise Refused(Refusal.LINK_CLOSED, "link")
    band = _band(share.learner_id, now)
    refusal = rules.refusal_to_open_with(band, opened.state)
    if refusal is not None:
        raise Refused(refusal, "link")
    card.share_id, card.opens_until = share.id, rules.opens_until(band, share.expires_at, now)
    db.session.flush()
    record("card.open", card.learner_id, now, share.id)


def set_named(card: Card, named: bool, now: dt.datetime) -> None:
    """Write the owner's first name on the printed card, or no longer. Raises Refused for a name under 18."""
    if card.learner_id is None:
        raise ValueError("a card that belongs to nobody has no name")
    refusal = rules.refusal_to_name(_band(card.learner_id, now)) if named else None
    if refusal is not None:
        raise Refused(refusal, "named")
    if card.named != named:
        card.named = named
        db.session.flush()
        record("card.name", card.learner_id, now, card.id)


def close_all(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Close the card of a learner who leaves, for good: its code opens nothing and names nobody any more."""
    closed = db.session.execute(
        sa.update(Card).where(Card.learner_id == learner_id, Card.closed_at.is_(None))
        .values(closed_at=sa.case((Card.issued_at > now, Card.issued_at), else_=now), closed_for="lapsed",
                share_id=None, opens_until=None)
        .returning(Card.id), execution_options={"synchronize_session": False}).all()
    for row in closed:
        record("card.close", learner_id, now, row.id)


def grow_younger(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> None:
    """Let the card of somebody under 18 open nothing and name nobody any more; what it opened is opened anew, for less."""
    card = queries.current(learner_id)
    if card is None or band is age.Band.ADULT:
        return
    if card.share_id is not None:
        open_with(card, None, now)
    set_named(card, False, now)


protection.YOUNGER.append(grow_younger)


def _band(learner_id: uuid.UUID, now: dt.datetime) -> age.Band:
    row = db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month).where(Passport.learner_id == learner_id)).one()
    return age.band(row.birth_year, row.birth_month, day_of(now))
