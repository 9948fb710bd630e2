"""What a learner takes along of their links."""

from __future__ import annotations

import sqlalchemy as sa

from ..exports import Part
from .models import Edition, EditionItem, Share, ShareReading

PARTS = (
    Part("editions", Edition),
    Part("edition_items", EditionItem),
    Part("links", Share, stays={"code_sealed": "stands on the page of the link, and opens it"}),
    Part("link_openings", ShareReading,
         lambda who: ShareReading.share_id.in_(sa.select(Share.id).where(Share.learner_id == who.account_id))),
)
KEPT_BACK: dict[str, str] = {}
