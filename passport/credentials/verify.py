"""« Comment c’est vérifié », for anybody: a link, a file or a text. Nothing that is sent is kept.

Nothing here reads or sets a cookie, and nothing is changed, so its form carries no token of a session.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from .. import clock, doors, limits
from ..extensions import address, csrf
from ..links import host
from ..organisations.words import day_words
from ..refusals import Refusal, Refused
from ..transaction import release
from ..web import public
from ..wording import hour_words
from . import queries, words
from .badges import NoBadge
from .checking import check
from .fetching import Lookups, Miss, NotFetched, fetch
from .forms import CheckForm

blueprint = Blueprint("verify", __name__)
BLUEPRINTS = (blueprint,)
csrf.exempt(blueprint)
MOST_OF_A_REQUEST = 12_000_000
MINUTE, HOUR = 60, 3600
CHECKS_FROM_ONE, CHECKS_FROM_ALL = 20, 200
FETCHES_FROM_ONE, FETCHES_FROM_ALL = 60, 100
"""How many each hour for one, each minute for all: nobody may send us to knock at another’s door."""
ADDRESS = re.compile(r"(?P<whole>https?://)?(?P<host>[^/\s?#]+)(?P<path>/[^\s?#]*)?(?:[?#]\S*)?", re.IGNORECASE)
LINKS = frozenset({"reader.share", "reader.checked", "reader.card", "reader.card_checked"})
CREDENTIALS = frozenset({"credentials.credential", "credentials.credential_json"})


@blueprint.route("/verifier", methods=["GET", "POST"])
@public
def page() -> ResponseReturnValue:
    """Say apart whether anything was changed, who signed and whether it is in force."""
    request.max_content_length = MOST_OF_A_REQUEST
    if request.method == "POST" and _too_often("checks", CHECKS_FROM_ONE, MINUTE, CHECKS_FROM_ALL):
        abort(429)
    form = CheckForm()
    if not form.is_submitted():
        return _form(form)
    data = form.sent
    try:
        way = _led((form.text.data or "").strip()) if form.is_text else None
        if isinstance(way, bytes):
            data = way
        elif way is not None:
            return way
        checked = check(data, clock.now(), Lookups(_fetch))
    except NoBadge as none:
        form.refuse(Refused(words.REFUSALS[none.absent], "text" if form.is_text else "file"))
        return _form(form, 422)
    except Refused as refused:
        form.refuse(refused, "text")
        return _form(form, 422)
    return render_template(
        "verify/answer.html", found=checked, verdict=words.verdict(checked), unchanged=words.unchanged(checked),
        signed_by=words.signed_by(checked), in_force=words.in_force(checked), back=doors.way("verify.page"), host=host(),
        since=day_words(checked.valid_from) if checked.valid_from else "", day=day_words(checked.as_of),
        hour=hour_words(checked.as_of))


def _form(form: CheckForm, status: int = 200) -> ResponseReturnValue:
    return render_template("verify/page.html", form=form, address=doors.way("verify.page")), status


def _led(text: str) -> ResponseReturnValue | bytes | None:
    """Return the way to the page of a link of this city, or the text of one of its credentials; None for no address.

    Raises Refused for any other address: whoever asks here cannot have us open it.
    """
    found = ADDRESS.fullmatch(text) if len(text) < 500 else None
    ours = found is not None and found["host"].lower() == host().lower()
    if found is None or not (ours or found["whole"]):
        return None
    endpoint, values = _endpoint(found["path"] or "/") if ours else ("", {})
    if endpoint in LINKS:
        return redirect(doors.way(endpoint, **values), 303)
    if endpoint not in CREDENTIALS:
        raise Refused(Refusal.ADDRESS_OF_NOTHING)
    published = queries.published(values["key"])
    document = published.credential.document if published is not None and published.is_in_force else None
    release()
    return document if document is not None else redirect(doors.way("credentials.credential", **values), 303)


def _endpoint(path: str) -> tuple[str, Mapping[str, Any]]:
    try:
        return current_app.url_map.bind(host()).match(path, method="GET")
    except HTTPException:
        return "", {}


def _too_often(what: str, from_one: int, seconds: int, from_all: int) -> bool:
    if not current_app.config["RATELIMIT_ENABLED"]:
        return False
    return limits.hit(f"{what}:{address()}", seconds) > from_one or limits.hit(f"{what}:all", MINUTE) > from_all


def _fetch(url: str) -> bytes:
    if _too_often("fetches", FETCHES_FROM_ONE, HOUR, FETCHES_FROM_ALL):
        raise NotFetched(Miss.BUSY)
    return fetch(url)
