"""Finding a sentence by everyday words: folded, forgiving small slips, best first."""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

KEY_COMPETENCES, ESCO = "eu-key-competences-2018", "esco"
FACETS = ("knowledge", "skill", "attitude")
# What a sentence must reach to answer a search, and to be proposed unasked; what a word that none knows well counts.
LEAST, CLOSE, UNKNOWN = 0.3, 0.5, 0.5
SHORT_WORDS = frozenset([
    "a", "ai", "ait", "as", "au", "aux", "avec", "c", "ce", "ces", "cette", "chez", "d", "dans", "de", "des", "du",
    "elle", "en", "est", "et", "etait", "eu", "fais", "fait", "faire", "il", "ils", "j", "jai", "je", "l", "la",
    "le", "les", "leur", "lui", "m", "ma", "me", "mes", "moi", "mon", "n", "ne", "nous", "on", "ou", "par", "pas",
    "pour", "qu", "quand", "que", "qui", "s", "sa", "se", "ses", "si", "son", "suis", "sur", "t", "tous", "tout",
    "toute", "toutes", "tres", "tu", "un", "une", "vos", "y",
    "all", "am", "an", "and", "at", "be", "been", "by", "did", "do", "for", "from", "had", "has", "have", "her",
    "his", "i", "in", "is", "it", "me", "my", "of", "on", "or", "our", "so", "some", "that", "the", "their", "them",
    "they", "to", "up", "ve", "was", "we", "were", "with",
])


def number_of(version: str) -> tuple[int, ...]:
    """Return a version as numbers, so that 1.10 comes after 1.9."""
    return tuple(int(part) for part in version.split("."))


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


@lru_cache(maxsize=4096)
def _letters(word: str) -> int:
    """Return which letters a word of ours has, one bit each, so that most words are told apart at once."""
    return sum({1 << ord(c) % 64 for c in word})


def _stem(one: str, other: str) -> int:
    """Return how many letters two words begin with together."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def likeness(word: str, others: Iterable[str]) -> dict[str, float]:
    """Return how well one word fits each of these that it fits: 1 the same, less for a beginning or a small slip.

    A beginning is the whole of the shorter word (« cuisine », « cuisiner »), or most of both (« debate », « debating »).
    """
    slips = difflib.SequenceMatcher(None, "", word)
    letters, length = sum({1 << ord(c) % 64 for c in word}), len(word)
    found: dict[str, float] = {}
    for other in others:
        shorter, both = min(length, len(other)), length + len(other)
        if word == other:
            found[other] = 1.0
        elif shorter >= 3 and (other.startswith(word) or word.startswith(other)):
            found[other] = 0.8 * shorter / (both - shorter) + 0.15
        elif word[:4] == other[:4] and (stem := _stem(word, other)) >= 0.6 * (both - shorter):
            found[other] = 0.8 * stem / (both - shorter) + 0.1
        elif shorter >= 4 and both - 2 * shorter <= 2 and (letters ^ _letters(other)).bit_count() <= 0.2 * both:
            slips.set_seq1(other)
            if slips.quick_ratio() >= 0.8 and (ratio := slips.ratio()) >= 0.8:
                found[other] = 0.7 * ratio
    return found


@lru_cache(maxsize=512)
def _words(text: str) -> frozenset[str]:
    return frozenset(folded(text).split())


def ranks(asked: str, sentences: Sequence[tuple[str, str]]) -> list[float]:
    """Return how well each sentence, given with its search words, answers what was typed; 0 when not at all.

    Its own words count a little more, and a word that few sentences know more than one that many know.
    """
    known = [(_words(own), _words(found)) for own, found in sentences]
    every = frozenset().union(*(own | found for own, found in known))
    totals, weights = [0.0] * len(known), 0.0
    for word in dict.fromkeys(asked_words(asked)[:12]):
        like = likeness(word, every)
        near = [max(1.05 * max((like[w] for w in own & like.keys()), default=0.0),
                    max((like[w] for w in found & like.keys()), default=0.0)) for own, found in known]
        hits = sum(n >= 0.5 for n in near)
        weight = math.log(1 + len(known) / (1 + hits)) if hits else UNKNOWN
        weights += weight
        totals = [total + weight * n for total, n in zip(totals, near, strict=True)]
    return [total / weights if weights and total / weights >= LEAST else 0.0 for total in totals]
