"""What others saw, what they recognise, and what its learner decides on it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import rule

from passport.clock import day_of
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback.models import AuthoredText, Feedback
from passport.policy import Action
from passport.recognition import attested, inbox, recognising
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement, NotYet, RecognitionRequest
from passport.witnesses import queries as witness_queries
from passport.witnesses import service as witnesses
from passport.witnesses.models import Testimony, WitnessInvitation
from tests import world

from .trying import ANYBODY, FACILITATORS, WHO, N, Trying


class Recognising(Trying):
    """The words of somebody without account, and recognition."""

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
        submission, pieces, place = self.submission(), self.pieces(), given.id
        key = self.mine(by, Action.ASK_RECOGNITION, given, lambda: recognition.ask(
            given, chosen, submission, self.now, pieces), again=True)
        if key is not None:
            self.along.setdefault(key, pieces)
        self.keep_sent(RecognitionRequest, key, lambda: recognition.ask(
            db.session.get_one(Feedback, place), chosen, submission, self.now, pieces))

    @rule(n=N, who=WHO, careless=st.booleans(), relative=st.booleans(), unasked=st.booleans())
    def recognise(self, n: int, who: str | None = None, careless: bool = False, relative: bool = False,
                  unasked: bool = False) -> None:
        """`careless` asks the service alone, as if no policy stood before it; one line is a next step."""
        request = self.some(RecognitionRequest, n)
        found = inbox.asked(request.id, self.now) if request else None
        if found is None:
            return
        who = who or self.name_of(request.facilitator_id)
        role, actor = self.role(who), self.actor(self.cast[who])
        if role is None or not (careless or self.may(who, request.learner_id, Action.RECOGNISE, found)):
            return
        asked = sorted(db.session.scalars(sa.text(
            "SELECT competency_id FROM requested_competency WHERE request_id = :r").bindparams(
                sa.bindparam("r", request.id, Endorsement.id.type))))
        secret = f"SECRET-{self.number()}"
        lines = tuple((c, 3, "endorse", "Sans hésiter.") if place == 0 else (c, None, "not_yet", secret)
                      for place, c in enumerate([4] if unasked else asked))
        day = day_of(self.now)
        draft = recognising.RecogniseDraft("saw", "regularly", relative, day - dt.timedelta(days=40), day, lines,
                                           self.submission())
        self.secret.append(secret)
        key = self.attempt(lambda: recognising.recognise(request, role, actor, draft, "K. B.", self.now), again=True)
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
            line = attested.ledger_line(offered.id, self.now)
            if line and self.may(who, offered.learner_id, Action.WITHDRAW_ENDORSEMENT, line):
                over = offered.withdrawn_at is not None
                self.attempt(lambda: recognition.withdraw(
                    offered, self.cast[f"m_{who}"], self.cast[who], "Une erreur.", self.now), refusable=over)
