"""Bringing a passport from another city: what would come in, and letting it in, once, however often it is sent."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from ..audit.service import record
from ..columns import uuid7
from ..credentials import badges, foreign
from ..credentials.badges import Badge, NoBadge
from ..credentials.checking import Checked
from ..experiences import cleaning, evidence, files, paths, reflection, service
from ..experiences.models import ErasedEvidence, Evidence, Experience
from ..experiences.rules import EARLIEST
from ..extensions import db
from ..frameworks.models import Competency
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from . import rules, told
from .archive import Brought
from .models import BroughtItem
from .told import Piece, Told

AT_A_TIME = 50


@dataclass
class Counts:
    """How much is in a file, how much of it is here already, and what cannot come in."""

    experiences: int = 0
    known: int = 0
    for_me_only: int = 0
    claims: int = 0
    pieces: int = 0
    words: int = 0
    signed: int = 0
    left: int = 0
    full: bool = False

    @property
    def anything(self) -> bool:
        """Say whether there is something to let in."""
        return bool(self.experiences or self.pieces or self.words or self.signed)


class Known:
    """What a learner has already, by the numbers under which it was sent first; three statements."""

    def __init__(self, learner_id: uuid.UUID) -> None:
        rows = db.session.execute(sa.select(Experience.submission, Experience.id, Experience.deleted_at)
                                  .where(Experience.learner_id == learner_id)).all()
        self.experiences = {row.submission: row.id for row in rows if row.deleted_at is None}
        self.deleted = {row.submission for row in rows if row.deleted_at is not None}
        sent = sa.union_all(*(sa.select(m.submission).where(m.learner_id == learner_id) for m in (Evidence, ErasedEvidence)))
        self.pieces = set(db.session.scalars(sent))
        words = db.session.execute(sa.select(BroughtItem.experience_id, BroughtItem.kind, BroughtItem.digest)
                                   .where(BroughtItem.learner_id == learner_id)).all()
        self.words: dict[uuid.UUID, set[bytes]] = {row.experience_id: set() for row in words if row.kind == "experience"}
        for row in words:
            if row.experience_id in self.words:
                self.words[row.experience_id].add(row.digest)

    def is_new(self, one: Told) -> bool:
        """Say whether an experience is not here, nor was deleted here lately."""
        return one.draft.submission not in self.experiences and one.draft.submission not in self.deleted

    def new_words(self, one: Told) -> list[told.Words]:
        """Return the words of others that are not here; where an experience began here, the very words are."""
        if self.is_new(one):
            return one.words
        here = self.words.get(self.experiences.get(one.draft.submission, uuid.UUID(int=0)))
        return [] if here is None else [w for w in one.words if told.digest_of(one, w) not in here]

    def new_pieces(self, one: Told) -> list[Piece]:
        """Return the photos, documents and links that are not here, nor were erased here lately."""
        if one.draft.submission in self.deleted:
            return []
        return [p for p in one.pieces if p.submission not in self.pieces]


def _new_badges(brought: Brought, learner_id: uuid.UUID) -> Iterable[tuple[Badge, bytes, bytes | None]]:
    """Return what was signed and is not here: what can be read of it, its bytes, and its secret."""
    for one in told.signed(brought):
        data = brought.file(one.file, rules.MOST_OF_A_CREDENTIAL)
        try:
            badge = badges.read(data or b"")
        except NoBadge:
            continue
        before = foreign.kept_already(learner_id, uuid.uuid4(), badge)
        if data is not None and (before is None or before.deleted_at is not None):
            yield badge, data, one.secret


def preview(brought: Brought, learner_id: uuid.UUID) -> Counts:
    """Return what a file would bring in, and what is here already."""
    known, counts = Known(learner_id), Counts()
    for one in told.experiences_in(brought):
        if known.is_new(one):
            counts.experiences += 1
            counts.claims += len(one.claims)
            counts.for_me_only += one.draft.for_me_only
        else:
            counts.known += 1
        counts.words += len(known.new_words(one))
        counts.pieces += len(known.new_pieces(one))
    counts.signed = sum(1 for _ in _new_badges(brought, learner_id))
    return counts


def bring(
    brought: Brought, learner_id: uuid.UUID, look_at: Callable[[bytes, dt.datetime], Checked], now: dt.datetime
) -> Counts:
    """Let in what a file holds, as told by its learner, and return what came; `look_at` checks what was signed.

    Each part is a transaction of its own and comes in once: whoever is stopped half-way sends the same file again. What
    has no room, or cannot be read, is counted and left.
    """
    known, counts = Known(learner_id), Counts()
    release()
    found = told.experiences_in(brought)
    for first in range(0, len(found), AT_A_TIME):
        with transaction():
            for one in found[first:first + AT_A_TIME]:
                _bring_experience(one, learner_id, known, counts, now)
    with transaction():
        _link(found, known, now)
    for one in found:
        for piece in known.new_pieces(one):
            _bring_piece(brought, piece, known.experiences[one.draft.submission], counts, now)
    for _badge, data, secret in list(_new_badges(brought, learner_id)):
        release()
        checked = look_at(data, now)
        try:
            with transaction():
                foreign.keep(learner_id, uuid.uuid4(), checked, now, secret)
            counts.signed += 1
        except Refused:
            counts.left += 1
    with transaction():
        record("bring_passport", learner_id, now, learner_id)
    return counts


def _bring_experience(one: Told, learner_id: uuid.UUID, known: Known, counts: Counts, now: dt.datetime) -> None:
    """Keep one experience as its learner's own, with what they say of it, and where it comes from."""
    if not known.is_new(one):
        counts.known += 1
    else:
        made = _logged(one, learner_id, now)
        known.experiences[one.draft.submission] = made.id
        known.words[made.id] = set()
        counts.experiences += 1
        _keep_words(one, told.Words("experience", {}, one.host), made.id, learner_id, known, now)
        given = {prompt: text for prompt, text in one.answers.items() if prompt in reflection.PROMPTS}
        if given:
            reflection.reflect(made, given, made.version, now)
        _claim(one, made, counts, now)
    key = known.experiences.get(one.draft.submission)
    if key is not None:
        counts.words += sum(_keep_words(one, words, key, learner_id, known, now) for words in known.new_words(one))


