"""What a reader finds behind a link, and what its owner sees of it before: one page for both."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import aliased

from .. import drawings
from ..clock import CITY_ZONE, day_of
from ..credentials import kept
from ..credentials.kept import Shown
from ..experiences.details import said_in
from ..experiences.models import Evidence, Experience, Revision
from ..experiences.queries import PIECE, Piece
from ..extensions import db
from ..feedback.models import AuthoredText, AuthoredVersion
from ..feedback.queries import organisation_is_active
from ..frameworks.models import Wording
from ..organisations.models import Membership, Organisation
from ..recognition import queries as recognition
from ..recognition import words as said
from ..recognition.models import Endorsement, EndorserName, Permission
from ..recognition.rules import Offer, Story, own_hash
from ..witnesses import queries as witnesses
from ..witnesses.models import Testimony
from ..witnesses.rules import Seen
from ..wording import hour_words
from . import rules
from .choosing import Chosen
from .links import Head, Opened
from .models import EditionItem
from .words import full_day, in_language, when_words


@dataclass(frozen=True)
class Attested:
    """One recognised competency as a reader sees it; `item_id` is None in a preview.

    `told` is the title it was given for, when the page shows another one.
    """

    item_id: uuid.UUID | None
    endorsement_id: uuid.UUID
    organisation_id: uuid.UUID
    sentence: str
    endorser_name: str | None
    document: dict[str, Any]
    story_changed: bool
    told: str | None = None

    @property
    def step(self) -> int:
        """Return the step, from 1 to 4."""
        return int(self.document["step"])

    @property
    def words(self) -> str:
        """Return the sentence that says what was seen."""
        return str(self.document["words"])

    @property
    def provenance(self) -> str:
        """Return who recognised it, after « Reconnu »."""
        return said.in_the_name_words(self.endorser_name, self.document["role"], self.document["organisation"])

    @property
    def day(self) -> dt.date:
        """Return the day on which it was recognised."""
        return dt.date.fromisoformat(self.document["on"])

    @property
    def on(self) -> str:
        """Return that day in words."""
        return full_day(self.day)

    @property
    def how(self) -> str:
        """Return how it is known, and from when to when it was seen."""
        words = str(_("%(how)s, %(seen)s", how=said.how_words(self.document["how_known"]), seen=self.seen))
        return words[:1].upper() + words[1:]

    @property
    def person(self) -> str:
        """Return how the person is known."""
        return said.how_person_words(self.document["how_person_known"])

    @property
    def seen(self) -> str:
        """Return from when to when it was seen, in months."""
        return when_words(self.document["seen_from_on"], self.document["seen_to_on"], "month", False)

    def stamp(self, size: str = "") -> Markup:
        """Return its stamp: the same drawing as in the passport."""
        told, read_day = self.document, dt.date.fromisoformat
        seed = own_hash(
            self.endorsement_id, told["competency"], told["wording"], told["step"], read_day(told["seen_from_on"]),
            read_day(told["seen_to_on"]), self.day, told["organisation"], bytes.fromhex(told["story_digest"]))
        return drawings.rosette(seed, told["stamp"], recognition.stamp_ring(told["organisation"], self.day), size)


@dataclass(frozen=True)
class SeenBy:
    """What somebody without account saw, as a reader finds it."""

    words: str
    provenance: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> SeenBy:
        """Return it from what was frozen."""
        return cls(str(document["words"]), witnesses.provenance_words(
            document["name"], document["relation"], document["is_relative"]))


def _is_whole(frozen: Mapping[str, Any]) -> bool:
    """Say whether its learner let this document be downloaded; those shown before that was asked were told that it is."""
    return rules.is_whole(str(frozen["kind"]), bool(frozen.get("whole", True)))


@dataclass(frozen=True)
class ShownPiece(Piece):
    """A photo, a document or a link as a reader finds it, in the words of the day it was chosen.

    `item_id` is None in a preview.
    """

    experience_id: uuid.UUID
    item_id: uuid.UUID | None
    whole: bool = False

    @classmethod
    def of(cls, row: Row) -> ShownPiece:
        """Return it from what was frozen."""
        frozen = row.document
        assert row.evidence_id is not None
        return cls(row.evidence_id, frozen["kind"], frozen["caption"], frozen["url"], None, frozen["size"], None,
                   frozen["width"], frozen["height"], row.experience_id, row.item_id, _is_whole(frozen))


@dataclass
class Part:
    """One experience on a reader's page; `told` says whether its learner chose to tell it."""

    title: str
    context: str | None
    when: str
    where: str | None
    told: bool = False
    story: str | None = None
    said: tuple[str, ...] = ()
    claims: list[tuple[str, int]] = field(default_factory=list)
    recognised: list[Attested] = field(default_factory=list)
    seen: list[SeenBy] = field(default_factory=list)
    pieces: list[ShownPiece] = field(default_factory=list)


