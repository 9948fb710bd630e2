"""Cases: opened and given to somebody, moved on by the clock, closed by two persons, and kept no longer than they may."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts.chosen import number
from ..accounts.models import Account, ContactFreeze, Passport
from ..audit.service import record
from ..clock import CITY_ZONE, day_of
from ..columns import uuid7
from ..extensions import db
from ..feedback import service as feedback
from ..feedback.models import AuthoredText
from ..feedback.queries import is_protected
from ..notices import jobs
from ..notices import service as notices
from ..notices.keeping import Goes, forget_daily
from ..notices.models import Notice
from ..organisations.leaving import REMOVED
from ..organisations.models import Membership, Organisation
from ..organisations.queries import acts_now, is_vetted, known_now
from ..protection.queries import kept_away
from ..refusals import Refusal, Refused
from ..retention import kept
from ..seal import seal_case, unseal_case
from . import rules
from .models import CaseNote, Report
from .queries import leads_of

NOTICE = "text_reported"
MOVED = "safety.moved"


@dataclass(frozen=True)
class Opening:
    """What a case begins with; `words` and `note` are sealed as they stand."""

    kind: str
    object_id: uuid.UUID
    words: dict[str, Any]
    learner_id: uuid.UUID | None = None
    reporter_id: uuid.UUID | None = None
    about_id: uuid.UUID | None = None
    organisation_id: uuid.UUID | None = None
    category: str | None = None
    note: str | None = None
    about_lead: bool = False


def open_case(opening: Opening, now: dt.datetime) -> Report:
    """Open a case, give it to who has it from the start, and tell them."""
    o, route = opening, rules.route_of(opening.kind, opening.category, opening.about_lead)
    made = Report(
        id=uuid7(), reporter_id=o.reporter_id, about_id=o.about_id, concerned_id=o.learner_id,
        organisation_id=o.organisation_id, object_kind=o.kind, object_id=o.object_id, category=o.category, route=route,
        sealed_note=seal_case(o.note) if o.note else None, frozen_words=seal_case(json.dumps(o.words, ensure_ascii=False)),
        made_at=now, due_at=rules.due_at(now, CITY_ZONE, number("reports.closes")), keep_until=rules.keep_until(day_of(now)),
    )
    made.handler_id = _responsible(made, now)
    db.session.add(made)
    db.session.flush()
    _tell(made, now, city=route != rules.HOUSE)
    jobs.enqueue(MOVED, {"report": str(made.id)}, made.due_at, f"{MOVED}:{made.id}")
    return made


def hand_on(report: Report, now: dt.datetime) -> None:
    """Give a case to somebody else, whoever had it having no more to do with its learner."""
    notices.withdraw(report.id, NOTICE)
    report.handler_id = _responsible(report, now)
    db.session.flush()
    _tell(report, now, city=report.route != rules.HOUSE or report.escalated_at is not None or report.proposed_at is not None)


def tell_no_more(account_id: uuid.UUID, cases: sa.Select[uuid.UUID]) -> None:
    """Take back what waits to be told to somebody of these cases, whose page would not open for them."""
    db.session.execute(
        sa.delete(Notice).where(Notice.account_id == account_id, Notice.kind == NOTICE, Notice.read_at.is_(None),
                                Notice.subject_id.in_(cases)),
        execution_options={"synchronize_session": False})


def hand_on_all(account_id: uuid.UUID, now: dt.datetime) -> None:
    """Give each open case that somebody may not have any more to whoever may."""
    for report in db.session.scalars(sa.select(Report).where(
            Report.handler_id == account_id, Report.decided_at.is_(None)).order_by(Report.id).with_for_update()).all():
        if account_id not in _eligible(report, now):
            hand_on(report, now)


def take_over(report: Report, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Give a report that was left alone to the coordination's person who opened it; whoever comes second is refused."""
    left_by = report.handler_id
    db.session.refresh(report, with_for_update=True)
    if report.handler_id not in {left_by, account_id}:
        raise Refused(Refusal.ALREADY_DECIDED)
    report.handler_id, report.taken_at = account_id, now
    db.session.flush()
    record("safety.take_over", account_id, now, report.id)


