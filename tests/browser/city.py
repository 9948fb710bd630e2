"""The city in front of the browser: that of the tests, and the rarer states in which a page is met."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

import sqlalchemy as sa

from passport.accounts import addresses
from passport.accounts.models import Guardian, GuardianConsent
from passport.card import service as card
from passport.card import sheet_service as sheets
from passport.card.rules import NAMELESS
from passport.clock import day_of
from passport.credentials import service as credentials
from passport.credentials.models import Credential
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.feedback import service as feedback
from passport.feedback.models import AuthoredText
from passport.notices.letters import unsubscribe_address
from passport.organisations import service as organisations
from passport.organisations.models import Membership, Organisation
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.rights import waiting
from passport.safety import cases
from passport.safety import service as safety
from passport.seal import unseal
from passport.sharing import service as sharing
from passport.sharing.models import EditionItem, Share
from passport.transaction import transaction
from tests import build, pictures
from tests.cast import Cast
from tests.elsewhere import elsewhere_passport
from tests.signing import draft, sign_all, sign_for
from tests.world import H, add_file, agreed, answer, ask, fill, recognise

DAY = dt.timedelta(days=1)
SETTINGS = (("sport", "nonformal"), ("school", "formal"), ("family", "informal"))


def furnish(cast: Cast, now: dt.datetime) -> Cast:
    """Fill the city, then add ines, an adult in whose passport much happened, and what is seldom seen elsewhere."""
    fill(cast, now)
    ines = build.account("ines", now, display_name="Inès")
    cast.ids["ines"] = ines.id
    _live(cast, ines.id, now)
    _exchange(cast, now)
    _be_recognised(cast, now)
    _show(cast, ines.id, now)
    _organise(cast, now)
    _show_again(cast, now)
    _write(cast, now)
    _decide_by_two(cast, now)
    db.session.commit()
    _sign(cast, now)
    return cast


def _sign(cast: Cast, now: dt.datetime) -> None:
    """Sign what is permitted, and one of it anew, with the name of ines in it; print sheets: closed, and no longer whole."""
    sign_for(cast)
    for name, learner, endorsement in (("closed_sheet", "lea", "endorsement"), ("gone_sheet", "ines", "shown")):
        made = sheets.make(cast[learner], draft(cast[endorsement], name_form=NAMELESS), now)
        cast.ids[name], cast.tokens[f"to_{name}"] = made.id, unseal(made.token_sealed)
    sheets.close(cast["closed_sheet"], cast["lea"], now)
    db.session.commit()
    cast.ids["cancelled"] = db.session.scalars(
        sa.select(Credential.id).where(Credential.endorsement_id == cast["shown"])).one()
    with transaction():
        credentials.name(cast["shown"], cast["ines"], "Inès", now)
    sign_all()


def _live(cast: Cast, learner_id: uuid.UUID, now: dt.datetime) -> None:
    for n in range(24):
        setting, context = SETTINGS[n % 3]
        x = build.experience(
            learner_id, f"Atelier cuisine du quartier, {n + 1}", now - 90 * H, setting=setting, context=context,
            started_on=(now - (n * 40 + 5) * DAY).date(), when_precision="month", ongoing=n == 1,
            place="Salle des fêtes" if n % 2 else None,
        )
        cast.ids[f"ines_{n}"] = x.id
        if n != 15:
            experiences.claim(x, n % 5 + 1, n % 4 + 1, now - 90 * H)
    alone = build.experience(learner_id, "Je garde mes cousins", now - 90 * H, for_me_only=True)
    gone = build.experience(learner_id, "Essayé, puis arrêté", now - 90 * H)
    db.session.flush()
    experiences.delete(gone, now - DAY)
    cast.ids.update(ines_me=alone.id, ines_gone=gone.id)


def _exchange(cast: Cast, now: dt.datetime) -> None:
    """One request in each state: declined, taken back, answered and unread, its text hidden, looked after."""
    declined = ask(cast, "ines", "ines_0", "karim", now - 80 * H)
    feedback.decline(declined, cast["m_karim"], cast["karim"], now - 70 * H)
    feedback.cancel(ask(cast, "ines", "ines_1", "nadia", now - 80 * H), now - 70 * H)
    unread = answer(cast, ask(cast, "ines", "ines_2", "karim", now - 80 * H), "karim", now - 70 * H)
    reply = answer(cast, ask(cast, "ines", "ines_16", "karim", now - 80 * H), "karim", now - 70 * H)
    hidden = answer(cast, ask(cast, "ines", "ines_3", "nadia", now - 80 * H), "nadia", now - 70 * H)
    db.session.flush()
    looked_after = safety.report(db.session.get_one(AuthoredText, hidden.text_id), "Le ton me gêne.", now - 60 * H)
    db.session.flush()
    cases.propose(looked_after, cast["farid"], "acted", day_of(now - 50 * H), now - 50 * H)
    cases.close_case(looked_after, cast["sofia"], now - 49 * H)
    cast.ids.update(to_reply=reply.id, to_reply_text=reply.text_id)
    cast.ids.update(unread=unread.id, hidden=hidden.id, hidden_text=hidden.text_id, decided=looked_after.id)
    for n in (20, 21, 22):
        cast.ids[f"waiting_{n}"] = ask(cast, "ines", f"ines_{n}", "karim", now - (30 - n) * H).id


def _read(cast: Cast, thing: str, now: dt.datetime) -> Any:
    """Return karim's feedback about an experience of ines, read and answered."""
    given = answer(cast, ask(cast, "ines", thing, "karim", now - 80 * H), "karim", now - 70 * H)
    feedback.answer(given, "Merci, cela m’aide.", now - 60 * H)
    db.session.flush()
    return given


