"""`flask coordinator`: how the city gets its first coordinator."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale
from flask_babel import gettext as _

from .. import clock
from ..transaction import transaction
from ..web import public_url
from . import service, words
from .rules import INVITATION_LASTS

group = AppGroup("coordinator", help="The coordination of the city.")


@group.command("invite")
@click.option("--name", help="For whom this link is; only the coordination reads it.")
def invite(name: str | None) -> None:
    """Print a one-time link with which somebody becomes coordinator of the city."""
    now = clock.now()
    with current_app.test_request_context(), force_locale("fr"):
        with transaction():
            city = service.city_organisation(current_app.config["CITY"].name, now)
            _invitation, token = service.invite(city, "coordinator", None, (name or "").strip()[:80] or None, None, now)
        click.echo(_("Invitation à coordonner : %(city)s. Elle sert une seule fois, jusqu’au %(day)s :",
                     city=city.name, day=words.day_words(now + INVITATION_LASTS)))
        click.echo(public_url("organisations.invitation", token=token))
