"""Where a learner’s requests stand, and the feedback they got."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import aliased

from ..accounts.models import Account, Passport
from ..clock import CITY_ZONE, day_of
from ..experiences.models import Experience, Revision
from ..extensions import db
from ..notices.models import Notice
from ..organisations.models import Membership, Organisation
from ..wording import first_name
from . import rules
from .models import AccessGrant, AuthoredText, AuthoredVersion, Feedback, FeedbackRequest
from .queries import (
    EXCHANGES,
    PER_PAGE,
    ExchangeLine,
    closed_words,
    day_words,
    feedback_of,
    is_protected,
    withdrawn_words,
)
from .waiting import Words

ARRIVED = ("arrived", "read", "hidden", "withdrawn")


@dataclass(frozen=True)
class Answered:
    """One feedback as its learner reads it; the words are None when they are hidden or were taken back."""

    feedback: Feedback
    learner_id: uuid.UUID
    name: str
    role: str | None
    organisation_name: str
    words: Words | None
    withdrawn: bool
    hidden: bool
    revision: Revision
    message: str | None
    text_id: uuid.UUID
    protected: bool


def answered(key: uuid.UUID, now: dt.datetime) -> Answered | None:
    """Return one feedback that has arrived, in one statement."""
    newest = aliased(AuthoredVersion)
    row = db.session.execute(
        sa.select(Feedback, AuthoredText, AuthoredVersion, Account.display_name, Membership.title, Organisation.name,
                  Revision, FeedbackRequest.message)
        .join(AuthoredText, AuthoredText.id == Feedback.text_id)
        .join(AuthoredVersion, AuthoredVersion.text_id == AuthoredText.id)
        .join(FeedbackRequest, FeedbackRequest.id == Feedback.request_id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Account, Account.id == Feedback.facilitator_id)
        .join(Membership, Membership.id == Feedback.membership_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Feedback.id == key, Feedback.visible_at <= now,
               sa.or_(Feedback.withdrawn_at.is_(None), Feedback.withdrawn_at >= Feedback.visible_at),
               AuthoredVersion.number == sa.select(sa.func.max(newest.number))
               .where(newest.text_id == AuthoredText.id).scalar_subquery())
    ).one_or_none()
    if row is None:
        return None
    feedback, text, version, name, title, organisation_name, revision, message = row
    withdrawn, hidden = feedback.withdrawn_at is not None, text.hidden_at is not None
    words = None if withdrawn or hidden else Words(version.words, version.question, version.next_step)
    return Answered(feedback, feedback.learner_id, name or organisation_name, title, organisation_name, words, withdrawn, hidden,
                    revision, message, text.id, text.regime == "protected")


@dataclass(frozen=True)
class Standing:
    """Where one request stands, for its learner; `stage` is waiting, arrived, read, hidden, withdrawn, cannot or lapsed."""

    request_id: uuid.UUID
    experience_id: uuid.UUID
    title: str
    who: str
    asked_at: dt.datetime
    stage: str
    may_cancel: bool
    someone_else: bool
    feedback_id: uuid.UUID | None = None
    at: dt.datetime | None = None
    to_note: bool = False
    reply: str | None = field(default=None)
    revision_id: uuid.UUID | None = None
    told_at: dt.datetime | None = None

    @property
    def told_words(self) -> str:
        """Return on which text it was answered, when the text changed since; else nothing."""
        return str(_("Répondu sur le texte du %(day)s.", day=day_words(self.told_at))) if self.told_at else ""

    @property
    def asked_words(self) -> str:
        """Return who was asked, and when."""
        return str(_("Demandé à %(who)s le %(day)s", who=self.who, day=day_words(self.asked_at)))

    @property
    def feedback_title(self) -> str:
        """Return whose feedback it is."""
        return feedback_of(self.who)

    @property
    def arrived_words(self) -> str:
        """Return on which day the feedback came."""
        return str(_("Reçu le %(day)s", day=day_words(self.at))) if self.at else ""

    @property
    def withdrawn_words(self) -> str:
        """Return that the feedback was taken back, and by whom."""
        return withdrawn_words(self.who)

    @property
    def closed_words(self) -> str:
        """Return how the request ended without a feedback, kindly."""
        return closed_words(self.who, self.stage)


def _standings(now: dt.datetime, *which: sa.ColumnElement[bool]) -> list[Standing]:
    notice = sa.exists().where(Notice.account_id == FeedbackRequest.learner_id, Notice.kind == "request_closed",
                               Notice.subject_id == FeedbackRequest.id, Notice.read_at.is_(None),
                               Notice.visible_at <= now)
    rows = db.session.execute(
        sa.select(FeedbackRequest, Experience.title, Account.display_name, Organisation.name, Feedback,
                  AuthoredText.hidden_at, is_protected(day_of(now)).label("protected"), notice.label("to_note"),
                  Revision.id.label("revision_id"), Revision.made_at,
                  (Revision.digest != Experience.story_digest).label("text_changed"))
        .join(Experience, Experience.id == FeedbackRequest.experience_id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Passport, Passport.learner_id == FeedbackRequest.learner_id)
        .join(Organisation, Organisation.id == FeedbackRequest.organisation_id)
        .outerjoin(Account, Account.id == FeedbackRequest.facilitator_id)
        .outerjoin(Feedback, Feedback.request_id == FeedbackRequest.id)
        .outerjoin(AuthoredText, AuthoredText.id == Feedback.text_id)
        .where(sa.or_(FeedbackRequest.outcome.is_(None), FeedbackRequest.outcome != "cancelled"),
               Experience.deleted_at.is_(None), *which)
        .order_by(FeedbackRequest.asked_at.desc(), FeedbackRequest.id.desc()).limit(PER_PAGE)
    ).all()
    return [_standing(now, *row) for row in rows]


def _standing(
    now: dt.datetime, request: FeedbackRequest, title: str, name: str | None, organisation_name: str,
    feedback: Feedback | None, hidden_at: dt.datetime | None, protected: bool, to_note: bool,
    revision_id: uuid.UUID, made_at: dt.datetime, text_changed: bool,
) -> Standing:
    who, at = first_name(name) if name else organisation_name, request.asked_at
    open_now = request.closed_at is None and now < rules.lapses_at(request.asked_at)
    stage = "waiting"
    if feedback is not None and feedback.visible_at <= now:
        stage, at = ("read" if feedback.read_at else "arrived"), feedback.visible_at
        stage = "hidden" if hidden_at is not None else stage
        if feedback.withdrawn_at is not None:
            stage = "lapsed" if rules.never_arrives(feedback.visible_at, feedback.withdrawn_at) else "withdrawn"
    elif feedback is None and request.closed_at is not None:
        arrives = rules.arrives_at(request.closed_at, protected, CITY_ZONE)
        if arrives <= now:
            stage, at = (request.outcome or "waiting"), arrives
    elif feedback is None and not open_now:
        stage, at = "lapsed", rules.lapses_at(request.asked_at)
    else:
        # What the night holds looks like waiting: nothing is told before 7.
        stage = "waiting"
    return Standing(
        request.id, request.experience_id, title, who, request.asked_at, stage,
        may_cancel=open_now and stage == "waiting",
        someone_else=stage in {"cannot", "lapsed", "withdrawn"} or (
            stage == "waiting" and rules.may_ask_someone_else(request.asked_at, now)),
        feedback_id=feedback.id if feedback is not None and stage in ARRIVED else None,
        at=at, to_note=to_note, reply=feedback.reply if feedback is not None else None, revision_id=revision_id,
        told_at=made_at if text_changed and stage in {"arrived", "read"} else None,
    )


def standings(experience_id: uuid.UUID, now: dt.datetime) -> list[Standing]:
    """Return where each request about one experience stands, newest first."""
    return _standings(now, FeedbackRequest.experience_id == experience_id)


def feedback_exchanges(learner_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the learner's own requests and the feedback they got, as lines of « Échanges »."""
    return [_line(s) for s in _standings(now, FeedbackRequest.learner_id == learner_id)]


