"""Issuers of other cities, for tests: what they sign and what they would publish, without any network."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from openbadgeslib.ob3.status_list import status_entry

from passport.credentials import proofs
from passport.credentials.fetching import Lookups, Miss, NotFetched

from .conftest import NOON

DAY = dt.timedelta(days=1)
LIST = "https://badges.autre-ville.example/status/1"


def elsewhere_passport() -> bytes:
    """Return the ZIP of a passport from another city, with one experience in it."""
    key = "0192f000-0000-7000-8000-000000000001"
    told = dict.fromkeys(("story", "context", "setting", "sector", "started_on", "ended_on", "hours", "place", "organisation_id", "organisation_text", "organisation", "kind", "details", "claimed_at", "deleted_at"))
    one = {**told, "id": key, "submission": key, "title": "J’ai tenu le bar du festival.", "when_precision": "day",
           "ongoing": False, "sort_on": "2025-07-01", "for_me_only": False, "passed_on": False, "version": 1,
           "created_at": "2025-07-01T10:00:00Z", "changed_at": "2025-07-01T10:00:00Z"}
    said = {"format": "learner-passport/1", "made_at": "2026-11-01T10:00:00Z", "host": "passeport.beta.example",
            "experiences": [one]}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("passport.json", json.dumps(said))
    return out.getvalue()


class Elsewhere:
    """An issuer at its own host, named by `did:web`, or by its key alone; `pages` is what it publishes."""

    def __init__(self, did: str = "did:web:badges.autre-ville.example", by_key: bool = False,
                 key: Ed25519PrivateKey | None = None) -> None:
        self.key = key or proofs.new_key()
        self.name = proofs.multikey(proofs.public_bytes(self.key))
        self.did = f"did:key:{self.name}" if by_key else did
        self.method = f"{self.did}#{self.name}"
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        if self.did.startswith("did:web:"):
            self.publish_keys()

    def did_document(self, **changes: Any) -> dict[str, Any]:
        """Return its DID document."""
        method = {"id": self.method, "type": "Multikey", "controller": self.did, "publicKeyMultibase": self.name}
        return {"@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"], "id": self.did,
                "verificationMethod": [method], "assertionMethod": [self.method], **changes}

    def publish_keys(self, **changes: Any) -> None:
        """Publish its keys where its name says."""
        host, *path = self.did.removeprefix("did:web:").split(":")
        self.pages["/".join([f"https://{host}", *(path or [".well-known"]), "did.json"])] = proofs.written(
            self.did_document(**changes))

    def lookups(self) -> Lookups:
        """Return what fetches from it, and from nobody else."""

        def fetch(url: str) -> bytes:
            self.asked.append(url)
            if url not in self.pages:
                raise NotFetched(Miss.UNREACHED)
            return self.pages[url]

        return Lookups(fetch)

    def unsigned(self, **changes: Any) -> dict[str, Any]:
        """Return a badge, unsigned."""
        return {
            "@context": list(proofs.CONTEXTS), "id": "https://badges.autre-ville.example/b/7",
            "type": ["VerifiableCredential", "OpenBadgeCredential"], "name": "Réparer un vélo",
            "issuer": {"id": self.did, "type": ["Profile"], "name": "Atelier Vélo"},
            "validFrom": proofs.instant_text(NOON - 10 * DAY),
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "identifier": [{"type": "IdentityObject", "hashed": True, "identityType": "emailAddress", "salt": "sel",
                                "identityHash": "sha256$" + _hash("lea@example.org" + "sel")}],
                "achievement": {
                    "id": "https://badges.autre-ville.example/a/1", "type": ["Achievement"], "name": "Réparer un vélo",
                    "description": "Réparer un vélo seul.", "criteria": {"narrative": "Vu à l’atelier."}},
            }, **changes}

    def signed(self, document: dict[str, Any] | None = None, **changes: Any) -> bytes:
        """Return a badge, or another document, signed."""
        return proofs.sign(document or self.unsigned(**changes), self.key, self.did, NOON - DAY)

    def status(self, position: int = 5, address: str = LIST, purpose: str = "revocation") -> dict[str, Any]:
        """Return where a badge says its state is to be found."""
        found: dict[str, Any] = status_entry(address, purpose, position)
        return found

    def list_of(self, revoked: Iterable[int], address: str = LIST, until: dt.datetime = NOON + DAY) -> dict[str, Any]:
        """Return a status list, unsigned."""
        return proofs.status_list(self.did, address, revoked, NOON - DAY, until, dt.timedelta(minutes=5))

    def publish_list(self, revoked: Iterable[int]) -> None:
        """Publish a status list, signed."""
        self.pages[LIST] = self.signed(self.list_of(revoked))

    def token(self, document: dict[str, Any] | None = None, key: Any = None, **head: Any) -> str:
        """Return a badge as a signed token."""
        document = document or self.unsigned()
        payload = {**document, "iss": self.did, "jti": document["id"], "nbf": int((NOON - 10 * DAY).timestamp())}
        return token(payload, key or self.key, kid=head.pop("kid", self.method), **head)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def token(payload: dict[str, Any], key: Ed25519PrivateKey | RSAPrivateKey, **head: Any) -> str:
    """Return a signed token, written without our own code."""
    return jwt.encode(payload, key, algorithm="RS256" if isinstance(key, RSAPrivateKey) else "EdDSA",
                      headers={name: value for name, value in head.items() if value is not None})


def rsa() -> RSAPrivateKey:
    """Return a new RSA key."""
    return generate_private_key(65537, 2048)


def pem(key: RSAPrivateKey) -> str:
    """Return the public half of a key as it is published."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def packed(bits: bytes) -> str:
    """Return bits as a list carries them."""
    return "u" + base64.urlsafe_b64encode(gzip.compress(bits)).decode().rstrip("=")


