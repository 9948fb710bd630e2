"""A small city where every state of the story stands, made through the services themselves, with past times."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from passport import clock
from passport.accounts import queries as accounts
from passport.accounts.models import GuardianConsent, Passport
from passport.card import service as card
from passport.credentials import checking, foreign
from passport.experiences import cleaning, evidence, files
from passport.experiences import service as experiences
from passport.experiences.models import Experience, Revision
from passport.extensions import db
from passport.feedback import service as feedback
from passport.feedback.models import AuthoredText
from passport.organisations import service as organisations
from passport.organisations.models import Membership, Organisation
from passport.parents import service as parents
from passport.recognition import recognising
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement
from passport.rights import sealing
from passport.rights.models import BroughtItem
from passport.safety import concerns
from passport.safety import service as safety
from passport.seal import unseal
from passport.sharing import service as sharing
from passport.witnesses import queries as witness_queries
from passport.witnesses import service as witnesses
from passport.witnesses.models import WitnessInvitation

from . import build, pictures
from .cast import Cast

H = dt.timedelta(hours=1)


def role_in(account_id: uuid.UUID, membership_id: uuid.UUID) -> Any:
    """Return the policy's view of one membership."""
    return next(r for r in accounts.roles_of(account_id) if r.membership_id == membership_id)


def ask(cast: Cast, learner: str, thing: str, who: str, now: dt.datetime, team: bool = False,
        along: tuple[uuid.UUID, ...] = ()) -> Any:
    """Send a request for feedback about one experience of the cast."""
    member = db.session.get(Membership, cast[f"m_{who}"])
    assert member is not None
    house = db.session.get(Organisation, member.organisation_id)
    x = db.session.get(Experience, cast[thing])
    competencies = [c.competency_id for c in x_claims(cast[thing])]
    return feedback.ask(x, None if team else member, house, competencies, "Est-ce que c’était clair ?", uuid.uuid4(), now,
                        along)


def add_file(x: Any, data: bytes, caption: str | None, now: dt.datetime) -> Any:
    """Keep a photo or a document beside an experience."""
    cleaned = cleaning.clean(data)
    name = files.arrive(cleaned.content, cleaned.small)
    draft = evidence.FileDraft(evidence.digest_of_file(data), caption, uuid.uuid4())
    kept = evidence.keep_file(x, draft, cleaned, name, now)
    files.settle(name)
    return kept


def add_link(x: Any, url: str, caption: str | None, now: dt.datetime) -> Any:
    """Keep a link beside an experience."""
    return evidence.keep_link(x, evidence.LinkDraft(url, caption, uuid.uuid4()), now)


def x_claims(experience_id: uuid.UUID) -> list[Any]:
    """Return the claims of an experience."""
    from passport.experiences.models import Claim

    return db.session.query(Claim).filter_by(experience_id=experience_id).all()


def answer(cast: Cast, request: Any, who: str, now: dt.datetime) -> Any:
    """Let the facilitator answer a request."""
    draft = feedback.FeedbackDraft(seen="Les aînés la redemandent.", question="Qu’est-ce qui a aidé ?",
                                   next_step="Préparer un plan B.", submission=uuid.uuid4())
    return feedback.give_feedback(request, role_in(cast[who], cast[f"m_{who}"]), cast[who], draft, now)


def recognise(cast: Cast, request: Any, who: str, competencies: tuple[int, ...], now: dt.datetime, kind: str = "endorse",
              name: str = "Karim B.") -> None:
    """Let the facilitator recognise (or answer not yet) the competencies that were asked."""
    today = clock.day_of(now)
    draft = recognising.RecogniseDraft(
        how_known="saw", how_person_known="regularly", is_relative=False, seen_from_on=today - dt.timedelta(days=90),
        seen_to_on=today, submission=uuid.uuid4(),
        answers=tuple((c, 3 if kind == "endorse" else None, kind, "Elle explique sans prendre la souris.") for c in competencies),
    )
    actor = accounts_actor(cast[who])
    recognising.recognise(request, role_in(cast[who], cast[f"m_{who}"]), actor, draft, name, now)


def accounts_actor(account_id: uuid.UUID) -> Any:
    """Return the policy's view of one account."""
    from passport.policy import Actor

    p = db.session.get(Passport, account_id)
    assert p is not None
    return Actor(account_id, p.birth_year, p.birth_month, p.protection_chosen, accounts.roles_of(account_id))


