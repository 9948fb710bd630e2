"""The screen « Une photo, un document ou un lien », the files themselves, and erasing them."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, current_app, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import clock, limits
from ..extensions import csrf
from ..headers import file_answer
from ..policy import Action
from ..refusals import Refusal, Refused
from ..transaction import release, transaction
from ..uploads import take_in
from ..web import authorised, onward, page
from ..wording import say
from . import cleaning, files, queries
from . import evidence as service
from .forms import FileForm, LinkForm
from .models import ErasedEvidence, Evidence

evidence = Blueprint("evidence", __name__)
AN_HOUR = 3600
MOST_AN_HOUR = 60


def _page(key: uuid.UUID, file: FileForm, link: LinkForm, status: int = 200, fragment: str = "file"
          ) -> ResponseReturnValue:
    found = authorised(queries.experience(key), Action.CHANGE_EXPERIENCE)
    return page("experiences/attach.html", fragment=fragment, status=status, experience=found, file=file, link=link,
                linking=fragment == "link")


@evidence.route("/experience/<uuid:key>/joindre", methods=["GET", "POST"])
@csrf.exempt  # take_in() checks the token, once it is known who sends
def add(key: uuid.UUID) -> ResponseReturnValue:
    """A photo or a document, with a few words; or the way to a link."""
    found = authorised(queries.experience(key), Action.CHANGE_EXPERIENCE)
    if request.method == "GET":
        return _page(key, FileForm(formdata=None), LinkForm(formdata=None))
    learner_id = found.learner_id
    release()  # receiving and cleaning take their time; nobody waits for them
    if current_app.config["RATELIMIT_ENABLED"] and limits.hit(f"uploads:{learner_id}", AN_HOUR) > MOST_AN_HOUR:
        abort(429)
    take_in()
    form = FileForm()
    name = None
    try:
        if not form.validate():
            return _page(key, form, LinkForm(formdata=None), 422)
        data = form.data_sent()
        draft = form.draft(data)
        before = service.sent_before(key, learner_id, draft)
        release()
        if before is None:
            cleaned = cleaning.clean(data)
            name = files.arrive(cleaned.content, cleaned.small)
            with transaction():
                found = authorised(queries.experience(key), Action.CHANGE_EXPERIENCE)
                before = service.keep_file(found, draft, cleaned, name, clock.now())
            if isinstance(before, Evidence) and before.storage_name == name:
                files.settle(name)
                name = None
        _say(before)
        photo = before.id if isinstance(before, Evidence) and before.kind == "photo" else None
        return onward("experiences.kept", key=key, photo=photo)
    except Refused as refused:
        if refused.refusal is Refusal.SENT_OTHERWISE:
            raise
        form.refuse(refused, "file")
        if refused.refusal is Refusal.STORE_BUSY:  # by which a phone knows to keep it, and to try again by itself
            answer = make_response(_page(key, form, LinkForm(formdata=None), 503))
            answer.headers["Retry-After"] = "60"
            return answer
        return _page(key, form, LinkForm(formdata=None), 422)
    finally:
        if name is not None:
            files.discard(name)


def _say(kept: Evidence | ErasedEvidence) -> None:
    flash(_("C’est ajouté.") if service.is_there(kept) else _("C’était déjà reçu, puis effacé. Rien n’a changé."))


@evidence.route("/experience/<uuid:key>/joindre-un-lien", methods=["GET", "POST"])
def add_link(key: uuid.UUID) -> ResponseReturnValue:
    """A link, which nobody here opens."""
    found = authorised(queries.experience(key), Action.CHANGE_EXPERIENCE)
    if request.method == "GET":
        return _page(key, FileForm(formdata=None), LinkForm(formdata=None), fragment="link")
    form = LinkForm()
    if form.validate():
        try:
            with transaction():
                kept = service.keep_link(found, form.draft(), clock.now())
            _say(kept)
            return onward("experiences.kept", key=key)
        except Refused as refused:
            if refused.refusal is Refusal.SENT_OTHERWISE:
                raise
            form.refuse(refused, "url")
    return _page(key, FileForm(formdata=None), form, 422, fragment="link")


@evidence.get("/experience/<uuid:key>/fichier/<uuid:item>")
def file(key: uuid.UUID, item: uuid.UUID) -> ResponseReturnValue:
    """One photo or document of one's own; `?taille=ecran` for the size of a screen."""
    found = authorised(queries.experience(key), Action.READ_EXPERIENCE)
    piece = queries.piece(found.id, item)
    if piece is None:
        abort(404)
    return file_answer(piece.content(request.args.get("taille") == "ecran"), piece.media_type, piece.save_as)


@evidence.post("/experience/<uuid:key>/fichier/<uuid:item>/effacer")
def remove(key: uuid.UUID, item: uuid.UUID) -> ResponseReturnValue:
    """Erase a photo, a document or a link, wherever it was sent along, with an hour to take it back."""
    found = authorised(queries.experience(key), Action.CHANGE_EXPERIENCE)
    if queries.piece(found.id, item) is None:
        flash(_("C’est déjà fait."))
        return onward("experiences.experience", key=key)
    with transaction():
        service.remove(item, found.learner_id, clock.now())
    flash(_("C’est effacé, ici et là où c’est parti. On peut annuler pendant une heure."),
          "undo:" + url_for("evidence.put_back", key=key, item=item))
    return onward("experiences.experience", key=key)


@evidence.post("/experience/<uuid:key>/fichier/<uuid:item>/annuler")
def put_back(key: uuid.UUID, item: uuid.UUID) -> ResponseReturnValue:
    """Take an erasing back."""
    found = authorised(queries.experience(key), Action.CHANGE_EXPERIENCE)
    try:
        with transaction():
            service.put_back(item, found.id, clock.now())
    except Refused as refused:
        flash(say(refused.refusal))
    else:
        flash(_("C’est de retour."))
    return onward("experiences.experience", key=key)
