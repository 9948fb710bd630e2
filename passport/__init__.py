"""The learner passport: create_app() reads like a table of contents."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, abort, g, has_request_context, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from . import clock, columns, compression, durable, errors, headers, limits, links, schema, writing  # noqa: F401 - limits registers its storage
from .extensions import babel, csrf, db, limiter, login_manager, migrate
from .policy import Action
from .uploads import PassportRequest
from .web import LANGUAGES, comes_from_here, is_cookieless, standing_on

ROOT = Path(__file__).resolve().parent.parent


def create_app(config: dict[str, Any]) -> Flask:
    """Return the application of one city, from its settings (`config.settings()`)."""
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(config.get("INSTANCE", ROOT / "instance")),
    )
    app.config.update(config)
    app.request_class = PassportRequest
    if app.config.get("TRUSTED_PROXIES"):
        count = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    compression.install(app, is_cookieless)
    errors.install(app)
    headers.install(app)
    schema.install(app)
    guard(app)
    start_extensions(app)
    open_rooms(app)
    furnish_templates(app)
    return app


def start_extensions(app: Flask) -> None:
    """Bind the extensions to this application."""
    Path(app.instance_path).mkdir(parents=True, exist_ok=True, mode=0o700)
    db.init_app(app)
    import_models()
    columns.add_length_checks(db.metadata)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    with app.app_context():
        durable.prepare(app, db.engine)
    limiter.init_app(app)
    csrf.init_app(app)
    babel.init_app(app, locale_selector=choose_language)
    login_manager.init_app(app, add_context_processor=False)
    login_manager.session_protection = None

    from .accounts.queries import signed_in
    from .seal import digest_of

    @login_manager.user_loader
    def load(token: str) -> Any:
        who = signed_in(token, digest_of(token), clock.now())
        if who is None:
            # What the ended session left in the cookie is not for whoever comes next on this device; its number, which
            # opens nothing any more, says whose text still arrives from an open page (accounts/unsent.py).
            kept = {name: session[name] for name in ("language", "known") if name in session}
            session.clear()
            session.update({"ended": token, **kept})
            if "known" in kept:
                session.permanent = True
        return who


def import_models() -> None:
    """Make every table known."""
    from .accounts import factor_models  # noqa: F401
    from .accounts import models as accounts  # noqa: F401
    from .audit import models as audit  # noqa: F401
    from .card import models as card  # noqa: F401
    from .credentials import models as credentials  # noqa: F401
    from .experiences import models as experiences  # noqa: F401
    from .feedback import models as feedback  # noqa: F401
    from .frameworks import models as frameworks  # noqa: F401
    from .notices import models as notices  # noqa: F401
    from .organisations import models as organisations  # noqa: F401
    from .protection import models as protection  # noqa: F401
    from .recognition import models as recognition  # noqa: F401
    from .rights import models as rights  # noqa: F401
    from .safety import models as safety  # noqa: F401
    from .sharing import models as sharing  # noqa: F401
    from .witnesses import models as witnesses  # noqa: F401


def choose_language() -> str:
    """Return the language of this answer: the address, the account, the session, then the browser."""
    if not has_request_context():
        return "fr"
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        return asked
    if not g.get("without_database") and not is_cookieless():
        if current_user.is_authenticated:
            return str(current_user.language)
        if session.get("language") in LANGUAGES:
            return str(session["language"])
    return request.accept_languages.best_match(LANGUAGES) or "fr"


def guard(app: Flask) -> None:
    """Close every view that is not marked public, and refuse what comes from another site.

    This stands before the extensions: whoever is signed out is led to sign in, not told that a token is too old.
    """
    from .accounts import unsent
    from .accounts.factor_routes import first_step
    from .accounts.routes import session_ended

    @app.before_request
    def same_origin() -> None:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return
        ours = frozenset((request.host_url.rstrip("/"), app.config["PUBLIC_URL"].rstrip("/")))
        if not comes_from_here(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), ours):
            abort(400)

    @app.before_request
    def signed_in_only() -> ResponseReturnValue | None:
        view = app.view_functions.get(request.endpoint or "")
        if view is None or request.endpoint == "static" or getattr(view, "is_public", False):
            return None
        if current_user.is_authenticated:
            return first_step(view)
        by_htmx = request.headers.get("HX-Request") == "true"
        carried = unsent.carry() if request.method == "POST" else None
        if carried and by_htmx:
            return "", 204, {"HX-Trigger": "session-ended"}  # the page sends the same form again, not by htmx
        if carried:
            return session_ended(carried)
        address = url_for("accounts.sign_in", next=standing_on())
        if by_htmx:
            return "", 204, {"HX-Redirect": address}
        return redirect(address, 303)

    @app.after_request
    def asked_the_policy(response: Any) -> Any:
        view = app.view_functions.get(request.endpoint or "")
        open_view = view is None or request.endpoint == "static" or getattr(view, "is_public", False)
        if not open_view and response.status_code < 300 and current_user.is_authenticated and not g.get("authorised"):
            raise RuntimeError(f"{request.endpoint} answered without asking the policy")
        return response


def open_rooms(app: Flask) -> None:
    """Open the rooms' pages and commands."""
    from . import commands, commitments, health, landing, legal, offline
    from .accounts import routes as accounts
    from .card import routes as card
    from .city import routes as city
    from .credentials import foreign_routes as received
    from .credentials import own_routes as attestations
    from .credentials import routes as credentials
    from .credentials import verify
    from .experiences import learning_routes as learning
    from .experiences import routes as experiences
    from .feedback import routes as feedback
    from .frameworks import routes as frameworks
    from .organisations import routes as organisations
    from .parents import routes as parents
    from .protection import routes as protection
    from .recognition import routes as recognition
    from .rights import erasing_routes as erasing
    from .rights import routes as rights
    from .safety import routes as safety
    from .sharing import routes as sharing
    from .witnesses import routes as witnesses

    for room in (accounts, organisations, frameworks, experiences, learning, feedback, witnesses, recognition, credentials, attestations, verify, received, sharing, card,
                 parents, protection, safety, city, rights, erasing, landing, commitments, legal, health, offline):
        for blueprint in room.BLUEPRINTS:
            app.register_blueprint(blueprint)
    offline.install(app)
    if app.config["DEMO"]:
        from .demo.routes import styleguide

        app.register_blueprint(styleguide)
    commands.install(app)


