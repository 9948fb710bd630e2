"""Preparing a link, seeing it as it will be read, reading it without account, and closing it at once."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from passport.accounts.models import Draft, Passport
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback import queries as feedback_queries
from passport.feedback import service as feedback
from passport.feedback.models import AuthoredText
from passport.feedback.service import FeedbackDraft
from passport.frameworks.models import Wording
from passport.organisations.models import Membership, Organisation
from passport.policy import Actor
from passport.recognition import recognising
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement, EndorserName
from passport.recognition.recognising import RecogniseDraft
from passport.seal import unseal
from passport.sharing.models import EditionItem, Share, ShareReading
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, new, way, words

DAY = dt.timedelta(days=1)


# ---------- building ----------


def recognised(
    cast: Cast, experience: str = "lea_x", count: int = 1, permitted: bool = True, kept: bool = True,
    now: dt.datetime = NOON - DAY,
) -> list[uuid.UUID]:
    """Take one experience through the whole story with Karim and return the endorsements."""
    with transaction():
        x = db.session.get_one(Experience, cast[experience])
        x.story_digest = experiences.keep_revision(x, now - 9 * DAY).digest
        member = db.session.get_one(Membership, cast["m_karim"])
        library = db.session.get_one(Organisation, cast["library"])
        role = feedback_queries.role_of(member.id)
        assert role is not None
        asked = feedback.ask(x, member, library, [], None, uuid.uuid4(), now - 8 * DAY)
        given = feedback.give_feedback(asked, role, member.account_id,
                                       FeedbackDraft("Je t’ai vue faire.", None, None, uuid.uuid4()), now - 7 * DAY)
        feedback.answer(given, None, now - 6 * DAY)
        ids = sentence_ids(count)
        request = recognition.ask(given, ids, uuid.uuid4(), now - 5 * DAY)
        draft = RecogniseDraft(
            how_known="supervised", how_person_known="regularly", is_relative=False,
            seen_from_on=dt.date(2025, 10, 1), seen_to_on=dt.date(2026, 6, 30),
            answers=tuple((n, 3, "endorse", f"A mené huit ateliers ({n}).") for n in ids), submission=uuid.uuid4(),
        )
        recognising.recognise(request, role, Actor(member.account_id, roles=(role,)), draft, "Karim B.", now - 4 * DAY)
        found = db.session.scalars(
            sa.select(Endorsement).where(Endorsement.request_id == request.id).order_by(Endorsement.id)).all()
        for endorsement in found:
            if kept:
                recognition.keep(endorsement, now - 3 * DAY)
            if permitted:
                recognition.permit(endorsement, now - 2 * DAY)
        return [e.id for e in found]


def sentence_ids(count: int) -> list[int]:
    """Return some competencies."""
    return list(db.session.scalars(
        sa.select(Wording.competency_id).where(Wording.current).order_by(Wording.competency_id).limit(count)))


def sentence(competency_id: int) -> str:
    """Return its sentence in French."""
    return str(db.session.scalar(
        sa.select(Wording.text_fr).where(Wording.current, Wording.competency_id == competency_id)))


def prepare(
    person: Reader, experiences: list[uuid.UUID], endorsements: list[uuid.UUID] | None = None, **audience: Any
) -> TestResponse:
    """Choose, say for whom, and return the preview."""
    chosen = person.post("/montrer/choisir", {"experiences": [str(i) for i in experiences],
                                              "endorsements": [str(i) for i in endorsements or ()]})
    assert way(chosen) == "/montrer/pour-qui", words(chosen)[:300]
    said = person.fill("/montrer/pour-qui", **{"recipient_name": "Boulangerie Martin", **audience})
    assert said.status_code == 303, words(said)
    return person.follow(said)


def make(
    person: Reader, experiences: list[uuid.UUID], endorsements: list[uuid.UUID] | None = None, **audience: Any
) -> tuple[uuid.UUID, str]:
    """Make a link and return its id and its path."""
    look = prepare(person, experiences, endorsements, **audience)
    made = person.post("/montrer/apercu", fields(look))
    assert made.status_code == 303, words(made)
    key = uuid.UUID(way(made).rsplit("/", 1)[1])
    return key, path_of(person.app, key)


def path_of(app: Flask, key: uuid.UUID) -> str:
    """Return the path of a link."""
    with app.app_context():
        token = unseal(db.session.get_one(Share, key).token_sealed)
        db.session.remove()
    return f"/s/{token}"


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect the statements of one request."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def endorsed(app: Flask, cast: Cast) -> list[uuid.UUID]:
    """Two competencies of Léa's, recognised by Karim, kept and permitted."""
    with app.app_context():
        found = recognised(cast, count=2)
        db.session.remove()
    return found


@pytest.fixture
def lea(browse: Any) -> Reader:
    """Léa's browser."""
    reader: Reader = browse("lea")
    return reader


# ---------- choosing ----------


