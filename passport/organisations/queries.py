"""What is shown of organisations and of the people who act for them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from ..accounts import queries as accounts
from ..accounts import rules as age
from ..accounts.models import Account, Passport
from ..clock import day_of
from ..columns import Key
from ..extensions import db
from ..letters import plain
from ..notices.models import Notice
from ..policy import Member, Role
from ..seal import digest_of, keyed_digests_of
from . import rules
from .models import AskCode, Invitation, Joined, Membership, Organisation, Vetting

PER_PAGE = 20
MOST_WAITING = 100


def sort_key(name: str) -> str:
    """Return a name as it is sorted, searched, and known apart from others."""
    return plain(name)


@lru_cache(maxsize=1)
def _of_account() -> Any:
    """Return the statement of `roles_of`, built once: every request of whoever has a role asks it."""
    mine = sa.bindparam("account_id", type_=Key())
    return (
        sa.select(Membership, Organisation, _checked_until(accounts.not_frozen(Membership.account_id)),
                  sa.exists().where(Notice.account_id == mine, Notice.kind == "check_ends",
                                    Notice.read_at.is_(None)).label("reminded"))
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.account_id == mine, Membership.ended_at.is_(None))
        .order_by(Organisation.sort_key, Membership.id)
    )


def roles_of(account_id: uuid.UUID) -> tuple[Role, ...]:
    """Return the memberships of one account that are not over, in one statement."""
    return tuple(role(m, o, until, reminded) for m, o, until, reminded in
                 db.session.execute(_of_account(), {"account_id": account_id}))


def role(membership: Membership, organisation: Organisation, checked_until: object, reminded: bool = False) -> Role:
    """Return one membership as the policy sees it."""
    return Role(
        membership_id=membership.id, organisation_id=organisation.id, organisation_name=organisation.name,
        role=membership.role, title=membership.title, joined_at=membership.joined_at,
        charter_version=membership.charter_version, trained_at=membership.trained_at,
        suspended_at=membership.suspended_at, ended_at=membership.ended_at, accredited_at=organisation.accredited_at,
        organisation_suspended_at=organisation.suspended_at, organisation_closed_at=organisation.closed_at,
        minors_state=organisation.minors_state, checked_until=checked_until,  # type: ignore[arg-type]
        identity_confirmed_at=membership.identity_confirmed_at, is_reader=membership.is_safeguarding_reader,
        is_co_read=membership.co_reader_id is not None,
        is_reminded=bool(reminded),
    )


accounts.ROLES.append(roles_of)


def _checked_until(*which: sa.ColumnElement[bool]) -> sa.Label[dt.date]:
    """The day on which the check of a membership in the same statement ends; `which` may leave it out."""
    return (
        sa.select(sa.func.max(Vetting.expires_on))
        .where(Vetting.membership_id == Membership.id, Vetting.revoked_at.is_(None), *which)
        .scalar_subquery()
        .label("checked_until")
    )


def _not_over(column: sa.orm.InstrumentedAttribute[dt.datetime | None], now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.or_(column.is_(None), column > now)


def known_now(now: dt.datetime) -> sa.ColumnElement[bool]:
    """The organisation is accredited, and neither suspended nor closed."""
    return sa.and_(Organisation.accredited_at <= now, _not_over(Organisation.suspended_at, now),
                   _not_over(Organisation.closed_at, now))


def acts_now(now: dt.datetime) -> sa.ColumnElement[bool]:
    """The membership is joined, and neither suspended nor over."""
    return sa.and_(Membership.joined_at <= now, Membership.identity_confirmed_at <= now, _not_over(Membership.suspended_at, now),
                   _not_over(Membership.ended_at, now))


def is_vetted(member: Any, on: dt.date) -> sa.ColumnElement[bool]:
    """Return `Role.is_vetted` as a condition: a check in force, and no freeze with all protected learners."""
    return sa.and_(sa.exists().where(Vetting.membership_id == member.id, Vetting.revoked_at.is_(None),
                                     Vetting.expires_on > on), accounts.not_frozen(member.account_id))


# ---------- who reads to protect ----------


def acts(membership: Membership, now: dt.datetime) -> bool:
    """Say whether a role counts now, in an organisation that counts now."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Membership.id == membership.id, Organisation.id == Membership.organisation_id, acts_now(now), known_now(now)))))


