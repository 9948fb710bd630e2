"""What is shown of requests and feedback: to the learner, and to whoever was asked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import format_date, get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import aliased

from .. import clock
from ..accounts import queries as accounts
from ..accounts import rules as age
from ..accounts.models import Account, ContactBar, Passport
from ..clock import CITY_ZONE, day_of
from ..experiences.details import said_in, said_of
from ..experiences.models import Claim, Evidence, Experience, Revision
from ..experiences.periods import period
from ..experiences.queries import PIECE, Piece
from ..experiences.reflection import in_words
from ..extensions import db
from ..frameworks.models import Wording
from ..frameworks.rules import asked_words, folded
from ..notices import queries as notices
from ..notices.models import Notice
from ..organisations import queries as organisations
from ..organisations.models import Joined, Membership, Organisation, Vetting
from ..policy import Actor, Asked, Role
from ..wording import first_name
from . import rules
from .models import (
    AccessGrant,
    AuthoredText,
    AuthoredVersion,
    Feedback,
    FeedbackRequest,
    GrantedClaim,
    GrantedEvidence,
)

PER_PAGE = 20
MOST = 100
MOST_SEARCHED = 1000
MANY_DAYS = 30
DRAFT = "feedback"


# ---------- what other rooms add to: the inbox, its count, « Échanges » ----------


@dataclass(frozen=True)
class InboxLine:
    """One request that waits for whoever answers: a feedback or a recognition."""

    kind: str  # "feedback" or "recognition"
    request_id: uuid.UUID
    learner_name: str
    title: str
    asked_at: dt.datetime
    message: str | None
    url: str
    protected: bool
    organisation_name: str = ""

    @property
    def place(self) -> After:
        """Return where this line stands among those that wait."""
        return self.asked_at, self.request_id


@dataclass(frozen=True)
class ExchangeLine:
    """One line of « Échanges »: where a request stands, or something that arrived.

    `to_do` puts it on top with `action` as its button; `links` are (url, label) pairs, `buttons` as well but sent by
    POST.
    """

    at: dt.datetime
    icon: str
    title: str
    words: str
    url: str
    to_do: bool = False
    tone: str = ""
    action: str = ""
    links: tuple[tuple[str, str], ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()


After = tuple[dt.datetime, uuid.UUID]
InboxSource = Callable[[Actor, dt.datetime, After | None, int], list[InboxLine]]
CountSource = Callable[[Actor, dt.datetime], Any]
ExchangeSource = Callable[[uuid.UUID, dt.datetime], list[ExchangeLine]]

INBOX: list[InboxSource] = []
INBOX_COUNTS: list[CountSource] = []
EXCHANGES: list[ExchangeSource] = []


def inbox(actor: Actor, now: dt.datetime, after: After | None = None, limit: int = PER_PAGE) -> list[InboxLine]:
    """Return what waits for this person's answer, longest wait first; one statement for each kind of request."""
    lines = [line for source in INBOX for line in source(actor, now, after, limit)]
    return sorted(lines, key=lambda line: line.place)[:limit]


