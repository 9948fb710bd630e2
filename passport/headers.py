"""The headers of every answer (promises P11 and P13)."""

from __future__ import annotations

from wsgiref.headers import Headers

from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user
from whitenoise import WhiteNoise

from .web import is_cookieless

CSP = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "connect-src 'self'",
        "manifest-src 'self'", "worker-src 'self'", "font-src 'self'", "form-action 'self'", "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
FILE_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
ALWAYS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"
# Public pages besides the reader's whose address is a secret.
ADDRESSED = frozenset({"organisations.invitation"})


def always(is_file: bool, secure: bool) -> dict[str, str]:
    """Return the headers of every answer: of a page, or of a file of somebody's; by https or not."""
    return {**ALWAYS, **({"Content-Security-Policy": FILE_CSP} if is_file else {}),
            **({"Strict-Transport-Security": HSTS} if secure else {})}


def add_headers(response: Response) -> Response:
    """Return the answer with its headers: the strict CSP always, `no-store` when somebody is signed in."""
    for name, value in always(bool(g.get("is_file")), current_app.config["SESSION_COOKIE_SECURE"]).items():
        response.headers[name] = value
    response.headers["X-Request-ID"] = g.get("request_id", "")
    response.vary.add("HX-Request")
    nobody = g.get("without_database") or is_cookieless()
    somebody = not nobody and current_user.is_authenticated
    if "Cache-Control" not in response.headers or somebody:
        response.headers["Cache-Control"] = "no-store"
    if is_cookieless() or request.endpoint in ADDRESSED:
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def file_answer(content: bytes | None, media_type: str | None, save_as: str | None = None) -> Response:
    """Return a file of somebody's: of its own type, in a sandbox, kept nowhere; to be saved when it has a name.

    Answers 404 when there is none.
    """
    if content is None or media_type is None:
        abort(404)
    g.is_file = True
    response = Response(content, mimetype=media_type)
    if save_as is not None:
        response.headers.set("Content-Disposition", "attachment", filename=save_as)
    return response


def add_static_headers(headers: Headers, secure: bool) -> None:
    """Give a static file, which does not pass through the application, the same headers."""
    for name, value in always(False, secure).items():
        headers[name] = value


def put_files_in_front(app: Flask) -> None:
    """Serve the static files before the application is asked, compressed as they lie there, and kept for a year.

    Every page names them with the hash of their bytes (`asset()`), so that nobody keeps an old one.
    """
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app, root=app.static_folder, prefix="static/", max_age=365 * 24 * 3600,
        immutable_file_test=lambda path, url: True,
        add_headers_function=lambda headers, path, url: add_static_headers(headers, app.config["SESSION_COOKIE_SECURE"]),
    )


def install(app: Flask) -> None:
    """Make every answer of the application carry the headers."""
    app.after_request(add_headers)
