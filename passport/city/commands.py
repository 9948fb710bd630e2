"""Commands about what the city decides: `flask --app wsgi settings …`."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale

from .. import choices, clock
from ..refusals import Refused
from ..transaction import transaction
from ..wording import say
from . import queries, service, words

group = AppGroup("settings", help="What the city decides, with who decided it, when and why.")


@group.command("list")
def show() -> None:
    """Print every choice: what counts, who decided it, and what was never decided."""
    with current_app.test_request_context(), force_locale("fr"):
        for choice, kept in queries.lines():
            stands = kept.value if kept else choice.default or "-"
            who = f"{kept.decided_by}, {kept.decided_on}: {kept.reason}" if kept else "never decided"
            click.echo(f"{choice.point or '-':>2}  {choice.key} = {stands}  [{words.wanted(choice)}]  ({who})")
            click.echo(f"    {words.SAID[choice.key]}")
        for point in choices.HELD:
            click.echo(f"{point:>2}  held by the program: {words.HELD[point]}")
        for point in choices.LATER:
            click.echo(f"{point:>2}  nothing to decide yet: {words.LATER[point]}")


@group.command("decide")
@click.argument("key")
@click.argument("value")
@click.option("--by", required=True, help="Who decided: a name and an office.")
@click.option("--reason", required=True, help="Why; everybody can read it.")
def decide(key: str, value: str, by: str, reason: str) -> None:
    """Keep what the city decided about KEY; what protects less than the floor is refused."""
    with current_app.test_request_context(), force_locale("fr"):
        try:
            with transaction():
                made = service.decide(key, value, by, reason, clock.now())
        except Refused as refused:
            choice = choices.CHOICES.get(key)
            more = f" [{words.wanted(choice)}]" if choice else ""
            raise click.ClickException(f"{key}: {say(refused.refusal)}{more}") from None
        click.echo(f"{made.key} = {made.value} ({made.decided_by}, {made.decided_on})")
