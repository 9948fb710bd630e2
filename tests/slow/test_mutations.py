"""A rule that says nothing is noticed: with any one of them replaced by `return None`, a test of the rules fails."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(p.parent.name for p in (ROOT / "passport").glob("*/rules.py"))
RULES = [
    f"passport.{room}.rules:{name}"
    for room in ROOMS
    for name, function in inspect.getmembers(import_module(f"passport.{room}.rules"), inspect.isfunction)
    if function.__module__ == f"passport.{room}.rules" and name.startswith("refusal_")
] + [f"passport.credentials.rules:{name}" for name in ("is_trusted", "is_begun", "is_over")]

pytestmark = pytest.mark.slow


def run(rule: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the rules with one rule silenced (none when empty): those of its room, then all of them."""
    own = f"tests/rules/test_{rule.split('.')[1]}.py" if rule else ""
    if own and (ROOT / own).exists():
        answer = run_tests(own, rule)
        if answer.returncode:
            return answer
    return run_tests("tests/rules", rule)


def run_tests(where: str, rule: str) -> subprocess.CompletedProcess[str]:
    """Run some tests with one rule silenced."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", where, "-x", "-q", "-p", "tests.mutation", "-p", "no:cacheprovider",
         "-p", "no:randomly"],
        cwd=ROOT, env={**os.environ, "RULE": rule, "PASSPORT_NO_SKIP": ""}, capture_output=True, text=True, timeout=300,
    )


def test_the_rules_hold_as_they_are() -> None:
    answer = run("")
    assert answer.returncode == 0, answer.stdout[-2000:]


def test_every_room_with_rules_is_tried() -> None:
    assert len(RULES) >= 20


@pytest.mark.parametrize("rule", RULES)
def test_a_silent_rule_is_noticed(rule: str) -> None:
    answer = run(rule)
    assert answer.returncode == 1, f"nobody noticed that {rule} says nothing:\n{answer.stdout[-1500:]}"
