"""Looks at one file that somebody sent: run by kit.files as a process of its own, with little memory and time.

Reads the file from stdin. Writes one line of JSON, then the bytes to keep: a photo drawn anew, or the PDF as it came.
Knows nothing of the rest of the code, and is never imported.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from typing import Any

MEMORY = 1_000_000_000
SECONDS = 20
PAGES_MOST = 60
OBJECTS_MOST = 50_000
RUNS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToE",
    "/Rendition",
    "/RichMediaExecute",
    "/Sound",
}
HOLDS = {"/JS", "/JavaScript", "/EmbeddedFiles", "/EmbeddedFile", "/RichMedia", "/RichMediaContent", "/XFA"}


class Refused(Exception):
    """Why a file is not kept, in a word."""


def main() -> None:
    """Limit this process, read, look, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pixels, side = int(sys.argv[1]), int(sys.argv[2])
    raw = sys.stdin.buffer.read()
    try:
        media_type, kept = (
            ("application/pdf", pdf(raw))
            if raw.startswith(b"%PDF-")
            else ("image/jpeg", photo(raw, pixels, side))
        )
        answer: dict[str, Any] = {"media_type": media_type}
    except Refused as why:
        answer, kept = {"refused": str(why)}, b""
    except Exception:
        answer, kept = {"refused": "broken"}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + kept)


def photo(raw: bytes, pixels: int, side: int) -> bytes:
    """The picture and nothing else, upright, no larger than it needs to be."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # we count ourselves, before anything is decoded
    try:
        opened = Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP"))
    except UnidentifiedImageError:
        raise Refused("unknown") from None
    with opened as image:
        width, height = image.size
        if not width or not height or width * height > pixels:
            raise Refused("pixels")
        image.draft("RGB", (side, side))
        image.load()
        turned = ImageOps.exif_transpose(image)
        if turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info:
            clear = turned.convert("RGBA")
            turned = Image.new("RGB", clear.size, "white")
            turned.paste(clear, mask=clear.getchannel("A"))
        plain = turned.convert("RGB")
        plain.thumbnail((side, side), Image.Resampling.LANCZOS)
        # A fresh picture: whatever else the old one carried stays behind.
        fresh = Image.new("RGB", plain.size)
        fresh.paste(plain)
        sink = io.BytesIO()
        fresh.save(sink, "JPEG", quality=82, optimize=True)
        return sink.getvalue()


def pdf(raw: bytes) -> bytes:
    """The PDF as it came, if it can be read and nothing in it runs or hides."""
    from pypdf import PdfReader
    from pypdf.generic import IndirectObject

    reader = PdfReader(io.BytesIO(raw), strict=False)
    if reader.is_encrypted:
        raise Refused("encrypted")
    if not 1 <= len(reader.pages) <= PAGES_MOST:
        raise Refused("pages")
    keys = [(number, generation) for generation, found in reader.xref.items() for number in found]
    keys += [(number, 0) for number in reader.xref_objStm]
    if len(keys) > OBJECTS_MOST:
        raise Refused("pages")
    _look_into(reader.trailer)
    for number, generation in keys:
        if number:
            _look_into(IndirectObject(number, generation, reader).get_object())
    return raw


def _look_into(thing: Any, depth: int = 0) -> None:
    """Refuse whatever acts or carries other files; references are looked at by themselves."""
    from pypdf.generic import ArrayObject, DictionaryObject

    if depth > 40:
        raise Refused("broken")
    if isinstance(thing, DictionaryObject):
        if str(thing.raw_get("/S") if "/S" in thing else "") in RUNS or HOLDS.intersection(thing.keys()):
            raise Refused("active")
        if str(thing.raw_get("/Type") if "/Type" in thing else "") in HOLDS:
            raise Refused("active")
        for key in thing:
            _look_into(thing.raw_get(key), depth + 1)
    elif isinstance(thing, ArrayObject):
        for one in range(len(thing)):
            _look_into(list.__getitem__(thing, one), depth + 1)


if __name__ == "__main__":
    main()
