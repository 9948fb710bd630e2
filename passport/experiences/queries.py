"""What a learner sees of their own experiences."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import format_decimal

from ..extensions import db
from ..frameworks.models import Wording
from ..frameworks.rules import folded
from ..organisations import queries as organisations
from ..organisations.models import Organisation
from . import files
from .cleaning import dimensions
from .models import Claim, Evidence, Experience
from .rules import UNDO, host_of

PER_PAGE = 20
SEARCH_FROM = 10
MOST_SEARCHED = 2000
MOST_DELETED = 200
MOST_OFFERED = 8


@dataclass(frozen=True)
class Row:
    """One line of the time line."""

    experience: Experience
    organisation: str | None


@dataclass(frozen=True)
class Page:
    """Some lines, where the next ones begin, whether a search helps, and whether a search found still others."""

    rows: list[Row]
    after: str | None
    many: bool = False
    others: bool = False


@dataclass(frozen=True)
class Said:
    """One claim in words."""

    competency_id: int
    wording_id: int
    text: str
    step: int

    @property
    def at_step(self) -> tuple[int, int]:
        """Return which competency, at which step."""
        return self.competency_id, self.step


@dataclass(frozen=True)
class Piece:
    """A photo, a document or a link, as it is shown; how large a photo is on a screen, where that was noted."""

    id: uuid.UUID
    kind: str
    caption: str | None
    url: str | None
    media_type: str | None
    size: int
    storage_name: str | None
    width: int | None
    height: int | None

    @property
    def host(self) -> str:
        """Return where a link leads."""
        return host_of(self.url or "")

    @property
    def megabytes(self) -> str:
        """Return how heavy it is in the reader's figures, never less than a tenth."""
        return str(format_decimal(max(0.1, self.size / 1_000_000), format="0.0"))

    @property
    def save_as(self) -> str | None:
        """Return the name under which it is saved, for what is not shown in the browser."""
        return "document.pdf" if self.kind == "document" else None

    def on_screen(self) -> tuple[int, int] | None:
        """Return width and height of a photo in its size for screens; None for what is no photo, or when its file is gone.

        Where they were not noted, the file is opened.
        """
        if self.kind != "photo" or self.storage_name is None:
            return None
        if self.width and self.height:
            return (self.width, self.height) if files.lies(self.storage_name, small=True) else None
        drawn = self.content(small=True)
        return dimensions(drawn) if drawn else None

    def content(self, small: bool = False) -> bytes | None:
        """Return its bytes, or those of its size for screens; None for a link, and when the file is gone."""
        return files.read(self.storage_name, small and self.kind == "photo") if self.storage_name else None


PIECE = (Evidence.id, Evidence.kind, Evidence.caption, Evidence.url, Evidence.media_type, Evidence.size,
         Evidence.storage_name, Evidence.width, Evidence.height)


def pieces(experience_id: uuid.UUID) -> list[Piece]:
    """Return the photos, documents and links beside an experience, oldest first; one statement."""
    rows = db.session.execute(sa.select(*PIECE)
                              .where(Evidence.experience_id == experience_id, Evidence.deleted_at.is_(None))
                              .order_by(Evidence.added_at, Evidence.id))
    return [Piece(*row) for row in rows]


def piece(experience_id: uuid.UUID, key: uuid.UUID) -> Piece | None:
    """Return one photo, document or link of this very experience, or None."""
    row = db.session.execute(
        sa.select(*PIECE).where(Evidence.id == key, Evidence.experience_id == experience_id,
                                Evidence.deleted_at.is_(None))).one_or_none()
    return Piece(*row) if row is not None else None


def experience(key: uuid.UUID) -> Experience | None:
    """Return an experience that is not deleted, or None."""
    found = db.session.get(Experience, key)
    return found if found is not None and found.deleted_at is None else None


def experience_or_deleted(key: uuid.UUID) -> Experience | None:
    """Return an experience, deleted or not, or None."""
    return db.session.get(Experience, key)


def _cursor(row: Experience) -> str:
    return f"{row.sort_on.isoformat()}_{row.id.hex}"


def _place(after: str | None) -> tuple[dt.date, uuid.UUID] | None:
    """Return where a page begins, or None for the first one or for nonsense."""
    try:
        day, key = (after or "").split("_")
        return dt.date.fromisoformat(day), uuid.UUID(hex=key)
    except ValueError:
        return None


