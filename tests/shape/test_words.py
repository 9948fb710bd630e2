"""What people read is whole in both languages, well set, in plain words, and never outside the catalogues."""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = {
    str(p.relative_to(ROOT / "templates")): p.read_text(encoding="utf-8")
    for p in sorted((ROOT / "templates").rglob("*.html"))
}
CODE = {
    str(p.relative_to(ROOT / "passport")): p.read_text(encoding="utf-8")
    for p in sorted((ROOT / "passport").rglob("*.py"))
    if p.parent.name != "demo"
}
TRANSLATORS = {"_", "_l", "_n", "gettext", "lazy_gettext", "ngettext", "lazy_ngettext"}
LETTER = re.compile(r"[^\W\d_]")
FRENCH = re.compile(r"[àâäçéèêëîïôöùûüÿœæÀÂÇÉÈÊÎÔŒ’«»]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@cache
def tool(name: str) -> Any:
    """Return a module of tools/, which is no package."""
    folder = str(ROOT / "tools")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


@cache
def extracted() -> Catalog:
    """Return the sentences of the code and the templates as they stand."""
    found: Catalog = tool("messages").template()
    return found


def path_of(language: str) -> Path:
    return ROOT / "passport" / "translations" / language / "LC_MESSAGES" / "messages.po"


@cache
def catalogue(language: str) -> Catalog:
    return read_po(io.BytesIO(path_of(language).read_bytes()), locale=language)


def forms(value: Any) -> tuple[str, ...]:
    """Return the forms of a sentence: one, or as many as the language counts."""
    return (value,) if isinstance(value, str) else tuple(value)


def messages(language: str) -> list[Message]:
    return [m for m in catalogue(language) if m.id]


def keys(sentences: Catalog) -> set[tuple[str, ...]]:
    return {forms(m.id) for m in sentences if m.id}


def french_texts(official: bool = True) -> Iterator[str]:
    """Yield every French text on a screen, with or without the official labels of European frameworks."""
    for message in messages("fr"):
        yield from forms(message.string)
    for entry in json.loads((ROOT / "passport" / "help.json").read_text(encoding="utf-8"))["questions"]:
        yield from (entry["question_fr"], entry["answer_fr"])
    yield from framework("fr", "name_fr", *(("label_fr",) if official else ()))
    yield from kinds("fr", "label_fr", "title_fr")
    yield from ready("fr")


def english_texts() -> Iterator[str]:
    """Yield every English text on a screen."""
    for message in messages("en"):
        yield from forms(message.string)
    for entry in json.loads((ROOT / "passport" / "help.json").read_text(encoding="utf-8"))["questions"]:
        yield from (entry["question_en"], entry["answer_en"])
    yield from framework("en", "name_en")
    yield from kinds("en", "label_en", "title_en")
    yield from ready("en")


def ready(language: str) -> Iterator[str]:
    """Yield the ready words of somebody without account."""
    file = ROOT / "passport" / "witnesses" / "data" / "sentences.json"
    for lines in json.loads(file.read_text(encoding="utf-8")).values():
        yield from (line[language] for line in lines)


def framework(*names: str) -> Iterator[str]:
    """Yield the values of these names anywhere in the files of the framework."""
    for file in sorted((ROOT / "passport" / "frameworks" / "data").glob("*.json")):
        yield from held_in(f"frameworks/data/{file.name}", *names)


def kinds(*names: str) -> Iterator[str]:
    """Yield the values of these names anywhere in the file of kinds."""
    yield from held_in("experiences/data/kinds.json", *names)


def held_in(file: str, *names: str) -> Iterator[str]:
    """Yield the values of these names anywhere in a data file."""

    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for name, value in node.items():
                if name in names and isinstance(value, str):
                    yield value
                else:
                    yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    yield from walk(json.loads((ROOT / "passport" / file).read_text(encoding="utf-8")))


# ---------- the catalogues ----------


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_catalogue_holds_every_sentence_and_no_other(language: str) -> None:
    written, known = keys(extracted()), keys(catalogue(language))
    assert len(written) > 500
    assert sorted(written - known) == [], "run `make messages`"
    assert sorted(known - written) == [], "run `make messages`"
    assert tool("messages").rendered(tool("messages").catalogue(language, extracted())) == path_of(
        language
    ).read_text(encoding="utf-8"), "run `make messages`"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_sentence_has_a_whole_translation(language: str) -> None:
    assert tool("messages").untranslated(catalogue(language)) == []
    assert [m.id for m in messages(language) if m.fuzzy] == []
    assert list(catalogue(language).check()) == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_plural_forms(language: str) -> None:
    assert catalogue(language).num_plurals == 2
    plural = [m for m in messages(language) if m.pluralizable]
    assert plural
    for message in plural:
        assert isinstance(message.string, (tuple, list)), message.id
        assert len(message.string) == 2, message.id
        # What a count stands in must not be lost when there are many.
        assert "%(num)s" in message.string[1] or "%(num)s" not in message.id[1], message.id


@pytest.mark.parametrize("language", ["fr", "en"])
def test_placeholders_are_the_same(language: str) -> None:
    wrong = []
    for message in messages(language):
        for source, target in zip(forms(message.id), forms(message.string), strict=True):
            loose = PLACEHOLDER.sub("", target).replace("%%", "")
            if (
                sorted(set(PLACEHOLDER.findall(source))) != sorted(set(PLACEHOLDER.findall(target)))
                or "%" in loose
            ):
                wrong.append((source, target))
    assert wrong == []


def test_no_markup_in_a_sentence() -> None:
    assert [t for t in (*french_texts(), *english_texts()) if re.search(r"<[a-zA-Z/]|&\w+;", t)] == []


# ---------- how it is set ----------


def test_the_tool_sets_the_french_catalogue() -> None:
    french = tool("typography").french
    for message in messages("fr"):
        assert forms(message.string) == tuple(map(french, forms(message.id)))


def test_msgids_are_plain() -> None:
    odd = [
        id_
        for m in messages("fr")
        for id_ in forms(m.id)
        if re.search("[\u202f\u00a0\u2011'\"]|  |^ | $", id_)
    ]
    assert odd == []


UNIT = (
    r"(?:%%|€|(?:h|min|s|ans?|mois|semaines?|jours?|heures?|minutes?|fois"
    r"|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)\b)"
)
ILL_SET = {
    "a straight apostrophe": r"'",
    "straight quotation marks": r'"',
    "a plain space before ; ! ? :": r" [;!?:](?!\w)",
    "no space before ; ! ?": r"[^\W_][;!?]",
    "a wide no-break space before ; ! ?": "\u00a0[;!?]",
    "a narrow no-break space before :": "\u202f:",
    "no space before :": r"[^\W\d_]:(?!//)",
    "guillemets without no-break spaces": "«(?!\u00a0)|(?<!\u00a0)»",
    "a number cut from its unit": rf"\d {UNIT}",
    "a number cut from its sign": r"n° \d",
    "three dots": r"\.\.\.",
}


@pytest.mark.parametrize("fault", ILL_SET)
def test_french_typography(fault: str) -> None:
    assert [t for t in french_texts() if re.search(ILL_SET[fault], t)] == []


def test_french_help_and_competencies_are_set_by_the_tool_too() -> None:
    french = tool("typography").french
    assert [t for t in french_texts() if french(t) != t] == []


def test_english_typography() -> None:
    ill_set = re.compile("['\"«»\u202f\u00a0\u2011]|[ ][;:!?,.](?!\\w)|\\.\\.\\.|[ ]{2}|^[ ]|[ ]$|[Ee]-mail")
    assert [t for t in english_texts() if ill_set.search(t)] == []


# Names and words of the place that English keeps.
KEPT_IN_ENGLISH = re.compile(r"\b(médiathèque|Léa|Inès|département|attestation d’honorabilité)\b")


def test_english_is_english() -> None:
    left = [
        t
        for t in english_texts()
        if re.search(r"[À-ÖØ-öø-ÿœŒ]", KEPT_IN_ENGLISH.sub("", t))
        or re.search(
            r"(?i)\b(le|la|les|une?|du|des|et|ou|pour|avec|dans|est|je|vous)\b", KEPT_IN_ENGLISH.sub("", t)
        )
    ]
    assert left == []


# ---------- which words ----------

NOT_SAID = ROOT / "tests" / "shape" / "words_not_said.txt"
MOST_WORDS = 20
# Templates whose own sentences are not ours to make plain, and why.
OF_THE_LAW = {"commitments/accessibility.html": "the model of the declaration is fixed by the RGAA"}
# Buttons that do two things, and why.
TWO_THINGS = {
    "Envoyer et passer au suivant (%(num)s)": "says where one lands: at whoever waits next",
    "Reconnaître et passer au suivant (%(num)s)": "says where one lands: at whoever waits next",
}


@cache
def not_said() -> list[tuple[str, str, str, str]]:
    """Return, from the file, each language, word, expression that finds it, and what is said instead."""
    found, language = [], ""
    for line in NOT_SAID.read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"\[(fr|en)\]", line):
            language = header[1]
        elif line and not line.startswith("#"):
            word, rest = line.split(" | ", 1)
            expression, instead = rest.rsplit(" | ", 1)
            found.append((language, word, expression, instead))
    return found


