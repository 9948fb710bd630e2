"""Photos, documents and links beside an experience: kept, seen by whom their learner chose, erased with their file."""

from __future__ import annotations

import datetime as dt
import io
import os
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from passport import clock
from passport.accounts.models import Passport
from passport.experiences import cleaning, evidence, files
from passport.experiences.models import ErasedEvidence, Evidence, Experience
from passport.extensions import db
from passport.feedback import service as feedback
from passport.feedback.models import AccessGrant, FeedbackRequest, GrantedEvidence
from passport.notices.worker import Worker
from passport.refusals import Refusal, Refused
from passport.transaction import transaction
from tests import pictures
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.pictures import CANARY, document, drawing, png_of, saved, telling
from tests.reading import Reader, new, pictures_on, way, words
from tests.world import add_file, add_link, answer, ask

PHOTO = saved(drawing())
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def settings_of_test(tmp_path: Path) -> dict[str, Any]:
    """A folder of its own for each test."""
    return {"EVIDENCE_FOLDER": tmp_path / "files"}


def send(who: Reader, cast: Cast, data: bytes, name: str = "photo.jpg", kind: str = "image/jpeg", thing: str = "lea_x",
         headers: dict[str, str] | None = None, **values: Any) -> Any:
    """Send a file from the screen of an experience."""
    form = {"submission": new(), "file": FileStorage(io.BytesIO(data), name, content_type=kind), **values}
    boundary, body = encode_multipart(form)
    return who.client.post(f"/experience/{cast[thing]}/joindre", input_stream=io.BytesIO(body), headers=headers or {},
                           content_type=f"multipart/form-data; boundary={boundary}", content_length=len(body))


def rows(app: Flask) -> list[Evidence]:
    """Return what is kept."""
    with app.app_context():
        found = list(db.session.scalars(sa.select(Evidence).order_by(Evidence.added_at, Evidence.id)))
        db.session.remove()
    return found


def used(app: Flask, learner_id: uuid.UUID) -> int:
    """Return how many bytes are counted for a learner."""
    with app.app_context():
        found = db.session.execute(sa.select(Passport.evidence_bytes).where(Passport.learner_id == learner_id)).scalar_one()
        db.session.remove()
    return found


