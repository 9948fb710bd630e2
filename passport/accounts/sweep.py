"""What an account leaves behind and is kept no longer: ended sessions, used secrets, counters, old drafts, months of birth."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from ..clock import day_of
from ..extensions import db
from ..notices.jobs import AT_A_TIME, delete_some, every_day
from ..retention import kept
from . import rules
from .models import Draft, Mailbox, OneTimeToken, Passport, RateLimit, Session


def forget(now: dt.datetime) -> int:
    """Delete what is over since as long as `retention.toml` says, and return how many of the most frequent kind."""
    before = now - kept("transient")
    db.session.execute(
        sa.update(Mailbox).where(Mailbox.pending.is_not(None), Mailbox.asked_at <= now - rules.CONFIRM_WITHIN)
        .values(pending=None),
        execution_options={"synchronize_session": False},
    )
    return max(
        delete_some(Session.id_hash, sa.or_(Session.expires_at <= before, Session.ended_at <= before)),
        delete_some(OneTimeToken.token_hash, OneTimeToken.expires_at <= before),
        delete_some(RateLimit.key, RateLimit.expires_at <= before.timestamp()),
        delete_some(Draft.id, Draft.changed_at <= now - kept("draft")),
    )


def forget_births(now: dt.datetime) -> int:
    """Blank year and month of birth of whoever is 18, and return of how many; that they were younger here is kept.

    No line in the journal: its day would tell the month.
    """
    on = day_of(now)
    months = (on.year - Passport.birth_year) * 12 + (on.month - Passport.birth_month)
    grown = sa.and_(Passport.birth_year.is_not(None), months > rules.ADULT * 12)
    some = sa.select(Passport.learner_id).where(grown).limit(AT_A_TIME)
    done = db.session.execute(
        sa.update(Passport).where(Passport.learner_id.in_(some), grown)
        .values(birth_year=None, birth_month=None, age_source=rules.BY_CALENDAR).returning(Passport.learner_id),
        execution_options={"synchronize_session": False})
    return len(done.all())


def register() -> None:
    """Say that this is done every day."""
    every_day("accounts.forget", forget)
    every_day("accounts.forget_births", forget_births)
