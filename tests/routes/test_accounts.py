"""Opening a passport, coming back, leaving: what a person and what a guesser see."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from passport.accounts import service, tries
from passport.accounts.models import Account, Passport, RateLimit, Session
from passport.extensions import db
from passport.limits import hidden
from passport.seal import digest_of
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import Reader, fields, way, words

OWN = "cabane orange tambour neige"
SENTENCE = "J’ai réparé la manette de la médiathèque"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[uuid.UUID, str | None]]:
    """What the rooms that welcome newcomers were told."""
    told: list[tuple[uuid.UUID, str | None]] = []
    monkeypatch.setattr(service, "WELCOME", [lambda who, sentence, now: told.append((who, sentence))])
    return told


@pytest.fixture
def visitor(app: Flask, cast: Cast) -> Reader:
    """Somebody without a passport."""
    return Reader(app, cast, None)


@pytest.fixture
def rows(app: Flask) -> Iterator[Any]:
    """The database, to look at, apart from the requests: an application context left open would be theirs too."""
    with app.app_context():
        engine = db.engine.execution_options(sqlite_begin="DEFERRED")
    with sa.orm.Session(engine) as session:
        yield session


def give_passphrase(app: Flask, account_id: uuid.UUID, identifier: str = "lac-vert-27", passphrase: str = OWN) -> None:
    with app.app_context():
        db.session.execute(
            sa.update(Account).where(Account.id == account_id).values(
                identifier=identifier, email="lea@example.org", password_hash=service.hash_of(passphrase))
        )
        db.session.commit()
        db.session.remove()


def own_phrase(**more: Any) -> dict[str, Any]:
    return {"display_name": "Zoé", "age": "adult", "choice": "own", "own": OWN, **more}


def newest(session: Any) -> tuple[Account, Passport]:
    account = session.scalars(sa.select(Account).order_by(Account.id.desc())).first()
    return account, session.get(Passport, account.id)


def session_of(reader: Reader) -> dict[str, Any]:
    with reader.client.session_transaction() as session:
        return dict(session)


def given_phrase(page: TestResponse) -> str:
    found = re.search(r'id="proposed"><b translate="no">([^<]+)</b>', page.get_data(as_text=True))
    assert found
    return html.unescape(found[1])


# ---------- home and the first sentence ----------


def test_home_asks_for_one_sentence_first(visitor: Reader) -> None:
    text = words(visitor.get("/"))
    assert text.index("Qu’est-ce que j’ai fait ?") < text.index("Enregistrer") < text.index("J’ai déjà un passeport")
    assert "De 13 à 99 ans, à Alpha." in text


def test_whoever_is_signed_in_goes_straight_to_the_passport(browse: Any) -> None:
    lea = browse("lea")
    for address in ("/", "/ouvrir", "/creer"):
        assert way(lea.get(address)) == "/passeport"


def test_an_empty_or_too_long_sentence_is_said_beside_the_field_and_kept(visitor: Reader) -> None:
    assert visitor.post("/", {"title": " \u200b "}).status_code == 422
    long = visitor.post("/", {"title": "a" * 281})
    assert long.status_code == 422
    assert "280 caractères au plus" in words(long)
    assert "a" * 281 in long.get_data(as_text=True)


def test_the_first_sentence_waits_and_is_handed_on_when_signing_up(
    visitor: Reader, heard: list[Any], rows: Any
) -> None:
    page = visitor.follow(visitor.fill("/", title=SENTENCE))
    assert SENTENCE in words(page)
    before = rows.scalar(sa.select(sa.func.count()).select_from(Account))
    kept = visitor.follow(visitor.fill("/creer", **own_phrase()))
    assert "C’est gardé." in words(kept)
    assert SENTENCE in words(kept)
    rows.rollback()
    assert rows.scalar(sa.select(sa.func.count()).select_from(Account)) == before + 1
    assert heard == [(newest(rows)[0].id, SENTENCE)]
    assert "first_sentence" not in session_of(visitor)


# ---------- signing up ----------


@both_databases
def test_a_passport_is_opened_with_what_was_proposed(visitor: Reader, rows: Any) -> None:
    page = visitor.get("/creer")
    phrase = given_phrase(page)
    noted = visitor.follow(visitor.post("/creer", {**fields(page), "display_name": "Léa", "age": "adult"}))
    account, passport = newest(rows)
    assert account.display_name == "Léa"
    assert account.identifier in words(page)
    assert account.identifier in words(noted)
    assert phrase in words(noted)
    assert phrase not in str(session_of(visitor))
    assert phrase not in account.password_hash
    assert (passport.birth_year, passport.birth_month, passport.in_statistics) == (None, None, True)
    assert way(visitor.fill("/a-noter")) == "/passeport"
    assert phrase not in words(visitor.get("/a-noter"))


def test_the_proposed_phrase_is_forgotten_when_another_page_opens(visitor: Reader) -> None:
    page = visitor.get("/creer")
    visitor.follow(visitor.post("/creer", {**fields(page), "display_name": "Léa", "age": "adult"}))
    assert given_phrase(page) in words(visitor.get("/a-noter"))
    visitor.get("/menu")
    assert given_phrase(page) not in words(visitor.get("/a-noter"))


def test_the_account_opens_again_with_the_given_name_and_phrase(app: Flask, cast: Cast, visitor: Reader) -> None:
    page = visitor.get("/creer")
    visitor.post("/creer", {**fields(page), "display_name": "Léa", "age": "adult"})
    name = fields(page)["username"]
    again = Reader(app, cast, None)
    answer = again.fill("/ouvrir", name=name.upper().replace("-", " "), passphrase=f"  {given_phrase(page)} ")
    assert way(answer) == "/passeport"


@pytest.mark.parametrize(
    ("month", "year", "kept", "counted"),
    [(3, 2012, (2012, 3), False), (12, 2011, (2011, 12), False), (10, 2011, (2011, 10), True),
     (12, 2008, (2008, 12), True), (10, 2008, (None, None), True)],
)
def test_month_and_year_are_kept_under_18_only_and_statistics_count_from_15(
    visitor: Reader, rows: Any, month: int, year: int, kept: tuple[int | None, int | None], counted: bool
) -> None:
    visitor.fill("/creer", **own_phrase(age="minor", birth_month=str(month), birth_year=str(year)))
    _account, passport = newest(rows)
    assert (passport.birth_year, passport.birth_month) == kept
    assert passport.in_statistics is counted


def test_an_adult_keeps_no_month_even_when_one_was_chosen(visitor: Reader, rows: Any) -> None:
    visitor.fill("/creer", **own_phrase(age="adult", birth_month="3", birth_year="2012"))
    assert newest(rows)[1].birth_year is None


def test_under_13_a_kind_page_and_nothing_kept(visitor: Reader, rows: Any, heard: list[Any]) -> None:
    visitor.fill("/", title=SENTENCE)
    before = rows.scalar(sa.select(sa.func.count()).select_from(Account))
    rows.rollback()
    page = visitor.fill("/creer", **own_phrase(age="minor", birth_month="11", birth_year="2013"))
    assert page.status_code == 200
    assert "Le passeport s’ouvre à 13 ans. Rien n’a été gardé." in words(page)
    assert rows.scalar(sa.select(sa.func.count()).select_from(Account)) == before
    assert set(session_of(visitor)) <= {"csrf_token"}
    assert SENTENCE not in words(visitor.get("/"))
    assert heard == []


def test_a_child_with_an_easy_phrase_is_told_about_age_only(visitor: Reader) -> None:
    page = visitor.fill("/creer", **own_phrase(age="minor", birth_month="11", birth_year="2015", own="1234"))
    assert page.status_code == 200
    assert "13 ans" in words(page)


@pytest.mark.parametrize("settings_of_test", [{"MINORS": False}])
def test_no_account_under_18_while_minors_are_off(visitor: Reader, rows: Any) -> None:
    page = visitor.fill("/creer", **own_phrase(age="minor", birth_month="3", birth_year="2010"))
    assert page.status_code == 200
    assert "s’ouvre pour l’instant à 18 ans" in words(page)
    assert newest(rows)[0].display_name != "Zoé"
    assert way(visitor.fill("/creer", **own_phrase())) == "/a-noter"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"display_name": ""}, "Écrire un prénom ou un pseudo."),
        ({"display_name": "a" * 61}, "60 caractères au plus"),
        ({"age": ""}, "Choisir un mois et une année"),
        ({"age": "old"}, "Choisir un mois et une année"),
        ({"age": "minor"}, "Choisir un mois et une année"),
        ({"age": "minor", "birth_month": "3"}, "Choisir un mois et une année"),
        ({"age": "minor", "birth_year": "2012"}, "Choisir un mois et une année"),
        ({"age": "minor", "birth_month": "99", "birth_year": "2012"}, "Choisir un mois et une année"),
        ({"age": "minor", "birth_month": "3", "birth_year": "9999"}, "Choisir une année dans la liste."),
        ({"age": "minor", "birth_month": "3", "birth_year": "²"}, "Choisir une année dans la liste."),
        ({"own": "trop court"}, "Allonger la phrase"),
        ({"own": "a" * 129}, "128 caractères au plus"),
        ({"own": "a" * 5000}, "128 caractères au plus"),
        ({"own": "motdepasse123"}, "moins facile à deviner"),
        ({"own": "   "}, "Écrire la phrase"),
        ({"choice": "given"}, "Une phrase est écrite ici"),
        ({"display_name": "Marguerite", "own": "Marguerite 2026!"}, "Allonger la phrase"),
    ],
)
@pytest.mark.promise("P1", "passport.accounts.rules:refusal_of_passphrase")
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    visitor: Reader, rows: Any, wrong: dict[str, str], sentence: str
) -> None:
    """A passphrase that is short, that everybody guesses, or short without one’s own name opens no passport, and is said why."""
    page = visitor.fill("/creer", **own_phrase(**wrong))
    assert page.status_code == 422
    assert sentence in words(page)
    again = fields(page)
    assert again["display_name"] == own_phrase(**wrong)["display_name"]
    assert again["own"] == own_phrase(**wrong)["own"]
    assert not rows.scalars(sa.select(Account).where(Account.display_name == "Zoé")).all()


def test_another_phrase_keeps_what_was_typed_and_the_sign_in_name(visitor: Reader) -> None:
    page = visitor.get("/creer")
    typed = {**fields(page), "display_name": "Tom", "age": "minor", "birth_month": "3", "birth_year": "2012"}
    again = visitor.post("/creer", {**typed, "other": "1"})
    assert again.status_code == 200
    assert given_phrase(again) != given_phrase(page)
    kept = fields(again)
    assert {k: kept[k] for k in ("display_name", "age", "birth_month", "birth_year", "username")} == {
        "display_name": "Tom", "age": "minor", "birth_month": "3", "birth_year": "2012",
        "username": fields(page)["username"]}
    part = visitor.post("/creer", {**typed, "other": "1"}, headers={"HX-Request": "true"})
    assert "<html" not in part.get_data(as_text=True)
    assert given_phrase(part)


def test_the_proposal_survives_a_mistake(visitor: Reader) -> None:
    page = visitor.get("/creer")
    again = visitor.post("/creer", {**fields(page), "display_name": "", "age": "adult"})
    assert again.status_code == 422
    assert given_phrase(again) == given_phrase(page)


def test_a_proposal_that_is_not_ours_opens_nothing(visitor: Reader, rows: Any) -> None:
    data = {**fields(visitor.get("/creer")), "display_name": "Zoé", "age": "adult"}
    answer = visitor.post("/creer", {**data, "proposal": data["proposal"][:-2] + "xx"})
    assert answer.status_code == 422
    assert "voici une autre phrase" in words(answer)
    assert fields(answer)["display_name"] == "Zoé"
    assert newest(rows)[0].display_name != "Zoé"


def test_the_form_sent_twice_opens_one_passport(app: Flask, cast: Cast, visitor: Reader, rows: Any) -> None:
    data = {**fields(visitor.get("/creer")), "display_name": "Zoé", "age": "adult"}
    twin = Reader(app, cast, None)
    assert way(visitor.post("/creer", data)) == "/a-noter"
    assert way(twin.post("/creer", data)) == "/a-noter"
    assert len(rows.scalars(sa.select(Account).where(Account.display_name == "Zoé")).all()) == 1


def test_a_name_given_meanwhile_is_replaced_and_nobody_is_told(app: Flask, cast: Cast, visitor: Reader, rows: Any) -> None:
    page = visitor.get("/creer")
    give_passphrase(app, cast["lea"], identifier=fields(page)["username"])
    noted = visitor.follow(visitor.post("/creer", {**fields(page), "display_name": "Zoé", "age": "adult"}))
    account, _passport = newest(rows)
    assert account.display_name == "Zoé"
    assert account.identifier != fields(page)["username"]
    assert account.identifier in words(noted)


def test_signing_up_goes_on_to_where_one_came_from(visitor: Reader) -> None:
    visitor.fill("/creer?next=/rejoindre/K7QF-2M9X", **own_phrase())
    assert way(visitor.fill("/a-noter")) == "/rejoindre/K7QF-2M9X"


# ---------- signing in and out ----------


@both_databases
@pytest.mark.parametrize("name", ["lac-vert-27", "Lac Vert 27", "LEA@example.org"])
def test_signing_in_by_name_or_address(app: Flask, cast: Cast, visitor: Reader, rows: Any, name: str) -> None:
    give_passphrase(app, cast["lea"])
    answer = visitor.fill("/ouvrir?next=/menu", name=name, passphrase=OWN, shared="n")
    assert way(answer) == "/menu"
    assert "Lea" in words(visitor.get("/menu"))
    token = session_of(visitor)["_user_id"]
    kept = rows.get(Session, digest_of(token))
    assert kept.expires_at == NOON + dt.timedelta(days=30)
    assert not kept.shared
    assert "Expires" in answer.headers["Set-Cookie"]


def test_a_device_that_nobody_called_their_own_forgets_with_its_browser(
    app: Flask, cast: Cast, visitor: Reader, rows: Any
) -> None:
    give_passphrase(app, cast["lea"])
    answer = visitor.fill("/ouvrir", name="lac-vert-27", passphrase=OWN)
    assert "Expires" not in answer.headers["Set-Cookie"]
    kept = rows.get(Session, digest_of(session_of(visitor)["_user_id"]))
    assert not kept.shared
    assert kept.expires_at == NOON + dt.timedelta(hours=12)  # a browser may come back to life; its session does not
    assert session_of(visitor)["own"] is False


def test_a_shared_computer_gets_a_short_session_and_a_cookie_that_ends(
    app: Flask, cast: Cast, visitor: Reader, rows: Any, at: Any
) -> None:
    give_passphrase(app, cast["lea"])
    answer = visitor.fill("/ouvrir", name="lac-vert-27", passphrase=OWN, shared="y")
    assert "Expires" not in answer.headers["Set-Cookie"]
    assert rows.get(Session, digest_of(session_of(visitor)["_user_id"])).shared
    for minutes in (2, 11, 20):  # in use, it stays open
        at(NOON + dt.timedelta(minutes=minutes))
        assert visitor.get("/menu").status_code == 200
    at(NOON + dt.timedelta(minutes=30))
    assert visitor.get("/menu").status_code == 200
    at(NOON + dt.timedelta(minutes=40, seconds=1))
    assert way(visitor.get("/menu")) == "/ouvrir"


@pytest.mark.parametrize(("who", "hours"), [("claire", 12), ("sofia", 12), ("karim", 720)])
@pytest.mark.promise("P4", "passport.accounts.rules:session_lasts", "absent")
def test_who_answers_for_others_signs_in_for_12_hours(
    app: Flask, cast: Cast, visitor: Reader, rows: Any, who: str, hours: int
) -> None:
    """A session lasts 30 days for a learner or facilitator on their own device, and 12 hours for whoever manages or coordinates."""
    give_passphrase(app, cast[who])
    visitor.fill("/ouvrir", name="lac-vert-27", passphrase=OWN, shared="n")
    kept = rows.get(Session, digest_of(session_of(visitor)["_user_id"]))
    assert kept.expires_at - kept.created_at == dt.timedelta(hours=hours)


@pytest.mark.promise("P4", "passport.accounts.routes:_keep_only", "absent")
def test_signing_in_changes_the_session_and_drops_what_it_carried(app: Flask, cast: Cast, visitor: Reader) -> None:
    """Signing in makes a new session: nothing that was put into the cookie before goes on in it."""
    give_passphrase(app, cast["lea"])
    for carried in ({"_user_id": "chosen by someone else"}, {}):
        with visitor.client.session_transaction() as session:
            session.update(language="en", left_by_someone="x", **carried)
        visitor.post("/ouvrir", {"name": "lac-vert-27", "passphrase": OWN})
        after = session_of(visitor)
        assert after["_user_id"] != "chosen by someone else"
        assert "left_by_someone" not in after
        assert after["language"] == "en"
        with visitor.client.session_transaction() as session:
            session.clear()


def test_unknown_name_and_wrong_phrase_look_the_same(app: Flask, cast: Cast, visitor: Reader) -> None:
    give_passphrase(app, cast["lea"])

    def answer(name: str) -> tuple[int, str, set[str]]:
        page = visitor.post("/ouvrir", {"name": name, "passphrase": "not this one"})
        return page.status_code, words(page).replace(name, "NAME"), set(page.headers.keys())

    visitor.get("/ouvrir")
    first = answer("lac-vert-27")
    assert first[0] == 422
    assert "L’identifiant et la phrase ne vont pas ensemble." in first[1]
    assert answer("lac-vert-28") == first
    assert answer("nobody@example.org") == first
    assert answer("lea@example.org") == first


@pytest.mark.promise("P3", "passport.accounts.service:is_right", "absent")
def test_an_unknown_name_is_hashed_all_the_same(
    app: Flask, cast: Cast, visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing in does the same work for a name that exists and for one that does not."""
    give_passphrase(app, cast["lea"])
    seen: list[bool] = []
    real = service._hasher_at

    class Counting:
        def __init__(self, **cost: Any) -> None:
            self.real = real(**cost)

        def verify(self, kept: str, given: str) -> bool:
            seen.append(kept.startswith("$argon2id$"))
            return self.real.verify(kept, given)

        def hash(self, given: str) -> str:
            return self.real.hash(given)

    monkeypatch.setattr(service, "_hasher_at", Counting)
    for name in ("lac-vert-27", "nobody-here-11"):
        visitor.post("/ouvrir", {"name": name, "passphrase": "not this one"})
    assert seen == [True, True]


