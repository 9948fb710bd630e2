"""What stands around one experience on its learner's page, in one statement: with whom, what led
here, what I can do, what I keep of it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..columns import Instant, Key
from ..extensions import db
from ..frameworks.models import Wording
from ..organisations.models import Organisation
from . import reflection
from .models import Claim, Experience, ExperienceLink, Reflection
from .queries import Said


@dataclass(frozen=True)
class Near:
    """An experience one step away on the path."""

    id: uuid.UUID
    title: str
    context: str | None
    sort_on: dt.date


@dataclass
class Around:
    """Everything that hangs on one experience itself."""

    organisation: str | None
    came_from: list[Near] = field(default_factory=list)
    led_to: list[Near] = field(default_factory=list)
    claims: list[Said] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def reflection(self) -> tuple[tuple[str, str], ...]:
        """Return « ce que j’en retire », prompts in words with their answers."""
        return reflection.in_words(self.answers)


NO_KEY, NO_DAY, NO_TIME, NO_NUMBER = (
    sa.cast(sa.null(), kind) for kind in (Key(), sa.Date(), Instant(), sa.Integer())
)


def around(experience: Experience, language: str) -> Around:
    """Return what stands around an experience; nothing deleted, nothing empty; one statement."""

    def row(what: str, name: Any, text: Any, key: Any = NO_KEY, day: Any = NO_DAY, at: Any = NO_TIME,
            numbers: tuple[Any, Any] = (NO_NUMBER, NO_NUMBER)) -> Any:
        return sa.select(sa.literal_column(f"'{what}'").label("what"), key.label("key"), name.label("name"),
                         text.label("text"), day.label("day"), at.label("at"), numbers[0].label("n"),
                         numbers[1].label("m"))

    def near(what: str, here: Any, there: Any) -> Any:
        return (row(what, Experience.title, Experience.context, Experience.id, Experience.sort_on)
                .join(ExperienceLink, there == Experience.id)
                .where(here == experience.id, Experience.deleted_at.is_(None)))

    rows = db.session.execute(sa.union_all(
        near("from", ExperienceLink.to_id, ExperienceLink.from_id),
        near("to", ExperienceLink.from_id, ExperienceLink.to_id),
        row("answer", Reflection.prompt, Reflection.text).where(Reflection.experience_id == experience.id),
        row("organisation", Organisation.name, sa.cast(sa.null(), sa.String()))
        .where(Organisation.id == experience.organisation_id),
        row("claim", Wording.text_en if language == "en" else Wording.text_fr, sa.cast(Claim.step, sa.String()), Claim.id,
            at=Claim.claimed_at, numbers=(Claim.competency_id, Claim.wording_id))
        .join(Claim, Claim.wording_id == Wording.id).where(Claim.experience_id == experience.id),
    )).all()
    found = Around(experience.organisation_text)
    for r in rows:
        if r.what == "answer":
            found.answers[r.name] = r.text
        elif r.what == "organisation":
            found.organisation = r.name
        elif r.what != "claim":
            (found.came_from if r.what == "from" else found.led_to).append(Near(r.key, r.name, r.text, r.day))
    said = sorted((r for r in rows if r.what == "claim"), key=lambda r: (r.at, r.key))
    found.claims = [Said(r.n, r.m, r.name, int(r.text)) for r in said]
    for line in (found.came_from, found.led_to):
        line.sort(key=lambda x: (x.sort_on, x.id))
    return found
