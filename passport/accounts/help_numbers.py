"""Whom to call, and when reports are read, as the city confirmed it: for every page that says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _

from ..choices import CHOICES, HELP
from ..transaction import release
from .chosen import chosen, decided


@dataclass(frozen=True)
class HelpNumbers:
    """The numbers of this city; what is not `confirmed` is never said to be official."""

    child: str
    online: str
    violence: str
    police: str
    europe: str
    sms: str
    crip: str
    confirmed: frozenset[str]
    opens: str
    closes: str

    def is_sure(self, *names: str) -> bool:
        """Say whether the city confirmed these numbers."""
        return all(f"help.{name}" in self.confirmed for name in names)

    @property
    def hours(self) -> str:
        """Return when reports are read, inside a sentence."""
        return str(_("en semaine, de %(opens)s h à %(closes)s h", opens=self.opens, closes=self.closes))


def help_numbers() -> HelpNumbers:
    """Return whom to call in this city; one statement in a request, and without a database what the program knows."""
    try:
        confirmed = decided()
    except sa.exc.OperationalError:
        release()
        return _told(lambda key: CHOICES[key].default, frozenset())
    return _told(chosen, confirmed)


def _told(answer: Callable[[str], str], confirmed: frozenset[str]) -> HelpNumbers:
    known = {key.removeprefix("help."): answer(key) for key in HELP}
    return HelpNumbers(**known, confirmed=confirmed, opens=answer("reports.opens"), closes=answer("reports.closes"))
