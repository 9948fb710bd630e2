"""Coming back without e-mail, one's devices, and closing every link without opening the passport."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts.models import Account, ContactBar, Passport, Recovery, RescueCode, Session
from passport.accounts.service import hash_of
from passport.accounts.sweep import forget
from passport.audit.models import ReadingLine
from passport.card import service as cards
from passport.extensions import db
from passport.notices.models import Notice
from passport.organisations.models import Membership, Organisation
from passport.safety import cases
from passport.safety import service as safety
from passport.sharing import service as sharing
from passport.sharing.models import Share
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.letters import Letterbox, link, subject, text
from tests.reading import Reader, fields, way, words
from tests.world import ask as asking

NEW = "quatre vélos sous la lune rousse"
MINUTES = dt.timedelta(minutes=1)


def name_of(app: Flask, cast: Cast, who: str) -> str:
    """Return a sign-in name, with a passphrase that opens it."""
    with app.app_context(), transaction():
        account = db.session.get_one(Account, cast[who])
        account.password_hash = hash_of(build.PASSPHRASE)
        return account.identifier or ""


def shown(page: Any) -> str:
    """Return the number that a phone shows."""
    found = re.search(r'class="code" translate="no">([0-9]{4}) ([0-9]{4})<', page.get_data(as_text=True))
    assert found, words(page)
    return found[1] + found[2]


def sheet(who: Reader) -> list[str]:
    """Make a sheet and return its codes."""
    page = who.follow(who.fill("/feuille-de-secours", present=build.PASSPHRASE))
    return re.findall(r'class="serif" translate="no">([a-z ]+)<', page.get_data(as_text=True))


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    found: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)


def ask(app: Flask, cast: Cast) -> uuid.UUID:
    """Let Léa ask Karim, and return the request."""
    with app.app_context(), transaction():
        return asking(cast, "lea", "lea_x", "karim", NOON).id


@pytest.fixture
def post(app: Flask, cast: Cast, tmp_path: Path) -> Letterbox:
    """What leaves by e-mail; Léa gave an address."""
    app.config["MAIL"] = replace(app.config["MAIL"], folder=tmp_path / "mail")
    with app.app_context(), transaction():
        db.session.execute(sa.update(Account).where(Account.id == cast["lea"]).values(
            email="lea@example.org", email_confirmed_at=NOON))
    return Letterbox(app, tmp_path / "mail")


def begin(app: Flask, cast: Cast, name: str) -> tuple[Reader, str]:
    """Return the browser of somebody signed out who asks to come back, and the number it shows."""
    phone = Reader(app, cast, None)
    return phone, shown(phone.follow(phone.fill("/retrouver", name=name)))


def helps(adult: Reader, number: str) -> tuple[int, str]:
    """Type the number and confirm whoever stands there; return what is answered."""
    seen = adult.post("/aider-a-revenir", {"number": number})
    if seen.status_code != 200:
        return seen.status_code, words(seen)
    done = adult.post("/aider-a-revenir", {**fields(seen), "confirm": "1"})
    return done.status_code, words(adult.follow(done)) if done.status_code == 303 else words(done)


def choose(phone: Reader) -> Any:
    """Choose a passphrase of one's own on the phone."""
    return phone.fill("/retrouver/phrase", choice="own", own=NEW)


def opens(app: Flask, cast: Cast, name: str, passphrase: str) -> bool:
    """Say whether somebody can sign in with this passphrase."""
    return Reader(app, cast, None).post("/ouvrir", {"name": name, "passphrase": passphrase, "shared": "n"}).status_code == 303


def check(app: Flask, cast: Cast, member: str) -> None:
    with app.app_context(), transaction():
        build.vetting(db.session.get_one(Membership, cast[member]), db.session.get_one(Account, cast["sofia"]), NOON, days=200)


