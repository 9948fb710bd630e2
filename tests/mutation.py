"""A pytest plugin (`-p tests.mutation`) that makes one rule say nothing, before any test is collected.

RULE=passport.recognition.rules:refusal_to_keep names the function that returns None instead.
"""

from __future__ import annotations

import os
from importlib import import_module


def pytest_configure() -> None:
    """Silence the rule that RULE names."""
    name = os.environ.get("RULE")
    if name:
        module, function = name.split(":")
        setattr(import_module(module), function, lambda *_args, **_kwargs: None)