def _offers(request: Any) -> dict[int, Endorsement]:
    return {e.competency_id: e for e in db.session.query(Endorsement).filter_by(request_id=request.id)}


def _be_recognised(cast: Cast, now: dt.datetime) -> None:
    """Offers to decide on beside a step to take; others declined, withdrawn, set aside, kept; requests that ended."""
    given = _read(cast, "ines_4", now)
    asked = recognition.ask(given, [1, 2], uuid.uuid4(), now - 50 * H)
    recognise(cast, asked, "karim", (1, 2), now - 40 * H)
    later = recognition.ask(given, [3], uuid.uuid4(), now - 39 * H)
    recognise(cast, later, "karim", (3,), now - 38 * H, kind="not_yet")
    cast.ids.update(to_decide=asked.id, not_yet=later.id)
    given = _read(cast, "ines_5", now)
    every = recognition.ask(given, [1, 2, 3, 4, 5], uuid.uuid4(), now - 50 * H)
    recognise(cast, every, "karim", (1, 2, 3, 4, 5), now - 40 * H)
    db.session.flush()
    offers = _offers(every)
    recognition.decline_offer(offers[1], now - 30 * H)
    for n in (2, 3, 4, 5):
        recognition.keep(offers[n], now - 30 * H)
    db.session.flush()
    for n in (2, 4, 5):
        recognition.permit(offers[n], now - 29 * H)
    db.session.flush()
    recognition.set_aside(offers[3], now - 28 * H)
    cast.ids.update(decided_on=every.id, shown=offers[5].id, gone=offers[4].id, withdrawn=offers[2].id)
    given = _read(cast, "ines_6", now)
    ended = recognition.ask(given, [1], uuid.uuid4(), now - 50 * H)
    recognition.decline(ended, cast["karim"], now - 40 * H)
    given = _read(cast, "ines_7", now)
    cancelled = recognition.ask(given, [2], uuid.uuid4(), now - 50 * H)
    recognition.cancel(cancelled, now - 40 * H)
    cast.ids.update(not_him=ended.id, taken_back=cancelled.id, unnamed=_read(cast, "ines_15", now).id)


def _link(cast: Cast, learner: str, name: str, now: dt.datetime, things: tuple[str, ...],
          endorsements: tuple[str, ...] = (), months: int = 3, pieces: tuple[str, ...] = ()) -> Share:
    """Return a link of somebody, made at that time; its token is known by its name."""
    draft = sharing.ShareDraft(
        experience_ids=tuple(cast[x] for x in things), endorsement_ids=tuple(cast[e] for e in endorsements),
        recipient_name=name, recipient_shown=True, months=months, name_form="display", shown_name=None,
        intro="Je cherche un apprentissage.", submission=uuid.uuid4(), evidence_ids=tuple(cast[p] for p in pieces),
    )
    made = sharing.create_share(cast[learner], draft, now)
    db.session.flush()
    cast.ids[name] = made.id
    cast.tokens[f"to_{name}"] = unseal(made.token_sealed)
    return made


