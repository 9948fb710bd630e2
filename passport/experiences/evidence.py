"""Photos, documents and links beside an experience: keeping, erasing, undoing it, and sweeping up after a fault."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts.models import Passport
from ..audit.service import record
from ..columns import uuid7
from ..extensions import db
from ..notices import jobs
from ..notices.keeping import Goes, delete, forget_daily
from ..refusals import Refusal, Refused
from ..retention import kept
from ..submissions import digest_of, kept_before
from ..transaction import release
from . import files, rules
from .cleaning import Cleaned
from .models import ErasedEvidence, Evidence, Experience

ERASE_FILE = "experiences.erase_file"
ERASE_REMOVED = "evidence.erase"
# A job that begins with the last second of the hour would find nothing to erase yet.
JUST_AFTER = dt.timedelta(minutes=1)


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


def sent_before(
    experience_id: uuid.UUID, learner_id: uuid.UUID, draft: FileDraft | LinkDraft
) -> Evidence | ErasedEvidence | None:
    """Return what this form kept when it came before, erased or not, or None when it is new.

    Raises Refused(SENT_OTHERWISE) for other content.
    """
    digest = _digest(experience_id, draft)
    found: Evidence | None = kept_before(Evidence, Evidence.learner_id, learner_id, draft.submission, digest)
    if found is not None:
        return found
    erased: ErasedEvidence | None = kept_before(ErasedEvidence, ErasedEvidence.learner_id, learner_id, draft.submission,
                                                digest)
    return erased


def is_there(kept_now: Evidence | ErasedEvidence) -> bool:
    """Say whether what a form kept is still there."""
    return isinstance(kept_now, Evidence) and kept_now.deleted_at is None


def _digest(experience_id: uuid.UUID, draft: FileDraft | LinkDraft) -> bytes:
    sent = draft.digest if isinstance(draft, FileDraft) else draft.url
    return digest_of({"experience": experience_id, "sent": sent, "caption": draft.caption})


def keep_file(
    experience: Experience, draft: FileDraft, cleaned: Cleaned, name: str, now: dt.datetime
) -> Evidence | ErasedEvidence:
    """Keep a cleaned photo or document that arrived under this name, and count its bytes.

    The same form again changes nothing and returns what it kept, under another `storage_name`; what was erased stays
    erased. Raises Refused when there is no room left.
    """
    before = sent_before(experience.id, experience.learner_id, draft)
    if before is not None:
        return before
    return _keep(experience, Evidence(
        kind=cleaned.kind, storage_name=name, media_type=cleaned.media_type, size=cleaned.size,
        width=cleaned.width, height=cleaned.height, caption=draft.caption, submission=draft.submission,
        submission_digest=_digest(experience.id, draft),
    ), now)


def keep_link(experience: Experience, draft: LinkDraft, now: dt.datetime) -> Evidence | ErasedEvidence:
    """Keep a link, which is never opened by us; the same form again returns the one kept or erased. Raises Refused."""
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
    """Write one row when there is room."""
    _make_room(experience.id, experience.learner_id, made.size)
    made.id, made.learner_id, made.experience_id, made.added_at = uuid7(), experience.learner_id, experience.id, now
    db.session.add(made)
    db.session.flush()
    record("evidence.add", experience.learner_id, now, made.id)
    return made


def _hold(experience_id: uuid.UUID) -> None:
    """Make others wait who keep, put back or send something of the same experience."""
    db.session.execute(sa.select(Experience.id).where(Experience.id == experience_id).with_for_update())


def _make_room(experience_id: uuid.UUID, learner_id: uuid.UUID, size: int) -> None:
    """Count one more when there is room: the experience and the passport wait for each other's writers."""
    _hold(experience_id)
    here = db.session.execute(
        sa.select(sa.func.count()).select_from(Evidence)
        .where(Evidence.experience_id == experience_id, Evidence.deleted_at.is_(None))
    ).scalar_one()
    room = db.session.execute(
        sa.select(Passport.evidence_bytes, Passport.evidence_quota)
        .where(Passport.learner_id == learner_id).with_for_update(key_share=True)
    ).one()
    refusal = rules.refusal_to_add(here) or rules.refusal_of_room(room.evidence_bytes, size, room.evidence_quota)
    if refusal is not None:
        raise Refused(refusal)
    _count(learner_id, size)


def _count(learner_id: uuid.UUID, more: int) -> None:
    db.session.execute(
        sa.update(Passport).where(Passport.learner_id == learner_id)
        .values(evidence_bytes=Passport.evidence_bytes + more),
        execution_options={"synchronize_session": False},
    )


