"""The forms of asking for recognition, recognising and deciding."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField
from wtforms.validators import Length
from wtforms.widgets import MonthInput

from ..accounts import drafts
from ..feedback.forms import number
from ..forms import Entry, Form, Paragraph, Ticked, one_line, options, too_long
from ..refusals import Refusal
from ..wording import say
from . import rules
from .queries import Recognised, Sentence
from .recognising import RecogniseDraft

NOT_YET, NOT_SEEN = rules.NOT_YET, rules.NOT_SEEN
LONGEST_MONTH = 30
MONTHS = (
    ("janv", "jan"), ("fevr", "fev", "feb"), ("mars", "mar"), ("avr", "apr"), ("mai", "may"), ("juin", "jun"),
    ("juil", "jul"), ("aout", "aug"), ("sept", "sep"), ("oct",), ("nov",), ("dec",),
)


def month_of(words: str | None) -> tuple[int, int | None] | None:
    """Return (year, month) from what people write for a month: 2026-03, 03/2026, mars 2026, 12/03/2026, or a year.

    None when it cannot be read; the month is None when only a year is given.
    """
    bare = unicodedata.normalize("NFD", (words or "")[:LONGEST_MONTH].casefold())
    text = "".join(c for c in bare if not unicodedata.combining(c))
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    named = [n for n, starts in enumerate(MONTHS, 1) if any(re.search(rf"\b{s}", text) for s in starts)]
    years = [n for n in numbers if 1000 <= n <= 9999]
    if len(years) != 1:
        return None
    rest = [n for n in numbers if n not in years]
    if named:
        return (years[0], named[0]) if len(named) == 1 and len(rest) <= 1 else None
    if not rest:
        return years[0], None
    month = rest[0] if numbers[0] in years else rest[-1]
    return (years[0], month) if 1 <= month <= 12 and len(rest) <= 2 else None


def first_day(words: str | None) -> dt.date | None:
    """Return the day on which a month or a year begins, or None when it cannot be read."""
    read = month_of(words)
    return dt.date(read[0], read[1] or 1, 1) if read else None


def last_day(words: str | None, today: dt.date) -> dt.date | None:
    """Return the day on which a month or a year ends, or today while it still goes on; None when it cannot be read."""
    read = month_of(words)
    if read is None:
        return None
    year, month = read[0], read[1] or 12
    begins = dt.date(year, read[1] or 1, 1)
    ends = dt.date(year, month, calendar.monthrange(year, month)[1])
    return today if begins <= today < ends else ends


class Month(StringField):
    """A month: the phone's own choice of months, or plain words where there is none."""

    widget = MonthInput()

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, [Length(max=LONGEST_MONTH, message=too_long(LONGEST_MONTH))],
                         filters=[one_line], **kwargs)


class Several(SelectMultipleField):
    """Several numbers out of any that are known: what is shown is only a part of them."""

    def pre_validate(self, form: Any) -> None:
        """Leave it to the rule to say what is not known."""


class AskForm(Entry):
    """Which competencies to have recognised; nothing is ticked beforehand."""

    competencies = Several(_l("Les compétences"), coerce=int)
    pieces = Ticked(_l("Photos, documents, liens"))

    def offer(self, sentences: Iterable[Sentence]) -> None:
        """Show these sentences to choose from."""
        self.competencies.choices = [(s.competency_id, s.text) for s in sentences]

    def tick(self, competencies: Iterable[str], pieces: Iterable[str]) -> None:
        """Tick what was ticked before a search; nonsense is left out."""
        self.competencies.data = [n for n in map(number, competencies) if n]
        self.pieces.process_formdata(list(pieces))

    def draft(self) -> tuple[int, ...]:
        """Return the chosen competencies."""
        return tuple(self.competencies.data or ())


