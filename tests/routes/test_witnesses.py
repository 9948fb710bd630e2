"""Somebody who was there, without account: the link, what is said by it, and every way it is taken back."""

from __future__ import annotations

import datetime as dt
import html
import re
import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.accounts.models import Account
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback.models import AuthoredText, AuthoredVersion
from passport.notices.models import Notice
from passport.refusals import Refusal, Refused
from passport.safety.models import Report
from passport.seal import unseal
from passport.sharing import service as sharing
from passport.sharing.models import EditionItem, Share
from passport.transaction import transaction
from passport.witnesses import queries, service
from passport.witnesses.models import Testimony as Said
from passport.witnesses.models import WitnessInvitation
from passport.witnesses.service import InvitationDraft
from tests import world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import fields, new, way, words

DAY = dt.timedelta(days=1)
H = dt.timedelta(hours=1)
SENTENCE = "Elle attend qu’ils essaient."
SAYS = {"there": "yes", "relation": "neighbour_f", "relative": "no", "words": SENTENCE, "age": "adult",
        "name_form": "full", "name": "Mme Petit", "may_be_shown": "y"}
READY = {**{k: v for k, v in SAYS.items() if k != "words"}, "sentences": ["explains", "calm"]}


def invited(cast: Cast, thing: str = "lea_x", now: dt.datetime = NOON - H) -> str:
    """Open a link about this experience and return its address."""
    with transaction():
        world.invite(cast, thing, now)
    return f"/t/{cast.tokens[f'witness_{thing}']}"


def said(cast: Cast, thing: str = "lea_x", now: dt.datetime = NOON - H, **more: Any) -> Said:
    """Let Mme Petit answer by a link, and return what was kept."""
    with transaction():
        draft = world.says(**more)
        return service.answer(world.invite(cast, thing, now - DAY), draft, now)


def shown_in_a_link(cast: Cast, testimony: Said, with_story: bool = True) -> str:
    """Make a link that shows these words and return its address."""
    with transaction():
        share = sharing.create_share(testimony.learner_id, sharing.ShareDraft(
            experience_ids=(testimony.experience_id,) if with_story else (), endorsement_ids=(),
            recipient_name="Boulangerie", recipient_shown=False, months=1, name_form="display", shown_name=None,
            intro=None, submission=uuid.uuid4(), testimony_ids=(testimony.id,)), NOON)
        return f"/s/{unseal(share.token_sealed)}"


def count(model: Any, *which: Any) -> int:
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*which)) or 0)


# ---------- the learner asks ----------


