"""A life that the real services live, with a real database: everything people can do, in any order, with time passing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from passport.accounts.models import ContactBar
from passport.card import queries as cards
from passport.card import service as card
from passport.clock import day_of
from passport.columns import Base, uuid7
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback import queries as feedback_queries
from passport.feedback import service as feedback
from passport.feedback import waiting as feedback_waiting
from passport.feedback.models import AuthoredText, Feedback, FeedbackRequest
from passport.organisations import service as organisations
from passport.organisations.models import Joined, Membership, Organisation
from passport.policy import Action, Body, Member, Mine, Role, answering_role, can
from passport.recognition import queries as recognition_queries
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement, NotYet, RecognitionRequest
from passport.refusals import Refused
from passport.safety import service as safety
from passport.sharing import service as sharing
from passport.sharing.models import Share
from passport.transaction import transaction
from passport.witnesses import queries as witness_queries
from passport.witnesses import service as witnesses
from passport.witnesses.models import Testimony, WitnessInvitation

from . import world
from .cast import Cast

START = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
LEARNERS = ("lea", "tom", "youth", "chosen", "karim")
FACILITATORS = ("karim", "nadia", "hugo", "novice")
MANAGERS = {"library": "claire", "club": "farid"}
PEOPLE = ("lea", "tom", "youth", "chosen", "karim", "nadia", "hugo", "novice", "claire", "farid", "sofia", "stranger")
HOUSE = {"karim": "library", "hugo": "library", "novice": "library", "nadia": "club"}
HOURS = (1, 5, 11, 24, 24 * 8, 24 * 14, 24 * 31, 24 * 61, 24 * 200, 24 * 600, -1)
TROUBLES = ("end", "suspend", "resume", "no minors", "check", "block", "report", "show again", "inside", "delete", "undo",
            "cancel", "decline", "withdraw", "aside", "unpermit", "close", "lose card", "erase", "lapse", "leave",
            "join", "somebody else", "night", "back")
N = st.integers(0, 5)
LEARNER = st.sampled_from(LEARNERS)
WHO = st.sampled_from(("karim", "karim", "nadia", "hugo", "novice"))
ANYBODY = st.sampled_from((None, None, None, None, *PEOPLE))
TROUBLE = st.sampled_from(TROUBLES)
STORY: dict[str, Any] = {
    "learner": LEARNER, "who": WHO, "steps": st.sampled_from((9, 9, 9, 8, 7, 6, 5)), "before": st.integers(1, 9),
    "trouble": st.one_of(st.none(), TROUBLE), "chosen": st.sampled_from(((1,), (1, 2), (2, 3))),
}
STANDING = {"framework", "framework_version", "competency", "wording", "alignment", "search_text"}
Opening = Callable[[], tuple[Flask, Cast, Callable[[], None]]]


def quietly(do: Callable[..., Any], *given: Any) -> None:
    """Do it and say nothing of how many things it changed."""
    do(*given)


class Life(RuleBasedStateMachine):
    """People of the cast who try everything; `opening` gives each life its own database and a way to let go of it."""

    def __init__(self, opening: Opening, stand: Callable[[dt.datetime], Any]) -> None:
        super().__init__()
        self.app, self.cast, self.let_go = opening()
        self.context = self.app.test_request_context("/")
        self.context.push()
        self.stand, self.now, self.count = stand, START, 0
        stand(START)
        # Ids in the order in which they came: a choice by number is the same each time a life is lived again.
        self.kept: dict[Any, list[Any]] = {m: [] for m in (
            Experience, FeedbackRequest, Feedback, RecognitionRequest, Endorsement, NotYet, Share, WitnessInvitation,
            Testimony, AuthoredText)}
        self.kept[Experience] += [self.cast[name] for name in ("lea_x", "lea_me", "tom_x", "youth_x")]
        self.secret: list[str] = []
        self._picture: dict[str, int] | None = None

    def teardown(self) -> None:
        """Let go of the database."""
        db.session.rollback()
        self.context.pop()
        self.let_go()

    # --- trying ---

    def picture(self) -> dict[str, int]:
        """Return what tells whether anything changed, table by table."""
        if self._picture is None:
            reach = db.session.connection().exec_driver_sql
            self._picture = {
                name: hash(frozenset(map(repr, map(tuple, reach(f'SELECT * FROM "{name}"')))))
                for name in sorted(Base.metadata.tables.keys() - STANDING)
            }
            db.session.rollback()
        return self._picture

    def attempt(self, do: Callable[[], Any], refusable: bool = True, again: bool = False) -> Any:
        """Do it in one transaction; refused, nothing may have changed; with `again`, twice changes nothing more."""
        before = self.picture()
        try:
            with transaction():
                made = do()
                key = getattr(made, "id", made)
        except Refused:
            self._picture = None
            assert refusable, "what one gave can always be taken back"
            assert self.picture() == before, "refused, and yet something changed"
            return None
        self._picture = None
        self.happened()
        if again:
            after = self.picture()
            with transaction():
                assert getattr(do(), "id", None) == key, "sent twice, it is another thing"
            self._picture = None
            assert self.picture() == after, "done twice, something more changed"
        return key

    def happened(self) -> None:
        """Be told that something was done; a charter looks at it while everything is as it was then."""

    def may(self, name: str | None, owner: uuid.UUID, action: Action, thing: Any) -> bool:
        """Say whether somebody (the owner when no name is given) may do this; for others it must be closed."""
        actor = world.accounts_actor(self.cast[name] if name else owner)
        return bool(can(actor, action, thing, self.now, day_of(self.now)))

    def mine(self, name: str | None, action: Action, thing: Any, do: Callable[[], Any], **how: bool) -> Any:
        """Let somebody try what only the learner concerned may do."""
        owner = thing.learner_id
        allowed = self.may(name, owner, action, thing)
        assert not allowed or name is None or self.cast[name] == owner, f"{name} may {action}"
        return self.attempt(do, **how) if allowed else None

    def keep(self, model: Any, key: Any) -> Any:
        """Remember a new thing by its id and return it."""
        if key is not None and key not in self.kept[model]:
            self.kept[model].append(key)
        return key

    def some(self, model: Any, n: int) -> Any:
        """Return the n-th newest thing of a kind that is still there, or None."""
        known = self.kept[model]
        return db.session.get(model, known[-1 - n % len(known)], populate_existing=True) if known else None

    def number(self) -> int:
        """Return a number that was not used before in this life."""
        self.count += 1
        return self.count

    def submission(self) -> uuid.UUID:
        """Return the number of a new form."""
        return uuid.uuid5(uuid.NAMESPACE_URL, str(self.number()))

    def role(self, who: str) -> Role | None:
        """Return the role of a facilitator as it stands."""
        return feedback_queries.role_of(self.cast[f"m_{who}"])

    def name_of(self, account_id: uuid.UUID) -> str:
        """Return who of the cast this is."""
        return next(name for name in PEOPLE if self.cast[name] == account_id)

    # --- the learner's experiences ---

    @rule(learner=LEARNER, inside=st.booleans())
    def log(self, learner: str, inside: bool = False) -> None:
        number, submission = self.number(), self.submission()
        draft = experiences.ExperienceDraft(f"Expérience {number}.", submission, for_me_only=inside, story="Un récit.")
        key = self.attempt(lambda: experiences.log_experience(self.cast[learner], draft, self.now), again=True)
        for competency in (1, 2):
            self.attempt(lambda c=competency: experiences.claim(db.session.get_one(Experience, key), c, 2, self.now))
        self.keep(Experience, key)

    @rule(n=N, by=ANYBODY, inside=st.booleans())
    def for_me_only(self, n: int, by: str | None = None, inside: bool = True) -> None:
        if (x := self.some(Experience, n)) is not None:
            self.mine(by, Action.CHANGE_EXPERIENCE, x, lambda: experiences.set_for_me_only(x, inside, self.now),
                      refusable=False, again=True)

    @rule(n=N, by=ANYBODY)
    def delete(self, n: int, by: str | None = None) -> None:
        if (x := self.some(Experience, n)) is not None:
            self.mine(by, Action.DELETE_EXPERIENCE, x, lambda: experiences.delete(x, self.now), refusable=False,
                      again=True)

    @rule(n=N, by=ANYBODY)
    def undo(self, n: int, by: str | None = None) -> None:
        if (x := self.some(Experience, n)) is not None:
            self.mine(by, Action.DELETE_EXPERIENCE, x, lambda: experiences.restore(x, self.now), again=True)

    # --- feedback ---

    @rule(n=N, who=WHO, team=st.booleans(), by=ANYBODY)
    def ask(self, n: int, who: str, team: bool = False, by: str | None = None) -> None:
        x = self.some(Experience, n)
        if x is None:
            return
        member, house = (None if team else self.cast[f"m_{who}"]), self.cast[HOUSE[who]]
        submission, along = self.submission(), [1, 2]
        key = self.mine(by, Action.ASK_FEEDBACK, x, lambda: feedback.ask(
            x, db.session.get(Membership, member) if member else None, db.session.get_one(Organisation, house), along,
            "C’était clair ?", submission, self.now), again=True)
        self.keep(FeedbackRequest, key)

    @rule(n=N, who=WHO, by=st.sampled_from(("claire", "farid", "sofia", "karim")))
    def assign(self, n: int, who: str, by: str) -> None:
        request = self.some(FeedbackRequest, n)
        found = feedback_waiting.asked(request.id, self.now) if request else None
        if found is not None and self.may(by, request.learner_id, Action.ASSIGN_REQUEST, found):
            self.attempt(lambda: feedback.assign(
                request, db.session.get_one(Membership, self.cast[f"m_{who}"]), self.now))

    @rule(n=N, who=WHO, careless=st.booleans())
    def give(self, n: int, who: str | None, careless: bool = False) -> None:
        """`careless` asks the service alone, as if no policy stood before it."""
        request = self.some(FeedbackRequest, n)
        found = feedback_waiting.asked(request.id, self.now) if request else None
        if found is None:
            return
        who = who or (self.name_of(request.facilitator_id) if request.facilitator_id else "karim")
        careless = careless and request.facilitator_id == self.cast[who]
        actor = world.accounts_actor(self.cast[who])
        role = self.role(who) if careless else answering_role(actor, found, self.now)
        if role is None or not (careless or self.may(who, request.learner_id, Action.GIVE_FEEDBACK, found)):
            return
        draft = feedback.FeedbackDraft("Bien expliqué.", "Et après ?", None, self.submission())
        key = self.attempt(lambda: feedback.give_feedback(
            db.session.get_one(FeedbackRequest, request.id), role, self.cast[who], draft, self.now), again=True)
        if self.keep(Feedback, key):
            self.keep(AuthoredText, db.session.get_one(Feedback, key).text_id)

    @rule(n=N, by=ANYBODY, reply=st.sampled_from((None, "Merci.")))
    def read(self, n: int, by: str | None = None, reply: str | None = None) -> None:
        if (given := self.some(Feedback, n)) is not None:
            self.mine(by, Action.ANSWER_FEEDBACK, given, lambda: feedback.answer(given, reply, self.now), again=True)

    @rule(n=N, kind=st.sampled_from((FeedbackRequest, RecognitionRequest)), by=ANYBODY)
    def cancel(self, n: int, kind: Any = FeedbackRequest, by: str | None = None) -> None:
        if (request := self.some(kind, n)) is not None:
            service, action = ((feedback, Action.CANCEL_REQUEST) if kind is FeedbackRequest
                               else (recognition, Action.CANCEL_RECOGNITION))
            waits = request.closed_at is None
            self.mine(by, action, request, lambda: service.cancel(request, self.now), refusable=not waits, again=waits)

    @rule(n=N, kind=st.sampled_from((FeedbackRequest, RecognitionRequest)), who=WHO)
    def decline(self, n: int, kind: Any, who: str) -> None:
        request = self.some(kind, n)
        queries: Any = feedback_waiting if kind is FeedbackRequest else recognition_queries
        found = queries.asked(request.id, self.now) if request else None
        if found is None or not self.may(who, request.learner_id, Action.DECLINE_REQUEST, found):
            return
        role = answering_role(world.accounts_actor(self.cast[who]), found, self.now)
        assert role is not None
        self.attempt(lambda: feedback.decline(request, role.membership_id, self.cast[who], self.now)
                     if kind is FeedbackRequest else recognition.decline(request, self.cast[who], self.now), again=True)

    # --- somebody without account ---

    @rule(n=N, by=ANYBODY)
    def invite(self, n: int, by: str | None = None) -> None:
        if (x := self.some(Experience, n)) is not None:
            draft = witnesses.InvitationDraft((1,), "display", None, self.submission())
            self.keep(WitnessInvitation, self.mine(
                by, Action.INVITE_WITNESS, x, lambda: witnesses.invite(x, draft, self.now), again=True))

    @rule(n=N, own_words=st.booleans(), there=st.booleans(), shown=st.booleans())
    def somebody_who_was_there(self, n: int, own_words: bool, there: bool = True, shown: bool = True) -> None:
        if (invitation := self.some(WitnessInvitation, n)) is not None:
            words = ({"words": f"Vu {self.number()}."} if own_words else
                     {"words": None, "sentences": tuple(sorted(witnesses.ready.OBSERVATIONS))[:2]})
            draft = world.says(saw_it=there, may_be_shown=shown, submission=self.submission(), **words)
            key = self.attempt(lambda: witnesses.answer(invitation, draft, self.now), again=True)
            if self.keep(Testimony, key):
                self.keep(AuthoredText, db.session.get_one(Testimony, key).text_id)

    @rule(n=N, how=st.sampled_from(("erase", "take back", "cancel", "read")), by=ANYBODY)
    def words_are_taken_back(self, n: int, how: str, by: str | None = None) -> None:
        invitation, said = self.some(WitnessInvitation, n), self.some(Testimony, n)
        if how == "cancel" and invitation is not None:
            waits = invitation.used_at is None
            self.mine(by, Action.CANCEL_INVITATION, invitation, lambda: witnesses.cancel(invitation, self.now),
                      refusable=not waits, again=waits)
        elif how == "take back" and said is not None:
            self.attempt(lambda: witnesses.take_back_permission(said, self.now), refusable=False, again=True)
        elif how == "erase" and said is not None:
            self.attempt(lambda: witnesses.erase(said, None, self.now), refusable=False)
        elif said is not None and witness_queries.testimony(said.id, self.now):
            self.mine(by, Action.READ_TESTIMONY, said, lambda: witnesses.note_read(said, self.now), again=True)

    # --- recognition ---

    @rule(n=N, chosen=st.sets(st.sampled_from((1, 2, 3, 99)), max_size=2), by=ANYBODY)
    def ask_recognition(self, n: int, chosen: set[int], by: str | None = None) -> None:
        if (given := self.some(Feedback, n)) is None:
            return
        submission = self.submission()
        self.keep(RecognitionRequest, self.mine(
            by, Action.ASK_RECOGNITION, given, lambda: recognition.ask(given, chosen, submission, self.now), again=True))

    @rule(n=N, who=WHO, careless=st.booleans(), relative=st.booleans(), unasked=st.booleans())
    def recognise(self, n: int, who: str | None = None, careless: bool = False, relative: bool = False,
                  unasked: bool = False) -> None:
        """`careless` asks the service alone, as if no policy stood before it; one line is a next step."""
        request = self.some(RecognitionRequest, n)
        found = recognition_queries.asked(request.id, self.now) if request else None
        if found is None:
            return
        who = who or self.name_of(request.facilitator_id)
        role, actor = self.role(who), world.accounts_actor(self.cast[who])
        if role is None or not (careless or self.may(who, request.learner_id, Action.RECOGNISE, found)):
            return
        asked = sorted(db.session.scalars(sa.text(
            "SELECT competency_id FROM requested_competency WHERE request_id = :r").bindparams(
                sa.bindparam("r", request.id, Endorsement.id.type))))
        secret = f"SECRET-{self.number()}"
        lines = tuple((c, 3, "endorse", "Sans hésiter.") if place == 0 else (c, None, "not_yet", secret)
                      for place, c in enumerate([4] if unasked else asked))
        day = day_of(self.now)
        draft = recognition.RecogniseDraft("saw", "regularly", relative, day - dt.timedelta(days=40), day, lines,
                                           self.submission())
        self.secret.append(secret)
        key = self.attempt(lambda: recognition.recognise(request, role, actor, draft, "K. B.", self.now), again=True)
        for model in (Endorsement, NotYet):
            for row in db.session.scalars(sa.select(model).where(model.request_id == request.id)
                                          .order_by(model.competency_id)) if key else ():
                self.keep(model, row.id)
                self.keep(AuthoredText, row.text_id)

    @rule(n=N, what=st.sampled_from(("keep", "keep", "decline_offer", "permit", "permit", "end_permission", "set_aside")),
          by=ANYBODY)
    def decide(self, n: int, what: str, by: str | None = None) -> None:
        if (offered := self.some(Endorsement, n)) is not None:
            action = Action.PERMIT_ENDORSEMENT if what == "permit" else Action.DECIDE_ENDORSEMENT
            back = what == "end_permission" or (what == "set_aside" and offered.accepted_at is not None)
            self.mine(by, action, offered, lambda: getattr(recognition, what)(offered, self.now), refusable=not back,
                      again=True)

    @rule(n=N, erase=st.booleans(), by=ANYBODY)
    def next_step(self, n: int, erase: bool, by: str | None = None) -> None:
        if (step := self.some(NotYet, n)) is not None:
            do = recognition.erase_not_yet if erase else recognition.read_not_yet
            self.mine(by, Action.DECIDE_ENDORSEMENT, step, lambda: do(step, self.now), refusable=False)

    @rule(n=N, who=st.sampled_from((*FACILITATORS, "claire", "farid")))
    def withdraw(self, n: int, who: str | None = None) -> None:
        if (offered := self.some(Endorsement, n)) is not None:
            who = who or self.name_of(offered.facilitator_id)
            line = recognition_queries.ledger_line(offered.id, self.now)
            if line and self.may(who, offered.learner_id, Action.WITHDRAW_ENDORSEMENT, line):
                over = offered.withdrawn_at is not None
                self.attempt(lambda: recognition.withdraw(
                    offered, self.cast[f"m_{who}"], self.cast[who], "Une erreur.", self.now), refusable=over)

    # --- showing ---

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

    # --- being bothered, organisations, time ---

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
            "minors": (Action.COORDINATE, Body(body.id), lambda: organisations.set_minors(body, True, me, self.now)),
            "no minors": (Action.COORDINATE, Body(body.id), lambda: organisations.set_minors(body, False, me, self.now)),
            "charter": (Action.ACCEPT_CHARTER, thing, lambda: organisations.accept_charter(member, self.now)),
        }
        action, about, do = tries[what]
        if self.may(who if what == "charter" else by, me, action, about):
            self.attempt(do)

    @rule(hours=st.sampled_from(HOURS))
    def time_passes(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)
        self.stand(self.now)

    @rule()
    def night_work(self) -> None:
        """What waits too long ends, and what was deleted long ago is erased."""
        for job in (feedback.lapse, recognition.lapse, experiences.erase_deleted):
            self.attempt(lambda job=job: quietly(job, self.now), refusable=False, again=True)

    # --- a whole story, with one trouble on its way ---

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
            "night": lambda: self.time_passes(11),
            "back": lambda: self.time_passes(-1),
        }[trouble]()
