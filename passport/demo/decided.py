"""What children of the demo city decide with a parent."""

from __future__ import annotations

import datetime as dt
import uuid

from ..accounts.models import Guardian
from ..parents import rules
from ..parents import service as parents
from .days import Days, Line


class Decided(Days):
    """One consent in force, one that is asked."""

    def plan_parents(self) -> None:
        """A child asks; a parent answers some days later, or has time left."""
        for line in self.data["consents"]:
            self.event(self.ago(line["asked_days_ago"], 18, line["learner"]), self.ask_parent, line)
            if line["answered_days_ago"] is not None:
                self.event(self.ago(line["answered_days_ago"], 20, line["learner"]), self.answer_child, line)

    def ask_parent(self, line: Line, at: dt.datetime) -> None:
        """The child asks about these purposes, with a code to be shown."""
        line["asked"] = parents.ask(self.ids[line["learner"]], parents.AskDraft(tuple(line["purposes"]), None), at)

    def answer_child(self, line: Line, at: dt.datetime) -> None:
        """The parent says yes to all of them."""
        asked: Guardian = line["asked"]
        answers = dict.fromkeys(line["purposes"], True)
        parents.answer(asked, parents.AnswerDraft(answers, rules.PARENT, uuid.uuid4()), at)
