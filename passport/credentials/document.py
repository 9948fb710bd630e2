"""The standard form of what was recognised: an Open Badges 3.0 credential, built from facts alone."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from .proofs import CONTEXTS, CONTROL, instant_text

STEPS = (_l("Je découvre"), _l("Je fais avec de l’aide"), _l("Je fais sans aide"), _l("Je montre aux autres"))
CRITERIA = _l("Reconnu à la demande de la personne, après un retour qu’elle a lu. Reconnu par quelqu’un qui l’a vu, au nom "
              "d’une organisation, et qui n’est pas de sa famille.")


@dataclass(frozen=True)
class Aligned:
    """What a sentence corresponds to in a list of competencies that others use: `uri` names it there."""

    uri: str
    label: str
    language: str


@dataclass(frozen=True)
class Facts:
    """Everything that is signed of one endorsement.

    `issuer` is the organisation's DID and `site` its public page; `address` and `achievement` are the pages of the
    credential and of its sentence; `recipient` is the SHA-256 (hex) of a secret of the learner's; `holder` is the name
    to write into it, or None for none; `recognised_on` is the start of that day in the city.
    """

    address: str
    issuer: str
    site: str
    organisation: str
    achievement: str
    sentence: str
    aligned: Sequence[Aligned]
    step: int
    how: str
    seen: str
    seen_from_on: dt.date
    seen_to_on: dt.date
    endorser: str | None
    role: str
    recipient: str
    holder: str | None
    recognised_on: dt.datetime
    status_list: str
    position: int


def recipient_of(secret: bytes) -> str:
    """Return what a credential says of whom it is for: the SHA-256 (hex) of a secret that nobody can guess."""
    return hashlib.sha256(secret.hex().encode()).hexdigest()


def _plain(text: str) -> str:
    return CONTROL.sub(" ", text)


def _day(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _identifiers(facts: Facts) -> list[dict[str, Any]]:
    own = {"type": "IdentityObject", "hashed": True, "identityHash": f"sha256${facts.recipient}",
           "identityType": "identifier"}
    if facts.holder is None:
        return [own]
    return [own, {"type": "IdentityObject", "hashed": False, "identityHash": _plain(facts.holder), "identityType": "name"}]


def achievement(address: str, sentence: str, aligned: Sequence[Aligned]) -> dict[str, Any]:
    """Return a sentence in the standard form, with the four steps as its levels, in the language of the city."""
    with force_locale("fr"):
        criteria, title, steps = str(CRITERIA), str(_l("Où j’en suis")), [str(words) for words in STEPS]
    return {
        "id": address,
        "type": ["Achievement"],
        "achievementType": "Competency",
        "name": _plain(sentence),
        "description": _plain(sentence),
        "criteria": {"narrative": criteria},
        "alignment": [
            {"type": ["Alignment"], "targetName": _plain(to.label), "targetUrl": to.uri, "targetFramework": "ESCO"}
            for to in aligned
        ],
        "resultDescription": [{
            "id": f"{address}#steps", "type": ["ResultDescription"], "name": title,
            "resultType": "RubricCriterionLevel",
            "rubricCriterionLevel": [
                {"id": step_of(address, n), "type": ["RubricCriterionLevel"], "name": words, "level": str(n)}
                for n, words in enumerate(steps, 1)
            ],
        }],
    }


def step_of(address: str, step: int) -> str:
    """Return what names one of the four steps (1 to 4) of a sentence."""
    return f"{address}#step-{step}"


def credential(facts: Facts) -> dict[str, Any]:
    """Return the credential of an endorsement, unsigned."""
    who = f"{facts.endorser}, {facts.role}" if facts.endorser else facts.role
    return {
        "@context": list(CONTEXTS),
        "id": facts.address,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": _plain(facts.sentence),
        "issuer": {"id": facts.issuer, "type": ["Profile"], "name": _plain(facts.organisation), "url": facts.site},
        "validFrom": instant_text(facts.recognised_on),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": _identifiers(facts),
            "activityStartDate": _day(facts.seen_from_on),
            "activityEndDate": _day(facts.seen_to_on),
            "narrative": _plain(f"{facts.how}, {facts.seen}."),
            "source": {"id": f"{facts.issuer}#recognised-by", "type": ["Profile"], "name": _plain(who)},
            "achievement": achievement(facts.achievement, facts.sentence, facts.aligned),
            "result": [{"type": ["Result"], "resultDescription": f"{facts.achievement}#steps",
                        "achievedLevel": step_of(facts.achievement, facts.step)}],
        },
        "credentialSchema": [{
            "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
            "type": "1EdTechJsonSchemaValidator2019",
        }],
        "credentialStatus": {
            "id": f"{facts.status_list}#{facts.position}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(facts.position),
            "statusListCredential": facts.status_list,
        },
    }
