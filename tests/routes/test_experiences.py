"""The pages of a passport: the sentence, the small screens, and what must never happen to them."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.experiences import queries
from passport.experiences.models import Claim, Experience, Revision
from passport.extensions import db
from passport.organisations.models import Organisation
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import fields, new, way, words
from tests.world import fill


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
    assert "Une fois" in words(answer)
    assert fields(answer)["title"] == "Autre chose"
    before = len(rows(app, cast))
    assert lea.post("/ajouter", fields(answer)).status_code == 303
    assert len(rows(app, cast)) == before + 1


def test_details_can_be_given_at_once_and_stay_in_sight(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    assert "<details class=\"sheet\">" in lea.get("/ajouter").get_data(as_text=True)
    given = {"title": "La buvette", "setting": "volunteering", "month": "6", "year": "2026", "hours": "6 h",
             "organisation": "as gauthiere", "place": "Au stade"}
    answer = lea.fill("/ajouter", **given, day="31")
    assert answer.status_code == 422
    assert "<details class=\"sheet\" open>" in answer.get_data(as_text=True)
    assert fields(answer).items() >= {**given, "day": "31"}.items()
    lea.post("/ajouter", {**fields(answer), "day": ""})
    kept = rows(app, cast)[-1]
    assert (kept.setting, kept.context, kept.started_on, kept.when_precision) == (
        "volunteering", "nonformal", dt.date(2026, 6, 1), "month")
    assert (str(kept.hours), kept.organisation_id, kept.organisation_text, kept.place) == ("6.0", cast["club"], None, "Au stade")


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


def test_a_setting_can_be_taken_back(browse: Any, app: Flask, cast: Cast) -> None:
    browse("lea").fill(f"/experience/{cast['lea_x']}/quand", setting="")
    assert (only(app, cast["lea_x"]).setting, only(app, cast["lea_x"]).context) == (None, None)


def test_since_when_is_kept_without_an_end(browse: Any, app: Flask, cast: Cast) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/quand"
    lea.fill(page, year="2024", to_year="2025", ongoing="on")
    kept = only(app, cast["lea_x"])
    assert (kept.ongoing, kept.ended_on) == (True, None)
    assert "depuis 2024" in words(lea.get("/passeport"))


# ---------- finding an organisation ----------


def offered(answer: Any) -> list[str]:
    return re.findall(r'<option value="([^"]+)"></option>', answer.get_data(as_text=True))


def test_a_name_is_completed_while_one_types(browse: Any) -> None:
    """Of the organisations known to the city, never the city itself; it answers a part of a page and nothing else."""
    lea = browse("lea")
    typed = {"headers": {"HX-Request": "true"}}
    assert offered(lea.get("/organisations?organisation=mediatheque+man", **typed)) == ["Médiathèque Mandela"]
    assert offered(lea.get("/organisations?organisation=zzz", **typed)) == []
    assert "Ville" not in " ".join(offered(lea.get("/organisations?organisation=ville", **typed)))
    assert way(lea.get("/organisations?organisation=mandela")) == "/ajouter"
    assert lea.get("/organisations?organisation=" + "x" * 5000, **typed).status_code == 200


def test_what_is_already_in_the_passport_is_offered_first(browse: Any, app: Flask, cast: Cast) -> None:
    lea, stranger = browse("lea"), browse("stranger")
    stranger.fill("/ajouter", title="Au club", organisation="AS Gauthière")
    assert rows(app, cast, "stranger")[-1].organisation_id == cast["club"]
    assert offered(stranger.get("/ajouter")) == ["AS Gauthière"]
    assert offered(lea.get("/ajouter")) != ["AS Gauthière"]


@pytest.mark.parametrize("address", ["/ajouter", "/experience/{lea_x}/ou"])
def test_a_name_is_found_by_a_button_too(browse: Any, app: Flask, cast: Cast, address: str) -> None:
    """Nothing is kept before it is said to be; what was typed stays, and the name that is chosen counts."""
    lea, before = browse("lea"), len(rows(app, cast))
    address = address.format_map(cast.ids)
    typed = {"organisation": "gauthiere", "place": "Au stade"} | ({"title": "Au club"} if address == "/ajouter" else {})
    found = lea.fill(address, **typed, search="1")
    assert found.status_code == 200
    assert len(rows(app, cast)) == before
    held = fields(found, address)
    assert {name: held[name] for name in typed} == typed
    assert 'name="called" value="AS Gauthière"' in found.get_data(as_text=True)
    kept = lea.post(address, {**held, "called": "AS Gauthière"})
    x = only(app, uuid.UUID(way(kept).split("/")[2]))
    assert (x.organisation_id, x.organisation_text) == (cast["club"], None)


def test_a_name_nobody_knows_may_stay(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    found = lea.fill(f"/experience/{cast['lea_x']}/ou", organisation="Chez ma tante", search="1")
    assert "La Ville ne connaît pas ce nom" in words(found)
    lea.post(f"/experience/{cast['lea_x']}/ou", fields(found, f"/experience/{cast['lea_x']}/ou"))
    assert only(app, cast["lea_x"]).organisation_text == "Chez ma tante"


def test_an_organisation_no_longer_known_keeps_its_name(browse: Any, app: Flask, cast: Cast) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    lea.fill(f"/experience/{x}/ou", organisation="Médiathèque Mandela")
    with app.app_context():
        db.session.query(Organisation).filter_by(id=cast["library"]).update({"accredited_at": None})
        db.session.commit()
        db.session.remove()
    assert "Médiathèque Mandela" in words(lea.get(f"/experience/{x}"))
    lea.fill(f"/experience/{x}/ou", place="Gauthière")
    assert only(app, x).organisation_id == cast["library"]
    lea.fill(f"/experience/{x}/ou", organisation="Chez ma tante")
    assert (only(app, x).organisation_id, only(app, x).organisation_text) == (None, "Chez ma tante")


def test_a_corrected_context_stays(browse: Any, app: Flask, cast: Cast) -> None:
    browse("lea").fill(f"/experience/{cast['lea_x']}/quand", context="formal")
    assert only(app, cast["lea_x"]).context == "formal"


@pytest.mark.parametrize(("values", "sentence"), [
    ({"year": "1899"}, "entre 1900 et 2100"),
    ({"year": "2199"}, "entre 1900 et 2100"),
    ({"year": "26"}, "quatre chiffres"),
    ({"year": "l’an dernier"}, "quatre"),
    ({"day": "31", "month": "6", "year": "2026"}, "entre 1 et 30 pour ce mois"),
    ({"day": "29", "month": "2", "year": "2026"}, "entre 1 et 28 pour ce mois"),
    ({"day": "0", "month": "6", "year": "2026"}, "entre 1 et 30 pour ce mois"),
    ({"day": "3", "month": "6"}, "quatre chiffres"),
    ({"to_month": "6"}, "quatre chiffres"),
    ({"year": "0000"}, "entre 1900 et 2100"),
    ({"ongoing": "on"}, "Écrire depuis quand"),
    ({"day": "3", "year": "2026"}, "Choisir aussi le mois"),
    ({"year": "2026", "to_year": "2025"}, "La fin vient avant le début"),
    ({"to_year": "2025"}, "Écrire aussi le début"),
    ({"hours": "9999"}, "entre 0 et 9000"),
    ({"hours": "beaucoup"}, "Écrire un nombre"),
    ({"hours": "-3"}, "Écrire un nombre"),
    ({"hours": "1e9"}, "Écrire un nombre"),
    ({"hours": "9" * 40}, "entre 0 et 9000"),
    ({"hours": "."}, "Écrire un nombre"),
    ({"hours": "9" * 41}, "40 caractères au plus"),
])
def test_absurd_times_are_answered_in_words(browse: Any, app: Flask, cast: Cast, values: dict[str, str], sentence: str) -> None:
    answer = browse("lea").fill(f"/experience/{cast['lea_x']}/quand", **values)
    assert answer.status_code == 422
    assert sentence in words(answer)
    shown = fields(answer)
    assert {name: shown[name] for name in values} == values
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


@pytest.mark.parametrize(("screen", "elsewhere", "mine", "seen"), [
    ("modifier", {"title": "Au bureau"}, {"title": "Au téléphone"}, "Au bureau"),
    ("quand", {"setting": "sport", "year": "2025", "hours": "2,5"}, {"year": "2024"}, "Sport · 2025 · 2,5 h"),
    ("ou", {"organisation": "AS Gauthière", "place": "Au stade"}, {"place": "Chez moi"}, "AS Gauthière · Au stade"),
])
def test_each_small_screen_shows_both_texts(
    browse: Any, cast: Cast, screen: str, elsewhere: dict[str, str], mine: dict[str, str], seen: str
) -> None:
    phone, desk, page = browse("lea"), browse("lea"), f"/experience/{cast['lea_x']}/{screen}"
    data = fields(phone.get(page))
    desk.fill(page, **elsewhere)
    answer = phone.post(page, {**data, **mine})
    assert answer.status_code == 409
    assert seen in words(answer)
    assert fields(answer).items() >= mine.items()


@both_databases
def test_two_changes_at_the_same_instant_refuse_the_second(app: Flask, cast: Cast) -> None:
    from passport.experiences.service import change
    from passport.refusals import Refusal, Refused

    with app.app_context():
        x = queries.experience(cast["lea_x"])
        assert x is not None
        db.session.execute(sa.update(Experience).where(Experience.id == x.id).values(version=Experience.version + 1),
                           execution_options={"synchronize_session": False})
        with pytest.raises(Refused) as refused:
            change(x, {"title": "Trop tard"}, x.version, NOON)
        assert refused.value.refusal is Refusal.CHANGED_MEANWHILE
        db.session.rollback()
        db.session.remove()


def test_a_claim_is_said_changed_and_taken_back(browse: Any, app: Flask, cast: Cast) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    page = f"/experience/{x}/savoir-faire"
    assert way(lea.fill(page, competency="1", step="2")) == f"/experience/{x}/gardee"
    lea.fill(page, competency="1", step="3")
    with app.app_context():
        said = db.session.query(Claim).filter_by(experience_id=x).all()
        assert [(c.competency_id, c.step) for c in said] == [(1, 3)]
    assert "Je fais sans aide" in words(lea.get(f"/experience/{x}"))
    lea.post(f"{page}/1/retirer")
    with app.app_context():
        assert db.session.query(Claim).filter_by(experience_id=x).count() == 0


def test_a_claim_that_was_taken_back_comes_back_at_its_step(browse: Any, app: Flask, cast: Cast) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}/savoir-faire"
    lea.fill(page, competency="1", step="3")
    taken = lea.follow(lea.post(f"{page}/1/retirer"))
    assert "La phrase est retirée." in words(taken)
    assert f'action="{page}/1/3/remettre"' in taken.get_data(as_text=True)
    assert "Annuler" not in words(lea.follow(lea.post(f"{page}/1/retirer"))), "nothing more to undo"
    for _ in range(2):
        assert "C’est de retour." in words(lea.follow(lea.post(f"{page}/1/3/remettre")))
    with app.app_context():
        said = db.session.query(Claim).filter_by(experience_id=cast["lea_x"]).all()
        assert [(c.competency_id, c.step) for c in said] == [(1, 3)]
    assert "Choisir une phrase de la liste." in words(lea.follow(lea.post(f"{page}/999/3/remettre")))
    assert lea.follow(lea.post(f"{page}/2/9/remettre")).status_code == 200
    assert browse("stranger").post(f"{page}/2/3/remettre").status_code == 404
    with app.app_context():
        assert db.session.query(Claim).filter_by(experience_id=cast["lea_x"]).count() == 1


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
    lea.post(f"/experience/{x}/pour-moi", {})
    assert only(app, x).for_me_only, "a body that says nothing opens nothing"
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
    assert "Le temps pour annuler est passé." in words(again.follow(again.post(f"/experience/{x}/annuler")))
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


@both_databases
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
    for headers in ({}, {"HX-Request": "true"}):
        assert "Rien avec ces mots" in words(browse("stranger").get("/passeport?q=zzz", headers=headers))


def test_a_search_leaves_the_news_where_they_are(browse: Any, app: Flask, cast: Cast) -> None:
    with app.app_context():
        fill(cast, NOON)
    lea = browse("lea")
    news = "Karim"
    assert news in words(lea.get("/passeport")).split("Mes expériences")[0]
    assert news in words(lea.get("/passeport?q=zzz")).split("Mes expériences")[0]
    assert "Bienvenue" not in words(browse("stranger").get("/passeport?q=zzz"))
    part = lea.get("/passeport?q=zzz", headers={"HX-Request": "true"})
    assert words(part) == "Rien avec ces mots. Essayer un mot plus court."


def test_the_search_field_comes_with_the_eleventh(browse: Any, app: Flask, cast: Cast) -> None:
    for n in range(11):
        assert "Chercher dans mes expériences" not in words(browse("stranger").get("/passeport"))
        with app.app_context():
            build.experience(cast["stranger"], f"Chose {n}", NOON)
            db.session.commit()
            db.session.remove()
    assert "Chercher dans mes expériences" in words(browse("stranger").get("/passeport"))


def test_the_first_day_shows_three_examples(browse: Any) -> None:
    page = words(browse("stranger").get("/passeport"))
    assert page.startswith("Aller au contenu")
    assert "Bienvenue" in page
    assert page.count("« J’") == 3


def test_more_than_twenty_found_says_so(browse: Any, app: Flask, cast: Cast) -> None:
    with app.app_context():
        for n in range(21):
            build.experience(cast["stranger"], f"Vélo {n}", NOON)
        db.session.commit()
        db.session.remove()
    assert "Il y en a d’autres" in words(browse("stranger").get("/passeport?q=velo"))


def test_what_is_deleted_or_for_oneself_closes_what_was_open(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from passport.experiences import service

    closed: list[Any] = []
    monkeypatch.setattr(service, "STAYS_INSIDE", [lambda learner, x, now: closed.append((learner, x, now))])
    with app.app_context():
        x = queries.experience(cast["lea_x"])
        assert x is not None
        service.set_for_me_only(x, True, NOON)
        service.set_for_me_only(x, True, NOON)
        service.set_for_me_only(x, False, NOON)
        service.delete(x, NOON)
        service.delete(x, NOON)
        service.restore(x, NOON)
        db.session.rollback()
        db.session.remove()
    assert closed == [(cast["lea"], cast["lea_x"], NOON)] * 2


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


def test_the_same_words_after_the_way_back_are_one_experience(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    """A browser puts what was typed into a form that has a new number; after two minutes it is meant."""
    def kept() -> int:
        with app.app_context():
            found = db.session.query(Experience).filter_by(learner_id=cast["stranger"], title="J’ai repeint la salle").count()
            db.session.remove()
        return found

    her = browse("stranger")
    first = her.fill("/ajouter", title="J’ai repeint la salle")
    assert way(her.fill("/ajouter", title="J’ai repeint la salle")) == way(first)
    assert kept() == 1
    her.fill("/ajouter", title="J’ai repeint la salle", place="Salle des fêtes")
    assert kept() == 2
    at(NOON + dt.timedelta(minutes=2, seconds=1))
    her.fill("/ajouter", title="J’ai repeint la salle")
    assert kept() == 3


@pytest.mark.parametrize("address", ["/ajouter", "/ajouter/genre/bafa"])
def test_the_same_words_written_anew_are_two_experiences(app: Flask, cast: Cast, browse: Any, address: str) -> None:
    """Two Saturdays of handball, written without network, leave in the same minute; each one only once."""
    her = browse("stranger")
    forms = [{**fields(her.get(address)), "title": "Match de hand"} for _ in range(2)]
    anew = {"HX-Request": "true", "Written-Anew": "true"}
    ways = [her.post(address, form, headers=anew).headers["HX-Redirect"] for form in (*forms, *forms)]
    assert ways[0] != ways[1]
    assert ways[:2] == ways[2:]
    with app.app_context():
        assert db.session.query(Experience).filter_by(learner_id=cast["stranger"], title="Match de hand").count() == 2
        db.session.remove()
