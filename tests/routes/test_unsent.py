"""What is written and not yet sent: kept while one types, and carried across a session that ended."""

from __future__ import annotations

import datetime as dt
import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts import drafts
from passport.accounts.models import Account, Draft
from passport.accounts.service import end_sessions, hash_of
from passport.experiences import reflection
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback.models import Feedback, FeedbackRequest
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, new, way, words
from tests.world import answer, ask, fill

HTMX = {"HX-Request": "true"}
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def answered(app: Flask, cast: Cast) -> Cast:
    """Karim has answered Léa, who has not read it yet."""
    with app.app_context():
        request = ask(cast, "lea", "lea_x", "karim", NOON - 60 * MINUTE)
        cast.ids["feedback"] = answer(cast, request, "karim", NOON - 30 * MINUTE).id
        db.session.commit()
        db.session.remove()
    return cast


def drafts_in(app: Flask) -> list[tuple[uuid.UUID, str, dict[str, Any]]]:
    """Return what is kept: whose, which form, which words."""
    with app.app_context():
        found = [(d.account_id, d.form, d.body) for d in db.session.scalars(sa.select(Draft).order_by(Draft.changed_at))]
        db.session.remove()
    return found


# ---------- while one types ----------


def test_a_story_half_written_is_there_again_and_goes_when_it_is_kept(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/recit"
    kept = lea.post(f"/brouillon/story/{cast['lea_x']}", {**fields(lea.get(page)), "story": "Le plus dur, c’était"},
                    headers=HTMX)
    assert kept.status_code == 204
    again = lea.get(page)
    assert fields(again)["story"] == "Le plus dur, c’était"
    assert "Voici le brouillon" in words(again)
    with app.app_context():
        assert db.session.get_one(Experience, cast["lea_x"]).story == "J’anime un atelier numérique pour les aînés."
        db.session.remove()
    assert lea.fill(page).status_code == 303
    assert drafts_in(app) == []
    assert "brouillon" not in words(lea.get(page))


def test_a_draft_made_before_the_experience_changed_shows_both(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/recit"
    lea.post(f"/brouillon/story/{cast['lea_x']}", {**fields(lea.get(page)), "story": "Mon texte"}, headers=HTMX)
    assert lea.fill(f"/experience/{cast['lea_x']}/modifier", title="Un autre titre").status_code == 303
    said = lea.fill(page)
    assert said.status_code == 409
    assert "J’anime un atelier numérique" in words(said)
    assert fields(said)["story"] == "Mon texte"


def test_what_was_begun_of_several_questions_stays_until_each_is_kept(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/ce-que-j-en-retire"
    begun = {**fields(lea.get(page)), "marked": "Les rires du", "hard": "Me lever tôt"}
    assert lea.post(f"/brouillon/reflect/{cast['lea_x']}", begun, headers=HTMX).status_code == 204
    again = lea.get(page)
    assert (fields(again)["marked"], fields(again)["hard"]) == ("Les rires du", "Me lever tôt")
    assert "Voici le brouillon" in words(again)
    assert "Les rires du" not in words(lea.get(f"/experience/{cast['lea_x']}"))

    one = f"{page}?question=marked"
    half = {**fields(lea.get(one)), "marked": "Les rires du samedi"}
    lea.post(f"/brouillon/reflect/{cast['lea_x']}", half, headers=HTMX)
    assert fields(lea.get(page))["hard"] == "Me lever tôt", "the other one stays begun"
    assert lea.post(one, half).status_code == 303
    with app.app_context():
        assert reflection.answers(cast["lea_x"]) == {"marked": "Les rires du samedi"}
        db.session.remove()
    assert "Voici le brouillon" not in words(lea.get(one))
    assert fields(lea.get(page))["hard"] == "Me lever tôt"
    assert lea.fill(page).status_code == 303
    assert drafts_in(app) == []
    with app.app_context():
        assert reflection.answers(cast["lea_x"]) == {"marked": "Les rires du samedi", "hard": "Me lever tôt"}
        db.session.remove()


def test_one_answer_begun_before_the_experience_changed_shows_both(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/ce-que-j-en-retire"
    lea.fill(page, marked="La première fois")
    lea.post(f"/brouillon/reflect/{cast['lea_x']}", {**fields(lea.get(page)), "marked": "Ma suite"}, headers=HTMX)
    assert lea.fill(f"/experience/{cast['lea_x']}/modifier", title="Un autre titre").status_code == 303
    said = lea.fill(page)
    assert said.status_code == 409
    assert "La première fois" in words(said)
    assert fields(said)["marked"] == "Ma suite"


def test_an_answer_to_one_question_sent_too_late_is_that_one_alone(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/ce-que-j-en-retire"
    lea.post(f"/brouillon/reflect/{cast['lea_x']}", {**fields(lea.get(page)), "hard": "Me lever tôt"}, headers=HTMX)
    sent = {**fields(lea.get(f"{page}?question=marked")), "marked": "Les rires du samedi"}
    assert lea.post(page, sent).status_code == 303, "as it is sent again, after signing in"
    with app.app_context():
        assert reflection.answers(cast["lea_x"]) == {"marked": "Les rires du samedi"}
        db.session.remove()


@pytest.mark.parametrize(("form", "field", "address"), [
    ("reply", "reply", "/retour/{feedback}"),
    ("ask", "message", "/experience/{lea_x}/demander/personne/{m_nadia}"),
])
def test_a_word_half_written_waits_and_goes_with_its_sending(
    app: Flask, answered: Cast, browse: Callable[..., Reader], form: str, field: str, address: str
) -> None:
    lea, page = browse("lea"), address.format_map(answered.ids)
    subject = answered["feedback"] if form == "reply" else answered["lea_x"]
    lea.post(f"/brouillon/{form}/{subject}", {field: "En me mettant à leur place"}, headers=HTMX)
    assert fields(lea.get(page))[field] == "En me mettant à leur place"
    assert lea.fill(page).status_code == 303
    assert drafts_in(app) == []


@both_databases
@pytest.mark.parametrize(("form", "field", "address"), [
    ("reply", "reply", "/retour/{feedback}"),
    ("ask", "message", "/experience/{lea_x}/demander/personne/{m_nadia}"),
    ("bother", "note", "/ca-me-derange/{text}"),
])
def test_a_draft_that_arrives_after_its_sending_is_not_kept(
    app: Flask, answered: Cast, browse: Callable[..., Reader], form: str, field: str, address: str
) -> None:
    with app.app_context():
        answered.ids["text"] = db.session.get_one(Feedback, answered["feedback"]).text_id
        db.session.remove()
    lea, page = browse("lea"), address.format_map(answered.ids)
    subject = {"reply": answered["feedback"], "ask": answered["lea_x"]}.get(form, answered.ids["text"])
    late = {**fields(lea.get(page)), field: "En me mettant à"}
    assert lea.post(page, {**late, field: "En me mettant à leur place"}).status_code == 303
    assert lea.post(f"/brouillon/{form}/{subject}", late, headers=HTMX).status_code == 204
    assert drafts_in(app) == []


def test_a_word_begun_for_somebody_else_stays_beside_a_late_one(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea, page, kept = browse("lea"), f"/experience/{cast['lea_x']}/demander/personne/", f"/brouillon/ask/{cast['lea_x']}"
    late = {**fields(lea.get(f"{page}{cast['m_nadia']}")), "message": "Pour Nadia"}
    assert lea.post(f"{page}{cast['m_nadia']}", late).status_code == 303
    next_one = {**fields(lea.get(f"{page}{cast['m_karim']}")), "message": "Pour Karim"}
    for sent in (next_one, late, {**late, "submission": "x", "message": ""}, next_one):
        lea.post(kept, sent, headers=HTMX)
    assert [body for _who, _form, body in drafts_in(app)] == [{"message": "Pour Karim"}]


def test_the_draft_of_an_answer_goes_when_the_answer_is_taken_back(
    app: Flask, answered: Cast, browse: Callable[..., Reader]
) -> None:
    lea, key = browse("lea"), answered["feedback"]
    lea.fill(f"/retour/{key}", reply="Trop vite.")
    with app.app_context(), transaction():
        drafts.save(answered["lea"], "reply", key, {"reply": "Trop vite."}, NOON)
    lea.post(f"/retour/{key}/reponse/retirer")
    assert drafts_in(app) == []


def test_a_draft_is_let_go_of_by_one_tap(app: Flask, cast: Cast, browse: Callable[..., Reader]) -> None:
    lea, page, kept = browse("lea"), f"/experience/{cast['lea_x']}/recit", f"/brouillon/story/{cast['lea_x']}"
    lea.post(kept, {"story": "Le plus dur"}, headers=HTMX)
    gone = lea.fill(page, kept)
    assert way(gone) == page
    assert "Le brouillon est effacé." in words(lea.follow(gone))
    assert drafts_in(app) == []


def test_a_draft_is_its_writers_alone(app: Flask, cast: Cast, browse: Callable[..., Reader]) -> None:
    stranger, lea = browse("stranger"), browse("lea")
    assert stranger.post(f"/brouillon/story/{cast['lea_x']}", {"story": "À moi"}, headers=HTMX).status_code == 204
    assert "À moi" not in lea.get(f"/experience/{cast['lea_x']}/recit").get_data(as_text=True)
    assert [who for who, _form, _body in drafts_in(app)] == [cast["stranger"]]


def test_what_is_kept_has_bounds(app: Flask, cast: Cast, browse: Callable[..., Reader], at: Any) -> None:
    """Only known forms and their own fields, no longer than they may be, and a hundred at most."""
    lea = browse("lea")
    assert lea.post(f"/brouillon/passphrase/{new()}", {"present": "x"}, headers=HTMX).status_code == 404
    lea.post(f"/brouillon/story/{cast['lea_x']}", {"story": "x" * 9000, "role": "coordinator"}, headers=HTMX)
    assert drafts_in(app) == [(cast["lea"], "story", {"story": "x" * 8000})]
    for n in range(drafts.MOST + 5):
        at(NOON + n * MINUTE)
        lea.post(f"/brouillon/reply/{new()}", {"reply": f"Mot {n}"}, headers=HTMX)
    kept = drafts_in(app)
    assert len(kept) == drafts.MOST
    assert kept[-1][2] == {"reply": f"Mot {drafts.MOST + 4}"}


def test_an_address_elsewhere_is_no_way_back(cast: Cast, browse: Callable[..., Reader]) -> None:
    for back in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        answer = browse("lea").post(f"/brouillon/story/{cast['lea_x']}", {"story": "Un mot", "back": back})
        assert way(answer) == "/passeport"


@both_databases
def test_two_that_save_at_once_keep_one(app: Flask, cast: Cast) -> None:
    def save(words_: str) -> None:
        with app.app_context(), transaction():
            drafts.save(cast["lea"], "story", cast["lea_x"], {"story": words_}, NOON)

    threads = [threading.Thread(target=save, args=(f"Texte {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drafts_in(app)) == 1


# ---------- a session that ended meanwhile ----------


def end_session_of(app: Flask, cast: Cast, name: str) -> str:
    """End somebody's sessions, give them a passphrase that works, and return their sign-in name."""
    with app.app_context():
        account = db.session.get_one(Account, cast[name])
        account.password_hash = hash_of(build.PASSPHRASE)
        end_sessions(account.id, NOON)
        db.session.commit()
        identifier = str(account.identifier)
        db.session.remove()
    return identifier


def again(reader: Reader, page: Any, identifier: str) -> Any:
    """Sign in on the page that answered, with all that it carries."""
    return reader.post("/ouvrir", {**fields(page, "/ouvrir"), "name": identifier, "passphrase": build.PASSPHRASE})


def rows(app: Flask, model: Any) -> int:
    """Count the rows of a table."""
    with app.app_context():
        counted = db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
        db.session.remove()
    return counted


def test_a_sentence_sent_too_late_goes_through_signing_in(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea = browse("lea")
    typed = {**fields(lea.get("/ajouter")), "title": "J’ai tenu la buvette"}
    identifier = end_session_of(app, cast, "lea")
    before = rows(app, Experience)
    late = lea.post("/ajouter", typed)
    assert late.status_code == 401
    assert "Le passeport s’est refermé. Le texte est gardé" in words(late)
    assert "buvette" not in late.get_data(as_text=True)
    wrong = lea.post("/ouvrir", {**fields(late, "/ouvrir"), "name": identifier, "passphrase": "autre chose"})
    assert wrong.status_code == 422
    back = again(lea, wrong, identifier)
    assert back.status_code == 200
    assert "Rien n’est perdu" in words(back)
    assert "J’ai tenu la buvette" in words(back)
    assert rows(app, Experience) == before
    kept = lea.post("/ajouter", fields(back))
    assert kept.status_code == 303
    assert "J’ai tenu la buvette" in words(lea.follow(kept))
    lea.post("/ajouter", fields(back))
    assert rows(app, Experience) == before + 1


def test_what_htmx_saves_leads_to_signing_in_and_back_with_the_text(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    with app.app_context():
        fill(cast, NOON)
    nadia, page = browse("nadia"), f"/on-me-demande/{cast['request']}"
    typed = {**fields(nadia.get(page)), "seen": "Elle attend, et ils y arrivent.", "later": "quiet"}
    identifier = end_session_of(app, cast, "nadia")
    late = nadia.post(page, typed, headers=HTMX)
    assert (late.status_code, late.headers["HX-Trigger"]) == (204, "session-ended")
    signed = again(nadia, nadia.post(page, typed), identifier)
    assert "Elle attend, et ils y arrivent." in words(signed)
    assert way(nadia.post(page, fields(signed))) == page
    assert fields(nadia.get(page))["seen"] == "Elle attend, et ils y arrivent."
    with app.app_context():
        assert db.session.get_one(FeedbackRequest, cast["request"]).closed_at is None


def test_a_tap_without_words_leads_to_signing_in_and_back_to_its_page(
    app: Flask, cast: Cast, browse: Callable[..., Reader]
) -> None:
    lea = browse("lea")
    end_session_of(app, cast, "lea")
    late = lea.post(f"/montrer/lien/{new()}/fermer", headers={**HTMX, "HX-Current-URL": "http://localhost/montrer?x=1"})
    assert (late.status_code, late.headers["HX-Redirect"]) == (204, "/ouvrir?next=/montrer?x%3D1")


def test_nobody_else_receives_it(app: Flask, answered: Cast, browse: Callable[..., Reader], at: Any) -> None:
    """Another person on the same phone, a box that was changed, one that is too old: nothing comes out."""
    lea, page = browse("lea"), f"/retour/{answered['feedback']}"
    end_session_of(app, answered, "lea")
    stranger = end_session_of(app, answered, "stranger")
    late = lea.post(page, {"reply": "Un secret entre nous"})
    other = again(lea, late, stranger)
    assert way(other) == "/passeport"
    assert "secret" not in words(lea.get("/passeport"))
    with app.app_context():
        assert db.session.get_one(Feedback, answered["feedback"]).reply is None
        identifier = str(db.session.get_one(Account, answered["lea"]).identifier)
    box = fields(late, "/ouvrir")["carried"]
    for n, changed in enumerate(("", "x", box[:-8] + "AAAAAAAA", re.sub("[a-z]", "b", box))):
        own = Reader(app, answered, None)
        sent = own.post("/ouvrir", {"name": identifier, "passphrase": build.PASSPHRASE, "carried": changed})
        assert way(sent) == "/passeport", n
    at(NOON + 61 * MINUTE)
    own = Reader(app, answered, None)
    assert way(own.post("/ouvrir", {"name": identifier, "passphrase": build.PASSPHRASE, "carried": box})) == "/passeport"


def test_a_photo_sent_too_late_leads_to_signing_in(app: Flask, cast: Cast, browse: Callable[..., Reader]) -> None:
    """Never « too big »: what is too big to be carried is not even read."""
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/joindre"
    assert lea.get(page).status_code == 200
    end_session_of(app, cast, "lea")
    photo = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + b"x" * 3_000_000 + b"\r\n--b--\r\n"
    late = lea.client.post(page, data=photo, content_type="multipart/form-data; boundary=b")
    assert (late.status_code, way(late)) == (303, "/ouvrir")


def test_a_stranger_and_a_secret_are_not_carried(app: Flask, cast: Cast, browse: Callable[..., Reader]) -> None:
    nobody = Reader(app, cast, None)
    assert way(nobody.post("/ajouter", {"title": "Une phrase"})) == "/ouvrir"
    lea = browse("lea")
    end_session_of(app, cast, "lea")
    assert way(lea.post("/phrase", {"present": "ma phrase secrète"})) == "/ouvrir"
    assert way(lea.post("/mes-donnees/emporter", {"present": "ma phrase secrète"})) == "/ouvrir"
    assert way(lea.post("/ajouter", {"title": "x" * 90_000})) == "/ouvrir"
