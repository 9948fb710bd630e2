"""A second factor: set up, shown, taken away; codes of an application and codes on paper (passkeys: passkeys.py)."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import pyotp
import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from flask import current_app

from ..audit.service import record
from ..extensions import db
from ..notices import outbox
from ..refusals import Refusal, Refused
from ..seal import keyed_digests_of, seal, unseal
from . import rules
from .factor_models import Passkey, RecoveryCode, SecondFactor
from .models import Account
from .service import end_sessions

CHANGED = "factor"
SETUP_LASTS = 1800
LETTER_LASTS = dt.timedelta(days=2)


@dataclass(frozen=True)
class Owned:
    """What somebody has to show: since when an application, which passkeys, how many codes on paper are left."""

    application_at: dt.datetime | None
    passkeys: tuple[Passkey, ...]
    printed_left: int
    printed_at: dt.datetime | None

    @property
    def count(self) -> int:
        """Return how many there are that can be had as the only one."""
        return len(self.passkeys) + (self.application_at is not None)


def owned(account_id: uuid.UUID) -> Owned:
    """Return what this person has to show."""
    paper = db.session.execute(
        sa.select(sa.func.count(RecoveryCode.id).filter(RecoveryCode.used_at.is_(None)), sa.func.max(RecoveryCode.made_at))
        .where(RecoveryCode.account_id == account_id)).one()
    return Owned(
        db.session.scalar(sa.select(SecondFactor.made_at).where(SecondFactor.account_id == account_id)),
        tuple(db.session.scalars(sa.select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id))),
        paper[0], paper[1])


def told(account_id: uuid.UUID, action: str, now: dt.datetime, by_id: uuid.UUID | None = None) -> None:
    """Write in the journal that somebody's ways in have changed, and tell it to their address."""
    record(f"factor.{action}", by_id or account_id, now, account_id)
    language = db.session.scalar(sa.select(Account.language).where(Account.id == account_id)) or "fr"
    outbox.queue(CHANGED, now, now + LETTER_LASTS, language, account_id=account_id)


# ---------- codes of an application ----------


@dataclass(frozen=True)
class Setup:
    """A secret that waits for its first code; sealed, it goes through the page."""

    secret: str

    @property
    def letters(self) -> str:
        """Return the secret as it is typed by hand, four signs at a time."""
        return " ".join(self.secret[n:n + 4] for n in range(0, len(self.secret), 4))

    def address(self, name: str) -> str:
        """Return what the code to scan says to the application."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=name, issuer_name=str(current_app.config["CITY"].name))

    def sealed(self, account_id: uuid.UUID, now: dt.datetime) -> str:
        """Return what the page carries, good for this person alone and for half an hour."""
        return seal(json.dumps({"who": str(account_id), "at": now.timestamp(), "secret": self.secret})).decode()


def new_setup() -> Setup:
    """Return a secret that nobody has so far."""
    return Setup(pyotp.random_base32())


def carried_setup(box: str | None, account_id: uuid.UUID, now: dt.datetime) -> Setup | None:
    """Return the secret that the page carried, or None: another person's, too old, or none."""
    try:
        kept = json.loads(unseal((box or "").encode()))
    except InvalidToken:
        return None
    if not isinstance(kept, dict) or kept.get("who") != str(account_id) or "secret" not in kept:
        return None
    return Setup(kept["secret"]) if 0 <= now.timestamp() - kept["at"] <= SETUP_LASTS else None


def _step_of(secret: str, code: str, steps: list[int]) -> int | None:
    made = pyotp.TOTP(secret)
    fits = [step for step in steps if hmac.compare_digest(made.generate_otp(step), code)]
    return fits[0] if fits else None


def set_up(account_id: uuid.UUID, setup: Setup, typed: str | None, now: dt.datetime) -> None:
    """Keep an application, once it has made a code that is right; in the place of the one before. Raises Refused.

    Sent twice, it is kept once.
    """
    before = db.session.get(SecondFactor, account_id, with_for_update=True, populate_existing=True)
    if before is not None and unseal(before.secret_sealed) == setup.secret:
        return
    step = _step_of(setup.secret, rules.typed_code(typed), rules.steps_at(now, None))
    if step is None:
        raise Refused(Refusal.FACTOR_CODE_WRONG, "code")
    if before is None:
        before = SecondFactor(account_id=account_id)
        db.session.add(before)
    before.secret_sealed, before.made_at, before.last_step = seal(setup.secret), now, step
    db.session.flush()
    told(account_id, "application", now)


