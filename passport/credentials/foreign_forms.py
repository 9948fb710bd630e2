"""The form of what was received elsewhere."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.widgets import TextArea

from ..forms import Entry


class ReceivedForm(Entry):
    """A file, or else a text: taken as it comes, for one sign more or less would be another text."""

    file = FileField(_l("Le fichier reçu"), render_kw={"accept": ".json,.jsonld,.jwt,.txt,image/png,image/svg+xml"})
    text = StringField(_l("Ou son texte"), widget=TextArea(),
                       render_kw={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})

    @property
    def wrong(self) -> str:
        """Return beside which field it is said that nothing can be read."""
        return "text" if not self.file.data and (self.text.data or "").strip() else "file"

    def sent(self) -> bytes:
        """Return the bytes of the file, else of the text."""
        if self.wrong == "file" and self.file.data:
            read: bytes = self.file.data.stream.read()
            return read
        return (self.text.data or "").encode("utf-8", "replace")
