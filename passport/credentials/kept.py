"""What we keep of a signed credential, held against what a page shows."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..clock import CITY_ZONE
from ..extensions import db
from ..frameworks.models import Wording
from ..recognition.queries import Recognised
from . import addresses, document, proofs, rules
from .models import Credential, SigningKey
from .rules import KeyPeriod


@dataclass(frozen=True)
class Shown:
    """What a page shows of one endorsement, as a credential says it: `sentence` in French."""

    sentence: str
    step: int
    organisation_id: uuid.UUID
    organisation: str
    seen_from_on: dt.date
    seen_to_on: dt.date
    day: dt.date


def is_signed(endorsement_id: uuid.UUID, shown: Shown) -> bool | None:
    """Say whether the signed credential in force says exactly this; one statement.

    None when there is none that counts: it is not signed yet, or is about to be signed anew.
    """
    row = db.session.execute(
        sa.select(Credential.document, SigningKey.public, SigningKey.from_at, SigningKey.until_at, SigningKey.compromised_at)
        .join(SigningKey, SigningKey.key_id == Credential.key_id)
        .where(Credential.endorsement_id == endorsement_id, Credential.unpublished_at.is_(None))
    ).one_or_none()
    if row is None or row.compromised_at is not None:
        return None
    try:
        signed = proofs.load(row.document)
        proofs.verified(signed, row.public)
        at = proofs.created_at(signed)
    except proofs.Unsound:
        return False
    return rules.is_trusted(KeyPeriod(row.from_at, row.until_at, None), at, is_kept=True) and says(signed, shown)


def is_as_signed(found: Recognised) -> bool | None:
    """Say whether the signed credential in force of what is recognised says exactly that, or None as above; two statements."""
    sentence = db.session.scalar(sa.select(Wording.text_fr).where(Wording.id == found.wording_id)) or ""
    return is_signed(found.id, Shown(sentence, found.step, found.organisation_id, found.organisation_name,
                                     found.seen_from_on, found.seen_to_on, found.day))


def says(signed: dict[str, Any], shown: Shown) -> bool:
    """Say whether a document says what is shown."""
    subject, issuer = signed["credentialSubject"], signed["issuer"]
    achievement, begins = subject["achievement"], dt.datetime.combine(shown.day, dt.time(), CITY_ZONE)
    sentence, organisation = (proofs.CONTROL.sub(" ", text) for text in (shown.sentence, shown.organisation))
    return [
        signed["name"], achievement["name"], subject["result"][0]["achievedLevel"], issuer["id"], issuer["name"],
        subject["activityStartDate"][:10], subject["activityEndDate"][:10], signed["validFrom"],
    ] == [
        sentence, sentence, document.step_of(achievement["id"], shown.step),
        addresses.organisation_did(shown.organisation_id), organisation,
        shown.seen_from_on.isoformat(), shown.seen_to_on.isoformat(), proofs.instant_text(begins),
    ]