def propose(report: Report, account_id: uuid.UUID, outcome: str, done_on: dt.date, now: dt.datetime) -> None:
    """Propose how a case ends, and on which day that was done; proposed anew, the last one counts. Raises Refused."""
    db.session.refresh(report, with_for_update=True)
    refusal = rules.refusal_to_propose(report.about_id == account_id, report.decided_at is not None, done_on,
                                       day_of(report.made_at), day_of(now))
    if refusal is not None:
        raise Refused(refusal, "done_on" if refusal is Refusal.DATES_ODD else None)
    if (report.proposed_by_id, report.proposed_outcome, report.done_on) == (account_id, outcome, done_on):
        return
    report.taken_at = report.taken_at or now
    report.proposed_by_id, report.proposed_at = account_id, now
    report.proposed_outcome, report.done_on = outcome, done_on
    db.session.flush()
    notices.settle(account_id, report.id, now, NOTICE)
    _tell(report, now, city=True, but=account_id)
    record("safety.propose", account_id, now, report.id)


def close_case(report: Report, account_id: uuid.UUID, now: dt.datetime, read: str | None = None) -> None:
    """Confirm how a case ends, as another person than who proposed it; said twice it is said once. Raises Refused.

    `read` is the proposal on the page that was confirmed, where there was one: another one since then is read first. A
    proposal of somebody who has no more to do with the case does not count.
    """
    db.session.refresh(report, with_for_update=True)
    if report.decided_at is not None and report.confirmed_by_id == account_id:
        return
    if report.decided_at is not None:
        raise Refused(Refusal.ALREADY_DECIDED)
    pair = {account_id, report.proposed_by_id}
    refusal = rules.refusal_to_close(
        report.about_id == account_id, report.proposed_at is not None and report.proposed_by_id not in _never(report),
        report.proposed_by_id == account_id, rules.needs_city(report.route, report.due_at, now),
        of_city(pair, now), read not in {None, report.proposal})
    if refusal is not None:
        raise Refused(refusal)
    report.confirmed_by_id = account_id
    report.decided_at, report.outcome = now, report.proposed_outcome
    report.keep_until = rules.keep_until(day_of(now), report.outcome, number("cases.kept"))
    db.session.flush()
    if report.outcome == "nothing_more":
        _release([report.object_id])
    notices.settle(account_id, report.id, now, NOTICE)
    notices.withdraw(report.id, NOTICE)
    record("safety.close", account_id, now, report.id)


def note(report: Report, account_id: uuid.UUID, words: str, now: dt.datetime) -> CaseNote:
    """Add a sealed note to a case; the same words sent again are one note."""
    db.session.refresh(report, with_for_update=True)
    last = db.session.scalars(sa.select(CaseNote).where(CaseNote.report_id == report.id)
                              .order_by(CaseNote.written_at.desc(), CaseNote.id.desc()).limit(1)).one_or_none()
    if last is not None and last.author_id == account_id and unseal_case(last.sealed) == words:
        return last
    made = CaseNote(id=uuid7(), report_id=report.id, author_id=account_id, sealed=seal_case(words), written_at=now)
    db.session.add(made)
    report.taken_at = report.taken_at or now
    db.session.flush()
    record("safety.note", account_id, now, report.id)
    return made


