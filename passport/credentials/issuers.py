"""Whose key it is that signed: ours from our own table, others' from where they publish it, or nobody's that we know."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.did import resolve_did

from . import addresses, keys, proofs, queries
from .fetching import ADDRESS, NotFetched
from .proofs import Unsound
from .rules import KeyPeriod

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey
WEB_NAME: Final = re.compile(
    r"did:web:(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9]))"
    r"(?P<path>(?::[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,8})", re.IGNORECASE)
"""A did:web without port, user or anything encoded: none of them leads to the document of another path."""
LEAST_RSA: Final = 2048
MOST_OF_A_KEY: Final = 200
CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class Who(enum.Enum):
    """How far it is known who signed."""

    CITY = "city"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


class Why(enum.Enum):
    """Why an answer about a badge is not a plain yes."""

    UNSIGNED = "unsigned"
    OTHER_SIGNATURE = "other_signature"
    OTHER_ISSUER = "other_issuer"
    CHANGED = "changed"
    OTHER_WORDS = "other_words"
    OTHER_COPY = "other_copy"
    KEY_ENDED = "key_ended"
    NO_KEY = "no_key"
    NOT_HOSTED = "not_hosted"
    UNSAID = "unsaid"
    DATES = "dates"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    REVOKED = "revoked"
    NO_STATUS = "no_status"
    STATUS_OTHER = "status_other"
    STATUS_UNREACHED = "status_unreached"
    STATUS_UNSOUND = "status_unsound"


class NoKey(LookupError):  # noqa: N818 - an answer, not a fault of ours
    """There is no key to check a signature with; `why` says whether that is a no (OTHER_ISSUER, KEY_ENDED) or unknown."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Signer:
    """Whose key it is: `host` is where the issuer publishes it, `name` how the city calls one of its organisations.

    `is_accredited` says whether that one is so now; `period` is when a key of ours counts.
    """

    who: Who
    key: PublicKey
    host: str | None = None
    name: str | None = None
    is_accredited: bool = False
    period: KeyPeriod | None = None


Fetch = Callable[[str], bytes]


def of_method(issuer: str, method: str | None, now: dt.datetime, fetch: Fetch) -> Signer:
    """Return whose key an issuer's `method` (« issuer#key ») is; without it, the only one that they sign with.

    Raises NoKey. For an issuer of this city nothing is fetched.
    """
    if method is not None and method.split("#")[0] != issuer:
        raise NoKey(Why.OTHER_ISSUER)
    if issuer == addresses.city_did() or issuer.startswith(f"{addresses.city_did()}:"):
        return _of_city(issuer, method)
    if issuer.startswith("did:key:"):
        return Signer(Who.UNKNOWN, _of_did_key(issuer, method))
    if WEB_NAME.fullmatch(issuer):
        host, url = _place(issuer)
        return Signer(Who.ELSEWHERE, _in_document(_fetched(url, fetch), issuer, method, now), host)
    if method is not None and (found := ADDRESS.fullmatch(issuer)):
        return Signer(Who.ELSEWHERE, _in_document(_fetched(issuer, fetch), issuer, method, now), found["host"].lower())
    raise NoKey(Why.OTHER_SIGNATURE)


def of_address(issuer: str, kid: str, fetch: Fetch) -> Signer:
    """Return whose key it is that an https issuer publishes, alone, at an address of the same host. Raises NoKey."""
    host = urlsplit(issuer).hostname
    if urlsplit(kid).hostname != host or host is None:
        raise NoKey(Why.OTHER_ISSUER)
    return Signer(Who.ELSEWHERE, _of_jwk(_fetched(kid, fetch)), host)


# ---------- ours ----------


def _of_city(issuer: str, method: str | None) -> Signer:
    organisation_id = addresses.organisation_of(issuer)
    organisation = queries.known(organisation_id) if organisation_id is not None else None
    if organisation is None:
        raise NoKey(Why.OTHER_ISSUER)
    row = keys.of((method or "").partition("#")[2][:80])
    if row is None:
        raise NoKey(Why.OTHER_ISSUER)
    return Signer(Who.CITY, Ed25519PublicKey.from_public_bytes(row.public), name=organisation.name,
                  is_accredited=organisation.is_known,
                  period=KeyPeriod(row.from_at, row.until_at, row.compromised_at))


