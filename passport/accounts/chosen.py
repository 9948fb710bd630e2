"""What the city has chosen, for whichever room asks: read once in a request, and only where somebody asks."""

from __future__ import annotations

import sqlalchemy as sa
from flask import has_request_context, request

from .. import choices
from ..extensions import db
from .models import Setting

READ = "passport.chosen"


def _kept() -> dict[str, str]:
    if has_request_context() and READ in request.environ:
        return dict(request.environ[READ])
    found = {row.key: row.value for row in db.session.execute(sa.select(Setting.key, Setting.value))}
    if has_request_context():
        request.environ[READ] = found
    return found


def chosen(key: str) -> str:
    """Return what counts for this key: the city's choice, or the default."""
    return choices.in_force(choices.CHOICES[key], _kept().get(key))


def kept(key: str) -> sa.ScalarSelect[str]:
    """Return what the city wrote down for this key as a part of another statement; `choices.in_force` says what counts."""
    return sa.select(Setting.value).where(Setting.key == key).scalar_subquery()


def number(key: str) -> int:
    """Return a choice that is a number."""
    return int(chosen(key))


def decided() -> frozenset[str]:
    """Return the keys that the city has decided, each within its floor."""
    return frozenset(key for key, value in _kept().items()
                     if key in choices.CHOICES and choices.refusal_of(choices.CHOICES[key], value) is None)


def youngest() -> int:
    """Return the age from which somebody opens a passport in this city."""
    return choices.youngest(chosen("basis"), number("age.youngest"))
