"""Ways to meet elsewhere, and requests for secrecy, in words between a facilitator and a protected learner.

A filter misses things: readers are the real protection. It makes the ordinary attempt fail, and says why.
Plain Python; the time grows with the length of the text and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache

from .letters import LOOK_ALIKE
from .refusals import Refusal


class Reason(StrEnum):
    """What was found; a platform's name alone is none."""

    PHONE = "phone"
    ADDRESS = "address"
    HANDLE = "handle"
    LINK = "link"
    SECRET = "secret"  # noqa: S105 - a request to keep one, not a password


REFUSALS = {
    Reason.PHONE: Refusal.CONTACT_PHONE,
    Reason.ADDRESS: Refusal.CONTACT_ADDRESS,
    Reason.HANDLE: Refusal.CONTACT_HANDLE,
    Reason.LINK: Refusal.CONTACT_LINK,
    Reason.SECRET: Refusal.CONTACT_SECRET,
}

UNITS = {w: n for n, ws in enumerate((
    "zero", "un une one", "deux two", "trois three", "quatre four", "cinq five", "six", "sept seven", "huit eight",
    "neuf nine", "dix ten", "onze eleven", "douze twelve", "treize thirteen", "quatorze fourteen", "quinze fifteen",
    "seize sixteen", "seventeen", "eighteen", "nineteen",
)) for w in ws.split()}
TENS = {
    "vingt": 20, "vingts": 20, "twenty": 20, "trente": 30, "thirty": 30, "quarante": 40, "forty": 40, "cinquante": 50,
    "fifty": 50, "soixante": 60, "sixty": 60, "septante": 70, "seventy": 70, "octante": 80, "huitante": 80,
    "eighty": 80, "nonante": 90, "ninety": 90,
}
REPEATED = {"double": 2, "triple": 3}
AS_DIGITS = str.maketrans("oilsbz", "011582")
AS_LETTERS = str.maketrans("01345789$€", "oieastbgse")
# Between the figures of one number; any other word or sign ends it.
BETWEEN = frozenset(" \n\t.-/(),;:_|*+'·•–—~")

SOCIAL = (
    r"wa\.me|whatsapp\.com|t\.me|telegram\.(?:me|org)|discord\.(?:gg|com)|discordapp\.com|instagram\.com|instagr\.am|"
    r"ig\.me|snapchat\.com|tiktok\.com|facebook\.com|fb\.(?:me|com)|m\.me|messenger\.com|twitter\.com|x\.com|signal\.(?:me|group)|"
    r"skype\.com|viber\.com|threads\.net|linkedin\.com|twitch\.tv|kik\.(?:me|com)|reddit\.com|pinterest\.[a-z]+|bere\.al|"
    r"bsky\.app|vk\.com|onlyfans\.com|linktr\.ee|bit\.ly|tinyurl\.com|cutt\.ly|lnk\.bio"
)
LINK = re.compile(rf"(?<![a-z0-9-])(?:{SOCIAL})(?![a-z0-9-])")
PLATFORM = (
    r"(?:insta|instagram|snap|snapchat|whatsapp|whats app|wapp|telegram|discord|tiktok|facebook|messenger|twitter|signal|"
    r"skype|viber|kik|twitch|threads|bereal|fb|steam|roblox)"
)
VERB = (
    r"(?:ajoute|ajoutez|ecris|ecrivez|suis|suivez|trouve|trouvez|contacte|contactez|rejoins|rejoignez|appelle|appelez|parle|parlez|"
    r"reponds|cherche|add|find|follow|dm|message|text|write|call|reach|join|ping|hit|contact|talk|chat|speak|msg)"
)
ON = r"(?:sur|on|via|par|over|through|by|in|with|en)"
DIRECT = re.compile(
    rf"\b{VERB}(?: to| with)? (?:moi|me|nous|us)(?: \w+){{0,4}}? {ON}(?: mon| my| le| the)? {PLATFORM}\b"
    rf"|\b(?:on (?:se|peut)|viens|venez|parlons|discutons|let s|lets|come)(?: \w+){{0,3}}? (?:sur|on|via) {PLATFORM}\b"
    rf"|\b(?:mon|my) {PLATFORM}(?: name| pseudo| id)? (?:c est|est|is|cest|s)\b"
    rf"|\b(?:donne|donnez|envoie|envoyez|passe|give|send|tell)(?: moi| me)? (?:ton|votre|your) (?:{PLATFORM}|06|07|numero|num|phone|number|mail|email)\b"
    rf"|\b(?:quel est|c est quoi|what is|what s|whats) (?:ton|votre|your) (?:{PLATFORM}|06|numero|phone|number|mail|email)\b"
    rf"|\bdm me\b"
)
# The same with a colon: « Snap : karimou34 ».
NAMED = re.compile(rf"(?:mon|my|sur|on) {PLATFORM} ?[:=] ?[a-z0-9._-]{{3}}")
TAG = re.compile(r"[a-z0-9_.]{2}#\d{4}(?!\d)")
AT = re.compile(r"[@＠﹫] ?[a-z]")
AT_SAID = re.compile(r"(?:\barobas(?:e|es)?\b|[\[({<] ?(?:at|arob|a) ?[\])}>])[\])}> ]{0,3}[a-z0-9]")
WORD_AT_WORD = re.compile(r"[a-z0-9] (?:at|arob|chez) [a-z0-9-]{2,40}(?: [a-z0-9-]{1,20})? ?(?:dot|point) ?"
                          r"(?:com|org|net|fr|eu|io|info|co|me|uk|be|ch|de|es|it|app|example)\b")
