"""Two states of a text, word by word: what was taken out of the old one, what was added to the new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Piece:
    """Some words that stayed, or that differ between the two texts."""

    words: str
    differs: bool


Lines = tuple[tuple[Piece, ...], ...]


def compared(before: str | None, after: str | None) -> tuple[Lines, Lines]:
    """Return the old text and the new one, line by line, each with the words that the other does not have marked."""
    old, new = _words(before), _words(after)
    changes = SequenceMatcher(None, [w.strip() for w in old], [w.strip() for w in new]).get_opcodes()
    return (_lines((old[i:j], tag != "equal") for tag, i, j, _k, _l in changes),
            _lines((new[k:m], tag != "equal") for tag, _i, _j, k, m in changes))


def _words(text: str | None) -> list[str]:
    """Return the words of a text, each with the space that follows it: joined again, they are the text."""
    return re.findall(r"\S+\s*", text or "")


def _lines(parts: Iterator[tuple[list[str], bool]]) -> Lines:
    lines: list[list[Piece]] = [[]]
    for words, differs in parts:
        for number, text in enumerate("".join(words).split("\n")):
            if number:
                lines.append([])
            if text.strip():
                lines[-1].append(Piece(text, differs))
    return tuple(tuple(line) for line in lines if line)