def test_from_the_asking_screen_to_the_link(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    asking = lea.get(f"/experience/{cast['lea_x']}/demander")
    address = f"/experience/{cast['lea_x']}/demander/sans-compte"
    assert address in asking.get_data(as_text=True)
    preview = lea.get(address)
    assert "J’anime un atelier numérique pour les aînés." in words(preview)
    answer = lea.fill(address)
    ready = lea.follow(answer)
    text = words(ready)
    assert "Il sert une fois, jusqu’au 8 décembre." in text
    assert "Vous n’avez rien à faire." in text
    token = re.search(r'data-copy="[^"]*/t/([\w-]{22})"', ready.get_data(as_text=True))
    assert token is not None
    assert "mailto:?subject=" in ready.get_data(as_text=True)
    person = app.test_client()
    page = person.get(f"/t/{token[1]}")
    assert page.status_code == 200
    for line in ("Lea", "Service civique à la médiathèque", "J’anime un atelier numérique pour les aînés."):
        assert line in words(preview), line
        assert line in words(page), line
    assert "Demandé à quelqu’un sans compte le 24 novembre" in words(lea.get("/echanges"))
    assert "Demandé à quelqu’un sans compte le 24 novembre" in words(lea.get(f"/experience/{cast['lea_x']}"))


def test_what_is_seen_is_this_experience_as_it_was_and_the_ticked_sentences_alone(
    app: Flask, cast: Cast, browse: Any
) -> None:
    with app.app_context(), transaction():
        x = db.session.get_one(Experience, cast["lea_x"])
        for competency in (1, 2):
            experiences.claim(x, competency, 3, NOON - DAY)
    lea = browse("lea")
    address = f"/experience/{cast['lea_x']}/demander/sans-compte"
    assert "claims" not in fields(lea.get(address))
    ready = lea.follow(lea.fill(address, claims="1", name_form="written", shown_name="Léa Martin"))
    token = re.search(r"/t/([\w-]{22})", ready.get_data(as_text=True))
    with app.app_context():
        one, other = (db.session.execute(sa.text("SELECT text_fr FROM wording WHERE competency_id = :c"), {"c": c}).scalar_one()
                      for c in (1, 2))
    lea.fill(f"/experience/{cast['lea_x']}/modifier", title="Tout autre chose")
    text = words(app.test_client().get(f"/t/{token[1]}"))  # type: ignore[index]
    assert one in text
    assert other not in text
    assert "Tout autre chose" not in text
    assert "Service civique à la médiathèque" in text
    assert "Léa Martin" in text
    assert "mes frères" not in text


def test_under_15_the_sentence_of_links_and_nothing_opens(app: Flask, cast: Cast, browse: Any) -> None:
    tom = browse("tom")
    assert "Avant 15 ans, montrer se décide à deux" in words(tom.get(f"/experience/{cast['tom_x']}/demander"))
    for answer in (tom.get(f"/experience/{cast['tom_x']}/demander/sans-compte"),
                   tom.post(f"/experience/{cast['tom_x']}/demander/sans-compte", {"submission": new(), "version": "1"})):
        assert answer.status_code == 403
        assert "Avant 15 ans" in words(answer)
    with app.app_context():
        assert count(WitnessInvitation) == 0
        with pytest.raises(Refused, match="under_15"):
            world.invite(cast, "tom_x", NOON)


def test_five_wait_at_most_and_a_cancelled_one_makes_room(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        for _ in range(5):
            invited(cast)
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/demander/sans-compte"
    assert lea.get(address).status_code == 422
    assert "Cinq liens attendent déjà une réponse" in words(lea.post(address, {"submission": new(), "version": "1",
                                                                                "name_form": "display"}))
    with app.app_context():
        last = db.session.query(WitnessInvitation).first().id  # type: ignore[union-attr]
    answer = lea.post(f"/sans-compte/{last}/annuler")
    assert way(answer) == f"/experience/{cast['lea_x']}"
    assert lea.fill(address).status_code == 303
    assert lea.get(f"/sans-compte/{last}").status_code == 303


def test_sent_twice_is_one_invitation_and_with_another_name_none(app: Flask, cast: Cast, browse: Any) -> None:
    lea, address = browse("lea"), f"/experience/{cast['lea_x']}/demander/sans-compte"
    body = fields(lea.get(address))
    assert way(lea.post(address, body)) == way(lea.post(address, body))
    assert lea.post(address, {**body, "name_form": "written", "shown_name": "Léa"}).status_code == 409
    with app.app_context():
        assert count(WitnessInvitation) == 1


@pytest.mark.parametrize(("sent", "sentence"), [
    ({"version": "9"}, "Cette expérience a changé ailleurs entre-temps"),
    ({"name_form": "written", "shown_name": ""}, "Écrire le nom à montrer"),
    ({"name_form": "x"}, "Écrire le nom à montrer"),
    ({"submission": "x"}, "La page était trop ancienne"),
    ({"claims": "99"}, "choi"),
])
def test_an_invitation_that_cannot_stand_is_said(app: Flask, cast: Cast, browse: Any, sent: dict[str, str],
                                                 sentence: str) -> None:
    answer = browse("lea").fill(f"/experience/{cast['lea_x']}/demander/sans-compte", **sent)
    assert answer.status_code == 422
    assert sentence in words(answer)
    with app.app_context():
        assert count(WitnessInvitation) == 0


def test_for_oneself_only_asks_nobody_and_closes_what_was_open(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    assert "« Pour moi »" in words(lea.get(f"/experience/{cast['lea_me']}/demander/sans-compte"))
    with app.app_context():
        address = invited(cast)
    lea.post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "yes"})
    assert app.test_client().get(address).status_code == 410
    lea.post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "no"})
    assert app.test_client().get(address).status_code == 410


