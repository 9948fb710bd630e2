"""What was written and not yet sent: saved while one types, and carried across a session that ended.

A form that arrives after its session ended is not lost: it travels sealed through the sign-in page, and only the
person who wrote it sees it again and sends it.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from flask import Blueprint, abort, flash, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..policy import Action, Mine
from ..seal import digest_of, seal, unseal
from ..transaction import release, transaction
from ..web import authorised, onward, page, safe_next, wants_fragment
from . import drafts, queries

blueprint = Blueprint("unsent", __name__)

MOST_CARRIED = 100_000
LASTS = 3600
# Their forms hold passphrases and addresses.
OF_THE_ACCOUNT = frozenset(("accounts", "erasing", "mail", "factor", "rescue", "lost"))
# What opens a passport is never kept, wherever it was asked for.
SECRETS = frozenset(("present", "passphrase", "own"))
# What every form holds besides words; a form of nothing else has nothing to lose.
WITHOUT_WORDS = frozenset(("csrf_token", "submission", "version", "next", "back"))


@blueprint.post("/brouillon/<form>/<uuid:subject>")
def keep(form: str, subject: uuid.UUID) -> ResponseReturnValue:
    """Keep a form half filled, or let go of it; of one that is sent by now nothing is kept."""
    authorised(Mine(current_user.id), Action.CHANGE_ACCOUNT)
    if form not in drafts.FIELDS:
        abort(404)
    body = drafts.trimmed(form, request.form)
    forgets = "forget" in request.form
    with transaction():
        if not body or forgets:
            drafts.drop(form, subject, current_user.id)
        elif not drafts.is_sent(form, current_user.id, subject, request.form):
            drafts.save(current_user.id, form, subject, body, clock.now())
    if wants_fragment():
        return "", 204
    if forgets:
        flash(_("Le brouillon est effacé."))
    back = safe_next(request.form.get("back"))
    return redirect(back, 303) if back else onward("experiences.passport")


@dataclass(frozen=True)
class Carried:
    """A form that waits to be sent again: its address, and its fields in their order."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def words(self) -> list[str]:
        """Return what a person wrote in it, to be shown before it is sent."""
        return [value for name, value in self.fields if name not in WITHOUT_WORDS and " " in value.strip()]


def may_be_kept() -> bool:
    """Say whether the form that just arrived may wait anywhere: it is not of the account itself, and holds no passphrase."""
    return request.blueprint not in OF_THE_ACCOUNT and not SECRETS & request.form.keys()


def carry(silent_too: bool = False) -> str | None:
    """Return, sealed, the form that just arrived without a session, or None when nothing was written.

    With `silent_too` also one in which nothing was written: a tap that is to be confirmed.

    Only for whoever held the session that this browser still names.
    """
    token = session.get("_user_id") or session.get("ended")
    # A photo is not read for somebody who is signed out: it is chosen again after signing in.
    if not token or (request.content_length or 0) > MOST_CARRIED or not may_be_kept():
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    silent = all(name in WITHOUT_WORDS or not value for name, value in fields)
    if silent and not silent_too:
        return None
    writer = queries.whose(digest_of(str(token)))
    release()
    if writer is None:
        return None
    box = seal(json.dumps({"who": str(writer), "at": clock.now().timestamp(), "path": request.path, "fields": fields}))
    return box.decode() if len(box) <= MOST_CARRIED else None


def carried(box: str | None, account_id: uuid.UUID) -> Carried | None:
    """Return the form that this person carried through signing in, or None: another's, too old, or none."""
    try:
        kept = json.loads(unseal((box or "").encode()))
    except InvalidToken:
        return None
    if kept["who"] != str(account_id) or not 0 <= clock.now().timestamp() - kept["at"] <= LASTS:
        return None
    return Carried(kept["path"], tuple((name, value) for name, value in kept["fields"]))


def send_again(kept: Carried, closed: bool = True) -> ResponseReturnValue:
    """Return the page that shows what was written, and sends it by one tap; `closed`: the session had ended."""
    return page("accounts/send_again.html", kept=kept, closed=closed)
