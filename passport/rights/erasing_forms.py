"""Forms of an erasure, and of what stays under seal."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, PasswordField, RadioField
from wtforms.validators import InputRequired

from ..forms import Form, Paragraph, options
from .erasing import Wish
from .rules import CANCELLED, VERIFIABLE

NOW, LATER = "now", "later"
MOST_TYPED = 300
CHOOSE = _l("Choisir une ligne.")


class EraseForm(Form):
    """When everything is erased, what becomes of credentials, and the passphrase that says it is really oneself."""

    when = RadioField(_l("Quand ?"), choices=[], validators=[InputRequired(CHOOSE)])
    credentials = RadioField(_l("Mes attestations déjà téléchargées"), validators=[InputRequired(CHOOSE)], choices=options([
        (CANCELLED, _l("Les annuler : elles ne comptent plus")),
        (VERIFIABLE, _l("Les laisser vérifiables : ce que j’ai téléchargé compte encore"))]))
    unnamed = BooleanField(_l("Retirer aussi mon nom des compétences que j’ai reconnues"))
    present = PasswordField(_l("Phrase de passe"), validators=[InputRequired(_l("Écrire la phrase de passe."))],
                            render_kw={"autocomplete": "current-password"})

    def __init__(self, pause: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, data={"when": LATER if pause else NOW, "credentials": CANCELLED}, **kwargs)
        later = [(LATER, ngettext("Demain : d’ici là, je peux annuler", "Dans %(num)s jours : d’ici là, je peux annuler", pause))]
        self.when.choices = options([*(later if pause else ()), (NOW, _l("Tout de suite, sans retour"))])

    def draft(self) -> tuple[str, Wish]:
        """Return the passphrase as it was typed, and what was decided."""
        return (self.present.data or "")[:MOST_TYPED], Wish(self.when.data == NOW, self.credentials.data, self.unnamed.data)


class OpenForm(Form):
    """Why sealed words are to be opened."""

    reason = Paragraph(_l("Pourquoi les ouvrir ?"), most=1000, validators=[InputRequired(_l("Écrire pourquoi."))])
