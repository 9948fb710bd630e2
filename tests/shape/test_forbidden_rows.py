"""The charter in the schema: each forbidden row, written with plain SQL on both databases, is refused."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.columns import uuid7
from passport.extensions import db
from tests.cast import Cast
from tests.conftest import NOON, both_databases

pytestmark = both_databases

H = dt.timedelta(hours=1)
DAY = 24 * H
D32 = bytes(32)


class World:
    """One honest life, row by row; `put` writes a row, changed as an attack wishes."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.now = NOON
        self.rows: dict[str, dict[str, Any]] = {}

    def put(self, table: str, **values: Any) -> dict[str, Any]:
        known = db.metadata.tables[table]
        if "id" in known.c and known.c.id.type.__class__.__name__ == "Key":
            values.setdefault("id", uuid7())
        for column in known.columns:
            if column.name in values or column.nullable or column.default is None or not column.default.is_scalar:
                continue
            values[column.name] = column.default.arg
        db.session.execute(sa.insert(known).values(values))
        return values

    def life(self, learner: str = "lea", experience: str = "lea_x", member: str = "m_karim", who: str = "karim") -> World:
        """Write the honest path up to a permitted endorsement in a link."""
        c, n, me = self.cast, self.now, self.cast[learner]
        x = c[experience]
        r = self.rows
        r["revision"] = self.put("revision", learner_id=me, experience_id=x, number=1, title="…", facts={}, digest=D32,
                                 made_at=n - 50 * H)
        r["grant"] = self.grant(learner, experience, member, opened_at=n - 50 * H)
        r["request"] = self.put("feedback_request", **self.request(learner, experience, member, who))
        r["text"] = self.text(learner, experience, member, who, "feedback", n - 40 * H)
        r["feedback"] = self.put("feedback", **self.feedback(learner, experience, member, who))
        r["grant2"] = self.grant(learner, experience, member, opened_at=n - 20 * H, source="recognition")
        r["recognition"] = self.put("recognition_request", **self.recognition(learner, experience, member, who))
        for number in (1, 2):
            self.put("requested_competency", request_id=r["recognition"]["id"], competency_id=number, learner_id=me,
                     wording_id=self.wording(number), claimed_step=2)
        r["words"] = self.text(learner, experience, member, who, "endorsement", n - 10 * H)
        return self

    def received(self, **more: Any) -> dict[str, Any]:
        """What was received elsewhere, as nothing is known of it."""
        return {"learner_id": self.cast["lea"], "submission": uuid.uuid4(), "digest": D32, "document": b"{}", "format": "ob3",
                "title": "…", "issuer_name": "", "checked_at": self.now, "added_at": self.now, **more}

    def wording(self, competency: int) -> int:
        wording = db.metadata.tables["wording"]
        return int(db.session.execute(sa.select(wording.c.id).where(wording.c.competency_id == competency)).scalar_one())

    def grant(self, learner: str, experience: str, member: str, **more: Any) -> dict[str, Any]:
        return self.put("access_grant", **{
            "learner_id": self.cast[learner], "experience_id": self.cast[experience],
            "revision_id": self.rows["revision"]["id"], "organisation_id": self.cast["library"],
            "membership_id": self.cast[member], "source": "feedback", "opened_at": self.now,
            "closes_at": self.now + 30 * DAY, **more})

    def request(self, learner: str, experience: str, member: str, who: str, **more: Any) -> dict[str, Any]:
        return {"learner_id": self.cast[learner], "experience_id": self.cast[experience],
                "grant_id": self.rows["grant"]["id"], "organisation_id": self.cast["library"],
                "membership_id": self.cast[member], "facilitator_id": self.cast[who], "submission": uuid.uuid4(),
                "submission_digest": D32, "asked_at": self.now - 50 * H, **more}

    def text(self, learner: str, experience: str, member: str, who: str, kind: str, at: dt.datetime,
             **more: Any) -> dict[str, Any]:
        row = self.put("authored_text", **{
            "learner_id": self.cast[learner], "experience_id": self.cast[experience], "kind": kind,
            "author_id": self.cast[who], "membership_id": self.cast[member], "regime": "private", "written_at": at,
            "deliver_after": at, **more})
        self.put("authored_version", text_id=row["id"], number=1, learner_id=self.cast[learner], words="…", written_at=at)
        return row

    def feedback(self, learner: str, experience: str, member: str, who: str, **more: Any) -> dict[str, Any]:
        return {"learner_id": self.cast[learner], "experience_id": self.cast[experience],
                "request_id": self.rows["request"]["id"], "membership_id": self.cast[member],
                "facilitator_id": self.cast[who], "text_id": self.rows["text"]["id"], "submission": uuid.uuid4(),
                "submission_digest": D32, "visible_at": self.now - 40 * H, "read_at": self.now - 30 * H, **more}

    def recognition(self, learner: str, experience: str, member: str, who: str, **more: Any) -> dict[str, Any]:
        f = self.rows["feedback"]
        return {"learner_id": self.cast[learner], "experience_id": self.cast[experience],
                "revision_id": self.rows["revision"]["id"], "grant_id": self.rows["grant2"]["id"],
                "feedback_id": f["id"], "feedback_read_at": f["read_at"], "membership_id": self.cast[member],
                "facilitator_id": self.cast[who], "submission": uuid.uuid4(), "submission_digest": D32,
                "asked_at": self.now - 20 * H, **more}

    def endorsement(self, **more: Any) -> dict[str, Any]:
        q = self.rows["recognition"]
        shared = ("learner_id", "experience_id", "revision_id", "feedback_id", "membership_id", "facilitator_id", "asked_at")
        row = {**{k: q[k] for k in shared}, "request_id": q["id"], "competency_id": 1, "wording_id": self.wording(1),
               "offered_at": self.now - 10 * H, "step": 3, "how_known": "saw", "how_person_known": "regularly",
               "is_relative": False, "endorser_is_adult": True, "seen_from_on": dt.date(2026, 1, 1),
               "seen_to_on": dt.date(2026, 6, 1), "text_id": self.rows["words"]["id"], "story_digest": D32,
               "endorser_role": "animateur", "organisation_name": "Médiathèque Mandela"}
        row.update(more)
        return row

    def endorse(self, **more: Any) -> dict[str, Any]:
        row = self.put("endorsement", **self.endorsement(**more))
        self.rows["endorsement"] = row
        return row

    def keep(self) -> World:
        row = self.endorse()
        self.sql("UPDATE endorsement SET accepted_at = :t WHERE id = :id", t=self.now - 9 * H, id=row["id"])
        return self

    def permission(self, **more: Any) -> dict[str, Any]:
        e = self.rows["endorsement"]
        return {"learner_id": e["learner_id"], "endorsement_id": e["id"], "accepted_at": self.now - 9 * H,
                "given_at": self.now - 8 * H, **more}

    def permit(self) -> World:
        self.rows["permission"] = self.put("permission", **self.permission())
        e = self.rows["endorsement"]
        self.rows["edition"] = self.put("edition", learner_id=e["learner_id"], made_at=self.now, head={})
        return self

    def item(self, **more: Any) -> dict[str, Any]:
        e, p = self.rows["endorsement"], self.rows.get("permission", {})
        return {"learner_id": e["learner_id"], "edition_id": self.rows["edition"]["id"], "position": 1,
                "kind": "endorsement", "experience_id": e["experience_id"], "revision_id": e["revision_id"],
                "endorsement_id": e["id"], "permitted_at": p.get("given_at"), "document": {}, **more}

    def piece(self, learner: str = "lea", experience: str = "lea_x", kind: str = "photo") -> dict[str, Any]:
        """Return a photo, a document or a link beside an experience."""
        what = {"url": "https://alpha.example"} if kind == "link" else {"storage_name": uuid.uuid4().hex}
        return self.put("evidence", learner_id=self.cast[learner], experience_id=self.cast[experience], kind=kind,
                        submission=uuid.uuid4(), size=9, added_at=self.now, **what)

    def told(self, learner: str = "lea", experience: str = "lea_x") -> dict[str, Any]:
        """Put an experience into a new edition, and return what each item of it there has in common."""
        whose = {"learner_id": self.cast[learner], "experience_id": self.cast[experience]}
        revision = self.rows.get("revision") or self.put("revision", **whose, number=1, title="…", facts={}, digest=D32,
                                                         made_at=self.now)
        self.rows["edition"] = self.put("edition", learner_id=self.cast[learner], made_at=self.now, head={})
        common = {**whose, "edition_id": self.rows["edition"]["id"], "revision_id": revision["id"], "document": {}}
        self.put("edition_item", **common, kind="experience", position=0)
        return common

    def share(self, learner: str = "lea", **more: Any) -> dict[str, Any]:
        edition = self.rows.get("edition") or self.put("edition", learner_id=self.cast[learner], made_at=self.now, head={})
        self.rows["edition"] = edition
        return {"learner_id": self.cast[learner], "edition_id": edition["id"], "submission": uuid.uuid4(),
                "submission_digest": D32, "recipient_name": "Boulangerie", "name_form": "display",
                "token_hash": os.urandom(32), "token_sealed": b"x", "created_at": self.now,
                "expires_at": self.now + 90 * DAY, **more}

    def invitation(self, learner: str = "lea", experience: str = "lea_x", **more: Any) -> dict[str, Any]:
        """Return an open invitation for somebody without account, about the revision of the honest path."""
        row = {"id": uuid7(), "learner_id": self.cast[learner], "experience_id": self.cast[experience],
               "revision_id": self.rows["revision"]["id"], "submission": uuid.uuid4(), "submission_digest": D32,
               "shown": {"name": "…", "claims": []}, "token_hash": os.urandom(32), "token_sealed": b"x",
               "made_at": self.now - DAY, "expires_at": self.now + DAY, **more}
        self.rows["invitation"] = row
        return row

    def testimony(self, **more: Any) -> dict[str, Any]:
        """Write the words of somebody without account and return the row that would carry them."""
        i = self.rows["invitation"]
        whose = {"learner_id": i["learner_id"], "experience_id": i["experience_id"]}
        text = self.put("authored_text", **whose, kind="testimony", regime="private", written_at=self.now,
                        deliver_after=self.now)
        self.rows["said"] = text
        return {"id": uuid7(), **whose, "invitation_id": i["id"], "text_id": text["id"], "kind": "testimony",
                "submission": uuid.uuid4(), "deletion_hash": os.urandom(32), "witness_name": "Mme Petit",
                "name_form": "full", "relation": "voisine", "is_relative": False, "is_minor": False, "saw_it": True,
                "may_be_shown": True, "written_at": self.now, **more}

    def sql(self, statement: str, **values: Any) -> None:
        types = [sa.bindparam(k, type_=self._type(v)) for k, v in values.items()]
        db.session.execute(sa.text(statement).bindparams(*types), values)

    def change(self, table: str, column: str, value: Any, which: str, more: str = "") -> dict[str, Any]:
        """Change one fact of the house or the role first; nothing of the endorsement itself."""
        also = f", {more} = :t" if more else ""
        self.sql(f"UPDATE {table} SET {column} = :t{also} WHERE id = :id", t=value, id=self.cast[which])
        return {}

    @staticmethod
    def _type(value: Any) -> Any:
        from passport.columns import Instant, Key

        return Key() if isinstance(value, uuid.UUID) else Instant() if isinstance(value, dt.datetime) else None


