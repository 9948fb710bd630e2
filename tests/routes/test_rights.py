"""« Mes données »: everything about oneself in one file, and that file in another city, where nothing of it is believed."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from passport import clock, create_app
from passport.accounts import drafts
from passport.accounts import service as accounts
from passport.accounts.models import Account, ContactBar, Mailbox, Passport
from passport.audit.models import AuditEvent, ReadingLine
from passport.audit.service import note_case
from passport.credentials import foreign_routes
from passport.credentials.fetching import Miss, NotFetched
from passport.credentials.models import Credential, ForeignBadge
from passport.experiences import paths, reflection, service
from passport.experiences.models import Evidence, Experience
from passport.extensions import db
from passport.feedback.models import AuthoredText, AuthoredVersion, Feedback, RefusedText
from passport.recognition.models import Endorsement, Permission
from passport.rights import export, rules, shape, waiting
from passport.rights.models import BroughtItem
from passport.sharing.models import Share
from tests import build, pictures, signing, world
from tests.cast import Cast, make_cast
from tests.conftest import NOON, both_databases, test_settings
from tests.reading import Reader, way, words

H = dt.timedelta(hours=1)
ALPHA = {"PUBLIC_URL": "https://passeport.alpha.example"}
TAKE, BRING = "/mes-donnees/emporter", "/mes-donnees/apporter"
Json = dict[str, Any]
in_alpha = pytest.mark.parametrize("settings_of_test", [ALPHA])


def knows_passphrase(app: Flask, cast: Cast, *names: str) -> None:
    with app.app_context():
        for name in names:
            db.session.get_one(Account, cast[name]).password_hash = accounts.hash_of(build.PASSPHRASE)
        db.session.commit()
        db.session.remove()


def taken(reader: Reader) -> bytes:
    """Return the file that somebody takes along."""
    answer = reader.post(TAKE, {"present": build.PASSPHRASE})
    assert answer.status_code == 200, words(answer)[:300]
    assert answer.mimetype == "application/zip", words(answer)[:300]
    assert answer.headers["Cache-Control"] == "no-store"
    file: bytes = answer.get_data()
    answer.close()
    return file


def later(app: Flask, cast: Cast, name: str, now: dt.datetime, at: Any) -> Reader:
    """Return somebody's browser at a later hour."""
    at(now)
    return Reader(app, cast, name)


def told(file: bytes) -> Json:
    """Return what a file says to a program, held against the schema inside it."""
    with zipfile.ZipFile(io.BytesIO(file)) as opened:
        said: Json = json.loads(opened.read("passport.json"))
        assert shape.fits(said, json.loads(opened.read("schema.json")))
    return said


def edited(file: bytes, change: Callable[[Json], Any] = lambda said: None, **files: bytes) -> bytes:
    """Return the same file with something in it changed; `files` are put in the place of others, by their folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as opened, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in opened.namelist():
            content = opened.read(name)
            if name == "passport.json":
                said = json.loads(content)
                change(said)
                content = json.dumps(said).encode()
            made.writestr(name, files.get(name.split("/")[0], content))
    return out.getvalue()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return out.getvalue()


def lived_in_full(app: Flask, cast: Cast) -> None:
    """Let Léa's passport hold one of everything that is told, and one thing signed."""
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        reflection.reflect(x, {"marked": "Le calme des aînés."}, x.version, NOON)
        other = db.session.get_one(Experience, cast["lea_y"])
        paths.link(x, other, NOON)
        service.change(other, {"details": {"said": {"learned": "À écouter.", "passed_on": ""}}}, other.version, NOON)
        world.add_file(x, pictures.saved(pictures.drawing(), "PNG"), "Un dessin", NOON)
        db.session.get_one(Passport, cast["lea"]).looking_for = "Un apprentissage"
        db.session.commit()
        assert signing.sign_all() == 1
        db.session.remove()


