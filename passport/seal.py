"""Secrets that their owner must see again: tokens, sealed under a key kept outside the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid

from cryptography.fernet import Fernet, MultiFernet
from flask import current_app


def new_token(size: int = 16) -> str:
    """Return a random token for an address: 128 bits in 22 characters, or more."""
    return secrets.token_urlsafe(size)


def token_for(key: uuid.UUID) -> str:
    """Return the token that belongs to this id: always the same, and not to be known without the key of the city."""
    secret: str = current_app.config["SEAL_KEYS"][0]
    return base64.urlsafe_b64encode(hmac.digest(b"token:" + secret.encode(), key.bytes, "sha256")[:16]).decode().rstrip("=")


def digest_of(token: str) -> bytes:
    """Return the SHA-256 by which a token is looked up."""
    return hashlib.sha256(token.encode()).digest()


def keyed_digests_of(code: str) -> list[bytes]:
    """Return the digests by which a short code is looked up: under the present key first, then the older ones.

    A code that is read aloud is short enough to be found from a plain SHA-256; the key is not in the database.
    """
    keys: list[str] = current_app.config["SEAL_KEYS"]
    return [hmac.digest(b"code:" + k.encode(), code.encode(), "sha256") for k in keys]


def _boxes(what: bytes, keys: list[str]) -> list[Fernet]:
    return [Fernet(base64.urlsafe_b64encode(hashlib.sha256(what + k.encode()).digest())) for k in keys]


def _box() -> MultiFernet:
    return MultiFernet(_boxes(b"seal:", current_app.config["SEAL_KEYS"]))


def _case_box() -> MultiFernet:
    """What opens cases: their own key; what was sealed before a city had one opens by what sealed it then."""
    config = current_app.config
    return MultiFernet([*_boxes(b"case:", config["CASE_KEYS"]), *_boxes(b"case:", config["SEAL_KEYS"]),
                        *_boxes(b"seal:", config["SEAL_KEYS"])])


def seal_case(text: str) -> bytes:
    """Return words of a case encrypted under the key of the cases."""
    return _case_box().encrypt(text.encode())


def unseal_case(box: bytes) -> str:
    """Return words of a case that were sealed."""
    return _case_box().decrypt(box).decode()


def seal(text: str) -> bytes:
    """Return the text encrypted; only this city's key opens it."""
    return _box().encrypt(text.encode())


def unseal(box: bytes) -> str:
    """Return the text that was sealed, under the present key or an older one still listed."""
    return _box().decrypt(box).decode()
