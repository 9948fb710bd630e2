"""Who reads, to protect, what an adult wrote to a protected learner."""

from __future__ import annotations

import uuid
from collections.abc import Collection

ENOUGH = 2


def is_reader(
    who: uuid.UUID, named: Collection[uuid.UUID], pool: Collection[uuid.UUID], not_them: Collection[uuid.UUID]
) -> bool:
    """Say whether somebody reads: one of the two named, or of the city's pool where one of the two is missing.

    `not_them` never do: the author, the learner, and whomever the learner set aside or blocked (promise S2).
    """
    left = frozenset(named) - frozenset(not_them)
    return who in left or (len(left) < ENOUGH and who in pool and who not in not_them)


def readers(
    named: Collection[uuid.UUID], pool: Collection[uuid.UUID], not_them: Collection[uuid.UUID]
) -> frozenset[uuid.UUID]:
    """Return who reads what one author wrote to one learner."""
    return frozenset(who for who in {*named, *pool} if is_reader(who, named, pool, not_them))


def knows_name(wrote: bool, asked: bool) -> bool:
    """Say whether a learner already knows who looked, from an exchange: only then is the name told (promise S11)."""
    return wrote or asked