class TestChoosing:
    def test_nothing_is_ticked_beforehand(self, lea: Reader, endorsed: list[uuid.UUID]) -> None:
        page = lea.get("/montrer/choisir")
        assert page.status_code == 200
        assert not re.search(r"<input[^>]*checkbox[^>]*checked", page.get_data(as_text=True))
        assert "Service civique à la médiathèque" in words(page)
        assert "Reconnu par Karim B., animateur" in words(page)

    def test_what_cannot_be_shown_says_why_in_one_line(self, app: Flask, cast: Cast, lea: Reader) -> None:
        with app.app_context():
            kept, withdrawn = recognised(cast, count=2, permitted=False)
            text = sentence(db.session.get_one(Endorsement, withdrawn).competency_id)
            with transaction():
                recognition.withdraw(db.session.get_one(Endorsement, withdrawn), cast["m_karim"], cast["karim"],
                                     "Erreur de ma part.", NOON)
            db.session.remove()
        page = lea.get("/montrer/choisir")
        assert "À permettre d’abord" in words(page)
        assert f"« {text} » : retirée" in words(page)
        assert "Je m’occupe de mes frères : « Pour moi »" in words(page)
        assert str(kept) not in page.get_data(as_text=True)
        assert str(cast["lea_me"]) not in page.get_data(as_text=True)

    def test_choosing_nothing_says_so(self, lea: Reader) -> None:
        page = lea.post("/montrer/choisir", {})
        assert page.status_code == 422
        assert "Choisir au moins une ligne" in words(page)

    @pytest.mark.parametrize("which", ["lea_me", "tom_x"])
    def test_what_may_not_be_shown_cannot_be_chosen(self, lea: Reader, cast: Cast, which: str) -> None:
        page = lea.post("/montrer/choisir", {"experiences": [str(cast[which])]})
        assert page.status_code == 422
        assert "À permettre d’abord" in words(page)

    def test_what_is_kept_but_not_permitted_cannot_be_chosen(self, app: Flask, cast: Cast, lea: Reader) -> None:
        with app.app_context():
            (kept,) = recognised(cast, permitted=False)
            db.session.remove()
        page = lea.post("/montrer/choisir", {"endorsements": [str(kept)]})
        assert page.status_code == 422

    def test_the_choice_waits_on_the_server(self, lea: Reader, cast: Cast, browse: Any) -> None:
        lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])]})
        page = browse("lea").get("/montrer/choisir").get_data(as_text=True)
        assert re.search(rf'value="{cast["lea_x"]}" checked', page)

    def test_odd_values_are_refused_in_words(self, lea: Reader) -> None:
        page = lea.post("/montrer/choisir", {"experiences": ["x", "é" * 90]})
        assert page.status_code == 422


class TestForWhom:
    def test_without_a_choice_one_chooses_first(self, lea: Reader) -> None:
        assert way(lea.get("/montrer/pour-qui")) == "/montrer/choisir"
        assert way(lea.get("/montrer/apercu")) == "/montrer/pour-qui"

    def test_three_months_are_preset_for_an_adult(self, lea: Reader, cast: Cast) -> None:
        lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])]})
        page = lea.get("/montrer/pour-qui")
        assert fields(page)["months"] == "3"
        assert "22 février 2027" in words(page)
        assert not fields(page).get("recipient_shown")

    def test_one_month_is_preset_at_16_and_six_are_not_offered(self, browse: Any, cast: Cast) -> None:
        youth = browse("youth")
        youth.post("/montrer/choisir", {"experiences": [str(cast["youth_x"])]})
        page = youth.get("/montrer/pour-qui")
        assert fields(page)["months"] == "1"
        assert "6 mois" not in words(page)
        assert "name_form" not in page.get_data(as_text=True)
        refused = youth.fill("/montrer/pour-qui", recipient_name="Club", months="6")
        assert refused.status_code == 422
        assert "Choisir une des durées proposées" in words(refused)

    @pytest.mark.parametrize(("values", "said"), [
        ({"recipient_name": ""}, "Écrire un nom"), ({"recipient_name": " \u200b "}, "Écrire un nom"),
        ({"recipient_name": "x" * 81}, "80 caractères au plus"), ({"months": "12"}, "durées proposées"),
        ({"months": ""}, "durées proposées"), ({"name_form": "written", "shown_name": ""}, "Écrire le nom à montrer"),
        ({"intro": "x" * 281}, "280 caractères au plus"),
    ])
    def test_what_is_missing_is_said_beside_the_field_and_what_was_typed_stays(
        self, lea: Reader, cast: Cast, values: dict[str, str], said: str
    ) -> None:
        lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])]})
        page = lea.fill("/montrer/pour-qui", **{"recipient_name": "Boulangerie", "intro": "Je cherche.", **values})
        assert page.status_code == 422
        assert said in words(page)
        if "intro" not in values:
            assert fields(page)["intro"] == "Je cherche."


# ---------- the preview and the link ----------


def read_part(page: TestResponse, start: str, end: str) -> str:
    """Return the words of a page between two of them, links of a preview and of the link read the same."""
    text = words(page)
    return text[text.index(start):text.index(end)]


