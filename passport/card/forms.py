"""The forms of the card."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.validators import ValidationError

from ..forms import Form, refused_message
from ..refusals import Refusal
from ..sharing.links import Link

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
