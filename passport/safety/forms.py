"""Forms of « Ça me dérange », of what worries somebody, and of cases."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, RadioField
from wtforms.validators import InputRequired, Optional

from ..accounts import drafts
from ..forms import Form, Paragraph, options
from . import words

drafts.keeps("bother", note=1000)
CHOOSE = _l("Choisir une ligne.")


class BotherForm(Form):
    """What bothers: nothing to fill, a line to tap and one's own words for who wants to say more."""

    category = RadioField(_l("Ce qui se passe"), choices=[], validators=[Optional()])
    note = Paragraph(_l("Ce qui me dérange"), most=1000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _fill(self.category, words.CATEGORIES)


class ConcernForm(Form):
    """What an adult worries about: a category and a few lines."""

    category = RadioField(_l("De quoi s’agit-il ?"), choices=[], validators=[InputRequired(CHOOSE)])
    note = Paragraph(_l("En quelques lignes"), most=1000)
    about_lead = BooleanField(_l("Cela concerne la personne responsable de l’organisation"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _fill(self.category, words.CONCERNS)


class ShareReportForm(Form):
    """What is wrong with a shared page: one ready sentence."""

    reason = RadioField(_l("Qu’est-ce qui ne va pas ?"), choices=[], validators=[InputRequired(CHOOSE)])

    class Meta(Form.Meta):
        csrf = False  # whoever reads a link has no session; the key is in the address

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _fill(self.reason, words.SHARE_REASONS)


class OutsideConcernForm(ConcernForm):
    """What a witness worries about, by their link."""

    class Meta(Form.Meta):
        csrf = False  # as above


class CaseForm(Form):
    """How a case ends, and on which day that was done."""

    outcome = RadioField(_l("Comment cela se termine"), choices=[], validators=[InputRequired(CHOOSE)])
    done_on = DateField(_l("Fait le"), validators=[InputRequired(_l("Choisir un jour."))])

    def __init__(self, today: dt.date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, data={"done_on": today}, **kwargs)
        _fill(self.outcome, words.OUTCOMES)
        if self.done_on.process_errors:
            self.done_on.process_errors = [_("Écrire un jour, par exemple 2026-11-24.")]


class NoteForm(Form):
    """A note in a case."""

    note = Paragraph(_l("Ce qui a été fait ou entendu"), most=4000, validators=[InputRequired(_l("Écrire quelques mots."))])


class InquiryForm(Form):
    """Why a file for an inquiry is needed."""

    reason = Paragraph(_l("Pourquoi, et pour qui"), most=1000, validators=[InputRequired(_l("Écrire quelques mots."))])


def _fill(field: RadioField, table: dict[str, Any]) -> None:
    field.choices = options((value, str(said)) for value, said in table.items())
    field.validate_choice = True
