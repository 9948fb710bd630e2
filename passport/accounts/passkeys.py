"""Passkeys: a device's own key, unlocked by a finger, a face or the device's code; it says by itself for which address.

The challenge belongs to the session's present number: as soon as an answer is good the session has another one, so the same
answer is good no more, and nothing waits in the database meanwhile.
"""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
import json
import uuid
from collections.abc import Sequence
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from flask import current_app
from webauthn.helpers import base64url_to_bytes, exceptions
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ..columns import uuid7
from ..extensions import db
from ..refusals import Refusal, Refused
from ..seal import digest_of
from . import factor
from .factor_models import Passkey

ADD, SHOW = "add", "show"
MOST = 10
LONGEST_ANSWER = 20_000
EVERY = 300
ODD = (exceptions.WebAuthnException, RecursionError, ValueError, KeyError, TypeError, AttributeError, IndexError)


def host() -> str:
    """Return the name that passkeys are made for."""
    return urlsplit(str(current_app.config["PUBLIC_URL"])).hostname or ""


def _origin() -> str:
    parts = urlsplit(str(current_app.config["PUBLIC_URL"]))
    return f"{parts.scheme}://{parts.netloc}"


def work_here(visited: str) -> bool:
    """Say whether passkeys work at the address visited: a name (never a number), the city's own, over https or on this very
    machine."""
    parts = urlsplit(str(current_app.config["PUBLIC_URL"]))
    try:
        ipaddress.ip_address(host())
    except ValueError:
        return visited == parts.netloc and (parts.scheme == "https" or host() == "localhost")
    return False


def _challenge(purpose: str, session_hash: bytes, turn: int) -> bytes:
    key: str = current_app.config["SEAL_KEYS"][0]
    return hmac.digest(b"passkey:" + key.encode(), purpose.encode() + turn.to_bytes(8, "big") + session_hash, "sha256")


def _turn(now: dt.datetime) -> int:
    return int(now.timestamp()) // EVERY


def _expected(purpose: str, session_hash: bytes, answer: dict[str, object], now: dt.datetime) -> bytes:
    """Return the challenge of this session that was answered: the present one, or the one before while a form stands open."""
    told = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))  # type: ignore[index]
    given = base64url_to_bytes(told["challenge"])
    before = _challenge(purpose, session_hash, _turn(now) - 1)
    return before if hmac.compare_digest(before, given) else _challenge(purpose, session_hash, _turn(now))


def _answer(text: str | None) -> dict[str, object]:
    if not text or len(text) > LONGEST_ANSWER:
        raise Refused(Refusal.PASSKEY_WRONG)
    found = json.loads(text)
    if not isinstance(found, dict):
        raise Refused(Refusal.PASSKEY_WRONG)
    return found


def _descriptors(kept: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in kept]


def to_add(account_id: uuid.UUID, name: str, session_hash: bytes, kept: Sequence[Passkey], now: dt.datetime) -> str:
    """Return what the browser is asked, to make a passkey for this person."""
    return webauthn.options_to_json(webauthn.generate_registration_options(
        rp_id=host(), rp_name=str(current_app.config["CITY"].name), user_name=name, user_display_name=name,
        user_id=digest_of(f"passkey:{account_id}"), challenge=_challenge(ADD, session_hash, _turn(now)),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED),
        exclude_credentials=_descriptors(kept),
    ))


def to_show(session_hash: bytes, kept: Sequence[Passkey], now: dt.datetime) -> str:
    """Return what the browser is asked, to show one of these passkeys."""
    return webauthn.options_to_json(webauthn.generate_authentication_options(
        rp_id=host(), challenge=_challenge(SHOW, session_hash, _turn(now)), allow_credentials=_descriptors(kept),
        user_verification=UserVerificationRequirement.REQUIRED,
    ))


def add(account_id: uuid.UUID, name: str, text: str | None, session_hash: bytes, now: dt.datetime) -> None:
    """Keep a passkey that this session asked for; sent twice, it is kept once. Raises Refused."""
    try:
        answer = _answer(text)
        made = webauthn.verify_registration_response(
            credential=answer, expected_challenge=_expected(ADD, session_hash, answer, now), expected_rp_id=host(),
            expected_origin=_origin(), require_user_verification=True)
    except ODD as fault:
        raise Refused(Refusal.PASSKEY_WRONG) from fault
    before = db.session.scalars(sa.select(Passkey).where(Passkey.credential_id == made.credential_id)).one_or_none()
    if before is not None:
        if before.account_id == account_id:
            return
        raise Refused(Refusal.PASSKEY_WRONG)
    if len(factor.owned(account_id).passkeys) >= MOST:
        raise Refused(Refusal.PASSKEY_MANY)
    db.session.add(Passkey(id=uuid7(), account_id=account_id, credential_id=made.credential_id, name=name, made_at=now,
                           public_key=made.credential_public_key, sign_count=made.sign_count))
    db.session.flush()
    factor.told(account_id, "passkey", now)


def show(account_id: uuid.UUID, text: str | None, session_hash: bytes, now: dt.datetime) -> None:
    """Accept what one of this person's passkeys signed for this session, once. Raises Refused."""
    try:
        answer = _answer(text)
        kept = db.session.scalars(
            sa.select(Passkey).where(Passkey.account_id == account_id,
                                     Passkey.credential_id == base64url_to_bytes(str(answer["rawId"]))).with_for_update()).one_or_none()
        if kept is None:
            raise Refused(Refusal.PASSKEY_WRONG)
        shown = webauthn.verify_authentication_response(
            credential=answer, expected_challenge=_expected(SHOW, session_hash, answer, now), expected_rp_id=host(),
            expected_origin=_origin(), credential_public_key=kept.public_key, credential_current_sign_count=kept.sign_count,
            require_user_verification=True)
    except ODD as fault:
        raise Refused(Refusal.PASSKEY_WRONG) from fault
    kept.sign_count, kept.last_used_at = shown.new_sign_count, now
    db.session.flush()
