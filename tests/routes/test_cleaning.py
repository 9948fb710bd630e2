"""Files as nobody should send them: refused for a reason that can be said, or kept clean; and never too much memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from passport.experiences import cleaning
from passport.refusals import Refusal, Refused
from tests import pictures
from tests.pictures import CANARY, document, drawing, png_of, saved, telling, telling_document

ROOT = Path(__file__).resolve().parents[2]


def opened(data: bytes) -> Image.Image:
    """Return a kept picture, decoded."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def silent_picture(data: bytes) -> Image.Image:
    """Check that a kept picture is a plain JPEG about which nothing is said, and return it."""
    picture = opened(data)
    assert picture.format == "JPEG"
    assert picture.mode in {"RGB", "L"}
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert CANARY not in data
    assert data.endswith(b"\xff\xd9")
    return picture


def refusal_of(data: bytes) -> Refusal | None:
    """Return why a file is not kept, or None when it is."""
    try:
        cleaning.clean(data)
    except Refused as refused:
        return refused.refusal
    return None


# ---------- pictures ----------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.promise("P15", "passport.experiences.cleaning:_plain", "absent")
def test_nothing_hidden_goes_through(form: str) -> None:
    """A photo is drawn anew: no place, no date, no comment, no second file is left in what is kept."""
    sent = telling(form=form)
    assert CANARY in sent
    kept = cleaning.clean(sent)
    assert (kept.kind, kept.media_type) == ("photo", "image/jpeg")
    assert silent_picture(kept.content).size == (600, 400)
    assert kept.small is not None
    silent_picture(kept.small)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright(orientation: int) -> None:
    undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what a camera held that way writes (PIL's transpositions)
    upright = drawing()
    held = upright if orientation == 1 else upright.transpose(Image.Transpose(undone[orientation]))
    exif = held.getexif()
    exif[0x0112] = orientation
    kept = silent_picture(cleaning.clean(saved(held, exif=exif)).content)
    assert kept.size == (600, 400)
    red, green, blue = kept.getpixel((20, 20))
    assert red > 150
    assert max(green, blue) < 80
    assert kept.getpixel((300, 395))[2] > 150


def test_the_size_for_screens_is_small() -> None:
    kept = cleaning.clean(saved(drawing(4000, 2000)))
    assert opened(kept.content).size == (4000, 2000)
    assert opened(kept.small or b"").size == (1280, 640)
    assert kept.size == len(kept.content) + len(kept.small or b"")


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA", "LA", "CMYK", "I;16", "YCbCr"])
def test_every_kind_of_colour_becomes_a_plain_one(mode: str) -> None:
    base = drawing().convert("RGB")
    if mode == "I;16":
        line = (1000).to_bytes(2, "little") * 200 + (60_000).to_bytes(2, "little") * 400
        picture = Image.frombytes("I;16", (600, 400), line * 400)
    elif mode == "YCbCr":
        picture = base.convert("YCbCr")
    else:
        picture = base.convert(mode)
    kept = silent_picture(cleaning.clean(saved(picture, "JPEG" if mode in {"CMYK", "YCbCr"} else "PNG")).content)
    dark, light = kept.convert("L").getpixel((20, 20)), kept.convert("L").getpixel((500, 200))
    assert light > 180
    assert dark < 110


def test_what_is_transparent_is_white() -> None:
    for picture in (Image.new("RGBA", (50, 50), (255, 0, 0, 0)), Image.new("LA", (50, 50), (0, 0))):
        kept = silent_picture(cleaning.clean(saved(picture, "PNG")).content)
        assert min(kept.convert("RGB").getpixel((25, 25))) > 250
    palette = drawing(50, 50).convert("P")
    kept = silent_picture(cleaning.clean(saved(palette, "PNG", transparency=palette.getpixel((3, 3)))).content)
    assert min(kept.getpixel((3, 3))) > 200
    assert kept.getpixel((3, 3)) != drawing(50, 50).getpixel((3, 3))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "MPO"])
def test_of_many_pictures_the_first_one_stands_still(form: str) -> None:
    first, second = drawing(), Image.new("RGB", (600, 400), "black")
    sent = saved(first, form, save_all=True, append_images=[second, second])
    assert getattr(Image.open(io.BytesIO(sent)), "n_frames", 1) > 1
    kept = cleaning.clean(sent)
    assert silent_picture(kept.content).getpixel((500, 200))[0] > 200
    assert kept.content.count(b"\xff\xd8\xff") == 1


