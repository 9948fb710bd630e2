"""Whole addresses and names of what the city publishes about what it signs."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from ..links import host, public_url

CONTEXT = "https://www.w3.org/ns/did/v1"


def city_did() -> str:
    """Return the name of the city as an issuer: `did:web:` and its host."""
    return f"did:web:{quote(host(), safe='')}"


def organisation_did(organisation_id: uuid.UUID) -> str:
    """Return the name of an organisation as an issuer, under the host of the city."""
    return f"{city_did()}:o:{organisation_id}"


def organisation_of(did: str) -> uuid.UUID | None:
    """Return which organisation of this city a name means, or None for any other issuer."""
    start = f"{city_did()}:o:"
    try:
        found = uuid.UUID(did.removeprefix(start)) if did.startswith(start) else None
    except ValueError:
        return None
    return found if found is not None and organisation_did(found) == did else None


def credential_page(credential_id: uuid.UUID) -> str:
    """Return the page of a credential, which is also its id."""
    return public_url("credentials.credential", key=credential_id)


def achievement_page(slug: str, version: str) -> str:
    """Return the page of a sentence in one version, which is also its id."""
    return public_url("credentials.achievement", slug=slug, version=version)


def organisation_page(organisation_id: uuid.UUID) -> str:
    """Return the public profile of an organisation."""
    return public_url("credentials.organisation", key=organisation_id)


def status_page(list_id: int) -> str:
    """Return where a status list is fetched, which is also its id."""
    return public_url("credentials.status_list", number=list_id)