@both_databases
@pytest.mark.promise("T39", "passport.accounts.rules:opens_again")
def test_two_adults_let_a_learner_back_in_and_hold_nothing(app: Flask, cast: Cast) -> None:
    """T39: two adults confirm the number on the learner's phone; only there a passphrase is chosen, and all sessions end."""
    name = name_of(app, cast, "tom")
    check(app, cast, "m_claire")
    before = Reader(app, cast, "tom")
    phone, number = begin(app, cast, name)
    assert "Personne n’a encore confirmé" in words(phone.get("/retrouver/numero"))
    karim, claire = Reader(app, cast, "karim"), Reader(app, cast, "claire")
    assert "deuxième personne" in helps(karim, number)[1]
    assert phone.get("/retrouver/phrase").status_code == 303  # one is not two
    assert helps(karim, number)[0] == 422
    assert "Il en faut une autre" in words(phone.get("/retrouver/numero"))
    assert "choisit sa phrase" in helps(claire, number)[1]
    assert helps(claire, number)[0] == 422  # nothing left to confirm
    for other in (karim, claire, Reader(app, cast, None)):
        assert other.get("/retrouver/phrase").status_code == 410
    assert phone.get("/retrouver/numero").headers["Location"] == "/retrouver/phrase"
    assert before.get("/passeport").status_code == 200
    assert name in words(phone.get("/retrouver/phrase"))
    assert choose(phone).status_code == 303
    assert before.get("/passeport").status_code == 303
    assert phone.get("/retrouver/phrase").status_code == 410
    assert opens(app, cast, name, NEW)
    assert not opens(app, cast, name, build.PASSPHRASE)
    with app.app_context():
        lines = db.session.execute(sa.select(ReadingLine.role, ReadingLine.action).where(ReadingLine.learner_id == cast["tom"]))
        assert {*lines} == {(role, act) for role in ("facilitator", "manager") for act in ("see_return", "confirm_return")}
    looked = words(Reader(app, cast, "tom").get("/qui-a-regarde"))
    assert looked.count("a confirmé que c’était moi") == 2
    assert "Médiathèque Mandela" in looked


@pytest.mark.promise("T39", "passport.accounts.rules:confirmed_by")
def test_which_two_adults_make_two(app: Flask, cast: Cast) -> None:
    """T39: for a protected learner one of the two is of an organisation joined; for an adult one is of the city."""
    check(app, cast, "m_claire")
    with app.app_context(), transaction():
        second = build.account("mila", NOON)
        member = build.membership(second, db.session.get_one(Organisation, cast["city"]), "coordinator", NOON)
        build.vetting(member, db.session.get_one(Account, cast["sofia"]), NOON, days=200)
        cast.ids["mila"] = second.id
    people = {name: Reader(app, cast, name) for name in ("karim", "claire", "nadia", "hugo", "sofia", "mila", "lea", "stranger")}
    for learner, first, second, status in (
        ("tom", "karim", "sofia", 303), ("tom", "sofia", "karim", 303), ("tom", "sofia", "mila", 422),
        ("lea", "karim", "nadia", 422), ("lea", "karim", "sofia", 303), ("lea", "sofia", "hugo", 303),
    ):
        _phone, number = begin(app, cast, name_of(app, cast, learner))
        assert helps(people[first], number)[0] == 303, (learner, first)
        assert helps(people[second], number)[0] == status, (learner, first, second)
    # Whoever may not be one of the two finds what they would find for a number that nobody shows.
    _phone, number = begin(app, cast, name_of(app, cast, "tom"))
    for name in ("nadia", "hugo"):  # not of an organisation joined; no check in force
        assert helps(people[name], number) == helps(people[name], "00000000")
    assert people["lea"].get("/aider-a-revenir").status_code == 404
    with app.app_context():
        assert not db.session.scalars(sa.select(ReadingLine.id).where(
            ReadingLine.learner_id == cast["tom"], ReadingLine.reader_ref.in_(
                sa.select(Account.audit_ref).where(Account.id.in_([cast["nadia"], cast["hugo"]]))))).all()


