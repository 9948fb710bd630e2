"""Logging, changing, claiming, deleting: what a learner does with an experience."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.exc import StaleDataError

from .. import contact
from ..accounts import drafts, erasures
from ..accounts import service as accounts
from ..accounts.queries import is_protected
from ..audit.service import record
from ..clock import day_of
from ..extensions import db
from ..frameworks.models import Competency, Wording
from ..notices import jobs
from ..notices.keeping import Goes, forget_daily
from ..refusals import Refusal, Refused
from ..retention import kept
from ..submissions import digest_of, kept_before
from . import evidence, kinds, rules
from .details import said_of
from .models import Claim, Evidence, Experience, Revision

# Later rooms close here what they opened, when an experience is deleted or becomes « Pour moi ».
STAYS_INSIDE: list[Callable[[uuid.UUID, uuid.UUID, dt.datetime], None]] = []
# Later rooms delete here what hangs on an experience that is erased (the last room first), and say what must stay: a
# condition on its id.
ERASES: list[Callable[[uuid.UUID], None]] = []
HOLDS: list[Callable[[Any], sa.ColumnElement[bool]]] = []


@dataclass(frozen=True)
class ExperienceDraft:
    """What a learner writes; the sentence alone is enough."""

    title: str
    submission: uuid.UUID
    for_me_only: bool = False
    story: str | None = None
    setting: str | None = None
    context: str | None = None
    started_on: dt.date | None = None
    ended_on: dt.date | None = None
    when_precision: str = "day"
    ongoing: bool = False
    hours: Decimal | None = None
    place: str | None = None
    organisation_id: uuid.UUID | None = None
    organisation_text: str | None = None
    sector: str | None = None
    kind: str | None = None
    details: dict[str, object] | None = field(default=None)


TENTH = Decimal("0.1")
CHANGEABLE = frozenset(
    ("title", "story", "setting", "context", "started_on", "ended_on", "when_precision", "ongoing", "hours", "place",
     "organisation_id", "organisation_text", "sector", "kind", "details")
)


def _facts(experience: Experience) -> dict[str, Any]:
    """Return what a revision keeps besides title and story."""
    return {
        "setting": experience.setting, "context": experience.context,
        "started_on": experience.started_on.isoformat() if experience.started_on else None,
        "ended_on": experience.ended_on.isoformat() if experience.ended_on else None,
        "when_precision": experience.when_precision, "ongoing": experience.ongoing,
        "hours": str(Decimal(experience.hours).quantize(TENTH)) if experience.hours is not None else None, "place": experience.place,
        "organisation_id": str(experience.organisation_id) if experience.organisation_id else None,
        "organisation_text": experience.organisation_text,
        # Only when said: what was kept before these words existed reads, and hashes, as it did.
        **said_of(experience).facts,
    }


def digest_of_story(experience: Experience) -> bytes:
    """Return the SHA-256 of what an experience tells as it stands."""
    told = {"title": experience.title, "story": experience.story, **_facts(experience)}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).digest()


def _settle(experience: Experience, now: dt.datetime) -> None:
    """Derive what follows from what was written: its place in the time line, whether it was passed on, its digest."""
    refusal = rules.refusal_to_date(experience.started_on, experience.ended_on) or rules.refusal_to_count(experience.hours)
    if refusal is not None:
        raise Refused(refusal)
    experience.sort_on = experience.started_on or day_of(experience.claimed_at or experience.created_at)
    experience.passed_on = said_of(experience).passed_on is not None
    experience.changed_at = now
    experience.story_digest = digest_of_story(experience)


def log_experience(
    learner_id: uuid.UUID, draft: ExperienceDraft, now: dt.datetime, anew: bool = False, claimed: dt.datetime | None = None
) -> Experience:
    """Keep an experience and return it; the same submission again returns the one kept, and so do the same words sent
    again within minutes, unless they are known to be written anew. `claimed` is when the phone says it was written.

    Raises Refused for words or dates that cannot stand, and when the same submission came with other words.
    """
    digest = digest_of(draft)
    untouched = sa.and_(Experience.created_at.between(now - rules.SENT_AGAIN, now), Experience.deleted_at.is_(None),
                        Experience.version == 1)
    before: Experience | None = kept_before(Experience, Experience.learner_id, learner_id, draft.submission, digest,
                                            None if anew else untouched)
    if before is not None:
        return before
    refusal = rules.refusal_of_title(draft.title)
    if refusal is not None:
        raise Refused(refusal, "title")
    _check_details(draft.kind, draft.details)
    experience = Experience(
        learner_id=learner_id, submission=draft.submission, submission_digest=digest, title=draft.title,
        story=draft.story, setting=draft.setting, context=draft.context or rules.CONTEXT_OF.get(draft.setting or ""),
        started_on=draft.started_on, ended_on=draft.ended_on, when_precision=draft.when_precision,
        ongoing=draft.ongoing, hours=draft.hours, place=draft.place, organisation_id=draft.organisation_id,
        organisation_text=draft.organisation_text, sector=draft.sector, kind=draft.kind, details=draft.details,
        for_me_only=draft.for_me_only, created_at=now, claimed_at=claimed,
    )
    _settle(experience, now)
    db.session.add(experience)
    db.session.flush()
    record("log_experience", learner_id, now, experience.id)
    return experience


def say_written(experience: Experience, at: dt.datetime) -> None:
    """Keep when its learner says an experience was written elsewhere, which is the place of an undated one in time."""
    experience.claimed_at = at
    experience.sort_on = experience.started_on or day_of(at)
    db.session.flush()


def _check_details(kind: str | None, details: dict[str, Any] | None) -> None:
    """Let nothing into the details but what was said and the fields of the kind. Raises Refused."""
    parts = details or {}
    said, fields = parts.get("said", {}), parts.get("fields", {})
    refusal = kinds.refusal_of(kind, fields)
    if refusal is None and not (parts.keys() <= {"said", "fields"} and said.keys() <= {"learned", "passed_on"}):
        refusal = Refusal.DETAIL_ODD
    refusal = refusal or next(filter(None, (rules.refusal_of_said(words) for words in said.values())), None)
    if refusal is not None:
        raise Refused(refusal)


def change(experience: Experience, changes: dict[str, Any], expected_version: int, now: dt.datetime) -> None:
    """Change some of what was written.

    Raises Refused(CHANGED_MEANWHILE) when it changed since that version was read, and for values that cannot stand.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise ValueError(f"not changeable: {sorted(unknown)}")
    if experience.version != expected_version:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    if "title" in changes and (refusal := rules.refusal_of_title(changes["title"])):
        raise Refused(refusal, "title")
    if "setting" in changes and "context" not in changes:
        changes = {**changes, "context": rules.CONTEXT_OF.get(changes["setting"] or "")}
    if changes.keys() & {"kind", "details"}:
        _check_details(changes.get("kind", experience.kind), changes.get("details", experience.details))
    for name, value in changes.items():
        setattr(experience, name, value)
    with db.session.no_autoflush:
        _settle(experience, now)
    try:
        db.session.flush()
    except StaleDataError:
        raise Refused(Refusal.CHANGED_MEANWHILE) from None
    if "story" in changes:
        drafts.drop("story", experience.id)
    record("change_experience", experience.learner_id, now, experience.id)