class TestPreview:
    def test_it_is_word_for_word_what_the_reader_finds(
        self, lea: Reader, cast: Cast, endorsed: list[uuid.UUID], client: FlaskClient
    ) -> None:
        look = prepare(lea, [cast["lea_x"]], endorsed, intro="Je cherche un apprentissage.", recipient_shown="y")
        made = lea.post("/montrer/apercu", fields(look))
        page = client.get(path_of(lea.app, uuid.UUID(way(made).rsplit("/", 1)[1])))
        begin, end = "Pour Boulangerie Martin, ouvert jusqu’au", "Lu le"
        first, second = read_part(look, begin, end), read_part(page, begin, end)
        second = second.replace(" Imprimer (ou PDF)", "")
        assert first == second
        assert "Je cherche un apprentissage." in first

    def test_what_changed_since_is_looked_at_again(self, app: Flask, lea: Reader, cast: Cast) -> None:
        look = fields(prepare(lea, [cast["lea_x"]]))
        with app.app_context(), transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            experiences.change(x, {"story": "Autre chose."}, x.version, NOON)
        again = lea.post("/montrer/apercu", look)
        assert again.status_code == 422
        assert "a changé entre-temps" in words(again)
        assert "Autre chose." in words(again)
        assert way(lea.post("/montrer/apercu", fields(again))).startswith("/montrer/lien/")

    def test_what_is_no_longer_permitted_is_left_out_and_said(
        self, app: Flask, lea: Reader, cast: Cast, endorsed: list[uuid.UUID]
    ) -> None:
        prepare(lea, [cast["lea_x"]], endorsed)
        with app.app_context(), transaction():
            recognition.end_permission(db.session.get_one(Endorsement, endorsed[0]), NOON)
        look = lea.get("/montrer/apercu")
        assert "Une ligne choisie ne se montre plus" in words(look)
        assert lea.post("/montrer/apercu", fields(look)).status_code == 303

    @both_databases
    def test_sent_twice_it_is_one_link(self, app: Flask, lea: Reader, cast: Cast) -> None:
        look = fields(prepare(lea, [cast["lea_x"]]))
        first, second = (lea.post("/montrer/apercu", look) for _time in range(2))
        assert way(first) == way(second)
        with app.app_context():
            assert db.session.scalar(sa.select(sa.func.count()).select_from(Share)) == 1
            assert db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 0
            db.session.remove()

    def test_the_line_about_oneself_waits_for_the_next_link(self, app: Flask, lea: Reader, cast: Cast) -> None:
        make(lea, [cast["lea_x"]], intro="Je cherche un stage.")
        lea.post("/montrer/choisir", {"experiences": [str(cast["lea_x"])]})
        assert fields(lea.get("/montrer/pour-qui"))["intro"] == "Je cherche un stage."

    @both_databases
    def test_a_link_is_kept_whole(self, app: Flask, lea: Reader, cast: Cast, endorsed: list[uuid.UUID]) -> None:
        key, path = make(lea, [cast["lea_x"]], endorsed)
        assert len(path) == len("/s/") + 22
        with app.app_context():
            share = db.session.get_one(Share, key)
            assert share.expires_at == NOON + 90 * DAY
            items = db.session.scalars(sa.select(EditionItem).order_by(EditionItem.position)).all()
            assert [i.kind for i in items] == ["experience", "endorsement", "endorsement"]
            assert path.removeprefix("/s/") not in repr(share.token_sealed)
            db.session.remove()

    def test_an_endorsement_alone_brings_the_title_not_the_story(
        self, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
    ) -> None:
        _key, path = make(lea, [], endorsed[:1])
        text = words(client.get(path))
        assert "Service civique à la médiathèque" in text
        assert "atelier numérique" not in text
        assert "Reconnu par Karim B., animateur" in text

    def test_no_claim_stands_beside_an_endorsement_of_the_same_competency(
        self, app: Flask, lea: Reader, cast: Cast, endorsed: list[uuid.UUID], client: FlaskClient
    ) -> None:
        with app.app_context(), transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            first, _second, third = sentence_ids(3)
            experiences.claim(x, first, 2, NOON)
            experiences.claim(x, third, 2, NOON)
            beside, other = sentence(first), sentence(third)
        _key, path = make(lea, [cast["lea_x"]], endorsed)
        text = words(client.get(path))
        told = text[text.index("dit savoir faire"):text.index("Joindre l’organisation")]
        assert other in told
        assert beside not in told

    def test_a_written_name_is_shown_for_adults(self, lea: Reader, cast: Cast, client: FlaskClient) -> None:
        _key, path = make(lea, [cast["lea_x"]], name_form="written", shown_name="Léa Moreau")
        assert "Raconté par Léa Moreau" in words(client.get(path))


