"""What the people of the demo city show: links and cards."""

from __future__ import annotations

import datetime as dt
import uuid

from ..card import service as card
from ..clock import day_of
from ..extensions import db
from ..recognition import queries as recognition_queries
from ..sharing import service as sharing
from ..sharing.models import ShareReading
from ..witnesses import queries as witness_queries
from .days import Days, Line


class Shown(Days):
    """Links and cards."""

    def plan_showing(self) -> None:
        """Links are made, opened, extended and closed; cards are made, lost, and open a link."""
        for line in self.data["shares"]:
            key = line["key"]
            self.event(self.ago(line["made_days_ago"], 19, key), self.make_link, line)
            for opening in line["openings"]:
                self.event(self.ago(opening["days_ago"], 20, key), self.open_link, key, opening["times"])
            if "extended_days_ago" in line:
                self.event(self.ago(line["extended_days_ago"], 19, key), self.extend_link, line)
            if line["closed_days_ago"] is not None:
                self.event(self.ago(line["closed_days_ago"], 20, key), self.close_link, key)
        for line in self.data["cards"]:
            self.event(self.ago(line["made_days_ago"], 20, line["learner"]), self.make_card, line)
            if line["replaced_days_ago"] is not None:
                self.event(self.ago(line["replaced_days_ago"], 20, line["learner"]), self.replace_card, line)

    def make_link(self, line: Line, at: dt.datetime) -> None:
        """Open a link to some experiences and to all that may be shown of what was recognised and seen in them.

        What stands beside them goes along where the line says so.
        """
        chosen = [self.experiences[key].id for key in line["items"]]
        along = tuple(i for x in chosen for i in self.evidence.get(x, ())) if line.get("with_pieces") else ()
        shareable = recognition_queries.shareable(self.ids[line["learner"]], at)
        self.shares[line["key"]] = sharing.create_share(self.ids[line["learner"]], sharing.ShareDraft(
            experience_ids=tuple(chosen),
            endorsement_ids=tuple(s.recognised.id for s in shareable
                                  if s.may_be_shown and s.recognised.experience_id in chosen),
            testimony_ids=tuple(s.id for s in witness_queries.shareable(self.ids[line["learner"]], at)
                                if s.refusal is None and s.experience_id in chosen),
            recipient_name=line["name"], recipient_shown=False, months=line["months"], name_form="display",
            shown_name=None, intro=line["intro"], submission=uuid.uuid4(),
            evidence_ids=along, whole_ids=along,
        ), at)

    def open_link(self, key: str, times: int, at: dt.datetime) -> None:
        """Count openings of that day; the service does it in a transaction of its own, which here would wait for us."""
        db.session.add(ShareReading(share_id=self.shares[key].id, read_on=day_of(at), openings=times))

    def extend_link(self, line: Line, at: dt.datetime) -> None:
        """Move the end of a link in its last week, for as long as it was made for."""
        sharing.extend(self.shares[line["key"]], line["months"], at)

    def close_link(self, key: str, at: dt.datetime) -> None:
        """Close a link."""
        sharing.close(self.shares[key], at)

    def make_card(self, line: Line, at: dt.datetime) -> None:
        """Make a card, and let it open a link or nothing."""
        made = card.make(self.ids[line["learner"]], at)
        if line["opens"] is not None:
            card.open_with(made, self.shares[line["opens"]], at)

    def replace_card(self, line: Line, at: dt.datetime) -> None:
        """Replace a card that is lost."""
        card.replace(card.make(self.ids[line["learner"]], at), at)
