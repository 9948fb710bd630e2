"""What was received elsewhere, on pure rules: how much of it is kept, and which new look counts."""

from __future__ import annotations

import pytest

from passport.credentials import rules
from passport.refusals import Refusal


@pytest.mark.parametrize(("count", "refusal"), [(0, None), (49, None), (50, Refusal.RECEIVED_MANY), (51, Refusal.RECEIVED_MANY)])
def test_fifty_are_kept(count: int, refusal: Refusal | None) -> None:
    assert rules.refusal_to_receive(count) is refusal


@pytest.mark.parametrize(("before", "now", "less"), [
    ((True, True), (True, True), False),
    ((None, None), (True, True), False),
    ((None, None), (None, None), False),
    ((True, True), (None, None), True),  # nobody answered: what was known stays, with its date
    ((True, True), (True, None), True),
    ((False, None), (None, None), True),
    ((True, True), (False, None), False),  # a plain no is news, whatever else is not known
    ((True, True), (None, False), False),
    ((True, None), (True, True), False),
])
def test_a_look_that_tells_less_changes_nothing(
    before: tuple[bool | None, bool | None], now: tuple[bool | None, bool | None], less: bool,
) -> None:
    assert rules.is_less_known(before, now) is less
