"""What is shown of recognition: to its learner, to whoever was asked, and to the rooms that come later."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import aliased

from .. import drawings
from ..accounts import queries as accounts
from ..accounts.models import Account, ContactBar, Draft, GuardianConsent, Passport
from ..accounts.queries import barred_from
from ..clock import CITY_ZONE, day_of
from ..experiences.models import Claim, Experience, Revision
from ..extensions import db
from ..feedback import queries as feedback
from ..feedback import rules as feedback_rules
from ..feedback.models import AccessGrant, AuthoredText, AuthoredVersion, Feedback, FeedbackRequest
from ..feedback.queries import ExchangeLine, InboxLine, day_words, grant_is_open, is_protected, not_barred
from ..frameworks.models import Wording
from ..notices.models import Notice
from ..organisations.models import Membership, Organisation
from ..policy import Actor, Asked, Attested
from ..wording import first_name
from . import rules
from .models import Endorsement, EndorserName, NotYet, Permission, RecognitionRequest, RequestedCompetency
from .words import in_the_name_words, news_title, seen_words

PER_PAGE = 20
MOST = 100
DRAFT = "recognition"
DEFAULT_CONTEXT = "informal"


# ---------- facts for the rules ----------


def story_of(experience: Experience) -> rules.Story:
    """Return an experience as the rules see it."""
    return rules.Story(experience.id, experience.for_me_only, experience.deleted_at)


def formative_of(given: Feedback) -> rules.Formative:
    """Return a facilitator's feedback as the rules see it; nothing else is ever read as formative."""
    return rules.Formative(given.experience_id, from_facilitator=True, read_at=given.read_at,
                           withdrawn_at=given.withdrawn_at)


def joint_consent(learner_id: uuid.UUID, purpose: str, now: dt.datetime) -> uuid.UUID | None:
    """Return the consent of a child and a parent for one purpose that is in force now, or None."""
    return db.session.scalar(
        sa.select(GuardianConsent.id).where(
            GuardianConsent.learner_id == learner_id, GuardianConsent.option == purpose,
            GuardianConsent.learner_agreed_at <= now, GuardianConsent.guardian_agreed_at <= now,
            GuardianConsent.withdrawn_at.is_(None), GuardianConsent.until > now,
        )
    )


def newest(text_id: Any) -> sa.ColumnElement[bool]:
    """Return that a version is the one that is read of this text, as a condition."""
    other = aliased(AuthoredVersion)
    return sa.and_(
        AuthoredVersion.text_id == text_id,
        AuthoredVersion.number == sa.select(sa.func.max(other.number)).where(other.text_id == text_id)
        .correlate_except(other).scalar_subquery(),
    )


def _sentence() -> sa.ColumnElement[str]:
    return (Wording.text_en if str(get_locale()) == "en" else Wording.text_fr).label("sentence")


# ---------- endorsements ----------


@dataclass(frozen=True)
class Recognised:
    """One endorsement with everything that is said of it; `words` is None when its sentence is hidden.

    `title` is the experience's as it is now; `told_title` and `told_facts` are what was told when it was recognised.
    """

    id: uuid.UUID
    learner_id: uuid.UUID
    experience_id: uuid.UUID
    request_id: uuid.UUID
    revision_id: uuid.UUID
    facilitator_id: uuid.UUID
    organisation_id: uuid.UUID
    competency_id: int
    wording_id: int
    sentence: str
    step: int
    claimed_step: int | None
    words: str | None
    text_id: uuid.UUID
    how_known: str
    how_person_known: str
    seen_from_on: dt.date
    seen_to_on: dt.date
    offered_at: dt.datetime
    endorser_name: str | None
    endorser_role: str
    organisation_name: str
    context: str
    title: str
    told_title: str
    told_facts: dict[str, Any]
    story_digest: bytes
    offer: rules.Offer
    story: rules.Story
    withdrawal: str | None
    withdrawal_text_id: uuid.UUID | None
    told_at: dt.datetime | None = None

    @property
    def told_words(self) -> str:
        """Return on which text it was recognised, when the text changed since; else nothing."""
        return str(_("Reconnu sur le texte du %(day)s.", day=day_words(self.told_at))) if self.told_at else ""

    @property
    def waits(self) -> bool:
        """Say whether the learner has yet to keep it or not."""
        return self.offer.kept_at is None and self.offer.declined_at is None and self.offer.withdrawn_at is None

    @property
    def is_live(self) -> bool:
        """Say whether it counts now."""
        return rules.is_live(self.offer)

    @property
    def may_be_shown(self) -> bool:
        """Say whether a reader may see it now."""
        return rules.may_be_shown(self.offer, self.story)

    @property
    def day(self) -> dt.date:
        """Return the day on which it was given."""
        return day_of(self.offered_at)

    @property
    def provenance(self) -> str:
        """Return who recognised it, after « Reconnu »."""
        return in_the_name_words(self.endorser_name, self.endorser_role, self.organisation_name)

    @property
    def seen(self) -> str:
        """Return from when to when it was seen, in words."""
        return seen_words(self.seen_from_on, self.seen_to_on)

    @property
    def ring(self) -> str:
        """Return the micro-text of its stamp."""
        return stamp_ring(self.organisation_name, self.day)

    @property
    def hash(self) -> str:
        """Return its own hash."""
        return rules.own_hash(self.id, self.competency_id, self.wording_id, self.step, self.seen_from_on, self.seen_to_on,
                              self.day, self.organisation_name, self.story_digest)

    def stamp(self, size: str = "") -> Markup:
        """Return its stamp: always the same drawing."""
        return drawings.rosette(self.hash, self.context, self.ring, size)


