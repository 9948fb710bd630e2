"""What an account leaves behind and is kept no longer: ended sessions, used secrets, ways back, counters, old drafts."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from ..extensions import db
from ..notices.jobs import delete_some, every_day
from ..retention import kept
from . import rules
from .models import Draft, Mailbox, OneTimeToken, RateLimit, Recovery, Session


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
        delete_some(Recovery.id, Recovery.expires_at <= before),
        delete_some(RateLimit.key, RateLimit.expires_at <= before.timestamp()),
        delete_some(Draft.id, Draft.changed_at <= now - kept("draft")),
    )


def register() -> None:
    """Say that this is done every day."""
    every_day("accounts.forget", forget)