@dataclass(frozen=True)
class Contact:
    """How to reach an organisation, and whether the city knows it now."""

    id: uuid.UUID
    name: str
    address: str | None
    phone: str | None
    email: str | None
    accredited_at: dt.datetime | None
    is_active: bool


@dataclass(frozen=True)
class Reading:
    """A reader's page, the same for its preview and for the link."""

    head: Head
    parts: tuple[Part, ...]
    contacts: tuple[Contact, ...]
    gone: int
    at: dt.datetime
    gone_seen: int = 0

    @property
    def told(self) -> list[str | None]:
        """Return what its learner says on it, in their own words."""
        return [self.head.intro, *(text for part in self.parts for text in (part.title, part.story, *part.said))]

    @property
    def day(self) -> str:
        """Return the day of reading."""
        return full_day(self.at)

    @property
    def hour(self) -> str:
        """Return the hour of reading."""
        return hour_words(self.at)


def preview(head: Head, found: Chosen, now: dt.datetime) -> Reading:
    """Return the page exactly as it would be read; one statement."""
    shown = [(i, found.recognised[i.endorsement_id] if i.endorsement_id else None) for i in found.items]
    parts = _parts(
        Row(i.kind, None, i.experience_id, i.document,
            (r.id, r.organisation_id, r.sentence, r.endorser_name) if r else None, i.evidence_id)
        for i, r in shown
    )
    return Reading(head, parts, contacts({r.organisation_id for r in found.recognised.values()}, now), 0, now)


@dataclass(frozen=True)
class Row:
    """One item on its way to a page: `attested` is who recognised it, of which organisation, in which words."""

    kind: str
    item_id: uuid.UUID | None
    experience_id: uuid.UUID
    document: dict[str, Any]
    attested: tuple[uuid.UUID, uuid.UUID, str, str | None] | None = None
    evidence_id: uuid.UUID | None = None


def _parts(rows: Iterable[Row]) -> tuple[Part, ...]:
    parts: dict[uuid.UUID, Part] = {}
    for row in rows:
        document = row.document
        if row.kind == "evidence":  # its experience stands before it
            parts[row.experience_id].pieces.append(ShownPiece.of(row))
            continue
        heading = document.get("heading", document)
        part = parts.get(row.experience_id)
        if part is None:
            part = parts[row.experience_id] = Part(
                title=heading["title"], context=heading["context"], where=heading["where"],
                when=when_words(heading["started_on"], heading["ended_on"], heading["precision"], heading["ongoing"]),
            )
        if row.kind == "testimony":
            part.seen.append(SeenBy.of(document))
        elif row.attested is None:
            part.told, part.story, part.said = True, document["story"], said_in(document).lines
            part.claims = [(in_language(c["text"]), c["step"]) for c in document["claims"]]
        else:
            endorsement_id, organisation_id, sentence, endorser_name = row.attested
            part.recognised.append(Attested(
                item_id=row.item_id, endorsement_id=endorsement_id, organisation_id=organisation_id, sentence=sentence,
                endorser_name=endorser_name, document=document,
                story_changed=heading["digest"] != document["story_digest"],
                told=heading["title"] if heading["title"] != part.title else None,
            ))
    return tuple(parts.values())


