"""Making a photo or a document safe to keep: what comes out was written by us, and holds what is seen and nothing else.

A picture is decoded and drawn anew, so that no hidden place, hour, name or second file goes through. A PDF gives its
pages to a new document. One at a time in each process: a picture of 20 million points needs some 300 MB meanwhile.
"""

from __future__ import annotations

import io
import re
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf
from PIL import Image

from ..refusals import Refusal, Refused
from . import rules

FORMATS = {rules.JPEG: "JPEG", rules.PNG: "PNG", rules.WEBP: "WEBP"}
QUALITY = 88
SCREEN = 1280
MOST_SCANS = 100
PATIENCE = 20.0
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_A_PAGE = {
    "/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate",
    "/Contents", "/Group", "/UserUnit",
}
HIDDEN_IN_PDF = {
    "/Metadata", "/PieceInfo", "/AA", "/AF", "/EF", "/JS", "/OPI", "/Ref", "/LastModified", "/StructParent",
    "/StructParents", "/SpiderInfo", "/Private",
}
OUTSIDE_OF_STREAM = ("/F", "/FFilter", "/FDecodeParms")
MOST_OBJECTS = 8_000_000
MOST_LISTS = 1000
ONE_AT_A_TIME = threading.Semaphore()

# The bombs of PDF: what one stream may become, how many filters it may have, how large a list may be. The streams of
# pictures and pages are copied as they are; only lists of objects are ever unpacked.
pikepdf.settings.set_qpdf_limits(
    flate_max_memory=MOST_OBJECTS, run_length_max_memory=MOST_OBJECTS, png_max_memory=MOST_OBJECTS,
    tiff_max_memory=MOST_OBJECTS, dct_max_memory=MOST_OBJECTS, max_stream_filters=1, doc_max_warnings=20,
    parser_max_nesting=100, parser_max_container_size=100_000,
)


@dataclass(frozen=True)
class Cleaned:
    """What is kept of a file: a photo also in a size for screens, `width` by `height`."""

    kind: str
    media_type: str
    content: bytes
    small: bytes | None = None
    width: int | None = None
    height: int | None = None

    @property
    def size(self) -> int:
        """Return how many bytes it takes in all."""
        return len(self.content) + len(self.small or b"")


def clean(data: bytes) -> Cleaned:
    """Return what is kept of a file that came from outside.

    Raises Refused for what is empty, too heavy, of another kind, too large, too long, locked or broken, and when
    others are being cleaned for too long.
    """
    refusal = rules.refusal_of_file(len(data), data[:16])
    if refusal is not None:
        raise Refused(refusal)
    if not ONE_AT_A_TIME.acquire(timeout=PATIENCE):
        raise Refused(Refusal.STORE_BUSY)
    try:
        return _document(data) if rules.type_of(data[:16]) == rules.PDF else _picture(data)
    except Refused:
        raise
    except Exception:  # a hostile file makes a decoder fail in any way it likes
        raise Refused(Refusal.FILE_BROKEN) from None
    finally:
        ONE_AT_A_TIME.release()


# ---------- pictures ----------


def dimensions(data: bytes) -> tuple[int, int]:
    """Return the width and the height of a picture that was cleaned; it is not decoded for that."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size


def _picture(data: bytes) -> Cleaned:
    picture = _drawn(data)
    small = picture.copy() if max(picture.size) <= SCREEN else None
    content = _jpeg(picture)
    if small is None:
        picture.thumbnail((SCREEN, SCREEN), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small = picture
    return Cleaned("photo", rules.JPEG, content, _jpeg(small), *small.size)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _drawn(data: bytes) -> Image.Image:
    """Return the first picture of a file, upright, in plain colours on white, with nothing said about it."""
    picture, turn = _decoded(data)
    picture = _plain(picture)
    if turn is not None:
        picture = picture.transpose(turn)
    picture.info = {}
    return picture


def _decoded(data: bytes) -> tuple[Image.Image, Image.Transpose | None]:
    kind = rules.type_of(data[:16]) or ""
    if kind == rules.WEBP:
        _check_pixels(*_webp_size(data))  # its decoder takes the memory of the whole canvas as it opens
    if kind == rules.JPEG and data.count(b"\xff\xda") > MOST_SCANS:
        raise Refused(Refusal.FILE_BROKEN)  # each scan goes over the whole picture once more
    try:
        opened = Image.open(io.BytesIO(data), formats=[FORMATS[kind]])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(Refusal.PICTURE_LARGE) from None
    with opened:
        _check_pixels(*opened.size)
        opened.load()
        # A copy lets go of the decoder, which for WebP holds the picture twice.
        return opened.copy(), _turn(opened)


def _check_pixels(width: int, height: int) -> None:
    refusal = rules.refusal_of_pixels(width, height)
    if refusal is not None:
        raise Refused(refusal)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the head of a WebP (RFC 9649)."""
    form = data[12:16]
    if form == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if form == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    raise Refused(Refusal.FILE_BROKEN)


