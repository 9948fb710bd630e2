"""The charter as one machine: a whole life in memory, moved only by the real rules, with the charter as invariants.

The model keeps what tables would keep. Every step asks the rule functions and does what they allow; the invariants
then look at everything that ever happened, in their own words, without asking a rule.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from passport.accounts import rules as age
from passport.experiences import rules as experiences
from passport.feedback import rules as feedback
from passport.recognition import rules as recognition
from passport.recognition.rules import Formative, Line, Offer, Story, Vouching
from passport.sharing import rules as sharing
from passport.witnesses import ready
from passport.witnesses import rules as witnesses
from passport.witnesses.rules import Saying, Seen

START = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
CITY = dt.timezone(dt.timedelta(hours=1))
LEARNERS = {"lea": (None, None), "tom": (2012, 3), "youth": (2010, 5)}
ADULTS = {"karim": (None, None), "nadia": (None, None), "novice": (None, None), "sixteen": (2009, 12)}
FAMILY = {("tom", "nadia")}
SENTENCES = (1, 2, 3)
WHO = st.sampled_from(["karim", "karim", "nadia", "novice"])
CHOSEN = st.sets(st.sampled_from(SENTENCES), min_size=1)
LATER = st.sampled_from([0, 0, 1, 2])
STEPS = st.sampled_from([7, 7, 7, 6, 5, 4, 3, 2, 1])
BEFORE = st.sampled_from([4, 4, 4, 3, 2, 5, 6, 1, 0])
TROUBLES = ("", "end", "suspend", "close", "lapse", "again", "unread", "there", "unasked", "cancel", "inside", "deleted",
            "time", "wordless", "stranger", "oneself", "elsewhere", "read late", "night", "evening")
TROUBLE = st.sampled_from(TROUBLES)
CHARTER: list[Callable[[Any], None]] = []


def charter(truth: Callable[[Any], None]) -> Callable[[Any], None]:
    """Mark what must be true after every step."""
    CHARTER.append(truth)
    return invariant()(truth)


def key(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_DNS, name)


@dataclass
class Role:
    """One facilitator's role in one organisation, and what vouches for it."""

    joined_at: dt.datetime
    trained_at: dt.datetime | None
    checked_until: dt.date
    accredited_at: dt.datetime
    ended_at: dt.datetime | None = None
    suspended_at: dt.datetime | None = None
    organisation_closed_at: dt.datetime | None = None


@dataclass
class Thing:
    """One experience."""

    learner: str
    for_me_only: bool = False
    deleted_at: dt.datetime | None = None


@dataclass
class Request:
    """One request, for feedback or for recognition."""

    kind: str
    thing: int
    who: str
    asked_at: dt.datetime
    outcome: str | None = None
    closed_at: dt.datetime | None = None
    feedback: int | None = None
    competencies: tuple[int, ...] = ()
    was_inside: bool = False


@dataclass
class Given:
    """One formative answer: a facilitator's, or somebody's who was there."""

    thing: int
    who: str
    from_facilitator: bool
    visible_at: dt.datetime
    read_at: dt.datetime | None = None
    was_vouched: bool = True


@dataclass
class Said:
    """What somebody who was there and has no account says by a one-time link: `given` is its place among all answers."""

    thing: int
    made_at: dt.datetime
    band: age.Band
    was_inside: bool
    revoked_at: dt.datetime | None = None
    used_at: dt.datetime | None = None
    given: int | None = None
    seen: Seen | None = None
    ready_only: bool = False
    was_protected: bool = False
    erased: bool = False


@dataclass
class Endorsed:
    """One endorsement with what was true when it was made."""

    request: int
    competency: int
    at: dt.datetime
    visible_at: dt.datetime
    was: dict[str, Any] = field(default_factory=dict)
    kept_at: dt.datetime | None = None
    declined_at: dt.datetime | None = None
    set_aside_at: dt.datetime | None = None
    withdrawn_at: dt.datetime | None = None
    permitted_at: dt.datetime | None = None
    permitted_in_band: age.Band | None = None


@dataclass
class Link:
    """One link: what was chosen, and until when it opens."""

    learner: str
    things: tuple[int, ...]
    endorsements: tuple[int, ...]
    made_at: dt.datetime
    ends_at: dt.datetime
    band: age.Band
    closed_at: dt.datetime | None = None
    said: tuple[int, ...] = ()


