"""What an experience says besides its story: « j’ai appris, j’ai transmis », and the fields of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from .kinds import KINDS, Kind
from .models import Experience
from .periods import day_in_words, parsed

LEARNED, PASSED_ON = "learned", "passed_on"


@dataclass(frozen=True)
class Said:
    """« J’ai appris », « j’ai transmis »: None when not said, empty when said without more words."""

    learned: str | None = None
    passed_on: str | None = None

    @property
    def facts(self) -> dict[str, str]:
        """Return what was said, by name, and nothing for what was not."""
        return {name: words for name, words in ((LEARNED, self.learned), (PASSED_ON, self.passed_on)) if words is not None}

    @property
    def lines(self) -> tuple[str, ...]:
        """Return it in the first person, as it is read everywhere."""
        lines = []
        if self.learned is not None:
            lines.append(_("J’ai appris : %(words)s", words=self.learned) if self.learned else _("J’ai appris"))
        if self.passed_on is not None:
            lines.append(_("J’ai transmis : %(words)s", words=self.passed_on) if self.passed_on else _("J’ai transmis"))
        return tuple(str(line) for line in lines)


def said_in(facts: Mapping[str, Any]) -> Said:
    """Return what was said, as it stands in facts or in a document; anything odd counts as not said."""
    return Said(*(facts[name] if isinstance(facts.get(name), str) else None for name in (LEARNED, PASSED_ON)))


def said_of(experience: Experience) -> Said:
    """Return what an experience says was learnt and passed on."""
    return said_in(part(experience, "said"))


def part(experience: Experience, name: str) -> dict[str, str]:
    """Return one part of the details: « said », or the « fields » of its kind."""
    found = (experience.details or {}).get(name)
    return dict(found) if isinstance(found, dict) else {}


def with_part(experience: Experience, name: str, values: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the details of an experience with one part put in the place of what stood there."""
    kept: dict[str, Any] = {k: v for k, v in (experience.details or {}).items() if k != name}
    return {**kept, name: dict(values)} if values else kept or None


def kind_of(experience: Experience) -> Kind | None:
    """Return the kind of an experience, when it has one."""
    return KINDS.get(experience.kind or "")


def fields_of(experience: Experience, language: str) -> list[tuple[str, str]]:
    """Return what was filled in of its kind, label and words; what is empty is not there."""
    kind, values = kind_of(experience), part(experience, "fields")
    if kind is None:
        return []
    found = []
    for field in kind.fields:
        value = values.get(field.key)
        if value:
            day = parsed(value) if field.detail.type == "day" else None
            words = day_in_words(day, language) if day else field.words(value, language)
            found.append((field.label[language], words.replace(".", ",") if field.detail.type == "number" and language == "fr" else words))
    return found
