"""What a child and a parent decide together: asked, answered, taken back, over, and handed over at 15 and at 18."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock
from passport.accounts import protection
from passport.accounts import queries as accounts
from passport.accounts import rules as age
from passport.accounts.models import Guardian, GuardianConsent, Passport
from passport.accounts.rules import PURPOSES
from passport.credentials.models import Credential
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback import service as feedback
from passport.parents import rules, service
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement, Permission
from passport.refusals import Refusal, Refused
from passport.seal import unseal
from passport.sharing import links
from passport.sharing import service as sharing
from passport.sharing.models import EditionItem, Share
from passport.transaction import transaction
from passport.witnesses.models import WitnessInvitation
from tests import build, pictures, world
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.letters import Letterbox, subject, text
from tests.reading import Reader, fields, new, way, words
from tests.signing import sign_all

DAY = dt.timedelta(days=1)
H = dt.timedelta(hours=1)


def asks(tom: Reader, *purposes: str, **more: Any) -> str:
    """Let Tom ask on his screen, and return the path of the link that the page shows."""
    answer = tom.post("/a-deux", {**dict.fromkeys(purposes, "y"), "way": "code", **more})
    page = tom.follow(answer).get_data(as_text=True)
    found = re.search(r'data-copy="[^"]*(/a/[\w-]{22})"', page)
    assert found, words(page)
    return found[1]


def answers(parent: Any, address: str, capacity: str = "parent", **purposes: str) -> Any:
    """Let a parent answer by their link."""
    body = fields(parent.get(address))
    return parent.post(address, data={**body, "capacity": capacity, **purposes})


def linked(cast: Cast, now: dt.datetime = NOON, **more: Any) -> Share:
    """Let Tom open a link for a placement."""
    with transaction():
        return sharing.create_share(cast["tom"], sharing.ShareDraft(
            experience_ids=(cast["tom_x"],), endorsement_ids=more.pop("endorsements", ()), recipient_name="Boulangerie",
            recipient_shown=False, months=1, name_form="display", shown_name=None, intro=None, submission=uuid.uuid4(),
            **{"purpose": "placement", **more}), now)


def given(cast: Cast, purpose: str) -> GuardianConsent:
    return db.session.scalars(
        sa.select(GuardianConsent).where(GuardianConsent.learner_id == cast["tom"], GuardianConsent.option == purpose)
        .order_by(GuardianConsent.id.desc())).first()  # type: ignore[return-value]


def consents(cast: Cast, now: dt.datetime = NOON) -> set[str]:
    return set(accounts.consents(cast["tom"], now))


def agreed(cast: Cast, *purposes: str, now: dt.datetime = NOON - DAY) -> str:
    with transaction():
        return world.agreed(cast, "tom", *purposes, now=now)


# ---------- asked and answered ----------


@pytest.mark.promise("S21", "passport.parents.rules:refusal_to_answer")
def test_a_parents_yes_is_recorded_once_with_its_day_and_opens_that_purpose_alone(
    app: Flask, cast: Cast, browse: Any
) -> None:
    """A joint consent under 15 says who declared what, how they were asked and on which day, and opens its purpose only."""
    tom, parent = browse("tom"), app.test_client()
    assert tom.get("/montrer/pour-qui").status_code == 403
    address = asks(tom, "placement", "witness")
    page = words(parent.get(address))
    assert "Montrer à une école, ou pour un stage" in page
    assert "Demander à quelqu’un qui était là" in page
    assert "photos" not in page
    for secret in ("Tom", "arbitre", "Médiathèque", "Karim", "Gauthière"):
        assert secret not in page, secret
    answer = answers(parent, address, placement="yes", witness="no")
    assert answer.status_code == 303
    receipt = words(parent.get(way(answer)))
    assert "Oui, le 24 novembre 2026. Cela vaut jusqu’au 1er avril 2027." in receipt
    assert "Non, le 24 novembre 2026." in receipt
    for secret in ("Tom", "arbitre", "Médiathèque"):
        assert secret not in receipt, secret
    with app.app_context():
        kept = db.session.scalars(sa.select(Guardian)).one()
        assert (kept.capacity, kept.way, kept.answered_at, kept.contact, kept.token_sealed) == (
            "parent", "code", NOON, None, None)
        assert given(cast, "placement").guardian_agreed_at == NOON
        assert given(cast, "witness").withdrawn_by == "guardian"
    assert parent.get(address).status_code == 410
    mine = words(tom.get("/a-deux"))
    assert "Oui, jusqu’au 1er avril 2027." in mine
    assert "Non, le 24 novembre 2026." in mine
    assert "Un parent a répondu" in words(tom.get("/passeport"))
    assert tom.get(f"/experience/{cast['tom_x']}/demander/sans-compte").status_code == 403
    tom.post("/montrer/choisir", {"experiences": [str(cast["tom_x"])]})
    page_of_link = tom.get("/montrer/pour-qui")
    assert "une école ou un stage" in words(page_of_link)
    assert "une association" not in words(page_of_link)
    assert tom.fill("/montrer/pour-qui", recipient_name="Collège", purpose="association").status_code == 422
    assert tom.fill("/montrer/pour-qui", recipient_name="Collège", purpose="placement").status_code == 303
    ready = tom.follow(tom.fill("/montrer/apercu"))
    shown = re.search(r'data-copy="[^"]*(/s/[\w-]{22})"', ready.get_data(as_text=True))
    assert shown
    assert "J’arbitre les petits le samedi" in words(parent.get(shown[1]))
    with app.app_context():
        share = db.session.scalars(sa.select(Share)).one()
        assert (share.purpose, share.expires_at) == ("placement", NOON + 30 * DAY)


@pytest.mark.promise("S22", "passport.parents.rules:refusal_to_answer")
def test_no_is_as_large_as_yes_and_nothing_is_ticked(app: Flask, cast: Cast, browse: Any) -> None:
    """A parent finds yes and no of one size, side by side, and neither is ticked beforehand."""
    page = app.test_client().get(asks(browse("tom"), "show")).get_data(as_text=True)
    assert "checked" not in page
    halves = re.findall(r'<div class="pick half">(.*?)</div>', page, flags=re.S)
    assert len(halves) == 1
    assert len(re.findall(r'type="radio"', halves[0])) == 2


@pytest.mark.parametrize(("sent", "sentence"), [
    ({"show": "yes", "capacity": ""}, "Pour dire oui, choisir une des deux lignes."),
    ({"capacity": "parent"}, "Choisir une des réponses."),
    ({"show": "peut-être", "capacity": "parent"}, "Choisir une des réponses."),
])
def test_half_an_answer_is_asked_again(app: Flask, cast: Cast, browse: Any, sent: dict[str, str], sentence: str) -> None:
    address, parent = asks(browse("tom"), "show"), app.test_client()
    answer = parent.post(address, data={**fields(parent.get(address)), **sent})
    assert answer.status_code == 422
    assert sentence in words(answer)
    with app.app_context():
        assert given(cast, "show").guardian_agreed_at is None


def test_a_no_needs_no_declaration_and_says_that_nothing_else_changes(app: Flask, cast: Cast, browse: Any) -> None:
    tom, parent = browse("tom"), app.test_client()
    address = asks(tom, "placement")
    answer = answers(parent, address, capacity="", placement="no")
    assert answer.status_code == 200
    assert "Rien ne s’ouvre, et rien d’autre ne change." in words(answer)
    assert "ALREADY" not in words(answer)
    again = tom.post("/a-deux", {"placement": "y", "way": "code"})
    assert again.status_code == 422
    with app.app_context(), pytest.raises(Refused, match="asked_lately"), transaction():
        world.asked_of_parent(cast, "tom", ("placement",), NOON + 6 * DAY)
    with app.app_context(), transaction():
        world.asked_of_parent(cast, "tom", ("placement",), NOON + 8 * DAY)


def test_sent_twice_is_the_same_receipt(app: Flask, cast: Cast, browse: Any) -> None:
    address, parent = asks(browse("tom"), "show"), app.test_client()
    body = {**fields(parent.get(address)), "capacity": "parent", "show": "yes"}
    first, second = (parent.post(address, data=body) for _ in range(2))
    assert way(first) == way(second)
    assert parent.post(address, data={**body, "submission": new()}).status_code == 410


def test_for_images_both_parents_answer_and_a_service_does_not(app: Flask, cast: Cast, browse: Any) -> None:
    tom, parent, other = browse("tom"), app.test_client(), app.test_client()
    first = asks(tom, "image")
    refused = answers(parent, first, capacity="service", image="yes")
    assert refused.status_code == 422
    assert "l’accord des deux parents" in words(refused)
    receipt = words(parent.get(way(answers(parent, first, image="yes"))))
    assert "Cela vaudra avec le oui de l’autre parent." in receipt
    assert "L’autre répond avec son propre lien." in words(tom.get("/a-deux"))
    with app.app_context():
        assert "image" not in consents(cast)
    second = asks(tom, "image")
    unsaid = answers(other, second, image="yes")
    assert unsaid.status_code == 422
    assert "dire aussi que vous êtes l’autre parent" in words(unsaid)
    with app.app_context():
        assert "image" not in consents(cast)
    assert answers(other, second, image="yes", other="y").status_code == 303
    with app.app_context():
        assert "image" in consents(cast)
        assert given(cast, "image").second_guardian_id is not None


@both_databases
def test_the_same_address_is_not_the_other_parent(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        with transaction():
            world.asked_of_parent(cast, "tom", ("image",), NOON, "parent@example.org")
        db.session.remove()
    tom, parent = browse("tom"), app.test_client()
    assert answers(parent, f"/a/{cast.tokens['parent_tom']}", image="yes").status_code == 303
    for same in ("parent@example.org", "Parent+deux@Example.org"):
        refused = tom.post("/a-deux", {"image": "y", "way": "written", "address": same})
        assert refused.status_code == 422
        assert "Écrire une autre adresse" in words(refused)
    assert tom.post("/a-deux", {"image": "y", "way": "written", "address": "autre@example.org"}).status_code == 303
    with app.app_context():
        assert [g.contact_digest is not None for g in db.session.scalars(sa.select(Guardian))] == [True, True]
        key = given(cast, "image").id
        assert given(cast, "image").second_guardian_id is not None
    tom.post(f"/a-deux/{key}/arreter")
    with app.app_context():
        assert [g.contact_digest for g in db.session.scalars(sa.select(Guardian))] == [None, None]


# ---------- only the two ----------


@pytest.mark.promise("S21", "passport.parents.rules:refusal_to_ask")
def test_nobody_but_the_child_reaches_it(app: Flask, cast: Cast, browse: Any) -> None:
    """Only the child under 15 asks, reminds and stops; no facilitator, manager or coordinator has a way there."""
    with app.app_context():
        with transaction():
            guardian = world.asked_of_parent(cast, "tom", ("show",), NOON, "parent@example.org").id
        consent = given(cast, "show").id
    for name in ("karim", "hugo", "nadia", "claire", "farid", "sofia", "lea", "youth"):
        who = browse(name)
        assert who.get("/a-deux").status_code == 404, name
        assert who.post("/a-deux", {"show": "y", "way": "code"}).status_code == 404, name
        for address in (f"/a-deux/{guardian}/rappeler", f"/a-deux/{consent}/arreter"):
            assert who.post(address).status_code == 404, name
        assert who.get(f"/a-deux/{guardian}").status_code == 404, name
    tom = browse("tom")
    assert tom.get(f"/a-deux/{guardian}").status_code == 200
    with app.app_context(), pytest.raises(Refused, match="for_under_15"):
        service.ask(cast["youth"], service.AskDraft(("show",), None), NOON)


@pytest.mark.promise("S22", "passport.parents.rules:refusal_to_remind")
def test_one_message_and_one_reminder_at_most_and_they_tell_nothing(
    app: Flask, cast: Cast, browse: Any, tmp_path: Path
) -> None:
    """A parent gets one message, and one reminder at most, by the child's own act; neither holds a name or a purpose."""
    app.config["MAIL"] = replace(app.config["MAIL"], folder=tmp_path / "mail")
    post, tom = Letterbox(app, tmp_path / "mail"), browse("tom")
    asks(tom, "show", way="written", address="Parent@Example.org")
    (mail,) = post.work()
    assert mail["To"] == "parent@example.org"
    assert subject(mail) == "Votre accord est demandé"
    for secret in ("Tom", "compétence", "arbitre", "Médiathèque"):
        assert secret not in text(mail), secret
    with app.app_context():
        key = db.session.scalars(sa.select(Guardian.id)).one()
    assert "Envoyer un rappel" in words(tom.get("/a-deux"))
    assert tom.post(f"/a-deux/{key}/rappeler").status_code == 303
    assert len(post.work()) == 1
    assert "Envoyer un rappel" not in words(tom.get("/a-deux"))
    assert "Un seul rappel part par e-mail" in words(tom.follow(tom.post(f"/a-deux/{key}/rappeler")))
    assert post.work() == []


