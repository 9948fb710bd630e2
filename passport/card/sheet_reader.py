"""What whoever scans a printed sheet opens: what is in force now, and what their phone needs to check without network.

Nothing here reads or sets a cookie, and the code after # in the address never arrives here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import clock, doors
from ..links import host
from ..seal import digest_of
from ..sharing.words import full_day
from ..web import page, public
from ..wording import hour_words
from . import sheet_code, sheet_queries

blueprint = Blueprint("sheet", __name__)
FILES = ("app.css", "favicon.svg", "sheet.js")


def _shell() -> str:
    return render_template("card/sheet_check.html", sheet=None, sentences=sheet_queries.every_sentence(), host=host())


@blueprint.get("/v/")
@public
def shell() -> ResponseReturnValue:
    """The page that a phone keeps: it holds nothing about anybody, and checks the code in the address by itself."""
    return _shell()


@blueprint.get("/v/<token>")
@public
def check(token: str) -> ResponseReturnValue:
    """Say what of a printed sheet is in force now; nothing about anybody once it is closed, has ended or is erased."""
    now = clock.now()
    sheet = sheet_queries.by_token(digest_of(token), now) if len(token) == doors.TOKEN_LENGTH else None
    if sheet is None:
        return doors.unknown()
    if not sheet.is_open:
        return doors.door(410, _("Cette feuille est fermée"), _("Cela ne dit rien de la personne : une feuille a toujours une fin."),
                          _("Demander à la personne ce qu’elle souhaite montrer."))
    found = sheet_queries.still_shown(sheet)
    return page("card/sheet_check.html", sheet=sheet, found=found, gone=sheet.size - len(found),
                sentences=sheet_queries.every_sentence(), host=host(), day=full_day(now), hour=hour_words(now))


@blueprint.get("/v/cles.json")
@public
def keys() -> ResponseReturnValue:
    """The keys of the city with their days, and what was taken back, as of now; it names nobody."""
    now = clock.now()
    answer = current_app.json.response({
        "day": sheet_code.day_number(clock.today()), "keys": sheet_queries.every_key(), "taken_back": sheet_queries.taken_back(now)})
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/v/sw.js")
@public
def worker() -> ResponseReturnValue:
    """The worker of these pages alone: another version of its page or files makes it a new one."""
    asset = cast(Callable[[str], str], current_app.jinja_env.globals["asset"])
    files = [asset(name) for name in FILES]
    version = hashlib.sha256("\n".join([_shell(), *files]).encode()).hexdigest()[:12]
    body = (Path(current_app.static_folder or "") / "sheet-worker.js").read_text(encoding="utf-8")
    return Response(f"const VERSION = {json.dumps(version)}, FILES = {json.dumps(files)};\n{body}",
                    mimetype="text/javascript", headers={"Cache-Control": "no-cache"})
