"""What « Mes données » adds to earlier rooms, and what stands beside it: the menu, where an experience comes from."""

from __future__ import annotations

import datetime as dt

from flask import url_for
from flask_babel import gettext as _

from ..accounts.queries import MENU
from ..experiences.models import Experience
from ..experiences.panels import EXPERIENCE_PANELS, Panel
from ..policy import Actor


def menu(_actor: Actor, _now: dt.datetime) -> list[tuple[str, str, str]]:
    """Return the line of the menu."""
    return [("mine", url_for("rights.mine"), _("Mes données"))]


def brought(experience: Experience, _now: dt.datetime) -> Panel | None:
    """Return that an experience comes from another passport, with the way to what others said of it there."""
    return Panel("rights/_brought.html", {"key": experience.id}) if experience.claimed_at is not None else None


MENU.append(menu)
EXPERIENCE_PANELS.append(brought)