@both_databases
def test_a_contact_is_forgotten_when_answered_and_after_thirty_days(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with transaction():
            world.asked_of_parent(cast, "tom", ("show",), NOON, "parent@example.org")
        kept = db.session.scalars(sa.select(Guardian)).one()
        with transaction():
            assert service.forget_contacts(NOON + 29 * DAY) == 0
            assert service.forget_contacts(NOON + 30 * DAY) == 1
            assert service.end_over(NOON + 30 * DAY) == 1
        db.session.refresh(kept)
        assert (kept.contact, kept.token_sealed) == (None, None)
        with transaction():
            world.asked_of_parent(cast, "tom", ("show",), NOON + 31 * DAY)


# ---------- taken back, over ----------


@pytest.fixture
def shows(app: Flask, cast: Cast) -> Cast:
    """Tom and a parent agreed on everything; he shows one link, asks somebody who was there, permits what is recognised."""
    with app.app_context():
        agreed(cast, *PURPOSES)
        with transaction():
            world.invite(cast, "tom_x", NOON)
            experiences.claim(db.session.get_one(Experience, cast["tom_x"]), 4, 3, NOON - 31 * H)
            told = world.answer(cast, world.ask(cast, "tom", "tom_x", "karim", NOON - 30 * H), "karim", NOON - 26 * H)
            feedback.answer(told, None, NOON - 25 * H)
        with transaction():
            asked = recognition.ask(told, [4], uuid.uuid4(), NOON - 24 * H)
            world.recognise(cast, asked, "karim", (4,), NOON - 3 * H)
        with transaction():
            mine = db.session.scalars(sa.select(Endorsement).where(Endorsement.request_id == asked.id)).one()
            recognition.keep(mine, NOON - 2 * H)
            recognition.permit(mine, NOON - H)
        cast.ids["tom_recognised"] = mine.id
        sign_all()
        share = linked(cast, endorsements=(cast["tom_recognised"],))
        cast.ids["tom_link"], cast.tokens["tom_link"] = share.id, unseal(share.token_sealed)
        db.session.remove()
    return cast


def in_force(cast: Cast) -> int:
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(Credential).where(
        Credential.endorsement_id == cast["tom_recognised"], Credential.unpublished_at.is_(None))) or 0)