def _logged(one: Told, learner_id: uuid.UUID, now: dt.datetime) -> Experience:
    """Log an experience; a kind or details that are not known here are left, and the rest is kept."""
    try:
        made = service.log_experience(learner_id, one.draft, now, anew=True)
    except Refused:
        made = service.log_experience(learner_id, replace(one.draft, kind=None, details=None), now, anew=True)
    told_at = one.written_at
    service.say_written(made, told_at if told_at is not None and told_at.date() >= EARLIEST and told_at <= now else now)
    return made


def _claim(one: Told, made: Experience, counts: Counts, now: dt.datetime) -> None:
    numbers = dict(db.session.execute(sa.select(Competency.slug, Competency.id).where(
        Competency.slug.in_([slug for slug, _step in one.claims]))).all()) if one.claims else {}
    for slug, step in one.claims:
        try:
            service.claim(made, numbers.get(slug, 0), step, now)
            counts.claims += 1
        except Refused:  # a sentence that is not, or no longer, in this city's list
            counts.left += 1


def _keep_words(
    one: Told, words: told.Words, experience_id: uuid.UUID, learner_id: uuid.UUID, known: Known, now: dt.datetime
) -> int:
    """Keep words of somebody else as told, once, and return how many were new."""
    digest = told.digest_of(one, words)
    if digest in known.words[experience_id]:
        return 0
    known.words[experience_id].add(digest)
    db.session.add(BroughtItem(id=uuid7(), learner_id=learner_id, experience_id=experience_id, kind=words.kind,
                               document=words.document, origin_host=words.host, digest=digest, brought_at=now))
    return 1


def _link(found: list[Told], known: Known, now: dt.datetime) -> None:
    """Keep what led to what."""
    here = {one.key: known.experiences.get(one.draft.submission) for one in found}
    wanted = {key for one in found if one.leads_to for key in (here[one.key], *(here[to] for to in one.leads_to)) if key}
    rows = {x.id: x for x in db.session.scalars(sa.select(Experience).where(Experience.id.in_(wanted)))} if wanted else {}
    for one in found:
        for to in one.leads_to:
            origin, target = (rows.get(key) if key is not None else None for key in (here[one.key], here[to]))
            if origin is not None and target is not None:
                try:
                    paths.link(origin, target, now)
                except Refused:
                    continue


def _bring_piece(brought: Brought, piece: Piece, experience_id: uuid.UUID, counts: Counts, now: dt.datetime) -> None:
    """Keep one photo, document or link, cleaned like any that is sent; what has no room is counted."""
    name = None
    try:
        if piece.kind == "link":
            with transaction():
                evidence.keep_link(db.session.get_one(Experience, experience_id),
                                   evidence.LinkDraft(piece.url, piece.caption, piece.submission), now)
        else:
            data = brought.file(piece.file) or b""  # what is missing is refused like what is empty
            cleaned = cleaning.clean(data)
            name = files.arrive(cleaned.content, cleaned.small)
            draft = evidence.FileDraft(evidence.digest_of_file(data), piece.caption, piece.submission)
            with transaction():
                kept = evidence.keep_file(db.session.get_one(Experience, experience_id), draft, cleaned, name, now)
                mine = isinstance(kept, Evidence) and kept.storage_name == name
            if mine:
                files.settle(name)
                name = None
        counts.pieces += 1
    except Refused as refused:
        counts.left += 1
        counts.full = counts.full or refused.refusal is Refusal.ROOM_FULL
    finally:
        if name is not None:
            files.discard(name)
