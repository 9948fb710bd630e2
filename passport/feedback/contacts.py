"""Ways to meet elsewhere, stopped where somebody writes: beside their field, and counted where it is an adult."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from .. import contact
from ..extensions import db
from ..notices.keeping import Goes, forget_daily
from ..refusals import Refused
from ..retention import kept
from .models import RefusedText


def stop(protected: bool, words: Mapping[str, str | None]) -> None:
    """Raise Refused, beside its field, when what a learner sends holds a way to meet elsewhere; it is only explained."""
    refusal = contact.refusal_of_contact(protected, words.values())
    if refusal is not None:
        raise Refused(refusal, _field(words))


def stop_adult(
    protected: bool, words: Mapping[str, str | None], learner_id: uuid.UUID, membership_id: uuid.UUID, now: dt.datetime
) -> None:
    """Raise Refused, beside its field, for an adult's words; that it was tried is kept, without a word of it."""
    refusal = contact.refusal_of_contact(protected, words.values())
    if refusal is None:
        return
    why = ",".join(contact.reasons(_together(words)))

    def note() -> None:
        db.session.add(RefusedText(learner_id=learner_id, membership_id=membership_id, reasons=why, at=now))

    raise Refused(refusal, _field(words), outlives=note)


def _together(words: Mapping[str, str | None]) -> str:
    return "\n".join(text for text in words.values() if text)


def _field(words: Mapping[str, str | None]) -> str | None:
    """Return the field that holds it alone; the first one written, when it was cut over several."""
    written = [name for name, text in words.items() if text]
    return next((name for name in written if contact.reasons(words[name] or "")), written[0] if written else None)


forget_daily("feedback.forget_refused", Goes(RefusedText.id, lambda now: (RefusedText.at <= now - kept("attempt"),)))
