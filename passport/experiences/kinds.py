"""Kinds of experience with fields of their own, from `data/kinds.json`: service civique, trainings, times of a life."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..refusals import Refusal
from . import rules

DATA = Path(__file__).parent / "data" / "kinds.json"
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """One optional field of a kind, in both languages."""

    key: str
    label: Texts
    detail: rules.Detail
    choices: Mapping[str, Texts]

    def words(self, value: str, language: str) -> str:
        """Return a kept value as it was written, a choice in the reader's language."""
        return self.choices[value][language] if value in self.choices else value


@dataclass(frozen=True)
class Note:
    """One thing to know about a kind; only what was checked in a source is shown, as an official mark."""

    words: Texts
    official: bool
    source: str


@dataclass(frozen=True)
class Kind:
    """One kind of experience. `private` kinds are for their learner alone unless they choose otherwise."""

    key: str
    group: str
    label: Texts
    title: Texts
    setting: str | None
    context: str
    private: bool
    notes: tuple[Note, ...]
    fields: tuple[Field, ...]

    @property
    def details(self) -> dict[str, rules.Detail]:
        """Return what may stand in each of its fields."""
        return {field.key: field.detail for field in self.fields}

    @property
    def marks(self) -> tuple[Note, ...]:
        """Return what may be shown as official."""
        return tuple(note for note in self.notes if note.official)


def _texts(line: Mapping[str, Any], name: str = "") -> Texts:
    prefix = f"{name}_" if name else ""
    return {language: line[prefix + language] for language in ("fr", "en")}


def _field(line: Mapping[str, Any]) -> Field:
    choices = {choice["key"]: _texts(choice) for choice in line.get("choices", ())}
    detail = rules.Detail(line["type"], line.get("most", rules.LONGEST_SAID), line.get("least", 0), tuple(choices))
    return Field(line["key"], _texts(line, "label"), detail, choices)


def _kind(line: Mapping[str, Any]) -> Kind:
    return Kind(
        line["key"], line["group"], _texts(line, "label"), _texts(line, "title"), line["setting"], line["context"],
        line["private"], tuple(Note(_texts(n), n["official"], n["source"]) for n in line["notes"]),
        tuple(_field(f) for f in line["fields"]),
    )


_READ = json.loads(DATA.read_text(encoding="utf-8"))
CHECKED: str = _READ["checked"]
KINDS: dict[str, Kind] = {line["key"]: _kind(line) for line in _READ["kinds"]}
GROUPS: tuple[tuple[Texts, tuple[Kind, ...]], ...] = tuple(
    (_texts(group, "label"), tuple(k for k in KINDS.values() if k.group == group["key"])) for group in _READ["groups"]
)


def refusal_of(kind: str | None, values: Mapping[str, Any]) -> Refusal | None:
    """Say why these details cannot be kept with a kind, or None when they can; no kind has no details."""
    if kind is None:
        return rules.refusal_of_details({}, values)
    known = KINDS.get(kind)
    return rules.refusal_of_details(known.details if known else None, values)
