"""What is shown of links: to their owner before and after, and to whoever opens one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import aliased

from .. import drawings
from ..accounts import drafts
from ..accounts.models import GuardianConsent, Passport
from ..clock import CITY_ZONE, day_of
from ..experiences.details import said_in, said_of
from ..experiences.models import Claim, Experience, Revision
from ..experiences.periods import period
from ..extensions import db
from ..feedback.models import AuthoredText, AuthoredVersion
from ..feedback.queries import day_words, organisation_is_active
from ..frameworks.models import Wording
from ..organisations.models import Membership, Organisation
from ..recognition import queries as recognition
from ..recognition import words as said
from ..recognition.models import Endorsement, EndorserName, Permission
from ..recognition.rules import Offer, Story, own_hash
from ..seal import unseal
from ..submissions import digest_of
from ..witnesses import queries as witnesses
from ..witnesses.models import Testimony
from ..witnesses.rules import Seen
from . import rules
from .models import Edition, EditionItem, Share, ShareReading

PER_PAGE = 20
MOST_EXPERIENCES = 300
DRAFT = "share"


# ---------- words ----------


def full_day(instant: dt.datetime | dt.date) -> str:
    """Return a day with its year: « 1er février 2027 »."""
    day = day_of(instant) if isinstance(instant, dt.datetime) else instant
    first = str(get_locale()) == "fr" and day.day == 1
    return str(format_date(day, "'1er'\u00a0MMMM y" if first else "d\u00a0MMMM y"))


def hour_words(instant: dt.datetime) -> str:
    """Return an hour of the day in the city: « 14 h 05 »."""
    there = instant.astimezone(CITY_ZONE)
    return str(_("%(hour)s h %(minute)s", hour=there.hour, minute=f"{there.minute:02d}"))


def when_words(started_on: str | None, ended_on: str | None, precision: str, ongoing: bool) -> str:
    """Return from when to when something was lived, never finer than the month."""
    first, last = (dt.date.fromisoformat(day).replace(day=1) if day else None for day in (started_on, ended_on))
    return period(first, last, "year" if precision == "year" else "month", ongoing, str(get_locale()))


def in_language(texts: Mapping[str, str]) -> str:
    """Return a sentence in the reader's language."""
    return texts["en"] if str(get_locale()) == "en" else texts["fr"]


# ---------- choosing ----------


@dataclass(frozen=True)
class Choice:
    """One experience on the screen « Que montrer ? », with what was recognised and seen in it, and the learner's claims."""

    id: uuid.UUID
    title: str
    refusal: Any
    claims: tuple[str, ...]
    recognised: tuple[recognition.Shareable, ...]
    withdrawn: tuple[str, ...]
    seen: tuple[witnesses.Words, ...] = ()


def choices(learner_id: uuid.UUID, now: dt.datetime) -> list[Choice]:
    """Return what a learner may choose from, newest first, and why the rest cannot be shown; five statements."""
    lived = db.session.scalars(
        sa.select(Experience)
        .where(Experience.learner_id == learner_id, Experience.deleted_at.is_(None))
        .order_by(Experience.sort_on.desc(), Experience.id.desc())
        .limit(MOST_EXPERIENCES)
    ).all()
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
            withdrawn=tuple(gone.get(x.id, ())), seen=tuple(seen.get(x.id, ())),
        )
        for x in lived
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

    @property
    def chosen_id(self) -> uuid.UUID:
        """Return the id by which it was chosen."""
        return self.endorsement_id or self.testimony_id or self.experience_id


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
    learner_id: uuid.UUID, experience_ids: Collection[uuid.UUID], endorsement_ids: Collection[uuid.UUID],
    testimony_ids: Collection[uuid.UUID] = (), lock: bool = False,
) -> Chosen:
    """Return the items of a choice as they stand now; four statements. `lock` holds the experiences until the commit.

    An endorsement brings the title and the dates as they were when it was given, not the story: what was written anew
    since was recognised by nobody. The words of somebody without account, alone, bring the title and the dates.
    A claim stands beside no endorsement of the same competency.
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
    attested = {found.competency_id for found in live.values()}
    names = _names_told(live.values(), {x.id: x for x, _name in rows})
    items: list[Item] = []
    for x, organisation_name in rows:
        heading = _heading(x, organisation_name)
        if x.id in experience_ids:
            own = [c for c in claims.get(x.id, ()) if c["competency"] not in attested]
            items.append(Item("experience", x.id, {**heading, "story": x.story, "claims": own, **said_of(x).facts}))
        items += [Item("testimony", x.id, {"heading": heading, **found.document}, testimony_id=found.id)
                  for found in words.values() if found.experience_id == x.id]
        items += [
            Item("endorsement", x.id, {"heading": _heading_told(found, heading, x, names), **_attestation(found)}, found.id,
                 found.offer.permitted_at)
            for found in sorted(live.values(), key=lambda r: (r.offered_at, r.id)) if found.experience_id == x.id
        ]
    missing = len({*experience_ids, *endorsement_ids, *testimony_ids} - {i.chosen_id for i in items})
    return Chosen(tuple(items), {x.id: x for x, _name in rows}, live, missing)


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


# ---------- the reader's page ----------


@dataclass(frozen=True)
class Head:
    """What stands on top of a reader's page."""

    name: str
    intro: str | None
    recipient: str | None
    expires_at: dt.datetime

    @property
    def ends(self) -> str:
        """Return the last day, in words."""
        return full_day(self.expires_at)


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
        told, read = self.document, dt.date.fromisoformat
        seed = own_hash(
            self.endorsement_id, told["competency"], told["wording"], told["step"], read(told["seen_from_on"]),
            read(told["seen_to_on"]), self.day, told["organisation"], bytes.fromhex(told["story_digest"]))
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
    def day(self) -> str:
        """Return the day of reading."""
        return full_day(self.at)

    @property
    def hour(self) -> str:
        """Return the hour of reading."""
        return hour_words(self.at)


