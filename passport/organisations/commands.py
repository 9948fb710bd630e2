"""`flask coordinator`: how the city gets its first coordinator. `flask checks`: what it decides about checks."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale
from flask_babel import gettext as _

from .. import clock
from ..accounts.models import Setting
from ..extensions import db
from ..transaction import transaction
from ..web import public_url
from . import rules, service, words
from .rules import INVITATION_LASTS

group = AppGroup("coordinator", help="The coordination of the city.")


@group.command("invite")
@click.option("--name", help="For whom this link is; only the coordination reads it.")
def invite(name: str | None) -> None:
    """Print a one-time link with which somebody becomes coordinator of the city."""
    now = clock.now()
    with current_app.test_request_context(), force_locale("fr"):
        with transaction():
            city = service.city_organisation(current_app.config["CITY"].name, now)
            _invitation, token = service.invite(city, "coordinator", None, (name or "").strip()[:80] or None, None, now)
        click.echo(_("Invitation à coordonner : %(city)s. Elle sert une seule fois, jusqu’au %(day)s :",
                     city=city.name, day=words.day_words(now + INVITATION_LASTS)))
        click.echo(public_url("organisations.invitation", token=token))


checks = AppGroup("checks", help="What the city decides about checks.")


@checks.command("decide")
@click.argument("what")
@click.argument("value")
@click.option("--by", required=True, help="Who decided.")
@click.option("--reason", help="Why.")
def decide(what: str, value: str, by: str, reason: str | None) -> None:
    """Decide the common date (WHAT is « date », VALUE 10-31), or the lawful checks of one kind of organisation.

    For a kind, VALUE names checks with commas between them; none opens the attestation d'honorabilité elsewhere.
    """
    if what == "date":
        month, day = rules.common_day(value)
        good, key = value.strip() == f"{month:02}-{day:02}", "checks.common_date"
    else:
        named = {part.strip() for part in value.split(",")}
        good, key = bool(named) and named == set(rules.lawful_kinds(what, value)), f"checks.{what}"
    if not good:
        raise click.ClickException("This cannot be decided: a date such as 10-31, or checks that are lawful there.")
    with transaction():
        db.session.merge(Setting(key=key, value=value.strip(), decided_by=by[:120], decided_on=clock.today(),
                                 reason=(reason or "")[:1000] or None))
    click.echo(f"{key}: {value.strip()}")
