"""How much of a file from another city is looked at, and when it is not what it says."""

from __future__ import annotations

import re
from typing import Final

from ..accounts.rules import Band
from ..refusals import Refusal

HEAVIEST: Final = 250_000_000
"""Bytes of a whole ZIP: a passport full of photos, with some room."""
MOST_ENTRIES: Final = 5_000
MOST_UNPACKED: Final = 400_000_000
MOST_OF_JSON: Final = 30_000_000
MOST_OF_A_CREDENTIAL: Final = 262_144
MOST_PARTS: Final = 1_600_000
"""How many lists, objects and commas the text may hold: some are made so that reading them fills the memory."""
MOST_RATIO: Final = 200
MOST_BROUGHT: Final = 3_000
MOST_WORDS: Final = 4_000
EXPORTS_A_DAY: Final = 6
IMPORTS_A_DAY: Final = 20
READ: Final = frozenset((
    "experiences", "reflections", "claims", "led_to", "evidence", "credentials", "received", "texts", "words", "feedback",
    "endorsements", "testimonies", "not_yet", "brought"))
NAME = re.compile(r"(?:files|credentials|received)/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(?:jpg|png|webp|pdf|json|jwt)")
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?", re.IGNORECASE)


def is_read(name: str) -> bool:
    """Say whether a list of a file is looked at: what its learner told, what others said, and what was signed.

    Ages, roles, checks, consents, permissions, links, grants and requests never are, whatever the file says.
    """
    return name in READ


def refusal_of_archive(entries: int, packed: int, unpacked: int) -> Refusal | None:
    """Say why a ZIP with so many entries and bytes is not opened, or None when it is."""
    too_much = entries > MOST_ENTRIES or packed > HEAVIEST or unpacked > MOST_UNPACKED
    return Refusal.PASSPORT_HEAVY if too_much else None


def refusal_of_entry(packed: int, unpacked: int, most: int) -> Refusal | None:
    """Say why one entry of a ZIP is not unpacked, or None when it is: it is small, and no bomb."""
    if unpacked > most:
        return Refusal.PASSPORT_HEAVY
    return Refusal.PASSPORT_HEAVY if unpacked > 1_000_000 and unpacked > MOST_RATIO * max(packed, 1) else None


def refusal_of_text(text: bytes) -> Refusal | None:
    """Say why a JSON text is not read, or None when it is."""
    parts = sum(text.count(sign) for sign in (b"[", b"{", b","))
    return Refusal.PASSPORT_HEAVY if len(text) > MOST_OF_JSON or parts > MOST_PARTS else None


def is_a_host(text: object) -> bool:
    """Say whether this can be the host of another city, as it says of itself."""
    return isinstance(text, str) and HOST.fullmatch(text) is not None


def refusal_to_choose_statistics(band: Band) -> Refusal | None:
    """Say why somebody does not choose alone whether they are counted, or None: under 15 that is decided by two."""
    return Refusal.UNDER_15 if band in {Band.CHILD, Band.TEEN} else None
