"""What a learner shows."""

from __future__ import annotations

import uuid

from hypothesis import strategies as st
from hypothesis.stateful import rule

from passport.card import queries as cards
from passport.card import service as card
from passport.experiences.models import Experience
from passport.extensions import db
from passport.policy import Action, Mine
from passport.recognition import queries as recognition_queries
from passport.recognition.models import Endorsement
from passport.sharing import service as sharing
from passport.sharing.models import Share
from passport.witnesses import queries as witness_queries
from passport.witnesses.models import Testimony

from .trying import ANYBODY, LEARNER, N, Trying, quietly


class Showing(Trying):
    """Links and cards."""

    @rule(learner=LEARNER, months=st.sampled_from((1, 3, 6, 12)), everything=st.booleans(), by=ANYBODY)
    def link(self, learner: str, months: int, everything: bool = True, by: str | None = None) -> None:
        """Choose everything one has, or only what is on offer; asked for by anybody."""
        mine = Mine(self.cast[learner])
        chosen: list[tuple[uuid.UUID, ...]] = []
        for model in (Experience, Endorsement, Testimony):
            rows = [row for key in self.kept[model] if (row := db.session.get(model, key)) is not None]
            chosen.append(tuple(row.id for row in rows if row.learner_id == mine.learner_id))
        if not everything:
            chosen[0] = tuple(k for k in chosen[0] if not (x := db.session.get_one(Experience, k)).for_me_only
                              and x.deleted_at is None)
            chosen[1] = tuple(s.recognised.id for s in recognition_queries.shareable(mine.learner_id, self.now)
                              if s.may_be_shown)
            chosen[2] = tuple(s.id for s in witness_queries.shareable(mine.learner_id, self.now) if s.refusal is None)
        draft = sharing.ShareDraft(
            experience_ids=chosen[0], endorsement_ids=chosen[1], testimony_ids=chosen[2], recipient_name="Une boutique",
            recipient_shown=False, months=months, name_form="display", shown_name=None, intro=None,
            submission=self.submission())
        self.keep(Share, self.mine(by, Action.PREPARE_SHARE, mine, lambda: sharing.create_share(
            mine.learner_id, draft, self.now), again=True))

    @rule(n=N, what=st.sampled_from(("close", "close_all", "extend")), by=ANYBODY)
    def change_link(self, n: int, what: str, by: str | None = None) -> None:
        if (share := self.some(Share, n)) is None:
            return
        if what == "extend":
            self.mine(by, Action.PREPARE_SHARE, share, lambda: sharing.extend(share, 1, self.now))
        elif what == "close":
            self.mine(by, Action.CLOSE_SHARE, share, lambda: sharing.close(share, self.now), refusable=False, again=True)
        else:
            self.mine(by, Action.CLOSE_SHARE, share, lambda: quietly(sharing.close_all, share.learner_id, self.now),
                      refusable=False, again=True)

    @rule(learner=LEARNER, n=N, what=st.sampled_from(("open", "open", "shut", "replace")), by=ANYBODY)
    def card(self, learner: str, n: int, what: str, by: str | None = None) -> None:
        mine, share = Mine(self.cast[learner]), self.some(Share, n)
        self.mine(None, Action.READ_CARD, mine, lambda: card.make(mine.learner_id, self.now), again=True)
        held = cards.current(mine.learner_id)
        assert held is not None
        if what == "open" and share is not None:
            self.mine(by, Action.OPEN_WITH_CARD, mine, lambda: card.open_with(held, share, self.now))
        elif what == "shut":
            self.mine(by, Action.READ_CARD, mine, lambda: card.open_with(held, None, self.now), refusable=False)
        elif what == "replace":
            self.mine(by, Action.REPLACE_CARD, mine, lambda: card.replace(held, self.now), refusable=False, again=True)
