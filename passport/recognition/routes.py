"""Pages of recognition: asking, recognising, keeping and permitting, taking back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..accounts import drafts
from ..audit.service import note_reading
from ..clock import CITY_ZONE
from ..experiences import queries as experiences
from ..feedback import queries as feedback
from ..feedback import rules as feedback_rules
from ..frameworks import queries as frameworks
from ..headers import file_answer
from ..policy import Action, Mine, Role, answering_role
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..web import Forbidden, actor, authorised, may, now_and_today, onward, page, safe_next, wants_fragment
from ..wording import first_name, say
from . import attested, inbox, panels, queries, recognising, rules, service, standings, words
from .forms import AskForm, CommonForm, DecideForm, WithdrawForm, decide_form, recognise_form

blueprint = Blueprint("recognition", __name__)
BLUEPRINTS = (blueprint,)
panels.register()


# ---------- the learner asks ----------


@blueprint.route("/retour/<uuid:key>/faire-reconnaitre", methods=["GET", "POST"])
def ask(key: uuid.UUID) -> ResponseReturnValue:
    """Ask the author of a read feedback to recognise competencies; optional, nothing ticked beforehand."""
    now = clock.now()
    askable = authorised(queries.askable(key, now), Action.ASK_RECOGNITION)
    if askable.waiting_id is not None and request.method == "GET":
        return onward("recognition.offered", key=askable.waiting_id)
    refusal = rules.refusal_to_open(queries.formative_of(askable.feedback), queries.story_of(askable.experience), now)
    if refusal is not None and request.method == "GET":
        return page("recognition/closed.html", status=422, askable=askable, words=say(refusal))
    typed = request.values.get("q", "").strip()[:120]
    if "search" in request.form:
        ticked = {name: request.form.getlist(name) for name in ("competencies", "pieces")}
        return onward("recognition.ask", key=key, q=typed, **ticked)
    named = queries.to_ask(askable.experience, askable.feedback.facilitator_id, now)
    form = AskForm()
    if request.method == "GET":
        form.tick(request.args.getlist("competencies"), request.args.getlist("pieces"))
    found = [] if named else _proposed(askable, typed)
    sentences = named or _with_ticked(found, form.draft())
    form.offer(sentences)
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                with transaction():
                    service.ask(askable.feedback, form.draft(), form.number, now, form.pieces.keys)
            except Refused as refused:
                if refused.refusal is Refusal.SENT_OTHERWISE:
                    raise
                form.refuse(refused, "competencies")
            else:
                flash(_("C’est demandé. Vous n’avez rien à faire."))
                return onward("experiences.experience", key=askable.experience.id)
    return page("recognition/ask.html", fragment="found", status=status, askable=askable, form=form,
                sentences=sentences, named=bool(named), found=bool(found), pieces=experiences.pieces(askable.experience.id),
                who=first_name(askable.name), q=typed,
                behalf=words.in_the_name_of(askable.organisation_name))


def _proposed(askable: queries.Askable, typed: str) -> list[queries.Sentence]:
    """Return sentences to choose from when the learner named none: those of a search, or likely ones."""
    language = str(get_locale())
    found = frameworks.search(typed, language) if typed else frameworks.likely(askable.experience.setting, language)
    return [queries.Sentence(s.competency_id, s.text, None) for s in found]


def _with_ticked(found: list[queries.Sentence], ticked: Collection[int]) -> list[queries.Sentence]:
    """Return what is ticked, found this time or not, before the rest of what was found."""
    known = {s.competency_id: s.text for s in frameworks.current(str(get_locale()))} if ticked else {}
    first = [queries.Sentence(n, known[n], None) for n in dict.fromkeys(ticked) if n in known]
    return first + [s for s in found if s.competency_id not in {f.competency_id for f in first}]


@blueprint.post("/reconnaitre/<uuid:key>/annuler")
def cancel(key: uuid.UUID) -> ResponseReturnValue:
    """Take a request back."""
    asked = authorised(queries.request(key), Action.CANCEL_RECOGNITION)
    with transaction():
        service.cancel(asked, clock.now())
    flash(_("C’est annulé. Personne ne peut plus ouvrir cette demande.") if asked.outcome == "cancelled"
          else _("C’est noté. Personne ne peut plus ouvrir cette demande."))
    return onward("experiences.experience", key=asked.experience_id)


# ---------- whoever was asked recognises ----------


@blueprint.route("/reconnaitre/<uuid:key>", methods=["GET", "POST"])
def recognise(key: uuid.UUID) -> ResponseReturnValue:
    """Read exactly what was sent, and recognise several competencies at once."""
    who, (now, today) = actor(), now_and_today()
    received = authorised(inbox.asked(key, now), Action.READ_REQUEST)
    waits = received.closed_at is None
    if waits:
        try:
            authorised(received, Action.RECOGNISE)
        except Forbidden as forbidden:
            role = answering_role(who, received, now)
            if forbidden.refusal is not Refusal.CHARTER_FIRST or role is None:
                raise
            flash(say(Refusal.CHARTER_FIRST))
            here = url_for("recognition.recognise", key=key)
            return onward("organisations.charter", key=role.membership_id, next=here)
    role = answering_role(who, received, now)
    if received.request is None or role is None:
        abort(404)
    experience_id = received.request.experience_id
    if request.method == "POST":
        release()  # the line is written by a connection of its own, which must not wait for this one
    _note_reading(received.learner_id, role, experience_id, now)
    if request.method == "POST":
        received = authorised(inbox.asked(key, now), Action.READ_REQUEST)
    sent = received.request
    if sent is None:
        abort(404)
    asked = inbox.requested(key)
    if request.method == "GET":
        if not waits:
            return _answered_page(received, who.account_id, now)
        draft = received.draft or _common_of(received)
        return _recognise_page(received, recognise_form(asked, draft), now)
    form = recognise_form(asked)
    later = request.form.get("later")
    if later and waits and form.validate():
        with transaction():
            drafts.save(who.account_id, queries.DRAFT, key, form.half(), now)
        if later == "quiet":
            return ("", 204) if wants_fragment() else onward("recognition.recognise", key=key)
        flash(_("Le brouillon est gardé."))
        return onward("feedback.inbox")
    if form.check(today):
        following = feedback.inbox(who, now, (sent.asked_at, key), 1)
        try:
            with transaction():
                recognising.recognise(sent, role, who, form.draft(today), current_user.display_name, now)
        except Refused as refused:
            if refused.refusal in {Refusal.SENT_OTHERWISE, Refusal.REQUEST_CLOSED}:
                raise
            form.refuse(refused)
        else:
            arrival = feedback_rules.arrives_at(now, received.learner_protected, CITY_ZONE)
            flash(_("C’est envoyé. %(who)s gardera ou non.", who=first_name(received.learner_name))
                  + " " + feedback.arrival_words(arrival, now))
            return _on_to(following)
    return _recognise_page(received, form, now, 422)


def _note_reading(learner_id: uuid.UUID, role: Role, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Write the line that tells the learner who looked, before the answer; without it there is no answer."""
    try:
        note_reading(learner_id, current_user.audit_ref, "facilitator", role.organisation_id, "open_recognition",
                     experience_id, now)
    except sa.exc.SQLAlchemyError:
        abort(503)


