"""Everything about one person in one ZIP: a page to read, the same for programs, the originals, what was signed."""

from __future__ import annotations

import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from ..accounts import export as accounts
from ..accounts.queries import is_protected
from ..audit.service import record
from ..card import export as card
from ..credentials import export as credentials
from ..credentials.models import Credential, ForeignBadge
from ..experiences import export as experiences
from ..experiences import files
from ..experiences.models import Evidence
from ..experiences.rules import JPEG, PDF, PNG, WEBP
from ..exports import Part, Row, Who
from ..extensions import db
from ..feedback import export as feedback
from ..links import host
from ..notices import export as notices
from ..organisations import export as organisations
from ..protection import export as protection
from ..recognition import export as recognition
from ..safety import export as safety
from ..sharing import export as sharing
from ..transaction import release, transaction
from ..witnesses import export as witnesses
from .models import BroughtItem

FORMAT = "learner-passport/1"
DATA = Path(__file__).parent / "data"
ENDINGS = {JPEG: "jpg", PNG: "png", WEBP: "webp", PDF: "pdf"}
ROOMS = (accounts, notices, organisations, experiences, feedback, witnesses, recognition, credentials, sharing, card,
         protection, safety)
PARTS: tuple[Part, ...] = (*(part for room in ROOMS for part in room.PARTS), Part("brought", BroughtItem))
KEPT_BACK: Mapping[str, str] = {
    **{table: why for room in ROOMS for table, why in room.KEPT_BACK.items()},
    "sealed_folder": "is what two of the city did, and names no learner",
    "sealed_word": "is an adult's, of an erased passport, kept for an inquiry alone",
}
# What the journal holds is an act and a random reference; what the limits count is a keyed hash: neither can be asked by a name.

Lists = dict[str, list[Row]]
SIGNED: tuple[tuple[str, type[Credential | ForeignBadge]], ...] = (("credentials", Credential), ("received", ForeignBadge))


def gather(who: Who) -> Lists:
    """Return everything about one person, list by list; one statement for each, however much there is."""
    return {part.name: part.rows(who) for part in PARTS}


def of(account_id: uuid.UUID, now: Any) -> Who:
    """Return whose export it is; one statement."""
    return Who(account_id, now, is_protected(account_id, now))


def build(account_id: uuid.UUID, now: Any, page: Any) -> IO[bytes]:
    """Return the open file of a ZIP with everything about one person; it has no name, so nothing of it is left behind.

    `page` makes the page to read from the lists. Photos go through memory one at a time, and no transaction is open
    while they are copied.
    """
    if db.engine.dialect.name == "postgresql":  # one state of everything, as SQLite gives to whoever reads
        release()
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    who = of(account_id, now)
    lists = gather(who)
    found = db.session.execute(sa.select(Evidence.id, Evidence.storage_name).where(Evidence.learner_id == account_id))
    stored = {str(key): name for key, name in found}
    made = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _put_signed(archive, lists, account_id)
            release()
            _put_originals(archive, lists["evidence"], stored)
            with archive.open("passport.json", "w") as file:
                for chunk in _written(lists, now):
                    file.write(chunk.encode())
            archive.writestr("schema.json", (DATA / "passport-1.json").read_bytes())
            archive.writestr("style.css", (DATA / "export.css").read_bytes())
            with archive.open("index.html", "w") as file:
                for chunk in page(lists):
                    file.write(chunk.encode())
        made.seek(0)
        with transaction():
            record("export_passport", account_id, now, account_id)
    except BaseException:
        made.close()
        raise
    return made


def _put_signed(archive: zipfile.ZipFile, lists: Lists, account_id: uuid.UUID) -> None:
    """Put what was signed, byte by byte as it is kept."""
    for name, model in SIGNED:
        rows = {row["id"]: row for row in lists[name]}
        found = db.session.execute(sa.select(model.id, model.document).where(model.learner_id == account_id)
                                   .execution_options(yield_per=20))
        for key, document in found:
            row = rows.get(str(key))
            if row is not None:
                ending = "jwt" if row.get("format") in {"ob3_token", "ob2_signed"} else "json"
                row["file"] = f"{name}/{key}.{ending}"
                archive.writestr(row["file"], document)
    for name, _model in SIGNED:
        for row in lists[name]:
            row.setdefault("file", None)


def _put_originals(archive: zipfile.ZipFile, rows: list[Row], stored: Mapping[str, str | None]) -> None:
    """Put photos and documents as they are kept; one whose file is gone has none."""
    for row in rows:
        name = stored.get(row["id"])
        content = files.read(name) if name else None
        row["file"] = f"files/{row['id']}.{ENDINGS[row['media_type']]}" if content is not None else None
        if content is not None:
            archive.writestr(row["file"], content, compress_type=zipfile.ZIP_STORED)


def _written(lists: Lists, now: Any) -> Iterator[str]:
    head = {"format": FORMAT, "made_at": now.isoformat(), "host": host(), "kept_back": dict(sorted(KEPT_BACK.items()))}
    return json.JSONEncoder(ensure_ascii=False, indent=1).iterencode({**head, **lists})


def schema() -> dict[str, Any]:
    """Return what `passport.json` looks like, as JSON Schema; `data/passport-1.json` is this, published."""
    lists = {part.name: {"type": "array", "items": part.schema()} for part in PARTS}
    texts = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Learner passport, format 1: everything about one person in one city, as they take it along",
        "type": "object",
        "properties": {"format": {"const": FORMAT}, "made_at": {"type": "string", "format": "date-time"},
                       "host": {**texts, "maxLength": 253}, "kept_back": {"type": "object"}, **lists},
        "required": ["format", "made_at", "host", "experiences"],
    }