class TestUnder15:
    def test_showing_is_decided_by_two_and_the_choice_is_kept(self, app: Flask, browse: Any, cast: Cast) -> None:
        tom = browse("tom")
        assert "Avant 15 ans, montrer se décide à deux" in words(tom.get("/montrer/choisir"))
        chosen = tom.post("/montrer/choisir", {"experiences": [str(cast["tom_x"])]})
        door = tom.follow(chosen)
        assert door.status_code == 403
        said = "Avant 15 ans, montrer se décide à deux : vous et un parent. Votre passeport, lui, est déjà complet."
        assert said in words(door)
        assert "Le choix est gardé" in words(door)
        assert tom.get("/montrer/apercu").status_code == 403
        assert tom.post("/montrer/apercu", {"submission": new()}).status_code == 403
        with app.app_context():
            assert db.session.scalar(sa.select(sa.func.count()).select_from(Share)) == 0
            assert db.session.scalar(sa.select(sa.func.count()).select_from(Draft)) == 1
            db.session.remove()

    def test_a_birthday_counts_from_the_month_after(self, app: Flask, browse: Any, cast: Cast) -> None:
        with app.app_context(), transaction():
            db.session.get_one(Passport, cast["tom"]).birth_year = 2011
        tom = browse("tom")
        tom.post("/montrer/choisir", {"experiences": [str(cast["tom_x"])]})
        assert tom.get("/montrer/pour-qui").status_code == 200


# ---------- reading ----------


class TestReading:
    @pytest.fixture
    def path(self, lea: Reader, cast: Cast, endorsed: list[uuid.UUID]) -> str:
        return make(lea, [cast["lea_x"]], endorsed)[1]

    def test_it_says_who_says_so(self, client: FlaskClient, path: str) -> None:
        page = client.get(path)
        text = words(page)
        assert page.status_code == 200
        assert "Reconnu par Karim B., animateur, au nom de la Médiathèque Mandela" in text
        assert "fait sans aide" in text
        assert "L’a encadré, oct. 2025 – juin 2026." in text
        assert "04 65 71 00 12" in text
        assert "Ce n’est ni un diplôme ni une évaluation complète." in text
        assert "Ville d’Alpha" in text
        assert text.count("Que veulent dire ces mots ?") == 1
        assert 'class="stamp nonformal"' in page.get_data(as_text=True)

    def test_the_stamp_is_one_drawing_on_every_page_and_in_every_language(
        self, app: Flask, cast: Cast, lea: Reader, client: FlaskClient, path: str
    ) -> None:
        def stamps(page: Any) -> set[str]:
            return set(re.findall(r'<svg class="stamp.*?</svg>', page.get_data(as_text=True), re.S))

        read = client.get(path)
        check = re.search(r'href="(/s/[^"]+/verifier/[^"]+)"', read.get_data(as_text=True))
        assert check
        first = stamps(read)
        assert len(first) == 2
        with app.app_context():
            x = db.session.get_one(Experience, cast["lea_x"])
            experiences.change(x, {"setting": "family", "context": "informal"}, x.version, NOON)
            db.session.commit()
        for page in (lea.get(f"/experience/{cast['lea_x']}"), client.get(path + "?lang=en"), client.get(path)):
            assert stamps(page) == first
        for page in (lea.get("/passeport"), client.get(check[1])):
            assert len(stamps(page)) == 1
            assert stamps(page) < first

    def test_an_experience_without_endorsement_is_told_by_its_learner(
        self, lea: Reader, cast: Cast, client: FlaskClient
    ) -> None:
        _key, path = make(lea, [cast["lea_x"]])
        text = words(client.get(path))
        assert "Raconté par Lea" in text
        assert "Joindre l’organisation" not in text

    def test_feedback_never_reaches_a_reader(self, client: FlaskClient, path: str) -> None:
        assert "Je t’ai vue faire" not in words(client.get(path))

    @pytest.mark.promise("P11", "passport.web:is_cookieless")
    def test_no_cookie_and_nothing_kept(self, client: FlaskClient, path: str, lea: Reader) -> None:
        """The page of a link sets no cookie, is kept nowhere, is in no index, sends no referrer, and is the same for everybody."""
        for browser in (client, lea.client):
            page = browser.get(path)
            assert "Set-Cookie" not in page.headers
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert "ETag" not in page.headers
        assert client.get(path).get_data() == lea.client.get(path).get_data()

    def test_every_way_of_asking_gets_the_same(self, client: FlaskClient, path: str) -> None:
        plain = client.get(path)
        for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}, {"If-None-Match": "*"},
                        {"If-Modified-Since": "Tue, 24 Nov 2026 10:00:00 GMT"}):
            other = client.get(path, headers=headers)
            assert other.status_code == 200
            assert other.get_data() == plain.get_data()
            assert other.mimetype == "text/html"
        head = client.head(path)
        assert head.status_code == 200
        assert head.get_data() == b""
        assert client.get(path, query_string={"format": "json"}).mimetype == "text/html"
        assert client.get(f"{path}.json").status_code == 404
        assert client.post(path).status_code == 405

    def test_it_speaks_the_readers_language(self, client: FlaskClient, path: str) -> None:
        assert '<html lang="fr" dir="ltr">' in client.get(path).get_data(as_text=True)
        page = client.get(path, headers={"Accept-Language": "en"}).get_data(as_text=True)
        assert '<html lang="en" dir="ltr">' in page
        page = client.get(f"{path}?lang=en").get_data(as_text=True)
        assert '<html lang="en" dir="ltr">' in page
        assert re.search(r"/verifier/[0-9a-f-]+\?lang=en", page)

    @both_databases
    def test_openings_are_counted_by_day_and_nothing_else(
        self, app: Flask, client: FlaskClient, path: str, lea: Reader
    ) -> None:
        client.get(path)
        client.get(path)
        client.head(path)
        with app.app_context():
            row = db.session.scalars(sa.select(ShareReading)).one()
            assert (row.read_on, row.openings) == (dt.date(2026, 11, 24), 2)
            db.session.remove()
        assert "Ouvert 2 fois, dernier jour : 24 novembre." in words(lea.get("/montrer"))

    @both_databases
    def test_how_it_is_checked_answers_four_questions(self, client: FlaskClient, path: str) -> None:
        page = client.get(path).get_data(as_text=True)
        address = html.unescape(re.search(r'href="([^"]*/verifier/[^"]*)"', page)[1])  # type: ignore[index]
        checked = client.get(address)
        text = words(checked)
        assert checked.status_code == 200
        assert "Set-Cookie" not in checked.headers
        assert "Toujours en vigueur Les quatre réponses sont bonnes." in text
        assert "Reconnu par Karim B., animateur, au nom de la Médiathèque Mandela." in text
        assert "Oui, elle est agréée." in text
        assert "Non, rien." in text
        assert "24 novembre 2026 à 12 h 00" in text
        assert "sur 127.0.0.1:8000" in text

    def test_a_story_that_changed_since_is_said(
        self, app: Flask, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
    ) -> None:
        with app.app_context(), transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            experiences.change(x, {"story": "Autre chose."}, x.version, NOON)
        _key, path = make(lea, [cast["lea_x"]], endorsed[:1])
        page = client.get(path)
        assert "le récit a été complété depuis" in words(page)
        address = re.search(r'href="([^"]*/verifier/[^"]*)"', page.get_data(as_text=True))
        assert address is not None
        assert "Ce qui est reconnu, non. Le récit, oui." in words(client.get(address[1]))

    def test_an_organisation_no_longer_accredited_is_never_green(
        self, app: Flask, cast: Cast, path: str, client: FlaskClient
    ) -> None:
        with app.app_context(), transaction():
            db.session.get_one(Organisation, cast["library"]).suspended_at = NOON - DAY
        address = re.search(r'href="([^"]*/verifier/[^"]*)"', client.get(path).get_data(as_text=True))
        assert address is not None
        checked = client.get(address[1])
        assert "verdict is-warn" in checked.get_data(as_text=True)
        assert "Toujours montrée, mais à demander" in words(checked)

    def test_a_name_dropped_on_request_leaves_the_role(
        self, app: Flask, path: str, endorsed: list[uuid.UUID], client: FlaskClient
    ) -> None:
        with app.app_context(), transaction():
            db.session.execute(sa.delete(EndorserName))
        text = words(client.get(path))
        assert "Karim" not in text
        assert "au nom de la Médiathèque Mandela" in text


