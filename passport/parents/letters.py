"""The one message to a parent: that something is asked, and the way there; no name, and nothing of the passport."""

from __future__ import annotations

import uuid

from flask_babel import gettext as _

from .. import clock
from ..links import public_url
from ..notices.letters import LETTERS, Letter, followed
from ..notices.outbox import Outgoing
from . import queries
from .service import LETTER


def asked(message: Outgoing) -> Letter | None:
    """Return the link to what a child asks, or None when it no longer waits."""
    guardian = queries.guardian(uuid.UUID(str(message.params["guardian"])))
    if guardian is None or not queries.asked(guardian.learner_id, clock.now(), guardian.id):
        return None
    return Letter(_("Votre accord est demandé"), (
        followed(_("Un enfant vous demande votre accord. Pour lire et répondre, oui ou non :"),
                 public_url("guardian.answer", token=message.token)),
        _("Le lien sert une fois, pendant 30 jours. Pas besoin de compte."),
        _("Vous ne savez pas de quoi il s’agit ? Il n’y a rien à faire."),
    ))


LETTERS[LETTER] = asked