def tell_more(report: Report, account_id: uuid.UUID | None, category: str, words: str, now: dt.datetime) -> None:
    """Add further words of who told a case to its journal; the same words again are one. Nobody is told anew, unless what
    they say takes the case to the city, which then has it from now on."""
    db.session.refresh(report, with_for_update=True)
    theirs = CaseNote.author_id == account_id if account_id is not None else CaseNote.author_id.is_(None)
    before = db.session.scalars(sa.select(CaseNote.sealed).where(CaseNote.report_id == report.id, theirs))
    if any(unseal_case(sealed) == words for sealed in before):
        return
    db.session.add(CaseNote(id=uuid7(), report_id=report.id, author_id=account_id, sealed=seal_case(words), written_at=now))
    to_city = report.route == rules.HOUSE and rules.goes_to_city(category)
    if to_city:
        report.route = rules.BOTH
    db.session.flush()
    if to_city:
        _tell(report, now, city=True, but=report.handler_id)
    record("safety.tell_more", account_id, now, report.id)


def freeze(adult_id: uuid.UUID, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Keep an adult from every protected learner, until it is taken back; twice is once. Raises Refused."""
    if adult_id == account_id:
        raise Refused(Refusal.NOT_ONESELF)
    db.session.execute(sa.select(Account.id).where(Account.id == adult_id).with_for_update())
    if db.session.scalar(sa.select(_frozen(adult_id))):
        return
    db.session.add(ContactFreeze(id=uuid7(), adult_id=adult_id, decided_by_id=account_id, started_at=now))
    db.session.flush()
    for membership_id in db.session.scalars(sa.select(Membership.id).where(Membership.account_id == adult_id)).all():
        feedback.close_role(membership_id, adult_id, now)  # what the night holds does not arrive
    hand_on_all(adult_id, now)
    record("safety.freeze", account_id, now, adult_id)


def unfreeze(adult_id: uuid.UUID, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back that an adult is kept from every protected learner; twice is once."""
    lifted = db.session.execute(
        sa.update(ContactFreeze).where(ContactFreeze.adult_id == adult_id, ContactFreeze.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by_id=account_id).returning(ContactFreeze.id)).first()
    if lifted is not None:
        record("safety.unfreeze", account_id, now, adult_id)


def _frozen(adult_id: uuid.UUID) -> Any:
    return sa.exists().where(ContactFreeze.adult_id == adult_id, ContactFreeze.lifted_at.is_(None))


# ---------- who has it ----------


def _active_ids(
    role: str, organisation_id: uuid.UUID | None, now: dt.datetime, *more: sa.ColumnElement[bool]
) -> list[uuid.UUID]:
    """Return who holds this role now, in this organisation or anywhere, in the order in which they are asked."""
    which = [Membership.organisation_id == organisation_id] if organisation_id is not None else []
    return list(db.session.scalars(
        sa.select(Membership.account_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(*which, *more, Membership.role == role, acts_now(now), known_now(now))
        .order_by(Membership.lead.desc(), Membership.joined_at, Membership.id)))


def lead_of(organisation_id: uuid.UUID, asking: uuid.UUID, now: dt.datetime) -> uuid.UUID | None:
    """Return the responsible person of an organisation, other than who asks; nobody where they are several."""
    others = {who for who in _active_ids("manager", organisation_id, now) if who != asking}
    return others.pop() if len(others) == 1 else None


def coordination(now: dt.datetime) -> set[uuid.UUID]:
    """Return who is of the coordination now; one statement."""
    return set(_active_ids("coordinator", None, now))


def of_city(people: set[uuid.UUID | None], now: dt.datetime) -> bool:
    """Say whether one of these people is of the coordination now."""
    return bool(people & coordination(now))


def _never(report: Report) -> set[uuid.UUID | None]:
    """Who never has a case: whom it is or may be about, who told it, whose safety it is, and whom that learner set aside."""
    aside = frozenset(kept_away([report.concerned_id])[report.concerned_id]) if report.concerned_id is not None else frozenset()
    leads: set[uuid.UUID] = set()
    if report.organisation_id is not None and rules.is_about_leads(report.object_kind, report.route, report.about_id):
        leads = leads_of(report.organisation_id)
    return {report.about_id, report.reporter_id, report.concerned_id, *aside, *leads}


def _responsible(report: Report, now: dt.datetime) -> uuid.UUID | None:
    """Return who looks after a case: the responsible person of the organisation, else somebody of the coordination."""
    return next(iter(_eligible(report, now)), None)


def _eligible(report: Report, now: dt.datetime) -> list[uuid.UUID]:
    """Return who may look after a case, in the order in which they are asked: those who answer for the organisation, with a
    check in force for a protected learner, then the coordination. Whom a learner kept away is erased with them: the house
    has nobody new then."""
    never, house = _never(report), []
    if report.organisation_id is not None and report.route != rules.CITY:
        erased = report.concerned_id is None
        protected = erased or db.session.scalar(sa.select(sa.exists().where(
            Passport.learner_id == report.concerned_id, is_protected(day_of(now)))))
        checked = [is_vetted(Membership, day_of(now))] if protected else []
        house = [who for who in _active_ids("manager", report.organisation_id, now, *checked)
                 if not erased or who == report.handler_id]
    asked = [*house, *_active_ids("coordinator", None, now)]
    return [who for who in asked if who not in never]


def _tell(report: Report, now: dt.datetime, city: bool, but: uuid.UUID | None = None) -> None:
    """Leave word with who looks after a case and, when it is theirs too, with the whole coordination."""
    told = {report.handler_id, *(_active_ids("coordinator", None, now) if city else ())} - _never(report) - {None, but}
    for who in sorted(told, key=str):
        assert who is not None
        notices.tell(who, NOTICE, report.id, now)


def tell_others(report: Report, now: dt.datetime, but: uuid.UUID) -> None:
    """Leave word with whoever else has a case and with the coordination: something waits there for a second person."""
    _tell(report, now, city=True, but=but)


def _tell_moved(payload: dict[str, Any], now: dt.datetime) -> int:
    """Tell the coordination that a case is theirs too; that it is, the clock alone decides (`queries`)."""
    report = db.session.get(Report, uuid.UUID(str(payload["report"])))
    if report is None or report.escalated_at is not None or not rules.has_moved(report.due_at, report.decided_at, now):
        return 0
    report.escalated_at = now
    db.session.flush()
    if report.route == rules.HOUSE:
        _tell(report, now, city=True, but=report.handler_id)
    return 1


# ---------- how long ----------


def _release(text_ids: list[uuid.UUID]) -> None:
    """Let the author of words that were reported do with them as with others again."""
    open_still = sa.exists().where(Report.object_kind == "text", Report.object_id == AuthoredText.id,
                                   Report.decided_at.is_(None))
    db.session.execute(sa.update(AuthoredText).where(AuthoredText.id.in_(text_ids), ~open_still).values(frozen_at=None),
                       execution_options={"synchronize_session": False})


OVER = Goes(Report.id, lambda now: (Report.decided_at.is_not(None), Report.keep_until < day_of(now)))


def forget(now: dt.datetime) -> int:
    """Delete the closed cases whose time is over, notes and all, and return how many there were."""
    found = db.session.execute(
        sa.select(Report.id, Report.object_id, Report.keep_until, Report.decided_at)
        .where(*OVER.which(now)).limit(jobs.AT_A_TIME)).all()
    some = [row for row in found if rules.is_over(row.keep_until, row.decided_at, day_of(now))]
    _release([row.object_id for row in some])
    db.session.execute(sa.delete(Report).where(Report.id.in_([row.id for row in some])),
                       execution_options={"synchronize_session": False})
    return len(some)


REMOVED.append(lambda _membership_id, account_id, now: hand_on_all(account_id, now))
jobs.later(MOVED, _tell_moved)
forget_daily("safety.forget", OVER, do=forget)
forget_daily("safety.forget_freezes", Goes(ContactFreeze.id, lambda now: (ContactFreeze.lifted_at <= now - kept("freeze"),)))
