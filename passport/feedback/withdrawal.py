"""Taking back: a feedback, by whoever wrote it, and the answer to it, by its learner."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from flask_babel import gettext as _

from ..accounts import drafts
from ..accounts import queries as accounts
from ..audit.service import record
from ..clock import CITY_ZONE
from ..experiences.models import Experience
from ..experiences.rules import UNDO_SOON
from ..extensions import db
from ..notices import service as notices
from ..refusals import Refusal, Refused
from . import queries, rules
from .models import AuthoredText, Feedback


def withdraw(feedback: Feedback, now: dt.datetime) -> None:
    """Take a feedback back, in its author's name: its words reach nobody any more, its learner's answer stays theirs.

    Before it arrived it never does: its request ends as one without an answer. Doing it twice is doing it once.
    Raises Refused while recognition stands on it.
    """
    _hold(feedback)
    if feedback.withdrawn_at is not None:
        return
    frozen = db.session.get_one(AuthoredText, feedback.text_id, populate_existing=True).frozen_at is not None
    refusal = rules.refusal_to_withdraw(stands(feedback.id), frozen)
    if refusal is not None:
        raise Refused(refusal)
    feedback.withdrawn_at = now
    db.session.flush()
    notices.withdraw(feedback.id, "feedback_given")
    if rules.never_arrives(feedback.visible_at, now) and feedback.request_id is not None:
        notices.tell(feedback.learner_id, "request_closed", feedback.request_id, now,
                     about_id=feedback.facilitator_id, visible_at=feedback.visible_at)
    record("feedback.withdraw", feedback.facilitator_id, now, feedback.id)


def put_back(feedback: Feedback, now: dt.datetime) -> None:
    """Undo that a feedback was taken back, once, within the hour. Doing it twice is doing it once. Raises Refused."""
    _hold(feedback)
    if feedback.withdrawn_at is None:
        return
    refusal = refusal_to_put_back(feedback, now)
    if refusal is not None:
        raise Refused(refusal)
    if feedback.request_id is not None:
        notices.withdraw(feedback.request_id, "request_closed")
    feedback.withdrawn_at, feedback.put_back_at = None, now
    db.session.flush()
    hidden = db.session.get_one(AuthoredText, feedback.text_id).hidden_at
    if feedback.read_at is None and hidden is None:
        notices.tell(feedback.learner_id, "feedback_given", feedback.id, now, about_id=feedback.facilitator_id,
                     visible_at=max(feedback.visible_at, now))
    record("feedback.put_back", feedback.facilitator_id, now, feedback.id)


def refusal_to_put_back(feedback: Feedback, at: dt.datetime) -> Refusal | None:
    """Say why a feedback that is taken back could not come back at that time, or None when it could."""
    assert feedback.withdrawn_at is not None
    arrival = rules.arrives_at(at, accounts.is_protected(feedback.learner_id, at), CITY_ZONE)
    return rules.refusal_to_put_back(feedback.withdrawn_at, feedback.put_back_at, feedback.visible_at, arrival, at)


def said(feedback: Feedback, now: dt.datetime) -> tuple[str, bool]:
    """Return what is said of a feedback that was just taken back, and whether it can still come back."""
    if refusal_to_put_back(feedback, now) is not None:
        return _("C’est retiré."), False
    if refusal_to_put_back(feedback, (feedback.withdrawn_at or now) + UNDO_SOON) is not None:
        return _("C’est retiré. On peut annuler jusqu’à 22 h."), True
    return _("C’est retiré. On peut annuler pendant une heure."), True


def stands(feedback_id: uuid.UUID) -> bool:
    """Say whether recognition stands on a feedback, so that it is not taken back."""
    return bool(db.session.scalar(
        sa.select(Feedback.id).where(Feedback.id == feedback_id, sa.or_(sa.false(), *(s(Feedback.id) for s in queries.STANDS)))
    ))


def _hold(feedback: Feedback) -> None:
    """Make whoever asks for recognition about the same experience wait, or wait for them."""
    db.session.execute(sa.select(Experience.id).where(Experience.id == feedback.experience_id).with_for_update())
    db.session.refresh(feedback, with_for_update=True)


def withdraw_reply(feedback: Feedback, now: dt.datetime) -> None:
    """Take the learner's answer back: its words are gone, and what it said by being there (it was read) stays.

    There is no other answer after it. Doing it twice is doing it once.
    """
    db.session.refresh(feedback, with_for_update=True)
    if feedback.reply is None:
        return
    feedback.reply, feedback.reply_withdrawn_at = None, now
    db.session.flush()
    drafts.drop("reply", feedback.id)
    record("feedback.withdraw_reply", feedback.learner_id, now, feedback.id)
