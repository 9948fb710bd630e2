"""Pages of asking, answering and reading feedback."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock, distress
from ..accounts import drafts
from ..accounts import rules as age
from ..audit.service import Looked, note_reading, note_readings
from ..clock import CITY_ZONE
from ..experiences import queries as experiences
from ..experiences import reflection as reflections
from ..experiences.around import around
from ..extensions import db
from ..headers import file_answer
from ..organisations import queries as organisations
from ..organisations.models import Membership, Organisation
from ..policy import Action, Actor, Body, Mine, Role, answering_role
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..web import actor, authorised, now_and_today, onward, page, wants_fragment
from ..wording import first_name, say
from . import account_news as account_news
from . import age_routes, desks, panels, queries, rules, service, standings, waiting, whom, withdrawal
from .forms import AnswerForm, AskForm, AssignForm, ReplyForm, options
from .models import Feedback

blueprint = Blueprint("feedback", __name__)
BLUEPRINTS = (blueprint, age_routes.blueprint)
panels.register()


def _protection(who: Actor, today: dt.date) -> tuple[bool, bool]:
    """Return whether somebody is a minor, and whether they are protected."""
    minor = not age.has_turned(who.birth_year, who.birth_month, age.ADULT, today)
    return minor, minor or who.protection_chosen


# ---------- the learner asks ----------


@blueprint.get("/echanges")
def exchanges() -> ResponseReturnValue:
    """Show where everything stands that this person asked, and what arrived."""
    who, now = actor(), clock.now()
    authorised(Mine(who.account_id), Action.READ_PASSPORT)
    return page("feedback/exchanges.html", lines=queries.exchanges(who.account_id, now),
                desks=desks.desks(who, now), ago=queries.ago_words)


@blueprint.get("/experience/<uuid:key>/demander")
def ask(key: uuid.UUID) -> ResponseReturnValue:
    """Choose whom to ask about an experience."""
    now, today = now_and_today()
    experience = authorised(whom.experience(key), Action.ASK_FEEDBACK)
    if experience.for_me_only:
        return page("feedback/stays.html", status=422, experience=experience, words=say(Refusal.FOR_ME_ONLY))
    minor, protected = _protection(actor(), today)
    words = request.args.get("q", "").strip()[:120]
    return page(
        "feedback/ask.html", fragment="found", experience=experience, q=words, minor=minor,
        people=whom.answered_before(experience.learner_id, key, minor, protected, now),
        joined=whom.teams(experience.learner_id, None, protected, now) if not words else (),
        found=whom.teams(experience.learner_id, words, protected, now) if words else (),
    )


@blueprint.route("/experience/<uuid:key>/demander/personne/<uuid:membership>", methods=["GET", "POST"])
def ask_send(key: uuid.UUID, membership: uuid.UUID) -> ResponseReturnValue:
    """See exactly what one person will read, and send it."""
    return _send(key, queries.person(membership))


@blueprint.route("/experience/<uuid:key>/demander/organisation/<uuid:organisation>", methods=["GET", "POST"])
def ask_team(key: uuid.UUID, organisation: uuid.UUID) -> ResponseReturnValue:
    """See exactly what an organisation's team will read, and send it."""
    return _send(key, whom.team(organisation))


