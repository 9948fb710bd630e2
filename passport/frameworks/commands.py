"""`flask frameworks load`: bring the sentences up to date."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ..transaction import transaction
from . import service

group = AppGroup("frameworks", help="The « je » sentences.")


@group.command("load")
def load() -> None:
    """Load the sentences of the data file; the same file twice changes nothing."""
    try:
        with transaction():
            changed = service.load()
    except service.Unreadable as exc:
        raise click.ClickException(str(exc)) from None
    click.echo("sentences loaded" if changed else "sentences already up to date")
