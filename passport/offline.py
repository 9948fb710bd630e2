"""What a phone needs to work without network: how the app is called, its worker, and the page of what waits there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .accounts.factor_routes import owed
from .compression import masked_token
from .extensions import limiter
from .web import is_cookieless, page, public

offline = Blueprint("offline", __name__)
BLUEPRINTS = (offline,)

STATIC = Path(__file__).resolve().parent.parent / "static"
SHELL = ("app.css", "app.js", "outbox.js", "vendor/htmx.min.js", "favicon.svg")
PAPER = "#f8f4ea"


def is_own() -> bool:
    """Say whether whoever is signed in called this device their own: only there is something of theirs kept."""
    return bool(session.get("own")) and not current_user.shared


@offline.get("/manifest.webmanifest")
@public
@limiter.exempt
def manifest() -> ResponseReturnValue:
    """How the app is called and drawn on a home screen: by a name that tells nobody what it is."""
    from . import asset

    g.without_database = True
    drawing = asset("favicon.svg")
    drawn = [("192.png", 192, "any"), ("512.png", 512, "any"), ("maskable.png", 512, "maskable")]
    answer = current_app.json.response({
        "id": "/passeport", "start_url": "/passeport", "scope": "/", "display": "standalone",
        "name": _("Carnet"), "short_name": _("Carnet"), "background_color": PAPER, "theme_color": PAPER,
        "icons": [
            {"src": drawing, "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            *({"src": f"/static/icons/{name}?{drawing.partition('?')[2]}", "sizes": f"{size}x{size}", "type": "image/png",
               "purpose": purpose} for name, size, purpose in drawn),
        ],
    })
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@offline.get("/sw.js")
@public
@limiter.exempt
def worker() -> ResponseReturnValue:
    """The service worker, told which files of ours it keeps: another version of any of them makes it a new one."""
    from . import asset

    g.without_database = True
    files = {name: asset(name) for name in SHELL}
    body = f"const FILES = {json.dumps(files)};\n{(STATIC / 'sw.js').read_text(encoding='utf-8')}"
    return Response(body, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@offline.get("/envois")
@public
def waiting() -> ResponseReturnValue:
    """What waits on this phone to be sent: the phone fills it in, and shows it in the place of a page it has not kept."""
    return page("offline/waiting.html")


@offline.get("/envois/cle")
@public
def ticket() -> ResponseReturnValue:
    """Say whose session this is, and give the token that a form of theirs needs; nothing to somebody signed out, or who still owes
    a second factor: what waits goes on waiting.

    It sets no cookie, or an answer that comes late would sign out whoever has signed in meanwhile.
    """
    if not current_user.is_authenticated or owed() is not None:
        g.cookie_stays = True
        return {"account": "", "token": ""}
    g.cookie_stays = "csrf_token" in session
    return {"account": current_user.device_ref, "token": masked_token()}


class Cookie(SecureCookieSessionInterface):
    """The session's cookie, which an answer may leave as it is."""

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Write the cookie, unless this answer is to leave it."""
        if not g.get("cookie_stays"):
            super().save_session(app, session, response)


def install(app: Flask) -> None:
    """Tell the worker, with every page, whose pages may be kept on this device."""
    app.session_interface = Cookie()

    @app.after_request
    def _kept_for(response: Response) -> Response:
        nobody = g.get("without_database") or is_cookieless() or request.endpoint == "static"
        if not nobody and current_user.is_authenticated and is_own():
            response.headers["Kept-For"] = current_user.device_ref
        return response
