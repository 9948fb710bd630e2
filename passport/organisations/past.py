"""What is over in an organisation and kept no longer: a year after its end, and while nothing stands on it any more."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from ..clock import day_of
from ..notices.keeping import Goes, forget_daily, unneeded
from ..retention import kept
from .models import AcceptedCharter, AskCode, Invitation, Membership, Organisation, Vetting


def _before(now: dt.datetime) -> dt.datetime:
    return now - kept("organisation")


def _links(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    before = now - kept("transient")
    return (sa.or_(Invitation.expires_at <= before, Invitation.used_at <= before, Invitation.revoked_at <= before),)


def _checks(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (sa.or_(Vetting.expires_on <= day_of(_before(now)), Vetting.revoked_at <= _before(now)),)


def _charters(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    closed = sa.exists().where(Organisation.id == AcceptedCharter.organisation_id, Organisation.closed_at <= _before(now))
    return (closed,)


def register() -> None:
    """Say that this is done every day: what points at a role goes before the role, and roles before their organisation."""
    forget_daily(
        "organisations.forget",
        Goes(Invitation.id, _links),
        Goes(Vetting.id, _checks),
        Goes(AskCode.id, lambda now: (AskCode.closed_at <= _before(now),)),
        Goes(AcceptedCharter.id, _charters),
        Goes(Membership.id, lambda now: (Membership.ended_at <= _before(now), unneeded(Membership))),
        Goes(Organisation.id, lambda now: (Organisation.closed_at <= _before(now), unneeded(Organisation))),
    )
