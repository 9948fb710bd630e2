"""Finding the one badge in what somebody brings: a text, a token, or a picture that carries one. Nothing is checked yet."""

from __future__ import annotations

import base64
import binascii
import enum
import re
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers import expat

from openbadgeslib import baking

from . import proofs
from .proofs import Fault, Unsound

MOST_OF_A_FILE: Final = 10_000_000
MOST_OBJECTS: Final = 300
"""How many objects a signed text may hold: beyond, some are made so that reading them never ends."""
MOST_ELEMENTS: Final = 100_000
MOST_CHUNKS: Final = 20_000
"""How many parts a picture may have, so that going through them takes no time."""
PNG_SIGN: Final = b"\x89PNG\r\n\x1a\n"
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
CARRIERS: Final = (("credential", "https://purl.imsglobal.org/ob/v3p0"), ("assertion", "http://openbadges.org"))
"""Which elements of an SVG carry a badge: their name, and how their namespace begins."""


class Form(enum.Enum):
    """In which of the standard forms a badge was written."""

    OB3 = "ob3"
    OB3_TOKEN = "ob3_token"  # noqa: S105 - a form, not a secret
    OB2_HOSTED = "ob2_hosted"
    OB2_SIGNED = "ob2_signed"


class Absent(enum.Enum):
    """Why there is no badge to be found in a file or a text."""

    NOTHING = "nothing"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    TWICE = "twice"
    PICTURE = "picture"
    OTHER = "other"


class NoBadge(ValueError):  # noqa: N818 - an answer, not a fault of ours
    """What was brought holds no badge that can be read; `absent` says why."""

    def __init__(self, absent: Absent) -> None:
        super().__init__(absent.value)
        self.absent = absent


@dataclass(frozen=True)
class Badge:
    """A badge as it was found: `text` is its very words, `document` what they say, none of it checked.

    `token` is the same as `text` when it is signed as a token, else None.
    """

    form: Form
    text: str
    document: dict[str, Any]

    @property
    def token(self) -> str | None:
        """Return the signed token, or None for a badge that is a JSON text."""
        return self.text if self.form in {Form.OB3_TOKEN, Form.OB2_SIGNED} else None


def read(data: bytes) -> Badge:
    """Return the badge in the bytes of a file or of a text. Raises NoBadge."""
    if len(data) > MOST_OF_A_FILE:
        raise NoBadge(Absent.TOO_LARGE)
    found = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not found:
        raise NoBadge(Absent.NOTHING)
    if data.startswith(PNG_SIGN):
        found = _in_png(data)
    elif found.startswith(b"<"):
        found = _in_svg(found)
    if len(found) > proofs.MOST:
        raise NoBadge(Absent.TOO_LARGE)
    return _badge(found)


def _badge(data: bytes) -> Badge:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NoBadge(Absent.UNREADABLE) from None
    is_token = TOKEN.fullmatch(text) is not None
    document = _load(payload_of(text) if is_token else data)
    types = document.get("type")
    named = {one for one in (types if isinstance(types, list) else [types]) if isinstance(one, str)}
    if not is_token and _objects(document) > MOST_OBJECTS:
        raise NoBadge(Absent.TOO_LARGE)
    if named & {"OpenBadgeCredential", "AchievementCredential"}:
        return Badge(Form.OB3_TOKEN if is_token else Form.OB3, text, document)
    if "Assertion" in named:
        return Badge(Form.OB2_SIGNED if is_token else Form.OB2_HOSTED, text, document)
    raise NoBadge(Absent.OTHER)


def _load(data: bytes) -> dict[str, Any]:
    try:
        return proofs.load(data)
    except Unsound as fault:
        absent = {Fault.TOO_LARGE: Absent.TOO_LARGE, Fault.TWICE: Absent.TWICE}
        raise NoBadge(absent.get(fault.fault, Absent.UNREADABLE)) from None


def _objects(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_objects(inner) for inner in value.values())
    return sum(_objects(inner) for inner in value) if isinstance(value, list) else 0


def _part(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NoBadge(Absent.UNREADABLE) from None


def payload_of(token: str) -> bytes:
    """Return what a token says, unchecked. Raises NoBadge."""
    if not TOKEN.fullmatch(token):
        raise NoBadge(Absent.UNREADABLE)
    return _part(token.split(".")[1])


def head_of(token: str) -> dict[str, Any]:
    """Return what a token says of its own signature, unchecked. Raises NoBadge."""
    return _load(_part(token.split(".")[0]))


# ---------- pictures ----------


def _in_png(data: bytes) -> bytes:
    at, count = len(PNG_SIGN), 0
    while at < len(data):
        at, count = at + 12 + int.from_bytes(data[at:at + 4]), count + 1
        if count > MOST_CHUNKS:
            raise NoBadge(Absent.TOO_LARGE)
    try:
        for keyword in (baking.ITXT_KEYWORD_OB3, baking.ITXT_KEYWORD):
            text = baking.extract_png(data, proofs.MOST, keyword=keyword)
            if text:
                return text.strip().encode()
    except baking.DecompressionLimitExceeded:
        raise NoBadge(Absent.TOO_LARGE) from None
    except Exception:  # whatever its reader finds wrong with a picture
        raise NoBadge(Absent.UNREADABLE) from None
    raise NoBadge(Absent.PICTURE)


class _Carried:
    """The first badge that an SVG carries, whatever prefix its maker chose; nothing is built of the rest."""

    def __init__(self) -> None:
        self.inside, self.depth, self.count, self.texts, self.size = 0, 0, 0, list[str](), 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.words
        self.parser.EntityDeclHandler = self.refuse
        self.parser.ExternalEntityRefHandler = self.refuse

    def refuse(self, *_: object) -> int:
        raise NoBadge(Absent.UNREADABLE)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.count += 1
        if self.count > MOST_ELEMENTS:
            raise NoBadge(Absent.TOO_LARGE)
        space, _, local = name.rpartition(" ")
        if not self.inside and not self.texts and any(local == one and space.startswith(of) for one, of in CARRIERS):
            if attributes.get("verify"):  # what may stand inside besides is the same again, unsigned
                self.texts.append(attributes["verify"])
            else:
                self.inside = self.depth

    def words(self, text: str) -> None:
        if self.inside:
            self.size += len(text)
            if self.size > proofs.MOST:
                raise NoBadge(Absent.TOO_LARGE)
            self.texts.append(text)

    def end(self, _name: str) -> None:
        if self.depth == self.inside:
            self.inside = 0
        self.depth -= 1


def _in_svg(data: bytes) -> bytes:
    carried = _Carried()
    try:
        carried.parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as fault:
        raise fault if isinstance(fault, NoBadge) else NoBadge(Absent.UNREADABLE) from None
    text = "".join(carried.texts).strip()
    if not text:
        raise NoBadge(Absent.PICTURE)
    return text.encode()
