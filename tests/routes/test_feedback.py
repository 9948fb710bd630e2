"""Asking for feedback, answering and reading it, screen by screen."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.accounts.models import Account, ContactBar, Draft
from passport.audit import service as audit
from passport.audit.models import ReadingLine
from passport.columns import uuid7
from passport.experiences import service as experiences
from passport.experiences.models import Experience, Revision
from passport.extensions import db
from passport.feedback import queries, service
from passport.feedback.models import (
    AccessGrant,
    AuthoredText,
    AuthoredVersion,
    Feedback,
    FeedbackRequest,
    GrantedClaim,
)
from passport.frameworks.models import Competency
from passport.notices.models import Notice
from passport.organisations.models import AskCode, Joined, Membership, Organisation, Vetting
from passport.seal import digest_of, seal
from passport.transaction import transaction

from .. import build
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import fields, new, way, words

DAY = dt.timedelta(days=1)


def rows(app: Flask, model: Any, *which: Any) -> list[Any]:
    with app.app_context():
        found = list(db.session.scalars(sa.select(model).where(*which)))
        db.session.remove()
    return found


def one(app: Flask, model: Any, *which: Any) -> Any:
    found = rows(app, model, *which)
    assert len(found) == 1, f"{len(found)} {model.__name__}"
    return found[0]


def ask(app: Flask, cast: Cast, experience: str, member: str | None, now: dt.datetime, organisation: str = "library",
        message: str | None = None) -> uuid.UUID:
    """Send a request through the service, as its learner does."""
    with app.app_context():
        with transaction():
            request = service.ask(
                db.session.get_one(Experience, cast[experience]),
                db.session.get_one(Membership, cast[member]) if member else None,
                db.session.get_one(Organisation, cast[organisation]), (), message, uuid.uuid4(), now,
            )
        key = request.id
        db.session.remove()
    return key


def give(app: Flask, cast: Cast, request: uuid.UUID, member: str, now: dt.datetime, seen: str = "Tu as tenu bon.") -> uuid.UUID:
    """Answer a request through the service, as its facilitator does."""
    with app.app_context():
        with transaction():
            role = queries.role_of(cast[member])
            assert role is not None
            person = db.session.get_one(Membership, cast[member]).account_id
            feedback = service.give_feedback(db.session.get_one(FeedbackRequest, request), role, person,
                                             service.FeedbackDraft(seen, None, None, uuid.uuid4()), now)
        key = feedback.id
        db.session.remove()
    return key


def claim(app: Flask, cast: Cast, experience: str, how_many: int = 2) -> list[int]:
    with app.app_context():
        with transaction():
            ids = list(db.session.scalars(sa.select(Competency.id).order_by(Competency.id).limit(how_many)))
            for n in ids:
                experiences.claim(db.session.get_one(Experience, cast[experience]), n, 3, NOON)
        db.session.remove()
    return ids


def bar(app: Flask, cast: Cast, learner: str, adult: str) -> None:
    with app.app_context():
        with transaction():
            db.session.add(ContactBar(id=uuid7(), learner_id=cast[learner], adult_id=cast[adult], cause="block",
                                      started_at=NOON))
        db.session.remove()


# ---------- asking ----------


def test_a_learner_sees_exactly_what_will_be_read_takes_a_sentence_out_and_sends(app: Flask, cast: Cast, browse: Any) -> None:
    kept, left_out = claim(app, cast, "lea_x")
    lea = browse("lea")
    address = f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}"
    page = lea.get(address)
    assert "Ce que verra Karim" in words(page)
    assert "J’anime un atelier numérique pour les aînés." in words(page)
    assert sorted(fields(page)["claims"]) == sorted([str(kept), str(left_out)])
    answer = lea.fill(address, claims=[str(kept)], message="Qu’en dis-tu ?")
    assert way(answer) == f"/experience/{cast['lea_x']}"
    request = one(app, FeedbackRequest)
    assert (request.facilitator_id, request.message) == (cast["karim"], "Qu’en dis-tu ?")
    grant = one(app, AccessGrant)
    assert grant.closes_at - grant.opened_at == 60 * DAY
    assert [c.competency_id for c in rows(app, GrantedClaim)] == [kept]
    assert "Demandé à Karim le 24 novembre" in words(lea.follow(answer))


def test_sending_twice_asks_once(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    address = f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}"
    data = fields(lea.get(address))
    assert lea.post(address, data).status_code == 303
    assert lea.post(address, data).status_code == 303
    assert len(rows(app, FeedbackRequest)) == 1
    assert lea.post(address, {**data, "message": "Autre chose"}).status_code == 409
    assert "déjà demandé" in words(lea.post(address, {**data, "submission": new()}))


def test_an_experience_that_changed_meanwhile_is_read_again_before_it_leaves(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    address = f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}"
    data = fields(lea.get(address))
    with app.app_context():
        with transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            experiences.change(x, {"story": "Autre histoire."}, x.version, NOON)
        db.session.remove()
    answer = lea.post(address, {**data, "message": "Bonjour"})
    assert answer.status_code == 422
    assert "a changé ailleurs" in words(answer)
    assert "Autre histoire." in words(answer)
    assert fields(answer)["message"] == "Bonjour"
    assert not rows(app, FeedbackRequest)
    assert lea.post(address, fields(answer)).status_code == 303


def test_too_long_a_word_is_said_beside_its_field_and_kept(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    answer = lea.fill(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}", message="a" * 1001)
    assert answer.status_code == 422
    assert "un peu long" in words(answer)
    assert fields(answer)["message"] == "a" * 1001


def test_for_me_only_leaves_no_request(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    address = f"/experience/{cast['lea_me']}/demander/personne/{cast['m_karim']}"
    assert lea.get(address).status_code == 422
    data = {"submission": new(), "version": "1"}
    answer = lea.post(address, data)
    assert answer.status_code == 422
    assert "Pour moi" in words(answer)
    assert lea.get(f"/experience/{cast['lea_me']}/demander").status_code == 422
    assert not rows(app, FeedbackRequest)


def test_somebody_elses_experience_is_not_there(cast: Cast, browse: Any) -> None:
    stranger = browse("stranger")
    for address in (f"/experience/{cast['lea_x']}/demander",
                    f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}",
                    f"/experience/{cast['lea_x']}/demander/organisation/{cast['library']}",
                    f"/experience/{uuid.uuid4()}/demander"):
        assert stranger.get(address).status_code == 404


def test_a_minor_asks_where_they_joined_and_elsewhere_only_the_desk(app: Flask, cast: Cast, browse: Any) -> None:
    tom = browse("tom")
    here = f"/experience/{cast['tom_x']}/demander/personne/"
    page = tom.get(here + str(cast["m_karim"]))
    assert "ou de la Ville peuvent lire cet échange, pour votre sécurité" in words(page)
    elsewhere = tom.get(here + str(cast["m_nadia"]))
    assert elsewhere.status_code == 422
    assert "Demander à l’accueil : AS Gauthière" in words(elsewhere)
    assert tom.get(here + str(cast["m_hugo"])).status_code == 422  # his check is over
    desk = f"/experience/{cast['tom_x']}/demander/organisation/{cast['club']}"
    assert "Avant cela, l’équipe ne la voit pas." in words(tom.get(desk))
    assert tom.fill(desk).status_code == 303
    request = one(app, FeedbackRequest)
    assert (request.membership_id, request.organisation_id) == (None, cast["club"])


def test_an_organisation_is_found_by_a_part_of_its_name_without_accents(cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    page = lea.get(f"/experience/{cast['lea_x']}/demander?q=mediatheque")
    assert "Médiathèque Mandela" in words(page)
    assert "AS Gauthière" not in words(page)
    part = lea.get(f"/experience/{cast['lea_x']}/demander?q=rien", headers={"HX-Request": "true"})
    assert "<html" not in part.get_data(as_text=True)
    assert "Aucune organisation de ce nom" in words(part)


def test_the_code_shown_by_a_facilitator_lets_one_choose_an_experience(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        with transaction():
            db.session.add(AskCode(id=uuid7(), membership_id=cast["m_karim"], token_hash=digest_of("k" * 22),
                                   token_sealed=seal("k" * 22), made_at=NOON))
        db.session.remove()
    page = browse("lea").get("/d/" + "k" * 22)
    assert "Demander un retour à Karim" in words(page)
    assert f"/demander/personne/{cast['m_karim']}" in page.get_data(as_text=True)
    assert "Je m’occupe de mes frères" not in words(page)
    chosen = browse("tom").get("/d/" + "k" * 22)
    assert "J’arbitre les petits" in words(chosen)
    assert "C’est votre propre code" in words(browse("karim").get("/d/" + "k" * 22))
    assert browse("lea").get("/d/" + "x" * 22).status_code == 404
    assert browse(None).get("/d/" + "k" * 22).status_code == 303


def test_who_answered_before_is_one_tap_away_while_they_can_be_asked(app: Flask, cast: Cast, browse: Any) -> None:
    give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - 3 * DAY), "m_karim", NOON - 2 * DAY)
    lea = browse("lea")
    address = f"/experience/{cast['lea_x']}/demander"
    assert f"/demander/personne/{cast['m_karim']}" in lea.get(address).get_data(as_text=True)
    bar(app, cast, "lea", "karim")
    assert f"/demander/personne/{cast['m_karim']}" not in lea.get(address).get_data(as_text=True)
    assert "ne peut pas répondre en ce moment" in words(lea.get(f"{address}/personne/{cast['m_karim']}"))


def test_a_request_is_cancelled_at_any_time_and_at_once(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    lea, karim = browse("lea"), browse("karim")
    assert karim.get(f"/on-me-demande/{key}").status_code == 200
    assert browse("stranger").post(f"/demande/{key}/annuler").status_code == 404
    assert lea.post(f"/demande/{key}/annuler").status_code == 303
    assert lea.post(f"/demande/{key}/annuler").status_code == 303
    assert karim.get(f"/on-me-demande/{key}").status_code == 404
    assert one(app, FeedbackRequest).outcome == "cancelled"
    assert "C’est tout pour aujourd’hui." in words(karim.get("/on-me-demande"))


def test_somebody_else_is_offered_after_14_days(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    ask(app, cast, "lea_x", "m_karim", NOON)
    assert "Demander à quelqu’un d’autre" not in words(browse("lea").get("/echanges"))
    at(NOON + 14 * DAY)
    page = browse("lea").get("/echanges")
    assert "Demandé à Karim le 24 novembre" in words(page)
    assert "Demander à quelqu’un d’autre" in words(page)


def test_a_request_without_answer_lapses_after_60_days_and_can_be_asked_again(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON)
    later = at(NOON + 61 * DAY)
    assert browse("karim").get(f"/on-me-demande/{key}").status_code == 404
    assert "C’est tout" in words(browse("karim").get("/on-me-demande"))
    assert "Karim n’a pas pu répondre" in words(browse("lea").get("/echanges"))
    with app.app_context():
        with transaction():
            assert service.lapse(later) == 1
            assert service.lapse(later) == 0
        db.session.remove()
    assert one(app, FeedbackRequest).outcome == "lapsed"
    lea = browse("lea")
    assert lea.fill(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_karim']}").status_code == 303
    assert all(n.read_at for n in rows(app, Notice, Notice.kind == "request_closed"))


def test_an_experience_that_becomes_for_me_closes_what_it_opened(app: Flask, cast: Cast) -> None:
    ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    give(app, cast, ask(app, cast, "tom_x", "m_karim", NOON - DAY), "m_karim", NOON - DAY)
    with app.app_context():
        with transaction():
            experiences.set_for_me_only(db.session.get_one(Experience, cast["lea_x"]), True, NOON)
            experiences.delete(db.session.get_one(Experience, cast["tom_x"]), NOON)
        db.session.remove()
    assert {r.outcome for r in rows(app, FeedbackRequest)} == {"cancelled", "answered"}
    assert all(g.closed_at == NOON for g in rows(app, AccessGrant))


# ---------- answering ----------


def test_the_facilitator_reads_what_was_sent_and_never_the_experience_as_it_is_now(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY, message="Un avis ?")
    with app.app_context():
        with transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            experiences.change(x, {"title": "Titre neuf", "story": "Rien à voir."}, x.version, NOON)
        db.session.remove()
    claim(app, cast, "lea_x")
    page = words(browse("karim").get(f"/on-me-demande/{key}"))
    assert "Service civique à la médiathèque" in page
    assert "Un avis ?" in page
    assert "Rien à voir." not in page
    assert "Titre neuf" not in page
    assert "dit savoir faire" not in page
    assert len(rows(app, Revision)) == 1


@pytest.mark.parametrize("who", ["lea", "stranger", "nadia", "hugo", "claire", "sofia"])
def test_nobody_else_opens_a_request_to_karim(app: Flask, cast: Cast, browse: Any, who: str) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    person = browse(who)
    assert person.get(f"/on-me-demande/{key}").status_code == 404
    assert person.post(f"/on-me-demande/{key}", {"seen": "…", "submission": new()}).status_code == 404
    assert person.post(f"/on-me-demande/{key}/pas-vu").status_code == 404
    assert one(app, FeedbackRequest).closed_at is None


def test_an_answer_is_one_field_and_passes_to_the_next_longest_wait(app: Flask, cast: Cast, browse: Any) -> None:
    first = ask(app, cast, "lea_x", "m_karim", NOON - 3 * DAY)
    second = ask(app, cast, "tom_x", "m_karim", NOON - 2 * DAY)
    karim = browse("karim")
    box = karim.get("/on-me-demande").get_data(as_text=True)
    assert box.index(str(first)) < box.index(str(second))
    page = karim.get(f"/on-me-demande/{first}")
    assert "Envoyer et passer au suivant (1)" in words(page)
    answer = karim.fill(f"/on-me-demande/{first}", seen="Tu laisses la souris aux aînés.", question="hardest",
                        next_step="Préparer la prochaine séance.")
    assert way(answer) == f"/on-me-demande/{second}"
    version = one(app, AuthoredVersion)
    assert (version.words, words(version.question or "")) == (
        "Tu laisses la souris aux aînés.", "Qu’est-ce qui a été le plus dur ?")
    last = karim.fill(f"/on-me-demande/{second}", seen="Ils t’écoutent.")
    assert "C’est tout pour aujourd’hui." in words(karim.follow(last))
    grant = one(app, AccessGrant, AccessGrant.experience_id == cast["lea_x"])
    assert grant.closes_at == NOON + 30 * DAY


def test_an_answer_sent_twice_is_one_and_another_is_refused(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    data = {**fields(karim.get(f"/on-me-demande/{key}")), "seen": "Bien vu."}
    assert karim.post(f"/on-me-demande/{key}", data).status_code == 303
    assert karim.post(f"/on-me-demande/{key}", data).status_code == 303
    assert karim.post(f"/on-me-demande/{key}", {**data, "seen": "Autre"}).status_code == 409
    assert karim.post(f"/on-me-demande/{key}", {**data, "submission": new()}).status_code == 403
    assert len(rows(app, Feedback)) == 1
    assert "Bien vu." in words(karim.get(f"/on-me-demande/{key}"))


def test_an_empty_answer_is_asked_for_and_what_was_typed_stays(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    answer = karim.fill(f"/on-me-demande/{key}", seen="  ", question="next", next_step="Un pas")
    assert answer.status_code == 422
    assert "Écrire une phrase." in words(answer)
    assert (fields(answer)["next_step"], fields(answer)["question"]) == ("Un pas", "next")
    assert not rows(app, Feedback)


def test_a_question_in_ones_own_words_wins_over_a_ready_one(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    browse("karim").fill(f"/on-me-demande/{key}", seen="Bien.", question="next", own_question="Et le bruit ?")
    assert one(app, AuthoredVersion).question == "Et le bruit ?"


@pytest.mark.parametrize("claims", [["99"], ["abc", "1e9"], ["-1", "9" * 40]], ids=str)
def test_a_sentence_taken_back_meanwhile_does_not_go_along(
    app: Flask, cast: Cast, browse: Any, claims: list[str]
) -> None:
    sent = browse("lea").fill(f"/experience/{cast['lea_x']}/demander/personne/{cast['m_nadia']}", claims=claims)
    assert sent.status_code == 303, words(sent)
    assert rows(app, GrantedClaim) == []


def test_a_draft_is_kept_on_the_server_for_its_author_alone(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", None, NOON - DAY)
    karim = browse("karim")
    assert way(karim.fill(f"/on-me-demande/{key}", seen="À moitié", question="next", later="1")) == "/on-me-demande"
    kept = fields(browse("karim").get(f"/on-me-demande/{key}"))
    assert (kept["seen"], kept["question"]) == ("À moitié", "next")
    assert fields(browse("novice").get(f"/on-me-demande/{key}"))["seen"] == ""
    half = {**fields(karim.get(f"/on-me-demande/{key}")), "seen": "Presque", "later": "quiet"}
    assert karim.post(f"/on-me-demande/{key}", half, headers={"HX-Request": "true"}).status_code == 204
    assert one(app, Draft).body["seen"] == "Presque"
    assert karim.fill(f"/on-me-demande/{key}").status_code == 303
    assert not rows(app, Draft)


def test_a_team_answers_for_an_adult_and_then_only_who_answered_still_reads(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", None, NOON - DAY)
    assert browse("novice").get(f"/on-me-demande/{key}").status_code == 200
    assert browse("nadia").get(f"/on-me-demande/{key}").status_code == 404
    assert browse("karim").fill(f"/on-me-demande/{key}", seen="Je l’ai vue faire.").status_code == 303
    assert browse("novice").get(f"/on-me-demande/{key}").status_code == 404
    assert browse("karim").get(f"/on-me-demande/{key}").status_code == 200
    assert "Karim vous a répondu" in words(browse("lea").get("/echanges"))


def test_not_seen_is_told_kindly(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    assert browse("karim").post(f"/on-me-demande/{key}/pas-vu").status_code == 303
    lea = browse("lea")
    page = words(lea.get("/echanges"))
    assert "Karim n’a pas vu cela" in page
    assert "Demander à quelqu’un d’autre" in page
    assert one(app, AccessGrant).closed_at == NOON
    assert browse("karim").get(f"/on-me-demande/{key}").status_code == 404
    assert lea.post(f"/demande/{key}/lu").status_code == 303
    assert one(app, Notice).read_at == NOON


# ---------- protected learners ----------


def test_opening_what_a_learner_sent_is_written_down_before_the_answer(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim = browse("karim")
    assert karim.get(f"/on-me-demande/{key}").status_code == 200
    assert karim.get(f"/on-me-demande/{key}").status_code == 200
    line = one(app, ReadingLine)
    assert (line.learner_id, line.role, line.action) == (cast["tom"], "facilitator", "open_request")
    lea = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    karim.get(f"/on-me-demande/{lea}")
    assert {line.learner_id for line in rows(app, ReadingLine)} == {cast["tom"], cast["lea"]}


def test_the_inbox_shows_no_words_of_a_protected_learner(app: Flask, cast: Cast, browse: Any) -> None:
    ask(app, cast, "tom_x", "m_karim", NOON - DAY, message="Un mot de Tom")
    ask(app, cast, "lea_x", "m_karim", NOON - DAY, message="Un mot de Lea")
    page = words(browse("karim").get("/on-me-demande"))
    assert "J’arbitre" in page
    assert "Un mot de Tom" not in page
    assert "Un mot de Lea" in page
    assert {(line.learner_id, line.action) for line in rows(app, ReadingLine)} == {
        (cast["tom"], "see_request"), (cast["lea"], "see_request")}


@pytest.mark.parametrize("after", ["nonsense", f"0001-01-01T00:00:00%2B14:00~{uuid.UUID(int=1)}"])
def test_a_place_that_is_no_time_starts_the_inbox_again(cast: Cast, browse: Any, after: str) -> None:
    assert browse("karim").get(f"/on-me-demande?after={after}").status_code == 200


def test_without_that_line_nothing_is_shown(app: Flask, cast: Cast, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr("passport.feedback.routes.note_reading", broken)
    answer = browse("karim").get(f"/on-me-demande/{key}")
    assert answer.status_code == 503
    assert "J’arbitre" not in words(answer)
    assert audit.note_reading is not broken


def test_a_check_that_ended_closes_the_request_by_itself(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON)
    with app.app_context():
        with transaction():
            db.session.execute(sa.update(Vetting).where(Vetting.membership_id == cast["m_karim"])
                               .values(expires_on=clock.day_of(NOON) + DAY))
        db.session.remove()
    assert browse("karim").get(f"/on-me-demande/{key}").status_code == 200
    at(NOON + DAY)
    assert browse("karim").get(f"/on-me-demande/{key}").status_code == 404
    assert "C’est tout" in words(browse("karim").get("/on-me-demande"))


def test_what_is_written_at_night_reaches_a_minor_at_7(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    key = ask(app, cast, "tom_x", "m_karim", NOON)
    night = at(dt.datetime(2026, 11, 24, 21, 30, tzinfo=dt.UTC))  # 22:30 in the city
    karim = browse("karim")
    assert "Arrive demain à 7 h." in words(karim.get(f"/on-me-demande/{key}"))
    assert "Arrive demain à 7 h." in words(karim.follow(karim.fill(f"/on-me-demande/{key}", seen="Bien joué.")))
    feedback = one(app, Feedback)
    morning = dt.datetime(2026, 11, 25, 6, tzinfo=dt.UTC)
    assert feedback.visible_at == morning
    tom = browse("tom")
    assert tom.get(f"/retour/{feedback.id}").status_code == 404
    page = words(tom.get("/echanges"))
    assert "Demandé à Karim" in page
    assert "vous a répondu" not in page
    assert "vous a répondu" not in words(tom.get("/passeport"))
    at(night + dt.timedelta(hours=9))
    assert "Karim vous a répondu" in words(browse("tom").get("/passeport"))


def test_an_adults_exchange_is_not_held_at_night(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON)
    night = at(dt.datetime(2026, 11, 24, 21, 30, tzinfo=dt.UTC))
    browse("karim").fill(f"/on-me-demande/{key}", seen="Bien joué.")
    assert one(app, Feedback).visible_at == night


def test_a_desk_request_waits_unseen_until_its_manager_gives_it_to_a_checked_facilitator(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "tom_x", None, NOON - DAY)
    for name in ("karim", "novice", "hugo"):
        assert browse(name).get(f"/on-me-demande/{key}").status_code == 404
        assert "J’arbitre" not in words(browse(name).get("/on-me-demande"))
        assert browse(name).post(f"/on-me-demande/{key}/confier", {"membership": str(cast["m_karim"])}).status_code == 404
    with app.app_context(), transaction():
        build.vetting(db.session.get_one(Membership, cast["m_claire"]), db.session.get_one(Account, cast["sofia"]), NOON)
    claire = browse("claire")
    assert "Une demande à confier" in words(claire.get("/echanges"))
    desk = claire.get(f"/organisation/{cast['library']}/demandes")
    assert "J’arbitre les petits le samedi" in words(desk)
    assert str(cast["m_karim"]) in desk.get_data(as_text=True)
    assert str(cast["m_hugo"]) not in desk.get_data(as_text=True)
    assert claire.post(f"/on-me-demande/{key}/confier", {}).status_code == 422
    assert claire.post(f"/on-me-demande/{key}/confier", {"membership": str(cast["m_hugo"])}).status_code == 422
    assert claire.post(f"/on-me-demande/{key}/confier", {"membership": str(cast["m_nadia"])}).status_code == 422
    assert browse("farid").get(f"/organisation/{cast['library']}/demandes").status_code == 404
    for _again in range(2):
        assert claire.post(f"/on-me-demande/{key}/confier", {"membership": str(cast["m_karim"])}).status_code == 303
    assert browse("karim").get(f"/on-me-demande/{key}").status_code == 200
    assert browse("karim").fill(f"/on-me-demande/{key}", seen="Il explique.").status_code == 303


def test_a_blocked_adult_reads_nothing_more_and_cannot_tell_why(app: Flask, cast: Cast, browse: Any) -> None:
    key = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    bar(app, cast, "lea", "karim")
    karim = browse("karim")
    assert karim.get(f"/on-me-demande/{key}").status_code == 404
    assert "C’est tout" in words(karim.get("/on-me-demande"))


# ---------- reading ----------


def test_opening_a_feedback_changes_nothing_and_a_tap_makes_it_read(app: Flask, cast: Cast, browse: Any) -> None:
    key = give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - 2 * DAY), "m_karim", NOON - DAY)
    lea = browse("lea")
    page = lea.get(f"/retour/{key}")
    assert "Le retour de Karim" in words(page)
    assert "Tu as tenu bon." in words(page)
    assert "Faire reconnaître" not in words(page)
    assert one(app, Feedback).read_at is None
    assert one(app, Notice).read_at is None
    assert lea.post(f"/retour/{key}", {"fine": "1"}).status_code == 303
    assert lea.post(f"/retour/{key}", {"fine": "1"}).status_code == 303
    feedback = one(app, Feedback)
    assert (feedback.read_at, feedback.reply) == (NOON, None)
    assert one(app, Notice).read_at == NOON
    assert f"/retour/{key}/faire-reconnaitre" in lea.get(f"/retour/{key}").get_data(as_text=True)


def test_a_learner_answers_once(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_karim", NOON - 2 * DAY)
    key = give(app, cast, request, "m_karim", NOON - DAY)
    lea = browse("lea")
    assert lea.post(f"/retour/{key}", {"reply": " "}).status_code == 422
    assert lea.post(f"/retour/{key}", {"reply": "Merci, je vais essayer."}).status_code == 303
    assert lea.post(f"/retour/{key}", {"reply": "Merci, je vais essayer."}).status_code == 303
    again = lea.post(f"/retour/{key}", {"reply": "Encore"})
    assert again.status_code == 422
    assert "C’est déjà fait." in words(again)
    assert one(app, Feedback).reply == "Merci, je vais essayer."
    assert "Merci, je vais essayer." in words(browse("karim").get(f"/on-me-demande/{request}"))


@pytest.mark.parametrize("who", ["stranger", "karim", "claire", "sofia", "tom"])
def test_nobody_else_reads_a_feedback(app: Flask, cast: Cast, browse: Any, who: str) -> None:
    key = give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - 2 * DAY), "m_karim", NOON - DAY)
    person = browse(who)
    assert person.get(f"/retour/{key}").status_code == 404
    assert person.post(f"/retour/{key}", {"fine": "1"}).status_code == 404
    assert one(app, Feedback).read_at is None


def test_the_passport_says_that_somebody_answered(app: Flask, cast: Cast, browse: Any) -> None:
    give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - 2 * DAY), "m_karim", NOON - DAY)
    lea = browse("lea")
    assert "Karim vous a répondu" in words(lea.get("/passeport"))
    assert "Karim vous a répondu" in words(lea.get(f"/experience/{cast['lea_x']}"))


# ---------- what pages cost ----------


@pytest.fixture
def statements(app: Flask) -> Any:
    """A function that opens a page and returns how many statements it took."""

    def count(person: Any, address: str) -> int:
        seen: list[str] = []

        def hear(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        with app.app_context():
            engine = db.engine
        sa.event.listen(engine, "before_cursor_execute", hear)
        try:
            assert person.get(address).status_code == 200
        finally:
            sa.event.remove(engine, "before_cursor_execute", hear)
        return len([s for s in seen if not s.startswith(("BEGIN", "PRAGMA"))])

    return count


def test_pages_cost_the_same_for_one_and_for_ten_and_never_more_than_eight(app: Flask, cast: Cast, browse: Any, statements: Any) -> None:
    def more(n: int) -> None:
        with app.app_context():
            with transaction():
                for i in range(n):
                    x = experiences.log_experience(
                        cast["lea"], experiences.ExperienceDraft(title=f"Encore {n}, {i}", submission=uuid.uuid4()), NOON)
                    service.ask(x, db.session.get_one(Membership, cast["m_karim"]),
                                db.session.get_one(Organisation, cast["library"]), (), None, uuid.uuid4(), NOON)
            db.session.remove()

    key = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    ask(app, cast, "youth_x", None, NOON - DAY)
    read = give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - DAY), "m_karim", NOON - DAY)
    more(1)
    visits = [("lea", "/echanges"), ("lea", f"/experience/{cast['lea_x']}/demander?q=a"), ("lea", f"/retour/{read}"),
              ("lea", f"/experience/{cast['lea_x']}"), ("lea", "/passeport"),
              ("lea", f"/experience/{cast['lea_x']}/demander/organisation/{cast['club']}"),
              ("lea", f"/experience/{cast['lea_x']}/demander/personne/{cast['m_nadia']}"),
              ("karim", "/on-me-demande"), ("karim", f"/on-me-demande/{key}"), ("claire", "/echanges"),
              ("claire", f"/organisation/{cast['library']}/demandes")]
    first = [statements(browse(who), address) for who, address in visits]
    more(9)
    second = [statements(browse(who), address) for who, address in visits]
    assert first == second
    assert [visit for visit, many in zip(visits, first, strict=True) if many > 8] == []


def test_the_inbox_goes_on_where_it_stopped(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        with transaction():
            for i in range(25):
                x = experiences.log_experience(
                    cast["lea"], experiences.ExperienceDraft(title=f"Ligne {i:02}", submission=uuid.uuid4()), NOON)
                service.ask(x, db.session.get_one(Membership, cast["m_karim"]),
                            db.session.get_one(Organisation, cast["library"]), (), None, uuid.uuid4(),
                            NOON - DAY + i * dt.timedelta(minutes=1))
        db.session.remove()
    karim = browse("karim")
    page = karim.get("/on-me-demande").get_data(as_text=True)
    assert "Ligne 19" in page
    assert "Ligne 20" not in page
    address = page[page.index("/on-me-demande?after="):].split('"')[0].replace("&amp;", "&")
    rest = karim.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in rest
    assert "Ligne 19" not in rest
    assert "Ligne 20" in rest
    assert "Ligne 24" in rest


@both_databases
def test_the_whole_exchange_on_both_databases(app: Flask, cast: Cast, browse: Any) -> None:
    claim(app, cast, "tom_x")
    tom, karim = browse("tom"), browse("karim")
    assert tom.fill(f"/experience/{cast['tom_x']}/demander/personne/{cast['m_karim']}").status_code == 303
    request = one(app, FeedbackRequest)
    assert karim.get("/on-me-demande").status_code == 200
    assert karim.fill(f"/on-me-demande/{request.id}", seen="Les petits t’écoutent.").status_code == 303
    feedback = one(app, Feedback)
    assert "Les petits t’écoutent." in words(tom.get(f"/retour/{feedback.id}"))
    assert tom.post(f"/retour/{feedback.id}", {"reply": "Merci"}).status_code == 303
    assert one(app, AuthoredText).regime == "protected"
    assert rows(app, Joined, Joined.learner_id == cast["tom"])
    assert tom.get("/echanges").status_code == 200
    assert tom.get(f"/experience/{cast['tom_x']}/demander?q=mandela").status_code == 200
    assert browse("claire").get(f"/organisation/{cast['library']}/demandes").status_code == 200
