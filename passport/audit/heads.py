"""The signed heads of the chain, one a day, in a file outside the database: what tells when its end was cut off."""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app

from ..extensions import db
from . import sealing
from .rules import to_sign

log = logging.getLogger("passport.worker")


class Unsigned(LookupError):  # noqa: N818 - an answer, not a fault of ours
    """Nothing can be signed now; the message says what to do."""


# A later room holds the keys: it signs bytes, and returns the name of its key and the signature (or raises Unsigned);
# and it says whether a signature is one of the city's: (key, signed bytes, signature, when).
SIGN: list[Callable[[bytes], tuple[str, bytes]]] = []
SIGNED: list[Callable[[str, bytes, bytes, dt.datetime], bool]] = []


@dataclass(frozen=True)
class Head:
    """What one line of the file says: until where the chain was, and when; `restored`: what came after was given up."""

    number: int
    position: int
    digest: bytes
    at: dt.datetime
    restored: bool = False


class Unreadable(ValueError):  # noqa: N818 - an answer, not a fault of ours
    """A line of the file that nobody of the city signed; the message names it."""


def file() -> Path:
    """Return where the heads are kept."""
    found: Path = current_app.config["AUDIT_HEADS"]
    return found


def signed(told: dict[str, Any]) -> dict[str, Any]:
    """Return what is told, signed by the key that signs now. Raises Unsigned when there is none."""
    for sign in SIGN:
        key, signature = sign(to_sign(told))
        return {**told, "key": key, "signature": base64.b64encode(signature).decode()}
    raise Unsigned("No room signs.")


def is_signed(told: dict[str, Any], key: str, signature: bytes, at: dt.datetime) -> bool:
    """Say whether a key of the city signed this."""
    return any(check(key, to_sign(told), signature, at) for check in SIGNED)


def append(now: dt.datetime, restored: bool = False) -> bool:
    """Write the head of what is committed at the end of the file, signed and on the disk; False when it stands there already."""
    with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        position, digest = sealing.head(connection)
    told: dict[str, Any] = {"at": now.astimezone(dt.UTC).isoformat(timespec="seconds"), "position": position,
                            "digest": digest.hex()}
    path = file()
    if not restored:
        last = _last(path)
        if position == 0 or (last is not None and last.get("position") == position):
            return False
    line = json.dumps(signed({**told, **({"restored": True} if restored else {})}), sort_keys=True) + "\n"
    _write(path, line.encode())
    return True


def _write(path: Path, line: bytes) -> None:
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as out:
        whole = out.read()
        out.seek(whole.rfind(b"\n") + 1)  # what a power cut left of a line is written anew
        out.truncate()
        out.write(line)
        out.flush()
        os.fsync(out.fileno())
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _last(path: Path) -> dict[str, Any] | None:
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    try:
        found = json.loads(whole.rpartition(b"\n")[2]) if whole else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def kept() -> Iterator[Head]:
    """Return the heads of the file, oldest first. Raises Unreadable at the first line that the city did not sign."""
    path = file()
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                told = json.loads(line)
                signature, key = base64.b64decode(told["signature"], validate=True), str(told["key"])
                at = dt.datetime.fromisoformat(told["at"])
                one = Head(number, int(told["position"]), bytes.fromhex(told["digest"]), at, bool(told.get("restored")))
                whole = is_signed({k: v for k, v in told.items() if k != "key"}, key, signature, at)
            except (ValueError, KeyError, TypeError, AttributeError):
                whole = False
            if not whole:
                raise Unreadable(f"line {number} of {path} is not as it was signed")
            yield one


def goes_on_after(position: int) -> bool:
    """Say whether a head was signed for a later place of the chain, and nobody gave it up."""
    places: set[int] = set()
    for head in kept():
        if head.restored:
            places = {place for place in places if place < head.position}
        places.add(head.position)
    return any(place > position for place in places)
