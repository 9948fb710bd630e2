"""News of one's account: a new device, somebody who asks to come back, links that were closed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_login import current_user

from ..experiences import panels
from ..notices.letters import HAND_OVERS, HandOver
from ..notices.models import Notice
from ..notices.queries import of_account
from .queries import EXCHANGES, ExchangeLine

PAGE = "devices.mine"


@dataclass(frozen=True)
class Told:
    """What is said of one kind of news, and whether it asks for an act."""

    title: LazyString
    small: LazyString
    to_do: bool = False


TOLD = {
    "way_back": Told(_l("Quelqu’un demande à revenir dans ce passeport"), _l("Si ce n’est pas vous, l’arrêter."), True),
    "new_device": Told(_l("Le passeport s’est ouvert sur un nouvel appareil"), _l("Si ce n’est pas vous, le déconnecter.")),
    "links_closed": Told(_l("Tous les liens ont été fermés"), _l("Sans ouvrir le passeport.")),
}


def news(learner_id: uuid.UUID, now: dt.datetime, notices: Sequence[Notice]) -> list[panels.News]:
    """Return them, each once, from the notices that wait."""
    waiting = {notice.kind for notice in notices}
    return [panels.News(over="", title=str(told.title), small=str(told.small), url=url_for(PAGE), button=_("Voir"),
                        primary=told.to_do, icon="lock") for kind, told in TOLD.items() if kind in waiting]


def lines(account_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return them as lines of « Échanges », which counts them; whoever looks was asked already whether there are any."""
    if not current_user.has_news:
        return []
    return [ExchangeLine(one.at, "lock", str(TOLD[one.kind].title), str(TOLD[one.kind].small), url_for(PAGE),
                         to_do=True, action=_("Voir")) for one in of_account(account_id, now) if one.kind in TOLD]


panels.NEWS.append(news)
EXCHANGES.append(lines)
HAND_OVERS.update({
    "way_back": HandOver(_l("Quelqu’un demande à revenir dans le passeport"), PAGE, PAGE, keyed=False),
    "new_device": HandOver(_l("Le passeport s’ouvre sur un nouvel appareil"), PAGE, PAGE, keyed=False),
    "links_closed": HandOver(_l("Tous les liens ont été fermés"), PAGE, PAGE, keyed=False),
})
