"""The small forms of an experience: each one screen, each saves."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from ..accounts import drafts
from ..forms import Entry, Form, Paragraph, Sentence, options
from ..refusals import Refusal, Refused
from ..wording import say
from . import rules
from .evidence import FileDraft, LinkDraft, digest_of_file
from .models import Experience
from .service import ExperienceDraft

SETTINGS = (
    ("volunteering", _l("Bénévolat (j’ai aidé)")), ("civic_service", _l("Service civique")),
    ("association_life", _l("Vie d’une association")), ("work", _l("Stage ou emploi")),
    ("school", _l("École, formation")), ("sport", _l("Sport")), ("culture", _l("Culture")),
    ("family", _l("Famille, entraide")), ("own_project", _l("Projet à moi")), ("leisure", _l("Loisir")),
    ("", _l("Autre chose")),
)
CONTEXTS = (("formal", _l("École, formation")), ("nonformal", _l("Association, activité")),
            ("informal", _l("Dans la vie")))
MONTHS = (("", _l("Mois")), ("1", _l("janvier")), ("2", _l("février")), ("3", _l("mars")), ("4", _l("avril")),
          ("5", _l("mai")), ("6", _l("juin")), ("7", _l("juillet")), ("8", _l("août")), ("9", _l("septembre")),
          ("10", _l("octobre")), ("11", _l("novembre")), ("12", _l("décembre")))
STEPS = (("1", _l("Je découvre")), ("2", _l("Je fais avec de l’aide")), ("3", _l("Je fais sans aide")),
         ("4", _l("Je montre aux autres")))


@dataclass(frozen=True)
class Moment:
    """A day as precisely as it was given."""

    day: dt.date
    precision: str


class Odd(ValueError):  # noqa: N818 - an answer, not a fault
    """What was typed is no date or number; it says beside which field, in which words."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field, self.words = field, words


def digits(text: str) -> bool:
    """Say whether a text is made of plain digits."""
    return text.isascii() and text.isdigit()


class WithTimes(Form):
    """What it was, when, and for how long: all of it optional."""

    setting = RadioField(_l("C’était plutôt"), choices=options(SETTINGS), validators=[Optional()])
    day = Sentence(_l("Jour"), most=20, render_kw={"inputmode": "numeric", "autocomplete": "off"})
    month = SelectField(_l("Mois"), choices=options(MONTHS), validators=[Optional()])
    year = Sentence(_l("Année"), most=20, render_kw={"inputmode": "numeric", "autocomplete": "off"})
    ongoing = BooleanField(_l("Cela continue"))
    hours = Sentence(_l("Combien d’heures, à peu près ?"), most=40,
                     render_kw={"inputmode": "decimal", "autocomplete": "off"})

    def validate(self, extra_validators: Any = None) -> bool:
        """Say whether everything stands; what does not has its sentence beside it."""
        good: bool = super().validate(extra_validators)
        for read in (self.times, self.count):
            try:
                read()
            except Odd as odd:
                self[odd.field].errors = [*self[odd.field].errors, odd.words]
                good = False
        return good

    def times(self) -> dict[str, Any]:
        """Return when it was; raises Odd for what is no time."""
        start = self._moment("")
        end = self._moment("to_") if "to_year" in self._fields else None
        if self.ongoing.data:
            end = None
        if start is None and end is not None:
            raise Odd("year", _("Écrire aussi le début : une année suffit."))
        if start is None and self.ongoing.data:
            raise Odd("year", _("Écrire depuis quand : une année suffit."))
        precision = _coarsest(start, end)
        started = _cut(start.day, precision) if start else None
        ended = _cut(end.day, precision) if end else None
        if started is not None and ended is not None and ended < started:
            raise Odd("to_year", say(Refusal.ENDS_BEFORE_START))
        return {"started_on": started, "ended_on": ended, "when_precision": precision, "ongoing": bool(self.ongoing.data)}

    def _moment(self, prefix: str) -> Moment | None:
        day, month, year = (str(self[prefix + n].data or "").strip() for n in ("day", "month", "year"))
        if not (day or month or year):
            return None
        if not (digits(year) and len(year) == 4):
            raise Odd(prefix + "year", _("Écrire l’année en quatre chiffres, par exemple 2026."))
        if not rules.EARLIEST.year <= int(year) <= rules.LATEST.year:
            raise Odd(prefix + "year", say(Refusal.DATES_ODD))
        if month and not (digits(month) and len(month) <= 2 and 1 <= int(month) <= 12):
            raise Odd(prefix + "month", _("Choisir un mois dans la liste."))
        if day and not month:
            raise Odd(prefix + "month", _("Choisir aussi le mois, ou effacer le jour."))
        if not day:
            return Moment(dt.date(int(year), int(month or 1), 1), "month" if month else "year")
        last = calendar.monthrange(int(year), int(month))[1]
        if not digits(day) or len(day) > 2 or not 1 <= int(day) <= last:
            raise Odd(prefix + "day", _("Écrire un jour entre 1 et %(last)s pour ce mois, ou effacer le jour.", last=last))
        return Moment(dt.date(int(year), int(month), int(day)), "day")

    def count(self) -> Decimal | None:
        """Return how many hours; raises Odd for what is no number, or too many."""
        text = "".join((self.hours.data or "").split()).replace(",", ".").lower().removesuffix("h")
        if not text:
            return None
        whole, _dot, tenths = text.partition(".")
        if not digits(whole or "0") or not digits(tenths or "0") or text == ".":
            raise Odd("hours", _("Écrire un nombre, par exemple 6 ou 2,5."))
        hours = Decimal(text)
        refusal = rules.refusal_to_count(hours)
        if refusal is not None:
            raise Odd("hours", say(refusal))
        return hours.quantize(Decimal("0.1"))


