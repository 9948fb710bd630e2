"""French typography for the sentences people read: no-break spaces, hyphens and apostrophes."""

from __future__ import annotations

import re

NARROW, NBSP, HYPHEN = "\u202f", "\u00a0", "\u2011"

_MONTH = (
    r"janv(?:ier)?|févr(?:ier)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|août|sept(?:embre)?|oct(?:obre)?"
    r"|nov(?:embre)?|déc(?:embre)?"
)
_UNIT = rf"(?:%%|%(?!\()|€|(?:h|min|s|mm|ans?|mois|semaines?|jours?|heures?|minutes?|fois|Ko|Mo|{_MONTH})\b)"
# A placeholder that stands for a number by its name counts as a number.
_NUMBER = (
    r"(?:\d(?:er)?|%\((?:n|num|count|number|total|days|weeks|months|years|hours|hour|minutes|day|age|size)\)[sd])"
)


def french(text: str) -> str:
    """Return the text as a French printer would set it; placeholders and code in it stay as they are."""
    text = text.replace("'", "’")
    text = re.sub(r" ([;!?]+)(?!\w)", NARROW + r"\1", text)
    text = re.sub(r" :(?![\w/])", NBSP + ":", text)
    text = text.replace("« ", "«" + NBSP).replace(" »", NBSP + "»")
    text = re.sub(r"(?<=[a-zé])-(?=(?:vous|moi|tu|il|elle|nous)\b)", HYPHEN, text)
    text = re.sub(rf"({_NUMBER}) (?={_UNIT})", r"\1" + NBSP, text)
    text = re.sub(rf"({NBSP}h) (?=\d\d\b|%\(minute\))", r"\1" + NBSP, text)
    text = re.sub(r"(?<=\d) × (?=\d)", f"{NBSP}×{NBSP}", text)
    text = re.sub(r"(?<![@./\w-])([Ee])-(?=mails?\b)", r"\1" + HYPHEN, text)
    text = re.sub(r"\b(\d\d) (?=\d\d\b)", r"\1" + NBSP, text)
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", NARROW, text)
    return re.sub(r"\b(M\.|Mme|n°) (?=[A-Z%\d])", r"\1" + NBSP, text)
