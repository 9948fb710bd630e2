"""What the city says of the passport itself: how far everybody can use it, and what it weighs."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_decimal, get_locale
from flask_babel import gettext as _

from config import Accessibility

from . import clock
from .organisations.words import day_words
from .web import page, public

commitments = Blueprint("commitments", __name__)
BLUEPRINTS = (commitments,)

# The day on which what stands in templates/commitments/accessibility.html was last looked through.
LOOKED_THROUGH_ON = dt.date(2026, 11, 27)


def declared() -> Accessibility:
    """Return what the city declares of accessibility."""
    found: Accessibility = current_app.config["ACCESSIBILITY"]
    return found


def accessibility_words() -> str:
    """Return the words that the law wants on every page; they need no database."""
    words: dict[str, str] = {
        "non conforme": _("Accessibilité : non conforme"),
        "partiellement conforme": _("Accessibilité : partiellement conforme"),
        "totalement conforme": _("Accessibilité : totalement conforme"),
    }
    return words[declared().state(clock.today())]


@commitments.get("/accessibilite")
@public
def accessibility() -> ResponseReturnValue:
    """The declaration of accessibility, on the model of the law."""
    said, today = declared(), clock.today()
    return page(
        "commitments/accessibility.html", said=said, state=said.state(today), is_audited=said.is_audited(today),
        audited_on=day_words(said.audited_on) if said.audited_on else "",
        looked_on=day_words(LOOKED_THROUGH_ON), site=current_app.config["PUBLIC_URL"],
    )

@cache
def weights() -> dict[str, Any]:
    """Return what the main pages weighed when they were last measured (`make weigh`): bytes, requests, the day."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "weights.json").read_text(encoding="utf-8"))
    return found


@commitments.get("/ecoconception")
@public
def ecodesign() -> ResponseReturnValue:
    """What the pages weigh, and what was decided."""
    found = weights()
    day = dt.date.fromisoformat(found["measured_on"])
    return page("commitments/ecodesign.html", measured_on=format_date(day, "d\u00a0MMMM\u00a0y"), pages=[
        (each[str(get_locale())], *(format_decimal(round(each[visit] / 1000)) for visit in ("first", "later")))
        for each in found["pages"]
    ])
