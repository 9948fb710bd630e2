"""Reading answers as a person does: words with plain spaces, forms with what stands in them."""

from __future__ import annotations

import html
import io
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from passport import clock
from passport.extensions import db

if TYPE_CHECKING:
    from .cast import Cast


def words(answer: TestResponse | str) -> str:
    """Return the text of a page with every kind of space as one plain space."""
    body = answer if isinstance(answer, str) else answer.get_data(as_text=True)
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", body, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u2011", "-").split())


def pictures_on(reader: Reader, answer: TestResponse) -> list[tuple[tuple[int, int] | None, tuple[int, int]]]:
    """Return of each picture on a page how large the page says it is, and how large it comes."""
    found = []
    for image in re.findall(r"<img\b[^>]*>", answer.get_data(as_text=True)):
        held = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', image)}
        said = (int(held["width"]), int(held["height"])) if "width" in held or "height" in held else None
        with Image.open(io.BytesIO(reader.get(held["src"]).get_data())) as picture:
            found.append((said, picture.size))
    return found


def fields(answer: TestResponse, action: str | None = None) -> dict[str, Any]:
    """Return what the form of this page (the first POST form, or the one with this action) holds."""
    body = answer.get_data(as_text=True)
    for form in re.findall(r"<form\b[^>]*>.*?</form>", body, flags=re.S):
        head = form[: form.index(">") + 1]
        if 'method="post"' not in head.lower():
            continue
        if action is not None and f'action="{html.escape(action)}"' not in head:
            continue
        own = re.search(r'\bid="([^"]+)"', head)
        outside = re.findall(rf'<input\b[^>]*\bform="{own[1]}"[^>]*>', body) if own else []
        return _fields(form + "".join(outside))
    raise AssertionError(f"no form {action or ''} in: {words(answer)[:300]}")


def _fields(form: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        name, kind = attributes.get("name"), attributes.get("type", "text")
        if not name or kind in {"submit", "button"}:
            continue
        if kind in {"radio", "checkbox"} and not re.search(r"\bchecked\b", tag):
            continue
        value = html.unescape(attributes.get("value", "on" if kind == "checkbox" else ""))
        found[name] = [*found[name], value] if isinstance(found.get(name), list) else (
            [found[name], value] if name in found else value)
    for attributes_text, value in re.findall(r"<textarea\b([^>]*)>(.*?)</textarea>", form, flags=re.S):
        name = re.search(r'name="([^"]*)"', attributes_text)
        if name:
            found[name[1]] = html.unescape(value).removeprefix("\r").removeprefix("\n")
    for attributes_text, body in re.findall(r"<select\b([^>]*)>(.*?)</select>", form, flags=re.S):
        name = re.search(r'name="([^"]*)"', attributes_text)
        chosen = re.search(r'<option[^>]*\bselected\b[^>]*value="([^"]*)"|<option[^>]*value="([^"]*)"[^>]*\bselected\b', body)
        if name:
            found[name[1]] = html.unescape(next((g for g in chosen.groups() if g is not None), "")) if chosen else ""
    return found


class Reader:
    """One person's browser: signs in directly, opens pages, fills forms, follows the way on.

    With `shown`, whoever must show a second factor has just done so, for 30 days; without, the session is a new one.
    """

    def __init__(self, app: Flask, cast: Cast, name: str | None, shown: bool = True) -> None:
        self.app, self.client = app, app.test_client()
        if name is not None:
            with app.app_context():
                from passport.accounts.rules import LONG_SESSION, Device
                from passport.accounts.service import open_session, renew_session
                from passport.seal import digest_of
                from passport.transaction import transaction

                with transaction():
                    token = open_session(cast.ids[name], Device.OWN, now=clock.now(), staff=False)
                    if shown:
                        token = renew_session(digest_of(token), clock.now(), factor_until=clock.now() + LONG_SESSION)
                db.session.remove()
            with self.client.session_transaction() as session:
                session["_user_id"] = token
                session["_fresh"] = True

    def get(self, address: str, **kwargs: Any) -> TestResponse:
        """Open an address."""
        return self.client.get(address, **kwargs)

    def post(self, address: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form as it is given."""
        return self.client.post(address, data=data or {}, **kwargs)

    def fill(self, address: str, /, action: str | None = None, **values: Any) -> TestResponse:
        """Open a page, fill its form with these values over what stands there, and send it."""
        page = self.get(address)
        assert page.status_code == 200, f"{address}: {page.status_code} {words(page)[:200]}"
        data = {**fields(page, action), **values}
        return self.post(action or address, {k: v for k, v in data.items() if v is not None})

    def follow(self, answer: TestResponse) -> TestResponse:
        """Open where a 303 leads."""
        assert answer.status_code == 303, f"{answer.status_code}: {words(answer)[:400]}"
        return self.get(answer.headers["Location"])


def way(answer: TestResponse) -> str:
    """Return the path a 303 leads to."""
    return urlsplit(answer.headers["Location"]).path


def new() -> str:
    """Return a submission number."""
    return str(uuid.uuid4())