def asked_of_parent(cast: Cast, who: str, purposes: tuple[str, ...], now: dt.datetime, address: str | None = None) -> Any:
    """Let a child ask one parent, and note the token under « parent_<who> »."""
    guardian = parents.ask(cast[who], parents.AskDraft(purposes, address), now)
    cast.tokens[f"parent_{who}"] = unseal(guardian.token_sealed or b"")
    return guardian


def agreed(cast: Cast, who: str, *purposes: str, now: dt.datetime) -> str:
    """Let a child and one parent say yes (for images both parents) and return the receipt of the last one."""
    code = ""
    for n in range(2 if "image" in purposes else 1):
        guardian = asked_of_parent(cast, who, ("image",) if n else purposes, now)
        asked = ("image",) if n else purposes
        code = parents.answer(guardian, parents.AnswerDraft(dict.fromkeys(asked, True), "parent", uuid.uuid4(), other=n > 0), now) or ""
    cast.tokens[f"receipt_{who}"] = code
    return code


def invite(cast: Cast, thing: str, now: dt.datetime, *competencies: int) -> WitnessInvitation:
    """Open a one-time link for somebody without account, and note its token under « witness_<thing> »."""
    draft = witnesses.InvitationDraft(competencies, "display", None, uuid.uuid4())
    made = witnesses.invite(db.session.get_one(Experience, cast[thing]), draft, now)
    cast.tokens[f"witness_{thing}"] = witness_queries.token_of(made)
    return made


def says(**more: Any) -> witnesses.WitnessDraft:
    """Return what Mme Petit, a neighbour, says by such a link, changed as a test wishes."""
    facts: dict[str, Any] = {
        "relation": "neighbour_f", "own_relation": None, "is_relative": False, "saw_it": True, "is_minor": False,
        "name_form": "full", "name": "Mme Petit", "words": "Tout le monde est reparti avec le sourire.",
        "sentences": (), "may_be_shown": True, "submission": uuid.uuid4(),
    }
    return witnesses.WitnessDraft(**{**facts, **more})


