"""Who is signed in, in one statement, and how people are called."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..clock import day_of
from ..columns import Key
from ..extensions import db
from ..notices import outbox
from ..notices.outbox import Addressee
from ..notices.queries import waits
from ..notices.rules import quiet_hours
from ..policy import Actor, Role
from ..seal import digest_of
from . import rules
from .factor_models import Passkey, SecondFactor
from .models import (
    Account,
    ContactBar,
    ContactFreeze,
    GuardianConsent,
    Mailbox,
    OneTimeToken,
    Passport,
    Protection,
    Session,
)

# Roles live in a later room, which says here how it finds them.
ROLES: list[Callable[[uuid.UUID], tuple[Role, ...]]] = []
# Later rooms add lines of the menu: under which title each stands ("role" or "mine"), its address and its words.
MENU: list[Callable[[Actor, dt.datetime], list[tuple[str, str, str]]]] = []
MEMBERSHIP = sa.table("membership", sa.column("id", Key()), sa.column("account_id", Key()), sa.column("ended_at"),
                      sa.column("organisation_id", Key()))
ORGANISATION = sa.table("organisation", sa.column("id", Key()), sa.column("name", sa.String()))


@dataclass
class SignedIn:
    """Whoever is signed in on this device; Flask-Login keeps only the session's token."""

    token: str
    session_hash: bytes
    shared: bool
    last_used_at: dt.datetime
    device: str | None
    shown: rules.Shown
    has_news: bool
    display_name: str
    identifier: str | None
    email: str | None
    language: str
    audit_ref: uuid.UUID | None
    actor: Actor
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return what the cookie carries: the token, never an account id."""
        return self.token

    @property
    def id(self) -> uuid.UUID:
        """Return the account's id."""
        return self.actor.account_id

    @property
    def device_ref(self) -> str:
        """Return what a device calls this account by: it says nothing of whose it is, and stays the same."""
        return digest_of(f"device:{self.id}").hex()[:24]

    @property
    def initial(self) -> str:
        """Return the letter of the round button."""
        return self.display_name[:1].upper()

    @property
    def coordinates(self) -> bool:
        """Say whether this session is one of the coordination's, which ends soon."""
        return any(r.role == "coordinator" for r in self.actor.roles)

    @property
    def is_facilitator(self) -> bool:
        """Say whether the fifth tab is there."""
        return any(r.role == "facilitator" and r.ended_at is None for r in self.actor.roles)


def roles_of(account_id: uuid.UUID) -> tuple[Role, ...]:
    """Return the memberships of one account that are not over, with what decides whether they count."""
    return tuple(role for load in ROLES for role in load(account_id))


def has_factor(account_id: Any) -> sa.ColumnElement[bool]:
    """Return that somebody has an application or a passkey, as a condition; codes on paper stand in for one of these."""
    return sa.or_(*(sa.exists().where(kind.account_id == account_id) for kind in (SecondFactor, Passkey)))


@lru_cache(maxsize=1)
def _of_session() -> Any:
    """Return the statement of `signed_in`, built once: every request asks it."""
    has_role = sa.exists().where(MEMBERSHIP.c.account_id == Account.id, MEMBERSHIP.c.ended_at.is_(None)).label("has_role")
    return (
        sa.select(
            Session.shared, Session.last_used_at, Session.created_at, Session.device, Session.stepped_up_at,
            Session.factor_until, has_factor(Account.id).label("has_factor"), Account.id, Account.display_name, Account.identifier, Account.email,
            Account.language, Account.audit_ref, Passport.birth_year, Passport.birth_month,
            Passport.protection_chosen, Passport.age_source, waits(Account.id).label("has_news"), has_role,
        )
        .join(Account, Account.id == Session.account_id)
        .join(Passport, Passport.learner_id == Account.id)
        .where(Session.id_hash == sa.bindparam("token_hash"), Session.ended_at.is_(None),
               Session.expires_at > sa.bindparam("now"), Account.erased_at.is_(None))
    )


