"""What an account leaves behind and is kept no longer: ended sessions, used secrets, counters, old drafts."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from ..extensions import db
from ..notices.keeping import Goes, delete, forget_daily
from ..retention import kept
from . import rules
from .models import Draft, Erasure, Mailbox, OneTimeToken, RateLimit, Recovery, Session


def _before(now: dt.datetime) -> dt.datetime:
    return now - kept("transient")


GO = (
    Goes(Session.id_hash, lambda now: (sa.or_(Session.expires_at <= _before(now), Session.ended_at <= _before(now)),)),
    Goes(OneTimeToken.token_hash, lambda now: (OneTimeToken.expires_at <= _before(now),)),
    Goes(RateLimit.key, lambda now: (RateLimit.expires_at <= _before(now).timestamp(),)),
    Goes(Recovery.id, lambda now: (sa.or_(Recovery.expires_at <= _before(now), Recovery.ended_at <= _before(now)),)),
    Goes(Draft.id, lambda now: (Draft.changed_at <= now - kept("draft"),)),
    Goes(Erasure.id, lambda now: (Erasure.asked_at <= now - kept("replay"),)),
)
UNCONFIRMED = Goes(Mailbox.account_id, lambda now: (
    Mailbox.pending.is_not(None), Mailbox.asked_at <= now - rules.CONFIRM_WITHIN), "addresses never confirmed")


def forget(now: dt.datetime) -> int:
    """Delete what is over since as long as `retention.toml` says, and return how many of the most frequent kind."""
    db.session.execute(sa.update(Mailbox).where(*UNCONFIRMED.which(now)).values(pending=None),
                       execution_options={"synchronize_session": False})
    return delete(GO, now)


def register() -> None:
    """Say that this is done every day."""
    forget_daily("accounts.forget", *GO, UNCONFIRMED, do=forget)
