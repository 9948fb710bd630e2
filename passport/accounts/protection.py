"""What changes when somebody chooses protection or leaves it, and when an age is said, doubted or confirmed."""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Callable

import sqlalchemy as sa

from ..audit.service import record
from ..clock import day_of
from ..extensions import db
from ..limits import hidden
from ..notices import rules as notices
from ..refusals import Refused
from . import rules
from .models import Passport, Protection

# Later rooms end here what is too much at a younger age: (learner, the column of the age table that holds now, now).
YOUNGER: list[Callable[[uuid.UUID, rules.Band, dt.datetime], None]] = []


def of(learner_id: uuid.UUID) -> Protection:
    """Return what somebody decided about their protection; what is not decided yet is not kept either."""
    return db.session.get(Protection, learner_id) or _nothing(learner_id)


def _nothing(learner_id: uuid.UUID) -> Protection:
    return Protection(learner_id=learner_id, witness_words=False, chosen_too=False, age_tries=0)


def _held(learner_id: uuid.UUID) -> tuple[Passport, Protection]:
    """Hold a passport for this transaction, and what was decided about its protection."""
    passport = db.session.get_one(Passport, learner_id, with_for_update=True, populate_existing=True)
    decided = db.session.get(Protection, learner_id, populate_existing=True)
    if decided is None:
        decided = _nothing(learner_id)
        db.session.add(decided)
        db.session.flush()
    return passport, decided


def _is_minor(passport: Passport, now: dt.datetime) -> bool:
    return not rules.has_turned(passport.birth_year, passport.birth_month, rules.ADULT, day_of(now))


def _is_protected(passport: Passport, now: dt.datetime) -> bool:
    return rules.is_protected(passport.birth_year, passport.birth_month, passport.protection_chosen, day_of(now))


