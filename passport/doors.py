"""What somebody without account meets: pages without cookie, and the kind page behind a closed or unknown door."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for
from flask_babel import gettext as _

from .extensions import address
from .limits import hit
from .transaction import release
from .web import LANGUAGES

TOKEN_LENGTH = 22
MINUTE = 60
UNKNOWN_FROM_ONE, UNKNOWN_FROM_ALL = 40, 300


def way(endpoint: str, **values: Any) -> str:
    """Return the address of another such page, in the language that this one's address asks for."""
    asked = request.args.get("lang")
    return url_for(endpoint, lang=asked if asked in LANGUAGES else None, **values)


def door(status: int, title: str, lede: str, more: str) -> Response:
    """Return the kind page, with nothing about anybody."""
    return make_response(render_template("errors/door.html", title=title, lede=lede, more=more), status)


def closed(status: int = 410) -> Response:
    """Return the page of a link that ended, or was closed."""
    return door(
        status, _("Ce lien est fermé"),
        _("Cela ne dit rien de la personne : les liens ont toujours une fin. En demander un autre à la personne."),
        _("C’est aussi la page d’un lien mal recopié."),
    )


def unknown() -> Response:
    """Return the same page for what was never there; who tries many at once waits, while real links still open."""
    return too_many() or closed(404)


def too_many() -> Response | None:
    """Count one more address that was never there; return the page that asks to wait when they were many."""
    release()
    if not current_app.config.get("RATELIMIT_ENABLED", True):
        return None
    over = hit(f"unknown:{address()}", MINUTE) > UNKNOWN_FROM_ONE
    if hit("unknown:all", MINUTE) <= UNKNOWN_FROM_ALL and not over:
        return None
    response = door(429, _("Un peu trop vite"), _("Beaucoup d’essais d’affilée. Attendre une minute, puis réessayer."), "")
    response.headers["Retry-After"] = str(MINUTE)
    return response
