"""The entry point of the server: `gunicorn wsgi:app` or `flask --app wsgi …`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask

from config import ConfigurationError, settings
from passport import create_app, schema
from passport.city.opening import Undecided, at_start
from passport.headers import put_files_in_front
from passport.opened import unfinished

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
    config["SERVES"] = click.get_current_context(silent=True) is None  # else a command at a terminal
    half = unfinished(config["INSTANCE"])
    if half is not None and config["SERVES"]:
        print(f"settings: the restore of {half} was not finished: run `flask --app wsgi restore` again.", file=sys.stderr)  # noqa: T201
        raise SystemExit(1)
    application = create_app(config)
    said = []
    try:
        if config["SERVES"]:
            said.append(schema.at_start(application))
        if config["MODE"] == "production":
            said += at_start(application, serves=config["SERVES"])
    except (schema.Strange, Undecided) as exc:
        print(f"settings: {exc}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    for words in filter(None, said):
        print(f"settings: {words}", file=sys.stderr)  # noqa: T201
    put_files_in_front(application)
    return application


app = build()
