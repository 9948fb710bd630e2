"""Who asks, and about what: people with their roles, and the things a right is asked for, as plain values."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from .accounts import rules as age


def is_in_force(checked_until: dt.date | None, on: dt.date) -> bool:
    """Say whether a check counts on a day: it ends on its day, whether or not a job ran."""
    return checked_until is not None and checked_until > on


@dataclass(frozen=True)
class Role:
    """One membership as it stands: what it is, and the times that decide whether it counts now."""

    membership_id: uuid.UUID
    organisation_id: uuid.UUID
    organisation_name: str
    role: str
    title: str | None
    joined_at: dt.datetime | None
    charter_version: str | None
    trained_at: dt.datetime | None
    suspended_at: dt.datetime | None
    ended_at: dt.datetime | None
    accredited_at: dt.datetime | None
    organisation_suspended_at: dt.datetime | None
    organisation_closed_at: dt.datetime | None
    minors_state: str
    checked_until: dt.date | None
    identity_confirmed_at: dt.datetime | None = None
    is_reader: bool = False
    is_co_read: bool = False
    is_reminded: bool = False

    def is_active(self, at: dt.datetime) -> bool:
        """Say whether this role counts at that time: joined, known in person, not over, in an organisation accredited then."""
        begun = all(t is not None and t <= at for t in (self.joined_at, self.identity_confirmed_at))
        over = any(t is not None and t <= at for t in (self.suspended_at, self.ended_at))
        known = self.accredited_at is not None and self.accredited_at <= at
        gone = any(t is not None and t <= at for t in (self.organisation_suspended_at, self.organisation_closed_at))
        return begun and not over and known and not gone

    def is_checked(self, on: dt.date) -> bool:
        """Say whether a protected learner's things may be opened in this role on that day.

        The organisation may welcome minors, the person has a check in force, and a facilitator knows the charter.
        """
        knows = self.role != "facilitator" or (self.charter_version is not None and self.trained_at is not None)
        return self.minors_state == "allowed" and knows and self.is_vetted(on)

    def is_vetted(self, on: dt.date) -> bool:
        """Say whether this person has a check in force on that day."""
        return is_in_force(self.checked_until, on)


@dataclass(frozen=True)
class Actor:
    """Whoever is asking: an account, its age, its roles, and under 15 the purposes that two agreed on."""

    account_id: uuid.UUID
    birth_year: int | None = None
    birth_month: int | None = None
    protection_chosen: bool = False
    roles: tuple[Role, ...] = ()
    consents: frozenset[str] = frozenset()
    grew_up: bool = False  # turned 18 here; when they were born is kept no longer

    def active(self, role: str, at: dt.datetime) -> tuple[Role, ...]:
        """Return the roles of one kind that count at that time."""
        return tuple(r for r in self.roles if r.role == role and r.is_active(at))

    def band(self, on: dt.date) -> age.Band:
        """Return the column of the age table for this person on that day."""
        return age.band(self.birth_year, self.birth_month, on)

    @property
    def was_younger(self) -> bool:
        """Say whether this person was under 18 here, whatever they are now."""
        return self.birth_year is not None or self.grew_up

    def is_protected(self, on: dt.date) -> bool:
        """Say whether this person is protected on that day."""
        return age.is_protected(self.birth_year, self.birth_month, self.protection_chosen, on)


@dataclass(frozen=True)
class Mine:
    """A thing that belongs to one learner and to nobody else."""

    learner_id: uuid.UUID


@dataclass(frozen=True)
class Asked:
    """A request for feedback or recognition, and what decides who may open it."""

    learner_id: uuid.UUID
    organisation_id: uuid.UUID
    membership_id: uuid.UUID | None
    facilitator_id: uuid.UUID | None
    learner_protected: bool
    grant_opened_at: dt.datetime
    grant_closes_at: dt.datetime
    grant_closed_at: dt.datetime | None
    closed_at: dt.datetime | None
    barred_ids: frozenset[uuid.UUID] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Attested:
    """An endorsement, on the side of those who made it."""

    learner_id: uuid.UUID
    facilitator_id: uuid.UUID
    organisation_id: uuid.UUID
    learner_protected: bool = field(default=False, kw_only=True)
    barred_ids: frozenset[uuid.UUID] = field(default_factory=frozenset, kw_only=True)


@dataclass(frozen=True)
class Body:
    """An organisation."""

    organisation_id: uuid.UUID


@dataclass(frozen=True)
class Member:
    """Somebody's membership in an organisation."""

    organisation_id: uuid.UUID
    account_id: uuid.UUID
    role: str


@dataclass(frozen=True)
class Case:
    """A report, and who looks after it.

    `with_city`: the coordination has it, from the start or by the clock; `route` says whether the organisation has it at
    all; `proposed`: how it ends was proposed, and another person is to confirm.
    """

    handler_id: uuid.UUID | None
    about_id: uuid.UUID | None
    organisation_id: uuid.UUID | None = field(default=None, kw_only=True)
    reporter_id: uuid.UUID | None = field(default=None, kw_only=True)
    learner_id: uuid.UUID | None = field(default=None, kw_only=True)
    learner_protected: bool = field(default=False, kw_only=True)
    barred_ids: frozenset[uuid.UUID] = field(default_factory=frozenset, kw_only=True)
    left_alone: bool = field(default=False, kw_only=True)
    route: str = field(default="house", kw_only=True)
    with_city: bool = field(default=False, kw_only=True)
    proposed: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Guarded:
    """What adults wrote to one protected learner in one organisation, and who reads it to protect."""

    learner_id: uuid.UUID
    organisation_id: uuid.UUID
    reader_ids: frozenset[uuid.UUID] = field(default_factory=frozenset)


@dataclass(frozen=True)
class ReadAlong:
    """What a facilitator of 16 or 17 writes in one role, and the adult of the organisation who may read it."""

    account_id: uuid.UUID
    organisation_id: uuid.UUID
    co_reader_id: uuid.UUID | None


@dataclass(frozen=True)
class Returning:
    """A way back into a passport that adults confirm in person; `first_*` tell who confirmed it already."""

    learner_id: uuid.UUID
    learner_protected: bool
    joined_ids: frozenset[uuid.UUID]
    barred_ids: frozenset[uuid.UUID] = field(default_factory=frozenset)
    first_id: uuid.UUID | None = None
    first_membership_id: uuid.UUID | None = None
    first_at_counter: bool = False


@dataclass(frozen=True)
class Carried:
    """A card, known by the number printed on it, and whom its owner keeps away."""

    learner_id: uuid.UUID
    barred_ids: frozenset[uuid.UUID] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Before:
    """A link that somebody without account has before them, and what its learner switched on for it.

    `meetings` is the way in which one may be proposed: nothing, "organisation" or "direct".
    """

    learner_band: age.Band
    is_open: bool
    meetings: str = ""
    questions: bool = False
    confirmations: bool = False


@dataclass(frozen=True)
class Advised:
    """A passport that its learner lets an adviser read; under 15, `by_two` says whether a parent agreed."""

    learner_id: uuid.UUID
    adviser_id: uuid.UUID
    learner_band: age.Band
    learner_protected: bool
    is_open: bool
    by_two: bool = False
    barred_ids: frozenset[uuid.UUID] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Counted:
    """A passport as figures see it, and whether its learner stays out of them."""

    learner_id: uuid.UUID
    objected: bool
