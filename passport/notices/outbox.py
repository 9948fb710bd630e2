"""The outbox: what is to leave by e-mail, who holds it while it leaves, and how it ended."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..clock import CITY_ZONE
from ..columns import uuid7
from ..extensions import db
from ..seal import seal, unseal
from . import rules
from .models import Message, Notice

WAITING = "waiting"
MOST_THINGS = 20
MOST_TOLD = 50
# Longer than everything that one sending may wait for: see `post`.
LEASE = dt.timedelta(minutes=4)


@dataclass(frozen=True)
class Addressee:
    """Somebody with a confirmed address that takes messages; `told` is whether they want those about what waits.

    `quiet` are the hours in which none reaches them.
    """

    account_id: uuid.UUID
    address: str
    language: str
    quiet: rules.Hours | None
    told: bool


# Accounts live in a later room, which says here who has an address, and hears which address takes no message.
ADDRESSEES: list[Callable[[Sequence[uuid.UUID], dt.datetime], list[Addressee]]] = []
REFUSED: list[Callable[[uuid.UUID, dt.datetime], None]] = []


def addressees(account_ids: Sequence[uuid.UUID], now: dt.datetime) -> list[Addressee]:
    """Return those of these people to whom a message may go."""
    return [someone for ask in ADDRESSEES for someone in ask(account_ids, now)]


# ---------- to leave ----------


def send_word(
    account_ids: Sequence[uuid.UUID], kind: str, subject_id: uuid.UUID, now: dt.datetime,
    visible_at: dt.datetime | None = None,
) -> None:
    """Let people know by e-mail that one thing waits, in the transaction of what happened.

    What waits for the same person within a short time becomes one message; nothing leaves for who gave no address.
    A thing that arrives later (`visible_at`) is told of when it is there.
    """
    people = [who for who in addressees(list(account_ids)[:MOST_TOLD], now) if who.told]
    if not people:
        return
    visible_at = visible_at or now
    rows = db.session.execute(
        sa.select(Message.account_id, sa.func.max(Message.sent_at, type_=Message.sent_at.type).label("sent_at"))
        .where(Message.account_id.in_([who.account_id for who in people]), Message.kind == WAITING,
               Message.sent_at > visible_at - rules.APART)
        .group_by(Message.account_id)
    )
    last = {row.account_id: row.sent_at for row in rows}
    for who in people:
        urgent = kind in rules.NEVER_HELD
        leaves = rules.leaves_at(visible_at, last.get(who.account_id), None if urgent else who.quiet, CITY_ZONE)
        _gather(who, [kind, str(subject_id)], leaves, held=visible_at > now, urgent=urgent)


def holds_back(message: Outgoing, who: Addressee, now: dt.datetime) -> dt.datetime:
    """Return until when somebody's quiet hours hold a message about what waits, or that time when they do not."""
    urgent = any(kind in rules.NEVER_HELD for kind, _thing in message.params.get("things", ()))
    return now if urgent else rules.held_until(now, who.quiet, CITY_ZONE)