@pytest.fixture
def world(app: Flask, cast: Cast) -> Any:
    with app.app_context():
        yield World(cast)
        db.session.rollback()


def refused(work: Callable[[], Any]) -> None:
    """The database itself stops it."""
    db.session.flush()
    with pytest.raises((sa.exc.IntegrityError, sa.exc.InternalError)):
        work()


# ---- rule 2: formative first -------------------------------------------------------------------------------------

REQUESTS: dict[str, Callable[[World], dict[str, Any]]] = {
    "without feedback": lambda w: {"feedback_id": None},
    "with a made-up reading time": lambda w: {"feedback_read_at": w.now - 31 * H},
    "without reading time": lambda w: {"feedback_read_at": None},
    "asked before the reading": lambda w: {"asked_at": w.now - 31 * H},
    "about another experience": lambda w: {"experience_id": w.cast["lea_me"]},
    "by another learner": lambda w: {"learner_id": w.cast["stranger"]},
    "to oneself": lambda w: {"facilitator_id": w.cast["lea"]},
    "in the name of another": lambda w: {"facilitator_id": w.cast["nadia"]},
}


@pytest.mark.parametrize("attack", REQUESTS)
def test_no_request_for_recognition(world: World, attack: str) -> None:
    world.life()
    world.sql("DELETE FROM requested_competency")
    world.sql("DELETE FROM recognition_request")
    row = {**world.recognition("lea", "lea_x", "m_karim", "karim"), **REQUESTS[attack](world)}
    refused(lambda: world.put("recognition_request", **row))


