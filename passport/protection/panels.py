"""What reading to protect adds to earlier rooms: lines of the menu, reminders in « Échanges », and their letters."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from .. import clock
from ..accounts.queries import MENU
from ..feedback.queries import EXCHANGES, ExchangeLine
from ..notices.letters import HAND_OVERS, HandOver
from ..organisations.words import day_words
from ..policy import Actor, reading_roles
from . import queries

PAGE = "feedback.exchanges"


def menu(actor: Actor, now: dt.datetime) -> list[tuple[str, str, str]]:
    """Return the lines of the menu: who looked, for everybody; what to read, for whoever reads."""
    lines = [("mine", url_for("protection.looks"), _("Qui a regardé mon passeport"))]
    if reading_roles(actor, now, clock.day_of(now)):
        lines.append(("role", url_for("protection.readings"), _("Relire pour protéger")))
    return lines + [("role", url_for("protection.along", key=key), _("Relire les retours de %(who)s", who=name))
                    for key, name in queries.alongs(actor, now)]


def reminders(account_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the checks that end soon, as lines of « Échanges »."""
    if not any(role.is_reminded for role in current_user.actor.roles):
        return []
    lines = []
    for one in queries.endings(account_id, now):
        over = one.expires_on <= clock.day_of(now)
        words = (_("Vérification terminée le %(day)s.", day=day_words(one.expires_on)) if over
                 else _("Vérification à refaire avant le %(day)s.", day=day_words(one.expires_on)))
        if one.own:
            lines.append(ExchangeLine(one.at, "alert", _("Votre vérification"),
                                      f"{words} {_('Une personne responsable de %(house)s la note.', house=one.organisation_name)}",
                                      url_for("feedback.inbox"), tone="is-warn"))
        else:
            lines.append(ExchangeLine(one.at, "alert", _("La vérification de %(who)s", who=one.name), words,
                                      url_for("organisations.record_check", key=one.membership_id), to_do=True,
                                      action=_("Noter")))
    return lines


HAND_OVERS["check_ends"] = HandOver(_l("Une vérification est bientôt à refaire"), PAGE, PAGE, keyed=False)
EXCHANGES.append(reminders)
MENU.append(menu)
