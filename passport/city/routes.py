"""What everybody may count on, in plain words, and what the city decided."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from .. import choices
from ..organisations.rules import ACCREDITATION_VERSION
from ..organisations.words import day_words
from ..policy import Action
from ..web import actor, authorised, page, public
from . import queries, words

blueprint = Blueprint("city", __name__)
BLUEPRINTS = (blueprint,)


@blueprint.get("/mes-droits")
@public
def rights() -> ResponseReturnValue:
    """What is kept, who sees it, how to stop, correct and erase, in words for a child."""
    return page("city/rights.html")


@blueprint.get("/accompagner")
@public
def guides() -> ResponseReturnValue:
    """What is expected of whoever answers somebody under 18."""
    return page("city/guides.html")


@blueprint.get("/libre")
@public
def free() -> ResponseReturnValue:
    """That nobody can be made to have a passport, and what to do when somebody insists."""
    return page("city/free.html")


@blueprint.get("/charte-d-agrement")
@public
def charter() -> ResponseReturnValue:
    """What each organisation accepts."""
    return page("city/charter.html", version=ACCREDITATION_VERSION)


@blueprint.get("/ce-que-la-ville-a-decide")
@public
def decided() -> ResponseReturnValue:
    """What the city decided, who did, when and why."""
    return page("city/decided.html", lines=queries.lines(), words=words, day=day_words)


@blueprint.get("/ville/choix")
def settings() -> ResponseReturnValue:
    """The same for the coordination, with what still waits and how it is typed."""
    authorised(actor(), Action.COORDINATE)
    found = queries.lines()
    waits = len(choices.keeps_minors_out(frozenset(choice.key for choice, kept in found if kept)))
    return page("city/settings.html", lines=found, words=words, day=day_words, waits=waits)