def set_for_me_only(experience: Experience, for_me_only: bool, now: dt.datetime) -> None:
    """Make an experience « Pour moi », or no longer; what was open about it closes at once."""
    if experience.for_me_only == for_me_only:
        return
    experience.for_me_only = for_me_only
    experience.changed_at = now
    db.session.flush()
    if for_me_only:
        _keep_inside(experience, now)
    record("keep_for_me" if for_me_only else "open_again", experience.learner_id, now, experience.id)


def delete(experience: Experience, now: dt.datetime) -> None:
    """Delete an experience: it leaves every list at once, and can come back for 30 days."""
    if experience.deleted_at is not None:
        return
    experience.deleted_at = now
    db.session.flush()
    _keep_inside(experience, now)
    record("delete_experience", experience.learner_id, now, experience.id)


def restore(experience: Experience, now: dt.datetime) -> None:
    """Bring a deleted experience back; what had been closed stays closed. Raises Refused after 30 days."""
    refusal = rules.refusal_to_undo(experience.deleted_at, now)
    if refusal is not None:
        raise Refused(refusal)
    if experience.deleted_at is not None:
        experience.deleted_at = None
        db.session.flush()
        record("restore_experience", experience.learner_id, now, experience.id)


def _keep_inside(experience: Experience, now: dt.datetime) -> None:
    for close in STAYS_INSIDE:
        close(experience.learner_id, experience.id, now)


def _hold(experience: Experience) -> None:
    """Make others who write about the same experience wait: what it holds is counted, then added."""
    db.session.execute(sa.select(Experience.id).where(Experience.id == experience.id).with_for_update())


