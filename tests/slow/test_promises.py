"""A promise that is not kept is noticed: with its rule turned round, the test that keeps it goes red."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutation import Runner

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Kept:
    """One test that keeps a promise: its address for pytest, the promise, its rule and how that is broken, its words."""

    test: str
    promise: str
    rule: str
    how: str
    words: str


def kept() -> Iterator[Kept]:
    """Return every test that says which promise it keeps."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        source = file.read_text()
        if "mark.promise(" not in source:
            continue
        tree = ast.parse(source)
        places = [(node, "") for node in tree.body] + [
            (node, f"{one.name}::") for one in tree.body if isinstance(one, ast.ClassDef) for node in one.body]
        for node, within in places:
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.promise":
                    promise, rule, how = (*(ast.literal_eval(argument) for argument in mark.args), "opposite")[:3]
                    yield Kept(f"{file.relative_to(ROOT)}::{within}{node.name}", promise, rule, how,
                               ast.get_docstring(node) or "")


KEPT = list(kept())


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """What runs tests with a rule changed."""
    made = Runner()
    yield made
    made.close()


@pytest.mark.parametrize("one", KEPT, ids=lambda one: f"{one.promise}-{one.rule}")
def test_a_broken_promise_is_noticed(runner: Runner, one: Kept) -> None:
    assert one.words, f"{one.test} keeps a promise and does not say which"
    code, said = runner.run(one.test, rule=one.rule, how=one.how)
    assert code == 1, f"{one.test} stays green when {one.rule} is {one.how}:\n{said}"
    assert " failed" in said, said
    assert " error" not in said.rstrip().splitlines()[-1], said