def readers_elsewhere(organisation_id: uuid.UUID, now: dt.datetime) -> list[Person]:
    """Return who reads to protect in other organisations, the city's apart: a federation, a neighbour."""
    return [_person(r) for r in db.session.execute(
        _people().where(Membership.is_safeguarding_reader, Membership.organisation_id != organisation_id,
                        Organisation.kind != "city", acts_now(now), known_now(now))
        .order_by(Organisation.sort_key, Membership.id).limit(MOST_WAITING)
    )]


def welcome(organisation: Organisation, now: dt.datetime) -> rules.Welcome:
    """Return what an organisation has on its way to minors, in one statement."""
    def reads(*which: sa.ColumnElement[bool]) -> sa.Exists:
        return sa.exists().where(Membership.is_safeguarding_reader, acts_now(now),
                                 Organisation.id == Membership.organisation_id, known_now(now), *which)

    own = sa.exists().where(Membership.organisation_id == organisation.id, acts_now(now),
                            Membership.account_id == organisation.minors_lead_id)
    second = (reads(Organisation.kind == "city") if organisation.minors_reader_id is None
              else reads(Membership.account_id == organisation.minors_reader_id,
                         Membership.organisation_id != organisation.id))
    row = db.session.execute(sa.select(own.label("lead"), second.label("reader"))).one()
    return rules.Welcome(bool(row.lead), bool(row.reader), organisation.minors_charter_version)


def adults_of(organisation_id: uuid.UUID, now: dt.datetime) -> list[Person]:
    """Return the adults who act for an organisation now, each in the first of their roles."""
    today = day_of(now)
    rows = db.session.execute(
        _people().add_columns(Passport.birth_year, Passport.birth_month)
        .outerjoin(Passport, Passport.learner_id == Membership.account_id)
        .where(Membership.organisation_id == organisation_id, acts_now(now))
        .order_by(Membership.role.desc(), Membership.id).limit(MOST_WAITING))
    found: dict[uuid.UUID, Person] = {}
    for m, o, name, until, year, month in rows:
        if age.has_turned(year, month, age.ADULT, today):
            found.setdefault(m.account_id, Person(o.id, m.account_id, m.role, m, o, name or "", until))
    return list(found.values())


def young_among(account_ids: list[uuid.UUID], now: dt.datetime) -> set[uuid.UUID]:
    """Return which of these people are under 18 today."""
    rows = db.session.execute(
        sa.select(Passport.learner_id, Passport.birth_year, Passport.birth_month)
        .where(Passport.learner_id.in_(account_ids), Passport.birth_year.is_not(None)))
    return {r.learner_id for r in rows if not age.has_turned(r.birth_year, r.birth_month, age.ADULT, day_of(now))}


def name_of(account_id: uuid.UUID | None) -> str:
    """Return how somebody is called, or nothing."""
    return (db.session.scalar(sa.select(Account.display_name).where(Account.id == account_id)) or "") if account_id else ""


# ---------- one thing ----------


def organisation(organisation_id: uuid.UUID) -> Organisation | None:
    """Return one organisation, or None."""
    return db.session.get(Organisation, organisation_id)


def membership(membership_id: uuid.UUID) -> Membership | None:
    """Return one membership, or None."""
    return db.session.get(Membership, membership_id)


@dataclass(frozen=True)
class Person(Member):
    """Somebody's membership, as the policy sees it and as it is shown."""

    membership: Membership
    organisation: Organisation
    name: str
    checked_until: dt.date | None

    @property
    def is_checked_person(self) -> bool:
        """Say whether a check can be noted for this role."""
        return self.role in rules.CHECKED_ROLES or self.membership.is_safeguarding_reader


