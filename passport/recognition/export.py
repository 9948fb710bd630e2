"""What a learner takes along of what was recognised, and an adult of what they recognised."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..accounts.models import Account
from ..clock import CITY_ZONE
from ..exports import Part, Row, Who
from ..feedback import rules
from ..feedback.export import OTHERS, delivered
from ..feedback.models import AuthoredText
from ..frameworks.models import Competency, Wording
from ..organisations.models import Membership, Organisation
from .models import (
    Endorsement,
    EndorserName,
    NotYet,
    Permission,
    RecognitionRequest,
    RequestedCompetency,
)


def _as_told(row: Row, who: Who) -> Row:
    """Return a request as its learner sees it: what the night holds looks like waiting."""
    closed = row["closed_at"]
    if closed is not None and row["outcome"] != "cancelled":
        arrives = row["last_words_at"] or rules.arrives_at(closed, who.protected, CITY_ZONE)
        if arrives > who.now:
            row["closed_at"] = row["outcome"] = None
    return row


def _mine(model: type[Endorsement | NotYet], who: Who) -> sa.ColumnElement[bool]:
    return sa.and_(model.learner_id == who.account_id, delivered(model.text_id, who))


def _last_words_at() -> sa.ScalarSelect[dt.datetime]:
    """Return when the last answer to a request arrives."""
    offered, not_yet, text = aliased(Endorsement), aliased(NotYet), aliased(AuthoredText)
    texts = sa.union_all(
        sa.select(offered.text_id.label("id")).where(offered.request_id == RecognitionRequest.id).correlate(RecognitionRequest),
        sa.select(not_yet.text_id.label("id")).where(not_yet.request_id == RecognitionRequest.id).correlate(RecognitionRequest))
    return sa.select(sa.func.max(text.deliver_after)).where(text.id.in_(texts)).correlate(RecognitionRequest).scalar_subquery()


SENTENCE = {"competency": Competency.slug, "sentence_fr": Wording.text_fr, "sentence_en": Wording.text_en}


def _sentence(model: type[Endorsement | RequestedCompetency]) -> tuple[tuple[object, object], ...]:
    return (Wording, Wording.id == model.wording_id), (Competency, Competency.id == Wording.competency_id)


PARTS = (
    Part("recognition_requests", RecognitionRequest, stays={"membership_id": OTHERS, "facilitator_id": OTHERS},
         adds={"facilitator": Account.display_name, "organisation": Organisation.name, "last_words_at": _last_words_at()},
         joins=((Account, Account.id == RecognitionRequest.facilitator_id),
                (Membership, Membership.id == RecognitionRequest.membership_id),
                (Organisation, Organisation.id == Membership.organisation_id)),
         settle=_as_told, works=("last_words_at",)),
    Part("competencies_asked", RequestedCompetency, adds=SENTENCE, joins=_sentence(RequestedCompetency)),
    Part("endorsements", Endorsement, lambda who: _mine(Endorsement, who),
         {"membership_id": OTHERS, "facilitator_id": OTHERS}, {**SENTENCE, "endorser_name": EndorserName.name_form},
         (*_sentence(Endorsement), (EndorserName, EndorserName.endorsement_id == Endorsement.id))),
    Part("endorser_names", EndorserName,
         lambda who: EndorserName.endorsement_id.in_(sa.select(Endorsement.id).where(_mine(Endorsement, who)))),
    Part("not_yet", NotYet, lambda who: _mine(NotYet, who)),
    Part("permissions", Permission),
    Part("endorsements_given", Endorsement, lambda who: Endorsement.facilitator_id == who.account_id,
         {"experience_id": OTHERS, "revision_id": OTHERS, "feedback_id": OTHERS, "request_id": OTHERS,
          "facilitator_id": "it is the person this file is about",
          "accepted_at": "is what its learner decided", "declined_at": "is what its learner decided",
          "set_aside_at": "is what its learner decided"}, SENTENCE, _sentence(Endorsement)),
)
KEPT_BACK: dict[str, str] = {}