def test_the_honest_path_is_accepted(world: World) -> None:
    world.life().keep().permit()
    world.put("edition_item", **world.item())
    world.put("share", **world.share())


def test_no_request_on_an_unread_feedback(world: World) -> None:
    world.life()
    world.sql("DELETE FROM requested_competency")
    world.sql("DELETE FROM recognition_request")
    other = world.put("access_grant", **{**world.rows["grant"], "id": uuid7()})
    request = world.put("feedback_request", **world.request("lea", "lea_x", "m_nadia", "nadia", grant_id=other["id"]))
    text = world.text("lea", "lea_x", "m_nadia", "nadia", "feedback", world.now - 40 * H)
    unread = world.put("feedback", **world.feedback("lea", "lea_x", "m_nadia", "nadia", read_at=None,
                                                    request_id=request["id"], text_id=text["id"]))
    for claimed in (None, world.now - 30 * H):
        row = world.recognition("lea", "lea_x", "m_nadia", "nadia", feedback_id=unread["id"], feedback_read_at=claimed)
        with db.session.begin_nested() as point:
            refused(lambda row=row: world.put("recognition_request", **row))
            point.rollback()


def _alone(world: World) -> None:
    """Leave a read feedback, on which nothing stands."""
    world.life()
    world.sql("DELETE FROM requested_competency")
    world.sql("DELETE FROM recognition_request")


def test_what_was_taken_back_opens_no_recognition_until_it_is_put_back(world: World) -> None:
    _alone(world)
    row = world.recognition("lea", "lea_x", "m_karim", "karim")
    world.sql("UPDATE feedback SET withdrawn_at = :t", t=world.now - 29 * H)
    with db.session.begin_nested() as point:
        refused(lambda: world.put("recognition_request", **row))
        point.rollback()
    world.sql("UPDATE feedback SET withdrawn_at = NULL, put_back_at = :t", t=world.now - 28 * H)
    world.put("recognition_request", **row)


@pytest.mark.parametrize("attack", ["withdrawn_at = NULL", "withdrawn_at = NULL, put_back_at = :t", "put_back_at = NULL"])
def test_what_was_taken_back_comes_back_once(world: World, attack: str) -> None:
    _alone(world)
    world.sql("UPDATE feedback SET withdrawn_at = :t", t=world.now - 29 * H)
    with db.session.begin_nested() as point:
        refused(lambda: world.sql("UPDATE feedback SET withdrawn_at = NULL"))
        point.rollback()
    world.sql("UPDATE feedback SET withdrawn_at = NULL, put_back_at = :t", t=world.now - 28 * H)
    world.sql("UPDATE feedback SET withdrawn_at = :t", t=world.now - 27 * H)
    refused(lambda: world.sql(f"UPDATE feedback SET {attack}", **({"t": world.now} if ":t" in attack else {})))


def test_what_was_taken_back_is_not_dated_anew(world: World) -> None:
    _alone(world)
    world.sql("UPDATE feedback SET withdrawn_at = :t", t=world.now - 29 * H)
    refused(lambda: world.sql("UPDATE feedback SET withdrawn_at = :t", t=world.now))


@pytest.mark.parametrize("outcome", [None, "decided", "cancelled", "lapsed", "cannot"])
def test_a_feedback_is_taken_back_once_nothing_stands_on_it(world: World, outcome: str | None) -> None:
    world.life()
    if outcome is not None:
        world.sql(f"UPDATE recognition_request SET closed_at = :t, outcome = '{outcome}'", t=world.now)

    def take_back() -> None:
        world.sql("UPDATE feedback SET withdrawn_at = :t", t=world.now)

    if outcome in {None, "decided"}:
        refused(take_back)
    else:
        take_back()


def test_what_was_taken_back_is_not_read(world: World) -> None:
    _alone(world)
    text = world.text("lea", "lea_x", "m_nadia", "nadia", "feedback", world.now - 40 * H)
    other = world.put("access_grant", **{**world.rows["grant"], "id": uuid7()})
    request = world.put("feedback_request", **world.request("lea", "lea_x", "m_nadia", "nadia", grant_id=other["id"]))
    world.put("feedback", **world.feedback("lea", "lea_x", "m_nadia", "nadia", read_at=None, withdrawn_at=world.now - 9 * H,
                                           request_id=request["id"], text_id=text["id"]))
    refused(lambda: world.sql("UPDATE feedback SET read_at = :t WHERE read_at IS NULL", t=world.now))


REPLIES = {
    "another answer": "UPDATE feedback SET reply = 'x'",
    "an answer erased without a word": "UPDATE feedback SET reply = NULL",
    "an answer that was never given": "UPDATE feedback SET reply = NULL, replied_at = NULL",
    "taken back with its words": "UPDATE feedback SET reply_withdrawn_at = replied_at",
    "taken back before it was given": "UPDATE feedback SET reply = NULL, reply_withdrawn_at = visible_at",
}