def member(membership_id: uuid.UUID) -> Person | None:
    """Return one membership with its organisation and the person's name, or None."""
    row = db.session.execute(_people().where(Membership.id == membership_id)).one_or_none()
    return _person(row) if row is not None else None


def _people() -> sa.Select[Membership, Organisation, str | None, dt.date]:
    return (
        sa.select(Membership, Organisation, Account.display_name, _checked_until())
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(Account, Account.id == Membership.account_id)
    )


def _person(row: sa.Row[Membership, Organisation, str | None, dt.date]) -> Person:
    m, o, name, until = row
    return Person(o.id, m.account_id, m.role, m, o, name or "", until)


# ---------- an organisation's page ----------


def people_of(organisation_id: uuid.UUID, after: tuple[str, uuid.UUID] | None = None) -> list[Person]:
    """Return who acts for an organisation, responsible people first, one more than a page holds."""
    query = _people().where(Membership.organisation_id == organisation_id, Membership.ended_at.is_(None))
    if after is not None:
        role_before, last = after
        query = query.where(sa.or_(Membership.role < role_before,
                                   sa.and_(Membership.role == role_before, Membership.id > last)))
    return [_person(r) for r in db.session.execute(
        query.order_by(Membership.role.desc(), Membership.id).limit(PER_PAGE + 1)
    )]


def open_invitations(organisation_id: uuid.UUID, now: dt.datetime) -> Sequence[Invitation]:
    """Return the invitations that somebody can still accept, newest first."""
    return db.session.scalars(
        sa.select(Invitation)
        .where(Invitation.organisation_id == organisation_id, Invitation.used_at.is_(None),
               Invitation.revoked_at.is_(None), Invitation.expires_at > now)
        .order_by(Invitation.id.desc()).limit(MOST_WAITING)
    ).all()


def invitation(invitation_id: uuid.UUID) -> Invitation | None:
    """Return one invitation, or None."""
    return db.session.get(Invitation, invitation_id)


@dataclass(frozen=True)
class Offer:
    """An invitation as its landing page tells it: who invites, to what, where."""

    invitation: Invitation
    organisation: Organisation
    inviter: str | None


def offer(token: str) -> Offer | None:
    """Return the invitation behind a link, even when it is over, or None when there never was one."""
    row = db.session.execute(
        sa.select(Invitation, Organisation, Account.display_name)
        .join(Organisation, Organisation.id == Invitation.organisation_id)
        .outerjoin(Account, Account.id == Invitation.invited_by_id)
        .where(Invitation.token_hash == digest_of(token))
    ).one_or_none()
    return Offer(*row) if row is not None else None


# ---------- the city's page ----------


@dataclass(frozen=True)
class Listed:
    """An organisation in the coordination's list."""

    organisation: Organisation
    has_manager: bool


def _listed() -> sa.Select[Organisation, bool]:
    managed = sa.exists().where(Membership.organisation_id == Organisation.id, Membership.role == "manager",
                                Membership.ended_at.is_(None))
    return sa.select(Organisation, managed.label("has_manager")).where(Organisation.closed_at.is_(None))


def to_accredit() -> list[Listed]:
    """Return the organisations that wait to be accredited, longest wait first."""
    return [Listed(*r) for r in db.session.execute(
        _listed().where(Organisation.accredited_at.is_(None))
        .order_by(Organisation.requested_at, Organisation.id).limit(MOST_WAITING)
    )]


def accredited(words: str = "", after: tuple[str, uuid.UUID] | None = None) -> list[Listed]:
    """Return the accredited organisations by name, one more than a page holds."""
    query = _listed().where(Organisation.accredited_at.is_not(None), *_named(words))
    if after is not None:
        name, last = after
        query = query.where(sa.or_(Organisation.sort_key > name,
                                   sa.and_(Organisation.sort_key == name, Organisation.id > last)))
    return [Listed(*r) for r in db.session.execute(
        query.order_by(Organisation.sort_key, Organisation.id).limit(PER_PAGE + 1)
    )]


