"""Links as their owner finds them, and one link as it stands when it is opened."""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..accounts import queries as accounts
from ..experiences.models import Evidence, Experience
from ..extensions import db
from ..feedback.queries import day_words
from ..limits import hidden
from ..seal import unseal
from . import rules
from .models import Edition, EditionItem, Share, ShareReading
from .words import along_words, full_day

PER_PAGE = 20
A_FEW = 3
# How many photos, documents and links a link shows now.
PIECES = (
    sa.select(sa.func.count()).select_from(EditionItem)
    .join(Experience, Experience.id == EditionItem.experience_id)
    .join(Evidence, Evidence.id == EditionItem.evidence_id)
    .where(EditionItem.edition_id == Share.edition_id, Experience.deleted_at.is_(None), Evidence.deleted_at.is_(None))
    .correlate(Share).scalar_subquery().label("pieces")
)


@dataclass(frozen=True)
class Head:
    """What stands on top of a reader's page."""

    name: str
    intro: str | None
    recipient: str | None
    expires_at: dt.datetime

    @property
    def ends(self) -> str:
        """Return the last day, in words."""
        return full_day(self.expires_at)


class Showing:
    """What is said of a link wherever it stands."""

    state: rules.LinkState
    pieces: int

    @property
    def along(self) -> str:
        """Return how many photos, documents or links it shows, in words."""
        return along_words(self.pieces)

    @property
    def is_open(self) -> bool:
        """Say whether it opens."""
        return self.state is rules.LinkState.OPEN


@dataclass(frozen=True)
class Opened(Showing):
    """One link as it stands now."""

    id: uuid.UUID
    learner_id: uuid.UUID
    edition_id: uuid.UUID
    recipient_name: str
    head: Head
    recognised: int
    state: rules.LinkState
    token_sealed: bytes
    seen: int = 0
    pieces: int = 0
    code_sealed: bytes | None = None

    @property
    def code(self) -> str:
        """Return its code, for its owner, as it is said aloud; nothing without one."""
        said = unseal(self.code_sealed) if self.code_sealed else ""
        return f"{said[:3]} {said[3:]}".strip()

    def _said(self, until: int) -> str:
        code = unseal(self.code_sealed or b"")
        return f"{until}-{hidden(f'share {self.id.hex} said {code} until {until}')[:32]}"

    def key(self, now: dt.datetime) -> str:
        """Return what stands in the address for half an hour once the code was said."""
        return self._said(int((now + rules.CODE_SAID_FOR).timestamp()))

    def is_said(self, key: str, now: dt.datetime) -> bool:
        """Say whether the link has no code, or this key was given for it and is not over."""
        if self.code_sealed is None:
            return True
        until = key.partition("-")[0]
        if not (until.isascii() and until.isdigit() and len(until) < 12) or int(until) <= now.timestamp():
            return False
        return hmac.compare_digest(self._said(int(until)).encode(), key.encode())

    @property
    def ends(self) -> str:
        """Return its last day, in words."""
        return self.head.ends

    @property
    def token(self) -> str:
        """Return its token, for its owner."""
        return unseal(self.token_sealed)


def by_token(token_hash: bytes, now: dt.datetime) -> Opened | None:
    """Return the link of a token, whatever its state, or None when there is none; one statement."""
    return _opened(Share.token_hash == token_hash, now)


def by_id(share_id: uuid.UUID, now: dt.datetime) -> Opened | None:
    """Return one link by its id, for its owner; one statement."""
    return _opened(Share.id == share_id, now)


def made_before(learner_id: uuid.UUID, submission: uuid.UUID) -> uuid.UUID | None:
    """Return the id of the link that this submission made, or None."""
    return db.session.scalar(
        sa.select(Share.id).where(Share.learner_id == learner_id, Share.submission == submission))