@pytest.mark.parametrize("name", ["lac-vert-27", "nobody-here-11"])
@pytest.mark.promise("P2", "passport.accounts.rules:delay_after", "absent")
def test_eight_wrong_tries_slow_a_name_whether_it_exists_or_not(
    app: Flask, cast: Cast, visitor: Reader, rows: Any, name: str
) -> None:
    """After eight wrong tries a name waits 30 seconds, then twice as long, with Retry-After, whether it exists or not, and is never locked."""
    give_passphrase(app, cast["lea"])
    with app.app_context():
        wait, count = hidden(f"sign-in wait:{name}"), hidden(f"sign-in tries:{name}")
    for _ in range(8):
        assert visitor.post("/ouvrir", {"name": name, "passphrase": "wrong"}).status_code == 422
    slowed = visitor.post("/ouvrir", {"name": f" {name.upper()} ", "passphrase": OWN})
    assert slowed.status_code == 429
    assert 1 <= int(slowed.headers["Retry-After"]) <= 30
    assert "Beaucoup d’essais" in words(slowed)
    assert visitor.post("/ouvrir", {"name": "other-name-11", "passphrase": "x"}).status_code == 422

    def let_the_wait_pass() -> None:
        rows.execute(sa.update(RateLimit).where(RateLimit.key == wait).values(expires_at=0))
        rows.commit()

    let_the_wait_pass()
    assert visitor.post("/ouvrir", {"name": name, "passphrase": "wrong"}).status_code == 422
    assert 30 < int(visitor.post("/ouvrir", {"name": name, "passphrase": OWN}).headers["Retry-After"]) <= 60
    let_the_wait_pass()
    right = visitor.post("/ouvrir", {"name": name, "passphrase": OWN})
    assert right.status_code == (303 if name == "lac-vert-27" else 422)
    if right.status_code == 303:
        assert rows.scalar(sa.select(sa.func.count()).select_from(RateLimit).where(
            RateLimit.key.in_([wait, count]))) == 0


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
@pytest.mark.promise("P2", "passport.accounts.tries:address_waits", "absent")
def test_one_address_cannot_try_many_names(visitor: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tries many names from one network waits as well, and a forged X-Forwarded-For changes nothing."""
    monkeypatch.setattr(tries, "WRONG_PER_ADDRESS", 3)
    codes = [visitor.post("/ouvrir", {"name": f"name-here-{n}", "passphrase": "x"},
                          headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(5)]
    assert codes == [422, 422, 422, 429, 429]


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
@pytest.mark.promise("P17", "passport.accounts.tries:sign_up_waits", "absent")
def test_one_address_cannot_open_passports_without_end(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One network opens a limited number of passports an hour; the next one waits and keeps what was typed."""
    monkeypatch.setattr(tries, "SIGN_UPS_PER_ADDRESS", 2)
    answers = [Reader(app, cast, None).fill("/creer", **own_phrase()) for _ in range(3)]
    assert [a.status_code for a in answers] == [303, 303, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert fields(answers[2])["own"] == OWN


@pytest.mark.promise("P4", "passport.accounts.service:end_session", "absent")
def test_signing_out_ends_the_session_on_the_server(browse: Any, app: Flask, cast: Cast) -> None:
    """Signing out ends the session on the server: a copied cookie opens nothing afterwards."""
    lea = browse("lea")
    copied = session_of(lea)
    answer = lea.post("/fermer")
    assert way(answer) == "/"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert way(lea.get("/menu")) == "/ouvrir"
    thief = Reader(app, cast, None)
    with thief.client.session_transaction() as session:
        session.update(copied)
    assert way(thief.get("/menu")) == "/ouvrir"
    assert lea.get("/fermer").status_code in {303, 405}


def test_signing_out_empties_what_the_device_holds_whosever_it_is(app: Flask, cast: Cast, visitor: Reader) -> None:
    give_passphrase(app, cast["lea"])
    for device in ("n", "y", None):
        visitor.fill("/ouvrir", name="lac-vert-27", passphrase=OWN, shared=device)
        assert visitor.post("/fermer").headers["Clear-Site-Data"] == '"cache", "storage"'
        assert "own" not in session_of(visitor)


def test_a_way_back_never_leads_to_another_site(app: Flask, cast: Cast, visitor: Reader) -> None:
    give_passphrase(app, cast["lea"])
    for bad in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = visitor.post("/ouvrir", {"name": "lac-vert-27", "passphrase": OWN, "next": bad})
        assert way(answer) == "/passeport"
        visitor.post("/fermer")


@pytest.mark.parametrize(("stood_on", "back"), [
    ("http://localhost/montrer", "/montrer"), ("http://localhost/passeport?q=v%C3%A9lo", "/passeport?q=v%C3%A9lo"),
    ("https://evil.example/passeport", "/passeport"), ("https://evil.example//evil.example", None),
    ("//evil.example", None), ("javascript:alert(1)", None), ("http://[", None), ("", None),
])  # fmt: skip
def test_a_part_that_nobody_may_read_leads_back_to_its_page(visitor: Reader, stood_on: str, back: str | None) -> None:
    for answer in (visitor.get("/passeport?after=x", headers={"HX-Request": "true", "HX-Current-URL": stood_on}),
                   visitor.post("/phrase", headers={"HX-Request": "true", "HX-Current-URL": stood_on})):
        there = urlsplit(answer.headers["HX-Redirect"])
        assert (answer.status_code, there.path, parse_qs(there.query).get("next")) == (204, "/ouvrir", back and [back])


@pytest.mark.parametrize("settings_of_test", [{"WTF_CSRF_ENABLED": True}])
def test_whoever_is_signed_out_is_led_to_sign_in_and_not_told_of_a_token(visitor: Reader) -> None:
    assert way(visitor.post("/ajouter", {"title": SENTENCE, "csrf_token": "old"})) == "/ouvrir"
    part = visitor.post("/phrase", {"other": "1", "csrf_token": "old"}, headers={"HX-Request": "true"})
    assert (part.status_code, urlsplit(part.headers["HX-Redirect"]).path) == (204, "/ouvrir")


def test_a_waiting_sentence_can_come_along_when_signing_in(
    app: Flask, cast: Cast, visitor: Reader, heard: list[Any]
) -> None:
    give_passphrase(app, cast["lea"])
    visitor.fill("/", title=SENTENCE)
    assert SENTENCE in words(visitor.get("/ouvrir"))
    visitor.fill("/ouvrir", name="lac-vert-27", passphrase=OWN)
    assert heard == [(cast["lea"], SENTENCE)]
    visitor.post("/fermer")
    visitor.fill("/", title=SENTENCE)
    visitor.fill("/ouvrir", name="lac-vert-27", passphrase=OWN, with_sentence=None)
    assert len(heard) == 1


# ---------- the session goes on ----------


def test_last_use_is_noted_once_in_five_minutes(browse: Any, rows: Any, at: Any) -> None:
    lea = browse("lea")
    key = digest_of(session_of(lea)["_user_id"])

    def last() -> dt.datetime:
        rows.rollback()
        found: dt.datetime = rows.scalar(sa.select(Session.last_used_at).where(Session.id_hash == key))
        rows.rollback()
        return found

    for minutes, noted in ((4, 0), (5, 5), (9, 5), (10, 10)):
        at(NOON + dt.timedelta(minutes=minutes))
        assert lea.get("/menu").status_code == 200
        assert last() == NOON + dt.timedelta(minutes=noted)


def test_an_answer_does_not_fail_with_its_last_use(browse: Any, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lea = browse("lea")
    at(NOON + dt.timedelta(minutes=6))

    def fails(*_given: Any) -> None:
        raise sa.exc.OperationalError("locked", None, Exception("locked"))

    monkeypatch.setattr(service, "keep_last_used", fails)
    assert lea.get("/menu").status_code == 200


# ---------- menu, passphrase, language, help ----------


@pytest.mark.parametrize(
    ("who", "there", "not_there"),
    [
        ("lea", {"Aide", "Changer de phrase de passe", "Se déconnecter"}, {"Signalements", "Ce qui a été reconnu", "La Ville"}),
        ("karim", {"Ce qui a été reconnu"}, {"Signalements", "La Ville"}),
        ("claire", {"Médiathèque Mandela", "Signalements"}, {"La Ville"}),
        ("sofia", {"La Ville : les organisations", "Signalements"}, {"Médiathèque Mandela"}),
    ],
)
def test_the_menu_holds_what_a_role_needs(browse: Any, who: str, there: set[str], not_there: set[str]) -> None:
    page = browse(who).get("/menu")
    text = words(page)
    assert all(t in text for t in there)
    assert not any(t in text for t in not_there)
    assert page.headers["Cache-Control"] == "no-store"


def test_the_passphrase_changes_and_other_devices_are_out(app: Flask, cast: Cast, browse: Any, visitor: Reader) -> None:
    give_passphrase(app, cast["lea"])
    lea, other = browse("lea"), browse("lea")
    wrong = lea.fill("/phrase", present="not this one", choice="own", own="velours cactus pluie tango")
    assert wrong.status_code == 422
    assert "Ce n’est pas la phrase actuelle." in words(wrong)
    assert other.get("/menu").status_code == 200
    easy = lea.fill("/phrase", present=OWN, choice="own", own="lac-vert-27 lac")
    assert easy.status_code == 422
    done = lea.fill("/phrase", present=OWN, choice="own", own="velours cactus pluie tango")
    assert way(done) == "/menu"
    assert "La phrase est changée." in words(lea.get("/menu"))
    assert way(other.get("/menu")) == "/ouvrir"
    assert visitor.fill("/ouvrir", name="lac-vert-27", passphrase=OWN).status_code == 422
    assert way(visitor.fill("/ouvrir", name="lac-vert-27", passphrase="velours cactus pluie tango")) == "/passeport"


def test_a_proposed_new_passphrase_is_shown_once_more(app: Flask, cast: Cast, browse: Any, visitor: Reader) -> None:
    give_passphrase(app, cast["lea"])
    lea = browse("lea")
    page = lea.get("/phrase")
    noted = lea.follow(lea.post("/phrase", {**fields(page), "present": OWN}))
    assert given_phrase(page) in words(noted)
    assert way(lea.fill("/a-noter")) == "/menu"
    assert way(visitor.fill("/ouvrir", name="lac-vert-27", passphrase=given_phrase(page))) == "/passeport"


def test_the_present_passphrase_cannot_be_guessed_there(app: Flask, cast: Cast, browse: Any) -> None:
    give_passphrase(app, cast["lea"])
    lea = browse("lea")
    codes = [lea.fill("/phrase", present="wrong", choice="own", own="velours cactus pluie tango").status_code
             for _ in range(9)]
    assert codes == [422] * 8 + [429]


def test_the_language_is_kept_on_the_device_then_in_the_account(app: Flask, cast: Cast, browse: Any, visitor: Reader, rows: Any) -> None:
    assert way(visitor.post("/langue", {"language": "en", "next": "/aide?lang=fr"})) == "/aide"
    assert 'lang="en"' in visitor.get("/aide").get_data(as_text=True)
    assert "Do I have to fill in everything?" in words(visitor.get("/aide"))
    assert visitor.post("/langue", {"language": "xx", "next": "//evil.example"}).headers["Location"] == "/"
    lea = browse("lea")
    assert way(lea.post("/langue", {"language": "en", "next": "/menu"})) == "/menu"
    assert rows.get(Account, cast["lea"]).language == "en"


def test_a_page_that_only_a_button_opens_is_no_way_back(cast: Cast, browse: Any) -> None:
    claire = browse("claire")
    refused = claire.post(f"/organisation/role/{cast['m_claire']}/retirer")
    assert (refused.status_code, fields(refused, "/langue")["next"]) == (422, "")
    assert way(claire.post("/langue", {"language": "en", "next": ""})) == "/"
    assert fields(claire.get("/passeport?q=x"), "/langue")["next"] == "/passeport?q=x"
    assert fields(claire.post("/ajouter"), "/langue")["next"] == "/ajouter"


def test_help_answers_eight_questions_and_says_how_to_reach_somebody(visitor: Reader, browse: Any) -> None:
    for reader in (visitor, browse("lea")):
        page = reader.get("/aide")
        assert page.get_data(as_text=True).count('<h2 class="step">') == 8
        for word in ("04 65 71 00 10", "passeport@alpha.example", "119", "Médiathèque Mandela"):
            assert word in words(page)


def test_the_demo_people_are_listed_in_the_demo_only(visitor: Reader, app: Flask) -> None:
    assert "example.org" not in words(visitor.get("/ouvrir"))
    app.config["DEMO"] = True
    page = visitor.get("/ouvrir?name=lea@example.org")
    assert "quatre-mots-pour-alpha-2026" in words(page)
    assert fields(page)["name"] == "lea@example.org"


# ---------- other sites, other tokens ----------


def test_another_site_can_neither_sign_in_nor_out(browse: Any, visitor: Reader) -> None:
    lea = browse("lea")
    for head in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert lea.post("/fermer", headers=head).status_code == 400
        assert visitor.post("/ouvrir", {"name": "a", "passphrase": "b"}, headers=head).status_code == 400
    assert lea.get("/menu").status_code == 200


@pytest.mark.parametrize("settings_of_test", [{"WTF_CSRF_ENABLED": True}])
def test_every_form_needs_its_token(browse: Any, visitor: Reader) -> None:
    lea = browse("lea")
    for reader, address in ((visitor, "/"), (visitor, "/creer"), (visitor, "/ouvrir"), (visitor, "/langue"),
                            (lea, "/fermer"), (lea, "/phrase"), (lea, "/a-noter")):
        assert reader.post(address).status_code == 400, address
    assert way(visitor.fill("/", title=SENTENCE)) == "/creer"
    noted = visitor.fill("/creer", **own_phrase())
    assert way(noted) == "/a-noter"
    assert way(visitor.fill("/a-noter")) == "/passeport"


@pytest.mark.parametrize("settings_of_test", [{"WTF_CSRF_ENABLED": True}])
def test_the_kind_page_still_lets_one_choose_a_language(visitor: Reader) -> None:
    page = visitor.fill("/creer", **own_phrase(age="minor", birth_month="11", birth_year="2014"))
    assert page.status_code == 200
    assert visitor.post("/langue", {**fields(page), "language": "en"}).status_code == 303
