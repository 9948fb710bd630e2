"""The clock of a machine may be put back: what was closed stays closed, and all can be taken back at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.clock import day_of
from passport.extensions import db
from passport.feedback import queries as feedback_queries
from passport.feedback import service as feedback
from passport.feedback import waiting as feedback_waiting
from passport.feedback.models import AccessGrant, FeedbackRequest
from passport.policy import Action, can
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement, Permission
from passport.sharing import links as sharing
from passport.sharing import service as sharing_service
from passport.sharing.models import Share
from passport.transaction import transaction
from passport.witnesses import rules
from passport.witnesses import service as witnesses
from tests import world
from tests.cast import Cast
from tests.conftest import NOON, both_databases

EARLIER = NOON - dt.timedelta(hours=100)


@pytest.fixture
def full(app: Flask, cast: Cast) -> Any:
    """The filled city."""
    with app.test_request_context("/"):
        yield world.fill(cast, NOON)


@both_databases
@pytest.mark.parametrize("what", ["end_permission", "set_aside", "withdraw"])
def test_what_was_given_is_taken_back_at_once(full: Cast, what: str) -> None:
    offered = db.session.get_one(Endorsement, full["endorsement"])
    with transaction():
        if what == "withdraw":
            recognition.withdraw(offered, offered.membership_id, offered.facilitator_id, "Une erreur.", EARLIER)
        else:
            getattr(recognition, what)(offered, EARLIER)
    assert db.session.scalar(sa.select(sa.func.count()).where(
        Permission.endorsement_id == offered.id, Permission.ended_at.is_(None))) == 0


@both_databases
def test_a_permission_is_given_again_and_again_at_the_same_time(full: Cast) -> None:
    offered = db.session.get_one(Endorsement, full["endorsement"])
    for _again in range(2):
        with transaction():
            recognition.end_permission(offered, EARLIER)
        with transaction():
            recognition.permit(offered, EARLIER)
    given = list(db.session.scalars(sa.select(Permission.given_at).where(Permission.endorsement_id == offered.id)))
    assert len(set(given)) == 3


@both_databases
def test_a_request_is_taken_back(full: Cast) -> None:
    request = db.session.get_one(FeedbackRequest, full["request"])
    with transaction():
        feedback.cancel(request, EARLIER)
    assert request.outcome == "cancelled"


@both_databases
def test_somebody_without_account_answers(full: Cast) -> None:
    invitation = world.invite(full, "lea_x", NOON)
    with transaction():
        said = witnesses.answer(invitation, world.says(), EARLIER)
    assert said.written_at == NOON


def test_what_was_closed_stays_closed(full: Cast) -> None:
    share = db.session.get_one(Share, full["share"])
    asked = db.session.get_one(FeedbackRequest, full["request"])
    invitation = world.invite(full, "lea_x", NOON - dt.timedelta(hours=3))
    before, nadia = NOON - dt.timedelta(hours=1), world.accounts_actor(full["nadia"])
    assert can(nadia, Action.READ_REQUEST, feedback_waiting.asked(asked.id, before), before, day_of(before))
    kept = db.session.get_one(AccessGrant, asked.grant_id)
    assert db.session.scalar(sa.select(AccessGrant.id).where(AccessGrant.id == kept.id, feedback_queries.grant_is_open(before)))
    with transaction():
        sharing_service.close(share, NOON)
        feedback.cancel(asked, NOON)
        witnesses.cancel(invitation, NOON)
    opened = sharing.by_id(share.id, before)
    assert opened is not None
    assert not opened.is_open
    assert rules.invitation_state(invitation.expires_at, None, invitation.revoked_at, before) == "cancelled"
    assert not can(nadia, Action.READ_REQUEST, feedback_waiting.asked(asked.id, before), before, day_of(before))
    assert not db.session.scalar(
        sa.select(AccessGrant.id).where(AccessGrant.id == kept.id, feedback_queries.grant_is_open(before)))


def test_a_link_made_in_the_future_closes_all_the_same(full: Cast) -> None:
    """One tap closes it, and closing them all does too, whatever the clock says."""
    share = db.session.get_one(Share, full["share"])
    before = share.created_at - dt.timedelta(hours=1)
    with transaction():
        sharing_service.close(share, before)
    opened = sharing.by_id(share.id, before)
    assert opened is not None
    assert not opened.is_open
