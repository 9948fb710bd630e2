"""The way of an organisation to minors, who reads to protect, and who reads along (promises S2, S5, S7)."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa

from ..accounts import rules as age
from ..accounts.models import Passport
from ..audit.service import record
from ..clock import day_of
from ..extensions import db
from ..refusals import Refusal, Refused
from . import queries, rules
from .models import Membership, Organisation


def name_lead(organisation: Organisation, membership: Membership | None, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Name who answers for the welcome of minors and reads to protect, instead of whoever did before. Raises Refused."""
    db.session.refresh(organisation, with_for_update=True)
    if membership is None or membership.organisation_id != organisation.id:
        raise Refused(Refusal.READER_ODD, "lead")
    refusal = _refusal_of(membership, membership.account_id == organisation.minors_reader_id, now)
    if refusal is not None:
        raise Refused(refusal, "lead")
    if organisation.minors_lead_id == membership.account_id and membership.is_safeguarding_reader:
        return
    db.session.execute(
        sa.update(Membership).where(Membership.organisation_id == organisation.id, Membership.is_safeguarding_reader)
        .values(is_safeguarding_reader=False, reader_since=None, lead=False))
    db.session.refresh(membership, with_for_update=True)
    membership.is_safeguarding_reader, membership.reader_since, membership.lead = True, now, True
    organisation.minors_lead_id = membership.account_id
    if organisation.minors_state == "none":
        organisation.minors_state = "asked"
    db.session.flush()
    record("organisation.name_lead", by_id, now, membership.id)


def sign_charter(organisation: Organisation, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Keep which charter for the welcome of minors was signed, on which day and by whom; twice is once."""
    db.session.refresh(organisation, with_for_update=True)
    if organisation.minors_charter_version == rules.MINORS_CHARTER_VERSION:
        return
    organisation.minors_charter_version = rules.MINORS_CHARTER_VERSION
    organisation.minors_charter_at, organisation.minors_charter_by_id = now, by_id
    if organisation.minors_state == "none":
        organisation.minors_state = "asked"
    db.session.flush()
    record("organisation.sign_minors_charter", by_id, now, organisation.id)


def name_second_reader(organisation: Organisation, account_id: uuid.UUID | None, by_id: uuid.UUID, now: dt.datetime
                       ) -> None:
    """Name the second reader, who reads to protect elsewhere; None for the pool of the city. Raises Refused."""
    db.session.refresh(organisation, with_for_update=True)
    if account_id is not None:
        if account_id == organisation.minors_lead_id:
            raise Refused(Refusal.NOT_ONESELF, "reader")
        if account_id not in {p.account_id for p in queries.readers_elsewhere(organisation.id, now)}:
            raise Refused(Refusal.READER_ODD, "reader")
    if organisation.minors_reader_id != account_id:
        organisation.minors_reader_id = account_id
        db.session.flush()
        record("organisation.name_second_reader", by_id, now, organisation.id)


def name_pool_reader(membership: Membership, named: bool, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Put an agent of the city among those who read to protect where nobody else does, or end it. Raises Refused."""
    db.session.refresh(membership, with_for_update=True)
    if named:
        refusal = Refusal.READER_ODD if membership.organisation_kind != "city" else _refusal_of(membership, False, now)
        if refusal is not None:
            raise Refused(refusal)
    if membership.is_safeguarding_reader != named:
        membership.is_safeguarding_reader, membership.reader_since = named, now if named else None
        db.session.flush()
        record("membership.name_reader" if named else "membership.end_reader", by_id, now, membership.id)


def set_minors(organisation: Organisation, allowed: bool, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Say whether people under 18 may be answered in this organisation's name; it holds from the next request on.

    Raises Refused as long as the lead, a second reader or the charter is missing.
    """
    db.session.refresh(organisation, with_for_update=True)
    if allowed:
        refusal = rules.refusal_to_allow(queries.welcome(organisation, now))
        if refusal is not None:
            raise Refused(refusal)
    state = "allowed" if allowed else "none"
    if organisation.minors_state != state:
        organisation.minors_state = state
        db.session.flush()
        record(f"organisation.minors_{state}", by_id, now, organisation.id)


def name_co_reader(membership: Membership, other: Membership | None, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Name the adult of the organisation who may read what a facilitator of 16 or 17 writes. Raises Refused."""
    db.session.refresh(membership, with_for_update=True)
    if other is None or other.organisation_id != membership.organisation_id or membership.role != "facilitator":
        raise Refused(Refusal.READER_ODD, "reader")
    refusal = _refusal_of(other, other.account_id == membership.account_id, now)
    if refusal is not None:
        raise Refused(refusal, "reader")
    if membership.co_reader_id != other.id:
        membership.co_reader_id = other.id
        db.session.flush()
        record("membership.name_co_reader", by_id, now, membership.id)


def _refusal_of(membership: Membership, same_person: bool, now: dt.datetime) -> Refusal | None:
    born = db.session.execute(sa.select(Passport.birth_year, Passport.birth_month)
                              .where(Passport.learner_id == membership.account_id)).one_or_none()
    adult = born is None or age.has_turned(born.birth_year, born.birth_month, age.ADULT, day_of(now))
    return rules.refusal_to_read_along(adult, queries.acts(membership, now), same_person)
