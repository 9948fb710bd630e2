"""Draw the icons of the home screen from static/favicon.svg, our own drawing, into static/icons (ignored by git)."""

from __future__ import annotations

import math
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

STATIC = Path(__file__).resolve().parent.parent / "static"
DRAWING = STATIC / "favicon.svg"
# By file: its size, how much of it the drawing takes, and whether the ground fills it. A phone may cut a maskable icon
# down to a circle of four fifths.
ICONS = {
    "192.png": (192, 1.0, False),
    "512.png": (512, 1.0, False),
    "maskable.png": (512, 0.78, True),
    "apple.png": (180, 0.86, True),
}
FINER = 4
STEPS = 16
SVG = "{http://www.w3.org/2000/svg}"
Point = tuple[float, float]


def outline(path: str) -> Iterator[Point]:
    """Return the points of a path of the commands M, C and S, near enough to each other to look round."""
    at = control = (0.0, 0.0)
    for command, numbers in re.findall(r"([MCS])([^MCSZ]*)", path):
        values = [float(n) for n in re.findall(r"-?\d*\.?\d+", numbers)]
        points = list(zip(values[::2], values[1::2], strict=True))
        if command == "M":
            at = control = points[0]
            yield at
            continue
        size = 3 if command == "C" else 2
        for n in range(0, len(points), size):
            first = points[n] if command == "C" else (2 * at[0] - control[0], 2 * at[1] - control[1])
            second, end = points[n + size - 2 : n + size]
            for step in range(1, STEPS + 1):
                t = step / STEPS
                parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                corners = (at, first, second, end)
                yield (sum(p * c[0] for p, c in zip(parts, corners, strict=True)),
                       sum(p * c[1] for p, c in zip(parts, corners, strict=True)))  # fmt: skip
            at, control = end, second


def icon(size: int, takes: float, filled: bool) -> Image.Image:
    """Return the drawing as one icon."""
    svg = ET.parse(DRAWING).getroot()  # noqa: S314 - a file of ours
    disc = svg.find(f"{SVG}circle")
    assert disc is not None, "the drawing stands on a disc"
    wide = size * FINER
    scale = wide * takes / float(svg.attrib["viewBox"].split()[2])
    ground = disc.attrib["fill"]
    picture = Image.new("RGBA", (wide, wide), ground if filled else "#0000")
    pen = ImageDraw.Draw(picture)
    if not filled:
        pen.ellipse((0, 0, wide - 1, wide - 1), fill=ground)
    thick = float(svg.attrib["stroke-width"]) * scale
    for thread in svg.findall(f"{SVG}path"):
        turn = math.radians(float(re.sub(r"[^\d.-]", "", thread.get("transform", "0"))))
        line = [
            (wide / 2 + scale * (x * math.cos(turn) - y * math.sin(turn)),
             wide / 2 + scale * (x * math.sin(turn) + y * math.cos(turn)))
            for x, y in outline(thread.attrib["d"])
        ]  # fmt: skip
        pen.line([*line, line[0], line[1]], fill=thread.attrib["stroke"], width=round(thick), joint="curve")
    small = picture.resize((size, size), Image.Resampling.LANCZOS)
    return small.convert("RGB") if filled else small


def write(folder: Path = STATIC / "icons") -> int:
    """Write the icons that are missing or older than the drawing; return how many were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, how in ICONS.items():
        file = folder / name
        if file.exists() and file.stat().st_mtime_ns >= DRAWING.stat().st_mtime_ns:
            continue
        part = folder / f"{name}.{os.getpid()}.part"
        icon(*how).quantize(32, dither=Image.Dither.NONE).save(part, "PNG", optimize=True)
        part.replace(file)
        written += 1
    return written
