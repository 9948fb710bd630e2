"""Who reads, to protect, what an adult wrote to a protected learner."""

from __future__ import annotations

import uuid
from collections.abc import Collection

ENOUGH = 2


def readers(
    named: Collection[uuid.UUID], pool: Collection[uuid.UUID], not_them: Collection[uuid.UUID]
) -> frozenset[uuid.UUID]:
    """Return who reads: the two whom the organisation has, and the pool of the city where one of them is missing.

    `not_them` never do: the author, the learner, and whomever the learner set aside or blocked (promise S2).
    """
    left = frozenset(named) - frozenset(not_them)
    return left if len(left) >= ENOUGH else left | (frozenset(pool) - frozenset(not_them))


def knows_name(wrote: bool, asked: bool) -> bool:
    """Say whether a learner already knows who looked, from an exchange: only then is the name told (promise S11)."""
    return wrote or asked