def _common_of(received: inbox.Received) -> dict[str, str]:
    """Return from when to when, as the learner tells it, to start from."""
    facts = received.revision.facts if received.revision is not None else {}
    first, last = facts.get("started_on"), facts.get("ended_on") or facts.get("started_on")
    return {"seen_from": str(first)[:7] if first else "", "seen_to": str(last)[:7] if last else ""}


def _recognise_page(received: inbox.Received, form: CommonForm, now: dt.datetime, status: int = 200
                    ) -> ResponseReturnValue:
    assert received.request is not None
    arrival = feedback_rules.arrives_at(now, received.learner_protected, CITY_ZONE)
    return page(
        "recognition/recognise.html", status=status, received=received, form=form,
        told=feedback.told(received.revision), who=first_name(received.learner_name),
        pieces=feedback.granted_pieces(received.request.grant_id),
        turns=inbox.exchange(received.request.experience_id, received.request.facilitator_id, now),
        behalf=words.in_the_name_of(received.organisation_name), arrival=feedback.arrival_words(arrival, now),
        named=words.named_words(received.name_form), apart=(rules.NOT_YET, rules.NOT_SEEN), day_words=feedback.day_words,
    )


def _answered_page(received: inbox.Received, account_id: uuid.UUID, now: dt.datetime) -> ResponseReturnValue:
    assert received.request is not None
    return page("recognition/answered.html", received=received, told=feedback.told(received.revision),
                who=first_name(received.learner_name),
                pieces=feedback.granted_pieces(received.request.grant_id),
                lines=attested.answered(received.request.id, account_id, now))


