"""A file for an inquiry: two people make it, it holds one adult and one learner, it is signed, and gone after a week."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Account
from passport.audit.models import AuditEvent, ReadingLine
from passport.columns import uuid7
from passport.credentials import keys
from passport.extensions import db
from passport.feedback.models import AuthoredText
from passport.notices import jobs
from passport.organisations.models import Organisation
from passport.safety.models import Inquiry, Report
from passport.transaction import transaction
from tests import build

from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import fields, words
from .test_cases import change
from .test_feedback import DAY, ask, give, one, rows
from .test_safety import WORDS
from .test_safety import checked as checked

WEEK = dt.timedelta(days=7)
OTHERS = "Un mot de Nadia."
REASON = "Le procureur demande les échanges de 2026."


def make(browse: Any, address: str, first: str = "claire", second: str = "sofia") -> Any:
    """Let one ask and another confirm; return the answer to the confirmation."""
    assert browse(first).fill(address, reason=REASON).status_code == 303
    return browse(second).fill(address, confirm="1")


@pytest.fixture
def case(app: Flask, cast: Cast, browse: Any) -> Report:
    """What Karim wrote to Tom was reported; Nadia wrote to Tom, and Karim to Léa, too; Karim opened what Tom asked."""
    for experience, member, said in (("tom_x", "m_nadia", OTHERS), ("lea_x", "m_karim", "Un mot pour Léa.")):
        give(app, cast, ask(app, cast, experience, member, NOON - 2 * DAY), member, NOON - DAY, seen=said)
    give(app, cast, ask(app, cast, "tom_x", "m_karim", NOON - 2 * DAY), "m_karim", NOON - DAY, seen=WORDS)
    with app.app_context(), transaction():
        keys.ensure(NOON - 2 * DAY)
        for reader in ("karim", "nadia"):
            db.session.add(ReadingLine(
                id=uuid7(), learner_id=cast["tom"], reader_ref=db.session.get_one(Account, cast[reader]).audit_ref,
                role="facilitator", organisation_id=cast["library"], action=f"read_{reader}", read_on=NOON.date()))
    text = one(app, AuthoredText, AuthoredText.learner_id == cast["tom"], AuthoredText.author_id == cast["karim"])
    assert browse("tom").fill(f"/ca-me-derange/{text.id}", category="danger", note="J’ai peur.").status_code == 303
    return one(app, Report)


def opened(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return dict(json.loads(file.read("dossier.json")))


@both_databases
@pytest.mark.promise("S23", "passport.safety.rules:refusal_to_make_file")
def test_two_make_a_signed_file_of_one_adult_and_one_learner(
    app: Flask, cast: Cast, browse: Any, at: Any, case: Report, tmp_path: Path
) -> None:
    """A file for an inquiry is made by two together, holds one pair and nobody else, is signed, and is a line of the journal."""
    address = f"/signalements/{case.id}/dossier"
    claire, sofia = browse("claire"), browse("sofia")
    assert address in claire.get(f"/signalements/{case.id}").get_data(as_text=True)
    assert claire.fill(address).status_code == 422  # no reason
    assert claire.fill(address, reason=REASON).status_code == 303
    assert claire.post(address, {"reason": "Encore."}).status_code == 303  # twice is once
    waiting = one(app, Inquiry)
    assert waiting.sealed_file is None
    assert REASON.encode() not in waiting.sealed_reason
    assert claire.post(f"{address}/fichier").status_code == 404
    alone = claire.post(address, {"confirm": "1", "read": str(waiting.id)})
    assert alone.status_code == 422
    assert one(app, Inquiry).confirmed_at is None
    assert sofia.post(address, {"reason": "Moi aussi."}).status_code == 422  # hers is to confirm
    page = words(sofia.get(address))
    assert REASON in page
    assert sofia.post(address, {"confirm": "1", "read": str(uuid.uuid4())}).status_code == 422
    seen = fields(sofia.get(address))
    assert sofia.fill(address, confirm="1").status_code == 303
    assert sofia.post(address, {**seen, "confirm": "1"}).status_code == 303  # sent twice, it is one
    assert one(app, Inquiry).confirmed_by_id == cast["sofia"]
    assert WORDS.encode() not in one(app, Inquiry).sealed_file
    for reader in (claire, sofia):
        answer = reader.post(f"{address}/fichier")
        assert (answer.status_code, answer.content_type) == (200, "application/zip")
        assert "attachment" in answer.headers["Content-Disposition"]
    content = answer.get_data()
    found = opened(content)
    assert [(t["kind"], t["experience"], [v["words"] for v in t["versions"]]) for t in found["texts"]] == [
        ("feedback", found["texts"][0]["experience"], [WORDS])]
    assert [r["action"] for r in found["readings"]] == ["read_karim"]
    assert [r["note"] for r in found["reported"]] == ["J’ai peur."]
    assert {(j["by"], j["action"]) for j in found["journal"]} >= {("adult", "feedback.give"), ("learner", "feedback.ask"), ("learner", "safety.report")}
    assert [r["cause"] for r in found["contact"]] == ["freeze"]
    assert (found["adult"]["name"], found["learner"]["name"], found["asked_by"], found["confirmed_by"]) == (
        "Karim", "Tom", "Claire", "Sofia")
    body = json.dumps(found, ensure_ascii=False)
    with app.app_context():
        others = [a for a in db.session.scalars(sa.select(Account)) if a.id not in {cast["karim"], cast["tom"]}]
        assert not [a for a in others if str(a.id) in body or str(a.audit_ref) in body]
        assert not [a for a in db.session.scalars(sa.select(Account)) if a.email and a.email in body]
    assert OTHERS not in body
    assert "Léa" not in body
    assert [e.action for e in rows(app, AuditEvent) if "_file" in e.action] == [
        "safety.ask_file", "safety.make_file", "safety.take_file", "safety.take_file"]
    # Signed: one byte more, another key or another city, and it is no longer ours.
    path = tmp_path / "dossier.zip"
    path.write_bytes(content)
    run = app.test_cli_runner()
    said = run.invoke(args=["safety", "verify", str(path)])
    assert said.exit_code == 0, said.output
    assert str(case.id) in said.output
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        document, signature = file.read("dossier.json"), file.read("dossier.json.sig")
    for changed in ((document.replace(b"dimanche", b"lundi"), signature), (document, bytes(64)), (document[:-9], signature)):
        with zipfile.ZipFile(path, "w") as file:
            for name, part in zip(("dossier.json", "dossier.json.sig"), changed, strict=True):
                file.writestr(name, part)
        assert run.invoke(args=["safety", "verify", str(path)]).exit_code == 1
    path.write_bytes(b"nonsense")
    assert run.invoke(args=["safety", "verify", str(path)]).exit_code == 1
    # By others too: what docs/inquiry.md says to do, with nothing but what stands at /.well-known/did.json.
    path.write_bytes(content)
    (tmp_path / "did.json").write_bytes(browse(None).get("/.well-known/did.json").get_data())
    script = re.findall(r"```python\n(.*?)```", (Path(app.root_path).parent / "docs" / "inquiry.md").read_text(), re.S)[0]
    assert "unchanged" in subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, text=True)
    # It tells its learner once the case is closed, and is gone after a week.
    tom = browse("tom")
    line = "a fait, à deux, un dossier de nos échanges pour une enquête"
    assert line not in words(tom.get("/qui-a-regarde"))
    change(app, Report, case.id, decided_at=NOON, outcome="acted", proposed_by_id=cast["claire"], proposed_at=NOON,
           proposed_outcome="acted", done_on=NOON.date(), confirmed_by_id=cast["sofia"])
    assert line in words(tom.get("/qui-a-regarde"))
    at(NOON + WEEK)
    assert browse("sofia").post(f"{address}/fichier").status_code == 404
    with app.app_context(), transaction():
        assert jobs.KINDS["safety.forget_files"].do({}, NOON + WEEK) == 1
    assert one(app, Inquiry).sealed_file is None
    assert "puis effacé" in words(browse("sofia").get(address))


def test_who_may_not_read_the_case_neither_asks_nor_confirms_nor_takes(app: Flask, cast: Cast, browse: Any, case: Report) -> None:
    address = f"/signalements/{case.id}/dossier"
    assert make(browse, address).status_code == 303
    with app.app_context(), transaction():  # a second one of the house, who may read once an end is proposed
        member = build.membership(db.session.get_one(Account, cast["stranger"]),
                                  db.session.get_one(Organisation, cast["library"]), "manager", NOON)
        build.vetting(member, db.session.get_one(Account, cast["sofia"]), NOON)
    change(app, Report, case.id, proposed_by_id=cast["claire"], proposed_at=NOON, proposed_outcome="acted", done_on=NOON.date())
    third = browse("stranger")
    assert "Seules ces deux personnes" in words(third.get(address))
    assert third.post(f"{address}/fichier").status_code == 404
    for who in ("karim", "tom", "farid", "lea"):
        for answer in (browse(who).get(address), browse(who).post(address, {"confirm": "1"}), browse(who).post(f"{address}/fichier")):
            assert answer.status_code == 404, who


@both_databases
def test_the_schema_takes_no_file_made_by_one(app: Flask, cast: Cast, browse: Any, case: Report) -> None:
    table, me = Inquiry.__table__, {"asked_by_id": cast["claire"], "confirmed_by_id": cast["sofia"]}
    honest = {"id": uuid7(), "report_id": case.id, "asked_by_id": me["asked_by_id"], "asked_at": NOON, "sealed_reason": b"x",
              "until": NOON + WEEK}
    by_two = {"confirmed_by_id": me["confirmed_by_id"], "confirmed_at": NOON}

    def refused(statement: Any) -> None:
        with pytest.raises((sa.exc.IntegrityError, sa.exc.InternalError)), db.session.begin_nested():
            db.session.execute(statement)

    with app.app_context():
        for wrong in ({"sealed_file": b"x"}, by_two, {**by_two, "sealed_file": b"x"}, {"until": NOON}):
            refused(sa.insert(table).values({**honest, **wrong}))
        db.session.execute(sa.insert(table).values(honest))
        refused(sa.insert(table).values({**honest, "id": uuid7()}))
        for wrong in ({"sealed_file": b"x"}, {**by_two, "confirmed_by_id": cast["claire"]}, {"confirmed_at": NOON},
                      {"sealed_reason": b"y"}, {"asked_by_id": cast["sofia"]}):
            refused(sa.update(table).values(wrong))
        db.session.execute(sa.update(table).values({**by_two, "sealed_file": b"x"}))
        for wrong in ({"sealed_file": b"y"}, {"confirmed_by_id": cast["farid"]}, {"confirmed_at": None, "confirmed_by_id": None}):
            refused(sa.update(table).values(wrong))
        db.session.execute(sa.update(table).values(sealed_file=None))
        refused(sa.update(table).values(sealed_file=b"x"))
        db.session.rollback()
