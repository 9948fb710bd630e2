"""What the keys of the city do for the journal: they sign its heads, and every kept credential is held against its signature."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..audit import checking, heads, sealing
from ..clock import day_of
from ..extensions import db
from ..frameworks.models import Wording
from ..notices import jobs
from ..organisations.models import Membership
from ..recognition.models import Endorsement
from ..transaction import release
from . import kept, keys, proofs, rules
from .models import Credential, SigningKey
from .rules import KeyPeriod

log = logging.getLogger("passport.worker")

PAGE = 200


def sign(told: bytes) -> tuple[str, bytes]:
    """Return the name of the key that signs now, and its signature. Raises Unsigned when there is none."""
    try:
        signer = keys.current()
    except keys.NoKey as none:
        raise heads.Unsigned(str(none)) from None
    return signer.key_id, signer.private.sign(told)


def is_signed(key_id: str, told: bytes, signature: bytes, at: dt.datetime) -> bool:
    """Say whether a key of the city signed these bytes, before somebody else may have had it."""
    row = keys.of(key_id)
    if row is None or proofs.multikey(row.public) != key_id or (row.compromised_at is not None and at >= row.compromised_at):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(row.public).verify(signature, told)
    except InvalidSignature:
        return False
    return True


def look() -> tuple[int, str | None]:
    """Hold every kept credential against its signature, and what it says against what is kept of its endorsement."""
    count, last = 0, None
    while True:
        some = (
            sa.select(Credential.id, Credential.document, Credential.unpublished_at, Credential.endorsement_id, Endorsement,
                      Membership.organisation_id, Wording.text_fr, SigningKey)
            .join(SigningKey, SigningKey.key_id == Credential.key_id)
            .join(Endorsement, Endorsement.id == Credential.endorsement_id)
            .join(Membership, Membership.id == Endorsement.membership_id)
            .join(Wording, Wording.id == Endorsement.wording_id)
            .order_by(Credential.id).limit(PAGE).execution_options(populate_existing=True))
        page = db.session.execute(some if last is None else some.where(Credential.id > last)).all()
        for row in page:
            count += 1
            wrong = _wrong(row)
            if wrong is not None:
                release()
                return count, f"credential {row.id} of endorsement {row.endorsement_id}: {wrong}"
        if len(page) < PAGE:
            release()
            return count, None
        last = page[-1].id
        db.session.expunge_all()


def _wrong(row: Any) -> str | None:
    """Say what is wrong with one credential, or None."""
    key, made = row.SigningKey, row.Endorsement
    try:
        signed = proofs.load(row.document)
        proofs.verified(signed, key.public)
        at = proofs.created_at(signed)
    except proofs.Unsound as fault:
        return str(fault)
    if proofs.multikey(key.public) != key.key_id or not rules.is_trusted(
            KeyPeriod(key.from_at, key.until_at, None), at, is_kept=True):
        return "its key did not sign then"
    if row.unpublished_at is None and not kept.says(signed, kept.Shown(
            row.text_fr, made.step, row.organisation_id, made.organisation_name, made.seen_from_on, made.seen_to_on,
            day_of(made.offered_at))):
        return "what is kept says something else than what was signed"
    return None


def write_head(now: dt.datetime) -> int:
    """Seal what was left behind, and write the signed head of the chain to its file; return how many lines were sealed."""
    sealed = sealing.seal(everywhere=True)
    try:
        heads.append(now)
    except heads.Unsigned as none:
        log.warning("the head of the journal is not signed: %s", none)
    return sealed


def register() -> None:
    """Say who signs the journal's heads, what else is checked with it, and that this is done every day."""
    heads.SIGN.append(sign)
    heads.SIGNED.append(is_signed)
    checking.ALSO["credentials"] = look
    jobs.every_day("audit.head", write_head)


