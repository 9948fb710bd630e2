"""What changes when a child asks, a parent answers, either takes it back, and when the child turns 15 or 18."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ..accounts import protection
from ..accounts import rules as age
from ..accounts.models import Account, Guardian, GuardianConsent, Passport
from ..audit.service import record
from ..clock import CITY_ZONE, day_of
from ..columns import uuid7
from ..credentials import service as credentials
from ..extensions import db
from ..notices import jobs, outbox
from ..notices.keeping import Goes, forget_daily
from ..recognition import service as recognition
from ..recognition.models import Permission
from ..refusals import Refusal, Refused
from ..seal import digest_of, keyed_digests_of, new_token, seal, token_for, unseal
from ..sharing import service as sharing
from ..witnesses import service as witnesses
from . import queries, rules, words

LETTER = "guardian"


@dataclass(frozen=True)
class AskDraft:
    """What a child asks one parent: purposes, and their address unless they are given a code."""

    purposes: tuple[str, ...]
    address: str | None


@dataclass(frozen=True)
class AnswerDraft:
    """What a parent answers: yes (True) or no for each purpose, and in which quality."""

    answers: Mapping[str, bool]
    capacity: str | None
    submission: uuid.UUID
    other: bool = False  # « je suis l’autre parent », for the second yes


def _hold(learner_id: uuid.UUID) -> Passport:
    """Make whoever else decides something for this learner wait until the commit."""
    return db.session.scalars(
        sa.select(Passport).where(Passport.learner_id == learner_id).with_for_update()
        .execution_options(populate_existing=True)).one()


def _band(passport: Passport, now: dt.datetime) -> age.Band:
    return age.band(passport.birth_year, passport.birth_month, day_of(now))


# ---------- the child ----------


def ask(learner_id: uuid.UUID, draft: AskDraft, now: dt.datetime) -> Guardian:
    """Ask one parent about some purposes, by a link that works once. Raises Refused.

    Only the child starts it. For images, asked a second time, the link is for the other parent.
    """
    band = _band(_hold(learner_id), now)
    if not draft.purposes or not set(draft.purposes) <= set(age.PURPOSES):
        raise Refused(Refusal.NOTHING_CHOSEN)
    last = queries.last_of(learner_id)
    for purpose in draft.purposes:
        refusal = rules.refusal_to_ask(band, purpose, last.get(purpose), now)
        if refusal is not None:
            raise Refused(refusal)
    lately = db.session.scalar(sa.select(sa.func.count()).select_from(Guardian).where(
        Guardian.learner_id == learner_id, Guardian.asked_at > now - dt.timedelta(days=1))) or 0
    if lately >= rules.MOST_A_DAY:
        raise Refused(Refusal.ASKED_OFTEN)
    token = new_token()
    guardian = Guardian(
        id=uuid7(), learner_id=learner_id, way=rules.EMAIL if draft.address else rules.CODE, contact=draft.address,
        token_hash=digest_of(token), token_sealed=seal(token), asked_at=now, expires_at=now + rules.OPEN_FOR)
    if draft.address and age.BY_BOTH & set(draft.purposes):
        guardian.contact_digest = keyed_digests_of(rules.one_box(draft.address))[0]
    db.session.add(guardian)
    db.session.flush()
    for purpose in draft.purposes:
        _ask_about(guardian, purpose, last.get(purpose), now)
    db.session.flush()
    if draft.address:
        _write(guardian, token, now)
    record("parents.ask", learner_id, now, guardian.id)
    return guardian


def _ask_about(guardian: Guardian, purpose: str, last: GuardianConsent | None, now: dt.datetime) -> None:
    if last is not None and rules.state_of(last, now) in {rules.State.ASKED, rules.State.HALF}:
        first = db.session.get(Guardian, last.guardian_id) if last.guardian_id else None
        same = keyed_digests_of(rules.one_box(guardian.contact)) if guardian.contact else []
        if first is not None and first.contact_digest in same:
            raise Refused(Refusal.OTHER_PARENT, "address")
        last.second_guardian_id, last.until = guardian.id, max(last.until, guardian.expires_at)
        return
    if last is not None and last.withdrawn_at is None:
        _end(last, rules.END, now)
    db.session.add(GuardianConsent(
        id=uuid7(), learner_id=guardian.learner_id, option=purpose, guardian_id=guardian.id,
        text_version=words.TEXT_VERSION, learner_agreed_at=now, until=guardian.expires_at))


def _write(guardian: Guardian, token: str, now: dt.datetime) -> None:
    language = db.session.scalar(sa.select(Account.language).where(Account.id == guardian.learner_id)) or "fr"
    outbox.queue(LETTER, now, guardian.expires_at, language, address=guardian.contact, token=token,
                 params={"guardian": guardian.id.hex})


def remind(guardian: Guardian, now: dt.datetime) -> None:
    """Send the one reminder there is, by the child's own act. Raises Refused."""
    db.session.refresh(guardian, with_for_update=True)
    is_open = bool(queries.asked(guardian.learner_id, now, guardian.id))
    refusal = rules.refusal_to_remind(guardian.way, guardian.reminded_at, is_open)
    if refusal is not None:
        raise Refused(refusal)
    guardian.reminded_at = now
    db.session.flush()
    if guardian.contact and guardian.token_sealed:
        _write(guardian, unseal(guardian.token_sealed), now)
    record("parents.remind", guardian.learner_id, now, guardian.id)