@pytest.mark.promise("T39", "passport.policy:known_roles")
def test_nobody_is_invited_in_order_to_confirm(app: Flask, cast: Cast) -> None:
    """T39: both are adults, known since thirty days, with two roles of two people, and not barred by the learner."""
    name, karim = name_of(app, cast, "youth"), Reader(app, cast, "karim")

    def change(**values: Any) -> None:
        with app.app_context(), transaction():
            db.session.execute(sa.update(Membership).where(Membership.id == cast["m_karim"]).values(**values))

    change(joined_at=NOON - dt.timedelta(days=29))
    _phone, number = begin(app, cast, name)
    status, said = helps(karim, number)
    assert (status, "moins de 30 jours" in said) == (422, True)
    change(joined_at=NOON - dt.timedelta(days=30))
    with app.app_context(), transaction():
        db.session.execute(sa.update(Passport).where(Passport.learner_id == cast["karim"]).values(birth_year=2009, birth_month=5))
    assert karim.get("/aider-a-revenir").status_code == 404  # 17
    with app.app_context(), transaction():
        db.session.execute(sa.update(Passport).where(Passport.learner_id == cast["karim"]).values(birth_year=None, birth_month=None))
        db.session.add(ContactBar(learner_id=cast["youth"], adult_id=cast["karim"], cause="block", started_at=NOON))
    assert helps(karim, number) == helps(karim, "00000000")
    with app.app_context(), transaction():
        db.session.execute(sa.update(ContactBar).values(lifted_at=NOON))
        other = build.membership(db.session.get_one(Account, cast["karim"]), db.session.get_one(Organisation, cast["library"]),
                                 "manager", NOON)
        build.vetting(other, db.session.get_one(Account, cast["sofia"]), NOON)
    assert helps(karim, number)[0] == 303
    status, said = helps(karim, number)  # another role, the same person
    assert (status, "une autre personne" in said) == (422, True)
    with app.app_context():
        assert db.session.scalars(sa.select(Recovery.second_confirmer_id)).all() == [None]


@pytest.mark.promise("P1", "passport.steps:refusal_before")
def test_whoever_confirms_has_shown_their_second_factor(app: Flask, cast: Cast) -> None:
    """P1: a passphrase alone, of a facilitator who was robbed of it, shows nobody's name and lets nobody back in."""
    _phone, number = begin(app, cast, name_of(app, cast, "tom"))
    thief = Reader(app, cast, "karim", shown=False)
    for sent in ({"number": number}, {"number": number, "confirm": "1"}):
        refused = thief.post("/aider-a-revenir", sent)
        assert (refused.status_code, "tom" in words(refused).lower()) == (403, False)
    assert helps(thief, "00000000")[0] == 422
    with app.app_context():
        assert db.session.scalars(sa.select(Recovery.first_confirmer_id)).all() == [None]
        assert not db.session.scalars(sa.select(ReadingLine.id)).all()
    assert helps(Reader(app, cast, "karim"), number)[0] == 303


@pytest.mark.promise("S8", "passport.organisations.returning:stop_confirmed", "absent")
def test_whose_role_is_taken_has_confirmed_nobody(app: Flask, cast: Cast) -> None:
    """S8: what somebody confirmed in a role that was taken from them lets nobody in, whether one or two had confirmed."""
    check(app, cast, "m_claire")
    name, claire = name_of(app, cast, "tom"), Reader(app, cast, "claire")
    phones = [begin(app, cast, name) for _n in range(2)]
    karim = Reader(app, cast, "karim")
    assert [helps(karim, number)[0] for _phone, number in phones] == [303, 303]
    assert helps(claire, phones[0][1])[0] == 303
    assert claire.post(f"/organisation/role/{cast['m_karim']}/retirer").status_code == 303
    assert phones[0][0].get("/retrouver/phrase").status_code == 410
    assert helps(claire, phones[1][1])[0] == 422
    assert opens(app, cast, name, build.PASSPHRASE)


