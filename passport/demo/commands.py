"""`flask demo fill`: a filled city to try everything in."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from .. import clock
from ..submissions import hold
from ..transaction import transaction
from . import fill

group = AppGroup("demo", help="The demo city.")


@group.command("fill")
def fill_city() -> None:
    """Fill the demo city with people and everything that can happen; a second time changes nothing."""
    if not (current_app.config["DEMO"] or current_app.config["TESTING"]):
        raise click.ClickException("Only the demo is filled with invented people: set PASSPORT_ENV=demo.")
    with transaction():
        hold(b"demo fill")  # whoever else starts now finds it done
        filled = fill.fill(clock.now())
    click.echo("demo city filled" if filled else "demo city already filled")
