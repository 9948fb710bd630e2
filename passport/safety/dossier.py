"""What stands in a file for an inquiry: texts, readings and lines of the journal of one adult and one learner; its signature."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
import zipfile
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask_babel import gettext as _

from ..accounts.models import Account, ContactBar
from ..audit.models import AuditEvent, AuditLink, ReadingLine
from ..credentials import addresses
from ..credentials.keys import Signer
from ..credentials.models import SigningKey
from ..experiences.models import Experience
from ..extensions import db
from ..feedback.models import AuthoredText, AuthoredVersion, Feedback, FeedbackRequest
from ..organisations.models import Membership, Organisation
from ..recognition.models import Endorsement, RecognitionRequest
from ..seal import unseal_case
from .models import Report

DOCUMENT, SIGNATURE = "dossier.json", "dossier.json.sig"
MOST = 64 * 1024 * 1024


class Broken(ValueError):  # noqa: N818 - an answer, not a fault of ours
    """A file that is not what a city signed; the message says why."""


def _read_me() -> list[str]:
    """What each part is, for whoever opens the file."""
    return [
        _("Ce dossier concerne un adulte et une personne qui apprend. Il ne nomme personne d’autre que qui l’a fait."),
        _("« texts » : ce que l’adulte lui a écrit, chaque version. « requests » : ce qui lui fut demandé."),
        _("« reported » : ce qui fut signalé, tel que c’était. « readings » : ce que l’adulte a ouvert, et quel jour."),
        _("« contact » : blocages et échanges suspendus. « journal » : les lignes du journal entre ces deux personnes."),
        _("Les heures sont en temps universel. Le fichier « .sig » à côté signe chaque octet de celui-ci (Ed25519)."),
    ]


def of_pair(report: Report, reason: str, makers: list[str], now: dt.datetime) -> dict[str, Any]:
    """Return everything of the adult and the learner of a case that an inquiry needs, and nothing of anybody else."""
    learner_id, adult_id = report.concerned_id, report.about_id
    assert learner_id is not None
    assert adult_id is not None
    people = {a.id: a for a in db.session.scalars(sa.select(Account).where(Account.id.in_([learner_id, adult_id])))}
    learner, adult = people[learner_id], people[adult_id]
    texts = _texts(learner_id, adult_id)
    requests = _requests(learner_id, adult_id)
    reports = db.session.scalars(sa.select(Report).where(
        Report.concerned_id == learner_id, Report.about_id == adult_id).order_by(Report.made_at, Report.id)).all()
    return {
        "read_me": _read_me(), "made_by": addresses.city_did(), "made_at": now, "case": report.id, "reason": reason,
        "asked_by": makers[0], "confirmed_by": makers[-1],
        "learner": {"id": learner.id, "name": learner.display_name}, "adult": {"id": adult.id, "name": adult.display_name},
        "texts": texts, "requests": requests, "reported": [_reported(r, learner_id) for r in reports],
        "readings": _readings(learner_id, adult.audit_ref), "contact": _contact(learner_id, adult_id),
        "journal": _journal(learner, adult, [r.id for r in reports]),
    }


def _rows(statement: sa.Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(row) for row in db.session.execute(statement).mappings()]


def _texts(learner_id: uuid.UUID, adult_id: uuid.UUID) -> list[dict[str, Any]]:
    t, f = AuthoredText, Feedback
    found = _rows(
        sa.select(t.id, t.kind, t.experience_id, Experience.title.label("experience"), Organisation.name.label("organisation"),
                  Membership.role, Membership.title.label("as"), t.regime, t.written_at, t.deliver_after, t.hidden_at,
                  t.frozen_at, f.id.label("feedback_id"), f.read_at, f.reply, f.replied_at, f.withdrawn_at, f.put_back_at)
        .join(Experience, Experience.id == t.experience_id)
        .outerjoin(Membership, Membership.id == t.membership_id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id).outerjoin(f, f.text_id == t.id)
        .where(t.learner_id == learner_id, t.author_id == adult_id).order_by(t.written_at, t.id))
    v = AuthoredVersion
    versions: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in _rows(sa.select(v.text_id, v.number, v.written_at, v.words, v.question, v.next_step)
                     .join(t, t.id == v.text_id).where(t.learner_id == learner_id, t.author_id == adult_id)
                     .order_by(v.text_id, v.number)):
        versions.setdefault(row.pop("text_id"), []).append(row)
    return [{**text, "versions": versions.get(text["id"], [])} for text in found]


def _requests(learner_id: uuid.UUID, adult_id: uuid.UUID) -> list[dict[str, Any]]:
    r = FeedbackRequest
    return _rows(
        sa.select(r.id, Organisation.name.label("organisation"), r.experience_id, r.message, r.asked_at, r.assigned_at,
                  r.closed_at, r.outcome).join(Organisation, Organisation.id == r.organisation_id)
        .where(r.learner_id == learner_id, r.facilitator_id == adult_id).order_by(r.asked_at, r.id))


def _reported(report: Report, learner_id: uuid.UUID) -> dict[str, Any]:
    """What was reported; the words of who told it only where the learner did, as others stay apart."""
    own = report.reporter_id == learner_id
    return {
        "id": report.id, "kind": report.object_kind, "of": report.object_id, "made_at": report.made_at,
        "category": report.category, "by_the_learner": own, "frozen": json.loads(unseal_case(report.frozen_words)) if own else None,
        "note": unseal_case(report.sealed_note) if own and report.sealed_note else None,
        "decided_at": report.decided_at, "outcome": report.outcome,
    }


def _readings(learner_id: uuid.UUID, adult_ref: uuid.UUID | None) -> list[dict[str, Any]]:
    line = ReadingLine
    return _rows(
        sa.select(line.read_on, line.action, line.role, Organisation.name.label("organisation"), line.experience_id)
        .outerjoin(Organisation, Organisation.id == line.organisation_id)
        .where(line.learner_id == learner_id, line.reader_ref == adult_ref).order_by(line.read_on, line.id))


def _contact(learner_id: uuid.UUID, adult_id: uuid.UUID) -> list[dict[str, Any]]:
    bar = ContactBar
    return _rows(sa.select(bar.cause, bar.started_at, bar.lifted_at)
                 .where(bar.learner_id == learner_id, bar.adult_id == adult_id).order_by(bar.started_at, bar.id))


def _journal(learner: Account, adult: Account, reports: Iterable[uuid.UUID]) -> list[dict[str, Any]]:
    """Return what one of the two did to a thing between them, with the seal of each line where it is sealed."""
    between: list[sa.Select[uuid.UUID]] = [
        sa.select(table.id).where(table.learner_id == learner.id, column == adult.id)
        for table, column in ((AuthoredText, AuthoredText.author_id), (FeedbackRequest, FeedbackRequest.facilitator_id),
                              (Feedback, Feedback.facilitator_id), (Endorsement, Endorsement.facilitator_id),
                              (RecognitionRequest, RecognitionRequest.facilitator_id))]
    of = AuditEvent.object_ref
    known = sa.or_(*(of.in_(select) for select in between), of.in_(list(reports)))
    who = {ref: name for ref, name in ((learner.audit_ref, "learner"), (adult.audit_ref, "adult")) if ref is not None}
    found = _rows(
        sa.select(AuditEvent.seq, AuditEvent.at, AuditEvent.actor_ref, AuditEvent.action, of.label("of"), AuditLink.digest.label("seal"))
        .outerjoin(AuditLink, AuditLink.seq == AuditEvent.seq)
        .where(AuditEvent.actor_ref.in_(list(who)), sa.or_(
            known, sa.and_(AuditEvent.actor_ref == learner.audit_ref, of == adult.id),
            sa.and_(AuditEvent.actor_ref == adult.audit_ref, of == learner.id)))
        .order_by(AuditEvent.seq))
    return [{"by": who[row.pop("actor_ref")], **row} for row in found]


# ---------- the file ----------


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def signed(document: dict[str, Any], signer: Signer) -> bytes:
    """Return the file: the document as JSON that people can read, and the signature of its bytes, in a ZIP."""
    content = json.dumps({**document, "key": signer.key_id}, ensure_ascii=False, indent=1, default=_plain).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(DOCUMENT, content)
        file.writestr(SIGNATURE, signer.private.sign(content))
    return out.getvalue()


def verified(data: bytes) -> dict[str, Any]:
    """Return the document of a file that this city signed, unchanged. Raises Broken, saying why, for any other."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            infos = file.infolist()
            if [i.filename for i in infos] != [DOCUMENT, SIGNATURE] or any(i.file_size > MOST for i in infos):
                raise Broken("holds something else than a document and its signature")
            content, signature = (file.read(info) for info in infos)
        document = json.loads(content)
        key = db.session.get(SigningKey, str(document["key"]))
        made_at = dt.datetime.fromisoformat(document["made_at"])
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, NotImplementedError) as fault:
        raise fault if isinstance(fault, Broken) else Broken("cannot be read") from None
    if key is None:
        raise Broken("names a key that this city never had")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, content)
    except InvalidSignature:
        raise Broken("was changed after it was signed") from None
    if made_at < key.from_at or (key.until_at is not None and made_at > key.until_at):
        raise Broken("is signed outside the time of its key")
    if key.compromised_at is not None and made_at >= key.compromised_at:
        raise Broken("is signed with a key that somebody else may have")
    return dict(document)
