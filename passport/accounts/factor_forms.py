"""The forms of a second factor."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField
from wtforms.validators import InputRequired

from ..forms import Form, Sentence
from .forms import NO_HELP


class ConfirmForm(Form):
    """What is shown once more: a code, the passphrase, or what a passkey signed; and whether this device is remembered."""

    code = Sentence(_l("Code à 6 chiffres, ou code imprimé"), most=40,
                    render_kw={"autocomplete": "one-time-code", **NO_HELP})
    present = PasswordField(_l("Phrase de passe"), render_kw={"autocomplete": "current-password"})
    remember = BooleanField(_l("Se souvenir de cet appareil"))
    device = Sentence(_l("Nom de cet appareil"), most=80)
    passkey = HiddenField()
    carried = HiddenField()
    next = HiddenField()
    again = HiddenField()

    def lacks(self, code: bool, passphrase: bool) -> bool:
        """Say whether something that is needed was left empty, and say it beside its field."""
        if self.passkey.data:
            return False
        for field, needed, words in ((self.code, code, _l("Écrire le code.")),
                                     (self.present, passphrase, _l("Écrire la phrase de passe."))):
            if needed and not (field.data or "").strip():
                field.errors = [*field.errors, words]
        if self.remember.data and not self.device.data:
            self.device.errors = [*self.device.errors, _l("Donner un nom à cet appareil, ou décocher.")]
        return bool(self.errors)


class ApplicationForm(Form):
    """The first code of an application, and the secret that the page carries."""

    code = Sentence(_l("Code à 6 chiffres"), most=20, validators=[InputRequired(_l("Écrire le code."))],
                    render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"})
    setup = HiddenField()
    next = HiddenField()


class PasskeyForm(Form):
    """A passkey to keep: what the device answered, and what to call it."""

    name = Sentence(_l("Nom de cet appareil"), most=60, validators=[InputRequired(_l("Donner un nom à cet appareil."))])
    passkey = HiddenField()
    next = HiddenField()