def furnish_templates(app: Flask) -> None:
    """Give templates what every page needs; a name that is not defined fails."""
    import jinja2

    from . import drawings
    from .accounts.help_numbers import help_numbers
    from .commitments import accessibility_words
    from .feedback.counts import Counts
    from .offline import is_own
    from .organisations.words import day_words
    from .web import may, part
    from .wording import direction, elided, first_name, version_words

    env = app.jinja_env
    env.undefined = jinja2.StrictUndefined
    env.bytecode_cache = app.config.get("TEMPLATE_CACHE")
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(elided=elided, first_name=first_name, day_words=day_words)
    env.globals.update(
        asset=asset, may=may, part=part, Action=Action, card_ground=drawings.card_ground, direction=direction,
        setting_picture=drawings.setting, accessibility_words=accessibility_words, version_words=version_words,
        help_numbers=help_numbers,
    )
    env.globals["ui"] = env.get_template("components/ui.html").module

    @app.context_processor
    def every_page() -> dict[str, Any]:
        down = g.get("without_database", False)
        without = down or is_cookieless()
        me = current_user if not without and current_user.is_authenticated else None
        return {
            "me": me,
            "own": me is not None and is_own(),
            "locale": str(get_locale()) if not down else choose_language(),
            "city": app.config["CITY"],
            "demo": app.config["DEMO"],
            "counts": Counts(me.actor if me else None, clock.now()),
            "cookieless": without,
            "today": clock.today(),
            "writes": writing.is_possible(),
            # A page without account says by itself when and where it was read.
            "printed_on": "" if without else day_words(clock.today()),
            "city_host": links.host(),
        }


@lru_cache(maxsize=32)
def _version(path: str, _mtime: float) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Return the address of a static file with the hash of its bytes, so that it can be kept for ever."""
    path = ROOT / "static" / name
    return f"/static/{name}?v={_version(str(path), path.stat().st_mtime)}"