def signed_in(token: str, token_hash: bytes, now: dt.datetime) -> SignedIn | None:
    """Return whoever holds this session, or None when it ended; one statement, and one more for people with a role, or under 15."""
    row = db.session.execute(_of_session(), {"token_hash": token_hash, "now": now}).one_or_none()
    if row is None or rules.is_idle(row.shared, row.last_used_at, now):
        return None
    who = SignedIn(
        token=token, session_hash=token_hash, shared=row.shared, last_used_at=row.last_used_at, device=row.device,
        shown=rules.Shown(row.has_factor, row.factor_until, row.stepped_up_at), has_news=row.has_news,
        display_name=row.display_name or "", identifier=row.identifier, email=row.email, language=row.language,
        audit_ref=row.audit_ref,
        actor=Actor(
            account_id=row.id, birth_year=row.birth_year, birth_month=row.birth_month,
            protection_chosen=row.protection_chosen, roles=roles_of(row.id) if row.has_role else (),
            consents=frozenset() if rules.has_turned(row.birth_year, row.birth_month, rules.SHOWS_ALONE, day_of(now))
            else frozenset(consents(row.id, now)),
            grew_up=row.age_source == rules.BY_CALENDAR,
        ),
    )
    return None if rules.is_over(who.coordinates, row.created_at, row.last_used_at, now) else who


def role_bearer(account_id: uuid.UUID) -> Actor:
    """Return somebody as the policy sees them in their roles, apart from any request of theirs."""
    return Actor(account_id, roles=roles_of(account_id))


def whose(token_hash: bytes) -> uuid.UUID | None:
    """Return whose session this was, ended or not, or None when it is not known."""
    return db.session.scalar(sa.select(Session.account_id).where(Session.id_hash == token_hash))


def is_protected(learner_id: uuid.UUID, now: dt.datetime) -> bool:
    """Say whether a learner is protected today."""
    row = db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month, Passport.protection_chosen).where(
            Passport.learner_id == learner_id
        )
    ).one()
    return rules.is_protected(row.birth_year, row.birth_month, row.protection_chosen, day_of(now))


def doubted_by(learner_id: uuid.UUID) -> str | None:
    """Return the name of the organisation where somebody believes that this learner is under 18, or None."""
    return db.session.scalar(
        sa.select(ORGANISATION.c.name).select_from(Protection)
        .join(MEMBERSHIP, MEMBERSHIP.c.id == Protection.doubted_by_id)
        .join(ORGANISATION, ORGANISATION.c.id == MEMBERSHIP.c.organisation_id)
        .where(Protection.learner_id == learner_id))


def band_and_name(learner_id: uuid.UUID, now: dt.datetime) -> tuple[rules.Band, str | None]:
    """Return how old a learner is today, as rules count it, and the name they chose to be called by; one statement."""
    row = db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month, Account.display_name)
        .join(Account, Account.id == Passport.learner_id)
        .where(Passport.learner_id == learner_id)
    ).one()
    return rules.band(row.birth_year, row.birth_month, day_of(now)), row.display_name


def consents(learner_id: uuid.UUID, now: dt.datetime) -> dict[str, uuid.UUID]:
    """Return the purposes on which two agreed, with the consent in force for each; one statement."""
    found = db.session.scalars(
        sa.select(GuardianConsent).where(GuardianConsent.learner_id == learner_id, GuardianConsent.withdrawn_at.is_(None)))
    return {given.option: given.id for given in found if rules.consent_in_force(given, now)}


