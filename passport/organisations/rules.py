"""Who may act for an organisation, which checks are lawful where, and who may join."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from ..refusals import Refusal

CHARTER_VERSION = "2026-11"
ACCREDITATION_VERSION = "2026-11"
INVITATION_LASTS = dt.timedelta(days=14)
REDO_WITHIN = dt.timedelta(days=60)
SOON = dt.timedelta(days=90)
COMMON = (10, 31)
# Letters and figures that nobody takes for one another: no 0 or O, no 1 or I.
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8
# Which checks an organisation may lawfully ask for, by its kind (promise S6). To ask for an "attestation
# d'honorabilité" outside social care for children and childcare is an offence: those two rows alone hold it.
LAWFUL: dict[str, tuple[str, ...]] = {
    "association": ("record_and_declaration", "sport_licence", "declared_centre"),
    "school": ("public_agent",),
    "public_service": ("public_agent", "declared_centre"),
    "sport_club": ("sport_licence",),
    "holiday_centre": ("declared_centre",),
    "childcare": ("honorability",),
    "social_care": ("honorability", "by_service"),
    "company": ("record_and_declaration",),
    "city": ("public_agent",),
}
CHECKED_ROLES = ("facilitator", "manager")


@dataclass(frozen=True)
class Invited:
    """An invitation as it stands, and whoever opens it."""

    expires_at: dt.datetime
    used_at: dt.datetime | None
    revoked_at: dt.datetime | None
    organisation_closed_at: dt.datetime | None
    adult: bool
    already: bool
    own: bool = False


@dataclass(frozen=True)
class Checked:
    """A check that somebody wants to record."""

    organisation_kind: str
    role: str
    kind: str
    checked_on: dt.date
    expires_on: dt.date
    account_id: uuid.UUID
    recorded_by_id: uuid.UUID


def lawful_kinds(organisation_kind: str, records: bool = True) -> tuple[str, ...]:
    """Return the checks that an organisation of this kind may ask for.

    `records` says whether the city lets it be noted that an extract of the criminal record was seen.
    """
    return tuple(k for k in LAWFUL.get(organisation_kind, ()) if records or k != "record_and_declaration")


def latest_end(checked_on: dt.date) -> dt.date:
    """Return the end that a check seen on that day may have at most: twelve months later (29 February becomes 28).

    The coming common date never lies further away, so it is always allowed.
    """
    try:
        return checked_on.replace(year=checked_on.year + 1)
    except ValueError:
        return checked_on.replace(year=checked_on.year + 1, day=28)


def common_end(day: dt.date, common: tuple[int, int] = COMMON) -> dt.date:
    """Return the city's common date (month, day) that comes after a day: so that an association renews all at once."""
    this_year = dt.date(day.year, *common)
    return this_year if day < this_year else this_year.replace(year=day.year + 1)


def proposed_end(on: dt.date, common: tuple[int, int] = COMMON) -> dt.date:
    """Return the end to propose for a check seen that day: the common date, unless that is soon."""
    end = common_end(on, common)
    return end if end - on > SOON else latest_end(on)


def refusal_to_record(check: Checked, on: dt.date, records: bool = True) -> Refusal | None:
    """Say why this check cannot be recorded on that day, or None when it can."""
    if check.recorded_by_id == check.account_id:
        return Refusal.NOT_ONESELF
    if check.role not in CHECKED_ROLES or check.kind not in lawful_kinds(check.organisation_kind, records):
        return Refusal.CHECK_NOT_LAWFUL
    if not check.checked_on <= on < check.expires_on or check.expires_on > latest_end(check.checked_on):
        return Refusal.CHECK_DATES
    return None


def refusal_to_suspend(kind: str, accredited_at: dt.datetime | None) -> Refusal | None:
    """Say why an organisation cannot be suspended, or None when it can: it acts, and it is not the city itself."""
    return Refusal.NOT_ALLOWED if kind == "city" or accredited_at is None else None


def refusal_to_invite(role: str, organisation_kind: str, closed_at: dt.datetime | None) -> Refusal | None:
    """Say why nobody can be invited to this role there, or None when somebody can."""
    if closed_at is not None:
        return Refusal.NOT_ACCREDITED
    if role == "coordinator" and organisation_kind != "city":
        return Refusal.NOT_ALLOWED
    return None


def refusal_to_hand_over(
    expires_at: dt.datetime, used_at: dt.datetime | None, revoked_at: dt.datetime | None, opens: bool, at: dt.datetime
) -> Refusal | None:
    """Say why the link of an invitation is not shown once more to whoever made it, or None while it is good.

    `opens` is whether the link that is made anew is the one that was handed over.
    """
    good = opens and used_at is None and revoked_at is None and at < expires_at
    return None if good else Refusal.INVITATION_SPENT


def refusal_to_accept(invited: Invited, at: dt.datetime) -> Refusal | None:
    """Say why this invitation cannot be accepted, or None when it can: in time, once, at 18 or more."""
    if invited.used_at is not None or invited.revoked_at is not None or invited.expires_at <= at:
        return Refusal.INVITATION_OVER
    if invited.organisation_closed_at is not None and invited.organisation_closed_at <= at:
        return Refusal.INVITATION_OVER
    if not invited.adult:
        return Refusal.ADULTS_ONLY
    if invited.own:
        return Refusal.NOT_ONESELF
    if invited.already:
        return Refusal.ALREADY_MEMBER
    return None


def refusal_to_remove(role: str, others: int, by_coordinator: bool) -> Refusal | None:
    """Say why this role cannot be ended, or None when it can; `others` hold the same role there.

    The last coordinator stays, and only the coordination takes away a coordinator or the last responsible person.
    """
    if role == "coordinator" and (others == 0 or not by_coordinator):
        return Refusal.LAST_ONE
    if role == "manager" and others == 0 and not by_coordinator:
        return Refusal.LAST_ONE
    return None


def refusal_to_accept_charter(role: str, ended_at: dt.datetime | None) -> Refusal | None:
    """Say why this role has no charter to accept, or None when it has one."""
    if role != "facilitator" or ended_at is not None:
        return Refusal.NOT_FACILITATOR_NOW
    return None


def refusal_to_accept_accreditation(kind: str, closed_at: dt.datetime | None) -> Refusal | None:
    """Say why nobody accepts the accreditation charter there, or None: the city accredits others, and who closed acts no more."""
    return Refusal.NOT_ALLOWED if kind == "city" or closed_at is not None else None


def refusal_to_join(
    accredited_at: dt.datetime | None, suspended_at: dt.datetime | None, closed_at: dt.datetime | None, at: dt.datetime
) -> Refusal | None:
    """Say why an organisation cannot be joined at that time, or None when it can."""
    known = accredited_at is not None and accredited_at <= at
    gone = any(t is not None and t <= at for t in (suspended_at, closed_at))
    return Refusal.NOT_ACCREDITED if not known or gone else None


def code_as_kept(typed: str) -> str:
    """Return a joining code as it is looked up: capitals and figures only."""
    return "".join(c for c in typed.upper() if c.isascii() and c.isalnum())


def code_as_shown(code: str) -> str:
    """Return a joining code as it is read aloud: two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def standing(expires_on: dt.date | None, on: dt.date) -> str:
    """Return where a check stands on a day: none, over, redo (within 60 days) or good."""
    if expires_on is None:
        return "none"
    if expires_on <= on:
        return "over"
    return "redo" if expires_on - on <= REDO_WITHIN else "good"