class TestWhatIsTakenBack:
    """Effective at the next request, without a reason, the same words whatever happened."""

    GONE = "Une compétence reconnue n’est plus montrée."

    @pytest.fixture
    def path(self, lea: Reader, cast: Cast, endorsed: list[uuid.UUID]) -> str:
        return make(lea, [cast["lea_x"]], endorsed)[1]

    def act(self, app: Flask, cast: Cast, endorsement_id: uuid.UUID, what: str) -> None:
        with app.app_context(), transaction():
            e = db.session.get_one(Endorsement, endorsement_id)
            if what == "withdrawn":
                recognition.withdraw(e, cast["m_karim"], cast["karim"], "Une erreur.", NOON)
            elif what == "set aside":
                recognition.set_aside(e, NOON)
            elif what == "not permitted":
                recognition.end_permission(e, NOON)
            elif what == "permitted again":
                recognition.end_permission(e, NOON)
                recognition.permit(e, NOON)
            else:
                db.session.get_one(AuthoredText, e.text_id).hidden_at = NOON

    @pytest.mark.parametrize("what", ["withdrawn", "set aside", "not permitted", "permitted again", "hidden"])
    def test_a_competency_is_no_longer_shown(
        self, app: Flask, cast: Cast, endorsed: list[uuid.UUID], path: str, client: FlaskClient, what: str
    ) -> None:
        before = client.get(path).get_data(as_text=True)
        items = re.findall(r"/verifier/([0-9a-f-]{36})", before)
        self.act(app, cast, endorsed[0], what)
        page = client.get(path)
        assert page.status_code == 200
        assert self.GONE in words(page)
        assert words(page).count("Reconnu par Karim") == 1
        checks = [client.get(f"{path}/verifier/{item}") for item in items]
        assert [c.status_code for c in checks] == [410, 200]
        assert "N’est plus montrée." in words(checks[0])
        assert "Karim" not in words(checks[0])
        assert "erreur" not in words(page)

    @pytest.mark.parametrize("what", ["withdrawn", "set aside", "not permitted", "hidden"])
    def test_it_leaves_every_page_that_showed_it_and_the_reason_reaches_the_learner_alone(
        self, app: Flask, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], path: str, client: FlaskClient,
        browse: Any, what: str,
    ) -> None:
        other_key, other = make(lea, [], endorsed)
        with app.app_context(), transaction():
            from passport.card import service as card

            made = card.make(cast["lea"], NOON)
            card.open_with(made, db.session.get_one(Share, other_key), NOON)
            by_card = f"/c/{unseal(made.token_sealed)}"
            sentence_of_it = db.session.get_one(Wording, db.session.get_one(Endorsement, endorsed[0]).wording_id).text_fr
            request_id = db.session.get_one(Endorsement, endorsed[0]).request_id
        pages = (path, other, by_card)
        assert all(sentence_of_it in words(client.get(page)) for page in pages)
        self.act(app, cast, endorsed[0], what)
        for page in pages:
            body = client.get(page)
            assert body.status_code == 200
            assert self.GONE in words(body), page
            assert sentence_of_it not in words(body), page
            assert endorsed[0].hex not in body.get_data(as_text=True).replace("-", ""), page
            for never in ("Une erreur", "retirée", "erreur", "refus"):
                assert never not in words(body), page
        own = words(lea.get(f"/competences/{request_id}"))
        assert ("Une erreur." in own) == (what == "withdrawn")
        for person in ("stranger", "nadia", "sofia"):
            assert browse(person).get(f"/competences/{request_id}").status_code == 404

    def test_with_all_of_it_gone_the_story_is_told_by_its_learner(
        self, app: Flask, cast: Cast, endorsed: list[uuid.UUID], path: str, client: FlaskClient
    ) -> None:
        for key in endorsed:
            self.act(app, cast, key, "withdrawn")
        text = words(client.get(path))
        assert "2 compétences reconnues ne sont plus montrées." in text
        assert "Raconté par Lea" in text

    @pytest.mark.parametrize("what", ["delete", "for me"])
    def test_an_experience_that_goes_takes_all_of_it(
        self, app: Flask, cast: Cast, path: str, client: FlaskClient, what: str
    ) -> None:
        with app.app_context(), transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            if what == "delete":
                experiences.delete(x, NOON)
            else:
                experiences.set_for_me_only(x, True, NOON)
        text = words(client.get(path))
        assert "Service civique" not in text
        assert "2 compétences reconnues ne sont plus montrées." in text
        with app.app_context(), transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            if what == "delete":
                experiences.restore(x, NOON)
            else:
                experiences.set_for_me_only(x, False, NOON)
        assert "Service civique" not in words(client.get(path)), "what was closed stays closed"

    def test_what_was_written_later_never_enters(
        self, app: Flask, cast: Cast, path: str, client: FlaskClient
    ) -> None:
        with app.app_context(), transaction():
            x = db.session.get_one(Experience, cast["lea_x"])
            experiences.change(x, {"story": "Une phrase de plus."}, x.version, NOON)
        assert "Une phrase de plus" not in words(client.get(path))