def context_of(facts: dict[str, Any]) -> str:
    """Return the learning context a stamp is drawn for, as it stood when recognition was asked."""
    context = facts.get("context")
    return context if context in drawings.HEARTS else DEFAULT_CONTEXT


def stamp_ring(organisation_name: str, day: dt.date) -> str:
    """Return the micro-text around a stamp, the same in every language: a stamp is one drawing."""
    return f"{organisation_name} · {day:%d.%m.%Y}"


def _detailed(base: Any) -> Any:
    """Add to a query over endorsements everything that is said of each; memberships and experiences are joined before."""
    said, reason, reason_text = aliased(AuthoredVersion), aliased(AuthoredVersion), aliased(AuthoredText)

    def last(text_id: Any) -> Any:
        other = aliased(AuthoredVersion)
        return (sa.select(sa.func.max(other.number)).where(other.text_id == text_id).correlate(Endorsement)
                .scalar_subquery())

    return (
        base.add_columns(
            Endorsement, _sentence(), RequestedCompetency.claimed_step, AuthoredText.deliver_after,
            AuthoredText.hidden_at, said.words.label("words"), reason.words.label("reason"),
            reason_text.deliver_after.label("reason_at"), reason_text.hidden_at.label("reason_hidden_at"), EndorserName.name_form,
            Permission.given_at, Revision.title.label("told_title"), Revision.facts, Revision.made_at,
            Experience.for_me_only, Experience.deleted_at,
            (Revision.digest != Experience.story_digest).label("text_changed"),
        )
        .outerjoin(Wording, Wording.id == Endorsement.wording_id)
        .outerjoin(RequestedCompetency, sa.and_(RequestedCompetency.request_id == Endorsement.request_id,
                                                RequestedCompetency.competency_id == Endorsement.competency_id))
        .outerjoin(AuthoredText, AuthoredText.id == Endorsement.text_id)
        .outerjoin(said, sa.and_(said.text_id == Endorsement.text_id, said.number == last(Endorsement.text_id)))
        .outerjoin(Revision, Revision.id == Endorsement.revision_id)
        .outerjoin(reason, sa.and_(reason.text_id == Endorsement.withdrawal_text_id,
                                   reason.number == last(Endorsement.withdrawal_text_id)))
        .outerjoin(reason_text, reason_text.id == Endorsement.withdrawal_text_id)
        .outerjoin(EndorserName, EndorserName.endorsement_id == Endorsement.id)
        .outerjoin(Permission, sa.and_(Permission.endorsement_id == Endorsement.id, Permission.ended_at.is_(None)))
    )


def _endorsements(*which: sa.ColumnElement[bool]) -> Any:
    base: Any = (
        sa.select(Membership.organisation_id, Experience.title)
        .select_from(Endorsement)
        .join(Membership, Membership.id == Endorsement.membership_id)
        .join(Experience, Experience.id == Endorsement.experience_id)
    )
    return _detailed(base).where(*which)


def _recognised(row: Any, now: dt.datetime | None = None) -> Recognised:
    """Return one row in its words; the reason of a withdrawal only once it arrived, for its learner's own pages."""
    e: Endorsement = row.Endorsement
    arrived = now is not None and row.reason_at is not None and row.reason_at <= now and row.reason_hidden_at is None
    return Recognised(
        id=e.id, learner_id=e.learner_id, experience_id=e.experience_id, request_id=e.request_id,
        revision_id=e.revision_id, facilitator_id=e.facilitator_id, organisation_id=row.organisation_id,
        competency_id=e.competency_id, wording_id=e.wording_id, sentence=row.sentence, step=e.step,
        claimed_step=row.claimed_step, words=None if row.hidden_at is not None else row.words, text_id=e.text_id,
        how_known=e.how_known, how_person_known=e.how_person_known, seen_from_on=e.seen_from_on,
        seen_to_on=e.seen_to_on, offered_at=e.offered_at, endorser_name=row.name_form, endorser_role=e.endorser_role,
        organisation_name=e.organisation_name, context=context_of(row.facts), title=row.title,
        told_title=row.told_title, told_facts=row.facts, story_digest=e.story_digest,
        offer=rules.Offer(visible_at=row.deliver_after, kept_at=e.accepted_at, declined_at=e.declined_at,
                          set_aside_at=e.set_aside_at, withdrawn_at=e.withdrawn_at, permitted_at=row.given_at,
                          hidden_at=row.hidden_at),
        story=rules.Story(e.experience_id, row.for_me_only, row.deleted_at), withdrawal=row.reason if arrived else None,
        withdrawal_text_id=e.withdrawal_text_id if arrived else None,
        told_at=row.made_at if row.text_changed else None,
    )


