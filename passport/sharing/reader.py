"""What somebody without account opens: a link's page, how it is checked, and the kind page behind a closed one.

Nothing here reads or sets a cookie. HEAD, If-None-Match, HX-Request and any Accept get the same answer.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from .. import clock, doors
from ..headers import file_answer
from ..links import host
from ..seal import digest_of
from ..transaction import release
from ..web import public
from ..wording import hour_words
from . import links, reading, service, words
from .links import Opened

blueprint = Blueprint("reader", __name__)


@blueprint.get("/s/<token>")
@public
def share(token: str) -> ResponseReturnValue:
    """Open a link."""
    opened = find(token)
    if opened is None:
        return doors.unknown()
    if not opened.is_open:
        return doors.closed()
    return share_page(opened, lambda item_id: doors.way("reader.checked", token=token, item=item_id),
                      lambda piece: url_for("reader.piece", token=token, item=piece.item_id))


@blueprint.get("/s/<token>/verifier/<uuid:item>")
@public
def checked(token: str, item: uuid.UUID) -> ResponseReturnValue:
    """Say how one recognised competency is checked."""
    opened = find(token)
    if opened is None:
        return doors.unknown()
    if not opened.is_open:
        return doors.closed()
    return checked_page(opened, item, doors.way("reader.share", token=token))


@blueprint.get("/s/<token>/pieces/<uuid:item>")
@public
def piece(token: str, item: uuid.UUID) -> ResponseReturnValue:
    """Open a photo or a document that a link shows."""
    return piece_answer(find(token), item)


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
    Whatever else is asked for is answered as if it had never been there.
    """
    found = reading.piece(opened, item_id) if opened is not None and opened.is_open else None
    content = found.content(small=True) if found is not None else None
    if opened is None or found is None or content is None:
        return doors.unknown()
    _count(opened, clock.now(), first=True)
    return file_answer(content, found.media_type, found.save_as)
