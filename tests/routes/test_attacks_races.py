"""Two who act at the same instant, or one who taps four times: nobody meets a fault, and it is done once."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Account, ContactBar, Draft
from passport.card.models import Card
from passport.experiences import evidence
from passport.experiences.models import Evidence
from passport.extensions import db
from passport.feedback.models import AuthoredText, Feedback, FeedbackRequest
from passport.organisations import service as organisations
from passport.organisations.models import Joined, Membership, Organisation
from passport.recognition.models import Endorsement, Permission, RecognitionRequest
from passport.safety.models import Report
from passport.seal import unseal
from passport.sharing.models import EditionItem, Share
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, new, words
from tests.routes.test_recognition import filled
from tests.routes.test_sharing import prepare
from tests.world import ask, fill

Act = Callable[[], Any]
FINE = {200, 204, 303, 403, 404, 409, 410, 422}


def together(*acts: Act) -> list[int]:
    """Do all of this at the same instant, and return what was answered."""
    start, answers, faults = threading.Barrier(len(acts)), [0] * len(acts), []

    def run(n: int, act: Act) -> None:
        start.wait()
        try:
            answers[n] = act().status_code
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not faults, faults
    assert set(answers) <= FINE, answers
    return answers


@dataclass
class Town:
    """A city in which every state stands, and a way to open one more browser of somebody."""

    app: Flask
    cast: Cast
    browse: Callable[[str | None], Reader]

    def posts(self, who: str, path: str, form: dict[str, Any], times: int = 4) -> list[Act]:
        """Return the same form, sent from as many devices of one person."""
        return [self._post(who, path, form) for _time in range(times)]

    def _post(self, who: str, path: str, form: dict[str, Any]) -> Act:
        device = self.browse(who)
        return lambda: device.post(path, form)

    def count(self, model: Any, *which: Any) -> int:
        """Return how many rows there are."""
        with self.app.app_context():
            found = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*which))
            db.session.remove()
        return int(found or 0)


@pytest.fixture
def town(app: Flask, cast: Cast, browse: Any) -> Town:
    """The city of these tests."""
    with app.app_context():
        fill(cast, NOON)
        db.session.remove()
    return Town(app, cast, browse)


def _somebody_waits() -> bool:
    """Say whether somebody waits for a row; on SQLite whoever writes does."""
    with db.engine.connect() as look:
        return look.dialect.name == "sqlite" or bool(
            look.execute(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar())


@both_databases
class TestRaces:
    def test_a_choice_sent_four_times_is_one_draft(self, town: Town) -> None:
        together(*town.posts("stranger", "/montrer/choisir", {"experiences": [str(self.own(town))]}))
        assert town.count(Draft, Draft.account_id == town.cast["stranger"]) == 1

    def own(self, town: Town) -> uuid.UUID:
        with town.app.app_context(), transaction():
            return build.experience(town.cast["stranger"], "Une fête de quartier", NOON).id

    def test_a_preview_sent_four_times_is_one_link(self, town: Town) -> None:
        lea = town.browse("lea")
        look = fields(prepare(lea, [town.cast["lea_x"]]))
        before = town.count(Share)
        together(*town.posts("lea", "/montrer/apercu", look))
        assert town.count(Share) == before + 1

    def test_a_photo_erased_while_a_link_is_made_is_in_no_link(self, town: Town) -> None:
        lea, x, photo = town.browse("lea"), town.cast["lea_x"], town.cast["photo"]
        lea.post("/montrer/choisir", {"experiences": [str(x)], "pieces": [str(photo)]})
        look = fields(lea.follow(lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin")))
        assert town.count(EditionItem, EditionItem.evidence_id == photo) == 1
        together(*town.posts("lea", "/montrer/apercu", look, times=3),
                 *town.posts("lea", f"/experience/{x}/fichier/{photo}/effacer", {}, times=1))
        assert town.count(Evidence, Evidence.id == photo, Evidence.deleted_at.is_(None)) == 0
        with town.app.app_context():
            tokens = [unseal(sealed) for sealed in db.session.scalars(
                sa.select(Share.token_sealed).where(Share.learner_id == town.cast["lea"]))]
            db.session.remove()
        assert tokens
        for token in tokens:
            assert "<img" not in town.browse(None).get(f"/s/{token}").get_data(as_text=True)
        with town.app.app_context(), transaction():
            evidence.erase_removed(NOON + dt.timedelta(hours=2))
        assert town.count(EditionItem, EditionItem.evidence_id == photo) == 0

    def test_a_photo_that_is_just_being_erased_is_waited_for(self, town: Town) -> None:
        lea, x, photo = town.browse("lea"), town.cast["lea_x"], town.cast["photo"]
        lea.post("/montrer/choisir", {"experiences": [str(x)], "pieces": [str(photo)]})
        look = fields(lea.follow(lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin")))
        before, answers = town.count(Share), []
        with town.app.app_context(), db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as erasing:
            erasing.execute(sa.update(Evidence).where(Evidence.id == photo).values(deleted_at=NOON))
            making = threading.Thread(target=lambda: answers.append(lea.post("/montrer/apercu", look)))
            making.start()
            while making.is_alive() and not _somebody_waits():
                pass
            assert making.is_alive(), "it did not wait"
            erasing.commit()
        making.join(30)
        assert [a.status_code for a in answers] == [422]
        assert "a changé entre-temps" in words(answers[0])
        assert "Une ligne choisie ne se montre plus" in words(answers[0])
        assert town.count(Share) == before

    def test_a_draft_of_an_answer_kept_twice_at_once_is_one(self, town: Town) -> None:
        path = f"/on-me-demande/{town.cast['request']}"
        together(*town.posts("nadia", path, {"submission": new(), "seen": "Bien", "later": "quiet"}))
        assert town.count(Draft, Draft.account_id == town.cast["nadia"]) == 1
        path = f"/reconnaitre/{town.cast['recognition']}"
        together(*town.posts("karim", path, {"submission": new(), "sentence_3": "Bien", "later": "quiet"}))
        assert town.count(Draft, Draft.account_id == town.cast["karim"]) == 1

    def test_two_of_a_team_who_answer_at_once_are_one_answer(self, town: Town) -> None:
        with town.app.app_context(), transaction():
            y = build.experience(town.cast["stranger"], "Un atelier", NOON)
            town.cast.ids["stranger_y"] = y.id
            key = ask(town.cast, "stranger", "stranger_y", "karim", NOON, team=True).id
        acts = [act for who in ("karim", "hugo") for act in town.posts(
            who, f"/on-me-demande/{key}", {"submission": new(), "seen": f"{who} a vu."}, times=2)]
        together(*acts)
        assert town.count(Feedback, Feedback.request_id == key) == 1
        assert town.count(AuthoredText, AuthoredText.experience_id == town.cast["stranger_y"]) == 1

    def test_an_answer_and_its_cancelling_are_one_of_the_two(self, town: Town) -> None:
        key = town.cast["request"]
        together(*town.posts("nadia", f"/on-me-demande/{key}", {"submission": new(), "seen": "Bien"}, times=1),
                 *town.posts("lea", f"/demande/{key}/annuler", {}, times=2))
        with town.app.app_context():
            outcome = db.session.get_one(FeedbackRequest, key).outcome
            db.session.remove()
        assert town.count(Feedback, Feedback.request_id == key) == (outcome == "answered")

    def test_what_is_asked_in_two_windows_is_asked_once(self, town: Town) -> None:
        path = f"/experience/{town.cast['lea_y']}/demander/personne/{town.cast['m_nadia']}"
        forms = [fields(town.browse("lea").get(path)) for _window in range(3)]
        together(*(act for form in forms for act in town.posts("lea", path, form, times=1)))
        assert town.count(FeedbackRequest, FeedbackRequest.experience_id == town.cast["lea_y"],
                          FeedbackRequest.closed_at.is_(None)) == 1
        path = f"/retour/{town.cast['feedback_free']}/faire-reconnaitre"
        together(*(act for _window in range(3) for act in town.posts(
            "lea", path, {"submission": new(), "competencies": "4"}, times=1)))
        assert town.count(RecognitionRequest, RecognitionRequest.experience_id == town.cast["lea_y"]) == 1

    def test_a_feedback_taken_back_while_recognition_is_asked_is_one_of_the_two(self, town: Town) -> None:
        with town.app.app_context():
            free = db.session.get_one(Feedback, town.cast["feedback_free"])
            request, author = free.request_id, free.facilitator_id
            db.session.remove()
        who = next(name for name, key in town.cast.ids.items() if key == author)
        together(
            *town.posts(who, f"/on-me-demande/{request}/retirer", {}, times=2),
            *town.posts("lea", f"/retour/{town.cast['feedback_free']}/faire-reconnaitre",
                        {"submission": new(), "competencies": "4"}, times=2))
        asked = town.count(RecognitionRequest, RecognitionRequest.feedback_id == town.cast["feedback_free"])
        gone = town.count(Feedback, Feedback.id == town.cast["feedback_free"], Feedback.withdrawn_at.is_not(None))
        assert asked + gone == 1

    def test_recognised_twice_at_once_is_recognised_once(self, town: Town) -> None:
        key = town.cast["recognition"]
        form = {k: v for k, v in filled(answer_3="3", sentence_3="Elle le fait.").items() if "_1" not in k and "_2" not in k}
        together(*town.posts("karim", f"/reconnaitre/{key}", {**form, "submission": new()}),
                 *town.posts("lea", f"/reconnaitre/{key}/annuler", {}, times=1))
        assert town.count(Endorsement, Endorsement.request_id == key) <= 1

    def test_kept_permitted_and_ended_at_once_leaves_one_permission_at_most(self, town: Town, at: Any) -> None:
        form = {f"choice_{town.cast['offered'].hex}": "keep", f"permit_{town.cast['offered'].hex}": "y"}
        together(*town.posts("lea", f"/competences/{town.cast['recognition_done']}", form))
        assert town.count(Permission, Permission.endorsement_id == town.cast["offered"]) == 1
        path = f"/competence/{town.cast['offered']}"
        at(NOON + dt.timedelta(minutes=1))
        together(*town.posts("lea", f"{path}/montrer", {}, times=1), *town.posts("lea", f"{path}/ne-plus-montrer", {}, times=2),
                 *town.posts("lea", f"{path}/ne-plus-garder", {}, times=1))
        assert town.count(Permission, Permission.endorsement_id == town.cast["offered"],
                          Permission.ended_at.is_(None)) <= 1
        with town.app.app_context():
            kept = db.session.get_one(Endorsement, town.cast["offered"])
            assert kept.set_aside_at is not None
            db.session.remove()
        assert town.count(Permission, Permission.endorsement_id == town.cast["offered"],
                          Permission.ended_at.is_(None)) == 0

    def test_withdrawn_while_it_is_permitted_it_is_not_shown(self, town: Town) -> None:
        path = f"/competence/{town.cast['endorsement']}"
        together(*town.posts("karim", f"/registre/{town.cast['endorsement']}/retirer", {"reason": "Une erreur."}, times=2),
                 *town.posts("lea", f"{path}/ne-plus-montrer", {}, times=1),
                 *town.posts("lea", f"{path}/montrer", {}, times=2))
        assert town.count(Permission, Permission.endorsement_id == town.cast["endorsement"],
                          Permission.ended_at.is_(None)) == 0

    def test_for_me_only_while_a_link_is_made_shows_nothing(self, town: Town, client: Any) -> None:
        lea = town.browse("lea")
        look = fields(prepare(lea, [town.cast["lea_x"]]))
        together(*town.posts("lea", "/montrer/apercu", look, times=2),
                 *town.posts("lea", f"/experience/{town.cast['lea_x']}/pour-moi", {"for_me_only": "yes"}, times=2),
                 *town.posts("lea", f"/experience/{town.cast['lea_x']}/demander/personne/{town.cast['m_novice']}",
                             {"submission": new(), "version": "1"}, times=1))
        with town.app.app_context():
            from passport.seal import unseal

            tokens = [unseal(s.token_sealed) for s in db.session.scalars(sa.select(Share))]
            db.session.remove()
        for token in tokens:
            assert "Service civique" not in client.get(f"/s/{token}").get_data(as_text=True)
        assert town.count(FeedbackRequest, FeedbackRequest.experience_id == town.cast["lea_x"],
                          FeedbackRequest.closed_at.is_(None)) == 0

    def test_two_texts_that_bother_at_once_are_two_reports_and_one_freeze(self, town: Town) -> None:
        together(*town.posts("lea", f"/ca-me-derange/{town.cast['text']}", {"note": "Non."}))
        assert town.count(Report, Report.reporter_id == town.cast["lea"]) == 1
        assert town.count(ContactBar, ContactBar.learner_id == town.cast["lea"]) == 1

    def test_a_card_made_and_lost_four_times_at_once_is_one_card(self, town: Town) -> None:
        together(*town.posts("stranger", "/carte", {"asked": "make"}))
        assert town.count(Card, Card.learner_id == town.cast["stranger"]) == 1
        together(*town.posts("lea", "/carte/remplacer", {"card": str(town.cast["card"])}))
        assert town.count(Card, Card.learner_id == town.cast["lea"], Card.closed_at.is_(None)) == 1
        assert town.count(Card, Card.learner_id == town.cast["lea"]) == 2

    def test_an_invitation_is_for_the_first_of_two(self, town: Town) -> None:
        path = f"/invitation/{town.cast.tokens['invitation']}"
        together(*town.posts("stranger", path, {}, times=2), *town.posts("lea", path, {}, times=2))
        assert town.count(Membership, Membership.account_id.in_([town.cast["stranger"], town.cast["lea"]])) == 1

    def test_two_responsible_people_cannot_both_leave(self, town: Town) -> None:
        with town.app.app_context(), transaction():
            house = db.session.get_one(Organisation, town.cast["library"])
            other = build.membership(db.session.get_one(Account, town.cast["farid"]), house, "manager", NOON).id
        together(*town.posts("claire", f"/organisation/role/{other}/retirer", {}, times=1),
                 *town.posts("farid", f"/organisation/role/{town.cast['m_claire']}/retirer", {}, times=1))
        assert town.count(Membership, Membership.organisation_id == town.cast["library"], Membership.role == "manager",
                          Membership.ended_at.is_(None)) >= 1

    def test_joined_four_times_at_once_is_joined_once(self, town: Town) -> None:
        with town.app.app_context(), transaction():
            code = organisations.new_join_code(db.session.get_one(Organisation, town.cast["library"]), NOON)
        together(*town.posts("stranger", f"/rejoindre/{code}", {}))
        assert town.count(Joined, Joined.learner_id == town.cast["stranger"]) == 1

    def test_two_responsible_people_who_give_a_request_give_it_to_one(self, town: Town) -> None:
        with town.app.app_context(), transaction():
            house = db.session.get_one(Organisation, town.cast["library"])
            build.membership(db.session.get_one(Account, town.cast["farid"]), house, "manager", NOON)
            for name in ("m_hugo", "m_novice"):
                build.vetting(db.session.get_one(Membership, town.cast[name]),
                              db.session.get_one(Account, town.cast["claire"]), NOON)
        path = f"/on-me-demande/{town.cast['tom_desk']}/confier"
        together(*town.posts("claire", path, {"membership": str(town.cast["m_hugo"])}, times=2),
                 *town.posts("farid", path, {"membership": str(town.cast["m_novice"])}, times=2))
        with town.app.app_context():
            asked = db.session.get_one(FeedbackRequest, town.cast["tom_desk"])
            assert (asked.membership_id, asked.facilitator_id) in {
                (town.cast["m_hugo"], town.cast["hugo"]), (town.cast["m_novice"], town.cast["novice"])}
            db.session.remove()

    def test_a_form_of_signing_up_sent_four_times_opens_one_passport(self, town: Town) -> None:
        visitor = town.browse(None)
        form = {**fields(visitor.get("/creer")), "display_name": "Zoé", "age": "adult"}
        before = town.count(Account)
        assert set(together(*(partial(town.app.test_client().post, "/creer", data=form) for _time in range(4)))) == {303}
        assert town.count(Account) == before + 1

    def test_an_organisation_added_four_times_at_once_is_one(self, town: Town) -> None:
        form = {"name": "Les Jardins d’en bas", "kind": "association", "sector": "voluntary"}
        together(*town.posts("sofia", "/ville/ajouter", form))
        assert town.count(Organisation, Organisation.name == "Les Jardins d’en bas") == 1