# ---------- closed doors ----------


class TestMovingTheEnd:
    def test_in_its_last_week_a_link_goes_on_with_the_same_address_and_words(
        self, lea: Reader, cast: Cast, client: FlaskClient, at: Any
    ) -> None:
        key, path = make(lea, [cast["lea_x"]], months="1")
        address = f"/montrer/lien/{key}/prolonger"
        assert "Prolonger" not in words(lea.get("/montrer"))
        early = lea.get(address)
        assert "Un lien se prolonge dans sa dernière semaine." in words(early)
        assert lea.post(address, {"months": "3"}).status_code == 422
        at(NOON + 24 * DAY)
        assert "Prolonger" in words(lea.get("/montrer"))
        assert lea.post(address, {"months": "99"}).status_code == 422
        before = client.get(path)
        moved = lea.fill(address, months="3")
        assert way(moved) == f"/montrer/lien/{key}"
        assert "C’est prolongé : le lien ferme le 18 mars 2027." in words(lea.follow(moved))
        after = client.get(path)
        assert "Ouvert jusqu’au 18 mars 2027" in words(after)
        assert words(after).replace("18 mars 2027", "24 décembre 2026") == words(before)
        assert lea.post(address, {"months": "3"}).status_code == 422
        at(NOON + 40 * DAY)
        assert client.get(path).status_code == 200

    @both_databases
    def test_in_its_last_week_the_passport_says_so_in_one_quiet_line(
        self, lea: Reader, cast: Cast, browse: Any, at: Any
    ) -> None:
        said = "Le lien pour Boulangerie Martin se ferme le 24 décembre. Prolonger, ou ne rien faire"
        key, _path = make(lea, [cast["lea_x"]], months="1")
        at(NOON + 23 * DAY - dt.timedelta(seconds=1))
        assert "se ferme le" not in words(lea.get("/passeport"))
        at(NOON + 23 * DAY)
        page = lea.get("/passeport")
        assert words(page).count(said) == 1
        assert f'<a class="note" href="/montrer/lien/{key}/prolonger">' in page.get_data(as_text=True)
        assert "Ajouter une expérience" in re.findall(
            r'<a class="button primary[^>]*>(?:<svg.*?</svg>)?([^<]*)', page.get_data(as_text=True), re.S)
        assert "se ferme le" not in words(browse("stranger").get("/passeport"))
        at(NOON + 30 * DAY)
        assert "se ferme le" not in words(browse("lea").get("/passeport"))

    @pytest.mark.parametrize(("address", "given"), [("prolonger", {"months": "3"}), ("fermer", {})])
    def test_that_line_goes_once_the_link_is_extended_or_closed(
        self, lea: Reader, cast: Cast, at: Any, address: str, given: dict[str, str]
    ) -> None:
        key, _path = make(lea, [cast["lea_x"]], months="1")
        at(NOON + 24 * DAY)
        assert "se ferme le" in words(lea.get("/passeport"))
        assert lea.post(f"/montrer/lien/{key}/{address}", given).status_code == 303
        assert "se ferme le" not in words(lea.get("/passeport"))

    def test_many_links_that_end_are_three_lines_the_next_one_first(self, lea: Reader, cast: Cast, at: Any) -> None:
        for n in range(4):
            at(NOON + n * DAY)
            make(lea, [cast["lea_x"]], months="1")
        at(NOON + 27 * DAY)
        assert re.findall(r"se ferme le (\d+) décembre", words(lea.get("/passeport"))) == ["24", "25", "26"]

    def test_too_late_or_by_another_it_stays_closed(
        self, lea: Reader, cast: Cast, client: FlaskClient, browse: Any, at: Any
    ) -> None:
        key, path = make(lea, [cast["lea_x"]], months="1")
        address = f"/montrer/lien/{key}/prolonger"
        at(NOON + 24 * DAY)
        assert browse("stranger").post(address, {"months": "3"}).status_code == 404
        at(NOON + 31 * DAY)
        lea = browse("lea")
        late = lea.post(address, {"months": "3"})
        assert late.status_code == 422
        assert client.get(path).status_code == 410


