"""Text half written: kept on the server for its writer alone, until it is sent or let go of.

A room names the forms it keeps with `keeps()`: their fields and the most characters of each. The page's script saves
while one types; the same address without script saves too, and goes back.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..columns import uuid7
from ..extensions import db
from .models import Draft

MOST = 100
FIELDS: dict[str, dict[str, int]] = {}
# Says for a form whether what it would keep is sent already: (whose, about what, what is sent).
SENT: dict[str, Callable[[uuid.UUID, uuid.UUID, Mapping[str, str]], bool]] = {}


def keeps(form: str, **fields: int) -> None:
    """Say which fields of a form may be kept half written, and how many characters of each."""
    FIELDS[form] = fields


def until(form: str, sent: Callable[[uuid.UUID, uuid.UUID, Mapping[str, str]], bool]) -> None:
    """Say from when on nothing more is kept of a form: what is still on its way while it is sent is no draft."""
    SENT[form] = sent


def is_sent(form: str, account_id: uuid.UUID, subject_id: uuid.UUID, sent: Mapping[str, str]) -> bool:
    """Say whether a form was sent already; two at once wait for each other."""
    return form in SENT and SENT[form](account_id, subject_id, sent)


def trimmed(form: str, sent: Mapping[str, str]) -> dict[str, object]:
    """Return what may be kept of what was sent: the form's own fields, no longer than they may be."""
    return {name: sent[name][:most] for name, most in FIELDS[form].items() if sent.get(name)}


def held(account_id: uuid.UUID, form: str, subject_id: uuid.UUID, now: dt.datetime) -> Draft:
    """Return one's draft of this form, empty when there was none, held until the commit: two at once keep one."""
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    new = insert(Draft).values(
        id=uuid7(), account_id=account_id, form=form, subject_id=subject_id, body={}, changed_at=now
    )
    found: Draft | None = None
    while found is None:  # what another request is just dropping is made anew
        db.session.execute(new.on_conflict_do_nothing())
        found = db.session.scalars(
            sa.select(Draft).where(Draft.account_id == account_id, Draft.form == form, Draft.subject_id == subject_id)
            .with_for_update().execution_options(populate_existing=True)
        ).one_or_none()
    found.changed_at = now
    return found


def save(
    account_id: uuid.UUID, form: str, subject_id: uuid.UUID, body: Mapping[str, object], now: dt.datetime
) -> None:
    """Keep a form half filled, in place of what was kept before; a hundred at most, the oldest go."""
    held(account_id, form, subject_id, now).body = dict(body)
    db.session.flush()
    newest = (sa.select(Draft.id).where(Draft.account_id == account_id)
              .order_by(Draft.changed_at.desc(), Draft.id.desc()).limit(MOST))
    db.session.execute(
        sa.delete(Draft).where(Draft.account_id == account_id, Draft.id.not_in(newest)),
        execution_options={"synchronize_session": False},
    )


def of(account_id: uuid.UUID, form: str, subject_id: uuid.UUID) -> dict[str, Any]:
    """Return a form half filled, or nothing."""
    body = db.session.scalar(sa.select(Draft.body).where(
        Draft.account_id == account_id, Draft.form == form, Draft.subject_id == subject_id))
    return dict(body) if body else {}


def drop(form: str, subject_id: uuid.UUID, account_id: uuid.UUID | None = None) -> None:
    """Let go of what was kept about one thing, by one person or by everybody."""
    which = [Draft.form == form, Draft.subject_id == subject_id]
    if account_id is not None:
        which.append(Draft.account_id == account_id)
    db.session.execute(sa.delete(Draft).where(*which), execution_options={"synchronize_session": False})


def forget(subject_ids: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
    """Let go of what was kept about things that are erased; `subject_ids` selects their ids."""
    db.session.execute(sa.delete(Draft).where(Draft.subject_id.in_(subject_ids)),
                       execution_options={"synchronize_session": False})
