"""What the people of the demo city lived, as they keep it."""

from __future__ import annotations

import datetime as dt
import uuid
import zlib
from decimal import Decimal

from ..experiences import cleaning, evidence, files, paths, reflection
from ..experiences import service as experiences
from ..experiences.kinds import KINDS
from ..experiences.models import Experience
from .days import Days, Line, at_hour, later
from .poster import poster
from .sheet import sheet


class Lived(Days):
    """Experiences with what belongs to them."""

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
            over = later(self.month(line["ended"] or line["started"]), 1)
            first = max(self.opened(line["learner"]) + dt.timedelta(days=1, hours=1),
                        known.get(line["organisation"], at_hour(over, 18)))
            last = self.ago(max(used.get(key, [2])) + 1, 18, key)
            if first > last:
                raise ValueError(f"{key} is asked about before it is kept")
            self.event(min(max(first, at_hour(over, 18)) + some_days, last), self.keep_experience, line)
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
        """Put a photo, a document or a link beside an experience; its file settles by itself once all of this is committed."""
        if line["url"] is not None:
            draft = evidence.LinkDraft(line["url"], line["caption"], uuid.uuid4())
            self.evidence.setdefault(experience.id, []).append(evidence.keep_link(experience, draft, at).id)
            return
        file = sheet(line["page"]) if "page" in line else poster(line["caption"])
        cleaned = cleaning.clean(file)
        kept = evidence.keep_file(
            experience, evidence.FileDraft(evidence.digest_of_file(file), line["caption"], uuid.uuid4()), cleaned,
            files.arrive(cleaned.content, cleaned.small), at)
        self.evidence.setdefault(experience.id, []).append(kept.id)

    def complete(self, line: Line, at: dt.datetime) -> None:
        """Tell a little more; what was recognised goes on pointing to the words of its time."""
        experience = self.experiences[line["key"]]
        experiences.change(experience, {"story": line["story"]}, experience.version, at)
