"""A whole life: all of it in any order, and whole stories with one trouble on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from passport.feedback.models import FeedbackRequest
from passport.recognition.models import RecognitionRequest

from .around import Around
from .recognising import Recognising
from .showing import Showing
from .telling import Telling
from .trying import HOUSE, LEARNER, MANAGERS, WHO

TROUBLES = ("end", "suspend", "resume", "no minors", "check", "block", "report", "show again", "inside", "delete", "undo",
            "cancel", "decline", "withdraw", "aside", "unpermit", "close", "lose card", "erase", "lapse", "leave",
            "join", "somebody else", "beside", "half written", "again", "night", "back", "days back")
TROUBLE = st.sampled_from(TROUBLES)
STORY: dict[str, Any] = {
    "learner": LEARNER, "who": WHO, "steps": st.sampled_from((9, 9, 9, 8, 7, 6, 5)), "before": st.integers(1, 9),
    "trouble": st.one_of(st.none(), TROUBLE), "chosen": st.sampled_from(((1,), (1, 2), (2, 3))),
}


class Life(Telling, Recognising, Showing, Around):
    """People of the cast who try everything."""

    @initialize(**STORY)
    def begins(self, **story: Any) -> None:
        self.story(**story)

    @rule(**STORY)
    def lives_through(self, **story: Any) -> None:
        self.story(**story)

    @rule(**STORY)
    def goes_on(self, **story: Any) -> None:
        self.story(**story)

    def story(self, learner: str, who: str, steps: int, before: int, trouble: str | None = None,
              chosen: tuple[int, ...] = (1, 2)) -> None:
        way: tuple[Callable[[], Any], ...] = (
            lambda: self.log(learner),
            lambda: self.ask(0, who),
            lambda: self.give(0, None),
            lambda: self.read(0),
            lambda: self.ask_recognition(0, set(chosen)),
            lambda: self.recognise(0),
            lambda: self.decide(0, "keep"),
            lambda: self.decide(0, "permit"),
            lambda: (self.link(learner, 1, everything=False), self.card(learner, 0, "open")),
        )
        for place, step in enumerate(way[:steps]):
            if place == before and trouble is not None:
                self.in_trouble(trouble, learner, who)
            step()
        if before >= steps and trouble is not None:
            self.in_trouble(trouble, learner, who)

    def in_trouble(self, trouble: str, learner: str, who: str) -> None:
        """Let something else happen on the way."""
        manager = MANAGERS[HOUSE[who]]
        {
            "end": lambda: self.organisation(who, "end", manager),
            "suspend": lambda: self.organisation(who, "suspend", "sofia"),
            "resume": lambda: self.organisation(who, "resume", "sofia"),
            "no minors": lambda: self.organisation(who, "no minors", "sofia"),
            "check": lambda: self.organisation(who, "check", manager),
            "block": lambda: self.block(learner, who),
            "report": lambda: self.bothered(0),
            "show again": lambda: (self.bothered(0), self.bothered(0, True)),
            "inside": lambda: self.for_me_only(0),
            "delete": lambda: self.delete(0),
            "undo": lambda: (self.delete(0), self.undo(0)),
            "cancel": lambda: (self.cancel(0), self.cancel(0, RecognitionRequest)),
            "decline": lambda: (self.decline(0, FeedbackRequest, who), self.decline(0, RecognitionRequest, who)),
            "withdraw": lambda: self.withdraw(0),
            "aside": lambda: self.decide(0, "set_aside"),
            "unpermit": lambda: self.decide(0, "end_permission"),
            "close": lambda: self.change_link(0, "close"),
            "lose card": lambda: self.card(learner, 0, "replace"),
            "erase": lambda: (self.delete(0), self.time_passes(24 * 31), self.night_work()),
            "lapse": lambda: (self.time_passes(24 * 61), self.night_work()),
            "leave": lambda: self.join(learner, HOUSE[who], True),
            "join": lambda: self.join(learner, HOUSE[who]),
            "somebody else": lambda: (self.invite(0), self.somebody_who_was_there(0, learner in {"lea", "karim"})),
            "beside": lambda: (self.beside(0), self.beside(0, "file")),
            "half written": lambda: (self.half_write(0, FeedbackRequest, who), self.half_write(0, RecognitionRequest, who)),
            "again": lambda: self.sent_once_more(0),
            "days back": lambda: self.time_passes(-24 * 40),
            "night": lambda: self.time_passes(11),
            "back": lambda: self.time_passes(-1),
        }[trouble]()
