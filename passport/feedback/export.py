"""What a learner takes along of their exchanges, and an adult of what they wrote.

What is held until the morning is not delivered, so it is not here yet; what is hidden or was taken back is here as a fact,
without its words.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..accounts.models import Account
from ..clock import CITY_ZONE
from ..exports import Part, Row, Who
from ..frameworks.models import Wording
from ..organisations.models import Membership, Organisation
from . import rules
from .models import (
    AccessGrant,
    AuthoredText,
    AuthoredVersion,
    Feedback,
    FeedbackRequest,
    GrantedClaim,
    GrantedEvidence,
)

OTHERS = "is somebody else: their name as it is shown stands beside"
_given, _text = aliased(Feedback), aliased(AuthoredText)


def _delivered(text: Any, who: Who) -> sa.ColumnElement[bool]:
    """Return that words have arrived, as a condition; a feedback taken back before it arrived never did."""
    never = sa.exists().where(_given.text_id == text.id, _given.withdrawn_at < _given.visible_at)
    return sa.and_(text.learner_id == who.account_id, text.deliver_after <= who.now, ~never)


def delivered(text_id: Any, who: Who) -> sa.ColumnElement[bool]:
    """Return that the words with this id have arrived, as a condition on what they belong to."""
    return text_id.in_(sa.select(_text.id).where(_delivered(_text, who)))  # type: ignore[no-any-return]


def _words(who: Who) -> sa.ColumnElement[bool]:
    back = sa.exists().where(_given.text_id == _text.id, _given.withdrawn_at.is_not(None))
    readable = sa.select(_text.id).where(_delivered(_text, who), _text.hidden_at.is_(None), ~back)
    return AuthoredVersion.text_id.in_(readable)


def _as_told(row: Row, who: Who) -> Row:
    """Return a request as its learner sees it: what the night holds looks like waiting."""
    visible, withdrawn = row["visible_at"], row["withdrawn_at"]
    closed = row["closed_at"]
    if visible is not None and withdrawn is not None and rules.never_arrives(visible, withdrawn):
        row["outcome"] = "lapsed"
    if closed is not None and row["outcome"] != "cancelled":
        arrives = visible or rules.arrives_at(closed, who.protected, CITY_ZONE)
        if arrives > who.now:
            row["closed_at"] = row["outcome"] = None
    return row


def _grant_as_told(row: Row, who: Who) -> Row:
    """Return a grant without the day on which it ends, while that would tell of an answer that the night holds."""
    closed, last = row["closed_at"], row["last_words_at"]
    arrives = max(filter(None, (last, closed and rules.arrives_at(closed, who.protected, CITY_ZONE))), default=who.now)
    if arrives > who.now:
        row["closes_at"] = row["closed_at"] = None
    return row


_last_words_at = sa.select(sa.func.max(_text.deliver_after)).where(
    _text.experience_id == AccessGrant.experience_id).correlate(AccessGrant).scalar_subquery()
_house = (Organisation, Organisation.id == Membership.organisation_id)

PARTS = (
    Part("grants", AccessGrant, stays={"membership_id": OTHERS},
         adds={"facilitator": Account.display_name, "organisation": Organisation.name, "last_words_at": _last_words_at},
         joins=((Membership, Membership.id == AccessGrant.membership_id), (Account, Account.id == Membership.account_id),
                (Organisation, Organisation.id == AccessGrant.organisation_id)),
         settle=_grant_as_told, works=("last_words_at",), later=("closes_at",)),
    Part("claims_sent", GrantedClaim, adds={"sentence_fr": Wording.text_fr, "sentence_en": Wording.text_en},
         joins=((Wording, Wording.id == GrantedClaim.wording_id),)),
    Part("evidence_sent", GrantedEvidence),
    Part("feedback_requests", FeedbackRequest, stays={"membership_id": OTHERS, "facilitator_id": OTHERS},
         adds={"facilitator": Account.display_name, "organisation": Organisation.name, "visible_at": Feedback.visible_at,
               "withdrawn_at": Feedback.withdrawn_at},
         joins=((Account, Account.id == FeedbackRequest.facilitator_id), (Feedback, Feedback.request_id == FeedbackRequest.id),
                (Organisation, Organisation.id == FeedbackRequest.organisation_id)),
         settle=_as_told, works=("visible_at", "withdrawn_at")),
    Part("texts", AuthoredText, lambda who: _delivered(AuthoredText, who),
         {"author_id": OTHERS, "membership_id": OTHERS, "frozen_at": "tells of a case: kept apart"},
         {"author": Account.display_name, "role": Membership.title, "organisation": Organisation.name},
         ((Account, Account.id == AuthoredText.author_id), (Membership, Membership.id == AuthoredText.membership_id), _house)),
    Part("words", AuthoredVersion, _words),
    Part("feedback", Feedback, lambda who: sa.and_(Feedback.learner_id == who.account_id, delivered(Feedback.text_id, who)),
         {"membership_id": OTHERS, "facilitator_id": OTHERS, "submission": "is the number of a form of somebody else"},
         {"facilitator": Account.display_name, "role": Membership.title, "organisation": Organisation.name},
         ((Account, Account.id == Feedback.facilitator_id), (Membership, Membership.id == Feedback.membership_id), _house)),
    # What this person wrote to others: their own words, and nothing of what others told.
    Part("texts_written", AuthoredText, lambda who: AuthoredText.author_id == who.account_id,
         {"author_id": "it is the person this file is about", "hidden_at": "tells of a case, or of what its reader did",
          "frozen_at": "tells of a case: kept apart", "experience_id": OTHERS, "regime": OTHERS}),
    Part("words_written", AuthoredVersion, lambda who: AuthoredVersion.text_id.in_(
        sa.select(AuthoredText.id).where(AuthoredText.author_id == who.account_id))),
)
KEPT_BACK = {
    "refused_text": "is what an adult tried, told to nobody but who reads to protect; it holds no word",
}
