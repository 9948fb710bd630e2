"""What a learner tells, and what they and those they ask say to each other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from passport.accounts import drafts
from passport.experiences import evidence
from passport.experiences import service as experiences
from passport.experiences.cleaning import Cleaned
from passport.experiences.models import Evidence, Experience
from passport.extensions import db
from passport.feedback import queries as feedback_queries
from passport.feedback import service as feedback
from passport.feedback import waiting as feedback_waiting
from passport.feedback.models import AuthoredText, Feedback, FeedbackRequest
from passport.organisations.models import Membership, Organisation
from passport.policy import Action, answering_role
from passport.recognition import inbox
from passport.recognition import queries as recognition_queries
from passport.recognition import service as recognition
from passport.recognition.models import RecognitionRequest

from .trying import ANYBODY, HOUSE, LEARNER, WHO, N, Trying, quietly


class Telling(Trying):
    """Experiences, what lies beside them, and feedback."""

    # --- the learner's experiences ---

    @rule(learner=LEARNER, inside=st.booleans())
    def log(self, learner: str, inside: bool = False) -> None:
        number, submission = self.number(), self.submission()
        draft = experiences.ExperienceDraft(f"Expérience {number}.", submission, for_me_only=inside, story="Un récit.")
        key = self.attempt(lambda: experiences.log_experience(self.cast[learner], draft, self.now), again=True)
        for competency in (1, 2):
            self.attempt(lambda c=competency: experiences.claim(db.session.get_one(Experience, key), c, 2, self.now))
        self.keep_sent(Experience, key, lambda: experiences.log_experience(self.cast[learner], draft, self.now))

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

    @rule(n=N, what=st.sampled_from(("file", "link", "remove")), by=ANYBODY)
    def beside(self, n: int, what: str = "link", by: str | None = None) -> None:
        """Put something beside an experience, or erase what is there; a file is its row, as cleaning leaves it."""
        x, number, submission = self.some(Experience, n), self.number(), self.submission()
        if what == "remove":
            piece = self.some(Evidence, n)
            x = piece and db.session.get(Experience, piece.experience_id)
            if x is not None and self.may(by, x.learner_id, Action.CHANGE_EXPERIENCE, x):
                key, learner_id = piece.id, x.learner_id
                self.attempt(lambda: quietly(evidence.remove, key, learner_id, self.now), refusable=False, again=True)
                self.erased.add(key)
        elif x is not None and what == "link":
            self.secret.append(f"secret-{number}.example")
            link = evidence.LinkDraft(f"https://secret-{number}.example/", None, submission)
            self.keep(Evidence, self.mine(by, Action.CHANGE_EXPERIENCE, x, lambda: evidence.keep_link(
                x, link, self.now), again=True))
        elif x is not None:
            cleaned, file = Cleaned("photo", "image/jpeg", b"x" * number), evidence.FileDraft(str(number), None, submission)
            self.keep(Evidence, self.mine(by, Action.CHANGE_EXPERIENCE, x, lambda: evidence.keep_file(
                x, file, cleaned, f"{number:032x}", self.now), again=True))

    # --- feedback ---

    @rule(n=N, who=WHO, team=st.booleans(), by=ANYBODY)
    def ask(self, n: int, who: str, team: bool = False, by: str | None = None) -> None:
        x = self.some(Experience, n)
        if x is None:
            return
        member, house = (None if team else self.cast[f"m_{who}"]), self.cast[HOUSE[who]]
        submission, along, pieces = self.submission(), [1, 2], self.pieces()
        key = self.mine(by, Action.ASK_FEEDBACK, x, lambda: feedback.ask(
            x, db.session.get(Membership, member) if member else None, db.session.get_one(Organisation, house), along,
            "C’était clair ?", submission, self.now, pieces), again=True)
        if key is not None:
            self.along.setdefault(key, pieces)
        place = x.id
        self.keep_sent(FeedbackRequest, key, lambda: feedback.ask(
            db.session.get_one(Experience, place), db.session.get(Membership, member) if member else None,
            db.session.get_one(Organisation, house), along, "C’était clair ?", submission, self.now, pieces))

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
        actor = self.actor(self.cast[who])
        role = self.role(who) if careless else answering_role(actor, found, self.now)
        if role is None or not (careless or self.may(who, request.learner_id, Action.GIVE_FEEDBACK, found)):
            return
        draft = feedback.FeedbackDraft("Bien expliqué.", "Et après ?", None, self.submission())
        key = self.attempt(lambda: feedback.give_feedback(
            db.session.get_one(FeedbackRequest, request.id), role, self.cast[who], draft, self.now), again=True)
        if self.keep(Feedback, key):
            self.keep(AuthoredText, db.session.get_one(Feedback, key).text_id)

    @rule(n=N, kind=st.sampled_from((FeedbackRequest, RecognitionRequest)), who=WHO)
    def half_write(self, n: int, kind: Any, who: str) -> None:
        """Begin an answer, which stays with its writer."""
        queries, action, form = ((feedback_waiting, Action.GIVE_FEEDBACK, feedback_queries.DRAFT)
                                 if kind is FeedbackRequest
                                 else (inbox, Action.RECOGNISE, recognition_queries.DRAFT))
        request = self.some(kind, n)
        found = queries.asked(request.id, self.now) if request else None  # type: ignore[attr-defined]
        if found is not None and self.may(who, request.learner_id, action, found):
            secret = f"HALF-{self.number()}"
            self.secret.append(secret)
            self.attempt(lambda: drafts.save(self.cast[who], form, request.id, {"seen": secret}, self.now), again=True)

    @rule(n=N, form=st.sampled_from(("story", "ask")), by=ANYBODY)
    def begin_to_tell(self, n: int, form: str, by: str | None = None) -> None:
        if (x := self.some(Experience, n)) is not None:
            secret = f"HALF-{self.number()}"
            self.secret.append(secret)
            self.mine(by, Action.CHANGE_EXPERIENCE, x, lambda: drafts.save(
                x.learner_id, form, x.id, {"story": secret}, self.now), again=True)

    @rule(n=N)
    def sent_once_more(self, n: int) -> None:
        """A form comes again, much later: it is the same thing or refused, and nothing changes."""
        model, key, send = self.sent[-1 - n % len(self.sent)] if self.sent else (None, None, None)
        if send is None or self.some(model, self.kept[model][::-1].index(key)) is None:
            return
        before = self.picture()
        if self.attempt(send) is not None:
            assert self.picture() == before, "sent again much later, something changed"

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
        queries: Any = feedback_waiting if kind is FeedbackRequest else inbox
        found = queries.asked(request.id, self.now) if request else None
        if found is None or not self.may(who, request.learner_id, Action.DECLINE_REQUEST, found):
            return
        role = answering_role(self.actor(self.cast[who]), found, self.now)
        assert role is not None
        self.attempt(lambda: feedback.decline(request, role.membership_id, self.cast[who], self.now)
                     if kind is FeedbackRequest else recognition.decline(request, self.cast[who], self.now), again=True)
