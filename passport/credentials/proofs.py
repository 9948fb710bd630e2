"""The one door to signed documents: signing and checking by `openbadgeslib`, with the guards that it lacks.

A signature covers what a document *means* (its RDF), not its letters: two files that read otherwise may carry the same
signature. So nothing is read from a document before `verified` has refused every other spelling of it.
"""

from __future__ import annotations

import base64
import datetime as dt
import enum
import gzip
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3 import OB3LdpVerifier, add_data_integrity_proof, verify_data_integrity_proof
from openbadgeslib.ob3.did import multikey_from_pem, resolve_did
from openbadgeslib.ob3.status_list import build_status_list_credential

CONTEXTS: Final = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
)
KNOWN: Final = frozenset({
    *CONTEXTS,
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
    "https://w3id.org/security/data-integrity/v2",
})
"""Whose words a badge may use: a context that is put in later leaves the signature as it was."""
SIZE: Final = 131072
"""How many positions a status list has: the least that hides one among many."""
MOST: Final = 256 * 1024
"""How many bytes a signed document may have."""
MOST_DEEP: Final = 64
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
METHOD = re.compile(r"(?:did:[a-z]+:[^#?/\\]+|https://[^#?\\\s]+)#[A-Za-z0-9._:-]+")


class Fault(enum.Enum):
    """Why a signed document does not hold."""

    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    TWICE = "twice"
    UNSIGNED = "unsigned"
    OTHER_SIGNATURE = "other_signature"
    OTHER_ISSUER = "other_issuer"
    CHANGED = "changed"


class Unsound(ValueError):  # noqa: N818 - an answer, not a fault of ours
    """A document that is not what somebody signed; `fault` says why."""

    def __init__(self, fault: Fault, words: str = "") -> None:
        super().__init__(f"{fault.value}: {words}" if words else fault.value)
        self.fault = fault


# ---------- keys ----------


def new_key() -> Ed25519PrivateKey:
    """Return a new key to sign with."""
    return Ed25519PrivateKey.generate()