@pytest.mark.promise("S21", "passport.parents.rules:refusal_of_receipt")
def test_a_parent_stops_one_purpose_alone_and_its_links_close_at_once(app: Flask, shows: Cast, browse: Any) -> None:
    """A parent's receipt shows the register and stops, purpose by purpose, with effect at once; it reads nothing."""
    parent, reader = app.test_client(), app.test_client()
    code, link = shows.tokens["receipt_tom"], f"/s/{shows.tokens['tom_link']}"
    with app.app_context():
        mine = db.session.scalars(sa.select(Guardian).where(Guardian.receipt_hash.is_not(None))
                                  .order_by(Guardian.id)).first()
        assert mine is not None
        code = service._receipt(mine)  # the first parent's: every purpose
    assert reader.get(link).status_code == 200
    page = parent.get(f"/r/{code}")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in page.headers
    assert parent.post(f"/r/{code}/arreter", data={"purpose": "placement"}).status_code == 303
    assert reader.get(link).status_code == 410
    assert "Oui, puis arrêté le 24 novembre 2026." in words(parent.get(f"/r/{code}"))
    assert "Arrêté par un parent le 24 novembre 2026." in words(browse("tom").get("/a-deux"))
    with app.app_context():
        assert in_force(shows) == 1
        assert db.session.scalars(sa.select(Share).where(Share.id == shows["tom_link"])).one().revoked_at == NOON
    parent.post(f"/r/{code}/arreter", data={"purpose": "show"})
    parent.post(f"/r/{code}/arreter", data={"purpose": "witness"})
    with app.app_context():
        assert in_force(shows) == 0
        assert db.session.scalar(sa.select(Permission.ended_at).where(
            Permission.endorsement_id == shows["tom_recognised"])) == NOON
        assert db.session.scalars(sa.select(WitnessInvitation.revoked_at).where(
            WitnessInvitation.learner_id == shows["tom"])).all() == [NOON]
        assert db.session.get(Endorsement, shows["tom_recognised"]).accepted_at is not None  # type: ignore[union-attr]


