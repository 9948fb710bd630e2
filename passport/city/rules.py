"""What a city may decide, and what has to be decided before minors come in."""

from __future__ import annotations

from .. import choices
from ..refusals import Refusal

FEWEST = 5


def refusal_to_decide(key: str, value: str, by: str, reason: str) -> Refusal | None:
    """Say why the city cannot decide this, or None when it can: a known choice, within its floor, by somebody, for a reason."""
    choice = choices.CHOICES.get(key)
    if choice is None:
        return Refusal.CHOICE_UNKNOWN
    return choices.refusal_of(choice, value) or (None if by.strip() and reason.strip() else Refusal.CHOICE_UNSAID)


def refusal_of_minors(decided: frozenset[str]) -> Refusal | None:
    """Say why nobody under 18 opens a passport in this city, or None when all that the law leaves to it is decided."""
    return Refusal.MINORS_NOT_YET if choices.keeps_minors_out(decided) else None


def publishable(people: int, least: int) -> int | None:
    """Return a count of people as a city may publish it: None below `least`, never under 5, else rounded down to a multiple of it.

    All that is published is then a multiple of the same number: no two figures, of one table or of several, of one day or
    of two, differ by so few people that somebody could be told (promise T26).
    """
    cell = max(least, FEWEST)
    return people // cell * cell or None
