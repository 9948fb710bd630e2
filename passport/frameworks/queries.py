"""The sentences as they are read now: likely ones, found ones, and their words by id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from ..extensions import db
from .models import Competency, SearchText, Wording
from .rules import rank


@dataclass(frozen=True)
class Sentence:
    """One competency in plain words, in one language."""

    competency_id: int
    wording_id: int
    slug: str
    text: str
    likely_in: tuple[str, ...]
    search_words: str


def current(language: str) -> list[Sentence]:
    """Return every sentence in use, in one statement, by id."""
    text = Wording.text_en if language == "en" else Wording.text_fr
    rows = db.session.execute(
        sa.select(Competency.id, Wording.id, Competency.slug, text, Competency.likely_in, SearchText.text)
        .join(Wording, sa.and_(Wording.competency_id == Competency.id, Wording.current))
        .join(SearchText, sa.and_(SearchText.competency_id == Competency.id, SearchText.language == language))
        .where(Competency.retired_on.is_(None))
        .order_by(Competency.id)
    )
    return [Sentence(c, w, slug, words, tuple(likely), found) for c, w, slug, words, likely, found in rows]


def likely(setting: str | None, language: str, limit: int = 5, exclude: Collection[int] = ()) -> list[Sentence]:
    """Return the sentences most people of this setting would pick, those already chosen left out."""
    sentences = [s for s in current(language) if s.competency_id not in exclude]
    return sorted(sentences, key=lambda s: setting not in s.likely_in)[:limit]


def search(words: str, language: str, limit: int = 8) -> list[Sentence]:
    """Return the sentences that answer everyday words, best first; a small slip or a missing accent does not matter."""
    ranked = [(rank(words, s.text, s.search_words), s) for s in current(language)]
    ranked = sorted((pair for pair in ranked if pair[0] > 0), key=lambda pair: -pair[0])
    return [s for _, s in ranked[:limit]]


def texts(wording_ids: Iterable[int], language: str) -> dict[int, str]:
    """Return the words of these wordings, old or new, by id."""
    text = Wording.text_en if language == "en" else Wording.text_fr
    ids = set(wording_ids)
    if not ids:
        return {}
    rows = db.session.execute(sa.select(Wording.id, text).where(Wording.id.in_(ids)))
    return {key: words for key, words in rows}  # noqa: C416 - a Row is no pair for dict()
