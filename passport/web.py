"""How a request becomes a page: who may, whole page or fragment, and the way on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from flask import abort, g, make_response, redirect, render_template, request
from flask import url_for as flask_url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from jinja2_fragments.flask import render_block
from markupsafe import Markup

from . import clock, steps
from .links import public_url as public_url
from .policy import Action, Actor, Answer, can
from .refusals import Refusal

LANGUAGES = ("fr", "en")
WITHOUT_COOKIE = frozenset({"reader", "guardian", "witness", "credentials", "verify", "sheet"})
T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])


class Forbidden(Exception):  # noqa: N818 - an answer, not a fault
    """The thing may be seen, but this may not be done to it, for a reason that is said."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class StepFirst(Exception):  # noqa: N818 - an answer, not a fault
    """Whoever is signed in may do this, once they have shown what is missing: a second factor, or the passphrase anew."""

    def __init__(self, refusal: Refusal, recent: bool = False) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.recent = recent


def before_any_step(view: View) -> View:
    """Mark a view that somebody opens who still owes a second factor: the step itself, and what only closes something."""
    view.is_before_any_step = True  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Mark a view that anyone may open; every other view needs somebody signed in and a question to the policy."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_cookieless() -> bool:
    """Say whether this page is for somebody without account: no cookie is read or set, and nobody is to index it."""
    return request.blueprint in WITHOUT_COOKIE


def actor() -> Actor:
    """Return whoever is signed in, as the policy sees them."""
    who: Actor = current_user.actor
    return who


def _ask(thing: Any, action: Action) -> Answer:
    return can(actor(), action, thing, clock.now(), clock.today())


def may(action: Action, thing: Any) -> bool:
    """Say in a template whether whoever is signed in may do this."""
    return _ask(thing, action).allowed


def authorised(thing: T | None, action: Action) -> T:
    """Return the thing when whoever is signed in may do this; else answer 404 (not seen) or 403 (with the reason)."""
    g.authorised = True
    if thing is None:
        abort(404)
    answer = _ask(thing, action)
    if not answer.seen:
        abort(404)
    if answer.refusal is not None:
        raise Forbidden(answer.refusal)
    missing = steps.refusal_before(action, thing, current_user.shown, clock.now())
    if missing is not None:
        raise StepFirst(missing, recent=action in steps.RECENTLY)
    return thing


def comes_from_here(site: str | None, origin: str | None, ours: frozenset[str]) -> bool:
    """Say whether a form was sent by a page of ours, by what the browser says of it (Sec-Fetch-Site, Origin).

    Where it says neither, the token of the form alone decides. Our own Referrer-Policy makes browsers send « null » as
    the origin of our own forms.
    """
    return site in {None, "same-origin", "none"} and (origin in {None, "null"} or origin in ours)


def wants_fragment() -> bool:
    """Say whether HTMX asks for a part of the page, and not for a whole one."""
    head = request.headers
    return (
        head.get("HX-Request") == "true"
        and head.get("HX-Boosted") != "true"
        and head.get("HX-History-Restore-Request") != "true"
    )


def page(template: str, fragment: str | None = None, status: int = 200, **context: Any) -> ResponseReturnValue:
    """Return the page, or only its block `fragment` when HTMX asks for a part."""
    if fragment and wants_fragment():
        html = render_block(template, fragment, **context)
    else:
        html = render_template(template, **context)
    return make_response(html, status)


def part(template: str, context: dict[str, Any]) -> Markup:
    """Return a part of a page that another room wrote: a template of ours, whose autoescaping makes it safe."""
    return Markup(render_template(template, **context))  # noqa: S704 - the output of our own autoescaped template


def written_anew() -> bool:
    """Say whether the browser knows that no way back put the words of an earlier sending into this form (outbox.js)."""
    return "Written-Anew" in request.headers


def onward(endpoint: str, **values: Any) -> ResponseReturnValue:
    """Return the way on after something was done: 303, or the same as a whole new page for HTMX."""
    address = flask_url_for(endpoint, **values)
    if wants_fragment():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address, 303)


def safe_next(address: str | None) -> str | None:
    """Return a way back inside this site, or None when the address leads elsewhere or is odd."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or "\\" in address:
        return None
    if any(ord(c) < 32 for c in address):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


def standing_on() -> str | None:
    """Return the page to come back to: the one asked for, or for HTMX the whole one a part was asked from."""
    if request.headers.get("HX-Request") == "true":
        try:
            parts = urlsplit(request.headers.get("HX-Current-URL", ""))
        except ValueError:
            return None
        return safe_next(urlunsplit(("", "", parts.path, parts.query, "")))
    return request.full_path.rstrip("?") if request.method == "GET" else None


def now_and_today() -> tuple[dt.datetime, dt.date]:
    """Return the instant and the city's day of this request."""
    return clock.now(), clock.today()
