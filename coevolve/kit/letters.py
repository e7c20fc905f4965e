"""Which letters our fonts can draw, and what to write in place of those they cannot.

Names come in many scripts. Papers and share cards draw Latin, Greek, Cyrillic, Arabic, Hebrew, Javanese, Balinese,
Sundanese, Batak and Buginese letters; those of other scripts are spelled in Latin ones, and pictures (emoji) and signs
that turn the direction of what follows are left out. So nothing comes out as an empty box, or as nothing at all.
"""

from __future__ import annotations

import functools
import re
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anyascii import anyascii

FONTS = Path(__file__).resolve().parents[1] / "static" / "fonts"
_LEFT_OUT = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_TURNING = frozenset(range(0x202A, 0x202F)) | frozenset(range(0x2060, 0x2070)) | {0x200D, 0xFEFF}
_PICTURES = frozenset({"So", "Sk", "Mn", "Me", "Cf"})
_BLANKS = re.compile(r"[ \t]{2,}")


@functools.cache
def covered() -> frozenset[int]:
    """The code points that at least one of our fonts has a letter for."""
    return frozenset(code for path in sorted(FONTS.glob("*.ttf")) for code in _codes(path.read_bytes()))


def _codes(font: bytes) -> Iterator[int]:
    """What the font's own list of letters (its `cmap`, formats 4 and 12) names."""
    tables = struct.unpack_from(">H", font, 4)[0]
    start = next(
        struct.unpack_from(">I", font, 12 + 16 * at + 8)[0]
        for at in range(tables)
        if font[12 + 16 * at : 16 + 16 * at] == b"cmap"
    )
    for at in range(struct.unpack_from(">H", font, start + 2)[0]):
        table = start + struct.unpack_from(">I", font, start + 4 + 8 * at + 4)[0]
        form = struct.unpack_from(">H", font, table)[0]
        if form == 4:
            pairs = struct.unpack_from(">H", font, table + 6)[0] // 2
            ends = struct.unpack_from(f">{pairs}H", font, table + 14)
            starts = struct.unpack_from(f">{pairs}H", font, table + 16 + 2 * pairs)
            for first, last in zip(starts, ends, strict=True):
                yield from range(first, min(last, 0xFFFE) + 1)
        elif form == 12:
            for group in range(struct.unpack_from(">I", font, table + 12)[0]):
                first, last = struct.unpack_from(">II", font, table + 16 + 12 * group)
                yield from range(first, last + 1)


def drawable(text: str) -> str:
    """The text in letters that our fonts have."""
    if text.isascii() and text.isprintable():
        return text
    found = "".join(_drawn(sign) for sign in unicodedata.normalize("NFC", text))
    return _BLANKS.sub(" ", found).strip(" ")


def breakable(text: str, most: int = 18) -> str:
    """The text with places to break a line inside of words longer than any that people write."""
    return re.sub(rf"\S{{{most}}}(?=\S)", lambda found: found.group() + "\u200b", text)


@functools.lru_cache(maxsize=4096)
def _drawn(sign: str) -> str:
    code, category = ord(sign), unicodedata.category(sign)
    if sign in "\n\t":
        return sign
    if category in _LEFT_OUT or code in _TURNING:
        return ""
    if code in covered() and code < 0x1F000:
        return sign
    if category in _PICTURES or code >= 0x1F000:
        return ""
    return anyascii(sign)


def in_letters_we_have(value: Any) -> Any:
    """Data for a paper, its words made drawable."""
    if isinstance(value, str):
        # What is drawn for us (a code of squares) is no word.
        return value if value.startswith("<svg") else drawable(value)
    if isinstance(value, Mapping):
        return {key: in_letters_we_have(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_letters_we_have(one) for one in value]
    return value
