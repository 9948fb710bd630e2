"""The forms of the name that stands in a signed credential, and of what is to be checked."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import TextArea

from ..accounts import rules as age
from ..accounts.rules import DISPLAY, WRITTEN, Band
from ..forms import Form, Sentence, options, refused_message

NOBODY = "none"


class NameForm(Form):
    """« Mettre mon nom dans l’attestation »: none, one’s own, or (for adults) another one, to write."""

    name_form = RadioField(_l("Mettre mon nom dans l’attestation"), validate_choice=False)
    shown_name = Sentence(_l("Le nom à montrer"), most=80, render_kw={"autocomplete": "name"})

    def __init__(self, band: Band, display_name: str | None, named_as: str | None, **kwargs: Any) -> None:
        now = NOBODY if named_as is None else DISPLAY if named_as == display_name else WRITTEN
        super().__init__(data={"name_form": now, "shown_name": named_as if now == WRITTEN else None}, **kwargs)
        self._band, self._display_name = band, display_name
        choices: list[tuple[str, Any]] = [(NOBODY, _l("Non, aucun nom"))]
        if display_name:
            choices.append((DISPLAY, display_name))
        if band is Band.ADULT:
            choices.append((WRITTEN, _l("Un autre nom, à écrire")))
        self.name_form.choices = options(choices)

    def validate_name_form(self, field: Any) -> None:
        """Refuse a name to write that is not written, or is not offered at this age."""
        if field.data == NOBODY:
            return
        refusal = age.refusal_of_name_form(self._band, field.data or "", self.shown_name.data, current_app.config["CITY"].name)
        if refusal is not None:
            raise ValidationError(refused_message(refusal))

    def draft(self) -> str | None:
        """Return the name that is to stand in it, or None for none."""
        if self.name_form.data == NOBODY:
            return None
        return self.shown_name.data if self.name_form.data == WRITTEN else self._display_name


class CheckForm(Form):
    """A link or a text, or else a file: taken as it comes, for one sign more or less would be another text.

    No cookie and nothing changed, so no CSRF token.
    """

    class Meta(Form.Meta):
        csrf = False

    text = StringField(_l("Un lien ou un texte"), widget=TextArea(),
                       render_kw={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})
    file = FileField(_l("Ou un fichier"), render_kw={"accept": ".json,.jsonld,.jwt,.txt,image/png,image/svg+xml"})

    @property
    def is_text(self) -> bool:
        """Say whether a text was given and no file."""
        return not self.file.data and bool((self.text.data or "").strip())

    @property
    def sent(self) -> bytes:
        """Return what is to be checked: the bytes of the file, else of the text."""
        if self.file.data:
            read: bytes = self.file.data.stream.read()
            return read
        return (self.text.data or "").encode("utf-8", "replace")