def exchanges(learner_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the lines of « Échanges »: what waits for the learner first, then the newest."""
    lines = [line for source in EXCHANGES for line in source(learner_id, now)]
    return sorted(lines, key=lambda line: (line.to_do, line.at), reverse=True)


class Counts:
    """The two figures of the tabs, in one statement when the first is asked for; nothing for nobody."""

    def __init__(self, actor: Actor | None, now: dt.datetime) -> None:
        self._actor, self._now = actor, now
        self._found: tuple[int, int] | None = (0, 0) if actor is None else None

    def _load(self) -> tuple[int, int]:
        if self._found is None:
            assert self._actor is not None
            actor, now = self._actor, self._now
            waiting: Any = sa.literal(0)
            if actor.active("facilitator", now):
                for source in INBOX_COUNTS:
                    waiting = waiting + source(actor, now)
            arrived: Any = notices.count(actor.account_id, now)
            if actor.active("manager", now):
                arrived = arrived + _count(_desk(actor, now))
            row = db.session.execute(sa.select(arrived.label("arrived"), waiting.label("waiting"))).one()
            self._found = (row.arrived, row.waiting)
        return self._found

    @property
    def exchanges(self) -> int:
        """Return how many things wait for this person in « Échanges »."""
        return self._load()[0]

    @property
    def inbox(self) -> int:
        """Return how many requests wait for an answer of theirs."""
        return self._load()[1]


def _count(ids: sa.Select[Any]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(ids.limit(MOST).subquery()).scalar_subquery()


# ---------- words ----------


def day_words(instant: dt.datetime | dt.date) -> str:
    """Return a day as it reads in a sentence: « 1er juin », with the year when it is another one."""
    day = day_of(instant) if isinstance(instant, dt.datetime) else instant
    french = str(get_locale()) == "fr"
    year = "" if day.year == clock.today().year else " y"
    if french and day.day == 1:
        return str(format_date(day, f"'1er'\u00a0MMMM{year}"))
    return str(format_date(day, f"d\u00a0MMMM{year}"))


def ago_words(instant: dt.datetime) -> str:
    """Return how long ago a day was: today, yesterday, so many days, and after a month the day itself."""
    days = (clock.today() - day_of(instant)).days
    if days <= 0:
        return str(_("aujourd’hui"))
    if days == 1:
        return str(_("hier"))
    if days > MANY_DAYS:
        return day_words(instant)
    return str(ngettext("il y a %(num)s jour", "il y a %(num)s jours", days))


def feedback_of(name: str) -> str:
    """Return the title of somebody's feedback."""
    if name[:1].lower() in "aeiouàâäéèêëîïôöùûü":
        return str(_("Le retour d’%(who)s", who=name))
    return str(_("Le retour de %(who)s", who=name))


def arrival_words(arrives: dt.datetime, now: dt.datetime) -> str:
    """Return when words that the night holds will arrive, or nothing when they arrive at once."""
    if arrives <= now:
        return ""
    return str(_("Arrive aujourd’hui à 7 h.") if day_of(arrives) == day_of(now) else _("Arrive demain à 7 h."))


def closed_words(who: str, outcome: str | None) -> str:
    """Return how a request ended without a feedback, kindly."""
    return str(_("%(who)s n’a pas vu cela", who=who) if outcome == "cannot" else _("%(who)s n’a pas pu répondre", who=who))


def _wording_text() -> sa.ColumnElement[str]:
    return (Wording.text_en if str(get_locale()) == "en" else Wording.text_fr).label("text")


# ---------- conditions ----------


def is_protected(on: dt.date) -> sa.ColumnElement[bool]:
    """Return `accounts.rules.is_protected` as a condition on the passport."""
    months = (on.year - Passport.birth_year) * 12 + (on.month - Passport.birth_month)
    return sa.or_(Passport.protection_chosen.is_(True),
                  sa.and_(Passport.birth_year.is_not(None), months <= age.ADULT * 12))


def grant_is_open(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return `policy.grant_is_open` as a condition on the grant: what was closed stays closed, whatever the clock says."""
    return sa.and_(AccessGrant.opened_at <= now, AccessGrant.closes_at > now, AccessGrant.closed_at.is_(None))


def not_barred(learner: Any, adult_id: Any) -> sa.ColumnElement[bool]:
    """Return that no block or freeze stands between a learner and an adult, as a condition."""
    return ~sa.exists().where(ContactBar.learner_id == learner, ContactBar.adult_id == adult_id,
                              ContactBar.lifted_at.is_(None))


def organisation_is_active(organisation: Organisation, now: dt.datetime) -> bool:
    """Say whether the city vouches for an organisation now."""
    known = organisation.accredited_at is not None and organisation.accredited_at <= now
    return known and not any(t is not None and t <= now for t in (organisation.suspended_at, organisation.closed_at))


def _organisation_active(now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Organisation.accredited_at <= now,
                   sa.or_(Organisation.suspended_at.is_(None), Organisation.suspended_at > now),
                   sa.or_(Organisation.closed_at.is_(None), Organisation.closed_at > now))


def _membership_active(now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Membership.role == "facilitator", Membership.joined_at <= now,
                   sa.or_(Membership.suspended_at.is_(None), Membership.suspended_at > now),
                   sa.or_(Membership.ended_at.is_(None), Membership.ended_at > now))


def _membership_checked(on: dt.date) -> sa.ColumnElement[bool]:
    return sa.and_(
        Organisation.minors_state == "allowed",
        sa.exists().where(Vetting.membership_id == Membership.id, Vetting.revoked_at.is_(None),
                          Vetting.expires_on > on),
    )


# ---------- whom to ask ----------


def experience(key: uuid.UUID) -> Experience | None:
    """Return an experience that is not deleted."""
    found = db.session.get(Experience, key)
    return found if found is not None and found.deleted_at is None else None


@dataclass(frozen=True)
class Target:
    """Whoever is asked: one facilitator, or the team of an organisation."""

    organisation: Organisation
    name: str
    membership: Membership | None = None
    role: Role | None = None

    @property
    def adult_id(self) -> uuid.UUID | None:
        """Return whose account it is, for one facilitator."""
        return self.membership.account_id if self.membership is not None else None


def person(membership_id: uuid.UUID) -> Target | None:
    """Return one facilitator as somebody to ask, in one statement."""
    until = (sa.select(sa.func.max(Vetting.expires_on))
             .where(Vetting.membership_id == Membership.id, Vetting.revoked_at.is_(None)).scalar_subquery())
    row = db.session.execute(
        sa.select(Membership, Organisation, until, Account.display_name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.id == membership_id)
    ).one_or_none()
    if row is None:
        return None
    return Target(row[1], row[3] or "", row[0], organisations.role(row[0], row[1], row[2]))


def team(organisation_id: uuid.UUID) -> Target | None:
    """Return an organisation that was accredited once as a team to ask."""
    found = db.session.get(Organisation, organisation_id)
    return Target(found, found.name) if found is not None and found.accredited_at is not None else None


def role_of(membership_id: uuid.UUID) -> Role | None:
    """Return one membership as the policy sees it."""
    found = person(membership_id)
    return found.role if found is not None else None


def asking_facts(
    experience: Experience, organisation_id: uuid.UUID, adult_id: uuid.UUID | None, now: dt.datetime
) -> sa.Row[*tuple[Any, ...]]:
    """Return the learner's age, and whether they joined there, wait there already or have no contact: one statement."""
    joined = sa.exists().where(Joined.learner_id == Passport.learner_id, Joined.organisation_id == organisation_id,
                               Joined.joined_at <= now, Joined.closed_at.is_(None))
    waiting = sa.exists().where(
        FeedbackRequest.experience_id == experience.id, FeedbackRequest.closed_at.is_(None),
        FeedbackRequest.asked_at > now - rules.ANSWERED_WITHIN,
        FeedbackRequest.facilitator_id == adult_id if adult_id is not None
        else sa.and_(FeedbackRequest.organisation_id == organisation_id, FeedbackRequest.facilitator_id.is_(None)),
    )
    barred = ~not_barred(Passport.learner_id, adult_id) if adult_id is not None else sa.false()
    return db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month, Passport.protection_chosen, joined.label("joined"),
                  waiting.label("waiting"), barred.label("barred"))
        .where(Passport.learner_id == experience.learner_id)
    ).one()


