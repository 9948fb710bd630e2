"""« Ce que j’en retire »: optional prompts, and the answers to them; citizenship comes first in a service civique."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from ..accounts import drafts
from ..audit.service import record
from ..extensions import db
from ..refusals import Refusal, Refused
from . import rules
from .models import Experience, Reflection

CONTRIBUTED = "contributed"
DRAFT = "reflect"
PROMPTS: dict[str, LazyString] = {
    CONTRIBUTED: _l("À quoi j’ai contribué, et pour qui"),
    "marked": _l("Ce qui m’a plu, ou surpris"),
    "discovered": _l("Ce que j’ai découvert sans le chercher"),
    "hard": _l("Ce qui a été dur, et ce qui m’a aidé"),
    "next": _l("Ce que j’aimerais essayer ensuite"),
}


drafts.keeps(DRAFT, version=12, **dict.fromkeys(PROMPTS, rules.LONGEST_ANSWER))


def prompts_of(experience: Experience, answered: Collection[str] = ()) -> list[str]:
    """Return the prompts of an experience in their order: citizenship first, when it is a service civique."""
    civic = "civic_service" in {experience.kind, experience.setting} or CONTRIBUTED in answered
    return [prompt for prompt in PROMPTS if civic or prompt != CONTRIBUTED]


def answers(experience_id: uuid.UUID) -> dict[str, str]:
    """Return what was answered, by prompt, in the order of the prompts; one statement."""
    rows = db.session.execute(
        sa.select(Reflection.prompt, Reflection.text).where(Reflection.experience_id == experience_id))
    return in_order({row.prompt: row.text for row in rows})


def in_order(found: Mapping[str, str]) -> dict[str, str]:
    """Return answers in the order of the prompts; what is no longer asked is left out."""
    return {prompt: found[prompt] for prompt in PROMPTS if prompt in found}


def in_words(found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return prompts in words with their answers."""
    return tuple((str(PROMPTS[prompt]), text) for prompt, text in in_order(found).items())


def half_written(experience: Experience) -> dict[str, str]:
    """Return the answers that were begun and not kept yet, by prompt."""
    return in_order(drafts.of(experience.learner_id, DRAFT, experience.id))


def reflect(experience: Experience, given: Mapping[str, str | None], expected_version: int, now: dt.datetime) -> None:
    """Keep these answers and leave the others as they are, half written or not; an empty one takes its answer away.

    Raises Refused(CHANGED_MEANWHILE) when the experience changed since that version was read.
    """
    if experience.version != expected_version:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    for prompt, words in given.items():
        refusal = rules.refusal_of_answer(prompt, words, PROMPTS)
        if refusal is not None:
            raise Refused(refusal, prompt)
    experience.changed_at = now
    flag_modified(experience, "changed_at")  # a new version even within the same instant: no answer is lost unseen
    try:
        db.session.flush()
    except StaleDataError:
        raise Refused(Refusal.CHANGED_MEANWHILE) from None
    for prompt, words in given.items():
        kept = db.session.get(Reflection, (experience.id, prompt))
        if words and kept is None:
            db.session.add(Reflection(experience_id=experience.id, prompt=prompt, learner_id=experience.learner_id,
                                      text=words, changed_at=now))
        elif words and kept is not None and kept.text != words:
            kept.text, kept.changed_at = words, now
        elif not words and kept is not None:
            db.session.delete(kept)
    db.session.flush()
    others = {name: text for name, text in half_written(experience).items() if name not in given}
    if others:
        drafts.save(experience.learner_id, DRAFT, experience.id, {**others, "version": str(experience.version)}, now)
    else:
        drafts.drop(DRAFT, experience.id)
    record("reflect", experience.learner_id, now, experience.id)
