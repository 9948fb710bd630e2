"""Choosing protection and leaving it, quiet hours, and an age that goes down by oneself and up in person only."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.accounts import protection, sweep
from passport.accounts import queries as accounts
from passport.accounts.models import Passport, Protection
from passport.audit.models import AuditEvent, ReadingLine
from passport.card.models import Card, Sheet
from passport.credentials.models import Credential
from passport.extensions import db
from passport.feedback.models import AuthoredText, Feedback, FeedbackRequest
from passport.notices import outbox
from passport.recognition.models import Permission
from passport.sharing import service as sharing
from passport.sharing.models import Share
from passport.transaction import transaction
from passport.witnesses.models import WitnessInvitation

from .. import build
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import way, words
from .test_feedback import DAY, ask, give, one, rows

NIGHT = dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC)  # 23:30 in the city
SEVEN = dt.datetime(2026, 11, 25, 6, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def passport(app: Flask, cast: Cast, name: str) -> Any:
    return one(app, Passport, Passport.learner_id == cast[name])


# ---------- an adult chooses ----------


@both_databases
@pytest.mark.promise("S4", "passport.notices.rules:quiet_hours")
def test_words_to_somebody_protected_wait_until_7_and_leaving_brings_them_no_sooner(
    app: Flask, cast: Cast, browse: Any, at: Any
) -> None:
    """Words written at night to somebody protected arrive at 7, and to leave the protection brings them no sooner."""
    request = ask(app, cast, "lea_x", "m_karim", NOON)
    lea = browse("lea")
    assert "Choisir cette protection" in words(lea.get("/protection"))
    page = words(lea.follow(lea.fill("/protection", "/protection/choisir")))
    assert "Elle est en place." in page
    assert passport(app, cast, "lea").protection_chosen
    at(NIGHT)
    key = give(app, cast, request, "m_karim", NIGHT, seen="Tu as tenu bon.")
    assert one(app, AuthoredText).deliver_after == SEVEN
    assert "Tu as tenu bon." not in words(lea.get(f"/retour/{key}"))
    lea.follow(lea.fill("/protection", "/protection/choisir"))
    assert not passport(app, cast, "lea").protection_chosen
    text = one(app, AuthoredText)
    assert (text.regime, text.deliver_after) == ("protected", SEVEN)
    assert "Tu as tenu bon." not in words(lea.get(f"/retour/{key}"))
    at(SEVEN)
    assert "Tu as tenu bon." in words(lea.get(f"/retour/{key}"))


def test_a_text_keeps_the_regime_of_its_day(app: Flask, cast: Cast, browse: Any) -> None:
    give(app, cast, ask(app, cast, "lea_x", "m_karim", NOON - DAY), "m_karim", NOON - HOUR)
    browse("lea").fill("/protection", "/protection/choisir")
    assert one(app, AuthoredText).regime == "private"


def test_whoever_is_not_checked_reads_nothing_more_at_once(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_hugo", NOON - DAY)
    hugo = browse("hugo")
    assert hugo.get(f"/on-me-demande/{request}").status_code == 200
    browse("lea").fill("/protection", "/protection/choisir")
    assert hugo.get(f"/on-me-demande/{request}").status_code == 404


def test_a_minor_never_leaves_the_protection(app: Flask, cast: Cast, browse: Any) -> None:
    tom = browse("tom")
    page = words(tom.get("/protection"))
    assert "Avant 18 ans, elle est toujours là." in page
    assert "Arrêter" not in page
    answer = tom.post("/protection/choisir", {"wanted": "no"})
    assert answer.status_code == 422
    assert "Avant 18 ans, la protection est toujours là." in words(answer)
    for address, more in (("/protection/heures", {"quiet_from": "1", "quiet_to": "2"}),
                          ("/protection/sans-compte", {"wanted": "yes"})):
        assert tom.post(address, more).status_code == 422
    assert not rows(app, Protection, Protection.quiet_from.is_not(None))


@both_databases
def test_a_protected_adult_may_let_people_without_account_write(app: Flask, cast: Cast, browse: Any) -> None:
    from ..world import invite, says, witnesses

    with app.app_context(), transaction():
        first, second = invite(cast, "lea_x", NOON - DAY).id, invite(cast, "lea_x", NOON - DAY).id
        protection.choose(cast["lea"], NOON)

    def answered(key: Any) -> str | None:
        from passport.refusals import Refused

        with app.app_context():
            try:
                with transaction():
                    witnesses.answer(db.session.get_one(WitnessInvitation, key), says(), NOON)
            except Refused as refused:
                return refused.refusal
        return None

    assert answered(first) == "ready_only"
    lea = browse("lea")
    lea.follow(lea.fill("/protection", "/protection/sans-compte"))
    assert answered(first) is None
    lea.follow(lea.fill("/protection", "/protection/sans-compte"))
    assert answered(second) == "ready_only"


# ---------- quiet hours ----------


@both_databases
def test_an_adults_own_quiet_hours_hold_messages_and_never_a_report(
    app: Flask, cast: Cast, browse: Any
) -> None:
    karim = browse("karim")
    karim.follow(karim.fill("/protection", "/protection/heures", quiet_from="10", quiet_to="14"))
    with app.app_context(), transaction():
        from passport.accounts.models import Account

        who = db.session.get_one(Account, cast["karim"])
        who.email, who.email_confirmed_at = "karim@example.org", NOON
    ask(app, cast, "lea_x", "m_karim", NOON)
    assert one(app, outbox.Message).not_before == dt.datetime(2026, 11, 24, 13, tzinfo=dt.UTC)
    with app.app_context(), transaction():
        outbox.send_word([cast["karim"]], "text_reported", cast["lea_x"], NOON)
    assert one(app, outbox.Message).not_before == NOON + dt.timedelta(minutes=2)
    karim.follow(karim.fill("/protection", "/protection/heures", quiet_from="", quiet_to=""))
    with app.app_context():
        assert accounts.addressees([cast["karim"]], NOON)[0].quiet is None


@pytest.mark.parametrize("hours", [("8", "8"), ("8", ""), ("", "8"), ("25", "8"), ("8", "matin")])
def test_odd_hours_are_said(app: Flask, cast: Cast, browse: Any, hours: tuple[str, str]) -> None:
    answer = browse("lea").post("/protection/heures", dict(zip(("quiet_from", "quiet_to"), hours, strict=True)))
    assert answer.status_code == 422
    assert "Choisir deux heures différentes, ou aucune." in words(answer)
    assert not rows(app, Protection, Protection.quiet_from.is_not(None))


# ---------- age, downward ----------


@pytest.mark.parametrize(("year", "month", "alone"), [(2010, 3, True), (2013, 3, False)])
def test_what_is_too_much_at_that_age_ends_at_once(
    app: Flask, lived: Cast, browse: Any, year: int, month: int, alone: bool
) -> None:
    cast = lived
    with app.app_context(), transaction():
        # A link of six months, and one of a month, of which only the first is too long at 16.
        def draft(months: int) -> sharing.ShareDraft:
            return sharing.ShareDraft((cast["lea_x"],), (), "Le club", False, months, "display", None, None, uuid.uuid4())

        long, short = (sharing.create_share(cast["lea"], draft(n), NOON - HOUR).id for n in (6, 1))
    lea = browse("lea")
    page = words(lea.follow(lea.fill("/mon-age", "/mon-age/moins", birth_year=str(year), birth_month=str(month))))
    assert "Avant 18 ans, elle est toujours là." in page
    open_ones = {s.id for s in rows(app, Share, Share.revoked_at.is_(None))}
    assert long not in open_ones
    assert (short in open_ones) is alone
    assert bool(rows(app, Permission, Permission.ended_at.is_(None))) is alone
    assert bool(rows(app, WitnessInvitation, WitnessInvitation.revoked_at.is_(None), WitnessInvitation.used_at.is_(None),
                     WitnessInvitation.learner_id == cast["lea"])) is alone
    assert not rows(app, Sheet, Sheet.closed_at.is_(None))
    assert all(c.share_id is None for c in rows(app, Card, Card.learner_id == cast["lea"]))
    if not alone:
        assert not rows(app, Credential, Credential.unpublished_at.is_(None))
    # She asked people of an organisation she did not join: elsewhere a minor asks its desk.
    assert one(app, FeedbackRequest, FeedbackRequest.id == cast["request"]).outcome == "cancelled"
    found = one(app, Passport, Passport.learner_id == cast["lea"])
    assert (found.birth_year, found.birth_month, found.age_source) == (year, month, "declared")
    assert found.in_statistics is alone


def test_an_age_never_goes_up_by_oneself(app: Flask, cast: Cast, browse: Any) -> None:
    youth = browse("youth")
    for year, month in ((2010, 4), (2009, 1), (2000, 1)):
        answer = youth.post("/mon-age/moins", {"birth_year": str(year), "birth_month": str(month)})
        assert answer.status_code == 422
        assert "Ici, on dit seulement un âge plus bas." in words(answer)
    found = passport(app, cast, "youth")
    assert (found.birth_year, found.birth_month) == (2010, 5)


# ---------- age, as a facilitator sees it ----------


def test_a_doubt_protects_at_once_and_is_told(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    karim, lea = browse("karim"), browse("lea")
    assert f"/on-me-demande/{request}/age" in karim.get(f"/on-me-demande/{request}").get_data(as_text=True)
    assert way(karim.fill(f"/on-me-demande/{request}/age", f"/on-me-demande/{request}/age/moins")) == "/on-me-demande"
    karim.post(f"/on-me-demande/{request}/age/moins")
    assert passport(app, cast, "lea").protection_chosen
    assert one(app, Protection).doubted_by_id == cast["m_karim"]
    assert "Quelqu’un pense que vous avez moins de 18 ans" in words(lea.get("/passeport"))
    page = words(lea.get("/protection"))
    assert "Une personne de Médiathèque Mandela le croit." in page
    assert "Arrêter" not in page
    assert lea.post("/protection/choisir", {"wanted": "no"}).status_code == 422
    assert passport(app, cast, "lea").protection_chosen
    lea.fill("/mon-age", "/mon-age/moins", birth_year="2010", birth_month="3")
    assert not passport(app, cast, "lea").protection_chosen
    assert one(app, Protection).doubted_at is None
    assert "Quelqu’un pense" not in words(lea.get("/passeport"))


def test_a_doubt_about_who_had_chosen_protection_holds_and_leaves_the_choice(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    lea = browse("lea")
    lea.fill("/protection", "/protection/choisir")
    browse("karim").post(f"/on-me-demande/{request}/age/moins")
    assert one(app, Protection).doubted_by_id == cast["m_karim"]
    assert lea.post("/protection/choisir", {"wanted": "no"}).status_code == 422
    lea.fill("/mon-age", "/mon-age/moins", birth_year="2010", birth_month="3")
    assert one(app, Protection).doubted_at is None
    assert passport(app, cast, "lea").protection_chosen


def code(reader: Any) -> str:
    reader.follow(reader.fill("/mon-age", "/mon-age/code"))
    return re.search(r"\b(\d{3} \d{3})\b", words(reader.get("/mon-age")))[1]  # type: ignore[index]


@both_databases
def test_an_adult_is_confirmed_in_person_by_the_code_on_their_screen(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    request = ask(app, cast, "youth_x", "m_karim", NOON - DAY)
    karim, youth = browse("karim"), browse("youth")
    shown = code(youth)
    page = karim.get(f"/on-me-demande/{request}/age")
    assert "2010" not in page.get_data(as_text=True)
    wrong = "000 000" if shown != "000 000" else "111 111"
    address = f"/on-me-demande/{request}/age/plus"
    answer = karim.fill(f"/on-me-demande/{request}/age", address, code=wrong)
    assert answer.status_code == 422
    assert "Ce n’est pas le code." in words(answer)
    assert one(app, Protection).age_tries == 1
    assert passport(app, cast, "youth").birth_year == 2010
    right = karim.post(address, {"code": shown})
    assert right.status_code == 303, (shown, words(right))
    found = passport(app, cast, "youth")
    assert (found.birth_year, found.birth_month, found.age_source) == (None, None, "seen")
    assert [e.action for e in rows(app, AuditEvent) if e.action.startswith("age.")] == ["age.ask", "age.confirm"]
    # One adult's word takes nobody out of the protection, and is told.
    assert found.protection_chosen
    assert "a confirmé que j’ai 18 ans ou plus" in words(youth.get("/qui-a-regarde"))
    assert youth.post("/protection/choisir", {"wanted": "no"}).status_code == 303
    assert not passport(app, cast, "youth").protection_chosen
    with app.app_context(), transaction():  # said again and confirmed again on one day is told once
        protection.lower_age(cast["youth"], 2010, 6, NOON)
    shown = code(youth)
    assert karim.post(address, {"code": shown}).status_code == 303
    assert len(rows(app, ReadingLine, ReadingLine.action == "confirm_age")) == 1


def test_under_15_nobody_confirms_an_age(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "tom_x", "m_karim", NOON - DAY)
    karim, tom = browse("karim"), browse("tom")
    assert "Montrer un code" not in words(tom.get("/mon-age"))
    answer = tom.post("/mon-age/code")
    assert answer.status_code == 422
    assert "Avant 15 ans, l’âge change avec le calendrier" in words(answer)
    with app.app_context():
        with transaction():  # shown all the same, as before the rule
            kept = Protection(learner_id=cast["tom"], witness_words=False, chosen_too=False, age_tries=0, age_asked_at=NOON)
            db.session.add(kept)
        shown = protection.code_shown(kept, NOON)
        db.session.remove()
    answer = karim.post(f"/on-me-demande/{request}/age/plus", {"code": shown})
    assert answer.status_code == 422
    assert "Avant 15 ans, l’âge change avec le calendrier" in words(answer)
    assert passport(app, cast, "tom").birth_year == 2012


def test_a_code_is_over_after_five_tries_or_a_quarter_of_an_hour(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    request = ask(app, cast, "youth_x", "m_karim", NOON - DAY)
    karim, youth, address = browse("karim"), browse("youth"), f"/on-me-demande/{request}/age/plus"
    assert "Ce code ne vaut plus." in words(karim.post(address, {"code": "123456"}))
    shown = code(youth)
    for _try in range(5):
        assert karim.post(address, {"code": "0"}).status_code == 422
    assert "Ce code ne vaut plus." in words(karim.post(address, {"code": shown}))
    shown = code(youth)
    at(NOON + dt.timedelta(minutes=15))
    assert "Ce code ne vaut plus." in words(karim.post(address, {"code": shown}))
    assert passport(app, cast, "youth").birth_year == 2010


def test_whoever_was_not_asked_says_nothing_of_an_age(app: Flask, cast: Cast, browse: Any) -> None:
    request = ask(app, cast, "lea_x", "m_karim", NOON - DAY)
    for person in ("lea", "nadia", "claire", "sofia", "stranger"):
        reader = browse(person)
        for address in (f"/on-me-demande/{request}/age/moins", f"/on-me-demande/{request}/age/plus"):
            assert reader.post(address, {"code": "1"}).status_code == 404
    assert rows(app, Protection) == []
    assert rows(app, Feedback) == []
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent).where(
            AuditEvent.action.startswith("age."))) == 0


# ---------- 18, by the calendar ----------


def _at_18(reader: Any) -> list[Any]:
    """Return what somebody finds who has just turned 18, and what is refused to them."""
    found = [(p, reader.get(p).status_code, words(reader.get(p)))
             for p in ("/passeport", "/dix-huit-ans", "/mon-age", "/protection", "/a-moi")]
    for year, month in (("2008", "11"), ("2008", "10"), ("2026", "13")):
        answer = reader.post("/mon-age/moins", {"birth_year": year, "birth_month": month})
        found.append((answer.status_code, words(answer)))
    return found


@pytest.mark.promise("P20", "passport.accounts.sweep:forget_births", "absent")
@both_databases
def test_at_18_the_month_of_birth_is_blanked_and_nothing_else_changes(
    app: Flask, cast: Cast, browse: Any, at: Any
) -> None:
    """Month and year of birth are kept until 18 only: blanked that day, and every page and rule says what it said before."""
    def blank(now: dt.datetime) -> int:
        with app.app_context(), transaction():
            return sweep.forget_births(now)

    with app.app_context(), transaction():
        for name in ("grown", "silent"):
            cast.ids[name] = build.account(name, NOON, born=(2008, 11)).id
    grown, eve, day = browse("grown"), dt.datetime(2026, 11, 30, 22, 59, tzinfo=dt.UTC), dt.datetime(2026, 11, 30, 23, tzinfo=dt.UTC)
    at(eve)
    assert blank(eve) == 0
    assert passport(app, cast, "grown").birth_year == 2008
    assert grown.get("/dix-huit-ans").status_code == 404
    at(day)
    before, lines = _at_18(grown), len(rows(app, AuditEvent))
    assert "18 ans : ce qui change" in before[0][2]
    assert blank(day) == 2
    assert blank(day) == 0
    assert _at_18(grown) == before
    assert len(rows(app, AuditEvent)) == lines  # the day of a line would tell the month
    for name in ("grown", "silent"):
        found = passport(app, cast, name)
        assert (found.birth_year, found.birth_month, found.age_source) == (None, None, "calendar")
    # Whoever never answers is protected no longer; whoever keeps it stays so, and says whenever they like « minor after all ».
    with app.app_context():
        assert not accounts.is_protected(cast["silent"], day)
    assert grown.fill("/dix-huit-ans", protection="keep").status_code == 303
    assert passport(app, cast, "grown").protection_chosen
    assert grown.post("/mon-age/moins", {"birth_year": "2009", "birth_month": "6"}).status_code == 303
    found = passport(app, cast, "grown")
    assert (found.birth_year, found.birth_month, found.age_source, found.came_of_age_at) == (2009, 6, "declared", None)
    at(day + 300 * DAY)
    assert blank(day + 300 * DAY) == 1
    assert "18 ans : ce qui change" in words(browse("grown").get("/passeport"))
