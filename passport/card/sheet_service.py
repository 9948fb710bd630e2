"""What changes when a sheet is printed or closed."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from ..accounts import protection
from ..accounts import queries as accounts
from ..accounts import rules as age
from ..audit.service import record
from ..clock import day_of
from ..columns import uuid7
from ..credentials import keys
from ..credentials.models import Credential, SigningKey
from ..experiences.rules import SENT_AGAIN
from ..extensions import db
from ..links import public_url
from ..refusals import Refusal, Refused
from ..seal import digest_of as hash_of
from ..seal import new_token, seal
from ..submissions import digest_of, kept_before
from . import rules, sheet_code, sheet_queries
from .models import Sheet, SheetItem


@dataclass(frozen=True)
class SheetDraft:
    """What a learner decides about one sheet; `told` says whether they ticked that print cannot be taken back."""

    told: bool
    endorsement_ids: tuple[uuid.UUID, ...]
    name_form: str
    shown_name: str | None
    submission: uuid.UUID


def make(learner_id: uuid.UUID, draft: SheetDraft, now: dt.datetime) -> Sheet:
    """Sign a sheet with what was chosen, to be printed. Raises Refused.

    Sent twice, it is the same sheet, and so is the same choice sent again within minutes, while that one is whole.
    """
    digest = digest_of(draft)
    before = kept_before(Sheet, Sheet.learner_id, learner_id, draft.submission, digest, _just_made(now))
    if before is not None:
        return before  # type: ignore[no-any-return]
    band, display_name = accounts.band_and_name(learner_id, now)
    refusal = rules.refusal_to_print(band) or rules.refusal_of_sheet(draft.told, len(draft.endorsement_ids))
    if refusal is not None:
        raise Refused(refusal, "told" if refusal is Refusal.SHEET_UNTOLD else "endorsements")
    refusal = rules.refusal_of_sheet_name(band, draft.name_form, draft.shown_name, current_app.config["CITY"].name)
    if refusal is not None:
        raise Refused(refusal, "shown_name" if draft.name_form == rules.WRITTEN else "name_form")
    found = sheet_queries.chosen(learner_id, draft.endorsement_ids)
    if len(found) < len(draft.endorsement_ids):
        raise Refused(Refusal.NOT_PERMITTED, "endorsements")
    try:
        signer = keys.current()
    except keys.NoKey as missing:
        current_app.logger.warning("a sheet cannot be signed: %s", missing)
        raise Refused(Refusal.SIGNING_LATER) from None
    token, today = new_token(), day_of(now)
    name = {rules.NAMELESS: None, rules.DISPLAY: display_name}.get(draft.name_form, draft.shown_name)
    content = sheet_code.Content(token, today, rules.sheet_ends_on(today), name, [p.line for p in found])
    signed = sheet_code.sign_small(content, signer.private, signer.key_id, public_url("sheet.check", token=token))
    sheet = Sheet(
        id=uuid7(), learner_id=learner_id, submission=draft.submission, submission_digest=digest,
        token_hash=hash_of(token), token_sealed=seal(token), key_id=signer.key_id, name=name, size=len(found),
        signed=signed, made_at=now, expires_on=content.expires_on,
    )
    db.session.add(sheet)
    db.session.flush()
    db.session.add_all(
        SheetItem(sheet_id=sheet.id, position=n, learner_id=learner_id, credential_id=p.credential_id)
        for n, p in enumerate(found))
    db.session.flush()
    record("sheet.make", learner_id, now, sheet.id)
    return sheet


def _just_made(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return that a sheet is some minutes old, open, of a key that counts, and all that it shows still shown."""
    shown = (
        sa.select(sa.func.count()).select_from(SheetItem).join(Credential, Credential.id == SheetItem.credential_id)
        .where(SheetItem.sheet_id == Sheet.id, Credential.unpublished_at.is_(None)).scalar_subquery())
    return sa.and_(
        Sheet.made_at.between(now - SENT_AGAIN, now), Sheet.closed_at.is_(None), shown == Sheet.size,
        Sheet.key_id.in_(sa.select(SigningKey.key_id).where(SigningKey.compromised_at.is_(None))))


def grow_younger(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> None:
    """Close the page behind each sheet of somebody under 18; what is printed cannot be taken back (row 16)."""
    if band is not age.Band.ADULT:
        close_all(learner_id, now)


def close_all(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Close the page behind each sheet of a learner."""
    for sheet_id in db.session.scalars(
        sa.select(Sheet.id).where(Sheet.learner_id == learner_id, Sheet.closed_at.is_(None))).all():
        close(sheet_id, learner_id, now)


protection.YOUNGER.append(grow_younger)


def close(sheet_id: uuid.UUID, learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Let the page behind a sheet answer nothing any more, at once and for good; closing it again changes nothing."""
    at = sa.case((Sheet.made_at > now, Sheet.made_at), else_=now)  # a clock that was put back closes it all the same
    closed = db.session.execute(
        sa.update(Sheet).where(Sheet.id == sheet_id, Sheet.learner_id == learner_id, Sheet.closed_at.is_(None))
        .values(closed_at=at).returning(Sheet.id)).all()
    if closed:
        record("sheet.close", learner_id, now, sheet_id)
