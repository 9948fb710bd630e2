"""What an adult worries about, and what a visitor says of a shared page: neither hides anything by itself."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from ..audit.service import record
from ..extensions import db
from ..feedback.models import FeedbackRequest
from ..seal import unseal_case
from ..sharing import reading
from ..sharing.links import Opened
from ..sharing.models import Share
from ..witnesses.models import WitnessInvitation
from . import cases, rules, words
from .models import Report


@dataclass(frozen=True)
class Told:
    """What somebody says who worries."""

    category: str
    note: str | None
    about_lead: bool


def raise_concern(
    learner_id: uuid.UUID, organisation_id: uuid.UUID, request_id: uuid.UUID, account_id: uuid.UUID, told: Told,
    now: dt.datetime,
) -> Report:
    """Give what a facilitator or manager worries about to the responsible person, or to the city alone when it is about
    that person; the learner is told nothing. Further words while that is open are added to it."""
    db.session.execute(sa.select(FeedbackRequest.id).where(FeedbackRequest.id == request_id).with_for_update())
    before = _more(sa.and_(Report.object_id == request_id, Report.reporter_id == account_id), account_id, told, now)
    if before is not None:
        return before
    lead = cases.lead_of(organisation_id, account_id, now) if told.about_lead else None
    made = cases.open_case(
        cases.Opening("concern", request_id, {"kind": "concern"}, learner_id=learner_id, reporter_id=account_id,
                      about_id=lead, organisation_id=organisation_id, category=told.category, note=told.note,
                      about_lead=told.about_lead), now)
    record("safety.concern", account_id, now, made.id)
    return made


def raise_by_witness(invitation: WitnessInvitation, told: Told, now: dt.datetime) -> Report:
    """Give what somebody without account worries about to the city. Further words while that is open are added to it."""
    db.session.refresh(invitation, with_for_update=True)
    before = _more(Report.object_id == invitation.id, None, told, now)
    if before is not None:
        return before
    made = cases.open_case(
        cases.Opening("concern", invitation.id, {"kind": "concern"}, learner_id=invitation.learner_id,
                      category=told.category, note=told.note, about_lead=True), now)
    record("safety.concern", None, now, made.id)
    return made


def report_share(opened: Opened, reason: str, now: dt.datetime) -> Report:
    """Give what a visitor says of a shared page to the city, with the page as it reads now; it stays open.

    The same of one page twice is one case.
    """
    db.session.execute(sa.select(Share.id).where(Share.id == opened.id).with_for_update())
    before = db.session.scalars(sa.select(Report).where(
        Report.object_kind == "share", Report.object_id == opened.id, Report.category == reason,
        Report.decided_at.is_(None)).limit(1)).first()
    if before is not None:
        return before
    page = reading.read(opened, now)
    told = [" ".join(filter(None, (part.title, part.story))) for part in page.parts]
    made = cases.open_case(
        cases.Opening("share", opened.id, {"kind": "share", "words": "\n".join([page.head.intro or "", *told]).strip()},
                      learner_id=opened.learner_id, category=reason), now)
    record("safety.report_share", None, now, made.id)
    return made


def _more(which: sa.ColumnElement[bool], account_id: uuid.UUID | None, told: Told, now: dt.datetime) -> Report | None:
    """Add what is told to the open case in which this person told something of this before, and return it; None without one.

    What is about the responsible person never comes to a case that they may have.
    """
    city = Report.route == rules.CITY
    before = db.session.scalars(sa.select(Report).where(
        which, Report.object_kind == "concern", Report.decided_at.is_(None), city if told.about_lead else ~city)
        .order_by(Report.made_at, Report.id).limit(1)).one_or_none()
    first = unseal_case(before.sealed_note) if before is not None and before.sealed_note else None
    if before is not None and (before.category, first) != (told.category, told.note):
        said = str(words.category("concern", told.category))
        cases.tell_more(before, account_id, told.category, f"{said}\n{told.note}" if told.note else said, now)
    return before