@cache
def only_of_the_law() -> frozenset[str]:
    """Return the msgids that stand in no other file than those of OF_THE_LAW."""
    places: dict[str, set[str]] = {}
    for name, source in {**TEMPLATES, **CODE}.items():
        for _, kind, value in strings(name, source):
            if kind == "said":
                places.setdefault(value, set()).add(name)
    return frozenset(value for value, names in places.items() if names <= OF_THE_LAW.keys())


def strings(name: str, source: str) -> Iterator[tuple[str, str, str]]:
    """Yield every sentence that a file gives to the translators."""
    method = "jinja2" if name.endswith(".html") else "python"
    options = {"silent": "false"} if method == "jinja2" else {}
    file = io.BytesIO(source.encode())
    for _line, message, _comments, _context in extract(method, file, tool("messages").KEYWORDS, (), options):
        for value in forms(message):
            yield name, "said", value


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@cache
def ours(language: str) -> list[str]:
    """Return the texts of a language whose words are ours to choose, with plain spaces."""
    law = {
        form
        for m in messages(language)
        if set(forms(m.id)) <= only_of_the_law()
        for form in forms(m.string)
    }
    texts = french_texts(official=False) if language == "fr" else english_texts()
    return [plain(text) for text in texts if text not in law]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_words_that_are_not_said(language: str) -> None:
    every = "\n".join(ours(language))
    assert [
        (word, text, f"rather: {instead}")
        for of, word, expression, instead in not_said()
        if of == language and re.search(expression, every, re.I)
        for text in ours(language)
        if re.search(expression, text, re.I)
    ] == []


