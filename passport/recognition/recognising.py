"""Answering a request for recognition: what was seen, and which step comes first."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts import queries as accounts
from ..accounts import rules as age
from ..accounts.chosen import chosen
from ..audit.service import record
from ..clock import CITY_ZONE, day_of
from ..columns import uuid7
from ..experiences.models import Experience, Revision
from ..extensions import db
from ..feedback import contacts
from ..feedback import rules as feedback_rules
from ..feedback import service as feedback_service
from ..feedback.models import AccessGrant, AuthoredText, AuthoredVersion, Feedback
from ..notices import service as notices
from ..policy import Actor, Role
from ..refusals import Refusal, Refused
from . import queries, rules
from .models import Endorsement, EndorserName, NotYet, RecognitionRequest, RequestedCompetency
from .service import close, tell_closed

NO_TITLE = "personne qui encadre"


@dataclass(frozen=True)
class RecogniseDraft:
    """What a facilitator answers: how they know, from when to when, and one line for each competency.

    `answers` holds (competency, step or None, "endorse" | "not_yet" | "not_seen", sentence or None).
    """

    how_known: str | None
    how_person_known: str | None
    is_relative: bool
    seen_from_on: dt.date | None
    seen_to_on: dt.date | None
    answers: tuple[tuple[int, int | None, str, str | None], ...]
    submission: uuid.UUID

    @property
    def lines(self) -> tuple[rules.Line, ...]:
        """Return the answers as the rules read them."""
        return tuple(rules.Line(*answer) for answer in self.answers)


def recognise(
    request: RecognitionRequest, role: Role, actor: Actor, draft: RecogniseDraft, endorser_name: str, now: dt.datetime
) -> RecognitionRequest:
    """Answer a request: endorsements, next steps, and what was not seen, all at once. Raises Refused.

    Everything arrives at once, or at 7 when a protected learner's night holds it. The same answer sent twice is kept
    once; another one is refused.
    """
    db.session.refresh(request, with_for_update=True)
    if request.closed_at is not None and request.facilitator_id == actor.account_id and request.outcome != "cancelled":
        _check_the_same(request, draft)
        return request
    facts = _vouching(request, role, actor, draft, now)
    refusal = rules.refusal_of_lines(draft.lines)
    if refusal is not None:
        raise Refused(refusal)
    for line in draft.lines:
        refusal = rules.refusal_to_endorse(facts(line.competency_id))
        if refusal is not None:
            raise Refused(refusal, "is_relative" if refusal is Refusal.NO_RELATIVE else None)
    contacts.stop_adult(
        accounts.is_protected(request.learner_id, now),
        {f"sentence_{line.competency_id}": line.sentence for line in draft.lines},
        request.learner_id, role.membership_id, now,
    )
    seen = [line for line in draft.lines if line.answer == rules.ENDORSE]
    later = [line for line in draft.lines if line.answer == rules.NOT_YET]
    if seen:
        _check_common(draft, now)
    arrival = _write(request, role, actor, draft, seen, later, endorser_name, now)
    if arrival is None:
        close(request, "cannot", now)
        feedback_service.close_grant(request.grant_id, now)
        tell_closed(request, now)
    else:
        close(request, "decided", now)
        db.session.execute(
            sa.update(AccessGrant).where(AccessGrant.id == request.grant_id)
            .values(closes_at=now + feedback_rules.OPEN_AFTER_ANSWER)
        )
        for kind, lines in (("recognition_offered", seen), ("not_yet", later)):
            if lines:
                notices.tell(request.learner_id, kind, request.id, now, about_id=actor.account_id, visible_at=arrival)
    record("recognition.give", actor.account_id, now, request.id)
    return request


def _vouching(
    request: RecognitionRequest, role: Role, actor: Actor, draft: RecogniseDraft, now: dt.datetime
) -> Any:
    """Return a function that gives the facts of one competency, as they stand now."""
    experience = db.session.get_one(Experience, request.experience_id)
    feedback = db.session.get_one(Feedback, request.feedback_id)
    asked = set(db.session.scalars(
        sa.select(RequestedCompetency.competency_id).where(RequestedCompetency.request_id == request.id)))
    ours = role.membership_id == request.membership_id
    today = day_of(now)
    protected = accounts.is_protected(request.learner_id, now)
    # The check holds until the words arrive, which may be the morning after.
    arrives_on = day_of(feedback_rules.arrives_at(now, protected, CITY_ZONE))

    def facts(competency_id: int) -> rules.Vouching:
        return rules.Vouching(
            at=now, on=arrives_on, learner_id=request.learner_id, learner_protected=protected,
            story=queries.story_of(experience), formative=queries.formative_of(feedback),
            request_learner_id=request.learner_id, request_closed_at=request.closed_at, asked_at=request.asked_at,
            asked_competencies=asked, competency_id=competency_id, facilitator_id=actor.account_id,
            is_relative=draft.is_relative, is_adult=actor.band(today) is age.Band.ADULT, role=role.role,
            joined_at=role.joined_at if ours else None, charter_version=role.charter_version,
            trained_at=role.trained_at, suspended_at=role.suspended_at, ended_at=role.ended_at,
            accredited_at=role.accredited_at, organisation_suspended_at=role.organisation_suspended_at,
            organisation_closed_at=role.organisation_closed_at, minors_allowed=role.minors_state == "allowed",
            checked_until=role.checked_until,
        )

    return facts


def _check_common(draft: RecogniseDraft, now: dt.datetime) -> None:
    refusal = rules.refusal_of_ways(draft.how_known, draft.how_person_known)
    if refusal is not None:
        raise Refused(refusal, "how_known" if draft.how_known not in rules.HOW_KNOWN else "how_person_known")
    refusal = rules.refusal_of_period(draft.seen_from_on, draft.seen_to_on, day_of(now))
    if refusal is not None:
        raise Refused(refusal, "seen_from" if draft.seen_from_on is None else "seen_to")


def _write(
    request: RecognitionRequest, role: Role, actor: Actor, draft: RecogniseDraft, seen: list[rules.Line],
    later: list[rules.Line], endorser_name: str, now: dt.datetime,
) -> dt.datetime | None:
    """Write what was seen and the next steps; return when they arrive, None when there is nothing."""
    revision = db.session.get_one(Revision, request.revision_id)
    protected = accounts.is_protected(request.learner_id, now)
    wordings = dict(db.session.execute(
        sa.select(RequestedCompetency.competency_id, RequestedCompetency.wording_id)
        .where(RequestedCompetency.request_id == request.id)
    ).all())
    arrival: dt.datetime | None = None

    def text(kind: str, sentence: str | None) -> AuthoredText:
        return feedback_service.write_text(
            kind, request.learner_id, request.experience_id, actor.account_id, role.membership_id, protected,
            sentence or "", None, None, now,
        )

    named = rules.name_kept(endorser_name, chosen("endorsers.name")) if seen else None
    for line in seen:
        said = text("endorsement", line.sentence)
        arrival = said.deliver_after
        endorsement = Endorsement(
            id=uuid7(), learner_id=request.learner_id, experience_id=request.experience_id,
            revision_id=request.revision_id, feedback_id=request.feedback_id, request_id=request.id,
            competency_id=line.competency_id, wording_id=wordings[line.competency_id],
            membership_id=role.membership_id, facilitator_id=actor.account_id, asked_at=request.asked_at,
            offered_at=now, step=line.step, how_known=draft.how_known, how_person_known=draft.how_person_known,
            is_relative=draft.is_relative, endorser_is_adult=actor.band(day_of(now)) is age.Band.ADULT,
            seen_from_on=draft.seen_from_on, seen_to_on=draft.seen_to_on, text_id=said.id,
            story_digest=revision.digest, endorser_role=role.title or NO_TITLE,
            organisation_name=role.organisation_name,
        )
        db.session.add(endorsement)
        db.session.flush()
        if named:
            db.session.add(EndorserName(endorsement_id=endorsement.id, learner_id=request.learner_id, name_form=named))
    for line in later:
        said = text("not_yet", line.sentence)
        arrival = said.deliver_after
        db.session.add(NotYet(id=uuid7(), learner_id=request.learner_id, request_id=request.id,
                              competency_id=line.competency_id, text_id=said.id, written_at=now))
    db.session.flush()
    return arrival


def _check_the_same(request: RecognitionRequest, draft: RecogniseDraft) -> None:
    """Raise Refused when this answer differs from the one that closed the request."""
    if request.outcome == "lapsed":
        raise Refused(Refusal.REQUEST_CLOSED)
    words = queries.newest
    kept = {
        (row.competency_id, row.step, row.words)
        for row in db.session.execute(
            sa.select(Endorsement.competency_id, Endorsement.step, AuthoredVersion.words)
            .join(AuthoredVersion, words(Endorsement.text_id)).where(Endorsement.request_id == request.id)
            .union_all(
                sa.select(NotYet.competency_id, sa.null(), AuthoredVersion.words)
                .join(AuthoredVersion, words(NotYet.text_id)).where(NotYet.request_id == request.id)
            )
        )
    }
    sent = {(line.competency_id, line.step if line.answer == rules.ENDORSE else None, line.sentence)
            for line in draft.lines if line.answer != rules.NOT_SEEN}
    if kept != sent:
        raise Refused(Refusal.SENT_OTHERWISE)
