"""Words of distress in a learner's own text: then help numbers stand beside it, and nothing else happens.

It is asked while a learner's own page is made, and its answer is kept nowhere: no flag, no line, nobody is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .letters import plain_words

WHO = r"(?:il|elle|on|ils|elles|mon \w+|ma \w+|mon beau \w+|ma belle \w+|quelqu un|un \w+|une \w+)"
DISTRESS = re.compile(
    r"\bsuicid\w*|\bautomutil\w*|\bscarif\w*|\bself harm\w*"
    r"|\b(?:envie|besoin|idee|idees) de (?:mourir|me tuer|disparaitre|en finir)\b"
    r"|\b(?:veux|voudrais|vais|voulais|pense a|prefere|prefererais) (?:mourir|me tuer|disparaitre|en finir|me pendre|crever)\b"
    r"|\b(?:plus|pas) envie de vivre\b|\ben finir avec la vie\b|\bme (?:tuer|pendre)\b|\bme faire du mal\b|\bme fais du mal\b"
    r"|\bme (?:coupe|taillade|couper) les (?:veines|bras|poignets)\b"
    rf"|\b{WHO} m (?:a|ont) (?:frappee?|battue?|violee?|agressee?|touchee? (?:le|la|les|sous|entre)|menacee?|tapee?)\b"
    rf"|\b{WHO} me (?:frappe(?:nt)?|bat|battent|viol\w+|harcel\w+|menac\w+|tape(?:nt)?|touche(?:nt)? (?:le|la|les|sous|entre))\b"
    r"|\b(?:me fais|me suis fait|me faisais) (?:frapper|battre|violer|harceler|agresser|racketter|taper)\b"
    r"|\battouchement\w*|\babus sexuel\w*|\bviolences? (?:chez moi|a la maison)\b|\binceste\b"
    r"|\bpeur de (?:rentrer|mon pere|ma mere|mon beau pere|ma belle mere|mon copain|mon mari|mon frere|mon oncle|mon coach|mon entraineur)\b"
    r"|\b(?:want|wanted|going|like) to (?:die|kill myself|end it all|disappear)\b|\bkill(?:ing)? myself\b|\bend my life\b"
    r"|\b(?:hurt|hurting|cut|cutting|harm|harming) myself\b|\bdo not want to live\b|\bdon t want to live\b"
    r"|\b(?:he|she|they|my \w+|someone|somebody) (?:hits?|beats?|beat|raped|rapes|abused|abuses|bullies|bullied|threatens|threatened|molested) me\b"
    r"|\b(?:i was|i am|i m|being|been|got) (?:raped|abused|beaten|bullied|molested|harassed)\b"
    r"|\b(?:afraid|scared) (?:to go home|of going home|of my (?:dad|father|mum|mom|mother|stepfather|stepdad|boyfriend|husband|brother|uncle|coach))\b"
)


def is_there(texts: Iterable[str | None]) -> bool:
    """Say whether one of these texts holds words of distress."""
    return any(DISTRESS.search(" ".join(plain_words(text))) is not None for text in texts if text)
