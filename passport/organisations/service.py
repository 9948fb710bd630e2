"""Accrediting, inviting, checking, removing, joining: what changes who may act for whom."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from .. import contact
from ..accounts import factor
from ..accounts import queries as account_queries
from ..accounts import rules as age
from ..accounts import service as accounts
from ..accounts.models import Passport
from ..audit.service import record
from ..clock import day_of
from ..columns import uuid7
from ..extensions import db
from ..notices import service as notices
from ..policy import Actor
from ..refusals import Refusal, Refused
from ..seal import digest_of, keyed_digests_of, new_token, seal, token_for, unseal
from ..submissions import hold
from . import accreditation, coordinators, rules
from .leaving import REMOVED, end_membership, resume, suspend
from .models import AskCode, Invitation, Joined, Membership, Organisation, Vetting
from .queries import sort_key
from .rules import CHARTER_VERSION, INVITATION_LASTS

__all__ = ["CHARTER_VERSION", "REMOVED", "CheckDraft", "ContactDraft", "InvitationDraft", "OrganisationDraft",
           "end_membership", "resume", "suspend"]


@dataclass(frozen=True)
class OrganisationDraft:
    """An organisation as the coordination describes it."""

    name: str
    kind: str
    sector: str
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    wants_minors: bool = False


@dataclass(frozen=True)
class ContactDraft:
    """How an organisation is reached, as every reader of what it recognised sees it."""

    address: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class InvitationDraft:
    """The role somebody is invited to, how it is called there, and for whom the link is."""

    role: str
    title: str | None = None
    note: str | None = None
    submission: uuid.UUID | None = None


@dataclass(frozen=True)
class CheckDraft:
    """A check that somebody saw; it has no room for a result, a number or a document."""

    kind: str
    checked_on: dt.date
    expires_on: dt.date
    authenticity: bool = False


# ---------- organisations ----------


def add_organisation(draft: OrganisationDraft, by_id: uuid.UUID | None, now: dt.datetime) -> Organisation:
    """Add an organisation, which waits to be accredited; sent twice alike it is added once. Raises Refused."""
    name_key = sort_key(draft.name)[:120]
    hold(b"organisation " + name_key.encode())
    known = db.session.scalars(
        sa.select(Organisation).where(Organisation.sort_key == name_key, Organisation.closed_at.is_(None)).limit(1)
    ).first()
    if known is not None:
        if known.accredited_at is None and known.name == draft.name and known.kind == draft.kind:
            return known
        raise Refused(Refusal.ORGANISATION_KNOWN, "name")
    body = Organisation(
        id=uuid7(), kind=draft.kind, sector=draft.sector, name=draft.name, sort_key=name_key, address=draft.address,
        phone=draft.phone, email=draft.email, minors_state="asked" if draft.wants_minors else "none", requested_at=now,
    )
    db.session.add(body)
    db.session.flush()
    record("organisation.add", by_id, now, body.id)
    return body


def accredit(organisation: Organisation, by_id: uuid.UUID | None, now: dt.datetime) -> None:
    """Let an organisation's people act from now on; doing it twice keeps the first day."""
    db.session.refresh(organisation, with_for_update=True)
    if organisation.accredited_at is None:
        organisation.accredited_at = now
        db.session.flush()
        record("organisation.accredit", by_id, now, organisation.id)


