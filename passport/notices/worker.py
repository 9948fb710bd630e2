"""The worker: sends what waits in the outbox and does what is to be done later.

As many as one likes may run; each can be killed at any moment: what it held is free again after a while.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import socket
from threading import Event

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from flask import current_app
from flask_babel import force_locale

from .. import clock, writing
from ..audit import sealing
from ..extensions import db
from ..transaction import let_go, release, transaction
from . import jobs, letters, outbox
from .outbox import Outgoing
from .post import Outcome, hand_over

log = logging.getLogger("passport.worker")

LOOKS_EVERY = 2.0
PLANS_EVERY = dt.timedelta(minutes=5)
SERVER_REST = dt.timedelta(seconds=30)


class Worker:
    """One worker; `stop` is set by whoever wants it to end after what it is doing."""

    def __init__(self, parent: int | None = None) -> None:
        self.name = f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}"[:40]
        self.stop = Event()
        self.parent = parent
        self.planned_at: dt.datetime | None = None
        self.rests_until: dt.datetime | None = None

    def run(self) -> None:
        """Work until told to stop, or until the process that it accompanies is gone."""
        while not self.ends():
            try:
                self.work()
            except (sa.exc.SQLAlchemyError, OSError) as fault:
                let_go()
                if not writing.is_away(fault):
                    raise
                log.warning("database unreachable: %s", type(getattr(fault, "orig", fault)).__name__)
            finally:
                db.session.remove()
            self.stop.wait(LOOKS_EVERY)

    def ends(self) -> bool:
        """Say whether it is time to end."""
        return self.stop.is_set() or (self.parent is not None and os.getppid() != self.parent)

    def work(self) -> None:
        """Do everything that is due now."""
        now = clock.now()
        self.seal()
        if self.planned_at is None or now - self.planned_at >= PLANS_EVERY:
            with transaction():
                jobs.plan(now)
            self.planned_at = now
        while not self.ends() and jobs.is_due(clock.now()):
            if not self.do_one():
                break
        while not self.ends() and self.may_send() and outbox.is_due(clock.now()):
            if not self.send_one():
                break

    def do_one(self) -> bool:
        """Do one job; say False when there was none left."""
        with transaction():
            taken = jobs.take(clock.now(), self.name)
        if taken is None:
            return False
        jobs.perform(taken[0], self.name, clock.now())
        return True

    def seal(self) -> None:
        """Seal the lines of the journal that wait; one worker at a time does."""
        while not self.ends() and sealing.is_due():
            with transaction():
                sealed = sealing.seal()
            if not sealed:
                break

    # ---------- messages ----------

    def may_send(self) -> bool:
        """Say whether messages leave at all, and the server is not having a rest."""
        rests = self.rests_until is not None and clock.now() < self.rests_until
        return current_app.config["MAIL"].leaves and not rests

    def send_one(self) -> bool:
        """Send one message; say False when there was none left."""
        with transaction():
            message = outbox.take(clock.now())
        if message is None:
            return False
        try:
            self.send(message)
        except (ValueError, InvalidToken, LookupError) as fault:
            db.session.rollback()
            log.warning("message %s cannot be written: %s", message.id, jobs.place_of(fault))
            with transaction():
                outbox.note_failed(message, clock.now())
        return True

    def send(self, message: Outgoing) -> None:
        """Send a message this worker holds, and keep how it ended; no transaction is open while it leaves."""
        now = clock.now()
        who = next(iter(outbox.addressees([message.account_id], now)), None) if message.account_id else None
        address = message.address or (who.address if who else None)
        waits = message.kind == outbox.WAITING
        quiet = outbox.holds_back(message, who, now) if waits and who else now
        if now >= message.expires_at:
            with transaction():
                outbox.note_failed(message, now)
            return
        if address is None or (waits and (who is None or not who.told)):
            with transaction():
                outbox.let_go(message)
            return
        if quiet > now:
            with transaction():
                outbox.put_back(message, now, until=quiet)
            return
        with force_locale(message.language):
            letter = letters.letter(message, now)
            mail = letters.written(letter, message, address, now) if letter else None
        release()
        if mail is None:
            with transaction():
                outbox.let_go(message)
            return
        outcome = hand_over(current_app.config["MAIL"], mail, message.id.hex)
        with transaction():
            self.keep(message, outcome, clock.now())

    def keep(self, message: Outgoing, outcome: Outcome, now: dt.datetime) -> None:
        """Keep how sending a message ended."""
        if outcome is Outcome.SENT:
            outbox.note_sent(message, now)
            return
        log.warning("message %s, attempt %d: %s", message.id, message.attempt, outcome.name)
        if outcome is Outcome.ADDRESS_REFUSED:
            outbox.note_refused(message, now)
        elif outcome is Outcome.REFUSED:
            outbox.note_failed(message, now)
        else:
            outbox.put_back(message, now)
            if outcome is Outcome.SERVER_AWAY:
                self.rests_until = now + SERVER_REST
