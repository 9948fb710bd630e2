"""Asking for recognition, keeping, permitting, and taking back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping

import sqlalchemy as sa

from ..accounts import drafts, protection
from ..accounts import queries as accounts
from ..accounts import rules as age
from ..accounts.models import Passport
from ..audit.service import record
from ..clock import CITY_ZONE, day_of
from ..columns import uuid7
from ..experiences import service as experiences
from ..experiences.models import Claim, Experience
from ..extensions import db
from ..feedback import contacts
from ..feedback import queries as feedback_queries
from ..feedback import rules as feedback_rules
from ..feedback import service as feedback_service
from ..feedback.models import AuthoredText, Feedback
from ..frameworks.models import Competency, Wording
from ..notices import jobs
from ..notices import service as notices
from ..notices.outbox import send_word
from ..policy import Role
from ..refusals import Refusal, Refused
from ..submissions import digest_of, kept_before
from . import queries, rules
from .models import Endorsement, NotYet, Permission, RecognitionRequest, RequestedCompetency

# A later room signs what may be shown, and takes it back, in the same write.
PERMITTED: list[Callable[[Permission, dt.datetime], None]] = []
ENDED: list[Callable[[Collection[uuid.UUID], dt.datetime], None]] = []


# --- asking ---------------------------------------------------------------------------------------------------------

def ask(
    feedback: Feedback, competency_ids: Iterable[int], submission: uuid.UUID, now: dt.datetime,
    evidence_ids: Collection[uuid.UUID] = (),
) -> RecognitionRequest:
    """Ask the author of a read feedback to recognise these competencies in that experience. Raises Refused.

    It opens the experience as it stands now, with the chosen « je » sentences, photos, documents and links, and
    nothing else.
    """
    learner_id, chosen = feedback.learner_id, sorted(set(competency_ids))
    digest = digest_of({"feedback": feedback.id, "competencies": chosen, "evidence": sorted(set(evidence_ids))})
    before = kept_before(RecognitionRequest, RecognitionRequest.learner_id, learner_id, submission, digest)
    if before is not None:
        return before  # type: ignore[no-any-return]
    experience = db.session.get_one(Experience, feedback.experience_id, with_for_update=True, populate_existing=True)
    db.session.refresh(feedback)  # its author may just have taken it back
    _lapse(now, RecognitionRequest.experience_id == experience.id)
    wordings = _wordings()
    role = feedback_queries.role_of(feedback.membership_id)
    refusal = rules.refusal_to_ask_recognition(
        formative=queries.formative_of(feedback), story=queries.story_of(experience), chosen=chosen,
        known=wordings.keys(), waiting=queries.is_waiting(experience.id, feedback.facilitator_id, now),
        reachable=_is_reachable(feedback, role, now), at=now,
    )
    if refusal is not None or role is None or feedback.read_at is None:
        raise Refused(refusal or Refusal.NOT_REACHABLE)
    revision = experiences.keep_revision(experience, now)
    grant = feedback_service.open_grant(
        experience, revision.id, role.organisation_id, feedback.membership_id, "recognition", chosen, now,
        evidence_ids,
    )
    request = RecognitionRequest(
        id=uuid7(), learner_id=learner_id, experience_id=experience.id, revision_id=revision.id, grant_id=grant.id,
        feedback_id=feedback.id, feedback_read_at=feedback.read_at, membership_id=feedback.membership_id,
        facilitator_id=feedback.facilitator_id, submission=submission, submission_digest=digest, asked_at=now,
    )
    db.session.add(request)
    db.session.flush()
    claims = {c.competency_id: c for c in db.session.scalars(
        sa.select(Claim).where(Claim.experience_id == experience.id, Claim.competency_id.in_(chosen)))}
    db.session.add_all(
        RequestedCompetency(
            request_id=request.id, competency_id=n, learner_id=learner_id,
            wording_id=claims[n].wording_id if n in claims else wordings[n],
            claimed_step=claims[n].step if n in claims else None,
        )
        for n in chosen
    )
    db.session.flush()
    send_word([request.facilitator_id], "recognition_asked", request.id, now)
    record("recognition.ask", learner_id, now, request.id)
    return request


def _wordings() -> dict[int, int]:
    """Return the present wording of every competency in use: what was chosen may be any number, and is only compared."""
    rows = db.session.execute(
        sa.select(Wording.competency_id, Wording.id).join(Competency, Competency.id == Wording.competency_id)
        .where(Wording.current, Competency.retired_on.is_(None))
    )
    return {row.competency_id: row.id for row in rows}


def _is_reachable(feedback: Feedback, role: Role | None, now: dt.datetime) -> bool:
    if role is None or role.role != "facilitator" or not role.is_active(now):
        return False
    if feedback.facilitator_id in accounts.barred_from(feedback.learner_id):
        return False
    return not accounts.is_protected(feedback.learner_id, now) or role.is_checked(day_of(now))


# --- ending a request without an answer -----------------------------------------------------------------------------

def close(request: RecognitionRequest, outcome: str, now: dt.datetime) -> bool:
    """End a request once; say whether it was this call that ended it."""
    done = db.session.execute(
        sa.update(RecognitionRequest)
        .where(RecognitionRequest.id == request.id, RecognitionRequest.closed_at.is_(None))
        .values(closed_at=now, outcome=outcome)
        .returning(RecognitionRequest.id)
    ).scalar_one_or_none()
    if done is not None:
        drafts.drop(queries.DRAFT, request.id)
    db.session.refresh(request)
    return done is not None


def cancel(request: RecognitionRequest, now: dt.datetime) -> None:
    """Take a request back: what it opened closes at once. Doing it twice is doing it once.

    When its answer has not arrived, what it opened closes as well, and nothing tells that there is one.
    """
    if request.outcome == "cancelled":
        return
    if not close(request, "cancelled", now):
        if queries.is_held(request, now):
            feedback_service.close_grant(request.grant_id, now)
            return
        raise Refused(rules.refusal_to_cancel(request.closed_at) or Refusal.REQUEST_CLOSED)
    feedback_service.close_grant(request.grant_id, now)
    record("recognition.cancel", request.learner_id, now, request.id)


def decline(request: RecognitionRequest, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Say « Je ne suis pas la bonne personne »: the request ends, and the learner is told kindly."""
    if request.outcome == "cannot" and request.facilitator_id == account_id:
        return
    if not close(request, "cannot", now):
        raise Refused(rules.refusal_to_cancel(request.closed_at) or Refusal.REQUEST_CLOSED)
    feedback_service.close_grant(request.grant_id, now)
    tell_closed(request, now)
    record("recognition.decline", account_id, now, request.id)


