"""The pages of a passport: the sentence, the small screens, and what must never happen to them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask

from passport.experiences import queries
from passport.experiences.models import Claim, Experience, Revision
from passport.extensions import db
from tests import build
from tests.cast import Cast
from tests.conftest import NOON
from tests.reading import fields, new, way, words


def rows(app: Flask, cast: Cast, name: str = "lea") -> list[Experience]:
    with app.app_context():
        found = list(db.session.query(Experience).filter_by(learner_id=cast[name]).order_by(Experience.created_at))
        db.session.remove()
    return found


def only(app: Flask, key: Any) -> Experience:
    with app.app_context():
        found = db.session.get(Experience, key)
        db.session.remove()
    assert found is not None
    return found


def test_one_sentence_is_kept_and_complete(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    answer = lea.fill("/ajouter", title="J’ai tenu la buvette de la fête du quartier")
    assert "C’est gardé." in words(lea.follow(answer))
    page = words(lea.get("/passeport"))
    assert "J’ai tenu la buvette de la fête du quartier" in page
    for never in ("incomplet", "validé", "%"):
        assert never not in page


def test_nothing_is_ticked_beforehand(browse: Any) -> None:
    assert "for_me_only" not in fields(browse("lea").get("/ajouter"))


def test_the_same_sending_twice_is_kept_once(browse: Any, app: Flask, cast: Cast) -> None:
    lea, before = browse("lea"), len(rows(app, cast))
    data = {**fields(lea.get("/ajouter")), "title": "Une fois"}
    first, second = lea.post("/ajouter", data), lea.post("/ajouter", data)
    assert way(first) == way(second)
    assert len(rows(app, cast)) == before + 1


def test_the_same_number_with_other_words_is_refused_and_the_words_stay(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    data = {**fields(lea.get("/ajouter")), "title": "Une fois"}
    lea.post("/ajouter", data)
    answer = lea.post("/ajouter", {**data, "title": "Autre chose"})
    assert answer.status_code == 409
    assert "déjà été envoyé" in words(answer)
    assert fields(answer)["title"] == "Autre chose"


def test_a_stranger_s_number_does_not_block_mine(browse: Any, app: Flask, cast: Cast) -> None:
    number = new()
    for name in ("lea", "stranger"):
        assert browse(name).post("/ajouter", {"submission": number, "title": "La même"}).status_code == 303


@pytest.mark.parametrize(("title", "sentence"), [
    ("", "Écrire une phrase"), ("  \u200b \u00ad ", "Écrire une phrase"), ("x" * 281, "280 caractères au plus"),
])
def test_what_cannot_be_kept_is_said_beside_the_field(browse: Any, title: str, sentence: str) -> None:
    answer = browse("lea").fill("/ajouter", title=title)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    if len(title) > 280:
        assert fields(answer)["title"] == title


@pytest.mark.parametrize("title", ["مرحبا بكم", "👩‍👧‍👦 cuisine", "e\u0301te\u0301", "<script>alert(1)</script>", "A\u202eb"])
def test_any_script_and_sign_is_kept_as_text(browse: Any, title: str) -> None:
    lea = browse("lea")
    answer = lea.follow(lea.fill("/ajouter", title=title))
    body = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "<script>alert" not in body
    assert "\u202e" not in body


def test_the_small_screens_save_and_come_back(browse: Any, app: Flask, cast: Cast) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    for screen, values in (
        ("recit", {"story": "Tous les mercredis."}),
        ("quand", {"setting": "family", "year": "2025", "month": "10", "to_year": "2026", "to_month": "6", "hours": "12,5"}),
        ("ou", {"organisation": "mediatheque mandela", "place": "Gauthière"}),
        ("modifier", {"title": "Mon service civique"}),
    ):
        assert way(lea.fill(f"/experience/{x}/{screen}", **values)) == f"/experience/{x}/gardee"
    kept = only(app, x)
    assert (kept.title, kept.story, kept.setting, kept.context) == (
        "Mon service civique", "Tous les mercredis.", "family", "informal")
    assert (kept.started_on, kept.ended_on, kept.when_precision) == (dt.date(2025, 10, 1), dt.date(2026, 6, 1), "month")
    assert str(kept.hours) == "12.5"
    assert kept.organisation_id == cast["library"]
    assert "oct. 2025 – juin 2026" in words(lea.get(f"/experience/{x}"))


def test_a_corrected_context_stays(browse: Any, app: Flask, cast: Cast) -> None:
    browse("lea").fill(f"/experience/{cast['lea_x']}/quand", context="formal")
    assert only(app, cast["lea_x"]).context == "formal"


@pytest.mark.parametrize(("values", "sentence"), [
    ({"year": "1899"}, "entre 1900 et 2100"),
    ({"year": "2199"}, "entre 1900 et 2100"),
    ({"year": "26"}, "quatre chiffres"),
    ({"year": "l’an dernier"}, "quatre"),
    ({"day": "31", "month": "6", "year": "2026"}, "n’existe pas dans ce mois"),
    ({"day": "3", "year": "2026"}, "Choisir aussi le mois"),
    ({"year": "2026", "to_year": "2025"}, "La fin vient avant le début"),
    ({"to_year": "2025"}, "Écrire aussi le début"),
    ({"hours": "9999"}, "entre 0 et 9000"),
    ({"hours": "beaucoup"}, "Écrire un nombre"),
    ({"hours": "-3"}, "Écrire un nombre"),
    ({"hours": "1e9"}, "Écrire un nombre"),
])
def test_absurd_times_are_answered_in_words(browse: Any, app: Flask, cast: Cast, values: dict[str, str], sentence: str) -> None:
    answer = browse("lea").fill(f"/experience/{cast['lea_x']}/quand", **values)
    assert answer.status_code == 422
    assert sentence in words(answer)
    shown = fields(answer)
    assert all(shown[name] == value[:4] or shown[name] == value for name, value in values.items())
    assert only(app, cast["lea_x"]).started_on is None


def test_a_change_made_elsewhere_is_shown_and_nothing_is_lost(browse: Any, app: Flask, cast: Cast) -> None:
    phone, desk, x = browse("lea"), browse("lea"), cast["lea_x"]
    data = fields(phone.get(f"/experience/{x}/recit"))
    desk.fill(f"/experience/{x}/recit", story="Écrit au bureau")
    answer = phone.post(f"/experience/{x}/recit", {**data, "story": "Écrit au téléphone"})
    assert answer.status_code == 409
    assert "a changé ailleurs" in words(answer)
    assert "Écrit au bureau" in words(answer)
    assert fields(answer)["story"] == "Écrit au téléphone"
    assert phone.post(f"/experience/{x}/recit", fields(answer)).status_code == 303
    assert only(app, x).story == "Écrit au téléphone"


def test_a_claim_is_said_changed_and_taken_back(browse: Any, app: Flask, cast: Cast) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    page = f"/experience/{x}/savoir-faire"
    lea.fill(page, competency="1", step="2")
    lea.fill(page, competency="1", step="3")
    with app.app_context():
        said = db.session.query(Claim).filter_by(experience_id=x).all()
        assert [(c.competency_id, c.step) for c in said] == [(1, 3)]
    assert "Je fais sans aide" in words(lea.get(f"/experience/{x}"))
    lea.post(f"{page}/1/retirer")
    with app.app_context():
        assert db.session.query(Claim).filter_by(experience_id=x).count() == 0


@pytest.mark.parametrize("values", [{"competency": "1"}, {"step": "2"}, {"competency": "999", "step": "2"},
                                    {"competency": "1", "step": "5"}, {"competency": "x", "step": "1"}])
def test_half_a_claim_is_asked_again(browse: Any, cast: Cast, values: dict[str, str]) -> None:
    answer = browse("lea").post(f"/experience/{cast['lea_x']}/savoir-faire", values)
    assert answer.status_code == 422


def test_searching_a_sentence_answers_a_part_or_the_page(browse: Any, cast: Cast) -> None:
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/savoir-faire?q=cuisiné"
    whole = lea.get(address)
    part = lea.get(address, headers={"HX-Request": "true"})
    assert "Je prépare à manger pour beaucoup de monde" in words(whole)
    assert "<html" not in part.get_data(as_text=True)
    assert words(part) in words(whole)


def test_for_me_only_is_a_choice_one_can_change(browse: Any, app: Flask, cast: Cast) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    lea.post(f"/experience/{x}/pour-moi", {"for_me_only": "yes"})
    assert only(app, x).for_me_only
    assert "Demander un retour" not in words(lea.get(f"/experience/{x}/gardee"))
    lea.post(f"/experience/{x}/pour-moi", {"for_me_only": "no"})
    assert not only(app, x).for_me_only


def test_deleting_can_be_undone_for_thirty_days(browse: Any, app: Flask, cast: Cast, at: Any) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    gone = lea.follow(lea.post(f"/experience/{x}/supprimer"))
    assert "Service civique à la médiathèque" not in words(gone).replace("C’est supprimé", "")
    assert "Annuler" in words(gone)
    assert lea.get(f"/experience/{x}").status_code == 404
    assert "Service civique" in words(lea.get("/supprimees"))
    assert lea.follow(lea.post(f"/experience/{x}/annuler")).status_code == 200
    lea.post(f"/experience/{x}/supprimer")
    at(NOON + dt.timedelta(days=30, minutes=1))
    again = browse("lea")
    assert "30 jours" in words(again.follow(again.post(f"/experience/{x}/annuler")))
    assert again.get(f"/experience/{x}").status_code == 404


@pytest.mark.parametrize("person", ["stranger", "karim", "claire", "sofia"])
def test_nobody_else_sees_anything(browse: Any, cast: Cast, person: str) -> None:
    other = browse(person)
    for screen in ("", "/gardee", "/modifier", "/recit", "/quand", "/ou", "/savoir-faire"):
        missing = other.get(f"/experience/{new()}{screen}")
        theirs = other.get(f"/experience/{cast['lea_x']}{screen}")
        assert theirs.status_code == missing.status_code == 404
        number = re.compile(r"[0-9a-f]{12}")
        assert number.sub("", theirs.get_data(as_text=True)) == number.sub("", missing.get_data(as_text=True))


def test_a_long_life_is_read_page_by_page_each_line_once(browse: Any, app: Flask, cast: Cast) -> None:
    with app.app_context():
        for n in range(45):
            build.experience(cast["stranger"], f"Chose {n:02}", NOON, started_on=dt.date(2026 - n % 7, 1 + n % 12, 1))
        db.session.commit()
        db.session.remove()
    reader, address, seen, pages = browse("stranger"), "/passeport", [], 0
    while address:
        body = reader.get(address).get_data(as_text=True)
        seen += re.findall(r"Chose \d\d", body)
        more = re.search(r'href="(/passeport\?after=[^"]+)"', body)
        address = more[1].replace("&amp;", "&") if more else ""
        pages += 1
    assert (len(seen), len(set(seen)), pages) == (45, 45, 3)
    part = reader.get("/passeport", headers={"HX-Request": "true"})
    assert "<html" not in part.get_data(as_text=True)


def test_searching_one_s_own_life(browse: Any, app: Flask, cast: Cast) -> None:
    with app.app_context():
        for n in range(12):
            build.experience(cast["stranger"], f"Chose {n}" if n else "J’ai réparé un vélo", NOON)
        db.session.commit()
        db.session.remove()
    page = words(browse("stranger").get("/passeport?q=velo repare"))
    assert "J’ai réparé un vélo" in page
    assert "Chose 3" not in page
    assert "Rien avec ces mots" in words(browse("stranger").get("/passeport?q=zzz"))


def test_nonsense_in_the_address_shows_the_first_page(browse: Any) -> None:
    for nonsense in ("x", "2026-13-01_abc", "", "_"):
        assert browse("lea").get(f"/passeport?after={nonsense}").status_code == 200


def test_a_revision_is_made_only_when_the_story_changed(app: Flask, cast: Cast) -> None:
    from passport.experiences.service import change, keep_revision

    with app.app_context():
        x = queries.experience(cast["lea_x"])
        assert x is not None
        assert keep_revision(x, NOON).id == keep_revision(x, NOON).id
        change(x, {"story": "Autrement"}, x.version, NOON)
        assert keep_revision(x, NOON).number == 2
        change(x, {"story": "J’anime un atelier numérique pour les aînés."}, x.version, NOON)
        assert keep_revision(x, NOON).number == 3
        assert db.session.query(Revision).count() == 3
        db.session.rollback()
