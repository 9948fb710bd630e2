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
    return dt.timedelta(days=int(str(_periods()[kind]["days"])))