def contacts(organisation_ids: Collection[uuid.UUID], now: dt.datetime) -> tuple[Contact, ...]:
    """Return how to reach these organisations, by name; one statement, none for none."""
    if not organisation_ids:
        return ()
    rows = db.session.scalars(
        sa.select(Organisation).where(Organisation.id.in_(organisation_ids)).order_by(Organisation.sort_key)
    )
    return tuple(Contact(o.id, o.name, o.address, o.phone, o.email, o.accredited_at, organisation_is_active(o, now))
                 for o in rows)


# ---------- what stands in a link now ----------


@dataclass(frozen=True)
class Live:
    """One item of a link with what decides, now, whether it is shown."""

    item: EditionItem
    endorsement: Endorsement | None
    sentence: str | None
    endorser_name: str | None
    organisation_id: uuid.UUID | None
    story: Story
    offer: Offer | None
    seen: Seen | None = None

    @property
    def is_shown(self) -> bool:
        """Say whether a reader may see it now."""
        return rules.refusal_to_show_item(self.story, self.offer, self.seen) is None


# When what stands behind an item was erased: the experience, or the photo, document or link beside it.
ERASED = sa.func.coalesce(Experience.deleted_at, Evidence.deleted_at).label("deleted_at")


def _live(edition_id: uuid.UUID) -> list[Live]:
    """Return the items of an edition in their order, joined with everything that can take one back; one statement."""
    sentence = (Wording.text_en if str(get_locale()) == "en" else Wording.text_fr).label("sentence")
    by_witness = aliased(AuthoredText)
    rows = db.session.execute(
        sa.select(
            EditionItem, Endorsement, sentence, EndorserName.name_form, Membership.organisation_id,
            Experience.for_me_only, ERASED, Permission.given_at,
            AuthoredText.deliver_after, AuthoredText.hidden_at, Testimony,
            by_witness.deliver_after.label("said_at"), by_witness.hidden_at.label("said_hidden_at"),
        )
        .join(Experience, Experience.id == EditionItem.experience_id)
        .outerjoin(Evidence, Evidence.id == EditionItem.evidence_id)
        .outerjoin(Endorsement, Endorsement.id == EditionItem.endorsement_id)
        .outerjoin(Wording, Wording.id == Endorsement.wording_id)
        .outerjoin(Membership, Membership.id == Endorsement.membership_id)
        .outerjoin(EndorserName, EndorserName.endorsement_id == Endorsement.id)
        .outerjoin(AuthoredText, AuthoredText.id == Endorsement.text_id)
        .outerjoin(Testimony, Testimony.id == EditionItem.testimony_id)
        .outerjoin(by_witness, by_witness.id == Testimony.text_id)
        .outerjoin(Permission, sa.and_(Permission.endorsement_id == EditionItem.endorsement_id,
                                       Permission.given_at == EditionItem.permitted_at, recognition.permitted()))
        .where(EditionItem.edition_id == edition_id)
        .order_by(EditionItem.position)
    )
    found: list[Live] = []
    for r in rows:
        e: Endorsement | None = r.Endorsement
        offer = None if e is None else Offer(
            visible_at=r.deliver_after, kept_at=e.accepted_at, declined_at=e.declined_at, set_aside_at=e.set_aside_at,
            withdrawn_at=e.withdrawn_at, permitted_at=r.given_at,
            hidden_at=r.hidden_at,
        )
        said_by: Testimony | None = r.Testimony
        seen = None if said_by is None else Seen(r.said_at, said_by.saw_it, said_by.may_be_shown, r.said_hidden_at)
        found.append(Live(r.EditionItem, e, r.sentence, r.name_form, r.organisation_id,
                          Story(r.EditionItem.experience_id, r.for_me_only, r.deleted_at), offer, seen))
    return found