DOT_COM = re.compile(r"[a-z0-9] (?:dot|point) com\b")
WHOM = r"(?:tes parents|vos parents|your parents|ta mere|ton pere|ta famille|les autres|quelqu un|aux autres)"
TOLD = r"(?:dis|dites|dire|repete|repetez|raconte|racontez|parle|parles|parlez|parler|montre|montrez)"
SECRET = re.compile(
    rf"\b{TOLD}(?: le| la| ca| en| rien| pas| surtout| jamais| cela){{0,3}} a (?:personne|qui que ce soit)\b"
    rf"|\b{TOLD}(?: le| la| ca| en| surtout| cela){{0,2}} (?:pas|rien|jamais)(?: a)? {WHOM}\b"
    r"|\bgarde[zr]?(?: bien)? (?:le|la|ca|cela|tout(?: ca)?)(?: bien)? (?:pour (?:toi|vous|nous)|secret|entre nous)\b"
    r"|\b(?:c est|ca reste|cela reste|reste|restera|rester|garde ca|notre histoire) entre (?:nous(?: deux)?|toi et moi)\b(?! et\b)"
    r"|\bnotre (?:petit )?secret\b|\bsecret entre nous\b|\bour (?:little |own )?secret\b"
    r"|\b(?:efface|effacez|supprime|supprimez|delete|erase) (?:ce|le|cette|la|les|this|that|the|it|ca)(?: \w+){0,2} "
    r"(?:apres|after|quand tu|des que|once|when|ensuite)\b"
    r"|\b(?:ecris|ecrivez|parle|parlez|parlons|contacte|viens|repond\w{0,2}|discut\w{1,4}|se parle|se parler)(?: moi| nous| en)? en (?:prive|mp|dm)\b"
    r"|\b(?:talk|chat|message|speak|text|write)(?: to)?(?: me| with me)?(?: somewhere| in)? (?:more )?private(?:ly)?\b"
    r"|\bkeep (?:this|it|that|everything|all this)(?: just)? (?:between (?:us|you and me)|a secret|secret|to yourself|quiet|private)\b"
    r"|\b(?:is|s|stays|stay|just) between (?:us|you and me)\b(?! and\b)"
    r"|\b(?:do not|don t|dont|never|not) (?:tell|show|talk to|say (?:this|it|anything) to) (?:this to )?(?:anyone|anybody|a soul|no one|nobody"
    r"|your (?:parents|mum|mom|mother|dad|father|family|friends|teacher|teachers))\b"
    r"|\btell (?:no one|nobody)\b"
)
DATE = re.compile(
    r"(?<![\d./-])(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d-\d{1,2}-\d{1,2})(?![./-]?\d)"
    r"|(?<![\d:])\d{1,2}(?::| ?h ?)\d{2}(?![:\d])"
)
FRENCH_OR_BRITISH = re.compile(r"0[1-9]\d{8}")
ABROAD = re.compile(r"00[1-9]\d{8}")
SPACES = re.compile(r"[^\S\n]+")
PIECES = re.compile(r"[a-z0-9$€]+|\n|.", re.DOTALL)


def reasons(text: str) -> tuple[Reason, ...]:
    """Return what in this text leads elsewhere or asks for secrecy, each once; nothing for an ordinary one."""
    plain = _plain(text)
    words = _words(plain)
    tight = re.sub(r" ?([./:]) ?", r"\1", re.sub(r"\b(?:dot|point)\b", ".", re.sub(r"\bslash\b", "/", plain)))
    at = AT.search(plain)
    domain = at is not None and "." in tight[max(tight.find("@"), 0):][:60].split("\n")[0]
    found = {
        Reason.PHONE: any(_is_phone(groups, plus) for groups, plus in _numbers(plain)),
        Reason.ADDRESS: bool(domain or AT_SAID.search(plain) or WORD_AT_WORD.search(words)
                             or (DOT_COM.search(words) and not LINK.search(tight))),
        Reason.HANDLE: bool((at and not domain) or DIRECT.search(words) or NAMED.search(plain) or TAG.search(plain)),
        Reason.LINK: bool(LINK.search(tight)),
        Reason.SECRET: bool(SECRET.search(words)),
    }
    return tuple(reason for reason, there in found.items() if there)


