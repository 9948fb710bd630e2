"""Opening the ZIP of another city's passport: nothing of it is unpacked to the disk, and nothing of it is believed."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import IO, Any

from ..experiences.rules import HEAVIEST as HEAVIEST_FILE
from ..refusals import Refusal, Refused
from . import rules, shape
from .export import DATA, FORMAT, PARTS

END, END_SIZE = b"PK\x05\x06", 22
LONG_END, LONG_END_SIZE = b"PK\x06\x07", 20
MOST_OF_DIRECTORY = 2_000_000
Json = dict[str, Any]


@lru_cache(maxsize=1)
def _schema() -> Json:
    found: Json = json.loads((DATA / "passport-1.json").read_text(encoding="utf-8"))
    return found


def _lists() -> list[str]:
    return [part.name for part in PARTS if rules.is_read(part.name)]


class Brought:
    """The ZIP of a passport, opened: `lists` is what it says, and `file()` what it carries."""

    def __init__(self, file: IO[bytes]) -> None:
        _check_directory(file)
        try:
            self.archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise Refused(Refusal.PASSPORT_BROKEN, "file") from None
        entries = self.archive.infolist()
        self._raise(rules.refusal_of_archive(len(entries), sum(e.compress_size for e in entries),
                                             sum(e.file_size for e in entries)))
        self.entries = {e.filename: e for e in entries}
        if len(self.entries) != len(entries) or any(e.flag_bits & 0x1 for e in entries):
            raise Refused(Refusal.PASSPORT_BROKEN, "file")
        said = self._document()
        self.host = str(said["host"])
        self.lists: dict[str, list[Json]] = {name: said.get(name, []) for name in _lists()}

    @staticmethod
    def _raise(refusal: Refusal | None) -> None:
        if refusal is not None:
            raise Refused(refusal, "file")

    def _document(self) -> Json:
        text = self._unpacked("passport.json", rules.MOST_OF_JSON)
        if text is None:
            raise Refused(Refusal.PASSPORT_OTHER, "file")
        self._raise(rules.refusal_of_text(text))
        try:
            said = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_never)
        except (ValueError, RecursionError):
            raise Refused(Refusal.PASSPORT_BROKEN, "file") from None
        if not isinstance(said, dict) or said.get("format") != FORMAT or not rules.is_a_host(said.get("host")):
            raise Refused(Refusal.PASSPORT_OTHER, "file")
        for name in _lists():
            if not shape.fits(said.get(name, []), _schema()["properties"][name]):
                raise Refused(Refusal.PASSPORT_BROKEN, "file")
        return said

    def file(self, name: object, most: int = HEAVIEST_FILE) -> bytes | None:
        """Return what it carries under this name; None when there is nothing, or too much, or it is not to be read."""
        if not isinstance(name, str) or rules.NAME.fullmatch(name) is None:
            return None
        try:
            return self._unpacked(name, most)
        except Refused:
            return None

    def _unpacked(self, name: str, most: int) -> bytes | None:
        entry = self.entries.get(name)
        if entry is None:
            return None
        self._raise(rules.refusal_of_entry(entry.compress_size, entry.file_size, most))
        try:
            with self.archive.open(entry) as file:
                found = file.read(most + 1)  # what it says of its own size is only what it says
        except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError, RuntimeError):
            raise Refused(Refusal.PASSPORT_BROKEN, "file") from None
        if len(found) > most:
            raise Refused(Refusal.PASSPORT_HEAVY, "file")
        return found


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a list of entries that is long before it is read whole: a ZIP of some MB may name millions."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END_SIZE - 65_535))
    tail = file.read(END_SIZE + 65_535)
    plain = tail[-END_SIZE:-END_SIZE + 4] == END and tail[-2:] == b"\0\0"  # where `zipfile` looks first
    at = len(tail) - END_SIZE if plain else tail.rfind(END)
    if size > rules.HEAVIEST:
        raise Refused(Refusal.PASSPORT_HEAVY, "file")
    if at < 0 or len(tail) - at < END_SIZE:
        raise Refused(Refusal.PASSPORT_OTHER, "file")
    entries, length = struct.unpack("<HL", tail[at + 10:at + 16])
    is_long = at >= LONG_END_SIZE and tail[at - LONG_END_SIZE:].startswith(LONG_END)  # for more than we read
    if is_long or entries > rules.MOST_ENTRIES or length > MOST_OF_DIRECTORY:
        raise Refused(Refusal.PASSPORT_HEAVY, "file")
    file.seek(0)


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    for text in (*found, *found.values()):
        if isinstance(text, str):
            _check_signs(text)
    return found


def _check_signs(text: str) -> None:
    """Raise ValueError for a text that no database or page can hold: half a sign, or a zero."""
    text.encode()
    if "\0" in text:
        raise ValueError("a text holds a zero")


def _never(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
