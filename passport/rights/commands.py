"""Commands about how long things are kept: `flask --app wsgi retention …`."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from .. import clock
from . import retention

group = AppGroup("retention", help="How long each kind of row is kept.")


@group.command("show")
def show() -> None:
    """Say of every table how long it is kept and how much would go now; nothing is changed, nobody is named."""
    for one in retention.kept(clock.now()):
        click.echo(f"{one.table}: {one.until}")
        for what, count in one.going:
            click.echo(f"    goes now: {count} {what}")


@group.command("apply")
def apply() -> None:
    """Let go now of all that is kept no longer, as the worker does every day."""
    for kind, rounds in retention.apply(clock.now()).items():
        click.echo(f"{kind}: {'done' if rounds else 'nothing to do'}")
