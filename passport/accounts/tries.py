"""Slowing down whoever guesses: one account at a time, and one address at a time; never for ever."""

from __future__ import annotations

import math
import time

from .. import limits
from . import rules

DAY = 24 * 3600
WRONG_PER_ADDRESS = 100
WRONG_WINDOW = 600
SIGN_UPS_PER_ADDRESS = 60
SIGN_UPS_WINDOW = 3600


def _left(key: str, longest: int) -> int:
    hits, until = limits.state(key, longest)
    return max(1, math.ceil(until - time.time())) if hits else 0


def seconds_to_wait(name: str) -> int:
    """Count one more try on this sign-in name and return 0, or the seconds during which none is looked at.

    The try is counted before the passphrase is checked, so that many at once are all counted; the same for names
    that exist and names that do not. Whoever calls this holds no transaction: the counters have their own.
    """
    waits = f"sign-in wait:{name}"
    if left := _left(waits, rules.LONGEST_DELAY):
        return left
    delay = rules.delay_after(limits.hit(f"sign-in tries:{name}", DAY))
    if delay and limits.hit(waits, delay) > 1:
        return _left(waits, rules.LONGEST_DELAY) or 1
    return 0


def forget(name: str) -> None:
    """Start again at zero after a sign-in that went well."""
    limits.forget(f"sign-in tries:{name}")
    limits.forget(f"sign-in wait:{name}")


def address_waits(address: str) -> int:
    """Return the seconds during which this address signs nobody in, or 0."""
    key = f"sign-in address:{address}"
    return _left(key, WRONG_WINDOW) if limits.state(key, WRONG_WINDOW)[0] >= WRONG_PER_ADDRESS else 0


def note_wrong(address: str) -> None:
    """Count a wrong try of this address."""
    limits.hit(f"sign-in address:{address}", WRONG_WINDOW)


def sign_up_waits(address: str) -> int:
    """Count one more passport opened from this address and return 0, or the seconds until the next one may be."""
    key = f"sign-up address:{address}"
    return _left(key, SIGN_UPS_WINDOW) if limits.hit(key, SIGN_UPS_WINDOW) > SIGN_UPS_PER_ADDRESS else 0
