"""Collect the sentences of the code and the templates into the French and English catalogues.

The sentences in the code are French: the French catalogue is filled from them, with French typography. The
English one keeps its translations, and the sentences that still lack one are printed.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po
from typography import french

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "passport" / "translations"
METHODS = [("passport/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2), "_n": (1, 2)}
# A date in the header would make every run a change, and say nothing.
CHURN = (
    "POT-Creation-Date",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Report-Msgid-Bugs-To",
    "Generated-By",
)


def template() -> Catalog:
    """Return every sentence of the code and the templates, without translations."""
    found = Catalog(project="learner-passport", version="1", charset="utf-8")
    for folder in ("passport", "templates"):
        methods = [
            (pattern.split("/", 1)[1], method) for pattern, method in METHODS if pattern.startswith(folder)
        ]
        for _, _, message, comments, context in extract_from_dir(
            ROOT / folder,
            methods,
            options_map={"**.html": {"silent": "false"}, "**.txt": {"silent": "false"}},
            keywords=KEYWORDS,
            comment_tags=("NOTE:",),
            strip_comment_tags=True,
        ):
            found.add(message, None, auto_comments=comments, context=context)
    return found


def catalogue(language: str, sentences: Catalog) -> Catalog:
    """Return the catalogue of a language, brought up to date with these sentences."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
    else:
        known = Catalog(locale=language)
    updated = Catalog(locale=language, project="learner-passport", version="1", charset="utf-8", fuzzy=False)
    updated.header_comment = f"# The sentences of the learner passport: {language}."
    for sentence in sentences:
        if not sentence.id:
            continue
        old = known.get(sentence.id, sentence.context)
        string: str | tuple[str, ...] = () if sentence.pluralizable else ""
        if language == "fr":
            string = french(sentence.id) if isinstance(sentence.id, str) else tuple(map(french, sentence.id))
        elif old is not None and not old.fuzzy and old.pluralizable == sentence.pluralizable and old.string:
            string = old.string if isinstance(old.string, str) else tuple(old.string)
        updated.add(sentence.id, string, auto_comments=sentence.auto_comments, context=sentence.context)
    return updated


def untranslated(translations: Catalog) -> list[str]:
    """Return the sentences of a catalogue that have no whole translation."""
    missing = []
    for message in translations:
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and (not forms or not all(forms) or message.fuzzy):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return sorted(missing)


def rendered(translations: Catalog) -> str:
    """Return the text of a .po file that is equal for equal sentences, whenever and wherever it is made."""
    out = io.BytesIO()
    write_po(out, translations, width=100, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = out.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(tuple(f'"{word}:' for word in CHURN)))


def main() -> int:
    """Write both catalogues and say what is missing in the English one."""
    sentences = template()
    for language in ("fr", "en"):
        translations = catalogue(language, sentences)
        path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered(translations), encoding="utf-8")
        missing = untranslated(translations)
        print(f"{language}: {len(sentences)} sentences, {len(missing)} without translation")
        for sentence in missing:
            print(f"    {sentence}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
