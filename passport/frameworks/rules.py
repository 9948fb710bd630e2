"""Finding a sentence by everyday words: folded, forgiving small slips, best first."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

SHORT_WORDS = frozenset(
    ["a", "à", "au", "aux", "d", "de", "des", "du", "en", "et", "j", "je", "l", "la", "le", "les", "m", "ma", "mes", "mon", "n", "ne", "on", "ou", "où", "par", "pas", "pour", "qu", "que", "qui", "s", "sa", "ses", "son", "sur", "un", "une", "y", "i", "to", "the", "of", "in", "on", "my", "and", "or", "with", "for", "it", "is", "am"]
)


def folded(text: str) -> str:
    """Return the text in lower case, without accents, with one plain space between its words."""
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = bare.replace("œ", "oe").replace("æ", "ae")
    letters = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return " ".join(letters.split())


def asked_words(text: str) -> tuple[str, ...]:
    """Return the words that count in what somebody typed; all of them when only short ones were typed."""
    every = folded(text).split()
    return tuple(w for w in every if w not in SHORT_WORDS) or tuple(every)


def nearness(word: str, known: Iterable[str]) -> float:
    """Return how well one word fits the nearest of these: 1 the same, less for a beginning, less for a small slip."""
    best = 0.0
    for other in known:
        if word == other:
            return 1.0
        shorter = min(len(word), len(other))
        if shorter >= 3 and (other.startswith(word) or word.startswith(other)):
            best = max(best, 0.8 * shorter / max(len(word), len(other)) + 0.15)
        elif shorter >= 4 and abs(len(word) - len(other)) <= 2:
            ratio = difflib.SequenceMatcher(None, word, other).ratio()
            if ratio >= 0.8:
                best = max(best, 0.7 * ratio)
    return best


def rank(asked: str, sentence: str, search_words: str) -> float:
    """Return how well a sentence answers what was typed; 0 when not at all. Its own words count a little more."""
    words = asked_words(asked)
    if not words:
        return 0.0
    own, others = folded(sentence).split(), search_words.split()
    total = sum(max(1.05 * nearness(w, own), nearness(w, others)) for w in words)
    return total / len(words) if total / len(words) >= 0.3 else 0.0
