"""Asking, answering and reading feedback."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts import drafts, protection
from ..accounts import queries as accounts
from ..accounts import rules as age
from ..audit.service import record
from ..clock import CITY_ZONE, day_of
from ..columns import uuid7
from ..experiences import reflection as reflections
from ..experiences import service as experiences
from ..experiences.models import Claim, Evidence, Experience
from ..extensions import db
from ..notices import jobs
from ..notices import service as notices
from ..notices.outbox import send_word
from ..organisations import service as organisations
from ..organisations.models import Membership, Organisation
from ..policy import Role
from ..refusals import Refusal, Refused
from ..submissions import digest_of, hold, kept_before
from . import contacts, queries, rules, waiting, whom
from .models import (
    AccessGrant,
    AuthoredText,
    AuthoredVersion,
    Feedback,
    FeedbackRequest,
    GrantedClaim,
    GrantedEvidence,
)


@dataclass(frozen=True)
class FeedbackDraft:
    """What a facilitator sends."""

    seen: str | None
    question: str | None
    next_step: str | None
    submission: uuid.UUID


def _close(request: FeedbackRequest, outcome: str, now: dt.datetime, **more: Any) -> bool:
    """End a request once; say whether it was this call that ended it."""
    done = db.session.execute(
        sa.update(FeedbackRequest)
        .where(FeedbackRequest.id == request.id, FeedbackRequest.closed_at.is_(None))
        .values(closed_at=max(now, request.asked_at), outcome=outcome, **more)
        .returning(FeedbackRequest.id)
    ).scalar_one_or_none()
    if done is not None:
        drafts.drop(queries.DRAFT, request.id)
    db.session.refresh(request)
    return done is not None


def asking(experience: Experience, organisation: Organisation, role: Role | None, adult_id: uuid.UUID | None,
           now: dt.datetime) -> rules.Asking:
    """Return what decides whether this experience may be sent; without an adult it goes to the organisation's team."""
    row = whom.asking_facts(experience, organisation.id, adult_id, now)
    protected = age.is_protected(row.birth_year, row.birth_month, row.protection_chosen, day_of(now))
    minor = not age.has_turned(row.birth_year, row.birth_month, age.ADULT, day_of(now))
    if adult_id is not None:
        active = role is not None and role.role == "facilitator" and role.is_active(now)
        checked = role is not None and role.is_checked(day_of(now))
    else:
        active = queries.organisation_is_active(organisation, now)
        checked = organisation.minors_state == "allowed"
    return rules.Asking(
        person=adult_id is not None, active=active, checked=checked, joined=row.joined, minor=minor,
        protected=protected, oneself=adult_id == experience.learner_id, barred=row.barred, waiting=row.waiting,
        for_me_only=experience.for_me_only, deleted_at=experience.deleted_at,
    )


def ask(
    experience: Experience, membership: Membership | None, organisation: Organisation,
    competency_ids: Iterable[int], message: str | None, submission: uuid.UUID, now: dt.datetime,
    evidence_ids: Collection[uuid.UUID] = (), reflection: bool = False,
) -> FeedbackRequest:
    """Send a request to one facilitator, or to an organisation's team when `membership` is None.

    It opens the experience as it stands now, with the chosen « je » sentences, photos, documents and links and, with
    `reflection`, what the learner keeps of it; nothing else. Raises Refused.
    """
    learner_id, chosen = experience.learner_id, sorted(set(competency_ids))
    contacts.stop(accounts.is_protected(learner_id, now), {"message": message})
    digest = digest_of({"experience": experience.id, "to": membership.id if membership else organisation.id,
                        "claims": chosen, "message": message, "evidence": sorted(set(evidence_ids)),
                        **({"reflection": True} if reflection else {})})
    before = kept_before(FeedbackRequest, FeedbackRequest.learner_id, learner_id, submission, digest)
    if before is not None:
        return before  # type: ignore[no-any-return]
    db.session.refresh(experience, with_for_update=True)
    _lapse(now, FeedbackRequest.experience_id == experience.id)
    role = queries.role_of(membership.id) if membership is not None else None
    adult_id = membership.account_id if membership is not None else None
    refusal = rules.refusal_to_ask(asking(experience, organisation, role, adult_id, now))
    if refusal is not None:
        raise Refused(refusal)
    revision = experiences.keep_revision(experience, now, reflections.answers(experience.id) if reflection else None)
    grant = open_grant(experience, revision.id, organisation.id, membership.id if membership else None,
                       "feedback", chosen, now, evidence_ids)
    request = FeedbackRequest(
        id=uuid7(), learner_id=learner_id, experience_id=experience.id, grant_id=grant.id,
        organisation_id=organisation.id, membership_id=membership.id if membership else None,
        facilitator_id=membership.account_id if membership else None, submission=submission,
        submission_digest=digest, message=message, asked_at=now,
    )
    db.session.add(request)
    db.session.flush()
    notices.settle_all(
        learner_id,
        sa.select(FeedbackRequest.id).where(FeedbackRequest.experience_id == experience.id), now, "request_closed",
    )
    if adult_id is not None:
        send_word([adult_id], "feedback_asked", request.id, now)
    else:
        protected = accounts.is_protected(learner_id, now)
        kind, thing = ("at_the_desk", organisation.id) if protected else ("feedback_asked", request.id)
        send_word(waiting.team_accounts(organisation.id, learner_id, protected, now), kind, thing, now)
    drafts.drop("ask", experience.id)
    record("feedback.ask", learner_id, now, request.id)
    return request


