"""Slowing down whoever guesses joining codes: wrong ones are counted for each account and each address."""

from __future__ import annotations

import math
import time
import uuid

from .. import limits

WRONG_PER_ACCOUNT, ACCOUNT_WINDOW = 10, 15 * 60
# A whole class behind one address types the same code: many more than one person.
WRONG_PER_ADDRESS, ADDRESS_WINDOW = 100, ACCOUNT_WINDOW


def seconds_to_wait(account_id: uuid.UUID, address: str) -> int:
    """Return the seconds during which no code is looked at for this account or address, or 0."""
    left = 0
    for key, most in ((_account(account_id), WRONG_PER_ACCOUNT), (_address(address), WRONG_PER_ADDRESS)):
        wrong, until = limits.state(key, ACCOUNT_WINDOW)
        if wrong >= most:
            left = max(left, math.ceil(until - time.time()), 1)
    return left


def note_wrong(account_id: uuid.UUID, address: str) -> None:
    """Count a wrong code; whoever calls this holds no transaction, because the counters have their own."""
    limits.hit(_account(account_id), ACCOUNT_WINDOW)
    limits.hit(_address(address), ADDRESS_WINDOW)


def _account(account_id: uuid.UUID) -> str:
    return f"join code account:{account_id}"


def _address(address: str) -> str:
    return f"join code address:{address}"
