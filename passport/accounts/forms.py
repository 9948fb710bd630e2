"""The forms of an account."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from babel.dates import get_month_names
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import TextArea

from ..forms import Form, Sentence, refused_message
from ..refusals import Refusal
from .rules import Device

NO_HELP = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}
MOST_TYPED = 1000
HOURS = {str(n): n for n in range(24)}


class FirstSentenceForm(Form):
    """One sentence, before having a passport."""

    title = Sentence(_l("Qu’est-ce que j’ai fait ?"), most=280, widget=TextArea(),
                     validators=[InputRequired(_l("Écrire une phrase, même très courte."))])

    def draft(self) -> str:
        """Return the sentence."""
        return str(self.title.data)

    def validate_title(self, field: Any) -> None:
        """Refuse what holds nothing that can be read."""
        if not field.data:
            raise ValidationError(refused_message(Refusal.TITLE_MISSING))


class DeviceForm(Form):
    """Whose device this is. Nothing is ticked beforehand: it is called one's own, or shared, or neither."""

    shared = RadioField(_l("Cet appareil"), validate_choice=False,
                        choices=[SelectChoice("n", _l("C’est le mien")), SelectChoice("y", _l("Il est partagé"))])

    @property
    def device(self) -> Device:
        """Return what was said of it."""
        return {"n": Device.OWN, "y": Device.SHARED}.get(self.shared.data or "", Device.UNSAID)


@dataclass(frozen=True)
class NewcomerDraft:
    """What a newcomer typed; the sign-in name and the proposed passphrase are ours."""

    display_name: str
    birth_year: int | None
    birth_month: int | None
    own_passphrase: str | None
    device: Device


class ProposalForm(Form):
    """A passphrase: the one proposed, or one's own."""

    proposal = HiddenField()
    choice = RadioField(_l("Ma phrase de passe"), default="given", validate_choice=False,
                        choices=[SelectChoice("given", _l("Prendre celle-ci")),
                                 SelectChoice("own", _l("Choisir la mienne"))])
    own = StringField(
        _l("Ma phrase à moi"),
        validators=[Length(max=MOST_TYPED, message=_l("Raccourcir la phrase : 128 caractères au plus."))],
        render_kw={"autocomplete": "new-password", **NO_HELP},
    )

    def validate_own(self, field: Any) -> None:
        """Refuse a doubt about which of the two is meant."""
        written = bool((field.data or "").strip())
        if self.choice.data == "own" and not written:
            raise ValidationError(_l("Écrire la phrase, ou cocher « Prendre celle-ci »."))
        if self.choice.data != "own" and written:
            raise ValidationError(_l("Une phrase est écrite ici : cocher « Choisir la mienne », ou vider ce champ."))

    @property
    def own_passphrase(self) -> str | None:
        """Return one's own passphrase, or None for the proposed one."""
        return str(self.own.data) if self.choice.data == "own" else None


class BirthForm(Form):
    """A month and a year of birth, for whoever is under 18; never the day."""

    birth_month = SelectField(_l("Mois"), validate_choice=False, render_kw={"autocomplete": "bday-month"})
    birth_year = SelectField(_l("Année"), validate_choice=False, render_kw={"autocomplete": "bday-year"})

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = get_month_names("wide", context="stand-alone", locale=get_locale())
        years = range(today.year, today.year - 19, -1)
        self.birth_month.choices = [
            SelectChoice("", _l("Mois")), *(SelectChoice(str(n), months[n]) for n in range(1, 13))
        ]
        self.birth_year.choices = [SelectChoice("", _l("Année")), *(SelectChoice(str(y), str(y)) for y in years)]

    def born(self) -> tuple[int | None, int | None]:
        """Return the year and the month that were chosen."""
        return _number(self.birth_year.data), _number(self.birth_month.data)


