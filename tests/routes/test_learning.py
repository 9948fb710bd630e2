"""What one makes of an experience: appris, transmis, ce que j’en retire, its kind, the path, the hours, the two texts."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.experiences import paths, queries, reflection, service
from passport.experiences.models import Experience, ExperienceLink, Reflection, Revision
from passport.extensions import db
from passport.refusals import Refusal, Refused
from passport.seal import unseal
from passport.sharing.models import Share
from tests import build, world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import fields, new, way, words

H = dt.timedelta(hours=1)


def change(app: Flask, key: Any, **values: Any) -> None:
    """Put values straight into an experience."""
    with app.app_context():
        x = db.session.get_one(Experience, key)
        for name, value in values.items():
            setattr(x, name, value)
        db.session.commit()
        db.session.remove()


def only(app: Flask, key: Any) -> Experience:
    with app.app_context():
        found = db.session.get_one(Experience, key)
        db.session.remove()
    return found


def add(app: Flask, owner: Any, title: str, **values: Any) -> uuid.UUID:
    with app.app_context():
        key: uuid.UUID = build.experience(owner, title, NOON, **values).id
        db.session.commit()
        db.session.remove()
    return key


# ---------- j’ai appris, j’ai transmis ----------


def test_nothing_is_ticked_and_nothing_is_said_of_it(browse: Any, cast: Cast) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}"
    assert not {"learned", "passed_on"} & fields(lea.get(f"{page}/appris-transmis")).keys()
    for address in (page, "/passeport"):
        body = words(lea.get(address)).replace("J’ai appris, j’ai transmis", "")
        assert "J’ai appris" not in body
        assert "J’ai transmis" not in body


def test_it_reads_in_ones_own_words_everywhere_one_shows_it(browse: Any, app: Flask, cast: Cast) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}"
    answer = lea.fill(f"{page}/appris-transmis", learned="on", passed_on_words="la souris, à Madame Roux")
    assert way(answer) == f"{page}/gardee"
    kept = only(app, cast["lea_x"])
    assert (kept.passed_on, kept.details) == (
        True, {"said": {"learned": "", "passed_on": "la souris, à Madame Roux"}})
    for address in (page, "/passeport", f"{page}/demander/personne/{cast['m_karim']}"):
        assert "J’ai transmis : la souris, à Madame Roux" in words(lea.get(address)), address
    with app.app_context():
        from passport.sharing import service as sharing

        draft = sharing.ShareDraft((cast["lea_x"],), (), "Jury", False, 1, "display", None, None, uuid.uuid4())
        link = unseal(sharing.create_share(cast["lea"], draft, NOON).token_sealed)
        db.session.commit()
        db.session.remove()
    assert "J’ai appris J’ai transmis : la souris, à Madame Roux Raconté par Lea" in words(browse(None).get(f"/s/{link}"))
    lea.fill(f"{page}/appris-transmis", learned=None, passed_on=None, passed_on_words="")
    assert (only(app, cast["lea_x"]).passed_on, only(app, cast["lea_x"]).details) == (False, None)


@pytest.mark.parametrize("values", [{"learned_words": "x" * 141}, {"passed_on_words": "x" * 20_000}])
def test_what_is_too_long_is_said_and_stays(browse: Any, app: Flask, cast: Cast, values: dict[str, str]) -> None:
    answer = browse("lea").fill(f"/experience/{cast['lea_x']}/appris-transmis", **values)
    assert answer.status_code == 422
    assert "140 caractères au plus" in words(answer)
    assert fields(answer).items() >= values.items()
    assert only(app, cast["lea_x"]).details is None


# ---------- ce que j’en retire ----------


def test_citizenship_comes_first_in_a_service_civique_alone(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    civic = words(lea.get(f"/experience/{cast['lea_x']}/ce-que-j-en-retire"))
    assert civic.index("À quoi j’ai contribué") < civic.index("Ce qui m’a plu")
    other = words(lea.get(f"/experience/{cast['lea_me']}/ce-que-j-en-retire"))
    assert "À quoi j’ai contribué" not in other
    assert len(reflection.prompts_of(only(app, cast["lea_x"]))) == 5


def test_answers_are_kept_together_or_one_by_one_and_the_empty_is_not_shown(browse: Any, app: Flask, cast: Cast) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}"
    assert words(lea.get(page)).count("Ce que j’en retire") == 1
    lea.fill(f"{page}/ce-que-j-en-retire", contributed="À ce que personne ne reste seul.", hard="Le bruit.")
    shown = words(lea.get(page))
    assert shown.index("À ce que personne ne reste seul.") < shown.index("Le bruit.")
    for never in ("Ce que j’aimerais essayer", "incomplet", "%"):
        assert never not in shown
    alone = lea.fill(f"{page}/ce-que-j-en-retire?question=next", next="Une radio.")
    assert way(alone) == f"{page}/gardee"
    answer = lea.post(f"{page}/ce-que-j-en-retire?question=marked",
                      {**fields(lea.get(f"{page}/ce-que-j-en-retire?question=marked")), "marked": "Les rires.", "next": "1"})
    assert answer.headers["Location"].endswith("?question=discovered")
    lea.fill(f"{page}/ce-que-j-en-retire?question=hard", hard="")
    with app.app_context():
        assert list(reflection.answers(cast["lea_x"])) == ["contributed", "marked", "next"]


def test_a_change_made_elsewhere_loses_no_answer(browse: Any, app: Flask, cast: Cast) -> None:
    phone, desk, page = browse("lea"), browse("lea"), f"/experience/{cast['lea_x']}/ce-que-j-en-retire"
    data = fields(phone.get(page))
    desk.fill(page, marked="Écrit au bureau")
    answer = phone.post(page, {**data, "marked": "Écrit au téléphone"})
    assert answer.status_code == 409
    assert "Ce qui m’a plu, ou surpris : Écrit au bureau" in words(answer)
    assert fields(answer)["marked"] == "Écrit au téléphone"
    assert phone.post(page, fields(answer)).status_code == 303
    with app.app_context():
        assert reflection.answers(cast["lea_x"]) == {"marked": "Écrit au téléphone"}


def test_it_goes_to_nobody_unless_it_is_ticked(browse: Any, app: Flask, cast: Cast) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    page = f"/experience/{x}/demander/personne/"
    assert "Joindre" not in words(lea.get(page + str(cast["m_karim"])))
    lea.fill(f"/experience/{x}/ce-que-j-en-retire", hard="Parler fort.")
    asking = lea.get(page + str(cast["m_karim"]))
    assert "Joindre ce que j’en retire" in words(asking)
    assert "reflection" not in fields(asking)
    lea.fill(page + str(cast["m_karim"]))
    lea.fill(page + str(cast["m_nadia"]), reflection="on")
    with app.app_context():
        kept = db.session.query(Revision).order_by(Revision.number).all()
        assert [r.facts.get("reflection") for r in kept] == [None, {"hard": "Parler fort."}]
        assert kept[0].digest == kept[1].digest
        table = db.metadata.tables["feedback_request"]
        asked = {r.facilitator_id: r.id for r in db.session.execute(sa.select(table.c.facilitator_id, table.c.id))}
        db.session.remove()
    assert "Parler fort." not in words(browse("karim").get(f"/on-me-demande/{asked[cast['karim']]}"))
    seen = words(browse("nadia").get(f"/on-me-demande/{asked[cast['nadia']]}"))
    assert "Ce qui a été dur, et ce qui m’a aidé Parler fort." in seen
    lea.fill(f"/experience/{x}/ce-que-j-en-retire", hard="Autre chose.")
    assert "Parler fort." in words(browse("nadia").get(f"/on-me-demande/{asked[cast['nadia']]}"))
    assert "Répondu sur le texte" not in words(lea.get(f"/experience/{x}"))


def test_a_question_of_nobody_is_refused_and_nothing_is_kept(app: Flask, cast: Cast) -> None:
    with app.app_context():
        x = queries.experience(cast["lea_x"])
        assert x is not None
        for given, refusal in (({"why": "x"}, Refusal.PROMPT_UNKNOWN), ({"hard": "x" * 4001}, Refusal.TOO_LONG)):
            with pytest.raises(Refused) as refused:
                reflection.reflect(x, given, x.version, NOON)
            assert refused.value.refusal is refusal
        with pytest.raises(Refused):
            reflection.reflect(x, {"hard": "x"}, x.version - 1, NOON)
        assert db.session.query(Reflection).count() == 0
        db.session.remove()


# ---------- kinds ----------


def test_a_service_civique_has_its_own_fields_and_marks_that_stop_nobody(browse: Any, app: Flask, cast: Cast) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}"
    assert "Service civique" in words(lea.get(f"{page}/genre"))
    shown = words(lea.get(f"{page}/genre/civic_service"))
    assert "De 24 à 48 heures par semaine" in shown
    assert "€" not in shown
    assert "formation civique et citoyenne" not in shown.split("Relus le")[0]
    lea.fill(f"{page}/genre/civic_service", f_theme="culture", f_weekly_hours="8,5", f_first_aid="3/11/2026")
    assert only(app, cast["lea_x"]).details == {
        "fields": {"theme": "culture", "weekly_hours": "8.5", "first_aid": "2026-11-03"}}
    seen = words(lea.get(page))
    assert "Thème de la mission Culture et loisirs Heures par semaine 8,5 Premiers secours (PSC), le 3 novembre 2026" in seen
    assert "La suite que j’imagine" not in seen
    assert "Culture et loisirs" not in words(lea.get(f"{page}/demander/personne/{cast['m_karim']}"))
    lea.fill(f"{page}/appris-transmis", learned="on")
    lea.post(f"{page}/genre/retirer")
    assert (only(app, cast["lea_x"]).kind, only(app, cast["lea_x"]).details) == (None, {"said": {"learned": ""}})


@pytest.mark.parametrize(("values", "sentence"), [
    ({"f_weekly_hours": "beaucoup"}, "Écrire un nombre entre 1 et 60"), ({"f_weekly_hours": "-3"}, "entre 1 et 60"),
    ({"f_weekly_hours": "1e9"}, "entre 1 et 60"), ({"f_weekly_hours": "NaN"}, "entre 1 et 60"),
    ({"f_theme": "argent"}, "Corriger cette réponse"), ({"f_first_aid": "hier"}, "Écrire un jour"),
    ({"f_first_aid": "31/02/2026"}, "Écrire un jour"), ({"f_first_aid": "1066-01-01"}, "entre 1900 et 2100"),
    ({"f_mission": "x" * 141}, "140 caractères"), ({"f_next": "x" * 1001}, "1000 caractères"),
])
def test_nonsense_in_a_field_is_said_beside_it(
    browse: Any, app: Flask, cast: Cast, values: dict[str, str], sentence: str
) -> None:
    answer = browse("lea").fill(f"/experience/{cast['lea_x']}/genre/civic_service", **values)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert only(app, cast["lea_x"]).kind is None


def test_fields_that_a_kind_does_not_have_are_dropped(browse: Any, app: Flask, cast: Cast) -> None:
    page = f"/experience/{cast['lea_x']}/genre/psc"
    browse("lea").fill(page, f_with="La Croix bleue", f_theme="culture", salary="573", details="{}")
    assert only(app, cast["lea_x"]).details == {"fields": {"with": "La Croix bleue"}}
    with app.app_context():
        x = queries.experience(cast["lea_x"])
        assert x is not None
        for changes in ({"details": {"fields": {"theme": "culture"}}}, {"kind": "army"}, {"details": {"pay": "1"}},
                        {"details": {"said": {"learned": "x" * 141}}}, {"details": {"said": {"thought": "x"}}}):
            with pytest.raises(Refused):
                service.change(x, changes, x.version, NOON)
        db.session.rollback()
        db.session.remove()


def test_an_unknown_kind_is_no_page(browse: Any, cast: Cast) -> None:
    for address in (f"/experience/{cast['lea_x']}/genre/army", "/ajouter/genre/army"):
        assert browse("lea").get(address).status_code == 404


def test_a_training_is_added_with_the_steps_one_has(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    choosing = lea.get("/ajouter/genre")
    assert "BAFA" in words(choosing)
    assert 'href="/ajouter" aria-current="page"' in choosing.get_data(as_text=True)
    kept = lea.follow(lea.fill("/ajouter/genre/bafa", f_general="2026-04-18"))
    assert "Je passe mon BAFA" in words(kept)
    with app.app_context():
        x = db.session.query(Experience).filter_by(kind="bafa").one()
        assert (x.for_me_only, x.setting, x.context) == (False, "association_life", "nonformal")
        key = x.id
        db.session.remove()
    page = words(lea.get(f"/experience/{key}"))
    assert "Session générale, finie le 18 avril 2026" in page
    assert "Stage pratique" not in page


def test_a_time_of_a_life_is_for_oneself_unless_one_says_otherwise(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    form = lea.get("/ajouter/genre/exile")
    assert fields(form)["for_me_only"] == "y"
    assert "ne regarde que soi" in words(form)
    lea.follow(lea.fill("/ajouter/genre/exile"))
    with app.app_context():
        x = db.session.query(Experience).filter_by(kind="exile").one()
        assert (x.for_me_only, x.details) == (True, None)
        key = x.id
        db.session.remove()
    lea.fill(f"/experience/{key}/genre/exile", for_me_only=None, f_gained="Une langue.")
    assert not only(app, key).for_me_only
    assert "for_me_only" not in fields(lea.get(f"/experience/{key}/genre/exile"))


def test_choosing_it_later_closes_what_was_open(browse: Any, app: Flask, cast: Cast) -> None:
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}"
    lea.fill(f"{page}/demander/personne/{cast['m_karim']}")
    assert "se ferme tout de suite" in words(lea.get(f"{page}/genre/caring"))
    lea.fill(f"{page}/genre/caring")
    assert only(app, cast["lea_x"]).for_me_only
    assert "Service civique à la médiathèque" not in words(browse("karim").get("/on-me-demande"))


def test_the_same_sending_twice_is_kept_once(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    data = fields(lea.get("/ajouter/genre/bafa"))
    assert way(lea.post("/ajouter/genre/bafa", data)) == way(lea.post("/ajouter/genre/bafa", data))
    answer = lea.post("/ajouter/genre/bafa", {**data, "title": "Un autre BAFA"})
    assert answer.status_code == 409
    assert "Je passe mon BAFA" in words(answer)
    assert fields(answer)["title"] == "Un autre BAFA"
    assert lea.post("/ajouter/genre/bafa", {**data, "submission": new(), "title": " "}).status_code == 422


# ---------- le chemin ----------


def test_a_path_is_drawn_read_as_a_list_and_shown_from_both_ends(browse: Any, app: Flask, cast: Cast) -> None:
    lea, a, b = browse("lea"), cast["lea_x"], cast["lea_me"]
    assert "Je suis ici" not in words(lea.get(f"/experience/{a}/chemin"))
    assert way(lea.fill(f"/experience/{a}/chemin/ajouter?sens=vers", other=str(b))) == f"/experience/{a}/chemin"
    lea.fill(f"/experience/{a}/chemin/ajouter?sens=vers", other=str(b))
    c = add(app, cast["lea"], "Un métier", started_on=dt.date(2027, 1, 4))
    lea.fill(f"/experience/{c}/chemin/ajouter?sens=de", other=str(b))
    with app.app_context():
        assert {(x.from_id, x.to_id) for x in db.session.query(ExperienceLink)} == {(a, b), (b, c)}
        db.session.remove()
    body = lea.get(f"/experience/{b}/chemin")
    assert body.get_data(as_text=True).count("<g class=") == 3
    assert 'aria-hidden="true"' in body.get_data(as_text=True).split("<g class=")[0].rsplit("<svg", 1)[1]
    shown = words(body)
    assert "vient de 1. Service civique à la médiathèque" in shown
    assert "m’a mené à 3. Un métier" in shown
    page = words(lea.get(f"/experience/{b}"))
    assert "Vient de Service civique à la médiathèque" in page
    assert "M’a mené à Un métier" in page
    lea.post(f"/experience/{b}/chemin/retirer", {"other": str(a), "sens": "de"})
    lea.post(f"/experience/{b}/chemin/retirer", {"other": str(a), "sens": "de"})
    assert "Vient de" not in words(lea.get(f"/experience/{b}"))
    assert "Un métier" in words(lea.get(f"/experience/{b}"))


def test_what_is_deleted_leaves_the_path_and_comes_back_with_it(browse: Any, cast: Cast) -> None:
    lea, a, b = browse("lea"), cast["lea_x"], cast["lea_me"]
    lea.fill(f"/experience/{a}/chemin/ajouter", other=str(b))
    lea.post(f"/experience/{b}/supprimer")
    for address in (f"/experience/{a}", f"/experience/{a}/chemin"):
        body = words(lea.get(address))
        assert "Je m’occupe de mes frères" not in body.replace("C’est supprimé", "")
    lea.post(f"/experience/{b}/annuler")
    assert "Je m’occupe de mes frères" in words(lea.get(f"/experience/{a}"))


@pytest.mark.parametrize("other", ["", "x", "tom_x", "unknown"])
def test_only_ones_own_experiences_are_on_ones_path(browse: Any, app: Flask, cast: Cast, other: str) -> None:
    chosen = str(cast[other]) if other in cast.ids else new() if other == "unknown" else other
    lea = browse("lea")
    for address in ("ajouter", "retirer"):
        assert lea.post(f"/experience/{cast['lea_x']}/chemin/{address}", {"other": chosen}).status_code == 404
    with app.app_context():
        assert db.session.query(ExperienceLink).count() == 0
        db.session.remove()


def test_nothing_leads_to_itself(browse: Any, app: Flask, cast: Cast) -> None:
    lea, x = browse("lea"), cast["lea_x"]
    answer = lea.post(f"/experience/{x}/chemin/ajouter", {"other": str(x)})
    assert answer.status_code == 422
    assert "Choisir une autre expérience que celle-ci." in words(lea.get("/passeport")) + words(answer)
    assert 'value="' + str(x) not in lea.get(f"/experience/{x}/chemin/ajouter").get_data(as_text=True)


def test_a_path_is_searched_and_goes_on_page_by_page(browse: Any, app: Flask, cast: Cast) -> None:
    for n in range(25):
        add(app, cast["lea"], f"Vélo {n:02}")
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/chemin/ajouter?sens=de"
    page = lea.get(address).get_data(as_text=True)
    assert 'name="sens" value="de"' in page
    assert "after=" in page
    found = lea.get(f"{address}&q=velo 07")
    assert "Vélo 07" in words(found)
    assert "Vélo 08" not in words(found)
    assert "<html" not in lea.get(f"{address}&q=velo", headers={"HX-Request": "true"}).get_data(as_text=True)


def test_a_crowd_of_ways_is_refused_and_a_long_path_is_drawn_around_here(browse: Any, app: Flask, cast: Cast) -> None:
    keys = [add(app, cast["stranger"], f"Pas {n:02}", started_on=dt.date(2020, 1, 1) + dt.timedelta(days=n)) for n in range(40)]
    with app.app_context():
        xs = [queries.experience(key) for key in keys]
        for a, b in pairwise(xs):
            assert a is not None
            assert b is not None
            paths.link(a, b, NOON)
        middle = xs[20]
        assert middle is not None
        found = paths.path_of(middle)
        assert (len(found.stops), found.here and found.here.experience.title) == (paths.MOST_SHOWN, "Pas 20")
        assert len({(x, y) for x, y, _stop in found.drawing.stops}) == paths.MOST_SHOWN
        for other in xs[21:40]:
            assert other is not None
            paths.link(middle, other, NOON)
        assert xs[0] is not None
        paths.link(middle, xs[0], NOON)
        assert xs[1] is not None
        with pytest.raises(Refused) as refused:
            paths.link(middle, xs[1], NOON)
        assert refused.value.refusal is Refusal.PATH_FULL
        db.session.rollback()
        db.session.remove()


def test_a_path_is_read_by_nobody_else(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    lea.fill(f"/experience/{cast['lea_x']}/chemin/ajouter", other=str(cast["lea_me"]))
    with app.app_context():
        world.fill(cast, NOON)
        link = unseal(db.session.get_one(Share, cast["share"]).token_sealed)
        db.session.commit()
        db.session.remove()
    for who, address in ((None, f"/s/{link}"), ("nadia", f"/on-me-demande/{cast['request']}"),
                         ("karim", f"/reconnaitre/{cast['recognition']}")):
        answer = browse(who).get(address)
        assert answer.status_code == 200
        assert "mes frères" not in words(answer)
    for person in ("stranger", "karim", "claire", "sofia"):
        assert browse(person).get(f"/experience/{cast['lea_x']}/chemin").status_code == 404


@both_databases
def test_what_stands_around_an_experience_on_both_databases(app: Flask, cast: Cast) -> None:
    from passport.experiences.around import around

    with app.app_context():
        x, y = queries.experience(cast["lea_x"]), queries.experience(cast["lea_me"])
        assert x is not None
        assert y is not None
        paths.link(x, y, NOON)
        paths.link(x, y, NOON)
        paths.link(y, x, NOON)
        reflection.reflect(x, {"hard": "Le bruit."}, x.version, NOON)
        service.change(x, {"organisation_id": cast["library"]}, x.version, NOON)
        found = around(x, "fr")
        assert found.organisation == "Médiathèque Mandela"
        assert [n.id for n in found.came_from] == [n.id for n in found.led_to] == [y.id]
        assert [text for _prompt, text in found.reflection] == ["Le bruit."]
        assert paths.path_of(x).here is not None
        paths.unlink(x, y, NOON)
        assert [n.id for n in around(x, "fr").came_from] == [y.id]
        assert around(x, "fr").led_to == []
        db.session.rollback()
        db.session.remove()


# ---------- mes heures ----------


def test_hours_stand_by_year_and_organisation_and_nobody_else_reads_them(browse: Any, app: Flask, cast: Cast) -> None:
    lea = browse("lea")
    assert "Rien ici pour" in words(lea.get("/mes-heures"))
    club = {"organisation_id": cast["club"], "when_precision": "month"}
    add(app, cast["lea"], "Coach", started_on=dt.date(2025, 12, 1), ended_on=dt.date(2026, 1, 1), hours=Decimal(62), **club)
    add(app, cast["lea"], "Buvette", started_on=dt.date(2026, 6, 1), hours=Decimal("2.5"), **club)
    add(app, cast["lea"], "Table", organisation_text="La Table Ouverte", hours=Decimal(7), started_on=dt.date(2026, 6, 1))
    add(app, cast["lea"], "Frères", hours=Decimal(3), for_me_only=True, started_on=dt.date(2026, 6, 1))
    add(app, cast["lea"], "Un jour", hours=Decimal(1))
    add(app, cast["lea"], "Plus là", hours=Decimal(500), deleted_at=NOON)
    page = words(lea.get("/mes-heures"))
    parts = ["2026 AS Gauthière Coach Buvette 33,5 heures", "La Table Ouverte Table 7 heures", "Sans organisation Frères 3 heures",
             "2025 AS Gauthière Coach 31 heures", "Sans date Sans organisation Un jour 1 heure"]
    assert [page.index(part) for part in parts] == sorted(page.index(part) for part in parts)
    assert "selon les jours" in page
    assert "500" not in page
    for never in ("total", "Total", "200 h", "classement"):
        assert never not in page
    assert "Coach" not in words(browse("karim").get("/mes-heures"))


# ---------- les deux textes ----------


def told(app: Flask, cast: Cast) -> None:
    with app.app_context():
        world.fill(cast, NOON)
        db.session.commit()
        db.session.remove()


def test_what_was_recognised_or_answered_before_says_on_which_text(browse: Any, app: Flask, cast: Cast) -> None:
    told(app, cast)
    lea, page = browse("lea"), f"/experience/{cast['lea_x']}"
    before = words(lea.get(page))
    assert "sur le texte du" not in before
    lea.fill(f"{page}/recit", story="J’anime deux ateliers numériques pour les aînés.")
    after = lea.get(page)
    assert "Reconnu sur le texte du 21 novembre." in words(after)
    assert "Répondu sur le texte du 21 novembre." in words(after)
    assert f"{page}/comparer/" in after.get_data(as_text=True)
    address = after.get_data(as_text=True).split(f'href="{page}/comparer/')[1].split('"')[0]
    both = lea.get(f"{page}/comparer/{address}")
    html = both.get_data(as_text=True)
    assert '<del><span class="sr">retiré : </span>un atelier numérique </del>' in html.replace("\u00a0", " ")
    assert '<ins><span class="sr">ajouté : </span>deux ateliers numériques </ins>' in html.replace("\u00a0", " ")
    assert "Rien n’a changé ici." in words(both)
    lea.fill(f"{page}/recit", story="J’anime un atelier numérique pour les aînés.")
    assert "sur le texte du" not in words(lea.get(page))


def test_the_facilitator_and_the_reader_keep_the_text_they_were_given(browse: Any, app: Flask, cast: Cast) -> None:
    told(app, cast)
    with app.app_context():
        link = unseal(db.session.get_one(Share, cast["share"]).token_sealed)
        db.session.remove()
    browse("lea").fill(f"/experience/{cast['lea_x']}/recit", story="Tout autre chose, plus tard.")
    for who, address in (("nadia", f"/on-me-demande/{cast['request']}"), ("karim", f"/reconnaitre/{cast['recognition']}"),
                         (None, f"/s/{link}")):
        page = words(browse(who).get(address))
        assert "J’anime un atelier numérique pour les aînés." in page, address
        assert "Tout autre chose" not in page, address


@pytest.mark.parametrize("person", ["stranger", "karim", "claire"])
def test_nobody_else_compares(browse: Any, app: Flask, cast: Cast, person: str) -> None:
    told(app, cast)
    with app.app_context():
        kept = db.session.query(Revision).filter_by(experience_id=cast["lea_x"]).first()
        assert kept is not None
        key = kept.id
        db.session.remove()
    assert browse(person).get(f"/experience/{cast['lea_x']}/comparer/{key}").status_code == 404
    assert browse("lea").get(f"/experience/{cast['lea_y']}/comparer/{key}").status_code == 404
    assert browse("lea").get(f"/experience/{cast['lea_x']}/comparer/{key}").status_code == 200


def test_long_texts_that_look_alike_are_compared_in_no_time() -> None:
    from passport.experiences.differences import compared

    started = time.process_time()
    compared("a b " * 2000, "b a " * 2000)
    compared("a " * 4000, "b " * 4000)
    compared(" ".join(map(str, range(1600))), " ".join(map(str, range(1600, 0, -1))))
    assert time.process_time() - started < 2
