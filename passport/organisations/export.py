"""What somebody takes along of their roles, and of the organisations they joined."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from ..exports import Part, Who
from .models import AcceptedCharter, AskCode, Invitation, Joined, Membership, Organisation, Vetting

OTHERS = "is somebody else"


def _roles(who: Who) -> sa.Select[uuid.UUID]:
    return sa.select(Membership.id).where(Membership.account_id == who.account_id)


PARTS = (
    Part("joined", Joined, adds={"organisation": Organisation.name},
         joins=((Organisation, Organisation.id == Joined.organisation_id),)),
    Part("roles", Membership, stays={"co_reader_id": OTHERS}, adds={"organisation": Organisation.name},
         joins=((Organisation, Organisation.id == Membership.organisation_id),)),
    Part("checks", Vetting, stays={"recorded_by_id": OTHERS}),
    Part("charters_accepted", AcceptedCharter, lambda who: AcceptedCharter.membership_id.in_(_roles(who))),
    Part("ask_codes", AskCode, lambda who: AskCode.membership_id.in_(_roles(who))),
    Part("invitations_made", Invitation, lambda who: Invitation.invited_by_id == who.account_id,
         {"note": "names somebody else", "invited_by_id": "it is the person this file is about", "membership_id": OTHERS}),
)
KEPT_BACK = {"organisation": "belongs to the organisation: who answers there stands among the roles"}
