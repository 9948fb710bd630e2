"""The demo city, lived through day by day: every event at its time, through the services that people use."""

from __future__ import annotations

import datetime as dt
import json
import uuid
import zlib
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from ..accounts import queries as people
from ..accounts import rules as age
from ..accounts.models import Account, Passport
from ..accounts.service import hash_of
from ..card import service as card
from ..clock import CITY_ZONE, day_of
from ..columns import uuid7
from ..experiences import cleaning, evidence, files, paths, reflection
from ..experiences import service as experiences
from ..experiences.kinds import KINDS
from ..experiences.models import Experience
from ..extensions import db
from ..feedback import queries as feedback_queries
from ..feedback import service as feedback
from ..feedback.models import AuthoredText, Feedback, FeedbackRequest
from ..frameworks import service as frameworks
from ..frameworks.models import Competency
from ..organisations import rules as checks
from ..organisations import service as organisations
from ..organisations.models import Membership, Organisation
from ..policy import Actor
from ..recognition import queries as recognition_queries
from ..recognition import service as recognition
from ..recognition.models import Endorsement, NotYet, RecognitionRequest
from ..safety import service as safety
from ..safety.models import Report
from ..sharing import service as sharing
from ..sharing.models import Share, ShareReading
from ..witnesses import queries as witness_queries
from ..witnesses import service as witnesses
from ..witnesses.models import Testimony, WitnessInvitation
from .poster import poster

# The people whom everybody may try out, then those who make the city lively.
DATA, MORE = Path(__file__).parent / "city.json", Path(__file__).parent / "more.json"
KEPT, PERMITTED = ("kept", "kept_shown", "withdrawn", "set_aside"), ("kept_shown", "withdrawn")
# A check lasts twelve months at most; it is seen again some weeks before, the last time a hundred days ago.
YEAR, CHECKED_EVERY, CHECKED_LAST = 365, 345, 100
Line = dict[str, Any]
# What a line of the second file need not say.
UNSAID: dict[str, Line] = {
    "people": {"email": None, "birth": None, "roles": (), "joined": ()},
    "experiences": {"story": None, "ended": None, "hours": None, "place": None, "organisation": None,
                    "organisation_text": None, "claims": (), "for_me_only": False},
    "feedback": {"facilitator": None, "organisation": None, "message": None, "seen": None, "question": None,
                 "next_step": None, "reply": None, "closed_days_ago": None, "read_days_ago": None},
    "witnesses": {"relation": None, "name": None, "words": None, "sentences": (), "may_be_shown": False,
                  "answered_days_ago": None, "read_days_ago": None},
    "recognitions": {"offered_days_ago": None, "how": None, "how_person_known": None, "from": None, "to": None},
    "shares": {"intro": None, "closed_days_ago": None, "openings": ()},
    "cards": {"replaced_days_ago": None, "opens": None},
}


def fill(now: dt.datetime) -> bool:
    """Fill the demo city as if its people had used it until now; say False, and do nothing, when it is filled."""
    data = written()
    names = [person["identifier"] for person in data["people"]]
    if db.session.scalars(sa.select(Account.id).where(Account.identifier.in_(names)).limit(1)).first() is not None:
        return False
    frameworks.load()
    Story(data, now).live()
    return True


def written() -> Line:
    """Return the whole story as it is written in both files, each line with all its parts."""
    data: Line = json.loads(DATA.read_text(encoding="utf-8"))
    for part, lines in json.loads(MORE.read_text(encoding="utf-8")).items():
        data[part].extend({**UNSAID.get(part, {}), **line} for line in lines)
    return data


