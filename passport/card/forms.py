"""The forms of the card and of the sheet."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.validators import ValidationError

from ..accounts.rules import Band
from ..forms import Entry, Form, Sentence, refused_message
from ..refusals import Refusal
from ..sharing.forms import ids
from ..sharing.links import Link
from . import rules
from .sheet_queries import Printable
from .sheet_service import SheetDraft

NOTHING = "nothing"


class NameForm(Form):
    """A first name on the printed card, for adults who wish it."""

    asked = HiddenField(default="make")
    named = BooleanField(_l("Écrire mon prénom sur la carte imprimée"))

    def draft(self) -> bool:
        """Say whether the name is wished."""
        return bool(self.named.data)


class ReplaceForm(Form):
    """Replacing this card, and no other."""

    card = HiddenField()

    def draft(self) -> uuid.UUID | None:
        """Return the card that was on the screen."""
        try:
            return uuid.UUID(self.card.data or "")
        except ValueError:
            return None


class OpensForm(Form):
    """What the card opens: nothing, or one open link."""

    link = RadioField(_l("La carte ouvre"), validate_choice=False)

    def __init__(self, links: Sequence[Link], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.link.choices = [(NOTHING, gettext("Rien")), *((str(x.id), x.name) for x in links)]

    def validate_link(self, field: Any) -> None:
        """Refuse a link that is not open."""
        if field.data not in {value for value, _label in field.choices}:
            raise ValidationError(refused_message(Refusal.LINK_CLOSED))

    def draft(self) -> uuid.UUID | None:
        """Return the link the card will open, or None for nothing."""
        return None if self.link.data == NOTHING else uuid.UUID(self.link.data)


class SheetForm(Entry):
    """A sheet to print: that it cannot be taken back, what stands on it, and under which name."""

    told = BooleanField(_l("J’ai compris : je ne pourrai pas reprendre cette feuille"))
    endorsements = SelectMultipleField(_l("Cinq compétences au plus"), validate_choice=False)
    name_form = RadioField(_l("Mon nom sur la feuille"), validate_choice=False, default=rules.DISPLAY)
    shown_name = Sentence(_l("Le nom à imprimer"), most=40, render_kw={"autocomplete": "name"})

    def __init__(self, band: Band, display_name: str, found: Sequence[Printable], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._band = band
        self.endorsements.choices = [(str(p.recognised.id), p.recognised.sentence) for p in found]
        self.name_form.choices = [
            (rules.DISPLAY, display_name), (rules.WRITTEN, _l("Un autre nom, à écrire")), (rules.NAMELESS, _l("Aucun nom"))]

    def validate_told(self, field: Any) -> None:
        """Refuse a sheet of whoever was not told."""
        if not field.data:
            raise ValidationError(refused_message(Refusal.SHEET_UNTOLD))

    def validate_endorsements(self, field: Any) -> None:
        """Refuse more than five, or none."""
        refusal = rules.refusal_of_sheet(True, len(self.chosen))
        if refusal is not None:
            raise ValidationError(refused_message(refusal))

    def validate_name_form(self, field: Any) -> None:
        """Refuse a name to write that is not written."""
        refusal = rules.refusal_of_sheet_name(
            self._band, field.data or "", self.shown_name.data, current_app.config["CITY"].name)
        if refusal is not None:
            raise ValidationError(refused_message(refusal))

    @property
    def chosen(self) -> tuple[uuid.UUID, ...]:
        """Return what was ticked."""
        return ids(self.endorsements.data)

    def draft(self) -> SheetDraft:
        """Return what was decided."""
        return SheetDraft(
            told=bool(self.told.data), endorsement_ids=self.chosen, name_form=self.name_form.data,
            shown_name=self.shown_name.data if self.name_form.data == rules.WRITTEN else None, submission=self.number)
