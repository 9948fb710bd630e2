"""What the law wants said of the passport, for everybody to read."""

from __future__ import annotations

from flask import Blueprint

from .rights import retention

legal = Blueprint("legal", __name__)
BLUEPRINTS = (legal,)
assert retention
