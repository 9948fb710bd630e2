"""`flask worker`: sends messages and does what is to be done later, beside the server."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from .. import schema
from ..opened import unfinished
from .worker import Worker


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option("--beside", type=int, metavar="PID", help="End with this process, which started this one.")
@with_appcontext
def group(once: bool, beside: int | None) -> None:
    """Send the messages and do the jobs that are due, until SIGTERM; several may run at once."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="worker: %(message)s")
    half = unfinished(Path(current_app.instance_path))
    if half is not None:
        raise click.ClickException(f"the restore of {half} was not finished: run `flask --app wsgi restore` again.")
    try:
        words = schema.refusal_of_newer(schema.look())
    except OperationalError:  # it waits for its database
        words = None
    if words:
        raise click.ClickException(words)
    mail = current_app.config["MAIL"]
    if not mail.leaves:
        click.echo("worker: no SMTP_HOST is set, so no e-mail leaves; everything else is done.", err=True)
    elif mail.folder is not None:
        click.echo(f"worker: e-mail is written to {mail.folder} instead of being sent.", err=True)
    worker = Worker(beside)
    if once:
        worker.work()
        return

    def end(_number: int, _frame: Any) -> None:
        worker.stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    worker.run()