class CommonForm(Entry):
    """What is the same for all competencies of a request: how one knows, and from when to when."""

    how_known = RadioField(_l("Comment je le sais"), validate_choice=False, choices=options([
        ("saw", _l("J’ai vu")), ("supervised", _l("J’ai encadré")), ("shown", _l("On m’a montré"))]))
    how_person_known = RadioField(_l("Comment je connais la personne"), validate_choice=False, choices=options([
        ("regularly", _l("Je la vois régulièrement")), ("at_times", _l("De temps en temps")),
        ("once", _l("Une seule fois"))]))
    is_relative = RadioField(_l("Une personne de ma famille ?"), validate_choice=False, choices=options([
        ("no", _l("Non")), ("yes", _l("Oui"))]))
    seen_from = Month(_l("De quand"))
    seen_to = Month(_l("À quand"))
    asked: Sequence[Sentence] = ()

    def answer(self, competency_id: int) -> Any:
        """Return the field of the answer about one competency."""
        return self[f"answer_{competency_id}"]

    def sentence(self, competency_id: int) -> Any:
        """Return the field of the sentence about one competency."""
        return self[f"sentence_{competency_id}"]

    def _line(self, competency_id: int) -> rules.Line:
        chosen, words = self.answer(competency_id).data or "", self.sentence(competency_id).data
        if chosen in {NOT_YET, NOT_SEEN}:
            return rules.Line(competency_id, None, chosen, None if chosen == NOT_SEEN else words)
        step = int(chosen) if chosen in {"1", "2", "3", "4"} else None
        return rules.Line(competency_id, step, rules.ENDORSE if step else "", words)

    def check(self, today: dt.date) -> bool:
        """Say whether everything is there, each missing thing beside its field; what was typed stays."""
        good = self.validate()
        lines = [self._line(s.competency_id) for s in self.asked]
        if not any(self.answer(line.competency_id).data for line in lines):
            self.form_errors.append(say(Refusal.NOTHING_CHOSEN))
            return False
        for line in lines:
            refusal = rules.refusal_of_line(line)
            if refusal is not None:
                of = self.sentence if refusal is Refusal.SENTENCE_MISSING else self.answer
                self._say(of(line.competency_id), refusal)
        if self.is_relative.data not in {"no", "yes"}:
            self._say(self.is_relative, Refusal.STEP_MISSING)
        elif self.is_relative.data == "yes":
            self._say(self.is_relative, Refusal.NO_RELATIVE)
        if any(line.answer == rules.ENDORSE for line in lines):
            for field, known in ((self.how_known, rules.HOW_KNOWN), (self.how_person_known, rules.HOW_PERSON_KNOWN)):
                if field.data not in known:
                    self._say(field, Refusal.STEP_MISSING)
            first, last = first_day(self.seen_from.data), last_day(self.seen_to.data, today)
            refusal = rules.refusal_of_period(first, last, today)
            if refusal is not None:
                wrong = self.seen_from if first is None or (first > today and last is not None) else self.seen_to
                self._say(wrong, refusal)
        return good and not self.errors

    @staticmethod
    def _say(field: Any, refusal: Refusal) -> None:
        field.errors = [*field.errors, say(refusal)]

    def draft(self, today: dt.date) -> RecogniseDraft:
        """Return what was answered."""
        lines = [self._line(s.competency_id) for s in self.asked]
        return RecogniseDraft(
            how_known=self.how_known.data, how_person_known=self.how_person_known.data,
            is_relative=self.is_relative.data == "yes", seen_from_on=first_day(self.seen_from.data),
            seen_to_on=last_day(self.seen_to.data, today), submission=self.number,
            answers=tuple((line.competency_id, line.step, line.answer, line.sentence) for line in lines),
        )

    def half(self) -> dict[str, object]:
        """Return what is filled so far, to be kept for later."""
        return {f.name: f.data for f in self
                if f.name not in {"csrf_token", "submission"} and f.data and self._is_listed(f)}

    @staticmethod
    def _is_listed(field: Any) -> bool:
        choices: Any = getattr(field, "choices", None)
        return choices is None or field.data in {choice.value for choice in choices}


def recognise_form(asked: Sequence[Sentence], kept: dict[str, Any] | None = None) -> CommonForm:
    """Return the form for these competencies, filled with what was kept for later."""
    fields: dict[str, Any] = {"asked": asked}
    choices = [("1", _("découvre")), ("2", _("fait avec de l’aide")), ("3", _("fait sans aide")),
               ("4", _("montre aux autres")), (NOT_YET, _("D’abord un pas de plus")), (NOT_SEEN, _("Je ne l’ai pas vu"))]
    for s in asked:
        fields[f"answer_{s.competency_id}"] = RadioField(s.text, validate_choice=False, choices=options(choices))
        fields[f"sentence_{s.competency_id}"] = Paragraph(_("En une phrase"), most=600)
    form: CommonForm = type("RecogniseForm", (CommonForm,), fields)(data=dict(kept or {}))
    return form


class DecideForm(Form):
    """Keep or not, and permit to show or not, for each endorsement that waits; some now, others later."""

    waiting: Sequence[Recognised] = ()

    def choice(self, key: uuid.UUID) -> Any:
        """Return the field that keeps or declines one endorsement."""
        return self[f"choice_{key.hex}"]

    def permit(self, key: uuid.UUID) -> Any:
        """Return the field that permits to show it."""
        return self[f"permit_{key.hex}"]

    def draft(self) -> tuple[tuple[uuid.UUID, bool, bool], ...]:
        """Return (endorsement, kept, permitted) for each that was decided."""
        return tuple(
            (r.id, self.choice(r.id).data == "keep",
             self.choice(r.id).data == "keep" and bool(self.permit(r.id).data))
            for r in self.waiting if self.choice(r.id).data in {"keep", "decline"}
        )


def decide_form(waiting: Sequence[Recognised]) -> DecideForm:
    """Return the form for the endorsements that wait; nothing is chosen beforehand."""
    fields: dict[str, Any] = {"waiting": waiting}
    choices = [("keep", _("Garder")), ("decline", _("Ne pas garder"))]
    for r in waiting:
        fields[f"choice_{r.id.hex}"] = RadioField(r.sentence, validate_choice=False, choices=options(choices))
        fields[f"permit_{r.id.hex}"] = BooleanField(_("Je veux pouvoir la montrer"))
    form: DecideForm = type("DecideTheseForm", (DecideForm,), fields)()
    return form


drafts.keeps("withdraw", reason=600)


class WithdrawForm(Form):
    """Why an endorsement is withdrawn, for the learner alone."""

    reason = Paragraph(_l("Pourquoi, en une phrase"), most=600)
