"""A file for a safeguarding inquiry: asked for by one who reads the case, made when another confirms, gone after a week."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import aliased

from ..accounts.models import Account
from ..actors import Role
from ..audit.service import note_case_act, record
from ..columns import uuid7
from ..credentials import keys
from ..extensions import db
from ..notices import jobs
from ..notices import service as notices
from ..notices.keeping import Goes, delete, forget_daily
from ..refusals import Refusal, Refused
from ..seal import seal_case, unseal_case
from . import cases, dossier, rules
from .models import Inquiry, Report
from .queries import looks_after, nobody_known


@dataclass(frozen=True)
class FileLine:
    """The last file that was asked for in a case, why and by whom, and who confirmed."""

    inquiry: Inquiry
    asked_by: str
    confirmed_by: str
    stands: bool

    @property
    def reason(self) -> str:
        """Return why it was asked for."""
        return unseal_case(self.inquiry.sealed_reason)

    def is_there(self, now: dt.datetime) -> bool:
        """Say whether the file may be taken now."""
        return self.inquiry.sealed_file is not None and self.inquiry.until > now

    def is_for(self, account_id: uuid.UUID) -> bool:
        """Say whether somebody is one of the two who made it."""
        return account_id in {self.inquiry.asked_by_id, self.inquiry.confirmed_by_id}


def last(report_id: uuid.UUID, now: dt.datetime) -> FileLine | None:
    """Return the last file that was asked for in a case; one to be confirmed stands until it is over, while who asked may
    read the case."""
    asked, confirmed = aliased(Account), aliased(Account)
    row = db.session.execute(
        sa.select(Inquiry, asked.display_name.label("asked"), confirmed.display_name.label("confirmed"))
        .join(asked, asked.id == Inquiry.asked_by_id).outerjoin(confirmed, confirmed.id == Inquiry.confirmed_by_id)
        .where(Inquiry.report_id == report_id).order_by(Inquiry.asked_at.desc(), Inquiry.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    found = row[0]
    stands = found.confirmed_at is None and found.until > now and looks_after(report_id, found.asked_by_id, now)
    return FileLine(found, row.asked or nobody_known(), row.confirmed or nobody_known(), stands)


def ask(report: Report, account_id: uuid.UUID, reason: str, now: dt.datetime) -> Inquiry:
    """Ask that a file of one adult and one learner be made, and tell whoever may confirm; twice is once. Raises Refused."""
    db.session.refresh(report, with_for_update=True)
    found = last(report.id, now)
    if found is not None and found.stands and found.inquiry.asked_by_id == account_id:
        return found.inquiry
    refusal = rules.refusal_to_ask_file(found is not None and found.stands, found is not None and found.is_there(now))
    if refusal is not None:
        raise Refused(refusal)
    db.session.execute(sa.delete(Inquiry).where(Inquiry.report_id == report.id, Inquiry.confirmed_at.is_(None)))
    made = Inquiry(id=uuid7(), report_id=report.id, asked_by_id=account_id, asked_at=now, sealed_reason=seal_case(reason),
                   until=now + rules.FILE_KEPT)
    db.session.add(made)
    report.taken_at = report.taken_at or now
    db.session.flush()
    cases.tell_others(report, now, but=account_id)
    record("safety.ask_file", account_id, now, report.id)
    return made


def confirm(report: Report, who: Role, actor: tuple[uuid.UUID, uuid.UUID], read: str, now: dt.datetime) -> None:
    """Make the file, sign it and seal it, as another person than who asked; said twice it is made once. Raises Refused.

    `actor` is the account and its reference in the journal, `read` the request on the page that was confirmed. Whoever told
    the case themself reads a line of it, once the case is closed.
    """
    me, ref = actor
    db.session.refresh(report, with_for_update=True)
    found = last(report.id, now)
    if found is not None and found.inquiry.confirmed_by_id == me and str(found.inquiry.id) == read:
        return
    asked = found is not None and found.stands and str(found.inquiry.id) == read
    refusal = rules.refusal_to_make_file(asked, found is not None and found.inquiry.asked_by_id == me,
                                         found is not None and cases.of_city({me, found.inquiry.asked_by_id}, now))
    if refusal is not None or found is None or report.about_id is None or report.concerned_id is None:
        raise Refused(refusal or Refusal.NOT_ALLOWED)
    try:
        signer = keys.current()
    except keys.NoKey as missing:
        current_app.logger.warning("a file for an inquiry cannot be signed: %s", missing)
        raise Refused(Refusal.SIGNING_LATER) from None
    names = db.session.execute(sa.select(Account.id, Account.display_name).where(
        Account.id.in_([me, found.inquiry.asked_by_id]))).all()
    document = dossier.of_pair(report, found.reason, [name or "" for _key, name in sorted(names, key=lambda n: n[0] == me)], now)
    content = dossier.signed(document, signer)
    inquiry = found.inquiry
    inquiry.confirmed_by_id, inquiry.confirmed_at, inquiry.until = me, now, now + rules.FILE_KEPT
    inquiry.sealed_file = seal_case(base64.b64encode(content).decode())
    db.session.flush()
    if report.concerned_id == report.reporter_id:
        note_case_act(report.concerned_id, ref, who.role, who.organisation_id, report.id, "export_case", now)
    if report.decided_at is not None:
        notices.withdraw(report.id, cases.NOTICE)
    record("safety.make_file", me, now, report.id)


def take(found: FileLine, account_id: uuid.UUID, now: dt.datetime) -> bytes:
    """Return the bytes of a file that is there, and keep in the journal who took it."""
    record("safety.take_file", account_id, now, found.inquiry.report_id)
    return base64.b64decode(unseal_case(found.inquiry.sealed_file or b""))


def forget(now: dt.datetime) -> int:
    """Blank the bytes of files whose week is over, let go of what nobody confirmed, and return how many there were."""
    closed = sa.select(Report.id).join(Inquiry, Inquiry.report_id == Report.id).where(
        Inquiry.confirmed_at.is_(None), Inquiry.until <= now, Report.decided_at.is_not(None))
    for report_id in db.session.scalars(closed).all():
        notices.withdraw(report_id, cases.NOTICE)
    some = sa.select(Inquiry.id).where(*OVER.which(now)).limit(jobs.AT_A_TIME)
    gone = db.session.execute(sa.update(Inquiry).where(Inquiry.id.in_(some)).values(sealed_file=None).returning(Inquiry.id),
                              execution_options={"synchronize_session": False}).all()
    return max(len(gone), delete((UNCONFIRMED,), now))


OVER = Goes(Inquiry.id, lambda now: (Inquiry.sealed_file.is_not(None), Inquiry.until <= now), "files for an inquiry")
UNCONFIRMED = Goes(Inquiry.id, lambda now: (Inquiry.confirmed_at.is_(None), Inquiry.until <= now))
forget_daily("safety.forget_files", OVER, UNCONFIRMED, do=forget)
