"""What holds of a signed credential: which signature counts, from when to when, whether a name may stand in it."""

from __future__ import annotations

import datetime as dt

import pytest

from passport.credentials import rules
from passport.credentials.rules import SKEW, KeyPeriod
from passport.refusals import Refusal

AT = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)


def test_a_name_is_written_into_what_is_permitted_only() -> None:
    assert rules.refusal_to_name(True) is None
    assert rules.refusal_to_name(False) is Refusal.NOT_PERMITTED


@pytest.mark.parametrize(("until", "signed", "counts"), [
    (None, AT, True), (None, AT + 900 * DAY, True), (None, None, False),
    (None, AT - SKEW, True), (None, AT - SKEW - SECOND, False),
    (AT + DAY, AT + DAY + SKEW, True), (AT + DAY, AT + DAY + SKEW + SECOND, False),
])
def test_a_signature_counts_while_its_key_signed(until: dt.datetime | None, signed: dt.datetime | None, counts: bool) -> None:
    key = KeyPeriod(AT, until, None)
    assert rules.is_trusted(key, signed, is_kept=False) is counts
    assert rules.is_trusted(key, signed, is_kept=True) is counts


@pytest.mark.parametrize(("signed", "kept", "counts"), [
    (AT + DAY, True, True), (AT + DAY, False, False),
    (AT + 2 * DAY - SECOND, True, True), (AT + 2 * DAY, True, False), (AT + 3 * DAY, True, False),
    (AT + 3 * DAY, False, False), (None, True, False),
])
def test_of_a_compromised_key_only_what_we_kept_from_before_counts(signed: dt.datetime | None, kept: bool,
                                                                   counts: bool) -> None:
    """Whoever has it writes any time they like."""
    assert rules.is_trusted(KeyPeriod(AT, AT + 4 * DAY, AT + 2 * DAY), signed, kept) is counts


def test_a_credential_counts_from_its_beginning_to_its_end() -> None:
    assert rules.is_begun(None, AT) is True
    assert rules.is_begun(AT + SKEW, AT) is True
    assert rules.is_begun(AT + SKEW + SECOND, AT) is False
    assert rules.is_over(None, AT) is False
    assert rules.is_over(AT - SKEW, AT) is False
    assert rules.is_over(AT - SKEW - SECOND, AT) is True
