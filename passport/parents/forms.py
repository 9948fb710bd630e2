"""What the child asks, what a parent answers, and what is kept or closed at 15 and at 18."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField
from wtforms.validators import ValidationError

from ..accounts.rules import BY_BOTH, refusal_of_address
from ..forms import Entry, Form, Sentence, options, refused_message
from ..refusals import Refusal, Refused
from . import rules, words
from .service import AnswerDraft, AskDraft

TO_WRITE = "written"
"""The way that asks for an address, by the value on which the page shows what is to be written (`.ask`)."""


class AskForm(Form):
    """On what to decide by two, purpose by purpose, and how the parent gets the link; nothing is ticked beforehand.

    Each purpose has a name of its own: after the way back a browser puts a tick only where it was.
    """

    way = RadioField(_l("Comment demander"), validate_choice=False, choices=options([
        (rules.CODE, _l("Un code à montrer ou à imprimer")), (TO_WRITE, _l("Un e-mail"))]))
    address = Sentence(_l("L’adresse e-mail de ce parent"), most=254,
                       render_kw={"type": "email", "autocomplete": "off", "inputmode": "email"})
    asked: tuple[str, ...] = ()

    @property
    def purposes(self) -> tuple[str, ...]:
        """Return the purposes that are ticked."""
        return tuple(p for p in self.asked if self[p].data)

    def validate(self, extra_validators: Any = None) -> bool:
        """Say whether something is asked, and how."""
        good: bool = super().validate(extra_validators)
        if not self.purposes:
            self.refuse(Refused(Refusal.NOTHING_CHOSEN))
        return good and bool(self.purposes)

    def validate_way(self, field: Any) -> None:
        """Refuse a way that is not offered."""
        if field.data not in {rules.CODE, TO_WRITE}:
            raise ValidationError(refused_message(Refusal.STEP_MISSING))

    def validate_address(self, field: Any) -> None:
        """Refuse what cannot be an address, where one is needed."""
        if self.way.data == TO_WRITE and refusal_of_address(field.data) is not None:
            raise ValidationError(refused_message(Refusal.ADDRESS_ODD))

    def draft(self) -> AskDraft:
        """Return what is asked."""
        by_email = self.way.data == TO_WRITE
        address = (self.address.data or "").lower() if by_email else None
        return AskDraft(self.purposes, address)


def ask_form(purposes: Iterable[str]) -> AskForm:
    """Return the form in which these purposes can be asked about."""
    asked = tuple(purposes)
    form: AskForm = type("AskForm", (AskForm,), {"asked": asked, **{p: BooleanField(words.PURPOSE[p]) for p in asked}})()
    return form


YES, NO = "yes", "no"


class AnswerForm(Entry):
    """A parent's answer: yes or no for each purpose, and in which quality; nothing is ticked beforehand.

    No cookie, so no CSRF token: the key is in the address, which no other site knows.
    """

    capacity = RadioField(_l("Pour dire oui"), validate_choice=False, choices=options([
        (rules.PARENT, _l("J’ai l’autorité parentale")), (rules.SERVICE, _l("Je suis le service qui a la charge de l’enfant"))]))
    other = BooleanField(_l("Je suis l’autre parent"))
    asked: tuple[str, ...] = ()
    second = False

    class Meta(Entry.Meta):
        csrf = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Say whether each purpose has its answer, and each yes its quality."""
        good: bool = super().validate(extra_validators)
        stopped: list[tuple[str, Refusal]] = [
            (name, Refusal.STEP_MISSING) for name in self.asked if self[name].data not in {YES, NO}]
        for name in self.asked:
            refusal = rules.refusal_of_yes(name, self.capacity.data) if self[name].data == YES else None
            if refusal is not None:
                stopped.append(("capacity" if refusal is Refusal.CAPACITY_MISSING else name, refusal))
        yes_of_both = self.second and any(name in BY_BOTH and self[name].data == YES for name in self.asked)
        unsaid = rules.refusal_of_second_yes(bool(self.other.data)) if yes_of_both else None
        if unsaid is not None:
            stopped.append(("other", unsaid))
        for name, refusal in stopped:
            if not self[name].errors:
                self.refuse(Refused(refusal, name))
        return good and not stopped

    def draft(self) -> AnswerDraft:
        """Return what is answered."""
        capacity = self.capacity.data if self.capacity.data in rules.CAPACITIES else None
        return AnswerDraft({name: self[name].data == YES for name in self.asked}, capacity, self.number,
                           bool(self.other.data))


def _each(base: type[Any], purposes: Iterable[str], choices: list[tuple[str, Any]]) -> type[Any]:
    """Return a form with one choice of two for each of these purposes."""
    asked = tuple(purposes)
    return type(base.__name__, (base,), {"asked": asked, **{
        p: RadioField(words.PURPOSE[p], validate_choice=False, choices=options(choices)) for p in asked}})


def answer_form(purposes: Iterable[str], second: bool) -> AnswerForm:
    """Return the form of a parent's answer about these purposes; `second`: for images, the other parent's."""
    form: AnswerForm = _each(AnswerForm, purposes, [(YES, _l("Oui")), (NO, _l("Non"))])()
    form.second = second
    return form


class ReceiptForm(Form):
    """The code of a receipt, typed from paper; no cookie, so no CSRF token: it changes nothing."""

    code = Sentence(_l("Le code du reçu"), most=40, render_kw={"autocomplete": "off", "autocapitalize": "characters"})

    class Meta(Form.Meta):
        csrf = False


KEEP, CLOSE = "keep", "close"


class HandOverForm(Form):
    """At 15: what two decided is kept or closed, purpose by purpose; nothing is ticked beforehand."""

    asked: tuple[str, ...] = ()

    def validate(self, extra_validators: Any = None) -> bool:
        """Say whether at least one has its answer; the others stay as they are."""
        good: bool = super().validate(extra_validators)
        if good and not self.draft():
            self.refuse(Refused(Refusal.NOTHING_CHOSEN))
            return False
        return good

    def draft(self) -> dict[str, bool]:
        """Return what is kept (True) and what is closed (False)."""
        return {name: self[name].data == KEEP for name in self.asked if self[name].data in {KEEP, CLOSE}}


def hand_over_form(purposes: Iterable[str]) -> HandOverForm:
    """Return the form in which these purposes are kept or closed."""
    form: HandOverForm = _each(HandOverForm, purposes, [(KEEP, _l("Garder")), (CLOSE, _l("Fermer"))])()
    return form


class ComeOfAgeForm(Form):
    """At 18: the protection of minors goes on, or ends; nothing is ticked beforehand."""

    protection = RadioField(_l("La protection d’avant 18 ans"), validate_choice=False, choices=options([
        (KEEP, _l("Garder")), (CLOSE, _l("Arrêter"))]))

    def validate_protection(self, field: Any) -> None:
        """Refuse no answer."""
        if field.data not in {KEEP, CLOSE}:
            raise ValidationError(refused_message(Refusal.STEP_MISSING))
