"""Letting somebody back in, on the side of the two adults who have them in front of them; nobody is searched for."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa

from ..accounts import queries as accounts
from ..accounts import returning
from ..accounts import rules as age
from ..accounts.models import Account, Passport, Recovery
from ..audit.service import note_in_person, record
from ..clock import day_of
from ..extensions import db
from ..policy import Actor, Returning, completing_role
from ..refusals import Refusal, Refused
from . import leaving, queries
from .models import Membership

SEEN, CONFIRMED = "see_return", "confirm_return"


@dataclass(frozen=True)
class Asking(Returning):
    """A way back whose number was typed, and by what name whoever stands there is called."""

    recovery_id: uuid.UUID = field(kw_only=True)
    name: str = field(kw_only=True)


def asking(number: str, now: dt.datetime) -> Asking | None:
    """Return the way back that shows this number now, or None; a confirmed one shows none any more."""
    key = db.session.scalar(sa.select(Recovery.id).where(
        Recovery.number_hash.in_(returning.number_digests(number)), Recovery.expires_at > now))
    return _asking(key, now) if key is not None else None


def _asking(key: uuid.UUID, now: dt.datetime) -> Asking | None:
    row = db.session.execute(
        sa.select(Recovery, Account.display_name, Passport, Membership.role)
        .join(Passport, Passport.learner_id == Recovery.learner_id).join(Account, Account.id == Recovery.learner_id)
        .outerjoin(Membership, Membership.id == Recovery.first_membership_id)
        .where(Recovery.id == key, Recovery.used_at.is_(None), Recovery.ended_at.is_(None), Recovery.expires_at > now,
               Recovery.second_confirmed_at.is_(None), Account.erased_at.is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    recovery, name, passport, first_role = row
    learner_id = passport.learner_id
    return Asking(
        learner_id=learner_id,
        learner_protected=age.is_protected(passport.birth_year, passport.birth_month, passport.protection_chosen, day_of(now)),
        joined_ids=frozenset(db.session.scalars(queries.joined_by(learner_id))), barred_ids=accounts.barred_from(learner_id),
        first_id=recovery.first_confirmer_id, first_membership_id=recovery.first_membership_id,
        first_at_counter=first_role == "coordinator", recovery_id=recovery.id, name=name or "")


def note_seen(who: Actor, thing: Asking, reader_ref: uuid.UUID, now: dt.datetime) -> None:
    """Keep, before it is shown, that this adult saw by what name somebody is called; in a transaction of its own."""
    role = completing_role(who, thing, now, day_of(now))
    if role is not None:
        note_in_person(thing.learner_id, reader_ref, role.role, role.organisation_id, SEEN, now)


def confirm(who: Actor, key: uuid.UUID, reader_ref: uuid.UUID, now: dt.datetime) -> bool:
    """Confirm that this person stands in front of whoever asks; say whether they may choose a passphrase now.

    Raises Refused when it is over, or when these are not two who may.
    """
    held = sa.select(Recovery).where(Recovery.id == key).with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(held).one_or_none()
    thing = _asking(key, now)
    if row is None or thing is None:
        raise Refused(Refusal.RETURN_UNKNOWN, "number")
    role = completing_role(who, thing, now, day_of(now))
    if role is None or thing.first_id == who.account_id or who.account_id in {thing.learner_id, *thing.barred_ids}:
        raise Refused(Refusal.RETURN_OTHERS, "number")
    second = row.first_confirmed_at is not None
    if second:
        row.second_confirmer_id, row.second_membership_id, row.second_confirmed_at = who.account_id, role.membership_id, now
        row.expires_at = now + age.RETURN_WITHIN
    else:
        row.first_confirmer_id, row.first_membership_id, row.first_confirmed_at = who.account_id, role.membership_id, now
    db.session.flush()
    note_in_person(thing.learner_id, reader_ref, role.role, role.organisation_id, CONFIRMED, now, here=True)
    record("return.confirm", who.account_id, now, row.id)
    return second


def stop_confirmed(membership_id: uuid.UUID, now: dt.datetime) -> None:
    """Stop each way back that somebody confirmed in a role which was taken from them (promise S8)."""
    db.session.execute(
        sa.update(Recovery).where(
            sa.or_(Recovery.first_membership_id == membership_id, Recovery.second_membership_id == membership_id),
            Recovery.used_at.is_(None), Recovery.ended_at.is_(None)).values(ended_at=now),
        execution_options={"synchronize_session": False})


leaving.REMOVED.append(lambda membership_id, _account_id, now: stop_confirmed(membership_id, now))
