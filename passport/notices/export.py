"""What somebody takes along of what was told to them."""

from __future__ import annotations

import sqlalchemy as sa

from ..exports import Part
from .models import Message, Notice

WORKING = "is how the worker goes about it"

PARTS = (
    # That a case waits is no part of anybody's export (safeguarding, decision 14).
    Part("notices", Notice, lambda who: sa.and_(Notice.account_id == who.account_id, Notice.visible_at <= who.now,
                                                Notice.kind != "text_reported"),
         {"about_id": "is somebody else"}),
    Part("messages", Message, lambda who: sa.and_(Message.account_id == who.account_id, Message.not_before <= who.now),
         {"address": "stands in the account, and here only until the message leaves", "params": "are numbers of pages",
          "lease_until": WORKING, "dedupe": WORKING}),
)
KEPT_BACK: dict[str, str] = {}
