"""Photos, documents and links beside an experience: keeping, erasing, and sweeping up what a fault left behind."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from ..accounts.models import Passport
from ..audit.service import record
from ..columns import uuid7
from ..extensions import db
from ..refusals import Refused
from ..submissions import digest_of, kept_before
from ..transaction import release
from . import files, rules
from .cleaning import Cleaned
from .models import Evidence, Experience


@dataclass(frozen=True)
class FileDraft:
    """A photo or a document as it was sent: `digest` is of its bytes as they came."""

    digest: str
    caption: str | None
    submission: uuid.UUID


@dataclass(frozen=True)
class LinkDraft:
    """A link as it was sent."""

    url: str | None
    caption: str | None
    submission: uuid.UUID


@dataclass(frozen=True)
class Swept:
    """What a sweep found: files that now lie where they stay, files removed, and rows whose file is gone."""

    settled: int
    removed: int
    missing: int


def digest_of_file(data: bytes) -> str:
    """Return what tells a file from any other."""
    return hashlib.sha256(data).hexdigest()


def sent_before(experience_id: uuid.UUID, learner_id: uuid.UUID, draft: FileDraft | LinkDraft) -> Evidence | None:
    """Return what this form kept when it came before, or None; raises Refused(SENT_OTHERWISE) for other content."""
    found: Evidence | None = kept_before(Evidence, Evidence.learner_id, learner_id, draft.submission,
                                         _digest(experience_id, draft))
    return found


def _digest(experience_id: uuid.UUID, draft: FileDraft | LinkDraft) -> bytes:
    sent = draft.digest if isinstance(draft, FileDraft) else draft.url
    return digest_of({"experience": experience_id, "sent": sent, "caption": draft.caption})


def keep_file(experience: Experience, draft: FileDraft, cleaned: Cleaned, name: str, now: dt.datetime) -> Evidence:
    """Keep a cleaned photo or document that arrived under this name, and count its bytes.

    The same form again returns what it kept: its `storage_name` is then another one. Raises Refused when there is no
    room left.
    """
    before = sent_before(experience.id, experience.learner_id, draft)
    if before is not None:
        return before
    return _keep(experience, Evidence(
        kind=cleaned.kind, storage_name=name, media_type=cleaned.media_type, size=cleaned.size, caption=draft.caption,
        submission=draft.submission, submission_digest=_digest(experience.id, draft),
    ), now)


def keep_link(experience: Experience, draft: LinkDraft, now: dt.datetime) -> Evidence:
    """Keep a link, which is never opened by us; the same form again returns the one kept. Raises Refused."""
    refusal = rules.refusal_of_link(draft.url)
    if refusal is not None:
        raise Refused(refusal, "url")
    before = sent_before(experience.id, experience.learner_id, draft)
    if before is not None:
        return before
    return _keep(experience, Evidence(
        kind="link", url=draft.url, size=0, caption=draft.caption, submission=draft.submission,
        submission_digest=_digest(experience.id, draft),
    ), now)


def _keep(experience: Experience, made: Evidence, now: dt.datetime) -> Evidence:
    """Write one row when there is room: the experience and the passport wait for each other's writers."""
    db.session.execute(sa.select(Experience.id).where(Experience.id == experience.id).with_for_update())
    here = db.session.execute(
        sa.select(sa.func.count()).select_from(Evidence).where(Evidence.experience_id == experience.id)
    ).scalar_one()
    room = db.session.execute(
        sa.select(Passport.evidence_bytes, Passport.evidence_quota)
        .where(Passport.learner_id == experience.learner_id).with_for_update(key_share=True)
    ).one()
    refusal = rules.refusal_to_add(here) or rules.refusal_of_room(room.evidence_bytes, made.size, room.evidence_quota)
    if refusal is not None:
        raise Refused(refusal)
    _count(experience.learner_id, made.size)
    made.id, made.learner_id, made.experience_id, made.added_at = uuid7(), experience.learner_id, experience.id, now
    db.session.add(made)
    db.session.flush()
    record("evidence.add", experience.learner_id, now, made.id)
    return made


def _count(learner_id: uuid.UUID, more: int) -> None:
    db.session.execute(
        sa.update(Passport).where(Passport.learner_id == learner_id)
        .values(evidence_bytes=Passport.evidence_bytes + more),
        execution_options={"synchronize_session": False},
    )


def remove(evidence_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> str | None:
    """Erase one photo, document or link wherever it was sent along, and return the name of the file to discard.

    Erasing twice is erasing once.
    """
    gone = db.session.execute(
        sa.delete(Evidence).where(Evidence.id == evidence_id, Evidence.learner_id == learner_id)
        .returning(Evidence.storage_name, Evidence.size),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if gone is None:
        return None
    _count(learner_id, -gone.size)
    record("evidence.remove", learner_id, now, evidence_id)
    name: str | None = gone.storage_name
    return name


def sweep(now: dt.datetime) -> Swept:
    """Bring files and rows together again after a fault: finish what was committed, remove what belongs to nobody.

    What began to arrive less than an hour ago is left alone. Holds no transaction while it touches files.
    """
    kept, late = files.lying(now)  # before the rows: a file only lies in its place once its row is committed
    names = db.session.scalars(sa.select(Evidence.storage_name).where(Evidence.storage_name.is_not(None)))
    known = {name for name in names if name is not None}
    release()
    for name in late & known:
        files.settle(name)
    gone = (kept | late) - known
    for name in gone:
        files.discard(name)
    return Swept(settled=len(late & known), removed=len(gone), missing=len(files.missing(known - kept)))
