"""What every form shares: clean text, one submission number, and errors in our words."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length, Optional, ValidationError

from .refusals import Refusal, Refused
from .wording import say

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
# Letters and marks by their category that show nothing all the same.
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
JOINERS = frozenset("\u200c\u200d")
UNJOINED = frozenset(("LATIN", "GREEK", "CYRILLIC"))
MOST_MARKS = 4


def clean(text: str | None) -> str | None:
    """Return the text as it is kept: NFC, one kind of line end, nothing that cannot be seen, trimmed; None when empty.

    Joiners stay between letters or signs that they join; of marks upon one letter, as many as any writing has.
    """
    if text is None:
        return None
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\t", " ").replace("\u2800", " ")
    seen = [c for c in text if c == "\n" or c in JOINERS
            or (unicodedata.category(c) not in INVISIBLE and c not in FILLERS)]
    out: list[str] = []
    marks = 0
    for n, c in enumerate(seen):
        marks = marks + 1 if unicodedata.category(c) in {"Mn", "Me"} else 0
        joins = c not in JOINERS or (_is_joined(out[-1:]) and _is_joined(seen[n + 1:n + 2]))
        if marks <= MOST_MARKS and joins:
            out.append(c)
    kept = "".join(out).strip()
    return kept if any(unicodedata.category(c)[0] in "LNPS" for c in kept) else None


def _is_joined(neighbour: list[str]) -> bool:
    """Say whether what stands beside a joiner is of a writing that has some: not a Latin letter, a figure or a space."""
    return any(unicodedata.category(c)[0] in "LMS" and unicodedata.name(c, "").split(" ")[0] not in UNJOINED
               for c in neighbour)


def one_line(text: str | None) -> str | None:
    """Return the text as it is kept in one line."""
    text = clean(text)
    return " ".join(text.split()) if text else None


class Sentence(StringField):
    """A line of text, cleaned."""

    def __init__(self, label: Any = None, most: int = 120, validators: Any = (), **kwargs: Any) -> None:
        rules = [*validators] or [Optional()]
        super().__init__(label, [*rules, Length(max=most, message=too_long(most))],
                         filters=[one_line], render_kw={"maxlength": most, **kwargs.pop("render_kw", {})}, **kwargs)


class Paragraph(TextAreaField):
    """Some lines of text, cleaned."""

    def __init__(self, label: Any = None, most: int = 4000, validators: Any = (), **kwargs: Any) -> None:
        rules = [*validators] or [Optional()]
        super().__init__(label, [*rules, Length(max=most, message=too_long(most))],
                         filters=[clean], render_kw={"maxlength": most, **kwargs.pop("render_kw", {})}, **kwargs)


def _key(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None


class Ticked(SelectMultipleField):
    """Things of one's own that are ticked, by their ids; the service leaves out what is not there (any more)."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, coerce=_key, validate_choice=False, choices=(), **kwargs)

    @property
    def keys(self) -> tuple[uuid.UUID, ...]:
        """Return the ids that are ticked."""
        return tuple(key for key in self.data or () if key is not None)


def options(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Return the choices of a field from pairs of value and words."""
    return [SelectChoice(value, words) for value, words in pairs]


def too_long(most: int) -> Any:
    """Return the sentence for a text that is too long."""
    from flask_babel import lazy_gettext

    return lazy_gettext("C’est un peu long : %(most)s caractères au plus. Raccourcir, puis enregistrer : rien n’est perdu.",
                        most=most)


class Form(FlaskForm):
    """A form of the passport; its errors are our sentences."""

    class Meta(FlaskForm.Meta):
        locales = False  # our own sentences, not WTForms' catalogues

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Return what a form sent; Flask-WTF would also read JSON, whose values need not be text."""
            return None if request.is_json else super().wrap_formdata(form, formdata)

    def refuse(self, refused: Refused, field: str | None = None) -> None:
        """Put the sentence of a refusal beside its field, or on top of the form."""
        name = refused.field or field
        sentence = say(refused.refusal)
        target = self._fields.get(name) if name else None
        if target is not None:
            target.errors = [*target.errors, sentence]
        else:
            self.form_errors.append(sentence)


class Entry(Form):
    """A form that makes something: it carries a number of its own, so that sending twice keeps one."""

    submission = HiddenField(default=lambda: str(uuid.uuid4()))

    def validate_submission(self, field: Any) -> None:
        """Refuse a number that is not a UUID."""
        try:
            uuid.UUID(field.data or "")
        except ValueError:
            field.data = str(uuid.uuid4())
            raise ValidationError(gettext("La page était trop ancienne. Le texte est encore là : envoyer à nouveau.")) from None

    @property
    def number(self) -> uuid.UUID:
        """Return the submission number."""
        return uuid.UUID(self.submission.data)


def refused_message(refusal: Refusal) -> str:
    """Return a refusal's sentence for a validator."""
    return say(refusal)
