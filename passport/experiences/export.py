"""What a learner takes along of their experiences."""

from __future__ import annotations

from ..exports import Part
from ..frameworks.models import Competency, Wording
from ..organisations.models import Organisation
from .models import Claim, ErasedEvidence, Evidence, Experience, ExperienceLink, Reflection, Revision

SENTENCES = {"competency": Competency.slug, "sentence_fr": Wording.text_fr, "sentence_en": Wording.text_en}

PARTS = (
    Part("experiences", Experience, adds={"organisation": Organisation.name},
         joins=((Organisation, Organisation.id == Experience.organisation_id),)),
    Part("revisions", Revision),
    Part("led_to", ExperienceLink),
    Part("reflections", Reflection),
    Part("claims", Claim, adds=SENTENCES, joins=((Wording, Wording.id == Claim.wording_id),
                                                 (Competency, Competency.id == Claim.competency_id))),
    Part("evidence", Evidence, stays={"storage_name": "is where it lies on the server: see `file`"}, files=("file",)),
    Part("evidence_erased", ErasedEvidence),
)
KEPT_BACK: dict[str, str] = {}