@dataclass(frozen=True)
class Person:
    """A facilitator one may ask."""

    membership_id: uuid.UUID
    name: str
    title: str | None
    organisation_name: str
    waiting: bool = False


def answered_before(learner_id: uuid.UUID, experience_id: uuid.UUID, minor: bool, protected: bool,
                    now: dt.datetime) -> list[Person]:
    """Return who answered this learner before and can be asked now, the latest first; one statement."""
    latest = (sa.select(Feedback.membership_id, sa.func.max(Feedback.visible_at).label("latest"))
              .where(Feedback.learner_id == learner_id, Feedback.visible_at <= now)
              .group_by(Feedback.membership_id).subquery())
    waiting = sa.exists().where(FeedbackRequest.experience_id == experience_id,
                                FeedbackRequest.facilitator_id == Membership.account_id,
                                FeedbackRequest.closed_at.is_(None),
                                FeedbackRequest.asked_at > now - rules.ANSWERED_WITHIN)
    conditions = [_membership_active(now), _organisation_active(now), not_barred(learner_id, Membership.account_id),
                  Account.erased_at.is_(None)]
    if protected:
        conditions.append(_membership_checked(day_of(now)))
    if minor:
        conditions.append(sa.exists().where(
            Joined.learner_id == learner_id, Joined.organisation_id == Organisation.id, Joined.joined_at <= now,
            Joined.closed_at.is_(None)))
    rows = db.session.execute(
        sa.select(Membership.id, Account.display_name, Membership.title, Organisation.name, waiting.label("waiting"))
        .join(latest, latest.c.membership_id == Membership.id)
        .join(Account, Account.id == Membership.account_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(*conditions).order_by(latest.c.latest.desc(), Membership.id).limit(PER_PAGE)
    )
    return [Person(r.id, r.display_name or "", r.title, r.name, r.waiting) for r in rows]


def teams(learner_id: uuid.UUID, words: str | None, protected: bool, now: dt.datetime) -> list[Organisation]:
    """Return organisations whose team can be asked: those of this name, or without words those the learner joined."""
    found = (sa.select(Organisation).where(_organisation_active(now), Organisation.kind != "city")
             .order_by(Organisation.sort_key, Organisation.id).limit(MOST_SEARCHED if words else PER_PAGE))
    if protected:
        found = found.where(Organisation.minors_state == "allowed")
    if not words:
        found = found.join(Joined, Joined.organisation_id == Organisation.id).where(
            Joined.learner_id == learner_id, Joined.closed_at.is_(None))
        return list(db.session.scalars(found))
    wanted = asked_words(words)
    return [o for o in db.session.scalars(found) if wanted and all(w in folded(o.name) for w in wanted)][:PER_PAGE]


@dataclass(frozen=True)
class ClaimLine:
    """One « je » sentence of an experience."""

    competency_id: int
    text: str
    step: int


def claims(experience_id: uuid.UUID) -> list[ClaimLine]:
    """Return what the learner says they can do in one experience."""
    rows = db.session.execute(
        sa.select(Claim.competency_id, _wording_text(), Claim.step)
        .join(Wording, Wording.id == Claim.wording_id)
        .where(Claim.experience_id == experience_id).order_by(Claim.claimed_at, Claim.id)
    )
    return [ClaimLine(r.competency_id, r.text, r.step) for r in rows]


def granted(grant_id: uuid.UUID) -> list[ClaimLine]:
    """Return the « je » sentences that were sent along, as they stood then."""
    rows = db.session.execute(
        sa.select(GrantedClaim.competency_id, _wording_text(), GrantedClaim.step)
        .join(Wording, Wording.id == GrantedClaim.wording_id)
        .where(GrantedClaim.grant_id == grant_id).order_by(GrantedClaim.competency_id)
    )
    return [ClaimLine(r.competency_id, r.text, r.step) for r in rows]


def granted_pieces(grant_id: uuid.UUID) -> list[Piece]:
    """Return the photos, documents and links that were sent along and are still there; one statement."""
    rows = db.session.execute(
        sa.select(*PIECE).join(GrantedEvidence, GrantedEvidence.evidence_id == Evidence.id)
        .where(GrantedEvidence.grant_id == grant_id).order_by(Evidence.added_at, Evidence.id)
    )
    return [Piece(*row) for row in rows]


def granted_piece(grant_id: uuid.UUID, key: uuid.UUID) -> Piece | None:
    """Return one photo, document or link that was sent along, or None."""
    return next((piece for piece in granted_pieces(grant_id) if piece.id == key), None)


def mine_to_send(learner_id: uuid.UUID, after: tuple[dt.date, uuid.UUID] | None) -> Sequence[Experience]:
    """Return the learner's experiences that may be sent, newest first: one more than a page, to know whether more."""
    found = (sa.select(Experience)
             .where(Experience.learner_id == learner_id, Experience.deleted_at.is_(None),
                    Experience.for_me_only.is_(False))
             .order_by(Experience.sort_on.desc(), Experience.id.desc()).limit(PER_PAGE + 1))
    if after is not None:
        found = found.where(sa.tuple_(Experience.sort_on, Experience.id) < sa.tuple_(
            sa.literal(after[0]), sa.literal(after[1], Experience.id.type)))
    return db.session.scalars(found).all()


def has_joined(learner_id: uuid.UUID, organisation_id: uuid.UUID) -> bool:
    """Say whether a learner is in an organisation now."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Joined.learner_id == learner_id, Joined.organisation_id == organisation_id, Joined.closed_at.is_(None)))))


# ---------- whoever was asked ----------


@dataclass(frozen=True)
class Received(Asked):
    """A request on the side of whoever answers: what the policy weighs, and exactly what was sent."""

    experience_id: uuid.UUID | None = None
    request: FeedbackRequest | None = None
    revision: Revision | None = None
    learner_name: str = ""
    organisation_name: str = ""


def asked(key: uuid.UUID, now: dt.datetime) -> Received | None:
    """Return one request with what decides who may open it, in one statement; None when there is none."""
    rows = db.session.execute(
        sa.select(FeedbackRequest, AccessGrant, Revision, Account.display_name, Organisation.name,
                  is_protected(day_of(now)).label("protected"), ContactBar.adult_id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Passport, Passport.learner_id == FeedbackRequest.learner_id)
        .join(Account, Account.id == FeedbackRequest.learner_id)
        .join(Organisation, Organisation.id == FeedbackRequest.organisation_id)
        .outerjoin(ContactBar, sa.and_(ContactBar.learner_id == FeedbackRequest.learner_id,
                                       ContactBar.lifted_at.is_(None)))
        .where(FeedbackRequest.id == key)
    ).all()
    if not rows:
        return None
    request, grant, revision, name, organisation_name, protected, _adult = rows[0]
    return Received(
        learner_id=request.learner_id, organisation_id=request.organisation_id, membership_id=request.membership_id,
        facilitator_id=request.facilitator_id, learner_protected=bool(protected), grant_opened_at=grant.opened_at,
        grant_closes_at=grant.closes_at, grant_closed_at=grant.closed_at, closed_at=request.closed_at,
        barred_ids=frozenset(r.adult_id for r in rows if r.adult_id is not None),
        experience_id=request.experience_id, request=request, revision=revision, learner_name=name or "",
        organisation_name=organisation_name,
    )


@dataclass(frozen=True)
class Words:
    """Somebody's words, as they arrive."""

    seen: str
    question: str | None
    next_step: str | None
    reply: str | None = None


def was_sent(request_id: uuid.UUID, facilitator_id: uuid.UUID, submission: uuid.UUID) -> bool:
    """Say whether this very form already answered this request."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Feedback.request_id == request_id, Feedback.facilitator_id == facilitator_id,
        Feedback.submission == submission))))


def sent(request_id: uuid.UUID) -> Words | None:
    """Return what was answered to a request, for whoever wrote it."""
    row = db.session.execute(
        sa.select(AuthoredVersion, Feedback.reply)
        .join(Feedback, Feedback.text_id == AuthoredVersion.text_id)
        .where(Feedback.request_id == request_id).order_by(AuthoredVersion.number.desc()).limit(1)
    ).one_or_none()
    return Words(row[0].words, row[0].question, row[0].next_step, row[1]) if row is not None else None


def _to_answer(actor: Actor, now: dt.datetime) -> sa.Select[Any]:
    """Select the requests that wait for this person: the policy's truths, as conditions."""
    roles, on = actor.active("facilitator", now), day_of(now)
    protected = is_protected(on)
    mine = sa.and_(
        FeedbackRequest.facilitator_id == actor.account_id,
        sa.or_(
            FeedbackRequest.membership_id.in_([r.membership_id for r in roles if r.is_checked(on)]),
            sa.and_(FeedbackRequest.membership_id.in_([r.membership_id for r in roles]), ~protected),
        ),
    )
    team = sa.and_(FeedbackRequest.membership_id.is_(None), ~protected,
                   FeedbackRequest.organisation_id.in_([r.organisation_id for r in roles]))
    return (
        sa.select(FeedbackRequest.id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Passport, Passport.learner_id == FeedbackRequest.learner_id)
        .where(FeedbackRequest.closed_at.is_(None), FeedbackRequest.learner_id != actor.account_id,
               sa.or_(mine, team), grant_is_open(now), not_barred(FeedbackRequest.learner_id, actor.account_id))
    )


def feedback_inbox(actor: Actor, now: dt.datetime, after: After | None, limit: int) -> list[InboxLine]:
    """Return the requests for feedback that wait for this person, longest wait first."""
    found = (
        _to_answer(actor, now)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Account, Account.id == FeedbackRequest.learner_id)
        .join(Organisation, Organisation.id == FeedbackRequest.organisation_id)
        .add_columns(Account.display_name, Revision.title, FeedbackRequest.asked_at, FeedbackRequest.message,
                     is_protected(day_of(now)).label("protected"), Organisation.name.label("organisation_name"))
        .order_by(FeedbackRequest.asked_at, FeedbackRequest.id).limit(limit)
    )
    if after is not None:
        found = found.where(sa.tuple_(FeedbackRequest.asked_at, FeedbackRequest.id) > sa.tuple_(
            sa.literal(after[0], FeedbackRequest.asked_at.type), sa.literal(after[1], FeedbackRequest.id.type)))
    return [
        InboxLine("feedback", r.id, r.display_name or "", r.title, r.asked_at,
                  None if r.protected else r.message,
                  url_for("feedback.answer_request", key=r.id), bool(r.protected), r.organisation_name)
        for r in db.session.execute(found)
    ]


