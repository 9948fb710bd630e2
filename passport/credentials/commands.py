"""Commands about the keys that sign: `flask --app wsgi keys …`."""

from __future__ import annotations

import datetime as dt

import click
from flask.cli import AppGroup

from .. import clock
from ..notices import jobs
from ..transaction import transaction
from . import keys, service

group = AppGroup("keys", help="The keys that sign credentials.")


def _words(at: dt.datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else "now"


@group.command("list")
def show() -> None:
    """Say which keys there are, and from when to when each signed."""
    for key in keys.all_keys():
        bad = f", compromised since {_words(key.compromised_at)}" if key.compromised_at else ""
        click.echo(f"{key.key_id}  from {_words(key.from_at)} to {_words(key.until_at)} (UTC){bad}")


@group.command("create")
def create() -> None:
    """Make the first key, in SIGNING_KEYS; what is permitted already is then signed by the worker."""
    try:
        with transaction():
            made = keys.create(clock.now())
            jobs.enqueue(service.CATCH_UP_NOW, {}, clock.now(), dedupe=service.CATCH_UP_NOW)
    except keys.NoKey as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{made.key_id} signs from now on. Save its file apart from the database.")


@group.command("rotate")
def rotate() -> None:
    """Let a new key sign from now on; the old one stays published, and what it signed stays good."""
    with transaction():
        made = keys.rotate(clock.now())
        jobs.enqueue(service.CATCH_UP_NOW, {}, clock.now(), dedupe=service.CATCH_UP_NOW)
    click.echo(f"{made.key_id} signs from now on. Save its file apart from the database.")


@group.command("compromised")
@click.argument("key_id")
@click.option("--since", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
              help="From when on somebody else may have signed with it (UTC).")
def compromised(key_id: str, since: dt.datetime) -> None:
    """Say that somebody else may have a key: it signs and counts no more, and the worker signs anew what it signed."""
    now = clock.now()
    if since.replace(tzinfo=dt.UTC) > now:
        raise click.ClickException("--since lies in the future.")
    try:
        with transaction():
            made = keys.compromised(key_id, since.replace(tzinfo=dt.UTC), now)
            jobs.enqueue(service.CATCH_UP_NOW, {}, now, dedupe=service.CATCH_UP_NOW)
    except keys.NoKey as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{key_id} counts no more for what was signed since {_words(since)}.")
    if made is not None:
        click.echo(f"{made.key_id} signs from now on. Save its file apart from the database.")
