"""Checking any badge: three facts apart, each yes, no or not known. What could not be looked up is never a yes."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..transaction import release
from . import addresses, badges, hosted, issuers, lists, proofs, queries, rules, status
from .badges import Badge, Form
from .document import recipient_of
from .fetching import Lookups
from .issuers import NoKey, Signer, Who, Why
from .proofs import Fault, Unsound

__all__ = ["Checked", "Recipient", "Who", "Why", "check"]

LONGEST: Final = 300
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
CONTEXTS: Final = frozenset({
    *proofs.CONTEXTS, "https://w3id.org/security/data-integrity/v2",
    *(f"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.{n}.json" for n in (1, 2)),
})
FAULTS: Final = {
    Fault.UNSIGNED: Why.UNSIGNED, Fault.OTHER_SIGNATURE: Why.OTHER_SIGNATURE, Fault.OTHER_ISSUER: Why.OTHER_ISSUER,
    Fault.CHANGED: Why.CHANGED, Fault.TWICE: Why.OTHER_WORDS, Fault.UNREADABLE: Why.OTHER_WORDS,
    Fault.TOO_LARGE: Why.OTHER_WORDS,
}
NOT_KNOWN: Final = frozenset({Why.OTHER_SIGNATURE, Why.NO_KEY, Why.NOT_HOSTED})
"""Reasons why a signature could not be looked at, as against those why it does not hold."""


@dataclass(frozen=True)
class Recipient:
    """Whom a badge says it is for, as it says it: `kind` is `email`, `identifier` or another word."""

    kind: str
    value: str
    hashed: bool
    salt: str = ""


@dataclass(frozen=True)
class Told:
    """What a credential of this city says: the step, who recognised it, how it is known, and the name in it, if any."""

    step: int | None
    who: str
    how: str
    holder: str


@dataclass(frozen=True)
class Checked:
    """What is known of a badge: `unchanged`, `by` and `in_force` are three facts; None means that it is not known.

    `why` says more of the first, `state` of the third, as it was known at `as_of`. `by` is only to be told of a badge that
    is `unchanged`. The rest is what the badge itself says: words of others, to be shown as such, escaped. `document` is
    what counts of it: for a hosted badge what its issuer hosts, whatever stands in the file. `is_accredited` says whether
    the city vouches now for the one of its organisations that signed.
    """

    badge: Badge
    document: Mapping[str, Any]
    unchanged: bool | None
    why: Why | None
    by: Who
    in_force: bool | None
    state: Why | None
    as_of: dt.datetime
    issuer: str
    issuer_name: str
    host: str | None
    title: str
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None
    recipients: tuple[Recipient, ...]
    credential_id: uuid.UUID | None = None
    is_accredited: bool = False

    @property
    def told(self) -> Told | None:
        """Return what a credential of this city says besides its sentence; None for any other."""
        if not self.unchanged or self.by is not Who.CITY:
            return None
        subject = _inner(self.document, "credentialSubject")
        step = str(_inner(subject, "result").get("achievedLevel")).rpartition("#step-")[2]
        holder = next((one.value for one in self.recipients if one.kind == "name" and not one.hashed), "")
        return Told(int(step) if step in {"1", "2", "3", "4"} else None, _shown(_inner(subject, "source").get("name")),
                    _shown(subject.get("narrative")), _shown(holder))

    def is_mine(self, emails: Collection[str], secrets: Collection[bytes] = ()) -> bool | None:
        """Say whether a badge is for whoever confirmed these addresses or holds these secrets; None when it does not say.

        None as well for a way of naming people that cannot be compared.
        """
        comparable = False
        hashes = {recipient_of(secret) for secret in secrets}
        for one in self.recipients:
            if one.kind == "identifier" and one.hashed and hashes:
                comparable = True
                if one.value.removeprefix("sha256$") in hashes:
                    return True
            if one.kind == "email" and (not one.hashed or one.value.startswith("sha256$")):
                comparable = comparable or bool(emails)
                if any(_is_named(one, written) for email in emails for written in {email, email.lower()}):
                    return True
        return False if comparable else None


def _is_named(one: Recipient, email: str) -> bool:
    if not one.hashed:
        return one.value.strip().lower() == email.lower()
    return one.value.lower() == f"sha256${hashlib.sha256((email + one.salt).encode()).hexdigest()}"


def check(data: bytes, now: dt.datetime, fetch: Lookups | None = None) -> Checked:
    """Return what is known of the badge in the bytes of a file or text. Raises badges.NoBadge when there is none.

    To be called outside any transaction, which it ends: it may fetch from others (`fetching`), a matter of seconds.
    Nothing is kept.
    """
    badge = badges.read(data)
    fetch = fetch or Lookups()
    release()
    older = badge.form in {Form.OB2_HOSTED, Form.OB2_SIGNED}
    found = _older(badge, now, fetch) if older else _signed(badge, now, fetch)
    release()
    return found


# ---------- Open Badges 3.0 ----------


def _signed(badge: Badge, now: dt.datetime, fetch: Lookups) -> Checked:
    document = badge.document
    begins, ends, sound = _window(badge)
    said = Checked(
        badge=badge, document=document, unchanged=False, why=None, by=Who.UNKNOWN, in_force=None, state=Why.UNSAID, as_of=now,
        issuer="", issuer_name=_shown(_inner(document, "issuer").get("name")), host=None, title=_title(document),
        valid_from=begins, valid_until=ends, recipients=_recipients(document))
    try:
        said = replace(said, issuer=proofs.issuer_of(document)[:LONGEST])
        signer = _signer(badge, now, fetch)
    except (Unsound, NoKey) as fault:
        return _unheld(said, fault.why if isinstance(fault, NoKey) else FAULTS[fault.fault])
    release()  # checking a signature takes its time; nobody waits for it
    said = replace(said, host=signer.host)
    key_id = _own_id(document) if signer.who is Who.CITY else None
    why = _fault(badge, signer, key_id)
    if why is not None:
        return _unheld(said, why)
    said = replace(said, unchanged=True, by=signer.who, issuer_name=signer.name or said.issuer_name, credential_id=key_id,
                   is_accredited=signer.is_accredited)
    if not sound:
        return replace(said, state=Why.DATES)
    # Asked first: that it was taken back is to be told even of what has ended.
    if signer.who is Who.CITY:
        in_force, state = _own_state(key_id, document)
    else:
        in_force, state = lists.state(document, said.issuer, now, fetch)
    return _dated(replace(said, in_force=in_force, state=state), now)


def _unheld(said: Checked, why: Why) -> Checked:
    return replace(said, unchanged=None if why in NOT_KNOWN else False, why=why)


def _dated(found: Checked, now: dt.datetime) -> Checked:
    """Return it with what its dates say, where nothing was said against it."""
    if found.in_force is False:
        return found
    if rules.is_over(found.valid_until, now):
        return replace(found, in_force=False, state=Why.EXPIRED)
    if not rules.is_begun(found.valid_from, now):
        return replace(found, in_force=False, state=Why.NOT_YET)
    return found


def _signer(badge: Badge, now: dt.datetime, fetch: Lookups) -> Signer:
    issuer = proofs.issuer_of(badge.document)
    if badge.token is not None:
        try:
            head = badges.head_of(badge.token)
        except badges.NoBadge:
            raise NoKey(Why.OTHER_SIGNATURE) from None
        return lists.key_of_token(head, issuer, now, fetch)
    method = proofs.proof_of(badge.document).get("verificationMethod")
    if not issuer.startswith("did:") and not str(method).startswith(f"{issuer}#"):
        # Whoever is named may have signed it, or not: this key says nothing of them.
        raise NoKey(Why.OTHER_SIGNATURE)
    if isinstance(method, str):
        proofs.method_of(badge.document)
        return issuers.of_method(issuer, method, now, fetch)
    raise NoKey(Why.OTHER_SIGNATURE)


def _fault(badge: Badge, signer: Signer, key_id: uuid.UUID | None) -> Why | None:
    """Say why a signature does not hold, or None when it does."""
    document = badge.document
    if badge.token is not None:
        if signer.who is Who.CITY:
            return Why.OTHER_ISSUER  # the city signs no tokens
        if not issuers.is_signed(badge.token, signer.key):
            return Why.CHANGED
        return None if _is_bound(document) else Why.OTHER_WORDS
    if not isinstance(signer.key, Ed25519PublicKey):
        return Why.OTHER_SIGNATURE
    if not _has_known_contexts(document, signer.who):
        return Why.OTHER_WORDS
    public = proofs.public_bytes(signer.key)
    try:
        proofs.verified_proof(document, public)
    except Unsound:
        return Why.CHANGED
    try:
        proofs.verified(document, public)
    except Unsound:
        return Why.OTHER_WORDS  # it means what was signed, but is written so that it reads otherwise
    if signer.period is not None:
        kept = queries.published(key_id) if key_id is not None and signer.period.compromised_at else None
        is_kept = kept is not None and proofs.load(kept.credential.document) == document
        if not rules.is_trusted(signer.period, proofs.created_at(document), is_kept):
            return Why.KEY_ENDED
    return None


def _has_known_contexts(document: Mapping[str, Any], who: Who) -> bool:
    """Say whether the words of a badge mean what we take them for: ours bear exactly our contexts, others' known ones."""
    several = _several(document.get("@context"))
    if who is Who.CITY:
        return several == list(proofs.CONTEXTS)
    return all(isinstance(one, str) and one in CONTEXTS for one in several)


