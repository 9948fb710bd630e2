"""What an organisation accepts to be accredited, and what the city chose about its checks."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from ..accounts.chosen import chosen
from ..accounts.models import Account
from ..audit.service import record
from ..choices import YES
from ..columns import uuid7
from ..extensions import db
from ..refusals import Refused
from . import rules
from .models import AcceptedCharter, Membership, Organisation


@dataclass(frozen=True)
class Accepted:
    """Who accepted the accreditation charter in an organisation's name, and when."""

    name: str
    accepted_at: dt.datetime


def accepted_charter(organisation_id: uuid.UUID) -> Accepted | None:
    """Return who accepted the present accreditation charter there, or None; one statement."""
    row = db.session.execute(
        sa.select(Account.display_name, AcceptedCharter.accepted_at)
        .join(Membership, Membership.id == AcceptedCharter.membership_id)
        .join(Account, Account.id == Membership.account_id)
        .where(AcceptedCharter.organisation_id == organisation_id, AcceptedCharter.version == rules.ACCREDITATION_VERSION)
    ).one_or_none()
    return Accepted(row[0] or "", row[1]) if row is not None else None


def accept(organisation: Organisation, membership_id: uuid.UUID, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Keep that an organisation accepted the present accreditation charter, and who did it; once. Raises Refused."""
    db.session.refresh(organisation, with_for_update=True)
    refusal = rules.refusal_to_accept_accreditation(organisation.kind, organisation.closed_at)
    if refusal is not None:
        raise Refused(refusal)
    if accepted_charter(organisation.id) is not None:
        return
    made = AcceptedCharter(id=uuid7(), organisation_id=organisation.id, version=rules.ACCREDITATION_VERSION,
                           membership_id=membership_id, accepted_at=now)
    db.session.add(made)
    db.session.flush()
    record("accreditation.accept", by_id, now, made.id)


def records_kept() -> bool:
    """Say whether this city lets it be noted that an extract of the criminal record was seen."""
    return chosen("checks.record") == YES


def common_date() -> tuple[int, int]:
    """Return the month and the day to which checks hold in this city."""
    month, day = chosen("checks.common_day").split("-")
    return int(month), int(day)


def chosen_checks(organisation_kind: str) -> str:
    """Return the checks that the city chose for organisations of this kind, as they are written: with commas."""
    return chosen(f"checks.{organisation_kind}")


def checks_of(organisation_kind: str) -> tuple[str, ...]:
    """Return the checks that an organisation of this kind may ask for in this city."""
    return rules.lawful_kinds(organisation_kind, chosen_checks(organisation_kind), records_kept())
