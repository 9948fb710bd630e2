"""What a learner takes along of what somebody without account said."""

from __future__ import annotations

import sqlalchemy as sa

from ..exports import Part
from ..feedback.export import delivered
from .models import Testimony, WitnessInvitation

PARTS = (
    Part("witness_invitations", WitnessInvitation),
    Part("testimonies", Testimony,
         lambda who: sa.and_(Testimony.learner_id == who.account_id, delivered(Testimony.text_id, who)),
         {"deletion_hash": "whoever knew what it stands for would erase it",
          "submission": "is the number of a form of somebody else"}),
)
KEPT_BACK: dict[str, str] = {}