# ---------- a parent ----------


def answer(guardian: Guardian, draft: AnswerDraft, now: dt.datetime) -> str | None:
    """Keep a parent's answer, once, and return their receipt code, or None when it is no to everything.

    Sent twice it is kept once. Raises Refused.
    """
    passport = _hold(guardian.learner_id)
    db.session.refresh(guardian, with_for_update=True)
    if guardian.answered_at is not None and guardian.submission == draft.submission:
        return _receipt(guardian) if guardian.receipt_hash else None
    now = max(now, guardian.asked_at)
    found = queries.waiting(guardian, queries.of_guardian(guardian), now)
    band = _band(passport, now)
    refusal = rules.refusal_to_answer(band, guardian.answered_at, guardian.expires_at, len(found), now)
    if refusal is not None:
        raise Refused(refusal)
    for given in found:
        if draft.answers.get(given.option) is None:
            raise Refused(Refusal.STEP_MISSING, given.option)
        if not draft.answers[given.option]:
            continue
        refusal = rules.refusal_of_yes(given.option, draft.capacity)
        if refusal is not None:
            raise Refused(refusal, given.option)
        refusal = rules.refusal_of_second_yes(draft.other) if given.second_guardian_id == guardian.id else None
        if refusal is not None:
            raise Refused(refusal, "other")
    agreed = [given for given in found if draft.answers[given.option]]
    guardian.answered_at, guardian.submission = now, draft.submission
    guardian.contact = guardian.token_sealed = None
    guardian.capacity = draft.capacity if agreed else None
    code = _receipt(guardian) if agreed else None
    guardian.receipt_hash = digest_of(code) if code else None
    for given in found:
        if draft.answers[given.option]:
            _agree(given, guardian, passport, now)
        else:
            _end(given, rules.GUARDIAN, now)
    db.session.flush()
    record("parents.answer", None, now, guardian.id)
    return code


def _receipt(guardian: Guardian) -> str:
    """Return the same code each time, which nobody knows without the key of the city."""
    return rules.receipt_code(digest_of(f"receipt:{token_for(guardian.id)}"))


def _agree(given: GuardianConsent, guardian: Guardian, passport: Passport, now: dt.datetime) -> None:
    if given.guardian_id == guardian.id:
        given.guardian_agreed_at = now
    else:
        given.second_agreed_at = now
    if not rules.is_agreed(given, now):
        given.until = max(given.until, now + rules.OPEN_FOR)  # time for the other parent
        return
    turns = age.turns(passport.birth_year, passport.birth_month, age.SHOWS_ALONE) if (
        passport.birth_year is not None and passport.birth_month is not None) else None
    given.until = rules.until(given.guardian_agreed_at or now, turns, CITY_ZONE)
    if given.option == age.STATISTICS:
        passport.in_statistics = True


# ---------- taking back ----------


def withdraw(given: GuardianConsent, by: str, now: dt.datetime) -> None:
    """Take one purpose back, alone, with effect at once: what it opened closes, nothing is deleted; twice is once."""
    _hold(given.learner_id)
    db.session.refresh(given, with_for_update=True)
    if given.withdrawn_at is not None:
        return
    _end(given, by, now)
    record("parents.withdraw", given.learner_id if by == rules.LEARNER else None, now, given.id)


def _end(given: GuardianConsent, by: str, now: dt.datetime) -> None:
    given.withdrawn_at, given.withdrawn_by = now, by
    db.session.flush()
    sharing.close_consented(given.id, now)
    witnesses.close_consented(given.id, now)
    recognition.end_consented(given.id, now)
    if given.option in age.BY_BOTH:
        db.session.execute(
            sa.update(Guardian).where(Guardian.id.in_([k for k in (given.guardian_id, given.second_guardian_id) if k]))
            .values(contact_digest=None))
    if given.option == age.STATISTICS:
        passport = db.session.get_one(Passport, given.learner_id)
        # From 15 on one is counted unless one says no: silence is no answer.
        passport.in_statistics = by == rules.END and _band(passport, now) not in rules.UNDER_15
        db.session.flush()