class Life(RuleBasedStateMachine):
    """Everything people can do, in any order, with time passing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.roles = {
            "karim": Role(START, START, START.date() + dt.timedelta(days=90), START),
            "nadia": Role(START, START, START.date() + dt.timedelta(days=400), START),
            "novice": Role(START, None, START.date() + dt.timedelta(days=400), START),
            "sixteen": Role(START, START, START.date() + dt.timedelta(days=400), START),
        }
        self.things: list[Thing] = []
        self.requests: list[Request] = []
        self.given: list[Given] = []
        self.endorsed: list[Endorsed] = []
        self.not_yet: list[tuple[int, int, dt.datetime]] = []
        self.links: list[Link] = []
        self.said: list[Said] = []
        self.taken_back: list[tuple[str, bool]] = []

    # --- reading the model as the rules do ---

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def born(self, name: str) -> tuple[int | None, int | None]:
        return {**LEARNERS, **ADULTS}[name]

    def band(self, name: str) -> age.Band:
        return age.band(*self.born(name), self.today)

    def protected(self, name: str) -> bool:
        return age.is_protected(*self.born(name), False, self.today)

    def story(self, thing: int) -> Story:
        return Story(key(f"x{thing}"), self.things[thing].for_me_only, self.things[thing].deleted_at)

    def formative(self, n: int) -> Formative:
        g = self.given[n]
        return Formative(key(f"x{g.thing}"), g.from_facilitator, g.read_at)

    def offer(self, n: int) -> Offer:
        e = self.endorsed[n]
        return Offer(e.visible_at, e.kept_at, e.declined_at, e.set_aside_at, e.withdrawn_at, e.permitted_at)

    def active(self, who: str) -> bool:
        r = self.roles[who]
        over = any(t is not None and t <= self.now for t in (r.ended_at, r.suspended_at, r.organisation_closed_at))
        return r.joined_at <= self.now and r.accredited_at <= self.now and not over

    def checked(self, who: str) -> bool:
        return self.roles[who].checked_until > self.today

    def waiting(self, kind: str, thing: int, who: str) -> bool:
        return any(r.kind == kind and r.thing == thing and r.who == who and r.closed_at is None for r in self.requests)

    def some(self, things: list[Any], n: int) -> int:
        """Return the place of one of these, the newest for 0."""
        return len(things) - 1 - n % len(things)

    def shown(self) -> list[tuple[int, int]]:
        """Return (link, endorsement) for everything that a reader sees now."""
        return [
            (n, e) for n, link in enumerate(self.links) if link.closed_at is None and link.ends_at > self.now
            for e in link.endorsements
            if sharing.refusal_to_show_item(self.story(self.requests[self.endorsed[e].request].thing), self.offer(e))
            is None
        ]

    def shown_things(self) -> list[tuple[int, int]]:
        """Return (link, experience) for everything that a reader sees now."""
        return [
            (n, x) for n, link in enumerate(self.links) if link.closed_at is None and link.ends_at > self.now
            for x in link.things if sharing.refusal_to_show_item(self.story(x)) is None
        ]

    def shown_words(self) -> list[tuple[int, int]]:
        """Return (link, words) for everything said without account that a reader sees now."""
        return [
            (n, s) for n, link in enumerate(self.links) if link.closed_at is None and link.ends_at > self.now
            for s in link.said if self.may_show(s)
        ]

    def may_show(self, n: int) -> bool:
        """Say whether these words may be shown now."""
        said = self.said[n]
        return (said.seen is not None and not said.erased
                and sharing.refusal_to_show_item(self.story(said.thing), seen=said.seen) is None)

    # --- what people do ---

    @rule(learner=st.sampled_from(sorted(LEARNERS)), inside=st.booleans())
    def log(self, learner: str, inside: bool) -> None:
        if experiences.refusal_of_title("Une phrase") is None:
            self.things.append(Thing(learner, for_me_only=inside))

    @precondition(lambda self: self.things)
    @rule(n=st.integers(0, 99), inside=st.booleans())
    def for_me_only(self, n: int, inside: bool) -> None:
        n = self.some(self.things, n)
        self.things[n].for_me_only = inside
        if inside:
            self.keep_inside(n)

    @precondition(lambda self: self.things)
    @rule(n=st.integers(0, 99))
    def delete(self, n: int) -> None:
        n = self.some(self.things, n)
        self.things[n].deleted_at = self.things[n].deleted_at or self.now
        self.keep_inside(n)

    @precondition(lambda self: self.things)
    @rule(n=st.integers(0, 99))
    def undo(self, n: int) -> None:
        thing = self.things[self.some(self.things, n)]
        if experiences.refusal_to_undo(thing.deleted_at, self.now) is None:
            thing.deleted_at = None

    def keep_inside(self, thing: int) -> None:
        for r in self.requests:
            if r.thing == thing and r.closed_at is None:
                r.outcome, r.closed_at = "cancelled", self.now
        for said in self.said:
            if said.thing == thing and said.used_at is None:
                said.revoked_at = said.revoked_at or self.now

    @precondition(lambda self: self.things)
    @rule(n=st.integers(0, 99), who=st.sampled_from(sorted(ADULTS)), joined=st.booleans())
    def ask_feedback(self, n: int, who: str, joined: bool) -> None:
        n = self.some(self.things, n)
        thing = self.things[n]
        asking = feedback.Asking(
            person=True, active=self.active(who), checked=self.checked(who), joined=joined,
            minor=self.band(thing.learner) is not age.Band.ADULT, protected=self.protected(thing.learner),
            oneself=who == thing.learner, barred=False, waiting=self.waiting("feedback", n, who),
            for_me_only=thing.for_me_only, deleted_at=thing.deleted_at,
        )
        if feedback.refusal_to_ask(asking) is None:
            self.requests.append(Request("feedback", n, who, self.now,
                                         was_inside=thing.for_me_only or thing.deleted_at is not None))

    @precondition(lambda self: self.requests)
    @rule(n=st.integers(0, 99))
    def give_feedback(self, n: int) -> None:
        n = self.some(self.requests, n)
        r = self.requests[n]
        learner = self.things[r.thing].learner
        if r.kind == "feedback" and feedback.refusal_to_give(
            r.closed_at is not None, "Tu attends qu’ils essaient.", self.active(r.who), self.checked(r.who),
            self.protected(learner),
        ) is None:
            arrives = feedback.arrives_at(self.now, self.protected(learner), CITY)
            vouched = self.active(r.who) and (self.checked(r.who) or not self.protected(learner)) and r.outcome is None
            r.outcome, r.closed_at = "answered", self.now
            self.given.append(Given(r.thing, r.who, True, arrives, was_vouched=vouched))

    @precondition(lambda self: self.things)
    @rule(n=st.integers(0, 99))
    def invite(self, n: int) -> None:
        n = self.some(self.things, n)
        thing, band = self.things[n], self.band(self.things[n].learner)
        waiting = sum(1 for s in self.said if s.thing == n and self.invitation(s) is witnesses.InvitationState.OPEN)
        if witnesses.refusal_to_invite(band, thing.for_me_only, thing.deleted_at, waiting) is None:
            self.said.append(Said(n, self.now, band, thing.for_me_only or thing.deleted_at is not None))

    def invitation(self, said: Said) -> witnesses.InvitationState:
        return witnesses.invitation_state(witnesses.ends_at(said.made_at), said.used_at, said.revoked_at, self.now)

    @precondition(lambda self: self.said)
    @rule(n=st.integers(0, 99), there=st.booleans(), shown=st.booleans(), own_words=st.booleans())
    def somebody_who_was_there(self, n: int, there: bool, shown: bool, own_words: bool) -> None:
        """Somebody without account answers; the words are then tried as a formative answer, like any other."""
        said = self.said[self.some(self.said, n)]
        protected = self.protected(self.things[said.thing].learner)
        saying = Saying("mate", "mon coach" if own_words else None, False, there, "full", "Mme Petit",
                        "Elle attend." if own_words else None, () if own_words else ("calm",), shown)
        if witnesses.refusal_to_answer(self.invitation(said)) or witnesses.refusals(
                saying, protected, ready.RELATIONS, ready.OBSERVATIONS):
            return
        arrives = feedback.arrives_at(self.now, protected, CITY)
        said.used_at, said.given, said.seen = self.now, len(self.given), Seen(arrives, there, shown)
        said.ready_only, said.was_protected = not own_words, protected
        self.given.append(Given(said.thing, "karim", False, arrives))

    @precondition(lambda self: any(s.seen for s in self.said))
    @rule(n=st.integers(0, 99), how=st.sampled_from(["erase", "take back", "hide"]))
    def words_are_taken_back(self, n: int, how: str) -> None:
        n = self.some(self.said, n)
        said = self.said[n]
        if said.seen is None:
            return
        if how == "erase":
            said.erased = True
        else:
            said.seen = replace(said.seen, **({"hidden_at": self.now} if how == "hide" else {"may_be_shown": False}))
        self.taken_back.append((f"words, {how}", n not in {s for _link, s in self.shown_words()}))

    @precondition(lambda self: any(s.seen for s in self.said))
    @rule(learner=st.sampled_from(sorted(LEARNERS)), months=st.sampled_from([1, 3]))
    def link_what_was_seen(self, learner: str, months: int) -> None:
        band = self.band(learner)
        chosen = tuple(n for n, s in enumerate(self.said) if self.things[s.thing].learner == learner and self.may_show(n))
        if not (sharing.refusal_to_share(band) or sharing.refusal_of_end(band, months)
                or sharing.refusal_of_choice(len(chosen))):
            self.links.append(Link(learner, (), (), self.now, sharing.end_of(months, self.now), band, said=chosen))

    @precondition(lambda self: self.given)
    @rule(n=st.integers(0, 99))
    def read(self, n: int) -> None:
        g = self.given[self.some(self.given, n)]
        if feedback.refusal_to_answer(g.visible_at, None, g.read_at, self.now) is None:
            g.read_at = self.now

    @precondition(lambda self: self.given)
    @rule(n=st.integers(0, 99), chosen=st.sets(st.sampled_from((*SENTENCES, 99)), max_size=3))
    def ask_recognition(self, n: int, chosen: set[int]) -> None:
        n = self.some(self.given, n)
        g = self.given[n]
        reachable = self.active(g.who) and (not self.protected(self.things[g.thing].learner) or self.checked(g.who))
        if recognition.refusal_to_ask_recognition(
            self.formative(n), self.story(g.thing), chosen, SENTENCES, self.waiting("recognition", g.thing, g.who),
            reachable, self.now,
        ) is None:
            thing = self.things[g.thing]
            self.requests.append(Request(
                "recognition", g.thing, g.who, self.now, feedback=n, competencies=tuple(sorted(chosen)),
                was_inside=thing.for_me_only or thing.deleted_at is not None,
            ))

    @precondition(lambda self: self.requests)
    @rule(n=st.integers(0, 99))
    def cancel(self, n: int) -> None:
        r = self.requests[self.some(self.requests, n)]
        refusal = (feedback.refusal_to_close(r.outcome) if r.kind == "feedback"
                   else recognition.refusal_to_cancel(r.closed_at))
        if r.closed_at is None:
            self.taken_back.append(("request", refusal is None))
        if refusal is None:
            r.outcome, r.closed_at = "cancelled", self.now

    def vouching(self, n: int, who: str, competency: int, feedback_of: int | None) -> Vouching:
        r, role = self.requests[n], self.roles.get(who)
        learner = self.things[r.thing].learner
        return Vouching(
            at=self.now, on=self.today, learner_id=key(learner), learner_protected=self.protected(learner),
            story=self.story(r.thing), formative=self.formative(feedback_of) if feedback_of is not None else None,
            request_learner_id=key(learner) if r.kind == "recognition" else None, request_closed_at=r.closed_at,
            asked_at=r.asked_at if r.kind == "recognition" else None, asked_competencies=r.competencies,
            competency_id=competency, facilitator_id=key(who), is_relative=(learner, who) in FAMILY,
            is_adult=self.band(who) is age.Band.ADULT, role="facilitator" if role else "learner",
            joined_at=role.joined_at if role else None, charter_version="1" if role and role.trained_at else None,
            trained_at=role.trained_at if role else None, suspended_at=role.suspended_at if role else None,
            ended_at=role.ended_at if role else None, accredited_at=role.accredited_at if role else None,
            organisation_suspended_at=None, organisation_closed_at=role.organisation_closed_at if role else None,
            minors_allowed=True, checked_until=role.checked_until if role else None,
        )

    @precondition(lambda self: self.requests)
    @rule(
        n=st.integers(0, 99), competency=st.sampled_from((*SENTENCES, 99)), later=st.booleans(),
        stranger=st.sampled_from([None, None, None, *sorted(ADULTS), "lea"]), other_feedback=st.booleans(),
        words=st.sampled_from(["Elle mène sans moi.", None]),
    )
    def recognise(
        self, n: int, competency: int, later: bool, stranger: str | None, other_feedback: bool, words: str | None
    ) -> None:
        """Somebody (whoever was asked, or a forged sender) answers one line of a request, maybe with another feedback."""
        n = self.some(self.requests, n)
        r = self.requests[n]
        who = stranger or r.who
        about = (len(self.given) - 1 if self.given else None) if other_feedback else r.feedback
        line = Line(competency, None if later else 3, recognition.NOT_YET if later else recognition.ENDORSE, words)
        facts = self.vouching(n, who, competency, about)
        if recognition.refusal_of_lines([line]) or recognition.refusal_to_endorse(facts):
            return
        learner = self.things[r.thing].learner
        arrives = feedback.arrives_at(self.now, self.protected(learner), CITY)
        if later:
            self.not_yet.append((n, competency, arrives))
        else:
            role = self.roles.get(who)
            given = self.given[about] if about is not None else None
            self.endorsed.append(Endorsed(n, competency, self.now, arrives, was={
                "who": who, "learner": learner, "words": words,
                "read_at": given.read_at if given else None,
                "from_facilitator": given.from_facilitator if given else False,
                "same_experience": given.thing == r.thing if given else False,
                "role": replace(role) if role else None, "born": self.born(who), "protected": self.protected(learner),
                "asked_at": r.asked_at if r.kind == "recognition" else None,
                "open": r.closed_at is None, "asked": r.competencies,
                "inside": self.things[r.thing].for_me_only or self.things[r.thing].deleted_at is not None,
            }))
        if all(any(c == e.competency and e.request == n for e in self.endorsed)
               or any(c == m and q == n for q, m, _at in self.not_yet) for c in r.competencies):
            r.outcome, r.closed_at = "decided", self.now

    @precondition(lambda self: self.endorsed)
    @rule(n=st.integers(0, 99), keep=st.booleans())
    def decide(self, n: int, keep: bool) -> None:
        n = self.some(self.endorsed, n)
        e = self.endorsed[n]
        if keep and recognition.refusal_to_keep(self.offer(n), self.now) is None:
            e.kept_at = self.now
        elif not keep and recognition.refusal_to_decline(self.offer(n), self.now) is None:
            e.declined_at = self.now

    @precondition(lambda self: self.endorsed)
    @rule(n=st.integers(0, 99))
    def permit(self, n: int) -> None:
        n = self.some(self.endorsed, n)
        band = self.band(self.endorsed[n].was["learner"])
        alone = band in {age.Band.YOUTH, age.Band.ADULT}
        if recognition.refusal_to_permit(self.offer(n), decides_alone=alone) is None:
            self.endorsed[n].permitted_at, self.endorsed[n].permitted_in_band = self.now, band

    @precondition(lambda self: self.things)
    @rule(learner=st.sampled_from(sorted(LEARNERS)), months=st.sampled_from([1, 3, 6, 12]), data=st.data())
    def link(self, learner: str, months: int, data: st.DataObject) -> None:
        mine = [n for n, x in enumerate(self.things) if x.learner == learner]
        theirs = [n for n, e in enumerate(self.endorsed) if e.was["learner"] == learner]
        things = data.draw(st.sets(st.sampled_from(mine)) if mine else st.just(set()))
        chosen = data.draw(st.sets(st.sampled_from(theirs)) if theirs else st.just(set()))
        self.open_link(learner, months, things, chosen)

    def open_link(self, learner: str, months: int, things: set[int], chosen: set[int]) -> None:
        band = self.band(learner)
        things = {n for n in things if sharing.refusal_to_show_item(self.story(n)) is None}
        chosen = {n for n in chosen if sharing.refusal_to_show_item(
            self.story(self.requests[self.endorsed[n].request].thing), self.offer(n)) is None}
        if (sharing.refusal_to_share(band) or sharing.refusal_of_end(band, months)
                or sharing.refusal_of_choice(len(things) + len(chosen))):
            return
        self.links.append(Link(learner, tuple(sorted(things)), tuple(sorted(chosen)), self.now,
                               sharing.end_of(months, self.now), band))

    @initialize(learner=st.sampled_from(sorted(LEARNERS)), who=WHO, chosen=CHOSEN, later=LATER, steps=STEPS,
                before=BEFORE, trouble=TROUBLE)
    def begins(self, **story: Any) -> None:
        self.story_of(**story)

    @rule(learner=st.sampled_from(sorted(LEARNERS)), who=WHO, chosen=CHOSEN, later=LATER, steps=STEPS, before=BEFORE,
          trouble=TROUBLE)
    def goes_on(self, **story: Any) -> None:
        self.story_of(**story)

    def story_of(
        self, learner: str, who: str, chosen: set[int], later: int, steps: int, before: int, trouble: str
    ) -> None:
        """The honest way, as far as `steps`, with one trouble before one of them."""
        self.log(learner, False)
        thing = len(self.things) - 1

        def formative() -> None:
            if trouble == "there":
                self.given.append(Given(thing, who, False, self.now))
            elif self.requests:
                self.give_feedback(0)

        def answer() -> None:
            if not self.requests:
                return
            if trouble == "elsewhere":
                self.log(learner, False)
                self.given.append(Given(len(self.things) - 1, who, True, START, START))
            elif trouble == "read late":
                self.given.append(Given(thing, who, True, self.now, self.now))
            stranger = {"stranger": "karim" if who != "karim" else "nadia", "oneself": learner}.get(trouble)
            words = None if trouble == "wordless" else "Vu."
            for c in [99] if trouble == "unasked" else sorted(chosen):
                self.recognise(0, c, c == later, stranger, trouble in {"elsewhere", "read late"}, words)

        todo = (
            lambda: self.ask_feedback(0, who, True),
            formative,
            lambda: self.given and trouble != "unread" and self.read(0),
            lambda: self.given and self.ask_recognition(0, chosen),
            answer,
            lambda: self.endorsed and self.decide(0, True),
            lambda: self.endorsed and self.permit(0),
        )
        for n, step in enumerate(todo[:steps]):
            if n == before and trouble in {"end", "suspend", "close", "lapse", "again"}:
                self.organisation(who, trouble)
            elif n == before and trouble in {"inside", "deleted"}:
                self.for_me_only(0, True) if trouble == "inside" else self.delete(0)
            elif n == before and trouble == "cancel" and self.requests:
                self.cancel(0)
            elif n == before and trouble == "time":
                self.now += dt.timedelta(days=100)
            elif (n, trouble) in {(1, "night"), (4, "evening")}:
                self.now = self.now.replace(hour=22)
            step()
            self.now += dt.timedelta(hours=1 if trouble in {"night", "evening"} or 8 <= self.now.hour < 20 else 10)

    @precondition(lambda self: any(e.permitted_at for e in self.endorsed))
    @rule(months=st.sampled_from([1, 3, 6]))
    def link_what_is_permitted(self, months: int) -> None:
        learner = next(e for e in reversed(self.endorsed) if e.permitted_at).was["learner"]
        self.open_link(learner, months, set(), {n for n, e in enumerate(self.endorsed) if e.was["learner"] == learner})

    # --- everything that is taken back ---

    @precondition(lambda self: self.endorsed)
    @rule(n=st.integers(0, 99))
    def end_permission(self, n: int) -> None:
        n = self.some(self.endorsed, n)
        self.endorsed[n].permitted_at = None
        self.taken_back.append(("permission", n not in {e for _link, e in self.shown()}))

    @precondition(lambda self: self.endorsed)
    @rule(n=st.integers(0, 99))
    def set_aside(self, n: int) -> None:
        n = self.some(self.endorsed, n)
        e = self.endorsed[n]
        refusal = recognition.refusal_to_set_aside(self.offer(n))
        if e.kept_at is not None:
            self.taken_back.append(("keeping", refusal is None))
        if refusal is None:
            e.set_aside_at = e.set_aside_at or self.now
            self.taken_back.append(("keeping, at once", n not in {e for _link, e in self.shown()}))

    @precondition(lambda self: self.endorsed)
    @rule(n=st.integers(0, 99), reason=st.sampled_from(["Une erreur de personne.", None]))
    def withdraw(self, n: int, reason: str | None) -> None:
        n = self.some(self.endorsed, n)
        e = self.endorsed[n]
        refusal = recognition.refusal_to_withdraw(e.withdrawn_at, reason)
        if e.withdrawn_at is None and reason:
            self.taken_back.append(("endorsement", refusal is None))
        if refusal is None:
            e.withdrawn_at = self.now
            self.taken_back.append(("endorsement, at once", n not in {e for _link, e in self.shown()}))
            assert reason, "an endorsement was withdrawn without a reason for its learner"

    @precondition(lambda self: self.links)
    @rule(n=st.integers(0, 99))
    def close(self, n: int) -> None:
        n = self.some(self.links, n)
        self.links[n].closed_at = self.links[n].closed_at or self.now
        self.taken_back.append(("link", n not in {link for link, _ in (*self.shown(), *self.shown_things())}))

    # --- what happens around them ---

    @rule(who=st.sampled_from(sorted(ADULTS)), what=st.sampled_from(["check", "train", "end", "suspend", "close", "lapse", "again"]))
    def organisation(self, who: str, what: str) -> None:
        role = self.roles[who]
        if what == "end":
            role.ended_at = role.ended_at or self.now
        elif what == "suspend":
            role.suspended_at = self.now if role.suspended_at is None else None
        elif what == "close":
            role.organisation_closed_at = self.now if role.organisation_closed_at is None else None
        elif what == "again":
            self.roles[who] = Role(self.now, self.now, self.today, START)
        elif what == "train":
            role.trained_at = role.trained_at or self.now
        elif what == "check":
            role.checked_until = self.today + dt.timedelta(days=200)
        else:
            role.checked_until = self.today

    @rule(hours=st.sampled_from([1, 5, 11, 24, 24 * 14, 24 * 100, 24 * 400]))
    def time_passes(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)

    # --- the charter ---

    @charter
    def a_feedback_is_read_only_after_it_arrived_and_its_author_was_vouched_for(self) -> None:
        assert all(g.read_at is None or g.read_at >= g.visible_at for g in self.given)
        assert all(g.was_vouched for g in self.given)

    @charter
    def an_endorsement_follows_a_read_feedback_of_a_facilitator_on_the_same_experience(self) -> None:
        for e in self.endorsed:
            assert e.was["from_facilitator"]
            assert e.was["same_experience"]
            assert e.was["read_at"] is not None
            assert e.was["read_at"] <= e.was["asked_at"] <= e.at

    @charter
    def an_endorsement_follows_the_learners_own_open_request_for_that_competency(self) -> None:
        for e in self.endorsed:
            assert e.was["asked_at"] is not None
            assert e.was["open"]
            assert e.competency in e.was["asked"]

    @charter
    def nothing_is_kept_without_its_learners_yes_after_it_arrived(self) -> None:
        for e in self.endorsed:
            assert e.kept_at is None or (e.kept_at >= e.visible_at >= e.at and e.declined_at is None)

    @charter
    def nobody_endorses_themself_or_a_relative_or_before_18(self) -> None:
        for e in self.endorsed:
            assert e.was["who"] != e.was["learner"]
            assert (e.was["learner"], e.was["who"]) not in FAMILY
            year, month = e.was["born"]
            assert year is None or (e.at.year - year) * 12 + e.at.month - month > 18 * 12

    @charter
    def membership_accreditation_and_course_held_at_that_time(self) -> None:
        for e in self.endorsed:
            role = e.was["role"]
            assert role is not None
            assert role.joined_at <= e.at
            assert role.accredited_at <= e.at
            assert role.trained_at is not None
            assert role.trained_at <= e.at
            assert all(t is None or t > e.at for t in (role.ended_at, role.suspended_at, role.organisation_closed_at))

    @charter
    def a_check_was_in_force_for_a_protected_learner(self) -> None:
        for e in self.endorsed:
            assert not e.was["protected"] or e.was["role"].checked_until > e.at.date()

    @charter
    def an_endorsement_says_what_was_seen(self) -> None:
        assert all(e.was["words"] for e in self.endorsed)

    @charter
    def nothing_is_shown_that_its_learner_does_not_permit_now(self) -> None:
        for link, n in self.shown():
            e = self.endorsed[n]
            assert e.kept_at is not None
            assert e.permitted_at is not None
            assert e.declined_at is e.set_aside_at is e.withdrawn_at is None
            assert self.links[link].learner == e.was["learner"]

    @charter
    def under_15_nobody_permits_or_opens_a_link_alone(self) -> None:
        assert all(e.permitted_at is None or e.permitted_in_band in {age.Band.YOUTH, age.Band.ADULT}
                   for e in self.endorsed)
        for link in self.links:
            assert link.band in {age.Band.YOUTH, age.Band.ADULT}
            assert link.ends_at - link.made_at <= dt.timedelta(days=90 if link.band is age.Band.YOUTH else 366)

    @charter
    def somebody_without_account_opens_no_recognition(self) -> None:
        words = {s.given for s in self.said if s.given is not None}
        assert not any(r.feedback in words for r in self.requests)
        assert all(self.given[r.feedback].from_facilitator for r in self.requests if r.feedback is not None)

    @charter
    def under_15_nobody_asks_outside_alone_and_five_wait_at_most(self) -> None:
        assert all(s.band in {age.Band.YOUTH, age.Band.ADULT} and not s.was_inside for s in self.said)
        for thing in range(len(self.things)):
            assert sum(1 for s in self.said if s.thing == thing and s.used_at is None and s.revoked_at is None
                       and s.made_at + dt.timedelta(days=14) > self.now) <= 5

    @charter
    def to_a_protected_learner_nobody_unknown_says_words_of_their_own(self) -> None:
        assert all(s.ready_only for s in self.said if s.seen and s.was_protected)
        assert all(s.used_at < s.made_at + dt.timedelta(days=14) for s in self.said if s.used_at)
        assert all(s.revoked_at is None for s in self.said if s.used_at)

    @charter
    def words_are_shown_only_as_long_as_who_said_them_allows_it(self) -> None:
        inside = {n for n, x in enumerate(self.things) if x.for_me_only or x.deleted_at is not None}
        for link, n in self.shown_words():
            said = self.said[n]
            assert said.seen is not None
            assert said.seen.may_be_shown
            assert said.seen.saw_it
            assert said.seen.hidden_at is None
            assert not said.erased
            assert said.thing not in inside
            assert self.links[link].learner == self.things[said.thing].learner

    @charter
    def a_next_step_is_in_no_link_and_in_no_view_of_another(self) -> None:
        seen = {(self.endorsed[n].request, self.endorsed[n].competency, "endorsement") for _link, n in self.shown()}
        assert all(kind == "endorsement" for _request, _competency, kind in seen)
        only_later = {(r, c) for r, c, _at in self.not_yet} - {(e.request, e.competency) for e in self.endorsed}
        assert not only_later & {(r, c) for r, c, _kind in seen}

    @charter
    def what_is_for_oneself_only_is_in_no_request_link_or_count(self) -> None:
        assert not any(r.was_inside for r in self.requests)
        assert not any(e.was["inside"] for e in self.endorsed)
        inside = {n for n, x in enumerate(self.things) if x.for_me_only or x.deleted_at is not None}
        assert not any(r.thing in inside and r.closed_at is None for r in self.requests)
        assert not inside & {x for _link, x in self.shown_things()}
        assert not inside & {self.requests[self.endorsed[n].request].thing for _link, n in self.shown()}

    @charter
    def everything_can_always_be_taken_back_with_effect_at_once(self) -> None:
        assert all(worked for _what, worked in self.taken_back), self.taken_back


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("learner", sorted(LEARNERS))
@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_trouble_before_every_step_leaves_the_charter_whole(learner: str, trouble: str) -> None:
    for who in ADULTS:
        for before in range(7):
            life = Life()
            life.story_of(learner, who, {1, 2}, 2, 7, before, trouble)
            life.link_what_is_permitted(1) if any(e.permitted_at for e in life.endorsed) else None
            for truth in CHARTER:
                truth(life)


@pytest.mark.parametrize("learner", sorted(LEARNERS))
def test_somebody_who_was_there_is_heard_and_shown_and_opens_nothing(learner: str) -> None:
    life = Life()
    life.log(learner, False)
    life.invite(0)
    if life.said:
        life.somebody_who_was_there(0, True, True, learner == "lea")
    life.link_what_was_seen(learner, 1)
    assert len(life.shown_words()) == (learner != "tom")
    if life.given:
        life.read(0)
        life.ask_recognition(0, {1})
    assert life.requests == []
    for truth in CHARTER:
        truth(life)


def test_the_honest_story_gets_to_its_end() -> None:
    life = Life()
    life.story_of("lea", "karim", {1, 2}, 2, 7, 0, "")
    life.link_what_is_permitted(3)
    assert len(life.endorsed) == len(life.not_yet) == len(life.shown()) == 1