def still_to_answer(account_id: uuid.UUID, keys: list[uuid.UUID], now: dt.datetime) -> set[uuid.UUID]:
    """Return which of these requests still wait for this person's answer."""
    found = _to_answer(accounts.role_bearer(account_id), now).where(FeedbackRequest.id.in_(keys))
    return set(db.session.scalars(found))


def still_at_the_desk(account_id: uuid.UUID, organisations: list[uuid.UUID], now: dt.datetime) -> set[uuid.UUID]:
    """Return at which of these desks something still waits for this person to name somebody."""
    found = _desk(accounts.role_bearer(account_id), now).with_only_columns(FeedbackRequest.organisation_id)
    return set(db.session.scalars(found.where(FeedbackRequest.organisation_id.in_(organisations)).distinct()))


def team_accounts(organisation_id: uuid.UUID, learner_id: uuid.UUID, protected: bool, now: dt.datetime) -> list[uuid.UUID]:
    """Return who is told of a request to a team: its facilitators, or for a protected learner who keeps its desk."""
    acts = sa.and_(
        Membership.role == ("manager" if protected else "facilitator"), Membership.joined_at <= now,
        sa.or_(Membership.suspended_at.is_(None), Membership.suspended_at > now),
        sa.or_(Membership.ended_at.is_(None), Membership.ended_at > now))
    return list(db.session.scalars(
        sa.select(Membership.account_id)
        .where(Membership.organisation_id == organisation_id, acts, Membership.account_id != learner_id,
               not_barred(sa.literal(learner_id, Membership.account_id.type), Membership.account_id))
        .order_by(Membership.joined_at, Membership.id).limit(MOST)
    ))