def choose(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Protect an adult as a minor is, from now on, because they choose it; twice is once."""
    passport, decided = _held(learner_id)
    if decided.doubted_at is not None:
        decided.chosen_too = True
    if not _is_protected(passport, now):
        passport.protection_chosen = True
        db.session.flush()
        record("protection.choose", learner_id, now, learner_id)


def leave(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """End the protection that an adult chose; what is written keeps the regime of its day. Raises Refused."""
    passport, decided = _held(learner_id)
    refusal = rules.refusal_to_leave_protection(_is_minor(passport, now), decided.doubted_at is not None)
    if refusal is not None:
        raise Refused(refusal)
    if passport.protection_chosen:
        passport.protection_chosen = False
        db.session.flush()
        record("protection.leave", learner_id, now, learner_id)


def set_quiet_hours(learner_id: uuid.UUID, begin: int | None, end: int | None, now: dt.datetime) -> None:
    """Keep the hours in which no message reaches an adult, or none. Raises Refused."""
    passport, decided = _held(learner_id)
    refusal = notices.refusal_of_hours(_is_protected(passport, now), (begin, end))
    if refusal is not None:
        raise Refused(refusal)
    decided.quiet_from, decided.quiet_to = begin, end
    db.session.flush()


def let_witnesses_write(learner_id: uuid.UUID, wanted: bool, now: dt.datetime) -> None:
    """Keep whether somebody without account may write to a protected adult in their own words. Raises Refused."""
    passport, decided = _held(learner_id)
    refusal = rules.refusal_to_leave_protection(_is_minor(passport, now), decided.doubted_at is not None) if wanted else None
    if refusal is not None:
        raise Refused(refusal)
    decided.witness_words = wanted
    db.session.flush()


# ---------- age ----------


def lower_age(learner_id: uuid.UUID, year: int | None, month: int | None, now: dt.datetime) -> None:
    """Keep that somebody is younger than they said, at once: what is too much at that age ends. Raises Refused."""
    passport, decided = _held(learner_id)
    known = None if passport.birth_year is None or passport.birth_month is None else (
        passport.birth_year, passport.birth_month)
    if known is not None and known == (year, month) and _is_minor(passport, now):
        return
    refusal = rules.refusal_to_lower_age(known, (year, month), day_of(now))
    if refusal is not None:
        raise Refused(refusal, "birth_month")
    passport.birth_year, passport.birth_month, passport.age_source = year, month, "declared"
    _forget_doubt(passport, decided)
    band = rules.band(year, month, day_of(now))
    if band not in {rules.Band.YOUTH, rules.Band.ADULT}:
        passport.in_statistics = False
    db.session.flush()
    for hear in YOUNGER:
        hear(learner_id, band, now)
    record("age.lower", learner_id, now, learner_id)


def doubt(learner_id: uuid.UUID, membership_id: uuid.UUID, actor_id: uuid.UUID, now: dt.datetime) -> None:
    """Protect somebody at once because a facilitator believes that they are under 18; twice is once.

    A minor stays as they are; whoever had chosen protection cannot leave it any more, and has chosen it still once the
    doubt is over. The learner finds it on their own pages.
    """
    passport, decided = _held(learner_id)
    if _is_minor(passport, now) or decided.doubted_at is not None:
        return
    decided.chosen_too, passport.protection_chosen = passport.protection_chosen, True
    decided.doubted_at, decided.doubted_by_id = now, membership_id
    decided.witness_words = False
    db.session.flush()
    record("age.doubt", actor_id, now, learner_id)


def _forget_doubt(passport: Passport, decided: Protection) -> None:
    """Let go of a doubt about somebody's age, and of the protection that came with it and that nobody chose."""
    if decided.doubted_at is not None:
        passport.protection_chosen, decided.chosen_too = decided.chosen_too, False
        decided.doubted_at = decided.doubted_by_id = None
    decided.age_asked_at, decided.age_tries = None, 0


def show_code(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Let a learner show a code for a quarter of an hour, by which a facilitator confirms in person that they are an adult.

    Raises Refused under 15.
    """
    passport, decided = _held(learner_id)
    refusal = rules.refusal_to_confirm_anybody(rules.band(passport.birth_year, passport.birth_month, day_of(now)))
    if refusal is not None:
        raise Refused(refusal)
    decided.age_asked_at, decided.age_tries = now, 0
    db.session.flush()
    record("age.ask", learner_id, now, learner_id)


def code_shown(decided: Protection, now: dt.datetime) -> str | None:
    """Return the six figures that a learner shows now, or None when there are none to show."""
    asked_at, tries = decided.age_asked_at, decided.age_tries
    if asked_at is None or rules.refusal_to_confirm_age(asked_at, tries, True, now) is not None:
        return None
    number = int(hidden(f"age of {decided.learner_id.hex} asked {asked_at.isoformat()}"), 16)
    return f"{number % 1_000_000:06d}"


def confirm(learner_id: uuid.UUID, code: str, actor_id: uuid.UUID, now: dt.datetime) -> bool:
    """Make an adult of somebody whose code a facilitator reads on their screen, in person. Raises Refused.

    A wrong one is counted all the same: after five, or a quarter of an hour, another is to be shown. Where nobody takes
    them for a minor there is nothing to confirm, and False is returned. Whoever was a minor until now stays protected,
    as by their own choice, until they end it themself: one adult's word takes nobody out of it.
    """
    passport, decided = _held(learner_id)
    minor = _is_minor(passport, now)
    if not minor and decided.doubted_at is None:
        return False
    shown = code_shown(decided, now)
    right = shown is not None and hmac.compare_digest(shown.encode(), "".join(code.split()).encode())
    refusal = rules.refusal_to_confirm_age(decided.age_asked_at, decided.age_tries, right, now)
    if refusal is not None:
        raise Refused(refusal, "code", outlives=lambda: _count_try(learner_id))
    refusal = rules.refusal_to_confirm_anybody(rules.band(passport.birth_year, passport.birth_month, day_of(now)))
    if refusal is not None:
        raise Refused(refusal, "code")
    passport.birth_year = passport.birth_month = None
    passport.age_source = "seen"
    _forget_doubt(passport, decided)
    passport.protection_chosen = passport.protection_chosen or minor
    db.session.flush()
    record("age.confirm", actor_id, now, learner_id)
    return True


def _count_try(learner_id: uuid.UUID) -> None:
    db.session.execute(
        sa.update(Protection).where(Protection.learner_id == learner_id, Protection.age_asked_at.is_not(None),
                                    Protection.age_tries < rules.AGE_CODE_TRIES)
        .values(age_tries=Protection.age_tries + 1))
