"""The forms of a link: what, for whom, and the last look."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.validators import InputRequired, ValidationError
from wtforms.widgets import TextArea

from ..accounts.chosen import number
from ..accounts.rules import Band
from ..forms import Entry, Form, Sentence, options, refused_message
from ..refusals import Refusal
from . import rules
from .service import ShareDraft

FOR_WHOM = {rules.PLACEMENT: _l("une école ou un stage"), rules.ASSOCIATION: _l("une association ou la Ville")}


def ids(values: Sequence[str] | None) -> tuple[uuid.UUID, ...]:
    """Return the ids among what was sent, each once, in one order."""
    found = set()
    for value in values or ():
        try:
            found.add(uuid.UUID(str(value)))
        except ValueError:
            continue
    return tuple(sorted(found))


@dataclass(frozen=True)
class Choice:
    """What somebody chose to show."""

    experience_ids: tuple[uuid.UUID, ...]
    endorsement_ids: tuple[uuid.UUID, ...]
    testimony_ids: tuple[uuid.UUID, ...] = ()
    evidence_ids: tuple[uuid.UUID, ...] = ()
    whole_ids: tuple[uuid.UUID, ...] = ()

    @property
    def all_ids(self) -> tuple[uuid.UUID, ...]:
        """Return everything that was chosen."""
        return (*self.experience_ids, *self.endorsement_ids, *self.testimony_ids, *self.evidence_ids)

    @property
    def body(self) -> dict[str, Any]:
        """Return it as the draft keeps it."""
        return {"experiences": [str(i) for i in self.experience_ids],
                "endorsements": [str(i) for i in self.endorsement_ids],
                "testimonies": [str(i) for i in self.testimony_ids],
                "pieces": [str(i) for i in self.evidence_ids],
                "whole": [str(i) for i in self.whole_ids if i in self.evidence_ids]}


class ChoiceForm(Form):
    """« Que montrer ? »"""

    experiences = SelectMultipleField(_l("Mes expériences"), validate_choice=False)
    endorsements = SelectMultipleField(_l("Ce qui est reconnu"), validate_choice=False)
    testimonies = SelectMultipleField(_l("Ce que d’autres ont vu"), validate_choice=False)
    pieces = SelectMultipleField(_l("Photos, documents, liens"), validate_choice=False)

    whole = SelectMultipleField(_l("Peut être téléchargé"), validate_choice=False)

    def draft(self) -> Choice:
        """Return what was ticked."""
        return Choice(ids(self.experiences.data), ids(self.endorsements.data), ids(self.testimonies.data),
                      ids(self.pieces.data), ids(self.whole.data))


@dataclass(frozen=True)
class Audience:
    """For whom a link is, and until when."""

    recipient_name: str
    recipient_shown: bool
    months: int
    name_form: str
    shown_name: str | None
    intro: str | None
    purpose: str = rules.SHOW
    with_code: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """Return it as the draft keeps it."""
        return asdict(self)


class AudienceForm(Form):
    """« Pour qui ? »"""

    recipient_name = Sentence(_l("Un nom pour m’y retrouver"), most=80,
                              validators=[InputRequired(_l("Écrire un nom, même très court."))],
                              render_kw={"autocomplete": "off"})
    recipient_shown = BooleanField(_l("La personne qui lit peut voir ce nom"))
    with_code = BooleanField(_l("Un code à dire de vive voix ouvre la page"))
    purpose = RadioField(_l("C’est pour"), validate_choice=False)
    months = RadioField(_l("Ouvert pendant"), validate_choice=False)
    name_form = RadioField(_l("Mon nom sur la page"), validate_choice=False)
    shown_name = Sentence(_l("Le nom à montrer"), most=80, render_kw={"autocomplete": "name"})
    intro = Sentence(_l("Une phrase sur moi"), most=280, widget=TextArea())

    def __init__(self, band: Band, display_name: str, agreed: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._band = band
        self.purpose.choices = options((p, FOR_WHOM[p]) for p in rules.purposes_open(band, agreed) if p in FOR_WHOM)
        if band in rules.ALONE:
            del self.purpose
        self.months.choices = _lengths(band)
        self.name_form.choices = [(rules.DISPLAY, display_name), (rules.WRITTEN, _l("Un autre nom, à écrire"))]
        if band is not Band.ADULT:
            del self.name_form
            del self.shown_name

    def validate_recipient_name(self, field: Any) -> None:
        """Refuse what holds nothing that can be read."""
        if not field.data:
            raise ValidationError(str(_l("Écrire un nom, même très court.")))

    def validate_purpose(self, field: Any) -> None:
        """Refuse a purpose on which two did not agree."""
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(refused_message(Refusal.STEP_MISSING))

    def validate_months(self, field: Any) -> None:
        """Refuse a length that is not offered at this age."""
        if field.data not in {value for value, _label in field.choices}:
            raise ValidationError(refused_message(Refusal.END_ODD))

    def validate_name_form(self, field: Any) -> None:
        """Refuse a name to write that is not written."""
        refusal = rules.refusal_of_name_form(self._band, field.data or "", self.shown_name.data, current_app.config["CITY"].name)
        if refusal is not None:
            raise ValidationError(refused_message(refusal))

    def draft(self) -> Audience:
        """Return for whom the link is."""
        adult = self._band is Band.ADULT
        written = adult and self.name_form.data == rules.WRITTEN
        return Audience(
            recipient_name=self.recipient_name.data or "", recipient_shown=bool(self.recipient_shown.data),
            months=int(self.months.data), name_form=rules.WRITTEN if written else rules.DISPLAY,
            shown_name=self.shown_name.data if written else None, intro=self.intro.data,
            purpose=self.purpose.data if "purpose" in self._fields else rules.SHOW, with_code=bool(self.with_code.data),
        )


class ExtendForm(Form):
    """How much longer a link stays open."""

    months = RadioField(_l("Encore ouvert pendant"), validate_choice=False)

    def __init__(self, band: Band, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.months.choices = _lengths(band)
        if not self.is_submitted() and (preset := rules.preset_months(band)):
            self.months.data = str(preset)

    def validate_months(self, field: Any) -> None:
        """Refuse a length that is not offered at this age."""
        if field.data not in {value for value, _label in field.choices}:
            raise ValidationError(refused_message(Refusal.END_ODD))

    def draft(self) -> int:
        """Return for how many months, counted from today."""
        return int(self.months.data)


def _lengths(band: Band) -> list[tuple[str, str]]:
    return [(str(n), ngettext("%(num)s mois", "%(num)s mois", n)) for n in rules.months_offered(band, number("links.longest"))]


class CodeForm(Form):
    """The code of a link, as it was said."""

    code = Sentence(_l("Le code"), most=20, render_kw={"autocomplete": "off", "autocapitalize": "characters"})

    class Meta(Form.Meta):
        csrf = False  # whoever reads a link has no session; the key is in the address

    def validate_code(self, field: Any) -> None:
        """Refuse what can be no code; it is not counted as a try."""
        if len(rules.code_of(field.data)) != rules.CODE_LENGTH:
            raise ValidationError(refused_message(Refusal.CODE_SAID_WRONG))


class PreviewForm(Entry):
    """The last look: it carries what was seen, so that nothing else is opened."""

    seen = HiddenField()


def share_draft(body: dict[str, Any]) -> ShareDraft:
    """Return the whole of what a draft holds, ready to be made."""
    return ShareDraft(
        experience_ids=ids(body.get("experiences")), endorsement_ids=ids(body.get("endorsements")),
        testimony_ids=ids(body.get("testimonies")), evidence_ids=ids(body.get("pieces")),
        recipient_name=body["recipient_name"], recipient_shown=body["recipient_shown"], months=body["months"],
        name_form=body["name_form"], shown_name=body["shown_name"], intro=body["intro"],
        submission=uuid.UUID(body["submission"]), purpose=body.get("purpose", rules.SHOW),
        with_code=body.get("with_code", False), whole_ids=ids(body.get("whole")),
    )
