"""What is said of signed credentials, and what goes into one."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale

from .. import clock
from ..clock import CITY_ZONE
from ..experiences.models import Experience
from ..extensions import db
from ..feedback.models import AuthoredText
from ..feedback.queries import organisation_is_active
from ..frameworks.models import Alignment, Competency, FrameworkVersion, Wording
from ..frameworks.rules import ESCO
from ..organisations.models import Organisation
from ..organisations.words import day_words
from ..recognition import queries as recognition
from ..recognition.models import Endorsement, Permission
from ..recognition.words import how_words, seen_words
from . import addresses, keys
from .document import Aligned, Facts
from .models import Credential


@dataclass(frozen=True)
class ToSign:
    """A permission that has no credential in force yet, with what is signed of it."""

    named_as: str | None
    recognised: recognition.Recognised
    slug: str
    version: str
    sentence: str

    def is_told_by(self, signed: bytes) -> bool:
        """Say whether a document that was signed bears the name that it is to bear now, or none."""
        return name_in(signed) == self.named_as


def name_in(signed: bytes) -> str | None:
    """Return the name of the learner that a credential of ours bears, or None when it bears none."""
    several = json.loads(signed)["credentialSubject"]["identifier"]
    return next((str(one["identityHash"]) for one in several if one["identityType"] == "name"), None)


def _in_force() -> sa.ColumnElement[bool]:
    return sa.exists().where(Credential.endorsement_id == Permission.endorsement_id,
                             Credential.unpublished_at.is_(None))


def to_sign(permission_id: uuid.UUID) -> ToSign | None:
    """Return what a permission lets us sign, or None when it ended, may not be shown now or is signed already."""
    row = db.session.execute(
        sa.select(Permission.endorsement_id, Permission.named_as, Competency.slug, FrameworkVersion.number,
                  Wording.text_fr)
        .join(Endorsement, Endorsement.id == Permission.endorsement_id)
        .join(Wording, Wording.id == Endorsement.wording_id)
        .join(Competency, Competency.id == Endorsement.competency_id)
        .join(FrameworkVersion, FrameworkVersion.id == Wording.version_id)
        .where(Permission.id == permission_id, recognition.permitted(), ~_in_force())
    ).one_or_none()
    found = recognition.recognised(row.endorsement_id) if row is not None else None
    if row is None or found is None or not found.may_be_shown:
        return None
    return ToSign(row.named_as, found, row.slug, row.number, row.text_fr)


def unsigned(now: dt.datetime) -> sa.Select[Any]:
    """Return a selection of the permissions that have no credential, and may have one."""
    return (
        sa.select(Permission).join(Endorsement, Endorsement.id == Permission.endorsement_id)
        .join(Experience, Experience.id == Endorsement.experience_id)
        .join(AuthoredText, AuthoredText.id == Endorsement.text_id)
        .where(recognition.permitted(), Permission.given_at <= now, *recognition.LIVE,
               Experience.deleted_at.is_(None), ~Experience.for_me_only, AuthoredText.hidden_at.is_(None), ~_in_force())
        .order_by(Permission.given_at, Permission.id))


def aligned(competency_id: int, language: str = "fr") -> list[Aligned]:
    """Return what ESCO calls a competency, with an official label, in this language where there is one; one statement."""
    rows = db.session.execute(
        sa.select(Alignment.code, Alignment.label_en, Alignment.label_fr, Alignment.official_en, Alignment.official_fr)
        .where(Alignment.competency_id == competency_id, Alignment.target == ESCO).order_by(Alignment.code))
    found = []
    for r in rows:
        official = {"fr": r.label_fr if r.official_fr else None, "en": r.label_en if r.official_en else None}
        chosen = next((name for name in (language, "fr", "en") if official.get(name)), None)
        if chosen is not None:
            found.append(Aligned(r.code, official[chosen] or "", chosen))
    return found


def facts_of(waiting: ToSign, address: str, recipient: str, status_list: str, position: int) -> Facts:
    """Return what is signed of an endorsement, in the language of the city; one statement."""
    r = waiting.recognised
    with force_locale("fr"):
        how, seen = how_words(r.how_known), seen_words(r.seen_from_on, r.seen_to_on)
    return Facts(
        address=address, issuer=addresses.organisation_did(r.organisation_id),
        site=addresses.organisation_page(r.organisation_id), organisation=r.organisation_name,
        achievement=addresses.achievement_page(waiting.slug, waiting.version), sentence=waiting.sentence,
        aligned=aligned(r.competency_id), step=r.step, how=how[:1].upper() + how[1:], seen=seen,
        seen_from_on=r.seen_from_on, seen_to_on=r.seen_to_on, endorser=r.endorser_name, role=r.endorser_role,
        recipient=recipient, holder=waiting.named_as,
        recognised_on=dt.datetime.combine(r.day, dt.time(), CITY_ZONE), status_list=status_list, position=position,
    )


# ---------- what was signed ----------


@dataclass(frozen=True)
class Published:
    """A credential as it is found by its address: what was signed, and what is recognised now."""

    credential: Credential
    recognised: recognition.Recognised

    @property
    def sentence_url(self) -> str:
        """Return the page of its sentence, as it was signed."""
        return str(json.loads(self.credential.document)["credentialSubject"]["achievement"]["id"])

    @property
    def is_in_force(self) -> bool:
        """Say whether it is in force at this moment."""
        return self.credential.unpublished_at is None and self.recognised.may_be_shown


def published(key: uuid.UUID) -> Published | None:
    """Return a credential by its id, in force or not, or None; two statements."""
    found = db.session.get(Credential, key)
    recognised = recognition.recognised(found.endorsement_id) if found is not None else None
    return Published(found, recognised) if found is not None and recognised is not None else None


def in_force_of(endorsement_id: uuid.UUID) -> Credential | None:
    """Return the credential of an endorsement that is in force now; one statement."""
    return db.session.scalars(
        sa.select(Credential).where(Credential.endorsement_id == endorsement_id, Credential.unpublished_at.is_(None))
    ).one_or_none()


# ---------- who and what stands in them ----------


@dataclass(frozen=True)
class Known:
    """An organisation that the city accredited at some time, and whether it is now."""

    id: uuid.UUID
    name: str
    phone: str | None
    address: str | None
    since: int
    is_known: bool


def known(organisation_id: uuid.UUID) -> Known | None:
    """Return an organisation that the city accredited at some time, even if it no longer is; one statement."""
    found = db.session.get(Organisation, organisation_id)
    if found is None or found.accredited_at is None:
        return None
    return Known(found.id, found.name, found.phone, found.address, found.accredited_at.astimezone(CITY_ZONE).year,
                 organisation_is_active(found, clock.now()))


@dataclass(frozen=True)
class KeyInWords:
    """A key of the city: its name, and its days in words."""

    name: str
    first: str
    until: str | None
    bad: str | None


def keys_in_words() -> list[KeyInWords]:
    """Return the keys of the city, newest first; one statement."""
    def day(at: dt.datetime | None) -> str | None:
        return day_words(at) if at else None

    return [KeyInWords(k.key_id, day_words(k.from_at), day(k.until_at), day(k.compromised_at))
            for k in reversed(keys.all_keys())]


@dataclass(frozen=True)
class Sentence:
    """The words of a sentence in one version of the list."""

    competency_id: int
    slug: str
    version: str
    text_fr: str
    text_en: str

    def words(self, language: str) -> str:
        """Return it in a language of the pages."""
        return self.text_en if language == "en" else self.text_fr


def sentence(slug: str, version: str | None) -> Sentence | None:
    """Return a sentence in one version of the list, the present one for None; one statement."""
    which = Wording.current if version is None else FrameworkVersion.number == version
    row = db.session.execute(
        sa.select(Competency.id, Competency.slug, FrameworkVersion.number, Wording.text_fr, Wording.text_en)
        .join(Competency, Competency.id == Wording.competency_id)
        .join(FrameworkVersion, FrameworkVersion.id == Wording.version_id)
        .where(Competency.slug == slug, which)
    ).one_or_none()
    return Sentence(*row) if row is not None else None