def change_contact(organisation: Organisation, draft: ContactDraft, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Change how an organisation is reached."""
    organisation.address, organisation.phone, organisation.email = draft.address, draft.phone, draft.email
    db.session.flush()
    record("organisation.change_contact", by_id, now, organisation.id)


def city_organisation(name: str, now: dt.datetime) -> Organisation:
    """Return the city's own organisation, made and accredited when there is none."""
    city = db.session.scalars(sa.select(Organisation).where(Organisation.kind == "city")).one_or_none()
    if city is not None:
        return city
    called = f"Ville d’{name}" if sort_key(name)[:1] in "aeiouyhœ" else f"Ville de {name}"
    city = add_organisation(OrganisationDraft(called, "city", "public"), None, now)
    accredit(city, None, now)
    return city


# ---------- roles ----------


def invite(
    organisation: Organisation, role: str, title: str | None, note: str | None, by_id: uuid.UUID | None,
    now: dt.datetime, submission: uuid.UUID | None = None,
) -> tuple[Invitation, str]:
    """Return a new invitation, good once within 14 days, and its token, which is kept nowhere. Raises Refused.

    Sent twice under one number it is one invitation, and the same link.
    """
    refusal = rules.refusal_to_invite(role, organisation.kind, organisation.closed_at)
    if refusal is not None:
        raise Refused(refusal, "role")
    refusal = contact.refusal_of_contact(True, (title,))  # minors read it beside the name
    if refusal is not None:
        raise Refused(refusal, "title")
    key = uuid.uuid5(by_id, str(submission)) if by_id and submission else uuid7()
    token = token_for(key) if submission else new_token()
    hold(key.bytes)
    before = db.session.get(Invitation, key)
    if before is not None:
        if (before.organisation_id, before.role, before.title, before.note) != (organisation.id, role, title, note):
            raise Refused(Refusal.SENT_OTHERWISE)
        spent = rules.refusal_to_hand_over(before.expires_at, before.used_at, before.revoked_at,
                                           before.token_hash == digest_of(token), now)
        if spent is not None:
            raise Refused(spent)
        return before, token
    invitation = Invitation(
        id=key, organisation_id=organisation.id, role=role, title=title, note=note, invited_by_id=by_id,
        token_hash=digest_of(token), made_at=now, expires_at=now + INVITATION_LASTS,
    )
    db.session.add(invitation)
    db.session.flush()
    record("invitation.make", by_id, now, invitation.id)
    return invitation, token


def revoke_invitation(invitation: Invitation, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Close an invitation that nobody accepted; its link opens nothing any more. Raises Refused."""
    db.session.refresh(invitation, with_for_update=True)
    if invitation.revoked_at is not None:
        return
    if invitation.used_at is not None:
        raise Refused(Refusal.INVITATION_OVER)
    invitation.revoked_at = now
    db.session.flush()
    record("invitation.revoke", by_id, now, invitation.id)


def invited(invitation: Invitation, organisation: Organisation, account_id: uuid.UUID, now: dt.datetime
            ) -> rules.Invited:
    """Return what decides whether this account may accept, in one statement."""
    already = sa.exists().where(
        Membership.account_id == account_id, Membership.organisation_id == organisation.id,
        Membership.role == invitation.role, Membership.ended_at.is_(None),
    )
    row = db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month, already.label("already"))
        .where(Passport.learner_id == account_id)
    ).one()
    return rules.Invited(
        expires_at=invitation.expires_at, used_at=invitation.used_at, revoked_at=invitation.revoked_at,
        organisation_closed_at=organisation.closed_at,
        adult=age.has_turned(row.birth_year, row.birth_month, age.ADULT, day_of(now)), already=row.already,
        own=invitation.invited_by_id == account_id, role=invitation.role,
        sixteen=age.has_turned(row.birth_year, row.birth_month, age.FACILITATES, day_of(now)),
    )


def accept_invitation(invitation: Invitation, account_id: uuid.UUID, now: dt.datetime) -> Membership:
    """Return the role that an invitation gives, from now on; accepted twice by the same person it is one role.

    Raises Refused. A facilitator's code « Demandez-moi » is made at the same time.
    """
    db.session.refresh(invitation, with_for_update=True)
    if invitation.membership_id is not None:
        before = db.session.get_one(Membership, invitation.membership_id)
        if before.account_id == account_id and before.ended_at is None:
            return before
    organisation = db.session.get_one(Organisation, invitation.organisation_id)
    refusal = rules.refusal_to_accept(invited(invitation, organisation, account_id, now), now)
    if refusal is not None:
        raise Refused(refusal)
    # Whoever invites hands the one-time link over in person, so the identity is known as soon as it is accepted; only a
    # coordinator whom another one invited waits for a second (coordinators.py). Who has the server's terminal needs none.
    waits = invitation.role == "coordinator" and invitation.invited_by_id is not None
    membership = Membership(
        id=uuid7(), organisation_id=organisation.id, organisation_kind=organisation.kind, account_id=account_id,
        role=invitation.role, title=invitation.title, invited_at=invitation.made_at, joined_at=now,
        identity_confirmed_at=None if waits else now,
    )
    db.session.add(membership)
    db.session.flush()
    invitation.used_at, invitation.membership_id = now, membership.id
    db.session.flush()
    record("invitation.accept", account_id, now, membership.id)
    if membership.role == "coordinator":
        coordinators.tell_all(now)
    if membership.role in {"manager", "coordinator"}:
        accounts.shorten_sessions(account_id, now)
    if membership.role == "facilitator":
        new_ask_code(membership, now)
    return membership


def reset_factor(membership: Membership, by: Actor, now: dt.datetime) -> None:
    """Let somebody who lost it begin anew with their second factor: their sessions end, and they are told. Raises Refused."""
    db.session.refresh(membership, with_for_update=True)
    elsewhere = any(r.organisation_id != membership.organisation_id for r in account_queries.roles_of(membership.account_id))
    refusal = age.refusal_to_reset_factor(bool(by.active("coordinator", now)), elsewhere, membership.ended_at is not None)
    if refusal is not None:
        raise Refused(refusal)
    factor.reset(membership.account_id, by.account_id, now)


def accept_charter(membership: Membership, now: dt.datetime) -> None:
    """Keep that the present charter was read and accepted, and on which day. Raises Refused."""
    db.session.refresh(membership, with_for_update=True)
    refusal = rules.refusal_to_accept_charter(membership.role, membership.ended_at)
    if refusal is not None:
        raise Refused(refusal)
    if membership.charter_version == CHARTER_VERSION:
        return
    membership.charter_version, membership.charter_accepted_at = CHARTER_VERSION, now
    # The course of rule 12 does not exist so far: until it does, whoever accepts the charter may recognise.
    membership.trained_at = membership.trained_at or now
    db.session.flush()
    record("charter.accept", membership.account_id, now, membership.id)


def record_check(membership: Membership, draft: CheckDraft, by_id: uuid.UUID, now: dt.datetime) -> Vetting:
    """Keep that a check was seen; it takes the place of the one before, so that a slip can be put right.

    Raises Refused.
    """
    db.session.refresh(membership, with_for_update=True)
    if membership.ended_at is not None:
        raise Refused(Refusal.NOT_FACILITATOR_NOW)
    refusal = rules.refusal_to_record(
        rules.Checked(membership.organisation_kind, membership.role, draft.kind, draft.checked_on, draft.expires_on,
                      membership.account_id, by_id, reads=membership.is_safeguarding_reader,
                      chosen=accreditation.chosen_checks(membership.organisation_kind)),
        day_of(now), accreditation.records_kept(),
    )
    if refusal is not None:
        raise Refused(refusal, {Refusal.CHECK_DATES: "expires_on", Refusal.CHECK_NOT_LAWFUL: "kind"}.get(refusal))
    in_force = db.session.scalars(
        sa.select(Vetting).where(Vetting.membership_id == membership.id, Vetting.revoked_at.is_(None))
    ).all()
    for before in in_force:
        if (before.kind, before.checked_on, before.expires_on, before.authenticity, before.recorded_by_id) == (
                draft.kind, draft.checked_on, draft.expires_on, draft.authenticity, by_id):
            return before
        before.revoked_at = now
        notices.withdraw(before.id, "check_ends")
    vetting = Vetting(
        id=uuid7(), membership_id=membership.id, account_id=membership.account_id, kind=draft.kind,
        checked_on=draft.checked_on, expires_on=draft.expires_on, recorded_by_id=by_id,
        authenticity=draft.authenticity, recorded_at=now,
    )
    db.session.add(vetting)
    db.session.flush()
    record("check.record", by_id, now, vetting.id)
    return vetting


# ---------- joining on the spot ----------


def join_code(organisation: Organisation) -> str | None:
    """Return the joining code as it is read aloud, or None when there is none."""
    if organisation.join_code_sealed is None:
        return None
    return rules.code_as_shown(unseal(organisation.join_code_sealed))


def mark_of(code: str | None) -> str:
    """Return by what a page says which code it showed; nothing when there was none."""
    return digest_of(code).hex()[:16] if code else ""


def replace_join_code(organisation: Organisation, seen: str, by_id: uuid.UUID, now: dt.datetime) -> bool:
    """Make the joining code anew when the one that was on the screen still is the present one, and say whether it was."""
    db.session.refresh(organisation, with_for_update=True)
    if seen != mark_of(join_code(organisation)):
        return False
    new_join_code(organisation, now, by_id)
    return True


def new_join_code(organisation: Organisation, now: dt.datetime, by_id: uuid.UUID | None = None) -> str:
    """Return a new joining code; the one before ends at once."""
    code = "".join(secrets.choice(rules.CODE_LETTERS) for _ in range(rules.CODE_LENGTH))
    organisation.join_code_hash, organisation.join_code_sealed = keyed_digests_of(code)[0], seal(code)
    db.session.flush()
    record("join_code.replace", by_id, now, organisation.id)
    return rules.code_as_shown(code)


def join(learner_id: uuid.UUID, organisation: Organisation, now: dt.datetime, source: str = "code") -> Joined:
    """Return that a learner is in an organisation; joining twice is joining once. Raises Refused."""
    refusal = rules.refusal_to_join(
        organisation.accredited_at, organisation.suspended_at, organisation.closed_at, now
    )
    if refusal is not None:
        raise Refused(refusal)
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    made = db.session.execute(
        insert(Joined)
        .values(id=uuid7(), learner_id=learner_id, organisation_id=organisation.id, source=source, joined_at=now)
        .on_conflict_do_nothing()
        .returning(Joined.id)
    ).first()
    if made is not None:
        record("organisation.join", learner_id, now, organisation.id)
    return db.session.scalars(
        sa.select(Joined).where(Joined.learner_id == learner_id, Joined.organisation_id == organisation.id,
                                Joined.closed_at.is_(None))
    ).one()


def leave(joined: Joined, now: dt.datetime) -> None:
    """End that a learner is in an organisation; leaving twice is leaving once."""
    db.session.refresh(joined, with_for_update=True)
    if joined.closed_at is None:
        joined.closed_at = now
        db.session.flush()
        record("organisation.leave", joined.learner_id, now, joined.organisation_id)


# ---------- « Demandez-moi » ----------


def ask_token(membership: Membership) -> str | None:
    """Return the token of a facilitator's present code « Demandez-moi », or None when there is none."""
    sealed = db.session.scalar(
        sa.select(AskCode.token_sealed).where(AskCode.membership_id == membership.id, AskCode.closed_at.is_(None))
    )
    return unseal(sealed) if sealed is not None else None


def replace_ask_code(membership: Membership, seen: str, now: dt.datetime) -> bool:
    """Make a code « Demandez-moi » anew when the one on the screen still is the present one, and say whether it was."""
    db.session.refresh(membership, with_for_update=True)
    if seen != mark_of(ask_token(membership)):
        return False
    new_ask_code(membership, now)
    return True


def new_ask_code(membership: Membership, now: dt.datetime) -> str:
    """Return the token of a new code « Demandez-moi »; the one before closes at once, posters included."""
    db.session.execute(sa.select(Membership.id).where(Membership.id == membership.id).with_for_update())
    db.session.execute(
        sa.update(AskCode).where(AskCode.membership_id == membership.id, AskCode.closed_at.is_(None))
        .values(closed_at=now)
    )
    token = new_token()
    db.session.add(AskCode(id=uuid7(), membership_id=membership.id, token_hash=digest_of(token),
                           token_sealed=seal(token), made_at=now))
    db.session.flush()
    record("ask_code.replace", membership.account_id, now, membership.id)
    return token
