"""A signed credential as a picture that carries it: its stamp and what it says, as SVG and as PNG.

The words come from the signed document itself, the stamp is the one of every page. The picture is an object, like the
card: the same paper by day and by night, and, with a font of its own, the same on every machine.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import resvg_py
from babel.dates import format_date
from flask_babel import force_locale
from markupsafe import Markup, escape
from openbadgeslib import baking
from PIL import Image, ImageFont

from .. import drawings
from ..clock import day_of
from ..links import host
from ..recognition.words import in_the_name_of
from . import document, proofs

PAPER, INK, SOFT, LINE, INK2 = "#f8f4ea", "#1b2238", "#4f566c", "#857b66", "#b03a5b"
HUES: Final = {"formal": drawings.BLUE, "nonformal": drawings.GREEN, "informal": drawings.OCHRE}
SIDE, WIDE, NARROW, TOP, FOOT = 640, 540, 260, 76, 64
LARGEST, SMALLEST = 300, 150
PNG_SIDE, INKS = 1080, 64
FAMILY, WEIGHTS = "Source Serif Pro", {400: "Regular", 600: "Semibold"}


@dataclass(frozen=True)
class Line:
    """One line of text in the middle of the picture, and how much room it has above."""

    words: str
    size: int
    weight: int = 400
    ink: str = INK
    above: int = 0

    @property
    def height(self) -> int:
        """Return how much room it takes."""
        return self.above + round(self.size * 1.24)

    @property
    def width(self) -> float:
        """Return how wide its letters are."""
        return _font(self.size, self.weight).getlength(self.words)


def as_svg(body: bytes, stamp: Markup, context: str) -> bytes:
    """Return a signed credential as a drawing that carries it."""
    return bytes(baking.bake_svg(_drawn(body, stamp, context).encode(), body.decode(), element=baking.SVG_ELEMENT_OB3,
                                 namespace=baking.SVG_NS_OB3, as_text=True))


def as_png(body: bytes, stamp: Markup, context: str) -> bytes:
    """Return a signed credential as a picture that carries it, for whoever takes no drawing."""
    drawing = _drawn(body, stamp, context)
    # A writing that the picture's own font does not have is drawn with what the machine has.
    own = all(_has(letter) for letter in set(drawing))
    drawn = resvg_py.svg_to_bytes(
        svg_string=drawing, width=PNG_SIDE, skip_system_fonts=own, serif_family=FAMILY, font_family=FAMILY,
        font_files=[_file(weight) for weight in WEIGHTS])
    plain = io.BytesIO()
    inks = Image.open(io.BytesIO(drawn)).convert("RGB").quantize(INKS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    inks.save(plain, "PNG")  # few inks, so that it stays light
    return bytes(baking.bake_png(plain.getvalue(), body.decode(), keyword=baking.ITXT_KEYWORD_OB3))


# ---------- what stands on it ----------


def _drawn(body: bytes, stamp: Markup, context: str) -> str:
    said = json.loads(body)
    lines = list(_lines(said))
    room = SIDE - TOP - FOOT - 14 - sum(line.height for line in lines)
    tall = SIDE + max(0, SMALLEST - room)
    side = max(SMALLEST, min(LARGEST, room))
    y = TOP + max(0, room - side) // 2
    # What is told by the drawing's class on a page stands in it here, where no style sheet is.
    inked = str(stamp).replace('class="ink2"', f'stroke="{INK2}"')
    title = escape(said["name"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {tall}" width="{SIDE}" height="{tall}" role="img"'
        f' font-family="{FAMILY}, Iowan Old Style, Palatino, Georgia, serif"><title>{title}</title>'
        f'<path fill="{PAPER}" d="M0 0h{SIDE}v{tall}h-{SIDE}z"/>'
        f'<g fill="none" stroke-width="2.2">{drawings.braid()}</g>'
        f'<svg x="{(SIDE - side) / 2:g}" y="{y}" width="{side}" height="{side}" color="{HUES[context]}" font-size="14"'
        f' font-weight="600">{inked}</svg>'
        f'{"".join(_placed(lines, y + side))}'
        f'<g fill="none" stroke="{LINE}"><path d="M{(SIDE - WIDE) / 2:g} {tall - FOOT}h{WIDE}m0 4h-{WIDE}"/></g>'
        f'{_text(Line(f"Passeport apprenant · {host()}", 20, 600), tall - 24)}</svg>'
    )


def _lines(said: dict[str, Any]) -> Iterator[Line]:
    """Yield what a credential says, in the language of the city."""
    subject = said["credentialSubject"]
    step = int(subject["result"][0]["achievedLevel"].rsplit("-", 1)[1])
    words = document.STEPS[step - 1]
    yield from _wrapped(said["name"], 34, 600, above=14)
    yield from _wrapped(words[:1].upper() + words[1:], 25, 400, SOFT, above=6)
    with force_locale("fr"):
        behalf = in_the_name_of(said["issuer"]["name"])
    yield from _wrapped(f"Reconnu {behalf}", 23, 400, above=18)
    at = proofs.instant_of(said["validFrom"])
    if at is not None:
        day = day_of(at)
        yield Line(format_date(day, "'le 1er' MMMM y" if day.day == 1 else "'le' d MMMM y", locale="fr"), 23)
    name = next((one["identityHash"] for one in subject["identifier"] if one["identityType"] == "name"), None)
    if name:
        yield from _wrapped(f"pour {name}", 23, 600, above=6)


def _wrapped(words: str, size: int, weight: int, ink: str = INK, above: int = 0) -> Iterator[Line]:
    """Yield as few lines as hold these words, none much shorter than the others."""
    font = _font(size, weight)
    found = _broken(words, font, WIDE)
    for width in range(WIDE - 10, NARROW, -10):
        tighter = _broken(words, font, width)
        if len(tighter) > len(found) or any(font.getlength(line) > WIDE for line in tighter):
            break
        found = tighter
    for n, line in enumerate(found):
        yield Line(line, size, weight, ink, 0 if n else above)


def _broken(words: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _placed(lines: Iterable[Line], y: int) -> Iterator[str]:
    for line in lines:
        y += line.height
        yield _text(line, y - round(line.size * 0.3))


def _text(line: Line, y: int) -> str:
    """Return a line of text at this height, as wide as its letters are in the picture's own font, and no wider than it."""
    return (f'<text x="{SIDE // 2}" y="{y}" text-anchor="middle" font-size="{line.size}" font-weight="{line.weight}"'
            f' fill="{line.ink}" textLength="{min(line.width, WIDE):.1f}" lengthAdjust="spacingAndGlyphs">'
            f"{escape(line.words)}</text>")


def _file(weight: int) -> str:
    return str(files("font_source_serif_pro") / "files" / f"SourceSerifPro-{WEIGHTS[weight]}.ttf")


@lru_cache
def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_file(weight), size)


@lru_cache(maxsize=1024)
def _has(letter: str) -> bool:
    """Say whether the picture's own font has this letter; one that it has not is drawn as the box that stands for any."""
    font = _font(20, 400)
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
