"""« Ça me dérange » and blocking: hiding at once, keeping what was written, and giving it to a responsible person."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..accounts import drafts, returning
from ..accounts.models import ContactBar, Passport
from ..audit.service import record
from ..columns import uuid7
from ..credentials import service as credentials
from ..experiences import service as experiences
from ..extensions import db
from ..feedback import service as feedback
from ..feedback.models import AuthoredText, AuthoredVersion, Feedback
from ..notices import service as notices
from ..organisations.models import Membership
from ..protection.service import SET_ASIDE
from ..recognition import service as recognition
from ..recognition.models import RecognitionRequest
from ..refusals import Refused
from ..witnesses.models import Testimony
from . import cases, queries, rules
from .models import Report


def report(text: AuthoredText, note: str | None, now: dt.datetime, category: str | None = None) -> Report:
    """Hide a text for its learner at once, freeze it and the contact with its author, and tell a responsible person.

    The words are kept sealed as they stood. Said twice about a text still hidden, it is one report. Raises Refused.
    """
    refusal = rules.refusal_to_report(text.deliver_after <= now)
    if refusal is not None:
        raise Refused(refusal)
    db.session.refresh(text, with_for_update=True)
    if text.hidden_at is not None:
        before = db.session.scalars(
            sa.select(Report).where(Report.object_kind == "text", Report.object_id == text.id,
                                    Report.reporter_id == text.learner_id)
            .order_by(Report.made_at.desc(), Report.id.desc()).limit(1)
        ).one_or_none()
        if before is not None:
            return before
    text.hidden_at, text.frozen_at = now, text.frozen_at or now
    credentials.cancel_hidden(text.id, now)
    drafts.drop("bother", text.id)
    made = cases.open_case(
        cases.Opening("text", text.id, json.loads(_words(text)), learner_id=text.learner_id, reporter_id=text.learner_id,
                      about_id=text.author_id, organisation_id=_organisation_of(text), category=category, note=note), now)
    if text.author_id is not None:
        _bar(text.learner_id, text.author_id, "freeze", now)
    notices.settle_all(text.learner_id, sa.select(Feedback.id).where(Feedback.text_id == text.id), now,
                       "feedback_given")
    notices.settle_all(text.learner_id, sa.select(Testimony.id).where(Testimony.text_id == text.id), now,
                       "testimony_given")
    record("safety.report", text.learner_id, now, made.id)
    return made


def resume(text: AuthoredText, now: dt.datetime) -> None:
    """Show a hidden text to its learner again and lift the freeze: theirs to decide; the report stays."""
    db.session.refresh(text, with_for_update=True)
    text.hidden_at = None
    db.session.flush()
    still = sa.exists().where(AuthoredText.learner_id == text.learner_id, AuthoredText.author_id == text.author_id,
                              AuthoredText.hidden_at.is_not(None), Report.object_id == AuthoredText.id,
                              Report.object_kind == "text")
    if text.author_id is not None and not db.session.scalar(sa.select(still)):
        _lift(text.learner_id, text.author_id, "freeze", now)
    record("safety.resume", text.learner_id, now, text.id)


def _words(text: AuthoredText) -> str:
    version = db.session.scalars(
        sa.select(AuthoredVersion).where(AuthoredVersion.text_id == text.id)
        .order_by(AuthoredVersion.number.desc()).limit(1)
    ).one()
    return json.dumps({"kind": text.kind, "written_at": text.written_at.isoformat(), "words": version.words,
                       "question": version.question, "next_step": version.next_step}, ensure_ascii=False)


def block(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> None:
    """End every contact between a learner and an adult they met, as a removal would; twice is once. Raises Refused."""
    refusal = rules.refusal_to_block(queries.has_met(learner_id, adult_id, now), learner_id == adult_id)
    if refusal is not None:
        raise Refused(refusal)
    if _bar(learner_id, adult_id, "block", now):
        record("safety.block", learner_id, now, adult_id)


def unblock(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> None:
    """Let a learner and an adult have to do with each other again, unless a report keeps them apart; twice is once."""
    if _lift(learner_id, adult_id, "block", now):
        record("safety.unblock", learner_id, now, adult_id)


def _lift(learner_id: uuid.UUID, adult_id: uuid.UUID, cause: str, now: dt.datetime) -> bool:
    lifted = db.session.execute(
        sa.update(ContactBar).where(ContactBar.learner_id == learner_id, ContactBar.adult_id == adult_id,
                                    ContactBar.cause == cause, ContactBar.lifted_at.is_(None))
        .values(lifted_at=now).returning(ContactBar.id)).all()
    db.session.flush()
    return bool(lifted)


def _bar(learner_id: uuid.UUID, adult_id: uuid.UUID, cause: str, now: dt.datetime) -> bool:
    """End the contact between two people; say whether it was this call that ended it."""
    db.session.execute(sa.select(Passport.learner_id).where(Passport.learner_id == learner_id).with_for_update())
    there = db.session.scalar(sa.select(sa.exists().where(
        ContactBar.learner_id == learner_id, ContactBar.adult_id == adult_id, ContactBar.cause == cause,
        ContactBar.lifted_at.is_(None))))
    if not there:
        db.session.add(ContactBar(id=uuid7(), learner_id=learner_id, adult_id=adult_id, cause=cause, started_at=now))
    for request in db.session.scalars(sa.select(RecognitionRequest).where(
            RecognitionRequest.learner_id == learner_id, RecognitionRequest.facilitator_id == adult_id,
            RecognitionRequest.closed_at.is_(None)).with_for_update()):
        recognition.cancel(request, now)
    feedback.close_between(learner_id, adult_id, now)
    returning.stop_confirmed_by(adult_id, now, learner_id)
    _hand_on(learner_id, adult_id, now)
    return not there


def _hand_on(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> None:
    """Give what an adult looks after for a learner to somebody else, when the two have no more to do with each other, and
    tell the adult of it no more."""
    waiting = db.session.scalars(
        sa.select(Report).where(Report.concerned_id == learner_id, Report.handler_id == adult_id,
                                Report.decided_at.is_(None)).with_for_update())
    for report in waiting:
        cases.hand_on(report, now)
    cases.tell_no_more(adult_id, sa.select(Report.id).where(Report.concerned_id == learner_id))


SET_ASIDE.append(_hand_on)


def _organisation_of(text: AuthoredText) -> uuid.UUID | None:
    return db.session.scalar(sa.select(Membership.organisation_id).where(Membership.id == text.membership_id))


def _holds(experience_id: Any) -> sa.ColumnElement[bool]:
    """Say, as a condition, that a text about this experience was reported and nobody has decided on it so far."""
    return sa.exists().where(
        AuthoredText.experience_id == experience_id, Report.object_kind == "text",
        Report.object_id == AuthoredText.id, Report.decided_at.is_(None))


experiences.HOLDS.append(_holds)


def _is_reported(learner_id: uuid.UUID, text_id: uuid.UUID, _sent: Mapping[str, str]) -> bool:
    return db.session.scalar(
        sa.select(AuthoredText.hidden_at).where(AuthoredText.id == text_id, AuthoredText.learner_id == learner_id)
        .with_for_update(read=True)
    ) is not None


drafts.until("bother", _is_reported)
