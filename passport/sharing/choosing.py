"""What a learner may show, and the snapshot of what was chosen."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts import drafts
from ..accounts.models import Passport
from ..accounts.rules import Band
from ..experiences.details import said_of
from ..experiences.models import Claim, Evidence, Experience
from ..experiences.queries import PIECE, Piece
from ..extensions import db
from ..frameworks.models import Wording
from ..organisations.models import Organisation
from ..recognition import queries as recognition
from ..recognition.models import Endorsement
from ..refusals import Refusal
from ..submissions import digest_of
from ..witnesses import queries as witnesses
from . import rules
from .words import in_language

MOST_EXPERIENCES = 300
DRAFT = "share"


@dataclass(frozen=True)
class Choice:
    """One experience on the screen « Que montrer ? », with what was recognised and seen in it, and the learner's claims.

    `pieces` are the photos, documents and links beside it, each with why it cannot be shown.
    """

    id: uuid.UUID
    title: str
    refusal: Any
    claims: tuple[str, ...]
    recognised: tuple[recognition.Shareable, ...]
    withdrawn: tuple[str, ...]
    seen: tuple[witnesses.Words, ...] = ()
    pieces: tuple[tuple[Piece, Refusal | None], ...] = ()


def choices(learner_id: uuid.UUID, band: Band, now: dt.datetime, agreed: Collection[str] = ()) -> list[Choice]:
    """Return what a learner may choose from, newest first, and why the rest cannot be shown; five statements."""
    newest = (
        sa.select(Experience.id)
        .where(Experience.learner_id == learner_id, Experience.deleted_at.is_(None))
        .order_by(Experience.sort_on.desc(), Experience.id.desc())
        .limit(MOST_EXPERIENCES)
    )
    lived: dict[uuid.UUID, Experience] = {}
    beside: dict[uuid.UUID, list[tuple[Piece, Refusal | None]]] = {}
    facts: list[Any]
    for x, *facts in db.session.execute(
        sa.select(Experience, *PIECE)
        .outerjoin(Evidence, sa.and_(Evidence.experience_id == Experience.id, Evidence.deleted_at.is_(None)))
        .where(Experience.id.in_(newest))
        .order_by(Experience.sort_on.desc(), Experience.id.desc(), Evidence.added_at, Evidence.id)
    ):
        lived[x.id] = x
        if facts[0] is not None:
            found = Piece(*facts)
            beside.setdefault(x.id, []).append((found, rules.refusal_to_show_piece(found.kind, band, True, agreed)))
    claims = _claims(Claim.learner_id == learner_id)
    kept: dict[uuid.UUID, list[recognition.Shareable]] = {}
    for line in recognition.shareable(learner_id, now):
        kept.setdefault(line.recognised.experience_id, []).append(line)
    gone: dict[uuid.UUID, list[str]] = {}
    for experience_id, texts in db.session.execute(
        sa.select(Endorsement.experience_id, Wording)
        .join(Wording, Wording.id == Endorsement.wording_id)
        .where(Endorsement.learner_id == learner_id, Endorsement.accepted_at.is_not(None),
               Endorsement.set_aside_at.is_(None), Endorsement.withdrawn_at <= now)
        .order_by(Endorsement.id)
    ):
        gone.setdefault(experience_id, []).append(in_language({"fr": texts.text_fr, "en": texts.text_en}))
    seen: dict[uuid.UUID, list[witnesses.Words]] = {}
    for said_by in witnesses.shareable(learner_id, now):
        seen.setdefault(said_by.experience_id, []).append(said_by)
    return [
        Choice(
            id=x.id, title=x.title, refusal=rules.refusal_to_show_item(recognition.story_of(x)),
            claims=tuple(in_language(c["text"]) for c in claims.get(x.id, ())), recognised=tuple(kept.get(x.id, ())),
            withdrawn=tuple(gone.get(x.id, ())), seen=tuple(seen.get(x.id, ())), pieces=tuple(beside.get(x.id, ())),
        )
        for x in lived.values()
    ]


def _claims(*which: sa.ColumnElement[bool]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """Return claims as they are frozen, by experience; one statement."""
    found: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for claim, wording in db.session.execute(
        sa.select(Claim, Wording).join(Wording, Wording.id == Claim.wording_id).where(*which)
        .order_by(Claim.claimed_at, Claim.id)
    ):
        found.setdefault(claim.experience_id, []).append({
            "competency": claim.competency_id, "step": claim.step,
            "text": {"fr": wording.text_fr, "en": wording.text_en},
        })
    return found


def draft(learner_id: uuid.UUID) -> dict[str, Any]:
    """Return a link half prepared, or nothing."""
    return drafts.of(learner_id, DRAFT, learner_id)


def looking_for(learner_id: uuid.UUID) -> str | None:
    """Return the line a learner last wrote about herself or himself."""
    return db.session.scalar(sa.select(Passport.looking_for).where(Passport.learner_id == learner_id))


# ---------- the snapshot ----------


@dataclass(frozen=True)
class Item:
    """One thing that enters a link, as it stands now."""

    kind: str
    experience_id: uuid.UUID
    document: dict[str, Any]
    endorsement_id: uuid.UUID | None = None
    permitted_at: dt.datetime | None = None
    testimony_id: uuid.UUID | None = None
    evidence_id: uuid.UUID | None = None

    @property
    def is_picture(self) -> bool:
        """Say whether a face may be seen in it: a photo or a document."""
        return self.evidence_id is not None and self.document["kind"] != "link"

    @property
    def chosen_id(self) -> uuid.UUID:
        """Return the id by which it was chosen."""
        return self.endorsement_id or self.testimony_id or self.evidence_id or self.experience_id


@dataclass(frozen=True)
class Chosen:
    """What was chosen and may be shown now, in the order a reader finds it; `missing` counts what no longer may."""

    items: tuple[Item, ...]
    experiences: dict[uuid.UUID, Experience]
    recognised: dict[uuid.UUID, recognition.Recognised]
    missing: int

    @property
    def digest(self) -> str:
        """Return what tells whether the same would be shown again."""
        content = [[i.kind, i.chosen_id, i.document] for i in self.items]
        names = {str(key): found.endorser_name for key, found in self.recognised.items()}
        return digest_of({"items": content, "names": names}).hex()


def chosen(
    learner_id: uuid.UUID, band: Band, experience_ids: Collection[uuid.UUID], endorsement_ids: Collection[uuid.UUID],
    testimony_ids: Collection[uuid.UUID] = (), evidence_ids: Collection[uuid.UUID] = (), lock: bool = False,
    agreed: Collection[str] = (), whole_ids: Collection[uuid.UUID] = (),
) -> Chosen:
    """Return the items of a choice as they stand now; five statements. `lock` holds what they speak of until the commit.

    An endorsement brings the title and the dates as they were when it was given, not the story: what was written anew
    since was recognised by nobody. The words of somebody without account, alone, bring the title and the dates.
    A claim stands beside no endorsement of the same competency. A photo, a document or a link goes with its experience.
    """
    live = recognition.live_items(learner_id, list(endorsement_ids))
    words = witnesses.live_items(learner_id, testimony_ids)
    wanted = {*experience_ids, *(found.experience_id for found in live.values()),
              *(found.experience_id for found in words.values())}
    which = (
        sa.select(Experience, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Experience.organisation_id)
        .where(Experience.learner_id == learner_id, Experience.id.in_(wanted))
        .order_by(Experience.sort_on.desc(), Experience.id.desc())
    )
    if lock:
        which = which.with_for_update(of=Experience).execution_options(populate_existing=True)
    rows = [(x, name) for x, name in db.session.execute(which)
            if rules.refusal_to_show_item(recognition.story_of(x)) is None]
    claims = _claims(Claim.learner_id == learner_id, Claim.experience_id.in_(experience_ids))
    beside = _pieces(learner_id, band, experience_ids, evidence_ids, lock, agreed, whole_ids)
    attested = {found.competency_id for found in live.values()}
    names = _names_told(live.values(), {x.id: x for x, _name in rows})
    items: list[Item] = []
    for x, organisation_name in rows:
        heading = _heading(x, organisation_name)
        if x.id in experience_ids:
            own = [c for c in claims.get(x.id, ()) if c["competency"] not in attested]
            items.append(Item("experience", x.id, {**heading, "story": x.story, "claims": own, **said_of(x).facts}))
            items += [Item("evidence", x.id, document, evidence_id=key) for key, document in beside.get(x.id, ())]
        items += [Item("testimony", x.id, {"heading": heading, **found.document}, testimony_id=found.id)
                  for found in words.values() if found.experience_id == x.id]
        items += [
            Item("endorsement", x.id, {"heading": _heading_told(found, heading, x, names), **_attestation(found)}, found.id,
                 found.offer.permitted_at)
            for found in sorted(live.values(), key=lambda r: (r.offered_at, r.id)) if found.experience_id == x.id
        ]
    asked = {*experience_ids, *endorsement_ids, *testimony_ids, *evidence_ids}
    missing = len(asked - {i.chosen_id for i in items})
    return Chosen(tuple(items), {x.id: x for x, _name in rows}, live, missing)


def _pieces(
    learner_id: uuid.UUID, band: Band, experience_ids: Collection[uuid.UUID], evidence_ids: Collection[uuid.UUID],
    lock: bool, agreed: Collection[str], whole_ids: Collection[uuid.UUID],
) -> dict[uuid.UUID, list[tuple[uuid.UUID, dict[str, Any]]]]:
    """Return what may be shown of these photos, documents and links, as it is frozen, by experience.

    One statement, none for none. A photo is told with the size of its drawing for screens, so that a page keeps its
    place; one whose file is gone is left out.
    """
    found: dict[uuid.UUID, list[tuple[uuid.UUID, dict[str, Any]]]] = {}
    if not evidence_ids:
        return found
    which = (
        sa.select(Evidence.experience_id, *PIECE)
        .where(Evidence.learner_id == learner_id, Evidence.id.in_(evidence_ids), Evidence.deleted_at.is_(None))
        .order_by(Evidence.added_at, Evidence.id)
    )
    if lock:
        which = which.with_for_update(read=True)  # who erases one waits, or is waited for: then it is missing here
    facts: list[Any]
    for experience_id, *facts in db.session.execute(which):
        piece = Piece(*facts)
        if rules.refusal_to_show_piece(piece.kind, band, experience_id in experience_ids, agreed) is not None:
            continue
        size = piece.on_screen()
        if piece.kind == "photo" and size is None:
            continue
        width, height = size or (None, None)
        found.setdefault(experience_id, []).append((piece.id, {
            "kind": piece.kind, "caption": piece.caption, "url": piece.url, "size": piece.size,
            "width": width, "height": height, "whole": piece.id in whole_ids,
        }))
    return found


def _heading(experience: Experience, organisation_name: str | None) -> dict[str, Any]:
    return {
        "title": experience.title,
        "context": experience.context,
        "started_on": experience.started_on.isoformat() if experience.started_on else None,
        "ended_on": experience.ended_on.isoformat() if experience.ended_on else None,
        "precision": experience.when_precision,
        "ongoing": experience.ongoing,
        "where": organisation_name or experience.organisation_text,
        "digest": experience.story_digest.hex(),
    }


def _heading_told(
    found: recognition.Recognised, heading: dict[str, Any], experience: Experience, names: dict[str, str]
) -> dict[str, Any]:
    """Return the heading as it was told when this was recognised."""
    if found.story_digest == experience.story_digest:
        return heading
    facts = found.told_facts
    house = facts.get("organisation_id")
    return {
        **heading, "title": found.told_title, "context": facts.get("context"), "started_on": facts.get("started_on"),
        "ended_on": facts.get("ended_on"), "precision": facts.get("when_precision"), "ongoing": facts.get("ongoing"),
        "where": names.get(str(house)) if house else facts.get("organisation_text"),
    }


def _names_told(
    recognised: Iterable[recognition.Recognised], now: Mapping[uuid.UUID, Experience]
) -> dict[str, str]:
    """Return the names of the organisations that were told and are written otherwise now; no statement for none."""
    told = {
        uuid.UUID(str(r.told_facts["organisation_id"])) for r in recognised
        if r.told_facts.get("organisation_id") and r.experience_id in now
        and r.story_digest != now[r.experience_id].story_digest
    }
    if not told:
        return {}
    rows = db.session.execute(sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(told)))
    return {str(key): name for key, name in rows}


def _attestation(found: recognition.Recognised) -> dict[str, Any]:
    return {
        "competency": found.competency_id, "wording": found.wording_id, "step": found.step, "words": found.words,
        "how_known": found.how_known, "how_person_known": found.how_person_known,
        "seen_from_on": found.seen_from_on.isoformat(), "seen_to_on": found.seen_to_on.isoformat(),
        "on": found.day.isoformat(), "role": found.endorser_role, "organisation": found.organisation_name,
        "stamp": found.context, "story_digest": found.story_digest.hex(),
    }
