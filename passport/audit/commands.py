"""Commands about the journal: `flask --app wsgi audit …`."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from .. import clock
from ..transaction import transaction
from . import checking, heads, segments

group = AppGroup("audit", help="The journal, its chain and its signed heads.")


@group.command("verify")
def verify() -> None:
    """Walk the whole chain, the signed heads and what else is signed; end with 1 at the first thing that is wrong."""
    found = checking.check(clock.now())
    click.echo(f"journal: {found.lines} lines sealed, {found.waiting} waiting, {found.heads} signed heads")
    bad = [found.bad] if found.bad else []
    for name, look in checking.ALSO.items():
        count, wrong = look()
        click.echo(f"{name}: {count} looked at")
        bad += [wrong] if wrong else []
    for words in bad:
        click.echo(f"NOT as it was: {words}", err=True)
    if bad:
        sys.exit(1)
    click.echo("Everything is as it was sealed and signed.")


@group.command("segments")
def show() -> None:
    """Say how many lines each month has, which may be dropped, and which were."""
    for gone in segments.dropped():
        click.echo(f"{gone.month}  {gone.lines} lines, dropped on {gone.dropped_at:%Y-%m-%d}")
    for month, count, may_go in segments.months(clock.now()):
        click.echo(f"{month}  {count} lines{', may be dropped' if may_go else ''}")


@group.command("drop")
@click.argument("month")
def drop(month: str) -> None:
    """Delete the oldest month (as in 2026-11) once it is past its time; its end stays, signed."""
    try:
        with transaction():
            count = segments.drop(month, clock.now())
    except (segments.Stays, heads.Unsigned) as stays:
        raise click.ClickException(str(stays)) from None
    click.echo(f"{month}: {count} lines are gone.")


@group.command("head")
def head() -> None:
    """Sign how far the chain is now and write it to AUDIT_HEADS, as the worker does every day."""
    try:
        written = heads.append(clock.now())
    except heads.Unsigned as stays:
        raise click.ClickException(str(stays)) from None
    click.echo(f"{heads.file()}: {'one more head' if written else 'nothing new'}.")


@group.command("restored")
def restored() -> None:
    """Say, after a backup was brought back, that what was sealed since then is given up; it stays written in AUDIT_HEADS."""
    try:
        heads.append(clock.now(), restored=True)
    except heads.Unsigned as stays:
        raise click.ClickException(str(stays)) from None
    click.echo(f"{heads.file()}: what came after the backup is given up.")
