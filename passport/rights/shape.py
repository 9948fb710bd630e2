"""Holding a value against the part of JSON Schema in which our own schema is written."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict), "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str), "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool), "null": lambda v: v is None,
}
FORMATS: Mapping[str, Callable[[str], object]] = {
    "uuid": uuid.UUID, "date": dt.date.fromisoformat, "date-time": dt.datetime.fromisoformat,
}
KNOWN = frozenset(("$schema", "title", "type", "properties", "required", "items", "const", "maxLength", "format"))


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Say whether a value is as the schema says; names that it does not know are let be."""
    if "const" in schema:
        return bool(value == schema["const"])
    kinds = schema.get("type", ())
    if kinds and not any(TYPES[kind](value) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    if isinstance(value, str):
        return len(value) <= schema.get("maxLength", len(value)) and _is(value, schema.get("format"))
    if isinstance(value, list) and "items" in schema:
        return all(fits(one, schema["items"]) for one in value)
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        return set(schema.get("required", ())) <= value.keys() and all(
            fits(value[name], inner[name]) for name in inner.keys() & value.keys())
    return True


def _is(value: str, name: str | None) -> bool:
    if name is None:
        return True
    try:
        FORMATS[name](value)
    except ValueError:
        return False
    return True