@pytest.mark.parametrize("end", ["block", "freeze"])
def test_who_may_have_no_contact_any_more_has_confirmed_nobody(app: Flask, cast: Cast, end: str) -> None:
    """Tom blocks whoever confirmed, or a freeze keeps them away: the other of the two lets nobody in with them."""
    check(app, cast, "m_claire")
    phone, number = begin(app, cast, name_of(app, cast, "tom"))
    assert helps(Reader(app, cast, "karim"), number)[0] == 303
    with app.app_context(), transaction():
        if end == "block":
            asking(cast, "tom", "tom_x", "karim", NOON)
            safety.block(cast["tom"], cast["karim"], NOON)
        else:
            cases.freeze(cast["karim"], cast["sofia"], NOON)
    assert helps(Reader(app, cast, "claire"), number)[0] == 422
    assert phone.get("/retrouver/phrase").status_code == 410


def test_a_number_ends_after_a_quarter_of_an_hour(app: Flask, cast: Cast, at: Any) -> None:
    name = name_of(app, cast, "lea")
    phone, number = begin(app, cast, name)
    karim, sofia = Reader(app, cast, "karim"), Reader(app, cast, "sofia")
    assert helps(karim, number)[0] == 303
    at(NOON + 15 * MINUTES)
    assert helps(sofia, number)[0] == 422
    assert phone.get("/retrouver/numero").status_code == 410
    at(NOON)
    assert helps(sofia, number)[0] == 303
    at(NOON + 15 * MINUTES)
    assert phone.get("/retrouver/phrase").status_code == 410
    assert phone.post("/retrouver/phrase", {"choice": "own", "own": NEW}).status_code == 410
    at(NOON)
    assert choose(phone).status_code == 303
    for days, left in ((30, 1), (31, 0)):
        with app.app_context(), transaction():
            forget(NOON + dt.timedelta(days=days))
            assert len(db.session.scalars(sa.select(Recovery.id)).all()) == left


def test_an_unknown_name_is_a_name_like_any_other(app: Flask, cast: Cast, post: Letterbox) -> None:
    """The number, the sheet and the closing of links say the same, and do as much, whether the name is known or not."""
    known = name_of(app, cast, "lea")
    said: dict[str, list[Any]] = {}
    for name in (known, "mauve-lapin-77", "personne@example.org", "AAAA-AAAA", "\u200b'; --"):
        found = []
        for where, data in (("/retrouver", {}), ("/phrase-oubliee/feuille", {"code": "un deux trois"}),
                            ("/fermer-mes-liens", {"code": "un deux trois"})):
            phone = Reader(app, cast, None)
            with counted(app) as statements:
                answer = phone.post(where, {"name": name, **data})
            shown = words(phone.follow(answer) if answer.status_code == 303 else answer)
            found.append((answer.status_code, re.sub(r"[0-9]{4} [0-9]{4}", "#", shown), len(statements)))
        said[name] = found
    assert [status for status, *_rest in said[known]] == [303, 422, 422]
    assert all(found == said[known] for found in said.values()), said
    assert [m["To"] for m in post.work()] == ["lea@example.org"]
    with app.app_context():
        assert db.session.execute(sa.select(Notice.account_id, Notice.kind)).all() == [(cast["lea"], "way_back")]


def test_whoever_is_asked_back_is_told_at_once_and_stops_it(app: Flask, cast: Cast, post: Letterbox) -> None:
    """Somebody else's phone asks: its owner's devices say so, one message leaves with the city's own address, and « Arrêter »
    ends it even after the first of the two was deceived."""
    name, lea = name_of(app, cast, "lea"), Reader(app, cast, "lea")
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4"}
    Reader(app, cast, None).post("/retrouver", {"name": name}, headers=forged)
    phone, number = begin(app, cast, name)
    (mail,) = post.work()
    assert "evil" not in mail.as_string()
    assert link(mail) == "/appareils"
    assert "lea" not in text(mail).lower()
    assert "Quelqu’un demande à revenir" in words(lea.get("/passeport"))
    assert "Quelqu’un demande à revenir" in words(lea.get("/echanges"))
    assert helps(Reader(app, cast, "karim"), number)[0] == 303
    assert "Arrêter" in words(lea.get("/appareils"))
    lea.post("/appareils/arreter")
    lea.post("/appareils/arreter")
    assert "Arrêter" not in words(lea.get("/appareils"))
    assert helps(Reader(app, cast, "sofia"), number)[0] == 422
    assert phone.get("/retrouver/numero").status_code == 410
    lea.post("/appareils/vu")
    assert "Quelqu’un demande à revenir" not in words(lea.get("/passeport"))
    assert opens(app, cast, name, build.PASSPHRASE)