class QuietForm(Form):
    """The hours of the day in which no message is to arrive; neither of the two for none."""

    quiet_from = SelectField(_l("De"), validate_choice=False)
    quiet_to = SelectField(_l("À"), validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hours = [SelectChoice("", "–"), *(SelectChoice(value, _l("%(hour)s h", hour=n)) for value, n in HOURS.items())]
        self.quiet_from.choices, self.quiet_to.choices = hours, hours

    def hours(self) -> tuple[int | None, int | None]:
        """Return from when to when; nonsense is no hour of the day, and refused."""
        begin, end = (HOURS.get(f.data, 24) if f.data else None for f in (self.quiet_from, self.quiet_to))
        return begin, end


class AgeCodeForm(Form):
    """The code that a learner shows on their own screen."""

    code = Sentence(_l("Le code sur son écran"), most=20, render_kw={"autocomplete": "off", "inputmode": "numeric"})


class SignUpForm(ProposalForm, DeviceForm, BirthForm):
    """Opening a passport."""

    display_name = Sentence(_l("Prénom ou pseudo"), most=60,
                            validators=[InputRequired(_l("Écrire un prénom ou un pseudo."))],
                            render_kw={"autocomplete": "nickname"})
    age = RadioField(_l("Mon âge"), validate_choice=False,
                     choices=[SelectChoice("adult", _l("18 ans ou plus")), SelectChoice("minor", _l("Moins de 18 ans"))])
    next = HiddenField()

    def validate_display_name(self, field: Any) -> None:
        """Refuse what holds nothing that can be read."""
        if not field.data:
            raise ValidationError(_l("Écrire un prénom ou un pseudo."))

    def validate_age(self, field: Any) -> None:
        """Refuse neither of the two, and a month or a year alone."""
        if field.data == "adult":
            return
        if field.data != "minor" or not (self.birth_month.data and self.birth_year.data):
            raise ValidationError(refused_message(Refusal.BIRTH_MONTH_MISSING))

    def draft(self) -> NewcomerDraft:
        """Return what was typed."""
        year, month = self.born() if self.age.data == "minor" else (None, None)
        return NewcomerDraft(
            display_name=str(self.display_name.data),
            birth_year=year,
            birth_month=month,
            own_passphrase=self.own_passphrase,
            device=self.device,
        )


@dataclass(frozen=True)
class SignInDraft:
    """What somebody typed to open their passport."""

    name: str
    passphrase: str
    device: Device
    with_sentence: bool


class SignInForm(DeviceForm):
    """Opening one's passport."""

    name = Sentence(_l("Identifiant ou adresse e-mail"), most=254,
                    validators=[InputRequired(_l("Écrire l’identifiant, ou l’adresse e-mail."))],
                    render_kw={"autocomplete": "username", **NO_HELP})
    passphrase = PasswordField(_l("Phrase de passe"), validators=[InputRequired(_l("Écrire la phrase de passe."))],
                               render_kw={"autocomplete": "current-password"})
    with_sentence = BooleanField(_l("Garder aussi ma phrase"), default=True)
    next = HiddenField()
    carried = HiddenField()

    def draft(self) -> SignInDraft:
        """Return what was typed."""
        return SignInDraft(name=self.name.data or "", passphrase=(self.passphrase.data or "")[:MOST_TYPED],
                           device=self.device, with_sentence=bool(self.with_sentence.data))


class ChangePassphraseForm(ProposalForm):
    """Another passphrase for one's own account."""

    present = PasswordField(_l("Phrase de passe actuelle"),
                            validators=[InputRequired(_l("Écrire la phrase de passe actuelle."))],
                            render_kw={"autocomplete": "current-password"})

    def draft(self) -> tuple[str, str | None]:
        """Return the present passphrase and one's own new one, or None for the proposed one."""
        return (self.present.data or "")[:MOST_TYPED], self.own_passphrase


class ForgottenForm(Form):
    """The address that a link to a new passphrase goes to."""

    address = Sentence(_l("Mon adresse e-mail"), most=254, validators=[InputRequired(_l("Écrire l’adresse e-mail."))],
                       render_kw={"type": "email", "autocomplete": "email", **NO_HELP})


class AddressForm(ForgottenForm):
    """An address for one's own account; the passphrase says that it is really oneself."""

    present = PasswordField(_l("Phrase de passe"), validators=[InputRequired(_l("Écrire la phrase de passe."))],
                            render_kw={"autocomplete": "current-password"})

    @property
    def passphrase(self) -> str:
        """Return the passphrase as it was typed."""
        return (self.present.data or "")[:MOST_TYPED]


class PresentForm(Form):
    """One's own passphrase, before something that opens the passport is made."""

    present = PasswordField(_l("Phrase de passe"), validators=[InputRequired(_l("Écrire la phrase de passe."))],
                            render_kw={"autocomplete": "current-password"})

    @property
    def passphrase(self) -> str:
        """Return the passphrase as it was typed."""
        return (self.present.data or "")[:MOST_TYPED]


class NumberForm(Form):
    """Whose passport somebody wishes to come back to."""

    name = Sentence(_l("Identifiant, adresse e-mail, ou numéro de ma carte"), most=254,
                    validators=[InputRequired(_l("Écrire l’identifiant, ou le numéro de la carte."))],
                    render_kw={"autocomplete": "off", **NO_HELP})


class SheetCodeForm(Form):
    """A sign-in name, and one code of the sheet."""

    name = Sentence(_l("Identifiant ou adresse e-mail"), most=254,
                    validators=[InputRequired(_l("Écrire l’identifiant, ou l’adresse e-mail."))],
                    render_kw={"autocomplete": "off", **NO_HELP})
    code = Sentence(_l("Un code de la feuille"), most=120, validators=[InputRequired(_l("Écrire les six mots du code."))],
                    render_kw={"autocomplete": "off", **NO_HELP})


class DeviceNameForm(Form):
    """What somebody calls the device they hold."""

    name = Sentence(_l("Le nom de cet appareil"), most=40, render_kw={"autocomplete": "off"})


class LanguageForm(Form):
    """The language to read in."""

    language = HiddenField()
    next = HiddenField()


def _number(text: str | None) -> int:
    """Return a number from a list, or 0, which no list holds."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 4 else 0
