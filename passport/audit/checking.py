"""Walking the whole journal: is every line where and as it was sealed, up to every head that was signed?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..extensions import db
from . import heads, rules
from .models import AuditEvent, AuditLink, AuditSegment

PAGE = 2000
# Later rooms check here what else is signed in the database: what it is called, and (how many were looked at, the first
# that is not as it was signed).
ALSO: dict[str, Callable[[], tuple[int, str | None]]] = {}
UNREAD = (ValueError, TypeError, AttributeError, OverflowError, sa.exc.StatementError)


@dataclass(frozen=True)
class Found:
    """How many lines are sealed, how many wait, how many heads were signed; `bad` names the first thing that is wrong."""

    lines: int
    waiting: int
    heads: int
    bad: str | None


class _Broken(Exception):  # noqa: N818 - carries the answer out of the walk
    """The first thing that is wrong, in words."""


def check(now: dt.datetime) -> Found:
    """Walk the chain from its beginning, or from the last month that was dropped; memory stays the same at any length."""
    walk = _Walk(now)
    try:
        with _reading() as connection:
            walk.go(connection)
    except (_Broken, heads.Unreadable) as first:
        return Found(walk.lines, walk.waiting, len(walk.heads), str(first))
    return Found(walk.lines, walk.waiting, len(walk.heads), None)


def _reading() -> sa.Connection:
    """Return a connection that sees one state of the database from its first statement to its last."""
    if db.engine.dialect.name == "postgresql":
        return db.engine.connect().execution_options(isolation_level="REPEATABLE READ")
    return db.engine.connect().execution_options(sqlite_begin="DEFERRED")


class _Walk:
    """One walk along the chain."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.lines = self.waiting = self.position = self.newest = 0
        self.digest = rules.GENESIS
        self.heads: dict[int, heads.Head] = {}
        self.signed_at: dt.datetime | None = None

    def go(self, connection: sa.Connection) -> None:
        """Raise _Broken with the first thing that is wrong."""
        connection.execute(sa.select(sa.literal(1)))
        self.dropped(connection)
        self.read_heads()
        self.held_to_head()
        for link in self.links(connection):
            self.follow(link)
        beyond = min((p for p in self.heads if p > self.position), default=None)
        if beyond is not None:
            head = self.heads[beyond]
            raise _Broken(f"the chain ends at link {self.position}: links {self.position + 1} to {head.position}, "
                          f"signed on {head.at:%Y-%m-%d}, were cut off")
        self.unsealed(connection)
        self.unsigned(connection)

    def dropped(self, connection: sa.Connection) -> None:
        """Begin where the last dropped month ended, as it was signed."""
        for row in connection.execute(sa.select(AuditSegment).order_by(AuditSegment.last)).mappings():
            if row["last"] <= self.position or not heads.is_signed(
                told_of(row), row["key_id"], bytes(row["signature"]), row["dropped_at"]
            ):
                raise _Broken(f"the dropped month {row['month']} is not as it was signed")
            self.position, self.digest = int(row["last"]), bytes(row["digest"])

    def read_heads(self) -> None:
        """Keep the signed heads by their place; what came after a restored one was given up."""
        for head in heads.kept():
            if head.restored:
                self.heads = {p: h for p, h in self.heads.items() if p < head.position}
            known = self.heads.setdefault(head.position, head)
            if known.digest != head.digest:
                raise _Broken(f"two signed heads differ about link {head.position} (line {head.number} of {heads.file()})")
        begins = self.position
        self.heads = {p: h for p, h in self.heads.items() if p >= begins}

    def links(self, connection: sa.Connection) -> Iterator[Any]:
        """Return every link with its line, a page at a time."""
        columns = (AuditLink.seq, AuditLink.event, AuditLink.previous, AuditLink.digest,
                   AuditEvent.seq.label("line"), AuditEvent.at, AuditEvent.actor_ref, AuditEvent.action, AuditEvent.object_ref)
        some = sa.select(*columns).outerjoin(AuditEvent, AuditEvent.seq == AuditLink.event).order_by(AuditLink.seq)
        last, most = -(1 << 62), PAGE
        while True:
            try:
                page = connection.execute(some.where(AuditLink.seq > last).limit(most)).all()
            except UNREAD:
                if most == 1:
                    raise _Broken(f"the line after link {last} cannot be read: it was changed") from None
                most = 1  # something no column of this kind can hold: find the very line
                continue
            yield from page
            if not page:
                return
            last = page[-1].seq

    def follow(self, link: Any) -> None:
        """Go on to the next link, or say what is wrong with it."""
        wrong = wrong_with(link, self.position, self.digest, self.signed_at)
        if wrong is not None:
            raise _Broken(wrong)
        self.position, self.digest = link.seq, bytes(link.digest)
        self.lines, self.newest = self.lines + 1, max(self.newest, link.event)
        self.held_to_head()

    def held_to_head(self) -> None:
        """Hold the place that was reached against the head that was signed there."""
        head = self.heads.get(self.position)
        if head is None:
            return
        if head.digest != self.digest:
            raise _Broken(f"link {self.position} is not what was signed on {head.at:%Y-%m-%d}")
        self.signed_at = max(head.at, self.signed_at or head.at)

    def unsealed(self, connection: sa.Connection) -> None:
        """Count what waits to be sealed; a line that should have been long ago was put in, or no worker runs."""
        free = ~sa.exists().where(AuditLink.event == AuditEvent.seq)
        try:
            late = connection.execute(
                sa.select(AuditEvent.seq, AuditEvent.at).where(free, AuditEvent.at < self.now - rules.SEALED_WITHIN)
                .order_by(AuditEvent.seq).limit(1)).first()
        except UNREAD:
            raise _Broken("a line that is in no link cannot be read") from None
        self.waiting = int(connection.scalar(sa.select(sa.func.count()).select_from(AuditEvent).where(free)) or 0)
        if late is not None:
            why = "it was put in" if late.seq <= self.newest else "it was put in, or no worker runs"
            raise _Broken(f"line {late.seq} of {late.at:%Y-%m-%d %H:%M} is in no link: {why}")

    def unsigned(self, connection: sa.Connection) -> None:
        """Raise when the heads of days are gone: without them, a cut tail would not be seen."""
        if self.heads or not self.lines:
            return
        first = connection.scalar(sa.select(sa.func.min(AuditEvent.at, type_=AuditEvent.at.type)))
        if first is not None and first < self.now - 2 * rules.CLOCK_ODD:
            raise _Broken(f"no signed head is in {heads.file()}: bring it back from its backup, or see that a worker runs")


def told_of(segment: Any) -> dict[str, object]:
    """Return what is signed of a dropped month."""
    return {"month": segment["month"], "last": int(segment["last"]), "lines": int(segment["lines"]),
            "digest": bytes(segment["digest"]).hex()}


def wrong_with(link: Any, position: int, digest: bytes, signed_at: dt.datetime | None) -> str | None:
    """Say what is wrong with the link that comes after this place, or None: `signed_at` is when a head was last signed."""
    if link.seq != position + 1:
        return f"link {position + 1} is missing (the next one is {link.seq})"
    named = f"line {link.event} (link {link.seq})"
    if bytes(link.previous) != digest:
        return f"{named} does not follow the one before: a line was taken out, put in or moved"
    if link.line is None:
        return f"{named} is missing"
    line = rules.Line(link.event, link.at, link.actor_ref, link.action, link.object_ref)
    if rules.digest_of(digest, link.seq, line) != bytes(link.digest):
        return f"{named} was changed"
    if signed_at is not None and rules.is_put_in(link.at, signed_at):
        return f"{named} says {link.at:%Y-%m-%d} and was put in later: the head of {signed_at:%Y-%m-%d} did not have it"
    return None
