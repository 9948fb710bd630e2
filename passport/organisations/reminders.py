"""Reminders of checks that end soon: 60, 30 and 7 days before, once each (promise S6)."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa

from ..clock import day_of
from ..extensions import db
from ..notices import jobs
from ..notices import service as notices
from . import queries, rules
from .models import Membership, Organisation, Vetting


def remind(now: dt.datetime) -> int:
    """Tell each person whose check ends soon, and who records it; return how many checks were told of.

    Access ends by the day alone, whether or not this job ever runs.
    """
    today = day_of(now)
    near = [sa.and_(Vetting.expires_on <= today + dt.timedelta(days=days),
                    sa.or_(Vetting.reminded_days.is_(None), Vetting.reminded_days > days))
            for days in rules.REMINDED_BEFORE]
    rows = db.session.execute(
        sa.select(Vetting, Membership)
        .join(Membership, Membership.id == Vetting.membership_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Vetting.revoked_at.is_(None), Vetting.expires_on > today, sa.or_(*near), queries.acts_now(now),
               queries.known_now(now))
        .order_by(Vetting.expires_on, Vetting.id).limit(jobs.AT_A_TIME).with_for_update(of=Vetting)
    ).all()
    for vetting, membership in rows:
        due = rules.reminder_due(vetting.expires_on, vetting.reminded_days, today)
        if due is None:
            continue
        vetting.reminded_days = due
        db.session.flush()
        notices.withdraw(vetting.id, "check_ends")
        for account_id in (membership.account_id, *_recorders(membership, now)):
            notices.tell(account_id, "check_ends", vetting.id, now, about_id=membership.account_id)
    return len(rows)


def _recorders(membership: Membership, now: dt.datetime) -> list[uuid.UUID]:
    """Return who may record that person's check: the other managers, and the coordination where there is none."""
    def acting(*which: sa.ColumnElement[bool]) -> list[uuid.UUID]:
        return list(db.session.scalars(
            sa.select(Membership.account_id).distinct()
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(*which, Membership.account_id != membership.account_id, queries.acts_now(now), queries.known_now(now))
            .limit(queries.PER_PAGE)))

    return acting(Membership.organisation_id == membership.organisation_id, Membership.role == "manager") or acting(
        Membership.role == "coordinator")


jobs.every_day("checks.remind", remind)