def preview(head: Head, found: Chosen, now: dt.datetime) -> Reading:
    """Return the page exactly as it would be read; one statement."""
    shown = [
        (None, i, found.recognised[i.endorsement_id] if i.endorsement_id else None) for i in found.items
    ]
    parts = _parts(
        (item_id, i.experience_id, i.document,
         (r.id, r.organisation_id, r.sentence, r.endorser_name) if r else None)
        for item_id, i, r in shown
    )
    return Reading(head, parts, contacts({r.organisation_id for r in found.recognised.values()}, now), 0, now)


def _parts(
    rows: Iterable[tuple[uuid.UUID | None, uuid.UUID, dict[str, Any],
                         tuple[uuid.UUID, uuid.UUID, str, str | None] | None]],
) -> tuple[Part, ...]:
    parts: dict[uuid.UUID, Part] = {}
    for item_id, experience_id, document, attested in rows:
        heading = document.get("heading", document)
        part = parts.get(experience_id)
        if part is None:
            part = parts[experience_id] = Part(
                title=heading["title"], context=heading["context"], where=heading["where"],
                when=when_words(heading["started_on"], heading["ended_on"], heading["precision"], heading["ongoing"]),
            )
        if attested is None and "heading" in document:
            part.seen.append(SeenBy.of(document))
        elif attested is None:
            part.told, part.story, part.said = True, document["story"], said_in(document).lines
            part.claims = [(in_language(c["text"]), c["step"]) for c in document["claims"]]
        else:
            endorsement_id, organisation_id, sentence, endorser_name = attested
            part.recognised.append(Attested(
                item_id=item_id, endorsement_id=endorsement_id, organisation_id=organisation_id, sentence=sentence,
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


# ---------- an opened link ----------


@dataclass(frozen=True)
class Opened:
    """One link as it stands now."""

    id: uuid.UUID
    learner_id: uuid.UUID
    edition_id: uuid.UUID
    recipient_name: str
    head: Head
    recognised: int
    state: rules.LinkState
    token_sealed: bytes
    seen: int = 0

    @property
    def is_open(self) -> bool:
        """Say whether it opens."""
        return self.state is rules.LinkState.OPEN

    @property
    def ends(self) -> str:
        """Return its last day, in words."""
        return self.head.ends

    @property
    def token(self) -> str:
        """Return its token, for its owner."""
        return unseal(self.token_sealed)


def by_token(token_hash: bytes, now: dt.datetime) -> Opened | None:
    """Return the link of a token, whatever its state, or None when there is none; one statement."""
    return _opened(Share.token_hash == token_hash, now)


def by_id(share_id: uuid.UUID, now: dt.datetime) -> Opened | None:
    """Return one link by its id, for its owner; one statement."""
    return _opened(Share.id == share_id, now)


def made_before(learner_id: uuid.UUID, submission: uuid.UUID) -> uuid.UUID | None:
    """Return the id of the link that this submission made, or None."""
    return db.session.scalar(
        sa.select(Share.id).where(Share.learner_id == learner_id, Share.submission == submission))


def _state(share: Share, consent: GuardianConsent | None, now: dt.datetime) -> rules.LinkState:
    consented = share.guardian_consent_id is None or (consent is not None and rules.consent_in_force(
        consent.learner_agreed_at, consent.guardian_agreed_at, consent.until, consent.withdrawn_at, now))
    return rules.link_state(share.revoked_at, share.expires_at, now, consented)


def state_of(share: Share, now: dt.datetime) -> rules.LinkState:
    """Return where a link stands, the consent it may need included."""
    consent = db.session.get(GuardianConsent, share.guardian_consent_id) if share.guardian_consent_id else None
    return _state(share, consent, now)


def _opened(which: sa.ColumnElement[bool], now: dt.datetime) -> Opened | None:
    row = db.session.execute(
        sa.select(Share, Edition.head, GuardianConsent)
        .join(Edition, Edition.id == Share.edition_id)
        .outerjoin(GuardianConsent, GuardianConsent.id == Share.guardian_consent_id)
        .where(which)
    ).one_or_none()
    if row is None:
        return None
    share, consent = row.Share, row.GuardianConsent
    head: dict[str, Any] = dict(row.head)
    return Opened(
        id=share.id, learner_id=share.learner_id, edition_id=share.edition_id, recipient_name=share.recipient_name,
        head=Head(name=str(head["name"]), intro=head["intro"], expires_at=share.expires_at,
                  recipient=share.recipient_name if share.recipient_shown else None),
        recognised=int(head["recognised"]), state=_state(share, consent, now), token_sealed=share.token_sealed,
        seen=int(head.get("seen", 0)),
    )


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


def _live(edition_id: uuid.UUID) -> list[Live]:
    """Return the items of an edition in their order, joined with everything that can take one back; one statement."""
    sentence = (Wording.text_en if str(get_locale()) == "en" else Wording.text_fr).label("sentence")
    by_witness = aliased(AuthoredText)
    rows = db.session.execute(
        sa.select(
            EditionItem, Endorsement, sentence, EndorserName.name_form, Membership.organisation_id,
            Experience.for_me_only, Experience.deleted_at, Permission.given_at, Permission.ended_at,
            AuthoredText.deliver_after, AuthoredText.hidden_at, Testimony,
            by_witness.deliver_after.label("said_at"), by_witness.hidden_at.label("said_hidden_at"),
        )
        .join(Experience, Experience.id == EditionItem.experience_id)
        .outerjoin(Endorsement, Endorsement.id == EditionItem.endorsement_id)
        .outerjoin(Wording, Wording.id == Endorsement.wording_id)
        .outerjoin(Membership, Membership.id == Endorsement.membership_id)
        .outerjoin(EndorserName, EndorserName.endorsement_id == Endorsement.id)
        .outerjoin(AuthoredText, AuthoredText.id == Endorsement.text_id)
        .outerjoin(Testimony, Testimony.id == EditionItem.testimony_id)
        .outerjoin(by_witness, by_witness.id == Testimony.text_id)
        .outerjoin(Permission, sa.and_(Permission.endorsement_id == EditionItem.endorsement_id,
                                       Permission.given_at == EditionItem.permitted_at))
        .where(EditionItem.edition_id == edition_id)
        .order_by(EditionItem.position)
    )
    found: list[Live] = []
    for r in rows:
        e: Endorsement | None = r.Endorsement
        offer = None if e is None else Offer(
            visible_at=r.deliver_after, kept_at=e.accepted_at, declined_at=e.declined_at, set_aside_at=e.set_aside_at,
            withdrawn_at=e.withdrawn_at, permitted_at=r.given_at if r.ended_at is None else None,
            hidden_at=r.hidden_at,
        )
        said_by: Testimony | None = r.Testimony
        seen = None if said_by is None else Seen(r.said_at, said_by.saw_it, said_by.may_be_shown, r.said_hidden_at)
        found.append(Live(r.EditionItem, e, r.sentence, r.name_form, r.organisation_id,
                          Story(r.EditionItem.experience_id, r.for_me_only, r.deleted_at), offer, seen))
    return found


def read(opened: Opened, now: dt.datetime) -> Reading:
    """Return the page of an open link: the words of the day it was chosen, the status of this second; two statements.

    What was withdrawn, set aside, hidden or taken back is left out; `gone` and `gone_seen` count it, without reason.
    """
    shown = [live for live in _live(opened.edition_id) if live.is_shown]
    parts = _parts(
        (live.item.id, live.item.experience_id, dict(live.item.document),
         (live.endorsement.id, live.organisation_id, live.sentence or "", live.endorser_name)
         if live.endorsement and live.organisation_id else None)
        for live in shown
    )
    known = {live.organisation_id for live in shown if live.organisation_id}
    count = sum(1 for live in shown if live.endorsement)
    count_seen = sum(1 for live in shown if live.seen)
    return Reading(opened.head, parts, contacts(known, now), max(0, opened.recognised - count), now,
                   max(0, opened.seen - count_seen))


@dataclass(frozen=True)
class Checked:
    """The four answers about one recognised competency."""

    attested: Attested
    title: str
    contact: Contact
    is_intact: bool

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
    """Return the answers about one item, or None when it is not shown (any more); three statements."""
    live = next((x for x in _live(opened.edition_id) if x.item.id == item_id and x.is_shown), None)
    if live is None or live.endorsement is None or live.organisation_id is None:
        return None
    e, document = live.endorsement, dict(live.item.document)
    digest, words = db.session.execute(
        sa.select(Revision.digest, AuthoredVersion.words)
        .join(AuthoredVersion, recognition.newest(e.text_id))
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
    part = _parts([(item_id, e.experience_id, document,
                    (e.id, live.organisation_id, live.sentence or "", live.endorser_name))])[0]
    return Checked(part.recognised[0], part.title, contacts({live.organisation_id}, now)[0], intact)


# ---------- « Mes liens » ----------


@dataclass(frozen=True)
class Link:
    """One line of « Mes liens »: for whom, until when, and on how many days it was opened."""

    id: uuid.UUID
    learner_id: uuid.UUID
    name: str
    state: rules.LinkState
    expires_at: dt.datetime
    revoked_at: dt.datetime | None
    openings: int
    last_on: dt.date | None
    in_last_week: bool

    @property
    def is_open(self) -> bool:
        """Say whether it opens."""
        return self.state is rules.LinkState.OPEN

    @property
    def ends(self) -> str:
        """Return its last day, in words."""
        return full_day(self.expires_at)

    @property
    def closed(self) -> str:
        """Return the day on which it closed, in words."""
        return full_day(self.revoked_at if self.revoked_at and self.revoked_at < self.expires_at else self.expires_at)

    @property
    def last(self) -> str:
        """Return the last day on which it was opened."""
        return day_words(self.last_on) if self.last_on else ""


def _links(*which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    days = (
        sa.select(ShareReading.share_id, sa.func.sum(ShareReading.openings).label("openings"),
                  sa.func.max(ShareReading.read_on).label("last_on"))
        .join(Share, Share.id == ShareReading.share_id)
        .where(*which)
        .group_by(ShareReading.share_id)
        .subquery()
    )
    return (
        sa.select(Share, GuardianConsent, days.c.openings, days.c.last_on)
        .outerjoin(days, days.c.share_id == Share.id)
        .outerjoin(GuardianConsent, GuardianConsent.id == Share.guardian_consent_id)
        .where(*which)
        .order_by(Share.created_at.desc(), Share.id.desc())
    )


def _link(row: Any, now: dt.datetime) -> Link:
    share, consent, openings, last_on = row
    state = _state(share, consent, now)
    return Link(share.id, share.learner_id, share.recipient_name, state, share.expires_at, share.revoked_at,
                int(openings or 0), last_on, rules.may_extend(state, share.expires_at, now))


def links(learner_id: uuid.UUID, after: uuid.UUID | None, now: dt.datetime) -> tuple[list[Link], uuid.UUID | None]:
    """Return a page of a learner's links, newest first, and where the next one begins; one statement."""
    which = [Share.learner_id == learner_id]
    if after is not None:
        last = aliased(Share)
        place = sa.select(last.created_at, last.id).where(last.id == after, last.learner_id == learner_id)
        which.append(sa.tuple_(Share.created_at, Share.id) < place.scalar_subquery())
    found = [_link(row, now) for row in db.session.execute(_links(*which).limit(PER_PAGE + 1))]
    more = found[PER_PAGE - 1].id if len(found) > PER_PAGE else None
    return found[:PER_PAGE], more


def share(key: uuid.UUID) -> Share | None:
    """Return one link."""
    return db.session.get(Share, key)


def link(share_id: uuid.UUID, now: dt.datetime) -> Link | None:
    """Return one line of « Mes liens »."""
    row = db.session.execute(_links(Share.id == share_id)).one_or_none()
    return _link(row, now) if row else None


def any_open(learner_id: uuid.UUID, now: dt.datetime) -> bool:
    """Say whether a learner has a link that « Tout fermer » would close; one statement."""
    return bool(db.session.scalar(sa.select(sa.exists().where(
        Share.learner_id == learner_id, Share.revoked_at.is_(None), Share.expires_at > now))))


def open_links(learner_id: uuid.UUID, now: dt.datetime) -> Sequence[Link]:
    """Return the links of a learner that open now, a hundred at most; one statement."""
    rows = db.session.execute(
        _links(Share.learner_id == learner_id, Share.revoked_at.is_(None), Share.expires_at > now).limit(100)
    )
    return [found for found in (_link(row, now) for row in rows) if found.is_open]
