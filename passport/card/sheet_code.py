"""What a printed sheet carries in its code: a COSE_Sign1 over a few CBOR integers, as digits that a QR code holds densely.

Described for others who read it in docs/sheet.md. The same key signs credentials: there 64 bytes of hashes are signed,
here a longer text that begins with « Signature1 », so that neither signature can ever be taken for the other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .. import drawings

VERSION = 1
ED25519 = -8
LARGEST = 19
"""The largest QR code (version) that a cheap printer and a cheap phone agree on in 40 mm, at level Q."""
NAMES_CUT_TO = (60, 40, 28, 20, 14)
FIRST_DAY = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Line:
    """One competency of a sheet: number and version of its sentence, step, organisation, day, place in its status list."""

    competency_id: int
    version: str
    step: int
    organisation: str
    day: dt.date
    list_id: int
    position: int


@dataclass(frozen=True)
class Content:
    """Everything that is signed of a sheet."""

    token: str
    issued_on: dt.date
    expires_on: dt.date
    name: str | None
    lines: Sequence[Line]


def day_number(day: dt.date) -> int:
    """Return a day as it is counted in the code: from the first one of 1970."""
    return (day - FIRST_DAY).days


def kid_of(key_id: str) -> bytes:
    """Return the four bytes by which a code names its key."""
    return hashlib.sha256(key_id.encode()).digest()[:4]


def reference_of(token: str) -> bytes:
    """Return the eight bytes that bind a code to the address it is printed with."""
    return hashlib.sha256(token.encode()).digest()[:8]


def payload(content: Content) -> bytes:
    """Return what is signed, in CBOR, the same bytes for the same content."""
    organisations = list(dict.fromkeys(line.organisation for line in content.lines))
    said: dict[int, object] = {
        0: VERSION,
        1: reference_of(content.token),
        2: [[line.list_id, line.position] for line in content.lines],
        3: day_number(content.issued_on),
        4: day_number(content.expires_on),
        6: [[line.competency_id, line.version, line.step, organisations.index(line.organisation), day_number(line.day)]
            for line in content.lines],
        7: organisations,
    }
    if content.name is not None:
        said[5] = content.name
    return cbor2.dumps(said, canonical=True)


def sign(content: Content, private: Ed25519PrivateKey, key_id: str) -> bytes:
    """Return the COSE_Sign1 (untagged) of a sheet."""
    protected, told = cbor2.dumps({1: ED25519, 4: kid_of(key_id)}, canonical=True), payload(content)
    signature = private.sign(cbor2.dumps(["Signature1", protected, b"", told]))
    return cbor2.dumps([protected, {}, told, signature])


def digits(signed: bytes) -> str:
    """Return the bytes as one number in decimal, with a byte 1 before them so that no zero is lost."""
    return str(int.from_bytes(b"\x01" + signed))


def _cut(name: str, most: int) -> str:
    whole = name.encode()
    return name if len(whole) <= most else whole[:most - 3].decode(errors="ignore").rstrip() + "…"


def sign_small(content: Content, private: Ed25519PrivateKey, key_id: str, address: str) -> bytes:
    """Return what is signed of a sheet, small enough to be scanned from paper: long names of organisations are cut.

    `address` is the one it is printed with.
    """
    for most in NAMES_CUT_TO:
        lines = [replace(line, organisation=_cut(line.organisation, most)) for line in content.lines]
        signed = sign(replace(content, lines=lines), private, key_id)
        if drawings.qr_version(f"{address}#", digits(signed)) <= LARGEST:
            break
    return signed