class Story:
    """What happens in the city: each event is written down with its time, then all happen in that order."""

    def __init__(self, data: Line, now: dt.datetime) -> None:
        self.data, self.now, self.today = data, now, day_of(now)
        written = _month(data["written_for"])
        # The whole story moves by as many months as went by since it was written, so that ages and waits stay true.
        self.moved = (self.today.year - written.year) * 12 + self.today.month - written.month
        self.password_hash = hash_of(age.DEMO_PASSPHRASE)
        self.events: list[tuple[dt.datetime, int, Callable[[dt.datetime], object]]] = []
        self.competencies: dict[str, int] = {c.slug: c.id for c in db.session.scalars(sa.select(Competency))}
        self.people = {line["key"]: line for line in data["people"]}
        self.ids: dict[str, uuid.UUID] = {}
        self.organisations: dict[str, Organisation] = {}
        self.roles: dict[tuple[str, str], Membership] = {}
        self.experiences: dict[str, Experience] = {}
        self.requests: dict[str, FeedbackRequest] = {}
        self.feedback: dict[str, Feedback] = {}
        self.reports: dict[str, Report] = {}
        self.invitations: dict[str, WitnessInvitation] = {}
        self.seen: dict[str, Testimony] = {}
        self.asked: dict[int, RecognitionRequest] = {}
        self.shares: dict[str, Share] = {}
        self.evidence: dict[uuid.UUID, list[uuid.UUID]] = {}

    def live(self) -> None:
        """Let everything happen, from the oldest day to yesterday."""
        self.plan_people()
        self.plan_organisations()
        self.plan_roles()
        self.plan_experiences()
        self.plan_feedback()
        self.plan_witnesses()
        self.plan_recognition()
        self.plan_showing()
        for at, _order, act in sorted(self.events, key=lambda event: event[:2]):
            act(at)
        # Only now, so that nobody is told by e-mail of what happened long ago.
        db.session.execute(
            sa.update(Account).where(Account.id.in_(self.ids.values()), Account.email.is_not(None))
            .values(email_confirmed_at=Account.created_at),
            execution_options={"synchronize_session": False},
        )
        db.session.flush()

    # ---------- when ----------

    def event(self, at: dt.datetime, act: Callable[..., object], *given: object) -> None:
        """Write down that this happens at that time; what is written first happens first."""
        if at >= self.now:
            raise ValueError(f"{act.__name__} lies ahead: {at}")
        self.events.append((at, len(self.events), partial(act, *given)))

    def month(self, text: str) -> dt.date:
        """Return the first day of a month of the story, as it stands this time."""
        return _later(_month(text), self.moved)

    def in_month(self, text: str, day: int, hour: int = 10) -> dt.datetime:
        """Return a day of a month of the story, by daylight: an adult's words arrive at once then."""
        return _at(self.month(text).replace(day=day), hour)

    def ago(self, days: int, hour: int, seed: str) -> dt.datetime:
        """Return that many days before today, in that hour of the city; the seed makes the minutes."""
        return _at(self.today - dt.timedelta(days=days), hour, zlib.crc32(seed.encode()) % 50)

    def opened(self, key: str) -> dt.datetime:
        """Return when somebody opened their passport."""
        return self.in_month(self.people[key]["opened"], 2, 17)

    # ---------- who ----------

    def plan_people(self) -> None:
        """Everybody opens their passport."""
        for line in self.data["people"]:
            self.event(self.opened(line["key"]), self.open_passport, line)

    def open_passport(self, line: Line, at: dt.datetime) -> None:
        """Open an account as signing up does: there the passphrase would be hashed once for each."""
        birth = line["birth"] and _later(dt.date(line["birth"]["year"], line["birth"]["month"], 1), self.moved)
        band = age.band(birth.year, birth.month, day_of(at)) if birth else age.Band.ADULT
        account = Account(
            id=uuid7(), identifier=line["identifier"], email=line["email"], display_name=line["display_name"],
            password_hash=self.password_hash, language="fr", created_at=at, last_active_on=self.today,
        )
        db.session.add(account)
        db.session.flush()
        db.session.add(Passport(
            learner_id=account.id, birth_year=birth.year if birth else None,
            birth_month=birth.month if birth else None, in_statistics=band in {age.Band.YOUTH, age.Band.ADULT},
        ))
        db.session.flush()
        self.ids[line["key"]] = account.id

    def plan_organisations(self) -> None:
        """The city opens; the coordination adds organisations and accredits most of them."""
        self.event(self.in_month(self.data["city"]["since"], 2), self.open_city)
        for line in self.data["organisations"]:
            self.event(self.in_month(line["requested"], 4), self.add_organisation, line)
            if line["accredited"]:
                self.event(self.in_month(line["accredited"], 8), self.accredit, line)
            if "suspended" in line:
                self.event(self.in_month(line["suspended"], 12), self.suspend, line)

    def open_city(self, at: dt.datetime) -> None:
        """The city has its own organisation."""
        self.organisations["city"] = organisations.city_organisation(current_app.config["CITY"].name, at)

    def add_organisation(self, line: Line, at: dt.datetime) -> None:
        """The coordination adds an organisation."""
        draft = organisations.OrganisationDraft(
            name=line["name"], kind=line["kind"], sector=line["sector"], address=line["address"],
            phone=line["phone"], email=line["email"], minors_state=line["minors_state"],
        )
        self.organisations[line["key"]] = organisations.add_organisation(draft, self.ids["sofia"], at)

    def accredit(self, line: Line, at: dt.datetime) -> None:
        """The coordination accredits it, and it gets its joining code."""
        body = self.organisations[line["key"]]
        organisations.accredit(body, self.ids["sofia"], at)
        db.session.refresh(body)
        organisations.new_join_code(body, at)

    def suspend(self, line: Line, at: dt.datetime) -> None:
        """The coordination suspends it."""
        organisations.suspend(self.organisations[line["key"]], self.ids["sofia"], at)

    def plan_roles(self) -> None:
        """Roles are given, charters accepted, checks seen; learners join on the spot."""
        for person in self.data["people"]:
            for role in person["roles"]:
                self.plan_role(person["key"], role)
            for key in person["joined"]:
                self.event(self.opened(person["key"]) + dt.timedelta(days=1), self.join, person["key"], key)
        for line in self.data["invitations"]:
            self.event(self.ago(line["made_days_ago"], 11, line["note"]), self.invite, line)

    def plan_role(self, who: str, line: Line) -> None:
        """Somebody is invited by whoever answers for it, accepts, and is checked year after year."""
        house, kind = line["organisation"], line["role"]
        by = None if kind == "coordinator" else "sofia" if kind == "manager" else self.manager_of(house)
        begins = self.in_month(line["since"], {"coordinator": 3, "manager": 9}.get(kind, 15))
        self.event(begins, self.give_role, who, line, by)
        if kind == "facilitator":
            self.event(begins + dt.timedelta(days=1), self.accept_charter, who, house)
        if line["check"]:
            first = day_of(begins) + dt.timedelta(days=2)
            days = self.checked_days(first) if line["check"]["state"] == "in_force" else [first]
            for day in days:
                self.event(_at(day, 9), self.check, who, line, by)
        if "ended" in line:
            self.event(self.in_month(line["ended"], 6), self.end_role, who, house, by)

    def checked_days(self, first: dt.date) -> list[dt.date]:
        """Return the days on which a check is seen anew, each before the one before it ends."""
        last = (self.today - first).days - CHECKED_LAST
        second = last % CHECKED_EVERY
        if second + CHECKED_EVERY < YEAR:
            second += CHECKED_EVERY
        return [first + dt.timedelta(days=n) for n in (0, *range(second, last + 1, CHECKED_EVERY))]

    def manager_of(self, house: str) -> str:
        """Return who is responsible for an organisation."""
        return str(next(key for key, person in self.people.items() for role in person["roles"]
                        if (role["organisation"], role["role"]) == (house, "manager")))

    def give_role(self, who: str, line: Line, by: str | None, at: dt.datetime) -> None:
        """Invite somebody to a role, which they accept on the spot."""
        invitation, _token = organisations.invite(
            self.organisations[line["organisation"]], line["role"], line["title"], None,
            self.ids[by] if by else None, at,
        )
        membership = organisations.accept_invitation(invitation, self.ids[who], at)
        membership.is_safeguarding_reader = line["safeguarding_reader"]
        self.roles[who, line["organisation"]] = membership

    def accept_charter(self, who: str, house: str, at: dt.datetime) -> None:
        """Accept the charter."""
        organisations.accept_charter(self.roles[who, house], at)

    def check(self, who: str, line: Line, by: str, at: dt.datetime) -> None:
        """Record a check that another person saw on that day."""
        day = day_of(at)
        draft = organisations.CheckDraft(kind=line["check"]["kind"], checked_on=day,
                                         expires_on=checks.latest_end(day), authenticity=True)
        organisations.record_check(self.roles[who, line["organisation"]], draft, self.ids[by], at)

    def end_role(self, who: str, house: str, by: str, at: dt.datetime) -> None:
        """End a role."""
        organisations.end_membership(self.roles[who, house], self.ids[by], at)

    def join(self, who: str, house: str, at: dt.datetime) -> None:
        """Join an organisation with the code on its wall."""
        organisations.join(self.ids[who], self.organisations[house], at)

    def invite(self, line: Line, at: dt.datetime) -> None:
        """Invite somebody who has not accepted so far, or whose link is taken back."""
        by = self.ids[self.manager_of(line["organisation"])]
        invitation, _token = organisations.invite(self.organisations[line["organisation"]], line["role"], line["title"],
                                                  line["note"], by, at)
        if line.get("revoked"):
            organisations.revoke_invitation(invitation, by, at + dt.timedelta(minutes=20))

    # ---------- what people lived ----------

    def plan_experiences(self) -> None:
        """Experiences are kept: when they were over or well begun, and before anything is asked about them."""
        used: dict[str, list[int]] = {}
        for line in (*self.data["feedback"], *self.data["witnesses"]):
            used.setdefault(line["experience"], []).append(line["asked_days_ago"])
        for line in self.data["shares"]:
            for key in line["items"]:
                used.setdefault(key, []).append(line["made_days_ago"])
        known = {line["key"]: self.in_month(line["requested"], 5) for line in self.data["organisations"]}
        for line in self.data["experiences"]:
            key = line["key"]
            some_days = dt.timedelta(days=zlib.crc32(key.encode()) % 12)
            over = _later(self.month(line["ended"] or line["started"]), 1)
            first = max(self.opened(line["learner"]) + dt.timedelta(days=1, hours=1),
                        known.get(line["organisation"], _at(over, 18)))
            last = self.ago(max(used.get(key, [2])) + 1, 18, key)
            if first > last:
                raise ValueError(f"{key} is asked about before it is kept")
            self.event(min(max(first, _at(over, 18)) + some_days, last), self.keep_experience, line)
            if "completed_days_ago" in line:
                self.event(self.ago(line["completed_days_ago"], 18, key), self.complete, line)
            if "reflection" in line:
                self.event(self.ago(line["reflected_days_ago"], 20, key), self.reflect, line)
            if "deleted_days_ago" in line:
                self.event(self.ago(line["deleted_days_ago"], 20, key), self.delete, key)
        for line in self.data["paths"]:
            self.event(self.ago(line["days_ago"], 20, line["from"]), self.lead_on, line)

    def keep_experience(self, line: Line, at: dt.datetime) -> None:
        """Keep an experience with what its learner says they can do."""
        body = self.organisations.get(line["organisation"])
        experience = experiences.log_experience(self.ids[line["learner"]], experiences.ExperienceDraft(
            title=line["title"], submission=uuid.uuid4(), for_me_only=line["for_me_only"],
            story=line.get("first_story", line["story"]),
            setting=line["setting"], started_on=self.month(line["started"]),
            ended_on=self.month(line["ended"]) if line["ended"] else None, when_precision="month",
            ongoing=line["ended"] is None, hours=Decimal(line["hours"]) if line["hours"] else None,
            place=line["place"], organisation_id=body.id if body else None,
            organisation_text=line["organisation_text"], sector=body.sector if body else None,
            kind=line.get("kind"), details=self.details(line) or None,
        ), at)
        for slug, step in line["claims"]:
            experiences.claim(experience, self.competencies[slug], step, at + dt.timedelta(minutes=3))
        for thing in line.get("evidence", ()):
            self.add_evidence(experience, thing, at + dt.timedelta(minutes=5))
        self.experiences[line["key"]] = experience

    def details(self, line: Line) -> dict[str, object]:
        """Return what an experience says besides its story; the days in it move with the story."""
        kind = KINDS.get(line.get("kind", ""))
        fields = {
            key: self.month(value[:7]).replace(day=int(value[8:])).isoformat()
            if kind is not None and kind.details[key].type == "day" else value
            for key, value in line.get("fields", {}).items()
        }
        return {name: part for name, part in (("said", line.get("said")), ("fields", fields)) if part}

    def reflect(self, line: Line, at: dt.datetime) -> None:
        """Write what one keeps of an experience."""
        experience = self.experiences[line["key"]]
        reflection.reflect(experience, line["reflection"], experience.version, at)

    def delete(self, key: str, at: dt.datetime) -> None:
        """Delete an experience, which can still be brought back."""
        experiences.delete(self.experiences[key], at)

    def lead_on(self, line: Line, at: dt.datetime) -> None:
        """Say that one experience led to another."""
        paths.link(self.experiences[line["from"]], self.experiences[line["to"]], at)

    def add_evidence(self, experience: Experience, line: Line, at: dt.datetime) -> None:
        """Put a photo or a link beside an experience; its file settles by itself once all of this is committed."""
        if line["url"] is not None:
            draft = evidence.LinkDraft(line["url"], line["caption"], uuid.uuid4())
            self.evidence.setdefault(experience.id, []).append(evidence.keep_link(experience, draft, at).id)
            return
        photo = poster(line["caption"])
        cleaned = cleaning.clean(photo)
        kept = evidence.keep_file(
            experience, evidence.FileDraft(evidence.digest_of_file(photo), line["caption"], uuid.uuid4()), cleaned,
            files.arrive(cleaned.content, cleaned.small), at)
        self.evidence.setdefault(experience.id, []).append(kept.id)

    def complete(self, line: Line, at: dt.datetime) -> None:
        """Tell a little more; what was recognised goes on pointing to the words of its time."""
        experience = self.experiences[line["key"]]
        experiences.change(experience, {"story": line["story"]}, experience.version, at)

    # ---------- answers ----------

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
            if line["closed_days_ago"] is not None:
                self.event(self.ago(line["closed_days_ago"], 12, key), ends.get(line["state"], self.answer), line)
            if line["read_days_ago"] is not None:
                self.event(self.ago(line["read_days_ago"], 17, key), self.read, line)

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
        self.feedback[line["key"]] = feedback.give_feedback(
            self.requests[line["key"]], role, self.ids[who], draft, at)

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

    def report(self, line: Line, at: dt.datetime) -> None:
        """Report words that hurt; they are hidden at once."""
        self.reports[line["key"]] = safety.report(self.text_of(line), line["report"], at)

    def resolve(self, line: Line, at: dt.datetime) -> None:
        """Close what was reported, whose learner shows the words again."""
        safety.resume(self.text_of(line), at)
        report = self.reports[line["key"]]
        if report.handler_id is None:
            raise LookupError(line["key"])
        safety.close_case(report, report.handler_id, at)

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

    # ---------- recognition ----------

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
        draft = recognition.RecogniseDraft(
            how_known=line["how"], how_person_known=line["how_person_known"], is_relative=False,
            seen_from_on=self.month(line["from"]) if endorsed else None,
            seen_to_on=min(_later(self.month(line["to"]), 1) - dt.timedelta(days=1), day) if endorsed else None,
            answers=tuple(
                (self.competencies[answer["competency"]], answer["step"],
                 "not_yet" if answer["state"] == "not_yet" else "endorse", answer["sentence"])
                for answer in line["answers"]
            ),
            submission=uuid.uuid4(),
        )
        name = db.session.get_one(Account, request.facilitator_id).display_name or ""
        recognition.recognise(request, role, actor, draft, name, at)

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

    # ---------- showing ----------

    def plan_showing(self) -> None:
        """Links are made, opened and closed; cards are made, lost, and open a link."""
        for line in self.data["shares"]:
            key = line["key"]
            self.event(self.ago(line["made_days_ago"], 19, key), self.make_link, line)
            for opening in line["openings"]:
                self.event(self.ago(opening["days_ago"], 20, key), self.open_link, key, opening["times"])
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
        shareable = recognition_queries.shareable(self.ids[line["learner"]], at)
        self.shares[line["key"]] = sharing.create_share(self.ids[line["learner"]], sharing.ShareDraft(
            experience_ids=tuple(chosen),
            endorsement_ids=tuple(s.recognised.id for s in shareable
                                  if s.may_be_shown and s.recognised.experience_id in chosen),
            testimony_ids=tuple(s.id for s in witness_queries.shareable(self.ids[line["learner"]], at)
                                if s.refusal is None and s.experience_id in chosen),
            recipient_name=line["name"], recipient_shown=False, months=line["months"], name_form="display",
            shown_name=None, intro=line["intro"], submission=uuid.uuid4(),
            evidence_ids=tuple(i for x in chosen for i in self.evidence.get(x, ())) if line.get("with_pieces") else (),
        ), at)

    def open_link(self, key: str, times: int, at: dt.datetime) -> None:
        """Count openings of that day; the service does it in a transaction of its own, which here would wait for us."""
        db.session.add(ShareReading(share_id=self.shares[key].id, read_on=day_of(at), openings=times))

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


def _month(text: str) -> dt.date:
    """Return the first day of « 2026-11 »."""
    return dt.date.fromisoformat(f"{text}-01")


def _later(first: dt.date, months: int) -> dt.date:
    """Return the first day of the month so many months later."""
    count = first.year * 12 + first.month - 1 + months
    return dt.date(count // 12, count % 12 + 1, 1)


def _at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """Return an hour of a day in the city."""
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=CITY_ZONE).astimezone(dt.UTC)
