"""The forms of what is said besides the story: appris, transmis, prompts, and the fields of a kind."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField
from wtforms.fields import Field as FormField
from wtforms.validators import InputRequired, Optional, ValidationError

from ..forms import Entry, Form, Paragraph, Sentence, options
from ..refusals import Refusal
from ..wording import say
from . import rules
from .details import Said
from .forms import Versioned
from .kinds import Field, Kind
from .periods import parsed
from .reflection import PROMPTS
from .service import ExperienceDraft


class SaidForm(Versioned):
    """« J’ai appris », « j’ai transmis »: a tick, and a few words of one's own; words alone say it too."""

    learned = BooleanField(_l("J’ai appris"))
    learned_words = Sentence(_l("Quoi, avec mes mots"), most=rules.LONGEST_SAID, render_kw={"autocomplete": "off"})
    passed_on = BooleanField(_l("J’ai transmis"))
    passed_on_words = Sentence(_l("Quoi, et à qui, avec mes mots"), most=rules.LONGEST_SAID,
                               render_kw={"autocomplete": "off"})

    @classmethod
    def of(cls, said: Said, version: int) -> SaidForm:
        """Return the form filled with what is said."""
        return cls(data={"version": version, "learned": said.learned is not None, "learned_words": said.learned,
                         "passed_on": said.passed_on is not None, "passed_on_words": said.passed_on})

    def said(self) -> Said:
        """Return what was said."""
        return Said(*((self[f"{name}_words"].data or "") if self[name].data or self[f"{name}_words"].data else None
                      for name in ("learned", "passed_on")))


def reflection_form(prompts: Iterable[str], answers: Mapping[str, str], version: object) -> Versioned:
    """Return a form of these prompts, filled with what was answered."""
    fields = {prompt: Paragraph(PROMPTS[prompt], most=rules.LONGEST_ANSWER) for prompt in prompts}
    made: Versioned = type("ReflectionForm", (Versioned,), fields)(data={**answers, "version": version})
    return made


def answered(form: Versioned, sent: Iterable[str]) -> dict[str, str | None]:
    """Return the answers whose fields were sent, and nothing of the others."""
    names = set(sent)
    return {name: form[name].data for name in PROMPTS if name in form and name in names}


def as_kept(field: Field, typed: str | None) -> str | None:
    """Return what was typed as it is kept (a day, a number with a point), or as it is when it is neither."""
    if not typed:
        return None
    if field.detail.type == "day":
        day = parsed(typed)
        return day.isoformat() if day else typed
    if field.detail.type == "number":
        text = "".join(typed.split()).replace(",", ".")
        try:
            number = Decimal(text)
        except InvalidOperation:
            return typed
        return f"{number.normalize():f}" if number.is_finite() else typed
    return typed


def _input(field: Field, language: str) -> FormField:
    """Return the input of one field of a kind; what cannot stand has its sentence beside it."""

    def stands(_form: Form, shown: Any) -> None:
        value = as_kept(field, shown.data)
        refusal = rules.refusal_of_detail(field.detail, value) if value else None
        if refusal is not None:
            raise ValidationError(_sentence(field, refusal))

    label, kind = field.label[language], field.detail.type
    if kind == "choice":
        choices = options([("", _l("Ne pas le dire")), *((key, texts[language]) for key, texts in field.choices.items())])
        return SelectField(label, choices=choices, validate_choice=False, validators=[Optional(), stands])
    if kind == "text":
        return Paragraph(label, most=field.detail.most)
    if kind == "words":
        return Sentence(label, most=field.detail.most, render_kw={"autocomplete": "off"})
    inputs = {"type": "date", "maxlength": False} if kind == "day" else {"inputmode": "decimal"}
    return Sentence(label, most=40, validators=[Optional(), stands], render_kw={"autocomplete": "off", **inputs})


def _sentence(field: Field, refusal: Refusal) -> str:
    if field.detail.type == "number":
        return str(_l("Écrire un nombre entre %(least)s et %(most)s, ou laisser vide.", least=field.detail.least,
                      most=field.detail.most))
    if field.detail.type == "day" and refusal is Refusal.DETAIL_ODD:
        return str(_l("Écrire un jour, par exemple 3/11/2026, ou laisser vide."))
    return say(refusal)


def _fields(kind: Kind, language: str) -> dict[str, FormField]:
    fields = {f"f_{field.key}": _input(field, language) for field in kind.fields}
    if kind.private:
        fields["for_me_only"] = BooleanField(_l("Pour moi"))
    return fields


def values_of(form: Form, kind: Kind) -> dict[str, str]:
    """Return what was filled in of a kind, as it is kept; what is empty is not there."""
    kept = {field.key: as_kept(field, form[f"f_{field.key}"].data) for field in kind.fields}
    return {key: value for key, value in kept.items() if value}


def kind_form(kind: Kind, values: Mapping[str, str], for_me_only: bool, version: int, language: str) -> Versioned:
    """Return the small form of a kind, filled with what stands of it."""
    data = {**{f"f_{key}": value for key, value in values.items()}, "for_me_only": for_me_only, "version": version}
    made: Versioned = type("KindForm", (Versioned,), _fields(kind, language))(data=data)
    return made


class SentenceOfKind(Entry):
    """The one sentence of an experience that begins with its kind."""

    title = Paragraph(_l("En une phrase"), most=rules.LONGEST_TITLE,
                      validators=[InputRequired(message=_l("Écrire une phrase, même très courte."))])


def add_form(kind: Kind, language: str) -> SentenceOfKind:
    """Return the form that adds an experience of a kind; for a time of a life, « Pour moi » is ticked beforehand."""
    made: SentenceOfKind = type("AddKindForm", (SentenceOfKind,), _fields(kind, language))(
        data={"title": kind.title[language], "for_me_only": kind.private, "submission": str(uuid.uuid4())})
    return made


def draft_of(form: SentenceOfKind, kind: Kind) -> ExperienceDraft:
    """Return what was written of a new experience of a kind."""
    values = values_of(form, kind)
    return ExperienceDraft(
        title=" ".join((form.title.data or "").split()), submission=form.number, setting=kind.setting,
        context=kind.context, kind=kind.key, details={"fields": values} if values else None,
        for_me_only=bool(kind.private and form["for_me_only"].data),
    )
