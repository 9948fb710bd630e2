"""One more coordinator: asked for by one, confirmed by another, and told to all (promise T28)."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from flask_babel import gettext as _

from ..accounts.models import Account
from ..audit.service import record
from ..extensions import db
from ..links import public_url
from ..notices import outbox
from ..notices.letters import LETTERS, Letter, followed
from ..notices.outbox import Outgoing
from ..refusals import Refused
from . import rules
from .models import Invitation, Membership

ONE_MORE = "coordinator"
LETTER_LASTS = dt.timedelta(days=7)


def tell_all(now: dt.datetime) -> None:
    """Tell every coordinator, whoever waits for a confirmation too, that who coordinates has changed."""
    everybody = db.session.execute(
        sa.select(Account.id, Account.language).join(Membership, Membership.account_id == Account.id)
        .where(Membership.role == "coordinator", Membership.ended_at.is_(None)).distinct())
    for account_id, language in everybody:
        outbox.queue(ONE_MORE, now, now + LETTER_LASTS, language, account_id=account_id)


def confirm(membership: Membership, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Let somebody coordinate from now on; confirmed twice, it is once. Raises Refused."""
    db.session.refresh(membership, with_for_update=True)
    invited_by = db.session.scalar(sa.select(Invitation.invited_by_id).where(Invitation.membership_id == membership.id))
    refusal = rules.refusal_to_confirm_coordinator(membership.role, membership.ended_at, by_id == invited_by)
    if refusal is not None:
        raise Refused(refusal)
    if membership.identity_confirmed_at is not None:
        return
    membership.identity_confirmed_at = now
    db.session.flush()
    record("coordinator.confirm", by_id, now, membership.id)
    tell_all(now)


def letter(_message: Outgoing) -> Letter:
    """Return what is said to every coordinator."""
    return Letter(_("Qui coordonne le passeport a changé"), (
        followed(_("Une personne a été invitée à coordonner, ou vient d’être confirmée. La liste :"),
                 public_url("organisations.city")),
        _("Si cela surprend : en parler tout de suite à une autre personne de la coordination."),
    ))


LETTERS[ONE_MORE] = letter