def _is_bound(document: Mapping[str, Any]) -> bool:
    """Say whether what a token says of itself is what the badge in it says."""
    subject = _inner(document, "credentialSubject").get("id")
    return (document.get("iss") == proofs.issuer_of(document) and document.get("jti", document.get("id")) == document.get("id")
            and document.get("sub", subject) == subject and "VerifiableCredential" in _several(document.get("type")))


def _own_id(document: Mapping[str, Any]) -> uuid.UUID | None:
    """Return which credential of this city a document says it is, or None."""
    address = document.get("id")
    try:
        found = uuid.UUID(address.rpartition("/")[2]) if isinstance(address, str) else None
    except ValueError:
        return None
    return found if found is not None and addresses.credential_page(found) == address else None


def _own_state(key_id: uuid.UUID | None, document: Mapping[str, Any]) -> tuple[bool | None, Why | None]:
    """Say whether a credential of ours is in force now: our own tables know, nothing is fetched.

    Whoever has a key of ours that nobody misses yet may say more under an address that is in force: it is not what we keep.
    """
    found = queries.published(key_id) if key_id is not None else None
    if found is None or not found.is_in_force or proofs.load(found.credential.document) != document:
        return False, Why.REVOKED
    credential = found.credential
    in_force = status.is_revoked(credential.list_id, credential.position) is False
    return in_force, None if in_force else Why.REVOKED