def test_the_words_that_are_not_said_are_many_and_each_would_be_found() -> None:
    words = not_said()
    assert sum(language == "fr" for language, *_ in words) >= 60
    assert len({(language, word) for language, word, *_ in words}) == len(words)
    for language, word, expression, instead in words:
        assert re.search(expression, word, re.I), f"{word}: {expression} does not find it"
        assert instead, word
        for other_language, other, banned, _ in words:
            if other_language == language and not instead.startswith("rien"):
                assert not re.search(banned, instead, re.I), f"instead of {word}, {other} is said"


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each in plain spaces."""
    return re.split(r"(?<=[.!?…])\s+", plain(text))


def length(sentence: str) -> int:
    """Return how many words are read."""
    return sum(1 for word in sentence.split() if re.search(r"\w", word))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_sentence_is_longer_than_twenty_words(language: str) -> None:
    assert [(length(s), s) for text in ours(language) for s in sentences(text) if length(s) > MOST_WORDS] == []


def test_a_long_sentence_would_be_seen() -> None:
    text = "Un deux. " + "mot " * 21 + "! Trois : quatre"
    assert [length(s) for s in sentences(text)] == [2, 21, 2]


def test_what_the_law_words_is_said_nowhere_else() -> None:
    assert {name for name in OF_THE_LAW if name in TEMPLATES} == set(OF_THE_LAW)
    assert 20 < len(only_of_the_law()) < 60
    assert "Aide" not in only_of_the_law()


# Where the label of a button stands among the arguments of its macro.
LABEL = {"button": 0, "link_button": 1, "post_button": 1, "copy_button": 1, "share_button": 2, "print_button": 0}


def given_to_translators(node: jinja2.nodes.Node) -> Iterator[str]:
    """Yield the msgids inside an expression of a template."""
    calls = [*node.find_all(jinja2.nodes.Call), *([node] if isinstance(node, jinja2.nodes.Call) else [])]
    for call in calls:
        if isinstance(call.node, jinja2.nodes.Name) and call.node.name in TRANSLATORS:
            yield from (a.value for a in call.args[:2] if isinstance(a, jinja2.nodes.Const) and isinstance(a.value, str))


def labels(source: str) -> set[str]:
    """Return the words on the buttons of a template: those of the macros, and those written out."""
    found = set()
    for call in jinja2.Environment(autoescape=True).parse(source).find_all(jinja2.nodes.Call):
        name = getattr(call.node, "attr", getattr(call.node, "name", ""))
        given = {k.key: k.value for k in call.kwargs}
        if name in LABEL:
            node = call.args[LABEL[name]] if len(call.args) > LABEL[name] else given.get("label")
            found |= set(given_to_translators(node)) if node is not None else set()
    for inside in re.findall(r'<button\b[^>]*>(.*?)</button>|<a class="button[^>]*>(.*?)</a>', source, flags=re.S):
        found |= set(re.findall(r'_\("([^"]+)"', "".join(inside)))
    return found


# « et », « ou », « puis » or a comma, and then a second verb: an infinitive or a participle.
SECOND_VERB = re.compile(
    r"(?:\b(?:et|ou|puis)\b|,)\s+(?:(?:le|la|les|se|me|en|y)\s+|[ls]’)?\w+(?:er|ir|re|oir|é|i)\b", re.I
)


def test_a_button_says_one_verb() -> None:
    found = {label for source in TEMPLATES.values() for label in labels(source)}
    assert len(found) > 100
    assert {label for label in found if SECOND_VERB.search(label)} == set(TWO_THINGS)
    assert [label for label in found if length(label) > 8] == []


def test_a_second_verb_would_be_seen() -> None:
    for label in ("Lu et accepté", "Imprimer, remplacer", "Cacher ce texte et le dire", "J’ai lu et agi", "Lire puis répondre"):
        assert SECOND_VERB.search(label), label
    for label in ("Faire reconnaître…", "Où, avec qui", "Une photo, un document ou un lien", "Plus tard, c’est gardé"):
        assert not SECOND_VERB.search(label), label
    template = """{{ ui.button(_("Garder"), "primary") }}{{ ui.post_button(url, _("Fermer"), confirm=_("Pour de bon.")) }}
        <button type="submit">{{ _("Chercher") }}</button>{{ ui.link_button(url, label=ngettext("Un", "Deux", n)) }}"""
    assert labels(template) == {"Garder", "Fermer", "Chercher", "Un", "Deux"}


def test_the_steps_keep_their_words() -> None:
    said = {m.id: m.string for m in messages("en")}
    assert [
        said[w]
        for w in ("Je découvre", "Je fais avec de l’aide", "Je fais sans aide", "Je montre aux autres")
    ] == ["I’m discovering", "I do it with help", "I do it on my own", "I show others"]
    assert [said[w] for w in ("découvre", "fait avec de l’aide", "fait sans aide", "montre aux autres")] == [
        "is discovering",
        "does it with help",
        "does it on their own",
        "shows others",
    ]


def test_the_help_names_the_buttons_as_they_are() -> None:
    for language, quoted in (("fr", re.compile("«\u00a0(.+?)\u00a0»")), ("en", re.compile("“(.+?)”"))):
        labels = [form for m in messages(language) for form in forms(m.string)]
        for entry in json.loads((ROOT / "passport" / "help.json").read_text(encoding="utf-8"))["questions"]:
            for name in quoted.findall(entry[f"answer_{language}"]):
                assert any(name in label for label in labels), name


def test_quoted_buttons_exist() -> None:
    """« C’est bien comme ça » in a sentence is the label of a button, word for word, in both languages."""
    french = {form: m for m in messages("fr") for form in forms(m.id)}
    english = {
        form: english
        for m in messages("en")
        for form, english in zip(forms(m.id), forms(m.string), strict=True)
    }
    for sentence in french:
        for name in re.findall(r"« ([^«»%]+) »", sentence):
            if name in english:
                assert f"“{english[name]}”" in english[sentence], sentence


# ---------- nothing outside the catalogues ----------


@cache
def lexed(source: str) -> list[tuple[str, str]]:
    return [
        (kind, value)
        for _, kind, value in jinja2.Environment(autoescape=True).lex(source)
        if kind != "whitespace"
    ]


# These two blocks hold the name of a tab and a class, which nobody reads.
NAMES_ALONE = re.compile(r"\{% block (?:tab|main_class) %\}[\w -]*\{% endblock %\}")


@cache
def skeleton(source: str) -> str:
    """Return the HTML of a template with a mark where Jinja writes, and nothing where it decides."""
    out, inside = [], False
    for kind, value in lexed(NAMES_ALONE.sub("", source)):
        if kind == "variable_begin":
            out.append("\x00")
            inside = True
        elif kind == "variable_end":
            inside = False
        elif kind == "data" and not inside:
            out.append(value)
    return "".join(out)


class Page(HTMLParser):
    """The tags and texts of a template's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@cache
