"""Adults' words to a protected learner who was erased: sealed, opened by two, forgotten when their time is over."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..accounts.models import Account
from ..audit.service import record
from ..columns import uuid7
from ..extensions import db
from ..feedback.models import AuthoredText, AuthoredVersion
from ..notices.keeping import Goes, delete
from ..organisations.models import Membership, Organisation
from ..refusals import Refused
from ..safety.cases import coordination
from ..seal import seal_case, unseal_case
from . import rules
from .models import SealedFolder, SealedWord

MOST = 200


def seal_words(learner_id: uuid.UUID, months: int, now: dt.datetime) -> SealedFolder | None:
    """Keep what adults wrote to a learner while they were protected, without a word of the learner; None when nothing."""
    until = rules.kept_until(months, now)
    if until is None:
        return None
    found = db.session.execute(
        sa.select(AuthoredText.id, AuthoredText.author_id, AuthoredText.kind, AuthoredText.written_at,
                  Membership.organisation_id, AuthoredVersion.words, AuthoredVersion.question, AuthoredVersion.next_step)
        .join(AuthoredVersion, AuthoredVersion.text_id == AuthoredText.id)
        .outerjoin(Membership, Membership.id == AuthoredText.membership_id)
        .where(AuthoredText.learner_id == learner_id, AuthoredText.regime == "protected",
               AuthoredText.author_id.is_not(None))
        .order_by(AuthoredText.written_at, AuthoredText.id, AuthoredVersion.number)).all()
    if not found:
        return None
    folder = SealedFolder(id=uuid7(), sealed_at=now, keep_until=until)
    db.session.add(folder)
    db.session.flush()
    for row in found:
        said = [words for words in (row.words, row.question, row.next_step) if words]
        db.session.add(SealedWord(
            id=uuid7(), folder_id=folder.id, author_id=row.author_id, organisation_id=row.organisation_id, kind=row.kind,
            written_at=row.written_at, sealed=seal_case(json.dumps(said, ensure_ascii=False))))
    db.session.flush()
    return folder


@dataclass(frozen=True)
class Folder:
    """The sealed words of one erasure, for a list: how many, by whom and where, and how far their opening is; `asked` while
    who asked to open them is of the coordination."""

    folder: SealedFolder
    authors: tuple[str, ...]
    count: int
    wrote: bool
    asked: bool


def folders(account_id: uuid.UUID, now: dt.datetime, key: uuid.UUID | None = None) -> list[Folder]:
    """Return what is kept under seal now, the last first, as one of the coordination sees it."""
    which = [SealedFolder.id == key] if key is not None else []
    rows = db.session.execute(
        sa.select(SealedFolder, SealedWord.author_id, Account.display_name, Organisation.name, sa.func.count().label("count"))
        .join(SealedWord, SealedWord.folder_id == SealedFolder.id)
        .join(Account, Account.id == SealedWord.author_id)
        .outerjoin(Organisation, Organisation.id == SealedWord.organisation_id)
        .where(SealedFolder.keep_until > now, *which)
        .group_by(SealedFolder.id, SealedWord.author_id, Account.display_name, Organisation.name)
        .order_by(SealedFolder.sealed_at.desc(), SealedFolder.id).limit(MOST)).all()
    found: dict[uuid.UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.SealedFolder.id, []).append(row)
    city = coordination(now) if found else set()
    return [Folder(some[0].SealedFolder, tuple(dict.fromkeys(", ".join(n for n in (r.display_name, r.name) if n) for r in some)),
                   sum(r.count for r in some), any(r.author_id == account_id for r in some),
                   some[0].SealedFolder.asked_by_id in city) for some in found.values()]


def ask_to_open(found: Folder, account_id: uuid.UUID, reason: str, now: dt.datetime) -> None:
    """Ask to open sealed words and say why; the last who asked counts, until another agrees. Raises Refused."""
    folder = found.folder
    db.session.refresh(folder, with_for_update=True)
    refusal = rules.refusal_to_open(False, found.wrote, True, folder.confirmed_at is not None)
    if refusal is not None:
        raise Refused(refusal)
    folder.asked_by_id, folder.asked_at, folder.sealed_reason = account_id, now, seal_case(reason)
    db.session.flush()
    record("sealed.ask", account_id, now, folder.id)


def agree(found: Folder, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Agree, as another than who asked, that sealed words are opened; said twice it is said once. Raises Refused."""
    folder = found.folder
    db.session.refresh(folder, with_for_update=True)
    if folder.confirmed_by_id == account_id:
        return
    refusal = rules.refusal_to_open(folder.asked_by_id == account_id, found.wrote, folder.asked_by_id in coordination(now),
                                    folder.confirmed_at is not None)
    if refusal is not None:
        raise Refused(refusal)
    folder.confirmed_by_id, folder.confirmed_at = account_id, now
    db.session.flush()
    record("sealed.agree", account_id, now, folder.id)


@dataclass(frozen=True)
class Said:
    """One text that was opened."""

    author: str
    written_at: dt.datetime
    words: tuple[str, ...]


def reason_of(folder: SealedFolder) -> str:
    """Return why somebody asks to open sealed words."""
    return unseal_case(folder.sealed_reason) if folder.sealed_reason else ""


def words_of(found: Folder, account_id: uuid.UUID) -> list[Said]:
    """Return sealed words to one of the two who opened them; nothing to anybody else."""
    folder = found.folder
    if folder.confirmed_at is None or account_id not in {folder.asked_by_id, folder.confirmed_by_id} or found.wrote:
        return []
    rows = db.session.execute(
        sa.select(SealedWord, Account.display_name).join(Account, Account.id == SealedWord.author_id)
        .where(SealedWord.folder_id == folder.id).order_by(SealedWord.written_at, SealedWord.id))
    return [Said(row.display_name or "", row.SealedWord.written_at, tuple(json.loads(unseal_case(row.SealedWord.sealed))))
            for row in rows]


OVER = Goes(SealedFolder.id, lambda now: (SealedFolder.keep_until <= now,), "sealed words")


def forget(now: dt.datetime) -> int:
    """Delete sealed words whose time is over, and return how many folders there were."""
    return delete((OVER,), now)
