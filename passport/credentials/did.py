"""DID documents: which keys may speak for an issuer of this city."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .models import SigningKey
from .proofs import instant_text


def document(did: str, keys: Sequence[SigningKey]) -> dict[str, Any]:
    """Return the DID document of an issuer: every key there ever was, and which of them may assert.

    A key that was replaced stays good for what it signed. A compromised one stays to be seen, marked, and asserts
    nothing any more.
    """
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {"id": f"{did}#{key.key_id}", "type": "Multikey", "controller": did, "publicKeyMultibase": key.key_id,
             **({"revoked": instant_text(key.compromised_at)} if key.compromised_at else {})}
            for key in keys
        ],
        "assertionMethod": [f"{did}#{key.key_id}" for key in keys if key.compromised_at is None],
    }
