"""What the passport is, in one screen each: for whoever learns, a parent, whoever accompanies, an employer."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from . import drawings
from .web import page, public

landing = Blueprint("landing", __name__)
BLUEPRINTS = (landing,)

SEED = "8d1f0c52a97be36440b1d9ee7c25f3a16b80d4972ce15fa03d684b79f1a0c2e5"


def stamp() -> str:
    """Return the stamp of the example, always the same."""
    return drawings.rosette(SEED, "nonformal", _("MÉDIATHÈQUE MANDELA · 12.06.2026"))


@landing.get("/le-passeport")
@public
def learner() -> ResponseReturnValue:
    """What the passport is, for whoever learns."""
    return page("landing/learner.html", stamp=stamp())


@landing.get("/parents")
@public
def parent() -> ResponseReturnValue:
    """What a parent wants to know first."""
    return page("landing/parent.html")


@landing.get("/encadrer")
@public
def facilitator() -> ResponseReturnValue:
    """What is asked of somebody who leads or accompanies."""
    return page("landing/facilitator.html", stamp=stamp())


@landing.get("/employeurs")
@public
def employer() -> ResponseReturnValue:
    """How a page is read in twenty seconds."""
    return page("landing/employer.html", stamp=stamp())
