"""Who may act for an organisation, which checks are lawful where, and who may join."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from ..choices import CHECKS as CHECKS
from ..choices import HONORABILITY as HONORABILITY
from ..choices import HONORABILITY_IN as HONORABILITY_IN
from ..choices import LAWFUL as LAWFUL
from ..refusals import Refusal

CHARTER_VERSION = "2026-11"
ACCREDITATION_VERSION = "2026-11"
INVITATION_LASTS = dt.timedelta(days=14)
MINORS_CHARTER_VERSION = "2026-11"
REDO_WITHIN = dt.timedelta(days=60)
REMINDED_BEFORE = (60, 30, 7)
SOON = dt.timedelta(days=90)
COMMON = (10, 31)
# Letters and figures that nobody takes for one another: no 0 or O, no 1 or I.
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8
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
    role: str = "manager"
    sixteen: bool = False


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
    reads: bool = False
    chosen: str = ""


@dataclass(frozen=True)
class Welcome:
    """What an organisation has on its way to minors; `lead` and `reader` count when they act now."""

    lead: bool
    reader: bool
    charter_version: str | None


def lawful_kinds(organisation_kind: str, chosen: str = "", records: bool = True) -> tuple[str, ...]:
    """Return the checks that an organisation of this kind may ask for.

    `chosen` is what the city decided for this kind, if it did; it never opens the attestation d'honorabilité elsewhere.
    `records` says whether the city lets it be noted that an extract of the criminal record was seen.
    """
    named = tuple(word for word in (part.strip() for part in chosen.split(",")) if word in CHECKS)
    kinds = named if named and organisation_kind in LAWFUL else LAWFUL.get(organisation_kind, ())
    return tuple(k for k in kinds if (k != HONORABILITY or organisation_kind in HONORABILITY_IN)
                 and (records or k != "record_and_declaration"))


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
    checked = check.role in CHECKED_ROLES or check.reads
    if not checked or check.kind not in lawful_kinds(check.organisation_kind, check.chosen, records):
        return Refusal.CHECK_NOT_LAWFUL
    if not check.checked_on <= on < check.expires_on or check.expires_on > latest_end(check.checked_on):
        return Refusal.CHECK_DATES
    return None


def reminder_due(expires_on: dt.date, reminded: int | None, on: dt.date) -> int | None:
    """Return which reminder of a check is due on a day (60, 30 or 7 days before its end), or None.

    Each is due once; when nobody could send the ones before, the nearest one alone is.
    """
    left = (expires_on - on).days
    due = min((days for days in REMINDED_BEFORE if 0 < left <= days), default=None)
    return due if due is not None and is_new_reminder(due, reminded) else None


def is_new_reminder(due: int, reminded: int | None) -> bool:
    """Say whether that reminder was not sent, nor a nearer one."""
    return reminded is None or due < reminded


def refusal_to_allow(welcome: Welcome) -> Refusal | None:
    """Say why an organisation may not welcome minors, or None: a named lead, a second reader, the charter signed."""
    if not welcome.lead:
        return Refusal.LEAD_MISSING
    if not welcome.reader:
        return Refusal.READER_MISSING
    if welcome.charter_version != MINORS_CHARTER_VERSION:
        return Refusal.MINORS_CHARTER_FIRST
    return None


def refusal_to_read_along(adult: bool, acts: bool, same_person: bool) -> Refusal | None:
    """Say why somebody cannot be named as reader or co-reader, or None: an adult who acts now, and somebody else."""
    if same_person:
        return Refusal.NOT_ONESELF
    return None if adult and acts else Refusal.READER_ODD


def refusal_to_suspend_member(role: str, ended_at: dt.datetime | None) -> Refusal | None:
    """Say why somebody's role cannot be suspended, or None when it can: it counts, and is no coordinator's."""
    return Refusal.NOT_ALLOWED if role == "coordinator" or ended_at is not None else None


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


def refusal_to_confirm_coordinator(role: str, ended_at: dt.datetime | None, invited_them: bool) -> Refusal | None:
    """Say why whoever asks does not confirm a coordinator, or None: another person than the one who invited them does."""
    if role != "coordinator" or ended_at is not None:
        return Refusal.NOT_ALLOWED
    return Refusal.TWO_PERSONS if invited_them else None


def refusal_to_hand_over(
    expires_at: dt.datetime, used_at: dt.datetime | None, revoked_at: dt.datetime | None, opens: bool, at: dt.datetime
) -> Refusal | None:
    """Say why the link of an invitation is not shown once more to whoever made it, or None while it is good.

    `opens` is whether the link that is made anew is the one that was handed over.
    """
    good = opens and used_at is None and revoked_at is None and at < expires_at
    return None if good else Refusal.INVITATION_SPENT


def refusal_to_accept(invited: Invited, at: dt.datetime) -> Refusal | None:
    """Say why this invitation cannot be accepted, or None when it can: in time, once, at 18 or more.

    At 16 and 17 one may give feedback, and nothing else (promise S7).
    """
    if invited.used_at is not None or invited.revoked_at is not None or invited.expires_at <= at:
        return Refusal.INVITATION_OVER
    if invited.organisation_closed_at is not None and invited.organisation_closed_at <= at:
        return Refusal.INVITATION_OVER
    too_young = refusal_to_go_on(invited.role, invited.adult, invited.sixteen)
    if too_young is not None:
        return too_young
    if invited.own:
        return Refusal.NOT_ONESELF
    if invited.already:
        return Refusal.ALREADY_MEMBER
    return None


def refusal_to_go_on(role: str, adult: bool, sixteen: bool) -> Refusal | None:
    """Say why a role ends with the age that is said now, or None when it may be held at that age, as `refusal_to_accept`."""
    if role == "facilitator":
        return None if sixteen or adult else Refusal.FROM_16
    return None if adult else Refusal.ADULTS_ONLY


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
