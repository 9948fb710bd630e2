"""What a city decides for itself: the points the law leaves open, their defaults, and the floors nothing can pass.

Plain Python. Numbers are those of the list of open points that a data protection officer goes through. A choice is here
only when code obeys it, or when the law wants it written down who decided what (`text`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path

from .refusals import Refusal

LONGEST_TEXT = 2000
YES, NO = "yes", "no"
BY_TASK, BY_CONSENT = "task", "consent"
ALONE = 15  # from this age on a person consents alone, where consent is the basis
NUMBER = re.compile(r"\d{1,3}", re.ASCII)
PHONE = re.compile(r"\+?\d[\d .]{1,24}", re.ASCII)
DAY = re.compile(r"\d\d-\d\d", re.ASCII)
# Which checks an organisation may lawfully ask for, by its kind (promise S6). To ask for an "attestation
# d'honorabilité" outside social care for children and childcare is an offence: those two rows alone hold it.
LAWFUL: dict[str, tuple[str, ...]] = {
    "association": ("record_and_declaration", "sport_licence", "declared_centre"),
    "school": ("public_agent",),
    "public_service": ("public_agent", "declared_centre"),
    "sport_club": ("sport_licence",),
    "holiday_centre": ("declared_centre",),
    "childcare": ("honorability",),
    "social_care": ("honorability", "by_service"),
    "company": ("record_and_declaration",),
    "city": ("public_agent",),
}
HONORABILITY, HONORABILITY_IN = "honorability", frozenset({"childcare", "social_care"})
CHECKS = tuple(sorted({check for checks in LAWFUL.values() for check in checks}))
# Where each number comes from, and whether somebody looked it up.
NUMBERS = json.loads((Path(__file__).parent / "help_numbers.json").read_text(encoding="utf-8"))["numbers"]


@dataclass(frozen=True)
class Choice:
    """One thing a city decides: `law` says who has the last word, `needed` whether minors wait for it."""

    point: int
    key: str
    kind: str
    default: str = ""
    options: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    law: str = "choice"
    needed: bool = False


CHOICES: dict[str, Choice] = {choice.key: choice for choice in (
    Choice(1, "basis", "option", BY_TASK, (BY_TASK, BY_CONSENT), law="dpo", needed=True),
    Choice(2, "age.youngest", "number", "13", least=12, most=15),
    Choice(5, "parents.others", "text", law="open", needed=True),
    Choice(6, "parents.ask", "text", law="open", needed=True),
    Choice(7, "checks.common_day", "day", "10-31", law="sure"),
    *(Choice(7, f"checks.{kind}", "list", ", ".join(lawful),
             tuple(check for check in CHECKS if check != HONORABILITY or kind in HONORABILITY_IN))
      for kind, lawful in LAWFUL.items()),
    Choice(8, "checks.record", "option", YES, (YES, NO), law="dpo", needed=True),
    Choice(10, "controllers", "text", law="dpo", needed=True),
    Choice(11, "passports.unused", "number", "36", least=24, most=60),
    Choice(12, "erasure.pause", "number", "7", least=0, most=7),
    Choice(13, "erasure.sealed", "number", "6", least=0, most=12, law="dpo"),
    Choice(14, "cases.kept", "number", "5", least=1, most=30, law="dpo", needed=True),
    *(Choice(15, line["key"], "phone", line["number"], law="open", needed=True) for line in NUMBERS),
    Choice(15, "reports.opens", "number", "9", least=6, most=11, needed=True),
    Choice(15, "reports.closes", "number", "18", least=12, most=22, needed=True),
    Choice(16, "archives", "text", law="dpo"),
    Choice(17, "endorsers.name", "option", "name", ("name", "initials", "role")),
    Choice(21, "factor.facilitators", "option", "opening", ("opening", "sign_in")),
    Choice(21, "factor.days", "number", "30", least=1, most=30),
    Choice(23, "death", "text", law="open"),
    Choice(0, "links.longest", "option", "6", ("6", "12")),  # row 13 of the table of ages
)}
HELP = tuple(key for key in CHOICES if key.startswith("help."))
# Points that nothing loosens: the program itself holds them.
HELD = (3, 4, 9, 18, 20, 22, 24)
# Points about what this program does not do so far: there is nothing to decide here yet.
LATER = (19,)


def refusal_of(choice: Choice, value: str) -> Refusal | None:
    """Say why a city cannot choose this, or None when it can: of the right kind, and not past the floor."""
    if choice.kind == "number":
        if NUMBER.fullmatch(value) is None:
            return Refusal.CHOICE_ODD
        return None if choice.least <= int(value) <= choice.most else Refusal.CHOICE_FLOOR
    if choice.kind == "option":
        return None if value in choice.options else Refusal.CHOICE_FLOOR
    if choice.kind == "list":
        return None if {part.strip() for part in value.split(",")} <= {*choice.options} else Refusal.CHOICE_FLOOR
    if choice.kind == "day":
        return None if DAY.fullmatch(value) and day_in(2027, value) else Refusal.CHOICE_ODD
    if choice.kind == "phone":
        return None if PHONE.fullmatch(value) else Refusal.CHOICE_ODD
    return None if value.strip() and len(value) <= LONGEST_TEXT else Refusal.CHOICE_ODD


def in_force(choice: Choice, kept: str | None) -> str:
    """Return what counts: the city's choice, and the default for one that was never made or passes the floor."""
    return kept if kept is not None and refusal_of(choice, kept) is None else choice.default


def day_in(year: int, day: str) -> dt.date | None:
    """Return the day of a year that is written month first, as in 10-31, or None when there is none."""
    try:
        return dt.date(year, int(day[:2]), int(day[3:]))
    except ValueError:
        return None


def youngest(basis: str, floor: int) -> int:
    """Return the age from which somebody opens a passport alone: never below 15 where consent is the basis."""
    return max(floor, ALONE) if basis == BY_CONSENT else floor


def undecided(decided: frozenset[str]) -> tuple[Choice, ...]:
    """Return what the city never decided, in the order of the points."""
    return tuple(choice for choice in CHOICES.values() if choice.key not in decided)


def keeps_minors_out(decided: frozenset[str]) -> tuple[Choice, ...]:
    """Return what the city has to decide before anybody under 18 opens a passport."""
    return tuple(choice for choice in undecided(decided) if choice.needed)