def fill(cast: Cast, now: dt.datetime) -> Cast:
    """Bring lea through the whole story with karim, tom up to a feedback, and leave one of everything waiting."""
    ids = cast.ids
    x = db.session.get(Experience, cast["lea_x"])
    for competency, step in ((1, 2), (2, 3), (3, 3)):
        experiences.claim(x, competency, step, now - 90 * H)
    photo = add_file(x, pictures.saved(pictures.drawing()), "L’affiche de l’atelier", now - 85 * H)
    paper = add_file(x, pictures.document(), None, now - 84 * H)
    link = add_link(x, "https://mediatheque.example/atelier", "Le programme", now - 83 * H)
    along = (photo.id, paper.id, link.id)
    first = ask(cast, "lea", "lea_x", "karim", now - 80 * H, along=along)
    given = answer(cast, first, "karim", now - 70 * H)
    feedback.answer(given, "En me mettant à leur place.", now - 60 * H)
    db.session.flush()
    asked = recognition.ask(given, [1, 2], uuid.uuid4(), now - 50 * H)
    recognise(cast, asked, "karim", (1, 2), now - 40 * H)
    db.session.flush()
    offers = {e.competency_id: e for e in db.session.query(Endorsement).filter_by(request_id=asked.id)}
    recognition.keep(offers[1], now - 30 * H)
    db.session.flush()
    recognition.permit(offers[1], now - 29 * H)
    db.session.flush()
    ids.update(request_done=first.id, feedback=given.id, recognition_done=asked.id, endorsement=offers[1].id,
               offered=offers[2].id, text=given.text_id)
    ids.update(photo=photo.id, paper=paper.id, web_link=link.id)
    waiting = ask(cast, "lea", "lea_x", "nadia", now - 20 * H, along=along)
    ids["request"] = waiting.id
    more = recognition.ask(given, [3], uuid.uuid4(), now - 10 * H, along[:2])
    ids["recognition"] = more.id
    seen = witnesses.answer(invite(cast, "lea_x", now - 26 * H), says(), now - 25 * H)
    cast.tokens["witness_said"] = cast.tokens["witness_lea_x"]
    ids["testimony"], ids["seen_text"] = seen.id, seen.text_id
    ids["witness_invitation"] = invite(cast, "lea_x", now - 6 * H, 1).id
    invite(cast, "youth_x", now - 6 * H)
    grown = db.session.get_one(Passport, cast["stranger"])  # the one adult who was younger here
    grown.birth_year, grown.birth_month = 2008, 5
    draft = sharing.ShareDraft(
        experience_ids=(cast["lea_x"],), endorsement_ids=(offers[1].id,), recipient_name="Boulangerie Martin",
        recipient_shown=False, months=3, name_form="display", shown_name=None,
        intro="Je cherche un apprentissage.", submission=uuid.uuid4(), testimony_ids=(seen.id,), evidence_ids=along,
    )
    ids["share"] = sharing.create_share(cast["lea"], draft, now - 5 * H).id
    ids["revision"] = db.session.query(Revision).filter_by(experience_id=x.id, number=1).one().id
    ids["card"] = card.make(cast["lea"], now - 5 * H).id
    y = build.experience(cast["lea"], "Tournoi solidaire", now - 90 * H, setting="sport", context="nonformal")
    ids["lea_y"] = y.id
    experiences.claim(y, 4, 2, now - 90 * H)
    free = answer(cast, ask(cast, "lea", "lea_y", "karim", now - 80 * H), "karim", now - 70 * H)
    feedback.answer(free, None, now - 60 * H)
    ids["feedback_free"] = free.id
    tom_asks = ask(cast, "tom", "tom_x", "karim", now - 30 * H)
    tom_told = answer(cast, tom_asks, "karim", now - 24 * H)
    ids.update(tom_request=tom_asks.id, tom_feedback=tom_told.id)
    library = db.session.get(Organisation, cast["library"])
    organisations.new_join_code(library, now)
    invitation, token = organisations.invite(library, "facilitator", "animatrice", "Zoé", cast["claire"], now)
    ids["invitation"] = invitation.id
    cast.tokens["invitation"] = token
    club = db.session.get(Organisation, cast["library"])
    ids["tom_desk"] = feedback.ask(db.session.get(Experience, cast["tom_x"]), None, club, [], None, uuid.uuid4(),
                                   now - 4 * H).id
    ids["parent_ask"] = asked_of_parent(cast, "tom", ("association",), now - 2 * H, "parent@example.org").id
    ids["tom_consent"] = db.session.query(GuardianConsent).filter_by(guardian_id=ids["parent_ask"]).one().id
    maya = build.account("maya", now, born=(2009, 6))
    ids["maya"] = maya.id
    ids["m_maya"] = build.membership(maya, library, "facilitator", now, co_reader_id=cast["m_karim"]).id
    text = db.session.get(AuthoredText, tom_told.text_id)
    ids["tom_text"] = tom_told.text_id
    build.vetting(db.session.get_one(Membership, cast["m_claire"]), db.session.get_one(build.Account, cast["sofia"]), now)
    ids["report"] = safety.report(text, None, now - H).id
    worry = concerns.Told("behaviour", None, about_lead=True)
    ids["worry"] = concerns.raise_concern(cast["lea"], cast["club"], waiting.id, cast["nadia"], worry, now - H).id
    sealed = sealing.seal_words(cast["tom"], 6, now - H)  # as if he had erased everything
    assert sealed is not None
    ids["sealed"] = sealed.id
    db.session.commit()
    ids["received"] = receive(cast, "lea", "Tenir un stand", now)
    ids["brought"] = brought(cast, "lea_y", now)
    return cast


def brought(cast: Cast, thing: str, now: dt.datetime) -> uuid.UUID:
    """Keep words about an experience as if they had come along from another city's passport."""
    x = db.session.get_one(Experience, cast[thing])
    said = {"who": "Lina", "organisation": "Radio Locale", "on": "2025-06-01", "words": "Une voix claire."}
    item = BroughtItem(learner_id=x.learner_id, experience_id=x.id, kind="feedback", document=said,
                       origin_host="passeport.beta.example", digest=x.id.bytes * 2, brought_at=now)
    db.session.add(item)
    db.session.commit()
    return item.id


def receive(cast: Cast, learner: str, title: str, now: dt.datetime) -> uuid.UUID:
    """Keep something received elsewhere, whose key nobody knows."""
    from .elsewhere import Elsewhere  # it needs what stands in conftest, which needs this

    them = Elsewhere(by_key=True)
    document = them.unsigned()
    document["credentialSubject"]["achievement"]["name"] = title
    found = checking.check(them.signed(document), now, them.lookups())
    key = foreign.keep(cast[learner], uuid.uuid4(), found, now).id
    db.session.commit()
    return key