class TestDoors:
    SAID = "Cela ne dit rien de la personne"

    def test_what_was_never_there_is_404(self, client: FlaskClient, app: Flask, cast: Cast) -> None:
        for path in ("/s/" + "a" * 22, "/s/x", "/s/" + "a" * 300, "/s/%00%ff", f"/s/{'a' * 22}/verifier/{uuid.uuid4()}"):
            page = client.get(path)
            assert page.status_code == 404
            assert self.SAID in words(page)
            assert "Set-Cookie" not in page.headers
            assert page.headers["Cache-Control"] == "no-store"
        assert client.get("/s/" + "a" * 22, headers={"HX-Request": "true"}).get_data().startswith(b"<!doctype html>")

    @both_databases
    @pytest.mark.promise("P10", "passport.sharing.rules:link_state", "absent")
    def test_closing_counts_at_once_for_every_way_of_asking(
        self, lea: Reader, cast: Cast, client: FlaskClient, endorsed: list[uuid.UUID]
    ) -> None:
        """A closed link is 410 without content at the very next request, however it is asked for."""
        key, path = make(lea, [cast["lea_x"]], endorsed)
        item = re.search(r"/verifier/([0-9a-f-]{36})", client.get(path).get_data(as_text=True))
        assert item is not None
        assert lea.post(f"/montrer/lien/{key}/fermer").status_code == 303
        for address in (path, f"{path}/verifier/{item[1]}"):
            for headers in ({}, {"HX-Request": "true"}, {"If-None-Match": "*"}, {"Accept": "application/json"}):
                page = client.get(address, headers=headers)
                assert page.status_code == 410
                assert self.SAID in words(page)
                assert "Lea" not in words(page)
                assert "Martin" not in words(page)
            assert client.head(address).status_code == 410

    def test_an_end_counts_to_the_second(self, at: Any, lea: Reader, cast: Cast, client: FlaskClient) -> None:
        _key, path = make(lea, [cast["lea_x"]])
        at(NOON + 90 * DAY - dt.timedelta(seconds=1))
        assert client.get(path).status_code == 200
        at(NOON + 90 * DAY)
        assert client.get(path).status_code == 410

    def test_a_closed_door_counts_no_opening(self, app: Flask, lea: Reader, cast: Cast, client: FlaskClient) -> None:
        key, path = make(lea, [cast["lea_x"]])
        lea.post(f"/montrer/lien/{key}/fermer")
        client.get(path)
        with app.app_context():
            assert db.session.scalars(sa.select(ShareReading)).all() == []
            db.session.remove()

    @both_databases
    def test_closing_all_closes_ones_own_only(self, lea: Reader, browse: Any, cast: Cast, client: FlaskClient) -> None:
        youth = browse("youth")
        paths = [make(lea, [cast["lea_x"]])[1] for _time in range(2)]
        other = make(youth, [cast["youth_x"]])[1]
        assert lea.post("/montrer/tout-fermer").status_code == 303
        assert [client.get(p).status_code for p in paths] == [410, 410]
        assert client.get(other).status_code == 200


