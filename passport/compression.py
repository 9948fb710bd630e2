"""HTML leaves compressed, without telling by its length what it holds (BREACH)."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect, generate_csrf, validate_csrf
from wtforms.validators import ValidationError

# What an address may hold for its page to be compressed: too little to guess with.
HARMLESS = re.compile(rb"(?:lang=(?:fr|en)|competency=\d{1,3})?")
# A part of a rule that takes any words: `<token>`, `<string:name>` or `<path:name>`, not `<uuid:key>` or `<any(…):kind>`.
FREE = re.compile(r"<(?:(?:string|path)\b[^:>]*:)?\w+>")
compress = Compress()


def _mixed(token: bytes, mask: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(token, mask, strict=True))


def masked_token() -> str:
    """Return the session's token as no other answer writes it, and everywhere alike in this one."""
    token: str = generate_csrf()
    known = g.get("masked_token")
    if known is None or known[0] != token:
        mask = secrets.token_bytes(len(token))
        known = g.masked_token = (token, base64.urlsafe_b64encode(mask + _mixed(token.encode(), mask)).decode())
    written: str = known[1]
    return written


def unmasked(written: str | None) -> str | None:
    """Return the token that was masked, or None for what is no masked token."""
    try:
        both = base64.urlsafe_b64decode((written or "").encode())
        half = len(both) // 2
        return _mixed(both[:half], both[half:]).decode() or None
    except (binascii.Error, ValueError):
        return None


def is_token_of(token: str | None, key: str) -> bool:
    """Say whether this is the session's token, signed under this key."""
    try:
        validate_csrf(token, secret_key=key)
    except ValidationError:
        return False
    return True


class MaskedCSRF(CSRFProtect):
    """Flask-WTF's protection, with a token that is written anew in each answer."""

    def init_app(self, app: Flask) -> None:
        """Put the masked token into the templates."""
        super().init_app(app)
        app.jinja_env.globals["csrf_token"] = masked_token
        app.context_processor(lambda: {"csrf_token": masked_token})

    def _error_response(self, reason: str) -> None:
        """Refuse a token, but one under an older key of the city while that is listed: a form that is open goes on serving."""
        older: list[str] = current_app.config.get("SECRET_KEY_FALLBACKS") or []
        if not any(is_token_of(self._get_csrf_token(), key) for key in older):
            super()._error_response(reason)

    def _get_csrf_token(self) -> str | None:
        return unmasked(super()._get_csrf_token())


def has_free_words(cookieless: bool) -> bool:
    """Say whether the path may hold what somebody else wrote.

    The token of a page without cookie does not count: whoever does not know it finds nothing on that page to guess.
    """
    rule = request.url_rule
    return rule is None or (FREE.search(rule.rule) is not None and not cookieless)


def compress_answer(response: Response, cookieless: bool) -> Response:
    """Return the answer compressed, unless it may repeat what somebody else wrote into the address or a form.

    Beside such words the length of a compressed page would tell, guess by guess, what else is on it.
    """
    if request.method != "GET" or not HARMLESS.fullmatch(request.query_string) or has_free_words(cookieless):
        return response
    answer: Any = compress.after_request(response)
    return answer  # type: ignore[no-any-return]


def install(app: Flask, is_cookieless: Callable[[], bool]) -> None:
    """Compress the answers of this application: by Brotli, else gzip, as light as is still quick."""
    app.config.update(COMPRESS_REGISTER=False, COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_BR_LEVEL=5,
                      COMPRESS_MIMETYPES=["text/html", "text/javascript"], COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False)
    compress.init_app(app)
    app.after_request(lambda response: compress_answer(response, is_cookieless()))