# ---------- others' ----------


def _place(did: str) -> tuple[str, str]:
    found = WEB_NAME.fullmatch(did)
    if found is None:
        raise NoKey(Why.OTHER_SIGNATURE)
    host, path = found["host"].lower(), found["path"].replace(":", "/")
    return host, f"https://{host}{path or '/.well-known'}/did.json"


def _fetched(url: str, fetch: Fetch) -> dict[str, Any]:
    try:
        return proofs.load(fetch(url))
    except (NotFetched, Unsound):
        raise NoKey(Why.NO_KEY) from None


def _in_document(document: Mapping[str, Any], did: str, method: str | None, now: dt.datetime) -> PublicKey:
    """Return the key of a DID document that may assert in its name, now. Raises NoKey."""

    def whole(name: object) -> str | None:
        return f"{did}{name}" if isinstance(name, str) and name.startswith("#") else name if isinstance(name, str) else None

    def listed(name: str) -> list[Any]:
        found = document.get(name)
        return found if isinstance(found, list) else []

    if document.get("id") != did or document.get("deactivated"):
        raise NoKey(Why.NO_KEY)
    several = [m for m in (*listed("verificationMethod"), *listed("assertionMethod")) if isinstance(m, dict)]
    asserting = {whole(m.get("id") if isinstance(m, dict) else m) for m in listed("assertionMethod")} - {None}
    if method is None and len(asserting) == 1:
        (method,) = asserting
    found = [m for m in several if whole(m.get("id")) == method]
    if method is None or not found:
        raise NoKey(Why.NO_KEY if method is None else Why.OTHER_ISSUER)
    if len(found) != 1 or method not in asserting or found[0].get("controller") != did or _has_ended(found[0], now):
        raise NoKey(Why.KEY_ENDED)
    text, jwk = found[0].get("publicKeyMultibase"), found[0].get("publicKeyJwk")
    return _of_multibase(text) if isinstance(text, str) else _of_jwk(jwk if isinstance(jwk, dict) else {})


def _has_ended(method: Mapping[str, Any], now: dt.datetime) -> bool:
    """Say whether a key was given up: whoever has it may write any date, so nothing that it signed counts."""
    for name in ("revoked", "expires"):
        if name in method:
            at = proofs.instant_of(method[name])
            if at is None or at <= now:
                return True
    return False


def _of_did_key(did: str, method: str | None) -> PublicKey:
    named = did.removeprefix("did:key:")
    if method is not None and method.partition("#")[2] not in {"", named}:
        raise NoKey(Why.OTHER_ISSUER)
    return _of_multibase(named)


def _of_multibase(text: str) -> PublicKey:
    try:
        found = serialization.load_pem_public_key(resolve_did(f"did:key:{text[:MOST_OF_A_KEY]}"))
    except (LibOpenBadgesException, ValueError, KeyError):
        raise NoKey(Why.OTHER_SIGNATURE) from None
    return _strong(found)


def _of_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    if "d" in jwk or jwk.get("kty") not in ("OKP", "EC", "RSA"):
        raise NoKey(Why.OTHER_SIGNATURE)
    try:
        return _strong(jwt.PyJWK({k: v for k, v in jwk.items() if k in {"kty", "crv", "x", "y", "n", "e"}}).key)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise NoKey(Why.OTHER_SIGNATURE) from None


def _strong(key: object) -> PublicKey:
    if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA:
        return key
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in CURVES:
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    raise NoKey(Why.OTHER_SIGNATURE)


def is_signed(token: str, key: PublicKey) -> bool:
    """Say whether a token is signed by this key, in the way that its kind signs: the token itself has no say in it."""
    if isinstance(key, RSAPublicKey):
        ways = ["RS256", "RS384", "RS512"]
    else:
        ways = [CURVES[key.curve.name]] if isinstance(key, EllipticCurvePublicKey) else ["EdDSA"]
    try:
        jwt.PyJWS().decode(token, key, algorithms=ways)
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True
