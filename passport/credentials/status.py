"""Status lists: a random position for each credential, a bit that is set in the write itself, a list signed when fetched."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..extensions import db
from ..notices import jobs
from . import addresses, keys, proofs
from .models import StatusEntry, StatusList

TTL = dt.timedelta(minutes=5)
"""How long others may go on with a list that they have."""
LASTS = dt.timedelta(days=2)
FULL = proofs.SIZE // 2
"""From how many positions on a list takes no more: among so many, a random one is still found at once."""
KEPT = 64
MOST_LISTS = 2**31 - 1


def _insert(table: type[StatusEntry] | type[StatusList]) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return insert(table)


def open_list(organisation_id: uuid.UUID) -> int:
    """Return the list of this issuer that takes new positions, made when there is none."""
    which = sa.select(StatusList.id).where(StatusList.organisation_id == organisation_id, StatusList.closed_at.is_(None))
    found = db.session.scalar(which)
    if found is None:
        db.session.execute(
            _insert(StatusList).values(organisation_id=organisation_id, size=proofs.SIZE, version=1)
            .on_conflict_do_nothing(index_elements=[StatusList.organisation_id], index_where=sa.text("closed_at IS NULL")))
        found = db.session.execute(which).scalar_one()
    return found


def reserve(organisation_id: uuid.UUID) -> tuple[int, int]:
    """Return a list and a position in it that is nobody else's, now or ever: drawn at random, without counter or lock."""
    return (list_id := open_list(organisation_id)), _draw(list_id)


def _draw(list_id: int) -> int:
    while True:
        drawn = db.session.scalar(
            _insert(StatusEntry).values(list_id=list_id, position=secrets.randbelow(proofs.SIZE))
            .on_conflict_do_nothing(index_elements=[StatusEntry.list_id, StatusEntry.position])
            .returning(StatusEntry.position))
        if drawn is not None:
            return int(drawn)


def revoke(list_id: int, position: int, now: dt.datetime) -> None:
    """Set the bit of a position for good, and let the list be signed anew at the next fetch; twice is once."""
    done = db.session.execute(
        sa.update(StatusEntry)
        .where(StatusEntry.list_id == list_id, StatusEntry.position == position, StatusEntry.revoked_at.is_(None))
        .values(revoked_at=now).returning(StatusEntry.position)).first()
    if done is not None:
        db.session.execute(sa.update(StatusList).where(StatusList.id == list_id)
                           .values(version=StatusList.version + 1))


def is_revoked(list_id: int, position: int) -> bool | None:
    """Say whether a position is set, or None when nobody ever had it."""
    row = db.session.execute(
        sa.select(StatusEntry.revoked_at)
        .where(StatusEntry.list_id == list_id, StatusEntry.position == position)).one_or_none()
    return None if row is None else row.revoked_at is not None


def close_full(now: dt.datetime) -> int:
    """Close the lists that are half full; the next position opens another one."""
    full = (
        sa.select(StatusEntry.list_id).join(StatusList, StatusList.id == StatusEntry.list_id)
        .where(StatusList.closed_at.is_(None)).group_by(StatusEntry.list_id).having(sa.func.count() >= FULL))
    closed = db.session.execute(
        sa.update(StatusList).where(StatusList.id.in_(full), StatusList.closed_at.is_(None))
        .values(closed_at=now).returning(StatusList.id), execution_options={"synchronize_session": False})
    return len(closed.all())


# ---------- what is fetched ----------

_signed: dict[tuple[str, int], tuple[str, bytes]] = {}
_one_signs = Lock()


def mark(list_id: int, now: dt.datetime) -> tuple[str, StatusList] | None:
    """Return what tells a state of a list from any other, with the list, or None when there is no such list.

    It changes with the version, the key and, so that a list never outlives its end, with the day. Raises keys.NoKey.
    """
    row = db.session.get(StatusList, list_id) if list_id <= MOST_LISTS else None
    if row is None or row.organisation_id is None:
        return None
    key = keys.current_row()
    if key is None:
        raise keys.NoKey(keys.NONE_YET)
    return f"{list_id}-{row.version}-{now.date().isoformat()}-{key.key_id[-8:]}", row


def signed(list_id: int, now: dt.datetime) -> tuple[str, bytes] | None:
    """Return the mark of a list and its signed bytes, the same in every process; signed once for each state.

    None when there is no such list. Raises keys.NoKey.
    """
    found = mark(list_id, now)
    if found is None:
        return None
    name, row = found
    assert row.organisation_id is not None
    address = addresses.status_page(list_id)
    kept = _signed.get((address, list_id))
    if kept is not None and kept[0] == name:
        return kept
    with _one_signs:
        kept = _signed.get((address, list_id))
        if kept is not None and kept[0] == name:
            return kept
        revoked = db.session.scalars(
            sa.select(StatusEntry.position).where(StatusEntry.list_id == list_id, StatusEntry.revoked_at.is_not(None)))
        begins = dt.datetime.combine(now.astimezone(dt.UTC).date(), dt.time(), dt.UTC)
        issuer = addresses.organisation_did(row.organisation_id)
        document = proofs.status_list(issuer, address, revoked, begins, begins + LASTS, TTL)
        signer = keys.current()
        made = name, proofs.sign(document, signer.private, issuer, max(begins, signer.from_at))
        if len(_signed) >= KEPT:
            _signed.clear()
        _signed[(address, list_id)] = made
        return made


jobs.every_day("credentials.close_lists", close_full)