def feedback_count(actor: Actor, now: dt.datetime) -> sa.ScalarSelect[int]:
    """Return how many requests for feedback wait for this person, as a scalar query."""
    return _count(_to_answer(actor, now))


# ---------- the desk of an organisation ----------


@dataclass(frozen=True)
class DeskLine:
    """A protected learner's request that waits for somebody to be named; who and what, for a role with a check in force."""

    request_id: uuid.UUID
    learner_name: str
    title: str
    asked_at: dt.datetime


def _desk(actor: Actor, now: dt.datetime, organisation_id: uuid.UUID | None = None) -> sa.Select[Any]:
    bodies = [r.organisation_id for r in actor.active("manager", now)
              if r.minors_state == "allowed" and (organisation_id is None or r.organisation_id == organisation_id)]
    return (
        sa.select(FeedbackRequest.id)
        .join(AccessGrant, AccessGrant.id == FeedbackRequest.grant_id)
        .join(Passport, Passport.learner_id == FeedbackRequest.learner_id)
        .where(FeedbackRequest.closed_at.is_(None), FeedbackRequest.membership_id.is_(None),
               FeedbackRequest.organisation_id.in_(bodies), FeedbackRequest.learner_id != actor.account_id,
               is_protected(day_of(now)), grant_is_open(now),
               not_barred(FeedbackRequest.learner_id, actor.account_id))
    )


