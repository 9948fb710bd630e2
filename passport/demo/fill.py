"""The demo city, lived through day by day: every event at its time, through the services that people use."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import sqlalchemy as sa

from ..accounts.models import Account
from ..city.service import decide
from ..extensions import db
from ..frameworks import service as frameworks
from .answers import Answers
from .days import Line
from .decided import Decided
from .lived import Lived
from .people import People
from .recognised import Recognised
from .shown import Shown

# The people whom everybody may try out, then those who make the city lively.
DATA, MORE = Path(__file__).parent / "city.json", Path(__file__).parent / "more.json"
DECIDED = dt.timedelta(days=60)
# What a line of the second file need not say.
UNSAID: dict[str, Line] = {
    "people": {"email": None, "birth": None, "roles": (), "joined": ()},
    "experiences": {"story": None, "ended": None, "hours": None, "place": None, "organisation": None,
                    "organisation_text": None, "claims": (), "for_me_only": False},
    "feedback": {"facilitator": None, "organisation": None, "message": None, "seen": None, "question": None,
                 "next_step": None, "reply": None, "closed_days_ago": None, "read_days_ago": None},
    "witnesses": {"relation": None, "name": None, "words": None, "sentences": (), "may_be_shown": False,
                  "answered_days_ago": None, "read_days_ago": None},
    "recognitions": {"offered_days_ago": None, "how": None, "how_person_known": None, "from": None, "to": None},
    "shares": {"intro": None, "closed_days_ago": None, "openings": ()},
    "cards": {"replaced_days_ago": None, "opens": None},
}


def fill(now: dt.datetime) -> bool:
    """Fill the demo city as if its people had used it until now; say False, and do nothing, when it is filled."""
    data = written()
    names = [person["identifier"] for person in data["people"]]
    if db.session.scalars(sa.select(Account.id).where(Account.identifier.in_(names)).limit(1)).first() is not None:
        return False
    frameworks.load()
    Story(data, now).live()
    return True


def written() -> Line:
    """Return the whole story as it is written in both files, each line with all its parts."""
    data: Line = json.loads(DATA.read_text(encoding="utf-8"))
    for part, lines in json.loads(MORE.read_text(encoding="utf-8")).items():
        data[part].extend({**UNSAID.get(part, {}), **line} for line in lines)
    return data


class Story(People, Lived, Answers, Recognised, Decided, Shown):
    """The whole story of the city."""

    def live(self) -> None:
        """Let everything happen, from the oldest day to yesterday."""
        for line in self.data["decisions"]:
            decide(line["key"], line["value"], self.data["city"]["decides"], line["reason"], self.now - DECIDED)
        self.plan_people()
        self.plan_organisations()
        self.plan_roles()
        self.plan_experiences()
        self.plan_feedback()
        self.plan_witnesses()
        self.plan_recognition()
        self.plan_parents()
        self.plan_showing()
        for at, _order, act in sorted(self.events, key=lambda event: event[:2]):
            act(at)
        # Only now, so that nobody is told by e-mail of what happened long ago.
        db.session.execute(
            sa.update(Account).where(Account.id.in_(self.ids.values()), Account.email.is_not(None))
            .values(email_confirmed_at=Account.created_at),
            execution_options={"synchronize_session": False},
        )
        db.session.flush()
