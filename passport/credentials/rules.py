"""What holds of a signed credential: who signed it, since when a key no longer counts, what is said of its state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ..refusals import Refusal

NOT_PERMITTED = Refusal.NOT_PERMITTED
SKEW = dt.timedelta(minutes=5)
"""How far clocks may disagree."""


@dataclass(frozen=True)
class KeyPeriod:
    """From when to when a key signed, and since when somebody else may have."""

    from_at: dt.datetime
    until_at: dt.datetime | None
    compromised_at: dt.datetime | None


def refusal_to_name(permitted: bool) -> Refusal | None:
    """Say why no name can be written into a credential, or None when one can."""
    return None if permitted else Refusal.NOT_PERMITTED


def is_trusted(key: KeyPeriod, signed_at: dt.datetime | None, is_kept: bool) -> bool:
    """Say whether a signature of this key, made at that time, counts.

    Whoever stole a key writes any time they like: from then on only what we kept ourselves (`is_kept`) counts, as long
    as it was signed before.
    """
    if signed_at is None or signed_at < key.from_at - SKEW:
        return False
    if key.until_at is not None and signed_at > key.until_at + SKEW:
        return False
    return key.compromised_at is None or (is_kept and signed_at < key.compromised_at)


def is_begun(valid_from: dt.datetime | None, at: dt.datetime) -> bool:
    """Say whether something counts yet."""
    return valid_from is None or valid_from <= at + SKEW


def is_over(valid_until: dt.datetime | None, at: dt.datetime) -> bool:
    """Say whether something counts no more by its own date."""
    return valid_until is not None and valid_until < at - SKEW


# ---------- received elsewhere ----------

MOST_RECEIVED = 50


def refusal_to_receive(count: int) -> Refusal | None:
    """Say why one more that was received elsewhere cannot be kept, or None when it can: fifty are many."""
    return Refusal.RECEIVED_MANY if count >= MOST_RECEIVED else None


def is_less_known(before: tuple[bool | None, bool | None], now: tuple[bool | None, bool | None]) -> bool:
    """Say whether a new look tells less than the one before: each as (is as it was signed, is in force), None for unknown.

    A plain no is always news.
    """
    return False not in now and any(was is not None and found is None for was, found in zip(before, now, strict=True))