def page(name: str) -> Page:
    return Page(skeleton(TEMPLATES[name]))


# The demo’s passphrase, the letters in a link’s address and where a letter goes are the same in every language.
SAME_IN_EVERY_LANGUAGE = {
    "quatre-mots-pour-alpha-2026",
    "/s/",
    "/t/",
    "/a/",
    "www.defenseurdesdroits.fr",
    "Défenseur des droits, Libre réponse 71120, 75342 Paris CEDEX 07",
}
READ_ALOUD = (
    "aria-label",
    "title",
    "alt",
    "placeholder",
    "aria-description",
    "aria-roledescription",
    "aria-valuetext",
    "data-announce",
    "data-done",
    "data-title",
    "label",
    "summary",
    "content",
)


def test_no_words_outside_the_catalogues() -> None:
    loose = [
        (name, part.strip())
        for name in TEMPLATES
        for text in page(name).texts
        for part in text.split("\x00")
        if LETTER.search(part) and part.strip() not in SAME_IN_EVERY_LANGUAGE
    ]
    assert loose == []
    attributes = [
        (name, tag, key, value)
        for name in TEMPLATES
        for tag, held in page(name).tags
        for key, value in held.items()
        if key in READ_ALOUD and LETTER.search(value) and tag != "meta"
    ]
    assert attributes == []