def _show(cast: Cast, learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Links that are open, closed, ended and emptied; a card that opens one, and one that was replaced."""
    x = db.session.get_one(Experience, cast["ines_5"])
    cast.ids["poster"] = add_file(x, pictures.saved(pictures.drawing(1600, 500)), None, now - 28 * H).id
    opened = _link(cast, "ines", "Mairie", now - 27 * H, ("ines_5", "ines_8"), ("shown", "gone", "withdrawn"),
                   pieces=("poster",))
    sharing.close(_link(cast, "ines", "Club", now - 26 * H, ("ines_8",)), now - 20 * H)
    _link(cast, "ines", "Ancien", now - 60 * DAY, ("ines_9",), months=1)
    _link(cast, "ines", "Vide", now - 25 * H, ("ines_10",))
    items = {i.endorsement_id: i.id for i in db.session.query(EditionItem).filter_by(kind="endorsement")}
    pieces = {i.evidence_id: i.id for i in db.session.query(EditionItem).filter_by(kind="evidence")}
    cast.ids.update(item_photo=pieces[cast["photo"]], item_poster=pieces[cast["poster"]])
    cast.ids.update(item=items[cast["endorsement"]], item_shown=items[cast["shown"]], item_gone=items[cast["gone"]])
    recognition.end_permission(db.session.get_one(Endorsement, cast["gone"]), now - 10 * H)
    taken = db.session.get_one(Endorsement, cast["withdrawn"])
    recognition.withdraw(taken, taken.membership_id, taken.facilitator_id, "Je me suis trompé de personne.", now - 9 * H)
    experiences.set_for_me_only(db.session.get_one(Experience, cast["ines_10"]), True, now - 9 * H)
    lost = card.make(learner_id, now - 26 * H)
    cast.tokens["to_lost_card"] = unseal(lost.token_sealed)
    held = card.replace(lost, now - 25 * H)
    card.set_named(held, True, now - 24 * H)
    card.open_with(held, opened, now - 24 * H)
    cast.tokens["to_ines_card"] = unseal(held.token_sealed)
    cast.tokens["share"] = unseal(db.session.get_one(Share, cast["share"]).token_sealed)
    cast.tokens["card"] = unseal(card.make(cast["lea"], now).token_sealed)


def _show_again(cast: Cast, now: dt.datetime) -> None:
    """Give paul two links, and a card that opens one of them, and mona a link: what a test may close."""
    paul = build.account("paul", now)
    cast.ids["paul"] = paul.id
    cast.ids["paul_x"] = build.experience(paul.id, "Je répare des vélos", now - 90 * H).id
    opened = _link(cast, "paul", "Stage", now - 5 * H, ("paul_x",))
    _link(cast, "paul", "Bourse", now - 4 * H, ("paul_x",))
    card.open_with(card.make(paul.id, now - 3 * H), opened, now - 3 * H)
    mona = build.account("mona", now)
    cast.ids["mona"] = mona.id
    cast.ids["mona_x"] = build.experience(mona.id, "Je tiens la buvette", now - 90 * H).id
    _link(cast, "mona", "Mission locale", now - 5 * H, ("mona_x",))


def _write(cast: Cast, now: dt.datetime) -> None:
    """Give lea an e-mail address to confirm and a way to a new passphrase, and the letter that ends letters."""
    addresses.give(cast["lea"], "lea@example.org", now)
    for purpose in (addresses.CONFIRM, addresses.RESET):
        cast.tokens[purpose] = addresses._new_token(cast["lea"], purpose, now, now + dt.timedelta(minutes=15))
    cast.tokens["brought_file"] = waiting.keep(cast["ines"], io.BytesIO(elsewhere_passport()))
    cast.tokens["unsubscribe"] = unsubscribe_address(cast["lea"]).rsplit("/", 1)[1]


def _decide_by_two(cast: Cast, now: dt.datetime) -> None:
    """A purpose on which tom and a parent agreed; one of youth, 15 since, that is to be kept or closed."""
    agreed(cast, "tom", "statistics", now=now - 3 * H)
    cast.tokens["parent_tom"] = unseal(db.session.get_one(Guardian, cast["parent_ask"]).token_sealed or b"")
    then = now - 500 * DAY
    parent = Guardian(learner_id=cast["youth"], way="code", capacity="parent", token_hash=uuid.uuid4().bytes * 2,
                      asked_at=then, expires_at=then + DAY, answered_at=then)
    db.session.add(parent)
    db.session.flush()
    db.session.add(GuardianConsent(learner_id=cast["youth"], option="placement", guardian_id=parent.id, text_version="1",
                                   learner_agreed_at=then, guardian_agreed_at=then, until=then + 30 * DAY))


def _organise(cast: Cast, now: dt.datetime) -> None:
    """Codes to scan, an invitation that ended, an organisation that waits, and a desk and a case already dealt with."""
    library = db.session.get_one(Organisation, cast["library"])
    cast.tokens["code"] = organisations.join_code(library) or ""
    for who in ("karim", "nadia"):
        cast.tokens[f"to_{who}"] = organisations.new_ask_code(db.session.get_one(Membership, cast[f"m_{who}"]), now)
    ended, token = organisations.invite(library, "facilitator", "animateur", "Paul", cast["claire"], now - DAY)
    organisations.revoke_invitation(ended, cast["claire"], now)
    cast.tokens["to_ended_invitation"] = token
    waits = build.organisation("Atelier du Port", now, accredited_at=None, minors_state="none")
    empty = build.organisation("Radio Alpha", now)
    cast.ids.update(waits=waits.id, empty=empty.id)
