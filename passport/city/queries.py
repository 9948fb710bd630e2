"""What is shown of what the city decided."""

from __future__ import annotations

import sqlalchemy as sa

from .. import choices
from ..accounts.models import Setting
from ..choices import Choice
from ..extensions import db

Line = tuple[Choice, Setting | None]


def lines() -> list[Line]:
    """Return each choice with what the city decided of it, within its floor, or None; one statement."""
    kept = {setting.key: setting for setting in db.session.scalars(sa.select(Setting))}
    found: list[Line] = []
    for key, choice in choices.CHOICES.items():
        setting = kept.get(key)
        found.append((choice, setting if setting and choices.refusal_of(choice, setting.value) is None else None))
    return found
