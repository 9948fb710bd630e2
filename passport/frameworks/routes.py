"""The public page of the sentences."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from ..web import page, public
from . import queries
from .words import FACETS, THEMES

blueprint = Blueprint("frameworks", __name__)
BLUEPRINTS = (blueprint,)


@blueprint.get("/phrases")
@public
def sentences() -> ResponseReturnValue:
    """Show all the sentences by theme, and what each corresponds to in Europe."""
    themes = queries.themes("en" if str(get_locale()) == "en" else "fr")
    return page("frameworks/sentences.html", themes=themes, names=THEMES, facets=FACETS, version=queries.version(),
                count=sum(len(theme.sentences) for theme in themes))
