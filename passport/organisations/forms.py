"""The forms of organisations, roles, checks and joining codes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, ValidationError

from ..forms import Entry, Form, Sentence
from . import rules, words
from .service import CheckDraft, ContactDraft, InvitationDraft, OrganisationDraft


def is_listed(form: Form, field: Any) -> None:
    """Refuse what is not in the list, in our words."""
    if field.data not in {choice.value for choice in field.choices}:
        raise ValidationError(_("Choisir une ligne de la liste."))


class ContactForm(Form):
    """How an organisation is reached."""

    address = Sentence(_l("Adresse"), most=200, render_kw={"autocomplete": "off"})
    phone = Sentence(_l("Téléphone"), most=40, render_kw={"inputmode": "tel", "autocomplete": "off"})
    email = Sentence(_l("Adresse e-mail"), most=254, render_kw={"inputmode": "email", "autocomplete": "off"})

    def validate_email(self, field: Any) -> None:
        """Refuse what is no address, without asking the network."""
        if not field.data:
            return
        try:
            validate_email(field.data, check_deliverability=False)
        except EmailNotValidError:
            raise ValidationError(_("Écrire l’adresse en entier, par exemple nom@exemple.fr.")) from None

    def contact(self) -> ContactDraft:
        """Return what was typed."""
        return ContactDraft(address=self.address.data, phone=self.phone.data, email=self.email.data)


class OrganisationForm(ContactForm):
    """An organisation that the coordination adds."""

    name = Sentence(_l("Nom de l’organisation"), most=120, validators=[InputRequired(_l("Écrire le nom."))],
                    render_kw={"autocomplete": "off"})
    kind = SelectField(_l("Genre"), choices=[], validate_choice=False,
                       validators=[InputRequired(_l("Choisir un genre.")), is_listed])
    sector = SelectField(_l("Domaine"), choices=[], validate_choice=False,
                         validators=[InputRequired(_l("Choisir un domaine.")), is_listed])
    minors = BooleanField(_l("Des moins de 18 ans y viennent"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = SelectChoice("", _("Choisir"))
        self.kind.choices = [none, *(SelectChoice(k, str(w)) for k, w in words.KINDS.items() if k != "city")]
        self.sector.choices = [none, *(SelectChoice(k, str(w)) for k, w in words.SECTORS.items())]

    def validate_name(self, field: Any) -> None:
        """Refuse what holds nothing that can be read."""
        if not field.data:
            raise ValidationError(_("Écrire le nom."))

    def draft(self) -> OrganisationDraft:
        """Return what was typed."""
        return OrganisationDraft(
            name=str(self.name.data), kind=str(self.kind.data), sector=str(self.sector.data),
            address=self.address.data, phone=self.phone.data, email=self.email.data,
            wants_minors=bool(self.minors.data),
        )


class InviteForm(Entry):
    """Somebody invited to a role."""

    role = RadioField(_l("Pour quel rôle ?"), default="facilitator", choices=[], validate_choice=False,
                      validators=[InputRequired(_l("Choisir un rôle.")), is_listed])
    title = Sentence(_l("Comment ce rôle s’appelle ici"), most=80, render_kw={"autocomplete": "off"})
    note = Sentence(_l("Pour qui est ce lien"), most=80, render_kw={"autocomplete": "off"})

    def __init__(self, roles: tuple[str, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [SelectChoice(r, str(words.ROLE_CHOICES[r])) for r in roles]

    def draft(self) -> InvitationDraft:
        """Return what was typed."""
        return InvitationDraft(role=str(self.role.data), title=self.title.data, note=self.note.data, submission=self.number)


class CheckForm(Form):
    """A check that was seen: its kind, the day, and until when; never its result or its document."""

    kind = RadioField(_l("Ce qui a été vu"), choices=[], validate_choice=False,
                      validators=[InputRequired(_l("Choisir une ligne."))])
    checked_on = DateField(_l("Vue le"), validators=[InputRequired(_l("Choisir un jour."))])
    expires_on = DateField(_l("À refaire avant le"), validators=[InputRequired(_l("Choisir un jour."))])
    authenticity = BooleanField(_l("J’ai vérifié auprès de qui l’a délivrée qu’elle est authentique"))

    def __init__(self, kinds: tuple[str, ...], today: dt.date, end: dt.date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, data={
            "checked_on": today, "expires_on": end, "kind": kinds[0] if len(kinds) == 1 else None,
        }, **kwargs)
        self.kind.choices = [SelectChoice(k, str(words.CHECKS[k])) for k in kinds]
        for field in (self.checked_on, self.expires_on):
            if field.process_errors:
                field.process_errors = [_("Écrire un jour, par exemple 2026-11-24.")]

    def draft(self) -> CheckDraft:
        """Return what was typed."""
        assert self.checked_on.data is not None
        assert self.expires_on.data is not None
        return CheckDraft(kind=str(self.kind.data), checked_on=self.checked_on.data, expires_on=self.expires_on.data,
                          authenticity=bool(self.authenticity.data))


class PersonForm(Form):
    """One person chosen from a list; `empty` is what stands for nobody in particular."""

    person = RadioField(_l("Qui ?"), choices=[], validate_choice=False, validators=[is_listed])

    def __init__(self, people: Iterable[tuple[Any, str]], chosen: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, data={"person": str(chosen or "")}, **kwargs)
        self.person.choices = [SelectChoice(str(key), words) for key, words in people]

    def key(self) -> uuid.UUID | None:
        """Return who was chosen, or None."""
        return uuid.UUID(str(self.person.data)) if self.person.data else None


class WelcomeForm(PersonForm):
    """The way to minors: who answers for it, and the charter signed."""

    signed = BooleanField(_l("Je signe cette charte au nom de l’organisation"))


class CodeForm(Form):
    """The joining code of an organisation, as it is shown on the spot."""

    code = Sentence(_l("Le code affiché sur place"), most=40, validators=[InputRequired(_l("Écrire le code."))],
                    render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"})

    def draft(self) -> str:
        """Return the code as it is looked up."""
        return rules.code_as_kept(self.code.data or "")


class CharterForm(Form):
    """« J’accepte la charte », and the way back."""

    next = HiddenField()


class AccreditationForm(Form):
    """Accepting the accreditation charter: nothing to fill."""
