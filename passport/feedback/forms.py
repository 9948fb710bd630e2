"""Forms of asking, answering and reading feedback."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.widgets import CheckboxInput, ListWidget

from ..accounts import drafts
from ..forms import Entry, Form, Paragraph, Sentence, Ticked
from .service import FeedbackDraft

QUESTIONS = {
    "hardest": _l("Qu’est-ce qui a été le plus dur ?"),
    "worked": _l("Qu’est-ce qui a bien marché ?"),
    "next": _l("Et la prochaine fois ?"),
    "helped": _l("Qui a aidé, et comment ?"),
}
NO_QUESTION = "none"


def options(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Return the choices of a field from their values and labels."""
    return [SelectChoice(value, label) for value, label in pairs]


drafts.keeps("ask", message=1000)
drafts.keeps("reply", reply=2000)


def number(value: object) -> int:
    """Return the number of a competency, or 0, which none has, for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class AskForm(Entry):
    """What goes along with a request: « je » sentences, photos, documents and links, and a word."""

    # A sentence that was taken back meanwhile is no fault: the service leaves it out.
    claims = SelectMultipleField(_l("Ce que je sais faire"), coerce=number, widget=ListWidget(prefix_label=False),
                                 option_widget=CheckboxInput(), validate_choice=False)
    pieces = Ticked(_l("Photos, documents, liens"))
    message = Paragraph(_l("Un mot pour la personne"), most=1000)
    reflection = BooleanField(_l("Joindre ce que j’en retire"))
    version = HiddenField()

    def competencies(self) -> tuple[int, ...]:
        """Return the sentences that stay ticked."""
        return tuple(self.claims.data or ())

    def is_about(self, version: int) -> bool:
        """Say whether the experience still reads as it did when the page was opened."""
        return bool(self.version.data == str(version))


class AnswerForm(Entry):
    """A facilitator's answer: one field to fill, a question by tap, a next step folded away."""

    seen = Paragraph(_l("Ce que j’ai vu"), most=4000)
    question = RadioField(_l("Une question"), choices=options([*QUESTIONS.items(), (NO_QUESTION, _l("Sans question"))]),
                          validate_choice=False)
    own_question = Sentence(_l("Une question avec mes mots"), most=500)
    next_step = Paragraph(_l("Un pas possible"), most=1000)

    def draft(self) -> FeedbackDraft:
        """Return what is sent; a question in one's own words wins over a ready one."""
        ready = QUESTIONS.get(self.question.data or "")
        question = self.own_question.data or (str(ready) if ready is not None else None)
        return FeedbackDraft(self.seen.data, question, self.next_step.data, self.number)

    def kept(self) -> dict[str, object]:
        """Return what is kept for later, as it stands in the fields."""
        return {name: self._fields[name].data for name in ("seen", "question", "own_question", "next_step")}

    @staticmethod
    def from_kept(body: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of what was kept for later."""
        return {name: body.get(name) for name in ("seen", "question", "own_question", "next_step")}


class ReplyForm(Form):
    """The learner's one answer."""

    reply = Paragraph(_l("Ma réponse"), most=2000)


class AssignForm(Form):
    """Whom a request that waits at the desk is given to."""

    membership = RadioField(_l("À qui confier cette demande ?"), coerce=lambda value: uuid.UUID(str(value)),
                            validate_choice=True)
