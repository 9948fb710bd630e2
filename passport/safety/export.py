"""Why nothing of a case is in an export: whoever holds the file, or is made to show it, would know of it."""

from __future__ import annotations

from ..exports import Part

PARTS: tuple[Part, ...] = ()
KEPT_BACK = {
    "report": "is a case: kept apart, in no export (safeguarding, decision 14); the city answers who asks for it",
    "case_note": "is a case: kept apart, in no export (safeguarding, decision 14)",
    "inquiry": "is a case: kept apart, in no export (safeguarding, decision 14)",
}