@contextmanager
def another_city(tmp_path: Path, template: Path, host: str, patch: pytest.MonkeyPatch, **cities: Flask) -> Iterator[tuple[Flask, Cast]]:
    """Open an empty city at another host, that fetches from these others what their addresses name."""
    folder = tmp_path / host
    folder.mkdir()
    shutil.copy(template, folder / "city.db")
    app = create_app(test_settings(f"sqlite:///{folder / 'city.db'}", folder, PUBLIC_URL=f"https://{host}"))

    def fetch(url: str) -> bytes:
        there = next((city for of, city in cities.items() if url.startswith(f"https://passeport.{of}.example/")), None)
        if there is None:
            raise NotFetched(Miss.UNREACHED)
        with there.app_context():
            return there.test_client().get(url.split(".example", 1)[1]).get_data()

    patch.setattr(foreign_routes, "fetch", fetch)
    with app.app_context():
        cast = make_cast(NOON)
        db.session.execute(sa.delete(Experience))
        db.session.commit()
        db.session.remove()
    knows_passphrase(app, cast, "lea", "stranger")
    try:
        yield app, cast
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def send(reader: Reader, file: bytes) -> TestResponse:
    return reader.post(BRING, {"file": FileStorage(io.BytesIO(file), "passeport.zip")}, content_type="multipart/form-data")


def let_in(reader: Reader, file: bytes) -> str:
    """Bring a file into a passport, and return the words of the page that says so."""
    answer = send(reader, file)
    assert answer.status_code == 303, words(answer)[:400]
    reader.get(way(answer))
    return words(reader.follow(reader.post(way(answer))))


OWN = ("experiences", "reflections", "claims", "evidence")
ASIDE = {"id", "experience_id", "organisation_id", "organisation", "organisation_text", "version", "created_at",
         "changed_at", "claimed_at", "added_at", "file", "size", "wording_id", "competency_id"}


def without_ids(said: Json, *lists: str) -> Json:
    """Return lists of an export as they compare between cities: what names rows, and when they were written here, aside."""
    whose = {row["id"]: row["submission"] for row in said["experiences"]}
    found: Json = {}
    for name in lists:
        rows = [{**{k: v for k, v in row.items() if k not in ASIDE}, "of": whose.get(row.get("experience_id", row.get("id"))),
                 **({"with": row["organisation"] or row["organisation_text"]} if name == "experiences" else {})}
                for row in said[name] if not row.get("deleted_at")]
        found[name] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return found


# ---------- taking it along ----------


@pytest.mark.promise("P19", "passport.rights.export:gather", "absent")
@in_alpha
def test_everything_about_oneself_is_in_one_file(app: Flask, lived: Cast, browse: Any) -> None:
    """Whoever takes their passport along has all of it: what they wrote, what they were told, the originals, what was signed."""
    knows_passphrase(app, lived, "lea")
    lived_in_full(app, lived)
    file = taken(browse("lea"))
    said = told(file)
    with zipfile.ZipFile(io.BytesIO(file)) as opened:
        page = words(opened.read("index.html").decode())
        assert "<script" not in opened.read("index.html").decode()
        signed = opened.read(said["credentials"][0]["file"])
        here = [row["file"] for row in said["evidence"] if row["file"]]
        assert len(here) == 3
        assert all(opened.read(name) for name in (*here, "style.css"))
    for sentence in ("Service civique à la médiathèque", "J’anime un atelier numérique pour les aînés.", "Le calme des aînés.",
                     "Les aînés la redemandent.", "Préparer un plan B.", "En me mettant à leur place.", "Mme Petit",
                     "Tout le monde est reparti avec le sourire.", "Elle explique sans prendre la souris.", "Un apprentissage",
                     "Je m’occupe de mes frères", "Boulangerie Martin", "Tenir un stand", "Est-ce que c’était clair ?"):
        assert sentence in page, sentence
        assert sentence in json.dumps(said, ensure_ascii=False), sentence
    with app.app_context():
        kept = db.session.scalars(sa.select(Credential).where(Credential.learner_id == lived["lea"])).one()
        assert signed == kept.document
        assert said["credentials"][0]["recipient_secret"] == kept.recipient_secret.hex()
        journal = db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent).where(AuditEvent.action == "export_passport"))
        assert journal == 1
        db.session.remove()


