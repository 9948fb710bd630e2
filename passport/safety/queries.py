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

from ..accounts.models import Account, ContactBar, ContactFreeze, Passport
from ..audit.models import ReadingLine
from ..audit.service import HIDDEN
from ..clock import day_of
from ..extensions import db
from ..feedback.models import AuthoredText, Feedback, FeedbackRequest
from ..feedback.queries import EXCHANGES, ExchangeLine, day_words, is_protected, not_barred
from ..organisations.models import Membership, Organisation
from ..organisations.queries import is_vetted
from ..policy import Case
from ..protection.queries import is_set_aside, kept_away
from ..seal import unseal_case
from . import rules, words
from .models import CaseNote, Inquiry, Report

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
    kind: str
    organisation_name: str
    made_at: dt.datetime
    due_at: dt.datetime
    proposed_at: dt.datetime | None
    decided_at: dt.datetime | None


def _holds(account_id: Any, now: dt.datetime, *roles: str) -> Any:
    """Return that an account may read the report in one of these roles, as a condition.

    The role counts now, in an organisation that counts now: the report's own, or the city for a coordinator; and no
    block or freeze of whoever reported stands against it. For a protected learner, a manager has a check in force.
    """
    member, house = aliased(Membership), aliased(Organisation)
    return sa.and_(
        sa.exists().where(
            house.id == member.organisation_id, member.account_id == account_id, member.role.in_(roles),
            member.joined_at <= now, _not_over(member.ended_at, now), _not_over(member.suspended_at, now),
            member.identity_confirmed_at <= now,
            house.accredited_at <= now, _not_over(house.suspended_at, now), _not_over(house.closed_at, now),
            sa.or_(member.role == "coordinator",
                   sa.and_(member.organisation_id == Report.organisation_id,
                           sa.or_(~is_of_protected(now), is_vetted(member, day_of(now))))),
        ),
        not_barred(Report.concerned_id, account_id), ~is_set_aside(Report.concerned_id, account_id),
        ~_may_be_about(account_id),
    )


def leads_of(organisation_id: uuid.UUID) -> set[uuid.UUID]:
    """Return who answers or answered for an organisation."""
    return set(db.session.scalars(sa.select(Membership.account_id).where(
        Membership.organisation_id == organisation_id, Membership.role == "manager")))


def _may_be_about(account_id: Any) -> sa.ColumnElement[bool]:
    """Return `rules.is_about_leads` as a condition, where this account is one of them."""
    lead = aliased(Membership)
    one = sa.select(lead.id).where(lead.account_id == account_id, lead.role == "manager",
                                   lead.organisation_id == Report.organisation_id)
    return sa.and_(Report.object_kind == "concern", Report.route == rules.CITY, Report.about_id.is_(None),
                   one.correlate_except(lead).exists())


