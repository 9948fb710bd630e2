"""Commands about reports: `flask --app wsgi safety …`."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from .. import clock
from . import queries

group = AppGroup("safety", help="Reports of what bothers.")


@group.command("check")
def check() -> None:
    """End with 1 when a report waits that nobody may read; to be run every day."""
    alone = queries.without_reader(clock.now())
    click.echo(f"reports without a reader: {alone}")
    if alone:
        click.echo("Invite one more coordinator, who may read them: flask --app wsgi coordinator invite", err=True)
        sys.exit(1)
