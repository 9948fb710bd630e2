"""The small forms of an experience: each one screen, each saves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional, ValidationError

from ..forms import Entry, Form, Paragraph, Sentence, options
from ..refusals import Refused
from ..wording import say
from . import rules
from .models import Experience
from .service import ExperienceDraft

SETTINGS = (
    ("volunteering", _l("Bénévolat (j’ai aidé)")), ("civic_service", _l("Service civique")),
    ("association_life", _l("Vie d’une association")), ("work", _l("Stage ou emploi")),
    ("school", _l("École, formation")), ("sport", _l("Sport")), ("culture", _l("Culture")),
    ("family", _l("Famille, entraide")), ("own_project", _l("Projet à moi")), ("leisure", _l("Loisir")),
)
CONTEXTS = (("formal", _l("École, formation")), ("nonformal", _l("Association, activité")),
            ("informal", _l("Dans la vie")))
MONTHS = (("", _l("Mois")), ("1", _l("janvier")), ("2", _l("février")), ("3", _l("mars")), ("4", _l("avril")),
          ("5", _l("mai")), ("6", _l("juin")), ("7", _l("juillet")), ("8", _l("août")), ("9", _l("septembre")),
          ("10", _l("octobre")), ("11", _l("novembre")), ("12", _l("décembre")))
STEPS = (("1", _l("Je découvre")), ("2", _l("Je fais avec de l’aide")), ("3", _l("Je fais sans aide")),
         ("4", _l("Je montre aux autres")))


class AddForm(Entry):
    """The one sentence, and whether it is for oneself."""

    title = Paragraph(_l("En une phrase"), most=rules.LONGEST_TITLE, render_kw={"autofocus": True},
                      validators=[InputRequired(message=_l("Écrire une phrase, même très courte."))])
    for_me_only = BooleanField(_l("Pour moi"))

    def draft(self) -> ExperienceDraft:
        """Return what was written."""
        title = " ".join((self.title.data or "").split())
        return ExperienceDraft(title=title, submission=self.number, for_me_only=bool(self.for_me_only.data))


class Versioned(Form):
    """A form that changes an experience: it carries the version that was read."""

    version = HiddenField()

    @property
    def read_version(self) -> int:
        """Return the version this form was made from; nonsense counts as none."""
        try:
            return int(self.version.data or 0)
        except ValueError:
            return 0


class TitleForm(Versioned):
    """Another sentence."""

    title = Paragraph(_l("En une phrase"), most=rules.LONGEST_TITLE, render_kw={"autofocus": True},
                      validators=[InputRequired(message=_l("Écrire une phrase, même très courte."))])

    def changes(self) -> dict[str, Any]:
        """Return what was written."""
        return {"title": " ".join((self.title.data or "").split())}


class StoryForm(Versioned):
    """The story in more words."""

    story = Paragraph(_l("Raconter un peu plus"), most=8000)

    def changes(self) -> dict[str, Any]:
        """Return what was written."""
        return {"story": self.story.data}


class WhereForm(Versioned):
    """Where, and with whom."""

    organisation = Sentence(_l("Avec qui : une organisation, un club, des gens"), most=120,
                            render_kw={"list": "organisations", "autocomplete": "off"})
    place = Sentence(_l("Où"), most=120)


@dataclass(frozen=True)
class Moment:
    """A day as precisely as it was given."""

    day: dt.date
    precision: str


class WhenForm(Versioned):
    """What it was, when, and for how long."""

    setting = RadioField(_l("C’était plutôt"), choices=options(SETTINGS), validators=[Optional()])
    context = RadioField(_l("Où cela compte"), choices=options(CONTEXTS), validators=[Optional()])
    day = Sentence(_l("Jour"), most=20, render_kw={"inputmode": "numeric"})
    month = SelectField(_l("Mois"), choices=options(MONTHS), validators=[Optional()])
    year = Sentence(_l("Année"), most=20, render_kw={"inputmode": "numeric"})
    to_day = Sentence(_l("Jour de fin"), most=20, render_kw={"inputmode": "numeric"})
    to_month = SelectField(_l("Mois de fin"), choices=options(MONTHS), validators=[Optional()])
    to_year = Sentence(_l("Année de fin"), most=20, render_kw={"inputmode": "numeric"})
    ongoing = BooleanField(_l("Cela continue"))
    hours = Sentence(_l("Combien d’heures, à peu près ?"), most=40, render_kw={"inputmode": "decimal"})

    @classmethod
    def of(cls, x: Experience) -> WhenForm:
        """Return the form filled with what stands in an experience."""
        form = cls(data={"version": x.version, "setting": x.setting, "context": x.context, "ongoing": x.ongoing,
                         "hours": _plain(x.hours)})
        for day, prefix in ((x.started_on, ""), (x.ended_on, "to_")):
            if day is not None:
                form[prefix + "year"].data = str(day.year)
                form[prefix + "month"].data = str(day.month) if x.when_precision != "year" else ""
                form[prefix + "day"].data = str(day.day) if x.when_precision == "day" else ""
        return form

    def _moment(self, prefix: str) -> Moment | None:
        day, month, year = (str(self[prefix + n].data or "").strip() for n in ("day", "month", "year"))
        if not (day or month or year):
            return None
        if not year.isascii() or not year.isdigit() or len(year) != 4:
            raise ValidationError(_("Écrire l’année en quatre chiffres, par exemple 2026."))
        if day and not month:
            raise ValidationError(_("Choisir aussi le mois, ou effacer le jour."))
        if day and not (day.isascii() and day.isdigit()):
            raise ValidationError(_("Écrire le jour en chiffres, par exemple 21."))
        precision = "day" if day else "month" if month else "year"
        try:
            found = dt.date(int(year), int(month or 1), int(day or 1))
        except ValueError:
            raise ValidationError(_("Ce jour n’existe pas dans ce mois. Changer le jour, ou l’effacer.")) from None
        if not rules.EARLIEST <= found <= rules.LATEST:
            raise ValidationError(_("Choisir une date entre 1900 et 2100."))
        return Moment(found, precision)

    def validate_year(self, _field: Any) -> None:
        """Refuse a beginning that is no date."""
        self._moment("")

    def validate_to_year(self, _field: Any) -> None:
        """Refuse an end that is no date, or that comes before the beginning."""
        end = self._moment("to_")
        try:
            start = self._moment("")
        except ValidationError:
            return
        if end is not None and start is None:
            raise ValidationError(_("Écrire aussi le début."))
        if end is not None and start is not None:
            precision = _coarsest(start, end)
            if _cut(end.day, precision) < _cut(start.day, precision):
                raise ValidationError(_("La fin vient avant le début. Changer l’une des deux dates."))

    def validate_hours(self, field: Any) -> None:
        """Refuse what is no number of hours."""
        try:
            hours = self._hours()
        except InvalidOperation:
            raise ValidationError(_("Écrire un nombre, par exemple 6 ou 2,5.")) from None
        refusal = rules.refusal_to_count(hours)
        if refusal is not None:
            raise ValidationError(say(refusal))

    def _hours(self) -> Decimal | None:
        text = "".join((self.hours.data or "").split()).replace(",", ".")
        if text and not all(c in "0123456789." for c in text):
            raise InvalidOperation
        return Decimal(text).quantize(Decimal("0.1")) if text else None

    def changes(self, before: Experience) -> dict[str, Any]:
        """Return what was written; the context follows a new setting unless it was corrected."""
        start, end = self._moment(""), self._moment("to_")
        if self.ongoing.data:
            end = None
        precision = _coarsest(start, end)
        context = self.context.data or None
        setting = self.setting.data or None
        if setting != before.setting and context == before.context:
            context = rules.CONTEXT_OF.get(setting or "")
        return {
            "setting": setting, "context": context, "started_on": _cut(start.day, precision) if start else None,
            "ended_on": _cut(end.day, precision) if end else None, "when_precision": precision,
            "ongoing": bool(self.ongoing.data) and start is not None, "hours": self._hours(),
        }


def _coarsest(*moments: Moment | None) -> str:
    """Return the precision that all of these moments have."""
    given = [m.precision for m in moments if m is not None]
    return next((p for p in ("year", "month") if p in given), "day")


def _cut(day: dt.date, precision: str) -> dt.date:
    """Return the first day of the year or month that a day stands for, or the day itself."""
    return day.replace(month=1 if precision == "year" else day.month, day=day.day if precision == "day" else 1)


def _plain(hours: Decimal | None) -> str:
    return "" if hours is None else f"{hours.normalize():f}".replace(".", ",")


class ClaimForm(Form):
    """One « je » sentence, at one of the four steps."""

    competency = RadioField(_l("Une phrase"), coerce=str, validate_choice=False, validators=[Optional()])
    step = RadioField(_l("Où j’en suis"), choices=options(STEPS), validators=[Optional()])

    def chosen(self) -> tuple[int, int]:
        """Return the competency and the step; raises Refused when one is missing."""
        from ..refusals import Refusal

        competency, step = str(self.competency.data or ""), str(self.step.data or "")
        if not competency.isascii() or not competency.isdigit() or len(competency) > 6:
            raise Refused(Refusal.COMPETENCY_UNKNOWN, "competency")
        if step not in {"1", "2", "3", "4"}:
            raise Refused(Refusal.STEP_MISSING, "step")
        return int(competency), int(step)
