"""The drawings of the passport: stamps, QR codes, settings and the ground of the card, as SVG.

Everything here is pure and deterministic. This is the one module that makes `Markup`: it is built from numbers
computed here, from words written here, and from text passed through `escape`, never from anything else.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any, Final

import qrcode
from markupsafe import Markup, escape
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import QRData

HEARTS: Final = {
    "formal": '<path d="M-4.5-4.5h9v9h-9z"/>',
    "nonformal": '<circle r="5"/>',
    "informal": '<path d="M0-6.4 6.4 0 0 6.4-6.4 0z"/>',
}
"""The shape of each learning context, drawn in the middle of its stamps."""

# On a grid of 24 × 24, in strokes, like the icons of components/ui.html.
SETTINGS: Final = {
    "volunteering": "M12 10.5C9 8 8 6.5 8 5a2 2 0 0 1 4 0 2 2 0 0 1 4 0c0 1.5-1 3-4 5.5zM3 14h3.5l3 2h4a1.5 1.5 0 0 1 0 3H10"
    "M3 20.5h10.5l6.5-4a1.6 1.6 0 0 0-2-2.3L14.5 16",
    "civic_service": "M8 3.5 4 6v14.5h16V6l-4-2.5M8 3.5l4 5.5 4-5.5M12 9v11.5M4 14.5h16",
    "association_life": "M3 15.5h18M6 15.5v5M18 15.5v5M8 10a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM20 10a2 2 0 1 1-4 0 2 2 0 0 1 4 0z"
    "M14 6.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM9 12.5c.5-2.5 5.5-2.5 6 0",
    "work": "M3.5 8h17v12h-17zM9 8V4.5h6V8M3.5 13h17M12 12v2.5",
    "school": "M12 6.5C9.5 4.5 6 4 3 4.5v14c3-.5 6.5 0 9 2 2.5-2 6-2.5 9-2v-14c-3-.5-6.5 0-9 2zM12 6.5v14",
    "sport": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 3v18M5.6 5.6c4 3.5 4 9.3 0 12.8M18.4 5.6c-4 3.5-4 9.3 0 12.8",
    "culture": "M9 18V5l11-2v12.5M9 9l11-2M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM20 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
    "family": "M3 11.5 12 4l9 7.5M5.5 10v10.5h13V10M12 18c-2.5-1.8-3.5-3-3.5-4.2a1.75 1.75 0 0 1 3.5-.3 1.75 1.75 0 0 1 3.5.3"
    "c0 1.2-1 2.4-3.5 4.2z",
    "own_project": "M9 17.5c-2-1.5-3.5-3.3-3.5-6a6.5 6.5 0 0 1 13 0c0 2.7-1.5 4.5-3.5 6zM9.5 20.5h5M12 17.5V12M9.5 10.5 12 12l2.5-1.5",
    "leisure": "M12 2.5 18.5 9 12 17 5.5 9zM12 2.5V17M5.5 9h13M12 17c0 2.5 3 2 3 4.5",
    "": "M5.5 12h.1M12 12h.1M18.5 12h.1",
}
"""What is drawn beside the words of each setting in which one learns; "" for another one."""

SIZES: Final = frozenset({"", "m", "l", "xl"})

# The card is an object: its inks are the same by day and by night, on screen and on paper.
BLUE, GREEN, OCHRE, SAND = "#2b4c9a", "#0e6556", "#85480a", "#c9862f"


def rosette(seed: str, context: str, ring: str, size: str = "") -> Markup:
    """Return the stamp of an endorsement: always the same drawing for the same seed, at most 3 KB.

    `seed` is the endorsement's own hash, `context` its learning context, `ring` the micro-text
    « organisation · date » (decoration: the page says it again in words), `size` one of SIZES.

    From the rim inwards: the rim and its micro-text; the crown, turned strands of one lobed wave; the flower,
    whose turned copies make the moiré; the heart, in the shape of the context.
    """
    if context not in HEARTS or size not in SIZES:
        raise ValueError(f"no such stamp: {context!r} {size!r}")
    digest = hashlib.sha256(seed.encode()).digest()
    name = _name(digest)
    tilt = digest[4] % 23 - 14
    scallops = (0, 12, 16, 24)[digest[11] % 4]
    edge = f'<path d="{_wave(scallops, 60.2, 63)}" stroke-width="1.5"/>' if scallops else '<circle r="62" stroke-width="2"/>'
    return Markup(  # noqa: S704
        f'<svg class="stamp {context}{" " + size if size else ""}" viewBox="-64 -64 128 128" aria-hidden="true"'
        f' fill="none" stroke="currentColor" stroke-width=".7"><g transform="rotate({tilt})">'
        f'{edge}<circle r="58.6" stroke-width=".5"/><circle r="44.5" stroke-width=".5"/><circle r="42.6" stroke-width="1.2"/>'
        # Written large and drawn small: what is part of a drawing is no text too small to read.
        f'<g transform="scale(.5)"><path id="{name}t" d="M-98.8 0a98.8 98.8 0 1 1 0 .2" stroke="none"/>'
        f'<text class="micro" fill="currentColor" stroke="none">'
        f'<textPath href="#{name}t" textLength="608">{_ring(ring)}</textPath></text></g>'
        f'{engraving(seed)}<g fill="currentColor" stroke="none">{HEARTS[context]}</g></g></svg>'
    )


def setting(name: str) -> Markup:
    """Return the small picture of a setting, which says nothing that the words beside it do not."""
    return Markup(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{SETTINGS[name]}"/></svg>')  # noqa: S704


def engraving(seed: str) -> Markup:
    """Return the crown and the flower of a seed alone, around 0,0 and within a radius of 41, without an <svg>."""
    digest = hashlib.sha256(seed.encode()).digest()
    name = _name(digest)
    lobes, strands = (8, 9, 10, 11, 12, 14, 16, 18)[digest[5] % 8], 2 + digest[6] % 3
    depth = 6 + digest[7] % 6
    flower, copies, turn = _flower(digest, depth)
    return Markup(  # noqa: S704
        f'<path id="{name}c" d="{_wave(lobes, 38 - depth, 41)}"/>{_turned(name + "c", strands, 360 / lobes / strands)}'
        f'<g class="ink2"><path id="{name}f" d="{flower}"/>{_turned(name + "f", copies, turn)}</g>'
    )


def qr_svg(text: str, label: str, cls: str = "qr", digits: str = "") -> Markup:
    """Return the QR code of a text (error level M, margin of 4 modules), black on white in every colour scheme.

    With `digits`, which follow the text in a part of their own where three take ten bits, it is of level Q: a quarter
    of it may be spoilt on paper.
    """
    matrix = qr_matrix(text, digits)
    side = len(matrix)
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in _runs(row))
    return Markup(  # noqa: S704
        f'<svg class="{escape(cls)}" viewBox="-4 -4 {side + 8} {side + 8}" role="img" aria-label="{escape(label)}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M-4 -4h{side + 8}v{side + 8}h-{side + 8}z"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )


def _code(text: str, digits: str) -> qrcode.QRCode[Any]:
    code: qrcode.QRCode[Any] = qrcode.QRCode(error_correction=ERROR_CORRECT_Q if digits else ERROR_CORRECT_M, border=0)
    if digits:
        code.add_data(QRData(text.encode()))
        code.add_data(QRData(digits.encode()))
    else:
        code.add_data(text)
    return code


def qr_version(text: str, digits: str) -> int:
    """Return how large the QR code of a text and the digits after it is, from 1 to 40."""
    return int(_code(text, digits).best_fit())


def qr_matrix(text: str, digits: str = "") -> list[list[bool]]:
    """Return the modules of the QR code of a text, row by row, without margin."""
    code = _code(text, digits)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.get_matrix()]


def card_ground(code: str, mark: bool = True) -> Markup:
    """Return the ground of a card: waves in the three inks, the braid, and (with `mark`) the code's own engraving.

    Strokes only, no tint: it prints clean on any printer.
    """
    name = f"w{int(mark)}"
    wave = "M-110 0q53.5-70 107 0" + "t107 0" * 9
    waves = "".join(
        f'<g stroke="{ink}" stroke-opacity=".3" transform="rotate({slope} 428 270)">'
        + "".join(f'<use href="#{name}" x="{x}" y="{24 * row + y - 60}"/>' for row in range(28))
        + "</g>"
        for ink, x, y, slope in ((BLUE, 0, 0, -4), (GREEN, 53, 8, 3), (SAND, 27, 16, 0))
    )
    watermark = (
        f'<g stroke="{BLUE}" stroke-width=".42" stroke-opacity=".42" transform="translate(330 392) scale(6)">'
        f"{engraving(code)}</g>"
        if mark
        else ""
    )
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 856 540" aria-hidden="true" fill="none" stroke-width="1.3">'
        f'<defs><path id="{name}" d="{wave}"/></defs>{waves}<g stroke-width="2.2">{braid()}</g>{watermark}</svg>'
    )


def braid() -> Markup:
    """Return the braid of three threads along y = 40, wider than anything it is drawn on, without an <svg>."""
    return Markup("".join(  # noqa: S704
        f'<path stroke="{ink}" d="M{x} 40q18-28 36 0{"t36 0" * 26}"/>'
        for ink, x in ((BLUE, -72), (GREEN, -48), (OCHRE, -24))
    ))


def _name(digest: bytes) -> str:
    return "r" + digest[:4].hex()


def _ring(text: str) -> Markup:
    """Return the micro-text, repeated until it goes round."""
    once = f"{text.upper()} · "
    return escape((once * max(1, round(54 / len(once)))).rstrip())


def _flower(digest: bytes, depth: int) -> tuple[str, int, float]:
    """Return the path of the flower, how often it is drawn, and the angle between two copies."""
    rim = 30 - depth / 2
    family = digest[8] % 3
    if family == 0:  # petals that cross near the heart
        petals, copies = (3, 4, 5, 6, 7)[digest[9] % 5], 3 + digest[10] % 3
        return _wave(petals, 7.5, rim, 0.5), copies, 360 / petals / copies
    if family == 1:  # a star of chords
        points = (13, 17, 19, 23)[digest[9] % 4]
        jump = round(points * (0.28, 0.34, 0.4)[digest[10] % 3])
        return _star(points, jump, rim), 2, 180 / points
    petals, copies = (3, 4, 5, 6, 8)[digest[9] % 5], 4 + digest[10] % 3
    return _wave(petals, 14, rim + 1, 0.3 + 0.08 * (digest[12] % 4)), copies, 360 / petals / copies


def _wave(lobes: int, inner: float, outer: float, roundness: float = 0.42) -> str:
    """Return a closed wave between two radii around 0,0: one smooth cubic for each half lobe."""
    step = math.pi / lobes

    def point(half: int, side: int = 0) -> str:
        """The node of a half lobe, or the handle before (-1) or after (1) it, along the tangent."""
        radius, angle = (inner if half % 2 else outer), half * step
        handle = side * radius * step * roundness * 1.6
        x = radius * math.cos(angle) - handle * math.sin(angle)
        y = radius * math.sin(angle) + handle * math.cos(angle)
        return f"{_number(x)} {_number(y)}"

    curves = [f"{point(half, -1)} {point(half)}" for half in range(1, 2 * lobes + 1)]
    return _tight(f"M{point(0)}C{point(0, 1)} " + "S".join(curves) + "Z")


def _star(points: int, jump: int, radius: float) -> str:
    """Return the chords that join each point of a circle to the one `jump` further."""
    angles = [index * jump * math.tau / points for index in range(points)]
    corners = (f"{_number(radius * math.cos(a))} {_number(radius * math.sin(a))}" for a in angles)
    return _tight("M" + "L".join(corners) + "Z")


def _turned(name: str, times: int, angle: float) -> str:
    return "".join(f'<use href="#{name}" transform="rotate({angle * k:.1f})"/>' for k in range(1, times))


def _runs(row: Iterable[bool]) -> Iterable[tuple[int, int]]:
    """Yield the start and length of each run of dark modules in a row."""
    length = x = 0
    for x, dark in enumerate([*row, False]):
        if dark:
            length += 1
        elif length:
            yield x - length, length
            length = 0


def _number(value: float) -> str:
    """Return a number in as few characters as SVG allows: one decimal, no needless zero."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    if text == "-0":
        return "0"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _tight(path: str) -> str:
    return path.replace(" -", "-")