def test_guessing_numbers_and_codes_is_slowed_down(app: Flask, cast: Cast) -> None:
    """Eight wrong ones, then one waits: for each adult who types numbers, for each name whose codes are tried."""
    name, karim = name_of(app, cast, "lea"), Reader(app, cast, "karim")
    _phone, number = begin(app, cast, name)
    assert [karim.post("/aider-a-revenir", {"number": f"{n:08d}"}).status_code for n in range(10)] == [422] * 8 + [429] * 2
    assert karim.post("/aider-a-revenir", {"number": number}).status_code == 429
    hugo = Reader(app, cast, "hugo")  # a number that one knows lets nobody go on guessing
    typed = [hugo.post("/aider-a-revenir", {"number": n}).status_code for n in ("1", "2", "3", number, "4", "5", number, "6", "7")]
    assert typed == [422] * 3 + [200] + [422] * 2 + [200] + [422, 429]
    assert helps(Reader(app, cast, "nadia"), number)[0] == 303
    codes = sheet(Reader(app, cast, "lea"))
    for n in range(8):
        assert Reader(app, cast, None).post("/phrase-oubliee/feuille", {"name": name, "code": f"mot {n}"}).status_code == 422
    for where in ("/phrase-oubliee/feuille", "/fermer-mes-liens"):
        late = Reader(app, cast, None).post(where, {"name": name.upper(), "code": codes[0]})
        assert (late.status_code, late.headers["Retry-After"] != "") == (429, True)
    assert opens(app, cast, name, build.PASSPHRASE), "wrong codes keep nobody from signing in"


@both_databases
@pytest.mark.promise("P5", "passport.accounts.rules:opens_again")
def test_a_code_of_the_sheet_opens_once(app: Flask, cast: Cast, post: Letterbox) -> None:
    """P5: what lets somebody back in works once, for fifteen minutes, ends other sessions, and the one before is replaced."""
    name, lea = name_of(app, cast, "lea"), Reader(app, cast, "lea")
    assert lea.post("/feuille-de-secours", {"present": "faux"}).status_code == 422
    old, codes = sheet(lea), sheet(lea)
    assert lea.get("/feuille-de-secours/a-garder").status_code == 200  # printing it may take a second look
    lea.get("/menu")
    assert lea.get("/feuille-de-secours/a-garder").status_code == 303
    assert len({*old, *codes}) == 6
    with app.app_context():
        kept = db.session.scalars(sa.select(RescueCode.code_hash)).all()
        assert len(kept) == 3
        assert not {hashlib.sha256(code.encode()).digest() for code in codes} & {*kept}
    other = name_of(app, cast, "stranger")
    for who, code in ((name, old[0]), (other, codes[0]), (name, ""), (name, codes[0] + " mot")):
        assert Reader(app, cast, None).post("/phrase-oubliee/feuille", {"name": who, "code": code}).status_code == 422
    phone, late = Reader(app, cast, None), Reader(app, cast, None)
    for reader in (phone, late):
        typed = codes[0].upper().replace(" ", " - ")
        assert way(reader.post("/phrase-oubliee/feuille", {"name": name, "code": typed})) == "/retrouver/phrase"
    assert late.get("/retrouver/phrase").status_code == 200
    assert choose(phone).status_code == 303
    assert late.post("/retrouver/phrase", {"choice": "own", "own": NEW}).status_code == 410
    assert lea.get("/passeport").status_code == 303
    assert opens(app, cast, name, NEW)
    assert Reader(app, cast, None).post("/phrase-oubliee/feuille", {"name": name, "code": codes[0]}).status_code == 422
    again = Reader(app, cast, "lea")
    assert "2 codes servent encore" in words(again.get("/feuille-de-secours"))
    assert "La phrase de passe a changé" in [subject(m) for m in post.work()]
    again.post("/feuille-de-secours/perdue")
    assert Reader(app, cast, None).post("/phrase-oubliee/feuille", {"name": name, "code": codes[1]}).status_code == 422