# The name of a language is written in that language; letters that ask for an elision are no words.
NO_SENTENCES = {"Français", "aeiouyhâàéèêîôœ"}


def french_in_expressions(source: str) -> Iterator[str]:
    """Yield the French strings of a template's expressions that no translator holds."""
    depth, calls, before = 0, [], ""
    for kind, value in lexed(source):
        if kind == "operator" and value == "(":
            depth += 1
            if before in TRANSLATORS:
                calls.append(depth)
        elif kind == "operator" and value == ")":
            if calls and calls[-1] == depth:
                calls.pop()
            depth -= 1
        elif kind == "string" and not calls and FRENCH.search(value) and value[1:-1] not in NO_SENTENCES:
            yield value
        if kind not in {"data", "comment"}:
            before = value


def test_no_french_in_an_expression_outside_the_catalogues() -> None:
    assert [
        (name, text) for name, source in TEMPLATES.items() for text in french_in_expressions(source)
    ] == []


def french_in_code(source: str) -> Iterator[str]:
    """Yield the French strings of a Python file that no translator and no docstring holds."""
    tree = ast.parse(source)
    held: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in TRANSLATORS:
                held |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            held.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in held:
            text = node.value
            if FRENCH.search(text) and re.search(r"[^\W\d_]{2,} [^\W\d_]{2}|[^\W\d_]’[^\W\d_]{2}", text):
                yield text


def test_no_french_sentence_in_code_outside_the_catalogues() -> None:
    assert [(name, text) for name, source in CODE.items() for text in french_in_code(source)] == []


