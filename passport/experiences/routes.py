"""The pages of a passport: the time line, adding, and the small screens of one experience."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from .. import clock, distress, drawings
from ..accounts import drafts
from ..accounts.rules import Band
from ..forms import options
from ..frameworks import queries as frameworks
from ..frameworks.words import THEMES
from ..notices import queries as notices
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..transaction import transaction
from ..web import actor, authorised, onward, page, wants_fragment, written_anew
from ..wording import say
from . import details, panels, queries, reflection, rules, service
from .around import around
from .evidence_routes import evidence
from .forms import (
    SETTINGS,
    AddForm,
    ClaimForm,
    StoryForm,
    TitleForm,
    WhenForm,
    WhereForm,
    WithOrganisation,
    in_figures,
)
from .models import Experience
from .periods import period

experiences = Blueprint("experiences", __name__)
BLUEPRINTS = (experiences, evidence)


@experiences.app_template_global()
def when_of(experience: Any, year: bool = True) -> str:
    """Return when an experience was, in words, in the reader's language."""
    return period(experience.started_on, experience.ended_on, experience.when_precision, experience.ongoing,
                  language(), year)


@experiences.app_template_global()
def said_of(experience: Any) -> tuple[str, ...]:
    """Return « j’ai appris », « j’ai transmis », in the person's own words, for what was said of them."""
    return details.said_of(experience).lines


@experiences.app_template_global()
def kind_of(experience: Any) -> tuple[str, list[tuple[str, str]]] | None:
    """Return the kind of an experience and what was filled in of it, in words, or None when it has no kind."""
    kind = details.kind_of(experience)
    return (kind.label[language()], details.fields_of(experience, language())) if kind else None


def language() -> str:
    """Return the language of this answer."""
    return "en" if str(get_locale()) == "en" else "fr"


def own(key: uuid.UUID, action: Action) -> Experience:
    """Return an experience of whoever is signed in, ready for this action."""
    return authorised(queries.experience(key), action)


@experiences.get("/passeport")
def passport() -> ResponseReturnValue:
    """The time line, the news first."""
    me = actor()
    authorised(Mine(me.account_id), Action.READ_PASSPORT)
    now = clock.now()
    words = " ".join(request.args.get("q", "").split())[:80]
    after = request.args.get("after")
    lines = queries.found(me.account_id, words) if words else queries.time_line(me.account_id, after)
    marks = panels.marks_of(me.account_id, [row.experience.id for row in lines.rows], now)
    whole = after is None and not wants_fragment()
    news = panels.news_for(me.account_id, now, notices.waiting(me.account_id, now)) if whole else []
    stamps = {}
    for x in (row.experience for row in lines.rows):
        mark = next((m for m in marks.get(x.id, []) if m.seed), None)
        if mark is not None:
            stamps[x.id] = drawings.rosette(mark.seed, mark.context, mark.ring)
    sections = panels.sections_of(me.account_id, now) if whole and not words else []
    return page("experiences/passport.html", fragment="rows", lines=lines, marks=marks, stamps=stamps, news=news, sections=sections,
                words=words, year_above=request.args.get("year", ""),
                welcome=whole and not words and not lines.rows)


