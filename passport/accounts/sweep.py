"""What an account leaves behind and is kept no longer: ended sessions, used secrets, ways back, counters, old drafts, months of birth."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from ..clock import day_of
from ..extensions import db
from ..notices.jobs import AT_A_TIME
from ..notices.keeping import Goes, delete, forget_daily
from ..retention import kept
from . import rules
from .models import Draft, Mailbox, OneTimeToken, Passport, RateLimit, Recovery, Session


def _before(now: dt.datetime) -> dt.datetime:
    return now - kept("transient")


GO = (
    Goes(Session.id_hash, lambda now: (sa.or_(Session.expires_at <= _before(now), Session.ended_at <= _before(now)),)),
    Goes(OneTimeToken.token_hash, lambda now: (OneTimeToken.expires_at <= _before(now),)),
    Goes(RateLimit.key, lambda now: (RateLimit.expires_at <= _before(now).timestamp(),)),
    Goes(Recovery.id, lambda now: (sa.or_(Recovery.expires_at <= _before(now), Recovery.ended_at <= _before(now)),)),
    Goes(Draft.id, lambda now: (Draft.changed_at <= now - kept("draft"),)),
)
UNCONFIRMED = Goes(Mailbox.account_id, lambda now: (
    Mailbox.pending.is_not(None), Mailbox.asked_at <= now - rules.CONFIRM_WITHIN), "addresses never confirmed")


def _grown(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    on = day_of(now)
    months = (on.year - Passport.birth_year) * 12 + (on.month - Passport.birth_month)
    return Passport.birth_year.is_not(None), months > rules.ADULT * 12


BORN = Goes(Passport.learner_id, _grown, "months of birth")


def forget(now: dt.datetime) -> int:
    """Delete what is over since as long as `retention.toml` says, and return how many of the most frequent kind."""
    db.session.execute(sa.update(Mailbox).where(*UNCONFIRMED.which(now)).values(pending=None),
                       execution_options={"synchronize_session": False})
    return delete(GO, now)


def forget_births(now: dt.datetime) -> int:
    """Blank year and month of birth of whoever is 18, and return of how many; that they were younger here is kept.

    No line in the journal: its day would tell the month.
    """
    some = sa.select(Passport.learner_id).where(*BORN.which(now)).limit(AT_A_TIME)
    done = db.session.execute(
        sa.update(Passport).where(Passport.learner_id.in_(some), *BORN.which(now))
        .values(birth_year=None, birth_month=None, age_source=rules.BY_CALENDAR).returning(Passport.learner_id),
        execution_options={"synchronize_session": False})
    return len(done.all())


def register() -> None:
    """Say that this is done every day."""
    forget_daily("accounts.forget", *GO, UNCONFIRMED, do=forget)
    forget_daily("accounts.forget_births", BORN, do=forget_births)
