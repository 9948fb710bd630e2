"""What is shown of organisations and of the people who act for them."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from ..extensions import db
from ..policy import Role
from .models import Membership, Organisation, Vetting


def roles_of(account_id: uuid.UUID) -> tuple[Role, ...]:
    """Return the memberships of one account that are not over, in one statement."""
    checked_until = (
        sa.select(sa.func.max(Vetting.expires_on))
        .where(Vetting.membership_id == Membership.id, Vetting.revoked_at.is_(None))
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(Membership, Organisation, checked_until.label("checked_until"))
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.account_id == account_id, Membership.ended_at.is_(None))
        .order_by(Organisation.sort_key, Membership.id)
    )
    return tuple(role(m, o, until) for m, o, until in rows)


def role(membership: Membership, organisation: Organisation, checked_until: object) -> Role:
    """Return one membership as the policy sees it."""
    return Role(
        membership_id=membership.id, organisation_id=organisation.id, organisation_name=organisation.name,
        role=membership.role, title=membership.title, joined_at=membership.joined_at,
        charter_version=membership.charter_version, trained_at=membership.trained_at,
        suspended_at=membership.suspended_at, ended_at=membership.ended_at, accredited_at=organisation.accredited_at,
        organisation_suspended_at=organisation.suspended_at, organisation_closed_at=organisation.closed_at,
        minors_state=organisation.minors_state, checked_until=checked_until,  # type: ignore[arg-type]
    )
