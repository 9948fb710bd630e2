"""How long each kind of row is kept, as `retention.toml` says."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def _periods() -> dict[str, dict[str, object]]:
    return tomllib.loads((Path(__file__).parent / "retention.toml").read_text(encoding="utf-8"))


def kept(kind: str) -> dt.timedelta:
    """Return how long rows of this kind are kept after their end."""
    return dt.timedelta(days=days(kind))


def days(kind: str) -> int:
    """Return for how many days rows of this kind are kept after their end; 0 when only an event ends them."""
    return int(str(_periods()[kind]["days"]))


def until(kind: str) -> str:
    """Return until when rows of this kind are kept, in one sentence; nothing for a kind that the file does not know."""
    return str(_periods().get(kind, {}).get("until", ""))