class TestTryingMany:
    @pytest.fixture
    def settings_of_test(self) -> dict[str, Any]:
        return {"RATELIMIT_ENABLED": True}

    def test_unknown_links_are_slowed_down_and_real_ones_open(
        self, app: Flask, lea: Reader, cast: Cast, client: FlaskClient
    ) -> None:
        _key, path = make(lea, [cast["lea_x"]])
        codes = [client.get(f"/s/{n:022d}").status_code for n in range(42)]
        assert codes == [404] * 40 + [429] * 2
        page = client.get("/s/" + "b" * 22)
        assert page.headers["Retry-After"] == "60"
        assert client.get("/c/" + "b" * 22).status_code == 429
        assert client.get(path).status_code == 200
        other = client.get("/s/" + "b" * 22, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
        assert other.status_code == 404


# ---------- one's own links ----------


class TestOnesOwn:
    def test_the_link_is_ready_with_its_code_and_address(self, lea: Reader, cast: Cast) -> None:
        key, path = make(lea, [cast["lea_x"]])
        page = lea.get(f"/montrer/lien/{key}")
        text = page.get_data(as_text=True)
        assert f"http://127.0.0.1:8000{path}" in text
        assert "Code QR du lien Boulangerie Martin" in text
        assert "Vos expériences restent à vous." in words(page)
        assert 'data-copy="' in text

    def test_the_address_is_the_citys_whatever_host_was_asked(self, lea: Reader, cast: Cast) -> None:
        key, _path = make(lea, [cast["lea_x"]])
        page = lea.get(f"/montrer/lien/{key}", headers={"Host": "evil.example"})
        assert "evil.example" not in page.get_data(as_text=True)

    @pytest.mark.parametrize("who", ["stranger", "karim", "sofia"])
    def test_somebody_elses_link_is_not_there(self, lea: Reader, browse: Any, cast: Cast, who: str) -> None:
        key, path = make(lea, [cast["lea_x"]])
        other = browse(who)
        assert other.get(f"/montrer/lien/{key}").status_code == 404
        assert other.post(f"/montrer/lien/{key}/fermer").status_code == 404
        assert other.get(path).status_code == 200

    def test_closing_in_the_list_gives_the_line_as_a_reload_does(self, lea: Reader, cast: Cast) -> None:
        key, _path = make(lea, [cast["lea_x"]])
        line = lea.post(f"/montrer/lien/{key}/fermer", headers={"HX-Request": "true"})
        assert line.status_code == 200
        assert "<!doctype" not in line.get_data(as_text=True)
        assert words(line) == "Boulangerie Martin Fermé le 24 novembre 2026. Pas ouvert."
        assert words(line) in words(lea.get("/montrer"))
        assert lea.post(f"/montrer/lien/{key}/fermer").status_code == 303
        page = lea.get(f"/montrer/lien/{key}")
        assert "Ce lien est fermé" in words(page)
        assert "En préparer un autre" in words(page)

    def test_nobody_is_told_anything_signed_out(self, client: FlaskClient, cast: Cast) -> None:
        for path in ("/montrer/choisir", "/montrer/pour-qui", "/montrer/apercu", f"/montrer/lien/{uuid.uuid4()}"):
            answer = client.get(path)
            assert answer.status_code == 303
            assert urlsplit(answer.headers["Location"]).path == "/ouvrir"


class TestStatements:
    def fill(self, app: Flask, cast: Cast, count: int) -> list[uuid.UUID]:
        with app.app_context():
            keys = []
            with transaction():
                for n in range(count):
                    x = build.experience(cast["lea"], f"Expérience {n}", NOON)
                    experiences.claim(x, sentence_ids(3)[n % 3], 2, NOON)
                    keys.append(x.id)
            db.session.remove()
        return keys

    @both_databases
    def test_every_page_asks_as_often_for_one_as_for_ten(
        self, app: Flask, cast: Cast, lea: Reader, endorsed: list[uuid.UUID], client: FlaskClient
    ) -> None:
        one = self.counts(app, lea, client, [cast["lea_x"]], endorsed[:1])
        many = self.counts(app, lea, client, [cast["lea_x"], *self.fill(app, cast, 9)], endorsed)
        assert one == many
        assert max(one.values()) <= 8, one

    def counts(
        self, app: Flask, lea: Reader, client: FlaskClient, lived: list[uuid.UUID], endorsed: list[uuid.UUID]
    ) -> dict[str, int]:
        found: dict[str, int] = {}
        prepare(lea, lived, endorsed)
        for path in ("/montrer/choisir", "/montrer/pour-qui", "/montrer/apercu"):
            with statements(app) as seen:
                assert lea.get(path).status_code == 200
            found[path] = len([s for s in seen if not s.startswith("BEGIN")])
        key, path = make(lea, lived, endorsed)
        for name, browser, address in (("ready", lea, f"/montrer/lien/{key}"), ("read", client, path),
                                       ("read by its owner", lea, path), ("show", lea, "/montrer")):
            with statements(app) as seen:
                assert browser.get(address).status_code == 200
            found[name] = len([s for s in seen if not s.startswith("BEGIN")])
        assert found["read"] == found["read by its owner"] == 4
        return found