def _send(key: uuid.UUID, target: queries.Target | None) -> ResponseReturnValue:
    now = clock.now()
    experience = authorised(whom.experience(key), Action.ASK_FEEDBACK)
    if target is None or (target.role is not None and target.role.role != "facilitator"):
        abort(404)
    organisation = target.organisation
    asking = service.asking(experience, organisation, target.role, target.adult_id, now)
    refusal = rules.refusal_to_ask(asking)
    if refusal is not None and request.method == "GET":
        return page("feedback/stays.html", status=422, experience=experience, words=say(refusal),
                    team=organisation if refusal is Refusal.NOT_JOINED else None)
    beside = around(experience, str(get_locale()))
    claims, reflection = beside.claims, beside.answers
    form = AskForm(version=str(experience.version))
    form.claims.choices = options((c.competency_id, c.text) for c in claims)
    kept: dict[str, Any] = {}
    if request.method == "GET":
        form.claims.data = [c.competency_id for c in claims]
        kept = drafts.of(experience.learner_id, "ask", key)
        form.message.data = kept.get("message")
    status = 200
    if request.method == "POST":
        status = 422
        valid = form.validate()
        if valid and not form.is_about(experience.version):
            form.refuse(Refused(Refusal.CHANGED_MEANWHILE))
            form.version.data = str(experience.version)
        elif valid:
            try:
                with transaction():
                    service.ask(experience, target.membership, organisation, form.competencies(), form.message.data,
                                form.number, now, form.pieces.keys, reflection=bool(form.reflection.data))
            except Refused as refused:
                if refused.refusal is Refusal.SENT_OTHERWISE:
                    raise
                form.refuse(refused)
            else:
                flash(_("C’est demandé. Vous n’avez rien à faire."))
                return onward("experiences.experience", key=key)
    return page("feedback/ask_send.html", status=status, experience=experience, form=form, claims=claims,
                pieces=experiences.pieces(key), told=queries.told_now(experience),
                reflection=reflections.in_words(reflection),
                who=first_name(target.name) if target.membership else target.name, organisation=organisation,
                to_team=target.membership is None,
                co_read=_is_co_read(target.role, target.adult_id, now), protected=asking.protected, kept=bool(kept))


@blueprint.get("/d/<token>")
def ask_me(token: str) -> ResponseReturnValue:
    """Choose an experience for whoever showed their code « Demandez-moi »."""
    (now, today), who = now_and_today(), actor()
    authorised(Mine(who.account_id), Action.READ_PASSPORT)
    membership = organisations.by_ask_token(token, now)
    target = queries.person(membership.id) if membership is not None else None
    if membership is None or target is None:
        abort(404)
    organisation = target.organisation
    minor, _protected = _protection(who, today)
    joined = not minor or whom.has_joined(who.account_id, organisation.id)
    rows = list(whom.mine_to_send(who.account_id, _after_day(request.args.get("after"))))
    more = rows[queries.PER_PAGE - 1] if len(rows) > queries.PER_PAGE else None
    return page("feedback/ask_me.html", fragment="rows", experiences=rows[:queries.PER_PAGE], membership=membership,
                who=target.name, organisation=organisation, joined=joined, token=token,
                oneself=membership.account_id == who.account_id,
                more=f"{more.sort_on.isoformat()}~{more.id}" if more else None)


def _after_day(text: str | None) -> tuple[dt.date, uuid.UUID] | None:
    try:
        day, key = (text or "").split("~")
        return dt.date.fromisoformat(day), uuid.UUID(key)
    except ValueError:
        return None


@blueprint.post("/demande/<uuid:key>/annuler")
def cancel(key: uuid.UUID) -> ResponseReturnValue:
    """Take a request back."""
    asked = authorised(standings.request(key), Action.CANCEL_REQUEST)
    with transaction():
        service.cancel(asked, clock.now())
    flash(_("C’est annulé. Personne ne peut plus ouvrir cette demande."))
    return onward("experiences.experience", key=asked.experience_id)


@blueprint.post("/demande/<uuid:key>/lu")
def noted(key: uuid.UUID) -> ResponseReturnValue:
    """Keep that the learner saw how a request ended."""
    asked = authorised(standings.request(key), Action.CANCEL_REQUEST)
    with transaction():
        service.note_closed(asked, clock.now())
    return onward("feedback.exchanges")


# ---------- whoever was asked answers ----------


def _after(text: str | None) -> queries.After | None:
    try:
        at, key = (text or "").split("~")
        instant = dt.datetime.fromisoformat(at)
        return (instant.astimezone(dt.UTC), uuid.UUID(key)) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


@blueprint.get("/on-me-demande")
def inbox() -> ResponseReturnValue:
    """Show what waits for this person's answer, longest wait first."""
    who, now = actor(), clock.now()
    authorised(Mine(who.account_id), Action.READ_INBOX)
    after = _after(request.args.get("after"))
    lines = queries.inbox(who, now, after, queries.PER_PAGE + 1)
    last = lines[queries.PER_PAGE - 1] if len(lines) > queries.PER_PAGE else None
    _seen("facilitator", [line.looked for line in lines[:queries.PER_PAGE] if line.looked is not None], now)
    return page("feedback/inbox.html", fragment="rows", lines=lines[:queries.PER_PAGE],
                more=f"{last.asked_at.isoformat()}~{last.request_id}" if last else None, first=after is None,
                answered=waiting.answered(who, now) if after is None else (), ago=queries.ago_words,
                day=queries.day_words)


