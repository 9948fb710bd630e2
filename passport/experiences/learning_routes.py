"""The small screens of what one makes of an experience: appris, transmis, ce que j’en retire, le chemin, les heures."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from .. import clock
from ..accounts import drafts
from ..policy import Action, Mine
from ..refusals import Refusal, Refused
from ..transaction import transaction
from ..web import actor, authorised, onward, page, written_anew
from ..wording import say
from . import details, hours, kinds, paths, queries, reflection, service
from .comparison import comparison
from .forms import in_figures
from .learning_forms import SaidForm, add_form, answered, draft_of, kind_form, reflection_form, values_of
from .models import Experience
from .periods import day_in_words
from .routes import again, language, own, saved

learning = Blueprint("learning", __name__)
WHICH = f"<any({', '.join(kinds.KINDS)}):kind>"
BLUEPRINTS = (learning,)


# ---------- j’ai appris, j’ai transmis ----------


@learning.route("/experience/<uuid:key>/appris-transmis", methods=["GET", "POST"])
def learned(key: uuid.UUID) -> ResponseReturnValue:
    """« J’ai appris », « j’ai transmis », for whoever wants to say it."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    form = SaidForm() if request.method == "POST" else SaidForm.of(details.said_of(found), found.version)

    def changes() -> dict[str, Any]:
        return {"details": details.with_part(found, "said", form.said().facts)}

    return saved(form, found, changes) or again("experiences/learned.html", form, found,
                                                lambda x: "\n".join(details.said_of(x).lines))


# ---------- ce que j’en retire ----------


@learning.route("/experience/<uuid:key>/ce-que-j-en-retire", methods=["GET", "POST"])
def reflect(key: uuid.UUID) -> ResponseReturnValue:
    """« Ce que j’en retire »: all prompts, or one alone."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    kept = reflection.answers(key)
    begun = drafts.of(found.learner_id, reflection.DRAFT, key) if request.method == "GET" else {}
    half = {prompt: text for prompt, text in reflection.in_order(begun).items() if text != kept.get(prompt)}
    prompts = reflection.prompts_of(found, kept.keys() | half.keys())
    alone = request.values.get("question", "")
    shown = [alone] if alone in prompts else prompts
    drafted = not half.keys().isdisjoint(shown)
    form = reflection_form(shown, {**kept, **half}, begun["version"] if drafted and "version" in begun else found.version)
    if form.validate_on_submit():
        try:
            with transaction():
                reflection.reflect(found, answered(form, request.form), form.read_version, clock.now())
            following = prompts[prompts.index(alone) + 1:][:1] if alone in prompts and request.form.get("next") else []
            return onward("learning.reflect", key=key, question=following[0]) if following else onward(
                "experiences.kept", key=key)
        except Refused as refused:
            form.refuse(refused)

    def told(_x: Experience) -> str:
        return "\n".join(_("%(field)s : %(words)s", field=prompt, words=text) for prompt, text in reflection.in_words(reflection.answers(key)))

    return again("experiences/reflect.html", form, found, told, prompts=shown, alone=alone if alone in prompts else "",
                 last=bool(shown) and shown[-1] == prompts[-1], first=prompts[0], drafted=drafted,
                 others={prompt: text for prompt, text in half.items() if prompt not in shown})


# ---------- le genre ----------


@learning.get("/ajouter/genre")
def add_kinds() -> ResponseReturnValue:
    """The kinds with fields of their own, to begin an experience with."""
    authorised(Mine(actor().account_id), Action.LOG_EXPERIENCE)
    return page("experiences/kinds.html", groups=kinds.GROUPS, experience=None, language=language())


@learning.route(f"/ajouter/genre/{WHICH}", methods=["GET", "POST"])
def add_kind(kind: str) -> ResponseReturnValue:
    """One sentence and the fields of a kind, all of them optional."""
    me = actor()
    authorised(Mine(me.account_id), Action.LOG_EXPERIENCE)
    chosen = kinds.KINDS[kind]
    form = add_form(chosen, language())
    before, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with transaction():
                kept = service.log_experience(me.account_id, draft_of(form, chosen), clock.now(), written_anew())
            return onward("experiences.kept", key=kept.id)
        except Refused as refused:
            if refused.refusal is Refusal.SENT_OTHERWISE:
                before, status = queries.kept_before(me.account_id, form.number), 409
                form.submission.data = str(uuid.uuid4())
            else:
                form.refuse(refused, "title")
    return page("experiences/add_kind.html", fragment="form", status=status, form=form, kind=chosen, before=before,
                language=language(), checked=_checked())


@learning.get("/experience/<uuid:key>/genre")
def choose_kind(key: uuid.UUID) -> ResponseReturnValue:
    """The kinds with fields of their own, for an experience that is already kept."""
    return page("experiences/kinds.html", groups=kinds.GROUPS, experience=own(key, Action.CHANGE_EXPERIENCE),
                language=language())


@learning.route(f"/experience/<uuid:key>/genre/{WHICH}", methods=["GET", "POST"])
def edit_kind(key: uuid.UUID, kind: str) -> ResponseReturnValue:
    """The fields of a kind; for a time of a life, whether it stays for oneself."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    chosen = kinds.KINDS[kind]
    same = found.kind == chosen.key
    stands = details.part(found, "fields") if same else {}
    preset = found.for_me_only if same else chosen.private
    form = kind_form(chosen, stands, preset, found.version, language())
    if form.validate_on_submit():
        values, now = values_of(form, chosen), clock.now()
        changes: dict[str, Any] = {"kind": chosen.key, "details": details.with_part(found, "fields", values)}
        if found.setting is None and chosen.setting is not None:
            changes |= {"setting": chosen.setting, "context": chosen.context}
        try:
            with transaction():
                service.change(found, changes, form.read_version, now)
                if chosen.private:
                    service.set_for_me_only(found, bool(form["for_me_only"].data), now)
            return onward("experiences.kept", key=key)
        except Refused as refused:
            form.refuse(refused)

    def told(x: Experience) -> str:
        return "\n".join(_("%(field)s : %(words)s", field=label, words=words) for label, words in details.fields_of(x, language()))

    return again("experiences/kind.html", form, found, told, kind=chosen, language=language(), checked=_checked())


