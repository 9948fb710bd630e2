"""What a learner received elsewhere: keeping it, finding out about it again, erasing it, undoing that."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from typing import Any

import sqlalchemy as sa

from ..accounts.models import Account, Passport
from ..audit.service import record
from ..columns import uuid7
from ..experiences.rules import UNDO_SOON, refusal_to_undo
from ..extensions import db
from ..forms import one_line
from ..notices import jobs
from ..notices.keeping import Goes, delete, forget_daily
from ..refusals import Refused
from ..submissions import kept_before
from . import rules
from .badges import Badge
from .checking import Checked, Who
from .models import Credential, ForeignBadge

ERASE = "credentials.erase_foreign"
# A job that begins with the last second of the hour would find nothing to erase.
JUST_AFTER = dt.timedelta(minutes=1)
LONGEST = 300
LONGEST_HOST = 253
FIRST_YEAR, LAST_YEAR = 1900, 2200


def digest_of(badge: Badge) -> bytes:
    """Return what tells a badge from any other, however it was carried or spaced."""
    words = badge.token or json.dumps(badge.document, sort_keys=True)
    return hashlib.sha256(words.encode()).digest()


def kept_already(learner_id: uuid.UUID, submission: uuid.UUID, badge: Badge) -> ForeignBadge | None:
    """Return the row of a badge that came before, by this form or another, erased or not; None when it is new.

    Raises Refused(SENT_OTHERWISE) when this form came with another badge.
    """
    found: ForeignBadge | None = kept_before(
        ForeignBadge, ForeignBadge.learner_id, learner_id, submission, digest_of(badge), lately=sa.true())
    return found


def keep(
    learner_id: uuid.UUID, submission: uuid.UUID, found: Checked, now: dt.datetime, secret: bytes | None = None
) -> ForeignBadge:
    """Keep a badge that was looked at, with what was found out; the same badge again is kept once.

    `secret` is what the passport it comes from gave its learner, so that it can be known as theirs. What was erased comes
    back with a new form, not with the same one sent again. Raises Refused when there are many.
    """
    _hold(learner_id)
    before = kept_already(learner_id, submission, found.badge)
    if before is None:
        _make_room(learner_id)
        before = ForeignBadge(
            id=uuid7(), learner_id=learner_id, submission=submission, submission_digest=digest_of(found.badge),
            document=found.badge.text.encode(), format=found.badge.form.value, added_at=now, recipient_secret=secret,
            **_facts(found, learner_id, secret))
        db.session.add(before)
        record("foreign.add", learner_id, now, before.id)
    elif before.deleted_at is not None and before.submission != submission:
        _make_room(learner_id)
        before.deleted_at = None
        _note(before, found)
        record("foreign.put_back", learner_id, now, before.id)
    db.session.flush()
    return before


def _hold(learner_id: uuid.UUID) -> None:
    """Make whoever else keeps something of this learner's wait: two at once would both be the fiftieth."""
    db.session.execute(sa.select(Passport.learner_id).where(Passport.learner_id == learner_id)
                       .with_for_update(key_share=True))


def _make_room(learner_id: uuid.UUID) -> None:
    count = db.session.scalar(
        sa.select(sa.func.count()).select_from(ForeignBadge)
        .where(ForeignBadge.learner_id == learner_id, ForeignBadge.deleted_at.is_(None))) or 0
    refusal = rules.refusal_to_receive(count)
    if refusal is not None:
        raise Refused(refusal)


def _facts(found: Checked, learner_id: uuid.UUID, secret: bytes | None = None) -> dict[str, Any]:
    """Return what is kept of an answer; who gave it and whose it is, of what is as it was signed alone."""
    signed = found.unchanged is True
    return {
        "title": _words(found.title), "issuer_name": _words(found.issuer_name),
        "host": found.host[:LONGEST_HOST] if found.host and signed else None,
        "valid_from": _instant(found.valid_from), "valid_until": _instant(found.valid_until),
        "signature_ok": found.unchanged, "why": found.why.value if found.why else None,
        "issuer": found.by.value if signed else None,
        "is_mine": found.is_mine(*_known_of(learner_id, secret)) if signed else None,
        "in_force": found.in_force if signed or found.in_force is False else None,
        "status": found.state.value if found.state else None,
        "credential_id": found.credential_id if signed and found.by is Who.CITY else None, "checked_at": found.as_of,
    }


