"""Looks at one file that somebody sent: run by kit.files as a process of its own, with little memory and time.

Reads the file from stdin. Writes one line of JSON, then the bytes to keep: a photo drawn anew, or the PDF as it came;
of a photo to be shown also its smaller pictures, one behind the other. Knows nothing of the rest of the code.
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
    pixels, side, is_shown = int(sys.argv[1]), int(sys.argv[2]), "shown" in sys.argv[3:]
    raw = sys.stdin.buffer.read()
    try:
        answer, kept = look(raw, pixels, side, is_shown=is_shown)
    except Refused as why:
        answer, kept = {"refused": str(why)}, b""
    except Exception:
        answer, kept = {"refused": "broken"}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + kept)


def look(raw: bytes, pixels: int, side: int, *, is_shown: bool) -> tuple[dict[str, Any], bytes]:
    """What it is, and what is to be kept of it. A photo to be shown comes with its sizes and its fingerprint."""
    if raw.startswith(b"%PDF-"):
        if is_shown:
            raise Refused("no_photo")
        return {"media_type": "application/pdf"}, pdf(raw)
    kept = photo(raw, pixels, side)
    if not is_shown:
        return {"media_type": "image/jpeg"}, kept
    answer, parts = sizes_of(kept)
    return answer, kept + b"".join(parts)


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


WIDTHS = {360: 12_000, 720: 55_000, 1280: 160_000}
"""Width -> the most bytes a picture of this width may weigh, for phones on slow lines."""
SHAPES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("avif", {"speed": 8, "max_threads": 1}),
    ("webp", {"method": 4}),
    ("jpg", {"progressive": True, "optimize": True}),
)
NAMES = {"avif": "AVIF", "webp": "WEBP", "jpg": "JPEG"}
QUALITIES = (62, 48, 36, 26)
LEAST_WIDTH = 480


def sizes_of(kept: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The picture in every width and shape (JPEG in one width), each below its weight; and its fingerprint."""
    from PIL import Image

    with Image.open(io.BytesIO(kept), formats=("JPEG",)) as image:
        image.load()
        if image.width < LEAST_WIDTH:
            raise Refused("small")
        names, parts = [], []
        for width, most in WIDTHS.items():
            scaled = _scaled(image, min(width, image.width))
            for shape, how in SHAPES:
                if shape != "jpg" or width == 720:
                    names.append(f"{width}.{shape}")
                    parts.append(_light(scaled, shape, how, most))
        answer = {
            "media_type": "image/jpeg",
            "width": image.width,
            "height": image.height,
            "fingerprint": fingerprint(image),
            "size": len(kept),
            "parts": [(name, len(part)) for name, part in zip(names, parts, strict=True)],
        }
    return answer, parts


def _scaled(image: Any, width: int) -> Any:
    from PIL import Image

    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _light(image: Any, shape: str, how: dict[str, Any], most: int) -> bytes:
    """As good as its weight allows; a picture of nothing but grain is made smaller at last."""
    while True:
        for quality in QUALITIES:
            sink = io.BytesIO()
            image.save(sink, NAMES[shape], quality=quality, **how)
            if sink.tell() <= most:
                return sink.getvalue()
        image = _scaled(image, image.width * 3 // 4)


def fingerprint(image: Any) -> int:
    """64 bits, each saying whether a spot is brighter than its right neighbour; signed, as databases keep them."""
    from PIL import Image

    small = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    found = 0
    for row in range(8):
        for column in range(8):
            found = found << 1 | (small[row * 9 + column] > small[row * 9 + column + 1])
    return found - (1 << 64) if found >> 63 else found


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