@pytest.mark.promise("P5", "passport.accounts.returning:drop_sheet", "absent")
def test_a_sheet_in_other_hands_opens_nothing_after_coming_back_in_person(app: Flask, cast: Cast) -> None:
    """P5: whoever made a sheet with somebody else's passphrase is out when two adults let the owner back in; whoever changes
    their passphrase is told that a sheet goes on opening."""
    name = name_of(app, cast, "lea")
    theirs = sheet(Reader(app, cast, "lea"))
    phone, number = begin(app, cast, name)
    for adult in ("karim", "sofia"):
        assert helps(Reader(app, cast, adult), number)[0] == 303
    assert "La feuille de secours d’avant n’ouvre plus rien" in words(phone.follow(choose(phone)))
    assert Reader(app, cast, None).post("/phrase-oubliee/feuille", {"name": name, "code": theirs[0]}).status_code == 422
    lea = Reader(app, cast, "lea")
    changed = {"choice": "own", "own": "trois chevaux au bord du canal gris"}
    assert "feuille de secours" not in words(lea.follow(lea.fill("/phrase", present=NEW, **changed)))
    lea.follow(lea.fill("/feuille-de-secours", present=changed["own"]))
    said = words(lea.follow(lea.fill("/phrase", present=changed["own"], choice="own", own=NEW)))
    assert "La feuille de secours ouvre toujours" in said


@pytest.mark.promise("T36", "passport.accounts.service:end_session", "absent")
def test_a_device_is_signed_out_from_another(app: Flask, cast: Cast) -> None:
    """T36: signing out there, or everywhere, takes effect on that device's very next request, and on nobody else's."""
    name, tom = name_of(app, cast, "lea"), Reader(app, cast, "tom")
    phone, tablet, lost = (Reader(app, cast, None) for _n in range(3))
    agents = {phone: "Mozilla/5.0 (Linux; Android 14) Gecko/130.0 Firefox/130.0", tablet: "", lost: "<b>x</b>" * 100}
    for reader, agent in agents.items():
        assert reader.post("/ouvrir", {"name": name, "passphrase": build.PASSPHRASE, "shared": "n"},
                           headers={"User-Agent": agent}).status_code == 303
    seen = phone.get("/appareils")
    assert "Android, Firefox Cet appareil" in words(seen)
    assert "<b>x" not in seen.get_data(as_text=True)
    phone.fill("/appareils", name="Mon téléphone à moi")
    assert "Mon téléphone à moi Cet appareil" in words(phone.get("/appareils"))
    assert "Mon téléphone à moi Dernière fois" in words(tablet.get("/appareils"))
    keys = re.findall(r'name="device" value="([0-9a-f]{24})"', tablet.get("/appareils").get_data(as_text=True))
    assert len(keys) == 2
    for key in (*keys, "nonsense", ""):  # those of another person name nothing
        assert tom.post("/appareils/deconnecter", {"device": key}).status_code == 303
    assert [r.get("/passeport").status_code for r in (phone, tablet, lost, tom)] == [200] * 4
    theirs = re.findall(r'name="device" value="([0-9a-f]{24})"', phone.get("/appareils").get_data(as_text=True))
    gone = next(iter({*keys} & {*theirs}))  # neither this phone nor that tablet
    phone.post("/appareils/deconnecter", {"device": gone})
    assert [r.get("/passeport").status_code for r in (phone, tablet, lost)] == [200, 200, 303]
    phone.post("/appareils/deconnecter", {"device": "others"})
    assert [r.get("/passeport").status_code for r in (phone, tablet)] == [200, 303]
    phone.post("/appareils/deconnecter", {"device": "everywhere"})
    assert [r.get("/passeport").status_code for r in (phone, tom)] == [303, 200]


