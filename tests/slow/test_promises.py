"""A promise that is not kept is noticed: with its rule turned round, the test that keeps it goes red."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.mutation import Runner
from tools.promises import Kept, kept

pytestmark = pytest.mark.slow

KEPT = list(kept())


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """What runs tests with a rule changed."""
    made = Runner()
    yield made
    made.close()


@pytest.mark.parametrize("one", KEPT, ids=lambda one: f"{one.promise}-{one.rule}")
def test_a_broken_promise_is_noticed(runner: Runner, one: Kept, record_property: Callable[[str, Any], None]) -> None:
    record_property("turned", f"{one.test} {one.promise} {one.rule}")
    assert one.words, f"{one.test} keeps a promise and does not say which"
    code, said = runner.run(one.test, rule=one.rule, how=one.how)
    assert code == 1, f"{one.test} stays green when {one.rule} is {one.how}:\n{said}"
    assert " failed" in said, said
    assert " error" not in said.rstrip().splitlines()[-1], said
