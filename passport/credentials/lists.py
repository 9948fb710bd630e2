"""What others' status lists say of a badge: fetched, held to the same issuer, read bit by bit."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import zlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from . import badges, issuers, proofs, rules
from .badges import NoBadge
from .fetching import NotFetched
from .issuers import Fetch, NoKey, Why
from .proofs import Unsound

MOST_UNPACKED: Final = 1024 * 1024
MOST_ENTRIES: Final = 4
KINDS: Final = frozenset({"revocation", "suspension"})
LIST_CONTEXT: Final = frozenset({proofs.CONTEXTS[0], "https://w3id.org/security/data-integrity/v2"})
ON_A_LIST: Final = frozenset({"@context", "id", "type", "issuer", "name", "description", "validFrom", "validUntil",
                              "credentialSubject", "proof"})
IN_ITS_SUBJECT: Final = frozenset({"id", "type", "statusPurpose", "encodedList", "ttl", "statusSize"})


class _No(ValueError):  # noqa: N818 - an answer
    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


def state(document: Mapping[str, Any], issuer: str, now: dt.datetime, fetch: Fetch) -> tuple[bool | None, Why | None]:
    """Say whether a badge is in force by the lists that it names: each of them must say so.

    True with NO_STATUS for a badge that names none. None, with the reason, when a list could not be had or is not its
    issuer's; that one was set somewhere is said before that another could not be had.
    """
    named = document.get("credentialStatus")
    if named is None:
        return True, Why.NO_STATUS
    entries = named if isinstance(named, list) else [named]
    if not entries or len(entries) > MOST_ENTRIES:
        return None, Why.STATUS_OTHER
    unknown: Why | None = None
    for entry in entries:
        try:
            if _is_set(entry, issuer, now, fetch):
                return False, Why.REVOKED
        except _No as no:
            unknown = unknown or no.why
    return (True, None) if unknown is None else (None, unknown)


def _is_set(entry: object, issuer: str, now: dt.datetime, fetch: Fetch) -> bool:
    if not isinstance(entry, dict) or entry.get("type") != "BitstringStatusListEntry":
        raise _No(Why.STATUS_OTHER)
    purpose, url = entry.get("statusPurpose"), entry.get("statusListCredential")
    if not isinstance(purpose, str) or purpose not in KINDS or entry.get("statusSize", 1) != 1 or not isinstance(url, str):
        raise _No(Why.STATUS_OTHER)
    position = str(entry.get("statusListIndex", ""))
    if not (position.isascii() and position.isdigit() and len(position) <= 9):
        raise _No(Why.STATUS_OTHER)
    try:
        fetched = fetch(url)
    except NotFetched:
        raise _No(Why.STATUS_UNREACHED) from None
    try:
        subject = _sound(fetched, url, issuer, now, fetch)
        bits = _bits(subject.get("encodedList"))
    except (Unsound, NoBadge, NoKey, ValueError):
        raise _No(Why.STATUS_UNSOUND) from None
    if purpose not in _several(subject.get("statusPurpose")) or int(position) >= len(bits) * 8:
        raise _No(Why.STATUS_UNSOUND)
    return bool(bits[int(position) // 8] & 0x80 >> int(position) % 8)


def _several(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _sound(fetched: bytes, url: str, issuer: str, now: dt.datetime, fetch: Fetch) -> dict[str, Any]:
    """Return what a list says, once it is known to be this issuer's, at this address, now. Raises ValueError and the like."""
    text = fetched.strip()
    token = text.decode("ascii") if not text.startswith(b"{") else None
    document = proofs.load(badges.payload_of(token) if token is not None else text)
    subject = document.get("credentialSubject")
    begun, over = (proofs.instant_of(document.get(name)) for name in ("validFrom", "validUntil"))
    if not (
        isinstance(subject, dict) and proofs.issuer_of(document) == issuer and document.get("id") == url
        and "BitstringStatusListCredential" in _several(document.get("type"))
        and subject.get("type") == "BitstringStatusList" and subject.get("statusSize", 1) == 1
        and (begun is not None or "validFrom" not in document) and (over is not None or "validUntil" not in document)
        and rules.is_begun(begun, now) and not rules.is_over(over, now)
    ):
        raise ValueError("another list")
    if token is not None:
        _signed_token(token, document, issuer, now, fetch)
    else:
        _signed_text(document, subject, issuer, now, fetch)
    return subject


def _signed_text(document: dict[str, Any], subject: dict[str, Any], issuer: str, now: dt.datetime, fetch: Fetch) -> None:
    """Return when a list reads exactly as it was signed: each of its names is one that its context defines."""
    contexts = document.get("@context")
    if not (isinstance(contexts, list) and contexts[:1] == [proofs.CONTEXTS[0]]
            and all(isinstance(one, str) and one in LIST_CONTEXT for one in contexts)
            and ON_A_LIST.issuperset(document) and IN_ITS_SUBJECT.issuperset(subject)):
        raise ValueError("names that may hide others")
    key = issuers.of_method(issuer, proofs.method_of(document), now, fetch).key
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("another kind of key")  # noqa: TRY004 - what is wrong is the list
    proofs.verified_proof(document, proofs.public_bytes(key))


def _signed_token(token: str, document: Mapping[str, Any], issuer: str, now: dt.datetime, fetch: Fetch) -> None:
    if document.get("iss", issuer) != issuer:
        raise ValueError("another issuer")
    over = document.get("exp")
    if over is not None and rules.is_over(second(over), now):
        raise ValueError("over")
    if not issuers.is_signed(token, key_of_token(badges.head_of(token), issuer, now, fetch).key):
        raise ValueError("not signed")


def key_of_token(head: Mapping[str, Any], issuer: str, now: dt.datetime, fetch: Fetch) -> issuers.Signer:
    """Return whose key a token says it is signed with, as far as it is its issuer's. Raises NoKey."""
    kid = head.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise NoKey(Why.OTHER_SIGNATURE)
    if issuer.startswith("https://") and not (kid or "").startswith(f"{issuer}#"):
        if kid is None or not kid.startswith("https://"):
            raise NoKey(Why.OTHER_SIGNATURE)  # a key that only the token itself names proves nothing of its issuer
        return issuers.of_address(issuer, kid, fetch)
    if kid is not None and "#" not in kid:
        kid = f"{issuer}#{kid}" if not kid.startswith("did:") else f"{kid}#{kid.removeprefix('did:key:')}"
    elif kid is not None and kid.startswith("#"):
        kid = f"{issuer}{kid}"
    return issuers.of_method(issuer, kid, now, fetch)


def second(value: object) -> dt.datetime:
    """Return the instant that a token writes as a number. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**11:
        raise ValueError("no instant")
    return dt.datetime.fromtimestamp(value, dt.UTC)


def _bits(text: object) -> bytes:
    """Return the bits of a list, unpacked up to a limit; shorter than the standard asks is refused."""
    if not isinstance(text, str) or not text.startswith("u"):
        raise ValueError("no list")
    try:
        packed = base64.b64decode(text[1:] + "=" * (-(len(text) - 1) % 4), altchars=b"-_", validate=True)
        unpacking = zlib.decompressobj(wbits=31)
        bits = unpacking.decompress(packed, MOST_UNPACKED)
    except (binascii.Error, zlib.error) as fault:
        raise ValueError("no list") from fault
    if not unpacking.eof or len(bits) * 8 < proofs.SIZE:
        raise ValueError("too long, or too short")
    return bits
