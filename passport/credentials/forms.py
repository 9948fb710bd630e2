"""The form of what is to be checked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.widgets import TextArea

from ..forms import Form


class CheckForm(Form):
    """A link or a text, or else a file: taken as it comes, for one sign more or less would be another text.

    No cookie and nothing changed, so no CSRF token.
    """

    class Meta(Form.Meta):
        csrf = False

    text = StringField(_l("Un lien ou un texte"), widget=TextArea(),
                       render_kw={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})
    file = FileField(_l("Ou un fichier"), render_kw={"accept": ".json,.jsonld,.jwt,.txt,image/png,image/svg+xml"})

    @property
    def is_text(self) -> bool:
        """Say whether a text was given and no file."""
        return not self.file.data and bool((self.text.data or "").strip())

    @property
    def sent(self) -> bytes:
        """Return what is to be checked: the bytes of the file, else of the text."""
        if self.file.data:
            read: bytes = self.file.data.stream.read()
            return read
        return (self.text.data or "").encode("utf-8", "replace")
