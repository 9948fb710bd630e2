"""A rule that says nothing is noticed: with any one of them replaced by `return None`, a test of the rules fails."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.mutation import Runner

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(p.parent.name for p in (ROOT / "passport").glob("*/rules.py"))
RULES = [
    f"passport.{room}.rules:{name}"
    for room in ROOMS
    for name, function in inspect.getmembers(import_module(f"passport.{room}.rules"), inspect.isfunction)
    if function.__module__ == f"passport.{room}.rules" and name.startswith("refusal_")
] + [f"passport.credentials.rules:{name}" for name in ("is_trusted", "is_begun", "is_over")]
LONG = {"test_proofs", "test_charter_machine"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """What runs tests with a rule changed."""
    made = Runner()
    yield made
    made.close()


def test_the_rules_hold_as_they_are(runner: Runner) -> None:
    code, said = runner.run("tests/rules")
    assert code == 0, said


def test_every_room_with_rules_is_tried() -> None:
    assert len(RULES) >= 20


def nearest(rule: str) -> list[list[str]]:
    """Return the files of tests of the rules, to be tried one lot after the other: that of the rule's room, those that
    name the room, all the others; in each, those that take seconds last."""
    room = rule.split(".")[1]
    lots: list[list[str]] = [[], [], []]
    for file in sorted((ROOT / "tests/rules").glob("test_*.py"), key=lambda f: (f.stem in LONG, f.stem)):
        lots[0 if file.stem == f"test_{room}" else 1 if f"passport.{room}" in file.read_text() else 2].append(str(file))
    return [lot for lot in lots if lot]


@pytest.mark.parametrize("rule", RULES)
def test_a_silent_rule_is_noticed(runner: Runner, rule: str) -> None:
    for lot in nearest(rule):
        code, said = runner.run(*lot, rule=rule, how="silent")
        if code:
            break
    assert code == 1, f"nobody noticed that {rule} says nothing:\n{said}"
