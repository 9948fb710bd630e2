"""Commands that keep a city and bring it back: `flask --app wsgi backup | restore | erasures …`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from .. import clock
from . import backup, restore
from .backup import NotDone

KEYS = ("Not in it, so that whoever finds it signs and reads nothing sealed: SIGNING_KEYS, SECRET_KEY, SEAL_KEY, CASE_KEY.\n"
        "Save them apart, once, and after each new key; save the list of erasures (ERASURES) and AUDIT_HEADS apart too, every day.")


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keep-days", type=click.IntRange(1, backup.KEPT_DAYS), default=backup.KEPT_DAYS, show_default=True,
              help="Remove the backups in this folder that are older; never more than 35 days.")
@with_appcontext
def save(folder: Path, keep_days: int) -> None:
    """Save database, photos and documents into FOLDER, at one instant, while people go on writing."""
    try:
        made = backup.make(folder, clock.now(), keep_days)
    except NotDone as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"saved: {made}")
    click.echo(KEYS, err=True)


@click.command("restore")
@click.argument("folder", metavar="BACKUP", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Give up what is in the database and its folder now.")
@click.option("--without-keys", is_flag=True, help="Go on though a key that signs is not in SIGNING_KEYS.")
@click.option("--without-list", is_flag=True, help="Go on though there is no list of erasures (ERASURES).")
@with_appcontext
def bring_back(folder: Path, replace: bool, without_keys: bool, without_list: bool) -> None:
    """Put BACKUP in place of the database, with no server running, and erase again who was erased since."""
    allowed = restore.Allowed(replace, without_keys, without_list)
    try:
        restore.restore(folder, allowed, clock.now(), click.echo)
    except NotDone as refused:
        raise click.ClickException(str(refused)) from None
    click.echo("It is as it was then: links, cards, consents and roles that were closed since are open again, and credentials "
               "that were cancelled since count again. Passphrases are those of then. Who "
               "asked since to be erased and still waits has to ask again. Tell people so.", err=True)


erasures = AppGroup("erasures", help="Who was erased and must not come back with a backup.")


@erasures.command("replay")
def replay() -> None:
    """Erase again whatever the list names and is there all the same, after a restore by other means."""
    try:
        click.echo(f"erased again: {restore.replay(clock.now())}")
    except OSError as fault:
        raise click.ClickException(f"The list of erasures cannot be written: {fault}.") from None


COMMANDS = (save, bring_back, erasures)
