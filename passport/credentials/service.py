"""Signing what a learner permits to be shown, and taking it back in the very write that ends the permission."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .. import clock
from ..accounts import protection
from ..accounts import queries as accounts
from ..accounts import rules as age
from ..audit.service import record
from ..columns import uuid7
from ..experiences import service as experiences
from ..experiences.models import Experience
from ..extensions import db
from ..feedback.models import AuthoredText
from ..notices import jobs
from ..notices.models import Job
from ..recognition import service as recognition
from ..recognition.models import Endorsement, Permission
from ..refusals import Refused
from ..transaction import release, transaction
from . import addresses, document, keys, proofs, queries, rules, status
from .models import Credential, SigningKey

ISSUE = "credentials.issue"
CATCH_UP_NOW = "credentials.catch_up_now"


@dataclass(frozen=True)
class Signed:
    """A signed document on its way to its row."""

    key: uuid.UUID
    list_id: int
    position: int
    key_id: str
    secret: bytes
    document: bytes


# ---------- issuing ----------


def _permitted(permission: Permission, now: dt.datetime) -> None:
    jobs.enqueue(ISSUE, {"permission": permission.id.hex}, now, dedupe=_job_of(permission))


def _job_of(permission: Permission) -> str:
    return f"{ISSUE}:{permission.id.hex}"


def prepare(payload: dict[str, Any], now: dt.datetime) -> Signed | None:
    """Reserve a position, build and sign the credential of a permission; the slow part, outside any transaction.

    None when there is nothing to sign any more, or no key yet. What is reserved in vain names nobody.
    """
    permission_id = uuid.UUID(payload["permission"])
    with transaction():
        waiting = queries.to_sign(permission_id)
        if waiting is None or keys.ensure(now) is None:
            return None
        signer = keys.current()
        list_id, position = status.reserve(waiting.recognised.organisation_id)
    secret, key = secrets.token_bytes(32), uuid7()
    facts = queries.facts_of(waiting, addresses.credential_page(key), document.recipient_of(secret),
                             addresses.status_page(list_id), position)
    release()
    # Were the clock put back, a key would sign before it was made.
    signed = proofs.sign(document.credential(facts), signer.private, facts.issuer, max(now, signer.from_at))
    return Signed(key, list_id, position, signer.key_id, secret, signed)


def keep(payload: dict[str, Any], now: dt.datetime, signed: Signed | None) -> int:
    """Keep what was signed, once, while its permission still stands and says the same; return how many were kept."""
    if signed is None:
        return 0
    # Whatever ends a permission changes one of these rows first: it waits for this, or this sees that it did.
    permission = db.session.scalars(
        sa.select(Permission).select_from(Endorsement).join(AuthoredText, AuthoredText.id == Endorsement.text_id)
        .join(Experience, Experience.id == Endorsement.experience_id)
        .join(Permission, Permission.endorsement_id == Endorsement.id)
        .where(Permission.id == uuid.UUID(payload["permission"]))
        .with_for_update().execution_options(populate_existing=True)).one_or_none()
    waiting = queries.to_sign(permission.id) if permission is not None else None
    if permission is None or waiting is None or not waiting.is_told_by(signed.document):
        return 0
    if keys.is_compromised(signed.key_id):
        # Said while this was being signed: the job that signs anew may have passed already.
        jobs.enqueue(ISSUE, payload, now)
        return 0
    db.session.add(Credential(
        id=signed.key, learner_id=permission.learner_id, endorsement_id=permission.endorsement_id,
        permitted_at=permission.given_at, list_id=signed.list_id, position=signed.position, key_id=signed.key_id,
        recipient_secret=signed.secret, issued_at=max(now, permission.given_at), document=signed.document,
    ))
    db.session.flush()
    record("credential.issue", permission.learner_id, now, signed.key)
    return 1


def catch_up(now: dt.datetime) -> int:
    """Have what is permitted and not signed yet signed, and what a compromised key signed signed anew.

    What waits already to be signed is not counted again.
    """
    again = db.session.scalars(
        sa.select(Credential.endorsement_id).join(SigningKey, SigningKey.key_id == Credential.key_id)
        .where(Credential.unpublished_at.is_(None), SigningKey.compromised_at.is_not(None)).limit(jobs.AT_A_TIME)).all()
    cancel(again, now)
    if keys.ensure(now) is None:
        return len(again)
    known = set(db.session.scalars(
        sa.select(Job.dedupe).where(Job.kind == ISSUE, Job.done_at.is_(None), Job.failed_at.is_(None))))
    unsigned = db.session.scalars(queries.unsigned(now).limit(jobs.AT_A_TIME + len(known))).all()
    waiting = [permission for permission in unsigned if _job_of(permission) not in known][:jobs.AT_A_TIME]
    for permission in waiting:
        _permitted(permission, now)
    return max(len(again), len(waiting))


def _catch_up_now(_payload: dict[str, Any], now: dt.datetime) -> int:
    count = catch_up(now)
    if count >= jobs.AT_A_TIME:
        jobs.enqueue(CATCH_UP_NOW, {}, now)
    return count


# ---------- taking back ----------


def cancel(endorsement_ids: Collection[uuid.UUID], now: dt.datetime) -> None:
    """Take back the credentials in force of these endorsements: here at once, for others when they fetch the list."""
    ended = db.session.execute(
        sa.update(Credential)
        .where(Credential.endorsement_id.in_(endorsement_ids), Credential.unpublished_at.is_(None))
        # Were the clock put back meanwhile, it would end all the same.
        .values(unpublished_at=sa.case((Credential.issued_at > now, Credential.issued_at), else_=now))
        .returning(Credential.id, Credential.learner_id, Credential.list_id, Credential.position),
        execution_options={"synchronize_session": False}).all()
    for row in ended:
        status.revoke(row.list_id, row.position, now)
        record("credential.cancel", row.learner_id, now, row.id)


def cancel_experience(learner_id: uuid.UUID, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back the credentials of an experience that stays inside from now on, or is deleted."""
    cancel(_of_experience(learner_id, experience_id), now)


