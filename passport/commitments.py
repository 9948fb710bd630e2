"""What the city says of the passport itself: how far everybody can use it, what it weighs, and which promises hold."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, g
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_decimal, get_locale
from flask_babel import gettext as _

from config import Accessibility

from . import clock
from .extensions import limiter
from .organisations.words import day_words
from .web import page, public, public_url

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


@cache
def promised() -> list[dict[str, Any]]:
    """Return each promise, in both languages, with how it stood when its tests were last run (`make promises`)."""
    here = Path(__file__).parent
    found: list[dict[str, Any]] = tomllib.loads((here / "promises.toml").read_text(encoding="utf-8"))["promise"]
    stood = {one["no"]: one for one in last_run()["promises"]}
    return [{"untested": {}, "but": {}, **promise, **stood[promise["no"]]} for promise in found]


@cache
def last_run() -> dict[str, Any]:
    """Return what `make promises` found: the day, the version, and how each promise stood."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "promises.json").read_text(encoding="utf-8"))
    return found


@commitments.get("/securite")
@public
def security() -> ResponseReturnValue:
    """Which promises are kept, by which tests, and where to tell a problem."""
    found, language = last_run(), "en" if str(get_locale()) == "en" else "fr"
    states = [promise["state"] for promise in promised()]
    return page(
        "commitments/security.html", promises=promised(), language=language, version=found["version"],
        run_on=day_words(dt.date.fromisoformat(found["run_on"])), contact=current_app.config["SECURITY_CONTACT"],
        count={state: states.count(state) for state in ("pass", "fail", "untested")},
    )


# How long security.txt may be believed without being asked for again; RFC 9116 advises less than a year.
GOOD_FOR = dt.timedelta(days=180)


@commitments.get("/.well-known/security.txt")
@public
@limiter.exempt
def security_txt() -> ResponseReturnValue:
    """Where to tell a security problem, in the form of RFC 9116."""
    g.without_database = True
    end = (clock.now() + GOOD_FOR).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        f"Contact: {current_app.config['SECURITY_CONTACT']}", f"Expires: {end}", "Preferred-Languages: fr, en",
        f"Canonical: {public_url('commitments.security_txt')}", f"Policy: {public_url('commitments.security')}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain", headers={"Cache-Control": "max-age=86400"})