def desk(actor: Actor, organisation_id: uuid.UUID, now: dt.datetime) -> list[DeskLine]:
    """Return what waits at an organisation's desk, longest wait first, a page at most."""
    rows = db.session.execute(
        _desk(actor, now, organisation_id)
        .join(Revision, Revision.id == AccessGrant.revision_id)
        .join(Account, Account.id == FeedbackRequest.learner_id)
        .add_columns(Account.display_name, Revision.title, FeedbackRequest.asked_at)
        .order_by(FeedbackRequest.asked_at, FeedbackRequest.id).limit(PER_PAGE)
    )
    checked = any(r.organisation_id == organisation_id and r.is_checked(day_of(now))
                  for r in (*actor.active("manager", now), *actor.active("facilitator", now)))
    return [DeskLine(r.id, (r.display_name or "") if checked else "", r.title if checked else "", r.asked_at)
            for r in rows]


def desks(actor: Actor, now: dt.datetime) -> list[tuple[uuid.UUID, str, int]]:
    """Return the desks of this person where something waits: organisation, its name, how many."""
    if not actor.active("manager", now):
        return []
    ids = _desk(actor, now).with_only_columns(FeedbackRequest.organisation_id).limit(MOST).subquery()
    rows = db.session.execute(
        sa.select(Organisation.id, Organisation.name, sa.func.count().label("waiting"))
        .join(ids, ids.c.organisation_id == Organisation.id)
        .group_by(Organisation.id, Organisation.name, Organisation.sort_key).order_by(Organisation.sort_key)
    )
    return [(r.id, r.name, r.waiting) for r in rows]


