"""What two decided, as the child reads it; what a parent finds behind their link and their receipt: purposes alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _

from ..accounts import rules as age
from ..accounts.models import Account, Guardian, GuardianConsent, Passport
from ..clock import day_of
from ..extensions import db
from ..organisations.words import day_words
from ..seal import unseal
from . import rules, words
from .rules import State


def last_of(learner_id: uuid.UUID) -> dict[str, GuardianConsent]:
    """Return what was decided last about each purpose; one statement."""
    found = db.session.scalars(
        sa.select(GuardianConsent).where(GuardianConsent.learner_id == learner_id).order_by(GuardianConsent.id))
    return {given.option: given for given in found}


def band_of(learner_id: uuid.UUID, now: dt.datetime) -> age.Band:
    """Return how old a learner is today, as rules count it."""
    row = db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month).where(Passport.learner_id == learner_id)).one()
    return age.band(row.birth_year, row.birth_month, day_of(now))


# ---------- the child ----------


@dataclass(frozen=True)
class Line:
    """One purpose of which something was decided, as its child reads it."""

    id: uuid.UUID
    learner_id: uuid.UUID
    purpose: str
    state: State
    words: str

    @property
    def name(self) -> str:
        """Return the purpose in words."""
        return str(words.PURPOSE[self.purpose])

    @property
    def may_stop(self) -> bool:
        """Say whether there is something to take back."""
        return self.state in {State.ASKED, State.HALF, State.AGREED}


def _said(given: GuardianConsent, state: State, now: dt.datetime) -> str:
    if state is State.AGREED:
        return str(_("Oui, jusqu’au %(day)s. Chaque geste reste à vous.", day=day_words(day_of(given.until))))
    if state is State.HALF:
        return str(_("Un parent a dit oui. L’autre répond avec son propre lien."))
    if state is State.ASKED:
        return str(_("Demandé. La réponse peut venir jusqu’au %(day)s.", day=day_words(day_of(given.until))))
    if state is State.ENDED:
        return str(_("Fini depuis le %(day)s.", day=day_words(day_of(given.until))))
    assert given.withdrawn_at is not None
    day = day_words(day_of(given.withdrawn_at))
    if state is State.NO:
        return str(_("Non, le %(day)s. Le passeport reste tel qu’il est.", day=day))
    if given.withdrawn_by == rules.LEARNER:
        return str(_("Arrêté par vous le %(day)s.", day=day))
    return str(_("Arrêté par un parent le %(day)s.", day=day))


def line(given: GuardianConsent, now: dt.datetime) -> Line:
    """Return one purpose as its child reads it."""
    state = rules.state_of(given, now)
    return Line(given.id, given.learner_id, given.option, state, _said(given, state, now))


@dataclass(frozen=True)
class Asked:
    """One link to a parent that waits for its answer, on the child's side."""

    id: uuid.UUID
    learner_id: uuid.UUID
    way: str
    may_remind: bool
    ends: str
    purposes: tuple[str, ...]
    token_sealed: bytes | None

    @property
    def token(self) -> str:
        """Return the token of the link, for the child who made it."""
        return unseal(self.token_sealed or b"")

    @property
    def names(self) -> str:
        """Return what it asks, in one line."""
        return words.names(list(self.purposes))


def asked(learner_id: uuid.UUID, now: dt.datetime, key: uuid.UUID | None = None) -> list[Asked]:
    """Return the links to parents that wait for an answer, the newest first; one statement."""
    which = [Guardian.learner_id == learner_id, Guardian.answered_at.is_(None), Guardian.expires_at > now,
             Guardian.token_sealed.is_not(None), GuardianConsent.withdrawn_at.is_(None)]
    if key is not None:
        which.append(Guardian.id == key)
    rows = db.session.execute(
        sa.select(Guardian, GuardianConsent.option)
        .join(GuardianConsent, sa.or_(GuardianConsent.guardian_id == Guardian.id,
                                      GuardianConsent.second_guardian_id == Guardian.id))
        .where(*which).order_by(Guardian.id.desc(), GuardianConsent.id))
    found: dict[uuid.UUID, tuple[Guardian, list[str]]] = {}
    for guardian, purpose in rows:
        found.setdefault(guardian.id, (guardian, []))[1].append(purpose)
    return [
        Asked(g.id, g.learner_id, g.way, rules.refusal_to_remind(g.way, g.reminded_at, is_open=True) is None,
              day_words(day_of(g.expires_at)), tuple(purposes), g.token_sealed)
        for g, purposes in found.values()
    ]


def guardian(key: uuid.UUID) -> Guardian | None:
    """Return one link to a parent."""
    return db.session.get(Guardian, key)


def consent(key: uuid.UUID) -> GuardianConsent | None:
    """Return one consent."""
    return db.session.get(GuardianConsent, key)


