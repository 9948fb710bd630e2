"""What is asked and recognised, as its learner, the rules and the rooms that come later read it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import aliased

from .. import clock, drawings
from ..accounts import queries as accounts
from ..accounts.models import Account
from ..clock import day_of
from ..experiences.models import Claim, Experience, Revision
from ..extensions import db
from ..feedback import rules as feedback_rules
from ..feedback.models import AuthoredText, AuthoredVersion, Feedback
from ..feedback.queries import day_words
from ..frameworks.models import Wording
from ..notices.models import Notice
from ..organisations.models import Membership, Organisation
from . import rules
from .models import Endorsement, EndorserName, NotYet, Permission, RecognitionRequest, RequestedCompetency
from .words import in_the_name_words, seen_words

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


def permitted() -> sa.ColumnElement[bool]:
    """Return that a permission counts now: not ended, and standing on its learner alone or on a consent in force."""
    return sa.and_(Permission.ended_at.is_(None), accounts.stands(Permission.guardian_consent_id, clock.now()))


def newest(text_id: Any) -> sa.ColumnElement[bool]:
    """Return that a version is the one that is read of this text, as a condition."""
    other = aliased(AuthoredVersion)
    return sa.and_(
        AuthoredVersion.text_id == text_id,
        AuthoredVersion.number == sa.select(sa.func.max(other.number)).where(other.text_id == text_id)
        .correlate_except(other).scalar_subquery(),
    )


def sentence() -> sa.ColumnElement[str]:
    """Return the words of a joined wording in the reader's language."""
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


def detailed(base: Any) -> Any:
    """Add to a query over endorsements everything that is said of each; memberships and experiences are joined before."""
    said, reason, reason_text = aliased(AuthoredVersion), aliased(AuthoredVersion), aliased(AuthoredText)

    def last(text_id: Any) -> Any:
        other = aliased(AuthoredVersion)
        return (sa.select(sa.func.max(other.number)).where(other.text_id == text_id).correlate(Endorsement)
                .scalar_subquery())

    return (
        base.add_columns(
            Endorsement, sentence(), RequestedCompetency.claimed_step, AuthoredText.deliver_after,
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
        .outerjoin(Permission, sa.and_(Permission.endorsement_id == Endorsement.id, permitted()))
    )


def _endorsements(*which: sa.ColumnElement[bool]) -> Any:
    base: Any = (
        sa.select(Membership.organisation_id, Experience.title)
        .select_from(Endorsement)
        .join(Membership, Membership.id == Endorsement.membership_id)
        .join(Experience, Experience.id == Endorsement.experience_id)
    )
    return detailed(base).where(*which)


def from_row(row: Any, now: dt.datetime | None = None) -> Recognised:
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
    return [from_row(row, now) for row in rows]


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
    found = [from_row(row) for row in rows]
    return [Shareable(r, rules.refusal_to_show(r.offer, r.story)) for r in found]


def live_items(learner_id: uuid.UUID, endorsement_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Recognised]:
    """Return those of a learner's endorsements that may be shown now, by id; one statement, none for no ids."""
    if not endorsement_ids:
        return {}
    found = _list(Endorsement.learner_id == learner_id, Endorsement.id.in_(endorsement_ids), *LIVE)
    return {r.id: r for r in found if r.may_be_shown}


def of_ids(learner_id: uuid.UUID, endorsement_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Recognised]:
    """Return these endorsements of a learner by id, whatever became of them; one statement, none for no ids."""
    if not endorsement_ids:
        return {}
    return {r.id: r for r in _list(Endorsement.learner_id == learner_id, Endorsement.id.in_(endorsement_ids))}


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
    return Askable(given, given.learner_id, experience, name or organisation_name, role, organisation_name, waiting_id)


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
        sa.select(Claim.competency_id, sentence(), Claim.step).join(Wording, Wording.id == Claim.wording_id)
        .where(Claim.experience_id == experience.id, ~given).order_by(Claim.claimed_at, Claim.id)
    )
    return [Sentence(r.competency_id, r.sentence, r.step) for r in rows]


def request(key: uuid.UUID) -> RecognitionRequest | None:
    """Return one request."""
    return db.session.get(RecognitionRequest, key)


def not_yet(request_id: uuid.UUID, key: uuid.UUID) -> NotYet | None:
    """Return one next step of a request."""
    return db.session.scalars(sa.select(NotYet).where(NotYet.id == key, NotYet.request_id == request_id)).one_or_none()