def _turn(opened: Image.Image) -> Image.Transpose | None:
    """Return how a picture must be turned to stand upright; what is said badly is not said."""
    try:
        return TURNS.get(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # the list of a hostile file
        return None


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGB", "L"} and "transparency" not in picture.info:
        return picture
    if picture.mode == "F" or picture.mode.startswith("I"):  # 16 bits for each point
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        return ground
    return picture.convert("L" if picture.mode == "1" else "RGB")


# ---------- documents ----------


def _document(data: bytes) -> Cleaned:
    _check_bombs(data)
    try:
        source = pikepdf.open(io.BytesIO(data), attempt_recovery=False)
    except pikepdf.PasswordError:
        raise Refused(Refusal.DOCUMENT_LOCKED) from None
    with source, pikepdf.new() as made:
        if source.is_encrypted:
            raise Refused(Refusal.DOCUMENT_LOCKED)
        refusal = rules.refusal_of_pages(len(source.pages))
        if refusal is not None:
            raise Refused(refusal)
        source.generate_appearance_streams()  # where a form asks for it
        source.flatten_annotations("screen")  # what was typed into a form becomes a part of the page
        for page in source.pages:
            for name in set(page.obj.keys()) - ON_A_PAGE:
                del page[name]
        made.pages.extend(source.pages)
        for thing in made.objects:
            _strip(made, thing)
        out = io.BytesIO()
        made.save(out, deterministic_id=True, compress_streams=False, preserve_pdfa=False,
                  fix_metadata_version=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return Cleaned("document", rules.PDF, out.getvalue())


def _spelled(name: bytes) -> bytes:
    """Return a pattern for a name of PDF, where any letter may be written as # and two digits."""
    return b"/" + b"".join(b"(?:%c|#(?i:%02x))" % (letter, letter) for letter in name)


LISTS = re.compile(_spelled(b"ObjStm"))
UNPACKED_FROM = re.compile(rb"\bstream\r?\n")
OLD_FILTER = re.compile(_spelled(b"LZW"))


def _check_bombs(data: bytes) -> None:
    """Refuse a document whose lists of objects unpack to far more than any real one, before anything unpacks them."""
    if OLD_FILTER.search(data):
        raise Refused(Refusal.FILE_BROKEN)  # of the last century, and without a limit in the library
    total = 0
    for number, found in enumerate(LISTS.finditer(data)):
        begins = UNPACKED_FROM.search(data, found.end(), found.end() + 2000)
        if begins is None:
            continue
        try:
            total += len(zlib.decompressobj().decompress(data[begins.end() : begins.end() + 1_000_000], MOST_OBJECTS))
        except zlib.error:
            continue  # not packed that way: then it is as long as it is
        if total >= MOST_OBJECTS or number > MOST_LISTS:
            raise Refused(Refusal.FILE_BROKEN)


def _strip(made: pikepdf.Pdf, thing: Any) -> None:
    """Take what is hidden out of one object of a document, and of all that lies directly inside it."""
    waiting = [thing]
    while waiting:
        found = waiting.pop()
        if isinstance(found, pikepdf.Stream):
            for name in OUTSIDE_OF_STREAM:
                if name in found:
                    del found[name]
            _strip_picture(made, found)
        if isinstance(found, pikepdf.Stream | pikepdf.Dictionary):
            names = set(found.keys())
            for name in names & HIDDEN_IN_PDF:
                del found[name]
            waiting += [inside for name in names - HIDDEN_IN_PDF if _direct(inside := found[name])]
        elif isinstance(found, pikepdf.Array):
            waiting += [inside for inside in found if _direct(inside)]


def _direct(thing: Any) -> bool:
    return isinstance(thing, pikepdf.Dictionary | pikepdf.Array) and not thing.is_indirect


def _strip_picture(made: pikepdf.Pdf, stream: pikepdf.Stream) -> None:
    """Take what a JPEG says about itself (place, hour, camera) out of a picture of a document; its points stay."""
    filters = stream.get("/Filter")
    chain = [str(f) for f in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    if "/DCTDecode" not in chain and "/DCT" not in chain:
        return
    raw = stream.read_raw_bytes()
    if len(chain) > 1:
        wrapped = made.make_stream(raw)
        wrapped["/Filter"] = pikepdf.Name(chain[0])
        if len(chain) > 2:
            raise Refused(Refusal.FILE_BROKEN)
        raw = wrapped.read_bytes()
    stream.write(b"".join(silent(raw)), filter=pikepdf.Name("/DCTDecode"))


def silent(jpeg: bytes) -> Iterator[bytes]:
    """Yield a JPEG without the parts that only tell about it (APP1 to APP15 but Adobe's colours, comments)."""
    if jpeg[:2] != b"\xff\xd8":
        raise Refused(Refusal.FILE_BROKEN)
    yield jpeg[:2]
    at = 2
    while jpeg[at : at + 1] == b"\xff":
        marker = jpeg[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:  # from here on, the points
            end = jpeg.rfind(b"\xff\xd9")
            yield jpeg[at : end + 2 if end > at else len(jpeg)]
            return
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        told = (0xE1 <= marker <= 0xEF and marker != 0xEE) or marker == 0xFE
        if not told:
            yield jpeg[at : at + 2 + length]
        at += 2 + length
    raise Refused(Refusal.FILE_BROKEN)