# ---------- Open Badges 2.0 ----------


def _older(badge: Badge, now: dt.datetime, fetch: Lookups) -> Checked:
    answer = hosted.ask(badge, fetch)
    document = answer.document
    begins, ends = (_instant(document.get(name)) for name in ("issuedOn", "expires"))
    recipient = _inner(document, "recipient")
    found = Checked(
        badge=badge, document=document, unchanged=answer.unchanged, why=answer.why, by=Who.ELSEWHERE if answer.unchanged else Who.UNKNOWN,
        in_force=None if answer.revoked is None else not answer.revoked, state=answer.state, as_of=now,
        issuer=_shown(answer.issuer.get("id")), issuer_name=_shown(answer.issuer.get("name")), host=answer.host,
        title=_shown(answer.achievement.get("name")), valid_from=begins, valid_until=ends,
        recipients=tuple(_of_older(recipient)))
    if answer.unchanged and "expires" in document and ends is None:
        return replace(found, in_force=None, state=Why.DATES)
    return _dated(found, now) if answer.unchanged else found


def _of_older(recipient: Mapping[str, Any]) -> list[Recipient]:
    kind, value, salt = (recipient.get(name, "") for name in ("type", "identity", "salt"))
    if not (isinstance(kind, str) and isinstance(value, str) and isinstance(salt, str)):
        return []
    return [Recipient("email" if kind.lower() == "email" else kind[:LONGEST], value[:LONGEST],
                      recipient.get("hashed") is True, salt)]


# ---------- what a badge says ----------


def _several(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _inner(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the first object under a name, or an empty one."""
    return next((one for one in _several(document.get(name)) if isinstance(one, dict)), {})


def _shown(text: object) -> str:
    """Return a text of others on one line, of a length that a page bears, without signs that nobody sees."""
    words = UNSEEN.sub(" ", text) if isinstance(text, str) else ""
    return " ".join(words.split())[:LONGEST]


def _title(document: Mapping[str, Any]) -> str:
    achievement = _inner(_inner(document, "credentialSubject"), "achievement")
    return _shown(achievement.get("name")) or _shown(document.get("name"))


def _instant(text: object) -> dt.datetime | None:
    """Return an instant; the older standard also knows a day alone."""
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        text += "T00:00:00Z"
    return proofs.instant_of(text)


def _window(badge: Badge) -> tuple[dt.datetime | None, dt.datetime | None, bool]:
    """Return from when to when a badge says it counts, and whether all its dates can be read."""
    document = badge.document
    begins = [_instant(document[name]) for name in ("validFrom", "issuanceDate") if name in document]
    ends = [_instant(document[name]) for name in ("validUntil", "expirationDate") if name in document]
    if badge.token is not None:
        for name, several in (("nbf", begins), ("exp", ends)):
            if name in document:
                try:
                    several.append(lists.second(document[name]))
                except ValueError:
                    several.append(None)
    known_begins, known_ends = [at for at in begins if at], [at for at in ends if at]
    return (max(known_begins, default=None), min(known_ends, default=None),
            len(known_begins) == len(begins) and len(known_ends) == len(ends))


def _recipients(document: Mapping[str, Any]) -> tuple[Recipient, ...]:
    subject = _inner(document, "credentialSubject")
    found = []
    name = subject.get("id")
    if isinstance(name, str) and name.lower().startswith("mailto:"):
        found.append(Recipient("email", name[7:LONGEST], hashed=False))
    for one in _several(subject.get("identifier")):
        if isinstance(one, dict):
            kind, value, salt = one.get("identityType"), one.get("identityHash"), one.get("salt", "")
            if isinstance(kind, str) and isinstance(value, str) and isinstance(salt, str):
                found.append(Recipient("email" if kind in {"emailAddress", "email"} else kind[:LONGEST], value[:LONGEST],
                                       one.get("hashed") is True, salt))
    return tuple(found[:20])
