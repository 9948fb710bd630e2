"""The drawings are the same for everyone, light, and hold no text that was not escaped."""

from __future__ import annotations

import hashlib
import re
from xml.etree import ElementTree

import pytest
import qrcode
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q

from passport import drawings
from passport.experiences import forms

LONG_RING = "Comité de quartier de la Gauthière · 21 juin 2026"
HOSTILE = '"><script>alert(1)</script>\' onload=x & <b>'


@pytest.mark.parametrize("context", drawings.HEARTS)
def test_a_stamp_is_always_the_same_and_light(context: str) -> None:
    for index in range(200):
        stamp = drawings.rosette(f"seed {index}", context, LONG_RING, "l")
        assert stamp == drawings.rosette(f"seed {index}", context, LONG_RING, "l")
        assert len(stamp.encode()) <= 3000
        assert "style" not in stamp


def test_a_stamp_does_not_change_with_the_code() -> None:
    stamp = drawings.rosette("mediatheque-lea", "nonformal", "Médiathèque Mandela · 12 juin 2026")
    assert hashlib.sha256(stamp.encode()).hexdigest()[:16] == "c572ca89604035ee"


def test_a_stamp_shows_its_context_in_the_middle() -> None:
    drawn = {context: drawings.rosette("seed", context, "A · B") for context in drawings.HEARTS}
    for context, heart in drawings.HEARTS.items():
        assert [other for other, stamp in drawn.items() if heart in stamp] == [context]


def test_stamps_look_different() -> None:
    drawn = {
        re.sub("r[0-9a-f]{8}", "", drawings.rosette(f"seed {index}", "formal", "A · B")) for index in range(2000)
    }
    assert len(drawn) >= 1990


def test_a_stamp_of_an_unknown_context_or_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no such stamp"):
        drawings.rosette("seed", HOSTILE, "A")
    with pytest.raises(ValueError, match="no such stamp"):
        drawings.rosette("seed", "formal", "A", HOSTILE)


def test_every_setting_has_a_picture_of_its_own_that_is_light_and_says_nothing() -> None:
    assert set(drawings.SETTINGS) == {name for name, _words in forms.SETTINGS}
    pictures = [drawings.setting(name) for name in drawings.SETTINGS]
    assert len(set(pictures)) == len(pictures)
    for picture in pictures:
        assert len(picture.encode()) <= 600
        (path,) = ElementTree.fromstring(str(picture))  # noqa: S314 - our own drawing
        assert 'aria-hidden="true"' in picture
        assert re.fullmatch(r"[MmLlHhVvCcSsAaZz\d. -]+", path.attrib["d"])
    with pytest.raises(KeyError):
        drawings.setting(HOSTILE)


def test_hostile_text_stays_text() -> None:
    for svg in (
        drawings.rosette(HOSTILE, "formal", HOSTILE),
        drawings.qr_svg(HOSTILE, HOSTILE, HOSTILE),
        drawings.card_ground(HOSTILE),
        drawings.card_ground(HOSTILE, mark=False),
    ):
        tree = ElementTree.fromstring(str(svg))  # noqa: S314 - our own drawing
        assert {element.tag for element in tree.iter()} <= {
            "svg", "g", "defs", "path", "circle", "use", "text", "textPath",
        }
        names = {name for element in tree.iter() for name in element.attrib}
        assert not names & {"style", "onload"}
        assert "<script" not in svg


def _modules(svg: str, path_of: int = -1) -> set[tuple[int, int]]:
    """The dark modules one sees: the path is walked with other means than those that wrote it."""
    path = re.findall(r' d="([^"]+)"', svg)[path_of]
    dark = set()
    for x, y, right, left in re.findall(r"M(-?\d+) (-?\d+)h(\d+)v1h-(\d+)z", path):
        assert right == left
        dark |= {(int(x) + step, int(y)) for step in range(int(right))}
    return dark


@pytest.mark.parametrize(
    "text", ["https://alpha.example/c/K7QF2M9X", "https://alpha.example/s/" + "Aa0_-z" * 8, "é’" * 30]
)
def test_the_code_says_the_text(text: str) -> None:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    matrix = code.get_matrix()
    expected = {(x - 4, y - 4) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}
    svg = drawings.qr_svg(text, "Code QR")
    assert _modules(svg) == expected
    side = len(matrix) - 8
    assert f'viewBox="-4 -4 {side + 8} {side + 8}"' in svg, "the margin is four modules on every side"
    assert 'fill="#fff"' in svg
    assert 'fill="#000"' in svg
    assert 'role="img"' in svg


def test_digits_after_the_text_take_a_part_of_their_own() -> None:
    """At level Q, and three of them in ten bits: 800 digits are no more than 334 letters."""
    text, digits = "https://alpha.example/v/" + "Aa0_-z" * 4 + "#", "0123456789" * 80
    version = drawings.qr_version(text, digits)
    assert len(drawings.qr_matrix(text, digits)) == 17 + 4 * version
    in_letters = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    in_letters.add_data(text + "x" * 334, optimize=0)
    assert version == in_letters.best_fit() < 19
    assert _modules(drawings.qr_svg(text, "Code QR", digits=digits)) == {
        (x, y) for y, row in enumerate(drawings.qr_matrix(text, digits)) for x, dark in enumerate(row) if dark}


def test_the_ground_of_the_card_belongs_to_its_code() -> None:
    assert drawings.card_ground("K7QF-2M9X") == drawings.card_ground("K7QF-2M9X")
    assert drawings.card_ground("K7QF-2M9X") != drawings.card_ground("K7QF-2M9Y")
    assert drawings.card_ground("K7QF-2M9X", mark=False) == drawings.card_ground("K7QF-2M9Y", mark=False)