def answered_lately(learner_id: uuid.UUID, now: dt.datetime) -> bool:
    """Say whether a parent answered within a week; one statement."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Guardian.learner_id == learner_id, Guardian.answered_at > now - rules.RESTS))))


# ---------- at 15 ----------


def to_take_over(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> list[GuardianConsent]:
    """Return what two decided and their child, 15 now, keeps or closes; one statement."""
    found = db.session.scalars(
        sa.select(GuardianConsent)
        .where(GuardianConsent.learner_id == learner_id, GuardianConsent.withdrawn_at.is_(None),
               GuardianConsent.kept_at.is_(None)).order_by(GuardianConsent.id))
    return [given for given in found if rules.refusal_to_take_over(band, given, now) is None]


def came_of_age(learner_id: uuid.UUID) -> bool:
    """Say whether somebody has already decided what becomes of the protection at 18; one statement."""
    return db.session.scalar(
        sa.select(Passport.came_of_age_at).where(Passport.learner_id == learner_id)) is not None


# ---------- a parent ----------


@dataclass(frozen=True)
class Facing:
    """A link on the side of the parent who opens it: what is asked, and nothing of the passport."""

    guardian: Guardian
    band: age.Band
    purposes: tuple[str, ...]
    second: bool = False  # for images, the link of the other parent


def _open(token: sa.ColumnElement[bool]) -> tuple[Guardian, Passport] | None:
    row = db.session.execute(
        sa.select(Guardian, Passport).join(Passport, Passport.learner_id == Guardian.learner_id)
        .join(Account, Account.id == Guardian.learner_id).where(token, Account.erased_at.is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def of_guardian(guardian: Guardian) -> Sequence[GuardianConsent]:
    """Return everything that was asked by one link, in its order; one statement."""
    return db.session.scalars(
        sa.select(GuardianConsent)
        .where(sa.or_(GuardianConsent.guardian_id == guardian.id, GuardianConsent.second_guardian_id == guardian.id))
        .order_by(GuardianConsent.id)).all()


def waiting(guardian: Guardian, found: Collection[GuardianConsent], now: dt.datetime) -> list[GuardianConsent]:
    """Return what waits for the answer of this parent."""
    return [given for given in found if given.withdrawn_at is None and given.until > now
            and (given.guardian_agreed_at if given.guardian_id == guardian.id else given.second_agreed_at) is None]


def by_token(token_hash: bytes, now: dt.datetime) -> Facing | None:
    """Return the link of a token, whatever its state, or None when there is none; two statements."""
    row = _open(Guardian.token_hash == token_hash)
    if row is None:
        return None
    found, passport = row
    asks = waiting(found, of_guardian(found), now)
    return Facing(found, age.band(passport.birth_year, passport.birth_month, day_of(now)),
                  tuple(given.option for given in asks), any(given.second_guardian_id == found.id for given in asks))


@dataclass(frozen=True)
class Register:
    """What one parent decided: purposes and days, and what can be stopped; nothing of the passport."""

    guardian: Guardian
    band: age.Band
    lines: tuple[RegisterLine, ...]


@dataclass(frozen=True)
class RegisterLine:
    """One purpose in a parent's register."""

    purpose: str
    words: str
    may_stop: bool

    @property
    def name(self) -> str:
        """Return the purpose in words."""
        return str(words.PURPOSE[self.purpose])


def by_receipt(receipt_hash: bytes, now: dt.datetime) -> Register | None:
    """Return the register of a receipt, whatever the child's age, or None when there is none; two statements."""
    row = _open(Guardian.receipt_hash == receipt_hash)
    if row is None:
        return None
    found, passport = row
    return Register(found, age.band(passport.birth_year, passport.birth_month, day_of(now)),
                    tuple(_registered(found, given, now) for given in of_guardian(found)))


def _registered(guardian: Guardian, given: GuardianConsent, now: dt.datetime) -> RegisterLine:
    agreed_at = given.guardian_agreed_at if given.guardian_id == guardian.id else given.second_agreed_at
    state = rules.state_of(given, now)
    runs = state in {State.AGREED, State.HALF, State.ASKED} and agreed_at is not None
    if given.withdrawn_at is not None and (agreed_at is None or state is not State.ENDED):
        day = day_words(day_of(given.withdrawn_at))
        said = _("Non, le %(day)s.", day=day) if agreed_at is None else _("Oui, puis arrêté le %(day)s.", day=day)
    elif agreed_at is None:
        said = _("Sans réponse.")
    elif state is State.AGREED:
        said = _("Oui, le %(day)s. Cela vaut jusqu’au %(end)s.", day=day_words(day_of(agreed_at)),
                 end=day_words(day_of(given.until)))
    elif state is State.ENDED:
        said = _("Oui, le %(day)s. Fini depuis le %(end)s.", day=day_words(day_of(agreed_at)),
                 end=day_words(day_of(given.until)))
    else:
        said = _("Oui, le %(day)s. Cela vaudra avec le oui de l’autre parent.", day=day_words(day_of(agreed_at)))
    return RegisterLine(given.option, str(said), runs)
