"""Ready words, for whoever writes to a protected learner or likes them: ways to know somebody, things one may have seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "data" / "sentences.json"
FAMILY = "family"


@dataclass(frozen=True)
class Ready:
    """A few words in both languages."""

    code: str
    fr: str
    en: str

    def text(self, language: str) -> str:
        """Return them in one language."""
        return self.en if language == "en" else self.fr


def _read(name: str) -> dict[str, Ready]:
    return {line["code"]: Ready(**line) for line in json.loads(FILE.read_text(encoding="utf-8"))[name]}


RELATIONS = _read("relations")
OBSERVATIONS = _read("observations")


def relations(language: str) -> list[tuple[str, str]]:
    """Return the ways to know somebody, with their code; what reads the same in this language stands once."""
    once: dict[str, str] = {}
    for ready in RELATIONS.values():
        once.setdefault(ready.text(language), ready.code)
    return [(code, words) for words, code in once.items()]


def observations(language: str) -> list[tuple[str, str]]:
    """Return what one may have seen, with its code."""
    return [(ready.code, ready.text(language)) for ready in OBSERVATIONS.values()]