def is_of_protected(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return that the report is about the safety of a protected learner, or of one who is erased, as a condition."""
    learner = sa.select(Passport.learner_id).where(Passport.learner_id == Report.concerned_id, is_protected(day_of(now)))
    return sa.or_(Report.concerned_id.is_(None), learner.correlate_except(Passport).exists())


def _not_over(column: Any, now: dt.datetime) -> Any:
    return sa.or_(column.is_(None), column > now)


def _left_alone(now: dt.datetime) -> Any:
    """Return that a report waits and has nobody who may read it, as a condition."""
    return sa.and_(Report.decided_at.is_(None), sa.or_(
        Report.handler_id.is_(None), sa.not_(_holds(Report.handler_id, now, "manager", "coordinator"))))


def _with_city(now: dt.datetime) -> Any:
    """Return that the coordination has a case: from the start, by the clock, or because an end was proposed or a
    file asked for."""
    asked = sa.exists().where(Inquiry.report_id == Report.id)
    return sa.or_(Report.route != rules.HOUSE, Report.proposed_at.is_not(None), asked,
                  sa.and_(Report.decided_at.is_(None), Report.due_at <= now))


def without_reader(now: dt.datetime) -> int:
    """Return how many reports wait that nobody may read: each coordinator is barred, concerned, or gone."""
    someone = aliased(Membership)
    may_read = sa.exists().where(
        someone.role == "coordinator", *_not_concerned(someone.account_id), _holds(someone.account_id, now, "coordinator"))
    return db.session.scalar(sa.select(sa.func.count(Report.id)).where(_left_alone(now), ~may_read)) or 0


def _not_concerned(account_id: Any) -> list[Any]:
    return [sa.or_(column.is_(None), column != account_id)
            for column in (Report.about_id, Report.reporter_id, Report.concerned_id)]


def _looked_after(account_id: uuid.UUID, now: dt.datetime) -> Any:
    """Return `policy.looks_after_it` as a condition on the report."""
    city, house = _holds(account_id, now, "coordinator"), _holds(account_id, now, "manager")
    return sa.and_(
        *_not_concerned(account_id),
        sa.or_(sa.and_(Report.handler_id == account_id, sa.or_(house, city)),
               sa.and_(sa.or_(_left_alone(now), _with_city(now)), city),
               sa.and_(Report.proposed_at.is_not(None), Report.route != rules.CITY, Report.concerned_id.is_not(None), house)),
    )


def looks_after(report_id: uuid.UUID, account_id: uuid.UUID, now: dt.datetime) -> bool:
    """Say whether somebody may read this case now."""
    return db.session.scalar(sa.select(Report.id).where(Report.id == report_id, _looked_after(account_id, now))) is not None


def cases(handler_id: uuid.UUID, now: dt.datetime) -> list[CaseLine]:
    """Return what somebody looks after, what still waits first, a page at most."""
    rows = db.session.execute(
        sa.select(Report.id, Report.object_kind, Organisation.name, Report.made_at, Report.due_at, Report.proposed_at,
                  Report.decided_at)
        .outerjoin(Organisation, Organisation.id == Report.organisation_id)
        .where(_looked_after(handler_id, now))
        .order_by(Report.decided_at.is_not(None), Report.made_at, Report.id).limit(PER_PAGE)
    )
    return [CaseLine(r.id, r.object_kind, r.name or nobody_known(), r.made_at, r.due_at, r.proposed_at, r.decided_at)
            for r in rows]


@dataclass(frozen=True)
class OpenCase(Case):
    """A report as who looks after it reads it."""

    report: Report | None = None
    reporter: str = ""
    learner: str = ""
    about: str = ""
    proposer: str = ""
    organisation_name: str = ""
    moved: bool = False
    frozen: bool = False
    blocked: bool = False

    @property
    def stands(self) -> bool:
        """Say whether an end is proposed, by somebody who still has to do with the case."""
        gone = {self.about_id, self.reporter_id, self.learner_id, *self.barred_ids}
        return self.report is not None and self.proposed and self.report.proposed_by_id not in gone


def case(key: uuid.UUID, now: dt.datetime) -> OpenCase | None:
    """Return one report, with the names it needs, and whether its adult is kept from all learners, or blocked by this one."""
    frozen = sa.exists().where(ContactFreeze.adult_id == Report.about_id, ContactFreeze.lifted_at.is_(None))
    blocked = sa.exists().where(ContactBar.learner_id == Report.concerned_id, ContactBar.adult_id == Report.about_id,
                                ContactBar.cause == "block", ContactBar.lifted_at.is_(None))
    reporter, learner, about, proposer = (aliased(Account) for _n in range(4))
    row = db.session.execute(
        sa.select(Report, reporter.display_name.label("reporter"), learner.display_name.label("learner"),
                  about.display_name.label("about"), proposer.display_name.label("proposer"),
                  Organisation.name.label("organisation"), _left_alone(now).label("left_alone"),
                  _with_city(now).label("with_city"), is_of_protected(now).label("protected"), frozen.label("frozen"), blocked.label("blocked"))
        .outerjoin(reporter, reporter.id == Report.reporter_id)
        .outerjoin(learner, learner.id == Report.concerned_id)
        .outerjoin(about, about.id == Report.about_id)
        .outerjoin(proposer, proposer.id == Report.proposed_by_id)
        .outerjoin(Organisation, Organisation.id == Report.organisation_id)
        .where(Report.id == key)
    ).one_or_none()
    if row is None:
        return None
    report = row[0]
    away = set(kept_away([report.concerned_id])[report.concerned_id]) if report.concerned_id else set()
    if report.organisation_id is not None and rules.is_about_leads(report.object_kind, report.route, report.about_id):
        away |= leads_of(report.organisation_id)
    return OpenCase(
        report.handler_id, report.about_id, report, row.reporter or nobody_known(), row.learner or "",
        row.about or nobody_known(), row.proposer or "", row.organisation or nobody_known(),
        rules.has_moved(report.due_at, report.decided_at, now), bool(row.frozen), bool(row.blocked), organisation_id=report.organisation_id,
        left_alone=bool(row.left_alone), reporter_id=report.reporter_id, learner_id=report.concerned_id,
        learner_protected=bool(row.protected),
        barred_ids=frozenset(away), route=report.route,
        with_city=bool(row.with_city), proposed=report.proposed_at is not None)


@dataclass(frozen=True)
class NoteLine:
    """One note of a case, and who wrote it."""

    who: str
    written_at: dt.datetime
    words: str


def notes(report_id: uuid.UUID) -> list[NoteLine]:
    """Return what was noted in a case, in order."""
    rows = db.session.execute(
        sa.select(CaseNote.sealed, CaseNote.written_at, Account.display_name)
        .outerjoin(Account, Account.id == CaseNote.author_id)
        .where(CaseNote.report_id == report_id).order_by(CaseNote.written_at, CaseNote.id)
    )
    return [NoteLine(r.display_name or nobody_known(), r.written_at, unseal_case(r.sealed)) for r in rows]


def words_of(report: Report) -> dict[str, Any]:
    """Return the words as they stood when they were reported, with what the person who told it wrote."""
    opened: dict[str, Any] = json.loads(unseal_case(report.frozen_words))
    blank = {"words": None, "question": None, "next_step": None}
    return {**blank, **opened, "note": unseal_case(report.sealed_note) if report.sealed_note else None}


# ---------- who a learner met ----------


@dataclass(frozen=True)
class Met:
    """An adult whom a learner met in an exchange, and whether they block them."""

    account_id: uuid.UUID
    name: str
    organisations: str
    blocked: bool


def _met(learner_id: uuid.UUID, now: dt.datetime) -> sa.CompoundSelect[Any]:
    return sa.union(
        sa.select(FeedbackRequest.facilitator_id.label("adult_id"), FeedbackRequest.organisation_id)
        .where(FeedbackRequest.learner_id == learner_id, FeedbackRequest.facilitator_id.is_not(None)),
        sa.select(AuthoredText.author_id, Membership.organisation_id)
        .join(Membership, Membership.id == AuthoredText.membership_id)
        .where(AuthoredText.learner_id == learner_id, AuthoredText.deliver_after <= now))


def has_met(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> bool:
    """Say whether a learner met this adult in an exchange."""
    met = _met(learner_id, now).subquery()
    return bool(db.session.scalar(sa.select(sa.exists().where(met.c.adult_id == adult_id))))


def people_met(learner_id: uuid.UUID, now: dt.datetime) -> list[Met]:
    """Return the adults a learner met in exchanges, by name; one statement."""
    met = _met(learner_id, now).subquery()
    blocked = sa.exists().where(ContactBar.learner_id == learner_id, ContactBar.adult_id == Account.id,
                                ContactBar.cause == "block", ContactBar.lifted_at.is_(None)).label("blocked")
    rows = db.session.execute(
        sa.select(Account.id, Account.display_name, Organisation.name, blocked)
        .join(met, met.c.adult_id == Account.id).join(Organisation, Organisation.id == met.c.organisation_id)
        .order_by(Account.display_name, Account.id, Organisation.name))
    people: dict[uuid.UUID, Met] = {}
    for key, name, organisation, is_blocked in rows:
        before = people.get(key)
        where = f"{before.organisations}, {organisation}" if before else organisation
        people[key] = Met(key, name or nobody_known(), where, is_blocked)
    return list(people.values())


def waiting(handler_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the reports that wait for this person, as lines of « Échanges »."""
    rows = db.session.execute(
        sa.select(Report.id, Report.object_kind, Report.made_at, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Report.organisation_id)
        .where(_looked_after(handler_id, now), Report.decided_at.is_(None))
        .order_by(Report.made_at, Report.id).limit(PER_PAGE)
    )
    return [
        ExchangeLine(r.made_at, "alert", str(words.title(r.object_kind)),
                     _("%(organisation)s, le %(day)s", organisation=r.name or nobody_known(), day=day_words(r.made_at)),
                     url_for("cases.case", key=r.id), to_do=True, action=_("Ouvrir"))
        for r in rows
    ]


EXCHANGES.append(waiting)


def _is_hidden(line: type[ReadingLine], _now: dt.datetime) -> sa.ColumnElement[bool]:
    """Say, as a condition, that a line would tell of a case that is open (promise S11)."""
    closed = sa.exists().where(Report.id == line.case_id, Report.decided_at.is_not(None))
    return sa.and_(line.case_id.is_not(None), ~closed)


HIDDEN.append(_is_hidden)