@experiences.route("/ajouter", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    """One sentence, and it is kept."""
    me = actor()
    authorised(Mine(me.account_id), Action.LOG_EXPERIENCE)
    form = AddForm()
    before, status = None, 422 if form.is_submitted() and not form.searches else 200
    if not form.searches and form.validate_on_submit():
        now = clock.now()
        try:
            with transaction():
                draft = form.draft(lambda name: queries.organisation_called(name, now))
                claimed = rules.claimed_at(request.form.get("written_at"), now)
                kept_now = service.log_experience(me.account_id, draft, now, written_anew(), claimed)
            return onward("experiences.kept", key=kept_now.id)
        except Refused as refused:
            if refused.refusal is Refusal.SENT_OTHERWISE:
                before, status = queries.kept_before(me.account_id, form.number), 409
                form.submission.data = str(uuid.uuid4())
            else:
                form.refuse(refused, "title")
    return page("experiences/add.html", fragment="form", status=status, form=form, before=before,
                organisations=offered(form))


@experiences.get("/experience/<uuid:key>/gardee")
def kept(key: uuid.UUID) -> ResponseReturnValue:
    """« C’est gardé. », with the photo that was just added, and everything else is optional."""
    found, added = own(key, Action.READ_EXPERIENCE), request.args.get("photo", type=uuid.UUID)
    piece = queries.piece(found.id, added) if added else None
    return page("experiences/kept.html", experience=found, photo=piece if piece and piece.kind == "photo" else None,
                distress=_holds_distress(found), adult=actor().band(clock.today()) is Band.ADULT)


def _holds_distress(found: Experience) -> bool:
    """Say whether help numbers stand on the page after saving; on no other, where somebody else may look on later."""
    details = (str(value) for value in (found.details or {}).values())
    return distress.is_there((found.title, found.story, *reflection.answers(found.id).values(), *details))


@experiences.get("/experience/<uuid:key>")
def experience(key: uuid.UUID) -> ResponseReturnValue:
    """All of one experience, with what later rooms know of it."""
    found = own(key, Action.READ_EXPERIENCE)
    beside = around(found, language())
    return page("experiences/experience.html", experience=found, organisation=beside.organisation, around=beside,
                hours=in_figures(found.hours), claims=beside.claims, pieces=queries.pieces(key),
                panels=panels.panels_of(found, clock.now()))


def saved(form: Any, found: Experience, changes: Any) -> ResponseReturnValue | None:
    """Keep what a small screen changes and return the way back; None when it has to be shown again."""
    if not form.validate_on_submit():
        return None
    try:
        with transaction():
            service.change(found, changes(), form.read_version, clock.now())
    except Refused as refused:
        form.refuse(refused)
        return None
    return onward("experiences.kept", key=found.id)


def again(
    template: str, form: Any, found: Experience, told: Callable[[Experience], str | None], **context: Any
) -> ResponseReturnValue:
    """Show a small screen: as it stands, or with what was typed and why it could not be kept.

    When the experience changed meanwhile, what it says now (`told`) stands beside what was typed.
    """
    status, stands = 200, None
    if form.is_submitted():
        found = authorised(queries.experience(found.id), Action.CHANGE_EXPERIENCE)
        changed = form.read_version != found.version
        status, stands = (409, told(found) or "–") if changed else (422, None)
    return page(template, fragment="form", status=status, form=form, experience=found, stands=stands, **context)


@experiences.route("/experience/<uuid:key>/modifier", methods=["GET", "POST"])
def edit(key: uuid.UUID) -> ResponseReturnValue:
    """Another sentence."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    form = TitleForm(data={"title": found.title, "version": found.version})
    return saved(form, found, form.changes) or again("experiences/edit.html", form, found, lambda x: x.title)


@experiences.route("/experience/<uuid:key>/recit", methods=["GET", "POST"])
def story(key: uuid.UUID) -> ResponseReturnValue:
    """The story in more words."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    kept = drafts.of(found.learner_id, "story", key) if request.method == "GET" else {}
    if kept.get("story") == found.story:
        kept = {}
    form = StoryForm(data={"story": found.story, "version": found.version, **kept})
    return saved(form, found, form.changes) or again("experiences/story.html", form, found, lambda x: x.story,
                                                     kept=bool(kept))


@experiences.route("/experience/<uuid:key>/quand", methods=["GET", "POST"])
def when(key: uuid.UUID) -> ResponseReturnValue:
    """What it was, when and for how long."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    form = WhenForm() if request.method == "POST" else WhenForm.of(found)

    def told(x: Experience) -> str:
        hours = _("%(hours)s h", hours=in_figures(x.hours)) if x.hours is not None else ""
        return " · ".join(filter(None, (str(dict(SETTINGS)[x.setting]) if x.setting else "", when_of(x), hours)))

    return saved(form, found, lambda: form.changes(found)) or again("experiences/when.html", form, found, told)


@experiences.route("/experience/<uuid:key>/ou", methods=["GET", "POST"])
def where(key: uuid.UUID) -> ResponseReturnValue:
    """Where, and with whom."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    name = queries.organisation_name(found)
    form = WhereForm(data={"organisation": name, "place": found.place, "version": found.version})

    def changes() -> dict[str, Any]:
        same = form.named and form.named == name
        chosen = found.organisation_id if same else queries.organisation_called(form.named, clock.now())
        return {"place": form.place.data, "organisation_id": chosen, "organisation_text": None if chosen else form.named}

    def told(x: Experience) -> str:
        return " · ".join(filter(None, (queries.organisation_name(x), x.place)))

    names = offered(form)
    if form.searches:
        return page("experiences/where.html", fragment="form", form=form, experience=found, stands=None, organisations=names)
    return saved(form, found, changes) or again("experiences/where.html", form, found, told, organisations=names)


def offered(form: WithOrganisation) -> list[str]:
    """Return the organisations to be offered beside a form; where it asks to search, they stand in it to choose from."""
    words = form.organisation.data if form.searches else None
    names = queries.organisations_offered(actor().account_id, words, clock.now())
    form.offer(names)
    return names


@experiences.get("/organisations")
def organisations() -> ResponseReturnValue:
    """The names that complete what is being typed; a part of a page, never one of its own."""
    me = actor()
    authorised(Mine(me.account_id), Action.LOG_EXPERIENCE)
    if not wants_fragment():
        return redirect(url_for("experiences.add"), 303)
    words = " ".join(request.args.get("organisation", "").split())[:120]
    return page("experiences/_organisations.html",
                organisations=queries.organisations_offered(me.account_id, words, clock.now()))


@experiences.route("/experience/<uuid:key>/savoir-faire", methods=["GET", "POST"])
def can_do(key: uuid.UUID) -> ResponseReturnValue:
    """« Ce que je sais faire »: a sentence, then one of the four steps."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    form = ClaimForm()
    form.competency.choices = []
    status = 200
    if form.is_submitted():
        try:
            competency, step = form.chosen()
            with transaction():
                service.claim(found, competency, step, clock.now())
            return onward("experiences.kept", key=key)
        except Refused as refused:
            form.refuse(refused)
            status = 422
    words = " ".join(request.args.get("q", "").split())[:80]
    said = queries.claims_of(key, language())
    chosen = form.competency.data or request.args.get("competency", "")
    form.competency.choices = _proposed(found, said, words, chosen)
    if request.method == "GET":
        form.competency.data = chosen or None
        form.step.data = next((str(s.step) for s in said if str(s.competency_id) == chosen), None)
    return page("experiences/can_do.html", fragment="sentences" if request.method == "GET" else "form",
                status=status, form=form, experience=found, said=said, words=words)


def _proposed(found: Experience, said: list[queries.Said], words: str, chosen: str) -> list[SelectChoice]:
    """Return the sentences of a search, or the likely ones and then the others by theme; what is being changed first."""
    everything = frameworks.current(language())
    named = {str(s.competency_id): s.text for s in said} | {str(s.competency_id): s.text for s in everything}
    claimed = {s.competency_id for s in said}
    first = frameworks.best(everything, words) if words else frameworks.likely_of(
        everything, found.setting, found.title, exclude=claimed)
    top = [str(s.competency_id) for s in first]
    if chosen in named and chosen not in top:
        top.insert(0, chosen)
    others = [] if words else [
        SelectChoice(str(s.competency_id), s.text, optgroup=str(THEMES[theme]))
        for theme, sentences in frameworks.by_theme(everything) for s in sentences
        if s.competency_id not in claimed and str(s.competency_id) not in top
    ]
    return options((value, named[value]) for value in top) + others


@experiences.post("/experience/<uuid:key>/savoir-faire/<int(max=999999):competency>/retirer")
def remove_claim(key: uuid.UUID, competency: int) -> ResponseReturnValue:
    """Take a sentence back."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    with transaction():
        step = service.unclaim(found, competency, clock.now())
    if step is not None:
        flash(_("La phrase est retirée."),
              "undo:" + url_for("experiences.claim_again", key=key, competency=competency, step=step))
    return onward("experiences.can_do", key=key)


@experiences.post("/experience/<uuid:key>/savoir-faire/<int(max=999999):competency>/<int(max=9):step>/remettre")
def claim_again(key: uuid.UUID, competency: int, step: int) -> ResponseReturnValue:
    """Say a sentence again, at the step it had."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    try:
        with transaction():
            service.claim(found, competency, step, clock.now())
    except Refused as refused:
        flash(say(refused.refusal))
    else:
        flash(_("C’est de retour."))
    return onward("experiences.can_do", key=key)


@experiences.post("/experience/<uuid:key>/pour-moi")
def for_me_only(key: uuid.UUID) -> ResponseReturnValue:
    """« Pour moi », or no longer."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    wanted = request.form.get("for_me_only") != "no"
    with transaction():
        service.set_for_me_only(found, wanted, clock.now())
    flash(_("C’est « Pour moi ». Rien n’en sort.") if wanted else _("Ce n’est plus « Pour moi ». Rien n’est montré pour autant."))
    return onward("experiences.experience", key=key)


@experiences.post("/experience/<uuid:key>/supprimer")
def delete(key: uuid.UUID) -> ResponseReturnValue:
    """Delete, with thirty days to take it back."""
    found = own(key, Action.DELETE_EXPERIENCE)
    with transaction():
        service.delete(found, clock.now())
    flash(_("C’est supprimé. On peut annuler pendant 30 jours."), "undo:" + url_for("experiences.restore", key=key))
    return onward("experiences.passport")


@experiences.post("/experience/<uuid:key>/annuler")
def restore(key: uuid.UUID) -> ResponseReturnValue:
    """Take a deletion back."""
    found = authorised(queries.experience_or_deleted(key), Action.DELETE_EXPERIENCE)
    try:
        with transaction():
            service.restore(found, clock.now())
    except Refused as refused:
        flash(say(refused.refusal))
        return onward("experiences.passport")
    flash(_("C’est de retour."))
    return onward("experiences.experience", key=key)


@experiences.get("/supprimees")
def deleted() -> ResponseReturnValue:
    """What can still come back."""
    me = actor()
    authorised(Mine(me.account_id), Action.READ_PASSPORT)
    return page("experiences/deleted.html", rows=queries.deleted(current_user.id, clock.now()))