def lying(app: Flask) -> set[str]:
    """Return every file that lies anywhere."""
    folder = Path(app.config["EVIDENCE_FOLDER"])
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_a_photo_is_kept_and_seen(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    page = lea.get(f"/experience/{cast['lea_x']}/gardee")
    assert "Une photo, un document ou un lien" in words(page)
    screen = lea.get(f"/experience/{cast['lea_x']}/joindre")
    assert "Des visages, des noms ? D’abord demander à chaque personne" in words(screen)
    assert not any(w in words(screen).lower() for w in ("preuve", "trace"))
    done = send(lea, cast, telling(6), caption="  L’affiche\u202e de l’atelier ")
    assert way(done) == f"/experience/{cast['lea_x']}/gardee"
    told = lea.follow(done)
    assert "C’est ajouté." in words(told)
    [kept] = rows(app)
    assert f"/fichier/{kept.id}?taille=ecran" in told.get_data(as_text=True)
    for other in ("", "x", str(new())):
        page = lea.get(f"/experience/{cast['lea_x']}/gardee?photo={other}")
        assert (page.status_code, "/fichier/" in page.get_data(as_text=True)) == (200, False)
    assert (kept.kind, kept.media_type, kept.caption) == ("photo", "image/jpeg", "L’affiche de l’atelier")
    assert used(app, cast["lea"]) == kept.size > 0
    assert lying(app) == {f"kept/{kept.storage_name}", f"kept/{kept.storage_name}.small"}
    for path in Path(app.config["EVIDENCE_FOLDER"]).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    seen = lea.get(f"/experience/{cast['lea_x']}")
    assert f"/fichier/{kept.id}?taille=ecran" in seen.get_data(as_text=True)
    assert "alt=\"L’affiche de l’atelier\"" in seen.get_data(as_text=True)
    whole, small = (lea.get(f"/experience/{cast['lea_x']}/fichier/{kept.id}{more}") for more in ("", "?taille=ecran"))
    assert Image.open(io.BytesIO(whole.data)).size == (400, 600)
    assert CANARY not in whole.data + small.data
    for served in (whole, small):
        assert served.headers["Content-Type"] == "image/jpeg"
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert served.headers["Cache-Control"] == "no-store"
        assert served.headers["Content-Security-Policy"].endswith("; sandbox")
        assert "default-src 'none'" in served.headers["Content-Security-Policy"]
        assert "Content-Disposition" not in served.headers
    assert len(whole.data) + len(small.data) == kept.size


def test_a_document_is_saved_and_never_shown_inside(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    send(lea, cast, pictures.telling_document(), "attestation.pdf", "application/pdf")
    [kept] = rows(app)
    served = lea.get(f"/experience/{cast['lea_x']}/fichier/{kept.id}")
    assert served.headers["Content-Type"] == "application/pdf"
    assert served.headers["Content-Disposition"] == "attachment; filename=document.pdf"
    assert "sandbox" in served.headers["Content-Security-Policy"]
    assert CANARY not in served.data
    assert "Document PDF, 0,1 Mo" in words(lea.get(f"/experience/{cast['lea_x']}"))


def test_a_link_is_kept_shown_with_its_host_and_opened_by_nobody(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    address = f"/experience/{cast['lea_x']}/joindre-un-lien"
    assert lea.post(address, {"submission": new(), "url": "mediatheque.example/a", "about": "Le programme"}).status_code == 303
    lea.post(address, {"submission": new(), "url": "https://аlpha.example/"})
    first, second = rows(app)
    assert (first.url, first.size, first.storage_name) == ("https://mediatheque.example/a", 0, None)
    body = lea.get(f"/experience/{cast['lea_x']}").get_data(as_text=True)
    assert 'href="https://mediatheque.example/a" target="_blank" rel="noopener noreferrer"' in body
    assert "Lien vers mediatheque.example" in words(body)
    assert "Lien vers xn--lpha-43d.example" in words(body)
    assert lea.get(f"/experience/{cast['lea_x']}/fichier/{second.id}").status_code == 404


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "https://lea:code@alpha.example/", "ftp://alpha.example/"])
@pytest.mark.promise("P16", "passport.experiences.rules:refusal_of_link")
def test_what_is_no_link_stays_in_the_field(app: Flask, cast: Cast, browse: Any, url: str) -> None:
    """A link beside an experience is http or https and holds no secret: never javascript."""
    answer = browse("lea").post(f"/experience/{cast['lea_x']}/joindre-un-lien", {"submission": new(), "url": url,
                                                                                "about": "Ma page"})
    assert answer.status_code == 422
    assert "Copier l’adresse entière" in words(answer)
    assert 'value="Ma page"' in answer.get_data(as_text=True)
    assert "<details class=\"sheet\" open>" in answer.get_data(as_text=True)
    assert rows(app) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b.jpg", "x" * 300 + ".jpg", "gpj.\u202egnp.exe", "photo.php", "",
                                  "C:\\con.jpg", ".htaccess"])
def test_no_name_of_a_file_matters(app: Flask, cast: Cast, browse: Any, name: str) -> None:
    answer = send(browse("lea"), cast, PHOTO, name or "x")
    assert answer.status_code == 303
    [kept] = rows(app)
    assert kept.storage_name is not None
    assert len(kept.storage_name) == 32
    assert lying(app) == {f"kept/{kept.storage_name}", f"kept/{kept.storage_name}.small"}


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/x-php", "application/octet-stream", "x"])
def test_what_a_sender_says_a_file_is_does_not_matter(app: Flask, cast: Cast, browse: Any, kind: str) -> None:
    lea = browse("lea")
    assert send(lea, cast, PHOTO, kind=kind).status_code == 303
    [kept] = rows(app)
    assert lea.get(f"/experience/{cast['lea_x']}/fichier/{kept.id}").headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(("sent", "said"), [
    (b"", "Ce fichier est vide"), (b"<svg/>", "Ce genre de fichier"), (b"<html>", "Ce genre de fichier"),
    (PHOTO[:2000], "Ce fichier est abîmé"), (png_of(50_000, 50_000), "Cette image est trop grande"),
    (document()[:300], "Ce fichier est abîmé"), (bytes(50_000_000), "C’est trop lourd : 10 Mo au plus"),
    (b"\xff\xd8\xff" + bytes(10_000_000), "C’est trop lourd : 10 Mo au plus"),
], ids=["empty", "SVG", "HTML", "cut", "bomb", "cut PDF", "50 MB", "just too heavy"])
@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.promise("P15", "passport.experiences.rules:refusal_of_file")
def test_what_is_refused_is_said_and_leaves_nothing(app: Flask, cast: Cast, browse: Any, sent: bytes, said: str,
                                                    htmx: bool) -> None:
    """SVG, HTML, what is broken, too heavy or too large to be drawn is refused before it is opened, and leaves nothing."""
    answer = send(browse("lea"), cast, sent, caption="Mon affiche", headers={"HX-Request": "true"} if htmx else None)
    assert answer.status_code == 422
    assert said in words(answer)
    assert 'value="Mon affiche"' in answer.get_data(as_text=True)
    assert ("<html" in answer.get_data(as_text=True)) is not htmx
    assert (rows(app), lying(app), used(app, cast["lea"])) == ([], set(), 0)


