"""What every reader of requests and feedback shares, in this room and in later ones."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_babel import format_date, get_locale, ngettext
from flask_babel import gettext as _

from .. import clock
from ..accounts import queries as accounts
from ..accounts import rules as age
from ..accounts.models import Account, ContactBar, Passport
from ..audit.service import Looked
from ..clock import day_of
from ..experiences.details import said_in, said_of
from ..experiences.models import Claim, Evidence, Experience, Revision
from ..experiences.periods import period
from ..experiences.queries import PIECE, Piece
from ..experiences.reflection import in_words
from ..extensions import db
from ..frameworks.models import Wording
from ..organisations import queries as organisations
from ..organisations.models import Membership, Organisation, Vetting
from ..policy import Actor, Role
from .models import AccessGrant, GrantedClaim, GrantedEvidence

PER_PAGE = 20
MOST = 100
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
    looked: Looked | None = None

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
Source = TypeVar("Source", bound=Callable[..., Any])

INBOX: list[InboxSource] = []
INBOX_COUNTS: list[CountSource] = []
EXCHANGES: list[ExchangeSource] = []


# The later room of recognition says here when it stands on a feedback: a condition on its id.
STANDS: list[Callable[[Any], sa.ColumnElement[bool]]] = []


def by_room(sources: list[Source]) -> list[Source]:
    """Return what rooms added in one order, whichever of them was loaded first."""
    return sorted(sources, key=lambda source: source.__module__)


def inbox(actor: Actor, now: dt.datetime, after: After | None = None, limit: int = PER_PAGE) -> list[InboxLine]:
    """Return what waits for this person's answer, longest wait first; one statement for each kind of request."""
    lines = [line for source in by_room(INBOX) for line in source(actor, now, after, limit)]
    return sorted(lines, key=lambda line: line.place)[:limit]


def exchanges(learner_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the lines of « Échanges »: what waits for the learner first, then the newest."""
    lines = [line for source in by_room(EXCHANGES) for line in source(learner_id, now)]
    return sorted(lines, key=lambda line: (line.to_do, line.at), reverse=True)


def count_of(ids: sa.Select[Any]) -> sa.ScalarSelect[int]:
    """Return how many rows a query finds, `MOST` at most, as a scalar query."""
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


def withdrawn_words(who: str) -> str:
    """Return that somebody took their feedback back."""
    return str(_("%(who)s a retiré son retour", who=who))


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


def organisation_active(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return `organisation_is_active` as a condition on the organisation."""
    return sa.and_(Organisation.accredited_at <= now,
                   sa.or_(Organisation.suspended_at.is_(None), Organisation.suspended_at > now),
                   sa.or_(Organisation.closed_at.is_(None), Organisation.closed_at > now))


def membership_active(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return that a membership lets its facilitator act now, as a condition."""
    return sa.and_(Membership.role == "facilitator", Membership.joined_at <= now,
                   Membership.identity_confirmed_at <= now,
                   sa.or_(Membership.suspended_at.is_(None), Membership.suspended_at > now),
                   sa.or_(Membership.ended_at.is_(None), Membership.ended_at > now))


def membership_checked(on: dt.date) -> sa.ColumnElement[bool]:
    """Return that this facilitator knows the charter and has a check in force in an organisation that welcomes minors."""
    return sa.and_(
        Organisation.minors_state == "allowed", Membership.trained_at.is_not(None),
        sa.exists().where(Vetting.membership_id == Membership.id, Vetting.revoked_at.is_(None),
                          Vetting.expires_on > on),
        accounts.not_frozen(Membership.account_id),
    )


# ---------- one facilitator ----------


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
             .where(Vetting.membership_id == Membership.id, Vetting.revoked_at.is_(None),
                    accounts.not_frozen(Membership.account_id)).scalar_subquery())
    row = db.session.execute(
        sa.select(Membership, Organisation, until, Account.display_name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.id == membership_id)
    ).one_or_none()
    if row is None:
        return None
    return Target(row[1], row[3] or "", row[0], organisations.role(row[0], row[1], row[2]))


def role_of(membership_id: uuid.UUID) -> Role | None:
    """Return one membership as the policy sees it."""
    found = person(membership_id)
    return found.role if found is not None else None


# ---------- what was told, and what went along ----------


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
        .where(GrantedEvidence.grant_id == grant_id, Evidence.deleted_at.is_(None))
        .order_by(Evidence.added_at, Evidence.id)
    )
    return [Piece(*row) for row in rows]


def granted_piece(grant_id: uuid.UUID, key: uuid.UUID) -> Piece | None:
    """Return one photo, document or link that was sent along, or None."""
    return next((piece for piece in granted_pieces(grant_id) if piece.id == key), None)
