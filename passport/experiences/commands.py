"""Commands about photos and documents: `flask --app wsgi evidence …`."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from .. import clock
from .evidence import sweep

group = AppGroup("evidence", help="Photos, documents and links.")


@group.command("sweep")
def sweep_up() -> None:
    """Bring files and rows together again after a fault; to be run every day."""
    found = sweep(clock.now())
    click.echo(f"settled {found.settled}, removed {found.removed}, missing {found.missing}")
