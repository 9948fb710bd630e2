"""What somebody without account opens: a link's page, how it is checked, and the kind page behind a closed one.

Nothing here reads or sets a cookie. HEAD, If-None-Match, HX-Request and any Accept get the same answer.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import MethodNotAllowed

from .. import clock, doors
from ..extensions import csrf
from ..headers import file_answer
from ..links import host
from ..refusals import Refusal, Refused
from ..seal import digest_of
from ..transaction import release, transaction
from ..web import public
from ..wording import hour_words
from . import links, reading, rules, service, words
from .forms import CodeForm
from .links import Opened

blueprint = Blueprint("reader", __name__)


@blueprint.route("/s/<token>", methods=["GET", "POST"])
@csrf.exempt
@public
def share(token: str) -> ResponseReturnValue:
    """Open a link; with a code, once it was said."""
    opened = find(token)
    if opened is None:
        return doors.unknown()
    if not opened.is_open:
        return doors.closed()
    return asks_code(opened, "reader.share", token) or share_page(
        opened, lambda item_id: way("reader.checked", token=token, item=item_id),
        lambda piece: url_for("reader.piece", token=token, item=piece.item_id, cle=g.get("said")))


@blueprint.get("/s/<token>/verifier/<uuid:item>")
@public
def checked(token: str, item: uuid.UUID) -> ResponseReturnValue:
    """Say how one recognised competency is checked."""
    opened = find(token)
    if opened is None:
        return doors.unknown()
    if not opened.is_open:
        return doors.closed()
    return asks_code(opened, "reader.share", token) or checked_page(opened, item, way("reader.share", token=token))


@blueprint.get("/s/<token>/pieces/<uuid:item>")
@public
def piece(token: str, item: uuid.UUID) -> ResponseReturnValue:
    """Open a photo or a document that a link shows."""
    return piece_answer(find(token), item)


def way(endpoint: str, **values: Any) -> str:
    """Return the address of another page of the same link, in its language, with the key of a code that was said."""
    return doors.way(endpoint, cle=g.get("said"), **values)


def _is_said(opened: Opened) -> bool:
    """Say whether the page may be shown: the link has no code, or its key stands in the address."""
    key = request.args.get("cle", "")
    if not opened.is_said(key, clock.now()):
        return False
    if opened.code_sealed is not None:
        g.said = key
    return True


def asks_code(opened: Opened, endpoint: str, token: str) -> ResponseReturnValue | None:
    """Return the page that asks for the code of an open link, or where a right one leads; None when it may be read.

    `endpoint` is the page of the link, or of the card that opens it. Wrong codes are counted on the link, whoever says them.
    """
    if request.method != "POST":
        return None if _is_said(opened) else _code_page(CodeForm(formdata=None), endpoint, token, 200)
    if opened.code_sealed is None:
        raise MethodNotAllowed(["GET", "HEAD"])  # a visitor writes nothing
    form, now = CodeForm(), clock.now()
    refusal: Refusal | None = Refusal.CODE_SAID_WRONG
    if form.validate():
        with transaction():
            refusal = service.try_code(opened.id, form.code.data, now)
        if refusal is None:
            return redirect(doors.way(endpoint, token=token, cle=opened.key(now)), 303)
        form.refuse(Refused(refusal), "code")
    answer = _code_page(form, endpoint, token, 429 if refusal is Refusal.CODE_LATER else 422)
    if refusal is Refusal.CODE_LATER:
        answer.headers["Retry-After"] = str(int(rules.CODE_WAIT.total_seconds()))
    return answer


def _code_page(form: CodeForm, endpoint: str, token: str, status: int) -> Response:
    return make_response(render_template("reader/code.html", form=form, action=doors.way(endpoint, token=token)), status)


def find(token: str) -> Opened | None:
    """Return the link of a token, whatever its state, or None when there is none."""
    return links.by_token(digest_of(token), clock.now()) if len(token) == doors.TOKEN_LENGTH else None


def share_page(
    opened: Opened, check: Callable[[uuid.UUID], str], piece: Callable[[reading.ShownPiece], str]
) -> Response:
    """Return the page of an open link, and count one opening of this day once it is built."""
    now = clock.now()
    response = make_response(render_template(
        "reader/share.html", reading=reading.read(opened, now), check=check, piece=piece, host=host()))
    _count(opened, now)
    return response


def _count(opened: Opened, now: dt.datetime, first: bool = False) -> None:
    if request.method == "HEAD":
        return
    release()
    try:
        service.note_opening(opened.id, clock.day_of(now), first)
    except SQLAlchemyError:
        current_app.logger.info("opening not counted")


def checked_page(opened: Opened, item_id: uuid.UUID, back: str) -> Response:
    """Return the four answers about one item of an open link, or that it is no longer shown.

    Who kept its address aside opens the link as well: it counts on a day when the link's own page was not opened.
    """
    now = clock.now()
    found = reading.checked(opened, item_id, now)
    html = render_template("reader/checked.html", checked=found, head=opened.head, back=back, host=host(),
                           day=words.full_day(now), hour=hour_words(now), verify=doors.way("verify.page"))
    _count(opened, now, first=True)
    return make_response(html, 200 if found else 410)


def piece_answer(opened: Opened | None, item_id: uuid.UUID) -> Response:
    """Return what one item of an open link shows, a photo in its size for screens.

    Who kept its address aside opens the link as well: it counts on a day when the link's own page was not opened.
    Whatever else is asked for is answered as if it had never been there, and so is everything before the code was said.
    """
    found = reading.piece(opened, item_id) if opened is not None and opened.is_open and _is_said(opened) else None
    content = found.content(small=True) if found is not None else None
    if opened is None or found is None or content is None:
        return doors.unknown()
    _count(opened, clock.now(), first=True)
    return file_answer(content, found.media_type, found.save_as)