@pytest.mark.promise("T43", "passport.accounts.service:end_session", "absent")
def test_a_copied_cookie_opens_nothing_after_signing_out(app: Flask, cast: Cast) -> None:
    """T43: a cookie copied before signing out is refused afterwards, and one planted before signing in opens nothing."""
    name, phone = name_of(app, cast, "lea"), Reader(app, cast, None)
    phone.get("/ouvrir")
    with phone.client.session_transaction() as planted:
        planted["_user_id"] = "known-to-somebody-else"
    phone.post("/ouvrir", {"name": name, "passphrase": build.PASSPHRASE, "shared": "n"})
    copy = phone.client.get_cookie("session") or next(iter(phone.client._cookies.values()))
    thief = Reader(app, cast, None)
    thief.client.set_cookie(copy.key, copy.value)
    assert thief.get("/passeport").status_code == 200
    with phone.client.session_transaction() as kept:
        assert kept["_user_id"] != "known-to-somebody-else"
    assert phone.post("/fermer").status_code == 303
    thief = Reader(app, cast, None)
    thief.client.set_cookie(copy.key, copy.value)
    assert thief.get("/passeport").status_code == 303
    with phone.client.session_transaction() as left:
        assert {*left} <= {"language", "known", "_permanent", "_flashes", "csrf_token"}


@pytest.mark.promise("T41", "passport.accounts.rules:is_idle")
def test_a_shared_device_closes_by_itself(app: Flask, cast: Cast, at: Any) -> None:
    """T41: on a shared device ten idle minutes end the session, no cookie outlives the browser, and it is not remembered."""
    name, phone = name_of(app, cast, "lea"), Reader(app, cast, None)
    answer = phone.post("/ouvrir", {"name": name, "passphrase": build.PASSPHRASE, "shared": "y"})
    assert "expires" not in answer.headers["Set-Cookie"].lower()
    with phone.client.session_transaction() as kept:
        assert "known" not in kept
    own = Reader(app, cast, "lea")
    assert "partagé" in words(own.get("/appareils"))
    at(NOON + 11 * MINUTES)
    assert "partagé" not in words(own.get("/appareils"))
    assert phone.get("/passeport").status_code == 303


def test_a_new_device_is_told_and_a_known_one_is_not(app: Flask, cast: Cast, post: Letterbox) -> None:
    name, phone = name_of(app, cast, "lea"), Reader(app, cast, None)
    signing_in = {"name": name, "passphrase": build.PASSPHRASE, "shared": "n"}
    phone.post("/ouvrir", signing_in)
    assert post.work() == []  # the first of all
    phone.post("/fermer")
    phone.post("/ouvrir", signing_in)
    assert post.work() == []
    for shared in ("y", "n"):
        Reader(app, cast, None).post("/ouvrir", {**signing_in, "shared": shared})
        (mail,) = post.work()
        assert (subject(mail), link(mail)) == ("Le passeport s’ouvre sur un nouvel appareil", "/appareils")
        assert name not in text(mail)
    with app.app_context():
        assert db.session.execute(sa.select(Notice.account_id, Notice.kind)).all() == [(cast["lea"], "new_device")]