def _consented(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return whether every consent that a link needs stands: for whom it is, and for the pictures in it."""
    return sa.and_(accounts.stands(Share.guardian_consent_id, now),
                   accounts.stands(Share.image_consent_id, now)).label("consented")


def _state(share: Share, consented: bool, now: dt.datetime) -> rules.LinkState:
    return rules.link_state(share.revoked_at, share.expires_at, now, bool(consented))


def state_of(share: Share, now: dt.datetime) -> rules.LinkState:
    """Return where a link stands, the consents it may need included."""
    return _state(share, bool(db.session.scalar(sa.select(_consented(now)).where(Share.id == share.id))), now)


def _opened(which: sa.ColumnElement[bool], now: dt.datetime) -> Opened | None:
    row = db.session.execute(
        sa.select(Share, Edition.head, _consented(now), PIECES)
        .join(Edition, Edition.id == Share.edition_id)
        .where(which)
    ).one_or_none()
    if row is None:
        return None
    share = row.Share
    head: dict[str, Any] = dict(row.head)
    return Opened(
        id=share.id, learner_id=share.learner_id, edition_id=share.edition_id, recipient_name=share.recipient_name,
        head=Head(name=str(head["name"]), intro=head["intro"], expires_at=share.expires_at,
                  recipient=share.recipient_name if share.recipient_shown else None),
        recognised=int(head["recognised"]), state=_state(share, row.consented, now), token_sealed=share.token_sealed,
        seen=int(head.get("seen", 0)), pieces=row.pieces, code_sealed=share.code_sealed,
    )


# ---------- « Mes liens » ----------


@dataclass(frozen=True)
class Link(Showing):
    """One line of « Mes liens »: for whom, until when, and on how many days it was opened."""

    id: uuid.UUID
    learner_id: uuid.UUID
    name: str
    state: rules.LinkState
    expires_at: dt.datetime
    revoked_at: dt.datetime | None
    openings: int
    last_on: dt.date | None
    in_last_week: bool
    pieces: int

    @property
    def ends(self) -> str:
        """Return its last day, in words."""
        return full_day(self.expires_at)

    @property
    def closed(self) -> str:
        """Return the day on which it closed, in words."""
        return full_day(self.revoked_at if self.revoked_at and self.revoked_at < self.expires_at else self.expires_at)

    @property
    def last(self) -> str:
        """Return the last day on which it was opened."""
        return day_words(self.last_on) if self.last_on else ""


def _links(now: dt.datetime, *which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    days = (
        sa.select(ShareReading.share_id, sa.func.sum(ShareReading.openings).label("openings"),
                  sa.func.max(ShareReading.read_on).label("last_on"))
        .join(Share, Share.id == ShareReading.share_id)
        .where(*which)
        .group_by(ShareReading.share_id)
        .subquery()
    )
    return (
        sa.select(Share, _consented(now), days.c.openings, days.c.last_on, PIECES)
        .outerjoin(days, days.c.share_id == Share.id)
        .where(*which)
        .order_by(Share.created_at.desc(), Share.id.desc())
    )


def _link(row: Any, now: dt.datetime) -> Link:
    share, consented, openings, last_on, pieces = row
    state = _state(share, consented, now)
    return Link(share.id, share.learner_id, share.recipient_name, state, share.expires_at, share.revoked_at,
                int(openings or 0), last_on, rules.may_extend(state, share.expires_at, now), pieces)


def links(learner_id: uuid.UUID, after: uuid.UUID | None, now: dt.datetime) -> tuple[list[Link], uuid.UUID | None]:
    """Return a page of a learner's links, newest first, and where the next one begins; one statement."""
    which = [Share.learner_id == learner_id]
    if after is not None:
        last = aliased(Share)
        place = sa.select(last.created_at, last.id).where(last.id == after, last.learner_id == learner_id)
        which.append(sa.tuple_(Share.created_at, Share.id) < place.scalar_subquery())
    found = [_link(row, now) for row in db.session.execute(_links(now, *which).limit(PER_PAGE + 1))]
    more = found[PER_PAGE - 1].id if len(found) > PER_PAGE else None
    return found[:PER_PAGE], more


def share(key: uuid.UUID) -> Share | None:
    """Return one link."""
    return db.session.get(Share, key)


def link(share_id: uuid.UUID, now: dt.datetime) -> Link | None:
    """Return one line of « Mes liens »."""
    row = db.session.execute(_links(now, Share.id == share_id)).one_or_none()
    return _link(row, now) if row else None


def any_open(learner_id: uuid.UUID, now: dt.datetime) -> bool:
    """Say whether a learner has a link that « Tout fermer » would close; one statement."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Share.learner_id == learner_id, Share.revoked_at.is_(None), Share.expires_at > now))))


def ending(learner_id: uuid.UUID, now: dt.datetime) -> list[tuple[uuid.UUID, str, dt.datetime]]:
    """Return the open links in their last week, the next to end first, a few at most: id, for whom, and the end."""
    rows = db.session.execute(
        sa.select(Share, _consented(now))
        .where(Share.learner_id == learner_id, Share.revoked_at.is_(None), Share.expires_at > now,
               Share.expires_at <= now + rules.LAST_WEEK)
        .order_by(Share.expires_at, Share.id).limit(A_FEW)
    )
    return [(share.id, share.recipient_name, share.expires_at) for share, consented in rows
            if rules.may_extend(_state(share, consented, now), share.expires_at, now)]


def open_links(learner_id: uuid.UUID, now: dt.datetime) -> Sequence[Link]:
    """Return the links of a learner that open now, a hundred at most; one statement."""
    rows = db.session.execute(
        _links(now, Share.learner_id == learner_id, Share.revoked_at.is_(None), Share.expires_at > now).limit(100)
    )
    return [found for found in (_link(row, now) for row in rows) if found.is_open]