def _seen(role: str, things: list[Looked], now: dt.datetime) -> None:
    """Write the lines of what a list shows of learners, before the answer; without them there is none."""
    reader_ref = current_user.audit_ref
    if request.method == "POST":
        release()  # the lines are written by a connection of its own, which must not wait for this one
    try:
        note_readings(things, reader_ref, role, "see_request", now, listed=request.method == "GET")
    except sa.exc.SQLAlchemyError:
        abort(503)


def _opened(received: waiting.Received, now: dt.datetime) -> Role:
    """Return the role in which this is read; the line that tells its learner is written first."""
    role = answering_role(actor(), received, now)
    assert role is not None, "the policy lets only whoever was asked come here"
    if received.experience_id is not None:
        try:
            note_reading(received.learner_id, current_user.audit_ref, "facilitator", role.organisation_id,
                         "open_request", received.experience_id, now)
        except sa.exc.SQLAlchemyError:
            abort(503)
    return role


@blueprint.route("/on-me-demande/<uuid:key>", methods=["GET", "POST"])
def answer_request(key: uuid.UUID) -> ResponseReturnValue:
    """Read exactly what was sent, and answer it."""
    now = clock.now()
    who = actor()
    received = authorised(waiting.asked(key, now), Action.READ_REQUEST)
    if request.method == "POST":
        release()  # the line is written by a connection of its own, which must not wait for this one
        _opened(received, now)
        received = authorised(waiting.asked(key, now), Action.READ_REQUEST)
        role: Role | None = answering_role(who, received, now)
    else:
        role = _opened(received, now)
    if received.request is None or role is None:
        abort(404)
    if request.method == "POST":
        form = AnswerForm()
        valid = form.validate()
        if valid and waiting.was_sent(key, who.account_id, form.number):
            with transaction():
                service.give_feedback(received.request, role, who.account_id, form.draft(), now)
            return _arrived(key, onward("feedback.inbox"))
        authorised(received, Action.GIVE_FEEDBACK)
    if received.closed_at is not None:
        return page("feedback/answered.html", received=received, told=queries.told(received.revision),
                    sent=waiting.sent(key), claims=queries.granted(received.request.grant_id),
                    pieces=queries.granted_pieces(received.request.grant_id))
    if request.method == "GET":
        form = AnswerForm(data=AnswerForm.from_kept(drafts.of(who.account_id, queries.DRAFT, key)))
        return _answer_page(received, form, now)
    later = request.form.get("later")
    if later and valid:
        with transaction():
            drafts.save(who.account_id, queries.DRAFT, key, form.kept(), now)
        if later == "quiet":
            return ("", 204) if wants_fragment() else onward("feedback.answer_request", key=key)
        flash(_("Le brouillon est gardé."))
        return onward("feedback.inbox")
    if valid:
        following = queries.inbox(who, now, (received.request.asked_at, key), 1)
        try:
            with transaction():
                feedback = service.give_feedback(received.request, role, who.account_id, form.draft(), now)
        except Refused as refused:
            if refused.refusal is Refusal.SENT_OTHERWISE:
                raise
            form.refuse(refused)
        else:
            flash(f"{_('C’est envoyé.')} {queries.arrival_words(feedback.visible_at, now)}".strip(),
                  "see:" + url_for("feedback.answer_request", key=key))
            return _arrived(key, _on_to(following))
    return _answer_page(received, form, now, 422)


def _answer_page(received: waiting.Received, form: AnswerForm, now: dt.datetime, status: int = 200
                 ) -> ResponseReturnValue:
    assert received.request is not None
    arrival = rules.arrives_at(now, received.learner_protected, CITY_ZONE)
    return page("feedback/answer.html", status=status, received=received, form=form,
                told=queries.told(received.revision), claims=queries.granted(received.request.grant_id),
                pieces=queries.granted_pieces(received.request.grant_id),
                arrival=queries.arrival_words(arrival, now),
                co_read=_is_co_read(answering_role(actor(), received, now), actor().account_id, now))