def read(opened: Opened, now: dt.datetime) -> Reading:
    """Return the page of an open link: the words of the day it was chosen, the status of this second; two statements.

    What was withdrawn, set aside, hidden or taken back is left out; `gone` and `gone_seen` count it, without reason. A
    photo, document or link that was erased leaves nothing behind.
    """
    shown = [live for live in _live(opened.edition_id) if live.is_shown]
    parts = _parts(
        Row(live.item.kind, live.item.id, live.item.experience_id, dict(live.item.document),
            (live.endorsement.id, live.organisation_id, live.sentence or "", live.endorser_name)
            if live.endorsement and live.organisation_id else None, live.item.evidence_id)
        for live in shown
    )
    known = {live.organisation_id for live in shown if live.organisation_id}
    count = sum(1 for live in shown if live.endorsement)
    count_seen = sum(1 for live in shown if live.seen)
    return Reading(opened.head, parts, contacts(known, now), max(0, opened.recognised - count), now,
                   max(0, opened.seen - count_seen))


def piece(opened: Opened, item_id: uuid.UUID) -> Piece | None:
    """Return the photo, document or link that this item of an open link opens now, or None; one statement.

    A document opens only where its learner let it be downloaded.
    """
    row = db.session.execute(
        sa.select(Experience.for_me_only, ERASED, EditionItem.document, *PIECE)
        .join(EditionItem, EditionItem.evidence_id == Evidence.id)
        .join(Experience, Experience.id == EditionItem.experience_id)
        .where(EditionItem.id == item_id, EditionItem.edition_id == opened.edition_id)
    ).one_or_none()
    if row is None:
        return None
    facts: list[Any]
    for_me_only, deleted_at, frozen, *facts = row
    if frozen["kind"] == "document" and not _is_whole(frozen):
        return None
    story = Story(opened.edition_id, for_me_only, deleted_at)
    return Piece(*facts) if rules.refusal_to_show_item(story) is None else None


@dataclass(frozen=True)
class Checked:
    """The four answers about one recognised competency."""

    attested: Attested
    title: str
    contact: Contact
    is_intact: bool
    is_signed: bool = False

    @property
    def is_known(self) -> bool:
        """Say whether the city knows the organisation now."""
        return self.contact.is_active

    @property
    def since(self) -> int | None:
        """Return the year of accreditation."""
        return self.contact.accredited_at.astimezone(CITY_ZONE).year if self.contact.accredited_at else None

    @property
    def is_good(self) -> bool:
        """Say whether nothing is left to ask: known to the city, and what was recognised is word for word the same."""
        return self.is_known and self.is_intact


def checked(opened: Opened, item_id: uuid.UUID, now: dt.datetime) -> Checked | None:
    """Return the answers about one item, or None when it is not shown (any more); four statements.

    What is signed of it, when it is signed already, must say the same as the page.
    """
    live = next((x for x in _live(opened.edition_id) if x.item.id == item_id and x.is_shown), None)
    if live is None or live.endorsement is None or live.organisation_id is None:
        return None
    e, document = live.endorsement, dict(live.item.document)
    digest, words, sentence = db.session.execute(
        sa.select(Revision.digest, AuthoredVersion.words, Wording.text_fr)
        .select_from(Revision).join(AuthoredVersion, recognition.newest(e.text_id)).join(Wording, Wording.id == e.wording_id)
        .where(Revision.id == e.revision_id)
    ).one()
    facts: dict[str, Any] = {
        "competency": e.competency_id, "wording": e.wording_id, "step": e.step, "words": words,
        "how_known": e.how_known, "how_person_known": e.how_person_known, "role": e.endorser_role,
        "seen_from_on": e.seen_from_on.isoformat(), "seen_to_on": e.seen_to_on.isoformat(),
        "on": day_of(e.offered_at).isoformat(), "organisation": e.organisation_name,
        "story_digest": e.story_digest.hex(),
    }
    intact = digest == e.story_digest and all(document[name] == value for name, value in facts.items())
    signed = kept.is_signed(e.id, Shown(sentence, e.step, live.organisation_id, e.organisation_name, e.seen_from_on,
                                        e.seen_to_on, day_of(e.offered_at)))
    part = _parts([Row(live.item.kind, item_id, e.experience_id, document,
                       (e.id, live.organisation_id, live.sentence or "", live.endorser_name))])[0]
    return Checked(part.recognised[0], part.title, contacts({live.organisation_id}, now)[0],
                   intact and signed is not False, signed is True)
