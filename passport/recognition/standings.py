"""Where each request for recognition stands, and the next steps that came of it: for its learner alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from ..accounts.models import Account, Passport
from ..clock import CITY_ZONE, day_of
from ..experiences.models import Experience
from ..extensions import db
from ..feedback import queries as feedback
from ..feedback import rules as feedback_rules
from ..feedback.models import AuthoredText, AuthoredVersion
from ..feedback.queries import ExchangeLine, day_words, is_protected
from ..frameworks.models import Wording
from ..notices.models import Notice
from ..organisations.models import Membership, Organisation
from ..wording import first_name
from .models import Endorsement, NotYet, RecognitionRequest, RequestedCompetency
from .queries import Recognised, detailed, from_row, held, newest, sentence
from .words import news_title

MOST = 20


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
        sa.select(NotYet.id, NotYet.text_id, NotYet.read_at, AuthoredText.hidden_at, AuthoredVersion.words, sentence())
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
    return [_standing(now, row) for row in db.session.execute(_standing_rows(now, *which).limit(MOST))]


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
        feedback_id=asked_for.feedback_id, title=row.title, name=row.display_name or row.organisation_name, role=row.role,
        organisation_name=row.organisation_name, asked_at=asked_for.asked_at, stage=stage, at=at,
        may_cancel=stage == "waiting", asked=row.asked, waits=row.waits, given=row.given, steps=row.steps,
        steps_unread=row.steps_unread, to_note=bool(row.to_note),
    )


def standing(key: uuid.UUID, now: dt.datetime) -> Standing | None:
    """Return where one request stands, in one statement."""
    return next(iter(_standings(now, RecognitionRequest.id == key)), None)


def of_experience(experience_id: uuid.UUID, now: dt.datetime) -> tuple[list[Standing], list[Recognised]]:
    """Return where each request about one experience stands, and what its learner keeps there; one statement."""
    found = detailed(
        _standing_rows(now, RecognitionRequest.experience_id == experience_id)
        .outerjoin(Endorsement, Endorsement.request_id == RecognitionRequest.id)
    ).order_by(Endorsement.offered_at, Endorsement.id)
    standings: dict[uuid.UUID, Standing] = {}
    recognised: list[Recognised] = []
    for row in db.session.execute(found):
        standings.setdefault(row.RecognitionRequest.id, _standing(now, row))
        if row.Endorsement is not None and row.deliver_after <= now:
            recognised.append(from_row(row))
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


# Right after feedback's own, whichever room was imported first.
feedback.EXCHANGES.insert(1, recognition_exchanges)
