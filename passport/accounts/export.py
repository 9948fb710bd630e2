"""What somebody takes along of their account."""

from __future__ import annotations

import sqlalchemy as sa

from ..exports import Part
from .factor_models import Passkey, RecoveryCode, SecondFactor
from .models import (
    Account,
    ContactBar,
    Draft,
    Erasure,
    ErasureRequest,
    Guardian,
    GuardianConsent,
    Mailbox,
    OneTimeToken,
    Passport,
    Protection,
    Recovery,
    RescueCode,
    Session,
)
from .queries import MEMBERSHIP, ORGANISATION

OTHERS = "is somebody else"

PARTS = (
    Part("account", Account, lambda who: Account.id == who.account_id,
         {"password_hash": "is a secret", "audit_ref": "is how the journal calls this person, and tells nothing else"}),
    Part("passport", Passport),
    Part("protection", Protection, stays={"doubted_by_id": OTHERS}, adds={"doubted_by": ORGANISATION.c.name},
         joins=((MEMBERSHIP, MEMBERSHIP.c.id == Protection.doubted_by_id),
                (ORGANISATION, ORGANISATION.c.id == MEMBERSHIP.c.organisation_id))),
    Part("mailbox", Mailbox),
    Part("sessions", Session, stays={"id_hash": "is a secret"}),
    Part("one_time_tokens", OneTimeToken),
    Part("recoveries", Recovery, stays={"number_hash": "is a secret", **dict.fromkeys((
        "first_confirmer_id", "second_confirmer_id", "first_membership_id", "second_membership_id"), OTHERS)}),
    Part("parents_asked", Guardian,
         stays={"contact": "is the address of somebody else", "contact_digest": "stands for the address of somebody else",
                "receipt_hash": "opens the page of a parent", "submission": "is the number of a form of somebody else"}),
    Part("consents", GuardianConsent),
    # A freeze is no act of the learner's: it would tell of a case.
    Part("blocked", ContactBar, lambda who: sa.and_(ContactBar.learner_id == who.account_id, ContactBar.cause == "block"),
         {"adult_id": OTHERS}, {"name": Account.display_name}, ((Account, Account.id == ContactBar.adult_id),)),
    # Nor is it told that somebody began to report something.
    Part("drafts", Draft, lambda who: sa.and_(Draft.account_id == who.account_id, Draft.form != "bother")),
    Part("erased", Erasure),
    Part("erasure_asked", ErasureRequest),
    Part("sheet_codes", RescueCode, stays={"code_hash": "is a secret"}),
    Part("application_codes", SecondFactor, stays={"secret_sealed": "is a secret"}),
    Part("passkeys", Passkey, stays={"credential_id": "is how a key is called, and opens nothing elsewhere",
                                     "public_key": "is half of a key, and opens nothing elsewhere"}),
    Part("paper_codes", RecoveryCode, stays={"code_hash": "is a secret"}),
)
KEPT_BACK = {
    "contact_freeze": "is a decision in a case: kept apart, in no export (safeguarding, decision 14)",
}