def cancel(request: FeedbackRequest, now: dt.datetime) -> None:
    """Take a request back: what it opened closes at once. Doing it twice is doing it once."""
    if request.outcome == "cancelled":
        return
    if not _close(request, "cancelled", now):
        raise Refused(rules.refusal_to_close(request.outcome) or Refusal.REQUEST_CLOSED)
    close_grant(request.grant_id, now)
    record("feedback.cancel", request.learner_id, now, request.id)


def decline(request: FeedbackRequest, membership_id: uuid.UUID, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Say « Je ne l’ai pas vu »: the request ends, and the learner is told kindly."""
    if request.outcome == "cannot" and request.facilitator_id == account_id:
        return
    if not _close(request, "cannot", now, membership_id=membership_id, facilitator_id=account_id):
        raise Refused(rules.refusal_to_close(request.outcome) or Refusal.REQUEST_CLOSED)
    close_grant(request.grant_id, now)
    protected = accounts.is_protected(request.learner_id, now)
    notices.tell(request.learner_id, "request_closed", request.id, now, about_id=account_id,
                 visible_at=rules.arrives_at(now, protected, CITY_ZONE))
    record("feedback.decline", account_id, now, request.id)


def assign(request: FeedbackRequest, membership: Membership, now: dt.datetime) -> None:
    """Give a request that waits at an organisation's desk to one facilitator of it. Raises Refused."""
    db.session.refresh(request, with_for_update=True)
    if request.membership_id == membership.id and request.closed_at is None:
        return
    role = queries.role_of(membership.id)
    here = role is not None and role.organisation_id == request.organisation_id and role.role == "facilitator"
    waiting = db.session.execute(sa.select(sa.exists().where(
        FeedbackRequest.experience_id == request.experience_id, FeedbackRequest.closed_at.is_(None),
        FeedbackRequest.facilitator_id == membership.account_id))).scalar_one()
    refusal = Refusal.ALREADY_ASKED if waiting else rules.refusal_to_assign(
        closed=request.closed_at is not None, assigned=request.membership_id is not None,
        active=here and role is not None and role.is_active(now),
        checked=role is not None and role.is_checked(day_of(now)),
        protected=accounts.is_protected(request.learner_id, now),
        barred=membership.account_id in accounts.barred_from(request.learner_id),
        oneself=membership.account_id == request.learner_id,
    )
    if refusal is not None:
        raise Refused(refusal, "membership")
    request.membership_id, request.facilitator_id, request.assigned_at = membership.id, membership.account_id, now
    db.session.execute(
        sa.update(AccessGrant).where(AccessGrant.id == request.grant_id).values(membership_id=membership.id)
    )
    db.session.flush()
    send_word([membership.account_id], "feedback_asked", request.id, now)
    record("feedback.assign", membership.account_id, now, request.id)


def give_feedback(
    request: FeedbackRequest, role: Role, actor_id: uuid.UUID, draft: FeedbackDraft, now: dt.datetime
) -> Feedback:
    """Send the answer to a request: it arrives at once, or at 7 when a protected learner's night holds it.

    From then on only this facilitator still reads what was opened, for 30 days. Raises Refused.
    """
    digest = digest_of({"request": request.id, "seen": draft.seen, "question": draft.question,
                        "next_step": draft.next_step})
    before = kept_before(Feedback, Feedback.facilitator_id, actor_id, draft.submission, digest)
    if before is not None:
        return before  # type: ignore[no-any-return]
    db.session.refresh(request, with_for_update=True)
    protected = accounts.is_protected(request.learner_id, now)
    arrival = rules.arrives_at(now, protected, CITY_ZONE)
    refusal = rules.refusal_to_give(
        closed=request.closed_at is not None, words=draft.seen, active=role.is_active(arrival),
        checked=role.is_checked(day_of(arrival)), protected=protected,
    )
    if refusal is not None:
        raise Refused(refusal, "seen" if refusal is Refusal.SENTENCE_MISSING else None)
    contacts.stop_adult(protected, {"seen": draft.seen, "own_question": draft.question, "next_step": draft.next_step},
                        request.learner_id, role.membership_id, now)
    text = write_text("feedback", request.learner_id, request.experience_id, actor_id, role.membership_id, protected,
                      draft.seen or "", draft.question, draft.next_step, now)
    feedback = Feedback(
        id=uuid7(), learner_id=request.learner_id, experience_id=request.experience_id, request_id=request.id,
        membership_id=role.membership_id, facilitator_id=actor_id, text_id=text.id, submission=draft.submission,
        submission_digest=digest, visible_at=text.deliver_after,
    )
    db.session.add(feedback)
    db.session.flush()
    _close(request, "answered", now, membership_id=role.membership_id, facilitator_id=actor_id)
    db.session.execute(
        sa.update(AccessGrant).where(AccessGrant.id == request.grant_id)
        .values(membership_id=role.membership_id, closes_at=now + rules.OPEN_AFTER_ANSWER)
    )
    notices.tell(request.learner_id, "feedback_given", feedback.id, now, about_id=actor_id,
                 visible_at=feedback.visible_at)
    record("feedback.give", actor_id, now, feedback.id)
    return feedback


def read(feedback: Feedback, now: dt.datetime) -> None:
    """Keep that the learner read a feedback, said by an act of theirs. Raises Refused."""
    answer(feedback, None, now)


def answer(feedback: Feedback, reply: str | None, now: dt.datetime) -> None:
    """Keep the learner's one answer, or « C’est bien comme ça » when `reply` is None; both count as reading."""
    db.session.refresh(feedback, with_for_update=True)
    if feedback.read_at is not None and reply in {None, feedback.reply}:
        return
    text = db.session.get_one(AuthoredText, feedback.text_id)
    refusal = rules.refusal_to_answer(feedback.visible_at, text.hidden_at, feedback.read_at, now, feedback.withdrawn_at)
    if refusal is not None:
        raise Refused(refusal)
    contacts.stop(accounts.is_protected(feedback.learner_id, now), {"reply": reply})
    feedback.read_at = now
    if reply is not None:
        feedback.reply, feedback.replied_at = reply, now
    db.session.flush()
    notices.settle(feedback.learner_id, feedback.id, now)
    drafts.drop("reply", feedback.id)
    record("feedback.answer" if reply is not None else "feedback.read", feedback.learner_id, now, feedback.id)


def note_closed(request: FeedbackRequest, now: dt.datetime) -> None:
    """Keep that the learner saw how a request ended."""
    notices.settle(request.learner_id, request.id, now, "request_closed")


def write_text(
    kind: str, learner_id: uuid.UUID, experience_id: uuid.UUID, author_id: uuid.UUID | None,
    membership_id: uuid.UUID | None, protected: bool, words: str, question: str | None, next_step: str | None,
    now: dt.datetime,
) -> AuthoredText:
    """Keep somebody's words to a learner; `deliver_after` of what comes back says when they arrive.

    Only a « testimony » has no author and no membership: somebody who has no account.
    """
    text = AuthoredText(
        id=uuid7(), learner_id=learner_id, experience_id=experience_id, kind=kind, author_id=author_id,
        membership_id=membership_id, regime="protected" if protected else "private", written_at=now,
        deliver_after=rules.arrives_at(now, protected, CITY_ZONE),
    )
    db.session.add(text)
    db.session.flush()
    db.session.add(AuthoredVersion(text_id=text.id, number=1, learner_id=learner_id, words=words, question=question,
                                   next_step=next_step, written_at=now))
    db.session.flush()
    return text


def open_grant(
    experience: Experience, revision_id: uuid.UUID, organisation_id: uuid.UUID, membership_id: uuid.UUID | None,
    source: str, competency_ids: Iterable[int], now: dt.datetime, evidence_ids: Collection[uuid.UUID] = (),
) -> AccessGrant:
    """Open one experience as it stands, with what was chosen to go along, for a facilitator or a team, for 60 days.

    `source` is "feedback" or "recognition". The claims are kept as they stand now; ids of claims, photos, documents or
    links that are not there (any more) are left out.
    """
    grant = AccessGrant(
        id=uuid7(), learner_id=experience.learner_id, experience_id=experience.id, revision_id=revision_id,
        organisation_id=organisation_id, membership_id=membership_id, source=source, opened_at=now,
        closes_at=rules.lapses_at(now),
    )
    db.session.add(grant)
    db.session.flush()
    chosen = list(competency_ids)
    claims = db.session.scalars(
        sa.select(Claim).where(Claim.experience_id == experience.id, Claim.competency_id.in_(chosen))
    ).all() if chosen else []
    db.session.add_all(
        GrantedClaim(grant_id=grant.id, competency_id=c.competency_id, learner_id=c.learner_id,
                     wording_id=c.wording_id, step=c.step)
        for c in claims
    )
    pieces = db.session.execute(
        sa.select(Evidence.id, Evidence.caption, Evidence.url)
        .where(Evidence.experience_id == experience.id, Evidence.id.in_(set(evidence_ids)), Evidence.deleted_at.is_(None))
        .with_for_update(read=True)
    ).all() if evidence_ids else []
    if pieces:
        contacts.stop(accounts.is_protected(grant.learner_id, now),
                      {f"{n}": words for n, words in enumerate(words for p in pieces for words in (p.caption, p.url))})
    db.session.add_all(
        GrantedEvidence(grant_id=grant.id, evidence_id=p.id, learner_id=grant.learner_id, experience_id=experience.id)
        for p in pieces
    )
    db.session.flush()
    return grant


def close_grant(grant_id: uuid.UUID, now: dt.datetime) -> None:
    """Close what a request opened, at once; once closed it stays closed."""
    db.session.execute(
        sa.update(AccessGrant).where(AccessGrant.id == grant_id, AccessGrant.closed_at.is_(None)).values(closed_at=now)
    )


def close_experience(learner_id: uuid.UUID, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back every open request and grant of an experience that stays inside from now on."""
    for request in _open_requests(FeedbackRequest.learner_id == learner_id,
                                  FeedbackRequest.experience_id == experience_id):
        cancel(request, now)
    _close_grants(now, AccessGrant.learner_id == learner_id, AccessGrant.experience_id == experience_id)


def close_all(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back every open request and grant of a learner who leaves."""
    for request in _open_requests(FeedbackRequest.learner_id == learner_id):
        cancel(request, now)
    _close_grants(now, AccessGrant.learner_id == learner_id)


def close_between(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back every open request and grant of a learner towards one adult, and words of theirs that wait for 7."""
    for request in _open_requests(FeedbackRequest.learner_id == learner_id,
                                  FeedbackRequest.facilitator_id == adult_id):
        cancel(request, now)
    roles = sa.select(Membership.id).where(Membership.account_id == adult_id)
    _close_grants(now, AccessGrant.learner_id == learner_id, AccessGrant.membership_id.in_(roles))
    _hold_back(adult_id, now, AuthoredText.learner_id == learner_id)


def grow_younger(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> None:
    """Take back what a minor asked of people of an organisation they did not join: elsewhere they ask its desk (row 7)."""
    if band is age.Band.ADULT:
        return
    for request in _open_requests(FeedbackRequest.learner_id == learner_id, FeedbackRequest.facilitator_id.is_not(None)):
        if request.assigned_at is None and not whom.has_joined(learner_id, request.organisation_id):
            cancel(request, now)


protection.YOUNGER.append(grow_younger)


def close_role(membership_id: uuid.UUID, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Hold back what somebody wrote in a role that was taken from them, and that waits for 7."""
    _hold_back(account_id, now, AuthoredText.membership_id == membership_id)


def _hold_back(author_id: uuid.UUID, now: dt.datetime, *which: sa.ColumnElement[bool]) -> None:
    """Hide words before they arrive, without a notice; their learner may look at them all the same."""
    held = db.session.execute(
        sa.update(AuthoredText)
        .where(AuthoredText.author_id == author_id, AuthoredText.deliver_after > now, AuthoredText.hidden_at.is_(None), *which)
        .values(hidden_at=now).returning(AuthoredText.learner_id)
    ).scalars().all()
    if held:
        notices.silence(set(held), author_id, now)


def lapse(now: dt.datetime) -> int:
    """End the requests that had no answer for 60 days, tell their learners, and return how many there were."""
    return _lapse(now)


def _lapse(now: dt.datetime, *which: sa.ColumnElement[bool]) -> int:
    old = _open_requests(FeedbackRequest.asked_at <= now - rules.ANSWERED_WITHIN, *which, most=jobs.AT_A_TIME)
    for request in old:
        if _close(request, "lapsed", now):
            close_grant(request.grant_id, now)
            protected = accounts.is_protected(request.learner_id, now)
            notices.tell(request.learner_id, "request_closed", request.id, now,
                         visible_at=rules.arrives_at(now, protected, CITY_ZONE))
            record("feedback.lapse", None, now, request.id)
    return len(old)


def _open_requests(*which: sa.ColumnElement[bool], most: int | None = None) -> list[FeedbackRequest]:
    return list(db.session.scalars(
        sa.select(FeedbackRequest).where(FeedbackRequest.closed_at.is_(None), *which)
        .order_by(FeedbackRequest.asked_at, FeedbackRequest.id).limit(most).with_for_update()
    ))


def _close_grants(now: dt.datetime, *which: sa.ColumnElement[bool]) -> None:
    db.session.execute(
        sa.update(AccessGrant).where(AccessGrant.closed_at.is_(None), *which).values(closed_at=now),
        execution_options={"synchronize_session": False},
    )


def erase_experience(experience_id: uuid.UUID) -> None:
    """Delete what was asked, answered, opened and written about an experience that is erased."""
    things = [sa.select(model.id).where(model.experience_id == experience_id)
              for model in (FeedbackRequest, Feedback, AuthoredText)]
    for forget in (notices.forget, drafts.forget):
        forget(sa.union_all(*things))
    for model in (Feedback, FeedbackRequest, AccessGrant, AuthoredText):
        db.session.execute(sa.delete(model).where(model.experience_id == experience_id),
                           execution_options={"synchronize_session": False})


def _is_asked(learner_id: uuid.UUID, _experience_id: uuid.UUID, sent: Mapping[str, str]) -> bool:
    try:
        number = uuid.UUID(sent.get("submission", ""))
    except ValueError:
        return False
    hold(learner_id.bytes + number.bytes)
    return bool(db.session.scalar(sa.select(sa.exists().where(
        FeedbackRequest.learner_id == learner_id, FeedbackRequest.submission == number))))


def _is_answered(learner_id: uuid.UUID, feedback_id: uuid.UUID, _sent: Mapping[str, str]) -> bool:
    return db.session.scalar(
        sa.select(Feedback.read_at).where(Feedback.id == feedback_id, Feedback.learner_id == learner_id)
        .with_for_update(read=True)
    ) is not None


experiences.STAYS_INSIDE.append(close_experience)
experiences.ERASES.append(erase_experience)
jobs.every_day("feedback.lapse", lapse)
organisations.REMOVED.append(close_role)
drafts.until("ask", _is_asked)
drafts.until("reply", _is_answered)
