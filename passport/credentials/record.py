"""Everything a learner permits to be shown in one file: a Comprehensive Learner Record (CLR 2.0), signed by the city.

It is made when it is asked for and kept nowhere. Each credential in it keeps its own signature and its own state, and
nothing says whether there are others.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from openbadgeslib.ob3 import CLR_CONTEXT_URL, bundled_clr_contexts

from . import proofs
from .proofs import CONTEXTS, instant_text

MOST = 30
"""How many credentials go into one file, so that it can be signed, and read by others, in no time."""
PARTS = 100
"""How many files there are at most."""
LASTS = dt.timedelta(days=365)


def parts(count: int) -> int:
    """Return into how many files so many credentials go."""
    return -(-count // MOST)


def record(issuer: str, name: str, url: str, members: Sequence[dict[str, Any]], at: dt.datetime) -> dict[str, Any]:
    """Return the record of these signed credentials, unsigned, in the name of the city."""
    return {
        "@context": [CONTEXTS[0], CLR_CONTEXT_URL, *CONTEXTS[1:]],
        "id": uuid.uuid4().urn,
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Ce que je montre de mon passeport apprenant",
        "issuer": {"id": issuer, "type": ["Profile"], "name": name, "url": url},
        "validFrom": instant_text(at),
        "validUntil": instant_text(at + LASTS),
        # Whether this is all there is, is nobody's business.
        "partial": True,
        "credentialSubject": {
            "type": ["ClrSubject"],
            "identifier": [one for member in members for one in member["credentialSubject"]["identifier"] if one["hashed"]],
            "verifiableCredential": list(members),
        },
        "credentialSchema": [{
            "id": "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json",
            "type": "1EdTechJsonSchemaValidator2019",
        }],
    }


def signed(document: dict[str, Any], key: Any, issuer: str, at: dt.datetime) -> bytes:
    """Return a record signed by the city's key."""
    return proofs.sign(document, key, issuer, at, bundled_clr_contexts())


def verified(document: dict[str, Any], public: bytes) -> None:
    """Return when the signature of a record is of this key; each credential in it is looked at by itself. Raises Unsound."""
    proofs.verified_proof(document, public, bundled_clr_contexts())
