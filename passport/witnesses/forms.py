"""Forms of asking somebody without account, and of their answer."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from ..accounts.rules import DISPLAY, WRITTEN, Band
from ..feedback.queries import ClaimLine
from ..forms import Entry, Paragraph, Sentence, options
from ..refusals import Refusal, Refused
from . import ready, rules
from .service import InvitationDraft, WitnessDraft


class InviteForm(Entry):
    """What somebody without account will read: « je » sentences, none ticked beforehand, and a name."""

    claims = SelectMultipleField(_l("Ce que je sais faire"), coerce=int, widget=ListWidget(prefix_label=False),
                                 option_widget=CheckboxInput(), validate_choice=True)
    name_form = RadioField(_l("Mon nom sur la page"), validate_choice=False)
    shown_name = Sentence(_l("Le nom à montrer"), most=80, render_kw={"autocomplete": "name"})
    version = HiddenField()

    def __init__(self, band: Band, display_name: str, claims: list[ClaimLine], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.claims.choices = options((c.competency_id, c.text) for c in claims)
        self.name_form.choices = options([(DISPLAY, display_name), (WRITTEN, _l("Un autre nom, à écrire"))])
        if self.name_form.data is None:
            self.name_form.data = DISPLAY
        if band is not Band.ADULT:
            del self.name_form
            del self.shown_name

    def is_about(self, version: int) -> bool:
        """Say whether the experience still reads as it did when the page was opened."""
        return bool(self.version.data == str(version))

    def draft(self) -> InvitationDraft:
        """Return what the invitation shows."""
        adult = "name_form" in self._fields
        return InvitationDraft(
            competency_ids=tuple(sorted(self.claims.data or ())),
            name_form=(self.name_form.data or "") if adult else DISPLAY,
            shown_name=self.shown_name.data if adult and self.name_form.data == WRITTEN else None,
            submission=self.number,
        )


ANSWERS = {"there": ("yes", "no"), "relative": ("no", "yes"), "age": ("adult", "minor")}


class WitnessForm(Entry):
    """What somebody who was there says, in a minute; nothing is ticked beforehand.

    No cookie, so no CSRF token: the key is in the address, which no other site knows.
    """

    there = RadioField(_l("J’étais là"), validate_choice=False, choices=options([
        ("yes", _l("Oui, j’étais là")), ("no", _l("Non, on me l’a raconté"))]))
    relation = RadioField(validate_choice=False)
    own_relation = Sentence(_l("Ou avec mes mots"), most=80, render_kw={"autocomplete": "off"})
    relative = RadioField(_l("Une personne de ma famille ?"), validate_choice=False, choices=options([
        ("no", _l("Non")), ("yes", _l("Oui"))]))
    words = Paragraph(_l("Ce que j’ai vu"), most=rules.LONGEST_WORDS)
    sentences = SelectMultipleField(_l("Ce que j’ai vu"), validate_choice=False)
    age = RadioField(_l("Mon âge"), validate_choice=False, choices=options([
        ("adult", _l("18 ans ou plus")), ("minor", _l("Moins de 18 ans"))]))
    name_form = RadioField(_l("Mon nom, tel qu’il sera lu"), validate_choice=False, choices=options([
        (rules.FULL, _l("Mon nom : Mme Petit, par exemple")), (rules.FIRST, _l("Mon prénom")),
        (rules.ROLE, _l("Sans nom"))]))
    name = Sentence(_l("Mon nom ou mon prénom"), most=80, render_kw={"autocomplete": "off"})
    may_be_shown = BooleanField(_l("Ceci peut être montré"))

    class Meta(Entry.Meta):
        csrf = False

    def __init__(self, protected: bool, language: str, learner: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._protected = protected
        self.relation.label.text = _l("Pour %(who)s, je suis", who=learner)
        self.relation.choices = options(ready.relations(language))
        self.sentences.choices = options(ready.observations(language))
        for name in ("own_relation", "words") if protected else ("sentences",):
            del self[name]

    def validate(self, extra_validators: Any = None) -> bool:
        """Say whether everything stands; what does not has its sentence beside it."""
        good: bool = super().validate(extra_validators)
        stopped = [(name, Refusal.STEP_MISSING) for name, known in ANSWERS.items() if self[name].data not in known]
        stopped += rules.refusals(self.draft().facts(), self._protected, ready.RELATIONS, ready.OBSERVATIONS)
        for name, refusal in stopped:
            if not self[name].errors:
                self.refuse(Refused(refusal, name))
        return good and not stopped

    def draft(self) -> WitnessDraft:
        """Return what is said."""
        form = self.name_form.data or ""
        return WitnessDraft(
            relation=self.relation.data, own_relation=self.own_relation.data if not self._protected else None,
            is_relative=self.relative.data == "yes", saw_it=self.there.data == "yes",
            is_minor=self.age.data == "minor", name_form=form,
            name=self.name.data if form != rules.ROLE else None,
            words=self.words.data if not self._protected else None,
            sentences=tuple(dict.fromkeys(self.sentences.data or ())) if self._protected else (),
            may_be_shown=bool(self.may_be_shown.data), submission=self.number,
        )

    @property
    def typed(self) -> list[str]:
        """Return what was written or chosen, in words, so that it can be kept when it was not sent."""
        if self._protected:
            chosen = set(self.sentences.data or ())
            return [words for code, words in ready.observations(str(get_locale())) if code in chosen]
        return [self.words.data] if self.words.data else []
