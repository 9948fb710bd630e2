"""What is said when a production server starts: what the city never decided, and what keeps minors out."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from .. import choices
from ..accounts.chosen import decided
from ..extensions import db
from . import rules


class Undecided(RuntimeError):  # noqa: N818 - said at the start, in one sentence
    """MINORS=on, and the city has not decided what the law leaves to it; the message names each point."""


def at_start(app: Flask, serves: bool) -> list[str]:
    """Return what the starting server has to say; raises Undecided when it would let minors in too early.

    `serves` is False for a command at a terminal: the city must be able to decide, so it goes on, without minors.
    """
    said = []
    with app.app_context():
        try:
            known = decided()
        except SQLAlchemyError:
            known = frozenset()
            said.append("what the city decided could not be read: is the database there, and migrated?")
        finally:
            db.session.remove()
            db.engine.dispose()  # no connection is shared with what is forked from here
    never = choices.undecided(known)
    if never:
        said.append(f"never decided by the city, so the default counts: {_names(never)}.")
    if app.config["MINORS"] and rules.refusal_of_minors(known) is not None:
        words = ("MINORS=on waits until the city has decided what the law leaves to it: "
                 f"{_names(choices.keeps_minors_out(known))}. See `flask --app wsgi settings list`.")
        if serves:
            raise Undecided(words)
        app.config["MINORS"] = False
        said.append(words)
    return said


def _names(found: tuple[choices.Choice, ...]) -> str:
    return ", ".join(choice.key for choice in found)
