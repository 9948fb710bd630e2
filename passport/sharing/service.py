"""What changes when a link is prepared, made, opened or closed."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite

from ..accounts import drafts, protection
from ..accounts import queries as accounts
from ..accounts.chosen import number
from ..accounts.models import Passport
from ..accounts.rules import Band
from ..audit.service import record
from ..columns import uuid7
from ..experiences import service as experiences
from ..extensions import db
from ..feedback import contacts
from ..refusals import Refusal, Refused
from ..seal import digest_of as hash_of
from ..seal import new_token, seal, unseal
from ..submissions import digest_of, kept_before
from . import choosing, links, rules
from .models import Edition, EditionItem, Share, ShareReading


@dataclass(frozen=True)
class ShareDraft:
    """What a learner decides about one link."""

    experience_ids: tuple[uuid.UUID, ...]
    endorsement_ids: tuple[uuid.UUID, ...]
    recipient_name: str
    recipient_shown: bool
    months: int
    name_form: str
    shown_name: str | None
    intro: str | None
    submission: uuid.UUID
    testimony_ids: tuple[uuid.UUID, ...] = ()
    evidence_ids: tuple[uuid.UUID, ...] = ()
    purpose: str = rules.SHOW
    with_code: bool = False
    whole_ids: tuple[uuid.UUID, ...] = ()


def create_share(learner_id: uuid.UUID, draft: ShareDraft, now: dt.datetime) -> Share:
    """Freeze what was chosen, word for word, and open a link to it. Raises Refused; sent twice, it is the same link."""
    digest = digest_of(draft)
    before = kept_before(Share, Share.learner_id, learner_id, draft.submission, digest)
    if before is not None:
        return before  # type: ignore[no-any-return]
    band, display_name = accounts.band_and_name(learner_id, now)
    agreed = {} if band in rules.ALONE else accounts.consents(learner_id, now)
    refusal = (
        rules.refusal_to_share(band, draft.purpose, agreed)
        or rules.refusal_of_end(band, draft.months, number("links.longest"))
        or rules.refusal_of_name_form(band, draft.name_form, draft.shown_name, current_app.config["CITY"].name)
        or rules.refusal_of_choice(
            len(draft.experience_ids) + len(draft.endorsement_ids) + len(draft.testimony_ids) + len(draft.evidence_ids))
    )
    found = choosing.chosen(learner_id, band, draft.experience_ids, draft.endorsement_ids, draft.testimony_ids,
                            draft.evidence_ids, lock=True, agreed=agreed, whole_ids=draft.whole_ids)
    if refusal is None and found.missing:
        refusal = Refusal.NOT_PERMITTED
    if refusal is not None:
        raise Refused(refusal)

    told = {"intro": draft.intro, "shown_name": draft.shown_name,
            "recipient_name": draft.recipient_name if draft.recipient_shown else None}
    beside = (item.document.get(name) for item in found.items if item.evidence_id for name in ("caption", "url"))
    contacts.stop(accounts.is_protected(learner_id, now), {**told, **{f"{n}": words for n, words in enumerate(beside)}})
    edition = Edition(id=uuid7(), learner_id=learner_id, made_at=now, head={
        "name": (draft.shown_name if draft.name_form == rules.WRITTEN else display_name) or "",
        "intro": draft.intro,
        "recognised": sum(1 for item in found.items if item.endorsement_id),
        "seen": sum(1 for item in found.items if item.testimony_id),
    })
    db.session.add(edition)
    db.session.flush()
    revisions = {key: experiences.keep_revision(x, now).id for key, x in found.experiences.items()}
    db.session.add_all(
        EditionItem(
            id=uuid7(), learner_id=learner_id, edition_id=edition.id, position=position, kind=item.kind,
            experience_id=item.experience_id, revision_id=revisions[item.experience_id],
            endorsement_id=item.endorsement_id, permitted_at=item.permitted_at, testimony_id=item.testimony_id,
            evidence_id=item.evidence_id, document=item.document,
        )
        for position, item in enumerate(found.items)
    )
    db.session.flush()  # what it shows decides whether the link may be
    token = new_token()
    share = Share(
        id=uuid7(), learner_id=learner_id, edition_id=edition.id, submission=draft.submission,
        submission_digest=digest, recipient_name=draft.recipient_name, recipient_shown=draft.recipient_shown,
        name_form=draft.name_form, token_hash=hash_of(token), token_sealed=seal(token), created_at=now,
        expires_at=rules.end_of(draft.months, now), purpose=draft.purpose, guardian_consent_id=agreed.get(draft.purpose),
        code_sealed=seal(_new_code()) if draft.with_code else None,
        image_consent_id=agreed.get(rules.IMAGE) if any(item.is_picture for item in found.items) else None,
    )
    db.session.add(share)
    if draft.intro:
        db.session.execute(
            sa.update(Passport).where(Passport.learner_id == learner_id).values(looking_for=draft.intro))
    db.session.flush()
    record("sharing.create", learner_id, now, share.id)
    return share


def _new_code() -> str:
    return "".join(secrets.choice(rules.CODE_SIGNS) for _sign in range(rules.CODE_LENGTH))


def try_code(share_id: uuid.UUID, typed: str | None, now: dt.datetime) -> Refusal | None:
    """Return why what was typed does not open a link, or None when it is its code; a wrong one is counted, whoever says it."""
    share = db.session.get_one(Share, share_id, with_for_update=True, populate_existing=True)
    code = unseal(share.code_sealed) if share.code_sealed else ""
    refusal = rules.refusal_of_code(share.code_locked_until, hmac.compare_digest(rules.code_of(typed).encode(), code.encode()), now)
    if refusal is Refusal.CODE_SAID_WRONG:
        share.code_failures, share.code_locked_until = rules.after_wrong_code(share.code_failures, now)
        db.session.flush()
    elif refusal is None and share.code_failures:
        share.code_failures = 0
        db.session.flush()
    return refusal


def extend(share: Share, months: int, now: dt.datetime) -> None:
    """Move the end of a link in its last week, counted from now; what it shows stays as it is. Raises Refused."""
    db.session.refresh(share, with_for_update=True)
    band, _name = accounts.band_and_name(share.learner_id, now)
    refusal = rules.refusal_to_extend(band, links.state_of(share, now), share.expires_at, months, now,
                                      number("links.longest"), consented=share.guardian_consent_id is not None)
    if refusal is not None:
        raise Refused(refusal)
    share.extended_at, share.expires_at = now, rules.end_of(months, now)
    db.session.flush()
    record("sharing.extend", share.learner_id, now, share.id)


def close(share: Share, now: dt.datetime) -> None:
    """Close a link for good, with effect at once; closing it again changes nothing."""
    if _close(Share.id == share.id, now):
        record("sharing.close", share.learner_id, now, share.id)


def close_all(learner_id: uuid.UUID, now: dt.datetime) -> int:
    """Close every open link of a learner and return how many there were."""
    closed = _close(sa.and_(Share.learner_id == learner_id, Share.expires_at > now), now)
    if closed:
        record("sharing.close_all", learner_id, now)
    return closed


def close_consented(consent_id: uuid.UUID, now: dt.datetime) -> int:
    """Close every open link that stands on a consent of two that is over, and return how many there were."""
    return _close(sa.or_(Share.guardian_consent_id == consent_id, Share.image_consent_id == consent_id), now)


def _close(which: sa.ColumnElement[bool], now: dt.datetime) -> int:
    at = sa.case((Share.created_at > now, Share.created_at), else_=now)  # a clock that was put back closes it all the same
    ended = sa.update(Share).where(which, Share.revoked_at.is_(None)).values(revoked_at=at).returning(Share.id)
    return len(db.session.execute(ended).all())


def note_opening(share_id: uuid.UUID, day: dt.date, first: bool = False) -> None:
    """Count one opening of that day, in a short transaction of its own: no hour, no address, no name.

    With `first`, count it only when nothing was opened that day.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    line = insert(ShareReading).values(share_id=share_id, read_on=day, openings=1)
    line = line.on_conflict_do_nothing() if first else line.on_conflict_do_update(
        index_elements=[ShareReading.share_id, ShareReading.read_on],
        set_={"openings": ShareReading.openings + 1},
    )
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        connection.execute(line)


