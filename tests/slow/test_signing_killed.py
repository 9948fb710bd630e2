"""Workers killed while they sign: everything permitted is signed once, and what was reserved in vain names nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.credentials import proofs
from passport.credentials.models import Credential, SigningKey, StatusEntry
from passport.extensions import db
from passport.notices.models import Job
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.transaction import transaction
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.endorsed import endorsed
from tests.shape.test_words import ROOT

pytestmark = pytest.mark.slow

PERMITTED, KILLS = 30, 6


def read(app: Flask, *what: Any) -> list[Any]:
    """Return rows."""
    with app.app_context():
        found = list(db.session.execute(sa.select(*what)).all())
        db.session.remove()
    return found


@both_databases
def test_workers_killed_while_they_sign_lose_and_double_nothing(app: Flask, cast: Cast, tmp_path: Path) -> None:
    environment = {**os.environ, "PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(tmp_path),
                   "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"]}
    with app.app_context():
        ids = endorsed(cast, PERMITTED)
        with transaction():
            for key in ids:
                recognition.permit(db.session.get_one(Endorsement, key), NOON)
        db.session.remove()

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "flask", "--app", "wsgi", "worker"], cwd=ROOT, env=environment,
                                stderr=subprocess.DEVNULL)

    def signed() -> int:
        return len(read(app, Credential.id))

    workers, kills, deadline = [start(), start()], 0, time.monotonic() + 240
    try:
        while signed() < PERMITTED and time.monotonic() < deadline:
            before = signed()
            while signed() == before and time.monotonic() < deadline:
                time.sleep(0.01)
                # What the dead ones held is free again after a while; here the while is over at once.
                if before >= PERMITTED - kills:
                    with app.app_context(), transaction():
                        db.session.execute(sa.update(Job).where(Job.done_at.is_(None)).values(lease_until=NOON))
            if kills < KILLS:
                time.sleep(0.02 * kills)
                victim = workers.pop(0)
                victim.kill()
                victim.wait()
                kills += 1
                workers.append(start())
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert kills == KILLS
    rows = read(app, Credential.endorsement_id, Credential.document, Credential.key_id, Credential.unpublished_at)
    assert sorted(row.endorsement_id for row in rows) == sorted(ids)
    assert {row.unpublished_at for row in rows} == {None}
    public = {row.key_id: row.public for row in read(app, SigningKey.key_id, SigningKey.public)}
    for row in rows:
        proofs.verified(proofs.load(row.document), public[row.key_id])
    # What was reserved in vain is taken, says nothing, and is never set.
    assert {row.revoked_at for row in read(app, StatusEntry.revoked_at)} == {None}