def assignable(organisation_id: uuid.UUID, now: dt.datetime) -> list[Person]:
    """Return the active facilitators of an organisation whose check is in force."""
    rows = db.session.execute(
        sa.select(Membership.id, Account.display_name, Membership.title, Organisation.name)
        .join(Account, Account.id == Membership.account_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Organisation.id == organisation_id, _membership_active(now), _organisation_active(now),
               _membership_checked(day_of(now)))
        .order_by(Account.display_name, Membership.id).limit(MOST)
    )
    return [Person(r.id, r.display_name or "", r.title, r.name) for r in rows]


# ---------- what was told ----------


@dataclass(frozen=True)
class Told:
    """An experience as it reads for whoever was asked."""

    title: str
    story: str | None
    context: str | None
    when: str
    lines: tuple[str, ...]
    said: tuple[str, ...] = ()
    reflection: tuple[tuple[str, str], ...] = ()


def told(revision: Revision | None) -> Told:
    """Return exactly what was sent: a kept revision, never the experience as it is now."""
    assert revision is not None
    facts = revision.facts
    along: Any = facts.get("reflection")
    found = _told(revision.title, revision.story, facts.get("context"), _day(facts.get("started_on")),
                 _day(facts.get("ended_on")), str(facts.get("when_precision") or "day"), bool(facts.get("ongoing")),
                 Decimal(str(facts["hours"])) if facts.get("hours") is not None else None, facts.get("place"),
                 uuid.UUID(str(facts["organisation_id"])) if facts.get("organisation_id") else None,
                 facts.get("organisation_text"))
    return replace(found, said=said_in(facts).lines, reflection=in_words(along) if along else ())


