"""Commands about reports: `flask --app wsgi safety …`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from .. import clock
from . import dossier, queries

group = AppGroup("safety", help="Reports of what bothers.")


@group.command("check")
def check() -> None:
    """End with 1 when a report waits that nobody may read; to be run every day."""
    alone = queries.without_reader(clock.now())
    click.echo(f"reports without a reader: {alone}")
    if alone:
        click.echo("Invite one more coordinator, who may read them: flask --app wsgi coordinator invite", err=True)
        sys.exit(1)


@group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Say whether this city signed a file for an inquiry, and whether it is unchanged; end with 1 when not."""
    try:
        found = dossier.verified(file.read_bytes())
    except dossier.Broken as broken:
        click.echo(f"{file.name} {broken}", err=True)
        sys.exit(1)
    click.echo(f"unchanged, signed on {found['made_at']} with {found['key']}: case {found['case']}")