def use_code(account_id: uuid.UUID, typed: str | None, now: dt.datetime) -> None:
    """Use up a code: of the application, or of the paper. Raises Refused when it is wrong or was used."""
    code = rules.typed_code(typed)
    if len(code) == rules.CODE_FIGURES and code.isdigit():
        _use_of_application(account_id, code, now)
    else:
        _use_of_paper(account_id, code, now)


def _use_of_application(account_id: uuid.UUID, code: str, now: dt.datetime) -> None:
    kept = db.session.get(SecondFactor, account_id, with_for_update=True, populate_existing=True)
    secret = _secret(kept)
    if kept is None or secret is None:
        raise Refused(Refusal.FACTOR_CODE_WRONG, "code")
    step = _step_of(secret, code, rules.steps_at(now, kept.last_step))
    if step is None:
        used = _step_of(secret, code, rules.steps_at(now, None)) is not None
        raise Refused(Refusal.FACTOR_CODE_USED if used else Refusal.FACTOR_CODE_WRONG, "code")
    kept.last_step = step
    db.session.flush()


def _secret(kept: SecondFactor | None) -> str | None:
    """Return the secret of an application; that of the demo's people, whom a city may have begun with, only there."""
    secret = unseal(kept.secret_sealed) if kept is not None else None
    return None if secret == rules.DEMO_SECRET and current_app.config["MODE"] == "production" else secret


def demo_code(account_id: uuid.UUID, now: dt.datetime) -> str | None:
    """Return the code that counts now for one of the demo's people, in the demo; of anybody else None."""
    kept = db.session.get(SecondFactor, account_id) if current_app.config["DEMO"] else None
    if kept is None or unseal(kept.secret_sealed) != rules.DEMO_SECRET:
        return None
    left = rules.steps_at(now, kept.last_step)
    return pyotp.TOTP(rules.DEMO_SECRET).generate_otp(left[0]) if left else None


def remove_application(account_id: uuid.UUID, needed: bool, now: dt.datetime) -> None:
    """Let go of the application; gone already, nothing happens. Raises Refused."""
    found = owned(account_id)
    if found.application_at is None:
        return
    _refuse_the_last(found, needed)
    db.session.execute(sa.delete(SecondFactor).where(SecondFactor.account_id == account_id))
    _after_removal(account_id, found, now)


def remove_passkey(account_id: uuid.UUID, key: uuid.UUID, needed: bool, now: dt.datetime) -> None:
    """Let go of one of one's own passkeys; gone already, nothing happens. Raises Refused."""
    found = owned(account_id)
    if key not in {kept.id for kept in found.passkeys}:
        return
    _refuse_the_last(found, needed)
    db.session.execute(sa.delete(Passkey).where(Passkey.id == key, Passkey.account_id == account_id))
    _after_removal(account_id, found, now)


def _refuse_the_last(found: Owned, needed: bool) -> None:
    refusal = rules.refusal_to_remove_factor(found.count - 1, needed)
    if refusal is not None:
        raise Refused(refusal)


def _after_removal(account_id: uuid.UUID, found: Owned, now: dt.datetime) -> None:
    """Codes on paper stand in for something: with the last of it they go, too."""
    if found.count == 1:
        db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    told(account_id, "remove", now)


# ---------- codes on paper ----------


def print_codes(account_id: uuid.UUID, now: dt.datetime) -> list[str]:
    """Return ten new codes, to be shown this once; those printed before count no more."""
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["".join(secrets.choice(rules.CODE_SIGNS) for _sign in range(10)) for _code in range(rules.PRINTED)]
    db.session.add_all(RecoveryCode(account_id=account_id, code_hash=keyed_digests_of(code)[0], made_at=now) for code in codes)
    db.session.flush()
    told(account_id, "print", now)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _use_of_paper(account_id: uuid.UUID, code: str, now: dt.datetime) -> None:
    used: Any = db.session.execute(
        sa.update(RecoveryCode)
        .where(RecoveryCode.account_id == account_id, RecoveryCode.code_hash.in_(keyed_digests_of(code)),
               RecoveryCode.used_at.is_(None))
        .values(used_at=now))
    if used.rowcount != 1:
        raise Refused(Refusal.FACTOR_CODE_WRONG, "code")
    record("factor.paper", account_id, now, account_id)


# ---------- lost ----------


def reset(account_id: uuid.UUID, by_id: uuid.UUID, now: dt.datetime) -> None:
    """Take everything away that somebody had to show, who has lost it, and end their sessions; whoever calls saw them.

    Where there is nothing left to take, nothing happens.
    """
    gone: list[Any] = [db.session.execute(sa.delete(kind).where(kind.account_id == account_id))
                       for kind in (SecondFactor, Passkey, RecoveryCode)]
    if any(done.rowcount for done in gone):
        end_sessions(account_id, now)
        told(account_id, "reset", now, by_id)
