"""Who reads to protect, on plain values."""

from __future__ import annotations

import uuid

from passport.protection import rules

LEAD, SECOND, AGENT, AUTHOR = (uuid.UUID(int=n) for n in range(1, 5))


def test_the_two_named_read_and_the_pool_does_not() -> None:
    assert rules.readers({LEAD, SECOND}, {AGENT}, {AUTHOR}) == {LEAD, SECOND}


def test_the_pool_reads_where_one_is_missing() -> None:
    assert rules.readers({LEAD}, {AGENT}, {AUTHOR}) == {LEAD, AGENT}
    assert rules.readers(set(), {AGENT}, set()) == {AGENT}


def test_the_author_and_whoever_is_set_aside_never_read() -> None:
    assert rules.readers({LEAD, SECOND}, {AGENT}, {LEAD}) == {SECOND, AGENT}
    assert rules.readers({LEAD, AGENT}, {AGENT}, {AGENT}) == {LEAD}


def test_a_name_is_told_when_it_is_known_already() -> None:
    assert rules.knows_name(True, False)
    assert rules.knows_name(False, True)
    assert not rules.knows_name(False, False)