def _list(*which: sa.ColumnElement[bool], now: dt.datetime | None = None) -> list[Recognised]:
    rows = db.session.execute(_endorsements(*which).order_by(Endorsement.offered_at, Endorsement.id))
    return [_recognised(row, now) for row in rows]


LIVE = (Endorsement.accepted_at.is_not(None), Endorsement.set_aside_at.is_(None), Endorsement.withdrawn_at.is_(None))


def endorsement(key: uuid.UUID) -> Endorsement | None:
    """Return one endorsement."""
    return db.session.get(Endorsement, key)


def recognised(key: uuid.UUID) -> Recognised | None:
    """Return one endorsement with everything that is said of it."""
    return next(iter(_list(Endorsement.id == key)), None)


def offered(request_id: uuid.UUID, now: dt.datetime) -> list[Recognised]:
    """Return the endorsements of one request that have arrived."""
    return _list(Endorsement.request_id == request_id, AuthoredText.deliver_after <= now, now=now)


def of_experiences(
    learner_id: uuid.UUID, experience_ids: Sequence[uuid.UUID], now: dt.datetime
) -> list[Recognised]:
    """Return the endorsements that count of several experiences; one statement, none for no ids."""
    if not experience_ids:
        return []
    return _list(Endorsement.learner_id == learner_id, Endorsement.experience_id.in_(experience_ids),
                 AuthoredText.deliver_after <= now, *LIVE)


@dataclass(frozen=True)
class Shareable:
    """One endorsement on the screen « Que montrer ? »: whether it may be shown, and else why not."""

    recognised: Recognised
    refusal: Any

    @property
    def may_be_shown(self) -> bool:
        """Say whether it may be chosen."""
        return self.refusal is None


def shareable(learner_id: uuid.UUID, now: dt.datetime) -> list[Shareable]:
    """Return what a learner keeps, newest first, each with whether it may be shown now and why not; one statement."""
    rows = db.session.execute(
        _endorsements(Endorsement.learner_id == learner_id, AuthoredText.deliver_after <= now, *LIVE)
        .order_by(Endorsement.offered_at.desc(), Endorsement.id.desc())
    )
    found = [_recognised(row) for row in rows]
    return [Shareable(r, rules.refusal_to_show(r.offer, r.story)) for r in found]


def live_items(learner_id: uuid.UUID, endorsement_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Recognised]:
    """Return those of a learner's endorsements that may be shown now, by id; one statement, none for no ids."""
    if not endorsement_ids:
        return {}
    found = _list(Endorsement.learner_id == learner_id, Endorsement.id.in_(endorsement_ids), *LIVE)
    return {r.id: r for r in found if r.may_be_shown}


# ---------- asking ----------


@dataclass(frozen=True)
class Askable:
    """A read feedback from which recognition can be asked, with what decides it."""

    feedback: Feedback
    learner_id: uuid.UUID
    experience: Experience
    name: str
    role: str | None
    organisation_name: str
    waiting_id: uuid.UUID | None