@pytest.mark.parametrize("attack", REPLIES)
def test_an_answer_is_given_once(world: World, attack: str) -> None:
    _alone(world)
    world.sql("UPDATE feedback SET reply = 'Merci', replied_at = :t", t=world.now - 20 * H)
    refused(lambda: world.sql(REPLIES[attack]))


@pytest.mark.parametrize("attack", ["reply_withdrawn_at = NULL, reply = 'x'", "reply_withdrawn_at = NULL, replied_at = NULL",
                                    "reply = 'x'"])
def test_an_answer_that_was_taken_back_is_taken_back_for_good(world: World, attack: str) -> None:
    _alone(world)
    world.sql("UPDATE feedback SET reply = 'Merci', replied_at = :t", t=world.now - 20 * H)
    world.sql("UPDATE feedback SET reply = NULL, reply_withdrawn_at = :t", t=world.now)
    refused(lambda: world.sql(f"UPDATE feedback SET {attack}"))


def test_a_witness_opens_no_recognition(world: World) -> None:
    """A testimony is another table: its id is no feedback."""
    world.life()
    world.put("witness_invitation", **world.invitation())
    testimony = world.put("testimony", **world.testimony(read_at=world.now - 30 * H))
    row = world.recognition("lea", "lea_x", "m_karim", "karim", feedback_id=testimony["id"], grant_id=world.rows["grant"]["id"])
    refused(lambda: world.put("recognition_request", **row))


UPDATES = {
    "un-reading a feedback": "UPDATE feedback SET read_at = NULL",
    "another reading time": "UPDATE feedback SET read_at = visible_at",
    "moving a feedback": "UPDATE feedback SET facilitator_id = learner_id",
    "taking back a feedback that recognition stands on": "UPDATE feedback SET withdrawn_at = read_at",
    "an answer taken back that was never given": "UPDATE feedback SET reply_withdrawn_at = read_at",
    "raising the step": "UPDATE endorsement SET step = 4",
    "another competency": "UPDATE endorsement SET competency_id = 2",
    "another role": "UPDATE endorsement SET endorser_role = 'maire'",
    "un-keeping": "UPDATE endorsement SET accepted_at = NULL",
    "deleting an endorsement": "DELETE FROM endorsement",
    "deleting the feedback under it": "DELETE FROM feedback",
    "deleting the request under it": "DELETE FROM recognition_request",
    "rewriting the words": "UPDATE authored_version SET words = 'x'",
    "another author": "UPDATE authored_text SET author_id = learner_id",
    "deleting the words": "DELETE FROM authored_version",
    "rewriting a revision": "UPDATE revision SET title = 'x'",
    "deleting a revision": "DELETE FROM revision",
    "rewriting a snapshot": "UPDATE edition_item SET position = 9",
    "backdating a permission": "UPDATE permission SET given_at = accepted_at",
    "withdrawal without a reason": "UPDATE endorsement SET withdrawn_at = offered_at",
    "keeping and declining": "UPDATE endorsement SET declined_at = accepted_at",
}


@pytest.mark.parametrize("attack", UPDATES)
def test_what_was_said_and_done_stays(world: World, attack: str) -> None:
    world.life().keep().permit()
    world.put("edition_item", **world.item())
    refused(lambda: world.sql(UPDATES[attack]))


def test_replacing_a_row_is_deleting_it(world: World) -> None:
    world.life().keep()
    if db.engine.dialect.name == "sqlite":
        refused(lambda: world.sql("INSERT OR REPLACE INTO endorsement SELECT * FROM endorsement"))
    else:
        refused(lambda: world.sql("TRUNCATE endorsement CASCADE"))


# ---- rules 7, 9, 12: who endorses, when ---------------------------------------------------------------------------

ENDORSEMENTS: dict[str, Callable[[World], dict[str, Any]]] = {
    "without request": lambda w: {"request_id": uuid7()},
    "of a competency not asked": lambda w: {"competency_id": 9, "wording_id": w.wording(9)},
    "by somebody else than asked": lambda w: {"facilitator_id": w.cast["nadia"], "membership_id": w.cast["m_nadia"]},
    "about another experience": lambda w: {"experience_id": w.cast["lea_me"]},
    "dated before the asking": lambda w: {"offered_at": w.now - 21 * H},
    "without a step": lambda w: {"step": None},
    "at a fifth step": lambda w: {"step": 5},
    "without saying how it is known": lambda w: {"how_known": None},
    "known by hearsay": lambda w: {"how_known": "heard"},
    "without saying how the person is known": lambda w: {"how_person_known": None},
    "of a relative": lambda w: {"is_relative": True},
    "by somebody under 18": lambda w: {"endorser_is_adult": False},
    "without a sentence": lambda w: {"text_id": None},
    "with the words of a feedback": lambda w: {"text_id": w.rows["text"]["id"]},
    "seen backwards": lambda w: {"seen_to_on": dt.date(2025, 12, 31)},
    "of an unknown revision": lambda w: {"revision_id": uuid7()},
    "before the charter": lambda w: {"offered_at": w.now - 10 * H, **w.change("membership", "charter_accepted_at", w.now, "m_karim", more="trained_at")},
    "by somebody who left": lambda w: w.change("membership", "ended_at", w.now - 11 * H, "m_karim"),
    "by somebody suspended": lambda w: w.change("membership", "suspended_at", w.now - 11 * H, "m_karim"),
    "before joining": lambda w: w.change("membership", "joined_at", w.now - H, "m_karim"),
    "for a house not accredited then": lambda w: w.change("organisation", "accredited_at", w.now - H, "library"),
    "for a suspended house": lambda w: w.change("organisation", "suspended_at", w.now - 11 * H, "library"),
    "for a closed house": lambda w: w.change("organisation", "closed_at", w.now - 11 * H, "library"),
}


