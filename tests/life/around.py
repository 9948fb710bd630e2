"""What happens around: somebody is bothered, organisations change, time passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import rule

from passport.accounts.models import ContactBar
from passport.clock import day_of
from passport.columns import uuid7
from passport.extensions import db
from passport.feedback import service as feedback
from passport.feedback.models import AuthoredText
from passport.notices import jobs
from passport.organisations import minors
from passport.organisations import service as organisations
from passport.organisations.models import Joined, Membership, Organisation
from passport.policy import Action, Body, Member
from passport.recognition import service as recognition
from passport.safety import service as safety

from .trying import ANYBODY, HOURS, HOUSE, LEARNER, WHO, N, Trying, quietly


class Around(Trying):
    """What others decide, and time."""

    @rule(n=N, again=st.booleans(), by=ANYBODY)
    def bothered(self, n: int, again: bool = False, by: str | None = None) -> None:
        if (text := self.some(AuthoredText, n)) is not None:
            if again:
                self.mine(by, Action.REPORT_TEXT, text, lambda: safety.resume(text, self.now))
            else:
                self.mine(by, Action.REPORT_TEXT, text, lambda: safety.report(text, None, self.now), again=True)

    @rule(learner=LEARNER, who=WHO, lifted=st.booleans())
    def block(self, learner: str, who: str, lifted: bool = False) -> None:
        """Nothing in the services blocks an adult so far; the row is what they and the policy read."""
        if learner == who:
            return
        there = db.session.scalars(sa.select(ContactBar).where(
            ContactBar.learner_id == self.cast[learner], ContactBar.adult_id == self.cast[who],
            ContactBar.cause == "block", ContactBar.lifted_at.is_(None))).first()

        def do() -> None:
            if there is not None and lifted:
                there.lifted_at = self.now
            elif there is None and not lifted:
                db.session.add(ContactBar(id=uuid7(), learner_id=self.cast[learner], adult_id=self.cast[who],
                                          cause="block", started_at=self.now))
                recognition.close_between(self.cast[learner], self.cast[who], self.now)
                feedback.close_between(self.cast[learner], self.cast[who], self.now)
        self.attempt(do)

    @rule(learner=LEARNER, house=st.sampled_from(("library", "club")), leave=st.booleans())
    def join(self, learner: str, house: str, leave: bool = False) -> None:
        body = db.session.get_one(Organisation, self.cast[house])
        there = db.session.scalars(sa.select(Joined).where(
            Joined.learner_id == self.cast[learner], Joined.organisation_id == body.id, Joined.closed_at.is_(None))).first()
        if leave and there is not None:
            self.attempt(lambda: organisations.leave(there, self.now), refusable=False, again=True)
        elif not leave:
            self.attempt(lambda: organisations.join(self.cast[learner], body, self.now), again=True)

    @rule(who=WHO, what=st.sampled_from(("end", "suspend", "resume", "minors", "no minors", "check", "charter")),
          by=st.sampled_from(("claire", "farid", "sofia", "lea")))
    def organisation(self, who: str, what: str, by: str) -> None:
        body = db.session.get_one(Organisation, self.cast[HOUSE[who]])
        member = db.session.get_one(Membership, self.cast[f"m_{who}"])
        thing, me = Member(body.id, member.account_id, member.role), self.cast[by]
        day = day_of(self.now)
        check = organisations.CheckDraft("record_and_declaration", day, day + dt.timedelta(days=300), True)
        tries: dict[str, tuple[Action, Any, Callable[[], Any]]] = {
            "end": (Action.REMOVE_MEMBER, thing, lambda: organisations.end_membership(member, me, self.now)),
            "check": (Action.RECORD_CHECK, thing, lambda: organisations.record_check(member, check, me, self.now)),
            "suspend": (Action.COORDINATE, Body(body.id), lambda: organisations.suspend(body, me, self.now)),
            "resume": (Action.COORDINATE, Body(body.id), lambda: organisations.resume(body, me, self.now)),
            "minors": (Action.COORDINATE, Body(body.id), lambda: minors.set_minors(body, True, me, self.now)),
            "no minors": (Action.COORDINATE, Body(body.id), lambda: minors.set_minors(body, False, me, self.now)),
            "charter": (Action.ACCEPT_CHARTER, thing, lambda: organisations.accept_charter(member, self.now)),
        }
        action, about, do = tries[what]
        if self.may(who if what == "charter" else by, me, action, about):
            self.attempt(do)

    @rule(hours=st.sampled_from(HOURS))
    def time_passes(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)
        self.known.clear()
        self.stand(self.now)

    @rule()
    def night_work(self) -> None:
        """Everything that comes back every day: what waits too long ends, what was deleted long ago is erased."""
        for work in [work for _kind, work in sorted(jobs.KINDS.items()) if work.every]:
            self.attempt(lambda work=work: quietly(work.do, {}, self.now), refusable=False, again=True)