def tell_closed(request: RecognitionRequest, now: dt.datetime) -> None:
    """Tell the learner that a request ended without an answer, once no night holds it."""
    protected = accounts.is_protected(request.learner_id, now)
    notices.tell(request.learner_id, "recognition_closed", request.id, now, about_id=request.facilitator_id,
                 visible_at=feedback_rules.arrives_at(now, protected, CITY_ZONE))


def close_experience(learner_id: uuid.UUID, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back every open request of an experience that stays inside from now on."""
    for request in _open_requests(RecognitionRequest.learner_id == learner_id,
                                  RecognitionRequest.experience_id == experience_id):
        cancel(request, now)


def close_between(learner_id: uuid.UUID, adult_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back every open request of a learner towards one adult."""
    for request in _open_requests(RecognitionRequest.learner_id == learner_id,
                                  RecognitionRequest.facilitator_id == adult_id):
        cancel(request, now)


def close_all(learner_id: uuid.UUID, permissions: bool, now: dt.datetime) -> None:
    """Take back every open request of a learner who leaves and, with `permissions`, every permission to show."""
    for request in _open_requests(RecognitionRequest.learner_id == learner_id):
        cancel(request, now)
    if permissions:
        for endorsement in db.session.scalars(
            sa.select(Endorsement).join(Permission, Permission.endorsement_id == Endorsement.id)
            .where(Permission.learner_id == learner_id, Permission.ended_at.is_(None))
        ).all():
            end_permission(endorsement, now)


def lapse(now: dt.datetime) -> int:
    """End the requests that had no answer for 60 days, tell their learners, and return how many there were."""
    return _lapse(now)


def _lapse(now: dt.datetime, *which: sa.ColumnElement[bool]) -> int:
    old = _open_requests(RecognitionRequest.asked_at <= now - feedback_rules.ANSWERED_WITHIN, *which,
                         most=jobs.AT_A_TIME)
    for request in old:
        if close(request, "lapsed", now):
            feedback_service.close_grant(request.grant_id, now)
            tell_closed(request, now)
            record("recognition.lapse", None, now, request.id)
    return len(old)


def _open_requests(*which: sa.ColumnElement[bool], most: int | None = None) -> list[RecognitionRequest]:
    return list(db.session.scalars(
        sa.select(RecognitionRequest).where(RecognitionRequest.closed_at.is_(None), *which)
        .order_by(RecognitionRequest.asked_at, RecognitionRequest.id).limit(most).with_for_update()
    ))


# --- the learner's answers ------------------------------------------------------------------------------------------

def _locked(endorsement: Endorsement) -> rules.Offer:
    """Hold an endorsement for this transaction and return where it stands."""
    db.session.refresh(endorsement, with_for_update=True)
    text = db.session.get_one(AuthoredText, endorsement.text_id, populate_existing=True)
    permitted_at = db.session.scalar(
        sa.select(Permission.given_at)
        .where(Permission.endorsement_id == endorsement.id, queries.permitted()))
    return rules.Offer(
        visible_at=text.deliver_after, kept_at=endorsement.accepted_at, declined_at=endorsement.declined_at,
        set_aside_at=endorsement.set_aside_at, withdrawn_at=endorsement.withdrawn_at, permitted_at=permitted_at,
        hidden_at=text.hidden_at,
    )


def keep(endorsement: Endorsement, now: dt.datetime) -> None:
    """Keep an endorsement, in the learner's own passport; this shows it to nobody. Raises Refused."""
    offer = _locked(endorsement)
    if offer.kept_at is not None and offer.set_aside_at is None:
        return
    refusal = rules.refusal_to_keep(offer, now)
    if refusal is not None:
        raise Refused(refusal)
    endorsement.accepted_at = now
    _decided(endorsement, "recognition.keep", now)


def decline_offer(endorsement: Endorsement, now: dt.datetime) -> None:
    """Do not keep an endorsement; nobody is told. Raises Refused."""
    offer = _locked(endorsement)
    if offer.declined_at is not None:
        return
    refusal = rules.refusal_to_decline(offer, now)
    if refusal is not None:
        raise Refused(refusal)
    endorsement.declined_at = now
    _decided(endorsement, "recognition.not_keep", now)


def _decided(endorsement: Endorsement, verb: str, now: dt.datetime) -> None:
    db.session.flush()
    record(verb, endorsement.learner_id, now, endorsement.id)
    _settle_offered(endorsement.request_id, endorsement.learner_id, now)


def _settle_offered(request_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Mark the notice of an answer as seen once nothing of it waits any more."""
    left = db.session.execute(sa.select(sa.exists().where(
        Endorsement.request_id == request_id, Endorsement.accepted_at.is_(None), Endorsement.declined_at.is_(None),
        Endorsement.withdrawn_at.is_(None),
    ))).scalar_one()
    if not left:
        notices.settle(learner_id, request_id, now, "recognition_offered")


def permit(endorsement: Endorsement, now: dt.datetime) -> None:
    """Permit to show an endorsement that is kept; given again after an end, it is a new permission. Raises Refused."""
    offer = _locked(endorsement)
    learner = db.session.get_one(Passport, endorsement.learner_id)
    band = age.band(learner.birth_year, learner.birth_month, day_of(now))
    alone = band in {age.Band.YOUTH, age.Band.ADULT}
    # Under 13 two agree on nothing.
    consent_id = accounts.consents(endorsement.learner_id, now).get(age.SHOW) if band is age.Band.TEEN else None
    refusal = rules.refusal_to_permit(offer, decides_alone=alone, joint_consent=consent_id is not None)
    if refusal is not None:
        raise Refused(refusal)
    if offer.permitted_at is not None:
        return
    _end_permission(endorsement, now)  # one that rests, because the consent it stands on is over
    before = db.session.scalars(sa.select(Permission.given_at).where(Permission.endorsement_id == endorsement.id))
    # Each permission has an instant of its own, after the yes, whatever the clock says.
    given_at = max(now, endorsement.accepted_at or now, *(at + dt.timedelta(microseconds=1) for at in before))
    permission = Permission(
        id=uuid7(), learner_id=endorsement.learner_id, endorsement_id=endorsement.id,
        accepted_at=endorsement.accepted_at, given_at=given_at, guardian_consent_id=consent_id,
    )
    db.session.add(permission)
    db.session.flush()
    for permitted in PERMITTED:
        permitted(permission, now)
    record("recognition.permit", endorsement.learner_id, now, endorsement.id)


def end_permission(endorsement: Endorsement, now: dt.datetime) -> None:
    """Permit no longer to show an endorsement, with effect at once; always possible."""
    if _end_permission(endorsement, now):
        record("recognition.end_permission", endorsement.learner_id, now, endorsement.id)


def end_consented(consent_id: uuid.UUID, now: dt.datetime) -> None:
    """End every permission that stands on a consent of two that is over; what is recognised stays kept."""
    for endorsement in db.session.scalars(
        sa.select(Endorsement).join(Permission, Permission.endorsement_id == Endorsement.id)
        .where(Permission.guardian_consent_id == consent_id, Permission.ended_at.is_(None))
    ).all():
        end_permission(endorsement, now)


def take_over(consent_id: uuid.UUID, now: dt.datetime) -> None:
    """Let every permission that stands on a consent go on, which its learner keeps at 15: what rested is signed anew."""
    for permission in db.session.scalars(
        sa.select(Permission).where(Permission.guardian_consent_id == consent_id, Permission.ended_at.is_(None))
    ).all():
        for permitted in PERMITTED:
            permitted(permission, now)


def _end_permission(endorsement: Endorsement, now: dt.datetime) -> bool:
    ended = db.session.execute(
        sa.update(Permission)
        .where(Permission.endorsement_id == endorsement.id, Permission.ended_at.is_(None))
        # Were the clock put back meanwhile, it would end all the same.
        .values(ended_at=sa.case((Permission.given_at > now, Permission.given_at), else_=now))
        .returning(Permission.id)
    ).all()
    if ended:
        for taken_back in ENDED:
            taken_back([endorsement.id], now)
    return bool(ended)


def set_aside(endorsement: Endorsement, now: dt.datetime) -> None:
    """Keep an endorsement no longer: it ends the permission to show it, at once. Raises Refused."""
    offer = _locked(endorsement)
    refusal = rules.refusal_to_set_aside(offer)
    if refusal is not None:
        raise Refused(refusal)
    if offer.set_aside_at is not None:
        return
    endorsement.set_aside_at = max(now, offer.kept_at or now)
    db.session.flush()
    _end_permission(endorsement, now)
    record("recognition.set_aside", endorsement.learner_id, now, endorsement.id)


def read_not_yet(not_yet: NotYet, now: dt.datetime) -> None:
    """Keep that the learner read a next step."""
    if not_yet.read_at is None:
        not_yet.read_at = now
        db.session.flush()
    _settle_not_yet(not_yet.request_id, not_yet.learner_id, now)


def erase_not_yet(not_yet: NotYet, now: dt.datetime) -> None:
    """Take a next step out of the learner's passport for good; its words are hidden from then on."""
    request_id, learner_id = not_yet.request_id, not_yet.learner_id
    db.session.execute(
        sa.update(AuthoredText).where(AuthoredText.id == not_yet.text_id, AuthoredText.hidden_at.is_(None))
        .values(hidden_at=now)
    )
    db.session.delete(not_yet)
    db.session.flush()
    _settle_not_yet(request_id, learner_id, now)
    record("recognition.erase_not_yet", learner_id, now, request_id)


def _settle_not_yet(request_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> None:
    left = db.session.execute(sa.select(sa.exists().where(
        NotYet.request_id == request_id, NotYet.read_at.is_(None)))).scalar_one()
    if not left:
        notices.settle(learner_id, request_id, now, "not_yet")


def note_closed(request: RecognitionRequest, now: dt.datetime) -> None:
    """Keep that the learner saw how a request ended, or that something was withdrawn from it."""
    for kind in ("recognition_closed", "endorsement_withdrawn"):
        notices.settle(request.learner_id, request.id, now, kind)


# --- withdrawing ----------------------------------------------------------------------------------------------------

def withdraw(
    endorsement: Endorsement, membership_id: uuid.UUID, author_id: uuid.UUID, reason: str | None, now: dt.datetime
) -> None:
    """Withdraw an endorsement in the name of its organisation, at once; the reason goes to the learner alone.

    Raises Refused.
    """
    offer = _locked(endorsement)
    refusal = rules.refusal_to_withdraw(offer.withdrawn_at, reason)
    if refusal is not None:
        raise Refused(refusal, "reason" if refusal is Refusal.SENTENCE_MISSING else None)
    protected = accounts.is_protected(endorsement.learner_id, now)
    contacts.stop_adult(protected, {"reason": reason}, endorsement.learner_id, membership_id, now)
    text = feedback_service.write_text(
        "withdrawal", endorsement.learner_id, endorsement.experience_id, author_id, membership_id, protected,
        reason or "", None, None, now,
    )
    endorsement.withdrawn_at, endorsement.withdrawal_text_id = max(now, endorsement.offered_at), text.id
    db.session.flush()
    _end_permission(endorsement, now)
    if offer.declined_at is None:
        notices.tell(endorsement.learner_id, "endorsement_withdrawn", endorsement.request_id, now, about_id=author_id,
                     visible_at=text.deliver_after)
    _settle_offered(endorsement.request_id, endorsement.learner_id, now)
    drafts.drop("withdraw", endorsement.id)
    record("recognition.withdraw", author_id, now, endorsement.id)


def erase_experience(experience_id: uuid.UUID) -> None:
    """Delete what was asked and recognised in an experience that is erased."""
    requests = sa.select(RecognitionRequest.id).where(RecognitionRequest.experience_id == experience_id)
    endorsements = sa.select(Endorsement.id).where(Endorsement.experience_id == experience_id)
    for forget in (notices.forget, drafts.forget):
        forget(sa.union_all(requests, endorsements))
    for what in (
        sa.delete(Permission).where(Permission.endorsement_id.in_(endorsements)),
        sa.delete(NotYet).where(NotYet.request_id.in_(requests)),
        sa.delete(Endorsement).where(Endorsement.experience_id == experience_id),
        sa.delete(RecognitionRequest).where(RecognitionRequest.experience_id == experience_id),
    ):
        db.session.execute(what, execution_options={"synchronize_session": False})


def _stands_on(feedback_id: sa.ColumnElement[uuid.UUID]) -> sa.ColumnElement[bool]:
    """Return that a request rests on this feedback, open or answered, as a condition; one that ended unanswered does not."""
    return sa.exists().where(
        RecognitionRequest.feedback_id == feedback_id,
        sa.or_(RecognitionRequest.outcome.is_(None), RecognitionRequest.outcome == "decided"))


def grow_younger(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> None:
    """End every permission of somebody who is under 15: showing is decided by two."""
    if band in {age.Band.YOUTH, age.Band.ADULT}:
        return
    for endorsement in db.session.scalars(
        sa.select(Endorsement).join(Permission, Permission.endorsement_id == Endorsement.id)
        .where(Permission.learner_id == learner_id, Permission.ended_at.is_(None))
    ).all():
        end_permission(endorsement, now)


protection.YOUNGER.append(grow_younger)
experiences.STAYS_INSIDE.append(close_experience)
experiences.ERASES.append(erase_experience)
jobs.every_day("recognition.lapse", lapse)
feedback_queries.STANDS.append(_stands_on)


def _is_withdrawn(_account_id: uuid.UUID, endorsement_id: uuid.UUID, _sent: Mapping[str, str]) -> bool:
    return db.session.scalar(
        sa.select(Endorsement.withdrawn_at).where(Endorsement.id == endorsement_id).with_for_update(read=True)
    ) is not None


drafts.until("withdraw", _is_withdrawn)