def _gather(who: Addressee, thing: list[str], leaves: dt.datetime, held: bool, urgent: bool) -> None:
    """Add a thing to the message that waits for this person, or begin one; two at the same time make one."""
    key = f"{WAITING}:{who.account_id.hex}"
    while True:
        kept = db.session.scalars(
            sa.select(Message).where(Message.dedupe == key).with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if kept is None:
            if queue(WAITING, leaves, leaves + rules.STILL_NEWS, who.language, account_id=who.account_id,
                     params={"things": [thing]}, dedupe=key):
                return
            continue
        things: list[Any] = list(kept.params["things"])  # type: ignore[call-overload]
        if thing not in things and len(things) < MOST_THINGS:
            kept.params = {"things": [*things, thing]}
        if urgent:
            kept.not_before = min(kept.not_before, leaves)
        elif held:
            kept.not_before = max(kept.not_before, leaves)
        kept.expires_at = max(kept.expires_at, leaves + rules.STILL_NEWS)
        db.session.flush()
        return


def queue(
    kind: str, not_before: dt.datetime, expires_at: dt.datetime, language: str, *,
    account_id: uuid.UUID | None = None, address: str | None = None, params: dict[str, object] | None = None,
    token: str | None = None, dedupe: str | None = None,
) -> bool:
    """Put a message into the outbox, in the caller's transaction; say False when one with that `dedupe` waits already.

    It goes to the account's address of that time, or to `address`; `token` is kept sealed until the message has left.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    done = db.session.execute(
        insert(Message).values(
            id=uuid7(), account_id=account_id, address=address, kind=kind, params=params or {},
            token_sealed=seal(token) if token else None, language=language, not_before=not_before,
            expires_at=expires_at, attempts=0, dedupe=dedupe,
        ).on_conflict_do_nothing(index_elements=[Message.dedupe]).returning(Message.id)
    )
    return done.first() is not None


def drop(account_id: uuid.UUID, kind: str) -> None:
    """Take back what waits to leave for somebody, unless somebody is sending it right now."""
    db.session.execute(
        sa.delete(Message).where(Message.account_id == account_id, Message.kind == kind, Message.sent_at.is_(None),
                                 Message.failed_at.is_(None), Message.lease_until.is_(None)),
        execution_options={"synchronize_session": False},
    )


def drop_to(addresses: Collection[str | None]) -> None:
    """Forget what waits to leave for these addresses: nobody is to hear of who leaves any more."""
    db.session.execute(
        sa.delete(Message).where(Message.address.in_([address for address in addresses if address]),
                                 Message.sent_at.is_(None), Message.failed_at.is_(None)),
        execution_options={"synchronize_session": False},
    )


def take_out(account_id: uuid.UUID, kinds: Collection[str]) -> None:
    """Take things of these kinds back from what waits to be told to somebody; a message with nothing left is deleted."""
    waiting = db.session.scalars(
        sa.select(Message).where(Message.account_id == account_id, Message.kind == WAITING, Message.sent_at.is_(None),
                                 Message.failed_at.is_(None)).with_for_update()).all()
    for message in waiting:
        things: list[Any] = list(message.params["things"])  # type: ignore[call-overload]
        left = [thing for thing in things if thing[0] not in kinds]
        if left:
            message.params = {"things": left}
        elif message.lease_until is None:
            db.session.delete(message)
        else:
            message.params = {"things": []}
    db.session.flush()


# ---------- leaving ----------


@dataclass(frozen=True)
class Outgoing:
    """One message that this worker holds; `attempt` tells its hold from a later one."""

    id: uuid.UUID
    account_id: uuid.UUID | None
    address: str | None
    kind: str
    params: dict[str, Any]
    token_sealed: bytes | None
    language: str
    expires_at: dt.datetime
    attempt: int

    @property
    def token(self) -> str:
        """Return the secret that this message carries."""
        return unseal(self.token_sealed or b"")


def _due(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    free = sa.or_(Message.lease_until.is_(None), Message.lease_until <= now)
    return Message.sent_at.is_(None), Message.failed_at.is_(None), Message.not_before <= now, free


def is_due(now: dt.datetime) -> bool:
    """Say whether a message is to leave; it only reads."""
    with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return connection.execute(sa.select(Message.id).where(*_due(now)).limit(1)).first() is not None


def take(now: dt.datetime) -> Outgoing | None:
    """Hold the message that waits longest, so that nobody else sends it for a while; None when nothing is due.

    The caller commits before sending. From then on nothing more is gathered into it. A hold that ends without a word
    (the worker was killed) lets the message be taken again, under the same Message-ID.
    """
    message = db.session.scalars(
        sa.select(Message).where(*_due(now)).order_by(Message.not_before, Message.id).limit(1)
        .with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).one_or_none()
    if message is None:
        return None
    message.lease_until, message.attempts, message.dedupe = now + LEASE, message.attempts + 1, None
    db.session.flush()
    return Outgoing(
        id=message.id, account_id=message.account_id, address=message.address, kind=message.kind,
        params=dict(message.params), token_sealed=message.token_sealed, language=message.language,
        expires_at=message.expires_at, attempt=message.attempts,
    )


def _ends(message: Outgoing, **values: Any) -> None:
    db.session.execute(
        sa.update(Message).where(Message.id == message.id, Message.sent_at.is_(None), Message.failed_at.is_(None))
        .values(lease_until=None, address=None, token_sealed=None, **values),
        execution_options={"synchronize_session": False},
    )


def note_sent(message: Outgoing, now: dt.datetime) -> None:
    """Keep that a message left, whoever else may have taken it meanwhile; what it carried is forgotten."""
    _ends(message, sent_at=now)


def note_failed(message: Outgoing, now: dt.datetime) -> None:
    """Keep that a message will not leave; what it carried is forgotten."""
    _ends(message, failed_at=now)


def note_refused(message: Outgoing, now: dt.datetime) -> None:
    """Keep that the account's address takes no message, so that none goes there any more."""
    if message.account_id is not None and message.address is None:
        for hear in REFUSED:
            hear(message.account_id, now)
    note_failed(message, now)


def put_back(message: Outgoing, now: dt.datetime, until: dt.datetime | None = None) -> bool:
    """Let a message wait and leave later, or give it up when that would be too late; say whether it still waits.

    Without `until`, the wait grows with each attempt.
    """
    again = until or rules.tries_again_at(message.attempt, now, message.expires_at)
    if again is None or again >= message.expires_at:
        note_failed(message, now)
        return False
    db.session.execute(
        sa.update(Message)
        .where(Message.id == message.id, Message.attempts == message.attempt, Message.sent_at.is_(None),
               Message.failed_at.is_(None))
        .values(not_before=again, lease_until=None),
        execution_options={"synchronize_session": False},
    )
    return True


def let_go(message: Outgoing) -> None:
    """Forget a message that has become pointless: what it told of no longer waits."""
    db.session.execute(sa.delete(Message).where(Message.id == message.id, Message.sent_at.is_(None)),
                       execution_options={"synchronize_session": False})


def notices_waiting(account_id: uuid.UUID, subject_ids: Sequence[uuid.UUID], now: dt.datetime) -> set[tuple[str, uuid.UUID]]:
    """Return which of these things this person has a notice of that is not settled: (kind, thing)."""
    rows = db.session.execute(
        sa.select(Notice.kind, Notice.subject_id)
        .where(Notice.account_id == account_id, Notice.subject_id.in_(subject_ids), Notice.read_at.is_(None),
               Notice.visible_at <= now)
    )
    return {(row.kind, row.subject_id) for row in rows}