def test_the_child_stops_one_purpose_alone(app: Flask, shows: Cast, browse: Any) -> None:
    tom, reader = browse("tom"), app.test_client()
    with app.app_context():
        key = given(shows, "placement").id
        asking, counting = given(shows, "witness").id, given(shows, "statistics").id
        assert db.session.get_one(Passport, shows["tom"]).in_statistics
        db.session.remove()
    outside = f"/experience/{shows['tom_x']}/demander/sans-compte"
    assert tom.get(outside).status_code == 200
    assert tom.post(f"/a-deux/{key}/arreter").status_code == 303
    assert reader.get(f"/s/{shows.tokens['tom_link']}").status_code == 410
    assert reader.get(f"/t/{shows.tokens['witness_tom_x']}").status_code == 200
    for other in (asking, counting):
        tom.post(f"/a-deux/{other}/arreter")
    assert reader.get(f"/t/{shows.tokens['witness_tom_x']}").status_code == 410
    assert tom.get(outside).status_code == 403
    assert "Arrêté par vous" in words(tom.get("/a-deux"))
    with app.app_context():
        assert consents(shows) == set(PURPOSES) - {"placement", "witness", "statistics"}
        assert not db.session.get_one(Passport, shows["tom"]).in_statistics


def test_with_the_yes_of_both_parents_a_photo_is_shown_until_one_of_them_stops(
    app: Flask, cast: Cast, browse: Any
) -> None:
    with app.app_context():
        agreed(cast, "placement", "image")
        with transaction():
            photo = world.add_file(db.session.get_one(Experience, cast["tom_x"]), pictures.saved(pictures.drawing()), None,
                                   NOON - DAY)
        tom, reader = browse("tom"), app.test_client()
        assert str(photo.id) in tom.get("/montrer/choisir").get_data(as_text=True)
        share = linked(cast, evidence_ids=(photo.id,))
        assert share.image_consent_id == given(cast, "image").id
        assert linked(cast).image_consent_id is None
        link = f"/s/{unseal(share.token_sealed)}"
        piece = db.session.scalars(sa.select(EditionItem.id).where(EditionItem.evidence_id == photo.id)).one()
        db.session.remove()
    assert reader.get(f"{link}/pieces/{piece}").status_code == 200
    with app.app_context():
        key = given(cast, "image").id
    tom.post(f"/a-deux/{key}/arreter")
    assert reader.get(f"{link}/pieces/{piece}").status_code != 200
    assert reader.get(link).status_code == 410
    assert "avec l’accord des deux parents" in words(tom.get("/montrer/choisir"))


