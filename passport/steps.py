"""What is asked again before something is opened: a second factor, or the passphrase anew. Plain Python, in one place.

`web.authorised()` asks it once the policy has said yes, and `web.first_step()` before any page of whoever must have one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from .accounts import rules
from .accounts.rules import Shown
from .policy import Action, Actor, second_factor
from .refusals import Refusal

# What opens or answers something of a learner: asked for where they are protected.
OF_A_LEARNER = frozenset((
    Action.READ_REQUEST, Action.GIVE_FEEDBACK, Action.DECLINE_REQUEST, Action.WITHDRAW_FEEDBACK, Action.DOUBT_AGE,
    Action.CONFIRM_AGE, Action.WITHDRAW_ENDORSEMENT, Action.HANDLE_REPORT,
))
ALWAYS = frozenset((Action.RECOGNISE, Action.READ_TO_PROTECT, Action.READ_ALONG, Action.CONFIRM_RETURN, Action.EXPORT_CASE))
# What gives somebody more, or takes a protection away: the passphrase was given a moment ago.
RECENTLY = frozenset((Action.CHANGE_FACTOR, Action.INVITE_MANAGER, Action.CONFIRM_COORDINATOR, Action.RESET_FACTOR))
OF_ONES_OWN = frozenset((Action.EXPORT_PASSPORT,))


def refusal_before(action: Action, thing: Any, shown: Shown, at: dt.datetime) -> Refusal | None:
    """Say what is still to be shown before this action, once the policy allows it, or None when nothing is."""
    if action in RECENTLY:
        first = action is Action.CHANGE_FACTOR and not shown.has_factor  # nothing to show so far
        missing = None if first else rules.refusal_without_factor(shown, at)
        return missing or rules.refusal_unless_fresh(shown, at, rules.RECENT)
    if action in ALWAYS or (action in OF_A_LEARNER and thing.learner_protected):
        return rules.refusal_without_factor(shown, at) or rules.refusal_unless_fresh(shown, at)
    return rules.refusal_unless_fresh(shown, at) if action in OF_ONES_OWN else None


def is_asked_at_sign_in(actor: Actor, has_factor: bool, at: dt.datetime, facilitators_too: bool) -> bool:
    """Say whether this person shows a second factor before any page: a role asks for it, or a learner chose to have one.

    `facilitators_too` is the choice of a stricter city.
    """
    when = second_factor(actor, at)
    return when == "sign_in" or (when == "opening" and facilitators_too) or (when == "offered" and has_factor)