def refusal_of_contact(protected: bool, texts: Iterable[str | None]) -> Refusal | None:
    """Say why these words cannot pass between a facilitator and a learner, or None when they can.

    Between adults nothing is looked at. What stands in several fields is read as one, so that a number is not cut in two.
    """
    if not protected:
        return None
    found = reasons("\n".join(text for text in texts if text))
    return REFUSALS[found[0]] if found else None


class _Plain(dict[int, str]):
    """What each letter, sign or figure becomes, found out once for each."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        category = unicodedata.category(sign)
        if category in {"Mn", "Me", "Cf"}:
            self[code] = ""
        elif category == "Nd":
            self[code] = str(unicodedata.digit(sign))
        else:
            self[code] = "'" if sign in "’ʼ`" else sign
        return self[code]


PLAIN = _Plain()


def _plain(text: str) -> str:
    """Return the text in small letters without accents, every kind of figure as 0-9, one space where there are several."""
    return SPACES.sub(" ", unicodedata.normalize("NFKD", text).translate(PLAIN).casefold()).translate(LOOK_ALIKE)


def _words(plain: str) -> str:
    """Return the words alone, with one space between, figures inside a word read as the letters they stand for."""
    return " ".join(map(_letters, re.findall(r"[a-z0-9$€]+", plain)))


@lru_cache(maxsize=4096)
def _letters(piece: str) -> str:
    return piece if piece.isalpha() or piece.isdigit() else piece.translate(AS_LETTERS)


@lru_cache(maxsize=4096)
def _figure(piece: str) -> tuple[str, str] | None:
    """Return the figures a piece stands for and how it is written (« figures », or the unit or ten of a word)."""
    if piece.isdigit():
        return piece, "figures"
    letters = _letters(piece)
    if letters in UNITS:
        return str(UNITS[letters]), "unit"
    if letters in TENS:
        return str(TENS[letters]), "ten"
    if any(c.isdigit() for c in piece) or piece in {"o", "oo"}:
        guessed = piece.translate(AS_DIGITS)
        return (guessed, "figures") if guessed.isdigit() else None
    return None


def _numbers(plain: str) -> Iterator[tuple[list[str], bool]]:
    """Yield each run of figures and number words with nothing but signs between, and whether a « + » stands before it."""
    groups: list[str] = []
    plus = False
    last, times, before = "", 1, ""
    for piece in PIECES.findall(DATE.sub("\x00", plain)):
        if piece in REPEATED:
            times = REPEATED[piece]
            continue
        figure = _figure(piece)
        if figure is not None:
            value, kind = figure
            joined = _joined(groups[-1], value, last, kind) if groups and times == 1 else None
            if joined is not None:
                groups[-1], last = joined, "unit"
            else:
                plus = plus if groups else before == "+"
                groups.append(value * times)
                last = kind
            times = 1
        elif piece not in BETWEEN and not (piece == "et" and last == "ten"):
            if groups:
                yield groups, plus
            groups, last, times, plus = [], "", 1, False
        before = piece if piece != " " else before
    if groups:
        yield groups, plus


def _joined(before: str, value: str, last: str, kind: str) -> str | None:
    """Return one number out of two words that make one (« trente-quatre », « soixante-dix-huit »), or None."""
    if kind == "figures" or last == "figures":
        return None
    had, more = int(before), int(value)
    if kind == "ten":
        return "80" if had == 4 and more == 20 else None
    if had == 10 and 7 <= more <= 9:
        return str(had + more)
    if last == "ten" or (last == "unit" and had in {70, 80, 90}):
        room = 20 if had in {60, 80} else 10
        return str(had + more) if 0 < more < room and had % 10 == 0 else None
    return None


def _is_phone(groups: list[str], plus: bool) -> bool:
    """Say whether these groups of figures read as a telephone number, and not as scores, dates or an ISBN."""
    whole = "".join(groups)
    if len(whole) < 9 or _is_isbn(whole):
        return False
    if plus or any(len(g) in range(9, 16) for g in groups):
        return True
    starts, at = [], 0
    for group in groups:
        if group[0] == "0":
            starts.append(at)
        at += len(group)
    if any(FRENCH_OR_BRITISH.match(whole, n) or ABROAD.match(whole, n) for n in starts):
        return True
    shape = [len(g) for g in groups]
    american = any(shape[n:n + 3] == [3, 3, 4] for n in range(len(shape) - 2))
    without_nought = any(shape[n:n + 5] == [1, 2, 2, 2, 2] and groups[n] in "67" for n in range(len(shape) - 4))
    return american or without_nought


def _is_isbn(whole: str) -> bool:
    if len(whole) != 13 or whole[:3] not in {"978", "979"}:
        return False
    return sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(whole)) % 10 == 0
