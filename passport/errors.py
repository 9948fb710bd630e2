"""Every fault as a page a person understands, or as a fragment, with the number of the request."""

from __future__ import annotations

import logging
import secrets
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, abort, g, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from . import schema, writing
from .accounts import unsent
from .accounts.unsent import Carried
from .extensions import db
from .refusals import Refusal, Refused
from .transaction import let_go
from .web import Forbidden, is_cookieless, wants_fragment
from .wording import say

log = logging.getLogger("passport")
RETRY = "60"
DOORS = frozenset({"reader", "guardian", "witness", "sheet"})


def texts(status: int) -> tuple[str, str, str]:
    """Return title, what happened and what to do for one status, in the reader's language."""
    known = {
        400: (_("Cette demande n’est pas claire"), _("Le formulaire est arrivé incomplet."),
              _("Revenir en arrière, recharger la page, puis recommencer.")),
        403: (_("Ceci ne se fait pas ici"), "", _("Revenir à la page d’avant.")),
        404: (_("Cette page n’existe pas"), _("Elle a peut-être été effacée, ou l’adresse est mal recopiée."),
              _("Vérifier l’adresse, ou revenir à l’accueil.")),
        405: (_("Ceci ne s’ouvre pas comme une page"), _("Il faut passer par son bouton."),
              _("Revenir à la page d’avant.")),
        409: (_("Déjà envoyé avec un autre texte"), _("Rien n’a été changé."),
              _("Ouvrir la page, comparer, puis recommencer.")),
        410: (_("C’est fermé"), "", _("Revenir à l’accueil.")),
        413: (_("C’est trop gros"), _("Le texte ou le fichier envoyé est trop grand."),
              _("Raccourcir, puis recommencer.")),
        429: (_("Un peu trop vite"), _("Beaucoup d’essais d’affilée."), _("Attendre un peu, puis recommencer.")),
        503: (_("Une petite pause"), _("Le passeport ne répond pas pour l’instant. Rien n’est perdu."),
              _("Réessayer dans une minute.")),
    }
    other = (_("Quelque chose s’est mal passé"), _("Ce n’est pas votre faute. Rien n’est perdu de ce qui était gardé."),
             _("Revenir en arrière, puis réessayer. Si cela continue, donner le numéro ci-dessous à l’Aide."))
    return known.get(status, other)


def answer(
    status: int, words: str | None = None, todo: str | None = None, title: str | None = None, again: Carried | None = None
) -> Response:
    """Return the page (or fragment) of one fault; `again` is a form that it keeps, to be sent once more."""
    usual_title, usual, usual_todo = texts(status)
    template = "errors/fragment.html" if wants_fragment() else "errors/page.html"
    html = render_template(template, title=title or usual_title, words=words or usual, todo=todo or usual_todo,
                           request_id=g.get("request_id", ""), status=status, again=again, keyed=not is_cookieless())
    response = make_response(html, status)
    if status == 503:
        response.headers["Retry-After"] = RETRY
    return response


def not_kept() -> Response:
    """Return the page of what could not be written: it says so, and holds what was typed, to be sent once more."""
    words, todo, again = _("Rien ne peut être enregistré pour le moment."), None, None
    if request.endpoint == "accounts.sign_in":
        words += " " + _("On ne peut donc pas se connecter. Ce qui était déjà enregistré reste.")
    elif request.endpoint == "accounts.sign_out":
        session.clear()
        words = _("Le passeport est refermé sur cet appareil.")
        todo = _("Sur un appareil partagé, fermer aussi le navigateur.")
    elif request.blueprint not in unsent.OF_THE_ACCOUNT:
        again = _sent()
        words += " " + (_("Ce qui est écrit est gardé ici.") if again else _("Ce qui était déjà enregistré reste."))
    return answer(503, words, todo, again=again)


def _sent() -> Carried | None:
    """Return the form that has just come, when it can be read and holds something."""
    try:
        fields = tuple((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
        if not unsent.may_be_kept():
            return None
    except (HTTPException, OSError):
        return None
    return Carried(request.path, fields) if any(name not in unsent.WITHOUT_WORDS for name, _value in fields) else None


def line(kind: str) -> str:
    """Return what is logged of a fault: the number that its page shows, and which page it was; nothing that anybody wrote."""
    return f"fault, request {g.get('request_id', '')}, {request.method} {request.endpoint}: {kind}"


def install(app: Flask) -> None:
    """Give each request its number, and each fault its page."""

    def _log_exception(exc_info: Any) -> None:
        # Flask's own line would hold the address, and with it the token of a link.
        log.error(line(getattr(exc_info[0], "__name__", "")), exc_info=exc_info if app.debug or app.testing else None)

    app.log_exception = _log_exception  # type: ignore[method-assign]

    @app.before_request
    def _number() -> None:
        g.request_id = secrets.token_hex(6)
        # Nothing is named by this sign, and PostgreSQL takes no text with it. A door says so in its own words.
        if b"%00" in request.query_string or ("\0" in request.path and request.blueprint not in DOORS):
            abort(404)

    @app.errorhandler(Forbidden)
    def _forbidden(fault: Forbidden) -> ResponseReturnValue:
        db.session.rollback()
        if fault.refusal is Refusal.UNDER_15 and not wants_fragment():
            return make_response(render_template("sharing/with_parent.html", draft={}), 403)
        return answer(403, say(fault.refusal))

    @app.errorhandler(Refused)
    def _refused(fault: Refused) -> ResponseReturnValue:
        db.session.rollback()
        return answer(409, say(fault.refusal))

    @app.errorhandler(StaleDataError)
    def _stale(_fault: StaleDataError) -> ResponseReturnValue:
        db.session.rollback()
        return answer(409, say(Refusal.CHANGED_MEANWHILE))

    @app.errorhandler(CSRFError)
    def _csrf(_fault: CSRFError) -> ResponseReturnValue:
        return answer(400, _("La page était trop ancienne, ou ouverte avant de se connecter."),
                      _("Revenir en arrière, recharger la page : le texte est encore dans le champ."))

    @app.errorhandler(schema.Strange)
    def _strange(fault: schema.Strange) -> ResponseReturnValue:
        log.error("%s", fault)
        g.without_database = True
        return answer(503)

    @app.errorhandler(OSError)
    @app.errorhandler(sa.exc.SQLAlchemyError)
    def _database(fault: OSError | sa.exc.SQLAlchemyError) -> ResponseReturnValue:
        if not writing.is_away(fault):
            return _fault(fault)
        refused = writing.is_refused(fault)
        log.error("%s, request %s: %s", "nothing can be written" if refused else "database unreachable",
                  g.get("request_id", ""), type(getattr(fault, "orig", fault)).__name__)
        let_go()
        if refused:
            writing.note(refused=True)
        g.without_database = True
        return not_kept() if request.method == "POST" else answer(503)

    @app.errorhandler(HTTPException)
    def _http(fault: HTTPException) -> ResponseReturnValue:
        if fault.response is not None:
            return fault.response
        status = fault.code or 500
        if 300 <= status < 400:
            return fault
        response = answer(status)
        for name, value in fault.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def _fault(fault: Exception) -> ResponseReturnValue:
        log.error(line(type(fault).__name__), exc_info=app.debug or app.testing)
        let_go()
        if app.config.get("PROPAGATE_FAULTS"):
            raise fault
        g.without_database = True
        return answer(500)