def save_draft(learner_id: uuid.UUID, changes: dict[str, Any], now: dt.datetime) -> None:
    """Keep a link half prepared, for its learner alone, until it is made."""
    draft = drafts.held(learner_id, choosing.DRAFT, learner_id, now)
    draft.body = {"submission": str(uuid.uuid4()), **draft.body, **changes}
    db.session.flush()


def drop_draft(learner_id: uuid.UUID) -> None:
    """Let go of a link half prepared."""
    drafts.drop(choosing.DRAFT, learner_id, learner_id)


def close_experience(learner_id: uuid.UUID, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Take an experience out of every link, for good: open again later, it is shown only where it is chosen anew."""
    db.session.execute(
        sa.delete(EditionItem).where(EditionItem.learner_id == learner_id, EditionItem.experience_id == experience_id)
    )


def grow_younger(learner_id: uuid.UUID, band: Band, now: dt.datetime) -> None:
    """Close what somebody who is younger than they said would not have opened: every link under 15, a longer one or one
    with a written name under 18."""
    open_ones = db.session.scalars(
        sa.select(Share).where(Share.learner_id == learner_id, Share.revoked_at.is_(None), Share.expires_at > now)).all()
    for share in open_ones:
        if rules.refusal_to_stay_open(band, share.name_form, share.extended_at or share.created_at, share.expires_at):
            close(share, now)


protection.YOUNGER.append(grow_younger)
experiences.STAYS_INSIDE.append(close_experience)