def _words(text: str) -> str:
    return (one_line(text) or "")[:LONGEST]


def _instant(at: dt.datetime | None) -> dt.datetime | None:
    """Return an instant of a year that both databases and every zone can hold."""
    return at if at is not None and FIRST_YEAR <= at.year <= LAST_YEAR else None


def _known_of(learner_id: uuid.UUID, secret: bytes | None = None) -> tuple[list[str], list[bytes]]:
    """Return the address that a learner confirmed, if any, and the secrets of what was signed for them here; `secret` is
    the one that came along with this very badge."""
    email = db.session.scalar(
        sa.select(Account.email).where(Account.id == learner_id, Account.email_confirmed_at.is_not(None)))
    secrets = db.session.scalars(sa.select(Credential.recipient_secret).where(Credential.learner_id == learner_id)).all()
    return [email] if email else [], [*secrets, *([secret] if secret else [])]


def check_again(badge_id: uuid.UUID, learner_id: uuid.UUID, found: Checked, now: dt.datetime) -> bool:
    """Keep what was found out anew; say False when less is known than before, which then stays, with its own date."""
    row = _own(badge_id, learner_id)
    if row is None or row.deleted_at is not None:
        return False
    record("foreign.check", learner_id, now, badge_id)
    if rules.is_less_known((row.signature_ok, row.in_force), (found.unchanged, found.in_force)):
        return False
    _note(row, found)
    db.session.flush()
    return True


def _note(row: ForeignBadge, found: Checked) -> None:
    for name, value in _facts(found, row.learner_id, row.recipient_secret).items():
        # Of an issuer that does not answer, its name as it was known says more than none.
        if value != "" or name not in {"title", "issuer_name"}:
            setattr(row, name, value)


def _own(badge_id: uuid.UUID, learner_id: uuid.UUID) -> ForeignBadge | None:
    return db.session.scalars(
        sa.select(ForeignBadge).where(ForeignBadge.id == badge_id, ForeignBadge.learner_id == learner_id)
        .with_for_update()).one_or_none()


# ---------- erasing ----------


def remove(badge_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> bool:
    """Erase one, which nobody sees any more; it can come back within the hour. Say False when it was done before."""
    gone = db.session.execute(
        sa.update(ForeignBadge)
        .where(ForeignBadge.id == badge_id, ForeignBadge.learner_id == learner_id, ForeignBadge.deleted_at.is_(None))
        .values(deleted_at=now).returning(ForeignBadge.id), execution_options={"synchronize_session": False}).first()
    if gone is None:
        return False
    jobs.enqueue(ERASE, {}, now + UNDO_SOON + JUST_AFTER)
    record("foreign.remove", learner_id, now, badge_id)
    return True


def put_back(badge_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Undo that one was erased; twice is once. Raises Refused after the hour, and when there are many."""
    _hold(learner_id)
    row = _own(badge_id, learner_id)
    if row is None or row.deleted_at is None:
        return
    refusal = refusal_to_undo(row.deleted_at, now, UNDO_SOON)
    if refusal is not None:
        raise Refused(refusal)
    _make_room(learner_id)
    row.deleted_at = None
    db.session.flush()
    record("foreign.put_back", learner_id, now, badge_id)


REMOVED = Goes(ForeignBadge.id, lambda now: (ForeignBadge.deleted_at < now - UNDO_SOON,))


def erase_removed(now: dt.datetime) -> int:
    """Erase for good what cannot come back any more, and return how many there were."""
    return delete((REMOVED,), now)


jobs.later(ERASE, lambda _payload, now: erase_removed(now))
forget_daily("credentials.erase_foreign_left", REMOVED)
