"""« Ça me dérange »: hiding at once, keeping what was written, and giving it to a responsible person."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..accounts import drafts
from ..accounts.chosen import number
from ..accounts.models import ContactBar
from ..accounts.queries import barred_from
from ..audit.service import record
from ..clock import CITY_ZONE, day_of
from ..columns import uuid7
from ..credentials import service as credentials
from ..experiences import service as experiences
from ..extensions import db
from ..feedback import service as feedback
from ..feedback.models import AuthoredText, AuthoredVersion, Feedback
from ..notices import service as notices
from ..organisations.models import Membership, Organisation
from ..recognition import service as recognition
from ..recognition.models import RecognitionRequest
from ..refusals import Refusal, Refused
from ..seal import seal
from ..witnesses.models import Testimony
from . import rules
from .models import Report


def report(text: AuthoredText, note: str | None, now: dt.datetime) -> Report:
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
    organisation_id, handler_id = _responsible(text, now)
    made = Report(
        id=uuid7(), reporter_id=text.learner_id, about_id=text.author_id, organisation_id=organisation_id,
        handler_id=handler_id, object_kind="text", object_id=text.id, note=note, frozen_words=seal(_words(text)),
        made_at=now, due_at=rules.due_at(now, CITY_ZONE, number("reports.closes")), keep_until=rules.keep_until(day_of(now)),
    )
    db.session.add(made)
    db.session.flush()
    if text.author_id is not None:
        _freeze(text.learner_id, text.author_id, now)
    notices.settle_all(text.learner_id, sa.select(Feedback.id).where(Feedback.text_id == text.id), now,
                       "feedback_given")
    notices.settle_all(text.learner_id, sa.select(Testimony.id).where(Testimony.text_id == text.id), now,
                       "testimony_given")
    if handler_id is not None:
        notices.tell(handler_id, "text_reported", made.id, now)
    record("safety.report", text.learner_id, now, made.id)
    return made


def resume(text: AuthoredText, now: dt.datetime) -> None:
    """Show a hidden text to its learner again and lift the freeze: theirs to decide; the report stays."""
    db.session.refresh(text, with_for_update=True)
    text.hidden_at = None
    db.session.flush()
    still = sa.exists().where(AuthoredText.learner_id == text.learner_id, AuthoredText.author_id == text.author_id,
                              AuthoredText.hidden_at.is_not(None), AuthoredText.frozen_at.is_not(None))
    if text.author_id is not None and not db.session.scalar(sa.select(still)):
        db.session.execute(
            sa.update(ContactBar).where(ContactBar.learner_id == text.learner_id,
                                        ContactBar.adult_id == text.author_id, ContactBar.cause == "freeze",
                                        ContactBar.lifted_at.is_(None)).values(lifted_at=now))
    db.session.flush()
    record("safety.resume", text.learner_id, now, text.id)


def take_over(report: Report, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Give a report that was left alone to the coordination's person who opened it; whoever comes second is refused."""
    left_by = report.handler_id
    db.session.refresh(report, with_for_update=True)
    if report.handler_id not in {left_by, account_id}:
        raise Refused(Refusal.ALREADY_DECIDED)
    report.handler_id, report.taken_at = account_id, now
    db.session.flush()
    record("safety.take_over", account_id, now, report.id)


def close_case(report: Report, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Keep that whoever looks after a report read it and acted; said twice it is said once. Raises Refused."""
    refusal = rules.refusal_to_close(report.handler_id == account_id, report.about_id == account_id)
    if refusal is not None:
        raise Refused(refusal)
    closed = db.session.execute(
        sa.update(Report).where(Report.id == report.id, Report.decided_at.is_(None))
        .values(taken_at=sa.func.coalesce(Report.taken_at, now), decided_at=now, outcome="acted")
        .returning(Report.id)
    ).first()
    if closed is None:
        return
    notices.settle(account_id, report.id, now, "text_reported")
    record("safety.close", account_id, now, report.id)


def _words(text: AuthoredText) -> str:
    version = db.session.scalars(
        sa.select(AuthoredVersion).where(AuthoredVersion.text_id == text.id)
        .order_by(AuthoredVersion.number.desc()).limit(1)
    ).one()
    return json.dumps({"kind": text.kind, "written_at": text.written_at.isoformat(), "words": version.words,
                       "question": version.question, "next_step": version.next_step}, ensure_ascii=False)


def _freeze(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> None:
    there = db.session.scalar(sa.select(sa.exists().where(
        ContactBar.learner_id == learner_id, ContactBar.adult_id == adult_id, ContactBar.cause == "freeze",
        ContactBar.lifted_at.is_(None))))
    if not there:
        db.session.add(ContactBar(id=uuid7(), learner_id=learner_id, adult_id=adult_id, cause="freeze",
                                  started_at=now))
    for request in db.session.scalars(sa.select(RecognitionRequest).where(
            RecognitionRequest.learner_id == learner_id, RecognitionRequest.facilitator_id == adult_id,
            RecognitionRequest.closed_at.is_(None)).with_for_update()):
        recognition.cancel(request, now)
    feedback.close_between(learner_id, adult_id, now)
    _hand_on(learner_id, adult_id, now)


def _hand_on(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> None:
    """Give what an adult looks after for a learner to somebody else, when the two have no more to do with each other."""
    waiting = db.session.scalars(
        sa.select(Report).where(Report.reporter_id == learner_id, Report.handler_id == adult_id,
                                Report.object_kind == "text", Report.decided_at.is_(None)).with_for_update())
    for report in waiting:
        notices.withdraw(report.id, "text_reported")
        _organisation_id, report.handler_id = _responsible(db.session.get_one(AuthoredText, report.object_id), now)
        if report.handler_id is not None:
            notices.tell(report.handler_id, "text_reported", report.id, now)
    db.session.flush()


def _responsible(text: AuthoredText, now: dt.datetime) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Return the organisation concerned, and who looks after it: its manager, never the author or the learner; else
    the coordination of the city."""
    organisation_id = db.session.scalar(
        sa.select(Membership.organisation_id).where(Membership.id == text.membership_id))
    not_them = [m for m in (text.author_id, text.learner_id, *barred_from(text.learner_id)) if m is not None]
    active = (
        sa.select(Membership.account_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.account_id.not_in(not_them), Membership.joined_at <= now,
               sa.or_(Membership.suspended_at.is_(None), Membership.suspended_at > now),
               sa.or_(Membership.ended_at.is_(None), Membership.ended_at > now),
               Organisation.accredited_at <= now,
               sa.or_(Organisation.suspended_at.is_(None), Organisation.suspended_at > now),
               sa.or_(Organisation.closed_at.is_(None), Organisation.closed_at > now))
        .order_by(Membership.lead.desc(), Membership.joined_at, Membership.id).limit(1)
    )
    handler_id = None
    if organisation_id is not None:
        handler_id = db.session.scalar(
            active.where(Membership.organisation_id == organisation_id, Membership.role == "manager"))
    if handler_id is None:
        handler_id = db.session.scalar(active.where(Membership.role == "coordinator"))
    return organisation_id, handler_id


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
