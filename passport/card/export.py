"""What a learner takes along of their cards and printed sheets."""

from __future__ import annotations

from ..exports import Part
from .models import Card, Sheet, SheetItem

PARTS = (
    Part("cards", Card, stays={"claim_code_hash": "is a secret"}),
    Part("sheets", Sheet),
    Part("sheet_items", SheetItem),
)
KEPT_BACK: dict[str, str] = {}