@pytest.mark.promise("P19", "passport.exports:is_theirs", "absent")
@both_databases
def test_nothing_of_anybody_else_is_in_it(app: Flask, lived: Cast, browse: Any) -> None:
    """Nothing of others goes along: no address, no number of theirs, no text to or from them, no case, no secret."""
    people = ("lea", "karim", "tom", "claire")
    knows_passphrase(app, lived, *people)
    with app.app_context():
        for name in lived.ids:
            account = db.session.get(Account, lived[name])
            if account is not None:
                account.email, account.identifier = f"canary-{name}@example.org", f"canary-{name}"
        db.session.get_one(Account, lived["lea"]).display_name = "Léa"
        db.session.add(Mailbox(account_id=lived["tom"], pending="canary-pending@example.org", asked_at=NOON))
        db.session.add(ContactBar(learner_id=lived["tom"], adult_id=lived["karim"], cause="freeze", started_at=NOON))
        db.session.commit()
        secrets = {row.password_hash for row in db.session.scalars(sa.select(Account))} - {None}
        db.session.remove()
    for name in people:
        said = told(taken(browse(name)))
        whole = json.dumps(said, ensure_ascii=False)
        others = [other for other in lived.ids if other != name and f"canary-{other}" in whole]
        assert others == []
        ids = {str(lived[other]) for other in ("lea", "karim", "tom", "claire", "nadia", "sofia", "youth") if other != name}
        assert not [key for key in ids if key in whole], name
        assert not [secret for secret in secrets if secret in whole]
        assert str(lived["report"]) not in whole
        assert "canary-pending" in whole if name == "tom" else "canary-pending" not in whole
        assert said["blocked"] == []
    karim = told(taken(browse("karim")))
    assert "Les aînés la redemandent." in json.dumps(karim["words_written"], ensure_ascii=False)
    assert "J’anime un atelier numérique" not in json.dumps(karim, ensure_ascii=False)


def test_what_is_held_hidden_or_taken_back_is_not_in_it(app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    knows_passphrase(app, lived, "lea", "tom", "youth")
    night = dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC)
    at(night)
    with app.app_context():
        asked = world.ask(lived, "youth", "youth_x", "karim", night - 2 * H)
        given = world.answer(lived, asked, "karim", night)
        assert given.visible_at > night
        back = db.session.get_one(Feedback, lived["feedback_free"])
        back.withdrawn_at = night
        db.session.get_one(AuthoredText, lived["text"]).hidden_at = night
        reader = db.session.get_one(Account, lived["sofia"]).audit_ref
        db.session.commit()
        note_case(lived["tom"], reader, "coordinator", lived["library"], lived["report"], night)
        drafts.save(lived["tom"], "bother", lived["text"], {"note": "Je n’ose pas le dire."}, night)
        db.session.commit()
        assert db.session.query(ReadingLine).filter(ReadingLine.case_id.is_not(None)).count() == 1
        db.session.remove()
    tom, lea, youth = browse("tom"), browse("lea"), browse("youth")
    held = told(taken(youth))
    [mine], [grant] = held["feedback_requests"], held["grants"]
    assert (mine["closed_at"], mine["outcome"]) == (None, None)
    assert (grant["closes_at"], grant["closed_at"]) == (None, None)
    assert [held[name] for name in ("feedback", "texts", "words", "notices")] == [[], [], [], []]
    reported = told(taken(tom))
    assert len(reported["feedback"]) == 1
    assert "redemandent" not in json.dumps(reported)  # it is in a case, and hidden
    assert "open_case" not in {row["action"] for row in reported["looks"]}
    assert "bother" not in {row["form"] for row in reported["drafts"]}  # what one began to say of it, too
    assert "redemandent" not in json.dumps(told(taken(lea)))  # one is hidden, the other was taken back
    youth = later(app, lived, "youth", night + 12 * H, at)
    arrived = told(taken(youth))
    assert [row["outcome"] for row in arrived["feedback_requests"]] == ["answered"]
    assert "Les aînés la redemandent." in json.dumps(arrived["words"], ensure_ascii=False)


@pytest.mark.promise("P4", "passport.accounts.service:is_right")
@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
def test_a_passport_leaves_only_for_whoever_gives_the_passphrase(app: Flask, lived: Cast, browse: Any, at: Any) -> None:
    """Everything at once is given to nobody but who gives the passphrase anew, however they are signed in."""
    knows_passphrase(app, lived, "lea", "tom")
    lea = browse("lea")
    for wrong, said in (("", "Écrire la phrase de passe."), ("autre-chose-du-tout", "Ce n’est pas")):
        answer = lea.post(TAKE, {"present": wrong})
        assert answer.status_code == 422
        assert answer.mimetype == "text/html"
        assert said in words(answer) or not wrong
    for _ in range(rules.EXPORTS_A_DAY):
        taken(lea)
    late = lea.post(TAKE, {"present": build.PASSPHRASE})
    assert (late.status_code, late.headers["Retry-After"]) == (429, str(24 * 3600))
    tom = browse("tom")
    for _ in range(8):
        slow = tom.post(TAKE, {"present": "autre-chose-du-tout"})
    slow = tom.post(TAKE, {"present": build.PASSPHRASE})
    assert slow.status_code == 429
    assert int(slow.headers["Retry-After"]) > 0


