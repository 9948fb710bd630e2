"""Letters as they are read: without accents, without capitals, without disguise."""

from __future__ import annotations

import unicodedata

# Cyrillic and Greek letters that are read as Latin ones, in their small or their capital form.
LOOK_ALIKE = str.maketrans("авеһіјкмнорстухԁԛѕԝαβεηικμνορτυχ", "abehijkmhopctyxdqswabenikmvoptux")


def plain(text: str) -> str:
    """Return a text as it is compared with others: small letters, no accents, and what looks alike is alike."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    seen = "".join(c for c in bare if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", seen).translate(LOOK_ALIKE)


def plain_words(text: str) -> list[str]:
    """Return its words, compared the same way."""
    return "".join(c if c.isalnum() else " " for c in plain(text)).split()