HTML = b"<!doctype html><script>alert('CANARY-48.8584N-2.2945E')</script>"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("sent", [
    saved(drawing()) + HTML,
    saved(drawing()) + b"PK\x03\x04" + CANARY,
    saved(drawing(), "PNG") + HTML,
    saved(drawing(), comment=HTML),
    saved(drawing())[:-2] + b"<?php " + CANARY + b"\xff\xd9",
    png_of(10, 10, zlib.compress(bytes(310)), pictures.chunk(b"tEXt", b"Comment\x00" + HTML)),
    saved(drawing(), exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08" + b"\xff" * 60_000),
], ids=["JPEG and HTML", "JPEG and archive", "PNG and HTML", "HTML as comment", "PHP among the points", "HTML in PNG",
        "odd EXIF"])
def test_two_files_in_one_are_kept_as_one(sent: bytes) -> None:
    kept = cleaning.clean(sent)
    silent_picture(kept.content)
    assert b"<" + b"script" not in kept.content + (kept.small or b"")


@pytest.mark.parametrize(("sent", "refusal"), [
    (b"", Refusal.FILE_EMPTY),
    (b"\xff\xd8\xff" + bytes(10_000_000), Refusal.FILE_HEAVY),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", Refusal.FILE_UNKNOWN),
    (b"<html><body>photo.png</body></html>", Refusal.FILE_UNKNOWN),
    (saved(drawing(), "GIF") + b"PK\x03\x04", Refusal.FILE_UNKNOWN),
    (saved(drawing(), "BMP"), Refusal.FILE_UNKNOWN),
    (saved(drawing(), "TIFF"), Refusal.FILE_UNKNOWN),
    (b"PK\x03\x04" + bytes(100), Refusal.FILE_UNKNOWN),
    (b"\x89PNG\r\n\x1a\n" + HTML, Refusal.FILE_BROKEN),
    (b"\xff\xd8\xff\xe0" + HTML, Refusal.FILE_BROKEN),
    (b"RIFF\x40\x00\x00\x00WEBPVP8 " + HTML, Refusal.FILE_BROKEN),
    (b"RIFF\x40\x00\x00\x00WEBPABCD" + HTML, Refusal.FILE_BROKEN),
    (saved(drawing())[:3000], Refusal.FILE_BROKEN),
    (saved(drawing(), "PNG")[:600], Refusal.FILE_BROKEN),
    (saved(drawing(), "WEBP")[:300], Refusal.FILE_BROKEN),
    (png_of(50_000, 50_000), Refusal.PICTURE_LARGE),
    (png_of(10_000, 10_000), Refusal.PICTURE_LARGE),
    (png_of(5001, 4000), Refusal.PICTURE_LARGE),
    (png_of(0, 0), Refusal.FILE_BROKEN),
    (b"RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\xff\x3f\x00\xff\x3f\x00", Refusal.PICTURE_LARGE),
    (b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f\xff\xff\xff\x0f" + bytes(9), Refusal.PICTURE_LARGE),
    (b"RIFF\x1a\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(9),
     Refusal.PICTURE_LARGE),
    (saved(drawing())[:-2] + b"\xff\xda\x00\x02" * 200 + b"\xff\xd9", Refusal.FILE_BROKEN),
    (png_of(10, 10, zlib.compress(bytes(310)),
            pictures.chunk(b"iCCP", b"x\x00\x00" + zlib.compress(bytes(50_000_000)))), Refusal.FILE_BROKEN),
    (png_of(10, 10, zlib.compress(bytes(310)),
            pictures.chunk(b"zTXt", b"x\x00\x00" + zlib.compress(bytes(50_000_000)))), Refusal.FILE_BROKEN),
], ids=str)
def test_what_is_not_kept_has_a_reason(sent: bytes, refusal: Refusal) -> None:
    assert refusal_of(sent) is refusal


def test_somebody_waits_a_while_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "PATIENCE", 0.05)
    with cleaning.ONE_AT_A_TIME:
        assert refusal_of(saved(drawing())) is Refusal.STORE_BUSY
    assert refusal_of(saved(drawing())) is None


# ---------- documents ----------


def everything_in(data: bytes) -> bytes:
    """Return a document with all its streams unpacked, to look for words in it."""
    with pikepdf.open(io.BytesIO(data)) as found:
        out = io.BytesIO()
        found.save(out, qdf=True, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
        return out.getvalue()


def test_a_document_keeps_its_pages_and_nothing_else() -> None:
    sent = telling_document()
    kept = cleaning.clean(sent)
    assert (kept.kind, kept.media_type, kept.small) == ("document", "application/pdf", None)
    inside = everything_in(kept.content)
    for word in (CANARY, b"JavaScript", b"OpenAction", b"EmbeddedFile", b"AcroForm", b"/Annots", b"Metadata", b"/AA",
                 b"PieceInfo", b"/Author", b"/URI"):
        assert word in everything_in(sent), word
        assert word not in inside, word
    with pikepdf.open(io.BytesIO(kept.content)) as found:
        assert set(found.Root.keys()) == {"/Type", "/Pages"}
        assert "/Info" not in found.trailer
        assert len(found.pages) == 1
        pictures_in = [o for o in found.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"]
        assert opened(pictures_in[0].read_raw_bytes()).size == (600, 400)
        typed = found.pages[0].Resources.XObject["/Fxo1"]
        assert typed.read_bytes() == b"0 1 0 rg 0 0 50 20 re f", "what was typed into the form stays to be seen"


def test_a_photo_in_a_document_is_silent_under_another_wrapping_too() -> None:
    with pikepdf.new() as made:
        made.add_blank_page()
        packed = made.make_stream(zlib.compress(telling()))
        packed.Type, packed.Subtype, packed.Width, packed.Height = (
            pikepdf.Name.XObject, pikepdf.Name.Image, 600, 400)
        packed.ColorSpace, packed.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
        packed.Filter = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.DCTDecode])
        made.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=packed))
        out = io.BytesIO()
        made.save(out)
    assert CANARY not in everything_in(cleaning.clean(out.getvalue()).content)


