"""What readers see to protect, and what learners see of who looked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..accounts import rules as age
from ..accounts.models import Account, ContactBar, Passport
from ..audit.models import ReadingLine
from ..audit.service import HIDDEN
from ..clock import day_of
from ..experiences.models import Experience
from ..extensions import db
from ..feedback.models import AuthoredText, AuthoredVersion, Feedback, FeedbackRequest
from ..notices.models import Notice
from ..organisations.models import Membership, Organisation, Vetting
from ..organisations.queries import acts_now, is_vetted, joined_by, known_now, young_among
from ..policy import Actor, Guarded, ReadAlong
from . import rules
from .models import ReaderSetAside

PER_PAGE = 20
AT_A_TIME = 200
KEPT = dt.timedelta(days=365)
Before = tuple[dt.datetime, uuid.UUID]


# ---------- who reads ----------


@dataclass(frozen=True)
class Reader:
    """Somebody who reads to protect now: an adult, named, active, with a check in force."""

    account_id: uuid.UUID
    membership_id: uuid.UUID
    organisation_id: uuid.UUID
    name: str
    title: str | None
    role: str
    organisation_name: str
    of_city: bool


@dataclass(frozen=True)
class Readers:
    """All who read to protect, and whom each organisation named as the second one."""

    everybody: tuple[Reader, ...]
    second: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)

    @property
    def pool(self) -> frozenset[uuid.UUID]:
        """Return the agents of the city who read where somebody is missing."""
        return frozenset(r.account_id for r in self.everybody if r.of_city)

    def named(self, organisation_id: uuid.UUID) -> frozenset[uuid.UUID]:
        """Return whom one organisation has: its own reader, and the second one."""
        second = self.second.get(organisation_id)
        return frozenset(r.account_id for r in self.everybody
                         if r.organisation_id == organisation_id or (r.account_id == second and not r.of_city))

    def of(self, organisation_id: uuid.UUID, not_them: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Return who reads one exchange there."""
        return rules.readers(self.named(organisation_id), self.pool, not_them)