def _of_experience(learner_id: uuid.UUID, experience_id: uuid.UUID) -> Sequence[uuid.UUID]:
    return db.session.scalars(
        sa.select(Endorsement.id)
        .where(Endorsement.learner_id == learner_id, Endorsement.experience_id == experience_id)).all()


def cancel_hidden(text_id: uuid.UUID, now: dt.datetime) -> None:
    """Take back the credential of an endorsement whose words its learner does not want to see any more."""
    cancel(db.session.scalars(sa.select(Endorsement.id).where(Endorsement.text_id == text_id)).all(), now)


def erase_experience(experience_id: uuid.UUID) -> None:
    """Cancel and delete the credentials of an experience that is erased; their positions stay taken, and name nobody."""
    which = sa.select(Endorsement.id).where(Endorsement.experience_id == experience_id)
    cancel(db.session.scalars(which).all(), clock.now())
    db.session.execute(sa.delete(Credential).where(Credential.endorsement_id.in_(which)),
                       execution_options={"synchronize_session": False})


# ---------- the name in it ----------


def name(endorsement_id: uuid.UUID, learner_id: uuid.UUID, name_form: str | None, now: dt.datetime) -> None:
    """Have the credential of an endorsement signed anew with this name of the learner in it, or without any.

    The one before is cancelled at once. Raises Refused when nothing is permitted. The same name again changes nothing.
    """
    permission = db.session.scalars(
        sa.select(Permission).where(Permission.endorsement_id == endorsement_id, Permission.learner_id == learner_id,
                                    Permission.ended_at.is_(None)).with_for_update()).one_or_none()
    refusal = rules.refusal_to_name(permission is not None)
    if refusal is not None or permission is None:
        raise Refused(refusal or rules.NOT_PERMITTED)
    if permission.named_as == name_form:
        return
    permission.named_as = name_form
    db.session.flush()
    cancel([endorsement_id], now)
    # Without `dedupe`: a job under way may have signed the other name, and will then keep nothing.
    jobs.enqueue(ISSUE, {"permission": permission.id.hex}, now)
    record("credential.name", learner_id, now, endorsement_id)


def grow_younger(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> None:
    """Have what names somebody under 18 otherwise than they are called here signed anew, without any name (row 11)."""
    if band is age.Band.ADULT:
        return
    _band, called = accounts.band_and_name(learner_id, now)
    for endorsement_id in db.session.scalars(
        sa.select(Permission.endorsement_id)
        .where(Permission.learner_id == learner_id, Permission.ended_at.is_(None), Permission.named_as.is_not(None),
               Permission.named_as != called)
    ).all():
        name(endorsement_id, learner_id, None, now)


protection.YOUNGER.append(grow_younger)
recognition.PERMITTED.append(_permitted)
recognition.ENDED.append(cancel)
experiences.STAYS_INSIDE.append(cancel_experience)
experiences.ERASES.append(erase_experience)
jobs.later(ISSUE, keep, prepare)
jobs.later(CATCH_UP_NOW, _catch_up_now)
jobs.every_day("credentials.catch_up", catch_up)