class WithOrganisation(Form):
    """With whom: a name that one types, or chooses from those found; without JavaScript by a button that searches."""

    organisation = Sentence(_l("Avec qui : une organisation, un club, des gens"), most=120,
                            render_kw={"list": "organisations", "autocomplete": "off"})
    called = RadioField(_l("Laquelle ?"), choices=[], validators=[Optional(), Length(max=120)], validate_choice=False)
    search = SubmitField(_l("Chercher dans la liste de la Ville"))

    @property
    def searches(self) -> bool:
        """Say whether the form was sent to find an organisation, and nothing is to be kept yet."""
        return bool(self.search.data)

    @property
    def named(self) -> str | None:
        """Return the name that was chosen, or else the one that was typed."""
        return self.called.data or self.organisation.data or None

    def offer(self, names: Sequence[str]) -> None:
        """Show these names to choose from."""
        self.called.choices = [(name, name) for name in names] if self.searches else []


class AddForm(Entry, WithTimes, WithOrganisation):
    """The one sentence, whether it is for oneself, and details for whoever wants to give them at once."""

    title = Paragraph(_l("En une phrase"), most=rules.LONGEST_TITLE, render_kw={"autofocus": True},
                      validators=[InputRequired(message=_l("Écrire une phrase, même très courte."))])
    for_me_only = BooleanField(_l("Pour moi"))
    place = Sentence(_l("Où"), most=120)

    def draft(self, known: Callable[[str | None], uuid.UUID | None]) -> ExperienceDraft:
        """Return what was written; `known` finds the organisation of a name."""
        title = " ".join((self.title.data or "").split())
        organisation_id = known(self.named)
        return ExperienceDraft(
            title=title, submission=self.number, for_me_only=bool(self.for_me_only.data),
            setting=self.setting.data or None, hours=self.count(), place=self.place.data,
            organisation_id=organisation_id, organisation_text=None if organisation_id else self.named,
            **self.times(),
        )

    @property
    def details_open(self) -> bool:
        """Say whether something stands in the folded details, so that it is never out of sight."""
        names = ("setting", "day", "month", "year", "ongoing", "hours", "organisation", "place")
        return any(self[name].data or self[name].errors for name in names)


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


drafts.keeps("story", story=8000, version=12)


class StoryForm(Versioned):
    """The story in more words."""

    story = Paragraph(_l("Raconter un peu plus"), most=8000)

    def changes(self) -> dict[str, Any]:
        """Return what was written."""
        return {"story": self.story.data}


class WhereForm(Versioned, WithOrganisation):
    """Where, and with whom."""

    place = Sentence(_l("Où"), most=120)