def time_line(learner_id: uuid.UUID, after: str | None = None) -> Page:
    """Return twenty experiences, newest first, from where the page before ended; one statement."""
    query = (
        sa.select(Experience, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Experience.organisation_id)
        .where(Experience.learner_id == learner_id, Experience.deleted_at.is_(None))
        .order_by(Experience.sort_on.desc(), Experience.id.desc())
        .limit(PER_PAGE + 1)
    )
    place = _place(after)
    if place is not None:
        day, key = place
        query = query.where(sa.tuple_(Experience.sort_on, Experience.id)
                            < sa.tuple_(sa.literal(day, sa.Date()), sa.literal(key, Experience.id.type)))
    rows = [Row(x, name or x.organisation_text) for x, name in db.session.execute(query)]
    more = len(rows) > PER_PAGE
    rows = rows[:PER_PAGE]
    return Page(rows, _cursor(rows[-1].experience) if more else None, many=more or place is not None or len(rows) > SEARCH_FROM)


def found(learner_id: uuid.UUID, words: str) -> Page:
    """Return the experiences that hold all of these words, accents and case aside; twenty at most, one statement."""
    wanted = folded(words).split()
    query = (
        sa.select(Experience, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Experience.organisation_id)
        .where(Experience.learner_id == learner_id, Experience.deleted_at.is_(None))
        .order_by(Experience.sort_on.desc(), Experience.id.desc())
        .limit(MOST_SEARCHED)
    )
    rows = []
    for x, name in db.session.execute(query):
        text = folded(" ".join(filter(None, (x.title, x.story, x.place, name, x.organisation_text))))
        if wanted and all(word in text for word in wanted):
            rows.append(Row(x, name or x.organisation_text))
    return Page(rows[:PER_PAGE], None, many=True, others=len(rows) > PER_PAGE)


def claims_of(experience_id: uuid.UUID, language: str) -> list[Said]:
    """Return what the learner says they can do in this experience, in words; one statement."""
    text = Wording.text_en if language == "en" else Wording.text_fr
    rows = db.session.execute(
        sa.select(Claim.competency_id, Claim.wording_id, text, Claim.step)
        .join(Wording, Wording.id == Claim.wording_id)
        .where(Claim.experience_id == experience_id)
        .order_by(Claim.claimed_at, Claim.id)
    )
    return [Said(*row) for row in rows]


def deleted(learner_id: uuid.UUID, now: dt.datetime) -> Sequence[Experience]:
    """Return what was deleted and can still come back, newest first."""
    return db.session.scalars(
        sa.select(Experience)
        .where(Experience.learner_id == learner_id, Experience.deleted_at.is_not(None),
               Experience.deleted_at > now - UNDO)
        .order_by(Experience.deleted_at.desc(), Experience.id.desc())
        .limit(MOST_DELETED)
    ).all()


def kept_before(learner_id: uuid.UUID, submission: uuid.UUID) -> Experience | None:
    """Return what this submission made when it came before, deleted or not, or None."""
    return db.session.scalars(
        sa.select(Experience).where(Experience.learner_id == learner_id, Experience.submission == submission)
    ).one_or_none()


def organisation_name(experience: Experience) -> str | None:
    """Return the name of whom it was with: the organisation as it is called now, or what was written."""
    if experience.organisation_id is None:
        return experience.organisation_text
    return db.session.scalar(sa.select(Organisation.name).where(Organisation.id == experience.organisation_id))


def organisations_offered(learner_id: uuid.UUID, words: str | None, now: dt.datetime) -> list[str]:
    """Return the names of organisations known to the city to choose from: those that hold these words, or without words
    those already in this passport, a few at most."""
    if words:
        return [known.name for known in organisations.search(words, now)[:MOST_OFFERED]]
    return organisations.names_of(sa.union(
        sa.select(Experience.organisation_id).where(
            Experience.learner_id == learner_id, Experience.deleted_at.is_(None), Experience.organisation_id.is_not(None)),
        organisations.joined_by(learner_id),
    ), now, MOST_OFFERED)


def organisation_called(name: str | None, now: dt.datetime) -> uuid.UUID | None:
    """Return the organisation known to the city by this name, accents and case aside, or None."""
    return organisations.called(name, now) if name else None