def readers(now: dt.datetime) -> Readers:
    """Return all who read to protect now, in one statement: they are few."""
    served = aliased(Organisation)
    rows = db.session.execute(
        sa.select(Membership, Organisation.name, Account.display_name, Passport.birth_year, Passport.birth_month, served.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(Account, Account.id == Membership.account_id)
        .outerjoin(Passport, Passport.learner_id == Membership.account_id)
        .outerjoin(served, served.minors_reader_id == Membership.account_id)
        .where(Membership.is_safeguarding_reader, acts_now(now), known_now(now),
               is_vetted(Membership, day_of(now)))
        .order_by(Organisation.sort_key, Membership.id, served.id)
    )
    found: dict[uuid.UUID, Reader] = {}
    second: dict[uuid.UUID, uuid.UUID] = {}
    for m, house, name, year, month, served_id in rows:
        if age.has_turned(year, month, age.ADULT, day_of(now)):
            found[m.id] = Reader(m.account_id, m.id, m.organisation_id, name or "", m.title, m.role, house,
                                 m.organisation_kind == "city")
            if served_id is not None:
                second[served_id] = m.account_id
    return Readers(tuple(found.values()), second)


def is_set_aside(learner_id: Any, reader_id: Any) -> sa.ColumnElement[bool]:
    """Say, as a condition, that a learner set this reader aside."""
    return sa.exists().where(ReaderSetAside.learner_id == learner_id, ReaderSetAside.reader_id == reader_id,
                             ReaderSetAside.ended_at.is_(None))


def kept_away(learner_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[uuid.UUID, bool]]:
    """Return who reads nothing of each of these learners, in one statement: True where the learner set them aside.

    Whoever is barred is set aside by itself.
    """
    found: dict[uuid.UUID, dict[uuid.UUID, bool]] = defaultdict(dict)
    rows = db.session.execute(
        sa.select(ContactBar.learner_id, ContactBar.adult_id, sa.literal(0).label("chosen"))
        .where(ContactBar.learner_id.in_(learner_ids), ContactBar.lifted_at.is_(None))
        .union_all(sa.select(ReaderSetAside.learner_id, ReaderSetAside.reader_id, sa.literal(1))
                   .where(ReaderSetAside.learner_id.in_(learner_ids), ReaderSetAside.ended_at.is_(None)))
    )
    for learner_id, reader_id, chosen in rows:
        found[learner_id][reader_id] = bool(chosen) or found[learner_id].get(reader_id, False)
    return found


# ---------- what readers see ----------


@dataclass(frozen=True)
class Watched:
    """One protected learner's exchanges in one organisation, in the list of a reader: a name and a month."""

    learner_id: uuid.UUID
    organisation_id: uuid.UUID
    learner_name: str
    organisation_name: str
    last_at: dt.datetime
    reported: bool


def _written() -> sa.Select[Any]:
    """The words of adults to protected learners, each with the organisation in whose name; never private ones."""
    return (
        sa.select()
        .select_from(AuthoredText)
        .join(Membership, Membership.id == AuthoredText.membership_id)
        .where(AuthoredText.regime == "protected", AuthoredText.kind != "testimony", AuthoredText.author_id.is_not(None))
    )


def watched(actor: Actor, now: dt.datetime, before: Before | None = None) -> list[Watched]:
    """Return whose exchanges this reader may open, the newest first, one more than a page holds."""
    who = readers(now)
    if actor.account_id not in {r.account_id for r in who.everybody}:
        return []
    last = sa.func.max(AuthoredText.written_at, type_=AuthoredText.written_at.type)
    found: list[Watched] = []
    while len(found) <= PER_PAGE:
        query = (
            _written().join(Organisation, Organisation.id == Membership.organisation_id)
            .join(Account, Account.id == AuthoredText.learner_id)
            .add_columns(AuthoredText.learner_id, Organisation.id.label("organisation_id"), Account.display_name,
                         Organisation.name, last.label("last_at"),
                         sa.func.max(sa.case((AuthoredText.frozen_at.is_not(None), 1), else_=0)).label("reported"))
            .where(AuthoredText.learner_id != actor.account_id, AuthoredText.author_id != actor.account_id)
            .group_by(AuthoredText.learner_id, Organisation.id, Account.display_name, Organisation.name)
            .order_by(last.desc(), AuthoredText.learner_id.desc()).limit(AT_A_TIME)
        )
        if before is not None:
            query = query.having(sa.or_(last < before[0], sa.and_(last == before[0], AuthoredText.learner_id < before[1])))
        rows = db.session.execute(query).all()
        pairs = {(r.learner_id, r.organisation_id) for r in rows}
        open_pairs = _open_pairs(actor, pairs, who)
        found += [Watched(r.learner_id, r.organisation_id, r.display_name or "", r.name, r.last_at, bool(r.reported))
                  for r in rows if (r.learner_id, r.organisation_id) in open_pairs]
        if len(rows) < AT_A_TIME:
            break
        before = rows[-1].last_at, rows[-1].learner_id
    return found[:PER_PAGE + 1]


def _open_pairs(actor: Actor, pairs: set[tuple[uuid.UUID, uuid.UUID]], who: Readers) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Return for which of these learners and organisations there are words that this reader reads."""
    if not pairs:
        return set()
    learners = {learner for learner, _house in pairs}
    away = kept_away(learners)
    authors = db.session.execute(
        _written().add_columns(AuthoredText.learner_id, Membership.organisation_id, AuthoredText.author_id)
        .where(AuthoredText.learner_id.in_(learners)).distinct()
    )
    return {(a.learner_id, a.organisation_id) for a in authors
            if actor.account_id in who.of(a.organisation_id, {a.learner_id, a.author_id, *away[a.learner_id]})}


@dataclass(frozen=True)
class Protected(Guarded):
    """One protected learner's exchanges in one organisation, as the policy sees them and for whoever reads them."""

    learner_name: str = ""
    organisation_name: str = ""
    by_author: dict[uuid.UUID, frozenset[uuid.UUID]] = field(default_factory=dict)


def guarded(learner_id: uuid.UUID, organisation_id: uuid.UUID, now: dt.datetime) -> Protected | None:
    """Return who reads one protected learner's exchanges in one organisation, or None when there are none."""
    rows = db.session.execute(
        _written().join(Organisation, Organisation.id == Membership.organisation_id)
        .join(Account, Account.id == AuthoredText.learner_id)
        .add_columns(AuthoredText.author_id, Account.display_name, Organisation.name)
        .where(AuthoredText.learner_id == learner_id, Membership.organisation_id == organisation_id).distinct()
    ).all()
    if not rows:
        return None
    who, away = readers(now), kept_away([learner_id])[learner_id]
    by_author = {r.author_id: who.of(organisation_id, {learner_id, r.author_id, *away}) for r in rows}
    return Protected(learner_id, organisation_id, frozenset().union(*by_author.values()), rows[0].display_name or "",
                     rows[0].name, by_author)


@dataclass(frozen=True)
class Text:
    """Words of an adult, with what the learner wrote before and after, as a reader sees them."""

    key: uuid.UUID
    kind: str
    author: str
    title: str | None
    written_at: dt.datetime
    experience_id: uuid.UUID
    learner_id: uuid.UUID
    organisation_id: uuid.UUID
    learner_name: str
    words: str
    question: str | None
    next_step: str | None
    message: str | None
    reply: str | None
    held: bool
    hidden: bool
    reported: bool


def _texts(now: dt.datetime, *which: sa.ColumnElement[bool], before: Before | None) -> list[Text]:
    learner = aliased(Account)
    newest = (sa.select(sa.func.max(AuthoredVersion.number)).where(AuthoredVersion.text_id == AuthoredText.id)
              .correlate(AuthoredText).scalar_subquery())
    query = (
        sa.select(AuthoredText, AuthoredVersion, Account.display_name, learner.display_name.label("learner_name"),
                  Membership.title, Membership.organisation_id, Feedback.reply, FeedbackRequest.message)
        .join(AuthoredVersion, sa.and_(AuthoredVersion.text_id == AuthoredText.id, AuthoredVersion.number == newest))
        .join(Membership, Membership.id == AuthoredText.membership_id)
        .join(Account, Account.id == AuthoredText.author_id)
        .join(learner, learner.id == AuthoredText.learner_id)
        .outerjoin(Feedback, Feedback.text_id == AuthoredText.id)
        .outerjoin(FeedbackRequest, FeedbackRequest.id == Feedback.request_id)
        .where(*which).order_by(AuthoredText.written_at.desc(), AuthoredText.id.desc()).limit(PER_PAGE + 1)
    )
    if before is not None:
        query = query.where(sa.tuple_(AuthoredText.written_at, AuthoredText.id) < sa.tuple_(
            sa.literal(before[0], AuthoredText.written_at.type), sa.literal(before[1], AuthoredText.id.type)))
    return [
        Text(t.id, t.kind, r.display_name or "", r.title, t.written_at, t.experience_id, t.learner_id, r.organisation_id,
             r.learner_name or "", v.words, v.question, v.next_step, r.message, r.reply, t.deliver_after > now,
             t.hidden_at is not None, t.frozen_at is not None)
        for r in db.session.execute(query) for t, v in [(r[0], r[1])]
    ]


def texts(of: Protected, reader_id: uuid.UUID, now: dt.datetime, before: Before | None = None) -> list[Text]:
    """Return what this reader reads of one learner there, newest first, one more than a page: never their own words."""
    authors = [author for author, who in of.by_author.items() if reader_id in who]
    return _texts(now, AuthoredText.regime == "protected", AuthoredText.kind != "testimony",
                  AuthoredText.learner_id == of.learner_id, Membership.organisation_id == of.organisation_id,
                  AuthoredText.author_id.in_(authors), before=before)


# ---------- reading along with a facilitator of 16 or 17 ----------


@dataclass(frozen=True)
class Along(ReadAlong):
    """What a young facilitator writes in one role, and who reads along."""

    membership_id: uuid.UUID
    name: str
    organisation_name: str


def along(membership_id: uuid.UUID, now: dt.datetime) -> Along | None:
    """Return the role of a facilitator who is under 18, with the account of who reads along, or None."""
    co = aliased(Membership)
    row = db.session.execute(
        sa.select(Membership, Account.display_name, Organisation.name, co.account_id)
        .join(Account, Account.id == Membership.account_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(co, co.id == Membership.co_reader_id).where(Membership.id == membership_id, Membership.ended_at.is_(None))
    ).one_or_none()
    if row is None or not young_among([row[0].account_id], now):
        return None
    return Along(row[0].account_id, row[0].organisation_id, row[3], row[0].id, row[1] or "", row[2])


def alongs(actor: Actor, now: dt.datetime) -> list[tuple[uuid.UUID, str]]:
    """Return the young facilitators with whom somebody reads along: role and name."""
    mine = [r.membership_id for r in actor.roles if r.is_active(now)]
    if not mine:
        return []
    rows = db.session.execute(
        sa.select(Membership.id, Account.display_name, Passport.birth_year, Passport.birth_month)
        .join(Account, Account.id == Membership.account_id).join(Passport, Passport.learner_id == Account.id)
        .where(Membership.co_reader_id.in_(mine), Membership.ended_at.is_(None)).order_by(Membership.id).limit(PER_PAGE))
    return [(r.id, r.display_name or "") for r in rows
            if not age.has_turned(r.birth_year, r.birth_month, age.ADULT, day_of(now))]


def texts_along(of: Along, actor: Actor, now: dt.datetime, before: Before | None = None) -> list[Text]:
    """Return what a young facilitator wrote in that role; of protected learners only for whoever has a check in force."""
    checked = any(r.organisation_id == of.organisation_id and r.is_active(now) and r.is_vetted(day_of(now))
                  for r in actor.roles)
    barred = sa.exists().where(ContactBar.learner_id == AuthoredText.learner_id,
                               ContactBar.adult_id == actor.account_id, ContactBar.lifted_at.is_(None))
    aside = sa.exists().where(ReaderSetAside.learner_id == AuthoredText.learner_id,
                              ReaderSetAside.reader_id == actor.account_id, ReaderSetAside.ended_at.is_(None))
    return _texts(now, AuthoredText.membership_id == of.membership_id, AuthoredText.learner_id != actor.account_id,
                  *([] if checked else [AuthoredText.regime == "private"]), ~barred, ~aside, before=before)


# ---------- what a learner sees ----------


@dataclass(frozen=True)
class Look:
    """Somebody opened something of mine: on a day, in a role; the name only when I know it already."""

    key: uuid.UUID
    read_on: dt.date
    role: str
    organisation_name: str
    action: str
    title: str | None
    name: str | None


def looks(learner_id: uuid.UUID, now: dt.datetime, before: tuple[dt.date, uuid.UUID] | None = None) -> list[Look]:
    """Return who looked in the last twelve months, newest first, one more than a page holds; one statement."""
    wrote = sa.exists().where(AuthoredText.author_id == Account.id, AuthoredText.learner_id == ReadingLine.learner_id,
                              AuthoredText.deliver_after <= now)
    asked = sa.exists().where(FeedbackRequest.facilitator_id == Account.id, FeedbackRequest.assigned_at.is_(None),
                              FeedbackRequest.learner_id == ReadingLine.learner_id, FeedbackRequest.closed_at.is_(None))
    hidden = [hide(ReadingLine, now) for hide in HIDDEN]
    query = (
        sa.select(ReadingLine, Organisation.name, Account.display_name, Experience.title, wrote.label("wrote"),
                  asked.label("asked"))
        .outerjoin(Organisation, Organisation.id == ReadingLine.organisation_id)
        .outerjoin(Account, Account.audit_ref == ReadingLine.reader_ref)
        .outerjoin(Experience, sa.and_(Experience.id == ReadingLine.experience_id, Experience.deleted_at.is_(None)))
        .where(ReadingLine.learner_id == learner_id, ReadingLine.read_on > day_of(now) - KEPT,
               *(sa.not_(condition) for condition in hidden))
        .order_by(ReadingLine.read_on.desc(), ReadingLine.id.desc()).limit(PER_PAGE + 1)
    )
    if before is not None:
        query = query.where(sa.tuple_(ReadingLine.read_on, ReadingLine.id) < sa.tuple_(
            sa.literal(before[0], ReadingLine.read_on.type), sa.literal(before[1], ReadingLine.id.type)))
    return [
        Look(line.id, line.read_on, line.role, house or "", line.action, title,
             name if rules.knows_name(bool(knew), bool(chose)) else None)
        for line, house, name, title, knew, chose in db.session.execute(query)
    ]


@dataclass(frozen=True)
class MayRead:
    """Somebody who may read my exchanges in one organisation, or does not, because I set them aside."""

    account_id: uuid.UUID
    name: str
    role: str
    title: str | None
    house: str
    aside: bool


@dataclass(frozen=True)
class House:
    """An organisation where adults answer me, and who reads there to protect."""

    organisation_id: uuid.UUID
    name: str
    people: tuple[MayRead, ...]
    by_city: bool


@dataclass(frozen=True)
class MayReadMe:
    """Who may read a learner's exchanges: by organisation, and the agents of the city."""

    houses: tuple[House, ...]
    city: tuple[MayRead, ...]

    def names(self, account_id: uuid.UUID) -> bool:
        """Say whether this is somebody who could read."""
        return any(p.account_id == account_id for group in (*(h.people for h in self.houses), self.city) for p in group)


def may_read(learner_id: uuid.UUID, now: dt.datetime) -> MayReadMe:
    """Return who reads to protect where a learner is or exchanges with somebody, and who does not because of them."""
    theirs = (
        joined_by(learner_id)
        .union(sa.select(FeedbackRequest.organisation_id).where(FeedbackRequest.learner_id == learner_id))
    )
    rows = db.session.execute(
        sa.select(Organisation.id, Organisation.name)
        .where(Organisation.id.in_(theirs), Organisation.minors_state == "allowed")
        .order_by(Organisation.sort_key, Organisation.id).limit(PER_PAGE)).all()
    who, away = readers(now), kept_away([learner_id])[learner_id]
    aside = {reader for reader, chosen in away.items() if chosen}
    found = []
    for key, name in rows:
        reads = who.of(key, {learner_id, *away})
        shown = reads | (who.named(key) & aside)
        found.append(House(key, name, _people(who, shown - who.pool, aside), bool(reads & who.pool)))
    return MayReadMe(tuple(found), _people(who, who.pool - {learner_id} - (set(away) - aside), aside))


def _people(who: Readers, ids: Iterable[uuid.UUID], aside: set[uuid.UUID]) -> tuple[MayRead, ...]:
    wanted = set(ids)
    found: dict[uuid.UUID, MayRead] = {}
    for r in who.everybody:
        if r.account_id in wanted:
            found.setdefault(r.account_id, MayRead(r.account_id, r.name, r.role, r.title, r.organisation_name,
                                                   r.account_id in aside))
    return tuple(found.values())


# ---------- checks that end soon ----------


@dataclass(frozen=True)
class Ending:
    """A check that ends soon, for whoever it is about or records it."""

    at: dt.datetime
    expires_on: dt.date
    membership_id: uuid.UUID
    organisation_id: uuid.UUID
    organisation_name: str
    name: str
    own: bool


def endings(account_id: uuid.UUID, now: dt.datetime) -> list[Ending]:
    """Return the checks of which this person was reminded and that nobody has noted anew; one statement."""
    rows = db.session.execute(
        sa.select(Notice.at, Vetting.expires_on, Membership.id, Membership.account_id, Organisation.id.label("house_id"),
                  Organisation.name, Account.display_name)
        .join(Vetting, Vetting.id == Notice.subject_id)
        .join(Membership, Membership.id == Vetting.membership_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(Account, Account.id == Membership.account_id)
        .where(Notice.account_id == account_id, Notice.kind == "check_ends", Notice.read_at.is_(None),
               Notice.visible_at <= now, Vetting.revoked_at.is_(None), Membership.ended_at.is_(None))
        .order_by(Vetting.expires_on, Vetting.id).limit(PER_PAGE))
    return [Ending(r.at, r.expires_on, r.id, r.house_id, r.name, r.display_name or "", r.account_id == account_id)
            for r in rows]