@blueprint.get("/reconnaitre/<uuid:key>/fichier/<uuid:item>")
def sent_file(key: uuid.UUID, item: uuid.UUID) -> ResponseReturnValue:
    """One photo or document that was sent along, while what was opened is open; `?taille=ecran` for a screen's size."""
    now = clock.now()
    received = authorised(inbox.asked(key, now), Action.READ_REQUEST)
    role = answering_role(actor(), received, now)
    if received.request is None or role is None:
        abort(404)
    _note_reading(received.learner_id, role, received.request.experience_id, now)
    piece = feedback.granted_piece(received.request.grant_id, item)
    if piece is None:
        abort(404)
    return file_answer(piece.content(request.args.get("taille") == "ecran"), piece.media_type, piece.save_as)


def _on_to(following: list[feedback.InboxLine]) -> ResponseReturnValue:
    if not following:
        return onward("feedback.inbox")
    if request.headers.get("HX-Request") == "true":
        return "", 204, {"HX-Redirect": following[0].url}
    return redirect(following[0].url, 303)


@blueprint.post("/reconnaitre/<uuid:key>/pas-moi")
def decline(key: uuid.UUID) -> ResponseReturnValue:
    """Say « Je ne suis pas la bonne personne »."""
    who, now = actor(), clock.now()
    received = authorised(inbox.asked(key, now), Action.DECLINE_REQUEST)
    if received.request is None:
        abort(404)
    following = feedback.inbox(who, now, (received.request.asked_at, key), 1)
    with transaction():
        service.decline(received.request, who.account_id, now)
    flash(_("C’est dit, sans rien de plus. La personne peut demander à quelqu’un d’autre."))
    return _on_to(following)


# ---------- the learner decides ----------


@blueprint.route("/competences/<uuid:key>", methods=["GET", "POST"])
def offered(key: uuid.UUID) -> ResponseReturnValue:
    """Read where a request stands and what was answered; keep or not, permit to show or not, some now, others later."""
    now = clock.now()
    standing = authorised(standings.standing(key, now), Action.DECIDE_ENDORSEMENT)
    recognised = queries.offered(key, now) if standing.stage == "answered" else []
    form = decide_form([r for r in recognised if r.waits])
    if request.method == "POST":
        try:
            with transaction():
                done = _done(standing, form, now)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(done)
            return _after_deciding(key, standing, now)
    return page("recognition/offered.html", status=422 if request.method == "POST" else 200, standing=standing,
                recognised=recognised, steps=standings.next_steps(key, now) if standing.stage == "answered" else [],
                form=form, protected=actor().is_protected(clock.today()), alone=_may_permit(standing.learner_id), how=words.how_words,
                how_person=words.how_person_words, title=words.news_title(standing.name, standing.given))


def _may_permit(learner_id: uuid.UUID) -> bool:
    return may(Action.PERMIT_ENDORSEMENT, Mine(learner_id))


def _done(standing: standings.Standing, form: DecideForm, now: dt.datetime) -> str:
    """Do what the learner chose on this page, and return what is said of it."""
    act = request.form.get("act", "decide")
    if act == "noted":
        asked = queries.request(standing.request_id)
        if asked is not None:
            service.note_closed(asked, now)
        return str(_("C’est noté."))
    if act in {"read", "erase"}:
        try:
            step = queries.not_yet(standing.request_id, uuid.UUID(request.form.get("step", "")))
        except ValueError:
            step = None
        if step is None:
            return str(_("C’est déjà fait."))
        if act == "read":
            service.read_not_yet(step, now)
            return str(_("C’est noté."))
        service.erase_not_yet(step, now)
        return str(_("C’est retiré de votre passeport."))
    if not form.validate() or not form.draft():
        raise Refused(Refusal.NOTHING_CHOSEN)
    for endorsement_id, kept, permitted in form.draft():
        endorsement = queries.endorsement(endorsement_id)
        if endorsement is None:
            continue
        if not kept:
            service.decline_offer(endorsement, now)
            continue
        service.keep(endorsement, now)
        if permitted:
            service.permit(endorsement, now)
    return str(_("C’est décidé. Chaque choix se reprend à tout moment."))


def _after_deciding(key: uuid.UUID, standing: standings.Standing, now: dt.datetime) -> ResponseReturnValue:
    now_stands = standings.standing(key, now)
    if now_stands is not None and (now_stands.waits or now_stands.steps_unread):
        return onward("recognition.offered", key=key)
    return onward("experiences.experience", key=standing.experience_id)


def _back(experience_id: uuid.UUID) -> ResponseReturnValue:
    address = safe_next(request.form.get("next"))
    return redirect(address, 303) if address else onward("experiences.experience", key=experience_id)


