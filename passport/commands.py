"""The commands of `flask`: what is done by hand at a terminal."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

ROOMS_WITH_COMMANDS = ("audit", "notices", "organisations", "frameworks", "experiences", "credentials", "safety", "city", "rights", "demo")


def install(app: Flask) -> None:
    """Give the application its commands, each room its own group."""
    for room in ROOMS_WITH_COMMANDS:
        app.cli.add_command(import_module(f"passport.{room}.commands").group)
    for command in import_module("passport.rights.backup_commands").COMMANDS:
        app.cli.add_command(command)