@pytest.mark.promise("T8", "passport.accounts.rules:consent_in_force")
def test_what_is_over_opens_nothing_before_any_job_has_run(app: Flask, cast: Cast, browse: Any,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """Under 15 a link ends after 30 days at most, and sooner with the yes it stands on, at that very moment."""
    with app.app_context():
        agreed(cast, "placement", now=NOON - 300 * DAY)
        share = linked(cast)
        link = f"/s/{unseal(share.token_sealed)}"
        assert consents(cast) == {"placement"}
        end = given(cast, "placement").until
        db.session.remove()
    assert end == NOON + 65 * DAY
    reader, tom = app.test_client(), browse("tom")
    assert reader.get(link).status_code == 200
    with app.app_context():
        with transaction():
            db.session.execute(sa.text("UPDATE guardian_consent SET until = :t"), {"t": "2026-11-30 00:00:00.000000"})
        db.session.remove()
    monkeypatch.setattr(clock, "now", lambda: NOON + 7 * DAY)
    assert reader.get(link).status_code == 410
    assert tom.get("/montrer/pour-qui").status_code == 403
    assert "Fini depuis" in words(tom.get("/a-deux"))
    with app.app_context():
        assert consents(cast, NOON + 7 * DAY) == set()
        with transaction():
            assert service.end_over(NOON + 7 * DAY) == 1
        assert given(cast, "placement").withdrawn_by == "end"
        assert links.by_id(share.id, NOON + 7 * DAY).state.value == "closed"  # type: ignore[union-attr]


def test_at_12_months_what_is_signed_is_cancelled_by_the_daily_job(app: Flask, shows: Cast) -> None:
    with app.app_context():
        with transaction():
            db.session.execute(sa.text("UPDATE guardian_consent SET until = :t WHERE option = 'show'"),
                               {"t": "2026-11-24 11:30:00.000000"})
        with transaction():
            assert service.end_over(NOON + H) == 1
        assert in_force(shows) == 0


# ---------- at 15, at 18 ----------


@pytest.mark.promise("S21", "passport.parents.rules:refusal_to_take_over")
def test_at_15_it_rests_until_the_learner_keeps_it_or_closes_it(app: Flask, shows: Cast, browse: Any,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """At 15 what two decided is the learner's: kept or closed purpose by purpose, and a parent's receipt opens nothing."""
    reader = app.test_client()
    with app.app_context():
        with transaction():
            turns = db.session.get_one(Passport, shows["tom"])
            turns.birth_year, turns.birth_month = 2011, 11
            db.session.execute(sa.text("UPDATE guardian_consent SET until = :t"), {"t": "2026-11-30 23:00:00.000000"})
        db.session.remove()
    link, later = f"/s/{shows.tokens['tom_link']}", NOON + 8 * DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    tom = browse("tom")
    assert reader.get(link).status_code == 410
    assert reader.get(f"/r/{shows.tokens['receipt_tom']}").status_code == 410
    assert tom.get("/a-deux").status_code == 404
    assert "Ce qui se décidait à deux est à vous" in words(tom.get("/passeport"))
    with app.app_context():
        with transaction():
            assert service.end_over(later) == 0
        assert in_force(shows) == 0
        db.session.remove()
    page = tom.get("/a-moi")
    assert "checked" not in page.get_data(as_text=True)
    assert tom.fill("/a-moi").status_code == 422
    assert tom.fill("/a-moi", placement="keep", show="keep", image="keep", witness="close").status_code == 303
    assert reader.get(link).status_code == 200
    assert "Reconnu" in words(reader.get(link))
    with app.app_context():
        sign_all()
        assert in_force(shows) == 1
        assert given(shows, "witness").withdrawn_by == "learner"
        with transaction():
            assert service.end_over(later + 100 * DAY) == 2  # association, statistics: no answer came
    assert "Il n’y a rien à décider" in words(tom.get("/a-moi"))


@both_databases
@pytest.mark.parametrize(("born", "left"), [((2012, 11), {"placement", "image"}), ((2014, 3), set())])
def test_whoever_says_they_are_younger_keeps_no_consent_of_another_age(
    app: Flask, shows: Cast, browse: Any, born: tuple[int, int], left: set[str]
) -> None:
    with app.app_context():
        with transaction():  # as if handed over at 15, by somebody who was not
            for purpose in ("show", "witness", "association", "statistics"):
                given(shows, purpose).kept_at = NOON
        db.session.remove()
    tom, reader = browse("tom"), app.test_client()
    tom.fill("/mon-age", "/mon-age/moins", birth_year=str(born[0]), birth_month=str(born[1]))
    with app.app_context():
        assert consents(shows) == left
        assert in_force(shows) == 0
        assert not db.session.get_one(Passport, shows["tom"]).in_statistics
        db.session.remove()
    assert reader.get(f"/t/{shows.tokens['witness_tom_x']}").status_code == 410
    assert reader.get(f"/s/{shows.tokens['tom_link']}").status_code == 410
    assert tom.get(f"/experience/{shows['tom_x']}/demander/sans-compte").status_code == 403
    answer = tom.post("/a-deux", {"witness": "y", "way": "code"})
    assert answer.status_code == (303 if left else 422)
    with app.app_context():
        if not left:
            with pytest.raises(Refused, match="not_before_13"), transaction():
                world.asked_of_parent(shows, "tom", ("witness",), NOON)


def test_at_18_protection_ends_unless_it_is_chosen(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        who = build.account("grown", NOON, born=(2008, 10))
        cast.ids["grown"] = who.id
    grown = browse("grown")
    assert "18 ans : ce qui change" in words(grown.get("/passeport"))
    assert grown.fill("/dix-huit-ans").status_code == 422
    assert grown.fill("/dix-huit-ans", protection="keep").status_code == 303
    assert "18 ans : ce qui change" not in words(grown.get("/passeport"))
    with app.app_context():
        assert db.session.get_one(Passport, cast["grown"]).protection_chosen
    assert browse("youth").get("/dix-huit-ans").status_code == 404
    assert "18 ans" not in words(browse("lea").get("/passeport"))


def test_at_18_a_protection_that_came_with_a_doubt_is_not_ended(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context(), transaction():
        cast.ids["grown"] = build.account("grown", NOON, born=(2008, 10)).id
        for name in ("grown", "lea"):
            protection.doubt(cast[name], cast["m_karim"], cast["karim"], NOON)
    lea, grown = browse("lea"), browse("grown")
    assert lea.get("/dix-huit-ans").status_code == 404  # a declared adult has nothing to decide at 18
    assert lea.post("/dix-huit-ans", {"protection": "close"}).status_code == 404
    answer = grown.fill("/dix-huit-ans", protection="close")
    assert answer.status_code == 422
    assert "D’abord dire son âge" in words(answer)
    with app.app_context():
        for name in ("grown", "lea"):
            assert db.session.get_one(Passport, cast[name]).protection_chosen
        assert db.session.get_one(Passport, cast["grown"]).came_of_age_at is None


# ---------- one rule, in Python and in the database ----------


@both_databases
@pytest.mark.parametrize("change", [
    {}, {"guardian_agreed_at": None}, {"until": NOON}, {"until": NOON, "kept_at": NOON}, {"learner_agreed_at": NOON + H},
    {"withdrawn_at": NOON, "withdrawn_by": "guardian"}, {"option": "image"},
], ids=str)
def test_the_database_says_the_same_of_a_consent_as_the_rule(app: Flask, cast: Cast, change: dict[str, Any]) -> None:
    with app.app_context(), transaction():
        consent = GuardianConsent(**{
            "learner_id": cast["tom"], "option": "show", "text_version": "1", "learner_agreed_at": NOON - H,
            "guardian_agreed_at": NOON - H, "until": NOON + DAY, **change})
        db.session.add(consent)
        db.session.flush()
        stands = db.session.scalar(sa.select(accounts.stands(GuardianConsent.id, NOON)).where(GuardianConsent.id == consent.id))
        assert bool(stands) is age.consent_in_force(consent, NOON) is (consent.option in consents(cast))
        assert bool(stands) is (change in ({}, {"until": NOON, "kept_at": NOON}))


# ---------- the public doors ----------


def test_a_receipt_can_be_typed_and_guessing_is_slowed(app: Flask, cast: Cast) -> None:
    with app.app_context():
        code = agreed(cast, "show")
    parent = app.test_client()
    typed = parent.post("/recu", data={"code": code.lower().replace("-", " ")})
    assert way(typed) == f"/r/{code}"
    assert "Ce code n’ouvre rien ici" in words(parent.post("/recu", data={"code": "ABCD"}))
    assert parent.get("/r/ABCD-ABCD-ABCD-ABCD").status_code == 404
    assert parent.get("/a/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    app.config["RATELIMIT_ENABLED"] = True
    answers_to = [parent.post("/recu", data={"code": f"ABCD-ABCD-ABCD-AB{n // 8 + 2}{n % 8 + 2}"}).status_code
                  for n in range(50)]
    assert 429 in answers_to
    assert parent.get(f"/r/{code}").status_code == 200


def test_the_service_says_no_for_what_two_did_not_agree_on(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with pytest.raises(Refused) as refused:
            linked(cast)
        assert refused.value.refusal is Refusal.UNDER_15
        agreed(cast, "association")
        with pytest.raises(Refused):
            linked(cast)
        with pytest.raises(Refused):
            linked(cast, purpose="show")
        assert linked(cast, purpose="association").guardian_consent_id == given(cast, "association").id
        with pytest.raises(Refused, match="for_under_15"), transaction():
            service.ask(cast["youth"], service.AskDraft(("show",), None), NOON)
        for _ in range(rules.MOST_A_DAY):
            with transaction():
                world.asked_of_parent(cast, "tom", ("show",), NOON + H)
                service.withdraw(given(cast, "show"), rules.LEARNER, NOON + H)
        with pytest.raises(Refused, match="asked_often"), transaction():
            world.asked_of_parent(cast, "tom", ("show",), NOON + H)