class WhenForm(Versioned, WithTimes):
    """What it was, when, and for how long; the context can be corrected."""

    context = RadioField(_l("Où cela compte"), choices=options(CONTEXTS), validators=[Optional()])
    to_day = Sentence(_l("Jour de fin"), most=20, render_kw={"inputmode": "numeric", "autocomplete": "off"})
    to_month = SelectField(_l("Mois de fin"), choices=options(MONTHS), validators=[Optional()])
    to_year = Sentence(_l("Année de fin"), most=20, render_kw={"inputmode": "numeric", "autocomplete": "off"})

    @classmethod
    def of(cls, x: Experience) -> WhenForm:
        """Return the form filled with what stands in an experience."""
        form = cls(data={"version": x.version, "setting": x.setting, "context": x.context, "ongoing": x.ongoing,
                         "hours": in_figures(x.hours)})
        for day, prefix in ((x.started_on, ""), (x.ended_on, "to_")):
            if day is not None:
                form[prefix + "year"].data = str(day.year)
                form[prefix + "month"].data = str(day.month) if x.when_precision != "year" else ""
                form[prefix + "day"].data = str(day.day) if x.when_precision == "day" else ""
        return form

    def changes(self, before: Experience) -> dict[str, Any]:
        """Return what was written; the context follows a new setting unless it was corrected."""
        context, setting = self.context.data or None, self.setting.data or None
        if setting != before.setting and context == before.context:
            context = rules.CONTEXT_OF.get(setting or "")
        return {"setting": setting, "context": context, "hours": self.count(), **self.times()}


def _coarsest(*moments: Moment | None) -> str:
    """Return the precision that all of these moments have."""
    given = [m.precision for m in moments if m is not None]
    return next((p for p in ("year", "month") if p in given), "day")


def _cut(day: dt.date, precision: str) -> dt.date:
    """Return the first day of the year or month that a day stands for, or the day itself."""
    return day.replace(month=1 if precision == "year" else day.month, day=day.day if precision == "day" else 1)


def in_figures(hours: Decimal | None) -> str:
    """Return a number of hours as people type it: « 2,5 »."""
    return "" if hours is None else f"{hours.normalize():f}".replace(".", ",")


class ClaimForm(Form):
    """One « je » sentence, at one of the four steps."""

    competency = RadioField(_l("Une phrase"), coerce=str, validate_choice=False, validators=[Optional()])
    step = RadioField(_l("Où j’en suis"), choices=options(STEPS), validators=[Optional()])

    def chosen(self) -> tuple[int, int]:
        """Return the competency and the step; raises Refused when one is missing."""
        competency, step = str(self.competency.data or ""), str(self.step.data or "")
        if not competency.isascii() or not competency.isdigit() or len(competency) > 6:
            raise Refused(Refusal.COMPETENCY_UNKNOWN, "competency")
        if step not in {"1", "2", "3", "4"}:
            raise Refused(Refusal.STEP_MISSING, "step")
        return int(competency), int(step)


class FileForm(Entry):
    """A photo or a document, with a few words about it."""

    file = FileField(_l("Une photo ou un document"),
                     render_kw={"accept": "image/jpeg,image/png,image/webp,application/pdf"})
    caption = Sentence(_l("Ce qu’on y voit"), most=280)

    def data_sent(self) -> bytes:
        """Return the bytes of the file, of one that is too long no more than shows it; raises Refused without any."""
        if not self.file.data:
            raise Refused(Refusal.FILE_MISSING, "file")
        sent: bytes = self.file.data.stream.read()
        return sent

    def draft(self, data: bytes) -> FileDraft:
        """Return what was sent."""
        return FileDraft(digest=digest_of_file(data), caption=self.caption.data, submission=self.number)


class LinkForm(Entry):
    """The address of something that stands elsewhere."""

    url = Sentence(_l("L’adresse du lien"), most=rules.LONGEST_LINK,
                   render_kw={"inputmode": "url", "autocomplete": "off"})
    about = Sentence(_l("Ce qu’on y trouve"), most=280)

    def draft(self) -> LinkDraft:
        """Return what was sent; an address without its beginning gets the usual one."""
        url = self.url.data
        if url and re.fullmatch(r"[\w-]+(\.[\w-]+)+(/.*)?", url):
            url = f"https://{url}"
        return LinkDraft(url=url, caption=self.about.data, submission=self.number)