def remove(evidence_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Erase one photo, document or link: nobody sees it any more, here or where it was sent along.

    It can come back within the hour; then a job erases it with its file. Erasing twice is erasing once.
    """
    size = db.session.execute(
        sa.update(Evidence)
        .where(Evidence.id == evidence_id, Evidence.learner_id == learner_id, Evidence.deleted_at.is_(None))
        .values(deleted_at=now).returning(Evidence.size),
        execution_options={"synchronize_session": False},
    ).scalar_one_or_none()
    if size is None:
        return
    _count(learner_id, -size)
    jobs.enqueue(ERASE_REMOVED, {}, now + rules.UNDO_SOON + JUST_AFTER)
    record("evidence.remove", learner_id, now, evidence_id)


def put_back(evidence_id: uuid.UUID, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Undo that a photo, document or link of this experience was erased; doing it twice is doing it once.

    Raises Refused after the hour, and when there is no room left.
    """
    _hold(experience_id)
    found = db.session.scalars(
        sa.select(Evidence).where(Evidence.id == evidence_id, Evidence.experience_id == experience_id).with_for_update()
    ).one_or_none()
    refusal = Refusal.UNDO_OVER if found is None else rules.refusal_to_undo(found.deleted_at, now, rules.UNDO_SOON)
    if found is None or refusal is not None:
        raise Refused(refusal or Refusal.UNDO_OVER)
    if found.deleted_at is not None:
        _make_room(found.experience_id, found.learner_id, found.size)
        found.deleted_at = None
        db.session.flush()
        record("evidence.put_back", found.learner_id, now, found.id)


def erase(evidence_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Erase one photo, document or link for good; its file goes once it is certain that its row is gone."""
    gone = db.session.execute(
        sa.delete(Evidence).where(Evidence.id == evidence_id, Evidence.learner_id == learner_id)
        .returning(Evidence.storage_name, Evidence.size, Evidence.deleted_at),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if gone is None:
        return
    if gone.deleted_at is None:
        _count(learner_id, -gone.size)
    if gone.storage_name is not None:
        discard_later(gone.storage_name, now)
    record("evidence.erase", None, now, evidence_id)


REMOVED = Goes(Evidence.id, lambda now: (Evidence.deleted_at < now - rules.UNDO_SOON,))
FORMS = Goes(ErasedEvidence.id, lambda now: (ErasedEvidence.erased_at <= now - kept("transient"),))


def erase_removed(now: dt.datetime) -> int:
    """Erase for good what cannot come back any more, and return how many there were.

    Only the number of its form stays for a while: a phone without network may send that form once more, days later.
    """
    gone = db.session.execute(
        sa.select(Evidence.id, Evidence.learner_id, Evidence.submission, Evidence.submission_digest)
        .where(*REMOVED.which(now))
        .order_by(Evidence.deleted_at, Evidence.id).limit(jobs.AT_A_TIME).with_for_update(skip_locked=True)
    ).all()
    for row in gone:
        erase(row.id, row.learner_id, now)
        db.session.add(ErasedEvidence(id=uuid7(), learner_id=row.learner_id, submission=row.submission,
                                      submission_digest=row.submission_digest, erased_at=now))
    db.session.flush()
    return len(gone)


def discard_later(name: str, now: dt.datetime) -> bool:
    """Have a file removed once it is certain that its row is gone; say False when that waits already."""
    return jobs.enqueue(ERASE_FILE, {"name": name}, now, dedupe=f"file:{name}")


def _erase_file(payload: dict[str, Any], _now: dt.datetime) -> int:
    name = str(payload["name"])
    if db.session.scalar(sa.select(sa.exists().where(Evidence.storage_name == name))):
        return 0
    files.discard(name)
    return 1


def tidy(now: dt.datetime) -> int:
    """Do what `sweep` does without waiting for files: each one to remove is a job of its own."""
    erased = erase_removed(now)
    forgotten = delete((FORMS,), now)
    belong, nobodys, _elsewhere = _compare(now)
    for name in belong:
        files.settle(name)
    to_remove = sum(discard_later(name, now) for name in sorted(nobodys)[:jobs.AT_A_TIME])
    return max(erased, forgotten, to_remove)


def sweep(now: dt.datetime) -> Swept:
    """Bring files and rows together again after a fault: finish what was committed, remove what belongs to nobody.

    What began to arrive less than an hour ago is left alone. Holds no transaction while it touches files.
    """
    belong, nobodys, elsewhere = _compare(now)
    release()
    for name in belong:
        files.settle(name)
    for name in nobodys:
        files.discard(name)
    return Swept(settled=len(belong), removed=len(nobodys), missing=len(files.missing(elsewhere)))


def _compare(now: dt.datetime) -> tuple[set[str], set[str], set[str]]:
    """Return the files that are to settle, those that belong to nobody, and those of which rows name what does not stay."""
    kept, late = files.lying(now)  # before the rows: a file only lies in its place once its row is committed
    names = db.session.scalars(sa.select(Evidence.storage_name).where(Evidence.storage_name.is_not(None)))
    known = {name for name in names if name is not None}
    return late & known, (kept | late) - known, known - kept


jobs.later(ERASE_FILE, _erase_file)
jobs.later(ERASE_REMOVED, lambda _payload, now: erase_removed(now))
forget_daily("evidence.sweep", REMOVED, FORMS, do=tidy)