def stands(consent_id: Any, now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return that what hangs on this consent may go on: it hangs on none, or on one in force, as a condition."""
    given = aliased(GuardianConsent)
    return sa.or_(consent_id.is_(None), sa.exists().where(
        given.id == consent_id, given.learner_agreed_at <= now, given.guardian_agreed_at <= now,
        sa.or_(given.option.not_in(rules.BY_BOTH), given.second_agreed_at <= now), given.withdrawn_at.is_(None),
        sa.or_(given.kept_at.is_not(None), given.until > now)))


def barred_from(learner_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the adults who may have no contact with a learner now (blocks and freezes)."""
    return frozenset(
        db.session.scalars(
            sa.select(ContactBar.adult_id).where(ContactBar.learner_id == learner_id, ContactBar.lifted_at.is_(None))
        )
    )


def frozen_with_all() -> frozenset[uuid.UUID]:
    """Return the adults whom a freeze keeps from all protected learners now."""
    return frozenset(db.session.scalars(sa.select(ContactFreeze.adult_id).where(ContactFreeze.lifted_at.is_(None))))


def not_frozen(adult_id: Any) -> sa.ColumnElement[bool]:
    """Return that no freeze keeps an adult from all protected learners, as a condition."""
    frozen = sa.select(ContactFreeze.id).where(ContactFreeze.adult_id == adult_id, ContactFreeze.lifted_at.is_(None))
    return ~frozen.correlate_except(ContactFreeze).exists()


@dataclass(frozen=True)
class Credentials:
    """What a sign-in is checked against."""

    account_id: uuid.UUID
    password_hash: str | None
    language: str


def credentials(name: str) -> Credentials | None:
    """Return what a sign-in under this sign-in name or e-mail address is checked against, or None."""
    which = Account.email == name if "@" in name else Account.identifier == name
    row = db.session.execute(
        sa.select(Account.id, Account.password_hash, Account.language).where(which, Account.erased_at.is_(None))
    ).one_or_none()
    return Credentials(row.id, row.password_hash, row.language) if row else None


def password_hash(account_id: uuid.UUID) -> str | None:
    """Return the hash of one account's passphrase."""
    return db.session.scalar(sa.select(Account.password_hash).where(Account.id == account_id))


def is_staff(account_id: uuid.UUID) -> bool:
    """Say whether sessions of this account are short: it answers for an organisation or for the city."""
    return any(r.role in {"manager", "coordinator"} for r in roles_of(account_id))


# ---------- e-mail ----------


def addressees(account_ids: Sequence[uuid.UUID], now: dt.datetime) -> list[Addressee]:
    """Return those of these people who confirmed an address that takes messages, in one statement."""
    rows = db.session.execute(
        sa.select(Account.id, Account.email, Account.language, Passport.birth_year, Passport.birth_month,
                  Passport.protection_chosen, Mailbox.silenced_at, Protection.quiet_from, Protection.quiet_to)
        .join(Passport, Passport.learner_id == Account.id)
        .outerjoin(Mailbox, Mailbox.account_id == Account.id)
        .outerjoin(Protection, Protection.learner_id == Account.id)
        .where(Account.id.in_(account_ids), Account.email.is_not(None), Account.email_confirmed_at.is_not(None),
               Account.erased_at.is_(None), Mailbox.refused_at.is_(None))
    )
    return [
        Addressee(r.id, r.email, r.language, quiet_hours(
            rules.is_protected(r.birth_year, r.birth_month, r.protection_chosen, day_of(now)),
            None if r.quiet_from is None else (r.quiet_from, r.quiet_to)), r.silenced_at is None)
        for r in rows
    ]


@dataclass(frozen=True)
class Address:
    """Where somebody's e-mail address stands."""

    address: str | None
    pending: str | None
    told: bool
    refused: bool


def address_of(account_id: uuid.UUID, now: dt.datetime) -> Address:
    """Return where one account's e-mail address stands; one that waits is forgotten when its link no longer works."""
    row = db.session.execute(
        sa.select(Account.email, Mailbox.pending, Mailbox.asked_at, Mailbox.silenced_at, Mailbox.refused_at)
        .outerjoin(Mailbox, Mailbox.account_id == Account.id).where(Account.id == account_id)
    ).one()
    waits = row.asked_at is not None and now - row.asked_at < rules.CONFIRM_WITHIN
    return Address(row.email, row.pending if waits else None, row.silenced_at is None, row.refused_at is not None)


def by_address(address: str) -> Credentials | None:
    """Return the account that confirmed this address, or None."""
    row = db.session.execute(
        sa.select(Account.id, Account.password_hash, Account.language)
        .where(Account.email == address, Account.email_confirmed_at.is_not(None), Account.erased_at.is_(None))
    ).one_or_none()
    return Credentials(row.id, row.password_hash, row.language) if row else None


def token_account(token_hash: bytes, purpose: str, now: dt.datetime) -> uuid.UUID | None:
    """Return whose this one-time token is while it works, or None."""
    return db.session.scalar(
        sa.select(OneTimeToken.account_id).where(
            OneTimeToken.token_hash == token_hash, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now)
    )


def names(account_id: uuid.UUID) -> tuple[str, ...]:
    """Return the names under which this person signs in: what wrong tries are counted by."""
    row = db.session.execute(sa.select(Account.identifier, Account.email).where(Account.id == account_id)).one()
    return tuple(name for name in row if name)


def own_words(account_id: uuid.UUID) -> tuple[str, ...]:
    """Return what a passphrase of this person may not lean on: names, address, organisations."""
    row = db.session.execute(
        sa.select(Account.display_name, Account.identifier, Account.email).where(Account.id == account_id)).one()
    organisations = {r.organisation_name for r in roles_of(account_id)}
    return tuple(word for word in (*row, *sorted(organisations)) if word)


outbox.ADDRESSEES.append(addressees)