def claim(experience: Experience, competency_id: int, step: int, now: dt.datetime) -> Claim:
    """Keep that the learner says they can do this, at this step; said again, the step is the new one.

    Raises Refused for a sentence or a step that is not in the list; a retired sentence is for those who said it before.
    """
    refusal = rules.refusal_of_step(step)
    if refusal is not None:
        raise Refused(refusal, "step")
    wording = db.session.execute(
        sa.select(Wording.id, Competency.retired_on).join(Competency, Competency.id == Wording.competency_id)
        .where(Wording.competency_id == competency_id, Wording.current)
    ).one_or_none()
    _hold(experience)
    said = db.session.scalars(
        sa.select(Claim).where(Claim.experience_id == experience.id, Claim.competency_id == competency_id)
    ).one_or_none()
    if wording is None or (said is None and wording.retired_on is not None):
        raise Refused(Refusal.COMPETENCY_UNKNOWN, "competency")
    if said is None:
        said = Claim(learner_id=experience.learner_id, experience_id=experience.id, competency_id=competency_id)
        db.session.add(said)
    said.wording_id, said.step, said.claimed_at = wording.id, step, now
    db.session.flush()
    record("claim", experience.learner_id, now, experience.id)
    return said


def unclaim(experience: Experience, competency_id: int, now: dt.datetime) -> int | None:
    """Take a claim back, and return the step it had; what was sent with it before stays as it was sent."""
    step: int | None = db.session.execute(
        sa.delete(Claim).where(Claim.experience_id == experience.id, Claim.competency_id == competency_id)
        .returning(Claim.step)
    ).scalar_one_or_none()
    if step is not None:
        record("unclaim", experience.learner_id, now, experience.id)
    return step


def keep_revision(experience: Experience, now: dt.datetime, along: dict[str, str] | None = None) -> Revision:
    """Return the numbered state of the story as it stands, made only when it changed since the last one.

    `along` is what goes with it once, because the learner ticked it (« ce que j’en retire »): it stands in this state's
    facts alone, and is no part of the story that its digest is of. Raises Refused for a protected learner's way to be
    met elsewhere (promise S3).
    """
    _hold(experience)
    told = (experience.title, experience.story, experience.place, experience.organisation_text,
            *said_of(experience).facts.values(), *(along or {}).values())
    refusal = contact.refusal_of_contact(is_protected(experience.learner_id, now), told)
    if refusal is not None:
        raise Refused(refusal)
    last = db.session.scalars(
        sa.select(Revision).where(Revision.experience_id == experience.id).order_by(Revision.number.desc()).limit(1)
    ).one_or_none()
    digest = digest_of_story(experience)
    if last is not None and last.digest == digest and (last.facts.get("reflection") or None) == (along or None):
        return last
    revision = Revision(
        learner_id=experience.learner_id, experience_id=experience.id, number=(last.number if last else 0) + 1,
        title=experience.title, story=experience.story, digest=digest, made_at=now,
        facts={**_facts(experience), **({"reflection": along} if along else {})},
    )
    db.session.add(revision)
    db.session.flush()
    return revision


PUT_AWAY = Goes(Experience.id, lambda now: (
    Experience.deleted_at <= now - max(kept("deleted"), rules.UNDO), *(~hold(Experience.id) for hold in HOLDS)))


def erase_deleted(now: dt.datetime) -> int:
    """Erase the experiences whose deletion can be undone no more, with all that hangs on them; return how many."""
    gone = db.session.execute(
        sa.select(Experience.id, Experience.learner_id)
        .where(*PUT_AWAY.which(now))
        .order_by(Experience.deleted_at, Experience.id).limit(jobs.AT_A_TIME)
        .with_for_update(skip_locked=True, of=Experience)
    ).all()
    for row in gone:
        erase(row.learner_id, row.id, now)
    return len(gone)


def erase(learner_id: uuid.UUID, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Erase one experience by the one road: the line that a restore replays, what hangs on it, then itself."""
    erasures.note(erasures.Line(learner_id, "deleted", now, experience_id))
    for erase_part in reversed(ERASES):
        erase_part(experience_id)
    drafts.forget(sa.select(Experience.id).where(Experience.id == experience_id))
    for evidence_id in db.session.scalars(sa.select(Evidence.id).where(Evidence.experience_id == experience_id)).all():
        evidence.erase(evidence_id, learner_id, now)
    for what in (sa.delete(Revision).where(Revision.experience_id == experience_id),
                 sa.delete(Experience).where(Experience.id == experience_id)):
        db.session.execute(what, execution_options={"synchronize_session": False})
    record("erase_experience", None, now, experience_id)
    erasures.write_down(erasures.Line(learner_id, "deleted", now, experience_id))


def _welcome(account_id: uuid.UUID, first_sentence: str | None, now: dt.datetime) -> None:
    """Keep the sentence that was written before there was an account."""
    if first_sentence:
        log_experience(account_id, ExperienceDraft(title=first_sentence, submission=uuid.uuid4()), now)


accounts.WELCOME.append(_welcome)
forget_daily("experiences.erase", PUT_AWAY, do=erase_deleted)