def told_now(experience: Experience) -> Told:
    """Return what would be sent now."""
    x = experience
    found = _told(x.title, x.story, x.context, x.started_on, x.ended_on, x.when_precision, x.ongoing, x.hours, x.place,
                  x.organisation_id, x.organisation_text)
    return replace(found, said=said_of(x).lines)


def _day(text: object) -> dt.date | None:
    return dt.date.fromisoformat(str(text)) if text else None


def _told(title: str, story: str | None, context: object, started_on: dt.date | None, ended_on: dt.date | None,
          precision: str, ongoing: bool, hours: Decimal | None, place: object, organisation_id: uuid.UUID | None,
          organisation_text: object) -> Told:
    known = db.session.get(Organisation, organisation_id) if organisation_id else None
    where = [str(words) for words in (known.name if known else organisation_text, place) if words]
    lines = [" · ".join(where)] if where else []
    if hours is not None:
        lines.append(ngettext("Environ %(num)s heure", "Environ %(num)s heures", int(hours)))
    return Told(title, story, str(context) if context else None,
                period(started_on, ended_on, precision, ongoing, str(get_locale())), tuple(lines))


# ---------- the learner ----------


@dataclass(frozen=True)
class Answered:
    """One feedback as its learner reads it; the words are None when they are hidden."""

    feedback: Feedback
    learner_id: uuid.UUID
    name: str
    role: str | None
    organisation_name: str
    words: Words | None
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
               AuthoredVersion.number == sa.select(sa.func.max(newest.number))
               .where(newest.text_id == AuthoredText.id).scalar_subquery())
    ).one_or_none()
    if row is None:
        return None
    feedback, text, version, name, title, organisation_name, revision, message = row
    words = None if text.hidden_at is not None else Words(version.words, version.question, version.next_step)
    return Answered(feedback, feedback.learner_id, name or "", title, organisation_name, words, revision, message,
                    text.id, text.regime == "protected")


@dataclass(frozen=True)
class Standing:
    """Where one request stands, for its learner; `stage` is waiting, arrived, read, hidden, cannot or lapsed."""

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
        someone_else=stage in {"cannot", "lapsed"} or (
            stage == "waiting" and rules.may_ask_someone_else(request.asked_at, now)),
        feedback_id=feedback.id if feedback is not None and stage in {"arrived", "read", "hidden"} else None,
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
    if s.stage in {"arrived", "read", "hidden"} and s.feedback_id is not None:
        read = url_for("feedback.read", key=s.feedback_id)
        if s.stage == "arrived":
            return ExchangeLine(at, "talk", _("%(who)s vous a répondu", who=s.who), s.title, read, to_do=True,
                                action=_("Lire"))
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
        ("given" if r.feedback_id else "closed", r.feedback_id or r.id, who, r.title,
         "" if r.feedback_id else closed_words(who, r.outcome))
        for r, who in named
    ]


INBOX.append(feedback_inbox)
INBOX_COUNTS.append(feedback_count)
EXCHANGES.append(feedback_exchanges)