def test_without_a_file_nothing_is_kept(app: Flask, cast: Cast, browse: Any) -> None:
    for form in ({}, {"file": "photo.jpg"}, {"submission": "x", "file": FileStorage(io.BytesIO(PHOTO), "a.jpg")}):
        said = browse("lea").post(f"/experience/{cast['lea_x']}/joindre", {"submission": new(), **form})
        assert said.status_code == 422
    assert rows(app) == []


def test_nothing_above_64_mb_is_even_read(cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    answer = lea.client.post(f"/experience/{cast['lea_x']}/joindre", content_type="multipart/form-data; boundary=x",
                             environ_overrides={"CONTENT_LENGTH": "64000001"}, input_stream=io.BytesIO(b"--x--"))
    assert answer.status_code == 413
    assert "C’est trop gros" in words(answer)
    assert lea.post("/ajouter", {"title": "x" * 1_000_001, "submission": new()}).status_code == 413


def test_sending_twice_keeps_one(app: Flask, cast: Cast, browse: Any) -> None:
    lea, number = browse("lea"), new()
    for _ in range(2):
        assert send(lea, cast, PHOTO, submission=number, caption="A").status_code == 303
    [kept] = rows(app)
    assert lying(app) == {f"kept/{kept.storage_name}", f"kept/{kept.storage_name}.small"}
    assert used(app, cast["lea"]) == kept.size
    assert send(lea, cast, PHOTO, submission=number, caption="B").status_code == 409
    assert send(lea, cast, document(), submission=number, caption="A").status_code == 409
    link = {"submission": new(), "url": "https://alpha.example/"}
    for _ in range(2):
        assert lea.post(f"/experience/{cast['lea_x']}/joindre-un-lien", link).status_code == 303
    assert lea.post(f"/experience/{cast['lea_x']}/joindre-un-lien", {**link, "about": "x"}).status_code == 409
    assert len(rows(app)) == 2
    assert len(lying(app)) == 2


def work(app: Flask) -> None:
    """Let a worker do what is due now."""
    with app.app_context():
        Worker().work()
        db.session.remove()


@both_databases
def test_what_is_erased_is_seen_by_nobody_and_its_file_goes_after_the_hour(
    app: Flask, cast: Cast, browse: Any, at: Any
) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    there = f"/experience/{cast['lea_x']}/fichier/{kept.id}"
    for said in ("C’est effacé, ici et là où c’est parti. On peut annuler pendant une heure.", "C’est déjà fait."):
        done = lea.post(f"{there}/effacer")
        assert said in words(lea.follow(done))
        assert used(app, cast["lea"]) == 0
        assert lea.get(there).status_code == 404
        assert there not in lea.get(f"/experience/{cast['lea_x']}").get_data(as_text=True)
    at(NOON + HOUR)
    work(app)
    assert len(lying(app)) == 2, "until then it may come back"
    at(NOON + HOUR + dt.timedelta(minutes=2))
    work(app)
    work(app)
    assert (rows(app), lying(app), used(app, cast["lea"])) == ([], set(), 0)
    assert "Le temps pour annuler est passé." in words(lea.follow(lea.post(f"{there}/annuler")))


@both_databases
def test_undone_it_is_there_as_before_and_counted_once(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    there = f"/experience/{cast['lea_x']}/fichier/{kept.id}"
    page = lea.follow(lea.post(f"{there}/effacer")).get_data(as_text=True)
    assert f'action="{there}/annuler"' in page
    at(NOON + HOUR)
    for _ in range(2):
        assert "C’est de retour." in words(lea.follow(lea.post(f"{there}/annuler")))
        assert used(app, cast["lea"]) == kept.size
    assert lea.get(there).status_code == 200
    at(NOON + 2 * HOUR)
    work(app)
    assert lea.get(there).status_code == 200, "the job that was to erase it finds it kept"


def test_erased_again_after_it_came_back_it_has_its_hour_again(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    there = f"/experience/{cast['lea_x']}/fichier/{kept.id}"
    lea.post(f"{there}/effacer")
    lea.post(f"{there}/annuler")
    at(NOON + HOUR)
    lea.post(f"{there}/effacer")
    at(NOON + HOUR + dt.timedelta(minutes=2))
    work(app)
    lea.post(f"{there}/annuler")
    assert lea.get(there).status_code == 200


def test_an_undo_after_the_hour_and_before_the_job_is_too_late(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    there = f"/experience/{cast['lea_x']}/fichier/{kept.id}"
    lea.post(f"{there}/effacer")
    at(NOON + HOUR + dt.timedelta(seconds=1))
    assert "Le temps pour annuler est passé." in words(lea.follow(lea.post(f"{there}/annuler")))
    assert lea.get(there).status_code == 404


@pytest.mark.parametrize("who", ["karim", "stranger", "tom"])
def test_nobody_else_undoes_it(app: Flask, cast: Cast, browse: Any, who: str) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    lea.post(f"/experience/{cast['lea_x']}/fichier/{kept.id}/effacer")
    assert browse(who).post(f"/experience/{cast['lea_x']}/fichier/{kept.id}/annuler").status_code == 404
    assert browse("tom").post(f"/experience/{cast['tom_x']}/fichier/{kept.id}/annuler").status_code == 303
    assert rows(app)[0].deleted_at == NOON


def test_undone_without_room_it_stays_erased_and_says_so(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    there = f"/experience/{cast['lea_x']}/fichier/{kept.id}"
    lea.post(f"{there}/effacer")
    with app.app_context():
        db.session.execute(sa.update(Passport).values(evidence_quota=100))
        db.session.commit()
        db.session.remove()
    assert "Il n’y a plus assez de place" in words(lea.follow(lea.post(f"{there}/annuler")))
    assert (lea.get(there).status_code, used(app, cast["lea"])) == (404, 0)


ERASED = "C’était déjà reçu, puis effacé."


@both_databases
@pytest.mark.parametrize("after", [dt.timedelta(0), HOUR + dt.timedelta(minutes=2), dt.timedelta(days=7)])
def test_the_same_form_again_brings_back_nothing_that_was_erased(
    app: Flask, cast: Cast, browse: Any, at: Any, after: dt.timedelta
) -> None:
    lea, number = browse("lea"), new()
    link = {"submission": new(), "url": "https://alpha.example/"}
    send(lea, cast, PHOTO, submission=number)
    lea.post(f"/experience/{cast['lea_x']}/joindre-un-lien", link)
    for kept in rows(app):
        lea.post(f"/experience/{cast['lea_x']}/fichier/{kept.id}/effacer")
    at(NOON + after)
    work(app)
    work(app)
    lea, left = browse("lea"), rows(app)
    assert len(left) == (0 if after else 2)
    lea.get("/passeport")  # what was said so far is read
    for again in (lambda: send(lea, cast, PHOTO, submission=number),
                  lambda: lea.post(f"/experience/{cast['lea_x']}/joindre-un-lien", link)):
        done = again()
        assert way(done) == f"/experience/{cast['lea_x']}/gardee"
        assert ERASED in words(lea.follow(done))
    assert [(r.id, r.deleted_at) for r in rows(app)] == [(r.id, NOON) for r in left]
    assert (used(app, cast["lea"]), len(lying(app))) == (0, 0 if after else 2)
    assert send(lea, cast, PHOTO, submission=number, caption="Autre").status_code == 409
    assert send(lea, cast, PHOTO).status_code == 303
    assert used(app, cast["lea"]) > 0, "chosen anew, it is kept anew"


def test_the_number_of_an_erased_form_is_forgotten_after_thirty_days(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    lea.post(f"/experience/{cast['lea_x']}/fichier/{kept.id}/effacer")
    gone = NOON + HOUR + dt.timedelta(minutes=2)
    for day, left in ((0, 1), (29, 1), (31, 0)):
        at(gone + dt.timedelta(days=day))
        work(app)
        with app.app_context():
            evidence.tidy(clock.now())
            db.session.commit()
            assert db.session.scalar(sa.select(sa.func.count()).select_from(ErasedEvidence)) == left
            db.session.remove()


def test_a_place_that_was_erased_is_free_at_once(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        links = [add_link(x, f"https://site{n}.example/", None, NOON) for n in range(20)]
        first = links[0].id
        db.session.commit()
        db.session.remove()
    lea = browse("lea")
    lea.post(f"/experience/{cast['lea_x']}/fichier/{first}/effacer")
    link = {"submission": new(), "url": "https://alpha.example/"}
    assert lea.post(f"/experience/{cast['lea_x']}/joindre-un-lien", link).status_code == 303
    undone = lea.follow(lea.post(f"/experience/{cast['lea_x']}/fichier/{first}/annuler"))
    assert "Il y en a déjà beaucoup ici" in words(undone)


@both_databases
def test_an_experience_that_is_erased_counts_nothing_twice(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    lea = browse("lea")
    for _ in range(2):
        send(lea, cast, PHOTO)
    lea.post(f"/experience/{cast['lea_x']}/fichier/{rows(app)[0].id}/effacer")
    lea.post(f"/experience/{cast['lea_x']}/supprimer")
    at(NOON + dt.timedelta(days=31))
    for _ in range(3):
        work(app)
    assert (rows(app), lying(app), used(app, cast["lea"])) == ([], set(), 0)


@both_databases
def test_a_worker_removes_every_day_what_a_fault_left(app: Flask, cast: Cast, at: Any) -> None:
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        stays = add_file(x, PHOTO, None, NOON).storage_name
        db.session.commit()
        files.settle(files.arrive(b"of a row that was never committed", None))
        assert evidence.tidy(NOON) == 1
        db.session.commit()
        assert evidence.tidy(NOON) == 0, "it is on its way"
        db.session.remove()
    work(app)
    assert lying(app) == {f"kept/{stays}", f"kept/{stays}.small"}


def test_whoever_deletes_meanwhile_leaves_no_file(app: Flask, cast: Cast, browse: Any,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    lea, whole = browse("lea"), cleaning.clean

    def slow(data: bytes) -> cleaning.Cleaned:
        done = whole(data)
        with app.test_request_context(method="POST"):
            db.session.execute(sa.update(Experience).where(Experience.id == cast["lea_x"]).values(deleted_at=NOON))
            db.session.commit()
        return done

    monkeypatch.setattr(cleaning, "clean", slow)
    assert send(lea, cast, PHOTO).status_code == 404
    assert (rows(app), lying(app)) == ([], set())


def test_a_full_disk_is_said_and_leaves_nothing(app: Flask, cast: Cast, browse: Any,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    lea = browse("lea")
    monkeypatch.setattr(os, "fsync", full)
    answer = send(lea, cast, PHOTO)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Réessayer dans une minute" in words(answer)
    assert (rows(app), lying(app)) == ([], set())
    monkeypatch.undo()


def test_more_than_sixty_an_hour_have_to_wait(app: Flask, cast: Cast, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from passport.experiences import evidence_routes

    app.config["RATELIMIT_ENABLED"] = True
    monkeypatch.setattr(evidence_routes, "MOST_AN_HOUR", 2)
    lea = browse("lea")
    assert [send(lea, cast, b"x").status_code for _ in range(3)] == [422, 422, 429]


# ---------- room ----------


def keep(experience_id: uuid.UUID, data: bytes = PHOTO) -> str:
    """Keep a file as the screen does, and return why not, or nothing."""
    x = db.session.get_one(Experience, experience_id)
    cleaned = cleaning.clean(data)
    name = files.arrive(cleaned.content, cleaned.small)
    try:
        with transaction():
            draft = evidence.FileDraft(evidence.digest_of_file(data), None, uuid.uuid4())
            evidence.keep_file(x, draft, cleaned, name, NOON)
    except Refused as refused:
        files.discard(name)
        return refused.refusal.value
    files.settle(name)
    return ""


@both_databases
def test_many_at_once_do_not_pass_the_quota(app: Flask, cast: Cast) -> None:
    one = cleaning.clean(PHOTO).size
    with app.app_context():
        db.session.execute(sa.update(Passport).where(Passport.learner_id == cast["lea"])
                           .values(evidence_quota=3 * one + one // 2))
        db.session.commit()
        db.session.remove()
    results: list[str] = []
    start = threading.Barrier(6)

    def work(thing: str) -> None:
        with app.app_context():
            start.wait()
            results.append(keep(cast[thing]))
            db.session.remove()

    threads = [threading.Thread(target=work, args=(("lea_x", "lea_me")[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["", "", "", *[Refusal.ROOM_FULL.value] * 3]
    assert used(app, cast["lea"]) == 3 * one
    assert len(rows(app)) == 3
    assert len(lying(app)) == 6


def test_a_full_passport_says_so(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        db.session.execute(sa.update(Passport).values(evidence_quota=100))
        db.session.commit()
        db.session.remove()
    answer = send(browse("lea"), cast, PHOTO)
    assert answer.status_code == 422
    assert "Il n’y a plus assez de place" in words(answer)
    assert lying(app) == set()


def test_twenty_beside_one_experience(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        for n in range(20):
            add_link(x, f"https://site{n}.example/", None, NOON)
        db.session.commit()
        db.session.remove()
    link = {"submission": new(), "url": "https://alpha.example/"}
    for said in (send(browse("lea"), cast, PHOTO), browse("lea").post(
            f"/experience/{cast['lea_x']}/joindre-un-lien", link)):
        assert "Il y en a déjà beaucoup ici" in words(said)
    assert len(rows(app)) == 20


# ---------- a process killed in between ----------


def test_killed_before_the_commit_leaves_what_a_sweep_removes(app: Flask, cast: Cast) -> None:
    with app.app_context():
        name = files.arrive(b"content", b"small")
        assert evidence.sweep(clock.now()) == evidence.Swept(0, 0, 0), "what arrives now is left alone"
        for part in (name, f"{name}.small"):
            path = Path(app.config["EVIDENCE_FOLDER"]) / "arriving" / part
            os.utime(path, (NOON.timestamp() - 3700,) * 2)
        assert evidence.sweep(NOON) == evidence.Swept(0, 1, 0)
    assert lying(app) == set()


def test_killed_after_the_commit_loses_nothing(app: Flask, cast: Cast, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        raise Killed

    lea = browse("lea")
    monkeypatch.setattr(files, "settle", die)
    monkeypatch.setattr(files, "discard", die)  # whoever is killed tidies nothing up either
    with pytest.raises(Killed):
        send(lea, cast, PHOTO)
    monkeypatch.undo()
    monkeypatch.setattr(clock, "now", lambda: NOON)
    [kept] = rows(app)
    assert lying(app) == {f"arriving/{kept.storage_name}", f"arriving/{kept.storage_name}.small"}
    assert lea.get(f"/experience/{cast['lea_x']}/fichier/{kept.id}").status_code == 200
    with app.app_context():
        assert evidence.sweep(dt.datetime.now(dt.UTC) + 2 * HOUR) == evidence.Swept(1, 0, 0)
    assert lying(app) == {f"kept/{kept.storage_name}", f"kept/{kept.storage_name}.small"}
    assert lea.get(f"/experience/{cast['lea_x']}/fichier/{kept.id}").status_code == 200


def test_a_sweep_removes_what_is_nobodys_and_counts_what_is_gone(app: Flask, cast: Cast) -> None:
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        stays, goes = (add_file(x, PHOTO, None, NOON) for _ in range(2))
        names = stays.storage_name, goes.storage_name
        db.session.commit()
        left = files.arrive(b"of a passport that was erased", None)
        files.settle(left)
        files.discard(names[1])
        assert evidence.sweep(NOON) == evidence.Swept(0, 1, 1)
        result = app.test_cli_runner().invoke(args=["evidence", "sweep"])
        assert result.output == "settled 0, removed 0, missing 1\n"
    assert lying(app) == {f"kept/{names[0]}", f"kept/{names[0]}.small"}


def test_a_row_whose_file_is_gone_is_not_there(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    with app.app_context():
        files.discard(str(kept.storage_name))
    assert lea.get(f"/experience/{cast['lea_x']}/fichier/{kept.id}").status_code == 404


# ---------- how large it is on a screen ----------


@pytest.mark.parametrize(("sent", "size"), [((3000, 1500), (1280, 640)), ((600, 400), (600, 400))])
def test_how_large_a_photo_is_on_a_screen_is_noted(
    app: Flask, cast: Cast, browse: Any, sent: tuple[int, int], size: tuple[int, int]
) -> None:
    lea = browse("lea")
    told = lea.follow(send(lea, cast, saved(drawing(*sent))))
    [kept] = rows(app)
    assert (kept.width, kept.height) == size
    assert pictures_on(lea, told) == [(size, size)]
    assert pictures_on(lea, lea.get(f"/experience/{cast['lea_x']}")) == [(size, size)]


def test_an_upright_photo_is_as_high_as_it_stands(app: Flask, cast: Cast, browse: Any) -> None:
    send(browse("lea"), cast, telling(6))
    [kept] = rows(app)
    assert (kept.width, kept.height) == (400, 600)


def test_a_document_and_a_link_have_no_size_on_a_screen(app: Flask, cast: Cast, three: list[uuid.UUID]) -> None:
    assert [(kept.kind, kept.width, kept.height) for kept in rows(app)] == [
        ("photo", 600, 400), ("document", None, None), ("link", None, None)]


@both_databases
def test_a_photo_kept_before_that_was_noted_is_shown_all_the_same(app: Flask, cast: Cast, browse: Any) -> None:
    """Without a size beside its experience; with one in a link, for which its file is opened."""
    lea = browse("lea")
    send(lea, cast, PHOTO)
    [kept] = rows(app)
    with app.app_context(), transaction():
        db.session.execute(sa.update(Evidence).values(width=None, height=None))
    assert pictures_on(lea, lea.get(f"/experience/{cast['lea_x']}")) == [(None, (600, 400))]
    lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])], "pieces": [str(kept.id)]})
    look = lea.follow(lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin"))
    assert pictures_on(lea, look) == [((600, 400), (600, 400))]


# ---------- what goes along with a request ----------


@pytest.fixture
def three(app: Flask, cast: Cast) -> list[uuid.UUID]:
    """A photo, a document and a link beside Léa's experience."""
    with app.app_context():
        x = db.session.get_one(Experience, cast["lea_x"])
        made = [add_file(x, PHOTO, "L’affiche", NOON), add_file(x, document(), None, NOON),
                add_link(x, "https://mediatheque.example/", None, NOON)]
        ids = [m.id for m in made]
        db.session.commit()
        db.session.remove()
    return ids


def one(app: Flask, model: Any) -> Any:
    with app.app_context():
        found = db.session.scalars(sa.select(model)).one()
        db.session.remove()
    return found


def test_what_was_ticked_goes_along_and_nothing_else(app: Flask, cast: Cast, browse: Any, three: list[uuid.UUID]) -> None:
    photo, paper, _link = three
    lea, karim = browse("lea"), browse("karim")
    address = f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}"
    screen = lea.get(address)
    assert "Cocher ce qui part avec la demande." in words(screen)
    assert f'value="{photo}" checked' not in screen.get_data(as_text=True)
    assert way(lea.fill(address, pieces=[str(photo), "nonsense", new()])) == f"/experience/{cast['lea_x']}"
    assert one(app, GrantedEvidence).evidence_id == photo
    asked = one(app, FeedbackRequest)
    page = karim.get(f"/on-me-demande/{asked.id}")
    assert "Ce que Lea a joint" in words(page)
    assert "L’affiche" in words(page)
    assert str(paper) not in page.get_data(as_text=True)
    assert "mediatheque.example" not in page.get_data(as_text=True)
    served = karim.get(f"/on-me-demande/{asked.id}/fichier/{photo}?taille=ecran")
    assert (served.status_code, served.mimetype) == (200, "image/jpeg")
    assert served.headers["Cache-Control"] == "no-store"
    assert karim.get(f"/on-me-demande/{asked.id}/fichier/{paper}").status_code == 404
    assert karim.get(f"/experience/{cast['lea_x']}/fichier/{photo}").status_code == 404
    for other in ("nadia", "claire", "hugo", "stranger", "sofia"):
        assert browse(other).get(f"/on-me-demande/{asked.id}/fichier/{photo}").status_code == 404
    lea.post(f"/experience/{cast['lea_x']}/fichier/{photo}/effacer")
    assert karim.get(f"/on-me-demande/{asked.id}/fichier/{photo}").status_code == 404
    assert "a joint" not in words(karim.get(f"/on-me-demande/{asked.id}"))


def test_a_closed_door_closes_the_files_too(app: Flask, cast: Cast, browse: Any, three: list[uuid.UUID], at: Any) -> None:
    with app.app_context():
        request = ask(cast, "lea", "lea_x", "karim", NOON - HOUR, along=tuple(three))
        key = request.id
        db.session.commit()
        answer(cast, request, "karim", NOON)
        db.session.commit()
        db.session.remove()
    karim, there = browse("karim"), f"/on-me-demande/{key}/fichier/{three[1]}"
    assert "Document PDF" in words(karim.get(f"/on-me-demande/{key}"))
    assert karim.get(there).headers["Content-Disposition"] == "attachment; filename=document.pdf"
    at(NOON + dt.timedelta(days=31))
    assert browse("karim").get(there).status_code == 404
    at(NOON)
    browse("lea").post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "yes"})
    assert karim.get(there).status_code == 404


def test_to_recognise_is_to_see_what_was_sent_with_that_request(app: Flask, cast: Cast, browse: Any,
                                                                three: list[uuid.UUID]) -> None:
    with app.app_context():
        given = answer(cast, ask(cast, "lea", "lea_x", "karim", NOON - 3 * HOUR), "karim", NOON - 2 * HOUR)
        feedback.answer(given, None, NOON - HOUR)
        key = given.id
        db.session.commit()
        db.session.remove()
    lea, karim = browse("lea"), browse("karim")
    assert pictures_on(lea, lea.get(f"/retour/{key}/faire-reconnaitre")) == [((600, 400), (600, 400))]
    sent = lea.fill(f"/retour/{key}/faire-reconnaitre", f"/retour/{key}/faire-reconnaitre", competencies=["1"],
                    pieces=[str(three[0])])
    assert sent.status_code == 303
    with app.app_context():
        request_id = db.session.execute(sa.text("SELECT id FROM recognition_request")).scalar_one()
        request_id = uuid.UUID(bytes=request_id)
        db.session.remove()
    page = karim.get(f"/reconnaitre/{request_id}")
    assert "Ce que Lea a joint" in words(page)
    assert karim.get(f"/reconnaitre/{request_id}/fichier/{three[0]}").status_code == 200
    assert karim.get(f"/reconnaitre/{request_id}/fichier/{three[1]}").status_code == 404
    assert browse("nadia").get(f"/reconnaitre/{request_id}/fichier/{three[0]}").status_code == 404


def test_a_protected_learner_is_told_who_opened_a_file(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        x = db.session.get_one(Experience, cast["tom_x"])
        photo = add_file(x, PHOTO, None, NOON).id
        key = ask(cast, "tom", "tom_x", "karim", NOON, along=(photo,)).id
        db.session.commit()
        db.session.remove()
    assert browse("karim").get(f"/on-me-demande/{key}/fichier/{photo}").status_code == 200
    with app.app_context():
        assert db.session.execute(sa.text("SELECT count(*) FROM reading_line")).scalar_one() == 1
        db.session.remove()


@both_databases
def test_only_what_lies_beside_that_experience_goes_along(app: Flask, cast: Cast) -> None:
    with app.app_context():
        here = add_link(db.session.get_one(Experience, cast["lea_x"]), "https://alpha.example/", None, NOON)
        there = add_link(db.session.get_one(Experience, cast["lea_me"]), "https://alpha.example/", None, NOON)
        theirs = add_link(db.session.get_one(Experience, cast["tom_x"]), "https://alpha.example/", None, NOON)
        request = ask(cast, "lea", "lea_x", "karim", NOON, along=(here.id, there.id, theirs.id))
        assert db.session.scalars(sa.select(GrantedEvidence.evidence_id)).all() == [here.id]
        db.session.commit()
        grant = db.session.get_one(AccessGrant, request.grant_id)
        for wrong in (there, theirs):
            for experience_id in (cast["lea_x"], wrong.experience_id):
                row = GrantedEvidence(grant_id=grant.id, evidence_id=wrong.id, learner_id=cast["lea"],
                                      experience_id=experience_id)
                db.session.add(row)
                with pytest.raises(sa.exc.IntegrityError):
                    db.session.flush()
                db.session.rollback()
        evidence.remove(here.id, cast["lea"], NOON)
        db.session.commit()
        db.session.execute(sa.delete(GrantedEvidence))
        db.session.commit()
        with pytest.raises(sa.exc.IntegrityError):
            db.session.execute(sa.insert(GrantedEvidence).values(
                grant_id=grant.id, evidence_id=here.id, learner_id=cast["lea"], experience_id=cast["lea_x"]))
        db.session.rollback()
        evidence.put_back(here.id, cast["lea_x"], NOON)
        db.session.add(GrantedEvidence(grant_id=grant.id, evidence_id=here.id, learner_id=cast["lea"],
                                       experience_id=cast["lea_x"]))
        db.session.flush()
        evidence.erase(here.id, cast["lea"], NOON)
        db.session.commit()
        assert db.session.scalars(sa.select(GrantedEvidence.evidence_id)).all() == []
        db.session.remove()


@both_databases
def test_the_migration_goes_up_and_down_over_what_is_kept(app: Flask, cast: Cast) -> None:
    from flask_migrate import downgrade, upgrade

    with app.app_context():
        link = add_link(db.session.get_one(Experience, cast["lea_x"]), "https://alpha.example/", "Ici", NOON)
        ask(cast, "lea", "lea_x", "karim", NOON, along=(link.id,))
        db.session.commit()
        db.session.remove()
        downgrade(revision="0001")
        assert "granted_evidence" not in sa.inspect(db.engine).get_table_names()
        upgrade()
        [kept] = db.session.scalars(sa.select(Evidence)).all()
        assert (kept.id, kept.caption) == (link.id, "Ici")
        assert db.session.scalars(sa.select(GrantedEvidence.evidence_id)).all() == []
        db.session.remove()