@pytest.mark.promise("T9", "passport.accounts.rules:delay_after")
def test_links_are_closed_with_the_account_locked(lived: Cast, app: Flask) -> None:
    """T9: with the account locked by wrong tries, every link is closed by a code of the sheet, or by the card's number."""
    cast = lived
    name, lea, karim = name_of(app, cast, "lea"), Reader(app, cast, "lea"), Reader(app, cast, "karim")
    (code, *_more), guest = sheet(lea), Reader(app, cast, None)
    for _n in range(8):
        guest.post("/ouvrir", {"name": name, "passphrase": "faux", "shared": "n"})
    assert guest.post("/ouvrir", {"name": name, "passphrase": build.PASSPHRASE, "shared": "n"}).status_code == 429

    def open_links() -> int:
        with app.app_context():
            return len(db.session.scalars(sa.select(Share.id).where(Share.revoked_at.is_(None), Share.expires_at > NOON)).all())

    assert open_links() == 1
    assert guest.post("/fermer-mes-liens", {"name": name, "code": "un autre"}).status_code == 422
    assert open_links() == 1
    for _twice in range(2):
        assert guest.post("/fermer-mes-liens", {"name": name, "code": code}).status_code == 303
    assert open_links() == 0
    assert "Tous les liens ont été fermés" in words(lea.get("/passeport"))
    lea.post("/appareils/vu")

    with app.app_context(), transaction():
        number = cards.make(cast["lea"], NOON).number
        draft = sharing.ShareDraft((cast["lea_x"],), (), "Le club", True, 3, "display", None, None, uuid.uuid4())
        sharing.create_share(cast["lea"], draft, NOON)
        db.session.add(ContactBar(learner_id=cast["lea"], adult_id=cast["nadia"], cause="block", started_at=NOON))
    answers = {words(karim.follow(karim.fill("/carte-perdue", number=typed))) for typed in ("ZZZZ-ZZZZ", "nonsense")}
    nadia = Reader(app, cast, "nadia")  # whom she blocks: the same answer, and nothing closes
    assert "C’est fait" in words(nadia.follow(nadia.fill("/carte-perdue", number=number)))
    assert open_links() == 1
    typed = number.lower().replace("-", " ")
    answers |= {words(karim.follow(karim.fill("/carte-perdue", number=typed))) for _twice in range(2)}
    assert len(answers) == 1
    assert open_links() == 0
    assert "Tous les liens ont été fermés" in words(lea.get("/passeport"))
    assert words(lea.get("/qui-a-regarde")).count("a fermé ma carte et mes liens, sur place") == 1
    assert number not in words(lea.get("/carte"))
    assert lea.get("/carte-perdue").status_code == 404
    statuses = [karim.post("/carte-perdue", {"number": "AAAA-AAAA"}).status_code for _n in range(8)]
    assert statuses[-1] == 429


def test_a_message_opens_the_very_request_after_one_passphrase(app: Flask, cast: Cast, post: Letterbox, at: Any) -> None:
    """A facilitator whose session ended taps the link, writes the passphrase (wrong at first), and stands before that
    request; with the session of thirty days on a phone of their own, the tap alone does it."""
    with app.app_context(), transaction():
        account = db.session.get_one(Account, cast["karim"])
        account.email, account.email_confirmed_at, account.password_hash = "karim@example.org", NOON, hash_of(build.PASSPHRASE)
    key = ask(app, cast)
    at(NOON + 3 * MINUTES)
    (mail,) = post.work()
    request = link(mail)
    assert request == f"/on-me-demande/{key}"
    phone = Reader(app, cast, None)
    signing_in = phone.get(request)
    assert signing_in.headers["Location"] == f"/ouvrir?next={request}"
    body = {"name": "karim@example.org", "shared": "n", **fields(phone.follow(signing_in), "/ouvrir")}
    again = phone.post("/ouvrir", {**body, "name": "karim@example.org", "passphrase": "faux", "shared": "n"})
    done = phone.post("/ouvrir", {**fields(again, "/ouvrir"), "passphrase": build.PASSPHRASE, "shared": "n"})
    assert way(done) == request
    assert phone.get(request).status_code == 200
    at(NOON + dt.timedelta(days=29))
    assert phone.get(request).status_code == 200
    at(NOON + dt.timedelta(days=31))
    assert phone.get(request).status_code == 303


def test_after_long_away_any_other_device_is_told(app: Flask, cast: Cast, post: Letterbox, at: Any) -> None:
    """The sessions of whoever stayed away are forgotten; a stranger who knows the passphrase is told of all the same."""
    name = name_of(app, cast, "lea")
    signing_in = {"name": name, "passphrase": build.PASSPHRASE, "shared": "n"}
    Reader(app, cast, None).post("/ouvrir", signing_in)
    later = at(NOON + dt.timedelta(days=70))
    with app.app_context(), transaction():
        forget(later)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Session)) == 0
    Reader(app, cast, None).post("/ouvrir", signing_in)
    assert [subject(m) for m in post.work()] == ["Le passeport s’ouvre sur un nouvel appareil"]
