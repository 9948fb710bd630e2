"""The keys that sign: private halves in files outside database and repository, public ones in the database for ever."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import current_app

from ..audit.service import record
from ..extensions import db
from . import proofs
from .models import Credential, SigningKey

NONE_YET = "There is no signing key yet: `flask keys create`."


class NoKey(LookupError):  # noqa: N818 - an answer, not a fault of ours
    """Nothing can be signed now; the message says what to do."""


@dataclass(frozen=True)
class Signer:
    """A key that may sign now."""

    key_id: str
    private: Ed25519PrivateKey
    from_at: dt.datetime


def _folder() -> Path:
    folder: Path = current_app.config["SIGNING_KEYS"]
    return folder


def _write(key: Ed25519PrivateKey, key_id: str) -> None:
    """Write a private key to its file, whole or not at all, readable by its owner only."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    arriving = folder / f".{key_id}"
    with os.fdopen(os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(f"Signing key of a learner passport ({current_app.config['MODE']})\n".encode() + proofs.private_pem(key))
        file.flush()
        os.fsync(file.fileno())
    arriving.rename(folder / f"{key_id}.pem")


def read(key_id: str) -> Ed25519PrivateKey:
    """Return a private key from its file. Raises NoKey when it is not there, or others may read it."""
    path = _folder() / f"{key_id}.pem"
    try:
        if path.stat().st_mode & 0o077:
            raise NoKey(f"{path} may be read by others: chmod 600, and think of `flask keys rotate`.")
        found = proofs.read_private(path.read_bytes())
    except FileNotFoundError:
        raise NoKey(f"{path} is missing: bring it back from its backup, or `flask keys rotate`.") from None
    except OSError as fault:
        raise NoKey(f"{path} cannot be read: {fault.strerror}.") from None
    except ValueError:
        raise NoKey(f"{path} is no signing key.") from None
    if proofs.multikey(proofs.public_bytes(found)) != key_id:
        raise NoKey(f"{path} holds another key: bring the right one back from its backup, or `flask keys rotate`.")
    return found


def all_keys() -> Sequence[SigningKey]:
    """Return every public key there ever was, oldest first."""
    return db.session.scalars(sa.select(SigningKey).order_by(SigningKey.from_at, SigningKey.key_id)).all()


def of(key_id: str) -> SigningKey | None:
    """Return a public key by its name."""
    return db.session.get(SigningKey, key_id)


def is_compromised(key_id: str) -> bool:
    """Say whether somebody else may have this key; that it is being said is waited for."""
    return db.session.get_one(SigningKey, key_id, with_for_update={"read": True}, populate_existing=True).compromised_at is not None


def current_row() -> SigningKey | None:
    """Return the public half of the key that signs now, or None."""
    return db.session.scalars(
        sa.select(SigningKey).where(SigningKey.until_at.is_(None), SigningKey.compromised_at.is_(None))
        .order_by(SigningKey.from_at.desc(), SigningKey.key_id).limit(1)
    ).one_or_none()


def current() -> Signer:
    """Return the key that signs now. Raises NoKey when there is none, or its file is not there."""
    row = current_row()
    if row is None:
        raise NoKey(NONE_YET)
    return Signer(row.key_id, read(row.key_id), row.from_at)


def ensure(now: dt.datetime) -> SigningKey | None:
    """Return the public half of the key that signs now; a demo makes its own, in production a person does."""
    row = current_row()
    return create(now) if row is None and current_app.config["MODE"] != "production" else row


def create(now: dt.datetime) -> SigningKey:
    """Make the first key; its file is there before its row. Raises NoKey when one signs already."""
    if current_row() is not None:
        raise NoKey("A key signs already: `flask keys rotate` replaces it.")
    return _make(now)


def _make(now: dt.datetime) -> SigningKey:
    private = proofs.new_key()
    public = proofs.public_bytes(private)
    made = SigningKey(key_id=proofs.multikey(public), public=public, from_at=now)
    _write(private, made.key_id)
    db.session.add(made)
    db.session.flush()
    record("keys.create", None, now)
    return made


def rotate(now: dt.datetime) -> SigningKey:
    """Let a new key sign from now on; what the old one signed stays good."""
    _end(now)
    return _make(now)


def _end(now: dt.datetime) -> None:
    for row in db.session.scalars(sa.select(SigningKey).where(SigningKey.until_at.is_(None)).with_for_update()):
        last = db.session.scalar(sa.select(sa.func.max(Credential.issued_at, type_=Credential.issued_at.type))
                                 .where(Credential.key_id == row.key_id))
        # Were the clock put back meanwhile, what it signed would count all the same.
        row.until_at = max(now, row.from_at, last or now)
    db.session.flush()
    record("keys.end", None, now)


def compromised(key_id: str, since: dt.datetime, now: dt.datetime) -> SigningKey | None:
    """Say that somebody else may sign with this key since then; return the key that signs from now on, if a new one was made.

    Raises NoKey for a key that there never was. The earlier of two days counts.
    """
    row = db.session.get(SigningKey, key_id, with_for_update=True)
    if row is None:
        raise NoKey(f"There never was a key {key_id}.")
    signs = row.until_at is None
    row.compromised_at = min(since, row.compromised_at or since)
    db.session.flush()
    record("keys.compromised", None, now)
    return rotate(now) if signs else None
