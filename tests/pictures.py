"""Photos and documents as people send them, and as nobody should: made in code, so that none lies in the tree."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pikepdf
from PIL import Image, ImageDraw, PngImagePlugin

CANARY = b"CANARY-48.8584N-2.2945E"


def drawing(width: int = 600, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Return a picture with a top and a left: a red corner, a blue line."""
    picture = Image.new("RGB", (width, height), "#f0e6d0")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 3, height // 3), fill="#c02020")
    draw.line((0, height - 1, width, height - 1), fill="#2040c0", width=max(2, height // 20))
    return picture if mode == "RGB" else picture.convert(mode)


def saved(picture: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    """Return a picture as a file of this format."""
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def telling(orientation: int = 1, form: str = "JPEG", width: int = 600, height: int = 400) -> bytes:
    """Return a photo that tells all: place, camera, orientation, comment, colour profile, XMP."""
    picture = drawing(width, height)
    exif = picture.getexif()
    exif[0x0112] = orientation
    exif[0x010F] = CANARY.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 29: CANARY.decode()})
    more: dict[str, Any] = {"exif": exif, "icc_profile": CANARY * 50, "xmp": b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"}
    if form == "JPEG":
        more["comment"] = CANARY
    if form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", CANARY.decode())
        text.add_itxt("XML:com.adobe.xmp", CANARY.decode())
        more.pop("xmp")
        more["pnginfo"] = text
    return saved(picture, form, **more)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one part of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, body: bytes = b"", before: bytes = b"") -> bytes:
    """Return a PNG that says it is so wide and so high, whatever it holds."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = body or zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def document(pages: int = 2, **options: Any) -> bytes:
    """Return a PDF with so many pages that say something."""
    with pikepdf.new() as made:
        for number in range(pages):
            made.add_blank_page(page_size=(300, 300))
            made.pages[-1].Contents = made.make_stream(b"0 0 1 rg 20 20 %d 100 re f" % (50 + number))
        out = io.BytesIO()
        made.save(out, **options)
    return out.getvalue()


def telling_document() -> bytes:
    """Return a PDF with everything that is not on its pages, each with the canary in it."""
    word = CANARY.decode()
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(300, 300))
        page = made.pages[0]
        photo = telling()
        picture = made.make_stream(photo)
        picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        picture.Width, picture.Height, picture.BitsPerComponent = 600, 400, 8
        picture.ColorSpace, picture.Filter = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
        picture.Metadata = made.make_stream(CANARY)
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture))
        page.Contents = made.make_stream(b"q 200 0 0 200 0 0 cm /Im0 Do Q")
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{word}')")
        page.AA = pikepdf.Dictionary(O=script)
        page.PieceInfo = pikepdf.Dictionary(App=pikepdf.Dictionary(Private=word))
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9],
                                  A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=f"https://{word}/"))
        typed = made.make_stream(b"0 1 0 rg 0 0 50 20 re f")
        typed.Type, typed.Subtype, typed.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 50, 20]
        field = made.make_indirect(pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T=word, V="Léa", F=4,
            Rect=[10, 10, 60, 30], AP=pikepdf.Dictionary(N=typed), AA=pikepdf.Dictionary(K=script)))
        page.Annots = made.make_indirect(pikepdf.Array([link, field]))
        made.Root.AcroForm = pikepdf.Dictionary(Fields=[field])
        made.Root.OpenAction = made.make_indirect(script)
        made.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["a", script]))
        made.attachments["hidden.txt"] = CANARY
        with made.open_metadata() as told:
            told["dc:title"] = word
        made.docinfo["/Author"] = word
        out = io.BytesIO()
        made.save(out)
    return out.getvalue()
