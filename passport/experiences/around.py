"""What stands around one experience on its learner's page, in one statement: with whom, what led here, what I keep of it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..columns import Key
from ..extensions import db
from ..organisations.models import Organisation
from . import reflection
from .models import Experience, ExperienceLink, Reflection


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
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def reflection(self) -> tuple[tuple[str, str], ...]:
        """Return « ce que j’en retire », prompts in words with their answers."""
        return reflection.in_words(self.answers)


def around(experience: Experience) -> Around:
    """Return what stands around an experience; nothing deleted, nothing empty; one statement."""

    def near(what: str, here: Any, there: Any) -> Any:
        return (sa.select(sa.literal_column(f"'{what}'").label("what"), Experience.id, Experience.title.label("name"),
                          Experience.context.label("text"), Experience.sort_on)
                .join(ExperienceLink, there == Experience.id)
                .where(here == experience.id, Experience.deleted_at.is_(None)))

    def plain(what: str, name: Any, text: Any) -> Any:
        return sa.select(sa.literal_column(f"'{what}'").label("what"), sa.cast(sa.null(), Key()), name, text,
                         sa.cast(sa.null(), sa.Date()))

    rows = db.session.execute(sa.union_all(
        near("from", ExperienceLink.to_id, ExperienceLink.from_id),
        near("to", ExperienceLink.from_id, ExperienceLink.to_id),
        plain("answer", Reflection.prompt, Reflection.text).where(Reflection.experience_id == experience.id),
        plain("organisation", Organisation.name, sa.cast(sa.null(), sa.String()))
        .where(Organisation.id == experience.organisation_id),
    ))
    found = Around(experience.organisation_text)
    for what, key, name, text, sort_on in rows:
        if what == "answer":
            found.answers[name] = text
        elif what == "organisation":
            found.organisation = name
        else:
            (found.came_from if what == "from" else found.led_to).append(Near(key, name, text, sort_on))
    for line in (found.came_from, found.led_to):
        line.sort(key=lambda x: (x.sort_on, x.id))
    return found