@blueprint.get("/on-me-demande/<uuid:key>/fichier/<uuid:item>")
def sent_file(key: uuid.UUID, item: uuid.UUID) -> ResponseReturnValue:
    """One photo or document that was sent along, while what was opened is open; `?taille=ecran` for a screen's size."""
    now = clock.now()
    received = authorised(waiting.asked(key, now), Action.READ_REQUEST)
    _opened(received, now)
    piece = queries.granted_piece(received.request.grant_id, item) if received.request is not None else None
    if piece is None:
        abort(404)
    return file_answer(piece.content(request.args.get("taille") == "ecran"), piece.media_type, piece.save_as)


def _is_co_read(role: Role | None, adult_id: uuid.UUID | None, now: dt.datetime) -> bool:
    """Say whether an adult may read along what this facilitator writes, who is under 18."""
    return role is not None and role.is_co_read and adult_id is not None and bool(
        organisations.young_among([adult_id], now))


def _arrived(key: uuid.UUID, way: ResponseReturnValue) -> ResponseReturnValue:
    """Say to outbox.js, beside the way on, where what was sent is seen."""
    answer = make_response(way)
    answer.headers["Arrived"] = url_for("feedback.answer_request", key=key)
    return answer


def _on_to(following: list[queries.InboxLine]) -> ResponseReturnValue:
    if not following:
        return onward("feedback.inbox")
    if request.headers.get("HX-Request") == "true":
        return "", 204, {"HX-Redirect": following[0].url}
    return redirect(following[0].url, 303)


@blueprint.post("/on-me-demande/<uuid:key>/pas-vu")
def decline(key: uuid.UUID) -> ResponseReturnValue:
    """Say « Je ne l’ai pas vu »."""
    who, now = actor(), clock.now()
    received = authorised(waiting.asked(key, now), Action.DECLINE_REQUEST)
    role = answering_role(who, received, now)
    if received.request is None or role is None:
        abort(404)
    following = queries.inbox(who, now, (received.request.asked_at, key), 1)
    with transaction():
        service.decline(received.request, role.membership_id, who.account_id, now)
    flash(_("C’est dit, sans rien de plus. La personne peut demander à quelqu’un d’autre."))
    return _on_to(following)


@blueprint.post("/on-me-demande/<uuid:key>/retirer")
def withdraw(key: uuid.UUID) -> ResponseReturnValue:
    """Take one's own feedback back."""
    now = clock.now()
    feedback = _own_feedback(key, now)
    try:
        with transaction():
            withdrawal.withdraw(feedback, now)
    except Refused as refused:
        if refused.refusal is Refusal.TEXT_KEPT:
            raise
        flash(say(refused.refusal))
    else:
        said, undoable = withdrawal.said(feedback, now)
        flash(said, "undo:" + url_for("feedback.put_back", key=key) if undoable else "message")
    return onward("feedback.answer_request", key=key)


@blueprint.post("/on-me-demande/<uuid:key>/remettre")
def put_back(key: uuid.UUID) -> ResponseReturnValue:
    """Undo it."""
    now = clock.now()
    feedback = _own_feedback(key, now)
    try:
        with transaction():
            withdrawal.put_back(feedback, now)
    except Refused as refused:
        flash(say(refused.refusal))
    else:
        flash(_("C’est de retour."))
    return onward("feedback.answer_request", key=key)


def _own_feedback(key: uuid.UUID, now: dt.datetime) -> Feedback:
    authorised(waiting.asked(key, now), Action.WITHDRAW_FEEDBACK)
    feedback = waiting.given(key)
    if feedback is None or feedback.facilitator_id != current_user.id:
        abort(404)
    return feedback


# ---------- the desk of an organisation ----------


@blueprint.get("/organisation/<uuid:key>/demandes")
def desk(key: uuid.UUID) -> ResponseReturnValue:
    """Show what waits at an organisation's desk, to give it to somebody of the team."""
    authorised(Body(key), Action.READ_DESK)
    return _desk_page(key)


