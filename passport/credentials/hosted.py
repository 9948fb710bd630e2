"""Badges of the older standard (Open Badges 2.0): held to what their issuer hosts now, or to the key that it hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob2 import OB2Verifier

from . import proofs
from .badges import Badge, Form
from .fetching import Lookups, Miss, NotFetched
from .issuers import Why
from .proofs import Unsound

Found = Mapping[str, Any]
IN_TIME = ("Assertion has expired", "Assertion is not yet valid")


@dataclass(frozen=True)
class Hosted:
    """What an issuer says of a badge: whether it is theirs as it stands, and whether it was taken back.

    `document` is what they host, which counts instead of what was brought; `host` is where. `revoked` is None, and
    `state` says why, when that could not be looked up.
    """

    unchanged: bool | None
    why: Why | None
    document: Found
    achievement: Found = field(default_factory=dict)
    issuer: Found = field(default_factory=dict)
    host: str | None = None
    revoked: bool | None = None
    state: Why | None = Why.UNSAID


def ask(badge: Badge, fetch: Lookups) -> Hosted:
    """Return what the issuer of a badge says of it; whether its dates have come and gone is another question."""
    mine = badge.document
    if not isinstance(mine.get("id"), str) or not isinstance(mine.get("badge"), str):
        return Hosted(None, Why.OTHER_SIGNATURE, mine)
    if badge.form is Form.OB2_HOSTED and not _is_hosted(mine):
        return Hosted(False, Why.UNSIGNED, mine)
    verifier = OB2Verifier(download=fetch)
    try:
        if badge.form is Form.OB2_SIGNED:
            verifier.verify(badge.text)
        else:
            verifier.verify_hosted(dict(mine))
    except LibOpenBadgesException as fault:
        # The library looks at the dates last, so that all the rest held.
        if not str(fault).startswith(IN_TIME):
            return _refused(badge, str(fault), fetch)
    return _held(badge, fetch)


def _is_hosted(document: Found) -> bool:
    """Say whether a badge is what its issuer hosts, token or not; any other is what its issuer signed."""
    way = document.get("verification")
    kind = way.get("type") if isinstance(way, dict) else None
    return isinstance(kind, str) and kind.lower() in {"hostedbadge", "hosted"}


def _read(fetch: Lookups, url: object) -> Found:
    """Return the document at an address, or an empty one."""
    try:
        return proofs.load(fetch(url)) if isinstance(url, str) else {}
    except (NotFetched, Unsound):
        return {}


def _refused(badge: Badge, words: str, fetch: Lookups) -> Hosted:
    """Return the answer about a badge that its issuer does not confirm, or could not be asked about."""
    mine, hosted = badge.document, _is_hosted(badge.document)
    address = mine["id"].split("#")[0]
    if hosted and (fetch.missed.get(address) is Miss.GONE
                   or (address in fetch.found and _read(fetch, address).get("revoked") is True)):
        return Hosted(None, Why.NOT_HOSTED, mine, revoked=True, state=Why.REVOKED)
    if fetch.missed:
        return Hosted(None, Why.NOT_HOSTED if hosted else Why.NO_KEY, mine)
    if hosted:
        return Hosted(False, Why.OTHER_COPY if "does not match the badge" in words else Why.OTHER_ISSUER, mine)
    return Hosted(False, Why.CHANGED if words.startswith("Invalid signature") else Why.OTHER_ISSUER, mine)


def _held(badge: Badge, fetch: Lookups) -> Hosted:
    """Return the answer about a badge that its issuer confirms, with what only the issuer's own documents say."""
    document = _read(fetch, badge.document["id"]) if _is_hosted(badge.document) else badge.document
    achievement = _read(fetch, document.get("badge"))
    named = achievement.get("issuer")
    issuer = _read(fetch, named.get("id") if isinstance(named, dict) else named)
    if not (document and achievement and issuer):  # read otherwise than the library does: a name stands twice
        return Hosted(None, Why.NOT_HOSTED, badge.document)
    revoked: bool | None = False
    state: Why | None = None
    if document.get("revoked") not in (None, False):
        revoked, state = True, Why.REVOKED
    elif issuer.get("revocationList") is not None:
        listed = _read(fetch, issuer["revocationList"]).get("revokedAssertions")
        if not isinstance(listed, list):
            revoked, state = None, Why.STATUS_UNREACHED
        elif document["id"] in [one.get("id") if isinstance(one, dict) else one for one in listed]:
            revoked, state = True, Why.REVOKED
    host = urlsplit(str(issuer.get("id"))).hostname
    return Hosted(True, None, document, achievement, issuer, host, revoked, state)
