"""What is shown of reports: to who made one, and to who looks after it. No other room joins these tables."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import aliased

from ..accounts.models import Account, ContactBar
from ..accounts.queries import barred_from
from ..extensions import db
from ..feedback.models import AuthoredText, Feedback
from ..feedback.queries import EXCHANGES, ExchangeLine, day_words, not_barred
from ..organisations.models import Membership, Organisation
from ..policy import Case
from ..seal import unseal
from .models import Report

PER_PAGE = 20


@dataclass(frozen=True)
class Bothering:
    """One text by an adult, on the side of its learner."""

    learner_id: uuid.UUID
    text: AuthoredText
    who: str
    organisation_id: uuid.UUID | None
    organisation_name: str
    feedback_id: uuid.UUID | None
    report_id: uuid.UUID | None
    frozen: bool


def text(key: uuid.UUID, now: dt.datetime) -> Bothering | None:
    """Return one text that has arrived, with what the learner already said about it; one statement."""
    frozen = sa.exists().where(ContactBar.learner_id == AuthoredText.learner_id,
                               ContactBar.adult_id == AuthoredText.author_id, ContactBar.cause == "freeze",
                               ContactBar.lifted_at.is_(None))
    report = (sa.select(Report.id)
              .where(Report.object_kind == "text", Report.object_id == AuthoredText.id,
                     Report.reporter_id == AuthoredText.learner_id)
              .order_by(Report.made_at.desc(), Report.id.desc()).limit(1).scalar_subquery())
    row = db.session.execute(
        sa.select(AuthoredText, Account.display_name, Organisation.id, Organisation.name,
                  Feedback.id.label("feedback_id"), report.label("report_id"), frozen.label("frozen"))
        .outerjoin(Account, Account.id == AuthoredText.author_id)
        .outerjoin(Membership, Membership.id == AuthoredText.membership_id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Feedback, Feedback.text_id == AuthoredText.id)
        .where(AuthoredText.id == key, AuthoredText.deliver_after <= now)
    ).one_or_none()
    if row is None:
        return None
    return Bothering(row[0].learner_id, row[0], row[1] or "", row[2], row[3] or "", row.feedback_id, row.report_id,
                     bool(row.frozen))


def nobody_known() -> str:
    """Return what stands for the author of a text who has no account, and for their organisation."""
    return str(_("Quelqu’un sans compte"))


@dataclass(frozen=True)
class CaseLine:
    """One report, for who looks after it."""

    report_id: uuid.UUID
    organisation_name: str
    made_at: dt.datetime
    due_at: dt.datetime
    decided_at: dt.datetime | None


def _holds(account_id: Any, now: dt.datetime, *roles: str) -> Any:
    """Return that an account may read the report in one of these roles, as a condition.

    The role counts now, in an organisation that counts now: the report's own, or the city for a coordinator; and no
    block or freeze of whoever reported stands against it.
    """
    member, house = aliased(Membership), aliased(Organisation)
    return sa.and_(
        sa.exists().where(
            house.id == member.organisation_id, member.account_id == account_id, member.role.in_(roles),
            member.joined_at <= now, _not_over(member.ended_at, now), _not_over(member.suspended_at, now),
            house.accredited_at <= now, _not_over(house.suspended_at, now), _not_over(house.closed_at, now),
            sa.or_(member.role == "coordinator", member.organisation_id == Report.organisation_id),
        ),
        not_barred(Report.reporter_id, account_id),
    )


def _not_over(column: Any, now: dt.datetime) -> Any:
    return sa.or_(column.is_(None), column > now)


def _left_alone(now: dt.datetime) -> Any:
    """Return that a report waits and has nobody who may read it, as a condition."""
    return sa.and_(Report.decided_at.is_(None), sa.or_(
        Report.handler_id.is_(None), sa.not_(_holds(Report.handler_id, now, "manager", "coordinator"))))


def without_reader(now: dt.datetime) -> int:
    """Return how many reports wait that nobody may read: each coordinator is barred, concerned, or gone."""
    someone = aliased(Membership)
    may_read = sa.exists().where(
        someone.role == "coordinator",
        sa.or_(Report.about_id.is_(None), Report.about_id != someone.account_id),
        sa.or_(Report.reporter_id.is_(None), Report.reporter_id != someone.account_id),
        _holds(someone.account_id, now, "coordinator"))
    return db.session.scalar(sa.select(sa.func.count(Report.id)).where(_left_alone(now), ~may_read)) or 0


def _looked_after(account_id: uuid.UUID, now: dt.datetime) -> Any:
    """Return which reports somebody looks after: given to them and still theirs, or left alone, for the coordination."""
    return sa.and_(
        sa.or_(Report.about_id.is_(None), Report.about_id != account_id),
        sa.or_(Report.reporter_id.is_(None), Report.reporter_id != account_id),
        sa.or_(sa.and_(Report.handler_id == account_id, _holds(account_id, now, "manager", "coordinator")),
               sa.and_(_left_alone(now), _holds(account_id, now, "coordinator"))),
    )


def cases(handler_id: uuid.UUID, now: dt.datetime) -> list[CaseLine]:
    """Return what somebody looks after, what still waits first, a page at most."""
    rows = db.session.execute(
        sa.select(Report.id, Organisation.name, Report.made_at, Report.due_at, Report.decided_at)
        .outerjoin(Organisation, Organisation.id == Report.organisation_id)
        .where(_looked_after(handler_id, now))
        .order_by(Report.decided_at.is_not(None), Report.made_at, Report.id).limit(PER_PAGE)
    )
    return [CaseLine(r.id, r.name or nobody_known(), r.made_at, r.due_at, r.decided_at) for r in rows]


@dataclass(frozen=True)
class OpenCase(Case):
    """A report as who looks after it reads it."""

    report: Report | None = None
    reporter: str = ""
    about: str = ""
    organisation_name: str = ""


def case(key: uuid.UUID, now: dt.datetime) -> OpenCase | None:
    """Return one report, with the names it needs."""
    reporter, about = aliased(Account), aliased(Account)
    row = db.session.execute(
        sa.select(Report, reporter.display_name, about.display_name, Organisation.name,
                  _left_alone(now).label("left_alone"))
        .outerjoin(reporter, reporter.id == Report.reporter_id)
        .outerjoin(about, about.id == Report.about_id)
        .outerjoin(Organisation, Organisation.id == Report.organisation_id)
        .where(Report.id == key)
    ).one_or_none()
    if row is None:
        return None
    report, reporter_name, about_name, organisation_name, left_alone = row
    return OpenCase(report.handler_id, report.about_id, report, reporter_name or "", about_name or nobody_known(),
                    organisation_name or nobody_known(), organisation_id=report.organisation_id,
                    left_alone=bool(left_alone), reporter_id=report.reporter_id,
                    barred_ids=barred_from(report.reporter_id) if report.reporter_id else frozenset())


def words_of(report: Report) -> dict[str, Any]:
    """Return the words as they stood when they were reported."""
    opened: dict[str, Any] = json.loads(unseal(report.frozen_words))
    return opened


def waiting(handler_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the reports that wait for this person, as lines of « Échanges »."""
    rows = db.session.execute(
        sa.select(Report.id, Report.made_at, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Report.organisation_id)
        .where(_looked_after(handler_id, now), Report.decided_at.is_(None))
        .order_by(Report.made_at, Report.id).limit(PER_PAGE)
    )
    return [
        ExchangeLine(r.made_at, "alert", _("Un texte dérange quelqu’un"),
                     _("%(organisation)s, le %(day)s", organisation=r.name or nobody_known(), day=day_words(r.made_at)),
                     url_for("safety.case", key=r.id), to_do=True, action=_("Ouvrir"))
        for r in rows
    ]


EXCHANGES.append(waiting)
