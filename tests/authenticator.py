"""A passkey without a device: it answers as a device does, byte for byte, and wrongly where it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(data: bytes) -> str:
    """Return bytes as WebAuthn writes them."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def raw(words: str) -> bytes:
    """Return the bytes of such a text."""
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))


@dataclass
class Authenticator:
    """One key on one device: what it believes of the page, and how often it was used."""

    origin: str
    rp_id: str
    number: bytes
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0
    flags: int = PRESENT | VERIFIED

    def _told(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int, more: bytes = b"") -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + more

    def _answer(self, **response: bytes) -> str:
        told = {name: text(value) for name, value in response.items()}
        return json.dumps({"id": text(self.number), "rawId": text(self.number), "type": "public-key", "response": told,
                           "clientExtensionResults": {}})

    def make(self, asked: dict[str, Any]) -> str:
        """Return what a browser sends when this passkey is made."""
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        held = bytes(16) + len(self.number).to_bytes(2, "big") + self.number + public
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(self.flags | ATTESTED, held)})
        return self._answer(clientDataJSON=self._told("webauthn.create", asked["challenge"]), attestationObject=attested)

    def show(self, asked: dict[str, Any]) -> str:
        """Return what a browser sends when this passkey is shown."""
        self.count += 1
        told, data = self._told("webauthn.get", asked["challenge"]), self._data(self.flags)
        signed = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=told, authenticatorData=data, signature=signed)
