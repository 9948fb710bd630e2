"""Passports that nobody uses: warned about three times, then their links are closed, then they are erased."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from ..accounts.chosen import number
from ..accounts.models import Account, Mailbox, Passport
from ..audit.service import record
from ..card import sheet_service as sheets
from ..card.models import Sheet
from ..clock import day_of
from ..extensions import db
from ..links import public_url
from ..notices import jobs, outbox
from ..notices.letters import LETTERS, Letter, followed
from ..notices.outbox import Outgoing
from ..organisations.words import day_words
from ..sharing import service as sharing
from . import erasing, rules

UNUSED, END = "unused", "rights.end_unused"
LEAVES_WITHIN = dt.timedelta(days=7)
OVER = len(rules.WARNINGS)


def close_links(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Close every link of somebody, and the page behind each sheet."""
    sharing.close_all(learner_id, now)
    for sheet_id in db.session.scalars(
            sa.select(Sheet.id).where(Sheet.learner_id == learner_id, Sheet.closed_at.is_(None))).all():
        sheets.close(sheet_id, learner_id, now)



def has_address() -> sa.ColumnElement[bool]:
    """Return the condition that an account has an address that takes messages."""
    refused = sa.exists().where(Mailbox.account_id == Account.id, Mailbox.refused_at.is_not(None))
    return sa.and_(Account.email.is_not(None), Account.email_confirmed_at.is_not(None), ~refused)


def due(number_of: int, months: int, now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition that this step is due for an account, by the same days as `rules.is_due`."""
    step = rules.STEPS[number_of]
    return (
        sa.exists().where(Passport.learner_id == Account.id), Account.erased_at.is_(None), Account.warnings == number_of,
        Account.last_active_on <= rules.unused_since(step, months, day_of(now)),
        sa.true() if step.after == 0 else Account.warned_at <= now - dt.timedelta(days=step.after),
    )


def groups() -> tuple[tuple[int, sa.ColumnElement[bool]], ...]:
    """Return for how many months a passport is kept without use, and whose."""
    chosen = number("passports.unused")
    return (rules.period(chosen, True), has_address()), (rules.period(chosen, False), ~has_address())


def over(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition that a passport ends now."""
    return (sa.or_(*(sa.and_(*due(OVER, months, now), whose) for months, whose in groups())),)


def step_on(now: dt.datetime) -> int:
    """Take every passport that nobody uses one step further, `jobs.AT_A_TIME` of each step at most."""
    most = 0
    for months, whose in groups():
        for step in range(len(rules.STEPS)):
            found = db.session.scalars(
                sa.select(Account).where(*due(step, months, now), whose).order_by(Account.last_active_on, Account.id)
                .limit(jobs.AT_A_TIME).with_for_update(skip_locked=True)
                .execution_options(populate_existing=True)).all()
            for account in found:
                if rules.is_due(rules.STEPS[step], months, account.last_active_on, account.warned_at, now, day_of(now)):
                    _one(account, step, now)
            most = max(most, len(found))
    # What could not be done for days, a full disk say, is begun again.
    for account_id in db.session.scalars(sa.select(Account.id).where(
            Account.warnings > OVER, Account.erased_at.is_(None), sa.exists().where(Passport.learner_id == Account.id))
            .order_by(Account.id).limit(jobs.AT_A_TIME)).all():
        _end_soon(account_id, now)
    return most


def _end_soon(account_id: uuid.UUID, now: dt.datetime) -> None:
    jobs.enqueue(END, {"account": account_id.hex}, now, dedupe=f"{END}:{account_id.hex}")


def _one(account: Account, step: int, now: dt.datetime) -> None:
    account.warnings = step + 1
    if step == OVER:
        db.session.flush()
        record("unused.end", account.id, now, account.id)
        close_links(account.id, now)
        _end_soon(account.id, now)
        return
    account.warned_at = now
    db.session.flush()
    record("unused.warn", account.id, now, account.id)
    ends_on = rules.ends_on(rules.STEPS[step], day_of(now))
    for who in outbox.addressees([account.id], now):
        outbox.queue(UNUSED, now, now + LEAVES_WITHIN, who.language, account_id=account.id,
                     params={"ends_on": ends_on.isoformat()}, dedupe=f"{UNUSED}:{account.id.hex}:{step}")


def end(payload: dict[str, Any], now: dt.datetime) -> int:
    """End one passport whose links are closed; nothing when somebody opened it in the last moment."""
    account_id = uuid.UUID(str(payload["account"]))
    still = db.session.scalar(sa.select(Account.id).where(
        Account.id == account_id, Account.warnings > OVER, Account.erased_at.is_(None)).with_for_update())
    if still is None:
        return 0
    return int(erasing.erase(account_id, "inactive", now))


def letter(message: Outgoing) -> Letter | None:
    """Return what is said of a passport that nobody uses; nothing once it is used again."""
    used_again = db.session.scalar(sa.select(Account.id).where(Account.id == message.account_id, Account.warnings == 0))
    if used_again is not None:
        return None
    day = day_words(dt.date.fromisoformat(str(message.params["ends_on"])))
    return Letter(_("Un passeport qui ne sert plus"), (
        _("Personne n’a ouvert ce passeport depuis longtemps. Sans nouvelle, il s’efface après le %(day)s.", day=day),
        followed(_("Pour le garder, il suffit de l’ouvrir une fois :"), public_url("accounts.sign_in")),
        _("Sinon, il n’y a rien à faire : les liens se ferment, puis tout s’efface."),
    ))


LETTERS[UNUSED] = letter
jobs.later(END, end)
