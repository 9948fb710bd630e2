"""What the people of the demo city are asked, and what they answer."""

from __future__ import annotations

import datetime as dt
import uuid

from ..accounts import rules as age
from ..accounts.models import Account
from ..audit.models import ReadingLine
from ..clock import day_of
from ..columns import uuid7
from ..extensions import db
from ..feedback import queries as feedback_queries
from ..feedback import service as feedback
from ..feedback import withdrawal
from ..feedback.models import AuthoredText
from ..organisations.models import Membership, Organisation
from ..safety import cases, concerns
from ..safety import service as safety
from ..witnesses import service as witnesses
from .days import Days, Line


class Answers(Days):
    """Feedback, and the words of people without account."""

    def plan_feedback(self) -> None:
        """Feedback is asked for, and given, taken back or not possible; then read or replied to."""
        ends = {"cancelled": self.cancel, "cannot": self.decline}
        for line in self.data["feedback"]:
            key = line["key"]
            self.event(self.ago(line["asked_days_ago"], 10, key), self.ask, line)
            if "assigned_days_ago" in line:
                self.event(self.ago(line["assigned_days_ago"], 11, key), self.assign, line)
            if "lapsed_days_ago" in line:
                self.event(self.ago(line["lapsed_days_ago"], 3, key), self.lapse)
            if "reported_days_ago" in line:
                self.event(self.ago(line["reported_days_ago"], 18, key), self.report, line)
            if "resolved_days_ago" in line:
                self.event(self.ago(line["resolved_days_ago"], 9, key), self.resolve, line)
            if "worried_days_ago" in line:
                self.event(self.ago(line["worried_days_ago"], 15, key), self.worry, line)
                self.event(self.ago(line["proposed_days_ago"], 15, key), self.propose, key)
            if line["closed_days_ago"] is not None:
                self.event(self.ago(line["closed_days_ago"], 12, key), ends.get(line["state"], self.answer), line)
            if line["read_days_ago"] is not None:
                self.event(self.ago(line["read_days_ago"], 17, key), self.read, line)
            if "reply_withdrawn_days_ago" in line:
                self.event(self.ago(line["reply_withdrawn_days_ago"], 18, key), self.take_reply_back, key)
            if "withdrawn_days_ago" in line:
                self.event(self.ago(line["withdrawn_days_ago"], 12, key), self.take_back, key)

    def ask(self, line: Line, at: dt.datetime) -> None:
        """Ask one facilitator for feedback, or an organisation's team."""
        membership = self.role_of(line["facilitator"]) if line["facilitator"] else None
        body = self.organisations[line["organisation"]] if membership is None else db.session.get_one(
            Organisation, membership.organisation_id)
        claims = self.claims_of(line["experience"])
        experience = self.experiences[line["experience"]]
        self.requests[line["key"]] = feedback.ask(
            experience, membership, body, claims, line["message"], uuid.uuid4(), at, self.evidence.get(experience.id, ()))

    def role_of(self, who: str) -> Membership:
        """Return the one role as facilitator of somebody."""
        house = next(r["organisation"] for r in self.people[who]["roles"] if r["role"] == "facilitator")
        return self.roles[who, house]

    def claims_of(self, experience: str) -> list[int]:
        """Return what a learner says they can do in an experience."""
        line = next(x for x in self.data["experiences"] if x["key"] == experience)
        return [self.competencies[slug] for slug, _step in line["claims"]]

    def assign(self, line: Line, at: dt.datetime) -> None:
        """Give a request to the team to one of its facilitators."""
        feedback.assign(self.requests[line["key"]], self.role_of(line["assigned_to"]), at)

    def lapse(self, at: dt.datetime) -> None:
        """Let what waited too long end by itself, as the night does."""
        feedback.lapse(at)

    def answer(self, line: Line, at: dt.datetime) -> None:
        """Answer what was asked."""
        who = line["facilitator"] or line["assigned_to"]
        role = feedback_queries.role_of(self.role_of(who).id)
        if role is None:
            raise LookupError(who)
        draft = feedback.FeedbackDraft(seen=line["seen"], question=line["question"], next_step=line["next_step"],
                                       submission=uuid.uuid4())
        request = self.requests[line["key"]]
        self.feedback[line["key"]] = feedback.give_feedback(request, role, self.ids[who], draft, at)
        # The page keeps this line in a transaction of its own, and the whole demo is one.
        db.session.add(ReadingLine(
            id=uuid7(), learner_id=request.learner_id, reader_ref=db.session.get_one(Account, self.ids[who]).audit_ref,
            role="facilitator", organisation_id=role.organisation_id, action="open_request",
            experience_id=request.experience_id, read_on=day_of(at)))

    def cancel(self, line: Line, at: dt.datetime) -> None:
        """Take a request back."""
        feedback.cancel(self.requests[line["key"]], at)

    def decline(self, line: Line, at: dt.datetime) -> None:
        """Say that one did not see it."""
        feedback.decline(self.requests[line["key"]], self.role_of(line["facilitator"]).id,
                         self.ids[line["facilitator"]], at)

    def read(self, line: Line, at: dt.datetime) -> None:
        """Say that one read it, with a reply or without."""
        feedback.answer(self.feedback[line["key"]], line["reply"], at)

    def take_reply_back(self, key: str, at: dt.datetime) -> None:
        """Take back what one replied."""
        withdrawal.withdraw_reply(self.feedback[key], at)

    def take_back(self, key: str, at: dt.datetime) -> None:
        """Take back what one answered."""
        withdrawal.withdraw(self.feedback[key], at)

    def report(self, line: Line, at: dt.datetime) -> None:
        """Report words that hurt; they are hidden at once."""
        self.reports[line["key"]] = safety.report(self.text_of(line), line["report"], at, line.get("category"))

    def resolve(self, line: Line, at: dt.datetime) -> None:
        """Close what was reported, whose learner shows the words again."""
        safety.resume(self.text_of(line), at)
        report = self.reports[line["key"]]
        if report.handler_id is None:
            raise LookupError(line["key"])
        cases.propose(report, report.handler_id, "acted", day_of(at), at)
        cases.close_case(report, self.ids["sofia"], at)

    def worry(self, line: Line, at: dt.datetime) -> None:
        """Say that one worries about whoever asked."""
        asked = self.requests[line["key"]]
        self.reports[line["key"]] = concerns.raise_concern(
            asked.learner_id, asked.organisation_id, asked.id, self.ids[line["facilitator"]],
            concerns.Told("worry", line["worry"], about_lead=False), at)

    def propose(self, key: str, at: dt.datetime) -> None:
        """Propose how a case ends; another person is still to confirm."""
        report = self.reports[key]
        if report.handler_id is None:
            raise LookupError(key)
        cases.propose(report, report.handler_id, "nothing_more", day_of(at), at)

    def text_of(self, line: Line) -> AuthoredText:
        """Return the words of an answer."""
        return db.session.get_one(AuthoredText, self.feedback[line["key"]].text_id)

    # ---------- somebody without account ----------

    def plan_witnesses(self) -> None:
        """People without account are asked by a one-time link; some have answered, and were read."""
        for line in self.data["witnesses"]:
            key = line["key"]
            self.event(self.ago(line["asked_days_ago"], 11, key), self.invite_witness, line)
            if line["answered_days_ago"] is not None:
                self.event(self.ago(line["answered_days_ago"], 12, key), self.say, line)
            if line["read_days_ago"] is not None:
                self.event(self.ago(line["read_days_ago"], 18, key), self.read_witness, line)
            if "cancelled_days_ago" in line:
                self.event(self.ago(line["cancelled_days_ago"], 18, key), self.cancel_witness, key)

    def invite_witness(self, line: Line, at: dt.datetime) -> None:
        """Open a one-time link to one experience, with nothing else."""
        draft = witnesses.InvitationDraft((), age.DISPLAY, None, uuid.uuid4())
        self.invitations[line["key"]] = witnesses.invite(self.experiences[line["experience"]], draft, at)

    def cancel_witness(self, key: str, at: dt.datetime) -> None:
        """Close a one-time link that is not answered."""
        witnesses.cancel(self.invitations[key], at)

    def say(self, line: Line, at: dt.datetime) -> None:
        """Say what one saw, by that link."""
        self.seen[line["key"]] = witnesses.answer(self.invitations[line["key"]], witnesses.WitnessDraft(
            relation=line["relation"], own_relation=None, is_relative=False, saw_it=True, is_minor=False,
            name_form="full", name=line["name"], words=line["words"], sentences=tuple(line["sentences"]),
            may_be_shown=line["may_be_shown"], submission=uuid.uuid4(),
        ), at)

    def read_witness(self, line: Line, at: dt.datetime) -> None:
        """Say that one read it."""
        witnesses.note_read(self.seen[line["key"]], at)