def _line(s: Standing) -> ExchangeLine:
    ask = (url_for("feedback.ask", key=s.experience_id), _("Demander à quelqu’un d’autre"))
    there = url_for("experiences.experience", key=s.experience_id)
    at = s.at or s.asked_at
    if s.stage == "waiting":
        return ExchangeLine(
            s.asked_at, "told", s.asked_words, s.title, there, links=(ask,) if s.someone_else else (),
            buttons=((url_for("feedback.cancel", key=s.request_id), _("Annuler la demande")),) if s.may_cancel else (),
        )
    if s.feedback_id is not None:
        read = url_for("feedback.read", key=s.feedback_id)
        if s.stage == "arrived":
            return ExchangeLine(at, "talk", _("%(who)s vous a répondu", who=s.who), s.title, read, to_do=True,
                                action=_("Lire"))
        if s.stage == "withdrawn":
            return ExchangeLine(at, "talk", s.withdrawn_words, s.title, read, links=(ask,))
        words = _("Ce texte est caché.") if s.stage == "hidden" else s.title
        return ExchangeLine(at, "talk", feedback_of(s.who), words, read)
    noted = ((url_for("feedback.noted", key=s.request_id), _("C’est noté")),) if s.to_note else ()
    return ExchangeLine(at, "talk", s.closed_words, s.title, there, to_do=s.to_note, links=(ask,), buttons=noted)


def request(key: uuid.UUID) -> FeedbackRequest | None:
    """Return one request."""
    return db.session.get(FeedbackRequest, key)


def told_by(
    feedback_ids: Sequence[uuid.UUID], request_ids: Sequence[uuid.UUID]
) -> list[tuple[str, uuid.UUID, str, str, str]]:
    """Return for feedback and for requests that ended: which it is, its id, who, the experience, and how it ended."""
    rows = db.session.execute(
        sa.select(FeedbackRequest.id, FeedbackRequest.outcome, Feedback.id.label("feedback_id"),
                  Account.display_name, Organisation.name, Experience.title)
        .join(Experience, Experience.id == FeedbackRequest.experience_id)
        .join(Organisation, Organisation.id == FeedbackRequest.organisation_id)
        .outerjoin(Account, Account.id == FeedbackRequest.facilitator_id)
        .outerjoin(Feedback, Feedback.request_id == FeedbackRequest.id)
        .where(sa.or_(Feedback.id.in_(feedback_ids), FeedbackRequest.id.in_(request_ids)),
               Experience.deleted_at.is_(None))
        .order_by(FeedbackRequest.closed_at.desc(), FeedbackRequest.id.desc())
    )
    named = [(r, first_name(r.display_name) if r.display_name else r.name) for r in rows]
    return [
        ("given", r.feedback_id, who, r.title, "") if r.feedback_id in feedback_ids
        else ("closed", r.id, who, r.title, closed_words(who, r.outcome))
        for r, who in named
    ]


EXCHANGES.append(feedback_exchanges)
