"""The style sheet is light, readable in both colour schemes, and loads nothing."""

from __future__ import annotations

import re
from pathlib import Path

import brotli
import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
CSS = (STATIC / "app.css").read_text(encoding="utf-8")
SCRIPTS = ("app.js", "outbox.js", "sw.js")

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft", "formal", "nonformal", "informal", "good", "warn", "alert")
      for ground in ("paper", "surface", "sunken")),
    ("accent-ink", "accent"), ("paper", "ink"), ("ink", "good-wash"), ("ink-soft", "good-wash"), ("good", "good-wash"),
]  # fmt: skip
SHAPES = [
    *((shape, ground) for shape in ("line-strong", "ink2", "accent") for ground in ("paper", "surface")),
]  # fmt: skip


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def _schemes() -> dict[str, dict[str, str]]:
    day, night = CSS.split("@media screen and (prefers-color-scheme: dark)")[:2]
    light = _tokens(day)
    return {"light": light, "dark": light | _tokens(night.split("@media")[0])}


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, success criteria 1.4.3 (text) and 1.4.11 (shapes)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    tokens = _schemes()[scheme]
    weak = [
        f"{ink} on {ground}: {_contrast(tokens[ink], tokens[ground]):.2f} < {least}"
        for pairs, least in ((TEXT, 4.5), (SHAPES, 3.0))
        for ink, ground in pairs
        if _contrast(tokens[ink], tokens[ground]) < least
    ]
    assert not weak


def test_dark_names_every_colour_of_light() -> None:
    day, night = CSS.split("@media screen and (prefers-color-scheme: dark)")[:2]
    assert set(_tokens(day)) == set(_tokens(night.split("@media")[0]))


def test_every_token_is_defined_and_used() -> None:
    defined = set(re.findall(r"(--[\w-]+):", CSS))
    used = set(re.findall(r"var\((--[\w-]+)\)", CSS))
    assert used == defined


def test_weight() -> None:
    assert len(brotli.compress(CSS.encode(), quality=11)) <= 8_000
    assert sum(len(brotli.compress((STATIC / name).read_bytes(), quality=11)) for name in SCRIPTS) <= 8_192


def test_nothing_forced_and_nothing_fetched() -> None:
    for word in ("!important", "url(", "@import", "@font-face"):
        assert word not in CSS


def test_no_side_is_called_left_or_right() -> None:
    """Written from right to left, a page turns round by itself; what is still given by four sides is few."""
    bare = re.sub(r"/\*.*?\*/|@page \{[^}]*\}?[^}]*\}", "", CSS, flags=re.S)
    sides = r"(?:left|right)"
    assert re.findall(rf"[\w-]*-{sides}(?:-[\w-]+)?\s*:|[{{;\s]{sides}\s*:|(?:float|clear|text-align):\s*{sides}", bare) == []


def test_nothing_moves_for_whoever_wants_stillness() -> None:
    still = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}", "", CSS)
    assert re.findall(r"(?:transition|animation|scroll-behavior)[\w-]*\s*:|@keyframes|@view-transition", still) == []
    assert "smooth" not in (STATIC / "app.js").read_text(encoding="utf-8")


def test_the_sheet_is_well_formed() -> None:
    bare = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", CSS, flags=re.S)
    assert bare.count("{") == bare.count("}")
    layers = re.match(r"\s*@layer ([\w, ]+);", bare)
    assert layers is not None
    names = layers.group(1).split(", ")
    assert re.findall(r"^@layer (\w+) \{", bare, re.M) == names


def test_the_scripts_wait_for_a_whole_gesture() -> None:
    """A press can be let go of elsewhere; no key, no drawn gesture and no movement of the phone has a meaning of its own."""
    for name in SCRIPTS:
        script = (STATIC / name).read_text(encoding="utf-8")
        for event in ("mousedown", "touchstart", "touchmove", "event.key", "keyCode", "devicemotion", "accessKey"):
            assert event not in script, name


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_keeps_to_the_content_security_policy(name: str) -> None:
    script = (STATIC / name).read_text(encoding="utf-8")
    for word in ("eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", ".style"):
        assert word not in script