@blueprint.post("/competence/<uuid:key>/ne-plus-garder")
def set_aside(key: uuid.UUID) -> ResponseReturnValue:
    """Keep an endorsement no longer, with effect at once."""
    endorsement = authorised(queries.endorsement(key), Action.DECIDE_ENDORSEMENT)
    with transaction():
        service.set_aside(endorsement, clock.now())
    flash(_("Elle n’est plus gardée, et ne se montre plus nulle part."))
    return _back(endorsement.experience_id)


@blueprint.post("/competence/<uuid:key>/montrer")
def permit(key: uuid.UUID) -> ResponseReturnValue:
    """Permit to show an endorsement; this alone shows it to nobody."""
    endorsement = authorised(queries.endorsement(key), Action.PERMIT_ENDORSEMENT)
    with transaction():
        service.permit(endorsement, clock.now())
    flash(_("Elle peut être montrée. Rien ne part tout seul : vous choisissez dans « Montrer »."))
    return _back(endorsement.experience_id)


@blueprint.post("/competence/<uuid:key>/ne-plus-montrer")
def end_permission(key: uuid.UUID) -> ResponseReturnValue:
    """Permit no longer to show an endorsement, with effect at once."""
    endorsement = authorised(queries.endorsement(key), Action.DECIDE_ENDORSEMENT)
    with transaction():
        service.end_permission(endorsement, clock.now())
    flash(_("Elle ne se montre plus, dès maintenant. Elle reste dans votre passeport."))
    return _back(endorsement.experience_id)


# ---------- the ledger ----------


def _before(text: str | None) -> tuple[dt.datetime, uuid.UUID] | None:
    try:
        at, key = (text or "").split("~")
        instant = dt.datetime.fromisoformat(at)
        return (instant.astimezone(dt.UTC), uuid.UUID(key)) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


@blueprint.get("/registre")
def ledger() -> ResponseReturnValue:
    """Show what this person recognised, in their own words, and what was recognised where they answer for it."""
    who, now = actor(), clock.now()
    authorised(Mine(who.account_id), Action.READ_PASSPORT)
    before = _before(request.args.get("before"))
    lines = attested.ledger(who, now, before)
    last = lines[attested.PER_PAGE - 1] if len(lines) > attested.PER_PAGE else None
    return page("recognition/ledger.html", fragment="rows", lines=lines[:attested.PER_PAGE],
                more=f"{last.offered_at.isoformat()}~{last.id}" if last else None, mine=who.account_id,
                named=_named(lines, now), day_words=feedback.day_words)


def _named(lines: list[attested.LedgerLine], now: dt.datetime) -> set[uuid.UUID]:
    """Return the lines whose learner is named: for a protected one, only while the role has a check in force."""
    who, today = actor(), clock.today()
    active = [*who.active("facilitator", now), *who.active("manager", now)]
    bodies = {r.organisation_id for r in active}
    checked = {r.organisation_id for r in active if r.is_checked(today)}
    return {line.id for line in lines
            if line.facilitator_id == who.account_id and line.organisation_id in (checked if line.learner_protected else bodies)}


@blueprint.route("/registre/<uuid:key>/retirer", methods=["GET", "POST"])
def withdraw(key: uuid.UUID) -> ResponseReturnValue:
    """Withdraw an endorsement in the name of its organisation; the reason goes to the learner alone."""
    who, (now, today) = actor(), now_and_today()
    line = authorised(attested.ledger_line(key, now), Action.WITHDRAW_ENDORSEMENT)
    kept = drafts.of(who.account_id, "withdraw", key) if request.method == "GET" else {}
    form = WithdrawForm(data=kept)
    if request.method == "POST" and form.validate():
        endorsement = queries.endorsement(key)
        role = next(r for r in (*who.active("facilitator", now), *who.active("manager", now))
                    if r.organisation_id == line.organisation_id
                    and (r.is_checked(today) or not line.learner_protected))
        try:
            if endorsement is None:
                abort(404)
            with transaction():
                service.withdraw(endorsement, role.membership_id, who.account_id, form.reason.data, now)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(_("C’est retiré, dès maintenant. La raison va à la personne. Deux personnes peuvent la lire, pour protéger.")
                  if line.learner_protected
                  else _("C’est retiré, dès maintenant. La raison va à la personne, et à personne d’autre."))
            return onward("recognition.ledger")
    return page("recognition/withdraw.html", status=422 if request.method == "POST" else 200, line=line, form=form, kept=bool(kept),
                named=bool(_named([line], now)), mine=who.account_id, day_words=feedback.day_words)
