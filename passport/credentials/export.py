"""What a learner takes along of what was signed, here and elsewhere; the signed bytes are files of their own."""

from __future__ import annotations

from ..exports import Part
from .models import Credential, ForeignBadge

BYTES = "is a file of its own, with its very bytes: see `file`"

PARTS = (
    Part("credentials", Credential, stays={"document": BYTES}, files=("file",)),
    Part("received", ForeignBadge, stays={"document": BYTES}, files=("file",)),
)
KEPT_BACK: dict[str, str] = {}