class Older(Elsewhere):
    """An issuer of the older standard (Open Badges 2.0), at its own host."""

    base = "https://anciens.example"

    def __init__(self) -> None:
        super().__init__()
        self.rsa = rsa()
        self.publish("issuer", {"type": "Issuer", "name": "Les Anciens", "publicKey": f"{self.base}/key"})
        self.publish("badge", {"type": "BadgeClass", "name": "Premiers secours", "description": "PSC1",
                               "image": f"{self.base}/i.png", "criteria": f"{self.base}/c", "issuer": f"{self.base}/issuer"})
        self.publish("key", {"type": "CryptographicKey", "owner": f"{self.base}/issuer", "publicKeyPem": pem(self.rsa)})

    def publish(self, name: str, words: dict[str, Any]) -> dict[str, Any]:
        """Publish a document."""
        document = {"@context": "https://w3id.org/openbadges/v2", "id": f"{self.base}/{name}", **words}
        self.pages[f"{self.base}/{name}"] = json.dumps(document).encode()
        return document

    def assertion(self, **changes: Any) -> dict[str, Any]:
        """Return a badge that is hosted."""
        return {
            "@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": f"{self.base}/assertion",
            "recipient": {"type": "email", "hashed": True, "salt": "sel",
                          "identity": "sha256$" + _hash("lea@example.org" + "sel")},
            "issuedOn": "2026-06-01T00:00:00Z", "badge": f"{self.base}/badge", "verification": {"type": "HostedBadge"},
            **changes}

    def host(self, **changes: Any) -> bytes:
        """Publish a badge and return its bytes."""
        self.publish("assertion", self.assertion(**changes))
        return self.pages[f"{self.base}/assertion"]

    def token_of(self, key: Any = None, **changes: Any) -> str:
        """Return a badge that is signed."""
        return token(self.assertion(verification={"type": "SignedBadge", "creator": f"{self.base}/key"}, **changes),
                     key or self.rsa)
