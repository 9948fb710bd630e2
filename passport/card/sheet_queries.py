"""What may be printed on a sheet, the sheets there are, and what of one is still shown."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ..clock import day_of
from ..credentials import keys
from ..credentials.models import Credential, StatusEntry
from ..extensions import db
from ..frameworks.models import FrameworkVersion, Wording
from ..recognition import queries as recognition
from ..recognition.models import Endorsement
from ..recognition.queries import Recognised
from ..seal import unseal
from ..sharing.words import full_day
from . import rules, sheet_code
from .models import Sheet, SheetItem

MOST = 50
A_YEAR = dt.timedelta(days=367)
_FACTS = (
    sa.select(Credential.endorsement_id, Credential.id, Credential.list_id, Credential.position, FrameworkVersion.number)
    .join(Endorsement, Endorsement.id == Credential.endorsement_id)
    .join(Wording, Wording.id == Endorsement.wording_id)
    .join(FrameworkVersion, FrameworkVersion.id == Wording.version_id)
    .where(Credential.unpublished_at.is_(None))
)


@dataclass(frozen=True)
class Printable:
    """One competency that may be printed: shown by permission, and signed."""

    recognised: Recognised
    credential_id: uuid.UUID
    line: sheet_code.Line


def printable(learner_id: uuid.UUID, now: dt.datetime) -> list[Printable]:
    """Return what a learner may print, newest first; two statements."""
    return _signed(learner_id, [s.recognised for s in recognition.shareable(learner_id, now) if s.may_be_shown])


def chosen(learner_id: uuid.UUID, endorsement_ids: Collection[uuid.UUID]) -> list[Printable]:
    """Return what of a choice may be printed now, and hold it until the commit; two statements."""
    live = recognition.live_items(learner_id, list(endorsement_ids))
    return _signed(learner_id, list(live.values()), lock=True)


def _signed(learner_id: uuid.UUID, recognised: Sequence[Recognised], lock: bool = False) -> list[Printable]:
    which = _FACTS.where(Credential.learner_id == learner_id, Credential.endorsement_id.in_([r.id for r in recognised]))
    if lock:
        which = which.with_for_update(of=Credential)
    rows = {row.endorsement_id: row for row in db.session.execute(which)}
    return [
        Printable(r, row.id, sheet_code.Line(
            r.competency_id, row.number, r.step, r.organisation_name, r.day, row.list_id, row.position))
        for r in recognised if (row := rows.get(r.id)) is not None
    ]


@dataclass(frozen=True)
class Printed:
    """One sheet as its learner finds it, and as its page answers; `shown` is how many of its lines are still shown."""

    id: uuid.UUID
    learner_id: uuid.UUID
    name: str | None
    size: int
    shown: int
    signed: bytes
    made_at: dt.datetime
    expires_on: dt.date
    closed_at: dt.datetime | None
    state: rules.SheetState
    token_sealed: bytes

    @property
    def is_open(self) -> bool:
        """Say whether its page answers."""
        return self.state is rules.SheetState.OPEN

    @property
    def made(self) -> str:
        """Return the day on which it was printed, in words."""
        return full_day(self.made_at)

    @property
    def ends(self) -> str:
        """Return its last day, in words."""
        return full_day(self.expires_on)

    @property
    def ended(self) -> str:
        """Return the day on which it was closed or ended, in words."""
        return full_day(self.closed_at or self.expires_on)

    @property
    def token(self) -> str:
        """Return its token, for its learner."""
        return unseal(self.token_sealed)


def _sheets(now: dt.datetime, *which: sa.ColumnElement[bool]) -> list[Printed]:
    shown = (
        sa.select(sa.func.count()).select_from(SheetItem).join(Credential, Credential.id == SheetItem.credential_id)
        .where(SheetItem.sheet_id == Sheet.id, Credential.unpublished_at.is_(None)).correlate(Sheet).scalar_subquery())
    rows = db.session.execute(
        sa.select(Sheet, shown.label("shown")).where(*which)
        .order_by(Sheet.closed_at.is_not(None), Sheet.made_at.desc(), Sheet.id.desc()).limit(MOST))
    return [
        Printed(s.id, s.learner_id, s.name, s.size, count, s.signed, s.made_at, s.expires_on, s.closed_at,
                rules.sheet_state(s.closed_at, s.expires_on, day_of(now)), s.token_sealed)
        for s, count in rows
    ]


def sheets(learner_id: uuid.UUID, now: dt.datetime) -> list[Printed]:
    """Return a learner's sheets, those that are not closed first, then the newest; one statement."""
    return _sheets(now, Sheet.learner_id == learner_id)


def by_id(key: uuid.UUID, now: dt.datetime) -> Printed | None:
    """Return one sheet, for its learner; one statement."""
    return next(iter(_sheets(now, Sheet.id == key)), None)


def by_token(token_hash: bytes, now: dt.datetime) -> Printed | None:
    """Return the sheet of a token, whatever its state, or None when there is none; one statement."""
    return next(iter(_sheets(now, Sheet.token_hash == token_hash)), None)


def made_before(learner_id: uuid.UUID, submission: uuid.UUID) -> uuid.UUID | None:
    """Return the id of the sheet that this submission made, or None."""
    return db.session.scalar(
        sa.select(Sheet.id).where(Sheet.learner_id == learner_id, Sheet.submission == submission))


def still_shown(sheet: Printed) -> list[Recognised]:
    """Return what of a sheet is in force now, in the order in which it was printed; two statements."""
    ids = db.session.scalars(
        sa.select(Credential.endorsement_id).join(SheetItem, SheetItem.credential_id == Credential.id)
        .where(SheetItem.sheet_id == sheet.id, Credential.unpublished_at.is_(None)).order_by(SheetItem.position)).all()
    live = recognition.live_items(sheet.learner_id, ids)
    return [live[key] for key in ids if key in live]


# ---------- what a phone keeps to check without network ----------


def every_key() -> list[dict[str, object]]:
    """Return the keys that a code may name, with their days; one statement."""
    def day(at: dt.datetime) -> int:
        return sheet_code.day_number(day_of(at))

    return [
        {"kid": sheet_code.kid_of(key.key_id).hex(), "key": key.public.hex(), "from": day(key.from_at),
         "until": day(key.until_at) if key.until_at else None, "counts": key.compromised_at is None}
        for key in keys.all_keys()
    ]


def taken_back(now: dt.datetime) -> dict[int, list[int]]:
    """Return the places in the status lists that a sheet still valid may hold and that are no longer shown; one statement.

    What is printed was in force that day, and a sheet counts for a year: what was taken back before is on none.
    """
    found: dict[int, list[int]] = {}
    for list_id, position in db.session.execute(
        sa.select(StatusEntry.list_id, StatusEntry.position).where(StatusEntry.revoked_at > now - A_YEAR)
        .order_by(StatusEntry.list_id, StatusEntry.position)
    ):
        found.setdefault(list_id, []).append(position)
    return found


@dataclass(frozen=True)
class Worded:
    """The words of one sentence in one version, in the reader's language."""

    competency_id: int
    version: str
    text: str


def every_sentence() -> list[Worded]:
    """Return the sentences of every version; one statement."""
    rows = db.session.execute(
        sa.select(Wording.competency_id, FrameworkVersion.number, recognition.sentence())
        .join(FrameworkVersion, FrameworkVersion.id == Wording.version_id)
        .order_by(Wording.competency_id, Wording.version_id))
    return [Worded(*row) for row in rows]
