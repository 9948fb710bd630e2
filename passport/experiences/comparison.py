"""The text of then, as it was kept when it was sent or shown, beside the text of now: for its learner."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from ..clock import day_of
from ..extensions import db
from ..organisations.models import Organisation
from .details import said_in, said_of
from .differences import Lines, compared
from .models import Experience, Revision
from .periods import period


@dataclass(frozen=True)
class Part:
    """One part of what is told, in its two states."""

    label: str
    before: Lines
    after: Lines
    same: bool


@dataclass(frozen=True)
class Comparison:
    """Two states of what is told: the day of the first one, and its parts."""

    on: dt.date
    parts: tuple[Part, ...]


def comparison(experience: Experience, revision_id: uuid.UUID, language: str) -> Comparison | None:
    """Return a kept state beside the present one, or None when this experience has no such state; two statements."""
    then = db.session.scalars(
        sa.select(Revision).where(Revision.id == revision_id, Revision.experience_id == experience.id)
    ).one_or_none()
    if then is None:
        return None
    facts: dict[str, Any] = dict(then.facts)
    kept = facts.get("organisation_id")
    ids = [key for key in (uuid.UUID(str(kept)) if kept else None, experience.organisation_id) if key]
    names: dict[uuid.UUID | None, str] = {o.id: o.name for o in db.session.execute(
        sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))}
    before = _around(
        period(_day(facts.get("started_on")), _day(facts.get("ended_on")), str(facts.get("when_precision") or "day"),
               bool(facts.get("ongoing")), language),
        names.get(ids[0] if kept else None) or facts.get("organisation_text"), facts.get("place"), said_in(facts).lines,
    )
    x = experience
    after = _around(period(x.started_on, x.ended_on, x.when_precision, x.ongoing, language),
                    names.get(x.organisation_id) or x.organisation_text, x.place, said_of(x).lines)
    return Comparison(day_of(then.made_at), tuple(
        Part(label, *compared(old, new), same=(old or "") == (new or "")) for label, old, new in (
            (_("La phrase"), then.title, x.title), (_("Le récit"), then.story, x.story),
            (_("Quand, où, avec qui"), before, after),
        ) if old or new
    ))


def _day(text: object) -> dt.date | None:
    return dt.date.fromisoformat(str(text)) if text else None


def _around(when: str, organisation: object, place: object, said: tuple[str, ...]) -> str:
    where = " · ".join(str(words) for words in (organisation, place) if words)
    return "\n".join(line for line in (when, where, *said) if line)
