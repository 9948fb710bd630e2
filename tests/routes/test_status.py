"""Status lists: a position that is nobody else’s, a list that changes with every bit, and another one when it is half full."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from passport.credentials import proofs, service, status
from passport.credentials.models import StatusEntry, StatusList
from passport.extensions import db

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..shape.test_words import ROOT
from .test_credentials import bits
from .test_keys import DAY, act, command, in_force, position, read

# What one process does: so many positions, each in a transaction of its own.
ALLOCATES = """
import sys, uuid
from config import settings
from passport import create_app
from passport.credentials import status
from passport.extensions import db
from passport.transaction import transaction
with create_app(settings()).app_context():
    for _ in range(1000):
        with transaction():
            found = status.reserve(uuid.UUID(sys.argv[1]))
        print(*found)
"""
# Sixty thousand positions that are taken, every odd one set.
FILLED = sa.text(
    "INSERT INTO status_entry (list_id, position, revoked_at) "
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59999) "
    "SELECT :list, CAST(i AS BIGINT) * 40503 % 131072, CASE WHEN i % 2 = 1 THEN :now END FROM n"
).bindparams(sa.bindparam("now", type_=StatusEntry.revoked_at.type))



def test_a_list_changes_with_every_bit_and_never_otherwise(app: Flask, lived: Cast, client: FlaskClient, at: Any) -> None:
    with app.app_context():
        assert signing.sign_all() == 1
    document = in_force(app)[0]
    address = "/" + document["credentialStatus"]["statusListCredential"].split("/", 3)[-1]
    first = client.get(address)
    status._signed.clear()  # as another process, or another day's start
    assert client.get(address).data == first.data
    act(app, lambda: service.cancel([lived["endorsement"]], NOON))
    changed = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, bits(changed.data)) == (200, {position(document)})
    act(app, lambda: service.cancel([lived["endorsement"]], NOON))
    assert client.get(address, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 304
    at(NOON + DAY)
    tomorrow = client.get(address, headers={"If-None-Match": changed.headers["ETag"]})
    assert tomorrow.status_code == 200
    assert tomorrow.get_json()["validUntil"] == "2026-11-27T00:00:00Z"
    command(app, "rotate")
    assert client.get(address, headers={"If-None-Match": tomorrow.headers["ETag"]}).status_code == 200


@both_databases
def test_a_list_half_full_is_closed_and_another_one_opened(app: Flask, lived: Cast, at: Any,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "FULL", 3)
    for turn in range(2):
        found = {act(app, lambda: status.reserve(lived["library"])) for _ in range(3)}
        assert len(found) == 3
        assert len({list_id for list_id, _ in found}) == 1
        assert act(app, lambda: status.close_full(NOON)) == 1, turn
        assert act(app, lambda: status.close_full(NOON)) == 0
    assert len({list_id for list_id, _ in read(app, StatusEntry.list_id, StatusEntry.position)}) == 2
    elsewhere = act(app, lambda: status.reserve(lived["club"]))[0]
    assert elsewhere not in {list_id for list_id, _ in found}
    list_id, one = found.pop()
    act(app, lambda: status.revoke(list_id, one, NOON))  # in a closed list as well
    with app.app_context():
        assert status.is_revoked(list_id, one) is True
        assert status.is_revoked(list_id + 100, one) is None
        db.session.remove()


@pytest.mark.slow
@both_databases
def test_four_processes_at_once_lose_nothing_in_a_list_of_sixty_thousand(app: Flask, cast: Cast, client: FlaskClient,
                                                                         tmp_path: Any) -> None:
    taken = {n * 40503 % proofs.SIZE for n in range(60_000)}
    list_id = act(app, lambda: status.open_list(cast["library"]))
    act(app, lambda: db.session.execute(FILLED, {"list": list_id, "now": NOON}))
    assert {row.position for row in read(app, StatusEntry.position)} == taken
    environment = {**os.environ, "PASSPORT_ENV": "test", "PASSPORT_INSTANCE": str(tmp_path),
                   "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"]}
    processes = [subprocess.Popen([sys.executable, "-c", ALLOCATES, str(cast["library"])], cwd=ROOT, env=environment,
                                  stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=300)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    found = {(int(number), int(at)) for words in said for number, at in zip(words[::2], words[1::2], strict=True)}
    assert len(found) == 4000
    assert {number for number, _ in found} == {list_id}
    assert not {at for _, at in found} & taken
    assert {row.position for row in read(app, StatusEntry.position)} == taken | {at for _, at in found}
    command(app, "create")
    assert bits(client.get(f"/status/{list_id}").data) == {at for at in taken if at % 2}
    assert act(app, lambda: status.close_full(NOON)) == 0
    assert read(app, StatusList.id) == [(list_id,)]