def held(request: Any, now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return that the answer to a request has not arrived: to its learner it still waits, as a condition."""
    texts = [
        sa.exists().where(model.request_id == request.id, AuthoredText.id == model.text_id,
                          AuthoredText.deliver_after > now).correlate(request)
        for model in (Endorsement, NotYet)
    ]
    ended = sa.exists().where(Notice.account_id == request.learner_id, Notice.subject_id == request.id,
                              Notice.kind == "recognition_closed", Notice.visible_at > now).correlate(request)
    return sa.or_(sa.and_(request.outcome == "decided", sa.or_(*texts)),
                  sa.and_(request.outcome == "cannot", ended))


def is_held(request: RecognitionRequest, now: dt.datetime) -> bool:
    """Say whether the answer to a request has not arrived."""
    return bool(db.session.scalar(
        sa.select(sa.func.count()).select_from(RecognitionRequest)
        .where(RecognitionRequest.id == request.id, held(RecognitionRequest, now))))


def is_waiting(experience_id: uuid.UUID, facilitator_id: uuid.UUID, now: dt.datetime) -> bool:
    """Say whether a request to this facilitator waits, as its learner sees it."""
    return db.session.scalars(
        sa.select(RecognitionRequest.id).where(
            RecognitionRequest.experience_id == experience_id, RecognitionRequest.facilitator_id == facilitator_id,
            sa.or_(RecognitionRequest.closed_at.is_(None), held(RecognitionRequest, now))).limit(1)
    ).first() is not None


def askable(feedback_id: uuid.UUID, now: dt.datetime) -> Askable | None:
    """Return one feedback that has arrived, with its experience and a request that still waits; one statement."""
    waiting = aliased(RecognitionRequest)
    row = db.session.execute(
        sa.select(Feedback, Experience, Account.display_name, Membership.title, Organisation.name, waiting.id)
        .join(Experience, Experience.id == Feedback.experience_id)
        .join(Account, Account.id == Feedback.facilitator_id)
        .join(Membership, Membership.id == Feedback.membership_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(waiting, sa.and_(
            waiting.experience_id == Feedback.experience_id, waiting.facilitator_id == Feedback.facilitator_id,
            sa.or_(sa.and_(waiting.closed_at.is_(None), waiting.asked_at > now - feedback_rules.ANSWERED_WITHIN),
                   held(waiting, now))))
        .where(Feedback.id == feedback_id, Feedback.visible_at <= now)
        .order_by(waiting.asked_at.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    given, experience, name, role, organisation_name, waiting_id = row
    return Askable(given, given.learner_id, experience, name or "", role, organisation_name, waiting_id)


@dataclass(frozen=True)
class Sentence:
    """One « je » sentence to choose, with the step the learner gave it."""

    competency_id: int
    text: str
    step: int | None


def to_ask(experience: Experience, facilitator_id: uuid.UUID, now: dt.datetime) -> list[Sentence]:
    """Return what the learner says they can do there and did not yet get from this facilitator; one statement."""
    given = sa.exists().where(
        Endorsement.experience_id == experience.id, Endorsement.facilitator_id == facilitator_id,
        Endorsement.competency_id == Claim.competency_id, Endorsement.step >= Claim.step,
        Endorsement.declined_at.is_(None), Endorsement.set_aside_at.is_(None), Endorsement.withdrawn_at.is_(None),
        AuthoredText.id == Endorsement.text_id, AuthoredText.deliver_after <= now,
    )
    rows = db.session.execute(
        sa.select(Claim.competency_id, _sentence(), Claim.step).join(Wording, Wording.id == Claim.wording_id)
        .where(Claim.experience_id == experience.id, ~given).order_by(Claim.claimed_at, Claim.id)
    )
    return [Sentence(r.competency_id, r.sentence, r.step) for r in rows]


def request(key: uuid.UUID) -> RecognitionRequest | None:
    """Return one request."""
    return db.session.get(RecognitionRequest, key)


def not_yet(request_id: uuid.UUID, key: uuid.UUID) -> NotYet | None:
    """Return one next step of a request."""
    return db.session.scalars(sa.select(NotYet).where(NotYet.id == key, NotYet.request_id == request_id)).one_or_none()


# ---------- whoever was asked ----------


@dataclass(frozen=True)
class Received(Asked):
    """A request on the side of whoever answers: what the policy weighs, and exactly what was sent."""

    request: RecognitionRequest | None = None
    revision: Revision | None = None
    learner_name: str = ""
    organisation_name: str = ""
    draft: dict[str, Any] | None = None


def asked(key: uuid.UUID, now: dt.datetime) -> Received | None:
    """Return one request with what decides who may open it and what its author half wrote, in one statement."""
    rows = db.session.execute(
        sa.select(RecognitionRequest, AccessGrant, Revision, Account.display_name, Organisation.name,
                  is_protected(day_of(now)).label("protected"), ContactBar.adult_id, Draft.body)
        .join(AccessGrant, AccessGrant.id == RecognitionRequest.grant_id)
        .join(Revision, Revision.id == RecognitionRequest.revision_id)
        .join(Passport, Passport.learner_id == RecognitionRequest.learner_id)
        .join(Account, Account.id == RecognitionRequest.learner_id)
        .join(Organisation, Organisation.id == AccessGrant.organisation_id)
        .outerjoin(ContactBar, sa.and_(ContactBar.learner_id == RecognitionRequest.learner_id,
                                       ContactBar.lifted_at.is_(None)))
        .outerjoin(Draft, sa.and_(Draft.account_id == RecognitionRequest.facilitator_id, Draft.form == DRAFT,
                                  Draft.subject_id == RecognitionRequest.id))
        .where(RecognitionRequest.id == key)
    ).all()
    if not rows:
        return None
    asked_for, grant, revision, name, organisation_name, protected, _adult, body = rows[0]
    return Received(
        learner_id=asked_for.learner_id, organisation_id=grant.organisation_id, membership_id=asked_for.membership_id,
        facilitator_id=asked_for.facilitator_id, learner_protected=bool(protected), grant_opened_at=grant.opened_at,
        grant_closes_at=grant.closes_at, grant_closed_at=grant.closed_at, closed_at=asked_for.closed_at,
        barred_ids=frozenset(r.adult_id for r in rows if r.adult_id is not None), request=asked_for,
        revision=revision, learner_name=name or "", organisation_name=organisation_name, draft=dict(body) if body else {},
    )


def requested(request_id: uuid.UUID) -> list[Sentence]:
    """Return the competencies of a request with the steps the learner gave them then."""
    rows = db.session.execute(
        sa.select(RequestedCompetency.competency_id, _sentence(), RequestedCompetency.claimed_step)
        .join(Wording, Wording.id == RequestedCompetency.wording_id)
        .where(RequestedCompetency.request_id == request_id).order_by(RequestedCompetency.competency_id)
    )
    return [Sentence(r.competency_id, r.sentence, r.claimed_step) for r in rows]


@dataclass(frozen=True)
class Turn:
    """One thing said in the exchange between a learner and a facilitator."""

    at: dt.datetime
    mine: bool
    words: str
    question: str | None = None
    next_step: str | None = None


def exchange(experience_id: uuid.UUID, facilitator_id: uuid.UUID, now: dt.datetime) -> list[Turn]:
    """Return what a learner and this facilitator said to each other about one experience, oldest first."""
    rows = db.session.execute(
        sa.select(FeedbackRequest.asked_at, FeedbackRequest.message, Feedback.visible_at, Feedback.reply,
                  Feedback.replied_at, AuthoredText.hidden_at, AuthoredVersion.words, AuthoredVersion.question,
                  AuthoredVersion.next_step)
        .join(Feedback, Feedback.request_id == FeedbackRequest.id)
        .join(AuthoredText, AuthoredText.id == Feedback.text_id)
        .join(AuthoredVersion, newest(Feedback.text_id))
        .where(Feedback.experience_id == experience_id, Feedback.facilitator_id == facilitator_id,
               Feedback.visible_at <= now)
        .order_by(Feedback.visible_at, Feedback.id)
    )
    turns: list[Turn] = []
    for r in rows:
        if r.message:
            turns.append(Turn(r.asked_at, False, r.message))
        if r.hidden_at is None:
            turns.append(Turn(r.visible_at, True, r.words, r.question, r.next_step))
        if r.reply:
            turns.append(Turn(r.replied_at, False, r.reply))
    return turns


def _to_answer(actor: Actor, now: dt.datetime) -> sa.Select[Any]:
    """Select the requests that wait for this person: the policy's truths, as conditions."""
    roles, on = actor.active("facilitator", now), day_of(now)
    return (
        sa.select(RecognitionRequest.id)
        .join(AccessGrant, AccessGrant.id == RecognitionRequest.grant_id)
        .join(Passport, Passport.learner_id == RecognitionRequest.learner_id)
        .where(
            RecognitionRequest.closed_at.is_(None), RecognitionRequest.facilitator_id == actor.account_id,
            RecognitionRequest.learner_id != actor.account_id,
            sa.or_(
                RecognitionRequest.membership_id.in_([r.membership_id for r in roles if r.is_checked(on)]),
                sa.and_(RecognitionRequest.membership_id.in_([r.membership_id for r in roles]), ~is_protected(on)),
            ),
            grant_is_open(now), not_barred(RecognitionRequest.learner_id, actor.account_id),
        )
    )


def recognition_inbox(
    actor: Actor, now: dt.datetime, after: feedback.After | None, limit: int
) -> list[InboxLine]:
    """Return the requests for recognition that wait for this person, longest wait first."""
    found = (
        _to_answer(actor, now)
        .join(Revision, Revision.id == RecognitionRequest.revision_id)
        .join(Account, Account.id == RecognitionRequest.learner_id)
        .join(Organisation, Organisation.id == AccessGrant.organisation_id)
        .add_columns(Account.display_name, Revision.title, RecognitionRequest.asked_at,
                     is_protected(day_of(now)).label("protected"), Organisation.name.label("organisation_name"))
        .order_by(RecognitionRequest.asked_at, RecognitionRequest.id).limit(limit)
    )
    if after is not None:
        found = found.where(sa.tuple_(RecognitionRequest.asked_at, RecognitionRequest.id) > sa.tuple_(
            sa.literal(after[0], RecognitionRequest.asked_at.type), sa.literal(after[1], RecognitionRequest.id.type)))
    return [
        InboxLine("recognition", r.id, r.display_name or "", r.title, r.asked_at,
                  None, url_for("recognition.recognise", key=r.id), bool(r.protected), r.organisation_name)
        for r in db.session.execute(found)
    ]


def still_to_answer(account_id: uuid.UUID, keys: list[uuid.UUID], now: dt.datetime) -> set[uuid.UUID]:
    """Return which of these requests still wait for this person's answer."""
    found = _to_answer(accounts.role_bearer(account_id), now).where(RecognitionRequest.id.in_(keys))
    return set(db.session.scalars(found))


def recognition_count(actor: Actor, now: dt.datetime) -> sa.ScalarSelect[int]:
    """Return how many requests for recognition wait for this person, as a scalar query."""
    return (sa.select(sa.func.count()).select_from(_to_answer(actor, now).limit(MOST).subquery())
            .scalar_subquery())


# ---------- the ledger ----------


@dataclass(frozen=True, kw_only=True)
class LedgerLine(Attested):
    """What was recognised, for those who did it: their own words, never what the learner decided."""

    id: uuid.UUID
    sentence: str
    step: int
    words: str
    offered_at: dt.datetime
    endorser_name: str | None
    endorser_role: str
    organisation_name: str
    learner_name: str
    experience_id: uuid.UUID
    withdrawn_at: dt.datetime | None

    @property
    def provenance(self) -> str:
        """Return who recognised it, after « Reconnu »."""
        return in_the_name_words(self.endorser_name, self.endorser_role, self.organisation_name)


def _ledger(now: dt.datetime, *which: sa.ColumnElement[bool]) -> Any:
    return (
        sa.select(Endorsement.id, Endorsement.learner_id, Endorsement.facilitator_id, Membership.organisation_id,
                  Endorsement.step, Endorsement.offered_at, Endorsement.endorser_role, Endorsement.organisation_name,
                  Endorsement.experience_id, Endorsement.withdrawn_at, _sentence(), AuthoredVersion.words,
                  EndorserName.name_form, Account.display_name, is_protected(day_of(now)).label("protected"))
        .join(Wording, Wording.id == Endorsement.wording_id)
        .join(AuthoredVersion, newest(Endorsement.text_id))
        .join(Membership, Membership.id == Endorsement.membership_id)
        .join(Passport, Passport.learner_id == Endorsement.learner_id)
        .join(Account, Account.id == Endorsement.learner_id)
        .outerjoin(EndorserName, EndorserName.endorsement_id == Endorsement.id)
        .where(*which)
    )


def _ledger_line(row: Any) -> LedgerLine:
    return LedgerLine(
        learner_id=row.learner_id, facilitator_id=row.facilitator_id, organisation_id=row.organisation_id, id=row.id,
        sentence=row.sentence, step=row.step, words=row.words, offered_at=row.offered_at,
        endorser_name=row.name_form, endorser_role=row.endorser_role, organisation_name=row.organisation_name,
        learner_name=row.display_name or "", learner_protected=bool(row.protected), experience_id=row.experience_id,
        withdrawn_at=row.withdrawn_at,
    )


def ledger(
    actor: Actor, now: dt.datetime, before: tuple[dt.datetime, uuid.UUID] | None
) -> list[LedgerLine]:
    """Return what this person recognised, and what was recognised in the name of the organisations they answer for.

    Newest first, one more than a page to know whether there are more; one statement.
    """
    bodies = [r.organisation_id for r in actor.active("manager", now)]
    mine = Endorsement.facilitator_id == actor.account_id
    which = sa.or_(mine, sa.and_(Membership.organisation_id.in_(bodies), Endorsement.learner_id != actor.account_id)
                   ) if bodies else mine
    found = _ledger(now, which).order_by(Endorsement.offered_at.desc(), Endorsement.id.desc()).limit(PER_PAGE + 1)
    if before is not None:
        found = found.where(sa.tuple_(Endorsement.offered_at, Endorsement.id) < sa.tuple_(
            sa.literal(before[0], Endorsement.offered_at.type), sa.literal(before[1], Endorsement.id.type)))
    lines = [_ledger_line(row) for row in db.session.execute(found)]
    # Whoever answers for the organisation sees that it attested, never of whom or in which words.
    return [line if line.facilitator_id == actor.account_id else replace(line, learner_name="", words="")
            for line in lines]


def answered(request_id: uuid.UUID, facilitator_id: uuid.UUID, now: dt.datetime) -> list[LedgerLine]:
    """Return what a facilitator recognised in answer to one request."""
    found = _ledger(now, Endorsement.request_id == request_id, Endorsement.facilitator_id == facilitator_id)
    return [_ledger_line(row) for row in db.session.execute(found.order_by(Endorsement.competency_id))]


def ledger_line(key: uuid.UUID, now: dt.datetime) -> LedgerLine | None:
    """Return one line of the ledger."""
    row = db.session.execute(_ledger(now, Endorsement.id == key)).one_or_none()
    if row is None:
        return None
    return replace(_ledger_line(row), barred_ids=barred_from(row.learner_id))


# ---------- the learner ----------


@dataclass(frozen=True)
class NextStep:
    """« D’abord un pas de plus », for its learner alone; `words` is None when they are hidden."""

    id: uuid.UUID
    sentence: str
    words: str | None
    text_id: uuid.UUID
    read_at: dt.datetime | None


def next_steps(request_id: uuid.UUID, now: dt.datetime) -> list[NextStep]:
    """Return the next steps of one request that have arrived."""
    rows = db.session.execute(
        sa.select(NotYet.id, NotYet.text_id, NotYet.read_at, AuthoredText.hidden_at, AuthoredVersion.words, _sentence())
        .join(AuthoredText, AuthoredText.id == NotYet.text_id)
        .join(AuthoredVersion, newest(NotYet.text_id))
        .join(RequestedCompetency, sa.and_(RequestedCompetency.request_id == NotYet.request_id,
                                           RequestedCompetency.competency_id == NotYet.competency_id))
        .join(Wording, Wording.id == RequestedCompetency.wording_id)
        .where(NotYet.request_id == request_id, AuthoredText.deliver_after <= now)
        .order_by(NotYet.written_at, NotYet.id)
    )
    return [NextStep(r.id, r.sentence, None if r.hidden_at is not None else r.words, r.text_id, r.read_at)
            for r in rows]


@dataclass(frozen=True)
class Standing:
    """Where one request stands, for its learner; `stage` is waiting, answered, cannot, lapsed or cancelled."""

    request_id: uuid.UUID
    learner_id: uuid.UUID
    experience_id: uuid.UUID
    feedback_id: uuid.UUID
    title: str
    name: str
    role: str | None
    organisation_name: str
    asked_at: dt.datetime
    stage: str
    at: dt.datetime
    may_cancel: bool
    asked: int
    waits: int
    given: int
    steps: int
    steps_unread: int
    to_note: bool

    @property
    def who(self) -> str:
        """Return the name as a title says it."""
        return first_name(self.name)

    @property
    def news(self) -> str:
        """Return what was answered, as a title."""
        if self.given:
            return news_title(self.name, self.given)
        return str(_("%(who)s vous propose un pas de plus", who=self.who))

    @property
    def asked_words(self) -> str:
        """Return whom was asked, and when."""
        return str(_("Demandé à %(who)s le %(day)s", who=self.who, day=day_words(self.asked_at)))


def _standing_rows(now: dt.datetime, *which: sa.ColumnElement[bool]) -> Any:
    def number(model: Any, *more: sa.ColumnElement[bool]) -> Any:
        return (sa.select(sa.func.count()).select_from(model).join(AuthoredText, AuthoredText.id == model.text_id)
                .where(model.request_id == RecognitionRequest.id, AuthoredText.deliver_after <= now, *more)
                .correlate(RecognitionRequest).scalar_subquery())

    asked_for = (sa.select(sa.func.count()).where(RequestedCompetency.request_id == RecognitionRequest.id)
                 .correlate(RecognitionRequest).scalar_subquery())
    notice = sa.exists().where(
        Notice.account_id == RecognitionRequest.learner_id, Notice.subject_id == RecognitionRequest.id,
        Notice.kind.in_(("recognition_closed", "endorsement_withdrawn")), Notice.read_at.is_(None),
        Notice.visible_at <= now).correlate(RecognitionRequest)
    found: Any = sa.select(
        RecognitionRequest, Experience.title, Account.display_name, Membership.title.label("role"),
        Membership.organisation_id, Organisation.name.label("organisation_name"),
        is_protected(day_of(now)).label("protected"), held(RecognitionRequest, now).label("held"), asked_for.label("asked"),
        number(Endorsement).label("given"),
        number(Endorsement, Endorsement.accepted_at.is_(None), Endorsement.declined_at.is_(None),
               Endorsement.withdrawn_at.is_(None)).label("waits"),
        number(NotYet).label("steps"), number(NotYet, NotYet.read_at.is_(None)).label("steps_unread"),
        notice.label("to_note"),
    )
    return (
        found.join(Experience, Experience.id == RecognitionRequest.experience_id)
        .join(Passport, Passport.learner_id == RecognitionRequest.learner_id)
        .join(Account, Account.id == RecognitionRequest.facilitator_id)
        .join(Membership, Membership.id == RecognitionRequest.membership_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(*which)
        .order_by(RecognitionRequest.asked_at.desc(), RecognitionRequest.id.desc())
    )


def _standings(now: dt.datetime, *which: sa.ColumnElement[bool]) -> list[Standing]:
    return [_standing(now, row) for row in db.session.execute(_standing_rows(now, *which).limit(PER_PAGE))]


def _standing(now: dt.datetime, row: Any) -> Standing:
    asked_for: RecognitionRequest = row.RecognitionRequest
    lapses_at = feedback_rules.lapses_at(asked_for.asked_at)
    open_now = asked_for.closed_at is None and now < lapses_at
    stage, at = "waiting", asked_for.asked_at
    if asked_for.outcome == "decided":
        # What the night holds looks like waiting: nothing is told before 7.
        if not row.held:
            stage, at = "answered", asked_for.closed_at or at
    elif asked_for.closed_at is not None:
        arrives = feedback_rules.arrives_at(asked_for.closed_at, bool(row.protected), CITY_ZONE)
        if asked_for.outcome == "cancelled" or arrives <= now:
            stage, at = asked_for.outcome or "waiting", arrives
    elif not open_now:
        stage, at = "lapsed", lapses_at
    return Standing(
        request_id=asked_for.id, learner_id=asked_for.learner_id, experience_id=asked_for.experience_id,
        feedback_id=asked_for.feedback_id, title=row.title, name=row.display_name or "", role=row.role,
        organisation_name=row.organisation_name, asked_at=asked_for.asked_at, stage=stage, at=at,
        may_cancel=stage == "waiting", asked=row.asked, waits=row.waits, given=row.given, steps=row.steps,
        steps_unread=row.steps_unread, to_note=bool(row.to_note),
    )


def standing(key: uuid.UUID, now: dt.datetime) -> Standing | None:
    """Return where one request stands, in one statement."""
    return next(iter(_standings(now, RecognitionRequest.id == key)), None)


def of_experience(experience_id: uuid.UUID, now: dt.datetime) -> tuple[list[Standing], list[Recognised]]:
    """Return where each request about one experience stands, and what its learner keeps there; one statement."""
    found = _detailed(
        _standing_rows(now, RecognitionRequest.experience_id == experience_id)
        .outerjoin(Endorsement, Endorsement.request_id == RecognitionRequest.id)
    ).order_by(Endorsement.offered_at, Endorsement.id)
    standings: dict[uuid.UUID, Standing] = {}
    recognised: list[Recognised] = []
    for row in db.session.execute(found):
        standings.setdefault(row.RecognitionRequest.id, _standing(now, row))
        if row.Endorsement is not None and row.deliver_after <= now:
            recognised.append(_recognised(row))
    return list(standings.values()), [r for r in recognised if r.is_live]


def standings_of(
    learner_id: uuid.UUID, request_ids: Sequence[uuid.UUID], now: dt.datetime
) -> list[Standing]:
    """Return where some of a learner's requests stand, newest first; one statement."""
    return _standings(now, RecognitionRequest.learner_id == learner_id, RecognitionRequest.id.in_(request_ids),
                      Experience.deleted_at.is_(None))


def recognition_exchanges(learner_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the learner's own requests for recognition, as lines of « Échanges »."""
    found = _standings(now, RecognitionRequest.learner_id == learner_id, Experience.deleted_at.is_(None),
                       sa.or_(RecognitionRequest.outcome.is_(None), RecognitionRequest.outcome != "cancelled"))
    return [_line(s) for s in found]


def _line(s: Standing) -> ExchangeLine:
    there = url_for("recognition.offered", key=s.request_id)
    if s.stage == "waiting":
        buttons = ((url_for("recognition.cancel", key=s.request_id), _("Annuler la demande")),) if s.may_cancel else ()
        return ExchangeLine(s.asked_at, "told", s.asked_words, _("Faire reconnaître : %(title)s", title=s.title),
                            there, buttons=buttons)
    if s.stage == "answered":
        if s.waits:
            return ExchangeLine(s.at, "seal", news_title(s.name, s.waits), s.title, there, to_do=True,
                                action=_("Ouvrir"))
        if s.steps_unread:
            return ExchangeLine(s.at, "talk", _("%(who)s vous propose un pas de plus", who=s.who), s.title, there,
                                to_do=True, action=_("Lire"))
        return ExchangeLine(s.at, "seal" if s.given else "talk", s.news, s.title, there, to_do=s.to_note,
                            action=_("Lire") if s.to_note else "")
    return ExchangeLine(s.at, "talk", _("%(who)s n’a pas pu répondre", who=s.who), s.title, there, to_do=s.to_note,
                        action=_("Lire") if s.to_note else "")


feedback.INBOX.append(recognition_inbox)
feedback.INBOX_COUNTS.append(recognition_count)
feedback.EXCHANGES.append(recognition_exchanges)