def test_what_is_looked_for_would_be_found() -> None:
    template = """<p aria-label="Fermer">{{ ui.button("Déjà lu") }} Bonjour {{ _("à") }}</p>"""
    assert [t.strip(" \x00") for t in Page(skeleton(template)).texts] == ["Bonjour"]
    assert list(french_in_expressions(template)) == ['"Déjà lu"']
    assert list(
        french_in_code('def f():\n    """Déjà « là ici »."""\n    return _("C’est là") + "C’est ici"')
    ) == ["C’est ici"]


# ---------- what a template may hold ----------


# Pages without cookie: what lets their forms in is the key in the address, or nothing is changed by them, so a session's token has no place there.
WITHOUT_COOKIE = ("parents/answer.html", "parents/receipt.html", "parents/typed.html", "witnesses/answer.html", "witnesses/kept.html", "verify/page.html",
                  "safety/concern_outside.html", "safety/report_share.html", "reader/code.html")


def faults(source: str, cookieless: bool = False) -> Iterator[str]:
    """Yield what a template holds that the Content Security Policy or a plain form would refuse."""
    read = Page(skeleton(source))
    for tag, held in read.tags:
        if any(key.startswith("hx-") for key in held):
            yield "an attribute that HTML does not know: data-hx-… it is"
        if tag in {"style", "iframe", "object", "embed", "base"}:
            yield f"<{tag}>"
        held = {key.replace("data-hx-", "hx-", 1) if key.startswith("data-hx-") else key: value for key, value in held.items()}
        for key, value in held.items():
            if key == "style" or key.startswith(("on", "hx-on")):
                yield f"{tag} {key}"
            if re.match(r"\s*(?:javascript|data|vbscript):", value, re.I) or (
                key.startswith("hx-") and "js:" in value
            ):
                yield f"{tag} {key}={value}"
            if key == "hx-trigger" and "[" in value:
                yield f"an event filter: {value}"
        if tag == "script" and not held.get("src", "").startswith(("\x00", "/static/")):
            yield "a script of its own"
        if tag == "button" and held.get("type") not in {"submit", "button"}:
            yield "a button without type"
        # Outside a form, what changes something takes its fields from the form around it.
        sends = {"hx-post", "hx-put", "hx-patch", "hx-delete"} & held.keys()
        if sends and tag not in {"form", "button"} and held.get("hx-include") != "closest form":
            yield f"{tag} sends without the token"
    code = re.sub(r"\{#.*?#\}", "", source, flags=re.S)
    yield from re.findall(r"\|\s*(?:safe|forceescape|tojson|xmlattr)\b|\bMarkup\b|\{%-?\s*autoescape", code)
    forms_found = re.findall(r"<form\b.*?</form>", code, flags=re.S)
    if len(forms_found) != code.count("<form"):
        yield "a form that does not end in its file"
    for form in forms_found:
        method = re.search(r'method="(\w+)"', form)
        token = re.search(r"\{\{-?\s*(?:ui\.)?csrf\(\)", form) is not None
        if method is None or method[1] not in {"get", "post"}:
            yield f"a form that does not say how it is sent: {form[:80]}"
        elif token != (method[1] == "post" and not cookieless):
            yield f"a token where none belongs, or none: {form[:80]}"


def test_templates_hold_nothing_that_is_refused() -> None:
    assert [(name, fault) for name, source in TEMPLATES.items()
            for fault in faults(source, cookieless=name in WITHOUT_COOKIE)] == []


@pytest.mark.parametrize("bad", [
    '<p style="x">', '<p onclick="x">', '<p hx-on:click="x">', "<script>x</script>",
    '<a href="javascript:x">',
    "<button>", '<button type="reset">', "{{ x|safe }}", '<form method="post"></form>',
    "<form>{{ ui.csrf() }}</form>",
    '<form method="get">{{ ui.csrf() }}</form>', '<p hx-trigger="click[x]">', '<p hx-post="/x">', "<style>",
])  # fmt: skip
def test_what_is_refused_would_be_seen(bad: str) -> None:
    assert list(faults(bad))
