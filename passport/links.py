"""Whole addresses of pages, as they stand in QR codes and messages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app


def host() -> str:
    """Return the city's host, as it is written on paper and beside what was checked."""
    return urlsplit(str(current_app.config["PUBLIC_URL"])).netloc


def public_url(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page under the city's own host, whatever Host header came in, or none at all."""
    base = str(current_app.config["PUBLIC_URL"]).rstrip("/")
    return base + current_app.url_map.bind(urlsplit(base).netloc).build(endpoint, values)