def _named(words: str) -> list[sa.ColumnElement[bool]]:
    return [Organisation.sort_key.contains(w, autoescape=True) for w in sort_key(words).split()[:5]]


# ---------- what other rooms ask ----------


def search(words: str, now: dt.datetime) -> Sequence[Organisation]:
    """Return accredited organisations whose name holds these words, by name, a page at most; never the city."""
    return db.session.scalars(
        sa.select(Organisation).where(known_now(now), Organisation.kind != "city", *_named(words))
        .order_by(Organisation.sort_key, Organisation.id).limit(PER_PAGE)
    ).all()


def called(name: str, now: dt.datetime) -> uuid.UUID | None:
    """Return the accredited organisation of this name, accents and case aside, or None; never the city."""
    return db.session.scalar(
        sa.select(Organisation.id)
        .where(known_now(now), Organisation.kind != "city", Organisation.sort_key == sort_key(name))
        .order_by(Organisation.id).limit(1)
    )


def names_of(ids: sa.CompoundSelect[Any], now: dt.datetime, most: int) -> list[str]:
    """Return the names of those of these organisations that are accredited, by name."""
    return list(db.session.scalars(
        sa.select(Organisation.name)
        .where(known_now(now), Organisation.kind != "city", Organisation.id.in_(ids))
        .order_by(Organisation.sort_key, Organisation.id).limit(most)
    ))


def joined_by(learner_id: uuid.UUID) -> sa.Select[Any]:
    """Return, as a part of another statement, the organisations that a learner has joined."""
    return sa.select(Joined.organisation_id).where(Joined.learner_id == learner_id, Joined.closed_at.is_(None))


def facilitators_of(organisation_id: uuid.UUID, now: dt.datetime) -> list[Person]:
    """Return who answers for an organisation now; nobody when it is not accredited."""
    return [_person(r) for r in db.session.execute(
        _people().where(Membership.organisation_id == organisation_id, Membership.role == "facilitator",
                        acts_now(now), known_now(now))
        .order_by(Membership.id)
    )]


def by_ask_token(token: str, now: dt.datetime) -> Membership | None:
    """Return the facilitator's membership behind a code « Demandez-moi », while it counts; else None."""
    return db.session.scalars(
        sa.select(Membership)
        .join(AskCode, AskCode.membership_id == Membership.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(AskCode.token_hash == digest_of(token), AskCode.closed_at.is_(None), Membership.role == "facilitator",
               acts_now(now), known_now(now))
    ).one_or_none()


# ---------- joining ----------


def by_join_code(code: str, now: dt.datetime) -> Organisation | None:
    """Return the accredited organisation that shows this joining code now, or None."""
    digests = [*keyed_digests_of(code), digest_of(code)]  # the last one: how the first codes were kept
    return db.session.scalars(
        sa.select(Organisation).where(Organisation.join_code_hash.in_(digests), known_now(now))
    ).one_or_none()


@dataclass(frozen=True)
class InIt:
    """An organisation a learner joined, and since when."""

    joined: Joined
    organisation: Organisation


def joined_organisations(learner_id: uuid.UUID) -> list[InIt]:
    """Return the organisations a learner is in, by name."""
    return [InIt(*r) for r in db.session.execute(
        sa.select(Joined, Organisation).join(Organisation, Organisation.id == Joined.organisation_id)
        .where(Joined.learner_id == learner_id, Joined.closed_at.is_(None))
        .order_by(Organisation.sort_key, Organisation.id)
    )]


def joined(learner_id: uuid.UUID, organisation_id: uuid.UUID) -> Joined | None:
    """Return that a learner is in an organisation now, or None."""
    return db.session.scalars(
        sa.select(Joined).where(Joined.learner_id == learner_id, Joined.organisation_id == organisation_id,
                                Joined.closed_at.is_(None))
    ).one_or_none()