@pytest.mark.parametrize("attack", ENDORSEMENTS)
def test_no_endorsement(world: World, attack: str) -> None:
    world.life()
    more = ENDORSEMENTS[attack](world)
    refused(lambda: world.endorse(**more))


def test_the_same_competency_is_endorsed_once_on_a_request(world: World) -> None:
    world.life().keep()
    world.rows["words"] = world.text("lea", "lea_x", "m_karim", "karim", "endorsement", world.now - 10 * H)
    refused(lambda: world.endorse())


@pytest.mark.parametrize("attack", ["no check", "expired", "revoked", "house without minors"])
def test_no_endorsement_of_a_minor_without_a_check(world: World, attack: str) -> None:
    world.life("tom", "tom_x")
    if attack == "no check":
        world.sql("DELETE FROM vetting")
    elif attack == "expired":
        world.sql("UPDATE vetting SET checked_on = '2026-01-01', expires_on = '2026-11-24'")
    elif attack == "revoked":
        world.sql("UPDATE vetting SET revoked_at = :t", t=world.now - 12 * H)
    else:
        world.sql("UPDATE organisation SET minors_state = 'asked'")
    refused(lambda: world.endorse())


def test_a_minor_with_a_checked_facilitator_is_endorsed(world: World) -> None:
    world.life("tom", "tom_x").keep()


def test_no_feedback_to_a_minor_without_a_check(world: World) -> None:
    world.life("tom", "tom_x")
    world.sql("DELETE FROM vetting")
    other = world.put("access_grant", **{**world.rows["grant"], "id": uuid7()})
    request = world.put("feedback_request", **world.request("tom", "tom_x", "m_nadia", "nadia", grant_id=other["id"]))
    text = world.text("tom", "tom_x", "m_nadia", "nadia", "feedback", world.now - 40 * H)
    refused(lambda: world.put("feedback", **world.feedback("tom", "tom_x", "m_nadia", "nadia", request_id=request["id"],
                                                           text_id=text["id"], read_at=None)))


def test_nobody_records_their_own_check(world: World) -> None:
    refused(lambda: world.put("vetting", membership_id=world.cast["m_karim"], account_id=world.cast["karim"],
                              kind="sport_licence", checked_on=dt.date(2026, 11, 1), expires_on=dt.date(2027, 1, 1),
                              recorded_by_id=world.cast["karim"], recorded_at=world.now))


def test_a_coordinator_belongs_to_the_city(world: World) -> None:
    refused(lambda: world.put("membership", organisation_id=world.cast["library"], organisation_kind="public_service",
                              account_id=world.cast["stranger"], role="coordinator", invited_at=world.now))


# ---- rules 3, 4: consent at every door, no failure on record ------------------------------------------------------

def test_nothing_is_permitted_before_it_is_kept(world: World) -> None:
    world.life().endorse()
    refused(lambda: world.put("permission", **world.permission()))


def test_nothing_declined_is_permitted(world: World) -> None:
    world.life().endorse()
    world.sql("UPDATE endorsement SET declined_at = :t", t=world.now - 9 * H)
    refused(lambda: world.put("permission", **world.permission()))


@pytest.mark.parametrize("attack", ["not permitted", "ended", "set aside", "made-up time", "no time", "another experience"])
def test_nothing_is_in_a_link_that_its_learner_does_not_permit(world: World, attack: str) -> None:
    world.life().keep()
    if attack == "not permitted":
        world.rows["edition"] = world.put("edition", learner_id=world.cast["lea"], made_at=world.now, head={})
        more: dict[str, Any] = {"permitted_at": world.now - 8 * H}
    else:
        world.permit()
        more = {}
    if attack == "ended":
        world.sql("UPDATE permission SET ended_at = :t", t=world.now - 7 * H)
    elif attack == "set aside":
        world.sql("UPDATE endorsement SET set_aside_at = :t", t=world.now - 7 * H)
    elif attack == "made-up time":
        more = {"permitted_at": world.now}
    elif attack == "no time":
        more = {"permitted_at": None}
    elif attack == "another experience":
        more = {"experience_id": world.cast["lea_me"]}
    refused(lambda: world.put("edition_item", **world.item(**more)))


def test_a_permission_is_ended_once_and_given_again_as_a_new_row(world: World) -> None:
    world.life().keep().permit()
    world.sql("UPDATE permission SET ended_at = :t", t=world.now - 7 * H)
    with db.session.begin_nested() as point:
        refused(lambda: world.sql("UPDATE permission SET ended_at = NULL"))
        point.rollback()
    world.put("permission", **world.permission(given_at=world.now - 6 * H))


@pytest.mark.parametrize("table", ["access_grant", "edition_item", "witness_invitation"])
def test_for_me_only_leaves_by_no_door(world: World, table: str) -> None:
    world.life().keep().permit()
    world.sql("UPDATE experience SET for_me_only = :yes WHERE id = :id", yes=True, id=world.cast["lea_x"])
    rows: dict[str, Callable[[], Any]] = {
        "access_grant": lambda: world.grant("lea", "lea_x", "m_karim"),
        "edition_item": lambda: world.put("edition_item", **world.item()),
        "witness_invitation": lambda: world.put(
            "witness_invitation", **world.invitation()),
    }
    refused(rows[table])


def test_nothing_shown_can_point_to_a_not_yet(world: World) -> None:
    """Structure: only its own request and its own words have a key to or from « D’abord un pas de plus »."""
    pointing = {t.name for t in db.metadata.tables.values() for f in t.foreign_keys if f.column.table.name == "not_yet"}
    assert pointing == set()
    to = {f.column.table.name for f in db.metadata.tables["not_yet"].foreign_keys}
    assert to == {"passport", "requested_competency", "authored_text"}


# ---- rule 9: links of minors --------------------------------------------------------------------------------------

@pytest.mark.parametrize(("learner", "days"), [("lea", 367), ("youth", 91), ("tom", 30), ("tom", 31)])
def test_no_link_lasts_longer_than_its_age_allows(world: World, learner: str, days: int) -> None:
    refused(lambda: world.put("share", **world.share(learner, expires_at=world.now + days * DAY + 3 * H)))


