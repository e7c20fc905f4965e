"""Photos that pages show: where each size of one lies, under which address it is served, and its <picture>.

A photo is known by the beginning of the hash of its picture, so an address never changes its meaning and may be kept by
browsers for ever. Who may look is asked by the domain that shows it, at every request.
"""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup, escape

from coevolve.config import settings

WIDTHS = (360, 720, 1280)
TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
KEY = re.compile(r"[0-9a-f]{32}")


def key_of(sha256: bytes) -> str:
    """What a photo is called in public."""
    return sha256.hex()[:32]


def path_of(key: str, part: str) -> Path:
    """Where a size of a photo lies; `part` is like '720.avif'."""
    return Path(settings().data_dir) / "photos" / key[:2] / f"{key}-{part}"


def inner_path(key: str, part: str) -> str:
    """The same below the folder of photos, for a proxy that sends the bytes itself."""
    return f"{key[:2]}/{key}-{part}"


def photo_path(key: str, width: int, kind: str = "webp") -> str:
    """The address of one size."""
    return f"/foto/{key}-{width}.{kind}"


def picture(
    key: str,
    alt: str,
    width: int,
    height: int,
    *,
    sizes: str,
    css: str = "",
    is_first: bool = False,
    has_wide: bool = False,
) -> Markup:
    """A <picture>: AVIF, WebP, then JPEG. `is_first`: above the fold. `has_wide`: wide screens may have 1280."""
    found = ["<picture>"]
    for kind in ("avif", "webp"):
        if has_wide:
            found.append(_source(key, sizes, kind, WIDTHS[-1], ' media="(min-width:60rem)"'))
        found.append(_source(key, sizes, kind, WIDTHS[-2], ""))
    when = ' fetchpriority="high"' if is_first else ' loading="lazy" decoding="async"'
    css = f' class="{css}"' if css else ""
    found.append(
        f'<img src="{photo_path(key, 720, "jpg")}" alt="{escape(alt)}" width="{width}" height="{height}"{css}{when}>'
        "</picture>"
    )
    return Markup("".join(found))  # noqa: S704 - a key of hex digits, numbers, constants, and what is escaped above


def _source(key: str, sizes: str, kind: str, most: int, media: str) -> str:
    widths = ", ".join(f"{photo_path(key, width, kind)} {width}w" for width in WIDTHS if width <= most)
    return f'<source{media} type="{TYPES[kind]}" srcset="{widths}" sizes="{sizes}">'