def test_a_document_drops_what_stands_before_and_after_it() -> None:
    kept = cleaning.clean(document() + HTML)
    assert kept.content.startswith(b"%PDF-")
    assert b"script" not in kept.content
    assert kept.content.rstrip().endswith(b"%%EOF")


def locked(user: str, owner: str) -> bytes:
    return document(encryption=pikepdf.Encryption(user=user, owner=owner))


def bomb(name: bytes = b"/ObjStm", packed: bytes | None = None) -> bytes:
    """Return a document whose list of objects unpacks to 60 MB."""
    body = zlib.compress(b"[ " + b"0 " * 30_000_000) if packed is None else packed
    lists = b"5 0 obj\n<< /Type %s /N 1 /First 4 /Length %d /Filter /FlateDecode >>\nstream\n" % (name, len(body))
    return b"%PDF-1.7\n" + lists + body + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


@pytest.mark.parametrize(("sent", "refusal"), [
    (locked("secret", "secret"), Refusal.DOCUMENT_LOCKED),
    (locked("", "owner"), Refusal.DOCUMENT_LOCKED),
    (document()[: len(document()) // 2], Refusal.FILE_BROKEN),
    (b"%PDF-1.7\n" + HTML, Refusal.FILE_BROKEN),
    (document(301), Refusal.DOCUMENT_LONG),
    (document(0), Refusal.FILE_BROKEN),
    (bomb(), Refusal.FILE_BROKEN),
    (bomb(b"/Obj#53tm"), Refusal.FILE_BROKEN),
    (document().replace(b"%%EOF", b"% /LZWDecode\n%%EOF"), Refusal.FILE_BROKEN),
], ids=["locked", "locked for its owner", "cut", "HTML", "long", "without pages", "bomb", "hidden bomb", "old filter"])
def test_what_is_no_document_to_keep_has_a_reason(sent: bytes, refusal: Refusal) -> None:
    assert refusal_of(sent) is refusal


# ---------- memory ----------

ALONE = """
import os, re, sys
from pathlib import Path
from PIL import Image
from passport.experiences import cleaning
from passport.refusals import Refused
Image.init()  # whoever nobody is, they may not read where Python lies
if os.geteuid() == 0:
    import pwd
    who = pwd.getpwnam("nobody")
    os.setgroups([]); os.setgid(who.pw_gid); os.setuid(who.pw_uid)
try:
    kept = cleaning.clean(sys.stdin.buffer.read())
    print("kept", len(kept.content))
except Refused as refused:
    print("refused", refused.refusal)
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def alone(sent: bytes, folder: Path) -> tuple[str, int]:
    """Return what becomes of a file in a process of its own (by nobody, when root tests) and its peak, in MB."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", ALONE], input=sent, capture_output=True, check=True, timeout=120, cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
    )
    said, peak = done.stdout.decode().splitlines()
    return said, int(peak)


def large(form: str, mode: str = "RGB", **options: object) -> bytes:
    """Return a picture with exactly as many points as may be."""
    picture = drawing(5000, 4000)
    if mode == "RGBA":
        picture.putalpha(200)
    elif mode != "RGB":
        picture = picture.convert(mode)
    return saved(picture, form, **options)


def also(name: str) -> object:
    """Return a case that `make slow` tries."""
    return pytest.param(name, marks=pytest.mark.slow, id=name)


LARGE = {
    "turned JPEG": lambda: telling(6, width=5000, height=4000),
    "transparent WebP": lambda: large("WEBP", "RGBA", method=0),
    "progressive CMYK": lambda: large("JPEG", "CMYK", progressive=True),
    "transparent PNG": lambda: large("PNG", "RGBA", compress_level=1),
    "palette": lambda: large("PNG", "P", compress_level=1),
    "16 bits": lambda: saved(Image.new("I;16", (5000, 4000), 60_000), "PNG", compress_level=1),
    "pixel bomb": lambda: png_of(50_000, 50_000),
    "ICC bomb": lambda: png_of(10, 10, b"", pictures.chunk(b"iCCP", b"x\x00\x00" + zlib.compress(bytes(50_000_000)))),
    "PDF bomb": bomb, "long document": lambda: document(300),
}
RARE = {"progressive CMYK", "transparent PNG", "palette", "16 bits", "long document"}


@pytest.mark.parametrize("name", [also(n) if n in RARE else n for n in LARGE])
def test_no_file_takes_more_than_400_mb(name: str, tmp_path: Path) -> None:
    said, peak = alone(LARGE[name](), tmp_path)
    assert said.startswith("refused" if "bomb" in name else "kept"), said
    assert peak < 400, f"{name}: {peak} MB"
