"""Forms of « Ça me dérange »."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from ..accounts import drafts
from ..forms import Form, Paragraph

drafts.keeps("bother", note=1000)


class BotherForm(Form):
    """What bothers, in one's own words, for who wants to say it."""

    note = Paragraph(_l("Ce qui me dérange"), most=1000)


class CaseForm(Form):
    """Closing a report: nothing to fill."""
