"""The entry point of the server: `gunicorn wsgi:app` or `flask --app wsgi …`."""

from __future__ import annotations

import sys
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

from config import ConfigurationError, settings
from passport import create_app
from passport.headers import add_static_headers

ROOT = Path(__file__).resolve().parent


def build() -> Flask:
    """Return the application with its static files in front; one clear line when the settings cannot stand."""
    try:
        config = settings()
    except ConfigurationError as exc:
        print(f"settings: {exc}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    if not config["MAIL"].leaves:
        print("settings: no SMTP_HOST is set, so no e-mail leaves; passphrases are replaced in person.",  # noqa: T201
              file=sys.stderr)
    application = create_app(config)
    static = WhiteNoise(
        application.wsgi_app,
        root=str(ROOT / "static"),
        prefix="static/",
        max_age=365 * 24 * 3600,
        add_headers_function=add_static_headers,
    )
    application.wsgi_app = static  # type: ignore[method-assign]
    return application


app = build()
