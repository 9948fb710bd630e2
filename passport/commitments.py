"""What the city says of the passport itself: what it weighs, and what was decided so that it stays light."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_decimal, get_locale

from .web import page, public

commitments = Blueprint("commitments", __name__)
BLUEPRINTS = (commitments,)


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