def public_bytes(key: Ed25519PrivateKey | Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of the public half of a key."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """Return a private key as it is written to its file."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def read_private(pem: bytes) -> Ed25519PrivateKey:
    """Return the private key of a file. Raises ValueError when it holds no Ed25519 key."""
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")  # noqa: TRY004 - what is wrong is the file
    return key


def multikey(public: bytes) -> str:
    """Return a public key of 32 bytes as « z6Mk… », which is also its name."""
    return str(multikey_from_pem(_public_pem(public)))


def _public_pem(public: bytes) -> bytes:
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_of_did_key(did: str) -> bytes | None:
    """Return the 32 bytes that a `did:key` names, or None when it names no Ed25519 key."""
    try:
        found = serialization.load_pem_public_key(resolve_did(did))
    except (LibOpenBadgesException, ValueError, KeyError):
        return None
    return public_bytes(found) if isinstance(found, Ed25519PublicKey) else None


# ---------- reading ----------


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unsound(Fault.TWICE)
    return found


def _never(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float:
    found = float(digits)
    return found if math.isfinite(found) else _never(digits[:20])


def load(data: bytes) -> dict[str, Any]:
    """Return the object of a JSON text. Raises Unsound for what is too large or deep, no JSON, or says a name twice."""
    if len(data) > MOST:
        raise Unsound(Fault.TOO_LARGE)
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_never,
                           parse_float=_finite)
        _shallow(found, MOST_DEEP)
        for text in _texts(found):
            text.encode()  # half a sign (a lone surrogate) is none
    except (ValueError, RecursionError) as fault:
        raise fault if isinstance(fault, Unsound) else Unsound(Fault.UNREADABLE, str(fault)[:120]) from None
    if not isinstance(found, dict):
        raise Unsound(Fault.UNREADABLE, "no object")
    return found


def _shallow(value: Any, deep: int) -> None:
    if deep == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _shallow(inner, deep - 1)


def _names(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _names(inner)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def written(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of a document: UTF-8, without a space too many."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def issuer_of(document: Mapping[str, Any]) -> str:
    """Return who a document says it comes from. Raises Unsound when it does not say."""
    issuer = document.get("issuer")
    name = issuer.get("id") if isinstance(issuer, dict) else issuer
    if not isinstance(name, str) or not name:
        raise Unsound(Fault.UNREADABLE, "no issuer")
    return name


def proof_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the one proof of a document. Raises Unsound for none, several, or one of a kind that we do not know."""
    proof = document.get("proof")
    several = proof if isinstance(proof, list) else [proof]
    if proof is None or not several:
        raise Unsound(Fault.UNSIGNED)
    only = several[0]
    if len(several) != 1 or not isinstance(only, dict):
        raise Unsound(Fault.OTHER_SIGNATURE)
    if only.get("type") != "DataIntegrityProof" or only.get("cryptosuite") != "eddsa-rdfc-2022":
        raise Unsound(Fault.OTHER_SIGNATURE)
    return dict(only)


def method_of(document: Mapping[str, Any]) -> str:
    """Return which key of the issuer a document says it was signed with, as `did:…#…`.

    Raises Unsound(OTHER_ISSUER) for a key that is not the issuer's.
    """
    method, issuer = proof_of(document).get("verificationMethod"), issuer_of(document)
    if not isinstance(method, str):
        raise Unsound(Fault.OTHER_SIGNATURE)
    if issuer.startswith("did:key:") and method == issuer:  # some write the key without naming it twice
        method = f"{issuer}#{issuer.removeprefix('did:key:')}"
    if not METHOD.fullmatch(method) or method.split("#")[0] != issuer:
        raise Unsound(Fault.OTHER_ISSUER)
    return method


def created_at(document: Mapping[str, Any]) -> dt.datetime | None:
    """Return when a document says that it was signed, or None when it does not say."""
    return instant_of(proof_of(document).get("created"))


def instant_of(text: object) -> dt.datetime | None:
    """Return the instant of a text with its zone, as in 2026-11-27T10:00:00Z, or None."""
    try:
        at = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(dt.UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):  # a day that no calendar holds, or that is none in UTC
        return None


def instant_text(at: dt.datetime) -> str:
    """Return an instant as signed documents write it: UTC, whole seconds."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---------- signing ----------


def sign(document: Mapping[str, Any], key: Ed25519PrivateKey, controller: str, at: dt.datetime,
         contexts: Mapping[str, dict[str, Any]] | None = None) -> bytes:
    """Return the bytes of a document signed by a key that `controller` names as its own.

    Raises Unsound for a text that others would read otherwise (control characters) and, in a badge, for a word that no
    context defines, which would stand there unsigned.
    """
    if any(CONTROL.search(text) for text in _texts(document)):
        raise Unsound(Fault.UNREADABLE, "control characters")
    public = public_bytes(key)
    try:
        signed = add_data_integrity_proof(
            dict(document), private_pem(key), f"{controller}#{multikey(public)}",
            created=at.astimezone(dt.UTC).replace(microsecond=0), extra_contexts=contexts)
    except LibOpenBadgesException as fault:
        raise Unsound(Fault.UNREADABLE, str(fault)[:200]) from None
    signed["proof"] = [signed["proof"]]
    if "OpenBadgeCredential" in document.get("type", []):
        verified(signed, public)
    return written(signed)


# ---------- checking ----------


def verified(document: Mapping[str, Any], public: bytes) -> None:
    """Return when a badge reads exactly as it was signed by this key (32 bytes). Raises Unsound.

    That it has ended, or has yet to begin, is another question: see its dates.
    """
    method_of(document)
    _readable(document)
    try:
        OB3LdpVerifier(pubkey_pem=_public_pem(public), issuer_did=issuer_of(document)).verify(dict(document))
    except LibOpenBadgesException as fault:
        # The library looks at the dates last, so that all the rest held.
        if not str(fault).startswith(("Credential has expired", "Credential is not yet valid")):
            raise Unsound(Fault.CHANGED, str(fault)[:200]) from None


def _readable(document: Mapping[str, Any]) -> None:
    """Raise Unsound for what a signature does not cover and the library lets through, and for a date that says no instant."""
    if any(CONTROL.search(text) for text in _texts(document)):
        raise Unsound(Fault.UNREADABLE, "control characters")
    contexts = document.get("@context")
    if not isinstance(contexts, list) or not all(isinstance(one, str) and one in KNOWN for one in contexts):
        raise Unsound(Fault.CHANGED, "a context that is not known")
    if proof_of(document).get("@context", contexts) != contexts:
        raise Unsound(Fault.CHANGED, "a context of its own in the proof")
    if any(name.startswith("@") and name != "@context" for name in _names(document)):
        raise Unsound(Fault.CHANGED, "a name that is not signed")
    if any(instant_of(document[name]) is None for name in ("validFrom", "validUntil") if name in document):
        raise Unsound(Fault.UNREADABLE, "a date that says no instant")


def verified_proof(document: Mapping[str, Any], public: bytes, contexts: Mapping[str, dict[str, Any]] | None = None) -> None:
    """Return when the signature of any other document (a list, a record) is of this key. Raises Unsound.

    Only for documents whose names were all looked at before: a list of ours, whose shape `status_list` knows.
    """
    method_of(document)
    try:
        verify_data_integrity_proof(dict(document), _public_pem(public), extra_contexts=contexts)
    except LibOpenBadgesException as fault:
        raise Unsound(Fault.CHANGED, str(fault)[:200]) from None


# ---------- status lists ----------


def status_list(issuer: str, address: str, revoked: Iterable[int], at: dt.datetime, until: dt.datetime,
                ttl: dt.timedelta) -> dict[str, Any]:
    """Return the list of an issuer, unsigned, with these positions set: the same bytes for the same arguments."""
    document = build_status_list_credential(issuer, address, "revocation", (), SIZE, at, until,
                                            int(ttl.total_seconds() * 1000))
    document["credentialSubject"]["encodedList"] = encoded(revoked)
    found: dict[str, Any] = document
    return found


def encoded(revoked: Iterable[int]) -> str:
    """Return the positions as a list carries them: bits, packed without a time, in base64url."""
    bits = bytearray(SIZE // 8)
    for position in revoked:
        bits[position // 8] |= 0x80 >> position % 8
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode().rstrip("=")
