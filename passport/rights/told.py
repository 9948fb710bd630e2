"""What an opened passport of another city says, as drafts and plain words: nothing of it is more than told."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from ..experiences import rules as experiences
from ..experiences.service import ExperienceDraft
from ..forms import clean, one_line
from . import rules
from .archive import Brought, Json
from .models import KINDS

LONGEST_NAME = 120
PRECISIONS = ("day", "month", "year")


@dataclass(frozen=True)
class Piece:
    """A photo, document or link beside an experience: `file` is where its bytes lie in the ZIP."""

    submission: uuid.UUID
    kind: str
    caption: str | None
    url: str | None
    file: str | None


@dataclass(frozen=True)
class Words:
    """Words of somebody else, as their learner tells them."""

    kind: str
    document: Json
    host: str


@dataclass
class Told:
    """One experience, and all that hangs on it."""

    key: str
    draft: ExperienceDraft
    host: str
    written_at: dt.datetime | None = None
    answers: dict[str, str] = field(default_factory=dict)
    claims: list[tuple[str, int]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    leads_to: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Signed:
    """A signed credential: where its bytes lie in the ZIP, and the secret that says whose it is."""

    file: str
    secret: bytes | None


def digest_of(told: Told, words: Words) -> bytes:
    """Return what tells the same words about the same experience, whichever file they come in."""
    same = [str(told.draft.submission), words.kind, words.document]
    return hashlib.sha256(json.dumps(same, sort_keys=True, ensure_ascii=False).encode()).digest()


def signed(brought: Brought) -> Iterator[Signed]:
    """Return what was signed: what the other city signed and is in force there, and what had come from still others."""
    for row in (*brought.lists["credentials"], *brought.lists["received"]):
        over = row.get("unpublished_at") or row.get("deleted_at")
        if not over and isinstance(row["file"], str):
            yield Signed(row["file"], _secret(row.get("recipient_secret")))


def _secret(text: object) -> bytes | None:
    try:
        found = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return found if 16 <= len(found) <= 64 else None


def experiences_in(brought: Brought) -> list[Told]:
    """Return the experiences of a file that are not deleted, with what hangs on them, in the order of their numbers."""
    found: dict[str, Told] = {}
    for row in brought.lists["experiences"][:rules.MOST_BROUGHT]:
        title = one_line(row["title"])
        if title and row["deleted_at"] is None:
            found[row["id"]] = Told(row["id"], _draft(row, title), brought.host,
                                    _instant(row["claimed_at"] or row["created_at"]))
    _add_own(brought, found)
    _add_words(brought, found)
    return list(found.values())


def _draft(row: Json, title: str) -> ExperienceDraft:
    started, ended = _day(row["started_on"]), _day(row["ended_on"])
    if experiences.refusal_to_date(started, ended) is not None:
        started = ended = None
    hours = _number(row["hours"])
    return ExperienceDraft(
        title=title[:experiences.LONGEST_TITLE], submission=uuid.UUID(row["submission"]), for_me_only=row["for_me_only"],
        story=clean(row["story"]), setting=_one_of(row["setting"], experiences.SETTINGS),
        context=_one_of(row["context"], experiences.CONTEXTS), started_on=started, ended_on=ended,
        when_precision=_one_of(row["when_precision"], PRECISIONS) or "day", ongoing=row["ongoing"],
        hours=hours if experiences.refusal_to_count(hours) is None else None, place=one_line(row["place"]),
        # An organisation of another city is a name here, whatever ours are called.
        organisation_text=(one_line(row["organisation"] or row["organisation_text"]) or "")[:LONGEST_NAME] or None,
        sector=_one_of(row["sector"], experiences.SECTORS), kind=row["kind"],
        details=_details(row["details"]),
    )


def _details(told: object) -> Json | None:
    """Return what was said beside an experience, cleaned like what is typed here; None when it is anything else."""
    parts = {name: told.get(name) or {} for name in ("said", "fields") if name in told} if isinstance(told, dict) else {}
    if not all(isinstance(part, dict) and all(isinstance(v, str | None) for v in part.values()) for part in parts.values()):
        return None
    words = {name: {key: clean(value) for key, value in part.items() if value is not None} for name, part in parts.items()}
    # « J’ai transmis » may stand there without more words; a field that is empty is not there.
    return {name: {key: text or "" for key, text in part.items() if text or name == "said"} for name, part in words.items()} or None


def _add_own(brought: Brought, found: dict[str, Told]) -> None:
    """Add what the learner says themself."""
    for row in brought.lists["reflections"]:
        answer = clean(row["text"])
        if row["experience_id"] in found and answer:
            found[row["experience_id"]].answers[row["prompt"]] = answer
    for row in brought.lists["claims"]:
        if row["experience_id"] in found and isinstance(row["competency"], str):
            found[row["experience_id"]].claims.append((row["competency"], row["step"]))
    for row in brought.lists["evidence"]:
        if row["experience_id"] in found and row["deleted_at"] is None:
            found[row["experience_id"]].pieces.append(
                Piece(uuid.UUID(row["submission"]), row["kind"], one_line(row["caption"]), row["url"], row["file"]))
    for row in brought.lists["led_to"]:
        if row["from_id"] in found and row["to_id"] in found:
            found[row["from_id"]].leads_to.append(row["to_id"])


def _add_words(brought: Brought, found: dict[str, Told]) -> None:
    """Add what others said, as the learner tells it: it is read by them, and counts for nothing."""
    lists = brought.lists
    versions: dict[str, list[Json]] = defaultdict(list)
    for row in lists["words"]:
        versions[row["text_id"]].append(row)
    last = {key: max(rows, key=lambda row: row["number"]) for key, rows in versions.items()}
    texts = {row["id"]: row for row in lists["texts"]}

    def add(key: Any, kind: str, **said: Any) -> None:
        if key in found:
            kept = {name: value for name, value in said.items() if value is not None}
            found[key].words.append(Words(kind, kept, found[key].host))

    for row in lists["brought"]:
        if row["experience_id"] in found and row["kind"] in KINDS and rules.is_a_host(row["origin_host"]):
            told = found[row["experience_id"]]
            if row["kind"] == "experience":
                told.host = row["origin_host"]
            else:
                told.words.append(Words(row["kind"], _only_text(row["document"]), row["origin_host"]))
    for row in lists["feedback"]:
        if row["text_id"] in last:
            said = last[row["text_id"]]
            add(row["experience_id"], "feedback", **_who(row["facilitator"], row["role"], row["organisation"]),
                on=row["visible_at"][:10], words=_text(said["words"]), question=_text(said["question"]),
                next_step=_text(said["next_step"]), reply=_text(row["reply"]))
    for row in lists["endorsements"]:
        if row["accepted_at"] and not row["set_aside_at"] and not row["withdrawn_at"]:
            add(row["experience_id"], "endorsement",
                **_who(row["endorser_name"], row["endorser_role"], row["organisation_name"]), on=row["offered_at"][:10],
                step=row["step"] if row["step"] in {1, 2, 3, 4} else None, sentence_fr=_text(row["sentence_fr"]),
                sentence_en=_text(row["sentence_en"]), words=_text(last.get(row["text_id"], {}).get("words")))
    for row in lists["testimonies"]:
        if row["text_id"] in last and row["deleted_at"] is None:
            add(row["experience_id"], "testimony", **_who(row["witness_name"], row["relation"], None),
                on=row["written_at"][:10], words=_text(last[row["text_id"]]["words"]))
    for row in lists["not_yet"]:
        text = texts.get(row["text_id"])
        if text is not None and row["text_id"] in last:
            add(text["experience_id"], "not_yet", **_who(text["author"], text["role"], text["organisation"]),
                on=row["written_at"][:10], words=_text(last[row["text_id"]]["words"]))


def _who(name: object, role: object, organisation: object) -> Json:
    return {"who": _line(name), "role": _line(role), "organisation": _line(organisation)}


def _line(text: object) -> str | None:
    return (one_line(text) or "")[:LONGEST_NAME] or None if isinstance(text, str) else None


def _text(text: object) -> str | None:
    return (clean(text) or "")[:rules.MOST_WORDS] or None if isinstance(text, str) else None


TEXTS = {"who": _line, "role": _line, "organisation": _line, "on": _line, "words": _text, "question": _text,
         "next_step": _text, "reply": _text, "sentence_fr": _text, "sentence_en": _text}


def _only_text(document: object) -> Json:
    """Return of a document that was brought before what it may hold: words, and a step."""
    if not isinstance(document, dict):
        return {}
    found = {name: kept for name, read in TEXTS.items() if (kept := read(document.get(name))) is not None}
    step = document.get("step")
    return {**found, "step": step} if type(step) is int and step in {1, 2, 3, 4} else found


def _one_of(value: object, choices: tuple[str, ...]) -> str | None:
    return value if isinstance(value, str) and value in choices else None


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text[:10]) if text else None


def _instant(text: str) -> dt.datetime | None:
    found = dt.datetime.fromisoformat(text)
    return found.astimezone(dt.UTC) if found.tzinfo is not None and 1 < found.year < dt.MAXYEAR else None


def _number(text: object) -> Decimal | None:
    try:
        return Decimal(text).quantize(experiences.TENTH) if isinstance(text, str) and len(text) < 12 else None
    except InvalidOperation:
        return None