@pytest.mark.parametrize(("learner", "days"), [("lea", 180), ("youth", 90)])
def test_a_link_within_its_age_is_accepted(world: World, learner: str, days: int) -> None:
    world.put("share", **world.share(learner, expires_at=world.now + days * DAY))


def consent(world: World, **more: Any) -> uuid.UUID:
    row = world.put("guardian_consent", **{
        "learner_id": world.cast["tom"], "option": "placement", "text_version": "1", "learner_agreed_at": world.now - H,
        "guardian_agreed_at": world.now - H, "until": world.now + 300 * DAY, **more})
    return uuid.UUID(str(row["id"]))


def parents(world: World, *answered: bool) -> list[uuid.UUID]:
    return [uuid.UUID(str(world.put("guardian", learner_id=world.cast["tom"], way="code", token_hash=uuid.uuid4().bytes * 2,
                                    asked_at=world.now - 2 * H, expires_at=world.now + DAY,
                                    answered_at=world.now - H if yes else None)["id"])) for yes in answered]


@pytest.mark.parametrize("half", ["learner_agreed_at", "guardian_agreed_at", "withdrawn", "over", "another purpose", "show"])
def test_half_a_consent_opens_nothing(world: World, half: str) -> None:
    more: dict[str, Any] = {half: None} if half.endswith("_at") else {}
    if half == "withdrawn":
        more = {"withdrawn_at": world.now, "withdrawn_by": "guardian"}
    elif half == "over":
        more = {"until": world.now - H}
    elif half == "another purpose":
        more = {"option": "image"}
    elif half == "show":
        more = {"option": "show"}
    given = consent(world, **more)
    for_whom = "show" if half == "show" else "placement"
    refused(lambda: world.put("share", **world.share("tom", expires_at=world.now + 20 * DAY, guardian_consent_id=given,
                                                     purpose=for_whom)))


def test_both_halves_open_a_short_link(world: World) -> None:
    world.put("share", **world.share("tom", expires_at=world.now + 20 * DAY, guardian_consent_id=consent(world),
                                     purpose="placement"))


@pytest.mark.parametrize("attack", ["longer than a year", "agreed again", "given back", "kept after a no", "by nobody"])
def test_a_consent_is_said_once_and_ends_within_a_year(world: World, attack: str) -> None:
    over = attack in {"given back", "kept after a no"}
    given = consent(world, **({"withdrawn_at": world.now, "withdrawn_by": "guardian"} if over else {}))
    sets, values = {
        "longer than a year": ("until = :t", {"t": world.now + 367 * DAY}),
        "agreed again": ("guardian_agreed_at = :t", {"t": world.now}),
        "given back": ("withdrawn_at = NULL, withdrawn_by = NULL", {}),
        "kept after a no": ("kept_at = :t", {"t": world.now}),
        "by nobody": ("withdrawn_at = :t", {"t": world.now}),
    }[attack]
    refused(lambda: world.sql(f"UPDATE guardian_consent SET {sets} WHERE id = :id", id=given, **values))


def test_the_second_parent_is_another_and_for_images_alone(world: World) -> None:
    one, other = parents(world, True, True)
    for more in ({"option": "image", "second_guardian_id": one}, {"option": "show", "second_guardian_id": other},
                 {"option": "image", "second_agreed_at": world.now - H}):
        with db.session.begin_nested() as point:
            refused(lambda more=more: consent(world, guardian_id=one, **more))
            point.rollback()
    consent(world, option="image", guardian_id=one, second_guardian_id=other)


def test_permitting_under_15_needs_both(world: World) -> None:
    world.life("tom", "tom_x").keep()
    with db.session.begin_nested() as point:
        refused(lambda: world.put("permission", **world.permission()))
        point.rollback()
    given = consent(world, option="show", learner_agreed_at=world.now - 100 * H, guardian_agreed_at=world.now - 100 * H)
    world.put("permission", **world.permission(guardian_consent_id=given))


@pytest.mark.parametrize(("learner", "change", "ok"), [
    ("lea", {"expires_at": 180}, False),
    ("lea", {"expires_at": 180, "extended_at": 0}, True),
    ("lea", {"expires_at": 367, "extended_at": 0}, False),
    ("youth", {"expires_at": 90, "extended_at": 0}, True),
    ("youth", {"expires_at": 91, "extended_at": 0}, False),
    ("youth", {"expires_at": 90, "extended_at": 31}, False),
], ids=str)
def test_an_end_moves_from_the_day_it_is_moved_and_no_further(
    world: World, learner: str, change: dict[str, int], ok: bool
) -> None:
    world.put("share", **world.share(learner, expires_at=world.now + 30 * DAY))
    sets = ", ".join(f"{name} = :{name}" for name in change)
    values = {name: world.now + days * DAY + (0 * H if ok else 3 * H) for name, days in change.items()}

    def move() -> None:
        world.sql(f"UPDATE share SET {sets}", **values)

    if ok:
        move()
    else:
        refused(move)


@pytest.mark.parametrize("change", ["expires_at = NULL", "revoked_at = NULL", "edition_id = id"])
def test_a_closed_link_stays_closed(world: World, change: str) -> None:
    world.put("share", **world.share())
    world.sql("UPDATE share SET revoked_at = :t", t=world.now)
    refused(lambda: world.sql(f"UPDATE share SET {change}"))


# ---- somebody who was there, without account -----------------------------------------------------------------------

TESTIMONIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "a minor with a full name": lambda w: {"is_minor": True},
    "a minor by their role": lambda w: {"is_minor": True, "name_form": "role"},
    "a form of name that is none": lambda w: {"name_form": "nick"},
    "on another learner's invitation": lambda w: {"learner_id": w.cast["stranger"]},
    "about another experience": lambda w: {"experience_id": w.cast["lea_me"]},
    "without invitation": lambda w: {"invitation_id": uuid7()},
    "with the words of a feedback": lambda w: {"text_id": w.rows["text"]["id"]},
    "after the end": lambda w: {"written_at": w.now + DAY},
    "before it was made": lambda w: {"written_at": w.now - 2 * DAY},
    "shown without having been there": lambda w: {"saw_it": False},
    "without saying whether a relative": lambda w: {"is_relative": None},
    "without a way to erase it": lambda w: {"deletion_hash": None},
}


@pytest.mark.parametrize("attack", TESTIMONIES)
def test_nobody_without_account_says(world: World, attack: str) -> None:
    world.life()
    world.put("witness_invitation", **world.invitation())
    row = {**world.testimony(), **TESTIMONIES[attack](world)}
    refused(lambda: world.put("testimony", **row))


def test_the_words_of_a_minor_by_first_name_are_accepted(world: World) -> None:
    world.life()
    world.put("witness_invitation", **world.invitation())
    world.put("testimony", **world.testimony(is_minor=True, name_form="first", witness_name="Zoé"))


def test_an_invitation_is_answered_once(world: World) -> None:
    world.life()
    world.put("witness_invitation", **world.invitation())
    world.put("testimony", **world.testimony())
    row = world.testimony()
    refused(lambda: world.put("testimony", **row))


def test_a_cancelled_invitation_takes_no_answer(world: World) -> None:
    world.life()
    world.put("witness_invitation", **world.invitation(revoked_at=world.now - H))
    row = world.testimony()
    refused(lambda: world.put("testimony", **row))


def test_the_words_of_an_adult_with_an_account_are_no_testimony(world: World) -> None:
    world.life()
    world.put("witness_invitation", **world.invitation())
    text = world.text("lea", "lea_x", "m_karim", "karim", "testimony", world.now)
    row = world.testimony(text_id=text["id"])
    refused(lambda: world.put("testimony", **row))


@pytest.mark.parametrize("half", ["none", "learner_agreed_at", "guardian_agreed_at", "show"])
def test_a_witness_under_15_needs_both(world: World, half: str) -> None:
    world.life("tom", "tom_x")
    more: dict[str, Any] = {"option": "witness", "learner_agreed_at": world.now - 3 * DAY,
                            "guardian_agreed_at": world.now - 3 * DAY}
    more |= {half: None} if half.endswith("_at") else {"option": "show"} if half == "show" else {}
    given = consent(world, **more) if half != "none" else None
    row = world.invitation("tom", "tom_x", guardian_consent_id=given)
    refused(lambda: world.put("witness_invitation", **row))


def test_a_witness_under_15_with_both_is_accepted(world: World) -> None:
    world.life("tom", "tom_x")
    given = consent(world, option="witness", learner_agreed_at=world.now - 3 * DAY,
                    guardian_agreed_at=world.now - 3 * DAY)
    world.put("witness_invitation", **world.invitation("tom", "tom_x", guardian_consent_id=given))


SAID = {
    "another name": "UPDATE testimony SET witness_name = 'x'",
    "no relative any more": "UPDATE testimony SET is_relative = NOT is_relative",
    "a relation of one's own": "UPDATE testimony SET relation = 'x'",
    "allowing again": "UPDATE testimony SET may_be_shown = NOT may_be_shown",
    "rewriting the words": "UPDATE authored_version SET words = 'x'",
}


@pytest.mark.parametrize("attack", SAID)
def test_what_somebody_without_account_said_stays_as_it_was(world: World, attack: str) -> None:
    world.life()
    world.put("witness_invitation", **world.invitation())
    world.put("testimony", **world.testimony())
    if attack == "allowing again":
        world.sql("UPDATE testimony SET may_be_shown = NOT may_be_shown")
    refused(lambda: world.sql(SAID[attack]))


@pytest.mark.parametrize("attack", ["without its experience", "another experience's", "another learner's",
                                    "as an endorsement", "as an experience", "nothing", ""])
def test_a_piece_is_in_a_link_only_with_its_experience(world: World, attack: str) -> None:
    """What is erased leaves every edition at once."""
    world.rows["revision"] = world.put("revision", learner_id=world.cast["lea"], experience_id=world.cast["lea_x"], number=1,
                                       title="…", facts={}, digest=D32, made_at=world.now)
    common = world.told()
    mine, other = world.piece(), world.piece(experience="lea_me")
    theirs = world.piece("youth", "youth_x")
    row = {**common, "kind": "evidence", "evidence_id": mine["id"], "position": 1}
    if attack == "without its experience":
        row["edition_id"] = world.put("edition", learner_id=world.cast["lea"], made_at=world.now, head={})["id"]
    elif attack == "another experience's":
        row["evidence_id"] = other["id"]
    elif attack == "another learner's":
        row["evidence_id"] = theirs["id"]
    elif attack == "as an endorsement":
        row["kind"] = "endorsement"
    elif attack == "as an experience":
        row["kind"] = "experience"
    elif attack == "nothing":
        row["evidence_id"] = None
    if attack:
        refused(lambda: world.put("edition_item", **row))
    else:
        world.put("edition_item", **row)
        again = world.told()
        world.put("edition_item", **{**row, **again})
        world.sql("DELETE FROM evidence WHERE id = :id", id=mine["id"])
        kinds = db.session.execute(sa.text("SELECT kind FROM edition_item")).scalars().all()
        assert kinds == ["experience", "experience"]


@pytest.mark.parametrize(("learner", "kind", "agreed", "opens"), [
    ("tom", "photo", None, False), ("tom", "document", None, False), ("tom", "photo", 1, False), ("tom", "photo", 2, True),
    ("tom", "document", 2, True), ("tom", "link", None, True), ("youth", "photo", None, True)])