@learning.post("/experience/<uuid:key>/genre/retirer")
def remove_kind(key: uuid.UUID) -> ResponseReturnValue:
    """An experience like any other again: its kind and the fields of it go, the story stays."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    with transaction():
        service.change(found, {"kind": None, "details": details.with_part(found, "fields", {})}, found.version,
                       clock.now())
    flash(_("C’est retiré. Le reste de l’expérience ne change pas."))
    return onward("experiences.experience", key=key)


def _checked() -> str:
    return day_in_words(dt.date.fromisoformat(kinds.CHECKED), language())


# ---------- cela m’a mené à… ----------


@learning.get("/experience/<uuid:key>/chemin")
def path(key: uuid.UUID) -> ResponseReturnValue:
    """What led here and what it led to, drawn and as a list."""
    found = own(key, Action.READ_EXPERIENCE)
    return page("experiences/path.html", experience=found, path=paths.path_of(found))


@learning.route("/experience/<uuid:key>/chemin/ajouter", methods=["GET", "POST"])
def link(key: uuid.UUID) -> ResponseReturnValue:
    """Choose another of one's own experiences: this one led to it, or came from it."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    back = request.values.get("sens") == "de"
    status, words = 200, " ".join(request.args.get("q", "").split())[:80]
    if request.method == "POST":
        other = own(_key(request.form.get("other")), Action.CHANGE_EXPERIENCE)
        try:
            with transaction():
                paths.link(other if back else found, found if back else other, clock.now())
            return onward("learning.path", key=key)
        except Refused as refused:
            status = 422
            flash(say(refused.refusal))
    lines = queries.found(found.learner_id, words) if words else queries.time_line(found.learner_id,
                                                                                  request.args.get("after"))
    rows = [row for row in lines.rows if row.experience.id != key]
    return page("experiences/link.html", fragment="rows", status=status, experience=found, lines=lines, rows=rows,
                words=words, sens="de" if back else "vers")


@learning.post("/experience/<uuid:key>/chemin/retirer")
def unlink(key: uuid.UUID) -> ResponseReturnValue:
    """Take one line of the path away; both experiences stay."""
    found = own(key, Action.CHANGE_EXPERIENCE)
    other = own(_key(request.form.get("other")), Action.CHANGE_EXPERIENCE)
    back = request.form.get("sens") == "de"
    with transaction():
        paths.unlink(other if back else found, found if back else other, clock.now())
    return onward("learning.path", key=key)


def _key(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        abort(404)


# ---------- mes heures ----------


@learning.get("/mes-heures")
def my_hours() -> ResponseReturnValue:
    """One's own hours, by calendar year and organisation."""
    me = actor()
    authorised(Mine(me.account_id), Action.READ_PASSPORT)
    today = clock.today()

    def hours_in_words(count: Decimal) -> str:
        return str(ngettext("%(hours)s heure", "%(hours)s heures", 2 if count >= 2 else 1, hours=in_figures(count)))

    return page("experiences/hours.html", years=hours.hours_of(me.account_id, today), hours_in_words=hours_in_words,
                day=day_in_words(today, language()))


# ---------- comparer ----------


@learning.get("/experience/<uuid:key>/comparer/<uuid:revision>")
def compare(key: uuid.UUID, revision: uuid.UUID) -> ResponseReturnValue:
    """The text of then and the text of now, one beside the other."""
    found = own(key, Action.READ_EXPERIENCE)
    both = comparison(found, revision, language()) or abort(404)
    return page("experiences/compare.html", experience=found, both=both, on=day_in_words(both.on, language()))