def _desk_page(key: uuid.UUID, refused_at: uuid.UUID | None = None, words: str = "") -> ResponseReturnValue:
    now = clock.now()
    people = desks.assignable(key, now)
    lines = desks.desk(actor(), key, now)
    _seen("manager", [line.looked for line in lines if line.looked is not None], now)
    form = AssignForm()
    form.membership.choices = options((p.membership_id, f"{p.name}, {p.title}" if p.title else p.name) for p in people)
    return page("feedback/desk.html", status=422 if words else 200, lines=lines, form=form,
                organisation=db.session.get_one(Organisation, key), refused_at=refused_at, words=words,
                ago=queries.ago_words)


def _chosen(text: str) -> Membership | None:
    try:
        return db.session.get(Membership, uuid.UUID(text))
    except ValueError:
        return None


@blueprint.post("/on-me-demande/<uuid:key>/confier")
def assign(key: uuid.UUID) -> ResponseReturnValue:
    """Give a request that waits at the desk to one facilitator."""
    now = clock.now()
    asked = authorised(waiting.asked(key, now), Action.ASSIGN_REQUEST).request
    assert asked is not None
    chosen = _chosen(request.form.get("membership", ""))
    if chosen is None:
        return _desk_page(asked.organisation_id, key, say(Refusal.STEP_MISSING))
    try:
        with transaction():
            service.assign(asked, chosen, now)
    except Refused as refused:
        return _desk_page(asked.organisation_id, key, say(refused.refusal))
    flash(_("C’est confié."))
    return onward("feedback.desk", key=asked.organisation_id)


# ---------- the learner reads ----------


@blueprint.get("/retour/<uuid:key>")
def read(key: uuid.UUID) -> ResponseReturnValue:
    """Show somebody's feedback; opening it changes nothing."""
    answered = authorised(standings.answered(key, clock.now()), Action.READ_FEEDBACK)
    kept = drafts.of(answered.feedback.learner_id, "reply", key) if answered.feedback.read_at is None else {}
    return _read_page(answered, ReplyForm(data=kept), kept=bool(kept))


def _read_page(
    answered: standings.Answered, form: ReplyForm, status: int = 200, kept: bool = False
) -> ResponseReturnValue:
    told_of = experiences.experience(answered.revision.experience_id) if answered.withdrawn else None
    return page("feedback/read.html", status=status, answered=answered, told=queries.told(answered.revision),
                ask_again=told_of.id if told_of and not told_of.for_me_only else None,
                form=form, title=queries.feedback_of(first_name(answered.name)),
                withdrawn=queries.withdrawn_words(first_name(answered.name)), ago=queries.ago_words, kept=kept,
                distress=distress.is_there((answered.feedback.reply,)),
                adult=actor().band(clock.today()) is age.Band.ADULT)


@blueprint.post("/retour/<uuid:key>")
def answer(key: uuid.UUID) -> ResponseReturnValue:
    """Keep the learner's one answer, or « C’est bien comme ça »."""
    now = clock.now()
    answered = authorised(standings.answered(key, now), Action.ANSWER_FEEDBACK)
    form = ReplyForm()
    fine = "fine" in request.form
    valid = form.validate()
    if valid and not fine and not form.reply.data:
        form.refuse(Refused(Refusal.SENTENCE_MISSING, "reply"))
    elif valid:
        try:
            with transaction():
                service.answer(answered.feedback, None if fine else form.reply.data, now)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(_("C’est gardé.") if fine else _("C’est envoyé."))
            return onward("feedback.read", key=key)
    answered = authorised(standings.answered(key, now), Action.ANSWER_FEEDBACK)
    return _read_page(answered, form, 422)


@blueprint.post("/retour/<uuid:key>/reponse/retirer")
def withdraw_reply(key: uuid.UUID) -> ResponseReturnValue:
    """Take one's answer back: its words are gone for both."""
    now = clock.now()
    answered = authorised(standings.answered(key, now), Action.ANSWER_FEEDBACK)
    with transaction():
        withdrawal.withdraw_reply(answered.feedback, now)
    flash(_("Votre réponse est retirée."))
    return onward("feedback.read", key=key)