def test_a_deleted_experience_closes_its_links(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        address = invited(cast)
    browse("lea").post(f"/experience/{cast['lea_x']}/supprimer")
    assert app.test_client().get(address).status_code == 410


def test_nobody_answered(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    with app.app_context():
        invited(cast)
    at(NOON + 15 * DAY)
    lea = browse("lea")
    assert "Personne n’a répondu par le lien" in words(lea.get("/echanges"))
    assert "Cela ne dit rien de vous." in words(lea.get(f"/experience/{cast['lea_x']}"))
    at(NOON + 60 * DAY)
    assert "Personne n’a répondu" not in words(browse("lea").get("/echanges"))


# ---------- the person answers ----------


def test_somebody_says_what_they_saw(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        address = invited(cast)
    person = app.test_client()
    asked = person.get(address)
    assert "checked" not in asked.get_data(as_text=True)
    assert "selected" not in asked.get_data(as_text=True)
    answer = person.post(address, data={**fields(asked), **SAYS})
    assert answer.status_code == 303
    thanks = person.get(answer.headers["Location"])
    assert words(thanks).count("Merci.") == 1
    assert SENTENCE in words(thanks)
    assert "Vu par Mme Petit, voisine" in words(thanks)
    lea = browse("lea")
    assert "Une personne qui était là vous a répondu" in words(lea.get("/passeport"))
    assert "Mme Petit vous a répondu" in words(lea.get("/echanges"))
    page = lea.get(f"/experience/{cast['lea_x']}")
    assert "Vu par Mme Petit, voisine" in words(page)
    assert SENTENCE in words(page)
    with app.app_context():
        row = db.session.query(Said).one()
        key = row.id
        assert (row.is_relative, row.saw_it, row.may_be_shown, row.read_at) == (False, True, True, None)
    assert lea.get(f"/vu/{key}").headers["Location"].endswith(f"/experience/{cast['lea_x']}#vu-{key}")
    lea.post(f"/vu/{key}/lu")
    lea.post(f"/vu/{key}/lu")
    assert "vous a répondu" not in words(lea.get("/passeport"))
    assert "Vu par Mme Petit, voisine" in words(lea.get("/echanges"))


def test_no_cookie_is_read_or_set_and_nothing_is_kept_by_who_carries_it(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        address = invited(cast)
    for browser in (app.test_client(), browse("lea").client):
        for answer in (browser.get(address), browser.get("/t/" + "A" * 22), browser.post(address, data={"name": "x"}),
                       browser.post(address + "/effacer")):
            head = answer.headers
            assert "Set-Cookie" not in head
            assert head["Cache-Control"] == "no-store"
            assert head["X-Robots-Tag"] == "noindex, nofollow, noarchive"
            assert head["Referrer-Policy"] == "no-referrer"
            assert "csrf_token" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("settings_of_test", [{"WTF_CSRF_ENABLED": True}], indirect=True, ids=["with tokens"])
def test_it_works_where_sessions_need_their_token(app: Flask, cast: Cast) -> None:
    with app.app_context():
        address = invited(cast)
    person = app.test_client()
    assert person.post(address, data={**SAYS, "submission": new()}, headers={"Origin": "null"}).status_code == 303
    assert person.post(address, data=SAYS, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert person.post(address + "/effacer").status_code == 200


@pytest.fixture
def settings_of_test(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings that a test asks for by its parametrisation."""
    return dict(getattr(request, "param", {}))


@pytest.mark.parametrize(("sent", "sentence"), [
    ({"words": ""}, "Écrire une phrase."),
    ({"words": "x" * 501}, "500 caractères au plus"),
    ({"relation": ""}, "Choisir dans la liste."),
    ({"relation": "x", "own_relation": ""}, "Choisir dans la liste."),
    ({"own_relation": "x" * 81}, "80 caractères au plus"),
    ({"name": ""}, "Écrire le nom à montrer."),
    ({"name": "06 12 34 56 78"}, "Écrire un nom, sans chiffre"),
    ({"name_form": "first", "name": "Paul Martin"}, "Écrire seulement un prénom"),
    ({"age": "minor"}, "Avant 18 ans, on garde seulement le prénom"),
    ({"there": ""}, "Choisir une des réponses."), ({"age": "x"}, "Choisir une des réponses."),
    ({"relative": "maybe"}, "Choisir une des réponses."), ({"name_form": "x"}, "Choisir une des réponses."),
    ({"there": "no"}, "Seule une phrase de quelqu’un qui était là peut être montrée."),
    ({"submission": "x"}, "La page était trop ancienne"),
])
def test_what_cannot_stand_is_said_and_nothing_typed_is_lost(app: Flask, cast: Cast, sent: dict[str, str],
                                                             sentence: str) -> None:
    with app.app_context():
        address = invited(cast)
    answer = app.test_client().post(address, data={"submission": new(), **SAYS, **sent})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert html.escape(sent.get("words", SENTENCE), quote=False) in answer.get_data(as_text=True)
    with app.app_context():
        assert count(Said) == count(AuthoredText) == 0


def test_who_was_not_there_may_write_and_is_never_shown(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        address = invited(cast)
    body = {k: v for k, v in SAYS.items() if k != "may_be_shown"}
    assert app.test_client().post(address, data={**body, "there": "no", "submission": new()}).status_code == 303
    page = words(browse("lea").get(f"/experience/{cast['lea_x']}"))
    assert "Cette personne dit qu’elle n’était pas là." in page
    assert "Vu par Mme Petit" not in page
    assert "ne se montre pas" in words(browse("lea").get("/montrer/choisir"))


def test_a_minor_leaves_a_first_name_and_nothing_else(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        address = invited(cast)
    answer = app.test_client().post(address, data={**SAYS, "age": "minor", "name_form": "first", "name": "Zoé",
                                                   "relation": "mate", "submission": new()})
    assert answer.status_code == 303
    assert "Vu par Zoé, camarade" in words(browse("lea").get(f"/experience/{cast['lea_x']}"))


def test_without_a_name_and_a_relative_are_said(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        said(cast, name_form="role", name="Caché", relation=None, own_relation="ma cheffe au snack", is_relative=True)
        assert db.session.query(Said).one().witness_name is None
    page = words(browse("lea").get(f"/experience/{cast['lea_x']}"))
    assert "Vu par une personne qui était là, ma cheffe au snack, de la famille" in page
    assert "Caché" not in page


def test_family_from_the_list_is_a_relative_said_once(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        assert said(cast, relation="family", is_relative=False).is_relative
    page = words(browse("lea").get(f"/experience/{cast['lea_x']}"))
    assert page.count("de la famille") == 1


def test_a_protected_learner_gets_ready_sentences_in_their_own_language(app: Flask, cast: Cast, browse: Any, at: Any
                                                                        ) -> None:
    with app.app_context():
        address = invited(cast, "youth_x")
        db.session.get_one(Account, cast["youth"]).language = "en"
        db.session.commit()
    person = app.test_client()
    asked = person.get(address)
    body = asked.get_data(as_text=True)
    assert "<textarea" not in body
    assert 'name="own_relation"' not in body
    assert "Explique avec des mots simples." in words(asked)
    answer = person.post(address, data={**READY, "submission": new(), "words": "Appelle-moi", "own_relation": "06 12"})
    assert answer.status_code == 303
    with app.app_context():
        assert db.session.query(AuthoredVersion).one().words == (
            "Explains in simple words. Keeps calm when things get difficult.")
        assert db.session.query(Said).one().relation == "neighbour"
        assert db.session.query(AuthoredText).one().regime == "protected"
    assert "Seen by Mme Petit, neighbour" in words(browse("youth").get(f"/experience/{cast['youth_x']}"))


@pytest.mark.parametrize(("sent", "sentence"), [
    ({"sentences": []}, "Choisir dans la liste."), ({"sentences": ["x"]}, "Choisir dans la liste."),
    ({"sentences": ["calm", "tools", "shows", "again"]}, "Choisir trois phrases au plus."),
    ({"sentences": [], "words": "Tu es belle"}, "Choisir dans la liste."),
    ({"relation": "", "own_relation": "ton ami"}, "Choisir dans la liste."),
])
def test_nothing_else_reaches_a_protected_learner(app: Flask, cast: Cast, sent: dict[str, Any], sentence: str) -> None:
    for thing in ("youth_x",):
        with app.app_context():
            address = invited(cast, thing)
        answer = app.test_client().post(address, data={**READY, "submission": new(), **sent})
        assert answer.status_code == 422
        assert sentence in words(answer)
    with app.app_context(), pytest.raises(Refused, match="ready_only"):
        said(cast, "youth_x")
    with app.app_context():
        assert count(Said) == 0


def test_the_night_holds_words_to_a_protected_learner_until_7(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    with app.app_context():
        address = invited(cast, "youth_x")
    night = at(dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC))
    person = app.test_client()
    thanks = person.get(person.post(address, data={**READY, "submission": new()}).headers["Location"])
    assert "à 7 h" in words(thanks)
    youth = browse("youth")
    assert "vous a répondu" not in words(youth.get("/passeport"))
    held = words(youth.get(f"/experience/{cast['youth_x']}"))
    assert "Demandé à quelqu’un sans compte" in held
    assert "Explique" not in held
    with app.app_context():
        key = db.session.query(Said).one().id
    assert youth.get(f"/vu/{key}").status_code == 404
    at(night + 8 * H)
    assert "vous a répondu" in words(browse("youth").get("/passeport"))


# ---------- twice, too late, cancelled, wrong ----------


def test_sent_twice_is_kept_once_and_with_other_words_changes_nothing(app: Flask, cast: Cast) -> None:
    with app.app_context():
        address = invited(cast)
    person, body = app.test_client(), {**SAYS, "submission": new()}
    assert [person.post(address, data=body).status_code for _ in range(2)] == [303, 303]
    for other in ({**body, "words": "Autre chose."}, {**body, "submission": new()}, {**body, "words": ""}):
        answer = person.post(address, data=other)
        assert answer.status_code == 409
        assert "Une réponse est déjà venue par ce lien." in words(answer)
        assert other["words"] in words(answer)
    with app.app_context():
        assert count(Said) == count(AuthoredText) == count(Notice) == 1


@pytest.mark.parametrize("why", ["cancelled", "expired", "for me only", "unknown"])
def test_what_comes_too_late_is_said_kindly_and_the_text_is_kept(app: Flask, cast: Cast, browse: Any, at: Any, why: str
                                                                ) -> None:
    with app.app_context():
        address = invited(cast)
        key = db.session.query(WitnessInvitation).one().id
    if why == "cancelled":
        browse("lea").post(f"/sans-compte/{key}/annuler")
    elif why == "expired":
        at(NOON + 14 * DAY)
    elif why == "for me only":
        browse("lea").post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "yes"})
    else:
        address = "/t/" + "A" * 22
    status = 404 if why == "unknown" else 410
    person = app.test_client()
    answer = person.post(address, data={**SAYS, "submission": new()})
    assert answer.status_code == status
    assert SENTENCE in words(answer)
    assert "Rien n’est perdu." in words(answer)
    for door in (person.get(address), person.post(address + "/effacer"), person.post(address + "/ne-plus-montrer")):
        assert door.status_code == status
        assert "Ce lien est fermé" in words(door)
    for page in (answer, person.get(address)):
        assert "Lea" not in words(page)
        assert "médiathèque" not in words(page).replace("à la médiathèque ou à la mairie", "")
    with app.app_context():
        assert count(Said) == 0


def test_a_link_that_was_never_there_looks_like_any_other(app: Flask, cast: Cast, at: Any) -> None:
    with app.app_context():
        address = invited(cast)
    at(NOON + 20 * DAY)
    never = app.test_client().get("/t/" + "B" * 22).get_data(as_text=True)
    assert never == app.test_client().get(address).get_data(as_text=True)
    assert never == app.test_client().get("/s/" + "B" * 22).get_data(as_text=True)
    assert app.test_client().get("/t/x").status_code == 404


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}], indirect=True, ids=["limits on"])
def test_who_tries_many_addresses_waits(app: Flask, cast: Cast) -> None:
    with app.app_context():
        address = invited(cast)
    person = app.test_client()
    seen = [person.get("/t/" + f"{n:022d}").status_code for n in range(41)]
    assert (seen[0], seen[-1]) == (404, 429)
    assert person.post("/t/" + "C" * 22, data=SAYS).status_code == 429
    assert person.get(address).status_code == 200


@both_databases
def test_two_who_send_at_the_same_time_are_kept_once(app: Flask, cast: Cast) -> None:
    with app.app_context():
        address = invited(cast)
    codes: list[int] = []
    start = threading.Barrier(4)

    def send(body: dict[str, Any]) -> None:
        start.wait()
        codes.append(app.test_client().post(address, data=body).status_code)

    same = {**SAYS, "submission": new()}
    threads = [threading.Thread(target=send, args=(b,)) for b in (same, same, {**SAYS, "submission": new()}, same)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {303, 409, 410}
    with app.app_context():
        assert count(Said) == count(AuthoredText) == 1


# ---------- what may be shown ----------


def test_what_both_allow_is_shown_word_for_word_as_in_the_preview(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        key = said(cast, words=SENTENCE).id
    lea = browse("lea")
    choose = lea.get("/montrer/choisir")
    assert f'name="testimonies" value="{key}"' in choose.get_data(as_text=True)
    lea.post("/montrer/choisir", {"testimonies": str(key)})
    lea.fill("/montrer/pour-qui", recipient_name="Boulangerie")
    preview = lea.get("/montrer/apercu")
    assert f"Vu par Mme Petit, voisine « {SENTENCE} »" in words(preview)
    ready = lea.follow(lea.fill("/montrer/apercu"))
    address = re.search(r'data-copy="[^"]*(/s/[\w-]{22})"', ready.get_data(as_text=True))
    reader = app.test_client().get(address[1])  # type: ignore[index]
    assert f"Vu par Mme Petit, voisine « {SENTENCE} »" in words(reader)
    assert "J’anime un atelier" not in words(reader)
    assert 'class="prov seen"' in reader.get_data(as_text=True)
    with app.app_context():
        assert db.session.query(EditionItem).one().kind == "testimony"


@pytest.mark.parametrize("why", ["not allowed", "hidden", "another's", "erased"])
def test_what_is_not_allowed_enters_no_link(app: Flask, cast: Cast, browse: Any, why: str) -> None:
    with app.app_context():
        row = said(cast, may_be_shown=why != "not allowed")
        key = row.id
        if why == "hidden":
            db.session.get_one(AuthoredText, row.text_id).hidden_at = NOON
            db.session.commit()
        elif why == "erased":
            with transaction():
                service.erase(row, None, NOON)
    who = browse("stranger" if why == "another's" else "lea")
    page = who.get("/montrer/choisir")
    assert str(key) not in page.get_data(as_text=True)
    assert who.post("/montrer/choisir", {"testimonies": str(key)}).status_code == 422
    with app.app_context(), pytest.raises(Refused, match="not_permitted"):
        sharing.create_share(cast["stranger" if why == "another's" else "lea"], sharing.ShareDraft(
            experience_ids=(), endorsement_ids=(), recipient_name="B", recipient_shown=False, months=1,
            name_form="display", shown_name=None, intro=None, submission=uuid.uuid4(), testimony_ids=(key,)), NOON)


@pytest.mark.parametrize("how", ["erased by the person", "taken back", "hidden", "deleted by the learner"])
def test_what_is_taken_back_leaves_every_page_at_once(app: Flask, cast: Cast, browse: Any, how: str) -> None:
    with app.app_context():
        address = invited(cast)
    person, lea = app.test_client(), browse("lea")
    person.post(address, data={**SAYS, "submission": new()})
    with app.app_context():
        row = db.session.query(Said).one()
        key, text = row.id, row.text_id
        link = shown_in_a_link(cast, row)
    reader = app.test_client()
    assert SENTENCE in words(reader.get(link))
    if how == "erased by the person":
        assert "C’est effacé." in words(person.post(address + "/effacer"))
        assert "C’est effacé." in words(person.post(address + "/effacer"))
    elif how == "taken back":
        assert person.post(address + "/ne-plus-montrer").status_code == 303
        assert "Personne d’autre ne le lit." in words(person.get(address))
    elif how == "hidden":
        lea.fill(f"/ca-me-derange/{text}")
    else:
        lea.post(f"/vu/{key}/supprimer")
    page = words(reader.get(link))
    assert "Une phrase n’est plus montrée." in page
    assert SENTENCE not in page
    assert "Petit" not in page
    assert "Service civique" in page
    mine = words(lea.get(f"/experience/{cast['lea_x']}"))
    assert (SENTENCE in mine) == (how == "taken back")
    assert "Une personne qui était là vous a répondu" in words(lea.get("/passeport")) or how != "taken back"
    if how in {"erased by the person", "deleted by the learner"}:
        assert person.get(address).status_code == 410
        assert lea.post(f"/vu/{key}/lu").status_code == 404
        with app.app_context():
            assert count(Said) == count(AuthoredText) == count(AuthoredVersion) == 0
            assert count(Notice, Notice.read_at.is_(None)) == 0
            assert "Petit" not in str(db.session.execute(sa.text("SELECT document FROM edition_item")).all())


def test_the_person_sees_and_erases_long_after(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    with app.app_context():
        address = invited(cast)
    person = app.test_client()
    person.post(address, data={**SAYS, "submission": new()})
    browse("lea").post(f"/experience/{cast['lea_x']}/pour-moi", {"for_me_only": "yes"})
    at(NOON + 400 * DAY)
    page = person.get(address)
    assert SENTENCE in words(page)
    assert "Service civique" not in words(page)
    person.post(address + "/effacer")
    assert person.get(address).status_code == 410


def test_an_older_link_without_anybody_s_words_reads_as_before(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        link = shown_in_a_link(cast, said(cast))
        edition = db.metadata.tables["edition"]
        head = db.session.execute(sa.select(edition.c.head)).scalar_one()
        db.session.execute(sa.update(edition).values(head={k: v for k, v in head.items() if k != "seen"}))
        db.session.commit()
    assert "Vu par Mme Petit" in words(app.test_client().get(link))


# ---------- what bothers ----------


def test_a_text_without_an_account_behind_it_is_hidden_told_and_read(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        row = said(cast, words=SENTENCE)
        text, key = row.text_id, row.id
    lea = browse("lea")
    assert f"/ca-me-derange/{text}" in lea.get(f"/experience/{cast['lea_x']}").get_data(as_text=True)
    assert lea.fill(f"/ca-me-derange/{text}", note="Je ne connais pas cette personne").status_code == 303
    page = words(lea.get(f"/experience/{cast['lea_x']}"))
    assert SENTENCE not in page
    assert "Ce texte est caché." in page
    assert "vous a répondu" not in words(lea.get("/passeport"))
    with app.app_context():
        report = db.session.query(Report).one()
        assert (report.about_id, report.handler_id) == (None, cast["sofia"])
        case = report.id
    sofia = browse("sofia")
    assert "Quelqu’un sans compte" in words(sofia.get("/signalements"))
    opened = words(sofia.get(f"/signalements/{case}"))
    assert SENTENCE in opened
    assert "Écrit par Quelqu’un sans compte" in opened
    lea.post(f"/ca-me-derange/{text}", {"resume": "1"})
    assert SENTENCE in words(lea.get(f"/experience/{cast['lea_x']}"))
    assert lea.post(f"/vu/{key}/supprimer").status_code == 303
    assert SENTENCE in words(sofia.get(f"/signalements/{case}"))


# ---------- never recognition ----------


def test_these_words_open_no_recognition(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        key = said(cast).id
    lea = browse("lea")
    lea.post(f"/vu/{key}/lu")
    assert "Faire reconnaître" not in words(lea.get(f"/experience/{cast['lea_x']}"))
    for address in (f"/retour/{key}", f"/retour/{key}/faire-reconnaitre"):
        assert lea.get(address).status_code == 404
        assert lea.post(address, {"competencies": "1", "submission": new(), "fine": "1"}).status_code == 404
    with app.app_context():
        assert db.session.execute(sa.text("SELECT count(*) FROM recognition_request")).scalar_one() == 0


def test_the_journal_names_no_witness(app: Flask, cast: Cast) -> None:
    with app.app_context():
        row = said(cast)
        with transaction():
            service.erase(row, None, clock.now())
        lines = str(db.session.execute(sa.text("SELECT action FROM audit_event WHERE action LIKE 'witnesses.%'")).all())
        assert all(verb in lines for verb in ("invite", "answer", "erase"))


def test_a_service_asked_twice_to_take_back_does_it_once(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction():
        made = world.invite(cast, "lea_x", NOON)
        service.cancel(made, NOON)
        service.cancel(made, NOON + H)
        assert made.revoked_at == NOON
        row = said(cast)
        service.take_back_permission(row, NOON)
        service.take_back_permission(row, NOON)
        answered = db.session.get_one(WitnessInvitation, row.invitation_id)
        with pytest.raises(Refused) as stopped:
            service.cancel(answered, NOON)
        assert stopped.value.refusal is Refusal.REQUEST_CLOSED
        assert queries.invitation(made.id) is made


def test_the_service_refuses_what_the_form_would(app: Flask, cast: Cast) -> None:
    with app.app_context():
        x = db.session.get_one(Experience, cast["youth_x"])
        with pytest.raises(Refused, match="adults_only"):
            service.invite(x, InvitationDraft((), "written", "Autre", uuid.uuid4()), NOON)
        for wrong in ({"name": "06 12 34 56 78"}, {"is_minor": True}, {"saw_it": False}, {"relation": "x"}, {"words": None}):
            with pytest.raises(Refused):
                said(cast, **wrong)
            db.session.rollback()
        assert count(Share) == count(Said) == 0