def test_a_large_passport_costs_no_more_statements(app: Flask, lived: Cast) -> None:
    """As many statements for one experience as for ten."""
    count = 0

    def counted(*_: Any) -> None:
        nonlocal count
        count += 1

    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", counted)
        try:
            costs = []
            for more in (0, 9):
                for n in range(more):
                    x = build.experience(lived["lea"], f"Encore {n}", NOON)
                    lived.ids["x"] = x.id
                    world.add_link(x, "https://alpha.example", None, NOON)
                db.session.commit()
                count = 0
                export.build(lived["lea"], NOON, lambda lists: [str(len(lists))]).close()
                costs.append(count)
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", counted)
        db.session.remove()
    assert costs[0] == costs[1]
    assert costs[0] < len(export.PARTS) + 10


# ---------- another city ----------


@in_alpha
def test_a_passport_moves_to_another_city_and_is_the_same_there(
    app: Flask, lived: Cast, browse: Any, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    knows_passphrase(app, lived, "lea")
    lived_in_full(app, lived)
    first = taken(browse("lea"))
    with another_city(tmp_path, sqlite_template, "passeport.beta.example", monkeypatch, alpha=app) as (beta, people):
        lea = Reader(beta, people, "lea")
        shown = words(lea.follow(send(lea, first)))
        assert "D’un passeport de passeport.alpha.example" in shown
        assert "3 expériences" in shown
        assert "3 expériences apportées." in let_in(lea, first)
        second = taken(lea)
        before, after = told(first), told(second)
        assert without_ids(after, *OWN) == without_ids({**before, "evidence": [
            row for row in before["evidence"] if row["file"] or row["kind"] == "link"]}, *OWN)
        assert len(after["led_to"]) == 1
        kinds = sorted(row["kind"] for row in after["brought"])
        assert kinds == ["endorsement", *["experience"] * 3, *["feedback"] * 3, "testimony"]
        assert {row["origin_host"] for row in after["brought"]} == {"passeport.alpha.example", "passeport.beta.example"}
        assert [after[name] for name in ("endorsements", "feedback", "permissions", "credentials", "links", "consents")] == [[]] * 6
        [mine] = [row for row in after["received"] if row["issuer"] == "elsewhere"]
        assert (mine["signature_ok"], mine["is_mine"], mine["in_force"], mine["host"]) == (
            True, True, True, "passeport.alpha.example")
        experience = next(row for row in after["experiences"] if row["title"].startswith("Service civique"))
        page = words(lea.get(f"/experience/{experience['id']}"))
        assert "Raconté par moi, et apporté d’un autre passeport" in page
        assert "Reconnu " not in page
        beside = words(lea.get(f"/experience/{experience['id']}/apporte"))
        assert "de passeport.alpha.example, apporté le 24 novembre 2026." in beside
        assert "Les aînés la redemandent." in beside
        assert next(row for row in after["experiences"] if row["title"].startswith("Je m’occupe"))["for_me_only"]
        with beta.app_context():
            assert not list((Path(beta.config["EVIDENCE_FOLDER"]) / "brought").iterdir())
            db.session.remove()
        # Twice is once, and what began here is not doubled by its own words on the way back.
        again = send(lea, first)
        assert "Rien de nouveau dans ce fichier." in words(lea.follow(again))
        let_in(lea, edited(first))
        third = told(taken(lea))
        assert without_ids(third, *OWN, "brought") == without_ids(after, *OWN, "brought")
        assert "0 expérience" in let_in(browse("lea"), second)
        assert told(taken(browse("lea")))["brought"] == before["brought"]
        # And on to a third city: what was brought is still what it was.
        with another_city(tmp_path, sqlite_template, "passeport.gamma.example", monkeypatch, alpha=app, beta=beta) as (gamma, others):
            there = Reader(gamma, others, "lea")
            let_in(there, second)
            last = told(taken(there))
            assert without_ids(last, *OWN, "brought") == without_ids({**after}, *OWN, "brought") | {
                "brought": [{**row, "brought_at": last["brought"][0]["brought_at"]} for row in without_ids(after, "brought")["brought"]]}


def forged(said: Json) -> None:
    """Change a file as somebody would who wants to be more than they are."""
    stranger = str(uuid.uuid4())
    for row in said["endorsements"]:
        row.update(step=4, accepted_at="2026-11-01T10:00:00Z", endorser_name="Mme la Maire", organisation_name="Ville de Beta",
                   learner_id=stranger)
    said["endorsements"] += [{**copy.deepcopy(row), "id": str(uuid.uuid4()), "sentence_fr": "Je pilote un avion."}
                             for row in said["endorsements"]]
    said["permissions"] = [{"id": str(uuid.uuid4()), "given_at": "2026-11-01T10:00:00Z", "endorsement_id": stranger}]
    said["roles"] = [{"role": "coordinator", "organisation_kind": "city", "account_id": stranger}]
    said["passport"] = [{"birth_year": None, "birth_month": None, "evidence_quota": 10**12, "in_statistics": True}]
    said["consents"] = [{"option": "show", "guardian_agreed_at": "2026-11-01T10:00:00Z"}]
    said["links"] = [{"id": stranger, "expires_at": "2030-01-01T00:00:00Z"}]
    for row in said["experiences"]:
        row.update(learner_id=stranger, endorsed=True, role="manager", story_digest="00" * 32)
    for row in said["claims"]:
        row.update(competency=row["competency"] if row["step"] < 3 else "no-such-sentence", step=4)
    for row in said["received"]:
        row.update(signature_ok=True, issuer="city", is_mine=True, in_force=True, credential_id=stranger)


@pytest.mark.promise("P19", "passport.rights.rules:is_read")
@in_alpha
def test_nothing_in_a_changed_file_is_believed(
    app: Flask, lived: Cast, browse: Any, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file from another city only valid signatures are believed: a changed one makes nobody recognised, older or more."""
    knows_passphrase(app, lived, "lea")
    lived_in_full(app, lived)
    file = taken(browse("lea"))
    with zipfile.ZipFile(io.BytesIO(file)) as opened:
        signed = opened.read(told(file)["credentials"][0]["file"]).decode()
    better = signed.replace("#step-", "#step-4", 1) if "#step-" in signed else signed.replace("2026", "2025", 1)
    assert better != signed
    with another_city(tmp_path, sqlite_template, "passeport.beta.example", monkeypatch, alpha=app) as (beta, people):
        tom = Reader(beta, people, "tom")
        with beta.app_context():
            before = tuple(db.session.execute(sa.select(Passport).where(Passport.learner_id == people["tom"])).one()[0].__dict__.get(n)
                           for n in ("birth_year", "birth_month", "evidence_quota", "in_statistics"))
            db.session.remove()
        let_in(tom, edited(file, forged, credentials=better.encode()))
        with beta.app_context():
            for model in (Endorsement, Permission, Feedback, AuthoredText, AuthoredVersion, Credential, Share, RefusedText):
                assert db.session.query(model).filter_by(learner_id=people["tom"]).count() == 0, model
            row = db.session.execute(sa.select(Passport).where(Passport.learner_id == people["tom"])).one()[0]
            assert tuple(getattr(row, n) for n in ("birth_year", "birth_month", "evidence_quota", "in_statistics")) == before
            badges = {b.title: b for b in db.session.query(ForeignBadge).filter_by(learner_id=people["tom"])}
            assert all(b.is_mine is not True for b in badges.values())
            [changed] = [b for b in badges.values() if b.signature_ok is False]
            assert (changed.issuer, changed.in_force) == (None, None)
            assert "city" not in {b.issuer for b in badges.values()}
            assert db.session.query(Experience).filter(Experience.learner_id != people["tom"]).count() == 0
            told_here = db.session.query(BroughtItem).filter_by(learner_id=people["tom"], kind="endorsement").all()
            assert len(told_here) == 4
            roles = db.session.scalar(sa.text("SELECT count(*) FROM membership WHERE account_id = :tom").bindparams(
                sa.bindparam("tom", people["tom"], Account.id.type)))
            assert roles == 0
            shown = told_here[0].experience_id
            db.session.remove()
        page = words(tom.get(f"/experience/{shown}"))
        assert "Raconté par moi, et apporté d’un autre passeport" in page
        assert "Reconnu " not in page
        assert "Ils ne se montrent pas et ne comptent pas comme reconnus." in words(tom.get(f"/experience/{shown}/apporte"))
        assert tom.get("/attestations").status_code == 200
        assert "Mme la Maire" not in words(tom.get("/attestations"))


def bomb() -> bytes:
    return zipped(passport_json=b" " * 60_000_000)


def many() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for n in range(rules.MOST_ENTRIES + 1):
            made.writestr(f"{n}", b"")
    return out.getvalue()


def said_of(**more: Any) -> bytes:
    return json.dumps({"format": export.FORMAT, "made_at": "2026-11-01T10:00:00Z", "host": "alpha.example", "experiences": [],
                       **more}).encode()


def odd(**more: Any) -> Callable[[Json], None]:
    """Return what changes the experiences of a file."""
    def change(said: Json) -> None:
        for row in said["experiences"]:
            row.update(more)
    return change


@pytest.mark.parametrize("change", [
    odd(claimed_at="9999-12-31T23:59:59-14:00"), odd(kind="football", details={"said": ["x"], "fields": 3}),
    odd(kind=None, details={"said": {"learned": 5}}), odd(kind=None, details={"fields": ["x"]}),
], ids=["after all time", "lists for names", "a number for words", "a list for fields"])
def test_what_an_odd_row_says_is_left_and_the_rest_comes(
    app: Flask, lived: Cast, browse: Any, change: Callable[[Json], None]
) -> None:
    knows_passphrase(app, lived, "lea")
    assert "3 expériences apportées." in let_in(browse("stranger"), edited(taken(browse("lea")), change))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a photo": lambda: pictures.saved(pictures.drawing()),
    "half a file": lambda: zipped(passport_json=said_of())[:-30],
    "another ZIP": lambda: zipped(readme=b"bonjour"),
    "a bomb": bomb,
    "thousands of files": many,
    "deep": lambda: zipped(passport_json=b'{"format":"learner-passport/1","experiences":' + b"[" * 90_000 + b"]" * 90_000 + b"}"),
    "a million lists": lambda: zipped(passport_json=b"[" + b"[]," * 2_000_000 + b"1]"),
    "a name twice": lambda: zipped(passport_json=said_of()[:-1] + b', "host": "beta.example"}'),
    "no JSON": lambda: zipped(passport_json=b"\xff\xfe{"),
    "another format": lambda: zipped(passport_json=said_of(format="learner-passport/2")),
    "a host that is none": lambda: zipped(passport_json=said_of(host="<b>alpha</b>")),
    "a row of another kind": lambda: zipped(passport_json=said_of(claims=["x"])),
    "half a sign": lambda: zipped(passport_json=said_of(more="\ud800")),
    "a zero": lambda: zipped(passport_json=said_of(more="a\0")),
    "a text for a number": lambda: zipped(passport_json=said_of(led_to=[{"from_id": 1, "to_id": 2}])),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_file_that_is_no_passport_is_refused_in_words(cast: Cast, browse: Any, app: Flask, name: str) -> None:
    lea = browse("lea")
    answer = send(lea, HOSTILE[name]())
    assert answer.status_code == 422
    assert any(sentence in words(answer) for sentence in (
        "Ce n’est pas le fichier d’un passeport.", "Ce fichier est abîmé ou changé.", "Ce fichier est trop lourd pour un passeport."))
    assert not list((Path(app.config["EVIDENCE_FOLDER"]) / "brought").glob(f"{cast['lea'].hex}.*"))


def test_what_a_file_names_is_never_read_outside_of_it(app: Flask, lived: Cast, browse: Any, tmp_path: Path) -> None:
    """A name that leads elsewhere, and one that is not there, are things that could not come; the rest comes."""
    knows_passphrase(app, lived, "lea")
    lived_in_full(app, lived)

    def changed(said: Json) -> None:
        for row in said["evidence"]:
            row["file"] = "../../../../etc/passwd" if row["kind"] == "photo" else "files/" + "0" * 36 + ".pdf"

    stranger = browse("stranger")
    page = let_in(stranger, edited(taken(browse("lea")), changed))
    assert "3 expériences apportées." in page
    assert "choses n’ont pas pu venir." in page
    with app.app_context():
        kept = db.session.query(Evidence).filter_by(learner_id=lived["stranger"]).all()
        assert [row.kind for row in kept] == ["link"]
        db.session.remove()


@both_databases
def test_a_file_comes_in_once_for_whoever_sent_it_and_where_there_is_room(
    app: Flask, lived: Cast, browse: Any, at: Any
) -> None:
    knows_passphrase(app, lived, "lea")
    lived_in_full(app, lived)
    file = taken(browse("lea"))
    youth, stranger = browse("youth"), browse("stranger")
    place = way(send(stranger, file))
    assert place.startswith(f"{BRING}/")
    assert way(youth.post(place)) == BRING  # another's file is no file
    with app.app_context():
        room = db.session.get_one(Passport, lived["stranger"])
        room.evidence_quota = room.evidence_bytes + 10
        db.session.commit()
        db.session.remove()
    assert "Des photos n’ont plus de place ici." in words(stranger.follow(stranger.post(place)))
    assert way(stranger.post(place)) == BRING  # the second tap finds nothing that waits
    with app.app_context():
        assert db.session.query(Experience).filter_by(learner_id=lived["youth"]).count() == 1
        assert db.session.query(Experience).filter_by(learner_id=lived["stranger"]).count() == 3
        db.session.get_one(Passport, lived["stranger"]).evidence_quota = 200_000_000
        db.session.commit()
        db.session.remove()
    assert "0 expérience" in let_in(stranger, file)  # and what had no room comes now
    with app.app_context():
        kinds = sorted(e.kind for e in db.session.query(Evidence).filter_by(learner_id=lived["stranger"]))
        assert kinds == ["document", "link", "photo", "photo"]
        item = db.session.query(BroughtItem).filter_by(learner_id=lived["stranger"], kind="feedback").first()
        key = item.id
        db.session.remove()
    assert youth.post(f"/mes-donnees/apporte/{key}/effacer").status_code == 404
    assert stranger.post(f"/mes-donnees/apporte/{key}/effacer").status_code == 303
    late = way(send(stranger, file))
    at(NOON + 100 * 365 * 24 * H)
    with app.app_context():
        assert waiting.waiting(lived["stranger"], late.rsplit("/", 1)[1]) is None  # whether or not a worker came by
        assert waiting.sweep(clock.now()) == 0
        db.session.remove()
    at(NOON)
    assert way(stranger.get(late)) == BRING


# ---------- correcting, and staying out of figures ----------


def test_a_name_is_changed_by_the_rules_of_signing_up(app: Flask, cast: Cast, browse: Any) -> None:
    tom = browse("tom")
    for wrong in ("", "Tom 06 12 34 56 78", "Tom reconnu"):
        assert tom.fill("/mes-donnees/nom", display_name=wrong).status_code == 422
    tom.fill("/mes-donnees/nom", display_name="  Tomi ")
    assert "Tomi" in words(tom.get("/menu"))


def test_staying_out_of_figures_is_one_tap_from_15_on(app: Flask, cast: Cast, browse: Any) -> None:
    def counted(name: str) -> bool:
        with app.app_context():
            found = db.session.get_one(Passport, cast[name]).in_statistics
            db.session.remove()
        return found

    youth, tom = browse("youth"), browse("tom")
    assert counted("youth")
    for _ in range(2):
        youth.post("/mes-donnees/chiffres", {"counted": "no"})
        assert not counted("youth")
    assert "Compter à nouveau" in words(youth.get("/mes-donnees"))
    youth.post("/mes-donnees/chiffres", {"counted": "yes"})
    assert counted("youth")
    before = counted("tom")
    assert "Avant 15 ans, cela se décide à deux." in words(tom.follow(tom.post("/mes-donnees/chiffres", {"counted": "yes" if not before else "no"})))
    assert counted("tom") == before
    assert "Ne plus compter" not in words(tom.get("/mes-donnees"))


def test_the_schema_is_published(browse: Any) -> None:
    answer = browse(None).get("/schemas/passport-1.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/schema+json")
    assert answer.get_json(force=True)["properties"]["format"] == {"const": export.FORMAT}

