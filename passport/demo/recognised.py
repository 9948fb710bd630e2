"""What is recognised in the demo city, and what its learners decide on it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from ..accounts import queries as people
from ..accounts.models import Account
from ..clock import day_of
from ..extensions import db
from ..feedback import queries as feedback_queries
from ..policy import Actor
from ..recognition import recognising
from ..recognition import service as recognition
from ..recognition.models import Endorsement, NotYet
from .days import Days, Line, later

KEPT, PERMITTED = ("kept", "kept_shown", "withdrawn", "set_aside"), ("kept_shown", "withdrawn")


class Recognised(Days):
    """Requests for recognition and what came of them."""

    def plan_recognition(self) -> None:
        """Recognition is asked for, answered, decided on, permitted to be shown, and once withdrawn."""
        for number, line in enumerate(self.data["recognitions"]):
            seed = line["feedback"]
            self.event(self.ago(line["asked_days_ago"], 18, seed), self.ask_recognition, number, line)
            if line["offered_days_ago"] is not None:
                self.event(self.ago(line["offered_days_ago"], 12, seed), self.recognise, number, line)
            if "cancelled_days_ago" in line:
                self.event(self.ago(line["cancelled_days_ago"], 12, seed), self.cancel_recognition, number)
            if "cannot_days_ago" in line:
                self.event(self.ago(line["cannot_days_ago"], 12, seed), self.decline_recognition, number)
            for answer in line["answers"]:
                given = answer.get("answered_days_ago")
                if given is not None:
                    self.event(self.ago(given, 19, seed), self.decide, number, line, answer)
                if answer["state"] == "withdrawn":
                    days = answer["withdrawn_days_ago"]
                    self.event(self.ago(days, 11, seed), self.withdraw, number, line, answer)
                    self.event(self.ago(days - 1, 19, seed), self.note_withdrawn, number)
                if "set_aside_days_ago" in answer:
                    self.event(self.ago(answer["set_aside_days_ago"], 19, seed), self.set_aside, number, answer)
                if "ended_days_ago" in answer:
                    self.event(self.ago(answer["ended_days_ago"], 19, seed), self.end_permission, number, answer)

    def ask_recognition(self, number: int, line: Line, at: dt.datetime) -> None:
        """Ask for recognition of some competencies."""
        chosen = [self.competencies[answer["competency"]] for answer in line["answers"]]
        given = self.feedback[line["feedback"]]
        self.asked[number] = recognition.ask(given, chosen, uuid.uuid4(), at, self.evidence.get(given.experience_id, ()))

    def cancel_recognition(self, number: int, at: dt.datetime) -> None:
        """Take a request for recognition back."""
        recognition.cancel(self.asked[number], at)

    def decline_recognition(self, number: int, at: dt.datetime) -> None:
        """Say that one did not see it."""
        recognition.decline(self.asked[number], self.asked[number].facilitator_id, at)

    def recognise(self, number: int, line: Line, at: dt.datetime) -> None:
        """Say what was seen, at which step, or which step comes first."""
        request = self.asked[number]
        role = feedback_queries.role_of(request.membership_id)
        if role is None:
            raise LookupError(line["feedback"])
        actor = Actor(request.facilitator_id, roles=people.roles_of(request.facilitator_id))
        endorsed = line["how"] is not None
        day = day_of(at)
        draft = recognising.RecogniseDraft(
            how_known=line["how"], how_person_known=line["how_person_known"], is_relative=False,
            seen_from_on=self.month(line["from"]) if endorsed else None,
            seen_to_on=min(later(self.month(line["to"]), 1) - dt.timedelta(days=1), day) if endorsed else None,
            answers=tuple(
                (self.competencies[answer["competency"]], answer["step"],
                 "not_yet" if answer["state"] == "not_yet" else "endorse", answer["sentence"])
                for answer in line["answers"]
            ),
            submission=uuid.uuid4(),
        )
        name = db.session.get_one(Account, request.facilitator_id).display_name or ""
        recognising.recognise(request, role, actor, draft, name, at)

    def decide(self, number: int, line: Line, answer: Line, at: dt.datetime) -> None:
        """Keep what was recognised or not, and permit it to be shown or not; or read which step comes first."""
        state = answer["state"]
        if state == "not_yet":
            recognition.read_not_yet(self.of_request(NotYet, number, answer), at)
        elif state == "declined":
            recognition.decline_offer(self.of_request(Endorsement, number, answer), at)
        elif state in KEPT:
            endorsement = self.of_request(Endorsement, number, answer)
            recognition.keep(endorsement, at)
            if state in PERMITTED:
                recognition.permit(endorsement, at + dt.timedelta(minutes=1))
        else:
            raise ValueError(f"{line['feedback']}: {state} is not decided on")

    def of_request(self, model: Any, number: int, answer: Line) -> Any:
        """Return what came of one competency of a request."""
        return db.session.scalars(sa.select(model).where(
            model.request_id == self.asked[number].id,
            model.competency_id == self.competencies[answer["competency"]],
        )).one()

    def set_aside(self, number: int, answer: Line, at: dt.datetime) -> None:
        """Keep no longer what was recognised."""
        recognition.set_aside(self.of_request(Endorsement, number, answer), at)

    def end_permission(self, number: int, answer: Line, at: dt.datetime) -> None:
        """Keep what was recognised to oneself again."""
        recognition.end_permission(self.of_request(Endorsement, number, answer), at)

    def withdraw(self, number: int, line: Line, answer: Line, at: dt.datetime) -> None:
        """Withdraw what was recognised by mistake; the reason goes to the learner alone."""
        endorsement = self.of_request(Endorsement, number, answer)
        recognition.withdraw(endorsement, endorsement.membership_id, endorsement.facilitator_id,
                             answer["withdrawal_reason"], at)

    def note_withdrawn(self, number: int, at: dt.datetime) -> None:
        """See that it was withdrawn."""
        recognition.note_closed(self.asked[number], at)