# ---------- at 15 and at 18 ----------


def take_over(learner_id: uuid.UUID, kept: Mapping[str, bool], now: dt.datetime) -> None:
    """At 15: keep what a purpose opened as one's own (True), or close it. Raises Refused."""
    band = _band(_hold(learner_id), now)
    last = queries.last_of(learner_id)
    for purpose, keeps in kept.items():
        given = last.get(purpose)
        refusal = rules.refusal_to_take_over(band, given, now) if given is not None else Refusal.ALREADY_YOURS
        if refusal is not None or given is None:
            raise Refused(refusal or Refusal.ALREADY_YOURS, purpose)
        if not keeps:
            _end(given, rules.LEARNER, now)
            continue
        given.kept_at = now
        db.session.flush()
        recognition.take_over(given.id, now)
    record("parents.take_over", learner_id, now)


def come_of_age(learner_id: uuid.UUID, protected: bool, now: dt.datetime) -> None:
    """At 18: let the protection end, or go on as a choice of one's own. Raises Refused before 18, and to end it in doubt."""
    passport = _hold(learner_id)
    if _band(passport, now) is not age.Band.ADULT:
        raise Refused(Refusal.ADULTS_ONLY)
    (protection.choose if protected else protection.leave)(learner_id, now)
    if passport.came_of_age_at is None:
        passport.came_of_age_at = now
    db.session.flush()
    record("parents.come_of_age", learner_id, now)


def grow_younger(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> None:
    """End what two decided and does not hold at the age that is said now, with all that stands on it.

    At 18 it is asked anew what becomes of the protection.
    """
    db.session.get_one(Passport, learner_id).came_of_age_at = None
    for given in db.session.scalars(sa.select(GuardianConsent).where(
            GuardianConsent.learner_id == learner_id, GuardianConsent.withdrawn_at.is_(None))).all():
        if rules.ends_younger(band, given.kept_at):
            _end(given, rules.END, now)


def close_all(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Let no link that waits for a parent of a learner who leaves open anything, or be sent; what was agreed stays."""
    open_ones = [Guardian.learner_id == learner_id, Guardian.answered_at.is_(None)]
    addresses = sa.select(Guardian.contact).where(*open_ones, Guardian.contact.is_not(None))
    outbox.drop_to(db.session.scalars(addresses).all())
    db.session.execute(
        sa.update(Guardian).where(*open_ones, Guardian.expires_at > now)
        .values(expires_at=now, contact=None, token_sealed=None),
        execution_options={"synchronize_session": False})


# ---------- every day ----------


UNANSWERED = Goes(Guardian.id, lambda now: (
    Guardian.expires_at <= now, sa.or_(Guardian.contact.is_not(None), Guardian.token_sealed.is_not(None))), "contacts never answered")


def forget_contacts(now: dt.datetime) -> int:
    """Blank the address and the secret of links that nobody answered in time."""
    some = sa.select(Guardian.id).where(*UNANSWERED.which(now)).limit(jobs.AT_A_TIME)
    done = db.session.execute(
        sa.update(Guardian).where(Guardian.id.in_(some)).values(contact=None, token_sealed=None).returning(Guardian.id),
        execution_options={"synchronize_session": False})
    return len(done.all())


def end_over(now: dt.datetime) -> int:
    """End what stands on consents whose time is over; at 15, cancel what is signed until its learner keeps it."""
    rows = db.session.execute(
        sa.select(GuardianConsent, Passport).join(Passport, Passport.learner_id == GuardianConsent.learner_id)
        .where(GuardianConsent.withdrawn_at.is_(None), GuardianConsent.kept_at.is_(None), GuardianConsent.until <= now)
        .order_by(GuardianConsent.until, GuardianConsent.id).limit(10 * jobs.AT_A_TIME)).all()
    count = 0
    for given, passport in rows:
        if rules.is_over(_band(passport, now), given, now):
            _end(given, rules.END, now)
            count += 1
        else:
            credentials.cancel(db.session.scalars(
                sa.select(Permission.endorsement_id)
                .where(Permission.guardian_consent_id == given.id, Permission.ended_at.is_(None))).all(), now)
    return count


protection.YOUNGER.append(grow_younger)
forget_daily("parents.forget", UNANSWERED, do=forget_contacts)
jobs.every_day("parents.end", end_over)
