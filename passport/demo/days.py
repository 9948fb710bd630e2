"""The days of the demo city: what there is in it so far, and what happens when."""

from __future__ import annotations

import datetime as dt
import uuid
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa

from ..accounts import rules as age
from ..accounts.service import hash_of
from ..clock import CITY_ZONE, day_of
from ..experiences.models import Experience
from ..extensions import db
from ..feedback.models import Feedback, FeedbackRequest
from ..frameworks.models import Competency
from ..organisations.models import Membership, Organisation
from ..recognition.models import RecognitionRequest
from ..safety.models import Report
from ..sharing.models import Share
from ..witnesses.models import Testimony, WitnessInvitation

Line = dict[str, Any]


class Days:
    """What happens in the city: each event is written down with its time, then all happen in that order."""

    def __init__(self, data: Line, now: dt.datetime) -> None:
        self.data, self.now, self.today = data, now, day_of(now)
        written = month_of(data["written_for"])
        # The whole story moves by as many months as went by since it was written, so that ages and waits stay true.
        self.moved = (self.today.year - written.year) * 12 + self.today.month - written.month
        self.password_hash = hash_of(age.DEMO_PASSPHRASE)
        self.events: list[tuple[dt.datetime, int, Callable[[dt.datetime], object]]] = []
        self.competencies: dict[str, int] = {c.slug: c.id for c in db.session.scalars(sa.select(Competency))}
        self.people = {line["key"]: line for line in data["people"]}
        self.ids: dict[str, uuid.UUID] = {}
        self.organisations: dict[str, Organisation] = {}
        self.roles: dict[tuple[str, str], Membership] = {}
        self.experiences: dict[str, Experience] = {}
        self.requests: dict[str, FeedbackRequest] = {}
        self.feedback: dict[str, Feedback] = {}
        self.reports: dict[str, Report] = {}
        self.invitations: dict[str, WitnessInvitation] = {}
        self.seen: dict[str, Testimony] = {}
        self.asked: dict[int, RecognitionRequest] = {}
        self.shares: dict[str, Share] = {}
        self.evidence: dict[uuid.UUID, list[uuid.UUID]] = {}

    # ---------- when ----------

    def event(self, at: dt.datetime, act: Callable[..., object], *given: object) -> None:
        """Write down that this happens at that time; what is written first happens first."""
        if at >= self.now:
            raise ValueError(f"{act.__name__} lies ahead: {at}")
        self.events.append((at, len(self.events), partial(act, *given)))

    def month(self, text: str) -> dt.date:
        """Return the first day of a month of the story, as it stands this time."""
        return later(month_of(text), self.moved)

    def in_month(self, text: str, day: int, hour: int = 10) -> dt.datetime:
        """Return a day of a month of the story, by daylight: an adult's words arrive at once then."""
        return at_hour(self.month(text).replace(day=day), hour)

    def ago(self, days: int, hour: int, seed: str) -> dt.datetime:
        """Return that many days before today, in that hour of the city; the seed makes the minutes."""
        return at_hour(self.today - dt.timedelta(days=days), hour, zlib.crc32(seed.encode()) % 50)

    def opened(self, key: str) -> dt.datetime:
        """Return when somebody opened their passport."""
        return self.in_month(self.people[key]["opened"], 2, 17)


def month_of(text: str) -> dt.date:
    """Return the first day of « 2026-11 »."""
    return dt.date.fromisoformat(f"{text}-01")


def later(first: dt.date, months: int) -> dt.date:
    """Return the first day of the month so many months later."""
    count = first.year * 12 + first.month - 1 + months
    return dt.date(count // 12, count % 12 + 1, 1)


def at_hour(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """Return an hour of a day in the city."""
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=CITY_ZONE).astimezone(dt.UTC)
