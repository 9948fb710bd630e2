"""The sentences as they are read now: likely ones, found ones, all by theme, and their words by id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa

from ..extensions import db
from .models import Alignment, Competency, FrameworkVersion, SearchText, Wording
from .rules import CLOSE, ESCO, KEY_COMPETENCES, ranks


@dataclass(frozen=True)
class Sentence:
    """One competency in plain words, in one language."""

    competency_id: int
    wording_id: int
    slug: str
    text: str
    theme: str
    facet: str
    likely_in: tuple[str, ...]
    search_words: str


@dataclass(frozen=True)
class Named:
    """What a sentence corresponds to in a recognised framework: its name, in which language, and whether officially."""

    code: str
    label: str
    language: str
    official: bool


@dataclass(frozen=True)
class Mapped:
    """One sentence with its facet and what it corresponds to."""

    slug: str
    text: str
    facet: str
    concepts: tuple[Named, ...]


@dataclass(frozen=True)
class Theme:
    """The sentences under one of the eight key competences."""

    code: str
    name: Named
    sentences: tuple[Mapped, ...]


def current(language: str) -> list[Sentence]:
    """Return every sentence in use, in one statement, by id."""
    rows = db.session.execute(
        sa.select(Competency.id, Wording.id, Competency.slug, _text(language), Alignment.code, Competency.facet,
                  Competency.likely_in, SearchText.text)
        .join(Wording, sa.and_(Wording.competency_id == Competency.id, Wording.current))
        .join(SearchText, sa.and_(SearchText.competency_id == Competency.id, SearchText.language == language))
        .join(Alignment, sa.and_(Alignment.competency_id == Competency.id, Alignment.target == KEY_COMPETENCES))
        .where(Competency.retired_on.is_(None))
        .order_by(Competency.id)
    )
    return [Sentence(*row[:6], tuple(row[6]), row[7]) for row in rows]


def _text(language: str) -> sa.orm.InstrumentedAttribute[str]:
    return Wording.text_en if language == "en" else Wording.text_fr


def likely_of(sentences: Collection[Sentence], setting: str | None, told: str = "", limit: int = 5,
              exclude: Collection[int] = ()) -> list[Sentence]:
    """Return the sentences to propose first, those already chosen left out.

    The two that answer best what was told come first, then those that name the setting first; without a setting,
    those that fit the most of them.
    """
    close = best(sentences, told, 2, CLOSE)

    def order(s: Sentence) -> tuple[int, int]:
        place = s.likely_in.index(setting) if setting in s.likely_in else 99
        return (0, close.index(s)) if s in close else (1, place if setting else -len(s.likely_in))

    return sorted((s for s in sentences if s.competency_id not in exclude), key=order)[:limit]


def likely(setting: str | None, language: str, limit: int = 5, exclude: Collection[int] = ()) -> list[Sentence]:
    """Return the likely sentences of a setting, those already chosen left out."""
    return likely_of(current(language), setting, limit=limit, exclude=exclude)


def best(sentences: Collection[Sentence], words: str, limit: int = 8, least: float = 0) -> list[Sentence]:
    """Return the sentences that answer everyday words, best first; a small slip or a missing accent does not matter."""
    worth = zip(ranks(words, [(s.text, s.search_words) for s in sentences]), sentences, strict=True)
    ranked = sorted((pair for pair in worth if pair[0] > least), key=lambda pair: -pair[0])
    return [s for _, s in ranked[:limit]]


def search(words: str, language: str, limit: int = 8) -> list[Sentence]:
    """Return the sentences in use that answer everyday words, best first."""
    return best(current(language), words, limit)


def by_theme(sentences: Iterable[Sentence]) -> list[tuple[str, list[Sentence]]]:
    """Return the sentences under the code of their key competence, in the order of the Recommendation."""
    ordered = sorted(sentences, key=lambda s: (s.theme, s.competency_id))
    return [(code, list(group)) for code, group in groupby(ordered, lambda s: s.theme)]


def themes(language: str) -> list[Theme]:
    """Return every sentence in use by theme, with what it corresponds to, in two statements."""
    mapped: dict[int, dict[str, list[Named]]] = {}
    rows = db.session.scalars(
        sa.select(Alignment).join(Competency, Competency.id == Alignment.competency_id)
        .where(Competency.retired_on.is_(None)).order_by(Alignment.competency_id, Alignment.id)
    )
    for row in rows:
        mapped.setdefault(row.competency_id, {}).setdefault(row.target, []).append(_named(row, language))
    found = []
    for code, sentences in by_theme(current(language)):
        name = mapped[sentences[0].competency_id][KEY_COMPETENCES][0]
        found.append(Theme(code, name, tuple(
            Mapped(s.slug, s.text, s.facet, tuple(mapped[s.competency_id].get(ESCO, ()))) for s in sentences)))
    return found


def _named(row: Alignment, language: str) -> Named:
    """Return a name in this language, or else the other one's; never a translation of our own."""
    other = "fr" if language == "en" else "en"
    spoken = language if getattr(row, f"label_{language}") else other
    return Named(row.code, getattr(row, f"label_{spoken}") or row.code, spoken, getattr(row, f"official_{spoken}"))


def version() -> FrameworkVersion | None:
    """Return the version of the sentences that was loaded last, or None before the first."""
    return db.session.scalars(sa.select(FrameworkVersion).order_by(FrameworkVersion.id.desc()).limit(1)).one_or_none()


def texts(wording_ids: Iterable[int], language: str) -> dict[int, str]:
    """Return the words of these wordings, old or new, by id."""
    ids = set(wording_ids)
    if not ids:
        return {}
    rows = db.session.execute(sa.select(Wording.id, _text(language)).where(Wording.id.in_(ids)))
    return {key: words for key, words in rows}  # noqa: C416 - a Row is no pair for dict()
