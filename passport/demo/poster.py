"""Photos of the demo city: small posters drawn in code, without anybody on them."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

PAPER = ("#f8f4ea", "#efe8d8", "#fffdf8")
INKS = ("#2b4c9a", "#0e6556", "#85480a", "#b0301c")


def poster(seed: str, width: int = 1200, height: int = 900) -> bytes:
    """Return a poster as a phone would send it, always the same for a seed: some sheets on a wall."""
    chance = random.Random(seed)  # noqa: S311 - a drawing, no secret
    picture = Image.new("RGB", (width, height), chance.choice(PAPER))
    draw = ImageDraw.Draw(picture)
    for number in range(7):
        left, top = chance.randrange(width * 3 // 4), chance.randrange(height * 3 // 4)
        right, bottom = left + chance.randrange(150, 420), top + chance.randrange(120, 380)
        shape = draw.ellipse if number % 3 == 2 else draw.rectangle
        shape((left, top, right, bottom), fill=INKS[number % 4], outline="#1b2238", width=6)
        draw.line((left + 30, top + 40, right - 30, top + 40), fill="#fffdf8", width=12)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