def test_no_link_under_15_shows_a_picture_without_both_parents(
    world: World, learner: str, kind: str, agreed: int | None, opens: bool
) -> None:
    common = world.told(learner, f"{learner}_x")
    row = world.piece(learner, f"{learner}_x", kind)
    world.put("edition_item", **common, kind="evidence", evidence_id=row["id"], position=1)
    given = consent(world) if learner == "tom" else None
    pictured = None
    if agreed:
        one, other = parents(world, True, True)
        pictured = consent(world, option="image", guardian_id=one, second_guardian_id=other,
                           second_agreed_at=world.now - H if agreed == 2 else None)
    share = world.share(learner, expires_at=world.now + 20 * DAY, guardian_consent_id=given, image_consent_id=pictured,
                        purpose="placement" if learner == "tom" else "show")
    if opens:
        world.put("share", **share)
    else:
        refused(lambda: world.put("share", **share))


@pytest.mark.parametrize("attack", ["not allowed", "hidden", "another experience", "another learner's", "as an endorsement", ""])
def test_nothing_is_in_a_link_that_who_said_it_does_not_allow(world: World, attack: str) -> None:
    world.life().keep().permit()
    world.put("witness_invitation", **world.invitation())
    row = world.put("testimony", **world.testimony(may_be_shown=attack != "not allowed"))
    if attack == "hidden":
        world.sql("UPDATE authored_text SET hidden_at = :t WHERE id = :id", t=world.now, id=world.rows["said"]["id"])
    more: dict[str, Any] = {"kind": "testimony", "testimony_id": row["id"], "endorsement_id": None, "permitted_at": None}
    if attack == "another experience":
        world.sql("UPDATE experience SET for_me_only = :no", no=False)
        other = world.put("revision", learner_id=world.cast["lea"], experience_id=world.cast["lea_me"], number=1,
                          title="…", facts={}, digest=D32, made_at=world.now)
        more |= {"experience_id": world.cast["lea_me"], "revision_id": other["id"]}
    elif attack == "another learner's":
        more["learner_id"] = world.cast["stranger"]
    elif attack == "as an endorsement":
        more["kind"] = "endorsement"
    if attack:
        refused(lambda: world.put("edition_item", **world.item(**more)))
    else:
        world.put("edition_item", **world.item(**more))
        world.sql("DELETE FROM testimony")
        assert db.session.execute(sa.text("SELECT count(*) FROM edition_item")).scalar_one() == 0


# ---- received elsewhere -------------------------------------------------------------------------------------------

UNSOUND = {
    "known, and nobody looked": {"issuer": "elsewhere"},
    "known, and changed": {"signature_ok": False, "issuer": "elsewhere"},
    "mine, and nobody looked": {"is_mine": True},
    "mine, and changed": {"signature_ok": False, "is_mine": False},
    "in force, and nobody looked": {"in_force": True},
    "in force, and changed": {"signature_ok": False, "in_force": True},
    "of this city, and not": {"signature_ok": True, "issuer": "elsewhere", "credential_id": uuid.uuid4()},
    "of this city, of nobody": {"signature_ok": True, "credential_id": uuid.uuid4()},
    "known in another word": {"signature_ok": True, "issuer": "friend"},
    "nothing": {"document": b""},
    "too much": {"document": bytes(262_145)},
    "another form": {"format": "paper"},
}


@pytest.mark.parametrize("attack", UNSOUND)
def test_what_was_received_elsewhere_is_not_called_more_than_it_is(world: World, attack: str) -> None:
    refused(lambda: world.put("foreign_badge", **world.received(**UNSOUND[attack])))


def test_what_was_received_elsewhere_stands_once(world: World) -> None:
    world.put("foreign_badge", **world.received(signature_ok=True, issuer="elsewhere", is_mine=False, in_force=True))
    world.put("foreign_badge", **world.received(learner_id=world.cast["stranger"]))
    refused(lambda: world.put("foreign_badge", **world.received()))


# ---- the journal, and rule 5 --------------------------------------------------------------------------------------

@pytest.mark.parametrize("attack", ["UPDATE audit_event SET action = 'x'", "DELETE FROM audit_event"])
def test_the_journal_is_append_only(world: World, attack: str) -> None:
    db.session.execute(sa.insert(db.metadata.tables["audit_event"]).values(at=world.now, action="log"))
    refused(lambda: world.sql(attack))


def test_the_list_of_erasures_is_not_rewritten(world: World) -> None:
    world.put("erasure", learner_id=world.cast["lea"], cause="asked", asked_at=world.now, by="learner")
    refused(lambda: world.sql("UPDATE erasure SET learner_id = experience_id"))


def test_erasure_empties_everything_of_one_learner(world: World) -> None:
    """One row in `erasure` opens the append-only tables; one DELETE empties them all, and nobody else's."""
    world.life().keep().permit()
    world.put("edition_item", **world.item())
    share = world.put("share", **world.share())
    world.put("share_reading", share_id=share["id"], read_on=dt.date(2026, 11, 24), openings=1)
    world.put("witness_invitation", **world.invitation())
    world.put("testimony", **world.testimony())
    world.put("endorser_name", endorsement_id=world.rows["endorsement"]["id"], learner_id=world.cast["lea"], name_form="Karim B.")
    lea = world.cast["lea"]
    world.put("erased_evidence", learner_id=lea, submission=uuid.uuid4(), erased_at=world.now)
    world.put("foreign_badge", **world.received())
    with db.session.begin_nested() as point:
        refused(lambda: world.sql("DELETE FROM passport WHERE learner_id = :id", id=lea))
        point.rollback()
    world.put("erasure", learner_id=lea, cause="asked", asked_at=world.now, by="learner")
    world.sql("DELETE FROM passport WHERE learner_id = :id", id=lea)
    for table in db.metadata.tables.values():
        if "learner_id" in table.c and table.name != "erasure":
            left = db.session.execute(sa.select(sa.func.count()).select_from(table).where(table.c.learner_id == lea)).scalar_one()
            assert left == 0, table.name
    others = db.session.execute(sa.text("SELECT count(*) FROM passport")).scalar_one()
    assert others > 5
