"""The ledger: what was recognised, for those who did it and for whoever answers for their organisation."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from ..accounts.models import Account, Passport
from ..accounts.queries import barred_from, frozen_with_all
from ..clock import day_of
from ..extensions import db
from ..feedback.models import AuthoredVersion
from ..feedback.queries import is_protected
from ..frameworks.models import Wording
from ..organisations.models import Membership
from ..policy import Actor, Attested
from .models import Endorsement, EndorserName
from .queries import newest, sentence
from .words import in_the_name_words

PER_PAGE = 20


@dataclass(frozen=True, kw_only=True)
class LedgerLine(Attested):
    """What was recognised, for those who did it: their own words, never what the learner decided."""

    id: uuid.UUID
    sentence: str
    step: int
    words: str
    offered_at: dt.datetime
    endorser_name: str | None
    endorser_role: str
    organisation_name: str
    learner_name: str
    experience_id: uuid.UUID
    withdrawn_at: dt.datetime | None

    @property
    def provenance(self) -> str:
        """Return who recognised it, after « Reconnu »."""
        return in_the_name_words(self.endorser_name, self.endorser_role, self.organisation_name)


def _ledger(now: dt.datetime, *which: sa.ColumnElement[bool]) -> Any:
    return (
        sa.select(Endorsement.id, Endorsement.learner_id, Endorsement.facilitator_id, Membership.organisation_id,
                  Endorsement.step, Endorsement.offered_at, Endorsement.endorser_role, Endorsement.organisation_name,
                  Endorsement.experience_id, Endorsement.withdrawn_at, sentence(), AuthoredVersion.words,
                  EndorserName.name_form, Account.display_name, is_protected(day_of(now)).label("protected"))
        .join(Wording, Wording.id == Endorsement.wording_id)
        .join(AuthoredVersion, newest(Endorsement.text_id))
        .join(Membership, Membership.id == Endorsement.membership_id)
        .join(Passport, Passport.learner_id == Endorsement.learner_id)
        .join(Account, Account.id == Endorsement.learner_id)
        .outerjoin(EndorserName, EndorserName.endorsement_id == Endorsement.id)
        .where(*which)
    )


def _ledger_line(row: Any) -> LedgerLine:
    return LedgerLine(
        learner_id=row.learner_id, facilitator_id=row.facilitator_id, organisation_id=row.organisation_id, id=row.id,
        sentence=row.sentence, step=row.step, words=row.words, offered_at=row.offered_at,
        endorser_name=row.name_form, endorser_role=row.endorser_role, organisation_name=row.organisation_name,
        learner_name=row.display_name or "", learner_protected=bool(row.protected), experience_id=row.experience_id,
        withdrawn_at=row.withdrawn_at,
    )


def ledger(
    actor: Actor, now: dt.datetime, before: tuple[dt.datetime, uuid.UUID] | None
) -> list[LedgerLine]:
    """Return what this person recognised, and what was recognised in the name of the organisations they answer for.

    Newest first, one more than a page to know whether there are more; one statement.
    """
    bodies = [r.organisation_id for r in actor.active("manager", now)]
    mine = Endorsement.facilitator_id == actor.account_id
    which = sa.or_(mine, sa.and_(Membership.organisation_id.in_(bodies), Endorsement.learner_id != actor.account_id)
                   ) if bodies else mine
    found = _ledger(now, which).order_by(Endorsement.offered_at.desc(), Endorsement.id.desc()).limit(PER_PAGE + 1)
    if before is not None:
        found = found.where(sa.tuple_(Endorsement.offered_at, Endorsement.id) < sa.tuple_(
            sa.literal(before[0], Endorsement.offered_at.type), sa.literal(before[1], Endorsement.id.type)))
    lines = [_ledger_line(row) for row in db.session.execute(found)]
    # Whoever answers for the organisation sees that it attested, never of whom or in which words.
    return [line if line.facilitator_id == actor.account_id else replace(line, learner_name="", words="")
            for line in lines]


def answered(request_id: uuid.UUID, facilitator_id: uuid.UUID, now: dt.datetime) -> list[LedgerLine]:
    """Return what a facilitator recognised in answer to one request."""
    found = _ledger(now, Endorsement.request_id == request_id, Endorsement.facilitator_id == facilitator_id)
    return [_ledger_line(row) for row in db.session.execute(found.order_by(Endorsement.competency_id))]


def ledger_line(key: uuid.UUID, now: dt.datetime) -> LedgerLine | None:
    """Return one line of the ledger."""
    row = db.session.execute(_ledger(now, Endorsement.id == key)).one_or_none()
    if row is None:
        return None
    frozen = frozen_with_all() if row.protected else frozenset()
    return replace(_ledger_line(row), barred_ids=barred_from(row.learner_id) | frozen)
