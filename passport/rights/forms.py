"""The forms of « Mes données »."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import PasswordField
from wtforms.validators import InputRequired

from ..forms import Form, Sentence

LONGEST_TYPED = 1000


class TakeForm(Form):
    """The passphrase, before everything about somebody leaves in one file."""

    present = PasswordField(_l("Phrase de passe"), validators=[InputRequired(_l("Écrire la phrase de passe."))],
                            render_kw={"autocomplete": "current-password"})

    @property
    def passphrase(self) -> str:
        """Return the passphrase as it was typed."""
        return (self.present.data or "")[:LONGEST_TYPED]


class BringForm(Form):
    """The file of a passport from another city."""

    file = FileField(_l("Le fichier ZIP"), render_kw={"accept": ".zip,application/zip"})


class NameForm(Form):
    """How somebody is called."""

    display_name = Sentence(_l("Prénom ou pseudo"), most=60,
                            validators=[InputRequired(_l("Écrire un prénom ou un pseudo."))],
                            render_kw={"autocomplete": "nickname"})
