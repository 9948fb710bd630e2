"""What may be put beside an experience: by its content, its size, and where a link leads."""

from __future__ import annotations

import pytest

from passport.experiences import rules
from passport.refusals import Refusal

JPEG_HEAD, PNG_HEAD = b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(("head", "kind"), [
    (JPEG_HEAD, rules.JPEG), (PNG_HEAD, rules.PNG), (b"RIFF\x00\x00\x00\x00WEBPVP8 ", rules.WEBP),
    (b"%PDF-1.7\n", rules.PDF), (b"GIF89a", None), (b"<svg xmlns=", None), (b"<!doctype html>", None), (b"PK\x03\x04", None),
    (b"RIFF\x00\x00\x00\x00WAVE", None), (b"\x00%PDF-1.7", None), (b"", None), (b"MZ", None),
])
def test_a_file_is_what_its_first_bytes_say(head: bytes, kind: str | None) -> None:
    assert rules.type_of(head) == kind


@pytest.mark.parametrize(("size", "head", "refusal"), [
    (1, JPEG_HEAD, None), (rules.HEAVIEST, PNG_HEAD, None), (rules.HEAVIEST + 1, PNG_HEAD, Refusal.FILE_HEAVY),
    (0, b"", Refusal.FILE_EMPTY), (9, b"<svg></sv", Refusal.FILE_UNKNOWN),
])
def test_which_files_are_looked_at(size: int, head: bytes, refusal: Refusal | None) -> None:
    assert rules.refusal_of_file(size, head) is refusal


def test_a_picture_has_twenty_million_points_at_most() -> None:
    assert rules.refusal_of_pixels(5000, 4000) is None
    assert rules.refusal_of_pixels(5001, 4000) is Refusal.PICTURE_LARGE
    assert rules.refusal_of_pixels(50_000, 50_000) is Refusal.PICTURE_LARGE


def test_a_document_has_from_one_to_three_hundred_pages() -> None:
    assert rules.refusal_of_pages(1) is rules.refusal_of_pages(300) is None
    assert rules.refusal_of_pages(301) is Refusal.DOCUMENT_LONG
    assert rules.refusal_of_pages(0) is Refusal.FILE_BROKEN


def test_a_passport_has_its_room_and_an_experience_its_number() -> None:
    assert rules.refusal_of_room(50, 50, 100) is None
    assert rules.refusal_of_room(50, 51, 100) is Refusal.ROOM_FULL
    assert rules.refusal_to_add(19) is None
    assert rules.refusal_to_add(20) is Refusal.MANY_HERE


@pytest.mark.parametrize("url", [
    "https://mediatheque.example/atelier?x=1#haut", "http://alpha.example", "https://alpha.example:8443/",
    "https://médiathèque.example/", "https://[2001:db8::1]/", "HTTPS://alpha.example/",
])
def test_a_link_that_is_kept(url: str) -> None:
    assert rules.refusal_of_link(url) is None


@pytest.mark.parametrize("url", [
    None, "", "javascript:alert(1)", "data:text/html,x", "ftp://alpha.example/", "//alpha.example/", "file:///etc/passwd",
    "https://", "https://alpha", "https://lea:secret@alpha.example/", "https://lea@alpha.example/",
    "https://alpha.example\\@other.example/", "https://alpha.example/ \u202egpj.exe", "https://alpha.example/a b",
    "https://alpha.example:99999/", "https://alpha.example:x/", "https://[::1", "https://.example/", "java\nscript:x.y",
    "https://alpha.example/" + "x" * 500, "https://alpha.example/\x00", "https://" + "é" * 80 + ".example/",
])
def test_a_link_that_is_not_kept(url: str | None) -> None:
    assert rules.refusal_of_link(url) is Refusal.LINK_ODD


def test_a_link_is_shown_by_its_host_in_the_letters_of_the_network() -> None:
    assert rules.host_of("https://Alpha.example:8443/x") == "alpha.example"
    assert rules.host_of("https://аlpha.example/") == "xn--lpha-43d.example"  # a Cyrillic а
    assert rules.host_of("https://[::1") == ""
